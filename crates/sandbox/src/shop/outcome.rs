//! What came of a payment, read from the gateway's answers: a receipt, or a failure with what the
//! shopper can do about it.

use super::amounts::kurus;
use super::gateway::Refusal;
use super::pages::Lang;
use serde_json::Value;

/// Bank's texts are shown up to so many characters.
const BANK_TEXT_MAX: usize = 200;

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
        }
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

    /// One of the shop's own.
    pub(super) fn own(text: &str) -> Failure {
        Failure {
            text: text.to_owned(),
            ..Failure::default()
        }
    }

    /// What the shopper can do.
    pub(super) fn advice(&self, lang: Lang) -> &'static str {
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
            _ => lang.of(
                "Kartınızdan para çekilmedi. Yeniden deneyebilir ya da başka bir yolla ödeyebilirsiniz.",
                "No money was taken. You can try again or pay another way.",
            ),
        }
    }
}
