//! PayFor's list of a day, `TxnHistory` with `ReqDate`: what was done on the account, whoever did it, in the fields of an
//! order's history. The bank gives the whole day in one reply, without pages.

use super::record::{
    HISTORY, Kind, REPORT, State, check_names, is_unknown, listed, refused_question, sortable,
};
use super::{ACCOUNT, currency, minor_of, request};
use crate::bank::{BankContext, BankMove, Doubt, MoveKind, MoveOutcome};
use crate::banks::{ask_for_list, moment, unauthentic, unless_untold, unreadable};
use crate::xml::Element;
use contract::money::Money;
use jiff::civil::Date;

pub(crate) async fn day_list(context: BankContext<'_>, day: Date) -> Result<Vec<BankMove>, Doubt> {
    let request = request(context, ("Report", HISTORY), |w| {
        w.leaf("ReqDate", &day.strftime("%Y%m%d").to_string());
    })?;
    let body = ask_for_list(context.http, request).await?;
    let reply = Element::parse_list(&body).map_err(|_| unreadable("the list is not XML"))?;
    if !reply.is(REPORT) {
        refused_question(&reply, HISTORY)?;
        return Err(unreadable("the reply has another root"));
    }
    let rows: Vec<&Element> = listed(&reply).collect();
    // A row or a part of one that stands elsewhere would be left out.
    if rows.len() != reply.children().len() {
        return Err(unreadable("the list has more than its rows"));
    }
    // What a day without a row is answered with is not public: as an order that is not there, or with nothing.
    if let [only] = rows[..]
        && is_unknown(only, HISTORY, "")?
    {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    let mut moves = Vec::new();
    for row in rows {
        refused_question(row, HISTORY)?;
        if row.exact(&["MerchantID"])? != context.account.client_id {
            return Err(unauthentic("the list is of another merchant"));
        }
        names.push(row.exact(&["RequestGuid"])?);
        moves.push(read_row(row)?);
    }
    check_names(names.into_iter())?;
    moves.retain(|one: &BankMove| one.at.is_none_or(|at| at.date() == day));
    Ok(moves)
}

fn read_row(row: &Element) -> Result<BankMove, Doubt> {
    let said = |name| row.exact(&[name]);
    let kind = match Kind::read(row)? {
        Some(Kind::Sale) => MoveKind::Sale,
        Some(Kind::Hold) => MoveKind::Hold,
        Some(Kind::Capture) => MoveKind::Capture,
        Some(Kind::Refund) => MoveKind::Refund,
        Some(Kind::Void) => MoveKind::Void,
        None => MoveKind::Other,
    };
    let outcome = match State::read(row) {
        Ok(State::Done) if said("AuthCode")?.is_empty() => MoveOutcome::Unclear,
        Ok(State::Done) => MoveOutcome::Worked,
        Ok(State::Undone) => MoveOutcome::Undone,
        Ok(State::Failed(_)) => MoveOutcome::Failed,
        // A shopper who never came back from 3DS, as most rows of the recorded list: nothing was done.
        Ok(State::GoesOn) if said("TxnStatus")? == "N" => MoveOutcome::Failed,
        Ok(State::GoesOn) | Err(_) => MoveOutcome::Unclear,
    };
    let number = said("Currency")?;
    let mut known = ACCOUNT.currencies.iter().copied();
    let currency = known.find(|known| currency(Money::new(0, *known)) == Ok(number));
    let amount = minor_of(said("PurchAmount")?);
    // A refund may come to have an id of its own.
    let order_id = match said("OrgOrderId")? {
        "" => said("OrderId")?,
        original => original,
    };
    Ok(BankMove {
        order_id: order_id.to_owned(),
        kind,
        outcome: unless_untold(outcome, amount, currency),
        amount,
        currency,
        at: moment(&sortable(said("InsertDatetime")?)),
        card: row.words(&["CardMask"]),
        auth_code: row.words(&["AuthCode"]),
        // `HostRefNum` is empty in every recorded list; the reference stands here.
        host_reference: row.words(&["F37"]),
    })
}
