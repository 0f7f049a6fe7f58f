//! What InterVPOS's texts must say. No reply is signed: a sale must name our order, a move an order of the bank's own. A
//! return is signed, and must list what counts.

use super::super::bench::Call;
use super::super::returns::is_hold;
use super::{Judge, Read, Return};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

pub(super) const JUDGE: Judge = Judge {
    objection,
    told,
    objection_to_return: Some(objection_to_return),
    sign: None,
};

/// All values under a name, as pieces between semicolons.
fn said(document: &str, name: &str) -> Vec<String> {
    let pieces = document
        .split(";;")
        .filter_map(|piece| piece.split_once('='));
    pieces
        .filter(|(known, _)| known.trim_matches(';').trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim_matches(';').trim().to_owned())
        .collect()
}

fn says(document: &str, name: &str, value: &str) -> bool {
    said(document, name).iter().any(|text| text == value)
}

fn says_something(document: &str, name: &str) -> bool {
    said(document, name).iter().any(|text| !text.is_empty())
}

/// Kuruş of a text as the bank writes lira: all digits, where two of them are kuruş.
fn kurus(text: &str) -> Option<i64> {
    let part = match text.rfind([',', '.']) {
        Some(at) if text.len() - at <= 3 => text.len() - at - 1,
        _ => 0,
    };
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits: i64 = digits.parse().ok()?;
    digits.checked_mul([100, 10, 1][part.min(2)])
}

fn tells(document: &str, name: &str, amount: i64) -> bool {
    said(document, name)
        .iter()
        .any(|text| kurus(text) == Some(amount))
}

/// What went back, and whether the order was undone.
fn told(document: &str) -> Option<(i64, bool)> {
    let mut sums = said(document, "RefundedAmount");
    // Said twice alike it is said once.
    sums.dedup();
    let [sum] = &sums[..] else {
        return None;
    };
    Some((kurus(sum)?, says(document, "TxnStatus", "V")))
}

fn objection(call: &Call, documents: &[String], read: Read) -> Option<&'static str> {
    let order = call.order();
    let whole = order.amount.minor;
    let last = documents.last()?;
    let approved = |document: &String| {
        says(document, "ProcReturnCode", "00")
            && says(document, "TxnResult", "Success")
            && says_something(document, "AuthCode")
            && says_something(document, "HostRefNum")
    };
    let state = |letters: &[&str]| {
        let found = |document: &String| {
            says(document, "ProcReturnCode", "00")
                && letters
                    .iter()
                    .any(|letter| says(document, "TxnStatus", letter))
        };
        documents.iter().any(found)
    };
    let back = || {
        documents
            .iter()
            .any(|document| matches!(told(document), Some((sum, _)) if sum > 0))
    };
    match read {
        Read::Unknown => {
            let unknown = says(last, "ProcReturnCode", "05");
            (!unknown).then_some("an order is unknown without the bank's word")
        }
        Read::Yes => match call.text("/verb") {
            "verify_3ds" => None,
            "loyalties" => {
                let told = says(last, "ProcReturnCode", "00") && says(last, "TxnResult", "Success");
                (!told).then_some("the purse was not told")
            }
            "charge" | "finish_3ds" => {
                let ours = says(last, "OrderId", &order.id);
                let spent = said(last, "UsedBonus");
                let spent = spent
                    .iter()
                    .find_map(|text| kurus(text))
                    .unwrap_or_default();
                let amount = tells(last, "Amount", whole) || tells(last, "Amount", whole - spent);
                (!approved(last) || !ours || !amount).then_some("the sale was not approved")
            }
            _ => {
                let done_before = state(&["V", "K"]) || back();
                let is_approved = documents.iter().any(approved);
                (!is_approved && !done_before).then_some("neither approved nor done before")
            }
        },
        Read::Held => {
            (!state(&["A"]) || !tells(last, "PurchAmount", whole)).then_some("nothing was held")
        }
        Read::Taken if is_hold(call) => (!state(&["K"])).then_some("nothing was taken"),
        Read::Taken => {
            let taken = state(&["C", "S", "Y"]) && tells(last, "PurchAmount", whole);
            (!taken).then_some("nothing was taken")
        }
        Read::Voided => (!state(&["V"]) && !back()).then_some("nothing was undone"),
        Read::GivenBack => None,
    }
}

fn objection_to_return(call: &Call, returned: &Return<'_>) -> Option<&'static str> {
    let value = |name| returned.value(name);
    let (account, order) = (call.account(), call.order());
    let list = "Version:PurchAmount:Exponent:Currency:OkUrl:FailUrl:MD:OrderId:ProcReturnCode:Response:mdStatus";
    let text: String = list.split(':').map(value).collect();
    let right = STANDARD.encode(Sha1::digest(text + account.threeds_key.expose()));
    match () {
        () if value("HASH") != right => Some("the return is not signed"),
        () if value("HASHPARAMS").trim_end_matches(':') != list => Some("something else is signed"),
        () if value("ShopCode") != account.client_id => Some("another shop"),
        () if value("OrderId") != order.id => Some("another order"),
        () if value("Currency") != "949" => Some("another currency"),
        () if kurus(value("PurchAmount")) != Some(order.amount.minor) => Some("another amount"),
        () if !["1", "2", "3", "4"].contains(&value("mdStatus")) => Some("not verified"),
        () if returned.sells && value("ProcReturnCode") != "00" => {
            Some("the sale was not approved")
        }
        () => None,
    }
}
