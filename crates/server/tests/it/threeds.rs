//! 3DS: what is good enough, what proves nothing, and which addresses open what.

use crate::browser::{Form, Page, fetch};
use crate::shop::{BANKS, Begun, DAY, GARANTI, OTP, Shop, YKB, callback_hash, declines};
use serde_json::json;

const MD_0: &str = "5115830000006669";
const MD_4: &str = "5117280000006665";
const INIT_ERROR: &str = "5117580000006668";

/// Forms with a card that wait behind an address.
const KEPT_FORMS: &str = "select count(*) as n from attempts where proof_sealed is not null";

/// Nothing was taken, and nothing can be.
async fn not_completable(shop: &Shop, id: i64, md_status: Option<i64>) {
    let read = shop.payment(id).await;
    assert_eq!(read.outcome(), "FAILURE");
    assert_eq!(read.data("mdStatus").as_i64(), md_status);
    shop.completes(id).await.refused(422, 9003);
    assert!(shop.orders().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_full_3ds_is_enough_unless_the_merchant_takes_half() {
    let shop = Shop::open().await;
    for (card, md_status) in [(MD_0, 0), (MD_4, 4)] {
        let begun = shop.pays(card).begin_3ds().await;
        let callback = begun.returns(OTP).await.callback;
        assert_eq!(callback.field("status"), "FAILURE", "mdStatus {md_status}");
        assert_eq!(callback.field("completeStatus"), "");
        not_completable(&shop, begun.id, Some(md_status)).await;
    }

    shop.merchant_with(|m| m.half_threeds = true).await;
    let begun = shop.pays(MD_0).begin_3ds().await;
    let callback = begun.returns(OTP).await.callback;
    assert_eq!(callback.field("status"), "FAILURE");
    not_completable(&shop, begun.id, Some(0)).await;

    let begun = shop.pays(MD_4).begin_3ds().await;
    let done = begun.returns(OTP).await.verified().completes().await;
    assert_eq!(done.succeeded().data("mdStatus"), 4);
    shop.wait(30).await;
    let told = shop.hooks("THREEDS_VERIFY");
    let verified = told.iter().filter(|hook| hook.body["status"] == "SUCCESS");
    assert_eq!((verified.count(), told.len()), (1, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_asked_again_and_three_are_the_end() {
    for (bank, card) in BANKS {
        let shop = Shop::open().await;
        // Once wrong, then right.
        let begun = shop.pays(card).begin_3ds().await;
        let mut page = begun.at_the_bank().await;
        for otp in ["000000", OTP] {
            page = page.types(&shop.http, otp).await;
        }
        let callback = page.submit(&shop.http, &[]).await.form();
        assert_eq!(callback.field("status"), "SUCCESS", "{bank}");

        let begun = shop.pays(card).begin_3ds().await;
        let mut page = begun.at_the_bank().await;
        for _ in 0..3 {
            page = page.types(&shop.http, "000000").await;
        }
        let callback = page.submit(&shop.http, &[]).await.form();
        assert_eq!(callback.field("status"), "FAILURE", "{bank}");
        not_completable(&shop, begun.id, Some(0)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_who_cancels_comes_back_to_a_failure() {
    for card in [GARANTI, YKB] {
        let shop = Shop::open().await;
        let begun = shop.pays(card).begin_3ds().await;
        let callback = begun.cancels().await.callback;
        assert_eq!(callback.field("status"), "FAILURE");
        assert_eq!(callback.field("paymentId"), "");
        assert_eq!(callback.field("conversationId"), "456d1297");
        // The form that waited behind `redirectUrl` is gone with it.
        assert_eq!(shop.count(KEPT_FORMS).await, 0);
        not_completable(&shop, begun.id, Some(0)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_refuses_to_begin_is_a_failed_payment() {
    let shop = Shop::open().await;
    // PosNet is asked before the shopper goes anywhere.
    let poses = shop.get("/merchant/v1/merchant-poses?bankName=yap").await;
    let at_ykb = json!({"posAlias": poses.ok().text("items.0.alias")});
    let refused = shop.pays(INIT_ERROR).with(at_ykb).init_3ds().await;
    let read = shop.payment(refused.declined("THREEDS_INIT_ERROR")).await;
    assert_eq!(read.outcome(), "FAILURE");
    assert_eq!(read.data("paymentError.errorGroup"), "THREEDS_INIT_ERROR");
    shop.wait(60).await;
    assert!(shop.hooks("THREEDS_VERIFY").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_return_changes_nothing_and_says_so() {
    let shop = Shop::open().await;
    for card in [GARANTI, YKB] {
        let begun = shop.pays(card).begin_3ds().await;
        let back = begun.way_back().await;
        let first = back.submit(&shop.http, &[]).await.form();
        assert_eq!(first.field("status"), "SUCCESS");
        // Before and after the completion.
        for _ in 0..2 {
            let second = back.submit(&shop.http, &[]).await.form();
            assert_eq!(second.field("callbackStatus"), "ALREADY_RETURNED");
            assert_eq!(second.field("status"), "FAILURE");
            assert_eq!(second.field("completeStatus"), "");
            assert_eq!(second.field("paymentId"), first.field("paymentId"));
            begun.completes().await.ok();
        }
        assert_eq!(begun.outcome().await, "SUCCESS");
    }
}

/// An address with the fields of a form behind it, as a bank sends the browser back by GET.
fn with_fields(form: &Form) -> String {
    let mut url = url::Url::parse(&form.action).unwrap();
    url.query_pairs_mut().extend_pairs(&form.fields);
    url.to_string()
}

async fn opened(shop: &Shop, url: &str) -> Page {
    fetch(&shop.http, "GET", url, String::new()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_may_send_the_browser_back_by_get() {
    let shop = Shop::open().await;
    for card in [GARANTI, YKB] {
        let begun = shop.pays(card).begin_3ds().await;
        let back = with_fields(&begun.way_back().await.form());
        // Whoever looks at the address is no shopper: a browser posts itself on.
        let head = fetch(&shop.http, "HEAD", &back, String::new()).await;
        assert_eq!(head.status, 200);
        opened(&shop, &back).await;
        let page = opened(&shop, &back).await;
        assert_eq!(begun.outcome().await, "INIT_THREEDS");
        let first = page.submit(&shop.http, &[]).await.form();
        assert_eq!(first.field("status"), "SUCCESS", "{card}");
        let reloaded = opened(&shop, &back).await;
        let reloaded = reloaded.submit(&shop.http, &[]).await.form();
        assert_eq!(reloaded.field("callbackStatus"), "ALREADY_RETURNED");
        begun.completes().await.succeeded();

        // What proves nothing when it is posted proves nothing here either.
        let begun = shop.pays(card).begin_3ds().await;
        let mut forged = begun.way_back().await.form();
        for name in ["hash", "HASH", "Sign"] {
            forged.change(name, |value| changed(value, 0));
        }
        let page = opened(&shop, &with_fields(&forged)).await;
        proves_nothing(&begun, &page.submit(&shop.http, &[]).await).await;
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
async fn proves_nothing(begun: &Begun<'_>, page: &Page) {
    assert_eq!(page.status, 200, "{}", page.html);
    assert!(page.html.contains("doğrulanamadı"), "{}", page.html);
    leads_to_the_shop(page);
    assert!(!page.html.contains("<script"), "{}", page.html);
    assert!(page.form().action.contains("/pages/3ds-return/"));
    assert_eq!(begun.outcome().await, "INIT_THREEDS");
    begun.completes().await.refused(422, 9003);
}

/// Posts fields to an address.
async fn posted(shop: &Shop, url: &str, fields: &[(String, String)]) -> Page {
    let body: String = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    fetch(&shop.http, "POST", url, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_else_is_posted_to_the_return_address_the_shoppers_return_counts() {
    let shop = Shop::open().await;
    for card in [GARANTI, YKB] {
        let begun = shop.pays(card).begin_3ds().await;
        let back = begun.way_back().await;
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
            let page = posted(&shop, &honest.action, fields).await;
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
            let page = posted(&shop, &honest.action, &garbage).await;
            proves_nothing(&begun, &page).await;
        }
        // Of those not many were kept, nor was the bank asked about more.
        shop.app.journal.flush().await;
        let kept = "select count(*) as n from exchanges where payment_id = $1";
        let kept = shop.app.db.row(kept, vec![begun.id.into()]).await.unwrap();
        let kept = kept.unwrap().int("n").unwrap();
        assert!(kept < 50, "{kept}");

        shop.pass(5).await;
        let callback = back.submit(&shop.http, &[]).await.form();
        assert_eq!(callback.field("status"), "SUCCESS", "{card}");
        begun.completes().await.succeeded();
    }
    shop.wait(30).await;
    let told = shop.hooks("THREEDS_VERIFY");
    assert!(told.iter().all(|hook| hook.body["status"] == "SUCCESS"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_could_not_be_asked_about_a_return_is_asked_when_the_shopper_tries_again() {
    let shop = Shop::open().await;
    for fault in [
        json!({"kind": "http_500"}),
        json!({"kind": "cut_reply"}),
        json!({"kind": "wrong_mac"}),
        declines("E216"),
    ] {
        let begun = shop.pays(YKB).begin_3ds().await;
        let back = begun.way_back().await;
        shop.fault("posnet", "threeds_resolve", fault).await;
        let page = back.submit(&shop.http, &[]).await;
        proves_nothing(&begun, &page).await;
        let callback = page.submit(&shop.http, &[]).await.form();
        assert_eq!(callback.field("status"), "SUCCESS");
        begun.completes().await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_nobody_came_back_for_ends_with_its_return_address() {
    let shop = Shop::open().await;
    let stored = json!({"card": {"storeCardAfterSuccessPayment": true}});
    let begun = shop.pays(GARANTI).with(stored).begin_3ds().await;
    let back = begun.way_back().await;
    let mut forged = back.form();
    forged.change("hash", |value| changed(value, 0));
    let page = posted(&shop, &forged.action, &forged.fields).await;
    proves_nothing(&begun, &page).await;
    let verified = shop.pays(YKB).with_3ds(OTP).await;

    shop.wait(DAY - 60).await;
    assert_eq!(begun.outcome().await, "INIT_THREEDS");
    shop.wait(120).await;
    assert_eq!(back.submit(&shop.http, &[]).await.status, 404);
    not_completable(&shop, begun.id, None).await;
    shop.wait(30).await;
    let told = shop.hooks("THREEDS_VERIFY");
    let failed: Vec<_> = told
        .iter()
        .filter(|hook| hook.body["status"] == "FAILURE")
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].body["payloadId"], begun.id.to_string());
    let cards = "select count(*) as n from stored_cards";
    assert_eq!(shop.count(cards).await, 0);
    // What was verified is the shop's to complete.
    verified.completes().await.succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_verified_and_never_completed_ends_and_its_proof_is_gone() {
    let shop = Shop::open().await;
    for card in [GARANTI, YKB] {
        let begun = shop.pays(card).with_3ds(OTP).await.verified();
        // One of a version before, which set no end.
        let before = shop.pays(card).with_3ds(OTP).await.verified();
        let set_none = "update attempts set inquire_at = asked_at where payment_id = $1";
        shop.execute(set_none, vec![before.id.into()]).await;
        shop.wait(3 * DAY - 60).await;
        for verified in [&begun, &before] {
            assert_eq!(shop.outcome(verified.id).await, "CALLBACK_THREEDS");
            assert!(shop.attempt(verified.id).await.proof.is_some());
        }
        shop.wait(120).await;
        for verified in [&begun, &before] {
            assert_eq!(shop.outcome(verified.id).await, "FAILURE");
            shop.completes(verified.id).await.refused(422, 9003);
            assert!(shop.attempt(verified.id).await.proof.is_none());
        }
        shop.wait(30).await;
        let told = shop.hooks("API_AUTH");
        let told = told.iter().filter(|hook| hook.body["status"] == "FAILURE");
        let about = |id: i64| {
            told.clone()
                .filter(|hook| hook.body["payloadId"] == id.to_string().as_str())
                .count()
        };
        assert_eq!((about(begun.id), about(before.id)), (1, 1));
    }
    assert_eq!(shop.count(KEPT_FORMS).await, 0);
    assert!(shop.orders().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_address_that_is_only_opened_changes_nothing() {
    let shop = Shop::open().await;
    for card in [GARANTI, YKB] {
        let begun = shop.pays(card).begin_3ds().await;
        let back = begun.way_back().await;
        let address = back.form().action;
        let looked = [
            address.clone(),
            format!("{address}?utm_source=mail&fbclid=x"),
            // The bank's names without what they stand for.
            format!("{address}?mdstatus=&hash=&BankPacket=&MerchantPacket=&Sign="),
        ];
        for url in &looked {
            let page = opened(&shop, url).await;
            assert_eq!(page.status, 200, "{url}");
            assert!(page.html.contains("Bankanızın onayı bekleniyor"));
            assert!(!page.html.contains("<form"), "{}", page.html);
        }
        assert_eq!(begun.outcome().await, "INIT_THREEDS");

        let callback = back.submit(&shop.http, &[]).await.form();
        assert_eq!(callback.field("status"), "SUCCESS", "{card}");
        let page = opened(&shop, &address).await;
        assert!(page.html.contains("mağaza tamamlar"), "{}", page.html);
        begun.completes().await.succeeded();
        let page = opened(&shop, &address).await;
        assert!(page.html.contains("sona erdi"), "{}", page.html);
    }
    let unknown = format!("{}/pages/3ds-return/AAAAAAAAAAAAAAAAAAAAAA", shop.gateway);
    assert_eq!(opened(&shop, &unknown).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_returns_at_once_bring_one_success() {
    let shop = Shop::open().await;
    for card in [GARANTI, YKB] {
        let begun = shop.pays(card).begin_3ds().await;
        let back = begun.way_back().await;
        let (one, two) = tokio::join!(back.submit(&shop.http, &[]), back.submit(&shop.http, &[]));
        let mut told = [one.form(), two.form()].map(|form| form.field("status").to_owned());
        told.sort();
        assert_eq!(told, ["FAILURE", "SUCCESS"]);
        begun.completes().await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_version_of_the_callback_signs_the_fields_it_lists() {
    let shop = Shop::open().await;
    for (card, status, md_status) in [(GARANTI, "SUCCESS", "1"), (MD_4, "FAILURE", "4")] {
        let second = json!({"additionalParams": {"threeDSCallbackVersion": "2"}});
        let form = shop.pays(card).with(second).with_3ds(OTP).await.callback;
        assert_eq!(form.field("status"), status);
        assert_eq!(form.field("mdStatus"), md_status);
        let names: Vec<&str> = form.field("hashParams").split(':').collect();
        assert!(names.contains(&"mdStatus") && names.contains(&"status"));
        assert_eq!(callback_hash(&form), form.field("hash"));
        // Any field that the shop acts on is covered.
        for name in ["status", "mdStatus", "conversationId"] {
            let mut forged = form.clone();
            forged.change(name, |value| format!("{value}1"));
            assert_ne!(callback_hash(&forged), form.field("hash"), "{name}");
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
    let shop = Shop::open().await;
    // What each bank's signature covers.
    let garanti = [
        "mdstatus", "oid", "clientid", "cavv", "eci", "md", "rnd", "hash",
    ];
    let posnet = ["MerchantPacket", "BankPacket", "Sign"];
    for (card, fields) in [(GARANTI, &garanti[..]), (YKB, &posnet[..])] {
        for name in fields {
            let begun = shop.pays(card).begin_3ds().await;
            let back = begun.way_back().await;
            let value = back.form().field(name).to_owned();
            assert!(!value.is_empty(), "{name}");
            for at in [0, value.len() / 2] {
                let begun = shop.pays(card).begin_3ds().await;
                let back = begun.way_back().await;
                let value = back.form().field(name).to_owned();
                let forged = changed(&value, at.min(value.len() - 1));
                let page = back.submit(&shop.http, &[(name, &forged)]).await;
                proves_nothing(&begun, &page).await;
            }
        }
    }
    assert!(shop.orders().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_return_cannot_be_made_a_success() {
    let shop = Shop::open().await;
    for card in [GARANTI, YKB] {
        // The fields of a success of another payment, at the address of this one.
        let other = shop.pays(card).begin_3ds().await;
        let proof = other.way_back().await.form();
        let begun = shop.pays(card).begin_3ds().await;
        let cancelled = begun
            .at_the_bank()
            .await
            .submit(&shop.http, &[("action", "cancel")])
            .await;
        let set: Vec<(&str, &str)> = proof
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let page = cancelled.submit(&shop.http, &set).await;
        proves_nothing(&begun, &page).await;
        // What the bank really said then counts.
        let callback = cancelled.submit(&shop.http, &[]).await.form();
        assert_eq!(callback.field("status"), "FAILURE");
        not_completable(&shop, begun.id, Some(0)).await;
    }
    assert!(shop.orders().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_form_opens_only_at_its_own_address() {
    let shop = Shop::open().await;
    let one = shop.pays(GARANTI).begin_3ds().await;
    let two = shop.pays(GARANTI).begin_3ds().await;
    let (one, two) = (one.page(), two.page());
    let sealed = two.form().field("sealed").to_owned();
    let swapped = one.submit(&shop.http, &[("sealed", &sealed)]).await;
    assert_eq!(swapped.status, 404);
    let own = one.form().field("sealed").to_owned();
    for forged in [
        String::new(),
        "x".to_owned(),
        changed(&own, own.len() / 2),
        own[..own.len() - 4].to_owned(),
    ] {
        let page = one.submit(&shop.http, &[("sealed", &forged)]).await;
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
        let url = format!("{}{path}", shop.gateway);
        let page = fetch(&shop.http, "POST", &url, format!("sealed={own}")).await;
        assert_eq!(page.status, 404, "{path}: {}", page.html);
    }
    assert_eq!(one.submit(&shop.http, &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_good_for_a_quarter_of_an_hour_and_a_return_for_a_day() {
    let shop = Shop::open().await;
    let begun = shop.pays(GARANTI).begin_3ds().await;
    let page = begun.page();
    shop.wait(14 * 60).await;
    assert_eq!(page.submit(&shop.http, &[]).await.status, 200);
    shop.wait(2 * 60).await;
    let expired = page.submit(&shop.http, &[]).await;
    assert_eq!(expired.status, 404);
    assert!(!expired.html.contains("<form"));
    assert_eq!(begun.outcome().await, "INIT_THREEDS");

    let late = shop.pays(GARANTI).begin_3ds().await;
    let back = late.way_back().await;
    shop.wait(DAY + 1).await;
    assert_eq!(back.submit(&shop.http, &[]).await.status, 404);
    late.completes().await.refused(422, 9003);
    for ended in [&begun, &late] {
        assert_eq!(ended.outcome().await, "FAILURE");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_can_send_the_browser_to_an_address_instead() {
    let shop = Shop::open().await;
    for card in [GARANTI, YKB] {
        let begun = shop.pays(card).begin_3ds().await;
        let address = begun.address();
        for told in [&begun.id.to_string(), "52092"] {
            assert!(!address.contains(told), "{address}");
        }
        // Looked at by a scanner, opened, reloaded: nothing of the card is there to be read.
        let mut page = opened(&shop, address).await;
        for _ in 0..20 {
            page = opened(&shop, address).await;
            assert_eq!(page.status, 200, "{}", page.html);
            assert!(page.form().fields.is_empty(), "{}", page.html);
        }
        // And the same form each time that the browser asks for it.
        for _ in 0..2 {
            page.submit(&shop.http, &[]).await.form();
        }
        let page = page.submit(&shop.http, &[]).await;
        let bank = page.submit(&shop.http, &[]).await;
        let back = bank.types(&shop.http, OTP).await;
        let callback = back.submit(&shop.http, &[]).await.form();
        assert_eq!(callback.field("status"), "SUCCESS", "{card}");
        // Who comes back to it afterwards is told what to do, and nothing goes to the bank again.
        let page = opened(&shop, address).await;
        assert_eq!(page.status, 404);
        assert!(page.html.contains("sonucuna"), "{}", page.html);
        begun.completes().await.succeeded();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_opens_its_own_form_for_fifteen_minutes() {
    let shop = Shop::open().await;
    let begun = shop.pays(GARANTI).begin_3ds().await;
    let address = begun.address();
    let other = shop.pays(GARANTI).begin_3ds().await;
    let token = address.rsplit('/').next().unwrap();
    // What is stored of the address opens nothing, nor does another payment's page.
    let stored = "select token from page_tokens";
    let stored = shop.app.db.rows(stored, Vec::new()).await.unwrap();
    assert!(!stored.is_empty());
    for row in stored {
        let known = row.text("token").unwrap();
        assert_ne!(known, token);
        let url = format!("{}/pages/3ds/{known}", shop.gateway);
        assert_eq!(opened(&shop, &url).await.status, 404);
    }
    shop.wait(14 * 60).await;
    assert_eq!(opened(&shop, address).await.status, 200);
    shop.wait(2 * 60).await;
    assert_eq!(opened(&shop, address).await.status, 404);
    // The form is gone with the address, not only its lock.
    server::jobs::forget(&shop.app).await;
    assert_eq!(shop.count(KEPT_FORMS).await, 0);
    assert_eq!(opened(&shop, other.address()).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_init_answers_a_new_address_that_works() {
    let shop = Shop::open().await;
    let begins = || shop.pays(GARANTI).keyed("init-1").begin_3ds();
    let (first, second) = (begins().await, begins().await);
    assert_eq!(first.id, second.id);
    assert_ne!(first.address(), second.address());
    let page = opened(&shop, second.address()).await;
    assert_eq!(page.status, 200);
    let bank = page.submit(&shop.http, &[]).await;
    let bank = bank.submit(&shop.http, &[]).await;
    assert_eq!(bank.status, 200, "{}", bank.html);
    // One form is kept for a payment; the older address says what to do.
    assert_eq!(opened(&shop, first.address()).await.status, 404);
}

/// A browser that asks for the form at an address, with a cookie or without.
async fn asks(shop: &Shop, address: &str, cookie: Option<&str>) -> (u16, String) {
    let path = address.strip_prefix(&shop.gateway).unwrap();
    let with = cookie.map(|cookie| ("cookie", cookie));
    let headers: Vec<(&str, &str)> = with.into_iter().collect();
    let reply = shop.raw("POST", path, b"", &headers).await;
    (reply.status, reply.body.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_with_the_card_is_one_browsers_and_is_shown_a_few_times() {
    let shop = Shop::open().await;
    let begun = shop.pays(GARANTI).begin_3ds().await;
    let address = begun.address();
    let path = address.strip_prefix(&shop.gateway).unwrap();
    let opened = shop.raw("GET", path, b"", &[]).await;
    let cookie = opened.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
    assert_eq!(opened.header("cache-control"), "no-store");
    assert!(!opened.body.to_string().contains(GARANTI));
    let mine = cookie.split(';').next().unwrap();

    let (status, page) = asks(&shop, address, Some(mine)).await;
    assert!(status == 200 && page.contains(GARANTI), "{page}");
    for other in [Some("galata-3ds=AAAAAAAAAAAAAAAAAAAAAA"), None] {
        let (status, page) = asks(&shop, address, other).await;
        assert_eq!(status, 403);
        let says = page.contains("tarayıcı") || page.contains("browser");
        assert!(says && !page.contains(GARANTI), "{page}");
    }
    for _ in 1..10 {
        assert_eq!(asks(&shop, address, Some(mine)).await.0, 200);
    }
    assert_eq!(asks(&shop, address, Some(mine)).await.0, 404);

    // A browser that keeps no cookies gets there too, as often; so does the shop's page.
    for posted in [false, true] {
        let begun = shop.pays(GARANTI).begin_3ds().await;
        let address = begun.address();
        let page = begun.page();
        let mut status = Vec::new();
        for _ in 0..12 {
            status.push(if posted {
                page.submit(&shop.http, &[]).await.status
            } else {
                asks(&shop, address, None).await.0
            });
        }
        assert_eq!((status[9], status[10], status[11]), (200, 404, 404));
    }
}
