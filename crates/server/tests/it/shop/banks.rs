//! The other side: what the simulated banks and the lender are told to do, and what they believe.

use super::{DAY, Shop};
use crate::process::until;
use serde_json::{Value, json};

/// A card that is routed to Garanti.
pub const GARANTI: &str = "5209220000000002";
/// A card that is routed to Yapı Kredi, which is spoken to in PosNet.
pub const YKB: &str = "5400630000000009";
/// A card of a bank abroad.
pub const FOREIGN: &str = "4111111111111111";
/// Each bank with a card that is routed to it first.
pub const BANKS: [(&str, &str); 2] = [("garanti", GARANTI), ("posnet", YKB)];
/// A card without enough money, wherever it is charged.
pub const NO_FUNDS: &str = "5100050000006661";
/// A reward card of Garanti's, and one of Yapı Kredi's.
pub const BONUS: &str = "4043080000000003";
pub const WORLD: &str = "4048090000000007";
/// The password that the banks' 3DS pages take.
pub const OTP: &str = "123456";

/// A fault of a bank or lender: its kind alone, or all of it.
pub struct Fault(Value);

impl From<&str> for Fault {
    fn from(kind: &str) -> Fault {
        Fault(json!({"kind": kind}))
    }
}

impl From<Value> for Fault {
    fn from(fault: Value) -> Fault {
        Fault(fault)
    }
}

/// The bank declines with this code.
pub fn declines(code: &str) -> Value {
    json!({"kind": "decline", "code": code})
}

/// The bank says that it declines, although it did what it was asked to.
pub fn declines_after(code: &str) -> Value {
    json!({"kind": "decline", "code": code, "after": true})
}

/// The answer comes late.
pub fn delay(milliseconds: u64) -> Value {
    json!({"kind": "delay", "ms": milliseconds})
}

/// The answer is this.
pub fn answers(body: &str) -> Value {
    json!({"kind": "answer", "body": body})
}

/// The answer is changed on its way.
pub fn edit(find: &str, replace: &str) -> Value {
    json!({"kind": "edit", "find": find, "replace": replace})
}

/// How many times a fault is ordered that is to last.
pub const MANY: u64 = 1000;

impl Shop {
    /// The bank fails the next operation of this kind.
    pub async fn fault(&self, bank: &str, operation: &str, fault: impl Into<Fault>) {
        self.faults(1, bank, operation, fault).await;
    }

    /// The bank fails the next operations of this kind.
    pub async fn faults(&self, times: u64, bank: &str, operation: &str, fault: impl Into<Fault>) {
        let Fault(fault) = fault.into();
        let order = json!({"bank": bank, "operation": operation, "fault": fault, "times": times});
        self.control("POST", "/control/faults", order).await;
    }

    /// The lender fails the next operations of this kind.
    pub async fn lender_faults(&self, times: u64, operation: &str, fault: impl Into<Fault>) {
        let Fault(fault) = fault.into();
        let order = json!({"operation": operation, "fault": fault, "times": times});
        self.control("POST", "/control/lender-faults", order).await;
    }

    /// The lender tells nothing by itself.
    pub async fn lender_is_silent(&self) {
        self.lender_faults(MANY, "notify", "no_callback").await;
    }

    /// The lender neither answers questions nor tells anything by itself.
    pub async fn lender_is_away(&self) {
        self.lender_faults(MANY, "inquire", "http_500").await;
        self.lender_is_silent().await;
    }

    /// Banks fail no more.
    pub async fn banks_recover(&self) {
        let path = "/control/faults";
        self.control("DELETE", path, Value::Null).await;
    }

    /// The lender fails no more.
    pub async fn lender_recovers(&self) {
        let path = "/control/lender-faults";
        self.control("DELETE", path, Value::Null).await;
    }

    /// The banks close their day: what was sold is settled.
    pub async fn closes_day(&self) {
        self.control("POST", "/control/settle-day", Value::Null)
            .await;
    }

    /// The next noon in Istanbul: what is about the day of a sale does not cross midnight by itself.
    pub async fn noon(&self) {
        const DAY_SECONDS: i64 = 24 * 60 * 60;
        const NOON_UTC_SECONDS: i64 = 9 * 60 * 60;
        let into_day = self.app.now().as_second().rem_euclid(DAY_SECONDS);
        self.pass((NOON_UTC_SECONDS - into_day).rem_euclid(DAY_SECONDS))
            .await;
    }

    /// A day passes, and the banks close it.
    pub async fn day_passes(&self) {
        self.pass(DAY).await;
        self.closes_day().await;
    }

    /// How often a bank met the fault of this operation, which was ordered [`MANY`] times.
    pub async fn met(&self, operation: &str) -> u64 {
        self.met_of("/control/faults", operation).await
    }

    /// The same of the lender.
    pub async fn met_by_lender(&self, operation: &str) -> u64 {
        self.met_of("/control/lender-faults", operation).await
    }

    async fn met_of(&self, path: &str, operation: &str) -> u64 {
        let all = self.control("GET", path, Value::Null).await;
        let all = all["faults"].as_array().or(all.as_array()).unwrap();
        let left = all.iter().find(|fault| fault["operation"] == operation);
        MANY - left.unwrap()["times"].as_u64().unwrap()
    }

    /// All orders at the banks.
    pub async fn orders(&self) -> Vec<Value> {
        self.ledger_of("/control/ledger").await
    }

    /// What the bank believes of an order.
    pub async fn ledger(&self, order_id: &str) -> Vec<Value> {
        let path = format!("/control/ledger?orderId={order_id}");
        self.ledger_of(&path).await
    }

    async fn ledger_of(&self, path: &str) -> Vec<Value> {
        let found = self.control("GET", path, Value::Null).await;
        found["orders"].as_array().cloned().unwrap_or_default()
    }

    /// The one order of a card payment at its bank.
    pub async fn order(&self, id: i64) -> Value {
        let mut orders = self.ledger(&self.attempt(id).await.order_id).await;
        assert_eq!(orders.len(), 1, "{orders:#?}");
        orders.remove(0)
    }

    /// The state of that order.
    pub async fn order_state(&self, id: i64) -> String {
        self.order(id).await["state"].as_str().unwrap().to_owned()
    }

    /// Waits until a bank has an order; the first one.
    pub async fn order_arrives(&self) -> Value {
        until("the bank takes the order", async || {
            self.orders().await.first().cloned()
        })
        .await
    }

    /// All applications at the lender.
    pub async fn applications(&self) -> Vec<Value> {
        let found = self.control("GET", "/control/loans", Value::Null).await;
        found["loans"].as_array().cloned().unwrap_or_default()
    }

    /// The lender decides on an application.
    pub async fn lender_decides(&self, order_id: &str, decision: Value) {
        let path = format!("/control/loans/{order_id}/decision");
        self.control("POST", &path, decision).await;
    }
}
