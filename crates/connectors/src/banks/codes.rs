//! Response codes that all issuers share (ISO 8583), and the test codes of the simulator.
//!
//! `docs/simulator-codes.md` has the table in words. Codes that only one bank uses stand in that
//! bank's protocol file.

use contract::errors::ErrorGroup;

/// What a two-character issuer code, or a `Tnn` test code, means. A code that no document
/// explains is a refusal like any other.
pub(super) fn issuer_group(code: &str) -> ErrorGroup {
    match code {
        "01" | "02" => ErrorGroup::ReferToCardIssuer,
        "03" => ErrorGroup::InvalidMerchantOrSp,
        "04" | "07" => ErrorGroup::PickupCard,
        "05" => ErrorGroup::DoNotHonour,
        // Still in progress, and an answer that came too late: neither is a refusal.
        "09" | "68" => ErrorGroup::RequestTimeout,
        "12" => ErrorGroup::InvalidTransaction,
        "13" => ErrorGroup::InvalidAmount,
        "14" => ErrorGroup::InvalidCardNumber,
        "15" => ErrorGroup::NoSuchIssuer,
        "28" | "30" => ErrorGroup::InputData,
        "33" | "54" => ErrorGroup::ExpiredCard,
        "34" => ErrorGroup::FraudSuspect,
        "36" | "62" => ErrorGroup::RestrictedCard,
        "38" | "75" => ErrorGroup::ExceedsAllowablePinTries,
        "41" => ErrorGroup::LostCard,
        "43" => ErrorGroup::StolenCard,
        "51" => ErrorGroup::NotSufficientFunds,
        "55" => ErrorGroup::InvalidPin,
        "57" => ErrorGroup::NotPermittedToCardholder,
        "58" => ErrorGroup::NotPermittedToTerminal,
        "61" | "65" => ErrorGroup::ExceedsWithdrawalAmountLimit,
        "82" => ErrorGroup::InvalidCvc2,
        "91" | "92" => ErrorGroup::IssuerOrSwitchInoperative,
        "93" => ErrorGroup::RestrictedByLaw,
        // With a message that was sent before, and a gateway that failed.
        "94" | "96" | "99" => ErrorGroup::CommunicationOrSystemError,
        other => test_group(other),
    }
}

/// Codes that no bank uses: the simulator answers them for groups without a public code.
fn test_group(code: &str) -> ErrorGroup {
    match code {
        "T01" => ErrorGroup::BinNotFound,
        "T02" => ErrorGroup::BlockedCard,
        "T03" => ErrorGroup::CardNotPermitted,
        "T04" => ErrorGroup::Cvc2MaxAttempt,
        "T05" => ErrorGroup::CvcRequired,
        "T06" => ErrorGroup::DebitCardsInstallmentNotAllowed,
        "T07" => ErrorGroup::DebitCardsRequires3ds,
        "T09" => ErrorGroup::InputData,
        "T10" => ErrorGroup::InvalidCardType,
        "T11" => ErrorGroup::InvalidCavv,
        "T12" => ErrorGroup::InvalidCharsInEmail,
        "T13" => ErrorGroup::InvalidCvc2Length,
        "T14" => ErrorGroup::InvalidEci,
        "T15" => ErrorGroup::InvalidExpireYearMonth,
        "T16" => ErrorGroup::InvalidIp,
        "T17" => ErrorGroup::NotPermittedToForeignCard,
        "T18" => ErrorGroup::NotPermittedToInstallment,
        "T19" => ErrorGroup::NotSufficientAward,
        "T20" => ErrorGroup::NoResponse,
        "T21" => ErrorGroup::RequestBlockedByBank,
        "T22" => ErrorGroup::RequestTimeout,
        "T23" => ErrorGroup::Requires3ds,
        "T24" => ErrorGroup::RequiresDayEnd,
        "T25" => ErrorGroup::SalesAmountLessThanAward,
        "T26" => ErrorGroup::TooManyRequests,
        "T27" => ErrorGroup::Unknown,
        "T28" => ErrorGroup::ArchivedPayment,
        "T29" => ErrorGroup::ExpiredProvision,
        "T30" => ErrorGroup::InvalidRefundTransaction,
        "T31" => ErrorGroup::MayHaveAlreadyRefunded,
        "T32" => ErrorGroup::NonRefundablePayment,
        "T33" => ErrorGroup::PaymentNotFoundForRefund,
        "T34" => ErrorGroup::PosBalanceNotSufficient,
        "T35" => ErrorGroup::RefundDecline,
        // T08 and whatever no document explains.
        _ => ErrorGroup::Declined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_published_table_means_its_group() {
        let table = include_str!("../../../../docs/simulator-codes.md");
        let mut rows = 0;
        for line in table.lines().filter(|line| line.starts_with("| ")).skip(2) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            assert_eq!(issuer_group(cells[2]).as_str(), cells[1]);
            rows += 1;
        }
        assert_eq!(rows, 58);
    }
}
