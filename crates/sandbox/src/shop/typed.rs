//! The card as it was typed into the form, from the form to the request and nowhere else.

use super::browser::Form;
use super::lang::Lang;
use super::mask;
use super::published::HINTS;
use serde_json::{Value, json};

/// Instalments that the form offers at most.
const INSTALMENTS_MAX: u8 = 12;

/// What stands in the card's form. Holds no security code: it is never shown again.
#[derive(Default)]
pub(super) struct CardForm {
    pub(super) number: String,
    pub(super) expiry: String,
    pub(super) holder: String,
    pub(super) threeds: bool,
    pub(super) instalments: u8,
    /// Which reward is chosen.
    pub(super) reward: Option<usize>,
    /// A problem with the question for rewards.
    pub(super) rewards_trouble: String,
    /// Fields and what is wrong with them.
    pub(super) errors: Vec<(&'static str, String)>,
}

impl CardForm {
    /// A form with one of the published cards in it.
    pub(super) fn of_hint(hint: Option<usize>) -> CardForm {
        let known = hint.and_then(|position| HINTS.get(position));
        CardForm {
            number: known.map(|hint| hint.number.to_owned()).unwrap_or_default(),
            expiry: known.map(|_| "07/44".to_owned()).unwrap_or_default(),
            holder: known.map(|_| "Deniz Yılmaz".to_owned()).unwrap_or_default(),
            instalments: 1,
            ..CardForm::default()
        }
    }
}

/// A card as it was typed. Does not print.
pub(super) struct TypedCard {
    pub(super) number: String,
    month: String,
    year: String,
    cvc: String,
    /// What may be shown again.
    pub(super) form: CardForm,
}

impl TypedCard {
    /// Reads the form, however the number is spaced.
    pub(super) fn read(form: &Form) -> TypedCard {
        let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
        let number = digits(form.value("number"));
        let expiry = digits(form.value("expiry"));
        let (month, year) = match expiry.len() {
            4 | 6 => expiry.split_at(2),
            _ => ("", ""),
        };
        let shown = CardForm {
            number: number.clone(),
            expiry: form.value("expiry").to_owned(),
            holder: form.value("holder").to_owned(),
            threeds: form.value("threeds") == "yes",
            instalments: form.value("instalments").parse().unwrap_or(1),
            reward: form.value("reward").parse().ok(),
            ..CardForm::default()
        };
        TypedCard {
            month: month.to_owned(),
            year: match year.len() {
                2 => format!("20{year}"),
                _ => year.to_owned(),
            },
            cvc: digits(form.value("cvc")),
            number,
            form: shown,
        }
    }

    /// Notes what is wrong. True when nothing is.
    pub(super) fn check(&mut self, lang: Lang, to_pay: bool) -> bool {
        let mut errors = Vec::new();
        let mut wrong =
            |field, tr: &str, en: &str| errors.push((field, lang.of(tr, en).to_owned()));
        if mask::ends(&self.number).is_none() || !passes_luhn(&self.number) {
            wrong(
                "number",
                "Kart numarasını kontrol edin.",
                "Check the card number.",
            );
        }
        let month: u8 = self.month.parse().unwrap_or(0);
        if !(1..=12).contains(&month) {
            let (tr, en) = (
                "Ay ve yılı AA/YY biçiminde yazın.",
                "Write month and year as MM/YY.",
            );
            wrong("expiry", tr, en);
        }
        if to_pay && !(3..=4).contains(&self.cvc.len()) {
            wrong(
                "cvc",
                "Güvenlik kodu 3 ya da 4 rakamdır.",
                "The security code has 3 or 4 digits.",
            );
        }
        if to_pay && self.form.holder.is_empty() {
            wrong(
                "holder",
                "Karttaki adı yazın.",
                "Write the name on the card.",
            );
        }
        if !(1..=INSTALMENTS_MAX).contains(&self.form.instalments) {
            wrong(
                "instalments",
                "Taksit sayısını seçin.",
                "Choose the number of instalments.",
            );
        }
        self.form.errors = errors;
        self.form.errors.is_empty()
    }

    /// The card as the API takes it, without the holder.
    pub(super) fn request(&self) -> Value {
        let mut card = json!({
            "cardNumber": self.number,
            "expireYear": self.year,
            "expireMonth": self.month,
        });
        if !self.cvc.is_empty() {
            card["cvc"] = json!(self.cvc);
        }
        card
    }
}

/// The check digit of a card number.
fn passes_luhn(number: &str) -> bool {
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(position, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            match (position % 2, digit * 2) {
                (1, doubled) if doubled > 9 => doubled - 9,
                (1, doubled) => doubled,
                _ => digit,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(fields: &[(&str, &str)]) -> TypedCard {
        let text = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        TypedCard::read(&Form::read(text.as_bytes()))
    }

    #[test]
    fn a_card_is_read_however_it_is_spaced() {
        let mut card = typed(&[
            ("number", "4043 0800 0000 0003"),
            ("expiry", "07 / 44"),
            ("cvc", "000"),
            ("holder", "Deniz"),
        ]);
        assert!(card.check(Lang::Tr, true), "{:?}", card.form.errors);
        assert_eq!(
            card.request().to_string(),
            r#"{"cardNumber":"4043080000000003","expireYear":"2044","expireMonth":"07","cvc":"000"}"#
        );
        let mut wrong = typed(&[("number", "4043080000000004"), ("expiry", "13/44")]);
        assert!(!wrong.check(Lang::Tr, true));
        let fields: Vec<_> = wrong.form.errors.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, ["number", "expiry", "cvc", "holder"]);
    }
}
