//! Kuveyt Türk (TDV2): payments as XML, what becomes of them later as SOAP, from the bank's document and recorded
//! replies. What it shares with Vakıf Katılım stands in `boa`.
//!
//! The bank does not promise to refuse an order id that it knows: nothing is sent twice, and the inquiry decides.

use super::boa::{self, Callback, Move, Moved, Proof, System};
use super::{ask, ask_for_list, not_supported, question_refused, unauthentic, unreadable};
use crate::account::{AccountNeeds, Field, MERCHANT_NUMBER, Number, Slot, Tried, api_user, words};
use crate::bank::{
    Answer, BankContext, BankForm, BankMove, Begin3ds, Capture, CardData, Charge, Charged, Decline,
    Doubt, Finish3ds, GivenBack, HoldStatus, Loyalties, LoyaltyInquiry, Order, OrderRef,
    OrderStatus, PageOutcome, Phase, Refund, Returned, Reversed, Verb, Verdict, Verified,
};
use crate::http::Request;
use crate::xml::{Element, Writer};
use contract::enums::Currency;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use percent_encoding::percent_decode_str;

/// What an account needs.
pub(crate) const ACCOUNT: AccountNeeds = AccountNeeds {
    fields: &[
        Field {
            label: words("Mağaza no", "Shop number"),
            in_sentence: "The shop number",
            ..MERCHANT_NUMBER
        }
        .coded("MerchantId")
        .hinted(
            "Bankanın sanal POS başvurusu onaylanınca gönderdiği e-postadadır.",
            "In the e-mail that the bank sends when the virtual POS is approved.",
        ),
        CUSTOMER_NUMBER.hinted(
            "Şirketin bankadaki müşteri numarası; kurumsal internet şubesinde görünür.",
            "The company's customer number, as the corporate internet branch shows it.",
        ),
    ],
    users: &[api_user(
        "kurumsal.kuveytturk.com.tr adresinde API rolüyle açılan kullanıcı (UserName, Password); bu kullanıcı oraya giremez.",
        "A user with the API role that is added at kurumsal.kuveytturk.com.tr (UserName, Password); it cannot sign in there.",
    )],
    currencies: &[Currency::Try, Currency::Usd, Currency::Eur],
    options: &[],
    tried: Tried::new(
        Some(words(
            "mağaza no, müşteri no, API kullanıcısı ve şifresi",
            "the shop and customer numbers, the API user and its password",
        )),
        None,
    ),
};

/// The customer's number at the bank.
pub(super) const CUSTOMER_NUMBER: Field<Slot> = Field::new(
    Slot::Number(Number::TerminalId),
    "Müşteri no",
    "Customer number",
    "The customer number",
)
.coded("CustomerId");

/// What this protocol can do.
pub(crate) const VERBS: &[Verb] = &[
    Verb::Charge,
    Verb::ThreeDs,
    Verb::Void,
    Verb::Refund,
    Verb::GivenBack,
    Verb::Inquire,
    Verb::DayList,
];

/// Nothing is held.
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
    "AuthenticationPacket",
    "AuthenticationResponse",
];

/// What the browser always brings back from the 3DS page.
pub(crate) const RETURN_FIELDS: &[&str] = &["authenticationresponse"];

const VERSION: &str = "TDV2.0.0";

// Addresses

/// Where the gates of payments lie, on the live system and on the test system.
const GATES: [&str; 2] = ["/ServiceGateWay/Home", "/boa.virtualpos.services/Home"];
const SOAP_PATH: &str =
    "/BOA.Integration.WCFService/BOA.Integration.VirtualPos/VirtualPosService.svc/Basic";
const NAMESPACE: &str = "http://boa.net/BOA.Integration.VirtualPos/Service";

/// A gate. An account has one path, and the bank another one on its test system.
fn gate(base: &str, name: &str) -> String {
    let base = base.trim_end_matches('/');
    let base = if base.contains("//boatest.") {
        base.replace(GATES[0], GATES[1])
    } else {
        base.to_owned()
    };
    format!("{base}/{name}")
}

/// The SOAP service lies beside the gates; on the live system on a host of its own.
fn soap_url(base: &str) -> String {
    let base = base.trim_end_matches('/');
    let above = GATES.iter().find_map(|gates| base.strip_suffix(gates));
    let above = above
        .unwrap_or(base)
        .replacen("//sanalpos.kuveytturk.", "//boa.kuveytturk.", 1);
    format!("{above}{SOAP_PATH}")
}

// Payments

/// A message to a gate about an order.
fn to_gate(
    context: BankContext<'_>,
    (url, order): (String, &Order),
    (return_url, security): (Option<&str>, &str),
    write: impl FnOnce(&mut Writer),
) -> Result<Request, Doubt> {
    if order.phase == Phase::Hold {
        return Err(not_supported("Kuveyt Türk holds no amounts"));
    }
    let account = context.account;
    let amount = order.amount.minor.to_string();
    let (user, currency) = (boa::user(account)?, boa::currency(order.amount)?);
    let hash = boa::request_hash(context, order, &amount, return_url)?;
    Ok(boa::message_of(url, "KuveytTurkVPosMessage", |w| {
        w.leaf("APIVersion", VERSION);
        if let Some(url) = return_url {
            w.leaf("OkUrl", url);
            w.leaf("FailUrl", url);
        }
        w.leaf("HashData", &hash);
        w.leaf("MerchantId", &account.client_id);
        w.leaf("CustomerId", &account.terminal_id);
        w.leaf("UserName", &user.name);
        write(w);
        w.leaf("TransactionType", "Sale");
        w.leaf("InstallmentCount", &boa::installment(order));
        w.leaf("Amount", &amount);
        w.leaf("DisplayAmount", &amount);
        w.leaf("CurrencyCode", currency);
        w.leaf("MerchantOrderId", &order.id);
        w.leaf("TransactionSecurity", security);
    }))
}

/// The card, and whose device it is used on.
fn write_card(w: &mut Writer, card: &CardData, kind: &str, client_ip: Option<&str>) {
    w.element("DeviceData", |w| {
        w.leaf("DeviceChannel", "02");
        // The bank demands one.
        w.leaf("ClientIP", client_ip.unwrap_or("127.0.0.1"));
    });
    w.leaf("CardNumber", card.pan.expose());
    w.leaf(
        "CardExpireDateYear",
        &format!("{:02}", card.expiry.year % 100),
    );
    w.leaf("CardExpireDateMonth", &format!("{:02}", card.expiry.month));
    if let Some(cvc) = &card.cvc {
        w.leaf("CardCVV2", cvc.expose());
    }
    w.leaf("CardHolderName", boa::holder(card));
    w.leaf("CardType", kind);
    w.leaf("BatchID", "0");
}

/// How the bank calls a card's association.
fn card_type(card: &CardData) -> Result<&'static str, Doubt> {
    match card.pan.expose().as_bytes() {
        [b'4', ..] => Ok("Visa"),
        // 67 is Maestro, which is MasterCard's.
        [b'2' | b'5', ..] | [b'6', b'7', ..] => Ok("MasterCard"),
        [b'9', ..] | [b'6', b'5', ..] => Ok("Troy"),
        _ => Err(not_supported("Kuveyt Türk takes Visa, MasterCard and Troy")),
    }
}

/// `TransactionSecurity` of a payment without 3DS, and after it.
const PLAIN: &str = "1";
const SECURE: &str = "3";

async fn pay(
    context: BankContext<'_>,
    (order, begun): (&Order, &str),
    request: Request,
) -> Answer<Charged> {
    let reply = boa::read(&ask(context.http, request).await?)?;
    let paid = boa::payment(context, order, begun, &reply)?;
    match &paid {
        Verdict::Approved(charged) if charged.auth_code.is_empty() => {
            Err(unreadable("an approval without ProvisionNumber"))
        }
        _ => Ok(paid),
    }
}

pub(crate) async fn charge(context: BankContext<'_>, charge: Charge<'_>) -> Answer<Charged> {
    boa::without_reward(charge.reward)?;
    let (card, kind) = (charge.card, card_type(charge.card)?);
    let to = (gate(&context.account.api_url, "Non3DPayGate"), charge.order);
    let request = to_gate(context, to, (None, PLAIN), |w| {
        write_card(w, card, kind, charge.client_ip);
    })?;
    pay(context, (charge.order, ""), request).await
}

pub(crate) async fn begin_3ds(context: BankContext<'_>, begin: Begin3ds<'_>) -> Answer<BankForm> {
    boa::without_reward(begin.reward)?;
    if begin.sells_at.is_some() {
        return Err(not_supported("Kuveyt Türk's page sells nothing by itself"));
    }
    let (card, kind) = (begin.card, card_type(begin.card)?);
    let base = &context.account.threeds_url;
    let to = (gate(base, "ThreeDModelPayGate"), begin.order);
    let request = to_gate(context, to, (Some(begin.return_url), SECURE), |w| {
        write_card(w, card, kind, begin.client_ip);
    })?;
    boa::begin(context, &begin, request, callback).await
}

/// The document that the browser brings, which the page has encoded once more for its address.
fn callback(fields: &[(String, String)]) -> Result<Callback, Doubt> {
    let named = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("AuthenticationResponse");
    let mut brought = fields.iter().filter(named);
    let (Some((_, text)), None) = (brought.next(), brought.next()) else {
        return Err(unauthentic(
            "the browser brought not one answer of the bank",
        ));
    };
    let document = if text.trim_start().starts_with('<') {
        text.as_bytes().to_vec()
    } else {
        percent_decode_str(&text.replace('+', " ")).collect()
    };
    let document = boa::read(&document);
    let document = document.map_err(|_| unauthentic("the browser brought no document"))?;
    let said = |name| document.exact(&[name]).map(str::to_owned);
    let echoed = |name| document.exact(&["VPosMessage", name]).map(str::to_owned);
    Ok(Callback {
        code: said("ResponseCode")?,
        words: document.words(&["ResponseMessage"]),
        order_id: said("MerchantOrderId")?,
        bank_order: said("OrderId")?,
        hash: said("HashData")?,
        md: said("MD")?,
        amount: echoed("Amount")?,
        currency: echoed("CurrencyCode")?,
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

/// Amount, order and instalments are those of the first message, or the bank refuses; an MD works once.
pub(crate) async fn finish_3ds(context: BankContext<'_>, finish: Finish3ds<'_>) -> Answer<Charged> {
    boa::without_reward(finish.reward)?;
    let Proof {
        md, order: begun, ..
    } = Proof::of(finish.proof)?;
    let base = &context.account.threeds_url;
    let to = (gate(base, "ThreeDModelProvisionGate"), finish.sale.order);
    let request = to_gate(context, to, (None, SECURE), |w| {
        if let Some(address) = finish.client_ip {
            w.leaf("CustomerIPAddress", address);
        }
        w.element("KuveytTurkVPosAdditionalData", |w| {
            w.element("AdditionalData", |w| {
                w.leaf("Key", "MD");
                w.leaf("Data", &md);
            });
        });
    })?;
    pay(context, (finish.sale.order, &begun), request).await
}

// SOAP

/// Kuveyt Türk's records and moves.
struct Soap;

/// What differs from one call to the next.
struct Operation<'a> {
    name: &'static str,
    order: &'a Order,
    /// What is moved, in minor units; 0 for a question.
    amount: i64,
    /// What is shown of it; 0 for refunds.
    shown: i64,
}

impl Operation<'_> {
    /// A call: `before` and `after` stand on both sides of the message.
    fn request(
        &self,
        context: BankContext<'_>,
        before: impl FnOnce(&mut Writer),
        after: impl FnOnce(&mut Writer),
    ) -> Result<Request, Doubt> {
        let (account, order) = (context.account, self.order);
        let (amount, shown) = (self.amount.to_string(), self.shown.to_string());
        let user = boa::user(account)?;
        let currency = boa::currency(order.amount)?;
        let hash = boa::request_hash(context, order, &amount, None)?;
        let mut w = Writer::fragment();
        w.element("request", |w| {
            w.leaf("IsFromExternalNetwork", "true");
            for name in ["BusinessKey", "ResourceId", "ActionId", "LanguageId"] {
                w.leaf(name, "0");
            }
            w.leaf("CustomerId", &account.terminal_id);
            w.leaf("MailOrTelephoneOrder", "true");
            w.leaf("Amount", &amount);
            w.leaf("MerchantId", &account.client_id);
            before(w);
            w.element("VPosMessage", |w| {
                w.leaf("MerchantId", &account.client_id);
                w.leaf("CustomerId", &account.terminal_id);
                w.leaf("UserName", &user.name);
                w.leaf("APIVersion", VERSION);
                w.leaf("InstallmentMaturityCommisionFlag", "0");
                w.leaf("HashData", &hash);
                w.leaf("SubMerchantId", "0");
                w.leaf("CardType", "Visa");
                w.leaf("BatchID", "0");
                w.leaf("TransactionType", self.name);
                w.leaf("InstallmentCount", "0");
                w.leaf("Amount", &amount);
                w.leaf("DisplayAmount", &shown);
                w.leaf("CancelAmount", &amount);
                w.leaf("MerchantOrderId", &order.id);
                w.leaf("FECAmount", "0");
                w.leaf("CurrencyCode", currency);
                for name in ["QeryId", "DebtId", "SurchargeAmount", "SGKDebtAmount"] {
                    w.leaf(name, "0");
                }
                w.leaf("TransactionSecurity", "1");
            });
            after(w);
        });
        let (name, request) = (self.name, w.finish());
        let envelope = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
             <s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
             <{name} xmlns=\"{NAMESPACE}\">{request}</{name}></s:Body></s:Envelope>"
        );
        let action = format!("\"{NAMESPACE}/IVirtualPosService/{name}\"");
        Ok(Request {
            method: "POST",
            url: soap_url(&context.account.api_url),
            headers: vec![
                ("content-type", "text/xml; charset=utf-8".to_owned()),
                ("soapaction", action),
            ],
            body: envelope.into_bytes(),
        })
    }
}

/// The result in an envelope: what it is of, and the first failure that it names.
struct Said {
    value: Option<Element>,
    is_success: bool,
    /// Code, which may be empty, and words.
    failure: Option<(String, String)>,
}

impl Said {
    fn read(envelope: &Element, name: &str) -> Result<Said, Doubt> {
        let held = envelope.only("Body")?.map(Element::children);
        let [response] = held.unwrap_or_default() else {
            return Err(unreadable("the envelope does not hold one answer"));
        };
        let [result] = response.children() else {
            return Err(unreadable("the answer does not hold one result"));
        };
        if !response.is(&format!("{name}Response")) || !result.is(&format!("{name}Result")) {
            return Err(unreadable("the envelope holds another answer"));
        }
        let failures = result.only("Results")?.into_iter();
        let failure = failures.flat_map(|all| all.all("Result")).next();
        let failure = failure.map(|first| {
            let code = first.exact(&["ErrorCode"])?.to_owned();
            Ok::<_, Doubt>((code, first.words(&["ErrorMessage"])))
        });
        Ok(Said {
            value: result.only("Value")?.cloned(),
            is_success: result.exact(&["Success"])?.eq_ignore_ascii_case("true"),
            failure: failure.transpose()?,
        })
    }

    /// Success alone approves nothing: a refusal was recorded with an empty one.
    fn refusal(&self) -> Result<Option<Decline>, Doubt> {
        let none = Element::default();
        let value = self.value.as_ref().unwrap_or(&none);
        let code = value.exact(&["ResponseCode"])?;
        match (self.is_success, &self.failure, code) {
            (true, None, _) => boa::refusal(value),
            (true, Some(_), _) => Err(unreadable("the reply approves and declines")),
            (false, None, "" | boa::APPROVED) => {
                Err(unreadable("the reply neither approves nor declines"))
            }
            (false, None, _) => boa::refusal(value),
            (false, Some((own, words)), code) => {
                let own = if own.is_empty() { code } else { own };
                match own {
                    "" | boa::APPROVED => Err(unreadable("a failure without a code")),
                    own => Ok(Some(boa::decline(own, words.clone()))),
                }
            }
        }
    }
}

/// How far around a day orders are asked for: the bank wants a span, and clients use no more than this.
const SPAN_DAYS: i64 = 360;

const ORDERS: &str = "GetMerchantOrderDetail";

/// Asks for the orders of a span: those of one id, or all where there is none.
fn ask_orders(
    context: BankContext<'_>,
    order: &Order,
    span: [DateTime; 2],
) -> Result<Request, Doubt> {
    let operation = Operation {
        name: ORDERS,
        order,
        amount: 0,
        shown: 0,
    };
    let [from, until] = span.map(|at| at.strftime("%Y-%m-%dT%H:%M:%S").to_string());
    operation.request(
        context,
        |w| w.leaf("OrderId", "0"),
        |w| {
            w.leaf("MerchantOrderId", &order.id);
            w.leaf("StartDate", &from);
            w.leaf("EndDate", &until);
            w.leaf("TransactionType", "0");
        },
    )
}

fn orders(envelope: &Element) -> Result<Vec<Element>, Doubt> {
    let said = Said::read(envelope, ORDERS)?;
    match (said.is_success, said.failure) {
        (true, None) => match said.value {
            Some(value) => boa::orders(&value),
            None => Err(unreadable("the inquiry answers no list of orders")),
        },
        (_, Some((code, _))) => Err(question_refused(boa::error_group(&code))),
        (false, None) => Err(unreadable("the inquiry was not answered")),
    }
}

/// The orders of a day, in one reply. Whether the last second is part of a span is not public, so it ends with the next
/// day's beginning.
pub(crate) async fn day_list(context: BankContext<'_>, day: Date) -> Result<Vec<BankMove>, Doubt> {
    let midnight = |day: Date| day.at(0, 0, 0, 0);
    let span = [day, day.saturating_add(1.day())].map(midnight);
    let request = ask_orders(context, &boa::of_day(), span)?;
    let envelope = boa::read_list(&ask_for_list(context.http, request).await?)?;
    boa::moves_of_day(&orders(&envelope)?, boa::Rows::Orders, day)
}

impl System for Soap {
    async fn rows(context: BankContext<'_>, order: &OrderRef<'_>) -> Result<Vec<Element>, Doubt> {
        // A bank's clock may be behind ours, and a shopper takes his time.
        let sent_at = order.sent_at.datetime();
        let far = |days: i64| sent_at.checked_add(days.days()).unwrap_or(sent_at);
        let now = context.now.datetime();
        let last = now
            .checked_add(1.days())
            .unwrap_or(now)
            .min(far(SPAN_DAYS - 1));
        let request = ask_orders(context, order.order, [far(-1), last])?;
        orders(&boa::read(&ask(context.http, request).await?)?)
    }

    async fn send(
        context: BankContext<'_>,
        moved: &Moved<'_>,
    ) -> Result<(Element, Option<Decline>), Doubt> {
        let amount = moved.amount.minor;
        let (name, shown) = match moved.kind {
            Move::Void => ("SaleReversal", amount),
            Move::Refund => ("DrawBack", 0),
            Move::RefundPart => ("PartialDrawback", 0),
            Move::Release | Move::RefundHold | Move::Capture => {
                return Err(not_supported("Kuveyt Türk holds no amounts"));
            }
        };
        let operation = Operation {
            name,
            order: moved.order,
            amount,
            shown,
        };
        let names = moved.names;
        let request = operation.request(
            context,
            |w| {
                w.leaf("OrderId", &names.order);
                w.leaf("RRN", &names.rrn);
                w.leaf("Stan", &names.stan);
                w.leaf("ProvisionNumber", &names.provision);
            },
            |_| {},
        )?;
        let said = Said::read(&boa::read(&ask(context.http, request).await?)?, name)?;
        let refusal = said.refusal()?;
        Ok((said.value.unwrap_or_default(), refusal))
    }
}

pub(crate) async fn void(context: BankContext<'_>, order: OrderRef<'_>) -> Answer<Reversed> {
    boa::void::<Soap>(context, order).await
}

pub(crate) async fn refund(context: BankContext<'_>, refund: Refund<'_>) -> Answer<Reversed> {
    boa::refund::<Soap>(context, refund).await
}

pub(crate) async fn given_back(
    context: BankContext<'_>,
    order: OrderRef<'_>,
) -> Result<GivenBack, Doubt> {
    boa::given_back::<Soap>(context, order).await
}

pub(crate) async fn inquire(
    context: BankContext<'_>,
    order: OrderRef<'_>,
) -> Result<OrderStatus, Doubt> {
    boa::inquire::<Soap>(context, order).await
}

pub(crate) async fn capture(_: BankContext<'_>, _: Capture<'_>) -> Answer<Charged> {
    Err(Doubt::not_supported())
}

pub(crate) async fn inquire_hold(_: BankContext<'_>, _: OrderRef<'_>) -> Result<HoldStatus, Doubt> {
    Err(Doubt::not_supported())
}

pub(crate) async fn loyalties(_: BankContext<'_>, _: LoyaltyInquiry<'_>) -> Answer<Loyalties> {
    Err(Doubt::not_supported())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_of_the_bank_has_its_addresses() {
        let live = "https://sanalpos.kuveytturk.com.tr:443/ServiceGateWay/Home";
        assert_eq!(gate(live, "X"), format!("{live}/X"));
        assert_eq!(
            soap_url(live),
            format!("https://boa.kuveytturk.com.tr:443{SOAP_PATH}")
        );
        let test = "https://boatest.kuveytturk.com.tr/ServiceGateWay/Home/";
        let gates = "https://boatest.kuveytturk.com.tr/boa.virtualpos.services/Home";
        assert_eq!(gate(test, "X"), format!("{gates}/X"));
        let soap = format!("https://boatest.kuveytturk.com.tr{SOAP_PATH}");
        assert_eq!((soap_url(test), soap_url(gates)), (soap.clone(), soap));
        let here = "http://127.0.0.1:1/kuveyt/ServiceGateWay/Home";
        assert_eq!(
            soap_url(here),
            format!("http://127.0.0.1:1/kuveyt{SOAP_PATH}")
        );
    }
}
