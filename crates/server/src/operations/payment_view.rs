//! A payment as the API shows it.

use super::Problem;
use crate::app::App;
use crate::clock::local_text;
use crate::store::payments::{self, Item, Payment, PaymentFailure};
use contract::card_payments::{
    MerchantPos, PaymentError, PaymentResponse, PaymentTransaction, Payout,
};
use contract::datetime::LocalDateTime;
use contract::enums::{PaymentSource, PaymentStatus, TransactionStatus};
use contract::errors::Language;
use contract::money::{Decimal, Rate};
use contract::rules::Rule;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};

/// The word in `additionalData` of a payment that verifies a card.
pub(super) const CARD_VERIFICATION: &str = "cardVerification";

/// The payment with its items, read from the store.
pub(super) async fn load_view(
    app: &App,
    payment: &Payment,
    language: Language,
) -> Result<PaymentResponse, Problem> {
    let items = payments::items_of_merchant(app, payment.merchant_id, payment.id).await?;
    Ok(view(payment, &items, language))
}

/// The payment with its items.
pub(super) fn view(payment: &Payment, items: &[Item], language: Language) -> PaymentResponse {
    let p = payment;
    let succeeded = p.status == PaymentStatus::Success;
    let stored = p.store_card && succeeded;
    PaymentResponse {
        id: Some(p.id),
        created_date: Some(LocalDateTime(local_text(p.created_at))),
        price: Some(p.price.decimal(p.currency)),
        paid_price: Some(p.paid_price.decimal(p.currency)),
        wallet_price: Some(p.wallet_price.decimal(p.currency)),
        currency: Some(p.currency),
        buyer_member_id: p.buyer_member_id,
        installment: Some(i32::from(p.installment)),
        conversation_id: p.conversation_id.clone(),
        external_id: p.external_id.clone(),
        payment_type: Some(p.payment_type),
        payment_provider: Some(p.provider),
        payment_source: Some(PaymentSource::Api),
        payment_group: p.group,
        payment_status: Some(p.status),
        payment_phase: Some(p.phase),
        payment_channel: p.channel.clone(),
        is_three_ds: Some(p.threeds),
        merchant_commission_rate: Some(commission_rate(p)),
        merchant_commission_rate_amount: Some(difference(p)),
        bank_commission_rate: Some(bank_rate(p).percent()),
        bank_commission_rate_amount: Some(bank_commission(p, p.paid_price.minor)),
        paid_with_stored_card: Some(p.paid_with_stored_card),
        bin_number: p.bin_number.clone(),
        last_four_digits: p.last_four.clone(),
        auth_code: p.auth_code.clone(),
        host_reference: p.host_reference.clone(),
        trans_id: p.trans_id.clone(),
        md_status: p.md_status.map(i32::from),
        order_id: p.order_id.clone(),
        card_holder_name: p.card.holder.clone(),
        bank_card_holder_name: p.card.bank_holder.clone(),
        card_issuer_bank_name: p.card.issuer_name.clone(),
        card_issuer_bank_id: p.card.issuer_id,
        card_type: p.card.card_type,
        card_association: p.card.association,
        card_brand: p.card.brand.clone(),
        requested_pos_alias: p.requested_pos_alias.clone(),
        blockage_resolved_date: blockage_ends(p, None),
        pos: p.pos.as_ref().map(|pos| MerchantPos {
            id: Some(pos.id),
            name: Some(pos.name.clone()),
            alias: Some(pos.alias.clone()),
            bank_id: Some(pos.bank_id),
        }),
        loyalty: p.loyalty.clone(),
        payment_error: failure_view(p, language),
        card_user_key: p.card_user_key.clone().filter(|_| stored),
        card_token: p.card_token.clone().filter(|_| stored),
        additional_data: additional(p),
        payment_transactions: items.iter().map(|item| transaction(p, item)).collect(),
        ..PaymentResponse::default()
    }
}

/// What was sent along, and whether the payment verifies a card, which no field of the contract tells.
fn additional(payment: &Payment) -> Option<Map<String, Json>> {
    let mut shown = payment.additional.clone();
    if payment.verification {
        shown.insert(CARD_VERIFICATION.to_owned(), Json::Bool(true));
    }
    (!shown.is_empty()).then_some(shown)
}

/// Why a payment failed, in the caller's language. A 3DS verification that was not enough has no
/// group among the published ones: it is told with the number that completing it is refused with.
fn failure_view(payment: &Payment, language: Language) -> Option<PaymentError> {
    match (payment.status, &payment.error) {
        (_, Some(failure)) => Some(error(failure, language)),
        (PaymentStatus::Failure, None) if payment.threeds => Some(PaymentError {
            error_code: Some(Rule::ThreeDsNotCompletable.code().to_owned()),
            error_description: Some(Rule::ThreeDsNotCompletable.text(language, &[])),
            error_group: None,
        }),
        _ => None,
    }
}

/// A failure in the caller's language.
pub(super) fn error(failure: &PaymentFailure, language: Language) -> PaymentError {
    PaymentError {
        error_code: Some(failure.group.code().to_owned()),
        error_description: Some(failure.group.text(language).to_owned()),
        error_group: Some(failure.group),
    }
}

/// Interest or discount over the basket, in percent.
fn commission_rate(payment: &Payment) -> Decimal {
    let on_top = payment.paid_price.minor - payment.price.minor;
    ratio(on_top, payment.price.minor)
}

/// A part of a whole in percent: whole millionths of it, rounded towards zero.
fn ratio(part: i64, whole: i64) -> Decimal {
    const PERCENT_IN_MILLIONTHS: i128 = 100 * 1_000_000;
    match whole {
        0 => Decimal::ZERO,
        _ => {
            let ratio = i128::from(part) * PERCENT_IN_MILLIONTHS / i128::from(whole);
            Decimal::of_millionths(i64::try_from(ratio).unwrap_or(i64::MAX))
        }
    }
}

fn difference(payment: &Payment) -> Decimal {
    let minor = payment.paid_price.minor - payment.price.minor;
    Decimal::of_minor(minor, payment.currency, payment.paid_price.scale)
}

/// What the bank takes of a payment; nothing where the POS's table did not say.
pub(super) fn bank_rate(payment: &Payment) -> Rate {
    payment.bank_rate.unwrap_or(Rate::of_millionths(0))
}

/// What the bank takes of an amount of a payment.
pub(super) fn bank_commission(payment: &Payment, minor: i64) -> Decimal {
    bank_rate(payment).part(minor, payment.currency)
}

/// When the money is free: so many days after the payment as the bank keeps it, or the shop, whichever
/// is longer. `None` where neither said so.
fn blockage_ends(payment: &Payment, shop: Option<i64>) -> Option<LocalDateTime> {
    const HOURS: i64 = 24;
    let days = shop.max(payment.blockage_days.map(i64::from))?;
    let hours = days.checked_mul(HOURS).map(SignedDuration::try_from_hours);
    let ends = hours
        .flatten()
        .map(|hours| payment.created_at.checked_add(hours));
    let ends = ends.and_then(Result::ok).unwrap_or(Timestamp::MAX);
    Some(LocalDateTime(local_text(ends)))
}

/// An item as reports and payments show it, its amounts in the scale of its price or with the digits that
/// they need. The seller shares the interest or discount of the payment, the bank takes its part, and the
/// rest is the merchant's, so that the three sum to what was paid. Nothing is settled here yet, so a
/// seller's share waits for approval. An item of a payment that took no money is not approved.
pub(super) fn transaction(payment: &Payment, item: &Item) -> PaymentTransaction {
    let spelled = |minor: i64| Decimal::of_minor(minor, payment.currency, item.price.scale);
    let share = item.sub_merchant_price.map(|amount| amount.minor);
    let paid = spelled(item.paid_price);
    let sellers = share.map(|share| share_of(payment, item, share));
    let bank = bank_commission(payment, item.paid_price);
    let merchants = sellers
        .map_or(Some(paid), |sellers| paid.less(sellers))
        .and_then(|left| left.less(bank))
        .map(|left| left.with_scale(item.price.scale));
    PaymentTransaction {
        id: Some(item.id),
        name: item.name.clone(),
        external_id: item.external_id.clone(),
        price: Some(item.price.decimal(payment.currency)),
        paid_price: Some(paid),
        wallet_price: Some(spelled(item.wallet_price)),
        merchant_commission_rate: Some(commission_rate(payment)),
        merchant_commission_rate_amount: Some(spelled(item.paid_price - item.price.minor)),
        merchant_payout_amount: merchants,
        sub_merchant_member_id: item.sub_merchant_member_id,
        sub_merchant_member_price: item.sub_merchant_price.map(|amount| spelled(amount.minor)),
        sub_merchant_member_payout_rate: Some(ratio(share.unwrap_or(0), item.price.minor)),
        sub_merchant_member_payout_amount: sellers,
        transaction_status: Some(match (payment.status, item.sub_merchant_member_id) {
            (PaymentStatus::Success, None) => TransactionStatus::Approved,
            _ => TransactionStatus::WaitingForApproval,
        }),
        blockage_resolved_date: blockage_ends(payment, item.blockage_day),
        // Nothing is paid out in another currency than it was taken in.
        payout: Some(Payout {
            currency: Some(payment.currency),
            parity: Some(Decimal::ONE),
            paid_price: Some(paid),
            merchant_payout_amount: merchants,
            sub_merchant_member_payout_amount: sellers,
        }),
    }
}

/// The seller's part of what was paid for an item: the same part of it as of its price, to eight digits
/// and not more than that.
fn share_of(payment: &Payment, item: &Item, share: i64) -> Decimal {
    let paid = Decimal::part(item.paid_price, (share, item.price.minor), payment.currency);
    paid.with_scale(item.price.scale)
}
