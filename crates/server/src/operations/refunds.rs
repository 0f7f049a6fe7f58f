//! `/payment/v1/refunds`: a payment is given back, or what is left of it; and what people do with refunds.

pub use super::refund_view::require_success;
use super::refund_view::{is_cancel, item_view, view};
use super::{Caller, Permission, Problem, TOP};
use crate::app::App;
pub use crate::engine::refund::doubt::FoundRefund;
use crate::engine::refund::{self, Part, doubt, marked};
pub use crate::engine::refund::{Given, Wanted};
use crate::engine::{inquiry::Asker, waiting};
use crate::store::db::Commit;
use crate::store::payments;
use crate::store::refunds::Refund;
use connectors::scrub;
use contract::enums::{RefundDestinationType, RefundStatus};
use contract::envelope::Items;
use contract::refund_transactions::PaymentTransactionRefundResponse;
use contract::refunds::{
    PaymentRefundResponse, RefundPaymentRequest, RefundWaitingPaymentRequest,
    RefundWaitingPaymentResponse,
};
use contract::rules::Rule;
use serde_json::json;

/// Characters of the reason that a person gives.
const NOTE_MIN: usize = 3;
const NOTE_MAX: usize = 500;

/// `POST /payment/v1/refunds`: gives back what is left of a payment.
pub async fn create(
    app: &App,
    caller: &Caller,
    request: RefundPaymentRequest,
) -> Result<PaymentRefundResponse, Problem> {
    let wanted = whole(request)?;
    let given = give_back(app, caller, &wanted).await?;
    require_success(&given)?;
    Ok(view(&given))
}

/// `GET /payment/v1/refunds/{id}`: a payment that was cancelled. Other refunds have no id here.
pub async fn retrieve(
    app: &App,
    caller: &Caller,
    id: i64,
) -> Result<PaymentRefundResponse, Problem> {
    let given = refund::load(app, caller.merchant.id, id).await?;
    if !is_cancel(&given.refund) {
        return Err(Problem::rule(Rule::RefundNotFound));
    }
    Ok(view(&given))
}

/// `POST /payment/v1/refunds/mark-as-refunded`: what is left of a payment was given back outside.
pub async fn mark_as_refunded(
    app: &App,
    caller: &Caller,
    request: RefundPaymentRequest,
) -> Result<Items<PaymentTransactionRefundResponse>, Problem> {
    let wanted = whole(request)?;
    let given = mark(app, caller, &wanted).await?;
    Ok(items(&given))
}

fn items(given: &Given) -> Items<PaymentTransactionRefundResponse> {
    let items = given.items.iter();
    Items::whole(items.map(|item| item_view(given, item)).collect())
}

/// `POST /payment/v1/refunds/refund-waiting-payment`: ends a payment that waits, and gives back what was
/// taken.
pub async fn refund_waiting_payment(
    app: &App,
    caller: &Caller,
    request: RefundWaitingPaymentRequest,
) -> Result<RefundWaitingPaymentResponse, Problem> {
    let id = TOP.required("paymentId", request.payment_id)?;
    require(app, caller, "payment.end_waiting", id).await?;
    let ended = waiting::end(app, &caller.merchant, id).await?;
    Ok(RefundWaitingPaymentResponse {
        status: Some(if ended {
            RefundStatus::Success
        } else {
            RefundStatus::Waiting
        }),
    })
}

/// The answer to a refund that was asked for before under the same idempotency key: as it stands.
pub async fn replay(app: &App, caller: &Caller, id: i64) -> Result<PaymentRefundResponse, Problem> {
    let given = refund::load(app, caller.merchant.id, id).await?;
    require_success(&given)?;
    Ok(view(&given))
}

/// The same of a mark.
pub async fn replay_mark(
    app: &App,
    caller: &Caller,
    id: i64,
) -> Result<Items<PaymentTransactionRefundResponse>, Problem> {
    let given = refund::load(app, caller.merchant.id, id).await?;
    Ok(items(&given))
}

fn whole(request: RefundPaymentRequest) -> Result<Wanted, Problem> {
    let payment_id = TOP.required("paymentId", request.payment_id)?;
    require_provider(request.refund_destination_type)?;
    Ok(Wanted {
        payment_id,
        part: None,
        conversation_id: TOP.unsigned_text("conversationId", request.conversation_id)?,
        charge_from_me: request.charge_from_me.unwrap_or(false),
    })
}

/// Money goes back where it came from; CARD is the older word for that. There are no wallets yet.
pub(super) fn require_provider(destination: Option<RefundDestinationType>) -> Result<(), Problem> {
    let offered = destination != Some(RefundDestinationType::Wallet);
    TOP.require("refundDestinationType", Rule::ValueNotOffered, offered)
}

/// Gives money back for whoever may: a shop, a person in the panel, the operator.
pub async fn give_back(app: &App, caller: &Caller, wanted: &Wanted) -> Result<Given, Problem> {
    const ACTION: &str = "payment.refund";
    require(app, caller, ACTION, wanted.payment_id).await?;
    let note = noted(app, caller, ACTION, wanted);
    refund::give_back(app, &caller.merchant, &caller.claims, wanted, note).await
}

/// Notes that money was given back outside.
pub async fn mark(app: &App, caller: &Caller, wanted: &Wanted) -> Result<Given, Problem> {
    const ACTION: &str = "payment.mark_refunded";
    require(app, caller, ACTION, wanted.payment_id).await?;
    let note = noted(app, caller, ACTION, wanted);
    marked::mark(app, &caller.merchant, &caller.claims, wanted, note).await
}

async fn require(app: &App, caller: &Caller, action: &'static str, id: i64) -> Result<(), Problem> {
    let (merchant, target) = (caller.merchant.id, id.to_string());
    let permission = Permission::Refund;
    caller
        .by
        .require(app, merchant, permission, action, &target)
        .await
}

/// What stands in the audit log when it was no shop that asked.
fn noted(
    app: &App,
    caller: &Caller,
    action: &'static str,
    wanted: &Wanted,
) -> impl Fn(&Refund, &mut Commit) {
    let target = wanted.payment_id.to_string();
    let item = wanted.part.map(|part| part.item_id);
    move |refund, commit| {
        if caller.by.is_shop() {
            return;
        }
        let after = json!({"refund": refund.id, "amount": refund.amount, "item": item});
        let change = (json!(null), after);
        caller
            .by
            .note(app, caller.merchant.id, action, &target, change, commit);
    }
}

/// What a person asks for in money: an amount of an item, or of a payment that has only one.
pub async fn part_of(
    app: &App,
    caller: &Caller,
    payment_id: i64,
    item: Option<i64>,
    amount: Option<contract::money::Decimal>,
) -> Result<Option<Part>, Problem> {
    let payment = payments::of_merchant(app, caller.merchant.id, payment_id).await?;
    let payment = payment.ok_or_else(|| Problem::rule(Rule::PaymentNotFound))?;
    let amount = match amount {
        Some(amount) => Some(
            TOP.positive("amount", Some(amount), payment.currency)?
                .minor,
        ),
        None => None,
    };
    let item_id = match (item, amount) {
        (None, None) => return Ok(None),
        (Some(item), _) => item,
        (None, Some(_)) => {
            let items = payments::items_of_merchant(app, caller.merchant.id, payment_id).await?;
            match items.as_slice() {
                [only] => only.id,
                _ => return Err(Problem::field(Rule::Required, "item")),
            }
        }
    };
    Ok(Some(Part { item_id, amount }))
}

/// Asks the bank what became of a refund in doubt, unless another caller asked a moment ago, and writes what
/// it says.
pub async fn inquire(app: &App, caller: &Caller, refund_id: i64) -> Result<RefundStatus, Problem> {
    const ACTION: &str = "refund.inquire";
    let (merchant, target) = (&caller.merchant, refund_id.to_string());
    caller
        .by
        .require(app, merchant.id, Permission::Inquire, ACTION, &target)
        .await?;
    caller
        .by
        .note_look(app, merchant.id, ACTION, &target)
        .await?;
    let given = doubt::settle(app, merchant, refund_id, Asker::Caller).await?;
    Ok(super::refund_view::status(&given.refund))
}

/// Ends a refund's doubt by what a person found out at the bank. `note` says how they know.
pub async fn settle_by_hand(
    app: &App,
    caller: &Caller,
    refund_id: i64,
    found: FoundRefund,
    note: &str,
) -> Result<RefundStatus, Problem> {
    const ACTION: &str = "refund.settle";
    let (merchant, target) = (&caller.merchant, refund_id.to_string());
    caller
        .by
        .require(app, merchant.id, Permission::SettleDoubts, ACTION, &target)
        .await?;
    let note = note.trim();
    TOP.require_length("note", note.chars().count(), NOTE_MIN..=NOTE_MAX)?;
    let note = scrub::line(note, NOTE_MAX);
    let word = match found {
        FoundRefund::Made => "MADE",
        FoundRefund::NotMade => "NOT_MADE",
    };
    let noted = |was: &Refund, moved: &Refund, commit: &mut Commit| {
        let before = json!({"state": was.state.as_str()});
        let after = json!({"state": moved.state.as_str(), "payment": moved.payment_id, "found": word, "note": note});
        let change = (before, after);
        caller
            .by
            .note(app, merchant.id, ACTION, &target, change, commit);
    };
    let given = doubt::settle_by_hand(app, merchant, refund_id, found, noted).await?;
    Ok(super::refund_view::status(&given.refund))
}
