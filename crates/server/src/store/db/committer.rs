//! The PostgreSQL committers: each gathers the commits that wait for it into one pipelined
//! transaction over its own connection. Which committer a commit goes to is said in `postgres`.
//!
//! A batch is committed when every statement of every member touched the rows it expected. If not,
//! it is rolled back, the members at fault are carried out one by one, and the rest together
//! again: a refusal rests on the member's own transaction and is told to its own caller alone.

use super::arrays::{groups, over_arrays};
use super::commit::{CommitError, Expect, Member, Outcome};
use super::postgres::{Connector, is_lost, said};
use std::collections::{HashMap, HashSet, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, Statement};

/// Commits that share one transaction.
const BATCH_MAX: usize = 128;
/// Commits that a committer looks through for members of the next batch.
const QUEUE_MAX: usize = 1024;
/// How often a batch is tried without the members that were at fault.
const TOGETHER_TRIES_MAX: usize = 3;
/// How often a commit is tried by itself when the connection is lost under it.
const LOST_TRIES_MAX: usize = 2;
/// How often a commit is tried against rows that somebody holds, or that deadlock.
const CONTENDED_TRIES_MAX: u32 = 6;
/// The pause before the second of those tries; it doubles.
const CONTENDED_PAUSE_MILLISECONDS: u64 = 20;
/// How long a transaction may take, the network included. Past it the outcome is unknown.
const TRANSACTION_TIMEOUT_SECONDS: u64 = 5;
/// The pause after a connection that failed; it doubles up to the maximum.
const RECONNECT_PAUSE_MILLISECONDS: u64 = 50;
const RECONNECT_PAUSE_MAX_MILLISECONDS: u64 = 2_000;
/// What committing connections start with: nobody else's lock holds up a batch for long, and a
/// transaction that we have lost sight of does not hold its own locks for long. The plans that are
/// switched off here make the rest look so dear that the server would compile each run of it (`jit`).
const SETTINGS: &str = "set lock_timeout = '300ms'; \
     set statement_timeout = '5s'; \
     set idle_in_transaction_session_timeout = '10s'; \
     set default_transaction_isolation = 'read committed'; \
     set jit = off; \
     set plan_cache_mode = force_generic_plan; \
     set enable_seqscan = off; \
     set enable_hashjoin = off; \
     set enable_mergejoin = off";

pub(super) enum Write {
    Commit(Member),
    Close,
}

pub(super) struct Committer {
    connector: Connector,
    waiting: mpsc::Receiver<Write>,
    queue: VecDeque<Member>,
    closing: bool,
    batch_max: usize,
    /// Takes the commits that met a lock, so that the others do not wait for it with them.
    contended: Option<mpsc::Sender<Write>>,
    session: Option<Session>,
    connect_at: Instant,
    connect_pause: Duration,
}

struct Session {
    client: Client,
    opened_at: std::time::Instant,
    statements: HashMap<&'static str, Prepared>,
}

/// A statement on this connection.
struct Prepared {
    one: Statement,
    /// Its form over arrays, if it has one.
    many: Option<Statement>,
}

/// What became of a transaction.
enum Attempt {
    Committed,
    /// Rolled back for these members (by index) and reasons.
    Refused(Vec<(usize, Refusal)>),
    /// The connection was lost before the commit was sent: nothing was written.
    Lost(String),
    /// There was no connection: nothing was written.
    Down(String),
    /// The commit was sent, or may have been, and no answer came.
    Unknown(String),
}

enum Refusal {
    Final(CommitError),
    /// Somebody holds the row, or a deadlock or serialization failure: worth another try.
    Contended(String),
}

impl Committer {
    pub(super) fn new(
        connector: Connector,
        waiting: mpsc::Receiver<Write>,
        contended: mpsc::Sender<Write>,
    ) -> Committer {
        Committer {
            connector,
            waiting,
            queue: VecDeque::new(),
            closing: false,
            batch_max: BATCH_MAX,
            contended: Some(contended),
            session: None,
            connect_at: Instant::now(),
            connect_pause: Duration::ZERO,
        }
    }

    /// The one that carries out contended commits, each by itself, trying again.
    pub(super) fn of_contended(connector: Connector, waiting: mpsc::Receiver<Write>) -> Committer {
        Committer {
            connector,
            waiting,
            queue: VecDeque::new(),
            closing: false,
            batch_max: 1,
            contended: None,
            session: None,
            connect_at: Instant::now(),
            connect_pause: Duration::ZERO,
        }
    }

    /// Works until it is closed, or nobody can hand over commits any more, and none waits.
    pub(super) async fn run(mut self) {
        loop {
            if self.queue.is_empty() {
                let next = if self.closing {
                    self.waiting.try_recv().ok()
                } else {
                    self.waiting.recv().await
                };
                match next {
                    None => return,
                    Some(write) => self.take(write),
                }
            }
            while self.queue.len() < QUEUE_MAX
                && let Ok(write) = self.waiting.try_recv()
            {
                self.take(write);
            }
            let batch = next_batch(&mut self.queue, self.batch_max);
            let batch: Vec<Member> = batch.into_iter().filter_map(Member::in_time).collect();
            if !batch.is_empty() {
                self.carry_out(batch).await;
            }
        }
    }

    fn take(&mut self, write: Write) {
        match write {
            Write::Commit(member) => self.queue.push_back(member),
            // What was handed over before this moment still arrives.
            Write::Close => {
                self.waiting.close();
                self.closing = true;
            }
        }
    }

    async fn carry_out(&mut self, mut together: Vec<Member>) {
        let mut alone = Vec::new();
        for _ in 0..TOGETHER_TRIES_MAX {
            if together.len() < 2 {
                break;
            }
            match self.attempt(&together).await {
                Attempt::Committed => {
                    answer_all(std::mem::take(&mut together), &Ok(()));
                }
                Attempt::Refused(members) => {
                    for (index, refusal) in members.into_iter().rev() {
                        let member = together.remove(index);
                        match refusal {
                            Refusal::Final(_) => alone.push(member),
                            Refusal::Contended(why) => self.hand_over(member, why),
                        }
                    }
                }
                Attempt::Lost(_) => {}
                Attempt::Down(why) | Attempt::Unknown(why) => {
                    let outcome = Err(CommitError::Unavailable(why));
                    answer_all(std::mem::take(&mut together), &outcome);
                }
            }
        }
        alone.append(&mut together);
        for member in alone {
            self.carry_out_alone(member).await;
        }
    }

    async fn carry_out_alone(&mut self, member: Member) {
        let mut lost = 0;
        let mut contended = 0;
        let outcome = loop {
            match self.attempt(std::slice::from_ref(&member)).await {
                Attempt::Committed => break Ok(()),
                Attempt::Refused(refused) => match refused.into_iter().next() {
                    Some((_, Refusal::Contended(why))) => {
                        if self.contended.is_some() {
                            return self.hand_over(member, why);
                        }
                        contended += 1;
                        if contended == CONTENDED_TRIES_MAX {
                            break Err(CommitError::Unavailable(why));
                        }
                        let pause = CONTENDED_PAUSE_MILLISECONDS << (contended - 1);
                        tokio::time::sleep(Duration::from_millis(pause)).await;
                    }
                    Some((_, Refusal::Final(error))) => break Err(error),
                    None => break Err(CommitError::Unavailable("refused".to_owned())),
                },
                Attempt::Lost(why) => {
                    lost += 1;
                    if lost == LOST_TRIES_MAX {
                        break Err(CommitError::Unavailable(why));
                    }
                }
                Attempt::Down(why) | Attempt::Unknown(why) => {
                    break Err(CommitError::Unavailable(why));
                }
            }
        };
        member.answer(outcome);
    }

    /// Gives a contended commit to the committer that tries such again.
    fn hand_over(&self, member: Member, why: String) {
        let Some(contended) = &self.contended else {
            return member.answer(Err(CommitError::Unavailable(why)));
        };
        if let Err(error) = contended.try_send(Write::Commit(member))
            && let Write::Commit(member) = error.into_inner()
        {
            member.answer(Err(CommitError::Unavailable(why)));
        }
    }

    /// Carries out the members in one transaction.
    async fn attempt(&mut self, members: &[Member]) -> Attempt {
        let limit = Duration::from_secs(TRANSACTION_TIMEOUT_SECONDS);
        let session = match self.session().await {
            Ok(session) => session,
            Err(why) => return Attempt::Down(why),
        };
        let attempt = match tokio::time::timeout(limit, session.attempt(members)).await {
            Ok(attempt) => attempt,
            Err(_) => {
                self.connector.note_silence();
                Attempt::Unknown("the transaction took too long".to_owned())
            }
        };
        if let Attempt::Lost(why) | Attempt::Unknown(why) = &attempt {
            tracing::warn!(why, members = members.len(), "a batch lost its connection");
            self.session = None;
        }
        attempt
    }

    /// The connection, or a new one. A server that is down is asked with growing pauses; each
    /// batch that finds it down is answered so, not kept.
    async fn session(&mut self) -> Result<&mut Session, String> {
        let open = self
            .session
            .take()
            .filter(|session| !session.client.is_closed())
            .filter(|session| self.connector.is_young(session.opened_at));
        let session = match open {
            Some(session) => session,
            None => {
                tokio::time::sleep_until(self.connect_at).await;
                match Session::open(&self.connector).await {
                    Ok(session) => session,
                    Err(error) => {
                        let pause = (self.connect_pause * 2).clamp(
                            Duration::from_millis(RECONNECT_PAUSE_MILLISECONDS),
                            Duration::from_millis(RECONNECT_PAUSE_MAX_MILLISECONDS),
                        );
                        self.connect_pause = pause;
                        self.connect_at = Instant::now() + pause;
                        return Err(error);
                    }
                }
            }
        };
        self.connect_pause = Duration::ZERO;
        Ok(self.session.insert(session))
    }
}

fn answer_all(members: Vec<Member>, outcome: &Outcome) {
    for member in members {
        member.answer(outcome.clone());
    }
}

/// Takes the longest-waiting commits, at most one about each row, in the order of their rows, so
/// that two committers that meet on rows take their locks in the same order. What is left keeps
/// its order.
fn next_batch(queue: &mut VecDeque<Member>, batch_max: usize) -> Vec<Member> {
    let mut rows = HashSet::new();
    let mut batch = Vec::new();
    let mut left = VecDeque::new();
    while batch.len() < batch_max
        && let Some(member) = queue.pop_front()
    {
        if rows.insert(member.commit.row()) {
            batch.push(member);
        } else {
            left.push_back(member);
        }
    }
    left.append(queue);
    *queue = left;
    batch.sort_by_key(|member| member.commit.row());
    batch
}

impl Session {
    async fn open(connector: &Connector) -> Result<Session, String> {
        let opened_at = std::time::Instant::now();
        let client = connector.connect(SETTINGS).await?;
        Ok(Session {
            client,
            opened_at,
            statements: HashMap::new(),
        })
    }

    async fn attempt(&mut self, members: &[Member]) -> Attempt {
        match self.prepare(members).await {
            Ok(refused) if refused.is_empty() => {}
            Ok(refused) => return Attempt::Refused(refused),
            Err(error) => return Attempt::Lost(said(&error)),
        }
        let carried_out = match self.execute_together(members).await {
            Ok(true) => Ok(Vec::new()),
            Ok(false) => self.execute(members).await,
            Err(error) => Err(error),
        };
        let refused = match carried_out {
            Ok(refused) => refused,
            Err(error) => return Attempt::Lost(said(&error)),
        };
        if !refused.is_empty() {
            return match self.client.batch_execute("rollback").await {
                Ok(()) => Attempt::Refused(refused),
                Err(error) => Attempt::Lost(said(&error)),
            };
        }
        match self.client.batch_execute("commit").await {
            Ok(()) => Attempt::Committed,
            Err(error) if is_contended(&error) => {
                let why = said(&error);
                let contended = |index| (index, Refusal::Contended(why.clone()));
                Attempt::Refused((0..members.len()).map(contended).collect())
            }
            Err(error) => Attempt::Unknown(said(&error)),
        }
    }

    /// Prepares what was never sent over this connection. A statement that the server does not
    /// understand is its own member's fault.
    async fn prepare(&mut self, members: &[Member]) -> Result<Vec<(usize, Refusal)>, Error> {
        let mut refused = Vec::new();
        for (index, member) in members.iter().enumerate() {
            for (at, statement) in member.commit.statements.iter().enumerate() {
                if self.statements.contains_key(statement.sql) {
                    continue;
                }
                match Prepared::on(&self.client, statement.sql).await {
                    Ok(prepared) => {
                        self.statements.insert(statement.sql, prepared);
                    }
                    Err(error) if is_lost(&error) => return Err(error),
                    Err(error) => {
                        refused.push((index, refusal(at, &error)));
                        break;
                    }
                }
            }
        }
        Ok(refused)
    }

    /// Begins a transaction and carries out equal statements over arrays. False when that cannot be
    /// done, or somebody was refused: then no transaction is open.
    async fn execute_together(&self, members: &[Member]) -> Result<bool, Error> {
        let has_form = |sql| {
            let prepared = self.statements.get(sql);
            prepared.is_some_and(|prepared| prepared.many.is_some())
        };
        let statements: usize = members.iter().map(|m| m.commit.statements.len()).sum();
        let groups = match groups(members, has_form) {
            Some(groups) if groups.len() < statements => groups,
            _ => return Ok(false),
        };
        let begin = async { self.client.batch_execute("begin").await.map(|()| 0) };
        let mut calls: Vec<Call<'_>> = vec![Box::pin(begin)];
        for group in &groups {
            if let Some(many) = self.statements.get(group.sql).and_then(|p| p.many.as_ref()) {
                calls.push(Box::pin(self.client.execute_raw(many, group.columns())));
            }
        }
        let mut answers = pipelined(calls).await.into_iter();
        if let Some(begun) = answers.next() {
            begun?;
        }
        let mut all = true;
        for (group, answer) in groups.iter().zip(answers) {
            match answer {
                Ok(rows) => all &= rows == group.rows(),
                Err(error) if is_lost(&error) => return Err(error),
                Err(_) => all = false,
            }
        }
        if !all {
            self.client.batch_execute("rollback").await?;
        }
        Ok(all)
    }

    /// Begins a transaction and sends every statement without waiting for the one before, then
    /// reads how many rows each has touched. Answers the members that must not be committed.
    async fn execute(&self, members: &[Member]) -> Result<Vec<(usize, Refusal)>, Error> {
        let begin = async { self.client.batch_execute("begin").await.map(|()| 0) };
        let mut calls: Vec<Call<'_>> = vec![Box::pin(begin)];
        let mut sent: Vec<(usize, usize, Expect)> = Vec::new();
        for (index, member) in members.iter().enumerate() {
            for (at, statement) in member.commit.statements.iter().enumerate() {
                let Some(prepared) = self.statements.get(statement.sql) else {
                    let why = format!("statement {at} is not prepared");
                    let error = CommitError::Unavailable(why);
                    return Ok(vec![(index, Refusal::Final(error))]);
                };
                let call = self.client.execute_raw(&prepared.one, &statement.params);
                calls.push(Box::pin(call));
                sent.push((index, at, statement.expect));
            }
        }
        let mut answers = pipelined(calls).await.into_iter();
        if let Some(begun) = answers.next() {
            begun?;
        }
        let mut refused: Vec<(usize, Refusal)> = Vec::new();
        for ((index, at, expect), answer) in sent.into_iter().zip(answers) {
            let reason = match answer {
                Ok(rows) if expect.met_by(rows) => continue,
                Ok(_) => Refusal::Final(CommitError::Conflict {
                    statement: at,
                    constraint: None,
                }),
                Err(error) if is_lost(&error) => return Err(error),
                // Somebody before this one has failed and ended the transaction.
                Err(error) if error.code() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION) => {
                    continue;
                }
                Err(error) => refusal(at, &error),
            };
            // A member is named once, by its first failure.
            if refused.last().is_none_or(|(last, _)| *last != index) {
                refused.push((index, reason));
            }
        }
        Ok(refused)
    }
}

impl Prepared {
    async fn on(client: &Client, sql: &str) -> Result<Prepared, Error> {
        let one = client.prepare(sql).await?;
        let many = match over_arrays(sql, one.params()) {
            Some(sql) => match client.prepare(&sql).await {
                Ok(prepared) => Some(prepared),
                Err(error) if is_lost(&error) => return Err(error),
                Err(_) => None,
            },
            None => None,
        };
        Ok(Prepared { one, many })
    }
}

type Call<'a> = Pin<Box<dyn Future<Output = Result<u64, Error>> + Send + 'a>>;

/// Starts every call in order, then awaits the answers in the same order. The driver sends a
/// request when its future is first polled, and the server answers in the order of requests.
async fn pipelined(calls: Vec<Call<'_>>) -> Vec<Result<u64, Error>> {
    let mut started = Vec::with_capacity(calls.len());
    for mut call in calls {
        let first = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
        started.push((call, first));
    }
    let mut answers = Vec::with_capacity(started.len());
    for (call, first) in started {
        answers.push(match first {
            Poll::Ready(answer) => answer,
            Poll::Pending => call.await,
        });
    }
    answers
}

fn is_contended(error: &Error) -> bool {
    error.code().is_some_and(|code| {
        *code == SqlState::LOCK_NOT_AVAILABLE
            || *code == SqlState::T_R_DEADLOCK_DETECTED
            || *code == SqlState::T_R_SERIALIZATION_FAILURE
    })
}

/// What a failed statement means to the caller.
fn refusal(statement: usize, error: &Error) -> Refusal {
    if is_contended(error) {
        return Refusal::Contended(said(error));
    }
    let violated = error
        .as_db_error()
        .filter(|error| {
            [
                SqlState::UNIQUE_VIOLATION,
                SqlState::CHECK_VIOLATION,
                SqlState::FOREIGN_KEY_VIOLATION,
                SqlState::EXCLUSION_VIOLATION,
            ]
            .contains(error.code())
        })
        .map(|error| error.constraint().unwrap_or("unnamed").to_owned());
    Refusal::Final(match violated {
        Some(constraint) => CommitError::Conflict {
            statement,
            constraint: Some(constraint),
        },
        None => CommitError::Unavailable(format!("statement {statement}: {}", said(error))),
    })
}
