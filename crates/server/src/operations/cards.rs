//! `/payment/v1/cards`: stored cards.

mod verify;

pub use verify::{replay_verify, verify};

use super::check::{self, At, TOP};
use super::moments::{moment, moment_behind};
use super::{Actor, Caller, Permission, Problem, given_card};
use crate::app::App;
use crate::clock::local_text;
use crate::engine::claims::Claims;
use crate::random;
use crate::store::Committed;
use crate::store::cards::{
    self, CardRef, Compared, Former, ListedCard, MAPPINGS_MAX, Mapping, Search, StoredCard,
    USER_CARDS_MAX,
};
use crate::store::db::Commit;
use contract::card::Expiry;
use contract::cards::{
    CloneCardRequest, DeleteStoredCardRequest, RetrieveProviderCardRequest,
    SearchStoredCardsRequest, StoreCardRequest, StoredCardResponse, UpdateCardRequest, VerifyCard,
};
use contract::datetime::LocalDateTime;
use contract::enums::{CardExpiryStatus, CardProvider};
use contract::envelope::Items;
use contract::rules::Rule;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

/// `POST /payment/v1/cards`: stores a card, for a new person or for one that is known.
pub async fn store(
    app: &App,
    caller: &Caller,
    request: StoreCardRequest,
) -> Result<StoredCardResponse, Problem> {
    let kind = Rule::CardKindNotOffered;
    TOP.refuse("secureFieldsToken", kind, &request.secure_fields_token)?;
    TOP.refuse("encryptedCard", kind, &request.encrypted_card)?;
    let texts = given_card::Texts::of(&request, &caller.claims);
    let sent = VerifyCard {
        card_holder_name: request.card_holder_name,
        card_number: request.card_number,
        expire_year: request.expire_year,
        expire_month: request.expire_month,
        cvc: None,
        card_alias: request.card_alias,
        card_user_key: request.card_user_key,
    };
    keep(app, caller, &TOP, sent, texts).await
}

/// Stores the open card that a request gives `at` itself or in an object. Its security code is checked, and
/// goes no further.
async fn keep(
    app: &App,
    caller: &Caller,
    at: &At<'_>,
    sent: VerifyCard,
    texts: given_card::Texts,
) -> Result<StoredCardResponse, Problem> {
    let merchant_id = caller.merchant.id;
    let alias = at.text("cardAlias", sent.card_alias)?;
    let user_key = at.text("cardUserKey", sent.card_user_key)?;
    let given = given_card::Given {
        holder: sent.card_holder_name,
        number: sent.card_number,
        expire_year: sent.expire_year,
        expire_month: sent.expire_month,
        cvc: sent.cvc,
        user_key: None,
        token: None,
        texts,
    };
    let card = given_card::read(app, merchant_id, at, given, true).await?;
    require_room(app, merchant_id, &at.field(KEYS.0), user_key.as_deref()).await?;
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
    insert(app, caller, stored).await
}

async fn insert(
    app: &App,
    caller: &Caller,
    card: StoredCard,
) -> Result<StoredCardResponse, Problem> {
    let mut commit = caller.claims.intent(app, None);
    cards::insert(app, &card, true, &mut commit);
    let otherwise = Problem::unavailable("a new card token was taken");
    caller.claims.commit(app, commit, otherwise).await?;
    Ok(view(app, &ListedCard::of(app, &card)))
}

/// A person that a request names must be known to the merchant, and have room for one more card.
pub(super) async fn require_room(
    app: &App,
    merchant_id: i64,
    field: &At<'_>,
    user_key: Option<&str>,
) -> Result<(), Problem> {
    let Some(key) = user_key else { return Ok(()) };
    let user = cards::user_of_merchant(app, merchant_id, key).await?;
    if !user.is_known {
        Err(Problem::field(Rule::StoredCardNotFound, field))
    } else if user.cards >= USER_CARDS_MAX {
        let (rule, max) = (Rule::TooManyCards, USER_CARDS_MAX);
        Err(Problem::limit(rule, field, "max", max))
    } else {
        Ok(())
    }
}

/// `GET /payment/v1/cards`, with every filter; the oldest card first.
pub async fn search(
    app: &App,
    caller: &Caller,
    request: SearchStoredCardsRequest,
) -> Result<Items<StoredCardResponse>, Problem> {
    let (page, size) = check::paging(request.page, request.size)?;
    let search = search_of(app, request)?;
    let (found, total) = search.page(app, caller.merchant.id, page, size).await?;
    Ok(Items {
        items: found.iter().map(|card| view(app, card)).collect(),
        page,
        size,
        total_size: total,
    })
}

fn search_of(app: &App, request: SearchStoredCardsRequest) -> Result<Search, Problem> {
    let text = |name: &str, value| TOP.text(name, value);
    let mut search = Search::default();
    search.equal("alias", text("cardAlias", request.card_alias)?);
    search.equal("brand", text("cardBrand", request.card_brand)?);
    search.equal("card_type", request.card_type.map(|value| value.as_str()));
    search.equal("card_user_key", text("cardUserKey", request.card_user_key)?);
    search.equal("card_token", text("cardToken", request.card_token)?);
    search.equal("bank_name", text("cardBankName", request.card_bank_name)?);
    let association = request.card_association;
    search.equal("association", association.map(|value| value.as_str()));
    if let Some(status) = request.card_expiry_status {
        let compared = match status {
            CardExpiryStatus::Expired => Compared::Before,
            CardExpiryStatus::WillExpireNextMonth => Compared::In,
            CardExpiryStatus::NotExpired => Compared::Behind,
        };
        let today = app.istanbul_now();
        search.expires(compared, today.year(), today.month());
    }
    let wrong = |field: &'static str| move || Problem::field(Rule::InvalidDate, field);
    if let Some(from) = request.min_created_date {
        search.since(moment(&from.0).ok_or_else(wrong("minCreatedDate"))?);
    }
    if let Some(until) = request.max_created_date {
        search.until(moment_behind(&until.0).ok_or_else(wrong("maxCreatedDate"))?);
    }
    Ok(search)
}

/// The fields by which a request names a card: the person, the card.
type Fields = (&'static str, &'static str);
/// Those of most requests.
const KEYS: Fields = ("cardUserKey", "cardToken");

/// The card that a request names.
fn reference(
    fields: Fields,
    user_key: Option<String>,
    token: Option<String>,
) -> Result<CardRef, Problem> {
    Ok(CardRef {
        card_user_key: TOP.required_text(fields.0, user_key)?,
        card_token: TOP.required_text(fields.1, token)?,
    })
}

/// The same with its number.
async fn named(
    app: &App,
    merchant_id: i64,
    fields: Fields,
    of: &CardRef,
) -> Result<StoredCard, Problem> {
    let found = cards::of_merchant(app, merchant_id, &of.card_user_key, &of.card_token).await?;
    found.ok_or_else(|| Problem::field(Rule::StoredCardNotFound, fields.1))
}

/// The card was deleted since it was read.
fn gone() -> Problem {
    Problem::field(Rule::StoredCardNotFound, KEYS.1)
}

/// `POST /payment/v1/cards/update`: changes when a card expires, and the shopper's name for it. What is
/// left out stays.
pub async fn update(
    app: &App,
    caller: &Caller,
    request: UpdateCardRequest,
) -> Result<StoredCardResponse, Problem> {
    let merchant_id = caller.merchant.id;
    let texts = given_card::Texts::of(&request, &caller.claims);
    let of = reference(KEYS, request.card_user_key, request.card_token)?;
    let (year, month) = (request.expire_year, request.expire_month);
    let alias = TOP.text("cardAlias", request.card_alias)?;
    let changes_expiry = year.is_some() || month.is_some() || alias.is_none();
    let expiry = changes_expiry.then(|| given_card::expiry(app, &TOP, year, month));
    let expiry = expiry.transpose()?;
    let mut card = named(app, merchant_id, KEYS, &of).await?;
    texts.refuse(&card.pan)?;
    let mut commit = caller.claims.intent(app, None);
    if let Some(expiry) = expiry {
        card.expiry = expiry;
        cards::set_expiry(merchant_id, &of, expiry, &mut commit);
    }
    if let Some(alias) = alias {
        cards::set_alias(merchant_id, &of, &alias, &mut commit);
        card.alias = alias;
    }
    caller.claims.commit(app, commit, gone()).await?;
    Ok(view(app, &ListedCard::of(app, &card)))
}

/// `POST /payment/v1/cards/delete`: deletes a card with its number. A payment whose intent is written
/// before goes on; none begins behind it.
pub async fn delete(
    app: &App,
    caller: &Caller,
    request: DeleteStoredCardRequest,
) -> Result<(), Problem> {
    let of = reference(KEYS, request.card_user_key, request.card_token)?;
    let mut commit = caller.claims.intent(app, None);
    cards::delete(caller.merchant.id, &of, &mut commit);
    caller.claims.commit(app, commit, gone()).await
}

/// `POST /payment/v1/cards/clone`: copies a card, for a new person or for one that is known. An API key
/// sees its own merchant alone, so the copy stays there.
pub async fn clone(
    app: &App,
    caller: &Caller,
    request: CloneCardRequest,
) -> Result<StoredCardResponse, Problem> {
    const TARGET: &str = "targetMerchantId";
    const TARGET_USER: &str = "targetCardUserKey";
    const SOURCE: Fields = ("sourceCardUserKey", "sourceCardToken");
    let merchant_id = caller.merchant.id;
    let (user_key, token) = (request.source_card_user_key, request.source_card_token);
    let of = reference(SOURCE, user_key, token)?;
    let target = TOP.required(TARGET, request.target_merchant_id)?;
    let target_user = TOP.text(TARGET_USER, request.target_card_user_key)?;
    TOP.require(TARGET, Rule::CloneTarget, target == merchant_id)?;
    let source = named(app, merchant_id, SOURCE, &of).await?;
    let (field, user) = (TOP.field(TARGET_USER), target_user.as_deref());
    require_room(app, merchant_id, &field, user).await?;
    let copy = StoredCard {
        card_user_key: target_user.unwrap_or_else(random::uuid),
        card_token: random::uuid(),
        created_at: app.now(),
        ..source
    };
    insert(app, caller, copy).await
}

/// `GET /payment/v1/cards/provider-card-mappings`: the stored cards that were these at a former provider.
pub async fn search_provider_card_mappings(
    app: &App,
    caller: &Caller,
    request: RetrieveProviderCardRequest,
) -> Result<Items<StoredCardResponse>, Problem> {
    const TOKEN: &str = "providerCardToken";
    let provider = TOP.required("cardProvider", request.card_provider)?;
    let token = TOP.text(TOKEN, request.provider_card_token)?;
    let user_id = TOP.text("providerCardUserId", request.provider_card_user_id)?;
    let external_id = TOP.text("externalId", request.external_id)?;
    let names_one = token.is_some() || user_id.is_some() || external_id.is_some();
    TOP.require(TOKEN, Rule::Required, names_one)?;
    let former = Former {
        provider,
        card_token: token.as_deref(),
        card_user_id: user_id.as_deref(),
        external_id: external_id.as_deref(),
    };
    let found = cards::of_former_provider(app, caller.merchant.id, former).await?;
    let count = i64::try_from(found.len()).unwrap_or(MAPPINGS_MAX);
    Ok(Items {
        items: found.iter().map(|card| view(app, card)).collect(),
        page: 0,
        size: MAPPINGS_MAX,
        total_size: count,
    })
}

/// Cards of a page for people.
const PAGE_MAX: i64 = 100;

/// A page of a merchant's cards for people, the oldest first: of one person, or of all. And how many there
/// are.
pub async fn look(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    card_user_key: Option<&str>,
    page: i64,
    size: i64,
) -> Result<(Vec<SeenCard>, i64), Problem> {
    by.require(
        app,
        merchant_id,
        Permission::LookAtPayments,
        "card.look",
        "",
    )
    .await?;
    let mut search = Search::default();
    search.equal("card_user_key", card_user_key);
    let size = size.clamp(1, PAGE_MAX);
    let (found, total) = search.page(app, merchant_id, page.max(0), size).await?;
    let seen = |card: ListedCard| SeenCard {
        shown: view(app, &card),
        fingerprint: card.fingerprint,
        created_at: card.created_at,
        used_at: card.used_at,
        verified_at: card.verified_at,
    };
    Ok((found.into_iter().map(seen).collect(), total))
}

/// A stored card as people see it.
pub struct SeenCard {
    /// As the API shows it.
    pub shown: StoredCardResponse,
    /// The same for every card of one number; `None` until it is made.
    pub fingerprint: Option<String>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When a payment last used it.
    pub used_at: Option<Timestamp>,
    /// When a payment that was given back verified it.
    pub verified_at: Option<Timestamp>,
}

/// Deletes a card for a person who asked for it; what it was stands in the audit log, masked.
pub async fn remove(app: &App, by: &Actor, merchant_id: i64, of: &CardRef) -> Result<(), Problem> {
    const ACTION: &str = "card.delete";
    let target = &of.card_user_key;
    by.require(app, merchant_id, Permission::ManageCards, ACTION, target)
        .await?;
    let mut search = Search::default();
    search.equal("card_user_key", Some(of.card_user_key.as_str()));
    search.equal("card_token", Some(of.card_token.as_str()));
    let (found, _) = search.page(app, merchant_id, 0, 1).await?;
    let card = found.first().ok_or_else(gone)?;
    let was = json!({
        "card": masked(&card.bin_number, &card.last_four),
        "cardHolderName": card.holder_name,
    });
    let mut commit = Commit::new(merchant_id, app.next_id());
    cards::delete(merchant_id, of, &mut commit);
    by.note(
        app,
        merchant_id,
        ACTION,
        target,
        (was, Json::Null),
        &mut commit,
    );
    match app.commit(commit).await? {
        Committed::Yes => Ok(()),
        Committed::Conflict => Err(gone()),
    }
}

/// A number as people see it: six digits and four.
pub fn masked(bin_number: &str, last_four: &str) -> String {
    let six = bin_number.get(..6).unwrap_or("");
    format!("{six}******{last_four}")
}

/// A card that a merchant had at a former provider.
pub struct FormerCard {
    /// What it was there.
    pub mapping: Mapping,
    /// The card itself.
    pub card: StoreCardRequest,
}

/// Stores a card of a former provider; false when it is here already. Cards of one person there are one
/// person's here.
pub async fn import(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    former: FormerCard,
) -> Result<bool, Problem> {
    by.require(app, merchant_id, Permission::ManageCards, "card.import", "")
        .await?;
    let FormerCard { mapping, card } = former;
    let provider = mapping.provider;
    let token = TOP.required_text("providerCardToken", Some(mapping.provider_card_token))?;
    let user_id = TOP.text("providerCardUserId", mapping.provider_card_user_id)?;
    let external_id = TOP.text("externalId", mapping.external_id)?;
    let former = Former {
        provider,
        card_token: Some(&token),
        card_user_id: None,
        external_id: None,
    };
    let known = cards::of_former_provider(app, merchant_id, former).await?;
    if !known.is_empty() {
        return Ok(false);
    }
    let mut texts = given_card::Texts::of(&card, &Claims::none(merchant_id));
    for (name, text) in [
        ("providerCardToken", Some(&token)),
        ("providerCardUserId", user_id.as_ref()),
        ("externalId", external_id.as_ref()),
    ] {
        texts.add(name, text.map_or("", String::as_str));
    }
    let alias = TOP.text("cardAlias", card.card_alias)?;
    let given = given_card::Given {
        holder: card.card_holder_name,
        number: card.card_number,
        expire_year: card.expire_year,
        expire_month: card.expire_month,
        cvc: None,
        user_key: None,
        token: None,
        texts,
    };
    let card = given_card::read(app, merchant_id, &TOP, given, true).await?;
    let user_key = match &user_id {
        Some(id) => cards::user_of_former_provider(app, merchant_id, provider, id).await?,
        None => None,
    };
    let field = TOP.field("providerCardUserId");
    require_room(app, merchant_id, &field, user_key.as_deref()).await?;
    let stored = StoredCard {
        merchant_id,
        card_user_key: user_key.unwrap_or_else(random::uuid),
        card_token: random::uuid(),
        pan: card.data.pan,
        expiry: card.data.expiry,
        holder_name: card.data.holder,
        alias: alias.unwrap_or_default(),
        created_at: app.now(),
    };
    let of = CardRef {
        card_user_key: stored.card_user_key.clone(),
        card_token: stored.card_token.clone(),
    };
    let mapping = Mapping {
        provider,
        provider_card_token: token,
        provider_card_user_id: user_id,
        external_id,
    };
    let mut commit = Commit::new(merchant_id, app.next_id());
    cards::insert(app, &stored, true, &mut commit);
    cards::insert_mapping(app, merchant_id, &mapping, &of, &mut commit);
    // Another import may have been first.
    Ok(app.commit(commit).await?.is_yes())
}

/// Notes in the audit log that cards of a former provider were brought.
pub async fn note_import(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    provider: CardProvider,
    stored: u64,
) -> Result<(), Problem> {
    let mut commit = Commit::new(merchant_id, app.next_id());
    let change = (Json::Null, json!({"stored": stored}));
    let target = provider.as_str();
    by.note(app, merchant_id, "card.import", target, change, &mut commit);
    Ok(app.commit(commit).await?.no_conflict()?)
}

fn view(app: &App, card: &ListedCard) -> StoredCardResponse {
    let bin = app.bins.of(&card.bin_number);
    let bin = bin.as_deref();
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    StoredCardResponse {
        bin_number: Some(card.bin_number.clone()),
        last_four_digits: Some(card.last_four.clone()),
        card_user_key: Some(card.card_user_key.clone()),
        card_token: Some(card.card_token.clone()),
        card_holder_name: Some(card.holder_name.clone()),
        card_alias: given(&card.alias),
        card_type: bin.and_then(|b| b.card_type),
        card_association: bin.and_then(|b| b.association),
        card_brand: bin.and_then(|b| given(&b.brand)),
        card_bank_name: bin.and_then(|b| given(&b.bank_name)),
        card_bank_id: bin.map(|b| b.bank_code).filter(|code| *code > 0),
        expire_year: Some(card.expire_year.to_string()),
        expire_month: Some(format!("{:02}", card.expire_month)),
        is_commercial: Some(bin.and_then(|b| b.commercial) == Some(true)),
        card_expiry_status: Some(expiry_status(app, card.expiry())),
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
