//! `/installment/v1/bins`: what a card's first digits tell.

use super::{Caller, Problem, TOP};
use crate::app::App;
use crate::bins::Bin;
use contract::bins::BinNumberResponse;
use contract::rules::Rule;

/// `GET /installment/v1/bins/{binNumber}`: six or eight digits. What the cards of a six-digit range
/// do not have in common is left out.
pub async fn retrieve(
    app: &App,
    _caller: &Caller,
    bin_number: &str,
) -> Result<BinNumberResponse, Problem> {
    require_bin(bin_number)?;
    let bin = app.bins.of(bin_number);
    let bin = bin.ok_or_else(|| Problem::rule(Rule::BinNotFound))?;
    Ok(BinNumberResponse {
        bin_number: Some(bin_number.to_owned()),
        ..shown(&bin)
    })
}

/// Refuses what is not six or eight digits.
pub(super) fn require_bin(bin_number: &str) -> Result<(), Problem> {
    let digits = bin_number.bytes().all(|b| b.is_ascii_digit());
    let is_bin = digits && matches!(bin_number.len(), 6 | 8);
    TOP.require("binNumber", Rule::WrongType, is_bin)
}

/// What is told of a BIN, but for its digits.
pub(super) fn shown(bin: &Bin) -> BinNumberResponse {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    BinNumberResponse {
        bin_number: None,
        card_type: bin.card_type,
        card_association: bin.association,
        card_brand: given(&bin.brand),
        bank_name: given(&bin.bank_name),
        bank_code: Some(bin.bank_code).filter(|code| *code > 0),
        commercial: bin.commercial,
    }
}

/// The programme that a card's points and instalments go by, which is not always its brand; none
/// for cards without one. The API does not tell it, people look it up in the panel.
pub fn programme(app: &App, bin_number: &str) -> Option<String> {
    let bin = app.bins.of(bin_number)?;
    (!bin.family.is_empty()).then(|| bin.family.clone())
}
