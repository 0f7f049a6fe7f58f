//! What the banks believe: every order and every purse, held in memory and written through to one
//! file before a reply leaves. Protocol words (codes, hashes, messages) are not known here.

mod moves;
mod order;
mod points;
pub(crate) mod store;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::cards::{Cards, Purse};
use points::{less, more, spend};
use store::{Row, Writer};

pub(crate) use moves::{Move, MoveKind};
pub(crate) use order::{ACCOUNT_END, Bank, Kind, Order, State, id_of_account, names};
pub(crate) use points::{NOT_SUFFICIENT_AWARD, Points, Split};

/// A sale that the bank is willing to make.
pub(crate) struct Sale {
    pub(crate) bank: Bank,
    pub(crate) id: String,
    /// The shop's number of the order, at a bank where `id` is that of the message.
    pub(crate) label: String,
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

/// What a void is to undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undo {
    /// An order of this kind, whole; a hold only while it is not captured.
    Whole(Kind),
    /// What was captured of a hold, which stays.
    Capture,
    /// Whatever the order is.
    Any,
    /// What was taken, if it is this amount; not a hold.
    Taken(i64),
    /// What was done last: a capture, of which the hold stays, or whatever the order is.
    Latest,
    /// The transaction that the key names: the order, or the capture of it.
    Named,
}

/// What became of a move about an order: done, with the order as it is now, the move and the card's
/// purse; or why not.
#[derive(Debug)]
pub(crate) enum Moved {
    Done(Box<Order>, Move, Purse),
    /// No such order, or not by that reference.
    Unknown,
    Voided,
    /// The day of what was taken is over.
    Settled,
    /// It is not, or nothing was taken yet.
    NotSettled,
    /// Something of it was given back.
    Returned,
    /// More than is left, or than may be captured.
    TooMuch,
    /// All of it was given back.
    NothingLeft,
    /// The hold was captured.
    Captured,
    /// The hold was not captured.
    NotCaptured,
    /// A hold that is too old to be released.
    TooOld,
    /// The message's own id was used before.
    Repeated,
}

/// What is to be taken of a hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Capture {
    pub(crate) amount: i64,
    /// How many percent more than is held may be taken.
    pub(crate) margin: i64,
    /// What the message says is held, where it must.
    pub(crate) held: Option<i64>,
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
    /// The shop's number of an order, where messages have ids: the one that succeeded, else the latest.
    Label(String),
    /// By the id of the message that made what is moved; the move goes by `name` from now on.
    Naming {
        id: String,
        name: String,
    },
}

/// The file could not be written; no answer may be given.
#[derive(Debug)]
pub(crate) struct Unwritten;

#[derive(Default)]
struct Books {
    orders: BTreeMap<i64, Order>,
    /// Which order a reference is of: its own, or that of a move.
    by_seq: HashMap<i64, i64>,
    /// The number of an order, or of a move that has an id of its own.
    by_id: HashMap<(Bank, String), i64>,
    by_label: HashMap<(Bank, String), i64>,
    /// The authentications that orders used up.
    used: HashSet<String>,
    purses: HashMap<Arc<str>, Purse>,
    /// What the published cards hold, whatever was spent.
    published: HashMap<Arc<str>, Purse>,
    /// Orders after this one spend the points of published cards too; none of them unless a tester
    /// said so.
    published_spend_after: Option<i64>,
    last_seq: i64,
    /// Whether a day ends at midnight by itself.
    day_ends_by_clock: bool,
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
            for made in &order.moves {
                books.index_move(&order, made);
            }
            books.index(&order);
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

    /// Takes an order, or the capture of one, back on its day; its points return to the purse.
    pub(crate) async fn void(
        &self,
        bank: Bank,
        key: &Key,
        undo: Undo,
        at: Timestamp,
    ) -> Result<Moved, Unwritten> {
        self.durably(|books| books.void(bank, key, undo, at)).await
    }

    /// Gives back `amount` of a settled order, or all that is left; `split` says how much of it in points.
    pub(crate) async fn refund(
        &self,
        bank: Bank,
        key: &Key,
        (amount, split): (Option<i64>, Split),
        at: Timestamp,
    ) -> Result<Moved, Unwritten> {
        self.durably(|books| books.refund(bank, key, (amount, split), at))
            .await
    }

    /// Takes of a hold.
    pub(crate) async fn capture(
        &self,
        bank: Bank,
        key: &Key,
        capture: Capture,
        at: Timestamp,
    ) -> Result<Moved, Unwritten> {
        self.durably(|books| books.capture(bank, key, capture, at))
            .await
    }

    /// The order of that key and its card's purse.
    pub(crate) async fn order(
        &self,
        bank: Bank,
        key: &Key,
        now: Timestamp,
    ) -> Result<Option<(Box<Order>, Purse)>, Unwritten> {
        self.durably(|books| {
            let found = books.order(bank, key).map(|order| {
                let order = books.as_of(order, now);
                let purse = books.purse(&order.card);
                (Box::new(order), purse)
            });
            (found, Vec::new())
        })
        .await
    }

    /// The id of the order that a reference is of.
    pub(crate) fn order_id(&self, bank: Bank, reference: i64) -> Option<String> {
        let books = self.books();
        let order = books.order(bank, &Key::Seq(reference))?;
        Some(order.id.clone())
    }

    /// Whether an order id bought or holds something, or did before that was undone.
    pub(crate) fn is_used(&self, bank: Bank, id: String) -> bool {
        let books = self.books();
        let order = books.order(bank, &Key::Id(id));
        order.is_some_and(|order| order.state != State::Declined)
    }

    /// The newest order that fits, as it stands at a moment: to look at before it is moved.
    pub(crate) fn find(&self, fits: impl Fn(&Order) -> bool, now: Timestamp) -> Option<Order> {
        let books = self.books();
        let mut newest = books.orders.values().rev();
        let found = newest.find(|order| fits(order))?;
        Some(books.as_of(found, now))
    }

    /// All orders that `keep` keeps, oldest first.
    pub(crate) async fn orders(
        &self,
        keep: impl Fn(&Order) -> bool,
        now: Timestamp,
    ) -> Result<Vec<Order>, Unwritten> {
        self.durably(|books| {
            let kept = books.orders.values().filter(|order| keep(order));
            let closed = kept.map(|order| books.as_of(order, now));
            (closed.collect(), Vec::new())
        })
        .await
    }

    /// The orders of a bank that were made, or of which something was done, between two moments. It waits for no file: a
    /// list may tell of what is being written.
    pub(crate) fn orders_between(
        &self,
        bank: Bank,
        from: Timestamp,
        until: Timestamp,
    ) -> Vec<Order> {
        let books = self.books();
        let moved = |order: &&Order| {
            let mut moments = order.moves.iter().map(|made| made.at);
            moments.any(|at| (from..=until).contains(&at))
                || (from..=until).contains(&order.created_at)
        };
        let of_bank = books.orders.values().filter(|order| order.bank == bank);
        of_bank.filter(moved).cloned().collect()
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

    /// Makes days end at midnight by themselves from now on, or only when they are closed.
    pub(crate) fn set_day_ends_by_clock(&self, on: bool) {
        self.books().day_ends_by_clock = on;
    }

    /// Whether days end by themselves.
    pub(crate) fn day_ends_by_clock(&self) -> bool {
        self.books().day_ends_by_clock
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
    fn order(&self, bank: Bank, key: &Key) -> Option<&Order> {
        let seq = match key {
            Key::Seq(seq) | Key::Referenced { seq, .. } => Some(seq),
            Key::Id(id) | Key::Naming { id, .. } => self.by_id.get(&(bank, id.clone())),
            Key::Label(label) => self.by_label.get(&(bank, label.clone())),
        };
        let order = self.orders.get(self.by_seq.get(seq?)?)?;
        let named = match key {
            Key::Id(_) | Key::Label(_) | Key::Naming { .. } => true,
            Key::Seq(_) => order.bank == bank,
            Key::Referenced { id, .. } => {
                order.bank == bank && order.id == *id && order.state != State::Declined
            }
        };
        named.then_some(order)
    }

    /// An order as it stands at a moment.
    fn as_of(&self, order: &Order, now: Timestamp) -> Order {
        let mut order = order.clone();
        if self.day_ends_by_clock {
            order.close_day(now);
        }
        order
    }

    /// The order that a move is about, when the message names it as `named` says: by its id, or by the
    /// reference of what is moved.
    fn moving(
        &mut self,
        bank: Bank,
        key: &Key,
        at: Timestamp,
        named: impl Fn(&Order) -> i64,
    ) -> Option<&mut Order> {
        let seq = self.order(bank, key)?.seq;
        let of_name = |id: &String| self.by_id.get(&(bank, id.clone())).copied();
        let of_key = match key {
            Key::Id(_) | Key::Label(_) => None,
            Key::Seq(seq) | Key::Referenced { seq, .. } => Some(*seq),
            Key::Naming { id, .. } => Some(of_name(id)?),
        };
        let closes = self.day_ends_by_clock;
        let order = self.orders.get_mut(&seq)?;
        if closes {
            order.close_day(at);
        }
        let fits = of_key.is_none_or(|seq| named(order) == seq);
        (fits && order.state != State::Declined).then_some(order)
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

    /// The id under which Param sells what asks for a used one, refused or not: a new id, unless the sale shows the 3D
    /// Secure authentication of the order that has it.
    fn fresh_id(&self, sale: &Sale) -> Option<String> {
        if sale.bank != Bank::Param {
            return None;
        }
        let (own, id) = order::names(&sale.id);
        let used = self.order(sale.bank, &Key::Id(id_of_account("", id)))?;
        let same = sale.nonce.as_deref() == Some(used.nonce.as_str());
        (!same).then(|| id_of_account(own, &format!("{id}-{}", self.last_seq + 1)))
    }

    /// The order that an authentication was used for, and the id of another order under an id that is
    /// taken, at a bank that sells again under one id.
    fn sell_again(&self, sale: &mut Sale) -> Option<Sold> {
        if let Some(nonce) = sale.nonce.as_ref().filter(|nonce| !nonce.is_empty()) {
            let of_proof = |order: &&Order| order.bank == sale.bank && order.nonce == *nonce;
            if let Some(order) = self.orders.values().rev().find(of_proof) {
                return Some(match order.state {
                    State::Declined => Sold::AuthenticationUsed,
                    _ => Sold::Repeated(Box::new(order.clone())),
                });
            }
        }
        if self.by_id.contains_key(&(sale.bank, sale.id.clone())) {
            sale.id.push(ACCOUNT_END);
            sale.id.push_str(&(self.last_seq + 1).to_string());
        }
        None
    }

    fn sell(&mut self, mut sale: Sale) -> (Sold, Vec<Row>) {
        if let Some(fresh) = self.fresh_id(&sale) {
            sale.id = fresh;
        }
        if sale.bank.sells_again()
            && let Some(used) = self.sell_again(&mut sale)
        {
            return (used, Vec::new());
        }
        let known = self.by_id.get(&(sale.bank, sale.id.clone())).copied();
        if sale.bank.numbers_transactions() {
            let of_label = self.order(sale.bank, &Key::Label(sale.label.clone()));
            let taken = of_label.filter(|order| order.state != State::Declined);
            if let Some(order) = self.order(sale.bank, &Key::Id(sale.id.clone())).or(taken) {
                return (Sold::Repeated(Box::new(order.clone())), Vec::new());
            }
            if sale
                .nonce
                .as_ref()
                .is_some_and(|nonce| self.used.contains(nonce))
            {
                return (Sold::AuthenticationUsed, Vec::new());
            }
        } else if let Some(order) = known.and_then(|seq| self.orders.get(&seq)) {
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
            self.by_seq.remove(&seq);
        }
        self.last_seq += 1;
        let mut order = Order {
            seq: self.last_seq,
            bank: sale.bank,
            id: sale.id,
            label: sale.label,
            kind: sale.kind,
            state: match sale.kind {
                Kind::Hold => State::Held,
                Kind::Sale | Kind::Points => State::Captured,
            },
            held: match sale.kind {
                Kind::Hold => sale.amount,
                Kind::Sale | Kind::Points => 0,
            },
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
            moves: Vec::new(),
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
        self.index(&order);
        rows.push(Row::Order(Box::new(order.clone())));
        self.orders.insert(order.seq, order);
        (sold, rows)
    }

    /// Notes by what names an order goes. Of several with a label the last one made counts: none follows
    /// one that succeeded.
    fn index(&mut self, order: &Order) {
        self.last_seq = self.last_seq.max(order.seq);
        self.by_seq.insert(order.seq, order.seq);
        for id in order.aliases().into_iter().chain([order.id.clone()]) {
            self.by_id.insert((order.bank, id), order.seq);
        }
        if !order.label.is_empty() {
            self.by_label
                .insert((order.bank, order.label.clone()), order.seq);
        }
        if !order.nonce.is_empty() {
            self.used.insert(order.nonce.clone());
        }
    }

    /// Notes by what names a move goes.
    fn index_move(&mut self, order: &Order, made: &Move) {
        self.last_seq = self.last_seq.max(made.seq);
        self.by_seq.insert(made.seq, order.seq);
        if !made.name.is_empty() {
            self.by_id.insert((order.bank, made.name.clone()), made.seq);
        }
    }

    /// Whether a move would take an id that something has.
    fn repeats(&self, bank: Bank, key: &Key) -> bool {
        matches!(key, Key::Naming { name, .. } if self.by_id.contains_key(&(bank, name.clone())))
    }

    /// What exactly is undone where the key names a transaction; the reason when that cannot be.
    fn undone(&self, bank: Bank, key: &Key) -> Result<Undo, Moved> {
        let Key::Naming { id, .. } = key else {
            return Ok(Undo::Any);
        };
        let named = self.by_id.get(&(bank, id.clone()));
        let order = self.order(bank, key);
        if order.is_some_and(|order| order.state == State::Refunded) {
            return Err(Moved::NothingLeft);
        }
        match order.and_then(Order::capture) {
            Some(capture) if named == Some(&capture.seq) => Ok(Undo::Capture),
            Some(_) => Err(Moved::Captured),
            None => Ok(Undo::Any),
        }
    }

    fn void(&mut self, bank: Bank, key: &Key, undo: Undo, at: Timestamp) -> (Moved, Vec<Row>) {
        if self.repeats(bank, key) {
            return (Moved::Repeated, Vec::new());
        }
        let undo = match undo {
            Undo::Named => match self.undone(bank, key) {
                Ok(undo) => undo,
                Err(refusal) => return (refusal, Vec::new()),
            },
            undo => undo,
        };
        let named = |order: &Order| match undo {
            Undo::Whole(_) => order.seq,
            Undo::Capture | Undo::Any | Undo::Latest | Undo::Named | Undo::Taken(_) => {
                order.taking()
            }
        };
        let Some(order) = self.moving(bank, key, at, named) else {
            return (Moved::Unknown, Vec::new());
        };
        let undo = match undo {
            Undo::Latest if order.capture().is_some() => Undo::Capture,
            Undo::Latest => Undo::Any,
            undo => undo,
        };
        if let Some(refusal) = refuse_void(order, undo, at) {
            return (refusal, Vec::new());
        }
        let points = less(order.spent, order.returned);
        let (kind, amount) = (
            match undo {
                Undo::Capture => MoveKind::Uncapture,
                Undo::Whole(_) | Undo::Any | Undo::Latest | Undo::Named | Undo::Taken(_) => {
                    MoveKind::Void
                }
            },
            order.amount,
        );
        match kind {
            MoveKind::Uncapture => {
                order.state = State::Held;
                order.amount = order.held;
            }
            _ => {
                order.state = State::Voided;
                order.returned = order.spent;
            }
        }
        let seq = order.seq;
        self.note((seq, key), (kind, amount, points), at)
    }

    fn refund(
        &mut self,
        bank: Bank,
        key: &Key,
        (amount, split): (Option<i64>, Split),
        at: Timestamp,
    ) -> (Moved, Vec<Row>) {
        if self.repeats(bank, key) {
            return (Moved::Repeated, Vec::new());
        }
        let Some(order) = self.moving(bank, key, at, Order::taking) else {
            return (Moved::Unknown, Vec::new());
        };
        match order.state {
            State::Settled => {}
            State::Captured if split == Split::PointsOnly || bank.refunds_on_the_day() => {}
            State::Captured | State::Held => return (Moved::NotSettled, Vec::new()),
            State::Voided => return (Moved::Voided, Vec::new()),
            State::Declined => return (Moved::Unknown, Vec::new()),
            State::Refunded => return (Moved::NothingLeft, Vec::new()),
        }
        let amount = amount.unwrap_or_else(|| order.captured() - order.refunded);
        let Some(points) = order.points_of(amount, split) else {
            return (Moved::TooMuch, Vec::new());
        };
        order.refunded += amount;
        order.returned = more(order.returned, points);
        if order.refunded == order.amount {
            order.state = State::Refunded;
        }
        let seq = order.seq;
        let kind = match split {
            Split::PointsOnly => MoveKind::PointRefund,
            Split::CardOnly | Split::Proportional => MoveKind::Refund,
        };
        self.note((seq, key), (kind, amount, points), at)
    }

    fn capture(
        &mut self,
        bank: Bank,
        key: &Key,
        Capture {
            amount,
            margin,
            held,
        }: Capture,
        at: Timestamp,
    ) -> (Moved, Vec<Row>) {
        if self.repeats(bank, key) {
            return (Moved::Repeated, Vec::new());
        }
        let Some(order) = self.moving(bank, key, at, |order| order.seq) else {
            return (Moved::Unknown, Vec::new());
        };
        match order.state {
            State::Held => {}
            State::Voided => return (Moved::Voided, Vec::new()),
            _ if order.kind == Kind::Hold => return (Moved::Captured, Vec::new()),
            _ => return (Moved::Unknown, Vec::new()),
        }
        let most = i128::from(order.held) * i128::from(100 + margin) / 100;
        let misnamed = held.is_some_and(|held| held != order.held);
        // What a hold spent in points is taken whole.
        let least = order.spent.total().unwrap_or(i64::MAX).max(1);
        if amount < least || misnamed || i128::from(amount) > most {
            return (Moved::TooMuch, Vec::new());
        }
        order.state = State::Captured;
        order.amount = amount;
        let seq = order.seq;
        self.note(
            (seq, key),
            (MoveKind::Capture, amount, Purse::default()),
            at,
        )
    }

    /// Notes a move of an order, whose changes are made, and gives its points back.
    fn note(
        &mut self,
        (seq, key): (i64, &Key),
        (kind, amount, points): (MoveKind, i64, Purse),
        at: Timestamp,
    ) -> (Moved, Vec<Row>) {
        self.last_seq += 1;
        let made = Move {
            seq: self.last_seq,
            name: match key {
                Key::Naming { name, .. } => name.clone(),
                _ => String::new(),
            },
            kind,
            amount,
            points,
            at,
        };
        let Some(order) = self.orders.get_mut(&seq) else {
            return (Moved::Unknown, Vec::new());
        };
        order.moves.push(made.clone());
        let order = order.clone();
        self.index_move(&order, &made);
        let mut purse = self.purse(&order.card);
        let mut rows = vec![
            Row::Order(Box::new(order.clone())),
            Row::Move(seq, made.clone()),
        ];
        if points != Purse::default() && self.moves_points(&order) {
            purse = more(purse, points);
            rows.extend(self.put_purse(&order.card, purse));
        }
        (Moved::Done(Box::new(order), made, purse), rows)
    }
}

/// How long a hold can be released at PosNet.
const HOLD_RELEASE_DAYS: i64 = 7;

/// Why an order, or its capture, cannot be undone.
fn refuse_void(order: &Order, undo: Undo, at: Timestamp) -> Option<Moved> {
    let of_other_kind = match undo {
        Undo::Whole(kind) => order.kind != kind,
        Undo::Capture => order.kind != Kind::Hold,
        Undo::Any | Undo::Latest | Undo::Named | Undo::Taken(_) => false,
    };
    if of_other_kind {
        return Some(Moved::Unknown);
    }
    let captured_hold = order.capture().is_some() && undo == Undo::Whole(Kind::Hold);
    match order.state {
        State::Declined => Some(Moved::Unknown),
        State::Voided => Some(Moved::Voided),
        _ if captured_hold => Some(Moved::Captured),
        State::Settled | State::Refunded => Some(Moved::Settled),
        State::Captured if order.refunded > 0 => Some(Moved::Returned),
        State::Captured if matches!(undo, Undo::Taken(amount) if amount != order.amount) => {
            Some(Moved::TooMuch)
        }
        State::Captured => None,
        State::Held if matches!(undo, Undo::Capture | Undo::Taken(_)) => Some(Moved::NotCaptured),
        State::Held => {
            let age = at.duration_since(order.created_at);
            let old = age > jiff::SignedDuration::from_hours(24 * HOLD_RELEASE_DAYS);
            (old && undo == Undo::Whole(Kind::Hold)).then_some(Moved::TooOld)
        }
    }
}
