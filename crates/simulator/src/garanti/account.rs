//! The merchant that the simulated bank knows (public test credentials).

/// The bank, by its protocol.
pub(crate) struct Garanti;

pub(super) const MERCHANT: &str = "7000679";
pub(super) const TERMINAL: &str = "30691298";
pub(super) const PASSWORD: &str = "123qweASD/";
pub(super) const STORE_KEY: &str = "12345678";
pub(super) const VERSION: &str = "512";
pub(super) const LIRA: &str = "949";
/// May sell and ask.
pub(super) const SELLER: &str = "PROVAUT";
/// May take back.
pub(super) const REFUNDER: &str = "PROVRFN";
/// How many percent more than is held this merchant may capture.
pub(super) const CAPTURE_MARGIN: i64 = 15;
