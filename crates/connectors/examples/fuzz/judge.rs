//! Whether a text really says what a connector read in it. Reads by plain search, shares no code with
//! the connectors, and knows only what must stand in the text: one mistake cannot agree with itself.

use super::bench::{Call, upper_hex};
use super::returns::{self, Claim, all_is_back, is_hold};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// All texts that stand in elements of this name, without blanks around them.
pub(crate) fn said(document: &str, name: &str) -> Vec<String> {
    let lower = document.to_ascii_lowercase();
    let open = format!("<{}", name.to_ascii_lowercase());
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = lower[from..].find(&open) {
        from += at + open.len();
        let rest = &document[from..];
        let whole_name = rest.starts_with(|c: char| c == '>' || c == '/' || c.is_whitespace());
        let Some(end) = rest.find('>').filter(|_| whole_name) else {
            continue;
        };
        let text = &rest[end + 1..];
        let close = text.find("</").unwrap_or(text.len());
        found.push(plain(&text[..close]));
    }
    found
}

/// A text without markup that means nothing.
fn plain(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some((start, end)) = text.find("<!--").zip(text.find("-->")) {
        if start < end {
            text.replace_range(start..end + 3, "")
        } else {
            break;
        }
    }
    let text = text.replace("<![CDATA[", "").replace("]]>", "");
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let reference = after.split_once(';');
        let meant = reference.and_then(|(name, behind)| Some((character(name)?, behind)));
        rest = match meant {
            Some((character, behind)) => {
                plain.push(character);
                behind
            }
            None => {
                plain.push('&');
                after
            }
        };
    }
    plain.push_str(rest);
    plain.trim().to_owned()
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        number => {
            let number = number.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

fn says(document: &str, name: &str, value: &str) -> bool {
    said(document, name)
        .iter()
        .any(|text| text.eq_ignore_ascii_case(value))
}

/// Why a bank's answer is not what the documents say; nothing when it is.
pub(crate) fn objection(
    protocol: &str,
    call: &Call,
    documents: &[String],
    answer: &str,
) -> Option<&'static str> {
    let read = [
        ("Approved(", Read::Yes),
        ("Captured(", Read::Taken),
        ("Held(", Read::Held),
        ("Voided", Read::Voided),
        ("NotFound", Read::Unknown),
        ("GivenBack", Read::GivenBack),
    ];
    let read = read.into_iter().find(|(word, _)| {
        let rest = answer.strip_prefix("Ok(\n    ");
        rest.is_some_and(|rest| rest.starts_with(word))
    });
    let last = documents.last().filter(|_| !documents.is_empty())?;
    let (_, read) = read?;
    let claimed = Claim::of(answer);
    let wrong_sum = claimed.and_then(|claim| returns::objection(protocol, last, &claim));
    match (protocol, read) {
        ("garanti", read) => wrong_sum.or_else(|| garanti(call, documents, read)),
        (_, Read::Unknown) => {
            let known = ["E219", "0122", "0123"];
            let said = known.iter().any(|code| says(last, "respCode", code));
            (!said).then_some("an order is unknown without the bank's code for it")
        }
        (_, Read::Yes) => posnet_approval(call, documents),
        (_, Read::GivenBack) => wrong_sum.or_else(|| posnet_record(call, last)),
        (_, read) => posnet_standing(call, last, read),
    }
}

/// What a connector read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    Yes,
    Taken,
    Held,
    Voided,
    Unknown,
    GivenBack,
}

/// The order id as PosNet knows it.
fn posnet_id(call: &Call) -> String {
    let id = call.order().id;
    if call.0["threeds"] == true {
        format!("TDS_{id}")
    } else {
        format!("{id:0>24}")
    }
}

/// What must hold of every list of the inquiry that something is read in.
fn posnet_record(call: &Call, document: &str) -> Option<&'static str> {
    match () {
        () if !says(document, "approved", "1") => Some("the inquiry was not approved"),
        () if !says(document, "orderID", &posnet_id(call)) => Some("another order"),
        () if !says(document, "currencyCode", "TL") => Some("another currency"),
        () => None,
    }
}

fn posnet_standing(call: &Call, document: &str, read: Read) -> Option<&'static str> {
    let minor = call.order().amount.minor;
    let amounts = said(document, "amount");
    let amount = amounts.iter().any(|text| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        text.contains(',') && digits.parse() == Ok(minor)
    });
    let statuses = said(document, "txnStatus");
    let states = said(document, "state");
    let is = |word: &str| states.iter().any(|state| state == word);
    let undoes = |state: &String| state.ends_with("_Reverse") && !state.contains("Return_");
    let undone = states.iter().any(undoes);
    let worked = statuses.iter().any(|status| status == "1");
    let failed = statuses.iter().any(|status| status == "0");
    let taken = read == Read::Taken;
    match () {
        () if posnet_record(call, document).is_some() => posnet_record(call, document),
        () if !amount && !is("Capture") => Some("another amount"),
        () if is_hold(call) && (is("Sale") || is("Bonus_Usage")) => Some("a sale for a hold"),
        () if !is_hold(call) && (is("Authorization") || is("Capture")) => Some("a hold for a sale"),
        () if read == Read::Held && !(is("Authorization") || is("Authorization_Reverse")) => {
            Some("nothing was held")
        }
        () if taken && is_hold(call) && !(is("Capture") || is("Capture_Reverse")) => {
            Some("nothing was captured")
        }
        () if read != Read::Voided && !(worked || undone && failed) => Some("no sale that worked"),
        () if taken && undone && !failed => Some("it was undone"),
        () if read != Read::Voided || worked && undone => None,
        () => (!all_is_back("posnet", call, document)).then_some("no reversal that worked"),
    }
}

fn posnet_approval(call: &Call, documents: &[String]) -> Option<&'static str> {
    let last = documents.last().map_or("", String::as_str);
    let approved = says(last, "approved", "1");
    match call.text("/verb") {
        "void" => {
            let done_before = ["0220", "0370"]
                .iter()
                .any(|code| says(last, "respCode", code));
            let undone = documents.iter().any(|document| {
                said(document, "state")
                    .iter()
                    .any(|state| state.ends_with("_Reverse"))
            });
            // Of a capture two steps: the first gives the money back, the second may be refused.
            let before = documents.get(1).map_or("", String::as_str);
            let money_is_back = ["0220", "0370"]
                .iter()
                .any(|code| says(before, "respCode", code))
                || says(before, "approved", "1");
            let half_done = documents.len() == 3 && money_is_back;
            let all_is_back = documents.len() == 1 && all_is_back("posnet", call, last);
            let done = approved || done_before || undone || half_done || all_is_back;
            (!done).then_some("the void was not approved")
        }
        "finish_3ds" if !signed(call, last, "hostlogkey") => Some("the MAC of the sale is wrong"),
        "verify_3ds" if !signed(call, last, "mdStatus") => Some("the MAC of the order is wrong"),
        "loyalties" => {
            let approved = documents
                .iter()
                .any(|document| says(document, "approved", "1"));
            (!approved).then_some("neither question was approved")
        }
        "charge" | "finish_3ds" | "capture" if !says_something(last, "hostlogkey") => {
            Some("no reference")
        }
        _ => (!approved).then_some("the bank did not approve"),
    }
}

fn says_something(document: &str, name: &str) -> bool {
    said(document, name).iter().any(|text| !text.is_empty())
}

/// Whether some MAC in the document is that of our order under some word in it.
fn signed(call: &Call, document: &str, word: &str) -> bool {
    let (account, order) = (call.account(), call.order());
    let digest = |text: String| STANDARD.encode(Sha256::digest(text));
    let terminal = match account.threeds_terminal_id.as_str() {
        "" => &account.terminal_id,
        other => other,
    };
    let first = digest(format!("{};{terminal}", account.threeds_key.expose()));
    let mut words = said(document, word);
    words.push(String::new());
    words.iter().any(|word| {
        let minor = order.amount.minor;
        let text = format!(
            "{word};{};{minor};TL;{};{first}",
            order.id, account.client_id
        );
        said(document, "mac").contains(&digest(text))
    })
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
pub(crate) fn garanti_hash(call: &Call, values: [&str; 5]) -> String {
    upper_hex(&Sha512::digest(format!(
        "{}{}",
        values.concat(),
        security(call)
    )))
}

/// The part of a Garanti reply that its hash is about.
pub(crate) fn transaction(document: &str) -> &str {
    let lower = document.to_ascii_lowercase();
    lower.find("<transaction").map_or("", |at| &document[at..])
}

fn garanti(call: &Call, documents: &[String], read: Read) -> Option<&'static str> {
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
        let hash = garanti_hash(call, values);
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

/// Why a 3DS return of Garanti proves nothing; nothing when it does. `status` is what the connector
/// read.
pub(crate) fn objection_to_return(
    call: &Call,
    fields: &[(String, String)],
    status: u8,
    sells: bool,
) -> Option<&'static str> {
    let value = |name: &str| {
        let found = fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    };
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
        () if value("mdstatus") != status.to_string() => Some("another status"),
        () if !sells => None,
        () if value("procreturncode") != "00" => Some("the sale was not approved"),
        () if value("txnamount") != call.order().amount.minor.to_string() => Some("another amount"),
        () => None,
    }
}
