// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `products`.

use super::enums::{Currency, Status};
use crate::datetime::{LocalDateTime, ReceivedDateTime};
use crate::money::Decimal;
use crate::wire_type::{wire_query, wire_request, wire_response};

wire_request! {
    /// `CreateProductRequest` of the public contract.
    CreateProductRequest {
        name: Option<String> = "name",
        channel: Option<String> = "channel",
        order_id: Option<String> = "orderId",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        stock: Option<i32> = "stock",
        price: Option<Decimal> = "price",
        currency: Option<Currency> = "currency",
        expires_at: Option<ReceivedDateTime> = "expiresAt",
        description: Option<String> = "description",
        multi_payment: Option<bool> = "multiPayment",
        enabled_installments: Option<Vec<i32>> = "enabledInstallments",
        basket_identifier: Option<String> = "basketIdentifier",
        force_three_ds: Option<bool> = "forceThreeDs",
    }
}

wire_query! {
    /// `SearchProductsRequest` of the public contract.
    SearchProductsRequest {
        id: Option<i64> = "id",
        name: Option<String> = "name",
        order_id: Option<String> = "orderId",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        min_price: Option<Decimal> = "minPrice",
        max_price: Option<Decimal> = "maxPrice",
        currency: Option<Currency> = "currency",
        channel: Option<String> = "channel",
        min_expires_at: Option<ReceivedDateTime> = "minExpiresAt",
        max_expires_at: Option<ReceivedDateTime> = "maxExpiresAt",
        page: Option<i32> = "page",
        size: Option<i32> = "size",
    }
}

wire_request! {
    /// `UpdateProductRequest` of the public contract.
    UpdateProductRequest {
        name: Option<String> = "name",
        channel: Option<String> = "channel",
        order_id: Option<String> = "orderId",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        status: Option<Status> = "status",
        stock: Option<i32> = "stock",
        price: Option<Decimal> = "price",
        currency: Option<Currency> = "currency",
        description: Option<String> = "description",
        expires_at: Option<ReceivedDateTime> = "expiresAt",
        multi_payment: Option<bool> = "multiPayment",
        enabled_installments: Option<Vec<i32>> = "enabledInstallments",
        basket_identifier: Option<String> = "basketIdentifier",
        force_three_ds: Option<bool> = "forceThreeDs",
    }
}

wire_response! {
    /// `ProductResponse` of the public contract.
    ProductResponse {
        id: Option<i64> = "id",
        name: Option<String> = "name",
        description: Option<String> = "description",
        order_id: Option<String> = "orderId",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        status: Option<Status> = "status",
        price: Option<Decimal> = "price",
        currency: Option<Currency> = "currency",
        stock: Option<i32> = "stock",
        sold_count: Option<i32> = "soldCount",
        token: Option<String> = "token",
        enabled_installments: Vec<i32> = "enabledInstallments",
        url: Option<String> = "url",
        channel: Option<String> = "channel",
        multi_payment: Option<bool> = "multiPayment",
        expires_at: Option<LocalDateTime> = "expiresAt",
        basket_identifier: Option<String> = "basketIdentifier",
        force_three_ds: Option<bool> = "forceThreeDs",
    }
}
