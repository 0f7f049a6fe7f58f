//! From one encryption key to the next while the shop goes on.

use crate::panel::Panel;
use crate::process::{Serving, ended, until};
use crate::shop::{GARANTI, OTP, PAY, Shop, payment};
use futures_util::future::join_all;
use serde_json::{Value, json};
use server::app::App;
use server::commands::new_key;
use server::operations::Role;
use server::setup;
use server::start::{self, Config};
use server::store::cards::{self, StoredCard};
use server::store::db::{Commit, params};
use server::store::key_rotations::{self, Refused, Rotation, Step};
use server::store::migrations::MIGRATIONS;
use server::vault::version_of;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Starts a shop's server on a database in which the first of two keys is in use.
fn with_two_keys(config: &mut Config) {
    let first = new_key();
    let before = Config {
        database_url: config.database_url.clone(),
        keys: first.clone(),
        clock: Arc::clone(&config.clock),
        migrate: true,
        ..Config::default()
    };
    tokio::task::block_in_place(|| {
        tokio::runtime::Handle::current().block_on(async {
            let app = start::open(before).await.unwrap();
            start::close(&app).await;
        });
    });
    config.keys = format!("{first}\n{}", new_key().replacen("1:", "2:", 1));
}

/// Every sealed column of the schema.
fn columns_of_the_schema() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for migration in MIGRATIONS {
        let mut table = "";
        for line in migration.sql.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["create", "table", name, ..] => table = name,
                ["alter", "table", name, "add", "column", column, ..]
                    if column.ends_with("_sealed") =>
                {
                    found.insert(((*name).to_owned(), (*column).to_owned()));
                }
                [column, ..] if column.ends_with("_sealed") => {
                    found.insert((table.to_owned(), (*column).to_owned()));
                }
                _ => {}
            }
        }
    }
    found
}

#[test]
fn every_sealed_column_of_the_schema_is_walked() {
    // Moved to kept_answers by every migration since: no rows.
    let before = ("idempotency_keys".to_owned(), "answer_sealed".to_owned());
    let mut expected = columns_of_the_schema();
    assert!(expected.remove(&before));
    let walked = key_rotations::sealed_columns().into_iter();
    let walked: BTreeSet<(String, String)> = walked
        .map(|(table, column)| (table.to_owned(), column.to_owned()))
        .collect();
    assert_eq!(walked, expected);
}

/// By column, the keys that sealed its values.
async fn sealed_by(app: &App) -> BTreeMap<&'static str, BTreeSet<u8>> {
    let mut found: BTreeMap<&'static str, BTreeSet<u8>> = BTreeMap::new();
    for (table, column) in key_rotations::sealed_columns() {
        let sql = format!("select {column} as value from {table} where {column} is not null");
        let rows = app.db.rows_owned(sql, Vec::new()).await.unwrap();
        let versions = rows
            .iter()
            .map(|row| version_of(&row.text("value").unwrap()).unwrap());
        found.entry(table).or_default().extend(versions);
    }
    found
}

async fn rotation(shop: &Shop) -> Rotation {
    key_rotations::current(&shop.app).await.unwrap().unwrap()
}

/// Goes on until nothing is left to do, and lets the time pass for which it waits.
async fn to_the_end(shop: &Shop) -> Rotation {
    for _ in 0..1000 {
        match key_rotations::step(&shop.app).await.unwrap() {
            Step::Ended => return rotation(shop).await,
            Step::Moved => {}
            Step::Waits | Step::Elsewhere => shop.pass(5).await,
        }
    }
    panic!("it does not come to an end: {:#?}", rotation(shop).await);
}

/// A shop with a value in every sealed column.
async fn full_shop() -> Shop {
    let shop = Shop::with(with_two_keys).await;
    let stores = json!({"card": {"storeCardAfterSuccessPayment": true}});
    shop.pays(GARANTI).with(stores).keyed("k").await.succeeded();
    // Verified and not completed: the proof is kept.
    shop.pays(GARANTI).with_3ds(OTP).await;
    Panel::sign_in(&shop, Role::Owner)
        .await
        .switch_totp_on()
        .await;
    shop
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_sealed_anew_and_still_opens() {
    let shop = full_shop().await;
    for (table, keys) in sealed_by(&shop.app).await {
        assert_eq!(keys, BTreeSet::from([1]), "{table}");
    }
    let rotation = key_rotations::begin(&shop.app).await.unwrap();
    assert_eq!((rotation.id, rotation.walk), (2, 1));
    let ended = to_the_end(&shop).await;
    assert!(ended.proven_at.is_some() && ended.walk > 1, "{ended:#?}");
    for (table, keys) in sealed_by(&shop.app).await {
        assert_eq!(keys, BTreeSet::from([2]), "{table}");
    }
    // A server that has nothing in memory yet.
    let other = shop.process(&shop.clock).await;
    let known = setup::merchant(&other, shop.merchant).await.unwrap();
    assert_eq!(known.webhook_key.expose(), crate::shop::WEBHOOK_KEY);
    let returned = shop.pays(GARANTI).with_3ds(OTP).await;
    returned.completes().await.succeeded();
    let stored = shop.app.db.row(
        "select card_user_key, card_token from stored_cards",
        Vec::new(),
    );
    let stored = stored.await.unwrap().unwrap();
    let mut request = payment(GARANTI);
    request["card"] = json!({
        "cardUserKey": stored.text("card_user_key").unwrap(),
        "cardToken": stored.text("card_token").unwrap(),
    });
    shop.pays_as(request).await.succeeded();
    // The answer that was kept is read, not made again.
    let stores = json!({"card": {"storeCardAfterSuccessPayment": true}});
    shop.pays(GARANTI).with(stores).keyed("k").await.succeeded();
    assert_eq!(shop.payments().await, 4);
    Panel::sign_in(&shop, Role::Finance)
        .await
        .get("/panel")
        .await
        .ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_proven_before_every_process_has_taken_the_new_key_up() {
    let shop = full_shop().await;
    let other = shop.process(&shop.clock).await;
    key_rotations::begin(&shop.app).await.unwrap();
    for _ in 0..100 {
        key_rotations::step(&shop.app).await.unwrap();
    }
    let waits = rotation(&shop).await;
    assert_eq!((waits.table_name.as_str(), waits.switched_at), ("", None));
    // It seals with the old key until it renews its lease.
    assert_eq!(
        (other.vault.seals_with(), shop.app.vault.seals_with()),
        (1, 2)
    );
    server::jobs::renew_node(&other).await.unwrap();
    assert_eq!(other.vault.seals_with(), 2);
    key_rotations::step(&shop.app).await.unwrap();
    let began = rotation(&shop).await;
    assert!(began.switched_at.is_some());
    // What was sealed before may still be on its way into the database.
    assert_eq!(key_rotations::step(&shop.app).await.unwrap(), Step::Waits);
    let late = other.vault.seal_by(
        1,
        &format!("merchant {} callback key", shop.merchant),
        b"late",
    );
    shop.execute(
        "update merchants set callback_key_sealed = $1",
        params![late],
    )
    .await;
    let ended = to_the_end(&shop).await;
    assert!(ended.proven_at.is_some());
    assert_eq!(ended.walk, 3, "the second walk met it, the third proved");
    assert_eq!(sealed_by(&shop.app).await["merchants"], BTreeSet::from([2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_meanwhile_is_taken_again_and_one_process_walks() {
    let shop = full_shop().await;
    let other = shop.process(&shop.clock).await;
    key_rotations::begin(&shop.app).await.unwrap();
    server::jobs::renew_node(&other).await.unwrap();
    assert_eq!(key_rotations::step(&shop.app).await.unwrap(), Step::Moved);
    assert_eq!(key_rotations::step(&other).await.unwrap(), Step::Elsewhere);
    let at = rotation(&shop).await;
    // The walker was killed: the other one goes on where it stood.
    shop.pass(31).await;
    server::jobs::renew_node(&other).await.unwrap();
    assert_eq!(key_rotations::step(&other).await.unwrap(), Step::Moved);
    let on = rotation(&shop).await;
    assert!(on.walker == other.owner && on.walk == 1 && on.looked_at > at.looked_at);
    assert_eq!(
        key_rotations::step(&shop.app).await.unwrap(),
        Step::Elsewhere
    );

    // Both read the same page; what one has written the other does not write over.
    shop.pass(31).await;
    let (one, two) = tokio::join!(key_rotations::step(&shop.app), key_rotations::step(&other));
    let steps = [one.unwrap(), two.unwrap()];
    assert!(steps.contains(&Step::Moved), "{steps:?}");
    shop.pass(31).await;
    assert!(to_the_end(&shop).await.proven_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_retires_when_nothing_needs_it_any_more() {
    let shop = full_shop().await;
    let retire = async |version| key_rotations::retire(&shop.app, version).await;
    assert!(matches!(retire(1).await, Err(Refused::Seals)));
    assert!(matches!(retire(2).await, Err(Refused::NotInUse)));
    key_rotations::begin(&shop.app).await.unwrap();
    assert!(matches!(retire(2).await, Err(Refused::Seals)));
    assert!(matches!(retire(1).await, Err(Refused::NotProven)));
    to_the_end(&shop).await;
    assert!(matches!(retire(1).await, Err(Refused::Abroad(_))));
    shop.pass(60 * 60).await;
    // Whatever the proof says, each value is looked at once more.
    let place = format!("merchant {} webhook key", shop.merchant);
    let late = shop
        .app
        .vault
        .seal_by(1, &place, crate::shop::WEBHOOK_KEY.as_bytes());
    shop.execute(
        "update merchants set webhook_key_sealed = $1",
        params![late],
    )
    .await;
    assert!(matches!(retire(1).await, Err(Refused::NotProven)));
    key_rotations::begin(&shop.app).await.unwrap();
    to_the_end(&shop).await;
    retire(1).await.unwrap();
    assert!(matches!(retire(1).await, Err(Refused::NotInUse)));
    assert!(matches!(
        key_rotations::begin(&shop.app).await,
        Err(Refused::NoNewerKey)
    ));

    let (_, second) = shop.keys.split_once('\n').unwrap();
    let mut without = shop.command(&["merchant", "list"]);
    without.env("GALATA_KEY", second);
    let without = ended(without);
    assert!(without.status.success(), "{}", without.error);
    let listed: Value = serde_json::from_str(&shop.run(&["key", "list", "--json"])).unwrap();
    assert_eq!(
        listed["keys"],
        json!([{"key": 2, "encrypts": true, "canBeRetired": null}])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_no_key_opens_is_counted_and_keeps_its_key() {
    let shop = full_shop().await;
    let broken = shop.app.vault.seal_by(1, "elsewhere", b"x");
    shop.execute("update users set totp_sealed = $1", params![broken.clone()])
        .await;
    key_rotations::begin(&shop.app).await.unwrap();
    let ended = to_the_end(&shop).await;
    assert!(ended.is_stuck() && ended.proven_at.is_none(), "{ended:#?}");
    assert_eq!(ended.unreadable, 1);
    assert_eq!(sealed_by(&shop.app).await["users"], BTreeSet::from([1]));
    shop.execute("update users set totp_sealed = null", Vec::new())
        .await;
    key_rotations::begin(&shop.app).await.unwrap();
    assert!(to_the_end(&shop).await.proven_at.is_some());
}

/// Cards beyond those that pay, so that a rotation takes some steps.
const CARDS: usize = 4000;
/// Shoppers who pay all the time.
const SHOPPERS: usize = 16;

/// Cards of shoppers, sealed with the key in use; the first of them pay.
async fn stored_cards(shop: &Shop) -> Vec<Value> {
    let mut references = Vec::new();
    for chunk in 0..CARDS / 200 {
        let mut commit = Commit::new(shop.merchant, 0);
        for n in 0..200 {
            let card = StoredCard {
                merchant_id: shop.merchant,
                card_user_key: server::random::uuid(),
                card_token: server::random::uuid(),
                pan: contract::card::Pan::parse(GARANTI).unwrap(),
                expiry: contract::card::Expiry {
                    year: 2044,
                    month: 7,
                },
                holder_name: format!("Shopper {chunk} {n}"),
                alias: String::new(),
                created_at: shop.app.now(),
            };
            references.push(json!({
                "cardUserKey": card.card_user_key, "cardToken": card.card_token
            }));
            cards::insert(&shop.app, &card, true, &mut commit);
        }
        shop.app.db.commit(commit).await.unwrap();
    }
    references
}

async fn serving(shop: &Shop, name: &str) -> Serving {
    let mut command = shop.command(&["serve", "--allow-webhook-host", "127.0.0.1"]);
    command.args(["--bank-timeout", "3", "--inquiry-waits", "1,1,1,1,1,1"]);
    let log = shop.files.0.join(format!("{name}.log"));
    Serving::start(&shop.http, command, log).await
}

/// A shopper pays with a stored card again and again, at one server and the other, until told to stop.
/// How often it went well.
async fn pays_on(shop: &Shop, card: &Value, servers: [&str; 2], stop: &AtomicBool) -> usize {
    let mut request = payment(GARANTI);
    request["card"] = card.clone();
    let mut paid = 0;
    for server in servers.iter().cycle() {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        // No answer: that server was killed.
        if let Some(reply) = shop.post_at(server, PAY, &request).await {
            reply.succeeded();
            paid += 1;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    paid
}

#[tokio::test(flavor = "multi_thread")]
async fn shoppers_pay_while_it_runs_and_a_server_goes_on_where_the_command_was_killed() {
    let shop = &Shop::with(with_two_keys).await;
    let references = stored_cards(shop).await;
    let (stays, mut dies) = (serving(shop, "stays").await, serving(shop, "dies").await);
    let servers = [stays.url.clone(), dies.url.clone()];
    let stop = &AtomicBool::new(false);
    let servers = [servers[0].as_str(), servers[1].as_str()];
    let cards = references.iter().take(SHOPPERS);
    let shoppers = join_all(cards.map(|card| pays_on(shop, card, servers, stop)));
    let (paid, ()) = tokio::join!(shoppers, async {
        let mut rotate = shop.command(&["key", "rotate"]);
        let mut rotate = rotate.stdout(Stdio::null()).spawn().unwrap();
        until("it is in the middle", async || {
            let at = key_rotations::current(&shop.app).await.unwrap()?;
            (at.table_name == "stored_cards" && at.resealed > 1000).then_some(())
        })
        .await;
        rotate.kill().unwrap();
        rotate.wait().unwrap();
        let killed = rotation(shop).await;
        assert!(
            killed.resealed < 4000 && killed.proven_at.is_none(),
            "{killed:#?}"
        );
        dies.kill();
        until("another one has come to the end", async || {
            rotation(shop).await.proven_at.map(|_| ())
        })
        .await;
        stop.store(true, Ordering::SeqCst);
    });
    assert!(paid.iter().all(|paid| *paid > 3), "{paid:?}");
    for (table, keys) in sealed_by(&shop.app).await {
        assert!(
            keys.is_empty() || keys == BTreeSet::from([2]),
            "{table}: {keys:?}"
        );
    }
    let done = shop.run(&["key", "rotate"]);
    assert!(
        done.contains("every value is encrypted with key 2"),
        "{done}"
    );
    for card in references.iter().step_by(97) {
        let mut request = payment(GARANTI);
        request["card"] = card.clone();
        let reply = shop.post_at(&stays.url, PAY, &request).await;
        reply.unwrap().succeeded();
    }
}
