//! What the binary leaves on disk and in its log: no secret and no card.

use crate::process::Serving;
use crate::shop::{
    BANKS, BONUS, Begun, CALLBACK_URL, GARANTI, OTP, PAY, Shop, YKB, application, payment, points,
    send, with,
};
use serde_json::{Value, json};
use server::store::db::Kind;

/// Every byte that the database keeps: SQLite's files, or all rows of all tables.
async fn kept(shop: &Shop) -> Vec<u8> {
    if shop.app.db.kind() == Kind::Sqlite {
        let mut bytes = Vec::new();
        for suffix in ["", "-wal"] {
            let path = shop.files.0.join(format!("galata.db{suffix}"));
            bytes.extend(std::fs::read(path).unwrap());
        }
        return bytes;
    }
    let (client, connection) = tokio_postgres::connect(&shop.database_url, tokio_postgres::NoTls)
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

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_and_no_card_is_readable_in_the_database_or_the_log() {
    const CVC: &str = "917";
    let shop = &Shop::open().await;
    // Everything that the process can say.
    let mut command = shop.command(&["serve", "--log-requests"]);
    command.env("GALATA_LOG", "trace");
    let mut serving = Serving::start(&shop.http, command, shop.files.0.join("serve.log")).await;
    let url = serving.url.clone();
    let signed = async |path: &str, body: &Value| shop.post_at(&url, path, body).await.unwrap();
    let card = json!({"cvc": CVC, "storeCardAfterSuccessPayment": true});
    let request = with(payment(GARANTI), json!({"card": card}));
    signed(PAY, &request).await.ok().text("cardToken");
    let other_card = json!({"card": {"cardNumber": BONUS}});
    let rewarded = with(with(request.clone(), points(1.0, None)), other_card);
    signed(PAY, &rewarded).await.ok();
    let loan_path = "/payment/v1/bnpl-payments/init";
    signed(loan_path, &application("064")).await.ok();
    // A refused signature is explained with the body that came.
    let headers = [
        ("x-api-key", "api-key"),
        ("x-rnd-key", "rnd"),
        ("x-auth-version", "v1"),
        ("x-signature", "secret-key"),
    ];
    let refused_at = format!("{url}{PAY}?cardNumber={GARANTI}");
    let body = request.to_string();
    let refused = send(&shop.http, "POST", &refused_at, body.as_bytes(), &headers).await;
    assert_eq!(refused.status, 401);
    let path = format!("{PAY}/3ds-init");
    for card in [GARANTI, YKB] {
        let by_3ds = json!({"callbackUrl": CALLBACK_URL, "card": {"cardNumber": card}});
        let init = signed(&path, &with(request.clone(), by_3ds)).await;
        Begun::of(shop, init).returns(OTP).await;
    }
    // What fails is logged with more words.
    for (bank, card) in BANKS {
        shop.fault(bank, "sale", "garbage").await;
        let request = with(payment(card), json!({"card": {"cvc": CVC}}));
        signed(PAY, &request).await.in_doubt();
    }
    let card =
        json!({"cardNumber": GARANTI, "cvc": "9171", "expireYear": "2044", "expireMonth": "07"});
    let path = "/payment/v1/card-loyalties/retrieve";
    assert_eq!(signed(path, &card).await.status, 400);
    // A number in an address, as it is and with a digit escaped, of a known key and of none.
    let escaped = GARANTI.replacen("922", "%3922", 1);
    for number in [GARANTI, escaped.as_str()] {
        let url = format!("{url}/installment/v1/bins/{number}?n={number}");
        for headers in [&headers[..], &[]] {
            let reply = send(&shop.http, "GET", &url, b"", headers).await;
            assert_eq!(reply.status, 401);
        }
    }
    serving.terminate();
    assert!(serving.ended().await.success());

    let database = kept(shop).await;
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
    let key = shop.keys.split_once(':').unwrap().1;
    for secret in [
        GARANTI,
        &escaped,
        YKB,
        "4043080000000003",
        "12345678950",
        "123qweASD/",
        "10,10,10,10,10,10,10,10",
        "secret-key",
        crate::shop::CALLBACK_KEY,
        crate::shop::WEBHOOK_KEY,
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
