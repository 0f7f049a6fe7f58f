//! Card numbers and security codes that cannot be printed, stored or sent by accident.
//!
//! `Pan` and `Cvc` have no `Serialize`, print masked, and wipe themselves when dropped.

use std::fmt;
use zeroize::Zeroizing;

/// A primary account number: 12 to 19 digits that pass the Luhn check.
#[derive(Clone, PartialEq, Eq)]
pub struct Pan(Zeroizing<String>);

/// Why a text is not a card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PanError {
    /// Something other than digits, or not 12 to 19 of them.
    Shape,
    /// The Luhn check digit does not fit.
    CheckDigit,
}

impl Pan {
    /// Reads a card number. Blanks between digits are allowed, as shoppers type them.
    pub fn parse(text: &str) -> Result<Pan, PanError> {
        let digits: Zeroizing<String> =
            Zeroizing::new(text.chars().filter(|c| *c != ' ').collect());
        if !(12..=19).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PanError::Shape);
        }
        if !luhn(&digits) {
            return Err(PanError::CheckDigit);
        }
        Ok(Pan(digits))
    }

    /// All digits. Only a bank request and the vault need them.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The first eight digits: the BIN as it is answered since April 2022.
    pub fn bin(&self) -> &str {
        &self.0[..8]
    }

    /// The last four digits.
    pub fn last_four(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }

    /// First six and last four digits, the rest as stars.
    pub fn masked(&self) -> String {
        let hidden = self.0.len() - 10;
        format!("{}{}{}", &self.0[..6], "*".repeat(hidden), self.last_four())
    }
}

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pan({})", self.masked())
    }
}

/// Whether the digits' check digit fits (ISO/IEC 7812-1). Anything but digits does not.
pub fn luhn(digits: &str) -> bool {
    let mut sum = 0u32;
    for (i, byte) in digits.bytes().rev().enumerate() {
        if !byte.is_ascii_digit() {
            return false;
        }
        let digit = u32::from(byte - b'0');
        sum += match i % 2 {
            0 => digit,
            _ if digit > 4 => digit * 2 - 9,
            _ => digit * 2,
        };
    }
    !digits.is_empty() && sum.is_multiple_of(10)
}

/// A card security code: three digits, four for American Express. Never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Cvc(Zeroizing<String>);

impl Cvc {
    /// Reads a security code of three or four digits.
    pub fn parse(text: &str) -> Option<Cvc> {
        let fits = matches!(text.len(), 3 | 4) && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| Cvc(Zeroizing::new(text.to_owned())))
    }

    /// The digits, for the bank request alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Cvc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cvc(***)")
    }
}

/// The month in which a card expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry {
    /// Four digits, 2000 to 2099.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
}

impl Expiry {
    /// `YYMM`, as some banks write it.
    pub fn yymm(self) -> String {
        format!("{:02}{:02}", self.year % 100, self.month)
    }

    /// `MMYY`, as most other banks write it.
    pub fn mmyy(self) -> String {
        format!("{:02}{:02}", self.month, self.year % 100)
    }
}

/// A text that must not be printed: a password, a key. Wiped when dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(Zeroizing::new(text.into()))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// A text of a request that must not be printed or sent on: a card number, a password, an
/// identity number. As it came: nothing has been checked yet. Wiped when dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SensitiveText(Zeroizing<String>);

impl SensitiveText {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> SensitiveText {
        SensitiveText(Zeroizing::new(text.into()))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SensitiveText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SensitiveText(***)")
    }
}

/// A card number or security code of a request, as it came. Read from a text alone: a number would
/// have lost its leading zeros, or its last digits, before it was sent.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CardText(SensitiveText);

impl CardText {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> CardText {
        CardText(SensitiveText::new(text))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for CardText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardText(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_prints_masked() {
        let pan = Pan::parse("5209 2200 0000 0002").unwrap();
        assert_eq!(format!("{pan:?}"), "Pan(520922******0002)");
        assert_eq!((pan.bin(), pan.last_four()), ("52092200", "0002"));
        assert_eq!(Pan::parse("5209220000000003"), Err(PanError::CheckDigit));
        assert_eq!(Pan::parse("5209a20000000002"), Err(PanError::Shape));
        assert_eq!(Pan::parse("٣٣٣٣٣٣٣٣٣٣٣٣"), Err(PanError::Shape));
    }

    #[test]
    fn a_security_code_never_prints() {
        assert_eq!(format!("{:?}", Cvc::parse("123")), "Some(Cvc(***))");
        assert_eq!(Cvc::parse("12"), None);
        assert_eq!(Cvc::parse("12a"), None);
    }
}
