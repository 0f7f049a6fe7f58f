//! The first flow: ask which rewards a card has, and pay with one of them; without 3DS, with 3DS,
//! with a stored card, and with a campaign.

use super::callback;
use super::players::Players;
use super::telling::{Telling, expect, kurus, lira, text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

/// A Bonus card of Garanti, with points of the card and of the shop.
const BONUS_CARD: &str = "4043080000000003";
/// Its published points in kuruş: of the card, of the shop.
const BONUS_POINTS: (i64, i64) = (1235, 520);
/// A World card of Yapı Kredi, with campaigns.
const WORLD_CARD: &str = "4048090000000007";
/// Banks, a card of each with points, and whether points pay the whole price there or nothing.
const BANKS: &[(&str, &str, bool)] = &[
    ("İş Bankası", "4183420000060005", true),
    ("Ziraat Bankası", "4132260000060007", false),
    ("Halkbank", "4920950000060009", true),
    ("TEB", "4024580000000005", false),
    ("ING", "4006840000060009", false),
    ("QNB", "4022770000060008", false),
    ("Akbank", "4355080000000005", false),
    ("DenizBank", "4090700000060002", false),
    ("Param", "4059180000060006", false),
];
/// What a basket costs, in kuruş.
const BASKET: i64 = 10_000;
/// What the simulated bank sends to the shopper's phone.
const PASSWORD: &str = "123456";

type Scene<T = ()> = Result<T, String>;

/// Plays the scenes. A published card holds the same points in each of them.
pub(crate) async fn play(players: &mut Players, telling: &mut Telling) {
    telling.scene("Flow 1, reward points: pay with the points of a Bonus card");
    let outcome = without_threeds(players, telling).await;
    tell_failure(telling, outcome);
    telling.scene("Flow 1, with 3DS: the shopper types a password on the bank's page");
    let outcome = with_threeds(players, telling).await;
    tell_failure(telling, outcome);
    telling.scene("Flow 1, stored card: ask and pay without the number");
    let outcome = with_stored_card(players, telling).await;
    tell_failure(telling, outcome);
    telling.scene("Flow 1, campaigns: additional instalments of a World card");
    let outcome = with_campaign(players, telling).await;
    tell_failure(telling, outcome);
    telling.scene("Flow 1, at the other banks: their cards and points");
    for (bank, card, pays_all) in BANKS {
        let outcome = at_bank(players, telling, bank, card, *pays_all).await;
        tell_failure(telling, outcome);
    }
}

fn tell_failure(telling: &mut Telling, outcome: Scene) {
    if let Err(why) = outcome {
        telling.wrong(&why);
    }
}

async fn without_threeds(players: &mut Players, telling: &mut Telling) -> Scene {
    let card = open_card(BONUS_CARD);
    let loyalty = ask_points(players, telling, &card).await?;
    let request = payment(&card, &loyalty, 1);
    let paid = players.post("/payment/v1/card-payments", &request).await?;
    paid_with_points(players, telling, "pay 100,00 TL with all points", &paid).await
}

async fn with_threeds(players: &mut Players, telling: &mut Telling) -> Scene {
    let card = open_card(BONUS_CARD);
    let loyalty = ask_points(players, telling, &card).await?;
    let shop = players.inbox.callback_url();
    let mut request = payment(&card, &loyalty, 1);
    request["callbackUrl"] = json!(shop);
    let begun = players
        .post("/payment/v1/card-payments/3ds-init", &request)
        .await?;
    let html = BASE64
        .decode(text(&begun, "htmlContent")?)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| "htmlContent is not base64 of a page".to_owned())?;
    telling.step("begin a 3DS payment of 100,00 TL", "a page for the browser");

    let answers = [("otp", PASSWORD), ("action", "confirm")];
    players.browser.show(html, &shop, &answers).await?;
    let back = players.inbox.callback().await?;
    callback::check_v1(&back)?;
    callback::expect(&back, "status", "SUCCESS")?;
    callback::expect(&back, "completeStatus", "WAITING")?;
    callback::expect(&back, "paymentId", &begun["paymentId"].to_string())?;
    telling.step(
        &format!("follow the pages, type {PASSWORD} at the bank"),
        "callback SUCCESS, its hash is right",
    );

    let request = json!({ "paymentId": begun["paymentId"] });
    let paid = players
        .post("/payment/v1/card-payments/3ds-complete", &request)
        .await?;
    paid_with_points(players, telling, "complete the payment", &paid).await
}

async fn with_stored_card(players: &mut Players, telling: &mut Telling) -> Scene {
    let request = json!({
        "cardHolderName": "Haluk Demir",
        "cardNumber": BONUS_CARD,
        "expireYear": "2044",
        "expireMonth": "07",
        "cardAlias": "Bonus",
    });
    let stored = players.post("/payment/v1/cards", &request).await?;
    let (bin, last) = (
        text(&stored, "binNumber")?,
        text(&stored, "lastFourDigits")?,
    );
    telling.step(
        "store the card",
        &format!("{bin}…{last}, known by two keys from now on"),
    );

    let card = json!({
        "cardUserKey": stored["cardUserKey"],
        "cardToken": stored["cardToken"],
    });
    let loyalty = ask_points(players, telling, &card).await?;
    let request = payment(&card, &loyalty, 1);
    let paid = players.post("/payment/v1/card-payments", &request).await?;
    paid_with_points(
        players,
        telling,
        "pay 100,00 TL with the stored card and points",
        &paid,
    )
    .await
}

async fn with_campaign(players: &mut Players, telling: &mut Telling) -> Scene {
    const KIND: &str = "ADDITIONAL_INSTALLMENT";
    const INSTALMENTS: u32 = 3;
    let card = open_card(WORLD_CARD);
    let answer = players
        .post("/payment/v1/card-loyalties/retrieve", &card)
        .await?;
    let kinds: Vec<&str> = rewards(&answer)
        .filter_map(|reward| reward["type"].as_str())
        .collect();
    let loyalty = rewards(&answer)
        .find(|reward| reward["type"] == KIND)
        .ok_or_else(|| format!("{KIND} is not among the rewards {}", kinds.join(", ")))?;
    telling.step(
        &format!("ask for the rewards of {}", masked(WORLD_CARD)),
        &kinds.join(", "),
    );

    let request = payment(&card, loyalty, INSTALMENTS);
    let paid = players.post("/payment/v1/card-payments", &request).await?;
    expect(&paid, "paymentStatus", "SUCCESS")?;
    expect(&paid["loyalty"], "type", KIND)?;
    telling.step(
        &format!("pay 100,00 TL in {INSTALMENTS} instalments, campaign chosen"),
        &format!("SUCCESS at {}", text(&paid["pos"], "name")?),
    );

    let order = players.banks.order(text(&paid, "orderId")?).await?;
    taken_once(&order, 0)?;
    if order["campaign"].is_null() || order["instalments"] != INSTALMENTS {
        return Err(format!("the bank's ledger has no such campaign: {order}"));
    }
    telling.step(
        "look into the bank's ledger",
        &format!(
            "{} taken once, in {INSTALMENTS} instalments, campaign {}",
            lira(BASKET),
            order["campaign"]
        ),
    );
    Ok(())
}

/// Asks a card of the bank for its points, and pays with all of them: a basket of their worth, or one that
/// costs a lira more.
async fn at_bank(
    players: &Players,
    telling: &mut Telling,
    bank: &str,
    number: &str,
    pays_all: bool,
) -> Scene {
    let card = open_card(number);
    let answer = players
        .post("/payment/v1/card-loyalties/retrieve", &card)
        .await?;
    let loyalty = rewards(&answer)
        .find(|reward| reward["type"] == "REWARD_MONEY")
        .ok_or_else(|| format!("no points are offered at {bank}: {answer}"))?;
    let points = kurus(&loyalty["reward"]["totalRewardMoney"])?;
    let price = if pays_all { points } else { points + 100 };
    let mut request = payment(&card, loyalty, 1);
    let amount = money(price)?;
    request["items"] = json!([{ "name": "Kitap", "externalId": "book-1", "price": amount }]);
    (request["price"], request["paidPrice"]) = (amount.clone(), amount);
    let paid = players.post("/payment/v1/card-payments", &request).await?;
    expect(&paid, "paymentStatus", "SUCCESS")?;
    let order = players.banks.order(text(&paid, "orderId")?).await?;
    if order["captured"] != price || order["pointsSpent"] != points {
        return Err(format!("the bank's ledger says otherwise: {order}"));
    }
    // The points of these cards are really spent: they go back, so that the next play finds them.
    let payment = json!({ "paymentId": paid["id"] });
    let refunded = players.post("/payment/v1/refunds", &payment).await?;
    expect(&refunded, "status", "SUCCESS")?;
    telling.step(
        &format!("pay {} with {}", lira(price), masked(number)),
        &format!(
            "SUCCESS at {}: {} in points of {}; given back",
            text(&paid["pos"], "name")?,
            lira(points),
            text(&answer, "cardBrand")?,
        ),
    );
    Ok(())
}

/// An amount as the API writes it.
fn money(kurus: i64) -> Scene<Value> {
    let text = format!("{}.{:02}", kurus / 100, kurus % 100);
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

/// Asks what the card's purse holds.
async fn ask_points(players: &Players, telling: &mut Telling, card: &Value) -> Scene<Value> {
    let answer = players
        .post("/payment/v1/card-loyalties/retrieve", card)
        .await?;
    let loyalty = rewards(&answer)
        .find(|reward| reward["type"] == "REWARD_MONEY")
        .ok_or_else(|| format!("no points are offered: {answer}"))?;
    let reward = &loyalty["reward"];
    let found = (
        kurus(&reward["cardRewardMoney"])?,
        kurus(&reward["firmRewardMoney"])?,
    );
    if found != BONUS_POINTS {
        return Err(format!("the points are {reward}, not 12.35 and 5.20"));
    }
    telling.step(
        &format!("ask for the rewards of {}", masked(BONUS_CARD)),
        &format!(
            "{} at {}: {} + {} of this shop",
            text(&answer, "cardBrand")?,
            text(&answer["pos"], "name")?,
            lira(found.0),
            lira(found.1)
        ),
    );
    Ok(loyalty.clone())
}

fn rewards(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["loyalties"].as_array().into_iter().flatten()
}

/// Checks a payment with all points of the Bonus card, also in the bank's books.
async fn paid_with_points(
    players: &Players,
    telling: &mut Telling,
    asked: &str,
    paid: &Value,
) -> Scene {
    let points = BONUS_POINTS.0 + BONUS_POINTS.1;
    expect(paid, "paymentStatus", "SUCCESS")?;
    expect(&paid["loyalty"], "type", "REWARD_MONEY")?;
    let told = kurus(&paid["loyalty"]["reward"]["totalRewardMoney"])?;
    if told != points || kurus(&paid["paidPrice"])? != BASKET {
        return Err(format!("the payment tells {} of points", lira(told)));
    }
    telling.step(
        asked,
        &format!(
            "SUCCESS: {} from the card, {} in points",
            lira(BASKET - points),
            lira(points)
        ),
    );
    let order = players.banks.order(text(paid, "orderId")?).await?;
    taken_once(&order, points)?;
    telling.step(
        "look into the bank's ledger",
        &format!(
            "{} taken once, {} of it in points",
            lira(BASKET),
            lira(points)
        ),
    );
    Ok(())
}

/// The bank took the basket's price once, `points` of it in points.
fn taken_once(order: &Value, points: i64) -> Scene {
    expect(order, "state", "captured")?;
    let right = order["captured"] == BASKET && order["pointsSpent"] == points;
    if !right || order["refunded"] != 0 || order["voided"] != 0 {
        return Err(format!("the bank's ledger says otherwise: {order}"));
    }
    Ok(())
}

/// The first six and last four digits.
fn masked(number: &str) -> String {
    let (first, rest) = number.split_at(number.len().min(6));
    let last = rest.get(rest.len().saturating_sub(4)..).unwrap_or_default();
    format!("{first}…{last}")
}

fn open_card(number: &str) -> Value {
    json!({
        "cardHolderName": "Haluk Demir",
        "cardNumber": number,
        "expireYear": "2044",
        "expireMonth": "07",
        "cvc": "000",
    })
}

/// A basket of two items, paid with `card` and the reward that was chosen.
fn payment(card: &Value, loyalty: &Value, instalments: u32) -> Value {
    let mut card = card.clone();
    card["loyalty"] = loyalty.clone();
    json!({
        "price": 100,
        "paidPrice": 100,
        "walletPrice": 0,
        "installment": instalments,
        "currency": "TRY",
        "paymentGroup": "PRODUCT",
        "conversationId": "galata-sandbox",
        "card": card,
        "items": [
            { "name": "Kitap", "externalId": "book-1", "price": 65.5 },
            { "name": "Defter", "externalId": "notebook-2", "price": 34.5 },
        ],
    })
}
