//! What must be true once every doubt is settled, order by order.

use crate::books::{Books, Order, Payment};
use crate::plan::Plan;
use crate::shopper::{Heard, Told};
use std::collections::{BTreeMap, BTreeSet};

/// Something that is not as it must be.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    /// Whose visit tells more.
    pub(crate) visit: Option<u64>,
    pub(crate) what: String,
}

/// Compares both sides with each other, with what shops were told and with what visits asked for.
pub(crate) fn compare(books: &Books, heard: &Heard, seed: u64) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut claimed = BTreeSet::new();
    for payment in &books.payments {
        let mut of_id = books
            .orders
            .iter()
            .filter(|order| !payment.order_id.is_empty() && order.id == payment.order_id);
        let order = of_id.next();
        let mut wrong = of_itself(payment);
        if of_id.next().is_some() {
            wrong.push("two banks have its order".to_owned());
        }
        claimed.insert(payment.order_id.clone());
        wrong.extend(against_order(payment, order));
        if let Some(visit) = payment.visit {
            wrong.extend(against_plan(payment, order, &Plan::of(seed, visit)));
        } else {
            wrong.push("no visit asked for it".to_owned());
        }
        let about = order.map_or_else(String::new, |order| order.told.to_string());
        findings.extend(wrong.into_iter().map(|what| Finding {
            visit: payment.visit,
            what: format!("{what}\n  books:  {}\n  ledger: {about}", payment.told),
        }));
    }
    for order in &books.orders {
        if !claimed.contains(&order.id) && order.kept() != 0 {
            findings.push(Finding {
                visit: None,
                what: format!("a bank keeps money of no payment\n  ledger: {}", order.told),
            });
        }
    }
    findings.extend(once_a_visit(books));
    findings.extend(against_answers(books, heard));
    findings
}

/// Of a payment alone: it is settled, its items make it up, and what went back never exceeds what was taken.
fn of_itself(payment: &Payment) -> Vec<String> {
    let mut wrong = Vec::new();
    if payment.status == "WAITING" {
        wrong.push("a payment is in doubt still".to_owned());
    }
    if payment.refunds.iter().any(|one| one.status == "WAITING") {
        wrong.push("a refund is in doubt still".to_owned());
    }
    let sums = [
        (
            "price",
            payment.price,
            payment.items.iter().map(|i| i.price).sum::<i64>(),
        ),
        (
            "paidPrice",
            payment.paid,
            payment.items.iter().map(|i| i.paid).sum(),
        ),
        (
            "refundablePrice",
            payment.refundable,
            payment.items.iter().map(|i| i.refundable).sum(),
        ),
    ];
    for (name, whole, items) in sums {
        if whole != items {
            wrong.push(format!("items sum to a {name} of {items}, not {whole}"));
        }
    }
    let within = |item: &crate::books::Item| (0..=item.paid).contains(&item.refundable);
    if !payment.items.iter().all(within) {
        wrong.push("more went back of an item than was paid for it".to_owned());
    }
    if payment.status == "SUCCESS" {
        let (made, open) = given_back(payment);
        if payment.refundable != payment.paid - made - open || payment.refundable < 0 {
            wrong.push(format!(
                "{} can go back of {}, of which {made} did and {open} may have",
                payment.refundable, payment.paid
            ));
        }
        let status = match made {
            0 => "NOT_REFUNDED",
            made if made == payment.paid => "FULLY_REFUNDED",
            _ => "PARTIAL_REFUNDED",
        };
        if payment.refund_status != status {
            wrong.push(format!("{} where {status} is due", payment.refund_status));
        }
    } else if !payment.refunds.is_empty() {
        wrong.push("a payment that took nothing has refunds".to_owned());
    }
    wrong
}

/// Kuruş that went back by the books, and that may have.
pub(crate) fn given_back(payment: &Payment) -> (i64, i64) {
    let sum = |status: &str| {
        let refunds = payment.refunds.iter().filter(|one| one.status == status);
        refunds.map(|one| one.amount).sum::<i64>()
    };
    (sum("SUCCESS"), sum("WAITING"))
}

/// Kuruş among them that were given back by hand: no bank knows of it.
fn by_hand(payment: &Payment) -> i64 {
    let refunds = payment.refunds.iter();
    let marked = refunds.filter(|one| one.by_hand && one.status == "SUCCESS");
    marked.map(|one| one.amount).sum()
}

/// A success is at the bank once and with what the books say went back; anything else left nothing there.
fn against_order(payment: &Payment, order: Option<&Order>) -> Vec<String> {
    let mut wrong = Vec::new();
    let Some(order) = order else {
        if payment.status == "SUCCESS" {
            wrong.push("no bank has the order of a success".to_owned());
        }
        return wrong;
    };
    if payment.status == "SUCCESS" && payment.phase == "PRE_AUTH" {
        wrong.extend(against_hold(payment, order));
    } else if payment.status == "SUCCESS" {
        let (made, _) = given_back(payment);
        let made = made - by_hand(payment);
        if order.captured != payment.paid {
            wrong.push(format!(
                "the bank took {} of {}",
                order.captured, payment.paid
            ));
        }
        if order.back != made {
            wrong.push(format!(
                "the bank gave back {}, the books say {made}",
                order.back
            ));
        }
    } else if order.kept() != 0 {
        wrong.push(format!(
            "the bank keeps {} of a {}",
            order.kept(),
            payment.status
        ));
    }
    let (phase, is_hold) = (payment.phase.as_str(), order.is_hold);
    if is_hold != (phase != "AUTH") {
        wrong.push(format!(
            "a payment of {phase} is {} at the bank",
            order.told["kind"]
        ));
    }
    if order.captured != 0 && order.kept() == 0 && order.points_spent != order.points_returned {
        wrong.push("all went back, but not all points".to_owned());
    }
    if !(0..=order.captured).contains(&order.back) {
        wrong.push("the bank gave back more than it took".to_owned());
    }
    wrong
}

/// A hold that is open here is open at the bank, and one that was released is released there; of neither was
/// anything taken.
fn against_hold(payment: &Payment, order: &Order) -> Vec<String> {
    let mut wrong = Vec::new();
    if order.captured != 0 {
        wrong.push(format!(
            "the bank took {}, which the books only hold",
            order.captured
        ));
    }
    let (released, _) = given_back(payment);
    let open = payment.paid - released;
    if order.captured == 0 && order.held != open {
        wrong.push(format!("the bank holds {} of {open}", order.held));
    }
    wrong
}

/// What was taken is what was asked for.
fn against_plan(payment: &Payment, order: Option<&Order>, plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    let amounts = plan.amounts();
    let amounts = match payment.phase.as_str() {
        "POST_AUTH" => &amounts[1..],
        _ => &amounts[..1],
    };
    if !amounts.contains(&payment.paid) || payment.price != plan.price() {
        wrong.push("another amount was asked for".to_owned());
    }
    if (payment.phase == "AUTH") != plan.captures.is_none() {
        wrong.push(format!("it is {}, which was not asked for", payment.phase));
    }
    let points = plan.points.0 + plan.points.1;
    if let Some(order) = order.filter(|order| order.captured != 0) {
        if order.points_spent != points {
            wrong.push(format!("{points} in points were to be spent"));
        }
        if order.told["instalments"].as_i64().unwrap_or(0).max(1) != plan.installment {
            wrong.push(format!("{} instalments were asked for", plan.installment));
        }
    }
    wrong
}

/// A visit asks for one payment, however often it sends it: no two of its amount are kept or succeed.
fn once_a_visit(books: &Books) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut taken: BTreeMap<u64, Vec<i64>> = BTreeMap::new();
    for payment in books.payments.iter().filter(|one| one.status == "SUCCESS") {
        if let Some(visit) = payment.visit {
            taken.entry(visit).or_default().push(payment.id);
        }
    }
    for (visit, ids) in taken.into_iter().filter(|(_, ids)| ids.len() > 1) {
        findings.push(Finding {
            visit: Some(visit),
            what: format!("one visit paid more than once: {ids:?}"),
        });
    }
    let mut kept: BTreeMap<i64, Vec<&Order>> = BTreeMap::new();
    for order in books.orders.iter().filter(|order| order.kept() != 0) {
        kept.entry(order.amount).or_default().push(order);
    }
    for orders in kept.into_values().filter(|orders| orders.len() > 1) {
        let of_order = |order: &Order| {
            let mut payments = books.payments.iter();
            payments.find(|one| one.order_id == order.id)?.visit
        };
        let told: Vec<String> = orders.iter().map(|one| one.told.to_string()).collect();
        findings.push(Finding {
            visit: orders.iter().find_map(|order| of_order(order)),
            what: format!(
                "banks keep an amount more than once\n  {}",
                told.join("\n  ")
            ),
        });
    }
    findings
}

/// An answer that said yes or no is what the books say for good.
fn against_answers(books: &Books, heard: &Heard) -> Vec<Finding> {
    let mut findings = Vec::new();
    let by_id: BTreeMap<i64, &Payment> = books.payments.iter().map(|one| (one.id, one)).collect();
    let told = heard.payments.lock().map(|all| all.clone());
    for (visit, id, told) in told.unwrap_or_default() {
        let status = by_id
            .get(&id)
            .map_or("no payment", |one| one.status.as_str());
        let as_told = match told {
            Told::Success => status == "SUCCESS",
            Told::Failure => status == "FAILURE",
            Told::Doubt => true,
        };
        if !as_told {
            findings.push(Finding {
                visit: Some(visit),
                what: format!("the shop was told {told:?} of payment {id}, which is {status}"),
            });
        }
    }
    let captures = heard.captures.lock().map(|all| all.clone());
    for (visit, id, amount, told) in captures.unwrap_or_default() {
        let payment = by_id.get(&id);
        let taken = payment.is_some_and(|one| one.phase == "POST_AUTH" && one.paid == amount);
        let as_told = match told {
            Told::Success => taken,
            Told::Failure => !taken,
            Told::Doubt => true,
        };
        if !as_told {
            let is = payment.map_or_else(
                || "gone".to_owned(),
                |one| format!("{} of {}", one.phase, one.paid),
            );
            findings.push(Finding {
                visit: Some(visit),
                what: format!(
                    "the shop was told {told:?} of {amount} taken of payment {id}, which is {is}"
                ),
            });
        }
    }
    // A refund that was told twice, under its key, is one.
    let refunds = heard.refunds.lock().map(|all| all.clone());
    let mut told: BTreeMap<i64, (u64, i64, i64)> = BTreeMap::new();
    for (visit, payment, refund, amount) in refunds.unwrap_or_default() {
        told.insert(refund, (visit, payment, amount));
    }
    let mut sums: BTreeMap<i64, (u64, i64)> = BTreeMap::new();
    for (visit, payment, amount) in told.into_values() {
        sums.entry(payment).or_insert((visit, 0)).1 += amount;
    }
    for (id, (visit, sum)) in sums {
        let made = by_id.get(&id).map_or(0, |payment| given_back(payment).0);
        if made < sum {
            findings.push(Finding {
                visit: Some(visit),
                what: format!(
                    "the shop was told of {sum} given back of payment {id}, the books say {made}"
                ),
            });
        }
    }
    findings
}
