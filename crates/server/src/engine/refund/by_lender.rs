//! What a lender gave back that the books do not know: without being asked (the buyer withdrew, or paid it
//! back), or late. It is booked when the lender is heard to say so; it asks nothing. What a person marked, or
//! settled as made, stands for what the lender tells, up to its amount, so that no money is booked twice.

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
    let known = refunds::of_payment(app, merchant.id, payment.id).await?;
    let is_open = known.iter().any(|refund| refund.state.is_open());
    if is_open && beyond(&list, &known) > 0 {
        // What the open refund reserves may be free again. Until then the lender tells its news again.
        return Err(Problem::unavailable(
            "a refund without an outcome leaves no room for what the lender gave back",
        ));
    }
    Ok(())
}

/// Books what the lender gave back beyond the books. True when something was booked.
pub(super) async fn book(
    app: &App,
    merchant: &Merchant,
    payment: &Payment,
    lender: &Lender,
    list: &[MoneyBack],
) -> Result<bool, Problem> {
    let known = refunds::of_payment(app, merchant.id, payment.id).await?;
    if beyond(list, &known) == 0 {
        return Ok(false);
    }
    let mut booked = false;
    // The last first: it is what the lender has news of, and marks stand for what it gave back before.
    for back in list.iter().rev() {
        booked |= book_one(app, merchant, payment.id, lender, (list, back)).await?;
    }
    Ok(booked)
}

/// What the lender gave back that is neither booked nor reserved, less what is booked without its answer (by a person's
/// word, or taken over before), in minor units.
fn beyond(list: &[MoneyBack], known: &[Refund]) -> i64 {
    let is_unasked = |back: &&MoneyBack| {
        let refund = known.iter().find(|refund| is_same(back, refund));
        refund.is_none_or(|refund| refund.marked || is_ended(refund))
    };
    let told = list.iter().filter(is_unasked).map(|back| back.amount.minor);
    let is_listed = |refund: &Refund| list.iter().any(|back| is_same(back, refund));
    let stands = |refund: &&Refund| refund.marked || is_made_by_hand(refund) && !is_listed(refund);
    let standing = known.iter().filter(stands).map(|refund| refund.amount);
    let told = told.fold(0, i64::saturating_add);
    told.saturating_sub(standing.fold(0, i64::saturating_add))
        .max(0)
}

/// A person settled that it was made: the lender's word would have brought its reference.
fn is_made_by_hand(refund: &Refund) -> bool {
    let reversed = refund.answer.as_ref().and_then(|a| a.reversed.as_ref());
    let is_told = reversed.is_some_and(|reversed| !reversed.host_reference.is_empty());
    refund.state == RefundState::Approved && !is_told
}

/// It was settled as not made.
fn is_ended(refund: &Refund) -> bool {
    matches!(refund.state, RefundState::Declined | RefundState::NotSent)
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

/// Books one entry of the list, as far as it is beyond the books: a refund that was settled as not made is made after
/// all, the whole of it, for the lender's word goes before; what was not asked for is taken over.
async fn book_one(
    app: &App,
    merchant: &Merchant,
    payment_id: i64,
    lender: &Lender,
    (list, back): (&[MoneyBack], &MoneyBack),
) -> Result<bool, Problem> {
    for _ in 0..CONFLICTS_MAX {
        // Before its refunds: who books meanwhile changes its version.
        let payment = payment_of(app, merchant, payment_id).await?;
        let known = refunds::of_payment(app, merchant.id, payment_id).await?;
        let amount = beyond(list, &known).min(back.amount.minor);
        match known.iter().find(|refund| is_same(back, refund)) {
            Some(refund) if is_ended(refund) && amount == refund.amount => {
                return believe(app, merchant, refund.id, reversed(back)).await;
            }
            None if amount > 0 => {
                let taken = take_over(app, merchant, &payment, lender, (back, amount)).await?;
                if let Some(booked) = taken {
                    return Ok(booked);
                }
            }
            _ => return Ok(false),
        }
    }
    Err(Problem::unavailable("the payment keeps changing"))
}

/// Takes over what the lender gave back without being asked, of each item in proportion to what is left of it. False
/// where the books have no room for it, `None` when the payment changed meanwhile.
async fn take_over(
    app: &App,
    merchant: &Merchant,
    payment: &Payment,
    lender: &Lender,
    (back, amount): (&MoneyBack, i64),
) -> Result<Option<bool>, Problem> {
    let items = payments::items_of_merchant(app, merchant.id, payment.id).await?;
    let left: Vec<i64> = items.iter().map(left_of).collect();
    if amount > left.iter().sum() {
        tracing::warn!(payment = payment.id, reference = %back.reference, amount, "a lender gave back more than is left of a payment");
        return Ok(Some(false));
    }
    let mut refund = new_refund(app, payment, amount);
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
    let mut commit = Commit::new(merchant.id, payment.id);
    refunds::insert(&refund, &shares, &mut commit);
    let version = Some(payment.version);
    refunds::change_books(&refund, &shares, Books::Mark, version, &mut commit);
    announce::refund(app, merchant, (payment, &refund, &shares), &mut commit);
    if app.commit(commit).await?.is_conflict() {
        return Ok(None);
    }
    tracing::info!(payment = payment.id, amount, "a lender gave back by itself");
    Ok(Some(true))
}

async fn payment_of(app: &App, merchant: &Merchant, id: i64) -> Result<Payment, Problem> {
    let payment = payments::of_merchant(app, merchant.id, id).await?;
    payment.ok_or_else(|| Problem::rule(Rule::PaymentNotFound))
}
