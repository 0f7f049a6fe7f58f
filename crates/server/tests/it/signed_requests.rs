//! Requests as clients and shop modules sign them: addresses, keys and bodies that differ in small
//! things and mean the same. What is signed is always what was sent.

use crate::panel::Panel;
use crate::process::until;
use crate::shop::{GARANTI, KEYS, Reply, Shop, Signed, payment};
use contract::endpoints::ENDPOINTS;
use contract::signature;
use server::operations::Role;

const RND: &str = "4s97Fm";

/// A call of `target` that was signed under `url`.
async fn call(shop: &Shop, method: &str, url: &str, target: &str, body: &[u8]) -> Reply {
    keyed(shop, method, url, target, body, RND).await
}

async fn keyed(
    shop: &Shop,
    method: &str,
    url: &str,
    target: &str,
    body: &[u8],
    rnd: &str,
) -> Reply {
    let signed = Signed::with(KEYS, &format!("{url}{target}"), rnd, body);
    let mut headers = signed.headers();
    headers.push(("lang", "en"));
    shop.raw(method, target, body, &headers).await
}

/// A call of `target` with a signature over another path or body.
async fn signed_over(
    shop: &Shop,
    method: &str,
    (path, over): (&str, &[u8]),
    target: &str,
    body: &[u8],
) -> Reply {
    let signed = Signed::with(KEYS, &format!("{}{path}", shop.gateway), RND, over);
    shop.raw(method, target, body, &signed.headers()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn slashes_at_the_end_and_twice_lead_to_the_same_address() {
    let shop = Shop::open().await;
    for target in [
        "/installment/v1/bins/525864/",
        "/installment/v1/bins/525864/?",
        "/installment/v1//bins/525864//?x=1&",
        "//installment/v1/bins/525864/",
        "/merchant/v1/merchant-poses/?page=0",
    ] {
        let reply = call(&shop, "GET", &shop.gateway, target, b"").await;
        assert_eq!(reply.status, 200, "{target} {:#}", reply.body);
        // The signature is over what was sent, not over what it means.
        let tidied = target.replace("//", "/").replace("/?", "?");
        let tidied = tidied.trim_end_matches('/');
        if tidied != target {
            let reply = signed_over(&shop, "GET", (tidied, b""), target, b"").await;
            assert_eq!(reply.error_code(), 1005, "{target}");
        }
    }
    // What is not offered yet is found at both spellings.
    let unserved = ENDPOINTS.iter().filter(|endpoint| !endpoint.served);
    for (count, endpoint) in unserved.enumerate() {
        let segment = |part: &str| {
            if part.starts_with('{') {
                "7".to_owned()
            } else {
                part.to_owned()
            }
        };
        let path: Vec<String> = endpoint.path.split('/').map(segment).collect();
        // Another signature each time: methods of one path would share one.
        let target = format!("{}/?a={count}", path.join("/"));
        let reply = call(&shop, endpoint.method, &shop.gateway, &target, b"").await;
        assert_eq!((reply.status, reply.error_code()), (404, 1104), "{target}");
    }
    let nowhere = call(&shop, "GET", &shop.gateway, "/nowhere/", b"").await;
    assert_eq!(nowhere.error_code(), 1103);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_url_is_known_with_port_capitals_and_the_path_of_a_proxy() {
    let shop = Shop::with(|config| {
        let urls = &mut config.settings.public_urls;
        urls.push("https://pay.example.com".to_owned());
        urls.push("https://Shop.example.com/gw".to_owned());
        urls.push("https://other.example.com:8443".to_owned());
    })
    .await;
    let target = "/installment/v1/bins/525864";
    for known in [
        "https://pay.example.com",
        "https://pay.example.com:443",
        "https://PAY.EXAMPLE.COM",
        "https://shop.example.com:443/gw",
        "https://other.example.com:8443",
    ] {
        let reply = call(&shop, "GET", known, target, b"").await;
        assert_eq!(reply.status, 200, "{known} {:#}", reply.body);
    }
    for unknown in [
        "http://pay.example.com",
        "https://pay.example.com:8443",
        "https://pay.example.com:80",
        "https://other.example.com",
        "https://example.com",
    ] {
        let reply = call(&shop, "GET", unknown, target, b"").await;
        assert_eq!(reply.error_code(), 1005, "{unknown}");
    }
    // A proxy that hands its path on: what is signed is not the path twice.
    let target = "/gw//installment/v1/bins/525864/";
    let reply = call(&shop, "GET", "https://shop.example.com", target, b"").await;
    assert_eq!(reply.status, 200, "{:#}", reply.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_in_capitals_is_known_when_it_comes_so_and_explained_when_it_does_not() {
    let shop = Shop::with(|config| {
        let urls = &mut config.settings.public_urls;
        urls.push("https://api.example.com/gw".to_owned());
    })
    .await;
    let signed = |base: &str, target: &str| {
        signature::sign(
            &format!("{base}{target}"),
            "api-key",
            "secret-key",
            RND,
            b"",
        )
    };
    let asked = async |host: &str, signature: &str, target: &str| {
        let headers = [
            ("host", host),
            ("x-api-key", "api-key"),
            ("x-rnd-key", RND),
            ("x-auth-version", "v1"),
            ("x-signature", signature),
        ];
        shop.raw("GET", target, b"", &headers).await
    };
    // Java, Go and PHP send the host as they sign it.
    for (number, base) in [
        "https://API.Example.com",
        "https://API.Example.com/gw",
        "https://API.Example.com:443/gw",
        "http://API.Example.com",
    ]
    .iter()
    .enumerate()
    {
        let target = format!("/installment/v1/bins/525864?a={number}");
        let signature = signed(base, &target);
        let reply = asked("API.Example.com", &signature, &target).await;
        assert_eq!(reply.status, 200, "{base} {:#}", reply.body);
    }
    // Node and Python send it in small letters: which capitals were signed nobody can know.
    let target = "/installment/v1/bins/525864?a=9";
    let signature = signed("https://API.Example.com/gw", target);
    let reply = asked("api.example.com", &signature, target).await;
    assert_eq!(reply.error_code(), 1005);
    // The explanation is made beside the answer, and written a moment later.
    let written = "select id from request_log where status = 401";
    let row = until("the refusal is in the log", async || {
        shop.app.journal.flush().await;
        shop.app.db.row(written, Vec::new()).await.unwrap()
    })
    .await;
    let mut developer = Panel::sign_in(&shop, Role::Developer).await;
    let path = format!("/panel/requests/{}?lang=en", row.int("id").unwrap());
    let page = developer.get(&path).await.ok();
    page.has("the base URL must be in lower case");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rnd_key_may_be_base64() {
    let shop = Shop::open().await;
    let target = "/installment/v1/bins/525864";
    for rnd in ["q83v+SNF/Zmrze8B==", "a_b-c", &"=".repeat(64)] {
        let reply = keyed(&shop, "GET", &shop.gateway, target, b"", rnd).await;
        assert_eq!(reply.status, 200, "{rnd} {:#}", reply.body);
    }
    for rnd in ["{}", "a b", "a.b", "a\"b", &"a".repeat(65)] {
        let reply = keyed(&shop, "GET", &shop.gateway, target, b"", rnd).await;
        assert_eq!((reply.status, reply.error_code()), (401, 1003), "{rnd}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_order_mark_is_signed_and_skipped() {
    let shop = Shop::open().await;
    let path = "/payment/v1/card-payments";
    let body = format!("\u{feff}{}", payment(GARANTI));
    let without = call(&shop, "POST", &shop.gateway, path, &body.as_bytes()[3..]).await;
    let bare = (path, &body.as_bytes()[3..]);
    let unsigned = signed_over(&shop, "POST", bare, path, body.as_bytes()).await;
    assert_eq!(without.status, 200, "{:#}", without.body);
    assert_eq!(unsigned.error_code(), 1005);
    let marked = call(&shop, "POST", &shop.gateway, path, body.as_bytes()).await;
    assert_eq!(marked.status, 200, "{:#}", marked.body);
    for wrong in [
        "\u{feff}",
        "\u{feff}\u{feff}{}",
        "{}\u{feff}",
        " \u{feff}{}",
    ] {
        let reply = call(&shop, "POST", &shop.gateway, path, wrong.as_bytes()).await;
        assert_eq!((reply.status, reply.error_code()), (400, 1101), "{wrong:?}");
    }
    // Page and card of a 3ds-init are read from the body a second time.
    let init = payment(GARANTI).to_string().replacen(
        '{',
        "{\"callbackUrl\":\"https://shop.example.com/\",",
        1,
    );
    let init = format!("\u{feff}{init}");
    let path = "/payment/v1/card-payments/3ds-init";
    let key = [("x-idempotency-key", "marked")];
    let first = shop.call("POST", path, &init, &key).await.ok();
    let again = shop.call("POST", path, &init, &key).await.ok();
    assert_eq!(first.id(), again.id());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_twice_and_a_number_that_pretends_are_named() {
    let shop = Shop::open().await;
    let body = payment(GARANTI).to_string();
    let put = |text: &str| body.replacen('{', &format!("{{{text},"), 1);
    for (body, code, field) in [
        (put("\"price\":1"), 2013, "price"),
        (
            body.replace("\"cvc\":", "\"cvc\":\"111\",\"cvc\":"),
            2013,
            "card.cvc",
        ),
        (
            body.replace("\"name\":\"Item 2\"", "\"name\":\"a\",\"n\\u0061me\":\"b\""),
            2013,
            "items[1].name",
        ),
        (put("\"unknown\":{\"a\":1,\"a\":1}"), 2013, "unknown.a"),
        (
            body.replace(
                "\"price\":100,",
                "\"price\":{\"$serde_json::private::Number\":\"100\"},",
            ),
            2002,
            "price.$serde_json::private::Number",
        ),
    ] {
        for path in [
            "/payment/v1/card-payments",
            "/payment/v1/card-payments/3ds-init",
        ] {
            let reply = shop.call("POST", path, &body, &[]).await;
            let told = (reply.status, reply.error_code(), reply.field());
            assert_eq!(told, (400, code, field), "{body}");
        }
    }
    assert_eq!(shop.payments().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_of_null_signed_as_nothing_has_no_body_as_php_writes_it() {
    let shop = Shop::open().await;
    let id = &shop.poses().await[0]["id"];
    let target = format!("/merchant/v1/merchant-poses/{id}/status/PASSIVE");
    for (body, over, status) in [
        (&b"null"[..], &b"null"[..], 401),
        (b" null", b"", 401),
        (b"nul", b"", 401),
        (b"{}", b"", 401),
        (b"null", b"", 204),
    ] {
        let reply = signed_over(&shop, "PUT", (&target, over), &target, body).await;
        assert_eq!(reply.status, status, "{body:?} {:#}", reply.body);
    }
    let path = format!("/merchant/v1/merchant-poses/{id}");
    assert_eq!(shop.get(&path).await.ok().data("status"), "PASSIVE");
}
