//! What PayFor's texts must say. No reply is signed: it must name our order. A return is signed, but for Ziraat
//! Katılım's, of which the bank's record must tell.

use super::super::bench::Call;
use super::super::returns::{is_hold, pieces};
use super::{Judge, Read, Return, said, says, says_something};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

pub(super) const JUDGE: Judge = Judge {
    objection,
    told,
    objection_to_return: Some(objection_to_return),
    sign: None,
};

/// Kuruş of a text as the bank writes lira.
fn kurus(text: &str) -> Option<i64> {
    let (lira, part) = text.split_once('.').unwrap_or((text, ""));
    let part = match part.len() {
        0 => "00".to_owned(),
        1 => format!("{part}0"),
        2 => part.to_owned(),
        _ => return None,
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(lira) && digits(&part)).then(|| format!("{lira}{part}").parse().ok())?
}

/// The transactions of a history, or the one that an inquiry tells.
fn transactions(document: &str) -> Vec<&str> {
    match pieces(document, "PaymentRequest") {
        none if none.is_empty() => vec![document],
        all => all,
    }
}

fn is(piece: &str, name: &str, values: &[&str]) -> bool {
    values.iter().any(|value| says(piece, name, value))
}

fn worked(piece: &str) -> bool {
    says(piece, "ProcReturnCode", "00") && says(piece, "TxnResult", "Success")
}

/// What went back: refunds that worked, and a void of the order's first transaction or of the capture.
fn told(document: &str) -> Option<(i64, bool)> {
    let (mut sum, mut voided) = (0_i64, false);
    for piece in transactions(document) {
        if !worked(piece) {
            continue;
        }
        if is(piece, "TxnType", &["Refund", "ParaPuanRefund"]) && says(piece, "TxnStatus", "Y") {
            let [amount] = &said(piece, "PurchAmount")[..] else {
                return None;
            };
            sum = sum.checked_add(kurus(amount)?)?;
        }
        voided |= is(
            piece,
            "TxnType",
            &["Auth", "ParaPuanAuth", "PreAuth", "PostAuth"],
        ) && says(piece, "TxnStatus", "V");
    }
    Some((sum, voided))
}

fn objection(call: &Call, documents: &[String], read: Read) -> Option<&'static str> {
    let order = call.order();
    let last = documents.last()?;
    let named = |document: &str| is_named(document, &order.id);
    let ours: Vec<&str> = documents
        .iter()
        .flat_map(|document| transactions(document))
        .filter(|piece| named(piece))
        .collect();
    let any = |holds: &dyn Fn(&str) -> bool| ours.iter().any(|piece| holds(piece));
    let amount = |piece: &str| {
        let told = said(piece, "PurchAmount");
        told.iter()
            .any(|text| kurus(text) == Some(order.amount.minor))
    };
    let approved = |piece: &str| {
        says(piece, "ProcReturnCode", "00")
            && says_something(piece, "AuthCode")
            && (says_something(piece, "HostRefNum") || says_something(piece, "F37"))
    };
    let state = |piece: &str, kinds: &[&str], status: &str| {
        worked(piece) && is(piece, "TxnType", kinds) && says(piece, "TxnStatus", status)
    };
    const FIRST: [&str; 3] = ["Auth", "ParaPuanAuth", "PreAuth"];
    match read {
        Read::Unknown => {
            let verified = any(&|piece| says(piece, "ProcReturnCode", "V033"));
            let unknown = says(last, "ProcReturnCode", "V013");
            (!unknown && !verified).then_some("an order is unknown without the bank's word")
        }
        Read::Yes if call.text("/verb") == "loyalties" => {
            (!says(last, "ProcReturnCode", "00")).then_some("the purse was not told")
        }
        // The bank's record proves what no hash does.
        Read::Yes if call.text("/verb") == "verify_3ds" => {
            let guid = call.text("/fields/RequestGuid");
            let proven = any(&|piece| {
                says(piece, "ProcReturnCode", "V033")
                    && says(piece, "RequestGuid", guid)
                    && says(piece, "Currency", "949")
                    && amount(piece)
            });
            (!proven).then_some("the bank's record proves nothing")
        }
        _ if ours.is_empty() => Some("another order"),
        Read::GivenBack => None,
        Read::Yes => {
            let done_before = any(&|piece| state(piece, &FIRST, "V"))
                || any(&|piece| state(piece, &["PostAuth"], "Y"))
                || any(&|piece| says(piece, "IsRefunded", "true"));
            let is_sale = matches!(call.text("/verb"), "charge" | "finish_3ds");
            let is_approved = any(&approved);
            (!is_approved && (is_sale || !done_before))
                .then_some("neither approved nor done before")
        }
        Read::Held => {
            let held = any(&|piece| state(piece, &["PreAuth"], "Y") && amount(piece));
            (!held).then_some("nothing was held")
        }
        Read::Taken => {
            let taken = any(&|piece| {
                if is_hold(call) {
                    state(piece, &["PostAuth"], "Y")
                } else {
                    state(piece, &["Auth", "ParaPuanAuth"], "Y") && amount(piece)
                }
            });
            (!taken).then_some("nothing was taken")
        }
        Read::Voided => {
            let undone = any(&|piece| state(piece, &FIRST, "V"));
            let back = any(&|piece| says(piece, "IsRefunded", "true"));
            let sums = documents.iter().filter_map(|document| told(document));
            let summed = sums.into_iter().any(|(sum, _)| sum > 0);
            (!undone && !back && !summed).then_some("nothing was undone")
        }
    }
}

/// Short replies name the order in one field, records in another.
fn is_named(piece: &str, id: &str) -> bool {
    says(piece, "TransId", id) || says(piece, "OrderId", id)
}

fn objection_to_return(call: &Call, returned: &Return<'_>) -> Option<&'static str> {
    let value = |name| returned.value(name);
    let account = call.account();
    let order = call.order();
    let user = &account.users.first()?.name;
    let text = [
        value("MerchantID"),
        account.threeds_key.expose(),
        value("OrderId"),
        value("AuthCode"),
        value("ProcReturnCode"),
        value("3DStatus"),
        value("ResponseRnd"),
        user,
    ];
    let right = STANDARD.encode(Sha1::digest(text.concat()));
    let outcome = if returned.sells { "00" } else { "V033" };
    match () {
        () if value("ResponseHash") != right => Some("the return is not signed"),
        () if value("MerchantID") != account.client_id => Some("another merchant"),
        () if value("OrderId") != order.id => Some("another order"),
        () if value("ProcReturnCode") != outcome => Some("another outcome"),
        () if kurus(value("PurchAmount")) != Some(order.amount.minor) => Some("another amount"),
        () if !["1", "2", "3", "4"].contains(&value("3DStatus")) => Some("not verified"),
        () => None,
    }
}
