//! An order as the ledger keeps it, with the words that its file stores.

use std::sync::Arc;

use jiff::Timestamp;

use super::moves::Move;
use crate::cards::Purse;
use crate::named::named;

named! {
    /// Whose order it is.
    Bank {
        Posnet = "posnet",
        Garanti = "garanti",
        Nestpay = "nestpay",
        Akbank = "akbank",
        Payfor = "payfor",
        Kuveyt = "kuveyt",
        Payflex = "payflex",
        VakifKatilim = "vakif_katilim",
        Intervpos = "intervpos",
        Param = "param",
    }
}
named! {
    /// What the order is: a sale by card (perhaps with points), one by points alone, or an amount that is
    /// held on the card and may be captured.
    Kind { Sale = "sale", Points = "points", Hold = "hold" }
}
named! {
    /// Where an order stands.
    State {
        Declined = "declined",
        Held = "held",
        Captured = "captured",
        Settled = "settled",
        Voided = "voided",
        Refunded = "refunded",
    }
}

/// One order of one bank. Amounts in minor units of `currency`.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// Grows by one per order; the banks' references are made of it.
    pub(crate) seq: i64,
    pub(crate) bank: Bank,
    pub(crate) id: String,
    /// The shop's number of it, where `id` is that of its first transaction; else empty.
    pub(crate) label: String,
    pub(crate) kind: Kind,
    pub(crate) state: State,
    pub(crate) card: Arc<str>,
    pub(crate) masked: Arc<str>,
    pub(crate) currency: String,
    /// The whole price, points included; of a hold what is held, once captured what was taken.
    pub(crate) amount: i64,
    /// What is or was held; 0 for a sale.
    pub(crate) held: i64,
    pub(crate) instalments: u32,
    /// koiCode of the campaign used; 0 without one.
    pub(crate) campaign: u8,
    pub(crate) three_ds: bool,
    /// Which 3D Secure authentication it used up; empty without one.
    pub(crate) nonce: String,
    /// Why it was declined; empty when it was not.
    pub(crate) code: String,
    pub(crate) created_at: Timestamp,
    /// Refunded so far, points included.
    pub(crate) refunded: i64,
    pub(crate) spent: Purse,
    pub(crate) returned: Purse,
    /// What was done with it, oldest first.
    pub(crate) moves: Vec<Move>,
}

/// The ledger's id of an order at a bank that serves several accounts, each with order ids of its own.
pub(crate) fn id_of_account(account: &str, id: &str) -> String {
    format!("{account}{ACCOUNT_END}{id}")
}

impl Bank {
    /// Every message has an id of its own there, good for once whatever came of it; an order has a label
    /// beside it, good until something succeeds.
    pub(crate) fn numbers_transactions(self) -> bool {
        self == Bank::Payflex
    }
}

/// Ends the account, and the id of an order before the number of one that was made again under it; no
/// order id of such a bank has it.
pub(crate) const ACCOUNT_END: char = '/';

/// The account, empty at a bank that knows one alone, and the order's id there.
pub(crate) fn names(id: &str) -> (&str, &str) {
    let Some((account, id)) = id.split_once(ACCOUNT_END) else {
        return ("", id);
    };
    (account, id.split(ACCOUNT_END).next().unwrap_or_default())
}

impl Order {
    /// The account, empty at a bank that knows one alone, and the order's id there.
    pub(crate) fn names(&self) -> (&str, &str) {
        names(&self.id)
    }

    /// Further ids under which the ledger finds the order: at Param the caller's own number in front, and
    /// the order's id behind, stand for it alone.
    pub(super) fn aliases(&self) -> Vec<String> {
        let (own, id) = self.names();
        match self.bank {
            Bank::Param => vec![id_of_account(own, ""), id_of_account("", id)],
            _ => Vec::new(),
        }
    }
}

impl Bank {
    /// An order id that bought something buys again: each time is an order of its own.
    pub(super) fn sells_again(self) -> bool {
        matches!(self, Bank::Kuveyt | Bank::VakifKatilim)
    }

    /// Gives money back on the day of the sale, too.
    pub(super) fn refunds_on_the_day(self) -> bool {
        matches!(self, Bank::Kuveyt | Bank::VakifKatilim | Bank::Payflex)
    }
}
