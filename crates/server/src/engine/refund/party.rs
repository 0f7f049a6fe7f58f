//! Who gives the money of a payment back, and the questions that they are asked: the bank that took it, or the
//! lender that disbursed the loan.

use super::lender::Lender;
use super::{is_whole, operation_of, require_in_time};
use crate::app::App;
use crate::clock::istanbul;
use crate::engine::accounts;
use crate::engine::bank_call::{BankCall, pos_of};
use crate::problem::Problem;
use crate::store::attempts::{self, Attempt};
use crate::store::payments::Payment;
use crate::store::poses::Pos;
use crate::store::refunds::{self, Refund, RefundKind};
use connectors::bank::{
    Answer, Doubt, GivenBack, Refund as RefundAsked, Reversed, RewardMoney, Verb,
};
use connectors::lender::MoneyBack;
use contract::enums::PaymentType;
use contract::errors::ErrorGroup;
use contract::money::Money;

/// Who gives the money back.
pub(super) enum Party {
    /// The bank that took it.
    Bank(Box<Bank>),
    /// The lender that disbursed it.
    Lender(Box<Lender>),
}

/// The bank that took the money, with the sale.
pub(super) struct Bank {
    /// Whose account is used.
    pos: Pos,
    sale: Attempt,
}

/// What a bank or lender says that it gave back so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// A bank: the sum, or that the whole was undone.
    Sum(GivenBack),
    /// A lender: each time by its id.
    List(Vec<MoneyBack>),
}

impl Told {
    /// The sum, whoever says it.
    pub(super) fn sum(&self) -> GivenBack {
        match self {
            Told::Sum(says) => *says,
            Told::List(list) => GivenBack {
                voided: list.iter().any(|one| one.voided),
                refunded: list
                    .iter()
                    .try_fold(0_i64, |sum, one| sum.checked_add(one.amount.minor)),
            },
        }
    }
}

impl Party {
    /// Of a payment that succeeded.
    pub(super) async fn of(app: &App, payment: &Payment) -> Result<Party, Problem> {
        if payment.payment_type == PaymentType::Apm
            && let Some(lender) = Lender::of(app, payment).await?
        {
            return Ok(Party::Lender(Box::new(lender)));
        }
        let sale = sale_of(app, payment).await?.ok_or(Problem::Failed {
            payment_id: Some(payment.id),
            failure: ErrorGroup::NonRefundablePayment.into(),
        })?;
        let pos = pos_of(app, &sale).await?;
        Ok(Party::Bank(Box::new(Bank { pos, sale })))
    }

    /// Notes in the refund who is asked.
    pub(super) fn sign(&self, refund: &mut Refund) {
        match self {
            Party::Bank(bank) => refund.pos_id = Some(bank.pos.id),
            Party::Lender(lender) => refund.apm_id = Some(lender.apm.id),
        }
    }

    /// How they are asked first: a hold is cancelled, and the whole on the day on which it was taken, for a bank
    /// closes its day some time after midnight. They may say that another way is due.
    pub(super) fn first_kind(&self, app: &App, payment: &Payment, refund: &Refund) -> RefundKind {
        let captured_at = payment.hold.and(payment.taken_late_at);
        let taken_at = match self {
            Party::Bank(bank) => captured_at.unwrap_or(bank.sale.asked_at),
            Party::Lender(_) => payment.taken_late_at.unwrap_or(payment.created_at),
        };
        let same_day = istanbul(taken_at).date() == app.istanbul_now().date();
        if refund.release || same_day && is_whole(payment, refund) {
            RefundKind::Cancel
        } else {
            RefundKind::Refund
        }
    }

    /// What they say that they gave back so far; `None` where a bank's protocol has no such question.
    pub(super) async fn noted(&self, app: &App, payment: &Payment) -> Result<Option<Told>, Doubt> {
        if let Party::Bank(bank) = self {
            let protocol = connectors::directory::protocol(bank.pos.integrator);
            if !protocol.is_some_and(|bank| bank.verbs().contains(&Verb::GivenBack)) {
                return Ok(None);
            }
        }
        self.given_back(app, payment).await.map(Some)
    }

    /// Asks what they gave back so far.
    pub(super) async fn given_back(&self, app: &App, payment: &Payment) -> Result<Told, Doubt> {
        match self {
            Party::Bank(bank) => bank.given_back(app, payment).await.map(Told::Sum),
            Party::Lender(lender) => lender.given_back(app, payment).await.map(Told::List),
        }
    }

    /// Asks to give back.
    pub(super) async fn ask(
        &self,
        app: &App,
        payment: &Payment,
        refund: &Refund,
    ) -> Answer<Reversed> {
        match self {
            Party::Bank(bank) => bank.ask(app, payment, refund).await,
            Party::Lender(lender) => lender.ask(app, payment, refund).await,
        }
    }

    /// Whether the request may still arrive, however long nothing is known of it.
    pub(super) fn may_still_arrive(&self, app: &App, refund: &Refund) -> bool {
        match self {
            Party::Bank(_) => false,
            Party::Lender(_) => super::lender::may_still_arrive(app, refund),
        }
    }

    /// Notes what an answer says of the account.
    pub(super) async fn note_account(&self, app: &App, said: &Answer<Reversed>) {
        if let Party::Bank(bank) = self {
            accounts::note(app, &bank.pos, said).await;
        }
    }
}

impl Bank {
    /// The bank's reference of the sale. One that a browser brought is not signed: without it the bank is
    /// asked.
    fn reference<'a>(&self, payment: &'a Payment) -> Option<&'a str> {
        let known = payment.host_reference.as_deref();
        known.filter(|_| !self.sale.is_sold_by_page())
    }

    async fn given_back(&self, app: &App, payment: &Payment) -> Result<GivenBack, Doubt> {
        let call = BankCall::of_attempt(app, &self.pos, payment, &self.sale, "given_back")?;
        let order = call.order_ref(payment, &self.sale, self.reference(payment));
        call.bank.given_back(call.context(), order).await
    }

    async fn ask(&self, app: &App, payment: &Payment, refund: &Refund) -> Answer<Reversed> {
        let operation = operation_of(refund);
        let call = BankCall::of_attempt(app, &self.pos, payment, &self.sale, operation)?;
        require_in_time(app, refund)?;
        let sale = call.order_ref(payment, &self.sale, self.reference(payment));
        match refund.kind {
            RefundKind::Cancel => call.bank.void(call.context(), sale).await,
            RefundKind::Refund => {
                let asked = RefundAsked {
                    sale,
                    amount: Money::new(refund.amount, payment.currency),
                    points: refund.points,
                    client_ip: payment.client_ip.as_deref(),
                };
                call.bank.refund(call.context(), asked).await
            }
        }
    }
}

async fn sale_of(app: &App, payment: &Payment) -> Result<Option<Attempt>, Problem> {
    let attempts = attempts::of_payment(app, payment.merchant_id, payment.id).await?;
    Ok(refunds::sale(attempts))
}

/// The points that the sale spent; `None` when it spent none.
pub(super) async fn spent(app: &App, payment: &Payment) -> Result<Option<RewardMoney>, Problem> {
    let sale = sale_of(app, payment).await?;
    Ok(sale.and_then(|sale| sale.spent()))
}
