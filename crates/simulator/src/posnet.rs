//! Yapı Kredi's PosNet XML, from the bank's side: one address for messages, one for the shopper's
//! browser. Written from the public PosNet documents; amounts are kuruş throughout.

mod mac;
mod rewards;
mod sales;
mod threeds;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;

use crate::App;
use crate::codes;
use crate::faults::Facts;
use crate::ledger::{Order, Unwritten};
use crate::reply;
use crate::xml::{self, Node, node, text};

/// The merchant that the simulated bank knows (public test credentials).
const MERCHANT: &str = "6706598320";
const TERMINAL: &str = "67005551";
const POSNET_ID: &str = "27426";
const KEY: &str = "10,10,10,10,10,10,10,10";

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"ISO-8859-9\"?>";
const CONTENT_TYPE: &str = "text/xml; charset=ISO-8859-9";

/// Message elements and the verbs by which faults name them.
const OPERATIONS: &[(&str, &str)] = &[
    ("sale", "sale"),
    ("saleWP", "sale"),
    ("pointUsage", "sale"),
    ("reverse", "void"),
    ("return", "refund"),
    ("pointReturn", "refund"),
    ("agreement", "inquire"),
    ("pointInquiry", "loyalties"),
    ("koiCampaignQuery", "loyalties"),
    ("oosRequestData", "threeds_init"),
    ("oosResolveMerchantData", "threeds_resolve"),
    ("oosTranData", "threeds_finish"),
];

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/posnet/PosnetWebService/XML", post(message))
        .route(
            "/posnet/3DSWebService/YKBPaymentService",
            post(threeds::page),
        )
        .route(
            "/posnet/3DSWebService/YKBPaymentService/otp",
            post(threeds::password),
        )
}

async fn message(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let xmldata = form_urlencoded::parse(&body).find(|(name, _)| name == "xmldata");
    let request = xmldata.and_then(|(_, document)| xml::parse(&document).ok());
    let Some(request) = request.filter(|request| request.name == "posnetRequest") else {
        return answer(refused("0150", None), None).await;
    };
    if request.value("mid") != MERCHANT || request.value("tid") != TERMINAL {
        return answer(refused("0148", None), None).await;
    }
    let operation = request.children.iter().find_map(|child| {
        OPERATIONS
            .iter()
            .find(|(name, _)| *name == child.name)
            .map(|(_, verb)| (child, *verb))
    });
    let Some((operation, verb)) = operation else {
        return answer(refused("0150", None), None).await;
    };
    let session = threeds::session(&app, operation);
    let card = app.sealer.card_reference(operation.value("ccno"));
    let order_id = ["orderID", "XID"]
        .map(|name| operation.value(name))
        .into_iter()
        .find(|id| !id.is_empty());
    let facts = match &session {
        Some(session) => Facts {
            amount: Some(session.amount),
            card: Some(&session.card),
            order_id: Some(&session.order_id),
        },
        None => Facts {
            amount: operation.value("amount").parse().ok(),
            card: Some(&card),
            order_id,
        },
    };
    let fault = app.faults.take("posnet", verb, facts);
    if app.log {
        tracing::info!(operation = %operation.name, order_id, ?fault, "posnet message");
    }
    if reply::fails_before(fault.as_ref()) {
        return reply::internal_error();
    }
    match carry_out(&app, operation, reply::declines(fault.as_ref())).await {
        Ok(mut replied) => {
            if let Some(code) = reply::declines_after(fault.as_ref()) {
                replied = refused(code, threeds::refusal_mac(&app, operation));
            }
            if reply::wrong_mac(fault.as_ref()) {
                spoil_macs(&mut replied);
            }
            answer(replied, fault.as_ref()).await
        }
        Err(Unwritten) => reply::internal_error(),
    }
}

/// Does what the message asks; `forced` refuses with that code.
async fn carry_out(app: &App, operation: &Node, forced: Option<&str>) -> Result<Node, Unwritten> {
    match (operation.name.as_str(), forced) {
        ("sale" | "saleWP" | "pointUsage", _) => sales::sale(app, operation, forced).await,
        ("oosTranData", _) => threeds::finish(app, operation, forced).await,
        (_, Some(code)) => Ok(refused(code, None)),
        ("reverse", _) => sales::reverse(app, operation).await,
        ("return" | "pointReturn", _) => sales::give_back(app, operation).await,
        ("agreement", _) => sales::agreement(app, operation).await,
        ("pointInquiry", _) => rewards::points(app, operation).await,
        ("koiCampaignQuery", _) => Ok(rewards::campaigns(app, operation)),
        ("oosRequestData", _) => Ok(threeds::begin(app, operation)),
        ("oosResolveMerchantData", _) => Ok(threeds::resolve(app, operation)),
        _ => Ok(refused("0150", None)),
    }
}

async fn answer(reply: Node, fault: Option<&crate::faults::Fault>) -> Response {
    reply::deliver(CONTENT_TYPE, reply.document(DECLARATION, true), fault).await
}

fn spoil_macs(node: &mut Node) {
    if node.name == "mac" || node.name == "sign" {
        reply::spoil(&mut node.text);
    }
    node.children.iter_mut().for_each(spoil_macs);
}

/// A reply that says yes.
fn approved(mut fields: Vec<Node>) -> Node {
    let mut children = vec![
        text("approved", "1"),
        text("respCode", ""),
        text("respText", ""),
    ];
    children.append(&mut fields);
    node("posnetResponse", children)
}

/// A reply that says no. Two-digit and test codes are padded to PosNet's four places.
fn refused(code: &str, mac: Option<String>) -> Node {
    let padded = format!("{code:0>4}");
    let reason = codes::message(code);
    let mut children = vec![
        text("approved", "0"),
        text("respCode", padded.as_str()),
        text("respText", format!("RED-{reason} {padded}")),
    ];
    children.extend(mac.map(|mac| text("mac", mac)));
    node("posnetResponse", children)
}

/// The bank's reference of an order: 18 digits.
fn host_log_key(order: &Order) -> String {
    format!("{:014}0191", order.seq)
}

/// The order that a reference names.
fn sequence(host_log_key: &str) -> Option<i64> {
    host_log_key
        .strip_suffix("0191")
        .filter(|digits| digits.len() == 14)?
        .parse()
        .ok()
}

/// Six digits that look like an authorisation.
fn auth_code(order: &Order) -> String {
    format!(
        "{:06}",
        order.seq.wrapping_mul(7_919).rem_euclid(900_000) + 100_000
    )
}

/// A whole number of kuruş, never negative.
fn kurus(digits: &str) -> Option<i64> {
    let plain = !digits.is_empty() && digits.len() <= 12;
    (plain && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Points and their value in one block: a point is worth half a kuruş.
fn point_info(used_or_earned: i64, total: i64) -> Node {
    node(
        "pointInfo",
        vec![
            text("point", format!("{:08}", used_or_earned.saturating_mul(2))),
            text("pointAmount", format!("{used_or_earned:012}")),
            text("totalPoint", format!("{:08}", total.saturating_mul(2))),
            text("totalPointAmount", format!("{total:012}")),
        ],
    )
}
