//! A visit as it is played: what the plan says is asked, and every answer is kept for the books.

use crate::door::{CALLBACK_URL, Reply, kurus, lira};
use crate::plan::{Back, Beside, CVC, Capture, Page, Plan, Report, Way, What};
use crate::reports::{self, Demand};
use crate::steps::Steps;
use crate::world::World;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::sync::Mutex;

const PAY: &str = "/payment/v1/card-payments";
const REFUNDS: &str = "/payment/v1/refunds";
const OF_ITEM: &str = "/payment/v1/refund-transactions";
/// What the conversation of money back by hand ends with: the books tell it, and no bank does.
pub(crate) const BY_HAND: &str = "-by-hand";
/// The password that the banks' pages take.
const OTP: &str = "123456";
/// Sendings of a request with a key until it is answered: processes are killed in between.
const SENDINGS: usize = 8;

/// What a shop was told about a payment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    /// Taken.
    Success,
    /// Not taken, and surely so.
    Failure,
    /// Perhaps.
    Doubt,
}

/// All that shops were told in a run.
#[derive(Default)]
pub(crate) struct Heard {
    /// Visit, payment, what of it.
    pub(crate) payments: Mutex<Vec<(u64, i64, Told)>>,
    /// Visit, payment, the refund's id or that of its first item, and its kuruş.
    pub(crate) refunds: Mutex<Vec<(u64, i64, i64, i64)>>,
    /// Visit, payment, kuruş that were to be taken of what it holds, what of that.
    pub(crate) captures: Mutex<Vec<(u64, i64, i64, Told)>>,
    /// Reports that are being made.
    pub(crate) demands: Mutex<Vec<Demand>>,
}

/// Who plays a visit.
pub(crate) struct Shopper<'a> {
    pub(crate) world: &'a World,
    pub(crate) heard: &'a Heard,
    pub(crate) steps: &'a Steps,
    pub(crate) plan: &'a Plan,
    /// By which the books tell whose a payment is.
    pub(crate) conversation: String,
    pub(crate) faults: bool,
}

impl Shopper<'_> {
    fn note(&self, what: impl Into<String>) {
        self.steps.note(Some(self.plan.number), what.into());
    }

    /// Plays the whole visit.
    pub(crate) async fn visit(&self) -> Result<(), String> {
        let plan = self.plan;
        self.note(format!("{plan:?}"));
        for fault in plan.faults.iter().filter(|_| self.faults) {
            let mut order = fault.order();
            order["match"] = json!({"amount": plan.paid});
            self.order_fault(order).await?;
        }
        if let Some(report) = plan.report {
            self.read_report(report).await?;
        }
        let Some(mut paid) = self.pay().await? else {
            return Ok(());
        };
        for (number, capture) in plan.captures.iter().flatten().enumerate() {
            if let Some(fault) = capture.fault.filter(|_| self.faults) {
                let mut order = fault.order();
                order["match"] = json!({"orderId": paid.data("orderId")});
                self.order_fault(order).await?;
            }
            paid = self.capture(&paid, number, capture).await.unwrap_or(paid);
        }
        for (number, back) in plan.back.iter().enumerate() {
            self.give_back(&paid, number, back).await?;
        }
        Ok(())
    }

    async fn order_fault(&self, order: Value) -> Result<(), String> {
        let door = &self.world.door;
        let ordered = door.control("POST", "/control/faults", &order).await;
        if ordered.is_err_and(|why| why.contains("too many")) {
            door.control("DELETE", "/control/faults", &Value::Null)
                .await?;
            door.control("POST", "/control/faults", &order).await?;
        }
        Ok(())
    }

    /// Sends what the shop sends; with a key until it is answered. `None` when the line broke.
    async fn post(
        &self,
        process: usize,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> Option<Reply> {
        let sendings = if key.is_some() { SENDINGS } else { 1 };
        for sending in 0..sendings {
            let at = process + sending;
            match self.world.door.call(at, "POST", path, body, key).await {
                Ok(reply) => {
                    let key = key.unwrap_or("-");
                    let said = shortened(&reply.body);
                    self.note(format!("{path} at {at} key {key}: {} {said}", reply.status));
                    return Some(reply);
                }
                Err(why) => self.note(format!("{path} at {at}: {why}")),
            }
        }
        None
    }

    fn request(&self) -> Value {
        let plan = self.plan;
        let items = plan.items.iter().enumerate();
        let items: Vec<Value> = items
            .map(|(at, price)| json!({"name": format!("Item {at}"), "price": lira(*price)}))
            .collect();
        let mut card = json!({
            "cardHolderName": "Haluk Demir", "cardNumber": plan.card.number,
            "expireYear": "2044", "expireMonth": "07", "cvc": CVC,
        });
        if plan.points.0 > 0 {
            let reward = json!({
                "cardRewardMoney": lira(plan.points.0), "firmRewardMoney": lira(plan.points.1),
            });
            card["loyalty"] = json!({"type": "REWARD_MONEY", "reward": reward});
        }
        // What is sold as a product is not held.
        let (phase, group) = match plan.captures {
            Some(_) => ("PRE_AUTH", "LISTING_OR_SUBSCRIPTION"),
            None => ("AUTH", "PRODUCT"),
        };
        json!({
            "price": lira(plan.price()), "paidPrice": lira(plan.paid), "walletPrice": 0,
            "installment": plan.installment, "currency": "TRY", "paymentGroup": group,
            "paymentPhase": phase, "conversationId": self.conversation, "card": card,
            "items": items,
        })
    }

    /// Pays as the plan says. What succeeded, if it did and the shop knows.
    async fn pay(&self) -> Result<Option<Reply>, String> {
        let (at, key) = (self.plan.first, format!("{}-pay", self.conversation));
        let mut body = self.request();
        let replies = match self.plan.way {
            Way::Plain => vec![self.post(at, PAY, &body, None).await],
            Way::Keyed => vec![self.post(at, PAY, &body, Some(&key)).await],
            Way::KeyedTwice => {
                let (one, two) = tokio::join!(
                    self.post(at, PAY, &body, Some(&key)),
                    self.post(at + 1, PAY, &body, Some(&key)),
                );
                let again = self.post(at, PAY, &body, Some(&key)).await;
                vec![one, two, again]
            }
            Way::DoubleSubmit => {
                let (one, two) = tokio::join!(
                    self.post(at, PAY, &body, None),
                    self.post(at + 1, PAY, &body, None),
                );
                vec![one, two]
            }
            Way::Stored => {
                let mut card = body["card"].take();
                if let Some(card) = card.as_object_mut() {
                    card.remove("cvc");
                }
                let key = format!("{}-card", self.conversation);
                let stored = self.post(at, "/payment/v1/cards", &card, Some(&key)).await;
                let Some(stored) = stored.filter(|reply| reply.status == 200) else {
                    return Ok(None);
                };
                body["card"] = json!({
                    "cardUserKey": stored.data("cardUserKey"), "cardToken": stored.data("cardToken"),
                });
                vec![self.post(at + 1, PAY, &body, None).await]
            }
            Way::ThreeDs(page) => self.pay_by_page(page, body).await?,
        };
        let replies: Vec<Reply> = replies.into_iter().flatten().collect();
        let mut paid = None;
        for reply in replies {
            if self.hear(&reply) == Some(Told::Success) {
                paid = Some(reply);
            }
        }
        self.require_one_answer(&paid);
        Ok(paid)
    }

    /// Keeps what an answer says.
    fn hear(&self, reply: &Reply) -> Option<Told> {
        let told = match (reply.status, reply.data("paymentStatus").as_str()) {
            (200, Some("SUCCESS")) => Told::Success,
            (200, Some("FAILURE")) => Told::Failure,
            (200, _) => Told::Doubt,
            (409, _) => return None,
            (422, _) if reply.group() == "COMMUNICATION_OR_SYSTEM_ERROR" => Told::Doubt,
            // The state of the payment or the request is refused, not the payment.
            (422, _) if reply.group().is_empty() => return None,
            (422, _) => Told::Failure,
            _ => {
                let why = format!("visit {}: {reply:?}", self.plan.number);
                self.world.door.is_broken(why);
                return None;
            }
        };
        if let (Some(id), Ok(mut all)) = (reply.payment(), self.heard.payments.lock()) {
            all.push((self.plan.number, id, told.clone()));
        }
        Some(told)
    }

    /// A success tells what was asked for.
    fn require_one_answer(&self, paid: &Option<Reply>) {
        let Some(paid) = paid else { return };
        let plan = self.plan;
        let told = (
            kurus(paid.data("paidPrice")),
            kurus(paid.data("price")),
            paid.data("installment").as_i64(),
        );
        if told != (plan.paid, plan.price(), Some(plan.installment)) {
            let why = format!("visit {}: another payment is told: {told:?}", plan.number);
            self.world.door.is_broken(why);
        }
    }

    /// To the bank's page and back.
    async fn pay_by_page(&self, page: Page, mut body: Value) -> Result<Vec<Option<Reply>>, String> {
        body["callbackUrl"] = CALLBACK_URL.into();
        let at = self.plan.first;
        let init = self.post(at, &format!("{PAY}/3ds-init"), &body, None).await;
        let Some(init) = init else {
            return Ok(Vec::new());
        };
        let (Some(id), Some(html)) = (init.payment(), init.data("htmlContent").as_str()) else {
            return Ok(vec![Some(init)]);
        };
        let answers = match page {
            Page::Abandons => return Ok(Vec::new()),
            Page::Cancels => [("otp", ""), ("action", "cancel")],
            _ => [("otp", OTP), ("action", "confirm")],
        };
        let came_back = self.world.door.browse(html, &answers).await;
        self.note(format!("browser: {came_back:?}"));
        let complete = json!({"paymentId": id});
        let path = format!("{PAY}/3ds-complete");
        match page {
            // A shop that hears nothing may still ask.
            Page::Completes => Ok(vec![self.post(at + 1, &path, &complete, None).await]),
            Page::CompletesTwice => {
                let (one, two) = tokio::join!(
                    self.post(at, &path, &complete, None),
                    self.post(at + 1, &path, &complete, None),
                );
                Ok(vec![one, two])
            }
            Page::IsEnded => {
                let path = "/payment/v1/refunds/refund-waiting-payment";
                self.post(at + 1, path, &complete, None).await;
                Ok(Vec::new())
            }
            Page::Cancels | Page::Abandons | Page::IsForgotten => Ok(Vec::new()),
        }
    }

    /// Takes of what is held as a step of the plan says. The payment after it, if the shop knows that it was taken.
    async fn capture(&self, held: &Reply, number: usize, capture: &Capture) -> Option<Reply> {
        let at = self.plan.first + number;
        let key = |n: usize| format!("{}-take-{number}-{n}", self.conversation);
        let keyed = |n: usize| capture.keyed.then(|| key(n));
        let take = self.take(held, at, capture.amount, keyed(0));
        match capture.beside {
            Beside::Nothing => take.await,
            Beside::Another(amount) => {
                let another = self.take(held, at + 1, amount, keyed(1));
                let (one, other) = tokio::join!(take, another);
                one.or(other)
            }
            Beside::Release => {
                let body = json!({"paymentId": held.payment()});
                let release = self.refund(held, at + 1, REFUNDS, &body, keyed(1));
                tokio::join!(take, release).0
            }
        }
    }

    /// Takes an amount of what is held.
    async fn take(
        &self,
        held: &Reply,
        at: usize,
        amount: i64,
        key: Option<String>,
    ) -> Option<Reply> {
        let id = held.payment()?;
        let (path, body) = (
            format!("{PAY}/{id}/post-auth"),
            json!({"paidPrice": lira(amount)}),
        );
        let reply = self.post(at, &path, &body, key.as_deref()).await?;
        let told = match (reply.status, reply.group()) {
            (200, _) => Told::Success,
            (422, "COMMUNICATION_OR_SYSTEM_ERROR") => Told::Doubt,
            (422, _) => Told::Failure,
            // Its key is under way.
            (409, _) => Told::Doubt,
            _ => {
                let why = format!("visit {}: {reply:?}", self.plan.number);
                self.world.door.is_broken(why);
                return None;
            }
        };
        if let Ok(mut captures) = self.heard.captures.lock() {
            captures.push((self.plan.number, id, amount, told.clone()));
        }
        (told == Told::Success).then_some(reply)
    }

    /// Reads a report, or asks for one.
    async fn read_report(&self, report: Report) -> Result<(), String> {
        let (door, at) = (&self.world.door, self.plan.first);
        match report {
            Report::OfYesterday(kind) => {
                let read = reports::read_yesterday(door, at, kind, &self.conversation).await;
                self.note(format!("the report of yesterday: {read:?}"));
            }
            Report::Demanded(kind) => {
                let demand = reports::demand(door, at, kind, &self.world.begun).await;
                self.note(format!("a report is asked for: {demand:?}"));
                if let (Some(demand), Ok(mut demands)) = (demand, self.heard.demands.lock()) {
                    demands.push(demand);
                }
            }
        }
        Ok(())
    }

    /// Gives back as a step of the plan says.
    async fn give_back(&self, paid: &Reply, number: usize, back: &Back) -> Result<(), String> {
        let door = &self.world.door;
        if back.day_ends {
            self.note("the banks close their day");
            door.control("POST", "/control/settle-day", &Value::Null)
                .await?;
        }
        if let Some(fault) = back.fault.filter(|_| self.faults) {
            let mut order = fault.order();
            order["match"] = json!({"orderId": paid.data("orderId")});
            self.order_fault(order).await?;
        }
        let at = self.plan.first + number;
        let key = |n: usize| format!("{}-back-{number}-{n}", self.conversation);
        let keyed = |key: String| back.keyed.then_some(key);
        let whole = json!({"paymentId": paid.payment(), "conversationId": self.conversation});
        match back.what {
            What::Whole { twice: false } => {
                self.refund(paid, at, REFUNDS, &whole, keyed(key(0))).await;
            }
            What::Whole { twice: true } => {
                tokio::join!(
                    self.refund(paid, at, REFUNDS, &whole, keyed(key(0))),
                    self.refund(paid, at + 1, REFUNDS, &whole, keyed(key(1))),
                );
            }
            What::Part { item, thousandths } => {
                let part = (item, thousandths);
                self.refund_part(paid, at, OF_ITEM, part, keyed(key(0)))
                    .await;
            }
            What::Mark { item, thousandths } => {
                let (part, path) = ((item, thousandths), format!("{OF_ITEM}/mark-as-refunded"));
                self.refund_part(paid, at, &path, part, keyed(key(0))).await;
            }
            What::Parts { count, thousandths } => {
                let parts = (0..count).map(|n| {
                    self.refund_part(paid, at + n, OF_ITEM, (n, thousandths), keyed(key(n)))
                });
                join_all(parts).await;
            }
        }
        Ok(())
    }

    async fn refund_part(
        &self,
        paid: &Reply,
        at: usize,
        path: &str,
        (item, thousandths): (usize, i64),
        key: Option<String>,
    ) {
        let items = paid.data("paymentTransactions").as_array();
        let Some(item) = items.and_then(|items| items.get(item % items.len().max(1))) else {
            return;
        };
        let amount = (kurus(&item["paidPrice"]) * thousandths / 1000).max(1);
        let end = if path == OF_ITEM { "" } else { BY_HAND };
        let body = json!({
            "paymentTransactionId": item["id"], "refundPrice": lira(amount),
            "conversationId": format!("{}{end}", self.conversation),
        });
        self.refund(paid, at, path, &body, key).await;
    }

    async fn refund(&self, paid: &Reply, at: usize, path: &str, body: &Value, key: Option<String>) {
        let Some(reply) = self.post(at, path, body, key.as_deref()).await else {
            return;
        };
        match reply.status {
            200 if reply.data("status") == "SUCCESS" => {
                let of_item = reply.data("paymentTransactionRefunds.0.id").as_i64();
                let refund = reply.data("id").as_i64().or(of_item);
                let (Some(payment), Some(refund)) = (paid.payment(), refund) else {
                    self.world
                        .door
                        .is_broken(format!("a refund without an id: {reply:?}"));
                    return;
                };
                let amount = kurus(reply.data("refundPrice"));
                if let Ok(mut refunds) = self.heard.refunds.lock() {
                    refunds.push((self.plan.number, payment, refund, amount));
                }
            }
            // In doubt, or its key is under way.
            200 | 409 | 422 => {}
            _ => {
                let why = format!("visit {}: {reply:?}", self.plan.number);
                self.world.door.is_broken(why);
            }
        }
    }
}

/// An answer as the steps tell it: without pages.
fn shortened(body: &Value) -> String {
    const TOLD_MAX: usize = 600;
    let mut body = body.clone();
    if body["data"]["htmlContent"].is_string() {
        body["data"]["htmlContent"] = "…".into();
    }
    body.to_string().chars().take(TOLD_MAX).collect()
}
