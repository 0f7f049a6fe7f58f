//! What PayFlex's `Search` says of a transaction. It is asked by our own id of it, one at a time.

use super::{charged, codes, currency, lira, password, posted};
use crate::bank::{
    Account, BankContext, Charged, Decline, Doubt, GivenBack, OrderRef, OrderStatus, Phase,
};
use crate::banks::{
    TRANSACTIONS_MAX, ask, check_sale, minor_units, not_supported, other_sale, question_refused,
    unreadable,
};
use crate::xml::{Element, Writer};
use contract::money::Money;

/// Sales and holds, by what the bank calls them.
const SALES: &[&str] = &["Sale", "PointSale"];
const HOLDS: &[&str] = &["Auth"];
const CAPTURES: &[&str] = &["Capture"];
const REFUNDS: &[&str] = &["Refund"];

/// A hold is tried to be captured so often: an id that was refused is used up.
const CAPTURES_MAX: u8 = 5;

/// Our id of a capture.
pub(super) fn capture_id(order_id: &str, number: u8) -> String {
    format!("{order_id}C{number}")
}

/// One transaction as the bank has it.
pub(super) struct Row {
    /// Ours.
    id: String,
    /// Nothing while the bank works on it.
    outcome: Option<Result<Charged, Decline>>,
    flags: RowFlags,
    /// In minor units of our currency.
    pub(super) amount: i64,
    refunded: Option<i64>,
    card: String,
    made_at: String,
    moved: String,
}

/// How an order stands.
pub(super) struct Record {
    pub(super) status: OrderStatus,
    /// Our id of what took the money, or holds it; nothing where nothing was.
    pub(super) id: Option<String>,
    /// What was taken of it.
    pub(super) taken: Option<i64>,
    pub(super) is_settled: bool,
    pub(super) given_back: GivenBack,
}

/// The address of `Search`, which lies beside that of sales.
pub(super) fn address(account: &Account) -> Result<String, Doubt> {
    let url = account.api_url.as_str();
    if let Some(base) = url.strip_suffix("/Vposreq") {
        return Ok(format!("{base}/Search"));
    }
    let base = url.strip_suffix("/v3/Vposreq.aspx");
    let base = base.ok_or_else(|| not_supported("no address of inquiries is known"))?;
    Ok(match base.strip_suffix("/VposService") {
        Some(base) => format!("{base}/UIService/Search.aspx"),
        None => {
            let base = base.strip_suffix("/VposWeb").unwrap_or(base);
            format!("{base}/UIWebService/Search.aspx")
        }
    })
}

/// Asks by criteria, and reads a reply that answers the question. Its rows are not looked at.
pub(super) async fn search(
    context: BankContext<'_>,
    criteria: impl FnOnce(&mut Writer),
) -> Result<Element, Doubt> {
    let account = context.account;
    let password = password(account)?;
    let xml = Writer::document("SearchRequest", |w| {
        w.element("MerchantCriteria", |w| {
            w.leaf("HostMerchantId", &account.client_id);
            w.leaf("MerchantPassword", password.expose());
        });
        criteria(w);
    });
    let body = ask(context.http, posted(address(account)?, &[("prmstr", &xml)]));
    let body = body.await?;
    if let Some(decline) = codes::gateway_refusal(&body) {
        return Err(question_refused(decline.group));
    }
    let reply = Element::parse(&body).map_err(|_| unreadable("the reply is not XML"))?;
    if !reply.is("SearchResponse") {
        return Err(unreadable("the reply is not a SearchResponse"));
    }
    // Says only whether the question was answered.
    match reply.exact(&["ResponseInfo", "ResponseCode"])? {
        codes::APPROVED => Ok(reply),
        "" => Err(unreadable("the inquiry says nothing")),
        code => Err(question_refused(codes::group(code))),
    }
}

/// The transactions of a reply: as many as it counts, and no more than there can be.
pub(super) fn rows_of(reply: &Element, most: usize) -> Result<Vec<&Element>, Doubt> {
    const ROWS: &str = "TransactionSearchResultInfo";
    let rows = reply.only(ROWS)?;
    let rows: Vec<&Element> = rows.into_iter().flat_map(|rows| rows.all(ROWS)).collect();
    let count = minor_units(reply.exact(&["TotalItemCount"])?);
    if rows.len() > most || count.and_then(|count| usize::try_from(count).ok()) != Some(rows.len())
    {
        return Err(unreadable("the inquiry does not tell of all it counts"));
    }
    Ok(rows)
}

/// What the flags of a transaction say.
pub(super) struct RowFlags {
    pub(super) is_undone: bool,
    is_refunded: bool,
    is_captured: bool,
    is_settled: bool,
}

impl RowFlags {
    pub(super) fn read(row: &Element) -> Result<RowFlags, Doubt> {
        let flag = |name| match row.exact(&[name])?.to_ascii_lowercase().as_str() {
            "" | "false" => Ok(false),
            "true" => Ok(true),
            _ => Err(unreadable("the inquiry answers a flag that is none")),
        };
        Ok(RowFlags {
            is_undone: flag("IsCanceled")? || flag("IsReversed")?,
            is_refunded: flag("IsRefunded")?,
            is_captured: flag("IsCaptured")?,
            is_settled: flag("IsBatchClosed")?,
        })
    }
}

/// The transaction of this id; nothing when the bank has none.
async fn find(
    context: BankContext<'_>,
    id: &str,
    kinds: &[&str],
    amount: Money,
) -> Result<Option<Row>, Doubt> {
    let reply = search(context, |w| {
        w.element("TransactionCriteria", |w| {
            w.leaf("TransactionId", id);
            w.leaf("OrderId", "");
            w.leaf("AuthCode", "");
        });
    });
    let reply = reply.await?;
    let rows = rows_of(&reply, TRANSACTIONS_MAX)?;
    match rows.as_slice() {
        [] => Ok(None),
        [row] if row.exact(&["TransactionId"])? == id => {
            Row::read(context, row, kinds, amount).map(Some)
        }
        [_] => Err(other_sale("the inquiry answers another transaction")),
        _ => Err(unreadable("the inquiry answers one transaction twice")),
    }
}

impl Row {
    fn read(
        context: BankContext<'_>,
        row: &Element,
        kinds: &[&str],
        amount: Money,
    ) -> Result<Row, Doubt> {
        let said = |name| row.exact(&[name]);
        let merchant = said("MerchantId")?;
        if !merchant.is_empty() && merchant != context.account.client_id {
            return Err(other_sale("the inquiry answers another merchant"));
        }
        if !kinds.contains(&said("TransactionType")?) {
            return Err(other_sale(
                "the inquiry answers another kind of transaction",
            ));
        }
        let flags = RowFlags::read(row)?;
        let sum = |name| match said(name)? {
            "" => Ok(None),
            text => lira(text)
                .map(Some)
                .ok_or_else(|| unreadable("the inquiry answers no amount")),
        };
        let outcome = match said("ResultCode")? {
            "" => None,
            codes::APPROVED => Some(Ok(charged(row)?)),
            code => Some(Err(codes::decline(code, row.words(&["ResponseMessage"])))),
        };
        let is_approved = matches!(outcome, Some(Ok(_)));
        let told = sum("Amount")?;
        let code = said("AmountCode")?;
        if is_approved && (told.is_none() || !code.is_empty() && code != currency(amount)?) {
            return Err(other_sale(
                "the inquiry answers another currency, or no amount",
            ));
        }
        Ok(Row {
            id: said("TransactionId")?.to_owned(),
            outcome,
            flags,
            amount: told.unwrap_or_default(),
            refunded: sum("TotalRefundAmount")?,
            card: said("PanMasked")?.to_owned(),
            made_at: moment(said("HostDate")?),
            moved: said("ReferenceTransactionId")?.to_owned(),
        })
    }

    /// The bank's references, of what it did.
    pub(super) fn references(&self) -> Option<&Charged> {
        self.outcome.as_ref()?.as_ref().ok()
    }

    /// What went back of it. A flag and a sum that contradict each other are doubt.
    fn given_back(&self) -> Result<GivenBack, Doubt> {
        let refunded = match (self.flags.is_refunded, self.refunded) {
            (true, None) => None,
            (true, Some(0)) => return Err(unreadable("a refund of nothing")),
            (_, Some(sum)) if sum > self.amount => {
                return Err(unreadable("more went back than was taken"));
            }
            (_, sum) => Some(sum.unwrap_or(0)),
        };
        if self.flags.is_undone && refunded != Some(0) {
            return Err(unreadable("a transaction that was undone and given back"));
        }
        Ok(GivenBack {
            voided: self.flags.is_undone,
            refunded,
        })
    }
}

/// `20230309234054` as other banks write it; what else stands there is no moment.
fn moment(text: &str) -> String {
    let part = |range| text.get(range).unwrap_or_default();
    if text.len() != 14 {
        return String::new();
    }
    format!(
        "{}-{}-{} {}:{}:{}",
        part(0..4),
        part(4..6),
        part(6..8),
        part(8..10),
        part(10..12),
        part(12..14)
    )
}

/// The captures of a hold.
pub(super) struct Captures {
    /// The first number that is free, or that of the capture that stands.
    pub(super) number: u8,
    pub(super) standing: Option<Row>,
    /// One took the money and was undone.
    was_undone: bool,
}

/// Asks for the captures of a hold, one by one.
pub(super) async fn captures(
    context: BankContext<'_>,
    hold: &OrderRef<'_>,
) -> Result<Captures, Doubt> {
    let mut was_undone = false;
    for number in 1..=CAPTURES_MAX {
        let id = capture_id(&hold.order.id, number);
        let Some(row) = find(context, &id, CAPTURES, hold.order.amount).await? else {
            return Ok(Captures {
                number,
                standing: None,
                was_undone,
            });
        };
        if !row.moved.is_empty() && row.moved != hold.order.id {
            return Err(other_sale("the inquiry answers another hold's capture"));
        }
        match row.outcome {
            None => return Err(unreadable("the bank is still working on a capture")),
            Some(Ok(_)) if !row.flags.is_undone => {
                return Ok(Captures {
                    number,
                    standing: Some(row),
                    was_undone,
                });
            }
            Some(Ok(_)) => was_undone = true,
            Some(Err(_)) => {}
        }
    }
    Err(not_supported("the hold was tried to be captured too often"))
}

/// Whether the refund of this id was refused. What is not known is not.
pub(super) async fn is_refused(
    context: BankContext<'_>,
    id: &str,
    amount: Money,
) -> Result<bool, Doubt> {
    let row = find(context, id, REFUNDS, amount).await?;
    Ok(matches!(row.and_then(|row| row.outcome), Some(Err(_))))
}

pub(super) async fn look_up(
    context: BankContext<'_>,
    order: &OrderRef<'_>,
) -> Result<Record, Doubt> {
    let ours = order.order;
    let kinds = match ours.phase {
        Phase::Sale => SALES,
        Phase::Hold => HOLDS,
    };
    let plain = |status| Record {
        status,
        id: None,
        taken: None,
        is_settled: false,
        given_back: GivenBack {
            voided: false,
            refunded: Some(0),
        },
    };
    let Some(row) = find(context, &ours.id, kinds, ours.amount).await? else {
        return Ok(plain(OrderStatus::NotFound));
    };
    let references = match &row.outcome {
        None => return Ok(plain(OrderStatus::Pending)),
        Some(Err(decline)) => return Ok(plain(OrderStatus::Refused(decline.clone()))),
        Some(Ok(charged)) => charged.clone(),
    };
    if row.amount != ours.amount.minor {
        return Err(other_sale("the inquiry answers another amount"));
    }
    check_sale(order, &row.card, &row.made_at)?;
    let is_hold = ours.phase == Phase::Hold;
    if !is_hold || row.flags.is_undone {
        return row.record(references, !is_hold);
    }
    let captures = captures(context, order).await?;
    match captures.standing {
        Some(capture) => {
            let references = capture.references().cloned().unwrap_or_default();
            capture.record(references, true)
        }
        None if row.flags.is_captured && !captures.was_undone => {
            Err(other_sale("the hold was captured by another id"))
        }
        None => {
            let mut record = row.record(references, false)?;
            // The money is back although the bank keeps the hold, which ends by itself.
            record.given_back.voided |= captures.was_undone;
            Ok(record)
        }
    }
}

impl Row {
    /// How an order stands whose money this transaction took, or only holds.
    fn record(&self, references: Charged, is_taken: bool) -> Result<Record, Doubt> {
        let given_back = self.given_back()?;
        let is_over = given_back.voided || given_back.refunded == Some(self.amount);
        Ok(Record {
            status: match (is_over, is_taken) {
                (true, _) => OrderStatus::Voided,
                (false, true) => OrderStatus::Captured(references),
                (false, false) => OrderStatus::Held(references),
            },
            id: Some(self.id.clone()),
            taken: is_taken.then_some(self.amount),
            is_settled: self.flags.is_settled,
            given_back,
        })
    }
}
