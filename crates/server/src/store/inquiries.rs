//! What shops asked before their customers paid, as the journal wrote it: which rewards a card has,
//! what banks would lend for a cart. Evidence for people; it decides nothing. Kept for a month.

use super::db::{Commit, TableRow, Unavailable, insert, json_columns, params, select, table_row};
use super::loans::CartLine;
use super::to_json;
use crate::app::App;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use contract::card_loyalties::Loyalty;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How long before a payment an answer still says something about it.
const SPEAKS_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What was found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Found {
    /// The rewards of a card.
    Rewards(Vec<Loyalty>),
    /// What each bank would lend.
    Offers(Vec<Offer>),
}

/// One bank's offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Zero-padded three-digit EFT code.
    pub bank_code: String,
    /// Name.
    pub bank_name: String,
    /// The bank computes the plans itself, on its page: there are no `terms`.
    pub plan_calculated_by_bank: bool,
    /// Plans.
    pub terms: Vec<Term>,
}

/// One plan. Amounts in minor units, rates in millionths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// Months.
    pub months: u16,
    /// One instalment.
    pub amount: i64,
    /// All instalments.
    pub total: i64,
    /// Monthly interest.
    pub rate: i64,
}

table_row! {
    /// A question that was answered.
    #[derive(Debug, Clone)]
    pub struct Inquiry: "inquiries" {
        /// Whose shop asked.
        pub merchant_id: i64,
        /// Its id, growing with time. Of offers the `offerId`.
        pub id: i64,
        /// Which card or cart.
        pub subject: String,
        /// When.
        pub at: Timestamp,
        /// The answer.
        pub found: Found,
    }
}

/// A card as a subject: by what payments keep of its number.
pub fn card(bin: &str, last_four: &str) -> String {
    format!("card:{bin}:{last_four}")
}

/// A cart as a subject: offers and application name the same products at the same account.
pub fn cart(apm_id: i64, lines: &[CartLine]) -> String {
    let text = to_json(&lines).to_string();
    let digest = BASE64.encode(Sha256::digest(text.as_bytes()));
    format!("cart:{apm_id}:{digest}")
}

/// The commit of an inquiry, for the journal.
pub fn insert(inquiry: &Inquiry) -> Commit {
    let mut commit = Commit::new(inquiry.merchant_id, inquiry.id);
    insert!(commit, inquiry => Inquiry);
    commit
}

/// What was last found out about a card or cart before a payment that was made at `paid_at`.
pub async fn last_before(
    app: &App,
    merchant_id: i64,
    subject: &str,
    paid_at: Timestamp,
) -> Result<Option<Inquiry>, Unavailable> {
    let earliest = paid_at.checked_sub(SPEAKS_FOR).unwrap_or(Timestamp::MIN);
    let sql = select!(
        Inquiry,
        "where merchant_id = $1 and subject = $2 and at between $3 and $4 order by id desc limit 1"
    );
    let row = app
        .db
        .row(sql, params![merchant_id, subject, earliest, paid_at])
        .await?;
    row.map(Inquiry::read).transpose()
}

json_columns! { Found }
