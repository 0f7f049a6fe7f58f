//! A question to a bank or lender, with all that its verb needs: the protocol, the account, the way
//! out with the recorder on it, the moment, and the order that it is about.

use super::recorder::Recorder;
use crate::app::App;
use crate::clock::istanbul;
use crate::problem::Problem;
use crate::random;
use crate::store::apms::{self, Apm};
use crate::store::attempts::Attempt;
use crate::store::loans::Loan;
use crate::store::payments::Payment;
use crate::store::poses::{self, Pos};
use connectors::bank::{Account, BankContext, CardEnds, Doubt, Order, OrderRef, Phase, RewardUse};
use connectors::http::Http;
use connectors::lender::{ApplicationRef, Lender, LenderContext};
use connectors::lenders::of_apm;
use connectors::protocol::Protocol;
use contract::money::Money;
use jiff::Zoned;

/// A question to the bank of a POS.
pub struct BankCall<'a> {
    /// Whose verbs are called.
    pub bank: Protocol,
    /// What the question is about.
    pub order: Order,
    app: &'a App,
    account: Account,
    /// `None` keeps nothing of what is said.
    recorder: Option<Recorder<'a>>,
    now: Zoned,
    sent_at: Zoned,
}

impl<'a> BankCall<'a> {
    /// About an attempt; `operation` names the exchange in the payment's history. Doubt that nothing was
    /// sent where the POS's protocol is not spoken.
    pub fn of_attempt(
        app: &'a App,
        pos: &Pos,
        payment: &Payment,
        attempt: &Attempt,
        operation: &'static str,
    ) -> Result<Self, Doubt> {
        let of = (attempt.merchant_id, attempt.payment_id);
        let recorder = Recorder::to_bank(app, of, pos, operation);
        let order = attempt.order(payment);
        let call = BankCall::new(app, pos, order, Some(recorder))?;
        Ok(BankCall {
            sent_at: istanbul(attempt.asked_at),
            ..call
        })
    }

    /// About no payment, under an order id that was never used. Some banks want an amount even then:
    /// one unit is what their samples send.
    pub fn without_payment(app: &'a App, pos: &Pos) -> Result<Self, Doubt> {
        let order = Order {
            id: random::order_id(),
            amount: Money::new(100, pos.currency),
            installment: 1,
            phase: Phase::Sale,
        };
        BankCall::new(app, pos, order, None)
    }

    fn new(
        app: &'a App,
        pos: &Pos,
        order: Order,
        recorder: Option<Recorder<'a>>,
    ) -> Result<Self, Doubt> {
        let bank = connectors::directory::protocol(pos.integrator);
        let now = app.istanbul_now();
        Ok(BankCall {
            bank: bank.ok_or_else(Doubt::not_supported)?,
            order,
            app,
            account: pos.account(),
            recorder,
            sent_at: now.clone(),
            now,
        })
    }

    /// What a verb is handed.
    pub fn context(&self) -> BankContext<'_> {
        BankContext {
            account: &self.account,
            http: way_out(self.app, self.recorder.as_ref()),
            now: &self.now,
        }
    }

    /// The order with all that the bank's record of it can be compared with.
    pub fn order_ref<'b>(
        &'b self,
        payment: &'b Payment,
        attempt: &Attempt,
        host_reference: Option<&'b str>,
    ) -> OrderRef<'b> {
        OrderRef {
            order: &self.order,
            with_points: matches!(attempt.reward, Some(RewardUse::Money { card, firm, mile }) if card + firm + mile > 0),
            threeds: attempt.threeds,
            sent_at: &self.sent_at,
            host_reference,
            card: card_ends(payment),
            id_chosen: attempt.order_id_chosen,
        }
    }
}

/// What is kept of the number of a payment's card.
pub fn card_ends(payment: &Payment) -> CardEnds<'_> {
    CardEnds {
        first: payment.bin_number.as_deref().unwrap_or(""),
        last: payment.last_four.as_deref().unwrap_or(""),
    }
}

/// The POS of an attempt, also one that is deleted by now.
pub async fn pos_of(app: &App, attempt: &Attempt) -> Result<Pos, Problem> {
    let pos = poses::one_of_merchant(app, attempt.merchant_id, attempt.pos_id).await?;
    pos.ok_or_else(|| Problem::unavailable("the POS of an attempt is gone"))
}

/// A question to the lender of an account.
pub struct LenderCall<'a> {
    /// Whose verbs are called.
    pub lender: &'static dyn Lender,
    app: &'a App,
    apm: &'a Apm,
    /// `None` keeps nothing of what is said.
    recorder: Option<Recorder<'a>>,
    now: Zoned,
}

impl<'a> LenderCall<'a> {
    /// About a loan; `operation` names the exchange in the payment's history. Doubt that nothing was
    /// sent where the account's protocol is not spoken.
    pub fn of_loan(
        app: &'a App,
        apm: &'a Apm,
        loan: &Loan,
        operation: &'static str,
    ) -> Result<Self, Doubt> {
        let of = (loan.merchant_id, loan.payment_id);
        let recorder = Recorder::to_lender(app, of, apm.apm_type, operation);
        LenderCall::new(app, apm, Some(recorder))
    }

    /// About no payment.
    pub fn without_payment(app: &'a App, apm: &'a Apm) -> Result<Self, Doubt> {
        LenderCall::new(app, apm, None)
    }

    fn new(app: &'a App, apm: &'a Apm, recorder: Option<Recorder<'a>>) -> Result<Self, Doubt> {
        Ok(LenderCall {
            lender: of_apm(apm.apm_type).ok_or_else(Doubt::not_supported)?,
            app,
            apm,
            recorder,
            now: app.istanbul_now(),
        })
    }

    /// Which application a follow-up is about.
    pub fn application<'b>(&self, payment: &Payment, loan: &'b Loan) -> ApplicationRef<'b> {
        ApplicationRef {
            order_id: &loan.order_id,
            application_id: loan.application_id.as_deref(),
            currency: payment.currency,
        }
    }

    /// What a verb is handed.
    pub fn context(&self) -> LenderContext<'_> {
        LenderContext {
            account: &self.apm.account,
            http: way_out(self.app, self.recorder.as_ref()),
            now: &self.now,
        }
    }
}

/// The account of a loan.
pub async fn apm_of(app: &App, loan: &Loan) -> Result<Apm, Problem> {
    let apm = apms::one_of_merchant(app, loan.merchant_id, loan.apm_id).await?;
    apm.ok_or_else(|| Problem::unavailable("the account of an application is gone"))
}

fn way_out<'b>(app: &'b App, recorder: Option<&'b Recorder<'_>>) -> &'b dyn Http {
    match recorder {
        Some(recorder) => recorder,
        None => &app.net,
    }
}
