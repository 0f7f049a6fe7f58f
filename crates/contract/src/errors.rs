//! Why a payment is refused: every error group with its code and its Turkish and English text.
//!
//! Codes above 10000 belong to a group. What is wrong with a request itself is in [`crate::rules`].

pub use crate::wire::enums::ErrorGroup;

/// The language of an error's description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Turkish, when nothing is asked for.
    #[default]
    Tr,
    /// English.
    En,
}

impl Language {
    /// Reads a `lang` header: `en`, `EN`, `en-US` are English, everything else is Turkish.
    pub fn of_header(lang: Option<&str>) -> Language {
        let tag = lang.unwrap_or_default().trim();
        let primary = tag.split(['-', '_', ',', ';']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("en") {
            Language::En
        } else {
            Language::Tr
        }
    }

    /// Reads a browser's `Accept-Language`: its first choice of the two, Turkish when it has none.
    pub fn of_browser(accepted: Option<&str>) -> Language {
        let tags = accepted.unwrap_or_default().split(',');
        let mut primary = tags.map(|tag| {
            let tag = tag.trim().split(['-', ';']).next().unwrap_or_default();
            tag.to_ascii_lowercase()
        });
        match primary.find(|tag| matches!(tag.as_str(), "tr" | "en")) {
            Some(tag) if tag == "en" => Language::En,
            _ => Language::Tr,
        }
    }

    /// The tag of BCP 47, as HTML's `lang` takes it.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::Tr => "tr",
            Language::En => "en",
        }
    }
}

/// An error's number and texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode {
    /// Decimal digits, as the wire wants them.
    pub code: &'static str,
    /// Turkish text.
    pub tr: &'static str,
    /// English text.
    pub en: &'static str,
}

impl ErrorCode {
    /// The text in a language.
    pub const fn text(self, language: Language) -> &'static str {
        match language {
            Language::Tr => self.tr,
            Language::En => self.en,
        }
    }
}

impl ErrorGroup {
    /// The HTTP status of a refusal by a bank, a lender or a rule.
    pub const STATUS: u16 = 422;

    /// The group's number: five digits.
    pub const fn code(self) -> &'static str {
        self.error_code().code
    }

    /// The group's text in a language.
    pub const fn text(self, language: Language) -> &'static str {
        self.error_code().text(language)
    }

    /// The group's row of the table. 10051 is documented; the other numbers below 10300 are those
    /// that comparable public error lists give to groups of the same name; groups without a
    /// known number have one from 10300 up.
    #[rustfmt::skip]
    pub const fn error_code(self) -> ErrorCode {
        let (code, tr, en) = match self {
            ErrorGroup::AmexCanUseOnlyMr => ("10235", "American Express kartlarda yalnızca Membership Rewards puanı kullanılabilir", "American Express cards can only use Membership Rewards points"),
            ErrorGroup::ApmError => ("10300", "Alternatif ödeme yöntemiyle ödeme alınamadı", "The payment could not be taken with the alternative payment method"),
            ErrorGroup::ApmAccountNotFound => ("10301", "Alternatif ödeme yöntemi hesabı bulunamadı", "The account at the alternative payment method was not found"),
            ErrorGroup::ApmAccountPermissionDenied => ("10302", "Alternatif ödeme yöntemi hesabının ödeme yetkisi yok", "The account at the alternative payment method may not make payments"),
            ErrorGroup::ApmInvalidVerificationCode => ("10303", "Doğrulama kodu hatalı", "The verification code is wrong"),
            ErrorGroup::ApmVerificationCodeError => ("10304", "Doğrulama kodunu girme süresi doldu", "The time to enter the verification code is over"),
            ErrorGroup::ApmValidationError => ("10305", "Alternatif ödeme yöntemi gönderilen bilgileri kabul etmedi", "The alternative payment method did not accept the data that was sent"),
            ErrorGroup::ApmVposError => ("10306", "Alternatif ödeme yönteminin sanal POS'unda hata oluştu", "The virtual POS of the alternative payment method reported an error"),
            ErrorGroup::ApprovedCompleted => ("10203", "Bu sipariş numarasıyla daha önce başarılı bir ödeme yapılmış", "A payment with this order number has already succeeded"),
            ErrorGroup::ArchivedPayment => ("10307", "Ödeme bankada arşivlendiği için iade edilemiyor", "The payment was archived by the bank and cannot be refunded"),
            ErrorGroup::BinNotFound => ("10213", "Kart numarasının ilk hanelerine ait banka bulunamadı", "No bank is known for the first digits of the card number"),
            ErrorGroup::BlockedCard => ("10209", "Kart bankası tarafından bloke edilmiş", "The card is blocked by its bank"),
            ErrorGroup::BnplCancelled => ("10308", "Alışveriş kredisi iptal edilmiş", "The shopping loan is cancelled"),
            ErrorGroup::CardNotPermitted => ("10201", "Kartın bankası bu işleme izin vermiyor", "The bank of the card does not permit this transaction"),
            ErrorGroup::CommunicationOrSystemError => ("10214", "Bankadan zamanında yanıt alınamadı", "The bank did not answer in time"),
            ErrorGroup::Cvc2MaxAttempt => ("10212", "Güvenlik kodu çok fazla kez hatalı girildi", "The security code was entered wrongly too many times"),
            ErrorGroup::CvcRequired => ("10309", "Bu POS güvenlik kodu olmadan ödeme alamıyor", "This POS cannot take a payment without the security code"),
            ErrorGroup::DebitCardsInstallmentNotAllowed => ("10218", "Banka kartıyla taksitli ödeme yapılamaz", "Debit cards cannot pay in instalments"),
            ErrorGroup::DebitCardsRequires3ds => ("10217", "Banka kartıyla ödeme 3D Secure ile yapılmalıdır", "Debit cards must pay with 3D Secure"),
            ErrorGroup::Declined => ("10220", "Ödeme banka tarafından reddedildi", "The bank declined the payment"),
            ErrorGroup::DoNotHonour => ("10005", "Kartın bankası işlemi onaylamadı", "The bank of the card did not approve the transaction"),
            ErrorGroup::ExceedsAllowablePinTries => ("10226", "Şifre deneme sayısı aşıldı", "The PIN was tried too many times"),
            ErrorGroup::ExceedsWithdrawalAmountLimit => ("10224", "Kartın günlük işlem limiti aşıldı", "The daily limit of the card is exceeded"),
            ErrorGroup::ExpiredCard => ("10054", "Kartın süresi dolmuş ya da son kullanma tarihi hatalı", "The card has expired or its expiry date is wrong"),
            ErrorGroup::ExpiredProvision => ("10310", "Ön provizyonun süresi dolmuş", "The authorisation has expired"),
            ErrorGroup::FraudCheckBlock => ("10311", "Ödeme üye işyerinin güvenlik kuralına takıldı", "A security rule of the merchant blocked the payment"),
            ErrorGroup::FraudSuspect => ("10034", "Banka işlemi şüpheli buldu", "The bank suspects fraud"),
            ErrorGroup::InputData => ("10312", "Bankaya gönderilen bilgiler geçersiz", "The data sent to the bank is not valid"),
            ErrorGroup::InvalidAmount => ("10232", "Tutar banka tarafından kabul edilmedi", "The bank did not accept the amount"),
            ErrorGroup::InvalidCardNumber => ("10215", "Kart numarası geçersiz", "The card number is not valid"),
            ErrorGroup::InvalidCardType => ("10233", "Kart türü bu işlem için uygun değil", "The type of the card does not fit this transaction"),
            ErrorGroup::InvalidCavv => ("10210", "3D Secure doğrulama değeri (CAVV) geçersiz", "The 3D Secure value CAVV is not valid"),
            ErrorGroup::InvalidCharsInEmail => ("10205", "E-posta adresi geçersiz karakter içeriyor", "The e-mail address holds characters that are not allowed"),
            ErrorGroup::InvalidCvc2 => ("10084", "Güvenlik kodu hatalı", "The security code is wrong"),
            ErrorGroup::InvalidCvc2Length => ("10206", "Güvenlik kodunun uzunluğu hatalı", "The security code has the wrong length"),
            ErrorGroup::InvalidEci => ("10211", "3D Secure ECI değeri geçersiz", "The 3D Secure value ECI is not valid"),
            ErrorGroup::InvalidExpireYearMonth => ("10229", "Son kullanma tarihi geçersiz", "The expiry date is not valid"),
            ErrorGroup::InvalidIp => ("10313", "İstek banka tarafından tanınmayan bir IP adresinden geldi", "The bank does not know the IP address of the request"),
            ErrorGroup::InvalidMerchantOrSp => ("10208", "Üye işyeri bilgileri bankada tanımlı değil", "The bank does not know the merchant or its category"),
            ErrorGroup::InvalidPin => ("10227", "Şifre hatalı", "The PIN is wrong"),
            ErrorGroup::InvalidRefundTransaction => ("10314", "İade işlemi geçersiz", "The refund is not valid"),
            ErrorGroup::InvalidTransaction => ("10012", "İşlem geçersiz", "The transaction is not valid"),
            ErrorGroup::IssuerOrSwitchInoperative => ("10228", "Banka şu anda hizmet veremiyor", "The bank is out of service at present"),
            ErrorGroup::LostCard => ("10041", "Kart kayıp olarak bildirilmiş", "The card was reported lost"),
            ErrorGroup::MayHaveAlreadyRefunded => ("10315", "İade tutarı kalan tutarı aşıyor", "The refund exceeds what is left of the payment"),
            ErrorGroup::NonRefundablePayment => ("10316", "Bu ödeme iade edilemez", "This payment cannot be refunded"),
            ErrorGroup::NoResponse => ("10317", "Bankadan yanıt alınamadı", "The bank gave no answer"),
            ErrorGroup::NoSuchIssuer => ("10216", "Kartı çıkaran banka bulunamadı", "The bank that issued the card was not found"),
            ErrorGroup::NotPermittedToCardholder => ("10057", "Kart sahibi bu işlemi yapamaz", "The cardholder may not make this transaction"),
            ErrorGroup::NotPermittedToForeignCard => ("10221", "POS yabancı kartlara kapalı", "The POS does not take foreign cards"),
            ErrorGroup::NotPermittedToInstallment => ("10222", "POS taksitli işlemlere kapalı", "The POS does not take instalments"),
            ErrorGroup::NotPermittedToTerminal => ("10058", "POS'un bu işlem için yetkisi yok", "The POS may not make this transaction"),
            ErrorGroup::NotSufficientAward => ("10234", "Kartta yeterli puan yok", "The card does not hold enough points"),
            ErrorGroup::NotSufficientFunds => ("10051", "Kart limiti ya da bakiyesi yetersiz", "The limit or balance of the card is not sufficient"),
            ErrorGroup::OrderIdAlreadyUsed => ("10318", "Sipariş numarası daha önce kullanılmış", "The order number has been used before"),
            ErrorGroup::PaymentNotFoundForRefund => ("10319", "İade edilecek ödeme bankada bulunamadı", "The bank cannot find the payment to refund"),
            ErrorGroup::PickupCard => ("10320", "Karta bankası tarafından el konulmalıdır", "The bank wants the card to be withheld"),
            ErrorGroup::PosBalanceNotSufficient => ("10321", "POS'a bağlı hesabın bakiyesi yetersiz", "The account behind the POS has no sufficient balance"),
            ErrorGroup::ReferToCardIssuer => ("10207", "Kartın bankasıyla görüşülmelidir", "The bank of the card must be called"),
            ErrorGroup::RefundDecline => ("10246", "İade banka tarafından reddedildi", "The bank declined the refund"),
            ErrorGroup::RequestBlockedByBank => ("10230", "İstek banka tarafından engellendi", "The bank blocked the request"),
            ErrorGroup::RequestTimeout => ("10219", "Bankaya gönderilen istek zaman aşımına uğradı", "The request to the bank timed out"),
            ErrorGroup::Requires3ds => ("10322", "Ödeme 3D Secure ile yapılmalıdır", "The payment must be made with 3D Secure"),
            ErrorGroup::RequiresDayEnd => ("10223", "İşlem için gün sonunun yapılması gerekiyor", "The day must be closed at the bank first"),
            ErrorGroup::RestrictedByLaw => ("10093", "Kart internet alışverişine kapalı", "The card is closed to purchases on the internet"),
            ErrorGroup::RestrictedCard => ("10225", "Kartın kullanımı kısıtlanmış", "The card is restricted"),
            ErrorGroup::SalesAmountLessThanAward => ("10231", "Kullanılmak istenen puan ödeme tutarından fazla", "More points were asked for than the payment amounts to"),
            ErrorGroup::StolenCard => ("10043", "Kart çalıntı olarak bildirilmiş", "The card was reported stolen"),
            ErrorGroup::ThreedsInitError => ("10323", "3D Secure işlemi başlatılamadı", "3D Secure could not be started"),
            ErrorGroup::TooManyRequests => ("10324", "Çok fazla istek gönderildi", "Too many requests were sent"),
            ErrorGroup::Unknown => ("10200", "Bilinmeyen bir hata oluştu", "An unknown error occurred"),
        };
        ErrorCode { code, tr, en }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_browsers_first_choice_of_the_two_languages_counts() {
        for (accepted, language) in [
            (None, Language::Tr),
            (Some("de-DE, en-GB;q=0.8, tr;q=0.5"), Language::En),
            (Some("TR-tr,en"), Language::Tr),
            (Some("entirely-unknown"), Language::Tr),
        ] {
            assert_eq!(Language::of_browser(accepted), language, "{accepted:?}");
        }
    }

    #[test]
    fn every_group_has_a_number_of_its_own_above_10000() {
        let codes: HashSet<&str> = ErrorGroup::ALL.iter().map(|group| group.code()).collect();
        assert_eq!(codes.len(), ErrorGroup::ALL.len());
        assert!(
            codes
                .iter()
                .all(|code| code.len() == 5 && code.starts_with("10"))
        );
        assert_eq!(ErrorGroup::NotSufficientFunds.code(), "10051");
    }

    #[test]
    fn the_lang_header_chooses_the_language() {
        for (lang, language) in [
            (None, Language::Tr),
            (Some("tr"), Language::Tr),
            (Some("en"), Language::En),
            (Some("EN-us"), Language::En),
            (Some("de"), Language::Tr),
        ] {
            assert_eq!(Language::of_header(lang), language, "{lang:?}");
        }
    }
}
