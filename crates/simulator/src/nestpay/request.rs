//! A `CC5Request` and the parts of it that several operations read.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::account::{self, Account};
use crate::fields::expiry;
use crate::latin5;
use crate::ledger::{Key, id_of_account};
use crate::xml::{self, Node};

const MAX_INSTALMENTS: u32 = 36;
/// How far the XML declaration is looked for.
const MAX_DECLARATION: usize = 100;

/// A request; an empty element when the body held none.
pub(crate) struct Request {
    root: Node,
    /// The account of its ClientId.
    pub(super) account: Option<&'static Account>,
}

impl Request {
    /// The bank takes the document as the body itself or as the form field `DATA`.
    pub(super) fn read(body: &[u8]) -> Request {
        let document = if body.trim_ascii_start().starts_with(b"<") {
            Some(body.into())
        } else {
            posted(body)
        };
        let root = document
            .and_then(|document| text_of(&document))
            .and_then(|text| xml::parse(&text).ok())
            .filter(|root| root.name == "CC5Request")
            .unwrap_or_default();
        let account = account::of(root.value("ClientId"));
        Request { root, account }
    }

    pub(super) fn value(&self, name: &str) -> &str {
        self.root.value(name)
    }

    pub(super) fn extra(&self, name: &str) -> &str {
        self.root
            .child("Extra")
            .map_or("", |extra| extra.value(name))
    }

    pub(super) fn order_id(&self) -> &str {
        self.value("OrderId")
    }

    /// The order of this account.
    pub(super) fn key(&self) -> Key {
        Key::Id(id_of_account(self.value("ClientId"), self.order_id()))
    }

    /// A sale after 3D Secure shows at least one of these.
    pub(super) fn is_secure(&self) -> bool {
        let shown = [
            "PayerTxnId",
            "PayerSecurityLevel",
            "PayerAuthenticationCode",
        ];
        shown.iter().any(|name| !self.value(name).is_empty())
    }

    /// The sealed session inside `md`, which has the shape BIN:proof:digits:##merchant.
    pub(super) fn proof(&self) -> &str {
        let mut parts = self.value("Number").split(':');
        parts.nth(1).unwrap_or_default()
    }
}

/// The form field `DATA`; its bytes are in the document's charset, not the form's.
fn posted(body: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut fields = body.split(|byte| *byte == b'&');
    let document = fields.find_map(|field| field.strip_prefix(b"DATA="))?;
    let spaced: Vec<u8> = document
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    Some(percent_decode(&spaced).collect::<Vec<u8>>().into())
}

/// UTF-8 where the document says so, else ISO-8859-9.
fn text_of(document: &[u8]) -> Option<String> {
    let head = document.get(..MAX_DECLARATION).unwrap_or(document);
    let head = latin5::decode(head).to_ascii_lowercase();
    let declaration = head.split("?>").next().unwrap_or_default();
    if declaration.contains("utf-8") {
        return std::str::from_utf8(document).ok().map(str::to_owned);
    }
    Some(latin5::decode(document))
}

/// Empty for a single payment.
pub(super) fn instalments(digits: &str) -> Option<u32> {
    match digits {
        "" => Some(0),
        digits => digits
            .parse()
            .ok()
            .filter(|count| (2..=MAX_INSTALMENTS).contains(count)),
    }
}

/// The year of two digits and the month of an expiry, whose year may have four.
pub(super) fn month_of(month: &str, year: &str) -> Option<(i16, i8)> {
    let year = match year.len() {
        4 => year.strip_prefix("20")?,
        _ => year,
    };
    expiry(&format!("{month}{year}"), false)
}
