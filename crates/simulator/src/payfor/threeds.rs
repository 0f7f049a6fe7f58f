//! PayFor's 3D Secure: the merchant's page posts the order, the shopper proves himself, and what comes back
//! is signed. With `3DPay` the page sells by itself; with `3DModel` the merchant does, by the number of what
//! was verified.

use jiff::Timestamp;

use super::account::{self, Account, Payfor};
use super::answer::{Answer, message, trace};
use super::orders::{self, USED, Wish};
use super::rows::{batch, fill};
use crate::app::App;
use crate::cards::{Card, ThreeDs, passes_luhn};
use crate::clock::istanbul;
use crate::desk::Purchase;
use crate::fields::{Form, expiry};
use crate::ledger::{Bank, Kind, Sold, id_of_account};
use crate::pages::{Brand, Words};
use crate::reply;
use crate::seal::same;
use crate::session::{Session, Visit};
use crate::threeds::{BankPage, Begun, WayBack, What, leads_back};

/// Fields of the merchant's form that the callback repeats.
const REPEATED: [&str; 14] = [
    "MbrId",
    "OrderId",
    "SecureType",
    "TxnType",
    "PurchAmount",
    "InstallmentCount",
    "Currency",
    "OkUrl",
    "FailUrl",
    "Rnd",
    "Hash",
    "Lang",
    "CardHolderName",
    "BonusAmount",
];

/// The kind of a sale that the page makes by itself. The nonce of its authentication begins with it, so that it
/// pays nothing else and the sale's record tells it.
pub(super) const PAGE_SALE: &str = "3DPay";

/// Fields of a callback, with what stands in those that nothing is told in.
const CALLBACK: &str = "RequestGuid TransactionDate MbrId MerchantID OrderId RequestIp=127.0.0.1 \
    RequestStat SecureType PurchAmount Exponent=2 Currency Description OkUrl FailUrl PayerTxnId \
    PayerAuthenticationCode Eci MD Hash TerminalID TxnType OrgOrderId SubMerchantCode recur_frequency \
    recur_expiry CardType Lang=tr BonusAmount InstallmentCount Rnd AlphaCode=TL Ecommerce=1 \
    MrcCountryCode=792 MrcName=TEST MerchantHomeUrl CardHolderName IrcDet IrcCode Version=1.0.2 TxnStatus \
    CavvAlg ParesVerified=true ParesSyntaxOk ErrMsg VendorDet D3Stat 3DStatus TxnResult AuthCode \
    HostRefNum ProcReturnCode ReturnUrl ErrorData BatchNo VoidDate CardMask ReqId UsedPoint=0 SrcType=VPO \
    RefundedAmount=0 RefundedPoint=0 ReqDate SysDate F11 F37 RRN IsRepeatTxn CavvResult VposElapsedTime=0 \
    BankingElapsedTime=0 SocketElapsedTime=0 HsmElapsedTime=2 MpiElapsedTime=0 hasOrderId=False \
    TemplateType=0 HasAddressCount=False IsPaymentFacilitator=False MerchantCountryCode OrgTxnType \
    F11_ORG=0 F12_ORG=0 F13_ORG F22_ORG=0 F25_ORG=0 MTI_ORG=0 DsBrand IntervalType=0 IntervalDuration=0 \
    RepeatCount=0 CustomerCode RequestMerchantDomain RequestClientIp=127.0.0.1 ResponseRnd ResponseHash \
    BankInternalResponseCode BankInternalResponseMessage BankInternalResponseSubcode \
    BankInternalResponseSubmessage BayiKodu VoidTime=0 VoidUserCode PaymentLinkId=0 ClientId IsQRValid \
    IsFastValid IsQR IsFast QRRefNo FASTGonderenKatilimciKodu FASTAlanKatilimciKodu FASTReferansNo \
    FastGonderenIBAN FASTGonderenAdi MobileECI HubConnId WalletData Tds2dsTransId Is3DHost HashType=Sha1";

impl BankPage for Payfor {
    const BANK: Bank = Bank::Payfor;
    const BRAND: Brand = Brand {
        theme: "plain",
        name: "PayFor",
    };
    const PAGE: &'static str = "/payfor/Gateway/Default.aspx";
    const KEPT: &'static [&'static str] = &REPEATED;
    const USED_BEFORE: &'static str = USED;

    fn brand(visit: &Visit) -> Brand {
        account::of(&visit.session.account).map_or(Payfor::BRAND, |account| account.brand)
    }

    fn begin(app: &App, form: &Form, words: &Words) -> Begun {
        if !leads_back(form, ["OkUrl", "FailUrl"]) {
            return Begun::Dead(words.address_broken);
        }
        // Nothing could be signed for a stranger.
        let Some(account) = account::of(form.field("MerchantID")) else {
            return Begun::Dead(words.shop_unknown);
        };
        let wish = Wish::read(|name| form.field(name));
        let (amount, count) = match &wish {
            Ok(wish) => (wish.amount, wish.instalments),
            Err(_) => (0, 0),
        };
        let currency = form.field("Currency");
        let Ok(mut session) = Session::new(form.field("OrderId"), amount, currency, count) else {
            return Begun::Broken;
        };
        account.merchant.clone_into(&mut session.account);
        if form.field("SecureType") == PAGE_SALE {
            session.nonce.insert_str(0, PAGE_SALE);
        }
        session.holds = orders::kind(form.field("TxnType")) == Kind::Hold;
        let refusal = refuse_form(account, form)
            .or_else(|| wish.as_ref().err().copied())
            .or_else(|| enrol(app, form, account, wish.ok(), &mut session));
        Begun::of(session, refusal.map(|code| (0, code)))
    }

    fn purchase<'a>(app: &'a App, visit: &'a Visit) -> Option<Purchase<'a>> {
        let session = &visit.session;
        let sells = visit.field("SecureType") == PAGE_SALE && session.is_authenticated();
        sells.then(|| purchase(app, session))
    }

    fn way_back(app: &App, visit: &Visit, what: &What<'_>) -> Option<WayBack> {
        let session = &visit.session;
        let account = account::of(&session.account)?;
        let verified = session.is_authenticated();
        let answer = match (what.problem, &what.refused_after, &what.sold) {
            (Some(code), ..) => Answer::refusal(code, app.now()),
            (None, Some(code), _) => Answer::refusal(code, app.now()),
            (None, None, Some(sold)) => orders::sold_answer(app, sold),
            (None, None, None) => {
                Answer::refusal(if verified { "V033" } else { "V034" }, app.now())
            }
        };
        let fields = fields(app, visit, account, &answer, what);
        let paid = matches!(answer.code.as_str(), "00" | "V033");
        Some(WayBack {
            url: visit
                .field(if paid { "OkUrl" } else { "FailUrl" })
                .to_owned(),
            fields,
        })
    }
}

/// The sale of what a session authenticated.
pub(super) fn purchase<'a>(app: &'a App, session: &'a Session) -> Purchase<'a> {
    Purchase {
        card: orders::card_of(app, &session.card),
        points: orders::own_points(session.points),
        ..Purchase::of_session(app, session)
    }
}

/// What is wrong with the merchant's form, if anything.
fn refuse_form(account: &Account, form: &Form) -> Option<&'static str> {
    if form.field("MbrId") != account.member || form.field("UserCode") != account.user {
        return Some("V001");
    }
    let covered = [
        "MbrId",
        "OrderId",
        "PurchAmount",
        "OkUrl",
        "FailUrl",
        "TxnType",
        "InstallmentCount",
        "Rnd",
    ];
    let hash = account.form_hash(covered.map(|name| form.field(name)));
    if form.field("Rnd").is_empty() || !same(hash.as_bytes(), form.field("Hash").as_bytes()) {
        return Some("V004");
    }
    let sound = matches!(form.field("SecureType"), "3DModel" | PAGE_SALE)
        && matches!(form.field("TxnType"), "Auth" | "PreAuth" | "ParaPuanAuth");
    (!sound).then_some(orders::UNKNOWN_TYPE)
}

/// Looks up order and card of a sound form; the code of the refusal, if there is one.
fn enrol(
    app: &App,
    form: &Form,
    account: &Account,
    wish: Option<Wish>,
    session: &mut Session,
) -> Option<&'static str> {
    let wish = wish?;
    let id = id_of_account(&session.account, &session.order_id);
    if app.ledger.is_used(Bank::Payfor, id) {
        return Some(USED);
    }
    let pan = form.field("Pan");
    if !passes_luhn(pan) {
        return Some("M041");
    }
    let card: &Card = match app.accept(pan, expiry(form.field("Expiry"), false)) {
        Ok(card) => card,
        Err(code) => return Some(code),
    };
    session.set_card(card);
    session.points = wish.points;
    let kind = orders::kind(form.field("TxnType"));
    let currency = form.field("Currency");
    let objection = orders::refuse_points(account, card, kind, &wish, currency);
    objection.or_else(|| (card.three_ds == ThreeDs::Refused).then_some("V034"))
}

/// All that the callback tells, signed.
fn fields(
    app: &App,
    visit: &Visit,
    account: &Account,
    answer: &Answer,
    what: &What<'_>,
) -> Vec<(String, String)> {
    let (session, now) = (&visit.session, app.now());
    let verified = session.is_authenticated();
    let status = match session.md_status {
        Some(status) if verified => status.to_string(),
        _ => "-1".to_owned(),
    };
    let sold = matches!(what.sold, Some(Sold::Approved(..))) && answer.code == "00";
    let random = response_rnd(now);
    let mut hash = account.reply_hash([
        &session.order_id,
        &answer.auth,
        &answer.code,
        &status,
        &random,
    ]);
    if what.spoilt {
        reply::spoil(&mut hash);
    }
    let number = app.numbered.keep(Bank::Payfor, session, now);
    let day = istanbul(now).strftime("%Y%m%d").to_string();
    let card = app.cards.by_reference(&session.card);
    let yes_or_no = |yes: bool| if yes { "Y" } else { "N" }.to_owned();
    let mut known: Vec<(&'static str, String)> = REPEATED
        .iter()
        .map(|name| (*name, visit.field(name).to_owned()))
        .collect();
    known.extend([
        ("RequestGuid", number.to_string()),
        (
            "TransactionDate",
            istanbul(now).strftime("%d.%m.%Y %H:%M:%S").to_string(),
        ),
        ("MerchantID", account.merchant.to_owned()),
        ("TerminalID", account.terminal.to_owned()),
        ("RequestStat", request_stat(verified, &what.sold).to_owned()),
        (
            "CardType",
            card_type(card.map_or("", |card| card.association)).to_owned(),
        ),
        ("TxnStatus", yes_or_no(sold)),
        ("D3Stat", yes_or_no(verified)),
        ("3DStatus", status),
        ("ParesSyntaxOk", verified.to_string()),
        (
            "TxnResult",
            if sold { "Success" } else { "Failed" }.to_owned(),
        ),
        ("ErrMsg", message(&answer.code).to_owned()),
        ("AuthCode", answer.auth.clone()),
        ("ProcReturnCode", answer.code.clone()),
        ("ReturnUrl", visit.field("OkUrl").to_owned()),
        ("BatchNo", batch(now)),
        ("CardMask", session.masked.clone()),
        (
            "ReqId",
            trace(i64::try_from(number).unwrap_or_default()).to_string(),
        ),
        ("ReqDate", day.clone()),
        ("SysDate", day),
        ("ResponseRnd", random),
        ("ResponseHash", hash),
    ]);
    if verified {
        let mut proof = session.nonce.clone();
        proof.truncate(28);
        known.push(("PayerTxnId", session.nonce.clone()));
        known.push(("PayerAuthenticationCode", proof));
        known.push((
            "Eci",
            eci(session, card.map_or("", |card| card.association)).to_owned(),
        ));
        known.push(("CavvAlg", "2".to_owned()));
    } else {
        known.push(("IrcDet", "3D Secure Authorize Error".to_owned()));
        known.push(("IrcCode", "MR15".to_owned()));
    }
    if sold {
        for name in ["HostRefNum", "F37", "RRN"] {
            known.push((name, answer.reference.clone()));
        }
        if session.points > 0 {
            known.push(("UsedPoint", crate::fields::in_lira(session.points)));
        }
    }
    fill(CALLBACK, &known)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The steps that were taken, as recorded.
fn request_stat(verified: bool, sold: &Option<Sold>) -> &'static str {
    match (verified, sold) {
        (false, _) => "1,4,5",
        (true, None) => "1,3,5",
        (true, Some(_)) => "1,3,10,5",
    }
}

/// The letter of an association.
fn card_type(association: &str) -> &str {
    association.get(..1).unwrap_or_default()
}

pub(super) fn eci(session: &Session, association: &str) -> &'static str {
    match (session.md_status, association) {
        (Some(1), "MASTERCARD") => "02",
        (_, "MASTERCARD") => "01",
        (Some(1), _) => "05",
        _ => "06",
    }
}

/// `PF` and the moment in tenths of microseconds since the year 1.
fn response_rnd(now: Timestamp) -> String {
    const BEFORE_1970: i128 = 621_355_968_000_000_000;
    format!("PF{}", BEFORE_1970 + now.as_nanosecond() / 100)
}
