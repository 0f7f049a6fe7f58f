//! One 3D Secure authentication from its beginning to its use. It travels sealed through the
//! browser and the merchant, so the simulator keeps nothing in between and survives a restart.

use std::collections::HashMap;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use serde::{Deserialize, Serialize};

use crate::App;
use crate::cards::{Card, ThreeDs};
use crate::faults::{Facts, Fault, FaultKind};
use crate::pages::{self, Ending, Language};
use crate::reply;

const HTML: &str = "text/html; charset=utf-8";

/// How often a shopper may mistype the password.
pub(crate) const MAX_ATTEMPTS: u8 = 3;
/// The password that every simulated cardholder has.
pub(crate) const PASSWORD: &str = "123456";

/// What is being authenticated. Holds no card number: the card goes by its reference.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) order_id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) instalments: u32,
    pub(crate) card: String,
    pub(crate) masked: String,
    /// Makes each authentication its own, so that it can be used once.
    pub(crate) nonce: String,
    /// The outcome, once there is one.
    pub(crate) md_status: Option<u8>,
    /// Points that the shopper chose on the bank's page, in kuruş.
    pub(crate) points: i64,
    /// Campaign that the shopper chose on the bank's page; 0 without one.
    pub(crate) campaign: u8,
}

impl Session {
    pub(crate) fn is_authenticated(&self) -> bool {
        matches!(self.md_status, Some(1..=4))
    }
}

/// A session on the password page, sealed into it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Visit {
    pub(crate) session: Session,
    /// Wrong passwords so far.
    pub(crate) attempts: u8,
    pub(crate) language: Language,
    /// The shop's name, as the page shows it.
    pub(crate) shop: String,
}

/// How the bank answers the shop.
pub(crate) struct Answer {
    pub(crate) ending: Ending,
    pub(crate) fault: Option<Fault>,
    /// Seconds by which a tester wants it late.
    pub(crate) late: Option<u64>,
}

/// What a password page's form comes to.
pub(crate) enum Step {
    /// The page again: another wrong password, or another language.
    Again,
    /// An answer; the session knows its mdStatus.
    Done(Answer),
    /// The bank is out of order, on purpose.
    Broken,
}

/// What was decided about the shopper, before any failure that a test ordered.
enum Verdict {
    Again,
    Done(Ending, u8),
}

/// Judges a password page's form: what the shopper did, or what a tester chose for this payment.
/// A tester's failure goes before those that the control API ordered.
pub(crate) fn judge(app: &App, bank: &str, visit: &mut Visit, form: &Form) -> Step {
    if let Some(language) = Language::of_code(form.field("language")) {
        visit.language = language;
        return Step::Again;
    }
    let action = form.field("action");
    let (mut ending, mut status) = match verdict(app, visit, action, form) {
        Verdict::Again => return Step::Again,
        Verdict::Done(ending, status) => (ending, status),
    };
    let session = &mut visit.session;
    let chosen = fault_of_choice(action);
    let fault = chosen.or_else(|| {
        let facts = Facts {
            amount: Some(session.amount),
            card: Some(&session.card),
            order_id: Some(&session.order_id),
        };
        app.faults.take(bank, "threeds_page", facts)
    });
    if reply::fails_before(fault.as_ref()) {
        return Step::Broken;
    }
    if let Some(code) = reply::declines(fault.as_ref()) {
        let known = code.parse().ok().filter(|status| *status <= 9);
        status = known.unwrap_or_default();
        ending = ending_of(status);
    }
    session.md_status = Some(status);
    Step::Done(Answer {
        ending,
        fault,
        late: late(action),
    })
}

fn verdict(app: &App, visit: &mut Visit, action: &str, form: &Form) -> Verdict {
    let proved = || {
        let status = match app
            .cards
            .named(&visit.session.card)
            .map(|card| card.three_ds)
        {
            Some(ThreeDs::Full) => 1,
            Some(ThreeDs::Status(status)) => status,
            Some(ThreeDs::Refused) | None => 0,
        };
        Verdict::Done(ending_of(status), status)
    };
    let declined = Verdict::Done(Ending::Cancelled, 0);
    let disturbs = fault_of_choice(action).is_some() || late(action).is_some();
    match action {
        "confirm" if form.field("otp").trim() == PASSWORD => proved(),
        "confirm" | "wrong_password" => {
            visit.attempts = visit.attempts.saturating_add(1);
            if visit.attempts >= MAX_ATTEMPTS {
                Verdict::Done(Ending::Exhausted, 0)
            } else {
                Verdict::Again
            }
        }
        "approve" => proved(),
        "md:2" => Verdict::Done(Ending::Half, 2),
        "md:3" => Verdict::Done(Ending::Half, 3),
        "md:4" => Verdict::Done(Ending::Half, 4),
        _ if disturbs && form.field("outcome") != "decline" => proved(),
        _ => declined,
    }
}

fn ending_of(status: u8) -> Ending {
    match status {
        1 => Ending::Proved,
        2..=4 => Ending::Half,
        _ => Ending::Refused,
    }
}

/// The failure that a tester's choice stands for.
fn fault_of_choice(action: &str) -> Option<Fault> {
    let kind = match action {
        "twice" => FaultKind::DuplicateCallback,
        "wrong_hash" => FaultKind::WrongMac,
        "close_window" => FaultKind::NoCallback,
        _ => return None,
    };
    Some(Fault {
        kind,
        code: None,
        ms: None,
        after: false,
        body: None,
        find: None,
        replace: None,
    })
}

/// The seconds of `late:30`.
fn late(action: &str) -> Option<u64> {
    let seconds = action.strip_prefix("late:")?.parse().ok()?;
    (1..=pages::MAX_SECONDS)
        .contains(&seconds)
        .then_some(seconds)
}

/// A form's fields; of several under a name the last one counts.
pub(crate) struct Form(HashMap<String, String>);

impl Form {
    /// Reads the body of a browser's POST.
    pub(crate) fn read(body: &[u8]) -> Form {
        Form(form_urlencoded::parse(body).into_owned().collect())
    }

    /// A field's text; empty without one.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Those of the named fields that are there.
    pub(crate) fn kept(&self, names: &[&str]) -> HashMap<String, String> {
        let there = |name: &&str| Some(((*name).to_owned(), self.0.get(*name)?.clone()));
        names.iter().filter_map(there).collect()
    }
}

/// What a bank's page needs to lead back to the shop.
pub(crate) struct Return<'a> {
    pub(crate) theme: &'static str,
    pub(crate) bank: &'static str,
    pub(crate) language: Language,
    pub(crate) url: &'a str,
    pub(crate) fields: &'a [(String, String)],
}

impl Return<'_> {
    /// The page with which the browser leaves the bank, as the answer orders it.
    pub(crate) async fn send(&self, app: &App, answer: &Answer) -> Response {
        let kind = answer.fault.as_ref().map(|fault| fault.kind);
        let twice = kind == Some(FaultKind::DuplicateCallback);
        let html = match kind {
            Some(FaultKind::NoCallback) => pages::closed(self.theme, self.bank, self.language),
            _ => pages::back(&pages::Back {
                theme: self.theme,
                bank: self.bank,
                language: self.language,
                url: self.url,
                fields: self.fields,
                ending: answer.ending,
                twice,
            }),
        };
        let Some(html) = html else {
            return reply::internal_error();
        };
        if let Some(seconds) = answer.late {
            let bank = (self.theme, self.bank);
            return match app.held.keep(seconds, bank, self.language, html) {
                Some(path) => (StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response(),
                None => reply::internal_error(),
            };
        }
        let mut response = reply::deliver(HTML, html.into_bytes(), answer.fault.as_ref()).await;
        let policy = if twice {
            pages::FRAMING_POLICY
        } else {
            pages::POLICY
        };
        pages::protect(response.headers_mut(), policy);
        response
    }
}

/// The error group of a sale with this card, if it must fail.
pub(crate) fn refusal(app: &App, card: &Card, secure: bool) -> Option<&'static str> {
    let group = if secure { card.secure_sale } else { card.sale };
    let waived = app
        .switches
        .requires_day_end_sale_succeeds
        .load(std::sync::atomic::Ordering::Relaxed);
    group.filter(|group| !(waived && *group == "REQUIRES_DAY_END"))
}
