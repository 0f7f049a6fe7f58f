//! Money back. One row of `refunds` is one question to the bank or lender; what it asks for is reserved before
//! they are asked, and while a refund of a payment has no outcome no other is sent. How doubt is settled
//! stands in [`doubt`], what a bank is asked in [`party`], what a lender in [`lender`].

pub mod by_lender;
pub mod doubt;
mod late;
mod lender;
pub mod marked;
mod outcome;
mod party;
#[cfg(test)]
mod sequences;
pub mod whole;

use super::claims::Claims;
use super::moves::{await_turn, pause};
use super::split::points_back;
use crate::app::App;
use crate::problem::Problem;
use crate::store::db::Commit;
use crate::store::merchants::Merchant;
use crate::store::payments::{self, Item, Payment};
use crate::store::refunds::{self, Books, Refund, RefundItem, RefundKind, RefundState};
use connectors::bank::{Answer, BankDay, Doubt, DoubtReason, Reversed, RewardMoney, Verdict};
use contract::enums::{Currency, PaymentPhase, PaymentStatus};
use contract::errors::ErrorGroup;
use contract::money::Money;
use contract::rules::Rule;
use outcome::{Outcome, write};
use party::Party;

/// What is to go back.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Of this payment.
    pub payment_id: i64,
    /// Of one of its items; of all of them what is left when absent.
    pub part: Option<Part>,
    /// The shop's echo.
    pub conversation_id: Option<String>,
    /// The merchant carries it where a seller cannot.
    pub charge_from_me: bool,
}

/// What is to go back of an item.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// The item.
    pub item_id: i64,
    /// Minor units; what is left of the item when absent.
    pub amount: Option<i64>,
}

/// A refund with its payment and its items.
#[derive(Debug, Clone)]
pub struct Given {
    /// The payment, as it was before.
    pub payment: Payment,
    /// The refund, as it stands.
    pub refund: Refund,
    /// What it gives back of which item.
    pub items: Vec<RefundItem>,
}

/// Gives money back, or releases a hold, and answers how the refund then stands. Refunds and captures of one
/// payment take turns; one that cannot get its turn, or meets another one in doubt, is refused with
/// TOO_MANY_REQUESTS. `note` adds to the commit of the intent what stands in the audit log.
pub async fn give_back(
    app: &App,
    merchant: &Merchant,
    claims: &Claims,
    wanted: &Wanted,
    note: impl Fn(&Refund, &mut Commit),
) -> Result<Given, Problem> {
    give_back_of(app, merchant, claims, wanted, |_| Ok(()), note).await
}

/// Releases the hold of a payment whose time is over. What was taken of it while the call waited for its turn stays.
pub async fn release(app: &App, merchant: &Merchant, payment_id: i64) -> Result<Given, Problem> {
    let wanted = Wanted {
        payment_id,
        part: None,
        conversation_id: None,
        charge_from_me: false,
    };
    let claims = Claims::none(merchant.id);
    let is_held = |payment: &Payment| match payment.open_hold() {
        Some(_) => Ok(()),
        None => {
            let state = [("state", payment.phase.as_str())];
            Err(Problem::with(Rule::NoOpenHold, &state))
        }
    };
    give_back_of(app, merchant, &claims, &wanted, is_held, |_, _| ()).await
}

/// Gives back of a payment that is, when its turn has come, as `require` wants it.
async fn give_back_of(
    app: &App,
    merchant: &Merchant,
    claims: &Claims,
    wanted: &Wanted,
    require: impl Fn(&Payment) -> Result<(), Problem>,
    note: impl Fn(&Refund, &mut Commit),
) -> Result<Given, Problem> {
    let mut turn = None;
    loop {
        let (payment, items, leave) =
            await_turn(app, merchant.id, wanted.payment_id, &mut turn).await?;
        require(&payment)?;
        let planned = plan(app, payment, &items, wanted).await?;
        let party = Party::of(app, &planned.payment).await?;
        let intended = intend(app, merchant, claims, &party, planned, &note).await?;
        let Some(begun) = intended else {
            // Another move was faster, or is known only now.
            drop(leave);
            pause(app, wanted.payment_id, &mut turn).await?;
            continue;
        };
        let given = ask_and_answer(app, merchant, &party, begun).await;
        return given.map_err(|problem| problem.or_doubt(wanted.payment_id));
    }
}

/// Lays out what goes back of which item. Nothing is asked and nothing written.
async fn plan(
    app: &App,
    payment: Payment,
    items: &[Item],
    wanted: &Wanted,
) -> Result<Given, Problem> {
    if payment.status != PaymentStatus::Success {
        let status = payment.status.as_str();
        return Err(Problem::with(
            Rule::WrongPaymentState,
            &[("status", status)],
        ));
    }
    if payment.phase == PaymentPhase::PreAuth && wanted.part.is_some() {
        return Err(Problem::rule(Rule::HoldByItem));
    }
    let shares = match wanted.part {
        Some(part) => vec![share(payment.currency, items, part)?],
        None => items.iter().map(|item| (item.id, left_of(item))).collect(),
    };
    // Shares of one payment: their sum is not more than it.
    let amount = shares.iter().map(|(_, amount)| amount).sum();
    if amount == 0 {
        return Err(Problem::rule(Rule::NothingToRefund));
    }
    let mut refund = new_refund(app, &payment, amount);
    refund.by_item = wanted.part.is_some();
    refund.points = points_of(app, &payment, amount).await?;
    refund.conversation_id.clone_from(&wanted.conversation_id);
    refund.charge_from_me = wanted.charge_from_me;
    Ok(Given {
        items: refund_items(app, &refund, shares),
        payment,
        refund,
    })
}

/// A refund of a payment as it begins.
fn new_refund(app: &App, payment: &Payment, amount: i64) -> Refund {
    let now = app.now();
    Refund {
        merchant_id: payment.merchant_id,
        id: app.next_id(),
        payment_id: payment.id,
        version: 1,
        pos_id: None,
        apm_id: None,
        lender_reference: None,
        kind: RefundKind::Refund,
        by_item: false,
        marked: false,
        state: RefundState::Asked,
        amount,
        points: None,
        noted: None,
        release: payment.open_hold().is_some(),
        conversation_id: None,
        charge_from_me: false,
        answer: None,
        error: None,
        created_at: now,
        asked_at: now,
        inquiries: 0,
        inquire_at: None,
        review_since: None,
    }
}

/// What a refund gives back of which item: ids and amounts of items, of which some may be nothing.
fn refund_items(
    app: &App,
    refund: &Refund,
    shares: impl IntoIterator<Item = (i64, i64)>,
) -> Vec<RefundItem> {
    let of_item = |(item_id, amount)| RefundItem {
        merchant_id: refund.merchant_id,
        id: app.next_id(),
        refund_id: refund.id,
        payment_id: refund.payment_id,
        item_id,
        amount,
    };
    let shares = shares.into_iter().filter(|(_, amount)| *amount > 0);
    shares.map(of_item).collect()
}

fn left_of(item: &Item) -> i64 {
    item.paid_price - item.refunded - item.refund_pending
}

fn share(currency: Currency, items: &[Item], part: Part) -> Result<(i64, i64), Problem> {
    let item = items.iter().find(|item| item.id == part.item_id);
    let item = item.ok_or_else(|| Problem::rule(Rule::ItemNotFound))?;
    let left = left_of(item);
    match part.amount {
        Some(amount) if amount > left => {
            let left = Money::new(left, currency).decimal().to_string();
            let values = [("field", "refundPrice"), ("left", left.as_str())];
            Err(Problem::with(Rule::RefundAboveRest, &values))
        }
        amount => Ok((item.id, amount.unwrap_or(left))),
    }
}

/// The points that go back with `amount`, of those that the sale spent.
async fn points_of(
    app: &App,
    payment: &Payment,
    amount: i64,
) -> Result<Option<RewardMoney>, Problem> {
    let Some(spent) = party::spent(app, payment).await? else {
        return Ok(None);
    };
    let before = refunds::of_payment(app, payment.merchant_id, payment.id).await?;
    let counts = |refund: &&Refund| refund.state == RefundState::Approved || refund.state.is_open();
    let before = before.iter().filter(counts).filter_map(|one| one.points);
    let given = before.fold(RewardMoney::default(), |sum, one| RewardMoney {
        card: sum.card + one.card,
        firm: sum.firm + one.firm,
        mile: sum.mile + one.mile,
    });
    let sale = (payment.captured, spent);
    Ok(Some(points_back(sale, (payment.refunded, given), amount)))
}

/// Notes what bank or lender say that they gave back so far, and writes the refund with what it reserves and the
/// caller's claims. `None` when another refund of the payment was written since it was read, or one that they tell of
/// is booked now. Who cannot say now is asked nothing more, and nothing is written.
async fn intend(
    app: &App,
    merchant: &Merchant,
    claims: &Claims,
    party: &Party,
    mut planned: Given,
    note: impl Fn(&Refund, &mut Commit),
) -> Result<Option<Given>, Problem> {
    let Given {
        payment,
        refund,
        items,
    } = &mut planned;
    let failed = |group: ErrorGroup| Problem::Failed {
        payment_id: Some(payment.id),
        failure: group.into(),
    };
    let noted = party.noted(app, payment).await.map_err(|doubt| {
        tracing::warn!(payment = payment.id, detail = %doubt.detail, "a refund was not begun: bank or lender do not say what they gave back so far");
        failed(ErrorGroup::NoResponse)
    })?;
    if let Some(told) = &noted
        && late::book(app, merchant, payment, party, told).await?
    {
        return Ok(None);
    }
    let noted = noted.map(|told| told.sum());
    refund.noted = noted.and_then(|noted| noted.refunded);
    refund.kind = party.first_kind(app, payment, refund);
    let is_voided = refund.kind == RefundKind::Refund && noted.is_some_and(|noted| noted.voided);
    if is_voided || is_unknown_to_us(payment, refund) {
        // What is unknown here may be another refund that was made meanwhile, or is being made.
        let (merchant_id, id) = (payment.merchant_id, payment.id);
        let open = refunds::open_of_payment(app, merchant_id, id).await?;
        let (_, now) = super::load_payment(app, merchant_id, id).await?;
        if open.is_some() || now.version != payment.version {
            return Ok(None);
        }
        let payment = payment.id;
        tracing::warn!(
            payment,
            ?noted,
            "a refund was not begun: the bank gave back more than is known here"
        );
        return Err(failed(ErrorGroup::MayHaveAlreadyRefunded));
    }
    party.sign(refund);
    refund.asked_at = app.now();
    refund.inquire_at = Some(app.unanswered_reversal_at());
    let mut commit = Commit::new(payment.merchant_id, payment.id);
    claims.write(app, Some(refund.id), &mut commit);
    refunds::insert(refund, items, &mut commit);
    let version = Some(payment.version);
    refunds::change_books(refund, items, Books::Reserve, version, &mut commit);
    note(refund, &mut commit);
    match claims.commit(app, commit, Problem::Moved).await {
        Ok(()) => Ok(Some(planned)),
        Err(Problem::Moved) => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// The bank gave back more than the books know, marks included: at its own screens, or by a refund that it
/// answered as refused. Who gives back on top of that may give it back twice. Points and money of one refund
/// may be rounded otherwise at the bank.
fn is_unknown_to_us(payment: &Payment, refund: &Refund) -> bool {
    const ROUNDING: i64 = 10;
    let slack = refund.points.map_or(0, |_| ROUNDING);
    let known = payment.refunded.saturating_add(slack);
    refund.noted.is_some_and(|noted| noted > known)
}

/// The last two beats.
async fn ask_and_answer(
    app: &App,
    merchant: &Merchant,
    party: &Party,
    mut given: Given,
) -> Result<Given, Problem> {
    let mut answer = party.ask(app, &given.payment, &given.refund).await;
    if let Some(other) = other_kind(&given, &answer)
        && ask_otherwise(app, &mut given.refund, other).await
    {
        answer = party.ask(app, &given.payment, &given.refund).await;
    }
    let said = answer.clone();
    let outcome = Outcome::of(
        answer,
        &given.refund,
        is_whole(&given.payment, &given.refund),
    );
    write(app, merchant, &mut given, &outcome).await?;
    // After the answer, which nothing may hold up.
    party.note_account(app, &said).await;
    Ok(given)
}

/// Everything that was taken, or is held, goes back, and nothing did before: neither by our books nor by the bank's.
fn is_whole(payment: &Payment, refund: &Refund) -> bool {
    refund.amount == payment.returnable()
        && payment.returned() == 0
        && refund.noted.is_none_or(|noted| noted == 0)
}

/// The other way to ask, when the bank refused a whole refund because of its day. Never after doubt.
fn other_kind(given: &Given, answer: &Answer<Reversed>) -> Option<RefundKind> {
    let Ok(Verdict::Declined(decline)) = answer else {
        return None;
    };
    match (given.refund.kind, decline.day) {
        // Of what was not taken nothing can be refunded.
        (RefundKind::Cancel, BankDay::Closed) if !given.refund.release => Some(RefundKind::Refund),
        (RefundKind::Refund, BankDay::Open) => {
            is_whole(&given.payment, &given.refund).then_some(RefundKind::Cancel)
        }
        _ => None,
    }
}

/// Notes that the bank is asked in the other way now. False, and it is not, when somebody else moved the
/// refund or the database is away.
async fn ask_otherwise(app: &App, refund: &mut Refund, kind: RefundKind) -> bool {
    let mut asked = refund.clone();
    asked.kind = kind;
    asked.asked_at = app.now();
    asked.inquire_at = Some(app.unanswered_reversal_at());
    let mut commit = Commit::new(asked.merchant_id, asked.payment_id);
    refunds::save(app, &asked, &mut commit);
    let noted = app.commit(commit).await.is_ok_and(|done| done.is_yes());
    if noted {
        asked.version += 1;
        *refund = asked;
    }
    noted
}

/// The name of the question in the payment's history.
fn operation_of(refund: &Refund) -> &'static str {
    match refund.kind {
        RefundKind::Cancel => "void",
        RefundKind::Refund => "refund",
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

/// A refund of a merchant's with its payment and items.
pub async fn load(app: &App, merchant_id: i64, refund_id: i64) -> Result<Given, Problem> {
    let refund = refunds::of_merchant(app, merchant_id, refund_id).await?;
    let refund = refund.ok_or_else(|| Problem::rule(Rule::RefundNotFound))?;
    let payment = payments::of_merchant(app, merchant_id, refund.payment_id).await?;
    let payment = payment.ok_or_else(|| Problem::unavailable("the payment of a refund is gone"))?;
    let items = refunds::items_of(app, merchant_id, refund_id).await?;
    Ok(Given {
        payment,
        refund,
        items,
    })
}
