//! Payments of a merchant by what a report asks for. Columns and their comparisons stand here, values
//! only ever as parameters.

use super::db::{TableRow, Unavailable, Value};
use super::payments::Payment;
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
        let compared = match bound {
            Bound::Least => ">=",
            Bound::Most => "<=",
        };
        self.add(&format!("{paid} {compared} ?"), minor);
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

    /// A page of a merchant's payments, newest first, and how many there are in all.
    pub async fn page(
        &self,
        app: &App,
        merchant_id: i64,
        page: i64,
        size: i64,
    ) -> Result<(Vec<Payment>, i64), Unavailable> {
        let found = format!("where merchant_id = $1 {}", self.conditions);
        let count = format!("select count(*) as total from payments {found}");
        let parameters = self.parameters(merchant_id, &[]);
        let (limit, offset) = (parameters.len() + 1, parameters.len() + 2);
        let count = app.db.rows_owned(count, parameters).await?;
        let total = count.first().map_or(Ok(0), |row| row.int("total"))?;
        let sql = Payment::select(&format!(
            "{found} order by id desc limit ${limit} offset ${offset}"
        ));
        let parameters = self.parameters(merchant_id, &[size, page * size]);
        let rows = app.db.rows_owned(sql, parameters).await?;
        let payments: Result<_, _> = rows.into_iter().map(Payment::read).collect();
        Ok((payments?, total))
    }

    /// At most `limit` payments of a merchant, by id.
    pub async fn first(
        &self,
        app: &App,
        merchant_id: i64,
        order: Order,
        limit: i64,
    ) -> Result<Vec<Payment>, Unavailable> {
        let direction = match order {
            Order::NewestFirst => "desc",
            Order::OldestFirst => "asc",
        };
        let parameters = self.parameters(merchant_id, &[limit]);
        let sql = Payment::select(&format!(
            "where merchant_id = $1 {} order by id {direction} limit ${}",
            self.conditions,
            parameters.len()
        ));
        let rows = app.db.rows_owned(sql, parameters).await?;
        rows.into_iter().map(Payment::read).collect()
    }
}
