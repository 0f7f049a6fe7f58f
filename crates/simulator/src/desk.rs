//! A bank's desk for messages. Every message takes one way here (read, admit, meet what a tester
//! ordered, carry out, sign, deliver), and cards and ledger are asked here alone; a protocol brings
//! the shapes of its messages, and nothing else.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;

use crate::app::App;
use crate::cards::{Card, Purse, mask_if_card};
use crate::codes;
use crate::faults::{Facts, Fault, Verb};
use crate::ledger::{
    Bank, Capture, Key, Kind, Moved, Order, Points, Sale, Sold, Split, Undo, Unwritten,
    id_of_account,
};
use crate::reply;
use crate::session::Session;
use crate::threeds::{self, BankPage};

/// A protocol's messages.
pub(crate) trait Desk: BankPage {
    /// Where messages are posted.
    const MESSAGES: &'static str;
    const CONTENT_TYPE: &'static str;
    /// The bank's own codes for some groups of refused voids and refunds.
    const UNDO_CODES: &'static [(&'static str, &'static str)];
    type Message: Send + Sync;
    type Reply: Send;

    /// Reads a body. What cannot be read is an empty message, which is then not admitted.
    fn read(body: &[u8]) -> Self::Message;

    /// Reads a message whose head tells something, too: an address of several, or a signature.
    fn receive(_head: &Parts, body: &[u8]) -> Self::Message {
        Self::read(body)
    }

    /// The verb of a message with the right shape, account and hash; any other is refused.
    fn admit(message: &Self::Message) -> Result<Verb, Self::Reply>;

    /// What an admitted message says that it is about.
    fn subject(message: &Self::Message) -> Subject<'_>;

    /// The 3D Secure authentication that a message shows.
    fn session(app: &App, message: &Self::Message) -> Option<Session> {
        Session::open(app, Self::BANK, Self::subject(message).proof)
    }

    /// What the bank is to do. `Err` is the reply where there is nothing for it to do: a refusal, or
    /// an answer that needs no ledger.
    fn operation<'a>(case: &'a Case<'_, Self>) -> Result<Operation<'a>, Self::Reply>;

    /// Words what came of the operation.
    fn answer(case: &Case<'_, Self>, outcome: Outcome<'_>) -> Self::Reply;

    /// Words the list of orders that was asked for, the oldest first; a bank without lists asks for none.
    fn list(case: &Case<'_, Self>, _orders: Vec<Order>) -> Self::Reply {
        Self::refuse(case, "12")
    }

    /// Words a refusal with this code.
    fn refuse(case: &Case<'_, Self>, code: &str) -> Self::Reply;

    /// What a reply is, where it is not always the same.
    fn content_type(_case: &Case<'_, Self>, _reply: &Self::Reply) -> &'static str {
        Self::CONTENT_TYPE
    }

    /// The reply as bytes, signed; `spoilt` breaks the signature on purpose.
    fn document(case: &Case<'_, Self>, reply: Self::Reply, spoilt: bool) -> Vec<u8>;

    /// The status that goes with a reply.
    fn status(_reply: &Self::Reply) -> StatusCode {
        StatusCode::OK
    }

    /// The header that signs the bytes of a reply, at a bank that signs so.
    fn signature(
        _case: &Case<'_, Self>,
        _body: &[u8],
        _spoilt: bool,
    ) -> Option<(HeaderName, HeaderValue)> {
        None
    }
}

/// A message at the desk.
pub(crate) struct Case<'a, D: Desk> {
    pub(crate) app: &'a App,
    pub(crate) message: D::Message,
    /// The 3D Secure authentication that it shows; `None` when it shows none of ours.
    pub(crate) session: Option<Session>,
}

/// What a message is about; absent parts are empty.
pub(crate) struct Subject<'a> {
    pub(crate) order_id: &'a str,
    /// The bank's reference of the order, where it is named by that alone.
    pub(crate) reference: Option<i64>,
    /// In minor units, where it can be read.
    pub(crate) amount: Option<i64>,
    pub(crate) pan: &'a str,
    /// The sealed authentication.
    pub(crate) proof: &'a str,
}

/// What the bank is to do.
pub(crate) enum Operation<'a> {
    Sale(Purchase<'a>),
    Void {
        key: Key,
        undo: Undo,
    },
    Refund {
        key: Key,
        amount: i64,
        split: Split,
    },
    /// Give back all that is left of an order.
    RefundRest {
        key: Key,
        split: Split,
    },
    /// Take of a hold.
    Capture {
        key: Key,
        capture: Capture,
    },
    /// Tell how an order stands.
    Inquire(Key),
    /// Tell of all orders that fit.
    List(Box<dyn Fn(&Order) -> bool + Send + Sync + 'a>),
    /// Tell what a card's purse holds.
    Purse(&'a Card),
}

/// Asks for the orders of an account, or of the whole bank without one, with which something was done between two
/// moments; both count.
pub(crate) fn moves_of(
    bank: Bank,
    account: &str,
    from: Timestamp,
    until: Timestamp,
) -> Operation<'_> {
    Operation::List(Box::new(move |order| {
        order.bank == bank
            && (account.is_empty() || order.names().0 == account)
            && order.moved_between(from, until)
    }))
}

/// A sale as its message asks for it.
pub(crate) struct Purchase<'a> {
    pub(crate) id: String,
    /// The shop's number of the order, at a bank where `id` is that of the message.
    pub(crate) label: String,
    pub(crate) kind: Kind,
    /// The card, or the code with which it is refused.
    pub(crate) card: Result<&'a Arc<Card>, &'static str>,
    /// The number in the message; empty without one.
    pub(crate) pan: &'a str,
    pub(crate) currency: &'a str,
    pub(crate) amount: i64,
    pub(crate) instalments: u32,
    pub(crate) points: Points,
    pub(crate) campaign: u8,
    /// The nonce of the authentication, of a sale after 3D Secure.
    pub(crate) nonce: Option<String>,
    /// The code when the authentication does not cover this sale.
    pub(crate) unproven: Option<&'static str>,
    /// The code when the bank does not sell this to the card.
    pub(crate) objection: Option<&'static str>,
}

impl<'a> Purchase<'a> {
    /// The sale that was authenticated, with the points that the shopper or the form chose; the caller says what
    /// its bank has besides.
    pub(crate) fn of_session(app: &'a App, session: &'a Session) -> Purchase<'a> {
        Purchase {
            id: match session.account.as_str() {
                "" => session.order_id.clone(),
                account => id_of_account(account, &session.order_id),
            },
            label: String::new(),
            kind: if session.holds {
                Kind::Hold
            } else {
                Kind::Sale
            },
            card: app.cards.by_reference(&session.card).ok_or("14"),
            pan: "",
            currency: &session.currency,
            amount: session.amount,
            instalments: session.instalments,
            points: Points::InOrder(session.points),
            campaign: 0,
            nonce: Some(session.nonce.clone()),
            unproven: None,
            objection: None,
        }
    }
}

/// What came of an operation.
pub(crate) enum Outcome<'a> {
    /// With the card, if the simulator knows it.
    Sold(Sold, Option<&'a Card>),
    /// The card is one for which the bank says that the order id was used before. Its record has the try as a failed one,
    /// so that who asks what became of the order is told.
    UsedBefore {
        approved: bool,
    },
    Voided(Moved),
    Refunded(Moved),
    Captured(Moved),
    Found(Option<(Box<Order>, Purse)>),
    Purse(&'a Card, Purse),
}

/// The addresses of a bank: its messages and its 3D Secure page.
pub(crate) fn router<D: Desk>() -> Router<Arc<App>> {
    Router::new()
        .route(D::MESSAGES, post(message::<D>))
        .route(D::PAGE, post(threeds::open::<D>))
        .route(&format!("{}/otp", D::PAGE), post(threeds::password::<D>))
}

/// Takes a message.
pub(crate) async fn message<D: Desk>(
    State(app): State<Arc<App>>,
    head: Parts,
    body: Bytes,
) -> Response {
    serve::<D>(&app, D::receive(&head, &body)).await
}

/// What the bank says to a message, wherever it was posted.
pub(crate) async fn serve<D: Desk>(app: &App, message: D::Message) -> Response {
    let mut case = Case::<D> {
        app,
        message,
        session: None,
    };
    let verb = match D::admit(&case.message) {
        Ok(verb) => verb,
        Err(refusal) => return send(&case, refusal, None).await,
    };
    let subject = D::subject(&case.message);
    case.session = D::session(app, &case.message);
    let fault = fault_of(app, D::BANK, verb, &subject, case.session.as_ref());
    if app.log {
        let (bank, operation) = (D::BANK.name(), verb.name());
        let order_id = subject.order_id;
        tracing::info!(bank, operation, order_id, ?fault, "bank message");
    }
    if reply::fails_before(fault.as_ref()) {
        reply::wait(fault.as_ref()).await;
        return reply::internal_error();
    }
    let carried_out = match reply::declines(fault.as_ref()) {
        // A refused sale stands in the ledger, any other refusal does not.
        Some(code) if !matches!(verb, Verb::Sale | Verb::Hold | Verb::ThreedsFinish) => {
            Ok(D::refuse(&case, code))
        }
        forced => carry_out(&case, forced).await,
    };
    let Ok(mut reply) = carried_out else {
        return reply::internal_error();
    };
    if let Some(code) = reply::declines_after(fault.as_ref()) {
        reply = D::refuse(&case, code);
    }
    send(&case, reply, fault.as_ref()).await
}

/// The failure that a tester ordered for this message. Its own words go before those of the
/// authentication that it shows.
fn fault_of(
    app: &App,
    bank: Bank,
    verb: Verb,
    subject: &Subject<'_>,
    session: Option<&Session>,
) -> Option<Fault> {
    let card = app.sealer.card_reference(subject.pan);
    let named = subject.reference;
    let named = named.and_then(|reference| app.ledger.order_id(bank, reference));
    let order_id = Some(subject.order_id).filter(|id| !id.is_empty());
    let order_id = order_id.or(named.as_deref());
    let facts = Facts {
        amount: subject.amount.or(session.map(|session| session.amount)),
        card: Some(session.map_or(&card, |session| &session.card)),
        order_id: order_id.or(session.map(|session| session.order_id.as_str())),
    };
    app.faults.take(bank.name(), verb.name(), facts)
}

async fn send<D: Desk>(case: &Case<'_, D>, reply: D::Reply, fault: Option<&Fault>) -> Response {
    let (spoilt, status) = (reply::wrong_mac(fault), D::status(&reply));
    let content_type = D::content_type(case, &reply);
    let body = reply::rewrite(D::document(case, reply, spoilt), fault);
    let signature = D::signature(case, &body, spoilt);
    let mut response = reply::send(content_type, body, fault).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    response.headers_mut().extend(signature);
    response
}

/// Does what the message asks; `forced` refuses a sale with that code.
async fn carry_out<D: Desk>(
    case: &Case<'_, D>,
    forced: Option<&str>,
) -> Result<D::Reply, Unwritten> {
    let operation = match D::operation(case) {
        Ok(operation) => operation,
        Err(reply) => return Ok(reply),
    };
    let (bank, ledger, now) = (D::BANK, &case.app.ledger, case.app.now());
    if let Some(code) = issuer_refusal::<D>(case.app, &operation).await? {
        return Ok(D::refuse(case, code));
    }
    let outcome = match operation {
        Operation::Sale(purchase) => sell(case.app, bank, purchase, forced).await?,
        Operation::Void { key, undo } => Outcome::Voided(ledger.void(bank, &key, undo, now).await?),
        Operation::Refund { key, amount, split } => Outcome::Refunded(
            ledger
                .refund(bank, &key, (Some(amount), split), now)
                .await?,
        ),
        Operation::RefundRest { key, split } => {
            Outcome::Refunded(ledger.refund(bank, &key, (None, split), now).await?)
        }
        Operation::Capture { key, capture } => {
            Outcome::Captured(ledger.capture(bank, &key, capture, now).await?)
        }
        Operation::Inquire(key) => Outcome::Found(ledger.order(bank, &key, now).await?),
        Operation::List(fits) => return Ok(D::list(case, ledger.orders(fits, now).await?)),
        Operation::Purse(card) => Outcome::Purse(card, ledger.purse(&card.reference).await?),
    };
    Ok(D::answer(case, outcome))
}

/// The code with which the card's issuer refuses to move an order.
async fn issuer_refusal<D: Desk>(
    app: &App,
    operation: &Operation<'_>,
) -> Result<Option<&'static str>, Unwritten> {
    let (Operation::Void { key, .. }
    | Operation::Refund { key, .. }
    | Operation::RefundRest { key, .. }
    | Operation::Capture { key, .. }) = operation
    else {
        return Ok(None);
    };
    let order = app.ledger.order(D::BANK, key, app.now()).await?;
    let card = order.and_then(|(order, _)| app.cards.by_reference(&order.card));
    Ok(match operation {
        Operation::Capture { .. } => card.and_then(|card| card.capture).and_then(codes::of_group),
        _ => card.and_then(|card| card.undo).and_then(|group| {
            let own = D::UNDO_CODES.iter().find(|(known, _)| *known == group);
            own.map(|(_, code)| *code)
                .or_else(|| codes::of_group(group))
        }),
    })
}

/// Sells, or refuses with the code `forced`.
pub(crate) async fn sell<'a>(
    app: &App,
    bank: Bank,
    purchase: Purchase<'a>,
    forced: Option<&str>,
) -> Result<Outcome<'a>, Unwritten> {
    let (secure, kind) = (purchase.nonce.is_some(), purchase.kind);
    let mut used_before = None;
    let refusal = match (forced, purchase.card) {
        (Some(code), _) => Some(code),
        (None, Err(code)) => Some(code),
        (None, Ok(card)) => match (purchase.unproven, app.failing_group(card, kind, secure)) {
            (Some(code), _) => Some(code),
            (None, Some(group @ ("APPROVED_COMPLETED" | "ORDER_ID_ALREADY_USED"))) => {
                used_before = Some(group == "APPROVED_COMPLETED");
                Some(codes::USED_BEFORE)
            }
            (None, Some(group)) => codes::of_group(group),
            (None, None) => purchase.objection,
        },
    };
    let (card, masked) = match purchase.card {
        Ok(card) => (card.reference.clone(), card.masked.clone()),
        Err(_) => (
            app.sealer.card_reference(purchase.pan).into(),
            mask_if_card(purchase.pan).into(),
        ),
    };
    let sold = app
        .ledger
        .sell(Sale {
            bank,
            id: purchase.id,
            label: purchase.label,
            kind: purchase.kind,
            card,
            masked,
            currency: purchase.currency.to_owned(),
            amount: purchase.amount,
            instalments: purchase.instalments,
            points: purchase.points,
            campaign: purchase.campaign,
            nonce: purchase.nonce,
            refusal: refusal.map(str::to_owned),
            at: app.now(),
        })
        .await?;
    Ok(match (used_before, &sold) {
        (Some(approved), Sold::Declined(_)) => Outcome::UsedBefore { approved },
        _ => Outcome::Sold(sold, purchase.card.ok().map(Arc::as_ref)),
    })
}
