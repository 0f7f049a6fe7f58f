//! `galata backup` and `galata restore`: a SQLite database copied while it is in use, and put back.

use crate::process::{Serving, ended, signal, until};
use crate::shop::{PAY, Shop, payment, tempdir};
use server::start::{self, Config};
use server::store::db::backup::{self, Step};
use server::store::db::{Db, Kind, Options, acknowledged, params};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

async fn pays(shop: &Shop) -> i64 {
    let made = shop.pays("5258640000000001");
    made.await.ok().id()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_use_is_copied_whole_and_put_back_once_nobody_uses_it() {
    let shop = &Shop::open().await;
    let file = shop.files.0.join("copy.db");
    let copy = file.to_str().unwrap();
    if shop.app.db.kind() == Kind::Postgres {
        for command in [&["backup", "--to", copy][..], &["restore", "--from", copy]] {
            let why = shop.fails(command);
            assert!(why.contains("PostgreSQL has its own tools"), "{why}");
        }
        return;
    }
    let before = pays(shop).await;
    let out = shop.run(&["backup", "--to", copy]);
    assert!(out.contains("bytes, checked"), "{out}");
    let after = pays(shop).await;
    let why = shop.fails(&["backup", "--to", copy]);
    assert!(why.contains("is there already"), "{why}");

    // What is put back in the place of a database that a server uses would be lost.
    let why = shop.fails(&["restore", "--from", copy]);
    assert!(why.contains("stop the server first"), "{why}");
    shop.app.db.close().await;
    // A wrong key replaces nothing.
    let mut wrong = shop.command(&["restore", "--from", copy]);
    wrong.env("GALATA_KEY", server::commands::new_key());
    let wrong = ended(wrong);
    assert!(!wrong.status.success(), "{}", wrong.out);
    let known = |id: i64| {
        let (merchant, id) = (shop.merchant.to_string(), id.to_string());
        let command = ["payment", "show", "--merchant", &merchant, "--id", &id];
        ended(shop.command(&command)).status.success()
    };
    assert!(known(before) && known(after));

    let out = shop.run(&["restore", "--from", copy]);
    assert!(out.contains("is restored and up to date"), "{out}");
    assert!(known(before) && !known(after));
    let merchant = shop.merchant.to_string();
    let audit = shop.run(&["audit", "export", "--merchant", &merchant]);
    assert!(audit.contains("database.restore"), "{audit}");
    // What was there before is kept.
    let kept = out
        .lines()
        .find_map(|line| line.strip_prefix("what was there is kept as "));
    let kept = PathBuf::from(kept.unwrap());
    assert!(kept.exists());
    let mut old = shop.command(&["payment", "show", "--merchant", &merchant]);
    old.args(["--id", &after.to_string()]);
    old.env("GALATA_DATABASE_URL", format!("sqlite:{}", kept.display()));
    assert!(ended(old).status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_backup_replaces_nothing() {
    let shop = Shop::open().await;
    if shop.app.db.kind() == Kind::Postgres {
        return;
    }
    let folder = &shop.files.0;
    let copy = folder.join("copy.db");
    shop.run(&["backup", "--to", copy.to_str().unwrap()]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    shop.app.db.close().await;
    let damaged = folder.join("damaged.db");
    let mut bytes = std::fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0x5a);
    std::fs::write(&damaged, bytes).unwrap();
    let (text, empty) = (folder.join("text.db"), folder.join("empty.db"));
    std::fs::write(&text, "not a database").unwrap();
    std::fs::write(&empty, "").unwrap();
    let missing = folder.join("missing.db");
    for file in [&damaged, &text, &empty, &missing, folder] {
        let file = file.to_str().unwrap();
        let why = shop.fails(&["restore", "--from", file]);
        assert!(why.starts_with(&format!("error: {file}")), "{why}");
        assert!(why.contains("\nhint: "), "{why}");
    }
    let own = folder.join("galata.db");
    let why = shop.fails(&["restore", "--from", own.to_str().unwrap()]);
    assert!(why.contains("is the database itself"), "{why}");
    let listed = shop.run(&["merchant", "list"]);
    assert!(listed.contains("Test"), "{listed}");
    // Whatever was there before is kept, however fast one restore follows the other.
    for _ in 0..3 {
        shop.run(&["restore", "--from", copy.to_str().unwrap()]);
    }
    let names = std::fs::read_dir(folder).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let kept = names.filter(|name| {
        let companion = ["-wal", "-shm", "-count"]
            .iter()
            .any(|end| name.ends_with(end));
        name.starts_with("galata.db.before-") && !companion
    });
    assert_eq!(kept.count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_cannot_be_written_names_its_target_and_leaves_nothing() {
    let shop = Shop::open().await;
    if shop.app.db.kind() == Kind::Postgres {
        return;
    }
    let folder = &shop.files.0;
    let (there, to) = (folder.join("there.db"), folder.join("copy.db"));
    std::fs::write(&there, "").unwrap();
    let nowhere = folder.join("none").join("copy.db");
    for (to, why) in [
        (&there, "is there already"),
        (&nowhere, "none is not there"),
        (folder, "is a folder"),
    ] {
        let said = shop.fails(&["backup", "--to", to.to_str().unwrap()]);
        assert!(said.contains(why) && said.contains("\nhint: "), "{said}");
    }
    assert_eq!(std::fs::read(&there).unwrap(), b"");
    // A disk that takes no more: the longest file that this process may write is 64 KiB.
    let backup = shop.command(&["backup", "--to", to.to_str().unwrap()]);
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", "trap '' XFSZ; ulimit -f 128; exec \"$0\" \"$@\""])
        .arg(backup.get_program())
        .args(backup.get_args());
    for (name, value) in backup.get_envs() {
        command.env(name, value.unwrap());
    }
    let full = ended(command);
    assert!(!full.status.success(), "{}", full.out);
    let what = format!("error: {} cannot be written", to.display());
    assert!(full.error.starts_with(&what), "{}", full.error);
    let names = std::fs::read_dir(folder).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(!names.any(|name| name.starts_with("copy.db")));
}

/// How many payments are in this database.
async fn payments(database: &Path) -> i64 {
    let options = Options {
        create: false,
        ..Options::default()
    };
    let url = format!("sqlite:{}", database.display());
    let db = Db::open(&url, options);
    let db = db.await.unwrap();
    let row = db
        .row("select count(*) as n from payments", params![])
        .await;
    db.close().await;
    row.unwrap().unwrap().int("n").unwrap()
}

/// What `restore` does before it takes anything's place.
async fn prepared(shop: &Shop, from: &Path, to: &Path) -> PathBuf {
    let (part, _held) = backup::prepare(from, to).unwrap();
    let app = start::open(Config {
        database_url: format!("sqlite:{}", part.display()),
        keys: shop.keys.clone(),
        migrate: true,
        must_exist: true,
        ..Config::default()
    });
    start::close(&app.await.unwrap()).await;
    part
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_stopped_between_any_two_steps_leaves_no_database_that_is_not_whole() {
    let shop = &Shop::open().await;
    if shop.app.db.kind() == Kind::Postgres {
        return;
    }
    let copy = shop.files.0.join("copy.db");
    pays(shop).await;
    shop.run(&["backup", "--to", copy.to_str().unwrap()]);
    pays(shop).await;
    let count = acknowledged::file_beside(&shop.files.0.join("galata.db"));
    until("it has counted", async || count.exists().then_some(())).await;
    // What was paid since stands in the log alone.
    let log = shop.files.0.join("galata.db-wal");
    assert!(std::fs::metadata(log).unwrap().len() > 0);
    let mut stops = 0..;
    loop {
        let stop: usize = stops.next().unwrap();
        let folder = tempdir::Dir::new();
        for ending in ["", "-wal", "-count"] {
            let name = format!("galata.db{ending}");
            std::fs::copy(shop.files.0.join(&name), folder.0.join(&name)).unwrap();
        }
        let to = folder.0.join("galata.db");
        let part = prepared(shop, &copy, &to).await;
        let (steps, kept) = backup::swap(&part, &to, "before").unwrap();
        steps
            .iter()
            .take(stop)
            .try_for_each(Step::carry_out)
            .unwrap();
        let on_it = |arguments: &[&str]| {
            let mut command = shop.command(arguments);
            command.env("GALATA_DATABASE_URL", format!("sqlite:{}", to.display()));
            ended(command)
        };
        match stop {
            // Nothing was done.
            0 => assert_eq!(payments(&to).await, 2),
            stop if stop < steps.len() => {
                for command in [
                    &["serve", "--listen", "127.0.0.1:0", "--migrate"][..],
                    &["backup", "--to", folder.0.join("half.db").to_str().unwrap()],
                ] {
                    let refused = on_it(command);
                    assert!(!refused.status.success(), "{stop}");
                    let why = refused.error;
                    assert!(
                        why.contains("a restore of") && why.contains("galata.db-restore"),
                        "{stop}: {why}"
                    );
                }
            }
            _ => assert_eq!(payments(&to).await, 1),
        }
        // The next restore comes to the end, and what was there before both is kept whole.
        let restored = on_it(&["restore", "--from", copy.to_str().unwrap()]);
        assert!(restored.status.success(), "{stop}: {}", restored.error);
        assert_eq!(payments(&to).await, 1, "{stop}");
        let kept = match stop {
            0 => PathBuf::from(restored.out.trim_end().rsplit(' ').next().unwrap()),
            _ => kept.unwrap(),
        };
        assert_eq!(payments(&kept).await, 2, "{stop}: {}", kept.display());
        if stop == steps.len() {
            break;
        }
    }
}

/// A `galata restore` that stands still while it has a copy beside the database and has not put it
/// there. One that was faster than the signal is begun again.
async fn restore_held(shop: &Shop, copy: &Path) -> Child {
    let part = shop.files.0.join("galata.db.part");
    loop {
        let mut restore = shop.command(&["restore", "--from", copy.to_str().unwrap()]);
        restore.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = restore.spawn().unwrap();
        while !part.exists() && child.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if child.try_wait().unwrap().is_none() {
            signal(&child, "-STOP");
            tokio::time::sleep(Duration::from_millis(50)).await;
            if part.exists() {
                return child;
            }
            signal(&child, "-CONT");
        }
        assert!(child.wait().unwrap().success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_keeps_everybody_out_until_it_ends_however_it_ends() {
    let shop = &Shop::open().await;
    if shop.app.db.kind() == Kind::Postgres {
        return;
    }
    let (copy, database) = (shop.files.0.join("copy.db"), shop.files.0.join("galata.db"));
    let copied = copy.to_str().unwrap();
    pays(shop).await;
    shop.run(&["backup", "--to", copied]);
    pays(shop).await;
    shop.app.db.close().await;

    let mut restore = restore_held(shop, &copy).await;
    let other = shop.files.0.join("other.db");
    for command in [
        &["serve", "--listen", "127.0.0.1:0", "--migrate"][..],
        &["work"],
        &["migrate"],
        &["merchant", "list"],
        &["backup", "--to", other.to_str().unwrap()],
        &["restore", "--from", copied],
    ] {
        let why = shop.fails(command);
        assert!(why.contains("is under way"), "{command:?}: {why}");
        assert!(why.contains("galata restore"), "{command:?}: {why}");
    }
    let doctor = ended(shop.command(&["doctor"]));
    assert_eq!(doctor.status.code(), Some(1));
    assert!(doctor.out.contains("is under way"), "{}", doctor.out);
    assert!(!other.exists());
    signal(&restore, "-CONT");
    let status = until("it ends", async || restore.try_wait().unwrap()).await;
    assert!(status.success());
    assert_eq!(payments(&database).await, 1);
    let merchant = shop.merchant.to_string();
    let audit = shop.run(&["audit", "export", "--merchant", &merchant]);
    assert_eq!(audit.matches("database.restore").count(), 1, "{audit}");

    // One that is killed keeps nobody out, and the next one is not misled by what it left.
    let mut killed = restore_held(shop, &copy).await;
    killed.kill().unwrap();
    killed.wait().unwrap();
    shop.run(&["merchant", "list"]);
    shop.run(&["restore", "--from", copied]);
    assert_eq!(payments(&database).await, 1);
    let left = std::fs::read_dir(&shop.files.0).unwrap();
    let mut left = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(!left.any(|name| name.contains(".part")));
}

/// Moves a database and what stands beside it.
fn move_database(from: &Path, to: &Path) {
    for ending in ["", "-wal", "-shm", "-count"] {
        let [from, to] = [from, to].map(|path| format!("{}{ending}", path.display()));
        std::fs::rename(from, to).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_file_is_replaced_says_so_and_acknowledges_nothing() {
    let shop = &Shop::open().await;
    if shop.app.db.kind() == Kind::Postgres {
        return;
    }
    let (copy, database) = (shop.files.0.join("copy.db"), shop.files.0.join("galata.db"));
    shop.run(&["backup", "--to", copy.to_str().unwrap()]);
    shop.app.db.close().await;
    let serve = shop.command(&["serve", "--no-jobs"]);
    let mut serving = Serving::start(&shop.http, serve, shop.files.0.join("log")).await;
    let (url, card) = (serving.url.clone(), payment("5258640000000001"));
    let pay = async || shop.post_at(&url, PAY, &card).await.unwrap();
    pay().await.ok();
    let why = shop.fails(&["restore", "--from", copy.to_str().unwrap()]);
    assert!(why.contains("stop the server first"), "{why}");

    let moved = shop.files.0.join("moved.db");
    move_database(&database, &moved);
    std::fs::copy(&copy, &database).unwrap();
    until("the log tells", async || {
        let told = "is not the file any more that this process has open";
        serving.logged().contains(told).then_some(())
    })
    .await;
    let reply = pay().await;
    assert_eq!(reply.status, 503, "{:#}", reply.body);
    let ledger = shop.orders().await;
    assert_eq!(ledger.len(), 1);
    let ready = async || {
        let url = format!("{}/readyz", serving.url);
        crate::shop::send(&shop.http, "GET", &url, b"", &[]).await
    };
    until("it is not ready", async || {
        let reply = ready().await;
        (reply.status == 503 && reply.body == "database\n").then_some(())
    })
    .await;
    // What lies there now is left alone.
    assert!(!acknowledged::file_beside(&database).exists());
    assert_eq!(payments(&database).await, 0);

    std::fs::remove_file(&database).unwrap();
    move_database(&moved, &database);
    until("it is ready again", async || {
        (ready().await.status == 200).then_some(())
    })
    .await;
    pay().await.ok();
    serving.terminate();
    serving.ended().await;
    assert_eq!(payments(&database).await, 2);
}
