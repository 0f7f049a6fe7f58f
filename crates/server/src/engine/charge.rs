//! A card is charged without 3DS.

use super::accounts;
use super::answer::{self, Outcome};
use super::autopilot;
use super::bank_call::BankCall;
use super::claims::Claims;
use super::commissions::{self, Terms};
use super::double_submit;
use super::inquiry::{self, Asker};
use crate::app::App;
use crate::bins::Bin;
use crate::problem::Problem;
use crate::random;
use crate::store::Committed;
use crate::store::attempts::{self, Attempt, AttemptAnswer, AttemptState};
use crate::store::cards::{self, CardRef, StoredCard};
use crate::store::commissions::Commissions;
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::payments::{self, Item, Payment, PosShown};
use crate::store::poses::Pos;
use connectors::bank::{Answer, CardData, Charge, Charged, Doubt, DoubtReason, RewardUse, Verdict};
use contract::enums::PaymentStatus;
use contract::errors::ErrorGroup;
use contract::rules::Rule;
use std::sync::Arc;

/// POSes that one payment may try: the first, and one more after some refusals.
pub const ATTEMPTS_MAX: usize = 2;

/// What the operation decided: everything that the intent commit writes and the bank needs.
pub struct Plan {
    /// The payment as it will stand, its status aside.
    pub payment: Payment,
    /// Its items.
    pub items: Vec<Item>,
    /// The card.
    pub card: CardData,
    /// What its number tells; `None` is a foreign card.
    pub bin: Option<Arc<Bin>>,
    /// The stored card that it is.
    pub stored_card: Option<CardRef>,
    /// The shopper's name for the card, when it is to be stored.
    pub card_alias: Option<String>,
    /// POSes that can take the payment, best first; at least one.
    pub poses: Vec<Arc<Pos>>,
    /// What their tables said when the payment was planned.
    pub commissions: Arc<Commissions>,
    /// The reward to use.
    pub reward: Option<RewardUse>,
    /// Whether another POS may be tried after a refusal.
    pub retry: bool,
    /// The order id that the shop chose.
    pub bank_order_id: Option<String>,
}

impl Plan {
    /// What the payment costs at one of its POSes.
    fn terms(&self, pos: &Pos) -> Terms {
        let (bin, installment) = (self.bin.as_deref(), self.payment.installment);
        commissions::terms(pos, self.commissions.of(pos), bin, installment)
    }
}

/// Refusals after which another bank may well approve: they speak of the route, not of the card's
/// money (platform-semantics section 10 names the first two; the others are of their kind).
const RETRYABLE: &[ErrorGroup] = &[
    ErrorGroup::InvalidTransaction,
    ErrorGroup::DoNotHonour,
    ErrorGroup::IssuerOrSwitchInoperative,
    ErrorGroup::NotPermittedToTerminal,
    ErrorGroup::InvalidMerchantOrSp,
    ErrorGroup::InvalidIp,
    ErrorGroup::RequestBlockedByBank,
    ErrorGroup::NoResponse,
    ErrorGroup::RequestTimeout,
    ErrorGroup::CommunicationOrSystemError,
];

/// Charges the card and answers with the payment as it then stands: SUCCESS, FAILURE, or WAITING
/// when the outcome is in doubt.
pub async fn charge(
    app: &App,
    merchant: &Merchant,
    claims: &Claims,
    plan: Plan,
) -> Result<Payment, Problem> {
    let Some(first) = plan.poses.first() else {
        return Err(Problem::rule(Rule::NoPos));
    };
    // Intend.
    let mut payment = plan.payment.clone();
    payment.status = PaymentStatus::Waiting;
    let attempt = new_attempt(app, &payment, first, &plan);
    route_to(&mut payment, first, &attempt, &plan);
    let mut commit = intent(app, merchant, claims, &plan);
    insert_payment(app, &mut payment, &plan, &mut commit);
    attempts::insert(&attempt, &mut commit);
    commit_intent(app, merchant, claims, &plan, commit).await?;

    let id = payment.id;
    let charged = ask_in_turn(app, merchant, &plan, payment, attempt).await;
    charged.map_err(|problem| problem.or_doubt(id))
}

/// Asks the POSes of a plan whose intent is committed, one after the other, until one has an outcome.
async fn ask_in_turn(
    app: &App,
    merchant: &Merchant,
    plan: &Plan,
    mut payment: Payment,
    mut attempt: Attempt,
) -> Result<Payment, Problem> {
    for (tried, pos) in plan.poses.iter().take(ATTEMPTS_MAX).enumerate() {
        // Ask.
        let answer = ask(app, pos, &payment, &attempt, plan).await;
        let said = answer.clone();
        let of = (&mut payment, &mut attempt);
        let Some(answer) = inquiry::ask_after_time_out(app, merchant, of, answer).await? else {
            autopilot::note(app, merchant, pos, false, &said).await;
            break;
        };
        // Answer.
        let next = plan
            .poses
            .get(tried + 1)
            .filter(|_| tried + 1 < ATTEMPTS_MAX && may_retry(plan, &answer));
        if let Some(next) = next
            && retry_at(app, &mut payment, &mut attempt, &answer, next, plan).await
        {
            accounts::note(app, pos, &said).await;
            autopilot::note(app, merchant, pos, false, &said).await;
            continue;
        }
        let answer = decline_foreign_duplicate(answer, &attempt);
        let duplicate = is_duplicate(&answer);
        answer::write(
            app,
            merchant,
            &mut payment,
            &mut attempt,
            Outcome::of(answer),
        )
        .await?;
        // After the answer, which nothing may hold up.
        accounts::note(app, pos, &said).await;
        autopilot::note(app, merchant, pos, false, &said).await;
        if duplicate {
            // The bank knows the order already: ask at once what became of it.
            payment = inquiry::settle(app, merchant, payment.id, Asker::Move).await?;
        }
        break;
    }
    Ok(payment)
}

/// Writes the payment with its items, and the card that it stores once it succeeds.
pub fn insert_payment(app: &App, payment: &mut Payment, plan: &Plan, commit: &mut Commit) {
    let stored = payment.store_card.then(|| StoredCard {
        merchant_id: payment.merchant_id,
        card_user_key: payment.card_user_key.clone().unwrap_or_else(random::uuid),
        card_token: random::uuid(),
        pan: plan.card.pan.clone(),
        expiry: plan.card.expiry,
        holder_name: plan.card.holder.clone(),
        alias: plan.card_alias.clone().unwrap_or_default(),
        created_at: app.now(),
    });
    if let Some(card) = &stored {
        payment.card_user_key = Some(card.card_user_key.clone());
        payment.card_token = Some(card.card_token.clone());
    }
    payments::insert(payment, &plan.items, commit);
    payment.version = 1;
    if let Some(card) = &stored {
        cards::insert(app, card, false, commit);
    }
}

/// The attempt that a plan makes at `pos`. It says that the bank is asked: should this process die
/// before the answer, the bank is inquired.
pub fn new_attempt(app: &App, payment: &Payment, pos: &Pos, plan: &Plan) -> Attempt {
    Attempt {
        merchant_id: payment.merchant_id,
        id: app.next_id(),
        payment_id: payment.id,
        pos_id: pos.id,
        order_id: plan.bank_order_id.clone().unwrap_or_else(random::order_id),
        order_id_chosen: plan.bank_order_id.is_some(),
        threeds: false,
        state: AttemptState::Asked,
        amount: payment.paid_price.minor - payment.wallet_price.minor,
        installment: payment.installment,
        reward: plan.reward,
        proof: None,
        answer: None,
        asked_at: app.now(),
        inquiries: 0,
        inquire_at: Some(app.unanswered_at()),
        reversals: 0,
        review_since: None,
        page_sells_until: None,
    }
}

/// Notes in the payment which POS is asked, under which order id, and what it costs there.
pub fn route_to(payment: &mut Payment, pos: &Pos, attempt: &Attempt, plan: &Plan) {
    payment.pos = Some(PosShown {
        id: pos.id,
        name: pos.name.clone(),
        alias: pos.alias.clone(),
        bank_id: pos.bank_id,
    });
    payment.order_id = Some(attempt.order_id.clone());
    let terms = plan.terms(pos);
    (payment.bank_rate, payment.blockage_days) = (terms.bank_rate, terms.blockage_days);
}

/// The commit of a plan's intent begins with the claims, the use of a stored card, and the place of a
/// payment that the merchant wants once. It is carried out by [`commit_intent`].
pub fn intent(app: &App, merchant: &Merchant, claims: &Claims, plan: &Plan) -> Commit {
    let mut commit = claims.intent(app, Some(plan.payment.id));
    if let Some(card) = &plan.stored_card {
        cards::note_use(app, plan.payment.merchant_id, card, &mut commit);
    }
    if double_submit::is_refused(merchant, claims) {
        double_submit::hold_place(app, merchant, &plan.payment, &mut commit);
    }
    commit
}

/// Carries out an intent. What it can refuse beside the claims: a stored card that was deleted since it was
/// read pays nothing, a payment like this one was sent a moment ago, and the shop's own order id was used.
pub async fn commit_intent(
    app: &App,
    merchant: &Merchant,
    claims: &Claims,
    plan: &Plan,
    commit: Commit,
) -> Result<(), Problem> {
    let has_card = plan.stored_card.is_some();
    let place = double_submit::is_refused(merchant, claims).then_some(usize::from(has_card));
    let refused = |behind_claims| match behind_claims {
        0 if has_card => Problem::field(Rule::StoredCardNotFound, "card.cardToken"),
        behind if Some(behind) == place => Problem::rule(Rule::DoubleSubmit),
        _ => Problem::failed(ErrorGroup::OrderIdAlreadyUsed),
    };
    for _ in 0..super::CONFLICTS_MAX {
        match claims.commit_or(app, commit.clone(), refused).await {
            Err(Problem::Rule {
                rule: Rule::DoubleSubmit,
                ..
            }) => {
                if let Some(refusal) = double_submit::refusal(app, &plan.payment).await? {
                    return Err(refusal);
                }
                // The other payment took no money and gave its place back in between.
            }
            outcome => return outcome,
        }
    }
    Err(Problem::unavailable("payments like this one keep ending"))
}

async fn ask(
    app: &App,
    pos: &Pos,
    payment: &Payment,
    attempt: &Attempt,
    plan: &Plan,
) -> Answer<Charged> {
    let call = BankCall::of_attempt(app, pos, payment, attempt, "charge")?;
    require_in_time(app, attempt)?;
    let charge = Charge {
        order: &call.order,
        card: &plan.card,
        reward: plan.reward,
        client_ip: payment.client_ip.as_deref(),
    };
    call.bank.charge(call.context(), charge).await
}

/// Refuses to ask a bank about an intent so old that others inquire what became of it: a process that
/// stood still must not charge a card whose payment was settled meanwhile.
pub fn require_in_time(app: &App, attempt: &Attempt) -> Result<(), Doubt> {
    if app.may_be_answering(attempt.asked_at) {
        Ok(())
    } else {
        Err(Doubt {
            may_have_been_sent: false,
            reason: DoubtReason::Network,
            detail: "too late to ask: this process stood still".to_owned(),
        })
    }
}

/// An order id of ours is 103 random bits: a bank that knows it already has this very order. One
/// that the shop chose may belong to a sale outside Galata, and is refused without a question: what
/// an inquiry found would be a stranger's money.
pub fn decline_foreign_duplicate(answer: Answer<Charged>, attempt: &Attempt) -> Answer<Charged> {
    match answer {
        Err(Doubt {
            reason: DoubtReason::Duplicate(decline),
            ..
        }) if attempt.order_id_chosen => Ok(Verdict::Declined(decline)),
        other => other,
    }
}

/// Whether the bank knows the order already.
pub fn is_duplicate(answer: &Answer<Charged>) -> bool {
    matches!(
        answer,
        Err(Doubt {
            reason: DoubtReason::Duplicate(_),
            ..
        })
    )
}

fn may_retry(plan: &Plan, answer: &Answer<Charged>) -> bool {
    // An order id that the shop chose is sent once.
    if plan.bank_order_id.is_some() {
        return false;
    }
    match answer {
        Ok(Verdict::Approved(_)) => false,
        Ok(Verdict::Declined(decline)) => plan.retry && RETRYABLE.contains(&decline.group),
        Err(doubt) => !doubt.may_have_been_sent,
    }
}

/// Ends the attempt and intends the next one, in one commit. False, and there is no next attempt, when
/// another call moved the payment meanwhile or the database is away.
async fn retry_at(
    app: &App,
    payment: &mut Payment,
    attempt: &mut Attempt,
    answer: &Answer<Charged>,
    next: &Pos,
    plan: &Plan,
) -> bool {
    let was = attempt.state;
    let mut ended = attempt.clone();
    ended.state = match answer {
        Err(_) => AttemptState::NotSent,
        Ok(_) => AttemptState::Declined,
    };
    ended.inquire_at = None;
    if let Outcome::Declined(why) = Outcome::of(answer.clone()) {
        ended.answer = Some(AttemptAnswer {
            code: why.provider_code,
            message: why.provider_message,
            ..AttemptAnswer::default()
        });
    }
    let following = new_attempt(app, payment, next, plan);
    let mut routed = payment.clone();
    route_to(&mut routed, next, &following, plan);
    let mut commit = Commit::new(payment.merchant_id, payment.id);
    attempts::save(app, &ended, was, &mut commit);
    attempts::insert(&following, &mut commit);
    payments::save(&routed, &mut commit);
    let routed_on = app.commit(commit).await.is_ok_and(Committed::is_yes);
    if routed_on {
        routed.version += 1;
        (*payment, *attempt) = (routed, following);
    }
    routed_on
}
