//! Hashes against published numbers and recordings, and pages that are none.

use super::{page, signed};
use crate::banks::tests::{Replay, cases, protocol};
use crate::digest::sha1_base64;

#[test]
fn messages_are_signed_as_published() {
    let hash = "poCqMathhevCYY1LVNbWCQWbC5I=";
    assert_eq!(sha1_base64("api123"), hash);
    let other = "c77dFssAnYSy6O2MJo+5tMYtGVc=";
    let third = "DoxoW84N1hKFdV09SF4/FruhHm8=";
    let (ok, fail) = ("https://m.example/ok", "https://m.example/fail");
    for (values, hash, expected) in [
        // The bank's document: return, payment, request.
        (
            vec!["20201221", "00", "40790217"],
            hash,
            "q3HpRgAO4xPP5UVYBg8EcVtO+sQ=",
        ),
        (
            vec!["20201221", "035617458943", "00", "40790217"],
            hash,
            "q4RhSZcSM+EbvCrNVb+kb0nZ/Po=",
        ),
        (
            vec!["496", "20201221", "100", "apitest"],
            hash,
            "ANcybxW/c1G39+RMstZ3ROYakO8=",
        ),
        // A client's vector.
        (
            vec!["80", "ORDER-123", "7256", "apiuser"],
            other,
            "Bf+hZf2c1gf1pTXnEaSGxDpGRr0=",
        ),
        // Recorded at Kuveyt Türk, and both steps at Vakıf Katılım.
        (
            vec!["660723214", "904115005554", "00", "4480"],
            other,
            "I7H/6nwfydM6VcwXsl82mqeC83o=",
        ),
        (
            vec!["2024070152BF", "00", "6373034"],
            third,
            "tilHwVYboCx82++WZXg0I81LW6w=",
        ),
        (
            vec!["2024070152BF", "418312081069", "00", "6373034"],
            third,
            "eNscG4h7B+Fx4/k0Dmt89HDP6nU=",
        ),
        // The same recipe over values of ours.
        (
            vec!["496", "ORD1", "100", ok, fail, "apitest"],
            hash,
            "IC4LVApSrJpSKo4JyAamIJqARWw=",
        ),
        (
            vec!["496", "ORD1", "100", "apitest"],
            hash,
            "pzkYeq4hxFtGsbIApWx/Rq4QOAs=",
        ),
    ] {
        assert_eq!(signed(&values, hash), expected, "{values:?}");
    }
}

#[test]
fn the_first_form_of_a_page_is_read_as_a_browser_reads_it() {
    let page = "<html><body onload=\"go('<form>')\"><FORM Method=post ACTION='https://acs.example/a?b=1&amp;c=2'>\
                <input type=hidden name=\"MD\" value='a+b/&quot;&#x130;&#199;&unknown;=' />\
                <input name=empty><input type=\"submit\" value=\"Devam\"></form>\
                <form action=\"https://other.example\"><input name=x></form></html>";
    let form = page::form(page).unwrap();
    assert_eq!(form.action, "https://acs.example/a?b=1&c=2");
    let expected = [("MD", "a+b/\"İÇ&unknown;="), ("empty", "")];
    let fields: Vec<(&str, &str)> = form.fields.iter().map(|(a, b)| (&**a, &**b)).collect();
    assert_eq!(fields, expected);
    for none in [
        "",
        "<form",
        "<form>",
        "<form action=''><input name=a></form></html>",
        "<form action='https://a b'><input name=a></form></html>",
        "<form action='https://a'></form></html>",
        "<form action='https://a'><input name=a></form>",
        "<form action='https://a'><input name=a></html>",
        "<form action='https://a'><input name=a value='\u{1b}[2J'></form></html>",
        "<form action='https://a'><input name='a&#0;'></form></html>",
        "<formula action='https://a'><input name=a></formula></html>",
        &format!(
            "<form action='https://a'>{}</form></html>",
            "<input name=a>".repeat(51)
        ),
    ] {
        assert!(page::form(none).is_none(), "{none}");
    }
}

/// Bank, case, and where its requests go: the end of each address, or a SOAP operation.
const GATES: &[(&str, &str, &[&str])] = &[
    ("kuveyt", "sale-approved", &["/api/Non3DPayGate"]),
    ("kuveyt", "begin-3ds", &["/3ds/ThreeDModelPayGate"]),
    (
        "kuveyt",
        "finish-approved",
        &["/3ds/ThreeDModelProvisionGate"],
    ),
    ("kuveyt", "inquire-taken", &["GetMerchantOrderDetail"]),
    (
        "kuveyt",
        "void",
        &["GetMerchantOrderDetail", "SaleReversal"],
    ),
    ("kuveyt", "refund", &["GetMerchantOrderDetail", "DrawBack"]),
    (
        "kuveyt",
        "refund-of-a-part",
        &["GetMerchantOrderDetail", "PartialDrawback"],
    ),
    ("vakif_katilim", "sale-approved", &["/api/Non3DPayGate"]),
    ("vakif_katilim", "hold", &["/api/PreAuthorizaten"]),
    ("vakif_katilim", "begin-3ds", &["/3ds/ThreeDModelPayGate"]),
    (
        "vakif_katilim",
        "finish-approved",
        &["/3ds/ThreeDModelProvisionGate"],
    ),
    ("vakif_katilim", "inquire-taken", &[ASKS]),
    ("vakif_katilim", "void", &[ASKS, "/api/SaleReversal"]),
    (
        "vakif_katilim",
        "void-of-a-hold",
        &[ASKS, "/api/PreAuthorizationReversal"],
    ),
    (
        "vakif_katilim",
        "void-of-a-captured-hold",
        &[ASKS, "/api/PreAuthorizationReversal"],
    ),
    ("vakif_katilim", "refund", &[ASKS, "/api/DrawBack"]),
    (
        "vakif_katilim",
        "refund-of-a-part",
        &[ASKS, "/api/PartialDrawBack"],
    ),
    (
        "vakif_katilim",
        "refund-of-a-captured-hold",
        &[ASKS, "/api/PreAuthorizationDrawBack"],
    ),
    (
        "vakif_katilim",
        "capture",
        &[ASKS, "/api/PreAuthorizatenClose"],
    ),
];
const ASKS: &str = "/api/SelectOrderByMerchantOrderId";

#[test]
fn each_call_goes_to_its_gate() {
    let all = cases();
    for (bank, name, expected) in GATES {
        let mut named = all.iter();
        let case = named.find(|case| case.protocol == *bank && case.name == *name);
        let case = case.unwrap();
        let http = Replay::of(case.replies.clone());
        case.call.make(protocol(bank), &http);
        let requests = http.requests.lock().unwrap();
        assert_eq!(requests.len(), expected.len(), "{bank} {name}");
        for (request, expected) in requests.iter().zip(*expected) {
            let mut headers = request.headers.iter();
            let sent = match headers.find(|(name, _)| *name == "soapaction") {
                Some((_, action)) => action.trim_matches('"'),
                None => &request.url,
            };
            let is_soap = request.url.ends_with("/VirtualPosService.svc/Basic");
            assert_eq!(is_soap, !expected.starts_with('/'), "{bank} {name}");
            assert!(sent.ends_with(expected), "{bank} {name}: {sent}");
        }
    }
}
