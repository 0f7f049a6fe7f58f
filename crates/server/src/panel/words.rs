//! What the wire's spellings are called in the two languages. Sentences stand in the templates,
//! beside where they are shown.

use contract::errors::Language;

/// A word for a spelling of the wire or the database; the spelling itself when there is none.
pub(super) fn word(language: Language, spelling: &str) -> String {
    let found = WORDS.iter().find(|(known, _, _)| *known == spelling);
    match (found, language) {
        (Some((_, tr, _)), Language::Tr) => (*tr).to_owned(),
        (Some((_, _, en)), Language::En) => (*en).to_owned(),
        (None, _) => spelling.to_owned(),
    }
}

/// How a state looks: `good`, `bad`, `wait` or nothing special. Never the only sign of it.
pub(super) fn tone(spelling: &str) -> &'static str {
    match spelling {
        "SUCCESS" | "APPROVED" | "DELIVERED" | "DISBURSED" | "READY" | "ACTIVE" | "DONE"
        | "AUTOPILOT" => "good",
        "FAILURE" | "DECLINED" | "DROPPED" | "REJECTED" | "EXPIRED" | "REFUSED" | "DELETED" => {
            "bad"
        }
        "WAITING" | "DOUBT" | "REVERSING" | "REVIEW" | "PENDING" | "ASSESSING" | "CONFIRMING"
        | "INIT_THREEDS" | "CALLBACK_THREEDS" | "ASKED" | "PAGE" | "VERIFIED"
        | "APPROVAL_REQUIRED" | "WAIT_FOR_WEBHOOK" | "VERIFY_REQUIRED" | "REFUND_ONLY" => "wait",
        _ => "plain",
    }
}

#[rustfmt::skip]
const WORDS: &[(&str, &str, &str)] = &[
    // states of payments
    ("SUCCESS", "Başarılı", "Successful"),
    ("FAILURE", "Başarısız", "Failed"),
    ("INIT_THREEDS", "3DS bekleniyor", "3DS started"),
    ("CALLBACK_THREEDS", "3DS tamamlandı", "3DS returned"),
    ("WAITING", "Beklemede", "Waiting"),
    // attempts
    ("ASKED", "Soruldu", "Asked"),
    ("PAGE", "Banka sayfasında", "On the bank's page"),
    ("VERIFIED", "Doğrulandı", "Verified"),
    ("APPROVED", "Onaylandı", "Approved"),
    ("DECLINED", "Reddedildi", "Declined"),
    ("DOUBT", "Şüpheli", "In doubt"),
    ("NOT_SENT", "Gönderilmedi", "Not sent"),
    ("REVERSING", "Geri alınıyor", "Being reversed"),
    ("REVERSED", "Geri alındı", "Reversed"),
    ("REVIEW", "İnceleme bekliyor", "Needs a person"),
    // loans
    ("PENDING", "Bekliyor", "Pending"),
    ("ASSESSING", "Değerlendiriliyor", "Being assessed"),
    ("READY", "Kullanıma hazır", "Ready to use"),
    ("CONFIRMING", "Onaylanıyor", "Being confirmed"),
    ("DISBURSED", "Kullandırıldı", "Disbursed"),
    ("REJECTED", "Reddedildi", "Rejected"),
    ("EXPIRED", "Süresi doldu", "Expired"),
    ("CANCELLED", "İptal edildi", "Cancelled"),
    ("NONE", "İşlem gerekmiyor", "Nothing to do"),
    ("APPROVAL_REQUIRED", "Onayınız bekleniyor", "Waits for your approval"),
    ("WAIT_FOR_WEBHOOK", "Banka değerlendiriyor", "The bank is assessing"),
    ("VERIFY_REQUIRED", "Sonuç sorulmalı", "The outcome must be asked"),
    // webhooks
    ("DELIVERED", "İletildi", "Delivered"),
    ("DROPPED", "İletilemedi", "Not delivered"),
    // POSes and methods
    ("ACTIVE", "Aktif", "Active"),
    ("PASSIVE", "Pasif", "Passive"),
    ("AUTOPILOT", "Otopilot", "Autopilot"),
    ("REFUND_ONLY", "Yalnızca iade", "Refunds only"),
    ("DELETED", "Silindi", "Deleted"),
    ("THREE_DS", "3D Secure", "3D Secure"),
    ("NON_THREE_DS", "3D Secure'süz", "Without 3D Secure"),
    ("GARANTI", "Garanti BBVA", "Garanti BBVA"),
    ("YKB", "Yapı Kredi", "Yapı Kredi"),
    ("PROVAUT", "Satış kullanıcısı", "Sales user"),
    ("PROVRFN", "İptal ve iade kullanıcısı", "Void and refund user"),
    ("STANDARD", "Kullanıcı", "User"),
    ("CONSUMER", "Bireysel", "Consumer"),
    ("COMMERCIAL", "Ticari", "Commercial"),
    // kinds of payment
    ("CARD_PAYMENT", "Kart", "Card"),
    ("DEPOSIT_PAYMENT", "Para yükleme", "Deposit"),
    ("WALLET_PAYMENT", "Cüzdan", "Wallet"),
    ("BANK_TRANSFER", "Havale", "Bank transfer"),
    ("APM", "Alternatif yöntem", "Alternative method"),
    ("MASLAK", "Maslak", "Maslak"),
    ("CREDIT_CARD", "Kredi kartı", "Credit card"),
    ("DEBIT_CARD", "Banka kartı", "Debit card"),
    ("PREPAID_CARD", "Ön ödemeli kart", "Prepaid card"),
    // rewards
    ("REWARD_MONEY", "Puan", "Points"),
    ("ADDITIONAL_INSTALLMENT", "Ek taksit", "Additional instalments"),
    ("POSTPONING_INSTALLMENT", "Taksit erteleme", "Postponed instalments"),
    ("EXTRA_POINTS", "Ekstra puan", "Extra points"),
    ("GAINING_MINUTES", "Dakika kazanma", "Airtime"),
    ("POSTPONING_STATEMENT", "Ekstre erteleme", "Postponed statement"),
    ("POSTPONING_PAYMENT", "Ödeme erteleme", "Postponed payment"),
    // roles
    ("OWNER", "Sahip", "Owner"),
    ("FINANCE", "Finans", "Finance"),
    ("SUPPORT", "Destek", "Support"),
    ("DEVELOPER", "Geliştirici", "Developer"),
    ("READ_ONLY", "Salt okunur", "Read only"),
    // the audit log
    ("DONE", "Yapıldı", "Done"),
    ("REFUSED", "Reddedildi", "Refused"),
    ("USER", "Kullanıcı", "User"),
    ("API_KEY", "API anahtarı", "API key"),
    ("OPERATOR", "Sistem yöneticisi", "Operator"),
    ("NOBODY", "Kimliği belirsiz", "Unknown"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_spelling_has_two_words() {
        let mut known = HashSet::new();
        for (spelling, tr, en) in WORDS {
            assert!(known.insert(spelling), "{spelling}");
            assert!(!tr.is_empty() && !en.is_empty());
        }
    }
}
