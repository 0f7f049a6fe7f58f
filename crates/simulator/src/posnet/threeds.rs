//! PosNet's 3D Secure: the merchant has the order sealed, the shopper proves himself on the bank's
//! page, the merchant resolves what came back and finishes the sale.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::sales::{instalments, is_currency, known_before, sale_fields};
use super::{KEY, MERCHANT, POSNET_ID, TERMINAL, approved, host_log_key, kurus, mac, refused};
use crate::cards::{Card, Program, ThreeDs};
use crate::ledger::{Bank, Kind, Points, Sale, Sold, Unwritten};
use crate::pages::{self, Language};
use crate::seal::{random, same, upper_hex};
use crate::session::{Answer, Form, Return, Session, Step, Visit, judge};
use crate::xml::{Node, node, text};
use crate::{App, codes, expiry, reply, session};

const XID_LENGTH: usize = 20;
const THEME: &str = "yapikredi";
const NAME: &str = "Yapı Kredi";

/// What the password page carries around, sealed.
#[derive(Clone, Serialize, Deserialize)]
struct PageState {
    visit: Visit,
    return_url: String,
    joker: bool,
}

/// The session that a message of step 4 or 5 speaks of.
pub(super) fn session(app: &App, ask: &Node) -> Option<Session> {
    let packet = ask.value("bankData");
    if packet.is_empty() {
        None
    } else {
        app.sealer.open("posnet-bank", packet)
    }
}

/// `oosRequestData`: seals the order for the browser's way.
pub(super) fn begin(app: &App, ask: &Node) -> Node {
    let xid = ask.value("XID");
    let (Some(amount), Some(instalments)) = (kurus(ask.value("amount")), instalments(ask)) else {
        return refused("0150", None);
    };
    let well_formed = xid.len() == XID_LENGTH
        && xid
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && ask.value("tranType") == "Sale"
        && is_currency(ask.value("currencyCode"));
    if !well_formed {
        return refused("0150", None);
    }
    if ask.value("posnetid") != POSNET_ID {
        return refused("0148", None);
    }
    if amount == 0 {
        return refused("0205", None);
    }
    let card = match app.accept(ask.value("ccno"), expiry(ask.value("expDate"), true)) {
        Ok(card) if card.three_ds == ThreeDs::Refused => return refused("51", None),
        Ok(card) => card,
        Err(code) => return refused(code, None),
    };
    let Ok(nonce) = random::<16>() else {
        return refused("96", None);
    };
    let session = Session {
        order_id: xid.to_owned(),
        amount,
        currency: ask.value("currencyCode").to_owned(),
        instalments,
        card: card.reference.to_string(),
        masked: card.masked.to_string(),
        nonce: upper_hex(&nonce),
        md_status: None,
        points: 0,
        campaign: 0,
    };
    let data1 = app.sealer.seal("posnet-merchant", &session);
    let data2 = app.sealer.seal("posnet-second", &session.nonce);
    let sign = app.sealer.sign("posnet-form", &format!("{data1};{data2}"));
    approved(vec![node(
        "oosRequestDataResponse",
        vec![
            text("data1", data1),
            text("data2", data2),
            text("sign", sign),
        ],
    )])
}

/// The browser's first call: the merchant's form, checked, becomes the password page.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let language = Language::wanted(query.as_deref(), &headers);
    let words = pages::words(language);
    let form = Form::read(&body);
    let (data1, data2) = (form.field("posnetData"), form.field("posnetData2"));
    let sign = app.sealer.sign("posnet-form", &format!("{data1};{data2}"));
    let session: Option<Session> = app.sealer.open("posnet-merchant", data1);
    let digest = form.field("digest").as_bytes();
    let (Some(session), true) = (session, same(sign.as_bytes(), digest)) else {
        return refuse_page(language, words.order_broken);
    };
    if form.field("mid") != MERCHANT || form.field("posnetID") != POSNET_ID {
        return refuse_page(language, words.shop_unknown);
    }
    if !pages::is_web_address(form.field("merchantReturnURL")) {
        return refuse_page(language, words.address_broken);
    }
    let state = PageState {
        visit: Visit {
            session,
            attempts: 0,
            language,
            shop: pages::SHOP.to_owned(),
        },
        return_url: form.field("merchantReturnURL").to_owned(),
        joker: form.field("useJokerVadaa") == "1",
    };
    ask_password(&app, &state).await
}

async fn ask_password(app: &App, state: &PageState) -> Response {
    let visit = &state.visit;
    let session = &visit.session;
    let card = app
        .cards
        .named(&session.card)
        .filter(|card| state.joker && is_world(card));
    let mut points = 0;
    if let Some(card) = card {
        let Ok(purse) = app.ledger.purse(&card.reference).await else {
            return reply::internal_error();
        };
        points = purse.card.saturating_add(purse.firm).min(session.amount);
    }
    let campaigns: Vec<(u8, &'static str)> = card
        .map(|card| card.campaigns.iter().copied())
        .into_iter()
        .flatten()
        .filter(|(code, _)| *code > 2 || session.instalments >= 2)
        .collect();
    pages::ask(&pages::Ask {
        theme: THEME,
        bank: NAME,
        language: visit.language,
        action: &format!(
            "{}/posnet/3DSWebService/YKBPaymentService/otp",
            app.public_url
        ),
        state: &app.sealer.seal("posnet-page", state),
        shop: &visit.shop,
        order_id: &session.order_id,
        masked: &session.masked,
        amount: session.amount,
        currency: &session.currency,
        instalments: session.instalments,
        date: &pages::moment(app.now(), visit.language),
        attempts: visit.attempts,
        points,
        campaigns: &campaigns,
    })
}

fn is_world(card: &Card) -> bool {
    card.program == Program::World
}

/// The browser's second call: password and choices; the outcome goes back to the shop.
pub(super) async fn password(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Form::read(&body);
    let Some(mut state) = app
        .sealer
        .open::<PageState>("posnet-page", form.field("state"))
    else {
        let language = Language::wanted(query.as_deref(), &headers);
        return refuse_page(language, pages::words(language).page_stale);
    };
    let merchant_packet = app.sealer.seal("posnet-merchant", &state.visit.session);
    let answer = match judge(&app, "posnet", &mut state.visit, &form) {
        Step::Again => return ask_password(&app, &state).await,
        Step::Broken => return reply::internal_error(),
        Step::Done(answer) => answer,
    };
    let session = &mut state.visit.session;
    if state.joker
        && let Some(card) = app.cards.named(&session.card).filter(|card| is_world(card))
    {
        session.points = kurus(form.field("points"))
            .unwrap_or_default()
            .min(session.amount);
        let chosen = form.field("campaign").parse().unwrap_or_default();
        if card.campaigns.iter().any(|(code, _)| *code == chosen) {
            session.campaign = chosen;
        }
    }
    way_back(&app, &state, merchant_packet, &answer).await
}

/// The page that carries the sealed outcome to the shop.
async fn way_back(
    app: &App,
    state: &PageState,
    merchant_packet: String,
    answer: &Answer,
) -> Response {
    let session = &state.visit.session;
    let bank_packet = app.sealer.seal("posnet-bank", session);
    let mut sign = callback_sign(app, &bank_packet, &merchant_packet);
    if reply::wrong_mac(answer.fault.as_ref()) {
        reply::spoil(&mut sign);
    }
    let fields = [
        ("MerchantPacket", merchant_packet),
        ("BankPacket", bank_packet),
        ("Sign", sign),
        ("CCPrefix", session.masked.chars().take(6).collect()),
        ("TranType", "Sale".to_owned()),
        ("Amount", session.amount.to_string()),
        ("Xid", session.order_id.clone()),
        ("MerchantId", MERCHANT.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let back = Return {
        theme: THEME,
        bank: NAME,
        language: state.visit.language,
        url: &state.return_url,
        fields: &fields,
    };
    back.send(app, answer).await
}

fn callback_sign(app: &App, bank_packet: &str, merchant_packet: &str) -> String {
    app.sealer.sign(
        "posnet-callback",
        &format!("{bank_packet};{merchant_packet}"),
    )
}

/// What steps 4 and 5 send, verified: the session, or the code of the refusal.
fn verified(app: &App, ask: &Node) -> Result<(Session, String), &'static str> {
    let (bank, merchant) = (ask.value("bankData"), ask.value("merchantData"));
    let sign = callback_sign(app, bank, merchant);
    let session: Session = app.sealer.open("posnet-bank", bank).ok_or("E216")?;
    if !same(sign.as_bytes(), ask.value("sign").as_bytes()) {
        return Err("E216");
    }
    let first = mac::first_hash(KEY, TERMINAL);
    let amount = session.amount.to_string();
    let expected = mac::of(
        &[&session.order_id, &amount, &session.currency],
        MERCHANT,
        &first,
    );
    if !same(expected.as_bytes(), ask.value("mac").as_bytes()) {
        return Err("0600");
    }
    Ok((session, first))
}

/// `oosResolveMerchantData`: what the shopper's browser brought back, in clear.
pub(super) fn resolve(app: &App, ask: &Node) -> Node {
    let (session, first) = match verified(app, ask) {
        Ok(verified) => verified,
        Err(code) => return refused(code, None),
    };
    let amount = session.amount.to_string();
    let status = session.md_status.unwrap_or_default().to_string();
    let signature = mac::of(
        &[&status, &session.order_id, &amount, &session.currency],
        MERCHANT,
        &first,
    );
    let (outcome, message) = if session.is_authenticated() {
        ("Y", "")
    } else {
        ("N", "Not authenticated")
    };
    approved(vec![node(
        "oosResolveMerchantDataResponse",
        vec![
            text("xid", session.order_id.as_str()),
            text("amount", amount),
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

/// The MAC of a refused `oosTranData`, over an empty reference; other replies have none.
pub(super) fn refusal_mac(app: &App, ask: &Node) -> Option<String> {
    if ask.name != "oosTranData" {
        return None;
    }
    let (session, first) = verified(app, ask).ok()?;
    let amount = session.amount.to_string();
    let parts = ["", &session.order_id, &amount, &session.currency];
    Some(mac::of(&parts, MERCHANT, &first))
}

/// `oosTranData`: the sale itself; `wpAmount` points go in the bank's own order.
pub(super) async fn finish(app: &App, ask: &Node, forced: Option<&str>) -> Result<Node, Unwritten> {
    let (session, first) = match verified(app, ask) {
        Ok(verified) => verified,
        Err(code) => return Ok(refused(code, None)),
    };
    let amount = session.amount.to_string();
    let sign = |host_log_key: &str| {
        mac::of(
            &[host_log_key, &session.order_id, &amount, &session.currency],
            MERCHANT,
            &first,
        )
    };
    let points = match ask.value("wpAmount") {
        "" => Some(0),
        digits => kurus(digits),
    };
    let (Some(points), Some(card)) = (points, app.cards.named(&session.card)) else {
        return Ok(refused("0150", Some(sign(""))));
    };
    let group = session::refusal(app, card, true);
    let refusal = match forced {
        Some(code) => Some(code),
        None if !session.is_authenticated() => Some("0129"),
        None => match group {
            Some("APPROVED_COMPLETED") => return Ok(with_mac(known_before("2", None), sign(""))),
            Some("ORDER_ID_ALREADY_USED") => {
                return Ok(with_mac(known_before("0", None), sign("")));
            }
            Some(group) => codes::of_group(group),
            None if points > 0 && !is_world(card) => Some("0129"),
            None => None,
        },
    };
    let sold = app
        .ledger
        .sell(Sale {
            bank: Bank::Posnet,
            id: format!("TDS_{}", session.order_id),
            kind: Kind::Sale,
            card: card.reference.clone(),
            masked: card.masked.clone(),
            currency: session.currency.clone(),
            amount: session.amount,
            instalments: session.instalments,
            points: Points::InOrder(points),
            campaign: session.campaign,
            nonce: Some(session.nonce.clone()),
            refusal: refusal.map(str::to_owned),
            at: app.now(),
        })
        .await?;
    Ok(match sold {
        Sold::Approved(order, purse) => {
            let mut fields = sale_fields(&order, purse);
            let offer = card
                .campaigns
                .iter()
                .find(|(code, _)| *code == order.campaign);
            // Not in the bank's document: how the simulator tells which campaign was chosen.
            fields.extend(offer.map(|(code, message)| {
                node(
                    "koiInfo",
                    vec![text("code", code.to_string()), text("message", *message)],
                )
            }));
            with_mac(approved(fields), sign(&host_log_key(&order)))
        }
        Sold::Repeated(_) | Sold::AuthenticationUsed => with_mac(known_before("0", None), sign("")),
        Sold::Declined(code) => refused(&code, Some(sign(""))),
    })
}

fn with_mac(mut reply: Node, mac: String) -> Node {
    reply.children.push(text("mac", mac));
    reply
}

fn refuse_page(language: Language, why: &str) -> Response {
    pages::refused(StatusCode::BAD_REQUEST, THEME, NAME, language, why)
}
