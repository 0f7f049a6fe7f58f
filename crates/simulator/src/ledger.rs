//! What the banks believe: every order and every purse, held in memory and written through to one
//! file before a reply leaves. Protocol words (codes, hashes, messages) are not known here.

mod order;
mod points;
pub(crate) mod store;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::cards::{Cards, Purse};
use points::{less, more, spend};
use store::{Row, Writer};

pub(crate) use order::{Bank, Kind, Order, State};
pub(crate) use points::{NOT_SUFFICIENT_AWARD, Points, Split};

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
    /// By its id and the bank's reference of it, which a declined order does not have.
    Referenced {
        id: String,
        seq: i64,
    },
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

    /// Reads or changes the books. What comes of it is told once its rows, and all that were queued
    /// before, are on disk.
    async fn durably<T>(
        &self,
        act: impl FnOnce(&mut Books) -> (T, Vec<Row>),
    ) -> Result<T, Unwritten> {
        let (outcome, written) = {
            let mut books = self.books();
            let (outcome, rows) = act(&mut books);
            (outcome, self.writer.write(rows))
        };
        match written.await {
            Ok(true) => Ok(outcome),
            Ok(false) | Err(_) => Err(Unwritten),
        }
    }

    /// Makes a sale exactly once per order id; a refused order id may try again.
    pub(crate) async fn sell(&self, sale: Sale) -> Result<Sold, Unwritten> {
        self.durably(|books| books.sell(sale)).await
    }

    /// Takes a whole order back on the day it was made; its points return to the purse.
    pub(crate) async fn void(
        &self,
        bank: Bank,
        key: &Key,
        kind: Kind,
    ) -> Result<Voided, Unwritten> {
        self.durably(|books| books.void(bank, key, kind)).await
    }

    /// Gives back `amount` of a settled order; `split` says how much of it in points.
    pub(crate) async fn refund(
        &self,
        bank: Bank,
        key: &Key,
        amount: i64,
        split: Split,
    ) -> Result<Refunded, Unwritten> {
        self.durably(|books| books.refund(bank, key, amount, split))
            .await
    }

    /// The order of that key and its card's purse.
    pub(crate) async fn order(
        &self,
        bank: Bank,
        key: &Key,
    ) -> Result<Option<(Box<Order>, Purse)>, Unwritten> {
        self.durably(|books| {
            let seq = books.seq(bank, key);
            let order = seq.and_then(|seq| books.orders.get(&seq));
            let found = order.map(|order| (Box::new(order.clone()), books.purse(&order.card)));
            (found, Vec::new())
        })
        .await
    }

    /// All orders that `keep` keeps, oldest first.
    pub(crate) async fn orders(
        &self,
        keep: impl Fn(&Order) -> bool,
    ) -> Result<Vec<Order>, Unwritten> {
        self.durably(|books| {
            let kept = books.orders.values().filter(|order| keep(order));
            (kept.cloned().collect(), Vec::new())
        })
        .await
    }

    /// What a card's purse holds.
    pub(crate) async fn purse(&self, card: &str) -> Result<Purse, Unwritten> {
        self.durably(|books| (books.purse(card), Vec::new())).await
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
        self.durably(|books| ((), books.put_purse(card, purse).into_iter().collect()))
            .await
    }

    /// Closes the day: what was captured is settled, can no longer be voided, and may be refunded.
    pub(crate) async fn settle(&self, bank: Option<Bank>) -> Result<usize, Unwritten> {
        self.durably(|books| {
            let mut rows = Vec::new();
            for order in books.orders.values_mut() {
                if order.state == State::Captured && bank.is_none_or(|bank| bank == order.bank) {
                    order.state = State::Settled;
                    rows.push(Row::Order(Box::new(order.clone())));
                }
            }
            (rows.len(), rows)
        })
        .await
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
                .map(|order| order.seq),
            Key::Referenced { id, seq } => self
                .orders
                .get(seq)
                .filter(|order| order.bank == bank && order.id == *id)
                .filter(|order| order.state != State::Declined)
                .map(|order| order.seq),
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
