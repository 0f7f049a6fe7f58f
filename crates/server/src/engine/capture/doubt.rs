//! Doubt about a capture is settled by what the bank says of the hold: it still holds the amount, or it took the
//! very amount that was asked for. Where it says anything else a person is told, and the payment stays as it is.

use super::outcome::{Outcome, outcome_commit, write};
use super::{Given, Holder, load};
use crate::app::App;
use crate::engine::inquiry::{self, Asker, ManualResolution, not_open};
use crate::engine::moves::is_under_way;
use crate::problem::Problem;
use crate::store::captures::{self, Capture, CaptureAnswer, CaptureState};
use crate::store::db::{Commit, Unavailable};
use crate::store::merchants::Merchant;
use crate::store::payments::Payment;
use connectors::bank::{Charged, Doubt, DoubtReason, HoldStatus, OrderStatus};
use contract::errors::ErrorGroup;

/// What a bank's word on a hold means for a capture in doubt.
#[derive(Debug, Clone, PartialEq)]
enum Meaning {
    /// It was made.
    Made(Charged),
    /// It was not made; not yet, at least.
    NotMade,
    /// Asked again later, it may tell more.
    NotYet,
    /// It contradicts what was asked for: a person must look.
    Contradiction(&'static str),
}

fn meaning(amount: i64, says: HoldStatus) -> Meaning {
    match says.status {
        OrderStatus::Captured(charged) if says.taken == Some(amount) => Meaning::Made(charged),
        OrderStatus::Captured(_) => {
            Meaning::Contradiction("the bank took another amount of the hold, or tells none")
        }
        OrderStatus::Held(_) => Meaning::NotMade,
        OrderStatus::Pending | OrderStatus::NotFound | OrderStatus::ToReverse(_) => Meaning::NotYet,
        OrderStatus::Voided | OrderStatus::Refused(_) => {
            Meaning::Contradiction("the bank holds nothing any more, and took nothing")
        }
    }
}

/// Asks the bank what became of a capture in doubt, and writes what it says. Answers how it then stands; one that
/// is not in doubt, and one that a caller asked about a moment ago, as it is.
pub async fn settle(
    app: &App,
    merchant: &Merchant,
    capture_id: i64,
    asker: Asker,
) -> Result<Given, Problem> {
    let mut given = load(app, merchant.id, capture_id).await?;
    let open = given.capture.state.is_open() && !at_the_bank(app, &given.capture);
    if !open || asker == Asker::Caller && !claim(app, &given.capture).await? {
        return Ok(given);
    }
    let holder = Holder::of(app, &given.payment).await?;
    let says = holder.inquire(app, &given.payment).await;
    let said = says.map(|says| meaning(given.capture.amount.minor, says));
    let (payment, inquiries) = (given.payment.id, given.capture.inquiries);
    tracing::info!(
        payment,
        inquiries,
        ?asker,
        made = matches!(said, Ok(Meaning::Made(_))),
        "a bank was asked about a capture"
    );
    let outcome = match said {
        Ok(Meaning::Made(charged)) => Outcome::Approved(charged),
        Ok(Meaning::NotMade) if had_its_time(app, &given.capture) => {
            Outcome::Declined(ErrorGroup::CommunicationOrSystemError.into())
        }
        Ok(Meaning::NotMade | Meaning::NotYet) => {
            defer(app, &mut given.capture, asker, (false, None)).await?;
            return Ok(given);
        }
        Ok(Meaning::Contradiction(heard)) => {
            let heard = Some(heard.to_owned());
            defer(app, &mut given.capture, asker, (true, heard)).await?;
            return Ok(given);
        }
        Err(doubt) => {
            let never = tells_nothing(&doubt);
            defer(app, &mut given.capture, asker, (never, Some(doubt.detail))).await?;
            return Ok(given);
        }
    };
    write(app, merchant, &mut given, &outcome).await?;
    Ok(given)
}

fn at_the_bank(app: &App, capture: &Capture) -> bool {
    is_under_way(
        app,
        capture.state == CaptureState::Asked,
        capture.inquire_at,
    )
}

/// More questions would be answered alike.
fn tells_nothing(doubt: &Doubt) -> bool {
    matches!(
        doubt.reason,
        DoubtReason::NotSupported | DoubtReason::OtherSale
    )
}

async fn claim(app: &App, capture: &Capture) -> Result<bool, Unavailable> {
    let mut commit = Commit::new(capture.merchant_id, capture.payment_id);
    let before = inquiry::caller_asked_before(app);
    captures::claim_inquiry(capture, app.now(), before, &mut commit);
    Ok(app.commit(commit).await?.is_yes())
}

/// The request may still be on its way.
fn had_its_time(app: &App, capture: &Capture) -> bool {
    inquiry::had_its_time(app, capture.asked_at, capture.inquiries)
}

/// An inquiry settled nothing. The schedule counts it and asks again later; what others ask leaves the schedule as
/// it is, but that a person is told.
async fn defer(
    app: &App,
    capture: &mut Capture,
    asker: Asker,
    (review, heard): (bool, Option<String>),
) -> Result<(), Unavailable> {
    if asker != Asker::Schedule && !review {
        return Ok(());
    }
    let mut moved = capture.clone();
    moved.inquiries += i64::from(asker == Asker::Schedule);
    if review {
        moved.review_since.get_or_insert(app.now());
    }
    let next = inquiry::next_inquiry(app, moved.inquiries, moved.review_since);
    (moved.inquire_at, moved.review_since) = (next.at, next.review_since);
    moved.state = match next.review_since {
        Some(_) => CaptureState::Review,
        None => CaptureState::Doubt,
    };
    if moved.state == CaptureState::Review && capture.state != CaptureState::Review {
        let payment = capture.payment_id;
        tracing::error!(payment, "a person must look at a capture in doubt");
    }
    let known = moved.answer.take().and_then(|answer| answer.message);
    let heard = heard.map(|heard| connectors::scrub::words(&heard));
    let unheard = || Some("no answer was kept".to_owned());
    moved.answer = Some(CaptureAnswer {
        charged: None,
        message: heard.or(known).or_else(unheard),
    });
    let mut commit = Commit::new(moved.merchant_id, moved.payment_id);
    captures::save(app, &moved, &mut commit);
    if app.commit(commit).await?.is_yes() {
        moved.version += 1;
        *capture = moved;
    }
    Ok(())
}

/// Ends a capture's doubt by a person's word. `note` is handed the state that the capture had and the payment as
/// it is then, and adds to the commit what stands in the audit log.
pub async fn settle_by_hand(
    app: &App,
    merchant: &Merchant,
    capture_id: i64,
    found: ManualResolution,
    note: impl Fn(&str, &Payment, &mut Commit),
) -> Result<Payment, Problem> {
    let outcome = match found {
        ManualResolution::Taken => Outcome::Approved(Charged::default()),
        ManualResolution::NotTaken => {
            Outcome::Declined(ErrorGroup::CommunicationOrSystemError.into())
        }
    };
    for _ in 0..crate::engine::CONFLICTS_MAX {
        let given = load(app, merchant.id, capture_id).await?;
        let state = given.capture.state;
        if !state.is_open() || at_the_bank(app, &given.capture) {
            return Err(not_open(state.as_str()));
        }
        let (mut commit, moved) = outcome_commit(app, merchant, &given, &outcome);
        note(state.as_str(), &moved.payment, &mut commit);
        if app.commit(commit).await?.is_yes() {
            return Ok(moved.payment);
        }
    }
    Err(Problem::unavailable("the capture keeps changing"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use connectors::bank::Decline;

    #[test]
    fn only_the_very_amount_is_a_capture_and_only_a_hold_is_none() {
        let charged = Charged::default();
        let refused = Decline {
            group: ErrorGroup::Declined,
            code: String::new(),
            message: String::new(),
            day: connectors::bank::BankDay::Unsaid,
        };
        let told = |status, taken| match meaning(500, HoldStatus { status, taken }) {
            Meaning::Made(_) => "made",
            Meaning::NotMade => "not made",
            Meaning::NotYet => "later",
            Meaning::Contradiction(_) => "review",
        };
        for (status, taken, expected) in [
            (OrderStatus::Captured(charged.clone()), Some(500), "made"),
            (OrderStatus::Captured(charged.clone()), Some(499), "review"),
            (OrderStatus::Captured(charged.clone()), None, "review"),
            (OrderStatus::Held(charged), None, "not made"),
            (OrderStatus::Voided, Some(500), "review"),
            (OrderStatus::Refused(refused), None, "review"),
            (OrderStatus::Pending, None, "later"),
            (OrderStatus::ToReverse(Charged::default()), None, "later"),
            (OrderStatus::NotFound, None, "later"),
        ] {
            assert_eq!(
                told(status.clone(), taken),
                expected,
                "{status:?} {taken:?}"
            );
        }
    }
}
