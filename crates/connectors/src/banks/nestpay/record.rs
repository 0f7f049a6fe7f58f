//! What NestPay's inquiries say of an order: `ORDERSTATUS` how it stands, `ORDERHISTORY` all that was done with it.

use super::{GATEWAY, Question, error_group, exchange, refusal};
use crate::bank::{
    BankContext, BankDay, Charged, Decline, Doubt, GivenBack, Order, OrderRef, OrderStatus, Phase,
};
use crate::banks::{
    auth_code, check_count, check_sale, message, minor_units, other_sale, question_refused,
    reference, unreadable,
};
use crate::xml::Element;
use contract::errors::ErrorGroup;

/// How an order stands.
pub(super) struct Record {
    pub(super) status: OrderStatus,
    /// What was taken of it, where the bank says so.
    pub(super) taken: Option<i64>,
    /// Its day is closed.
    pub(super) is_settled: bool,
}

impl From<OrderStatus> for Record {
    fn from(status: OrderStatus) -> Record {
        Record {
            status,
            taken: None,
            is_settled: false,
        }
    }
}

/// The question and its answer; nothing when the bank knows no such order.
async fn inquire(
    context: BankContext<'_>,
    order: &Order,
    what: &'static str,
) -> Result<Option<Element>, Doubt> {
    let question = Question {
        extra: vec![(what, "QUERY".to_owned())],
        ..Question::about("", order)
    };
    let reply = exchange(context, &question).await?;
    match refusal(&reply)? {
        None => Ok(Some(reply)),
        Some(_) if is_unknown(&reply, &order.id)? => Ok(None),
        Some(decline) => Err(question_refused(decline.group)),
    }
}

/// The bank says in words alone that it has no such order.
fn is_unknown(reply: &Element, order_id: &str) -> Result<bool, Doubt> {
    let wanted = format!("No record found for {order_id}");
    // A refusal of the account may come in any words.
    let is_it = reply.exact(&["ErrMsg"]).is_ok_and(|words| words == wanted);
    Ok(is_it && reply.exact(&["ProcReturnCode"])? == GATEWAY)
}

pub(super) async fn look_up(
    context: BankContext<'_>,
    order: &OrderRef<'_>,
) -> Result<Record, Doubt> {
    let Some(reply) = inquire(context, order.order, "ORDERSTATUS").await? else {
        return Ok(OrderStatus::NotFound.into());
    };
    let said = |name| reply.exact(&["Extra", name]);
    let state = said("TRANS_STAT")?;
    // In the first seconds after a sale the answer is empty, and says nothing yet.
    if state.is_empty() && said("ORD_ID")?.is_empty() {
        return Ok(OrderStatus::Pending.into());
    }
    if said("ORD_ID")? != order.order.id {
        return Err(other_sale("the inquiry answers another order"));
    }
    if said("CHARGE_TYPE_CD")? != "S" {
        return Err(unreadable("the inquiry answers what is no sale"));
    }
    check_sale(order, said("PAN")?, said("AUTH_DTTM")?)?;
    let refused = !matches!(said("PROC_RET_CD")?, "" | "00");
    match state {
        "D" | "ERR" if refused => Ok(OrderStatus::Refused(why(&reply)?).into()),
        "A" if !refused => {
            check_amount(&reply, "ORIG_TRANS_AMT", order.order)?;
            Ok(OrderStatus::Held(references(&reply)?).into())
        }
        "C" | "S" if !refused => captured(&reply, order.order, state == "S"),
        "V" | "CNCL" if !refused => Ok(OrderStatus::Voided.into()),
        "PN" => Ok(OrderStatus::Pending.into()),
        // It waits for its void, which is ours to send.
        "R" => Ok(OrderStatus::ToReverse(references(&reply)?).into()),
        _ => Err(unreadable(
            "the inquiry answers a state that no order of ours has",
        )),
    }
}

fn why(reply: &Element) -> Result<Decline, Doubt> {
    let code = reply.exact(&["Extra", "PROC_RET_CD"])?;
    let group = match code {
        GATEWAY => ErrorGroup::Declined,
        code => error_group(code, ""),
    };
    Ok(Decline {
        group,
        code: message(code),
        message: String::new(),
        day: BankDay::Unsaid,
    })
}

fn captured(reply: &Element, order: &Order, is_settled: bool) -> Result<Record, Doubt> {
    let taken = amount(reply, "CAPTURE_AMT")?;
    match order.phase {
        Phase::Sale => {
            check_amount(reply, "ORIG_TRANS_AMT", order)?;
            check_amount(reply, "CAPTURE_AMT", order)?;
        }
        // A capture may take more or less than is held; the record then names either as the original.
        Phase::Hold => {
            let original = amount(reply, "ORIG_TRANS_AMT")?;
            if taken == 0 || original != order.amount.minor && original != taken {
                return Err(other_sale("the inquiry answers another amount held"));
            }
        }
    }
    Ok(Record {
        status: OrderStatus::Captured(references(reply)?),
        taken: Some(taken),
        is_settled,
    })
}

/// Minor units, though requests have lira. No currency stands in a record.
fn amount(reply: &Element, name: &'static str) -> Result<i64, Doubt> {
    let said = reply.exact(&["Extra", name])?;
    minor_units(said).ok_or_else(|| unreadable("the inquiry answers no amount"))
}

fn check_amount(reply: &Element, name: &'static str, order: &Order) -> Result<(), Doubt> {
    if amount(reply, name)? == order.amount.minor {
        Ok(())
    } else {
        Err(other_sale("the inquiry answers another amount"))
    }
}

fn references(reply: &Element) -> Result<Charged, Doubt> {
    let said = |name| reply.exact(&["Extra", name]);
    Ok(Charged {
        auth_code: auth_code(said("AUTH_CODE")?)?,
        host_reference: reference(said("HOST_REF_NUM")?)?,
        transaction_id: reply.words(&["Extra", "TRANS_ID"]),
        ..Charged::default()
    })
}

/// What the history of an order says was given back. Recorded are sales, taken and voided, and credits that
/// failed; whatever else cannot be told apart is doubt.
pub(super) async fn given_back(
    context: BankContext<'_>,
    order: &OrderRef<'_>,
) -> Result<GivenBack, Doubt> {
    let reply = inquire(context, order.order, "ORDERHISTORY").await?;
    let reply = reply.ok_or_else(|| unreadable("the bank knows no such sale"))?;
    let extra = reply.only("Extra")?;
    let rows = extra.into_iter().flat_map(Element::children);
    let rows = rows.filter(|element| is_row(element.name()));
    let rows: Vec<Row> = rows.map(Row::read).collect::<Result<_, _>>()?;
    check_count(rows.len())?;
    if reply.exact(&["Extra", "TRXCOUNT"])? != rows.len().to_string() {
        return Err(unreadable("the history does not tell of all it counts"));
    }
    sum_up(order.order, &rows)
}

fn is_row(name: &str) -> bool {
    let number = name.strip_prefix("TRX").filter(|rest| !rest.is_empty());
    number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// One row: type, state, amount, captured, three moments, reference, approval code, outcome, transaction.
struct Row {
    is_credit: bool,
    /// What it tells of did not happen.
    failed: bool,
    /// Undone; of a hold also its capture alone, which leaves the hold.
    is_voided: bool,
    amount: i64,
    captured: Option<i64>,
    transaction: String,
}

impl Row {
    const COLUMNS: usize = 11;

    fn read(element: &Element) -> Result<Row, Doubt> {
        let columns = element.columns("TRX")?;
        let [
            kind,
            state,
            amount,
            captured,
            _,
            _,
            voided_at,
            _,
            _,
            outcome,
            transaction,
        ] = columns[..]
        else {
            const { assert!(Row::COLUMNS == 11) };
            return Err(unreadable("a row of the history has other columns"));
        };
        let is_credit = match kind {
            "S" => false,
            "C" => true,
            _ => return Err(unreadable("the history tells of what no order of ours has")),
        };
        let failed = outcome != "00";
        let is_voided = match (state, failed) {
            ("D" | "ERR", true) => false,
            ("A" | "C" | "S", false) if voided_at.is_empty() => false,
            ("V" | "A", false) => true,
            _ => return Err(unreadable("a row of the history contradicts itself")),
        };
        let amount = minor_units(amount);
        Ok(Row {
            is_credit,
            failed,
            is_voided,
            amount: amount.ok_or_else(|| unreadable("the history has a row without an amount"))?,
            captured: minor_units(captured),
            transaction: transaction.to_owned(),
        })
    }
}

fn sum_up(order: &Order, rows: &[Row]) -> Result<GivenBack, Doubt> {
    let done = |is_credit| {
        let of_kind = move |row: &&Row| row.is_credit == is_credit && !row.failed;
        rows.iter().filter(of_kind)
    };
    let mut sales = done(false);
    let (Some(sale), None) = (sales.next(), sales.next()) else {
        return Err(unreadable("the history does not tell of one sale"));
    };
    let taken = sale.captured.unwrap_or(0);
    let is_ours = match order.phase {
        Phase::Sale => sale.amount == order.amount.minor,
        Phase::Hold => sale.amount == order.amount.minor || sale.amount == taken,
    };
    if !is_ours {
        return Err(other_sale("the history answers another amount"));
    }
    let mut transactions: Vec<&str> = Vec::new();
    let mut refunded = 0_i64;
    for row in done(true).filter(|row| !row.is_voided) {
        if transactions.contains(&row.transaction.as_str()) {
            return Err(unreadable("the history tells of one credit twice"));
        }
        transactions.push(&row.transaction);
        refunded = refunded
            .checked_add(row.amount)
            .filter(|sum| *sum <= taken)
            .ok_or_else(|| unreadable("the history tells of more back than was taken"))?;
    }
    if sale.is_voided && refunded > 0 {
        return Err(unreadable("the history tells of a void and of credits"));
    }
    Ok(GivenBack {
        voided: sale.is_voided,
        refunded: Some(refunded),
    })
}
