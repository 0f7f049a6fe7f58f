//! From the error group that a published card names to the code that the bank answers.
//! The table is docs/simulator-codes.md; codes from T28 up (refused voids and refunds) are ours.

/// Sorted by group.
const CODES: &[(&str, &str)] = &[
    ("ARCHIVED_PAYMENT", "T28"),
    ("BIN_NOT_FOUND", "T01"),
    ("BLOCKED_CARD", "T02"),
    ("CARD_NOT_PERMITTED", "T03"),
    ("COMMUNICATION_OR_SYSTEM_ERROR", "96"),
    ("CVC2_MAX_ATTEMPT", "T04"),
    ("CVC_REQUIRED", "T05"),
    ("DEBIT_CARDS_INSTALLMENT_NOT_ALLOWED", "T06"),
    ("DEBIT_CARDS_REQUIRES_3DS", "T07"),
    ("DECLINED", "T08"),
    ("DO_NOT_HONOUR", "05"),
    ("EXCEEDS_ALLOWABLE_PIN_TRIES", "75"),
    ("EXCEEDS_WITHDRAWAL_AMOUNT_LIMIT", "61"),
    ("EXPIRED_CARD", "54"),
    ("EXPIRED_PROVISION", "T29"),
    ("FRAUD_SUSPECT", "34"),
    ("INPUT_DATA", "T09"),
    ("INVALID_AMOUNT", "13"),
    ("INVALID_CARD_NUMBER", "14"),
    ("INVALID_CARD_TYPE", "T10"),
    ("INVALID_CAVV", "T11"),
    ("INVALID_CHARS_IN_EMAIL", "T12"),
    ("INVALID_CVC2", "82"),
    ("INVALID_CVC2_LENGTH", "T13"),
    ("INVALID_ECI", "T14"),
    ("INVALID_EXPIRE_YEAR_MONTH", "T15"),
    ("INVALID_IP", "T16"),
    ("INVALID_MERCHANT_OR_SP", "03"),
    ("INVALID_PIN", "55"),
    ("INVALID_REFUND_TRANSACTION", "T30"),
    ("INVALID_TRANSACTION", "12"),
    ("ISSUER_OR_SWITCH_INOPERATIVE", "91"),
    ("LOST_CARD", "41"),
    ("MAY_HAVE_ALREADY_REFUNDED", "T31"),
    ("NON_REFUNDABLE_PAYMENT", "T32"),
    ("NOT_PERMITTED_TO_CARDHOLDER", "57"),
    ("NOT_PERMITTED_TO_FOREIGN_CARD", "T17"),
    ("NOT_PERMITTED_TO_INSTALLMENT", "T18"),
    ("NOT_PERMITTED_TO_TERMINAL", "58"),
    ("NOT_SUFFICIENT_AWARD", "T19"),
    ("NOT_SUFFICIENT_FUNDS", "51"),
    ("NO_RESPONSE", "T20"),
    ("NO_SUCH_ISSUER", "15"),
    ("PAYMENT_NOT_FOUND_FOR_REFUND", "T33"),
    ("PICKUP_CARD", "04"),
    ("POS_BALANCE_NOT_SUFFICIENT", "T34"),
    ("REFER_TO_CARD_ISSUER", "01"),
    ("REFUND_DECLINE", "T35"),
    ("REQUEST_BLOCKED_BY_BANK", "T21"),
    ("REQUEST_TIMEOUT", "T22"),
    ("REQUIRES_3DS", "T23"),
    ("REQUIRES_DAY_END", "T24"),
    ("RESTRICTED_BY_LAW", "93"),
    ("RESTRICTED_CARD", "62"),
    ("SALES_AMOUNT_LESS_THAN_AWARD", "T25"),
    ("STOLEN_CARD", "43"),
    ("TOO_MANY_REQUESTS", "T26"),
    ("UNKNOWN", "T27"),
];

/// What a bank's record says of the try with a card for which it answers that the order id was used before.
pub(crate) const USED_BEFORE: &str = "T98";

/// The code for an error group: two digits of ISO 8583 or a test code `Tnn`.
pub(crate) fn of_group(group: &str) -> Option<&'static str> {
    CODES
        .iter()
        .find(|(name, _)| *name == group)
        .map(|(_, code)| *code)
}

/// Codes that say that bank or issuer had no answer in time: COMMUNICATION_OR_SYSTEM_ERROR,
/// ISSUER_OR_SWITCH_INOPERATIVE, NO_RESPONSE and REQUEST_TIMEOUT. Who is told one must ask.
pub(crate) fn is_time_out(code: &str) -> bool {
    matches!(code, "91" | "96" | "T20" | "T22")
}

/// The group itself as a constant, when there is a code for it.
pub(crate) fn group(name: &str) -> Option<&'static str> {
    CODES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(known, _)| *known)
}

/// The group that a code stands for, as the text of the bank's message; a neutral text otherwise.
pub(crate) fn message(code: &str) -> &'static str {
    match code {
        "04" | "41" | "43" => "KARTA EL KOYUNUZ",
        "05" => "ISLEM ONAYLANMADI",
        "13" => "GECERSIZ TUTAR",
        "14" => "HATALI KART",
        "51" => "YETERSIZ BAKIYE",
        "54" => "VADE SONU GECMIS KART",
        "91" => "KART BANKASINA ULASILAMADI",
        "T19" => "YETERSIZ PUAN",
        "T25" => "PUAN SATIS TUTARINDAN FAZLA",
        "0127" => "ORDERID DAHA ONCE KULLANILMIS",
        "0148" => "MID TID IP UYUSMUYOR",
        "0600" | "E216" => "MAC DOGRULANAMADI",
        "0150" => "HATALI PAKET",
        "0205" => "GECERSIZ TUTAR",
        "0204" => "GECERSIZ DATA",
        "0207" => "GECERSIZ PARA BIRIMI",
        "0211" => "GUN SONU ALINMIS, IADE YAPINIZ",
        "0218" => "IADESI OLAN ISLEM IPTAL EDILEMEZ",
        "0223" => "FINANSALLASTIRMA YAPILMAMIS",
        "0229" => "GECERSIZ ISLEM",
        "0411" => "ISLEM HENUZ FINANSALLASMAMIS",
        "0450" => "IADE ISLEMI YAPILAMIYOR",
        "0788" => "FINANSAL ISLEM YAPILMIS",
        "0122" => "ISTENILEN KAYIT YOK",
        "0220" => "ISLEM DAHA ONCE IPTAL EDILMIS",
        "0123" => "ORIJINAL ISLEM BULUNAMADI",
        "E219" => "KAYIT BULUNAMADI",
        _ => CODES
            .iter()
            .find(|(_, known)| *known == code)
            .map_or("ISLEM REDDEDILDI", |(group, _)| group),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_documented_one() {
        let document = include_str!("../../../docs/simulator-codes.md");
        let mut rows = 0;
        for line in document.lines().filter(|line| line.starts_with("| ")) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            if cells[1]
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
            {
                assert_eq!(of_group(cells[1]), Some(cells[2]), "{}", cells[1]);
                rows += 1;
            }
        }
        assert!(rows >= 50, "{rows} rows read");
    }

    #[test]
    fn no_code_stands_for_two_groups() {
        for (index, (group, code)) in CODES.iter().enumerate() {
            assert!(
                CODES[index + 1..].iter().all(|(_, other)| other != code),
                "{group}"
            );
        }
    }
}
