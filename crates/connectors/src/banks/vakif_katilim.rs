//! Vakıf Katılım: XML at gates of its own, from recorded replies and the clients' notes. What it shares with Kuveyt Türk
//! stands in `boa`. A hold is captured as a whole, and never after 3DS.

use super::boa::{self, APPROVED, Callback, Move, Moved, Proof, System};
use super::kuveyt::CUSTOMER_NUMBER;
use super::{ask, not_supported, question_refused, unauthentic, unreadable};
use crate::account::{AccountNeeds, MERCHANT_NUMBER, Tried, api_user, words};
use crate::bank::{
    Answer, BankContext, BankForm, BankMove, Begin3ds, Capture, CardData, Charge, Charged, Decline,
    Doubt, Finish3ds, GivenBack, HoldStatus, Loyalties, LoyaltyInquiry, Order, OrderRef,
    OrderStatus, PageOutcome, Phase, Refund, Returned, Reversed, Verb, Verdict, Verified,
};
use crate::http::Request;
use crate::xml::{Element, Writer};
use contract::enums::Currency;
use jiff::ToSpan;
use jiff::civil::Date;

/// What an account needs.
pub(crate) const ACCOUNT: AccountNeeds = AccountNeeds {
    fields: &[
        MERCHANT_NUMBER.coded("MerchantId").hinted(
            "Bankanın sanal POS başvurusu onaylanınca gönderdiği bilgilerdedir.",
            "Among what the bank sends when the virtual POS is approved.",
        ),
        CUSTOMER_NUMBER.hinted(
            "Şirketin bankadaki müşteri numarası.",
            "The company's customer number at the bank.",
        ),
    ],
    users: &[api_user(
        "Bankanın sanal POS için verdiği API kullanıcısıdır (UserName, Password).",
        "The API user that the bank gives for the virtual POS (UserName, Password).",
    )],
    currencies: &[Currency::Try, Currency::Usd, Currency::Eur],
    options: &[],
    tried: Tried::new(
        None,
        Some(words(
            "üye işyeri ve müşteri numaraları, API kullanıcısı ve şifresi",
            "the merchant and customer numbers, the API user and its password",
        )),
    ),
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
    Verb::DayList,
];

/// There are no campaigns.
pub(crate) const CAMPAIGN_FIXES_CAPTURE: bool = false;

/// Names whose values must not be stored or logged. `Data` holds the MD, with which a sale can be made.
pub(crate) const SECRET_FIELDS: &[&str] = &[
    "CardNumber",
    "CardExpireDateYear",
    "CardExpireDateMonth",
    // In rows of orders.
    "CardExpireDate",
    "CardCVV2",
    "HashData",
    "HashPassword",
    "Data",
    "MD",
];

/// What the browser always brings back from the 3DS page.
pub(crate) const RETURN_FIELDS: &[&str] = &["responsecode"];

/// A message about an order.
struct Question<'a> {
    gate: &'static str,
    order: &'a Order,
    /// What it moves, where it says so.
    amount: Option<String>,
    return_url: Option<&'a str>,
}

impl Question<'_> {
    fn request(
        &self,
        context: BankContext<'_>,
        write: impl FnOnce(&mut Writer),
    ) -> Result<Request, Doubt> {
        let (account, order) = (context.account, self.order);
        let amount = self.amount.as_deref().unwrap_or_default();
        let user = boa::user(account)?;
        let password_hash = boa::password_hash(account)?;
        let hash = boa::request_hash(context, order, amount, self.return_url)?;
        let base = if self.gate.starts_with("ThreeD") {
            &account.threeds_url
        } else {
            &account.api_url
        };
        let url = format!("{}/{}", base.trim_end_matches('/'), self.gate);
        Ok(boa::message_of(url, "VPosMessageContract", |w| {
            w.leaf("APIVersion", "1.0.0");
            w.leaf("HashData", &hash);
            w.leaf("MerchantId", &account.client_id);
            w.leaf("SubMerchantId", "0");
            w.leaf("CustomerId", &account.terminal_id);
            w.leaf("UserName", &user.name);
            w.leaf("HashPassword", &password_hash);
            if !order.id.is_empty() {
                w.leaf("MerchantOrderId", &order.id);
            }
            if let Some(url) = self.return_url {
                w.leaf("OkUrl", url);
                w.leaf("FailUrl", url);
            }
            if let Some(amount) = &self.amount {
                w.leaf("Amount", amount);
            }
            write(w);
        }))
    }
}

/// `TransactionSecurity` of a payment without 3DS, and after it.
const PLAIN: &str = "1";
const SECURE: &str = "3";

/// What a payment says of its price, beside the amount.
fn write_price(w: &mut Writer, order: &Order, currency: &str, security: &str) {
    w.leaf("InstallmentCount", &boa::installment(order));
    w.leaf("DisplayAmount", &order.amount.minor.to_string());
    w.leaf("FECCurrencyCode", currency);
    w.leaf("TransactionSecurity", security);
    w.leaf("PaymentType", "1");
}

fn write_card(w: &mut Writer, card: &CardData, client_ip: Option<&str>) {
    if let Some(address) = client_ip {
        w.leaf("CustomerIPAddress", address);
    }
    w.leaf("CardHolderName", boa::holder(card));
    w.leaf("CardNumber", card.pan.expose());
    w.leaf(
        "CardExpireDateYear",
        &format!("{:02}", card.expiry.year % 100),
    );
    w.leaf("CardExpireDateMonth", &format!("{:02}", card.expiry.month));
    if let Some(cvc) = &card.cvc {
        w.leaf("CardCVV2", cvc.expose());
    }
}

async fn pay(
    context: BankContext<'_>,
    (order, begun): (&Order, &str),
    request: Request,
) -> Answer<Charged> {
    let reply = boa::read(&ask(context.http, request).await?)?;
    boa::payment(context, order, begun, &reply)
}

pub(crate) async fn charge(context: BankContext<'_>, charge: Charge<'_>) -> Answer<Charged> {
    boa::without_reward(charge.reward)?;
    let order = charge.order;
    let currency = boa::currency(order.amount)?;
    let question = Question {
        gate: match order.phase {
            Phase::Sale => "Non3DPayGate",
            // The bank spells it so.
            Phase::Hold => "PreAuthorizaten",
        },
        order,
        amount: Some(order.amount.minor.to_string()),
        return_url: None,
    };
    let request = question.request(context, |w| {
        w.leaf("CurrencyCode", currency);
        write_price(w, order, currency, PLAIN);
        write_card(w, charge.card, charge.client_ip);
    })?;
    pay(context, (order, ""), request).await
}

/// The two messages of a sale with 3DS; the page that shows the bank's form is ours.
fn secure<'a>(
    gate: &'static str,
    order: &'a Order,
    return_url: Option<&'a str>,
) -> Result<Question<'a>, Doubt> {
    match order.phase {
        Phase::Sale => Ok(Question {
            gate,
            order,
            amount: Some(order.amount.minor.to_string()),
            return_url,
        }),
        Phase::Hold => Err(not_supported("Vakıf Katılım holds nothing after 3DS")),
    }
}

pub(crate) async fn begin_3ds(context: BankContext<'_>, begin: Begin3ds<'_>) -> Answer<BankForm> {
    boa::without_reward(begin.reward)?;
    if begin.sells_at.is_some() {
        return Err(not_supported(
            "Vakıf Katılım's page sells nothing by itself",
        ));
    }
    let order = begin.order;
    let currency = boa::currency(order.amount)?;
    let question = secure("ThreeDModelPayGate", order, Some(begin.return_url))?;
    let request = question.request(context, |w| {
        write_price(w, order, currency, SECURE);
        write_card(w, begin.card, begin.client_ip);
    })?;
    boa::begin(context, &begin, request, callback).await
}

fn callback(fields: &[(String, String)]) -> Result<Callback, Doubt> {
    let said = |name: &str| {
        let mut named = fields
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        match (named.next(), named.next()) {
            (None, _) => Ok(String::new()),
            (Some((_, value)), None) => Ok(value.trim().to_owned()),
            _ => Err(unauthentic("the return names a field twice")),
        }
    };
    Ok(Callback {
        code: said("ResponseCode")?,
        words: said("ResponseMessage")?,
        order_id: said("MerchantOrderId")?,
        bank_order: said("OrderId")?,
        hash: said("HashData")?,
        md: said("MD")?,
        ..Callback::default()
    })
}

pub(crate) async fn verify_3ds(
    context: BankContext<'_>,
    returned: Returned<'_>,
) -> Answer<Verified> {
    let callback = callback(returned.fields)?;
    Ok(Verdict::Approved(boa::verify(
        context, &returned, callback,
    )?))
}

pub(crate) async fn page_outcome(
    _: BankContext<'_>,
    _: Returned<'_>,
) -> Result<PageOutcome, Doubt> {
    Err(Doubt::not_supported())
}

/// An MD works once. Recorded and in the clients' notes, this message too says where the browser came back to.
pub(crate) async fn finish_3ds(context: BankContext<'_>, finish: Finish3ds<'_>) -> Answer<Charged> {
    boa::without_reward(finish.reward)?;
    let Proof {
        md,
        order: begun,
        return_url,
    } = Proof::of(finish.proof)?;
    let order = finish.sale.order;
    // A proof of before this was kept has none.
    let return_url = Some(return_url.as_str()).filter(|url| !url.is_empty());
    let question = secure("ThreeDModelProvisionGate", order, return_url)?;
    let request = question.request(context, |w| {
        w.leaf("InstallmentCount", &boa::installment(order));
        w.leaf("TransactionSecurity", SECURE);
        if let Some(address) = finish.client_ip {
            w.leaf("CustomerIPAddress", address);
        }
        w.element("AdditionalData", |w| {
            w.element("AdditionalDataList", |w| {
                w.element("VPosAdditionalData", |w| {
                    w.leaf("Key", "MD");
                    w.leaf("Data", &md);
                });
            });
        });
    })?;
    pay(context, (order, &begun), request).await
}

/// Rows of orders.
async fn ask_rows(context: BankContext<'_>, request: Request) -> Result<Vec<Element>, Doubt> {
    let reply = boa::read(&ask(context.http, request).await?)?;
    match reply.exact(&["ResponseCode"])? {
        APPROVED => {}
        "" => return Err(unreadable("the inquiry was not answered")),
        code => return Err(question_refused(boa::error_group(code))),
    }
    let held = reply.only("VPosOrderData")?;
    let held = held.ok_or_else(|| unreadable("the inquiry answers no list of orders"))?;
    boa::orders(held)
}

/// Rows of a page: as many as a client asks for at once.
const PAGE_ROWS: usize = 100;
/// Rows of a day: a day with more is not read at all.
const DAY_ROWS_MAX: usize = 20_000;

/// The moves of a day, a page at a time. Rows are not counted, and clients differ in what `UpperLimit` is (the last row,
/// or how many): the next page begins behind all that was read, and an empty one is the end. Whether the day's last moment
/// belongs to a span is not public, so it ends on the next day.
pub(crate) async fn day_list(context: BankContext<'_>, day: Date) -> Result<Vec<BankMove>, Doubt> {
    let order = boa::of_day();
    let question = Question {
        gate: "SelectOrder",
        order: &order,
        amount: None,
        return_url: None,
    };
    let next = day.saturating_add(1.day());
    let mut rows: Vec<Element> = Vec::new();
    let mut page_before = 0;
    while rows.len() < DAY_ROWS_MAX {
        let (from, until) = (rows.len(), rows.len() + PAGE_ROWS);
        let request = question.request(context, |w| {
            w.leaf("StartDate", &day.to_string());
            w.leaf("EndDate", &next.to_string());
            w.leaf("LowerLimit", &from.to_string());
            w.leaf("UpperLimit", &until.to_string());
            for name in ["ProvNumber", "OrderStatus", "TranResult", "OrderNo"] {
                w.leaf(name, "");
            }
        })?;
        let page = ask_rows(context, request).await?;
        if page.is_empty() {
            return boa::moves_of_day(&rows, boa::Rows::Moves, day);
        }
        // Where rows are counted from one, a page begins with the last row of the one before.
        let known = &rows[page_before..];
        let page = page.into_iter();
        let fresh: Vec<Element> = page.filter(|row| !known.contains(row)).collect();
        if fresh.is_empty() {
            return Err(unreadable("the day's list repeats itself"));
        }
        page_before = rows.len();
        rows.extend(fresh);
    }
    Err(unreadable("the day's list is too long"))
}

/// Vakıf Katılım's records and moves.
struct Gates;

impl System for Gates {
    async fn rows(context: BankContext<'_>, order: &OrderRef<'_>) -> Result<Vec<Element>, Doubt> {
        let question = Question {
            gate: "SelectOrderByMerchantOrderId",
            order: order.order,
            amount: None,
            return_url: None,
        };
        ask_rows(context, question.request(context, |_| {})?).await
    }

    async fn send(
        context: BankContext<'_>,
        moved: &Moved<'_>,
    ) -> Result<(Element, Option<Decline>), Doubt> {
        let (gate, says_amount) = match moved.kind {
            Move::Void => ("SaleReversal", true),
            Move::Release => ("PreAuthorizationReversal", false),
            Move::Refund => ("DrawBack", false),
            Move::RefundHold => ("PreAuthorizationDrawBack", false),
            Move::RefundPart => ("PartialDrawBack", true),
            Move::Capture => ("PreAuthorizatenClose", false),
        };
        let question = Question {
            gate,
            order: moved.order,
            amount: says_amount.then(|| moved.amount.minor.to_string()),
            return_url: None,
        };
        let request = question.request(context, |w| {
            w.leaf("OrderId", &moved.names.order);
            if matches!(moved.kind, Move::Void | Move::Release) {
                w.leaf("PaymentType", "1");
            }
            if let Some(address) = moved.client_ip {
                w.leaf("CustomerIPAddress", address);
            }
        })?;
        let reply = boa::read(&ask(context.http, request).await?)?;
        let refusal = boa::refusal(&reply)?;
        Ok((reply, refusal))
    }
}

pub(crate) async fn void(context: BankContext<'_>, order: OrderRef<'_>) -> Answer<Reversed> {
    boa::void::<Gates>(context, order).await
}

pub(crate) async fn refund(context: BankContext<'_>, refund: Refund<'_>) -> Answer<Reversed> {
    boa::refund::<Gates>(context, refund).await
}

pub(crate) async fn given_back(
    context: BankContext<'_>,
    order: OrderRef<'_>,
) -> Result<GivenBack, Doubt> {
    boa::given_back::<Gates>(context, order).await
}

pub(crate) async fn inquire(
    context: BankContext<'_>,
    order: OrderRef<'_>,
) -> Result<OrderStatus, Doubt> {
    boa::inquire::<Gates>(context, order).await
}

pub(crate) async fn capture(context: BankContext<'_>, capture: Capture<'_>) -> Answer<Charged> {
    boa::capture::<Gates>(context, capture).await
}

pub(crate) async fn inquire_hold(
    context: BankContext<'_>,
    hold: OrderRef<'_>,
) -> Result<HoldStatus, Doubt> {
    boa::inquire_hold::<Gates>(context, hold).await
}

pub(crate) async fn loyalties(_: BankContext<'_>, _: LoyaltyInquiry<'_>) -> Answer<Loyalties> {
    Err(Doubt::not_supported())
}
