//! `orderinq` and `orderhistoryinq`: how an order stands, and all that was done with it.

use jiff::Timestamp;

use super::account::LIRA;
use super::answer::{Answer, auth_code, retref};
use crate::cards::Purse;
use crate::clock::{istanbul, moment};
use crate::codes;
use crate::ledger::{Kind, MoveKind, Order, State};
use crate::xml::{Node, node, text};

/// A declined try leaves no record here, unless the bank refused because it had no answer in time, or because it knew
/// the order: then the record says so.
pub(super) fn is_recorded(order: &Order) -> bool {
    let is_kept = |code: &str| codes::is_time_out(code) || code == codes::USED_BEFORE;
    order.state != State::Declined || is_kept(&order.code)
}

/// `orderinq`: the sale of an order id.
pub(super) fn standing(order: &Order, purse: Purse) -> Box<Answer> {
    let mut answer = match order.state {
        State::Declined => Answer::host(&order.code),
        _ => Answer::about(order),
    };
    answer.inquiry = Some(inquiry(order, purse));
    answer
}

fn inquiry(order: &Order, purse: Purse) -> Node {
    let at = moment(order.created_at);
    // APPROVED and WAITINGPOSTAUTH are recorded publicly, VOID is the simulator's. A refund is another
    // transaction, and leaves the sale approved.
    let status = match order.state {
        State::Captured | State::Settled | State::Refunded => "APPROVED",
        State::Held => "WAITINGPOSTAUTH",
        State::Voided => "VOID",
        State::Declined => "",
    };
    let held_at = if order.held > 0 {
        at.clone()
    } else {
        String::new()
    };
    let (amount, taken_at) = match (order.kind, order.capture()) {
        (Kind::Hold, None) => (0, String::new()),
        (Kind::Hold, Some(capture)) => (capture.amount, moment(capture.at)),
        _ => (order.amount, at.clone()),
    };
    let code = match order.state {
        State::Declined => order.code.as_str(),
        _ => "00",
    };
    let fields = [
        ("ChargeType", "S".to_owned()),
        ("PreAuthAmount", order.held.to_string()),
        ("PreAuthDate", held_at),
        ("AuthAmount", amount.to_string()),
        ("AuthDate", taken_at),
        ("RecurringInfo", "N".to_owned()),
        ("RecurringStatus", String::new()),
        ("Status", status.to_owned()),
        ("RemainingBNSAmount", purse.card.to_string()),
        ("UsedFBBAmount", order.spent.firm.to_string()),
        ("UsedChequeType", String::new()),
        ("UsedChequeCount", "0".to_owned()),
        ("UsedChequeAmount", "0".to_owned()),
        ("UsedBnsAmount", order.spent.card.to_string()),
        ("InstallmentCnt", order.instalments.to_string()),
        ("CardNumberMasked", order.masked.to_string()),
        ("CardRef", String::new()),
        ("Code", code.to_owned()),
        ("ReasonCode", code.to_owned()),
        ("SysErrMsg", String::new()),
        ("RetrefNum", retref(order.taking())),
        ("GPID", String::new()),
        ("AuthCode", auth_code(order)),
        ("BatchNum", "1".to_owned()),
        ("SequenceNum", order.taking().to_string()),
        ("ProvDate", at),
        ("CardHolderName", String::new()),
        ("CardType", String::new()),
    ];
    node(
        "OrderInqResult",
        fields
            .into_iter()
            .map(|(name, value)| text(name, value))
            .collect(),
    )
}

fn day(at: Timestamp) -> String {
    istanbul(at).strftime("%Y%m%d").to_string()
}

/// `orderhistoryinq`: a row for the order and one for each move, as recorded ones are; a row that was
/// voided has the day of its void.
pub(super) fn history(order: &Order) -> Box<Answer> {
    let rows = rows(order).map(|row| row.node(order)).collect();
    Answer::told(node("OrderHistInqResult", vec![node("OrderTxnList", rows)]))
}

/// What was done with an order, itself first.
pub(super) fn rows(order: &Order) -> impl Iterator<Item = Row<'_>> {
    let declined = order.state == State::Declined;
    let voided = order.moves.iter().find(|made| made.kind == MoveKind::Void);
    let captured = order.capture().map(|capture| capture.seq);
    let voided_on = move |taken: bool| voided.filter(|_| taken).map(|made| day(made.at));
    let first = Row {
        kind: match order.kind {
            Kind::Hold => "preauth",
            Kind::Sale | Kind::Points => "sales",
        },
        amount: if order.kind == Kind::Hold {
            order.held
        } else {
            order.amount
        },
        seq: order.seq,
        at: order.created_at,
        void_date: voided_on(captured.is_none()),
        code: if declined { order.code.as_str() } else { "00" },
    };
    let moves = order.moves.iter().map(move |made| Row {
        kind: match made.kind {
            MoveKind::Capture => "postauth",
            MoveKind::Uncapture | MoveKind::Void => "void",
            MoveKind::Refund | MoveKind::PointRefund => "refund",
        },
        amount: made.amount,
        seq: made.seq,
        at: made.at,
        void_date: voided_on(captured == Some(made.seq)),
        code: "00",
    });
    std::iter::once(first).chain(moves)
}

/// One thing that was done with an order.
pub(super) struct Row<'a> {
    pub(super) kind: &'static str,
    pub(super) amount: i64,
    pub(super) seq: i64,
    pub(super) at: Timestamp,
    pub(super) void_date: Option<String>,
    pub(super) code: &'a str,
}

impl Row<'_> {
    fn node(self, order: &Order) -> Node {
        let worked = self.code == "00";
        let hold = self.kind == "preauth";
        let amounts = if hold {
            (self.amount, 0)
        } else {
            (0, self.amount)
        };
        let on = |there: bool| if there { day(self.at) } else { String::new() };
        let currency = if order.currency.is_empty() {
            LIRA
        } else {
            &order.currency
        };
        let fields = [
            ("Type", self.kind.to_owned()),
            ("Status", if worked { "00" } else { "01" }.to_owned()),
            ("PreAuthAmount", amounts.0.to_string()),
            ("AuthAmount", amounts.1.to_string()),
            ("PreAuthDate", on(hold && worked)),
            ("AuthDate", on(!hold && worked)),
            ("VoidDate", self.void_date.unwrap_or_default()),
            ("RetrefNum", retref(self.seq)),
            (
                "AuthCode",
                if worked {
                    auth_code(order)
                } else {
                    String::new()
                },
            ),
            ("ReturnCode", self.code.to_owned()),
            ("BatchNum", "1".to_owned()),
            ("RemainingBNSAmount", "0".to_owned()),
            ("UsedFBBAmount", "0".to_owned()),
            ("UsedChequeType", String::new()),
            ("UsedChequeCount", "0".to_owned()),
            ("UsedChequeAmount", "0".to_owned()),
            ("InstallmentCnt", order.instalments.to_string()),
            (
                "CurrencyCode",
                if worked { currency } else { "0" }.to_owned(),
            ),
            (
                "Settlement",
                if order.state == State::Settled {
                    "E"
                } else {
                    "N"
                }
                .to_owned(),
            ),
        ];
        let fields = fields.into_iter().map(|(name, value)| text(name, value));
        node("OrderTxn", fields.collect())
    }
}
