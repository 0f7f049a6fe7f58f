// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `wallets`.

use super::enums::WalletTransactionType;
use crate::datetime::{LocalDateTime, ReceivedDateTime};
use crate::money::Decimal;
use crate::wire_type::{wire_query, wire_response};

wire_query! {
    /// `SearchWalletTransactionsRequest` of the public contract.
    SearchWalletTransactionsRequest {
        page: Option<i32> = "page",
        size: Option<i32> = "size",
        wallet_transaction_types: Option<Vec<WalletTransactionType>> = "walletTransactionTypes",
        min_created_date: Option<ReceivedDateTime> = "minCreatedDate",
        max_created_date: Option<ReceivedDateTime> = "maxCreatedDate",
        min_amount: Option<Decimal> = "minAmount",
        max_amount: Option<Decimal> = "maxAmount",
    }
}

wire_response! {
    /// `WalletTransactionResponse` of the public contract.
    WalletTransactionResponse {
        id: Option<i64> = "id",
        created_date: Option<LocalDateTime> = "createdDate",
        wallet_transaction_type: Option<WalletTransactionType> = "walletTransactionType",
        amount: Option<Decimal> = "amount",
        transaction_id: Option<i64> = "transactionId",
        wallet_id: Option<i64> = "walletId",
    }
}
