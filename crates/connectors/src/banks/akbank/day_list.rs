//! Akbank's list of a day, `txnCode` 1009 at an address of its own: what was done on the account, whoever did it, packed
//! into one text. A day that the bank calls too long is asked for in parts.
//!
//! Its words are those of the recorded lists and of a public client's table. A void is no row: what it undid says so.

use super::{
    ACCOUNT, APPROVED, HOST_APPROVED, amount, ask_signed, check_account, currency, message_of,
    refusal_of_question, signed,
};
use crate::bank::{BankContext, BankMove, Doubt, MoveKind, MoveOutcome};
use crate::banks::{moment, not_supported, question_refused, unless_untold, unreadable};
use crate::http::{LIST_BYTES_MAX, Request};
use crate::json::Json;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::enums::Currency;
use contract::money::Money;
use flate2::bufread::GzDecoder;
use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Span};
use serde_json::json;
use std::collections::HashSet;
use std::io::Read;

/// All transactions of a period.
const LIST: &str = "1009";
/// "Too many rows."
const TOO_MANY_ROWS: &str = "VPS-2235";
/// Questions for one day: a day that needs more is not read at all.
const QUESTIONS_MAX: usize = 100;

/// A part of a day, in whole seconds.
struct Part {
    from: DateTime,
    /// Not part of it.
    until: DateTime,
}

impl Part {
    fn of_day(day: Date) -> Part {
        let tomorrow = day.saturating_add(Span::new().days(1));
        Part {
            from: day.at(0, 0, 0, 0),
            until: tomorrow.at(0, 0, 0, 0),
        }
    }

    /// Both halves; nothing where a part is too short to be halved.
    fn halves(&self) -> Option<[Part; 2]> {
        let half = self.until.duration_since(self.from).as_secs() / 2;
        let middle = self
            .from
            .checked_add(SignedDuration::from_secs(half))
            .ok()?;
        let (from, until) = (self.from, self.until);
        let halves = [
            Part {
                from,
                until: middle,
            },
            Part {
                from: middle,
                until,
            },
        ];
        (half > 0).then_some(halves)
    }

    fn has(&self, at: DateTime) -> bool {
        (self.from..self.until).contains(&at)
    }
}

pub(crate) async fn day_list(context: BankContext<'_>, day: Date) -> Result<Vec<BankMove>, Doubt> {
    let too_long = || unreadable("the day's list is too long");
    let (mut moves, mut seen) = (Vec::new(), HashSet::new());
    let (mut open, mut asked) = (vec![Part::of_day(day)], 0);
    while let Some(part) = open.pop() {
        asked += 1;
        if asked > QUESTIONS_MAX {
            return Err(too_long());
        }
        let Some(list) = ask_part(context, &part).await? else {
            let [first, second] = part.halves().ok_or_else(too_long)?;
            open.extend([second, first]);
            continue;
        };
        for row in list.whole_list(&["txnDetailList"])? {
            let read = read_row(row)?;
            // Whether the ends of a period belong to it is not public.
            if read.at.is_some_and(|at| !part.has(at)) {
                continue;
            }
            let is_done = matches!(read.outcome, MoveOutcome::Worked | MoveOutcome::Undone);
            if is_done && !seen.insert(name_of(row)?) {
                return Err(unreadable("the list tells of one transaction twice"));
            }
            moves.push(read);
        }
    }
    Ok(moves)
}

/// Asks for a part of a day; nothing when it has too many rows.
async fn ask_part(context: BankContext<'_>, part: &Part) -> Result<Option<Json>, Doubt> {
    let reply = ask_signed(context, request(context, part)?).await?;
    if let Some(decline) = refusal_of_question(&reply)? {
        return match reply.exact(&["responseCode"])? {
            TOO_MANY_ROWS => Ok(None),
            _ => Err(question_refused(decline.group)),
        };
    }
    let list = unpack(reply.exact(&["data"])?)?;
    check_account(context.account, &list)?;
    Ok(Some(list))
}

/// The bank gives lists beside where it takes messages.
fn request(context: BankContext<'_>, part: &Part) -> Result<Request, Doubt> {
    let account = context.account;
    let base = account.api_url.strip_suffix("transaction/process");
    let base = base.ok_or_else(|| not_supported("no address of lists is known beside this one"))?;
    let from = part.from.strftime("%Y-%m-%dT%H:%M:%S.000").to_string();
    let last = part.until.saturating_sub(Span::new().seconds(1));
    let until = last.strftime("%Y-%m-%dT%H:%M:%S.999").to_string();
    let mut message = message_of(context, LIST, &from);
    let period = json!({"startDateTime": from, "endDateTime": until});
    message.insert("report".to_owned(), period);
    let url = format!("{base}portal/report/transaction");
    Ok(signed(account, url, message))
}

/// A list out of its wrapping, gzip in Base64, which ends where the list ends.
pub(super) fn unpack(data: &str) -> Result<Json, Doubt> {
    let broken = || unreadable("the list cannot be unpacked");
    let packed = STANDARD.decode(data).map_err(|_| broken())?;
    let bytes_max = u64::try_from(LIST_BYTES_MAX).unwrap_or(u64::MAX);
    let mut unpacker = GzDecoder::new(packed.as_slice());
    let mut list = Vec::new();
    let read = unpacker.by_ref().take(bytes_max).read_to_end(&mut list);
    read.map_err(|_| broken())?;
    // At the end the length and the checksum are compared.
    let more = unpacker.read(&mut [0]).map_err(|_| broken())?;
    if more > 0 || !unpacker.into_inner().is_empty() {
        return Err(broken());
    }
    Json::parse_list(&list).map_err(|_| unreadable("the list is not JSON"))
}

/// By what the bank tells its transactions apart.
fn name_of(row: &Json) -> Result<[String; 5], Doubt> {
    let told = ["orderId", "txnCode", "rrn", "batchNumber", "stan"].map(|name| row.exact(&[name]));
    let [a, b, c, d, e] = told;
    Ok([a?, b?, c?, d?, e?].map(str::to_owned))
}

fn is_number_of(known: Currency, number: &str) -> bool {
    currency(Money::new(0, known)).is_ok_and(|own| own.to_string() == number)
}

fn read_row(row: &Json) -> Result<BankMove, Doubt> {
    let said = |name| row.exact(&[name]);
    let kind = match said("txnCode")? {
        "1000" => MoveKind::Sale,
        "1004" => MoveKind::Hold,
        "1005" => MoveKind::Capture,
        "1002" => MoveKind::Refund,
        "1003" => MoveKind::Void,
        _ => MoveKind::Other,
    };
    let (code, host) = (said("responseCode")?, said("hostResponseCode")?);
    let outcome = match (row.spelled(&["txnStatus"]), code, host) {
        ("Başarılı", APPROVED, HOST_APPROVED) => MoveOutcome::Worked,
        ("İptal", APPROVED, HOST_APPROVED) => MoveOutcome::Undone,
        ("Başarısız", code, _) if !matches!(code, "" | APPROVED) => MoveOutcome::Failed,
        // Of "Teknik İptal" neither a code nor an end is told.
        _ => MoveOutcome::Unclear,
    };
    let (told, number) = (said("amount")?, said("currencyCode")?);
    let mut known = ACCOUNT.currencies.iter().copied();
    let currency = known.find(|known| is_number_of(*known, number));
    let amount = currency.and_then(|currency| amount(told, currency));
    // What is made of an order has an id of its own.
    let order_id = match said("orgOrderId")? {
        "" => said("orderId")?,
        original => original,
    };
    Ok(BankMove {
        order_id: order_id.to_owned(),
        kind,
        outcome: unless_untold(outcome, amount, currency),
        amount,
        currency,
        at: moment(&said("txnDateTime")?.replace('T', " ")),
        card: row.words(&["maskedCardNumber"]),
        auth_code: row.words(&["authCode"]),
        host_reference: row.words(&["rrn"]),
    })
}
