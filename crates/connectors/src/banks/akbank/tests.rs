//! The hashes of requests and forms against published vectors.

use super::threeds::form_hash;
use crate::digest::{hmac_sha512_base64, hmac_sha512_hex};

const KEY: &str = "3230323330393034313735303032363031353172675f357637355f3273387373745f7233725f73323333383737335f323272383774767276327672323531355f";

#[test]
fn bodies_are_signed_as_published() {
    let body = r#"{"terminal":{"merchantSafeId":"2023090417500272654BD9A49CF07574","terminalSafeId":"2023090417500284633D137A249DBBEB"},"version":"1.00","txnCode":"1010","requestDateTime":"2024-04-20T13:48:02.000","randomNumber":"59EED19EC4FA761B8D147F5175C915EFD69D193ED96114F9690505EDB02FF5FD3CB161A15FD5EFFB294177291DC27B2A9F58FB1DA6F2F4617762AF180A023A33","order":{"orderId":"2024042053E2"}}"#;
    assert_eq!(
        hmac_sha512_base64(KEY, body.as_bytes()),
        "D07V9wUXfyPbn+L8jqd9plMfJKT3gSy22Z+yruzWsvuJBkQ63fz+wcWjTF2XurVjYtnR7wLGYTJYg0xjDCYAHA=="
    );
    let once = hmac_sha512_hex(KEY, b"x");
    assert!(once.len() == 128 && once.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F')));
}

#[test]
fn forms_are_signed_as_published() {
    // Not in the order in which they are signed.
    let fields = [
        ("requestDateTime", "2024-04-04T21:11:41.000"),
        ("creditCard", "4355093000315232"),
        ("expiredDate", "1135"),
        ("cvv", "665"),
        ("paymentModel", "3D"),
        ("txnCode", "3000"),
        ("merchantSafeId", "2023090417500272654BD9A49CF07574"),
        ("terminalSafeId", "2023090417500284633D137A249DBBEB"),
        ("orderId", "20240404A4B0"),
        ("lang", "TR"),
        ("amount", "1.01"),
        ("xcbRewardAmount", "1.00"),
        ("pcbRewardAmount", "1.00"),
        ("ccbRewardAmount", "1.00"),
        ("currencyCode", "949"),
        ("installCount", "1"),
        ("okUrl", "http://localhost/akbankpos/3d/response.php"),
        ("failUrl", "http://localhost/akbankpos/3d/response.php"),
        ("emailAddress", "test@test.com"),
        (
            "randomNumber",
            "AEDDD8688E11A3DC588DAB2ED59B2F64D45E798761CEFF17F4DB47581072697890180C4195986250F89C2C67A04A3B96F0AC66AE99B49BB7BEE618FBD621C4CD",
        ),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(
        form_hash(&fields, KEY),
        "ilR2mCExklKEti+2x61A8pcOfzJ5z5M6xMYmmU8ClaKaDuxKooFuH3v7XW/ba25xlTDqGN1H//i0zTiJl5YnfA=="
    );
}
