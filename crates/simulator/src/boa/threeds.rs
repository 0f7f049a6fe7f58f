//! 3D Secure: the merchant's server posts the order and gets a page, which takes the browser to the
//! password; what comes back (MD) is shown once more with the sale.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::answer::{About, Answer, number_of_proof};
use super::orders::{check, expires, refuse};
use super::request::Message;
use super::{Boa, House};
use crate::app::App;
use crate::cards::ThreeDs;
use crate::desk::Case;
use crate::fields::Form;
use crate::ledger::Bank;
use crate::pages::{self, Brand, Words};
use crate::session::{Session, Visit};
use crate::threeds::{BankPage, Begun, WayBack, What};

/// The field in which the browser brings the order to the page.
const TICKET: &str = "Ticket";

/// An order on its way to the page.
#[derive(Serialize, Deserialize)]
struct Ticket {
    session: Session,
    order: Told,
}

/// What the callback repeats of the merchant's message.
pub(super) type Told = HashMap<String, String>;

const REPEATED: [&str; 13] = [
    "APIVersion",
    "OkUrl",
    "FailUrl",
    "HashData",
    "MerchantId",
    "CustomerId",
    "UserName",
    "CardHolderName",
    "CardType",
    "InstallmentCount",
    "Amount",
    "DisplayAmount",
    "MerchantOrderId",
];

fn repeated(message: &Message) -> Told {
    let told = |name: &str| (name.to_owned(), message.value(name).to_owned());
    REPEATED.into_iter().map(told).collect()
}

/// What a browser brings back.
pub(crate) struct Callback<'a> {
    pub(super) order: &'a Told,
    pub(super) code: &'a str,
    pub(super) text: &'a str,
    /// The bank's number of the order; 0 when none was begun.
    pub(super) number: i64,
    /// Empty unless the shopper is verified.
    pub(super) md: &'a str,
    pub(super) masked: &'a str,
    pub(super) spoilt: bool,
}

impl Callback<'_> {
    pub(super) fn order(&self, name: &str) -> &str {
        self.order.get(name).map_or("", String::as_str)
    }

    /// Covers neither amount nor MD.
    pub(super) fn hash<H: House>(&self) -> String {
        let (number, password) = (self.number.to_string(), H::ACCOUNT.hashed_password());
        let covered = [self.order("MerchantOrderId"), self.code, &number, &password];
        let mut sign = super::hash(&covered);
        if self.spoilt {
            crate::reply::spoil(&mut sign);
        }
        sign
    }
}

fn purpose(bank: Bank) -> String {
    format!("{}-ticket", bank.name())
}

/// Answers the order of a page.
pub(super) fn begin<H: House>(case: &Case<'_, Boa<H>>) -> Answer {
    match ticket(case) {
        Err(refusal) => refusal,
        Ok(ticket) => {
            let ticket = case.app.sealer.seal(&purpose(H::BANK), &ticket);
            let page = format!("{}{}", case.app.public_url, H::PAGE);
            let page = onward(&page, &[(TICKET.to_owned(), ticket)]);
            Answer::yes("", About::Page(page))
        }
    }
}

fn ticket<H: House>(case: &Case<'_, Boa<H>>) -> Result<Ticket, Answer> {
    let message = &case.message;
    let amount = check::<H>(message, &["3"])?;
    let Some(currency) = message.currency() else {
        return refuse("CurrencyCodeInvalid");
    };
    let addresses = ["OkUrl", "FailUrl"].map(|name| message.value(name));
    if !addresses.into_iter().all(pages::is_web_address) {
        return refuse("EmptyOkUrlField");
    }
    if let Some(code) = H::objection(message) {
        return refuse(code);
    }
    let card = match case
        .app
        .accept(message.value("CardNumber"), expires(message))
    {
        Ok(card) if card.three_ds == ThreeDs::Refused => return refuse("CardNotEnrolled"),
        Ok(card) if currency != "949" && !card.issuer.is_empty() => return refuse("12"),
        Ok(card) => card,
        Err("14") => return refuse("CardNotFound"),
        Err(code) => return refuse(code),
    };
    let instalments = message.instalments().unwrap_or_default();
    let session = Session::new(message.order_id(), amount, currency, instalments);
    let Ok(mut session) = session else {
        return refuse("TechnicalException");
    };
    session.set_card(card);
    Ok(Ticket {
        session,
        order: repeated(message),
    })
}

/// Where a refused order of a page leads, if the message says it.
pub(super) fn way_to_fail<'a, H: House>(case: &'a Case<'_, Boa<H>>) -> Option<&'a str> {
    Some(case.message.value("FailUrl")).filter(|url| pages::is_web_address(url))
}

/// A refused order of a page: it leads to the shop at once, where an address is known.
pub(super) fn refused<H: House>(case: &Case<'_, Boa<H>>, answer: &Answer) -> Option<String> {
    let url = way_to_fail(case)?;
    let order = repeated(&case.message);
    let fields = H::callback(
        case.app,
        &Callback {
            order: &order,
            code: &answer.code,
            text: &answer.text,
            number: 0,
            md: "",
            masked: "",
            spoilt: false,
        },
    );
    Some(onward(url, &fields))
}

/// A page that sends itself.
fn onward(url: &str, fields: &[(String, String)]) -> String {
    let quoted = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&quot;")
    };
    let inputs: String = fields
        .iter()
        .map(|(name, value)| {
            let value = quoted(value);
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\"/>")
        })
        .collect();
    format!(
        "<!DOCTYPE html><html><head><meta charset=\"utf-8\"/><title>3D Secure</title></head>\
         <body onload=\"document.forms[0].submit();\"><form method=\"post\" action=\"{}\">{inputs}\
         <noscript><input type=\"submit\" value=\"Devam\"/></noscript></form></body></html>",
        quoted(url)
    )
}

impl<H: House> BankPage for Boa<H> {
    const BANK: Bank = H::BANK;
    const BRAND: Brand = H::BRAND;
    const PAGE: &'static str = H::PAGE;
    const KEPT: &'static [&'static str] = &[TICKET];

    fn begin(app: &App, form: &Form, words: &Words) -> Begun {
        match app
            .sealer
            .open::<Ticket>(&purpose(H::BANK), form.field(TICKET))
        {
            Some(ticket) => Begun::Ask(ticket.session),
            None => Begun::Dead(words.page_stale),
        }
    }

    fn way_back(app: &App, visit: &Visit, what: &What<'_>) -> Option<WayBack> {
        let ticket = visit.field(TICKET);
        let ticket = app.sealer.open::<Ticket>(&purpose(H::BANK), ticket)?;
        let session = &visit.session;
        // The directory vouches for nothing but a full authentication.
        let verified = session.md_status == Some(1);
        let (code, text, url, md) = if verified {
            let md = session.seal(app, H::BANK);
            ("00", "Kart doğrulandı.".to_owned(), "OkUrl", md)
        } else {
            ("999", Answer::refusal("999").text, "FailUrl", String::new())
        };
        let callback = Callback {
            order: &ticket.order,
            code,
            text: &text,
            number: number_of_proof(&session.nonce),
            md: &md,
            masked: &session.masked,
            spoilt: what.spoilt,
        };
        Some(WayBack {
            url: callback.order(url).to_owned(),
            fields: H::callback(app, &callback),
        })
    }
}
