//! What stands in a file report, column by column. The form is fixed for ever, in every language: names and order
//! of columns are never changed, and a new one is added at the end (`docs/reports.md` says what each holds).

use crate::clock::istanbul;
use crate::store::payments::Payment;
use crate::xlsx::Cell;
use contract::enums::{ApmType, PaymentProvider, ReportType};
use contract::money::{Decimal, Money};
use contract::payment_reporting::{
    ReportingPaymentResponse, ReportingPaymentTransaction,
    ReportingPaymentTransactionRefundResponse,
};
use jiff::Timestamp;

/// What a row tells of.
pub(super) struct Row<'a> {
    /// PAYMENT, CANCEL or REFUND.
    pub event: &'static str,
    /// When it happened.
    pub at: Timestamp,
    /// The payment as it is stored.
    pub stored: &'a Payment,
    /// The payment as the API tells it.
    pub payment: &'a ReportingPaymentResponse,
    /// The item; none in a report of payments.
    pub item: Option<&'a ReportingPaymentTransaction>,
    /// What was given back, with the id that the shop knows it by.
    pub refund: Option<(i64, &'a ReportingPaymentTransactionRefundResponse)>,
    /// Whether the card is a commercial one.
    pub commercial: Option<bool>,
}

/// A column: what it is called, how a spreadsheet shows it, what stands in it.
pub(super) struct Column {
    pub name: &'static str,
    pub kind: Cell,
    pub cell: fn(&Row<'_>) -> String,
}

macro_rules! columns {
    ($($column:ident = $name:literal, $kind:ident, $cell:expr;)+) => {
        $(const $column: Column = Column { name: $name, kind: Cell::$kind, cell: $cell };)+
    };
}

columns! {
    TRANSACTION_TYPE = "transactionType", Text, |r| r.event.to_owned();
    TRANSACTION_DATE = "transactionDate", Moment, |r| moment(r.at);
    PAYMENT_ID = "paymentId", Text, |r| shown(r.payment.id);
    PAYMENT_TRANSACTION_ID = "paymentTransactionId", Text, |r| shown(r.item.and_then(|item| item.id));
    REFUND_ID = "refundId", Text, |r| shown(r.refund.map(|(id, _)| id));
    CREATED_DATE = "createdDate", Moment, |r| moment(r.stored.created_at);
    PAYMENT_STATUS = "paymentStatus", Text, |r| shown(r.payment.payment_status);
    CONVERSATION_ID = "conversationId", Text, |r| match r.refund {
        Some((_, refund)) => text(&refund.conversation_id),
        None => text(&r.payment.conversation_id),
    };
    EXTERNAL_ID = "externalId", Text, |r| text(&r.payment.external_id);
    PAYMENT_GROUP = "paymentGroup", Text, |r| shown(r.payment.payment_group);
    PAYMENT_TYPE = "paymentType", Text, |r| shown(r.payment.payment_type);
    PAYMENT_PHASE = "paymentPhase", Text, |r| shown(r.payment.payment_phase);
    PAYMENT_SOURCE = "paymentSource", Text, |r| shown(r.payment.payment_source);
    PAYMENT_CHANNEL = "paymentChannel", Text, |r| text(&r.payment.payment_channel);
    PAYMENT_PROVIDER = "paymentProvider", Text, |r| shown(r.payment.payment_provider);
    APM_TYPE = "apmType", Text, |r| shown(r.payment.payment_provider.and_then(apm_type));
    PRICE = "price", Number, |r| sale(r, |p| p.price, |item| item.price);
    PAID_PRICE = "paidPrice", Number, |r| sale(r, |p| p.paid_price, |item| item.paid_price);
    WALLET_PRICE = "walletPrice", Number, |r| sale(r, |p| p.wallet_price, |item| item.wallet_price);
    REFUND_PRICE = "refundPrice", Number, |r| amount(r, r.refund.and_then(|(_, one)| one.refund_price));
    CURRENCY = "currency", Text, |r| shown(r.payment.currency);
    INSTALLMENT = "installment", Number, |r| shown(r.payment.installment);
    IS_THREE_DS = "isThreeDS", Flag, |r| shown(r.payment.is_three_ds);
    CARD_TYPE = "cardType", Text, |r| shown(r.payment.card_type);
    CARD_ASSOCIATION = "cardAssociation", Text, |r| shown(r.payment.card_association);
    CARD_BRAND = "cardBrand", Text, |r| text(&r.payment.card_brand);
    CARD_BANK = "cardBank", Text, |r| text(&r.payment.card_issuer_bank_name);
    IS_COMMERCIAL = "isCommercial", Flag, |r| shown(r.commercial);
    BIN_NUMBER = "binNumber", Text, |r| text(&r.payment.bin_number);
    LAST_FOUR_DIGITS = "lastFourDigits", Text, |r| text(&r.payment.last_four_digits);
    CARD_HOLDER_NAME = "cardHolderName", Text, |r| text(&r.payment.card_holder_name);
    POS_ALIAS = "posAlias", Text, |r| text(&r.payment.pos.as_ref().and_then(|pos| pos.alias.clone()));
    ORDER_ID = "orderId", Text, |r| text(&r.payment.order_id);
    AUTH_CODE = "authCode", Text, |r| reference(r, |one| &one.auth_code, |p| &p.auth_code);
    HOST_REFERENCE = "hostReference", Text, |r| reference(r, |one| &one.host_reference, |p| &p.host_reference);
    TRANS_ID = "transId", Text, |r| reference(r, |one| &one.trans_id, |p| &p.trans_id);
    BANK_COMMISSION_RATE = "bankCommissionRate", Number,
        |r| rate(r, |p| p.bank_commission_rate, |item| item.bank_commission_rate);
    BANK_COMMISSION_RATE_AMOUNT = "bankCommissionRateAmount", Number,
        |r| sale(r, |p| p.bank_commission_rate_amount, |item| item.bank_commission_rate_amount);
    MERCHANT_COMMISSION_RATE = "merchantCommissionRate", Number,
        |r| rate(r, |p| p.merchant_commission_rate, |item| item.merchant_commission_rate);
    MERCHANT_COMMISSION_RATE_AMOUNT = "merchantCommissionRateAmount", Number,
        |r| sale(r, |p| p.merchant_commission_rate_amount, |item| item.merchant_commission_rate_amount);
    SUB_MERCHANT_MEMBER_ID = "subMerchantMemberId", Text, |r| shown(r.item.and_then(|item| item.sub_merchant_member_id));
    SUB_MERCHANT_MEMBER_PAYOUT_AMOUNT = "subMerchantMemberPayoutAmount", Number,
        |r| sale(r, |_| None, |item| item.sub_merchant_member_payout_amount);
    MERCHANT_PAYOUT_AMOUNT = "merchantPayoutAmount", Number,
        |r| sale(r, |_| None, |item| item.merchant_payout_amount);
    BUYER_MEMBER_ID = "buyerMemberId", Text, |r| shown(r.payment.buyer_member_id);
    ERROR_CODE = "errorCode", Text,
        |r| r.payment.payment_error.as_ref().map_or(String::new(), |error| text(&error.error_code));
    ERROR_GROUP = "errorGroup", Text,
        |r| r.payment.payment_error.as_ref().map_or(String::new(), |error| shown(error.error_group));
    IS_CARD_VERIFICATION = "isCardVerification", Flag, |r| r.stored.verification.to_string();
}

/// A row for each item that was paid or given back.
#[rustfmt::skip]
static TRANSACTION: &[Column] = &[
    TRANSACTION_TYPE, TRANSACTION_DATE, PAYMENT_ID, PAYMENT_TRANSACTION_ID, REFUND_ID, CONVERSATION_ID, EXTERNAL_ID,
    PAYMENT_GROUP, PAYMENT_TYPE, PAYMENT_PHASE, PAYMENT_SOURCE, PAYMENT_CHANNEL, PAYMENT_PROVIDER, APM_TYPE, PRICE,
    PAID_PRICE, WALLET_PRICE, REFUND_PRICE, CURRENCY, INSTALLMENT, IS_THREE_DS, CARD_TYPE, CARD_ASSOCIATION,
    CARD_BRAND, CARD_BANK, IS_COMMERCIAL, BIN_NUMBER, LAST_FOUR_DIGITS, POS_ALIAS, ORDER_ID, AUTH_CODE,
    HOST_REFERENCE, TRANS_ID, BANK_COMMISSION_RATE, BANK_COMMISSION_RATE_AMOUNT, MERCHANT_COMMISSION_RATE,
    MERCHANT_COMMISSION_RATE_AMOUNT, SUB_MERCHANT_MEMBER_ID, SUB_MERCHANT_MEMBER_PAYOUT_AMOUNT,
    MERCHANT_PAYOUT_AMOUNT, IS_CARD_VERIFICATION,
];

/// A row for each payment, whatever became of it.
#[rustfmt::skip]
static PAYMENT: &[Column] = &[
    PAYMENT_ID, CREATED_DATE, PAYMENT_STATUS, CONVERSATION_ID, EXTERNAL_ID, PAYMENT_GROUP, PAYMENT_TYPE,
    PAYMENT_PHASE, PAYMENT_SOURCE, PAYMENT_CHANNEL, PAYMENT_PROVIDER, APM_TYPE, PRICE, PAID_PRICE, WALLET_PRICE,
    CURRENCY, INSTALLMENT, IS_THREE_DS, CARD_TYPE, CARD_ASSOCIATION, CARD_BRAND, CARD_BANK, IS_COMMERCIAL,
    BIN_NUMBER, LAST_FOUR_DIGITS, CARD_HOLDER_NAME, POS_ALIAS, ORDER_ID, AUTH_CODE, HOST_REFERENCE, TRANS_ID,
    BANK_COMMISSION_RATE, BANK_COMMISSION_RATE_AMOUNT, MERCHANT_COMMISSION_RATE, MERCHANT_COMMISSION_RATE_AMOUNT,
    BUYER_MEMBER_ID, ERROR_CODE, ERROR_GROUP, IS_CARD_VERIFICATION,
];

/// The columns of a report.
pub(super) fn of(report: ReportType) -> &'static [Column] {
    match report {
        ReportType::Transaction => TRANSACTION,
        ReportType::Payment => PAYMENT,
    }
}

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}

fn text(value: &Option<String>) -> String {
    value.clone().unwrap_or_default()
}

/// Istanbul's local time, to the second.
fn moment(at: Timestamp) -> String {
    let local = istanbul(at).datetime();
    local.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// An amount with the digits of the payment's currency, however the shop spelled it.
fn amount(row: &Row<'_>, value: Option<Decimal>) -> String {
    let Some(value) = value else {
        return String::new();
    };
    let currency = row.stored.currency;
    match value.to_minor(currency) {
        Ok(minor) => Money::new(minor, currency).decimal().to_string(),
        Err(_) => value.to_string(),
    }
}

/// A figure of what was sold: of the item where there is one. Money back repeats none, so that a column can be
/// summed.
fn figure(
    row: &Row<'_>,
    of_payment: fn(&ReportingPaymentResponse) -> Option<Decimal>,
    of_item: fn(&ReportingPaymentTransaction) -> Option<Decimal>,
) -> Option<Decimal> {
    match (row.refund, row.item) {
        (Some(_), _) => None,
        (None, Some(item)) => of_item(item),
        (None, None) => of_payment(row.payment),
    }
}

fn sale(
    row: &Row<'_>,
    of_payment: fn(&ReportingPaymentResponse) -> Option<Decimal>,
    of_item: fn(&ReportingPaymentTransaction) -> Option<Decimal>,
) -> String {
    amount(row, figure(row, of_payment, of_item))
}

fn rate(
    row: &Row<'_>,
    of_payment: fn(&ReportingPaymentResponse) -> Option<Decimal>,
    of_item: fn(&ReportingPaymentTransaction) -> Option<Decimal>,
) -> String {
    shown(figure(row, of_payment, of_item))
}

/// A bank's reference: that of the refund itself where money went back.
fn reference(
    row: &Row<'_>,
    of_refund: fn(&ReportingPaymentTransactionRefundResponse) -> &Option<String>,
    of_payment: fn(&ReportingPaymentResponse) -> &Option<String>,
) -> String {
    match row.refund {
        Some((_, refund)) => text(of_refund(refund)),
        None => text(of_payment(row.payment)),
    }
}

/// The method of a provider that is one.
fn apm_type(provider: PaymentProvider) -> Option<ApmType> {
    provider.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(report: ReportType) -> String {
        let names: Vec<&str> = of(report).iter().map(|column| column.name).collect();
        names.join(";")
    }

    #[test]
    fn the_columns_are_what_they_always_were() {
        // Shops read by name and by place. A new column is added here at the end, and nothing else is changed.
        assert_eq!(
            names(ReportType::Transaction),
            "transactionType;transactionDate;paymentId;paymentTransactionId;refundId;conversationId;externalId;\
             paymentGroup;paymentType;paymentPhase;paymentSource;paymentChannel;paymentProvider;apmType;price;\
             paidPrice;walletPrice;refundPrice;currency;installment;isThreeDS;cardType;cardAssociation;cardBrand;\
             cardBank;isCommercial;binNumber;lastFourDigits;posAlias;orderId;authCode;hostReference;transId;\
             bankCommissionRate;bankCommissionRateAmount;merchantCommissionRate;merchantCommissionRateAmount;\
             subMerchantMemberId;subMerchantMemberPayoutAmount;merchantPayoutAmount;isCardVerification"
        );
        assert_eq!(
            names(ReportType::Payment),
            "paymentId;createdDate;paymentStatus;conversationId;externalId;paymentGroup;paymentType;paymentPhase;\
             paymentSource;paymentChannel;paymentProvider;apmType;price;paidPrice;walletPrice;currency;installment;\
             isThreeDS;cardType;cardAssociation;cardBrand;cardBank;isCommercial;binNumber;lastFourDigits;\
             cardHolderName;posAlias;orderId;authCode;hostReference;transId;bankCommissionRate;\
             bankCommissionRateAmount;merchantCommissionRate;merchantCommissionRateAmount;buyerMemberId;errorCode;\
             errorGroup;isCardVerification"
        );
    }

    #[test]
    fn every_column_is_documented() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reports.md");
        let documented = std::fs::read_to_string(path).unwrap();
        let (_, tables) = documented.split_once("## The transaction report").unwrap();
        let (transactions, payments) = tables.split_once("## The payment report").unwrap();
        for (report, table) in [
            (ReportType::Transaction, transactions),
            (ReportType::Payment, payments),
        ] {
            let lines = table.lines();
            let listed: Vec<&str> = lines
                .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
                .collect();
            assert_eq!(listed.join(";"), names(report));
        }
    }
}
