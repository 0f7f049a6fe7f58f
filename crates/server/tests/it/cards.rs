//! Stored cards: stored, listed, changed, copied and deleted, and who may pay with them.

use crate::bad_input::{
    NOT_A_TEXT, NOT_AN_ID, Spoiled, all_refused, bad, each, long, missing, nothing_happened,
    refused,
};
use crate::shop::{BONUS, GARANTI, OTP, PAY, Reply, Shop, YKB, delay, payment, with};
use futures_util::future::join_all;
use serde_json::{Value, json};
use server::jobs;
use server::operations::Actor;
use server::setup::{self, MerchantSetup};
use server::store::cards::{self, CardRef, Mapping, USER_CARDS_MAX};
use server::store::db::Commit;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const CARDS: &str = "/payment/v1/cards";

fn card(number: &str) -> Value {
    json!({
        "cardHolderName": "Haluk Demir", "cardNumber": number,
        "expireYear": "2044", "expireMonth": "07"
    })
}

/// By what a card is named in requests.
fn keys(of: &Reply) -> Value {
    json!({"cardUserKey": of.text("cardUserKey"), "cardToken": of.text("cardToken")})
}

fn pays_with(keys: &Value) -> Value {
    let mut request = payment(GARANTI);
    request["card"] = keys.clone();
    request
}

impl Shop {
    async fn stores(&self, number: &str, over: Value) -> Reply {
        self.post(CARDS, with(card(number), over)).await.ok()
    }

    async fn cards(&self, query: &str) -> Reply {
        self.get(&format!("{CARDS}?{query}")).await.ok()
    }

    async fn last_fours(&self, query: &str) -> Vec<String> {
        let found = self.cards(query).await;
        assert_eq!(
            found.data("totalSize"),
            found.list("items").len(),
            "{query}"
        );
        let digits = found.list("items").iter();
        digits
            .map(|card| card["lastFourDigits"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn deletes(&self, keys: &Value) -> Reply {
        self.post(&format!("{CARDS}/delete"), keys.clone()).await
    }

    async fn updates(&self, keys: &Value, over: Value) -> Reply {
        let path = format!("{CARDS}/update");
        self.post(&path, with(keys.clone(), over)).await
    }

    /// A second merchant on the same server, and its keys.
    async fn neighbour(&self) -> (i64, String, String) {
        let setup = MerchantSetup {
            name: "Neighbour".to_owned(),
            ..MerchantSetup::default()
        };
        let made = setup::create_merchant(&self.app, &Actor::operator(), setup).await;
        let made = made.unwrap();
        (made.id, made.api_key, made.secret_key.expose().to_owned())
    }

    async fn fingerprints(&self) -> Vec<Option<String>> {
        let sql = "select fingerprint from stored_cards order by created_at, card_token";
        let rows = self.app.db.rows(sql, Vec::new()).await.unwrap();
        let rows = rows.iter();
        rows.map(|row| row.opt_text("fingerprint").unwrap())
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_card_tells_what_it_is_and_not_its_number() {
    let shop = Shop::open().await;
    let stored = shop
        .stores(GARANTI, json!({"cardAlias": "İş kartım"}))
        .await;
    let keys = keys(&stored);
    for (name, value) in [
        ("binNumber", json!("52092200")),
        ("lastFourDigits", json!("0002")),
        ("cardHolderName", json!("Haluk Demir")),
        ("cardAlias", json!("İş kartım")),
        ("cardType", json!("CREDIT_CARD")),
        ("cardAssociation", json!("MASTER_CARD")),
        ("cardBrand", json!("Bonus")),
        ("cardBankId", json!(62)),
        ("expireYear", json!("2044")),
        ("expireMonth", json!("07")),
        ("isCommercial", json!(false)),
        ("cardExpiryStatus", json!("NOT_EXPIRED")),
    ] {
        assert_eq!(stored.data(name), &value, "{name}");
    }
    assert!(!stored.body.to_string().contains(GARANTI));
    for key in ["cardUserKey", "cardToken"] {
        assert!(uuid::Uuid::parse_str(stored.text(key)).is_ok(), "{key}");
    }
    // Listed as it was answered, and it pays.
    let listed = shop.cards("").await;
    assert_eq!(listed.list("items"), [stored.body["data"].clone()]);
    assert_eq!(listed.data("totalSize"), 1);
    shop.pays_as(pays_with(&keys)).await.succeeded();
    // To the same person, which must be known.
    let more = json!({"cardUserKey": keys["cardUserKey"]});
    let second = shop.stores(YKB, more).await;
    assert_eq!(second.text("cardUserKey"), stored.text("cardUserKey"));
    assert_ne!(second.text("cardToken"), stored.text("cardToken"));
    let unknown = with(card(YKB), json!({"cardUserKey": "nobody"}));
    let unknown = shop.post(CARDS, unknown).await;
    unknown.refused(422, 4156);
    assert_eq!(unknown.field(), "cardUserKey");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_finds_its_cards() {
    let shop = Shop::open().await;
    let garanti = shop
        .stores(GARANTI, json!({"cardAlias": "work & home"}))
        .await;
    shop.clock.advance_seconds(60);
    let ykb = shop.stores(YKB, json!({"expireYear": "2045"})).await;
    shop.clock.advance_seconds(60);
    let foreign = shop.stores("4111111111111111", json!({})).await;
    let query = |name: &str, value: &str| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair(name, value);
        query.finish().replace('+', "%20")
    };
    let text = |of: &Reply, name: &str| of.text(name).to_owned();
    for (name, value, expected) in [
        ("cardAlias", "work & home".to_owned(), &["0002"][..]),
        ("cardAlias", "work".to_owned(), &[]),
        ("cardUserKey", text(&ykb, "cardUserKey"), &["0009"]),
        ("cardToken", text(&foreign, "cardToken"), &["1111"]),
        ("cardToken", "%".to_owned(), &[]),
        ("cardBrand", text(&garanti, "cardBrand"), &["0002"]),
        ("cardBrand", text(&ykb, "cardBrand"), &["0009"]),
        ("cardBankName", text(&ykb, "cardBankName"), &["0009"]),
        ("cardType", "CREDIT_CARD".to_owned(), &["0002", "0009"]),
        ("cardType", "DEBIT_CARD".to_owned(), &[]),
        (
            "cardAssociation",
            "MASTER_CARD".to_owned(),
            &["0002", "0009"],
        ),
        ("cardAssociation", "TROY".to_owned(), &[]),
        ("minCreatedDate", text(&ykb, "createdAt"), &["0009", "1111"]),
        ("maxCreatedDate", text(&ykb, "createdAt"), &["0002", "0009"]),
        (
            "cardExpiryStatus",
            "NOT_EXPIRED".to_owned(),
            &["0002", "0009", "1111"],
        ),
        ("cardExpiryStatus", "EXPIRED".to_owned(), &[]),
    ] {
        let found = shop.last_fours(&query(name, &value)).await;
        assert_eq!(found, expected, "{name}={value}");
    }
    // All at once, and nothing at all.
    let both = format!("cardType=CREDIT_CARD&cardToken={}", ykb.text("cardToken"));
    assert_eq!(shop.last_fours(&both).await, ["0009"]);
    let neither = format!("cardType=DEBIT_CARD&cardToken={}", ykb.text("cardToken"));
    assert!(shop.last_fours(&neither).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_expires_behind_its_month_and_is_found_so() {
    let shop = Shop::open().await;
    let now = shop.app.istanbul_now();
    let (year, month) = (now.year().to_string(), format!("{:02}", now.month()));
    let this_month = json!({"expireYear": year, "expireMonth": month});
    let card = shop.stores(GARANTI, this_month).await;
    shop.stores(YKB, json!({})).await;
    assert_eq!(card.text("cardExpiryStatus"), "WILL_EXPIRE_NEXT_MONTH");
    let found = async |status: &str| {
        let query = format!("cardExpiryStatus={status}");
        let found = shop.cards(&query).await;
        for card in found.list("items") {
            assert_eq!(card["cardExpiryStatus"], status);
        }
        found.list("items").len()
    };
    assert_eq!(found("WILL_EXPIRE_NEXT_MONTH").await, 1);
    assert_eq!((found("EXPIRED").await, found("NOT_EXPIRED").await), (0, 1));
    shop.pass(31 * 24 * 60 * 60).await;
    assert_eq!(found("WILL_EXPIRE_NEXT_MONTH").await, 0);
    assert_eq!((found("EXPIRED").await, found("NOT_EXPIRED").await), (1, 1));
    let refused = shop.pays_as(pays_with(&keys(&card))).await;
    refused.refused(400, 4153);
    // The bank has sent a new one of the same number.
    let later = json!({"expireYear": "2044", "expireMonth": "12"});
    let renewed = shop.updates(&keys(&card), later).await.ok();
    assert_eq!(renewed.text("cardExpiryStatus"), "NOT_EXPIRED");
    shop.pays_as(pays_with(&keys(&card))).await.succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_stay_what_they_are_while_cards_are_stored() {
    let shop = Shop::open().await;
    let first = shop.stores(GARANTI, json!({})).await;
    let user = json!({"cardUserKey": first.text("cardUserKey")});
    let mut tokens = vec![first.text("cardToken").to_owned()];
    for number in [YKB, GARANTI, YKB, GARANTI] {
        // All in one moment of the clock.
        let stored = shop.stores(number, user.clone()).await;
        tokens.push(stored.text("cardToken").to_owned());
    }
    let mut seen = Vec::new();
    for page in 0..3 {
        let found = shop.cards(&format!("page={page}&size=2")).await;
        assert_eq!(found.data("page"), page);
        assert_eq!(found.data("size"), 2);
        let items = found.list("items").iter();
        seen.extend(items.map(|card| card["cardToken"].as_str().unwrap().to_owned()));
        shop.clock.advance_seconds(1);
        shop.stores(BONUS, json!({})).await;
    }
    seen.truncate(5);
    let (seen, stored): (BTreeSet<_>, BTreeSet<_>) =
        (seen.into_iter().collect(), tokens.into_iter().collect());
    assert_eq!(seen, stored);
    // Beyond the last page there is nothing, and no page is without an end.
    assert!(shop.cards("page=99").await.list("items").is_empty());
    for (query, field) in [
        ("page=-1", "page"),
        ("size=0", "size"),
        ("size=101", "size"),
        ("page=x", "page"),
        ("cardType=CASH", "cardType"),
        ("cardAssociation=x", "cardAssociation"),
        ("cardExpiryStatus=SOON", "cardExpiryStatus"),
        ("minCreatedDate=yesterday", "minCreatedDate"),
        ("maxCreatedDate=2026-13-01", "maxCreatedDate"),
    ] {
        let reply = shop.get(&format!("{CARDS}?{query}")).await;
        refused(&reply, 400, field, query);
    }
    let long = format!("{CARDS}?cardAlias={}", "x".repeat(300));
    refused(&shop.get(&long).await, 400, "cardAlias", "long");
}

#[tokio::test(flavor = "multi_thread")]
async fn expiry_and_name_are_changed_together_or_alone() {
    let shop = Shop::open().await;
    let stored = shop.stores(GARANTI, json!({"cardAlias": "old"})).await;
    let keys = keys(&stored);
    let alone = shop.updates(&keys, json!({"cardAlias": "new"})).await.ok();
    assert_eq!(
        (alone.text("cardAlias"), alone.text("expireYear")),
        ("new", "2044")
    );
    let expiry = json!({"expireYear": "46", "expireMonth": "1"});
    let other = shop.updates(&keys, expiry).await.ok();
    assert_eq!(
        (other.text("expireYear"), other.text("expireMonth")),
        ("2046", "01")
    );
    assert_eq!(other.text("cardAlias"), "new");
    let both = json!({"expireYear": "2047", "expireMonth": "02", "cardAlias": "both"});
    let both = shop.updates(&keys, both).await.ok();
    assert_eq!(
        shop.cards("").await.list("items"),
        [both.body["data"].clone()]
    );
    // Nothing to change, half an expiry, a month that is over, the number as a name.
    for (over, status, code, field) in [
        (json!({}), 400, 2001, "expireYear"),
        (json!({"expireYear": "2044"}), 400, 2001, "expireMonth"),
        (json!({"expireMonth": "01"}), 400, 2001, "expireYear"),
        (
            json!({"expireYear": "2020", "expireMonth": "01"}),
            400,
            4153,
            "expireYear",
        ),
        (
            json!({"cardAlias": "5209 2200 0000 0002"}),
            400,
            4158,
            "cardAlias",
        ),
        (
            json!({"cardAlias": "x", "cardToken": "other"}),
            422,
            4156,
            "cardToken",
        ),
        (
            json!({"cardAlias": "x", "cardUserKey": "other"}),
            422,
            4156,
            "cardToken",
        ),
    ] {
        let reply = shop.updates(&keys, over.clone()).await;
        reply.refused(status, code);
        assert_eq!(reply.field(), field, "{over}");
    }
    assert_eq!(
        shop.cards("").await.list("items"),
        [both.body["data"].clone()]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_card_is_gone_and_its_person_stays_known() {
    let shop = Shop::open().await;
    let keys = keys(&shop.stores(GARANTI, json!({})).await);
    let deleted = shop.deletes(&keys).await;
    assert_eq!((deleted.status, &deleted.body), (204, &json!("")));
    shop.deletes(&keys).await.refused(422, 4156);
    shop.updates(&keys, json!({"cardAlias": "x"}))
        .await
        .refused(422, 4156);
    assert!(shop.cards("").await.list("items").is_empty());
    let refused = shop.pays_as(pays_with(&keys)).await;
    refused.refused(422, 4156);
    assert_eq!(refused.field(), "card.cardToken");
    assert_eq!(shop.payments().await, 0);
    assert_eq!(
        shop.count("select count(*) as n from stored_cards").await,
        0
    );
    // The shop keeps the key of the person.
    let again = shop
        .stores(YKB, json!({"cardUserKey": keys["cardUserKey"]}))
        .await;
    assert_eq!(again.text("cardUserKey"), keys["cardUserKey"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_was_begun_goes_on_when_its_card_is_deleted() {
    let shop = &Shop::open().await;
    let asked = keys(&shop.stores(GARANTI, json!({})).await);
    shop.fault("garanti", "sale", delay(700)).await;
    let request = pays_with(&asked);
    let (paid, ()) = tokio::join!(shop.post(PAY, request), async {
        shop.order_arrives().await;
        shop.deletes(&asked).await.ok();
    });
    paid.succeeded();
    shop.pays_as(pays_with(&asked)).await.refused(422, 4156);

    let abroad = keys(&shop.stores(GARANTI, json!({})).await);
    let begun = shop.pays_as(pays_with(&abroad)).begin_3ds().await;
    shop.deletes(&abroad).await.ok();
    begun.returns(OTP).await.completes().await.succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_payment_begins_behind_a_deletion() {
    let shop = &Shop::open().await;
    for _ in 0..3 {
        let keys = keys(&shop.stores(GARANTI, json!({})).await);
        let before = shop.payments().await;
        let is_deleted = Arc::new(AtomicBool::new(false));
        let pays = (0..16).map(|_| {
            let (keys, is_deleted) = (&keys, &is_deleted);
            async move {
                let was_deleted = is_deleted.load(Ordering::SeqCst);
                let reply = shop.pays_as(pays_with(keys)).await;
                match reply.status {
                    200 => assert!(!was_deleted),
                    _ => reply.refused(422, 4156),
                }
                usize::from(reply.status == 200)
            }
        });
        let (paid, ()) = tokio::join!(join_all(pays), async {
            shop.deletes(&keys).await.ok();
            is_deleted.store(true, Ordering::SeqCst);
        });
        let paid: usize = paid.into_iter().sum();
        // Whatever was refused left nothing behind.
        assert_eq!(shop.payments().await - before, i64::try_from(paid).unwrap());
        shop.pays_as(pays_with(&keys)).await.refused(422, 4156);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_a_card_of_its_own_and_stays_at_its_merchant() {
    let shop = Shop::open().await;
    let source = shop.stores(GARANTI, json!({"cardAlias": "mine"})).await;
    let clones = async |over: Value| {
        let body = json!({
            "sourceCardUserKey": source.text("cardUserKey"),
            "sourceCardToken": source.text("cardToken"), "targetMerchantId": shop.merchant
        });
        shop.post(&format!("{CARDS}/clone"), with(body, over)).await
    };
    let copy = clones(json!({})).await.ok();
    for name in ["cardUserKey", "cardToken"] {
        assert_ne!(copy.text(name), source.text(name));
    }
    assert_eq!(
        (copy.text("lastFourDigits"), copy.text("cardAlias")),
        ("0002", "mine")
    );
    let known = json!({"targetCardUserKey": source.text("cardUserKey")});
    let beside = clones(known).await.ok();
    assert_eq!(beside.text("cardUserKey"), source.text("cardUserKey"));
    shop.deletes(&keys(&source)).await.ok();
    for copy in [&copy, &beside] {
        shop.pays_as(pays_with(&keys(copy))).await.succeeded();
    }
    let prints = shop.fingerprints().await;
    assert!(prints.len() == 2 && prints[0] == prints[1] && prints[0].is_some());

    let (other, ..) = shop.neighbour().await;
    for (over, status, code, field) in [
        (json!({}), 422, 4156, "sourceCardToken"),
        (
            json!({"targetMerchantId": other}),
            422,
            4160,
            "targetMerchantId",
        ),
        (
            json!({"targetMerchantId": 7}),
            422,
            4160,
            "targetMerchantId",
        ),
    ] {
        let reply = clones(over).await;
        reply.refused(status, code);
        assert_eq!(reply.field(), field);
    }
    let from_copy = json!({
        "sourceCardUserKey": copy.text("cardUserKey"), "sourceCardToken": copy.text("cardToken"),
        "targetCardUserKey": "nobody"
    });
    let unknown = clones(from_copy).await;
    unknown.refused(422, 4156);
    assert_eq!(unknown.field(), "targetCardUserKey");
    assert_eq!(shop.cards("").await.data("totalSize"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_merchant_sees_or_touches_anothers_cards() {
    let shop = Shop::open().await;
    let keys = keys(&shop.stores(GARANTI, json!({})).await);
    let (other, api_key, secret) = shop.neighbour().await;
    let as_other = async |method: &str, path: &str, body: Value| {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        shop.call_as((&api_key, &secret), method, path, &body).await
    };
    let list = as_other("GET", CARDS, Value::Null).await.ok();
    assert_eq!(list.data("totalSize"), 0);
    let clone = json!({
        "sourceCardUserKey": keys["cardUserKey"], "sourceCardToken": keys["cardToken"],
        "targetMerchantId": other
    });
    let update = with(keys.clone(), json!({"cardAlias": "theirs"}));
    let more = with(card(YKB), json!({"cardUserKey": keys["cardUserKey"]}));
    for (path, body) in [
        ("/payment/v1/cards/update", update),
        ("/payment/v1/cards/delete", keys.clone()),
        ("/payment/v1/cards/clone", clone),
        ("/payment/v1/cards", more),
        (PAY, pays_with(&keys)),
    ] {
        as_other("POST", path, body).await.refused(422, 4156);
    }
    let own = as_other("POST", CARDS, card(GARANTI)).await.ok();
    assert_ne!(own.text("cardToken"), keys["cardToken"]);
    // The same number, and nobody can tell.
    let prints: BTreeSet<Option<String>> = shop.fingerprints().await.into_iter().collect();
    assert_eq!(prints.len(), 2);
    assert_eq!(shop.cards("").await.data("totalSize"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_number_has_one_fingerprint_and_cards_from_before_get_theirs() {
    let shop = Shop::open().await;
    for number in [GARANTI, GARANTI, YKB] {
        shop.stores(number, json!({})).await;
        shop.clock.advance_seconds(1);
    }
    let stores = json!({"card": {"storeCardAfterSuccessPayment": true}});
    shop.pays(GARANTI).with(stores).await.succeeded();
    let prints = shop.fingerprints().await;
    assert!(
        prints[0] == prints[1] && prints[0] == prints[3],
        "{prints:?}"
    );
    assert!(prints[0] != prints[2] && prints[0].is_some() && prints[2].is_some());

    // As the version before left them, and as another list of BINs told.
    let before = "update stored_cards set fingerprint = null, card_type = null, association = null, \
                  brand = null, bank_name = null, bins_edition = null";
    shop.execute(before, Vec::new()).await;
    let older = "update stored_cards set bins_edition = 0, brand = 'Old' where last_four = '0009'";
    shop.execute(older, Vec::new()).await;
    let bonus = async || {
        shop.cards("cardBrand=Bonus")
            .await
            .data("totalSize")
            .clone()
    };
    assert_eq!(bonus().await, 0);
    jobs::learn_cards(&shop.app).await;
    assert_eq!(shop.fingerprints().await, prints);
    assert_eq!(bonus().await, 3);
    assert!(shop.last_fours("cardBrand=Old").await.is_empty());
    assert_eq!(shop.last_fours("cardBrand=World").await, ["0009"]);

    // Another list of BINs, which the operator imported.
    let file = shop.files.0.join("bins.csv");
    let list = "bin,bank_eft_code,card_type,card_association,card_program,commercial\n\
                520922,46,CREDIT,MASTERCARD,AXESS,false\n";
    std::fs::write(&file, list).unwrap();
    shop.run(&["bins", "import", "--force", file.to_str().unwrap()]);
    jobs::follow_bins(&shop.app).await.unwrap();
    jobs::learn_cards(&shop.app).await;
    assert_eq!(shop.cards("cardBrand=Axess").await.data("totalSize"), 3);
    assert_eq!(shop.cards("cardBrand=World").await.data("totalSize"), 0);
    shop.run(&["bins", "reset"]);
    jobs::follow_bins(&shop.app).await.unwrap();
    jobs::learn_cards(&shop.app).await;
    assert_eq!(bonus().await, 3);
    assert_eq!(shop.last_fours("cardBrand=World").await, ["0009"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_so_many_cards_and_no_more() {
    let shop = Shop::open().await;
    let first = shop.stores(GARANTI, json!({})).await;
    let user = json!({"cardUserKey": first.text("cardUserKey")});
    let more = USER_CARDS_MAX - 1;
    join_all((0..more).map(|_| shop.stores(GARANTI, user.clone()))).await;
    let beyond = shop.post(CARDS, with(card(YKB), user.clone())).await;
    beyond.refused(422, 4159);
    assert_eq!(beyond.field(), "cardUserKey");
    let stores = json!({"card": {
        "storeCardAfterSuccessPayment": true, "cardUserKey": user["cardUserKey"]
    }});
    let paying = shop.pays(GARANTI).with(stores).await;
    paying.refused(422, 4159);
    assert_eq!(paying.field(), "card.cardUserKey");
    assert_eq!(shop.payments().await, 0);
    let page = shop.cards("size=100").await;
    assert_eq!(page.list("items").len(), 100);
    shop.deletes(&keys(&first)).await.ok();
    shop.stores(YKB, user).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_of_a_former_provider_is_found_by_what_it_was_there() {
    let shop = Shop::open().await;
    let stored = shop.stores(GARANTI, json!({})).await;
    let of = CardRef {
        card_user_key: stored.text("cardUserKey").to_owned(),
        card_token: stored.text("cardToken").to_owned(),
    };
    let mapping = Mapping {
        provider: contract::enums::CardProvider::Iyzico,
        provider_card_token: "there-1".to_owned(),
        provider_card_user_id: Some("person-1".to_owned()),
        external_id: Some("order-7".to_owned()),
    };
    let mut commit = Commit::new(shop.merchant, 0);
    cards::insert_mapping(&shop.app, shop.merchant, &mapping, &of, &mut commit);
    shop.app.db.commit(commit).await.unwrap();
    let path = format!("{CARDS}/provider-card-mappings");
    let found = async |query: &str| {
        let found = shop.get(&format!("{path}?{query}")).await.ok();
        found.list("items").to_vec()
    };
    let card = stored.body["data"].clone();
    for (query, is_there) in [
        ("cardProvider=IYZICO&providerCardToken=there-1", true),
        ("cardProvider=IYZICO&providerCardUserId=person-1", true),
        ("cardProvider=IYZICO&externalId=order-7", true),
        (
            "cardProvider=IYZICO&externalId=order-7&providerCardToken=there-1&providerCardUserId=person-1",
            true,
        ),
        (
            "cardProvider=IYZICO&externalId=order-8&providerCardToken=there-1",
            false,
        ),
        ("cardProvider=IPARA&providerCardToken=there-1", false),
        ("cardProvider=IYZICO&providerCardToken=there-2", false),
    ] {
        let expected = if is_there {
            vec![card.clone()]
        } else {
            Vec::new()
        };
        assert_eq!(found(query).await, expected, "{query}");
    }
    for (query, field) in [
        ("providerCardToken=there-1", "cardProvider"),
        ("cardProvider=IYZICO", "providerCardToken"),
        ("cardProvider=PAYPAL&providerCardToken=x", "cardProvider"),
    ] {
        refused(
            &shop.get(&format!("{path}?{query}")).await,
            400,
            field,
            query,
        );
    }
    let (_, api_key, secret) = shop.neighbour().await;
    let other = format!("{path}?cardProvider=IYZICO&providerCardToken=there-1");
    let other = shop
        .call_as((&api_key, &secret), "GET", &other, "")
        .await
        .ok();
    assert!(other.list("items").is_empty());
    shop.deletes(&keys(&stored)).await.ok();
    assert!(
        found("cardProvider=IYZICO&providerCardToken=there-1")
            .await
            .is_empty()
    );
    let left = "select count(*) as n from card_mappings";
    assert_eq!(shop.count(left).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_is_given_again_and_nothing_happens_twice() {
    let shop = Shop::open().await;
    let store = async || shop.posts(CARDS, card(GARANTI)).keyed("store").await.ok();
    let (one, two) = (store().await, store().await);
    assert_eq!(one.body, two.body);
    assert_eq!(shop.cards("").await.data("totalSize"), 1);
    let path = format!("{CARDS}/delete");
    for _ in 0..2 {
        let deleted = shop.posts(path.clone(), keys(&one)).keyed("delete").await;
        assert_eq!(deleted.status, 204);
    }
}

/// What is wrong with a card's name in a request.
fn names(user: &'static str, token: &'static str) -> Vec<Spoiled> {
    let mut table = Vec::new();
    for at in [user, token] {
        table.extend([missing(at), bad(at, "null"), bad(at, "\"\""), long(at)]);
        table.extend(each(at, NOT_A_TEXT));
    }
    table
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_change_of_a_card_names_its_field() {
    let keys = json!({"cardUserKey": "u", "cardToken": "t"});
    let more = json!({"expireYear": "2044", "expireMonth": "07", "cardAlias": "x"});
    let mut table = names("cardUserKey", "cardToken");
    table.extend([
        missing("expireYear"),
        missing("expireMonth"),
        long("cardAlias"),
    ]);
    table.extend(each("cardAlias", NOT_A_TEXT));
    table.extend(each(
        "expireMonth",
        &["\"13\"", "\"0\"", "\"x\"", "\"\"", "true"],
    ));
    table.extend(each(
        "expireYear",
        &["\"1999\"", "\"20445\"", "\"x\"", "[1]"],
    ));
    let path = "/payment/v1/cards/update";
    all_refused("POST", path, &with(keys.clone(), more), table).await;
    let path = "/payment/v1/cards/delete";
    all_refused("POST", path, &keys, names("cardUserKey", "cardToken")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_copy_of_a_card_names_its_field() {
    let body = json!({
        "sourceCardUserKey": "u", "sourceCardToken": "t", "targetCardUserKey": "v",
        "targetMerchantId": 1
    });
    let mut table = names("sourceCardUserKey", "sourceCardToken");
    table.extend([missing("targetMerchantId"), long("targetCardUserKey")]);
    table.extend(each("targetCardUserKey", NOT_A_TEXT));
    table.extend(each("targetMerchantId", NOT_AN_ID));
    let path = "/payment/v1/cards/clone";
    all_refused("POST", path, &body, table).await;
    nothing_happened(&Shop::open().await).await;
}
