//! What a POS's commission table says of a card. Pure: routing, the search for instalments and the plan
//! of a payment ask the same functions.

use super::rewards;
use crate::bins::Bin;
use crate::store::commissions::Commission;
use crate::store::poses::Pos;
use contract::enums::{CardType, Status};
use contract::money::Rate;

/// What the table says of a payment; nothing where it says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// What the bank takes.
    pub bank_rate: Option<Rate>,
    /// Days that it keeps the money.
    pub blockage_days: Option<u16>,
}

/// What a payment with this card, `None` for a foreign one, costs at a POS.
pub fn terms(pos: &Pos, rows: &[Commission], card: Option<&Bin>, installment: u8) -> Terms {
    let Some(row) = row(pos, rows, card, installment) else {
        return Terms::default();
    };
    Terms {
        bank_rate: bank_rate(pos, row, card),
        blockage_days: row.blockage_days,
    }
}

/// The row of a card. A single payment with a card whose family has none, or that belongs to no family,
/// goes by the one of the bank's own family, whose other columns speak of other cards; where the bank has
/// none of its own, by the first.
pub fn row<'a>(
    pos: &Pos,
    rows: &'a [Commission],
    card: Option<&Bin>,
    installment: u8,
) -> Option<&'a Commission> {
    let family = card.map_or("", |card| card.family.as_str());
    let mut of_family = rows.iter().filter(|row| row.is_of(family, installment));
    let own = || {
        let mut single = rows.iter().filter(|row| row.installment == 1);
        let first = single.clone().next();
        single.find(|row| is_own_family(pos, &row.family)).or(first)
    };
    let found = of_family.next();
    found.or_else(|| if installment == 1 { own() } else { None })
}

/// Whether a POS takes so many instalments with a card. A single payment always; more of them only in
/// an active row of the card's family, once the table speaks of instalments at all.
pub fn takes_installments(
    pos: &Pos,
    rows: &[Commission],
    card: Option<&Bin>,
    installment: u8,
) -> bool {
    let speaks = rows.iter().any(|row| row.installment > 1);
    let is_active = |row: &Commission| row.status == Status::Active;
    installment <= 1 || !speaks || row(pos, rows, card, installment).is_some_and(is_active)
}

/// What the bank takes of a card by a row.
pub fn bank_rate(pos: &Pos, row: &Commission, card: Option<&Bin>) -> Option<Rate> {
    let Some(card) = card else { return row.foreign };
    let is_credit = !matches!(
        card.card_type,
        Some(CardType::DebitCard | CardType::PrepaidCard)
    );
    match (is_on_us(pos, card), is_credit) {
        (true, true) => row.on_us_credit,
        (true, false) => row.on_us_debit,
        (false, true) => row.not_on_us_credit,
        (false, false) => row.not_on_us_debit,
    }
}

/// Whether the card is the bank's own, or of a family that it shares.
fn is_on_us(pos: &Pos, card: &Bin) -> bool {
    card.bank_code == pos.bank_id || rewards::shares_family(pos, Some(card))
}

/// Whether a family is one of the bank's.
pub fn is_own_family(pos: &Pos, family: &str) -> bool {
    rewards::profile(pos).is_some_and(|profile| profile.families.contains(&family))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::poses::{PosCredentials, PosSettings};
    use connectors::account::Options;
    use contract::enums::{Currency, PosIntegrator, PosStatus};

    const ON_US: Rate = Rate::of_millionths(1);
    const ON_US_DEBIT: Rate = Rate::of_millionths(2);
    const OTHER: Rate = Rate::of_millionths(3);
    const OTHER_DEBIT: Rate = Rate::of_millionths(4);
    const FOREIGN: Rate = Rate::of_millionths(5);

    fn pos() -> Pos {
        Pos {
            merchant_id: 1,
            id: 2,
            alias: String::new(),
            name: String::new(),
            integrator: PosIntegrator::Garanti,
            bank_id: 62,
            status: PosStatus::Active,
            currency: Currency::Try,
            order_number: 1,
            settings: PosSettings::default(),
            options: Options::default(),
            credentials: PosCredentials::default(),
            account_refusal: None,
            threeds_down_since: None,
            non_threeds_down_since: None,
            version: 1,
        }
    }

    fn full(family: &str, installment: u8) -> Commission {
        Commission {
            on_us_credit: Some(ON_US),
            on_us_debit: Some(ON_US_DEBIT),
            not_on_us_credit: Some(OTHER),
            not_on_us_debit: Some(OTHER_DEBIT),
            foreign: Some(FOREIGN),
            blockage_days: Some(u16::from(installment)),
            ..Commission::blank(&pos(), 1, family, installment)
        }
    }

    fn card(bank_code: i64, family: &str, card_type: CardType) -> Bin {
        Bin {
            bank_code,
            bank_name: String::new(),
            card_type: Some(card_type),
            association: None,
            brand: family.to_owned(),
            family: family.to_owned(),
            commercial: Some(false),
        }
    }

    #[test]
    fn a_rate_goes_by_issuer_family_and_kind_of_card() {
        use CardType::{CreditCard, DebitCard, PrepaidCard};
        let rows = [full("Bonus", 1), full("World", 1)];
        for (card, rate) in [
            (card(62, "Bonus", CreditCard), ON_US),
            (card(62, "", DebitCard), ON_US_DEBIT),
            (card(62, "World", CreditCard), ON_US),
            (card(32, "Bonus", CreditCard), ON_US),
            (card(32, "Bonus", PrepaidCard), ON_US_DEBIT),
            (card(67, "World", CreditCard), OTHER),
            (card(67, "World", DebitCard), OTHER_DEBIT),
            (card(0, "", PrepaidCard), OTHER_DEBIT),
        ] {
            let terms = terms(&pos(), &rows, Some(&card), 1);
            assert_eq!(terms.bank_rate, Some(rate), "{card:?}");
        }
        let foreign = terms(&pos(), &rows, None, 1);
        assert_eq!(foreign.bank_rate, Some(FOREIGN));
        assert_eq!(terms(&pos(), &[], None, 1), Terms::default());
    }

    #[test]
    fn a_single_payment_without_a_row_goes_by_the_banks_own_family() {
        let named = |family: &str, days| Commission {
            blockage_days: Some(days),
            ..full(family, 1)
        };
        let days = |rows: &[Commission], family, installment| {
            let card = card(46, family, CardType::CreditCard);
            terms(&pos(), rows, Some(&card), installment).blockage_days
        };
        let rows = [named("Axess", 3), named("Bonus", 7), full("Bonus", 2)];
        assert_eq!(days(&rows, "Axess", 1), Some(3));
        assert_eq!(days(&rows, "Maximum", 1), Some(7));
        assert_eq!(days(&rows, "", 1), Some(7));
        assert_eq!(days(&rows, "Maximum", 2), None);
        // None of them is the bank's own.
        assert_eq!(days(&rows[..1], "World", 1), Some(3));
        assert_eq!(days(&rows[2..], "World", 1), None);
    }

    #[test]
    fn instalments_need_an_active_row_once_there_are_any() {
        let passive = Commission {
            status: Status::Passive,
            ..full("Bonus", 6)
        };
        let bonus = card(62, "Bonus", CardType::CreditCard);
        let takes = |rows: &[Commission], n| takes_installments(&pos(), rows, Some(&bonus), n);
        // No table, or one of single payments alone, says nothing of instalments.
        assert!(takes(&[], 3) && takes(&[full("Bonus", 1)], 3));
        let rows = [full("Bonus", 1), full("Bonus", 2), passive.clone()];
        assert!(takes(&rows, 1) && takes(&rows, 2));
        assert!(!takes(&rows, 3) && !takes(&rows, 6));
        // What is taken out of use is not what nobody spoke of.
        assert!(!takes(&[passive], 2));
        let world = card(67, "World", CardType::CreditCard);
        assert!(takes_installments(&pos(), &rows, Some(&world), 1));
        assert!(!takes_installments(&pos(), &rows, Some(&world), 2));
    }
}
