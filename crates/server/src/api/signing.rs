//! Why a signature was refused, for the integrator's eyes: what would have been signed beside what
//! came, and which common mistake makes the signature that came. Never the secret, never the
//! signature that was expected.

use crate::journal::storable_text;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use connectors::scrub::{scrub, words};
use contract::card::Secret;
use contract::signature::target_spellings;
use data_encoding::HEXLOWER_PERMISSIVE;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::net::Ipv4Addr;
use subtle::{Choice, ConstantTimeEq};

/// A body longer than this is not tried with every mistake.
const TRIED_BYTES_MAX: usize = 16 * 1024;
/// A body longer than this is not tried with every spelling of a host.
const SPELLED_BYTES_MAX: usize = 4 * 1024;
/// Parts of a host's name that are tried in every spelling: three to this power.
const SPELLED_LABELS_MAX: usize = 4;
/// Characters of a body that are shown.
const BODY_CHARS_MAX: usize = 4096;
/// Stands for the secret.
const SECRET_SHOWN: &str = "<secret key>";
/// Fields of bodies that are never shown.
const SECRET_FIELDS: &[&str] = &[
    "cardNumber",
    "cvc",
    "expireYear",
    "expireMonth",
    "cardHolderName",
    "secureFieldsToken",
    "threedsKey",
    "posPassword",
    "buyerIdentityNumber",
    "buyerPhoneNumber",
    "buyerBirthdate",
];

/// A request whose signature was refused.
pub(super) struct Refused {
    /// The key's secret.
    pub secret: Secret,
    /// Base URLs that would have been accepted.
    pub bases: Vec<String>,
    /// Path and query as they came.
    pub target: String,
    /// `x-api-key`.
    pub api_key: String,
    /// `x-rnd-key`.
    pub rnd_key: String,
    /// `x-signature`.
    pub given: String,
    /// `content-type`, or nothing.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// `expected` (one text a base URL), `received`, `hints`.
pub(super) fn explanation(refused: &Refused) -> Json {
    let r = refused;
    let target = target_spellings(&r.target)
        .pop()
        .map(|text| words(&text))
        .unwrap_or_default();
    let body = storable_text(&scrub(&r.body, SECRET_FIELDS), BODY_CHARS_MAX);
    let rnd_key = words(&r.rnd_key);
    let expected: Vec<String> = shown_bases(&r.bases)
        .into_iter()
        .map(|base| {
            let tail = r.hidden(&format!("{rnd_key}{body}"));
            let head = r.hidden(&format!("{}{target}{}", words(base), r.api_key));
            format!("{head}{SECRET_SHOWN}{tail}")
        })
        .collect();
    json!({
        "expected": expected,
        "received": {
            "signature": r.hidden(&words(&r.given)),
            "rndKey": r.hidden(&rnd_key),
            "apiKey": r.api_key,
            "bodyBytes": r.body.len(),
            "contentType": r.hidden(&words(&r.content_type)),
        },
        "hints": hints(r),
    })
}

impl Refused {
    /// The text without the secret: it may have been sent where it does not belong.
    fn hidden(&self, text: &str) -> String {
        match self.secret.expose() {
            "" => text.to_owned(),
            secret => text.replace(secret, SECRET_SHOWN),
        }
    }
}

/// Each base URL once: not again in capitals, and not with the port that everybody leaves out.
fn shown_bases(bases: &[String]) -> Vec<&String> {
    let mut shown: Vec<&String> = Vec::new();
    for base in bases {
        let authority = base.split('/').nth(2).unwrap_or("");
        let default_port = authority.ends_with(":80") || authority.ends_with(":443");
        if !default_port && !shown.iter().any(|known| known.eq_ignore_ascii_case(base)) {
            shown.push(base);
        }
    }
    shown
}

/// How the parts are hashed.
#[derive(Clone, Copy)]
enum How {
    /// As it must be.
    Plain,
    /// The secret as an HMAC's key, and not among the parts.
    Hmac,
    /// The secret as an HMAC's key, and among the parts.
    HmacOverAll,
    /// The secret before the API key.
    Swapped,
}

/// What may have been signed.
#[derive(Clone)]
struct Tried {
    urls: Vec<String>,
    api_key: String,
    secret: String,
    rnd_key: String,
    body: Vec<u8>,
    how: How,
}

impl Tried {
    /// Whether one of the URLs makes this digest. The time does not tell which, nor how nearly.
    fn makes(&self, given: &[u8]) -> bool {
        let mut equal = Choice::from(0);
        for url in &self.urls {
            equal |= self.digest(url).as_slice().ct_eq(given);
        }
        equal.into()
    }

    fn digest(&self, url: &str) -> [u8; 32] {
        let (first, second) = match self.how {
            How::Plain | How::HmacOverAll => (&self.api_key, self.secret.as_str()),
            How::Hmac => (&self.api_key, ""),
            How::Swapped => (&self.secret, self.api_key.as_str()),
        };
        let parts: [&[u8]; 5] = [
            url.as_bytes(),
            first.as_bytes(),
            second.as_bytes(),
            self.rnd_key.as_bytes(),
            &self.body,
        ];
        if let How::Plain | How::Swapped = self.how {
            let mut hash = Sha256::new();
            parts.iter().for_each(|part| hash.update(part));
            return hash.finalize().into();
        }
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()) else {
            return [0; 32];
        };
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }
}

/// The names of the mistakes that make the signature that came; empty when none of them does, as
/// with another secret.
fn hints(refused: &Refused) -> Vec<&'static str> {
    let secret = refused.secret.expose();
    if !secret.is_empty() && refused.given.contains(secret) {
        return vec!["secret_sent_as_signature"];
    }
    let readings = readings(&refused.given);
    if readings.is_empty() {
        return vec!["signature_is_no_sha256"];
    }
    let mut found = Vec::new();
    if refused.body.len() > TRIED_BYTES_MAX {
        return found;
    }
    for (mistake, tried) in mistakes(refused) {
        for (spelling, bytes) in &readings {
            if tried.makes(bytes) {
                for hint in [mistake, *spelling].into_iter().flatten() {
                    if !found.contains(&hint) {
                        found.push(hint);
                    }
                }
            }
        }
    }
    found
}

/// The digests that a header may spell, with the mistake in the spelling.
fn readings(given: &str) -> Vec<(Option<&'static str>, Vec<u8>)> {
    let given = given.trim();
    let standard = STANDARD.decode(given).ok();
    let hex_inside = standard
        .as_ref()
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .and_then(unhex);
    let all = [
        (None, standard),
        (
            Some("base64_without_padding"),
            STANDARD_NO_PAD.decode(given).ok(),
        ),
        (Some("url_safe_base64"), URL_SAFE.decode(given).ok()),
        (Some("url_safe_base64"), URL_SAFE_NO_PAD.decode(given).ok()),
        (Some("hex_instead_of_base64"), unhex(given)),
        (Some("base64_of_hex"), hex_inside),
    ];
    let mut readings: Vec<(Option<&'static str>, Vec<u8>)> = Vec::new();
    for (spelling, bytes) in all {
        if let Some(bytes) = bytes.filter(|bytes| bytes.len() == 32)
            && !readings.iter().any(|(_, known)| *known == bytes)
        {
            readings.push((spelling, bytes));
        }
    }
    readings
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()
}

/// What is signed by mistake, each named; first without a mistake, for one in the spelling alone.
fn mistakes(r: &Refused) -> Vec<(Option<&'static str>, Tried)> {
    let targets: Vec<String> = target_spellings(&r.target)
        .into_iter()
        .map(|text| text.into_owned())
        .collect();
    let right = Tried {
        urls: join_addresses(&r.bases, &targets),
        api_key: r.api_key.clone(),
        secret: r.secret.expose().to_owned(),
        rnd_key: r.rnd_key.clone(),
        body: r.body.clone(),
        how: How::Plain,
    };
    let mut all = vec![(None, right.clone())];
    let mut add = |name, change: &dyn Fn(&mut Tried)| {
        let mut tried = right.clone();
        change(&mut tried);
        all.push((Some(name), tried));
    };
    for (name, urls) in other_urls(&r.bases, &targets) {
        add(name, &|tried| tried.urls = urls.clone());
    }
    if r.body.len() <= SPELLED_BYTES_MAX {
        let urls = join_addresses(&in_capitals(&r.bases), &targets);
        add("capitals_in_base_url", &|tried| tried.urls = urls.clone());
    }
    for (name, body) in other_bodies(&r.body) {
        add(name, &|tried| tried.body = body.clone());
    }
    for secret in other_secrets(r.secret.expose()) {
        add("white_space_around_secret", &|tried| {
            tried.secret = secret.clone();
        });
    }
    add("hmac_instead_of_sha256", &|tried| tried.how = How::Hmac);
    add("hmac_instead_of_sha256", &|tried| {
        tried.how = How::HmacOverAll;
    });
    add("secret_before_api_key", &|tried| tried.how = How::Swapped);
    add("rnd_key_left_out", &|tried| tried.rnd_key.clear());
    add("api_key_left_out", &|tried| tried.api_key.clear());
    all
}

fn join_addresses(bases: &[String], targets: &[String]) -> Vec<String> {
    bases
        .iter()
        .flat_map(|base| targets.iter().map(move |target| format!("{base}{target}")))
        .collect()
}

/// The bases with capitals here and there in their host, as people write names: `API.Example.com`.
/// Node and Python send it in small letters and sign it as it was typed, which the gateway never sees.
fn in_capitals(bases: &[String]) -> Vec<String> {
    let mut spelled = Vec::new();
    for base in shown_bases(bases) {
        let Some((scheme, rest)) = base.split_once("://") else {
            continue;
        };
        let (host, behind) = rest.split_at(rest.find([':', '/']).unwrap_or(rest.len()));
        let host = host.to_lowercase();
        if host.split('.').count() > SPELLED_LABELS_MAX || host.parse::<Ipv4Addr>().is_ok() {
            continue;
        }
        let mut heads = vec![format!("{scheme}://")];
        for (position, label) in host.split('.').enumerate() {
            let dot = if position == 0 { "" } else { "." };
            let labels = [label.to_owned(), capitalize(label), label.to_uppercase()];
            heads = heads
                .iter()
                .flat_map(|head| {
                    labels
                        .iter()
                        .map(move |label| format!("{head}{dot}{label}"))
                })
                .collect();
        }
        spelled.extend(heads.into_iter().map(|head| format!("{head}{behind}")));
    }
    spelled.retain(|base| !bases.contains(base));
    spelled
}

fn capitalize(label: &str) -> String {
    let mut letters = label.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn other_urls(bases: &[String], targets: &[String]) -> Vec<(&'static str, Vec<String>)> {
    let paths: Vec<String> = targets
        .iter()
        .map(|target| target.split('?').next().unwrap_or("").to_owned())
        .collect();
    let other_scheme: Vec<String> = bases
        .iter()
        .filter_map(|base| match base.strip_prefix("http://") {
            Some(rest) => Some(format!("https://{rest}")),
            None => Some(format!("http://{}", base.strip_prefix("https://")?)),
        })
        .filter(|base| !bases.contains(base))
        .collect();
    let other_slash: Vec<String> = targets
        .iter()
        .map(|target| match target.strip_suffix('/') {
            Some(without) => without.to_owned(),
            None => format!("{target}/"),
        })
        .collect();
    let with_slash: Vec<String> = bases.iter().map(|base| format!("{base}/")).collect();
    let mut urls = vec![
        ("base_url_left_out", targets.to_vec()),
        ("other_scheme", join_addresses(&other_scheme, targets)),
        ("trailing_slash", join_addresses(bases, &other_slash)),
        ("trailing_slash", join_addresses(&with_slash, targets)),
        ("path_left_out", bases.to_vec()),
    ];
    if paths != targets {
        urls.push(("query_left_out", join_addresses(bases, &paths)));
        urls.push(("base_url_and_query_left_out", paths));
    }
    urls
}

fn other_bodies(body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    if body.is_empty() {
        return vec![
            ("empty_body_signed_as_json", b"{}".to_vec()),
            ("empty_body_signed_as_json", b"null".to_vec()),
            ("empty_body_signed_as_json", b"[]".to_vec()),
        ];
    }
    let mut bodies = vec![("body_left_out", Vec::new())];
    if let Ok(json) = serde_json::from_slice::<Json>(body) {
        let compact = serde_json::to_vec(&json).unwrap_or_default();
        let pretty = serde_json::to_vec_pretty(&json).unwrap_or_default();
        for other in [compact, pretty] {
            if other != body {
                bodies.push(("body_formatted_differently", other));
            }
        }
    }
    bodies
}

fn other_secrets(secret: &str) -> Vec<String> {
    let mut secrets = vec![
        format!("{secret}\n"),
        format!("{secret}\r\n"),
        format!("{secret} "),
        format!(" {secret}"),
    ];
    if secret.trim() != secret {
        secrets.push(secret.trim().to_owned());
    }
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"card":{"cardNumber":"5209220000000002","cvc":"917"},"price":1.50}"#;

    fn refused(given: String) -> Refused {
        Refused {
            secret: Secret::new("s3cr3t"),
            bases: vec![
                "http://pay.example.com:80".to_owned(),
                "http://pay.example.com".to_owned(),
                "https://pay.example.com".to_owned(),
            ],
            target: "/payment/v1/card-payments?a=b%20c".to_owned(),
            api_key: "key".to_owned(),
            rnd_key: "rnd".to_owned(),
            given,
            content_type: "application/json".to_owned(),
            body: BODY.to_vec(),
        }
    }

    fn sha(parts: &[&[u8]]) -> Vec<u8> {
        Sha256::digest(parts.concat()).to_vec()
    }

    #[test]
    fn common_mistakes_are_named() {
        let url: &[u8] = b"https://pay.example.com/payment/v1/card-payments?a=b c";
        let (key, secret, rnd): (&[u8], &[u8], &[u8]) = (b"key", b"s3cr3t", b"rnd");
        let right = sha(&[url, key, secret, rnd, BODY]);
        let hex: String = right.iter().map(|byte| format!("{byte:02x}")).collect();
        let no_base: &[u8] = b"/payment/v1/card-payments?a=b c";
        let no_query: &[u8] = b"https://pay.example.com/payment/v1/card-payments";
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        mac.update(&[url, key, rnd, BODY].concat());
        let mac = mac.finalize().into_bytes();
        let pretty: Json = serde_json::from_slice(BODY).unwrap();
        let pretty = serde_json::to_vec_pretty(&pretty).unwrap();
        let slash: &[u8] = b"https://pay.example.com//payment/v1/card-payments?a=b c";
        let capitals: &[u8] = b"https://Pay.EXAMPLE.com/payment/v1/card-payments?a=b c";
        let made = |parts: &[&[u8]]| STANDARD.encode(sha(parts));
        for (given, expected) in [
            (made(&[url, key, secret, rnd]), vec!["body_left_out"]),
            (
                made(&[no_base, key, secret, rnd, BODY]),
                vec!["base_url_left_out"],
            ),
            (
                made(&[no_query, key, secret, rnd, BODY]),
                vec!["query_left_out"],
            ),
            (
                made(&[slash, key, secret, rnd, BODY]),
                vec!["trailing_slash"],
            ),
            (
                made(&[capitals, key, secret, rnd, BODY]),
                vec!["capitals_in_base_url"],
            ),
            (hex.clone(), vec!["hex_instead_of_base64"]),
            (STANDARD.encode(&hex), vec!["base64_of_hex"]),
            (STANDARD.encode(mac), vec!["hmac_instead_of_sha256"]),
            (
                made(&[url, key, b"s3cr3t\n", rnd, BODY]),
                vec!["white_space_around_secret"],
            ),
            (
                made(&[url, secret, key, rnd, BODY]),
                vec!["secret_before_api_key"],
            ),
            (
                made(&[url, key, secret, rnd, &pretty]),
                vec!["body_formatted_differently"],
            ),
            (
                STANDARD_NO_PAD.encode(&right),
                vec!["base64_without_padding"],
            ),
            (
                URL_SAFE_NO_PAD.encode(sha(&[no_base, key, secret, rnd, BODY])),
                vec!["base_url_left_out"],
            ),
            (made(&[url, key, b"another", rnd, BODY]), vec![]),
            ("s3cr3t".to_owned(), vec!["secret_sent_as_signature"]),
            ("bm8=".to_owned(), vec!["signature_is_no_sha256"]),
        ] {
            let hints = hints(&refused(given.clone()));
            // A digest without + and / is spelled alike in both alphabets.
            let named: Vec<&str> = hints
                .into_iter()
                .filter(|hint| {
                    expected.contains(hint)
                        || !matches!(*hint, "url_safe_base64" | "base64_without_padding")
                })
                .collect();
            assert_eq!(named, expected, "{given}");
        }
    }

    #[test]
    fn the_other_scheme_is_named_where_only_one_is_known() {
        let mut refused = refused(String::new());
        refused.bases.pop();
        let url = b"https://pay.example.com/payment/v1/card-payments?a=b c";
        refused.given = STANDARD.encode(sha(&[url, b"key", b"s3cr3t", b"rnd", BODY]));
        assert_eq!(hints(&refused), ["other_scheme"]);
    }

    #[test]
    fn neither_secret_nor_card_nor_the_right_signature_is_shown() {
        let url: &[u8] = b"https://pay.example.com/payment/v1/card-payments?a=b c";
        let right = sha(&[url, b"key", b"s3cr3t", b"rnd", BODY]);
        let json = explanation(&refused("xs3cr3tx".to_owned()));
        let text = json.to_string();
        for secret in ["s3cr3t", "5209220000000002", "917", &STANDARD.encode(right)] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        let expected = json["expected"].as_array().unwrap();
        assert_eq!(expected.len(), 2);
        let text = expected[1].as_str().unwrap();
        assert!(
            text.starts_with(
                "https://pay.example.com/payment/v1/card-payments?a=b ckey<secret key>rnd{"
            ),
            "{text}"
        );
        assert!(text.ends_with(r#""price":1.50}"#), "{text}");
    }
}
