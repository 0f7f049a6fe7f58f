//! What tests and people at the bench order: decisions about applications, and failures.

use super::api::{loan_view, page_url};
use super::ledger::Key;
use super::lender::Lender;
use super::loan::{ASSESSMENT_SECONDS, ASSESSMENT_SECONDS_MAX, Decision, Loan, Rejection};
use super::wire::Refusal;
use super::{banks, notify};
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) fn router() -> Router<Arc<Lender>> {
    Router::new()
        .route("/control/loans", get(loans))
        .route("/control/loans/{id}/decision", post(decide))
        .route(
            "/control/lender-faults",
            get(list_faults).post(add_fault).delete(clear_faults),
        )
}

async fn loans(Shared(lender): Shared<Arc<Lender>>) -> Response {
    match lender.ledger.all(lender.now_ms()) {
        Ok(all) => {
            let rows = all
                .into_iter()
                .map(|(loan, notes)| row(&lender, &loan, notes));
            Json(json!({ "loans": rows.collect::<Vec<Value>>() })).into_response()
        }
        Err(refusal) => refusal_reply(&refusal),
    }
}

fn row(lender: &Lender, loan: &Loan, notifications: Vec<Value>) -> Value {
    let mut row = loan_view(loan);
    row["approvalMode"] = json!(loan.approval_mode);
    row["pageUrl"] = json!(page_url(lender, loan));
    row["createdAt"] = json!(loan.created_at);
    row["expiresAt"] = json!(loan.expires_at);
    row["assessedAt"] = json!(loan.assessed_at);
    row["disbursedAt"] = json!(loan.disbursed_at);
    row["refunds"] = json!(loan.refunds);
    row["left"] = json!(loan.left());
    row["notifications"] = json!(notifications);
    row
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    Approve,
    Ready,
    Assess,
    Reject,
    Expire,
    Cancel,
    /// The lender gives back by itself: `amount`, or all that is left.
    GiveBack,
    /// The day of its disbursement is over now.
    CloseDay,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DecisionBody {
    decision: Wanted,
    /// Of a rejection: a code of the protocol.
    code: Option<String>,
    message: Option<String>,
    /// Of an assessment.
    seconds: Option<u32>,
    /// Of an approval, where the shopper chose none.
    bank_code: Option<String>,
    term: Option<u16>,
    /// Of what the lender gives back by itself, in kuruş.
    amount: Option<i64>,
}

async fn decide(
    Shared(lender): Shared<Arc<Lender>>,
    Path(id): Path<String>,
    body: Result<Json<DecisionBody>, axum::extract::rejection::JsonRejection>,
) -> Response {
    let body = match body {
        Ok(Json(body)) => body,
        Err(rejection) => return refusal_reply(&Refusal::invalid(&rejection.body_text())),
    };
    let decision = match body.decision {
        Wanted::Approve => Decision::Approve,
        Wanted::Ready => Decision::Ready,
        Wanted::Assess => {
            let seconds = body.seconds.unwrap_or(ASSESSMENT_SECONDS);
            Decision::Assess(seconds.min(ASSESSMENT_SECONDS_MAX))
        }
        Wanted::Reject => Decision::Reject(Rejection {
            code: body.code.unwrap_or_else(|| "BANK_REJECTED".to_owned()),
            message: body
                .message
                .unwrap_or_else(|| "Başvuru uygun bulunmadı".to_owned()),
        }),
        Wanted::Expire => Decision::Expire,
        Wanted::Cancel => Decision::Cancel,
        Wanted::GiveBack => Decision::GiveBack(body.amount),
        Wanted::CloseDay => Decision::CloseDay,
    };
    let (now, today) = (lender.now_ms(), lender.today());
    let (bank_code, term) = (body.bank_code, body.term);
    let decided = lender.ledger.change(Key::Any(&id), now, |loan| {
        let approves = matches!(
            decision,
            Decision::Approve | Decision::Ready | Decision::Assess(_)
        );
        if approves {
            choose(loan, bank_code.as_deref(), term, today)?;
        }
        loan.decide(decision, now)
    });
    match decided {
        Ok(Some(loan)) => {
            notify::send_before_redirect(&lender, &loan.order_id).await;
            Json(loan_view(&loan)).into_response()
        }
        Ok(None) => refusal_reply(&Refusal {
            status: 404,
            code: "APPLICATION_UNKNOWN".to_owned(),
            message: "no application has this id".to_owned(),
        }),
        Err(refusal) if refusal.status == 422 => refusal_reply(&Refusal {
            status: 409,
            ..refusal
        }),
        Err(refusal) => refusal_reply(&refusal),
    }
}

/// Fills in what the shopper has not chosen: the first bank that lends, its shortest plan.
fn choose(
    loan: &mut Loan,
    bank_code: Option<&str>,
    term: Option<u16>,
    today: jiff::civil::Date,
) -> Result<(), Refusal> {
    let lending = |bank: &&banks::Bank| {
        bank_code.is_none_or(|code| code == bank.code) && !loan.plans(bank, today).is_empty()
    };
    let bank = loan.bank().or_else(|| banks::BANKS.iter().find(lending));
    let bank = bank.ok_or_else(|| Refusal::invalid("no such bank lends this"))?;
    let plans = loan.plans(bank, today);
    let mut terms = plans.iter().map(|plan| plan.term);
    let term = match loan.term.or(term) {
        Some(term) => terms.find(|offered| *offered == term),
        None => terms.next(),
    };
    loan.term = Some(term.ok_or_else(|| Refusal::invalid("the bank does not offer this term"))?);
    loan.bank_code = Some(bank.code.to_owned());
    Ok(())
}

async fn add_fault(Shared(lender): Shared<Arc<Lender>>, body: bytes::Bytes) -> Response {
    let order = serde_json::from_slice(&body).map_err(|error| error.to_string());
    match order.and_then(|order| lender.faults.add(order)) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => refusal_reply(&Refusal::invalid(&why)),
    }
}

async fn list_faults(Shared(lender): Shared<Arc<Lender>>) -> Json<Value> {
    Json(json!({ "faults": lender.faults.list() }))
}

async fn clear_faults(Shared(lender): Shared<Arc<Lender>>) -> StatusCode {
    lender.faults.clear();
    StatusCode::NO_CONTENT
}

fn refusal_reply(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    (
        status,
        Json(json!({ "code": refusal.code, "message": refusal.message })),
    )
        .into_response()
}
