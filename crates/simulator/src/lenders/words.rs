//! What the bank's pages say, in Turkish and English, and how they write amounts.

use serde::Serialize;

/// The words of a page.
#[derive(Serialize)]
pub(crate) struct Words {
    pub(crate) language: &'static str,
    pub(crate) title: &'static str,
    pub(crate) choose_bank: &'static str,
    pub(crate) continue_: &'static str,
    pub(crate) cart_total: &'static str,
    pub(crate) term: &'static str,
    pub(crate) months: &'static str,
    pub(crate) total: &'static str,
    pub(crate) identity_number: &'static str,
    pub(crate) phone_number: &'static str,
    pub(crate) birth_date: &'static str,
    pub(crate) approve: &'static str,
    pub(crate) decline: &'static str,
    pub(crate) assess: &'static str,
    pub(crate) close: &'static str,
    pub(crate) bench: &'static str,
    pub(crate) back_to_shop: &'static str,
    pub(crate) term_missing: &'static str,
    pub(crate) identity_number_wrong: &'static str,
    pub(crate) phone_number_wrong: &'static str,
    pub(crate) birth_date_wrong: &'static str,
    pub(crate) not_found: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) assessing: &'static str,
    pub(crate) ready: &'static str,
    pub(crate) disbursed: &'static str,
    pub(crate) rejected: &'static str,
    pub(crate) expired: &'static str,
    pub(crate) cancelled: &'static str,
}

const TURKISH: Words = Words {
    language: "tr",
    title: "Alışveriş kredisi başvurusu",
    choose_bank: "Hangi bankadan kredi kullanmak istersiniz?",
    continue_: "Devam et",
    cart_total: "Sepet tutarı",
    term: "Vade",
    months: "ay",
    total: "toplam",
    identity_number: "T.C. kimlik numarası",
    phone_number: "Cep telefonu (5xxxxxxxxx)",
    birth_date: "Doğum tarihi",
    approve: "Başvur: banka onaylasın",
    decline: "Başvur: banka reddetsin",
    assess: "Başvur: değerlendirme uzasın",
    close: "Sonuçlandırmadan dön",
    bench: "Bu sayfa bir simülatördür. Kararı siz verirsiniz, gerçek bir kredi kullanılmaz.",
    back_to_shop: "Mağazaya dön",
    term_missing: "Bir vade seçin.",
    identity_number_wrong: "Kimlik numarası 11 haneli olmalı.",
    phone_number_wrong: "Telefon 5 ile başlayan 10 hane olmalı.",
    birth_date_wrong: "Geçerli bir doğum tarihi girin.",
    not_found: "Böyle bir başvuru yok.",
    failed: "Şu anda işlem yapılamıyor. Lütfen tekrar deneyin.",
    assessing: "Başvurunuz değerlendiriliyor.",
    ready: "Krediniz kullanıma hazır.",
    disbursed: "Krediniz kullandırıldı.",
    rejected: "Başvurunuz onaylanmadı.",
    expired: "Başvurunun süresi doldu.",
    cancelled: "Başvuru iptal edildi.",
};

const ENGLISH: Words = Words {
    language: "en",
    title: "Shopping loan application",
    choose_bank: "Which bank should lend?",
    continue_: "Continue",
    cart_total: "Cart total",
    term: "Term",
    months: "months",
    total: "in total",
    identity_number: "National identity number",
    phone_number: "Mobile phone (5xxxxxxxxx)",
    birth_date: "Date of birth",
    approve: "Apply: the bank approves",
    decline: "Apply: the bank declines",
    assess: "Apply: the assessment takes long",
    close: "Go back without finishing",
    bench: "This page is a simulator. You decide for the bank, and nobody lends anything.",
    back_to_shop: "Back to the shop",
    term_missing: "Choose a term.",
    identity_number_wrong: "The identity number has 11 digits.",
    phone_number_wrong: "The phone number has 10 digits and starts with 5.",
    birth_date_wrong: "Enter a valid date of birth.",
    not_found: "There is no such application.",
    failed: "This cannot be done right now. Please try again.",
    assessing: "Your application is being assessed.",
    ready: "Your loan is ready to use.",
    disbursed: "Your loan is disbursed.",
    rejected: "Your application was declined.",
    expired: "The application's time is over.",
    cancelled: "The application was cancelled.",
};

/// English when the browser names it before Turkish; else Turkish. Weights are not read: browsers
/// list languages in the order of preference.
pub(crate) fn of_browser(accept_language: &str) -> &'static Words {
    let languages = accept_language
        .split(',')
        .map(|entry| entry.trim().to_ascii_lowercase());
    for language in languages {
        if language.starts_with("tr") {
            return &TURKISH;
        }
        if language.starts_with("en") {
            return &ENGLISH;
        }
    }
    &TURKISH
}

/// Kuruş as a person reads them: `12.345,67 TL` or `TRY 12,345.67`.
pub(crate) fn amount(minor: i64, language: &str) -> String {
    let (thousands, point) = if language == "tr" {
        ('.', ',')
    } else {
        (',', '.')
    };
    let (lira, kurus) = (minor / 100, minor % 100);
    let digits = lira.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(thousands);
        }
        grouped.push(digit);
    }
    match language {
        "tr" => format!("{grouped}{point}{kurus:02} TL"),
        _ => format!("TRY {grouped}{point}{kurus:02}"),
    }
}

/// A rate in millionths of a percent: `%3,59` or `3.59%`.
pub(crate) fn rate(millionths: i64, language: &str) -> String {
    let (whole, hundredths) = (millionths / 1_000_000, millionths % 1_000_000 / 10_000);
    match language {
        "tr" => format!("%{whole},{hundredths:02}"),
        _ => format!("{whole}.{hundredths:02}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_rates_are_written_as_the_language_does() {
        assert_eq!(amount(1_234_567, "tr"), "12.345,67 TL");
        assert_eq!(amount(123_456_700, "en"), "TRY 1,234,567.00");
        assert_eq!(amount(5, "tr"), "0,05 TL");
        assert_eq!(rate(3_590_000, "tr"), "%3,59");
        assert_eq!(rate(4_050_000, "en"), "4.05%");
    }

    #[test]
    fn the_browser_chooses_and_turkish_is_the_default() {
        assert_eq!(of_browser("en-US,en;q=0.9,tr;q=0.8").language, "en");
        assert_eq!(of_browser("tr-TR,tr;q=0.9,en;q=0.8").language, "tr");
        assert_eq!(of_browser("de").language, "tr");
    }
}
