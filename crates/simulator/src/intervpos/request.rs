//! A message's form and the parts of it that several operations read.

use std::collections::HashMap;

use percent_encoding::percent_decode;

use crate::latin5;
use crate::ledger::{Key, Kind};

const MAX_INSTALMENTS: u32 = 36;
const MAX_ORDER_ID: usize = 64;

/// A form; of several fields under a name the last one counts.
pub(crate) struct Request(HashMap<String, String>);

impl Request {
    /// Clients send UTF-8 and ISO-8859-9 without saying which.
    pub(super) fn read(body: &[u8]) -> Request {
        let fields = body.split(|byte| *byte == b'&').map(|field| {
            let at = field.iter().position(|byte| *byte == b'=');
            let (name, value) = field.split_at(at.unwrap_or(field.len()));
            (
                text_of(name),
                text_of(value.strip_prefix(b"=").unwrap_or(value)),
            )
        });
        Request(fields.collect())
    }

    /// A field's text; empty without one.
    pub(super) fn value(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// What a follow-up is about goes under a name of its own.
    pub(super) fn order_id(&self) -> &str {
        match self.value("orgOrderId") {
            "" => self.value("OrderId"),
            id => id,
        }
    }

    pub(super) fn key(&self) -> Key {
        Key::Id(self.value("orgOrderId").to_owned())
    }

    /// A sale after 3D Secure shows at least one of these.
    pub(super) fn is_secure(&self) -> bool {
        let shown = ["MD", "PayerTxnId", "PayerAuthenticationCode"];
        shown.iter().any(|name| !self.value(name).is_empty())
    }
}

fn text_of(encoded: &[u8]) -> String {
    let spaced: Vec<u8> = encoded
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    let bytes: Vec<u8> = percent_decode(&spaced).collect();
    String::from_utf8(bytes).unwrap_or_else(|error| latin5::decode(error.as_bytes()))
}

/// What a transaction type is.
pub(super) fn kind(name: &str) -> Kind {
    if name == "PreAuth" {
        Kind::Hold
    } else {
        Kind::Sale
    }
}

/// Empty or zero for a single payment.
pub(super) fn instalments(digits: &str) -> Option<u32> {
    match digits {
        "" | "0" => Some(0),
        digits => digits
            .parse()
            .ok()
            .filter(|count| (2..=MAX_INSTALMENTS).contains(count)),
    }
}

/// ISO 4217 numbers that the bank takes.
pub(super) fn is_currency(number: &str) -> bool {
    ["949", "840", "978", "826"].contains(&number)
}

/// What can be an order id; a semicolon would end a value in the reply.
pub(super) fn is_order_id(id: &str) -> bool {
    let sound = |letter: char| !letter.is_control() && letter != ';';
    !id.is_empty() && id.chars().count() <= MAX_ORDER_ID && id.chars().all(sound)
}
