//! `/payment/v1/cards`: stored cards.

use super::check::{At, TOP};
use super::{Caller, Problem, given_card};
use crate::app::App;
use crate::clock::local_text;
use crate::random;
use crate::store::cards::{self, StoredCard};
use contract::card::Expiry;
use contract::cards::{StoreCardRequest, StoredCardResponse};
use contract::datetime::LocalDateTime;
use contract::enums::CardExpiryStatus;
use contract::rules::Rule;

/// `POST /payment/v1/cards`: stores a card, for a new person or for one that is known.
pub async fn store(
    app: &App,
    caller: &Caller,
    request: StoreCardRequest,
) -> Result<StoredCardResponse, Problem> {
    let kind = Rule::CardKindNotOffered;
    TOP.refuse("secureFieldsToken", kind, &request.secure_fields_token)?;
    TOP.refuse("encryptedCard", kind, &request.encrypted_card)?;
    let merchant_id = caller.merchant.id;
    let texts = given_card::Texts::of(&request, &caller.claims);
    let alias = TOP.text("cardAlias", request.card_alias)?;
    let user_key = TOP.text("cardUserKey", request.card_user_key)?;
    let given = given_card::Given {
        holder: request.card_holder_name,
        number: request.card_number,
        expire_year: request.expire_year,
        expire_month: request.expire_month,
        cvc: None,
        user_key: None,
        token: None,
        texts,
    };
    let card = given_card::read(app, merchant_id, &TOP, given, true).await?;
    user_exists(app, merchant_id, &TOP, user_key.as_deref()).await?;
    let stored = StoredCard {
        merchant_id,
        card_user_key: user_key.unwrap_or_else(random::uuid),
        card_token: random::uuid(),
        pan: card.data.pan.clone(),
        expiry: card.data.expiry,
        holder_name: card.data.holder.clone(),
        alias: alias.unwrap_or_default(),
        created_at: app.now(),
    };
    let mut commit = caller.claims.intent(app, None);
    cards::insert(app, &stored, true, &mut commit);
    let otherwise = Problem::unavailable("a new card token was taken");
    caller.claims.commit(app, commit, otherwise).await?;
    Ok(view(app, &stored))
}

/// A person that a request names must be known to the merchant.
pub(super) async fn user_exists(
    app: &App,
    merchant_id: i64,
    at: &At<'_>,
    user_key: Option<&str>,
) -> Result<(), Problem> {
    let is_known = match user_key {
        Some(key) => cards::user_of_merchant(app, merchant_id, key).await?,
        None => true,
    };
    at.require("cardUserKey", Rule::StoredCardNotFound, is_known)
}

fn view(app: &App, card: &StoredCard) -> StoredCardResponse {
    let bin = app.bins.of(card.pan.expose());
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    StoredCardResponse {
        bin_number: Some(card.pan.bin().to_owned()),
        last_four_digits: Some(card.pan.last_four().to_owned()),
        card_user_key: Some(card.card_user_key.clone()),
        card_token: Some(card.card_token.clone()),
        card_holder_name: Some(card.holder_name.clone()),
        card_alias: given(&card.alias),
        card_type: bin.and_then(|b| b.card_type),
        card_association: bin.and_then(|b| b.association),
        card_brand: bin.and_then(|b| given(&b.brand)),
        card_bank_name: bin.and_then(|b| given(&b.bank_name)),
        card_bank_id: bin.map(|b| b.bank_code).filter(|code| *code > 0),
        expire_year: Some(card.expiry.year.to_string()),
        expire_month: Some(format!("{:02}", card.expiry.month)),
        is_commercial: Some(bin.and_then(|b| b.commercial) == Some(true)),
        card_expiry_status: Some(expiry_status(app, card.expiry)),
        created_at: Some(LocalDateTime(local_text(card.created_at))),
    }
}

fn expiry_status(app: &App, expiry: Expiry) -> CardExpiryStatus {
    let today = app.istanbul_now();
    let months = |year: i32, month: i32| year * 12 + month;
    let left = months(i32::from(expiry.year), i32::from(expiry.month))
        - months(i32::from(today.year()), i32::from(today.month()));
    match left {
        ..0 => CardExpiryStatus::Expired,
        0 => CardExpiryStatus::WillExpireNextMonth,
        _ => CardExpiryStatus::NotExpired,
    }
}
