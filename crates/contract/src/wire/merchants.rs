// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `merchants`.

use crate::card::SensitiveText;
use crate::money::Decimal;
use crate::wire_type::{wire_request, wire_response};

wire_request! {
    /// `CreateMerchantRequest` of the public contract.
    CreateMerchantRequest {
        name: Option<String> = "name",
        legal_company_title: Option<String> = "legalCompanyTitle",
        email: Option<String> = "email",
        secret_word: Option<SensitiveText> = "secretWord",
        website: Option<String> = "website",
        phone_number: Option<String> = "phoneNumber",
        contact_name: Option<String> = "contactName",
        contact_surname: Option<String> = "contactSurname",
        contact_phone_number: Option<String> = "contactPhoneNumber",
    }
}

wire_request! {
    /// `ResetMerchantMemberWalletBalanceRequest` of the public contract.
    ResetMerchantMemberWalletBalanceRequest {
        wallet_amount: Option<Decimal> = "walletAmount",
    }
}

wire_response! {
    /// `CreateMerchantResponse` of the public contract.
    CreateMerchantResponse {
        id: Option<i64> = "id",
        name: Option<String> = "name",
        merchant_api_credentials: Vec<MerchantApiCredential> = "merchantApiCredentials",
    }
}

wire_response! {
    /// `MerchantApiCredential` of the public contract.
    MerchantApiCredential {
        name: Option<String> = "name",
        api_key: Option<String> = "apiKey",
        secret_key: Option<String> = "secretKey",
    }
}
