//! PosNet XML: the virtual POS of Yapı Kredi, from the bank's public integration document.
//!
//! Here are sale, hold, points and campaigns; what becomes of an order later stands in `standing`, the
//! inquiry in `record`, the 3DS steps in `threeds`. Order ids are 24 characters, ours padded with zeros; one never charges twice.

mod record;
mod standing;
#[cfg(test)]
mod tests;
mod threeds;

use super::codes::issuer_group;
use super::{
    ask, auth_code, duplicate, is_time_out, minor_units, not_supported, reference, refusal_of_move,
    shown_amount, unreadable,
};
use crate::account::{
    AccountNeeds, Field, MERCHANT_NUMBER, Need, Number, Slot, TERMINAL_NUMBER, THREEDS_KEY, Tried,
    words,
};
use crate::bank::{
    Account, Answer, BankContext, BankDay, Campaign, CardData, Charge, Charged, Decline, Doubt,
    Loyalties, LoyaltyInquiry, Order, PageOutcome, Phase, Returned, RewardMoney, RewardUse, Verb,
    Verdict,
};
use crate::http::Request;
use crate::xml::{Element, Writer};
use contract::enums::{Currency, LoyaltyType};
use contract::errors::ErrorGroup;

/// The document: a campaign inquiry answers at most this many.
const CAMPAIGNS_MAX: usize = 8;

/// What an account needs.
#[rustfmt::skip] // A table: a field a line or two.
pub(crate) const ACCOUNT: AccountNeeds = AccountNeeds {
    fields: &[
        MERCHANT_NUMBER.coded("MID").hinted(
            "10 rakam; bankanın sanal POS açılış e-postasında yazar.",
            "10 digits; in the bank's message about the new virtual POS.",
        ),
        TERMINAL_NUMBER.coded("TID").hinted("8 rakam; aynı e-postada.", "8 digits; in the same message."),
        Field::new(Slot::Number(Number::PosnetId), "PosNet ID", "PosNet ID", "The PosNet id")
            .hinted("Terminal numarasıyla aynı satırda yazar.", "Stands in the same line as the terminal number."),
        THREEDS_KEY.coded("ENCKEY").hinted(
            "Bankanın üye işyeri ekranlarında \"Anahtar Yaratma\" ile üretilen şifreleme anahtarıdır. 3D Secure için gereklidir.",
            "The encryption key that is made in the bank's merchant pages (Anahtar Yaratma). Needed for 3D Secure.",
        ),
        Field::new(Slot::Number(Number::ThreedsPosnetId), "3DS PosNet ID", "3DS PosNet ID", "The PosNet id for 3DS")
            .needed_for(Need::Never)
            .hinted("Boşsa yukarıdaki kullanılır.", "Left empty, the one above is used."),
        Field::new(Slot::Number(Number::ThreedsTerminalId), "3DS terminal numarası", "3DS terminal number", "The terminal number for 3DS")
            .needed_for(Need::Never)
            .hinted("Boşsa yukarıdaki kullanılır.", "Left empty, the one above is used."),
    ],
    users: &[],
    currencies: &[Currency::Try, Currency::Usd, Currency::Eur],
    options: &[],
    tried: Tried::new(Some(words("üye işyeri ve terminal numaraları", "the merchant and terminal numbers")), Some(words("PosNet ID, 3DS anahtarı ve 3DS için ayrı numaralar", "the PosNet ID, the 3DS key and the separate numbers for 3DS"))),
};

/// What this protocol can do.
pub(crate) const VERBS: &[Verb] = &[
    Verb::Charge,
    Verb::ThreeDs,
    Verb::Void,
    Verb::Refund,
    Verb::GivenBack,
    Verb::Hold,
    Verb::Inquire,
    Verb::Loyalties,
];

/// The document: what was held with a `koiCode` may not change when it is captured.
pub(crate) const CAMPAIGN_FIXES_CAPTURE: bool = true;

// The packets and their signature stand for the card in a 3DS payment.
/// Names whose values must not be stored or logged.
pub(crate) const SECRET_FIELDS: &[&str] = &[
    "ccno",
    "cvc",
    "expDate",
    "cardHolderName",
    "data1",
    "data2",
    "sign",
    "bankData",
    "merchantData",
    "posnetData",
    "posnetData2",
    "digest",
    "mac",
    "BankPacket",
    "MerchantPacket",
];

/// What the browser always brings back from the 3DS page.
pub(crate) const RETURN_FIELDS: &[&str] = &["BankPacket", "MerchantPacket", "Sign"];

/// The page of OOS only verifies.
pub(crate) async fn page_outcome(
    _context: BankContext<'_>,
    _returned: Returned<'_>,
) -> Result<PageOutcome, Doubt> {
    Err(Doubt::not_supported())
}

pub(crate) use super::no_day_list as day_list;
pub(crate) use standing::{capture, given_back, inquire, inquire_hold, refund, void};
pub(crate) use threeds::{begin as begin_3ds, finish as finish_3ds, verify as verify_3ds};

// Requests

/// One operation in its envelope. `threeds` selects the terminal that 3DS sales run on, when the
/// bank gave the merchant a second one; `order_id` is the wire's, and goes along as correlation.
fn request(
    account: &Account,
    threeds: bool,
    order_id: &str,
    operation: impl FnOnce(&mut Writer),
) -> Request {
    let terminal = terminal(account, threeds);
    let xml = Writer::document("posnetRequest", |w| {
        w.leaf("mid", &account.client_id);
        w.leaf("tid", terminal);
        operation(w);
    });
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("xmldata", &xml)
        .finish();
    Request {
        method: "POST",
        url: account.api_url.clone(),
        headers: vec![
            (
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
            ),
            ("x-merchant-id", account.client_id.clone()),
            ("x-terminal-id", terminal.to_owned()),
            ("x-posnet-id", posnet_id(account, threeds).to_owned()),
            ("x-correlation-id", order_id.to_owned()),
        ],
        body: body.into_bytes(),
    }
}

fn terminal(account: &Account, threeds: bool) -> &str {
    if threeds && !account.threeds_terminal_id.is_empty() {
        &account.threeds_terminal_id
    } else {
        &account.terminal_id
    }
}

fn posnet_id(account: &Account, threeds: bool) -> &str {
    if threeds && !account.threeds_posnet_id.is_empty() {
        &account.threeds_posnet_id
    } else {
        &account.posnet_id
    }
}

/// The order id as the bank knows it: 24 characters without 3DS, `TDS_` and the XID with it.
fn order_id(id: &str, threeds: bool) -> String {
    if threeds {
        format!("TDS_{id}")
    } else {
        format!("{id:0>24}")
    }
}

fn installment(order: &Order) -> String {
    match order.installment {
        0 | 1 => "00".to_owned(),
        count => format!("{count:02}"),
    }
}

fn currency(order: &Order) -> Result<&'static str, Doubt> {
    match order.amount.currency {
        Currency::Try => Ok("TL"),
        Currency::Usd => Ok("US"),
        Currency::Eur => Ok("EU"),
        _ => Err(not_supported("PosNet has no such currency")),
    }
}

/// What a reward means in PosNet's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spending {
    Nothing,
    /// World points and brand points, in minor units.
    Points {
        world: i64,
        brand: i64,
    },
    Campaign(&'static str),
}

impl Spending {
    /// What an order spends. The bank holds no points.
    fn by(order: &Order, reward: Option<RewardUse>) -> Result<Spending, Doubt> {
        match (order.phase, Spending::of(reward)?) {
            (Phase::Hold, Spending::Points { .. }) => Err(not_supported("PosNet holds no points")),
            (_, spending) => Ok(spending),
        }
    }

    fn of(reward: Option<RewardUse>) -> Result<Spending, Doubt> {
        match reward {
            None
            | Some(RewardUse::Money {
                card: 0,
                firm: 0,
                mile: 0,
            }) => Ok(Spending::Nothing),
            Some(RewardUse::Money {
                card,
                firm,
                mile: 0,
            }) if card >= 0 && firm >= 0 => Ok(Spending::Points {
                world: card,
                brand: firm,
            }),
            Some(RewardUse::Money { .. }) => Err(not_supported("PosNet has no such points")),
            Some(RewardUse::Campaign(campaign)) => CAMPAIGN_CODES
                .iter()
                .find(|(_, known)| *known == campaign)
                .map(|(code, _)| Spending::Campaign(code))
                .ok_or_else(|| not_supported("PosNet has no such campaign")),
        }
    }

    /// All points together; nothing when the sum does not fit.
    fn points(self) -> Option<i64> {
        match self {
            Spending::Points { world, brand } => world.checked_add(brand),
            _ => Some(0),
        }
    }
}

/// The bank's campaign codes (`koiCode`). Its code 6 needs a term-difference sale, which no
/// client can ask for.
const CAMPAIGN_CODES: [(&str, LoyaltyType); 5] = [
    ("1", LoyaltyType::AdditionalInstallment),
    ("2", LoyaltyType::PostponingInstallment),
    ("3", LoyaltyType::ExtraPoints),
    ("4", LoyaltyType::GainingMinutes),
    ("5", LoyaltyType::PostponingStatement),
];

/// The card's elements. A stored card has no security code: the tag is then left out, because
/// `000`, as in the document's example, would claim one.
fn write_card(w: &mut Writer, card: &CardData) {
    w.leaf("ccno", card.pan.expose());
    w.leaf("expDate", &card.expiry.yymm());
    if let Some(cvc) = &card.cvc {
        w.leaf("cvc", cvc.expose());
    }
}

/// `auth` (a hold), `sale`, `saleWP` (card and points) or `pointUsage` (points alone). The amount is
/// always the whole price; the points are part of it.
fn sale_request(
    context: BankContext<'_>,
    charge: &Charge<'_>,
    spending: Spending,
) -> Result<Request, Doubt> {
    let order = charge.order;
    let currency = currency(order)?;
    let id = order_id(&order.id, false);
    let points_only = spending.points() == Some(order.amount.minor) && order.amount.minor > 0;
    let (operation, brand) = match spending {
        Spending::Points { brand, .. } if points_only => ("pointUsage", Some(brand)),
        Spending::Points { brand, .. } => ("saleWP", Some(brand)),
        Spending::Nothing | Spending::Campaign(_) => match order.phase {
            Phase::Sale => ("sale", None),
            Phase::Hold => ("auth", None),
        },
    };
    let write = |w: &mut Writer| {
        w.leaf("amount", &order.amount.minor.to_string());
        if let Spending::Points { world, .. } = spending
            && !points_only
        {
            w.leaf("wpAmount", &world.to_string());
        }
        if let Some(brand) = brand {
            // Without it the bank would choose between the purses by itself.
            w.leaf("lpAmount", &brand.to_string());
        }
        w.leaf("currencyCode", currency);
        w.leaf("orderID", &id);
        if points_only {
            w.leaf("ccno", charge.card.pan.expose());
            w.leaf("expDate", &charge.card.expiry.yymm());
            return;
        }
        write_card(w, charge.card);
        w.leaf("installment", &installment(order));
        if let Spending::Campaign(code) = spending {
            w.leaf("koiCode", code);
        }
    };
    Ok(request(context.account, false, &id, |w| {
        w.element(operation, write)
    }))
}

// Replies

/// Asks, and reads the reply's root.
async fn exchange(context: BankContext<'_>, request: Request) -> Result<Element, Doubt> {
    let body = ask(context.http, request).await?;
    let reply = Element::parse(&body).map_err(|_| unreadable("the reply is not XML"))?;
    if reply.is("posnetResponse") {
        Ok(reply)
    } else {
        Err(unreadable("the reply is not a posnetResponse"))
    }
}

/// Nothing when the bank approved, else its refusal. An order id that the bank knows is doubt:
/// `approved 2` comes with the references of the first sale, `approved 0` without.
fn refusal(reply: &Element) -> Result<Option<Decline>, Doubt> {
    let code = reply.exact(&["respCode"])?;
    match (reply.exact(&["approved"])?, code) {
        ("1", "" | "00" | "0000") => Ok(None),
        ("2", _) => Err(duplicate(decline(reply, ErrorGroup::ApprovedCompleted))),
        ("0", "0127") => Err(duplicate(decline(reply, ErrorGroup::OrderIdAlreadyUsed))),
        // Neither does a refusal lack its reason, nor does it bring an approval's code.
        ("0", "" | "00" | "0000") => Err(unreadable("a refusal without a reason")),
        ("0", _) if !reply.exact(&["authCode"])?.is_empty() => {
            Err(unreadable("a refusal with an approval code"))
        }
        ("0", _) => Ok(Some(decline(
            reply,
            error_group(code, &reply.words(&["respText"])),
        ))),
        _ => Err(unreadable("the reply neither approves nor declines")),
    }
}

fn decline(reply: &Element, group: ErrorGroup) -> Decline {
    let code = reply.words(&["respCode"]);
    Decline {
        group,
        message: reply.words(&["respText"]),
        day: match code.as_str() {
            // The batch is closed: a return instead. 0229 says so of a capture.
            "0211" | "0229" => BankDay::Closed,
            // Not financial yet: a reversal instead. The simulator's test code says the same.
            "0411" | "0T24" => BankDay::Open,
            _ => BankDay::Unsaid,
        },
        code,
    }
}

/// What an approved sale says. Without the bank's reference it is no answer.
fn charged(reply: &Element) -> Result<Charged, Doubt> {
    let host_reference = reference(reply.exact(&["hostlogkey"])?)?;
    if host_reference.is_empty() {
        return Err(unreadable("an approval without hostlogkey"));
    }
    Ok(Charged {
        auth_code: auth_code(reply.exact(&["authCode"])?)?,
        host_reference,
        points_left: shown_amount(reply, &["pointInfo", "totalPointAmount"]),
        // The document does not say how a sale reports the campaign that the cardholder chose on
        // the bank's page; the shape of the campaign inquiry is the likeliest.
        campaign: campaigns(reply).into_iter().next(),
        ..Charged::default()
    })
}

fn campaigns(reply: &Element) -> Vec<Campaign> {
    let offered = reply.all("koiInfo").take(CAMPAIGNS_MAX).filter_map(|info| {
        let code = info.exact(&["code"]).ok()?;
        let (_, loyalty_type) = CAMPAIGN_CODES.iter().find(|(known, _)| *known == code)?;
        Some(Campaign {
            loyalty_type: *loyalty_type,
            message: info.words(&["message"]),
        })
    });
    offered.collect()
}

// Hashes: a sale has none, nor has its reply; the MACs of the 3DS steps stand in `threeds`.

// The verbs

pub(crate) async fn charge(context: BankContext<'_>, charge: Charge<'_>) -> Answer<Charged> {
    let spending = Spending::by(charge.order, charge.reward)?;
    let reply = exchange(context, sale_request(context, &charge, spending)?).await?;
    if let Some(decline) = refusal_of_move(refusal(&reply)?)? {
        return Ok(Verdict::Declined(decline));
    }
    let mut charged = charged(&reply)?;
    if let Spending::Points { brand, .. } = spending
        && spending.points() == Some(charge.order.amount.minor)
    {
        // Only a sale of points alone reports what was used; other sales report what was earned.
        let used = shown_amount(&reply, &["pointInfo", "pointAmount"]);
        charged.spent = used.map(|used| {
            let firm = brand.min(used);
            RewardMoney {
                card: used - firm,
                firm,
                mile: 0,
            }
        });
    }
    Ok(Verdict::Approved(charged))
}

/// Two questions: the purses, then the campaigns. Neither takes an order id nor, by the document,
/// a security code. A card outside the programme is refused both, and that is the answer.
pub(crate) async fn loyalties(
    context: BankContext<'_>,
    inquiry: LoyaltyInquiry<'_>,
) -> Answer<Loyalties> {
    let card = inquiry.card;
    let points = request(context.account, false, &inquiry.order.id, |w| {
        w.element("pointInquiry", |w| {
            w.leaf("ccno", card.pan.expose());
            w.leaf("expDate", &card.expiry.yymm());
            // Without the detail the bank leaves brand points out.
            w.leaf("getPointDetail", "Y");
        });
    });
    let points = exchange(context, points).await?;
    let offers = request(context.account, false, &inquiry.order.id, |w| {
        w.element("koiCampaignQuery", |w| w.leaf("ccno", card.pan.expose()));
    });
    let offers = exchange(context, offers).await?;
    match (refusal(&points)?, refusal(&offers)?) {
        (Some(decline), Some(_)) => Ok(Verdict::Declined(decline)),
        // Not a card outside the programme: the bank did not get to know.
        (Some(decline), None) | (None, Some(decline)) if is_time_out(decline.group) => {
            Ok(Verdict::Declined(decline))
        }
        (no_points, no_offers) => Ok(Verdict::Approved(Loyalties {
            balance: match no_points {
                Some(_) => None,
                None => purses(&points)?,
            },
            campaigns: match no_offers {
                Some(_) => Vec::new(),
                None => campaigns(&offers),
            },
        })),
    }
}

/// World points and brand points; nothing when the card has no purse.
fn purses(reply: &Element) -> Result<Option<RewardMoney>, Doubt> {
    let Some(purses) = reply.only("pointInfo")? else {
        return Ok(None);
    };
    let amount = |name| match purses.exact(&[name])? {
        // A merchant without brand points gets no such element.
        "" => Ok(0),
        text => minor_units(text).ok_or_else(|| unreadable("a purse that is no amount")),
    };
    let (card, firm) = (amount("pointAmount")?, amount("loyaltyPointAmount")?);
    Ok(Some(RewardMoney {
        card,
        firm,
        mile: 0,
    }))
}

// Decline codes to error groups

/// The inquiry's "record not found".
const NOT_FOUND: &str = "E219";

/// What `respCode` means. Issuer codes come with zeros in front (`0051`); the rest is the bank's.
fn error_group(code: &str, text: &str) -> ErrorGroup {
    match code {
        "0122" | "0123" | "0215" | "0217" | "0219" | "0220" | "0223" | "0229" | "0370" | "0788"
        | NOT_FOUND => ErrorGroup::InvalidTransaction,
        "0129" => ErrorGroup::CardNotPermitted,
        // The recorded refusal of a wrong address carries either code.
        "0148" => ErrorGroup::InvalidIp,
        "0003" if text.contains("IP") => ErrorGroup::InvalidIp,
        "0146" | "0147" | "0600" | "E216" => ErrorGroup::InvalidMerchantOrSp,
        "0150" => ErrorGroup::InputData,
        "0205" => ErrorGroup::InvalidAmount,
        // The day is closed: only a refund can undo it now.
        "0211" => ErrorGroup::ExpiredProvision,
        "0218" | "0450" => ErrorGroup::MayHaveAlreadyRefunded,
        "0302" => ErrorGroup::RequestTimeout,
        "0411" => ErrorGroup::RequiresDayEnd,
        "0400" | "E997" | "E998" | "E999" => ErrorGroup::CommunicationOrSystemError,
        _ => match code.strip_prefix("00").or_else(|| code.strip_prefix('0')) {
            Some(issuer) => issuer_group(issuer),
            None => ErrorGroup::Declined,
        },
    }
}
