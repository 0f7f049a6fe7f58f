//! Notifications to Galata, server to server: signed, kept until they arrive, sent again with
//! growing pauses. Only plain http is spoken: the simulator is for laptops and tests.

use super::account::{CLIENT_ID, NOTIFICATION_SECRET};
use super::faults::{Kind, Operation};
use super::ledger::Notification;
use super::lender::Lender;
use super::signature;
use crate::reply;
use http_body_util::Full;
use std::sync::Arc;
use std::time::Duration;

/// A receiver that takes longer has not received.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// While one sender is at it, others leave the notification alone.
const HIDDEN_MS: i64 = 30_000;
/// Pauses after the first, second and every further failure.
const PAUSES_MS: [i64; 3] = [1_000, 5_000, 30_000];
/// After so many attempts, about a day, it is given up.
const ATTEMPTS_MAX: u32 = 2_900;
/// How long a shopper's redirect waits for the notification.
const SHOPPER_WAITS: Duration = Duration::from_secs(2);
/// How late an ordered delay is, when it does not say.
const DELAY_MS: u64 = 5_000;

/// Sends what is due about one order, and waits for that a moment: the notification usually
/// arrives before the shopper. It goes on alone when the moment is over.
pub(crate) async fn send_before_redirect(lender: &Arc<Lender>, order_id: &str) {
    let (lender, order_id) = (lender.clone(), order_id.to_owned());
    let sending = tokio::spawn(async move { send_due(&lender, Some(&order_id)).await });
    if tokio::time::timeout(SHOPPER_WAITS, sending).await.is_err() {
        tracing::info!("the notification takes long; the shopper is sent back before it");
    }
}

/// Sends what is due, one after the other, about one order or about all.
pub(crate) async fn send_due(lender: &Lender, order_id: Option<&str>) {
    let now = lender.now_ms();
    let Ok(due) = lender.ledger.take_due(order_id, now, now + HIDDEN_MS) else {
        return;
    };
    for notification in due {
        let outcome = send(lender, &notification).await;
        // A ledger that fails here is logged there, and the notification is sent again.
        let _ = match outcome {
            Outcome::Arrived => lender.ledger.finish(&notification.id, "delivered"),
            Outcome::Lost => lender.ledger.finish(&notification.id, "lost"),
            Outcome::Failed if notification.attempts >= ATTEMPTS_MAX => {
                lender.ledger.finish(&notification.id, "given_up")
            }
            Outcome::Failed => {
                let pause = PAUSES_MS.get(retry_index(notification.attempts));
                let due_at = lender.now_ms() + pause.copied().unwrap_or_default();
                lender.ledger.postpone(&notification.id, due_at)
            }
            Outcome::Later(ms) => lender
                .ledger
                .postpone(&notification.id, lender.now_ms() + ms),
        };
    }
}

/// Which pause follows the attempt with this number, the first being one.
fn retry_index(attempts: u32) -> usize {
    usize::try_from(attempts.saturating_sub(1))
        .unwrap_or(usize::MAX)
        .min(PAUSES_MS.len() - 1)
}

enum Outcome {
    Arrived,
    Failed,
    /// Never to be sent, by order.
    Lost,
    /// To be sent after so many milliseconds, by order.
    Later(i64),
}

async fn send(lender: &Lender, notification: &Notification) -> Outcome {
    let order_id = Some(notification.order_id.as_str());
    let fault = lender
        .faults
        .take(Operation::Notify, order_id, Some(notification.amount));
    let kind = fault.as_ref().map(|fault| fault.kind);
    let delay = fault.and_then(|fault| fault.ms).unwrap_or(DELAY_MS);
    let body = notification.body.as_str();
    match kind {
        Some(Kind::NoCallback) => Outcome::Lost,
        Some(Kind::Delay) => Outcome::Later(i64::try_from(delay).unwrap_or(i64::MAX / 2)),
        // It arrives, and the lender does not learn so: it will come again.
        Some(Kind::LoseReply | Kind::CutReply) => {
            post(lender, notification, body, false).await;
            Outcome::Failed
        }
        Some(Kind::Http500 | Kind::Decline) => Outcome::Failed,
        Some(Kind::WrongMac) => outcome_of(post(lender, notification, body, true).await),
        Some(Kind::Garbage) => outcome_of(post(lender, notification, "<garbage", false).await),
        Some(Kind::DuplicateCallback) => {
            post(lender, notification, body, false).await;
            outcome_of(post(lender, notification, body, false).await)
        }
        None | Some(Kind::Answer | Kind::NotifyFirst) => {
            outcome_of(post(lender, notification, body, false).await)
        }
    }
}

fn outcome_of(delivered: bool) -> Outcome {
    if delivered {
        Outcome::Arrived
    } else {
        Outcome::Failed
    }
}

/// Whether the receiver took it.
async fn post(lender: &Lender, notification: &Notification, body: &str, spoil: bool) -> bool {
    let timestamp = (lender.now)().as_second().to_string();
    let mut signature =
        signature::of_notification(NOTIFICATION_SECRET, &timestamp, CLIENT_ID, body.as_bytes());
    if spoil {
        reply::spoil(&mut signature);
    }
    let request = hyper::Request::post(&notification.url)
        .header("content-type", "application/json")
        .header("x-lender-client", CLIENT_ID)
        .header("x-lender-timestamp", timestamp)
        .header("x-lender-signature", signature)
        .body(Full::from(body.to_owned()));
    let Ok(request) = request else {
        return false;
    };
    match tokio::time::timeout(ANSWER_WITHIN, lender.client.request(request)).await {
        Ok(Ok(response)) => response.status().is_success(),
        _ => false,
    }
}
