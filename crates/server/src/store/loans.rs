//! Loan applications: one a payment. Where one is unfinished, the row itself is the work that is
//! due: `inquire_at` is the moment when the lender must be asked.

use super::db::{
    Commit, TableRow, Unavailable, insert, json_columns, params, select, stored_words, table_row,
    update,
};
use super::shard_of;
use crate::app::App;
use contract::enums::{ApmAdditionalAction, BnplCartItemType};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

stored_words! {
    /// What the lender last said of an application.
    pub enum ApplicationState {
        /// Intent is committed; the lender is being asked, or whether it was is unknown.
        Asked = "ASKED",
        /// The shopper has not finished.
        Pending = "PENDING",
        /// The bank is assessing it.
        Assessing = "ASSESSING",
        /// Ready: the merchant must approve.
        Ready = "READY",
        /// The merchant approved; the lender is being asked, or the outcome is unknown.
        Confirming = "CONFIRMING",
        /// The merchant is paid.
        Disbursed = "DISBURSED",
        /// The bank refused.
        Rejected = "REJECTED",
        /// It lapsed.
        Expired = "EXPIRED",
        /// It was cancelled.
        Cancelled = "CANCELLED",
    }
}

impl ApplicationState {
    /// Nothing more will come.
    pub fn is_final(self) -> bool {
        use ApplicationState::{Cancelled, Disbursed, Expired, Rejected};
        matches!(self, Disbursed | Rejected | Expired | Cancelled)
    }
}

stored_words! {
    /// Who approves a loan at the end.
    pub enum ApprovalMode {
        /// The bank by itself.
        Auto = "AUTO",
        /// The merchant.
        Manual = "MANUAL",
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

table_row! {
    /// A loan application.
    #[derive(Debug, Clone)]
    pub struct Loan: "loans" {
        /// Whose it is.
        pub merchant_id: i64,
        /// Its payment.
        pub payment_id: i64,
        /// The merchant's account at the lender.
        pub apm_id: i64,
        /// Galata's id for it at the lender.
        pub order_id: String,
        /// The bank; `None` until the shopper chooses on the lender's page.
        pub bank_code: Option<String>,
        /// Months.
        pub term: Option<u16> where (1..=999),
        /// Who approves it at the end, as the merchant's account said when it was made.
        pub approval_mode: Option<ApprovalMode>,
        /// The lender's id.
        pub application_id: Option<String>,
        /// The page to which the shopper goes.
        pub redirect_url: Option<String>,
        /// What the merchant is told to do.
        pub action: ApmAdditionalAction,
        /// What the lender last said.
        pub state: ApplicationState,
        /// When the lender was last asked to act: to take the application, to disburse, or to cancel.
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

    /// What the lender made of it is unknown.
    pub fn is_in_doubt(&self) -> bool {
        !self.state.is_final() && self.action == ApmAdditionalAction::VerifyRequired
    }

    /// The merchant may approve it: it is ready, or an approval never reached the lender.
    pub fn is_approvable(&self) -> bool {
        !self.state.is_final() && self.action == ApmAdditionalAction::ApprovalRequired
    }

    /// Whether the bank approves by itself; `None` leaves it to the bank.
    pub fn approves_by_itself(&self) -> Option<bool> {
        self.approval_mode.map(|mode| mode == ApprovalMode::Auto)
    }

    /// The merchant approved it, or called it off when it was ready, and the outcome is not known.
    pub fn is_ready_and_acted_on(&self) -> bool {
        use ApplicationState::{Confirming, Ready};
        self.state == Confirming || self.state == Ready && self.is_in_doubt()
    }

    /// The lender is being asked to act right now, by this process or another.
    pub fn is_being_acted_on(&self, now: Timestamp) -> bool {
        use ApplicationState::{Asked, Confirming};
        // In any other state its answer came, by whatever way.
        matches!(self.state, Asked | Confirming)
            && self.acting_until.is_some_and(|until| until > now)
    }
}

json_columns! { Vec<CartLine> }

/// The application of a merchant's payment.
pub async fn of_payment(
    app: &App,
    merchant_id: i64,
    payment_id: i64,
) -> Result<Option<Loan>, Unavailable> {
    let sql = select!(Loan, "where merchant_id = $1 and payment_id = $2");
    let row = app.db.row(sql, params![merchant_id, payment_id]).await?;
    row.map(Loan::read).transpose()
}

/// Writes a new application and claims its order id.
pub fn insert(loan: &Loan, commit: &mut Commit) {
    insert!(commit, loan => Loan, { shard: shard_of(loan.merchant_id) });
    insert!(commit, "bank_orders" {
        merchant_id: loan.merchant_id,
        order_id: loan.order_id.as_str(),
        payment_id: loan.payment_id,
    });
}

/// Writes what became of an application that was read as `was`. A conflict when, since then,
///
/// - its state changed;
/// - the lender was asked to act: this write could contradict its answer;
/// - the shopper returned: the callback is then due, and this write would erase it;
/// - the shopper's page became known, the schedule counted a question, or the lender's answer to a move
///   came: a slow question must not undo that.
pub fn save(loan: &Loan, was: &Loan, commit: &mut Commit) {
    let l = loan;
    let still_acting = l.asked_at == was.asked_at && l.acting_until.is_some();
    update!(commit, "loans"
    where {
        merchant_id: l.merchant_id,
        payment_id: l.payment_id,
        state: was.state,
        returned: was.returned,
        asked_at: was.asked_at,
        inquiries: was.inquiries,
    }
    and "(acting_until is not null or not {}) and (redirect_url is null) = {}" (
        still_acting,
        was.redirect_url.is_none(),
    )
    set {
        bank_code: l.bank_code,
        term: l.term,
        application_id: l.application_id,
        redirect_url: l.redirect_url,
        action: l.action,
        state: l.state,
        inquiries: l.inquiries,
        inquire_at: l.inquire_at,
        asked_at: l.asked_at,
        review_since: l.review_since,
        acting_until: l.acting_until,
    });
}

/// Notes that a caller's question goes to the lender now; a conflict when another one went after
/// `before`. A moment in the future is none: a clock was set back.
pub fn claim_inquiry(loan: &Loan, now: Timestamp, before: Timestamp, commit: &mut Commit) {
    update!(commit, "loans"
        where { merchant_id: loan.merchant_id, payment_id: loan.payment_id }
        and "caller_inquired_at is null or caller_inquired_at <= {} or caller_inquired_at > {}" (
            before,
            now,
        )
        set { caller_inquired_at: now });
}

/// Plans when a loan is looked at again, as long as it stands where it was read.
pub fn plan_look(loan: &Loan, at: Option<Timestamp>, commit: &mut Commit) {
    update!(commit, "loans"
        where { merchant_id: loan.merchant_id, payment_id: loan.payment_id, state: loan.state }
        set { inquire_at: at });
}

/// Notes that the browser came back; a conflict when it did before.
pub fn mark_returned(merchant_id: i64, payment_id: i64, commit: &mut Commit) {
    update!(commit, "loans"
        where { merchant_id: merchant_id, payment_id: payment_id, returned: false }
        set { returned: true });
}
