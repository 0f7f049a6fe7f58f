//! SQLite: one writer thread that gathers waiting commits into one transaction and one fsync, and
//! a few reader threads. What a commit means is in `commit`; nothing here waits for company.
//!
//! Other processes (a command beside the server) may write the same file: every batch takes the
//! write lock at its beginning and waits for it a bounded time.

use super::checkpointer::Checkpointer;
use super::commit::{CommitError, GONE, Member, Outcome, hand_over};
use super::migrate::{self, MigrateError, Migration};
use super::place::{self, Held, Place};
use super::reads::{Read, Reads, locked};
use super::{
    Commit, OpenError, Options, READ_TIMEOUT, Row, Unavailable, Value, acknowledged, backup,
    params, too_late,
};
use crate::machine;
use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::types::{Null, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, ffi};
use std::borrow::Cow;
use std::ffi::c_int;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Commits that may wait for the writer; callers beyond that wait to hand theirs over.
const COMMITS_WAITING_MAX: usize = 4096;
/// Commits that share one transaction.
const BATCH_MAX: usize = 256;
/// How often a process looks whether the other one has let go of the write lock, a millisecond
/// apart. SQLite's own handler sleeps up to 100 ms and loses to a busy neighbour.
const LOCK_TRIES_MAX: i32 = 10_000;
/// How often a checkpoint looks whether readers have moved on, a millisecond apart. Writing
/// stands still meanwhile.
const CHECKPOINT_TRIES_MAX: i32 = 20;
/// The same when the log is past `LOG_PAGES_HARD`: slow writing is better than a full disk.
const CHECKPOINT_TRIES_HARD_MAX: i32 = 1_000;
/// The log's pages at which the writer moves them into the file: 16 MiB.
const LOG_PAGES_SOFT: u32 = 4_096;
/// The log's pages from which on its file is cut off afterwards, 32 MiB.
const LOG_PAGES_LONG: u32 = 8_192;
/// The log's pages at which the writer insists: 256 MiB.
const LOG_PAGES_HARD: u32 = 65_536;
/// How much the log grows before a checkpoint that met a reader is tried again.
const LOG_PAGES_STEP: u32 = 1_024;
/// Moves the log into the file; the next commit writes over it.
const RESTART: &str = "pragma wal_checkpoint(restart)";
/// Moves the log into the file and cuts it off.
const TRUNCATE: &str = "pragma wal_checkpoint(truncate)";
/// Steps of SQLite's machine, some milliseconds' worth, between looks at the clock.
const STEPS_BETWEEN_LOOKS: i32 = 100_000;
/// How often the database counts itself while it is written.
const COUNT_EVERY: Duration = Duration::from_secs(1);
/// Prepared statements kept per connection.
const STATEMENTS_KEPT: usize = 512;

pub(super) struct Database {
    path: PathBuf,
    writer: mpsc::Sender<Write>,
    reads: Arc<Reads>,
    readers: Mutex<Vec<thread::JoinHandle<()>>>,
}

enum Write {
    Commit(Member),
    /// A second has passed.
    Count,
    Close(oneshot::Sender<()>),
}

impl Database {
    pub(super) async fn open(path: &str, options: &Options) -> Result<Database, OpenError> {
        if path.is_empty() || path.starts_with(':') {
            return Err(OpenError::new(
                "the SQLite URL names no file",
                "write sqlite:///absolute/path.db; a database in memory is not supported",
            ));
        }
        let path = PathBuf::from(path);
        let (readers, create) = (options.readers.max(1), options.create);
        let database = tokio::task::spawn_blocking(move || Database::start(path, readers, create))
            .await
            .map_err(|error| open_error(&error.to_string()))??;
        tokio::spawn(count_each_second(database.writer.downgrade()));
        Ok(database)
    }

    fn start(path: PathBuf, readers: usize, create: bool) -> Result<Database, OpenError> {
        if let Some((why, hint)) = machine::denied(&path) {
            return Err(OpenError::new(why, hint));
        }
        let held = Arc::new(hold(&path, create)?);
        let refused = |error: rusqlite::Error| open_error(&told_of(&path, &error));
        acknowledged::compare(&path)?;
        let mut connection = connect(&path, create).map_err(refused)?;
        let log_pages = count_log_pages(&mut connection).map_err(refused)?;
        let beside = connect(&path, false).map_err(refused)?;
        let (checkpointer, move_log) = Checkpointer::over(beside);
        let held_beside = Arc::clone(&held);
        let mut threads = vec![spawn("db-checkpointer", move || {
            move_log();
            drop(held_beside);
        })?];
        let place = Place::of(&path)
            .map_err(|error| open_error(&format!("{}: {error}", path.display())))?;
        let (writer, waiting) = mpsc::channel(COMMITS_WAITING_MAX);
        let work = Writer {
            connection,
            held: Arc::clone(&held),
            waiting,
            database: path.clone(),
            place,
            moved: false,
            log_pages,
            checkpointer,
            checkpoint_at_pages: LOG_PAGES_SOFT,
            count_due: false,
            uncounted: false,
            unkept: false,
        };
        spawn("db-writer", move || work.run())?;

        let reads = Arc::new(Reads::default());
        for _ in 0..readers {
            let connection = connect(&path, false).map_err(refused)?;
            connection
                .pragma_update(None, "query_only", true)
                .map_err(refused)?;
            let (reads, held) = (Arc::clone(&reads), Arc::clone(&held));
            threads.push(spawn("db-reader", move || {
                read_all(connection, &reads);
                drop(held);
            })?);
        }
        Ok(Database {
            path,
            writer,
            reads,
            readers: Mutex::new(threads),
        })
    }

    pub(super) async fn commit(&self, commit: Commit) -> Outcome {
        hand_over(&self.writer, commit, Write::Commit).await
    }

    pub(super) async fn rows(
        &self,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, Unavailable> {
        let (reply, rows) = oneshot::channel();
        self.reads.push(Read {
            sql,
            params,
            until: Instant::now() + READ_TIMEOUT,
            reply,
        })?;
        tokio::time::timeout(READ_TIMEOUT, rows)
            .await
            .map_err(|_| Unavailable(too_late(READ_TIMEOUT)))?
            .map_err(|_| Unavailable(GONE.to_owned()))?
    }

    pub(super) async fn migrate(
        &self,
        migrations: &[Migration],
        now: Timestamp,
    ) -> Result<Vec<i64>, MigrateError> {
        let path = self.path.clone();
        let migrations = migrations.to_vec();
        tokio::task::spawn_blocking(move || migrate_file(&path, &migrations, now))
            .await
            .map_err(|error| Unavailable(error.to_string()))?
    }

    pub(super) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.writer.send(Write::Close(reply)).await.is_ok() {
            drop(closed.await);
        }
        self.reads.close();
        let readers = std::mem::take(&mut *locked(&self.readers));
        let joined = tokio::task::spawn_blocking(move || {
            for reader in readers {
                drop(reader.join());
            }
        });
        drop(joined.await);
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.reads.close();
    }
}

/// Keeps restores away, refuses one that was stopped on its way, and a file that is missing unless
/// `create` says so.
fn hold(path: &Path, create: bool) -> Result<Held, OpenError> {
    let missing = || matches!(path.try_exists(), Ok(false));
    let make = create || !missing();
    if create && missing() {
        check_folder(path)?;
    }
    let held = place::share(path, make)
        .map_err(|why| OpenError::new(why, "then try again; nothing was changed"))?;
    backup::refuse_half_restored(path).map_err(|why| {
        OpenError::new(
            why,
            "run `galata restore` once more, which comes to the end; nothing was changed",
        )
    })?;
    // A mistyped path must not become one more empty database.
    if missing() && !create {
        Err(OpenError::new(
            format!("there is no database {}", path.display()),
            "`galata migrate` makes it, if the path is right",
        ))
    } else {
        Ok(held)
    }
}

/// Refuses a new database whose folder is not there: a mistyped path would become an empty one.
fn check_folder(path: &Path) -> Result<(), OpenError> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => {
            let folder = folder.display();
            Err(OpenError::new(
                format!("the folder {folder} of the database is not there"),
                format!("is --database-url right? If it is, make it: install -d -m 700 {folder}"),
            ))
        }
        _ => Ok(()),
    }
}

fn open_error(message: &str) -> OpenError {
    OpenError::new(
        format!("the SQLite database cannot be opened: {message}"),
        "the folder must exist and be writable, on a local disk",
    )
}

/// SQLite names the file itself now and then.
fn told_of(path: &Path, error: &rusqlite::Error) -> String {
    let (path, why) = (path.display().to_string(), error.to_string());
    if why.contains(&path) {
        why
    } else {
        format!("{path}: {why}")
    }
}

fn spawn(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> Result<thread::JoinHandle<()>, OpenError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| open_error(&error.to_string()))
}

fn connect(path: &Path, create: bool) -> rusqlite::Result<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, create);
    let mut connection = Connection::open_with_flags(path, flags)?;
    wait_for_locks(&mut connection, LOCK_TRIES_MAX)?;
    // The switch to WAL does not ask the busy handler when two processes open a new file at once.
    let mut tries = 0;
    while let Err(error) = connection.pragma_update(None, "journal_mode", "wal") {
        tries += 1;
        if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) || tries > LOCK_TRIES_MAX {
            return Err(error);
        }
        thread::sleep(Duration::from_millis(1));
    }
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // KiB, for each of the writer and the readers: what a payment touches fits many times.
    connection.pragma_update(None, "cache_size", -6_000)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // With its table statistics SQLite would plan a statement anew whenever other values are bound:
    // an eighth of the time of a payment, for plans by key that never change.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(connection)
}

fn wait_for_locks(connection: &mut Connection, tries_max: i32) -> rusqlite::Result<()> {
    connection.busy_handler(Some(move |tries: i32| {
        thread::sleep(Duration::from_millis(1));
        tries < tries_max
    }))
}

/// How many pages the log has after each commit of this connection.
fn count_log_pages(connection: &mut Connection) -> rusqlite::Result<Arc<AtomicU32>> {
    let pages = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&pages);
    connection.wal_hook(Some(move |_: &mut Wal, pages: c_int| {
        counted.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
        Ok(())
    }))?;
    Ok(pages)
}

/// The one thread of this process that writes.
struct Writer {
    connection: Connection,
    held: Arc<Held>,
    waiting: mpsc::Receiver<Write>,
    database: PathBuf,
    place: Place,
    /// The log tells that the file is not at its place.
    moved: bool,
    /// Pages in the log, as of the last commit.
    log_pages: Arc<AtomicU32>,
    checkpointer: Checkpointer,
    checkpoint_at_pages: u32,
    /// The next transaction counts, see `acknowledged`.
    count_due: bool,
    /// Something was written since the last count.
    uncounted: bool,
    /// The last count could not be kept.
    unkept: bool,
}

/// Tells the writer of each second that passes, as long as there is one.
async fn count_each_second(writer: mpsc::WeakSender<Write>) {
    loop {
        tokio::time::sleep(COUNT_EVERY).await;
        match writer.upgrade() {
            // A queue that is full is counted a second later.
            Some(writer) if !writer.is_closed() => drop(writer.try_send(Write::Count)),
            _ => return,
        }
    }
}

impl Writer {
    fn run(mut self) {
        let mut closing = None;
        while let Some(first) = self.next(closing.is_some()) {
            let mut batch = Vec::new();
            let mut next = Some(first);
            while let Some(write) = next {
                match write {
                    Write::Commit(member) => batch.extend(member.in_time()),
                    Write::Count => self.count_due = self.is_in_place() && self.uncounted,
                    Write::Close(reply) => {
                        // Whatever was handed over before this moment is still carried out.
                        self.waiting.close();
                        closing = Some(reply);
                    }
                }
                next = (batch.len() < BATCH_MAX)
                    .then(|| self.waiting.try_recv().ok())
                    .flatten();
            }
            self.carry_out(batch);
            self.bound_log();
        }
        self.count_due = self.uncounted;
        self.carry_out(Vec::new());
        self.checkpoint(TRUNCATE, CHECKPOINT_TRIES_HARD_MAX);
        drop(self.connection);
        drop(self.held);
        if let Some(reply) = closing {
            // Whoever closed may have stopped waiting.
            let _: Result<(), ()> = reply.send(());
        }
    }

    /// Waits for the next commit; when closing, takes what has arrived.
    fn next(&mut self, closing: bool) -> Option<Write> {
        if closing {
            self.waiting.try_recv().ok()
        } else {
            self.waiting.blocking_recv()
        }
    }

    /// Whether the path still names this file. That it does not is told once.
    fn is_in_place(&mut self) -> bool {
        let found = self.place.check();
        match &found {
            Err(why) if !self.moved => tracing::error!("{why}"),
            Ok(()) if self.moved => tracing::info!("the database is at its place again"),
            _ => {}
        }
        self.moved = found.is_err();
        found.is_ok()
    }

    /// Carries out a batch in one transaction and answers every member after it is durable. An
    /// answer of conflict waits as well: it may rest on another member's writes.
    fn carry_out(&mut self, batch: Vec<Member>) {
        if batch.is_empty() && !self.count_due {
            return;
        }
        let done = self.place.check();
        let done = done.and_then(|()| self.transaction(&batch).map_err(|error| error.to_string()));
        // Moved meanwhile: it is durable where nobody reads it.
        match done.and_then(|done| self.place.check().map(|()| done)) {
            Ok((outcomes, count)) => {
                for (member, outcome) in batch.into_iter().zip(outcomes) {
                    member.answer(outcome);
                }
                self.keep_count(count);
            }
            Err(error) => {
                if !self.connection.is_autocommit() {
                    drop(self.connection.execute_batch("rollback"));
                }
                tracing::error!(%error, members = batch.len(), "a batch of commits failed");
                let outcome = Err(CommitError::Unavailable(error));
                for member in batch {
                    member.answer(outcome.clone());
                }
            }
        }
    }

    /// Keeps the count that a transaction made durable.
    fn keep_count(&mut self, count: Option<i64>) {
        let Some(count) = count else {
            self.uncounted = true;
            return;
        };
        (self.count_due, self.uncounted) = (false, false);
        let kept = acknowledged::keep(&self.database, count);
        // Once a second is too often to say the same.
        if let Err(error) = &kept
            && !self.unkept
        {
            let file = acknowledged::file_beside(&self.database);
            tracing::warn!(%error, file = %file.display(), "how far the database has come cannot be kept beside it");
        }
        self.unkept = kept.is_err();
    }

    /// What came of each member, and the count, when it was due.
    fn transaction(&mut self, batch: &[Member]) -> rusqlite::Result<(Vec<Outcome>, Option<i64>)> {
        match self.together(batch)? {
            Some(count) => Ok((batch.iter().map(|_| Ok(())).collect(), count)),
            None => self.each_by_itself(batch),
        }
    }

    /// Carries out a batch in which nobody is refused, as nearly all are: without savepoints, which
    /// copy each page that a member changes. The count when it was due; `None` when a member was
    /// refused, and then nothing is written.
    fn together(&mut self, batch: &[Member]) -> rusqlite::Result<Option<Option<i64>>> {
        self.step("begin immediate")?;
        let carried_out = |member: &Member| carry_out_statements(&self.connection, &member.commit);
        if batch.iter().any(|member| carried_out(member).is_err()) {
            if !self.connection.is_autocommit() {
                self.step("rollback")?;
            }
            return Ok(None);
        }
        let count = self.count_if_due()?;
        self.step("commit")?;
        Ok(Some(count))
    }

    fn count_if_due(&self) -> rusqlite::Result<Option<i64>> {
        if self.count_due {
            Ok(Some(acknowledged::count(&self.connection)?))
        } else {
            Ok(None)
        }
    }

    /// Carries out each member within a savepoint of its own, so that only it is refused.
    fn each_by_itself(
        &mut self,
        batch: &[Member],
    ) -> rusqlite::Result<(Vec<Outcome>, Option<i64>)> {
        self.step("begin immediate")?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for member in batch {
            self.step("savepoint member")?;
            let outcome = carry_out_statements(&self.connection, &member.commit);
            if self.connection.is_autocommit() {
                // A full disk and the like end the whole transaction, whoever met it.
                return Err(rusqlite::Error::SqliteFailure(
                    ffi::Error::new(ffi::SQLITE_ABORT_ROLLBACK),
                    outcome.err().map(|error| error.to_string()),
                ));
            }
            if outcome.is_err() {
                self.step("rollback to member")?;
            }
            self.step("release member")?;
            outcomes.push(outcome);
        }
        let count = self.count_if_due()?;
        self.step("commit")?;
        Ok((outcomes, count))
    }

    fn step(&self, sql: &'static str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.raw_execute()?;
        Ok(())
    }

    /// Moves the log into the file when it has grown. Passive checkpoints alone never catch up under
    /// load: there is always a reader on the last page, and the log only starts anew when there is
    /// none. One that did not grow far is written over: making its pages anew costs more than the
    /// writes.
    fn bound_log(&mut self) {
        let pages = self.log_pages.load(Ordering::Relaxed);
        if pages < LOG_PAGES_SOFT {
            // It began anew, perhaps by another process: what it met at its old length is over.
            self.checkpoint_at_pages = LOG_PAGES_SOFT;
        }
        let due = pages >= self.checkpoint_at_pages;
        if !due || (pages < LOG_PAGES_LONG && !self.checkpointer.has_moved()) {
            return;
        }
        let done = match pages {
            ..LOG_PAGES_LONG => self.checkpoint(RESTART, CHECKPOINT_TRIES_MAX),
            LOG_PAGES_LONG..LOG_PAGES_HARD => self.checkpoint(TRUNCATE, CHECKPOINT_TRIES_MAX),
            _ => self.checkpoint(TRUNCATE, CHECKPOINT_TRIES_HARD_MAX),
        };
        if done {
            // Until the next commit counts it, or the same log would be moved again.
            self.log_pages.store(0, Ordering::Relaxed);
        } else {
            self.checkpoint_at_pages = pages.saturating_add(LOG_PAGES_STEP);
        }
    }

    /// Moves the log into the file, if readers and other writers leave room.
    fn checkpoint(&mut self, sql: &str, tries: i32) -> bool {
        let done = wait_for_locks(&mut self.connection, tries).and_then(|()| {
            self.connection
                .query_row(sql, [], |row| row.get::<_, i64>(0))
        });
        if let Err(error) = wait_for_locks(&mut self.connection, LOCK_TRIES_MAX) {
            tracing::error!(%error, "the writer cannot wait for locks");
        }
        match done {
            Ok(busy) => busy == 0,
            Err(error) => {
                tracing::warn!(%error, "a checkpoint failed");
                false
            }
        }
    }
}

fn carry_out_statements(connection: &Connection, commit: &Commit) -> Outcome {
    for (index, statement) in commit.statements.iter().enumerate() {
        let rows = execute(connection, statement.sql, &statement.params)
            .map_err(|error| refusal(index, error))?;
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        if !statement.expect.met_by(rows) {
            return Err(CommitError::Conflict {
                statement: index,
                constraint: None,
            });
        }
    }
    Ok(())
}

fn execute(connection: &Connection, sql: &str, params: &[Value]) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare_cached(&spelled(sql))?;
    bind(&mut statement, params)?;
    statement.raw_execute()
}

/// What a failed statement means to the caller. SQLite names a constraint in its message only:
/// `UNIQUE constraint failed: table.column, table.column`, `CHECK constraint failed: name`.
fn refusal(statement: usize, error: rusqlite::Error) -> CommitError {
    const CONFLICTS: [i32; 5] = [
        ffi::SQLITE_CONSTRAINT_UNIQUE,
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
        ffi::SQLITE_CONSTRAINT_ROWID,
        ffi::SQLITE_CONSTRAINT_CHECK,
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY,
    ];
    match error {
        rusqlite::Error::SqliteFailure(failure, message)
            if CONFLICTS.contains(&failure.extended_code) =>
        {
            let message = message.unwrap_or_default();
            let name = message
                .split_once(": ")
                .map_or("foreign key", |(_, name)| name);
            CommitError::Conflict {
                statement,
                constraint: Some(name.to_owned()),
            }
        }
        error => CommitError::Unavailable(format!("statement {statement}: {error}")),
    }
}

/// SQLite's spelling of our SQL: to it `$1` is a name, and names are numbered in the order in which
/// they occur; `?1` is the number itself. No literal of ours holds a dollar sign.
fn spelled(sql: &str) -> String {
    sql.replace('$', "?")
}

/// Binds `?1` to the first parameter, wherever and however often it occurs.
fn bind(statement: &mut rusqlite::Statement<'_>, params: &[Value]) -> rusqlite::Result<()> {
    let wanted = statement.parameter_count();
    if wanted != params.len() {
        return Err(rusqlite::Error::InvalidParameterCount(params.len(), wanted));
    }
    for (index, value) in (1..).zip(params) {
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

/// Times become text of one width, so that their order is the order of the text.
impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Value::Null => ToSqlOutput::from(Null),
            Value::Int(int) => ToSqlOutput::from(*int),
            Value::Text(text) => ToSqlOutput::from(text.as_str()),
            Value::Bool(boolean) => ToSqlOutput::from(*boolean),
            Value::Time(time) => ToSqlOutput::from(format!("{time:.6}")),
            Value::Json(json) => ToSqlOutput::from(json.as_str()),
        })
    }
}

fn read_all(mut connection: Connection, reads: &Reads) {
    while let Some(read) = reads.next() {
        if read.reply.is_closed() {
            continue;
        }
        let rows =
            query_until(&mut connection, &read).map_err(|error| Unavailable(error.to_string()));
        drop(read.reply.send(rows));
    }
}

/// Gives up when its caller has: a report over years must not keep a thread from the others.
fn query_until(connection: &mut Connection, read: &Read) -> rusqlite::Result<Vec<Row>> {
    let until = read.until;
    connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || Instant::now() >= until))?;
    query(connection, &read.sql, &read.params)
}

fn query(connection: &Connection, sql: &str, params: &[Value]) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(&spelled(sql))?;
    let columns: Arc<[String]> = statement.column_names().map(str::to_owned).collect();
    bind(&mut statement, params)?;
    let mut found = statement.raw_query();
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let values = (0..columns.len())
            .map(|column| Ok(read_value(row.get_ref(column)?)))
            .collect::<rusqlite::Result<Vec<Value>>>()?;
        rows.push(Row::new(Arc::clone(&columns), values));
    }
    Ok(rows)
}

/// Floats and bytes do not occur in the common dialect; a column that has one reads as text.
fn read_value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(int) => Value::Int(int),
        ValueRef::Real(float) => Value::Text(float.to_string()),
        ValueRef::Text(text) | ValueRef::Blob(text) => {
            Value::Text(String::from_utf8_lossy(text).into_owned())
        }
    }
}

/// Migrates over a connection of its own; other connections notice the new schema by themselves.
fn migrate_file(
    path: &Path,
    migrations: &[Migration],
    now: Timestamp,
) -> Result<Vec<i64>, MigrateError> {
    let unavailable = |error: rusqlite::Error| Unavailable(error.to_string());
    let connection = connect(path, false).map_err(unavailable)?;
    let mut applied = Vec::new();
    loop {
        // Whether another process was faster is only known under the lock.
        connection
            .execute_batch("begin immediate")
            .map_err(unavailable)?;
        connection
            .execute_batch(migrate::CREATE)
            .map_err(unavailable)?;
        let known = query(&connection, migrate::APPLIED, &[]).map_err(unavailable)?;
        let missing = migrate::missing(migrations, &migrate::applied(&known)?)?;
        let Some(migration) = missing.first() else {
            connection.execute_batch("commit").map_err(unavailable)?;
            return Ok(applied);
        };
        let failed =
            |error: rusqlite::Error| MigrateError::Failed(migration.version, error.to_string());
        connection.execute_batch(migration.sql).map_err(failed)?;
        let row = params![migration.version, migration.name, now];
        execute(&connection, migrate::APPLY, &row).map_err(failed)?;
        connection.execute_batch("commit").map_err(failed)?;
        applied.push(migration.version);
    }
}
