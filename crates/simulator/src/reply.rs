//! How a reply leaves: whole and prompt, or late, cut, garbled or not at all when a fault says so.
//! Losing and cutting end the connection by a body that fails, which every hyper server turns into
//! a closed socket.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use crate::faults::{Fault, FaultKind};

/// The longest delay that a fault may order.
pub(crate) const MAX_DELAY_MS: u64 = 600_000;

/// Answers `body`, or what the fault makes of it.
pub(crate) async fn deliver(
    content_type: &'static str,
    body: Vec<u8>,
    fault: Option<&Fault>,
) -> Response {
    send(content_type, rewrite(body, fault), fault).await
}

/// The body that the fault wants in place of this one, if it wants any.
pub(crate) fn rewrite(body: Vec<u8>, fault: Option<&Fault>) -> Vec<u8> {
    let Some(fault) = fault else {
        return body;
    };
    match fault.kind {
        FaultKind::Garbage => b"\x00\xff<<not a message>>".to_vec(),
        FaultKind::Answer => fault.body.clone().unwrap_or_default().into_bytes(),
        FaultKind::Edit => edit(body, fault),
        _ => body,
    }
}

/// Sends a body that is already what the fault wants it to be.
pub(crate) async fn send(
    content_type: &'static str,
    body: Vec<u8>,
    fault: Option<&Fault>,
) -> Response {
    let Some(fault) = fault else {
        return whole(content_type, body);
    };
    match fault.kind {
        FaultKind::Delay => {
            wait(Some(fault)).await;
            whole(content_type, body)
        }
        FaultKind::LoseReply => broken_reply(content_type, &body, 0),
        FaultKind::CutReply => broken_reply(content_type, &body, body.len() / 2),
        FaultKind::Http500 => internal_error(),
        FaultKind::Garbage
        | FaultKind::Answer
        | FaultKind::Edit
        | FaultKind::Decline
        | FaultKind::WrongMac
        | FaultKind::DuplicateCallback
        | FaultKind::NoCallback => whole(content_type, body),
    }
}

/// Waits as long as the fault wants.
pub(crate) async fn wait(fault: Option<&Fault>) {
    let wait = fault.and_then(|fault| fault.ms).unwrap_or_default();
    tokio::time::sleep(Duration::from_millis(wait.min(MAX_DELAY_MS))).await;
}

/// The message with what the fault wants replaced. Bytes that are no UTF-8 stay as they are: what is
/// looked for is plain text.
fn edit(body: Vec<u8>, fault: &Fault) -> Vec<u8> {
    let find = fault.find.as_deref().unwrap_or_default().as_bytes();
    let replace = fault.replace.as_deref().unwrap_or_default().as_bytes();
    if find.is_empty() {
        return body;
    }
    let mut text = Vec::with_capacity(body.len());
    let mut rest = body.as_slice();
    while let Some((first, after)) = rest.split_first() {
        match rest.strip_prefix(find) {
            Some(behind) => {
                text.extend_from_slice(replace);
                rest = behind;
            }
            None => {
                text.push(*first);
                rest = after;
            }
        }
    }
    text
}

/// A plain failure of the bank's server.
pub(crate) fn internal_error() -> Response {
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "the bank is out of order\n",
    )
        .into_response()
}

/// True when the fault wants a failure before anything is done.
pub(crate) fn fails_before(fault: Option<&Fault>) -> bool {
    fault.is_some_and(|fault| fault.kind == FaultKind::Http500 && !fault.after)
}

/// The code with which the fault wants a refusal, nothing being done.
pub(crate) fn declines(fault: Option<&Fault>) -> Option<&str> {
    refusal(fault.filter(|fault| !fault.after))
}

/// The code with which the fault wants a refusal although everything was done: the bank timed out
/// itself, between its gateway and its host.
pub(crate) fn declines_after(fault: Option<&Fault>) -> Option<&str> {
    refusal(fault.filter(|fault| fault.after))
}

fn refusal(fault: Option<&Fault>) -> Option<&str> {
    fault
        .filter(|fault| fault.kind == FaultKind::Decline)
        .map(|fault| fault.code.as_deref().unwrap_or("05"))
}

/// True when the reply's hash must not verify.
pub(crate) fn wrong_mac(fault: Option<&Fault>) -> bool {
    fault.is_some_and(|fault| fault.kind == FaultKind::WrongMac)
}

/// A hash spoilt in its first character, still of the same shape.
pub(crate) fn spoil(hash: &mut String) {
    let first = if hash.starts_with('A') { "B" } else { "A" };
    if !hash.is_empty() {
        hash.replace_range(..1, first);
    }
}

fn whole(content_type: &'static str, body: Vec<u8>) -> Response {
    (
        [(CONTENT_TYPE, HeaderValue::from_static(content_type))],
        body,
    )
        .into_response()
}

fn broken_reply(content_type: &'static str, body: &[u8], sent: usize) -> Response {
    let mut response = Response::new(broken_body(body, sent));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A body that promises its whole length, sends its first `sent` bytes and breaks the connection.
pub(crate) fn broken_body(whole: &[u8], sent: usize) -> Body {
    let start = whole.get(..sent).unwrap_or_default();
    let start = (!start.is_empty()).then(|| Bytes::copy_from_slice(start));
    Body::new(Broken {
        promised: u64::try_from(whole.len()).unwrap_or(u64::MAX),
        flushed: start.is_none(),
        start,
    })
}

/// A body that fails: at once, or after its start had the time to reach the wire.
struct Broken {
    start: Option<Bytes>,
    flushed: bool,
    promised: u64,
}

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if let Some(start) = self.start.take() {
            return Poll::Ready(Some(Ok(Frame::data(start))));
        }
        if !self.flushed {
            self.flushed = true;
            // One turn of the loop, in which the server flushes what it has.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(std::io::Error::other(
            "this reply is lost on purpose",
        ))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
