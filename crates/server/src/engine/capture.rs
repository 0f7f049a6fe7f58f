//! What is held is taken. One row of `captures` is one question to the bank; while it has no outcome the payment
//! moves in no other way. How doubt is settled stands in [`doubt`], how a hold ends by itself in [`expiry`].

pub mod doubt;
pub mod expiry;
mod outcome;

use super::accounts;
use super::bank_call::{BankCall, pos_of};
use super::claims::Claims;
use super::moves::{await_turn, pause};
use crate::app::App;
use crate::problem::Problem;
use crate::store::attempts::{self, Attempt};
use crate::store::captures::{self, Capture, CaptureState};
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::payments::{self, Amount, Item, Payment};
use crate::store::poses::Pos;
use crate::store::refunds;
use connectors::bank::{
    Answer, Capture as CaptureAsked, Charged, Doubt, DoubtReason, HoldStatus, RewardUse,
};
use contract::enums::{PaymentPhase, PaymentStatus};
use contract::errors::ErrorGroup;
use contract::money::Money;
use contract::rules::Rule;
use outcome::{Outcome, write};

/// What is captured at most, as a fraction of what is held: half as much again
/// (platform-semantics section 7). A bank may take less.
const MOST: (i64, i64) = (3, 2);

/// A capture with its payment and the payment's items.
#[derive(Debug, Clone)]
pub struct Given {
    /// The payment, as it stands.
    pub payment: Payment,
    /// Its items.
    pub items: Vec<Item>,
    /// The capture, as it stands.
    pub capture: Capture,
}

/// Takes `amount` of what a payment holds, and answers how the capture then stands. Takes its turn with refunds
/// and captures of the payment. `note` adds to the commit of the intent what stands in the audit log.
pub async fn capture(
    app: &App,
    merchant: &Merchant,
    claims: &Claims,
    (payment_id, amount): (i64, Amount),
    note: impl Fn(&Capture, &mut Commit),
) -> Result<Given, Problem> {
    let mut turn = None;
    loop {
        let (payment, items, leave) = await_turn(app, merchant.id, payment_id, &mut turn).await?;
        require_capturable(app, &payment, amount)?;
        let holder = Holder::of(app, &payment).await?;
        holder.require_amount(&payment, amount)?;
        let Some(given) = intend(app, claims, &holder, (payment, items), amount, &note).await?
        else {
            // Another move was faster.
            drop(leave);
            pause(app, payment_id, &mut turn).await?;
            continue;
        };
        let given = ask_and_answer(app, merchant, &holder, given).await;
        return given.map_err(|problem| problem.or_doubt(payment_id));
    }
}

/// Refuses what the bank need not be asked.
fn require_capturable(app: &App, payment: &Payment, amount: Amount) -> Result<(), Problem> {
    if payment.status != PaymentStatus::Success {
        let status = payment.status.as_str();
        return Err(Problem::with(
            Rule::WrongPaymentState,
            &[("status", status)],
        ));
    }
    let Some(hold) = payment.open_hold() else {
        let state = match payment.phase {
            PaymentPhase::PreAuth => "CANCELLED",
            phase => phase.as_str(),
        };
        return Err(Problem::with(Rule::NoOpenHold, &[("state", state)]));
    };
    if hold.expires_at <= app.now() {
        return Err(Problem::Failed {
            payment_id: Some(payment.id),
            failure: ErrorGroup::ExpiredProvision.into(),
        });
    }
    let most = most(hold.amount);
    if amount.minor > most {
        let most = Money::new(most, payment.currency).decimal();
        return Err(Problem::limit(
            Rule::CaptureAboveHold,
            "paidPrice",
            "max",
            most,
        ));
    }
    Ok(())
}

/// What can be captured at most of an amount that is held, in minor units.
pub fn most(held: i64) -> i64 {
    let most = i128::from(held) * i128::from(MOST.0) / i128::from(MOST.1);
    i64::try_from(most).unwrap_or(i64::MAX)
}

/// The bank that holds the money, with the hold.
struct Holder {
    /// Whose account is used.
    pos: Pos,
    hold: Attempt,
}

impl Holder {
    async fn of(app: &App, payment: &Payment) -> Result<Holder, Problem> {
        let attempts = attempts::of_payment(app, payment.merchant_id, payment.id).await?;
        let hold = refunds::sale(attempts);
        let hold = hold.ok_or_else(|| Problem::unavailable("the hold of a payment is gone"))?;
        let pos = pos_of(app, &hold).await?;
        Ok(Holder { pos, hold })
    }

    /// Some banks let a hold be captured only as it is, or one with a campaign.
    fn require_amount(&self, payment: &Payment, amount: Amount) -> Result<(), Problem> {
        let bank = connectors::directory::protocol(self.pos.integrator);
        let has_campaign = matches!(self.hold.reward, Some(RewardUse::Campaign(_)));
        let fixed = bank.is_some_and(|bank| {
            bank.captures_whole() || has_campaign && bank.campaign_fixes_capture()
        });
        if fixed && amount.minor != self.hold.amount {
            let held = Money::new(self.hold.amount, payment.currency).decimal();
            return Err(Problem::limit(
                Rule::CaptureFixed,
                "paidPrice",
                "held",
                held,
            ));
        }
        Ok(())
    }

    /// Asks to take what is held.
    async fn ask(&self, app: &App, payment: &Payment, capture: &Capture) -> Answer<Charged> {
        let call = BankCall::of_attempt(app, &self.pos, payment, &self.hold, "capture")?;
        require_in_time(app, capture)?;
        let asked = CaptureAsked {
            hold: call.order_ref(payment, &self.hold, payment.host_reference.as_deref()),
            amount: Money::new(capture.amount.minor, payment.currency),
            client_ip: payment.client_ip.as_deref(),
        };
        call.bank.capture(call.context(), asked).await
    }

    /// Asks how the hold stands.
    async fn inquire(&self, app: &App, payment: &Payment) -> Result<HoldStatus, Doubt> {
        let call = BankCall::of_attempt(app, &self.pos, payment, &self.hold, "inquire")?;
        let hold = call.order_ref(payment, &self.hold, payment.host_reference.as_deref());
        call.bank.inquire_hold(call.context(), hold).await
    }
}

/// Refuses to ask about an intent so old that others inquire what became of it.
fn require_in_time(app: &App, capture: &Capture) -> Result<(), Doubt> {
    if app.may_be_answering(capture.asked_at) {
        return Ok(());
    }
    Err(Doubt {
        may_have_been_sent: false,
        reason: DoubtReason::Network,
        detail: "too late to ask: this process stood still".to_owned(),
    })
}

/// Writes the capture with what it reserves and the caller's claims. `None` when the payment changed since it was
/// read.
async fn intend(
    app: &App,
    claims: &Claims,
    holder: &Holder,
    (mut payment, items): (Payment, Vec<Item>),
    amount: Amount,
    note: impl Fn(&Capture, &mut Commit),
) -> Result<Option<Given>, Problem> {
    let now = app.now();
    let capture = Capture {
        merchant_id: payment.merchant_id,
        id: app.next_id(),
        payment_id: payment.id,
        version: 1,
        pos_id: holder.pos.id,
        state: CaptureState::Asked,
        amount,
        answer: None,
        error: None,
        created_at: now,
        asked_at: now,
        inquiries: 0,
        inquire_at: Some(app.unanswered_reversal_at()),
        review_since: None,
    };
    if let Some(hold) = &mut payment.hold {
        hold.capturing = amount.minor;
    }
    let mut commit = Commit::new(payment.merchant_id, payment.id);
    claims.write(app, Some(capture.id), &mut commit);
    captures::insert(&capture, &mut commit);
    payments::save(&payment, &mut commit);
    note(&capture, &mut commit);
    match claims.commit(app, commit, Problem::Moved).await {
        Ok(()) => {
            payment.version += 1;
            Ok(Some(Given {
                payment,
                items,
                capture,
            }))
        }
        Err(Problem::Moved) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// The last two beats.
async fn ask_and_answer(
    app: &App,
    merchant: &Merchant,
    holder: &Holder,
    mut given: Given,
) -> Result<Given, Problem> {
    let answer = holder.ask(app, &given.payment, &given.capture).await;
    let said = answer.clone();
    let outcome = Outcome::of(answer, &given.capture);
    write(app, merchant, &mut given, &outcome).await?;
    // After the answer, which nothing may hold up.
    accounts::note(app, &holder.pos, &said).await;
    Ok(given)
}

/// A capture of a merchant's with its payment and the payment's items.
pub async fn load(app: &App, merchant_id: i64, capture_id: i64) -> Result<Given, Problem> {
    let capture = captures::of_merchant(app, merchant_id, capture_id).await?;
    let capture = capture.ok_or_else(|| Problem::unavailable("a capture is gone"))?;
    let payment = payments::of_merchant(app, merchant_id, capture.payment_id).await?;
    let payment =
        payment.ok_or_else(|| Problem::unavailable("the payment of a capture is gone"))?;
    let items = payments::items_of_merchant(app, merchant_id, payment.id).await?;
    Ok(Given {
        payment,
        items,
        capture,
    })
}

/// The capture of a payment that has no outcome yet.
pub async fn open_of(app: &App, payment: &Payment) -> Result<Option<Capture>, Problem> {
    if payment.hold.is_none_or(|hold| hold.capturing == 0) {
        return Ok(None);
    }
    let captures = captures::of_payment(app, payment.merchant_id, payment.id).await?;
    Ok(captures.into_iter().find(|one| one.state.is_open()))
}
