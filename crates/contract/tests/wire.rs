//! The crate's words held against the contract data read out of the official clients.

use contract::bnpl_payments::*;
use contract::card_loyalties::*;
use contract::card_payments::*;
use contract::cards::StoreCardRequest;
use contract::merchant_poses::*;
use contract::payment_reporting::*;
use contract::rules::Rule;
use serde_json::json;

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
        force3ds: Some(true),
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
        ("currency", "lira"),
        ("isThreeDS", "yes"),
        ("minCreatedDate", "a' or 1"),
    ] {
        let broken = (wrong.0, Rule::WrongType);
        assert_eq!(SearchPaymentsRequest::from_pairs([wrong]), Err(broken));
    }
}
