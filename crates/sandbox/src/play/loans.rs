//! The second flow: offers for a cart, an application at a bank that approves by itself, and one at
//! a bank that assesses first and waits for the merchant's approval.

use super::callback;
use super::inbox::Fields;
use super::players::Players;
use super::telling::{Telling, expect, kurus, lira, text};
use serde_json::{Value, json};

/// What the cart costs, in kuruş.
const CART: i64 = 2_500_000;
/// Approves by itself.
const ISBANK: &str = "064";
/// Assesses at length, then waits for the merchant.
const DENIZBANK: &str = "134";

type Scene<T = ()> = Result<T, String>;

/// Plays the scenes.
pub(crate) async fn play(players: &mut Players, telling: &mut Telling) {
    telling.scene("Flow 2, shopping loan: a bank that approves by itself");
    if let Err(why) = approved_by_bank(players, telling).await {
        telling.wrong(&why);
    }
    telling.scene("Flow 2, assessed loan: the webhook brings the bank's decision");
    if let Err(why) = approved_by_merchant(players, telling).await {
        telling.wrong(&why);
    }
}

async fn approved_by_bank(players: &mut Players, telling: &mut Telling) -> Scene {
    let term = ask_offers(players, telling).await?;
    let begun = apply(players, telling, "İş Bankası", ISBANK, Some(&term)).await?;
    let back = visit_bank(players, &begun, "approve").await?;
    callback::expect(&back, "paymentStatus", "SUCCESS")?;
    callback::expect(&back, "additionalAction", "NONE")?;
    telling.step(
        "approve on the bank's page",
        "callback SUCCESS, its hash is right",
    );
    disbursed(players, telling, &begun).await
}

async fn approved_by_merchant(players: &mut Players, telling: &mut Telling) -> Scene {
    let begun = apply(players, telling, "Denizbank", DENIZBANK, None).await?;
    let back = visit_bank(players, &begun, "assess").await?;
    callback::expect(&back, "paymentStatus", "WAITING")?;
    callback::expect(&back, "additionalAction", "WAIT_FOR_WEBHOOK")?;
    telling.step(
        "choose a plan on the bank's page",
        "callback WAIT_FOR_WEBHOOK, its hash is right",
    );

    let loan = players.banks.loan(text(&begun, "redirectUrl")?).await?;
    players
        .banks
        .decide(text(&loan, "orderId")?, "ready")
        .await?;
    let event = webhook(players, &begun, "APPROVAL_REQUIRED").await?;
    telling.step(
        "let the bank decide, wait for the webhook",
        &format!(
            "{} APPROVAL_REQUIRED, its signature is right",
            text(&event, "eventType")?
        ),
    );

    let path = format!("/payment/v1/bnpl-payments/{}/approve", begun["paymentId"]);
    let paid = players.shop.post_nothing(&path).await?;
    expect(&paid, "paymentStatus", "SUCCESS")?;
    telling.step("approve as the merchant", "SUCCESS");
    disbursed(players, telling, &begun).await
}

/// Asks for offers for the cart and answers İş Bankası's shortest plan.
async fn ask_offers(players: &Players, telling: &mut Telling) -> Scene<Value> {
    let request = json!({
        "apmType": "MASLAK",
        "price": 25000,
        "currency": "TRY",
        "items": cart(),
    });
    let answer = players
        .post("/payment/v1/bnpl-payments/offers", &request)
        .await?;
    let offers = answer["bankOffers"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let names: Vec<&str> = offers
        .iter()
        .filter_map(|offer| offer["bankName"].as_str())
        .collect();
    let of_code = |code: &str| offers.iter().find(|offer| offer["bankCode"] == code);
    if of_code(DENIZBANK).is_none() {
        return Err(format!("Denizbank is not among {}", names.join(", ")));
    }
    let plan = of_code(ISBANK)
        .and_then(|offer| offer["bankOfferTerms"].get(0))
        .ok_or_else(|| format!("no plan of İş Bankası is among {}", names.join(", ")))?;
    telling.step(
        &format!("ask for offers for a cart of {}", lira(CART)),
        &format!(
            "{}; İş Bankası {} × {}",
            names.join(", "),
            plan["term"],
            lira(kurus(&plan["amount"])?)
        ),
    );
    Ok(plan["term"].clone())
}

/// Applies at a bank, for `term` months or a term that the bank's page asks for.
async fn apply(
    players: &Players,
    telling: &mut Telling,
    bank_name: &str,
    bank_code: &str,
    term: Option<&Value>,
) -> Scene<Value> {
    let mut params = json!({
        "buyerIdentityNumber": "10000000146",
        "buyerPhoneNumber": "5551112233",
        "buyerBirthdate": "1990-05-17",
    });
    if let Some(term) = term {
        params["fingate"] = json!({ "totalTerm": term });
    }
    let request = json!({
        "apmType": "MASLAK",
        "price": 25000,
        "paidPrice": 25000,
        "currency": "TRY",
        "paymentGroup": "PRODUCT",
        "conversationId": "galata-sandbox",
        "callbackUrl": players.inbox.callback_url(),
        "bankCode": bank_code,
        "additionalParams": params,
        "items": [{ "name": "Televizyon ve hoparlörler", "externalId": "cart-1", "price": 25000 }],
        "cartItems": cart(),
    });
    let begun = players
        .post("/payment/v1/bnpl-payments/init", &request)
        .await?;
    expect(&begun, "paymentStatus", "WAITING")?;
    expect(&begun, "additionalAction", "REDIRECT_TO_URL")?;
    telling.step(
        &format!("apply for {} at {bank_name}", lira(CART)),
        "REDIRECT_TO_URL, the bank's page",
    );
    Ok(begun)
}

/// Presses a button on the bank's page and answers what the browser brought back to the shop.
async fn visit_bank(players: &mut Players, begun: &Value, pressed: &str) -> Scene<Fields> {
    let page = text(begun, "redirectUrl")?;
    let shop = players.inbox.callback_url();
    players
        .browser
        .open(page, &shop, &[("action", pressed)])
        .await?;
    let back = players.inbox.callback().await?;
    callback::check_v2(&back, &["paymentId", "paymentStatus", "additionalAction"])?;
    callback::expect(&back, "paymentId", &begun["paymentId"].to_string())?;
    Ok(back)
}

/// Waits for the webhook that tells this payment's action.
async fn webhook(players: &mut Players, begun: &Value, action: &str) -> Scene<Value> {
    let payment_id = begun["paymentId"].to_string();
    let wait = players.webhook_wait;
    players
        .inbox
        .webhook(wait, |event| {
            event["eventType"] == "BNPL_NOTIFICATION"
                && event["payloadId"] == payment_id.as_str()
                && event["payload"]["additionalAction"] == action
        })
        .await
}

/// The payment reads SUCCESS, the lender says that it paid, and the webhook says so too.
async fn disbursed(players: &mut Players, telling: &mut Telling, begun: &Value) -> Scene {
    let path = format!("/payment-reporting/v1/payments/{}", begun["paymentId"]);
    expect(&players.shop.get(&path).await?, "paymentStatus", "SUCCESS")?;
    let loan = players.banks.loan(text(begun, "redirectUrl")?).await?;
    expect(&loan, "state", "disbursed")?;
    if loan["amount"] != CART {
        return Err(format!("the lender paid another amount: {loan}"));
    }
    telling.step(
        "read the payment, look into the lender's ledger",
        &format!("SUCCESS, {} disbursed", lira(CART)),
    );
    webhook(players, begun, "NONE").await?;
    telling.step(
        "wait for the webhook",
        &format!(
            "it came; all {} webhooks so far are signed rightly",
            players.inbox.genuine
        ),
    );
    Ok(())
}

fn cart() -> Value {
    json!([
        { "id": "tv-55", "name": "Televizyon 55 inç", "brandName": "Galata", "type": "TV", "unitPrice": 18000, "quantity": 1 },
        { "id": "speaker", "name": "Hoparlör", "brandName": "Galata", "type": "ELECTRONICS", "unitPrice": 3500, "quantity": 2 },
    ])
}
