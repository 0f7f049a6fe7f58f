//! Money back of a loan: the lender's account, and what it is asked. What it gave back without being asked is in
//! [`super::by_lender`].

use super::{operation_of, require_in_time};
use crate::app::App;
use crate::engine::bank_call::{LenderCall, apm_of};
use crate::problem::Problem;
use crate::store::apms::Apm;
use crate::store::loans::{self, Loan};
use crate::store::payments::Payment;
use crate::store::refunds::{Refund, RefundKind};
use connectors::bank::{Answer, Doubt, Reversed};
use connectors::lender::{LoanRefund, MoneyBack};
use contract::money::Money;
use jiff::SignedDuration;

/// For so long the lender protocol lets a request arrive: both clocks may be 300 seconds off.
const ARRIVES_WITHIN: SignedDuration = SignedDuration::from_secs(600);

/// The lender of a loan.
pub(super) struct Lender {
    /// Whose account is used.
    pub(super) apm: Apm,
    loan: Loan,
}

/// Whether the lender would still take the request that was sent for a refund.
pub(super) fn may_still_arrive(app: &App, refund: &Refund) -> bool {
    app.now().duration_since(refund.asked_at) < ARRIVES_WITHIN
}

impl Lender {
    /// Of a payment; `None` where no loan stands behind it.
    pub(super) async fn of(app: &App, payment: &Payment) -> Result<Option<Lender>, Problem> {
        let Some(loan) = loans::of_payment(app, payment.merchant_id, payment.id).await? else {
            return Ok(None);
        };
        let apm = apm_of(app, &loan).await?;
        Ok(Some(Lender { apm, loan }))
    }

    /// Asks what went back of the loan so far.
    pub(super) async fn given_back(
        &self,
        app: &App,
        payment: &Payment,
    ) -> Result<Vec<MoneyBack>, Doubt> {
        let call = LenderCall::of_loan(app, &self.apm, &self.loan, "given_back")?;
        let application = call.application(payment, &self.loan);
        call.lender.given_back(call.context(), application).await
    }

    /// Asks to give back, by the refund's id: the lender does it once.
    pub(super) async fn ask(
        &self,
        app: &App,
        payment: &Payment,
        refund: &Refund,
    ) -> Answer<Reversed> {
        let call = LenderCall::of_loan(app, &self.apm, &self.loan, operation_of(refund))?;
        require_in_time(app, refund)?;
        let asked = LoanRefund {
            application: call.application(payment, &self.loan),
            refund_id: &refund.id.to_string(),
            amount: Money::new(refund.amount, payment.currency),
        };
        match refund.kind {
            RefundKind::Cancel => call.lender.void(call.context(), asked).await,
            RefundKind::Refund => call.lender.refund(call.context(), asked).await,
        }
    }
}
