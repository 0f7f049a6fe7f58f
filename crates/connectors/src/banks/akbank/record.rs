//! What Akbank's history of an order says: a row for the sale or hold, each capture and each refund. A void leaves no
//! row; what it undid then stands as V.

use super::{
    APPROVED, HISTORY, HOST_APPROVED, NO_ORDER, Question, amount, batch_and_number, decline,
    exchange, host_reference, refusal_of_question, rewards, sale_code, why,
};
use crate::bank::{
    BankContext, Charged, Decline, Doubt, GivenBack, Order, OrderRef, OrderStatus, Phase,
};
use crate::banks::{
    auth_code, check_count, check_sale, is_other_try, other_sale, question_refused, unreadable,
};
use crate::json::Json;

/// How an order stands.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) status: OrderStatus,
    /// What was taken of it, where the bank says so.
    pub(super) taken: Option<i64>,
}

impl From<OrderStatus> for Record {
    fn from(status: OrderStatus) -> Record {
        Record {
            status,
            taken: None,
        }
    }
}

/// What a row is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The order's own sale or hold.
    First,
    Capture,
    Refund,
}

/// How what a row is of stands.
#[derive(Debug, Clone, PartialEq)]
enum Stand {
    Done,
    Undone,
    /// The bank is reversing it, or has not decided.
    Pending,
    Failed(Decline),
}

#[derive(Debug)]
struct Row<'a> {
    kind: Kind,
    stand: Stand,
    amount: i64,
    said: &'a Json,
}

/// The rows of an order; nothing when the bank knows no such order.
async fn history(context: BankContext<'_>, order: &Order) -> Result<Option<Json>, Doubt> {
    let reply = exchange(context, &Question::about(HISTORY, order)).await?;
    match refusal_of_question(&reply)? {
        None => Ok(Some(reply)),
        Some(_) if reply.exact(&["responseCode"])? == NO_ORDER => Ok(None),
        Some(decline) => Err(question_refused(decline.group)),
    }
}

fn rows<'a>(reply: &'a Json, order: &Order) -> Result<Vec<Row<'a>>, Doubt> {
    let list = reply.list(&["txnDetailList"])?;
    check_count(list.len())?;
    let rows = list.iter().map(|row| Row::read(row, order));
    rows.filter_map(Result::transpose).collect()
}

impl<'a> Row<'a> {
    fn read(row: &'a Json, order: &Order) -> Result<Option<Row<'a>>, Doubt> {
        let said = |name| row.exact(&[name]);
        let kind = match said("txnCode")? {
            code if code == sale_code(order) => Kind::First,
            "1005" if order.phase == Phase::Hold => Kind::Capture,
            "1002" => Kind::Refund,
            // A void tells of itself by what it undid. What verified the shopper moved nothing, as what asked for points.
            "1003" | "1006" | "3000" | "3001" | "3004" => return Ok(None),
            _ => return Err(other_sale("the history tells of what no order of ours has")),
        };
        // What is made of an order has an id of its own.
        let about = match (kind, said("orgOrderId")?) {
            (_, "") => said("orderId")?,
            (Kind::First, original) if original != said("orderId")? => "",
            (_, original) => original,
        };
        if about != order.id {
            return Err(other_sale("the history answers another order"));
        }
        if said("currencyCode")? != super::currency(order.amount)?.to_string() {
            return Err(other_sale("the history answers another currency"));
        }
        let amount = amount(said("amount")?, order.amount.currency)
            .ok_or_else(|| unreadable("the history has a row without an amount"))?;
        let code = said("responseCode")?;
        let host = said("hostResponseCode")?;
        let stand = match (code, host, said("txnStatus")?) {
            (APPROVED, HOST_APPROVED, "N") => Stand::Done,
            (APPROVED, HOST_APPROVED, "V") => Stand::Undone,
            // Suspicious, and reversed by the bank itself.
            (APPROVED | "", HOST_APPROVED | "", "S" | "R") => Stand::Pending,
            (code, host, _) if code != APPROVED => {
                Stand::Failed(decline(code, host, why(|name| row.words(&[name])))?)
            }
            _ => return Err(unreadable("a row of the history contradicts itself")),
        };
        Ok(Some(Row {
            kind,
            stand,
            amount,
            said: row,
        }))
    }

    /// The masked card, and when it was made, with a blank between day and time.
    fn tells(&self) -> Result<(&'a str, String), Doubt> {
        let said = |name| self.said.exact(&[name]);
        let made_at = said("txnDateTime")?.replace('T', " ");
        Ok((said("maskedCardNumber")?, made_at))
    }

    fn charged(&self, order: &Order) -> Result<Charged, Doubt> {
        let said = |name| self.said.exact(&[name]);
        Ok(Charged {
            auth_code: auth_code(said("authCode")?)?,
            host_reference: host_reference(said("rrn")?)?,
            transaction_id: batch_and_number(said("batchNumber")?, said("stan")?),
            spent: rewards::spent(self.said, order.amount.currency),
            ..Charged::default()
        })
    }
}

/// The rows of one kind that stand so.
fn of<'r, 'a>(
    rows: &'r [Row<'a>],
    kind: Kind,
    stands: impl Fn(&Stand) -> bool + 'r,
) -> impl Iterator<Item = &'r Row<'a>> {
    rows.iter()
        .filter(move |row| row.kind == kind && stands(&row.stand))
}

/// The one row of a kind that did not fail, if any.
fn only<'r, 'a>(rows: &'r [Row<'a>], kind: Kind) -> Result<Option<&'r Row<'a>>, Doubt> {
    let mut found = of(rows, kind, |stand| !matches!(stand, Stand::Failed(_)));
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        _ => Err(other_sale("the history tells of two of what can be once")),
    }
}

/// The capture of a hold that stands; one that was undone leaves the hold as it was.
fn standing_capture<'r, 'a>(rows: &'r [Row<'a>]) -> Result<Option<&'r Row<'a>>, Doubt> {
    let stands = |stand: &Stand| matches!(stand, Stand::Done | Stand::Pending);
    let mut found = of(rows, Kind::Capture, stands);
    match (found.next(), found.next()) {
        (capture, None) => Ok(capture),
        _ => Err(unreadable("the history tells of two captures")),
    }
}

/// Whether the bank has not done with the sale, or with what was taken of the hold.
fn is_at_work(first: &Row<'_>, taking: Option<&Row<'_>>) -> bool {
    let mut moved = [Some(first), taking].into_iter().flatten();
    moved.any(|row| row.stand == Stand::Pending)
}

pub(super) async fn look_up(
    context: BankContext<'_>,
    order: &OrderRef<'_>,
) -> Result<Record, Doubt> {
    let Some(reply) = history(context, order.order).await? else {
        return Ok(OrderStatus::NotFound.into());
    };
    let (mut ours, mut others) = (Vec::new(), 0);
    for row in rows(&reply, order.order)? {
        let (card, made_at) = row.tells()?;
        let is_failed_try = matches!(row.stand, Stand::Failed(_)) && row.kind == Kind::First;
        if is_failed_try && is_other_try(order, card, &made_at) {
            others += 1;
        } else {
            ours.push(row);
        }
    }
    if ours.is_empty() && others > 0 {
        return Ok(OrderStatus::NotFound.into());
    }
    if let Some(first) = only(&ours, Kind::First)? {
        let (card, made_at) = first.tells()?;
        check_sale(order, card, &made_at)?;
    }
    stands(&ours, order.order)
}

/// How an order stands whose page says that it sold: its callback proves no amount.
pub(super) async fn confirm(context: BankContext<'_>, order: &Order) -> Result<Record, Doubt> {
    match history(context, order).await? {
        Some(reply) => stands(&rows(&reply, order)?, order),
        None => Ok(OrderStatus::NotFound.into()),
    }
}

fn stands(rows: &[Row<'_>], order: &Order) -> Result<Record, Doubt> {
    let Some(first) = only(rows, Kind::First)? else {
        let failed = rows.iter().rev().find_map(|row| match &row.stand {
            Stand::Failed(decline) if row.kind == Kind::First => Some(decline.clone()),
            _ => None,
        });
        let failed = failed.ok_or_else(|| unreadable("the history tells of no sale"))?;
        return Ok(OrderStatus::Refused(failed).into());
    };
    if first.amount != order.amount.minor {
        return Err(other_sale("the history answers another amount"));
    }
    let taking = match order.phase {
        Phase::Sale => Some(first),
        Phase::Hold => standing_capture(rows)?,
    };
    if is_at_work(first, taking) {
        return Ok(OrderStatus::Pending.into());
    }
    if first.stand == Stand::Undone {
        return match (order.phase, taking) {
            (Phase::Hold, Some(_)) => Err(unreadable("a hold that is undone and captured")),
            _ => Ok(OrderStatus::Voided.into()),
        };
    }
    let closed = first.said.exact(&["preAuthStatus"])?;
    let Some(taking) = taking else {
        return match closed {
            "O" => Ok(OrderStatus::Held(first.charged(order)?).into()),
            _ => Err(unreadable("a hold that is neither open nor captured")),
        };
    };
    if order.phase == Phase::Hold && closed != "C" {
        return Err(unreadable("a hold that is open and captured"));
    }
    if back(rows, taking.amount)? == taking.amount {
        return Ok(OrderStatus::Voided.into());
    }
    Ok(Record {
        status: OrderStatus::Captured(taking.charged(order)?),
        taken: Some(taking.amount),
    })
}

/// The sum of the refunds that stand, at most what was taken.
fn back(rows: &[Row<'_>], taken: i64) -> Result<i64, Doubt> {
    if of(rows, Kind::Refund, |stand| *stand == Stand::Pending)
        .next()
        .is_some()
    {
        return Err(unreadable("the bank is still at work on a refund"));
    }
    let mut seen: Vec<[&str; 3]> = Vec::new();
    let mut sum = 0_i64;
    for row in of(rows, Kind::Refund, |stand| *stand == Stand::Done) {
        let said = |name| row.said.exact(&[name]);
        let names = [said("orderId")?, said("rrn")?, said("stan")?];
        if seen.contains(&names) {
            return Err(unreadable("the history tells of one refund twice"));
        }
        seen.push(names);
        sum = sum
            .checked_add(row.amount)
            .filter(|sum| *sum <= taken)
            .ok_or_else(|| unreadable("the history tells of more back than was taken"))?;
    }
    Ok(sum)
}

/// What the history of an order says was given back.
pub(super) async fn given_back(
    context: BankContext<'_>,
    order: &OrderRef<'_>,
) -> Result<GivenBack, Doubt> {
    let reply = history(context, order.order).await?;
    let reply = reply.ok_or_else(|| unreadable("the bank knows no such sale"))?;
    let rows = rows(&reply, order.order)?;
    let first = only(&rows, Kind::First)?;
    let first = first.ok_or_else(|| unreadable("the history tells of no sale"))?;
    if first.amount != order.order.amount.minor {
        return Err(other_sale("the history answers another amount"));
    }
    let taking = match order.order.phase {
        Phase::Sale => Some(first),
        Phase::Hold => standing_capture(&rows)?,
    };
    if is_at_work(first, taking) {
        return Err(unreadable("the bank is still at work on the sale"));
    }
    // A void that ends between its two steps is made: the money is back, and the hold lapses.
    let is_hold = order.order.phase == Phase::Hold && taking.is_none();
    let uncaptured = of(&rows, Kind::Capture, |stand| *stand == Stand::Undone).next();
    let voided = first.stand == Stand::Undone || is_hold && uncaptured.is_some();
    let refunded = back(&rows, taking.map_or(0, |row| row.amount))?;
    if voided && refunded > 0 {
        return Err(unreadable("the history tells of a void and of refunds"));
    }
    Ok(GivenBack {
        voided,
        refunded: Some(refunded),
    })
}
