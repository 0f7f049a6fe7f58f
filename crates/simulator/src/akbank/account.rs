//! The merchant that the simulated bank knows: a public test account of the bank's test system.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha512;

/// The bank, by its protocol.
pub(crate) struct Akbank;

pub(super) const MERCHANT: &str = "2023090417500272654BD9A49CF07574";
pub(super) const TERMINAL: &str = "2023090417500284633D137A249DBBEB";
/// The key is this text as it stands, although it looks like the hexadecimal of another one.
const KEY: &str = "3230323330393034313735303032363031353172675f357637355f3273387373745f7233725f73\
                   323333383737335f323272383774767276327672323531355f";

/// The terminal as replies name it.
pub(super) fn terminal() -> Value {
    json!({ "merchantSafeId": MERCHANT, "terminalSafeId": TERMINAL })
}

/// The signature of parts put end to end.
pub(super) fn sign(parts: &[&[u8]]) -> String {
    // HMAC takes keys of any length, so this branch is never taken.
    let Ok(mut mac) = Hmac::<Sha512>::new_from_slice(KEY.as_bytes()) else {
        return String::new();
    };
    for part in parts {
        mac.update(part);
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_signatures_are_made() {
        let body = r#"{"terminal":{"merchantSafeId":"2023090417500272654BD9A49CF07574","terminalSafeId":"2023090417500284633D137A249DBBEB"},"version":"1.00","txnCode":"1010","requestDateTime":"2024-04-20T13:48:02.000","randomNumber":"59EED19EC4FA761B8D147F5175C915EFD69D193ED96114F9690505EDB02FF5FD3CB161A15FD5EFFB294177291DC27B2A9F58FB1DA6F2F4617762AF180A023A33","order":{"orderId":"2024042053E2"}}"#;
        assert_eq!(
            sign(&[body.as_bytes()]),
            "D07V9wUXfyPbn+L8jqd9plMfJKT3gSy22Z+yruzWsvuJBkQ63fz+wcWjTF2XurVjYtnR7wLGYTJYg0xjDCYAHA=="
        );
        let callback = "3001VPS-0000BAŞARILI2024-04-18T20:15:35.0002023090417500272654BD9A49CF07574\
                        2023090417500284633D137A249DBBEB20240418BA6CVG8yV2tCRHpTSlpNN2VqcDJRS1k=02\
                        kBM8+wZGAAAAAAAAAAAAAAAAAAAA\
                        08A86B192287C69B2C443E7A42B29B5F46436C41DF8E159B4A232BB3D961940F";
        assert_eq!(
            sign(&[callback.as_bytes()]),
            "bFYReNscRIyo3EQQm18qB9iZEW5eqtx1UBAjwRAoVJuigugPKr4Rjcf4PgBHtrjg1IYFYAz8k3TCFcKWS0b4Xg=="
        );
        let sale = "1000VPS-0000BAŞARILI00000 ONAY KODU XXXXXX2024-04-18T20:27:45.000\
                    2023090417500272654BD9A49CF075742023090417500284633D137A249DBBEB2024041811DATD**\
                    306456411024360235438602\
                    0.01215.62CHIP PARA0.000.000.000.00";
        assert_eq!(
            sign(&[sale.as_bytes()]),
            "PO/pybfGrY7fesPoAq2U2B1bkpudx659yMyjTnnfP/Cw5MKR1t7mKvRnZdPBxu9nCC7qJFdr3mJSPTdMwYc3SA=="
        );
    }
}
