//! The common payment, which is PayFlex's 3D Pay: the payment is registered with the card, the browser goes to the bank's
//! page, and the page verifies the shopper and sells. What the browser brings back is signed by nothing, so the bank is
//! asked what came of it. Only the gateway's addresses are known beside its MPI's.

use super::threeds::{brand, may_lead_to};
use super::{codes, currency, latin_name, lira, password, posted};
use crate::bank::{
    Answer, BankContext, BankForm, Begin3ds, Charged, Decline, Doubt, FormMethod, Order,
    PageOutcome, Phase, Returned, RewardUse, ThreedsLevel, Verdict,
};
use crate::banks::{
    ask, auth_code, duplicate, not_supported, reference, refusal_of_move, sent, unauthentic,
    unreadable,
};
use crate::http::Request;
use crate::xml::Element;

/// What the browser always brings back from the page.
pub(crate) const RETURN_FIELDS: &[&str] = &["rc", "transactionid", "paymenttoken"];

/// A return has fewer fields by far.
const FIELDS_MAX: usize = 200;
/// Longest address to which the bank sends a browser back.
const RETURN_ADDRESS_MAX: usize = 255;
/// A token is 32 digits and letters.
const TOKEN_MAX: usize = 128;
/// The payment is not known.
const NOT_FOUND: &str = "5003";

/// An address of the common payment, which lies beside the gateway's MPI.
fn address(context: BankContext<'_>, name: &str) -> Result<String, Doubt> {
    let base = context
        .account
        .threeds_url
        .strip_suffix("/threeDGateway/Enrollment");
    let base = base.ok_or_else(|| not_supported("no address of a common payment is known"))?;
    Ok(format!("{base}/commonPayment/{name}"))
}

/// The bank answers in JSON to whom asks for nothing.
async fn exchange(
    context: BankContext<'_>,
    name: &str,
    fields: &[(&str, &str)],
) -> Result<Result<Element, Decline>, Doubt> {
    let plain = posted(address(context, name)?, fields);
    let mut headers = plain.headers;
    headers.push(("accept", "application/xml".to_owned()));
    let body = ask(context.http, Request { headers, ..plain }).await?;
    if let Some(decline) = codes::gateway_refusal(&body) {
        return Ok(Err(decline));
    }
    let reply = Element::parse(&body);
    Ok(Ok(reply.map_err(|_| unreadable("the reply is not XML"))?))
}

/// Registers a payment. Moves no money: the page sells.
pub(super) async fn begin(
    context: BankContext<'_>,
    begin: &Begin3ds<'_>,
    level: ThreedsLevel,
) -> Answer<BankForm> {
    let (account, order, card) = (context.account, begin.order, begin.card);
    if order.phase == Phase::Hold {
        return Err(not_supported("the bank's page holds nothing by itself"));
    }
    let spends = |reward| match reward {
        RewardUse::Money { card, firm, mile } => [card, firm, mile] != [0; 3],
        RewardUse::Campaign(_) => true,
    };
    if begin.reward.is_some_and(spends) {
        return Err(not_supported("the bank's page spends no points"));
    }
    if begin.return_url.len() > RETURN_ADDRESS_MAX {
        return Err(not_supported("the way back is too long for the bank"));
    }
    let sum = order.amount.decimal().to_string();
    let (month, year) = (
        format!("{:02}", card.expiry.month),
        card.expiry.year.to_string(),
    );
    let (holder, count) = (latin_name(&card.holder), order.installment.to_string());
    let mut fields = vec![
        ("HostMerchantId", account.client_id.as_str()),
        // The number of the shop at the common payment, which is the same for all.
        ("MerchantId", "1"),
        ("MerchantPassword", password(account)?.expose()),
        ("HostTerminalId", &account.terminal_id),
        ("TransactionType", "Sale"),
        ("AmountCode", currency(order.amount)?),
        ("Amount", &sum),
        ("TransactionId", &order.id),
        ("OrderID", &order.id),
        ("IsSecure", "true"),
        (
            "AllowNotEnrolledCard",
            match level {
                ThreedsLevel::Full => "false",
                ThreedsLevel::Half => "true",
            },
        ),
        ("SuccessUrl", begin.return_url),
        ("FailUrl", begin.return_url),
        (
            "RequestLanguage",
            if begin.language == "en" {
                "en-US"
            } else {
                "tr-TR"
            },
        ),
        ("BrandNumber", brand(card.pan.expose())),
        ("PAN", card.pan.expose()),
        ("ExpireMonth", &month),
        ("ExpireYear", &year),
    ];
    if let Some(cvc) = &card.cvc {
        fields.push(("CVV", cvc.expose()));
    }
    if !holder.is_empty() {
        fields.push(("CardHoldersName", &holder));
    }
    if order.installment > 1 {
        fields.push(("InstallmentCount", &count));
    }
    let reply = match exchange(context, "CreateToken", &fields).await? {
        Ok(reply) => reply,
        Err(decline) => return Ok(Verdict::Declined(decline)),
    };
    registered(&reply, &account.threeds_url)
}

/// The form that opens the page of a registered payment.
fn registered(reply: &Element, mpi: &str) -> Answer<BankForm> {
    if !reply.is("RegisterResponse") {
        return Err(unreadable("the reply is not a RegisterResponse"));
    }
    let said = |name| reply.exact(&[name]);
    let (page, token, code) = (
        said("CommonPaymentUrl")?,
        said("PaymentToken")?,
        said("ErrorCode")?,
    );
    if !code.is_empty() {
        let words = reply.words(&["ResponseMessage"]);
        return Ok(Verdict::Declined(codes::decline(code, words)));
    }
    let is_token = (1..=TOKEN_MAX).contains(&token.len())
        && token
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !is_token || page.contains(['?', '#']) {
        return Err(unreadable("the bank's page has no address"));
    }
    if !may_lead_to(page, mpi) {
        return Err(unauthentic(
            "the bank leads to an address that is not its own",
        ));
    }
    Ok(Verdict::Approved(BankForm {
        method: FormMethod::Get,
        action: page.to_owned(),
        fields: vec![("Ptkn".to_owned(), token.to_owned())],
    }))
}

/// What the bank says of the payment whose browser is back. Of what the browser brought, only the order's id is looked at.
pub(crate) async fn outcome(
    context: BankContext<'_>,
    returned: Returned<'_>,
) -> Result<PageOutcome, Doubt> {
    let order = returned.sale.order;
    let ids = returned.fields.iter();
    let mut ids = ids.filter(|(name, _)| name.eq_ignore_ascii_case("TransactionId"));
    let is_ours = ids.next().is_some_and(|(_, id)| *id == order.id) && ids.next().is_none();
    if returned.fields.len() > FIELDS_MAX || !is_ours {
        return Err(unauthentic("the return is about another order"));
    }
    let fields = [
        ("HostMerchantId", context.account.client_id.as_str()),
        ("Password", password(context.account)?.expose()),
        ("TransactionId", &order.id),
    ];
    // The page may have sold.
    let told = exchange(context, "GetVposTransaction", &fields).await;
    match told.map_err(sent)? {
        Ok(reply) => read(context, order, &reply),
        Err(_) => Err(unreadable("the bank refused to be asked")),
    }
}

fn read(context: BankContext<'_>, order: &Order, reply: &Element) -> Result<PageOutcome, Doubt> {
    let said = |name| reply.exact(&[name]);
    let failure = said("ErrorCode")?;
    if !failure.is_empty() {
        // Also a payment whose page is still open is one that sold nothing.
        let why = if failure == NOT_FOUND {
            "the bank knows no such payment"
        } else {
            "the question was refused"
        };
        return Err(unreadable(why));
    }
    let same = |name, ours: &str, is_needed: bool| {
        let told = said(name)?;
        if told == ours || told.is_empty() && !is_needed {
            Ok(())
        } else {
            Err(unauthentic("the bank tells of another payment"))
        }
    };
    let code = said("Rc")?;
    let is_approved = code == codes::APPROVED;
    same("TransactionId", &order.id, true)?;
    same("OrderID", &order.id, is_approved)?;
    same("HostMerchantId", &context.account.client_id, is_approved)?;
    if code.is_empty() {
        return Err(unreadable("the bank does not say what came of the payment"));
    }
    if !is_approved {
        return refused(codes::decline(code, reply.words(&["Message"])));
    }
    same("TransactionType", "Sale", true)?;
    same("AmountCode", currency(order.amount)?, true)?;
    let sum = said("Amount")?;
    if sum.contains('.') || lira(&sum.replacen(',', ".", 1)) != Some(order.amount.minor) {
        return Err(unauthentic("the bank sold another amount"));
    }
    let is = |name, wanted| Ok::<_, Doubt>(said(name)?.eq_ignore_ascii_case(wanted));
    if !is("IsSecure", "true")? {
        return Err(unauthentic("the bank sold without 3D Secure"));
    }
    let (auth_code, host_reference) = (auth_code(said("AuthCode")?)?, reference(said("Rrn")?)?);
    if super::is_none(&auth_code) || host_reference.is_empty() {
        return Err(unreadable("an approval without AuthCode or Rrn"));
    }
    Ok(PageOutcome {
        // The answer has no status of the verification: without cards that are not enrolled it is a full one.
        md_status: if is("AllowNotEnrolledCard", "false")? {
            1
        } else {
            4
        },
        sale: Some(Verdict::Approved(Charged {
            auth_code,
            host_reference,
            holder_name: reply.words(&["CardHoldersName"]),
            ..Charged::default()
        })),
    })
}

fn refused(decline: Decline) -> Result<PageOutcome, Doubt> {
    if codes::is_known_before(&decline.code) {
        return Err(duplicate(decline));
    }
    if codes::is_of_verification(&decline.code) {
        return Ok(PageOutcome {
            md_status: 0,
            sale: None,
        });
    }
    let refusal = refusal_of_move(Some(decline))?;
    Ok(PageOutcome {
        md_status: 4,
        sale: refusal.map(Verdict::Declined),
    })
}
