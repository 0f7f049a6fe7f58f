//! Where the shop is called: by the shopper's browser at `/callback`, by the gateway's webhooks at
//! `/sandbox-play/webhook`. Listens on loopback while the flows are played.

use crate::seed::WEBHOOK_KEY;
use contract::signature;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::convert::Infallible;
use std::io;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};

/// Path of the webhook address. It tells a player's address from one that somebody set.
pub(crate) const WEBHOOK_PATH: &str = "/sandbox-play/webhook";
const CALLBACK_PATH: &str = "/callback";
/// Bytes that a caller may send.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// A callback is posted before the browser's page ends; this is only for the hand-over.
const CALLBACK_WAIT: Duration = Duration::from_secs(5);

/// A form's fields.
pub(crate) type Fields = Vec<(String, String)>;

/// The shop's listener and what came in.
pub(crate) struct Inbox {
    base_url: String,
    callbacks: UnboundedReceiver<Fields>,
    webhooks: UnboundedReceiver<(String, String)>,
    /// Webhooks that came, each with the right signature.
    pub(crate) genuine: usize,
    listening: AbortHandle,
}

#[derive(Clone)]
struct Slots {
    callbacks: UnboundedSender<Fields>,
    webhooks: UnboundedSender<(String, String)>,
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Inbox {
    /// Listens on a free port.
    pub(crate) async fn open() -> io::Result<Inbox> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let (callbacks_in, callbacks) = mpsc::unbounded_channel();
        let (webhooks_in, webhooks) = mpsc::unbounded_channel();
        let slots = Slots {
            callbacks: callbacks_in,
            webhooks: webhooks_in,
        };
        let listening = tokio::spawn(listen(listener, slots)).abort_handle();
        Ok(Inbox {
            base_url,
            callbacks,
            webhooks,
            genuine: 0,
            listening,
        })
    }

    /// Where browsers come back to.
    pub(crate) fn callback_url(&self) -> String {
        format!("{}{CALLBACK_PATH}", self.base_url)
    }

    /// Where webhooks go.
    pub(crate) fn webhook_url(&self) -> String {
        format!("{}{WEBHOOK_PATH}", self.base_url)
    }

    /// What the browser brought back.
    pub(crate) async fn callback(&mut self) -> Result<Fields, String> {
        match timeout(CALLBACK_WAIT, self.callbacks.recv()).await {
            Ok(Some(fields)) => Ok(fields),
            _ => Err("no callback came".to_owned()),
        }
    }

    /// The next webhook that fits, within `wait`. Every webhook on the way there must be genuine.
    pub(crate) async fn webhook(
        &mut self,
        wait: Duration,
        fits: impl Fn(&Value) -> bool,
    ) -> Result<Value, String> {
        let until = Instant::now() + wait;
        while let Ok(Some((signature, body))) = timeout_at(until, self.webhooks.recv()).await {
            let event = verified(&signature, &body)?;
            self.genuine += 1;
            if fits(&event) {
                return Ok(event);
            }
        }
        Err(format!(
            "the webhook did not come within {} s",
            wait.as_secs()
        ))
    }
}

/// The event, if `signature` is its `x-cg-signature-v1`.
fn verified(signature: &str, body: &str) -> Result<Value, String> {
    let event: Value =
        serde_json::from_str(body).map_err(|_| "a webhook without JSON".to_owned())?;
    let text = |name: &str| event[name].as_str().unwrap_or_default();
    let timestamp = event["eventTimestamp"].as_i64().unwrap_or_default();
    let right = signature::webhook(
        WEBHOOK_KEY,
        text("eventType"),
        timestamp,
        text("status"),
        text("payloadId"),
    );
    if right != signature {
        let kind = text("eventType");
        return Err(format!("the webhook {kind} is signed wrongly"));
    }
    Ok(event)
}

/// Accepts callers; they end with the listener.
async fn listen(listener: TcpListener, slots: Slots) {
    let mut callers = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        callers.spawn(answer_all(stream, slots.clone()));
        while callers.try_join_next().is_some() {}
    }
}

async fn answer_all(stream: TcpStream, slots: Slots) {
    let service = service_fn(move |request| {
        let slots = slots.clone();
        async move { Ok::<_, Infallible>(answer(request, &slots).await) }
    });
    // A caller that goes away is no matter: whatever it sent is in its slot.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(request: Request<Incoming>, slots: &Slots) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let header = request.headers().get("x-cg-signature-v1");
    let signature = header
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let Ok(body) = Limited::new(request.into_body(), BODY_BYTES_MAX)
        .collect()
        .await
    else {
        return says(StatusCode::BAD_REQUEST, "");
    };
    let body = body.to_bytes();
    let taken = match path.as_str() {
        CALLBACK_PATH => {
            let fields = form_urlencoded::parse(&body).into_owned().collect();
            slots.callbacks.send(fields).is_ok()
        }
        WEBHOOK_PATH => {
            let text = String::from_utf8_lossy(&body).into_owned();
            slots.webhooks.send((signature, text)).is_ok()
        }
        _ => return says(StatusCode::NOT_FOUND, ""),
    };
    if taken {
        says(StatusCode::OK, "<p>Siparişiniz alındı.</p>")
    } else {
        says(StatusCode::SERVICE_UNAVAILABLE, "")
    }
}

fn says(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response
}
