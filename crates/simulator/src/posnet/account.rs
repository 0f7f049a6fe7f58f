//! The merchant that the simulated bank knows (public test credentials).

/// The bank, by its protocol.
pub(crate) struct Posnet;

pub(super) const MERCHANT: &str = "6706598320";
pub(super) const TERMINAL: &str = "67005551";
pub(super) const POSNET_ID: &str = "27426";
pub(super) const KEY: &str = "10,10,10,10,10,10,10,10";
/// The document's "provizyon aşım yüzdesi" of this merchant.
pub(super) const CAPTURE_MARGIN: i64 = 15;
