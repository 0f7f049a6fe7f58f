// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `merchant-poses`.

use super::enums::{
    CardAssociation, Currency, PaymentAuthenticationType, PaymentPhase, PosIntegrator,
    PosOperationType, PosStatus, PosUserType, Status,
};
use crate::card::SensitiveText;
use crate::money::Decimal;
use crate::wire_type::{wire_query, wire_request, wire_response};

wire_response! {
    /// Whether the POS answers at present.
    AutopilotState {
        is_three_ds_up: Option<bool> = "isThreeDsUp",
        is_non_three_ds_up: Option<bool> = "isNonThreeDsUp",
    }
}

wire_request! {
    /// Adds a POS.
    CreateMerchantPosRequest {
        status: Option<PosStatus> = "status",
        name: Option<String> = "name",
        client_id: Option<String> = "clientId",
        currency: Option<Currency> = "currency",
        posnet_id: Option<String> = "posnetId",
        terminal_id: Option<String> = "terminalId",
        threeds_posnet_id: Option<String> = "threedsPosnetId",
        threeds_terminal_id: Option<String> = "threedsTerminalId",
        threeds_key: Option<SensitiveText> = "threedsKey",
        enable_foreign_card: Option<bool> = "enableForeignCard",
        enable_installment: Option<bool> = "enableInstallment",
        enable_payment_without_cvc: Option<bool> = "enablePaymentWithoutCvc",
        enable_loyalty: Option<bool> = "enableLoyalty",
        new_integration: Option<bool> = "newIntegration",
        order_number: Option<i32> = "orderNumber",
        pos_integrator: Option<PosIntegrator> = "posIntegrator",
        enabled_payment_authentication_types: Option<Vec<PaymentAuthenticationType>> = "enabledPaymentAuthenticationTypes",
        merchant_pos_users: Option<Vec<CreateMerchantPosUser>> = "merchantPosUsers",
    }
}

wire_query! {
    /// Which POSes to list.
    SearchMerchantPosRequest {
        name: Option<String> = "name",
        alias: Option<String> = "alias",
        currency: Option<Currency> = "currency",
        enable_installment: Option<bool> = "enableInstallment",
        enable_foreign_card: Option<bool> = "enableForeignCard",
        bank_name: Option<String> = "bankName",
        page: Option<i32> = "page",
        size: Option<i32> = "size",
    }
}

wire_request! {
    /// Rows of a POS's commission table: those that are sent are written, the others stay.
    UpdateMerchantPosCommissionsRequest {
        commissions: Option<Vec<UpdateMerchantPosCommission>> = "commissions",
    }
}

wire_request! {
    /// Changes a POS; it may point to a host of its own.
    UpdateMerchantPosRequest {
        name: Option<String> = "name",
        hostname: Option<String> = "hostname",
        client_id: Option<String> = "clientId",
        mode: Option<String> = "mode",
        path: Option<String> = "path",
        port: Option<i32> = "port",
        posnet_id: Option<String> = "posnetId",
        terminal_id: Option<String> = "terminalId",
        threeds_posnet_id: Option<String> = "threedsPosnetId",
        threeds_terminal_id: Option<String> = "threedsTerminalId",
        threeds_key: Option<SensitiveText> = "threedsKey",
        threeds_path: Option<String> = "threedsPath",
        enable_foreign_card: Option<bool> = "enableForeignCard",
        enable_installment: Option<bool> = "enableInstallment",
        enable_payment_without_cvc: Option<bool> = "enablePaymentWithoutCvc",
        enable_loyalty: Option<bool> = "enableLoyalty",
        new_integration: Option<bool> = "newIntegration",
        order_number: Option<i32> = "orderNumber",
        supported_card_associations: Option<Vec<CardAssociation>> = "supportedCardAssociations",
        enabled_payment_authentication_types: Option<Vec<PaymentAuthenticationType>> = "enabledPaymentAuthenticationTypes",
        merchant_pos_users: Option<Vec<UpdateMerchantPosUser>> = "merchantPosUsers",
        enabled_payment_phases: Option<Vec<PaymentPhase>> = "enabledPaymentPhases",
        /// No client sends it; a shop that sends back what it read does. Cannot be changed here.
        status: Option<PosStatus> = "status",
        /// No client sends it; a shop that sends back what it read does. Cannot be changed here.
        currency: Option<Currency> = "currency",
        /// No client sends it; a shop that sends back what it read does. Cannot be changed here.
        pos_integrator: Option<PosIntegrator> = "posIntegrator",
        /// No client sends it; a shop that sends back what it read does. Cannot be changed here.
        alias: Option<String> = "alias",
    }
}

wire_request! {
    /// A user of the new POS at its bank.
    CreateMerchantPosUser {
        pos_username: Option<String> = "posUsername",
        pos_password: Option<SensitiveText> = "posPassword",
        pos_user_type: Option<PosUserType> = "posUserType",
        pos_operation_type: Option<PosOperationType> = "posOperationType",
    }
}

wire_request! {
    /// A row of the table. What it does not say is kept.
    UpdateMerchantPosCommission {
        /// The card family; with `installment` it says which row is meant.
        card_brand_name: Option<String> = "cardBrandName",
        /// 1 is a single payment.
        installment: Option<i32> = "installment",
        status: Option<Status> = "status",
        /// Days that the bank keeps the money.
        blockage_day: Option<i32> = "blockageDay",
        installment_label: Option<String> = "installmentLabel",
        bank_on_us_credit_card_commission_rate: Option<Decimal> = "bankOnUsCreditCardCommissionRate",
        bank_on_us_debit_card_commission_rate: Option<Decimal> = "bankOnUsDebitCardCommissionRate",
        bank_not_on_us_credit_card_commission_rate: Option<Decimal> = "bankNotOnUsCreditCardCommissionRate",
        bank_not_on_us_debit_card_commission_rate: Option<Decimal> = "bankNotOnUsDebitCardCommissionRate",
        bank_foreign_card_commission_rate: Option<Decimal> = "bankForeignCardCommissionRate",
        /// What the shopper pays on top, in percent.
        merchant_commission_rate: Option<Decimal> = "merchantCommissionRate",
    }
}

wire_request! {
    /// A user of the POS at its bank; a masked password changes nothing.
    UpdateMerchantPosUser {
        id: Option<i64> = "id",
        pos_username: Option<String> = "posUsername",
        pos_password: Option<SensitiveText> = "posPassword",
        pos_user_type: Option<PosUserType> = "posUserType",
        pos_operation_type: Option<PosOperationType> = "posOperationType",
    }
}

wire_response! {
    /// What a card family pays in a number of instalments, to the bank and to the merchant. Rates are percent.
    MerchantPosCommissionResponse {
        id: Option<i64> = "id",
        status: Option<Status> = "status",
        installment: Option<i32> = "installment",
        /// Days that the bank keeps the money.
        blockage_day: Option<i32> = "blockageDay",
        installment_label: Option<String> = "installmentLabel",
        card_brand_name: Option<String> = "cardBrandName",
        bank_on_us_credit_card_commission_rate: Option<Decimal> = "bankOnUsCreditCardCommissionRate",
        bank_not_on_us_credit_card_commission_rate: Option<Decimal> = "bankNotOnUsCreditCardCommissionRate",
        bank_on_us_debit_card_commission_rate: Option<Decimal> = "bankOnUsDebitCardCommissionRate",
        bank_not_on_us_debit_card_commission_rate: Option<Decimal> = "bankNotOnUsDebitCardCommissionRate",
        bank_foreign_card_commission_rate: Option<Decimal> = "bankForeignCardCommissionRate",
        /// What the shopper pays on top.
        merchant_commission_rate: Option<Decimal> = "merchantCommissionRate",
    }
}

wire_response! {
    /// A POS.
    MerchantPosResponse {
        id: Option<i64> = "id",
        status: Option<PosStatus> = "status",
        name: Option<String> = "name",
        alias: Option<String> = "alias",
        pos_integrator: Option<PosIntegrator> = "posIntegrator",
        hostname: Option<String> = "hostname",
        client_id: Option<String> = "clientId",
        /// ISO 4217 number of `currency`, three digits.
        pos_currency_code: Option<String> = "posCurrencyCode",
        mode: Option<String> = "mode",
        path: Option<String> = "path",
        port: Option<i32> = "port",
        posnet_id: Option<String> = "posnetId",
        terminal_id: Option<String> = "terminalId",
        threeds_posnet_id: Option<String> = "threedsPosnetId",
        threeds_terminal_id: Option<String> = "threedsTerminalId",
        threeds_key: Option<String> = "threedsKey",
        threeds_path: Option<String> = "threedsPath",
        enable_foreign_card: Option<bool> = "enableForeignCard",
        enable_installment: Option<bool> = "enableInstallment",
        enable_payment_without_cvc: Option<bool> = "enablePaymentWithoutCvc",
        enable_loyalty: Option<bool> = "enableLoyalty",
        new_integration: Option<bool> = "newIntegration",
        order_number: Option<i32> = "orderNumber",
        autopilot_state: Option<AutopilotState> = "autopilotState",
        currency: Option<Currency> = "currency",
        bank_id: Option<i64> = "bankId",
        bank_name: Option<String> = "bankName",
        is_pf: Option<bool> = "isPf",
        merchant_pos_users: Vec<MerchantPosUser> = "merchantPosUsers",
        supported_card_associations: Vec<CardAssociation> = "supportedCardAssociations",
        enabled_payment_authentication_types: Vec<PaymentAuthenticationType> = "enabledPaymentAuthenticationTypes",
    }
}

wire_response! {
    /// A user of a POS at its bank. The password is a mask.
    MerchantPosUser {
        id: Option<i64> = "id",
        pos_username: Option<String> = "posUsername",
        pos_password: Option<String> = "posPassword",
        pos_user_type: Option<PosUserType> = "posUserType",
        pos_operation_type: Option<PosOperationType> = "posOperationType",
    }
}
