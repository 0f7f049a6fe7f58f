//! Webhooks: signed, on the documented schedule, and never from nowhere.

use crate::shop::{GARANTI, Shop, WEBHOOK_KEY, user};
use base64::Engine;
use contract::signature;
use server::operations::{self, Actor, Role};
use server::setup;
use server::store::audit::Outcome;
use server::store::db::Commit;
use server::store::webhooks::{self, WebhookState};

/// The waits before the calls of a webhook that is never taken.
const WAITS: [i64; 6] = [30, 10, 30, 180, 600, 1800];

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_comes_after_thirty_seconds_signed_in_both_ways() {
    let shop = Shop::open().await;
    let paid = shop.pays(GARANTI).await.ok().id();
    shop.wait(29).await;
    assert!(shop.hooks("API_AUTH").is_empty());
    shop.wait(1).await;
    let hooks = shop.hooks("API_AUTH");
    assert_eq!(hooks.len(), 1);
    let hook = &hooks[0];
    let id = paid.to_string();
    assert_eq!(hook.body["payloadId"], id.as_str());
    assert_eq!(hook.body["status"], "SUCCESS");
    let timestamp = hook.body["eventTimestamp"].as_i64().unwrap();
    let expected = signature::webhook(WEBHOOK_KEY, "API_AUTH", timestamp, "SUCCESS", &id);
    assert_eq!(hook.header("x-cg-signature-v1"), expected);
    assert!(hook.header("webhook-signature").starts_with("v1,"));
    assert!(hook.header("webhook-id").starts_with("msg_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_webhook_is_called_six_times_on_the_documented_schedule() {
    let shop = Shop::open().await;
    shop.answers_webhooks(500);
    shop.pays(GARANTI).await.ok();
    for (calls, wait) in WAITS.into_iter().enumerate() {
        shop.wait(wait - 1).await;
        assert_eq!(shop.hooks("API_AUTH").len(), calls, "one second too early");
        shop.wait(1).await;
        assert_eq!(shop.hooks("API_AUTH").len(), calls + 1);
    }
    shop.wait(100_000).await;
    assert_eq!(shop.hooks("API_AUTH").len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_is_not_called_unless_allowed() {
    let shop =
        Shop::with(|config| config.settings.webhook_hosts = server::net::HostList::default()).await;
    shop.pays(GARANTI).await.ok();
    shop.wait(30).await;
    assert!(shop.hooks("API_AUTH").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_is_kept_and_a_dropped_webhook_is_sent_again() {
    let shop = Shop::open().await;
    shop.answers_webhooks(500);
    let paid = shop.pays(GARANTI).await.ok().id();
    for wait in WAITS {
        shop.wait(wait).await;
    }
    let sent = shop.webhook(paid).await;
    assert_eq!(sent.state, WebhookState::Dropped);
    let tries = async || {
        webhooks::tries_of(&shop.app, shop.merchant, sent.webhook.id)
            .await
            .unwrap()
    };
    let made = tries().await;
    assert_eq!(made.len(), 6);
    assert!(made.iter().all(|t| t.status == Some(500)));
    assert!(made[0].request.contains("x-cg-signature-v1: "));
    assert!(made[0].request.contains("\n\n{\"eventType\":\"API_AUTH\""));
    assert!(made[0].url.ends_with("/hook"));
    assert!(!made[0].request.contains(WEBHOOK_KEY));

    let (app, id) = (&shop.app, sent.webhook.id);
    let resend = async |by: &Actor| operations::webhooks::resend(app, by, shop.merchant, id).await;
    assert!(resend(&user(Role::Finance)).await.is_err());
    shop.answers_webhooks(200);
    resend(&user(Role::Support)).await.unwrap();
    shop.work().await;
    assert_eq!(shop.hooks("API_AUTH").len(), 7);
    assert_eq!(shop.webhook(paid).await.state, WebhookState::Delivered);
    assert_eq!(tries().await.len(), 7);
    // Delivered or not: each resending is one more call, and one only.
    resend(&Actor::operator()).await.unwrap();
    shop.wait(100_000).await;
    assert_eq!(shop.hooks("API_AUTH").len(), 8);
    let log = shop.audit("webhook.resend").await;
    let outcomes: Vec<Outcome> = log.iter().map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [Outcome::Done, Outcome::Done, Outcome::Refused]);
    // One that is wanted again while a call is under way stays due, however that call ends.
    resend(&Actor::operator()).await.unwrap();
    let wanted = shop.webhook(paid).await;
    let called = (&wanted.webhook, wanted.due_at.unwrap());
    shop.clock.advance_seconds(5);
    resend(&Actor::operator()).await.unwrap();
    let mut commit = Commit::new(shop.merchant, id);
    webhooks::save_try(called, false, "timed out", None, &mut commit);
    app.db.commit(commit).await.unwrap();
    let still = shop.webhook(paid).await;
    assert!(still.due_at.is_some());
    assert_eq!(still.state, WebhookState::Delivered);
    shop.work().await;
    assert_eq!(shop.hooks("API_AUTH").len(), 9);
    // Another merchant's people find nothing.
    let other = operations::webhooks::resend(app, &Actor::operator(), shop.merchant + 1, id).await;
    assert!(other.is_err());

    let list = async |state, before| {
        operations::webhooks::list(app, &Actor::operator(), shop.merchant, state, before, 10)
            .await
            .unwrap()
    };
    assert_eq!(list(None, None).await.len(), 1);
    assert_eq!(list(Some(WebhookState::Delivered), None).await.len(), 1);
    assert_eq!(list(Some(WebhookState::Pending), None).await.len(), 0);
    assert_eq!(list(None, Some(id)).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_tried_out_with_an_event_that_official_clients_verify() {
    let shop = Shop::open().await;
    let app = &shop.app;
    let called = operations::webhooks::test(app, &user(Role::Developer), shop.merchant)
        .await
        .unwrap();
    assert_eq!((called.status, called.failure), (Some(200), None));
    let hook = &shop.hooks("API_AUTH")[0];
    assert_eq!(hook.body["payloadId"], "0");
    let timestamp = hook.body["eventTimestamp"].as_i64().unwrap();
    let expected = signature::webhook(WEBHOOK_KEY, "API_AUTH", timestamp, "FAILURE", "0");
    assert_eq!(hook.header("x-cg-signature-v1"), expected);

    shop.merchant_with(|m| m.webhook_url = "http://127.0.0.1:1/hook?token=t".to_owned())
        .await;
    let called = operations::webhooks::test(app, &Actor::operator(), shop.merchant)
        .await
        .unwrap();
    assert_eq!(called.status, None);
    assert!(called.failure.is_some());
    shop.merchant_with(|m| m.webhook_url = String::new()).await;
    let nowhere = operations::webhooks::test(app, &Actor::operator(), shop.merchant).await;
    assert!(nowhere.is_err());
}

/// A shop's server that answers whatever comes with `head`, and then with `body` until nobody listens:
/// once, again and again, or with a connection that breaks.
async fn answers(head: &'static str, body: &'static [u8], endless: bool) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(body).await?;
                loop {
                    if !endless {
                        return std::io::Result::Ok(());
                    }
                    stream.write_all(body).await?;
                }
            });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_2xx_is_delivery_whatever_comes_behind_it() {
    static PAGE: [u8; 400_000] = [b'a'; 400_000];
    let long = "HTTP/1.1 200 OK\r\ncontent-length: 400000\r\n\r\n";
    let unended = "HTTP/1.1 201 Created\r\ncontent-length: 99999999999\r\n\r\n";
    let broken = "HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n";
    let cut = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n";
    let quiet = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n";
    let refused = "HTTP/1.1 500 Oops\r\ncontent-length: 400000\r\n\r\n";
    for (head, body, endless, delivered) in [
        (long, PAGE.as_slice(), false, true),
        (unended, PAGE.as_slice(), true, true),
        (broken, b"no chunk at all".as_slice(), false, true),
        (cut, b"half".as_slice(), false, true),
        (quiet, b"".as_slice(), false, true),
        (refused, PAGE.as_slice(), false, false),
    ] {
        let shop = Shop::open().await;
        let url = answers(head, body, endless).await;
        shop.merchant_with(|m| {
            m.webhook_url.clone_from(&url);
        })
        .await;
        let paid = shop.pays(GARANTI).await.ok().id();
        shop.wait(30).await;
        let sent = shop.webhook(paid).await;
        let expected = if delivered {
            WebhookState::Delivered
        } else {
            WebhookState::Pending
        };
        assert_eq!((sent.state, sent.webhook.tries), (expected, 1), "{head}");
        let tries = webhooks::tries_of(&shop.app, shop.merchant, sent.webhook.id).await;
        let kept = tries.unwrap().remove(0).response.unwrap_or_default();
        assert!(kept.len() <= 4096, "{}", kept.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_standard_signature_verifies_with_the_key_as_it_is_shown() {
    let shop = Shop::open().await;
    let paid = shop.pays(GARANTI).await.ok().id();
    shop.wait(30).await;
    let hook = &shop.hooks("API_AUTH")[0];
    let sent = shop.webhook(paid).await;
    let tries = webhooks::tries_of(&shop.app, shop.merchant, sent.webhook.id).await;
    let request = tries.unwrap().remove(0).request;
    let (_, body) = request.split_once("\n\n").unwrap();
    // As the libraries do: what stands behind whsec_ is decoded.
    let (_, webhook) = setup::look_at_keys(&shop.app, &Actor::operator(), shop.merchant)
        .await
        .unwrap();
    let shown = signature::standard_webhook_key(&webhook);
    let encoded = shown.expose().strip_prefix("whsec_").unwrap();
    let key = base64::engine::general_purpose::STANDARD.decode(encoded);
    let (id, at) = (hook.header("webhook-id"), hook.header("webhook-timestamp"));
    let expected = signature::standard_webhook(&key.unwrap(), id, at, body.as_bytes());
    assert_eq!(hook.header("webhook-signature"), expected);
}
