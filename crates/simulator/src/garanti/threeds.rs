//! Garanti's 3D model: the merchant's page posts the order, the shopper proves himself, and what
//! comes back (cavv, eci, xid, md) must be shown once more with the sale.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::orders::{Terms, instalments, kurus};
use super::{MERCHANT, PASSWORD, Request, SELLER, STORE_KEY, TERMINAL, VERSION, hash};
use crate::cards::ThreeDs;
use crate::pages::{self, Ending, Language};
use crate::seal::{random, same, upper_hex};
use crate::session::{Answer, Form, Return, Session, Step, Visit, judge};
use crate::{App, expiry, reply};

const THEME: &str = "garanti";
const NAME: &str = "Garanti BBVA";
/// Which callback fields the hash covers, as the bank lists them.
const HASH_PARAMS: &str = "clientid:oid:authcode:procreturncode:response:mdstatus:cavv:eci:md:rnd:";
/// Fields of the merchant's form that the callback repeats.
const REPEATED: &[&str] = &[
    "apiversion",
    "customeripaddress",
    "customeremailaddress",
    "errorurl",
    "mode",
    "orderid",
    "secure3dhash",
    "secure3dsecuritylevel",
    "successurl",
    "terminalid",
    "terminalmerchantid",
    "terminalprovuserid",
    "terminaluserid",
    "txnamount",
    "txncurrencycode",
    "txninstallmentcount",
    "txntype",
];

/// What the password page carries around, sealed.
#[derive(Clone, Serialize, Deserialize)]
struct PageState {
    visit: Visit,
    form: HashMap<String, String>,
}

/// The authentication that a sale shows; `None` when its md is not ours.
pub(super) fn session(app: &App, request: &Request) -> Option<Session> {
    let md = request.at(&["Transaction", "Secure3D", "Md"]);
    if md.is_empty() {
        None
    } else {
        app.sealer.open("garanti-md", md)
    }
}

/// The code of the refusal when a sale is not what was authenticated.
pub(super) fn mismatch(
    request: &Request,
    session: Option<&Session>,
    terms: &Terms,
) -> Option<&'static str> {
    let shown = |name: &str| request.at(&["Transaction", "Secure3D", name]);
    let Some(session) = session.filter(|session| session.is_authenticated()) else {
        return Some("T11");
    };
    let proof = Proof::of(session);
    let agrees = session.order_id == request.order_id()
        && session.amount == terms.amount
        && session.currency == terms.currency
        && session.instalments == terms.instalments
        && same(
            proof.cavv.as_bytes(),
            shown("AuthenticationCode").as_bytes(),
        )
        && same(proof.xid.as_bytes(), shown("TxnID").as_bytes());
    if !agrees {
        return Some("T11");
    }
    (proof.eci != shown("SecurityLevel")).then_some("T14")
}

/// cavv, eci and xid, all made of the authentication's nonce.
struct Proof {
    cavv: String,
    eci: &'static str,
    xid: String,
}

impl Proof {
    fn of(session: &Session) -> Proof {
        let part = |label: &str| {
            let digest = hash::of(&[label, &session.nonce]);
            STANDARD.encode(digest.as_bytes().get(..20).unwrap_or_default())
        };
        match session.md_status {
            Some(1) => Proof {
                cavv: part("cavv"),
                eci: "02",
                xid: part("xid"),
            },
            Some(2..=4) => Proof {
                cavv: part("cavv"),
                eci: "01",
                xid: part("xid"),
            },
            _ => Proof {
                cavv: String::new(),
                eci: "",
                xid: part("xid"),
            },
        }
    }
}

/// The browser's first call: the merchant's form, checked, becomes the password page.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let language = Language::wanted(query.as_deref(), &headers);
    let form = Form::read(&body);
    if !["successurl", "errorurl"]
        .iter()
        .all(|name| pages::is_web_address(form.field(name)))
    {
        return refuse_page(language, pages::words(language).address_broken);
    }
    let Ok(nonce) = random::<16>() else {
        return reply::internal_error();
    };
    let (amount, months) = (
        kurus(form.field("txnamount")),
        instalments(form.field("txninstallmentcount")),
    );
    let session = Session {
        order_id: form.field("orderid").to_owned(),
        amount: amount.unwrap_or_default(),
        currency: form.field("txncurrencycode").to_owned(),
        instalments: months.unwrap_or_default(),
        card: String::new(),
        masked: String::new(),
        nonce: upper_hex(&nonce),
        md_status: None,
        points: 0,
        campaign: 0,
    };
    let shop = Some(form.field("companyname")).filter(|name| !name.is_empty());
    let mut state = PageState {
        visit: Visit {
            session,
            attempts: 0,
            language,
            shop: shop.unwrap_or(pages::SHOP).chars().take(80).collect(),
        },
        form: form.kept(REPEATED),
    };
    let refusal = match refuse_form(&form) {
        Some(problem) => Some((7, problem)),
        None => enrol(&app, &form, &mut state.visit.session).map(|problem| (5, problem)),
    };
    let Some((status, problem)) = refusal else {
        return ask_password(&app, &state);
    };
    state.visit.session.md_status = Some(status);
    let answer = Answer {
        ending: Ending::Refused,
        fault: None,
        late: None,
    };
    way_back(&app, &state, problem, &answer).await
}

/// Looks up the card of the form; what is wrong with it, if anything.
fn enrol(app: &App, form: &Form, session: &mut Session) -> Option<&'static str> {
    let digits = format!(
        "{}{}",
        form.field("cardexpiredatemonth"),
        form.field("cardexpiredateyear")
    );
    match app.accept(form.field("cardnumber"), expiry(&digits, false)) {
        Ok(card) => {
            session.card = card.reference.to_string();
            session.masked = card.masked.to_string();
            (card.three_ds == ThreeDs::Refused).then_some("Card is not enrolled")
        }
        Err(_) => Some("Card is not known"),
    }
}

/// What is wrong with the merchant's form, if anything.
fn refuse_form(form: &Form) -> Option<&'static str> {
    let field = |name: &str| form.field(name);
    let expected = hash::of(&[
        TERMINAL,
        field("orderid"),
        field("txnamount"),
        field("txncurrencycode"),
        field("successurl"),
        field("errorurl"),
        field("txntype"),
        field("txninstallmentcount"),
        STORE_KEY,
        &hash::security_data(PASSWORD, TERMINAL),
    ]);
    let known = field("terminalid") == TERMINAL
        && field("terminalmerchantid") == MERCHANT
        && field("terminalprovuserid") == SELLER
        && field("apiversion") == VERSION;
    if !known {
        return Some("Terminal is not known");
    }
    if !same(expected.as_bytes(), field("secure3dhash").as_bytes()) {
        return Some("secure3dhash does not match");
    }
    let sound = field("secure3dsecuritylevel") == "3D"
        && field("txntype") == "sales"
        && !field("orderid").is_empty()
        && kurus(field("txnamount")).is_some_and(|amount| amount > 0)
        && instalments(field("txninstallmentcount")).is_some();
    (!sound).then_some("A mandatory field is missing or wrong")
}

fn ask_password(app: &App, state: &PageState) -> Response {
    let visit = &state.visit;
    pages::ask(&pages::Ask {
        theme: THEME,
        bank: NAME,
        language: visit.language,
        action: &format!("{}/garanti/servlet/gt3dengine/otp", app.public_url),
        state: &app.sealer.seal("garanti-page", state),
        shop: &visit.shop,
        order_id: &visit.session.order_id,
        masked: &visit.session.masked,
        amount: visit.session.amount,
        currency: &visit.session.currency,
        instalments: visit.session.instalments,
        date: &pages::moment(app.now(), visit.language),
        attempts: visit.attempts,
        points: 0,
        campaigns: &[],
    })
}

/// The browser's second call: the password; the outcome goes back to the shop.
pub(super) async fn password(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Form::read(&body);
    let Some(mut state) = app
        .sealer
        .open::<PageState>("garanti-page", form.field("state"))
    else {
        let language = Language::wanted(query.as_deref(), &headers);
        return refuse_page(language, pages::words(language).page_stale);
    };
    let answer = match judge(&app, "garanti", &mut state.visit, &form) {
        Step::Again => return ask_password(&app, &state),
        Step::Broken => return reply::internal_error(),
        Step::Done(answer) => answer,
    };
    let message = if state.visit.session.is_authenticated() {
        ""
    } else {
        "Not authenticated"
    };
    way_back(&app, &state, message, &answer).await
}

fn refuse_page(language: Language, why: &str) -> Response {
    pages::refused(StatusCode::BAD_REQUEST, THEME, NAME, language, why)
}

async fn way_back(app: &App, state: &PageState, problem: &str, answer: &Answer) -> Response {
    let session = &state.visit.session;
    let proof = Proof::of(session);
    let md = app.sealer.seal("garanti-md", session);
    let Ok(random) = random::<10>() else {
        return reply::internal_error();
    };
    let mut fields = vec![
        (
            "mdstatus",
            session.md_status.unwrap_or_default().to_string(),
        ),
        (
            "mderrormessage",
            if problem.is_empty() {
                "Authenticated"
            } else {
                problem
            }
            .to_owned(),
        ),
        ("errmsg", problem.to_owned()),
        (
            "txnstatus",
            if session.is_authenticated() { "Y" } else { "N" }.to_owned(),
        ),
        ("eci", proof.eci.to_owned()),
        ("cavv", proof.cavv),
        ("xid", proof.xid),
        ("md", md),
        ("version", "2.0".to_owned()),
        ("clientid", TERMINAL.to_owned()),
        ("oid", session.order_id.clone()),
        ("transid", session.order_id.clone()),
        ("MaskedPan", session.masked.clone()),
        ("rnd", upper_hex(&random)),
        ("authcode", String::new()),
        ("hostrefnum", String::new()),
        ("procreturncode", String::new()),
        ("response", String::new()),
        ("hostmsg", String::new()),
    ];
    let covered: String = HASH_PARAMS
        .split(':')
        .filter_map(|name| fields.iter().find(|(field, _)| *field == name))
        .map(|(_, value)| value.as_str())
        .collect();
    let mut signature = hash::of(&[&covered, STORE_KEY]);
    if reply::wrong_mac(answer.fault.as_ref()) {
        reply::spoil(&mut signature);
    }
    fields.push(("hash", signature));
    fields.push(("hashparams", HASH_PARAMS.to_owned()));
    fields.push(("hashparamsval", covered));
    let mut fields: Vec<(String, String)> = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    for name in REPEATED {
        if let Some(value) = state.form.get(*name) {
            fields.push(((*name).to_owned(), value.clone()));
        }
    }
    let target = if session.is_authenticated() {
        "successurl"
    } else {
        "errorurl"
    };
    let back = Return {
        theme: THEME,
        bank: NAME,
        language: state.visit.language,
        url: state.form.get(target).map_or("", String::as_str),
        fields: &fields,
    };
    back.send(app, answer).await
}
