//! What Param's texts must say. No reply is signed: those that name an order must name ours.

use super::super::bench::Call;
use super::super::returns::is_hold;
use super::{Judge, Read, Return, said, says};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

pub(super) const JUDGE: Judge = Judge {
    objection,
    told,
    objection_to_return: Some(objection_to_return),
    sign: None,
};

/// Lira in minor units, with a point or a comma.
fn minor(text: &str) -> Option<i64> {
    let (whole, rest) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let rest = format!("{rest:0<2}");
    if rest.len() != 2 {
        return None;
    }
    format!("{whole}{rest}").parse().ok()
}

fn told(document: &str) -> Option<(i64, bool)> {
    let sums = said(document, "Toplam_Iade_Tutar");
    let sum = match sums.first().map(String::as_str) {
        None | Some("") => 0,
        Some(text) => minor(text)?,
    };
    Some((sum, says(document, "Durum", "CANCEL")))
}

fn objection(call: &Call, documents: &[String], read: Read) -> Option<&'static str> {
    let order = call.order();
    let last = documents.last()?;
    let any = |name: &str, value: &str| documents.iter().any(|one| says(one, name, value));
    let number = |name: &str| {
        let is_number = |text: &String| text.parse::<u64>().is_ok_and(|number| number > 0);
        documents
            .iter()
            .any(|one| said(one, name).iter().any(is_number))
    };
    let done = || number("Sonuc");
    let named = any("Siparis_ID", &order.id);
    let amount = || {
        let is_ours = |text: &String| minor(text) == Some(order.amount.minor);
        documents
            .iter()
            .any(|one| said(one, "Toplam_Tutar").iter().any(is_ours))
    };
    match (read, call.text("/verb")) {
        (Read::Unknown, _) => {
            let record = documents
                .iter()
                .any(|one| said(one, "Durum").iter().any(|said| !said.is_empty()));
            record.then_some("an order is unknown that was told of")
        }
        (Read::Yes, "loyalties") => (!done()).then_some("the purse was not told"),
        (Read::Yes, "begin_3ds") => {
            let page = last.to_ascii_lowercase();
            let leads = page.contains("form") && page.contains("action");
            (!leads || !done()).then_some("no page")
        }
        (Read::Yes, "charge") if call.text("/order/currency") == "USD" => {
            let sold = done() && any("UCD_URL", "NONSECURE") && number("Islem_ID");
            (!sold).then_some("the sale was not made")
        }
        (Read::Yes, "charge") => {
            let sold = done() && named && any("UCD_HTML", "NONSECURE") && number("Islem_ID");
            (!sold).then_some("the sale was not made")
        }
        (Read::Yes, "finish_3ds") => {
            (!done() || !named || !number("Dekont_ID")).then_some("the sale was not made")
        }
        (Read::Yes, "capture") => {
            let captured = done() && named && number("Dekont_ID");
            (!captured).then_some("nothing was captured")
        }
        (Read::Yes, _) => {
            let undone = any("Durum", "CANCEL") || any("Durum", "REFUND");
            (!done() && !undone).then_some("neither done nor done before")
        }
        _ if !named => Some("another order"),
        (Read::GivenBack, _) => (!done()).then_some("the inquiry was not answered"),
        (Read::Held, _) => {
            let held = any("Islem_Tip", "PRE_AUTH") && last.contains("TRANS_STAT") && amount();
            (!held).then_some("nothing was held")
        }
        (Read::Taken, _) => match () {
            () if !any("Durum", "SUCCESS") && !any("Durum", "PARTIAL_REFUND") => {
                Some("nothing was taken")
            }
            () if is_hold(call) => None,
            () => (!amount()).then_some("another amount"),
        },
        (Read::Voided, _) => {
            let undone = any("Durum", "CANCEL") || any("Durum", "REFUND");
            (!undone).then_some("nothing was undone")
        }
    }
}

fn objection_to_return(call: &Call, returned: &Return<'_>) -> Option<&'static str> {
    let value = |name| returned.value(name);
    let account = call.account();
    let (order, key) = (call.order(), account.threeds_key.expose());
    let mut text = Vec::new();
    for name in ["islemGUID", "md", "mdStatus", "orderId"] {
        // Every letter of the key and of what was signed has a byte in ISO-8859-9.
        text.extend_from_slice(value(name).as_bytes());
    }
    text.extend_from_slice(key.to_lowercase().as_bytes());
    match () {
        () if value("islemHash") != STANDARD.encode(Sha1::digest(&text)) => {
            Some("the return is not signed")
        }
        () if value("orderId") != order.id => Some("another order"),
        () if value("mdStatus") != returned.status.to_string() => Some("another status"),
        () => {
            let amount = value("transactionAmount").replace('.', "");
            let other = !amount.is_empty() && minor(&amount) != Some(order.amount.minor);
            other.then_some("another amount")
        }
    }
}
