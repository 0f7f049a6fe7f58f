//! How people come by a password and a second step, and lose them: links of the panel and of the
//! command line, one's own account, and the end of a membership.

use crate::panel::{PASSWORD, Panel, Shown, actions, invited, totp_code};
use crate::shop::Shop;
use contract::card::Secret;
use server::operations::Role;
use server::store::audit::Outcome;
use server::store::users;

const OTHER_PASSWORD: &str = "bambaşka ve uzun bir parola";
const READER: &str = "read_only@example.com";

async fn id_of(shop: &Shop, email: &str) -> i64 {
    let user = users::by_email(&shop.app, email).await.unwrap();
    user.unwrap().id
}

/// The path of a link, once its address is known to be the server's own.
#[track_caller]
fn path_of(shop: &Shop, url: &str) -> String {
    let path = url.strip_prefix(&shop.gateway);
    path.unwrap_or_else(|| panic!("not ours: {url}")).to_owned()
}

/// The link that a page shows once.
#[track_caller]
fn shown_link(shop: &Shop, page: &Shown) -> String {
    let made = page.text.split_once("id=\"made\">").unwrap().1;
    let url = made.split('<').next().unwrap().replace("&#x2f;", "/");
    path_of(shop, &url)
}

/// Follows a link in a fresh browser, to a password of its own.
async fn follow<'a>(shop: &'a Shop, path: &str, password: &str) -> (Panel<'a>, Shown) {
    let mut browser = Panel::new(shop);
    let page = browser.get(path).await.ok();
    let fields = [
        ("form_token", page.hidden("form_token")),
        ("link", page.hidden("link")),
        ("password", password.to_owned()),
        ("again", password.to_owned()),
    ];
    let chosen = browser.raw_post("/panel/link", &fields, &[]).await;
    (browser, chosen)
}

/// What a fresh browser is answered that signs in.
async fn signs_in(shop: &Shop, email: &str, password: &str, code: &str) -> u16 {
    let mut browser = Panel::new(shop);
    let answer = browser.sign_in_as(email, password, code).await;
    if answer.status == 303 {
        answer.leads_to("/panel");
        browser.get("/panel/account").await.ok();
    }
    answer.status
}

async fn is_in(panel: &mut Panel<'_>) -> bool {
    panel.get("/panel/account").await.status == 200
}

#[tokio::test]
async fn an_owners_link_leads_to_a_new_password_and_ends_the_old_one_and_its_sessions() {
    let shop = Shop::open().await;
    let mut owner = Panel::sign_in(&shop, Role::Owner).await;
    let mut reader = Panel::sign_in(&shop, Role::ReadOnly).await;
    let path = format!("/panel/people/{}/link", id_of(&shop, READER).await);
    let page = owner.post(&path, &[]).await.ok();
    page.has(READER);
    let link = shown_link(&shop, &page);
    // A link that nobody followed changes nothing.
    assert!(is_in(&mut reader).await);

    let (mut again, chosen) = follow(&shop, &link, OTHER_PASSWORD).await;
    chosen.leads_to("/panel");
    assert!(is_in(&mut again).await);
    assert!(!is_in(&mut reader).await);
    assert!(is_in(&mut owner).await);
    assert_eq!(Panel::new(&shop).get(&link).await.status, 410);
    assert_eq!(signs_in(&shop, READER, PASSWORD, "").await, 401);
    assert_eq!(signs_in(&shop, READER, OTHER_PASSWORD, "").await, 303);
    let log = actions(&shop, shop.merchant).await;
    assert!(log.contains(&("user.link".to_owned(), Outcome::Done)));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_made_listed_given_links_and_removed_by_commands() {
    let shop = &Shop::open().await;
    let merchant = shop.merchant.to_string();
    let user = |command: &str, email: &str| -> Vec<String> {
        let parts = ["user", command, "--merchant", &merchant, "--email", email];
        let url: &[&str] = match command {
            "create" | "link" => &["--public-url", &shop.gateway],
            _ => &[],
        };
        parts.iter().chain(url).map(|s| (*s).to_owned()).collect()
    };
    let run = |arguments: Vec<String>| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        shop.run(&arguments)
    };
    // Without the header, one blank between columns.
    let list = || {
        let list = shop.run(&["user", "list", "--merchant", &merchant]);
        let words = list
            .lines()
            .skip(1)
            .map(|l| l.split_whitespace().collect::<Vec<_>>().join(" "));
        words.collect::<Vec<String>>().join("\n")
    };
    let linked = |out: &str| path_of(shop, out.lines().last().unwrap());

    let made = run(user("create", "Ada@example.com"));
    assert!(made.contains("ada@example.com"), "{made}");
    assert_eq!(list(), "ada@example.com OWNER invited ada@example.com");
    let (mut old, chosen) = follow(shop, &linked(&made), PASSWORD).await;
    chosen.leads_to("/panel");
    assert_eq!(list(), "ada@example.com OWNER password ada@example.com");

    let made = run(user("link", " ADA@example.com"));
    let (mut new, chosen) = follow(shop, &linked(&made), OTHER_PASSWORD).await;
    chosen.leads_to("/panel");
    assert!(is_in(&mut new).await && !is_in(&mut old).await);
    assert_eq!(signs_in(shop, "ada@example.com", PASSWORD, "").await, 401);
    let signed_in = signs_in(shop, "ada@example.com", OTHER_PASSWORD, "").await;
    assert_eq!(signed_in, 303);

    // The last owner stays, and whoever is not there is not removed.
    for nobody in ["ada@example.com", "eve@example.com"] {
        let arguments = user("remove", nobody);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        shop.fails(&arguments);
    }
    let mut bob = user("create", "bob@example.com");
    bob.extend(["--role", "SUPPORT"].map(str::to_owned));
    let made = run(bob);
    let (mut browser, chosen) = follow(shop, &linked(&made), PASSWORD).await;
    chosen.leads_to("/panel");
    let both = list();
    assert!(both.contains("bob@example.com SUPPORT password"), "{both}");
    let removed = run(user("remove", "bob@example.com"));
    assert!(removed.contains("has no role"), "{removed}");
    assert!(!is_in(&mut browser).await);
    assert_eq!(signs_in(shop, "bob@example.com", PASSWORD, "").await, 401);
    assert_eq!(list(), "ada@example.com OWNER password ada@example.com");
    assert!(is_in(&mut new).await);
}

#[tokio::test]
async fn ones_own_password_is_changed_by_whoever_knows_it_and_ends_every_session() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    let mut elsewhere = Panel::new(&shop);
    let here = elsewhere.sign_in_as("owner@example.com", PASSWORD, "");
    here.await.leads_to("/panel");
    let mut colleague = Panel::sign_in(&shop, Role::ReadOnly).await;
    for (old, new, again, status, field) in [
        (
            "not the password",
            OTHER_PASSWORD,
            OTHER_PASSWORD,
            401,
            "old",
        ),
        (PASSWORD, OTHER_PASSWORD, PASSWORD, 400, "again"),
        (PASSWORD, "short", "short", 400, "password"),
    ] {
        let fields = [("old", old), ("password", new), ("again", again)];
        let refused = panel.post("/panel/account/password", &fields).await;
        assert_eq!(refused.status, status, "{field}");
        refused.has(&format!("id=\"{field}-wrong\""));
        assert!(is_in(&mut elsewhere).await, "{field}");
    }
    let fields = [
        ("old", PASSWORD),
        ("password", OTHER_PASSWORD),
        ("again", OTHER_PASSWORD),
    ];
    let changed = panel.post("/panel/account/password", &fields).await;
    changed.leads_to("/panel/sign-in");
    assert_eq!(panel.cookie("galata-session"), None);
    assert!(!is_in(&mut elsewhere).await);
    assert!(is_in(&mut colleague).await);
    assert_eq!(
        signs_in(&shop, "owner@example.com", PASSWORD, "").await,
        401
    );
    assert_eq!(
        signs_in(&shop, "owner@example.com", OTHER_PASSWORD, "").await,
        303
    );
    let log = actions(&shop, shop.merchant).await;
    assert!(log.contains(&("user.password".to_owned(), Outcome::Done)));
}

#[tokio::test]
async fn a_password_that_changes_ends_links_that_nobody_followed() {
    let shop = Shop::open().await;
    let mut owner = Panel::sign_in(&shop, Role::Owner).await;
    let mut reader = Panel::sign_in(&shop, Role::ReadOnly).await;
    let path = format!("/panel/people/{}/link", id_of(&shop, READER).await);
    let link = shown_link(&shop, &owner.post(&path, &[]).await.ok());
    let fields = [
        ("old", PASSWORD),
        ("password", OTHER_PASSWORD),
        ("again", OTHER_PASSWORD),
    ];
    let changed = reader.post("/panel/account/password", &fields).await;
    changed.leads_to("/panel/sign-in");
    assert_eq!(Panel::new(&shop).get(&link).await.status, 410);
}

#[tokio::test]
async fn the_second_step_is_switched_on_and_off_with_codes() {
    let shop = Shop::open().await;
    let email = "support@example.com";
    let link = invited(&shop, email, Role::Support).await;
    let mut panel = Panel::new(&shop);
    panel.choose_password(&link).await.leads_to("/panel");
    panel.get("/panel/account").await.ok().lacks("totp-off");

    let page = panel.get("/panel/account/totp").await.ok();
    let key = page.text.split("<p class=\"mono break\">").nth(1).unwrap();
    let key = Secret::new(key.split('<').next().unwrap());
    let sealed = page.hidden("sealed");
    let code = || totp_code(key.expose(), shop.app.now().as_second() / 30);
    let fields = [
        ("sealed", sealed.as_str()),
        ("code", &code()),
        ("password", PASSWORD),
    ];
    let on = panel.post("/panel/account/totp", &fields).await;
    on.leads_to("/panel/account?done=saved");
    let account = panel.get("/panel/account").await.ok();
    account.has("action=\"/panel/account/totp-off\"");
    account.has("<span class=\"state good\">Açık</span>");

    // No second authenticator takes the place of the first one.
    shop.clock.advance_seconds(90);
    let fields = [
        ("sealed", sealed.as_str()),
        ("code", &code()),
        ("password", PASSWORD),
    ];
    let again = panel.post("/panel/account/totp", &fields).await;
    assert!(again.status >= 400, "{}", again.status);
    assert_eq!(signs_in(&shop, email, PASSWORD, "").await, 401);
    assert_eq!(signs_in(&shop, email, PASSWORD, "000000").await, 401);
    assert_eq!(signs_in(&shop, email, PASSWORD, &code()).await, 303);

    let off = "/panel/account/totp-off";
    let used = panel.post(off, &[("code", &code())]).await;
    assert_eq!(used.status, 400);
    used.has("id=\"code-wrong\"");
    assert_eq!(signs_in(&shop, email, PASSWORD, "").await, 401);
    shop.clock.advance_seconds(90);
    let switched = panel.post(off, &[("code", &code())]).await;
    switched.leads_to("/panel/account?done=saved");
    panel.get("/panel/account").await.ok().lacks("totp-off");
    assert_eq!(signs_in(&shop, email, PASSWORD, "").await, 303);
    let log = actions(&shop, shop.merchant).await;
    for action in ["user.totp_on", "user.totp_off"] {
        let done = (action.to_owned(), Outcome::Done);
        assert!(log.contains(&done), "{action}");
    }
}
