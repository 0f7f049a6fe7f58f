//! A merchant's message, at whichever gate it came in.

use std::borrow::Cow;

use super::hash;
use crate::fields::kurus;
use crate::latin5;
use crate::ledger::ACCOUNT_END;
use crate::xml::{self, Node};

const MAX_INSTALMENTS: u32 = 36;
const MAX_ORDER_ID: usize = 50;
/// How far the XML declaration is looked for.
const MAX_DECLARATION: usize = 100;

/// What a message is for: each has an address or a SOAP action of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// The order of a page that asks for the password.
    Pay,
    /// The sale after it.
    Provision,
    NonSecure,
    Hold,
    /// Takes all of a hold.
    Close,
    Reversal,
    HoldReversal,
    /// All of an order back.
    DrawBack,
    PartialDrawBack,
    /// Orders by their id.
    Status,
    /// Orders and what was done with them, by day.
    List,
}

/// A message; of empty elements when the body held none.
pub(crate) struct Message {
    pub(super) gate: Gate,
    ask: Node,
    /// What stands around it in SOAP; elsewhere the same.
    around: Option<Node>,
}

impl Message {
    pub(super) fn read(gate: Gate, root: &str, body: &[u8]) -> Message {
        let ask = xml::parse(&text_of(body)).ok();
        Message {
            gate,
            ask: ask.filter(|read| read.name == root).unwrap_or_default(),
            around: None,
        }
    }

    /// The message inside a SOAP envelope, whose operation has this name.
    pub(super) fn soap(gate: Gate, operation: &str, body: &[u8]) -> Message {
        let envelope = xml::parse(&text_of(body)).map(plain).unwrap_or_default();
        let mut inner = Some(&envelope).filter(|read| read.name == "Envelope");
        for name in ["Body", operation, "request"] {
            inner = inner.and_then(|read| read.child(name));
        }
        let around = inner.cloned().unwrap_or_default();
        Message {
            gate,
            ask: around.child("VPosMessage").cloned().unwrap_or_default(),
            around: Some(around),
        }
    }

    pub(super) fn is_soap(&self) -> bool {
        self.around.is_some()
    }

    pub(super) fn value(&self, name: &str) -> &str {
        self.ask.value(name)
    }

    /// A field beside the order's own, in SOAP.
    pub(super) fn outer(&self, name: &str) -> &str {
        self.around.as_ref().unwrap_or(&self.ask).value(name)
    }

    /// A field of an element of the order.
    pub(super) fn inner(&self, element: &str, name: &str) -> &str {
        self.ask.child(element).map_or("", |part| part.value(name))
    }

    pub(super) fn order_id(&self) -> &str {
        self.value("MerchantOrderId")
    }

    /// What can be an order id; the slash is the ledger's.
    pub(super) fn has_order_id(&self) -> bool {
        let sound = |letter: char| !letter.is_control() && letter != ACCOUNT_END;
        let id = self.order_id();
        !id.is_empty() && id.chars().count() <= MAX_ORDER_ID && id.chars().all(sound)
    }

    /// In kuruş.
    pub(super) fn amount(&self) -> Option<i64> {
        kurus(self.value("Amount"))
    }

    /// The bank's number of the order.
    pub(super) fn number(&self) -> Option<i64> {
        let number = self.outer("OrderId");
        number.parse().ok().filter(|number| *number > 0)
    }

    /// The ISO number of three digits; messages have four.
    pub(super) fn currency(&self) -> Option<&str> {
        let told = ["CurrencyCode", "FECCurrencyCode"].map(|name| self.value(name));
        let told = told.into_iter().filter(|code| !code.is_empty());
        let mut read = told.map(|code| match code {
            "0949" | "0840" | "0978" | "0826" => code.strip_prefix('0'),
            _ => None,
        });
        let first = read.next()??;
        read.all(|other| other == Some(first)).then_some(first)
    }

    /// Zero is a single payment.
    pub(super) fn instalments(&self) -> Option<u32> {
        let count = self.value("InstallmentCount").parse().ok()?;
        (count == 0 || (2..=MAX_INSTALMENTS).contains(&count)).then_some(count)
    }

    /// The sealed authentication, which the bank calls MD.
    pub(super) fn proof(&self) -> &str {
        metadata(&self.ask).unwrap_or_default()
    }

    /// What `HashData` must be.
    pub(super) fn hash(&self, password: &str) -> String {
        let names = [
            "MerchantId",
            "MerchantOrderId",
            "Amount",
            "OkUrl",
            "FailUrl",
            "UserName",
        ];
        let mut values = names.map(|name| self.value(name)).to_vec();
        values.push(password);
        hash(&values)
    }
}

/// The datum with the key MD, however deep it lies.
fn metadata(node: &Node) -> Option<&str> {
    if node.value("Key") == "MD" {
        return Some(node.value("Data"));
    }
    node.children.iter().find_map(metadata)
}

/// Names without the prefixes of their namespaces.
fn plain(mut node: Node) -> Node {
    if let Some((_, name)) = node.name.split_once(':') {
        node.name = name.to_owned();
    }
    node.children = node.children.into_iter().map(plain).collect();
    node
}

/// In the charset that the document names; without one, or with an unknown one, UTF-8.
fn text_of(document: &[u8]) -> Cow<'_, str> {
    let head = document.get(..MAX_DECLARATION).unwrap_or(document);
    let head = latin5::decode(head).to_ascii_lowercase();
    let declaration = head.split("?>").next().unwrap_or_default();
    if declaration.contains("iso-8859-9") {
        latin5::decode(document).into()
    } else if declaration.contains("iso-8859-1") {
        document
            .iter()
            .copied()
            .map(char::from)
            .collect::<String>()
            .into()
    } else {
        String::from_utf8_lossy(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_in_the_charset_that_it_names() {
        let of = |charset: &str, name: &[u8]| {
            let head = format!("<?xml version=\"1.0\" encoding=\"{charset}\"?><a>");
            text_of(&[head.as_bytes(), name, b"</a>"].concat()).into_owned()
        };
        assert!(of("ISO-8859-1", b"\xdc&#350;").ends_with("<a>Ü&#350;</a>"));
        assert!(of("iso-8859-9", b"\xde\xdd").ends_with("<a>Şİ</a>"));
        assert!(of("UTF-8", "Şü".as_bytes()).ends_with("<a>Şü</a>"));
    }
}
