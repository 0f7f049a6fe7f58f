//! The MPI: a card is enrolled for one payment, the shopper proves himself, and the sale after that names
//! the enrolment. Enrolments are kept here in memory, as nothing else of the message tells what was
//! authenticated: a restart forgets those that no sale has used, and the sale is then refused.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::account::{self, Account, Payflex};
use super::answer::Reply;
use super::request::{Request, brand, instalments, is_currency, is_id};
use crate::app::App;
use crate::cards::ThreeDs;
use crate::desk::{Case, Purchase};
use crate::fields::{Form, expiry, lira};
use crate::latin5;
use crate::ledger::{Bank, id_of_account};
use crate::pages::{self, Brand, Words};
use crate::reply;
use crate::seal::same;
use crate::session::{Session, Visit};
use crate::threeds::{BankPage, Begun, WayBack, What};
use crate::xml::{node, text};

/// How many enrolments are kept; the oldest goes first.
const MAX_ENROLMENTS: usize = 10_000;

/// What was enrolled. The card's number is for the callback, which shows it whole.
#[derive(Clone)]
pub(crate) struct Enrolled {
    pub(super) session: Session,
    pub(super) pan: String,
    pub(super) expires: String,
    pub(super) success: String,
    pub(super) failure: String,
    /// `SessionInfo` of an enrolment, the order's number of a common payment.
    pub(super) noted: String,
    /// Of a common payment: cards that are not enrolled are not sold to.
    pub(super) only_enrolled: bool,
    /// The code with which it ended.
    pub(super) code: String,
}

/// The enrolments of all merchants by merchant and request, and their registered payments by token.
#[derive(Default)]
pub(crate) struct Enrolments(Mutex<(HashMap<String, Enrolled>, VecDeque<String>)>);

impl Enrolments {
    pub(super) fn find(&self, id: &str) -> Option<Enrolled> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0.get(id).cloned()
    }

    /// Keeps one; false when its id was used before.
    pub(super) fn add(&self, id: String, enrolled: Enrolled) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, order) = &mut *kept;
        if all.contains_key(&id) {
            return false;
        }
        if order.len() >= MAX_ENROLMENTS
            && let Some(oldest) = order.pop_front()
        {
            all.remove(&oldest);
        }
        order.push_back(id.clone());
        all.insert(id, enrolled);
        true
    }

    /// Keeps one in the place of that before it.
    pub(super) fn put(&self, id: String, enrolled: Enrolled) {
        if !self.add(id.clone(), enrolled.clone()) {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.0.insert(id, enrolled);
        }
    }

    /// Notes with which code a common payment ended.
    pub(super) fn end(&self, session: &Session, code: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(enrolled) = kept.0.get_mut(&id_of(session)) {
            code.clone_into(&mut enrolled.code);
        }
    }

    /// Notes what became of an authentication.
    fn decide(&self, session: &Session) {
        let id = id_of(session);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(enrolled) = kept.0.get_mut(&id) {
            enrolled.session = session.clone();
        }
    }
}

/// By what an enrolment is kept.
fn id_of(session: &Session) -> String {
    id_of_account(&session.account, &session.order_id)
}

/// Enrols a card: the answer says where the browser goes, and with what.
pub(super) fn enrol(case: &Case<'_, Payflex>, account: &Account) -> Reply {
    match begin(case.app, &case.message, account) {
        Ok(session) => enrolled(case.app, &case.message, &session),
        Err((code, field)) => Reply::refusal(&case.message, code, field),
    }
}

/// The enrolment, or the MPI's code and the field that is wrong.
fn begin(
    app: &App,
    request: &Request,
    account: &Account,
) -> Result<Session, (&'static str, &'static str)> {
    let wrong = |field| ("1008", field);
    let id = request.value("VerifyEnrollmentRequestId");
    if !is_id(id) {
        return Err(("2022", ""));
    }
    let addresses = ["SuccessUrl", "FailureUrl"];
    if let Some(field) = addresses
        .into_iter()
        .find(|name| !pages::is_web_address(request.value(name)))
    {
        return Err(wrong(field));
    }
    let amount = request.value("PurchaseAmount");
    let amount = lira(amount).filter(|kurus| *kurus > 0 && amount.len() <= 12);
    let amount = amount.ok_or(wrong("PurchaseAmount"))?;
    if !is_currency(request.value("Currency")) {
        return Err(wrong("Currency"));
    }
    let parts = instalments(request.value("InstallmentCount"));
    let parts = parts.ok_or(wrong("InstallmentCount"))?;
    let expires = request.value("ExpiryDate");
    let month = expiry(expires, true).filter(|(_, month)| (1..=12).contains(month));
    let month = month.ok_or(("2030", ""))?;
    let pan = request.value("Pan");
    let card = app.accept(pan, Some(month));
    let card = card.map_err(|code| if code == "54" { "2030" } else { "2029" });
    let card = card.map_err(|code| (code, ""))?;
    if request.value("BrandName") != brand(card.association) {
        return Err(("2009", ""));
    }
    if card.three_ds == ThreeDs::Refused {
        return Err(("2053", ""));
    }
    let session = Session::new(id, amount, request.value("Currency"), parts);
    let mut session = session.map_err(|_| ("1001", ""))?;
    account.merchant.clone_into(&mut session.account);
    session.set_card(card);
    let enrolled = Enrolled {
        session: session.clone(),
        pan: pan.to_owned(),
        expires: expires.to_owned(),
        success: request.value("SuccessUrl").to_owned(),
        failure: request.value("FailureUrl").to_owned(),
        noted: request.value("SessionInfo").to_owned(),
        only_enrolled: false,
        code: String::new(),
    };
    let kept = app
        .enrolments
        .add(id_of_account(account.merchant, id), enrolled);
    if kept { Ok(session) } else { Err(("2022", "")) }
}

fn enrolled(app: &App, request: &Request, session: &Session) -> Reply {
    let page = format!("{}{}", app.public_url, Payflex::PAGE);
    let pareq = STANDARD.encode(session.seal(app, Bank::Payflex));
    let fields = [
        ("Version", "2.1.0"),
        ("Status", "Y"),
        ("PaReq", &pareq),
        ("ACSUrl", &page),
        ("TermUrl", &page),
        ("MD", &session.proof("md")),
        ("ACTUALBRAND", request.value("BrandName")),
    ];
    let fields = fields.map(|(name, value)| text(name, value));
    let message = node("Message", vec![node("VERes", fields.into())]);
    Reply::Plain(node(
        "IPaySecure",
        vec![
            message,
            text("VerifyEnrollmentRequestId", session.order_id.as_str()),
            text("MessageErrorCode", "200"),
            text("ErrorMessage", ""),
        ],
    ))
}

/// The code of the refusal when a sale is not what was authenticated.
pub(super) fn mismatch(
    request: &Request,
    session: Option<&Session>,
    purchase: &Purchase<'_>,
) -> Option<&'static str> {
    let Some(session) = session else {
        return Some("1114");
    };
    if !session.is_authenticated() {
        return Some("0400");
    }
    let card = purchase.card.ok();
    let agrees = session.amount == purchase.amount
        && session.currency == purchase.currency
        && session.instalments == purchase.instalments
        && card.is_some_and(|card| *card.reference == *session.card);
    if !agrees {
        return Some("1126");
    }
    let shown = |name: &str, value: &str| same(request.value(name).as_bytes(), value.as_bytes());
    let association = card.map_or("", |card| card.association);
    let proven = shown("CAVV", &session.proof("cavv")) && shown("ECI", session.eci(association));
    (!proven).then_some("0580")
}

impl BankPage for Payflex {
    const BANK: Bank = Bank::Payflex;
    const BRAND: Brand = Brand {
        theme: "plain",
        name: "PayFlex",
    };
    const PAGE: &'static str = "/payflex/threeDGateway/startThreeDFlow";
    const KEPT: &'static [&'static str] = &[];

    fn brand(visit: &Visit) -> Brand {
        account::of(&visit.session.account).map_or(Payflex::BRAND, |account| account.brand)
    }

    /// PaReq comes back as it was given, or as base64 for addresses without padding: both are measured.
    fn begin(app: &App, form: &Form, words: &Words) -> Begun {
        let plain = form.field("PaReq").replace('-', "+").replace('_', "/");
        let padding = (4 - plain.len() % 4) % 4;
        let padded = format!("{plain}{}", "=".repeat(padding));
        let token = STANDARD.decode(padded).ok();
        let token = token.and_then(|bytes| String::from_utf8(bytes).ok());
        let session = token.and_then(|token| Session::open(app, Bank::Payflex, &token));
        let session = session.filter(|session| {
            let term_url = format!("{}{}", app.public_url, Payflex::PAGE);
            form.field("MD") == session.proof("md")
                && form.field("TermUrl") == term_url
                && app.enrolments.find(&id_of(session)).is_some()
        });
        session.map_or(Begun::Dead(words.order_broken), Begun::Ask)
    }

    fn way_back(app: &App, visit: &Visit, what: &What<'_>) -> Option<WayBack> {
        let session = &visit.session;
        let account = account::of(&session.account)?;
        app.enrolments.decide(session);
        let enrolled = app.enrolments.find(&id_of(session))?;
        let association = app
            .cards
            .by_reference(&session.card)
            .map_or("", |card| card.association);
        let verified = session.is_authenticated();
        let status = match session.md_status {
            Some(1) => "Y",
            Some(2..=4) => "A",
            _ => "N",
        };
        let eci = session.eci(association);
        let cavv = if verified {
            session.proof("cavv")
        } else {
            String::new()
        };
        let parts = match session.instalments {
            0 => String::new(),
            parts => parts.to_string(),
        };
        let amount = session.amount.to_string();
        let mut fields = vec![
            ("MerchantId", account.merchant.to_owned()),
            ("SubMerchantNo", "0".to_owned()),
            ("SubMerchantName", String::new()),
            ("SubMerchantNumber", String::new()),
            ("PurchAmount", amount.clone()),
            ("PurchCurrency", session.currency.clone()),
            ("VerifyEnrollmentRequestId", session.order_id.clone()),
            ("SessionInfo", enrolled.noted),
            ("InstallmentCount", parts),
            ("Pan", enrolled.pan),
            ("Expiry", enrolled.expires),
            ("Xid", session.proof("xid")),
            ("Status", status.to_owned()),
            ("Cavv", cavv.clone()),
            ("Eci", eci.to_owned()),
            ("ExpSign", String::new()),
            ("ErrorCode", String::new()),
            ("ErrorMessage", String::new()),
        ];
        if account.gateway {
            let md_status = session.md_status.unwrap_or_default().to_string();
            let mut hash = callback_hash(&[
                &session.order_id,
                account.merchant,
                &session.currency,
                &amount,
                eci,
                &cavv,
                &md_status,
                status,
                account.mpi_password,
            ]);
            if what.spoilt {
                reply::spoil(&mut hash);
            }
            fields.push(("MdStatus", md_status));
            fields.push(("Hash", hash));
        }
        let fields = fields.into_iter();
        Some(WayBack {
            url: if verified {
                enrolled.success
            } else {
                enrolled.failure
            },
            fields: fields
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        })
    }
}

/// The gateway's hash: values and password put end to end, in ISO-8859-9.
fn callback_hash(values: &[&str]) -> String {
    STANDARD.encode(Sha256::digest(latin5::encode(&values.concat())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callbacks_hash_is_made_by_the_published_rule() {
        let values = [
            "VE1",
            "000000000007955",
            "949",
            "109",
            "05",
            "AAABBBBBBBBBBBBBBBIIIIII=",
            "1",
            "Y",
            "123Ab456",
        ];
        let expected = "sS+xudZnaVvynvPBNWBuV/dq5cdJi6EHRft5pWd5uho=";
        assert_eq!(callback_hash(&values), expected);
    }

    #[test]
    fn the_oldest_enrolment_goes_first() {
        let enrolments = Enrolments::default();
        let add = |number: usize| {
            let enrolled = Enrolled {
                session: Session::new("1", 1, "949", 0).unwrap(),
                pan: String::new(),
                expires: String::new(),
                success: String::new(),
                failure: String::new(),
                noted: String::new(),
                only_enrolled: false,
                code: String::new(),
            };
            enrolments.add(number.to_string(), enrolled)
        };
        assert!((0..=MAX_ENROLMENTS).all(add));
        assert!(enrolments.find("0").is_none());
        assert!(enrolments.find("1").is_some());
        assert!(!add(1));
    }
}
