//! A `PayforRequest` and the parts of it that several operations read.

use super::account::{self, Account};
use crate::ledger::{Key, id_of_account};
use crate::xml::{self, Node};

const MAX_INSTALMENTS: u32 = 36;

/// A request; an empty element when the body held none.
pub(crate) struct Request {
    root: Node,
    /// The account of its merchant number, or of its user where it may name that alone.
    pub(super) account: Option<&'static Account>,
}

impl Request {
    pub(super) fn read(body: &[u8]) -> Request {
        let root = std::str::from_utf8(body)
            .ok()
            .and_then(|text| xml::parse(text).ok())
            .filter(|root| root.name == "PayforRequest")
            .unwrap_or_default();
        let account = match root.value("MerchantId") {
            "" if root.value("SecureType") == "3DModelPayment" => {
                account::of_user(root.value("UserCode"))
            }
            merchant => account::of(merchant),
        };
        Request { root, account }
    }

    pub(super) fn value(&self, name: &str) -> &str {
        self.root.value(name)
    }

    /// The order that is made, or the one that is spoken of.
    pub(super) fn order_id(&self) -> &str {
        match self.value("TxnType") {
            "PostAuth" | "Void" | "ParaPuanVoid" | "Refund" | "ParaPuanRefund" | "OrderInquiry" => {
                self.value("OrgOrderId")
            }
            _ => self.value("OrderId"),
        }
    }

    /// The order of this account.
    pub(super) fn key(&self) -> Key {
        let merchant = self.account.map_or("", |account| account.merchant);
        Key::Id(id_of_account(merchant, self.order_id()))
    }
}

/// 0 for a single payment.
pub(super) fn instalments(digits: &str) -> Option<u32> {
    match digits {
        "" | "0" => Some(0),
        digits => digits
            .parse()
            .ok()
            .filter(|count| (2..=MAX_INSTALMENTS).contains(count)),
    }
}
