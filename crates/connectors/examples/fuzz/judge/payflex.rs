//! What PayFlex's texts must say. No reply is signed: it must name our transaction.

use super::super::bench::Call;
use super::super::returns::{is_hold, only, pieces};
use super::{Judge, Read, Return, said, says, says_something};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

pub(super) const JUDGE: Judge = Judge {
    objection,
    told,
    objection_to_return: Some(objection_to_return),
    sign: None,
};

/// Kuruş of a sum in lira with two digits behind the point.
fn kurus(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "00"));
    let part = format!("{part:0<2}");
    format!("{whole}{part}").parse().ok()
}

/// What one row says went back.
fn told(document: &str) -> Option<(i64, bool)> {
    let row = pieces(document, "PaymentTransactionId").pop()?;
    let voided = ["IsCanceled", "IsReversed"]
        .iter()
        .any(|name| says(row, name, "true"));
    let sum = match only(row, "TotalRefundAmount") {
        Some(text) if !text.is_empty() => kurus(&text)?,
        _ => 0,
    };
    Some((sum, voided))
}

fn objection(call: &Call, documents: &[String], read: Read) -> Option<&'static str> {
    let order = call.order();
    let last = documents.last()?;
    // Ours, a capture of it, or a move: its id begins with 26 characters of the order's, or it names the order.
    let begins = &order.id[..order.id.len().min(26)];
    let ours: Vec<&String> = documents
        .iter()
        .filter(|document| {
            let ids = ["TransactionId", "ReferenceTransactionId"].map(|name| said(document, name));
            ids.concat().iter().any(|id| id.starts_with(begins))
        })
        .collect();
    let any = |name: &str, value: &str| ours.iter().any(|document| says(document, name, value));
    // The common payment has a name of its own for it, and a comma in its sums.
    let approved = || any("ResultCode", "0000") || any("Rc", "0000");
    let amount = |minor: i64| {
        let sums = ["Amount", "CurrencyAmount"];
        let is_ours = |text: &String| kurus(&text.replace(',', ".")) == Some(minor);
        ours.iter().any(|document| {
            sums.iter()
                .any(|name| said(document, name).iter().any(is_ours))
        })
    };
    let undone = || {
        let back = ours.iter().filter_map(|document| told(document));
        back.into_iter().any(|(sum, voided)| voided || sum > 0)
    };
    match read {
        // A count is a number, however many digits it is written with.
        Read::Unknown => {
            let counts = said(last, "TotalItemCount");
            let none = counts.iter().any(|count| count.parse() == Ok(0_u64));
            (!none).then_some("an order is unknown without a count of none")
        }
        _ if ours.is_empty() => Some("another order"),
        Read::GivenBack => (!approved()).then_some("the inquiry was not answered"),
        Read::Yes => {
            let has_reference = ours.iter().any(|document| says_something(document, "Rrn"));
            match call.text("/verb") {
                "void" => (!approved() && !undone()).then_some("neither undone nor undone before"),
                _ if !approved() => Some("the bank did not approve"),
                "charge" | "finish_3ds" if !has_reference => Some("no reference"),
                "charge" | "finish_3ds" => {
                    (!amount(order.amount.minor)).then_some("another amount")
                }
                "refund" | "capture" => {
                    let moved = call.moved(&order).minor;
                    (!amount(moved)).then_some("another amount was moved")
                }
                _ => None,
            }
        }
        Read::Held => match () {
            () if !any("TransactionType", "Auth") || !approved() => Some("nothing was held"),
            () => (!amount(order.amount.minor)).then_some("another amount"),
        },
        Read::Taken => match () {
            () if !approved() => Some("nothing was taken"),
            () if is_hold(call) => {
                (!any("TransactionType", "Capture")).then_some("nothing was captured")
            }
            () => (!amount(order.amount.minor)).then_some("another amount"),
        },
        Read::Voided => (!undone()).then_some("nothing was undone"),
    }
}

fn objection_to_return(call: &Call, returned: &Return<'_>) -> Option<&'static str> {
    let value = |name| returned.value(name).trim();
    let account = call.account();
    let order = call.order();
    let password = match account.threeds_key.expose() {
        "" => account.users[0].password.expose(),
        own => own,
    };
    let eci = format!("{:0>2}", value("Eci"));
    let text = [
        value("VerifyEnrollmentRequestId"),
        value("MerchantId"),
        value("PurchCurrency"),
        value("PurchAmount"),
        if value("Eci").is_empty() { "" } else { &eci },
        value("Cavv"),
        value("MdStatus"),
        value("Status"),
        password,
    ]
    .concat();
    let right = STANDARD.encode(Sha256::digest(text));
    let status = match value("Status") {
        "Y" => returned.status == 1,
        "A" => (2..=4).contains(&returned.status),
        _ => false,
    };
    match () {
        () if !["", right.as_str()].contains(&value("Hash")) => Some("the return is not signed"),
        () if value("MerchantId") != account.client_id => Some("another merchant"),
        () if value("VerifyEnrollmentRequestId") != order.id => Some("another order"),
        () if value("PurchAmount") != order.amount.minor.to_string() => Some("another amount"),
        () if !status => Some("another status"),
        () => None,
    }
}
