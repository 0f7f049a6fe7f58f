//! A database knows its key: whoever comes with another one is told so, before anything is read,
//! written or served.

use crate::process::ended;
use crate::shop::Shop;
use server::commands::new_key;
use server::store::db::{Commit, params};

const WRONG: &str = "this is not the key of this database";

/// A command with these keys.
fn with_keys(shop: &Shop, keys: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = shop.command(arguments);
    command.env("GALATA_KEY", keys);
    let ended = ended(command);
    (ended.status.code(), format!("{}{}", ended.out, ended.error))
}

/// A command with a key that is not the database's.
fn with_another_key(shop: &Shop, arguments: &[&str]) -> (Option<i32>, String) {
    with_keys(shop, &new_key(), arguments)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_refused_by_every_command_in_one_sentence() {
    let shop = Shop::open().await;
    for arguments in [
        &["doctor"][..],
        &["merchant", "list"],
        &["merchant", "create", "--name", "M"],
        &["migrate"],
        &["work"],
        &["serve", "--listen", "127.0.0.1:0"],
    ] {
        let (code, said) = with_another_key(&shop, arguments);
        assert_eq!(code, Some(1), "{arguments:?}: {said}");
        assert_eq!(said.matches(WRONG).count(), 1, "{arguments:?}: {said}");
        assert!(said.contains("give the key file"), "{said}");
    }
    shop.run(&["merchant", "list"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_from_before_takes_only_the_key_that_opens_its_merchants() {
    let shop = Shop::open().await;
    let run = async |sql| {
        let mut commit = Commit::new(0, 0);
        commit.maybe(sql, params![]);
        shop.app.db.commit(commit).await.unwrap();
    };
    run("drop table vault_checks").await;
    run("delete from migrations where version = 8").await;
    let refused = shop.fails(&["merchant", "list"]);
    assert!(refused.contains("hint: `galata migrate`"), "{refused}");
    assert_eq!(refused.matches("hint:").count(), 1, "{refused}");

    let (code, said) = with_another_key(&shop, &["migrate"]);
    assert!(code == Some(1) && said.contains(WRONG), "{said}");
    // Nothing was sealed by it.
    let refused = shop.fails(&["merchant", "list"]);
    assert!(refused.contains("no key has been used"), "{refused}");
    shop.run(&["migrate"]);
    shop.run(&["merchant", "list"]);
    let (code, said) = with_another_key(&shop, &["migrate"]);
    assert!(code == Some(1) && said.contains(WRONG), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_key_in_a_file_does_nothing_before_it_is_brought_into_use() {
    let shop = Shop::open().await;
    let second = new_key().replacen("1:", "2:", 1);
    let with = |keys: &str, arguments: &[&str]| with_keys(&shop, keys, arguments);
    let both = format!("{}\n{second}", shop.keys);
    for arguments in [
        &["doctor"][..],
        &["migrate"],
        &["merchant", "create", "--name", "M"],
    ] {
        let (_, said) = with(&both, arguments);
        assert!(!said.contains("error"), "{said}");
        shop.run(&["merchant", "list"]);
    }
    // This server was started without it.
    let (code, said) = with(&both, &["key", "rotate"]);
    assert_eq!(code, Some(1), "{said}");
    let lacks = format!("/{}/", std::process::id());
    assert!(said.contains(&lacks), "{said}");
    shop.run(&["merchant", "list"]);
    assert_eq!(shop.raw("GET", "/readyz", b"", &[]).await.status, 200);
    shop.clock.advance_seconds(2);

    // Its lease has ended, as if it had been killed: what it seals nobody else waits for.
    let ended = "update nodes set until = $1";
    let long_ago = params!["2026-01-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap()];
    shop.execute(ended, long_ago).await;
    let (code, said) = with(&both, &["key", "rotate"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("every value is encrypted with key 2"),
        "{said}"
    );
    let (_, said) = with(&both, &["doctor"]);
    assert!(said.contains("✓ key opens the data"), "{said}");
    let serve = &["serve", "--listen", "127.0.0.1:0"][..];
    for (keys, lacks) in [(&shop.keys, 2), (&second, 1)] {
        let lacks = format!("key {lacks} is missing from --key-file");
        for arguments in [serve, &["doctor"], &["migrate"], &["merchant", "list"]] {
            let (code, said) = with(keys, arguments);
            assert_eq!(code, Some(1), "{arguments:?}: {said}");
            assert_eq!(said.matches(&lacks).count(), 1, "{arguments:?}: {said}");
        }
    }
    // The second one is known as well.
    let other = format!("{}\n{}", shop.keys, new_key().replacen("1:", "2:", 1));
    let (code, said) = with(&other, &["merchant", "list"]);
    assert!(code == Some(1) && said.contains(WRONG), "{said}");
    // The server that was forgotten has its file to be mended.
    let ready = shop.raw("GET", "/readyz", b"", &[]).await;
    assert_eq!((ready.status, ready.body), (503, "key\n".into()));
}
