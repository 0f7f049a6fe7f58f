//! What is wrong with a request: rules with a code below 10000, an HTTP status and two texts.
//!
//! 4152 and 9001 are documented numbers; the others are ours. Such errors have no group and are
//! meant for the integrator, never for the shopper.

use crate::errors::{ErrorCode, Language};

macro_rules! rules {
    ($($name:ident = $code:literal, $status:literal, $tr:literal, $en:literal;)+) => {
        /// A rule that a request broke.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Rule {
            $(
                #[doc = concat!($code, ", HTTP ", stringify!($status), ": ", $en)]
                $name,
            )+
        }

        impl Rule {
            /// Every rule, by number.
            pub const ALL: &'static [Rule] = &[$(Rule::$name),+];

            /// Its HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Rule::$name => $status,)+ }
            }

            /// Its number and texts; `{field}` and the like stand for values.
            pub const fn error_code(self) -> ErrorCode {
                let (code, tr, en) = match self { $(Rule::$name => ($code, $tr, $en),)+ };
                ErrorCode { code, tr, en }
            }
        }
    };
}

#[rustfmt::skip]
rules! {
    MissingHeader = "1001", 401, "{field} başlığı eksik", "The header {field} is missing";
    UnknownApiKey = "1002", 401, "API anahtarı geçersiz", "The API key is not valid";
    InvalidRndKey = "1003", 401, "x-rnd-key 1-64 harf, rakam ya da - _ + / = olmalıdır", "x-rnd-key must be 1 to 64 letters, digits or - _ + / =";
    UnsupportedAuthVersion = "1004", 401, "x-auth-version desteklenmiyor", "x-auth-version is not supported";
    SignatureNotEqual = "1005", 401, "İmza doğrulanamadı. Signature is not equal!", "Signature is not equal!";
    ReplayedSignature = "1006", 401, "Bu imza daha önce kullanıldı", "This signature has already been used";
    RoleForbids = "1007", 403, "Rolünüz bu işleme izin vermiyor", "Your role does not allow this";
    SignInRefused = "1008", 401, "E-posta, şifre ya da kod hatalı", "E-mail, password or code is wrong";
    SignInLocked = "1009", 429, "Çok fazla hatalı deneme yapıldı. Biraz sonra yeniden deneyin", "Too many failed attempts. Please try again later";
    CodeNeeded = "1010", 401, "Doğrulama uygulamanızdaki altı haneli kodu girin", "Enter the six-digit code of your authenticator app";
    CodeWrong = "1011", 400, "Kod hatalı ya da süresi dolmuş", "The code is wrong or has expired";
    LinkExpired = "1012", 410, "Bu bağlantının süresi dolmuş ya da kullanılmış", "This link has expired or was used";
    LastOwner = "1013", 422, "Üye işyerinin en az bir sahibi olmalıdır", "A merchant must keep at least one owner";
    ServesOthers = "1014", 422, "Bu kişi başka üye işyerlerinde de çalışıyor; bağlantıyı yalnızca sistem yöneticisi verebilir", "This person serves other merchants too; only the operator can make this link";
    AlreadyThere = "1015", 422, "{field} zaten kayıtlı", "{field} is already there";
    FormNotOurs = "1016", 403, "Bu form artık geçerli değil. Sayfayı yenileyip yeniden deneyin", "This form is no longer valid. Reload the page and try again";
    NotTheSame = "1017", 400, "İki şifre aynı değil", "The two passwords are not the same";
    PasswordWrong = "1018", 400, "Şifre hatalı", "The password is wrong";
    BodyNotJson = "1101", 400, "İstek gövdesi geçerli bir JSON nesnesi değil", "The body is not a valid JSON object";
    BodyTooLarge = "1102", 413, "İstek gövdesi {limit} bayttan büyük olamaz", "The body cannot be larger than {limit} bytes";
    UnknownRoute = "1103", 404, "Böyle bir adres yok", "There is no such address";
    NotOffered = "1104", 404, "Bu işlem henüz sunulmuyor", "This operation is not offered yet";
    MethodNotAllowed = "1105", 405, "Bu adres {method} yöntemini kabul etmiyor", "This address does not accept the method {method}";
    IdempotencyInFlight = "1106", 409, "Aynı anahtarlı istek hâlâ işleniyor", "The request with the same key is still being processed";
    IdempotencyMismatch = "1107", 422, "Bu anahtar başka bir istekle kullanılmış", "This key was used with a different request";
    InvalidIdempotencyKey = "1108", 400, "x-idempotency-key geçersiz", "x-idempotency-key is not valid";
    BodyTooSlow = "1109", 408, "İstek gövdesi zamanında gelmedi", "The body did not arrive in time";
    SystemError = "1110", 500, "Sistem hatası", "System error";
    Unavailable = "1111", 503, "Sistem geçici olarak hizmet veremiyor", "The system is temporarily unavailable";
    TooManyRequests = "1112", 429, "Çok sık istek gönderildi, {seconds} saniye sonra yeniden deneyin", "Too many requests, try again in {seconds} seconds";
    DoubleSubmit = "1113", 409, "Aynı kartla aynı tutarda bir ödeme az önce gönderildi (ödeme {payment})", "A payment of the same amount with the same card was sent a moment ago (payment {payment})";
    Required = "2001", 400, "{field} alanı zorunludur", "{field} is required";
    WrongType = "2002", 400, "{field} alanının türü hatalı", "{field} has the wrong type";
    TooLong = "2003", 400, "{field} en fazla {max} karakter olabilir", "{field} can have at most {max} characters";
    TooShort = "2004", 400, "{field} en az {min} karakter olmalıdır", "{field} must have at least {min} characters";
    UnknownValue = "2005", 400, "{field} alanının değeri tanınmıyor", "The value of {field} is not known";
    NotAUrl = "2006", 400, "{field} http ya da https ile başlayan tam bir adres olmalıdır", "{field} must be an absolute http or https address";
    LeadingSign = "2007", 400, "{field} + ya da - ile başlayamaz", "{field} cannot start with + or -";
    InvalidId = "2008", 400, "{field} geçerli bir numara değil", "{field} is not a valid id";
    TooManyItems = "2009", 400, "{field} en fazla {max} öge içerebilir", "{field} can hold at most {max} items";
    InvalidDate = "2010", 400, "{field} geçerli bir tarih değil", "{field} is not a valid date";
    OutOfRange = "2011", 400, "{field} {min} ile {max} arasında olmalıdır", "{field} must be between {min} and {max}";
    ControlCharacter = "2012", 400, "{field} izin verilmeyen karakter içeriyor", "{field} holds a character that is not allowed";
    KeyTwice = "2013", 400, "{field} birden fazla kez gönderilmiş", "{field} was sent more than once";
    DecimalComma = "2014", 400, "{field} ondalık ayırıcı olarak nokta kullanmalıdır: 1234.50", "{field} must have a dot before its decimals: 1234.50";
    NotChangeable = "2015", 422, "{field} bu istekle değiştirilemez", "{field} cannot be changed by this request";
    NotAnEmail = "2016", 400, "{field} geçerli bir e-posta adresi değil", "{field} is not a valid e-mail address";
    RangeOrder = "2017", 400, "{field} aralığın başından küçük olamaz", "{field} cannot be less than where its range begins";
    OnlyOfSplit = "2018", 400, "{field} yalnızca yüzdeyle paylaştırmada girilir", "{field} belongs to a split by percentages only";
    UnclearAmount = "2021", 400, "{field} açık değil: 1250 ya da 1250,50 gibi yazın", "{field} is not clear: write it like 1250 or 1250.50";
    MoreCellsThanHead = "2022", 400, "{row}. satırda başlıktan fazla hücre var; ondalık virgül kullanıyorsanız sütunları noktalı virgülle ayırın", "Row {row} has more cells than the head; where decimals have a comma, separate the columns by semicolons";
    FileColumn = "2023", 400, "Dosyada {column} sütunu yok", "The file has no column {column}";
    FileRow = "2024", 400, "Dosyanın {row}. satırı okunamadı: {column}", "Line {row} of the file cannot be read: {column}";
    FileOfOtherDays = "2025", 400, "Dosyada {day} gününe ait satır yok", "The file has no row of {day}";
    NotOver = "2301", 422, "{field} henüz sona ermedi; raporlar sona ermiş zaman için hazırlanır", "{field} is not over yet: reports are made of time that is over";
    DateOrder = "2302", 400, "{field}, {other} tarihinden önce olamaz", "{field} cannot be before {other}";
    RangeTooLong = "2303", 400, "{field}, {other} tarihinden en fazla {max} gün sonra olabilir", "{field} can be at most {max} days after {other}";
    DayNotOver = "2304", 422, "{field} henüz bitmedi; yalnızca bitmiş bir gün karşılaştırılır", "{field} is not over yet: only a day that is over is compared";
    NotPositive = "3001", 400, "{field} sıfırdan büyük olmalıdır", "{field} must be greater than zero";
    Negative = "3002", 400, "{field} negatif olamaz", "{field} cannot be negative";
    TooManyDecimals = "3003", 400, "{field} {currency} için en fazla {digits} ondalık hane içerebilir", "{field} can have at most {digits} decimals in {currency}";
    AmountTooLarge = "3004", 400, "{field} çok büyük", "{field} is too large";
    ItemsSum = "3005", 400, "{field} toplamı {total} değerine eşit olmalıdır", "The sum of {field} must equal {total}";
    PaidPriceTooLow = "3006", 400, "paidPrice, walletPrice değerinden küçük olamaz", "paidPrice cannot be less than walletPrice";
    InstallmentRange = "3007", 400, "installment {min} ile {max} arasında olmalıdır", "installment must be between {min} and {max}";
    CurrencyNotSupported = "3008", 422, "{currency} para birimi bu işlem için desteklenmiyor", "The currency {currency} is not supported here";
    WalletNotOffered = "3009", 400, "Cüzdanla ödeme henüz sunulmuyor, walletPrice 0 olmalıdır", "Paying from a wallet is not offered yet, walletPrice must be 0";
    WalletWithReward = "3010", 400, "Tutarın tamamı cüzdandan ödenirken ödül kullanılamaz", "A reward cannot be used when the wallet pays everything";
    RewardAmounts = "3011", 400, "Ödül tutarları birbiriyle uyuşmuyor", "The amounts of the reward do not match";
    RewardField = "3012", 400, "{type} ödülü için {field} gereklidir", "The reward {type} needs {field}";
    ShareAbovePrice = "3013", 400, "{field} kalemin fiyatından büyük olamaz", "{field} cannot be more than the price of the item";
    RewardNeedsInstallment = "3014", 400, "{type} ödülü taksitli ödeme ister", "The reward {type} needs a payment in instalments";
    RewardCoversAll = "3015", 422, "Bu bankada ödül puanı tutarın tamamını ve tek türde karşılamalıdır", "At this bank points must pay the whole amount, and be of one kind";
    ValueNotOffered = "3016", 400, "{field} için bu değer henüz sunulmuyor", "This value of {field} is not offered yet";
    BankCodeOnHostedPage = "3017", 400, "Ortak sayfada bankCode gönderilmez, bankayı alıcı seçer", "bankCode is not sent with the hosted page, the shopper chooses the bank";
    RefundAboveRest = "3018", 422, "{field} iade edilebilir kalan tutardan ({left}) büyük olamaz", "{field} cannot be more than what is left to refund ({left})";
    RateDecimals = "3021", 400, "{field} en fazla {digits} ondalık hane içerebilir", "{field} can have at most {digits} decimals";
    HoldOfProducts = "3031", 400, "Ön provizyon yalnızca LISTING_OR_SUBSCRIPTION ödemelerinde alınabilir", "Only payments of the group LISTING_OR_SUBSCRIPTION can be pre-authorised";
    HoldWithPoints = "3032", 400, "Ön provizyonda ödül puanı kullanılamaz", "Points cannot be used in a pre-authorisation";
    CaptureAboveHold = "3033", 422, "{field} en fazla {max} olabilir: ön provizyonun bir buçuk katı", "{field} can be at most {max}: one and a half times the pre-authorisation";
    CaptureFixed = "3034", 422, "{field} {held} olmalıdır: banka bu ön provizyonu yalnızca aynı tutarla kapatır", "{field} must be {held}: the bank captures this pre-authorisation only as it is";
    SellerGroup = "3041", 400, "{field} yalnızca PRODUCT ödeme grubunda gönderilebilir", "{field} can be sent with the payment group PRODUCT only";
    SellerCurrency = "3042", 422, "{field} yalnızca TRY ödemelerde gönderilebilir", "{field} can be sent with payments in TRY only";
    CardCurrency = "3043", 422, "Türkiye'de verilmiş kartlarla yalnızca TRY ödeme alınabilir", "Cards issued in Turkey can pay in TRY only";
    CardNumber = "4150", 400, "Kart numarası geçersiz", "The card number is not valid";
    ExpireMonth = "4151", 400, "Kartın son kullanma ayı geçersiz", "The expiry month of the card is not valid";
    ExpireYear = "4152", 400, "Kartın son kullanma yılı geçersiz: \"{year}\"", "Invalid card expiry year: \"{year}\"";
    ExpiredCard = "4153", 400, "Kartın süresi dolmuş", "The card has expired";
    Cvc = "4154", 400, "Güvenlik kodu geçersiz", "The security code is not valid";
    CardHolderName = "4155", 400, "Kart sahibinin adı izin verilmeyen karakter ya da beşten fazla rakam içeriyor", "The name of the cardholder holds a character that is not allowed or more than five digits";
    StoredCardNotFound = "4156", 422, "Kayıtlı kart bulunamadı", "The stored card was not found";
    CardKindNotOffered = "4157", 400, "Kartın bu şekilde gönderilmesi henüz sunulmuyor: {field}", "Sending a card this way is not offered yet: {field}";
    HoldsCardNumber = "4158", 400, "{field} kartın numarasını içeremez", "{field} cannot hold the number of the card";
    TooManyCards = "4159", 422, "Bir kişi için en fazla {max} kart saklanabilir", "At most {max} cards can be stored for one person";
    CloneTarget = "4160", 422, "Kart yalnızca bu API anahtarının üye işyerine kopyalanabilir", "A card can be copied only to the merchant of this API key";
    BinOfEight = "4171", 400, "{field} kartın ilk sekiz hanesi olmalıdır", "{field} must be the first eight digits of the card";
    LastFourDigits = "4172", 400, "{field} kartın son dört hanesi olmalıdır", "{field} must be the last four digits of the card";
    IdentityNumber = "4173", 400, "{field} geçerli bir T.C. kimlik ya da vergi kimlik numarası değil", "{field} is not a valid identity or tax number";
    UnknownPosAlias = "5001", 422, "{alias} adında etkin bir POS yok", "There is no active POS with the alias {alias}";
    NoPos = "5002", 422, "Bu işlem için uygun POS bulunamadı", "No suitable POS was found for this transaction";
    NoPosForReward = "5003", 422, "Ödül işlemi için uygun POS bulunamadı", "No suitable POS was found for a reward transaction";
    FeatureOff = "5004", 422, "Bu özellik üye işyeri ayarlarında kapalı", "This feature is off in the settings of the merchant";
    ApmNotActive = "5005", 422, "{type} için etkin bir alternatif ödeme yöntemi yok", "No alternative payment method of type {type} is active";
    ApmAmbiguous = "5006", 422, "{type} için birden fazla tanım var, merchantApmId gönderilmelidir", "Several methods of type {type} are active, merchantApmId must be sent";
    HostNotAllowed = "5007", 422, "{host} adresine bağlanmaya izin verilmiyor", "Connecting to {host} is not allowed";
    PosIntegratorNotOffered = "5008", 422, "{type} henüz sunulmuyor", "{type} is not offered yet";
    ApmNotFound = "5009", 404, "Alternatif ödeme yöntemi bulunamadı", "The alternative payment method was not found";
    PosInvalid = "5010", 422, "{field} bu POS için gereklidir", "{field} is needed for this POS";
    AddressPrivate = "5011", 422, "{host} yerel ağda bir adres; bildirimler oraya gönderilmez. İzin vermek için sistem yöneticiniz sunucuyu --allow-webhook-host {host} (GALATA_ALLOW_WEBHOOK_HOST) ile başlatabilir", "{host} is in a private network, where webhooks are not sent. To allow it, the operator starts the server with --allow-webhook-host {host} (GALATA_ALLOW_WEBHOOK_HOST)";
    RoutingRuleRefuses = "5012", 422, "“{rule}” yönlendirme kuralı yalnızca belirli POS’lara izin veriyor ve hiçbiri bu işlemi alamıyor", "The routing rule “{rule}” allows certain POSes only, and none of them can take this transaction";
    NoPosForInsurance = "5023", 422, "Kimlik numarasıyla sigorta ödemesi alabilen POS bulunamadı", "No POS can take an insurance payment by identity number";
    LoanTerm = "6002", 422, "Bu sepet için vade en fazla {max} ay olabilir", "The term for this cart can be at most {max} months";
    PaymentNotFound = "9001", 404, "Ödeme bulunamadı!", "Payment not found!";
    WrongPaymentState = "9002", 422, "Ödemenin durumu bu işleme uygun değil: {status}", "The state of the payment does not allow this: {status}";
    ThreeDsNotCompletable = "9003", 422, "3D Secure doğrulaması tamamlanmaya uygun değil", "The 3D Secure verification cannot be completed";
    PosNotFound = "9004", 404, "POS bulunamadı", "The POS was not found";
    BinNotFound = "9005", 404, "BIN bulunamadı", "The BIN was not found";
    MoveUnderWay = "9006", 409, "Bu ödeme için gönderilen başka bir istek hâlâ işleniyor. Biraz sonra yeniden deneyin", "Another request about this payment is still being processed. Please try again in a moment";
    NothingToRefund = "9007", 422, "İade edilebilecek tutar kalmadı", "Nothing is left to refund";
    HoldByItem = "9008", 422, "Ön provizyonun kalemleri iade edilemez, yalnızca tamamı iptal edilir", "The items of a hold cannot be refunded, only the whole of it can be cancelled";
    RefundNotFound = "9009", 404, "İade bulunamadı", "The refund was not found";
    ChangedMeanwhile = "9010", 409, "Bu kayıt bu sırada başka bir istekle değişti. Yeniden deneyin", "This was changed by another request meanwhile. Please try again";
    ItemNotFound = "9011", 404, "Ödeme kırılımı bulunamadı", "The item of a payment was not found";
    RoutingRuleNotFound = "9012", 404, "Yönlendirme kuralı bulunamadı", "The routing rule was not found";
    NoOpenHold = "9013", 422, "Ödeme açık bir ön provizyon değil: {state}", "The payment is no open pre-authorisation: {state}";
    GivenUp = "9014", 422, "Bu ödemeden vazgeçildi; tahsil edilmişse tutarı iade edilir", "The payment was given up; what was taken of it goes back";
    ReportNotFound = "9301", 404, "Rapor bulunamadı", "The report was not found";
    ReportNotReady = "9302", 404, "Rapor henüz hazırlanıyor, hazır olunca bildirilir", "The report is still being made, you are told when it is ready";
    TooManyReports = "9303", 422, "En fazla {max} rapor aynı anda hazırlanabilir ya da saklanabilir", "At most {max} reports can be made or kept at once";
    NoDayList = "9311", 422, "Bu banka günün listesini kendiliğinden vermiyor; bankanın sayfasından alınan CSV dosyasıyla karşılaştırın", "This bank gives no list of a day by itself: compare with a CSV file of the bank's own pages";
    ListNotGiven = "9312", 422, "Banka günün listesini vermedi: {why}", "The bank gave no list of the day: {why}";
    DifferenceNotFound = "9313", 404, "Fark bulunamadı", "The difference was not found";
}

/// The longest value that is put into a text.
const VALUE_MAX_CHARS: usize = 64;

impl Rule {
    /// Its number.
    pub const fn code(self) -> &'static str {
        self.error_code().code
    }

    /// Its text with `values` (name without braces, value) filled in, in one pass: a value that
    /// looks like a placeholder stays as it is. A placeholder without a value keeps its name.
    pub fn text(self, language: Language, values: &[(&str, &str)]) -> String {
        let mut text = String::new();
        let mut rest = self.error_code().text(language);
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                text.push('{');
                rest = after;
                continue;
            };
            match values.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => text.extend(value.chars().take(VALUE_MAX_CHARS)),
                None => text.push_str(name),
            }
            rest = tail;
        }
        text.push_str(rest);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_number_of_its_own_below_10000() {
        let numbers: Vec<u32> = Rule::ALL
            .iter()
            .map(|rule| rule.code().parse().unwrap())
            .collect();
        assert!(numbers.is_sorted_by(|a, b| a < b));
        assert!(numbers.iter().all(|number| *number < 10_000));
        assert!(
            Rule::ALL
                .iter()
                .all(|rule| (400..600).contains(&rule.status()))
        );
    }

    #[test]
    fn both_texts_of_a_rule_speak_of_the_same_values() {
        fn names(text: &str) -> std::collections::BTreeSet<&str> {
            text.split('{')
                .skip(1)
                .filter_map(|part| part.split('}').next())
                .collect()
        }
        for rule in Rule::ALL {
            let row = rule.error_code();
            assert_eq!(names(row.tr), names(row.en), "{rule:?}");
        }
    }

    #[test]
    fn values_are_filled_in_once() {
        let year = Rule::ExpireYear.text(Language::En, &[("year", "{year}")]);
        assert_eq!(year, "Invalid card expiry year: \"{year}\"");
        let long = "x".repeat(500);
        assert!(Rule::Required.text(Language::Tr, &[("field", &long)]).len() < 100);
        assert_eq!(Rule::Required.text(Language::En, &[]), "field is required");
    }
}
