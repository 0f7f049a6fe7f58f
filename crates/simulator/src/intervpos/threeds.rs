//! InterVPOS's 3D Secure: the merchant's page posts the order, the shopper proves himself, and what comes
//! back (MD, PayerTxnId, Eci, PayerAuthenticationCode) is shown once more with the sale. With `3DPay` the
//! page sells by itself. The hosted page, which asks for the card too, is not simulated.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use super::account::{Intervpos, MERCHANT_PASS, SHOP_CODE};
use super::answer::{Answer, turkish};
use super::orders;
use super::request::{Request, instalments, is_currency, is_order_id, kind};
use crate::app::App;
use crate::cards::ThreeDs;
use crate::desk::Purchase;
use crate::fields::{Form, expiry, lira};
use crate::ledger::{Bank, Kind};
use crate::pages::{Brand, Words};
use crate::reply;
use crate::seal::same;
use crate::session::{Session, Visit};
use crate::threeds::{BankPage, Begun, WayBack, What, leads_back};

/// What the hash of a form covers, before the shop's 3D password.
const OF_FORM: [&str; 8] = [
    "ShopCode",
    "OrderId",
    "PurchAmount",
    "OkUrl",
    "FailUrl",
    "TxnType",
    "InstallmentCount",
    "Rnd",
];
/// What the hash of a callback covers, as it is recorded.
const OF_CALLBACK: &str = "Version:PurchAmount:Exponent:Currency:OkUrl:FailUrl:MD:OrderId:ProcReturnCode:Response:mdStatus:";
/// "Gateway error", for a shopper who is not verified.
const NOT_VERIFIED: &str = "99";

/// The code of the refusal when a sale is not what was authenticated.
pub(super) fn mismatch(
    request: &Request,
    session: Option<&Session>,
    purchase: &Purchase<'_>,
    points: i64,
) -> Option<&'static str> {
    let agrees = session.is_some_and(|session| {
        let association = purchase.card.map_or("", |card| card.association);
        let proof = Proof::of(session, association);
        let shown =
            |name: &str, value: &str| same(value.as_bytes(), request.value(name).as_bytes());
        session.is_authenticated()
            && session.order_id == purchase.id
            && session.amount == purchase.amount
            && session.points == points
            && session.currency == purchase.currency
            && session.instalments == purchase.instalments
            && session.holds == (purchase.kind == Kind::Hold)
            && shown("PayerTxnId", &proof.transaction)
            && shown("PayerAuthenticationCode", &proof.cavv)
            && shown("Eci", proof.eci)
    });
    (!agrees).then_some("T11")
}

/// What the shop shows beside the sealed session, made of the authentication's nonce;
/// empty when the shopper is not verified.
#[derive(Default)]
struct Proof {
    eci: &'static str,
    cavv: String,
    transaction: String,
}

impl Proof {
    /// `association` is the card's.
    fn of(session: &Session, association: &str) -> Proof {
        let made = |label: &str| hash(&format!("{label}{}", session.nonce));
        if !session.is_authenticated() {
            return Proof::default();
        }
        Proof {
            eci: session.eci(association),
            cavv: made("cavv"),
            transaction: made("xid"),
        }
    }
}

impl BankPage for Intervpos {
    const BANK: Bank = Bank::Intervpos;
    const BRAND: Brand = Brand {
        theme: "denizbank",
        name: "Denizbank",
    };
    const PAGE: &'static str = "/intervpos/mpi/Default.aspx";
    const KEPT: &'static [&'static str] = &["SecureType", "OkUrl", "FailUrl"];
    const USED_BEFORE: &'static str = "101310";

    fn begin(app: &App, form: &Form, words: &Words) -> Begun {
        if !leads_back(form, ["OkUrl", "FailUrl"]) {
            return Begun::Dead(words.address_broken);
        }
        // Nothing could be signed for a stranger.
        if form.field("ShopCode") != SHOP_CODE {
            return Begun::Dead(words.shop_unknown);
        }
        let Ok(mut session) = Session::new(
            form.field("OrderId"),
            lira(form.field("PurchAmount")).unwrap_or_default(),
            form.field("Currency"),
            instalments(form.field("InstallmentCount")).unwrap_or_default(),
        ) else {
            return Begun::Broken;
        };
        session.holds = kind(form.field("TxnType")) == Kind::Hold;
        session.points = orders::bonus(form.field("BonusAmount")).unwrap_or_default();
        let refusal = refuse_form(form).or_else(|| enrol(app, form, &mut session));
        Begun::of(session, refusal.map(|problem| (0, problem)))
    }

    fn purchase<'a>(app: &'a App, visit: &'a Visit) -> Option<Purchase<'a>> {
        let session = &visit.session;
        if visit.field("SecureType") != "3DPay" || !session.is_authenticated() {
            return None;
        }
        let mut purchase = Purchase::of_session(app, session);
        purchase.objection = orders::refuse_points(&purchase, session.points);
        Some(purchase)
    }

    fn way_back(app: &App, visit: &Visit, what: &What<'_>) -> Option<WayBack> {
        let answer = match (&what.refused_after, &what.sold) {
            (Some(code), _) => Some(Answer::refusal(code)),
            (None, sold) => sold.as_ref().map(|sold| orders::sold_answer(app, sold)),
        };
        let verified = visit.session.is_authenticated();
        let failed = !verified || answer.as_ref().is_some_and(|answer| !answer.is_approval());
        let mut fields = callback(app, visit, answer.as_deref(), what.problem);
        sign(&mut fields, what.spoilt);
        Some(WayBack {
            url: visit
                .field(if failed { "FailUrl" } else { "OkUrl" })
                .to_owned(),
            fields: fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        })
    }
}

type Fields = Vec<(&'static str, String)>;

/// What goes back to the shop, in the order of the recordings. A model without a sale tells no result.
fn callback(app: &App, visit: &Visit, answer: Option<&Answer>, problem: Option<&str>) -> Fields {
    let session = &visit.session;
    let verified = session.is_authenticated();
    let association = app
        .cards
        .by_reference(&session.card)
        .map_or("", |card| card.association);
    let proof = Proof::of(session, association);
    let if_verified = |text: String| if verified { text } else { String::new() };
    let status = session.md_status.unwrap_or_default();
    let (code, message, response) = match answer {
        Some(answer) if answer.is_approval() => ("00", "", "Approved"),
        Some(answer) => (answer.code.as_str(), answer.message, "Declined"),
        None if verified => ("", "", ""),
        None => (
            NOT_VERIFIED,
            problem.unwrap_or("3D doğrulaması başarısız"),
            "",
        ),
    };
    let stat = match status {
        1 => "Y",
        2..=4 => "A",
        _ => "N",
    };
    let told = |of: fn(&Answer) -> &str| answer.map_or("", of).to_owned();
    let parsed = if verified { "True" } else { "False" }.to_owned();
    let text = str::to_owned;
    let mut fields = vec![
        ("Version", String::new()),
        ("MerchantID", String::new()),
        ("ShopCode", text(SHOP_CODE)),
        ("TxnStat", text(stat)),
        ("MD", if_verified(session.seal(app, Bank::Intervpos))),
        ("RetCode", String::new()),
        ("RetDet", String::new()),
        ("VenderCode", String::new()),
        ("Eci", text(proof.eci)),
        ("PayerAuthenticationCode", proof.cavv),
        ("PayerTxnId", proof.transaction),
        ("CavvAlg", String::new()),
        ("PAResVerified", parsed.clone()),
        ("PAResSyntaxOK", parsed),
        ("Expiry", text("****")),
        ("Pan", session.masked.clone()),
        ("OrderId", session.order_id.clone()),
        ("PurchAmount", turkish(session.amount)),
        ("Exponent", String::new()),
        ("Description", String::new()),
        ("Description2", String::new()),
        ("Currency", session.currency.clone()),
        ("OkUrl", text(visit.field("OkUrl"))),
        ("FailUrl", text(visit.field("FailUrl"))),
        ("3DStatus", status.to_string()),
        ("AuthCode", told(|answer| &answer.auth)),
        ("HostRefNum", told(|answer| &answer.reference)),
        ("TransId", told(|answer| &answer.transaction)),
        ("TRXDATE", told(|answer| &answer.date)),
        ("CardHolderName", String::new()),
        ("mdStatus", status.to_string()),
        ("ProcReturnCode", text(code)),
        ("TxnResult", told(Answer::result)),
        ("ErrorMessage", text(message)),
        ("ErrorCode", told(|answer| &answer.error)),
        ("Response", text(response)),
    ];
    if let Some(answer) = answer {
        fields.extend(answer.bonus());
    }
    fields
}

/// Adds the hash and what it covers.
fn sign(fields: &mut Fields, spoilt: bool) {
    let values: String = OF_CALLBACK
        .split(':')
        .filter_map(|name| fields.iter().find(|(field, _)| *field == name))
        .map(|(_, value)| value.as_str())
        .collect();
    let mut signature = hash(&values);
    if spoilt {
        reply::spoil(&mut signature);
    }
    fields.extend([
        ("HASH", signature),
        ("HASHPARAMS", OF_CALLBACK.to_owned()),
        ("HASHPARAMSVAL", values),
    ]);
}

fn hash(values: &str) -> String {
    STANDARD.encode(Sha1::digest(format!("{values}{MERCHANT_PASS}").as_bytes()))
}

/// Looks up the card of the form; what is wrong with it, if anything.
fn enrol(app: &App, form: &Form, session: &mut Session) -> Option<&'static str> {
    match app.accept(form.field("Pan"), expiry(form.field("Expiry"), false)) {
        Ok(card) => {
            session.set_card(card);
            (card.three_ds == ThreeDs::Refused).then_some("Kart 3D Secure'a dahil değil")
        }
        Err(_) => Some("Kart bulunamadı"),
    }
}

/// What is wrong with the merchant's form, if anything.
fn refuse_form(form: &Form) -> Option<&'static str> {
    let expected = hash(&OF_FORM.map(|name| form.field(name)).concat());
    if !same(expected.as_bytes(), form.field("Hash").as_bytes()) {
        return Some("Hash hatalı");
    }
    let sound = matches!(form.field("SecureType"), "3DModel" | "3DPay")
        && matches!(form.field("TxnType"), "Auth" | "PreAuth")
        && is_order_id(form.field("OrderId"))
        && !form.field("Rnd").is_empty()
        && is_currency(form.field("Currency"))
        && lira(form.field("PurchAmount")).is_some_and(|amount| amount > 0)
        && instalments(form.field("InstallmentCount")).is_some()
        && orders::bonus(form.field("BonusAmount")).is_some();
    (!sound).then_some("Zorunlu bir alan eksik ya da hatalı")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_recorded_ones() {
        let form =
            "3123order222100.25https://domain.com/successhttps://domain.com/fail_urlAuthrand";
        assert_eq!(hash(form), "vEbwP8wnsGrBR9oCjfxP9wlho1g=");
        let (ok, fail) = (
            "https://localhost/pos/examples/interpos/3d/success.php",
            "https://localhost/pos/examples/interpos/3d/fail.php",
        );
        let mut fields = vec![
            ("Version", String::new()),
            ("PurchAmount", turkish(32_000)),
            ("Currency", "949".to_owned()),
            ("OkUrl", ok.to_owned()),
            ("FailUrl", fail.to_owned()),
            ("OrderId", "20220327140D".to_owned()),
            ("ProcReturnCode", "81".to_owned()),
            ("mdStatus", "0".to_owned()),
        ];
        sign(&mut fields, false);
        assert_eq!(
            fields[8],
            ("HASH", "9DZVckklZFjuoA7sl4MN0l7VDMo=".to_owned())
        );
        assert_eq!(fields[10].1, format!("320949{ok}{fail}20220327140D810"));
    }
}
