//! All that is known about one payment, for the merchant's people.

use super::{Actor, Permission, Problem};
use crate::app::App;
use crate::store::attempts::{self, Attempt};
use crate::store::audit::{self, Written};
use crate::store::captures::{self, Capture};
use crate::store::exchanges::{self, Exchange};
use crate::store::inquiries::{self, Inquiry};
use crate::store::loans::{self, Loan};
use crate::store::payments::{self, Item, Payment};
use crate::store::refunds::{self, Refund};
use crate::store::webhooks::{self, Sent, Try};
use crate::store::{apms, poses};
use contract::rules::Rule;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// How a payment stands, and what stands behind it.
pub struct Standing {
    /// The payment.
    pub payment: Payment,
    /// The orders at banks, oldest first.
    pub attempts: Vec<Attempt>,
    /// The application, of a loan.
    pub loan: Option<Loan>,
    /// What was asked to take of a hold, oldest first.
    pub captures: Vec<Capture>,
}

/// All that is known about a payment.
pub struct Detail {
    /// How it stands.
    pub standing: Standing,
    /// Its items.
    pub items: Vec<Item>,
    /// Its refunds, oldest first.
    pub refunds: Vec<Refund>,
    /// When each attempt last changed, by its id.
    pub changed: BTreeMap<i64, Timestamp>,
    /// The names of the POSes that were asked, by their ids.
    pub poses: BTreeMap<i64, String>,
    /// The name of the account at the lender, of a loan.
    pub lender: Option<String>,
    /// The rewards that the card had, or the offers for the cart, when the shop last asked for them.
    pub asked_before: Option<Inquiry>,
    /// What was said to banks and lenders, oldest first.
    pub exchanges: Vec<Exchange>,
    /// Its webhooks with their calls, oldest first.
    pub webhooks: Vec<(Sent, Vec<Try>)>,
    /// What people did with it, oldest first.
    pub deeds: Vec<Written>,
}

/// How a payment stands.
pub async fn standing(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    payment_id: i64,
) -> Result<Standing, Problem> {
    let target = payment_id.to_string();
    let permission = Permission::LookAtPayments;
    by.require(app, merchant_id, permission, "payment.look", &target)
        .await?;
    // The payment last: an attempt, a loan or a capture that is final then comes with a payment that is.
    let loan = loans::of_payment(app, merchant_id, payment_id).await?;
    let attempts = attempts::of_payment(app, merchant_id, payment_id).await?;
    let captures = captures::of_payment(app, merchant_id, payment_id).await?;
    let payment = payments::of_merchant(app, merchant_id, payment_id).await?;
    Ok(Standing {
        payment: payment.ok_or_else(|| Problem::rule(Rule::PaymentNotFound))?,
        attempts,
        loan,
        captures,
    })
}

/// All that is known about a payment.
pub async fn retrieve(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    payment_id: i64,
) -> Result<Detail, Problem> {
    let standing = standing(app, by, merchant_id, payment_id).await?;
    let mut poses = BTreeMap::new();
    for attempt in &standing.attempts {
        if poses.contains_key(&attempt.pos_id) {
            continue;
        }
        if let Some(pos) = poses::one_of_merchant(app, merchant_id, attempt.pos_id).await? {
            poses.insert(pos.id, pos.name);
        }
    }
    let lender = match &standing.loan {
        Some(loan) => apms::one_of_merchant(app, merchant_id, loan.apm_id).await?,
        None => None,
    };
    let payment = &standing.payment;
    let subject = match (&standing.loan, &payment.bin_number, &payment.last_four) {
        (Some(loan), _, _) => Some(inquiries::cart(loan.apm_id, &loan.items)),
        (None, Some(bin), Some(last_four)) => Some(inquiries::card(bin, last_four)),
        _ => None,
    };
    let asked_before = match subject {
        Some(of) => inquiries::last_before(app, merchant_id, &of, payment.created_at).await?,
        None => None,
    };
    let mut called = Vec::new();
    for sent in webhooks::of_payment(app, merchant_id, payment_id).await? {
        let tries = webhooks::tries_of(app, merchant_id, sent.webhook.id).await?;
        called.push((sent, tries));
    }
    Ok(Detail {
        items: payments::items_of_merchant(app, merchant_id, payment_id).await?,
        refunds: refunds::of_payment(app, merchant_id, payment_id).await?,
        changed: attempts::changes_of_payment(app, merchant_id, payment_id).await?,
        poses,
        lender: lender.map(|apm| apm.name),
        asked_before,
        exchanges: exchanges::of_payment(app, merchant_id, payment_id).await?,
        webhooks: called,
        deeds: audit::of_target(app, merchant_id, &payment_id.to_string()).await?,
        standing,
    })
}

/// What was said to banks and lenders is looked at: that is noted before it is shown.
pub async fn note_exchanges_look(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    payment_id: i64,
) -> Result<(), Problem> {
    const ACTION: &str = "payment.exchanges_look";
    let target = payment_id.to_string();
    let permission = Permission::LookAtPayments;
    by.require(app, merchant_id, permission, ACTION, &target)
        .await?;
    by.note_look(app, merchant_id, ACTION, &target).await
}
