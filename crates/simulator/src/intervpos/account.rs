//! The merchant that the simulated bank knows (public test credentials).

/// The bank, by its protocol.
pub(crate) struct Intervpos;

pub(super) const SHOP_CODE: &str = "3123";
pub(super) const USER_CODE: &str = "InterTestApi";
pub(super) const USER_PASS: &str = "3";
pub(super) const MERCHANT_PASS: &str = "gDg1N";
/// How many percent more than is held this merchant may capture.
pub(super) const CAPTURE_MARGIN: i64 = 15;
/// How the published titles of the bank's own cards begin: the points of others it does not know.
pub(super) const ISSUER: &str = "DENİZBANK";
