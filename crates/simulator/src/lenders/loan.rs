//! One application and the states it goes through. Pure: the ledger keeps it, doors decide it.

use super::banks::{self, Bank};
use super::money_back::MoneyBack;
use super::plan::Plan;
use super::wire::{ApprovalMode, CartItem, Refusal};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Seconds that a long assessment takes unless the control API says otherwise.
pub(crate) const ASSESSMENT_SECONDS: u32 = 20;
/// The longest assessment.
pub(crate) const ASSESSMENT_SECONDS_MAX: u32 = 30 * 24 * 60 * 60;

/// How an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// The shopper has not finished.
    Pending,
    /// The bank is assessing it.
    Assessing,
    /// Approved; waits to be confirmed.
    Ready,
    /// The merchant is paid.
    Disbursed,
    /// The bank refused.
    Rejected,
    /// The shopper did not finish in time.
    Expired,
    /// Called off by the merchant or the lender.
    Cancelled,
}

/// A bank's reason for a rejection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rejection {
    pub(crate) code: String,
    pub(crate) message: String,
}

/// Which of the buyer's data the bank's page must still ask. The data itself is never kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Missing {
    pub(crate) identity_number: bool,
    pub(crate) phone_number: bool,
    pub(crate) birth_date: bool,
}

/// An application. Moments are milliseconds since 1970.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Loan {
    pub(crate) order_id: String,
    pub(crate) application_id: String,
    /// Opens the bank's page; it cannot be guessed.
    pub(crate) token: String,
    /// SHA-256 of the request, to tell a repetition from another application.
    pub(crate) fingerprint: String,
    pub(crate) bank_code: Option<String>,
    pub(crate) term: Option<u16>,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) items: Vec<CartItem>,
    pub(crate) missing: Missing,
    pub(crate) return_url: String,
    pub(crate) notification_url: String,
    pub(crate) approval_mode: Option<ApprovalMode>,
    pub(crate) state: State,
    pub(crate) rejection: Option<Rejection>,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
    /// When a long assessment ends.
    pub(crate) assessed_at: Option<i64>,
    /// When the merchant was paid.
    #[serde(default)]
    pub(crate) disbursed_at: Option<i64>,
    /// A tester closed the day on which it was disbursed.
    #[serde(default)]
    pub(crate) day_closed: bool,
    /// What was given back, the oldest first.
    #[serde(default)]
    pub(crate) refunds: Vec<MoneyBack>,
}

/// What somebody decides about an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The shopper agreed at the bank, which now takes its usual course.
    Agree,
    /// The bank approves, without assessing at length.
    Approve,
    /// The bank approves, but the merchant must confirm, whatever was agreed.
    Ready,
    /// The bank assesses for so many seconds, and then approves.
    Assess(u32),
    /// The bank rejects.
    Reject(Rejection),
    /// It lapses.
    Expire,
    /// It is called off.
    Cancel,
    /// The merchant confirms.
    Confirm,
    /// The lender gives back so much of a disbursed loan, or all that is left, without being asked.
    GiveBack(Option<i64>),
    /// The day of its disbursement is over now.
    CloseDay,
}

impl Loan {
    /// Applies a decision. `Ok(false)`: there is nothing to notify of. Refused where it can no longer be.
    pub(crate) fn decide(&mut self, decision: Decision, now: i64) -> Result<bool, Refusal> {
        use State::*;
        match decision {
            Decision::GiveBack(amount) => {
                self.give_back_by_itself(amount)?;
                return Ok(true);
            }
            Decision::CloseDay => {
                self.day_closed = true;
                return Ok(false);
            }
            _ => {}
        }
        let wanted = match (&decision, self.state) {
            (Decision::Agree, Pending) if self.assesses_at_length() => Assessing,
            (Decision::Agree, Pending) => self.outcome_of_approval(),
            (Decision::Approve, Pending | Assessing | Ready) => self.outcome_of_approval(),
            (Decision::Ready, Pending | Assessing | Ready) => Ready,
            (Decision::Assess(_), Pending | Assessing) => Assessing,
            (Decision::Reject(_), Pending | Assessing | Ready | Rejected) => Rejected,
            (Decision::Expire, Pending | Assessing | Ready | Expired) => Expired,
            (Decision::Cancel, Pending | Assessing | Ready | Cancelled) => Cancelled,
            (Decision::Confirm, Ready | Disbursed) => Disbursed,
            _ => return Err(self.refusal()),
        };
        if wanted == Assessing {
            let seconds = if let Decision::Assess(seconds) = decision {
                seconds
            } else {
                ASSESSMENT_SECONDS
            };
            self.assessed_at = Some(now + i64::from(seconds) * 1000);
        } else if let Decision::Reject(rejection) = decision
            && self.state != Rejected
        {
            self.rejection = Some(rejection);
        }
        Ok(self.move_to(wanted, now))
    }

    /// Whether it stood otherwise.
    fn move_to(&mut self, state: State, now: i64) -> bool {
        let changed = self.state != state;
        if changed && state == State::Disbursed {
            self.disbursed_at = Some(now);
        }
        self.state = state;
        changed
    }

    /// When time alone will change it: the shopper's limit, or the end of an assessment. The
    /// limit binds the shopper only; what lies with the bank or the merchant does not lapse.
    pub(crate) fn due_at(&self) -> Option<i64> {
        match self.state {
            State::Pending => Some(self.expires_at),
            State::Assessing => self.assessed_at,
            _ => None,
        }
    }

    /// Does what time alone does.
    pub(crate) fn settle(&mut self, now: i64) -> bool {
        if self.due_at().is_none_or(|due| now < due) {
            return false;
        }
        let wanted = if self.state == State::Pending {
            State::Expired
        } else {
            self.outcome_of_approval()
        };
        self.move_to(wanted, now)
    }

    /// The chosen bank.
    pub(crate) fn bank(&self) -> Option<&'static Bank> {
        banks::of_code(self.bank_code.as_deref()?)
    }

    /// The plans of a bank for this loan.
    pub(crate) fn plans(&self, bank: &Bank, today: Date) -> Vec<Plan> {
        bank.plans(self.amount, &self.items, today)
    }

    /// Why nothing more can be done to it.
    fn refusal(&self) -> Refusal {
        match self.state {
            State::Pending | State::Assessing => {
                Refusal::business("APPLICATION_NOT_READY", "the bank has not decided yet")
            }
            State::Ready => Refusal::business("APPLICATION_NOT_PENDING", "the bank has decided"),
            State::Disbursed => Refusal::business("APPLICATION_DISBURSED", "the loan is disbursed"),
            State::Rejected => Refusal::business("APPLICATION_REJECTED", "the bank rejected it"),
            State::Expired => Refusal::business("APPLICATION_EXPIRED", "the time limit is over"),
            State::Cancelled => Refusal::business("APPLICATION_CANCELLED", "it was cancelled"),
        }
    }

    fn assesses_at_length(&self) -> bool {
        self.bank().is_some_and(|bank| bank.assesses_at_length)
    }

    /// The application's own mode goes before the bank's habit.
    fn outcome_of_approval(&self) -> State {
        let by_itself = match self.approval_mode {
            Some(mode) => mode == ApprovalMode::Auto,
            None => self.bank().is_some_and(|bank| bank.approves_by_itself),
        };
        if self.state != State::Ready && by_itself {
            State::Disbursed
        } else {
            State::Ready
        }
    }
}
