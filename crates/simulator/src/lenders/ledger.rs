//! The lender's own ledger: applications and the notifications about them, in one SQLite file.
//! A change and its notification are durable together, before any reply leaves.

use super::loan::Loan;
use super::wire::Refusal;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

const SCHEMA: &str = "
    create table if not exists loans (
        order_id text primary key,
        application_id text not null unique,
        token text not null unique,
        due_at integer,
        loan text not null
    );
    create index if not exists loans_due on loans (due_at) where due_at is not null;
    create table if not exists notifications (
        number integer primary key,
        notification_id text not null unique,
        order_id text not null references loans (order_id),
        url text not null,
        body text not null,
        state text not null,
        due_at integer not null,
        attempts integer not null default 0,
        outcome text not null default 'waiting'
    );
    create index if not exists notifications_due on notifications (due_at)
        where outcome = 'waiting';
";

/// Applications and notifications.
pub(crate) struct Ledger {
    connection: Mutex<Connection>,
}

/// How an application is looked up.
#[derive(Clone, Copy)]
pub(crate) enum Key<'a> {
    /// By Galata's id.
    Order(&'a str),
    /// By the token of its page.
    Token(&'a str),
    /// By either side's id.
    Any(&'a str),
}

/// A notification to be sent.
pub(crate) struct Notification {
    pub(crate) id: String,
    pub(crate) order_id: String,
    pub(crate) amount: i64,
    pub(crate) url: String,
    pub(crate) body: String,
    /// How often it has been sent, this time included.
    pub(crate) attempts: u32,
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Refusal {
        ledger_failure(&error.to_string())
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Refusal {
        ledger_failure(&error.to_string())
    }
}

fn ledger_failure(why: &str) -> Refusal {
    tracing::error!(why, "the lender's ledger failed");
    Refusal {
        status: 500,
        code: "LEDGER_BROKEN".to_owned(),
        message: String::new(),
    }
}

impl Ledger {
    /// Opens `path`, or a ledger in memory.
    pub(crate) fn open(path: Option<&Path>) -> Result<Ledger, String> {
        let connection = match path {
            Some(path) => Connection::open(path),
            None => Connection::open_in_memory(),
        };
        let connection = connection.map_err(|error| error.to_string())?;
        let pragmas = "pragma journal_mode = wal; pragma synchronous = full;
            pragma foreign_keys = on; pragma busy_timeout = 5000;";
        connection
            .execute_batch(pragmas)
            .and_then(|()| connection.execute_batch(SCHEMA))
            .map_err(|error| error.to_string())?;
        Ok(Ledger {
            connection: Mutex::new(connection),
        })
    }

    /// Keeps a new application, unless its order id is known: then gives back the known one.
    pub(crate) fn insert(&self, loan: &Loan) -> Result<Option<Loan>, Refusal> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        if let Some(known) = find(&transaction, Key::Order(&loan.order_id))? {
            return Ok(Some(known));
        }
        transaction.execute(
            "insert into loans (order_id, application_id, token, due_at, loan)
             values (?1, ?2, ?3, ?4, ?5)",
            params![
                loan.order_id,
                loan.application_id,
                loan.token,
                loan.due_at(),
                serde_json::to_string(loan)?
            ],
        )?;
        transaction.commit()?;
        Ok(None)
    }

    /// An application as it stands at `now`.
    pub(crate) fn find(&self, key: Key<'_>, now: i64) -> Result<Option<Loan>, Refusal> {
        self.settle_due(now)?;
        find(&self.lock(), key)
    }

    /// Changes one application. `change` answers whether its state moved: then a notification leaves.
    /// When it refuses, the caller has its refusal and nothing is changed.
    pub(crate) fn change(
        &self,
        key: Key<'_>,
        now: i64,
        change: impl FnOnce(&mut Loan) -> Result<bool, Refusal>,
    ) -> Result<Option<Loan>, Refusal> {
        self.settle_due(now)?;
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        let Some(mut loan) = find(&transaction, key)? else {
            return Ok(None);
        };
        let moved = change(&mut loan)?;
        save(&transaction, &loan, moved, now)?;
        transaction.commit()?;
        Ok(Some(loan))
    }

    /// Does to every application what time alone has done.
    pub(crate) fn settle_due(&self, now: i64) -> Result<(), Refusal> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        let mut due = transaction.prepare_cached("select loan from loans where due_at <= ?1")?;
        let texts: Vec<String> = due
            .query_map([now], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        drop(due);
        if texts.is_empty() {
            return Ok(());
        }
        for text in texts {
            let mut loan: Loan = serde_json::from_str(&text)?;
            let moved = loan.settle(now);
            save(&transaction, &loan, moved, now)?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Every application with its notifications, oldest first.
    pub(crate) fn all(&self, now: i64) -> Result<Vec<(Loan, Vec<Value>)>, Refusal> {
        self.settle_due(now)?;
        let connection = self.lock();
        let mut loans = connection.prepare_cached("select loan from loans order by rowid")?;
        let texts = loans.query_map([], |row| row.get::<_, String>(0))?;
        let mut all = Vec::new();
        for text in texts {
            let loan: Loan = serde_json::from_str(&text?)?;
            let mut notes = connection.prepare_cached(
                "select notification_id, state, attempts, outcome from notifications
                 where order_id = ?1 order by number",
            )?;
            let notes = notes.query_map([&loan.order_id], |row| {
                Ok(json!({
                    "notificationId": row.get::<_, String>(0)?,
                    "state": row.get::<_, String>(1)?,
                    "attempts": row.get::<_, u32>(2)?,
                    "outcome": row.get::<_, String>(3)?,
                }))
            })?;
            let notes = notes.collect::<Result<Vec<Value>, _>>()?;
            all.push((loan, notes));
        }
        Ok(all)
    }

    /// Takes the notifications that are due, of one order or of all, and hides them from others
    /// until `hidden_until`: a sender that dies loses nothing.
    pub(crate) fn take_due(
        &self,
        order_id: Option<&str>,
        now: i64,
        hidden_until: i64,
    ) -> Result<Vec<Notification>, Refusal> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        let mut taken = transaction.prepare_cached(
            "update notifications set due_at = ?1, attempts = attempts + 1
             where outcome = 'waiting' and due_at <= ?2 and (?3 is null or order_id = ?3)
             returning number, notification_id, order_id, url, body, attempts,
                 (select json_extract(loan, '$.amount') from loans
                  where loans.order_id = notifications.order_id)",
        )?;
        let rows = taken.query_map(params![hidden_until, now, order_id], notification)?;
        let mut rows = rows.collect::<Result<Vec<(i64, Notification)>, _>>()?;
        drop(taken);
        transaction.commit()?;
        rows.sort_by_key(|(number, _)| *number);
        Ok(rows
            .into_iter()
            .map(|(_, notification)| notification)
            .collect())
    }

    /// A notification arrived, got lost on purpose, or was given up.
    pub(crate) fn finish(&self, id: &str, outcome: &str) -> Result<(), Refusal> {
        let connection = self.lock();
        connection.execute(
            "update notifications set outcome = ?1 where notification_id = ?2",
            params![outcome, id],
        )?;
        Ok(())
    }

    /// A notification is to be sent again.
    pub(crate) fn postpone(&self, id: &str, due_at: i64) -> Result<(), Refusal> {
        let connection = self.lock();
        connection.execute(
            "update notifications set due_at = ?1 where notification_id = ?2",
            params![due_at, id],
        )?;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic under the lock rolled its transaction back, so the connection is still good.
        self.connection
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn notification(row: &Row<'_>) -> rusqlite::Result<(i64, Notification)> {
    let notification = Notification {
        id: row.get(1)?,
        order_id: row.get(2)?,
        url: row.get(3)?,
        body: row.get(4)?,
        attempts: row.get(5)?,
        amount: row.get(6)?,
    };
    Ok((row.get(0)?, notification))
}

fn find(connection: &Connection, key: Key<'_>) -> Result<Option<Loan>, Refusal> {
    let (sql, value) = match key {
        Key::Order(id) => ("select loan from loans where order_id = ?1", id),
        Key::Token(token) => ("select loan from loans where token = ?1", token),
        Key::Any(id) => (
            "select loan from loans where order_id = ?1 or application_id = ?1",
            id,
        ),
    };
    let mut statement = connection.prepare_cached(sql)?;
    let text: Option<String> = statement.query_row([value], |row| row.get(0)).optional()?;
    text.map(|text| serde_json::from_str(&text).map_err(Refusal::from))
        .transpose()
}

fn save(transaction: &Transaction<'_>, loan: &Loan, moved: bool, now: i64) -> Result<(), Refusal> {
    transaction.execute(
        "update loans set loan = ?1, due_at = ?2 where order_id = ?3",
        params![serde_json::to_string(loan)?, loan.due_at(), loan.order_id],
    )?;
    if !moved {
        return Ok(());
    }
    let count: i64 = transaction.query_row(
        "select count(*) from notifications where order_id = ?1",
        [&loan.order_id],
        |row| row.get(0),
    )?;
    let id = format!("{}-{}", loan.application_id, count + 1);
    let state = json!(loan.state);
    let body = json!({
        "notificationId": id,
        "orderId": loan.order_id,
        "applicationId": loan.application_id,
        "state": state,
    });
    transaction.execute(
        "insert into notifications (notification_id, order_id, url, body, state, due_at)
         values (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            id,
            loan.order_id,
            loan.notification_url,
            body.to_string(),
            state.as_str(),
            now
        ],
    )?;
    Ok(())
}
