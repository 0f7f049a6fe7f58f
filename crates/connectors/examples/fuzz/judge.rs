//! Whether a text really says what a connector read in it. Reads by plain search, shares no code with
//! the connectors, and knows only what must stand in the text: one mistake cannot agree with itself.
//! What a protocol must say stands in a file of its own.

mod akbank;
mod boa;
mod garanti;
mod intervpos;
mod nestpay;
mod param;
mod payflex;
mod payfor;
mod posnet;

use super::bench::Call;
use super::returns::{self, Claim};

/// What is known of one protocol.
pub(crate) struct Judge {
    /// Why an answer is not what the documents say; nothing when it is.
    objection: fn(&Call, &[String], Read) -> Option<&'static str>,
    /// The sum of what went back of an order, and whether some void worked; nothing where a piece of the
    /// document cannot be told.
    pub(crate) told: fn(&str) -> Option<(i64, bool)>,
    /// Why a 3DS return proves nothing; nothing when it does, or when no return is signed.
    pub(crate) objection_to_return: Option<fn(&Call, &Return<'_>) -> Option<&'static str>>,
    /// A reply with the hash that fits its values, where replies carry one.
    pub(crate) sign: Option<fn(&Call, &str) -> Option<String>>,
}

/// A browser that came back, and what a connector read in it.
pub(crate) struct Return<'a> {
    pub(crate) fields: &'a [(String, String)],
    /// How the shopper was verified.
    pub(crate) status: u8,
    /// The page sold.
    pub(crate) sells: bool,
}

impl Return<'_> {
    /// The first field of a name, whatever its case.
    fn value(&self, name: &str) -> &str {
        let mut fields = self.fields.iter();
        let found = fields.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

/// The judge of a protocol.
pub(crate) fn of(protocol: &str) -> &'static Judge {
    match protocol {
        "akbank" => &akbank::JUDGE,
        "garanti" => &garanti::JUDGE,
        "intervpos" => &intervpos::JUDGE,
        "kuveyt" | "vakif_katilim" => &boa::JUDGE,
        "nestpay" => &nestpay::JUDGE,
        "param" => &param::JUDGE,
        "payfor" => &payfor::JUDGE,
        "payflex" => &payflex::JUDGE,
        "posnet" => &posnet::JUDGE,
        other => panic!("no judge of {other}"),
    }
}

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

fn says_something(document: &str, name: &str) -> bool {
    said(document, name).iter().any(|text| !text.is_empty())
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
    let rest = answer.strip_prefix("Ok(\n    ")?;
    let mut known = read.into_iter();
    let found = known.find(|(word, _)| rest.starts_with(word));
    // A page's sale that the bank was asked about.
    let of_page = rest.starts_with("PageOutcome") && rest.contains("Approved(");
    let read = match found {
        Some((_, read)) => read,
        None if of_page => Read::Taken,
        None => return None,
    };
    let last = documents.last()?;
    let judge = of(protocol);
    let claimed = Claim::of(answer);
    let wrong_sum = claimed.and_then(|claim| returns::objection(judge, last, &claim));
    wrong_sum.or_else(|| (judge.objection)(call, documents, read))
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
