//! What PayFor's inquiries say of an order: `OrderInquiry` its own transaction, `TxnHistory` all that was done with it.
//! Both tell a transaction in the same fields.

use super::{
    APPROVED, GOES_ON, NOT_FOUND, VERIFIED, campaign, currency, error_group, exchange, minor_of,
    request,
};
use crate::bank::{
    BankContext, BankDay, Charged, Decline, Doubt, GivenBack, Order, OrderRef, OrderStatus, Phase,
    RewardMoney,
};
use crate::banks::{
    auth_code, check_count, check_sale, message, other_sale, question_refused, reference,
    unreadable,
};
use crate::xml::{Damaged, Element};
use std::cmp::Ordering;

const MORE_BACK: &str = "the inquiry gives back more than was taken";

/// How an order stands, and what was taken of it where the bank says so.
pub(super) struct Record {
    pub(super) status: OrderStatus,
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

/// What a transaction is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Sale,
    Hold,
    Capture,
    Refund,
    Void,
}

impl Kind {
    /// Nothing where no such type is known.
    pub(super) fn read(element: &Element) -> Result<Option<Kind>, Damaged> {
        Ok(match element.exact(&["TxnType"])? {
            "Auth" | "ParaPuanAuth" => Some(Kind::Sale),
            "PreAuth" => Some(Kind::Hold),
            "PostAuth" => Some(Kind::Capture),
            "Refund" | "ParaPuanRefund" => Some(Kind::Refund),
            "Void" | "ParaPuanVoid" => Some(Kind::Void),
            _ => None,
        })
    }
}

/// What became of it.
pub(super) enum State {
    Done,
    Undone,
    GoesOn,
    Failed(Decline),
}

/// One transaction.
pub(super) struct Row {
    kind: Kind,
    state: State,
    amount: i64,
    /// What went back of it, where its own record says so.
    refunded: i64,
    charged: Charged,
    /// By which the bank knows it.
    pub(super) guid: String,
    /// Its 3DS was proven, and it is not sold yet.
    pub(super) is_verified: bool,
    pub(super) secure_type: String,
    /// What the 3DS server said, in the words of a callback.
    pub(super) threeds: [String; 3],
}

impl Row {
    /// Reads a transaction of our order. Its amount is compared where it says that money was moved.
    fn read(
        context: BankContext<'_>,
        order: &OrderRef<'_>,
        element: &Element,
    ) -> Result<Row, Doubt> {
        let said = |name| element.exact(&[name]);
        if said("OrderId")? != order.order.id {
            return Err(other_sale("the inquiry answers another order"));
        }
        if said("MerchantID")? != context.account.client_id {
            return Err(other_sale("the inquiry answers another merchant"));
        }
        if said("Currency")? != currency(order.order.amount)? {
            return Err(other_sale("the inquiry answers another currency"));
        }
        let kind = Kind::read(element)?
            .ok_or_else(|| unreadable("the inquiry tells of what no order of ours has"))?;
        if matches!(kind, Kind::Sale | Kind::Hold) {
            let sold_at = sortable(said("InsertDatetime")?);
            check_sale(order, said("CardMask")?, &sold_at)?;
        }
        let (state, auth_code) = (State::read(element)?, auth_code(said("AuthCode")?)?);
        if matches!(state, State::Done) && auth_code.is_empty() {
            return Err(unreadable("an approval without its code"));
        }
        let amount = minor_of(said("PurchAmount")?);
        let word = |name| said(name).map(str::to_owned);
        // One client's sale has it under the second name, histories under the first.
        let verification = match said("D3Stat")? {
            "" => word("D3Status")?,
            word => word.to_owned(),
        };
        Ok(Row {
            kind,
            state,
            amount: amount.ok_or_else(|| unreadable("the inquiry answers no amount"))?,
            refunded: refunded(element)?,
            charged: Charged {
                auth_code,
                // `HostRefNum` is empty in every recorded inquiry; the reference stands here.
                host_reference: reference(said("F37")?)?,
                holder_name: element.words(&["CardHolderName"]),
                spent: spent(element),
                campaign: campaign(element),
                ..Charged::default()
            },
            guid: word("RequestGuid")?,
            is_verified: said("ProcReturnCode")? == VERIFIED && said("TxnStatus")? == "N",
            secure_type: word("SecureType")?,
            threeds: [word("3DStatus")?, verification, word("Eci")?],
        })
    }

    fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// It happened, whether or not it was undone since.
    fn happened(&self) -> bool {
        matches!(self.state, State::Done | State::Undone)
    }
}

impl State {
    pub(super) fn read(element: &Element) -> Result<State, Doubt> {
        let said = |name| element.exact(&[name]);
        let outcome = (
            said("TxnStatus")?,
            said("TxnResult")?,
            said("ProcReturnCode")?,
        );
        let is_voided = yes_or_no(element, "IsVoided")?;
        match (outcome, is_voided) {
            (("Y", "Success", APPROVED), None | Some(false)) => Ok(State::Done),
            (("V", "Success", APPROVED), None | Some(true)) => Ok(State::Undone),
            (("N" | "P", "Failed", GOES_ON), None | Some(false)) => Ok(State::GoesOn),
            (("P", "Failed", _), None | Some(false)) => Ok(State::GoesOn),
            (("N", "Failed", code), None | Some(false)) if !matches!(code, "" | APPROVED) => {
                Ok(State::Failed(Decline {
                    group: error_group(code),
                    code: message(code),
                    message: element.words(&["ErrMsg"]),
                    day: BankDay::Unsaid,
                }))
            }
            _ => Err(unreadable("the inquiry contradicts itself")),
        }
    }
}

/// What `OrderInquiry` says went back. Rows of a history have no such word, and a failed refund's names what it wanted.
fn refunded(element: &Element) -> Result<i64, Doubt> {
    match yes_or_no(element, "IsRefunded")? {
        None | Some(false) => Ok(0),
        Some(true) => minor_of(element.exact(&["RefundedAmount"])?)
            .filter(|sum| *sum > 0)
            .ok_or_else(|| unreadable("the inquiry does not tell what went back")),
    }
}

/// `true` or `false`, in any case; nothing where the record has no such word.
fn yes_or_no(element: &Element, name: &'static str) -> Result<Option<bool>, Doubt> {
    match element.exact(&[name])?.to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        _ => Err(unreadable("the inquiry says neither yes nor no")),
    }
}

/// ParaPuan that the transaction spent, where it tells.
fn spent(element: &Element) -> Option<RewardMoney> {
    let card = minor_of(element.exact(&["BonusAmount"]).ok()?)?;
    Some(RewardMoney {
        card,
        ..RewardMoney::default()
    })
}

/// `31.10.2022 23:13:21` and `2024-01-21T17:39:02` as `2022-10-31 23:13:21`.
pub(super) fn sortable(text: &str) -> String {
    let iso = text.replacen('T', " ", 1);
    let Some((date, time)) = iso.split_once(' ') else {
        return iso;
    };
    match date.split('.').collect::<Vec<_>>()[..] {
        [day, month, year] => format!("{year}-{month}-{day} {time}"),
        _ => iso,
    }
}

/// Whether a reply says that the bank knows nothing under the order id, which is empty where none was asked about: its
/// own record of the question, unnumbered.
pub(super) fn is_unknown(element: &Element, question: &str, order_id: &str) -> Result<bool, Doubt> {
    let said = |name| element.exact(&[name]);
    let is_or_empty = |name, value: &str| said(name).map(|said| said.is_empty() || said == value);
    Ok(said("ProcReturnCode")? == NOT_FOUND
        && is_or_empty("RequestGuid", "0")?
        && is_or_empty("TxnType", question)?
        && is_or_empty("OrderId", order_id)?
        && is_or_empty("OrgOrderId", order_id)?
        && is_or_empty("TransId", order_id)?)
}

/// The refusal of a question, where a reply is that and no transaction.
pub(super) fn refused_question(element: &Element, question: &str) -> Result<(), Doubt> {
    let (kind, code) = (
        element.exact(&["TxnType"])?,
        element.exact(&["ProcReturnCode"])?,
    );
    let refused = !matches!(code, "" | APPROVED);
    if refused && (kind.is_empty() || kind == question) {
        return Err(question_refused(error_group(code)));
    }
    Ok(())
}

/// The order's own transaction; nothing when the bank knows none.
pub(super) async fn own(
    context: BankContext<'_>,
    order: &OrderRef<'_>,
) -> Result<Option<Row>, Doubt> {
    const ASKS: &str = "OrderInquiry";
    let request = request(context, ("Inquiry", ASKS), |w| {
        w.leaf("OrgOrderId", &order.order.id);
    })?;
    let reply = exchange(context, request, "PayforResponse").await?;
    if is_unknown(&reply, ASKS, &order.order.id)? {
        return Ok(None);
    }
    refused_question(&reply, ASKS)?;
    Row::read(context, order, &reply).map(Some)
}

/// The question for what was done with an order, or on a day.
pub(super) const HISTORY: &str = "TxnHistory";
/// The root of its reply.
pub(super) const REPORT: &str = "TxnHistoryReport";

/// The transactions in a reply to it.
pub(super) fn listed(reply: &Element) -> impl Iterator<Item = &Element> {
    let rows = reply.all("PaymentRequestExtended");
    rows.flat_map(|extended| extended.all("PaymentRequest"))
}

/// All transactions of the order.
async fn history(context: BankContext<'_>, order: &OrderRef<'_>) -> Result<Vec<Row>, Doubt> {
    let request = request(context, ("Report", HISTORY), |w| {
        w.leaf("OrderId", &order.order.id);
    })?;
    let reply = exchange(context, request, REPORT).await?;
    let told: Vec<&Element> = listed(&reply).collect();
    check_count(told.len())?;
    match told[..] {
        [] => return Err(unreadable("the history tells of nothing")),
        [only] if is_unknown(only, HISTORY, &order.order.id)? => return Ok(Vec::new()),
        _ => {}
    }
    let mut rows = Vec::new();
    for told in told {
        refused_question(told, HISTORY)?;
        rows.push(Row::read(context, order, told)?);
    }
    check_names(rows.iter().map(|row| row.guid.as_str()))?;
    Ok(rows)
}

/// Refuses to read what tells of one transaction twice.
pub(super) fn check_names<'a>(guids: impl Iterator<Item = &'a str>) -> Result<(), Doubt> {
    let mut guids: Vec<&str> = guids.collect();
    guids.sort_unstable();
    if guids.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(unreadable("the history tells of one transaction twice"));
    }
    Ok(())
}

/// How an order stands. The bank tells the order's own transaction, which of a captured hold is the capture. Where it
/// tells what was done last instead, or a capture that was undone and may leave its hold, the history says more.
pub(super) async fn look_up(
    context: BankContext<'_>,
    order: &OrderRef<'_>,
) -> Result<Record, Doubt> {
    let Some(row) = own(context, order).await? else {
        return Ok(OrderStatus::NotFound.into());
    };
    match (order.order.phase, row.kind) {
        (_, Kind::Sale | Kind::Hold) => stand(order.order, &[row]),
        (Phase::Hold, Kind::Capture) if row.is_done() => captured(row),
        _ => stand(order.order, &history(context, order).await?),
    }
}

/// A hold that was captured, as the capture's own record says: all of it may have gone back.
fn captured(capture: Row) -> Result<Record, Doubt> {
    match capture.refunded.cmp(&capture.amount) {
        Ordering::Less => Ok(Record {
            taken: Some(capture.amount),
            status: OrderStatus::Captured(capture.charged),
        }),
        Ordering::Equal => Ok(OrderStatus::Voided.into()),
        Ordering::Greater => Err(unreadable(MORE_BACK)),
    }
}

/// What the transactions of an order say of it.
pub(super) fn stand(order: &Order, rows: &[Row]) -> Result<Record, Doubt> {
    if rows.is_empty() {
        return Ok(OrderStatus::NotFound.into());
    }
    let Some(first) = first_of(order, rows)? else {
        return failed(order, rows);
    };
    check_amount(order, first)?;
    let sum = given_back_of(order, first, rows)?;
    Ok(match taking(order, first, rows)? {
        Some(taking) if sum == taking.amount => OrderStatus::Voided.into(),
        Some(taking) => Record {
            status: OrderStatus::Captured(taking.charged.clone()),
            taken: Some(taking.amount),
        },
        None if order.phase == Phase::Hold && first.is_done() => {
            OrderStatus::Held(first.charged.clone()).into()
        }
        None => OrderStatus::Voided.into(),
    })
}

/// The sale or hold that happened; nothing when none did.
fn first_of<'a>(order: &Order, rows: &'a [Row]) -> Result<Option<&'a Row>, Doubt> {
    let kind = match order.phase {
        Phase::Sale => Kind::Sale,
        Phase::Hold => Kind::Hold,
    };
    let foreign = match order.phase {
        Phase::Sale => [Kind::Hold, Kind::Capture],
        Phase::Hold => [Kind::Sale, Kind::Sale],
    };
    if rows.iter().any(|row| foreign.contains(&row.kind)) {
        return Err(other_sale("the inquiry answers an order of another kind"));
    }
    let mut happened = rows.iter().filter(|row| row.kind == kind && row.happened());
    match (happened.next(), happened.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(other_sale("the inquiry answers two sales")),
    }
}

/// An order that never happened: on its way, refused, or verified and waiting for its sale, which is no sale.
fn failed(order: &Order, rows: &[Row]) -> Result<Record, Doubt> {
    let tried = |row: &&Row| matches!(row.kind, Kind::Sale | Kind::Hold);
    let Some(last) = rows.iter().rfind(tried) else {
        return Err(unreadable("the inquiry tells of no sale"));
    };
    if rows.iter().any(|row| row.happened()) {
        return Err(unreadable("the inquiry moves what was never taken"));
    }
    check_amount(order, last)?;
    Ok(match &last.state {
        State::Failed(_) if last.is_verified => OrderStatus::NotFound,
        State::Failed(decline) => OrderStatus::Refused(decline.clone()),
        _ => OrderStatus::Pending,
    }
    .into())
}

/// The transaction that took the money and stands.
fn taking<'a>(order: &Order, first: &'a Row, rows: &'a [Row]) -> Result<Option<&'a Row>, Doubt> {
    if order.phase == Phase::Sale {
        return Ok(first.is_done().then_some(first));
    }
    let mut captures = rows
        .iter()
        .filter(|row| row.kind == Kind::Capture && row.is_done());
    match (captures.next(), captures.next()) {
        (Some(_), None) if !first.is_done() => {
            Err(unreadable("the inquiry tells of a capture of nothing"))
        }
        (capture, None) => Ok(capture),
        (_, Some(_)) => Err(unreadable("the inquiry tells of two captures")),
    }
}

/// The sum of what went back.
fn given_back_of(order: &Order, first: &Row, rows: &[Row]) -> Result<i64, Doubt> {
    let refunds = rows
        .iter()
        .filter(|row| row.kind == Kind::Refund && row.is_done());
    let mut sum = first.refunded;
    for refund in refunds {
        sum = sum
            .checked_add(refund.amount)
            .ok_or_else(|| unreadable("the inquiry tells of too much"))?;
    }
    let taken = taking(order, first, rows)?.map_or(0, |taken| taken.amount);
    if sum > taken {
        return Err(unreadable(MORE_BACK));
    }
    Ok(sum)
}

fn check_amount(order: &Order, row: &Row) -> Result<(), Doubt> {
    if row.amount == order.amount.minor {
        Ok(())
    } else {
        Err(other_sale("the inquiry answers another amount"))
    }
}

/// What the history of an order says was given back.
pub(super) async fn given_back(
    context: BankContext<'_>,
    order: &OrderRef<'_>,
) -> Result<GivenBack, Doubt> {
    let rows = history(context, order).await?;
    let first = first_of(order.order, &rows)?;
    let first = first.ok_or_else(|| unreadable("the bank knows no such sale"))?;
    check_amount(order.order, first)?;
    let refunded = given_back_of(order.order, first, &rows)?;
    // A void that ends between its two steps is made: the money is back, and the hold lapses.
    let is_hold = order.order.phase == Phase::Hold && taking(order.order, first, &rows)?.is_none();
    let is_uncaptured = |row: &Row| row.kind == Kind::Capture && matches!(row.state, State::Undone);
    Ok(GivenBack {
        voided: !first.is_done() || is_hold && rows.iter().any(is_uncaptured),
        refunded: Some(refunded),
    })
}
