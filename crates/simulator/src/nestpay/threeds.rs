//! NestPay's 3D Secure: the merchant's page posts the order, the shopper proves himself, and what comes
//! back (md, xid, eci, cavv) is shown once more with the sale. With `3d_pay` the page sells by itself.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::account::{self, Account, Nestpay};
use super::answer::Answer;
use super::request::{Request, instalments, month_of};
use super::{hash, orders};
use crate::app::App;
use crate::cards::ThreeDs;
use crate::desk::Purchase;
use crate::fields::{Form, grouped, is_currency, is_order_id, lira};
use crate::ledger::{Bank, Kind, id_of_account};
use crate::pages::{self, Brand, Words};
use crate::reply;
use crate::seal::{random, same};
use crate::session::{Session, Visit};
use crate::threeds::{BankPage, Begun, WayBack, What, leads_back};

/// The third hash, as a form asks for it.
const THIRD: &str = "ver3";
/// Which fields the first hash of a callback covers: after a sale, and without one.
const OF_SALE: &str = "clientid:oid:AuthCode:ProcReturnCode:Response:mdStatus:cavv:eci:md:rnd:";
const OF_PROOF: &str = "clientid:oid:mdStatus:cavv:eci:md:rnd:";
/// Fields of the merchant's form that the callback repeats.
const REPEATED: [&str; 16] = [
    "clientid",
    "oid",
    "amount",
    "currency",
    "taksit",
    "Instalment",
    "storetype",
    "okUrl",
    "failUrl",
    "lang",
    "firmaadi",
    "Email",
    "TranType",
    "hashAlgorithm",
    "Ecom_Payment_Card_ExpDate_Month",
    "Ecom_Payment_Card_ExpDate_Year",
];

/// The code of the refusal when a sale is not what was authenticated.
pub(super) fn mismatch(
    request: &Request,
    session: Option<&Session>,
    purchase: &Purchase<'_>,
) -> Option<&'static str> {
    let agrees = session.is_some_and(|session| {
        let association = purchase.card.map_or("", |card| card.association);
        let proof = Proof::of(session, association);
        let shown =
            |name: &str, value: &str| same(value.as_bytes(), request.value(name).as_bytes());
        session.is_authenticated()
            && id_of_account(&session.account, &session.order_id) == purchase.id
            && session.amount == purchase.amount
            && session.currency == purchase.currency
            && session.instalments == purchase.instalments
            && session.holds == (purchase.kind == Kind::Hold)
            && shown("PayerTxnId", &proof.xid)
            && shown("PayerAuthenticationCode", &proof.cavv)
            && shown("PayerSecurityLevel", proof.eci)
    });
    (!agrees).then_some("99/2121")
}

/// cavv, eci and xid, all made of the authentication's nonce.
struct Proof {
    cavv: String,
    eci: &'static str,
    xid: String,
}

impl Proof {
    fn of(session: &Session, association: &str) -> Proof {
        let eci = session.eci(association);
        Proof {
            cavv: if eci.is_empty() {
                String::new()
            } else {
                session.proof("cavv")
            },
            eci,
            xid: session.proof("xid"),
        }
    }
}

/// What a form is, in either generation of its names.
fn tran_type(form: &Form) -> &str {
    match form.field("TranType") {
        "" => form.field("islemtipi"),
        name => name,
    }
}

/// The instalments of a form: some stores call them otherwise.
fn taksit(form: &Form) -> &str {
    match form.field("taksit") {
        "" => form.field("Instalment"),
        digits => digits,
    }
}

impl BankPage for Nestpay {
    const BANK: Bank = Bank::Nestpay;
    const BRAND: Brand = Brand {
        theme: "plain",
        name: "NestPay",
    };
    const PAGE: &'static str = "/nestpay/fim/est3Dgate";
    const KEPT: &'static [&'static str] = &REPEATED;
    const USED_BEFORE: &'static str = "99/2507";

    fn brand(visit: &Visit) -> Brand {
        account::of(&visit.session.account).map_or(Nestpay::BRAND, |account| account.brand)
    }

    fn begin(app: &App, form: &Form, words: &Words) -> Begun {
        if !leads_back(form, ["okUrl", "failUrl"]) {
            return Begun::Dead(words.address_broken);
        }
        // Nothing could be signed for a stranger.
        let Some(account) = account::of(form.field("clientid")) else {
            return Begun::Dead(words.shop_unknown);
        };
        let Ok(mut session) = Session::new(
            form.field("oid"),
            lira(form.field("amount")).unwrap_or_default(),
            form.field("currency"),
            instalments(taksit(form)).unwrap_or_default(),
        ) else {
            return Begun::Broken;
        };
        account.client.clone_into(&mut session.account);
        session.holds = orders::kind(tran_type(form)) == Kind::Hold;
        let refusal = match refuse_form(account, form) {
            Some(problem) => Some((7, problem)),
            None => enrol(app, form, &mut session).map(|problem| (5, problem)),
        };
        Begun::of(session, refusal)
    }

    fn purchase<'a>(app: &'a App, visit: &'a Visit) -> Option<Purchase<'a>> {
        let session = &visit.session;
        if visit.field("storetype") != "3d_pay" || !session.is_authenticated() {
            return None;
        }
        Some(Purchase::of_session(app, session))
    }

    fn way_back(app: &App, visit: &Visit, what: &What<'_>) -> Option<WayBack> {
        let account = account::of(&visit.session.account)?;
        let answer = match (&what.refused_after, &what.sold) {
            (Some(code), _) => Some(Answer::refusal(code)),
            (None, sold) => sold
                .as_ref()
                .map(|sold| orders::sold_answer(app, Some(account), sold)),
        };
        let mut fields = proof_fields(app, visit, account, what.problem)?;
        if let Some(answer) = &answer {
            fields.extend(sale_fields(app, visit, account, answer));
        }
        sign(visit, account, &mut fields, answer.is_some(), what.spoilt);
        let failed = !visit.session.is_authenticated()
            || answer.is_some_and(|answer| answer.response != "Approved");
        Some(WayBack {
            url: visit
                .field(if failed { "failUrl" } else { "okUrl" })
                .to_owned(),
            fields,
        })
    }
}

type Fields = Vec<(String, String)>;

/// What the callback tells of the authentication, and of the form.
fn proof_fields(
    app: &App,
    visit: &Visit,
    account: &Account,
    problem: Option<&str>,
) -> Option<Fields> {
    let session = &visit.session;
    let association = app
        .cards
        .by_reference(&session.card)
        .map_or("", |card| card.association);
    let proof = Proof::of(session, association);
    let verified = session.is_authenticated();
    let status = match session.md_status {
        Some(1) => "Y",
        Some(2..=4) => "A",
        _ => "N",
    };
    let message = match problem {
        Some(problem) => problem.to_owned(),
        None => format!(
            "{status}-status/Challenge authentication via ACS: {}{}",
            app.public_url,
            Nestpay::PAGE
        ),
    };
    let bin = session.masked.get(..6).unwrap_or_default();
    let last = session.masked.trim_start_matches(|c| c != '*');
    let last = last.trim_start_matches('*');
    let sealed = session.seal(app, Bank::Nestpay);
    let kind = if session.holds { "PreAuth" } else { "Auth" };
    let mut fields = vec![
        ("TRANID", String::new()),
        ("PAResSyntaxOK", "true".to_owned()),
        ("islemtipi", kind.to_owned()),
        ("merchantID", account.client.to_owned()),
        ("maskedCreditCard", grouped(&session.masked)),
        (
            "sID",
            if association == "VISA" { "1" } else { "2" }.to_owned(),
        ),
        ("ACQBIN", "454672".to_owned()),
        ("MaskedPan", format!("{bin}***{last}")),
        ("merchantName", pages::SHOP.to_owned()),
        ("clientIp", "127.0.0.1".to_owned()),
        ("md", format!("{bin}:{sealed}:4000:##{}", account.client)),
        ("mdErrorMsg", message),
        ("PAResVerified", verified.to_string()),
        ("digest", "digest".to_owned()),
        ("callbackCall", "true".to_owned()),
        ("xid", proof.xid),
        ("encoding", "ISO-8859-9".to_owned()),
        (
            "mdStatus",
            session.md_status.unwrap_or_default().to_string(),
        ),
        ("dsId", "1".to_owned()),
        ("version", "2.0".to_owned()),
        ("txstatus", status.to_owned()),
        ("rnd", STANDARD.encode(random::<15>().ok()?)),
    ];
    // Recorded failures have neither.
    if verified {
        fields.push(("cavv", proof.cavv));
        fields.push(("eci", proof.eci.to_owned()));
    }
    let repeated = REPEATED
        .iter()
        .filter_map(|name| Some((*name, visit.form.get(*name)?.clone())));
    let fields = fields.into_iter().chain(repeated);
    Some(
        fields
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// What the callback tells of the page's own sale.
fn sale_fields(app: &App, visit: &Visit, account: &Account, answer: &Answer) -> Fields {
    let now = app.now();
    let told = [
        ("ReturnOid", visit.session.order_id.as_str()),
        ("AuthCode", &answer.auth),
        ("HostRefNum", &answer.reference),
        ("ProcReturnCode", &answer.code),
        ("Response", answer.response),
        ("TransId", &answer.transaction),
        ("ErrMsg", &answer.message),
        ("SettleId", &answer.batch(now)),
        ("acqStan", &answer.stan()),
        ("payResults_dsId", "1"),
        ("NATIONALIDNO", ""),
    ];
    // Clients show both spellings; PHP turns a point into a line, so no recording tells.
    let mark = if account.traced { '.' } else { '_' };
    let extras = answer.extras(Some(account), now);
    let extras = extras
        .into_iter()
        .filter(|(name, _)| *name != "SETTLEID")
        .map(|(name, value)| (format!("EXTRA{mark}{name}"), value));
    told.into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .chain(extras)
        .collect()
}

/// Adds the hash of the generation in which the form was signed.
fn sign(visit: &Visit, account: &Account, fields: &mut Fields, sold: bool, spoilt: bool) {
    let mut signature;
    if visit.field("hashAlgorithm") == THIRD {
        let all = fields.iter().map(|(name, value)| (&**name, &**value));
        signature = hash::third(all, account.store_key);
    } else {
        let names = if sold { OF_SALE } else { OF_PROOF };
        let covered: Vec<&str> = names
            .split(':')
            .filter_map(|name| fields.iter().find(|(field, _)| field == name))
            .map(|(_, value)| value.as_str())
            .collect();
        signature = hash::first(&covered, account.store_key);
        let values = covered.concat();
        fields.push(("HASHPARAMS".to_owned(), names.to_owned()));
        fields.push(("HASHPARAMSVAL".to_owned(), values));
    }
    if spoilt {
        reply::spoil(&mut signature);
    }
    fields.push(("HASH".to_owned(), signature));
}

/// Looks up the card of the form; what is wrong with it, if anything.
fn enrol(app: &App, form: &Form, session: &mut Session) -> Option<&'static str> {
    let part = |name: &str| form.field(&format!("Ecom_Payment_Card_ExpDate_{name}"));
    match app.accept(form.field("pan"), month_of(part("Month"), part("Year"))) {
        Ok(card) => {
            session.set_card(card);
            (card.three_ds == ThreeDs::Refused).then_some("Card is not enrolled")
        }
        Err(_) => Some("Card is not known"),
    }
}

/// What is wrong with the merchant's form, if anything.
fn refuse_form(account: &Account, form: &Form) -> Option<&'static str> {
    let mut hashes = form
        .all()
        .filter(|(name, _)| name.eq_ignore_ascii_case("hash"));
    let shown = hashes.next().map_or("", |(_, value)| value).as_bytes();
    if !expected(account, form)
        .iter()
        .any(|hash| same(hash.as_bytes(), shown))
    {
        return Some("Security code is wrong");
    }
    let sound = matches!(form.field("storetype"), "3d" | "3d_pay")
        && matches!(tran_type(form), "Auth" | "PreAuth")
        && is_order_id(form.field("oid"))
        && !form.field("rnd").is_empty()
        && is_currency(form.field("currency"))
        && lira(form.field("amount")).is_some_and(|amount| amount > 0)
        && instalments(taksit(form)).is_some();
    (!sound).then_some("A mandatory field is missing or wrong")
}

/// The hashes that a form may show: of the first generation some documents leave out type and
/// instalments for the plain model.
fn expected(account: &Account, form: &Form) -> Vec<String> {
    if form.field("hashAlgorithm") == THIRD {
        return vec![hash::third(form.all(), account.store_key)];
    }
    if !account.first_hash {
        return Vec::new();
    }
    let names = ["clientid", "oid", "amount", "okUrl", "failUrl"];
    let order = names.map(|name| form.field(name));
    let of = |type_and_instalments: &[&str]| {
        let values = [&order, type_and_instalments, &[form.field("rnd")]].concat();
        hash::first(&values, account.store_key)
    };
    let mut hashes = vec![of(&[tran_type(form), taksit(form)])];
    if form.field("storetype") == "3d" {
        hashes.push(of(&[]));
    }
    hashes
}
