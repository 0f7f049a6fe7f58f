//! Garanti's hashes, version 512: upper-case hexadecimal SHA-512 over values put end to end, closed
//! by a digest of the user's password and the terminal.

use sha1::Sha1;
use sha2::{Digest, Sha512};

use crate::seal::upper_hex;

/// SHA-1 of the password and the terminal's nine digits: "SecurityData".
pub(super) fn security_data(password: &str, terminal: &str) -> String {
    upper_hex(&Sha1::digest(
        format!("{password}{terminal:0>9}").as_bytes(),
    ))
}

/// The hash over `values` in the order of the message's rule.
pub(super) fn of(values: &[&str]) -> String {
    upper_hex(&Sha512::digest(values.concat().as_bytes()))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn security_data_is_the_published_one() {
        assert_eq!(
            security_data("123qweASD/", "30691298"),
            "1639636D00AB5EF0B3CE073BB222BFAAC2C2C38D"
        );
    }

    #[test]
    fn hashes_are_the_published_ones() {
        let security = security_data("123qweASD/", "30691298");
        assert!(
            of(&[
                "RWD1",
                "30691298",
                "4282209004348015",
                "100",
                "949",
                &security
            ])
            .starts_with("7CA92B30910C3805CB2EE174E4C91884")
        );
        let url = "https://domain.com/";
        let form = of(&[
            "30691298",
            "order222",
            "10025",
            "949",
            &format!("{url}success"),
            &format!("{url}fail_url"),
            "sales",
            "",
            "12345678",
            &security,
        ]);
        assert!(form.starts_with("372D6CB20B2B699D0A6667DFF46E3AA8"));
        let reply = of(&[
            "00",
            "335709663080",
            "103550",
            "20231223 19:24:30",
            "202312238064",
            &security,
        ]);
        assert!(reply.starts_with("1724AAE56E9EF08EAF70633AB5F56F55"));
    }

    #[test]
    fn vectors_of_the_open_library_hold() {
        let vectors: Vec<Value> =
            serde_json::from_str(include_str!("../../tests/data/bank-hash-vectors.json")).unwrap();
        let mut checked = 0;
        for vector in &vectors {
            let text = |name: &str| vector[name].as_str().unwrap();
            if text("family").starts_with("garanti") {
                let made = if text("recipe").contains("sha512") {
                    of(&[text("text")])
                } else {
                    upper_hex(&Sha1::digest(text("text").as_bytes()))
                };
                assert_eq!(made, text("expected"), "{}", text("what"));
                checked += 1;
            }
        }
        assert_eq!(checked, 13);
    }
}
