//! The vocabulary of the tests: a shop that takes payments, in a world of its own: a gateway, the
//! simulated banks and lender, a database and a clock.
//!
//! Here is the world and how it is opened, moved and looked into. What is said over HTTP stands in
//! [`door`], what a shop and its shoppers do in [`payments`], what banks and the lender do in [`banks`].

mod banks;
mod door;
mod families;
mod payments;

pub use banks::*;
pub use door::*;
pub use families::*;
pub use payments::*;

use bytes::Bytes;
use connectors::directory;
use contract::card::Secret;
use contract::enums::ApmType;
use contract::errors::Language;
use contract::merchant_poses::CreateMerchantPosRequest;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use server::app::{App, Settings};
use server::clock::{Clock, MovableClock};
use server::commands::new_key;
use server::net::HostList;
use server::operations::{Actor, Caller, Principal, Role};
use server::setup::{self, ApmSetup, MerchantSetup};
use server::start::{self, Config};
use server::store::attempts::{self, Attempt};
use server::store::audit::{self, Entry};
use server::store::db::{self, Commit};
use server::store::exchanges::{self, Exchange};
use server::store::loans::{self, Loan};
use server::store::merchants::Merchant;
use server::store::webhooks::{self, Sent};
use server::{jobs, random};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

pub const CALLBACK_KEY: &str = "merchantThreeDsCallbackKeySndbox";
pub const WEBHOOK_KEY: &str = "Aoh7tReTybO6wOjBmOJFFsOR53SBojEp";
pub const DAY: i64 = 24 * 60 * 60;

/// A webhook as the shop received it.
#[derive(Debug, Clone)]
pub struct Hook {
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Hook {
    pub fn header(&self, name: &str) -> &str {
        header(&self.headers, name)
    }
}

/// A shop, and everything around it that one test needs, on free ports and a database of its own.
pub struct Shop {
    pub app: Arc<App>,
    pub clock: Arc<MovableClock>,
    pub gateway: String,
    pub bank: String,
    pub merchant: i64,
    pub apm: i64,
    pub http: HttpClient,
    pub hooks: Arc<Mutex<Vec<Hook>>>,
    pub hook_status: Arc<Mutex<u16>>,
    pub database_url: String,
    pub keys: String,
    pub files: tempdir::Dir,
}

pub mod tempdir {
    use std::path::PathBuf;

    /// A folder that goes away with its owner.
    pub struct Dir(pub PathBuf);

    impl Dir {
        pub fn new() -> Dir {
            let path =
                std::env::temp_dir().join(format!("galata-test-{}", server::random::key(12)));
            std::fs::create_dir_all(&path).unwrap();
            Dir(path)
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// A fresh database of the kind under test.
pub async fn fresh_database(files: &tempdir::Dir) -> String {
    match std::env::var("GALATA_TEST_DATABASE").as_deref() {
        Ok("postgres") => {
            let url = std::env::var("GALATA_TEST_POSTGRES_URL").expect("GALATA_TEST_POSTGRES_URL");
            let name = format!("it_{}", random::key(16).to_lowercase());
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
                .await
                .unwrap();
            tokio::spawn(connection);
            client
                .batch_execute(&format!("create database {name}"))
                .await
                .unwrap();
            let mut parsed = url::Url::parse(&url).unwrap();
            parsed.set_path(&name);
            parsed.to_string()
        }
        _ => format!("sqlite://{}", files.0.join("galata.db").display()),
    }
}

/// Listens on a free port.
async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Serves an app on a free port. Its address.
pub async fn serve(app: &Arc<App>) -> String {
    let (listener, url) = listen().await;
    serve_on(listener, app);
    url
}

fn serve_on(listener: TcpListener, app: &Arc<App>) {
    let (app, pages) = (Arc::clone(app), axum::Router::new());
    tokio::spawn(
        async move { start::serve(app, listener, false, pages, std::future::pending()).await },
    );
}

impl Shop {
    pub async fn open() -> Shop {
        Shop::with(|_| {}).await
    }

    /// A shop whose server is started with other settings.
    pub async fn with(adjust: impl FnOnce(&mut Config)) -> Shop {
        let files = tempdir::Dir::new();
        let clock = Arc::new(MovableClock::default());
        let bank = simulated_bank(&clock).await;
        let (hooks, hook_status) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(200)));
        let webhooks = webhook_server(Arc::clone(&hooks), Arc::clone(&hook_status)).await;

        let (listener, gateway) = listen().await;
        let mut config = Config {
            database_url: fresh_database(&files).await,
            keys: new_key(),
            clock: clock.clone(),
            migrate: true,
            settings: Settings {
                public_urls: vec![gateway.clone()],
                bank_hosts: HostList::new(&["127.0.0.1".to_owned()]),
                webhook_hosts: HostList::new(&["127.0.0.1".to_owned()]),
                bank_timeout: Duration::from_secs(3),
                ..Settings::default()
            },
            ..Config::default()
        };
        adjust(&mut config);
        let (database_url, keys) = (config.database_url.clone(), config.keys.clone());
        let app = start::open(config).await.unwrap();
        serve_on(listener, &app);

        let (api_key, secret_key) = KEYS;
        let merchant = MerchantSetup {
            name: "Test".to_owned(),
            api_key: Some(api_key.to_owned()),
            secret_key: Some(secret_key.to_owned()),
            callback_key: Some(CALLBACK_KEY.to_owned()),
            webhook_key: Some(WEBHOOK_KEY.to_owned()),
            webhook_url: format!("{webhooks}/hook"),
            ..MerchantSetup::default()
        };
        let merchant = setup::create_merchant(&app, &Actor::operator(), merchant).await;
        let mut shop = Shop {
            app,
            clock,
            gateway,
            bank,
            merchant: merchant.unwrap().id,
            apm: 0,
            http: Client::builder(TokioExecutor::new()).build_http(),
            hooks,
            hook_status,
            database_url,
            keys,
            files,
        };
        shop.pos(garanti()).await;
        shop.pos(ykb()).await;
        shop.apm = shop.maslak().await;
        shop
    }

    /// A shop with a POS at a bank of each protocol.
    pub async fn of_families() -> Shop {
        let shop = Shop::open().await;
        for family in &FAMILIES[2..] {
            shop.pos((family.pos)()).await;
        }
        // What is asked too early is a matter of its own.
        let switches = json!({"nestpayStatusEmptySeconds": 0});
        shop.control("POST", "/control/switches", switches).await;
        shop
    }

    /// A shop for which one inquiry is made before a person is told.
    pub async fn impatient() -> Shop {
        Shop::with(|config| config.settings.inquiry_waits = vec![Duration::from_secs(5)]).await
    }

    /// Opens another process on the shop's database, with a clock of its own.
    pub async fn process(&self, clock: &Arc<MovableClock>) -> Arc<App> {
        let clock: Arc<dyn Clock> = Arc::<MovableClock>::clone(clock);
        let config = Config {
            database_url: self.database_url.clone(),
            keys: self.keys.clone(),
            clock,
            settings: self.app.settings.clone(),
            ..Config::default()
        };
        start::open(config).await.unwrap()
    }

    /// Adds a POS that points at the simulator.
    pub async fn pos(&self, request: Value) -> i64 {
        let request: CreateMerchantPosRequest = serde_json::from_value(request).unwrap();
        let integrator = request.pos_integrator.unwrap();
        let folder = directory::protocol(integrator).unwrap().name();
        let endpoint = setup::endpoint_behind(integrator, &format!("{}/{folder}", self.bank));
        let (by, endpoint) = (Actor::operator(), Some(endpoint.unwrap()));
        let pos = setup::create_pos(&self.app, &by, self.merchant, request, endpoint).await;
        pos.unwrap().id
    }

    /// The shop's POSes as it lists them itself.
    pub async fn poses(&self) -> Vec<Value> {
        let found = self.get("/merchant/v1/merchant-poses").await.ok();
        found.list("items").to_vec()
    }

    async fn maslak(&self) -> i64 {
        use simulator::lenders::{CLIENT_ID, CLIENT_SECRET, NOTIFICATION_SECRET};
        let account = ApmSetup {
            api_url: Some(format!("{}/lender", self.bank)),
            client_id: Some(CLIENT_ID.to_owned()),
            client_secret: Some(Secret::new(CLIENT_SECRET)),
            notification_secret: Some(Secret::new(NOTIFICATION_SECRET)),
            ..ApmSetup::default()
        };
        let (app, by) = (&self.app, Actor::operator());
        let apm = setup::create_apm(app, &by, self.merchant, ApmType::Maslak, account).await;
        let apm = apm.unwrap().id;
        self.may_lend(true).await;
        self.lender_is_active(apm, true).await;
        apm
    }

    /// Switches the feature on or off without which there are no loans.
    pub async fn may_lend(&self, on: bool) {
        let (by, feature) = (Actor::operator(), "alternative-payment-methods");
        let set = setup::set_feature(&self.app, &by, self.merchant, feature, on).await;
        set.unwrap();
    }

    /// Switches the account at the lender on or off.
    pub async fn lender_is_active(&self, apm: i64, on: bool) {
        let set =
            setup::set_apm_active(&self.app, &Actor::operator(), self.merchant, apm, on).await;
        set.unwrap();
    }

    /// Changes the merchant as the operator does.
    pub async fn merchant_with(&self, change: impl Fn(&mut Merchant)) {
        let by = Actor::operator();
        let changed = setup::change_merchant(&self.app, &by, self.merchant, change).await;
        changed.unwrap();
    }

    /// A person of the merchant's who calls an operation.
    pub async fn caller(&self, role: Role) -> Caller {
        Caller {
            merchant: setup::merchant(&self.app, self.merchant)
                .await
                .unwrap()
                .into(),
            claims: setup::no_claims(self.merchant),
            language: Language::En,
            by: user(role),
        }
    }

    /// Moves the clock and does what is due then.
    pub async fn wait(&self, seconds: i64) {
        self.pass(seconds).await;
        self.work().await;
    }

    /// Moves the clock, with the ids: they follow it within what is reserved, and no further.
    pub async fn pass(&self, seconds: i64) {
        self.clock.advance_seconds(seconds);
        jobs::renew_node(&self.app).await.unwrap();
    }

    /// Does what is due.
    pub async fn work(&self) {
        while jobs::run_due(&self.app, &jobs::all_shards()).await.unwrap() > 0 {}
    }

    /// The webhooks that the shop received, by event.
    pub fn hooks(&self, event: &str) -> Vec<Hook> {
        self.hooks
            .lock()
            .unwrap()
            .iter()
            .filter(|hook| hook.body["eventType"] == event)
            .cloned()
            .collect()
    }

    /// The webhook about a payment, once the shop received it.
    pub fn hook_about(&self, id: i64) -> Option<Hook> {
        let hooks = self.hooks("API_AUTH").into_iter();
        let mut about = hooks.filter(|hook| hook.body["payloadId"] == id.to_string().as_str());
        about.next()
    }

    /// What is stored of the first webhook about a payment.
    pub async fn webhook(&self, id: i64) -> Sent {
        let found = webhooks::of_payment(&self.app, self.merchant, id).await;
        found.unwrap().remove(0)
    }

    /// What the shop's server answers to webhooks from now on.
    pub fn answers_webhooks(&self, status: u16) {
        *self.hook_status.lock().unwrap() = status;
    }

    /// The last attempt of a card payment.
    pub async fn attempt(&self, id: i64) -> Attempt {
        let found = attempts::last_of_payment(&self.app, self.merchant, id).await;
        found.unwrap().unwrap()
    }

    /// The loan of a payment.
    pub async fn loan(&self, id: i64) -> Loan {
        let found = loans::of_payment(&self.app, self.merchant, id).await;
        found.unwrap().unwrap()
    }

    /// What was said to banks and lenders about a payment.
    pub async fn exchanges(&self, id: i64) -> Vec<Exchange> {
        self.app.journal.flush().await;
        let found = exchanges::of_payment(&self.app, self.merchant, id).await;
        found.unwrap()
    }

    /// What the audit log has of an action, or of all with `""`; the newest first.
    pub async fn audit(&self, action: &str) -> Vec<Entry> {
        let found = audit::of_merchant(&self.app, self.merchant, i64::MAX, action, "", 100).await;
        found.unwrap().into_iter().map(|one| one.entry).collect()
    }

    /// Changes the database behind the server's back.
    pub async fn execute(&self, sql: &'static str, params: Vec<db::Value>) {
        let commit = Commit::new(self.merchant, 0).any(sql, params);
        self.app.db.commit(commit).await.unwrap();
    }

    /// Takes a table away: nothing can be read from it or written to it.
    pub async fn take_table(&self, table: &str) {
        let away = format!("alter table {table} rename to {table}_away");
        self.execute(away.leak(), Vec::new()).await;
    }

    /// Gives the table back.
    pub async fn give_table_back(&self, table: &str) {
        let back = format!("alter table {table}_away rename to {table}");
        self.execute(back.leak(), Vec::new()).await;
    }

    /// Counts with `select count(*) as n …`.
    pub async fn count(&self, sql: &'static str) -> i64 {
        let row = self.app.db.row(sql, Vec::new()).await.unwrap();
        row.unwrap().int("n").unwrap()
    }
}

/// Somebody who signed in to the panel.
pub fn user(role: Role) -> Actor {
    Actor {
        principal: Principal::User {
            id: 1,
            email: "f@example.com".to_owned(),
            role,
        },
        address: "127.0.0.1".to_owned(),
    }
}

/// The simulator, on the shop's clock. Its address.
async fn simulated_bank(clock: &Arc<MovableClock>) -> String {
    let (listener, url) = listen().await;
    let clock = Arc::clone(clock);
    let simulator = simulator::Simulator::open(simulator::Options {
        data_dir: None,
        public_url: url.clone(),
        now: Arc::new(move || clock.now()),
        day_ends_by_clock: false,
        log: false,
    });
    let simulator = simulator.unwrap();
    tokio::spawn(
        async move { simulator::serve(listener, &simulator, std::future::pending()).await },
    );
    url
}

/// The shop's own server: takes webhooks and answers what the test wants. Its address.
async fn webhook_server(hooks: Arc<Mutex<Vec<Hook>>>, status: Arc<Mutex<u16>>) -> String {
    let take = move |headers: http::HeaderMap, body: Bytes| async move {
        let (headers, body) = (texts(&headers), serde_json::from_slice(&body).unwrap());
        hooks.lock().unwrap().push(Hook { headers, body });
        http::StatusCode::from_u16(*status.lock().unwrap()).unwrap()
    };
    let router = axum::Router::new().route("/hook", axum::routing::post(take));
    let (listener, url) = listen().await;
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

pub fn garanti() -> Value {
    json!({
        "name": "Garanti", "posIntegrator": "GARANTI", "currency": "TRY", "status": "AUTOPILOT",
        "clientId": "7000679", "terminalId": "30691298", "threedsKey": "12345678",
        "enableForeignCard": true, "enableInstallment": true, "enablePaymentWithoutCvc": true,
        "enableLoyalty": true, "orderNumber": 1,
        "enabledPaymentAuthenticationTypes": ["THREE_DS", "NON_THREE_DS"],
        "merchantPosUsers": [
            {"posUsername": "PROVAUT", "posPassword": "123qweASD/", "posUserType": "API", "posOperationType": "PROVAUT"},
            {"posUsername": "PROVRFN", "posPassword": "123qweASD/", "posUserType": "API", "posOperationType": "PROVRFN"}
        ]
    })
}

pub fn ykb() -> Value {
    json!({
        "name": "Yapı Kredi", "posIntegrator": "YKB", "currency": "TRY", "status": "AUTOPILOT",
        "clientId": "6706598320", "terminalId": "67005551", "posnetId": "27426",
        "threedsKey": "10,10,10,10,10,10,10,10",
        "enableForeignCard": true, "enableInstallment": true, "enablePaymentWithoutCvc": true,
        "enableLoyalty": true, "orderNumber": 2,
        "enabledPaymentAuthenticationTypes": ["THREE_DS", "NON_THREE_DS"]
    })
}

/// The value with another one merged over it.
pub fn with(mut base: Value, over: Value) -> Value {
    merge(&mut base, over);
    base
}

fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}
