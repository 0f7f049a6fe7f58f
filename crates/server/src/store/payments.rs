//! Payments and their items.

use super::commissions::BLOCKAGE_DAYS_MAX;
use super::db::{
    Bounds, Column, Commit, Fields, Name, TableRow, Unavailable, Value, insert, json_columns,
    params, select, table_row, update,
};
use crate::app::App;
use crate::clock::first_id_at;
use connectors::bank::Decline;
use connectors::scrub::words;
use contract::card_loyalties::Loyalty;
use contract::enums::{
    CardAssociation, CardType, Currency, PaymentGroup, PaymentPhase, PaymentProvider,
    PaymentStatus, PaymentType,
};
use contract::errors::ErrorGroup;
use contract::money::{Decimal, Rate};
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

/// Without a bank's words.
impl From<ErrorGroup> for PaymentFailure {
    fn from(group: ErrorGroup) -> PaymentFailure {
        PaymentFailure {
            group,
            provider_code: None,
            provider_message: None,
        }
    }
}

/// A bank's refusal as it is kept: its text capped and without card-like digit runs.
impl From<&Decline> for PaymentFailure {
    fn from(decline: &Decline) -> PaymentFailure {
        PaymentFailure {
            group: decline.group,
            provider_code: Some(words(&decline.code)),
            provider_message: Some(words(&decline.message)),
        }
    }
}

table_row! {
    /// A payment.
    #[derive(Debug, Clone)]
    pub struct Payment: "payments" {
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
        pub group: Option<PaymentGroup> = "payment_group",
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
        /// What is only held; `None` where the amount was to be taken at once.
        pub hold: Option<Hold>,
        /// When the money was taken, where that was known only well after the payment was made.
        pub taken_late_at: Option<Timestamp>,
        /// When the shop gave it up: what is taken then goes back.
        pub given_up_at: Option<Timestamp>,
        /// Minor units given back.
        pub refunded: i64,
        /// Minor units that are being given back: reserved until the bank's answer is known.
        pub refund_pending: i64,
        /// 1 is a single payment.
        pub installment: u8 where (1..=99),
        /// With 3DS.
        pub threeds: bool,
        /// It verifies the card that it stores, and what it takes is given back (decision 0029).
        pub verification: bool,
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
        pub md_status: Option<u8> where (0..=99),
        /// The reward that was asked for, then the one that was used.
        pub loyalty: Option<Loyalty>,
        /// Why it failed.
        pub error: Option<PaymentFailure>,
        /// Anything else that the shop sent along or is shown.
        pub additional: Map<String, Json>,
        /// What the bank takes, as the POS's commission table said.
        pub bank_rate: Option<Rate>,
        /// Days that the bank keeps the money, as the table said.
        pub blockage_days: Option<u16> where (0..=i64::from(BLOCKAGE_DAYS_MAX)),
    }
}

table_row! {
    /// One item of a payment.
    #[derive(Debug, Clone)]
    pub struct Item: "payment_items" {
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
        /// What was given back of it.
        pub refunded: i64,
        /// What is being given back of it.
        pub refund_pending: i64,
        /// The seller.
        pub sub_merchant_member_id: Option<i64>,
        /// The seller's net.
        pub sub_merchant_price: Option<Amount>,
        /// Days that the payout waits.
        pub blockage_day: Option<i64>,
    }
}

/// Within this time an outcome counts as of the moment at which its payment was made.
pub const ON_TIME: SignedDuration = SignedDuration::from_mins(5);

/// An amount that was held on the card. Minor units of the payment's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// What was held.
    pub amount: i64,
    /// What is being released: reserved until the bank's answer is known.
    pub releasing: i64,
    /// What was released.
    pub released: i64,
    /// What is being taken: while it is more than nothing the payment moves in no other way.
    pub capturing: i64,
    /// Until when it may be taken; then it is released.
    pub expires_at: Timestamp,
}

impl Payment {
    /// What the shopper pays was taken now. The engine decides that.
    pub fn take(&mut self, now: Timestamp) {
        self.captured = self.paid_price.minor;
        let is_late = now.duration_since(self.created_at) > ON_TIME;
        self.taken_late_at = is_late.then_some(now);
    }

    /// What the shopper pays is held now, and may be taken until `expires_at`. The engine decides that.
    pub fn hold(&mut self, expires_at: Timestamp) {
        self.hold = Some(Hold {
            amount: self.paid_price.minor,
            releasing: 0,
            released: 0,
            capturing: 0,
            expires_at,
        });
    }

    /// What is taken of it goes back: the shop gave it up, or it has failed.
    pub fn goes_back(&self) -> bool {
        self.given_up_at.is_some() || self.status == PaymentStatus::Failure
    }

    /// What a shop hears of it that asks whether to ship. What it gave up has failed for it, also while the books have
    /// the money that a lender paid all the same.
    pub fn told_status(&self) -> PaymentStatus {
        match self.status {
            PaymentStatus::Success if self.given_up_at.is_some() => PaymentStatus::Failure,
            status => status,
        }
    }

    /// The hold, as long as it is neither taken nor released.
    pub fn open_hold(&self) -> Option<Hold> {
        self.hold
            .filter(|hold| self.captured == 0 && hold.released == 0)
    }

    /// What was taken, or held and not taken: what can go back at most.
    pub fn returnable(&self) -> i64 {
        match self.hold {
            Some(hold) if self.captured == 0 => hold.amount,
            _ => self.captured,
        }
    }

    /// What went back: given back, or released.
    pub fn returned(&self) -> i64 {
        self.refunded + self.hold.map_or(0, |hold| hold.released)
    }

    /// What can still go back.
    pub fn left(&self) -> i64 {
        let releasing = self.hold.map_or(0, |hold| hold.releasing);
        self.returnable() - self.returned() - self.refund_pending - releasing
    }
}

json_columns! { PosShown, CardShown, PaymentFailure, Loyalty }

/// An amount is two columns: `price` and `price_scale`.
impl Column for Amount {
    const SUFFIXES: &'static [&'static str] = &["", "_scale"];

    fn read(fields: &mut Fields, column: Name<'_>, _: Bounds) -> Result<Amount, Unavailable> {
        Ok(Amount {
            minor: i64::read(fields, column, None)?,
            scale: u32::read(fields, Name(column.0, "_scale"), Some(0..=SCALE_MAX))?,
        })
    }

    fn write(&self, values: &mut Vec<Value>) {
        self.minor.write(values);
        self.scale.write(values);
    }
}

/// A hold is five columns: `hold_amount` and so on, all null where there is none.
impl Column for Hold {
    const SUFFIXES: &'static [&'static str] = &[
        "_amount",
        "_releasing",
        "_released",
        "_capturing",
        "_expires_at",
    ];

    fn read(fields: &mut Fields, column: Name<'_>, _: Bounds) -> Result<Hold, Unavailable> {
        let mut minor = |suffix| i64::read(fields, Name(column.0, suffix), None);
        let (amount, releasing) = (minor("_amount")?, minor("_releasing")?);
        let (released, capturing) = (minor("_released")?, minor("_capturing")?);
        Ok(Hold {
            amount,
            releasing,
            released,
            capturing,
            expires_at: Timestamp::read(fields, Name(column.0, "_expires_at"), None)?,
        })
    }

    fn write(&self, values: &mut Vec<Value>) {
        for minor in [self.amount, self.releasing, self.released, self.capturing] {
            minor.write(values);
        }
        self.expires_at.write(values);
    }
}

/// Fraction digits that an amount may have been sent with.
const SCALE_MAX: i64 = 8;

/// One payment of a merchant.
pub async fn of_merchant(
    app: &App,
    merchant_id: i64,
    id: i64,
) -> Result<Option<Payment>, Unavailable> {
    let sql = select!(Payment, "where merchant_id = $1 and id = $2");
    let row = app.db.row(sql, params![merchant_id, id]).await?;
    row.map(Payment::read).transpose()
}

/// Some payments of a merchant, by id.
pub async fn of_ids(
    app: &App,
    merchant_id: i64,
    ids: &[i64],
) -> Result<HashMap<i64, Payment>, Unavailable> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = super::id_list(ids);
    let sql = Payment::select(&format!("where merchant_id = $1 and id in ({ids})"));
    let rows = app.db.rows_owned(sql, params![merchant_id]).await?;
    let payments = rows.into_iter().map(Payment::read);
    payments.map(|one| one.map(|one| (one.id, one))).collect()
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

/// The payment that an item of a merchant's belongs to.
pub async fn of_item(
    app: &App,
    merchant_id: i64,
    item_id: i64,
) -> Result<Option<i64>, Unavailable> {
    let sql = "select payment_id from payment_items where id = $1 and merchant_id = $2";
    let row = app.db.row(sql, params![item_id, merchant_id]).await?;
    row.map(|row| row.int("payment_id")).transpose()
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
    let rest = format!(
        "where merchant_id = $1 and payment_id in ({}) order by payment_id, position",
        super::id_list(payment_ids),
    );
    let sql = Item::select_with(&["merchant_id", "payment_id"], &rest);
    for row in app.db.rows_owned(sql, params![merchant_id]).await? {
        let of_payment = items.entry(row.int("payment_id")?).or_default();
        of_payment.push(Item::read(row)?);
    }
    Ok(items)
}

/// Writes a new payment with its items, in the request's order.
pub fn insert(payment: &Payment, items: &[Item], commit: &mut Commit) {
    let pos_id = payment.pos.as_ref().map(|pos| pos.id);
    insert!(commit, payment => Payment, { pos_id: pos_id });
    for (position, item) in (0i64..).zip(items) {
        insert!(commit, item => Item, {
            merchant_id: payment.merchant_id,
            payment_id: payment.id,
            position: position,
        });
    }
}

/// Writes what the engine changed in a payment; a conflict when another call moved first.
pub fn save(payment: &Payment, commit: &mut Commit) {
    let p = payment;
    update!(commit, "payments"
    where { merchant_id: p.merchant_id, id: p.id, version: p.version }
    set {
        version: p.version + 1,
        status: p.status,
        phase: p.phase,
        paid_price: p.paid_price.minor,
        paid_price_scale: p.paid_price.scale,
        captured: p.captured,
        hold_amount: p.hold.map(|hold| hold.amount),
        hold_releasing: p.hold.map(|hold| hold.releasing),
        hold_released: p.hold.map(|hold| hold.released),
        hold_capturing: p.hold.map(|hold| hold.capturing),
        hold_expires_at: p.hold.map(|hold| hold.expires_at),
        taken_late_at: p.taken_late_at,
        given_up_at: p.given_up_at,
        pos_id: p.pos.as_ref().map(|pos| pos.id),
        pos: p.pos,
        order_id: p.order_id,
        card: p.card,
        card_user_key: p.card_user_key,
        card_token: p.card_token,
        auth_code: p.auth_code,
        host_reference: p.host_reference,
        trans_id: p.trans_id,
        md_status: p.md_status,
        loyalty: p.loyalty,
        error: p.error,
        additional: p.additional,
        bank_rate: p.bank_rate,
        blockage_days: p.blockage_days,
    });
}

/// Writes what is paid for each item of a payment.
pub fn save_shares(payment: &Payment, items: &[Item], commit: &mut Commit) {
    for item in items {
        commit.one(
            "update payment_items set paid_price = $4 where merchant_id = $1 and payment_id = $2 and id = $3",
            params![payment.merchant_id, payment.id, item.id, item.paid_price],
        );
    }
}
