//! Stored cards in the panel and by command: seen masked, deleted when a shopper asks for it, and brought
//! from a former provider.

use crate::panel::Panel;
use crate::process::ended;
use crate::shop::{GARANTI, Shop, YKB, payment, with};
use serde_json::{Value, json};
use server::operations::Role;

const CARDS: &str = "/payment/v1/cards";

async fn stored(shop: &Shop, number: &str, over: Value) -> Value {
    let card = json!({
        "cardHolderName": "Haluk Demir", "cardNumber": number,
        "expireYear": "2044", "expireMonth": "07"
    });
    let stored = shop.post(CARDS, with(card, over)).await.ok();
    stored.body["data"].clone()
}

fn text<'a>(card: &'a Value, name: &str) -> &'a str {
    card[name].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_are_seen_masked_and_deleted_by_those_who_may() {
    let shop = &Shop::open().await;
    let mut panel = Panel::sign_in(shop, Role::Support).await;
    panel.language = "en";
    panel
        .get("/panel/cards")
        .await
        .ok()
        .has("No stored cards yet");
    let mine = stored(shop, GARANTI, json!({"cardAlias": "<b>work</b>"})).await;
    let other = stored(shop, YKB, json!({})).await;
    let page = panel.get("/panel/cards").await.ok();
    page.has_all(&[
        "520922******0002",
        "540063******0009",
        "&lt;b&gt;work",
        "Valid",
    ]);
    page.lacks_all(&[GARANTI, YKB, "<b>work"]);
    let of_one = format!("/panel/cards?user={}", text(&mine, "cardUserKey"));
    let of_one = panel.get(&of_one).await.ok();
    of_one.has("520922******0002");
    of_one.lacks("540063******0009");
    panel
        .get("/panel/cards?user=nobody")
        .await
        .ok()
        .has("No stored card has this key");
    panel.get("/panel/cards?page=99&user=%27").await.ok();
    panel
        .get("/panel/cards?page=x")
        .await
        .ok()
        .has("520922******0002");

    let fields = [
        ("user", text(&mine, "cardUserKey")),
        ("token", text(&mine, "cardToken")),
    ];
    // Who may look alone sees no button, and is refused.
    let mut reader = Panel::sign_in(shop, Role::ReadOnly).await;
    reader.language = "en";
    let seen = reader.get("/panel/cards").await.ok();
    seen.has("520922******0002");
    seen.lacks("/panel/cards/delete");
    assert_eq!(
        reader.post("/panel/cards/delete", &fields).await.status,
        403
    );

    panel
        .get("/panel/cards")
        .await
        .ok()
        .has("Yes, delete the card");
    let deleted = panel.post("/panel/cards/delete", &fields).await;
    deleted.leads_to("/panel/cards?done=removed");
    let again = panel.post("/panel/cards/delete", &fields).await;
    assert_eq!(again.status, 422, "{}", again.text);
    again.has_all(&["The stored card was not found", "540063******0009"]);
    again.lacks("520922******0002");
    let mut pays = payment(GARANTI);
    pays["card"] = json!({"cardUserKey": mine["cardUserKey"], "cardToken": mine["cardToken"]});
    shop.pays_as(pays).await.refused(422, 4156);

    let noted = shop.audit("card.delete").await;
    let outcomes: Vec<&str> = noted.iter().map(|entry| entry.outcome.as_str()).collect();
    assert_eq!(outcomes, ["DONE", "REFUSED"]);
    let was = noted[0].before.as_ref().unwrap();
    assert_eq!(was["card"], "520922******0002");
    assert!(!format!("{noted:?}").contains(text(&mine, "cardToken")));
    let mut owner = Panel::sign_in(shop, Role::Owner).await;
    owner.language = "en";
    owner
        .get("/panel/audit")
        .await
        .ok()
        .has("Stored card deleted");
    assert_eq!(text(&other, "lastFourDigits"), "0009");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_lists_and_deletes_cards_by_command() {
    let shop = &Shop::open().await;
    let mine = stored(shop, GARANTI, json!({})).await;
    stored(shop, YKB, json!({})).await;
    let merchant = shop.merchant.to_string();
    let list = ["card", "list", "--merchant", &merchant, "--json"];
    let listed: Value = serde_json::from_str(&shop.run(&list)).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(listed[0]["number"], "520922******0002");
    assert_eq!(listed[0]["cardToken"], mine["cardToken"]);
    let (user, token) = (text(&mine, "cardUserKey"), text(&mine, "cardToken"));
    let of_one = [&list[..], &["--card-user-key", user]].concat();
    let listed: Value = serde_json::from_str(&shop.run(&of_one)).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let delete = [
        "card",
        "delete",
        "--merchant",
        &merchant,
        "--card-user-key",
        user,
        "--card-token",
        token,
    ];
    assert!(shop.run(&delete).contains("deleted"));
    assert!(shop.fails(&delete).contains("stored card was not found"));
    assert!(!shop.run(&list).contains(token));
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_of_a_former_provider_are_brought_once_and_pay() {
    let shop = &Shop::open().await;
    let line = |token: &str, user: Option<&str>, number: &str, year: &str| {
        json!({
            "providerCardToken": token, "providerCardUserId": user, "externalId": format!("x-{token}"),
            "cardNumber": number, "expireYear": year, "expireMonth": "07",
            "cardHolderName": "Haluk Demir", "cardAlias": "old"
        })
        .to_string()
    };
    let good = [
        line("t1", Some("u1"), GARANTI, "2044"),
        String::new(),
        line("t2", Some("u1"), YKB, "2044"),
        line("t3", None, GARANTI, "2044"),
    ];
    let bad = [
        line("t4", None, "5209220000000003", "2044"),
        line("t5", None, GARANTI, "2020"),
        line(GARANTI, None, GARANTI, "2044"),
        "{\"providerCardToken\": 5209220000000002".to_owned(),
        "[]".to_owned(),
        "x".repeat(20_000),
    ];
    let file = shop.files.0.join("cards.jsonl");
    std::fs::write(&file, [&good[..], &bad[..]].concat().join("\n")).unwrap();
    let merchant = shop.merchant.to_string();
    let path = file.display().to_string();
    let import = [
        "card",
        "import",
        "--merchant",
        &merchant,
        "--provider",
        "iyzico",
        &path,
    ];
    let said = ended(shop.command(&import));
    assert_eq!(said.status.code(), Some(1), "{}", said.error);
    assert!(
        said.out
            .contains("3 cards were stored, 0 were here already, 7 were refused"),
        "{}",
        said.out
    );
    for at in [5, 6, 7, 8, 9] {
        assert!(
            said.error.contains(&format!("line {at}: ")),
            "{}",
            said.error
        );
    }
    assert!(!said.error.contains("52092200"), "{}", said.error);
    std::fs::write(&file, good.join("\n")).unwrap();
    let again = shop.run(&import);
    assert!(
        again.contains("0 cards were stored, 3 were here already, 0 were refused"),
        "{again}"
    );

    let found = async |query: &str| {
        let path = format!("{CARDS}/provider-card-mappings?cardProvider=IYZICO&{query}");
        shop.get(&path).await.ok().list("items").to_vec()
    };
    let (one, two) = (
        found("providerCardToken=t1").await,
        found("externalId=x-t2").await,
    );
    assert_eq!(one[0]["cardUserKey"], two[0]["cardUserKey"]);
    assert_eq!(found("providerCardUserId=u1").await.len(), 2);
    let mut pays = payment(GARANTI);
    pays["card"] = json!({"cardUserKey": one[0]["cardUserKey"], "cardToken": one[0]["cardToken"]});
    shop.pays_as(pays).await.succeeded();
    let noted = shop.audit("card.import").await;
    assert_eq!((noted.len(), noted[0].target.as_str()), (1, "IYZICO"));
    let unknown = shop.fails(&[
        "card",
        "import",
        "--merchant",
        &merchant,
        "--provider",
        "PAYPAL",
        &path,
    ]);
    assert!(unknown.contains("PAYPAL"), "{unknown}");
    let missing = shop.fails(&[
        "card",
        "import",
        "--merchant",
        &merchant,
        "--provider",
        "MEX",
        "/nowhere/cards",
    ]);
    assert!(missing.contains("/nowhere/cards"), "{missing}");
}

#[test]
fn a_key_is_added_to_a_file_which_stays_its_owners() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let files = crate::shop::tempdir::Dir::new();
    let path = files.0.join("galata.key");
    let shown = path.display().to_string();
    let run = |arguments: &[&str]| {
        let output = crate::process::galata(arguments).output().unwrap();
        let said =
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    };
    assert_eq!(run(&["key", "--out", &shown]).0, Some(0));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let first = std::fs::read_to_string(&path).unwrap();
    let (code, said) = run(&["key", "add", &shown]);
    assert!(code == Some(0) && said.contains("key 2"), "{said}");
    let both = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = both.lines().collect();
    assert!(lines.len() == 2 && lines[0] == first.trim() && lines[1].starts_with("2:"));
    assert!(!said.contains(&lines[1][2..20]), "{said}");
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
    let (code, said) = run(&["key", "add", &shown]);
    assert!(code == Some(0) && said.contains("key 3"), "{said}");

    for (text, told) in [
        ("rubbish", "base64"),
        ("", "no key"),
        (&format!("255:{}", &lines[0][2..]), "255"),
    ] {
        std::fs::write(&path, text).unwrap();
        let (code, said) = run(&["key", "add", &shown]);
        assert!(code == Some(1) && said.contains(told), "{text}: {said}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    let beside = std::fs::read_dir(&files.0).unwrap().count();
    assert_eq!(beside, 1);
}
