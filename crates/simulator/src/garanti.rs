//! Garanti's GVP (version 512), from the bank's side: one address for messages, one for the
//! shopper's browser. Amounts are kuruş; reward inquiry replies follow the bank's published model
//! and are simulated, not bank-certified.

mod answer;
mod hash;
mod orders;
mod threeds;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;

use crate::App;
use crate::faults::Facts;
use crate::ledger::Unwritten;
use crate::reply;
use crate::seal::same;
use crate::xml::{self, Node};
use answer::Answer;

/// The merchant that the simulated bank knows (public test credentials).
const MERCHANT: &str = "7000679";
const TERMINAL: &str = "30691298";
const PASSWORD: &str = "123qweASD/";
const STORE_KEY: &str = "12345678";
const VERSION: &str = "512";
const LIRA: &str = "949";
/// May sell and ask.
const SELLER: &str = "PROVAUT";
/// May take back.
const REFUNDER: &str = "PROVRFN";

const CONTENT_TYPE: &str = "text/xml; charset=UTF-8";

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/garanti/VPServlet", post(message))
        .route("/garanti/servlet/gt3dengine", post(threeds::page))
        .route("/garanti/servlet/gt3dengine/otp", post(threeds::password))
}

/// The parts of a request that every operation reads.
struct Request {
    root: Node,
}

impl Request {
    /// The text at a path of element names; empty when there is none.
    fn at(&self, path: &[&str]) -> &str {
        let mut node = &self.root;
        for name in path {
            match node.child(name) {
                Some(child) => node = child,
                None => return "",
            }
        }
        &node.text
    }

    fn transaction(&self, name: &str) -> &str {
        self.at(&["Transaction", name])
    }

    fn terminal(&self, name: &str) -> &str {
        self.at(&["Terminal", name])
    }

    fn order_id(&self) -> &str {
        self.at(&["Order", "OrderID"])
    }

    fn pan(&self) -> &str {
        self.at(&["Card", "Number"])
    }
}

async fn message(State(app): State<Arc<App>>, body: Bytes) -> Response {
    // The bank takes the document as the body itself or as the form field `data`.
    let posted = form_urlencoded::parse(&body).find(|(name, _)| name == "data");
    let document = match &posted {
        Some((_, document)) if !body.trim_ascii_start().starts_with(b"<") => Some(&**document),
        _ => std::str::from_utf8(&body).ok(),
    };
    let root = document.and_then(|document| xml::parse(document).ok());
    let root = root
        .filter(|root| root.name == "GVPSRequest")
        .unwrap_or_default();
    let request = Request { root };
    let verb = match request.transaction("Type") {
        "sales" if request.transaction("CardholderPresentCode") == "13" => "threeds_finish",
        "sales" => "sale",
        "void" => "void",
        "refund" => "refund",
        "orderinq" => "inquire",
        "rewardinq" => "loyalties",
        _ => "",
    };
    if let Some(answer) = refuse_stranger(&request, verb) {
        return send(&app, &request, answer, None).await;
    }
    let session = threeds::session(&app, &request);
    let card = app.sealer.card_reference(request.pan());
    let facts = Facts {
        amount: request.transaction("Amount").parse().ok(),
        card: Some(
            session
                .as_ref()
                .map_or(card.as_str(), |session| session.card.as_str()),
        ),
        order_id: Some(request.order_id()),
    };
    let fault = app.faults.take("garanti", verb, facts);
    if app.log {
        tracing::info!(
            operation = verb,
            order_id = request.order_id(),
            ?fault,
            "garanti message"
        );
    }
    if reply::fails_before(fault.as_ref()) {
        return reply::internal_error();
    }
    let forced = reply::declines(fault.as_ref());
    let answered = match verb {
        "sale" | "threeds_finish" => orders::sale(&app, &request, session, forced).await,
        _ if forced.is_some() => Ok(Answer::host(forced.unwrap_or_default())),
        "void" => orders::void(&app, &request).await,
        "refund" => orders::refund(&app, &request).await,
        "inquire" => orders::inquire(&app, &request).await,
        _ => orders::rewards(&app, &request).await,
    };
    let refused_after = reply::declines_after(fault.as_ref());
    match answered.map(|answer| refused_after.map_or(answer, Answer::host)) {
        Ok(answer) => send(&app, &request, answer, fault.as_ref()).await,
        Err(Unwritten) => reply::internal_error(),
    }
}

/// What the gateway refuses before it looks at the operation: shape, terminal, user and hash.
fn refuse_stranger(request: &Request, verb: &str) -> Option<Answer> {
    if verb.is_empty() {
        return Some(Answer::gateway(
            "0002",
            "TxnType field is missing or unknown",
        ));
    }
    if request.at(&["Version"]) != VERSION {
        return Some(Answer::gateway("0002", "Version must be 512"));
    }
    if request.terminal("MerchantID") != MERCHANT || request.terminal("ID") != TERMINAL {
        return Some(Answer::gateway("0753", "ErrorId: 0753"));
    }
    let user = request.terminal("ProvUserID");
    let allowed = match verb {
        "void" | "refund" => user == REFUNDER,
        "inquire" => user == SELLER || user == REFUNDER,
        _ => user == SELLER,
    };
    if !allowed {
        return Some(Answer::gateway("0002", "ProvUserID may not do this"));
    }
    let expected = hash::of(&[
        request.order_id(),
        TERMINAL,
        request.pan(),
        request.transaction("Amount"),
        request.transaction("CurrencyCode"),
        &hash::security_data(PASSWORD, TERMINAL),
    ]);
    if !same(expected.as_bytes(), request.terminal("HashData").as_bytes()) {
        return Some(Answer::gateway("0002", "HashData field does not match"));
    }
    None
}

async fn send(
    app: &App,
    request: &Request,
    answer: Answer,
    fault: Option<&crate::faults::Fault>,
) -> Response {
    let document = answer.document(request, app.now(), reply::wrong_mac(fault));
    reply::deliver(CONTENT_TYPE, document, fault).await
}
