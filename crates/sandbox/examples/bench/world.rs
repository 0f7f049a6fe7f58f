//! A simulator, a database and a gateway between them, and what they use while they are asked.

use super::database::{self, Database};
use super::load::{self, Ask, Pace, Times};
use super::options::{Kind, Options};
use super::roles::{self, Process};
use serde_json::{Value, json};
use server::commands::new_key;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A World card that Yapı Kredi issued; its purse is filled before the run.
pub(crate) const CARD: &str = "4048090000000007";

/// How long the journal takes at most to write what was noted before.
const JOURNAL_WRITES: Duration = Duration::from_millis(500);

/// The simulator, with the purse filled.
pub(crate) struct Bank(pub(crate) Process);

impl Bank {
    /// Keeps its ledger in the folder of `database`.
    pub(crate) async fn open(database: &Database) -> Bank {
        let mut command = this_binary(&["--role", "simulator", "--dir"]);
        let bank = Process::start(command.arg(database.folder.join("bank")));
        let plenty = 900_000_000_000i64;
        let purse =
            json!({"cardNumber": CARD, "card": plenty, "firm": plenty, "mile": 0}).to_string();
        let fill = Ask::new("firm", move |_, request| {
            let head = "POST /control/purses HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json";
            let length = purse.len();
            let whole = format!("{head}\r\ncontent-length: {length}\r\n\r\n{purse}");
            request.extend_from_slice(whole.as_bytes());
        });
        fill.once(bank.address()).await.unwrap();
        Bank(bank)
    }

    /// The sale that the gateway asks of this bank for a payment, asked of it directly.
    pub(crate) fn sale() -> Ask {
        Ask::new("<approved>1<", |number, request| {
            let order = format!("BENCH{number:019}");
            let xml = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><posnetRequest><mid>6706598320</mid><tid>67005551</tid>\
                 <saleWP><amount>10000</amount><wpAmount>1</wpAmount><lpAmount>1</lpAmount><currencyCode>TL</currencyCode>\
                 <orderID>{order}</orderID><ccno>{CARD}</ccno><expDate>4407</expDate><cvc>000</cvc>\
                 <installment>00</installment></saleWP></posnetRequest>"
            );
            let body = form_urlencoded::Serializer::new(String::new())
                .append_pair("xmldata", &xml)
                .finish();
            let length = body.len();
            let head = "POST /posnet/PosnetWebService/XML HTTP/1.1\r\nhost: 127.0.0.1\r\n\
                        content-type: application/x-www-form-urlencoded; charset=utf-8";
            let whole = format!("{head}\r\ncontent-length: {length}\r\n\r\n{body}");
            request.extend_from_slice(whole.as_bytes());
        })
    }
}

fn this_binary(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments);
    command
}

/// A database with its bank and key, between whom gateways are started.
pub(crate) struct Place {
    // In the order in which they go: the bank keeps files in the database's folder.
    pub(crate) bank: Bank,
    pub(crate) database: Database,
    keys: String,
    postmaster: Option<u32>,
}

impl Place {
    pub(crate) async fn create(kind: Kind) -> Place {
        let database = Database::create(kind);
        Place {
            bank: Bank::open(&database).await,
            database,
            keys: new_key(),
            postmaster: (kind == Kind::Postgres).then(database::postmaster),
        }
    }
}

/// A gateway that serves.
pub(crate) struct World<'a> {
    place: &'a Place,
    gateway: Process,
    start: Duration,
}

/// What a run came to.
pub(crate) struct Measured {
    pub(crate) times: Times,
    pub(crate) gateway: Duration,
    pub(crate) bank: Duration,
    pub(crate) generator: Duration,
    pub(crate) postgres: Option<Duration>,
    pub(crate) resident_megabytes: u64,
    /// From the start of the gateway's process until it serves.
    pub(crate) start: Duration,
}

impl<'a> World<'a> {
    /// Starts the gateway of this binary, or of another one.
    pub(crate) fn open(place: &'a Place, other: Option<&Path>) -> World<'a> {
        let mut command = match other {
            Some(binary) => Command::new(binary),
            None => this_binary(&[]),
        };
        command.args(["--role", "gateway", "--keys", &place.keys]);
        command.args(["--database-url", &place.database.url]);
        let begun = Instant::now();
        let gateway = Process::start(command.args(["--bank", &place.bank.0.url]));
        World {
            place,
            gateway,
            start: begun.elapsed(),
        }
    }

    pub(crate) fn ask(
        &self,
        method: &str,
        paths: Vec<String>,
        body: &str,
        wanted: &'static str,
    ) -> Ask {
        Ask::signed(&self.gateway.url, method, paths, body.to_owned(), wanted)
    }

    /// The gateway's process and address.
    pub(crate) fn gateway(&self) -> &Process {
        &self.gateway
    }

    /// The banks close their day.
    pub(crate) async fn close_day(&self) {
        let close = Ask::new("settled", |_, request| {
            let head = "POST /control/settle-day HTTP/1.1\r\nhost: 127.0.0.1";
            let whole =
                format!("{head}\r\ncontent-type: application/json\r\ncontent-length: 0\r\n\r\n");
            request.extend_from_slice(whole.as_bytes());
        });
        close.once(self.place.bank.0.address()).await.unwrap();
    }

    /// A card payment with card and firm points.
    pub(crate) fn payment(&self) -> Ask {
        let body = json!({
            "price": 100, "paidPrice": 100, "walletPrice": 0, "installment": 1, "currency": "TRY",
            "paymentGroup": "LISTING_OR_SUBSCRIPTION", "conversationId": "bench",
            "card": {
                "cardHolderName": "Haluk Demir", "cardNumber": CARD,
                "expireYear": "2044", "expireMonth": "07", "cvc": "000",
                "loyalty": {"type": "REWARD_MONEY", "reward": {"cardRewardMoney": 0.01, "firmRewardMoney": 0.01}}
            },
            "items": [{"name": "Item 1", "price": 30}, {"name": "Item 2", "price": 70}]
        });
        let path = "/payment/v1/card-payments".to_owned();
        let wanted = "\"paymentStatus\":\"SUCCESS\"";
        self.ask("POST", vec![path], &body.to_string(), wanted)
    }

    /// The calls beside payments, with their names.
    pub(crate) async fn calls(&self) -> [(&'static str, Ask); 4] {
        let card =
            json!({"cardNumber": CARD, "expireYear": "2044", "expireMonth": "07", "cvc": "000"});
        let cart = json!({
            "apmType": "MASLAK", "price": 25000, "currency": "TRY",
            "items": [
                {"id": "tv", "name": "Televizyon", "brandName": "Galata", "type": "TV", "unitPrice": 18000, "quantity": 1},
                {"id": "speaker", "name": "Hoparlör", "brandName": "Galata", "type": "ELECTRONICS", "unitPrice": 3500, "quantity": 2}
            ]
        });
        let mut payments = Vec::new();
        for _ in 0..100 {
            payments.push(format!(
                "/payment/v1/card-payments/{}",
                self.pay_once().await
            ));
        }
        let rewards = vec!["/payment/v1/card-loyalties/retrieve".to_owned()];
        let offers = vec!["/payment/v1/bnpl-payments/offers".to_owned()];
        let search = vec!["/payment-reporting/v1/payments?page=0&size=10".to_owned()];
        let (card, cart) = (card.to_string(), cart.to_string());
        [
            (
                "rewards inquiry",
                self.ask("POST", rewards, &card, "cardRewardMoney"),
            ),
            (
                "loan offers",
                self.ask("POST", offers, &cart, "bankOfferTerms"),
            ),
            ("GET of a payment", self.ask("GET", payments, "", "SUCCESS")),
            (
                "payment search, 10 of a page",
                self.ask("GET", search, "", "totalSize"),
            ),
        ]
    }

    /// Makes one payment, with all that is written behind it, and answers its id.
    pub(crate) async fn pay_once(&self) -> i64 {
        self.paid_once().await["data"]["id"].as_i64().unwrap()
    }

    /// Makes one payment, and answers what is told of it.
    pub(crate) async fn paid_once(&self) -> Value {
        let reply = self.payment().once(self.gateway.address()).await.unwrap();
        serde_json::from_str(&reply).unwrap()
    }

    /// Makes the one payment of a database and ends when it is written whole.
    pub(crate) async fn pay_first(&self) {
        self.pay_once().await;
        tokio::time::sleep(JOURNAL_WRITES).await;
    }

    /// Warms up, then asks and looks at what that uses.
    pub(crate) async fn measure(&self, ask: &Ask, pace: Pace, options: &Options) -> Measured {
        let address = self.gateway.address();
        load::run(address, ask, pace, options.warm_up())
            .await
            .unwrap();
        let used = || {
            let of_postgres = self.place.postmaster.map(roles::cpu_with_children);
            [
                roles::cpu(self.gateway.id()),
                roles::cpu(self.place.bank.0.id()),
                roles::cpu(std::process::id()),
                of_postgres.unwrap_or_default(),
            ]
        };
        let before = used();
        let times = load::run(address, ask, pace, options.length())
            .await
            .unwrap();
        let after = used();
        let each = |at: usize| {
            let used = after[at].saturating_sub(before[at]);
            used / u32::try_from(times.count()).unwrap()
        };
        Measured {
            gateway: each(0),
            bank: each(1),
            generator: each(2),
            postgres: self.place.postmaster.map(|_| each(3)),
            resident_megabytes: self.gateway.resident_megabytes(),
            start: self.start,
            times,
        }
    }
}
