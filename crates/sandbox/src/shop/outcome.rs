//! What came of a call and of a payment, read from the gateway's answers: a refusal, a receipt, or a
//! failure with what the shopper can do about it.

use super::lang::Lang;
use crate::amounts::kurus;
use serde_json::Value;

/// Bank's texts are shown up to so many characters.
const BANK_TEXT_MAX: usize = 200;

/// An answer that refuses.
#[derive(Debug)]
pub(super) struct Refusal {
    /// HTTP status.
    pub(super) status: u16,
    /// The envelope's `errors`.
    pub(super) errors: Value,
}

/// Why there is no result.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The gateway refuses.
    Refused(Refusal),
    /// The gateway did not answer, or nothing readable: what became of the call is not known.
    Unknown,
}

impl Refusal {
    /// The payment that the refusal names.
    pub(super) fn payment(&self) -> Option<i64> {
        self.errors["paymentId"].as_i64()
    }

    /// The gateway itself does not know what became of the payment, or cannot tell now.
    pub(super) fn is_doubt(&self) -> bool {
        let group = self.errors["errorGroup"].as_str();
        let unsure = group == Some("COMMUNICATION_OR_SYSTEM_ERROR") && self.payment().is_some();
        unsure || self.status >= 500 || self.status == 409
    }
}

/// Of a payment that was taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Receipt {
    /// Where: the POS, or empty.
    pub(super) pos: String,
    /// First six and last four digits, or empty.
    pub(super) card: String,
    pub(super) instalments: i64,
    pub(super) threeds: bool,
    /// `LoyaltyType`, or empty.
    pub(super) reward: String,
    /// In kuruş.
    pub(super) points: i64,
}

/// What the shopper was led to believe before an attempt failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tried {
    /// The bank refused a card at once: no money moved.
    #[default]
    Card,
    /// The outcome was not known for a while. The bank may have taken the money and given it back.
    CardInDoubt,
    /// A loan was applied for.
    Loan,
}

/// Of an attempt that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Failure {
    /// `errorGroup`, or empty.
    pub(super) group: String,
    /// `errorCode`.
    pub(super) code: String,
    /// In the language of the call.
    pub(super) text: String,
    /// What the bank itself said, or empty.
    pub(super) bank: String,
    /// What was tried.
    pub(super) tried: Tried,
}

impl Receipt {
    /// Of an answered payment.
    pub(super) fn of(payment: &Value) -> Receipt {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let card = match (&payment["binNumber"], &payment["lastFourDigits"]) {
            (Value::String(bin), Value::String(last)) => {
                format!("{}****{last}", bin.get(..6).unwrap_or_default())
            }
            _ => String::new(),
        };
        Receipt {
            pos: text(&payment["pos"]["name"]),
            card,
            instalments: payment["installment"].as_i64().unwrap_or(1),
            threeds: payment["isThreeDS"].as_bool().unwrap_or(false),
            reward: text(&payment["loyalty"]["type"]),
            points: kurus(&payment["loyalty"]["reward"]["totalRewardMoney"]).unwrap_or(0),
        }
    }
}

impl Failure {
    /// Of an answer's `errors`.
    pub(super) fn of(refusal: &Refusal) -> Failure {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let errors = &refusal.errors;
        let provider = &errors["providerError"];
        let mut bank = text(&provider["errorMessage"]);
        let code = text(&provider["errorCode"]);
        if !code.is_empty() {
            bank = format!("{code} {bank}");
        }
        Failure {
            group: text(&errors["errorGroup"]),
            code: text(&errors["errorCode"]),
            text: text(&errors["errorDescription"]),
            bank: bank.trim().chars().take(BANK_TEXT_MAX).collect(),
            tried: Tried::Card,
        }
    }

    /// Of a loan that reads FAILURE: its `paymentError`, and the bank's word in `errorMessage`.
    pub(super) fn of_loan(answer: &Value, lang: Lang) -> Failure {
        let mut failure = Failure::of_payment(answer, lang);
        failure.tried = Tried::Loan;
        failure.text = match failure.group.as_str() {
            "BNPL_CANCELLED" => lang.of(
                "Başvurudan vazgeçildi ya da süresi doldu.",
                "The application was withdrawn, or its time ran out.",
            ),
            "NOT_SUFFICIENT_FUNDS" => lang.of(
                "Bankadaki kredi limitiniz bu tutara yetmiyor.",
                "Your credit limit at the bank does not cover this amount.",
            ),
            _ => lang.of(
                "Banka başvuruyu onaylamadı.",
                "The bank did not approve the application.",
            ),
        }
        .to_owned();
        let said = answer["errorMessage"].as_str().unwrap_or_default();
        let told = answer["paymentError"]["errorDescription"].as_str();
        if told != Some(said) {
            failure.bank = said.chars().take(BANK_TEXT_MAX).collect();
        }
        failure
    }

    /// Of a payment that reads FAILURE: its `paymentError`.
    pub(super) fn of_payment(payment: &Value, lang: Lang) -> Failure {
        let errors = payment["paymentError"].clone();
        let mut failure = Failure::of(&Refusal {
            status: 422,
            errors,
        });
        if failure.text.is_empty() {
            failure.text = lang
                .of("Ödeme tamamlanmadı.", "The payment was not completed.")
                .to_owned();
        }
        failure
    }

    /// Of a question that has no result.
    pub(super) fn of_trouble(trouble: &Trouble, lang: Lang) -> Failure {
        match trouble {
            Trouble::Refused(refusal) => Failure::of(refusal),
            Trouble::Unknown => Failure::own(no_answer(lang)),
        }
    }

    /// One of the shop's own.
    pub(super) fn own(text: &str) -> Failure {
        Failure {
            text: text.to_owned(),
            ..Failure::default()
        }
    }

    /// What became of the shopper's money, and what they can do.
    pub(super) fn advice(&self, lang: Lang) -> &'static str {
        match self.tried {
            Tried::Loan => lang.of(
                "Kredi kullandırılmadı, borçlanmadınız. Başka bir bankaya başvurabilir ya da kartla ödeyebilirsiniz.",
                "No loan was paid out and you owe nothing. You can apply at another bank or pay by card.",
            ),
            Tried::CardInDoubt => lang.of(
                "Kartınızdan para çekildiyse işlem iptal edildi; tutar kartınıza kendiliğinden iade edilir. Yeniden ödeyebilirsiniz.",
                "If your card was charged, the charge was reversed and the amount returns to your card by itself. You can pay again.",
            ),
            Tried::Card => self.advice_by_group(lang),
        }
    }

    /// After a bank's prompt refusal.
    fn advice_by_group(&self, lang: Lang) -> &'static str {
        match self.group.as_str() {
            "NOT_SUFFICIENT_FUNDS" | "EXCEEDS_WITHDRAWAL_AMOUNT_LIMIT" => lang.of(
                "Kartınızın limitini kontrol edin, başka bir kart deneyin ya da krediyle ödeyin.",
                "Check the card's limit, try another card, or pay by loan.",
            ),
            "LOST_CARD" | "STOLEN_CARD" | "PICKUP_CARD" | "BLOCKED_CARD" | "RESTRICTED_CARD"
            | "FRAUD_SUSPECT" => lang.of(
                "Bu kart kullanılamıyor. Bankanızı arayın ya da başka bir kart deneyin.",
                "This card cannot be used. Call your bank or try another card.",
            ),
            "RESTRICTED_BY_LAW" => lang.of(
                "Kart internet alışverişine kapalı. Bankanızın uygulamasından açabilirsiniz.",
                "The card is closed to online shopping. You can open it in your bank's app.",
            ),
            "EXPIRED_CARD" | "INVALID_CVC2" | "INVALID_CVC2_LENGTH" | "INVALID_CARD_NUMBER"
            | "INVALID_EXPIRE_YEAR_MONTH" | "CVC_REQUIRED" => lang.of(
                "Kart bilgilerini kontrol edip yeniden deneyin.",
                "Check the card's details and try again.",
            ),
            "REQUIRES_3DS" | "DEBIT_CARDS_REQUIRES_3DS" => lang.of(
                "Bu kartla 3D Secure seçerek yeniden deneyin.",
                "Try again with 3D Secure for this card.",
            ),
            "NOT_SUFFICIENT_AWARD" | "SALES_AMOUNT_LESS_THAN_AWARD" => lang.of(
                "Puanlarınızı yeniden sorun ya da puan kullanmadan ödeyin.",
                "Ask for the points again, or pay without them.",
            ),
            "NOT_PERMITTED_TO_INSTALLMENT" | "DEBIT_CARDS_INSTALLMENT_NOT_ALLOWED" => lang.of(
                "Tek çekimle yeniden deneyin.",
                "Try again with a single payment.",
            ),
            "APPROVED_COMPLETED" | "ORDER_ID_ALREADY_USED" => lang.of(
                "Banka bu sipariş numarasını daha önce görmüş. Kart hareketlerinize bakın: bu tutar görünmüyorsa yeniden deneyin, görünüyorsa önce mağazaya yazın.",
                "The bank has seen this order number before. Look at your card's transactions: if this amount is not there, try again; if it is, write to the shop first.",
            ),
            _ => lang.of(
                "Kartınızdan para çekilmedi. Yeniden deneyebilir ya da başka bir yolla ödeyebilirsiniz.",
                "No money was taken. You can try again or pay another way.",
            ),
        }
    }
}

/// The gateway does not answer.
pub(super) fn no_answer(lang: Lang) -> &'static str {
    lang.of(
        "Ödeme sistemi şu anda yanıt vermiyor. Birazdan yeniden deneyin.",
        "The payment system does not answer right now. Please try again in a moment.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of_group(group: &str, tried: Tried) -> Failure {
        Failure {
            group: group.to_owned(),
            tried,
            ..Failure::default()
        }
    }

    #[test]
    fn nothing_is_said_of_money_that_is_not_known() {
        let says_none = |failure: &Failure| {
            failure.advice(Lang::Tr).contains("para çekilmedi")
                || failure.advice(Lang::En).contains("No money was taken")
        };
        for group in ["", "COMMUNICATION_OR_SYSTEM_ERROR", "DECLINED"] {
            assert!(says_none(&of_group(group, Tried::Card)), "{group}");
            for tried in [Tried::CardInDoubt, Tried::Loan] {
                assert!(!says_none(&of_group(group, tried)), "{group} {tried:?}");
            }
        }
        for group in ["APPROVED_COMPLETED", "ORDER_ID_ALREADY_USED"] {
            assert!(!says_none(&of_group(group, Tried::Card)), "{group}");
        }
        let loan = of_group("DECLINED", Tried::Loan).advice(Lang::En);
        assert!(loan.contains("loan") && !loan.contains("Your card"));
    }

    #[test]
    fn a_declined_loan_tells_the_banks_word() {
        let answer = json!({
            "paymentError": { "errorGroup": "DECLINED", "errorDescription": "Ödeme alınamadı" },
            "errorMessage": "Başvuru uygun bulunmadı",
        });
        let failure = Failure::of_loan(&answer, Lang::Tr);
        assert_eq!(failure.bank, "Başvuru uygun bulunmadı");
        assert_eq!(failure.text, "Banka başvuruyu onaylamadı.");
        let silent = json!({
            "paymentError": { "errorGroup": "BNPL_CANCELLED", "errorDescription": "İptal" },
            "errorMessage": "İptal",
        });
        assert_eq!(Failure::of_loan(&silent, Lang::Tr).bank, "");
    }
}
