//! What a payment leaves on disk, and what is left of it when its evidence had its time.

use crate::shop::{GARANTI, Shop};
use server::store::db::{Commit, Row};
use server::{jobs, params};
use std::time::Duration;

const PAYMENTS: i64 = 400;
const DAY: i64 = 24 * 60 * 60;

/// Bytes of the database that hold rows: pages in use, of which some have room left.
async fn bytes(shop: &Shop) -> i64 {
    let sql = match std::env::var("GALATA_TEST_DATABASE").as_deref() {
        Ok("postgres") => {
            "select cast(sum(pg_relation_size(oid)) as bigint) as n from pg_class \
             where relnamespace = 'public'::regnamespace and relkind in ('r', 'i')"
        }
        _ => {
            "select (c.page_count - f.freelist_count) * 4096 as n \
             from pragma_page_count() c, pragma_freelist_count() f"
        }
    };
    let row = shop.app.db.row(sql, params![]).await.unwrap().unwrap();
    row.int("n").unwrap()
}

/// By table and index, for whoever looks for what has grown.
async fn by_table(shop: &Shop) -> String {
    let rows = shop.app.db.rows(
            "select name, cast(sum(pgsize) as bigint) as n from dbstat group by 1 order by 2 desc limit 24",
            params![],
        ).await.unwrap_or_default();
    let line = |row: &Row| {
        let a_payment = row.int("n").unwrap() / PAYMENTS;
        format!("{a_payment:>7} {}", row.text("name").unwrap())
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_with_a_key_and_a_webhook_leaves_little() {
    let shop = Shop::open().await;
    let before = bytes(&shop).await;
    for number in 0..PAYMENTS {
        let key = format!("6f1c7d0e-0000-4000-8000-{number:012}");
        shop.pays(GARANTI).keyed(&key).await.ok();
    }
    shop.wait(31).await;
    shop.app.journal.flush().await;
    let mut left = Vec::new();
    let mut tables = vec![by_table(&shop).await];
    left.push((bytes(&shop).await - before) / PAYMENTS);
    for days in [8, 91, 401] {
        shop.clock.advance_seconds(days * DAY);
        jobs::forget(&shop.app).await;
        tables.push(by_table(&shop).await);
        left.push((bytes(&shop).await - before) / PAYMENTS);
    }
    // PostgreSQL gives room back when it vacuums; its figures are for reading.
    if std::env::var("GALATA_TEST_DATABASE").as_deref() != Ok("postgres") {
        let most = [6_400, 5_200, 4_200, 1_900];
        assert!(
            left.iter().zip(most).all(|(left, most)| *left <= most),
            "bytes a payment: {left:?}\n{}",
            tables.join("\n\n")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_one_step_of_what_has_expired_goes_and_the_rest_stays() {
    let shop = Shop::open().await;
    let now = shop.app.now();
    let tokens = [(1_200, now), (7, shop.app.after(Duration::from_secs(60)))];
    let mut commit = Commit::new(shop.merchant, 0);
    for (count, expires_at) in tokens {
        for number in 0..count {
            commit.one(
                "insert into page_tokens (token, merchant_id, payment_id, kind, expires_at) \
                 values ($1, $2, 1, 'THREEDS_PAGE', $3)",
                params![format!("{count} {number}"), shop.merchant, expires_at],
            );
        }
    }
    shop.app.db.commit(commit).await.unwrap();
    shop.clock.advance_seconds(1);
    jobs::forget(&shop.app).await;
    let sql = "select count(*) as n from page_tokens";
    assert_eq!(shop.count(sql).await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_go_when_they_were_delivered_and_stay_while_they_are_due() {
    let shop = Shop::open().await;
    shop.answers_webhooks(500);
    shop.pays(GARANTI).await.ok();
    shop.clock.advance_seconds(91 * DAY);
    jobs::forget(&shop.app).await;
    let sql = "select count(*) as n from webhooks";
    assert_eq!(shop.count(sql).await, 1);
    shop.answers_webhooks(200);
    shop.work().await;
    jobs::forget(&shop.app).await;
    assert_eq!(shop.count(sql).await, 0);
}

/// Customers who left the bank's page never came back, while others are on theirs: a quarter of an
/// hour at fifty payments a second.
#[tokio::test(flavor = "multi_thread")]
async fn forms_of_abandoned_pages_go_while_many_pages_are_open() {
    const TOKEN: &str = "insert into page_tokens (token, merchant_id, payment_id, kind, expires_at) \
         values ($1, $2, $3, 'THREEDS_PAGE', $4)";
    const ATTEMPT: &str = "insert into attempts (merchant_id, id, payment_id, shard, pos_id, order_id, \
         order_id_chosen, threeds, state, amount, installment, proof_sealed, asked_at, inquiries) \
         values ($1, 1, 1, 0, 1, 'a', false, true, 'PAGE', 1, 1, 'sealed', $2, 0)";
    const MORE_TOKENS: &str = "with recursive n (x) as (select 1 union all select x + 1 from n where x < $2) \
         insert into page_tokens (token, merchant_id, payment_id, kind, expires_at) \
         select token || cast(x as text), merchant_id, payment_id + x, kind, expires_at \
         from page_tokens, n where token = $1";
    const MORE_ATTEMPTS: &str = "with recursive n (x) as (select 1 union all select x + 1 from n where x < $1) \
         insert into attempts (merchant_id, id, payment_id, shard, pos_id, order_id, \
         order_id_chosen, threeds, state, amount, installment, proof_sealed, asked_at, inquiries) \
         select merchant_id, id + x, payment_id + x, shard, pos_id, order_id, order_id_chosen, threeds, \
         state, amount, installment, proof_sealed, asked_at, inquiries from attempts, n";
    let shop = Shop::open().await;
    let (merchant, now) = (shop.merchant, shop.app.now());
    let later = shop.app.after(Duration::from_secs(900));
    let commit = Commit::new(merchant, 0)
        .then(ATTEMPT, params![merchant, now])
        .expecting(1_200, MORE_ATTEMPTS, params![1_200])
        .then(TOKEN, params!["old", merchant, 1, now])
        .expecting(1_200, MORE_TOKENS, params!["old", 1_200])
        .then(TOKEN, params!["open", merchant, 1_000_000, later])
        .expecting(90_000, MORE_TOKENS, params!["open", 90_000]);
    shop.app.db.commit(commit).await.unwrap();
    shop.clock.advance_seconds(1);
    jobs::forget(&shop.app).await;
    let forms = "select count(*) as n from attempts where proof_sealed is not null";
    assert_eq!(shop.count(forms).await, 0);
    assert_eq!(
        shop.count("select count(*) as n from page_tokens").await,
        90_001
    );
}

/// SQLite has no statistics: where an index does not give the order, it may read all of a merchant's rows by their
/// primary key for its sake. With a million payments a refund then took half a second.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_payment_has_is_not_looked_for_among_all_that_there_is() {
    if std::env::var("GALATA_TEST_DATABASE").as_deref() == Ok("postgres") {
        return;
    }
    let shop = Shop::open().await;
    let of_payment = ["attempts", "refunds", "captures", "exchanges", "webhooks"];
    let of_payment = of_payment.map(|table| (table, "payment_id"));
    let others = [
        ("webhook_tries", "webhook_id"),
        ("refund_items", "refund_id"),
    ];
    for (table, column) in of_payment.into_iter().chain(others) {
        let wheres = [
            format!("{column} = $2 order by id"),
            format!("{column} = $2 order by id desc limit 1"),
            format!("{column} in ($2, 3, 4) order by {column}, id"),
        ];
        for rest in wheres {
            let sql = format!(
                "explain query plan select * from {table} where merchant_id = $1 and {rest}"
            );
            let plan = shop.app.db.rows_owned(sql, params![1, 2]).await.unwrap();
            let detail = plan[0].text("detail").unwrap();
            assert!(detail.contains(&format!("{column}=?")), "{rest}: {detail}");
        }
    }
}
