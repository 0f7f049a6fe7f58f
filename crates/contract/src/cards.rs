//! Stored cards: `/payment/v1/cards`.
//! Answers never hold more of a number than its BIN and last four digits.

use crate::card::{CardText, SensitiveText};
use crate::card_payments::EncryptedCard;
use crate::datetime::LocalDateTime;
use crate::enums::{CardAssociation, CardExpiryStatus, CardType};
use crate::wire_type::{wire_request, wire_response};

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
