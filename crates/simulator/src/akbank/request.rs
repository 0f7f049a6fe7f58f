//! A message and the parts of it that several operations read.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::Value;

use super::account::{MERCHANT, TERMINAL, sign};
use super::answer::Answer;
use super::{Reply, invalid};
use crate::cards::Purse;
use crate::clock::from_istanbul;
use crate::fields::lira;
use crate::ledger::Key;
use crate::seal::same;

const MAX_INSTALMENTS: u32 = 36;
const MAX_ORDER_ID: usize = 36;
const RANDOM_DIGITS: usize = 128;

/// A message; null where the body held none.
pub(crate) struct Request {
    root: Value,
    /// The address that it was sent to.
    pub(super) path: String,
    /// The signature is that of the body.
    signed: bool,
}

impl Request {
    pub(super) fn read(path: &str, signature: &[u8], body: &[u8]) -> Request {
        Request {
            root: serde_json::from_slice(body).unwrap_or_default(),
            path: path.to_owned(),
            signed: same(sign(&[body]).as_bytes(), signature),
        }
    }

    /// Shape, account, signature and what stands in every message.
    pub(super) fn check(&self) -> Result<(), Reply> {
        if !self.root.is_object() {
            return invalid("body");
        }
        if self.at("terminal", "merchantSafeId") != MERCHANT
            || self.at("terminal", "terminalSafeId") != TERMINAL
        {
            return invalid("terminal");
        }
        if !self.signed {
            return invalid("auth-hash");
        }
        if self.top("version") != "1.00" {
            return invalid("version");
        }
        let random = self.top("randomNumber");
        let hex = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte);
        if random.len() != RANDOM_DIGITS || !random.bytes().all(hex) {
            return invalid("randomNumber");
        }
        if moment(self.top("requestDateTime")).is_none() {
            return Err(Answer::gateway("1073", "").into());
        }
        Ok(())
    }

    /// The text of a field that stands alone, or of one in a block, where it is a text or a number.
    pub(super) fn top(&self, name: &str) -> &str {
        text(self.root.get(name))
    }

    pub(super) fn at(&self, block: &str, name: &str) -> &str {
        text(self.block(block).and_then(|block| block.get(name)))
    }

    pub(super) fn block(&self, name: &str) -> Option<&Value> {
        self.root.get(name).filter(|block| block.is_object())
    }

    /// What the message asks for.
    pub(super) fn code(&self) -> &str {
        self.top("txnCode")
    }

    pub(super) fn order_id(&self) -> &str {
        self.at("order", "orderId")
    }

    /// The repeated payment that the message is about, by its number; empty where it would make one.
    pub(super) fn plan(&self) -> Option<&str> {
        let track = self.at("order", "orderTrackId");
        let planned = !track.is_empty() || self.block("recurring").is_some();
        planned.then_some(track)
    }

    pub(super) fn key(&self) -> Result<Key, Reply> {
        if is_order_id(self.order_id()) {
            Ok(Key::Id(self.order_id().to_owned()))
        } else {
            invalid("order.orderId")
        }
    }

    /// In kuruş.
    pub(super) fn amount(&self) -> Option<i64> {
        lira(self.at("transaction", "amount"))
    }

    /// The points that the message wants to spend; none where it says nothing of them.
    pub(super) fn rewards(&self) -> Option<Purse> {
        rewards(|name| self.at("reward", name))
    }

    /// A sale after 3D Secure.
    pub(super) fn is_secure(&self) -> bool {
        self.block("secureTransaction").is_some()
    }
}

fn text(value: Option<&Value>) -> &str {
    match value {
        Some(Value::String(text)) => text,
        Some(Value::Number(number)) => number.as_str(),
        _ => "",
    }
}

/// Chip-para that a message or a form spends: the card's, the merchant's, a brand's.
pub(super) fn rewards<'a>(field: impl Fn(&str) -> &'a str) -> Option<Purse> {
    let amount = |name: &str| match field(name) {
        "" => Some(0),
        text => lira(text),
    };
    Some(Purse {
        card: amount("ccbRewardAmount")?,
        firm: amount("pcbRewardAmount")?,
        mile: amount("xcbRewardAmount")?,
    })
}

/// 1 is a single payment, which the ledger knows as 0.
pub(super) fn instalments(digits: &str) -> Option<u32> {
    let count = digits.parse().ok();
    let count = count.filter(|count| (1..=MAX_INSTALMENTS).contains(count))?;
    Some(if count == 1 { 0 } else { count })
}

/// ISO 4217 numbers that the bank takes.
pub(super) fn is_currency(number: &str) -> bool {
    ["949", "840", "978", "826", "392", "643"].contains(&number)
}

pub(super) fn is_order_id(id: &str) -> bool {
    let sound = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    (1..=MAX_ORDER_ID).contains(&id.len()) && id.chars().all(sound)
}

/// A moment as messages write it, in Istanbul: `2024-04-20T13:48:02.000`.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let shaped = text.len() == 23 && text.as_bytes().get(10) == Some(&b'T');
    from_istanbul(shaped.then(|| text.parse::<DateTime>().ok())??)
}
