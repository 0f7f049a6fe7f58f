//! BOA: what Kuveyt Türk (TDV2) and Vakıf Katılım (1.0.0) share. One house built both systems: the names of fields, the
//! hashes and the records of orders are the same; how messages travel, and what they are called, stands with each bank.
//!
//! Only payments and returns from 3DS are signed, and neither signature covers the amount: it is compared. No bank of
//! the two promises to refuse an order id that it knows, so nothing is ever sent twice: after doubt the record decides,
//! and two orders under one id are nobody's but a person's to judge.

mod day_list;
mod page;
mod record;
mod standing;
#[cfg(test)]
mod tests;

use super::codes::issuer_group;
use super::{
    ask, auth_code, duplicate, message, not_supported, reference, refusal_of_move, unauthentic,
    unreadable,
};
use crate::bank::{
    Account, Answer, BankContext, BankDay, BankForm, Begin3ds, CardData, Charged, Decline, Doubt,
    Order, Returned, RewardUse, User, Verdict, Verified,
};
use crate::digest::{same, sha1_base64};
use crate::http::Request;
use crate::xml::{Element, Unreadable, Writer, decode};
use contract::card::Secret;
use contract::enums::Currency;
use contract::errors::ErrorGroup;
use contract::money::Money;
pub(super) use day_list::{Rows, moves_of_day, of_day};
pub(super) use standing::{
    Move, Moved, System, capture, given_back, inquire, inquire_hold, refund, void,
};

// Requests

/// The account's API user.
pub(super) fn user(account: &Account) -> Result<&User, Doubt> {
    let found = account.users.first();
    found.ok_or_else(|| not_supported("the account lacks its API user"))
}

/// What stands for the password in messages and hashes.
pub(super) fn password_hash(account: &Account) -> Result<String, Doubt> {
    Ok(sha1_base64(user(account)?.password.expose()))
}

/// The hash over values, put end to end, and the password.
pub(super) fn signature(account: &Account, values: &[&str]) -> Result<String, Doubt> {
    Ok(signed(values, &password_hash(account)?))
}

fn signed(values: &[&str], password_hash: &str) -> String {
    sha1_base64(&format!("{}{password_hash}", values.concat()))
}

/// The hash of a request about an order. What the message does not hold is left out of it.
pub(super) fn request_hash(
    context: BankContext<'_>,
    order: &Order,
    amount: &str,
    return_url: Option<&str>,
) -> Result<String, Doubt> {
    let account = context.account;
    let (url, user) = (return_url.unwrap_or_default(), &user(account)?.name);
    signature(
        account,
        &[&account.client_id, &order.id, amount, url, url, user],
    )
}

/// A message in XML. What ISO-8859-1 lacks, and what it has beyond ASCII, goes as a character's number.
pub(super) fn message_of(url: String, root: &str, write: impl FnOnce(&mut Writer)) -> Request {
    let mut w = Writer::fragment();
    w.element(root, write);
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{}",
        w.finish()
    );
    let mut body = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() {
            body.push(character);
        } else {
            body.push_str(&format!("&#{};", u32::from(character)));
        }
    }
    Request {
        method: "POST",
        url,
        headers: vec![("content-type", "text/xml; charset=ISO-8859-1".to_owned())],
        body: body.into_bytes(),
    }
}

/// As much of the name on a card as Kuveyt Türk's document takes.
pub(super) fn holder(card: &CardData) -> &str {
    const HOLDER_CHARS_MAX: usize = 45;
    let end = card.holder.char_indices().nth(HOLDER_CHARS_MAX);
    end.map_or(&card.holder, |(end, _)| &card.holder[..end])
}

/// `0` is a single payment.
pub(super) fn installment(order: &Order) -> String {
    match order.installment {
        0 | 1 => "0".to_owned(),
        count => count.to_string(),
    }
}

/// ISO 4217 numbers, of four digits.
pub(super) fn currency(amount: Money) -> Result<&'static str, Doubt> {
    match amount.currency {
        Currency::Try => Ok("0949"),
        Currency::Usd => Ok("0840"),
        Currency::Eur => Ok("0978"),
        _ => Err(not_supported("the bank has no such currency")),
    }
}

/// Neither bank has points or campaigns.
pub(super) fn without_reward(reward: Option<RewardUse>) -> Result<(), Doubt> {
    match reward {
        None
        | Some(RewardUse::Money {
            card: 0,
            firm: 0,
            mile: 0,
        }) => Ok(()),
        Some(_) => Err(not_supported("the bank has no rewards")),
    }
}

// Replies

/// Reads a reply. .NET may pad values with references to the character zero, and names with prefixes.
pub(super) fn read(body: &[u8]) -> Result<Element, Doubt> {
    read_by(Element::parse, body)
}

/// The same of a day's orders, which may be many.
pub(super) fn read_list(body: &[u8]) -> Result<Element, Doubt> {
    read_by(Element::parse_list, body)
}

fn read_by(parse: fn(&[u8]) -> Result<Element, Unreadable>, body: &[u8]) -> Result<Element, Doubt> {
    let text = decode(body).replace("&#x0;", "");
    let read = parse(text.as_bytes()).map_err(|_| unreadable("the reply is not XML"))?;
    Ok(read.without_prefixes())
}

/// The rows in a list of orders. What holds anything else is unreadable, and says of no order that it is not there.
pub(super) fn orders(list: &Element) -> Result<Vec<Element>, Doubt> {
    let rows = list.children();
    let is_empty = rows.is_empty() && list.value().is_empty();
    if is_empty || !rows.is_empty() && rows.iter().all(|row| row.is("OrderContract")) {
        Ok(rows.to_vec())
    } else {
        Err(unreadable("the list of orders holds what is no order"))
    }
}

/// Whether a text is an ISO 4217 number of our currency, with or without zeros before it.
fn is_currency(said: &str, amount: Money) -> Result<bool, Doubt> {
    let ours = currency(amount)?;
    Ok(said.trim_start_matches('0') == ours.trim_start_matches('0'))
}

/// The bank's number of an order: digits, never 0.
pub(super) fn bank_order(said: &str) -> Result<String, Doubt> {
    let is_number = said.bytes().all(|byte| byte.is_ascii_digit());
    match reference(said)? {
        number if is_number && number.bytes().any(|byte| byte != b'0') => Ok(number),
        _ => Err(unreadable("the reply has no number of the order")),
    }
}

/// Nothing when the code approves, else the refusal. An order that the bank has dealt with is doubt.
pub(super) fn refusal(reply: &Element) -> Result<Option<Decline>, Doubt> {
    let code = reply.exact(&["ResponseCode"])?;
    match code {
        APPROVED => return Ok(None),
        "" => return Err(unreadable("the reply neither approves nor declines")),
        _ => {}
    }
    if !reply.exact(&["ProvisionNumber"])?.is_empty() {
        return Err(unreadable("a refusal with an approval code"));
    }
    let decline = decline(code, reply.words(&["ResponseMessage"]));
    match code {
        "OrderIsProcessedBefore" | "MetaDataNotFound" => Err(duplicate(decline)),
        _ => Ok(Some(decline)),
    }
}

/// A refusal by its code.
pub(super) fn decline(code: &str, words: String) -> Decline {
    Decline {
        group: error_group(code),
        code: message(code),
        message: words,
        day: BankDay::Unsaid,
    }
}

/// The signature of a reply to a payment, where it has one. True when it fits.
fn is_signed(context: BankContext<'_>, reply: &Element) -> Result<bool, Doubt> {
    let said = reply.exact(&["HashData"])?;
    if said.is_empty() {
        return Ok(false);
    }
    let mut values = Vec::new();
    for name in ["MerchantOrderId", "RRN", "ResponseCode", "OrderId"] {
        values.push(reply.exact(&[name])?);
    }
    if same(said, &signature(context.account, &values)?) {
        Ok(true)
    } else {
        Err(unauthentic("the reply's HashData is wrong"))
    }
}

/// What a payment came to: an approval is signed, and says our order, amount and currency; after 3DS also the number
/// under which the bank began it, where that is known.
pub(super) fn payment(
    context: BankContext<'_>,
    order: &Order,
    begun: &str,
    reply: &Element,
) -> Answer<Charged> {
    let is_signed = is_signed(context, reply)?;
    let named = reply.exact(&["MerchantOrderId"])?;
    let refusal = refusal_of_move(refusal(reply)?)?;
    if named != order.id && (refusal.is_none() || !named.is_empty()) {
        return Err(unauthentic("the reply is about another order"));
    }
    if let Some(decline) = refusal {
        return Ok(Verdict::Declined(decline));
    }
    if !is_signed {
        return Err(unauthentic("an approval without HashData"));
    }
    let amount = reply.exact(&["VPosMessage", "Amount"])?;
    let said = reply.exact(&["VPosMessage", "CurrencyCode"])?;
    let is_ours = said.is_empty() || is_currency(said, order.amount)?;
    if amount != order.amount.minor.to_string() || !is_ours {
        return Err(unauthentic("the reply is about another amount"));
    }
    let charged = charged(reply)?;
    if !begun.is_empty() && charged.transaction_id != begun {
        return Err(unauthentic(
            "the reply is about another order of the bank's",
        ));
    }
    Ok(Verdict::Approved(charged))
}

/// The references of what was taken or held.
pub(super) fn charged(reply: &Element) -> Result<Charged, Doubt> {
    let host_reference = reference(reply.exact(&["RRN"])?)?;
    if host_reference.is_empty() {
        return Err(unreadable("an approval without RRN"));
    }
    Ok(Charged {
        auth_code: auth_code(reply.exact(&["ProvisionNumber"])?)?,
        host_reference,
        transaction_id: bank_order(reply.exact(&["OrderId"])?)?,
        ..Charged::default()
    })
}

// 3DS

/// What the browser brings back, or what a page would have brought.
#[derive(Default)]
pub(super) struct Callback {
    pub(super) code: String,
    pub(super) words: String,
    /// `MerchantOrderId`.
    pub(super) order_id: String,
    /// The bank's `OrderId`.
    pub(super) bank_order: String,
    pub(super) hash: String,
    pub(super) md: String,
    /// Both unsigned, and told by one bank alone.
    pub(super) amount: String,
    pub(super) currency: String,
}

/// What stands for a verified card, kept between checking and selling.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Proof {
    pub(super) md: String,
    /// The bank's number of the order; empty where it told none.
    #[serde(default)]
    pub(super) order: String,
    /// Where the browser came back to.
    #[serde(default)]
    pub(super) return_url: String,
}

impl Proof {
    pub(super) fn of(proof: &Secret) -> Result<Proof, Doubt> {
        let read = serde_json::from_str(proof.expose());
        read.map_err(|_| not_supported("the proof of 3DS is not this bank's"))
    }
}

/// Recorded are base64 of some twenty bytes, and of 48 from a hosted page; no document has a limit.
const MD_MAX: usize = 1_024;

/// Asks for the page that leads the browser on. `leads_back` reads what a form would bring to our own address: the bank
/// sends a refusal straight there.
pub(super) async fn begin(
    context: BankContext<'_>,
    begin: &Begin3ds<'_>,
    request: Request,
    leads_back: impl Fn(&[(String, String)]) -> Result<Callback, Doubt>,
) -> Answer<BankForm> {
    let body = ask(context.http, request).await?;
    let Some(form) = page::form(&decode(&body)) else {
        let reply = read(&body)?;
        return match refusal(&reply)? {
            Some(decline) => Ok(Verdict::Declined(decline)),
            None => Err(unreadable("the bank shows no page")),
        };
    };
    if form.action == begin.return_url {
        let Callback { code, words, .. } = leads_back(&form.fields)?;
        return match code.as_str() {
            "" => Err(unreadable("the bank's page brings nothing back")),
            APPROVED => Ok(Verdict::Approved(form)),
            code => Ok(Verdict::Declined(decline(code, words))),
        };
    }
    // The page of any issuer, which the bank names in a reply that TLS proves; in plain text only the bank's own.
    let own = origin(&context.account.threeds_url);
    if form.action.starts_with("https://") || origin(&form.action) == own {
        Ok(Verdict::Approved(form))
    } else {
        Err(unreadable("the bank's page leads to no web address"))
    }
}

/// Scheme, host and port of an address.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| host + at);
    &url[..end]
}

/// Checks what the browser brought back. A failure may be unsigned: the bank's gate answers some before it knows the
/// account, and who forges one has only failed himself.
pub(super) fn verify(
    context: BankContext<'_>,
    returned: &Returned<'_>,
    callback: Callback,
) -> Result<Verified, Doubt> {
    let order = returned.sale.order;
    let Callback {
        code,
        words,
        order_id,
        bank_order,
        hash,
        md,
        amount,
        currency,
    } = callback;
    let is_verified = code == APPROVED;
    if !hash.is_empty() || is_verified {
        let right = signature(context.account, &[&order_id, &code, &bank_order])?;
        if !same(&hash, &right) {
            return Err(unauthentic("the hash of the return is wrong or missing"));
        }
    }
    if order_id != order.id && (is_verified || !order_id.is_empty()) {
        return Err(unauthentic("the return is about another order"));
    }
    if is_verified && !is_order_number(&bank_order) {
        return Err(unauthentic("the return has no number of the order"));
    }
    let is_ours = (amount.is_empty() || amount == order.amount.minor.to_string())
        && (currency.is_empty() || is_currency(&currency, order.amount)?);
    if is_verified && !is_ours {
        return Err(unauthentic("the return is about another amount"));
    }
    let is_md = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_verified && (md.is_empty() || md.len() > MD_MAX || !is_md(&md)) {
        return Err(unreadable("the return has no MD that can be one"));
    }
    let proof = if is_verified {
        serde_json::to_string(&Proof {
            md,
            order: bank_order.trim_start_matches('0').to_owned(),
            return_url: returned.return_url.to_owned(),
        })
    } else {
        Ok(String::new())
    };
    Ok(Verified {
        md_status: u8::from(is_verified),
        message: message(&words),
        page_points: None,
        proof: Secret::new(proof.map_err(|_| not_supported("the proof"))?),
    })
}

/// Whether a return's number of the order can be one: what stands before it under the hash has no mark at its end, so a
/// number that begins with 0 could be the end of that. Recorded is also 0 alone, where the bank counts later.
fn is_order_number(said: &str) -> bool {
    let is_number = !said.is_empty() && said.bytes().all(|byte| byte.is_ascii_digit());
    is_number && (said == "0" || !said.starts_with('0'))
}

// Codes to error groups

/// The one code that approves.
pub(super) const APPROVED: &str = "00";

/// What a code means: an issuer's, or the name of a failure at the bank itself. What the bank could not finish is a
/// time-out: it may have been done all the same.
pub(super) fn error_group(code: &str) -> ErrorGroup {
    if code.len() <= 3 {
        return issuer_group(code);
    }
    match code {
        "ApiUserNotDefined" | "MerchantNotDefined" | "HashDataError" => {
            ErrorGroup::InvalidMerchantOrSp
        }
        "PosMerchantIPError" => ErrorGroup::InvalidIp,
        "CurrencyCodeInvalid"
        | "InvalidTransactionSecurity"
        | "InvalidMetaData"
        | "EmptyMDException" => ErrorGroup::InputData,
        "MetaDataNotFound" => ErrorGroup::InvalidTransaction,
        "CardNotFound" => ErrorGroup::InvalidCardNumber,
        "CardNotEnrolled" | "CardNotOnusControl" => ErrorGroup::CardNotPermitted,
        "Non3dUsageUnavailable" => ErrorGroup::Requires3ds,
        "OrderIsProcessedBefore" => ErrorGroup::OrderIdAlreadyUsed,
        "RRNOrStanOrProvIsIncorrect" => ErrorGroup::PaymentNotFoundForRefund,
        "TransactionAmountMismatchException" => ErrorGroup::InvalidAmount,
        "TimeoutException" => ErrorGroup::RequestTimeout,
        "ProvisionException"
        | "ServiceUnavailable"
        | "TechnicalException"
        | "IntegrationFatalException" => ErrorGroup::CommunicationOrSystemError,
        _ if code.starts_with("IssuerException") => ErrorGroup::IssuerOrSwitchInoperative,
        _ if code.starts_with("Empty") => ErrorGroup::InputData,
        _ => ErrorGroup::Declined,
    }
}
