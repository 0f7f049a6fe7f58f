//! Attempts: one order at one bank. Where an attempt's outcome is unknown, the row itself is the
//! work that is due: `inquire_at` is the moment when the bank must be asked.

use super::db::to_json;
use super::db::{
    Bounds, Column, Commit, Fields, Name, Row, TableRow, Unavailable, Value, insert, json_columns,
    params, read_json, select, stored_words, table_row, update,
};
use super::payments::Payment;
use super::sealed::{KeyColumn, Sealed};
use super::shard_of;
use crate::app::App;
use connectors::bank::{Charged, Order, Phase, RewardMoney, RewardUse};
use connectors::directory;
use connectors::protocol::Protocol;
use contract::card::Secret;
use contract::enums::{LoyaltyType, PaymentPhase, PosIntegrator};
use contract::money::Money;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

stored_words! {
    /// Where an attempt stands.
    pub enum AttemptState {
        /// Intent is committed; the bank is being asked.
        Asked = "ASKED",
        /// The shopper is at the bank's 3DS page. No money can move yet, unless the page sells by itself.
        Page = "PAGE",
        /// 3DS is verified; the merchant has not completed it.
        Verified = "VERIFIED",
        /// The bank took the money.
        Approved = "APPROVED",
        /// The bank refused.
        Declined = "DECLINED",
        /// The outcome is unknown: inquiries are due.
        Doubt = "DOUBT",
        /// Surely not one byte left.
        NotSent = "NOT_SENT",
        /// The bank took the money and is being asked to give it back.
        Reversing = "REVERSING",
        /// It gave it back.
        Reversed = "REVERSED",
        /// Inquiries led nowhere, or a reversal was refused: a person is told. Inquiries go on.
        Review = "REVIEW",
    }
}

impl Attempt {
    /// The order as the bank is told it. What was taken of a hold is a hold to it all the same.
    pub fn order(&self, payment: &Payment) -> Order {
        Order {
            id: self.order_id.clone(),
            amount: Money::new(self.amount, payment.currency),
            installment: self.installment,
            phase: match payment.phase {
                PaymentPhase::Auth => Phase::Sale,
                PaymentPhase::PreAuth | PaymentPhase::PostAuth => Phase::Hold,
            },
        }
    }

    /// The points that the sale spent: as its bank said, or else as it was asked. `None` when it spent none.
    pub fn spent(&self) -> Option<RewardMoney> {
        let charged = self.answer.as_ref().and_then(|a| a.charged.as_ref());
        let asked = match self.reward {
            Some(RewardUse::Money { card, firm, mile }) => Some(RewardMoney { card, firm, mile }),
            Some(RewardUse::Campaign(_)) | None => None,
        };
        let spent = charged.and_then(|charged| charged.spent).or(asked);
        spent.filter(|spent| spent.card + spent.firm + spent.mile > 0)
    }

    /// The bank's 3DS page sells by itself.
    pub fn is_sold_by_page(&self) -> bool {
        self.page_sells_until.is_some()
    }

    /// The bank was seen to have taken the money.
    pub fn seen_taken(&self) -> bool {
        let charged = self.answer.as_ref().and_then(|a| a.charged.as_ref());
        self.state == AttemptState::Reversing || charged.is_some()
    }

    /// The bank is being asked to give the money back, until `inquire_at`.
    pub fn is_being_voided(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.voiding)
    }
}

table_row! {
    /// One order at one bank.
    #[derive(Debug, Clone)]
    pub struct Attempt: "attempts" {
        /// Whose it is.
        pub merchant_id: i64,
        /// Its id.
        pub id: i64,
        /// Its payment.
        pub payment_id: i64,
        /// The POS that is asked.
        pub pos_id: i64,
        /// The order id at the bank.
        pub order_id: String,
        /// The shop chose it: the bank may know it from a sale outside Galata.
        pub order_id_chosen: bool,
        /// With 3DS.
        pub threeds: bool,
        /// Where it stands.
        pub state: AttemptState,
        /// Minor units of the payment's currency.
        pub amount: i64,
        /// 1 is a single payment.
        pub installment: u8 where (1..=99),
        /// The reward to use.
        pub reward: Option<RewardUse>,
        /// What the bank said.
        pub answer: Option<AttemptAnswer>,
        /// When the bank was asked.
        pub asked_at: Timestamp,
        /// How often the schedule asked the bank what became of it; a caller's questions do not count. Of a
        /// PAGE, how often the bank's form was shown; of a sale that verified a card and is not back, how
        /// often it was to be given back.
        pub inquiries: i64,
        /// When the schedule asks next. Of a PAGE that only verifies, until when the shopper may come back; of
        /// a VERIFIED, until when the shop may complete it; of a DECLINED whose page may still sell, when the
        /// bank is asked whether it did; of an open hold, when it is released.
        pub inquire_at: Option<Timestamp>,
        /// How often the bank was asked to give the money back.
        pub reversals: i64,
        /// Since when a person is told.
        pub review_since: Option<Timestamp>,
        /// Where the bank's 3DS page sells by itself: until when the shopper may come back from it.
        pub page_sells_until: Option<Timestamp>,
    } and {
        /// What finishing 3DS needs; before the shopper came back, the bank's form ([`keep_form`]).
        pub proof: Option<Secret>,
    }
}

/// What the bank said, as it is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AttemptAnswer {
    /// References of an approval.
    pub charged: Option<Charged>,
    /// The bank's code of a refusal.
    pub code: Option<String>,
    /// The bank's words of a refusal, or what made the doubt.
    pub message: Option<String>,
    /// A duplicate order: how to answer when the inquiry finds nothing of ours.
    pub duplicate: Option<super::payments::PaymentFailure>,
    /// The bank said that it timed out itself: how to answer when it turns out not to have taken the
    /// money.
    pub timed_out: Option<super::payments::PaymentFailure>,
    /// The bank is being asked to give the money back, until `inquire_at`.
    pub voiding: bool,
    /// While the shopper is on the way to the bank's page: who opened the form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_by: Option<Box<Visitor>>,
}

/// A browser at the page that leads to the bank's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// Digest of its cookie; `None` when it sent none.
    pub browser: Option<String>,
    /// Where it came from; empty when that is not known.
    pub address: String,
}

/// The reward's shape in the database.
#[derive(Serialize, Deserialize)]
struct StoredReward {
    money: Option<RewardMoney>,
    campaign: Option<LoyaltyType>,
}

/// A reward is kept as money by purse, or as a campaign.
impl Column for RewardUse {
    fn read(fields: &mut Fields, column: Name<'_>, _: Bounds) -> Result<RewardUse, Unavailable> {
        let stored: StoredReward = read_json(fields, column)?;
        let money = stored.money.map(|money| RewardUse::Money {
            card: money.card,
            firm: money.firm,
            mile: money.mile,
        });
        let reward = money.or(stored.campaign.map(RewardUse::Campaign));
        reward.ok_or_else(|| fields.wrong(column, "names none"))
    }

    fn write(&self, values: &mut Vec<Value>) {
        let (money, campaign) = match *self {
            RewardUse::Money { card, firm, mile } => (Some(RewardMoney { card, firm, mile }), None),
            RewardUse::Campaign(kind) => (None, Some(kind)),
        };
        values.push(to_json(&StoredReward { money, campaign }));
    }
}

json_columns! { AttemptAnswer }

fn seal_context(merchant_id: i64, id: i64) -> String {
    format!("merchant {merchant_id} attempt {id} proof")
}

pub(super) const SEALED: Sealed = Sealed {
    table: "attempts",
    key: &[KeyColumn::Int("merchant_id"), KeyColumn::Int("id")],
    columns: &[("proof_sealed", |key| seal_context(key.int(0), key.int(1)))],
};

fn read(app: &App, row: Row) -> Result<Attempt, Unavailable> {
    let sealed = row.opt_text("proof_sealed")?;
    let mut attempt = Attempt::read(row)?;
    let place = seal_context(attempt.merchant_id, attempt.id);
    let opened = sealed.map(|sealed| super::open_sealed(app, &place, &sealed));
    attempt.proof = opened.transpose()?;
    Ok(attempt)
}

/// The attempts of a merchant's payment, oldest first.
pub async fn of_payment(
    app: &App,
    merchant_id: i64,
    payment_id: i64,
) -> Result<Vec<Attempt>, Unavailable> {
    let sql = select!(
        Attempt,
        proof_sealed,
        "where merchant_id = $1 and payment_id = $2 order by id"
    );
    let rows = app.db.rows(sql, params![merchant_id, payment_id]).await?;
    rows.into_iter().map(|row| read(app, row)).collect()
}

/// The attempts of a POS that were asked in a range, at most `limit` of them in the order of their ids, behind one of
/// them. Without what 3DS proved.
pub async fn of_pos(
    app: &App,
    (merchant_id, pos_id): (i64, i64),
    asked: &std::ops::Range<Timestamp>,
    (behind_id, before_id): (i64, i64),
    limit: i64,
) -> Result<Vec<Attempt>, Unavailable> {
    let sql = select!(
        Attempt,
        "where merchant_id = $1 and id > $2 and id < $3 and pos_id = $4 and asked_at >= $5 and asked_at < $6 \
         order by id limit $7"
    );
    let values = params![
        merchant_id,
        behind_id,
        before_id,
        pos_id,
        asked.start,
        asked.end,
        limit
    ];
    let rows = app.db.rows(sql, values).await?;
    rows.into_iter().map(Attempt::read).collect()
}

/// The attempts of some payments of a merchant, in the order of their ids. Without what 3DS proved.
pub async fn of_payments(
    app: &App,
    merchant_id: i64,
    payment_ids: &[i64],
) -> Result<Vec<Attempt>, Unavailable> {
    if payment_ids.is_empty() {
        return Ok(Vec::new());
    }
    let rest = format!(
        "where merchant_id = $1 and payment_id in ({}) order by id",
        super::id_list(payment_ids),
    );
    let sql = Attempt::select(&rest);
    let rows = app.db.rows_owned(sql, params![merchant_id]).await?;
    rows.into_iter().map(Attempt::read).collect()
}

/// The payments that claimed some order ids. Zeros in front are none.
pub async fn payments_of_orders(
    app: &App,
    merchant_id: i64,
    order_ids: &[&str],
) -> Result<Vec<i64>, Unavailable> {
    if order_ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = params![merchant_id];
    values.extend(order_ids.iter().map(|id| Value::from(claimed_id(id))));
    let places: Vec<String> = (2..values.len() + 1).map(|at| format!("${at}")).collect();
    let sql = format!(
        "select distinct payment_id from bank_orders where merchant_id = $1 and order_id in ({})",
        places.join(", ")
    );
    let rows = app.db.rows_owned(sql, values).await?;
    rows.iter().map(|row| row.int("payment_id")).collect()
}

/// How many attempts each of some payments of a merchant has, by the payment's id.
pub async fn count_of_payments(
    app: &App,
    merchant_id: i64,
    payment_ids: &[i64],
) -> Result<BTreeMap<i64, i64>, Unavailable> {
    if payment_ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sql = format!(
        "select payment_id, count(*) as tries from attempts where merchant_id = $1 and payment_id in ({}) group by payment_id",
        super::id_list(payment_ids),
    );
    let rows = app.db.rows_owned(sql, params![merchant_id]).await?;
    rows.iter()
        .map(|row| Ok((row.int("payment_id")?, row.int("tries")?)))
        .collect()
}

/// When each attempt of a merchant's payment last changed, by its id.
pub async fn changes_of_payment(
    app: &App,
    merchant_id: i64,
    payment_id: i64,
) -> Result<BTreeMap<i64, Timestamp>, Unavailable> {
    let rows = app
        .db
        .rows(
            "select id, answered_at from attempts \
             where merchant_id = $1 and payment_id = $2 and answered_at is not null",
            params![merchant_id, payment_id],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.int("id")?, row.time("answered_at")?)))
        .collect()
}

/// The last attempt of a merchant's payment.
pub async fn last_of_payment(
    app: &App,
    merchant_id: i64,
    payment_id: i64,
) -> Result<Option<Attempt>, Unavailable> {
    let sql = select!(
        Attempt,
        proof_sealed,
        "where merchant_id = $1 and payment_id = $2 order by id desc limit 1"
    );
    let row = app.db.row(sql, params![merchant_id, payment_id]).await?;
    row.map(|row| read(app, row)).transpose()
}

/// Writes a new attempt and claims its order id: a conflict when the merchant used it already.
pub fn insert(attempt: &Attempt, commit: &mut Commit) {
    insert!(commit, attempt => Attempt, { shard: shard_of(attempt.merchant_id) });
    insert!(commit, "bank_orders" {
        merchant_id: attempt.merchant_id,
        order_id: claimed_id(&attempt.order_id),
        payment_id: attempt.payment_id,
    });
}

/// An order id as it is claimed: some banks fill ids up with zeros, so `7` and `07` are one order there.
fn claimed_id(order_id: &str) -> &str {
    order_id.trim_start_matches('0')
}

/// Counts a reversal, before the bank is asked for it; a conflict when another one was begun since the
/// attempt was read.
pub fn begin_reversal(attempt: &Attempt, commit: &mut Commit) {
    let a = attempt;
    update!(commit, "attempts"
        where { merchant_id: a.merchant_id, id: a.id, reversals: a.reversals }
        set { reversals: a.reversals + 1 });
}

/// Makes a commit a conflict when a reversal was begun since the attempt was read, so that what is
/// decided beside it cannot cross it.
pub fn expect_reversals(attempt: &Attempt, commit: &mut Commit) {
    let a = attempt;
    update!(commit, "attempts"
        where { merchant_id: a.merchant_id, id: a.id, reversals: a.reversals }
        set { reversals: a.reversals });
}

/// Notes that a caller's question goes to the bank now; a conflict when another one went after
/// `before`. A moment in the future is none: a clock was set back.
pub fn claim_inquiry(attempt: &Attempt, now: Timestamp, before: Timestamp, commit: &mut Commit) {
    let a = attempt;
    update!(commit, "attempts"
        where { merchant_id: a.merchant_id, id: a.id }
        and "caller_inquired_at is null or caller_inquired_at <= {} or caller_inquired_at > {}" (
            before,
            now,
        )
        set { caller_inquired_at: now });
}

/// Keeps the bank's form, sealed for the holder of its address, while the shopper is on the way to
/// the bank's page; a conflict when they are not. It stands where the proof of the return will, and
/// counts as not opened yet.
pub fn keep_form(app: &App, attempt: &Attempt, form: &Secret, commit: &mut Commit) {
    let place = seal_context(attempt.merchant_id, attempt.id);
    let sealed = app.vault.seal(&place, form.expose().as_bytes());
    update!(commit, "attempts"
        where { merchant_id: attempt.merchant_id, id: attempt.id, state: AttemptState::Page }
        set { proof_sealed: sealed, answer: None::<AttemptAnswer>, inquiries: 0i64 });
}

/// Notes that the bank's form is shown to `visitor`; a conflict when it was shown since the attempt was
/// read, or the shopper is no longer on the way. How often it was shown stands in `inquiries`, which
/// has no other use before the bank can be inquired.
pub fn note_opening(attempt: &Attempt, visitor: &Visitor, commit: &mut Commit) {
    let answer = AttemptAnswer {
        opened_by: Some(Box::new(visitor.clone())),
        ..AttemptAnswer::default()
    };
    let a = attempt;
    update!(commit, "attempts"
        where {
            merchant_id: a.merchant_id,
            id: a.id,
            state: AttemptState::Page,
            inquiries: a.inquiries,
        }
        set { answer: answer, inquiries: a.inquiries + 1 });
}

/// The shopper is sent to the bank's page once more: what ends or is looked at by time is put off, while
/// the shopper is on the way there.
pub fn await_return(attempt: &Attempt, commit: &mut Commit) {
    let a = attempt;
    commit.maybe(
        "update attempts set inquire_at = $3, page_sells_until = $4 \
         where merchant_id = $1 and id = $2 and state = 'PAGE'",
        params![a.merchant_id, a.id, a.inquire_at, a.page_sells_until],
    );
}

/// Plans when what a payment took is looked at again, and counts how often; a conflict when another process
/// did since the attempt was read. Only a sale that verified a card is looked at.
pub fn plan_give_back(attempt: &Attempt, at: Option<Timestamp>, commit: &mut Commit) {
    let a = attempt;
    update!(commit, "attempts"
        where {
            merchant_id: a.merchant_id,
            id: a.id,
            state: AttemptState::Approved,
            inquiries: a.inquiries,
        }
        set { inquire_at: at, inquiries: at.map_or(0, |_| a.inquiries + 1) });
}

/// An open hold is released at `at`, or, with `None`, is no longer open.
pub fn release_at(
    (merchant_id, payment_id): (i64, i64),
    at: Option<Timestamp>,
    commit: &mut Commit,
) {
    commit.maybe(
        "update attempts set inquire_at = $3 where merchant_id = $1 and payment_id = $2 and state = 'APPROVED'",
        params![merchant_id, payment_id, at],
    );
}

/// Puts off when an attempt is looked at, as long as it stands where it was read.
pub fn look_later(attempt: &Attempt, at: Timestamp, commit: &mut Commit) {
    let a = attempt;
    update!(commit, "attempts"
        where { merchant_id: a.merchant_id, id: a.id, state: a.state }
        set { inquire_at: at });
}

/// Has the bank asked now what became of an attempt that stands as it was read: of one in doubt, and of one that was
/// declined while its page could still sell. The question is beyond the schedule's, so it is taken off its count, and it
/// is left to the schedule where that asks now anyway, and where somebody asked out of turn after `before`.
pub fn look_now(
    (merchant_id, id, state): (i64, i64, AttemptState),
    (now, before): (Timestamp, Timestamp),
    commit: &mut Commit,
) {
    commit.maybe(
        "update attempts set inquire_at = $4, caller_inquired_at = $4, \
         inquiries = case when state = 'DOUBT' then inquiries - 1 else inquiries end \
         where merchant_id = $1 and id = $2 and state = $3 \
         and (state = 'DOUBT' and inquiries > 0 or state = 'REVIEW' or state = 'DECLINED' and inquire_at is not null) \
         and (inquire_at is null or inquire_at > $4) \
         and (caller_inquired_at is null or caller_inquired_at <= $5 or caller_inquired_at > $4)",
        params![merchant_id, id, state.as_str(), now, before],
    );
}

/// Writes what became of an attempt; a conflict when it is no longer in the state `was`.
pub fn save(app: &App, attempt: &Attempt, was: AttemptState, commit: &mut Commit) {
    let a = attempt;
    let sealed = a.proof.as_ref().map(|proof| {
        app.vault.seal(
            &seal_context(a.merchant_id, a.id),
            proof.expose().as_bytes(),
        )
    });
    update!(commit, "attempts"
    where { merchant_id: a.merchant_id, id: a.id, state: was }
    set {
        state: a.state,
        answer: a.answer,
        answered_at: app.now(),
        inquiries: a.inquiries,
        inquire_at: a.inquire_at,
        proof_sealed: sealed,
        asked_at: a.asked_at,
        review_since: a.review_since,
    });
    if a.state == AttemptState::Declined && a.inquire_at.is_none() {
        free_order_id(a, commit);
    }
}

/// Lets a shop use the order id of a declined attempt again, unless its bank does not take one twice.
fn free_order_id(attempt: &Attempt, commit: &mut Commit) {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        let spent = PosIntegrator::ALL
            .iter()
            .filter(|of| directory::protocol(**of).is_some_and(Protocol::refusal_uses_id));
        let spent: Vec<String> = spent.map(|of| format!("'{}'", of.as_str())).collect();
        format!(
            "delete from bank_orders where merchant_id = $1 and order_id = $2 and payment_id = $3 and not exists \
             (select 1 from merchant_poses where merchant_id = $1 and id = $4 and integrator in ({}))",
            spent.join(", ")
        )
    });
    let a = attempt;
    commit.maybe(
        &SQL,
        params![
            a.merchant_id,
            claimed_id(&a.order_id),
            a.payment_id,
            a.pos_id
        ],
    );
}
