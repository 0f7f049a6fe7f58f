//! How an order stands by the bank's record: rows of `OrderContract`, whose amounts are lira though messages have kuruş.
//!
//! Every row tells of the whole order: what was taken, cancelled and given back, and whether its day is closed. Tries that
//! failed are rows beside the one that worked.

use super::{bank_order, decline, is_currency};
use crate::bank::{Charged, Doubt, OrderRef, OrderStatus, Phase};
use crate::banks::{
    auth_code, check_count, check_sale, is_other_try, minor_units, other_sale, reference,
    unreadable,
};
use crate::xml::Element;

/// By what the bank calls what it took; a move names some or all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) order: String,
    pub(crate) rrn: String,
    pub(crate) stan: String,
    pub(crate) provision: String,
}

/// How an order stands.
pub(crate) struct Record {
    pub(crate) status: OrderStatus,
    /// Of what was taken or held; nothing where no try worked.
    pub(crate) names: Option<Names>,
    /// All of it was undone on its day.
    pub(crate) voided: bool,
    /// The sum that was given back, in minor units.
    pub(crate) refunded: i64,
    /// Its day is closed.
    pub(crate) is_settled: bool,
}

impl From<OrderStatus> for Record {
    fn from(status: OrderStatus) -> Record {
        Record {
            status,
            names: None,
            voided: false,
            refunded: 0,
            is_settled: false,
        }
    }
}

impl Record {
    /// What the rows say of an order.
    pub(super) fn read(order: &OrderRef<'_>, rows: &[Element]) -> Result<Record, Doubt> {
        check_count(rows.len())?;
        let (mut worked, mut failed, mut open): (Option<&Element>, _, _) = (None, None, false);
        for row in rows {
            if row.exact(&["MerchantOrderId"])? != order.order.id {
                return Err(other_sale("the inquiry answers another order"));
            }
            match row.exact(&["TransactionStatus"])? {
                "1" => {}
                "2" => {
                    if !is_other_try(order, row.exact(&["CardNumber"])?, &made_at(row)?) {
                        failed = Some(row);
                    }
                    continue;
                }
                // Recorded of 3DS that was begun and not ended; another system of the house has 3 for a time-out.
                "0" | "3" => {
                    open = true;
                    continue;
                }
                _ => return Err(unreadable("the inquiry answers an unknown outcome")),
            }
            match worked {
                None => worked = Some(row),
                Some(first) => {
                    agree(first, row)?;
                    if !is_own(order, first)? && is_own(order, row)? {
                        worked = Some(row);
                    }
                }
            }
        }
        match (worked, failed) {
            (Some(row), _) => Record::of(order, row),
            (None, _) if open => Ok(OrderStatus::Pending.into()),
            (None, Some(row)) => {
                let code = row.exact(&["ResponseCode"])?;
                if matches!(code, "" | super::APPROVED) {
                    return Err(unreadable("the inquiry answers a failure that is none"));
                }
                let why = decline(code, row.words(&["ResponseExplain"]));
                Ok(OrderStatus::Refused(why).into())
            }
            (None, None) => Ok(OrderStatus::NotFound.into()),
        }
    }

    fn of(order: &OrderRef<'_>, row: &Element) -> Result<Record, Doubt> {
        if row.exact(&["ResponseCode"])? != super::APPROVED {
            return Err(unreadable("the inquiry answers a success that is none"));
        }
        let ours = order.order.amount;
        let first = amount(row, "FirstAmount")?;
        if first != ours.minor || !is_currency(row.exact(&["FEC"])?, ours)? {
            return Err(other_sale("the inquiry answers another amount"));
        }
        check_sale(order, row.exact(&["CardNumber"])?, &made_at(row)?)?;
        let [cancelled, refunded, closed] = ["CancelAmount", "DrawbackAmount", "ClosedAmount"];
        let (cancelled, refunded) = (amount(row, cancelled)?, amount(row, refunded)?);
        let closed = amount(row, closed)?;
        let names = Names {
            order: bank_order(row.exact(&["OrderId"])?)?,
            rrn: reference(row.exact(&["RRN"])?)?,
            stan: reference(row.exact(&["Stan"])?)?,
            provision: auth_code(row.exact(&["ProvNumber"])?)?,
        };
        let charged = Charged {
            auth_code: names.provision.clone(),
            host_reference: names.rrn.clone(),
            transaction_id: names.order.clone(),
            ..Charged::default()
        };
        let back = (cancelled, refunded);
        let status = match (row.exact(&["LastOrderStatus"])?, order.order.phase) {
            // What was left may be cancelled after a part went back.
            ("6", _) if cancelled > 0 && cancelled.checked_add(refunded) == Some(first) => {
                OrderStatus::Voided
            }
            // No document says that the last of several parts turns 5 into 4.
            ("4" | "5", _) if back == (0, first) => OrderStatus::Voided,
            ("5", _) if cancelled == 0 && (1..first).contains(&refunded) => {
                OrderStatus::Captured(charged)
            }
            ("1", Phase::Sale) if back == (0, 0) => OrderStatus::Captured(charged),
            // No public record is of a hold: what is closed is taken, and what is called paid is not only held.
            ("1" | "2" | "3", Phase::Hold) if back == (0, 0) && closed == first => {
                OrderStatus::Captured(charged)
            }
            ("2" | "3", Phase::Hold) if back == (0, 0) && closed == 0 => OrderStatus::Held(charged),
            _ => {
                return Err(unreadable(
                    "the inquiry answers a state that no order of ours has",
                ));
            }
        };
        let is_settled = match row.exact(&["EndOfDayStatus"])? {
            "1" => false,
            "2" => true,
            _ => return Err(unreadable("the inquiry does not tell of the day")),
        };
        Ok(Record {
            voided: cancelled > 0,
            status,
            names: Some(names),
            refunded,
            is_settled,
        })
    }
}

/// When a row was made, with a blank between day and time.
fn made_at(row: &Element) -> Result<String, Doubt> {
    Ok(row.exact(&["OrderDate"])?.replace('T', " "))
}

/// Whether a row is of the sale or hold itself. What was done with it later may have a row with references of its own.
fn is_own(order: &OrderRef<'_>, row: &Element) -> Result<bool, Doubt> {
    let own = match order.order.phase {
        Phase::Sale => "1",
        Phase::Hold => "2",
    };
    Ok(row.exact(&["OrderStatus"])? == own)
}

/// Rows that worked tell of one order, and the same of it.
fn agree(first: &Element, other: &Element) -> Result<(), Doubt> {
    let differ = |name| Ok::<bool, Doubt>(first.exact(&[name])? != other.exact(&[name])?);
    if differ("OrderId")? {
        return Err(other_sale("the bank has two orders under one id"));
    }
    for name in ["LastOrderStatus", "FirstAmount", "DrawbackAmount"] {
        if differ(name)? {
            return Err(unreadable("the rows of an order contradict each other"));
        }
    }
    Ok(())
}

/// An amount of a row, in minor units.
fn amount(row: &Element, name: &'static str) -> Result<i64, Doubt> {
    lira(row.exact(&[name])?).ok_or_else(|| unreadable("the inquiry answers no amount"))
}

/// Lira with two digits behind a point, in minor units.
pub(super) fn lira(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').filter(|(_, part)| part.len() == 2)?;
    let lira = minor_units(whole)?.checked_mul(100)?;
    lira.checked_add(minor_units(part)?)
}
