//! What Akbank's texts must say. A reply's hash stands in a header, which damage does not reach: the text must
//! answer the question about our order.

use super::super::bench::Call;
use super::super::returns::is_hold;
use super::{Judge, Read, Return};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;

pub(super) const JUDGE: Judge = Judge {
    objection,
    told,
    objection_to_return: Some(objection_to_return),
    sign: None,
};

/// All values under a name, texts and numbers alike, without quotes.
fn said(document: &str, name: &str) -> Vec<String> {
    let quoted = format!("\"{name}\"");
    let behind = document.match_indices(&quoted);
    behind
        .filter_map(|(at, _)| {
            let rest = document[at + quoted.len()..].trim_start();
            let value = rest.strip_prefix(':')?.trim_start();
            let end = match value.strip_prefix('"') {
                Some(text) => return Some(text.split('"').next()?.trim().to_owned()),
                None => value.find([',', '}', ']']).unwrap_or(value.len()),
            };
            Some(value[..end].trim().to_owned())
        })
        .collect()
}

fn says(document: &str, name: &str, value: &str) -> bool {
    said(document, name).iter().any(|text| text == value)
}

/// The rows of a history: each object behind the list's name. A brace within a text opens none.
fn rows(document: &str) -> Vec<&str> {
    let list = document.split_once("\"txnDetailList\"");
    let list = list.map_or("", |(_, list)| list);
    let (mut starts, mut is_text, mut before) = (Vec::new(), false, ' ');
    for (at, character) in list.char_indices() {
        match character {
            '"' if before != '\\' => is_text = !is_text,
            '{' if !is_text => starts.push(at),
            _ => {}
        }
        before = character;
    }
    let ends = starts.iter().skip(1).copied().chain([list.len()]);
    let rows = starts.iter().zip(ends);
    rows.map(|(start, end)| &list[*start..end]).collect()
}

fn only(row: &str, name: &str) -> String {
    said(row, name).into_iter().next().unwrap_or_default()
}

/// Lira in hundredths.
fn minor(text: &str) -> Option<i64> {
    let (lira, part) = text.split_once('.').unwrap_or((text, ""));
    let part: String = part.chars().chain("00".chars()).collect();
    let (cents, rest) = (part.get(..2)?, part.get(2..)?);
    let whole = lira.parse::<i64>().ok()?.checked_mul(100)?;
    let plain = !rest.is_empty() || part.len() == 2;
    (plain && rest.bytes().all(|byte| byte == b'0'))
        .then(|| whole.checked_add(cents.parse().ok()?))?
}

fn worked(row: &str, code: &str, status: &str) -> bool {
    only(row, "txnCode") == code
        && only(row, "txnStatus") == status
        && only(row, "responseCode") == "VPS-0000"
        && only(row, "hostResponseCode") == "00"
}

fn told(document: &str) -> Option<(i64, bool)> {
    let (mut sum, mut voided) = (0_i64, false);
    for row in rows(document) {
        if worked(row, "1002", "N") {
            sum = sum.checked_add(minor(&only(row, "amount"))?)?;
        }
        // Of a hold that was captured the void of the capture gives the money back.
        voided |= ["1000", "1004", "1005"]
            .iter()
            .any(|code| worked(row, code, "V"));
    }
    Some((sum, voided))
}

fn objection(call: &Call, documents: &[String], read: Read) -> Option<&'static str> {
    let order = call.order();
    let last = documents.last()?;
    let ours = |document: &&String| {
        says(document, "orderId", &order.id) || says(document, "orgOrderId", &order.id)
    };
    let approved = |document: &String| says(document, "responseCode", "VPS-0000");
    let any_row = |code: &str, status: &str| {
        let all = documents.iter().flat_map(|document| rows(document));
        let mut found = all.filter(|row| worked(row, code, status));
        found.any(|row| {
            let named = [only(row, "orderId"), only(row, "orgOrderId")];
            named.contains(&order.id)
        })
    };
    let of_amount = |code: &str| {
        let all = documents.iter().flat_map(|document| rows(document));
        let mut found = all.filter(|row| worked(row, code, "N"));
        found.any(|row| minor(&only(row, "amount")) == Some(order.amount.minor))
    };
    let first = if is_hold(call) { "1004" } else { "1000" };
    match read {
        Read::Unknown => {
            // Failed tries alone may be those of before ours.
            let all = rows(last);
            let failed = all
                .iter()
                .all(|row| only(row, "responseCode") != "VPS-0000");
            let is_earlier = approved(last) && !all.is_empty() && failed;
            (!says(last, "responseCode", "VPS-1123") && !is_earlier)
                .then_some("an order is unknown without the bank's code")
        }
        Read::Yes if call.text("/verb") == "loyalties" => {
            (!approved(last)).then_some("the purse was not told")
        }
        _ if !documents.iter().any(|document| ours(&document)) => Some("another order"),
        Read::GivenBack => (!approved(last)).then_some("the history was not answered"),
        Read::Yes => match call.text("/verb") {
            "charge" | "finish_3ds" => {
                let sold = approved(last) && says(last, "hostResponseCode", "00");
                let referred = said(last, "rrn")
                    .iter()
                    .any(|rrn| rrn.contains(|c| c != '0'));
                match () {
                    () if !sold => Some("the bank did not approve"),
                    () => (!referred).then_some("no reference"),
                }
            }
            _ => {
                let done = documents
                    .iter()
                    .any(|document| approved(document) && says(document, "hostResponseCode", "00"));
                (!done).then_some("neither approved nor done before")
            }
        },
        Read::Held => match () {
            () if !any_row("1004", "N") => Some("nothing was held"),
            () => (!of_amount("1004")).then_some("another amount"),
        },
        Read::Taken => match () {
            () if is_hold(call) => (!any_row("1005", "N")).then_some("nothing was taken"),
            () if !any_row("1000", "N") => Some("nothing was taken"),
            () => (!of_amount("1000")).then_some("another amount"),
        },
        Read::Voided => {
            let back = told(last).is_some_and(|(sum, _)| sum > 0);
            (!any_row(first, "V") && !back).then_some("nothing was undone")
        }
    }
}

fn objection_to_return(call: &Call, returned: &Return<'_>) -> Option<&'static str> {
    let value = |name| returned.value(name);
    let account = call.account();
    let list = value("hashParams");
    let names = list.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    let mut text = String::new();
    for name in names.split('+') {
        text += value(name.trim());
    }
    let Ok(mut mac) = Hmac::<Sha512>::new_from_slice(account.threeds_key.expose().as_bytes())
    else {
        return Some("no key");
    };
    mac.update(text.as_bytes());
    let right = STANDARD.encode(mac.finalize().into_bytes());
    match () {
        () if value("hash") != right => Some("the return is not signed"),
        () if value("merchantSafeId") != account.client_id => Some("another merchant"),
        () if value("terminalSafeId") != account.terminal_id => Some("another terminal"),
        () if value("orderId") != call.order().id => Some("another order"),
        () if value("responseCode") != "VPS-0000" => Some("the bank did not approve"),
        () if !names.contains("merchantSafeId+terminalSafeId+orderId") => {
            Some("the order is not signed")
        }
        () if returned.sells => Some("the history was not asked"),
        () if !["secureId", "secureEcomInd", "secureData", "secureMd"]
            .into_iter()
            .all(|name| names.split('+').any(|known| known.trim() == name)) =>
        {
            Some("the proof is not signed")
        }
        () => None,
    }
}
