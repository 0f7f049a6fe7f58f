//! A card as insurers have it: the first eight digits of its number, the last four, and the identity number of
//! its holder (platform-semantics section 5.1). All of it is checked; no protocol that is spoken has such a sale
//! in its public documents, so no POS can take it (`docs/unverified.md`).

use super::Problem;
use super::check::At;
use contract::card_payments::Card;
use contract::identity::is_identity_number;
use contract::rules::Rule;

/// Whether a card is given so: by no number, and by no stored reference.
fn is_given(card: &Card) -> bool {
    let has_number = card
        .card_number
        .as_ref()
        .is_some_and(|n| !n.expose().is_empty());
    let has_token = card
        .card_token
        .as_ref()
        .is_some_and(|token| !token.is_empty());
    let is_insured = card.bin_number.is_some()
        || card.last_four_digits.is_some()
        || card.card_holder_identity_number.is_some();
    is_insured && !has_number && !has_token
}

/// Refuses a card that is given so: a wrong field by its name, and a right one because no POS takes it.
pub(super) fn refuse(at: &At<'_>, card: &Card) -> Result<(), Problem> {
    const BIN: &str = "binNumber";
    const LAST_FOUR: &str = "lastFourDigits";
    const IDENTITY: &str = "cardHolderIdentityNumber";
    if !is_given(card) {
        return Ok(());
    }
    let is_digits = |text: &str, count: usize| {
        text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let bin = at.required(BIN, card.bin_number.as_deref())?;
    at.require(BIN, Rule::BinOfEight, is_digits(bin, 8))?;
    let last_four = card.last_four_digits.as_deref().unwrap_or("");
    let fits = last_four.is_empty() || is_digits(last_four, 4);
    at.require(LAST_FOUR, Rule::LastFourDigits, fits)?;
    let identity = at.required(IDENTITY, card.card_holder_identity_number.as_ref())?;
    let is_right = is_identity_number(identity.expose());
    at.require(IDENTITY, Rule::IdentityNumber, is_right)?;
    Err(Problem::rule(Rule::NoPosForInsurance))
}
