//! The arithmetic of points: what a sale takes from a purse, what a refund gives back to it. Pure;
//! all amounts in kuruş.

use super::order::Order;
use crate::cards::Purse;

/// The error code of points that the purse does not hold (docs/simulator-codes.md).
pub(crate) const NOT_SUFFICIENT_AWARD: &str = "T19";
/// The error code of points beyond the price (docs/simulator-codes.md).
pub(crate) const SALES_AMOUNT_LESS_THAN_AWARD: &str = "T25";

/// How many points a sale wants to spend.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Points {
    /// So much of each kind.
    Exactly(Purse),
    /// So much altogether, the card's own points first, then the firm's.
    InOrder(i64),
}

/// Which money a refund gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Split {
    /// The card's part only.
    CardOnly,
    /// Points only.
    PointsOnly,
    /// Card and points in the proportion of the sale.
    Proportional,
}

impl Order {
    /// How a refund of `amount` divides: the points part; `None` when it exceeds what is left.
    /// The card part is rounded half up and points take the rest (the banks do not document it).
    pub(super) fn points_of(&self, amount: i64, split: Split) -> Option<Purse> {
        let spent = self.spent.total()?;
        let returned = self.returned.total()?;
        let card_left = (self.captured() - spent) - (self.refunded - returned);
        let points_left = spent - returned;
        if amount <= 0 || amount > card_left + points_left {
            return None;
        }
        let points = match split {
            Split::CardOnly => 0,
            Split::PointsOnly => amount,
            Split::Proportional => {
                let whole = i128::from(self.amount);
                let part = i128::from(amount) * i128::from(self.amount - spent);
                let card = i64::try_from((part * 2 + whole) / (whole * 2)).ok()?;
                (amount - card.min(card_left)).min(points_left)
            }
        };
        if points > points_left || amount - points > card_left {
            return None;
        }
        let left = less(self.spent, self.returned);
        in_order(left, points)
    }
}

/// Points that a sale takes from a purse, or the code of the refusal.
pub(super) fn spend(purse: Purse, points: Points, amount: i64) -> Result<Purse, &'static str> {
    let wanted = match points {
        Points::Exactly(wanted) => wanted.total(),
        Points::InOrder(wanted) => Some(wanted),
    };
    match wanted {
        Some(wanted) if wanted <= amount => {}
        _ => return Err(SALES_AMOUNT_LESS_THAN_AWARD),
    }
    let spent = match points {
        Points::Exactly(wanted) => Some(wanted),
        Points::InOrder(wanted) => in_order(purse, wanted),
    };
    spent
        .filter(|spent| purse.covers(*spent))
        .ok_or(NOT_SUFFICIENT_AWARD)
}

/// `wanted` taken from the card's points first, then the firm's, then miles.
fn in_order(purse: Purse, wanted: i64) -> Option<Purse> {
    let card = wanted.min(purse.card);
    let firm = (wanted - card).min(purse.firm);
    let mile = wanted - card - firm;
    (mile <= purse.mile).then_some(Purse { card, firm, mile })
}

pub(super) fn less(left: Purse, right: Purse) -> Purse {
    Purse {
        card: left.card - right.card,
        firm: left.firm - right.firm,
        mile: left.mile - right.mile,
    }
}

pub(super) fn more(left: Purse, right: Purse) -> Purse {
    Purse {
        card: left.card.saturating_add(right.card),
        firm: left.firm.saturating_add(right.firm),
        mile: left.mile.saturating_add(right.mile),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PURSE: Purse = Purse {
        card: 300,
        firm: 200,
        mile: 0,
    };

    #[test]
    fn points_are_taken_in_the_banks_order() {
        let taken = |wanted| spend(PURSE, Points::InOrder(wanted), 1_000);
        assert_eq!(taken(0), Ok(Purse::default()));
        assert_eq!(
            taken(250),
            Ok(Purse {
                card: 250,
                firm: 0,
                mile: 0
            })
        );
        assert_eq!(
            taken(400),
            Ok(Purse {
                card: 300,
                firm: 100,
                mile: 0
            })
        );
        assert_eq!(taken(501), Err(NOT_SUFFICIENT_AWARD));
        assert_eq!(taken(1_001), Err(SALES_AMOUNT_LESS_THAN_AWARD));
    }

    #[test]
    fn sums_that_overflow_are_refused() {
        let huge = Points::Exactly(Purse {
            card: i64::MAX,
            firm: 1,
            mile: 0,
        });
        assert_eq!(spend(PURSE, huge, 1_000), Err(SALES_AMOUNT_LESS_THAN_AWARD));
    }
}
