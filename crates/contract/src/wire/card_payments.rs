// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `card-payments`.

use super::card_loyalties::Loyalty;
use super::enums::{
    AdditionalAction, CardAssociation, CardType, Currency, ErrorGroup, FraudAction, OrderingRule,
    PaymentGroup, PaymentPhase, PaymentProvider, PaymentSource, PaymentStatus, PaymentType,
    PosIntegrator, TokenizedCardType, TransactionStatus,
};
use crate::card::{CardText, SensitiveText};
use crate::datetime::LocalDateTime;
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};
use serde_json::{Map, Value};

wire_request! {
    /// Finishes a 3DS payment after the bank has sent the browser back.
    CompleteThreeDSPaymentRequest {
        payment_id: Option<i64> = "paymentId",
    }
}

wire_request! {
    /// `CreateDepositToCardRequest` of the public contract.
    CreateDepositToCardRequest {
        price: Option<Decimal> = "price",
        currency: Option<Currency> = "currency",
        description: Option<String> = "description",
        order_id: Option<String> = "orderId",
        card: Option<Card> = "card",
        integrator: Option<DepositToCardPaymentIntegratorDto> = "integrator",
    }
}

wire_request! {
    /// A card payment without 3DS.
    CreatePaymentRequest {
        /// The basket: the sum of the items.
        price: Option<Decimal> = "price",
        /// What is collected, interest or discount and the wallet part included.
        paid_price: Option<Decimal> = "paidPrice",
        wallet_price: Option<Decimal> = "walletPrice",
        /// Forces that POS.
        pos_alias: Option<String> = "posAlias",
        /// 1 is a single payment.
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
        /// Absent when the wallet pays everything.
        card: Option<Card> = "card",
        routing_options: Option<RoutingOptions> = "routingOptions",
        fraud_params: Option<FraudCheckParameters> = "fraudParams",
        items: Option<Vec<PaymentItem>> = "items",
        additional_params: Option<Map<String, Value>> = "additionalParams",
        /// Whether a second POS may be tried after some declines; absent means yes.
        retry: Option<bool> = "retry",
        client_port: Option<i32> = "clientPort",
    }
}

wire_request! {
    /// A card payment with 3DS: the same, and where the browser returns to.
    InitThreeDSPaymentRequest {
        /// The basket: the sum of the items.
        price: Option<Decimal> = "price",
        /// What is collected, interest or discount and the wallet part included.
        paid_price: Option<Decimal> = "paidPrice",
        wallet_price: Option<Decimal> = "walletPrice",
        /// Forces that POS.
        pos_alias: Option<String> = "posAlias",
        /// 1 is a single payment.
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
        /// Absent when the wallet pays everything.
        card: Option<Card> = "card",
        routing_options: Option<RoutingOptions> = "routingOptions",
        fraud_params: Option<FraudCheckParameters> = "fraudParams",
        items: Option<Vec<PaymentItem>> = "items",
        additional_params: Option<Map<String, Value>> = "additionalParams",
        /// Whether a second POS may be tried after some declines; absent means yes.
        retry: Option<bool> = "retry",
        callback_url: Option<String> = "callbackUrl",
        client_port: Option<i32> = "clientPort",
    }
}

wire_request! {
    /// `PostAuthPaymentRequest` of the public contract.
    PostAuthPaymentRequest {
        paid_price: Option<Decimal> = "paidPrice",
    }
}

wire_request! {
    /// The card of a payment: open, stored, or by BIN and last digits.
    Card {
        card_holder_name: Option<String> = "cardHolderName",
        card_number: Option<CardText> = "cardNumber",
        expire_year: Option<SensitiveText> = "expireYear",
        expire_month: Option<SensitiveText> = "expireMonth",
        cvc: Option<CardText> = "cvc",
        card_alias: Option<String> = "cardAlias",
        card_user_key: Option<String> = "cardUserKey",
        secure_fields_token: Option<SensitiveText> = "secureFieldsToken",
        card_token: Option<String> = "cardToken",
        bin_number: Option<String> = "binNumber",
        last_four_digits: Option<String> = "lastFourDigits",
        card_holder_identity_number: Option<SensitiveText> = "cardHolderIdentityNumber",
        loyalty: Option<Loyalty> = "loyalty",
        tokenized_card: Option<TokenizedCard> = "tokenizedCard",
        encrypted_card: Option<EncryptedCard> = "encryptedCard",
        store_card_after_success_payment: Option<bool> = "storeCardAfterSuccessPayment",
    }
}

wire_request! {
    /// `DepositToCardPaymentIntegratorDto` of the public contract.
    DepositToCardPaymentIntegratorDto {
        name: Option<PosIntegrator> = "name",
        data: Option<Map<String, Value>> = "data",
    }
}

wire_request! {
    /// A card encrypted by the browser.
    EncryptedCard {
        card_data: Option<SensitiveText> = "cardData",
        r#type: Option<String> = "type",
    }
}

wire_request! {
    /// Facts about the buyer for fraud rules.
    FraudCheckParameters {
        buyer_external_id: Option<String> = "buyerExternalId",
        buyer_phone_number: Option<String> = "buyerPhoneNumber",
        buyer_email: Option<String> = "buyerEmail",
        custom_fraud_variable: Option<String> = "customFraudVariable",
    }
}

wire_request! {
    /// One item of the basket.
    PaymentItem {
        name: Option<String> = "name",
        price: Option<Decimal> = "price",
        external_id: Option<String> = "externalId",
        sub_merchant_member_id: Option<i64> = "subMerchantMemberId",
        sub_merchant_member_price: Option<Decimal> = "subMerchantMemberPrice",
        blockage_day: Option<i32> = "blockageDay",
    }
}

wire_request! {
    /// How the POS is chosen.
    RoutingOptions {
        ordering_rule: Option<OrderingRule> = "orderingRule",
        pos_aliases: Option<Vec<String>> = "posAliases",
        ignore_advanced_pos_routing_rules: Option<bool> = "ignoreAdvancedPosRoutingRules",
    }
}

wire_request! {
    /// A card in a wallet of a phone.
    TokenizedCard {
        r#type: Option<TokenizedCardType> = "type",
        data: Option<Map<String, Value>> = "data",
    }
}

wire_response! {
    /// `CreateDepositToCardPaymentResponse` of the public contract.
    CreateDepositToCardPaymentResponse {
        id: Option<i64> = "id",
        created_date: Option<LocalDateTime> = "createdDate",
        price: Option<Decimal> = "price",
        reference_id: Option<String> = "referenceId",
        payment_status: Option<PaymentStatus> = "paymentStatus",
        currency: Option<Currency> = "currency",
        description: Option<String> = "description",
        order_id: Option<String> = "orderId",
    }
}

wire_response! {
    /// What the shop shows to the browser next.
    InitThreeDSPaymentResponse {
        /// Base64 of UTF-8 HTML.
        html_content: Option<String> = "htmlContent",
        payment_id: Option<i64> = "paymentId",
        redirect_url: Option<String> = "redirectUrl",
        payment_status: Option<PaymentStatus> = "paymentStatus",
        additional_action: Option<AdditionalAction> = "additionalAction",
    }
}

wire_response! {
    /// A payment as it is answered and read back.
    PaymentResponse {
        id: Option<i64> = "id",
        created_date: Option<LocalDateTime> = "createdDate",
        price: Option<Decimal> = "price",
        paid_price: Option<Decimal> = "paidPrice",
        wallet_price: Option<Decimal> = "walletPrice",
        currency: Option<Currency> = "currency",
        buyer_member_id: Option<i64> = "buyerMemberId",
        installment: Option<i32> = "installment",
        conversation_id: Option<String> = "conversationId",
        external_id: Option<String> = "externalId",
        payment_type: Option<PaymentType> = "paymentType",
        payment_provider: Option<PaymentProvider> = "paymentProvider",
        payment_source: Option<PaymentSource> = "paymentSource",
        payment_group: Option<PaymentGroup> = "paymentGroup",
        payment_status: Option<PaymentStatus> = "paymentStatus",
        payment_phase: Option<PaymentPhase> = "paymentPhase",
        payment_channel: Option<String> = "paymentChannel",
        is_three_ds: Option<bool> = "isThreeDS",
        merchant_commission_rate: Option<Decimal> = "merchantCommissionRate",
        /// `paidPrice` less `price`.
        merchant_commission_rate_amount: Option<Decimal> = "merchantCommissionRateAmount",
        bank_commission_rate: Option<Decimal> = "bankCommissionRate",
        bank_commission_rate_amount: Option<Decimal> = "bankCommissionRateAmount",
        paid_with_stored_card: Option<bool> = "paidWithStoredCard",
        /// Eight digits.
        bin_number: Option<String> = "binNumber",
        last_four_digits: Option<String> = "lastFourDigits",
        auth_code: Option<String> = "authCode",
        host_reference: Option<String> = "hostReference",
        trans_id: Option<String> = "transId",
        md_status: Option<i32> = "mdStatus",
        order_id: Option<String> = "orderId",
        card_holder_name: Option<String> = "cardHolderName",
        bank_card_holder_name: Option<String> = "bankCardHolderName",
        card_issuer_bank_name: Option<String> = "cardIssuerBankName",
        card_issuer_bank_id: Option<i64> = "cardIssuerBankId",
        card_type: Option<CardType> = "cardType",
        card_association: Option<CardAssociation> = "cardAssociation",
        card_brand: Option<String> = "cardBrand",
        requested_pos_alias: Option<String> = "requestedPosAlias",
        fraud_id: Option<i64> = "fraudId",
        fraud_rule_id: Option<i64> = "fraudRuleId",
        fraud_action: Option<FraudAction> = "fraudAction",
        fraud_score: Option<Decimal> = "fraudScore",
        blockage_resolved_date: Option<LocalDateTime> = "blockageResolvedDate",
        pos: Option<MerchantPos> = "pos",
        loyalty: Option<Loyalty> = "loyalty",
        payment_error: Option<PaymentError> = "paymentError",
        card_user_key: Option<String> = "cardUserKey",
        card_token: Option<String> = "cardToken",
        additional_data: Option<Map<String, Value>> = "additionalData",
        payment_transactions: Vec<PaymentTransaction> = "paymentTransactions",
    }
}

wire_response! {
    /// The POS that took a payment or answered an inquiry.
    MerchantPos {
        id: Option<i64> = "id",
        name: Option<String> = "name",
        alias: Option<String> = "alias",
        bank_id: Option<i64> = "bankId",
    }
}

wire_response! {
    /// Why a payment failed.
    PaymentError {
        error_code: Option<String> = "errorCode",
        error_description: Option<String> = "errorDescription",
        error_group: Option<ErrorGroup> = "errorGroup",
    }
}

wire_response! {
    /// One item of a payment with its share of the totals.
    PaymentTransaction {
        id: Option<i64> = "id",
        name: Option<String> = "name",
        external_id: Option<String> = "externalId",
        price: Option<Decimal> = "price",
        paid_price: Option<Decimal> = "paidPrice",
        wallet_price: Option<Decimal> = "walletPrice",
        merchant_commission_rate: Option<Decimal> = "merchantCommissionRate",
        merchant_commission_rate_amount: Option<Decimal> = "merchantCommissionRateAmount",
        merchant_payout_amount: Option<Decimal> = "merchantPayoutAmount",
        sub_merchant_member_id: Option<i64> = "subMerchantMemberId",
        sub_merchant_member_price: Option<Decimal> = "subMerchantMemberPrice",
        sub_merchant_member_payout_rate: Option<Decimal> = "subMerchantMemberPayoutRate",
        sub_merchant_member_payout_amount: Option<Decimal> = "subMerchantMemberPayoutAmount",
        transaction_status: Option<TransactionStatus> = "transactionStatus",
        blockage_resolved_date: Option<LocalDateTime> = "blockageResolvedDate",
        payout: Option<Payout> = "payout",
    }
}

wire_response! {
    /// What is paid out for an item.
    Payout {
        currency: Option<Currency> = "currency",
        parity: Option<Decimal> = "parity",
        paid_price: Option<Decimal> = "paidPrice",
        merchant_payout_amount: Option<Decimal> = "merchantPayoutAmount",
        sub_merchant_member_payout_amount: Option<Decimal> = "subMerchantMemberPayoutAmount",
    }
}

impl From<InitThreeDSPaymentRequest> for CreatePaymentRequest {
    /// Takes what both have. The rest is absent.
    fn from(given: InitThreeDSPaymentRequest) -> CreatePaymentRequest {
        CreatePaymentRequest {
            price: given.price,
            paid_price: given.paid_price,
            wallet_price: given.wallet_price,
            pos_alias: given.pos_alias,
            installment: given.installment,
            currency: given.currency,
            payment_group: given.payment_group,
            conversation_id: given.conversation_id,
            external_id: given.external_id,
            client_ip: given.client_ip,
            payment_phase: given.payment_phase,
            payment_channel: given.payment_channel,
            buyer_member_id: given.buyer_member_id,
            bank_order_id: given.bank_order_id,
            card: given.card,
            routing_options: given.routing_options,
            fraud_params: given.fraud_params,
            items: given.items,
            additional_params: given.additional_params,
            retry: given.retry,
            client_port: given.client_port,
        }
    }
}
