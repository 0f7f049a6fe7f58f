//! 3DS: what is good enough, what proves nothing, and which addresses open what.

use crate::browser::{Form, Page, fetch, through_threeds};
use crate::world::{CALLBACK_KEY, Reply, World, payment, with};
use contract::signature::callback_hash_v2;
use serde_json::{Value, json};
use server::operations::By;

const GARANTI: &str = "5209220000000002";
const YKB: &str = "5400630000000009";
const MD_0: &str = "5115830000006669";
const MD_4: &str = "5117280000006665";
const INIT_ERROR: &str = "5117580000006668";

async fn init(world: &World, request: Value) -> Reply {
    let request = with(
        request,
        json!({"callbackUrl": "https://shop.example.com/callback"}),
    );
    world
        .post("/payment/v1/card-payments/3ds-init", request)
        .await
}

fn html(init: &Reply) -> &str {
    init.data("htmlContent").as_str().unwrap()
}

async fn complete(world: &World, init: &Reply) -> Reply {
    world
        .post(
            "/payment/v1/card-payments/3ds-complete",
            json!({"paymentId": init.data("paymentId")}),
        )
        .await
}

async fn read(world: &World, init: &Reply) -> Reply {
    world
        .get(&format!(
            "/payment/v1/card-payments/{}",
            init.data("paymentId")
        ))
        .await
        .ok()
}

/// The bank's page, before the shopper has typed anything.
async fn at_the_bank(world: &World, init: &Reply) -> Page {
    let galata = Page::of_html_content(html(init))
        .submit(&world.http, &[])
        .await;
    assert_eq!(galata.status, 200, "{}", galata.html);
    galata.submit(&world.http, &[]).await
}

/// The page with which the bank sends the browser back to Galata.
async fn way_back(world: &World, init: &Reply) -> Page {
    at_the_bank(world, init)
        .await
        .submit(&world.http, &[("otp", "123456"), ("action", "confirm")])
        .await
}

/// Nothing was taken, and nothing can be.
async fn not_completable(world: &World, init: &Reply, md_status: Option<i64>) {
    let read = read(world, init).await;
    assert_eq!(read.data("paymentStatus"), "FAILURE");
    assert_eq!(read.data("mdStatus").as_i64(), md_status);
    let reply = complete(world, init).await;
    assert_eq!(
        (reply.status, reply.error_code()),
        (422, 9003),
        "{:#}",
        reply.body
    );
    let ledger = world.control("GET", "/control/ledger", Value::Null).await;
    assert_eq!(ledger["orders"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_full_3ds_is_enough_unless_the_merchant_takes_half() {
    let world = World::open().await;
    for (card, md_status) in [(MD_0, 0), (MD_4, 4)] {
        let begun = init(&world, payment(card)).await.ok();
        let callback = through_threeds(&world, html(&begun), "123456", "confirm").await;
        assert_eq!(callback.field("status"), "FAILURE", "mdStatus {md_status}");
        assert_eq!(callback.field("completeStatus"), "");
        not_completable(&world, &begun, Some(md_status)).await;
    }

    server::setup::change_merchant(&world.app, &By::operator(), world.merchant, |m| {
        m.half_threeds = true
    })
    .await
    .unwrap();
    let begun = init(&world, payment(MD_0)).await.ok();
    let callback = through_threeds(&world, html(&begun), "123456", "confirm").await;
    assert_eq!(callback.field("status"), "FAILURE");
    not_completable(&world, &begun, Some(0)).await;

    let begun = init(&world, payment(MD_4)).await.ok();
    let callback = through_threeds(&world, html(&begun), "123456", "confirm").await;
    assert_eq!(callback.field("status"), "SUCCESS");
    let done = complete(&world, &begun).await.ok();
    assert_eq!(done.data("paymentStatus"), "SUCCESS");
    assert_eq!(done.data("mdStatus"), 4);
    world.wait(30).await;
    let verified = world.hooks("THREEDS_VERIFY");
    let told: Vec<&str> = verified
        .iter()
        .map(|hook| hook.body["status"].as_str().unwrap())
        .collect();
    assert_eq!(
        told.iter().filter(|status| **status == "SUCCESS").count(),
        1
    );
    assert_eq!(told.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_asked_again_and_three_are_the_end() {
    for (bank, card) in [("garanti", GARANTI), ("posnet", YKB)] {
        let world = World::open().await;
        // Once wrong, then right.
        let begun = init(&world, payment(card)).await.ok();
        let mut page = at_the_bank(&world, &begun).await;
        for otp in ["000000", "123456"] {
            page = page
                .submit(&world.http, &[("otp", otp), ("action", "confirm")])
                .await;
        }
        let callback = page.submit(&world.http, &[]).await.form();
        assert_eq!(callback.field("status"), "SUCCESS", "{bank}");

        let begun = init(&world, payment(card)).await.ok();
        let mut page = at_the_bank(&world, &begun).await;
        for _ in 0..3 {
            page = page
                .submit(&world.http, &[("otp", "000000"), ("action", "confirm")])
                .await;
        }
        let callback = page.submit(&world.http, &[]).await.form();
        assert_eq!(callback.field("status"), "FAILURE", "{bank}");
        not_completable(&world, &begun, Some(0)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_who_cancels_comes_back_to_a_failure() {
    for card in [GARANTI, YKB] {
        let world = World::open().await;
        let begun = init(&world, payment(card)).await.ok();
        let callback = through_threeds(&world, html(&begun), "", "cancel").await;
        assert_eq!(callback.field("status"), "FAILURE");
        assert_eq!(callback.field("paymentId"), "");
        assert_eq!(callback.field("conversationId"), "456d1297");
        // The form that waited behind `redirectUrl` is gone with it.
        let kept = "select count(*) as kept from attempts where proof_sealed is not null";
        let kept = world.app.db.row(kept, Vec::new()).await.unwrap().unwrap();
        assert_eq!(kept.int("kept").unwrap(), 0);
        not_completable(&world, &begun, Some(0)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_refuses_to_begin_is_a_failed_payment() {
    let world = World::open().await;
    // PosNet is asked before the shopper goes anywhere.
    let poses = world
        .get("/merchant/v1/merchant-poses?bankName=yap")
        .await
        .ok();
    let request = with(
        payment(INIT_ERROR),
        json!({"posAlias": poses.data("items.0.alias")}),
    );
    let refused = init(&world, request).await;
    assert_eq!(
        (refused.status, refused.error_group()),
        (422, "THREEDS_INIT_ERROR"),
        "{:#}",
        refused.body
    );
    let id = &refused.body["errors"]["paymentId"];
    let read = world
        .get(&format!("/payment/v1/card-payments/{id}"))
        .await
        .ok();
    assert_eq!(read.data("paymentStatus"), "FAILURE");
    assert_eq!(read.data("paymentError.errorGroup"), "THREEDS_INIT_ERROR");
    world.wait(60).await;
    assert!(world.hooks("THREEDS_VERIFY").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_return_changes_nothing_and_says_so() {
    let world = World::open().await;
    for card in [GARANTI, YKB] {
        let begun = init(&world, payment(card)).await.ok();
        let back = way_back(&world, &begun).await;
        let first = back.submit(&world.http, &[]).await.form();
        assert_eq!(first.field("status"), "SUCCESS");
        // Before and after the completion.
        for _ in 0..2 {
            let second = back.submit(&world.http, &[]).await.form();
            assert_eq!(second.field("callbackStatus"), "ALREADY_RETURNED");
            assert_eq!(second.field("status"), "FAILURE");
            assert_eq!(second.field("completeStatus"), "");
            assert_eq!(second.field("paymentId"), first.field("paymentId"));
            complete(&world, &begun).await.ok();
        }
        let read = read(&world, &begun).await;
        assert_eq!(read.data("paymentStatus"), "SUCCESS");
    }
}

/// An address with the fields of a form behind it, as a bank sends the browser back by GET.
fn with_fields(form: &Form) -> String {
    let mut url = url::Url::parse(&form.action).unwrap();
    url.query_pairs_mut().extend_pairs(&form.fields);
    url.to_string()
}

async fn opened(world: &World, url: &str) -> Page {
    fetch(&world.http, "GET", url, String::new()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_may_send_the_browser_back_by_get() {
    let world = World::open().await;
    for card in [GARANTI, YKB] {
        let begun = init(&world, payment(card)).await.ok();
        let back = with_fields(&way_back(&world, &begun).await.form());
        // Whoever looks at the address is no shopper: a browser posts itself on.
        let head = fetch(&world.http, "HEAD", &back, String::new()).await;
        assert_eq!(head.status, 200);
        opened(&world, &back).await;
        let page = opened(&world, &back).await;
        assert_eq!(
            read(&world, &begun).await.data("paymentStatus"),
            "INIT_THREEDS"
        );
        let first = page.submit(&world.http, &[]).await.form();
        assert_eq!(first.field("status"), "SUCCESS", "{card}");
        let reloaded = opened(&world, &back).await;
        let reloaded = reloaded.submit(&world.http, &[]).await.form();
        assert_eq!(reloaded.field("callbackStatus"), "ALREADY_RETURNED");
        let done = complete(&world, &begun).await.ok();
        assert_eq!(done.data("paymentStatus"), "SUCCESS");

        // What proves nothing when it is posted proves nothing here either.
        let begun = init(&world, payment(card)).await.ok();
        let mut forged = way_back(&world, &begun).await.form();
        for (name, value) in &mut forged.fields {
            if name.eq_ignore_ascii_case("hash") || name == "Sign" {
                *value = changed(value, 0);
            }
        }
        let page = opened(&world, &with_fields(&forged)).await;
        proves_nothing(&world, &begun, &page.submit(&world.http, &[]).await).await;
    }
}

#[track_caller]
fn leads_to_the_shop(page: &Page) {
    let html = page.html.replace("&#x2f;", "/");
    assert!(
        html.contains(r#"href="https://shop.example.com/""#),
        "{html}"
    );
}

/// The shopper is told so and may try again or go to the shop; nothing else happened.
async fn proves_nothing(world: &World, begun: &Reply, page: &Page) {
    assert_eq!(page.status, 200, "{}", page.html);
    assert!(page.html.contains("doğrulanamadı"), "{}", page.html);
    leads_to_the_shop(page);
    assert!(!page.html.contains("<script"), "{}", page.html);
    assert!(page.form().action.contains("/pages/3ds-return/"));
    let read = read(world, begun).await;
    assert_eq!(read.data("paymentStatus"), "INIT_THREEDS");
    let refused = complete(world, begun).await;
    assert_eq!((refused.status, refused.error_code()), (422, 9003));
}

/// Posts fields to an address.
async fn posted(world: &World, url: &str, fields: &[(String, String)]) -> Page {
    let body: String = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    fetch(&world.http, "POST", url, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_else_is_posted_to_the_return_address_the_shoppers_return_counts() {
    let world = World::open().await;
    for card in [GARANTI, YKB] {
        let begun = init(&world, payment(card)).await.ok();
        let back = way_back(&world, &begun).await;
        let honest = back.form();
        // Nothing, a claim, and each of the bank's fields left out or empty: no return at all.
        let claim = [("mdstatus", "1"), ("mdStatus", "1")];
        let claim = claim.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut bare = vec![Vec::new(), claim.to_vec()];
        for name in ["hash", "hashparams", "Sign", "BankPacket", "MerchantPacket"] {
            let with = |value: Option<&str>| {
                let mut fields = honest.fields.clone();
                fields.retain(|(known, _)| known != name);
                fields.extend(value.map(|value| (name.to_owned(), value.to_owned())));
                fields
            };
            if honest.fields.iter().any(|(known, _)| known == name) {
                bare.extend([with(None), with(Some(""))]);
            }
        }
        for fields in &bare {
            let page = posted(&world, &honest.action, fields).await;
            assert_eq!(page.status, 200);
            assert!(page.html.contains("Bankanızın onayı bekleniyor"));
            leads_to_the_shop(&page);
        }
        // The right names with anything in them, any number of times.
        let mut garbage = honest.fields.clone();
        for (_, value) in &mut garbage {
            *value = "0".repeat(value.len());
        }
        for _ in 0..40 {
            let page = posted(&world, &honest.action, &garbage).await;
            proves_nothing(&world, &begun, &page).await;
        }
        // Of those not many were kept, nor was the bank asked about more.
        let id = begun.data("paymentId").as_i64().unwrap();
        world.app.journal.flush().await;
        let kept = "select count(*) as kept from exchanges where payment_id = $1";
        let kept = world.app.db.row(kept, vec![id.into()]).await.unwrap();
        let kept = kept.unwrap().int("kept").unwrap();
        assert!(kept < 50, "{kept}");

        world.pass(5).await;
        let callback = back.submit(&world.http, &[]).await.form();
        assert_eq!(callback.field("status"), "SUCCESS", "{card}");
        let done = complete(&world, &begun).await.ok();
        assert_eq!(done.data("paymentStatus"), "SUCCESS");
    }
    world.wait(30).await;
    let told = world.hooks("THREEDS_VERIFY");
    assert!(told.iter().all(|hook| hook.body["status"] == "SUCCESS"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_could_not_be_asked_about_a_return_is_asked_when_the_shopper_tries_again() {
    let world = World::open().await;
    for fault in [
        json!({"kind": "http_500"}),
        json!({"kind": "cut_reply"}),
        json!({"kind": "wrong_mac"}),
        json!({"kind": "decline", "code": "E216"}),
    ] {
        let begun = init(&world, payment(YKB)).await.ok();
        let back = way_back(&world, &begun).await;
        world.fault("posnet", "threeds_resolve", fault).await;
        let page = back.submit(&world.http, &[]).await;
        proves_nothing(&world, &begun, &page).await;
        let callback = page.submit(&world.http, &[]).await.form();
        assert_eq!(callback.field("status"), "SUCCESS");
        complete(&world, &begun).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_nobody_came_back_for_ends_with_its_return_address() {
    let world = World::open().await;
    let stored = json!({"card": {"storeCardAfterSuccessPayment": true}});
    let begun = init(&world, with(payment(GARANTI), stored)).await.ok();
    let back = way_back(&world, &begun).await;
    let mut forged = back.form();
    for (name, value) in &mut forged.fields {
        if name == "hash" {
            *value = changed(value, 0);
        }
    }
    let page = posted(&world, &forged.action, &forged.fields).await;
    proves_nothing(&world, &begun, &page).await;
    let verified = init(&world, payment(YKB)).await.ok();
    through_threeds(&world, html(&verified), "123456", "confirm").await;

    world.wait(24 * 60 * 60 - 60).await;
    assert_eq!(
        read(&world, &begun).await.data("paymentStatus"),
        "INIT_THREEDS"
    );
    world.wait(120).await;
    assert_eq!(back.submit(&world.http, &[]).await.status, 404);
    not_completable(&world, &begun, None).await;
    world.wait(30).await;
    let told = world.hooks("THREEDS_VERIFY");
    let failed: Vec<&Value> = told
        .iter()
        .map(|hook| &hook.body)
        .filter(|body| body["status"] == "FAILURE")
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["payloadId"], begun.data("paymentId").to_string());
    let left = "select card_token from stored_cards";
    let left = world.app.db.rows(left, Vec::new()).await.unwrap();
    assert!(left.is_empty());
    // What was verified is the shop's to complete.
    let done = complete(&world, &verified).await.ok();
    assert_eq!(done.data("paymentStatus"), "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_address_that_is_only_opened_changes_nothing() {
    let world = World::open().await;
    for card in [GARANTI, YKB] {
        let begun = init(&world, payment(card)).await.ok();
        let back = way_back(&world, &begun).await;
        let address = back.form().action;
        let looked = [
            address.clone(),
            format!("{address}?utm_source=mail&fbclid=x"),
            // The bank's names without what they stand for.
            format!("{address}?mdstatus=&hash=&BankPacket=&MerchantPacket=&Sign="),
        ];
        for url in &looked {
            let page = opened(&world, url).await;
            assert_eq!(page.status, 200, "{url}");
            assert!(page.html.contains("Bankanızın onayı bekleniyor"));
            assert!(!page.html.contains("<form"), "{}", page.html);
        }
        assert_eq!(
            read(&world, &begun).await.data("paymentStatus"),
            "INIT_THREEDS"
        );

        let callback = back.submit(&world.http, &[]).await.form();
        assert_eq!(callback.field("status"), "SUCCESS", "{card}");
        let page = opened(&world, &address).await;
        assert!(page.html.contains("mağaza tamamlar"), "{}", page.html);
        let done = complete(&world, &begun).await.ok();
        assert_eq!(done.data("paymentStatus"), "SUCCESS");
        let page = opened(&world, &address).await;
        assert!(page.html.contains("sona erdi"), "{}", page.html);
    }
    let unknown = format!("{}/pages/3ds-return/AAAAAAAAAAAAAAAAAAAAAA", world.gateway);
    assert_eq!(opened(&world, &unknown).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_returns_at_once_bring_one_success() {
    let world = World::open().await;
    for card in [GARANTI, YKB] {
        let begun = init(&world, payment(card)).await.ok();
        let back = way_back(&world, &begun).await;
        let (one, two) = tokio::join!(back.submit(&world.http, &[]), back.submit(&world.http, &[]));
        let mut told = [one.form(), two.form()].map(|form| form.field("status").to_owned());
        told.sort();
        assert_eq!(told, ["FAILURE", "SUCCESS"]);
        complete(&world, &begun).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_version_of_the_callback_signs_the_fields_it_lists() {
    let world = World::open().await;
    for (card, status, md_status) in [(GARANTI, "SUCCESS", "1"), (MD_4, "FAILURE", "4")] {
        let request = with(
            payment(card),
            json!({"additionalParams": {"threeDSCallbackVersion": "2"}}),
        );
        let begun = init(&world, request).await.ok();
        let form = through_threeds(&world, html(&begun), "123456", "confirm").await;
        assert_eq!(form.field("status"), status);
        assert_eq!(form.field("mdStatus"), md_status);
        let names: Vec<&str> = form.field("hashParams").split(':').collect();
        assert!(names.contains(&"mdStatus") && names.contains(&"status"));
        let of = |form: &Form| {
            let fields: Vec<(&str, &str)> =
                names.iter().map(|name| (*name, form.field(name))).collect();
            callback_hash_v2(CALLBACK_KEY, &fields).1
        };
        assert_eq!(of(&form), form.field("hash"));
        // Any field that the shop acts on is covered.
        for name in ["status", "mdStatus", "conversationId"] {
            let mut forged = form.clone();
            for (known, value) in &mut forged.fields {
                if known == name {
                    value.push('1');
                }
            }
            assert_ne!(of(&forged), form.field("hash"), "{name}");
        }
    }
}

/// The same text with one character changed for another of its kind.
fn changed(text: &str, at: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = match bytes[at] {
        b'9' => b'8',
        b'z' => b'y',
        b'Z' => b'Y',
        b'0'..=b'8' | b'a'..=b'y' | b'A'..=b'Y' => bytes[at] + 1,
        _ => b'A',
    };
    String::from_utf8(bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_with_one_byte_changed_never_verifies() {
    let world = World::open().await;
    // What each bank's signature covers.
    let garanti = [
        "mdstatus", "oid", "clientid", "cavv", "eci", "md", "rnd", "hash",
    ];
    let posnet = ["MerchantPacket", "BankPacket", "Sign"];
    for (card, fields) in [(GARANTI, &garanti[..]), (YKB, &posnet[..])] {
        for name in fields {
            let begun = init(&world, payment(card)).await.ok();
            let back = way_back(&world, &begun).await;
            let value = back.form().field(name).to_owned();
            assert!(!value.is_empty(), "{name}");
            for at in [0, value.len() / 2] {
                let begun = init(&world, payment(card)).await.ok();
                let back = way_back(&world, &begun).await;
                let value = back.form().field(name).to_owned();
                let forged = changed(&value, at.min(value.len() - 1));
                let page = back.submit(&world.http, &[(name, &forged)]).await;
                proves_nothing(&world, &begun, &page).await;
            }
        }
    }
    let ledger = world.control("GET", "/control/ledger", Value::Null).await;
    assert_eq!(ledger["orders"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_return_cannot_be_made_a_success() {
    let world = World::open().await;
    for card in [GARANTI, YKB] {
        // The fields of a success of another payment, at the address of this one.
        let other = init(&world, payment(card)).await.ok();
        let proof = way_back(&world, &other).await.form();
        let begun = init(&world, payment(card)).await.ok();
        let cancelled = at_the_bank(&world, &begun)
            .await
            .submit(&world.http, &[("action", "cancel")])
            .await;
        let set: Vec<(&str, &str)> = proof
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let page = cancelled.submit(&world.http, &set).await;
        proves_nothing(&world, &begun, &page).await;
        // What the bank really said then counts.
        let callback = cancelled.submit(&world.http, &[]).await.form();
        assert_eq!(callback.field("status"), "FAILURE");
        not_completable(&world, &begun, Some(0)).await;
    }
    let ledger = world.control("GET", "/control/ledger", Value::Null).await;
    assert_eq!(ledger["orders"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_form_opens_only_at_its_own_address() {
    let world = World::open().await;
    let one = init(&world, payment(GARANTI)).await.ok();
    let two = init(&world, payment(GARANTI)).await.ok();
    let (one, two) = (
        Page::of_html_content(html(&one)),
        Page::of_html_content(html(&two)),
    );
    let sealed = two.form().field("sealed").to_owned();
    let swapped = one.submit(&world.http, &[("sealed", &sealed)]).await;
    assert_eq!(swapped.status, 404);
    let own = one.form().field("sealed").to_owned();
    for forged in [
        String::new(),
        "x".to_owned(),
        changed(&own, own.len() / 2),
        own[..own.len() - 4].to_owned(),
    ] {
        let page = one.submit(&world.http, &[("sealed", &forged)]).await;
        assert_eq!(page.status, 404, "{forged}");
    }
    // An address of another kind, and one that nobody was given.
    let token = one.form().action.rsplit_once('/').unwrap().1.to_owned();
    for path in [
        format!("/pages/3ds-return/{token}"),
        format!("/pages/loan-return/{token}"),
        "/pages/3ds/AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        "/pages/3ds/%00".to_owned(),
    ] {
        let url = format!("{}{path}", world.gateway);
        let page = fetch(&world.http, "POST", &url, format!("sealed={own}")).await;
        assert_eq!(page.status, 404, "{path}: {}", page.html);
    }
    assert_eq!(one.submit(&world.http, &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_good_for_a_quarter_of_an_hour_and_a_return_for_a_day() {
    let world = World::open().await;
    let begun = init(&world, payment(GARANTI)).await.ok();
    let page = Page::of_html_content(html(&begun));
    world.wait(14 * 60).await;
    assert_eq!(page.submit(&world.http, &[]).await.status, 200);
    world.wait(2 * 60).await;
    let expired = page.submit(&world.http, &[]).await;
    assert_eq!(expired.status, 404);
    assert!(!expired.html.contains("<form"));
    assert_eq!(
        read(&world, &begun).await.data("paymentStatus"),
        "INIT_THREEDS"
    );

    let late = init(&world, payment(GARANTI)).await.ok();
    let back = way_back(&world, &late).await;
    world.wait(24 * 60 * 60 + 1).await;
    assert_eq!(back.submit(&world.http, &[]).await.status, 404);
    let refused = complete(&world, &late).await;
    assert_eq!((refused.status, refused.error_code()), (422, 9003));
    for ended in [&begun, &late] {
        assert_eq!(read(&world, ended).await.data("paymentStatus"), "FAILURE");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_can_send_the_browser_to_an_address_instead() {
    let world = World::open().await;
    for card in [GARANTI, YKB] {
        let begun = init(&world, payment(card)).await.ok();
        let address = begun.data("redirectUrl").as_str().unwrap().to_owned();
        let id = begun.data("paymentId").to_string();
        assert!(
            !address.contains(&id) && !address.contains("52092"),
            "{address}"
        );
        // Looked at by a scanner, opened, reloaded: nothing of the card is there to be read.
        let mut page = fetch(&world.http, "GET", &address, String::new()).await;
        for _ in 0..20 {
            page = fetch(&world.http, "GET", &address, String::new()).await;
            assert_eq!(page.status, 200, "{}", page.html);
            assert!(page.form().fields.is_empty(), "{}", page.html);
        }
        // And the same form each time that the browser asks for it.
        for _ in 0..2 {
            page.submit(&world.http, &[]).await.form();
        }
        let page = page.submit(&world.http, &[]).await;
        let bank = page.submit(&world.http, &[]).await;
        let back = bank
            .submit(&world.http, &[("otp", "123456"), ("action", "confirm")])
            .await;
        let callback = back.submit(&world.http, &[]).await.form();
        assert_eq!(callback.field("status"), "SUCCESS", "{card}");
        // Who comes back to it afterwards is told what to do, and nothing goes to the bank again.
        let page = fetch(&world.http, "GET", &address, String::new()).await;
        assert_eq!(page.status, 404);
        assert!(page.html.contains("sonucuna"), "{}", page.html);
        let done = complete(&world, &begun).await.ok();
        assert_eq!(done.data("paymentStatus"), "SUCCESS");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_opens_its_own_form_for_fifteen_minutes() {
    let world = World::open().await;
    let begun = init(&world, payment(GARANTI)).await.ok();
    let address = begun.data("redirectUrl").as_str().unwrap();
    let other = init(&world, payment(GARANTI)).await.ok();
    let token = address.rsplit('/').next().unwrap();
    // What is stored of the address opens nothing, nor does another payment's page.
    let stored = world
        .app
        .db
        .rows("select token from page_tokens", Vec::new())
        .await
        .unwrap();
    assert!(!stored.is_empty());
    for row in stored {
        let known = row.text("token").unwrap();
        assert_ne!(known, token);
        let url = format!("{}/pages/3ds/{known}", world.gateway);
        assert_eq!(
            fetch(&world.http, "GET", &url, String::new()).await.status,
            404
        );
    }
    world.wait(14 * 60).await;
    assert_eq!(
        fetch(&world.http, "GET", address, String::new())
            .await
            .status,
        200
    );
    world.wait(2 * 60).await;
    assert_eq!(
        fetch(&world.http, "GET", address, String::new())
            .await
            .status,
        404
    );
    // The form is gone with the address, not only its lock.
    server::jobs::forget(&world.app).await;
    let left = world
        .app
        .db
        .rows(
            "select id from attempts where proof_sealed is not null",
            Vec::new(),
        )
        .await
        .unwrap();
    assert!(left.is_empty());
    let url = other.data("redirectUrl").as_str().unwrap();
    assert_eq!(
        fetch(&world.http, "GET", url, String::new()).await.status,
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_init_answers_a_new_address_that_works() {
    let world = World::open().await;
    let request = with(
        payment(GARANTI),
        json!({"callbackUrl": "https://shop.example.com/callback"}),
    );
    let again = async || {
        let (path, body) = ("/payment/v1/card-payments/3ds-init", request.to_string());
        let key = [("x-idempotency-key", "init-1")];
        world.call("POST", path, &body, &key).await.ok()
    };
    let (first, second) = (again().await, again().await);
    assert_eq!(first.data("paymentId"), second.data("paymentId"));
    let (old, new) = (first.data("redirectUrl"), second.data("redirectUrl"));
    assert_ne!(old, new);
    let page = fetch(&world.http, "GET", new.as_str().unwrap(), String::new()).await;
    assert_eq!(page.status, 200);
    let bank = page.submit(&world.http, &[]).await;
    let bank = bank.submit(&world.http, &[]).await;
    assert_eq!(bank.status, 200, "{}", bank.html);
    // One form is kept for a payment; the older address says what to do.
    let page = fetch(&world.http, "GET", old.as_str().unwrap(), String::new()).await;
    assert_eq!(page.status, 404);
}

/// A browser that asks for the form at an address, with a cookie or without.
async fn asks(world: &World, address: &str, cookie: Option<&str>) -> (u16, String) {
    let path = address.strip_prefix(&world.gateway).unwrap();
    let with = cookie.map(|cookie| ("cookie", cookie));
    let headers: Vec<(&str, &str)> = with.into_iter().collect();
    let reply = world.raw("POST", path, b"", &headers).await;
    (reply.status, reply.body.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_with_the_card_is_one_browsers_and_is_shown_a_few_times() {
    let world = World::open().await;
    let begun = init(&world, payment(GARANTI)).await.ok();
    let address = begun.data("redirectUrl").as_str().unwrap();
    let path = address.strip_prefix(&world.gateway).unwrap();
    let opened = world.raw("GET", path, b"", &[]).await;
    let header = |wanted: &str| {
        let found = opened.headers.iter().find(|(name, _)| name == wanted);
        found.map_or("", |(_, value)| value)
    };
    let cookie = header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    assert_eq!(header("cache-control"), "no-store");
    assert!(!opened.body.to_string().contains(GARANTI));
    let mine = cookie.split(';').next().unwrap();

    let (status, page) = asks(&world, address, Some(mine)).await;
    assert!(status == 200 && page.contains(GARANTI), "{page}");
    for other in [Some("galata-3ds=AAAAAAAAAAAAAAAAAAAAAA"), None] {
        let (status, page) = asks(&world, address, other).await;
        assert_eq!(status, 403);
        let says = page.contains("tarayıcı") || page.contains("browser");
        assert!(says && !page.contains(GARANTI), "{page}");
    }
    for _ in 1..10 {
        assert_eq!(asks(&world, address, Some(mine)).await.0, 200);
    }
    assert_eq!(asks(&world, address, Some(mine)).await.0, 404);

    // A browser that keeps no cookies gets there too, as often; so does the shop's page.
    for posted in [false, true] {
        let begun = init(&world, payment(GARANTI)).await.ok();
        let address = begun.data("redirectUrl").as_str().unwrap();
        let shop = Page::of_html_content(html(&begun));
        let mut status = Vec::new();
        for _ in 0..12 {
            status.push(match posted {
                true => shop.submit(&world.http, &[]).await.status,
                false => asks(&world, address, None).await.0,
            });
        }
        assert_eq!((status[9], status[10], status[11]), (200, 404, 404));
    }
}
