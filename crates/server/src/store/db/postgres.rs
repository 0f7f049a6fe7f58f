//! PostgreSQL: pooled connections for reading, committers for writing, and how values look on the
//! wire. How a committer carries out a batch is in `committer`.

use super::commit::{CommitError, GONE, Outcome, hand_over};
use super::committer::{Committer, Write};
use super::migrate::{self, MigrateError, Migration};
use super::{Commit, OpenError, Options, READ_TIMEOUT, Row, Unavailable, Value, params, too_late};
use bytes::{BufMut, BytesMut};
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, Runtime};
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout_at;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Config, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Commits that may wait for one committer; callers beyond that wait to hand theirs over.
const COMMITS_WAITING_MAX: usize = 1024;
/// How long connecting may take, the server's first words included.
const CONNECT_TIMEOUT_SECONDS: u64 = 5;
/// How long sent bytes may stay unacknowledged before the connection counts as lost.
const TCP_TIMEOUT_SECONDS: u64 = 10;
/// How long a read waits for a pooled connection.
const POOL_TIMEOUT_SECONDS: u64 = 5;
/// What reading connections start with: they cannot write, and no read runs for ever.
const READER_SETTINGS: &str =
    "set default_transaction_read_only = on; set statement_timeout = '10s'";
/// The advisory lock under which one process migrates. Any number, the same in every version.
const MIGRATION_LOCK: i64 = 7_071_453_021;

pub(super) struct Database {
    connector: Connector,
    pool: Pool,
    committers: Vec<mpsc::Sender<Write>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Database {
    pub(super) async fn open(url: &str, options: &Options) -> Result<Database, OpenError> {
        let connector = Connector::reaching(url).await?;
        let pool = pool(&connector, options.readers.max(1))?;
        let mut tasks = Vec::new();
        let (contended, waiting) = mpsc::channel(COMMITS_WAITING_MAX);
        let alone = Committer::of_contended(connector.clone(), waiting);
        tasks.push(tokio::spawn(alone.run()));
        let mut committers = Vec::new();
        for _ in 0..options.committers.max(1) {
            let (committer, waiting) = mpsc::channel(COMMITS_WAITING_MAX);
            let work = Committer::new(connector.clone(), waiting, contended.clone());
            tasks.push(tokio::spawn(work.run()));
            committers.push(committer);
        }
        Ok(Database {
            connector,
            pool,
            committers,
            tasks: Mutex::new(tasks),
        })
    }

    pub(super) async fn commit(&self, commit: Commit) -> Outcome {
        match self.committer_of(commit.row()) {
            Some(committer) => hand_over(committer, commit, Write::Commit).await,
            None => Err(CommitError::Unavailable(GONE.to_owned())),
        }
    }

    /// Two commits about one row meet at one committer, so that within a process they take turns
    /// instead of waiting for each other's locks. Which committer it is decides nothing else:
    /// what is allowed stands in the statements' conditions, which the server checks under row
    /// locks. So one merchant's payments may spread over all committers.
    fn committer_of(&self, row: (i64, i64)) -> Option<&mpsc::Sender<Write>> {
        let mut hasher = DefaultHasher::new();
        row.hash(&mut hasher);
        let committers = u64::try_from(self.committers.len()).ok()?;
        let at = hasher.finish().checked_rem(committers)?;
        self.committers.get(usize::try_from(at).ok()?)
    }

    pub(super) async fn rows(
        &self,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, Unavailable> {
        let mut tried_before = false;
        let until = tokio::time::Instant::now() + READ_TIMEOUT;
        loop {
            let client = timeout_at(until, self.pool.get())
                .await
                .map_err(|_| Unavailable(too_late(READ_TIMEOUT)))?
                .map_err(|error| Unavailable(said(&error)))?;
            let Ok(rows) = timeout_at(until, query(&client, sql.clone(), &params)).await else {
                // Whoever is handed this connection next would wait for the same answer.
                drop(Object::take(client));
                self.connector.note_silence();
                return Err(Unavailable(too_late(READ_TIMEOUT)));
            };
            match rows {
                Ok(rows) => return Ok(rows),
                // The server has restarted, or a migration has changed what was prepared: the
                // connection is of no more use, but reading again does no harm.
                Err(error) if !tried_before && is_lost(&error) => {
                    drop(Object::take(client));
                    tried_before = true;
                }
                Err(error) => return Err(Unavailable(said(&error))),
            }
        }
    }

    pub(super) async fn migrate(
        &self,
        migrations: &[Migration],
        now: Timestamp,
    ) -> Result<Vec<i64>, MigrateError> {
        let unavailable = |error: Error| Unavailable(said(&error));
        let client = self.connector.connect("").await.map_err(Unavailable)?;
        let mut applied = Vec::new();
        loop {
            // Whether another process was faster is only known under the lock.
            client
                .batch_execute(&format!(
                    "begin; set local lock_timeout = 0; \
                     select pg_advisory_xact_lock({MIGRATION_LOCK}); \
                     set local lock_timeout = '10s'"
                ))
                .await
                .map_err(unavailable)?;
            client
                .batch_execute(migrate::CREATE)
                .await
                .map_err(unavailable)?;
            let known = client
                .query_raw(migrate::APPLIED, Vec::<Value>::new())
                .await
                .map_err(unavailable)?;
            let known = migrate::applied(&collect(known).await.map_err(unavailable)?)?;
            let missing = migrate::missing(migrations, &known)?;
            let Some(migration) = missing.first() else {
                client.batch_execute("commit").await.map_err(unavailable)?;
                return Ok(applied);
            };
            let failed = |error: Error| MigrateError::Failed(migration.version, said(&error));
            client.batch_execute(migration.sql).await.map_err(failed)?;
            let row = params![migration.version, migration.name, now];
            client
                .execute_raw(migrate::APPLY, &row)
                .await
                .map_err(failed)?;
            client.batch_execute("commit").await.map_err(failed)?;
            applied.push(migration.version);
        }
    }

    pub(super) async fn close(&self) {
        for committer in &self.committers {
            drop(committer.send(Write::Close).await);
        }
        let tasks = {
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *tasks)
        };
        // The committer of contended commits ends when the others, who feed it, have ended.
        for task in tasks {
            drop(task.await);
        }
        self.pool.close();
    }
}

/// Prepared once a connection, unless the text was put together at run time.
async fn query(
    client: &Object,
    sql: Cow<'static, str>,
    params: &[Value],
) -> Result<Vec<Row>, Error> {
    let stream = match sql {
        Cow::Borrowed(sql) => {
            let statement = client.prepare_cached(sql).await?;
            client.query_raw(&statement, params).await?
        }
        Cow::Owned(sql) => client.query_raw(&sql, params).await?,
    };
    collect(stream).await
}

fn open_error(message: &str) -> OpenError {
    OpenError::new(
        format!("the PostgreSQL database cannot be opened: {message}"),
        "write postgres://user:password@host:5432/name, with ?sslmode=require for TLS and \
         &sslrootcert=/path.pem when the server's certificate is from a private authority",
    )
}

fn pool(connector: &Connector, size: usize) -> Result<Pool, OpenError> {
    let config = connector.config.clone();
    let manager = match &connector.tls {
        Some(tls) => Manager::from_config(config, tls.clone(), ManagerConfig::default()),
        None => Manager::from_config(config, NoTls, ManagerConfig::default()),
    };
    let settings = Hook::async_fn(|client: &mut deadpool_postgres::ClientWrapper, _| {
        Box::pin(async move {
            client
                .batch_execute(READER_SETTINGS)
                .await
                .map_err(HookError::Backend)
        })
    });
    let of = connector.clone();
    let young = Hook::sync_fn(move |_: &mut deadpool_postgres::ClientWrapper, metrics| {
        if of.is_young(metrics.created) {
            Ok(())
        } else {
            Err(HookError::message("older than the last silence"))
        }
    });
    Pool::builder(manager)
        .max_size(size)
        .pre_recycle(young)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(Duration::from_secs(POOL_TIMEOUT_SECONDS)))
        .create_timeout(Some(Duration::from_secs(CONNECT_TIMEOUT_SECONDS)))
        .post_create(settings)
        .build()
        .map_err(|error| open_error(&error.to_string()))
}

/// Where the server is and how to speak to it.
#[derive(Clone)]
pub(super) struct Connector {
    config: Config,
    /// Nothing where the URL asks for none, or names a socket file.
    tls: Option<MakeRustlsConnect>,
    /// When a connection last fell silent. All that are older are of no more use: a frozen server costs
    /// one time limit, not one for each connection.
    silent_at: Arc<Mutex<Option<Instant>>>,
}

impl Connector {
    /// Notes that the server said nothing within a time limit.
    pub(super) fn note_silence(&self) {
        let mut silent_at = self
            .silent_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *silent_at = Some(Instant::now());
    }

    /// Whether a connection that was opened then is younger than the last silence.
    pub(super) fn is_young(&self, opened_at: Instant) -> bool {
        let silent_at = self
            .silent_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        silent_at.is_none_or(|silent_at| silent_at < opened_at)
    }

    /// Reads the URL and tries it.
    async fn reaching(url: &str) -> Result<Connector, OpenError> {
        let (url, root_certificates) = without_tls_files(url);
        let mut config: Config = url
            .parse()
            .map_err(|error: Error| open_error(&said(&error)))?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(CONNECT_TIMEOUT_SECONDS));
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(TCP_TIMEOUT_SECONDS));
        }
        if config.get_application_name().is_none() {
            config.application_name("galata");
        }
        let local = config
            .get_hosts()
            .iter()
            .any(|host| matches!(host, Host::Unix(_)));
        let tls = match config.get_ssl_mode() {
            SslMode::Disable => None,
            SslMode::Prefer if local => None,
            _ => Some(MakeRustlsConnect::new(tls_config(root_certificates)?)),
        };
        let mut connector = Connector {
            config,
            tls,
            silent_at: Arc::default(),
        };
        let Err(error) = connector.connect("").await else {
            return Ok(connector);
        };
        // Who only prefers TLS takes none where it fails, for example with a server's self-made
        // certificate: nobody is kept out by verifying what anybody on the way could turn off.
        if connector.tls.is_some() && connector.config.get_ssl_mode() == SslMode::Prefer {
            connector.tls = None;
            if connector.connect("").await.is_ok() {
                tracing::warn!(error, "database connections are without TLS");
                return Ok(connector);
            }
        }
        Err(open_error(&error))
    }

    /// A new connection with these settings, or why there is none. Its task ends with it.
    pub(super) async fn connect(&self, settings: &str) -> Result<Client, String> {
        let limit = Duration::from_secs(CONNECT_TIMEOUT_SECONDS);
        let connected = async {
            let client = self.connect_to_any().await?;
            client.batch_execute(settings).await?;
            Ok(client)
        };
        // A frozen server takes connections and says nothing; the driver's own limit ends before.
        tokio::time::timeout(limit, connected)
            .await
            .map_err(|_| too_late(limit))?
            .map_err(|error: Error| said(&error))
    }

    async fn connect_to_any(&self) -> Result<Client, Error> {
        Ok(match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                tokio::spawn(drive(connection));
                client
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                tokio::spawn(drive(connection));
                client
            }
        })
    }
}

async fn drive(connection: impl Future<Output = Result<(), Error>>) {
    if let Err(error) = connection.await {
        tracing::warn!(error = %said(&error), "a database connection ended");
    }
}

/// Takes out of the URL what the driver does not know: the file of root certificates, and the
/// modes that verify, which is what `require` does here.
fn without_tls_files(url: &str) -> (String, Option<PathBuf>) {
    let Some((address, query)) = url.split_once('?') else {
        return (url.to_owned(), None);
    };
    let mut root_certificates = None;
    let mut kept = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match (&*name, &*value) {
            ("sslrootcert", path) => root_certificates = Some(PathBuf::from(path)),
            ("sslmode", "verify-full" | "verify-ca") => {
                kept.append_pair("sslmode", "require");
            }
            (name, value) => {
                kept.append_pair(name, value);
            }
        }
    }
    // The driver undoes %20 but not the plus sign of forms.
    let kept = kept.finish().replace('+', "%20");
    (format!("{address}?{kept}"), root_certificates)
}

fn tls_config(root_certificates: Option<PathBuf>) -> Result<rustls::ClientConfig, OpenError> {
    let mut roots = rustls::RootCertStore::empty();
    match root_certificates {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let refused = |why: String| open_error(&format!("{}: {why}", path.display()));
            let certificates =
                CertificateDer::pem_file_iter(&path).map_err(|error| refused(error.to_string()))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| refused(error.to_string()))?;
                roots
                    .add(certificate)
                    .map_err(|error| refused(error.to_string()))?;
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| open_error(&error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Whether the connection is of no more use after this error, or the server behind it: closed,
/// shutting down, become read-only, or without the statements that we prepared.
pub(super) fn is_lost(error: &Error) -> bool {
    if let Some(code) = error.code() {
        return code.code().starts_with("08")
            || code.code().starts_with("57P")
            || *code == SqlState::READ_ONLY_SQL_TRANSACTION
            || *code == SqlState::FEATURE_NOT_SUPPORTED
            || *code == SqlState::INVALID_SQL_STATEMENT_NAME;
    }
    error.is_closed()
        || error
            .source()
            .is_some_and(<dyn StdError>::is::<std::io::Error>)
}

/// What an error says, with its causes; never the server's detail, which quotes rows.
pub(super) fn said(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

async fn collect(stream: tokio_postgres::RowStream) -> Result<Vec<Row>, Error> {
    use futures_util::TryStreamExt;
    let mut stream = std::pin::pin!(stream);
    let mut columns: Option<Arc<[String]>> = None;
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        let columns = columns.get_or_insert_with(|| {
            let names = row.columns().iter().map(|column| column.name().to_owned());
            names.collect()
        });
        let values = (0..row.len())
            .map(|column| row.try_get::<_, Value>(column))
            .collect::<Result<Vec<Value>, Error>>()?;
        rows.push(Row::new(Arc::clone(columns), values));
    }
    Ok(rows)
}

type AnyError = Box<dyn StdError + Sync + Send>;

/// Microseconds between the epochs of Unix and PostgreSQL (2000-01-01).
const EPOCH_MICROSECONDS: i64 = 946_684_800_000_000;
/// The first byte of every `jsonb` on the wire.
const JSONB_VERSION: u8 = 1;

/// Binary formats as in the `*send` and `*recv` functions of the server.
impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, AnyError> {
        match (self, ty) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (Value::Int(int), &Type::INT8) => out.put_i64(*int),
            (Value::Int(int), &Type::INT4) => out.put_i32(i32::try_from(*int)?),
            (Value::Int(int), &Type::INT2) => out.put_i16(i16::try_from(*int)?),
            (Value::Int(int), &Type::NUMERIC) => put_numeric(*int, out)?,
            (Value::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::BPCHAR | &Type::NAME) => {
                out.put_slice(text.as_bytes());
            }
            (Value::Bool(boolean), &Type::BOOL) => out.put_u8(u8::from(*boolean)),
            (Value::Time(time), &Type::TIMESTAMPTZ) => {
                out.put_i64(time.as_microsecond() - EPOCH_MICROSECONDS);
            }
            (Value::Json(json), &Type::JSONB) => {
                out.put_u8(JSONB_VERSION);
                out.put_slice(json.as_bytes());
            }
            (value, ty) => return Err(format!("{value:?} was given where {ty} is wanted").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        // Whether it fits depends on the value; `to_sql` decides.
        true
    }

    to_sql_checked!();
}

/// Four decimal digits per group, the most significant first.
fn put_numeric(int: i64, out: &mut BytesMut) -> Result<(), AnyError> {
    let mut groups = Vec::new();
    let mut rest = int.unsigned_abs();
    while rest > 0 {
        groups.push(i16::try_from(rest % 10_000)?);
        rest /= 10_000;
    }
    let count = i16::try_from(groups.len())?;
    out.put_i16(count);
    out.put_i16(count - 1);
    out.put_u16(if int < 0 { 0x4000 } else { 0 });
    out.put_i16(0);
    for group in groups.into_iter().rev() {
        out.put_i16(group);
    }
    Ok(())
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Value, AnyError> {
        Ok(match *ty {
            Type::INT8 => Value::Int(i64::from_be_bytes(raw.try_into()?)),
            Type::INT4 => Value::Int(i32::from_be_bytes(raw.try_into()?).into()),
            Type::INT2 => Value::Int(i16::from_be_bytes(raw.try_into()?).into()),
            Type::BOOL => Value::Bool(raw.first() == Some(&1)),
            Type::TIMESTAMPTZ => {
                let microseconds = i64::from_be_bytes(raw.try_into()?)
                    .checked_add(EPOCH_MICROSECONDS)
                    .ok_or("a time without end")?;
                let nanosecond = i32::try_from(microseconds.rem_euclid(1_000_000) * 1_000)?;
                let second = microseconds.div_euclid(1_000_000);
                Value::Time(Timestamp::new(second, nanosecond)?)
            }
            Type::JSONB => {
                let json = raw.split_first().ok_or("an empty jsonb")?.1;
                Value::Json(std::str::from_utf8(json)?.to_owned())
            }
            _ => Value::Text(std::str::from_utf8(raw)?.to_owned()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Value, AnyError> {
        Ok(Value::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(
            *ty,
            Type::INT8
                | Type::INT4
                | Type::INT2
                | Type::BOOL
                | Type::TIMESTAMPTZ
                | Type::JSONB
                | Type::TEXT
                | Type::VARCHAR
                | Type::BPCHAR
                | Type::NAME
                | Type::UNKNOWN
        )
    }
}
