//! What a write claims: a captured request never acts later, whatever it was answered, and an HTTP
//! client that sends it again by itself, with its idempotency key, hears the same answer.

use crate::process::Shared;
use crate::world::{Reply, World, garanti, payment, with};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use contract::signature;
use serde_json::{Value, json};
use server::store::db::Commit;
use server::{jobs, params, random};
use sha2::{Digest, Sha256};
use std::sync::Arc;

const PATH: &str = "/payment/v1/card-payments";
const CARD: &str = "5209220000000002";
const DAY: i64 = 24 * 60 * 60;

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
        path: PATH.to_owned(),
        body: body.to_string(),
        rnd,
    }
}

impl Captured {
    fn signature(&self, world: &World) -> String {
        let url = format!("{}{}", world.gateway, self.path);
        signature::sign(
            &url,
            "api-key",
            "secret-key",
            self.rnd,
            self.body.as_bytes(),
        )
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
    async fn sent(&self, world: &World, key: Option<&str>) -> Reply {
        let body = self.body.as_bytes();
        let signed = self.signature(world);
        let mut headers = vec![
            ("x-api-key", "api-key"),
            ("x-rnd-key", self.rnd),
            ("x-auth-version", "v1"),
            ("x-signature", signed.as_str()),
        ];
        headers.extend(key.map(|key| ("x-idempotency-key", key)));
        world.raw(self.method, &self.path, body, &headers).await
    }

    /// Sends it without a key and with another one: it is refused.
    #[track_caller]
    fn is_refused<'a>(&'a self, world: &'a World) -> impl Future<Output = ()> + 'a {
        let place = std::panic::Location::caller();
        async move {
            for key in [None, Some("another")] {
                let reply = self.sent(world, key).await;
                let told = (reply.status, reply.error_code());
                assert_eq!(told, (401, 1006), "{place} {key:?} {:#}", reply.body);
            }
        }
    }
}

/// How often the bank was asked for money.
async fn orders(world: &World) -> usize {
    let ledger = world.control("GET", "/control/ledger", Value::Null).await;
    ledger["orders"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_from_its_key_does_not_act_without_it() {
    let world = World::open().await;
    let body = payment(CARD);
    let first = captured("r1", &body);
    let paid = first.sent(&world, Some("k")).await.ok();
    let second = captured("r2", &body);
    let known = second.sent(&world, Some("k")).await.ok();
    assert_eq!(known.body, paid.body);
    first.is_refused(&world).await;
    second.is_refused(&world).await;
    // With its key it stays what it was.
    for request in [&first, &second] {
        let reply = request.sent(&world, Some("k")).await.ok();
        assert_eq!(reply.body, paid.body);
    }
    assert_eq!(orders(&world).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mismatch_and_a_request_in_flight_claim_their_signature() {
    let world = World::open().await;
    world
        .fault("garanti", "sale", json!({"kind": "lose_reply"}))
        .await;
    let doubt = captured("r1", &payment(CARD));
    assert_eq!(doubt.sent(&world, Some("k")).await.status, 422);
    let in_flight = captured("r2", &payment(CARD));
    assert_eq!(in_flight.sent(&world, Some("k")).await.status, 409);
    let mismatch = captured("r3", &payment("5400630000000009"));
    let told = mismatch.sent(&world, Some("k")).await;
    assert_eq!((told.status, told.error_code() < 10_000), (422, true));
    for request in [&doubt, &in_flight, &mismatch] {
        request.is_refused(&world).await;
    }
    assert_eq!(in_flight.sent(&world, Some("k")).await.status, 409);
    assert_eq!(mismatch.sent(&world, Some("k")).await.status, 422);
    assert_eq!(orders(&world).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_by_a_rule_is_told_again_and_does_not_act_when_its_cause_is_gone() {
    let world = World::open().await;
    let dollars = with(payment(CARD), json!({"currency": "USD"}));
    let with_key = captured("r1", &dollars);
    let without = captured("r2", &dollars);
    let no_pos = with_key.sent(&world, Some("k")).await;
    assert!(no_pos.status == 422 || no_pos.status == 400, "{no_pos:?}");
    assert_eq!(without.sent(&world, None).await.status, no_pos.status);
    // The shop's client did not hear the answer and sends the very same request.
    let again = with_key.sent(&world, Some("k")).await;
    assert_eq!((again.status, again.body), (no_pos.status, no_pos.body));
    // Now the payment would go through.
    let pos = json!({"name": "Garanti USD", "currency": "USD"});
    world.pos(with(garanti(), pos)).await;
    with_key.is_refused(&world).await;
    without.is_refused(&world).await;
    assert_eq!(with_key.sent(&world, Some("k")).await.status, 401);
    assert_eq!(orders(&world).await, 0);
    // The key itself was not claimed.
    let corrected = captured("r3", &dollars).sent(&world, Some("k")).await;
    assert_eq!(corrected.status, 200, "{:#}", corrected.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_before_it_is_read_claims_its_signature_too() {
    let world = World::open().await;
    let good = payment(CARD);
    // The header that was wrong is not signed: left away, the request would act.
    let long = "k".repeat(256);
    let request = captured("r1", &good);
    assert_eq!(request.sent(&world, Some(&long)).await.status, 400);
    request.is_refused(&world).await;

    let mut later = captured("r2", &Value::Null);
    (later.method, later.body) = ("DELETE", String::new());
    later.path = "/craftlink/v1/products/7".to_owned();
    assert_eq!(later.sent(&world, None).await.status, 404);
    later.is_refused(&world).await;

    let mut broken = captured("r3", &good);
    broken.body.push('}');
    assert_eq!(broken.sent(&world, None).await.status, 400);
    broken.is_refused(&world).await;
    assert_eq!(orders(&world).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_sent_twenty_times_at_once_with_its_key_is_one_payment() {
    let world = Arc::new(World::open().await);
    let request = Arc::new(captured("r1", &payment(CARD)));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (world, request) = (Arc::clone(&world), Arc::clone(&request));
        calls.spawn(async move { request.sent(&world, Some("k")).await });
    }
    let mut paid = 0;
    while let Some(reply) = calls.join_next().await {
        let reply = reply.unwrap();
        match reply.status {
            200 => paid += 1,
            409 => {}
            other => panic!("{other} {:#}", reply.body),
        }
    }
    assert!(paid > 0);
    assert_eq!(orders(&world).await, 1);
    request.sent(&world, Some("k")).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_with_and_without_its_key_at_once_is_one_payment() {
    let world = Arc::new(World::open().await);
    for rnd in ["r1", "r2", "r3", "r4", "r5", "r6"] {
        let before = orders(&world).await;
        let request = Arc::new(captured(rnd, &payment(CARD)));
        let mut calls = tokio::task::JoinSet::new();
        let another = format!("another {rnd}");
        let keys = [
            Some(rnd.to_owned()),
            None,
            Some(another),
            Some(rnd.to_owned()),
        ];
        for key in keys {
            let (world, request) = (Arc::clone(&world), Arc::clone(&request));
            calls.spawn(async move { request.sent(&world, key.as_deref()).await });
        }
        let mut ids = Vec::new();
        while let Some(reply) = calls.join_next().await {
            let reply = reply.unwrap();
            match reply.status {
                200 => ids.push(reply.data("id").clone()),
                401 | 409 => {}
                other => panic!("{other} {:#}", reply.body),
            }
        }
        ids.dedup();
        assert_eq!((ids.len(), orders(&world).await), (1, before + 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_where_the_path_takes_writes_is_claimed_for_good() {
    let world = World::open().await;
    let found = world
        .get("/merchant/v1/merchant-poses?page=0&size=1")
        .await
        .ok();
    let id = found.data("items.0.id").clone();
    let mut read = captured("r1", &Value::Null);
    (read.method, read.body) = ("GET", String::new());
    read.path = format!("/merchant/v1/merchant-poses/{id}");
    read.sent(&world, None).await.ok();
    world.clock.advance_seconds(2 * DAY);
    jobs::forget(&world.app).await;
    for method in ["GET", "DELETE"] {
        read.method = method;
        assert_eq!(read.sent(&world, None).await.status, 401, "{method}");
    }
}

async fn count(world: &World, sql: &'static str) -> i64 {
    let row = world.app.db.row(sql, params![]).await.unwrap().unwrap();
    row.int("n").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_kept_for_a_week_and_then_worded_from_the_payment() {
    let world = World::open().await;
    let body = payment(CARD);
    let paid = captured("r1", &body).sent(&world, Some("k")).await.ok();
    let card = json!({
        "cardHolderName": "Haluk Demir", "cardNumber": CARD, "expireYear": "2044", "expireMonth": "07",
        "cardAlias": "Mine"
    });
    let stored = Captured {
        path: "/payment/v1/cards".to_owned(),
        ..captured("r2", &card)
    };
    stored.sent(&world, Some("card")).await.ok();
    let answers = "select count(*) as n from kept_answers";
    let keys = "select count(*) as n from request_keys";
    assert_eq!(count(&world, answers).await, 2);

    world.clock.advance_seconds(8 * DAY);
    jobs::forget(&world.app).await;
    // The stored card's is all there is: it stays as long as its key.
    assert_eq!(count(&world, answers).await, 1);
    assert_eq!(count(&world, keys).await, 2);
    let again = captured("r3", &body).sent(&world, Some("k")).await.ok();
    assert_eq!(again.data("id"), paid.data("id"));
    assert_eq!(again.data("paymentStatus"), "SUCCESS");

    world.clock.advance_seconds(400 * DAY);
    jobs::forget(&world.app).await;
    assert_eq!(count(&world, answers).await, 0);
    assert_eq!(count(&world, keys).await, 1);
    let again = captured("r4", &body).sent(&world, Some("k")).await.ok();
    assert_eq!(again.data("id"), paid.data("id"));
    captured("r1", &body).is_refused(&world).await;
    assert_eq!(orders(&world).await, 1);
}

/// Commits whose claims a version before migration 7 wrote.
async fn claim_as_before(world: &World, commit: Commit) -> bool {
    let signature = "insert into signatures (merchant_id, signature) values ($1, $2)";
    let commit = commit.then(signature, params![world.merchant, random::uuid()]);
    world.app.db.commit(commit).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_moves_what_an_older_version_claimed_and_stops_its_processes() {
    let shared = Shared::open().await;
    let world = &shared.world;
    let body = payment(CARD);
    let paid = captured("r1", &body).sent(world, Some("k")).await.ok();
    // The database as an older version left it.
    let (request, merchant) = (captured("r2", &body), world.merchant);
    let answer = world.app.vault.seal(
        &format!("merchant {merchant} answer older"),
        b"{\"data\":{\"id\":7}}",
    );
    let commit = Commit::new(merchant, 1)
        .any(
            "alter table signatures_before rename to signatures",
            params![],
        )
        .any(
            "alter table idempotency_keys_before rename to idempotency_keys",
            params![],
        )
        .then("delete from migrations where version = 10", params![]);
    world.app.db.commit(commit).await.unwrap();
    let mut commit = Commit::new(merchant, 1)
        .then(
            "insert into signatures (merchant_id, signature) values ($1, $2)",
            params![merchant, request.signature(world)],
        )
        .then(
            "insert into idempotency_keys (merchant_id, key, fingerprint, status, answer_sealed, created_at) \
             values ($1, 'older', $2, 200, $3, $4)",
            params![merchant, request.hash(), answer, world.app.now()],
        );
    for number in 0..1200 {
        commit.one(
            "insert into signatures (merchant_id, signature) values ($1, $2)",
            params![merchant, format!("signature {number}")],
        );
    }
    world.app.db.commit(commit).await.unwrap();
    assert!(claim_as_before(world, Commit::new(merchant, 2)).await);
    let refused = shared.fails(&["merchant", "list"]);
    assert!(refused.contains("hint: `galata migrate`"), "{refused}");

    shared.run(&["migrate"]);
    let left = "select (select count(*) from signatures_before) \
                + (select count(*) from idempotency_keys_before) as n";
    assert_eq!(count(world, left).await, 0);
    // An older process that still runs takes no payment: each begins with a claim.
    let pays = Commit::new(merchant, 3).any("delete from payments", params![]);
    assert!(!claim_as_before(world, pays).await);
    assert_eq!(count(world, "select count(*) as n from payments").await, 1);
    // Nothing is forgotten.
    captured("r1", &body).is_refused(world).await;
    request.is_refused(world).await;
    for (rnd, key, id) in [
        ("r4", "k", paid.data("id").clone()),
        ("r5", "older", json!(7)),
    ] {
        let answer = captured(rnd, &body).sent(world, Some(key)).await.ok();
        assert_eq!(*answer.data("id"), id);
    }
    assert_eq!(orders(world).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_serves_while_claims_of_an_older_version_are_not_moved() {
    let shared = Shared::open().await;
    let commit = Commit::new(1, 1).then(
        "insert into signatures_before (merchant_id, signature) values (1, 'one')",
        params![],
    );
    shared.world.app.db.commit(commit).await.unwrap();
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["work"]] {
        let refused = shared.fails(command);
        assert!(refused.contains("has not come to its end"), "{refused}");
        assert!(refused.contains("hint: `galata migrate`"), "{refused}");
    }
    shared.run(&["migrate"]);
    shared.run(&["merchant", "list"]);
}
