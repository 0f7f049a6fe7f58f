//! `/payment-reporting/v1/payments`: payments as reports show them.

use super::moments::{moment, moment_behind};
use super::payment_view::{transaction, view};
use super::{Caller, Permission, Problem, check};
use crate::app::App;
use crate::clock::local_text;
use crate::store::attempts;
use crate::store::db::Value;
use crate::store::payments::{self, Order, Payment};
use contract::datetime::{LocalDateTime, ReceivedDateTime};
use contract::enums::{Currency, PaymentRefundStatus, PaymentSource, PaymentStatus};
use contract::envelope::Items;
use contract::money::Decimal;
use contract::payment_reporting::{
    ReportingPaymentResponse, ReportingPaymentTransaction, SearchPaymentsRequest,
};
use contract::rules::Rule;
use jiff::Timestamp;

/// `GET /payment-reporting/v1/payments`, with every filter.
pub async fn search(
    app: &App,
    caller: &Caller,
    request: SearchPaymentsRequest,
) -> Result<Items<ReportingPaymentResponse>, Problem> {
    let (page, size) = check::paging(request.page, request.size)?;
    let merchant_id = caller.merchant.id;
    let Some(filters) = Filters::of(request)? else {
        return Ok(Items {
            items: Vec::new(),
            page,
            size,
            total_size: 0,
        });
    };
    let (found, total) = payments::search_of_merchant(
        app,
        merchant_id,
        &filters.conditions,
        filters.values,
        page,
        size,
    )
    .await?;
    let items = payment_responses(app, caller, &found).await?;
    Ok(Items {
        items,
        page,
        size,
        total_size: total,
    })
}

/// Payments of a page that is turned by id.
const PAGE_MAX: i64 = 100;

/// A page of payments that are older than `before` (an id), newest first, and whether there are
/// more. New payments do not shift it. Page and size of the request are not looked at.
pub async fn page_before(
    app: &App,
    caller: &Caller,
    request: SearchPaymentsRequest,
    before: Option<i64>,
    limit: i64,
) -> Result<(Vec<ReportingPaymentResponse>, bool), Problem> {
    let merchant_id = caller.merchant.id;
    let permission = Permission::LookAtPayments;
    caller
        .by
        .require(app, merchant_id, permission, "payment.look", "")
        .await?;
    let Some(mut filters) = Filters::of(request)? else {
        return Ok((Vec::new(), false));
    };
    filters.add("id < ?", Value::Int(before.unwrap_or(i64::MAX)));
    let limit = limit.clamp(1, PAGE_MAX);
    let Filters { conditions, values } = filters;
    let order = Order::NewestFirst;
    let mut found =
        payments::of_merchant_where(app, merchant_id, &conditions, values, order, limit + 1)
            .await?;
    let fits = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > fits;
    found.truncate(fits);
    Ok((found.iter().map(|p| summary(caller, p)).collect(), more))
}

/// `GET /payment-reporting/v1/payments/{paymentId}`.
pub async fn retrieve(
    app: &App,
    caller: &Caller,
    id: i64,
) -> Result<ReportingPaymentResponse, Problem> {
    let payment = payments::of_merchant(app, caller.merchant.id, id).await?;
    let payment = payment.ok_or_else(|| Problem::rule(Rule::PaymentNotFound))?;
    let mut shown = payment_responses(app, caller, &[payment]).await?;
    shown
        .pop()
        .ok_or_else(|| Problem::rule(Rule::PaymentNotFound))
}

/// Conditions of a search: literals here, values only ever as parameters after the merchant's id.
#[derive(Default, Clone)]
pub(super) struct Filters {
    pub(super) conditions: String,
    pub(super) values: Vec<Value>,
}

impl Filters {
    /// Nothing when a filter can match no payment at all.
    pub(super) fn of(r: SearchPaymentsRequest) -> Result<Option<Filters>, Problem> {
        let text = |field: &str, value| check::text(field, value, check::TEXT_MAX);
        let mut filters = Filters::default();
        filters.equal("id", r.payment_id);
        if let Some(id) = r.payment_transaction_id {
            filters.add("id in (select i.payment_id from payment_items i where i.merchant_id = $1 and i.id = ?)", id.into());
        }
        filters.equal("buyer_member_id", r.buyer_member_id);
        if let Some(id) = r.sub_merchant_member_id {
            filters.add(
                "id in (select i.payment_id from payment_items i where i.merchant_id = $1 and i.sub_merchant_member_id = ?)",
                id.into(),
            );
        }
        filters.equal(
            "conversation_id",
            text("conversationId", r.conversation_id)?,
        );
        filters.equal("external_id", text("externalId", r.external_id)?);
        filters.equal("order_id", text("orderId", r.order_id)?);
        filters.equal("pos_id", r.merchant_pos_id);
        filters.equal("payment_type", r.payment_type.map(|v| v.as_str()));
        filters.equal("provider", r.payment_provider.map(|v| v.as_str()));
        filters.equal("status", r.payment_status.map(|v| v.as_str()));
        // Everything here came through the API; other sources match nothing yet.
        if r.payment_source
            .is_some_and(|source| source != PaymentSource::Api)
        {
            return Ok(None);
        }
        filters.equal("channel", text("paymentChannel", r.payment_channel)?);
        if let Some(bin) = text("binNumber", r.bin_number)? {
            let short = bin.len() == 6 && bin.bytes().all(|b| b.is_ascii_digit());
            match short {
                true => filters.add("substr(bin_number, 1, 6) = ?", Value::from(bin)),
                false => filters.equal("bin_number", Some(bin)),
            }
        }
        filters.equal("last_four", text("lastFourDigits", r.last_four_digits)?);
        filters.equal("currency", r.currency.map(|v| v.as_str()));
        filters.equal("installment", r.installment.map(i64::from));
        filters.equal("threeds", r.is_three_ds);
        filters.amount(
            "paid_price >= ?",
            "minPaidPrice",
            r.min_paid_price,
            r.currency,
        )?;
        filters.amount(
            "paid_price <= ?",
            "maxPaidPrice",
            r.max_paid_price,
            r.currency,
        )?;
        let (from, until) = (r.min_created_date, r.max_created_date);
        filters.time("created_at >= ?", "minCreatedDate", from, moment)?;
        filters.time("created_at < ?", "maxCreatedDate", until, moment_behind)?;
        Ok(Some(filters))
    }

    pub(super) fn add(&mut self, condition: &str, value: Value) {
        self.values.push(value);
        // $1 is the merchant.
        let place = format!("${}", self.values.len() + 1);
        self.conditions.push_str(" and ");
        self.conditions.push_str(&condition.replace('?', &place));
    }

    fn equal<T: Into<Value>>(&mut self, column: &str, value: Option<T>) {
        if let Some(value) = value {
            self.add(&format!("{column} = ?"), value.into());
        }
    }

    /// Amounts are compared in minor units. Without a currency the filter's amount counts in
    /// currencies of two digits, and other payments are compared in theirs.
    fn amount(
        &mut self,
        condition: &str,
        field: &str,
        value: Option<Decimal>,
        currency: Option<Currency>,
    ) -> Result<(), Problem> {
        let Some(value) = value else { return Ok(()) };
        let minor = |currency| check::amount(field, value, currency).map(|amount| amount.minor);
        match currency {
            Some(currency) => self.add(condition, Value::Int(minor(currency)?)),
            None => {
                let two = minor(Currency::Try)?;
                let scaled = "case when currency = 'JPY' then paid_price * 100 \
                              when currency in ('KWD', 'BHD', 'IQD') then paid_price / 10 else paid_price end";
                self.add(
                    &condition.replace("paid_price", &format!("({scaled})")),
                    Value::Int(two),
                );
            }
        }
        Ok(())
    }

    fn time(
        &mut self,
        condition: &str,
        field: &str,
        value: Option<ReceivedDateTime>,
        read: fn(&str) -> Option<Timestamp>,
    ) -> Result<(), Problem> {
        let Some(value) = value else { return Ok(()) };
        let moment = read(&value.0).ok_or_else(|| Problem::field(Rule::InvalidDate, field))?;
        self.add(condition, Value::Time(moment));
        Ok(())
    }
}

/// Payments of the caller with their items and how often each was tried: two questions to the store
/// for a whole page, which has at most 100 payments of at most 500 items.
async fn payment_responses(
    app: &App,
    caller: &Caller,
    found: &[Payment],
) -> Result<Vec<ReportingPaymentResponse>, Problem> {
    let ids: Vec<i64> = found.iter().map(|payment| payment.id).collect();
    let mut items = payments::items_of_payments(app, caller.merchant.id, &ids).await?;
    let tried = attempts::count_of_payments(app, caller.merchant.id, &ids).await?;
    Ok(found
        .iter()
        .map(|payment| {
            let refund_status = refund_status(payment);
            let tries = tried.get(&payment.id).copied().unwrap_or(0);
            ReportingPaymentResponse {
                retry_count: i32::try_from((tries - 1).max(0)).ok(),
                payment_transactions: items
                    .remove(&payment.id)
                    .unwrap_or_default()
                    .iter()
                    .map(|item| reported(payment, item, refund_status))
                    .collect(),
                ..summary(caller, payment)
            }
        })
        .collect())
}

fn refund_status(payment: &Payment) -> PaymentRefundStatus {
    let left = payment.captured - payment.refunded;
    match (payment.status, payment.refunded) {
        (PaymentStatus::Success, 0) => PaymentRefundStatus::NotRefunded,
        (PaymentStatus::Success, _) if left == 0 => PaymentRefundStatus::FullyRefunded,
        (PaymentStatus::Success, _) => PaymentRefundStatus::PartialRefunded,
        _ => PaymentRefundStatus::NoRefund,
    }
}

/// What a payment's own row tells: without items, and without how often it was tried.
pub(super) fn summary(caller: &Caller, payment: &Payment) -> ReportingPaymentResponse {
    let left = payment.captured - payment.refunded;
    ReportingPaymentResponse {
        refundable_price: Some(Decimal::of_minor(
            left,
            payment.currency,
            payment.paid_price.scale,
        )),
        refund_status: Some(refund_status(payment)),
        refunds: Vec::new(),
        ..ReportingPaymentResponse::from(view(payment, &[], caller.language))
    }
}

fn reported(
    payment: &Payment,
    item: &payments::Item,
    refund_status: PaymentRefundStatus,
) -> ReportingPaymentTransaction {
    let t = transaction(payment, item);
    let refundable = match payment.status {
        PaymentStatus::Success => item.paid_price,
        _ => 0,
    };
    let spelled = |minor: i64| Decimal::of_minor(minor, payment.currency, item.price.scale);
    ReportingPaymentTransaction {
        created_date: Some(LocalDateTime(local_text(payment.created_at))),
        transaction_status_date: Some(LocalDateTime(local_text(payment.created_at))),
        refundable_price: Some(spelled(refundable)),
        refund_status: Some(refund_status),
        bank_commission_rate: Some(Decimal::ZERO),
        bank_commission_rate_amount: Some(spelled(0)),
        ..ReportingPaymentTransaction::from(t)
    }
}
