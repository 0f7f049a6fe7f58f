//! The 3D Secure pages: the password page with the tester's choices, the way back to the shop, and
//! the ends that lead nowhere.

use axum::response::Response;
use http::StatusCode;
use minijinja::context;
use minijinja::value::{Serde, Value, merge_maps};

use super::language::Language;
use super::render::{Brand, POLICY, frame, html, page};
use super::words::{self, Words};

/// How often a shopper may mistype the password.
pub(crate) const MAX_ATTEMPTS: u8 = 3;
/// The password that every simulated cardholder has.
pub(crate) const PASSWORD: &str = "123456";

/// Seconds by which an answer can be late at a click.
const LATE_SECONDS: [u16; 3] = [5, 30, 120];
/// How long an end that is not a success stays on the screen before the browser goes on.
const READ_MS: u32 = 3_000;

/// How the password page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The shopper proved himself.
    Proved,
    /// The bank vouches without proof: mdStatus 2, 3 or 4.
    Half,
    /// The shopper went back on it.
    Cancelled,
    /// No attempt is left.
    Exhausted,
    /// The bank refuses the card or the form.
    Refused,
}

/// The page that asks for the password sent to the phone, to be sent to `action` with the visit sealed
/// in `state`. `points` in kuruş and `campaigns` may be chosen there.
pub(crate) fn password_page(brand: Brand, words: &Words, rest: Value) -> Response {
    let other = words.language.other();
    let context = context! {
        words => Serde(words),
        other => context! { code => other.code(), name => words::of(other).language_name },
        title => words.otp_title,
        attempts_max => MAX_ATTEMPTS,
        password => PASSWORD,
        late => Serde(LATE_SECONDS),
        ..merge_maps([rest, frame(words, brand)])
    };
    page(StatusCode::OK, "otp.html", &context, POLICY)
}

/// What leads the browser back to the shop.
pub(crate) struct Back<'a> {
    pub(crate) brand: Brand,
    pub(crate) language: Language,
    pub(crate) url: &'a str,
    /// `post` or `get`.
    pub(crate) method: &'a str,
    pub(crate) fields: &'a [(String, String)],
    pub(crate) ending: Ending,
    /// Makes two forms, the first into a frame.
    pub(crate) twice: bool,
}

/// The page that carries the outcome to the shop: a form with a button, sent by itself where
/// scripts run.
pub(crate) fn back_page(back: &Back<'_>) -> Option<String> {
    let words = words::of(back.language);
    let (outcome, sentence) = outcome(words, back.ending);
    let context = context! {
        words => Serde(words),
        title => outcome,
        good => matches!(back.ending, Ending::Proved | Ending::Half),
        text => sentence,
        url => back.url,
        method => back.method,
        fields => Serde(back.fields),
        twice => back.twice,
        wait => match back.ending {
            Ending::Proved | Ending::Half => 0,
            _ => READ_MS,
        },
        ..frame(words, back.brand)
    };
    html("back.html", &context)
}

fn outcome(words: &Words, ending: Ending) -> (&'static str, &'static str) {
    match ending {
        Ending::Proved => (words.proved_title, words.proved),
        Ending::Half => (words.half_title, words.half),
        Ending::Cancelled => (words.cancelled_title, words.cancelled),
        Ending::Exhausted => (words.exhausted_title, words.exhausted),
        Ending::Refused => (words.refused_title, words.refused),
    }
}

/// The page after the shopper closed the window: nothing will be sent, and what that means.
pub(crate) fn closed_page(brand: Brand, language: Language) -> Option<String> {
    let words = words::of(language);
    let context = context! {
        title => words.closed_title,
        text => words.closed,
        expected_title => words.expected_title,
        expected => words.closed_expected,
        ..frame(words, brand)
    };
    html("notice.html", &context)
}

/// A page that leads nowhere, and says why.
pub(crate) fn dead_end_page(
    status: StatusCode,
    brand: Brand,
    language: Language,
    why: &str,
) -> Response {
    let words = words::of(language);
    let context = context! {
        title => words.dead_title,
        text => why,
        ..frame(words, brand)
    };
    page(status, "notice.html", &context, POLICY)
}
