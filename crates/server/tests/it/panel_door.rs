//! What the panel's door hands to browsers behind https, and what it writes down of where they came
//! from.

use crate::panel::{PASSWORD, Panel, invited};
use crate::shop::{Reply, Shop};
use server::operations::Role;
use server::start::Config;

fn behind_https(config: &mut Config) {
    let first = "https://pay.example.com".to_owned();
    config.settings.public_urls.insert(0, first);
}

fn cookies_of(reply: &Reply) -> Vec<&str> {
    let lines = reply.headers.iter();
    let lines = lines.filter(|(name, _)| name == "set-cookie");
    lines.map(|(_, line)| line.as_str()).collect()
}

/// The cookies of the sign-in page, and those of coming in by a link.
async fn handed_out(shop: &Shop) -> (Vec<String>, Vec<String>) {
    let page = shop.raw("GET", "/panel/sign-in?lang=en", b"", &[]).await;
    let before: Vec<String> = cookies_of(&page).into_iter().map(str::to_owned).collect();
    let link = invited(shop, "ada@example.com", Role::Owner).await;
    let mut browser = Panel::new(shop);
    let path = format!("/panel/link/{}", link.token.expose());
    let form = browser.get(&path).await.ok();
    let pairs = [
        ("form_token", form.hidden("form_token")),
        ("link", form.hidden("link")),
        ("password", PASSWORD.to_owned()),
        ("again", PASSWORD.to_owned()),
    ];
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    let held = &browser.cookies[0];
    let cookie = format!("{}={}", held.0, held.1);
    let headers = [
        ("cookie", cookie.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let reply = shop.raw("POST", "/panel/link", body.as_bytes(), &headers);
    let reply = reply.await;
    assert_eq!(reply.status, 303, "{}", reply.body);
    let came_in = cookies_of(&reply).into_iter().map(str::to_owned).collect();
    (before, came_in)
}

#[tokio::test]
async fn behind_https_the_sessions_cookie_is_the_hosts_alone() {
    let shop = Shop::with(behind_https).await;
    let (before, came_in) = handed_out(&shop).await;
    assert_eq!(before.len(), 2, "{before:?}");
    // The session, and what tells later that this browser is the person's.
    assert_eq!(came_in.len(), 2, "{came_in:?}");
    for line in before.iter().chain(&came_in) {
        let mut attributes = line.split("; ").skip(1);
        for wanted in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
            assert!(attributes.clone().any(|one| one == wanted), "{line}");
        }
        // Browsers take a `__Host-` cookie only without a domain.
        assert!(!attributes.any(|one| one.starts_with("Domain")), "{line}");
    }
    let pairs = came_in.iter().filter_map(|line| line.split(';').next());
    let mut tokens = pairs.filter_map(|pair| pair.strip_prefix("__Host-galata-session="));
    let token = tokens.next().unwrap();
    let asked = async |name: &str| {
        let cookie = format!("{name}={token}");
        let headers = [("cookie", cookie.as_str())];
        shop.raw("GET", "/panel/account", b"", &headers).await
    };
    let inside = asked("__Host-galata-session").await;
    assert_eq!(inside.status, 200);
    // A host beside ours can set a cookie of the plain name; it opens nothing.
    assert_eq!(asked("galata-session").await.status, 303);

    // Going out ends it under the same name.
    let mut browser = Panel::new(&shop);
    let held = ("__Host-galata-session".to_owned(), token.to_owned());
    browser.cookies.push(held);
    let out = browser.post("/panel/sign-out", &[]).await;
    out.leads_to("/panel/sign-in");
    assert_eq!(browser.cookie("__Host-galata-session"), None);
}

#[tokio::test]
async fn without_https_no_cookie_asks_for_it() {
    let shop = Shop::open().await;
    let (before, came_in) = handed_out(&shop).await;
    let is_session = |line: &String| line.starts_with("galata-session=");
    assert!(came_in.iter().any(is_session), "{came_in:?}");
    for line in before.iter().chain(&came_in) {
        assert!(!line.contains("Secure"), "{line}");
    }
}

/// An owner signs in wrongly, rightly and invites somebody, all through a proxy as its client makes
/// believe; the addresses that the owner then reads in the audit log's file.
async fn addresses(shop: &Shop) -> Vec<(String, String)> {
    let forwarded = [("x-forwarded-for", "203.0.113.9, 198.51.100.7")];
    let link = invited(shop, "owner@example.com", Role::Owner).await;
    let mut panel = Panel::new(shop);
    panel.choose_password(&link).await.leads_to("/panel");
    panel.cookies.clear();
    for (password, status) in [("wrong wrong wrong", 401), (PASSWORD, 303)] {
        let page = panel.get("/panel/sign-in").await.ok();
        let fields = [
            ("form_token", page.hidden("form_token")),
            ("email", "owner@example.com".to_owned()),
            ("password", password.to_owned()),
        ];
        let answer = panel.raw_post("/panel/sign-in", &fields, &forwarded).await;
        assert_eq!(answer.status, status);
    }
    let page = panel.get("/panel/people").await.ok();
    let fields = [
        ("form_token", page.hidden("form_token")),
        ("email", "ayse@example.com".to_owned()),
        ("role", "SUPPORT".to_owned()),
    ];
    let made = panel.raw_post("/panel/people", &fields, &forwarded).await;
    made.ok();
    // What a refusal leaves is written behind its answer.
    shop.app.journal.flush().await;
    let file = panel.get("/panel/audit.csv").await.ok();
    let mut lines = file.text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let at = |name: &str| head.iter().position(|known| *known == name).unwrap();
    let (action, address) = (at("action"), at("address"));
    let rows = lines.map(|line| line.split(',').collect::<Vec<_>>());
    rows.filter(|cells| cells[at("actorKind")] != "OPERATOR")
        .map(|cells| (cells[action].to_owned(), cells[address].to_owned()))
        .collect()
}

#[tokio::test]
async fn behind_a_proxy_the_audit_log_has_the_address_that_the_proxy_names() {
    let shop = Shop::with(|config| config.settings.behind_proxy = true).await;
    let log = addresses(&shop).await;
    let from = |wanted: &str, address: &str| {
        let fits = log.iter().filter(|(a, b)| a == wanted && b == address);
        fits.count()
    };
    // The last name is the proxy's; what stands before it is whatever the client sent.
    assert_eq!(from("session.sign_in", "198.51.100.7"), 2, "{log:?}");
    assert_eq!(from("user.invite", "198.51.100.7"), 1, "{log:?}");
    assert_eq!(from("session.password", "127.0.0.1"), 1, "{log:?}");
}

#[tokio::test]
async fn without_a_proxy_nobody_chooses_the_address_in_the_audit_log() {
    let shop = Shop::open().await;
    let log = addresses(&shop).await;
    for action in ["session.sign_in", "user.invite", "session.password"] {
        assert!(log.iter().any(|(known, _)| known == action), "{action}");
    }
    for (action, address) in log {
        assert_eq!(address, "127.0.0.1", "{action}");
    }
}
