//! What the lender's replies say. A reply is read only after its signature is proven, and even
//! then nothing in it is trusted to be short, sane, or about the application that was asked for.

use super::refusal::decline;
use super::seal;
use crate::bank::{Decline, Doubt, DoubtReason, Reversed};
use crate::http::Response;
use crate::lender::{
    Application, ApplicationRef, Applied, BankOffer, LenderContext, LoanRefund, LoanStanding,
    LoanState, MoneyBack, OfferTerm,
};
use crate::scrub::kept_words;
use contract::enums::Currency;
use contract::errors::ErrorGroup;
use contract::money::{AMOUNT_MINOR_MAX, Money};
use serde::Deserialize;
use serde::de::DeserializeOwned;

const BANKS_MAX: usize = 100;
const TERMS_MAX: usize = 120;
const REFUNDS_MAX: usize = 500;
const TERM_MONTHS_MAX: u16 = 600;
const TEXT_CHARACTERS_MAX: usize = 300;
const ID_CHARACTERS_MAX: usize = 128;
const URL_CHARACTERS_MAX: usize = 2048;
/// A thousand percent a month, in millionths of a percent.
const RATE_MAX: i64 = 1_000_000_000;

/// A genuine reply, by what its status means.
pub(super) enum Reply {
    /// The lender did it.
    Done(Vec<u8>),
    /// It knows no such application.
    Unknown(Decline),
    /// It has another application with this order id.
    Conflict(Decline),
    /// It refused, and did nothing.
    Refused(Decline),
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
    #[serde(default)]
    message: String,
}

/// Proves that `response` is the lender's, and that it answers the request so signed.
pub(super) fn authenticate(
    context: LenderContext<'_>,
    request_signature: &str,
    response: Response,
) -> Result<Reply, Doubt> {
    let status = response.status;
    if !matches!(status, 200 | 201 | 400 | 401 | 404 | 409 | 422) {
        return Err(doubt(
            DoubtReason::Network,
            &format!("HTTP status {status} is no answer"),
        ));
    }
    let signature = seal::header(&response.headers, "x-lender-signature");
    let timestamp = seal::fresh_timestamp(&response.headers, context.now);
    let (Some(signature), Some(timestamp)) = (signature, timestamp) else {
        return Err(unauthentic("no signature, or a stale one"));
    };
    let status_text = status.to_string();
    let parts = [
        timestamp.as_bytes(),
        status_text.as_bytes(),
        request_signature.as_bytes(),
        &response.body,
    ];
    if !seal::matches(&context.account.client_secret, &parts, signature) {
        return Err(unauthentic("the signature is wrong"));
    }
    if matches!(status, 200 | 201) {
        return Ok(Reply::Done(response.body));
    }
    let refusal: Refusal = read(&response.body)?;
    let decline = decline(&refusal.code, &refusal.message, ErrorGroup::ApmError);
    Ok(match status {
        404 if refusal.code == "APPLICATION_UNKNOWN" => Reply::Unknown(decline),
        409 => Reply::Conflict(decline),
        _ => Reply::Refused(decline),
    })
}

#[derive(Deserialize)]
struct OffersBody {
    banks: Vec<OfferBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfferBody {
    bank_code: String,
    bank_name: String,
    #[serde(default)]
    icon_url: String,
    #[serde(default)]
    table_banner: String,
    #[serde(default)]
    small_banner: String,
    #[serde(default)]
    supports_non_customers: bool,
    #[serde(default)]
    plan_calculated_by_bank: bool,
    terms: Vec<TermBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TermBody {
    term: u16,
    amount: i64,
    total_amount: i64,
    interest_rate: i64,
    annual_interest_rate: i64,
}

/// The banks of an offers reply, in its order.
pub(super) fn offers(body: &[u8]) -> Result<Vec<BankOffer>, Doubt> {
    let body: OffersBody = read(body)?;
    if body.banks.len() > BANKS_MAX {
        return Err(unreadable("too many banks"));
    }
    let mut offers: Vec<BankOffer> = Vec::with_capacity(body.banks.len());
    for bank in body.banks {
        if offers.iter().any(|offer| offer.bank_code == bank.bank_code) {
            return Err(unreadable("one bank twice"));
        }
        offers.push(offer(bank)?);
    }
    Ok(offers)
}

fn offer(bank: OfferBody) -> Result<BankOffer, Doubt> {
    let icon_ok = bank.icon_url.is_empty() || is_web_address(&bank.icon_url);
    if !is_bank_code(&bank.bank_code) || !icon_ok || bank.terms.len() > TERMS_MAX {
        return Err(unreadable("a bank's offer is out of bounds"));
    }
    let terms: Option<Vec<OfferTerm>> = bank.terms.into_iter().map(term).collect();
    Ok(BankOffer {
        bank_code: bank.bank_code,
        bank_name: capped(&bank.bank_name),
        icon_url: bank.icon_url,
        table_banner: capped(&bank.table_banner),
        small_banner: capped(&bank.small_banner),
        supports_non_customers: bank.supports_non_customers,
        plan_calculated_by_bank: bank.plan_calculated_by_bank,
        terms: terms.ok_or_else(|| unreadable("a payment plan is out of bounds"))?,
    })
}

fn term(term: TermBody) -> Option<OfferTerm> {
    let rates = 0..=RATE_MAX;
    let sane = is_term(term.term)
        && is_amount(term.amount)
        && is_amount(term.total_amount)
        && term.amount <= term.total_amount
        && rates.contains(&term.interest_rate)
        && (0..=RATE_MAX * 12).contains(&term.annual_interest_rate);
    sane.then_some(OfferTerm {
        term: term.term,
        amount: term.amount,
        total_amount: term.total_amount,
        interest_rate: term.interest_rate,
        annual_interest_rate: term.annual_interest_rate,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AppliedBody {
    order_id: String,
    application_id: String,
    redirect_url: String,
    amount: i64,
    currency: Currency,
}

/// An accepted application; what it echoes must be what was applied for.
pub(super) fn applied(body: &[u8], asked: &Application<'_>) -> Result<Applied, Doubt> {
    let body: AppliedBody = read(body)?;
    let echoed =
        body.order_id == asked.order_id && Money::new(body.amount, body.currency) == asked.amount;
    if !echoed {
        return Err(unreadable("the reply is about another application"));
    }
    if !is_id(&body.application_id) || !is_web_address(&body.redirect_url) {
        return Err(unreadable("no usable application id or address"));
    }
    Ok(Applied {
        application_id: body.application_id,
        redirect_url: body.redirect_url,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StandingBody {
    order_id: String,
    application_id: String,
    bank_code: Option<String>,
    term: Option<u16>,
    amount: i64,
    currency: Currency,
    state: StateBody,
    rejection: Option<Refusal>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum StateBody {
    Pending,
    Assessing,
    Ready,
    Disbursed,
    Rejected,
    Expired,
    Cancelled,
}

/// How the application stands. The amount is the caller's to compare: it knows what was asked.
pub(super) fn standing(body: &[u8], asked: &ApplicationRef<'_>) -> Result<LoanStanding, Doubt> {
    let body: StandingBody = read(body)?;
    let about = (body.order_id.as_str(), body.application_id.as_str());
    require_application(about, body.currency, asked)?;
    let bank_ok = body.bank_code.as_deref().is_none_or(is_bank_code);
    let term_ok = body.term.is_none_or(is_term);
    if !is_id(&body.application_id) || !bank_ok || !term_ok || !is_amount(body.amount) {
        return Err(unreadable("the standing is out of bounds"));
    }
    if body.rejection.is_some() && !matches!(body.state, StateBody::Rejected) {
        return Err(unreadable("a rejection, but the state says otherwise"));
    }
    let state = match body.state {
        StateBody::Pending => LoanState::Pending,
        StateBody::Assessing => LoanState::Assessing,
        StateBody::Ready => LoanState::Ready,
        StateBody::Disbursed => LoanState::Disbursed,
        StateBody::Rejected => LoanState::Rejected(rejection(body.rejection)),
        StateBody::Expired => LoanState::Expired,
        StateBody::Cancelled => LoanState::Cancelled,
    };
    Ok(LoanStanding {
        order_id: body.order_id,
        application_id: body.application_id,
        bank_code: body.bank_code,
        term: body.term,
        amount: Money::new(body.amount, body.currency),
        state,
    })
}

/// Why a bank rejected. A rejection without a reason is still a rejection.
fn rejection(refusal: Option<Refusal>) -> Decline {
    match refusal {
        Some(refusal) => decline(&refusal.code, &refusal.message, ErrorGroup::Declined),
        None => decline("BANK_REJECTED", "", ErrorGroup::Declined),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefundBody {
    refund_id: Option<String>,
    reference: String,
    kind: RefundKindBody,
    amount: i64,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum RefundKindBody {
    Void,
    Refund,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefundedBody {
    order_id: String,
    application_id: String,
    currency: Currency,
    refund: RefundBody,
}

/// A void or refund that was made; what it echoes must be what was asked for.
pub(super) fn refunded(
    body: &[u8],
    asked: &LoanRefund<'_>,
    voids: bool,
) -> Result<Reversed, Doubt> {
    let body: RefundedBody = read(body)?;
    let about = (body.order_id.as_str(), body.application_id.as_str());
    require_application(about, body.currency, &asked.application)?;
    let made = money_back(body.refund, body.currency)?;
    if made.refund_id.as_deref() != Some(asked.refund_id)
        || made.amount != asked.amount
        || made.voided != voids
    {
        return Err(unreadable("the reply is about another refund"));
    }
    Ok(Reversed {
        host_reference: made.reference,
        ..Reversed::default()
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenBackBody {
    order_id: String,
    application_id: String,
    currency: Currency,
    refunds: Vec<RefundBody>,
}

/// What was given back so far. No id or reference stands twice, or nothing is believed.
pub(super) fn given_back(body: &[u8], asked: &ApplicationRef<'_>) -> Result<Vec<MoneyBack>, Doubt> {
    let body: GivenBackBody = read(body)?;
    let about = (body.order_id.as_str(), body.application_id.as_str());
    require_application(about, body.currency, asked)?;
    if body.refunds.len() > REFUNDS_MAX {
        return Err(unreadable("too many refunds"));
    }
    let mut listed: Vec<MoneyBack> = Vec::with_capacity(body.refunds.len());
    for refund in body.refunds {
        let back = money_back(refund, body.currency)?;
        let twice = |known: &MoneyBack| {
            known.reference == back.reference
                || back.refund_id.is_some() && known.refund_id == back.refund_id
        };
        if listed.iter().any(twice) {
            return Err(unreadable("one refund twice"));
        }
        listed.push(back);
    }
    Ok(listed)
}

fn money_back(body: RefundBody, currency: Currency) -> Result<MoneyBack, Doubt> {
    let id_ok = body.refund_id.as_deref().is_none_or(is_id);
    if !id_ok || !is_id(&body.reference) || !is_amount(body.amount) {
        return Err(unreadable("a refund is out of bounds"));
    }
    Ok(MoneyBack {
        refund_id: body.refund_id,
        reference: body.reference,
        voided: body.kind == RefundKindBody::Void,
        amount: Money::new(body.amount, currency),
    })
}

/// Refuses what is said about another application than the one that was asked about.
fn require_application(
    (order_id, application_id): (&str, &str),
    currency: Currency,
    asked: &ApplicationRef<'_>,
) -> Result<(), Doubt> {
    let same = asked.application_id.is_none_or(|id| id == application_id)
        && order_id == asked.order_id
        && currency == asked.currency;
    if same {
        Ok(())
    } else {
        Err(unreadable("the reply is about another application"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NotificationBody {
    order_id: String,
}

/// The order that an authentic notification is about.
pub(super) fn notified_order(body: &[u8]) -> Option<String> {
    let body: NotificationBody = read(body).ok()?;
    is_id(&body.order_id).then_some(body.order_id)
}

/// A genuine reply that cannot be used. `detail` must not quote the reply.
pub(super) fn unreadable(detail: &str) -> Doubt {
    doubt(DoubtReason::Unreadable, detail)
}

fn unauthentic(detail: &str) -> Doubt {
    doubt(DoubtReason::Unauthentic, detail)
}

fn doubt(reason: DoubtReason, detail: &str) -> Doubt {
    Doubt {
        may_have_been_sent: true,
        reason,
        detail: detail.to_owned(),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Doubt> {
    // A byte-order mark says nothing, and the signature over it is proven.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    // serde lets other bytes than UTF-8 pass in a field that it skips; and its message may quote the reply, so it is
    // not passed on.
    let text = std::str::from_utf8(body).ok();
    let said = text.and_then(|text| serde_json::from_str(text).ok());
    said.ok_or_else(|| unreadable("not the JSON that the protocol says"))
}

fn capped(text: &str) -> String {
    kept_words(text).chars().take(TEXT_CHARACTERS_MAX).collect()
}

fn is_amount(minor: i64) -> bool {
    (1..=AMOUNT_MINOR_MAX).contains(&minor)
}

fn is_term(months: u16) -> bool {
    (1..=TERM_MONTHS_MAX).contains(&months)
}

fn is_bank_code(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    (1..=ID_CHARACTERS_MAX).contains(&id.len()) && id.bytes().all(plain)
}

/// Absolute http or https: a browser is sent there, so `javascript:` must never pass.
fn is_web_address(url: &str) -> bool {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let clean = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    url.len() <= URL_CHARACTERS_MAX
        && url.bytes().all(clean)
        && rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::{NotificationBody, read};

    #[test]
    fn what_is_no_utf_8_is_no_json_wherever_it_stands() {
        let body = |other: &[u8]| [br#"{"orderId":"A","other":""#, other, br#""}"#].concat();
        assert!(read::<NotificationBody>(&body("ş".as_bytes())).is_ok());
        assert!(read::<NotificationBody>(&body(b"\xfe")).is_err());
    }
}
