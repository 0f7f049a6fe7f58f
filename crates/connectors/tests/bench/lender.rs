//! The connectors' test bench for lenders: recorded cases as data, and a network that gives one reply.
//! The tests of the protocol and the fuzz harness include this file.

use super::folder::Folder;
use connectors::http::{BoxFuture, Failure, Http, Request, Response};
use connectors::lender::{
    Application, ApplicationRef, Buyer, CartItem, Lender, LenderAccount, LenderContext, LoanRefund,
    OffersRequest,
};
use connectors::lenders::maslak::Maslak;
use contract::card::Secret;
use contract::enums::Currency;
use contract::money::Money;
use jiff::Zoned;
use serde_json::Value;
use std::fmt::Debug;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

/// Gives one reply, and remembers what was sent.
pub(crate) struct Recording {
    pub(crate) reply: Result<Response, Failure>,
    pub(crate) sent: Mutex<Vec<Request>>,
}

impl Recording {
    pub(crate) fn of(reply: Result<Response, Failure>) -> Recording {
        Recording {
            reply,
            sent: Mutex::new(Vec::new()),
        }
    }
}

impl Http for Recording {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, Failure>> {
        self.sent.lock().unwrap().push(request);
        let reply = self.reply.clone();
        Box::pin(async move { reply })
    }
}

/// Nothing here ever waits.
pub(crate) fn ready<T>(mut future: BoxFuture<'_, T>) -> T {
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a protocol waited for something other than the network"),
    }
}

pub(crate) fn account() -> LenderAccount {
    LenderAccount {
        client_id: "galata-demo".to_owned(),
        client_secret: Secret::new("lender-secret-demo"),
        notification_secret: Secret::new("lender-notify-demo"),
        api_url: "http://lender.example/lender".to_owned(),
    }
}

pub(crate) fn now() -> Zoned {
    "2026-03-01T15:00:00+03:00[Europe/Istanbul]"
        .parse()
        .unwrap()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A file of a case, which is JSON.
pub(crate) fn read(case: &Folder, file: &str) -> Value {
    serde_json::from_slice(&case.read(file).unwrap()).unwrap()
}

pub(crate) fn reply_of(value: &Value) -> Result<Response, Failure> {
    match value["failure"].as_str() {
        Some("not_sent") => return Err(Failure::NotSent("no connection".to_owned())),
        Some(_) => return Err(Failure::MaybeSent("time-out".to_owned())),
        None => {}
    }
    let headers = value["headers"].as_object().unwrap().iter();
    Ok(Response {
        status: u16::try_from(value["status"].as_u64().unwrap()).unwrap(),
        headers: headers
            .map(|(name, value)| (name.clone(), text(value).unwrap()))
            .collect(),
        body: text(&value["body"]).unwrap().into_bytes(),
    })
}

fn items_of(call: &Value) -> Vec<CartItem> {
    let item = |item: &Value| CartItem {
        id: text(&item["id"]).unwrap(),
        name: text(&item["name"]).unwrap(),
        brand: text(&item["brand"]).unwrap(),
        category: item["category"].as_str().unwrap().parse().unwrap(),
        unit_price: item["unitPrice"].as_i64().unwrap(),
        quantity: u32::try_from(item["quantity"].as_u64().unwrap()).unwrap(),
    };
    call["items"]
        .as_array()
        .map(|items| items.iter().map(item).collect())
        .unwrap_or_default()
}

fn spelled(answer: impl Debug) -> String {
    format!("{answer:#?}\n")
}

/// Makes the call and spells its answer.
pub(crate) fn perform(call: &Value, http: &Recording) -> String {
    let (account, now) = (account(), now());
    let context = LenderContext {
        account: &account,
        http,
        now: &now,
    };
    let items = items_of(call);
    let amount = Money::new(call["amount"].as_i64().unwrap_or_default(), Currency::Try);
    let buyer = Buyer {
        identity_number: text(&call["buyer"]["identityNumber"]).map(Secret::new),
        phone_number: text(&call["buyer"]["phoneNumber"]),
        birth_date: text(&call["buyer"]["birthDate"]),
    };
    let order_id = text(&call["orderId"]).unwrap_or_default();
    let application_id = text(&call["applicationId"]);
    let refund_id = text(&call["refundId"]).unwrap_or_default();
    let reference = ApplicationRef {
        order_id: &order_id,
        application_id: application_id.as_deref(),
        currency: Currency::Try,
    };
    let application = Application {
        order_id: &order_id,
        bank_code: call["bankCode"].as_str(),
        term: call["term"]
            .as_u64()
            .map(|term| u16::try_from(term).unwrap()),
        amount,
        items: &items,
        buyer: &buyer,
        return_url: "http://galata.example/back",
        notification_url: "http://galata.example/notify",
        time_limit_seconds: 1800,
        approves_by_itself: call["approvesByItself"].as_bool(),
    };
    let refund = LoanRefund {
        application: reference,
        refund_id: &refund_id,
        amount,
    };
    match call["verb"].as_str().unwrap() {
        "offers" => spelled(ready(Maslak.offers(
            context,
            OffersRequest {
                amount,
                items: &items,
            },
        ))),
        "apply" => spelled(ready(Maslak.apply(context, application))),
        "inquire" => spelled(ready(Maslak.inquire(context, reference))),
        "confirm" => spelled(ready(Maslak.confirm(context, reference))),
        "cancel" => spelled(ready(Maslak.cancel(context, reference))),
        "void" => spelled(ready(Maslak.void(context, refund))),
        "refund" => spelled(ready(Maslak.refund(context, refund))),
        "given_back" => spelled(ready(Maslak.given_back(context, reference))),
        verb => panic!("no verb {verb}"),
    }
}
