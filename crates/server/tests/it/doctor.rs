//! `galata doctor`: every check, what to do, and an exit code that tells what would stop a server
//! from what is only a pity.

use crate::process::{Ended, Serving, ended, galata, words};
use crate::shop::{GARANTI, Shop, tempdir};
use serde_json::Value;
use server::operations::Actor;
use server::setup::{self, MerchantSetup};
use server::store::db::Kind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A port at which nobody listens.
fn closed_port() -> u16 {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The line of a check, with its mark.
#[track_caller]
fn line<'a>(doctor: &'a Ended, check: &str) -> &'a str {
    let mut lines = doctor.out.lines();
    let found = lines.find(|line| !line.starts_with(' ') && line.contains(check));
    found.unwrap_or_else(|| panic!("no {check} in {}", doctor.out))
}

/// A doctor on the shop's database that allows what the shop has.
fn doctor(shop: &Shop, arguments: &[&str]) -> Ended {
    let mut command = shop.command(&["doctor"]);
    command
        .args(arguments)
        .env("GALATA_ALLOW_WEBHOOK_HOST", "127.0.0.1");
    ended(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_check_runs_even_when_nothing_is_given() {
    let nothing = ended(galata(&["doctor"]));
    assert_eq!(nothing.status.code(), Some(1), "{}", nothing.out);
    assert!(line(&nothing, "no encryption key is given").starts_with('✕'));
    assert!(line(&nothing, "no database is given").starts_with('✕'));
    assert!(line(&nothing, "clock").starts_with('-'));
    assert!(line(&nothing, "open files").starts_with(['✓', '!']));
    // Nothing is fine that was not looked at.
    assert!(!nothing.out.contains("✓ key"), "{}", nothing.out);

    let files = tempdir::Dir::new();
    let missing = format!("sqlite://{}/none/galata.db", files.0.display());
    let looked = ended(galata(&["doctor", "--database-url", &missing]));
    assert!(line(&looked, "there is no database").starts_with('✕'));
    assert!(line(&looked, "disk").starts_with('-'), "{}", looked.out);
    assert!(!files.0.join("none").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_well_passes_and_its_pities_are_warnings() {
    let shop = &Shop::open().await;
    let well = doctor(shop, &["--public-url", &shop.gateway]);
    // This machine's own limits are not the server's matter.
    let of_machine = |line: &&str| line.contains("open files") || line.contains("disk");
    let worries = well.out.lines().filter(|line| !line.starts_with('✓'));
    assert_eq!(
        worries.filter(|l| !of_machine(l)).count(),
        0,
        "{}",
        well.out
    );
    let code = if well.out.contains("\n! ") { 2 } else { 0 };
    assert_eq!(well.status.code(), Some(code), "{}", well.out);
    assert!(!well.out.contains(&shop.keys) && !well.out.contains("hint"));
    for check in [
        "schema",
        "key opens the data",
        "public URL",
        "accounts",
        "hosts",
    ] {
        assert!(line(&well, check).starts_with('✓'), "{}", well.out);
    }
    let away = format!("http://127.0.0.1:{}", closed_port());
    let unreached = doctor(shop, &["--public-url", &away]);
    assert_eq!(unreached.status.code(), Some(2), "{}", unreached.out);
    assert!(line(&unreached, "public URL").starts_with('!'));

    // A proxy that ends TLS, and nobody who says who its clients are.
    let hidden = doctor(shop, &["--public-url", "https://127.0.0.1:1"]);
    let told = doctor(
        shop,
        &["--public-url", "https://127.0.0.1:1", "--behind-proxy"],
    );
    assert!(line(&hidden, "clients").starts_with('!'), "{}", hidden.out);
    assert!(hidden.out.contains("give --behind-proxy"), "{}", hidden.out);
    assert!(line(&told, "clients").starts_with('✓'), "{}", told.out);

    // Stored accounts whose hosts are allowed no more.
    let mut command = shop.command(&["doctor"]);
    command.env_remove("GALATA_ALLOW_BANK_HOST");
    let strangers = ended(command);
    assert_eq!(strangers.status.code(), Some(2), "{}", strangers.out);
    let accounts = line(&strangers, "accounts");
    assert!(
        accounts.starts_with('!') && accounts.contains("127.0.0.1"),
        "{accounts}"
    );

    let smtp = format!("smtp://user:geheim@127.0.0.1:{}", closed_port());
    let from = ["--mail-from", "Galata <galata@example.com>"];
    let mail = doctor(shop, &[&["--smtp-url", &smtp], &from[..]].concat());
    assert_eq!(mail.status.code(), Some(2), "{}", mail.out);
    assert!(line(&mail, "mail server").starts_with('!'));
    assert!(!mail.out.contains("geheim"));

    // A bank that is away, and the database that comes from the future.
    let base = format!("http://127.0.0.1:{}/posnet", closed_port());
    let by = Actor::operator();
    let pos = setup::poses_of(&shop.app, &by, shop.merchant);
    let pos = pos.await.unwrap()[1].id.to_string();
    let merchant = shop.merchant.to_string();
    shop.run(&words(&format!(
        "pos edit --merchant {merchant} --id {pos} --endpoint {base}"
    )));
    shop.wait(3600).await;
    let paid = shop.pays(GARANTI);
    paid.await.ok();
    let worried = doctor(shop, &[]);
    assert_eq!(worried.status.code(), Some(2), "{}", worried.out);
    assert!(line(&worried, "hosts").starts_with('!'), "{}", worried.out);
    assert!(line(&worried, "clock").starts_with('!'), "{}", worried.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn few_descriptors_are_a_warning_and_a_refusal_is_more_than_a_warning() {
    let shop = Shop::open().await;
    let limited = |arguments: &[&str]| {
        let doctor = shop.command(&[&["doctor"], arguments].concat());
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", "ulimit -n 512 && exec \"$0\" \"$@\""])
            .arg(doctor.get_program())
            .args(doctor.get_args())
            .env_clear();
        for (name, value) in doctor.get_envs() {
            command.env(name, value.unwrap());
        }
        command.env("PATH", std::env::var("PATH").unwrap());
        ended(command)
    };
    let few = limited(&["--allow-webhook-host", "127.0.0.1"]);
    assert_eq!(few.status.code(), Some(2), "{}", few.out);
    let files = line(&few, "open files");
    assert!(files.starts_with('!') && files.contains("512"), "{files}");
    let open = limited(&["--listen", "0.0.0.0:8080"]);
    assert_eq!(open.status.code(), Some(1), "{}", open.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn late_webhooks_and_doubts_that_wait_for_a_person_are_told() {
    let shop = &Shop::open().await;
    let late = jiff::SignedDuration::from_mins(-10);
    let due = shop.app.now().checked_add(late).unwrap();
    let webhook = server::store::webhooks::Webhook {
        merchant_id: shop.merchant,
        id: 1,
        payment_id: 1,
        event: contract::enums::WebhookEventType::ApiAuth,
        event_at: due,
        status: contract::enums::WebhookStatus::Success,
        payload_id: "1".to_owned(),
        payload: None,
        tries: 0,
    };
    let mut commit = server::store::db::Commit::new(shop.merchant, 1);
    server::store::webhooks::insert(&webhook, due, &mut commit);
    shop.app.db.commit(commit).await.unwrap();
    shop.fault("garanti", "sale", "lose_reply").await;
    let paid = shop.pays(GARANTI);
    assert_eq!(paid.await.status, 422);
    let told = doctor(shop, &["--json"]);
    assert_eq!(told.status.code(), Some(2), "{}", told.out);
    let list: Value = serde_json::from_str(&told.out).unwrap();
    let of = |check: &str| {
        let mut all = list.as_array().unwrap().iter();
        all.find(|one| one["check"] == check).unwrap().clone()
    };
    assert_eq!(of("webhooks")["outcome"], "warning");
    assert!(of("webhooks")["seen"].as_str().unwrap().starts_with("1 "));
    // It is being inquired: no person is needed yet.
    assert_eq!(of("doubts")["outcome"], "ok");
    assert!(of("doubts")["seen"].as_str().unwrap().starts_with("1 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_serve_refuses_doctor_refuses_in_the_same_words() {
    let shop = Shop::open().await;
    let demo = MerchantSetup {
        name: "Demo".to_owned(),
        demo: true,
        ..MerchantSetup::default()
    };
    let app = &shop.app;
    setup::create_merchant(app, &Actor::operator(), demo)
        .await
        .unwrap();
    for address in ["127.0.0.1:0", "0.0.0.0:0"] {
        let doctor = ended(shop.command(&["doctor", "--listen", address]));
        assert_eq!(doctor.status.code(), Some(1), "{address}: {}", doctor.out);
        assert!(line(&doctor, "demo merchant").starts_with('✕'));
        let refused = shop.fails(&["serve", "--listen", address]);
        let what = refused.lines().next().unwrap();
        let what = what.strip_prefix("error: ").unwrap();
        assert!(doctor.out.contains(what), "{what}: {}", doctor.out);
    }
    let open = ended(shop.command(&["doctor", "--listen", "0.0.0.0:8080"]));
    let open = line(&open, "there is no public URL");
    assert!(open.starts_with('✕'), "{open}");
    let refused = shop.fails(&["work"]);
    assert!(refused.contains("demo merchant"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_is_its_owners_alone_and_refused_when_others_could_read_or_replace_it() {
    let shop = Shop::open().await;
    let files = tempdir::Dir::new();
    let made = files.0.join("made.key");
    let made_text = made.display().to_string();
    let out = ended(galata(&["key", "--out", &made_text]));
    assert!(out.status.success(), "{}", out.error);
    let permissions = std::fs::metadata(&made).unwrap().permissions();
    assert_eq!(permissions.mode() & 0o777, 0o600);
    let key = std::fs::read_to_string(&made).unwrap();
    assert!(!out.out.contains(key.trim()), "{}", out.out);
    // What it sealed would be lost.
    assert!(
        !ended(galata(&["key", "--out", &made_text]))
            .status
            .success()
    );
    assert_eq!(std::fs::read_to_string(&made).unwrap(), key);

    let file = files.0.join("galata.key");
    std::fs::write(&file, &shop.keys).unwrap();
    let with_file = |arguments: &[&str]| {
        let mut command = shop.command(arguments);
        command
            .env_remove("GALATA_KEY")
            .env("GALATA_KEY_FILE", &file);
        ended(command)
    };
    for (bits, word) in [
        (0o644, "everybody may read"),
        (0o604, "everybody may read"),
        (0o660, "others than its owner may write"),
        (0o666, "others than its owner may write"),
    ] {
        mode(&file, bits);
        let doctor = with_file(&["doctor"]);
        assert_eq!(doctor.status.code(), Some(1), "{bits:o}: {}", doctor.out);
        assert!(line(&doctor, word).starts_with('✕'), "{}", doctor.out);
        let refused = with_file(&["serve", "--listen", "127.0.0.1:0"]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(refused.error.contains(word), "{}", refused.error);
        assert!(!with_file(&["merchant", "list"]).status.success());
    }
    for bits in [0o600, 0o400, 0o640, 0o440] {
        mode(&file, bits);
        assert!(
            with_file(&["merchant", "list"]).status.success(),
            "{bits:o}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_galata_makes_are_its_owners_alone() {
    let files = tempdir::Dir::new();
    let key = files.0.join("galata.key").display().to_string();
    assert!(ended(galata(&["key", "--out", &key])).status.success());
    let folder = files.0.join("data");
    let database = folder.join("galata.db");
    let url = format!("sqlite://{}", database.display());
    let given = ["--database-url", &url, "--key-file", &key];
    let migrate = || {
        let mut migrate = galata(&["migrate"]);
        migrate.args(given);
        ended(migrate)
    };
    // A folder is never made: the path may be mistyped.
    let refused = migrate();
    assert_eq!(refused.status.code(), Some(1), "{}", refused.out);
    let why = format!(
        "the folder {} of the database is not there",
        folder.display()
    );
    assert!(refused.error.contains(&why) && refused.error.contains("--database-url"));
    assert!(!folder.exists());
    std::fs::create_dir(&folder).unwrap();
    let migrated = migrate();
    assert!(migrated.status.success(), "{}", migrated.error);
    let bits = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(bits(&database), 0o600);
    let mut serve = galata(&["serve"]);
    serve.args(given);
    let http = crate::shop::Shop::open().await.http.clone();
    let serving = Serving::start(&http, serve, files.0.join("log")).await;
    for suffix in ["-wal", "-shm"] {
        let beside = folder.join(format!("galata.db{suffix}"));
        assert_eq!(bits(&beside), 0o600, "{suffix}");
    }
    drop(serving);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_key_file_is_told_with_its_path_and_flag() {
    let shop = Shop::open().await;
    let file = shop.files.0.join("other.key");
    let key = shop.keys.trim();
    let with_file = |arguments: &[&str]| {
        let mut command = shop.command(arguments);
        command
            .env_remove("GALATA_KEY")
            .env("GALATA_KEY_FILE", &file);
        let ended = ended(command);
        (ended.out, ended.error)
    };
    let place = format!("--key-file (GALATA_KEY_FILE) {}: ", file.display());
    for (text, why, hint) in [
        (
            format!("{key}\n{key}\n"),
            "key 1 is there twice",
            "2:BASE64",
        ),
        (
            format!("{key}\n2:nonsense!\n"),
            "line 2: a key is base64 of 32",
            "`galata key`",
        ),
        (String::new(), "it is empty", "put the credential into it"),
    ] {
        std::fs::write(&file, text).unwrap();
        mode(&file, 0o600);
        let (_, list) = with_file(&["merchant", "list"]);
        let (doctor, _) = with_file(&["doctor"]);
        for said in [list, doctor] {
            assert!(said.contains(&place) && said.contains(why), "{said}");
            assert!(said.contains(hint) && !said.contains(key), "{said}");
            assert!(!said.contains("standard input"), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_this_user_may_not_read_is_told_as_that() {
    let shop = Shop::open().await;
    if shop.app.db.kind() == Kind::Postgres {
        return;
    }
    let file = shop.files.0.join("galata.db");
    mode(&file, 0o000);
    let mut command = shop.command(&["merchant", "list"]);
    if std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(&file).unwrap()) == 0 {
        // Root may read everything.
        std::os::unix::process::CommandExt::uid(&mut command, 65534);
    }
    let refused = ended(command);
    let (said, path) = (refused.error, file.display().to_string());
    assert!(
        !refused.status.success() && said.contains("permission denied"),
        "{said}"
    );
    assert!(
        said.contains("belongs to") && said.contains("chown"),
        "{said}"
    );
    assert_eq!(said.matches(&path).count(), 1, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_is_named_where_its_value_is_wrong_and_where_nobody_reads_it() {
    let shop = Shop::open().await;
    let with = |variable: &str, value: &str, arguments: &[&str]| {
        let mut command = shop.command(arguments);
        command.env(variable, value);
        let ended = ended(command);
        format!("{}{}", ended.out, ended.error)
    };
    let said = with("GALATA_LISTEN", "nowhere", &["doctor"]);
    assert!(
        said.contains("comes from the variable GALATA_LISTEN"),
        "{said}"
    );
    let said = with("GALATA_LISTEN", "8080", &["doctor", "--listen", "nowhere"]);
    assert!(
        said.contains("--listen") && !said.contains("GALATA_LISTEN"),
        "{said}"
    );
    let said = with("GALATA_PUBLIC_URL", "nowhere", &["doctor"]);
    assert!(
        said.contains("--public-url (GALATA_PUBLIC_URL) is not"),
        "{said}"
    );

    let typo = ("GALATA_PUBLIC_ULR", "https://pay.example.com");
    let said = with(typo.0, typo.1, &["doctor"]);
    assert!(said.contains("! variables"), "{said}");
    assert!(said.contains("nobody reads GALATA_PUBLIC_ULR"), "{said}");
    let said = with(typo.0, typo.1, &["serve", "--listen", "0.0.0.0:0"]);
    assert!(said.contains("nobody reads GALATA_PUBLIC_ULR"), "{said}");
}
