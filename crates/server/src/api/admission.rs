//! Who may come in: an API key, a signature over the raw bytes, and no signature twice.

use super::log::Seen;
use super::signing::Refused;
use crate::app::App;
use crate::engine::claims::{Claims, Key};
use crate::net;
use crate::operations::{Actor, Caller, Principal, Problem};
use crate::store::merchants::{self, Merchant};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use contract::card::Secret;
use contract::endpoints::Endpoint;
use contract::errors::Language;
use contract::rules::Rule;
use contract::signature::{self, SignedRequest};
use http::request::Parts;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Characters of an idempotency key.
const KEY_MAX: usize = 255;
/// Characters of an API key.
const API_KEY_MAX: usize = 200;

/// What the headers say, and the secret that goes with it.
pub(super) struct Named<'a> {
    merchant: Arc<Merchant>,
    secret: Secret,
    api_key: &'a str,
    rnd_key: &'a str,
    signature: &'a str,
}

/// Checks the headers of wire-protocol section 1, and finds the merchant of the API key. Before the
/// body is read: a request that names no key of ours ends there.
pub(super) async fn identify<'a>(
    app: &App,
    head: &'a Parts,
    seen: &mut Seen,
) -> Result<Named<'a>, Problem> {
    let api_key = header(head, "x-api-key")?;
    let rnd_key = header(head, "x-rnd-key")?;
    let version = header(head, "x-auth-version")?;
    let signature = header(head, "x-signature")?;
    if !matches!(version, "v1" | "V1" | "1") {
        return Err(Problem::rule(Rule::UnsupportedAuthVersion));
    }
    if !signature::valid_rnd_key(rnd_key) {
        return Err(Problem::rule(Rule::InvalidRndKey));
    }
    if api_key.is_empty() || api_key.len() > API_KEY_MAX {
        return Err(Problem::rule(Rule::UnknownApiKey));
    }
    let Some(owner) = merchants::by_api_key(app, api_key).await? else {
        return Err(Problem::rule(Rule::UnknownApiKey));
    };
    seen.merchant_id = Some(owner.merchant.id);
    Ok(Named {
        merchant: owner.merchant,
        secret: owner.secret,
        api_key,
        rnd_key,
        signature,
    })
}

/// Checks the signature of wire-protocol section 2.
pub(super) fn admit(
    app: &App,
    head: &Parts,
    named: Named<'_>,
    body: &[u8],
    language: Language,
    seen: &mut Seen,
) -> Result<Caller, Problem> {
    let Named {
        merchant,
        secret,
        api_key,
        rnd_key,
        signature: given,
    } = named;
    let host = head
        .headers
        .get(http::header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("");
    let bases = signature::base_urls("http", host, &app.settings.public_urls);
    let target = target(head);
    let request = SignedRequest {
        base_urls: &bases,
        raw_target: target,
        api_key,
        secret: secret.expose(),
        rnd_key,
        body,
    };
    if !signature::verify(&request, given) {
        let content_type = head.headers.get(http::header::CONTENT_TYPE);
        seen.refused = Some(Box::new(Refused {
            target: target.to_owned(),
            api_key: api_key.to_owned(),
            rnd_key: rnd_key.to_owned(),
            given: given.to_owned(),
            content_type: content_type
                .and_then(|value| value.to_str().ok())
                .unwrap_or("")
                .to_owned(),
            body: body.to_vec(),
            secret,
            bases,
        }));
        return Err(Problem::rule(Rule::SignatureNotEqual));
    }
    seen.verified = true;
    // Base64 has spellings that decode alike: the claim is on the bytes.
    let signature = BASE64
        .decode(given)
        .map(|bytes| BASE64.encode(bytes))
        .unwrap_or_default();
    let claims = Claims::of_request(merchant.id, signature);
    let by = Actor {
        principal: Principal::ApiKey(api_key.to_owned()),
        address: net::peer(head, app.settings.behind_proxy),
    };
    Ok(Caller {
        merchant,
        claims,
        language,
        by,
    })
}

/// Path and query as they came.
fn target(head: &Parts) -> &str {
    head.uri
        .path_and_query()
        .map_or("/", |target| target.as_str())
}

fn header<'a>(head: &'a Parts, name: &'static str) -> Result<&'a str, Problem> {
    let value = head
        .headers
        .get(name)
        .ok_or_else(|| Problem::field(Rule::MissingHeader, name))?;
    value
        .to_str()
        .map_err(|_| Problem::field(Rule::MissingHeader, name))
}

/// The idempotency key of a POST, PATCH or DELETE. On other methods the header means nothing.
pub(super) fn idempotency_key(
    head: &Parts,
    endpoint: &Endpoint,
    body: &[u8],
) -> Result<Option<Key>, Problem> {
    if !matches!(endpoint.method, "POST" | "PATCH" | "DELETE") {
        return Ok(None);
    }
    let Some(value) = head.headers.get("x-idempotency-key") else {
        return Ok(None);
    };
    let fits = |text: &&str| (1..=KEY_MAX).contains(&text.len()) && !text.contains('\0');
    let Some(key) = std::str::from_utf8(value.as_bytes()).ok().filter(fits) else {
        return Err(Problem::rule(Rule::InvalidIdempotencyKey));
    };
    let mut hash = Sha256::new();
    hash.update(endpoint.method);
    hash.update([0]);
    hash.update(target(head).trim_start_matches('/'));
    hash.update([0]);
    hash.update(body);
    Ok(Some(Key {
        key: key.to_owned(),
        hash: BASE64.encode(hash.finalize()),
    }))
}
