//! Galata's books as its reporting API tells them, and the banks' ledgers as their control API does.

use crate::door::{Door, kurus};
use crate::shopper::BY_HAND;
use serde_json::Value;
use std::collections::BTreeMap;

/// Payments of a page of the search.
const PAGE: usize = 100;

/// A payment as reporting tells it. Amounts in kuruş.
#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) id: i64,
    /// The visit that its conversation id names; `None` for what no visit sent.
    pub(crate) visit: Option<u64>,
    pub(crate) status: String,
    /// AUTH, or PRE_AUTH while the amount is only held, and POST_AUTH once it was taken.
    pub(crate) phase: String,
    pub(crate) order_id: String,
    /// What was held, as long as it is not taken.
    pub(crate) paid: i64,
    pub(crate) price: i64,
    pub(crate) refundable: i64,
    pub(crate) refund_status: String,
    pub(crate) items: Vec<Item>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) told: Value,
}

/// An item of a payment.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) price: i64,
    pub(crate) paid: i64,
    pub(crate) refundable: i64,
}

/// Money back.
#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub(crate) status: String,
    pub(crate) amount: i64,
    /// Noted only: no bank was asked.
    pub(crate) by_hand: bool,
}

/// An order of a bank's. Amounts in kuruş.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// Without what a protocol puts in front.
    pub(crate) id: String,
    /// What was asked for first: sold or held.
    pub(crate) amount: i64,
    /// It is, or was, only held.
    pub(crate) is_hold: bool,
    /// Held, and neither taken nor released.
    pub(crate) held: i64,
    pub(crate) captured: i64,
    /// Given back of what was taken, undone or refunded.
    pub(crate) back: i64,
    pub(crate) points_spent: i64,
    pub(crate) points_returned: i64,
    pub(crate) told: Value,
}

impl Order {
    /// What the shopper cannot spend because of it: taken and not given back, or held.
    pub(crate) fn kept(&self) -> i64 {
        self.captured - self.back + self.held
    }
}

/// Both sides at one moment.
pub(crate) struct Books {
    pub(crate) payments: Vec<Payment>,
    pub(crate) orders: Vec<Order>,
}

impl Books {
    /// Reads both. `prefix` is what every conversation id of this run begins with.
    pub(crate) async fn read(door: &Door, prefix: &str) -> Result<Books, String> {
        let ledger = door.control("GET", "/control/ledger", &Value::Null).await?;
        let orders = ledger["orders"].as_array().cloned().unwrap_or_default();
        let mut payments = BTreeMap::new();
        for page in 0.. {
            let path = format!("/payment-reporting/v1/payments?page={page}&size={PAGE}");
            let reply = door.call(page, "GET", &path, &Value::Null, None).await?;
            let items = reply.data("items").as_array();
            let Some(items) = items.filter(|items| !items.is_empty()) else {
                let total = reply.data("totalSize").as_u64();
                if total != u64::try_from(payments.len()).ok() {
                    let found = payments.len();
                    door.is_broken(format!(
                        "the search tells {total:?} payments and has {found}"
                    ));
                }
                break;
            };
            for one in items {
                let payment = payment(one, prefix);
                payments.insert(payment.id, payment);
            }
        }
        Ok(Books {
            payments: payments.into_values().collect(),
            orders: orders.iter().map(order).collect(),
        })
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("").to_owned()
}

fn payment(told: &Value, prefix: &str) -> Payment {
    let list = |name: &str| told[name].as_array().cloned().unwrap_or_default();
    let conversation = told["conversationId"].as_str().unwrap_or("");
    let visit = conversation.strip_prefix(prefix);
    Payment {
        id: told["id"].as_i64().unwrap_or(0),
        visit: visit.and_then(|number| number.parse().ok()),
        status: text(&told["paymentStatus"]),
        phase: text(&told["paymentPhase"]),
        order_id: plain(told["orderId"].as_str().unwrap_or("")),
        paid: kurus(&told["paidPrice"]),
        price: kurus(&told["price"]),
        refundable: kurus(&told["refundablePrice"]),
        refund_status: text(&told["refundStatus"]),
        items: list("paymentTransactions")
            .iter()
            .map(|item| Item {
                price: kurus(&item["price"]),
                paid: kurus(&item["paidPrice"]),
                refundable: kurus(&item["refundablePrice"]),
            })
            .collect(),
        refunds: list("refunds")
            .iter()
            .map(|refund| Refund {
                status: text(&refund["status"]),
                amount: kurus(&refund["refundPrice"]),
                by_hand: text(&refund["conversationId"]).ends_with(BY_HAND),
            })
            .collect(),
        told: told.clone(),
    }
}

fn order(told: &Value) -> Order {
    let number = |name: &str| told[name].as_i64().unwrap_or(-1);
    let (amount, is_held) = (number("authorised"), told["state"] == "held");
    // A bank that undoes the capture of a hold, and then releases it, took what it took back. Where it could not do
    // the second, the hold lapses by itself.
    let mut moves = told["moves"].as_array().into_iter().flatten();
    let undone = moves.rfind(|one| one["kind"] == "uncapture");
    let undone = undone.and_then(|one| one["amount"].as_i64()).unwrap_or(0);
    let (captured, voided) = match number("captured") {
        0 => (undone, undone),
        captured => (captured, number("voided")),
    };
    Order {
        id: plain(told["orderId"].as_str().unwrap_or("")),
        amount,
        is_hold: told["kind"] == "hold",
        held: if is_held { amount } else { 0 },
        captured,
        back: number("refunded") + voided,
        points_spent: number("pointsSpent"),
        points_returned: number("pointsReturned"),
        told: told.clone(),
    }
}

/// An order id without what PosNet's rules put in front of it.
fn plain(id: &str) -> String {
    let id = id.strip_prefix("TDS_").unwrap_or(id);
    id.trim_start_matches('0').to_owned()
}
