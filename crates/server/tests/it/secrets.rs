//! Credentials need not stand on a command line: each is read from its flag, from a file, from
//! standard input or from its environment variable, and never repeated.

use crate::process::{Ended, ended, galata, words};
use crate::shop::Shop;
use contract::enums::PosOperationType;
use server::store::{apms, poses};
use std::io::Write;
use std::process::{Command, Stdio};

/// Runs a command on the shop's database that reads `input`.
fn with_input(shop: &Shop, arguments: &[&str], input: &str) -> Ended {
    fed(shop.command(arguments), input)
}

/// Runs a command that reads `input`.
fn fed(mut command: Command, input: &str) -> Ended {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let output = tokio::task::block_in_place(|| {
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // Who does not read has ended already.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().unwrap()
    });
    Ended {
        status: output.status,
        out: String::from_utf8(output.stdout).unwrap(),
        error: String::from_utf8(output.stderr).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bank_and_lender_credentials_come_from_files_standard_input_and_environment() {
    let shop = Shop::open().await;
    let (app, merchant_id) = (&shop.app, shop.merchant);
    let merchant = merchant_id.to_string();
    let file = |name: &str, text: &str| {
        let path = shop.files.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let users = file("users", "PROVAUT:AUT:pass:word\n\nprovrfn:RFN:other\n");
    let line = format!(
        "pos create --merchant {merchant} --integrator garanti --client-id 1 \
         --terminal-id 2 --user-file {users} --threeds-key-file -"
    );
    let create = words(&line);
    let made = with_input(&shop, &create, "a key of 3ds\r\n");
    assert!(made.status.success(), "{}", made.error);
    let stored = poses::of_merchant(app, merchant_id).await.unwrap();
    let credentials = &stored
        .iter()
        .find(|pos| pos.settings.numbers.client_id == "1")
        .unwrap()
        .credentials;
    assert_eq!(credentials.threeds_key.expose(), "a key of 3ds");
    let users: Vec<_> = credentials.users.iter().collect();
    assert_eq!(users[0].operation, PosOperationType::Provaut);
    assert_eq!(users[0].password.expose(), "pass:word");
    assert_eq!(users[1].name, "RFN");

    let secret = file("secret", "of the lender\n");
    let line = format!("apm edit --merchant {merchant} --client-secret-file {secret}");
    let edit = words(&line);
    let mut edit = shop.command(&edit);
    let notification = file("notification", "of its notifications");
    edit.env("GALATA_APM_NOTIFICATION_SECRET_FILE", notification);
    let edited = ended(edit);
    assert!(edited.status.success(), "{}", edited.error);
    let apm = apms::of_merchant(app, merchant_id).await.unwrap().remove(0);
    assert_eq!(apm.account.client_secret.expose(), "of the lender");
    let notification = apm.account.notification_secret;
    assert_eq!(notification.expose(), "of its notifications");

    let own = "merchant-own-key-of-32-characters";
    let replaced = with_input(
        &shop,
        &["merchant", "webhook-key", &merchant, "--own-file", "-"],
        own,
    );
    assert!(replaced.out.contains(own), "{}", replaced.error);

    // Nothing is empty by accident, and one credential is said once.
    let empty = file("empty", "\n");
    let refused = shop.fails(&words(&format!(
        "apm edit --merchant {merchant} --client-secret-file {empty}"
    )));
    assert!(
        refused.contains("--client-secret-file") && refused.contains("it is empty"),
        "{refused}"
    );
    let line = format!("apm edit --merchant {merchant} --client-secret-file /no/file");
    let missing = words(&line);
    assert!(shop.fails(&missing).contains("/no/file"));
    let mut twice = shop.command(&["apm", "edit", "--merchant", &merchant]);
    twice.args(["--client-secret", "x", "--client-secret-file", &empty]);
    assert_eq!(ended(twice).status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn database_and_key_come_from_files_and_standard_input() {
    let shop = Shop::open().await;
    let file = shop.files.0.join("database-url");
    std::fs::write(&file, format!("{}\n", shop.database_url)).unwrap();
    let arguments = ["merchant", "list", "--key-file", "-", "--database-url-file"];
    let mut arguments = arguments.to_vec();
    let file = file.display().to_string();
    arguments.push(&file);
    // Neither the shop's variables: the flags alone.
    let done = fed(galata(&arguments), &format!("{}\n", shop.keys));
    assert!(done.status.success(), "{}", done.error);
    let list = done.out;
    assert!(list.contains(&shop.merchant.to_string()), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_is_refused_is_not_repeated() {
    let shop = Shop::open().await;
    let merchant = shop.merchant.to_string();
    for wrong in ["PROVAUT-geheim", "NOBODY:name:geheim"] {
        let refused = shop.fails(&words(&format!(
            "pos create --merchant {merchant} --integrator GARANTI --user {wrong}"
        )));
        assert!(!refused.contains("geheim"), "{refused}");
        assert!(
            refused.contains("--user") && refused.contains("PROVAUT"),
            "{refused}"
        );
    }
    // Every credential has the three ways, and the help says so without what they hold.
    for (command, flags) in [
        (
            &["pos", "create"][..],
            &["threeds-key", "user", "key", "database-url"][..],
        ),
        (&["apm", "edit"], &["client-secret", "notification-secret"]),
        (&["merchant", "callback-key"], &["own"]),
        (&["serve"], &["smtp-url", "key", "database-url"]),
    ] {
        let help = ended(galata(&[command, &["--help"]].concat())).out;
        for flag in flags {
            assert!(
                help.contains(&format!("--{flag}-file <PATH>")),
                "{flag}: {help}"
            );
        }
    }
}
