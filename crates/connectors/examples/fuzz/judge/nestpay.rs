//! What NestPay's texts must say. No reply is signed: it must name our order.

use super::super::bench::Call;
use super::super::returns::is_hold;
use super::{Judge, Read, Return, said, says, says_something};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha512};

pub(super) const JUDGE: Judge = Judge {
    objection,
    told,
    objection_to_return: Some(objection_to_return),
    sign: None,
};

/// The columns of every row of a history.
fn rows(document: &str) -> Vec<Vec<String>> {
    let names = (1..=50).map(|number| format!("TRX{number}"));
    let rows = names.flat_map(|name| said(document, &name));
    rows.map(|row| {
        row.split('\t')
            .map(|column| column.trim().to_owned())
            .collect()
    })
    .collect()
}

fn told(document: &str) -> Option<(i64, bool)> {
    let (mut sum, mut voided) = (0_i64, false);
    for row in rows(document) {
        let [kind, state, amount] = row.get(..3)? else {
            return None;
        };
        let outcome = row.get(9)?;
        match (kind.as_str(), outcome == "00", state == "V") {
            ("C", true, false) => sum = sum.checked_add(amount.parse().ok()?)?,
            ("S", true, true) => voided = true,
            // A hold whose capture was undone has the moment of the void.
            ("S", true, false) => voided |= state == "A" && !row.get(6)?.is_empty(),
            _ => {}
        }
    }
    Some((sum, voided))
}

fn objection(call: &Call, documents: &[String], read: Read) -> Option<&'static str> {
    let order = call.order();
    let last = documents.last()?;
    let ours: Vec<&String> = documents
        .iter()
        .filter(|document| says(document, "OrderId", &order.id))
        .collect();
    let any = |name: &str, value: &str| ours.iter().any(|document| says(document, name, value));
    let approved = || any("Response", "Approved") && any("ProcReturnCode", "00");
    let state = |states: &[&str]| states.iter().any(|state| any("TRANS_STAT", state));
    let amount = |name: &str| {
        let is_ours = |text: &String| text.parse() == Ok(order.amount.minor);
        ours.iter()
            .any(|document| said(document, name).iter().any(is_ours))
    };
    match read {
        Read::Unknown => {
            let words = format!("No record found for {}", order.id);
            (!says(last, "ErrMsg", &words))
                .then_some("an order is unknown without the bank's words")
        }
        _ if ours.is_empty() => Some("another order"),
        Read::GivenBack => (!approved()).then_some("the history was not answered"),
        Read::Yes => {
            let moved = ours
                .iter()
                .any(|document| says_something(document, "HostRefNum"));
            let found = state(&["V", "C", "S"]) || !rows(last).is_empty();
            match call.text("/verb") {
                "loyalties" => (!approved()).then_some("the purse was not told"),
                "charge" | "finish_3ds" if !approved() => Some("the bank did not approve"),
                "charge" | "finish_3ds" => (!moved).then_some("no reference"),
                _ => (!approved() && !found).then_some("neither approved nor done before"),
            }
        }
        Read::Held => match () {
            () if !state(&["A"]) => Some("nothing was held"),
            () => (!amount("ORIG_TRANS_AMT")).then_some("another amount"),
        },
        Read::Taken => match () {
            () if !state(&["C", "S"]) => Some("nothing was taken"),
            () if is_hold(call) => None,
            () => (!amount("CAPTURE_AMT")).then_some("another amount"),
        },
        Read::Voided => {
            let back = ours.iter().filter_map(|document| told(document));
            let back: Vec<_> = back.collect();
            let undone = back.iter().any(|(sum, voided)| *voided || *sum > 0);
            (!state(&["V", "CNCL"]) && !undone).then_some("nothing was undone")
        }
    }
}

/// What version 3 does not sign.
const UNSIGNED: [&str; 4] = ["hash", "encoding", "nationalidno", "countdown"];

fn objection_to_return(call: &Call, returned: &Return<'_>) -> Option<&'static str> {
    let value = |name| returned.value(name);
    let account = call.account();
    let (order, key) = (call.order(), account.threeds_key.expose());
    let is_3 = value("hashAlgorithm").eq_ignore_ascii_case("ver3");
    let right = if is_3 {
        let mut all: Vec<(String, String)> = Vec::new();
        for (name, value) in returned.fields {
            let name = name.to_ascii_lowercase();
            if !UNSIGNED.contains(&name.as_str()) {
                all.push((name, value.replace('\\', "\\\\").replace('|', "\\|")));
            }
        }
        all.sort();
        let mut text = String::new();
        for (_, value) in all {
            text += &value;
            text.push('|');
        }
        STANDARD.encode(Sha512::digest(text + key))
    } else {
        let names = ["clientid", "oid", "mdStatus", "cavv", "eci", "md", "rnd"];
        let text: String = names.into_iter().map(value).collect();
        STANDARD.encode(Sha1::digest(text + key))
    };
    let amount = format!(
        "{}.{:02}",
        order.amount.minor / 100,
        order.amount.minor % 100
    );
    match () {
        () if value("hash") != right => Some("the return is not signed"),
        () if value("clientid") != account.client_id => Some("another merchant"),
        () if value("oid") != order.id => Some("another order"),
        () if value("mdStatus") != returned.status.to_string() => Some("another status"),
        () if is_3 && value("amount") != amount => Some("another amount"),
        () if !returned.sells => None,
        () if !is_3 => Some("version 1 signs no sale"),
        () if value("ProcReturnCode").trim() != "00" => Some("the sale was not approved"),
        () if !value("Response").trim().eq_ignore_ascii_case("Approved") => {
            Some("the sale was not approved")
        }
        () => None,
    }
}
