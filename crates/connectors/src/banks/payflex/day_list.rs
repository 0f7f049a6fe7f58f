//! PayFlex's list of a day: a `Search` by dates alone. It comes whole, and counts its rows; `SettlementDetail`, which has
//! pages, answers nothing that is public.
//!
//! Only the first message of an order names it for sure, so a move is brought to its order by what it moved.

use super::codes;
use super::lira;
use super::record::{RowFlags, rows_of, search};
use crate::bank::{BankContext, BankMove, Doubt, MoveKind, MoveOutcome};
use crate::banks::{reference, unreadable};
use crate::xml::Element;
use contract::enums::Currency;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use std::collections::HashMap;

/// Transactions of two days: an account with more is not read at all.
const ROWS_MAX: usize = 10_000;
/// Characters of an order id of Galata's.
const ORDER_CHARS: usize = 20;

/// Whether the last day is part of a span is not public, so the next one is asked for too, and what is of it is left out.
pub(crate) async fn day_list(context: BankContext<'_>, day: Date) -> Result<Vec<BankMove>, Doubt> {
    let last = day.saturating_add(1.day());
    let reply = search(context, |w| {
        w.element("DateCriteria", |w| {
            w.leaf("StartDate", &day.to_string());
            w.leaf("EndDate", &last.to_string());
        });
    });
    let reply = reply.await?;
    let rows = rows_of(&reply, ROWS_MAX)?;
    let rows = rows.into_iter().map(|row| Listed::read(context, row));
    let rows: Vec<Listed<'_>> = rows.collect::<Result<_, _>>()?;
    let mut by_id = HashMap::new();
    for row in &rows {
        if by_id.insert(row.id, row).is_some() {
            return Err(unreadable("the list tells one transaction twice"));
        }
    }
    let moves = rows.iter().map(|row| row.as_move(&by_id, day));
    let mut moves: Vec<BankMove> = moves.collect::<Result<_, _>>()?;
    moves.retain(|one| one.at.is_none_or(|at| at.date() == day));
    Ok(moves)
}

/// A transaction of the list.
struct Listed<'a> {
    row: &'a Element,
    /// Its own id, and that of what it moved.
    id: &'a str,
    moved: &'a str,
    kind: MoveKind,
}

impl<'a> Listed<'a> {
    fn read(context: BankContext<'_>, row: &'a Element) -> Result<Listed<'a>, Doubt> {
        let said = |name| row.exact(&[name]);
        let merchant = said("MerchantId")?;
        if !merchant.is_empty() && merchant != context.account.client_id {
            return Err(unreadable("the list is another merchant's"));
        }
        let id = said("TransactionId")?;
        if id.is_empty() {
            return Err(unreadable("the list has a transaction without its id"));
        }
        let kind = match said("TransactionType")? {
            "Sale" | "PointSale" => MoveKind::Sale,
            "Auth" => MoveKind::Hold,
            "Capture" => MoveKind::Capture,
            "Cancel" | "Reversal" => MoveKind::Void,
            "Refund" => MoveKind::Refund,
            _ => MoveKind::Other,
        };
        Ok(Listed {
            row,
            id,
            moved: said("ReferenceTransactionId")?,
            kind,
        })
    }

    fn as_move(&self, by_id: &HashMap<&str, &Listed<'a>>, day: Date) -> Result<BankMove, Doubt> {
        let said = |name| self.row.exact(&[name]);
        let moved = by_id.get(self.moved).map(|moved| moved.kind);
        // A refund or a void can be undone too: that is neither of them.
        let kind = match (self.kind, moved) {
            (MoveKind::Void, Some(MoveKind::Void | MoveKind::Refund | MoveKind::Other)) => {
                MoveKind::Other
            }
            (kind, _) => kind,
        };
        let amount = lira(said("Amount")?);
        let currency = currency(said("AmountCode")?);
        let outcome = match (said("ResultCode")?, RowFlags::read(self.row)) {
            (codes::APPROVED, Ok(flags)) if amount.is_some() && currency.is_some() => {
                if flags.is_undone {
                    MoveOutcome::Undone
                } else {
                    MoveOutcome::Worked
                }
            }
            (code, Ok(_)) if is_refusal(code) => MoveOutcome::Failed,
            _ => MoveOutcome::Unclear,
        };
        let at = moment(said("HostDate")?, day).or(stamp(said("RequestInsertTime")?));
        Ok(BankMove {
            order_id: self.order(by_id)?.to_owned(),
            kind,
            outcome,
            amount,
            currency,
            at,
            card: self.row.words(&["PanMasked"]),
            auth_code: self.row.words(&["AuthCode"]),
            host_reference: reference(said("Rrn")?).unwrap_or_default(),
        })
    }

    /// The order of a move: the one that it names, else that of what it moved; of a move of an earlier day's order the ids
    /// are read as ours are made.
    fn order(&self, by_id: &HashMap<&str, &Listed<'a>>) -> Result<&'a str, Doubt> {
        let named = self.row.exact(&["OrderId"])?;
        if !named.is_empty() {
            return Ok(named);
        }
        if self.moved.is_empty() {
            return Ok(self.id);
        }
        match by_id.get(self.moved) {
            Some(first) if first.moved.is_empty() => return first.order(&HashMap::new()),
            Some(other) => return Ok(other.moved),
            None => {}
        }
        let is_ours = |id: &&str| {
            id.bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        let rest = self.moved.get(ORDER_CHARS..).unwrap_or_default();
        let of_capture = self.moved.get(..ORDER_CHARS).filter(is_ours);
        Ok(match (of_capture, rest.as_bytes()) {
            (Some(order), [b'C', b'1'..=b'5']) => order,
            _ => self.moved,
        })
    }
}

/// A code by which a transaction was refused: four digits or letters.
fn is_refusal(code: &str) -> bool {
    code != codes::APPROVED && code.len() == 4 && code.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn currency(code: &str) -> Option<Currency> {
    match code {
        "949" => Some(Currency::Try),
        "840" => Some(Currency::Usd),
        "978" => Some(Currency::Eur),
        "826" => Some(Currency::Gbp),
        _ => None,
    }
}

/// `20230309234054` of Vakıfbank's host, or `0309234054` of Ziraat's, which is of the year in which it is closest to the day.
fn moment(text: &str, day: Date) -> Option<DateTime> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.len() {
        14 if digits => DateTime::strptime("%Y%m%d%H%M%S", text).ok(),
        10 if digits => {
            let in_year = |year: i16| {
                let told = DateTime::strptime("%Y%m%d%H%M%S", format!("{year:04}{text}")).ok()?;
                let apart = told.date().since(day).ok()?.get_days().unsigned_abs();
                Some((apart, told))
            };
            let years = (-1..=1).filter_map(|by| in_year(day.year().checked_add(by)?));
            years.min().map(|(_, told)| told)
        }
        _ => None,
    }
}

/// `2023-03-09T23:40:54`, with or without parts of a second.
fn stamp(text: &str) -> Option<DateTime> {
    DateTime::strptime("%Y-%m-%dT%H:%M:%S", text.get(..19)?).ok()
}
