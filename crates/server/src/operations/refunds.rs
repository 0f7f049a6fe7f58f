//! `/payment/v1/refunds`: a payment is given back, or what is left of it; and what people do with refunds.

pub use super::refund_view::require_success;
use super::refund_view::{called_off_view, is_cancel, item_view, view};
use super::{Caller, Permission, Problem, TOP};
use crate::app::App;
pub use crate::engine::refund::doubt::FoundRefund;
use crate::engine::refund::{self, Part, doubt, marked};
pub use crate::engine::refund::{Given, Wanted};
use crate::engine::{inquiry::Asker, loan, waiting};
use crate::store::db::Commit;
use crate::store::loans::Loan;
use crate::store::payments::{self, Payment};
use crate::store::refunds::Refund;
use connectors::scrub;
use contract::enums::{PaymentStatus, PaymentType, RefundDestinationType, RefundStatus};
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
/// How the audit log calls money back.
const GIVE_BACK: &str = "payment.refund";

/// What became of money that was to go back.
pub enum Back {
    /// It was asked for: the refund as it stands.
    Given(Box<Given>),
    /// There was none yet: a loan that waited for the shop's approval is called off.
    CalledOff(Box<(Payment, Loan)>),
}

/// `POST /payment/v1/refunds`: gives back what is left of a payment; a loan that waits for the shop's approval
/// is called off.
pub async fn create(
    app: &App,
    caller: &Caller,
    request: RefundPaymentRequest,
) -> Result<PaymentRefundResponse, Problem> {
    let wanted = whole(request)?;
    match give_back(app, caller, &wanted).await? {
        Back::Given(given) => {
            require_success(&given)?;
            Ok(view(&given))
        }
        Back::CalledOff(loan) => Ok(called_off_view(&loan.0, &loan.1, wanted.conversation_id)),
    }
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
    match refund::load(app, caller.merchant.id, id).await {
        Ok(given) => {
            require_success(&given)?;
            Ok(view(&given))
        }
        // The id of a payment: its loan was called off.
        Err(Problem::Rule {
            rule: Rule::RefundNotFound,
            ..
        }) => {
            let (payment, loan) = loan::of_merchant(app, &caller.merchant, id).await?;
            let (payment, loan) = loan::require_called_off(payment, loan)?;
            Ok(called_off_view(&payment, &loan, None))
        }
        Err(problem) => Err(problem),
    }
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
pub async fn give_back(app: &App, caller: &Caller, wanted: &Wanted) -> Result<Back, Problem> {
    if wanted.part.is_none()
        && let Some(loan) = call_off(app, caller, wanted.payment_id).await?
    {
        return Ok(Back::CalledOff(Box::new(loan)));
    }
    let given = give_taken_back(app, caller, wanted).await?;
    Ok(Back::Given(Box::new(given)))
}

/// [`give_back`] of a payment that took money.
pub(super) async fn give_taken_back(
    app: &App,
    caller: &Caller,
    wanted: &Wanted,
) -> Result<Given, Problem> {
    require(app, caller, GIVE_BACK, wanted.payment_id).await?;
    let note = noted(app, caller, GIVE_BACK, wanted);
    refund::give_back(app, &caller.merchant, &caller.claims, wanted, note).await
}

/// Calls off the loan of a payment that waits; `None` where there is none, or it turns out to be disbursed.
async fn call_off(app: &App, caller: &Caller, id: i64) -> Result<Option<(Payment, Loan)>, Problem> {
    require(app, caller, GIVE_BACK, id).await?;
    let merchant = &caller.merchant;
    let payment = payments::of_merchant(app, merchant.id, id).await?;
    let waits = |payment: &Payment| {
        payment.status == PaymentStatus::Waiting && payment.payment_type == PaymentType::Apm
    };
    if !payment.as_ref().is_some_and(waits) {
        return Ok(None);
    }
    let target = id.to_string();
    let note = |commit: &mut Commit| {
        if !caller.by.is_shop() {
            let change = (json!(null), json!({"calledOff": true}));
            caller
                .by
                .note(app, merchant.id, GIVE_BACK, &target, change, commit);
        }
    };
    loan::call_off_ready(app, merchant, &caller.claims, id, note).await
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
