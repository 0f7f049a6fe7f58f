//! The common payment of Vakıfbank, with the card that the shop took: the payment is registered, the shopper proves
//! himself and the page sells. What the browser brings back is not signed: the shop asks.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;

use super::account::{self, Account, Payflex};
use super::answer::{APPROVED, Reply, auth_code, lira_text, rrn, wording};
use super::mpi::Enrolled;
use super::request::{Request, brand, instalments, is_currency, is_id};
use crate::app::App;
use crate::cards::ThreeDs;
use crate::clock::istanbul;
use crate::desk::{Case, Operation, Purchase};
use crate::fields::{Form, expiry, lira};
use crate::ledger::{Bank, Key, Kind, Order, Sold, State as Standing, id_of_account};
use crate::pages::{self, Brand, Words};
use crate::seal::{random, upper_hex};
use crate::session::{Session, Visit};
use crate::threeds::{self, BankPage, Begun, WayBack, What};
use crate::xml::{Node, node, text};

const MAX_ADDRESS: usize = 255;

/// The page of a registered payment.
pub(super) struct CommonPage;

/// A browser comes by a link, with the token in the address.
pub(super) async fn open(
    app: State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let form = Bytes::from(query.clone().unwrap_or_default());
    threeds::open::<CommonPage>(app, RawQuery(query), headers, form).await
}

/// Registers a payment: the answer has the page's address and the payment's token.
pub(super) fn register(case: &Case<'_, Payflex>, account: &Account) -> Reply {
    let url = format!("{}{}", case.app.public_url, CommonPage::PAGE);
    let fields = match begin(case.app, &case.message, account) {
        Ok(token) => [url, token, String::new(), String::new()],
        Err((code, field)) => return refusal(code, field),
    };
    registered(fields)
}

/// A refusal of a registration.
pub(super) fn refusal(code: &str, field: &str) -> Reply {
    let words = match field {
        "" => wording(code).to_owned(),
        field => format!("{}: {field}", wording(code)),
    };
    registered([String::new(), String::new(), code.to_owned(), words])
}

fn registered(values: [String; 4]) -> Reply {
    let names = [
        "CommonPaymentUrl",
        "PaymentToken",
        "ErrorCode",
        "ResponseMessage",
    ];
    let fields = names.into_iter().zip(values);
    let fields = fields.map(|(name, value)| text(name, value)).collect();
    Reply::Plain(node("RegisterResponse", fields))
}

/// The token, or the code and the field that is wrong.
fn begin(
    app: &App,
    request: &Request,
    account: &Account,
) -> Result<String, (&'static str, &'static str)> {
    let wrong = |field| ("8484", field);
    for name in ["SuccessUrl", "FailUrl"] {
        let url = request.value(name);
        if !pages::is_web_address(url) || url.len() > MAX_ADDRESS {
            return Err(wrong(name));
        }
        // Measured: the address of this machine passes, its name does not.
        if url.contains("//localhost") {
            return Err((if name == "SuccessUrl" { "5037" } else { "5038" }, ""));
        }
    }
    // The only recipe in use is refused by today's system.
    if request.has("HashedData") {
        return Err(("5029", ""));
    }
    if request.value("IsSecure") != "true" {
        return Err(wrong("IsSecure"));
    }
    let plain = |name: &str| {
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        is_id(request.value(name)) && request.value(name).bytes().all(sound)
    };
    for name in ["TransactionId", "OrderID"] {
        if !plain(name) {
            return Err(wrong(name));
        }
    }
    let amount = request.value("Amount");
    let two = amount
        .split_once('.')
        .is_some_and(|(_, part)| part.len() == 2);
    let kurus = lira(amount).filter(|kurus| *kurus > 0 && two);
    let kurus = kurus.ok_or(wrong("Amount"))?;
    if !is_currency(request.value("AmountCode")) {
        return Err(wrong("AmountCode"));
    }
    let parts = instalments(request.value("InstallmentCount"));
    let parts = parts.ok_or(("1060", ""))?;
    let year = request.value("ExpireYear").strip_prefix("20");
    let month = format!(
        "{}{}",
        year.unwrap_or_default(),
        request.value("ExpireMonth")
    );
    let month = expiry(&month, true).filter(|(_, month)| (1..=12).contains(month));
    let pan = request.value("PAN");
    let card = app.accept(pan, Some(month.ok_or(("1052", ""))?));
    let card = card.map_err(|code| if code == "54" { "1052" } else { "1051" });
    let card = card.map_err(|code| (code, ""))?;
    if request.value("BrandNumber") != brand(card.association) {
        return Err(("2009", ""));
    }
    if card.three_ds == ThreeDs::Refused {
        return Err(("2053", ""));
    }
    let currency = request.value("AmountCode");
    let session = Session::new(request.value("TransactionId"), kurus, currency, parts);
    let mut session = session.map_err(|_| ("1001", ""))?;
    account.merchant.clone_into(&mut session.account);
    session.holds = request.kind() == "Auth";
    session.set_card(card);
    let token = random::<16>().map_err(|_| ("1001", ""))?;
    let token = upper_hex(&token).to_ascii_lowercase();
    let enrolled = Enrolled {
        session,
        pan: String::new(),
        expires: String::new(),
        success: request.value("SuccessUrl").to_owned(),
        failure: request.value("FailUrl").to_owned(),
        noted: request.value("OrderID").to_owned(),
        only_enrolled: !request
            .value("AllowNotEnrolledCard")
            .eq_ignore_ascii_case("true"),
        code: String::new(),
    };
    let by_id = id_of_account(account.merchant, request.value("TransactionId"));
    app.enrolments.put(by_id, enrolled.clone());
    app.enrolments.add(token.clone(), enrolled);
    Ok(token)
}

impl BankPage for CommonPage {
    const BANK: Bank = Bank::Payflex;
    const BRAND: Brand = Payflex::BRAND;
    const PAGE: &'static str = "/payflex/commonPayment/SecurePayment";
    const KEPT: &'static [&'static str] = &["Ptkn"];
    const USED_BEFORE: &'static str = "1061";
    const RETURNS_BY: &'static str = "get";

    fn brand(visit: &Visit) -> Brand {
        Payflex::brand(visit)
    }

    fn begin(app: &App, form: &Form, words: &Words) -> Begun {
        let found = app.enrolments.find(form.field("Ptkn"));
        found.map_or(Begun::Dead(words.order_broken), |enrolled| {
            Begun::Ask(enrolled.session)
        })
    }

    fn purchase<'a>(app: &'a App, visit: &'a Visit) -> Option<Purchase<'a>> {
        let session = &visit.session;
        if !session.is_authenticated() {
            return None;
        }
        let enrolled = app.enrolments.find(visit.field("Ptkn"))?;
        if enrolled.only_enrolled && session.md_status != Some(1) {
            return None;
        }
        Some(Purchase {
            label: id_of_account(&session.account, &enrolled.noted),
            ..Purchase::of_session(app, session)
        })
    }

    fn way_back(app: &App, visit: &Visit, what: &What<'_>) -> Option<WayBack> {
        let (session, token) = (&visit.session, visit.field("Ptkn"));
        let enrolled = app.enrolments.find(token)?;
        let code = match (&what.refused_after, &what.sold) {
            (Some(code), _) | (None, Some(Sold::Declined(code))) => code.as_str(),
            (None, Some(Sold::Approved(..))) => APPROVED,
            (None, Some(Sold::Repeated(order))) if order.names().1 == session.order_id => "1006",
            (None, Some(Sold::Repeated(_))) => "1061",
            (None, Some(Sold::AuthenticationUsed)) => "1128",
            (None, None) => "0400",
        };
        let code = format!("{code:0>4}");
        app.enrolments.end(session, &code);
        let (mut auth, mut reference) = (String::new(), String::new());
        if let (Some(Sold::Approved(order, _)), APPROVED) = (&what.sold, code.as_str()) {
            (auth, reference) = (auth_code(order), rrn(order.seq));
        }
        let message = wording(&code).to_owned();
        let url = if code == APPROVED {
            enrolled.success
        } else {
            enrolled.failure
        };
        let fields = [
            ("Rc", code),
            ("AuthCode", auth),
            ("Message", message),
            ("TransactionId", session.order_id.clone()),
            ("PaymentToken", token.to_owned()),
            ("MaskedPan", session.masked.clone()),
            ("Rrn", reference),
        ];
        let fields = fields.into_iter();
        Some(WayBack {
            url,
            fields: fields
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        })
    }
}

/// `VposTransaction`: how the payment of an id, or of a token, stands.
pub(super) fn operation<'a>(
    case: &'a Case<'_, Payflex>,
    account: &Account,
) -> Result<Operation<'a>, Reply> {
    let request = &case.message;
    let id = match request.value("TransactionId") {
        "" => {
            let found = case.app.enrolments.find(request.value("PaymentToken"));
            let own = found.filter(|enrolled| enrolled.session.account == account.merchant);
            own.map_or_else(String::new, |enrolled| enrolled.session.order_id)
        }
        id => id.to_owned(),
    };
    Ok(Operation::Inquire(Key::Id(id_of_account(
        account.merchant,
        &id,
    ))))
}

/// What the query tells of what it does not know, or may not tell.
pub(super) fn unknown() -> Node {
    let fields = [("ErrorCode", "5003"), ("ResponseMessage", wording("5003"))];
    let fields = fields.map(|(name, value)| text(name, value));
    node("VposTransactionResponse", fields.into())
}

/// What the query tells of an order, its amount with a comma. Of a payment that ended before a sale it has the code alone, and
/// of none 5003.
pub(super) fn told(app: &App, request: &Request, order: Option<&Order>) -> Node {
    let account = account::of(request.value("HostMerchantId"));
    let registered = account.and_then(|account| {
        let id = id_of_account(account.merchant, request.value("TransactionId"));
        app.enrolments.find(&id)
    });
    if let (None, Some(ended)) = (
        order,
        registered.as_ref().filter(|one| !one.code.is_empty()),
    ) {
        let fields = [
            ("Rc", ended.code.as_str()),
            ("Message", wording(&ended.code)),
            ("TransactionId", &ended.session.order_id),
            ("MaskedPan", &ended.session.masked),
        ];
        let fields = fields.map(|(name, value)| text(name, value));
        return node("VposTransactionResponse", fields.into());
    }
    let allows = registered.is_some_and(|one| !one.only_enrolled);
    let (Some(order), Some(account)) = (order, account) else {
        return unknown();
    };
    let declined = order.state == Standing::Declined;
    let code = if declined { &order.code } else { APPROVED };
    let code = format!("{code:0>4}");
    let unless_declined = |text: String| if declined { String::new() } else { text };
    let parts = match order.instalments {
        0 => String::new(),
        parts => parts.to_string(),
    };
    let amount = if order.kind == Kind::Hold {
        order.held
    } else {
        order.amount
    };
    let (_, id) = order.names();
    let label = order.label.rsplit('/').next().unwrap_or_default();
    let kind = if order.kind == Kind::Hold {
        "Auth"
    } else {
        "Sale"
    };
    let date = istanbul(order.created_at)
        .strftime("%Y%m%d%H%M%S")
        .to_string();
    let fields = [
        ("Rc", code.clone()),
        ("AuthCode", unless_declined(auth_code(order))),
        ("Rrn", unless_declined(rrn(order.seq))),
        ("Message", wording(&code).to_owned()),
        ("TransactionId", id.to_owned()),
        ("PaymentToken", request.value("PaymentToken").to_owned()),
        ("MaskedPan", order.masked.to_string()),
        ("HostMerchantId", account.merchant.to_owned()),
        ("HostTerminalId", account.terminal.to_owned()),
        ("AmountCode", order.currency.clone()),
        ("Amount", lira_text(amount).replace('.', ",")),
        ("TransactionType", kind.to_owned()),
        ("OrderID", label.to_owned()),
        ("InstallmentCount", parts),
        ("IsSecure", "True".to_owned()),
        (
            "AllowNotEnrolledCard",
            if allows { "True" } else { "False" }.to_owned(),
        ),
        ("HostDate", date),
        ("HostRc", String::new()),
        ("CampaignResult", String::new()),
        ("ErrorCode", String::new()),
        ("ResponseMessage", String::new()),
    ];
    let fields = fields.into_iter().map(|(name, value)| text(name, value));
    node("VposTransactionResponse", fields.collect())
}
