// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `cards`.

use super::card_payments::EncryptedCard;
use super::enums::{
    CardAssociation, CardExpiryStatus, CardProvider, CardType, CardVerificationAuthType,
    CardVerifyStatus, Currency, RefundStatus,
};
use crate::card::{CardText, SensitiveText};
use crate::datetime::{LocalDateTime, ReceivedDateTime};
use crate::money::Decimal;
use crate::wire_type::{wire_query, wire_request, wire_response};

wire_request! {
    /// `CloneCardRequest` of the public contract.
    CloneCardRequest {
        source_card_user_key: Option<String> = "sourceCardUserKey",
        source_card_token: Option<String> = "sourceCardToken",
        target_card_user_key: Option<String> = "targetCardUserKey",
        target_merchant_id: Option<i64> = "targetMerchantId",
    }
}

wire_request! {
    /// `DeleteStoredCardRequest` of the public contract.
    DeleteStoredCardRequest {
        card_user_key: Option<String> = "cardUserKey",
        card_token: Option<String> = "cardToken",
    }
}

wire_query! {
    /// `RetrieveProviderCardRequest` of the public contract.
    RetrieveProviderCardRequest {
        provider_card_token: Option<String> = "providerCardToken",
        external_id: Option<String> = "externalId",
        provider_card_user_id: Option<String> = "providerCardUserId",
        card_provider: Option<CardProvider> = "cardProvider",
    }
}

wire_query! {
    /// `SearchStoredCardsRequest` of the public contract.
    SearchStoredCardsRequest {
        card_alias: Option<String> = "cardAlias",
        card_brand: Option<String> = "cardBrand",
        card_type: Option<CardType> = "cardType",
        card_user_key: Option<String> = "cardUserKey",
        card_token: Option<String> = "cardToken",
        card_bank_name: Option<String> = "cardBankName",
        card_association: Option<CardAssociation> = "cardAssociation",
        card_expiry_status: Option<CardExpiryStatus> = "cardExpiryStatus",
        min_created_date: Option<ReceivedDateTime> = "minCreatedDate",
        max_created_date: Option<ReceivedDateTime> = "maxCreatedDate",
        page: Option<i32> = "page",
        size: Option<i32> = "size",
    }
}

wire_request! {
    /// Stores a card, for a new or a known card user.
    StoreCardRequest {
        card_holder_name: Option<String> = "cardHolderName",
        card_number: Option<CardText> = "cardNumber",
        expire_year: Option<SensitiveText> = "expireYear",
        expire_month: Option<SensitiveText> = "expireMonth",
        secure_fields_token: Option<SensitiveText> = "secureFieldsToken",
        card_alias: Option<String> = "cardAlias",
        card_user_key: Option<String> = "cardUserKey",
        encrypted_card: Option<EncryptedCard> = "encryptedCard",
    }
}

wire_request! {
    /// `UpdateCardRequest` of the public contract.
    UpdateCardRequest {
        card_user_key: Option<String> = "cardUserKey",
        card_token: Option<String> = "cardToken",
        expire_year: Option<SensitiveText> = "expireYear",
        expire_month: Option<SensitiveText> = "expireMonth",
        card_alias: Option<String> = "cardAlias",
    }
}

wire_request! {
    /// Stores a card once a small payment has shown that it pays, which is given back.
    VerifyCardRequest {
        card: Option<VerifyCard> = "card",
        payment_authentication_type: Option<CardVerificationAuthType> = "paymentAuthenticationType",
        /// What is charged and given back; not needed with NONE, which asks no bank.
        verification_price: Option<Decimal> = "verificationPrice",
        currency: Option<Currency> = "currency",
        client_ip: Option<String> = "clientIp",
        conversation_id: Option<String> = "conversationId",
        /// Where the browser returns to, with THREE_DS.
        callback_url: Option<String> = "callbackUrl",
        client_port: Option<i32> = "clientPort",
    }
}

wire_request! {
    /// `VerifyCard` of the public contract.
    VerifyCard {
        card_holder_name: Option<String> = "cardHolderName",
        card_number: Option<CardText> = "cardNumber",
        expire_year: Option<SensitiveText> = "expireYear",
        expire_month: Option<SensitiveText> = "expireMonth",
        cvc: Option<CardText> = "cvc",
        card_alias: Option<String> = "cardAlias",
        card_user_key: Option<String> = "cardUserKey",
    }
}

wire_response! {
    /// A stored card.
    StoredCardResponse {
        bin_number: Option<String> = "binNumber",
        last_four_digits: Option<String> = "lastFourDigits",
        card_user_key: Option<String> = "cardUserKey",
        card_token: Option<String> = "cardToken",
        card_holder_name: Option<String> = "cardHolderName",
        card_alias: Option<String> = "cardAlias",
        card_type: Option<CardType> = "cardType",
        card_association: Option<CardAssociation> = "cardAssociation",
        card_brand: Option<String> = "cardBrand",
        card_bank_name: Option<String> = "cardBankName",
        card_bank_id: Option<i64> = "cardBankId",
        expire_year: Option<String> = "expireYear",
        expire_month: Option<String> = "expireMonth",
        is_commercial: Option<bool> = "isCommercial",
        card_expiry_status: Option<CardExpiryStatus> = "cardExpiryStatus",
        created_at: Option<LocalDateTime> = "createdAt",
    }
}

wire_response! {
    /// A card that is stored, or the page that leads to its bank first.
    VerifyCardResponse {
        card_user_key: Option<String> = "cardUserKey",
        card_token: Option<String> = "cardToken",
        html_content: Option<String> = "htmlContent",
        redirect_url: Option<String> = "redirectUrl",
        merchant_callback_url: Option<String> = "merchantCallbackUrl",
        /// How far the money is on its way back.
        refund_status: Option<RefundStatus> = "refundStatus",
        card_verify_status: Option<CardVerifyStatus> = "cardVerifyStatus",
    }
}
