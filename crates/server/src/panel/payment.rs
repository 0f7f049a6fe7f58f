//! `/panel/payments/{id}`: one payment with all that is known about it, and what a person can do
//! with it now.

use super::door::{Posted, Visit, to};
use super::fields::Label;
use super::{Page, act, fields, look, payment_shown, render, words};
use crate::amounts;
use crate::app::App;
use crate::operations::payment_detail::{self, Standing};
use crate::operations::refunds::{Back, Wanted};
use crate::operations::{Caller, Permission, Problem, bnpl_payments, captures, doubts, refunds};
use crate::random;
use crate::setup;
use crate::store::attempts::{Attempt, AttemptState};
use crate::store::captures::CaptureState;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use contract::enums::{ApmAdditionalAction as Action, PaymentStatus};
use contract::errors::ErrorGroup;
use contract::rules::Rule;
use http::StatusCode;
use minijinja::{Value, context};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/panel/payments/{id}", get(look(payment)))
        .route("/panel/payments/{id}/state", get(look(state)))
        .route("/panel/payments/{id}/approve", act(approve))
        .route("/panel/payments/{id}/verify", act(verify))
        .route("/panel/payments/{id}/inquire", act(inquire))
        .route("/panel/payments/{id}/settle", act(settle))
        .route("/panel/payments/{id}/capture", act(capture))
        .route("/panel/payments/{id}/refund", act(refund))
        .route("/panel/payments/{id}/refund-inquire", act(inquire_refund))
        .route("/panel/payments/{id}/refund-settle", act(settle_refund))
}

async fn payment(app: Arc<App>, visit: Visit) -> Page {
    let id = visit.id("id")?;
    let exchanges = visit.asked("exchanges") == "1";
    if exchanges {
        payment_detail::note_exchanges_look(&app, &visit.by(), visit.merchant_id(), id).await?;
    }
    payment_page(&app, &visit, id, exchanges, None).await
}

const LABELS: &[Label] = &[
    ("found", "found", "Banka ne yaptı", "What the bank did"),
    ("note", "note", "Dayanak", "The reason"),
    ("amount", "amount", "Tutar", "The amount"),
    ("refundPrice", "amount", "Tutar", "The amount"),
    (
        "paidPrice",
        "capture",
        "Tahsil edilecek tutar",
        "The amount to capture",
    ),
    ("item", "item", "Kalem", "The item"),
    ("how", "how", "İadenin yolu", "The way of the refund"),
];

/// The page; with what went wrong, and the form in which it did.
async fn payment_page(
    app: &App,
    visit: &Visit,
    id: i64,
    exchanges: bool,
    wrong: Option<(&[Problem], &Posted)>,
) -> Page {
    let detail = payment_detail::retrieve(app, &visit.by(), visit.merchant_id(), id).await?;
    let error = wrong.map(|(problems, _)| fields::errors(visit.language, problems, LABELS));
    let kept = |name: &str| wrong.map_or("", |(_, form)| form.text(name)).to_owned();
    let about = context! {
        error,
        values => context! {
            found => kept("found"), note => kept("note"), amount => kept("amount"), item => kept("item"),
            capture => kept("capture"), how => kept("how"),
        },
        may_capture => visit.may(Permission::Capture),
        may_refund => visit.may(Permission::Refund), may_inquire => visit.may(Permission::Inquire),
        may_settle => visit.may(Permission::SettleDoubts),
        exchanges_shown => exchanges,
        hold_over => detail.standing.payment.open_hold().is_some_and(|hold| hold.expires_at <= app.now()),
        once => random::uuid(),
    };
    let values = context! {
        ..about,
        ..standing_shown(app, visit, &detail.standing),
        ..payment_shown::detail(visit.language, &detail, exchanges)
    };
    let status = wrong
        .and_then(|(problems, _)| problems.first())
        .map_or(StatusCode::OK, render::status_of);
    Ok(render::with_status(status, visit, "payment.html", values))
}

/// The part of the page that renews itself.
async fn state(app: Arc<App>, visit: Visit) -> Page {
    let id = visit.id("id")?;
    let standing = payment_detail::standing(&app, &visit.by(), visit.merchant_id(), id).await?;
    let values = context! { renewed => true, ..standing_shown(&app, &visit, &standing) };
    Ok(render::page(&visit, "payment_state.html", values))
}

/// What a payment that is not at its end waits for; empty when it is.
fn waits_for(standing: &Standing) -> &'static str {
    use AttemptState::{Asked, Doubt, Page, Reversing, Review, Verified};
    match standing.captures.last().map(|capture| capture.state) {
        Some(CaptureState::Doubt) => return "doubt",
        Some(CaptureState::Review) => return "review",
        Some(CaptureState::Asked) => return "bank",
        _ => {}
    }
    match standing.attempts.last().map(|attempt| attempt.state) {
        Some(Doubt) => return "doubt",
        Some(Reversing) => return "reversing",
        Some(Review) => return "review",
        _ => {}
    }
    if matches!(
        standing.payment.status,
        PaymentStatus::Success | PaymentStatus::Failure
    ) {
        return "";
    }
    if let Some(loan) = &standing.loan {
        return match loan.action {
            _ if loan.is_unfinished() => "application",
            Action::ApprovalRequired => "approval",
            Action::WaitForWebhook => "assessment",
            Action::VerifyRequired => "answer",
            _ => "application",
        };
    }
    let last = standing.attempts.last();
    match last.map(|attempt| attempt.state) {
        Some(Page) if last.is_some_and(Attempt::is_sold_by_page) => "payment_page",
        Some(Page) => "page",
        Some(Verified) => "completion",
        Some(Asked) => "bank",
        _ => "start",
    }
}

/// State, what it waits for, and what can be done now.
fn standing_shown(app: &App, visit: &Visit, standing: &Standing) -> Value {
    let p = &standing.payment;
    let waits = waits_for(standing);
    let last = standing.attempts.last();
    // While the shopper is at a page of the bank that only verifies, the bank is not inquired.
    let inquired = last.filter(|one| one.state != AttemptState::Page || one.is_sold_by_page());
    let loan = standing.loan.as_ref();
    let open = matches!(waits, "doubt" | "reversing" | "review");
    let loan_in_doubt =
        loan.is_some_and(|loan| loan.is_in_doubt() && !app.may_be_answering(loan.asked_at));
    let unfinished = loan.filter(|loan| !loan.state.is_final() && !waits.is_empty());
    let capture = standing.captures.last().filter(|one| one.state.is_open());
    let said = match capture {
        Some(capture) => capture.answer.as_ref().and_then(|one| one.message.clone()),
        None => last.and_then(|one| one.answer.as_ref()?.message.clone()),
    };
    let (inquiries, next) = match (loan, capture, inquired) {
        (Some(loan), _, _) => (loan.inquiries, loan.inquire_at),
        (None, Some(capture), _) => (capture.inquiries, capture.inquire_at),
        (None, None, Some(asked)) => (asked.inquiries, asked.inquire_at),
        (None, None, None) => (0, None),
    };
    let failure = p.error.as_ref().map(|error| {
        context! {
            text => words::failure(visit.language, error.group, loan.is_some()), group => error.group.as_str(),
            code => &error.provider_code, message => &error.provider_message,
        }
    });
    context! {
        id => p.id,
        loan_asked => loan.is_some(),
        capture_asked => capture.is_some(),
        status => p.status.as_str(),
        waits, failure, said,
        given_up => p.given_up_at.is_some(), goes_back => p.goes_back(),
        sold_by_page => last.is_some_and(Attempt::is_sold_by_page),
        inquiries,
        next => next.map(|at| at.to_string()),
        review => loan.is_some_and(|loan| loan.review_since.is_some()),
        can => context! {
            approve => waits == "approval" && p.given_up_at.is_none() && visit.may(Permission::ApproveLoans),
            call_off => waits == "approval" && visit.may(Permission::Refund),
            verify => unfinished.is_some() && visit.may(Permission::Inquire),
            inquire => open && visit.may(Permission::Inquire),
            settle => (open || loan_in_doubt) && visit.may(Permission::SettleDoubts),
        },
    }
}

fn back(id: i64, done: &str) -> Response {
    to(&format!("/panel/payments/{id}?done={done}"))
}

/// What went wrong is told on the payment's page; what the role forbids, what is not there and what
/// is down have pages of their own.
async fn answered(app: &App, visit: &Visit, id: i64, problem: Problem, form: &Posted) -> Page {
    match &problem {
        Problem::Failed { .. } => Ok(back(id, "declined")),
        Problem::Doubt { .. } => Ok(back(id, "doubt")),
        Problem::Rule { rule, .. }
            if *rule != Rule::RoleForbids && *rule != Rule::PaymentNotFound =>
        {
            payment_page(app, visit, id, false, Some((&[problem], form))).await
        }
        Problem::UnderWay { .. } => {
            payment_page(app, visit, id, false, Some((&[problem], form))).await
        }
        _ => Err(problem),
    }
}

async fn approve(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let id = visit.id("id")?;
    let caller = visit.caller(&app).await?;
    match bnpl_payments::approve(&app, &caller, id).await {
        Ok(_) => Ok(back(id, "approved")),
        Err(problem) => answered(&app, &visit, id, problem, &form).await,
    }
}

async fn verify(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let id = visit.id("id")?;
    let caller = visit.caller(&app).await?;
    match bnpl_payments::verify(&app, &caller, id).await {
        Ok(_) => Ok(back(id, "asked")),
        Err(problem) => answered(&app, &visit, id, problem, &form).await,
    }
}

async fn inquire(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let id = visit.id("id")?;
    let caller = visit.caller(&app).await?;
    match doubts::inquire(&app, &caller, id).await {
        Ok(_) => Ok(back(id, "asked")),
        Err(problem) => answered(&app, &visit, id, problem, &form).await,
    }
}

async fn settle(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let id = visit.id("id")?;
    let caller = visit.caller(&app).await?;
    fields::require(&app, &visit, Permission::SettleDoubts, "payment.settle").await?;
    let found = match form.text("found") {
        "taken" => Some(doubts::ManualResolution::Taken),
        "not_taken" => Some(doubts::ManualResolution::NotTaken),
        _ => None,
    };
    let mut missing = fields::missing(&form, &["note"]);
    let found = match found {
        Some(found) if missing.is_empty() => found,
        found => {
            if found.is_none() {
                missing.insert(0, Problem::field(Rule::Required, "found"));
            }
            return payment_page(&app, &visit, id, false, Some((&missing, &form))).await;
        }
    };
    match doubts::settle_by_hand(&app, &caller, id, found, form.text("note")).await {
        Ok(_) => Ok(back(id, "settled")),
        Err(problem) => answered(&app, &visit, id, problem, &form).await,
    }
}

/// Money back: all that is left, what is left of an item, or an amount of it; a loan that waits for its approval
/// is called off.
async fn refund(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let id = visit.id("id")?;
    let mut caller = visit.caller(&app).await?;
    fields::require(&app, &visit, Permission::Refund, "payment.refund").await?;
    caller.claims = setup::claims_once(visit.merchant_id(), form.text("once"));
    let given = match refund_as_told(&app, &caller, id, &form).await {
        Ok(Back::CalledOff(_)) => return Ok(back(id, "called_off")),
        Ok(Back::Given(given)) => Ok(given),
        Err(problem) => Err(problem),
    };
    let is_begun = given.is_ok();
    match given.and_then(|given| refunds::require_success(&given)) {
        Ok(()) if form.text("how") == "outside" => Ok(back(id, "marked")),
        Ok(()) => Ok(back(id, "refunded")),
        Err(Problem::Failed { .. }) if is_begun => Ok(back(id, "not_refunded")),
        // Nothing of it is kept: the bank was not asked to give anything back.
        Err(Problem::Failed { failure, .. }) => Ok(back(
            id,
            match failure.group {
                ErrorGroup::MayHaveAlreadyRefunded => "refunded_before",
                ErrorGroup::TooManyRequests => "other_move",
                _ => "refund_not_begun",
            },
        )),
        Err(Problem::Doubt { .. }) => Ok(back(id, "refund_doubt")),
        // The same page was sent twice: what became of the first one is in its list.
        Err(Problem::Rule {
            rule: Rule::IdempotencyInFlight,
            ..
        }) => Ok(back(id, "sent_before")),
        Err(problem) => answered(&app, &visit, id, problem, &form).await,
    }
}

async fn refund_as_told(
    app: &App,
    caller: &Caller,
    id: i64,
    form: &Posted,
) -> Result<Back, Problem> {
    let wrong = |field: &str| Problem::field(Rule::WrongType, field);
    let item = match form.text("item") {
        "" => None,
        text => Some(text.parse().map_err(|_| wrong("item"))?),
    };
    let amount = match form.text("amount").trim() {
        "" => None,
        text => {
            let amount = amounts::typed(text);
            Some(amount.ok_or_else(|| Problem::field(Rule::UnclearAmount, "amount"))?)
        }
    };
    let wanted = Wanted {
        payment_id: id,
        part: refunds::part_of(app, caller, id, item, amount).await?,
        conversation_id: None,
        charge_from_me: false,
    };
    match form.text("how") {
        "bank" => refunds::give_back(app, caller, &wanted).await,
        "outside" => {
            let given = refunds::mark(app, caller, &wanted).await?;
            Ok(Back::Given(Box::new(given)))
        }
        _ => Err(Problem::field(Rule::Required, "how")),
    }
}

/// Takes what is held: the amount that the form tells.
async fn capture(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let id = visit.id("id")?;
    let caller = visit.caller(&app).await?;
    fields::require(&app, &visit, Permission::Capture, "payment.capture").await?;
    let amount = match form.text("capture").trim() {
        "" => None,
        text => match amounts::typed(text) {
            Some(amount) => Some(amount),
            None => {
                let wrong = Problem::field(Rule::UnclearAmount, "paidPrice");
                return payment_page(&app, &visit, id, false, Some((&[wrong], &form))).await;
            }
        },
    };
    let captured = match captures::capture(&app, &caller, id, amount).await {
        Ok(given) => captures::require_success(&given),
        Err(problem) => Err(problem),
    };
    match captured {
        Ok(()) => Ok(back(id, "captured")),
        Err(Problem::Failed { failure, .. }) if failure.group == ErrorGroup::ExpiredProvision => {
            Ok(back(id, "expired"))
        }
        Err(Problem::Failed { failure, .. }) if failure.group == ErrorGroup::TooManyRequests => {
            Ok(back(id, "other_move"))
        }
        Err(Problem::Failed { .. }) => Ok(back(id, "not_captured")),
        Err(Problem::Doubt { .. }) => Ok(back(id, "capture_doubt")),
        Err(problem) => answered(&app, &visit, id, problem, &form).await,
    }
}

fn refund_of(form: &Posted) -> Result<i64, Problem> {
    let id = form.text("refund").parse();
    id.map_err(|_| Problem::rule(Rule::RefundNotFound))
}

async fn inquire_refund(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let id = visit.id("id")?;
    let caller = visit.caller(&app).await?;
    match refunds::inquire(&app, &caller, refund_of(&form)?).await {
        Ok(_) => Ok(back(id, "asked")),
        Err(problem) => answered(&app, &visit, id, problem, &form).await,
    }
}

async fn settle_refund(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let id = visit.id("id")?;
    let caller = visit.caller(&app).await?;
    fields::require(&app, &visit, Permission::SettleDoubts, "refund.settle").await?;
    let refund = refund_of(&form)?;
    let found = match form.text("found") {
        "made" => refunds::FoundRefund::Made,
        "not_made" => refunds::FoundRefund::NotMade,
        _ => {
            let missing = [Problem::field(Rule::Required, "found")];
            return payment_page(&app, &visit, id, false, Some((&missing, &form))).await;
        }
    };
    match refunds::settle_by_hand(&app, &caller, refund, found, form.text("note")).await {
        Ok(_) => Ok(back(id, "settled")),
        Err(problem) => answered(&app, &visit, id, problem, &form).await,
    }
}
