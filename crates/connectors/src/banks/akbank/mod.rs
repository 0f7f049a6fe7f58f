//! Akbank's JSON virtual POS, from recorded replies, test vectors and the clients' notes.
//!
//! Here are sale, hold and points; what becomes of an order later stands in `standing`, the inquiry in `record`, the
//! 3DS steps in `threeds`, the list of a day in `day_list`. Requests are signed by the header `auth-hash`, and so is a
//! reply that carries it; that every reply does is not public (docs/unverified.md), so that beside it a reply must name
//! what was asked, and our order.

mod day_list;
mod record;
mod rewards;
mod standing;
#[cfg(test)]
mod tests;
mod threeds;

use super::codes::issuer_group;
use super::{
    ask_whole, auth_code, doubt, duplicate, message, not_supported, reference, refusal_of_move,
    unauthentic, unreadable,
};
use crate::account::{AccountNeeds, Field, Number, Slot, Tried, words};
use crate::bank::{
    Account, Answer, BankContext, BankDay, BankForm, Begin3ds, CardData, Charge, Charged, Decline,
    Doubt, DoubtReason, Loyalties, LoyaltyInquiry, Order, PageOutcome, Phase, Returned, RewardUse,
    Verb, Verdict, Verified,
};
use crate::digest::{hmac_sha512_base64, hmac_sha512_hex, same};
use crate::http::{Request, Response};
use crate::json::Json;
use contract::enums::Currency;
use contract::errors::ErrorGroup;
use contract::money::{Decimal, Money};
use serde_json::{Map, Value, json};

/// What an account needs.
pub(crate) const ACCOUNT: AccountNeeds = AccountNeeds {
    fields: &[
        Field::new(
            Slot::Number(Number::ClientId),
            "Güvenli işyeri numarası",
            "Merchant safe id",
            "The merchant safe id",
        )
        .coded("merchantSafeId")
        .hinted(
            "32 karakter; Akbank Sanal POS yönetim ekranındadır.",
            "32 characters; in Akbank's merchant panel.",
        ),
        Field::new(
            Slot::Number(Number::TerminalId),
            "Güvenli terminal numarası",
            "Terminal safe id",
            "The terminal safe id",
        )
        .coded("terminalSafeId")
        .hinted(
            "32 karakter; Akbank Sanal POS yönetim ekranındadır.",
            "32 characters; in Akbank's merchant panel.",
        ),
        Field::new(
            Slot::ThreedsKey,
            "Güvenlik anahtarı",
            "Secret key",
            "The secret key",
        )
        .coded("secretKey")
        .hinted(
            "Her isteği imzalar. Akbank Sanal POS yönetim ekranından alınır.",
            "Signs every request. From Akbank's merchant panel.",
        )
        .secret(),
    ],
    users: &[],
    currencies: &[Currency::Try, Currency::Usd, Currency::Eur, Currency::Gbp],
    options: &[],
    tried: Tried::new(
        Some(words(
            "güvenli işyeri ve terminal numaraları ile güvenlik anahtarı",
            "the merchant and terminal safe ids and the secret key",
        )),
        None,
    ),
};

/// What this protocol can do.
pub(crate) const VERBS: &[Verb] = &[
    Verb::Charge,
    Verb::ThreeDs,
    Verb::PageSale,
    Verb::Void,
    Verb::Refund,
    Verb::GivenBack,
    Verb::Hold,
    Verb::Inquire,
    Verb::Loyalties,
    Verb::DayList,
];

/// No document says so.
pub(crate) const CAMPAIGN_FIXES_CAPTURE: bool = false;

// What 3DS proved counts as card data: with it a sale can be made.
/// Names whose values must not be stored or logged.
pub(crate) const SECRET_FIELDS: &[&str] = &[
    "cardNumber",
    "cvv2",
    "expireDate",
    "creditCard",
    "cvv",
    "expiredDate",
    "secureId",
    "secureData",
    "secureMd",
    // Over the card's number, with what only the merchant knows.
    "hash",
];

/// What the browser always brings back from the 3DS page.
pub(crate) const RETURN_FIELDS: &[&str] = &["responsecode", "orderid", "hashparams", "hash"];

pub(crate) async fn begin_3ds(context: BankContext<'_>, begin: Begin3ds<'_>) -> Answer<BankForm> {
    Ok(Verdict::Approved(threeds::form(context, &begin)?))
}

pub(crate) async fn verify_3ds(
    context: BankContext<'_>,
    returned: Returned<'_>,
) -> Answer<Verified> {
    Ok(Verdict::Approved(threeds::check(context, &returned)?))
}

pub(crate) async fn page_outcome(
    context: BankContext<'_>,
    returned: Returned<'_>,
) -> Result<PageOutcome, Doubt> {
    threeds::outcome(context, &returned).await
}

pub(crate) use day_list::day_list;
pub(crate) use standing::{capture, given_back, inquire, inquire_hold, refund, void};
pub(crate) use threeds::finish as finish_3ds;

// Requests

/// What differs from one message to the next.
struct Question<'a> {
    /// `txnCode`.
    code: &'static str,
    /// Nothing for an inquiry of points.
    order_id: Option<&'a str>,
    /// What is moved; questions and voids have none.
    amount: Option<Money>,
    /// Of the first message of an order.
    installment: Option<u8>,
    card: Option<&'a CardData>,
    client_ip: Option<&'a str>,
    /// What 3DS proved, in place of a card.
    proof: Option<&'a threeds::Proof>,
    /// Fields of `reward`.
    reward: Vec<(&'static str, Decimal)>,
}

impl<'a> Question<'a> {
    fn about(code: &'static str, order: &'a Order) -> Question<'a> {
        Question {
            code,
            order_id: Some(&order.id),
            amount: None,
            installment: None,
            card: None,
            client_ip: None,
            proof: None,
            reward: Vec::new(),
        }
    }

    /// The first message of an order, without what pays it.
    fn sale(order: &'a Order, reward: Option<RewardUse>) -> Result<Question<'a>, Doubt> {
        Ok(Question {
            amount: Some(order.amount),
            installment: Some(order.installment),
            reward: rewards::spend(order, reward)?,
            ..Question::about(sale_code(order), order)
        })
    }
}

/// The `txnCode` of an order's first message.
fn sale_code(order: &Order) -> &'static str {
    match order.phase {
        Phase::Sale => "1000",
        Phase::Hold => "1004",
    }
}

/// `2024-04-20T13:48:02.000`, in Istanbul.
fn moment(context: BankContext<'_>) -> String {
    context.now.strftime("%Y-%m-%dT%H:%M:%S.000").to_string()
}

/// 128 digits that no other message has and no stranger can tell.
fn number_once(context: BankContext<'_>, text: &str) -> String {
    let key = context.account.threeds_key.expose();
    let now = context.now.timestamp().as_nanosecond();
    hmac_sha512_hex(key, format!("{text} {now}").as_bytes())
}

/// What every message begins with. `subject` is what it is about.
fn message_of(context: BankContext<'_>, code: &str, subject: &str) -> Map<String, Value> {
    let account = context.account;
    let once = number_once(context, &format!("{code} {subject}"));
    [
        ("version", "1.00".into()),
        ("txnCode", code.into()),
        ("requestDateTime", moment(context).into()),
        ("randomNumber", once.into()),
        (
            "terminal",
            json!({"merchantSafeId": account.client_id, "terminalSafeId": account.terminal_id}),
        ),
    ]
    .map(|(name, value): (&str, Value)| (name.to_owned(), value))
    .into_iter()
    .collect()
}

/// A message with its signature.
fn signed(account: &Account, url: String, message: Map<String, Value>) -> Request {
    let body = Value::Object(message).to_string().into_bytes();
    let hash = hmac_sha512_base64(account.threeds_key.expose(), &body);
    Request {
        method: "POST",
        url,
        headers: vec![
            ("content-type", "application/json".to_owned()),
            (SIGNATURE, hash),
        ],
        body,
    }
}

fn request(context: BankContext<'_>, question: &Question<'_>) -> Result<Request, Doubt> {
    let (account, order_id) = (context.account, question.order_id);
    let mut body = message_of(context, question.code, order_id.unwrap_or_default());
    let mut set = |name: &str, value: Value| _ = body.insert(name.to_owned(), value);
    if let Some(card) = question.card {
        let mut fields = json!({
            "cardNumber": card.pan.expose(),
            "expireDate": expiry(card),
        });
        // A stored card has no security code; the bank decides whether it sells without.
        if let Some(cvc) = &card.cvc {
            fields["cvv2"] = cvc.expose().into();
        }
        set("card", fields);
    }
    if let Some(order_id) = order_id {
        set("order", json!({"orderId": order_id}));
    }
    if !question.reward.is_empty() {
        let spent = question.reward.iter();
        let spent = spent.map(|(name, amount)| ((*name).to_owned(), json!(amount)));
        set("reward", Value::Object(spent.collect()));
    }
    if let Some(amount) = question.amount {
        let mut fields = json!({
            "amount": amount.decimal(),
            "currencyCode": currency(amount)?,
        });
        if let Some(count) = question.installment {
            fields["motoInd"] = 0.into();
            fields["installCount"] = count.max(1).into();
        }
        set("transaction", fields);
    }
    // Which messages need it is the document's word: those that have instalments.
    if question.installment.is_some() {
        let address = question.client_ip.unwrap_or_default();
        set(
            "customer",
            json!({"emailAddress": "", "ipAddress": address}),
        );
    }
    if let Some(proof) = question.proof {
        set("secureTransaction", proof.fields());
    }
    Ok(signed(account, account.api_url.clone(), body))
}

/// The header that signs a body.
const SIGNATURE: &str = "auth-hash";

/// `MMYY`.
fn expiry(card: &CardData) -> String {
    format!("{:02}{:02}", card.expiry.month, card.expiry.year % 100)
}

/// ISO 4217 numbers.
fn currency(amount: Money) -> Result<u16, Doubt> {
    match amount.currency {
        Currency::Try => Ok(949),
        Currency::Usd => Ok(840),
        Currency::Eur => Ok(978),
        Currency::Gbp => Ok(826),
        _ => Err(not_supported("Akbank has no such currency")),
    }
}

// Replies

/// Asks, and reads a reply that is not signed by another key and not about another account.
async fn ask_signed(context: BankContext<'_>, request: Request) -> Result<Json, Doubt> {
    let reply = ask_whole(context.http, request).await?;
    if !is_signed(context.account, &reply) {
        return Err(unauthentic("the hash of the reply is wrong"));
    }
    let said = Json::parse(&reply.body).map_err(|_| unreadable("the reply is not JSON"))?;
    check_account(context.account, &said)?;
    Ok(said)
}

/// Refuses what names another account; it may name none.
fn check_account(account: &Account, said: &Json) -> Result<(), Doubt> {
    let of_account = [
        ("merchantSafeId", &account.client_id),
        ("terminalSafeId", &account.terminal_id),
    ];
    for (name, ours) in of_account {
        let told = said.exact(&["terminal", name])?;
        if !told.is_empty() && told != ours {
            return Err(unauthentic("the reply is about another account"));
        }
    }
    Ok(())
}

/// Asks, and reads a reply to the question about our order. A refusal, and what an inquiry finds, may name none.
async fn exchange(context: BankContext<'_>, question: &Question<'_>) -> Result<Json, Doubt> {
    let said = ask_signed(context, request(context, question)?).await?;
    if said.exact(&["txnCode"])? != question.code {
        return Err(unreadable("the reply does not answer the question"));
    }
    let named = said.exact(&["order", "orderId"])?;
    let may_be_nameless = matches!(question.code, HISTORY | POINTS) || !is_approved(&said)?;
    let is_ours = match question.order_id {
        Some(order_id) => named == order_id || named.is_empty() && may_be_nameless,
        None => true,
    };
    if is_ours {
        Ok(said)
    } else {
        Err(unauthentic("the reply is about another order"))
    }
}

/// A reply that carries a hash must carry the right one.
fn is_signed(account: &Account, reply: &Response) -> bool {
    let mut hashes = reply.headers.iter().filter(|(name, _)| name == SIGNATURE);
    let expected = hmac_sha512_base64(account.threeds_key.expose(), &reply.body);
    hashes.all(|(_, hash)| same(hash.trim(), &expected))
}

const APPROVED: &str = "VPS-0000";

fn is_approved(reply: &Json) -> Result<bool, Doubt> {
    Ok(reply.exact(&["responseCode"])? == APPROVED)
}

/// Nothing when the bank approved a move, which its host does too, else its refusal. An order id that the bank knows
/// is doubt, and so is a reply whose parts do not agree.
fn refusal(reply: &Json) -> Result<Option<Decline>, Doubt> {
    let refusal = refusal_of_question(reply)?;
    if refusal.is_none() && reply.exact(&["hostResponseCode"])? != HOST_APPROVED {
        return Err(unreadable("an approval without the host's"));
    }
    refusal_of_move(refusal)
}

/// The same of a question, which the host may not have been asked.
fn refusal_of_question(reply: &Json) -> Result<Option<Decline>, Doubt> {
    let code = reply.exact(&["responseCode"])?;
    let host = reply.exact(&["hostResponseCode"])?;
    if code == APPROVED {
        return match host {
            "" | HOST_APPROVED => Ok(None),
            _ => Err(unreadable("the reply approves and declines")),
        };
    }
    let given = reply.exact(&["transaction", "authCode"])?;
    if given.bytes().any(|byte| byte != b'0') {
        return Err(unreadable("a refusal with an approval code"));
    }
    let decline = decline(code, host, why(|name| reply.words(&[name])))?;
    known_before(decline).map(Some)
}

/// Doubt where the bank knows the order id from before.
fn known_before(decline: Decline) -> Result<Decline, Doubt> {
    match decline.group {
        ErrorGroup::OrderIdAlreadyUsed | ErrorGroup::ApprovedCompleted => Err(duplicate(decline)),
        _ => Ok(decline),
    }
}

/// What the host says of its refusal, else what the gateway says.
fn why(words: impl Fn(&'static str) -> String) -> String {
    match words("hostMessage") {
        host if host.is_empty() => words("responseMessage"),
        host => host,
    }
}

/// The refusal of a gateway's and a host's code.
fn decline(code: &str, host: &str, words: String) -> Result<Decline, Doubt> {
    let digits = code.strip_prefix("VPS-").unwrap_or_default();
    let is_code = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_code || code == APPROVED || host == HOST_APPROVED {
        return Err(unreadable("the reply neither approves nor declines"));
    }
    Ok(Decline {
        group: error_group(code, host),
        // An issuer's own code says more than what the gateway makes of it.
        code: message(if host.is_empty() { code } else { host }),
        message: words,
        day: BankDay::Unsaid,
    })
}

/// What an approved sale says. Without the bank's reference it is no answer.
fn charged(reply: &Json, order: &Order) -> Result<Charged, Doubt> {
    let said = |name| reply.exact(&["transaction", name]);
    let told = said("amount")?;
    if !told.is_empty() && amount(told, order.amount.currency) != Some(order.amount.minor) {
        return Err(unauthentic("the reply is about another amount"));
    }
    Ok(Charged {
        auth_code: auth_code(said("authCode")?)?,
        host_reference: host_reference(said("rrn")?)?,
        transaction_id: batch_and_number(said("batchNumber")?, said("stan")?),
        holder_name: reply.words(&["card", "cardHolderName"]),
        spent: None,
        campaign: rewards::campaign(|name| reply.words(&["campaign", name])),
        points_left: rewards::left(reply, order.amount.currency),
    })
}

/// The bank's reference of an approval; refusals have zeros.
fn host_reference(text: &str) -> Result<String, Doubt> {
    let host_reference = reference(text)?;
    if host_reference.bytes().all(|byte| byte == b'0') {
        return Err(unreadable("an approval without a reference"));
    }
    Ok(host_reference)
}

/// The batch and the number in it, by which the bank's panel lists a transaction.
fn batch_and_number(batch: &str, number: &str) -> String {
    if batch.is_empty() || number.is_empty() {
        return String::new();
    }
    message(&format!("{batch}-{number}"))
}

/// An amount as the bank writes it, `30` or `1.01`, in minor units.
fn amount(text: &str, currency: Currency) -> Option<i64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let number: Decimal = plain.then(|| text.parse().ok()).flatten()?;
    number.to_minor(currency).ok()
}

// The verbs

pub(crate) async fn charge(context: BankContext<'_>, charge: Charge<'_>) -> Answer<Charged> {
    let question = Question {
        card: Some(charge.card),
        client_ip: charge.client_ip,
        ..Question::sale(charge.order, charge.reward)?
    };
    sell(context, &question, charge.order).await
}

async fn sell(context: BankContext<'_>, question: &Question<'_>, order: &Order) -> Answer<Charged> {
    let reply = exchange(context, question).await?;
    match refusal(&reply)? {
        Some(decline) => Ok(Verdict::Declined(explained(decline)?)),
        None => Ok(Verdict::Approved(charged(&reply, order)?)),
    }
}

/// The refusal of a sale, unless it is the gateway's, with a code that no document explains: then the sale may have
/// been made, and the bank's record is asked.
fn explained(decline: Decline) -> Result<Decline, Doubt> {
    let is_gateways = decline.code.starts_with("VPS-");
    let is_explained = EXPLAINED.contains(&decline.code.as_str());
    if decline.group == ErrorGroup::Declined && is_gateways && !is_explained {
        return Err(doubt(
            DoubtReason::TimedOut(decline),
            "a refusal that no document explains",
        ));
    }
    Ok(decline)
}

/// The amount of an inquiry of points, which needs one and moves none.
const PLACEHOLDER_MINOR: i64 = 100;

pub(crate) async fn loyalties(
    context: BankContext<'_>,
    inquiry: LoyaltyInquiry<'_>,
) -> Answer<Loyalties> {
    let question = Question {
        order_id: None,
        amount: Some(Money::new(PLACEHOLDER_MINOR, Currency::Try)),
        installment: Some(1),
        card: Some(inquiry.card),
        client_ip: inquiry.client_ip,
        ..Question::about(POINTS, inquiry.order)
    };
    let reply = exchange(context, &question).await?;
    if let Some(decline) = refusal_of_question(&reply)? {
        return Ok(Verdict::Declined(decline));
    }
    Ok(Verdict::Approved(Loyalties {
        balance: rewards::balance(&reply)?,
        campaigns: Vec::new(),
    }))
}

// Codes

/// All transactions of an order.
const HISTORY: &str = "1010";
/// What a card's purses hold.
const POINTS: &str = "1006";
/// What the host says of what it did.
const HOST_APPROVED: &str = "00";
/// "Invalid transaction" of the host.
const INVALID_TRANSACTION: &str = "12";
/// No bank's: the card of the published table for which an order was approved before.
const DONE_BEFORE: &str = "T98";
/// The order id was used before.
const KNOWN_ORDER: &str = "VPS-1013";
/// No transaction to give back, undo or capture.
const NO_SALE: &str = "VPS-1007";
/// It was undone before.
const UNDONE: &str = "VPS-1008";
/// The history knows no such order.
const NO_ORDER: &str = "VPS-1123";
/// The shopper was not verified.
const NOT_VERIFIED: &str = "VPS-1279";
/// Refusals of the gateway without a group of their own: no provision; recurring sales, which no order of ours is;
/// no verification.
const EXPLAINED: [&str; 5] = ["VPS-1005", "VPS-1055", "VPS-1059", "VPS-1061", NOT_VERIFIED];

fn error_group(code: &str, host: &str) -> ErrorGroup {
    match code {
        // The simulator's own: the order was approved before.
        _ if host == DONE_BEFORE || code.ends_with(DONE_BEFORE) => ErrorGroup::ApprovedCompleted,
        KNOWN_ORDER => ErrorGroup::OrderIdAlreadyUsed,
        NO_SALE => ErrorGroup::PaymentNotFoundForRefund,
        UNDONE => ErrorGroup::MayHaveAlreadyRefunded,
        "VPS-1060" => ErrorGroup::NotPermittedToTerminal,
        "VPS-1073" => ErrorGroup::InputData,
        _ if !host.is_empty() => issuer_group(host),
        _ => ErrorGroup::Declined,
    }
}
