//! Amounts: whole minor units of a currency, and decimals that keep the spelling they came in.
//!
//! No floating point anywhere. A client's double such as 0.30000000000000004 is read from its
//! text and rounded to eight places; what is left over beyond the currency's own digits is
//! refused, not dropped.

use crate::enums::Currency;
use crate::received::Received;
use rust_decimal::{Decimal as Number, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};
use std::fmt;
use std::str::FromStr;

/// Digits after the point that a received amount may keep.
pub const AMOUNT_SCALE_MAX: u32 = 8;

/// The largest amount in minor units that is accepted: 9,999,999,999,999.99 in two-digit
/// currencies. Sums of a thousand of them still fit a `bigint`.
pub const AMOUNT_MINOR_MAX: i64 = 999_999_999_999_999;

impl Currency {
    /// Digits after the point (ISO 4217).
    pub const fn exponent(self) -> u32 {
        match self {
            Currency::Jpy => 0,
            Currency::Kwd | Currency::Bhd | Currency::Iqd => 3,
            _ => 2,
        }
    }
}

/// An amount in minor units of its currency (kuruş, cents).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// Whole minor units.
    pub minor: i64,
    /// What they are units of.
    pub currency: Currency,
}

impl Money {
    /// An amount of `minor` units.
    pub const fn new(minor: i64, currency: Currency) -> Money {
        Money { minor, currency }
    }

    /// The sum, or nothing when it overflows or the currencies differ.
    pub fn checked_add(self, other: Money) -> Option<Money> {
        let minor = (self.currency == other.currency)
            .then(|| self.minor.checked_add(other.minor))
            .flatten()?;
        Some(Money { minor, ..self })
    }

    /// The amount as a decimal with the currency's own digits: `12.35`.
    pub fn decimal(self) -> Decimal {
        Decimal::of_minor(self.minor, self.currency, self.currency.exponent())
    }
}

/// Why a decimal is not an amount of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountError {
    /// More digits after the point than the currency has.
    TooPrecise,
    /// Beyond [`AMOUNT_MINOR_MAX`].
    TooLarge,
}

/// A part of an amount in whole millionths: 2.30 % is 23,000. Four decimals of a percentage, so that a
/// part of an amount with two decimals has eight, which is what the wire carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(i64);

impl Rate {
    /// Digits after the point of a percentage.
    pub const PERCENT_SCALE: u32 = 4;
    /// Millionths of one percent.
    pub const PERCENT_MILLIONTHS: i64 = 10_000;
    /// Digits of a whole millionth.
    const SCALE: u32 = 6;

    /// A rate of so many millionths.
    pub const fn of_millionths(millionths: i64) -> Rate {
        Rate(millionths)
    }

    /// A rate that is given in percent.
    pub fn of_percent(percent: Decimal) -> Result<Rate, AmountError> {
        let mut number = percent.0.normalize();
        if number.scale() > Rate::PERCENT_SCALE {
            return Err(AmountError::TooPrecise);
        }
        number.rescale(Rate::PERCENT_SCALE);
        if number.scale() != Rate::PERCENT_SCALE {
            return Err(AmountError::TooLarge);
        }
        let millionths = i64::try_from(number.mantissa());
        millionths.map(Rate).map_err(|_| AmountError::TooLarge)
    }

    /// Whole millionths.
    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// In percent, without trailing zeros: `2.3`.
    pub fn percent(self) -> Decimal {
        Decimal(Number::new(self.0, Rate::PERCENT_SCALE).normalize())
    }

    /// The part of `minor` units of `currency` that the rate takes, to eight digits after the point.
    pub fn part(self, minor: i64, currency: Currency) -> Decimal {
        let amount = Number::new(minor, currency.exponent());
        let part = amount * Number::new(self.0, Rate::SCALE);
        let rounding = RoundingStrategy::MidpointAwayFromZero;
        let part = part.round_dp_with_strategy(AMOUNT_SCALE_MAX, rounding);
        Decimal(part.normalize())
    }

    /// `minor` units and the rate on top, in whole minor units, halves away from zero. Nothing when it
    /// is no amount any more.
    pub fn on_top(self, minor: i64) -> Option<i64> {
        const ONE: i128 = 1_000_000;
        let exact = i128::from(minor).checked_mul(ONE + i128::from(self.0))?;
        let sum = i64::try_from(divided(exact, ONE)).ok()?;
        (sum.checked_abs()? <= AMOUNT_MINOR_MAX).then_some(sum)
    }
}

/// `minor` units in `parts` equal ones, to the nearest unit, halves away from zero: what they are of one
/// by one may differ from the whole.
pub fn in_parts(minor: i64, parts: u8) -> i64 {
    let part = divided(i128::from(minor), i128::from(parts.max(1)));
    i64::try_from(part).unwrap_or(minor)
}

/// A quotient to the nearest whole number, halves away from zero. The divisor is above zero.
fn divided(dividend: i128, divisor: i128) -> i128 {
    (dividend + dividend.signum() * (divisor / 2)) / divisor
}

/// A decimal number of the wire. Keeps its scale: `100`, `100.00` and `1E+3` are spelled back as
/// `100`, `100.00` and `1000`, because Java's `BigDecimal.equals` compares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(Number);

impl Decimal {
    /// Zero, spelled `0`.
    pub const ZERO: Decimal = Decimal(Number::ZERO);
    /// One, spelled `1`.
    pub const ONE: Decimal = Decimal(Number::ONE);

    /// `minor` units of `currency`, spelled with `scale` digits after the point. A scale that
    /// cannot hold the amount is widened to the currency's digits.
    pub fn of_minor(minor: i64, currency: Currency, scale: u32) -> Decimal {
        let mut number = Number::new(minor, currency.exponent());
        let fits = number.normalize().scale() <= scale;
        number.rescale(if fits { scale } else { currency.exponent() });
        Decimal(number)
    }

    /// Of `minor` units of `currency` what `part` is of `whole`, cut behind eight digits after the point;
    /// nothing of a whole of nothing.
    pub fn part(minor: i64, (part, whole): (i64, i64), currency: Currency) -> Decimal {
        let more = AMOUNT_SCALE_MAX - currency.exponent();
        let dividend = i128::from(minor) * i128::from(part);
        let scaled = dividend.checked_mul(10_i128.pow(more));
        let exact = scaled.and_then(|scaled| scaled.checked_div(i128::from(whole)));
        let number = Number::try_from_i128_with_scale(exact.unwrap_or(0), AMOUNT_SCALE_MAX);
        Decimal(number.unwrap_or_default().normalize())
    }

    /// `millionths` as a number without trailing zeros: rates are kept in whole millionths.
    pub fn of_millionths(millionths: i64) -> Decimal {
        Decimal(Number::new(millionths, 6).normalize())
    }

    /// The amount in minor units of `currency`. Negative amounts are kept: who may not be
    /// negative checks [`Decimal::is_negative`].
    pub fn to_minor(self, currency: Currency) -> Result<i64, AmountError> {
        let mut number = self.0.normalize();
        if number.scale() > currency.exponent() {
            return Err(AmountError::TooPrecise);
        }
        number.rescale(currency.exponent());
        if number.scale() != currency.exponent() {
            return Err(AmountError::TooLarge);
        }
        let minor = i64::try_from(number.mantissa()).map_err(|_| AmountError::TooLarge)?;
        match minor.checked_abs() {
            Some(size) if size <= AMOUNT_MINOR_MAX => Ok(minor),
            _ => Err(AmountError::TooLarge),
        }
    }

    /// The number with `scale` digits after the point, or with as many more as it needs.
    #[must_use]
    pub fn with_scale(self, scale: u32) -> Decimal {
        let mut number = self.0.normalize();
        number.rescale(scale.max(number.scale()));
        Decimal(number)
    }

    /// What is left when `other` is taken away; nothing when it is too large.
    pub fn less(self, other: Decimal) -> Option<Decimal> {
        self.0.checked_sub(other.0).map(Decimal)
    }

    /// Digits after the point, as received (0 to 8).
    pub fn scale(self) -> u32 {
        self.0.scale()
    }

    /// Below zero.
    pub fn is_negative(self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }

    /// Exactly zero, in any spelling.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl FromStr for Decimal {
    type Err = ();

    /// Reads a JSON number's text (`100`, `0.30`, `1E+3`), rounding a double's noise to eight
    /// places. Refuses what cannot be an amount: huge exponents, more than 28 digits.
    fn from_str(text: &str) -> Result<Decimal, ()> {
        const LONGEST: usize = 40;
        if text.is_empty() || text.len() > LONGEST {
            return Err(());
        }
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.'));
        let number = if plain {
            Number::from_str(text)
        } else {
            Number::from_scientific(text)
        }
        .map_err(|_| ())?;
        if number.scale() <= AMOUNT_SCALE_MAX {
            return Ok(Decimal(number));
        }
        // Nobody meant seventeen digits: show the number that was meant.
        let rounded =
            number.round_dp_with_strategy(AMOUNT_SCALE_MAX, RoundingStrategy::MidpointAwayFromZero);
        Ok(Decimal(rounded.normalize()))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::Number::from_str(&self.0.to_string())
            .map_err(ser::Error::custom)?
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        Decimal::received(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Decimal {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_number_is_spelled_back_as_it_came() {
        for (sent, back) in [
            ("100", "100"),
            ("100.00", "100.00"),
            ("0.30000000000000004", "0.3"),
            ("1E+3", "1000"),
            ("1e+3", "1000"),
            ("100.00000000", "100.00000000"),
            ("12345678901234567.89", "12345678901234567.89"),
            ("-10", "-10"),
        ] {
            assert_eq!(serde_json::to_string(&read(sent)).unwrap(), back, "{sent}");
        }
    }

    #[test]
    fn minor_units_refuse_more_digits_than_the_currency_has() {
        assert_eq!(read("12.35").to_minor(Currency::Try), Ok(1235));
        assert_eq!(read("12.350").to_minor(Currency::Try), Ok(1235));
        assert_eq!(read("0.30000000000000004").to_minor(Currency::Try), Ok(30));
        assert_eq!(
            read("12.355").to_minor(Currency::Try),
            Err(AmountError::TooPrecise)
        );
        assert_eq!(read("12.355").to_minor(Currency::Kwd), Ok(12355));
        assert_eq!(
            read("12.5").to_minor(Currency::Jpy),
            Err(AmountError::TooPrecise)
        );
        assert_eq!(
            read("99999999999999999999").to_minor(Currency::Try),
            Err(AmountError::TooLarge)
        );
    }

    #[test]
    fn a_rate_is_whole_millionths_and_its_part_is_exact() {
        let rate = |text| Rate::of_percent(read(text));
        assert_eq!(rate("2.30"), Ok(Rate(23_000)));
        assert_eq!(rate("2.30").unwrap().percent().to_string(), "2.3");
        assert_eq!(rate("-0.0001"), Ok(Rate(-1)));
        assert_eq!(rate("0.00001"), Err(AmountError::TooPrecise));
        assert_eq!(
            rate("9999999999999999999999999"),
            Err(AmountError::TooLarge)
        );
        let part = |percent, minor, currency| {
            let part = rate(percent).unwrap().part(minor, currency);
            part.to_string()
        };
        assert_eq!(part("2.5", 3_210, Currency::Try), "0.8025");
        assert_eq!(part("0.0001", 1, Currency::Try), "0.00000001");
        assert_eq!(part("0.0001", 5, Currency::Kwd), "0.00000001");
        let largest = part("100", AMOUNT_MINOR_MAX, Currency::Try);
        assert_eq!(largest, "9999999999999.99");
        for (percent, price, total) in [
            ("2.30", 100_000, 102_300),
            ("7", 100_000, 107_000),
            ("0.5", 100, 101),
            ("0.4999", 100, 100),
            ("-0.5", 100, 100),
            ("-10", 100, 90),
        ] {
            let rate = rate(percent).unwrap();
            assert_eq!(rate.on_top(price), Some(total), "{percent} on {price}");
        }
        assert_eq!(rate("1").unwrap().on_top(AMOUNT_MINOR_MAX), None);
        assert_eq!(rate("1000").unwrap().on_top(i64::MAX), None);
    }

    #[test]
    fn a_part_of_an_amount_is_what_it_is_of_the_whole() {
        let part = |minor, of, currency| Decimal::part(minor, of, currency).to_string();
        assert_eq!(part(5_350, (4_200, 5_000), Currency::Try), "44.94");
        assert_eq!(part(100, (1, 3), Currency::Try), "0.33333333");
        assert_eq!(part(100, (2, 3), Currency::Jpy), "66.66666666");
        assert_eq!(part(7, (0, 0), Currency::Try), "0");
        let most = AMOUNT_MINOR_MAX;
        assert_eq!(part(most, (most, most), Currency::Try), "9999999999999.99");
        assert_eq!(part(most, (most, most), Currency::Jpy), "999999999999999");
    }

    #[test]
    fn a_part_is_the_nearest_unit() {
        for (minor, parts, part) in [(107_000, 6, 17_833), (100, 3, 33), (5, 2, 3), (7, 0, 7)] {
            assert_eq!(in_parts(minor, parts), part, "{minor} in {parts}");
        }
    }

    #[test]
    fn a_number_keeps_the_digits_that_it_needs() {
        let spelled = |text, scale| read(text).with_scale(scale).to_string();
        assert_eq!(spelled("2.5", 2), "2.50");
        assert_eq!(spelled("2.6750", 2), "2.675");
        assert_eq!(spelled("30.00", 0), "30");
        assert_eq!(read("30").less(read("0.75")), Some(read("29.25")));
    }

    #[test]
    fn hostile_numbers_are_refused() {
        for text in ["1e999999999", "\"1e3\"", "\"\"", "1e29", "true", "{}"] {
            assert!(serde_json::from_str::<Decimal>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_stored_amount_keeps_the_scale_it_was_received_with() {
        assert_eq!(
            Decimal::of_minor(10000, Currency::Try, 0).to_string(),
            "100"
        );
        assert_eq!(
            Decimal::of_minor(10000, Currency::Try, 8).to_string(),
            "100.00000000"
        );
        assert_eq!(
            Decimal::of_minor(10050, Currency::Try, 0).to_string(),
            "100.50"
        );
    }
}
