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

/// A decimal number of the wire. Keeps its scale: `100`, `100.00` and `1E+3` are spelled back as
/// `100`, `100.00` and `1000`, because Java's `BigDecimal.equals` compares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(Number);

impl Decimal {
    /// Zero, spelled `0`.
    pub const ZERO: Decimal = Decimal(Number::ZERO);

    /// `minor` units of `currency`, spelled with `scale` digits after the point. A scale that
    /// cannot hold the amount is widened to the currency's digits.
    pub fn of_minor(minor: i64, currency: Currency, scale: u32) -> Decimal {
        let mut number = Number::new(minor, currency.exponent());
        let fits = number.normalize().scale() <= scale;
        number.rescale(if fits { scale } else { currency.exponent() });
        Decimal(number)
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
