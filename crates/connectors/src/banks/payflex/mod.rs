//! PayFlex V4 of Innova: the virtual POS of Vakıfbank and one of Ziraat Bankası's, from recorded replies and the notes
//! of official and other clients.
//!
//! Here are sale, hold and points; what becomes of an order later stands in `standing`, the inquiry in `record`, the
//! 3DS steps in `threeds`, the page that sells by itself in `common`, the list of a day in `day_list`, codes in `codes`. No reply carries a hash: TLS alone proves the bank, and a reply counts
//! when it names our transaction. A transaction goes by an id of ours that the bank takes once, whatever becomes of it.

mod codes;
mod common;
mod day_list;
mod options;
mod record;
mod standing;
#[cfg(test)]
mod tests;
mod threeds;

use super::{
    ask, auth_code, doubt, duplicate, message, minor_units, not_supported, reference,
    refusal_of_move, unauthentic, unreadable,
};
use crate::account::{
    AccountNeeds, MERCHANT_NUMBER, Need, TERMINAL_NUMBER, THREEDS_KEY, Tried, api_user, words,
};
use crate::bank::{
    Account, Answer, BankContext, CardData, Charge, Charged, Decline, Doubt, Loyalties,
    LoyaltyInquiry, Order, Phase, RewardMoney, RewardUse, Verb, Verdict,
};
use crate::http::Request;
use crate::xml::{Element, Writer};
use contract::card::Secret;
use contract::enums::Currency;
use contract::money::Money;

/// What an account needs.
pub(crate) const ACCOUNT: AccountNeeds = AccountNeeds {
    fields: &[
        MERCHANT_NUMBER.coded("MerchantId").hinted(
            "Bankanın üye işyeri bilgilendirme yazısında, 15 rakam.",
            "In the bank's letter to the merchant, 15 digits.",
        ),
        TERMINAL_NUMBER.coded("TerminalNo").hinted(
            "Aynı yazıda; VP ile başlar.",
            "In the same letter; begins with VP.",
        ),
        THREEDS_KEY
            .coded("MPI şifresi")
            .hinted(
                "3D Secure (MPI) şifresi sanal POS şifresinden farklıysa yazın.",
                "If the password of 3D Secure (MPI) is not that of the virtual POS.",
            )
            .needed_for(Need::Never),
    ],
    users: &[api_user(
        "Şifre, bankanın bilgilendirme yazısındaki sanal POS (VPOS) şifresidir.",
        "The password is that of the virtual POS (VPOS) in the bank's letter.",
    )],
    currencies: &[Currency::Try, Currency::Usd, Currency::Eur, Currency::Gbp],
    options: &[options::FINISH],
    tried: Tried::new(
        Some(words(
            "üye işyeri numarası ve sanal POS şifresi",
            "the merchant number and the password of the virtual POS",
        )),
        Some(words(
            "terminal numarası ve MPI şifresi",
            "the terminal number and the MPI password",
        )),
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
    "Password",
    "MerchantPassword",
    "Pan",
    "ExpireMonth",
    "ExpireYear",
    "PaymentToken",
    "Ptkn",
    "Expiry",
    "ExpiryDate",
    "Cvv",
    "SecurityCode",
    "CAVV",
    "PaReq",
    "PaRes",
    "MD",
    "Xid",
    "Hash",
];

/// What the browser always brings back from the MPI.
pub(crate) const RETURN_FIELDS: &[&str] = &["verifyenrollmentrequestid", "status"];

pub(crate) use common::{RETURN_FIELDS as COMMON_RETURN_FIELDS, outcome as page_outcome};
pub(crate) use day_list::day_list;
pub(crate) use standing::{capture, given_back, inquire, inquire_hold, refund, void};
pub(crate) use threeds::{begin as begin_3ds, finish as finish_3ds, verify as verify_3ds};

// Requests

/// What differs from one `VposRequest` to the next.
struct Question<'a> {
    /// `TransactionType`.
    kind: &'static str,
    /// Ours, and never used before.
    id: String,
    /// Ours of what is moved.
    moved: Option<&'a str>,
    amount: Option<Money>,
    /// Of the first message of an order: its id and instalments.
    order: Option<&'a Order>,
    card: Option<&'a CardData>,
    /// Points among the amount.
    points: Option<Money>,
    /// What 3DS proved.
    proof: Option<&'a threeds::Proof>,
    client_ip: Option<&'a str>,
}

impl<'a> Question<'a> {
    fn new(kind: &'static str, id: String) -> Question<'a> {
        Question {
            kind,
            id,
            moved: None,
            amount: None,
            order: None,
            card: None,
            points: None,
            proof: None,
            client_ip: None,
        }
    }
}

fn password(account: &Account) -> Result<&Secret, Doubt> {
    let found = account.users.first().map(|user| &user.password);
    found.ok_or_else(|| not_supported("the account lacks its API user"))
}

fn vpos(context: BankContext<'_>, question: &Question<'_>) -> Result<Request, Doubt> {
    let account = context.account;
    let password = password(account)?;
    let amount = match question.amount {
        Some(sum) => Some((sum, currency(sum)?)),
        None => None,
    };
    let xml = Writer::document("VposRequest", |w| {
        w.leaf("MerchantId", &account.client_id);
        w.leaf("Password", password.expose());
        w.leaf("TerminalNo", &account.terminal_id);
        w.leaf("TransactionType", question.kind);
        w.leaf("TransactionId", &question.id);
        if let Some(moved) = question.moved {
            w.leaf("ReferenceTransactionId", moved);
        }
        if let Some((sum, currency)) = amount {
            w.leaf("CurrencyAmount", &sum.decimal().to_string());
            w.leaf("CurrencyCode", currency);
        }
        if let Some(order) = question.order {
            if order.installment > 1 {
                w.leaf("NumberOfInstallments", &order.installment.to_string());
            }
            w.leaf("OrderId", &order.id);
        }
        if let Some(card) = question.card {
            let (year, month) = (card.expiry.year, card.expiry.month);
            w.leaf("Pan", card.pan.expose());
            w.leaf("Expiry", &format!("{year}{month:02}"));
            // A stored card has no security code; the bank decides whether it sells without.
            if let Some(cvc) = card.cvc.as_ref().map(|cvc| cvc.expose()) {
                let name = if cvc.len() == 4 {
                    "SecurityCode"
                } else {
                    "Cvv"
                };
                w.leaf(name, cvc);
            }
            let holder = latin_name(&card.holder);
            if !holder.is_empty() {
                w.leaf("CardHoldersName", &holder);
            }
        }
        if let Some(points) = question.points {
            w.leaf("PointAmount", &points.decimal().to_string());
            w.leaf("PointCode", "949");
        }
        if let Some(proof) = question.proof {
            proof.write(w);
        }
        // The bank demands an address, and not every move has a shopper.
        w.leaf("ClientIp", question.client_ip.unwrap_or("127.0.0.1"));
        w.leaf("TransactionDeviceSource", "0");
    });
    Ok(posted(account.api_url.clone(), &[("prmstr", &xml)]))
}

fn posted(url: String, fields: &[(&str, &str)]) -> Request {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    Request {
        method: "POST",
        url,
        headers: vec![(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
        )],
        body: body.into_bytes(),
    }
}

/// A name without the letters for which the bank refuses a sale.
fn latin_name(name: &str) -> String {
    const NAME_CHARS_MAX: usize = 40;
    let letter = |letter| match letter {
        'ç' => 'c',
        'Ç' => 'C',
        'ğ' => 'g',
        'Ğ' => 'G',
        'ı' => 'i',
        'İ' => 'I',
        'ö' => 'o',
        'Ö' => 'O',
        'ş' => 's',
        'Ş' => 'S',
        'ü' => 'u',
        'Ü' => 'U',
        other => other,
    };
    let letters = name.chars().map(letter).filter(|c| matches!(c, ' '..='~'));
    letters.take(NAME_CHARS_MAX).collect()
}

/// ISO 4217 numbers.
fn currency(amount: Money) -> Result<&'static str, Doubt> {
    match amount.currency {
        Currency::Try => Ok("949"),
        Currency::Usd => Ok("840"),
        Currency::Eur => Ok("978"),
        Currency::Gbp => Ok("826"),
        _ => Err(not_supported("PayFlex has no such currency")),
    }
}

/// Lira with a point and up to two digits behind it, in minor units.
fn lira(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "00"));
    let part = match part.len() {
        1 => minor_units(part)?.checked_mul(10)?,
        2 => minor_units(part)?,
        _ => return None,
    };
    minor_units(whole)?.checked_mul(100)?.checked_add(part)
}

// Replies

/// Asks, and reads a reply about our transaction.
async fn exchange(context: BankContext<'_>, question: &Question<'_>) -> Result<Reply, Doubt> {
    let body = ask(context.http, vpos(context, question)?).await?;
    if let Some(decline) = codes::gateway_refusal(&body) {
        return Ok(Reply::Refused(decline));
    }
    let reply = Element::parse(&body).map_err(|_| unreadable("the reply is not XML"))?;
    if !reply.is("VposResponse") {
        return Err(unreadable("the reply is not a VposResponse"));
    }
    let code = reply.exact(&["ResultCode"])?;
    let is_approved = code == codes::APPROVED;
    let expected = [
        ("MerchantId", context.account.client_id.as_str(), false),
        ("TransactionType", question.kind, false),
        ("TransactionId", &question.id, is_approved),
        (
            "ReferenceTransactionId",
            question.moved.unwrap_or(""),
            false,
        ),
        (
            "OrderId",
            question.order.map_or("", |order| &order.id),
            false,
        ),
    ];
    for (name, ours, is_needed) in expected {
        let told = reply.exact(&[name])?;
        if told != ours && (is_needed || !told.is_empty() && !ours.is_empty()) {
            return Err(unauthentic("the reply is about another transaction"));
        }
    }
    if code.is_empty() {
        return Err(unreadable("the reply neither approves nor declines"));
    }
    if is_approved {
        check_amount(&reply, question)?;
        return Ok(Reply::Approved(reply));
    }
    if !is_none(reply.exact(&["AuthCode"])?) {
        return Err(unreadable("a refusal with an approval code"));
    }
    let decline = codes::decline(code, reply.words(&["ResultDetail"]));
    if codes::is_known_before(code) {
        return Err(duplicate(decline));
    }
    Ok(Reply::Refused(decline))
}

/// What the bank answered, if it is about our transaction.
enum Reply {
    Approved(Element),
    Refused(Decline),
}

/// The sum that the bank moved is ours. A sale of what 3DS verified names none, and its reply must.
fn check_amount(reply: &Element, question: &Question<'_>) -> Result<(), Doubt> {
    let ours = question.amount.or(question.order.map(|order| order.amount));
    let told = ["CurrencyAmount", "CurrencyCode"].map(|name| reply.exact(&[name]));
    let [sum, code] = [told[0]?, told[1]?];
    match ours {
        Some(ours) if lira(sum) == Some(ours.minor) && code == currency(ours)? => Ok(()),
        Some(_) => Err(unauthentic("the bank moved another amount")),
        None => Ok(()),
    }
}

/// Whether an approval code says that there is none: refusals have zeros.
fn is_none(auth_code: &str) -> bool {
    auth_code.bytes().all(|byte| byte == b'0')
}

/// What an approved sale says. Without the bank's reference it is no answer.
fn charged(reply: &Element) -> Result<Charged, Doubt> {
    let host_reference = reference(reply.exact(&["Rrn"])?)?;
    if host_reference.is_empty() {
        return Err(unreadable("an approval without Rrn"));
    }
    let auth_code = auth_code(reply.exact(&["AuthCode"])?)?;
    if is_none(&auth_code) {
        return Err(unreadable("an approval without AuthCode"));
    }
    Ok(Charged {
        auth_code,
        host_reference,
        transaction_id: reply.words(&["BatchNo"]),
        points_left: reply.exact(&["TotalPoint"]).ok().and_then(lira),
        ..Charged::default()
    })
}

async fn sell(context: BankContext<'_>, question: &Question<'_>) -> Answer<Charged> {
    match exchange(context, question).await? {
        Reply::Approved(reply) => Ok(Verdict::Approved(charged(&reply)?)),
        Reply::Refused(decline) => refused(decline),
    }
}

/// A refusal of a move.
fn refused<T>(decline: Decline) -> Answer<T> {
    let refusal = refusal_of_move(Some(decline))?;
    let refusal = refusal.ok_or_else(|| unreadable("a refusal that refuses nothing"))?;
    Ok(Verdict::Declined(refusal))
}

// The verbs

pub(crate) async fn charge(context: BankContext<'_>, charge: Charge<'_>) -> Answer<Charged> {
    let question = Question {
        amount: Some(charge.order.amount),
        card: Some(charge.card),
        client_ip: charge.client_ip,
        ..sale(context.account, charge.order, charge.reward)?
    };
    sell(context, &question).await
}

/// The first message of an order, without its sum and what pays it.
fn sale<'a>(
    account: &Account,
    order: &'a Order,
    reward: Option<RewardUse>,
) -> Result<Question<'a>, Doubt> {
    let points = points(account, order, reward)?;
    let kind = match (order.phase, points) {
        (Phase::Hold, _) => "Auth",
        (Phase::Sale, None) => "Sale",
        (Phase::Sale, Some(_)) => "PointSale",
    };
    Ok(Question {
        order: Some(order),
        points,
        ..Question::new(kind, order.id.clone())
    })
}

/// The points that a sale spends: only in lira, at once, and where the account's bank takes them.
fn points(
    account: &Account,
    order: &Order,
    reward: Option<RewardUse>,
) -> Result<Option<Money>, Doubt> {
    match reward {
        None
        | Some(RewardUse::Money {
            card: 0,
            firm: 0,
            mile: 0,
        }) => Ok(None),
        Some(RewardUse::Money {
            card,
            firm: 0,
            mile: 0,
        }) if card > 0
            && card <= order.amount.minor
            && order.amount.currency == Currency::Try
            && order.phase == Phase::Sale
            && order.installment <= 1
            && options::of(account)?.points =>
        {
            Ok(Some(Money::new(card, Currency::Try)))
        }
        Some(_) => Err(not_supported("this account has no such reward")),
    }
}

pub(crate) async fn loyalties(
    context: BankContext<'_>,
    inquiry: LoyaltyInquiry<'_>,
) -> Answer<Loyalties> {
    if !options::of(context.account)?.points {
        return Err(not_supported("this account has no points"));
    }
    let question = Question {
        card: Some(inquiry.card),
        client_ip: inquiry.client_ip,
        ..Question::new("PointSearch", inquiry.order.id.clone())
    };
    let reply = match exchange(context, &question).await? {
        Reply::Approved(reply) => reply,
        Reply::Refused(decline) => return Ok(Verdict::Declined(decline)),
    };
    let balance = match reply.exact(&["TotalPoint"])? {
        "" => None,
        held => {
            let card = lira(held).ok_or_else(|| unreadable("a purse that is no amount"))?;
            let purse = RewardMoney::default();
            Some(RewardMoney { card, ..purse })
        }
    };
    Ok(Verdict::Approved(Loyalties {
        balance,
        campaigns: Vec::new(),
    }))
}
