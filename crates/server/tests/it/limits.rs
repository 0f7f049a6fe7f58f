//! What happens when the database is frozen, damaged, or holds what it cannot: an answer within a
//! bound, a sentence, and nothing made up.

use crate::process::{Serving, ended, galata};
use crate::shop::{GARANTI, Shop, fresh_database, tempdir};
use server::clock::Clock;
use server::commands::new_key;
use server::start::{self, Config};
use server::store::db::{Commit, Db, Options, acknowledged};
use server::store::{attempts, payments};
use server::{params, store};
use std::path::Path;
use std::time::{Duration, Instant};

const PATH: &str = "/payment/v1/card-payments";

/// The backends of PostgreSQL that serve this shop, stopped until dropped.
struct Frozen(Vec<String>);

impl Frozen {
    fn signal(&self, signal: &str) {
        let done = std::process::Command::new("kill")
            .arg(signal)
            .args(&self.0)
            .status()
            .unwrap();
        assert!(done.success());
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

async fn frozen(shop: &Shop) -> Frozen {
    let rows = shop
        .app
        .db
        .rows(
            "select cast(pid as bigint) as pid from pg_stat_activity \
             where datname = current_database() and pid <> pg_backend_pid()",
            params![],
        )
        .await
        .unwrap();
    let own = shop
        .app
        .db
        .row("select cast(pg_backend_pid() as bigint) as pid", params![])
        .await
        .unwrap();
    let all = rows.iter().chain(own.iter());
    let mut pids: Vec<String> = all.map(|row| row.int("pid").unwrap().to_string()).collect();
    pids.sort();
    pids.dedup();
    let frozen = Frozen(pids);
    frozen.signal("-STOP");
    frozen
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_is_told_within_its_bound_and_then_forgotten() {
    let shop = Shop::open().await;
    let postgres = std::env::var("GALATA_TEST_DATABASE").as_deref() == Ok("postgres");
    if !postgres {
        return;
    }
    shop.pays(GARANTI).await.ok();
    let began = Instant::now();
    let frozen = frozen(&shop).await;
    let (probe, paid, read) = tokio::join!(
        store::probe(&shop.app.db, shop.app.now()),
        shop.pays(GARANTI),
        shop.get("/payment-reporting/v1/payments?page=0&size=1"),
    );
    assert!(probe.is_err());
    // New connections are served: a call may have met one.
    for reply in [&paid, &read] {
        assert!(matches!(reply.status, 200 | 503), "{reply:?}");
    }
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
    // The old connections are still frozen, and of no more interest.
    let began = Instant::now();
    shop.pays(GARANTI).await.ok();
    store::probe(&shop.app.db, shop.app.now()).await.unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    drop(frozen);
    shop.pays(GARANTI).await.ok();
}

fn is_sqlite() -> bool {
    std::env::var("GALATA_TEST_DATABASE").as_deref() != Ok("postgres")
}

fn config(folder: &Path, keys: &str) -> Config {
    Config {
        database_url: format!("sqlite://{}", folder.join("galata.db").display()),
        keys: keys.to_owned(),
        migrate: true,
        ..Config::default()
    }
}

/// What the operator is told at a start that is refused.
async fn refusal(folder: &Path, keys: &str) -> String {
    match start::open(config(folder, keys)).await {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_its_log_is_older_than_what_was_acknowledged() {
    if !is_sqlite() {
        return;
    }
    let (folder, copy, keys) = (tempdir::Dir::new(), tempdir::Dir::new(), new_key());
    let database = folder.0.join("galata.db");
    let app = start::open(config(&folder.0, &keys)).await.unwrap();
    crate::process::until("the database has counted itself", async || {
        acknowledged::kept(&database).unwrap()
    })
    .await;
    // The machine dies, and the log is lost with it.
    for name in ["galata.db", "galata.db-count"] {
        std::fs::copy(folder.0.join(name), copy.0.join(name)).unwrap();
    }
    let told = refusal(&copy.0, &keys).await;
    assert!(
        told.contains("is older than what was acknowledged") && told.contains("galata restore"),
        "{told}"
    );
    // With its log it is whole.
    std::fs::copy(folder.0.join("galata.db-wal"), copy.0.join("galata.db-wal")).unwrap();
    let whole = start::open(config(&copy.0, &keys)).await.unwrap();
    start::close(&whole).await;
    start::close(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_is_refused_until_it_is_put_there_knowingly() {
    if !is_sqlite() {
        return;
    }
    let (folder, keys) = (tempdir::Dir::new(), new_key());
    let database = folder.0.join("galata.db");
    let older = folder.0.join("older.db");
    for copy in [true, false] {
        let app = start::open(config(&folder.0, &keys)).await.unwrap();
        store::probe(&app.db, app.now()).await.unwrap();
        start::close(&app).await;
        if copy {
            std::fs::copy(&database, &older).unwrap();
        }
    }
    let newest = acknowledged::kept(&database).unwrap().unwrap();
    std::fs::copy(&older, &database).unwrap();
    let told = refusal(&folder.0, &keys).await;
    assert!(
        told.contains(&format!("mark {newest} was reached")),
        "{told}"
    );
    assert!(acknowledged::compare(&database).is_err());
    std::fs::remove_file(&database).unwrap();
    refusal(&folder.0, &keys).await;
    std::fs::copy(&older, &database).unwrap();
    std::fs::remove_file(acknowledged::file_beside(&database)).unwrap();
    let app = start::open(config(&folder.0, &keys)).await.unwrap();
    start::close(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_count_beside_the_database_never_leads() {
    if !is_sqlite() {
        return;
    }
    let (folder, keys) = (tempdir::Dir::new(), new_key());
    let database = folder.0.join("galata.db");
    let app = start::open(config(&folder.0, &keys)).await.unwrap();
    let mut seen = 0;
    let end = Instant::now() + Duration::from_secs(2);
    while Instant::now() < end {
        store::probe(&app.db, app.now()).await.unwrap();
        let kept = acknowledged::kept(&database);
        let reached = app
            .db
            .row("select count as n from acknowledged", params![])
            .await;
        if let (Ok(Some(kept)), Ok(Some(row))) = (kept, reached) {
            assert!(kept <= row.int("n").unwrap());
            seen = kept;
        }
    }
    // At most once a second, whatever is written.
    assert!((1..=3).contains(&seen), "{seen}");
    start::close(&app).await;
}

/// A folder with a database that has acknowledged something, and nothing beside it; and a command
/// on it.
fn copied(from: &Path) -> tempdir::Dir {
    let folder = tempdir::Dir::new();
    std::fs::copy(from, folder.0.join("galata.db")).unwrap();
    folder
}

fn on(folder: &Path, keys: &str, arguments: &[&str]) -> std::process::Command {
    let mut command = galata(arguments);
    let url = format!("sqlite://{}", folder.join("galata.db").display());
    command.env("GALATA_DATABASE_URL", url);
    command.env("GALATA_KEY", keys);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_compared_with_what_was_acknowledged_is_told() {
    if !is_sqlite() {
        return;
    }
    const TOLD: &str = "as new as what was acknowledged cannot be told";
    let (made, keys) = (tempdir::Dir::new(), new_key());
    let migrate = ended(on(&made.0, &keys, &["migrate"]));
    assert!(migrate.status.success() && !migrate.error.contains(TOLD));
    let database = made.0.join("galata.db");
    let list = ["merchant", "list"];
    let beside: [fn(&Path); 5] = [
        |_| {},
        |count| std::fs::write(count, "").unwrap(),
        |count| std::fs::write(count, "seven").unwrap(),
        |count| std::fs::write(count, "9".repeat(100_000)).unwrap(),
        |count| std::fs::create_dir(count).unwrap(),
    ];
    for (at, put) in beside.iter().enumerate() {
        let (folder, other) = (copied(&database), copied(&database));
        let count = folder.0.join("galata.db-count");
        put(&count);
        put(&other.0.join("galata.db-count"));
        let doctor = ended(on(&other.0, &keys, &["doctor"]));
        let line = doctor.out.lines().find(|line| line.contains(TOLD));
        assert!(
            line.is_some_and(|line| line.starts_with('!')),
            "{at} {}",
            doctor.out
        );
        let told = ended(on(&folder.0, &keys, &list));
        assert!(
            told.status.success() && told.error.contains("WARN"),
            "{at} {}",
            told.error
        );
        assert!(told.error.contains(TOLD), "{at} {}", told.error);
        // From then on it is counted again, unless that cannot be.
        let again = ended(on(&folder.0, &keys, &list));
        assert!(again.status.success());
        assert_eq!(
            again.error.contains(TOLD),
            count.is_dir(),
            "{at} {}",
            again.error
        );
        let unkept = again.error.contains("cannot be kept beside it");
        assert_eq!(unkept, count.is_dir(), "{at} {}", again.error);
    }
    let folder = copied(&database);
    let shop = Shop::open().await;
    let serve = on(&folder.0, &keys, &["serve", "--no-jobs"]);
    let serving = Serving::start(&shop.http, serve, folder.0.join("log")).await;
    let logged = serving.logged();
    assert!(logged.contains("WARN") && logged.contains(TOLD), "{logged}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn count_and_lock_belong_to_whom_the_database_belongs_whatever_was_left_there() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
    if !is_sqlite() {
        return;
    }
    let (folder, keys) = (tempdir::Dir::new(), new_key());
    assert!(ended(on(&folder.0, &keys, &["migrate"])).status.success());
    let database = folder.0.join("galata.db");
    std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o640)).unwrap();
    // As root, who runs commands beside a service of another user.
    let _ = chown(&database, Some(65_534), Some(65_534));
    let count = acknowledged::file_beside(&database);
    let lock = folder.0.join("galata.db-lock");
    for beside in [&count, &lock] {
        std::fs::remove_file(beside).unwrap();
    }
    symlink("/nowhere/at/all", folder.0.join("galata.db-count.new")).unwrap();
    let list = ended(on(&folder.0, &keys, &["merchant", "list"]));
    assert!(list.status.success(), "{}", list.error);
    assert!(!list.error.contains("cannot be kept"), "{}", list.error);
    let of = |path: &Path| {
        let is = std::fs::metadata(path).unwrap();
        (is.uid(), is.gid(), is.mode() & 0o777)
    };
    assert_eq!(of(&count), of(&database));
    assert_eq!(of(&lock), of(&database));
    assert_eq!(of(&count).2, 0o640);
}

async fn set(shop: &Shop, sql: &'static str) {
    let mut commit = Commit::new(shop.merchant, 0).any(sql, params![]);
    commit.change_settings();
    shop.app.db.commit(commit).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_out_of_range_stops_with_its_table_column_and_id() {
    let shop = Shop::open().await;
    let id = shop.pays(GARANTI).await.ok().id();
    let path = format!("{PATH}/{id}");
    for (spoil, mend, column) in [
        (
            "update payments set installment = 300",
            "update payments set installment = 1",
            "installment is 300",
        ),
        (
            "update payments set price_scale = -1",
            "update payments set price_scale = 0",
            "price_scale is -1",
        ),
        (
            "update payments set md_status = 256",
            "update payments set md_status = null",
            "md_status is 256",
        ),
        (
            "update payments set phase = 'SOON'",
            "update payments set phase = 'AUTH'",
            "phase holds a word that is not known",
        ),
    ] {
        set(&shop, spoil).await;
        assert_eq!(shop.get(&path).await.status, 503, "{column}");
        let error = payments::of_merchant(&shop.app, shop.merchant, id)
            .await
            .unwrap_err()
            .to_string();
        for part in ["payments", &format!(" id {id}"), column] {
            assert!(error.contains(part), "{part}: {error}");
        }
        set(&shop, mend).await;
        shop.get(&path).await.ok();
    }
    set(&shop, "update payment_items set price_scale = -1").await;
    assert_eq!(shop.get(&path).await.status, 503);
    set(&shop, "update payment_items set price_scale = 0").await;
    shop.get(&path).await.ok();
    for (spoil, mend, column) in [
        (
            "update attempts set installment = 300",
            "update attempts set installment = 1",
            "installment is 300",
        ),
        (
            "update attempts set reward = '{}'",
            "update attempts set reward = null",
            "reward names none",
        ),
    ] {
        set(&shop, spoil).await;
        let error = attempts::of_payment(&shop.app, shop.merchant, id)
            .await
            .unwrap_err()
            .to_string();
        for part in ["attempts", &format!("payment_id {id}"), column] {
            assert!(error.contains(part), "{part}: {error}");
        }
        set(&shop, mend).await;
    }
    set(&shop, "update merchants set features = '[]'").await;
    assert_eq!(shop.get(&path).await.status, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_writes_and_says_when_it_cannot() {
    let files = tempdir::Dir::new();
    let url = fresh_database(&files).await;
    let db = Db::open(&url, Options::default()).await.unwrap();
    let now = server::clock::SystemClock.now();
    assert!(store::probe(&db, now).await.is_err());
    db.migrate(store::migrations::MIGRATIONS, now)
        .await
        .unwrap();
    store::probe(&db, now).await.unwrap();
    store::probe(&db, now).await.unwrap();
    db.close().await;
    assert!(store::probe(&db, now).await.is_err());
}
