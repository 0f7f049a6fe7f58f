//! Payments and their items.

use super::db::{Commit, Row, Unavailable, Value, params};
use super::{from_json, to_json};
use crate::app::App;
use crate::clock::first_id_at;
use contract::card_loyalties::Loyalty;
use contract::enums::{
    CardAssociation, CardType, Currency, PaymentGroup, PaymentPhase, PaymentProvider,
    PaymentStatus, PaymentType,
};
use contract::errors::ErrorGroup;
use contract::money::Decimal;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

/// Days before a payment in which another one may stand for the sale that its bank tells of.
const REFERENCE_DAYS: i64 = 2;

/// An amount with the scale it was received with, so that it is spelled back alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// Minor units of the payment's currency.
    pub minor: i64,
    /// Digits after the point, 0 to 8.
    pub scale: u32,
}

impl Amount {
    /// The amount as it was spelled.
    pub fn decimal(self, currency: Currency) -> Decimal {
        Decimal::of_minor(self.minor, currency, self.scale)
    }
}

/// The card as it may be shown.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CardShown {
    /// The name that the shop sent.
    pub holder: Option<String>,
    /// The name as the bank masks it.
    pub bank_holder: Option<String>,
    /// Issuer's EFT code.
    pub issuer_id: Option<i64>,
    /// Issuer's name.
    pub issuer_name: Option<String>,
    /// Credit, debit or prepaid.
    pub card_type: Option<CardType>,
    /// Visa, Mastercard, Troy …
    pub association: Option<CardAssociation>,
    /// Brand.
    pub brand: Option<String>,
}

/// The POS as it was when it was asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PosShown {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its alias.
    pub alias: String,
    /// The bank's EFT code.
    pub bank_id: i64,
}

/// Why a payment failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFailure {
    /// What it means to the merchant.
    pub group: ErrorGroup,
    /// The bank's own code.
    pub provider_code: Option<String>,
    /// The bank's own words.
    pub provider_message: Option<String>,
}

/// A payment.
#[derive(Debug, Clone)]
pub struct Payment {
    /// Whose it is.
    pub merchant_id: i64,
    /// Its id.
    pub id: i64,
    /// For compare-and-set.
    pub version: i64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Card or alternative method.
    pub payment_type: PaymentType,
    /// Who carries it out.
    pub provider: PaymentProvider,
    /// Where it stands; only the engine changes it.
    pub status: PaymentStatus,
    /// Sale or pre-authorisation.
    pub phase: PaymentPhase,
    /// Product or subscription.
    pub group: Option<PaymentGroup>,
    /// The shop's tag.
    pub channel: Option<String>,
    /// The shop's echo.
    pub conversation_id: Option<String>,
    /// The shop's order id.
    pub external_id: Option<String>,
    /// Of every amount in it.
    pub currency: Currency,
    /// The basket.
    pub price: Amount,
    /// What is collected.
    pub paid_price: Amount,
    /// The wallet's part.
    pub wallet_price: Amount,
    /// Minor units taken.
    pub captured: i64,
    /// Minor units given back.
    pub refunded: i64,
    /// 1 is a single payment.
    pub installment: u8,
    /// With 3DS.
    pub threeds: bool,
    /// The buyer's member id.
    pub buyer_member_id: Option<i64>,
    /// The shopper's address.
    pub client_ip: Option<String>,
    /// Where the browser returns to the shop.
    pub callback_url: Option<String>,
    /// The POS that the shop pinned.
    pub requested_pos_alias: Option<String>,
    /// The POS that was asked.
    pub pos: Option<PosShown>,
    /// The order id at the bank or lender.
    pub order_id: Option<String>,
    /// First eight digits.
    pub bin_number: Option<String>,
    /// Last four digits.
    pub last_four: Option<String>,
    /// The card as it may be shown.
    pub card: CardShown,
    /// A stored card paid.
    pub paid_with_stored_card: bool,
    /// The card is stored once the payment succeeds.
    pub store_card: bool,
    /// Person of a stored card.
    pub card_user_key: Option<String>,
    /// Stored card.
    pub card_token: Option<String>,
    /// Approval code.
    pub auth_code: Option<String>,
    /// The bank's reference.
    pub host_reference: Option<String>,
    /// The bank's second reference.
    pub trans_id: Option<String>,
    /// How 3DS went.
    pub md_status: Option<u8>,
    /// The reward that was asked for, then the one that was used.
    pub loyalty: Option<Loyalty>,
    /// Why it failed.
    pub error: Option<PaymentFailure>,
    /// Anything else that the shop sent along or is shown.
    pub additional: Map<String, Json>,
}

/// One item of a payment.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its id: `paymentTransactionId`.
    pub id: i64,
    /// Its name.
    pub name: Option<String>,
    /// The shop's id.
    pub external_id: Option<String>,
    /// Its price.
    pub price: Amount,
    /// Its share of what is collected.
    pub paid_price: i64,
    /// Its share of the wallet's part.
    pub wallet_price: i64,
    /// The seller.
    pub sub_merchant_member_id: Option<i64>,
    /// The seller's net.
    pub sub_merchant_price: Option<Amount>,
    /// Days that the payout waits.
    pub blockage_day: Option<i64>,
}

macro_rules! select_payment {
    ($rest:literal) => {
        concat!(
            "select merchant_id, id, version, created_at, payment_type, provider, status, phase, payment_group, \
             channel, conversation_id, external_id, currency, price, price_scale, paid_price, paid_price_scale, \
             wallet_price, wallet_price_scale, captured, refunded, installment, threeds, buyer_member_id, client_ip, \
             callback_url, requested_pos_alias, pos, order_id, bin_number, last_four, card, paid_with_stored_card, \
             store_card, card_user_key, card_token, auth_code, host_reference, trans_id, md_status, loyalty, error, \
             additional from payments where merchant_id = $1 ",
            $rest
        )
    };
}

/// The payment's columns and the merchant's condition, for searches that add conditions.
pub const SELECT_OF_MERCHANT: &str = select_payment!("");

/// One payment of a merchant.
pub async fn of_merchant(
    app: &App,
    merchant_id: i64,
    id: i64,
) -> Result<Option<Payment>, Unavailable> {
    let row = app
        .db
        .row(select_payment!("and id = $2"), params![merchant_id, id])
        .await?;
    row.as_ref().map(read).transpose()
}

/// Whether a bank's reference of a sale stands in another payment of the merchant than `payment`, made
/// within [`REFERENCE_DAYS`] of it.
pub async fn is_reference_known(
    app: &App,
    payment: &Payment,
    reference: &str,
) -> Result<bool, Unavailable> {
    let days = SignedDuration::from_hours(24 * REFERENCE_DAYS);
    let since = payment.created_at.checked_sub(days);
    let since = first_id_at(since.unwrap_or(Timestamp::UNIX_EPOCH));
    let sql = "select 1 as one from payments where merchant_id = $1 and id >= $2 and id <> $3 \
               and host_reference = $4 limit 1";
    let of = params![payment.merchant_id, since, payment.id, reference];
    Ok(app.db.row(sql, of).await?.is_some())
}

/// The items of a merchant's payment, in the request's order.
pub async fn items_of_merchant(
    app: &App,
    merchant_id: i64,
    payment_id: i64,
) -> Result<Vec<Item>, Unavailable> {
    let mut items = items_of_payments(app, merchant_id, &[payment_id]).await?;
    Ok(items.remove(&payment_id).unwrap_or_default())
}

/// The items of some payments of a merchant by the payment's id, each in the request's order.
pub async fn items_of_payments(
    app: &App,
    merchant_id: i64,
    payment_ids: &[i64],
) -> Result<HashMap<i64, Vec<Item>>, Unavailable> {
    let mut items: HashMap<i64, Vec<Item>> = HashMap::new();
    if payment_ids.is_empty() {
        return Ok(items);
    }
    let sql = format!(
        "select merchant_id, payment_id, id, name, external_id, price, price_scale, paid_price, wallet_price, sub_merchant_member_id, \
         sub_merchant_price, sub_merchant_price_scale, blockage_day \
         from payment_items where merchant_id = $1 and payment_id in ({}) order by payment_id, position",
        super::listed(payment_ids),
    );
    for row in &app.db.rows_owned(sql, params![merchant_id]).await? {
        let of_payment = items.entry(row.int("payment_id")?).or_default();
        of_payment.push(item(row).map_err(|error| row.of_table("payment_items", error))?);
    }
    Ok(items)
}

fn item(row: &Row) -> Result<Item, Unavailable> {
    let has_share = row.opt_int("sub_merchant_price")?.is_some();
    Ok(Item {
        id: row.int("id")?,
        name: row.opt_text("name")?,
        external_id: row.opt_text("external_id")?,
        price: amount(row, "price", "price_scale")?,
        paid_price: row.int("paid_price")?,
        wallet_price: row.int("wallet_price")?,
        sub_merchant_member_id: row.opt_int("sub_merchant_member_id")?,
        sub_merchant_price: has_share
            .then(|| amount(row, "sub_merchant_price", "sub_merchant_price_scale"))
            .transpose()?,
        blockage_day: row.opt_int("blockage_day")?,
    })
}

/// Fraction digits that an amount may have been sent with.
const SCALE_MAX: i64 = 8;

fn amount(row: &Row, minor: &str, scale: &str) -> Result<Amount, Unavailable> {
    Ok(Amount {
        minor: row.int(minor)?,
        scale: row.number(scale, 0..=SCALE_MAX)?,
    })
}

/// A payment out of a row of [`SELECT_OF_MERCHANT`].
pub fn read(row: &Row) -> Result<Payment, Unavailable> {
    fields(row).map_err(|error| row.of_table("payments", error))
}

fn fields(row: &Row) -> Result<Payment, Unavailable> {
    Ok(Payment {
        merchant_id: row.int("merchant_id")?,
        id: row.int("id")?,
        version: row.int("version")?,
        created_at: row.time("created_at")?,
        payment_type: row.parsed("payment_type")?,
        provider: row.parsed("provider")?,
        status: row.parsed("status")?,
        phase: row.parsed("phase")?,
        group: row.opt_parsed("payment_group")?,
        channel: row.opt_text("channel")?,
        conversation_id: row.opt_text("conversation_id")?,
        external_id: row.opt_text("external_id")?,
        currency: row.parsed("currency")?,
        price: amount(row, "price", "price_scale")?,
        paid_price: amount(row, "paid_price", "paid_price_scale")?,
        wallet_price: amount(row, "wallet_price", "wallet_price_scale")?,
        captured: row.int("captured")?,
        refunded: row.int("refunded")?,
        installment: row.number("installment", 1..=99)?,
        threeds: row.boolean("threeds")?,
        buyer_member_id: row.opt_int("buyer_member_id")?,
        client_ip: row.opt_text("client_ip")?,
        callback_url: row.opt_text("callback_url")?,
        requested_pos_alias: row.opt_text("requested_pos_alias")?,
        pos: row.opt_json("pos")?.map(from_json).transpose()?,
        order_id: row.opt_text("order_id")?,
        bin_number: row.opt_text("bin_number")?,
        last_four: row.opt_text("last_four")?,
        card: from_json(row.json("card")?)?,
        paid_with_stored_card: row.boolean("paid_with_stored_card")?,
        store_card: row.boolean("store_card")?,
        card_user_key: row.opt_text("card_user_key")?,
        card_token: row.opt_text("card_token")?,
        auth_code: row.opt_text("auth_code")?,
        host_reference: row.opt_text("host_reference")?,
        trans_id: row.opt_text("trans_id")?,
        md_status: row.opt_number("md_status", 0..=99)?,
        loyalty: row.opt_json("loyalty")?.map(from_json).transpose()?,
        error: row.opt_json("error")?.map(from_json).transpose()?,
        additional: super::object("additional", row.json("additional")?)?,
    })
}

/// Writes a new payment with its items.
pub fn insert(payment: &Payment, items: &[Item], commit: &mut Commit) {
    let p = payment;
    commit.one(
        "insert into payments (merchant_id, id, version, created_at, payment_type, provider, status, phase, \
         payment_group, channel, conversation_id, external_id, currency, price, price_scale, paid_price, \
         paid_price_scale, wallet_price, wallet_price_scale, captured, refunded, refund_pending, installment, threeds, \
         buyer_member_id, client_ip, callback_url, requested_pos_alias, pos_id, pos, order_id, bin_number, last_four, \
         card, paid_with_stored_card, store_card, card_user_key, card_token, md_status, loyalty, error, additional) \
         values ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 0, 0, 0, $19, $20, \
         $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38)",
        params![
            p.merchant_id,
            p.id,
            p.created_at,
            p.payment_type.as_str(),
            p.provider.as_str(),
            p.status.as_str(),
            p.phase.as_str(),
            p.group.map(|g| g.as_str()),
            p.channel.as_deref(),
            p.conversation_id.as_deref(),
            p.external_id.as_deref(),
            p.currency.as_str(),
            p.price.minor,
            i64::from(p.price.scale),
            p.paid_price.minor,
            i64::from(p.paid_price.scale),
            p.wallet_price.minor,
            i64::from(p.wallet_price.scale),
            i64::from(p.installment),
            p.threeds,
            p.buyer_member_id,
            p.client_ip.as_deref(),
            p.callback_url.as_deref(),
            p.requested_pos_alias.as_deref(),
            p.pos.as_ref().map(|pos| pos.id),
            p.pos.as_ref().map(to_json),
            p.order_id.as_deref(),
            p.bin_number.as_deref(),
            p.last_four.as_deref(),
            to_json(&p.card),
            p.paid_with_stored_card,
            p.store_card,
            p.card_user_key.as_deref(),
            p.card_token.as_deref(),
            p.md_status.map(i64::from),
            p.loyalty.as_ref().map(to_json),
            p.error.as_ref().map(to_json),
            Json::Object(p.additional.clone()),
        ],
    );
    for (position, item) in items.iter().enumerate() {
        insert_item(p, position, item, commit);
    }
}

fn insert_item(payment: &Payment, position: usize, item: &Item, commit: &mut Commit) {
    commit.one(
        "insert into payment_items (merchant_id, payment_id, position, id, name, external_id, price, price_scale, \
         paid_price, wallet_price, sub_merchant_member_id, sub_merchant_price, sub_merchant_price_scale, blockage_day) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        params![
            payment.merchant_id,
            payment.id,
            i64::try_from(position).unwrap_or(i64::MAX),
            item.id,
            item.name.as_deref(),
            item.external_id.as_deref(),
            item.price.minor,
            i64::from(item.price.scale),
            item.paid_price,
            item.wallet_price,
            item.sub_merchant_member_id,
            item.sub_merchant_price.map(|a| a.minor),
            item.sub_merchant_price.map(|a| i64::from(a.scale)),
            item.blockage_day,
        ],
    );
}

/// Writes what the engine changed in a payment; a conflict when somebody moved first.
pub fn save(payment: &Payment, commit: &mut Commit) {
    let p = payment;
    commit.one(
        "update payments set version = version + 1, status = $4, captured = $5, pos_id = $6, pos = $7, order_id = $8, \
         card = $9, card_user_key = $10, card_token = $11, auth_code = $12, host_reference = $13, trans_id = $14, \
         md_status = $15, loyalty = $16, error = $17, additional = $18 \
         where merchant_id = $1 and id = $2 and version = $3",
        params![
            p.merchant_id,
            p.id,
            p.version,
            p.status.as_str(),
            p.captured,
            p.pos.as_ref().map(|pos| pos.id),
            p.pos.as_ref().map(to_json),
            p.order_id.as_deref(),
            to_json(&p.card),
            p.card_user_key.as_deref(),
            p.card_token.as_deref(),
            p.auth_code.as_deref(),
            p.host_reference.as_deref(),
            p.trans_id.as_deref(),
            p.md_status.map(i64::from),
            p.loyalty.as_ref().map(to_json),
            p.error.as_ref().map(to_json),
            Json::Object(p.additional.clone()),
        ],
    );
}

/// Payments of a merchant that meet `conditions`, newest first. The conditions' literals come from
/// the operation, their values only ever as parameters.
pub async fn search_of_merchant(
    app: &App,
    merchant_id: i64,
    conditions: &str,
    values: Vec<Value>,
    page: i64,
    size: i64,
) -> Result<(Vec<Payment>, i64), Unavailable> {
    let mut parameters = params![merchant_id];
    parameters.extend(values);
    let count = app
        .db
        .rows_owned(
            format!("select count(*) as total from payments where merchant_id = $1 {conditions}"),
            parameters.clone(),
        )
        .await?;
    let total = count
        .first()
        .map(|row| row.int("total"))
        .transpose()?
        .unwrap_or(0);
    let next = parameters.len() + 1;
    parameters.push(Value::Int(size));
    parameters.push(Value::Int(page * size));
    let sql = format!(
        "{SELECT_OF_MERCHANT} {conditions} order by id desc limit ${next} offset ${}",
        next + 1
    );
    let rows = app.db.rows_owned(sql, parameters).await?;
    Ok((rows.iter().map(read).collect::<Result<_, _>>()?, total))
}

/// Which payments come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The newest.
    NewestFirst,
    /// The oldest.
    OldestFirst,
}

/// At most `limit` payments of a merchant that meet `conditions`, by id. The conditions' literals
/// come from the operation, their values only ever as parameters.
pub async fn of_merchant_where(
    app: &App,
    merchant_id: i64,
    conditions: &str,
    values: Vec<Value>,
    order: Order,
    limit: i64,
) -> Result<Vec<Payment>, Unavailable> {
    let mut parameters = params![merchant_id];
    parameters.extend(values);
    parameters.push(Value::Int(limit));
    let direction = match order {
        Order::NewestFirst => "desc",
        Order::OldestFirst => "asc",
    };
    let sql = format!(
        "{SELECT_OF_MERCHANT} {conditions} order by id {direction} limit ${}",
        parameters.len()
    );
    let rows = app.db.rows_owned(sql, parameters).await?;
    rows.iter().map(read).collect()
}
