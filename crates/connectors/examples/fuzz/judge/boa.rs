//! What the texts of Kuveyt Türk and Vakıf Katılım must say. A payment is signed; everything else must name our order.

use super::super::bench::Call;
use super::super::returns::{is_hold, only, pieces};
use super::{Judge, Read, Return, said, says, says_something};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

pub(super) const JUDGE: Judge = Judge {
    objection,
    told,
    objection_to_return: Some(objection_to_return),
    sign: Some(sign),
};

fn hash_of(call: &Call, values: &[&str]) -> String {
    let digest = |text: String| STANDARD.encode(Sha1::digest(text));
    let account = call.account();
    let password = digest(account.users[0].password.expose().to_owned());
    digest(format!("{}{password}", values.concat()))
}

/// A text with prefixes of names removed: they say nothing.
fn bare(document: &str) -> String {
    let mut bare = document.replace("&#x0;", "");
    for prefix in ["a:", "s:", "A:", "S:"] {
        bare = bare.replace(&format!("<{prefix}"), "<");
        bare = bare.replace(&format!("</{prefix}"), "</");
    }
    bare
}

/// What stands behind the message that a reply repeats.
fn outer(document: &str) -> &str {
    let lower = document.to_ascii_lowercase();
    lower
        .find("</vposmessage")
        .map_or(document, |at| &document[at..])
}

/// Lira as minor units.
fn minor(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.')?;
    format!("{whole}{part}")
        .parse()
        .ok()
        .filter(|_| part.len() == 2)
}

/// The rows that tell of what worked.
fn worked(document: &str) -> Vec<String> {
    let document = bare(document);
    let rows = pieces(&document, "OrderContract").into_iter();
    rows.filter(|row| says(row, "TransactionStatus", "1"))
        .map(str::to_owned)
        .collect()
}

fn told(document: &str) -> Option<(i64, bool)> {
    let rows = worked(document);
    let row = rows.first()?;
    let back = minor(&only(row, "DrawbackAmount")?)?;
    Some((back, minor(&only(row, "CancelAmount")?)? > 0))
}

/// The reply with the hash that fits its values, as far as they can be found.
fn sign(call: &Call, document: &str) -> Option<String> {
    let part = outer(document);
    let first = |name| said(part, name).into_iter().next().unwrap_or_default();
    let [order, rrn, code, number, hash] = [
        "MerchantOrderId",
        "RRN",
        "ResponseCode",
        "OrderId",
        "HashData",
    ]
    .map(first);
    let right = hash_of(call, &[&order, &rrn, &code, &number]);
    (!hash.is_empty()).then(|| document.replace(&hash, &right))
}

/// Whether a hash in the document fits values in it.
fn is_signed(call: &Call, document: &str) -> bool {
    let all = |name: &str| {
        let mut found = said(document, name);
        found.push(String::new());
        found
    };
    let (orders, rrns) = (all("MerchantOrderId"), all("RRN"));
    let (codes, numbers, hashes) = (
        all("ResponseCode"),
        all("OrderId"),
        said(document, "HashData"),
    );
    orders.iter().any(|order| {
        rrns.iter().any(|rrn| {
            codes.iter().any(|code| {
                let fits =
                    |number: &String| hashes.contains(&hash_of(call, &[order, rrn, code, number]));
                numbers.iter().any(fits)
            })
        })
    })
}

fn objection(call: &Call, documents: &[String], read: Read) -> Option<&'static str> {
    let order = call.order();
    let documents: Vec<String> = documents.iter().map(|text| bare(text)).collect();
    let last = documents.last()?;
    let is_ours = |document: &String| says(document, "MerchantOrderId", &order.id);
    let rows: Vec<String> = documents.iter().flat_map(|text| worked(text)).collect();
    let row_says = |name: &str, values: &[&str]| {
        let any = |row: &String| values.iter().any(|value| says(row, name, value));
        rows.iter().any(|row| is_ours(row) && any(row))
    };
    let lira = format!(
        "{}.{:02}",
        order.amount.minor / 100,
        order.amount.minor % 100
    );
    let has = |name: &str| {
        let is_it = |text: &String| minor(text) == minor(&lira);
        rows.iter()
            .any(|row| is_ours(row) && said(row, name).iter().any(is_it))
    };
    match read {
        Read::Unknown => (!rows.is_empty()).then_some("a row tells of what worked"),
        Read::Yes => match call.text("/verb") {
            "begin_3ds" => None,
            "charge" | "finish_3ds" => match () {
                () if !is_ours(last) => Some("another order"),
                () if !is_signed(call, last) => Some("the payment is not signed"),
                () if !says(last, "ResponseCode", "00") => Some("the bank did not approve"),
                () if !says_something(last, "RRN") => Some("no reference"),
                () => {
                    let amount = order.amount.minor.to_string();
                    (!says(last, "Amount", &amount)).then_some("another amount")
                }
            },
            _ if !is_ours(last) => Some("another order"),
            _ => (!says(last, "ResponseCode", "00")).then_some("the bank did not approve"),
        },
        Read::GivenBack => rows.is_empty().then_some("no row tells of what worked"),
        _ if !has("FirstAmount") => Some("another amount"),
        Read::Taken if is_hold(call) => None,
        Read::Taken => (!row_says("LastOrderStatus", &["1", "5"])).then_some("nothing was taken"),
        Read::Held => (!row_says("LastOrderStatus", &["2", "3"])).then_some("nothing was held"),
        Read::Voided => (!row_says("LastOrderStatus", &["4", "6"])).then_some("nothing was undone"),
    }
}

fn objection_to_return(call: &Call, returned: &Return<'_>) -> Option<&'static str> {
    let brought = returned.value("AuthenticationResponse");
    let document = if brought.trim_start().starts_with('<') {
        bare(brought)
    } else {
        let whole = format!("x={}", brought.replace('&', "%26"));
        let mut decoded = form_urlencoded::parse(whole.as_bytes());
        let first = decoded.next();
        first.map_or_else(String::new, |(_, text)| bare(&text))
    };
    let value = |name: &str| match brought {
        "" => vec![returned.value(name).trim().to_owned()],
        _ => said(&document, name),
    };
    let (codes, numbers, hashes) = (value("ResponseCode"), value("OrderId"), value("HashData"));
    let order = call.order().id;
    let fits =
        |code: &String, number: &String| hashes.contains(&hash_of(call, &[&order, code, number]));
    let is_signed = codes
        .iter()
        .any(|code| numbers.iter().any(|number| fits(code, number)));
    match () {
        () if !is_signed => Some("the return is not signed"),
        () if !value("MerchantOrderId").contains(&order) => Some("another order"),
        () if !codes.iter().any(|code| code == "00") => Some("the card was not verified"),
        () => (returned.status != 1).then_some("another status"),
    }
}
