//! `/payment/v1/card-payments`.

use crate::shop::{
    BANKS, CALLBACK_KEY, GARANTI, NO_FUNDS, OTP, Shop, YKB, garanti, payment, with, ykb,
};
use contract::signature::{Callback, callback_hash_v1};
use insta::assert_snapshot;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_takes_the_money_once_and_spells_amounts_as_they_came() {
    let shop = Shop::open().await;
    let paid = shop.pays(GARANTI).await.succeeded();
    assert_snapshot!(paid.shown(), @r#"
    {
      "data": {
        "id": "[id]",
        "createdDate": "[time]",
        "price": 100,
        "paidPrice": 100,
        "walletPrice": 0,
        "currency": "TRY",
        "installment": 1,
        "conversationId": "456d1297",
        "externalId": "order-1",
        "paymentType": "CARD_PAYMENT",
        "paymentProvider": "BANK",
        "paymentSource": "API",
        "paymentGroup": "LISTING_OR_SUBSCRIPTION",
        "paymentStatus": "SUCCESS",
        "paymentPhase": "AUTH",
        "isThreeDS": false,
        "merchantCommissionRate": 0,
        "merchantCommissionRateAmount": 0,
        "bankCommissionRate": 0,
        "bankCommissionRateAmount": 0,
        "paidWithStoredCard": false,
        "binNumber": "52092200",
        "lastFourDigits": "0002",
        "authCode": "[made up]",
        "hostReference": "[made up]",
        "transId": "[made up]",
        "orderId": "[made up]",
        "cardHolderName": "Haluk Demir",
        "cardIssuerBankName": "T. GARANTİ BANKASI A.Ş.",
        "cardIssuerBankId": 62,
        "cardType": "CREDIT_CARD",
        "cardAssociation": "MASTER_CARD",
        "cardBrand": "Bonus",
        "pos": {
          "id": "[id]",
          "name": "Garanti",
          "alias": "[made up]",
          "bankId": 62
        },
        "paymentTransactions": [
          {
            "id": "[id]",
            "name": "Item 1",
            "externalId": "1",
            "price": 30,
            "paidPrice": 30,
            "walletPrice": 0,
            "merchantCommissionRate": 0,
            "merchantCommissionRateAmount": 0,
            "merchantPayoutAmount": 30,
            "subMerchantMemberPayoutRate": 0,
            "transactionStatus": "APPROVED",
            "payout": {
              "currency": "TRY",
              "parity": 1,
              "paidPrice": 30,
              "merchantPayoutAmount": 30
            }
          },
          {
            "id": "[id]",
            "name": "Item 2",
            "externalId": "2",
            "price": 70,
            "paidPrice": 70,
            "walletPrice": 0,
            "merchantCommissionRate": 0,
            "merchantCommissionRateAmount": 0,
            "merchantPayoutAmount": 70,
            "subMerchantMemberPayoutRate": 0,
            "transactionStatus": "APPROVED",
            "payout": {
              "currency": "TRY",
              "parity": 1,
              "paidPrice": 70,
              "merchantPayoutAmount": 70
            }
          }
        ]
      }
    }
    "#);
    assert_eq!(shop.order(paid.id()).await["captured"], 10_000);
    assert_eq!(shop.payment(paid.id()).await.body, paid.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_on_us_card_goes_to_its_own_bank() {
    let shop = Shop::open().await;
    assert_eq!(shop.pays(YKB).await.ok().data("pos.bankId"), 67);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_payment_is_422_with_its_group_and_can_be_read() {
    let shop = Shop::open().await;
    let declined = shop.pays(NO_FUNDS).await;
    let id = declined.declined("NOT_SUFFICIENT_FUNDS");
    assert_snapshot!(declined.shown(), @r#"
    {
      "errors": {
        "errorCode": "10051",
        "errorDescription": "The limit or balance of the card is not sufficient",
        "errorGroup": "NOT_SUFFICIENT_FUNDS",
        "providerError": {
          "errorCode": "51",
          "errorMessage": "YETERSIZ BAKIYE"
        },
        "paymentId": "[id]"
      }
    }
    "#);
    let read = shop.payment(id).await;
    assert_eq!(read.outcome(), "FAILURE");
    assert_eq!(read.data("paymentError.errorGroup"), "NOT_SUFFICIENT_FUNDS");
}

#[tokio::test(flavor = "multi_thread")]
async fn threeds_through_both_banks_ends_in_a_payment() {
    let shop = Shop::open().await;
    for ((_, card), bank_id) in BANKS.into_iter().zip([62, 67]) {
        let paid = shop.pays(card).with_3ds(OTP).await;
        let callback = &paid.callback;
        assert_eq!(callback.action, "https://shop.example.com/callback");
        assert_eq!(callback.field("status"), "SUCCESS");
        assert_eq!(callback.field("completeStatus"), "WAITING");
        assert_eq!(callback.field("paymentId"), paid.id.to_string());
        let signed = Callback {
            status: "SUCCESS",
            complete_status: "WAITING",
            payment_id: callback.field("paymentId"),
            conversation_id: "456d1297",
            ..Callback::default()
        };
        let expected = callback_hash_v1(CALLBACK_KEY, &signed);
        assert_eq!(callback.field("hash"), expected);

        let done = paid.completes().await.succeeded();
        assert_eq!(done.data("mdStatus"), 1);
        assert_eq!(done.data("pos.bankId"), bank_id);
        // Again: the same payment, and the bank is not asked again.
        assert_eq!(paid.completes().await.ok().body, done.body);
        shop.order(paid.id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_card_pays_and_its_number_never_reaches_the_shop() {
    let shop = Shop::open().await;
    let stores = json!({"card": {"storeCardAfterSuccessPayment": true}});
    let first = shop.pays(GARANTI).with(stores).await.ok();
    let mut stored = payment(GARANTI);
    stored["card"] =
        json!({"cardUserKey": first.text("cardUserKey"), "cardToken": first.text("cardToken")});
    let second = shop.pays_as(stored.clone()).await.ok();
    assert_eq!(second.data("paidWithStoredCard"), true);
    let begun = shop.pays_as(stored).begin_3ds().await;
    assert!(!begun.page().html.contains(GARANTI));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_card_that_buys_does_so_and_a_foreign_one_in_its_currency() {
    const CARDS: &str = include_str!("../../../simulator/data/test-cards-success.csv");
    let shop = Shop::open().await;
    for (pos, currency) in [(garanti(), "USD"), (ykb(), "EUR")] {
        let of_currency = json!({"name": currency, "currency": currency});
        shop.pos(with(pos, of_currency)).await;
    }
    for (currency, at_bank) in [
        ("TRY", ["949", "TL"]),
        ("USD", ["840", "US"]),
        ("EUR", ["978", "EU"]),
    ] {
        let foreign = shop.pays("5400010000000004");
        let paid = foreign.with(json!({"currency": currency})).await;
        let order = shop.order(paid.succeeded().id()).await;
        let charged = order["currency"].as_str().unwrap();
        assert!(at_bank.contains(&charged), "{currency} is {charged}");
    }
    for line in CARDS.lines().skip(1) {
        shop.pays(line.split(',').next().unwrap()).await.succeeded();
    }
}
