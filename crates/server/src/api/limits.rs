//! How often a request may come. An address is limited only until a signature of it was verified,
//! an API key by its signed requests; a refusal costs no more than the request.

use super::answer::Answer;
use super::log::Seen;
use crate::app::App;
use crate::net;
use crate::operations::{Caller, Principal, Problem};
use contract::rules::Rule;
use http::request::Parts;

/// What a request without a good signature takes from its address's bucket.
const UNSIGNED_TOKENS: u32 = 1;
/// A refused signature cost us a look-up, a body and a hash.
const REFUSED_TOKENS: u32 = 2;

/// Refuses an address that was refused too often lately, before anything else is looked at.
pub(super) fn admit_stranger(app: &App, head: &Parts) -> Result<(), Problem> {
    let Some(address) = net::client(head, app.settings.behind_proxy) else {
        return Ok(());
    };
    match app.rates.stranger_waits(address, app.now()) {
        Some(seconds) => Err(too_many(seconds)),
        None => Ok(()),
    }
}

/// Charges the request to its address, or remembers the address for its good signature. Being told
/// to wait costs nothing more.
pub(super) fn charge(app: &App, head: &Parts, seen: &Seen, outcome: &Result<Answer, Problem>) {
    if matches!(
        outcome,
        Err(Problem::Rule {
            rule: Rule::TooManyRequests,
            ..
        })
    ) {
        return;
    }
    let Some(address) = net::client(head, app.settings.behind_proxy) else {
        return;
    };
    let now = app.now();
    // Who sends a captured request again has proved nothing.
    if matches!(
        outcome,
        Err(Problem::Rule {
            rule: Rule::ReplayedSignature,
            ..
        })
    ) {
        return app.rates.charge_stranger(address, REFUSED_TOKENS, now);
    }
    match (seen.verified, seen.merchant_id) {
        (true, Some(merchant_id)) => app.rates.remember(merchant_id, address, now),
        _ if seen.refused.is_some() => app.rates.charge_stranger(address, REFUSED_TOKENS, now),
        _ => app.rates.charge_stranger(address, UNSIGNED_TOKENS, now),
    }
}

/// Refuses an API key whose requests come too often.
pub(super) fn admit_key(app: &App, caller: &Caller) -> Result<(), Problem> {
    let Principal::ApiKey(api_key) = &caller.by.principal else {
        return Ok(());
    };
    match app.rates.key_waits(api_key, app.now()) {
        Some(seconds) => Err(too_many(seconds)),
        None => Ok(()),
    }
}

fn too_many(seconds: u32) -> Problem {
    Problem::with(Rule::TooManyRequests, &[("seconds", &seconds.to_string())])
}
