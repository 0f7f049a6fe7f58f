//! Loan applications: one a payment. Where one is unfinished, the row itself is the work that is
//! due: `inquire_at` is the moment when the lender must be asked.

use super::db::{Commit, Row, Unavailable, params};
use super::{from_json, shard_of, to_json};
use crate::app::App;
use contract::enums::{ApmAdditionalAction, BnplCartItemType};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the lender last said of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplicationState {
    /// Intent is committed; the lender is being asked, or nobody knows whether it was.
    Asked,
    /// The shopper has not finished.
    Pending,
    /// The bank is assessing it.
    Assessing,
    /// Ready: the merchant must approve.
    Ready,
    /// The merchant approved; the lender is being asked, or nobody knows.
    Confirming,
    /// The merchant is paid.
    Disbursed,
    /// The bank refused.
    Rejected,
    /// It lapsed.
    Expired,
    /// It was cancelled.
    Cancelled,
}

impl ApplicationState {
    const ALL: [(ApplicationState, &'static str); 9] = [
        (ApplicationState::Asked, "ASKED"),
        (ApplicationState::Pending, "PENDING"),
        (ApplicationState::Assessing, "ASSESSING"),
        (ApplicationState::Ready, "READY"),
        (ApplicationState::Confirming, "CONFIRMING"),
        (ApplicationState::Disbursed, "DISBURSED"),
        (ApplicationState::Rejected, "REJECTED"),
        (ApplicationState::Expired, "EXPIRED"),
        (ApplicationState::Cancelled, "CANCELLED"),
    ];

    /// The spelling in the database.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(state, _)| *state == self)
            .map_or("ASKED", |(_, text)| text)
    }

    fn parse(text: &str) -> Result<ApplicationState, Unavailable> {
        Self::ALL
            .iter()
            .find(|(_, spelling)| *spelling == text)
            .map(|(state, _)| *state)
            .ok_or_else(|| Unavailable::new(format!("a loan has the unknown state {text}")))
    }

    /// Nothing more will come.
    pub fn is_final(self) -> bool {
        use ApplicationState::{Cancelled, Disbursed, Expired, Rejected};
        matches!(self, Disbursed | Rejected | Expired | Cancelled)
    }
}

/// A product line as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartLine {
    /// The shop's id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Brand.
    pub brand: String,
    /// Category.
    pub category: BnplCartItemType,
    /// Minor units of one.
    pub unit_price: i64,
    /// How many.
    pub quantity: u32,
}

/// A loan application.
#[derive(Debug, Clone)]
pub struct Loan {
    /// Whose it is.
    pub merchant_id: i64,
    /// Its payment.
    pub payment_id: i64,
    /// The merchant's account at the lender.
    pub apm_id: i64,
    /// Galata's id for it at the lender.
    pub order_id: String,
    /// The bank; none until the shopper chooses on the lender's page.
    pub bank_code: Option<String>,
    /// Months.
    pub term: Option<u16>,
    /// Whether the bank approves by itself, as the merchant's account said when it was made.
    pub approves_by_itself: Option<bool>,
    /// The lender's id.
    pub application_id: Option<String>,
    /// The page to which the shopper goes.
    pub redirect_url: Option<String>,
    /// What the merchant is told to do.
    pub action: ApmAdditionalAction,
    /// What the lender last said.
    pub state: ApplicationState,
    /// When the lender was last asked to act: to take the application, or to disburse.
    pub asked_at: Timestamp,
    /// The cart.
    pub items: Vec<CartLine>,
    /// The browser came back and the shop was called back.
    pub returned: bool,
    /// When it lapses.
    pub expires_at: Timestamp,
    /// How often the schedule asked in vain since the lender last answered; a caller's questions do
    /// not count.
    pub inquiries: i64,
    /// When the schedule asks next.
    pub inquire_at: Option<Timestamp>,
    /// Since when a person is told that inquiries lead nowhere; they go on.
    pub review_since: Option<Timestamp>,
    /// Until when the call by which the lender was last asked to act may still have no answer; none
    /// once it has one.
    pub acting_until: Option<Timestamp>,
}

impl Loan {
    /// The lender still waits for the shopper, who can go on at its page.
    pub fn is_unfinished(&self) -> bool {
        self.state == ApplicationState::Pending
            && self.redirect_url.is_some()
            && self.action != ApmAdditionalAction::VerifyRequired
    }

    /// The shopper has decided, or cannot any more.
    pub fn is_decided(&self) -> bool {
        use ApplicationState::{Asked, Pending};
        !matches!(self.state, Asked | Pending)
    }

    /// Nobody knows what the lender made of it.
    pub fn is_in_doubt(&self) -> bool {
        !self.state.is_final() && self.action == ApmAdditionalAction::VerifyRequired
    }

    /// The merchant may approve it: it is ready, or an approval never reached the lender.
    pub fn is_approvable(&self) -> bool {
        !self.state.is_final() && self.action == ApmAdditionalAction::ApprovalRequired
    }

    /// The lender is being asked to act right now, by this process or another.
    pub fn is_being_acted_on(&self, now: Timestamp) -> bool {
        use ApplicationState::{Asked, Confirming};
        // In any other state its answer came, by whatever way.
        matches!(self.state, Asked | Confirming)
            && self.acting_until.is_some_and(|until| until > now)
    }
}

macro_rules! select_loan {
    ($rest:literal) => {
        concat!(
            "select merchant_id, payment_id, apm_id, order_id, bank_code, term, approval_mode, application_id, \
             redirect_url, action, state, asked_at, items, returned, expires_at, inquiries, inquire_at, \
             review_since, acting_until from loans ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<Loan, Unavailable> {
    fields(row).map_err(|error| row.of_table("loans", error))
}

fn fields(row: &Row) -> Result<Loan, Unavailable> {
    Ok(Loan {
        merchant_id: row.int("merchant_id")?,
        payment_id: row.int("payment_id")?,
        apm_id: row.int("apm_id")?,
        order_id: row.text("order_id")?,
        bank_code: row.opt_text("bank_code")?,
        term: row.opt_number("term", 1..=999)?,
        approves_by_itself: match row.opt_text("approval_mode")?.as_deref() {
            None => None,
            Some("AUTO") => Some(true),
            Some("MANUAL") => Some(false),
            Some(_) => return Err(super::unknown_word("approval_mode")),
        },
        application_id: row.opt_text("application_id")?,
        redirect_url: row.opt_text("redirect_url")?,
        action: row.parsed("action")?,
        state: ApplicationState::parse(&row.text("state")?)?,
        asked_at: row.time("asked_at")?,
        items: from_json(row.json("items")?)?,
        returned: row.boolean("returned")?,
        expires_at: row.time("expires_at")?,
        inquiries: row.int("inquiries")?,
        inquire_at: row.opt_time("inquire_at")?,
        review_since: row.opt_time("review_since")?,
        acting_until: row.opt_time("acting_until")?,
    })
}

/// The application of a merchant's payment.
pub async fn of_payment(
    app: &App,
    merchant_id: i64,
    payment_id: i64,
) -> Result<Option<Loan>, Unavailable> {
    let sql = select_loan!("where merchant_id = $1 and payment_id = $2");
    app.db
        .row(sql, params![merchant_id, payment_id])
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

/// Writes a new application and claims its order id.
pub fn insert(loan: &Loan, commit: &mut Commit) {
    let l = loan;
    commit.one(
        "insert into loans (merchant_id, payment_id, shard, apm_id, order_id, bank_code, term, approval_mode, \
         action, state, asked_at, items, returned, expires_at, inquiries, inquire_at, acting_until) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, $15, $16)",
        params![
            l.merchant_id,
            l.payment_id,
            shard_of(l.merchant_id),
            l.apm_id,
            l.order_id.as_str(),
            l.bank_code.as_deref(),
            l.term.map(i64::from),
            l.approves_by_itself.map(|auto| if auto { "AUTO" } else { "MANUAL" }),
            l.action.as_str(),
            l.state.as_str(),
            l.asked_at,
            to_json(&l.items),
            l.returned,
            l.expires_at,
            l.inquire_at,
            l.acting_until,
        ],
    );
    commit.one(
        "insert into bank_orders (merchant_id, order_id, payment_id) values ($1, $2, $3)",
        params![l.merchant_id, l.order_id.as_str(), l.payment_id],
    );
}

/// Writes what became of an application that was read as `was`; a conflict when it is no longer in
/// that state, when the lender was asked to act since, so that nothing crosses an answer under way, when
/// the browser came back since (what is owed then is another thing, and a return that was noted stays
/// noted), when the page to which the shopper goes became known since, or when the schedule counted a question or the lender's answer to a move came since: a
/// slow question must not undo that.
pub fn save(loan: &Loan, was: &Loan, commit: &mut Commit) {
    let l = loan;
    let still_acting = l.asked_at == was.asked_at && l.acting_until.is_some();
    commit.one(
        "update loans set bank_code = $4, term = $5, application_id = $6, redirect_url = $7, action = $8, state = $9, \
         inquiries = $10, inquire_at = $11, asked_at = $12, review_since = $15, acting_until = $16 where merchant_id = $1 and payment_id = $2 and state = $3 \
         and returned = $13 and asked_at = $14 and inquiries = $17 \
         and (acting_until is not null or not $18) and (redirect_url is null) = $19",
        params![
            l.merchant_id,
            l.payment_id,
            was.state.as_str(),
            l.bank_code.as_deref(),
            l.term.map(i64::from),
            l.application_id.as_deref(),
            l.redirect_url.as_deref(),
            l.action.as_str(),
            l.state.as_str(),
            l.inquiries,
            l.inquire_at,
            l.asked_at,
            was.returned,
            was.asked_at,
            l.review_since,
            l.acting_until,
            was.inquiries,
            still_acting,
            was.redirect_url.is_none(),
        ],
    );
}

/// Notes that a caller's question goes to the lender now; a conflict when another one went after
/// `before`. A moment in the future is none: a clock was set back.
pub fn claim_inquiry(loan: &Loan, now: Timestamp, before: Timestamp, commit: &mut Commit) {
    commit.one(
        "update loans set caller_inquired_at = $3 where merchant_id = $1 and payment_id = $2 \
         and (caller_inquired_at is null or caller_inquired_at <= $4 or caller_inquired_at > $3)",
        params![loan.merchant_id, loan.payment_id, now, before],
    );
}

/// Notes that the browser came back; a conflict when it did before.
pub fn mark_returned(merchant_id: i64, payment_id: i64, commit: &mut Commit) {
    commit.one(
        "update loans set returned = true where merchant_id = $1 and payment_id = $2 and returned = false",
        params![merchant_id, payment_id],
    );
}
