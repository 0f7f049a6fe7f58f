//! Signatures that the official clients made, and the traps around them.
#![expect(clippy::unwrap_used, reason = "tests")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::card::Secret;
use contract::signature::{
    Callback, SignedRequest, base_urls, callback_hash_v1, callback_hash_v2, sign, standard_webhook,
    standard_webhook_key, target_spellings, valid_rnd_key, verify, webhook,
};
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("data/signature-vectors.json")).unwrap()
}

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap_or_default()
}

fn verifies(case: &Value, base_urls: &[String]) -> bool {
    let request = SignedRequest {
        base_urls,
        raw_target: text(case, "raw_target"),
        api_key: "api-key",
        secret: "secret-key",
        rnd_key: text(case, "rnd_key"),
        body: text(case, "body").as_bytes(),
    };
    verify(&request, text(case, "signature"))
}

#[test]
fn every_captured_request_verifies_except_those_that_cannot() {
    for case in vectors()["request_signatures"].as_array().unwrap() {
        let name = (text(case, "client"), text(case, "case"));
        let bases = base_urls("http", text(case, "host"), &[]);
        // Java signs a body there and does not send it.
        let cannot = matches!(name, (_, "post-body-signed-not-sent"));
        assert!(valid_rnd_key(text(case, "rnd_key")));
        assert_eq!(verifies(case, &bases), !cannot, "{name:?}");
        assert!(
            !verifies(case, &base_urls("http", "elsewhere", &[])),
            "{name:?}"
        );
    }
}

#[test]
fn the_clients_own_vectors_are_met() {
    for case in vectors()["official_unit_vectors"].as_array().unwrap() {
        let signature = sign(
            text(case, "url"),
            text(case, "api_key"),
            text(case, "secret_key"),
            text(case, "rnd_key"),
            text(case, "body").as_bytes(),
        );
        assert_eq!(signature, text(case, "signature"));
    }
    let documented = sign(
        "https://api.craftgate.io/onboarding/v1/members/1",
        "key-1",
        "FooBar123!",
        "Xa15Fp11T",
        b"",
    );
    assert_eq!(documented, "y1TtnjNCJEvlkP5ufCkK3H0i2guMB/bKL4Ayw3VlKWA=");
}

#[test]
fn callback_hashes_and_webhook_signatures_are_met() {
    for case in vectors()["callback_and_webhook"].as_array().unwrap() {
        let key = text(case, "key");
        if text(case, "kind") == "webhook" {
            let data = &case["data"];
            let stamp = data["eventTimestamp"].as_i64().unwrap();
            let made = webhook(
                key,
                text(data, "eventType"),
                stamp,
                text(data, "status"),
                text(data, "payloadId"),
            );
            assert_eq!(made, text(case, "signature"));
            continue;
        }
        let params = &case["params"];
        let callback = Callback {
            status: text(params, "status"),
            complete_status: text(params, "completeStatus"),
            payment_id: text(params, "paymentId"),
            conversation_data: text(params, "conversationData"),
            conversation_id: text(params, "conversationId"),
            callback_status: text(params, "callbackStatus"),
        };
        assert_eq!(callback_hash_v1(key, &callback), text(params, "hash"));
    }
}

#[test]
fn a_long_webhook_key_is_hashed_first() {
    // Made with Python's hmac.
    let made = webhook(&"a".repeat(131), "API_AUTH", 1, "SUCCESS", "1");
    assert_eq!(made, "VKw1e7A0ioqWTYpt+Pt+T7BBUcjan1XPp8gy9EWff44=");
}

#[test]
fn the_standard_signature_is_that_of_the_published_vector() {
    // With it the libraries of Standard Webhooks are tested.
    let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    let made = standard_webhook(&key, id, "1614265330", br#"{"test": 2432232314}"#);
    assert_eq!(made, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[test]
fn the_standard_form_of_a_key_decodes_to_its_text() {
    let shown = standard_webhook_key(&Secret::new("Aoh7tReTybO6wOjBmOJFFsOR53SBojEp"));
    let expected = "whsec_QW9oN3RSZVR5Yk82d09qQm1PSkZGc09SNTNTQm9qRXA=";
    assert_eq!(shown.expose(), expected);
}

#[test]
fn the_second_callback_hash_names_what_it_covers() {
    let conversation = ("conversationId", "d1811bb0-25a2-40c7-ba71-c8b605259611");
    let (names, hash) = callback_hash_v2(
        "merchantCallbackKeySandbox",
        &[
            ("paymentId", "863"),
            ("status", "SUCCESS"),
            ("callbackStatus", ""),
            conversation,
            ("mdStatus", "1"),
        ],
    );
    assert_eq!(
        names,
        "paymentId:status:callbackStatus:conversationId:mdStatus"
    );
    assert_eq!(
        hash,
        "9f746eb6b0886636654243e04e4c69fd84c4ca78a6afcc442491d25663142a21"
    );
}

#[test]
fn a_default_port_may_be_signed_though_it_is_not_sent() {
    let signature = sign("http://127.0.0.1:80/payment/v1/cards", "k", "s", "r", b"{}");
    let bases = base_urls("http", "127.0.0.1", &[]);
    let request = SignedRequest {
        base_urls: &bases,
        raw_target: "/payment/v1/cards",
        api_key: "k",
        secret: "s",
        rnd_key: "r",
        body: b"{}",
    };
    assert!(verify(&request, &signature));
    assert!(!verify(
        &SignedRequest {
            body: b"{} ",
            ..request
        },
        &signature
    ));
    assert!(!verify(
        &SignedRequest {
            base_urls: &[],
            ..request
        },
        &signature
    ));
    for broken in ["", "!", "AAAA", signature.trim_end_matches('=')] {
        assert!(!verify(&request, broken), "{broken}");
    }
}

#[test]
fn ports_capitals_and_paths_of_base_urls() {
    let public = ["https://pay.example.com/gw/".to_owned()];
    let bases = base_urls("http", "127.0.0.1:8080", &public);
    for known in [
        "http://127.0.0.1:8080",
        "https://pay.example.com/gw",
        "https://pay.example.com:443/gw",
        "https://pay.example.com",
        "https://PAY.EXAMPLE.COM:443",
    ] {
        assert!(bases.iter().any(|base| base == known), "{known}: {bases:?}");
    }
    for unknown in [
        "http://127.0.0.1:8080:80",
        "http://127.0.0.1",
        "http://pay.example.com",
        "https://pay.example.com:80",
        "https://",
    ] {
        assert!(bases.iter().all(|base| base != unknown), "{unknown}");
    }
    let ported = base_urls("http", "[::1]:80", &["https://h:443".to_owned()]);
    for known in [
        "http://[::1]",
        "http://[::1]:80",
        "https://h",
        "https://h:443",
    ] {
        assert!(
            ported.iter().any(|base| base == known),
            "{known}: {ported:?}"
        );
    }
    assert!(base_urls("http", "", &[]).is_empty());
}

#[test]
fn hostile_targets_decode_without_panic() {
    assert_eq!(target_spellings("/a?").len(), 1);
    assert_eq!(target_spellings("//a/b?x=1&"), ["//a/b?x=1&"]);
    assert_eq!(target_spellings("/a+b"), ["/a+b", "/a b"]);
    assert_eq!(target_spellings("/%2B+"), ["/%2B+", "/++", "/+ "]);
    assert_eq!(target_spellings("/%"), ["/%"]);
    assert_eq!(target_spellings("/%z9%4"), ["/%z9%4"]);
    assert_eq!(target_spellings("/%ff"), ["/%ff", "/\u{fffd}"]);
    assert_eq!(target_spellings("/%+1ş"), ["/%+1ş", "/% 1ş"]);
}

#[test]
fn a_rnd_key_is_short_and_plain() {
    for right in [
        "2a892fdf-30f8-4b0f-863c-8695eae7797b",
        "4s97Fm",
        "q83vASNFZ4mrze8B+/==",
        "q83vASNFZ4mrze8B-_",
        &"a".repeat(64),
    ] {
        assert!(valid_rnd_key(right), "{right}");
    }
    for wrong in [
        "",
        "a b",
        "{",
        "ş",
        "a\"",
        "\u{feff}a",
        "a.b",
        "a,b",
        "a\tb",
        &"a".repeat(65),
    ] {
        assert!(!valid_rnd_key(wrong), "{wrong}");
    }
}
