// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `bnpl-payments`.

use super::card_payments::{PaymentError, PaymentItem};
use super::enums::{
    ApmAdditionalAction, ApmType, BnplCartItemType, BnplVerifyStatus, Currency, PaymentGroup,
    PaymentStatus,
};
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};
use serde_json::{Map, Value};

wire_request! {
    /// `BnplLimitInquiryRequest` of the public contract.
    BnplLimitInquiryRequest {
        apm_type: Option<ApmType> = "apmType",
        merchant_apm_id: Option<i64> = "merchantApmId",
        additional_params: Option<Map<String, Value>> = "additionalParams",
    }
}

wire_request! {
    /// Asks which banks lend for a cart.
    BnplPaymentOfferRequest {
        apm_type: Option<ApmType> = "apmType",
        merchant_apm_id: Option<i64> = "merchantApmId",
        price: Option<Decimal> = "price",
        currency: Option<Currency> = "currency",
        apm_order_id: Option<String> = "apmOrderId",
        additional_params: Option<Map<String, Value>> = "additionalParams",
        items: Option<Vec<BnplPaymentCartItem>> = "items",
    }
}

wire_request! {
    /// Starts a loan application.
    InitBnplPaymentRequest {
        apm_type: Option<ApmType> = "apmType",
        merchant_apm_id: Option<i64> = "merchantApmId",
        price: Option<Decimal> = "price",
        paid_price: Option<Decimal> = "paidPrice",
        buyer_member_id: Option<i64> = "buyerMemberId",
        currency: Option<Currency> = "currency",
        payment_group: Option<PaymentGroup> = "paymentGroup",
        payment_channel: Option<String> = "paymentChannel",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        callback_url: Option<String> = "callbackUrl",
        apm_order_id: Option<String> = "apmOrderId",
        apm_user_identity: Option<String> = "apmUserIdentity",
        additional_params: Option<Map<String, Value>> = "additionalParams",
        client_ip: Option<String> = "clientIp",
        items: Option<Vec<PaymentItem>> = "items",
        bank_code: Option<String> = "bankCode",
        cart_items: Option<Vec<BnplPaymentCartItem>> = "cartItems",
        client_port: Option<i32> = "clientPort",
    }
}

wire_request! {
    /// One product of a cart: the regulator asks for quantity, amount and category.
    BnplPaymentCartItem {
        id: Option<String> = "id",
        name: Option<String> = "name",
        brand_name: Option<String> = "brandName",
        r#type: Option<BnplCartItemType> = "type",
        unit_price: Option<Decimal> = "unitPrice",
        quantity: Option<i32> = "quantity",
    }
}

wire_response! {
    /// `BnplLimitInquiryResponse` of the public contract.
    BnplLimitInquiryResponse {
        payment_status: Option<PaymentStatus> = "paymentStatus",
        additional_action: Option<ApmAdditionalAction> = "additionalAction",
        additional_data: Option<Map<String, Value>> = "additionalData",
        error_code: Option<String> = "errorCode",
        error_message: Option<String> = "errorMessage",
        apm_additional_action: Option<ApmAdditionalAction> = "apmAdditionalAction",
    }
}

wire_response! {
    /// The banks that lend for a cart.
    BnplPaymentOfferResponse {
        offer_id: Option<String> = "offerId",
        price: Option<Decimal> = "price",
        bank_offers: Vec<BnplBankOffer> = "bankOffers",
    }
}

wire_response! {
    /// The state of an application, in the spelling of both verify calls.
    BnplPaymentVerifyResponse {
        payment_status: Option<PaymentStatus> = "paymentStatus",
        additional_action: Option<ApmAdditionalAction> = "additionalAction",
        payment_error: Option<PaymentError> = "paymentError",
        apm_additional_action: Option<ApmAdditionalAction> = "apmAdditionalAction",
        response_status: Option<BnplVerifyStatus> = "responseStatus",
        error_code: Option<String> = "errorCode",
        error_message: Option<String> = "errorMessage",
    }
}

wire_response! {
    /// Where the shopper goes next.
    InitBnplPaymentResponse {
        payment_id: Option<i64> = "paymentId",
        redirect_url: Option<String> = "redirectUrl",
        payment_status: Option<PaymentStatus> = "paymentStatus",
        additional_action: Option<ApmAdditionalAction> = "additionalAction",
        payment_error: Option<PaymentError> = "paymentError",
        additional_data: Option<Map<String, Value>> = "additionalData",
        apm_additional_action: Option<ApmAdditionalAction> = "apmAdditionalAction",
    }
}

wire_response! {
    /// One bank, with its plans when it tells them beforehand.
    BnplBankOffer {
        bank_code: Option<String> = "bankCode",
        bank_name: Option<String> = "bankName",
        bank_icon_url: Option<String> = "bankIconUrl",
        bank_table_banner_message: Option<String> = "bankTableBannerMessage",
        bank_small_banner_message: Option<String> = "bankSmallBannerMessage",
        pre_approved_application_id: Option<String> = "preApprovedApplicationId",
        is_support_non_customer: Option<bool> = "isSupportNonCustomer",
        is_payment_plan_calculated_by_bank: Option<bool> = "isPaymentPlanCalculatedByBank",
        bank_offer_terms: Vec<BnplBankOfferTerm> = "bankOfferTerms",
    }
}

wire_response! {
    /// One plan of a bank.
    BnplBankOfferTerm {
        /// Months.
        term: Option<i32> = "term",
        amount: Option<Decimal> = "amount",
        total_amount: Option<Decimal> = "totalAmount",
        interest_rate: Option<Decimal> = "interestRate",
        annual_interest_rate: Option<Decimal> = "annualInterestRate",
    }
}

wire_request! {
    /// The older verify call names the payment in its body.
    VerifyBnplPaymentRequest {
        payment_id: Option<i64> = "paymentId",
    }
}
