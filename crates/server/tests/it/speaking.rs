//! Commands speak: lists have a header or are JSON, a change says what it did, a failure is an exit
//! code, and whoever types a wrong name is told the right ones.

use crate::commands::printed;
use crate::panel::Panel;
use crate::process::{Ended, ended, galata, until, words};
use crate::shop::{GARANTI, Shop};
use serde_json::{Value, json};
use server::operations::Role;

fn said(shop: &Shop, arguments: &[&str]) -> Ended {
    ended(shop.command(arguments))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_and_show_has_a_header_and_is_json_when_asked() {
    let shop = &Shop::open().await;
    let merchant = shop.merchant.to_string();
    let payment = shop.pays(GARANTI).await.ok().id().to_string();
    shop.wait(30).await;
    shop.app.journal.flush().await;
    let of = ["--merchant", merchant.as_str()];
    shop.run(&words(&format!(
        "user create --merchant {merchant} --email a@example.com"
    )));
    let list = |command: &[&str]| -> Value {
        let json = shop.run(&[command, &["--json"]].concat());
        serde_json::from_str(&json).unwrap_or_else(|error| panic!("{command:?} {error}: {json}"))
    };
    for (command, header, field) in [
        (vec!["merchant", "list"], "ID", "name"),
        (
            vec!["merchant", "key", "list", &merchant],
            "API KEY",
            "createdAt",
        ),
        (vec!["pos", "list", of[0], of[1]], "ID", "withoutCvc"),
        (vec!["apm", "list", of[0], of[1]], "ID", "endpoint"),
        (vec!["user", "list", of[0], of[1]], "EMAIL", "role"),
        (vec!["webhook", "list", of[0], of[1]], "ID", "payloadId"),
        (vec!["request", "list", of[0], of[1]], "ID", "path"),
    ] {
        let text = shop.run(&command);
        assert!(text.starts_with(header), "{command:?}: {text}");
        let rows = list(&command);
        let rows = rows.as_array().unwrap();
        assert_eq!(rows.len(), text.lines().count() - 1, "{command:?}: {text}");
        assert!(!rows.is_empty() && !rows[0][field].is_null(), "{rows:?}");
        // The columns stand under each other.
        let (first, second) = (text.lines().next().unwrap(), text.lines().nth(1).unwrap());
        let column = first.rfind("  ").unwrap() + 2;
        let before: String = second.chars().take(column).collect();
        assert!(before.ends_with("  "), "{text}");
    }
    assert_eq!(
        list(&["payment", "doubts", of[0], of[1]]),
        json!({"doubts": [], "withoutOutcome": 0})
    );

    let shown = list(&["payment", "show", of[0], of[1], "--id", &payment]);
    assert_eq!(shown["payment"][0]["status"], "SUCCESS");
    assert_eq!(shown["attempts"][0]["attempt"], "APPROVED");
    assert!(shown["exchanges"][0].get("request").is_none());
    let shown = list(&[
        "payment",
        "show",
        "--exchanges",
        of[0],
        of[1],
        "--id",
        &payment,
    ]);
    assert!(shown["exchanges"][0]["request"].is_string());
    assert!(!shown.to_string().contains(GARANTI));
    let hook = list(&["webhook", "list", of[0], of[1]])[0]["id"].to_string();
    let shown = list(&["webhook", "show", of[0], of[1], "--id", &hook]);
    assert_eq!(shown["calls"][0]["result"], "200");
    let request = list(&["request", "list", of[0], of[1]])[0]["id"].to_string();
    let shown = list(&["request", "show", of[0], of[1], "--id", &request]);
    assert_eq!(shown["status"], 200);
    assert_eq!(list(&["merchant", "show", &merchant])["threeds"], "FULL");
    let keys = list(&["merchant", "keys", &merchant]);
    assert_eq!(keys["callbackKey"], crate::shop::CALLBACK_KEY);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_an_exit_code() {
    let shop = Shop::open().await;
    let merchant = shop.merchant.to_string();
    let poses = shop.run(&["pos", "list", "--merchant", &merchant, "--json"]);
    let poses: Value = serde_json::from_str(&poses).unwrap();
    let pos = poses[0]["id"].to_string();
    let of = ["--merchant", &merchant, "--id", &pos];
    let tested = said(&shop, &[&["pos", "test"], &of[..]].concat());
    assert!(tested.status.success(), "{}", tested.error);
    assert!(tested.out.starts_with("works"), "{}", tested.out);
    // Nobody listens at port 1.
    let away = ["--endpoint", "http://127.0.0.1:1/garanti"];
    shop.run(&[&["pos", "edit"], &of[..], &away].concat());
    let tested = said(&shop, &[&["pos", "test"], &of[..]].concat());
    assert_eq!(tested.status.code(), Some(1), "{}", tested.out);
    assert!(tested.out.starts_with("failed"), "{}", tested.out);
    let edit = ["apm", "edit", "--merchant", &merchant, "--endpoint"];
    shop.run(&[&edit[..], &["http://127.0.0.1:1/lender"]].concat());
    let tested = said(&shop, &["apm", "test", "--merchant", &merchant]);
    assert_eq!(tested.status.code(), Some(1), "{}", tested.out);

    shop.answers_webhooks(500);
    let mut test = shop.command(&["webhook", "test", "--merchant", &merchant]);
    test.env("GALATA_ALLOW_WEBHOOK_HOST", "127.0.0.1");
    let tested = ended(test);
    assert_eq!(tested.status.code(), Some(1), "{}", tested.out);
    assert!(tested.out.contains("500"), "{}", tested.out);

    // Keys that are shown once must not be lost behind a success.
    let mut full = shop.command(&["merchant", "key", "add", &merchant]);
    full.stdout(std::fs::File::create("/dev/full").unwrap());
    let status = tokio::task::block_in_place(|| full.status().unwrap());
    assert_eq!(status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_name_is_answered_with_the_right_ones_and_the_help_has_them() {
    let shop = Shop::open().await;
    let merchant = shop.merchant.to_string();
    let of = ["--merchant", merchant.as_str()];
    for (command, right) in [
        (
            "merchant feature MERCHANT x on",
            "alternative-payment-methods",
        ),
        ("merchant webhook-event MERCHANT x on", "THREEDS_VERIFY"),
        (
            "pos create --merchant MERCHANT --integrator FIBABANK",
            "GARANTI",
        ),
        (
            "pos create --merchant MERCHANT --integrator YKB --status x",
            "REFUND_ONLY",
        ),
        (
            "pos create --merchant MERCHANT --integrator YKB --authentication x",
            "NON_THREE_DS",
        ),
        (
            "pos create --merchant MERCHANT --integrator YKB --currency x",
            "TRY",
        ),
        ("apm create --merchant MERCHANT --type KLARNA", "MASLAK"),
        (
            "user create --merchant MERCHANT --email a@example.com --role x",
            "READ_ONLY",
        ),
        ("completions x", "zsh"),
    ] {
        let command = command.replace("MERCHANT", &merchant);
        let command = words(&command);
        let refused = said(&shop, &command);
        assert_eq!(refused.status.code(), Some(2), "{command:?}");
        assert!(
            refused.error.contains(right),
            "{command:?}: {}",
            refused.error
        );
        let named = if command.len() == 2 { 1 } else { 2 };
        let mut help = galata(&command[..named]);
        help.arg("--help");
        let help = ended(help);
        assert!(help.out.contains(right), "{command:?}: {}", help.out);
    }
    // Names may be typed in any case.
    let role = ["--email", "a@example.com", "--role", "support"];
    let made = shop.run(&[&["user", "create", of[0], of[1]], &role[..]].concat());
    assert!(made.contains("SUPPORT"), "{made}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_or_not_given_is_answered_with_where_to_find_it() {
    let shop = Shop::open().await;
    let merchant = shop.merchant.to_string();
    let of = ["--merchant", merchant.as_str()];
    let unknown = [
        ["pos", "list", "--merchant", "12"],
        ["apm", "list", "--merchant", "12"],
        ["webhook", "list", "--merchant", "12"],
        ["payment", "doubts", "--merchant", "12"],
        ["request", "list", "--merchant", "12"],
        ["user", "list", "--merchant", "12"],
        ["audit", "export", "--merchant", "12"],
        ["merchant", "key", "list", "12"],
        ["merchant", "threeds", "12", "half"],
    ];
    let unknown = unknown.map(|command| (command.to_vec(), "there is no merchant 12"));
    for (command, what) in unknown.into_iter().chain([
        (
            vec!["pos", "test", of[0], of[1], "--id", "7"],
            "`galata pos list",
        ),
        (
            vec!["webhook", "resend", of[0], of[1], "--id", "7"],
            "`galata webhook list",
        ),
        (
            vec!["request", "show", of[0], of[1], "--id", "7"],
            "`galata request list",
        ),
        (
            vec!["merchant", "key", "revoke", &merchant, "x"],
            "`galata merchant key list",
        ),
        (
            vec![
                "user",
                "role",
                of[0],
                of[1],
                "--email",
                "nobody@example.com",
                "--role",
                "OWNER",
            ],
            "`galata user list",
        ),
        (
            vec!["pos", "create", of[0], of[1], "--integrator", "YKB"],
            "--client-id, --terminal-id, --posnet-id, --threeds-key are needed\nhint: a credential need not \
             stand on the command line: --threeds-key-file PATH reads",
        ),
        (
            vec![
                "pos",
                "create",
                of[0],
                of[1],
                "--integrator",
                "GARANTI",
                "--client-id",
                "1",
                "--terminal-id",
                "2",
                "--user",
                "PROVAUT:a:b",
            ],
            "--threeds-key, --user PROVRFN:NAME:PASSWORD are needed\nhint: a credential need not stand on \
             the command line: --threeds-key-file PATH, --user-file PATH",
        ),
    ]) {
        let refused = shop.fails(&command);
        assert!(refused.contains(what), "{command:?}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_says_what_it_did() {
    let shop = Shop::open().await;
    let merchant = shop.merchant.to_string();
    let pos = shop.run(&["pos", "list", "--merchant", &merchant, "--json"]);
    let pos: Value = serde_json::from_str(&pos).unwrap();
    let pos = pos[0]["id"].to_string();
    let of = ["--merchant", merchant.as_str(), "--id", &pos];
    for (command, what) in [
        (
            vec![
                "merchant",
                "feature",
                &merchant,
                "alternative-payment-methods",
                "off",
            ],
            "alternative-payment-methods is off",
        ),
        (
            vec!["merchant", "webhook-event", &merchant, "API_AUTH", "off"],
            "API_AUTH are off",
        ),
        (
            vec![
                "merchant",
                "webhook",
                &merchant,
                "https://shop.example.com/h?token=x",
            ],
            "go to https://shop.example.com/h\n",
        ),
        (
            vec!["merchant", "webhook", &merchant, ""],
            "no webhooks any more",
        ),
        (
            vec!["merchant", "threeds", &merchant, "half"],
            "mdStatus 1 to 4",
        ),
        (vec!["merchant", "doubt", &merchant, "complete"], "is kept"),
        (
            vec!["apm", "deactivate", "--merchant", &merchant],
            "is passive",
        ),
        (
            vec!["apm", "activate", "--merchant", &merchant],
            "is active",
        ),
        (
            vec!["apm", "edit", "--merchant", &merchant, "--name", "K"],
            "is changed",
        ),
        (
            vec!["apm", "edit", "--merchant", &merchant, "--name", "K"],
            "is as it was, nothing was to change",
        ),
        (
            vec!["pos", "edit", of[0], of[1], of[2], of[3], "--name", "P"],
            "is changed",
        ),
        (
            vec!["pos", "edit", of[0], of[1], of[2], of[3]],
            "is as it was, nothing was to change: AUTOPILOT",
        ),
        (
            vec![
                "pos",
                "edit",
                of[0],
                of[1],
                of[2],
                of[3],
                "--threeds-key",
                "a new key",
            ],
            "is changed",
        ),
        (
            vec!["pos", "move", of[0], of[1], of[2], of[3], "down"],
            "Yapı Kredi, P",
        ),
        (
            vec!["pos", "deactivate", of[0], of[1], of[2], of[3]],
            "is PASSIVE",
        ),
    ] {
        let told = shop.run(&command);
        assert!(told.contains(what), "{command:?}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_leave_is_named_with_its_port_and_with_what_gives_leave() {
    let shop = Shop::open().await;
    let merchant = shop.merchant.to_string();
    let poses = shop.run(&["pos", "list", "--merchant", &merchant, "--json"]);
    let poses: Value = serde_json::from_str(&poses).unwrap();
    let pos = poses[0]["id"].to_string();
    let of = [
        "--merchant",
        &merchant,
        "--endpoint",
        "http://127.0.0.1:9999/x",
    ];
    for command in [&["pos", "edit", "--id", &pos][..], &["apm", "edit"]] {
        let mut command = shop.command(&[command, &of[..]].concat());
        command.env("GALATA_ALLOW_BANK_HOST", "127.0.0.1:7001");
        let refused = ended(command);
        assert!(!refused.status.success(), "{}", refused.out);
        for told in [
            "127.0.0.1:9999",
            "--allow-bank-host",
            "GALATA_ALLOW_BANK_HOST",
        ] {
            assert!(refused.error.contains(told), "{}", refused.error);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_a_second_time_is_told_and_one_of_several_is_named() {
    let shop = &Shop::open().await;
    let merchant = shop.merchant.to_string();
    let mut panel = Panel::sign_in(shop, Role::Owner).await;
    let line = format!(
        "pos create --merchant {merchant} --integrator YKB --client-id 6700 \
         --terminal-id 6711 --posnet-id 9 --threeds-key 1,2,3,4,5,6,7,8"
    );
    let create = words(&line);
    let create = &create[..];
    let first = said(shop, create);
    assert!(
        first.status.success() && !first.error.contains("warning"),
        "{}",
        first.error
    );
    let first = printed(&first.out, "pos");
    let again = said(shop, create);
    assert!(again.status.success(), "{}", again.error);
    assert!(
        again
            .error
            .contains(&format!("warning: pos {first} (YKB, AUTOPILOT)")),
        "{}",
        again.error
    );
    // One for another currency is nothing special.
    let euro = said(shop, &[create, &["--currency", "EUR"]].concat());
    assert!(
        euro.status.success() && !euro.error.contains("warning"),
        "{}",
        euro.error
    );
    let note = format!("href=\"/panel/poses/{first}\"");
    let page = |pos: &str| format!("/panel/poses/{pos}");
    let noted = panel.get(&page(printed(&again.out, "pos"))).await.ok();
    noted.has_all(&["Aynı üye işyeri ve terminal numaralarıyla", &note]);
    let other = panel.get(&page(printed(&euro.out, "pos"))).await.ok();
    other.lacks("Aynı üye işyeri");

    let made = shop.run(&["merchant", "create", "--name", "M"]);
    let merchant = printed(&made, "merchant");
    let of = ["--merchant", merchant];
    let account = [
        "--client-id",
        "c",
        "--endpoint",
        "http://127.0.0.1:1/lender",
    ];
    let create = [&["apm", "create"], &of[..], &account].concat();
    let first = said(shop, &create);
    assert!(
        first.status.success() && !first.error.contains("warning"),
        "{}",
        first.error
    );
    let first = printed(&first.out, "apm");
    let again = said(shop, &create);
    assert!(again.status.success(), "{}", again.error);
    assert!(
        again
            .error
            .contains(&format!("warning: apm {first} (Maslak, passive)")),
        "{}",
        again.error
    );
    let second = printed(&again.out, "apm");
    for command in ["activate", "test", "edit"] {
        let refused = shop.fails(&[&["apm", command], &of[..]].concat());
        let told = format!("--id: {first} (Maslak, passive), {second} (Maslak, passive)");
        assert!(
            refused.contains("2 definitions of type MASLAK"),
            "{refused}"
        );
        assert!(refused.contains(&told), "{refused}");
        assert!(!refused.contains("are active"), "{refused}");
    }
    // All that an active one lacks is told at once.
    let refused = shop.fails(&[&["apm", "activate", "--id", second], &of[..]].concat());
    assert!(
        refused.contains("--client-secret, --notification-secret are needed"),
        "{refused}"
    );
    assert!(refused.contains("--client-secret-file"), "{refused}");
}

#[test]
fn what_a_variable_sets_is_not_called_for() {
    let mut command = galata(&["pos", "create"]);
    command
        .env("GALATA_DATABASE_URL", "sqlite:///tmp/x.db")
        .env("GALATA_KEY", "1:x")
        .env("GALATA_ALLOW_BANK_HOST", "127.0.0.1");
    let refused = String::from_utf8(command.output().unwrap().stderr).unwrap();
    assert!(
        refused.contains("--merchant <ID>") && refused.contains("--help"),
        "{refused}"
    );
    for set in ["--database-url", "--key", "--allow-bank-host"] {
        assert!(!refused.contains(set), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_only_works_says_so_at_the_start() {
    let shop = Shop::open().await;
    let mut work = shop.command(&["work"]);
    let log = shop.files.0.join("work.log");
    work.stderr(std::fs::File::create(&log).unwrap());
    let mut work = work.spawn().unwrap();
    let read = || std::fs::read_to_string(&log).unwrap();
    until("the start is told", async || {
        read().contains("working").then_some(())
    })
    .await;
    work.kill().unwrap();
    work.wait().unwrap();
    assert!(read().contains(env!("CARGO_PKG_VERSION")), "{}", read());
}

#[test]
fn the_help_begins_with_what_a_person_wants_and_shows_defaults_as_they_are_typed() {
    let help = ended_plain(&["--help"]);
    assert!(help.starts_with("Galata takes card payments"), "{help}");
    assert!(help.contains("galata doctor"), "{help}");
    let serve = ended_plain(&["serve", "--help"]);
    let serve = serve.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        serve.contains("[default: 30,10,30,180,600,1800]"),
        "{serve}"
    );
    for shell in ["bash", "zsh", "fish"] {
        let script = ended_plain(&["completions", shell]);
        assert!(script.contains("webhook-event"), "{shell}");
    }
}

fn ended_plain(arguments: &[&str]) -> String {
    let output = galata(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_and_addresses_are_taken_as_they_are_shown() {
    let shop = Shop::open().await;
    let allow = ["--allow-webhook-host", "127.0.0.1"];
    let doctor = |arguments: &[&str]| said(&shop, &[&["doctor"], &allow[..], arguments].concat());
    let taken = doctor(&[
        "--webhook-waits",
        "30,10,30,180,600,1800",
        "--listen",
        "8099",
    ]);
    assert_ne!(taken.status.code(), Some(1), "{}", taken.out);
    assert!(taken.out.contains("127.0.0.1:8099"), "{}", taken.out);
    for wrong in [["--webhook-waits", "30 10"], ["--listen", "nowhere"]] {
        let refused = doctor(&wrong);
        assert_eq!(refused.status.code(), Some(2));
        assert!(refused.error.contains("write "), "{}", refused.error);
    }
}
