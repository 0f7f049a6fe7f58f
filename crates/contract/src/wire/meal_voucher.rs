// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `meal-voucher`.

use super::enums::{ApmAdditionalAction, ApmType};
use crate::card::CardText;
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};

wire_request! {
    /// `MealVoucherCardTokenizationInitRequest` of the public contract.
    MealVoucherCardTokenizationInitRequest {
        apm_type: Option<ApmType> = "apmType",
        meal_voucher_card_tokenization_data: Option<MealVoucherCardTokenizationData> = "mealVoucherCardTokenizationData",
    }
}

wire_request! {
    /// `MealVoucherCardTokenizationData` of the public contract.
    MealVoucherCardTokenizationData {
        card_number: Option<CardText> = "cardNumber",
        user_reference_number: Option<String> = "userReferenceNumber",
        gsm_number: Option<String> = "gsmNumber",
        callback_url: Option<String> = "callbackUrl",
    }
}

wire_response! {
    /// `MealVoucherCardTokenizationInitResponse` of the public contract.
    MealVoucherCardTokenizationInitResponse {
        additional_action: Option<ApmAdditionalAction> = "additionalAction",
        session_id: Option<String> = "sessionId",
        html_content: Option<String> = "htmlContent",
        redirect_url: Option<String> = "redirectUrl",
    }
}

wire_request! {
    /// `MealVoucherCardTokenizationCompleteRequest` of the public contract.
    MealVoucherCardTokenizationCompleteRequest {
        validation_code: Option<String> = "validationCode",
    }
}

wire_request! {
    /// `MealVoucherCardTokenizationRegenerateRequest` of the public contract.
    MealVoucherCardTokenizationRegenerateRequest {
        meal_voucher_card_tokenization_data: Option<MealVoucherCardTokenizationData> = "mealVoucherCardTokenizationData",
    }
}

wire_response! {
    /// `MealVoucherCardTokenizationCompleteResponse` of the public contract.
    MealVoucherCardTokenizationCompleteResponse {
        session_id: Option<String> = "sessionId",
        masked_card_number: Option<String> = "maskedCardNumber",
        fingerprint: Option<String> = "fingerprint",
        balance: Option<Decimal> = "balance",
    }
}
