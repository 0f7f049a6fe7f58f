//! What is given back of a disbursed loan: voids on its day, refunds, and what the lender gives back by
//! itself. Pure: the ledger keeps it with the loan.

use super::loan::{Loan, State};
use super::wire::Refusal;
use crate::clock::istanbul;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How many times something is given back of one loan.
const REFUNDS_MAX: usize = 500;

/// How something is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// The whole loan is undone.
    Void,
    /// The loan becomes smaller.
    Refund,
}

/// Something that was given back. Amounts are kuruş.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MoneyBack {
    /// The merchant's id of it; none where the lender gave it back by itself.
    pub(crate) refund_id: Option<String>,
    /// The lender's id of it.
    pub(crate) reference: String,
    pub(crate) kind: Kind,
    pub(crate) amount: i64,
}

impl Loan {
    /// Gives back what the merchant asks for. `true`: it was given back before under this id.
    pub(crate) fn give_back(
        &mut self,
        refund_id: &str,
        kind: Kind,
        amount: i64,
        now: i64,
    ) -> Result<bool, Refusal> {
        let same_id = |known: &&MoneyBack| known.refund_id.as_deref() == Some(refund_id);
        if let Some(known) = self.refunds.iter().find(same_id) {
            if known.kind == kind && known.amount == amount {
                return Ok(true);
            }
            return Err(Refusal {
                status: 409,
                code: "REFUND_ID_TAKEN".to_owned(),
                message: "another refund has this id".to_owned(),
            });
        }
        self.require_disbursed()?;
        if kind == Kind::Void {
            if !self.refunds.is_empty() || self.is_day_over(now) {
                let words = "the day of the loan is closed, or something was given back";
                return Err(Refusal::business("DAY_CLOSED", words));
            }
            if amount != self.amount {
                let words = "a void is about all that was lent";
                return Err(Refusal::business("AMOUNT_ABOVE_REST", words));
            }
        }
        self.note(Some(refund_id.to_owned()), kind, amount)?;
        Ok(false)
    }

    /// The lender gives back by itself: an amount, or all that is left.
    pub(crate) fn give_back_by_itself(&mut self, amount: Option<i64>) -> Result<(), Refusal> {
        self.require_disbursed()?;
        let amount = amount.unwrap_or_else(|| self.left());
        self.note(None, Kind::Refund, amount)
    }

    /// What is left of the loan.
    pub(crate) fn left(&self) -> i64 {
        let back: i64 = self.refunds.iter().map(|one| one.amount).sum();
        self.amount - back
    }

    fn require_disbursed(&self) -> Result<(), Refusal> {
        match self.state {
            State::Disbursed => Ok(()),
            _ => Err(Refusal::business(
                "APPLICATION_NOT_DISBURSED",
                "nothing was disbursed",
            )),
        }
    }

    /// A day ends at midnight in Istanbul, or when a tester closes it.
    fn is_day_over(&self, now: i64) -> bool {
        let day = |ms| Timestamp::from_millisecond(ms).map(|at| istanbul(at).date());
        match (self.disbursed_at.map(day), day(now)) {
            (Some(Ok(disbursed)), Ok(today)) => self.day_closed || disbursed != today,
            _ => true,
        }
    }

    fn note(&mut self, refund_id: Option<String>, kind: Kind, amount: i64) -> Result<(), Refusal> {
        if !(1..=self.left()).contains(&amount) {
            let words = "less is left of the loan";
            return Err(Refusal::business("AMOUNT_ABOVE_REST", words));
        }
        if self.refunds.len() >= REFUNDS_MAX {
            let words = "the list of this loan is full";
            return Err(Refusal::business("REFUNDS_EXHAUSTED", words));
        }
        let reference = format!("{}-r{}", self.application_id, self.refunds.len() + 1);
        self.refunds.push(MoneyBack {
            refund_id,
            reference,
            kind,
            amount,
        });
        Ok(())
    }
}
