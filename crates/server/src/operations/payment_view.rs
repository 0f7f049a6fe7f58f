//! A payment as the API shows it.

use super::Problem;
use crate::app::App;
use crate::clock::local_text;
use crate::store::payments::{self, Item, Payment, PaymentFailure};
use contract::card_payments::{MerchantPos, PaymentError, PaymentResponse, PaymentTransaction};
use contract::datetime::LocalDateTime;
use contract::enums::{PaymentSource, PaymentStatus, TransactionStatus};
use contract::errors::Language;
use contract::money::Decimal;
use contract::rules::Rule;

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
        merchant_commission_rate: Some(commission_rate(p.price.minor, p.paid_price.minor)),
        merchant_commission_rate_amount: Some(difference(p)),
        bank_commission_rate: Some(Decimal::ZERO),
        bank_commission_rate_amount: Some(Decimal::ZERO),
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
        additional_data: (!p.additional.is_empty()).then(|| p.additional.clone()),
        payment_transactions: items.iter().map(|item| transaction(p, item)).collect(),
        ..PaymentResponse::default()
    }
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

/// Interest or discount over the basket, in percent: whole millionths, rounded towards zero.
pub(super) fn commission_rate(price: i64, paid: i64) -> Decimal {
    const PERCENT_IN_MILLIONTHS: i128 = 100 * 1_000_000;
    match price {
        0 => Decimal::ZERO,
        _ => {
            let rate =
                (i128::from(paid) - i128::from(price)) * PERCENT_IN_MILLIONTHS / i128::from(price);
            Decimal::of_millionths(i64::try_from(rate).unwrap_or(i64::MAX))
        }
    }
}

fn difference(payment: &Payment) -> Decimal {
    let minor = payment.paid_price.minor - payment.price.minor;
    Decimal::of_minor(minor, payment.currency, payment.paid_price.scale)
}

/// An item as reports and payments show it, all its amounts in the scale of its price. Nothing is
/// settled here yet, so a seller's share waits for approval, and everything else is the merchant's
/// own. An item of a payment that took no money is not approved.
pub(super) fn transaction(payment: &Payment, item: &Item) -> PaymentTransaction {
    let spelled = |minor: i64| Decimal::of_minor(minor, payment.currency, item.price.scale);
    let share = item.sub_merchant_price.map_or(0, |amount| amount.minor);
    PaymentTransaction {
        id: Some(item.id),
        name: item.name.clone(),
        external_id: item.external_id.clone(),
        price: Some(item.price.decimal(payment.currency)),
        paid_price: Some(spelled(item.paid_price)),
        wallet_price: Some(spelled(item.wallet_price)),
        merchant_commission_rate: Some(commission_rate(item.price.minor, item.paid_price)),
        merchant_commission_rate_amount: Some(spelled(item.paid_price - item.price.minor)),
        merchant_payout_amount: Some(spelled(item.paid_price - share)),
        sub_merchant_member_id: item.sub_merchant_member_id,
        sub_merchant_member_price: item.sub_merchant_price.map(|amount| spelled(amount.minor)),
        sub_merchant_member_payout_rate: Some(Decimal::ZERO),
        sub_merchant_member_payout_amount: item
            .sub_merchant_price
            .map(|amount| spelled(amount.minor)),
        transaction_status: Some(match (payment.status, item.sub_merchant_member_id) {
            (PaymentStatus::Success, None) => TransactionStatus::Approved,
            _ => TransactionStatus::WaitingForApproval,
        }),
        ..PaymentTransaction::default()
    }
}
