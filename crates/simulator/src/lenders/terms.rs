//! How long the regulator (BDDK) lets a consumer loan run, by what is bought and how much is lent.
//! Limits change by decree, so they are rows with the day from which they hold; sources are in the
//! documentation. A cart with several kinds of goods gets the strictest limit among them.

use super::wire::CartItem;
use jiff::civil::{Date, date};

/// A limit on one kind of goods, or on every loan.
struct Limit {
    /// First day on which it holds; `None` when it is older than these tables.
    from: Option<Date>,
    /// Amounts in kuruş up to which (inclusive) so many months are allowed, rising.
    brackets: &'static [(i64, u16)],
}

const LIRA: i64 = 100;
const ANY: i64 = i64::MAX;

/// Phones, by the price of one: 12 months to the threshold, 3 above it.
const PHONE: &[Limit] = &[
    Limit {
        from: None,
        brackets: &[(12_000 * LIRA, 12), (ANY, 3)],
    },
    Limit {
        from: Some(date(2024, 12, 5)),
        brackets: &[(20_000 * LIRA, 12), (ANY, 3)],
    },
];
/// A phone that the shop itself declares to be above the threshold.
const PHONE_ABOVE: &[Limit] = &[Limit {
    from: None,
    brackets: &[(ANY, 3)],
}];
/// Refurbished phones, by the price of one.
const PHONE_REFURBISHED: &[Limit] = &[
    Limit {
        from: None,
        brackets: &[(12_000 * LIRA, 12), (ANY, 3)],
    },
    Limit {
        from: Some(date(2024, 12, 5)),
        brackets: &[(25_000 * LIRA, 12), (ANY, 3)],
    },
];
const COMPUTER: &[Limit] = &[Limit {
    from: None,
    brackets: &[(ANY, 12)],
}];
const TABLET: &[Limit] = &[Limit {
    from: None,
    brackets: &[(ANY, 6)],
}];
/// Not to be bought on credit at all.
const GOLD: &[Limit] = &[Limit {
    from: None,
    brackets: &[(ANY, 0)],
}];

/// Every consumer loan, by what is lent (decision 11152). Before its day the tables know only
/// that a year was allowed for any amount.
const LOAN: &[Limit] = &[
    Limit {
        from: None,
        brackets: &[(ANY, 12)],
    },
    Limit {
        from: Some(date(2025, 2, 13)),
        brackets: &[(125_000 * LIRA, 36), (250_000 * LIRA, 24), (ANY, 12)],
    },
];

/// The most months that a loan of `amount` kuruş for `items` may run; 0 when it may not be lent.
pub(crate) fn longest(amount: i64, items: &[CartItem], today: Date) -> u16 {
    let by_goods = items.iter().filter_map(|item| {
        let limits = limits_on(&item.category)?;
        Some(months(limits, item.unit_price, today))
    });
    by_goods
        .chain([months(LOAN, amount, today)])
        .min()
        .unwrap_or(0)
}

fn limits_on(category: &str) -> Option<&'static [Limit]> {
    match category {
        "MOBILE_PHONE_PRICE_ABOVE_REGULATION_LIMIT" => Some(PHONE_ABOVE),
        // The price decides, whatever the shop declares.
        "MOBILE_PHONE_PRICE_BELOW_REGULATION_LIMIT" => Some(PHONE),
        "MOBILE_PHONE_REFURBISHED" => Some(PHONE_REFURBISHED),
        "COMPUTER" => Some(COMPUTER),
        "TABLET" | "TABLET_WITH_CAMPAIGN" => Some(TABLET),
        "GOLD" => Some(GOLD),
        _ => None,
    }
}

/// Rows stand in the order of their days: the last that has begun holds.
fn months(limits: &[Limit], amount: i64, today: Date) -> u16 {
    let begun = |limit: &&Limit| limit.from.is_none_or(|from| from <= today);
    let holding = limits.iter().rfind(begun);
    let brackets = holding.map_or(&[][..], |limit| limit.brackets);
    brackets
        .iter()
        .find(|(up_to, _)| amount <= *up_to)
        .map_or(0, |(_, months)| *months)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = date(2026, 3, 1);

    fn item(category: &str, lira: i64) -> CartItem {
        CartItem {
            id: "1".to_owned(),
            name: "a thing".to_owned(),
            brand: String::new(),
            category: category.to_owned(),
            unit_price: lira * LIRA,
            quantity: 1,
        }
    }

    fn alone(category: &str, lira: i64, day: Date) -> u16 {
        longest(lira * LIRA, &[item(category, lira)], day)
    }

    #[test]
    fn a_phone_has_a_year_to_the_threshold_and_three_months_above() {
        let below = "MOBILE_PHONE_PRICE_BELOW_REGULATION_LIMIT";
        assert_eq!(alone(below, 20_000, TODAY), 12);
        assert_eq!(alone(below, 20_001, TODAY), 3);
        assert_eq!(alone(below, 12_001, date(2024, 12, 4)), 3);
        assert_eq!(alone(below, 12_001, date(2024, 12, 5)), 12);
        assert_eq!(
            alone("MOBILE_PHONE_PRICE_ABOVE_REGULATION_LIMIT", 100, TODAY),
            3
        );
        assert_eq!(alone("MOBILE_PHONE_REFURBISHED", 25_000, TODAY), 12);
        assert_eq!(alone("MOBILE_PHONE_REFURBISHED", 25_001, TODAY), 3);
    }

    #[test]
    fn any_other_loan_is_limited_by_its_amount() {
        assert_eq!(alone("CLOTHING", 125_000, TODAY), 36);
        assert_eq!(alone("CLOTHING", 125_001, TODAY), 24);
        assert_eq!(alone("CLOTHING", 250_001, TODAY), 12);
    }

    #[test]
    fn the_strictest_goods_of_a_cart_decide_and_gold_forbids_it() {
        let cart = [
            item("CLOTHING", 100),
            item("TABLET", 100),
            item("COMPUTER", 100),
        ];
        assert_eq!(longest(30_000, &cart, TODAY), 6);
        let cart = [item("CLOTHING", 100), item("GOLD", 100)];
        assert_eq!(longest(20_000, &cart, TODAY), 0);
    }
}
