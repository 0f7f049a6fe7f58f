//! The administration's pages: settings, keys and methods, as a browser without scripts uses them.

use crate::panel::{Panel, Shown};
use crate::panel_poses::{GARANTI_PASSWORD, new_pos, of_name};
use crate::shop::{CALLBACK_KEY, Shop, WEBHOOK_KEY, garanti};
use server::operations::{Actor, Role};
use server::setup;
use server::store::audit::Outcome;
use server::store::merchants::{FEATURE_APMS, Merchant};
use server::store::{apms, poses};

pub async fn merchant(shop: &Shop) -> Merchant {
    setup::merchant(&shop.app, shop.merchant).await.unwrap()
}

pub async fn noted(shop: &Shop, action: &str, outcome: Outcome) -> usize {
    let entries = shop.audit("").await.into_iter();
    entries
        .filter(|entry| entry.action == action && entry.outcome == outcome)
        .count()
}

/// The value of an element's text, by its id.
fn inside(page: &Shown, id: &str) -> String {
    let start = format!("id=\"{id}\">");
    let rest = page.text.split_once(&start).map_or("", |(_, rest)| rest);
    rest.split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn features_3ds_and_webhooks_are_set_and_told_in_the_audit_log() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    let page = panel.get("/panel/settings").await.ok();
    page.has("Alternatif Ödeme Yöntemleri");
    page.lacks_all(&[CALLBACK_KEY, WEBHOOK_KEY]);

    let saved = "/panel/settings?done=saved";
    let asks = panel.post("/panel/settings/features", &[]).await;
    asks.leads_to("/panel/settings/features/off");
    assert!(merchant(&shop).await.has(FEATURE_APMS));
    let asks = panel.get("/panel/settings/features/off").await.ok();
    asks.has("alışveriş kredisi sunamaz");
    panel
        .post("/panel/settings/features", &[("confirmed", "on")])
        .await
        .leads_to(saved);
    assert!(!merchant(&shop).await.has(FEATURE_APMS));
    let on = [(FEATURE_APMS, "on")];
    panel
        .post("/panel/settings/features", &on)
        .await
        .leads_to(saved);
    assert!(merchant(&shop).await.has(FEATURE_APMS));

    let half = [("policy", "HALF"), ("completes_doubt", "on")];
    panel
        .post("/panel/settings/threeds", &half)
        .await
        .leads_to(saved);
    let now = merchant(&shop).await;
    assert!(now.half_threeds && now.completes_doubt);
    let wrong = panel
        .post("/panel/settings/threeds", &[("policy", "NONE")])
        .await;
    assert_eq!(wrong.status, 400);
    wrong.has("3DS türü alanının değeri tanınmıyor");

    let wrong = panel
        .post("/panel/settings/webhook", &[("url", "ftp://shop/<b>")])
        .await;
    assert_eq!(wrong.status, 400);
    wrong.has_all(&[
        "aria-invalid=\"true\"",
        "ftp:&#x2f;&#x2f;shop&#x2f;&lt;b&gt;",
    ]);
    let address = merchant(&shop).await.webhook_url;
    let fields = [("url", address.as_str()), ("event-API_AUTH", "on")];
    panel
        .post("/panel/settings/webhook", &fields)
        .await
        .leads_to(saved);
    let now = merchant(&shop).await;
    assert!(now.wants(contract::enums::WebhookEventType::ApiAuth));
    assert!(!now.wants(contract::enums::WebhookEventType::ThreedsVerify));
    assert_eq!(noted(&shop, "merchant.edit", Outcome::Done).await, 5);

    panel
        .post("/panel/settings/webhook-test", &[])
        .await
        .ok()
        .has("Adresiniz cevap verdi.");
    assert_eq!(shop.hooks("API_AUTH").len(), 1);
    shop.answers_webhooks(500);
    panel
        .post("/panel/settings/webhook-test", &[])
        .await
        .ok()
        .has("HTTP 500");
}

#[tokio::test]
async fn parameters_of_the_webhook_address_are_shown_to_those_who_may_change_it_alone() {
    let shop = Shop::open().await;
    let mut developer = Panel::sign_in(&shop, Role::Developer).await;
    let address = format!("{}?token=kapi-anahtari", merchant(&shop).await.webhook_url);
    let set = developer
        .post("/panel/settings/webhook", &[("url", &address)])
        .await;
    set.leads_to("/panel/settings?done=saved");
    let page = developer.get("/panel/settings").await.ok();
    page.has("kapi-anahtari");
    let mut reader = Panel::sign_in(&shop, Role::ReadOnly).await;
    reader
        .get("/panel/settings")
        .await
        .ok()
        .lacks("kapi-anahtari");
    let mut owner = Panel::sign_in(&shop, Role::Owner).await;
    let log = owner.get("/panel/audit").await.ok();
    log.has("webhookUrlParameters");
    log.lacks("kapi-anahtari");

    // The role is asked before the form is read, and a refusal is in the log.
    let refused = reader
        .post("/panel/settings/webhook", &[("url", "no address")])
        .await;
    assert_eq!(refused.status, 403);
    assert_eq!(noted(&shop, "merchant.edit", Outcome::Refused).await, 1);
    // Credentials have no place in an address.
    let credentials = [("url", "https://user:word@shop.example/hook")];
    let refused = developer
        .post("/panel/settings/webhook", &credentials)
        .await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn signing_keys_are_masked_looked_at_on_record_and_replaced_once() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    let shown = panel.post("/panel/settings/keys-look", &[]).await.ok();
    shown.has_all(&[CALLBACK_KEY, WEBHOOK_KEY]);
    // The same key as the libraries of Standard Webhooks take it.
    shown.has("whsec_QW9oN3RSZVR5Yk82d09qQm1PSkZGc09SNTNTQm9qRXA");
    assert_eq!(noted(&shop, "merchant.keys_look", Outcome::Done).await, 1);

    // Nothing typed changes nothing.
    let empty = panel
        .post("/panel/settings/webhook-key", &[("webhook-key", "")])
        .await;
    empty.leads_to("/panel/settings");
    assert_eq!(merchant(&shop).await.webhook_key.expose(), WEBHOOK_KEY);
    let short = panel
        .post("/panel/settings/webhook-key", &[("webhook-key", "kisa")])
        .await;
    assert_eq!(short.status, 400);
    short.has("Webhook anahtarı en az 16 karakter");
    short.lacks("kisa");
    let own = "kendi-anahtarim-2026";
    panel
        .post("/panel/settings/webhook-key", &[("webhook-key", own)])
        .await
        .ok()
        .has(own);
    panel.get("/panel/settings").await.ok().lacks("whsec_");
    assert_eq!(merchant(&shop).await.webhook_key.expose(), own);

    let once = panel.get("/panel/settings").await.hidden("once");
    let fields = [("new", "on"), ("once", once.as_str())];
    let made = panel
        .post("/panel/settings/callback-key", &fields)
        .await
        .ok();
    let key = inside(&made, "callback-key-made");
    assert_eq!(key.len(), 32);
    assert_eq!(merchant(&shop).await.callback_key.expose(), key);
    // The same form again, a second click, makes no third key.
    let again = panel.post("/panel/settings/callback-key", &fields).await;
    again.leads_to("/panel/settings");
    assert_eq!(merchant(&shop).await.callback_key.expose(), key);
    panel.get("/panel/settings").await.ok().lacks(&key);
}

#[tokio::test]
async fn a_reader_sees_settings_and_may_change_nothing() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::ReadOnly).await;
    let (apm, pos) = (shop.apm, of_name(&shop, "Garanti").await.id);
    for path in [
        "/panel/settings".to_owned(),
        "/panel/apms".to_owned(),
        "/panel/poses".to_owned(),
        format!("/panel/apms/{apm}"),
        format!("/panel/poses/{pos}"),
    ] {
        let page = panel.get(&path).await.ok();
        page.lacks("<button class=\"danger\"");
        // Nor a card that would try the connection out.
        page.lacks_all(&[
            "id=\"test\"",
            GARANTI_PASSWORD,
            simulator::lenders::CLIENT_SECRET,
        ]);
        page.lacks_all(&[simulator::lenders::NOTIFICATION_SECRET, CALLBACK_KEY]);
    }
    for path in ["/panel/keys", "/panel/apms/new", "/panel/poses/new"] {
        assert_eq!(panel.get(path).await.status, 403, "{path}");
    }
    let before = noted(&shop, "merchant.edit", Outcome::Done).await;
    for (path, fields) in [
        ("/panel/settings/features".to_owned(), vec![]),
        (
            "/panel/settings/threeds".to_owned(),
            vec![("policy", "HALF")],
        ),
        ("/panel/settings/webhook".to_owned(), vec![("url", "")]),
        (
            "/panel/settings/webhook-key".to_owned(),
            vec![("new", "on")],
        ),
        (
            "/panel/settings/callback-key".to_owned(),
            vec![("new", "on")],
        ),
        ("/panel/settings/keys-look".to_owned(), vec![]),
        ("/panel/settings/webhook-test".to_owned(), vec![]),
        ("/panel/keys".to_owned(), vec![]),
        (
            "/panel/keys/api-key/rotate".to_owned(),
            vec![("overlap", "1")],
        ),
        ("/panel/keys/api-key/revoke".to_owned(), vec![]),
        ("/panel/apms".to_owned(), vec![("type", "MASLAK")]),
        (format!("/panel/apms/{apm}"), vec![("name", "x")]),
        (format!("/panel/apms/{apm}/status"), vec![("active", "off")]),
        (format!("/panel/apms/{apm}/test"), vec![]),
        ("/panel/poses".to_owned(), new_pos()),
        (format!("/panel/poses/{pos}"), new_pos()),
        (
            format!("/panel/poses/{pos}/status"),
            vec![("status", "PASSIVE")],
        ),
        (format!("/panel/poses/{pos}/order"), vec![("move", "down")]),
        (format!("/panel/poses/{pos}/test"), vec![]),
    ] {
        let refused = panel.post(&path, &fields).await;
        assert_eq!(refused.status, 403, "{path}");
        refused.lacks(CALLBACK_KEY);
    }
    assert_eq!(noted(&shop, "merchant.edit", Outcome::Done).await, before);
    assert_eq!(
        noted(&shop, "merchant.keys_look", Outcome::Refused).await,
        1
    );
    assert_eq!(noted(&shop, "pos.test", Outcome::Refused).await, 1);
    assert_eq!(of_name(&shop, "Garanti").await.version, 1);
}

#[tokio::test]
async fn a_webhook_that_fails_is_told_in_the_readers_language() {
    let shop = Shop::open().await;
    let by = Actor::operator();
    // Nothing listens there, and it hangs up.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let closed = address;
    let rude = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rude_address = rude.local_addr().unwrap();
    let hangs_up = tokio::spawn(async move {
        while let Ok((mut stream, _)) = rude.accept().await {
            let mut head = [0; 1024];
            _ = tokio::io::AsyncReadExt::read(&mut stream, &mut head).await;
        }
    });
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    for (address, tr, en) in [
        (
            closed,
            "bağlantı kurulamadı: adreste çalışan bir sunucu yok",
            "no connection: no server is listening there",
        ),
        (rude_address, "bağlantı koptu", "the connection broke"),
    ] {
        let url = format!("http://{address}/hook");
        setup::set_webhook(&shop.app, &by, shop.merchant, &url, &[])
            .await
            .unwrap();
        for (language, words) in [("tr", tr), ("en", en)] {
            panel.language = language;
            let tested = panel.post("/panel/settings/webhook-test", &[]).await.ok();
            tested.has(words);
            tested.lacks_all(&["os error", "before message completed"]);
        }
    }
    hangs_up.abort();
}

#[tokio::test]
async fn api_keys_are_made_rotated_and_revoked() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    let page = panel.get("/panel/keys").await.ok();
    page.has("api-key");
    page.lacks("secret-key");
    // The list leads to a page that asks first.
    page.has("href=\"/panel/keys/new\"");
    let asks = panel.get("/panel/keys/new").await.ok();
    asks.has("mağazanız adına ödeme alabilir");
    let once = asks.hidden("once");
    let fields = [("once", once.as_str())];
    let made = panel.post("/panel/keys", &fields).await.ok();
    let (key, secret) = (inside(&made, "made-key"), inside(&made, "made-secret"));
    assert_eq!((key.len(), secret.len()), (32, 32));
    panel
        .post("/panel/keys", &fields)
        .await
        .leads_to("/panel/keys");
    let page = panel.get("/panel/keys").await.ok();
    page.has(&key);
    page.lacks(&secret);

    for wrong in ["", "-1", "721", "x"] {
        let refused = panel
            .post("/panel/keys/api-key/rotate", &[("overlap", wrong)])
            .await;
        assert_eq!(refused.status, 400, "{wrong}");
    }
    let rotated = panel
        .post("/panel/keys/api-key/rotate", &[("overlap", "24")])
        .await
        .ok();
    assert_ne!(inside(&rotated, "made-key"), key);
    panel.get("/panel/keys").await.ok().has("süresi doluyor");
    // Both keys work until the overlap is over.
    assert_eq!(shop.get("/payment/v1/card-payments/1").await.status, 404);

    let revoked = panel.post("/panel/keys/api-key/revoke", &[]).await;
    revoked.leads_to("/panel/keys?done=removed");
    assert_eq!(shop.get("/payment/v1/card-payments/1").await.status, 401);
    let gone = panel.post("/panel/keys/api-key/revoke", &[]).await;
    assert_eq!(gone.status, 400);
    gone.has("API anahtarı alanının değeri tanınmıyor");
}

#[tokio::test]
async fn maslak_is_defined_tried_out_and_switched() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    let endpoint = format!("{}/lender", shop.bank);
    let mut fields = vec![
        ("type", "MASLAK"),
        ("name", "Maslak 2"),
        ("endpoint", endpoint.as_str()),
        ("client-id", simulator::lenders::CLIENT_ID),
        ("client-secret", simulator::lenders::CLIENT_SECRET),
        ("loan-type", "CONSUMER"),
        ("approval-064", "MANUAL"),
        ("approval-103", "DEFAULT"),
        ("time-limit-seconds", "900"),
        ("active", "on"),
    ];
    let refused = panel.post("/panel/apms", &fields).await;
    assert_eq!(refused.status, 400);
    refused.has_all(&["Bildirim anahtarı alanı zorunludur", "value=\"Maslak 2\""]);
    refused.lacks(simulator::lenders::CLIENT_SECRET);

    fields.push((
        "notification-secret",
        simulator::lenders::NOTIFICATION_SECRET,
    ));
    let made = panel.post("/panel/apms", &fields).await;
    assert_eq!(made.status, 303, "{}", made.text);
    let all = apms::of_merchant(&shop.app, shop.merchant).await.unwrap();
    let apm = all
        .iter()
        .find(|apm| apm.name == "Maslak 2")
        .unwrap()
        .clone();
    made.leads_to(&format!("/panel/apms/{}?done=saved", apm.id));
    assert!(apm.active);
    assert_eq!(apm.approves_by_itself("064"), Some(false));
    assert_eq!(apm.time_limit_seconds, 900);
    let page = panel.get(&format!("/panel/apms/{}", apm.id)).await.ok();
    page.lacks(simulator::lenders::CLIENT_SECRET);
    let test = format!("/panel/apms/{}/test", apm.id);
    panel.post(&test, &[]).await.ok().has("Bağlantı çalışıyor");

    // A wrong secret is found out; what is left empty stays.
    let edit = format!("/panel/apms/{}", apm.id);
    let wrong = [
        ("name", "Maslak 2"),
        ("endpoint", endpoint.as_str()),
        ("client-id", "nobody"),
        ("client-secret", "********"),
        ("loan-type", "CONSUMER"),
        ("time-limit-seconds", "900"),
    ];
    // It is saved, but whether the method goes out of use is asked on a page of its own.
    let off = format!("{edit}/off");
    panel.post(&edit, &wrong).await.leads_to(&off);
    panel.get(&off).await.ok().has("pasifleştirilsin mi?");
    let now = apms::one_of_merchant(&shop.app, shop.merchant, apm.id).await;
    let now = now.unwrap().unwrap();
    assert_eq!(
        now.account.client_secret.expose(),
        simulator::lenders::CLIENT_SECRET
    );
    assert!(now.active);
    let status = format!("/panel/apms/{}/status", apm.id);
    let switched = "/panel/apms?done=saved";
    panel
        .post(&status, &[("active", "off")])
        .await
        .leads_to(switched);
    let list = panel.get("/panel/apms").await.ok();
    list.lacks(&off);
    let tested = panel.post(&test, &[]).await.ok();
    tested.has_all(&["kabul etmedi", "CLIENT_UNKNOWN"]);

    let elsewhere = [
        ("name", "x"),
        ("endpoint", "https://evil.example"),
        ("client-id", "x"),
    ];
    let refused = panel.post(&edit, &elsewhere).await;
    assert_eq!(refused.status, 422);
    refused.has_all(&[
        "evil.example adresine bağlanmaya izin verilmiyor",
        "--allow-bank-host",
    ]);

    panel
        .post(&status, &[("active", "on")])
        .await
        .leads_to(switched);
    panel.get("/panel/apms").await.ok().has(&off);
    assert_eq!(
        panel.post(&status, &[("active", "maybe")]).await.status,
        400
    );
    assert_eq!(panel.get("/panel/apms/1").await.status, 404);
}

#[tokio::test]
async fn another_merchants_accounts_are_not_there() {
    let shop = Shop::open().await;
    let made = setup::MerchantSetup {
        name: "Başka".to_owned(),
        ..Default::default()
    };
    let other = setup::create_merchant(&shop.app, &Actor::operator(), made)
        .await
        .unwrap();
    let request = serde_json::from_value(garanti()).unwrap();
    let pos = setup::create_pos(&shop.app, &Actor::operator(), other.id, request, None).await;
    let pos = pos.unwrap().id;
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    assert_eq!(panel.get(&format!("/panel/poses/{pos}")).await.status, 404);
    for (path, fields) in [
        (format!("/panel/poses/{pos}"), new_pos()),
        (
            format!("/panel/poses/{pos}/status"),
            vec![("status", "PASSIVE")],
        ),
        (format!("/panel/poses/{pos}/order"), vec![("move", "up")]),
        (format!("/panel/poses/{pos}/test"), vec![]),
        (format!("/panel/keys/{}/revoke", other.api_key), vec![]),
    ] {
        let refused = panel.post(&path, &fields).await;
        assert!(
            (400..=404).contains(&refused.status),
            "{path} {}",
            refused.status
        );
    }
    let now = poses::one_of_merchant(&shop.app, other.id, pos)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(now.version, 1);
}
