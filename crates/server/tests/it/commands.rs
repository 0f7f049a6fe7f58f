//! The binary `galata`: its help, what it prints and what it refuses, and a merchant set up by
//! commands alone.

use crate::process::{ended, galata, words};
use crate::shop::{GARANTI, PAY, Shop, payment};
use serde_json::{Value, json};
use server::operations::Actor;
use server::setup::{self, MerchantSetup};

/// The value of a line `name  value` of a command's output.
#[track_caller]
pub fn printed<'a>(out: &'a str, name: &str) -> &'a str {
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

/// The help of a command as one line, asked for while variables hold what must not be shown.
fn help_of<'a>(name: &str, hidden: impl Iterator<Item = &'a str>) -> String {
    let mut arguments: Vec<&str> = name.split_whitespace().collect();
    arguments.push("--help");
    let mut command = galata(&arguments);
    // A help is shown to anybody: it must not show what the environment holds.
    for variable in hidden {
        command.env(variable, "not-to-be-shown");
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{name}");
    let help = String::from_utf8(output.stdout).unwrap();
    // Long helps are broken into lines anywhere.
    help.split_whitespace().collect::<Vec<_>>().join(" ")
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
    let table: [(&str, &[&[&str]]); 63] = [
        ("", &[]),
        ("key", &[]),
        ("key add", &[]),
        ("key rotate", &[&store]),
        ("key retire", &[&store]),
        ("card list", &[&store]),
        ("card delete", &[&store]),
        ("card import", &[&store]),
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
        ("payment capture", &[&store]),
        ("payment refund", &[&store]),
        ("payment inquire-refund", &[&store]),
        ("payment settle-refund", &[&store]),
        ("webhook list", &[&store]),
        ("webhook resend", &[&store]),
        ("audit export", &[&store]),
        ("merchant show", &[&store]),
        ("pos activate", &[&store]),
        ("pos commissions import", &[&store]),
        ("routing rules", &[&store]),
        ("routing add", &[&store]),
        ("routing dry-run", &[&store]),
        ("reconcile", &[&store]),
        ("bins import", &[&store]),
        ("bins reset", &[&store]),
        ("bins show", &[&store]),
        ("bins export", &[&store]),
        ("difference list", &[&store]),
        ("difference close", &[&store]),
        ("completions", &[]),
    ];
    for (name, groups) in table {
        let hidden = secrets.iter().chain(&threeds).copied();
        let help = help_of(name, hidden.chain(["GALATA_KEY", "GALATA_DATABASE_URL"]));
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
    let files = crate::shop::tempdir::Dir::new();
    let url = crate::shop::fresh_database(&files).await;
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
    let file = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let made = if url.starts_with("sqlite:") {
        format!("made {file}\n")
    } else {
        String::new()
    };
    for said in [&made[..], ""] {
        let migrated = run(&["migrate"]);
        assert!(migrated.status.success(), "{}", migrated.error);
        assert_eq!(migrated.out, format!("{said}the database is up to date\n"));
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
    let shop = Shop::open().await;
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let mut missing = shop.command(&serve);
    missing.env_remove("GALATA_KEY");
    let missing = ended(missing);
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        missing.error.contains("no encryption key"),
        "{}",
        missing.error
    );
    for key in ["", "1", "1:short", "x:AAAA", "1:AAAA"] {
        let mut command = shop.command(&serve);
        command.env("GALATA_KEY", key);
        let refused = ended(command);
        assert!(!refused.status.success(), "{key}");
        assert!(
            key.len() < 4 || !refused.error.contains(key),
            "{}",
            refused.error
        );
    }
    let refused = shop.fails(&["serve", "--listen", "0.0.0.0:0"]);
    assert!(refused.contains("no public URL"), "{refused}");

    let demo = MerchantSetup {
        name: "Demo".to_owned(),
        demo: true,
        ..MerchantSetup::default()
    };
    setup::create_merchant(&shop.app, &Actor::operator(), demo)
        .await
        .unwrap();
    let refused = shop.fails(&serve);
    assert!(refused.contains("demo merchant"), "{refused}");
    assert!(refused.contains("hint:"), "{refused}");
    let doctor = ended(shop.command(&["doctor"]));
    assert_eq!(doctor.status.code(), Some(1));
    assert!(doctor.out.contains("holds the sandbox's demo merchant"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_is_set_up_by_commands_alone_and_takes_a_payment() {
    let shop = &Shop::open().await;
    let made = shop.run(&["merchant", "create", "--name", "Kitapçı"]);
    let id = printed(&made, "merchant");
    let (api_key, secret) = (printed(&made, "api key"), printed(&made, "secret key"));
    assert_ne!(
        printed(&made, "callback key"),
        printed(&made, "webhook key")
    );
    let list = shop.run(&["merchant", "list"]);
    assert!(list.contains(&format!("{id}  Kitapçı")), "{list}");
    assert!(!list.contains(secret));

    shop.run(&words(&format!(
        "merchant feature {id} alternative-payment-methods on"
    )));
    shop.fails(&["merchant", "feature", id, "time-travel", "on"]);
    shop.fails(&words("merchant feature 7 alternative-payment-methods on"));
    shop.run(&["merchant", "webhook", id, "https://shop.example.com/hook"]);
    shop.fails(&["merchant", "webhook", id, "javascript:alert(1)"]);
    shop.run(&["merchant", "webhook-event", id, "API_AUTH", "off"]);
    shop.fails(&["merchant", "webhook-event", id, "API_X", "off"]);
    shop.run(&["merchant", "threeds", id, "half"]);
    shop.run(&["merchant", "doubt", id, "complete"]);
    let merchant = setup::merchant(&shop.app, id.parse().unwrap())
        .await
        .unwrap();
    assert_eq!(merchant.webhook_url, "https://shop.example.com/hook");
    assert!(merchant.half_threeds && merchant.completes_doubt);

    let base = format!("{}/garanti", shop.bank);
    let line = format!(
        "pos create --merchant {id} --integrator GARANTI --client-id 7000679 \
         --terminal-id 30691298 --threeds-key 12345678 --user \
         PROVAUT:PROVAUT:123qweASD/ --user PROVRFN:PROVRFN:123qweASD/ \
         --authentication THREE_DS,NON_THREE_DS --endpoint"
    );
    let create = words(&line);
    let with_endpoint = |endpoint| [&create[..], &[endpoint]].concat();
    let refused = shop.fails(&with_endpoint("https://evil.example.com/garanti"));
    assert!(refused.contains("evil.example.com"), "{refused}");
    let mut no_leave = shop.command(&with_endpoint(&base));
    no_leave.env_remove("GALATA_ALLOW_BANK_HOST");
    let no_leave = ended(no_leave);
    assert!(no_leave.error.contains("not allowed"), "{}", no_leave.error);
    let pos = shop.run(&with_endpoint(&base));
    let pos = printed(&pos, "pos");
    let line = format!("pos edit --merchant {id} --id {pos} --name Mağaza --order-number 3");
    let edited = words(&line);
    shop.run(&edited);
    let mut elsewhere = edited.to_vec();
    elsewhere.extend(["--endpoint", "http://10.0.0.1/x"]);
    shop.fails(&elsewhere);
    shop.fails(&["pos", "edit", "--merchant", id, "--id", "7", "--name", "x"]);
    let poses = shop.run(&["pos", "list", "--merchant", id]);
    assert!(
        poses.contains("  Mağaza\n") && poses.contains("http://127.0.0.1:"),
        "{poses}"
    );
    assert!(!poses.contains("123qweASD/"));

    let body = payment(GARANTI).to_string();
    let paid = shop.call_as((api_key, secret), "POST", PAY, &body).await;
    assert_eq!(paid.ok().data("pos.name"), "Mağaza");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lenders_account_is_active_only_when_complete() {
    use simulator::lenders::{CLIENT_ID, CLIENT_SECRET, NOTIFICATION_SECRET};
    let shop = Shop::open().await;
    let made = shop.run(&["merchant", "create", "--name", "M"]);
    let id = printed(&made, "merchant");
    let endpoint = format!("{}/lender", shop.bank);
    let refused = shop.fails(&words(&format!(
        "apm create --merchant {id} --endpoint https://evil.example.com"
    )));
    assert!(refused.contains("evil.example.com"), "{refused}");
    shop.fails(&words(&format!(
        "apm create --merchant {id} --endpoint http://shop.example.com"
    )));
    shop.fails(&["apm", "create", "--merchant", id, "--type", "NOBODY"]);
    let created = shop.run(&["apm", "create", "--merchant", id, "--approval", "103=AUTO"]);
    let apm: i64 = printed(&created, "apm").parse().unwrap();
    let refused = shop.fails(&["apm", "activate", "--merchant", id]);
    assert!(refused.contains("client-id"), "{refused}");

    let edit = ["apm", "edit", "--merchant", id];
    for wrong in [
        ["--approval", "103"],
        ["--approval", "103=SOMETIMES"],
        ["--approval", "10=AUTO"],
        ["--time-limit-seconds", "59"],
        ["--loan-type", "COMMERCIAL"],
    ] {
        shop.fails(&[&edit[..], &wrong].concat());
    }
    let mut whole = shop.command(&edit);
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
        server::store::apms::one_of_merchant(&shop.app, merchant, apm)
            .await
            .unwrap()
            .unwrap()
    };
    shop.run(&["apm", "activate", "--merchant", id]);
    let now = stored().await;
    assert!(now.active);
    assert_eq!(Value::Object(now.approval_modes), json!({"064": "MANUAL"}));
    assert_eq!(now.account.client_secret.expose(), CLIENT_SECRET);
    let list = shop.run(&["apm", "list", "--merchant", id]);
    assert!(list.contains("  MASLAK  active  Kredi  "), "{list}");
    assert!(!list.contains(CLIENT_SECRET));
    shop.run(&["apm", "deactivate", "--merchant", id]);
    assert!(!stored().await.active);
}
