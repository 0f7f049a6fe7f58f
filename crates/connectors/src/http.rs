//! The one door to the network. The server implements it; tests replay recordings through it.

use std::future::Future;
use std::pin::Pin;

/// A future that can be sent between threads; `async fn` in a trait object needs the box.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Bytes that a reply may have. Most are a few kilobytes; a page of a day's list has 500 rows of 1.4. The rest is
/// hostile.
pub const REPLY_BYTES_MAX: usize = 1024 * 1024;

/// Bytes that the list of a day may have where the bank gives all of it in one reply ([`Http::send_for_list`]), or packed.
/// A row of PayFor's has five kilobytes.
pub const LIST_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Seconds to wait for a bank's reply. PosNet's document: the bank may need 45 s, clients wait 60.
pub const BANK_TIMEOUT_SECONDS: u64 = 60;

/// One request to a bank or lender.
#[derive(Clone)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Absolute URL.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The exact bytes to send.
    pub body: Vec<u8>,
}

/// One reply: its status and a body of at most [`REPLY_BYTES_MAX`] bytes, or as many as its sender allows.
#[derive(Debug, Clone)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// Why there is no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Not one byte of the request left: no name, no connection, no TLS. Another POS may be tried.
    NotSent(String),
    /// The request may have arrived: time-out, reset, cut or oversized reply. This is doubt.
    MaybeSent(String),
}

/// Sends one request; never retries, never follows redirects.
pub trait Http: Send + Sync {
    /// Sends `request` and reads the whole reply.
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, Failure>>;

    /// The same for a question whose reply may have [`LIST_BYTES_MAX`] bytes. A way out that never asks for lists need
    /// not allow more for them.
    fn send_for_list<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, Failure>> {
        self.send(request)
    }
}
