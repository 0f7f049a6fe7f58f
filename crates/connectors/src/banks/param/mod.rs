//! Param (TurkPos, SOAP): a payment institution's POS, from its developer pages, recorded replies and the clients' notes.
//!
//! Here are sale, hold and points; what becomes of an order later stands in `standing`, its list of a day in `day_list`, the 3DS steps in `threeds`. No
//! reply carries a hash: TLS alone proves Param. A `Siparis_ID` that was used before is not refused: Param sells again
//! under an id of its own, so nothing here is ever sent twice, and a reply about another id is doubt.

mod day_list;
mod page;
mod standing;
#[cfg(test)]
mod tests;
mod threeds;

use super::codes::issuer_group;
use super::{
    ask, auth_code, doubt, duplicate, message, not_supported, reference, refusal_of_move,
    unauthentic, unreadable,
};
use crate::account::{AccountNeeds, Field, MERCHANT_NUMBER, Slot, Tried, api_user, words};
use crate::bank::{
    Account, Answer, BankContext, BankDay, BankForm, Begin3ds, CardData, Charge, Charged, Decline,
    Doubt, DoubtReason, Loyalties, LoyaltyInquiry, Order, PageOutcome, Phase, Returned,
    RewardMoney, RewardUse, Verb, Verdict, Verified,
};
use crate::digest::sha1_bytes_base64;
use crate::http::Request;
use crate::xml::{Element, Unreadable, Writer};
use contract::enums::Currency;
use contract::errors::ErrorGroup;
use contract::money::Money;
use encoding_rs::WINDOWS_1254;

/// What an account needs.
pub(crate) const ACCOUNT: AccountNeeds = AccountNeeds {
    fields: &[
        MERCHANT_NUMBER.coded("CLIENT_CODE").hinted(
            "Param panelinde \"Terminal ID\" adıyla, entegrasyon bilgileri sayfasında.",
            "Called \"Terminal ID\" on the integration page of Param's panel.",
        ),
        Field::new(
            Slot::ThreedsKey,
            "Anahtar (GUID)",
            "Key (GUID)",
            "The key (GUID)",
        )
        .coded("GUID")
        .hinted(
            "Param panelinde, entegrasyon bilgileri sayfasında; her işlem için gereklidir.",
            "On the integration page of Param's panel; every message needs it.",
        )
        .secret(),
    ],
    users: &[api_user(
        "CLIENT_USERNAME ve CLIENT_PASSWORD; Param panelinde, entegrasyon bilgileri sayfasında.",
        "CLIENT_USERNAME and CLIENT_PASSWORD, on the integration page of Param's panel.",
    )],
    currencies: &[Currency::Try, Currency::Usd, Currency::Eur, Currency::Gbp],
    options: &[],
    tried: Tried::new(
        None,
        Some(words(
            "Terminal ID, API kullanıcısı, şifresi ve anahtar (GUID)",
            "the Terminal ID, the API user, its password and the key (GUID)",
        )),
    ),
};

/// What this protocol can do. Its page that sells is opened by a GET, which a bank's form here is not.
pub(crate) const VERBS: &[Verb] = &[
    Verb::Charge,
    Verb::ThreeDs,
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

// What 3DS proved counts as card data: with it a sale can be made. The page of the bank holds the card.
/// Names whose values must not be stored or logged.
pub(crate) const SECRET_FIELDS: &[&str] = &[
    "CLIENT_PASSWORD",
    "GUID",
    "KK_No",
    "KK_SK_Ay",
    "KK_SK_Yil",
    "KK_CVC",
    "Kredi_Kart_No",
    "SK_Ay",
    "SK_Yil",
    "CVV",
    "UCD_HTML",
    "UCD_MD",
    "Islem_GUID",
    "islemGUID",
    "Islem_Hash",
    "md",
    "islemHash",
];

/// What the browser always brings back from the 3DS page.
pub(crate) const RETURN_FIELDS: &[&str] = &["mdstatus", "orderid", "islemhash"];

pub(crate) async fn begin_3ds(context: BankContext<'_>, begin: Begin3ds<'_>) -> Answer<BankForm> {
    threeds::begin(context, begin).await
}

pub(crate) async fn verify_3ds(
    context: BankContext<'_>,
    returned: Returned<'_>,
) -> Answer<Verified> {
    Ok(Verdict::Approved(threeds::check(context, &returned)?))
}

pub(crate) async fn page_outcome(
    _context: BankContext<'_>,
    _returned: Returned<'_>,
) -> Result<PageOutcome, Doubt> {
    Err(Doubt::not_supported())
}

pub(crate) use day_list::day_list;
pub(crate) use standing::{capture, given_back, inquire, inquire_hold, refund, void};
pub(crate) use threeds::finish as finish_3ds;

// Requests

/// A method and its elements after the account's, in the order of the service's description.
struct Question {
    method: &'static str,
    fields: Vec<(&'static str, String)>,
}

impl Question {
    fn new(method: &'static str, fields: &[(&'static str, &str)]) -> Question {
        let fields = fields.iter();
        Question {
            method,
            fields: fields
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
        }
    }
}

fn request(
    context: BankContext<'_>,
    url: &str,
    Question { method, fields }: &Question,
) -> Result<Request, Doubt> {
    let account = context.account;
    let user = account.users.first();
    let user = user.ok_or_else(|| not_supported("the account lacks its API user"))?;
    let mut w = Writer::fragment();
    w.element("G", |w| {
        w.leaf("CLIENT_CODE", &account.client_id);
        w.leaf("CLIENT_USERNAME", &user.name);
        w.leaf("CLIENT_PASSWORD", user.password.expose());
    });
    for (name, value) in fields {
        w.leaf(name, value);
    }
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>\
         <{method} xmlns=\"https://turkpos.com.tr/\">{}</{method}></soap:Body></soap:Envelope>",
        w.finish()
    );
    Ok(Request {
        method: "POST",
        url: url.to_owned(),
        headers: vec![
            ("content-type", "text/xml; charset=utf-8".to_owned()),
            ("soapaction", format!("\"https://turkpos.com.tr/{method}\"")),
        ],
        body: body.into_bytes(),
    })
}

/// Lira with a comma. The text that is sent is the one that is hashed.
fn comma(amount: Money) -> String {
    amount.decimal().to_string().replace('.', ",")
}

/// Over ISO-8859-9, whatever the message's own encoding.
fn hash(values: &[&str]) -> String {
    let text = values.concat();
    let (bytes, _, _) = WINDOWS_1254.encode(&text);
    sha1_bytes_base64(&bytes)
}

/// Param's numbers of foreign currencies; lira has a method of its own.
fn foreign(currency: Currency) -> Result<Option<&'static str>, Doubt> {
    match currency {
        Currency::Try => Ok(None),
        Currency::Usd => Ok(Some("1001")),
        Currency::Eur => Ok(Some("1002")),
        Currency::Gbp => Ok(Some("1003")),
        _ => Err(not_supported("Param has no such currency")),
    }
}

/// The longest name of a card's holder.
const HOLDER_MAX: usize = 100;

/// What the first message of an order says beside the order.
struct Sale<'a> {
    card: &'a CardData,
    reward: Option<RewardUse>,
    client_ip: Option<&'a str>,
    /// Where the browser comes back to; without it there is no 3DS.
    return_url: Option<&'a str>,
}

/// The first message of an order. Each kind of sale is a method of its own.
fn first_message(account: &Account, order: &Order, sale: &Sale<'_>) -> Result<Question, Doubt> {
    let points = points(order, sale.reward)?;
    let single = order.installment <= 1;
    let currency = foreign(order.amount.currency)?;
    let method = match (order.phase, currency, &points) {
        (Phase::Sale, None, None) => "TP_WMD_UCD",
        (Phase::Sale, None, Some(_)) => "TP_WMD_UCD_WP",
        (Phase::Hold, None, None) if single => "TP_Islem_Odeme_OnProv_WMD",
        // Its 3DS page is opened by a GET.
        (Phase::Sale, Some(_), None) if single && sale.return_url.is_none() => "TP_Islem_Odeme_WD",
        _ => return Err(not_supported("Param has no such sale")),
    };
    let in_lira = currency.is_none() && order.phase == Phase::Sale;
    let (guid, amount) = (account.threeds_key.expose(), comma(order.amount));
    let (installment, url) = (
        order.installment.max(1).to_string(),
        sale.return_url.unwrap_or_default(),
    );
    let signature = if in_lira {
        hash(&[
            &account.client_id,
            guid,
            &installment,
            &amount,
            &amount,
            &order.id,
        ])
    } else {
        hash(&[
            &account.client_id,
            guid,
            &amount,
            &amount,
            &order.id,
            url,
            url,
        ])
    };
    let card = sale.card;
    let holder: String = card.holder.chars().take(HOLDER_MAX).collect();
    let cvc = card.cvc.as_ref().map_or("", |cvc| cvc.expose());
    let security = if sale.return_url.is_some() {
        "3D"
    } else {
        "NS"
    };
    let mut question = Question::new(method, &[]);
    let mut add = |name, value: &str| question.fields.push((name, value.to_owned()));
    if let Some(currency) = currency {
        add("Doviz_Kodu", currency);
    }
    add("GUID", guid);
    add("KK_Sahibi", &holder);
    add("KK_No", card.pan.expose());
    add("KK_SK_Ay", &format!("{:02}", card.expiry.month));
    add("KK_SK_Yil", &card.expiry.year.to_string());
    add("KK_CVC", cvc);
    // Empty, yet it must be there.
    add("KK_Sahibi_GSM", "");
    add("Hata_URL", url);
    add("Basarili_URL", url);
    add("Siparis_ID", &order.id);
    add("Siparis_Aciklama", "");
    if in_lira {
        add("Taksit", &installment);
    }
    // What an instalment costs the merchant is in Galata's tables: the card pays the price.
    add("Islem_Tutar", &amount);
    add("Toplam_Tutar", &amount);
    add("Islem_Hash", &signature);
    add("Islem_Guvenlik_Tip", security);
    add("Islem_ID", &order.id);
    add("IPAdr", sale.client_ip.unwrap_or_default());
    if let Some(points) = &points {
        add("Puan", points);
    }
    Ok(question)
}

/// The points that a sale spends: one purse, in lira, and no campaign.
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
        }) if card > 0 => Ok(Some(comma(Money::new(card, order.amount.currency)))),
        Some(_) => Err(not_supported("Param has no such reward")),
    }
}

// Replies

/// Asks, and finds the result in its envelope.
async fn exchange(
    context: BankContext<'_>,
    url: &str,
    question: &Question,
) -> Result<Element, Doubt> {
    let body = ask(context.http, request(context, url, question)?).await?;
    result(Element::parse(&body), question.method)
}

/// The result of a method in its envelope.
fn result(envelope: Result<Element, Unreadable>, method: &str) -> Result<Element, Doubt> {
    let envelope = envelope.map_err(|_| unreadable("the reply is not XML"))?;
    if !is_named(&envelope, "Envelope") {
        return Err(unreadable("the reply is no SOAP envelope"));
    }
    let path = [
        "Body",
        &format!("{method}Response"),
        &format!("{method}Result"),
    ];
    let found = path
        .into_iter()
        .try_fold(&envelope, |element, name| only(element, name));
    found
        .cloned()
        .ok_or_else(|| unreadable("the reply is not of what was asked"))
}

/// Whether an element has this name in whatever namespace.
fn is_named(element: &Element, name: &str) -> bool {
    let own = element.name();
    let own = own.rsplit_once(':').map_or(own, |(_, local)| local);
    own.eq_ignore_ascii_case(name)
}

fn only<'a>(element: &'a Element, name: &str) -> Option<&'a Element> {
    let mut found = element
        .children()
        .iter()
        .filter(|child| is_named(child, name));
    found.next().filter(|_| found.next().is_none())
}

/// `Sonuc`: above zero it was done.
fn outcome(reply: &Element) -> Result<i64, Doubt> {
    let said = reply.exact(&["Sonuc"])?.parse();
    said.map_err(|_| unreadable("the reply has no result"))
}

/// The code of the bank behind Param, whose name differs by method.
fn bank_code(reply: &Element) -> Result<&str, Doubt> {
    match reply.exact(&["Banka_Sonuc_Kod"])? {
        "" => Ok(reply.exact(&["Bank_Sonuc_Kod"])?),
        code => Ok(code),
    }
}

/// Nothing when Param did what it was asked, else its refusal.
fn refusal(reply: &Element) -> Result<Option<Decline>, Doubt> {
    let (result, bank) = (outcome(reply)?, bank_code(reply)?);
    if result > 0 {
        return match bank {
            "" | "0" | "00" => Ok(None),
            _ => Err(unreadable("the reply approves and declines")),
        };
    }
    for name in ["Dekont_ID", "Islem_ID", "Bank_AuthCode"] {
        if !matches!(reply.exact(&[name])?, "" | "0") {
            return Err(unreadable("a refusal with an approval's fields"));
        }
    }
    let extra = reply.words(&["Bank_Extra"]);
    let own = issuer_code(bank, &extra);
    Ok(Some(Decline {
        group: error_group(result, own),
        code: message(if has_spoken(bank) {
            own
        } else {
            reply.exact(&["Sonuc"])?
        }),
        message: match reply.words(&["Sonuc_Str"]) {
            words if words.is_empty() => reply.words(&["Sonuc_Ack"]),
            words => words,
        },
        day: BankDay::Unsaid,
    }))
}

/// Whether the bank behind Param said anything itself.
fn has_spoken(bank: &str) -> bool {
    !matches!(bank, "" | "0" | "00" | "-1")
}

/// What a refusal of a move is. Param has refusals by words alone that say "not yet" or "try later": one that
/// neither a document nor the bank behind it explains is doubt, and so is a time-out. So is what that bank's gateway
/// says for itself, and not for the issuer: a broken system, or an order that it has.
fn refusal_to_move(reply: &Element) -> Result<Option<Decline>, Doubt> {
    let is_known = [NO_ACCOUNT, NOTHING_THERE, TOO_MUCH].contains(&outcome(reply)?);
    let extra = reply.words(&["Bank_Extra"]);
    let bank = bank_code(reply)?;
    match refusal(reply)? {
        Some(decline) if bank == GATEWAY && extra.contains(ORDER_KNOWN) => Err(duplicate(decline)),
        Some(decline) if issuer_code(bank, &extra) == GATEWAY => Err(doubt(
            DoubtReason::TimedOut(decline),
            "the bank's gateway failed",
        )),
        Some(decline) if !is_known && !has_spoken(bank_code(reply)?) => Err(doubt(
            DoubtReason::TimedOut(decline),
            "a refusal that no document explains",
        )),
        other => refusal_of_move(other),
    }
}

/// Param's number of what it did; without one it is no approval.
fn receipt(reply: &Element, name: &'static str) -> Result<String, Doubt> {
    let number = reply.exact(&[name])?;
    let is_number =
        number.bytes().all(|byte| byte.is_ascii_digit()) && number.bytes().any(|byte| byte != b'0');
    if is_number {
        reference(number)
    } else {
        Err(unreadable("an approval without Param's number"))
    }
}

/// Whether a reply is about our order: Param may have sold under another id.
fn check_order(reply: &Element, order: &Order) -> Result<(), Doubt> {
    if reply.exact(&["Siparis_ID"])? == order.id {
        Ok(())
    } else {
        Err(unauthentic("the reply is about another order"))
    }
}

/// What an approved sale says; `number` names the element of Param's number.
fn charged(reply: &Element, number: &'static str) -> Result<Charged, Doubt> {
    Ok(Charged {
        auth_code: auth_code(reply.exact(&["Bank_AuthCode"])?)?,
        host_reference: receipt(reply, number)?,
        transaction_id: reply.words(&["Bank_Trans_ID"]),
        ..Charged::default()
    })
}

// The verbs

pub(crate) async fn charge(context: BankContext<'_>, charge: Charge<'_>) -> Answer<Charged> {
    let (account, order) = (context.account, charge.order);
    let sale = Sale {
        card: charge.card,
        reward: charge.reward,
        client_ip: charge.client_ip,
        return_url: None,
    };
    let question = first_message(account, order, &sale)?;
    let reply = exchange(context, &account.api_url, &question).await?;
    if let Some(decline) = refusal_to_move(&reply)? {
        return Ok(Verdict::Declined(decline));
    }
    // A page, or an address, is what comes where the shopper must be verified first. The reply to a sale in
    // foreign currency names no order.
    let place = if order.amount.currency == Currency::Try {
        check_order(&reply, order)?;
        "UCD_HTML"
    } else {
        "UCD_URL"
    };
    if reply.exact(&[place])? != "NONSECURE" {
        return Err(unreadable("an approval of a sale that is not done"));
    }
    Ok(Verdict::Approved(charged(&reply, "Islem_ID")?))
}

pub(crate) async fn loyalties(
    context: BankContext<'_>,
    inquiry: LoyaltyInquiry<'_>,
) -> Answer<Loyalties> {
    let (account, card) = (context.account, inquiry.card);
    let cvc = card.cvc.as_ref().map_or("", |cvc| cvc.expose());
    let (month, year) = (
        format!("{:02}", card.expiry.month),
        card.expiry.year.to_string(),
    );
    let fields = [
        // Of a card that Param stores.
        ("Kart_No", ""),
        ("Guid", account.threeds_key.expose()),
        ("ip", inquiry.client_ip.unwrap_or_default()),
        ("KK_Sahibi", card.holder.as_str()),
        ("Kredi_Kart_No", card.pan.expose()),
        ("SK_Ay", &month),
        ("SK_Yil", &year),
        ("CVV", cvc),
    ];
    let question = Question::new("TP_Puan_Sorgula", &fields);
    let reply = exchange(context, &account.api_url, &question).await?;
    if let Some(decline) = refusal(&reply)? {
        return Ok(Verdict::Declined(decline));
    }
    let balance = match reply.exact(&["Puan"])? {
        "" => None,
        text => Some(lira(text).ok_or_else(|| unreadable("a purse that is no amount"))?),
    };
    Ok(Verdict::Approved(Loyalties {
        balance: balance.map(|card| RewardMoney {
            card,
            ..RewardMoney::default()
        }),
        campaigns: Vec::new(),
    }))
}

/// Minor units of lira that are written with a point, or with a comma: replies have both.
fn lira(text: &str) -> Option<i64> {
    let (whole, minor) = text.split_once(['.', ',']).unwrap_or((text, "00"));
    let minor = match minor.len() {
        1 => super::minor_units(minor)?.checked_mul(10)?,
        2 => super::minor_units(minor)?,
        _ => return None,
    };
    super::minor_units(whole)?
        .checked_mul(100)?
        .checked_add(minor)
}

// Decline codes to error groups

/// The account is not known, or not on this node.
const NO_ACCOUNT: i64 = -100;
/// Nothing that could be undone or given back, perhaps because it was before.
const NOTHING_THERE: i64 = -210;
/// More than can be given back.
const TOO_MUCH: i64 = -221;
/// The code of a bank's gateway; more stands in its own words.
const GATEWAY: &str = "99";
/// In the words of that gateway: it has an order of this id.
const ORDER_KNOWN: &str = "CORE-2507";

/// The issuer's own code, which a bank's gateway may have in its words.
fn issuer_code<'a>(bank: &'a str, extra: &'a str) -> &'a str {
    let behind = extra.split_once("ISO8583-").map(|(_, code)| code);
    let Some(code) = behind.filter(|_| bank == GATEWAY) else {
        return bank;
    };
    let end = code.find(|c: char| !c.is_ascii_alphanumeric());
    &code[..end.unwrap_or(code.len())]
}

fn error_group(result: i64, code: &str) -> ErrorGroup {
    match result {
        NO_ACCOUNT => ErrorGroup::InvalidMerchantOrSp,
        NOTHING_THERE => ErrorGroup::PaymentNotFoundForRefund,
        TOO_MUCH => ErrorGroup::MayHaveAlreadyRefunded,
        _ => issuer_group(code),
    }
}
