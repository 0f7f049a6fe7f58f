//! Who applies for a loan, as the form brings it.

use super::browser::Form;
use super::lang::Lang;
use serde::Serialize;
use std::borrow::Cow;

/// A made-up identity number, as tests use it.
pub(super) const TEST_IDENTITY_NUMBER: &str = "10000000146";

/// Who applies. Does not print.
#[derive(Clone, Serialize)]
pub(super) struct Buyer {
    pub(super) identity_number: Cow<'static, str>,
    pub(super) phone_number: Cow<'static, str>,
    pub(super) birth_date: Cow<'static, str>,
}

/// Stands in the form at first.
pub(super) const TEST_BUYER: Buyer = Buyer {
    identity_number: Cow::Borrowed(TEST_IDENTITY_NUMBER),
    phone_number: Cow::Borrowed("5551112233"),
    birth_date: Cow::Borrowed("1990-05-17"),
};

impl Buyer {
    /// Reads the form.
    pub(super) fn read(form: &Form) -> Buyer {
        let text = |name: &str| Cow::Owned(form.value(name).to_owned());
        Buyer {
            identity_number: text("identity_number"),
            phone_number: text("phone_number"),
            birth_date: text("birth_date"),
        }
    }

    /// What is wrong with it.
    pub(super) fn errors(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let digits =
            |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
        let mut errors = Vec::new();
        let mut wrong =
            |field, tr: &str, en: &str| errors.push((field, lang.of(tr, en).to_owned()));
        if !digits(&self.identity_number, 11) || self.identity_number.starts_with('0') {
            let (tr, en) = ("11 rakam yazın.", "Write 11 digits.");
            wrong("identity_number", tr, en);
        }
        if !digits(&self.phone_number, 10) || !self.phone_number.starts_with('5') {
            let (tr, en) = (
                "5 ile başlayan 10 rakam yazın.",
                "Write 10 digits that begin with 5.",
            );
            wrong("phone_number", tr, en);
        }
        let date: String = self.birth_date.chars().filter(|c| *c != '-').collect();
        if self.birth_date.len() != 10 || !digits(&date, 8) {
            wrong(
                "birth_date",
                "Doğum tarihinizi seçin.",
                "Choose your date of birth.",
            );
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_buyer_is_accepted() {
        assert!(TEST_BUYER.errors(Lang::Tr).is_empty());
    }
}
