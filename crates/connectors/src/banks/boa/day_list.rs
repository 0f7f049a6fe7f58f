//! A day of orders in rows of `OrderContract`. No signature covers them.
//!
//! Kuveyt Türk has a row an order, with what was undone and given back of it until now; Vakıf Katılım a row a move, with its
//! own moment. What a row of a hold, a capture or a refund looks like is inferred from the words beside recorded rows.

use super::{APPROVED, is_currency, record::lira};
use crate::bank::{BankMove, Doubt, MoveKind, MoveOutcome, Order, Phase};
use crate::banks::{moment, unless_untold};
use crate::xml::Element;
use contract::enums::Currency;
use contract::money::Money;
use jiff::civil::Date;

/// What a bank has a row for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// An order.
    Orders,
    /// A move.
    Moves,
}

/// What a question about a whole day names in place of an order.
pub(crate) fn of_day() -> Order {
    Order {
        id: String::new(),
        amount: Money::new(0, Currency::Try),
        installment: 1,
        phase: Phase::Sale,
    }
}

/// What the rows tell of a day; rows of other days are left out.
pub(crate) fn moves_of_day(rows: &[Element], of: Rows, day: Date) -> Result<Vec<BankMove>, Doubt> {
    let mut moves = Vec::new();
    for row in rows {
        let row = Row::read(row, of)?;
        if row.told.at.is_none_or(|at| at.date() == day) {
            moves.extend(row.moves());
        }
    }
    Ok(moves)
}

/// A row as it was read.
struct Row {
    told: BankMove,
    /// What was given back of the order until now, where nothing else tells it.
    given_back: i64,
    /// What was taken of a hold.
    closed: i64,
}

impl Row {
    fn read(row: &Element, of: Rows) -> Result<Row, Doubt> {
        let exact = |name| row.exact(&[name]);
        let kind = match (exact("OrderStatus")?, of) {
            ("1", _) => MoveKind::Sale,
            ("6", _) => MoveKind::Void,
            ("2" | "3", Rows::Moves) => MoveKind::Hold,
            ("4" | "5", Rows::Moves) => MoveKind::Refund,
            _ => MoveKind::Other,
        };
        let sums = Sums::read(row)?;
        let moved = match (exact("TranAmount")?, kind) {
            // A recorded sale has none.
            ("", MoveKind::Refund) => None,
            ("", _) => sums.map(|sums| sums.first),
            (text, _) => lira(text),
        };
        let currency = currency(exact("FEC")?)?;
        let outcome = match sums {
            Some(sums) => unless_untold(outcome(row, kind, sums)?, moved, currency),
            None => MoveOutcome::Unclear,
        };
        let told = BankMove {
            order_id: exact("MerchantOrderId")?.to_owned(),
            kind,
            outcome,
            amount: moved,
            currency,
            at: moment(&exact("OrderDate")?.replace('T', " ")),
            card: row.words(&["CardNumber"]),
            auth_code: row.words(&["ProvNumber"]),
            host_reference: row.words(&["RRN"]),
        };
        let sums = sums.filter(|_| outcome == MoveOutcome::Worked);
        let sum = |of: fn(Sums) -> i64, tells: bool| sums.filter(|_| tells).map_or(0, of);
        Ok(Row {
            told,
            given_back: sum(
                |sums| sums.back,
                of == Rows::Orders && kind == MoveKind::Sale,
            ),
            closed: sum(|sums| sums.closed, kind == MoveKind::Hold),
        })
    }

    /// The move, and those that only its sums tell: on which day they were made they do not say.
    fn moves(self) -> Vec<BankMove> {
        let sums = [
            (MoveKind::Refund, self.given_back),
            (MoveKind::Capture, self.closed),
        ];
        let of_sums = sums.into_iter().filter(|(_, sum)| *sum > 0);
        let of_sums: Vec<BankMove> = of_sums
            .map(|(kind, sum)| BankMove {
                kind,
                amount: Some(sum),
                at: None,
                ..self.told.clone()
            })
            .collect();
        [vec![self.told], of_sums].concat()
    }
}

/// The amounts of an order, in minor units.
#[derive(Clone, Copy)]
struct Sums {
    first: i64,
    cancelled: i64,
    back: i64,
    closed: i64,
}

impl Sums {
    /// Nothing where one of them cannot be read.
    fn read(row: &Element) -> Result<Option<Sums>, Doubt> {
        let names = [
            "FirstAmount",
            "CancelAmount",
            "DrawbackAmount",
            "ClosedAmount",
        ];
        let mut sums = [0; 4];
        for (sum, name) in sums.iter_mut().zip(names) {
            match lira(row.exact(&[name])?) {
                Some(read) => *sum = read,
                None => return Ok(None),
            }
        }
        let [first, cancelled, back, closed] = sums;
        Ok(Some(Sums {
            first,
            cancelled,
            back,
            closed,
        }))
    }
}

fn outcome(row: &Element, kind: MoveKind, sums: Sums) -> Result<MoveOutcome, Doubt> {
    let exact = |name| row.exact(&[name]);
    let Sums {
        first,
        cancelled,
        back,
        closed,
    } = sums;
    let is_untouched = (cancelled, back, closed) == (0, 0, 0);
    let has_references = ["ProvNumber", "RRN", "Stan"]
        .into_iter()
        .try_fold(false, |any, name| {
            Ok::<bool, Doubt>(any || !exact(name)?.is_empty())
        })?;
    match (exact("TransactionStatus")?, exact("ResponseCode")?) {
        ("1", APPROVED) => {}
        // "Not concluded": 3DS that was begun and not ended.
        ("0", "") if is_untouched && !has_references => return Ok(MoveOutcome::Failed),
        ("2", code) if !matches!(code, "" | APPROVED) => {
            let is_refusal = is_untouched && exact("ProvNumber")?.is_empty();
            return Ok(if is_refusal {
                MoveOutcome::Failed
            } else {
                MoveOutcome::Unclear
            });
        }
        _ => return Ok(MoveOutcome::Unclear),
    }
    let stands = match (kind, exact("LastOrderStatus")?) {
        (MoveKind::Sale | MoveKind::Hold, "6") if (cancelled, back) == (first, 0) => {
            return Ok(MoveOutcome::Undone);
        }
        (MoveKind::Sale | MoveKind::Hold, "4") => (cancelled, back) == (0, first),
        (MoveKind::Sale | MoveKind::Hold, "5") => cancelled == 0 && (1..first).contains(&back),
        (MoveKind::Sale, "1") | (MoveKind::Hold, "1" | "2" | "3") => (cancelled, back) == (0, 0),
        (MoveKind::Void, "6") => (cancelled, back) == (first, 0),
        (MoveKind::Refund, "4" | "5") => cancelled == 0 && (1..=first).contains(&back),
        _ => false,
    };
    Ok(if stands {
        MoveOutcome::Worked
    } else {
        MoveOutcome::Unclear
    })
}

fn currency(said: &str) -> Result<Option<Currency>, Doubt> {
    for known in [Currency::Try, Currency::Usd, Currency::Eur] {
        if is_currency(said, Money::new(0, known))? {
            return Ok(Some(known));
        }
    }
    Ok(None)
}
