// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `checkout-card-verify`.

use super::cards::StoredCardResponse;
use super::enums::{CardVerificationAuthType, Currency};
use crate::datetime::LocalDateTime;
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};

wire_request! {
    /// `InitCheckoutCardVerifyRequest` of the public contract.
    InitCheckoutCardVerifyRequest {
        verification_price: Option<Decimal> = "verificationPrice",
        currency: Option<Currency> = "currency",
        conversation_id: Option<String> = "conversationId",
        callback_url: Option<String> = "callbackUrl",
        card_user_key: Option<String> = "cardUserKey",
        payment_authentication_type: Option<CardVerificationAuthType> = "paymentAuthenticationType",
        ttl: Option<i32> = "ttl",
    }
}

wire_response! {
    /// `InitCheckoutCardVerifyResponse` of the public contract.
    InitCheckoutCardVerifyResponse {
        token: Option<String> = "token",
        page_url: Option<String> = "pageUrl",
        token_expire_date: Option<LocalDateTime> = "tokenExpireDate",
    }
}

wire_response! {
    /// `RetrieveCheckoutCardVerifyResponse` of the public contract.
    RetrieveCheckoutCardVerifyResponse {
        token: Option<String> = "token",
        card: Option<StoredCardResponse> = "card",
    }
}
