//! What the banks believe: every order and every purse, held in memory and written through to one
//! file before a reply leaves. Protocol words (codes, hashes, messages) are not known here.

mod points;
pub(crate) mod store;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::cards::{Cards, Purse};
use points::{less, more, spend};
use store::{Row, Writer};

pub(crate) use points::{NOT_SUFFICIENT_AWARD, Points, Split};

macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) enum $type { $($variant),+ }

        impl $type {
            /// The name as it is stored and told.
            pub(crate) fn name(self) -> &'static str {
                match self { $($type::$variant => $name),+ }
            }

            /// The value of that name.
            pub(crate) fn named(name: &str) -> Option<$type> {
                match name { $($name => Some($type::$variant),)+ _ => None }
            }
        }
    };
}

named! {
    /// Whose order it is.
    Bank { Posnet = "posnet", Garanti = "garanti" }
}
named! {
    /// What the order bought with: card (perhaps with points), or points alone.
    Kind { Sale = "sale", Points = "points" }
}
named! {
    /// Where an order stands.
    State {
        Declined = "declined",
        Captured = "captured",
        Settled = "settled",
        Voided = "voided",
        Refunded = "refunded",
    }
}

/// One order of one bank. Amounts in minor units of `currency`.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// Grows by one per order; the banks' references are made of it.
    pub(crate) seq: i64,
    pub(crate) bank: Bank,
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) state: State,
    pub(crate) card: Arc<str>,
    pub(crate) masked: Arc<str>,
    pub(crate) currency: String,
    /// The whole price, points included.
    pub(crate) amount: i64,
    pub(crate) instalments: u32,
    /// koiCode of the campaign used; 0 without one.
    pub(crate) campaign: u8,
    pub(crate) three_ds: bool,
    /// Which 3D Secure authentication it used up; empty without one.
    pub(crate) nonce: String,
    /// Why it was declined; empty when it was not.
    pub(crate) code: String,
    pub(crate) created_at: Timestamp,
    /// Refunded so far, points included.
    pub(crate) refunded: i64,
    pub(crate) spent: Purse,
    pub(crate) returned: Purse,
}

/// A sale that the bank is willing to make.
pub(crate) struct Sale {
    pub(crate) bank: Bank,
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) card: Arc<str>,
    pub(crate) masked: Arc<str>,
    pub(crate) currency: String,
    pub(crate) amount: i64,
    pub(crate) instalments: u32,
    pub(crate) points: Points,
    pub(crate) campaign: u8,
    pub(crate) nonce: Option<String>,
    /// Refuse it with this code instead (and remember that).
    pub(crate) refusal: Option<String>,
    pub(crate) at: Timestamp,
}

/// What became of a sale.
#[derive(Debug)]
pub(crate) enum Sold {
    Approved(Box<Order>, Purse),
    /// The order id already bought something; here it is.
    Repeated(Box<Order>),
    /// The 3D Secure authentication was used before, without success.
    AuthenticationUsed,
    Declined(String),
}

/// What became of a void.
#[derive(Debug)]
pub(crate) enum Voided {
    Done(Box<Order>, Purse),
    Unknown,
    Already,
    AlreadySettled,
}

/// What became of a refund.
#[derive(Debug)]
pub(crate) enum Refunded {
    Done(Box<Order>, Purse),
    Unknown,
    NotSettled,
    Exhausted,
}

/// How an order is named in a later message.
#[derive(Debug, Clone)]
pub(crate) enum Key {
    Id(String),
    Seq(i64),
}

/// The file could not be written; no answer may be given.
#[derive(Debug)]
pub(crate) struct Unwritten;

#[derive(Default)]
struct Books {
    orders: BTreeMap<i64, Order>,
    by_id: HashMap<(Bank, String), i64>,
    purses: HashMap<Arc<str>, Purse>,
    /// What the published cards hold, whatever was spent.
    published: HashMap<Arc<str>, Purse>,
    /// Orders after this one spend the points of published cards too; none of them unless a tester
    /// said so.
    published_spend_after: Option<i64>,
    last_seq: i64,
}

/// All orders and purses.
pub(crate) struct Ledger {
    books: Mutex<Books>,
    writer: Writer,
}

impl Ledger {
    /// Reads the file; purses that it does not hold, and those of published cards, open as the card
    /// table says.
    pub(crate) fn open(connection: rusqlite::Connection, cards: &Cards) -> Result<Ledger, String> {
        let mut books = Books::default();
        for card in cards.all() {
            books.purses.insert(card.reference.clone(), card.opening);
            if !card.own {
                books.published.insert(card.reference.clone(), card.opening);
            }
        }
        for (card, purse) in store::purses(&connection)? {
            if !books.published.contains_key(card.as_str()) {
                books.purses.insert(card.into(), purse);
            }
        }
        for order in store::orders(&connection)? {
            books.last_seq = books.last_seq.max(order.seq);
            books
                .by_id
                .insert((order.bank, order.id.clone()), order.seq);
            books.orders.insert(order.seq, order);
        }
        Ok(Ledger {
            books: Mutex::new(books),
            writer: Writer::start(connection)?,
        })
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // A panic while the lock was held is a bug, yet the books are plain values and still sound.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn durable(
        &self,
        written: tokio::sync::oneshot::Receiver<bool>,
    ) -> Result<(), Unwritten> {
        match written.await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Unwritten),
        }
    }

    /// Makes a sale exactly once per order id; a refused order id may try again.
    pub(crate) async fn sell(&self, sale: Sale) -> Result<Sold, Unwritten> {
        let (sold, written) = {
            let mut books = self.books();
            let (sold, rows) = books.sell(sale);
            (sold, self.writer.write(rows))
        };
        self.durable(written).await?;
        Ok(sold)
    }

    /// Takes a whole order back on the day it was made; its points return to the purse.
    pub(crate) async fn void(
        &self,
        bank: Bank,
        key: &Key,
        kind: Kind,
    ) -> Result<Voided, Unwritten> {
        let (voided, written) = {
            let mut books = self.books();
            let (voided, rows) = books.void(bank, key, kind);
            (voided, self.writer.write(rows))
        };
        self.durable(written).await?;
        Ok(voided)
    }

    /// Gives back `amount` of a settled order, of which `points` go to the purse.
    pub(crate) async fn refund(
        &self,
        bank: Bank,
        key: &Key,
        amount: i64,
        split: Split,
    ) -> Result<Refunded, Unwritten> {
        let (refunded, written) = {
            let mut books = self.books();
            let (refunded, rows) = books.refund(bank, key, amount, split);
            (refunded, self.writer.write(rows))
        };
        self.durable(written).await?;
        Ok(refunded)
    }

    /// The order of that key, as it stands on disk.
    pub(crate) async fn order(&self, bank: Bank, key: &Key) -> Result<Option<Order>, Unwritten> {
        let (order, written) = {
            let books = self.books();
            let order = books
                .seq(bank, key)
                .and_then(|seq| books.orders.get(&seq))
                .cloned();
            (order, self.writer.write(Vec::new()))
        };
        self.durable(written).await?;
        Ok(order)
    }

    /// All orders that `keep` keeps, oldest first, as they stand on disk.
    pub(crate) async fn orders(
        &self,
        keep: impl Fn(&Order) -> bool,
    ) -> Result<Vec<Order>, Unwritten> {
        let (orders, written) = {
            let books = self.books();
            let orders = books
                .orders
                .values()
                .filter(|order| keep(order))
                .cloned()
                .collect();
            (orders, self.writer.write(Vec::new()))
        };
        self.durable(written).await?;
        Ok(orders)
    }

    /// What a card's purse holds.
    pub(crate) async fn purse(&self, card: &str) -> Result<Purse, Unwritten> {
        let (purse, written) = {
            let books = self.books();
            (books.purse(card), self.writer.write(Vec::new()))
        };
        self.durable(written).await?;
        Ok(purse)
    }

    /// Makes published cards spend their points from now on, or no more; either way they hold what
    /// is published.
    pub(crate) fn set_published_spend(&self, spend: bool) {
        let mut books = self.books();
        books.published_spend_after = spend.then_some(books.last_seq);
        let published = books.published.clone();
        books.purses.extend(published);
    }

    /// Whether published cards spend their points.
    pub(crate) fn published_spend(&self) -> bool {
        self.books().published_spend_after.is_some()
    }

    /// Puts a purse to these amounts: of a published card until the simulator ends.
    pub(crate) async fn set_purse(&self, card: &Arc<str>, purse: Purse) -> Result<(), Unwritten> {
        let written = {
            let mut books = self.books();
            let rows = books.put_purse(card, purse);
            self.writer.write(rows.into_iter().collect())
        };
        self.durable(written).await
    }

    /// Closes the day: what was captured is settled, can no longer be voided, and may be refunded.
    pub(crate) async fn settle(&self, bank: Option<Bank>) -> Result<usize, Unwritten> {
        let (count, written) = {
            let mut books = self.books();
            let mut rows = Vec::new();
            for order in books.orders.values_mut() {
                if order.state == State::Captured && bank.is_none_or(|bank| bank == order.bank) {
                    order.state = State::Settled;
                    rows.push(Row::Order(Box::new(order.clone())));
                }
            }
            (rows.len(), self.writer.write(rows))
        };
        self.durable(written).await?;
        Ok(count)
    }
}

impl Books {
    fn seq(&self, bank: Bank, key: &Key) -> Option<i64> {
        match key {
            Key::Id(id) => self.by_id.get(&(bank, id.clone())).copied(),
            Key::Seq(seq) => self
                .orders
                .get(seq)
                .filter(|order| order.bank == bank)
                .map(|o| o.seq),
        }
    }

    fn purse(&self, card: &str) -> Purse {
        self.purses.get(card).copied().unwrap_or_default()
    }

    /// Whether an order moves the points of its card: a published card's stay as they are.
    fn moves_points(&self, order: &Order) -> bool {
        !self.published.contains_key(&order.card)
            || self
                .published_spend_after
                .is_some_and(|seq| order.seq > seq)
    }

    /// Puts a purse to these amounts, and tells the row to write: none for a published card.
    fn put_purse(&mut self, card: &Arc<str>, purse: Purse) -> Option<Row> {
        self.purses.insert(card.clone(), purse);
        let kept = !self.published.contains_key(card);
        kept.then(|| Row::Purse(card.clone(), purse))
    }

    fn sell(&mut self, sale: Sale) -> (Sold, Vec<Row>) {
        let known = self.by_id.get(&(sale.bank, sale.id.clone())).copied();
        if let Some(order) = known.and_then(|seq| self.orders.get(&seq)) {
            if order.state != State::Declined {
                return (Sold::Repeated(Box::new(order.clone())), Vec::new());
            }
            if sale
                .nonce
                .as_ref()
                .is_some_and(|nonce| *nonce == order.nonce)
            {
                return (Sold::AuthenticationUsed, Vec::new());
            }
        }
        let purse = self.purse(&sale.card);
        let spent = match &sale.refusal {
            Some(code) => Err(code.clone()),
            None => spend(purse, sale.points, sale.amount).map_err(str::to_owned),
        };
        if let Some(seq) = known {
            self.orders.remove(&seq);
        }
        self.last_seq += 1;
        let mut order = Order {
            seq: self.last_seq,
            bank: sale.bank,
            id: sale.id,
            kind: sale.kind,
            state: State::Captured,
            card: sale.card,
            masked: sale.masked,
            currency: sale.currency,
            amount: sale.amount,
            instalments: sale.instalments,
            campaign: sale.campaign,
            three_ds: sale.nonce.is_some(),
            nonce: sale.nonce.unwrap_or_default(),
            code: String::new(),
            created_at: sale.at,
            refunded: 0,
            spent: Purse::default(),
            returned: Purse::default(),
        };
        let mut rows = Vec::new();
        let sold = match spent {
            Err(code) => {
                order.state = State::Declined;
                order.code.clone_from(&code);
                Sold::Declined(code)
            }
            Ok(spent) => {
                order.spent = spent;
                let mut left = purse;
                if spent != Purse::default() && self.moves_points(&order) {
                    left = less(purse, spent);
                    rows.extend(self.put_purse(&order.card, left));
                }
                Sold::Approved(Box::new(order.clone()), left)
            }
        };
        self.by_id.insert((order.bank, order.id.clone()), order.seq);
        rows.push(Row::Order(Box::new(order.clone())));
        self.orders.insert(order.seq, order);
        (sold, rows)
    }

    fn void(&mut self, bank: Bank, key: &Key, kind: Kind) -> (Voided, Vec<Row>) {
        let order = self
            .seq(bank, key)
            .and_then(|seq| self.orders.get_mut(&seq));
        let Some(order) = order.filter(|order| order.kind == kind) else {
            return (Voided::Unknown, Vec::new());
        };
        match order.state {
            State::Declined => return (Voided::Unknown, Vec::new()),
            State::Voided => return (Voided::Already, Vec::new()),
            State::Settled | State::Refunded => return (Voided::AlreadySettled, Vec::new()),
            State::Captured => {}
        }
        let points = less(order.spent, order.returned);
        order.state = State::Voided;
        order.returned = order.spent;
        let order = order.clone();
        let (purse, rows) = self.give_back(&order, points);
        (Voided::Done(Box::new(order), purse), rows)
    }

    fn refund(&mut self, bank: Bank, key: &Key, amount: i64, split: Split) -> (Refunded, Vec<Row>) {
        let order = self
            .seq(bank, key)
            .and_then(|seq| self.orders.get_mut(&seq));
        let Some(order) = order.filter(|order| order.state != State::Declined) else {
            return (Refunded::Unknown, Vec::new());
        };
        match order.state {
            State::Settled => {}
            State::Captured if split == Split::PointsOnly => {}
            State::Captured => return (Refunded::NotSettled, Vec::new()),
            State::Declined | State::Voided | State::Refunded => {
                return (Refunded::Exhausted, Vec::new());
            }
        }
        let Some(points) = order.points_of(amount, split) else {
            return (Refunded::Exhausted, Vec::new());
        };
        order.refunded += amount;
        order.returned = more(order.returned, points);
        if order.refunded == order.amount {
            order.state = State::Refunded;
        }
        let order = order.clone();
        let (purse, rows) = self.give_back(&order, points);
        (Refunded::Done(Box::new(order), purse), rows)
    }

    fn give_back(&mut self, order: &Order, points: Purse) -> (Purse, Vec<Row>) {
        let mut purse = self.purse(&order.card);
        let mut rows = vec![Row::Order(Box::new(order.clone()))];
        if points != Purse::default() && self.moves_points(order) {
            purse = more(purse, points);
            rows.extend(self.put_purse(&order.card, purse));
        }
        (purse, rows)
    }
}
