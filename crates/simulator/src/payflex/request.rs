//! A message as XML (bare, or in the form field `prmstr`), or the form of an enrolment.

use super::account::{self, Account};
use crate::fields::{Form, expiry};
use crate::ledger::{ACCOUNT_END, Key, id_of_account};
use crate::xml::{self, Node, node, text};

const MAX_ID: usize = 40;
const MAX_INSTALMENTS: u32 = 36;

/// Which server a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Vpos,
    Search,
    Enrolment,
    /// Registration of a common payment, and the question after it.
    Register,
    Query,
    /// None that can be read.
    Nothing,
}

/// A request; an empty element when the body held none.
pub(crate) struct Request {
    pub(super) shape: Shape,
    root: Node,
    pub(super) account: Option<&'static Account>,
}

impl Request {
    pub(super) fn read(body: &[u8]) -> Request {
        let bare = body.trim_ascii_start().starts_with(b"<");
        let form = Form::read(if bare { b"" } else { body });
        let document = match std::str::from_utf8(body) {
            Ok(text) if bare => text,
            _ => form.field("prmstr"),
        };
        let root = if document.is_empty() {
            let fields = form.all().map(|(name, value)| text(name, value));
            node("Enrollment", fields.collect())
        } else {
            xml::parse(document).unwrap_or_default()
        };
        let shape = match root.name.as_str() {
            "VposRequest" => Shape::Vpos,
            "SearchRequest" => Shape::Search,
            "Enrollment" if !root.value("HostMerchantId").is_empty() => {
                match root.value("TransactionType") {
                    "" => Shape::Query,
                    _ => Shape::Register,
                }
            }
            "Enrollment" if !root.children.is_empty() => Shape::Enrolment,
            _ => Shape::Nothing,
        };
        let mut request = Request {
            shape,
            root,
            account: None,
        };
        let merchant = match shape {
            Shape::Search | Shape::Register | Shape::Query => "HostMerchantId",
            _ => "MerchantId",
        };
        request.account = account::of(request.value(merchant));
        request
    }

    /// A field's text, empty without one; a search has its fields in groups.
    pub(super) fn value(&self, name: &str) -> &str {
        let groups = match self.shape {
            Shape::Search => self.root.children.as_slice(),
            _ => std::slice::from_ref(&self.root),
        };
        let mut values = groups.iter().map(|group| group.value(name));
        values.find(|value| !value.is_empty()).unwrap_or_default()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        !self.value(name).is_empty()
    }

    pub(super) fn kind(&self) -> &str {
        self.value("TransactionType")
    }

    /// A search by dates alone.
    pub(super) fn is_list(&self) -> bool {
        self.has("StartDate") && !self.has("TransactionId") && !self.has("OrderId")
    }

    /// A sale after 3D Secure shows at least one of these.
    pub(super) fn is_secure(&self) -> bool {
        ["ECI", "CAVV", "MpiTransactionId"]
            .iter()
            .any(|name| self.has(name))
    }

    /// What a later message calls a transaction of this merchant by.
    pub(super) fn key(&self, account: &Account, own: &str) -> Key {
        Key::Naming {
            id: id_of_account(account.merchant, self.value("ReferenceTransactionId")),
            name: id_of_account(account.merchant, own),
        }
    }

    /// The year of two digits and the month of `YYYYMM`.
    pub(super) fn expires(&self) -> Option<(i16, i8)> {
        expiry(self.value("Expiry").strip_prefix("20")?, true)
    }
}

/// What can be an id; the slash is the ledger's.
pub(super) fn is_id(id: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_graphic() && char::from(byte) != ACCOUNT_END;
    (1..=MAX_ID).contains(&id.len()) && id.bytes().all(sound)
}

/// Absent for a single payment.
pub(super) fn instalments(digits: &str) -> Option<u32> {
    match digits {
        "" => Some(0),
        digits => digits
            .parse()
            .ok()
            .filter(|count| (2..=MAX_INSTALMENTS).contains(count)),
    }
}

/// ISO 4217 numbers that the banks take.
pub(super) fn is_currency(number: &str) -> bool {
    ["949", "840", "978", "826"].contains(&number)
}

/// How the banks number an association.
pub(super) fn brand(association: &str) -> &'static str {
    match association {
        "VISA" => "100",
        "MASTERCARD" => "200",
        "TROY" => "300",
        _ => "400",
    }
}
