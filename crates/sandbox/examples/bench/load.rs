//! The load generator: HTTP/1.1 over kept connections on one thread, with requests that are copied
//! and signed and nothing more, because it shares the machine with what it measures.

use super::roles::{API_KEY, SECRET_KEY};
use contract::signature;
use std::io::Write as _;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

/// Connections of an open loop: as many requests may be under way before one waits for a place,
/// which counts as its time.
const OPEN_CONNECTIONS: usize = 256;

type Write = dyn Fn(u64, &mut Vec<u8>);

/// What is asked, again and again.
#[derive(Clone)]
pub(crate) struct Ask {
    /// Writes the request of a number that no other request of this run has.
    write: Rc<Write>,
    /// Stands in every good reply.
    wanted: &'static str,
}

impl Ask {
    /// A request that is written by `write`.
    pub(crate) fn new(wanted: &'static str, write: impl Fn(u64, &mut Vec<u8>) + 'static) -> Ask {
        Ask {
            write: Rc::new(write),
            wanted,
        }
    }

    /// Signed requests to the gateway at `url`, each of the paths in its turn.
    pub(crate) fn signed(
        url: &str,
        method: &str,
        paths: Vec<String>,
        body: String,
        wanted: &'static str,
    ) -> Ask {
        let host = url.trim_start_matches("http://");
        let heads = paths.into_iter().map(|path| {
            let head = format!(
                "{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
                 content-length: {}\r\nx-api-key: {API_KEY}\r\nx-auth-version: v1\r\n",
                body.len()
            );
            (format!("{url}{path}"), head)
        });
        let heads: Vec<(String, String)> = heads.collect();
        Ask::new(wanted, move |number, request| {
            let (url, head) = &heads[usize::try_from(number).unwrap() % heads.len()];
            let rnd = format!("bench-{number}");
            let signature = signature::sign(url, API_KEY, SECRET_KEY, &rnd, body.as_bytes());
            write!(
                request,
                "{head}x-rnd-key: {rnd}\r\nx-signature: {signature}\r\n\r\n{body}"
            )
            .unwrap();
        })
    }

    /// Signed posts to the gateway at `url`, each of a path with its body in its turn.
    pub(crate) fn signed_each(url: &str, each: Vec<(String, String)>, wanted: &'static str) -> Ask {
        let posts = each.into_iter().map(|(path, body)| {
            let one = Ask::signed(url, "POST", vec![path], body, wanted);
            one.write
        });
        let posts: Vec<Rc<Write>> = posts.collect();
        Ask::new(wanted, move |number, request| {
            posts[usize::try_from(number).unwrap() % posts.len()](number, request);
        })
    }

    /// A form that is posted; `authorization` is a header's value.
    pub(crate) fn form(path: &str, authorization: &str, body: &str, wanted: &'static str) -> Ask {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: {authorization}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        Ask::new(wanted, move |_, out| {
            out.extend_from_slice(request.as_bytes());
        })
    }

    /// Asks once and answers the reply's body.
    pub(crate) async fn once(&self, address: SocketAddr) -> Result<String, String> {
        let mut connection = Connection::open(address).await?;
        connection.ask(self).await?;
        let reply = String::from_utf8_lossy(&connection.reply).into_owned();
        Ok(reply
            .split_once("\r\n\r\n")
            .unwrap_or_default()
            .1
            .to_owned())
    }
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    reply: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Connection, String> {
        let stream = TcpStream::connect(address).await.map_err(text)?;
        stream.set_nodelay(true).map_err(text)?;
        Ok(Connection {
            stream,
            request: Vec::new(),
            reply: Vec::with_capacity(16 * 1024),
        })
    }

    async fn ask(&mut self, ask: &Ask) -> Result<(), String> {
        self.request.clear();
        (ask.write)(NUMBER.fetch_add(1, Ordering::Relaxed), &mut self.request);
        self.stream.write_all(&self.request).await.map_err(text)?;
        self.reply.clear();
        while !is_whole(&self.reply) {
            if self.stream.read_buf(&mut self.reply).await.map_err(text)? == 0 {
                return Err("the connection was closed".to_owned());
            }
        }
        let good = self.reply.starts_with(b"HTTP/1.1 200") && holds(&self.reply, ask.wanted);
        if good {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&self.reply).into_owned())
        }
    }
}

fn text(error: std::io::Error) -> String {
    error.to_string()
}

fn holds(reply: &[u8], wanted: &str) -> bool {
    reply
        .windows(wanted.len())
        .any(|at| at == wanted.as_bytes())
}

/// Whether a reply has come to its end, by its length or its last chunk.
fn is_whole(reply: &[u8]) -> bool {
    let Some(head) = reply.windows(4).position(|at| at == b"\r\n\r\n") else {
        return false;
    };
    let mut fields = reply[..head].split(|byte| *byte == b'\n');
    let length = fields.find_map(|line| {
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    match length {
        Some(length) => reply.len() >= head + 4 + length,
        None => reply.ends_with(b"0\r\n\r\n"),
    }
}

/// How requests follow each other.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// On so many connections each request follows the reply before it.
    Connections(usize),
    /// So many a second, whatever becomes of them. A request's time begins when it should have been
    /// sent, so that a server that stands still is not asked less.
    EachSecond(u32),
}

/// How long each request of a run took, in order of length.
pub(crate) struct Times {
    sorted: Vec<Duration>,
    length: Duration,
}

impl Times {
    pub(crate) fn count(&self) -> u64 {
        self.sorted.len().try_into().unwrap()
    }

    pub(crate) fn each_second(&self) -> u64 {
        self.count() * 1_000_000 / u64::try_from(self.length.as_micros()).unwrap()
    }

    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        self.sorted[(self.sorted.len() - 1) * percent / 100]
    }

    pub(crate) fn slowest(&self) -> Duration {
        self.percentile(100)
    }
}

/// Asks for `length`, which begins once the connections are open where they are opened at once. The first
/// bad reply ends the run and is its error.
pub(crate) async fn run(
    address: SocketAddr,
    ask: &Ask,
    pace: Pace,
    length: Duration,
) -> Result<Times, String> {
    let local = tokio::task::LocalSet::new();
    let (begun, mut sorted) = local
        .run_until(async {
            match pace {
                Pace::Connections(count) => ask_in_turn(address, ask, count, length).await,
                Pace::EachSecond(rate) => ask_on_time(address, ask, rate, length).await,
            }
        })
        .await?;
    let length = begun.elapsed();
    sorted.sort_unstable();
    if sorted.is_empty() {
        Err("nothing was answered".to_owned())
    } else {
        Ok(Times { sorted, length })
    }
}

async fn ask_in_turn(
    address: SocketAddr,
    ask: &Ask,
    connections: usize,
    length: Duration,
) -> Result<(Instant, Vec<Duration>), String> {
    let begun = Instant::now();
    let mut all = JoinSet::new();
    for _ in 0..connections {
        let ask = ask.clone();
        all.spawn_local(async move {
            let mut connection = Connection::open(address).await?;
            let mut times = Vec::new();
            while begun.elapsed() < length {
                let sent = Instant::now();
                connection.ask(&ask).await?;
                times.push(sent.elapsed());
            }
            Ok(times)
        });
    }
    Ok((begun, gather(all).await?))
}

async fn ask_on_time(
    address: SocketAddr,
    ask: &Ask,
    rate: u32,
    length: Duration,
) -> Result<(Instant, Vec<Duration>), String> {
    let (due, waiting) = mpsc::unbounded_channel();
    let waiting = Rc::new(Mutex::new(waiting));
    let mut all = JoinSet::new();
    for _ in 0..OPEN_CONNECTIONS {
        let (ask, waiting) = (ask.clone(), Rc::clone(&waiting));
        let mut connection = Connection::open(address).await?;
        all.spawn_local(async move {
            let mut times = Vec::new();
            loop {
                let due: Option<Instant> = waiting.lock().await.recv().await;
                let Some(due) = due else { return Ok(times) };
                connection.ask(&ask).await?;
                times.push(due.elapsed());
            }
        });
    }
    // A thread's sleep is more exact than the runtime's timer, which knows milliseconds.
    let begun = Instant::now();
    let pacer = std::thread::spawn(move || {
        let step = Duration::from_secs(1) / rate;
        let mut at = begun;
        while at < begun + length && due.send(at).is_ok() {
            at += step;
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
        }
    });
    let times = gather(all).await;
    pacer.join().unwrap();
    Ok((begun, times?))
}

async fn gather(mut all: JoinSet<Result<Vec<Duration>, String>>) -> Result<Vec<Duration>, String> {
    let mut times = Vec::new();
    while let Some(of_one) = all.join_next().await {
        times.extend(of_one.unwrap()?);
    }
    Ok(times)
}
