//! Every character that signs a request counts: with one changed, a simulated bank sells nothing and
//! shows no page. What the banks sign, `connectors` holds the same way.

use crate::shop::{FAMILIES, Family, Shop};
use connectors::bank::{Account, BankContext, CardData, Charge, Order, Phase, Verdict};
use connectors::http::{BoxFuture, Failure, Http, Request, Response};
use connectors::protocol::Protocol;
use contract::card::{Expiry, Pan};
use contract::enums::Currency;
use contract::money::Money;
use server::clock::istanbul;
use server::store::poses;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What signs a sale: a header, or an element of its XML. `None` where the account's password stands in the message.
fn sale_signature(protocol: Protocol) -> Option<&'static str> {
    match protocol {
        Protocol::Garanti | Protocol::Kuveyt | Protocol::VakifKatilim => Some("HashData"),
        Protocol::Akbank => Some("auth-hash"),
        Protocol::Param => Some("Islem_Hash"),
        Protocol::PosNet
        | Protocol::NestPay
        | Protocol::PayFor
        | Protocol::InterVpos
        | Protocol::PayFlex => None,
    }
}

/// The field that signs what the browser brings to the bank. `None` where the bank itself made the page's address or
/// its form when the server asked for them.
fn form_signature(protocol: Protocol) -> Option<&'static str> {
    match protocol {
        Protocol::Garanti => Some("secure3dhash"),
        Protocol::NestPay | Protocol::Akbank => Some("hash"),
        Protocol::PayFor | Protocol::InterVpos => Some("Hash"),
        Protocol::PosNet => Some("digest"),
        Protocol::Kuveyt | Protocol::VakifKatilim | Protocol::Param | Protocol::PayFlex => None,
    }
}

/// Another character in its place.
fn spoilt(byte: u8) -> u8 {
    if byte == b'7' { b'8' } else { b'7' }
}

/// Where an element's text stands.
fn text_of(body: &[u8], element: &str) -> Range<usize> {
    let text = String::from_utf8_lossy(body);
    let (open, close) = (format!("{element}>"), "</");
    let begin = text.find(&open).unwrap() + open.len();
    begin..begin + text[begin..].find(close).unwrap()
}

/// Sends a request whose signature has one character changed: the one at `at`, or none where it is shorter.
struct Forger<'a> {
    net: &'a dyn Http,
    signature: &'static str,
    at: usize,
    length: AtomicUsize,
}

impl Http for Forger<'_> {
    fn send<'a>(&'a self, mut request: Request) -> BoxFuture<'a, Result<Response, Failure>> {
        let header = request
            .headers
            .iter_mut()
            .find(|(name, _)| *name == self.signature);
        let length = if let Some((_, value)) = header {
            let mut bytes = value.clone().into_bytes();
            if let Some(byte) = bytes.get_mut(self.at) {
                *byte = spoilt(*byte);
            }
            *value = String::from_utf8(bytes).unwrap();
            value.len()
        } else {
            let range = text_of(&request.body, self.signature);
            if let Some(byte) = request.body[range.clone()].get_mut(self.at) {
                *byte = spoilt(*byte);
            }
            range.len()
        };
        self.length.store(length, Ordering::Relaxed);
        self.net.send(request)
    }
}

async fn account(shop: &Shop, family: &Family) -> Account {
    let all = poses::of_merchant(&shop.app, shop.merchant).await.unwrap();
    let of_family = |pos: &&poses::Pos| pos.integrator.as_str() == family.integrator;
    all.iter().find(of_family).unwrap().account()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_with_any_character_of_its_signature_changed_takes_nothing() {
    let shop = Shop::of_families().await;
    let (now, card_of) = (istanbul(shop.app.now()), |number: &str| CardData {
        pan: Pan::parse(number).unwrap(),
        expiry: Expiry {
            year: 2040,
            month: 7,
        },
        cvc: None,
        holder: "Ayşe Yılmaz".to_owned(),
    });
    for family in FAMILIES {
        let Some(signature) = sale_signature(family.protocol) else {
            continue;
        };
        let (account, card) = (account(&shop, family).await, card_of(family.card));
        for at in 0.. {
            let forger = Forger {
                net: &shop.app.net,
                signature,
                at,
                length: AtomicUsize::new(0),
            };
            let context = BankContext {
                account: &account,
                http: &forger,
                now: &now,
            };
            let order = Order {
                id: format!("HASH{at:0>16}"),
                amount: Money::new(1_000, Currency::Try),
                installment: 1,
                phase: Phase::Sale,
            };
            let charge = Charge {
                order: &order,
                card: &card,
                reward: None,
                client_ip: None,
            };
            let answer = family.protocol.charge(context, charge).await;
            let length = forger.length.into_inner();
            assert!(length >= 20, "{signature} of {}", family.integrator);
            let sold = matches!(answer, Ok(Verdict::Approved(_)));
            // The first message that nothing was changed of is sold.
            assert_eq!(
                sold,
                at == length,
                "{} at {at}: {answer:?}",
                family.integrator
            );
            let mut orders = shop.ledger(&order.id).await;
            orders.retain(|order| {
                order["bank"] == family.protocol.name() && order["state"] != "FAILED"
            });
            assert_eq!(orders.len(), usize::from(sold), "{orders:?}");
            if sold {
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_any_character_of_its_signature_changed_leads_to_no_page() {
    let shop = Shop::of_families().await;
    for family in FAMILIES {
        let Some(signature) = form_signature(family.protocol) else {
            continue;
        };
        let begun = shop.pays(family.card).begin_3ds().await;
        let galata = begun.page().submit(&shop.http, &[]).await;
        let hash = galata.form().field(signature).to_owned();
        assert!(hash.len() >= 20, "{signature} of {}", family.integrator);
        for at in 0..hash.len() {
            let mut wrong = hash.clone().into_bytes();
            wrong[at] = spoilt(wrong[at]);
            let wrong = String::from_utf8(wrong).unwrap();
            let bank = galata.submit(&shop.http, &[(signature, &wrong)]).await;
            assert!(
                !bank.html.contains("name=\"otp\""),
                "{} at {at}: {}",
                family.integrator,
                bank.html
            );
        }
        let bank = galata.submit(&shop.http, &[]).await;
        assert!(bank.html.contains("name=\"otp\""), "{}", bank.html);
    }
}
