//! What the list beside the page holds: calls of the API, and what came in with a proof.

use serde_json::Value as Json;

/// One thing in the list.
pub(super) struct Entry {
    /// Its place: the larger, the newer.
    pub(super) id: u64,
    /// When it last changed, in the same count.
    pub(super) version: u64,
    pub(super) at: String,
    pub(super) kind: Kind,
}

/// What it is.
pub(super) enum Kind {
    /// A call of the API.
    Call(Call),
    /// The browser came back from a bank.
    Callback(Inbound),
    /// The gateway called.
    Webhook(Inbound),
}

/// A call of the API, masked.
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Json>,
    /// What the signature was made of, without the secret.
    pub(super) signed: String,
    /// `None` while it is under way, 0 when no answer came.
    pub(super) status: Option<u16>,
    pub(super) millis: u128,
    pub(super) answer: String,
}

/// Something that came in with a hash or signature.
pub(super) struct Inbound {
    pub(super) path: String,
    /// What it is about: an event's type, a callback's status.
    pub(super) title: String,
    /// A form's fields or a JSON text.
    pub(super) body: String,
    /// What was hashed, without the key.
    pub(super) hashed: String,
    pub(super) expected: String,
    pub(super) received: String,
    pub(super) right: bool,
}

impl Entry {
    /// An entry that is not in a list yet.
    pub(super) fn new(at: String, kind: Kind) -> Entry {
        Entry {
            id: 0,
            version: 0,
            at,
            kind,
        }
    }
}
