//! What Garanti's texts must say.

use super::super::bench::{Call, upper_hex};
use super::super::returns::{digits, is_hold, only, pieces};
use super::{Judge, Read, Return, said, says};
use sha1::Sha1;
use sha2::{Digest, Sha512};

pub(super) const JUDGE: Judge = Judge {
    objection,
    told,
    objection_to_return: Some(objection_to_return),
    sign: Some(sign),
};

fn told(document: &str) -> Option<(i64, bool)> {
    let (mut sum, mut voided) = (0_i64, false);
    for piece in pieces(document, "OrderTxn") {
        let kind = only(piece, "Type")?.to_ascii_lowercase();
        let amount = only(piece, "AuthAmount")?;
        let undone = !only(piece, "VoidDate")?.is_empty();
        match (kind.as_str(), only(piece, "Status")? == "00") {
            (_, false) => {}
            ("refund", true) if undone => {}
            ("refund" | "return" | "bonus_return", true) => {
                sum = sum.checked_add(digits(&amount)?)?;
            }
            (kind, true) => voided |= kind == "void" || kind.ends_with("_reverse") || undone,
        }
    }
    Some((sum, voided))
}

/// The reply with the hash that fits its values, as far as they can be found.
fn sign(call: &Call, document: &str) -> Option<String> {
    let transaction = transaction(document);
    let first = |document: &str, name: &str| said(document, name).into_iter().next();
    let order = first(document, "OrderID").unwrap_or_default();
    let [code, reference, approval, date, hash] =
        ["Code", "RetrefNum", "AuthCode", "ProvDate", "HashData"]
            .map(|name| first(transaction, name).unwrap_or_default());
    let right = hash_of(call, [&code, &reference, &approval, &date, &order]);
    (!hash.is_empty()).then(|| document.replace(&hash, &right))
}

/// Digest of password and terminal.
fn security(call: &Call) -> String {
    let account = call.account();
    let password = account.users[0].password.expose().to_owned();
    upper_hex(&Sha1::digest(format!(
        "{password}{:0>9}",
        account.terminal_id
    )))
}

/// The hash over the five values that a Garanti reply is signed over.
fn hash_of(call: &Call, values: [&str; 5]) -> String {
    upper_hex(&Sha512::digest(format!(
        "{}{}",
        values.concat(),
        security(call)
    )))
}

/// The part of a Garanti reply that its hash is about.
fn transaction(document: &str) -> &str {
    let lower = document.to_ascii_lowercase();
    lower.find("<transaction").map_or("", |at| &document[at..])
}

fn objection(call: &Call, documents: &[String], read: Read) -> Option<&'static str> {
    let proven: Vec<&String> = documents
        .iter()
        .filter(|document| is_signed(call, document))
        .collect();
    let order = call.order();
    let any = |name: &str, value: &str| proven.iter().any(|document| says(document, name, value));
    let amount = || {
        let sum = |document: &str| -> i64 {
            let first = |name| {
                said(document, name)
                    .first()
                    .and_then(|text| text.parse().ok())
            };
            let points = ["UsedBnsAmount", "UsedFBBAmount"].map(|name| first(name).unwrap_or(0));
            first("AuthAmount").unwrap_or(0) + points.iter().sum::<i64>()
        };
        let minor = order.amount.minor;
        let exactly = any("AuthAmount", &minor.to_string());
        let padded = proven.iter().any(|document| {
            said(document, "AuthAmount")
                .iter()
                .any(|text| text.parse() == Ok(minor))
        });
        exactly || padded || proven.iter().any(|document| sum(document) == minor)
    };
    let held = || any("PreAuthAmount", &order.amount.minor.to_string());
    let void_words = ["VOID", "VOIDED", "CANCELLED", "CANCELED", "REVERSED"];
    let undone = || void_words.iter().any(|word| any("Status", word));
    match () {
        () if proven.is_empty() => Some("no reply is signed"),
        () if !any("OrderID", &order.id) => Some("another order"),
        () if read == Read::Unknown => {
            let said = any("ReasonCode", "0108") || any("ReasonCode", "0110");
            (!said).then_some("an order is unknown without the bank's code for it")
        }
        () if read == Read::GivenBack => {
            (!any("Code", "00")).then_some("no code says that the history was answered")
        }
        () if read == Read::Taken && !any("Status", "APPROVED") => Some("no status says taken"),
        () if read == Read::Held && !any("Status", "WAITINGPOSTAUTH") => {
            Some("no status says held")
        }
        () if is_hold(call) && matches!(read, Read::Taken | Read::Held) => {
            (!held()).then_some("another amount held")
        }
        () if read == Read::Taken && !amount() => Some("another amount"),
        () if read == Read::Voided && !undone() => Some("no status says voided"),
        () if read == Read::Yes && !any("Code", "00") && !undone() => Some("no code says approved"),
        () => None,
    }
}

/// Whether some hash in the document fits some values in it.
fn is_signed(call: &Call, document: &str) -> bool {
    let hashes = said(document, "HashData");
    let transaction = transaction(document);
    let all = |name: &str| {
        let mut found = said(transaction, name);
        found.truncate(3);
        found.push(String::new());
        found
    };
    let (codes, references, approvals, dates) = (
        all("Code"),
        all("RetrefNum"),
        all("AuthCode"),
        all("ProvDate"),
    );
    let orders = said(document, "OrderID");
    let fits = |values| {
        let hash = hash_of(call, values);
        hashes
            .iter()
            .any(|received| received.eq_ignore_ascii_case(&hash))
    };
    codes.iter().any(|code| {
        references.iter().any(|reference| {
            approvals.iter().any(|approval| {
                dates.iter().any(|date| {
                    orders
                        .iter()
                        .any(|order| fits([code, reference, approval, date, order]))
                })
            })
        })
    })
}

fn objection_to_return(call: &Call, returned: &Return<'_>) -> Option<&'static str> {
    let value = |name| returned.value(name);
    let names = value("hashparams")
        .split(':')
        .filter(|name| !name.is_empty());
    let text: String = names.map(value).collect();
    let key = call.account().threeds_key;
    let hash = upper_hex(&Sha512::digest(format!("{text}{}", key.expose())));
    let order = call.order().id;
    match () {
        () if value("hash") != hash => Some("the return is not signed"),
        () if value("oid") != order && value("orderid") != order => Some("another order"),
        () if value("mdstatus") != returned.status.to_string() => Some("another status"),
        () if !returned.sells => None,
        () if value("procreturncode") != "00" => Some("the sale was not approved"),
        () if value("txnamount") != call.order().amount.minor.to_string() => Some("another amount"),
        () => None,
    }
}
