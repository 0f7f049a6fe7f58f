//! Connections: accepted, bounded in number and time, and closed. What is asked over them is the
//! router's matter. HTTP/1.1 alone is spoken; TLS and HTTP/2 are the proxy's.

use crate::net::subnet;
use crate::rates::OnceAMinute;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use bytes::Bytes;
use http::{Request, StatusCode, Version, header};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep};
use tower::ServiceExt;

/// Bytes of a request's head, and of what is read ahead of a body.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Seconds that a client may leave an answer unread.
const ANSWER_SECONDS: u64 = 30;
/// Bytes of a body that every request may have without asking: payments are far smaller.
const BODY_BYTES_FREE: usize = 64 * 1024;
/// Bytes that all bodies together may take beyond that.
const BODY_BYTES_SHARED: usize = 64 * 1024 * 1024;
/// Between looks for connections whose time is over.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a connection that is closed may still send.
const CLOSE_WAIT: Duration = Duration::from_secs(1);
/// Wait after a connection could not be accepted: there are no descriptors, and asking at once
/// again makes none.
const ACCEPT_WAIT: Duration = Duration::from_millis(200);

/// How many connections there may be, and how long they may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Connections in all.
    pub connections: usize,
    /// From one address (one /64 of IPv6). None where a proxy's address stands for all.
    pub of_one_address: Option<usize>,
    /// For a request's head, from its first byte.
    pub head: Duration,
    /// For a request's body, from the end of its head.
    pub body: Duration,
    /// Without a request.
    pub idle: Duration,
}

impl Default for Bounds {
    /// Idle connections are kept longer than proxies keep theirs (nginx: 60 s), so that it is they
    /// who close.
    fn default() -> Bounds {
        Bounds {
            connections: 4096,
            of_one_address: Some(512),
            head: Duration::from_secs(15),
            body: Duration::from_secs(30),
            idle: Duration::from_secs(75),
        }
    }
}

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No request is under way.
    Idle,
    /// The head of a request is being read.
    Head,
    /// A request is being answered; body and operation have limits of their own.
    Busy,
    /// The body of a request is waited for; it has a time of its own.
    Body,
    /// The client does not take the answer.
    Unread,
    /// The answer was made, and what is left of it is being sent.
    Flushing,
}

impl Bounds {
    fn limit(&self, phase: Phase) -> Option<Duration> {
        match phase {
            Phase::Idle => Some(self.idle),
            Phase::Head => Some(self.head),
            Phase::Unread | Phase::Flushing => Some(Duration::from_secs(ANSWER_SECONDS)),
            Phase::Body | Phase::Busy => None,
        }
    }
}

/// One connection, as its task, its socket and the table of all see it.
struct Connection {
    address: IpAddr,
    phase: Mutex<(Phase, Instant)>,
    closing: Notify,
}

impl Connection {
    fn phase(&self) -> (Phase, Instant) {
        *locked(&self.phase)
    }

    fn enter(&self, phase: Phase) {
        *locked(&self.phase) = (phase, Instant::now());
    }

    fn leave(&self, from: Phase, to: Phase) {
        let mut phase = locked(&self.phase);
        if phase.0 == from {
            *phase = (to, Instant::now());
        }
    }

    /// Ends when the connection has done nothing but send for a second.
    async fn end_of_grace(&self) {
        loop {
            tokio::time::sleep(CLOSE_WAIT).await;
            if self.phase().0 != Phase::Busy {
                return;
            }
        }
    }

    fn is_over(&self, bounds: &Bounds, now: Instant) -> bool {
        let (phase, since) = self.phase();
        bounds
            .limit(phase)
            .is_some_and(|limit| now.duration_since(since) >= limit)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// All connections.
struct Table {
    bounds: Bounds,
    rows: Mutex<HashMap<u64, Arc<Connection>>>,
    closed: OnceAMinute,
}

impl Table {
    /// Enters a connection, and closes the idlest one where there are too many. `None` when all are
    /// busy: then this one is not served.
    fn enter(&self, id: u64, address: IpAddr) -> Option<Arc<Connection>> {
        let address = subnet(address);
        let mut rows = locked(&self.rows);
        let of_address = rows.values().filter(|row| row.address == address).count();
        let bound = self.bounds.of_one_address;
        let crowded = match bound.is_some_and(|bound| of_address >= bound) {
            true => Some(Some(address)),
            false if rows.len() >= self.bounds.connections => Some(None),
            false => None,
        };
        if let Some(of) = crowded {
            let closed = close_idlest(&mut rows, of);
            if let Some(count) = self.closed.count() {
                tracing::warn!(
                    count,
                    connections = rows.len(),
                    "too many connections: idle ones are closed, or new ones refused"
                );
            }
            if !closed {
                return None;
            }
        }
        let connection = Arc::new(Connection {
            address,
            phase: Mutex::new((Phase::Idle, Instant::now())),
            closing: Notify::new(),
        });
        rows.insert(id, Arc::clone(&connection));
        Some(connection)
    }

    fn remove(&self, id: u64) {
        locked(&self.rows).remove(&id);
    }

    fn close_overdue(&self) {
        let now = Instant::now();
        for connection in locked(&self.rows).values() {
            if connection.is_over(&self.bounds, now) {
                connection.closing.notify_one();
            }
        }
    }

    fn close_all(&self) {
        for connection in locked(&self.rows).values() {
            connection.closing.notify_one();
        }
    }
}

/// Closes the connection that has waited longest for its client, of all or of one address.
fn close_idlest(rows: &mut HashMap<u64, Arc<Connection>>, of: Option<IpAddr>) -> bool {
    let idlest = rows
        .iter()
        .filter(|(_, row)| of.is_none_or(|address| row.address == address))
        .map(|(id, row)| (*id, row.phase()))
        .filter(|(_, (phase, _))| *phase != Phase::Busy)
        .min_by_key(|(_, (_, since))| *since)
        .map(|(id, _)| id);
    let Some(row) = idlest.and_then(|id| rows.remove(&id)) else {
        return false;
    };
    row.closing.notify_one();
    true
}

/// Serves until `shutdown` ends; what is under way is answered first, `drain` at most.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    drain: Duration,
    shutdown: impl Future<Output = ()>,
) {
    let table = Arc::new(Table {
        bounds,
        rows: Mutex::default(),
        closed: OnceAMinute::default(),
    });
    let bodies = Arc::new(Semaphore::new(BODY_BYTES_SHARED));
    let unaccepted = OnceAMinute::default();
    let mut tasks = JoinSet::new();
    let mut look = tokio::time::interval(LOOK_EVERY);
    let mut next_id = 0_u64;
    tokio::pin!(shutdown);
    loop {
        let (stream, address) = tokio::select! {
            () = &mut shutdown => break,
            _ = look.tick() => {
                table.close_overdue();
                while tasks.try_join_next().is_some() {}
                continue;
            }
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    if let Some(count) = unaccepted.count() {
                        tracing::warn!(%error, count, "connections could not be accepted");
                    }
                    tokio::time::sleep(ACCEPT_WAIT).await;
                    continue;
                }
            },
        };
        next_id += 1;
        let Some(connection) = table.enter(next_id, address.ip()) else {
            continue;
        };
        // Answers are small and whole: waiting for more to send only adds delay.
        let _ = stream.set_nodelay(true);
        let guard = Entered {
            id: next_id,
            table: Arc::clone(&table),
        };
        let service = Served {
            router: router.clone(),
            address,
            connection: Arc::clone(&connection),
            bodies: Arc::clone(&bodies),
            body_time: bounds.body,
        };
        tasks.spawn(async move {
            let _guard = guard;
            attend(stream, connection, service).await;
        });
    }
    drop(listener);
    table.close_all();
    let ended = async {
        while !tasks.is_empty() {
            tokio::select! {
                _ = tasks.join_next() => {}
                _ = look.tick() => table.close_overdue(),
            }
        }
    };
    if tokio::time::timeout(drain, ended).await.is_err() {
        tracing::warn!("some connections were still open");
    }
}

/// Takes a connection out of the table when its task ends, however it ends.
struct Entered {
    id: u64,
    table: Arc<Table>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.table.remove(self.id);
    }
}

/// What the requests of one connection are answered with.
#[derive(Clone)]
struct Served {
    router: Router,
    address: SocketAddr,
    connection: Arc<Connection>,
    bodies: Arc<Semaphore>,
    body_time: Duration,
}

/// Answers the requests of one connection.
async fn attend(stream: TcpStream, connection: Arc<Connection>, with: Served) {
    let io = TokioIo::new(Watched {
        stream,
        connection: Arc::clone(&connection),
    });
    let served = Arc::clone(&connection);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        served.enter(Phase::Busy);
        let answering = Answering(Arc::clone(&served));
        let with = with.clone();
        async move {
            let answer = answer(request, with).await;
            Ok::<_, Infallible>(answer.map(|body| Answered { body, answering }))
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(HEAD_BYTES_MAX);
    let conversation = http.serve_connection(io, service);
    tokio::pin!(conversation);
    // Clients that break off are their own matter.
    tokio::select! {
        _ = conversation.as_mut() => {}
        () = connection.closing.notified() => {
            if matches!(connection.phase().0, Phase::Idle | Phase::Busy) {
                conversation.as_mut().graceful_shutdown();
                // A request that came in this very moment is still answered; what is only left to be
                // sent has a moment more.
                let moment = connection.end_of_grace();
                tokio::select! {
                    _ = conversation => {}
                    () = connection.closing.notified() => {}
                    () = moment => {}
                }
            }
        }
    }
}

async fn answer(request: Request<Incoming>, with: Served) -> Response {
    if !has_one_host(&request) {
        let mut refusal = Response::new(Body::from("400: one Host header is needed\n"));
        *refusal.status_mut() = StatusCode::BAD_REQUEST;
        return refusal;
    }
    let held = Arc::default();
    let mut request = request.map(|body| {
        Body::new(Bounded {
            body,
            until: Box::pin(tokio::time::sleep(with.body_time)),
            bytes: 0,
            connection: with.connection,
            bodies: with.bodies,
            held: Arc::clone(&held),
        })
    });
    request.extensions_mut().insert(ConnectInfo(with.address));
    match with.router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Proxies in between read two hosts, or none, differently (RFC 9112, section 3.2).
fn has_one_host<B>(request: &Request<B>) -> bool {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    hosts == 1 || (hosts == 0 && request.version() == Version::HTTP_10)
}

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyCut {
    /// It took too long.
    Late,
    /// Too many large bodies are being read.
    Crowded,
    /// The client broke off, or sent no HTTP.
    Broken,
}

impl BodyCut {
    /// The cut that caused an error in reading the body.
    pub fn behind(error: &(dyn std::error::Error + 'static)) -> Option<BodyCut> {
        let mut causes = std::iter::successors(Some(error), |cause| cause.source());
        causes.find_map(|cause| cause.downcast_ref::<BodyCut>().copied())
    }
}

impl fmt::Display for BodyCut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BodyCut::Late => "the body took too long",
            BodyCut::Crowded => "too many large bodies at once",
            BodyCut::Broken => "the body broke off",
        })
    }
}

impl std::error::Error for BodyCut {}

/// A request's body with its limits in time and memory.
struct Bounded {
    body: Incoming,
    until: Pin<Box<Sleep>>,
    bytes: usize,
    connection: Arc<Connection>,
    bodies: Arc<Semaphore>,
    held: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
}

impl Bounded {
    /// Takes from what all share once the body is larger than every request's own part. It is given
    /// back when the request was answered.
    fn take(&mut self, more: usize) -> Result<(), BodyCut> {
        let before = self.bytes.max(BODY_BYTES_FREE);
        self.bytes = self.bytes.saturating_add(more);
        let beyond = u32::try_from(self.bytes.saturating_sub(before)).unwrap_or(u32::MAX);
        if beyond == 0 {
            return Ok(());
        }
        let permit = Arc::clone(&self.bodies)
            .try_acquire_many_owned(beyond)
            .map_err(|_| BodyCut::Crowded)?;
        let mut held = locked(&self.held);
        match held.as_mut() {
            Some(held) => held.merge(permit),
            None => *held = Some(permit),
        }
        Ok(())
    }
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = BodyCut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyCut>>> {
        if self.until.as_mut().poll(cx).is_ready() {
            self.connection.leave(Phase::Body, Phase::Busy);
            return Poll::Ready(Some(Err(BodyCut::Late)));
        }
        let frame = match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => frame,
            Poll::Ready(Some(Err(_))) => {
                self.connection.leave(Phase::Body, Phase::Busy);
                return Poll::Ready(Some(Err(BodyCut::Broken)));
            }
            Poll::Ready(None) => {
                self.connection.leave(Phase::Body, Phase::Busy);
                return Poll::Ready(None);
            }
            // Who lets us wait for a body may be closed for one who does not.
            Poll::Pending => {
                self.connection.leave(Phase::Busy, Phase::Body);
                return Poll::Pending;
            }
        };
        self.connection.leave(Phase::Body, Phase::Busy);
        let more = frame.data_ref().map_or(0, Bytes::len);
        Poll::Ready(Some(self.take(more).map(|()| frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// While it lives, a request is being answered.
struct Answering(Arc<Connection>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.enter(Phase::Flushing);
    }
}

/// The body of an answer; the connection is idle once it was sent.
struct Answered {
    body: Body,
    #[expect(dead_code, reason = "dropped with the answer")]
    answering: Answering,
}

impl HttpBody for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A socket that notes what its connection is doing.
struct Watched {
    stream: TcpStream,
    connection: Arc<Connection>,
}

impl Watched {
    fn sent(&self, outcome: &Poll<io::Result<usize>>) {
        match outcome {
            Poll::Pending => self.connection.leave(Phase::Busy, Phase::Unread),
            Poll::Ready(_) => self.connection.leave(Phase::Unread, Phase::Busy),
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.connection.leave(Phase::Idle, Phase::Head);
        }
        outcome
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.sent(&outcome);
        outcome
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.sent(&outcome);
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Asked for only when everything was handed over.
        self.connection.leave(Phase::Flushing, Phase::Idle);
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
