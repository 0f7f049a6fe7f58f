//! Akbank's 3D Secure: the merchant's page posts the order, the shopper proves himself, and what comes
//! back (secureId, secureEcomInd, secureData, secureMd) is shown once more with the sale. With `3D_PAY`
//! the page sells by itself. The models in which the bank asks for the card are not simulated.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::account::{Akbank, MERCHANT, TERMINAL, sign};
use super::answer::{Answer, HOLDER, lira_of, purses};
use super::orders;
use super::request::{Request, instalments, is_currency, is_order_id, moment, rewards};
use crate::app::App;
use crate::cards::{Purse, ThreeDs};
use crate::clock::istanbul;
use crate::desk::Purchase;
use crate::fields::{Form, expiry, lira};
use crate::ledger::{Bank, Kind, Points};
use crate::pages::{Brand, Words};
use crate::reply;
use crate::seal::same;
use crate::session::{Session, Visit};
use crate::threeds::{BankPage, Begun, WayBack, What, leads_back};

/// The code of a sale that is not what was authenticated, and of a shopper who was not.
pub(super) const UNPROVEN: &str = "VPS/1279";

/// The fields that a form's hash covers, in their order.
const COVERED: [&str; 22] = [
    "paymentModel",
    "txnCode",
    "merchantSafeId",
    "terminalSafeId",
    "orderId",
    "lang",
    "amount",
    "ccbRewardAmount",
    "pcbRewardAmount",
    "xcbRewardAmount",
    "currencyCode",
    "installCount",
    "okUrl",
    "failUrl",
    "emailAddress",
    "subMerchantId",
    "creditCard",
    "expiredDate",
    "cvv",
    "randomNumber",
    "requestDateTime",
    "b2bIdentityNumber",
];

/// The code of the refusal when a sale is not what was authenticated.
pub(super) fn mismatch(
    request: &Request,
    session: Option<&Session>,
    purchase: &Purchase<'_>,
    points: Purse,
) -> Option<&'static str> {
    let agrees = session.is_some_and(|session| {
        let association = purchase.card.map_or("", |card| card.association);
        let shown = |name: &str, value: &str| {
            let shown = request.at("secureTransaction", name);
            same(value.as_bytes(), shown.as_bytes())
        };
        session.is_authenticated()
            && session.order_id == purchase.id
            && session.amount == purchase.amount
            && session.currency == purchase.currency
            && session.instalments == purchase.instalments
            && session.holds == (purchase.kind == Kind::Hold)
            && session.rewards == points
            && shown("secureId", &proof(session, "secureId"))
            && shown("secureData", &proof(session, "secureData"))
            && shown("secureEcomInd", session.eci(association))
    });
    (!agrees).then_some(UNPROVEN)
}

/// Twenty bytes that only this authentication has.
fn proof(session: &Session, part: &str) -> String {
    let mut digits = sign(&[part.as_bytes(), session.nonce.as_bytes()]);
    digits.truncate(20);
    STANDARD.encode(digits)
}

impl BankPage for Akbank {
    const BANK: Bank = Bank::Akbank;
    const BRAND: Brand = Brand {
        theme: "akbank",
        name: "Akbank",
    };
    const PAGE: &'static str = "/akbank/securepay";
    const KEPT: &'static [&'static str] = &["paymentModel", "okUrl", "failUrl"];
    const USED_BEFORE: &'static str = "VPS/1013";

    fn begin(app: &App, form: &Form, words: &Words) -> Begun {
        if !leads_back(form, ["okUrl", "failUrl"]) {
            return Begun::Dead(words.address_broken);
        }
        // Nothing could be signed for a stranger.
        if form.field("merchantSafeId") != MERCHANT || form.field("terminalSafeId") != TERMINAL {
            return Begun::Dead(words.shop_unknown);
        }
        let Ok(mut session) = Session::new(
            form.field("orderId"),
            lira(form.field("amount")).unwrap_or_default(),
            form.field("currencyCode"),
            instalments(form.field("installCount")).unwrap_or_default(),
        ) else {
            return Begun::Broken;
        };
        session.holds = orders::kind(form.field("txnCode")) == Kind::Hold;
        session.rewards = rewards(|name| form.field(name)).unwrap_or_default();
        let refusal = match refuse_form(form) {
            Some(problem) => Some((7, problem)),
            None => enrol(app, form, &mut session).map(|problem| (5, problem)),
        };
        Begun::of(session, refusal)
    }

    fn purchase<'a>(app: &'a App, visit: &'a Visit) -> Option<Purchase<'a>> {
        let session = &visit.session;
        if visit.field("paymentModel") != "3D_PAY" || !session.is_authenticated() {
            return None;
        }
        let (sale, spent) = (Purchase::of_session(app, session), session.rewards);
        let card = sale.card.ok();
        let objection = card.and_then(|card| orders::refuse_points(card, spent, sale.currency));
        Some(Purchase {
            points: Points::Exactly(spent),
            objection,
            ..sale
        })
    }

    fn way_back(app: &App, visit: &Visit, what: &What<'_>) -> Option<WayBack> {
        let session = &visit.session;
        let sale = match (&what.refused_after, &what.sold) {
            (Some(code), _) => Some(Answer::refusal(code)),
            (None, sold) => sold.as_ref().map(|sold| orders::sold_answer(app, sold)),
        };
        let verified = session.is_authenticated();
        let mut fields = match &sale {
            Some(answer) => sale_fields(app, session, answer),
            None => proof_fields(app, session, what.problem),
        };
        let went_well = verified && sale.is_none_or(|answer| answer.is_approval());
        seal_fields(&mut fields, what.spoilt);
        Some(WayBack {
            url: visit
                .field(if went_well { "okUrl" } else { "failUrl" })
                .to_owned(),
            fields,
        })
    }
}

type Fields = Vec<(String, String)>;

/// Adds fields by their names.
fn add<const N: usize>(fields: &mut Fields, told: [(&str, &str); N]) {
    let told = told.map(|(name, value)| (name.to_owned(), value.to_owned()));
    fields.extend(told);
}

/// The beginning of every callback.
fn common(app: &App, session: &Session, txn_code: &str, answer: &Answer) -> Fields {
    let mut fields = Fields::new();
    let told = [
        ("txnCode", txn_code),
        ("responseCode", &answer.code),
        ("responseMessage", &answer.message),
    ];
    add(&mut fields, told);
    if let Some((code, message)) = &answer.host {
        let told = [("hostResponseCode", &**code), ("hostMessage", message)];
        add(&mut fields, told);
    }
    let at = istanbul(app.now()).strftime("%Y-%m-%dT%H:%M:%S.000");
    let told = [
        ("txnDateTime", &*at.to_string()),
        ("merchantSafeId", MERCHANT),
        ("terminalSafeId", TERMINAL),
        ("orderId", &session.order_id),
    ];
    add(&mut fields, told);
    fields
}

/// What the callback tells of the authentication. Where it is full there is no mdStatus, as recorded.
fn proof_fields(app: &App, session: &Session, problem: Option<&str>) -> Fields {
    let verified = session.is_authenticated();
    let mut answer = if verified {
        Answer::approved(None, None)
    } else {
        Answer::gateway("1279", "")
    };
    answer.host = None;
    if let Some(problem) = problem {
        answer.message = problem.to_owned();
    }
    let mut fields = common(app, session, "3001", &answer);
    if verified {
        let association = app
            .cards
            .by_reference(&session.card)
            .map_or("", |card| card.association);
        let told = [
            ("secureId", &*proof(session, "secureId")),
            ("secureEcomInd", session.eci(association)),
            ("secureData", &proof(session, "secureData")),
            ("secureMd", &session.seal(app, Bank::Akbank)),
        ];
        add(&mut fields, told);
    }
    if session.md_status != Some(1) {
        let status = session.md_status.unwrap_or_default();
        add(&mut fields, [("mdStatus", &status.to_string())]);
    }
    fields
}

/// What the callback tells of the page's own sale.
fn sale_fields(app: &App, session: &Session, answer: &Answer) -> Fields {
    let code = if session.holds { "1004" } else { "1000" };
    let mut fields = common(app, session, code, answer);
    if answer.is_approval() {
        add(&mut fields, [("cardHolderName", HOLDER)]);
    }
    if let Some(made) = &answer.made {
        let told = [
            ("authCode", &*made.auth),
            ("rrn", &made.rrn),
            ("batchNumber", &made.batch.to_string()),
            ("stan", &made.stan.to_string()),
        ];
        add(&mut fields, told);
    }
    if answer.host.is_none() {
        return fields;
    }
    let none = [("additionalInstallCount", "0"), ("deferingMonth", "0")];
    add(&mut fields, none);
    for (kind, kurus, words) in purses(answer.purse.unwrap_or_default()) {
        fields.push((format!("{kind}EarnedRewardAmount"), lira_of(0)));
        fields.push((format!("{kind}BalanceRewardAmount"), lira_of(kurus)));
        if answer.is_approval() {
            fields.push((format!("{kind}RewardDesc"), words.to_owned()));
        }
    }
    fields
}

/// Adds which fields the hash covers, which are those that hold something, and the hash.
fn seal_fields(fields: &mut Fields, spoilt: bool) {
    let covered = fields.iter().filter(|(_, value)| !value.is_empty());
    let (names, values): (Vec<&str>, Vec<&[u8]>) = covered
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .unzip();
    let mut signature = sign(&values);
    if spoilt {
        reply::spoil(&mut signature);
    }
    let names = names.join("+");
    fields.push(("hashParams".to_owned(), names));
    fields.push(("hash".to_owned(), signature));
}

/// Looks up the card of the form; what is wrong with it, if anything.
fn enrol(app: &App, form: &Form, session: &mut Session) -> Option<&'static str> {
    let expires = expiry(form.field("expiredDate"), false);
    match app.accept(form.field("creditCard"), expires) {
        Ok(card) => {
            session.set_card(card);
            (card.three_ds == ThreeDs::Refused).then_some("Kart 3D Secure programına kayıtlı değil")
        }
        Err(_) => Some("Kart bilgileri hatalı"),
    }
}

/// What is wrong with the merchant's form, if anything.
fn refuse_form(form: &Form) -> Option<&'static str> {
    let covered = COVERED.map(|name| form.field(name).as_bytes());
    if !same(sign(&covered).as_bytes(), form.field("hash").as_bytes()) {
        return Some("Güvenlik kodu hatalı");
    }
    let random = form.field("randomNumber");
    let sound = matches!(form.field("paymentModel"), "3D" | "3D_PAY")
        && matches!(form.field("txnCode"), "3000" | "3004")
        && matches!(form.field("lang"), "TR" | "EN")
        && is_order_id(form.field("orderId"))
        && is_currency(form.field("currencyCode"))
        && lira(form.field("amount")).is_some_and(|amount| amount > 0)
        && instalments(form.field("installCount")).is_some()
        && rewards(|name| form.field(name)).is_some()
        && random.len() == 128
        && moment(form.field("requestDateTime")).is_some();
    (!sound).then_some("Zorunlu bir alan eksik veya hatalı")
}
