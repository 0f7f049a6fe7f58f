//! Garanti's 3D model: the merchant's page posts the order, the shopper proves himself, and what
//! comes back (cavv, eci, xid, md) must be shown once more with the sale.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::orders::{Terms, instalments, kurus};
use super::{MERCHANT, PASSWORD, Request, SELLER, STORE_KEY, TERMINAL, VERSION, hash};
use crate::cards::ThreeDs;
use crate::faults::{Facts, Fault, FaultKind};
use crate::seal::{random, same, upper_hex};
use crate::session::{Session, Step, judge};
use crate::{App, expiry, page, reply};

const HTML: &str = "text/html; charset=utf-8";
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
    session: Session,
    form: HashMap<String, String>,
    attempts: u8,
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
pub(super) async fn page(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    if !page::is_web_address(field("successurl")) || !page::is_web_address(field("errorurl")) {
        let html = page::dead_end("Dönüş adresi geçersiz.");
        return (StatusCode::BAD_REQUEST, Html(html)).into_response();
    }
    let Ok(nonce) = random::<16>() else {
        return reply::internal_error();
    };
    let terms = (
        kurus(field("txnamount")),
        instalments(field("txninstallmentcount")),
    );
    let mut session = Session {
        order_id: field("orderid").to_owned(),
        amount: terms.0.unwrap_or_default(),
        currency: field("txncurrencycode").to_owned(),
        instalments: terms.1.unwrap_or_default(),
        card: String::new(),
        masked: String::new(),
        nonce: upper_hex(&nonce),
        md_status: None,
        points: 0,
        campaign: 0,
    };
    let kept = form
        .iter()
        .filter(|(name, _)| REPEATED.contains(&name.as_str()));
    let kept = kept
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if let Some(problem) = refuse_form(&field) {
        session.md_status = Some(7);
        let state = PageState {
            session,
            form: kept,
            attempts: 0,
        };
        return way_back(&app, &state, problem, None).await;
    }
    let digits = format!(
        "{}{}",
        field("cardexpiredatemonth"),
        field("cardexpiredateyear")
    );
    let refusal = match app.accept(field("cardnumber"), expiry(&digits, false)) {
        Ok(card) => {
            session.card = card.reference.to_string();
            session.masked = card.masked.to_string();
            (card.three_ds == ThreeDs::Refused).then_some("Card is not enrolled")
        }
        Err(_) => Some("Card is not known"),
    };
    let mut state = PageState {
        session,
        form: kept,
        attempts: 0,
    };
    if let Some(problem) = refusal {
        state.session.md_status = Some(5);
        return way_back(&app, &state, problem, None).await;
    }
    ask_password(&app, &state)
}

/// What is wrong with the merchant's form, if anything.
fn refuse_form<'a>(field: &impl Fn(&str) -> &'a str) -> Option<&'static str> {
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
    Html(page::ask(&page::Ask {
        bank: "Garanti BBVA",
        action: &format!("{}/garanti/servlet/gt3dengine/otp", app.public_url),
        state: &app.sealer.seal("garanti-page", state),
        masked: &state.session.masked,
        amount: state.session.amount,
        currency: if state.session.currency == super::LIRA {
            "TL"
        } else {
            &state.session.currency
        },
        attempts: state.attempts,
        points: 0,
        campaigns: &[],
    }))
    .into_response()
}

/// The browser's second call: the password; the outcome goes back to the shop.
pub(super) async fn password(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let Some(mut state) = app.sealer.open::<PageState>("garanti-page", field("state")) else {
        let html = page::dead_end("Bu sayfa artık geçerli değil.");
        return (StatusCode::BAD_REQUEST, Html(html)).into_response();
    };
    let mut status = match judge(
        &app,
        &state.session,
        state.attempts,
        field("action"),
        field("otp"),
    ) {
        Step::Again(attempts) => {
            state.attempts = attempts;
            return ask_password(&app, &state);
        }
        Step::Done(status) => status,
    };
    let facts = Facts {
        amount: Some(state.session.amount),
        card: Some(&state.session.card),
        order_id: Some(&state.session.order_id),
    };
    let fault = app.faults.take("garanti", "threeds_page", facts);
    if reply::fails_before(fault.as_ref()) {
        return reply::internal_error();
    }
    if let Some(code) = reply::declines(fault.as_ref()) {
        status = code
            .parse()
            .ok()
            .filter(|status| *status <= 9)
            .unwrap_or_default();
    }
    state.session.md_status = Some(status);
    let message = if state.session.is_authenticated() {
        ""
    } else {
        "Not authenticated"
    };
    way_back(&app, &state, message, fault.as_ref()).await
}

async fn way_back(app: &App, state: &PageState, problem: &str, fault: Option<&Fault>) -> Response {
    let session = &state.session;
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
    if reply::wrong_mac(fault) {
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
    let url = state.form.get(target).map_or("", String::as_str);
    let html = match fault.map(|fault| fault.kind) {
        Some(FaultKind::NoCallback) => page::dead_end("Alışverişe dönülemiyor."),
        kind => page::way_back(url, &fields, kind == Some(FaultKind::DuplicateCallback)),
    };
    reply::deliver(HTML, html.into_bytes(), fault).await
}
