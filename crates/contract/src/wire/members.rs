// Written by `cargo xtask contract` from crates/contract/data. Do not edit.

//! The objects of `members`.

use super::enums::{Currency, MemberType, SettlementEarningsDestination, Status};
use crate::datetime::LocalDateTime;
use crate::money::Decimal;
use crate::wire_type::{wire_query, wire_request, wire_response};

wire_request! {
    /// `CreateMemberRequest` of the public contract.
    CreateMemberRequest {
        member_external_id: Option<String> = "memberExternalId",
        name: Option<String> = "name",
        address: Option<String> = "address",
        email: Option<String> = "email",
        phone_number: Option<String> = "phoneNumber",
        contact_name: Option<String> = "contactName",
        contact_surname: Option<String> = "contactSurname",
        member_type: Option<MemberType> = "memberType",
        legal_company_title: Option<String> = "legalCompanyTitle",
        tax_office: Option<String> = "taxOffice",
        tax_number: Option<String> = "taxNumber",
        iban: Option<String> = "iban",
        settlement_earnings_destination: Option<SettlementEarningsDestination> = "settlementEarningsDestination",
        negative_wallet_amount_limit: Option<Decimal> = "negativeWalletAmountLimit",
        sub_merchant_maximum_allowed_negative_balance: Option<Decimal> = "subMerchantMaximumAllowedNegativeBalance",
        is_buyer: Option<bool> = "isBuyer",
        is_sub_merchant: Option<bool> = "isSubMerchant",
        settlement_delay_count: Option<i32> = "settlementDelayCount",
    }
}

wire_request! {
    /// `CreateWalletRequest` of the public contract.
    CreateWalletRequest {
        negative_amount_limit: Option<Decimal> = "negativeAmountLimit",
        currency: Option<Currency> = "currency",
    }
}

wire_query! {
    /// `SearchMembersRequest` of the public contract.
    SearchMembersRequest {
        page: Option<i32> = "page",
        size: Option<i32> = "size",
        is_buyer: Option<bool> = "isBuyer",
        is_sub_merchant: Option<bool> = "isSubMerchant",
        name: Option<String> = "name",
        member_ids: Option<Vec<i64>> = "memberIds",
        member_type: Option<MemberType> = "memberType",
        member_external_id: Option<String> = "memberExternalId",
    }
}

wire_request! {
    /// `UpdateMemberRequest` of the public contract.
    UpdateMemberRequest {
        name: Option<String> = "name",
        address: Option<String> = "address",
        email: Option<String> = "email",
        phone_number: Option<String> = "phoneNumber",
        contact_name: Option<String> = "contactName",
        contact_surname: Option<String> = "contactSurname",
        member_type: Option<MemberType> = "memberType",
        legal_company_title: Option<String> = "legalCompanyTitle",
        tax_office: Option<String> = "taxOffice",
        tax_number: Option<String> = "taxNumber",
        iban: Option<String> = "iban",
        settlement_earnings_destination: Option<SettlementEarningsDestination> = "settlementEarningsDestination",
        negative_wallet_amount_limit: Option<Decimal> = "negativeWalletAmountLimit",
        sub_merchant_maximum_allowed_negative_balance: Option<Decimal> = "subMerchantMaximumAllowedNegativeBalance",
        is_buyer: Option<bool> = "isBuyer",
        is_sub_merchant: Option<bool> = "isSubMerchant",
        settlement_delay_count: Option<i32> = "settlementDelayCount",
    }
}

wire_request! {
    /// `UpdateWalletRequest` of the public contract.
    UpdateWalletRequest {
        negative_amount_limit: Option<Decimal> = "negativeAmountLimit",
    }
}

wire_response! {
    /// A member: a buyer or a sub-merchant.
    MemberResponse {
        id: Option<i64> = "id",
        created_date: Option<LocalDateTime> = "createdDate",
        updated_date: Option<LocalDateTime> = "updatedDate",
        status: Option<Status> = "status",
        is_buyer: Option<bool> = "isBuyer",
        is_sub_merchant: Option<bool> = "isSubMerchant",
        member_type: Option<MemberType> = "memberType",
        member_external_id: Option<String> = "memberExternalId",
        name: Option<String> = "name",
        email: Option<String> = "email",
        address: Option<String> = "address",
        phone_number: Option<String> = "phoneNumber",
        contact_name: Option<String> = "contactName",
        contact_surname: Option<String> = "contactSurname",
        legal_company_title: Option<String> = "legalCompanyTitle",
        tax_office: Option<String> = "taxOffice",
        tax_number: Option<String> = "taxNumber",
        settlement_earnings_destination: Option<SettlementEarningsDestination> = "settlementEarningsDestination",
        negative_wallet_amount_limit: Option<Decimal> = "negativeWalletAmountLimit",
        iban: Option<String> = "iban",
        settlement_delay_count: Option<i32> = "settlementDelayCount",
    }
}

wire_response! {
    /// `WalletResponse` of the public contract.
    WalletResponse {
        id: Option<i64> = "id",
        created_date: Option<LocalDateTime> = "createdDate",
        updated_date: Option<LocalDateTime> = "updatedDate",
        amount: Option<Decimal> = "amount",
        withdrawal_amount: Option<Decimal> = "withdrawalAmount",
        negative_amount_limit: Option<Decimal> = "negativeAmountLimit",
        currency: Option<Currency> = "currency",
        member_id: Option<i64> = "memberId",
    }
}
