// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `settlement-file`.

use super::enums::{
    BounceStatus, MerchantType, SettlementEarningsDestination, SettlementSource, SettlementType,
};
use crate::datetime::{LocalDateTime, ReceivedDateTime};
use crate::money::Decimal;
use crate::wire_type::{wire_query, wire_response};

wire_query! {
    /// `SearchPayoutBouncedTransactionsRequest` of the public contract.
    SearchPayoutBouncedTransactionsRequest {
        end_date: Option<ReceivedDateTime> = "endDate",
        start_date: Option<ReceivedDateTime> = "startDate",
    }
}

wire_query! {
    /// `SearchPayoutCompletedTransactionsRequest` of the public contract.
    SearchPayoutCompletedTransactionsRequest {
        settlement_file_id: Option<i64> = "settlementFileId",
        settlement_type: Option<SettlementType> = "settlementType",
        end_date: Option<ReceivedDateTime> = "endDate",
        start_date: Option<ReceivedDateTime> = "startDate",
        page: Option<i32> = "page",
        size: Option<i32> = "size",
    }
}

wire_response! {
    /// `PayoutDetailResponse` of the public contract.
    PayoutDetailResponse {
        row_description: Option<String> = "rowDescription",
        payout_date: Option<LocalDateTime> = "payoutDate",
        name: Option<String> = "name",
        iban: Option<String> = "iban",
        payout_amount: Option<Decimal> = "payoutAmount",
        currency: Option<String> = "currency",
        merchant_id: Option<i64> = "merchantId",
        merchant_type: Option<String> = "merchantType",
        settlement_earnings_destination: Option<String> = "settlementEarningsDestination",
        settlement_source: Option<String> = "settlementSource",
        bounce_status: Option<BounceStatus> = "bounceStatus",
        payout_transactions: Vec<PayoutDetailTransaction> = "payoutTransactions",
    }
}

wire_response! {
    /// `PayoutBouncedTransaction` of the public contract.
    PayoutBouncedTransaction {
        id: Option<i64> = "id",
        iban: Option<String> = "iban",
        created_date: Option<LocalDateTime> = "createdDate",
        updated_date: Option<LocalDateTime> = "updatedDate",
        payout_id: Option<i64> = "payoutId",
        payout_amount: Option<Decimal> = "payoutAmount",
        contact_name: Option<String> = "contactName",
        contact_surname: Option<String> = "contactSurname",
        legal_company_title: Option<String> = "legalCompanyTitle",
        row_description: Option<String> = "rowDescription",
    }
}

wire_response! {
    /// `PayoutCompletedTransaction` of the public contract.
    PayoutCompletedTransaction {
        payout_id: Option<i64> = "payoutId",
        transaction_id: Option<i64> = "transactionId",
        transaction_type: Option<String> = "transactionType",
        payout_amount: Option<Decimal> = "payoutAmount",
        payout_date: Option<LocalDateTime> = "payoutDate",
        currency: Option<String> = "currency",
        merchant_id: Option<i64> = "merchantId",
        merchant_type: Option<MerchantType> = "merchantType",
        settlement_earnings_destination: Option<SettlementEarningsDestination> = "settlementEarningsDestination",
        settlement_source: Option<SettlementSource> = "settlementSource",
    }
}

wire_response! {
    /// `PayoutDetailTransaction` of the public contract.
    PayoutDetailTransaction {
        transaction_id: Option<i64> = "transactionId",
        transaction_type: Option<String> = "transactionType",
        payout_amount: Option<Decimal> = "payoutAmount",
    }
}
