//! The bank that gives the money of a payment back, and the questions that it is asked.

use super::is_whole;
use crate::app::App;
use crate::clock::istanbul;
use crate::engine::bank_call::{BankCall, pos_of};
use crate::problem::Problem;
use crate::store::attempts::{self, Attempt};
use crate::store::payments::Payment;
use crate::store::poses::Pos;
use crate::store::refunds::{self, Refund, RefundKind};
use connectors::bank::{
    Answer, Doubt, DoubtReason, GivenBack, Refund as RefundAsked, Reversed, RewardMoney, RewardUse,
    Verb,
};
use contract::errors::ErrorGroup;
use contract::money::Money;

/// The bank that took the money, with the sale.
pub(super) struct Party {
    /// Whose account is used.
    pub(super) pos: Pos,
    sale: Attempt,
}

impl Party {
    /// Of a payment that succeeded.
    pub(super) async fn of(app: &App, payment: &Payment) -> Result<Party, Problem> {
        let sale = sale_of(app, payment).await?.ok_or(Problem::Failed {
            payment_id: Some(payment.id),
            failure: ErrorGroup::NonRefundablePayment.into(),
        })?;
        let pos = pos_of(app, &sale).await?;
        Ok(Party { pos, sale })
    }

    /// How the bank is asked first: the whole is cancelled on the day of the sale, for the bank closes its
    /// day some time after midnight. It may say that another way is due.
    pub(super) fn first_kind(&self, app: &App, payment: &Payment, refund: &Refund) -> RefundKind {
        let same_day = istanbul(self.sale.asked_at).date() == app.istanbul_now().date();
        if same_day && is_whole(payment, refund) {
            RefundKind::Cancel
        } else {
            RefundKind::Refund
        }
    }

    /// What the bank says that it gave back so far; `None` where its protocol has no such question.
    pub(super) async fn noted(
        &self,
        app: &App,
        payment: &Payment,
    ) -> Result<Option<GivenBack>, Doubt> {
        let bank = connectors::directory::protocol(self.pos.integrator);
        if bank.is_some_and(|bank| bank.verbs().contains(&Verb::GivenBack)) {
            self.given_back(app, payment).await.map(Some)
        } else {
            Ok(None)
        }
    }

    /// Asks what the bank gave back so far.
    pub(super) async fn given_back(
        &self,
        app: &App,
        payment: &Payment,
    ) -> Result<GivenBack, Doubt> {
        let call = BankCall::of_attempt(app, &self.pos, payment, &self.sale, "given_back")?;
        let order = call.order_ref(payment, &self.sale, self.reference(payment));
        call.bank.given_back(call.context(), order).await
    }

    /// The bank's reference of the sale. One that a browser brought is not signed: without it the bank is
    /// asked.
    fn reference<'a>(&self, payment: &'a Payment) -> Option<&'a str> {
        let known = payment.host_reference.as_deref();
        known.filter(|_| !self.sale.is_sold_by_page())
    }

    /// Asks to give back.
    pub(super) async fn ask(
        &self,
        app: &App,
        payment: &Payment,
        refund: &Refund,
    ) -> Answer<Reversed> {
        let operation = match refund.kind {
            RefundKind::Cancel => "void",
            RefundKind::Refund => "refund",
        };
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

/// Refuses to ask about an intent so old that others inquire what became of it.
fn require_in_time(app: &App, refund: &Refund) -> Result<(), Doubt> {
    if app.may_be_answering(refund.asked_at) {
        return Ok(());
    }
    Err(Doubt {
        may_have_been_sent: false,
        reason: DoubtReason::Network,
        detail: "too late to ask: this process stood still".to_owned(),
    })
}

async fn sale_of(app: &App, payment: &Payment) -> Result<Option<Attempt>, Problem> {
    let attempts = attempts::of_payment(app, payment.merchant_id, payment.id).await?;
    Ok(refunds::sale(attempts))
}

/// The points that the sale spent; `None` when it spent none.
pub(super) async fn spent(app: &App, payment: &Payment) -> Result<Option<RewardMoney>, Problem> {
    let sale = sale_of(app, payment).await?;
    let spent = sale.and_then(|sale| {
        let charged = sale.answer.and_then(|answer| answer.charged);
        let asked = match sale.reward {
            Some(RewardUse::Money { card, firm, mile }) => Some(RewardMoney { card, firm, mile }),
            Some(RewardUse::Campaign(_)) | None => None,
        };
        charged.and_then(|charged| charged.spent).or(asked)
    });
    Ok(spent.filter(|spent| spent.card + spent.firm + spent.mile > 0))
}
