//! Stored cards. The number is sealed, bound to merchant and token; the CVC never gets here.

use super::db::{Commit, Unavailable, insert, params};
use super::sealed::{KeyColumn, Sealed};
use crate::app::App;
use contract::card::{Expiry, Pan};
use jiff::Timestamp;

/// A stored card.
#[derive(Debug, Clone)]
pub struct StoredCard {
    /// Whose it is.
    pub merchant_id: i64,
    /// The person.
    pub card_user_key: String,
    /// The card.
    pub card_token: String,
    /// Its number.
    pub pan: Pan,
    /// When it expires.
    pub expiry: Expiry,
    /// The name on it.
    pub holder_name: String,
    /// The shopper's name for it.
    pub alias: String,
    /// When it was stored.
    pub created_at: Timestamp,
}

fn seal_context(merchant_id: i64, card_token: &str) -> String {
    format!("merchant {merchant_id} card {card_token}")
}

pub(super) const SEALED: Sealed = Sealed {
    table: "stored_cards",
    key: &[
        KeyColumn::Int("merchant_id"),
        KeyColumn::Text("card_user_key"),
        KeyColumn::Text("card_token"),
    ],
    columns: &[("pan_sealed", |key| seal_context(key.int(0), key.text(2)))],
};

/// Writes a new stored card. One that a payment stores is not active before the payment succeeds.
pub fn insert(app: &App, card: &StoredCard, active: bool, commit: &mut Commit) {
    let place = seal_context(card.merchant_id, &card.card_token);
    insert!(commit, "stored_cards" {
        merchant_id: card.merchant_id,
        card_user_key: card.card_user_key.as_str(),
        card_token: card.card_token.as_str(),
        pan_sealed: app.vault.seal(&place, card.pan.expose().as_bytes()),
        bin_number: card.pan.bin(),
        last_four: card.pan.last_four(),
        holder_name: card.holder_name.as_str(),
        expire_year: i64::from(card.expiry.year),
        expire_month: i64::from(card.expiry.month),
        alias: card.alias.as_str(),
        active: active,
        created_at: card.created_at,
    });
}

/// One card of a merchant's shopper.
pub async fn of_merchant(
    app: &App,
    merchant_id: i64,
    card_user_key: &str,
    card_token: &str,
) -> Result<Option<StoredCard>, Unavailable> {
    let row = app
        .db
        .row(
            "select merchant_id, pan_sealed, holder_name, expire_year, expire_month, alias, created_at from stored_cards \
             where merchant_id = $1 and card_user_key = $2 and card_token = $3 and active",
            params![merchant_id, card_user_key, card_token],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let number = super::open_sealed(
        app,
        &seal_context(merchant_id, card_token),
        &row.text("pan_sealed")?,
    )?;
    let in_row = |error| row.of_table("stored_cards", error);
    let year = row.number("expire_year", 1..=9999).map_err(in_row)?;
    let month = row.number("expire_month", 1..=12).map_err(in_row)?;
    Ok(Some(StoredCard {
        merchant_id,
        card_user_key: card_user_key.to_owned(),
        card_token: card_token.to_owned(),
        pan: Pan::parse(number.expose())
            .map_err(|_| Unavailable::new("a stored card cannot be read"))?,
        expiry: Expiry { year, month },
        holder_name: row.text("holder_name")?,
        alias: row.text("alias")?,
        created_at: row.time("created_at")?,
    }))
}

/// Whether a merchant has a shopper with this key.
pub async fn user_of_merchant(
    app: &App,
    merchant_id: i64,
    card_user_key: &str,
) -> Result<bool, Unavailable> {
    let row = app
        .db
        .row(
            "select card_token from stored_cards where merchant_id = $1 and card_user_key = $2 and active limit 1",
            params![merchant_id, card_user_key],
        )
        .await?;
    Ok(row.is_some())
}

/// The payment that stores a card succeeded: the card can be used.
pub fn activate(merchant_id: i64, card_user_key: &str, card_token: &str, commit: &mut Commit) {
    commit.maybe(
        "update stored_cards set active = true where merchant_id = $1 and card_user_key = $2 and card_token = $3",
        params![merchant_id, card_user_key, card_token],
    );
}

/// The payment that would have stored a card failed: the card is forgotten.
pub fn forget_inactive(
    merchant_id: i64,
    card_user_key: &str,
    card_token: &str,
    commit: &mut Commit,
) {
    commit.maybe(
        "delete from stored_cards where merchant_id = $1 and card_user_key = $2 and card_token = $3 and active = false",
        params![merchant_id, card_user_key, card_token],
    );
}
