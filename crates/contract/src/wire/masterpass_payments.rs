// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `masterpass-payments`.

use super::card_loyalties::Loyalty;
use super::card_payments::PaymentItem;
use super::enums::{Currency, MasterpassValidationType, PaymentGroup, PaymentPhase};
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};
use serde_json::{Map, Value};

wire_request! {
    /// `CheckMasterpassUserRequest` of the public contract.
    CheckMasterpassUserRequest {
        masterpass_gsm_number: Option<String> = "masterpassGsmNumber",
    }
}

wire_request! {
    /// `MasterpassPaymentCompleteRequest` of the public contract.
    MasterpassPaymentCompleteRequest {
        reference_id: Option<String> = "referenceId",
        token: Option<String> = "token",
    }
}

wire_request! {
    /// `MasterpassPaymentThreeDSCompleteRequest` of the public contract.
    MasterpassPaymentThreeDSCompleteRequest {
        payment_id: Option<i64> = "paymentId",
    }
}

wire_request! {
    /// `MasterpassPaymentThreeDSInitRequest` of the public contract.
    MasterpassPaymentThreeDSInitRequest {
        reference_id: Option<String> = "referenceId",
        callback_url: Option<String> = "callbackUrl",
    }
}

wire_request! {
    /// `MasterpassPaymentTokenGenerateRequest` of the public contract.
    MasterpassPaymentTokenGenerateRequest {
        msisdn: Option<String> = "msisdn",
        user_id: Option<String> = "userId",
        bin_number: Option<String> = "binNumber",
        force_three_ds: Option<bool> = "forceThreeDS",
        is_msisdn_validated: Option<bool> = "isMsisdnValidated",
        create_payment: Option<MasterpassCreatePayment> = "createPayment",
        masterpass_integration_version: Option<i32> = "masterpassIntegrationVersion",
        loyalty: Option<Loyalty> = "loyalty",
        validation_type: Option<MasterpassValidationType> = "validationType",
    }
}

wire_request! {
    /// `MasterpassRetrieveLoyaltiesRequest` of the public contract.
    MasterpassRetrieveLoyaltiesRequest {
        msisdn: Option<String> = "msisdn",
        bin_number: Option<String> = "binNumber",
        card_name: Option<String> = "cardName",
        masterpass_integration_version: Option<i32> = "masterpassIntegrationVersion",
    }
}

wire_request! {
    /// `MasterpassCreatePayment` of the public contract.
    MasterpassCreatePayment {
        price: Option<Decimal> = "price",
        paid_price: Option<Decimal> = "paidPrice",
        pos_alias: Option<String> = "posAlias",
        installment: Option<i32> = "installment",
        currency: Option<Currency> = "currency",
        payment_group: Option<PaymentGroup> = "paymentGroup",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        client_ip: Option<String> = "clientIp",
        payment_phase: Option<PaymentPhase> = "paymentPhase",
        payment_channel: Option<String> = "paymentChannel",
        buyer_member_id: Option<i64> = "buyerMemberId",
        bank_order_id: Option<String> = "bankOrderId",
        items: Option<Vec<PaymentItem>> = "items",
        additional_params: Option<Map<String, Value>> = "additionalParams",
        client_port: Option<i32> = "clientPort",
    }
}

wire_response! {
    /// `CheckMasterpassUserResponse` of the public contract.
    CheckMasterpassUserResponse {
        is_eligible_to_use_masterpass: Option<bool> = "isEligibleToUseMasterpass",
        is_any_card_saved_in_customer_program: Option<bool> = "isAnyCardSavedInCustomerProgram",
        has_masterpass_account: Option<bool> = "hasMasterpassAccount",
        hash_any_card_saved_in_masterpass_account: Option<bool> = "hashAnyCardSavedInMasterpassAccount",
        is_masterpass_account_linked_with_merchant: Option<bool> = "isMasterpassAccountLinkedWithMerchant",
        is_masterpass_account_locked: Option<bool> = "isMasterpassAccountLocked",
        is_phone_number_updated_in_another_merchant: Option<bool> = "isPhoneNumberUpdatedInAnotherMerchant",
        account_status: Option<String> = "accountStatus",
    }
}

wire_response! {
    /// `MasterpassPaymentThreeDSInitResponse` of the public contract.
    MasterpassPaymentThreeDSInitResponse {
        payment_id: Option<i64> = "paymentId",
        return_url: Option<String> = "returnUrl",
    }
}

wire_response! {
    /// `MasterpassPaymentTokenGenerateResponse` of the public contract.
    MasterpassPaymentTokenGenerateResponse {
        token: Option<String> = "token",
        reference_id: Option<String> = "referenceId",
        order_no: Option<String> = "orderNo",
        terminal_group_id: Option<String> = "terminalGroupId",
    }
}
