//! What PosNet's inquiry (`agreement`) says of an order: the list of all that was done with it.
//!
//! The reply is not signed, so everything that it echoes is compared with our order. Whatever can be
//! read in two ways is doubt.

use super::{NOT_FOUND, charged, currency, exchange, order_id, refusal, request};
use crate::bank::{
    BankContext, BankDay, Charged, Decline, Doubt, GivenBack, OrderRef, OrderStatus, Phase,
};
use crate::banks::{
    check_count, check_sale, message, minor_units, other_sale, question_refused, reference,
    unauthentic, unreadable,
};
use crate::xml::Element;
use contract::errors::ErrorGroup;

/// What the bank has under an order id; nothing where it knows no such order.
pub(super) async fn look_up(
    context: BankContext<'_>,
    order: &OrderRef<'_>,
) -> Result<Option<Record>, Doubt> {
    let id = order_id(&order.order.id, order.threeds);
    let request = request(context.account, order.threeds, &id, |w| {
        w.element("agreement", |w| w.leaf("orderID", &id));
    });
    let reply = exchange(context, request).await?;
    if let Some(decline) = refusal(&reply)? {
        return match decline.code.as_str() {
            NOT_FOUND | "0122" | "0123" => Ok(None),
            _ => Err(question_refused(decline.group)),
        };
    }
    let transactions = reply.only("transactions")?;
    let entries: Result<Vec<Entry>, Doubt> = transactions
        .into_iter()
        .flat_map(|list| list.all("transaction"))
        .map(|entry| read_entry(entry, order, &id))
        .collect();
    let entries = entries?;
    check_count(entries.len())?;
    Record::of(order.order.amount.minor, &entries).map(Some)
}

/// What a transaction is about, by the name that a reversal has to call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    Sale,
    Points,
    Hold,
    Capture,
    Return,
}

impl Move {
    /// The name in `reverse`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Move::Sale => "sale",
            Move::Points => "pointUsage",
            Move::Hold => "auth",
            Move::Capture => "capt",
            Move::Return => "return",
        }
    }

    /// The move that a `state` is about, and whether it undoes it. The document's list says
    /// `Bonus_Reverse`, its rule for the other names `Bonus_Usage_Reverse`.
    fn of_state(state: &str) -> Option<(Move, bool)> {
        Some(match state {
            "Sale" => (Move::Sale, false),
            "Sale_Reverse" => (Move::Sale, true),
            "Bonus_Usage" => (Move::Points, false),
            "Bonus_Reverse" | "Bonus_Usage_Reverse" => (Move::Points, true),
            "Authorization" => (Move::Hold, false),
            "Authorization_Reverse" => (Move::Hold, true),
            "Capture" => (Move::Capture, false),
            "Capture_Reverse" => (Move::Capture, true),
            "Return" | "Bonus_Return" => (Move::Return, false),
            "Return_Reverse" | "Bonus_Return_Reverse" => (Move::Return, true),
            _ => return None,
        })
    }
}

/// One transaction of the list.
struct Entry {
    about: Move,
    undoes: bool,
    /// Failed, or was undone later: the document has one status for both.
    worked: bool,
    amount: i64,
    state: String,
    said: Charged,
}

/// Reads one transaction, compared with what we asked for.
fn read_entry(entry: &Element, asked: &OrderRef<'_>, id: &str) -> Result<Entry, Doubt> {
    let order = asked.order;
    if entry.exact(&["orderID"])? != id {
        return Err(unauthentic("the inquiry answers another order"));
    }
    let state = entry.exact(&["state"])?;
    let of_ours = |about| match order.phase {
        Phase::Sale => matches!(about, Move::Sale | Move::Points | Move::Return),
        Phase::Hold => matches!(about, Move::Hold | Move::Capture | Move::Return),
    };
    let known = Move::of_state(state).filter(|(about, _)| of_ours(*about));
    let (about, undoes) =
        known.ok_or_else(|| unreadable("the inquiry answers a state that no order of ours has"))?;
    let amount = lira(entry.exact(&["amount"])?).filter(|amount| *amount > 0);
    // A capture may take more or less than is held, a return gives a part back.
    let fits = match about {
        Move::Sale | Move::Points | Move::Hold => amount == Some(order.amount.minor),
        Move::Capture => amount.is_some(),
        Move::Return => amount.is_some(),
    };
    let (Some(amount), true) = (
        amount,
        fits && entry.exact(&["currencyCode"])? == currency(order)?,
    ) else {
        return Err(other_sale("the inquiry answers another amount or currency"));
    };
    check_sale(asked, entry.exact(&["ccno"])?, entry.exact(&["tranDate"])?)?;
    let worked = match entry.exact(&["txnStatus"])? {
        "1" => true,
        "0" => false,
        _ => return Err(unreadable("the inquiry answers no status")),
    };
    // What failed has no reference to read.
    let said = match (worked, undoes) {
        (true, false) | (false, true) => charged(entry)?,
        _ => Charged {
            host_reference: reference(entry.exact(&["hostlogkey"])?)?,
            ..Charged::default()
        },
    };
    Ok(Entry {
        about,
        undoes,
        worked,
        amount,
        state: message(state),
        said,
    })
}

/// An order at the bank.
#[derive(Debug)]
pub(super) struct Record {
    /// How the order stands; nothing where the list tells of returns, and no more.
    pub(super) status: Option<OrderStatus>,
    /// What a void has to reverse, in this order.
    pub(super) standing: Vec<Move>,
    /// What was taken of a hold.
    pub(super) captured: Option<i64>,
    pub(super) given_back: GivenBack,
}

/// What became of one kind of move, in whatever order its transactions stand.
enum Stands<'a> {
    /// Not in the list.
    Unknown,
    Done(&'a Entry),
    Failed(&'a Entry),
    Undone,
}

fn standing(entries: &[Entry], about: Move) -> Result<Stands<'_>, Doubt> {
    let mut stands = Stands::Unknown;
    let (mut done, mut kept, mut undone) = (None::<&Entry>, None, None::<&Entry>);
    for entry in entries.iter().filter(|entry| entry.about == about) {
        match (entry.undoes, entry.worked) {
            (false, true) => {
                let same = |before: &Entry| before.said.host_reference == entry.said.host_reference;
                if done.is_some_and(|before| !same(before) || before.amount != entry.amount) {
                    return Err(unreadable("the inquiry answers two sales"));
                }
                done = Some(entry);
            }
            (false, false) => stands = Stands::Failed(entry),
            (true, true) => undone = Some(entry),
            (true, false) => kept = Some(entry),
        }
    }
    // A capture can be undone and made again, a sale cannot: its reversal is the last word.
    if let (Move::Capture, Some(done), Some(undone)) = (about, done, undone)
        && done.said.host_reference != undone.said.host_reference
    {
        return Err(unreadable(
            "the inquiry answers a capture beside a reversal",
        ));
    }
    Ok(match (undone, done, stands, kept) {
        (Some(_), ..) => Stands::Undone,
        // A reversal that failed leaves the move as it was.
        (None, Some(entry), ..) | (None, None, Stands::Unknown, Some(entry)) => Stands::Done(entry),
        (None, None, Stands::Failed(_), Some(_)) => {
            return Err(unreadable("the inquiry answers a reversal of nothing"));
        }
        (None, None, stands, _) => stands,
    })
}

impl Record {
    /// What all transactions of one order come to. An empty list is doubt: "not found" has a code.
    fn of(ordered: i64, entries: &[Entry]) -> Result<Record, Doubt> {
        let mut kinds = entries.iter().map(|entry| entry.about);
        if entries.is_empty() {
            return Err(unreadable("the inquiry answers no transaction"));
        }
        if kinds.clone().any(|about| about == Move::Sale)
            && kinds.any(|about| about == Move::Points)
        {
            return Err(unreadable("the inquiry answers two kinds of sale"));
        }
        let taken_by = [Move::Sale, Move::Points, Move::Capture]
            .into_iter()
            .find(|about| entries.iter().any(|entry| entry.about == *about));
        let taken = match taken_by {
            Some(about) => standing(entries, about)?,
            None => Stands::Unknown,
        };
        let held = standing(entries, Move::Hold)?;
        let captured = match (&taken, taken_by) {
            (Stands::Done(entry), Some(Move::Capture)) => Some(entry.amount),
            _ => None,
        };
        let whole = match &taken {
            Stands::Done(entry) => entry.amount,
            _ => ordered,
        };
        let returned = returned(entries, whole)?;
        // The sum is complete where the list shows the sale that it belongs to.
        let lists_all = entries.iter().any(|entry| entry.about != Move::Return);
        let status = if lists_all || returned == 0 {
            Some(read_status((&taken, taken_by), &held, (returned, whole))?)
        } else {
            None
        };
        let standing = match (&taken, &held, taken_by) {
            // Undoing a capture leaves the hold.
            (Stands::Done(_), _, Some(Move::Capture)) => vec![Move::Capture, Move::Hold],
            (Stands::Done(_), _, Some(about)) => vec![about],
            (_, Stands::Done(_), _) => vec![Move::Hold],
            _ => Vec::new(),
        };
        // What was taken is back once its capture is undone, whether or not the hold is released too: a void that
        // ends between its two steps is made.
        let voided = matches!((&taken, &held), (Stands::Undone, _) | (_, Stands::Undone));
        Ok(Record {
            status,
            standing,
            captured,
            given_back: GivenBack {
                voided,
                refunded: lists_all.then_some(returned),
            },
        })
    }
}

/// The sum of the returns that stand; those that failed or were undone do not.
fn returned(entries: &[Entry], whole: i64) -> Result<i64, Doubt> {
    let returns = entries
        .iter()
        .filter(|entry| entry.about == Move::Return && !entry.undoes && entry.worked);
    let mut sum = 0_i64;
    let mut seen: Vec<&str> = Vec::new();
    for entry in returns {
        let reference = entry.said.host_reference.as_str();
        if seen.contains(&reference) {
            return Err(unreadable("the inquiry answers one return twice"));
        }
        // A return that still reads as done beside its reversal.
        let undone = entries.iter().any(|other| {
            let of_return = other.about == Move::Return && other.undoes && other.worked;
            of_return && other.said.host_reference == reference
        });
        if undone {
            return Err(unreadable("the inquiry answers a return and its reversal"));
        }
        seen.push(reference);
        sum = sum
            .checked_add(entry.amount)
            .filter(|sum| *sum <= whole)
            .ok_or_else(|| unreadable("the inquiry answers more back than was taken"))?;
    }
    Ok(sum)
}

fn read_status(
    (taken, taken_by): (&Stands<'_>, Option<Move>),
    held: &Stands<'_>,
    (returned, whole): (i64, i64),
) -> Result<OrderStatus, Doubt> {
    match (taken, held, taken_by) {
        (Stands::Done(_), Stands::Undone | Stands::Failed(_), _) => {
            Err(unreadable("the inquiry answers a capture of no hold"))
        }
        (Stands::Done(_), ..) if returned == whole => Ok(OrderStatus::Voided),
        (Stands::Done(entry), ..) => Ok(OrderStatus::Captured(entry.said.clone())),
        _ if returned > 0 => Err(unreadable("the inquiry answers a return of nothing")),
        (Stands::Undone, _, Some(Move::Sale | Move::Points)) | (_, Stands::Undone, _) => {
            Ok(OrderStatus::Voided)
        }
        // A capture that failed or was undone leaves the hold.
        (_, Stands::Done(entry), _) => Ok(OrderStatus::Held(entry.said.clone())),
        (Stands::Failed(entry), Stands::Unknown, Some(Move::Sale | Move::Points))
        | (_, Stands::Failed(entry), _) => Ok(OrderStatus::Refused(Decline {
            group: ErrorGroup::Declined,
            code: "0".to_owned(),
            message: entry.state.clone(),
            day: BankDay::Unsaid,
        })),
        _ => Err(unreadable("the inquiry does not tell how the order stands")),
    }
}

/// Lira with a decimal comma, as the inquiry writes them (`1,16`, `1.234,56`), in kuruş.
pub(super) fn lira(text: &str) -> Option<i64> {
    let (whole, cents) = text
        .rsplit_once(',')
        .filter(|(_, cents)| cents.len() == 2)?;
    let whole = minor_units(&whole.replace('.', ""))?;
    whole.checked_mul(100)?.checked_add(minor_units(cents)?)
}
