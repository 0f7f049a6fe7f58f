//! Ids: whole numbers from 1 to 2^53 - 1, because JavaScript's numbers hold no more.

/// The largest id.
pub const ID_MAX: i64 = (1 << 53) - 1;

/// Reads an id from decimal digits: a path segment, a query value, a callback's form field.
pub fn parse(text: &str) -> Option<i64> {
    const LONGEST: usize = 16;
    let digits = (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let id = digits.then(|| text.parse().ok()).flatten()?;
    (1..=ID_MAX).contains(&id).then_some(id)
}

#[cfg(test)]
mod tests {
    use crate::card_payments::CompleteThreeDSPaymentRequest;

    fn read(body: &str) -> Option<Option<i64>> {
        let request: Option<CompleteThreeDSPaymentRequest> = serde_json::from_str(body).ok();
        request.map(|request| request.payment_id)
    }

    #[test]
    fn an_id_is_an_integer_or_its_digits() {
        assert_eq!(
            read(r#"{"paymentId": 5, "unknown": [1.50]}"#),
            Some(Some(5))
        );
        assert_eq!(
            read(r#"{"paymentId": "9007199254740991"}"#),
            Some(Some(9_007_199_254_740_991))
        );
        for absent in ["{}", r#"{"paymentId": null}"#, r#"{"paymentId": ""}"#] {
            assert_eq!(read(absent), Some(None), "{absent}");
        }
        for wrong in [
            "9007199254740992",
            "0",
            "-1",
            "1.0",
            "1e3",
            "true",
            "[]",
            "{}",
            "\"+1\"",
            "\" 1\"",
        ] {
            assert_eq!(
                read(&format!(r#"{{"paymentId": {wrong}}}"#)),
                None,
                "{wrong}"
            );
        }
    }
}
