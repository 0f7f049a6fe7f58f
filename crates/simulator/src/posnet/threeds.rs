//! PosNet's 3D Secure: the merchant has the order sealed, the shopper proves himself on the bank's
//! page, the merchant resolves what came back and finishes the sale.

use super::account::{KEY, MERCHANT, POSNET_ID, Posnet, TERMINAL};
use super::mac;
use super::reply::{approval, refusal};
use super::request::{instalments, is_currency};
use crate::app::App;
use crate::cards::{Card, Program, Purse, ThreeDs};
use crate::desk::{Case, Operation, Purchase};
use crate::fields::{Form, expiry, kurus};
use crate::ledger::{Bank, Kind, Points};
use crate::pages::{self, Brand, Words};
use crate::reply;
use crate::seal::same;
use crate::session::{Session, Visit};
use crate::threeds::{BankPage, Begun, Offers, WayBack, What};
use crate::xml::{Node, node, text};

const XID_LENGTH: usize = 20;

/// `oosRequestData`: seals the order for the browser's way.
pub(super) fn seal_order(app: &App, ask: &Node) -> Node {
    let xid = ask.value("XID");
    let (Some(amount), Some(instalments)) = (kurus(ask.value("amount")), instalments(ask)) else {
        return refusal("0150");
    };
    let currency = ask.value("currencyCode");
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let well_formed = xid.len() == XID_LENGTH
        && xid.bytes().all(plain)
        && kind(ask.value("tranType")).is_some()
        && is_currency(currency);
    if !well_formed {
        return refusal("0150");
    }
    if ask.value("posnetid") != POSNET_ID {
        return refusal("0148");
    }
    if amount == 0 {
        return refusal("0205");
    }
    let card = match app.accept(ask.value("ccno"), expiry(ask.value("expDate"), true)) {
        Ok(card) if card.three_ds == ThreeDs::Refused => return refusal("51"),
        Ok(card) => card,
        Err(code) => return refusal(code),
    };
    let Ok(mut session) = Session::new(xid, amount, currency, instalments) else {
        return refusal("96");
    };
    session.set_card(card);
    session.holds = kind(ask.value("tranType")) == Some(Kind::Hold);
    let data1 = app.sealer.seal("posnet-merchant", &session);
    let data2 = app.sealer.seal("posnet-second", &session.nonce);
    let sign = form_sign(app, &data1, &data2);
    approval(vec![node(
        "oosRequestDataResponse",
        vec![
            text("data1", data1),
            text("data2", data2),
            text("sign", sign),
        ],
    )])
}

/// What a `tranType` is.
fn kind(tran_type: &str) -> Option<Kind> {
    match tran_type {
        "Sale" => Some(Kind::Sale),
        "Auth" => Some(Kind::Hold),
        _ => None,
    }
}

fn form_sign(app: &App, data1: &str, data2: &str) -> String {
    app.sealer.sign("posnet-form", &format!("{data1};{data2}"))
}

impl BankPage for Posnet {
    const BANK: Bank = Bank::Posnet;
    const BRAND: Brand = Brand {
        theme: "yapikredi",
        name: "Yapı Kredi",
    };
    const PAGE: &'static str = "/posnet/3DSWebService/YKBPaymentService";
    const KEPT: &'static [&'static str] = &["posnetData", "merchantReturnURL", "useJokerVadaa"];

    fn begin(app: &App, form: &Form, words: &Words) -> Begun {
        let data1 = form.field("posnetData");
        let sign = form_sign(app, data1, form.field("posnetData2"));
        let session: Option<Session> = app.sealer.open("posnet-merchant", data1);
        let digest = form.field("digest").as_bytes();
        let (Some(session), true) = (session, same(sign.as_bytes(), digest)) else {
            return Begun::Dead(words.order_broken);
        };
        if form.field("mid") != MERCHANT || form.field("posnetID") != POSNET_ID {
            return Begun::Dead(words.shop_unknown);
        }
        if !pages::is_web_address(form.field("merchantReturnURL")) {
            return Begun::Dead(words.address_broken);
        }
        Begun::Ask(session)
    }

    fn offers(app: &App, visit: &Visit, purse: Purse) -> Offers {
        let Some(card) = joker_card(app, visit) else {
            return Offers::default();
        };
        let session = &visit.session;
        // Campaigns 1 and 2 are of instalments.
        let offered = |(code, _): &(u8, &str)| *code > 2 || session.instalments >= 2;
        Offers {
            points: purse.card.saturating_add(purse.firm).min(session.amount),
            campaigns: card.campaigns.iter().copied().filter(offered).collect(),
        }
    }

    fn choose(app: &App, visit: &mut Visit, form: &Form) {
        let Some(card) = joker_card(app, visit) else {
            return;
        };
        let session = &mut visit.session;
        let points = kurus(form.field("points")).unwrap_or_default();
        session.points = points.min(session.amount);
        let chosen = form.field("campaign").parse().unwrap_or_default();
        if card.campaigns.iter().any(|(code, _)| *code == chosen) {
            session.campaign = chosen;
        }
    }

    fn way_back(app: &App, visit: &Visit, what: &What<'_>) -> Option<WayBack> {
        let session = &visit.session;
        let merchant_packet = visit.field("posnetData");
        let bank_packet = session.seal(app, Bank::Posnet);
        let mut sign = callback_sign(app, &bank_packet, merchant_packet);
        if what.spoilt {
            reply::spoil(&mut sign);
        }
        let fields = [
            ("MerchantPacket", merchant_packet.to_owned()),
            ("BankPacket", bank_packet),
            ("Sign", sign),
            ("CCPrefix", session.masked.chars().take(6).collect()),
            (
                "TranType",
                if session.holds { "Auth" } else { "Sale" }.to_owned(),
            ),
            ("Amount", session.amount.to_string()),
            ("Xid", session.order_id.clone()),
            ("MerchantId", MERCHANT.to_owned()),
        ];
        Some(WayBack {
            url: visit.field("merchantReturnURL").to_owned(),
            fields: fields.map(|(name, value)| (name.to_owned(), value)).into(),
        })
    }
}

/// The card, when it may use Joker Vadaa on the page.
fn joker_card<'a>(app: &'a App, visit: &Visit) -> Option<&'a Card> {
    let card = app.cards.by_reference(&visit.session.card)?;
    (visit.field("useJokerVadaa") == "1" && card.program == Program::World).then_some(&**card)
}

fn callback_sign(app: &App, bank_packet: &str, merchant_packet: &str) -> String {
    let packets = format!("{bank_packet};{merchant_packet}");
    app.sealer.sign("posnet-callback", &packets)
}

/// The session of steps 4 and 5 once sign and MAC are right, or the code of the refusal.
fn verify<'a>(case: &'a Case<'_, Posnet>, ask: &Node) -> Result<&'a Session, &'static str> {
    let session = case.session.as_ref().ok_or("E216")?;
    let sign = callback_sign(case.app, ask.value("bankData"), ask.value("merchantData"));
    if !same(sign.as_bytes(), ask.value("sign").as_bytes()) {
        return Err("E216");
    }
    let expected = session_mac(None, session);
    if !same(expected.as_bytes(), ask.value("mac").as_bytes()) {
        return Err("0600");
    }
    Ok(session)
}

/// The MAC over a first value, if the rule has one, and the session.
fn session_mac(first: Option<&str>, session: &Session) -> String {
    let amount = session.amount.to_string();
    let mut values: Vec<&str> = first.into_iter().collect();
    values.extend([session.order_id.as_str(), &amount, &session.currency]);
    mac::of(&values, MERCHANT, &mac::first_hash(KEY, TERMINAL))
}

/// `oosResolveMerchantData`: what the shopper's browser brought back, in clear.
pub(super) fn resolve(case: &Case<'_, Posnet>, ask: &Node) -> Node {
    let session = match verify(case, ask) {
        Ok(session) => session,
        Err(code) => return refusal(code),
    };
    let status = session.md_status.unwrap_or_default().to_string();
    let signature = session_mac(Some(&status), session);
    let (outcome, message) = if session.is_authenticated() {
        ("Y", "")
    } else {
        ("N", "Not authenticated")
    };
    approval(vec![node(
        "oosResolveMerchantDataResponse",
        vec![
            text("xid", session.order_id.as_str()),
            text("amount", session.amount.to_string()),
            text("currency", session.currency.as_str()),
            text("installment", format!("{:02}", session.instalments)),
            text("point", session.points.saturating_mul(2).to_string()),
            text("pointAmount", session.points.to_string()),
            text("txStatus", outcome),
            text("mdStatus", status),
            text("mdErrorMessage", message),
            text("mac", signature),
        ],
    )])
}

/// `oosTranData`: the sale itself; `wpAmount` points go in the bank's own order.
pub(super) fn finish<'a>(case: &'a Case<'_, Posnet>, ask: &Node) -> Result<Operation<'a>, Node> {
    let session = verify(case, ask).map_err(refusal)?;
    let points = match ask.value("wpAmount") {
        "" => Some(0),
        digits => kurus(digits),
    };
    let (Some(points), Some(card)) = (points, case.app.cards.by_reference(&session.card)) else {
        return Err(sign_reply(case, refusal("0150")));
    };
    // Points are not held.
    let foreign = points > 0 && (card.program != Program::World || session.holds);
    Ok(Operation::Sale(Purchase {
        id: format!("TDS_{}", session.order_id),
        points: Points::InOrder(points),
        campaign: session.campaign,
        unproven: (!session.is_authenticated()).then_some("0129"),
        objection: foreign.then_some("0129"),
        ..Purchase::of_session(case.app, session)
    }))
}

/// Adds the MAC of a reply to `oosTranData`, over the bank's reference or nothing in its place.
/// Other replies have none.
pub(super) fn sign_reply(case: &Case<'_, Posnet>, mut reply: Node) -> Node {
    let ask = case.message.operation();
    if ask.name == "oosTranData"
        && let Ok(session) = verify(case, ask)
    {
        let mac = session_mac(Some(reply.value("hostlogkey")), session);
        reply.children.push(text("mac", mac));
    }
    reply
}
