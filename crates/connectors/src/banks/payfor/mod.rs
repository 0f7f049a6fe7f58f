//! PayFor: the virtual POS of QNB and Ziraat Katılım, from recorded replies, hash vectors and the clients' notes.
//!
//! Here are sale, hold and points; what becomes of an order later stands in `standing`, the inquiries in `record`, the
//! 3DS steps in `threeds`, the list of a day in `day_list`. No reply carries a hash: TLS alone proves the bank, and a
//! reply counts when it names our order.

mod day_list;
mod record;
mod standing;
#[cfg(test)]
mod tests;
mod threeds;

use super::codes::issuer_group;
use super::{
    ask, auth_code, doubt, duplicate, message, minor_units, not_supported, reference,
    refusal_of_move, unauthentic, unreadable,
};
use crate::account::{AccountNeeds, MERCHANT_NUMBER, THREEDS_KEY, Tried, api_user, words};
use crate::bank::{
    Account, Answer, BankContext, BankDay, BankForm, Begin3ds, Campaign, Charge, Charged, Decline,
    Doubt, DoubtReason, Loyalties, LoyaltyInquiry, Order, Phase, RewardMoney, RewardUse, Verb,
    Verdict,
};
use crate::http::Request;
use crate::xml::{Element, Writer};
use contract::enums::{Currency, LoyaltyType, PosIntegrator};
use contract::errors::ErrorGroup;
use contract::money::Money;

/// What an account needs. Which member of the system the bank is (`MbrId`) follows from the bank.
pub(crate) const ACCOUNT: AccountNeeds = AccountNeeds {
    fields: &[
        MERCHANT_NUMBER.coded("MerchantId").hinted(
            "Bankanın sanal POS açılış bildiriminde yazar.",
            "In the bank's message about the new virtual POS.",
        ),
        THREEDS_KEY.coded("MerchantPass").hinted(
            "Bankanın 3D Secure şifresidir; kullanıcı şifresinden ayrıdır, aynı bildirimde yazar. 3D Secure için gereklidir.",
            "The bank's 3D Secure password, which is not the user's; in the same message. Needed for 3D Secure.",
        ),
    ],
    users: &[api_user(
        "Bankada UserCode ve UserPass: API yetkisi olan kullanıcı, sanal POS yönetim ekranında açılır.",
        "The bank's UserCode and UserPass: a user that may use the API, added in the bank's merchant pages.",
    )],
    currencies: &[Currency::Try, Currency::Usd, Currency::Eur, Currency::Gbp],
    options: &[],
    tried: Tried::new(None, Some(words("üye işyeri numarası, API kullanıcısı, şifresi ve 3DS anahtarı", "the merchant number, the API user, its password and the 3DS key"))),
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
    "UserPass",
    // The bank's inquiries repeat it.
    "MerchantPass",
    "Pan",
    "Expiry",
    "Cvv2",
    "DecryptedCard",
    "RequestGuid",
    "PayerTxnId",
    "PayerAuthenticationCode",
    "MD",
    // Hashes over what only the merchant knows.
    "Hash",
    "ResponseHash",
];

/// What the browser always brings back from the 3DS page.
pub(crate) const RETURN_FIELDS: &[&str] = &["3DStatus", "OrderId", "ProcReturnCode"];

pub(crate) async fn begin_3ds(context: BankContext<'_>, begin: Begin3ds<'_>) -> Answer<BankForm> {
    Ok(Verdict::Approved(threeds::form(context, &begin)?))
}

pub(crate) use day_list::day_list;
pub(crate) use standing::{capture, given_back, inquire, inquire_hold, refund, void};
pub(crate) use threeds::{check as verify_3ds, finish as finish_3ds, outcome as page_outcome};

// Requests

/// A `PayforRequest`: who asks stands first, then what is asked.
fn request(
    context: BankContext<'_>,
    (secure_type, txn_type): (&str, &str),
    write: impl FnOnce(&mut Writer),
) -> Result<Request, Doubt> {
    let account = context.account;
    let user = account.users.first();
    let user = user.ok_or_else(|| not_supported("the account lacks its API user"))?;
    let document = Writer::document("PayforRequest", |w| {
        w.leaf("MbrId", member(account));
        w.leaf("MerchantId", &account.client_id);
        w.leaf("UserCode", &user.name);
        w.leaf("UserPass", user.password.expose());
        w.leaf("SecureType", secure_type);
        if !txn_type.is_empty() {
            w.leaf("TxnType", txn_type);
        }
        w.leaf("Lang", "TR");
        write(w);
    });
    Ok(Request {
        method: "POST",
        url: account.api_url.clone(),
        headers: vec![("content-type", "text/xml; charset=UTF-8".to_owned())],
        body: document.into_bytes(),
    })
}

/// Which bank of the system it is.
fn member(account: &Account) -> &'static str {
    if is_ziraat_katilim(account) {
        "12"
    } else {
        "5"
    }
}

fn is_ziraat_katilim(account: &Account) -> bool {
    account.integrator == Some(PosIntegrator::Ziraatkatilim)
}

/// The name of the account's API user, which stands in 3DS forms and their hash.
fn user_code(account: &Account) -> &str {
    account.users.first().map_or("", |user| &user.name)
}

/// What is moved.
fn write_amount(w: &mut Writer, amount: Money, currency: &str) {
    w.leaf("PurchAmount", &amount.decimal().to_string());
    w.leaf("Currency", currency);
}

/// ISO 4217 numbers.
fn currency(amount: Money) -> Result<&'static str, Doubt> {
    match amount.currency {
        Currency::Try => Ok("949"),
        Currency::Usd => Ok("840"),
        Currency::Eur => Ok("978"),
        Currency::Gbp => Ok("826"),
        _ => Err(not_supported("PayFor has no such currency")),
    }
}

/// 0 for a single payment.
fn installment(count: u8) -> String {
    match count {
        0 | 1 => "0".to_owned(),
        count => count.to_string(),
    }
}

/// The type of an order's first message, which its 3DS form names too.
fn sale_type(order: &Order) -> &'static str {
    match order.phase {
        Phase::Sale => "Auth",
        Phase::Hold => "PreAuth",
    }
}

/// ParaPuan that a sale spends; nothing where it spends none. No campaign is chosen here, and no hold spends any.
fn points(order: &Order, reward: Option<RewardUse>) -> Result<Option<String>, Doubt> {
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
        }) if card > 0 && order.phase == Phase::Sale && order.amount.currency == Currency::Try => {
            let used = Money::new(card, order.amount.currency);
            Ok(Some(used.decimal().to_string()))
        }
        Some(_) => Err(not_supported("PayFor has no such reward")),
    }
}

/// Lira with up to two digits behind a point, in minor units: the bank writes back `1.01`, `1` and `100`.
fn minor_of(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let part = match part.len() {
        1 => minor_units(part)?.checked_mul(10)?,
        2 => minor_units(part)?,
        _ => return None,
    };
    minor_units(whole)?.checked_mul(100)?.checked_add(part)
}

// Replies

/// Asks, and reads a reply that has this root.
async fn exchange(
    context: BankContext<'_>,
    request: Request,
    root: &str,
) -> Result<Element, Doubt> {
    let body = ask(context.http, request).await?;
    let reply = Element::parse(&body).map_err(|_| unreadable("the reply is not XML"))?;
    if reply.is(root) {
        Ok(reply)
    } else {
        Err(unreadable("the reply has another root"))
    }
}

/// Sends a move of an order, and reads what the bank says of it. A refusal may name no order.
async fn send_move(
    context: BankContext<'_>,
    order: &Order,
    request: Request,
) -> Result<(Element, Option<Decline>), Doubt> {
    let reply = exchange(context, request, "PayforResponse").await?;
    let refusal = refusal(&reply)?;
    let named = [reply.exact(&["TransId"])?, reply.exact(&["OrderId"])?];
    let names_ours = named.contains(&order.id.as_str());
    let names_another = named.iter().any(|id| !id.is_empty() && *id != order.id);
    if names_another || !names_ours && refusal.is_none() {
        return Err(unauthentic("the reply is about another order"));
    }
    Ok((reply, refusal_of_move(refusal)?))
}

/// Nothing when the bank approved, else its refusal. An order id that the bank knows is doubt, and so is a
/// reply whose parts do not agree. A refusal may repeat an approval code, as was recorded.
fn refusal(reply: &Element) -> Result<Option<Decline>, Doubt> {
    let code = reply.exact(&["ProcReturnCode"])?;
    let result = reply.exact(&["TxnResult"])?;
    match (code, result) {
        ("", _) => Err(unreadable("the reply neither approves nor declines")),
        (APPROVED, "" | "Success") => Ok(None),
        (APPROVED, _) | (_, "Success") => Err(unreadable("the reply approves and declines")),
        (code, _) => {
            let decline = Decline {
                group: error_group(code),
                code: message(code),
                message: reply.words(&["ErrMsg"]),
                day: BankDay::Unsaid,
            };
            match code {
                KNOWN_ORDER => Err(duplicate(decline)),
                _ => Ok(Some(decline)),
            }
        }
    }
}

/// What an approved sale says. Without approval code and reference it is no answer.
fn charged(reply: &Element) -> Result<Charged, Doubt> {
    let auth_code = auth_code(reply.exact(&["AuthCode"])?)?;
    let host_reference = reference(reply.exact(&["HostRefNum"])?)?;
    if auth_code.is_empty() || host_reference.is_empty() {
        return Err(unreadable("an approval without its numbers"));
    }
    Ok(Charged {
        auth_code,
        host_reference,
        holder_name: reply.words(&["CardHolderName"]),
        campaign: campaign(reply),
        ..Charged::default()
    })
}

/// Instalments that the issuer adds by itself.
fn campaign(reply: &Element) -> Option<Campaign> {
    let added = reply.exact(&["ArtiTaksit"]).ok()?;
    let added: u8 = added.parse().ok().filter(|added| *added > 0)?;
    Some(Campaign {
        loyalty_type: LoyaltyType::AdditionalInstallment,
        message: format!("+{added} TAKSIT"),
    })
}

// The verbs

pub(crate) async fn charge(context: BankContext<'_>, charge: Charge<'_>) -> Answer<Charged> {
    let (order, card) = (charge.order, charge.card);
    let (currency, points) = (currency(order.amount)?, points(order, charge.reward)?);
    let request = request(context, ("NonSecure", sale_type(order)), |w| {
        w.leaf("MOTO", "0");
        w.leaf("OrderId", &order.id);
        write_amount(w, order.amount, currency);
        w.leaf("InstallmentCount", &installment(order.installment));
        if let Some(points) = &points {
            w.leaf("BonusAmount", points);
        }
        w.leaf("CardHolderName", &card.holder);
        w.leaf("Pan", card.pan.expose());
        w.leaf("Expiry", &expiry(card.expiry));
        // A stored card has no security code; the bank decides whether it sells without.
        if let Some(cvc) = &card.cvc {
            w.leaf("Cvv2", cvc.expose());
        }
    })?;
    match send_move(context, order, request).await? {
        (reply, Some(decline)) => Ok(Verdict::Declined(refused_sale(&reply, decline)?)),
        (reply, None) => Ok(Verdict::Approved(charged(&reply)?)),
    }
}

/// The refusal of a sale, unless its reply has an approval code.
fn refused_sale(reply: &Element, decline: Decline) -> Result<Decline, Doubt> {
    if !reply.exact(&["AuthCode"])?.is_empty() {
        return Err(unreadable("a refusal with an approval code"));
    }
    explained(decline)
}

/// The refusal of a sale, unless it is a code of the gateway that no document explains: then the sale may have been
/// made, and the bank's record is asked.
fn explained(decline: Decline) -> Result<Decline, Doubt> {
    let is_unexplained = is_gateways(&decline.code) && decline.code != NOT_VERIFIED;
    if is_unexplained && decline.group == ErrorGroup::Declined {
        return Err(doubt(
            DoubtReason::TimedOut(decline),
            "a refusal that no document explains",
        ));
    }
    Ok(decline)
}

/// `MMYY`.
fn expiry(expiry: contract::card::Expiry) -> String {
    format!("{:02}{:02}", expiry.month, expiry.year % 100)
}

/// ParaPuan of a card. The travel advance that the bank may tell is left out: nothing public spends it.
pub(crate) async fn loyalties(
    context: BankContext<'_>,
    inquiry: LoyaltyInquiry<'_>,
) -> Answer<Loyalties> {
    if is_ziraat_katilim(context.account) {
        return Err(not_supported("the bank has no points that are known"));
    }
    let card = inquiry.card;
    let currency = currency(inquiry.order.amount)?;
    let request = request(context, ("Inquiry", "ParaPuanInquiry"), |w| {
        w.leaf("OrderId", &inquiry.order.id);
        w.leaf("Currency", currency);
        w.leaf("Pan", card.pan.expose());
        w.leaf("Expiry", &expiry(card.expiry));
        if let Some(cvc) = &card.cvc {
            w.leaf("Cvv2", cvc.expose());
        }
    })?;
    let reply = exchange(context, request, "PayforResponse").await?;
    if let Some(decline) = refusal(&reply)? {
        return Ok(Verdict::Declined(decline));
    }
    let told = [
        reply.exact(&["AvailablePoint"])?,
        reply.exact(&["KullanilabilirBonusPuan"])?,
    ];
    let balance = match told.into_iter().find(|told| !told.is_empty()) {
        None => None,
        Some(held) => Some(RewardMoney {
            card: minor_of(held).ok_or_else(|| unreadable("a purse that is no amount"))?,
            ..RewardMoney::default()
        }),
    };
    Ok(Verdict::Approved(Loyalties {
        balance,
        campaigns: Vec::new(),
    }))
}

// Decline codes to error groups

const APPROVED: &str = "00";
/// The order id was used before.
const KNOWN_ORDER: &str = "101310";
/// "The selected transaction was not found."
const NOT_FOUND: &str = "V013";
/// "Cannot be taken back, cancel the transaction itself": the sale's day is not closed.
const NOT_CLOSED_YET: &str = "V014";
/// A 3DS request that the shopper has proven and nobody has used yet.
const VERIFIED: &str = "V033";
/// The shopper has not proven himself.
const NOT_VERIFIED: &str = "V034";
/// "Not completed, goes on."
const GOES_ON: &str = "V000";

/// Whether a code is the gateway's own: issuers have two digits, the simulator's tests a `T` and two.
fn is_gateways(code: &str) -> bool {
    !(code.len() == 2 || code.len() == 3 && code.starts_with('T'))
}

fn error_group(code: &str) -> ErrorGroup {
    match code {
        KNOWN_ORDER => ErrorGroup::OrderIdAlreadyUsed,
        NOT_FOUND => ErrorGroup::PaymentNotFoundForRefund,
        NOT_CLOSED_YET => ErrorGroup::RequiresDayEnd,
        "M041" => ErrorGroup::InvalidCardNumber,
        // More points than the price; points of a commercial card; all in points, and instalments.
        "M001" => ErrorGroup::SalesAmountLessThanAward,
        "V047" => ErrorGroup::CardNotPermitted,
        "M020" => ErrorGroup::NotPermittedToInstallment,
        // Credentials, and rights.
        "V001" | "V004" | "V015" => ErrorGroup::InvalidMerchantOrSp,
        // "System error", and what is not at its end: the bank may have done it.
        "V036" | GOES_ON | VERIFIED => ErrorGroup::CommunicationOrSystemError,
        issuer => issuer_group(issuer),
    }
}
