//! Vakıf Katılım: every operation has a gate of its own, holds too. Replies say that they are UTF-16 and are
//! not, and carry a reference that no XML may have.

use std::sync::Arc;

use axum::Router;

use super::answer::{About, Answer, NIL, Row, contract, number, root, told};
use super::request::{Gate, Message};
use super::threeds::{self, Callback};
use super::{Account, Boa, House, gates};
use crate::app::App;
use crate::desk::{self, Case};
use crate::ledger::{Bank, Order};
use crate::pages::Brand;
use crate::seal::same;
use crate::xml::{Node, node, text};

pub(crate) struct VakifKatilim;

const HOME: &str = "/vakif_katilim/VirtualPOS.Gateway/Home";
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-16\"?>";
/// Rows of a list that asks for no certain ones.
const MAX_ROWS: usize = 100;

pub(super) fn router() -> Router<Arc<App>> {
    let rest = [
        ("ThreeDModelPayGate", Gate::Pay),
        ("ThreeDModelProvisionGate", Gate::Provision),
        ("PreAuthorizaten", Gate::Hold),
        ("PreAuthorizatenClose", Gate::Close),
        ("PreAuthorizationReversal", Gate::HoldReversal),
        ("PreAuthorizationDrawBack", Gate::DrawBack),
        ("SaleReversal", Gate::Reversal),
        ("DrawBack", Gate::DrawBack),
        ("PartialDrawBack", Gate::PartialDrawBack),
        ("SelectOrderByMerchantOrderId", Gate::Status),
        ("SelectOrder", Gate::List),
    ];
    gates::<VakifKatilim>(desk::router::<Boa<VakifKatilim>>(), HOME, &rest)
}

impl House for VakifKatilim {
    const BANK: Bank = Bank::VakifKatilim;
    const BRAND: Brand = Brand {
        theme: "plain",
        name: "Vakıf Katılım",
    };
    /// Ours: nobody published an account. Merchant, customer and user are of the recordings' shape.
    const ACCOUNT: Account = Account {
        merchant: "1",
        customer: "222222",
        user: "apiuser",
        password: "VKAT0210",
    };
    const NON_SECURE: &'static str = "/vakif_katilim/VirtualPOS.Gateway/Home/Non3DPayGate";
    const PAGE: &'static str = "/vakif_katilim/page";
    const ROOT: &'static str = "VPosMessageContract";
    const VERSION: &'static str = "1.0.0";
    const OPEN: &'static [&'static str] = &["1", "5"];
    const APPROVED: &'static str = "İşlem onaylandı";
    const NAMES_WAYS_BACK: bool = true;

    fn objection(message: &Message) -> Option<&'static str> {
        let holder = message.value("CardHolderName").chars().count();
        (!(2..=45).contains(&holder)).then_some("EmptyCardHolderNameField")
    }

    fn shows_password(message: &Message) -> bool {
        let password = VakifKatilim::ACCOUNT.hashed_password();
        same(
            password.as_bytes(),
            message.value("HashPassword").as_bytes(),
        )
    }

    /// Plain fields, neither amount nor currency among them.
    fn callback(_app: &App, callback: &Callback<'_>) -> Vec<(String, String)> {
        let hash = match callback.number {
            0 => String::new(),
            _ => callback.hash::<VakifKatilim>(),
        };
        let number = callback.number.to_string();
        [
            ("ResponseCode", callback.code),
            ("ResponseMessage", callback.text),
            ("ProvisionNumber", ""),
            ("MerchantOrderId", callback.order("MerchantOrderId")),
            ("OrderId", &number),
            ("RRN", ""),
            ("Stan", ""),
            ("HashData", &hash),
            ("MD", callback.md),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    fn document(case: &Case<'_, Boa<VakifKatilim>>, answer: &Answer, spoilt: bool) -> Vec<u8> {
        let gate = case.message.gate;
        let reply = match gate {
            Gate::Pay => match threeds::refused(case, answer) {
                Some(html) => return html.into_bytes(),
                None => contract(case, answer, |order| echo(case, order), (false, spoilt)),
            },
            Gate::Status | Gate::List => orders(case, answer),
            _ => {
                // Refusals and what comes after a sale have no hash in the recordings.
                let sold = matches!(gate, Gate::Provision | Gate::NonSecure | Gate::Hold);
                let signed = sold && answer.code == "00";
                contract(case, answer, |order| echo(case, order), (signed, spoilt))
            }
        };
        let document = reply.document(DECLARATION, false);
        let document = String::from_utf8_lossy(&document);
        document
            .replacen("<Products></Products>", "<Products>&#x0;</Products>", 1)
            .into_bytes()
    }
}

/// The merchant's message as a reply repeats it: hashed password and card number as they came.
fn echo(case: &Case<'_, Boa<VakifKatilim>>, order: &Order) -> Node {
    let message = &case.message;
    let number = number(order).to_string();
    let asked = |name| (name, message.value(name));
    let fields = [
        asked("HashData"),
        asked("MerchantId"),
        ("SubMerchantId", "0"),
        asked("CustomerId"),
        asked("UserName"),
        asked("HashPassword"),
        asked("OkUrl"),
        asked("FailUrl"),
        ("MerchantOrderIdUniqueControl", ""),
        ("OrderId", &number),
        ("BatchId", "0"),
        ("MerchantOrderId", message.order_id()),
        ("InstallmentCount", "0"),
        asked("Amount"),
        ("FECAmount", "0"),
        asked("FECCurrencyCode"),
        asked("TransactionSecurity"),
        asked("APIVersion"),
        asked("CardNumber"),
        asked("CardHolderName"),
        ("StartDate", ""),
        ("EndDate", ""),
        ("Products", ""),
        ("QueryId", "0"),
        ("DebtId", "0"),
        ("SurchargeAmount", "0"),
        ("SGKDebtAmount", "0"),
    ];
    let nil = ["MerchantOrderIdUniqueControl", "StartDate", "EndDate"];
    let fields = fields.into_iter().map(|(name, value)| match name {
        "InstallmentCount" => text(name, message.value(name)),
        name if nil.contains(&name) => text(name, value).with(NIL),
        name => text(name, value),
    });
    node("VPosMessage", fields.collect())
}

/// Orders of an id, or a page of all, the newest first, where voids and refunds have rows of their own.
fn orders(case: &Case<'_, Boa<VakifKatilim>>, answer: &Answer) -> Node {
    let message = &case.message;
    let mut rows = Vec::new();
    if let About::Orders(found) = &answer.about {
        for order in found {
            rows.push((order, None));
            if message.gate == Gate::List {
                rows.extend(order.moves.iter().map(|made| (order, Some(made))));
            }
        }
    }
    let limit = |name: &str| message.value(name).parse::<usize>().ok();
    let from = limit("LowerLimit").unwrap_or_default();
    let until = limit("UpperLimit").unwrap_or(MAX_ROWS);
    let now = case.app.now();
    let rows = rows.iter().rev().skip(from);
    let rows = rows.take(until.saturating_sub(from).min(MAX_ROWS));
    let rows: Vec<Node> = rows
        .map(|(order, made)| {
            let card = case.app.cards.by_reference(&order.card).map(AsRef::as_ref);
            let row = Row::new(order, *made, now);
            let fields = row.fields(VakifKatilim::ACCOUNT.merchant, card);
            let fields = fields.into_iter().flat_map(|(name, value, meaning)| {
                let meaning =
                    (!meaning.is_empty()).then(|| text(&format!("{name}Description"), meaning));
                [Some(text(name, value)), meaning].into_iter().flatten()
            });
            node("OrderContract", fields.collect())
        })
        .collect();
    let mut fields = vec![
        node("VPosOrderData", rows),
        text("ResponseCode", told(&answer.code)),
        text("ResponseMessage", answer.text.as_str()),
    ];
    if !message.order_id().is_empty() {
        fields.push(text("MerchantOrderId", message.order_id()));
    }
    root("VPosOrderListContract", fields)
}
