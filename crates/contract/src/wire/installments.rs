// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `installments`.

use super::enums::{CardAssociation, CardType, Currency};
use crate::money::Decimal;
use crate::wire_type::{wire_query, wire_response};

wire_query! {
    /// `SearchInstallmentsRequest` of the public contract.
    SearchInstallmentsRequest {
        bin_number: Option<String> = "binNumber",
        price: Option<Decimal> = "price",
        currency: Option<Currency> = "currency",
        distinct_card_brands_with_lowest_commissions: Option<bool> = "distinctCardBrandsWithLowestCommissions",
        loyalty_exists: Option<bool> = "loyaltyExists",
    }
}

wire_response! {
    /// `Installment` of the public contract.
    Installment {
        bin_number: Option<String> = "binNumber",
        price: Option<Decimal> = "price",
        card_type: Option<CardType> = "cardType",
        card_association: Option<CardAssociation> = "cardAssociation",
        card_brand: Option<String> = "cardBrand",
        bank_name: Option<String> = "bankName",
        bank_code: Option<i64> = "bankCode",
        force3ds: Option<bool> = "force3ds",
        cvc_required: Option<bool> = "cvcRequired",
        commercial: Option<bool> = "commercial",
        installment_prices: Vec<InstallmentPrice> = "installmentPrices",
    }
}

wire_response! {
    /// `InstallmentPrice` of the public contract.
    InstallmentPrice {
        pos_alias: Option<String> = "posAlias",
        installment_number: Option<i32> = "installmentNumber",
        installment_price: Option<Decimal> = "installmentPrice",
        bank_commission_rate: Option<Decimal> = "bankCommissionRate",
        merchant_commission_rate: Option<Decimal> = "merchantCommissionRate",
        total_price: Option<Decimal> = "totalPrice",
        installment_label: Option<String> = "installmentLabel",
        loyalty_supported: Option<bool> = "loyaltySupported",
        force3ds: Option<bool> = "force3ds",
        cvc_required: Option<bool> = "cvcRequired",
    }
}
