//! One 3D Secure authentication from its beginning to its use, and what the shopper does about it. It
//! travels sealed through the browser and the merchant, so the simulator keeps nothing in between and
//! survives a restart.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

use crate::app::App;
use crate::cards::{Card, Purse, ThreeDs};
use crate::faults::{Facts, Fault, FaultKind, Verb};
use crate::fields::Form;
use crate::ledger::Bank;
use crate::pages::{self, Ending, Language, MAX_ATTEMPTS, PASSWORD};
use crate::reply;
use crate::seal::{random, upper_hex};

/// What is being authenticated. Holds no card number: the card goes by its reference.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    /// The merchant's account, at a bank that serves several.
    #[serde(default)]
    pub(crate) account: String,
    pub(crate) order_id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) instalments: u32,
    /// The amount is only to be held.
    #[serde(default)]
    pub(crate) holds: bool,
    pub(crate) card: String,
    pub(crate) masked: String,
    /// Makes each authentication its own, so that it can be used once.
    pub(crate) nonce: String,
    /// The outcome, once there is one.
    pub(crate) md_status: Option<u8>,
    /// Points that the merchant's form spends.
    #[serde(default)]
    pub(crate) rewards: Purse,
    /// Points that the shopper chose on the bank's page, in kuruş.
    pub(crate) points: i64,
    /// Campaign that the shopper chose on the bank's page; 0 without one.
    pub(crate) campaign: u8,
}

impl Session {
    /// A session of an order and no card yet, with a fresh nonce.
    pub(crate) fn new(
        order_id: &str,
        amount: i64,
        currency: &str,
        instalments: u32,
    ) -> Result<Session, String> {
        Ok(Session {
            account: String::new(),
            order_id: order_id.to_owned(),
            amount,
            currency: currency.to_owned(),
            instalments,
            holds: false,
            card: String::new(),
            masked: String::new(),
            nonce: upper_hex(&random::<16>()?),
            md_status: None,
            rewards: Purse::default(),
            points: 0,
            campaign: 0,
        })
    }

    /// Names the card that is authenticated.
    pub(crate) fn set_card(&mut self, card: &Card) {
        self.card = card.reference.to_string();
        self.masked = card.masked.to_string();
    }

    /// The session as a token that the merchant shows with the sale.
    pub(crate) fn seal(&self, app: &App, bank: Bank) -> String {
        app.sealer.seal(&format!("{}-session", bank.name()), self)
    }

    /// The session of such a token, or of the number by which it is kept; `None` for any other text.
    pub(crate) fn open(app: &App, bank: Bank, token: &str) -> Option<Session> {
        match token.parse() {
            Ok(number) => app.numbered.find(bank, number),
            Err(_) => app.sealer.open(&format!("{}-session", bank.name()), token),
        }
    }

    /// What is shown of the authentication with the sale, made of its nonce; `label` tells one value from
    /// another.
    pub(crate) fn proof(&self, label: &str) -> String {
        STANDARD.encode(Sha1::digest(format!("{label}{}", self.nonce).as_bytes()))
    }

    /// How the card's association grades the authentication; empty without one.
    pub(crate) fn eci(&self, association: &str) -> &'static str {
        match (self.md_status, association) {
            (Some(1), "MASTERCARD" | "TROY") => "02",
            (Some(2..=4), "MASTERCARD" | "TROY") => "01",
            (Some(1), _) => "05",
            (Some(2..=4), _) => "06",
            _ => "",
        }
    }

    pub(crate) fn is_authenticated(&self) -> bool {
        matches!(self.md_status, Some(1..=4))
    }
}

/// Sessions that go by a number, where the bank's messages have no place for a sealed token. They are kept
/// in memory: a restart forgets them.
#[derive(Default)]
pub(crate) struct Numbered(Mutex<BTreeMap<u64, (Bank, Session)>>);

/// So many sessions are kept; the oldest one goes first.
const MAX_NUMBERED: usize = 10_000;

impl Numbered {
    /// Keeps a session and tells its number, sixteen digits that grow with the clock's microseconds.
    pub(crate) fn keep(&self, bank: Bank, session: &Session, now: Timestamp) -> u64 {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = kept.last_key_value().map_or(0, |(number, _)| *number);
        let clock = u64::try_from(now.as_microsecond()).unwrap_or_default();
        let number = clock.max(last.saturating_add(1));
        if kept.len() >= MAX_NUMBERED {
            kept.pop_first();
        }
        kept.insert(number, (bank, session.clone()));
        number
    }

    /// The last one of an order, with its number.
    pub(crate) fn last_of(
        &self,
        bank: Bank,
        (account, order_id): (&str, &str),
    ) -> Option<(u64, Session)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_of_order = |session: &Session| {
            (session.account.as_str(), session.order_id.as_str()) == (account, order_id)
        };
        let (number, (_, session)) = kept
            .iter()
            .rfind(|(_, (owner, session))| *owner == bank && is_of_order(session))?;
        Some((*number, session.clone()))
    }

    fn find(&self, bank: Bank, number: u64) -> Option<Session> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (owner, session) = kept.get(&number)?;
        (*owner == bank).then(|| session.clone())
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
    /// What the way back needs of the merchant's form.
    pub(crate) form: HashMap<String, String>,
}

impl Visit {
    /// A field of the merchant's form; empty without one.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }
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
pub(crate) fn judge(app: &App, bank: Bank, visit: &mut Visit, form: &Form) -> Step {
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
        app.faults
            .take(bank.name(), Verb::ThreedsPage.name(), facts)
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
            .by_reference(&visit.session.card)
            .map(|card| card.three_ds)
        {
            Some(ThreeDs::Full) => 1,
            Some(ThreeDs::Status(status)) => status,
            Some(ThreeDs::Refused) | None => 0,
        };
        Verdict::Done(ending_of(status), status)
    };
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
        _ => Verdict::Done(Ending::Cancelled, 0),
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
