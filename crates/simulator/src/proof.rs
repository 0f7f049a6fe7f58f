//! What a shop shows after 3D Secure beside the sealed session, made of the authentication's nonce. Bank
//! systems name the three values differently.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use crate::session::Session;

/// The cryptogram, the level of security and the number of an authentication. Without a verified shopper
/// the first two are empty.
pub(crate) struct Proof {
    pub(crate) cavv: String,
    pub(crate) eci: &'static str,
    pub(crate) xid: String,
}

impl Proof {
    /// `association` is the card's.
    pub(crate) fn of(session: &Session, association: &str) -> Proof {
        let part = |label: &str| {
            STANDARD.encode(Sha1::digest(format!("{label}{}", session.nonce).as_bytes()))
        };
        let eci = match (session.md_status, association) {
            (Some(1), "MASTERCARD") => "02",
            (Some(2..=4), "MASTERCARD") => "01",
            (Some(1), _) => "05",
            (Some(2..=4), _) => "06",
            _ => "",
        };
        Proof {
            cavv: if eci.is_empty() {
                String::new()
            } else {
                part("cavv")
            },
            eci,
            xid: part("xid"),
        }
    }
}
