//! Garanti's list of a day, `orderlistinq`: what was done on the account, whoever did it, a page at a time.
//!
//! Its words are those of one recorded list and of a public client's table. The hash of a reply covers none of its rows.

use super::{
    GATEWAY, NO_TRANSACTION, NOT_FOUND, PLACEHOLDER_MINOR, Question, exchange, refusal, user,
};
use crate::bank::{BankContext, BankMove, Doubt, MoveKind, MoveOutcome, Order, Phase};
use crate::banks::{minor_units, moment, question_refused, unreadable};
use crate::xml::{Element, Writer};
use contract::enums::{Currency, PosOperationType};
use contract::money::Money;
use jiff::civil::Date;

/// Rows of a page, by the document.
const PAGE_ROWS: usize = 500;
/// Pages of a day: a day with more is not read at all.
const PAGES_MAX: usize = 100;

/// A page of a day's list.
pub(super) struct Page {
    day: Date,
    number: usize,
}

impl Page {
    /// Whether the last minute is part of a range is not public, so the day's end is the next day's beginning, and what
    /// is of that day is left out of what is read.
    pub(super) fn write(&self, w: &mut Writer) {
        let moment = |day: Date| day.strftime("%d/%m/%Y 00:00").to_string();
        w.leaf("StartDate", &moment(self.day));
        w.leaf(
            "EndDate",
            &moment(self.day.saturating_add(jiff::Span::new().days(1))),
        );
        w.leaf("ListPageNum", &self.number.to_string());
    }
}

pub(crate) async fn day_list(context: BankContext<'_>, day: Date) -> Result<Vec<BankMove>, Doubt> {
    let mut moves = Vec::new();
    let mut number = 1;
    loop {
        let Some(listed) = ask_page(context, Page { day, number }).await? else {
            return Ok(moves);
        };
        moves.extend(listed.moves);
        if listed.pages > PAGES_MAX {
            return Err(unreadable("the day's list is too long"));
        }
        if number >= listed.pages {
            // Pages of a list that grows between them overlap, or leave a row out.
            if moves.len() != listed.rows {
                return Err(unreadable("the day's list has not as many rows as it says"));
            }
            moves.retain(|one| one.at.is_none_or(|at| at.date() == day));
            return Ok(moves);
        }
        number += 1;
    }
}

/// A page as it was read.
struct Listed {
    moves: Vec<BankMove>,
    /// How many pages there are.
    pages: usize,
    /// How many rows there are on all of them.
    rows: usize,
}

/// Asks for a page; nothing when the list is empty.
async fn ask_page(context: BankContext<'_>, page: Page) -> Result<Option<Listed>, Doubt> {
    let seller = user(context, PosOperationType::Provaut)?;
    // The samples send no order id and one lira.
    let order = Order {
        id: String::new(),
        amount: Money::new(PLACEHOLDER_MINOR, Currency::Try),
        installment: 1,
        phase: Phase::Sale,
    };
    let question = Question {
        page: Some(&page),
        ..Question::about("orderlistinq", seller, &order)
    };
    let reply = exchange(context, &question).await?;
    let by_gateway = reply.exact(&["Transaction", "Response", "Code"])? == GATEWAY;
    if let Some(decline) = refusal(&reply)? {
        // What a day without a row is answered with is not public.
        let nothing = by_gateway && matches!(decline.code.as_str(), NOT_FOUND | NO_TRANSACTION);
        if nothing && page.number == 1 {
            return Ok(None);
        }
        return Err(question_refused(decline.group));
    }
    let list = reply.at(&["Order", "OrderListInqResult", "OrderTxnList"])?;
    let list = list.ok_or_else(|| unreadable("the reply has no list"))?;
    let moves: Result<Vec<BankMove>, Doubt> = list.all("OrderTxn").map(read_row).collect();
    let moves = moves?;
    if moves.is_empty() && page.number == 1 && counted(list, "TotalTxnCount")?.unwrap_or(0) == 0 {
        return Ok(None);
    }
    let told = |name| counted(list, name)?.ok_or_else(|| unreadable("the list is not counted"));
    if told("ActPageNum")? != page.number || moves.is_empty() || moves.len() > PAGE_ROWS {
        return Err(unreadable("the list answers another page"));
    }
    Ok(Some(Listed {
        moves,
        pages: told("TotalPageCount")?,
        rows: told("TotalTxnCount")?,
    }))
}

/// A number of rows or pages, where there is one.
fn counted(list: &Element, name: &'static str) -> Result<Option<usize>, Doubt> {
    let text = list.exact(&[name])?;
    Ok(minor_units(text).and_then(|number| usize::try_from(number).ok()))
}

fn read_row(row: &Element) -> Result<BankMove, Doubt> {
    let exact = |name| row.exact(&[name]);
    let kind = match exact("TrxType")?.to_ascii_lowercase().as_str() {
        "satis" => MoveKind::Sale,
        "on otorizasyon" => MoveKind::Hold,
        "on otorizasyon kapama" => MoveKind::Capture,
        "iptal" => MoveKind::Void,
        "iade" => MoveKind::Refund,
        _ => MoveKind::Other,
    };
    let outcome = match (
        exact("Status")?.to_ascii_lowercase().as_str(),
        exact("ResponseCode")?,
    ) {
        ("basarili" | "onaylandi", "00") => MoveOutcome::Worked,
        // A void that reads as voided is one that worked; any other row was undone by one.
        ("iptal", "00") if kind == MoveKind::Void => MoveOutcome::Worked,
        ("iptal", "00") => MoveOutcome::Undone,
        ("basarisiz", code) if !matches!(code, "" | "00") => MoveOutcome::Failed,
        _ => MoveOutcome::Unclear,
    };
    let currency = match exact("CurrencyCode")? {
        "TL" => Some(Currency::Try),
        code => code.parse().ok(),
    };
    Ok(BankMove {
        order_id: exact("OrderID")?.to_owned(),
        kind,
        outcome,
        amount: minor_units(exact("AuthAmount")?),
        currency,
        at: moment(exact("LastTrxDate")?),
        card: row.words(&["CardNumberMasked"]),
        auth_code: row.words(&["AuthCode"]),
        host_reference: row.words(&["RetrefNum"]),
    })
}
