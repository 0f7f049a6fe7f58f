//! The longest terms of consumer loans, by the banking regulator's (BDDK) decisions, as data.
//!
//! Which category of the public contract means which goods of a decision is our reading. New
//! decisions are new rows; old loans are judged by the rows of their day.

use crate::enums::BnplCartItemType;

/// A day: year, month, day.
pub type Day = (i16, u8, u8);

/// Goods that the decisions name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goods {
    Phone,
    RefurbishedPhone,
    Computer,
    Tablet,
    Gold,
}

/// From `from` on, goods up to `up_to_minor` kuruş a piece may be paid in `months`.
struct GoodsLimit {
    goods: Goods,
    from: Day,
    up_to_minor: i64,
    months: u16,
}

/// From `from` on, loans up to `up_to_minor` kuruş in all may run for `months`.
struct LoanLimit {
    from: Day,
    up_to_minor: i64,
    months: u16,
}

/// Before the oldest decision that we have read.
const ALWAYS: Day = (0, 1, 1);
/// The decision on phones of 5 December 2024.
const PHONES_2024: Day = (2024, 12, 5);
/// Decision 11152 of 13 February 2025.
const LOANS_2025: Day = (2025, 2, 13);
const ANY_PRICE: i64 = i64::MAX;

#[rustfmt::skip]
const GOODS_LIMITS: [GoodsLimit; 9] = [
    GoodsLimit { goods: Goods::Phone, from: ALWAYS, up_to_minor: 1_200_000, months: 12 },
    GoodsLimit { goods: Goods::Phone, from: ALWAYS, up_to_minor: ANY_PRICE, months: 3 },
    GoodsLimit { goods: Goods::Phone, from: PHONES_2024, up_to_minor: 2_000_000, months: 12 },
    GoodsLimit { goods: Goods::Phone, from: PHONES_2024, up_to_minor: ANY_PRICE, months: 3 },
    GoodsLimit { goods: Goods::RefurbishedPhone, from: PHONES_2024, up_to_minor: 2_500_000, months: 12 },
    GoodsLimit { goods: Goods::RefurbishedPhone, from: PHONES_2024, up_to_minor: ANY_PRICE, months: 3 },
    GoodsLimit { goods: Goods::Computer, from: ALWAYS, up_to_minor: ANY_PRICE, months: 12 },
    GoodsLimit { goods: Goods::Tablet, from: ALWAYS, up_to_minor: ANY_PRICE, months: 6 },
    GoodsLimit { goods: Goods::Gold, from: ALWAYS, up_to_minor: ANY_PRICE, months: 0 },
];

const LOAN_LIMITS: [LoanLimit; 3] = [
    LoanLimit {
        from: LOANS_2025,
        up_to_minor: 12_500_000,
        months: 36,
    },
    LoanLimit {
        from: LOANS_2025,
        up_to_minor: 25_000_000,
        months: 24,
    },
    LoanLimit {
        from: LOANS_2025,
        up_to_minor: ANY_PRICE,
        months: 12,
    },
];

fn goods_of(category: BnplCartItemType) -> Option<Goods> {
    match category {
        BnplCartItemType::MobilePhonePriceAboveRegulationLimit
        | BnplCartItemType::MobilePhonePriceBelowRegulationLimit => Some(Goods::Phone),
        BnplCartItemType::MobilePhoneRefurbished => Some(Goods::RefurbishedPhone),
        BnplCartItemType::Computer => Some(Goods::Computer),
        BnplCartItemType::Tablet | BnplCartItemType::TabletWithCampaign => Some(Goods::Tablet),
        BnplCartItemType::Gold => Some(Goods::Gold),
        _ => None,
    }
}

/// The longest term in months for one product of a loan over `total_minor` kuruş in all, on a
/// day; 0 when the product cannot be financed, nothing when no decision of that day is known.
/// A phone that the shop itself calls above the limit is taken at its word, whatever its price.
pub fn max_term(
    category: BnplCartItemType,
    unit_price_minor: i64,
    total_minor: i64,
    on: Day,
) -> Option<u16> {
    let above = category == BnplCartItemType::MobilePhonePriceAboveRegulationLimit;
    let price = if above { ANY_PRICE } else { unit_price_minor };
    let by_goods = goods_of(category).and_then(|goods| goods_term(goods, price, on));
    let by_amount = loan_term(total_minor, on);
    match (by_goods, by_amount) {
        (Some(goods), Some(amount)) => Some(goods.min(amount)),
        (goods, amount) => goods.or(amount),
    }
}

fn goods_term(goods: Goods, price_minor: i64, on: Day) -> Option<u16> {
    let valid = |row: &&GoodsLimit| row.goods == goods && row.from <= on;
    let latest = GOODS_LIMITS
        .iter()
        .filter(valid)
        .map(|row| row.from)
        .max()?;
    GOODS_LIMITS
        .iter()
        .filter(valid)
        .find(|row| row.from == latest && price_minor <= row.up_to_minor)
        .map(|row| row.months)
}

fn loan_term(total_minor: i64, on: Day) -> Option<u16> {
    let latest = LOAN_LIMITS
        .iter()
        .map(|row| row.from)
        .filter(|from| *from <= on)
        .max()?;
    LOAN_LIMITS
        .iter()
        .find(|row| row.from == latest && total_minor <= row.up_to_minor)
        .map(|row| row.months)
}

#[cfg(test)]
mod tests {
    use super::*;
    use BnplCartItemType as Category;

    #[test]
    fn terms_follow_the_decision_of_the_day() {
        let below = Category::MobilePhonePriceBelowRegulationLimit;
        let above = Category::MobilePhonePriceAboveRegulationLimit;
        for (category, price, total, on, months) in [
            (below, 2_000_000, 2_000_000, (2024, 12, 4), Some(3)),
            (below, 1_200_000, 2_000_000, (2024, 12, 4), Some(12)),
            (below, 2_000_000, 2_000_000, (2024, 12, 5), Some(12)),
            (below, 2_000_001, 2_000_001, (2025, 6, 1), Some(3)),
            (above, 100, 100, (2025, 6, 1), Some(3)),
            (
                Category::MobilePhoneRefurbished,
                2_500_000,
                2_500_000,
                (2025, 6, 1),
                Some(12),
            ),
            (
                Category::Computer,
                9_000_000,
                30_000_000,
                (2025, 6, 1),
                Some(12),
            ),
            (Category::Tablet, 100, 100, (2025, 6, 1), Some(6)),
            (Category::Gold, 100, 100, (2025, 6, 1), Some(0)),
            (
                Category::Furniture,
                100,
                12_500_000,
                (2025, 2, 13),
                Some(36),
            ),
            (
                Category::Furniture,
                100,
                12_500_001,
                (2025, 2, 13),
                Some(24),
            ),
            (
                Category::Furniture,
                100,
                25_000_001,
                (2025, 2, 13),
                Some(12),
            ),
            (Category::Furniture, 100, 100, (2025, 2, 12), None),
        ] {
            assert_eq!(
                max_term(category, price, total, on),
                months,
                "{category} {price} {on:?}"
            );
        }
    }
}
