// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `installments`.

use super::enums::{CardAssociation, CardType, Currency, PaymentPhase};
use crate::money::Decimal;
use crate::wire_type::{wire_query, wire_response};

wire_query! {
    /// Which instalments a basket can be paid in. `paymentPhase` is documented, though no client sends it.
    SearchInstallmentsRequest {
        /// Six or eight digits; absent asks for every card family.
        bin_number: Option<String> = "binNumber",
        price: Option<Decimal> = "price",
        currency: Option<Currency> = "currency",
        /// One answer a card family, each number of instalments where it costs least.
        distinct_card_brands_with_lowest_commissions: Option<bool> = "distinctCardBrandsWithLowestCommissions",
        /// Only where the card's points can be used.
        loyalty_exists: Option<bool> = "loyaltyExists",
        payment_phase: Option<PaymentPhase> = "paymentPhase",
    }
}

wire_response! {
    /// What a card, or the cards of a family, can be paid in.
    Installment {
        bin_number: Option<String> = "binNumber",
        price: Option<Decimal> = "price",
        card_type: Option<CardType> = "cardType",
        card_association: Option<CardAssociation> = "cardAssociation",
        card_brand: Option<String> = "cardBrand",
        /// Of the issuer when a BIN was sent, else of the POS.
        bank_name: Option<String> = "bankName",
        bank_code: Option<i64> = "bankCode",
        force3ds: Option<bool> = "force3ds",
        cvc_required: Option<bool> = "cvcRequired",
        commercial: Option<bool> = "commercial",
        installment_prices: Vec<InstallmentPrice> = "installmentPrices",
    }
}

wire_response! {
    /// One number of instalments and what it costs.
    InstallmentPrice {
        pos_alias: Option<String> = "posAlias",
        installment_number: Option<i32> = "installmentNumber",
        installment_price: Option<Decimal> = "installmentPrice",
        bank_commission_rate: Option<Decimal> = "bankCommissionRate",
        merchant_commission_rate: Option<Decimal> = "merchantCommissionRate",
        /// What the shopper pays: `paidPrice` of the payment.
        total_price: Option<Decimal> = "totalPrice",
        installment_label: Option<String> = "installmentLabel",
        loyalty_supported: Option<bool> = "loyaltySupported",
        /// The POS takes such a card with 3DS alone.
        force3ds: Option<bool> = "force3ds",
        cvc_required: Option<bool> = "cvcRequired",
    }
}
