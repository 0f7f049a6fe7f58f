//! Payments and refunds of a merchant by what a report asks for. Columns and their comparisons stand here,
//! values only ever as parameters.

use super::db::{TableRow, Unavailable, Value};
use super::digest::Digest;
use super::payments::Payment;
use super::refunds::{Refund, RefundItem, RefundState};
use super::search_pages;
use crate::app::App;
use jiff::Timestamp;

/// Which payments come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The newest.
    NewestFirst,
    /// The oldest.
    OldestFirst,
}

/// Which side of an amount is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The amount and above.
    Least,
    /// The amount and below.
    Most,
}

impl Bound {
    fn sign(self) -> &'static str {
        match self {
            Bound::Least => ">=",
            Bound::Most => "<=",
        }
    }
}

/// A row that can be looked for.
pub trait Found: TableRow {
    /// Its id, which tells its place.
    fn id(&self) -> i64;
}

impl Found for Payment {
    fn id(&self) -> i64 {
        self.id
    }
}

impl Found for Refund {
    fn id(&self) -> i64 {
        self.id
    }
}

impl Found for RefundItem {
    fn id(&self) -> i64 {
        self.id
    }
}

/// Which page somebody turns to.
pub struct Turned {
    /// From 0.
    pub page: i64,
    /// Rows of a page.
    pub size: i64,
    /// Who: everybody turns their own pages.
    pub by: String,
}

/// What is looked for. An empty search finds every payment.
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

    /// Payments that have this value in a column; `None` looks for any.
    pub fn equal(&mut self, column: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.add(&format!("{column} = ?"), value);
        }
    }

    /// Payments with an item that has this id in a column; `None` looks for any.
    pub fn has_item(&mut self, column: &'static str, id: Option<i64>) {
        if let Some(id) = id {
            let items = "select i.payment_id from payment_items i where i.merchant_id = $1";
            self.add(&format!("id in ({items} and i.{column} = ?)"), id);
        }
    }

    /// Payments with these first digits of a card: the six that every card has, or all that are kept.
    pub fn bin(&mut self, digits: Option<String>) {
        match digits {
            Some(six) if six.len() == 6 && six.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.add("substr(bin_number, 1, 6) = ?", six);
            }
            digits => self.equal("bin_number", digits),
        }
    }

    /// Payments up to or from what the shopper paid. Of any currency, the amount counts in currencies
    /// of two digits, and other payments are compared in theirs.
    pub fn paid(&mut self, bound: Bound, minor: i64, any_currency: bool) {
        let paid = if any_currency {
            "(case when currency = 'JPY' then paid_price * 100 \
                  when currency in ('KWD', 'BHD', 'IQD') then paid_price / 10 else paid_price end)"
        } else {
            "paid_price"
        };
        self.add(&format!("{paid} {} ?", bound.sign()), minor);
    }

    /// Payments made then or later.
    pub fn since(&mut self, moment: Timestamp) {
        self.add("created_at >= ?", Value::Time(moment));
    }

    /// Payments made before then.
    pub fn until(&mut self, moment: Timestamp) {
        self.add("created_at < ?", Value::Time(moment));
    }

    /// Payments older than one.
    pub fn older_than(&mut self, id: i64) {
        self.add("id < ?", id);
    }

    /// Payments newer than one.
    pub fn newer_than(&mut self, id: i64) {
        self.add("id > ?", id);
    }

    fn parameters(&self, merchant_id: i64, more: &[i64]) -> Vec<Value> {
        let mut all = vec![Value::Int(merchant_id)];
        all.extend(self.values.iter().cloned());
        all.extend(more.iter().copied().map(Value::Int));
        all
    }

    /// What was looked for up to here is looked for in refunds; what is found are their items.
    pub fn into_items_of_refunds(mut self) -> Search {
        // The items of a payment that was cancelled whole have no ids that the shop knows.
        self.conditions = format!(
            " and refund_id in (select id from refunds where merchant_id = $1 \
             and (kind <> 'CANCEL' or by_item){})",
            self.conditions
        );
        self
    }

    /// Refunds of payments that have this value in a column; `None` looks for any.
    pub fn payment_equal(&mut self, column: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            let payments = "select p.id from payments p where p.merchant_id = $1";
            let condition = format!("payment_id in ({payments} and p.{column} = ?)");
            self.add(&condition, value);
        }
    }

    /// Refunds in one of these states; none of them looks for any.
    pub fn states(&mut self, states: &[RefundState]) {
        if !states.is_empty() {
            let words: Vec<_> = states
                .iter()
                .map(|state| format!("'{}'", state.as_str()))
                .collect();
            self.conditions
                .push_str(&format!(" and state in ({})", words.join(", ")));
        }
    }

    /// Refunds up to or from what was given back; see [`Search::paid`].
    pub fn refunded(&mut self, bound: Bound, minor: i64, any_currency: bool) {
        let amount = if any_currency {
            "(select case when p.currency = 'JPY' then amount * 100 \
                  when p.currency in ('KWD', 'BHD', 'IQD') then amount / 10 else amount end \
                  from payments p where p.merchant_id = $1 and p.id = payment_id)"
        } else {
            "amount"
        };
        self.add(&format!("{amount} {} ?", bound.sign()), minor);
    }

    /// Who looks for this, in pages of which size, as what is only ever compared.
    fn digest<T: TableRow>(&self, turned: &Turned) -> Digest {
        let mut text = format!("{}|{}|{}", turned.by, T::TABLE, turned.size);
        text.push_str(&self.conditions);
        for value in &self.values {
            text.push('|');
            match value {
                Value::Null => {}
                Value::Int(number) => text.push_str(&number.to_string()),
                Value::Bool(is) => text.push_str(&is.to_string()),
                Value::Time(at) => text.push_str(&at.to_string()),
                Value::Text(value) | Value::Json(value) => text.push_str(value),
            }
        }
        Digest::of(&text)
    }

    /// A page of what a merchant has, newest first, and how many there are in all. A page whose last one was
    /// read lately begins behind its last row, whatever came or went meanwhile; any other is counted from
    /// the newest row.
    pub async fn page<T: Found>(
        &self,
        app: &App,
        merchant_id: i64,
        turned: &Turned,
    ) -> Result<(Vec<T>, i64), Unavailable> {
        let found = format!("where merchant_id = $1{}", self.conditions);
        let count = format!("select count(*) as total from {} {found}", T::TABLE);
        let parameters = self.parameters(merchant_id, &[]);
        let next = parameters.len() + 1;
        let count = app.db.rows_owned(count, parameters).await?;
        let total = count.first().map_or(Ok(0), |row| row.int("total"))?;
        let Turned { page, size, .. } = *turned;
        let digest = self.digest::<T>(turned);
        let behind = match page {
            0 => None,
            _ => search_pages::behind(app, merchant_id, digest, page).await?,
        };
        let behind_it = next + 1;
        let (rest, last) = match behind {
            Some(id) => (
                format!("and id < ${behind_it} order by id desc limit ${next}"),
                id,
            ),
            None => (
                format!("order by id desc limit ${next} offset ${behind_it}"),
                page * size,
            ),
        };
        let sql = T::select(&format!("{found} {rest}"));
        let parameters = self.parameters(merchant_id, &[size, last]);
        let rows = app.db.rows_owned(sql, parameters).await?;
        let rows: Result<Vec<T>, _> = rows.into_iter().map(T::read).collect();
        let rows = rows?;
        let is_full = i64::try_from(rows.len()).is_ok_and(|length| length == size);
        if let Some(last) = rows.last().filter(|_| is_full) {
            search_pages::note(app, merchant_id, digest, page + 1, last.id()).await?;
        }
        Ok((rows, total))
    }

    /// At most `limit` rows of a merchant, by id.
    pub async fn first<T: Found>(
        &self,
        app: &App,
        merchant_id: i64,
        order: Order,
        limit: i64,
    ) -> Result<Vec<T>, Unavailable> {
        let direction = match order {
            Order::NewestFirst => "desc",
            Order::OldestFirst => "asc",
        };
        let parameters = self.parameters(merchant_id, &[limit]);
        let sql = T::select(&format!(
            "where merchant_id = $1{} order by id {direction} limit ${}",
            self.conditions,
            parameters.len()
        ));
        let rows = app.db.rows_owned(sql, parameters).await?;
        rows.into_iter().map(T::read).collect()
    }
}
