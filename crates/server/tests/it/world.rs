//! The small vocabulary of the tests: a world with a shop, a bank, a lender and a clock.

use bytes::Bytes;
use contract::enums::PosIntegrator;
use contract::signature;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use server::app::{App, Settings};
use server::clock::{Clock, MovableClock};
use server::commands::new_key;
use server::net::HostList;
use server::operations::By;
use server::setup::{self, ApmSetup, MerchantSetup};
use server::start::{self, Config};
use server::{jobs, random};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

pub const CALLBACK_KEY: &str = "merchantThreeDsCallbackKeySndbox";
pub const WEBHOOK_KEY: &str = "Aoh7tReTybO6wOjBmOJFFsOR53SBojEp";

pub type HttpClient = Client<HttpConnector, Full<Bytes>>;

/// A webhook as the shop received it.
#[derive(Debug, Clone)]
pub struct Hook {
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Hook {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, value)| value)
    }
}

/// An answer of the API.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Reply {
    /// `data.<path>`; dots go deeper, numbers into lists.
    pub fn data(&self, path: &str) -> &Value {
        at(&self.body["data"], path)
    }

    pub fn error_group(&self) -> &str {
        self.body["errors"]["errorGroup"].as_str().unwrap_or("")
    }

    pub fn error_code(&self) -> i64 {
        self.body["errors"]["errorCode"]
            .as_str()
            .and_then(|c| c.parse().ok())
            .unwrap_or(0)
    }

    pub fn field(&self) -> &str {
        self.body["errors"]["field"].as_str().unwrap_or("")
    }

    #[track_caller]
    pub fn ok(self) -> Reply {
        assert!(
            (200..300).contains(&self.status),
            "{} {:#}",
            self.status,
            self.body
        );
        self
    }
}

pub fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.')
        .filter(|part| !part.is_empty())
        .fold(value, |value, part| match part.parse::<usize>() {
            Ok(index) => &value[index],
            Err(_) => &value[part],
        })
}

/// Everything that one test needs, on free ports and a database of its own.
pub struct World {
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

impl World {
    pub async fn open() -> World {
        World::with(|_| {}).await
    }

    pub async fn with(adjust: impl FnOnce(&mut Config)) -> World {
        let files = tempdir::Dir::new();
        let clock = Arc::new(MovableClock::default());
        let http: HttpClient = Client::builder(TokioExecutor::new()).build_http();

        let bank_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bank = format!("http://{}", bank_listener.local_addr().unwrap());
        let bank_clock = Arc::clone(&clock);
        let simulator = simulator::Simulator::open(simulator::Options {
            data_dir: None,
            public_url: bank.clone(),
            now: Arc::new(move || bank_clock.now()),
            log: false,
        })
        .unwrap();
        tokio::spawn(async move {
            simulator::serve(bank_listener, &simulator, std::future::pending()).await
        });

        let (hooks, hook_status) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(200)));
        let shop = shop(Arc::clone(&hooks), Arc::clone(&hook_status)).await;

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = format!("http://{}", listener.local_addr().unwrap());
        let database_url = fresh_database(&files).await;
        let mut config = Config {
            database_url: database_url.clone(),
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
        let app = start::open(config).await.unwrap();
        let serving = Arc::clone(&app);
        tokio::spawn(async move {
            start::serve(
                serving,
                listener,
                false,
                axum::Router::new(),
                std::future::pending(),
            )
            .await
        });

        let merchant = setup::create_merchant(
            &app,
            &By::operator(),
            MerchantSetup {
                name: "Test".to_owned(),
                api_key: Some("api-key".to_owned()),
                secret_key: Some("secret-key".to_owned()),
                callback_key: Some(CALLBACK_KEY.to_owned()),
                webhook_key: Some(WEBHOOK_KEY.to_owned()),
                webhook_url: format!("{shop}/hook"),
                ..MerchantSetup::default()
            },
        )
        .await
        .unwrap()
        .id;
        let mut world = World {
            app,
            clock,
            gateway,
            bank,
            merchant,
            apm: 0,
            http,
            hooks,
            hook_status,
            database_url,
            files,
        };
        world.pos(garanti()).await;
        world.pos(ykb()).await;
        world.apm = world.maslak().await;
        world
    }

    /// Adds a POS that points at the simulator.
    pub async fn pos(&self, request: Value) -> i64 {
        let request: contract::merchant_poses::CreateMerchantPosRequest =
            serde_json::from_value(request).unwrap();
        let folder = match request.pos_integrator {
            Some(PosIntegrator::Garanti) => "garanti",
            _ => "posnet",
        };
        let endpoint = setup::endpoint_behind(
            request.pos_integrator.unwrap(),
            &format!("{}/{folder}", self.bank),
        )
        .unwrap();
        setup::create_pos(
            &self.app,
            &By::operator(),
            self.merchant,
            request,
            Some(endpoint),
        )
        .await
        .unwrap()
        .id
    }

    async fn maslak(&self) -> i64 {
        use contract::card::Secret;
        use simulator::lenders::{CLIENT_ID, CLIENT_SECRET, NOTIFICATION_SECRET};
        let setup = ApmSetup {
            api_url: Some(format!("{}/lender", self.bank)),
            client_id: Some(CLIENT_ID.to_owned()),
            client_secret: Some(Secret::new(CLIENT_SECRET)),
            notification_secret: Some(Secret::new(NOTIFICATION_SECRET)),
            ..ApmSetup::default()
        };
        let apm = setup::create_apm(
            &self.app,
            &By::operator(),
            self.merchant,
            contract::enums::ApmType::Maslak,
            setup,
        )
        .await
        .unwrap();
        setup::set_feature(
            &self.app,
            &By::operator(),
            self.merchant,
            "alternative-payment-methods",
            true,
        )
        .await
        .unwrap();
        setup::set_apm_active(&self.app, &By::operator(), self.merchant, apm.id, true)
            .await
            .unwrap();
        apm.id
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.call("POST", path, &text, &[]).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, "", &[]).await
    }

    /// A signed call, with further headers.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Reply {
        let rnd = random::key(12);
        let decoded: String = form_urlencoded::parse(
            path.replace('&', "%26")
                .replace('=', "%3D")
                .replace('+', "%2B")
                .as_bytes(),
        )
        .next()
        .map(|(text, _)| text.into_owned())
        .unwrap_or_default();
        let signature = signature::sign(
            &format!("{}{decoded}", self.gateway),
            "api-key",
            "secret-key",
            &rnd,
            body.as_bytes(),
        );
        let mut all = vec![
            ("x-api-key", "api-key"),
            ("x-rnd-key", rnd.as_str()),
            ("x-auth-version", "v1"),
            ("x-signature", signature.as_str()),
            ("lang", "en"),
        ];
        all.extend_from_slice(headers);
        self.raw(method, path, body.as_bytes(), &all).await
    }

    /// An unsigned call: whatever headers and bytes the test wants.
    pub async fn raw(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
        headers: &[(&str, &str)],
    ) -> Reply {
        send(
            &self.http,
            method,
            &format!("{}{path}", self.gateway),
            body,
            headers,
        )
        .await
    }

    /// A call to the simulator's control API.
    pub async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let headers = [("content-type", "application/json")];
        let reply = send(
            &self.http,
            method,
            &format!("{}{path}", self.bank),
            text.as_bytes(),
            &headers,
        )
        .await;
        assert!(
            reply.status < 300,
            "{path}: {} {}",
            reply.status,
            reply.body
        );
        reply.body
    }

    /// Orders the simulator to fail.
    pub async fn fault(&self, bank: &str, operation: &str, fault: Value) {
        let order = json!({"bank": bank, "operation": operation, "fault": fault, "times": 1});
        self.control("POST", "/control/faults", order).await;
    }

    /// What the bank believes of an order.
    pub async fn ledger(&self, order_id: &str) -> Vec<Value> {
        let found = self
            .control(
                "GET",
                &format!("/control/ledger?orderId={order_id}"),
                Value::Null,
            )
            .await;
        found["orders"].as_array().cloned().unwrap_or_default()
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
}

pub async fn send(
    http: &HttpClient,
    method: &str,
    url: &str,
    body: &[u8],
    headers: &[(&str, &str)],
) -> Reply {
    let mut request = http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request
        .body(Full::new(Bytes::copy_from_slice(body)))
        .unwrap();
    let reply = http.request(request).await.unwrap();
    let status = reply.status().as_u16();
    let headers = reply
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()))
        .collect();
    let bytes = reply.into_body().collect().await.unwrap().to_bytes();
    let body = serde_json::from_slice(&bytes)
        .unwrap_or(Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Reply {
        status,
        headers,
        body,
    }
}

/// The shop's own server: takes webhooks and answers what the test wants.
async fn shop(hooks: Arc<Mutex<Vec<Hook>>>, status: Arc<Mutex<u16>>) -> String {
    let router = axum::Router::new().route(
        "/hook",
        axum::routing::post(move |headers: http::HeaderMap, body: Bytes| async move {
            let headers = headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()))
                .collect();
            let body = serde_json::from_slice(&body).unwrap();
            hooks.lock().unwrap().push(Hook { headers, body });
            http::StatusCode::from_u16(*status.lock().unwrap()).unwrap()
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
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

/// A payment of 100 with the given card number.
pub fn payment(card_number: &str) -> Value {
    json!({
        "price": 100, "paidPrice": 100, "walletPrice": 0, "installment": 1, "currency": "TRY",
        "paymentGroup": "LISTING_OR_SUBSCRIPTION", "conversationId": "456d1297", "externalId": "order-1",
        "card": {
            "cardHolderName": "Haluk Demir", "cardNumber": card_number,
            "expireYear": "2044", "expireMonth": "07", "cvc": if card_number.len() == 15 { "0000" } else { "000" }
        },
        "items": [{"name": "Item 1", "price": 30, "externalId": "1"}, {"name": "Item 2", "price": 70, "externalId": "2"}]
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
