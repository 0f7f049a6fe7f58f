//! What a lender gave back that the books do not know: without being asked (the buyer withdrew, or paid it
//! back), or late. It is booked when the lender is heard to say so; it asks nothing.

use super::lender::Lender;
use super::outcome::believe;
use super::{left_of, new_refund, refund_items};
use crate::app::App;
use crate::engine::split::proportionally;
use crate::engine::{CONFLICTS_MAX, announce};
use crate::problem::Problem;
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::payments::{self, Payment};
use crate::store::refunds::{self, Books, Refund, RefundAnswer, RefundState};
use connectors::bank::Reversed;
use connectors::lender::MoneyBack;
use contract::enums::PaymentStatus;
use contract::rules::Rule;

/// The lender has news of a loan that is disbursed: it is asked what it gave back.
pub async fn hear(app: &App, merchant: &Merchant, payment_id: i64) -> Result<(), Problem> {
    let payment = payment_of(app, merchant, payment_id).await?;
    if payment.status != PaymentStatus::Success {
        return Ok(());
    }
    let Some(lender) = Lender::of(app, &payment).await? else {
        return Ok(());
    };
    let list = lender.given_back(app, &payment).await.map_err(|doubt| {
        tracing::warn!(payment = payment.id, detail = %doubt.detail, "a lender has news and does not say what it gave back");
        Problem::unavailable("the lender does not say what it gave back")
    })?;
    book(app, merchant, &payment, &lender, &list).await?;
    Ok(())
}

/// Books what stands in the lender's list and not in the books. True when something was booked.
pub(super) async fn book(
    app: &App,
    merchant: &Merchant,
    payment: &Payment,
    lender: &Lender,
    list: &[MoneyBack],
) -> Result<bool, Problem> {
    let known = refunds::of_payment(app, merchant.id, payment.id).await?;
    let mut booked = false;
    for back in list {
        booked |= match known.iter().find(|refund| is_same(back, refund)) {
            Some(refund) => book_late(app, merchant, refund, back).await?,
            None => take_over(app, merchant, payment.id, lender, back).await?,
        };
    }
    Ok(booked)
}

/// Whether the lender speaks of this refund.
pub(super) fn is_same(back: &MoneyBack, refund: &Refund) -> bool {
    back.refund_id.as_deref() == Some(refund.id.to_string().as_str())
        || refund.lender_reference.as_ref() == Some(&back.reference)
}

/// The lender's references of what it gave back.
pub(super) fn reversed(back: &MoneyBack) -> Reversed {
    Reversed {
        host_reference: back.reference.clone(),
        ..Reversed::default()
    }
}

/// A refund that was settled as not made is made after all: the lender's word goes before.
async fn book_late(
    app: &App,
    merchant: &Merchant,
    refund: &Refund,
    back: &MoneyBack,
) -> Result<bool, Problem> {
    let ended = matches!(refund.state, RefundState::Declined | RefundState::NotSent);
    if ended && back.amount.minor == refund.amount {
        believe(app, merchant, refund.id, reversed(back)).await
    } else {
        Ok(false)
    }
}

/// Takes over what the lender gave back without being asked, of each item in proportion to what is left of it.
async fn take_over(
    app: &App,
    merchant: &Merchant,
    payment_id: i64,
    lender: &Lender,
    back: &MoneyBack,
) -> Result<bool, Problem> {
    for _ in 0..CONFLICTS_MAX {
        let payment = payment_of(app, merchant, payment_id).await?;
        let items = payments::items_of_merchant(app, merchant.id, payment_id).await?;
        let left: Vec<i64> = items.iter().map(left_of).collect();
        let amount = back.amount.minor;
        if amount > left.iter().sum() {
            // A person marked it before, or what is asked for has no outcome yet.
            tracing::warn!(payment = payment_id, reference = %back.reference, amount, "a lender gave back more than is left of a payment");
            return Ok(false);
        }
        let mut refund = new_refund(app, &payment, amount);
        refund.apm_id = Some(lender.apm.id);
        refund.marked = true;
        refund.state = RefundState::Approved;
        refund.lender_reference = Some(back.reference.clone());
        refund.answer = Some(RefundAnswer {
            reversed: Some(reversed(back)),
            message: None,
        });
        let shares = items.iter().map(|item| item.id);
        let shares = refund_items(app, &refund, shares.zip(proportionally(amount, &left)));
        let mut commit = Commit::new(merchant.id, payment_id);
        refunds::insert(&refund, &shares, &mut commit);
        let version = Some(payment.version);
        refunds::change_books(&refund, &shares, Books::Mark, version, &mut commit);
        announce::refund(app, merchant, (&payment, &refund, &shares), &mut commit);
        if app.commit(commit).await?.is_yes() {
            tracing::info!(payment = payment_id, amount, "a lender gave back by itself");
            return Ok(true);
        }
        let known = refunds::of_payment(app, merchant.id, payment_id).await?;
        if known.iter().any(|refund| is_same(back, refund)) {
            return Ok(false);
        }
    }
    Err(Problem::unavailable("the payment keeps changing"))
}

async fn payment_of(app: &App, merchant: &Merchant, id: i64) -> Result<Payment, Problem> {
    let payment = payments::of_merchant(app, merchant.id, id).await?;
    payment.ok_or_else(|| Problem::rule(Rule::PaymentNotFound))
}
