//! How a reply leaves: whole and signed, or broken in one of the ways that a test ordered.

use axum::body::Body;
use axum::http::{HeaderName, Response, StatusCode, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Long enough for the first half of a cut reply to leave.
const CUT_AFTER: Duration = Duration::from_millis(30);

/// A JSON reply with its signature.
pub(crate) fn signed(status: u16, timestamp: &str, signature: &str, body: Body) -> Response<Body> {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (HeaderName::from_static("x-lender-timestamp"), timestamp),
        (HeaderName::from_static("x-lender-signature"), signature),
    ];
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, headers, body).into_response()
}

/// A body that promises all of `whole` and breaks the connection after its first half; with no
/// half, the connection breaks before a byte of the reply leaves.
pub(crate) fn cut(whole: &[u8], send_half: bool) -> Body {
    let half = whole.get(..whole.len() / 2).unwrap_or_default();
    Body::new(CutBody {
        half: send_half.then(|| Bytes::copy_from_slice(half)),
        promised: u64::try_from(whole.len()).unwrap_or(u64::MAX),
        pause: None,
    })
}

struct CutBody {
    half: Option<Bytes>,
    promised: u64,
    pause: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl hyper::body::Body for CutBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(half) = self.half.take() {
            self.pause = Some(Box::pin(tokio::time::sleep(CUT_AFTER)));
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        if let Some(pause) = &mut self.pause
            && pause.as_mut().poll(context).is_pending()
        {
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::other("cut on purpose"))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
