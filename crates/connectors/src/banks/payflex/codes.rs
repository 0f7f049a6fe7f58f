//! PayFlex's codes, and what each means to a merchant.

use crate::bank::{BankDay, Decline};
use crate::banks::codes::issuer_group;
use crate::banks::message;
use contract::errors::ErrorGroup;
use serde_json::Value;

pub(super) const APPROVED: &str = "0000";
/// The sale or hold was undone before.
pub(super) const VOIDED: &str = "1083";
/// Our addresses are not registered: the gateway says it in JSON.
const ADDRESS: &str = "6011";

/// The transaction, its order or its verification was used before: what became of it must be asked.
pub(super) fn is_known_before(code: &str) -> bool {
    matches!(code, "0966" | "1006" | "1061" | "1128")
}

/// The shopper was not verified, so nothing was sold.
pub(super) fn is_of_verification(code: &str) -> bool {
    matches!(
        code,
        "0400"
            | "0580"
            | "0581"
            | "0582"
            | "0583"
            | "1114"
            | "1115"
            | "1116"
            | "1117"
            | "1118"
            | "2053"
            | "6969"
    )
}

/// A refusal with this code.
pub(super) fn decline(code: &str, words: String) -> Decline {
    Decline {
        group: group(code),
        code: message(code),
        message: words,
        day: match code {
            "2202" | "7777" | "9118" => BankDay::Closed,
            _ => BankDay::Unsaid,
        },
    }
}

/// The gateway's refusal of our address, which is JSON of a shape that no document has. Nothing else in JSON is read.
pub(super) fn gateway_refusal(body: &[u8]) -> Option<Decline> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let says = |value: &Value| match value {
        Value::String(text) => text.trim() == ADDRESS,
        Value::Number(number) => number.to_string() == ADDRESS,
        _ => false,
    };
    let fields = value.as_object()?;
    let codes = fields
        .iter()
        .filter(|(name, _)| name.to_ascii_lowercase().ends_with("code"));
    let codes: Vec<bool> = codes.map(|(_, value)| says(value)).collect();
    let is_it = !codes.is_empty() && codes.iter().all(|is_it| *is_it);
    is_it.then(|| decline(ADDRESS, String::new()))
}

/// What a code means. Those of the issuer have two zeros before them.
pub(super) fn group(code: &str) -> ErrorGroup {
    match code {
        "0312" => ErrorGroup::InvalidCardNumber,
        "0315" => ErrorGroup::ExceedsWithdrawalAmountLimit,
        "0320" => ErrorGroup::NotPermittedToTerminal,
        "0323" | "1046" | "1047" | "1049" => ErrorGroup::InvalidAmount,
        "0400" | "0580" | "0581" | "0582" | "0583" | "1126" => ErrorGroup::InvalidCavv,
        "0501" | "0503" | "1060" | "1081" | "9076" => ErrorGroup::NotPermittedToInstallment,
        "0540" | "0541" | "0542" => ErrorGroup::RefundDecline,
        "0961" => ErrorGroup::NonRefundablePayment,
        "1001" => ErrorGroup::CommunicationOrSystemError,
        "1006" | "1061" | "1128" | "0966" => ErrorGroup::OrderIdAlreadyUsed,
        "1007" => ErrorGroup::PaymentNotFoundForRefund,
        "1044" => ErrorGroup::DebitCardsInstallmentNotAllowed,
        "1050" => ErrorGroup::InvalidCvc2,
        "1051" | "2029" => ErrorGroup::InvalidCardNumber,
        "1052" | "2030" => ErrorGroup::InvalidExpireYearMonth,
        "1059" | VOIDED => ErrorGroup::MayHaveAlreadyRefunded,
        "1105" | ADDRESS => ErrorGroup::InvalidIp,
        "1110" | "1111" | "2200" => ErrorGroup::NotPermittedToTerminal,
        "2005" | "5001" | "5002" | "9039" | "9065" => ErrorGroup::InvalidMerchantOrSp,
        "2053" | "6969" => ErrorGroup::NoResponse,
        "2202" | "7777" | "9118" => ErrorGroup::InvalidRefundTransaction,
        "1074" | "1113" => ErrorGroup::InvalidTransaction,
        "1075" | "1076" | "1127" | "9080" | "9091" => ErrorGroup::InputData,
        code => match (code.len(), code.strip_prefix("00"), code.strip_prefix('0')) {
            (4, Some(issuer), _) => issuer_group(issuer),
            (4, None, Some(test)) if test.starts_with('T') => issuer_group(test),
            _ => ErrorGroup::Declined,
        },
    }
}
