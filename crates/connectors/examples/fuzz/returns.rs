//! What a text says was given back of an order: by plain search, as the rest of the judge.

use super::bench::Call;
use super::judge::{Judge, said};

/// What a connector read of it: whether the whole was undone, and the sum of the refunds.
pub(crate) struct Claim {
    voided: bool,
    refunded: Option<i64>,
}

impl Claim {
    /// Read back from an answer as it is shown for developers.
    pub(crate) fn of(answer: &str) -> Option<Claim> {
        let shown = answer.strip_prefix("Ok(\n    GivenBack {")?;
        let sum = shown.split_once("Some(").map(|(_, rest)| rest.trim_start());
        let digits = sum.map(|rest| rest.chars().take_while(char::is_ascii_digit).collect());
        Some(Claim {
            voided: shown.contains("voided: true"),
            refunded: digits.and_then(|digits: String| digits.parse().ok()),
        })
    }
}

/// The pieces of a document that begin with this tag.
pub(crate) fn pieces<'a>(document: &'a str, tag: &str) -> Vec<&'a str> {
    let lower = document.to_ascii_lowercase();
    let open = format!("<{}", tag.to_ascii_lowercase());
    let ends = |at: usize| lower[at..].starts_with(|c: char| c == '>' || c.is_whitespace());
    let starts: Vec<usize> = lower
        .match_indices(&open)
        .map(|(at, open)| at + open.len())
        .filter(|at| ends(*at))
        .collect();
    let end = |at: usize| starts.get(at + 1).copied().unwrap_or(document.len());
    let piece = |(number, from): (usize, &usize)| &document[*from..end(number)];
    starts.iter().enumerate().map(piece).collect()
}

/// What a piece says once under a name; nothing when it says two things, which a connector must refuse
/// by itself.
pub(crate) fn only(piece: &str, name: &str) -> Option<String> {
    let mut all = said(piece, name);
    all.dedup();
    match all.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}

pub(crate) fn digits(text: &str) -> Option<i64> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Why a claim is not what the document says.
pub(crate) fn objection(judge: &Judge, document: &str, claim: &Claim) -> Option<&'static str> {
    let (sum, voided) = (judge.told)(document)?;
    match claim {
        Claim { voided: true, .. } if !voided => Some("no void worked"),
        Claim {
            refunded: Some(read),
            ..
        } if *read != sum => Some("another sum went back"),
        _ => None,
    }
}

/// Whether the document says that all of an order went back by refunds.
pub(crate) fn all_is_back(judge: &Judge, call: &Call, document: &str) -> bool {
    let whole = call.order().amount.minor;
    (judge.told)(document).is_none_or(|(sum, _)| sum > 0 && (is_hold(call) || sum == whole))
}

/// Whether the order of a call only holds its amount: a capture may take another one.
pub(crate) fn is_hold(call: &Call) -> bool {
    call.text("/order/phase") == "hold"
}
