//! `/panel/payments.csv`: payments as a file, written while it is sent. Cells that a spreadsheet
//! would take for a formula are made text.

use super::door::{Visit, to};
use super::payments::{asked, given, query_of};
use super::{Page, look, render};
use crate::app::App;
use crate::csv;
use crate::operations::payment_export::Export;
use crate::operations::payment_reporting;
use crate::operations::{Caller, Problem};
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use contract::money::Decimal;
use contract::payment_reporting::ReportingPaymentResponse;
use contract::rules::Rule;
use futures_util::stream;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, HeaderValue};
use std::io;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/panel/payments.csv", get(look(file)))
}

async fn file(app: Arc<App>, visit: Visit) -> Page {
    let caller = visit.caller(&app).await?;
    let begun = match asked(&visit) {
        Ok(request) => Export::begin(&app, &caller, request).await,
        Err(problem) => Err(problem),
    };
    let export = match begun {
        Ok(export) => export,
        // The list says which filter is wrong, beside it.
        Err(Problem::Rule { rule, .. }) if rule != Rule::RoleForbids => {
            let query = query_of(&visit);
            let query = query.trim_start_matches('&');
            return Ok(to(&format!("/panel/payments?{query}")));
        }
        Err(problem) => return Err(problem),
    };
    let day = app.istanbul_now().strftime("%Y-%m-%d").to_string();
    let batches = stream::unfold(Some((app, caller, export, true)), batch);
    let mut response: Response =
        render::headed(StatusCode::OK, "text/csv; charset=utf-8", "no-store")
            .body(Body::from_stream(batches))
            .unwrap_or_else(|_| Response::new(Body::empty()));
    let name = format!("attachment; filename=\"galata-{day}.csv\"");
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// What is read next: with the column names before the first batch.
type Rest = Option<(Arc<App>, Caller, Export, bool)>;

/// One batch of lines. A failure breaks the answer off, so that half a file is not taken for all.
async fn batch(rest: Rest) -> Option<(io::Result<Bytes>, Rest)> {
    let (app, caller, mut export, first) = rest?;
    let mut text = String::new();
    if first {
        text.push_str(csv::BYTE_ORDER_MARK);
        text.push_str(&csv::row(COLUMNS));
    }
    match export.next(&app, &caller).await {
        Ok(payments) if payments.is_empty() => {
            if first {
                Some((Ok(Bytes::from(text)), None))
            } else {
                None
            }
        }
        Ok(payments) => {
            for payment in &payments {
                text.push_str(&csv::row(cells(payment)));
            }
            let rest = Some((app, caller, export, false));
            Some((Ok(Bytes::from(text)), rest))
        }
        Err(problem) => {
            if let Problem::Unavailable(why) = &problem {
                tracing::error!(%why, "an export broke off");
            }
            Some((Err(io::Error::other("the export broke off")), None))
        }
    }
}

/// The columns' names are those of the report in the API.
const COLUMNS: [&str; 35] = [
    "id",
    "createdDate",
    "paymentStatus",
    "paymentType",
    "paymentProvider",
    "paymentPhase",
    "price",
    "paidPrice",
    "walletPrice",
    "refundablePrice",
    "refundStatus",
    "currency",
    "installment",
    "isThreeDS",
    "mdStatus",
    "conversationId",
    "externalId",
    "orderId",
    "paymentGroup",
    "paymentChannel",
    "buyerMemberId",
    "cardHolderName",
    "binNumber",
    "lastFourDigits",
    "cardType",
    "cardAssociation",
    "cardBrand",
    "cardIssuerBankName",
    "posName",
    "posAlias",
    "authCode",
    "hostReference",
    "loyaltyType",
    "errorGroup",
    "isCardVerification",
];

fn cells(payment: &ReportingPaymentResponse) -> [String; 35] {
    let p = payment;
    let pos = p.pos.as_ref();
    [
        shown(p.id),
        p.created_date
            .as_ref()
            .map_or(String::new(), |at| at.0.clone()),
        shown(p.payment_status),
        shown(p.payment_type),
        shown(p.payment_provider),
        shown(p.payment_phase),
        amount(p.price),
        amount(p.paid_price),
        amount(p.wallet_price),
        amount(p.refundable_price),
        shown(p.refund_status),
        shown(p.currency),
        shown(p.installment),
        shown(p.is_three_ds),
        shown(p.md_status),
        text(&given(&p.conversation_id)),
        text(&given(&p.external_id)),
        text(&given(&p.order_id)),
        shown(p.payment_group),
        text(&given(&p.payment_channel)),
        shown(p.buyer_member_id),
        text(&given(&p.card_holder_name)),
        text(&p.bin_number),
        text(&p.last_four_digits),
        shown(p.card_type),
        shown(p.card_association),
        text(&p.card_brand),
        text(&p.card_issuer_bank_name),
        pos.map_or(String::new(), |pos| text(&pos.name)),
        pos.map_or(String::new(), |pos| text(&pos.alias)),
        text(&p.auth_code),
        text(&p.host_reference),
        p.loyalty
            .as_ref()
            .map_or(String::new(), |one| shown(one.r#type)),
        p.payment_error
            .as_ref()
            .map_or(String::new(), |error| shown(error.error_group)),
        payment_reporting::is_verification(p).to_string(),
    ]
}

fn text(value: &Option<String>) -> String {
    value.clone().unwrap_or_default()
}

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}

fn amount(value: Option<Decimal>) -> String {
    shown(value)
}
