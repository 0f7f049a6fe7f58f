//! The crate's words held against the contract data read out of the official clients.

use contract::bins::*;
use contract::bnpl::*;
use contract::card_loyalties::*;
use contract::card_payments::*;
use contract::cards::*;
use contract::endpoints::ENDPOINTS;
use contract::enums::*;
use contract::merchant_apms::*;
use contract::merchant_poses::*;
use contract::payment_reporting::*;
use contract::rules::Rule;
use contract::webhook::*;
use contract::wire_type::WireType;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashSet};

const ENDPOINTS_JSON: &str = include_str!("data/endpoints.json");
const TYPES_JSON: &str = include_str!("data/types.json");
const ENUMS_JSON: &str = include_str!("data/enums.json");

/// Fields that no client has, with where they come from.
const OURS: [(&str, &str); 5] = [
    ("SearchPaymentsRequest", "merchantPosId"), // documented filter
    ("BnplPaymentVerifyResponse", "responseStatus"), // documented older verify
    ("BnplPaymentVerifyResponse", "errorCode"),
    ("BnplPaymentVerifyResponse", "errorMessage"),
    ("WebhookData", "payload"), // documented for some events
];

macro_rules! described {
    ($($name:ident),+ $(,)?) => {
        vec![$((<$name as WireType>::NAME, <$name as WireType>::fields())),+]
    };
}

fn wire_types() -> BTreeMap<&'static str, Vec<(&'static str, String)>> {
    let types = described![
        BinNumberResponse,
        BnplPaymentOfferRequest,
        BnplPaymentCartItem,
        BnplPaymentOfferResponse,
        BnplBankOffer,
        BnplBankOfferTerm,
        InitBnplPaymentRequest,
        InitBnplPaymentResponse,
        VerifyBnplPaymentRequest,
        BnplPaymentVerifyResponse,
        Loyalty,
        Reward,
        LoyaltyParams,
        LoyaltyData,
        RetrieveLoyaltiesRequest,
        RetrieveLoyaltiesResponse,
        FraudResult,
        CreatePaymentRequest,
        InitThreeDSPaymentRequest,
        CompleteThreeDSPaymentRequest,
        Card,
        TokenizedCard,
        EncryptedCard,
        RoutingOptions,
        FraudCheckParameters,
        PaymentItem,
        PaymentResponse,
        InitThreeDSPaymentResponse,
        PaymentTransaction,
        Payout,
        MerchantPos,
        PaymentError,
        StoreCardRequest,
        StoredCardResponse,
        MerchantApmResponse,
        CreateMerchantPosRequest,
        CreateMerchantPosUser,
        UpdateMerchantPosRequest,
        UpdateMerchantPosUser,
        SearchMerchantPosRequest,
        MerchantPosResponse,
        MerchantPosUser,
        AutopilotState,
        SearchPaymentsRequest,
        ReportingPaymentResponse,
        ReportingPaymentTransaction,
        ReportingPaymentRefundResponse,
        PayoutStatus,
        MemberResponse,
        WebhookData,
    ];
    types.into_iter().collect()
}

/// A kind of the contract data, in the crate's words.
fn expected_kind(field: &str, kind: &str) -> String {
    match (field, kind) {
        ("errorGroup", "string") => "ErrorGroup".to_owned(),
        (_, "float64") => "decimal".to_owned(), // no floats here, scores included
        (_, "map<string>") => "map<any>".to_owned(), // Java alone narrows it; values nest
        _ => kind.to_owned(),
    }
}

#[test]
fn every_wire_type_has_the_fields_and_kinds_of_the_contract() {
    let data: Map<String, Value> = serde_json::from_str(TYPES_JSON).unwrap();
    for (name, fields) in wire_types() {
        let mut expected: BTreeMap<&str, String> = data[name]
            .as_object()
            .unwrap()
            .iter()
            .map(|(field, kind)| (field.as_str(), expected_kind(field, kind.as_str().unwrap())))
            .collect();
        for (field, kind) in &fields {
            if OURS.contains(&(name, field)) {
                continue;
            }
            assert_eq!(
                expected.remove(field).as_ref(),
                Some(kind),
                "{name}.{field}"
            );
        }
        assert!(expected.is_empty(), "{name} lacks {expected:?}");
    }
}

#[test]
fn what_is_served_is_described() {
    let types = wire_types();
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.served) {
        let response = endpoint.response.trim_matches(['[', ']']);
        for name in endpoint.request.into_iter().chain(Some(response)) {
            assert!(
                name == "void" || types.contains_key(name),
                "{}: {name}",
                endpoint.name
            );
        }
    }
}

#[test]
fn the_table_has_every_endpoint_of_the_contract_and_the_older_verify() {
    let data: Vec<Value> = serde_json::from_str(ENDPOINTS_JSON).unwrap();
    let types: Map<String, Value> = serde_json::from_str(TYPES_JSON).unwrap();
    let text = |entry: &Value, key: &str| entry[key].as_str().map(str::to_owned);
    let mut expected: BTreeSet<_> = data
        .iter()
        .map(|entry| {
            let request = text(entry, "request").or_else(|| text(entry, "query"));
            let response = text(entry, "response").unwrap_or_else(|| "void".to_owned());
            let response = match response.strip_prefix('[').and_then(|r| r.strip_suffix(']')) {
                Some(list) => types[list]["items"]
                    .as_str()
                    .unwrap()
                    .replace("list<", "")
                    .replace('>', ""),
                None => response,
            };
            let [group, method, path] =
                ["group", "method", "path"].map(|key| text(entry, key).unwrap());
            (group, method, path, request, response)
        })
        .collect();
    assert_eq!(expected.len(), 138);
    let older = ["payment", "POST", "/payment/v1/bnpl-payments/verify"].map(str::to_owned);
    let [group, method, path] = older;
    let request = Some("VerifyBnplPaymentRequest".to_owned());
    expected.insert((
        group,
        method,
        path,
        request,
        "BnplPaymentVerifyResponse".to_owned(),
    ));
    let table: BTreeSet<_> = ENDPOINTS
        .iter()
        .map(|e| {
            let request = e.request.map(str::to_owned);
            (
                e.group.to_owned(),
                e.method.to_owned(),
                e.path.to_owned(),
                request,
                e.response.to_owned(),
            )
        })
        .collect();
    assert_eq!(table, expected);
    let names: HashSet<&str> = ENDPOINTS.iter().map(|endpoint| endpoint.name).collect();
    assert_eq!(names.len(), ENDPOINTS.len());
}

#[test]
fn enums_are_spelled_as_in_the_contract() {
    let data: BTreeMap<String, Vec<String>> = serde_json::from_str(ENUMS_JSON).unwrap();
    macro_rules! spellings {
        ($($name:ident),+ $(,)?) => {
            vec![$((stringify!($name), $name::ALL.iter().map(|v| v.as_str()).collect::<Vec<_>>())),+]
        };
    }
    let ours = spellings![
        AdditionalAction,
        ApmAdditionalAction,
        ApmType,
        BnplCartItemType,
        CardAssociation,
        CardExpiryStatus,
        CardType,
        Currency,
        FraudAction,
        LoyaltyType,
        LoyaltyUnitType,
        OrderingRule,
        PaymentAuthenticationType,
        PaymentGroup,
        PaymentPhase,
        PaymentProvider,
        PaymentRefundStatus,
        PaymentSource,
        PaymentStatus,
        PaymentType,
        PosIntegrator,
        PosOperationType,
        PosStatus,
        PosUserType,
        RefundStatus,
        RefundType,
        RefundDestinationType,
        Status,
        TokenizedCardType,
        TransactionStatus,
        TransactionPayoutStatus,
        WebhookEventType,
        WebhookStatus,
        MemberType,
        SettlementEarningsDestination
    ];
    for (name, values) in ours {
        assert_eq!(values, data[name], "{name}");
    }
}

#[test]
fn requests_take_null_and_unknown_fields_and_print_no_value() {
    let body = json!({
        "price": 100, "currency": "TRY", "retry": null, "somethingNew": [1.5], "buyerMemberId": "7",
        "card": {"cardNumber": "5209220000000002", "cvc": "123", "cardHolderIdentityNumber": "11111111110"},
        "additionalParams": {"buyerIdentityNumber": "11111111110"},
        "items": [{"name": "a", "price": 100.00}]
    });
    let request: InitThreeDSPaymentRequest = serde_json::from_str(&body.to_string()).unwrap();
    assert_eq!(request.buyer_member_id, Some(7));
    assert_eq!(request.retry, None);
    assert_eq!(
        request
            .card
            .as_ref()
            .unwrap()
            .cvc
            .as_ref()
            .unwrap()
            .expose(),
        "123"
    );
    let shown = format!("{request:?} {:?}", request.card);
    for hidden in ["5209", "123", "1111", "100"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    for wrong in [
        r#"{"retry": "true"}"#,
        r#"{"retry": 1}"#,
        r#"{"installment": "1.5"}"#,
        r#"{"installment": 1.5}"#,
        r#"{"price": "1,5"}"#,
        r#"{"conversationId": true}"#,
        r#"{"card": {"cardNumber": 5209220000000002}}"#,
        r#"{"card": {"cvc": 123}}"#,
        r#"{"card": [1]}"#,
        r#"{"items": {}}"#,
        r#"{"currency": 949}"#,
        r#"{"currency": {"TRY": null}}"#,
    ] {
        assert!(
            serde_json::from_str::<CreatePaymentRequest>(wrong).is_err(),
            "{wrong}"
        );
    }
}

/// What shop modules in PHP and .NET send: wherever a scalar is due, not only in some fields.
#[test]
fn scalars_are_read_in_loose_spellings_everywhere() {
    let loose = r#"{
        "price": "100.0", "paidPrice": "100.00", "installment": "3", "conversationId": 115,
        "externalId": 1.50, "buyerMemberId": "7", "clientPort": "8080",
        "card": {"cardHolderName": 5, "cardNumber": "5209220000000002", "expireYear": 2044,
                 "expireMonth": 4, "loyalty": {"reward": {"cardRewardMoney": "1.5"}, "loyaltyData": []}},
        "items": [{"name": 1, "price": "100.0", "externalId": 9, "blockageDay": "2"}],
        "routingOptions": {"posAliases": [1, "a"]}, "fraudParams": [], "additionalParams": []
    }"#;
    let exact = r#"{
        "price": 100.0, "paidPrice": 100.00, "installment": 3, "conversationId": "115",
        "externalId": "1.50", "buyerMemberId": 7, "clientPort": 8080,
        "card": {"cardHolderName": "5", "cardNumber": "5209220000000002", "expireYear": "2044",
                 "expireMonth": "4", "loyalty": {"reward": {"cardRewardMoney": 1.5}, "loyaltyData": {}}},
        "items": [{"name": "1", "price": 100.0, "externalId": "9", "blockageDay": 2}],
        "routingOptions": {"posAliases": ["1", "a"]}, "fraudParams": {}, "additionalParams": {}
    }"#;
    let read = |text: &str| serde_json::from_str::<CreatePaymentRequest>(text).unwrap();
    assert!(read(loose) == read(exact));
    let stored = r#"{"expireYear": 44, "cardAlias": 1, "cardUserKey": 2}"#;
    let stored: StoreCardRequest = serde_json::from_str(stored).unwrap();
    assert_eq!(stored.card_alias.as_deref(), Some("1"));
    let loan = r#"{"bankCode": 134, "cartItems": [{"unitPrice": "1", "quantity": "2", "id": 3}]}"#;
    let loan: InitBnplPaymentRequest = serde_json::from_str(loan).unwrap();
    assert_eq!(loan.bank_code.as_deref(), Some("134"));
    let pos = r#"{"clientId": 7000679, "orderNumber": "2", "threedsKey": 12345678}"#;
    let pos: CreateMerchantPosRequest = serde_json::from_str(pos).unwrap();
    assert_eq!(pos.client_id.as_deref(), Some("7000679"));
    assert_eq!(pos.threeds_key.unwrap().expose(), "12345678");
}

#[test]
fn the_texts_of_a_request_are_told_without_its_card() {
    use contract::received::{Place, Received};
    let body = json!({
        "conversationId": "c", "buyerMemberId": 7, "retry": true, "price": 1,
        "card": {"cardNumber": "5209220000000002", "cvc": "123", "expireYear": "2044", "cardAlias": "a"},
        "items": [{"name": "n"}, {"externalId": "e"}], "routingOptions": {"posAliases": ["p"]},
        "additionalParams": {"x": {"y": ["z"]}}
    });
    let request: CreatePaymentRequest = serde_json::from_value(body).unwrap();
    let mut told = Vec::new();
    request.texts(&Place::Top, &mut |at, text| {
        told.push(format!("{at}={text}"))
    });
    told.sort();
    let expected = [
        "additionalParams.x.y=y",
        "additionalParams.x.y[0]=z",
        "additionalParams.x=x",
        "buyerMemberId=7",
        "card.cardAlias=a",
        "card.expireYear=2044",
        "conversationId=c",
        "items[0].name=n",
        "items[1].externalId=e",
        "routingOptions.posAliases[0]=p",
    ];
    assert_eq!(told, expected);
}

#[test]
fn answers_leave_out_what_is_absent_and_keep_empty_lists() {
    let answer = RetrieveLoyaltiesResponse {
        force_3ds: Some(true),
        ..Default::default()
    };
    assert_eq!(
        serde_json::to_value(answer).unwrap(),
        json!({"force3ds": true, "loyalties": []})
    );
    let amount: contract::money::Decimal = serde_json::from_str("100.00").unwrap();
    let payment = PaymentResponse {
        price: Some(amount),
        is_three_ds: Some(false),
        ..Default::default()
    };
    let text = serde_json::to_string(&payment).unwrap();
    assert_eq!(
        text,
        r#"{"price":100.00,"isThreeDS":false,"paymentTransactions":[]}"#
    );
}

#[test]
fn queries_are_read_from_pairs() {
    let pairs = [
        ("page", "1"),
        ("isThreeDs", "true"),
        ("orderId", ""),
        ("minPaidPrice", "1E+3"),
        ("x", "y"),
    ];
    let query = SearchPaymentsRequest::from_pairs(pairs).unwrap();
    assert_eq!(
        (query.page, query.is_three_ds, query.order_id),
        (Some(1), Some(true), None)
    );
    assert_eq!(query.min_paid_price.unwrap().to_string(), "1000");
    for wrong in [
        ("page", "x"),
        ("currency", "try"),
        ("isThreeDS", "yes"),
        ("minCreatedDate", "a' or 1"),
    ] {
        let broken = (wrong.0, Rule::WrongType);
        assert_eq!(SearchPaymentsRequest::from_pairs([wrong]), Err(broken));
    }
}
