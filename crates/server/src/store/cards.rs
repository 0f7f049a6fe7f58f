//! Stored cards, the people whose they are, and what cards of a former provider are here. The number is
//! sealed, bound to merchant and token; the CVC never gets here.

use super::db::{
    Commit, Row, TableRow, Unavailable, Value, insert, params, select, table_row, update,
};
use super::sealed::{KeyColumn, Sealed};
use crate::app::App;
use crate::bins::Bin;
use contract::card::{Expiry, Pan};
use contract::enums::CardProvider;
use jiff::Timestamp;
use std::sync::Arc;

/// Cards that one person may have at a merchant.
pub const USER_CARDS_MAX: i64 = 100;
/// Mappings that one question is answered with.
pub const MAPPINGS_MAX: i64 = 100;

/// A stored card with its number.
#[derive(Debug, Clone)]
pub struct StoredCard {
    /// Whose it is.
    pub merchant_id: i64,
    /// The person.
    pub card_user_key: String,
    /// The card.
    pub card_token: String,
    /// Its number.
    pub pan: Pan,
    /// When it expires.
    pub expiry: Expiry,
    /// The name on it.
    pub holder_name: String,
    /// The shopper's name for it.
    pub alias: String,
    /// When it was stored.
    pub created_at: Timestamp,
}

table_row! {
    /// A stored card as it is shown.
    #[derive(Debug, Clone)]
    pub struct ListedCard: "stored_cards" {
        /// The person.
        pub card_user_key: String,
        /// The card.
        pub card_token: String,
        /// The first eight digits of its number.
        pub bin_number: String,
        /// The last four.
        pub last_four: String,
        /// The year of its expiry.
        pub expire_year: u16 where (1..=9999),
        /// The month.
        pub expire_month: u8 where (1..=12),
        /// The name on it.
        pub holder_name: String,
        /// The shopper's name for it.
        pub alias: String,
        /// The same for every stored card of this number; `None` until it is made.
        pub fingerprint: Option<String>,
        /// When it was stored.
        pub created_at: Timestamp,
        /// When a payment last used it.
        pub used_at: Option<Timestamp>,
        /// When a payment that was given back verified it.
        pub verified_at: Option<Timestamp>,
    }
}

impl ListedCard {
    /// A card that was just stored or read.
    pub fn of(app: &App, card: &StoredCard) -> ListedCard {
        ListedCard {
            card_user_key: card.card_user_key.clone(),
            card_token: card.card_token.clone(),
            bin_number: card.pan.bin().to_owned(),
            last_four: card.pan.last_four().to_owned(),
            expire_year: card.expiry.year,
            expire_month: card.expiry.month,
            holder_name: card.holder_name.clone(),
            alias: card.alias.clone(),
            fingerprint: Some(app.fingerprints.of(card.merchant_id, &card.pan)),
            created_at: card.created_at,
            used_at: None,
            verified_at: None,
        }
    }

    /// When it expires.
    pub fn expiry(&self) -> Expiry {
        Expiry {
            year: self.expire_year,
            month: self.expire_month,
        }
    }
}

/// Which card of a merchant's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardRef {
    /// The person.
    pub card_user_key: String,
    /// The card.
    pub card_token: String,
}

fn seal_context(merchant_id: i64, card_token: &str) -> String {
    format!("merchant {merchant_id} card {card_token}")
}

pub(super) const SEALED: Sealed = Sealed {
    table: "stored_cards",
    key: &[
        KeyColumn::Int("merchant_id"),
        KeyColumn::Text("card_user_key"),
        KeyColumn::Text("card_token"),
    ],
    columns: &[("pan_sealed", |key| seal_context(key.int(0), key.text(2)))],
};

/// What the list of BINs tells of a card, as searches look for it.
struct Facts<'a> {
    card_type: Option<&'static str>,
    association: Option<&'static str>,
    brand: Option<&'a str>,
    bank_name: Option<&'a str>,
}

impl<'a> Facts<'a> {
    fn of(bin: Option<&'a Arc<Bin>>) -> Facts<'a> {
        let given = |text: &'a str| Some(text).filter(|text| !text.is_empty());
        Facts {
            card_type: bin.and_then(|bin| bin.card_type).map(|kind| kind.as_str()),
            association: bin.and_then(|bin| bin.association).map(|of| of.as_str()),
            brand: bin.and_then(|bin| given(&bin.brand)),
            bank_name: bin.and_then(|bin| given(&bin.bank_name)),
        }
    }
}

/// Writes a new stored card. One that a payment stores is not active before the payment succeeds.
pub fn insert(app: &App, card: &StoredCard, active: bool, commit: &mut Commit) {
    let place = seal_context(card.merchant_id, &card.card_token);
    let (bins, edition) = app.bins.with_edition();
    let facts = Facts::of(bins.of(card.pan.expose()));
    insert!(commit, "stored_cards" {
        merchant_id: card.merchant_id,
        card_user_key: card.card_user_key.as_str(),
        card_token: card.card_token.as_str(),
        pan_sealed: app.vault.seal(&place, card.pan.expose().as_bytes()),
        bin_number: card.pan.bin(),
        last_four: card.pan.last_four(),
        holder_name: card.holder_name.as_str(),
        expire_year: i64::from(card.expiry.year),
        expire_month: i64::from(card.expiry.month),
        alias: card.alias.as_str(),
        active: active,
        created_at: card.created_at,
        fingerprint: app.fingerprints.of(card.merchant_id, &card.pan),
        card_type: facts.card_type,
        association: facts.association,
        brand: facts.brand,
        bank_name: facts.bank_name,
        bins_edition: edition,
    });
    if active {
        insert_user(app, card.merchant_id, &card.card_user_key, commit);
    }
}

fn insert_user(app: &App, merchant_id: i64, card_user_key: &str, commit: &mut Commit) {
    commit.maybe(
        "insert into card_users (merchant_id, card_user_key, created_at) values ($1, $2, $3) \
         on conflict (merchant_id, card_user_key) do nothing",
        params![merchant_id, card_user_key, app.now()],
    );
}

/// One card of a merchant's shopper.
pub async fn of_merchant(
    app: &App,
    merchant_id: i64,
    card_user_key: &str,
    card_token: &str,
) -> Result<Option<StoredCard>, Unavailable> {
    let sql = select!(
        ListedCard,
        pan_sealed,
        "where merchant_id = $1 and card_user_key = $2 and card_token = $3 and active"
    );
    let row = app
        .db
        .row(sql, params![merchant_id, card_user_key, card_token])
        .await?;
    row.map(|row| read(app, merchant_id, row)).transpose()
}

fn read(app: &App, merchant_id: i64, row: Row) -> Result<StoredCard, Unavailable> {
    let sealed = row.text("pan_sealed")?;
    let card = ListedCard::read(row)?;
    Ok(StoredCard {
        merchant_id,
        pan: opened(app, merchant_id, &card.card_token, &sealed)?,
        expiry: card.expiry(),
        card_user_key: card.card_user_key,
        card_token: card.card_token,
        holder_name: card.holder_name,
        alias: card.alias,
        created_at: card.created_at,
    })
}

fn opened(app: &App, merchant_id: i64, token: &str, sealed: &str) -> Result<Pan, Unavailable> {
    // What does not open is told without the token, by which it could be paid with.
    let number = super::open_sealed(app, &seal_context(merchant_id, token), sealed);
    let number = number.map_err(|_| Unavailable::new("a stored card does not open"))?;
    Pan::parse(number.expose()).map_err(|_| Unavailable::new("a stored card cannot be read"))
}

/// What a merchant's shopper has, as far as a decision needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserCards {
    /// The merchant knows the person.
    pub is_known: bool,
    /// Cards that are stored, or will be by a payment under way; at most [`USER_CARDS_MAX`] are counted.
    pub cards: i64,
}

/// Whether a merchant has a shopper with this key, and how many cards.
pub async fn user_of_merchant(
    app: &App,
    merchant_id: i64,
    card_user_key: &str,
) -> Result<UserCards, Unavailable> {
    let row = app
        .db
        .row(
            "select (select count(*) from card_users \
               where merchant_id = $1 and card_user_key = $2) as known, \
             (select count(*) from (select active from stored_cards \
               where merchant_id = $1 and card_user_key = $2 and active limit 1) found) as active, \
             (select count(*) from (select active from stored_cards \
               where merchant_id = $1 and card_user_key = $2 limit $3) counted) as cards",
            params![merchant_id, card_user_key, USER_CARDS_MAX],
        )
        .await?;
    let row = row.ok_or_else(|| Unavailable::new("a count answered nothing"))?;
    Ok(UserCards {
        is_known: row.int("known")? > 0 || row.int("active")? > 0,
        cards: row.int("cards")?,
    })
}

/// The payment that stores a card succeeded: the card can be used; `verified`: it was the payment's purpose.
pub fn activate(
    app: &App,
    merchant_id: i64,
    card_user_key: &str,
    card_token: &str,
    verified: bool,
    commit: &mut Commit,
) {
    commit.maybe(
        "update stored_cards set active = true, verified_at = $4 \
         where merchant_id = $1 and card_user_key = $2 and card_token = $3",
        params![
            merchant_id,
            card_user_key,
            card_token,
            verified.then(|| app.now())
        ],
    );
    insert_user(app, merchant_id, card_user_key, commit);
}

/// The payment that would have stored a card failed: the card is forgotten.
pub fn forget_inactive(
    merchant_id: i64,
    card_user_key: &str,
    card_token: &str,
    commit: &mut Commit,
) {
    commit.maybe(
        "delete from stored_cards where merchant_id = $1 and card_user_key = $2 and card_token = $3 and active = false",
        params![merchant_id, card_user_key, card_token],
    );
}

/// Notes that a payment uses a card; a conflict when it was deleted since it was read.
pub fn note_use(app: &App, merchant_id: i64, card: &CardRef, commit: &mut Commit) {
    update!(commit, "stored_cards"
        where {
            merchant_id: merchant_id,
            card_user_key: card.card_user_key,
            card_token: card.card_token,
            active: true,
        }
        set { used_at: app.now() });
}

/// Changes when a card expires; a conflict when it is not there.
pub fn set_expiry(merchant_id: i64, card: &CardRef, expiry: Expiry, commit: &mut Commit) {
    update!(commit, "stored_cards"
        where {
            merchant_id: merchant_id,
            card_user_key: card.card_user_key,
            card_token: card.card_token,
            active: true,
        }
        set { expire_year: expiry.year, expire_month: expiry.month });
}

/// Changes the shopper's name for a card; a conflict when it is not there.
pub fn set_alias(merchant_id: i64, card: &CardRef, alias: &str, commit: &mut Commit) {
    update!(commit, "stored_cards"
        where {
            merchant_id: merchant_id,
            card_user_key: card.card_user_key,
            card_token: card.card_token,
            active: true,
        }
        set { alias: alias.to_owned() });
}

/// Deletes a card with its number; a conflict when it is not there.
pub fn delete(merchant_id: i64, card: &CardRef, commit: &mut Commit) {
    let key = params![
        merchant_id,
        card.card_user_key.as_str(),
        card.card_token.as_str()
    ];
    commit.one(
        "delete from stored_cards where merchant_id = $1 and card_user_key = $2 and card_token = $3 and active",
        key.clone(),
    );
    commit.maybe(
        "delete from card_mappings where merchant_id = $1 and card_user_key = $2 and card_token = $3",
        key,
    );
}

/// What is looked for among a merchant's cards. An empty search finds every card.
#[derive(Debug, Clone, Default)]
pub struct Search {
    conditions: String,
    values: Vec<Value>,
}

impl Search {
    fn add(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        // $1 is the merchant.
        let place = format!("${}", self.values.len() + 1);
        self.conditions.push_str(" and ");
        self.conditions.push_str(&condition.replace('?', &place));
    }

    /// Cards that have this value in a column; `None` looks for any.
    pub fn equal(&mut self, column: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.add(&format!("{column} = ?"), value);
        }
    }

    /// Cards whose expiry is in the month or before it, in it, or in it or behind it.
    pub fn expires(&mut self, compared: Compared, year: i16, month: i8) {
        let months = i64::from(year) * 12 + i64::from(month);
        let sign = match compared {
            Compared::Before => "<",
            Compared::In => "=",
            Compared::Behind => ">",
        };
        self.add(&format!("expire_year * 12 + expire_month {sign} ?"), months);
    }

    /// Cards stored then or later.
    pub fn since(&mut self, moment: Timestamp) {
        self.add("created_at >= ?", moment);
    }

    /// Cards stored before then.
    pub fn until(&mut self, moment: Timestamp) {
        self.add("created_at < ?", moment);
    }

    /// A page of a merchant's cards, oldest first, so that a card that is stored meanwhile moves none of
    /// them; and how many there are in all.
    pub async fn page(
        &self,
        app: &App,
        merchant_id: i64,
        page: i64,
        size: i64,
    ) -> Result<(Vec<ListedCard>, i64), Unavailable> {
        let found = format!("where merchant_id = $1 and active {}", self.conditions);
        let mut parameters = vec![Value::Int(merchant_id)];
        parameters.extend(self.values.iter().cloned());
        let count = format!("select count(*) as total from stored_cards {found}");
        let count = app.db.rows_owned(count, parameters.clone()).await?;
        let total = count.first().map_or(Ok(0), |row| row.int("total"))?;
        let (limit, offset) = (parameters.len() + 1, parameters.len() + 2);
        parameters.extend([Value::Int(size), Value::Int(page * size)]);
        let sql = ListedCard::select(&format!(
            "{found} order by created_at, card_token limit ${limit} offset ${offset}"
        ));
        let rows = app.db.rows_owned(sql, parameters).await?;
        let cards: Result<_, _> = rows.into_iter().map(ListedCard::read).collect();
        Ok((cards?, total))
    }
}

/// How a card's expiry stands to a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// Before it.
    Before,
    /// In it.
    In,
    /// Behind it.
    Behind,
}

/// What a merchant's card was at a former provider.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// The provider.
    pub provider: CardProvider,
    /// The card there.
    pub provider_card_token: String,
    /// The person there.
    pub provider_card_user_id: Option<String>,
    /// The merchant's own name for the card.
    pub external_id: Option<String>,
}

/// Writes what a stored card was at a former provider; a conflict when that is known already.
pub fn insert_mapping(
    app: &App,
    merchant_id: i64,
    mapping: &Mapping,
    card: &CardRef,
    commit: &mut Commit,
) {
    insert!(commit, "card_mappings" {
        merchant_id: merchant_id,
        provider: mapping.provider.as_str(),
        provider_card_token: mapping.provider_card_token.as_str(),
        provider_card_user_id: mapping.provider_card_user_id.clone(),
        external_id: mapping.external_id.clone(),
        card_user_key: card.card_user_key.as_str(),
        card_token: card.card_token.as_str(),
        created_at: app.now(),
    });
}

/// What a card was at a former provider, as far as it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Former<'a> {
    /// The provider.
    pub provider: CardProvider,
    /// The card there.
    pub card_token: Option<&'a str>,
    /// The person there.
    pub card_user_id: Option<&'a str>,
    /// The merchant's own name for the card.
    pub external_id: Option<&'a str>,
}

/// A merchant's cards that were these at a former provider: each part that is given must be theirs.
pub async fn of_former_provider(
    app: &App,
    merchant_id: i64,
    former: Former<'_>,
) -> Result<Vec<ListedCard>, Unavailable> {
    let mut parameters = params![merchant_id, former.provider.as_str(), MAPPINGS_MAX];
    let mut conditions = String::new();
    for (column, value) in [
        ("provider_card_token", former.card_token),
        ("provider_card_user_id", former.card_user_id),
        ("external_id", former.external_id),
    ] {
        if let Some(value) = value {
            parameters.push(value.into());
            conditions.push_str(&format!(" and m.{column} = ${}", parameters.len()));
        }
    }
    let sql = ListedCard::select(&format!(
        "where merchant_id = $1 and active and (card_user_key, card_token) in \
           (select m.card_user_key, m.card_token from card_mappings m \
            where m.merchant_id = $1 and m.provider = $2{conditions}) \
         order by created_at, card_token limit $3"
    ));
    let rows = app.db.rows_owned(sql, parameters).await?;
    rows.into_iter().map(ListedCard::read).collect()
}

/// The person here whose cards a person of a former provider has.
pub async fn user_of_former_provider(
    app: &App,
    merchant_id: i64,
    provider: CardProvider,
    card_user_id: &str,
) -> Result<Option<String>, Unavailable> {
    let row = app
        .db
        .row(
            "select card_user_key from card_mappings \
             where merchant_id = $1 and provider = $2 and provider_card_user_id = $3 limit 1",
            params![merchant_id, provider.as_str(), card_user_id],
        )
        .await?;
    row.map(|row| row.text("card_user_key")).transpose()
}

/// Rows that one step of [`fill`] learns.
const STEP_ROWS: i64 = 200;

/// Learns what is missing of some cards of the version before, or what an older list of BINs told of them.
/// True when there may be more.
pub async fn fill(app: &App) -> Result<bool, Unavailable> {
    let never = "select merchant_id, card_user_key, card_token, pan_sealed, bins_edition from stored_cards \
                 where bins_edition is null limit $1";
    let before = "select merchant_id, card_user_key, card_token, pan_sealed, bins_edition from stored_cards \
                  where bins_edition < $2 limit $1";
    let (bins, edition) = app.bins.with_edition();
    let mut rows = app.db.rows(never, params![STEP_ROWS]).await?;
    if rows.is_empty() {
        rows = app.db.rows(before, params![STEP_ROWS, edition]).await?;
    }
    let mut commit = Commit::new(0, 0);
    for row in &rows {
        let (merchant_id, token) = (row.int("merchant_id")?, row.text("card_token")?);
        // One that does not open is not looked at again and again.
        let pan = opened(app, merchant_id, &token, &row.text("pan_sealed")?).ok();
        let facts = Facts::of(pan.as_ref().and_then(|pan| bins.of(pan.expose())));
        commit.maybe(
            "update stored_cards set fingerprint = $4, card_type = $5, association = $6, brand = $7, \
             bank_name = $8, bins_edition = $9 \
             where merchant_id = $1 and card_user_key = $2 and card_token = $3",
            params![
                merchant_id,
                row.text("card_user_key")?,
                token,
                pan.as_ref().map(|pan| app.fingerprints.of(merchant_id, pan)),
                facts.card_type,
                facts.association,
                facts.brand,
                facts.bank_name,
                edition
            ],
        );
    }
    app.commit(commit).await?.ignore_conflict();
    Ok(!rows.is_empty())
}
