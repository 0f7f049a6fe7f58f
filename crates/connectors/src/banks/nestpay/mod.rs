//! NestPay (EST v3): the virtual POS of many banks, from recorded replies, test vectors and the clients' notes.
//!
//! Here are sale, hold and points; what becomes of an order later stands in `standing`, the inquiries in `record`, the
//! 3DS steps in `threeds`. No reply carries a hash: TLS alone proves the bank, and a reply counts when it names our order.

mod record;
mod rewards;
mod standing;
#[cfg(test)]
mod tests;
mod threeds;

use super::codes::issuer_group;
use super::{
    ask, auth_code, duplicate, message, not_supported, reference, refusal_of_move, unauthentic,
    unreadable,
};
use crate::account::{AccountNeeds, MERCHANT_NUMBER, THREEDS_KEY, Tried, api_user, words};
use crate::bank::{
    Account, Answer, BankContext, BankDay, BankForm, Begin3ds, CardData, Charge, Charged, Decline,
    Doubt, Loyalties, LoyaltyInquiry, Order, PageOutcome, Phase, Returned, RewardUse, User, Verb,
    Verdict, Verified,
};
use crate::http::Request;
use crate::xml::{Element, Writer};
use contract::enums::Currency;
use contract::errors::ErrorGroup;
use contract::money::Money;
use encoding_rs::WINDOWS_1254;
use std::borrow::Cow;

/// What an account needs.
pub(crate) const ACCOUNT: AccountNeeds = AccountNeeds {
    fields: &[
        MERCHANT_NUMBER.coded("ClientId").hinted(
            "Mağaza numarası da denir; bankanın sanal POS açılış bildiriminde yazar.",
            "Also called the shop number; in the bank's message about the new virtual POS.",
        ),
        THREEDS_KEY.coded("store key").hinted(
            "Sanal POS yönetim ekranının 3D ayarlarında \"işyeri anahtarı\" adıyla üretilir. 3D Secure için gereklidir.",
            "Made in the 3D settings of the bank's merchant pages, as the shop's key. Needed for 3D Secure.",
        ),
    ],
    users: &[api_user(
        "Bankada Name ve Password. Sanal POS yönetim ekranında, rolü API olan bir kullanıcı eklenerek açılır; ekranlara girilen kullanıcı değildir.",
        "The bank's Name and Password: a user with the role API, added in the bank's merchant pages. Not the one that signs in there.",
    )],
    currencies: &[Currency::Try, Currency::Usd, Currency::Eur, Currency::Gbp],
    options: &[],
    tried: Tried::new(Some(words("üye işyeri numarası, API kullanıcısı ve şifresi", "the merchant number, the API user and its password")), Some(words("3DS anahtarı", "the 3DS key"))),
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
];

/// No document says so.
pub(crate) const CAMPAIGN_FIXES_CAPTURE: bool = false;

// What 3DS proved counts as card data: with it a sale can be made.
/// Names whose values must not be stored or logged.
pub(crate) const SECRET_FIELDS: &[&str] = &[
    "Password",
    "Number",
    "Expires",
    "Cvv2Val",
    "PayerTxnId",
    "PayerAuthenticationCode",
    "pan",
    "cv2",
    "Ecom_Payment_Card_ExpDate_Month",
    "Ecom_Payment_Card_ExpDate_Year",
    "md",
    "xid",
    "cavv",
    // What an inquiry repeats of it, and the line that repeats the inquiry's elements.
    "XID_3D",
    "CAVV_3D",
    "ORDERSTATUS",
    // Hashes over the card number and what only the merchant knows.
    "hash",
    "HASHPARAMSVAL",
];

/// What the browser always brings back from the 3DS page.
pub(crate) const RETURN_FIELDS: &[&str] = &["mdstatus", "oid", "hash"];

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
    threeds::outcome(context, &returned)
}

pub(crate) use super::no_day_list as day_list;
pub(crate) use standing::{capture, given_back, inquire, inquire_hold, refund, void};
pub(crate) use threeds::finish as finish_3ds;

// Requests

/// What differs from one `CC5Request` to the next.
struct Question<'a> {
    /// `Auth`, `PreAuth`, `PostAuth`, `Void`, `Credit`, `Query`; nothing where an element of `Extra` asks.
    kind: &'static str,
    order_id: &'a str,
    /// What is moved; questions and voids have none.
    total: Option<Money>,
    /// Of the first message of an order.
    installment: Option<u8>,
    card: Option<&'a CardData>,
    client_ip: Option<&'a str>,
    /// What 3DS proved, in place of a card.
    proof: Option<&'a threeds::Proof>,
    /// Elements of `Extra`.
    extra: Vec<(&'static str, String)>,
}

impl<'a> Question<'a> {
    fn about(kind: &'static str, order: &'a Order) -> Question<'a> {
        Question {
            kind,
            order_id: &order.id,
            total: None,
            installment: None,
            card: None,
            client_ip: None,
            proof: None,
            extra: Vec::new(),
        }
    }
}

fn user(account: &Account) -> Result<&User, Doubt> {
    let found = account.users.first();
    found.ok_or_else(|| not_supported("the account lacks its API user"))
}

fn request(context: BankContext<'_>, question: &Question<'_>) -> Result<Request, Doubt> {
    let account = context.account;
    let user = user(account)?;
    let currency = question.total.map(currency).transpose()?;
    let mut w = Writer::fragment();
    w.element("CC5Request", |w| {
        w.leaf("Name", &user.name);
        w.leaf("Password", user.password.expose());
        w.leaf("ClientId", &account.client_id);
        if !question.kind.is_empty() {
            w.leaf("Type", question.kind);
        }
        if let Some(address) = question.client_ip {
            w.leaf("IPAddress", address);
        }
        w.leaf("OrderId", question.order_id);
        if let (Some(total), Some(currency)) = (question.total, currency) {
            w.leaf("Total", &total.decimal().to_string());
            w.leaf("Currency", currency);
        }
        if let Some(count) = question.installment {
            w.leaf("Taksit", &installment(count));
        }
        if let Some(card) = question.card {
            let (month, year) = (card.expiry.month, card.expiry.year % 100);
            w.leaf("Number", card.pan.expose());
            w.leaf("Expires", &format!("{month:02}/{year:02}"));
            // A stored card has no security code; the bank decides whether it sells without.
            if let Some(cvc) = &card.cvc {
                w.leaf("Cvv2Val", cvc.expose());
            }
        }
        if let Some(proof) = question.proof {
            proof.write(w);
        }
        w.leaf("Mode", "P");
        if !question.extra.is_empty() {
            w.element("Extra", |w| {
                for (name, value) in &question.extra {
                    w.leaf(name, value);
                }
            });
        }
    });
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-9\"?>{}",
        w.finish()
    );
    // What the encoding lacks goes as a character's number.
    let (body, _, _) = WINDOWS_1254.encode(&text);
    Ok(Request {
        method: "POST",
        url: account.api_url.clone(),
        headers: vec![("content-type", "text/xml; charset=ISO-8859-9".to_owned())],
        body: body.into_owned(),
    })
}

/// Empty for a single payment.
fn installment(count: u8) -> String {
    match count {
        0 | 1 => String::new(),
        count => count.to_string(),
    }
}

/// ISO 4217 numbers.
fn currency(amount: Money) -> Result<&'static str, Doubt> {
    match amount.currency {
        Currency::Try => Ok("949"),
        Currency::Usd => Ok("840"),
        Currency::Eur => Ok("978"),
        Currency::Gbp => Ok("826"),
        _ => Err(not_supported("NestPay has no such currency")),
    }
}

/// The type of an order's first message, which its 3DS form names too.
fn sale_type(order: &Order) -> &'static str {
    match order.phase {
        Phase::Sale => "Auth",
        Phase::Hold => "PreAuth",
    }
}

// Replies

/// Asks, and reads a reply about our order. A refusal may name none.
async fn exchange(context: BankContext<'_>, question: &Question<'_>) -> Result<Element, Doubt> {
    let body = ask(context.http, request(context, question)?).await?;
    let reply = Element::parse(&body).map_err(|_| unreadable("the reply is not XML"))?;
    if !reply.is("CC5Response") {
        return Err(unreadable("the reply is not a CC5Response"));
    }
    let named = reply.exact(&["OrderId"])?;
    if named == question.order_id || named.is_empty() && !is_approved(&reply)? {
        Ok(reply)
    } else {
        Err(unauthentic("the reply is about another order"))
    }
}

fn is_approved(reply: &Element) -> Result<bool, Doubt> {
    Ok(reply.exact(&["Response"])?.eq_ignore_ascii_case("Approved"))
}

/// Nothing when the bank approved, else its refusal. An order id that the bank knows is doubt, and so is a
/// reply whose parts do not agree.
fn refusal(reply: &Element) -> Result<Option<Decline>, Doubt> {
    let code = reply.exact(&["ProcReturnCode"])?;
    let own = own_code(reply)?;
    if is_approved(reply)? {
        return match (code, &*own) {
            ("00", "") => Ok(None),
            _ => Err(unreadable("the reply approves and declines")),
        };
    }
    let response = reply.exact(&["Response"])?.to_ascii_lowercase();
    let is_refusal = matches!(response.as_str(), "declined" | "error") && code != "00";
    // A refusal of a credit was recorded with the gateway's own code alone.
    if !is_refusal || code.is_empty() && own.is_empty() {
        return Err(unreadable("the reply neither approves nor declines"));
    }
    if !reply.exact(&["AuthCode"])?.is_empty() {
        return Err(unreadable("a refusal with an approval code"));
    }
    let decline = decline(reply, code, &own);
    match &*own {
        KNOWN_ORDER | KNOWN_APPROVAL => Err(duplicate(decline)),
        _ => Ok(Some(decline)),
    }
}

/// The gateway's own code, which stands in the reply's `Extra`, beside it, or nowhere.
fn own_code(reply: &Element) -> Result<Cow<'_, str>, Doubt> {
    let code = match reply.exact(&["Extra", "ERRORCODE"])? {
        "" => reply.exact(&["ERRORCODE"])?,
        code => code,
    };
    Ok(named_code(code, reply.exact(&["Extra", "NUMCODE"])?))
}

/// A code of the gateway, or the one that its number alone tells: `99` and the digits of a `CORE-` code.
fn named_code<'a>(code: &'a str, number: &str) -> Cow<'a, str> {
    let digits = number.strip_prefix("99").filter(|digits| digits.len() == 4);
    match digits {
        _ if !code.is_empty() => Cow::Borrowed(code),
        Some(digits) => Cow::Owned(format!("CORE-{digits}")),
        None if number.ends_with(NOT_PERMITTED) => Cow::Borrowed(NOT_PERMITTED),
        None => Cow::Borrowed(""),
    }
}

fn decline(reply: &Element, code: &str, own: &str) -> Decline {
    Decline {
        group: error_group(code, own),
        // An issuer's own code says more than what the gateway makes of it.
        code: message(match code {
            "" | GATEWAY if !own.is_empty() => own,
            code => code,
        }),
        message: reply.words(&["ErrMsg"]),
        day: match own {
            NOT_CLOSED_YET => BankDay::Open,
            _ => BankDay::Unsaid,
        },
    }
}

/// What an approved sale says. Without the bank's reference it is no answer.
fn charged(reply: &Element) -> Result<Charged, Doubt> {
    let host_reference = reference(reply.exact(&["HostRefNum"])?)?;
    if host_reference.is_empty() {
        return Err(unreadable("an approval without HostRefNum"));
    }
    Ok(Charged {
        auth_code: auth_code(reply.exact(&["AuthCode"])?)?,
        host_reference,
        transaction_id: reply.words(&["TransId"]),
        holder_name: reply.words(&["Extra", "CARDHOLDERNAME"]),
        spent: rewards::spent(reply),
        campaign: rewards::campaign(reply),
        points_left: rewards::left(reply),
    })
}

// The verbs

pub(crate) async fn charge(context: BankContext<'_>, charge: Charge<'_>) -> Answer<Charged> {
    let question = Question {
        card: Some(charge.card),
        client_ip: charge.client_ip,
        ..sale(context, charge.order, charge.reward)?
    };
    sell(context, &question).await
}

/// The first message of an order, without what pays it.
fn sale<'a>(
    context: BankContext<'_>,
    order: &'a Order,
    reward: Option<RewardUse>,
) -> Result<Question<'a>, Doubt> {
    Ok(Question {
        total: Some(order.amount),
        installment: Some(order.installment),
        extra: rewards::spend(context.account, order, reward)?,
        ..Question::about(sale_type(order), order)
    })
}

async fn sell(context: BankContext<'_>, question: &Question<'_>) -> Answer<Charged> {
    let reply = exchange(context, question).await?;
    match refusal_of_move(refusal(&reply)?)? {
        Some(decline) => Ok(Verdict::Declined(decline)),
        None => Ok(Verdict::Approved(charged(&reply)?)),
    }
}

pub(crate) async fn loyalties(
    context: BankContext<'_>,
    inquiry: LoyaltyInquiry<'_>,
) -> Answer<Loyalties> {
    let purse = rewards::purse(context.account)?;
    let question = Question {
        card: Some(inquiry.card),
        client_ip: inquiry.client_ip,
        extra: vec![rewards::inquiry()],
        ..Question::about("Query", inquiry.order)
    };
    let reply = exchange(context, &question).await?;
    if let Some(decline) = refusal(&reply)? {
        return Ok(Verdict::Declined(decline));
    }
    Ok(Verdict::Approved(Loyalties {
        balance: rewards::balance(&reply, purse)?,
        campaigns: Vec::new(),
    }))
}

// Decline codes to error groups

/// The code of the gateway's own refusals; more stands in `ERRORCODE`.
const GATEWAY: &str = "99";
/// An order of this id succeeded before.
const KNOWN_ORDER: &str = "CORE-2507";
/// The same of an order that was approved, in the simulator's own code.
const KNOWN_APPROVAL: &str = "CORE-T98";
/// How the number of a refusal ends whose user or password are not the account's; it has no code beside it.
const NOT_PERMITTED: &str = "641096";
/// The day of the sale is not closed: nothing can be refunded yet.
const NOT_CLOSED_YET: &str = "CORE-2508";
/// No hold that could be captured.
const NO_HOLD: &str = "CORE-2509";
/// No sale that could be voided.
const NO_SALE: &str = "CORE-2008";
/// Nothing is left of what is to be refunded ("Net Tutar 0"); with a number of its own, CORE-2504, and CORE-2503
/// where less is left.
const NOTHING_LEFT: &str = "215021";

/// What a refusal means. The gateway refuses with one code for whatever happened to it, so that what is not known here,
/// or not told, may have moved money: the order has to be asked about.
fn error_group(code: &str, own: &str) -> ErrorGroup {
    if !matches!(code, "" | GATEWAY) {
        return issuer_group(code);
    }
    match own {
        KNOWN_ORDER => ErrorGroup::OrderIdAlreadyUsed,
        KNOWN_APPROVAL => ErrorGroup::ApprovedCompleted,
        NOT_PERMITTED => ErrorGroup::InvalidMerchantOrSp,
        NOT_CLOSED_YET => ErrorGroup::RequiresDayEnd,
        NO_HOLD => ErrorGroup::InvalidTransaction,
        NO_SALE => ErrorGroup::PaymentNotFoundForRefund,
        NOTHING_LEFT | "CORE-2503" | "CORE-2504" => ErrorGroup::MayHaveAlreadyRefunded,
        "CORE-2012" => ErrorGroup::InvalidCardNumber,
        "CORE-2603" => ErrorGroup::NotPermittedToInstallment,
        // More than may be taken of a hold.
        "CORE-2512" => ErrorGroup::InvalidAmount,
        // With CORE-2104 and 2100, a "system based initialization problem", all others.
        own => match own.split_once('-') {
            Some(("ISO8583", issuer)) => issuer_group(issuer),
            _ => ErrorGroup::CommunicationOrSystemError,
        },
    }
}
