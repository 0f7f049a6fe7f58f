//! What commands list, show, rotate and settle: the panel's work without the panel.

use crate::browser::fetch;
use crate::commands::printed;
use crate::panel::{PASSWORD, Panel};
use crate::process::{Serving, ended, words};
use crate::shop::{GARANTI, OTP, PAY, Shop, YKB};
use serde_json::Value;
use server::operations::{Actor, Role};

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_listed_added_rotated_and_revoked() {
    let shop = Shop::open().await;
    let made = shop.run(&["merchant", "create", "--name", "M"]);
    let (id, first) = (printed(&made, "merchant"), printed(&made, "api key"));
    let added = shop.run(&["merchant", "key", "add", id]);
    let second = printed(&added, "api key");
    let rotated = shop.run(&["merchant", "key", "rotate", id, first]);
    assert!(rotated.contains("24 more hours"), "{rotated}");
    let third = printed(&rotated, "api key");
    let list = shop.run(&["merchant", "key", "list", id]);
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
        let said = shop.run(&["merchant", "key", "revoke", id, key]);
        assert_eq!(said.contains("locked out"), !left, "{said}");
    }
    shop.fails(&["merchant", "key", "revoke", id, "unknown"]);
    let webhooks = shop.run(&["webhook", "list", "--merchant", id]);
    assert_eq!(webhooks.lines().count(), 1, "{webhooks}");
    shop.fails(&["webhook", "resend", "--merchant", id, "--id", "7"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn doubts_are_listed_inquired_and_settled() {
    let shop = &Shop::open().await;
    let id = shop.merchant.to_string();
    let in_doubt = async || {
        shop.fault("garanti", "sale", "lose_reply").await;
        shop.pays(GARANTI).await.in_doubt().to_string()
    };
    let (first, second) = (in_doubt().await, in_doubt().await);
    let list = shop.run(&["payment", "doubts", "--merchant", &id]);
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 3, "{list}");
    let json = shop.run(&["payment", "doubts", "--json", "--merchant", &id]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["doubts"][1]["payment"].to_string(), second);
    assert_eq!(json["withoutOutcome"], 0);
    assert!(lines[1].starts_with(&first), "{list}");
    assert!(
        lines[1].contains("  DOUBT  100.00  TRY       Garanti  "),
        "{list}"
    );
    let of = |id: &'static str| ["payment", id, "--merchant"];
    let inquire = [&of("inquire")[..], &[&id, "--id", &first]].concat();
    assert!(shop.run(&inquire).trim().ends_with("is FAILURE"));
    let settle = [
        &of("settle")[..],
        &[&id, "--id", &second, "--found", "taken"],
    ]
    .concat();
    shop.fails(&settle);
    shop.fails(&[&settle[..], &["--note", "x"]].concat());
    let said = shop.run(&[&settle[..], &["--note", "seen at the bank"]].concat());
    assert!(said.trim().ends_with("is SUCCESS"), "{said}");
    let none = shop.run(&["payment", "doubts", "--merchant", &id]);
    assert_eq!(none.lines().count(), 1, "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_leaves_whole_and_by_its_own_merchant_alone() {
    let shop = Shop::open().await;
    let made = shop.run(&["merchant", "create", "--name", "M"]);
    let (id, key) = (printed(&made, "merchant"), printed(&made, "api key"));
    let other = shop.run(&["merchant", "create", "--name", "Other"]);
    let other_key = printed(&other, "api key");
    // More than one batch.
    let by = Actor::operator();
    let merchant: i64 = id.parse().unwrap();
    for n in 0..120 {
        by.note_look(&shop.app, merchant, "payment.look", &n.to_string())
            .await
            .unwrap();
    }
    let file = shop.run(&["audit", "export", "--merchant", id]);
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
    shop.fails(&["audit", "export", "--merchant", "1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_panel_shows_of_payments_requests_and_webhooks_commands_show_too() {
    let shop = &Shop::open().await;
    let merchant = shop.merchant.to_string();
    let id = shop.pays(GARANTI).await.ok().id().to_string();
    let wrong = [
        ("x-api-key", "api-key"),
        ("x-rnd-key", "rnd"),
        ("x-auth-version", "v1"),
        (
            "x-signature",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ),
    ];
    let path = format!("{PAY}/{id}");
    assert_eq!(shop.raw("GET", &path, b"", &wrong).await.status, 401);
    shop.wait(30).await;
    shop.app.journal.flush().await;

    let of = ["--merchant", &merchant, "--id", &id];
    let shown = shop.run(&[&["payment", "show"], &of[..]].concat());
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
    let said = shop.run(&[&["payment", "show", "--exchanges"], &of[..]].concat());
    assert!(said.contains("GVPSRequest") && !said.contains(GARANTI));

    let calls = shop.run(&["webhook", "show", "--merchant", &merchant, "--id", hook]);
    assert!(
        calls.contains("x-cg-signature-v1: ") && calls.contains("  200  "),
        "{calls}"
    );
    let mut test = shop.command(&["webhook", "test", "--merchant", &merchant]);
    test.env("GALATA_ALLOW_WEBHOOK_HOST", "127.0.0.1");
    let tried = ended(test);
    assert!(tried.status.success(), "{}", tried.error);
    assert!(tried.out.contains("  200  "), "{}", tried.out);
    assert_eq!(shop.hooks("API_AUTH").len(), 2);

    // The explanation of a refused signature is written behind the answer.
    let mut listed = String::new();
    for _ in 0..100 {
        shop.app.journal.flush().await;
        listed = shop.run(&["request", "list", "--errors", "--merchant", &merchant]);
        if listed.lines().count() > 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let request = listed.lines().nth(1).unwrap();
    let request = request.split_whitespace().next().unwrap();
    let shown = shop.run(&["request", "show", "--merchant", &merchant, "--id", request]);
    assert!(
        shown.contains("expected") && shown.contains("AAAAAAAAAA"),
        "{shown}"
    );
    assert!(!shown.contains("secret-key"), "{shown}");

    let keys = shop.run(&["merchant", "keys", &merchant]);
    assert_eq!(printed(&keys, "callback key"), crate::shop::CALLBACK_KEY);
    let standard = "whsec_QW9oN3RSZVR5Yk82d09qQm1PSkZGc09SNTNTQm9qRXA=";
    assert_eq!(printed(&keys, "standard key"), standard);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_lost_the_authenticator_comes_in_by_the_operators_command() {
    let shop = &Shop::open().await;
    let mut panel = Panel::sign_in(shop, Role::Owner).await;
    panel.switch_totp_on().await;
    let merchant = shop.merchant.to_string();
    let email = "owner@example.com";
    let listed = || shop.run(&["user", "list", "--merchant", &merchant]);
    assert!(listed().contains("authenticator"), "{}", listed());
    shop.run(&["user", "totp-off", "--email", email]);
    assert!(!listed().contains("authenticator"), "{}", listed());
    // Whoever was in is out, and the password alone opens again.
    assert_eq!(panel.get("/panel").await.status, 303);
    let mut again = Panel::new(shop);
    again
        .sign_in_as(email, PASSWORD, "")
        .await
        .leads_to("/panel");

    let line = format!("user create --merchant {merchant} --email eve@example.com");
    let eve = words(&line);
    shop.run(&eve);
    let line = format!("user role --merchant {merchant} --email {email} --role SUPPORT");
    let support = words(&line);
    shop.run(&support);
    assert!(
        listed().contains(&format!("{email}  SUPPORT")),
        "{}",
        listed()
    );
    assert_eq!(again.get("/panel/audit").await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_3ds_key_is_seen_at_the_payment() {
    let shop = &Shop::open().await;
    let merchant = shop.merchant.to_string();
    let mut panel = Panel::sign_in(shop, Role::Owner).await;
    let poses = shop.run(&["pos", "list", "--merchant", &merchant, "--json"]);
    let poses: Value = serde_json::from_str(&poses).unwrap();
    let serve = shop.command(&["serve", "--no-jobs"]);
    let serving = Serving::start(&shop.http, serve, shop.files.0.join("serve.log")).await;
    for (bank, card, key) in [
        ("GARANTI", GARANTI, "87654321"),
        ("YKB", YKB, "20,20,20,20,20,20,20,20"),
    ] {
        let mut all = poses.as_array().unwrap().iter();
        let pos = all.find(|pos| pos["integrator"] == bank).unwrap();
        let id = pos["id"].to_string();
        let of = ["--merchant", &merchant, "--id", &id];
        shop.run(&[&["pos", "edit"], &of[..], &["--threeds-key", key]].concat());
        // The key looks fine to the test of the connection, which says that it did not try it.
        let tested = shop.run(&[&["pos", "test"], &of[..]].concat());
        let (_, left_out) = tested.split_once("not tried by this: ").unwrap();
        assert!(left_out.contains("the 3DS key"), "{tested}");

        let begun = shop.pays(card).begin_3ds().await;
        let mut page = begun.page();
        while !page.html.contains("doğrulanamadı") {
            let typed = if page.html.contains("name=\"otp\"") {
                &[("otp", OTP), ("action", "confirm")][..]
            } else {
                &[]
            };
            page = page.submit(&shop.http, typed).await;
        }
        // The same once more, to a server whose log can be read.
        let form = page.form();
        let (_, path) = form.action.split_once("/pages/").unwrap();
        let body: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&form.fields)
            .finish();
        let address = format!("{}/pages/{path}", serving.url);
        fetch(&shop.http, "POST", &address, body).await;
        let logged = serving.logged();
        let alias = pos["alias"].as_str().unwrap();
        let mut lines = logged.lines();
        let warning = lines.find(|line| line.contains("WARN") && line.contains(alias));
        let warning = warning.unwrap_or_else(|| panic!("{logged}"));
        assert!(warning.contains("3DS key may be wrong"), "{warning}");
        shop.app.journal.flush().await;

        let payment = begun.id.to_string();
        let of = ["--merchant", &merchant, "--id", &payment];
        let shown = shop.run(&[&["payment", "show"], &of[..]].concat());
        let mut lines = shown.lines();
        let back = lines.find(|line| line.contains("threeds_return")).unwrap();
        assert!(
            back.contains("could not be verified") && back.contains("3DS key right?"),
            "{shown}"
        );
        for (language, told) in [
            (
                "tr",
                "Bankanın cevabı doğrulanamadı: 3DS anahtarı doğru mu?",
            ),
            ("en", "could not be verified: is the 3DS key right?"),
        ] {
            let address = format!("/panel/payments/{payment}?lang={language}");
            panel.get(&address).await.ok().has(told);
            let address = format!("{address}&exchanges=1");
            panel.get(&address).await.ok().has(told);
        }
    }
}
