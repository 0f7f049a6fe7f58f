//! Attempts: one order at one bank. Where an attempt's outcome is unknown, the row itself is the
//! work that is due: `inquire_at` is the moment when the bank must be asked.

use super::db::{Commit, Row, Unavailable, params};
use super::{from_json, shard_of, to_json};
use crate::app::App;
use connectors::bank::{Charged, RewardMoney, RewardUse};
use contract::card::Secret;
use contract::enums::LoyaltyType;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptState {
    /// Intent is committed; the bank is being asked.
    Asked,
    /// The shopper is at the bank's 3DS page. No money can move yet.
    Page,
    /// 3DS is verified; the merchant has not completed it.
    Verified,
    /// The bank took the money.
    Approved,
    /// The bank refused.
    Declined,
    /// Nobody knows: inquiries are due.
    Doubt,
    /// Surely not one byte left.
    NotSent,
    /// The bank took the money and is being asked to give it back.
    Reversing,
    /// It gave it back.
    Reversed,
    /// Inquiries led nowhere, or a reversal was refused: a person is told. Inquiries go on.
    Review,
}

impl Attempt {
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

impl AttemptState {
    const ALL: [(AttemptState, &'static str); 10] = [
        (AttemptState::Asked, "ASKED"),
        (AttemptState::Page, "PAGE"),
        (AttemptState::Verified, "VERIFIED"),
        (AttemptState::Approved, "APPROVED"),
        (AttemptState::Declined, "DECLINED"),
        (AttemptState::Doubt, "DOUBT"),
        (AttemptState::NotSent, "NOT_SENT"),
        (AttemptState::Reversing, "REVERSING"),
        (AttemptState::Reversed, "REVERSED"),
        (AttemptState::Review, "REVIEW"),
    ];

    /// The spelling in the database.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(state, _)| *state == self)
            .map_or("REVIEW", |(_, text)| text)
    }

    fn parse(text: &str) -> Result<AttemptState, Unavailable> {
        Self::ALL
            .iter()
            .find(|(_, spelling)| *spelling == text)
            .map(|(state, _)| *state)
            .ok_or_else(|| Unavailable::new(format!("an attempt has the unknown state {text}")))
    }
}

/// One order at one bank.
#[derive(Debug, Clone)]
pub struct Attempt {
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
    pub installment: u8,
    /// The reward to use.
    pub reward: Option<RewardUse>,
    /// What finishing 3DS needs; before the shopper came back, the bank's form ([`keep_form`]).
    pub proof: Option<Secret>,
    /// What the bank said.
    pub answer: Option<AttemptAnswer>,
    /// When the bank was asked.
    pub asked_at: Timestamp,
    /// How often the schedule asked the bank what became of it; a caller's questions do not count. Of a
    /// PAGE, how often the bank's form was shown.
    pub inquiries: i64,
    /// When the schedule asks next; while the shopper is at the bank's page, until when they may come
    /// back.
    pub inquire_at: Option<Timestamp>,
    /// How often the bank was asked to give the money back.
    pub reversals: i64,
    /// Since when a person is told.
    pub review_since: Option<Timestamp>,
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
    /// Digest of its cookie; none when it sent none.
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

fn reward_to_json(reward: RewardUse) -> Json {
    let stored = match reward {
        RewardUse::Money { card, firm, mile } => StoredReward {
            money: Some(RewardMoney { card, firm, mile }),
            campaign: None,
        },
        RewardUse::Campaign(kind) => StoredReward {
            money: None,
            campaign: Some(kind),
        },
    };
    to_json(&stored)
}

fn reward_from_json(json: Json) -> Result<RewardUse, Unavailable> {
    let stored: StoredReward = from_json(json)?;
    let money = stored.money.map(|m| RewardUse::Money {
        card: m.card,
        firm: m.firm,
        mile: m.mile,
    });
    money
        .or(stored.campaign.map(RewardUse::Campaign))
        .ok_or_else(|| Unavailable::new("column reward names none"))
}

fn place(merchant_id: i64, id: i64) -> String {
    format!("merchant {merchant_id} attempt {id} proof")
}

macro_rules! select_attempt {
    ($rest:literal) => {
        concat!(
            "select merchant_id, id, payment_id, pos_id, order_id, order_id_chosen, threeds, state, amount, installment, reward, \
             proof_sealed, answer, asked_at, inquiries, inquire_at, reversals, review_since from attempts ",
            $rest
        )
    };
}

fn read(app: &App, row: &Row) -> Result<Attempt, Unavailable> {
    fields(app, row).map_err(|error| row.of_table("attempts", error))
}

fn fields(app: &App, row: &Row) -> Result<Attempt, Unavailable> {
    let (merchant_id, id) = (row.int("merchant_id")?, row.int("id")?);
    let proof = row.opt_text("proof_sealed")?;
    Ok(Attempt {
        merchant_id,
        id,
        payment_id: row.int("payment_id")?,
        pos_id: row.int("pos_id")?,
        order_id: row.text("order_id")?,
        order_id_chosen: row.boolean("order_id_chosen")?,
        threeds: row.boolean("threeds")?,
        state: AttemptState::parse(&row.text("state")?)?,
        amount: row.int("amount")?,
        installment: row.number("installment", 1..=99)?,
        reward: row.opt_json("reward")?.map(reward_from_json).transpose()?,
        proof: proof
            .map(|sealed| super::opened(app, &place(merchant_id, id), &sealed))
            .transpose()?,
        answer: row.opt_json("answer")?.map(from_json).transpose()?,
        asked_at: row.time("asked_at")?,
        inquiries: row.int("inquiries")?,
        inquire_at: row.opt_time("inquire_at")?,
        reversals: row.int("reversals")?,
        review_since: row.opt_time("review_since")?,
    })
}

/// The attempts of a merchant's payment, oldest first.
pub async fn of_payment(
    app: &App,
    merchant_id: i64,
    payment_id: i64,
) -> Result<Vec<Attempt>, Unavailable> {
    let sql = select_attempt!("where merchant_id = $1 and payment_id = $2 order by id");
    let rows = app.db.rows(sql, params![merchant_id, payment_id]).await?;
    rows.iter().map(|row| read(app, row)).collect()
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
        super::listed(payment_ids),
    );
    let rows = app.db.rows_owned(sql, params![merchant_id]).await?;
    rows.iter()
        .map(|row| Ok((row.int("payment_id")?, row.int("tries")?)))
        .collect()
}

/// When each attempt of a merchant's payment last changed, by its id.
pub async fn changed_of_payment(
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
    let sql =
        select_attempt!("where merchant_id = $1 and payment_id = $2 order by id desc limit 1");
    let row = app.db.row(sql, params![merchant_id, payment_id]).await?;
    row.map(|row| read(app, &row)).transpose()
}

/// Writes a new attempt and claims its order id: a conflict when the merchant used it already.
pub fn insert(attempt: &Attempt, commit: &mut Commit) {
    let a = attempt;
    commit.one(
        "insert into attempts (merchant_id, id, payment_id, shard, pos_id, order_id, threeds, state, amount, \
         installment, reward, asked_at, inquiries, inquire_at, order_id_chosen) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14)",
        params![
            a.merchant_id,
            a.id,
            a.payment_id,
            shard_of(a.merchant_id),
            a.pos_id,
            a.order_id.as_str(),
            a.threeds,
            a.state.as_str(),
            a.amount,
            i64::from(a.installment),
            a.reward.map(reward_to_json),
            a.asked_at,
            a.inquire_at,
            a.order_id_chosen,
        ],
    );
    commit.one(
        "insert into bank_orders (merchant_id, order_id, payment_id) values ($1, $2, $3)",
        params![a.merchant_id, claimed_id(&a.order_id), a.payment_id],
    );
}

/// An order id as it is claimed: PosNet fills ids up with zeros, so `7` and `07` are one order there.
fn claimed_id(order_id: &str) -> &str {
    order_id.trim_start_matches('0')
}

/// Counts a reversal, before the bank is asked for it; a conflict when another one was begun since the
/// attempt was read.
pub fn begin_reversal(attempt: &Attempt, commit: &mut Commit) {
    commit.one(
        "update attempts set reversals = reversals + 1 where merchant_id = $1 and id = $2 and reversals = $3",
        params![attempt.merchant_id, attempt.id, attempt.reversals],
    );
}

/// Makes a commit a conflict when a reversal was begun since the attempt was read, so that what is
/// decided beside it cannot cross it.
pub fn unless_reversed(attempt: &Attempt, commit: &mut Commit) {
    commit.one(
        "update attempts set reversals = reversals where merchant_id = $1 and id = $2 and reversals = $3",
        params![attempt.merchant_id, attempt.id, attempt.reversals],
    );
}

/// Notes that a caller's question goes to the bank now; a conflict when another one went after
/// `before`. A moment in the future is none: a clock was set back.
pub fn claim_inquiry(attempt: &Attempt, now: Timestamp, before: Timestamp, commit: &mut Commit) {
    commit.one(
        "update attempts set caller_inquired_at = $3 where merchant_id = $1 and id = $2 \
         and (caller_inquired_at is null or caller_inquired_at <= $4 or caller_inquired_at > $3)",
        params![attempt.merchant_id, attempt.id, now, before],
    );
}

/// Keeps the bank's form, sealed for whoever holds its address, while the shopper is on the way to
/// the bank's page; a conflict when they are not. It stands where the proof of the return will. Nobody
/// has opened it yet.
pub fn keep_form(app: &App, attempt: &Attempt, form: &Secret, commit: &mut Commit) {
    let place = place(attempt.merchant_id, attempt.id);
    commit.one(
        "update attempts set proof_sealed = $3, answer = null, inquiries = 0 where merchant_id = $1 and id = $2 and state = 'PAGE'",
        params![
            attempt.merchant_id,
            attempt.id,
            app.vault.seal(&place, form.expose().as_bytes()),
        ],
    );
}

/// Notes that the bank's form is shown to `visitor`; a conflict when it was shown since the attempt was
/// read, or the shopper is no longer on the way. How often it was shown stands in `inquiries`, which
/// nobody needs before the bank can be asked anything.
pub fn note_opening(attempt: &Attempt, visitor: &Visitor, commit: &mut Commit) {
    let answer = AttemptAnswer {
        opened_by: Some(Box::new(visitor.clone())),
        ..AttemptAnswer::default()
    };
    commit.one(
        "update attempts set answer = $3, inquiries = inquiries + 1 where merchant_id = $1 and id = $2 \
         and state = 'PAGE' and inquiries = $4",
        params![
            attempt.merchant_id,
            attempt.id,
            to_json(&answer),
            attempt.inquiries,
        ],
    );
}

/// Puts off when the payment ends that nobody came back for, while the shopper is on the way to the
/// bank's page.
pub fn await_return(attempt: &Attempt, until: Timestamp, commit: &mut Commit) {
    commit.maybe(
        "update attempts set inquire_at = $3 where merchant_id = $1 and id = $2 and state = 'PAGE'",
        params![attempt.merchant_id, attempt.id, until],
    );
}

/// Writes what became of an attempt; a conflict when it is no longer in the state `was`.
pub fn save(app: &App, attempt: &Attempt, was: AttemptState, commit: &mut Commit) {
    let a = attempt;
    let sealed = a.proof.as_ref().map(|proof| {
        app.vault
            .seal(&place(a.merchant_id, a.id), proof.expose().as_bytes())
    });
    commit.one(
        "update attempts set state = $4, answer = $5, answered_at = $6, inquiries = $7, inquire_at = $8, \
         proof_sealed = $9, asked_at = $10, review_since = $11 where merchant_id = $1 and id = $2 and state = $3",
        params![
            a.merchant_id,
            a.id,
            was.as_str(),
            a.state.as_str(),
            a.answer.as_ref().map(to_json),
            app.now(),
            a.inquiries,
            a.inquire_at,
            sealed,
            a.asked_at,
            a.review_since,
        ],
    );
    if a.state == AttemptState::Declined {
        commit.maybe(
            "delete from bank_orders where merchant_id = $1 and order_id = $2 and payment_id = $3",
            params![a.merchant_id, claimed_id(&a.order_id), a.payment_id],
        );
    }
}
