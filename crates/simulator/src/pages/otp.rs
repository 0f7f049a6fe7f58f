//! The 3D Secure pages: the password page with the tester's choices, the way back to the shop, and
//! the ends that lead nowhere.

use axum::response::Response;
use http::StatusCode;
use minijinja::context;
use minijinja::value::Serde;

use super::language::{Language, amount};
use super::render::{POLICY, html, page};
use super::words::{self, Words};

/// How often a shopper may mistype the password.
pub(crate) const MAX_ATTEMPTS: u8 = 3;
/// The password that every simulated cardholder has.
pub(crate) const PASSWORD: &str = "123456";

/// Seconds by which an answer can be late at a click.
const LATE_SECONDS: [u16; 3] = [5, 30, 120];
/// How long an end that is not a success stays on the screen before the browser goes on.
const READ_MS: u32 = 3_000;

/// Whose page it is.
#[derive(Clone, Copy)]
pub(crate) struct Brand {
    pub(crate) theme: &'static str,
    /// The bank's name; empty for no bank in particular.
    pub(crate) name: &'static str,
}

impl Brand {
    /// Of a page that belongs to no bank.
    pub(crate) const PLAIN: Brand = Brand {
        theme: "plain",
        name: "",
    };
}

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

/// What the password page shows.
pub(crate) struct Ask<'a> {
    pub(crate) brand: Brand,
    pub(crate) language: Language,
    pub(crate) action: &'a str,
    /// The sealed state that comes back with the form.
    pub(crate) state: &'a str,
    pub(crate) shop: &'a str,
    pub(crate) order_id: &'a str,
    pub(crate) masked: &'a str,
    pub(crate) amount: i64,
    pub(crate) currency: &'a str,
    pub(crate) instalments: u32,
    pub(crate) date: &'a str,
    /// Wrong passwords so far.
    pub(crate) attempts: u8,
    /// Points that the shopper may spend here, in kuruş; 0 asks nothing.
    pub(crate) points: i64,
    /// Campaigns that the shopper may choose here.
    pub(crate) campaigns: &'a [(u8, &'static str)],
}

/// The page that asks for the password sent to the phone.
pub(crate) fn password_page(ask: &Ask<'_>) -> Response {
    let words = words::of(ask.language);
    let other = ask.language.other();
    let points = (ask.points > 0).then(|| {
        context! { value => ask.points, text => amount(ask.points, ask.currency, ask.language) }
    });
    let context = context! {
        words => Serde(words),
        language => ask.language.code(),
        other => context! { code => other.code(), name => words::of(other).language_name },
        theme => ask.brand.theme,
        bank => ask.brand.name,
        badge => words.badge,
        disclaimer => words.disclaimer,
        title => words.otp_title,
        action => ask.action,
        state => ask.state,
        shop => ask.shop,
        order_id => ask.order_id,
        masked => ask.masked,
        amount => amount(ask.amount, ask.currency, ask.language),
        instalments => (ask.instalments > 1).then_some(ask.instalments),
        date => ask.date,
        attempts_left => (ask.attempts > 0).then(|| MAX_ATTEMPTS.saturating_sub(ask.attempts)),
        attempts_max => MAX_ATTEMPTS,
        password => PASSWORD,
        points => points,
        campaigns => Serde(ask.campaigns),
        late => Serde(LATE_SECONDS),
    };
    page(StatusCode::OK, "otp.html", &context, POLICY)
}

/// What leads the browser back to the shop.
pub(crate) struct Back<'a> {
    pub(crate) brand: Brand,
    pub(crate) language: Language,
    pub(crate) url: &'a str,
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
        language => back.language.code(),
        theme => back.brand.theme,
        bank => back.brand.name,
        badge => words.badge,
        disclaimer => words.disclaimer,
        title => outcome,
        good => matches!(back.ending, Ending::Proved | Ending::Half),
        text => sentence,
        url => back.url,
        fields => Serde(back.fields),
        twice => back.twice,
        wait => match back.ending {
            Ending::Proved | Ending::Half => 0,
            _ => READ_MS,
        },
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
        language => language.code(),
        theme => brand.theme,
        bank => brand.name,
        badge => words.badge,
        disclaimer => words.disclaimer,
        title => words.closed_title,
        text => words.closed,
        expected_title => words.expected_title,
        expected => words.closed_expected,
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
        language => language.code(),
        theme => brand.theme,
        bank => if brand.name.is_empty() { words.a_bank } else { brand.name },
        badge => words.badge,
        disclaimer => words.disclaimer,
        title => words.dead_title,
        text => why,
    };
    page(status, "notice.html", &context, POLICY)
}
