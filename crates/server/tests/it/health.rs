//! What an operator watches: health, the log, the id of a request, and what a process leaves behind.

use crate::panel::Panel;
use crate::process::{Serving, ended};
use crate::shop::{GARANTI, PAY, Shop, payment};
use serde_json::Value;
use server::store::db::{Commit, params};
use server::store::migrations::MIGRATIONS;
use server::vault::Vault;

/// Fields and span of each line of a JSON log.
fn lines(log: &str) -> Vec<Value> {
    let parsed = log.lines().map(|line| serde_json::from_str(line).unwrap());
    parsed.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_lost_its_database_lives_and_is_not_ready() {
    let shop = Shop::open().await;
    for path in ["/livez", "/readyz", "/healthz"] {
        let reply = shop.raw("GET", path, b"", &[]).await;
        assert_eq!((reply.status, reply.body), (200, "ok\n".into()), "{path}");
    }
    shop.app.db.close().await;
    // A finding is given out for a second.
    shop.clock.advance_seconds(2);
    for path in ["/readyz", "/healthz"] {
        let reply = shop.raw("GET", path, b"", &[]).await;
        assert_eq!((reply.status, reply.body), (503, "database\n".into()));
    }
    assert_eq!(shop.raw("GET", "/livez", b"", &[]).await.status, 200);
}

/// Status and body of `/readyz`, once what was found before is forgotten.
async fn ready(shop: &Shop) -> (u16, String) {
    shop.clock.advance_seconds(2);
    let reply = shop.raw("GET", "/readyz", b"", &[]).await;
    assert_eq!(shop.raw("GET", "/livez", b"", &[]).await.status, 200);
    (
        reply.status,
        reply.body.as_str().unwrap_or_default().to_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_schema_or_key_is_not_the_databases_is_not_ready_until_it_is() {
    let shop = Shop::open().await;
    let run = async |sql, values| {
        let commit = Commit::new(0, 0).then(sql, values);
        shop.app.db.commit(commit).await.unwrap();
    };
    let well = (200, "ok\n".to_owned());
    let fails = |names: &str| (503, names.to_owned());
    assert_eq!(ready(&shop).await, well);
    // A newer version has migrated: this one serves until it is replaced.
    let newer = "insert into migrations (version, name, applied_at) values (9999, 'newer', $1)";
    run(newer, params![shop.app.now()]).await;
    assert_eq!(ready(&shop).await, well);
    run("delete from migrations where version = 9999", params![]).await;

    let last = MIGRATIONS.last().unwrap();
    let take_away = "delete from migrations where version = $1";
    run(take_away, params![last.version]).await;
    assert_eq!(ready(&shop).await, fails("migrations\n"));
    let put_back = "insert into migrations (version, name, applied_at) values ($1, $2, $3)";
    let row = params![last.version, last.name, shop.app.now()];
    run(put_back, row.clone()).await;
    assert_eq!(ready(&shop).await, well);

    let sealed = shop
        .app
        .db
        .row("select sealed from vault_checks", params![])
        .await;
    let sealed = sealed.unwrap().unwrap().text("sealed").unwrap();
    let another = Vault::parse(&server::commands::new_key()).unwrap();
    let by_another = another.seal("vault check", b"galata");
    let seal = "update vault_checks set sealed = $1";
    run(seal, params![by_another]).await;
    assert_eq!(ready(&shop).await, fails("key\n"));
    run(take_away, params![last.version]).await;
    assert_eq!(ready(&shop).await, fails("migrations\nkey\n"));
    run(put_back, row).await;
    run(seal, params![sealed]).await;
    assert_eq!(ready(&shop).await, well);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_found_by_the_id_that_its_answer_carries() {
    let shop = &Shop::open().await;
    let id = shop.pays(GARANTI).await.header("x-request-id").to_owned();
    shop.app.journal.flush().await;
    let merchant = shop.merchant.to_string();
    let shown = shop.run(&["request", "show", "--merchant", &merchant, "--id", &id]);
    assert!(shown.contains(PAY), "{shown}");
    // One that a caller or a proxy gave is kept if it is one, and finds the request as well.
    let own = "0f8c1f3e-7a.b_c";
    let headers = [("x-request-id", own)];
    let other = payment(GARANTI).to_string();
    let reply = shop.call("POST", PAY, &other, &headers).await;
    assert_eq!(reply.header("x-request-id"), own);
    shop.app.journal.flush().await;
    let list = ["request", "list", "--merchant", &merchant, "--json"];
    let with_id = |wanted: &str| {
        let found = shop.run(&[&list[..], &["--x-request-id", wanted]].concat());
        let found: Vec<Value> = serde_json::from_str(&found).unwrap();
        found
            .iter()
            .map(|one| one["id"].to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(with_id(&id), std::slice::from_ref(&id));
    let [found] = &with_id(own)[..] else {
        panic!("the caller's id finds nothing");
    };
    let shown = shop.run(&["request", "show", "--merchant", &merchant, "--id", found]);
    assert!(shown.contains(own), "{shown}");
    let mut panel = Panel::sign_in(shop, server::operations::Role::Developer).await;
    let listed = panel.get(&format!("/panel/requests?id={own}")).await.ok();
    assert_eq!(
        listed.text.matches("href=\"/panel/requests/").count(),
        1,
        "{}",
        listed.text
    );
    let page = panel.get(&format!("/panel/requests/{found}")).await.ok();
    page.has_all(&[own, found]);
    let long = "a".repeat(65);
    for bad in ["", "a b", "5258640000000001", "a/b", "<b>", "ü", &long] {
        let reply = shop
            .raw("GET", "/nothing", b"", &[("x-request-id", bad)])
            .await;
        let given = reply.header("x-request-id");
        assert!(given.parse::<i64>().is_ok(), "{bad:?}: {given}");
    }
    for path in ["/panel/sign-in", "/panel/assets/panel.css", "/livez"] {
        let reply = shop.raw("GET", path, b"", &[]).await;
        assert!(!reply.header("x-request-id").is_empty(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_how_it_serves_and_what_was_asked_without_colours_and_secrets() {
    let shop = Shop::open().await;
    let serve = [
        "serve",
        "--public-url",
        "https://pay.example.com",
        "--no-jobs",
    ];
    let log = |name: &str| shop.files.0.join(name);

    let mut json = shop.command(&serve);
    json.args(["--log-format", "json", "--log-requests"]);
    let serving = Serving::start(&shop.http, json, log("json.log")).await;
    let url = format!("{}/nothing", serving.url);
    let reply = crate::shop::send(&shop.http, "GET", &url, b"", &[]).await;
    let id: i64 = reply.header("x-request-id").parse().unwrap();
    let logged = serving.logged();
    let lines = lines(&logged);
    let named = |message: &str| {
        let mut found = lines
            .iter()
            .filter(|line| line["fields"]["message"] == message);
        found
            .next()
            .unwrap_or_else(|| panic!("{message}: {logged}"))
    };
    let start = &named("serving")["fields"];
    assert_eq!(start["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(start["api"], serving.url);
    assert_eq!(start["panel"], format!("{}/panel", serving.url));
    assert_eq!(start["public_url"], "https://pay.example.com");
    let database = match shop.app.db.kind() {
        server::store::db::Kind::Sqlite => "SQLite",
        server::store::db::Kind::Postgres => "PostgreSQL",
    };
    assert_eq!(start["database"], database);
    assert!(!logged.contains(&shop.database_url), "{logged}");
    let request = named("request");
    assert_eq!(request["span"]["id"], id);
    assert_eq!(request["fields"]["path"], "/nothing");

    let text = Serving::start(&shop.http, shop.command(&serve), log("text.log")).await;
    let logged = text.logged();
    assert!(logged.contains("serving"), "{logged}");
    assert!(!logged.contains('\u{1b}'), "{logged:?}");
    let mut wrong = shop.command(&serve);
    wrong.args(["--log-format", "xml"]);
    assert!(ended(wrong).error.contains("[possible values: text, json]"));
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_told_to_stay_with_https_where_the_public_url_has_it() {
    let pages = ["/panel/sign-in", "/pages/style.css", "/nothing"];
    let plain = Shop::open().await;
    let secure = Shop::with(|config| {
        config.settings.public_urls = vec!["https://pay.example.com".to_owned()];
    })
    .await;
    for path in pages {
        let hsts = "strict-transport-security";
        let reply = plain.raw("GET", path, b"", &[]).await;
        assert_eq!(reply.header(hsts), "", "{path}");
        let reply = secure.raw("GET", path, b"", &[]).await;
        assert_eq!(reply.header(hsts), "max-age=31536000", "{path}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn no_core_is_dumped_unless_the_operator_says_so() {
    let core_limit = |pid: &str| {
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let line = limits.lines().find(|line| line.starts_with("Max core"));
        line.unwrap().to_owned()
    };
    let shop = Shop::open().await;
    let mut limits = Vec::new();
    for more in [&[][..], &["--allow-core-dumps"]] {
        let mut command = shop.command(&["serve", "--no-jobs"]);
        command.args(more);
        let log = shop.files.0.join("core.log");
        let serving = Serving::start(&shop.http, command, log).await;
        limits.push(core_limit(&serving.id().to_string()));
    }
    let words: Vec<&str> = limits[0].split_whitespace().collect();
    assert_eq!(words, ["Max", "core", "file", "size", "0", "0", "bytes"]);
    assert_eq!(limits[1], core_limit("self"));
}

/// Every page in both languages, with what a busy merchant has on it: a name that a template
/// misspells is an error, and the page then answers 500.
#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_the_menu_can_be_shown() {
    let shop = Shop::open().await;
    shop.pays("5258640000000001").await.ok();
    let mut panel = Panel::sign_in(&shop, server::operations::Role::Owner).await;
    for language in ["tr", "en"] {
        let home = panel.get(&format!("/panel?lang={language}")).await.ok();
        let links = home.text.split("href=\"").skip(1);
        let links = links.filter_map(|rest| rest.split('"').next());
        let links: Vec<String> = links
            .map(|link| link.replace("&#x2f;", "/").replace("&amp;", "&"))
            .filter(|link| link.starts_with("/panel") && !link.contains("assets"))
            .collect();
        assert!(links.len() > 10, "{links:?}");
        for path in links {
            panel.get(&path).await.ok();
        }
    }
}
