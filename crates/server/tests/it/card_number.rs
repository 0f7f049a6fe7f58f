//! The number of the request's own card in its other texts: refused, and nothing is kept.

use crate::panel::Panel;
use crate::shop::{GARANTI, PAY, Shop, payment, with};
use serde_json::{Value, json};
use server::operations::Role;

const TEXTS: [&str; 6] = [
    GARANTI,
    "5209 2200 0000 0002",
    "5209-2200-0000-0002",
    "order 5209.2200/0000 - 0002!",
    "５２０９２２０００００００００２",
    "https://shop.example.com/?n=5209%202200%200000%200002",
];

/// The request with a text at a path.
fn texted(body: &Value, at: &str, text: &str) -> Value {
    let mut body = body.clone();
    let mut place = &mut body;
    for part in at.replace('[', ".").replace(']', "").split('.') {
        place = match part.parse::<usize>() {
            Ok(index) => &mut place[index],
            Err(_) => &mut place[part],
        };
    }
    *place = json!(text);
    body
}

async fn refused(shop: &Shop, path: &str, body: &Value, fields: &[&str]) {
    for field in fields {
        for text in TEXTS {
            let reply = shop.post(path, texted(body, field, text)).await;
            let told = (reply.status, reply.error_code(), reply.field());
            assert_eq!(told, (400, 4158, *field), "{path} {field} = {text}");
        }
    }
    // As a header it would be stored with the payment.
    let key = [("x-idempotency-key", "k-5209-2200-0000-0002")];
    let reply = shop.call("POST", path, &body.to_string(), &key).await;
    let told = (reply.status, reply.error_code(), reply.field());
    assert_eq!(told, (400, 4158, "x-idempotency-key"), "{path}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_a_payment_may_hold_its_card_number() {
    let shop = Shop::open().await;
    let body = with(
        payment(GARANTI),
        json!({"callbackUrl": "https://shop.example.com/", "routingOptions": {"posAliases": ["a"]}}),
    );
    let fields = [
        "conversationId",
        "externalId",
        "paymentChannel",
        "posAlias",
        "clientIp",
        "bankOrderId",
        "card.cardHolderName",
        "card.cardAlias",
        "card.cardUserKey",
        "card.lastFourDigits",
        "items[0].name",
        "items[1].externalId",
        "routingOptions.posAliases[0]",
        "fraudParams.buyerEmail",
        "additionalParams.note",
    ];
    for path in [
        "/payment/v1/card-payments",
        "/payment/v1/card-payments/3ds-init",
    ] {
        // The name on a card has rules of its own, which are looked at later than this one.
        refused(&shop, path, &body, &fields).await;
        let id = with(
            body.clone(),
            json!({"buyerMemberId": 5_209_220_000_000_002_i64}),
        );
        let reply = shop.post(path, id).await;
        assert_eq!((reply.error_code(), reply.field()), (4158, "buyerMemberId"));
        let points = json!({"cardRewardMoney": 1, "totalRewardMoney": 1});
        let loyalty = json!({"type": "REWARD_MONEY", "reward": points, "message": GARANTI});
        let rewarded = with(body.clone(), json!({"card": {"loyalty": loyalty}}));
        let reply = shop.post(path, rewarded).await;
        let told = (reply.error_code(), reply.field());
        assert_eq!(told, (4158, "card.loyalty.message"));
        let named = with(body.clone(), json!({"additionalParams": {GARANTI: 1}}));
        assert_eq!(shop.post(path, named).await.error_code(), 4158);
    }
    let url = json!({"callbackUrl": format!("https://shop.example.com/?card={GARANTI}")});
    let reply = shop.pays_as(body).with(url).init_3ds().await;
    assert_eq!((reply.error_code(), reply.field()), (4158, "callbackUrl"));
    assert_eq!(shop.payments().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_may_a_points_inquiry_a_stored_card_or_a_payment_with_one() {
    let shop = Shop::open().await;
    let card = payment(GARANTI)["card"].clone();
    let fields = ["conversationId", "clientIp", "fraudParams.buyerPhoneNumber"];
    refused(&shop, "/payment/v1/card-loyalties/retrieve", &card, &fields).await;
    let mut open = card;
    open.as_object_mut().unwrap().remove("cvc");
    let path = "/payment/v1/cards";
    refused(&shop, path, &open, &["cardAlias", "cardUserKey"]).await;

    // The shop may not know what the number of a stored card is; Galata does.
    let stored = shop.post(path, open).await.ok();
    let mut body = payment(GARANTI);
    body["card"] = json!({
        "cardUserKey": stored.data("cardUserKey"), "cardToken": stored.data("cardToken"), "cvc": "000"
    });
    let fields = ["conversationId", "items[0].name"];
    refused(&shop, PAY, &body, &fields).await;
    shop.pays_as(body).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_number_that_looks_like_another_card_is_kept_and_hidden_from_people() {
    const ORDER: &str = "5406675406675403";
    let shop = Shop::open().await;
    let mut body = payment(GARANTI);
    body["items"][0]["name"] = json!(ORDER);
    let looks_so = json!({"conversationId": ORDER, "externalId": format!("a {ORDER} b"),
        "bankOrderId": ORDER, "paymentChannel": "5406 6754 0667 5403"});
    let paid = shop.pays_as(body).with(looks_so).keyed(ORDER).await.ok();
    assert_eq!(paid.data("conversationId"), ORDER);
    let found = shop.search(&format!("conversationId={ORDER}")).await;
    assert_eq!(found.data("totalSize"), 1);

    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    let detail = format!("/panel/payments/{}", paid.data("id"));
    for page in ["/panel/payments", &detail, "/panel/payments.csv"] {
        let page = panel.get(page).await.ok();
        page.lacks_all(&[ORDER, "5406 6754 0667 5403"]);
        page.has("***");
    }
}
