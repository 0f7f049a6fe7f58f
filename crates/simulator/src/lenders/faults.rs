//! Failures that a test orders: which operation, for which application, what goes wrong, how often.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard};

/// What the lender is doing when it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    Offers,
    Apply,
    Inquire,
    Confirm,
    Cancel,
    Void,
    Refund,
    GivenBack,
    Notify,
}

/// How it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Refuses with the code.
    Decline,
    /// Does it, late.
    Delay,
    /// Does it, and says nothing.
    LoseReply,
    /// Does it, and breaks off in the middle of the reply.
    CutReply,
    /// Does it; the reply's signature is wrong.
    WrongMac,
    /// Does it; the reply is signed, and no JSON.
    Garbage,
    /// Does it; the reply is signed, and says `body`.
    Answer,
    /// Does nothing, and answers 500.
    #[serde(rename = "http_500")]
    Http500,
    /// Notifies twice.
    DuplicateCallback,
    /// Never notifies.
    NoCallback,
    /// Takes the application, notifies of it, and only then (and `ms` later) answers.
    NotifyFirst,
}

/// The failure itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) code: Option<String>,
    pub(crate) ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Match {
    order_id: Option<String>,
    /// In kuruş.
    amount: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Order {
    operation: Operation,
    #[serde(default, rename = "match")]
    matching: Match,
    fault: Fault,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

/// Orders that have not been used up. They live in memory: a restart forgets them.
#[derive(Default)]
pub(crate) struct Faults {
    orders: Mutex<Vec<Order>>,
}

/// Milliseconds that a delay may last.
const DELAY_MS_MAX: u64 = 10 * 60 * 1000;

impl Faults {
    /// Takes an order, or says what is wrong with it.
    pub(crate) fn add(&self, order: Value) -> Result<(), String> {
        let order: Order = serde_json::from_value(order).map_err(|error| error.to_string())?;
        let of_notify = matches!(order.fault.kind, Kind::DuplicateCallback | Kind::NoCallback);
        if of_notify && order.operation != Operation::Notify {
            return Err("duplicate_callback and no_callback belong to operation notify".to_owned());
        }
        if order.fault.kind == Kind::NotifyFirst && order.operation != Operation::Apply {
            return Err("notify_first belongs to operation apply".to_owned());
        }
        if order.fault.kind == Kind::Decline && order.operation == Operation::Notify {
            return Err("a notification cannot be declined".to_owned());
        }
        if order.fault.kind == Kind::Answer
            && (order.operation == Operation::Notify || order.fault.body.is_none())
        {
            return Err("answer needs a body, and is no notification".to_owned());
        }
        if order.fault.ms.is_some_and(|ms| ms > DELAY_MS_MAX) {
            return Err(format!("ms is at most {DELAY_MS_MAX}"));
        }
        self.lock().push(order);
        Ok(())
    }

    /// A tester's choice about the next notification of one application; it goes before what was
    /// ordered earlier.
    pub(crate) fn order_notification(&self, order_id: &str, fault: Fault) {
        let order = Order {
            operation: Operation::Notify,
            matching: Match {
                order_id: Some(order_id.to_owned()),
                amount: None,
            },
            fault,
            times: 1,
        };
        self.lock().insert(0, order);
    }

    /// The orders that are not used up, in the order in which they are tried.
    pub(crate) fn list(&self) -> Vec<Value> {
        let orders = self.lock();
        let listed = orders.iter().map(|order| {
            json!({
                "operation": order.operation,
                "match": order.matching,
                "fault": order.fault,
                "times": order.times,
            })
        });
        listed.collect()
    }

    /// Forgets every order.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// The first order that fits, used up by one.
    pub(crate) fn take(
        &self,
        operation: Operation,
        order_id: Option<&str>,
        amount: Option<i64>,
    ) -> Option<Fault> {
        let mut orders = self.lock();
        let order = orders.iter_mut().find(|order| {
            let matching = &order.matching;
            order.times > 0
                && order.operation == operation
                && matching
                    .order_id
                    .as_deref()
                    .is_none_or(|id| order_id == Some(id))
                && matching.amount.is_none_or(|wanted| amount == Some(wanted))
        })?;
        order.times -= 1;
        let fault = order.fault.clone();
        orders.retain(|order| order.times > 0);
        Some(fault)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Order>> {
        self.orders
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
