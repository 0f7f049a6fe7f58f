//! The connectors' test bench for banks: recorded cases as data, and a network that replays replies.
//! The library's own tests and the fuzz harness include this file.

use super::folder::Folder;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connectors::account::Options;
use connectors::bank::{
    Account, Answer, BankContext, BankForm, Begin3ds, Capture, CardData, CardEnds, Charge,
    Finish3ds, LoyaltyInquiry, Order, OrderRef, Phase, Refund, Returned, RewardMoney, RewardUse,
    ThreedsLevel, User, Verdict,
};
use connectors::http::{BoxFuture, Failure, Http, Request, Response};
use connectors::protocol::Protocol;
use connectors::xml::Element;
use contract::card::{Cvc, Expiry, Pan, Secret};
use contract::enums::PosOperationType;
use contract::money::Money;
use flate2::Compression;
use flate2::write::GzEncoder;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Zoned;
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha512};
use std::fmt::Debug;
use std::future::Future;
use std::io::Write;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

/// Answers each request with the next reply, then with a cut line; keeps the requests.
pub(crate) struct Replay {
    replies: Mutex<std::collections::VecDeque<Result<Response, Failure>>>,
    pub(crate) requests: Mutex<Vec<Request>>,
}

impl Replay {
    pub(crate) fn of(replies: impl IntoIterator<Item = Response>) -> Replay {
        Replay::results(replies.into_iter().map(Ok))
    }

    pub(crate) fn results(replies: impl IntoIterator<Item = Result<Response, Failure>>) -> Replay {
        Replay {
            replies: Mutex::new(replies.into_iter().collect()),
            requests: Mutex::new(Vec::new()),
        }
    }
}

impl Http for Replay {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, Failure>> {
        self.requests.lock().unwrap().push(request);
        let cut = Err(Failure::MaybeSent("no more replies".to_owned()));
        let reply = self.replies.lock().unwrap().pop_front().unwrap_or(cut);
        Box::pin(async move { reply })
    }
}

/// Runs a future that never waits: the replaying network is always ready.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a connector waited for something else than the network"),
    }
}

/// A call of one verb, as `call.json` of a fixture holds it.
pub(crate) struct Call(pub(crate) Value);

impl Call {
    pub(crate) fn text(&self, path: &str) -> &str {
        self.0.pointer(path).and_then(Value::as_str).unwrap_or("")
    }

    fn number(&self, path: &str) -> i64 {
        self.0.pointer(path).and_then(Value::as_i64).unwrap_or(0)
    }

    pub(crate) fn account(&self) -> Account {
        let text = |name| self.text(&format!("/account/{name}")).to_owned();
        // Where a protocol knows the bank's other addresses by this one.
        let address = |name, usual: &str| match text(name) {
            none if none.is_empty() => format!("https://bank.example{usual}"),
            own => own,
        };
        let user = |operation: PosOperationType| User {
            operation,
            name: match text("user").as_str() {
                "" => operation.as_str().to_owned(),
                name => name.to_owned(),
            },
            password: Secret::new(text("password")),
        };
        Account {
            integrator: text("integrator").parse().ok(),
            client_id: text("clientId"),
            terminal_id: text("terminalId"),
            posnet_id: text("posnetId"),
            threeds_posnet_id: text("threedsPosnetId"),
            threeds_terminal_id: text("threedsTerminalId"),
            threeds_key: Secret::new(text("threedsKey")),
            users: vec![
                user(PosOperationType::Provaut),
                user(PosOperationType::Provrfn),
            ],
            options: self.options(),
            production: false,
            api_url: address("apiUrl", "/api"),
            threeds_url: address("threedsUrl", "/3ds"),
        }
    }

    fn options(&self) -> Options {
        let mut options = Options::default();
        let chosen = self
            .0
            .pointer("/account/options")
            .and_then(Value::as_object);
        for (name, choice) in chosen.into_iter().flatten() {
            options.choose(name, choice.as_str().unwrap());
        }
        options
    }

    pub(crate) fn order(&self) -> Order {
        let currency = self
            .text("/order/currency")
            .parse()
            .unwrap_or(contract::enums::Currency::Try);
        Order {
            id: self.text("/order/id").to_owned(),
            amount: Money::new(self.number("/order/amount"), currency),
            phase: self.phase(),
            installment: u8::try_from(self.number("/order/installment"))
                .unwrap()
                .max(1),
        }
    }

    fn phase(&self) -> Phase {
        match self.text("/order/phase") {
            "" => Phase::Sale,
            "hold" => Phase::Hold,
            other => panic!("no such phase: {other}"),
        }
    }

    pub(crate) fn card(&self) -> CardData {
        CardData {
            pan: Pan::parse(self.text("/card/pan")).unwrap(),
            expiry: Expiry {
                year: 2030,
                month: 7,
            },
            cvc: Cvc::parse(self.text("/card/cvc")),
            holder: self.text("/card/holder").to_owned(),
        }
    }

    /// The order with what its record is compared with.
    pub(crate) fn about<'a>(&'a self, order: &'a Order, now: &'a Zoned) -> OrderRef<'a> {
        OrderRef {
            order,
            threeds: self.0["threeds"] == true,
            sent_at: now,
            host_reference: self.0.get("hostReference").and_then(Value::as_str),
            card: CardEnds {
                first: self.text("/cardEnds/first"),
                last: self.text("/cardEnds/last"),
            },
            id_chosen: self.0["idChosen"] == true,
            with_points: self.0["withPoints"] == true || self.points().is_some(),
        }
    }

    fn reward(&self) -> Option<RewardUse> {
        let reward = self.0.get("reward")?;
        let campaign = reward.get("campaign").and_then(Value::as_str);
        Some(match campaign {
            Some(name) => RewardUse::Campaign(name.parse().unwrap()),
            None => RewardUse::Money {
                card: self.number("/reward/card"),
                firm: self.number("/reward/firm"),
                mile: self.number("/reward/mile"),
            },
        })
    }

    /// What a refund gives back or a capture takes.
    pub(crate) fn moved(&self, order: &Order) -> Money {
        Money::new(self.number("/amount"), order.amount.currency)
    }

    fn points(&self) -> Option<RewardMoney> {
        self.0.get("points")?;
        Some(RewardMoney {
            card: self.number("/points/card"),
            firm: self.number("/points/firm"),
            mile: self.number("/points/mile"),
        })
    }

    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let fields = self.0["fields"].as_object().into_iter().flatten();
        let mut fields: Vec<(String, String)> = fields
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
        if self.0["legacyHash"] == true {
            self.sign_anew(&mut fields);
        }
        fields
    }

    /// A return recorded of Garanti's older version: where its hash holds, the one that version 512 would
    /// have is put in its place.
    fn sign_anew(&self, fields: &mut [(String, String)]) {
        let value = |name: &str| self.text(&format!("/fields/{name}"));
        let names = value("hashparams")
            .split(':')
            .filter(|name| !name.is_empty());
        let text: String = names.map(value).collect();
        let text = format!("{text}{}", self.text("/account/threedsKey"));
        let hash = fields.iter_mut().find(|(name, _)| name == "hash");
        if let Some((_, hash)) = hash
            && *hash == STANDARD.encode(Sha1::digest(&text))
        {
            *hash = upper_hex(&Sha512::digest(&text));
        }
    }

    /// Makes the call and shows the answer, as `answer.txt` of a fixture holds it.
    pub(crate) fn make(&self, bank: Protocol, http: &Replay) -> String {
        let (account, order) = (self.account(), self.order());
        let now = now();
        let context = BankContext {
            account: &account,
            http,
            now: &now,
        };
        let (reward, client_ip) = (self.reward(), Some("203.0.113.7"));
        let about = || self.about(&order, &now);
        match self.text("/verb") {
            "charge" => show(ready(bank.charge(
                context,
                Charge {
                    order: &order,
                    card: &self.card(),
                    reward,
                    client_ip,
                },
            ))),
            "begin_3ds" => {
                let begun = self.begun(bank, http);
                show(begun.map(|verdict| match verdict {
                    Verdict::Approved(form) => (form.action, form.fields),
                    Verdict::Declined(decline) => (format!("{decline:?}"), Vec::new()),
                }))
            }
            "verify_3ds" => {
                let returned = Returned {
                    sale: about(),
                    fields: &self.fields(),
                    return_url: self.text("/returnUrl"),
                };
                show(ready(bank.verify_3ds(context, returned)))
            }
            "page_outcome" => {
                let returned = Returned {
                    sale: about(),
                    fields: &self.fields(),
                    return_url: self.text("/returnUrl"),
                };
                show(ready(bank.page_outcome(context, returned)))
            }
            "finish_3ds" => {
                let proof = Secret::new(self.0["proof"].to_string());
                let finish = Finish3ds {
                    sale: about(),
                    reward,
                    proof: &proof,
                    client_ip,
                };
                show(ready(bank.finish_3ds(context, finish)))
            }
            "void" => show(ready(bank.void(context, about()))),
            "refund" => {
                let refund = Refund {
                    sale: about(),
                    amount: self.moved(&order),
                    points: self.points(),
                    client_ip,
                };
                show(ready(bank.refund(context, refund)))
            }
            "given_back" => show(ready(bank.given_back(context, about()))),
            "capture" => {
                let capture = Capture {
                    hold: about(),
                    amount: self.moved(&order),
                    client_ip,
                };
                show(ready(bank.capture(context, capture)))
            }
            "inquire" => show(ready(bank.inquire(context, about()))),
            "day_list" => {
                let day = self.text("/day").parse().unwrap();
                show(ready(bank.day_list(context, day)))
            }
            "loyalties" => {
                let card = self.card();
                let inquiry = LoyaltyInquiry {
                    order: &order,
                    card: &card,
                    client_ip,
                };
                show(ready(bank.loyalties(context, inquiry)))
            }
            other => panic!("no such verb: {other}"),
        }
    }

    /// Begins 3DS: the form that the browser takes to the bank.
    pub(crate) fn begun(&self, bank: Protocol, http: &Replay) -> Answer<BankForm> {
        let (account, order) = (self.account(), self.order());
        let context = BankContext {
            account: &account,
            http,
            now: &now(),
        };
        let begin = Begin3ds {
            order: &order,
            card: &self.card(),
            reward: self.reward(),
            return_url: self.text("/returnUrl"),
            client_ip: Some("203.0.113.7"),
            language: "tr",
            sells_at: match self.text("/sellsAt") {
                "" => None,
                "full" => Some(ThreedsLevel::Full),
                "half" => Some(ThreedsLevel::Half),
                other => panic!("no such level: {other}"),
            },
        };
        ready(bank.begin_3ds(context, begin))
    }
}

/// The moment of every call.
fn now() -> Zoned {
    let now = "2026-06-01T12:00:00+03:00[Europe/Istanbul]";
    now.parse().unwrap()
}

fn show<T: Debug>(answer: T) -> String {
    format!("{answer:#?}\n")
}

/// The protocol of a fixture folder.
pub(crate) fn protocol(name: &str) -> Protocol {
    let mut all = Protocol::ALL.iter();
    let found = all.find(|protocol| protocol.name() == name);
    *found.unwrap_or_else(|| panic!("no such protocol: {name}"))
}

/// A recorded exchange with a bank.
pub(crate) struct Case {
    pub(crate) protocol: &'static str,
    pub(crate) name: String,
    pub(crate) folder: Folder,
    pub(crate) call: Call,
    pub(crate) replies: Vec<Response>,
}

impl Case {
    /// Its replies with the body of one of them changed.
    pub(crate) fn with_body(&self, at: usize, body: Vec<u8>) -> Vec<Response> {
        let mut replies = self.replies.clone();
        replies[at].body = body;
        replies
    }
}

/// Every recorded case of a bank.
pub(crate) fn cases() -> Vec<Case> {
    let folders = Protocol::ALL.iter().flat_map(|protocol| {
        let folders = Folder::all(protocol.name()).into_iter();
        folders.map(|folder| (protocol.name(), folder))
    });
    let cases = folders.map(|(protocol, folder)| {
        let call = Call(folder.call.clone());
        let replies = (1..)
            .map_while(|number| {
                let read = |kind| folder.read(&format!("reply-{number}.{kind}"));
                let body = ["xml", "json", "txt"].into_iter().find_map(read)?;
                Some((body, headers(read("headers"))))
            })
            .map(|(body, mut headers)| {
                let body = packed(body);
                if call.0["signed"] == true {
                    let key = call.account().threeds_key;
                    headers.push(("auth-hash".to_owned(), hmac(key.expose(), &body)));
                }
                let legacy = call.0["legacyHash"] == true;
                let body = if legacy {
                    signed_anew(&call, body)
                } else {
                    body
                };
                Response {
                    status: 200,
                    headers,
                    body,
                }
            })
            .collect();
        Case {
            protocol,
            name: folder.name().to_owned(),
            folder,
            call,
            replies,
        }
    });
    cases.collect()
}

/// Akbank's lists stand here unpacked, for people who compare: a reply whose `data` is an object has it packed, as the
/// bank does.
pub(crate) fn packed(body: Vec<u8>) -> Vec<u8> {
    let Ok(Value::Object(mut reply)) = serde_json::from_slice(&body) else {
        return body;
    };
    if let Some(list @ Value::Object(_)) = reply.get("data") {
        // Not compressed, so that no version of the library makes other bytes.
        let mut packer = GzEncoder::new(Vec::new(), Compression::none());
        packer.write_all(list.to_string().as_bytes()).unwrap();
        let list = STANDARD.encode(packer.finish().unwrap());
        reply.insert("data".to_owned(), list.into());
        return Value::Object(reply).to_string().into_bytes();
    }
    body
}

/// Akbank's signature of a body.
pub(crate) fn hmac(key: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha512>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The headers of a reply: `name: value`, a line each.
fn headers(file: Option<Vec<u8>>) -> Vec<(String, String)> {
    let text = String::from_utf8(file.unwrap_or_default()).unwrap();
    let pair = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_owned(), value.to_owned())
    };
    text.lines().map(pair).collect()
}

/// Upper-case hexadecimal.
pub(crate) fn upper_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// A recording of Garanti's older version, whose reply hash is SHA-1: proves that hash, and puts
/// the one in its place that version 512 would have.
fn signed_anew(call: &Call, reply: Vec<u8>) -> Vec<u8> {
    let root = Element::parse(&reply).unwrap();
    let account = call.account();
    let password = account.users[0].password.expose();
    let security = format!("{password}{:0>9}", account.terminal_id);
    let security = upper_hex(&Sha1::digest(security));
    let transaction = |name| root.exact(&["Transaction", name]).unwrap();
    let text = format!(
        "{}{}{}{}{}{security}",
        root.exact(&["Transaction", "Response", "Code"]).unwrap(),
        transaction("RetrefNum"),
        transaction("AuthCode"),
        transaction("ProvDate"),
        root.exact(&["Order", "OrderID"]).unwrap(),
    );
    let legacy = transaction("HashData");
    assert_eq!(legacy, upper_hex(&Sha1::digest(&text)), "{text}");
    let reply = String::from_utf8(reply).unwrap();
    reply
        .replace(legacy, &upper_hex(&Sha512::digest(&text)))
        .into_bytes()
}
