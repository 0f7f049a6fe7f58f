// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `card-loyalties`.

use super::card_payments::{FraudCheckParameters, MerchantPos};
use super::enums::{FraudAction, LoyaltyType, LoyaltyUnitType};
use crate::card::{CardText, SensitiveText};
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response, wire_shared};

wire_response! {
    /// What the fraud check said.
    FraudResult {
        id: Option<i64> = "id",
        score: Option<Decimal> = "score",
        action: Option<FraudAction> = "action",
    }
}

wire_shared! {
    /// A reward: offered by an inquiry, chosen in `card.loyalty`, echoed by a payment.
    Loyalty {
        r#type: Option<LoyaltyType> = "type",
        reward: Option<Reward> = "reward",
        message: Option<String> = "message",
        loyalty_params: Option<LoyaltyParams> = "loyaltyParams",
        loyalty_data: Option<LoyaltyData> = "loyaltyData",
    }
}

wire_shared! {
    /// Between which bounds a reward can be chosen.
    LoyaltyData {
        max_postponing_payment_count: Option<i32> = "maxPostponingPaymentCount",
        min_postponing_payment_count: Option<i32> = "minPostponingPaymentCount",
        unit_type: Option<LoyaltyUnitType> = "unitType",
        deferred_payment_eligible: Option<bool> = "deferredPaymentEligible",
        min_amount: Option<Decimal> = "minAmount",
        max_amount: Option<Decimal> = "maxAmount",
        due_date_shift_direction: Option<String> = "dueDateShiftDirection",
        single_total_due_date_day_count: Option<Decimal> = "singleTotalDueDateDayCount",
        code: Option<String> = "code",
    }
}

wire_shared! {
    /// What the shop chose for a reward.
    LoyaltyParams {
        postponing_payment_count: Option<i32> = "postponingPaymentCount",
        code: Option<String> = "code",
    }
}

wire_shared! {
    /// Points: on the card, of this merchant, as miles, and their sum.
    Reward {
        card_reward_money: Option<Decimal> = "cardRewardMoney",
        firm_reward_money: Option<Decimal> = "firmRewardMoney",
        mile_reward_money: Option<Decimal> = "mileRewardMoney",
        total_reward_money: Option<Decimal> = "totalRewardMoney",
    }
}

wire_request! {
    /// Asks for the rewards of an open or a stored card.
    RetrieveLoyaltiesRequest {
        card_number: Option<CardText> = "cardNumber",
        expire_year: Option<SensitiveText> = "expireYear",
        expire_month: Option<SensitiveText> = "expireMonth",
        cvc: Option<CardText> = "cvc",
        card_user_key: Option<String> = "cardUserKey",
        card_token: Option<String> = "cardToken",
        client_ip: Option<String> = "clientIp",
        conversation_id: Option<String> = "conversationId",
        fraud_params: Option<FraudCheckParameters> = "fraudParams",
        installment: Option<i32> = "installment",
        loyalty_type: Option<LoyaltyType> = "loyaltyType",
        secure_fields_token: Option<SensitiveText> = "secureFieldsToken",
        client_port: Option<i32> = "clientPort",
    }
}

wire_response! {
    /// The rewards of a card and the POS that knew them.
    RetrieveLoyaltiesResponse {
        card_brand: Option<String> = "cardBrand",
        card_issuer_bank_name: Option<String> = "cardIssuerBankName",
        card_issuer_bank_id: Option<i64> = "cardIssuerBankId",
        /// The merchant forces 3DS on this POS, or the card is a debit card. Informs only.
        force3ds: Option<bool> = "force3ds",
        pos: Option<MerchantPos> = "pos",
        fraud_result: Option<FraudResult> = "fraudResult",
        loyalties: Vec<Loyalty> = "loyalties",
    }
}
