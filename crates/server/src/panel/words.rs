//! What the wire's spellings are called in the two languages. Sentences stand in the templates,
//! beside where they are shown.

use crate::certificates::TlsFault;
use crate::net;
use crate::store::exchanges::UNVERIFIED;
use connectors::account::words;
use connectors::{directory, lenders};
use contract::errors::{ErrorGroup, Language};

/// A word for a spelling of the wire or the database; the spelling itself when there is none. What banks
/// and lenders are called, they say themselves.
pub(super) fn word(language: Language, spelling: &str) -> String {
    let known = WORDS.iter().find(|(known, _, _)| *known == spelling);
    let known = known.map(|(_, tr, en)| words(tr, en));
    let of_connectors = || directory::words_of(spelling).or_else(|| lenders::words_of(spelling));
    match (known.or_else(of_connectors), language) {
        (Some(words), Language::Tr) => words.tr.to_owned(),
        (Some(words), Language::En) => words.en.to_owned(),
        (None, _) => spelling.to_owned(),
    }
}

/// An English name as it stands inside a sentence: "sales user" of "Sales user".
pub(super) fn inside(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

/// How a state looks: `good`, `bad`, `wait` or nothing special. Never the only sign of it.
pub(super) fn tone(spelling: &str) -> &'static str {
    match spelling {
        "SUCCESS" | "APPROVED" | "DELIVERED" | "DISBURSED" | "ACTIVE" | "DONE" | "AUTOPILOT" => {
            "good"
        }
        "FAILURE" | "DECLINED" | "DROPPED" | "REJECTED" | "EXPIRED" | "REFUSED" | "DELETED" => {
            "bad"
        }
        "WAITING" | "READY" | "DOUBT" | "REVERSING" | "REVIEW" | "PENDING" | "ASSESSING"
        | "CONFIRMING" | "INIT_THREEDS" | "CALLBACK_THREEDS" | "ASKED" | "PAGE" | "VERIFIED"
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
    ("CANCEL", "İptal", "Cancellation"),
    ("REFUND", "İade", "Refund"),
    ("PARTIAL_REFUNDED", "Kısmen iade edildi", "Given back in part"),
    ("FULLY_REFUNDED", "İade edildi", "Given back"),
    ("NOT_SENT", "Gönderilmedi", "Not sent"),
    ("REVERSING", "Geri alınıyor", "Being reversed"),
    ("REVERSED", "Geri alındı", "Reversed"),
    ("REVIEW", "İnceleme bekliyor", "Needs a person"),
    // loans
    ("PENDING", "Bekliyor", "Pending"),
    ("ASSESSING", "Değerlendiriliyor", "Being assessed"),
    ("READY", "Onay bekliyor", "Awaiting approval"),
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
    ("NON_THREE_DS", "3D Secure olmadan", "Without 3D Secure"),
    ("STANDARD", "Kullanıcı", "User"),
    ("CONSUMER", "Bireysel", "Consumer"),
    ("COMMERCIAL", "Ticari", "Commercial"),
    // conditions of routing rules
    ("true", "Evet", "Yes"),
    ("false", "Hayır", "No"),
    ("MONDAY", "Pazartesi", "Monday"),
    ("TUESDAY", "Salı", "Tuesday"),
    ("WEDNESDAY", "Çarşamba", "Wednesday"),
    ("THURSDAY", "Perşembe", "Thursday"),
    ("FRIDAY", "Cuma", "Friday"),
    ("SATURDAY", "Cumartesi", "Saturday"),
    ("SUNDAY", "Pazar", "Sunday"),
    // kinds of payment
    ("CARD_PAYMENT", "Kart", "Card"),
    ("DEPOSIT_PAYMENT", "Para yükleme", "Deposit"),
    ("WALLET_PAYMENT", "Cüzdan", "Wallet"),
    ("BANK_TRANSFER", "Havale", "Bank transfer"),
    ("APM", "Alternatif yöntem", "Alternative method"),
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
    // payments: categories of loans
    ("MOBILE_PHONE_PRICE_ABOVE_REGULATION_LIMIT", "Cep telefonu (limit üstü)", "Mobile phone (above the limit)"),
    ("MOBILE_PHONE_PRICE_BELOW_REGULATION_LIMIT", "Cep telefonu (limit altı)", "Mobile phone (below the limit)"),
    ("MOBILE_PHONE_REFURBISHED", "Yenilenmiş cep telefonu", "Refurbished mobile phone"),
    ("TABLET", "Tablet", "Tablet"),
    ("TABLET_WITH_CAMPAIGN", "Kampanyalı tablet", "Tablet on campaign"),
    ("COMPUTER", "Bilgisayar", "Computer"),
    ("CONSTRUCTION_MARKET", "Yapı market", "Building supplies"),
    ("GOLD", "Altın", "Gold"),
    ("DIGITAL_PRODUCTS", "Dijital ürünler", "Digital products"),
    ("SUPERMARKET", "Market", "Supermarket"),
    ("WHITE_GOODS", "Beyaz eşya", "White goods"),
    ("WEARABLE_TECHNOLOGY", "Giyilebilir teknoloji", "Wearables"),
    ("SMALL_HOME_APPLIANCES", "Küçük ev aletleri", "Small appliances"),
    ("TV", "Televizyon", "Television"),
    ("GAMES_CONSOLES", "Oyun konsolu", "Games console"),
    ("AIR_CONDITIONER_AND_HEATER", "Klima ve ısıtıcı", "Air conditioner or heater"),
    ("ELECTRONICS", "Elektronik", "Electronics"),
    ("ACCESSORIES", "Aksesuar", "Accessories"),
    ("MOM_AND_BABY_AND_KIDS", "Anne, bebek ve çocuk", "Parents and children"),
    ("SHOES", "Ayakkabı", "Shoes"),
    ("CLOTHING", "Giyim", "Clothing"),
    ("COSMETICS_AND_PERSONAL_CARE", "Kozmetik ve kişisel bakım", "Cosmetics and care"),
    ("FURNITURE", "Mobilya", "Furniture"),
    ("HOME_LIVING", "Ev ve yaşam", "Home and living"),
    ("AUTOMOBILE_MOTORCYCLE", "Otomobil ve motosiklet", "Cars and motorcycles"),
    ("OTHER", "Diğer", "Other"),
    // payments: kinds, exchanges, what people did
    ("BANK", "Banka", "Bank"),
    ("AUTH", "Satış", "Sale"),
    ("PRE_AUTH", "Ön provizyon", "Pre-authorisation"),
    ("POST_AUTH", "Provizyon kapama", "Capture"),
    ("PRODUCT", "Ürün", "Product"),
    ("LISTING_OR_SUBSCRIPTION", "İlan ya da abonelik", "Listing or subscription"),
    ("VISA", "Visa", "Visa"),
    ("MASTER_CARD", "Mastercard", "Mastercard"),
    ("AMEX", "American Express", "American Express"),
    ("TROY", "Troy", "Troy"),
    // payments: what the filters offer besides
    ("CARD_AND_WALLET_PAYMENT", "Kart ve cüzdan", "Card and wallet"),
    ("HEPSIPAY_DEPOSIT_PAYMENT", "Hepsipay para yükleme", "Hepsipay deposit"),
    ("API", "API", "API"),
    ("CHECKOUT_FORM", "Ödeme formu", "Checkout form"),
    ("PAY_BY_LINK", "Linkle ödeme", "Pay by link"),
    ("JUZDAN", "Juzdan", "Juzdan"),
    ("MONO", "Mono", "Mono"),
    ("CG_WALLET", "CG Cüzdan", "CG Wallet"),
    ("MASTERPASS", "Masterpass", "Masterpass"),
    ("GARANTI_PAY", "GarantiPay", "GarantiPay"),
    ("YKB_WORLD_PAY", "World Pay", "World Pay"),
    ("YKB_WORLD_PAY_SHOPPING_LOAN", "World Pay alışveriş kredisi", "World Pay shopping loan"),
    ("PAPARA", "Papara", "Papara"),
    ("PAYONEER", "Payoneer", "Payoneer"),
    ("SODEXO", "Sodexo", "Sodexo"),
    ("EDENRED", "Edenred", "Edenred"),
    ("TOKENFLEX", "TokenFlex", "TokenFlex"),
    ("METROPOL", "Metropol", "Metropol"),
    ("IWALLET", "iWallet", "iWallet"),
    ("ALIPAY", "Alipay", "Alipay"),
    ("PAYPAL", "PayPal", "PayPal"),
    ("KLARNA", "Klarna", "Klarna"),
    ("AFTERPAY", "Afterpay", "Afterpay"),
    ("APPLEPAY", "Apple Pay", "Apple Pay"),
    ("GOOGLEPAY", "Google Pay", "Google Pay"),
    ("HEPSIPAY", "Hepsipay", "Hepsipay"),
    ("STRIPE", "Stripe", "Stripe"),
    ("KASPI", "Kaspi", "Kaspi"),
    ("INSTANT_TRANSFER", "Anında havale", "Instant transfer"),
    ("TOMPAY", "TOM Pay", "TOM Pay"),
    ("TOM_FINANCE", "TOM Finansman", "TOM Finance"),
    ("ALFABANK", "Alfa-Bank", "Alfa-Bank"),
    ("ZIP", "Zip", "Zip"),
    ("DKB", "DKB", "DKB"),
    ("HASO", "Haso", "Haso"),
    ("PAYCELL", "Paycell", "Paycell"),
    ("MULTINET", "Multinet", "Multinet"),
    ("CHIPPIN", "Chippin", "Chippin"),
    ("ISPAY", "İşPay", "İşPay"),
    ("PAYMOB", "Paymob", "Paymob"),
    ("VODAFONE", "Vodafone", "Vodafone"),
    ("BIZUM", "Bizum", "Bizum"),
    ("PAYLANDS_MB_WAY", "MB WAY", "MB WAY"),
    ("SETCARD", "Setcard", "Setcard"),
    ("PAPEL", "Papel", "Papel"),
    ("ALBARAKA", "Albaraka", "Albaraka"),
    ("BKM_EXPRESS", "BKM Express", "BKM Express"),
    ("OFFLINE", "Çevrimdışı", "Offline"),
    ("PAYCELL_DCB", "Paycell, faturaya yansıtılan", "Paycell, on the phone bill"),
    ("TRY", "Türk lirası (TRY)", "Turkish lira (TRY)"),
    ("USD", "ABD doları (USD)", "US dollar (USD)"),
    ("EUR", "Euro (EUR)", "Euro (EUR)"),
    ("GBP", "İngiliz sterlini (GBP)", "Pound sterling (GBP)"),
    ("ARS", "Arjantin pesosu (ARS)", "Argentine peso (ARS)"),
    ("BRL", "Brezilya reali (BRL)", "Brazilian real (BRL)"),
    ("CNY", "Çin yuanı (CNY)", "Chinese yuan (CNY)"),
    ("AED", "BAE dirhemi (AED)", "UAE dirham (AED)"),
    ("IQD", "Irak dinarı (IQD)", "Iraqi dinar (IQD)"),
    ("AZN", "Azerbaycan manatı (AZN)", "Azerbaijani manat (AZN)"),
    ("KZT", "Kazak tengesi (KZT)", "Kazakhstani tenge (KZT)"),
    ("KWD", "Kuveyt dinarı (KWD)", "Kuwaiti dinar (KWD)"),
    ("SAR", "Suudi riyali (SAR)", "Saudi riyal (SAR)"),
    ("BHD", "Bahreyn dinarı (BHD)", "Bahraini dinar (BHD)"),
    ("RUB", "Rus rublesi (RUB)", "Russian rouble (RUB)"),
    ("JPY", "Japon yeni (JPY)", "Japanese yen (JPY)"),
    ("EGP", "Mısır lirası (EGP)", "Egyptian pound (EGP)"),
    ("MXN", "Meksika pesosu (MXN)", "Mexican peso (MXN)"),
    ("RON", "Rumen leyi (RON)", "Romanian leu (RON)"),
    ("REDIRECT_TO_URL", "Alıcı bankanın sayfasına gitmeli", "The shopper goes to the bank's page"),
    ("charge", "Satış", "Sale"),
    ("threeds_begin", "3DS başlatma", "3DS start"),
    ("threeds_page", "3DS sayfasına gidiş", "To the 3DS page"),
    ("threeds_return", "3DS sayfasından dönüş", "Back from the 3DS page"),
    ("apmOrderId", "Teklif no", "Offer id"),
    ("threeds_verify", "3DS doğrulama", "3DS verification"),
    ("threeds_finish", "3DS tamamlama", "3DS completion"),
    ("inquire", "Sorgulama", "Inquiry"),
    ("void", "Geri alma", "Reversal"),
    ("cancel", "İptal", "Cancellation"),
    ("capture", "Provizyon kapama", "Capture"),
    ("refund", "İade", "Refund"),
    ("given_back", "İade sorgusu", "Inquiry of refunds"),
    ("apply", "Kredi başvurusu", "Loan application"),
    ("confirm", "Kredi onayı", "Loan approval"),
    ("notification", "Bankanın bildirimi", "The lender's notification"),
    ("loan.approve", "Krediyi onayladı", "Approved the loan"),
    ("loan.verify", "Kredinin sonucunu sordu", "Asked for the loan's outcome"),
    ("payment.inquire", "Bankaya sordu", "Asked the bank"),
    ("payment.settle", "Elle sonuca bağladı", "Settled by hand"),
    ("payment.refund", "İade etti", "Gave money back"),
    ("payment.capture", "Ön provizyonu tahsil etti", "Captured a pre-authorisation"),
    ("payment.mark_refunded", "İade edildi olarak işaretledi", "Marked as refunded"),
    ("payment.look", "Ödemeye bakmak istedi", "Wanted to see the payment"),
    ("payment.exchanges_look", "Banka yazışmalarına baktı", "Looked at the exchanges"),
];

/// What ours says of an exchange that failed: the text that is kept, Turkish and English.
const HEARD: &[(&str, &str, &str)] = &[
    ("not sent", "gönderilmedi", "not sent"),
    (
        UNVERIFIED,
        "Bankanın cevabı doğrulanamadı: 3DS anahtarı doğru mu?",
        "The bank’s answer could not be verified: is the 3DS key right?",
    ),
    (net::NO_CONNECTION, "bağlantı kurulamadı", "no connection"),
    (
        net::CONNECTION_BROKE,
        "bağlantı koptu",
        "the connection broke",
    ),
    (
        net::NO_REPLY,
        "süresinde yanıt gelmedi",
        "no answer in time",
    ),
    (
        net::REPLY_TOO_LONG,
        "yanıt çok uzun",
        "the answer is too long",
    ),
    (
        net::ADDRESS_PRIVATE,
        "adres yerel ağda; bildirim gönderilmesine sistem yöneticiniz izin verebilir",
        "the address is in a private network; the operator can allow it",
    ),
    (
        net::ADDRESS_SCHEME,
        "yalnızca http ve https adreslerine gönderilir",
        "only http and https addresses are called",
    ),
    (
        net::ADDRESS_WITHOUT_HOST,
        "adreste sunucu adı yok",
        "the address names no host",
    ),
    (
        net::ADDRESS_NO_URL,
        "adres geçerli değil",
        "the address is not valid",
    ),
];

/// What libraries and the operating system say of a connection, by a part of their text.
const CAUSES: &[(&str, &str, &str)] = &[
    (
        TlsFault::UnknownIssuer.text(),
        "sertifikasını veren kurum tanınmıyor (zincir eksik ya da kök özel)",
        "the issuer of its certificate is unknown (incomplete chain, or a private root)",
    ),
    (
        TlsFault::OutOfDate.text(),
        "sertifikasının süresi geçmiş",
        "its certificate is out of date",
    ),
    (
        TlsFault::OtherHost.text(),
        "sertifika başka bir adrese ait",
        "its certificate is another host’s",
    ),
    (
        TlsFault::NothingInCommon.text(),
        "ortak bir TLS sürümü yok",
        "no TLS version in common",
    ),
    (
        net::NO_PUBLIC_ADDRESS,
        "sunucunun internete açık bir adresi yok",
        "the host has no public address",
    ),
    (
        "onnection refused",
        "adreste çalışan bir sunucu yok",
        "no server is listening there",
    ),
    (
        "closed before message completed",
        "sunucu yanıt vermeden bağlantıyı kapattı",
        "the server closed it before it answered",
    ),
    (
        "onnection reset",
        "sunucu bağlantıyı kapattı",
        "the server closed it",
    ),
    (
        "ertificate",
        "sunucunun TLS sertifikası geçerli değil",
        "the server’s TLS certificate is not valid",
    ),
    (
        "lookup address",
        "sunucu adı bulunamadı",
        "the host name was not found",
    ),
    (
        "unreachable",
        "sunucuya ulaşılamıyor",
        "the server cannot be reached",
    ),
    (
        "No route to host",
        "sunucuya ulaşılamıyor",
        "the server cannot be reached",
    ),
    (
        "timed out",
        "süresinde bağlanılamadı",
        "no connection in time",
    ),
];

/// Why a payment failed, in a sentence. What a lender declines is an application.
pub(super) fn failure(language: Language, group: ErrorGroup, by_loan: bool) -> &'static str {
    match group {
        ErrorGroup::Declined if by_loan => in_language(
            language,
            "Kredi başvurusu reddedildi",
            "The loan application was declined",
        ),
        _ => group.text(language),
    }
}

/// How what a connector finds wrong with a reply begins, in English.
const FINDINGS: &[&str] = &[
    "a bank's offer is",
    "a payment plan is",
    "a purse that",
    "a refund is",
    "a rejection, but",
    "an approval without",
    "another sum than before",
    "done, but the state",
    "no transaction",
    "no usable application id",
    "not the JSON",
    "one bank twice",
    "one refund twice",
    "purses beyond counting",
    "the bank knows no sale",
    "the bank's packets",
    "the browser came back without",
    "the inquiry answers",
    "the lender answers",
    "the lender has another refund",
    "the reply",
    "the standing is",
    "too many banks",
    "too many refunds",
];

/// What is said of an exchange that failed, in the reader's language. What a library said is told in
/// our words or not at all; what a bank said stays as it is.
pub(super) fn heard(language: Language, text: &str) -> String {
    if let Some(status) = text.strip_prefix("HTTP status ") {
        return format!("HTTP {}", status.trim_end_matches(" is no answer"));
    }
    for (said, tr) in [
        (
            "the lender refused the inquiry",
            "kredi kuruluşu sorguyu reddetti",
        ),
        ("the inquiry was refused", "banka sorguyu reddetti"),
    ] {
        let code = text.strip_prefix(said);
        if let Some(code) = code.and_then(|rest| rest.strip_prefix(": ")) {
            return format!("{}: {code}", in_language(language, tr, said));
        }
    }
    if language == Language::Tr && FINDINGS.iter().any(|begin| text.starts_with(begin)) {
        return "yanıt anlaşılamadı".to_owned();
    }
    let mut told: Vec<&str> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (part, behind) = rest.split_once(": ").unwrap_or((rest, ""));
        let Some((_, tr, en)) = HEARD.iter().find(|(kept, ..)| *kept == part) else {
            break;
        };
        told.push(in_language(language, tr, en));
        rest = behind;
    }
    let cause = CAUSES.iter().find(|(part, ..)| rest.contains(part));
    match (told.is_empty(), cause) {
        (true, _) => return text.to_owned(),
        (false, Some((_, tr, en))) => told.push(in_language(language, tr, en)),
        (false, None) => {}
    }
    told.join(": ")
}

fn in_language<'a>(language: Language, tr: &'a str, en: &'a str) -> &'a str {
    match language {
        Language::Tr => tr,
        Language::En => en,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::enums::{Currency, PaymentProvider, PaymentSource, PaymentStatus, PaymentType};
    use std::collections::HashSet;

    #[test]
    fn every_option_of_the_payment_filters_has_a_word() {
        let statuses = PaymentStatus::ALL.iter().map(|one| one.as_str());
        let types = PaymentType::ALL.iter().map(|one| one.as_str());
        let providers = PaymentProvider::ALL.iter().map(|one| one.as_str());
        let sources = PaymentSource::ALL.iter().map(|one| one.as_str());
        let currencies = Currency::ALL.iter().map(|one| one.as_str());
        let offered = statuses.chain(types).chain(providers);
        for spelling in offered.chain(sources).chain(currencies) {
            let known = WORDS.iter().any(|(known, _, _)| *known == spelling);
            let known = known || lenders::words_of(spelling).is_some();
            assert!(known, "{spelling} is shown as the wire spells it");
        }
    }

    #[test]
    fn no_spelling_has_two_words() {
        let mut known = HashSet::new();
        for (spelling, tr, en) in WORDS {
            assert!(known.insert(spelling), "{spelling}");
            assert!(!tr.is_empty() && !en.is_empty());
        }
    }

    #[test]
    fn what_failed_is_told_in_the_readers_language_and_without_a_librarys_text() {
        for (kept, tr, en) in [
            (
                "not sent: no connection: Connection refused (os error 111)",
                "gönderilmedi: bağlantı kurulamadı: adreste çalışan bir sunucu yok",
                "not sent: no connection: no server is listening there",
            ),
            (
                "the connection broke: connection closed before message completed",
                "bağlantı koptu: sunucu yanıt vermeden bağlantıyı kapattı",
                "the connection broke: the server closed it before it answered",
            ),
            (
                "no connection: invalid peer certificate: UnknownIssuer",
                "bağlantı kurulamadı: sunucunun TLS sertifikası geçerli değil",
                "no connection: the server’s TLS certificate is not valid",
            ),
            (
                "no connection: failed to lookup address information: Name or service not known",
                "bağlantı kurulamadı: sunucu adı bulunamadı",
                "no connection: the host name was not found",
            ),
            (
                "the connection broke: some new words (os error 9)",
                "bağlantı koptu",
                "the connection broke",
            ),
            ("HTTP 500", "HTTP 500", "HTTP 500"),
            ("HTTP status 502", "HTTP 502", "HTTP 502"),
            ("HTTP status 404 is no answer", "HTTP 404", "HTTP 404"),
            (
                "the reply is not XML",
                "yanıt anlaşılamadı",
                "the reply is not XML",
            ),
            (
                "the lender refused the inquiry: E17",
                "kredi kuruluşu sorguyu reddetti: E17",
                "the lender refused the inquiry: E17",
            ),
            (
                "Yetersiz bakiye: 51",
                "Yetersiz bakiye: 51",
                "Yetersiz bakiye: 51",
            ),
        ] {
            assert_eq!(heard(Language::Tr, kept), tr);
            assert_eq!(heard(Language::En, kept), en);
        }
    }

    #[test]
    fn why_an_address_is_not_called_is_told_in_both_languages() {
        let none = net::HostList::default();
        for url in ["http://10.0.0.1/x", "ftp://shop.example.com/", "data:text"] {
            let why = net::callable(&url.parse().unwrap(), &none).unwrap_err();
            assert!(HEARD.iter().any(|(kept, ..)| *kept == why), "{url}: {why}");
        }
    }
}
