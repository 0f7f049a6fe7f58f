//! What the binary leaves on disk and in its log: no secret and no card.

use crate::browser::through_threeds;
use crate::process::{Serving, Shared};
use crate::world::{World, payment, with};
use serde_json::{Value, json};
use server::store::db::Kind;

/// Every byte that the database keeps: SQLite's files, or all rows of all tables.
async fn kept(shared: &Shared) -> Vec<u8> {
    if shared.world.app.db.kind() == Kind::Sqlite {
        let mut bytes = Vec::new();
        for suffix in ["", "-wal"] {
            let path = shared.world.files.0.join(format!("galata.db{suffix}"));
            bytes.extend(std::fs::read(path).unwrap());
        }
        return bytes;
    }
    let (client, connection) = tokio_postgres::connect(&shared.database_url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let tables = client
        .query(
            "select tablename::text from pg_tables where schemaname = 'public'",
            &[],
        )
        .await
        .unwrap();
    let mut bytes = Vec::new();
    for table in tables {
        let table: String = table.get(0);
        let rows = client
            .query(&format!("select t::text from {table} t"), &[])
            .await
            .unwrap();
        for row in rows {
            bytes.extend(row.get::<_, String>(0).into_bytes());
        }
    }
    bytes
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

async fn signed(world: &World, url: &str, path: &str, body: &Value) -> crate::world::Reply {
    let body = body.to_string();
    let rnd = server::random::key(12);
    let url = format!("{url}{path}");
    let signature = contract::signature::sign(&url, "api-key", "secret-key", &rnd, body.as_bytes());
    let headers = [
        ("x-api-key", "api-key"),
        ("x-rnd-key", rnd.as_str()),
        ("x-auth-version", "v1"),
        ("x-signature", signature.as_str()),
    ];
    crate::world::send(&world.http, "POST", &url, body.as_bytes(), &headers).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_and_no_card_is_readable_in_the_database_or_the_log() {
    const CVC: &str = "917";
    const CARD: &str = "5209220000000002";
    let shared = Shared::open().await;
    let world = &shared.world;
    // Everything that the process can say.
    let mut command = shared.command(&["serve", "--log-requests"]);
    command.env("GALATA_LOG", "trace");
    let mut serving = Serving::start(&world.http, command, world.files.0.join("serve.log")).await;
    let card = json!({"cvc": CVC, "storeCardAfterSuccessPayment": true});
    let request = with(payment(CARD), json!({"card": card}));
    let path = "/payment/v1/card-payments";
    let paid = signed(world, &serving.url, path, &request).await.ok();
    assert!(paid.data("cardToken").is_string());
    let loyalty = json!({"type": "REWARD_MONEY", "reward": {"cardRewardMoney": 1}});
    let card = json!({"cardNumber": "4043080000000003", "loyalty": loyalty});
    let rewarded = with(request.clone(), json!({"card": card}));
    signed(world, &serving.url, path, &rewarded).await.ok();
    let loan = crate::bnpl_payments::application("064");
    let loan_path = "/payment/v1/bnpl-payments/init";
    signed(world, &serving.url, loan_path, &loan).await.ok();
    // A refused signature is explained with the body that came.
    let headers = [
        ("x-api-key", "api-key"),
        ("x-rnd-key", "rnd"),
        ("x-auth-version", "v1"),
        ("x-signature", "secret-key"),
    ];
    let url = format!("{}{path}?cardNumber={CARD}", serving.url);
    let body = request.to_string();
    let refused = crate::world::send(&world.http, "POST", &url, body.as_bytes(), &headers).await;
    assert_eq!(refused.status, 401);
    let by_3ds = with(
        request,
        json!({"callbackUrl": "https://shop.example.com/callback"}),
    );
    let path = "/payment/v1/card-payments/3ds-init";
    for card in [CARD, "5400630000000009"] {
        let by_3ds = with(by_3ds.clone(), json!({"card": {"cardNumber": card}}));
        let init = signed(world, &serving.url, path, &by_3ds).await.ok();
        let html = init.data("htmlContent").as_str().unwrap();
        through_threeds(world, html, "123456", "confirm").await;
    }
    // What fails is logged with more words.
    for (bank, card) in [("garanti", CARD), ("posnet", "5400630000000009")] {
        world.fault(bank, "sale", json!({"kind": "garbage"})).await;
        let request = with(payment(card), json!({"card": {"cvc": CVC}}));
        let path = "/payment/v1/card-payments";
        let doubt = signed(world, &serving.url, path, &request).await;
        assert_eq!(doubt.status, 422);
    }
    let card =
        json!({"cardNumber": CARD, "cvc": "9171", "expireYear": "2044", "expireMonth": "07"});
    let path = "/payment/v1/card-loyalties/retrieve";
    assert_eq!(signed(world, &serving.url, path, &card).await.status, 400);
    // A number in an address, as it is and with a digit escaped, of a known key and of none.
    let escaped = CARD.replacen("922", "%3922", 1);
    for number in [CARD, escaped.as_str()] {
        let url = format!("{}/installment/v1/bins/{number}?n={number}", serving.url);
        for headers in [&headers[..], &[]] {
            let reply = crate::world::send(&world.http, "GET", &url, b"", headers).await;
            assert_eq!(reply.status, 401);
        }
    }
    serving.terminate();
    assert!(serving.ended().await.success());

    let database = kept(&shared).await;
    assert!(serving.logged().contains("/installment/v1/bins/***"));
    // The search itself works: what may be read is found.
    for shown in [
        "Haluk Demir",
        "52092200",
        "7000679",
        "api-key",
        "threeds_return",
        "<CVV2>***</CVV2>",
        "secret_sent_as_signature",
    ] {
        assert!(holds(&database, shown), "{shown}");
    }
    let key = shared.key.split_once(':').unwrap().1;
    for secret in [
        CARD,
        &escaped,
        "5400630000000009",
        "4043080000000003",
        "12345678950",
        "123qweASD/",
        "10,10,10,10,10,10,10,10",
        "secret-key",
        crate::world::CALLBACK_KEY,
        crate::world::WEBHOOK_KEY,
        simulator::lenders::CLIENT_SECRET,
        simulator::lenders::NOTIFICATION_SECRET,
        key,
    ] {
        assert!(!holds(&database, secret), "{secret} is in the database");
        assert!(!serving.logged().contains(secret), "{secret} is in the log");
    }
    // Three digits alone are found anywhere; as a value of their own nowhere.
    for around in [
        "\"917\"", ">917<", "=917&", ":917,", ",917,", "(917,", "cvv2=917",
    ] {
        assert!(!holds(&database, around), "{around} is in the database");
        assert!(!serving.logged().contains(around), "{around} is in the log");
    }
    assert!(serving.logged().contains("serving"));
}
