//! The panel's door, as a browser without scripts knocks at it: sign-in, sessions, forms.

use crate::shop::{Reply, Shop};
use contract::card::Secret;
use server::operations::people::{self, Link};
use server::operations::{Actor, Role};
use server::store::audit;

pub const PASSWORD: &str = "uzun ve güzel bir parola";

/// What a page answered.
pub struct Shown {
    pub status: u16,
    pub text: String,
    pub location: String,
}

impl Shown {
    #[track_caller]
    pub fn ok(self) -> Shown {
        assert_eq!(self.status, 200, "{}", self.text);
        self
    }

    /// Where the page goes on in the other language.
    #[track_caller]
    pub fn language_link(&self) -> String {
        let links = self.text.split("href=\"").skip(1);
        let mut links =
            links.filter_map(|rest| rest.split_once("\" lang=\"").map(|(link, _)| link));
        let link = links.next().expect("a link to the other language");
        link.replace("&#x2f;", "/").replace("&amp;", "&")
    }

    /// 303 to this place.
    #[track_caller]
    pub fn leads_to(&self, location: &str) {
        assert_eq!(self.status, 303, "{}", self.text);
        assert_eq!(self.location, location);
    }

    #[track_caller]
    pub fn has(&self, text: &str) {
        assert!(self.text.contains(text), "{text:?} is not in {}", self.text);
    }

    #[track_caller]
    pub fn has_all(&self, texts: &[&str]) {
        for text in texts {
            self.has(text);
        }
    }

    #[track_caller]
    pub fn lacks_all(&self, texts: &[&str]) {
        for text in texts {
            self.lacks(text);
        }
    }

    #[track_caller]
    pub fn lacks(&self, text: &str) {
        assert!(!self.text.contains(text), "{text:?} is in {}", self.text);
    }

    /// The first value of a hidden field.
    pub fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let rest = self.text.split_once(&start).map_or("", |(_, rest)| rest);
        rest.split('"').next().unwrap().replace("&#x2f;", "/")
    }
}

/// A browser: keeps cookies, and takes the form token from the page before each form.
pub struct Panel<'a> {
    pub shop: &'a Shop,
    pub cookies: Vec<(String, String)>,
    pub language: &'static str,
    /// The address that a proxy says it has.
    pub address: Option<&'static str>,
}

impl<'a> Panel<'a> {
    pub fn new(shop: &'a Shop) -> Panel<'a> {
        Panel {
            shop,
            cookies: Vec::new(),
            language: "tr",
            address: None,
        }
    }

    /// Somebody of this role, signed in.
    pub async fn sign_in(shop: &'a Shop, role: Role) -> Panel<'a> {
        let email = format!("{}@example.com", role.as_str().to_lowercase());
        let link = invited(shop, &email, role).await;
        let mut panel = Panel::new(shop);
        panel.choose_password(&link).await.leads_to("/panel");
        panel
    }

    pub async fn choose_password(&mut self, link: &Link) -> Shown {
        let page = self
            .get(&format!("/panel/link/{}", link.token.expose()))
            .await
            .ok();
        let fields = [
            ("form_token", page.hidden("form_token")),
            ("link", page.hidden("link")),
            ("password", PASSWORD.to_owned()),
            ("again", PASSWORD.to_owned()),
        ];
        self.raw_post("/panel/link", &fields, &[]).await
    }

    pub async fn get(&mut self, path: &str) -> Shown {
        self.send("GET", path, "", &[]).await
    }

    /// Posts a form with the token that pages carry.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Shown {
        let mut page = self.get("/panel/account").await;
        if page.status == 303 {
            page = self.get("/panel/sign-in").await;
        }
        let token = page.ok().hidden("form_token");
        let mut all = vec![("form_token", token)];
        all.extend(
            fields
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        self.raw_post(path, &all, &[]).await
    }

    pub async fn raw_post(
        &mut self,
        path: &str,
        fields: &[(&str, String)],
        headers: &[(&str, &str)],
    ) -> Shown {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend_from_slice(headers);
        self.send("POST", path, &body, &all).await
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        let found = self.cookies.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    async fn send(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Shown {
        let pairs = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let line = pairs.collect::<Vec<_>>().join("; ");
        let mut all = vec![
            ("cookie", line.as_str()),
            ("accept-language", self.language),
        ];
        all.extend(self.address.map(|address| ("x-forwarded-for", address)));
        all.extend_from_slice(headers);
        let reply = self.shop.raw(method, path, body.as_bytes(), &all).await;
        self.keep_cookies(&reply);
        let location = reply.headers.iter().find(|(name, _)| name == "location");
        Shown {
            status: reply.status,
            location: location.map_or(String::new(), |(_, value)| value.clone()),
            text: reply
                .body
                .as_str()
                .map_or(reply.body.to_string(), str::to_owned),
        }
    }

    fn keep_cookies(&mut self, reply: &Reply) {
        for (_, line) in reply
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
        {
            assert!(line.contains("; HttpOnly; SameSite=Lax"), "{line}");
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// Fills in the sign-in page as it was shown before any session; what session the browser has
    /// since is sent along.
    pub async fn sign_in_as(&mut self, email: &str, password: &str, code: &str) -> Shown {
        let held = self.cookie("galata-session").map(str::to_owned);
        self.cookies.retain(|(name, _)| name != "galata-session");
        let page = self.get("/panel/sign-in").await.ok();
        self.cookies
            .extend(held.map(|value| ("galata-session".to_owned(), value)));
        let fields = [
            ("form_token", page.hidden("form_token")),
            ("email", email.to_owned()),
            ("password", password.to_owned()),
            ("code", code.to_owned()),
            ("next", String::new()),
        ];
        self.raw_post("/panel/sign-in", &fields, &[]).await
    }
}

impl Panel<'_> {
    /// Switches the second step on, and answers its key.
    pub async fn switch_totp_on(&mut self) -> Secret {
        let page = self.get("/panel/account/totp").await.ok();
        let key = page.text.split("<p class=\"mono break\">").nth(1).unwrap();
        let key = Secret::new(key.split('<').next().unwrap());
        let sealed = page.hidden("sealed");
        let code = totp_code(key.expose(), self.shop.app.now().as_second() / 30);
        let fields = [
            ("sealed", sealed.as_str()),
            ("code", code.as_str()),
            ("password", PASSWORD),
        ];
        let on = self.post("/panel/account/totp", &fields).await;
        on.leads_to("/panel/account?done=saved");
        key
    }
}

pub async fn invited(shop: &Shop, email: &str, role: Role) -> Link {
    people::invite(
        &shop.app,
        &Actor::operator(),
        shop.merchant,
        email,
        "Ada",
        role,
    )
    .await
    .unwrap()
    .unwrap()
}

/// RFC 6238, written once more: the server's own code must not judge itself.
pub fn totp_code(key: &str, step: i64) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let bits: String = key
        .bytes()
        .map(|c| {
            if c.is_ascii_digit() {
                c - b'2' + 26
            } else {
                c - b'A'
            }
        })
        .map(|value| format!("{value:05b}"))
        .collect();
    let key: Vec<u8> = (0..bits.len() / 8)
        .map(|n| u8::from_str_radix(&bits[8 * n..8 * n + 8], 2).unwrap())
        .collect();
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(&key).unwrap();
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let four = u32::from_be_bytes(digest[at..at + 4].try_into().unwrap());
    format!("{:06}", (four & 0x7fff_ffff) % 1_000_000)
}

pub async fn actions(shop: &Shop, merchant_id: i64) -> Vec<(String, audit::Outcome)> {
    let log = audit::of_merchant(&shop.app, merchant_id, i64::MAX, "", "", 100).await;
    let entries = log.unwrap().into_iter();
    entries
        .map(|one| (one.entry.action, one.entry.outcome))
        .collect()
}

#[tokio::test]
async fn an_invitation_leads_to_a_password_and_a_session_and_works_once() {
    let shop = Shop::open().await;
    let link = invited(&shop, "Ada@Example.com", Role::Owner).await;
    assert_eq!(link.email, "ada@example.com");
    let mut panel = Panel::new(&shop);
    // Nobody without a session sees a page; the sign-in page leads back to it.
    let away = panel.get("/panel/people?x=1").await;
    away.leads_to("/panel/sign-in?next=%2Fpanel%2Fpeople%3Fx%3D1");

    panel.choose_password(&link).await.leads_to("/panel");
    panel.get("/panel/people").await.ok().has("ada@example.com");
    let mut other = Panel::new(&shop);
    let again = other
        .get(&format!("/panel/link/{}", link.token.expose()))
        .await;
    assert_eq!(again.status, 410);

    panel
        .post("/panel/sign-out", &[])
        .await
        .leads_to("/panel/sign-in");
    assert_eq!(panel.get("/panel/people").await.status, 303);
    let signed_in = panel.sign_in_as(" ADA@example.com", PASSWORD, "").await;
    signed_in.leads_to("/panel");
    let log = actions(&shop, shop.merchant).await;
    for action in ["user.invite", "session.password", "session.sign_in"] {
        assert!(
            log.contains(&(action.to_owned(), audit::Outcome::Done)),
            "{action}"
        );
    }
}

#[tokio::test]
async fn a_session_is_new_at_every_sign_in_and_dead_after_sign_out() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    let first = panel.cookie("galata-session").unwrap().to_owned();

    // A cookie that an attacker planted is not taken over.
    let mut victim = Panel::new(&shop);
    victim
        .cookies
        .push(("galata-session".to_owned(), "planted".to_owned()));
    victim
        .get("/panel/people")
        .await
        .leads_to("/panel/sign-in?next=%2Fpanel%2Fpeople");
    let page = victim.get("/panel/sign-in").await.ok();
    let fields = [
        ("form_token", page.hidden("form_token")),
        ("email", "owner@example.com".to_owned()),
        ("password", PASSWORD.to_owned()),
    ];
    victim
        .raw_post("/panel/sign-in", &fields, &[])
        .await
        .leads_to("/panel");
    assert_ne!(victim.cookie("galata-session"), Some("planted"));

    let again = panel.sign_in_as("owner@example.com", PASSWORD, "").await;
    again.leads_to("/panel");
    assert_ne!(panel.cookie("galata-session").unwrap(), first);
    let mut old = Panel::new(&shop);
    old.cookies.push(("galata-session".to_owned(), first));
    assert_eq!(old.get("/panel/people").await.status, 303);
}

#[tokio::test]
async fn a_session_ends_after_silence_and_after_half_a_day() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    for _ in 0..3 {
        shop.clock.advance_seconds(25 * 60);
        panel.get("/panel/people").await.ok();
    }
    shop.clock.advance_seconds(31 * 60);
    assert_eq!(panel.get("/panel/people").await.status, 303);

    panel
        .sign_in_as("owner@example.com", PASSWORD, "")
        .await
        .leads_to("/panel");
    for _ in 0..28 {
        shop.clock.advance_seconds(25 * 60);
        panel.get("/panel/people").await.ok();
    }
    shop.clock.advance_seconds(25 * 60);
    assert_eq!(panel.get("/panel/people").await.status, 303);
}

#[tokio::test]
async fn failures_lock_and_a_lock_passes() {
    let shop = Shop::with(|config| config.settings.behind_proxy = true).await;
    let mut owner = Panel::sign_in(&shop, Role::Owner).await;
    let mut panel = Panel::new(&shop);
    panel.address = Some("203.0.113.9");
    for _ in 0..5 {
        let refused = panel
            .sign_in_as("owner@example.com", "wrong wrong wrong", "")
            .await;
        assert_eq!(refused.status, 401);
        refused.has("E-posta, şifre ya da kod hatalı");
    }
    // Not even the right password from the same place; and nothing tells whether somebody exists.
    let locked = panel.sign_in_as("owner@example.com", PASSWORD, "").await;
    for _ in 0..5 {
        let refused = panel.sign_in_as("nobody@example.com", PASSWORD, "").await;
        assert_eq!(refused.status, 401);
    }
    let unknown = panel.sign_in_as("nobody@example.com", PASSWORD, "").await;
    assert_eq!((locked.status, unknown.status), (429, 429));
    // The owner's own browser and a link of the owner's do not wait for strangers.
    owner
        .sign_in_as("owner@example.com", PASSWORD, "")
        .await
        .leads_to("/panel");
    shop.clock.advance_seconds(61);
    panel
        .sign_in_as("owner@example.com", PASSWORD, "")
        .await
        .leads_to("/panel");
    shop.app.journal.flush().await;
    let log = actions(&shop, shop.merchant).await;
    let refused = log
        .iter()
        .filter(|(_, outcome)| *outcome == audit::Outcome::Refused);
    assert_eq!(refused.count(), 5);
}

#[tokio::test]
async fn one_who_guesses_locks_nobody_out_where_all_have_the_proxys_address() {
    let shop = Shop::open().await;
    drop(Panel::sign_in(&shop, Role::Owner).await);
    let mut stranger = Panel::new(&shop);
    for _ in 0..10 {
        let refused = stranger
            .sign_in_as("owner@example.com", "wrong wrong wrong", "")
            .await;
        assert_eq!(refused.status, 401);
    }
    // From a browser that nobody knows yet, at the same address.
    Panel::new(&shop)
        .sign_in_as("owner@example.com", PASSWORD, "")
        .await
        .leads_to("/panel");
}

/// Nothing can be written until it is dropped.
enum Held {
    Sqlite(rusqlite::Connection),
    Postgres(tokio_postgres::Client),
}

async fn held(shop: &Shop) -> Held {
    match std::env::var("GALATA_TEST_DATABASE").as_deref() {
        Ok("postgres") => {
            let (client, connection) =
                tokio_postgres::connect(&shop.database_url, tokio_postgres::NoTls)
                    .await
                    .unwrap();
            tokio::spawn(connection);
            let lock = "begin; lock table audit_log, users in share row exclusive mode";
            client.batch_execute(lock).await.unwrap();
            Held::Postgres(client)
        }
        _ => {
            let file = shop.files.0.join("galata.db");
            let connection = rusqlite::Connection::open(file).unwrap();
            connection.execute_batch("begin immediate").unwrap();
            Held::Sqlite(connection)
        }
    }
}

impl Held {
    async fn release(self) {
        match self {
            Held::Sqlite(connection) => connection.execute_batch("rollback").unwrap(),
            Held::Postgres(client) => client.batch_execute("rollback").await.unwrap(),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_sign_in_waits_for_no_write_whoever_is_named() {
    let shop = Shop::open().await;
    drop(Panel::sign_in(&shop, Role::Owner).await);
    let mut stranger = Panel::new(&shop);
    let held = held(&shop).await;
    for email in ["owner@example.com", "nobody@example.com"] {
        let refused = stranger.sign_in_as(email, "wrong wrong wrong", "").await;
        assert_eq!(refused.status, 401, "{email}");
    }
    held.release().await;
    // What waited is in the log all the same.
    shop.app.journal.flush().await;
    let log = actions(&shop, shop.merchant).await;
    let refused = ("session.sign_in".to_owned(), audit::Outcome::Refused);
    assert_eq!(log.iter().filter(|one| **one == refused).count(), 1);
}

#[tokio::test]
async fn a_form_counts_only_with_its_token_and_from_our_own_pages() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    let token = panel.get("/panel/people").await.ok().hidden("form_token");
    let fields = |token: &str| {
        [
            ("form_token", token.to_owned()),
            ("email", "eve@example.com".to_owned()),
            ("role", "OWNER".to_owned()),
        ]
    };
    let guest = Panel::new(&shop)
        .get("/panel/sign-in")
        .await
        .hidden("form_token");
    for wrong in ["", "wrong", guest.as_str()] {
        let refused = panel.raw_post("/panel/people", &fields(wrong), &[]).await;
        assert_eq!(refused.status, 403, "{wrong}");
    }
    let foreign: [&[(&str, &str)]; 4] = [
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
        ],
    ];
    for headers in foreign {
        let refused = panel
            .raw_post("/panel/people", &fields(&token), headers)
            .await;
        assert_eq!(refused.status, 403, "{headers:?}");
    }
    panel
        .get("/panel/people")
        .await
        .ok()
        .lacks("eve@example.com");
    let origin = shop.gateway.clone();
    let headers = [
        ("origin", origin.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    let invited = panel
        .raw_post("/panel/people", &fields(&token), &headers)
        .await;
    invited.ok().has("eve@example.com");
}

#[tokio::test]
async fn the_bare_address_leads_browsers_to_the_panel() {
    let shop = Shop::open().await;
    let home = Panel::new(&shop).get("/").await;
    home.leads_to("/panel");
    let posted = shop.post("/", serde_json::json!({})).await;
    assert_eq!(posted.status, 404);
    assert!(posted.body["errors"]["errorCode"].is_string());
}

#[tokio::test]
async fn the_way_back_never_leads_out_of_the_panel() {
    let shop = Shop::open().await;
    Panel::sign_in(&shop, Role::Owner).await;
    for (next, leads_to) in [
        (
            "/panel/payments?status=WAITING",
            "/panel/payments?status=WAITING",
        ),
        ("https://evil.example/", "/panel"),
        ("//evil.example", "/panel"),
        ("/panel//evil.example", "/panel"),
        ("/\\evil.example", "/panel"),
    ] {
        let mut panel = Panel::new(&shop);
        let fields = [
            ("email", "owner@example.com"),
            ("password", PASSWORD),
            ("next", next),
        ];
        panel
            .post("/panel/sign-in", &fields)
            .await
            .leads_to(leads_to);
    }
}

#[tokio::test]
async fn the_second_step_is_asked_for_and_no_code_works_twice() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    let page = panel.get("/panel/account/totp").await.ok();
    let sealed = page.hidden("sealed");
    let wrong = panel
        .post(
            "/panel/account/totp",
            &[("sealed", &sealed), ("code", "12345")],
        )
        .await;
    assert_eq!(wrong.status, 400);
    // Nor does a right code without the password.
    let key = page.text.split("<p class=\"mono break\">").nth(1).unwrap();
    let key = key.split('<').next().unwrap();
    let code = totp_code(key, shop.app.now().as_second() / 30);
    let fields = [("sealed", &*sealed), ("code", &code), ("password", "guess")];
    let wrong = panel.post("/panel/account/totp", &fields).await;
    assert_eq!(wrong.status, 400);
    wrong.has("Şifre hatalı");
    let key = panel.switch_totp_on().await;
    let code = |shop: &Shop| totp_code(key.expose(), shop.app.now().as_second() / 30);
    let now = code(&shop);

    let mut other = Panel::new(&shop);
    let asked = other.sign_in_as("owner@example.com", PASSWORD, "").await;
    assert_eq!(asked.status, 401);
    asked.has("altı haneli kodu girin");
    assert_eq!(
        other
            .sign_in_as("owner@example.com", PASSWORD, &now)
            .await
            .status,
        401
    );
    shop.clock.advance_seconds(90);
    let next = code(&shop);
    other
        .sign_in_as("owner@example.com", PASSWORD, &next)
        .await
        .leads_to("/panel");
}
