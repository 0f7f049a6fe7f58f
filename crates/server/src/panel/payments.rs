//! `/panel/payments`: payments with every filter of the report, newest first. Pages are turned by
//! id, so that new payments do not shift them.

use super::door::Visit;
use super::fields::{self, Label};
use super::{Page, look, render, words};
use crate::app::App;

use crate::operations::{Permission, Problem, moments, payment_reporting};
use axum::Router;
use axum::routing::get;
use connectors::scrub::without_cards;
use connectors::{directory, lenders};
use contract::enums::{
    Currency, PaymentPhase, PaymentProvider, PaymentRefundStatus, PaymentSource, PaymentStatus,
    PaymentType,
};
use contract::errors::Language;
use contract::payment_reporting::{ReportingPaymentResponse, SearchPaymentsRequest};
use contract::rules::Rule;
use http::StatusCode;
use minijinja::{Value, context};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Payments of a page.
const PAGE: i64 = 50;

/// The filters that are always in sight, and those behind "more".
const COMMON: [&str; 8] = [
    "paymentId",
    "conversationId",
    "externalId",
    "paymentStatus",
    "paymentType",
    "minCreatedDate",
    "maxCreatedDate",
    "orderId",
];
const MORE: [&str; 14] = [
    "minPaidPrice",
    "maxPaidPrice",
    "currency",
    "binNumber",
    "lastFourDigits",
    "installment",
    "isThreeDS",
    "merchantPosId",
    "paymentProvider",
    "paymentChannel",
    "paymentSource",
    "paymentTransactionId",
    "buyerMemberId",
    "subMerchantMemberId",
];

#[rustfmt::skip]
const LABELS: &[Label] = &[
    ("paymentId", "paymentId", "Ödeme no", "The payment id"),
    ("conversationId", "conversationId", "conversationId", "The conversationId"),
    ("externalId", "externalId", "externalId", "The externalId"),
    ("orderId", "orderId", "Banka sipariş no", "The bank’s order id"),
    ("paymentStatus", "paymentStatus", "Durum", "The state"),
    ("paymentType", "paymentType", "Tür", "The kind"),
    ("minCreatedDate", "minCreatedDate", "Başlangıç", "The first date"),
    ("maxCreatedDate", "maxCreatedDate", "Bitiş", "The last date"),
    ("minPaidPrice", "minPaidPrice", "En az tutar", "The amount from"),
    ("maxPaidPrice", "maxPaidPrice", "En çok tutar", "The amount up to"),
    ("currency", "currency", "Para birimi", "The currency"),
    ("binNumber", "binNumber", "Kartın ilk haneleri", "The card’s first digits"),
    ("lastFourDigits", "lastFourDigits", "Kartın son 4 hanesi", "The card’s last 4 digits"),
    ("installment", "installment", "Taksit", "The instalments"),
    ("isThreeDS", "isThreeDS", "3D Secure", "3D Secure"),
    ("merchantPosId", "merchantPosId", "POS no", "The POS id"),
    ("paymentProvider", "paymentProvider", "Sağlayıcı", "The provider"),
    ("paymentChannel", "paymentChannel", "Kanal", "The channel"),
    ("paymentSource", "paymentSource", "Kaynak", "The source"),
    ("paymentTransactionId", "paymentTransactionId", "Kırılım no", "The item id"),
    ("buyerMemberId", "buyerMemberId", "Alıcı üye no", "The buyer’s member id"),
    ("subMerchantMemberId", "subMerchantMemberId", "Satıcı üye no", "The seller’s member id"),
];

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/panel/payments", get(look(list)))
}

async fn list(app: Arc<App>, visit: Visit) -> Page {
    let before = match visit.asked("before") {
        "" => None,
        given => contract::id::parse(given),
    };
    let found = match asked(&visit) {
        Ok(request) => {
            let caller = visit.caller(&app).await?;
            payment_reporting::page_before(&app, &caller, request, before, PAGE).await
        }
        Err(problem) => Err(problem),
    };
    let (payments, more, error) = match found {
        Ok((payments, more)) => (payments, more, None),
        Err(problem @ Problem::Rule { rule, .. }) if rule != Rule::RoleForbids => {
            (Vec::new(), false, Some(problem))
        }
        Err(problem) => return Err(problem),
    };
    let status = error.as_ref().map_or(StatusCode::OK, render::status_of);
    let error = error.map(|problem| fields::error(&visit, &problem, LABELS));
    let query = query_of(&visit);
    let last = payments.last().and_then(|payment| payment.id);
    let values = context! {
        error, more, last, query,
        payments => payments.iter().map(|one| row(visit.language, one)).collect::<Vec<_>>(),
        values => typed(&visit),
        filtered => named().any(|name| !visit.asked(name).is_empty()),
        more_open => MORE.iter().any(|name| !visit.asked(name).is_empty()),
        later => before.is_some(),
        may_export => visit.may(Permission::ExportPayments),
        options => options(),
    };
    Ok(render::with_status(status, &visit, "payments.html", values))
}

fn named() -> impl Iterator<Item = &'static str> {
    COMMON.into_iter().chain(MORE)
}

/// The filters as they were typed, by name.
fn typed(visit: &Visit) -> BTreeMap<&'static str, String> {
    named()
        .map(|name| (name, visit.asked(name).to_owned()))
        .collect()
}

/// The filters that were given, as a query that begins with `&`.
pub(super) fn query_of(visit: &Visit) -> String {
    let given = named().map(|name| (name, visit.asked(name)));
    let given = given.filter(|(_, value)| !value.is_empty());
    let text = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(given)
        .finish();
    if text.is_empty() {
        text
    } else {
        format!("&{text}")
    }
}

/// The filters as the report takes them.
pub(super) fn asked(visit: &Visit) -> Result<SearchPaymentsRequest, Problem> {
    let pairs = named().map(|name| {
        let text = visit.asked(name);
        let value = match name {
            "minPaidPrice" | "maxPaidPrice" => plain_amount(visit.language, text),
            _ => text.to_owned(),
        };
        (name, value)
    });
    if let Some((name, _)) = visit.query.iter().find(|(_, value)| value.contains('\0')) {
        return Err(Problem::field(Rule::WrongType, name));
    }
    SearchPaymentsRequest::from_pairs(pairs).map_err(|(name, rule)| Problem::field(rule, name))
}

/// An amount as a person types it, with a decimal point: `1.234,56`, `1,234.56`, `12,5`, `1234`.
/// Where a point or comma has three digits behind it, the reader's language says what it is.
pub(super) fn plain_amount(language: Language, text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (thousands, point) = match (text.rfind(','), text.rfind('.')) {
        (Some(comma), Some(dot)) if comma > dot => ('.', ','),
        (Some(_), Some(_)) => (',', '.'),
        (Some(_), None) if language == Language::En && is_grouped(&text, ',') => (',', '.'),
        (Some(_), None) => ('.', ','),
        (None, Some(_)) if language == Language::Tr && is_grouped(&text, '.') => ('.', ','),
        (None, _) => (',', '.'),
    };
    text.replace(thousands, "").replace(point, ".")
}

/// Whether every group of digits behind the first has three.
fn is_grouped(text: &str, mark: char) -> bool {
    let mut groups = text.split(mark);
    let first = groups.next().map_or(0, str::len);
    (1..=3).contains(&first) && groups.all(|group| group.len() == 3)
}

/// A payment as a row shows it.
fn row(language: Language, payment: &ReportingPaymentResponse) -> Value {
    let p = payment;
    let currency = p.currency.unwrap_or(Currency::Try);
    let paid = p.paid_price.and_then(|paid| paid.to_minor(currency).ok());
    let created = p
        .created_date
        .as_ref()
        .and_then(|at| moments::moment(&at.0));
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    // Payments of earlier days may have kept another spelling.
    let issuer = p.card_issuer_bank_id.and_then(directory::bank_name);
    let by_loan = p.payment_provider.is_some_and(lenders::is_lender);
    context! {
        id => p.id, by_loan,
        created => created.map(|at| at.to_string()),
        status => p.payment_status.map(PaymentStatus::as_str),
        paid, currency => currency.as_str(),
        kind => p.payment_type.map(PaymentType::as_str),
        provider => p.payment_provider.map(PaymentProvider::as_str),
        card => masked(p.bin_number.as_deref(), p.last_four_digits.as_deref()),
        issuer => issuer.map_or_else(|| text(&p.card_issuer_bank_name), str::to_owned),
        association => p.card_association.map(|one| one.as_str()),
        installment => p.installment,
        threeds => p.is_three_ds,
        held => p.payment_phase == Some(PaymentPhase::PreAuth),
        refund => p.refund_status
            .filter(|one| matches!(one, PaymentRefundStatus::PartialRefunded | PaymentRefundStatus::FullyRefunded))
            .map(PaymentRefundStatus::as_str),
        verification => payment_reporting::is_verification(p),
        pos => p.pos.as_ref().and_then(|pos| pos.name.clone()),
        conversation => given(&p.conversation_id),
        external => given(&p.external_id),
        reward => p.loyalty.as_ref().and_then(|one| one.r#type).map(|kind| kind.as_str()),
        error => p.payment_error.as_ref().and_then(|error| error.error_group)
            .map(|group| words::failure(language, group, by_loan)),
    }
}

/// A text that the shop gave, as it may be shown: what looks like a card number is hidden, whatever
/// the shop meant by it.
pub(super) fn given(text: &Option<String>) -> Option<String> {
    text.as_deref().map(without_cards)
}

/// A card as it may be shown, first six and last four; empty when it was none.
pub(super) fn masked(bin: Option<&str>, last_four: Option<&str>) -> String {
    match (bin, last_four) {
        (Some(bin), Some(last)) => format!("{}******{last}", bin.get(..6).unwrap_or(bin)),
        _ => String::new(),
    }
}

/// What the filters with fixed values offer.
fn options() -> Value {
    context! {
        statuses => spellings(PaymentStatus::ALL, PaymentStatus::as_str),
        types => spellings(PaymentType::ALL, PaymentType::as_str),
        providers => spellings(PaymentProvider::ALL, PaymentProvider::as_str),
        sources => spellings(PaymentSource::ALL, PaymentSource::as_str),
        currencies => spellings(Currency::ALL, Currency::as_str),
    }
}

fn spellings<T: Copy>(all: &[T], spelling: fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|one| spelling(*one)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_type_them() {
        for (typed, tr, en) in [
            ("1.234,56", "1234.56", "1234.56"),
            ("1,234.56", "1234.56", "1234.56"),
            ("12,5", "12.5", "12.5"),
            ("12.5", "12.5", "12.5"),
            ("1.234", "1234", "1.234"),
            ("1,234", "1.234", "1234"),
            ("1.234.567", "1234567", "1.234.567"),
            (" 1 000 ", "1000", "1000"),
            ("abc", "abc", "abc"),
            ("", "", ""),
        ] {
            assert_eq!(plain_amount(Language::Tr, typed), tr, "{typed}");
            assert_eq!(plain_amount(Language::En, typed), en, "{typed}");
        }
    }
}
