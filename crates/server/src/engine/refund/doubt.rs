//! Doubt about a refund is settled by what the bank says that it gave back of the order, compared with what
//! it said before it was asked (decision 0024), or by the refund's id in what a lender lists (decision 0030). Where
//! that tells nothing, a person is told; what is reserved
//! stays reserved.

use super::by_lender::reversed;
use super::outcome::{Outcome, is_not_made, outcome_commit, write};
use super::party::{Party, Told};
use super::{Given, late, load};
use crate::app::App;
use crate::engine::inquiry::{self, Asker, not_open};
use crate::engine::moves;
use crate::problem::Problem;
use crate::store::db::{Commit, Unavailable};
use crate::store::merchants::Merchant;
use crate::store::refunds::{self, Refund, RefundAnswer, RefundKind, RefundState};
use connectors::bank::{Doubt, DoubtReason, GivenBack, Reversed};
use connectors::lender::MoneyBack;
use contract::errors::ErrorGroup;

/// What the word of bank or lender on what they gave back means for a refund in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Meaning {
    /// It was made, with these references.
    Made(Reversed),
    /// It was not made; not yet, at least.
    NotMade,
    /// It tells nothing: a person must look.
    Nothing,
}

fn meaning(refund: &Refund, told: &Told) -> Meaning {
    match told {
        Told::Sum(says) => of_sum(refund, *says),
        Told::List(list) => of_list(refund, list),
    }
}

/// A lender lists each refund under the id that it was asked by.
fn of_list(refund: &Refund, list: &[MoneyBack]) -> Meaning {
    let id = refund.id.to_string();
    match list.iter().find(|one| one.refund_id.as_ref() == Some(&id)) {
        Some(one) if one.amount.minor == refund.amount => Meaning::Made(reversed(one)),
        Some(_) => Meaning::Nothing,
        None => Meaning::NotMade,
    }
}

fn of_sum(refund: &Refund, says: GivenBack) -> Meaning {
    let made = Meaning::Made(Reversed::default());
    if says.voided {
        return made;
    }
    match (refund.noted, says.refunded) {
        (Some(noted), Some(total)) if total == noted => Meaning::NotMade,
        (Some(noted), Some(total)) if Some(total) == noted.checked_add(refund.amount) => made,
        (Some(_), Some(_)) => Meaning::Nothing,
        // Whether the whole was undone is told without a sum.
        _ if refund.kind == RefundKind::Cancel => Meaning::NotMade,
        _ => Meaning::Nothing,
    }
}

/// Asks the bank what became of a refund in doubt, and writes what it says. Answers how it then stands;
/// one that is not in doubt, and one that a caller asked about a moment ago, as it is. One that was settled as not
/// made the schedule looks at once more.
pub async fn settle(
    app: &App,
    merchant: &Merchant,
    refund_id: i64,
    asker: Asker,
) -> Result<Given, Problem> {
    let mut given = load(app, merchant.id, refund_id).await?;
    let look_is_due = asker == Asker::Schedule && given.refund.inquire_at.is_some();
    if look_is_due && is_not_made(&given.refund) {
        late::look(app, merchant, &given.payment, &given.refund).await?;
        return Ok(given);
    }
    let open = given.refund.state.is_open() && !is_under_way(app, &given.refund);
    if !open || asker == Asker::Caller && !claim(app, &given.refund).await? {
        return Ok(given);
    }
    let party = Party::of(app, &given.payment).await?;
    let says = party.given_back(app, &given.payment).await;
    let (payment, inquiries) = (given.payment.id, given.refund.inquiries);
    let said = says.as_ref().map(|told| meaning(&given.refund, told));
    tracing::info!(
        payment,
        inquiries,
        ?asker,
        ?said,
        "bank or lender were asked about a refund"
    );
    let outcome = match said {
        Ok(Meaning::Made(reversed)) => Outcome::Approved(reversed),
        Ok(Meaning::NotMade)
            if had_its_time(app, &given.refund) && !party.may_still_arrive(app, &given.refund) =>
        {
            Outcome::NotMade
        }
        Ok(Meaning::NotMade) => {
            defer(app, &mut given.refund, asker, false, None).await?;
            return Ok(given);
        }
        Ok(Meaning::Nothing) => {
            let heard = "another sum than before is told, or none".to_owned();
            defer(app, &mut given.refund, asker, true, Some(heard)).await?;
            return Ok(given);
        }
        Err(doubt) => {
            let never = tells_nothing(doubt);
            defer(
                app,
                &mut given.refund,
                asker,
                never,
                Some(doubt.detail.clone()),
            )
            .await?;
            return Ok(given);
        }
    };
    write(app, merchant, &mut given, &outcome).await?;
    // What else was given back, and the books had no room for while this was reserved.
    if let Ok(told) = &says
        && let Err(problem) = late::book(app, merchant, &given.payment, &party, told).await
    {
        tracing::warn!(
            payment,
            ?problem,
            "what was told beside a refund is not booked yet"
        );
    }
    Ok(given)
}

/// A call is at the bank and has no outcome yet.
fn is_under_way(app: &App, refund: &Refund) -> bool {
    let is_asked = refund.state == RefundState::Asked;
    moves::is_under_way(app, is_asked, refund.inquire_at)
}

/// More questions would be answered alike.
fn tells_nothing(doubt: &Doubt) -> bool {
    matches!(
        doubt.reason,
        DoubtReason::NotSupported | DoubtReason::OtherSale
    )
}

async fn claim(app: &App, refund: &Refund) -> Result<bool, Unavailable> {
    let mut commit = Commit::new(refund.merchant_id, refund.payment_id);
    let before = inquiry::caller_asked_before(app);
    refunds::claim_inquiry(refund, app.now(), before, &mut commit);
    Ok(app.commit(commit).await?.is_yes())
}

/// The request may still be on its way.
fn had_its_time(app: &App, refund: &Refund) -> bool {
    inquiry::had_its_time(app, refund.asked_at, refund.inquiries)
}

/// An inquiry settled nothing. The schedule counts it and asks again later; what others ask leaves the
/// schedule as it is, but that a person is told.
async fn defer(
    app: &App,
    refund: &mut Refund,
    asker: Asker,
    review: bool,
    heard: Option<String>,
) -> Result<(), Unavailable> {
    if asker != Asker::Schedule && !review {
        return Ok(());
    }
    let mut moved = refund.clone();
    moved.inquiries += i64::from(asker == Asker::Schedule);
    if review {
        moved.review_since.get_or_insert(app.now());
    }
    let next = inquiry::next_inquiry(app, moved.inquiries, moved.review_since);
    (moved.inquire_at, moved.review_since) = (next.at, next.review_since);
    moved.state = match next.review_since {
        Some(_) => RefundState::Review,
        None => RefundState::Doubt,
    };
    if moved.state == RefundState::Review && refund.state != RefundState::Review {
        let payment = refund.payment_id;
        tracing::error!(
            payment,
            refund = refund.id,
            "a person must look at a refund in doubt"
        );
    }
    let known = moved.answer.take().and_then(|answer| answer.message);
    let heard = heard.map(|heard| connectors::scrub::words(&heard));
    let unheard = || Some("no answer was kept".to_owned());
    moved.answer = Some(RefundAnswer {
        reversed: None,
        message: heard.or(known).or_else(unheard),
    });
    let mut commit = Commit::new(moved.merchant_id, moved.payment_id);
    refunds::save(app, &moved, &mut commit);
    if app.commit(commit).await?.is_yes() {
        moved.version += 1;
        *refund = moved;
    }
    Ok(())
}

/// What a person found out about a refund that no inquiry could settle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FoundRefund {
    /// The bank gave the money back.
    Made,
    /// It did not.
    NotMade,
}

/// Ends a refund's doubt by a person's word. `note` is handed the refund as it was and as it is, and adds to
/// the commit what stands in the audit log.
pub async fn settle_by_hand(
    app: &App,
    merchant: &Merchant,
    refund_id: i64,
    found: FoundRefund,
    note: impl Fn(&Refund, &Refund, &mut Commit),
) -> Result<Given, Problem> {
    let outcome = match found {
        FoundRefund::Made => Outcome::Approved(Reversed::default()),
        FoundRefund::NotMade => Outcome::Declined(ErrorGroup::CommunicationOrSystemError.into()),
    };
    for _ in 0..crate::engine::CONFLICTS_MAX {
        let mut given = load(app, merchant.id, refund_id).await?;
        if !given.refund.state.is_open() || is_under_way(app, &given.refund) {
            return Err(not_open(given.refund.state.as_str()));
        }
        let (mut commit, moved) = outcome_commit(app, merchant, &given, &outcome);
        note(&given.refund, &moved, &mut commit);
        if app.commit(commit).await?.is_yes() {
            given.refund = moved;
            return Ok(given);
        }
    }
    Err(Problem::unavailable("the refund keeps changing"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use contract::enums::Currency;
    use contract::money::Money;
    use jiff::Timestamp;

    pub(in super::super) fn refund(kind: RefundKind, noted: Option<i64>) -> Refund {
        Refund {
            merchant_id: 1,
            id: 2,
            payment_id: 3,
            version: 1,
            pos_id: Some(4),
            apm_id: None,
            lender_reference: None,
            kind,
            by_item: false,
            marked: false,
            state: RefundState::Doubt,
            amount: 500,
            points: None,
            noted,
            release: false,
            conversation_id: None,
            charge_from_me: false,
            answer: None,
            error: None,
            created_at: Timestamp::UNIX_EPOCH,
            asked_at: Timestamp::UNIX_EPOCH,
            inquiries: 0,
            inquire_at: None,
            review_since: None,
        }
    }

    #[test]
    fn only_the_noted_sum_with_the_amount_or_a_void_is_a_refund() {
        use Meaning::{NotMade, Nothing};
        use RefundKind::{Cancel, Refund};
        let made = || Meaning::Made(Reversed::default());
        for (kind, noted, voided, total, expected) in [
            (Refund, Some(0), false, Some(500), made()),
            (Refund, Some(700), false, Some(1200), made()),
            (Refund, Some(700), false, Some(700), NotMade),
            // Somebody gave something back at the bank meanwhile, or the sum went down.
            (Refund, Some(0), false, Some(501), Nothing),
            (Refund, Some(700), false, Some(500), Nothing),
            (Refund, Some(700), false, Some(0), Nothing),
            (Refund, Some(i64::MAX), false, Some(500), Nothing),
            (Refund, None, false, Some(500), Nothing),
            (Refund, Some(0), false, None, Nothing),
            (Refund, None, false, None, Nothing),
            (Refund, None, true, None, made()),
            (Cancel, None, true, None, made()),
            (Cancel, Some(0), true, Some(0), made()),
            (Cancel, Some(0), false, Some(0), NotMade),
            (Cancel, None, false, None, NotMade),
            (Cancel, Some(0), false, Some(300), Nothing),
        ] {
            let says = GivenBack {
                voided,
                refunded: total,
            };
            let found = meaning(&refund(kind, noted), &Told::Sum(says));
            assert_eq!(found, expected, "{kind:?} {noted:?} {says:?}");
        }
    }

    #[test]
    fn a_lenders_list_has_the_refund_with_its_amount_or_has_it_not() {
        let back = |id: Option<&str>, minor: i64| MoneyBack {
            refund_id: id.map(str::to_owned),
            reference: format!("r{minor}"),
            voided: false,
            amount: Money::new(minor, Currency::Try),
        };
        let refund = refund(RefundKind::Refund, Some(0));
        for (list, expected) in [
            (vec![], Meaning::NotMade),
            (vec![back(None, 500)], Meaning::NotMade),
            (vec![back(Some("3"), 500)], Meaning::NotMade),
            (vec![back(Some("2"), 499)], Meaning::Nothing),
            (
                vec![back(None, 1), back(Some("2"), 500)],
                Meaning::Made(reversed(&back(None, 500))),
            ),
        ] {
            let found = meaning(&refund, &Told::List(list.clone()));
            assert_eq!(found, expected, "{list:?}");
        }
    }
}
