//! What a write claims: a captured request never acts later, whatever it was answered, and an HTTP
//! client that sends it again by itself, with its idempotency key, hears the same answer.

use crate::shop::{
    DAY, FOREIGN, GARANTI, KEYS, PAY, Reply, Shop, Signed, YKB, garanti, payment, with,
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Value, json};
use server::store::db::Commit;
use server::{jobs, params, random};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tokio::task::JoinSet;

/// A request as somebody on the way saw it: it can be sent again, with other headers.
struct Captured {
    method: &'static str,
    path: String,
    body: String,
    rnd: &'static str,
}

fn captured(rnd: &'static str, body: &Value) -> Captured {
    Captured {
        method: "POST",
        path: PAY.to_owned(),
        body: body.to_string(),
        rnd,
    }
}

impl Captured {
    fn signed(&self, shop: &Shop) -> Signed<'_> {
        let url = format!("{}{}", shop.gateway, self.path);
        Signed::with(KEYS, &url, self.rnd, &self.body)
    }

    /// What an idempotency key stands for.
    fn hash(&self) -> String {
        let hash = Sha256::new_with_prefix(self.method)
            .chain_update([0])
            .chain_update(self.path.trim_start_matches('/'))
            .chain_update([0])
            .chain_update(&self.body);
        BASE64.encode(hash.finalize())
    }

    /// Sends it, with this idempotency key.
    async fn sent(&self, shop: &Shop, key: Option<&str>) -> Reply {
        let (body, signed) = (self.body.as_bytes(), self.signed(shop));
        let mut headers = signed.headers();
        headers.extend(key.map(|key| ("x-idempotency-key", key)));
        shop.raw(self.method, &self.path, body, &headers).await
    }

    /// Sends it without a key and with another one: it is refused.
    async fn is_refused(&self, shop: &Shop) {
        for key in [None, Some("another")] {
            let reply = self.sent(shop, key).await;
            let told = (reply.status, reply.error_code());
            assert_eq!(told, (401, 1006), "{} {key:?} {:#}", self.rnd, reply.body);
        }
    }
}

/// Sends a request once with each of these keys, all at once.
async fn at_once(shop: &Arc<Shop>, request: Captured, keys: Vec<Option<String>>) -> Vec<Reply> {
    let request = Arc::new(request);
    let mut calls = JoinSet::new();
    for key in keys {
        let (shop, request) = (Arc::clone(shop), Arc::clone(&request));
        calls.spawn(async move { request.sent(&shop, key.as_deref()).await });
    }
    calls.join_all().await
}

/// How often the bank was asked for money.
async fn orders(shop: &Shop) -> usize {
    shop.orders().await.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_from_its_key_does_not_act_without_it() {
    let shop = Shop::open().await;
    let body = payment(GARANTI);
    let first = captured("r1", &body);
    let paid = first.sent(&shop, Some("k")).await.ok();
    let second = captured("r2", &body);
    let known = second.sent(&shop, Some("k")).await.ok();
    assert_eq!(known.body, paid.body);
    first.is_refused(&shop).await;
    second.is_refused(&shop).await;
    // With its key it stays what it was.
    for request in [&first, &second] {
        let reply = request.sent(&shop, Some("k")).await.ok();
        assert_eq!(reply.body, paid.body);
    }
    assert_eq!(orders(&shop).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mismatch_and_a_request_in_flight_claim_their_signature() {
    let shop = Shop::open().await;
    shop.fault("garanti", "sale", "lose_reply").await;
    let doubt = captured("r1", &payment(GARANTI));
    doubt.sent(&shop, Some("k")).await.in_doubt();
    let in_flight = captured("r2", &payment(GARANTI));
    assert_eq!(in_flight.sent(&shop, Some("k")).await.status, 409);
    let mismatch = captured("r3", &payment(YKB));
    let told = mismatch.sent(&shop, Some("k")).await;
    assert_eq!((told.status, told.error_code() < 10_000), (422, true));
    for request in [&doubt, &in_flight, &mismatch] {
        request.is_refused(&shop).await;
    }
    assert_eq!(in_flight.sent(&shop, Some("k")).await.status, 409);
    assert_eq!(mismatch.sent(&shop, Some("k")).await.status, 422);
    assert_eq!(orders(&shop).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_by_a_rule_is_told_again_and_does_not_act_when_its_cause_is_gone() {
    let shop = Shop::open().await;
    let dollars = with(payment(FOREIGN), json!({"currency": "USD"}));
    let with_key = captured("r1", &dollars);
    let without = captured("r2", &dollars);
    let no_pos = with_key.sent(&shop, Some("k")).await;
    assert!(no_pos.status == 422 || no_pos.status == 400, "{no_pos:?}");
    assert_eq!(without.sent(&shop, None).await.status, no_pos.status);
    // The shop's client did not hear the answer and sends the very same request.
    let again = with_key.sent(&shop, Some("k")).await;
    assert_eq!((again.status, again.body), (no_pos.status, no_pos.body));
    // Now the payment would go through.
    let pos = json!({"name": "Garanti USD", "currency": "USD"});
    shop.pos(with(garanti(), pos)).await;
    with_key.is_refused(&shop).await;
    without.is_refused(&shop).await;
    assert_eq!(with_key.sent(&shop, Some("k")).await.status, 401);
    assert_eq!(orders(&shop).await, 0);
    // The key itself was not claimed.
    let corrected = captured("r3", &dollars).sent(&shop, Some("k")).await;
    assert_eq!(corrected.status, 200, "{:#}", corrected.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_before_it_is_read_claims_its_signature_too() {
    let shop = Shop::open().await;
    let good = payment(GARANTI);
    // The header that was wrong is not signed: left away, the request would act.
    let long = "k".repeat(256);
    let request = captured("r1", &good);
    assert_eq!(request.sent(&shop, Some(&long)).await.status, 400);
    request.is_refused(&shop).await;

    let mut later = captured("r2", &Value::Null);
    (later.method, later.body) = ("DELETE", String::new());
    later.path = "/craftlink/v1/products/7".to_owned();
    assert_eq!(later.sent(&shop, None).await.status, 404);
    later.is_refused(&shop).await;

    let mut broken = captured("r3", &good);
    broken.body.push('}');
    assert_eq!(broken.sent(&shop, None).await.status, 400);
    broken.is_refused(&shop).await;
    assert_eq!(orders(&shop).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_sent_twenty_times_at_once_with_its_key_is_one_payment() {
    let shop = Arc::new(Shop::open().await);
    let request = || captured("r1", &payment(GARANTI));
    let replies = at_once(&shop, request(), vec![Some("k".to_owned()); 20]).await;
    let paid = replies.iter().filter(|reply| reply.status == 200).count();
    assert!(paid > 0);
    let later = replies.iter().filter(|reply| reply.status == 409).count();
    assert_eq!(paid + later, 20, "{replies:?}");
    assert_eq!(orders(&shop).await, 1);
    request().sent(&shop, Some("k")).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_with_and_without_its_key_at_once_is_one_payment() {
    let shop = Arc::new(Shop::open().await);
    for rnd in ["r1", "r2", "r3", "r4", "r5", "r6"] {
        let before = orders(&shop).await;
        let another = format!("another {rnd}");
        let keys = [Some(rnd), None, Some(&another), Some(rnd)];
        let keys = keys.map(|key| key.map(str::to_owned)).to_vec();
        let mut ids = Vec::new();
        for reply in at_once(&shop, captured(rnd, &payment(GARANTI)), keys).await {
            match reply.status {
                200 => ids.push(reply.id()),
                401 | 409 => {}
                other => panic!("{other} {:#}", reply.body),
            }
        }
        ids.dedup();
        assert_eq!((ids.len(), orders(&shop).await), (1, before + 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_where_the_path_takes_writes_is_claimed_for_good() {
    let shop = Shop::open().await;
    let id = &shop.poses().await[0]["id"];
    let mut read = captured("r1", &Value::Null);
    (read.method, read.body) = ("GET", String::new());
    read.path = format!("/merchant/v1/merchant-poses/{id}");
    read.sent(&shop, None).await.ok();
    shop.clock.advance_seconds(2 * DAY);
    jobs::forget(&shop.app).await;
    for method in ["GET", "DELETE"] {
        read.method = method;
        assert_eq!(read.sent(&shop, None).await.status, 401, "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_kept_for_a_week_and_then_worded_from_the_payment() {
    let shop = Shop::open().await;
    let body = payment(GARANTI);
    let paid = captured("r1", &body).sent(&shop, Some("k")).await.ok();
    let card = json!({
        "cardHolderName": "Haluk Demir", "cardNumber": GARANTI, "expireYear": "2044", "expireMonth": "07",
        "cardAlias": "Mine"
    });
    let stored = Captured {
        path: "/payment/v1/cards".to_owned(),
        ..captured("r2", &card)
    };
    stored.sent(&shop, Some("card")).await.ok();
    let answers = "select count(*) as n from kept_answers";
    let keys = "select count(*) as n from request_keys";
    assert_eq!(shop.count(answers).await, 2);

    shop.clock.advance_seconds(8 * DAY);
    jobs::forget(&shop.app).await;
    // The stored card's is all there is: it stays as long as its key.
    assert_eq!(shop.count(answers).await, 1);
    assert_eq!(shop.count(keys).await, 2);
    let again = captured("r3", &body).sent(&shop, Some("k")).await.ok();
    assert_eq!(again.data("id"), paid.data("id"));
    assert_eq!(again.data("paymentStatus"), "SUCCESS");

    shop.clock.advance_seconds(400 * DAY);
    jobs::forget(&shop.app).await;
    assert_eq!(shop.count(answers).await, 0);
    assert_eq!(shop.count(keys).await, 1);
    let again = captured("r4", &body).sent(&shop, Some("k")).await.ok();
    assert_eq!(again.data("id"), paid.data("id"));
    captured("r1", &body).is_refused(&shop).await;
    assert_eq!(orders(&shop).await, 1);
}

const SIGNATURE: &str = "insert into signatures (merchant_id, signature) values ($1, $2)";

/// Commits whose claims a version before migration 7 wrote.
async fn claim_as_before(shop: &Shop, commit: Commit) -> bool {
    let commit = commit.then(SIGNATURE, params![shop.merchant, random::uuid()]);
    shop.app.db.commit(commit).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_moves_what_an_older_version_claimed_and_stops_its_processes() {
    let shop = &Shop::open().await;
    let body = payment(GARANTI);
    let paid = captured("r1", &body).sent(shop, Some("k")).await.ok();
    // The database as an older version left it.
    let (request, merchant) = (captured("r2", &body), shop.merchant);
    let answer = shop.app.vault.seal(
        &format!("merchant {merchant} answer older"),
        b"{\"data\":{\"id\":7}}",
    );
    let signatures = "alter table signatures_before rename to signatures";
    let keys = "alter table idempotency_keys_before rename to idempotency_keys";
    let commit = Commit::new(merchant, 1)
        .any(signatures, params![])
        .any(keys, params![])
        .then("delete from migrations where version = 10", params![]);
    shop.app.db.commit(commit).await.unwrap();
    let mut commit = Commit::new(merchant, 1)
        .then(SIGNATURE, params![merchant, request.signed(shop).signature])
        .then(
            "insert into idempotency_keys (merchant_id, key, fingerprint, status, answer_sealed, created_at) \
             values ($1, 'older', $2, 200, $3, $4)",
            params![merchant, request.hash(), answer, shop.app.now()],
        );
    for number in 0..1200 {
        let signature = format!("signature {number}");
        commit.one(SIGNATURE, params![merchant, signature]);
    }
    shop.app.db.commit(commit).await.unwrap();
    assert!(claim_as_before(shop, Commit::new(merchant, 2)).await);
    let refused = shop.fails(&["merchant", "list"]);
    assert!(refused.contains("hint: `galata migrate`"), "{refused}");

    shop.run(&["migrate"]);
    let left = "select (select count(*) from signatures_before) \
                + (select count(*) from idempotency_keys_before) as n";
    assert_eq!(shop.count(left).await, 0);
    // An older process that still runs takes no payment: each begins with a claim.
    let pays = Commit::new(merchant, 3).any("delete from payments", params![]);
    assert!(!claim_as_before(shop, pays).await);
    assert_eq!(shop.count("select count(*) as n from payments").await, 1);
    // Nothing is forgotten.
    captured("r1", &body).is_refused(shop).await;
    request.is_refused(shop).await;
    for (rnd, key, id) in [
        ("r4", "k", paid.data("id").clone()),
        ("r5", "older", json!(7)),
    ] {
        let answer = captured(rnd, &body).sent(shop, Some(key)).await.ok();
        assert_eq!(*answer.data("id"), id);
    }
    assert_eq!(orders(shop).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_serves_while_claims_of_an_older_version_are_not_moved() {
    let shop = Shop::open().await;
    let commit = Commit::new(1, 1).then(
        "insert into signatures_before (merchant_id, signature) values (1, 'one')",
        params![],
    );
    shop.app.db.commit(commit).await.unwrap();
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["work"]] {
        let refused = shop.fails(command);
        assert!(refused.contains("has not come to its end"), "{refused}");
        assert!(refused.contains("hint: `galata migrate`"), "{refused}");
    }
    shop.run(&["migrate"]);
    shop.run(&["merchant", "list"]);
}
