// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `merchant-bank-account-trackings`.

use super::enums::{BankAccountTrackingSource, Currency, RecordType};
use crate::datetime::{LocalDateTime, ReceivedDateTime};
use crate::money::Decimal;
use crate::wire_type::{wire_query, wire_response};

wire_query! {
    /// `SearchBankAccountTrackingRecordsRequest` of the public contract.
    SearchBankAccountTrackingRecordsRequest {
        currency: Option<Currency> = "currency",
        description: Option<String> = "description",
        sender_name: Option<String> = "senderName",
        sender_iban: Option<String> = "senderIban",
        min_record_date: Option<ReceivedDateTime> = "minRecordDate",
        max_record_date: Option<ReceivedDateTime> = "maxRecordDate",
        page: Option<i32> = "page",
        size: Option<i32> = "size",
    }
}

wire_response! {
    /// `BankAccountTrackingRecordResponse` of the public contract.
    BankAccountTrackingRecordResponse {
        id: Option<i64> = "id",
        key: Option<String> = "key",
        currency: Option<Currency> = "currency",
        record_type: Option<RecordType> = "recordType",
        sender_name: Option<String> = "senderName",
        sender_iban: Option<String> = "senderIban",
        description: Option<String> = "description",
        record_date: Option<LocalDateTime> = "recordDate",
        amount: Option<Decimal> = "amount",
        bank_account_tracking_source: Option<BankAccountTrackingSource> = "bankAccountTrackingSource",
    }
}
