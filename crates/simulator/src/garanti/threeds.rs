//! Garanti's 3D model: the merchant's page posts the order, the shopper proves himself, and what
//! comes back (cavv, eci, xid, md) must be shown once more with the sale. In `3D_PAY`, `3D_FULL` and
//! `3D_HALF` the page sells by itself, and tells what came of it.

use std::ops::RangeInclusive;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::account::{Garanti, MERCHANT, PASSWORD, SELLER, STORE_KEY, TERMINAL, VERSION};
use super::answer::{auth_code, retref};
use super::hash;
use super::orders::{add_points, kind, refuse_points};
use super::request::{Request, instalments};
use crate::app::App;
use crate::cards::{Purse, ThreeDs};
use crate::desk::Purchase;
use crate::fields::{Form, expiry, kurus};
use crate::ledger::{Bank, Kind, Points, Sold};
use crate::pages::{Brand, Words};
use crate::reply;
use crate::seal::{random, same, upper_hex};
use crate::session::{Session, Visit};
use crate::threeds::{BankPage, Begun, WayBack, What, leads_back};

/// Which callback fields the hash covers, as the bank lists them.
const HASH_PARAMS: &str = "clientid:oid:authcode:procreturncode:response:mdstatus:cavv:eci:md:rnd:";
/// Fields of the merchant's form that the callback repeats; behind them the points of a sale.
const FORM: [&str; REPEATED + 7] = [
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
    "txnrewardcount",
    "txnrewardtype1",
    "txnrewardtype2",
    "txnrewardtype3",
    "txnrewardusedamount1",
    "txnrewardusedamount2",
    "txnrewardusedamount3",
];
/// How many of them.
const REPEATED: usize = 17;

/// What must be verified for the page to sell; `None` where the merchant sells.
fn sells_at(level: &str) -> Option<RangeInclusive<u8>> {
    match level {
        "3D_FULL" => Some(1..=1),
        // Which statuses `3D_PAY` asks for is not public.
        "3D_PAY" | "3D_HALF" => Some(1..=4),
        _ => None,
    }
}

/// The code of the refusal when a sale is not what was authenticated.
pub(super) fn mismatch(
    request: &Request,
    session: Option<&Session>,
    purchase: &Purchase<'_>,
) -> Option<&'static str> {
    let shown = |name: &str| request.at(&["Transaction", "Secure3D", name]);
    let Some(session) = session.filter(|session| session.is_authenticated()) else {
        return Some("T11");
    };
    let proof = Proof::of(session);
    let agrees = session.order_id == request.order_id()
        && session.amount == purchase.amount
        && session.currency == purchase.currency
        && session.instalments == purchase.instalments
        && session.holds == (purchase.kind == Kind::Hold)
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
        let (cavv, eci) = match session.md_status {
            Some(1) => (part("cavv"), "02"),
            Some(2..=4) => (part("cavv"), "01"),
            _ => (String::new(), ""),
        };
        Proof {
            cavv,
            eci,
            xid: part("xid"),
        }
    }
}

impl BankPage for Garanti {
    const BANK: Bank = Bank::Garanti;
    const BRAND: Brand = Brand {
        theme: "garanti",
        name: "Garanti BBVA",
    };
    const PAGE: &'static str = "/garanti/servlet/gt3dengine";
    const KEPT: &'static [&'static str] = &FORM;
    const SHOP_FIELD: &'static str = "companyname";
    const USED_BEFORE: &'static str = "92/0104";

    fn begin(app: &App, form: &Form, words: &Words) -> Begun {
        if !leads_back(form, ["successurl", "errorurl"]) {
            return Begun::Dead(words.address_broken);
        }
        let Ok(mut session) = Session::new(
            form.field("orderid"),
            kurus(form.field("txnamount")).unwrap_or_default(),
            form.field("txncurrencycode"),
            instalments(form.field("txninstallmentcount")).unwrap_or_default(),
        ) else {
            return Begun::Broken;
        };
        session.holds = kind(form.field("txntype")) == Kind::Hold;
        let refusal = match refuse_form(form) {
            Some(problem) => Some((7, problem)),
            None => enrol(app, form, &mut session).map(|problem| (5, problem)),
        };
        Begun::of(session, refusal)
    }

    fn purchase<'a>(app: &'a App, visit: &'a Visit) -> Option<Purchase<'a>> {
        let session = &visit.session;
        let enough = sells_at(visit.field("secure3dsecuritylevel"))?;
        session.md_status.filter(|status| enough.contains(status))?;
        let points = points(visit);
        let unread = points.is_none().then_some("92/0002");
        let points = points.unwrap_or_default();
        let sale = Purchase::of_session(app, session);
        let objection = sale.card.ok().and_then(|card| refuse_points(card, points));
        Some(Purchase {
            points: Points::Exactly(points),
            objection: unread.or(objection),
            ..sale
        })
    }

    fn way_back(app: &App, visit: &Visit, what: &What<'_>) -> Option<WayBack> {
        let session = &visit.session;
        let (authenticated, proof) = (session.is_authenticated(), Proof::of(session));
        let told = Told::of(what);
        let failed = !authenticated || matches!(told.response, "Declined");
        let (status, target) = (
            if authenticated { "Y" } else { "N" },
            if failed { "errorurl" } else { "successurl" },
        );
        let problem = match what.problem {
            Some(problem) => problem,
            None if authenticated => "",
            None => "Not authenticated",
        };
        let message = if problem.is_empty() {
            "Authenticated"
        } else {
            problem
        };
        let random = random::<10>().ok()?;
        let mut fields = vec![
            (
                "mdstatus",
                session.md_status.unwrap_or_default().to_string(),
            ),
            ("mderrormessage", message.to_owned()),
            ("errmsg", told.message.unwrap_or(problem).to_owned()),
            ("txnstatus", status.to_owned()),
            ("eci", proof.eci.to_owned()),
            ("cavv", proof.cavv),
            ("xid", proof.xid),
            ("md", session.seal(app, Bank::Garanti)),
            ("version", "2.0".to_owned()),
            ("clientid", TERMINAL.to_owned()),
            ("oid", session.order_id.clone()),
            ("transid", session.order_id.clone()),
            ("MaskedPan", session.masked.clone()),
            ("rnd", upper_hex(&random)),
            ("authcode", told.auth_code),
            ("hostrefnum", told.reference),
            ("procreturncode", told.code),
            ("response", told.response.to_owned()),
            ("hostmsg", String::new()),
        ];
        let covered: String = HASH_PARAMS
            .split(':')
            .filter_map(|name| fields.iter().find(|(field, _)| *field == name))
            .map(|(_, value)| value.as_str())
            .collect();
        let mut signature = hash::of(&[&covered, STORE_KEY]);
        if what.spoilt {
            reply::spoil(&mut signature);
        }
        fields.push(("hash", signature));
        fields.push(("hashparams", HASH_PARAMS.to_owned()));
        fields.push(("hashparamsval", covered));
        let repeated = FORM
            .iter()
            .take(REPEATED)
            .filter_map(|name| Some((*name, visit.form.get(*name)?.clone())));
        Some(WayBack {
            url: visit.field(target).to_owned(),
            fields: fields
                .into_iter()
                .chain(repeated)
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        })
    }
}

/// What the callback tells of the page's own sale; empty where there was none.
#[derive(Default)]
struct Told<'a> {
    auth_code: String,
    reference: String,
    code: String,
    response: &'static str,
    message: Option<&'a str>,
}

impl<'a> Told<'a> {
    fn of(what: &'a What<'_>) -> Told<'a> {
        let refused = |code: &'a str| Told {
            // Recorded refusals have a blank here.
            auth_code: " ".to_owned(),
            code: code.split('/').next().unwrap_or_default().to_owned(),
            response: "Declined",
            message: Some(match code {
                "92/0104" => "ErrorId: 0104",
                _ => "Declined by the bank",
            }),
            ..Told::default()
        };
        match (&what.refused_after, &what.sold) {
            (Some(code), _) => refused(code),
            (None, None) => Told::default(),
            (None, Some(Sold::Approved(order, _))) => Told {
                auth_code: auth_code(order),
                reference: retref(order.seq),
                code: "00".to_owned(),
                response: "Approved",
                message: None,
            },
            (None, Some(Sold::Repeated(_))) => refused("92/0104"),
            (None, Some(Sold::AuthenticationUsed)) => refused("T11"),
            (None, Some(Sold::Declined(code))) => refused(code),
        }
    }
}

/// The points that the form wants to spend; `None` when they cannot be read.
fn points(visit: &Visit) -> Option<Purse> {
    let mut points = Purse::default();
    let count: usize = match visit.field("txnrewardcount") {
        "" => 0,
        count => count.parse().ok().filter(|count| *count <= 3)?,
    };
    for number in 1..=count {
        let used = kurus(visit.field(&format!("txnrewardusedamount{number}")))?;
        add_points(
            &mut points,
            visit.field(&format!("txnrewardtype{number}")),
            used,
        )?;
    }
    Some(points)
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
            session.set_card(card);
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
    let level = field("secure3dsecuritylevel");
    let sound = (level == "3D" || sells_at(level).is_some())
        && matches!(field("txntype"), "sales" | "preauth")
        && !field("orderid").is_empty()
        && kurus(field("txnamount")).is_some_and(|amount| amount > 0)
        && instalments(field("txninstallmentcount")).is_some();
    (!sound).then_some("A mandatory field is missing or wrong")
}
