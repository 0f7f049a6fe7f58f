//! Kuveyt Türk: payments as TDV2 messages; voids, refunds and lists by SOAP, whose replies have shapes of
//! their own. No holds, no points.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::answer::{About, Answer, NEVER, NIL, Row, contract, moment, number, references, told};
use super::request::{Gate, Message};
use super::threeds::{self, Callback};
use super::{Account, Boa, House, gates};
use crate::app::App;
use crate::desk::{self, Case};
use crate::ledger::{Bank, Order};
use crate::pages::Brand;
use crate::xml::{Node, node, text};

pub(crate) struct Kuveyt;

/// The gates of the bank's test system, and of its live one.
const HOME: &str = "/kuveyt/boa.virtualpos.services/Home";
const LIVE_HOME: &str = "/kuveyt/ServiceGateWay/Home";
const SOAP: &str =
    "/kuveyt/BOA.Integration.WCFService/BOA.Integration.VirtualPos/VirtualPosService.svc/Basic";
const ACTION: &str = "http://boa.net/BOA.Integration.VirtualPos/Service/IVirtualPosService/";
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";

/// The operations of the SOAP service.
const OPERATIONS: [(&str, Gate); 4] = [
    ("SaleReversal", Gate::Reversal),
    ("DrawBack", Gate::DrawBack),
    ("PartialDrawback", Gate::PartialDrawBack),
    ("GetMerchantOrderDetail", Gate::Status),
];

pub(super) fn router() -> Router<Arc<App>> {
    let pages = [
        ("ThreeDModelPayGate", Gate::Pay),
        ("ThreeDModelProvisionGate", Gate::Provision),
    ];
    let router = gates::<Kuveyt>(desk::router::<Boa<Kuveyt>>(), HOME, &pages);
    let live = [("Non3DPayGate", Gate::NonSecure), pages[0], pages[1]];
    gates::<Kuveyt>(router, LIVE_HOME, &live).route(SOAP, post(soap))
}

/// Which operation it is tells the header; without one there is no such address.
async fn soap(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let action = headers.get("SOAPAction");
    let action = action.and_then(|value| value.to_str().ok());
    let action = action.unwrap_or_default().trim_matches('"');
    let asked = action.strip_prefix(ACTION).unwrap_or_default();
    match OPERATIONS.iter().find(|(name, _)| *name == asked) {
        Some((name, gate)) => {
            let message = Message::soap(*gate, name, &body);
            desk::serve::<Boa<Kuveyt>>(&app, message).await
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

impl House for Kuveyt {
    const BANK: Bank = Bank::Kuveyt;
    const BRAND: Brand = Brand {
        theme: "plain",
        name: "Kuveyt Türk",
    };
    /// Published by the bank.
    const ACCOUNT: Account = Account {
        merchant: "496",
        customer: "400235",
        user: "apitest",
        password: "api123",
    };
    const NON_SECURE: &'static str = "/kuveyt/boa.virtualpos.services/Home/Non3DPayGate";
    const PAGE: &'static str = "/kuveyt/page";
    const ROOT: &'static str = "KuveytTurkVPosMessage";
    const VERSION: &'static str = "TDV2.0.0";
    const OPEN: &'static [&'static str] = &["1"];
    const APPROVED: &'static str = "OTORİZASYON VERİLDİ";
    const NAMES_WAYS_BACK: bool = false;

    fn objection(message: &Message) -> Option<&'static str> {
        let holder = message.value("CardHolderName").chars().count();
        let channel = message.inner("DeviceData", "DeviceChannel");
        let address = message.inner("DeviceData", "ClientIP");
        if message.value("TransactionType") != "Sale" {
            Some("InvalidTransactionType")
        } else if !(2..=45).contains(&holder) {
            Some("EmptyCardHolderNameField")
        } else if !["01", "02"].contains(&channel) {
            Some("EmptyDeviceChannelField")
        } else if address.parse::<Ipv4Addr>().is_err() {
            Some("EmptyClientIPField")
        } else if !["Visa", "MasterCard", "Troy"].contains(&message.value("CardType")) {
            Some("999")
        } else {
            None
        }
    }

    /// One field: an XML document, written for a form once more before the form is.
    fn callback(app: &App, callback: &Callback<'_>) -> Vec<(String, String)> {
        let document = authentication(app, callback).document(DECLARATION, false);
        let escaped: String = form_urlencoded::byte_serialize(&document).collect();
        vec![("AuthenticationResponse".to_owned(), escaped)]
    }

    fn document(case: &Case<'_, Boa<Kuveyt>>, answer: &Answer, spoilt: bool) -> Vec<u8> {
        if case.message.is_soap() {
            return enveloped(case, answer).document(DECLARATION, false);
        }
        let page = (case.message.gate == Gate::Pay)
            .then(|| threeds::refused(case, answer))
            .flatten();
        match page {
            Some(html) => html.into_bytes(),
            None => contract(case, answer, |order| echo(case, order), (true, spoilt))
                .document(DECLARATION, false),
        }
    }
}

/// The merchant's message as a payment's reply repeats it.
fn echo(case: &Case<'_, Boa<Kuveyt>>, order: &Order) -> Node {
    let message = &case.message;
    let (number, amount) = (number(order).to_string(), order.amount.to_string());
    let password = Kuveyt::ACCOUNT.hashed_password();
    let fields = [
        ("OrderId", number.as_str()),
        ("OkUrl", message.value("OkUrl")),
        ("FailUrl", message.value("FailUrl")),
        ("MerchantId", message.value("MerchantId")),
        ("SubMerchantId", "0"),
        ("CustomerId", message.value("CustomerId")),
        ("HashPassword", &password),
        ("CardNumber", &order.masked),
        ("BatchID", "545"),
        ("InstallmentCount", message.value("InstallmentCount")),
        ("Amount", &amount),
        ("MerchantOrderId", message.order_id()),
        ("FECAmount", "0"),
        ("CurrencyCode", &order.currency),
        ("QeryId", "0"),
        ("DebtId", "0"),
        ("SurchargeAmount", "0"),
        ("SGKDebtAmount", "0"),
        ("TransactionSecurity", message.value("TransactionSecurity")),
    ];
    node("VPosMessage", texts(&fields))
}

fn texts(fields: &[(&str, &str)]) -> Vec<Node> {
    let fields = fields.iter();
    fields.map(|(name, value)| text(name, *value)).collect()
}

/// What comes back with the browser.
fn authentication(app: &App, callback: &Callback<'_>) -> Node {
    let begun = callback.number != 0;
    let number = callback.number.to_string();
    let reference = app.sealer.card_reference(callback.order("HashData"));
    let mut fields = Vec::new();
    if begun {
        let told = |name| (name, callback.order(name));
        fields.push(node(
            "VPosMessage",
            texts(&[
                told("APIVersion"),
                told("OkUrl"),
                told("FailUrl"),
                told("HashData"),
                told("MerchantId"),
                ("SubMerchantId", "0"),
                told("CustomerId"),
                told("UserName"),
                ("CardNumber", callback.masked),
                told("CardHolderName"),
                told("CardType"),
                ("BatchID", "0"),
                ("TransactionType", "Sale"),
                told("InstallmentCount"),
                told("Amount"),
                told("DisplayAmount"),
                told("MerchantOrderId"),
                ("FECAmount", "0"),
                ("CurrencyCode", "0949"),
                ("QeryId", "0"),
                ("DebtId", "0"),
                ("SurchargeAmount", "0"),
                ("SGKDebtAmount", "0"),
                ("TransactionSecurity", "3"),
                ("TransactionSide", "Auto"),
                ("EntryGateMethod", "VPOS_ThreeDModelPayGate"),
            ]),
        ));
    }
    fields.extend(texts(&[
        ("IsEnrolled", if begun { "true" } else { "false" }),
        ("IsVirtual", "false"),
        ("ResponseCode", callback.code),
        ("ResponseMessage", callback.text),
        ("OrderId", &number),
        ("TransactionTime", NEVER),
    ]));
    if begun {
        let hash = callback.hash::<Kuveyt>();
        fields.push(text("MerchantOrderId", callback.order("MerchantOrderId")));
        fields.push(text("HashData", hash));
    }
    if !callback.md.is_empty() {
        fields.push(text("MD", callback.md));
    }
    fields.push(text("ReferenceId", reference));
    fields.push(text("BusinessKey", "0"));
    super::answer::root("VPosTransactionResponseContract", fields)
}

/// A reply of the SOAP service.
fn enveloped(case: &Case<'_, Boa<Kuveyt>>, answer: &Answer) -> Node {
    let gate = case.message.gate;
    let name = OPERATIONS.iter().find(|(_, known)| *known == gate);
    let name = name.map_or("", |(name, _)| name);
    let (results, success, value) = match &answer.about {
        About::Orders(orders) => (Vec::new(), "true", found(case, orders)),
        About::Order(..) => (Vec::new(), "true", value(case, answer)),
        // The card's bank refuses in the value alone, and of success nothing is said.
        _ if answer.code != "21" && answer.is_of_host() => (Vec::new(), "", value(case, answer)),
        _ => refused(answer),
    };
    let success = match success {
        "" => text("Success", "").with(NIL),
        said => text("Success", said),
    };
    let inner = node(
        &format!("{name}Result"),
        vec![node("Results", results), success, node("Value", value)],
    );
    let reply = node(&format!("{name}Response"), vec![inner])
        .with("xmlns=\"http://boa.net/BOA.Integration.VirtualPos/Service\"");
    node("s:Envelope", vec![node("s:Body", vec![reply])]).with(
        "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"",
    )
}

/// A refusal of the service itself: results, success and value.
fn refused(answer: &Answer) -> (Vec<Node>, &'static str, Vec<Node>) {
    let result = |message: &str, code: &str, (friendly, severity): (&str, &str)| {
        let mut fields = vec![text("ErrorMessage", message)];
        if !code.is_empty() {
            fields.push(text("ErrorCode", code));
        }
        fields.push(match friendly {
            "" => text("IsFriendly", "").with(NIL),
            said => text("IsFriendly", said),
        });
        fields.push(text("Severity", severity));
        node("Result", fields)
    };
    let business = ("true", "BusinessError");
    if answer.code == "21" {
        let sorry = "İşleminizi şu an gerçekleştiremiyoruz, lütfen daha sonra tekrar deneyiniz.";
        let results = vec![
            result(&answer.text, "21", ("", "Error")),
            result(sorry, "IntegrationFatalException", ("", "Error")),
        ];
        return (results, "", lost());
    }
    match told(&answer.code) {
        "DbLayerError" => (vec![result(&answer.text, "", business)], "false", lost()),
        code => (
            vec![result(&answer.text, code, business)],
            "false",
            Vec::new(),
        ),
    }
}

/// The value of a service that did not get through to its books.
fn lost() -> Vec<Node> {
    let mut fields = texts(&[
        ("ResponseCode", "DbLayerError"),
        ("OrderId", "0"),
        ("TransactionTime", NEVER),
    ]);
    fields.push(text("MerchantId", "").with(NIL));
    fields.push(text("BusinessKey", "0"));
    fields
}

/// The value of a void or refund that was done, or that the card's bank refused.
fn value(case: &Case<'_, Boa<Kuveyt>>, answer: &Answer) -> Vec<Node> {
    let (seq, at) = match &answer.about {
        About::Order(_, seq, at) => (*seq, *at),
        About::Refused(order) => (order.seq, case.app.now()),
        _ => (0, case.app.now()),
    };
    let [rrn, stan, provision] = references(seq);
    let (number, time) = (case.message.outer("OrderId"), moment(at));
    let mut fields = texts(&[("IsEnrolled", "false"), ("IsVirtual", "false")]);
    if answer.code == "00" {
        fields.push(text("ProvisionNumber", provision));
    }
    fields.extend(texts(&[
        ("RRN", &rrn),
        ("Stan", &stan),
        ("ResponseCode", &answer.code),
        ("ResponseMessage", &answer.text),
        ("OrderId", number),
        ("TransactionTime", &time),
        ("MerchantOrderId", case.message.order_id()),
        ("CurrencyCode", "0949"),
    ]));
    fields.push(text("MerchantId", "").with(NIL));
    fields.push(text("BusinessKey", "202404239999000000013631520"));
    fields
}

/// Orders, one element each; none is an empty value.
fn found(case: &Case<'_, Boa<Kuveyt>>, orders: &[Order]) -> Vec<Node> {
    let now = case.app.now();
    let row = |order: &Order| {
        let card = case.app.cards.by_reference(&order.card).map(AsRef::as_ref);
        let fields = Row::new(order, None, now).fields(Kuveyt::ACCOUNT.merchant, card);
        let fields = fields
            .into_iter()
            .filter(|(name, ..)| *name != "TranAmount");
        let fields = fields.map(|(name, value, _)| text(name, value));
        node("OrderContract", fields.collect())
    };
    orders.iter().rev().map(row).collect()
}
