//! The binary `galata`: what it prints, what it refuses, and what it leaves readable on disk.

use crate::browser::through_threeds;
use crate::panel::{PASSWORD, Panel};
use crate::process::{Serving, Shared, ended, galata};
use crate::world::{World, payment, with};
use serde_json::{Value, json};
use server::operations::{By, Role};
use server::setup::{self, MerchantSetup};
use server::store::db::Kind;

/// The value of a line `name  value` of a command's output.
#[track_caller]
fn printed<'a>(out: &'a str, name: &str) -> &'a str {
    out.lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or_else(|| panic!("no {name} in {out}"))
        .trim()
}

/// Makes a file its owner's alone, as a key file must be.
fn private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn every_help_names_the_environment_variables_of_its_options() {
    let store = [
        "GALATA_DATABASE_URL",
        "GALATA_KEY_FILE",
        "GALATA_KEY",
        "GALATA_ALLOW_BANK_HOST",
    ];
    let behaviour = [
        "GALATA_PUBLIC_URL",
        "GALATA_ALLOW_WEBHOOK_HOST",
        "GALATA_WEBHOOK_WAITS",
        "GALATA_INQUIRY_WAITS",
        "GALATA_BANK_TIMEOUT",
        "GALATA_LOG_REQUESTS",
    ];
    let serve = ["GALATA_LISTEN", "GALATA_NO_JOBS", "GALATA_MIGRATE"];
    let secrets = ["GALATA_APM_CLIENT_SECRET", "GALATA_APM_NOTIFICATION_SECRET"];
    let threeds = ["GALATA_POS_THREEDS_KEY"];
    let table: [(&str, &[&[&str]]); 42] = [
        ("", &[]),
        ("key", &[]),
        ("serve", &[&store, &behaviour, &serve]),
        ("work", &[&store, &behaviour]),
        ("doctor", &[&store, &behaviour]),
        ("migrate", &[&store]),
        ("backup", &[&["GALATA_DATABASE_URL"]]),
        ("restore", &[&store]),
        ("merchant create", &[&store]),
        ("merchant list", &[&store]),
        ("merchant feature", &[&store]),
        ("merchant webhook", &[&store]),
        ("merchant webhook-event", &[&store]),
        ("merchant threeds", &[&store]),
        ("merchant doubt", &[&store]),
        ("apm create", &[&store, &secrets]),
        ("apm edit", &[&store, &secrets]),
        ("apm activate", &[&store]),
        ("apm list", &[&store]),
        ("pos create", &[&store, &threeds]),
        ("pos edit", &[&store, &threeds]),
        ("merchant key list", &[&store]),
        ("merchant key add", &[&store]),
        ("merchant key rotate", &[&store]),
        ("merchant key revoke", &[&store]),
        ("merchant keys", &[&store]),
        ("user role", &[&store]),
        ("user totp-off", &[&store]),
        ("payment show", &[&store]),
        ("request list", &[&store]),
        ("request show", &[&store]),
        ("webhook show", &[&store]),
        ("webhook test", &[&store, &behaviour]),
        ("payment doubts", &[&store]),
        ("payment inquire", &[&store]),
        ("payment settle", &[&store]),
        ("webhook list", &[&store]),
        ("webhook resend", &[&store]),
        ("audit export", &[&store]),
        ("merchant show", &[&store]),
        ("pos activate", &[&store]),
        ("completions", &[]),
    ];
    for (name, groups) in table {
        let mut arguments: Vec<&str> = name.split_whitespace().collect();
        arguments.push("--help");
        let mut command = galata(&arguments);
        // A help is shown to anybody: it must not show what the environment holds.
        for variable in secrets
            .iter()
            .chain(&threeds)
            .chain(&["GALATA_KEY", "GALATA_DATABASE_URL"])
        {
            command.env(variable, "not-to-be-shown");
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{name}");
        let help = String::from_utf8(output.stdout).unwrap();
        // Long helps are broken into lines anywhere.
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for variable in groups.iter().copied().flatten() {
            assert!(
                help.contains(&format!("[env: {variable}")),
                "{name}: {variable}\n{help}"
            );
        }
        assert!(!help.contains("not-to-be-shown"), "{name}: {help}");
        assert!(help.contains("Usage: galata"), "{name}");
    }
}

#[test]
fn a_key_is_new_each_time() {
    let keys: Vec<String> = (0..2)
        .map(|_| {
            let output = galata(&["key"]).output().unwrap();
            assert!(output.status.success());
            String::from_utf8(output.stdout).unwrap()
        })
        .collect();
    assert_ne!(keys[0], keys[1]);
    for key in keys {
        assert!(key.starts_with("1:") && key.trim_end().len() == 46, "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_migrated_once_and_served_only_then() {
    let files = crate::world::tempdir::Dir::new();
    let url = crate::world::fresh_database(&files).await;
    let key_file = files.0.join("galata.key");
    let key = ended(galata(&["key"])).out;
    std::fs::write(&key_file, &key).unwrap();
    private(&key_file);
    let run = |arguments: &[&str]| {
        let mut command = galata(arguments);
        command.env("GALATA_DATABASE_URL", &url);
        command.env("GALATA_KEY_FILE", &key_file);
        ended(command)
    };
    for command in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["doctor"],
        &["merchant", "list"],
    ] {
        let early = run(command);
        assert_eq!(early.status.code(), Some(1), "{}", early.out);
        assert!(
            format!("{}{}", early.out, early.error).contains("`galata migrate`"),
            "{}",
            early.error
        );
    }
    for _ in 0..2 {
        let migrated = run(&["migrate"]);
        assert!(migrated.status.success(), "{}", migrated.error);
        assert_eq!(migrated.out, "the database is up to date\n");
    }
    let doctor = run(&["doctor"]);
    assert!(doctor.status.success(), "{}", doctor.out);
    assert!(doctor.out.contains(&key_file.display().to_string()));
    assert!(!doctor.out.contains(key.trim_end()));
    // Both places for a key at once are a mistake.
    let mut both = galata(&["doctor", "--database-url", &url, "--key", "1:x"]);
    both.env("GALATA_KEY_FILE", &key_file);
    assert_eq!(ended(both).status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_refuses_a_demo_merchant_and_every_key_but_the_right_one() {
    let shared = Shared::open().await;
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let mut missing = shared.command(&serve);
    missing.env_remove("GALATA_KEY");
    let missing = ended(missing);
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        missing.error.contains("no encryption key"),
        "{}",
        missing.error
    );
    for key in ["", "1", "1:short", "x:AAAA", "1:AAAA"] {
        let mut command = shared.command(&serve);
        command.env("GALATA_KEY", key);
        let refused = ended(command);
        assert!(!refused.status.success(), "{key}");
        assert!(
            key.len() < 4 || !refused.error.contains(key),
            "{}",
            refused.error
        );
    }
    let refused = shared.fails(&["serve", "--listen", "0.0.0.0:0"]);
    assert!(refused.contains("no public URL"), "{refused}");

    let demo = MerchantSetup {
        name: "Demo".to_owned(),
        demo: true,
        ..MerchantSetup::default()
    };
    setup::create_merchant(&shared.world.app, &By::operator(), demo)
        .await
        .unwrap();
    let refused = shared.fails(&serve);
    assert!(refused.contains("demo merchant"), "{refused}");
    assert!(refused.contains("hint:"), "{refused}");
    let doctor = ended(shared.command(&["doctor"]));
    assert_eq!(doctor.status.code(), Some(1));
    assert!(doctor.out.contains("holds the sandbox's demo merchant"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_is_set_up_by_commands_alone_and_takes_a_payment() {
    let shared = Shared::open().await;
    let world = &shared.world;
    let made = shared.run(&["merchant", "create", "--name", "Kitapçı"]);
    let id = printed(&made, "merchant");
    let (api_key, secret) = (printed(&made, "api key"), printed(&made, "secret key"));
    assert_ne!(
        printed(&made, "callback key"),
        printed(&made, "webhook key")
    );
    let list = shared.run(&["merchant", "list"]);
    assert!(list.contains(&format!("{id}  Kitapçı")), "{list}");
    assert!(!list.contains(secret));

    shared.run(&[
        "merchant",
        "feature",
        id,
        "alternative-payment-methods",
        "on",
    ]);
    shared.fails(&["merchant", "feature", id, "time-travel", "on"]);
    shared.fails(&[
        "merchant",
        "feature",
        "7",
        "alternative-payment-methods",
        "on",
    ]);
    shared.run(&["merchant", "webhook", id, "https://shop.example.com/hook"]);
    shared.fails(&["merchant", "webhook", id, "javascript:alert(1)"]);
    shared.run(&["merchant", "webhook-event", id, "API_AUTH", "off"]);
    shared.fails(&["merchant", "webhook-event", id, "API_X", "off"]);
    shared.run(&["merchant", "threeds", id, "half"]);
    shared.run(&["merchant", "doubt", id, "complete"]);
    let merchant = setup::merchant(&world.app, id.parse().unwrap())
        .await
        .unwrap();
    assert_eq!(merchant.webhook_url, "https://shop.example.com/hook");
    assert!(merchant.half_threeds && merchant.completes_doubt);

    let base = format!("{}/garanti", world.bank);
    let create = [
        "pos",
        "create",
        "--merchant",
        id,
        "--integrator",
        "GARANTI",
        "--client-id",
        "7000679",
        "--terminal-id",
        "30691298",
        "--threeds-key",
        "12345678",
        "--user",
        "PROVAUT:PROVAUT:123qweASD/",
        "--user",
        "PROVRFN:PROVRFN:123qweASD/",
        "--authentication",
        "THREE_DS,NON_THREE_DS",
        "--endpoint",
    ];
    let with_endpoint = |endpoint| [&create[..], &[endpoint]].concat();
    let refused = shared.fails(&with_endpoint("https://evil.example.com/garanti"));
    assert!(refused.contains("evil.example.com"), "{refused}");
    let mut no_leave = shared.command(&with_endpoint(&base));
    no_leave.env_remove("GALATA_ALLOW_BANK_HOST");
    let no_leave = ended(no_leave);
    assert!(no_leave.error.contains("not allowed"), "{}", no_leave.error);
    let pos = shared.run(&with_endpoint(&base));
    let pos = printed(&pos, "pos");
    let edited = [
        "pos",
        "edit",
        "--merchant",
        id,
        "--id",
        pos,
        "--name",
        "Mağaza",
        "--order-number",
        "3",
    ];
    shared.run(&edited);
    let mut elsewhere = edited.to_vec();
    elsewhere.extend(["--endpoint", "http://10.0.0.1/x"]);
    shared.fails(&elsewhere);
    shared.fails(&["pos", "edit", "--merchant", id, "--id", "7", "--name", "x"]);
    let poses = shared.run(&["pos", "list", "--merchant", id]);
    assert!(
        poses.contains("  Mağaza\n") && poses.contains("http://127.0.0.1:"),
        "{poses}"
    );
    assert!(!poses.contains("123qweASD/"));

    let body = payment("5209220000000002").to_string();
    let path = "/payment/v1/card-payments";
    let url = format!("{}{path}", world.gateway);
    let signed = contract::signature::sign(&url, api_key, secret, "r", body.as_bytes());
    let headers = [
        ("x-api-key", api_key),
        ("x-rnd-key", "r"),
        ("x-auth-version", "v1"),
        ("x-signature", signed.as_str()),
    ];
    let paid = world
        .raw("POST", path, body.as_bytes(), &headers)
        .await
        .ok();
    assert_eq!(paid.data("pos.name"), "Mağaza");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lenders_account_is_active_only_when_complete() {
    use simulator::lenders::{CLIENT_ID, CLIENT_SECRET, NOTIFICATION_SECRET};
    let shared = Shared::open().await;
    let made = shared.run(&["merchant", "create", "--name", "M"]);
    let id = printed(&made, "merchant");
    let endpoint = format!("{}/lender", shared.world.bank);
    let refused = shared.fails(&[
        "apm",
        "create",
        "--merchant",
        id,
        "--endpoint",
        "https://evil.example.com",
    ]);
    assert!(refused.contains("evil.example.com"), "{refused}");
    shared.fails(&[
        "apm",
        "create",
        "--merchant",
        id,
        "--endpoint",
        "http://shop.example.com",
    ]);
    shared.fails(&["apm", "create", "--merchant", id, "--type", "NOBODY"]);
    let created = shared.run(&["apm", "create", "--merchant", id, "--approval", "103=AUTO"]);
    let apm: i64 = printed(&created, "apm").parse().unwrap();
    let refused = shared.fails(&["apm", "activate", "--merchant", id]);
    assert!(refused.contains("client-id"), "{refused}");

    let edit = ["apm", "edit", "--merchant", id];
    for wrong in [
        ["--approval", "103"],
        ["--approval", "103=SOMETIMES"],
        ["--approval", "10=AUTO"],
        ["--time-limit-seconds", "59"],
        ["--loan-type", "COMMERCIAL"],
    ] {
        shared.fails(&[&edit[..], &wrong].concat());
    }
    let mut whole = shared.command(&edit);
    whole
        .args([
            "--client-id",
            CLIENT_ID,
            "--endpoint",
            &endpoint,
            "--name",
            "Kredi",
        ])
        .args(["--approval", "064=MANUAL", "--approval", "103=DEFAULT"])
        .env("GALATA_APM_CLIENT_SECRET", CLIENT_SECRET)
        .env("GALATA_APM_NOTIFICATION_SECRET", NOTIFICATION_SECRET);
    let whole = ended(whole);
    assert!(whole.status.success(), "{}", whole.error);
    let merchant: i64 = id.parse().unwrap();
    let stored = async || {
        server::store::apms::one_of_merchant(&shared.world.app, merchant, apm)
            .await
            .unwrap()
            .unwrap()
    };
    shared.run(&["apm", "activate", "--merchant", id]);
    let now = stored().await;
    assert!(now.active);
    assert_eq!(Value::Object(now.approval_modes), json!({"064": "MANUAL"}));
    assert_eq!(now.account.client_secret.expose(), CLIENT_SECRET);
    let list = shared.run(&["apm", "list", "--merchant", id]);
    assert!(list.contains("  MASLAK  active  Kredi  "), "{list}");
    assert!(!list.contains(CLIENT_SECRET));
    shared.run(&["apm", "deactivate", "--merchant", id]);
    assert!(!stored().await.active);
}

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

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_listed_added_rotated_and_revoked() {
    let shared = Shared::open().await;
    let made = shared.run(&["merchant", "create", "--name", "M"]);
    let (id, first) = (printed(&made, "merchant"), printed(&made, "api key"));
    let added = shared.run(&["merchant", "key", "add", id]);
    let second = printed(&added, "api key");
    let rotated = shared.run(&["merchant", "key", "rotate", id, first]);
    assert!(rotated.contains("24 more hours"), "{rotated}");
    let third = printed(&rotated, "api key");
    let list = shared.run(&["merchant", "key", "list", id]);
    assert_eq!(list.lines().count(), 4, "{list}");
    for line in list.lines().skip(1) {
        let state = if line.starts_with(first) {
            "ending "
        } else {
            "active"
        };
        assert!(line.contains(state), "{line}");
    }
    assert!(!list.contains(printed(&added, "secret key")));
    for (key, left) in [(second, true), (third, true), (first, false)] {
        let said = shared.run(&["merchant", "key", "revoke", id, key]);
        assert_eq!(said.contains("locked out"), !left, "{said}");
    }
    shared.fails(&["merchant", "key", "revoke", id, "unknown"]);
    let webhooks = shared.run(&["webhook", "list", "--merchant", id]);
    assert_eq!(webhooks.lines().count(), 1, "{webhooks}");
    shared.fails(&["webhook", "resend", "--merchant", id, "--id", "7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn doubts_are_listed_inquired_and_settled() {
    let shared = Shared::open().await;
    let world = &shared.world;
    let id = world.merchant.to_string();
    let in_doubt = async || {
        let lost = json!({"kind": "lose_reply"});
        world.fault("garanti", "sale", lost).await;
        let request = payment("5209220000000002");
        let reply = world.post("/payment/v1/card-payments", request).await;
        reply.body["errors"]["paymentId"].to_string()
    };
    let (first, second) = (in_doubt().await, in_doubt().await);
    let list = shared.run(&["payment", "doubts", "--merchant", &id]);
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 3, "{list}");
    assert!(lines[1].starts_with(&format!("{first}  DOUBT  100.00  TRY       Garanti  ")));
    let of = |id: &'static str| ["payment", id, "--merchant"];
    let inquire = [&of("inquire")[..], &[&id, "--id", &first]].concat();
    assert!(shared.run(&inquire).trim().ends_with("is FAILURE"));
    let settle = [
        &of("settle")[..],
        &[&id, "--id", &second, "--found", "taken"],
    ]
    .concat();
    shared.fails(&settle);
    shared.fails(&[&settle[..], &["--note", "x"]].concat());
    let said = shared.run(&[&settle[..], &["--note", "seen at the bank"]].concat());
    assert!(said.trim().ends_with("is SUCCESS"), "{said}");
    let none = shared.run(&["payment", "doubts", "--merchant", &id]);
    assert_eq!(none.lines().count(), 1, "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_leaves_whole_and_by_its_own_merchant_alone() {
    let shared = Shared::open().await;
    let made = shared.run(&["merchant", "create", "--name", "M"]);
    let (id, key) = (printed(&made, "merchant"), printed(&made, "api key"));
    let other = shared.run(&["merchant", "create", "--name", "Other"]);
    let other_key = printed(&other, "api key");
    // More than one batch.
    let by = By::operator();
    let merchant: i64 = id.parse().unwrap();
    for n in 0..120 {
        by.note_look(&shared.world.app, merchant, "payment.look", &n.to_string())
            .await
            .unwrap();
    }
    let file = shared.run(&["audit", "export", "--merchant", id]);
    let (head, rows) = file.split_once("\r\n").unwrap();
    assert!(head.starts_with("id,at,actorKind,actor,"), "{head}");
    let lines: Vec<&str> = rows.lines().collect();
    assert!(lines[0].contains(",OPERATOR,,,,audit.export,"), "{file}");
    for n in 0..120 {
        let looks = lines
            .iter()
            .filter(|line| line.contains(&format!(",payment.look,{n},DONE,")));
        assert_eq!(looks.count(), 1, "{n}");
    }
    assert!(!file.contains(other_key));
    assert!(!file.contains(printed(&made, "secret key")) && !key.is_empty());
    // A merchant that is not there has no log, and none comes to be.
    shared.fails(&["audit", "export", "--merchant", "1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_panel_shows_of_payments_requests_and_webhooks_commands_show_too() {
    let shared = Shared::open().await;
    let world = &shared.world;
    let merchant = world.merchant.to_string();
    let paid = world.post("/payment/v1/card-payments", payment("5209220000000002"));
    let id = paid.await.ok().data("id").to_string();
    let wrong = [
        ("x-api-key", "api-key"),
        ("x-rnd-key", "rnd"),
        ("x-auth-version", "v1"),
        (
            "x-signature",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ),
    ];
    let path = format!("/payment/v1/card-payments/{id}");
    assert_eq!(world.raw("GET", &path, b"", &wrong).await.status, 401);
    world.wait(30).await;
    world.app.journal.flush().await;

    let of = ["--merchant", &merchant, "--id", &id];
    let shown = shared.run(&[&["payment", "show"], &of[..]].concat());
    let words: Vec<Vec<&str>> = shown
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let line_with = |wanted: &[&str]| {
        let found = words.iter().find(|line| {
            let mut rest = line.iter();
            wanted.iter().all(|word| rest.any(|other| other == word))
        });
        found.unwrap_or_else(|| panic!("{wanted:?}: {shown}"))
    };
    line_with(&[&id, "SUCCESS", "100.00", "TRY"]);
    line_with(&["APPROVED"]);
    line_with(&["GARANTI", "charge", "200"]);
    let hook = line_with(&["API_AUTH", "DELIVERED", "1"])[0];
    assert!(!shown.contains("GVPSRequest"), "{shown}");
    let said = shared.run(&[&["payment", "show", "--exchanges"], &of[..]].concat());
    assert!(said.contains("GVPSRequest") && !said.contains("5209220000000002"));

    let calls = shared.run(&["webhook", "show", "--merchant", &merchant, "--id", hook]);
    assert!(
        calls.contains("x-cg-signature-v1: ") && calls.contains("  200  "),
        "{calls}"
    );
    let mut test = shared.command(&["webhook", "test", "--merchant", &merchant]);
    test.env("GALATA_ALLOW_WEBHOOK_HOST", "127.0.0.1");
    let tried = ended(test);
    assert!(tried.status.success(), "{}", tried.error);
    assert!(tried.out.contains("  200  "), "{}", tried.out);
    assert_eq!(world.hooks("API_AUTH").len(), 2);

    // The explanation of a refused signature is written behind the answer.
    let mut listed = String::new();
    for _ in 0..100 {
        world.app.journal.flush().await;
        listed = shared.run(&["request", "list", "--errors", "--merchant", &merchant]);
        if listed.lines().count() > 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let request = listed.lines().nth(1).unwrap();
    let request = request.split_whitespace().next().unwrap();
    let shown = shared.run(&["request", "show", "--merchant", &merchant, "--id", request]);
    assert!(
        shown.contains("expected") && shown.contains("AAAAAAAAAA"),
        "{shown}"
    );
    assert!(!shown.contains("secret-key"), "{shown}");

    let keys = shared.run(&["merchant", "keys", &merchant]);
    assert_eq!(printed(&keys, "callback key"), crate::world::CALLBACK_KEY);
    let standard = "whsec_QW9oN3RSZVR5Yk82d09qQm1PSkZGc09SNTNTQm9qRXA=";
    assert_eq!(printed(&keys, "standard key"), standard);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_lost_the_authenticator_comes_in_by_the_operators_command() {
    let shared = Shared::open().await;
    let world = &shared.world;
    let mut panel = Panel::sign_in(world, Role::Owner).await;
    panel.switch_totp_on().await;
    let merchant = world.merchant.to_string();
    let email = "owner@example.com";
    let listed = || shared.run(&["user", "list", "--merchant", &merchant]);
    assert!(listed().contains("authenticator"), "{}", listed());
    shared.run(&["user", "totp-off", "--email", email]);
    assert!(!listed().contains("authenticator"), "{}", listed());
    // Whoever was in is out, and the password alone opens again.
    assert_eq!(panel.get("/panel").await.status, 303);
    let mut again = Panel::new(world);
    again
        .sign_in_as(email, PASSWORD, "")
        .await
        .leads_to("/panel");

    let eve = [
        "user",
        "create",
        "--merchant",
        &merchant,
        "--email",
        "eve@example.com",
    ];
    shared.run(&eve);
    let support = [
        "user",
        "role",
        "--merchant",
        &merchant,
        "--email",
        email,
        "--role",
        "SUPPORT",
    ];
    shared.run(&support);
    assert!(
        listed().contains(&format!("{email}  SUPPORT")),
        "{}",
        listed()
    );
    assert_eq!(again.get("/panel/audit").await.status, 403);
}
