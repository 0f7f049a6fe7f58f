//! A server that dies in the middle: what it began is settled without anybody asking.

use crate::card_verifications::{VERIFY, verification};
use crate::panel::Panel;
use crate::process::{Serving, ended, until};
use crate::shop::{BANKS, Begun, GARANTI, MANY, OTP, PAY, Reply, Shop, delay, payment, with};
use serde_json::{Value, json};
use server::operations::Role;
use server::store::db::{Commit, params};
use std::time::Duration;

/// Waits that a person can sit through.
const QUICK: [&str; 6] = [
    "--bank-timeout",
    "3",
    "--inquiry-waits",
    "1,1,1,1,1,1",
    "--webhook-waits",
    "1,1,1",
];

async fn serving(shop: &Shop, name: &str) -> Serving {
    let mut command = shop.command(&["serve", "--allow-webhook-host", "127.0.0.1"]);
    command.args(QUICK);
    let log = shop.files.0.join(format!("{name}.log"));
    Serving::start(&shop.http, command, log).await
}

/// Time passes: leases of the dead end, and what it left unanswered is due.
async fn time_passes(shop: &Shop) {
    let now = shop.app.now();
    // But the end of a hold's time, which its attempt tells.
    let due = "update attempts set inquire_at = $1 where inquire_at is not null \
               and payment_id not in (select id from payments where hold_amount is not null)";
    let refunds = "update refunds set inquire_at = $1 where inquire_at is not null";
    let captures =
        "update captures set inquire_at = $1, asked_at = $2 where inquire_at is not null";
    // So long ago that a request that has not arrived by now never will.
    let long_ago = now - Duration::from_secs(100);
    let commit = Commit::new(shop.merchant, 0)
        .any("update shards set until = $1", params![now])
        .any(due, params![now])
        .any(refunds, params![now])
        .any(captures, params![now, long_ago]);
    shop.app.db.commit(commit).await.unwrap();
}

/// What became of the one payment, once it is decided.
async fn settled(shop: &Shop) -> String {
    until("the payment is settled", async || {
        let list = shop.search("").await;
        assert_eq!(list.data("totalSize"), 1);
        let status = list.text("items.0.paymentStatus");
        let waits = matches!(status, "WAITING" | "CALLBACK_THREEDS");
        (!waits).then(|| status.to_owned())
    })
    .await
}

/// The only order that a bank ever had.
async fn only_order(shop: &Shop) -> Value {
    let mut orders = shop.orders().await;
    assert_eq!(orders.len(), 1, "{orders:#?}");
    orders.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_whose_server_was_killed_is_given_back_by_the_next_one() {
    for (bank, card) in BANKS {
        let shop = &Shop::open().await;
        let mut first = serving(shop, "first").await;
        shop.fault(bank, "sale", delay(1500)).await;
        let (url, body) = (first.url.clone(), payment(card));
        let (told, ()) = tokio::join!(shop.post_at(&url, PAY, &body), async {
            assert_eq!(shop.order_arrives().await["state"], "captured", "{bank}");
            first.kill();
        });
        assert!(told.is_none(), "{told:?}");
        let list = shop.search("").await;
        assert_eq!(list.data("items.0.paymentStatus"), "WAITING");
        // Wherever a person looks, one is open.
        let merchant = shop.merchant.to_string();
        let doubts = ["payment", "doubts", "--merchant", &merchant];
        let json = shop.run(&[&doubts[..], &["--json"]].concat());
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json, json!({"doubts": [], "withoutOutcome": 1}));
        let doubts = shop.run(&doubts);
        let doctor = ended(shop.command(&["doctor"])).out;
        for said in [doubts, doctor] {
            let open = "1 without an outcome yet, inquired within ";
            assert!(said.contains(open), "{said}");
        }
        let mut panel = Panel::sign_in(shop, Role::ReadOnly).await;
        panel.language = "en";
        let overview = panel.get("/panel").await.ok();
        overview.has("1 without an outcome yet");
        overview.lacks("All settled");
        let doubts = panel.get("/panel/doubts").await.ok();
        doubts.lacks("every payment is known");

        time_passes(shop).await;
        let _second = serving(shop, "second").await;
        assert_eq!(settled(shop).await, "FAILURE", "{bank}");
        let order = only_order(shop).await;
        assert_eq!(order["state"], "voided", "{bank}");
        assert_eq!(order["voided"], 10_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_whose_server_was_killed_is_completed_by_the_next_one() {
    for (bank, card) in BANKS {
        let shop = &Shop::open().await;
        let mut first = serving(shop, "first").await;
        let url = first.url.clone();
        let body = with(
            payment(card),
            json!({"callbackUrl": "https://shop.example.com/callback"}),
        );
        let init = shop.post_at(&url, &format!("{PAY}/3ds-init"), &body).await;
        let begun = Begun::of(shop, init.unwrap());
        let paid = begun.returns(OTP).await.verified();
        shop.fault(bank, "threeds_finish", delay(1500)).await;
        let (path, body) = (format!("{PAY}/3ds-complete"), json!({"paymentId": paid.id}));
        let (told, ()) = tokio::join!(shop.post_at(&url, &path, &body), async {
            shop.order_arrives().await;
            first.kill();
        });
        assert!(told.is_none(), "{told:?}");

        time_passes(shop).await;
        let _second = serving(shop, "second").await;
        assert_eq!(settled(shop).await, "SUCCESS", "{bank}");
        let order = only_order(shop).await;
        assert_eq!(order["captured"], 10_000, "{bank}");
        assert_eq!(order["voided"], 0, "{bank}");
        until("the shop is told", async || {
            shop.hooks("API_AUTH").first().cloned()
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_whose_server_was_killed_is_given_back_by_the_next_one() {
    // Killed while the bank takes the money, while it is asked what it gave back so far, and while it gives back.
    for (operation, card_stays) in [("sale", false), ("inquire", true), ("void", true)] {
        for (bank, card) in BANKS {
            let what = format!("{bank} {operation}");
            let shop = &Shop::open().await;
            let mut first = serving(shop, "first").await;
            shop.fault(bank, operation, delay(1500)).await;
            let (url, body) = (first.url.clone(), verification(card, "NON_THREE_DS"));
            let (told, ()) = tokio::join!(shop.post_at(&url, VERIFY, &body), async {
                shop.order_arrives().await;
                if operation != "sale" {
                    until("the payment succeeds", async || {
                        let sql = "select count(*) as n from payments where captured = 1000";
                        (shop.count(sql).await == 1).then_some(())
                    })
                    .await;
                }
                if operation == "void" {
                    until("the bank gives it back", async || {
                        (only_order(shop).await["state"] == "voided").then_some(())
                    })
                    .await;
                }
                first.kill();
            });
            assert!(told.is_none(), "{what}: {told:?}");
            time_passes(shop).await;
            let _second = serving(shop, "second").await;
            until("the money is back", async || {
                (only_order(shop).await["state"] == "voided").then_some(())
            })
            .await;
            let status = settled(shop).await;
            assert_eq!(status == "SUCCESS", card_stays, "{what}");
            until("that is written", async || {
                let kept = "select count(*) as n from payments where captured > refunded";
                (shop.count(kept).await == 0).then_some(())
            })
            .await;
            let active = shop
                .count("select count(*) as n from stored_cards where active")
                .await;
            assert_eq!(active, i64::from(card_stays), "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_with_3ds_whose_server_was_killed_keeps_no_money() {
    for (operation, card_stays) in [("threeds_finish", false), ("void", true)] {
        for (bank, card) in BANKS {
            let what = format!("{bank} {operation}");
            let shop = &Shop::open().await;
            let mut first = serving(shop, "first").await;
            let body = verification(card, "THREE_DS");
            let init = shop.post_at(&first.url, VERIFY, &body).await.unwrap();
            let id = shop.search("").await.data("items.0.id").as_i64();
            let back = Begun::about(shop, id.unwrap(), init).way_back().await;
            shop.fault(bank, operation, delay(1500)).await;
            // The browser waits for a page that never comes.
            let http = shop.http.clone();
            let browser = tokio::spawn(async move { back.submit(&http, &[]).await });
            let state = if operation == "void" {
                "voided"
            } else {
                "captured"
            };
            until("the bank acts", async || {
                let orders = shop.orders().await;
                let acted = |order: &Value| order["state"] == state;
                orders.iter().any(acted).then_some(())
            })
            .await;
            first.kill();
            assert!(browser.await.is_err(), "{what}");

            time_passes(shop).await;
            let _second = serving(shop, "second").await;
            until("the money is back, and that is written", async || {
                let kept = "select count(*) as n from payments where captured > refunded \
                            or status not in ('SUCCESS', 'FAILURE')";
                let is_back = only_order(shop).await["state"] == "voided";
                (is_back && shop.count(kept).await == 0).then_some(())
            })
            .await;
            assert_eq!(settled(shop).await == "SUCCESS", card_stays, "{what}");
            let active = shop
                .count("select count(*) as n from stored_cards where active")
                .await;
            assert_eq!(active, i64::from(card_stays), "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_whose_server_was_killed_is_settled_by_the_next_one() {
    // The bank takes what it holds and answers late, or takes nothing and fails late.
    let fails = json!({"kind": "http_500", "ms": 1500});
    for (fault, taken) in [(delay(1500), true), (fails, false)] {
        for (bank, card) in BANKS {
            let what = format!("{bank} {taken}");
            let shop = &Shop::open().await;
            let id = shop.holds(card).await.succeeded().id();
            let mut first = serving(shop, "first").await;
            shop.faults(MANY, bank, "capture", fault.clone()).await;
            let (url, path) = (first.url.clone(), format!("{PAY}/{id}/post-auth"));
            let body = json!({"paidPrice": 110});
            let (told, ()) = tokio::join!(shop.post_at(&url, &path, &body), async {
                until("the bank is asked", async || {
                    (shop.met("capture").await == 1).then_some(())
                })
                .await;
                let state = if taken { "captured" } else { "held" };
                until("the bank acts", async || {
                    (shop.order_state(id).await == state).then_some(())
                })
                .await;
                first.kill();
            });
            assert!(told.is_none(), "{what}: {told:?}");
            // The intent is written, and the payment is what it was.
            let asked = "select count(*) as n from captures where state = 'ASKED'";
            assert_eq!(shop.count(asked).await, 1, "{what}");
            let read = shop.payment(id).await.succeeded();
            assert_eq!(read.data("paymentPhase"), "PRE_AUTH", "{what}");
            assert_eq!(read.data("paidPrice"), 100, "{what}");

            shop.banks_recover().await;
            time_passes(shop).await;
            let second = serving(shop, "second").await;
            until("the capture is settled", async || {
                let open = "select count(*) as n from captures where inquire_at is not null";
                (shop.count(open).await == 0).then_some(())
            })
            .await;
            if taken {
                // Of the hold, and of what was taken.
                until("the shop is told", async || {
                    (shop.hooks("API_AUTH").len() == 2).then_some(())
                })
                .await;
            } else {
                assert_eq!(shop.order_state(id).await, "held", "{what}");
                let again = shop.post_at(&second.url, &path, &body).await;
                again.unwrap().succeeded();
            }
            let read = shop.payment(id).await.succeeded();
            assert_eq!(read.data("paymentPhase"), "POST_AUTH", "{what}");
            assert_eq!(read.data("paidPrice"), 110, "{what}");
            let order = only_order(shop).await;
            assert_eq!(order["captured"], 11_000, "{what}");
            assert_eq!(order["moves"].as_array().unwrap().len(), 1, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_asked_to_end_finishes_its_payment_first() {
    let shop = &Shop::open().await;
    let mut first = serving(shop, "ending").await;
    shop.fault("garanti", "sale", delay(1500)).await;
    let body = payment(GARANTI);
    let (told, ()) = tokio::join!(shop.post_at(&first.url, PAY, &body), async {
        shop.order_arrives().await;
        first.terminate();
    });
    told.unwrap().succeeded();
    let status = first.ended().await;
    assert_eq!(status.code(), Some(0), "{}", first.logged());
    // It gave its leases back: another one has them at once.
    let shards = server::store::leases::lease_shards(&shop.app, &shop.app.owner).await;
    assert_eq!(shards.unwrap(), server::jobs::all_shards());
    let order = only_order(shop).await;
    assert_eq!(order["captured"], 10_000);
    assert_eq!(order["voided"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stood_still_beyond_its_leases_charges_nothing_twice() {
    let shop = &Shop::open().await;
    if shop.database_url.starts_with("sqlite:") {
        // One server alone works on SQLite: who stands still in a commit holds its only lock.
        return;
    }
    let still = serving(shop, "still").await;
    shop.fault("garanti", "sale", delay(1500)).await;
    let card = payment(GARANTI);
    let pay = async || shop.post_at(&still.url, PAY, &card).await.unwrap();
    let (reply, ()): (Reply, ()) = tokio::join!(pay(), async {
        shop.order_arrives().await;
        still.stop();
        // Meanwhile another server has its work, and settles what the shop will be told.
        time_passes(shop).await;
        let _other = serving(shop, "other").await;
        until("the money is given back", async || {
            (only_order(shop).await["state"] == "voided").then_some(())
        })
        .await;
        until("that is written", async || {
            let sql = "select count(*) as n from attempts where state = 'REVERSED'";
            (shop.count(sql).await == 1).then_some(())
        })
        .await;
        still.go_on();
    });
    assert_eq!(reply.status, 422, "{:#}", reply.body);
    assert_eq!(only_order(shop).await["state"], "voided");
    // It serves as before.
    pay().await.succeeded();
}
