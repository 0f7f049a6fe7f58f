//! The two generations of NestPay's hash over a form.

use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha512};

/// Names that the third hash leaves out, in small letters.
const LEFT_OUT: [&str; 3] = ["hash", "encoding", "nationalidno"];

/// The first: values in the order of their rule, then the store key, put end to end.
pub(super) fn first(values: &[&str], store_key: &str) -> String {
    let text = format!("{}{store_key}", values.concat());
    STANDARD.encode(Sha1::digest(text.as_bytes()))
}

/// The third: all values in the order of their names, then the store key, joined by bars.
pub(super) fn third<'a>(
    fields: impl Iterator<Item = (&'a str, &'a str)>,
    store_key: &str,
) -> String {
    let covered = |(name, _): &(&str, &str)| !LEFT_OUT.contains(&&*name.to_ascii_lowercase());
    let mut fields: Vec<(&str, &str)> = fields.filter(covered).collect();
    fields.sort_by(|(one, _), (other, _)| natural(one, other));
    let values = fields.into_iter().map(|(_, value)| value);
    let escaped = values
        .chain([store_key])
        .map(|value| value.replace('\\', "\\\\").replace('|', "\\|"));
    let text = escaped.collect::<Vec<_>>().join("|");
    STANDARD.encode(Sha512::digest(text.as_bytes()))
}

/// Letter case does not count, and digits count as numbers.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
    loop {
        let (first, second) = (number(left), number(right));
        let order = match (first, second) {
            (Some((a, _)), Some((b, _))) => (a.len(), a).cmp(&(b.len(), b)),
            _ => letter(left).cmp(&letter(right)),
        };
        if order != Ordering::Equal || left.is_empty() {
            return order;
        }
        let step = |text: &str| text.chars().next().map_or(0, char::len_utf8);
        left = first.map_or_else(|| &left[step(left)..], |(_, rest)| rest);
        right = second.map_or_else(|| &right[step(right)..], |(_, rest)| rest);
    }
}

fn letter(text: &str) -> Option<char> {
    text.chars()
        .next()
        .map(|letter| letter.to_ascii_lowercase())
}

/// The digits at the beginning without zeros before them, and what follows.
fn number(text: &str) -> Option<(&str, &str)> {
    let rest = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let digits = text.strip_suffix(rest)?;
    (!digits.is_empty()).then(|| (digits.trim_start_matches('0'), rest))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const OWN: [(&str, &str); 10] = [
        ("clientid", "190100000"),
        ("oid", "a|b\\c"),
        ("amount", "1.00"),
        ("okUrl", "https://m/ok"),
        ("failUrl", "https://m/f"),
        ("rnd", "r1"),
        ("storetype", "3d_pay"),
        ("currency", "949"),
        ("lang", "tr"),
        ("hashAlgorithm", "ver3"),
    ];

    #[test]
    fn the_third_hash_sorts_names_and_escapes_values() {
        let more = [
            ("TranType", "Auth"),
            ("Instalment", ""),
            ("HASH", "x"),
            ("Encoding", "y"),
            ("NationalIdNo", "z"),
        ];
        let fields = OWN.into_iter().chain(more);
        assert_eq!(
            third(fields, "123456"),
            "YDCslkbka0F2dsUNNNDHIqmraG3mTepx2tz89Nr8hAhvdY1j1ibluwXuUxi2jGmlWq4h07l7WTdPOeUZN5w8KQ=="
        );
        let form = [
            ("clientid", "190100000"),
            ("storetype", "3d"),
            ("amount", "100.25"),
            ("oid", "order222"),
            ("okUrl", "https://domain.com/success"),
            ("failUrl", "https://domain.com/fail_url"),
            ("rnd", "12345"),
            ("hashAlgorithm", "ver3"),
            ("lang", "tr"),
            ("currency", "949"),
            ("islemtipi", "Auth"),
            ("taksit", ""),
        ];
        assert_eq!(
            third(form.into_iter(), "123456"),
            "4aUsG5hqlIFLc9s8PKc5rWb2OLhmxDDewNgKa2XrwoYCIxlyVq8Fjl4IVaZzoqL983CfTseicmnTA0PjZr74xg=="
        );
    }

    #[test]
    fn names_are_in_natural_order() {
        for (one, other) in [
            ("amount", "AuthCode"),
            ("item2", "item10"),
            ("item02", "ITEM3"),
            ("md", "mdStatus"),
            ("x1a", "x1b"),
            ("ğ1", "ğ2"),
        ] {
            assert_eq!(natural(one, other), Ordering::Less, "{one} {other}");
            assert_eq!(natural(other, one), Ordering::Greater, "{one} {other}");
        }
        assert_eq!(natural("Item1", "iTEM01"), Ordering::Equal);
    }

    #[test]
    fn vectors_of_the_open_library_hold() {
        let vectors: Vec<Value> =
            serde_json::from_str(include_str!("../../tests/data/bank-hash-vectors.json")).unwrap();
        let mut checked = 0;
        for vector in &vectors {
            let text = |name: &str| vector[name].as_str().unwrap();
            let Some((values, key)) = text("text").rsplit_once('|') else {
                continue;
            };
            if text("family") == "nestpay_v3" {
                // Their texts are in order already; numbered names keep them so.
                let names: Vec<String> = (0..values.split('|').count())
                    .map(|number| format!("n{number}"))
                    .collect();
                let fields = names.iter().map(String::as_str).zip(values.split('|'));
                assert_eq!(third(fields, key), text("expected"), "{}", text("what"));
                checked += 1;
            }
        }
        assert_eq!(checked, 2);
    }

    #[test]
    fn first_hashes_are_recorded_ones() {
        let three_d = [
            "190100000",
            "202210304547",
            "1",
            "ABABCSQDGQAAAABllJMDdUQAEJI=",
            "05",
            "435508:4328956B2D668C558B0AECFF49A883EEFF2CD4168F54758441F31C79840636B8:3827:##190100000",
            "yVCgrF4/9i3p9R0rQvw8",
        ];
        assert_eq!(first(&three_d, "123456"), "MyL35j/zA22D90nUkW0on1k2njE=");
        let paid = [
            "700655000200",
            "2022103030CB",
            "P37891",
            "00",
            "Approved",
            "1",
            "ABABByBkEgAAAABllJMDdVWUGZE=",
            "05",
            "435508:EC9CDC37975501A4B29BBD5BE1580279238BF88D888B23E7ECC293581C75EE40:4333:##700655000200",
            "kP/2JB5ajHJt+yVhHNG9",
        ];
        assert_eq!(first(&paid, "TRPS0200"), "FQLnGOxBBMIoMIRxehiaLtkEd34=");
    }
}
