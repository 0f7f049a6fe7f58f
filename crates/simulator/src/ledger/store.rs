//! The ledger's file: one thread owns the SQLite connection and gathers waiting writes into one
//! transaction. Nothing here knows what a sale is; rows come and go as values.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::oneshot;

use super::moves::{Move, MoveKind};
use super::order::{Bank, Kind, Order, State};
use crate::cards::Purse;

const MAX_WRITES_PER_COMMIT: usize = 512;

const SCHEMA: &str = "
    pragma journal_mode = wal;
    pragma synchronous = full;
    create table if not exists settings (name text primary key, value blob not null) strict;
    create table if not exists orders (
        seq integer primary key,
        bank text not null,
        order_id text not null,
        kind text not null,
        state text not null,
        card text not null,
        masked text not null,
        currency text not null,
        amount integer not null check (amount >= 0),
        instalments integer not null,
        campaign integer not null,
        three_ds integer not null,
        nonce text not null,
        code text not null,
        created_at integer not null,
        refunded integer not null check (refunded between 0 and amount),
        spent_card integer not null, spent_firm integer not null, spent_mile integer not null,
        returned_card integer not null check (returned_card between 0 and spent_card),
        returned_firm integer not null check (returned_firm between 0 and spent_firm),
        returned_mile integer not null check (returned_mile between 0 and spent_mile),
        unique (bank, order_id)
    ) strict;
    create table if not exists purses (
        card text primary key,
        card_money integer not null check (card_money >= 0),
        firm_money integer not null check (firm_money >= 0),
        mile_money integer not null check (mile_money >= 0)
    ) strict;
";

/// What older files lack, first those made before holds; the file counts what it has in `user_version`.
const UPGRADES: &[&str] = &[
    "
    alter table orders add column held integer not null default 0 check (held >= 0);
    create table moves (
        seq integer primary key,
        order_seq integer not null,
        kind text not null,
        amount integer not null check (amount > 0),
        card integer not null check (card >= 0),
        firm integer not null check (firm >= 0),
        mile integer not null check (mile >= 0),
        at integer not null,
        check (card + firm + mile <= amount)
    ) strict;
    create index moves_of_order on moves (order_seq);
    pragma user_version = 1;
",
    "
    alter table orders add column label text not null default '';
    alter table moves add column name text not null default '';
    pragma user_version = 2;
",
];

/// One row to write.
pub(super) enum Row {
    Order(Box<Order>),
    /// A move of the order of that number.
    Move(i64, Move),
    Purse(Arc<str>, Purse),
}

/// Rows that belong together, and who waits for them.
struct Write {
    rows: Vec<Row>,
    done: oneshot::Sender<bool>,
}

/// The door to the writer thread.
pub(super) struct Writer {
    queue: Sender<Write>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Writer, String> {
        let (queue, waiting) = channel();
        std::thread::Builder::new()
            .name("simulator-ledger".to_owned())
            .spawn(move || work(connection, &waiting))
            .map_err(|error| format!("the ledger's thread does not start: {error}"))?;
        Ok(Writer { queue })
    }

    /// Queues rows. The answer is true once they, and all that was queued before, are durable.
    pub(super) fn write(&self, rows: Vec<Row>) -> oneshot::Receiver<bool> {
        let (done, durable) = oneshot::channel();
        // A writer that is gone drops the sender, which the waiting side reads as a failure.
        let _ = self.queue.send(Write { rows, done });
        durable
    }
}

fn work(mut connection: Connection, waiting: &Receiver<Write>) {
    let mut healthy = true;
    while let Ok(first) = waiting.recv() {
        let mut batch = vec![first];
        while batch.len() < MAX_WRITES_PER_COMMIT {
            match waiting.try_recv() {
                Ok(next) => batch.push(next),
                Err(_) => break,
            }
        }
        if healthy && let Err(error) = commit(&mut connection, &batch) {
            // Memory is now ahead of the file; every later answer would be a lie, so none is given.
            tracing::error!(%error, "the simulator's ledger cannot be written; refusing all work");
            healthy = false;
        }
        for write in batch {
            let _ = write.done.send(healthy);
        }
    }
}

fn commit(connection: &mut Connection, batch: &[Write]) -> rusqlite::Result<()> {
    if batch.iter().all(|write| write.rows.is_empty()) {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    for row in batch.iter().flat_map(|write| &write.rows) {
        match row {
            Row::Order(order) => put_order(&transaction, order)?,
            Row::Move(order_seq, made) => put_move(&transaction, *order_seq, made)?,
            Row::Purse(card, purse) => {
                transaction
                    .prepare_cached(
                        "insert into purses values (?1, ?2, ?3, ?4) on conflict (card) do update
                         set card_money = ?2, firm_money = ?3, mile_money = ?4",
                    )?
                    .execute(params![&**card, purse.card, purse.firm, purse.mile])?;
            }
        }
    }
    transaction.commit()
}

fn put_order(connection: &Connection, order: &Order) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "insert or replace into orders values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,
                 ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)",
        )?
        .execute(params![
            order.seq,
            order.bank.name(),
            order.id,
            order.kind.name(),
            order.state.name(),
            &*order.card,
            &*order.masked,
            order.currency,
            order.amount,
            order.instalments,
            order.campaign,
            order.three_ds,
            order.nonce,
            order.code,
            order.created_at.as_microsecond(),
            order.refunded,
            order.spent.card,
            order.spent.firm,
            order.spent.mile,
            order.returned.card,
            order.returned.firm,
            order.returned.mile,
            order.held,
            order.label,
        ])?;
    Ok(())
}

fn put_move(connection: &Connection, order_seq: i64, made: &Move) -> rusqlite::Result<()> {
    connection
        .prepare_cached("insert into moves values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
        .execute(params![
            made.seq,
            order_seq,
            made.kind.name(),
            made.amount,
            made.points.card,
            made.points.firm,
            made.points.mile,
            made.at.as_microsecond(),
            made.name,
        ])?;
    Ok(())
}

/// Opens the file (or a database in memory) and its schema.
pub(crate) fn connect(directory: Option<&Path>) -> Result<Connection, String> {
    let connection = match directory {
        None => Connection::open_in_memory(),
        Some(directory) => {
            std::fs::create_dir_all(directory)
                .map_err(|error| format!("{}: {error}", directory.display()))?;
            Connection::open(directory.join("simulator.db"))
        }
    };
    let connection = connection.map_err(|error| format!("the ledger does not open: {error}"))?;
    set_up(&connection).map_err(|error| format!("the ledger's schema: {error}"))?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(SCHEMA)?;
    let has: u32 = connection.query_row("pragma user_version", [], |row| row.get(0))?;
    for (number, upgrade) in (0_u32..).zip(UPGRADES) {
        if number >= has {
            connection.execute_batch(&format!("begin; {upgrade} commit;"))?;
        }
    }
    Ok(())
}

/// The simulator's sealing key, made when the file is new.
pub(crate) fn sealing_key(connection: &Connection) -> Result<[u8; 32], String> {
    let read = |error: rusqlite::Error| format!("the ledger's key: {error}");
    let stored: Option<Vec<u8>> = connection
        .query_row("select value from settings where name = 'key'", [], |row| {
            row.get(0)
        })
        .optional()
        .map_err(read)?;
    if let Some(stored) = stored {
        return stored
            .try_into()
            .map_err(|_| "the ledger's key has a wrong length".to_owned());
    }
    let fresh: [u8; 32] = crate::seal::random()?;
    connection
        .execute("insert into settings values ('key', ?1)", [fresh.to_vec()])
        .map_err(read)?;
    Ok(fresh)
}

/// All orders, oldest first.
pub(super) fn orders(connection: &Connection) -> Result<Vec<Order>, String> {
    read_orders(connection).map_err(|error| format!("the ledger's orders: {error}"))
}

fn read_orders(connection: &Connection) -> rusqlite::Result<Vec<Order>> {
    let mut moves = read_moves(connection)?;
    let mut statement = connection.prepare("select * from orders order by seq")?;
    let rows = statement.query_map([], |row| {
        let bank: String = row.get("bank")?;
        let kind: String = row.get("kind")?;
        let state: String = row.get("state")?;
        let created_at: i64 = row.get("created_at")?;
        let purse = |prefix: &str| -> rusqlite::Result<Purse> {
            Ok(Purse {
                card: row.get(format!("{prefix}_card").as_str())?,
                firm: row.get(format!("{prefix}_firm").as_str())?,
                mile: row.get(format!("{prefix}_mile").as_str())?,
            })
        };
        let seq = row.get("seq")?;
        Ok(Order {
            seq,
            bank: Bank::by_name(&bank).ok_or(rusqlite::Error::InvalidQuery)?,
            id: row.get("order_id")?,
            label: row.get("label")?,
            kind: Kind::by_name(&kind).ok_or(rusqlite::Error::InvalidQuery)?,
            state: State::by_name(&state).ok_or(rusqlite::Error::InvalidQuery)?,
            card: row.get::<_, String>("card")?.into(),
            masked: row.get::<_, String>("masked")?.into(),
            currency: row.get("currency")?,
            amount: row.get("amount")?,
            held: row.get("held")?,
            instalments: row.get("instalments")?,
            campaign: row.get("campaign")?,
            three_ds: row.get("three_ds")?,
            nonce: row.get("nonce")?,
            code: row.get("code")?,
            created_at: moment(created_at)?,
            refunded: row.get("refunded")?,
            spent: purse("spent")?,
            returned: purse("returned")?,
            moves: moves.remove(&seq).unwrap_or_default(),
        })
    })?;
    rows.collect()
}

/// All moves, oldest first, by the number of their order.
fn read_moves(connection: &Connection) -> rusqlite::Result<HashMap<i64, Vec<Move>>> {
    let mut statement = connection.prepare("select * from moves order by seq")?;
    let rows = statement.query_map([], |row| {
        let kind: String = row.get("kind")?;
        let made = Move {
            seq: row.get("seq")?,
            kind: MoveKind::by_name(&kind).ok_or(rusqlite::Error::InvalidQuery)?,
            amount: row.get("amount")?,
            points: Purse {
                card: row.get("card")?,
                firm: row.get("firm")?,
                mile: row.get("mile")?,
            },
            at: moment(row.get("at")?)?,
            name: row.get("name")?,
        };
        Ok((row.get("order_seq")?, made))
    })?;
    let mut moves: HashMap<i64, Vec<Move>> = HashMap::new();
    for row in rows {
        let (order_seq, made) = row?;
        moves.entry(order_seq).or_default().push(made);
    }
    Ok(moves)
}

fn moment(microseconds: i64) -> rusqlite::Result<jiff::Timestamp> {
    jiff::Timestamp::from_microsecond(microseconds).map_err(|_| rusqlite::Error::InvalidQuery)
}

/// All purses that ever differed from their opening.
pub(super) fn purses(connection: &Connection) -> Result<Vec<(String, Purse)>, String> {
    let read = |error: rusqlite::Error| format!("the ledger's purses: {error}");
    let mut statement = connection
        .prepare("select card, card_money, firm_money, mile_money from purses")
        .map_err(read)?;
    let rows = statement
        .query_map([], |row| {
            Ok((
                row.get(0)?,
                Purse {
                    card: row.get(1)?,
                    firm: row.get(2)?,
                    mile: row.get(3)?,
                },
            ))
        })
        .map_err(read)?;
    rows.collect::<rusqlite::Result<_>>().map_err(read)
}
