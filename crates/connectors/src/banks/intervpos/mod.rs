//! InterVPOS: the virtual POS of DenizBank, from a recorded sale, recorded refusals, hash vectors and the clients' notes.
//! No other success is recorded.
//!
//! Here are sale, hold and points; how a reply is written stands in `reply`, what becomes of an order later in
//! `standing`, the inquiry in `record`, the 3DS steps in `threeds`. No reply carries a hash: TLS alone proves the bank.

mod record;
mod reply;
mod standing;
#[cfg(test)]
mod tests;
mod threeds;

use super::codes::issuer_group;
use super::{
    ask, auth_code, duplicate, message, minor_units, not_supported, reference, refused_move,
    unauthentic, unclear, unreadable,
};
use crate::account::{
    AccountNeeds, Field, Need, Number, Slot, THREEDS_KEY, Tried, api_user, words,
};
use crate::bank::{
    Answer, BankContext, BankDay, BankForm, Begin3ds, Campaign, Charge, Charged, Decline, Doubt,
    Loyalties, LoyaltyInquiry, Order, Phase, RewardMoney, RewardUse, Verb, Verdict,
};
use crate::http::Request;
use contract::card::Expiry;
use contract::enums::{Currency, LoyaltyType};
use contract::errors::ErrorGroup;
use contract::money::Money;
use reply::Reply;

/// The shop's number.
const SHOP_CODE: Field<Slot> = Field::new(
    Slot::Number(Number::ClientId),
    "Mağaza kodu",
    "Shop code",
    "The shop code",
)
.coded("ShopCode")
.hinted(
    "Bankanın sanal POS açılış e-postasında yazar.",
    "Stands in the bank's message about the new virtual POS.",
);

/// The password of 3DS forms, which is a key to us.
const MERCHANT_PASS: Field<Slot> = THREEDS_KEY
    .coded("MerchantPass")
    .hinted(
        "Bankanın 3D şifresi: kullanıcı şifresinden ayrıdır, aynı e-postada yazar. 3D Secure için gereklidir.",
        "The bank's 3D password, which is not the user's; it stands in the same message. Needed for 3D Secure.",
    )
    .needed_for(Need::ThreeDs);

pub(crate) use super::no_day_list as day_list;

/// What an account needs. The bank calls the user's name UserCode, and its password UserPass.
pub(crate) const ACCOUNT: AccountNeeds = AccountNeeds {
    fields: &[SHOP_CODE, MERCHANT_PASS],
    users: &[api_user(
        "Bankada UserCode ve UserPass; sanal POS açılış e-postasında yazar.",
        "The bank's UserCode and UserPass, in its message about the new virtual POS.",
    )],
    currencies: &[Currency::Try],
    options: &[],
    tried: Tried::new(
        Some(words(
            "mağaza kodu, API kullanıcısı ve şifresi",
            "the shop code, the API user and its password",
        )),
        Some(words("3DS anahtarı", "the 3DS key")),
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
];

/// No document says so.
pub(crate) const CAMPAIGN_FIXES_CAPTURE: bool = false;

// What 3DS proved counts as card data: with it a sale can be made.
/// Names whose values must not be stored or logged.
pub(crate) const SECRET_FIELDS: &[&str] = &[
    "UserPass",
    "MerchantPass",
    "Pan",
    "Expiry",
    "Cvv2",
    "MD",
    "PayerTxnId",
    "PayerAuthenticationCode",
    "Eci",
    // Hashes over what only the merchant knows, and a text that repeats the proof.
    "Hash",
    "HASHPARAMSVAL",
];

/// What the browser always brings back from the 3DS page.
pub(crate) const RETURN_FIELDS: &[&str] = &["mdStatus", "OrderId", "HASH"];

pub(crate) async fn begin_3ds(context: BankContext<'_>, begin: Begin3ds<'_>) -> Answer<BankForm> {
    Ok(Verdict::Approved(threeds::form(context, &begin)?))
}

pub(crate) use standing::{capture, given_back, inquire, inquire_hold, refund, void};
pub(crate) use threeds::{check as verify_3ds, finish as finish_3ds, outcome as page_outcome};

// Requests

/// A form for the bank: what is asked, then who asks.
fn request(
    context: BankContext<'_>,
    kind: &str,
    fields: &[(&str, &str)],
) -> Result<Request, Doubt> {
    let account = context.account;
    let user = account.users.first();
    let user = user.ok_or_else(|| not_supported("the account lacks its API user"))?;
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("UserCode", &user.name)
        .append_pair("UserPass", user.password.expose())
        .append_pair("ShopCode", &account.client_id)
        .append_pair("TxnType", kind)
        .append_pair("SecureType", "NonSecure")
        .append_pair("Lang", "tr")
        .append_pair("MOTO", "0")
        .extend_pairs(fields)
        .finish();
    Ok(Request {
        method: "POST",
        url: account.api_url.clone(),
        headers: vec![(
            "content-type",
            "application/x-www-form-urlencoded; charset=UTF-8".to_owned(),
        )],
        body: body.into_bytes(),
    })
}

/// The ISO 4217 number.
fn currency(amount: Money) -> Result<&'static str, Doubt> {
    match amount.currency {
        Currency::Try => Ok("949"),
        _ => Err(not_supported("InterVPOS has no such currency")),
    }
}

/// Empty for a single payment.
fn installment(count: u8) -> String {
    match count {
        0 | 1 => String::new(),
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

/// `MMYY`.
fn expiry(expiry: Expiry) -> String {
    format!("{:02}{:02}", expiry.month, expiry.year % 100)
}

/// Bonus that a sale spends; empty where it spends none. No campaign is chosen here, and no hold spends any.
fn bonus(order: &Order, reward: Option<RewardUse>) -> Result<String, Doubt> {
    match reward {
        None
        | Some(RewardUse::Money {
            card: 0,
            firm: 0,
            mile: 0,
        }) => Ok(String::new()),
        Some(RewardUse::Money {
            card,
            firm: 0,
            mile: 0,
        }) if card > 0 && order.phase == Phase::Sale => {
            let used = Money::new(card, order.amount.currency);
            Ok(used.decimal().to_string())
        }
        Some(_) => Err(not_supported("InterVPOS has no such reward")),
    }
}

/// What moves money of an order by card or proof, as form fields.
fn sale_fields<'a>(
    order: &'a Order,
    texts: [&'a str; 4],
    proof: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<(&'a str, &'a str)> {
    let [amount, currency, count, bonus] = texts;
    let mut fields = vec![
        ("OrderId", order.id.as_str()),
        ("PurchAmount", amount),
        ("Currency", currency),
        ("InstallmentCount", count),
    ];
    fields.extend(proof);
    if !bonus.is_empty() {
        fields.push(("BonusAmount", bonus));
    }
    fields
}

/// An amount as the bank writes it, in minor units: a comma before the kuruş, points between thousands. A point
/// before one or two digits is no such point, and some of its messages have one.
fn minor_of(text: &str) -> Option<i64> {
    let (whole, part) = match (text.split_once(','), text.rsplit_once('.')) {
        (Some(parts), _) => parts,
        (None, Some((whole, part))) if part.len() < 3 => (whole, part),
        _ => (text, "0"),
    };
    let mut groups = whole.split('.');
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    if !rest.is_empty() && (first.len() > 3 || rest.iter().any(|group| group.len() != 3)) {
        return None;
    }
    let part = match part.len() {
        1 => minor_units(part)?.checked_mul(10)?,
        2 => minor_units(part)?,
        _ => return None,
    };
    let whole = minor_units(first).and_then(|_| minor_units(&whole.replace('.', "")))?;
    whole.checked_mul(100)?.checked_add(part)
}

// Replies

/// Asks, and reads what the bank answers.
async fn exchange(context: BankContext<'_>, request: Request) -> Result<Reply, Doubt> {
    Reply::read(&ask(context.http, request).await?)
}

/// Nothing when the bank approved, else its refusal. A reply whose parts do not agree is doubt.
fn refusal(reply: &Reply) -> Result<Option<Decline>, Doubt> {
    match (reply.exact("ProcReturnCode")?, reply.exact("TxnResult")?) {
        ("", _) => Err(unreadable("the reply neither approves nor declines")),
        (APPROVED, "Success") => Ok(None),
        (APPROVED, _) | (_, "Success") => Err(unreadable("the reply approves and declines")),
        (code, _) => Ok(Some(declined(code, reply))),
    }
}

fn declined(code: &str, reply: &Reply) -> Decline {
    Decline {
        group: error_group(code, reply.exact("ErrorCode").unwrap_or_default()),
        code: message(code),
        message: reply.words("ErrorMessage"),
        day: BankDay::Unsaid,
    }
}

/// Whether a reply is about an order: a move or question about one is answered under an id that the bank made.
fn is_about(reply: &Reply, order: &Order, is_move: bool) -> Result<bool, Doubt> {
    let named = reply.exact("OrderId")?;
    Ok(named == order.id || is_move && named.starts_with(MADE_BY_THE_BANK))
}

/// What came of a move or sale of an order. A refusal may name no order.
fn outcome(reply: &Reply, order: &Order, is_move: bool) -> Result<Option<Decline>, Doubt> {
    let refusal = refusal(reply)?;
    let names_none = refusal.is_some() && reply.exact("OrderId")?.is_empty();
    if !names_none && !is_about(reply, order, is_move)? {
        return Err(unauthentic("the reply is about another order"));
    }
    Ok(refusal)
}

/// What a refusal of a sale is: doubt also where the bank knows the order, and where its code says nothing that is
/// public, so that the record has to tell what became of it.
fn refusal_of_sale(decline: Decline) -> Result<Decline, Doubt> {
    match decline.group {
        ErrorGroup::OrderIdAlreadyUsed | ErrorGroup::ApprovedCompleted => Err(duplicate(decline)),
        ErrorGroup::Declined => Err(unclear(decline)),
        _ => refused_move(decline),
    }
}

/// Sells what a form says, and reads what the bank made of it.
async fn sell(context: BankContext<'_>, order: &Order, request: Request) -> Answer<Charged> {
    let reply = exchange(context, request).await?;
    if let Some(decline) = outcome(&reply, order, false)? {
        return Ok(Verdict::Declined(refusal_of_sale(decline)?));
    }
    let charged = charged(&reply)?;
    let bonus = charged.spent.map_or(0, |spent| spent.card);
    let told = amount(&reply, "Amount")?;
    // Whether the points are in it is not public.
    if told != order.amount.minor && told.checked_add(bonus) != Some(order.amount.minor) {
        return Err(unauthentic("the reply is about another amount"));
    }
    Ok(Verdict::Approved(charged))
}

/// An amount that a reply must have.
fn amount(reply: &Reply, name: &'static str) -> Result<i64, Doubt> {
    let told = minor_of(reply.needed(name)?);
    told.ok_or_else(|| unreadable("an amount cannot be read"))
}

/// What an approved sale or capture says. Without approval code and reference it is no answer.
fn charged(reply: &Reply) -> Result<Charged, Doubt> {
    let auth_code = auth_code(reply.needed("AuthCode")?)?;
    let host_reference = reference(reply.needed("HostRefNum")?)?;
    if auth_code.is_empty() || host_reference.is_empty() {
        return Err(unreadable("an approval without its numbers"));
    }
    let bonus = |name| match reply.exact(name)? {
        "" => Ok(None),
        told => match minor_of(told) {
            Some(told) => Ok(Some(told)),
            None => Err(unreadable("a purse that is no amount")),
        },
    };
    let (spent, left) = (bonus("UsedBonus")?, bonus("AvailableBonus")?);
    let has_purse = spent.unwrap_or(0) > 0 || left.unwrap_or(0) > 0;
    Ok(Charged {
        auth_code,
        host_reference,
        transaction_id: reference(reply.needed("TransId")?)?,
        // Nothing is an answer, too: the points that were asked for were not spent.
        spent: spent.map(|card| RewardMoney {
            card,
            ..RewardMoney::default()
        }),
        points_left: has_purse.then(|| left.unwrap_or(0)),
        campaign: campaign(reply)?,
        ..Charged::default()
    })
}

/// What the issuer adds by itself, as the names of its fields say.
fn campaign(reply: &Reply) -> Result<Option<Campaign>, Doubt> {
    let added = |name| {
        let told = reply.exact(name)?;
        Ok::<_, Doubt>(minor_units(told).filter(|added| *added > 0))
    };
    let told = (
        added("CampanyInstallCount")?,
        added("CampanyShiftDateCount")?,
    );
    let (loyalty_type, message) = match told {
        (Some(added), _) => (
            LoyaltyType::AdditionalInstallment,
            format!("+{added} TAKSIT"),
        ),
        (None, Some(months)) => (
            LoyaltyType::PostponingInstallment,
            format!("{months} AY OTELEME"),
        ),
        (None, None) => return Ok(None),
    };
    Ok(Some(Campaign {
        loyalty_type,
        message,
    }))
}

// The verbs

pub(crate) async fn charge(context: BankContext<'_>, charge: Charge<'_>) -> Answer<Charged> {
    let (order, card) = (charge.order, charge.card);
    let (currency, bonus) = (currency(order.amount)?, bonus(order, charge.reward)?);
    let (amount, count) = (
        order.amount.decimal().to_string(),
        installment(order.installment),
    );
    let expiry = expiry(card.expiry);
    // A stored card has no security code; the bank decides whether it sells without.
    let cvc = card.cvc.as_ref().map(|cvc| ("Cvv2", cvc.expose()));
    let card = [("Pan", card.pan.expose()), ("Expiry", expiry.as_str())];
    let fields = sale_fields(
        order,
        [&amount, currency, &count, &bonus],
        card.into_iter().chain(cvc),
    );
    let request = request(context, sale_type(order), &fields)?;
    sell(context, order, request).await
}

/// Bonus of a card: one sum, whichever of its purses it lies in.
pub(crate) async fn loyalties(
    context: BankContext<'_>,
    inquiry: LoyaltyInquiry<'_>,
) -> Answer<Loyalties> {
    let (order, card) = (inquiry.order, inquiry.card);
    let expiry = expiry(card.expiry);
    let mut fields = vec![
        ("OrderId", order.id.as_str()),
        ("Currency", currency(order.amount)?),
        ("Pan", card.pan.expose()),
        ("Expiry", expiry.as_str()),
    ];
    fields.extend(card.cvc.as_ref().map(|cvc| ("Cvv2", cvc.expose())));
    let reply = exchange(context, request(context, "BonusInquiry", &fields)?).await?;
    if let Some(decline) = refusal(&reply)? {
        return Ok(Verdict::Declined(decline));
    }
    if !is_about(&reply, order, true)? {
        return Err(unauthentic("the reply is about another order"));
    }
    Ok(Verdict::Approved(Loyalties {
        balance: Some(RewardMoney {
            card: amount(&reply, "AvailableBonus")?,
            ..RewardMoney::default()
        }),
        campaigns: Vec::new(),
    }))
}

// Decline codes to error groups

const APPROVED: &str = "00";
/// Begins the order ids that the bank makes for moves and questions.
const MADE_BY_THE_BANK: &str = "SYSOID";

/// Whether a refusal of a move is one of those whose reason the order's record may tell: the bank's own codes for
/// a closed day, for nothing left and for no such order are not public.
fn says_little(decline: &Decline) -> bool {
    use ErrorGroup::{Declined, DoNotHonour, InvalidTransaction};
    matches!(decline.group, Declined | DoNotHonour | InvalidTransaction)
}

fn error_group(code: &str, detail: &str) -> ErrorGroup {
    match (code, detail) {
        // "Terminal not active": a shop that is closed, or not allowed to ask from here.
        (_, "B810002") => ErrorGroup::InvalidMerchantOrSp,
        ("E31" | "E39", _) => ErrorGroup::InvalidTransaction,
        // The code of PayFor, a system of the same maker; and one of the simulator's own.
        ("101310", _) => ErrorGroup::OrderIdAlreadyUsed,
        ("T98", _) => ErrorGroup::ApprovedCompleted,
        // Whatever the gateway says with it: the record is asked.
        ("99", _) => ErrorGroup::Declined,
        (issuer, _) => issuer_group(issuer),
    }
}
