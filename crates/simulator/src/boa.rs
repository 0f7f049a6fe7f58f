//! BOA, the system of Kuveyt Türk (TDV2 and the SOAP service beside it) and of Vakıf Katılım, from the banks'
//! side. Amounts are whole kuruş, in rows of orders lira with a point. An order id that bought something
//! buys again: neither bank promises to refuse it.

mod answer;
mod kuveyt;
mod orders;
mod request;
mod threeds;
mod vakif_katilim;

use std::marker::PhantomData;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use sha1::{Digest, Sha1};

use crate::app::App;
use crate::desk::{self, Case, Desk, Operation, Outcome, Subject};
use crate::faults::Verb;
use crate::ledger::{Bank, Order};
use crate::pages::Brand;
use crate::seal::same;
use answer::{About, Answer};
use request::{Gate, Message};
use threeds::Callback;

const HTML: &str = "text/html; charset=utf-8";

/// The addresses of both banks.
pub(crate) fn router() -> Router<Arc<App>> {
    kuveyt::router().merge(vakif_katilim::router())
}

/// The merchant that a bank knows.
pub(crate) struct Account {
    merchant: &'static str,
    customer: &'static str,
    user: &'static str,
    password: &'static str,
}

impl Account {
    /// What stands for the password in every hash.
    fn hashed_password(&self) -> String {
        hash(&[self.password])
    }
}

fn hash(values: &[&str]) -> String {
    STANDARD.encode(Sha1::digest(values.concat().as_bytes()))
}

/// One of the banks that run the system.
pub(crate) trait House: Send + Sync + Sized + 'static {
    const BANK: Bank;
    const BRAND: Brand;
    const ACCOUNT: Account;
    /// Where a sale without 3D Secure is posted.
    const NON_SECURE: &'static str;
    /// Where the shopper gives the password.
    const PAGE: &'static str;
    /// The element that a merchant's message is.
    const ROOT: &'static str;
    const VERSION: &'static str;
    /// `TransactionSecurity` of a sale without 3D Secure.
    const OPEN: &'static [&'static str];
    const APPROVED: &'static str;
    /// Whether the sale after the page says again where the browser was to come back to.
    const NAMES_WAYS_BACK: bool;

    /// What else is wrong with a message that brings a card, by its code.
    fn objection(message: &Message) -> Option<&'static str>;

    /// Whether the message shows the password as the bank wants it shown.
    fn shows_password(_message: &Message) -> bool {
        true
    }

    /// The fields with which a browser comes back.
    fn callback(app: &App, callback: &Callback<'_>) -> Vec<(String, String)>;

    /// A reply as bytes; `spoilt` breaks its hash.
    fn document(case: &Case<'_, Boa<Self>>, answer: &Answer, spoilt: bool) -> Vec<u8>;
}

/// The protocol at one of its banks.
pub(crate) struct Boa<H>(PhantomData<H>);

/// Gates below `base`, beside what a router has: the bank's page and its gate of sales.
fn gates<H: House>(
    router: Router<Arc<App>>,
    base: &str,
    gates: &[(&str, Gate)],
) -> Router<Arc<App>> {
    gates.iter().fold(router, |router, (name, gate)| {
        let gate = *gate;
        let take = move |State(app): State<Arc<App>>, body: Bytes| async move {
            let message = Message::read(gate, H::ROOT, &body);
            desk::serve::<Boa<H>>(&app, message).await
        };
        router.route(&format!("{base}/{name}"), post(take))
    })
}

impl<H: House> Desk for Boa<H> {
    const MESSAGES: &'static str = H::NON_SECURE;
    const CONTENT_TYPE: &'static str = "text/xml; charset=utf-8";
    const UNDO_CODES: &'static [(&'static str, &'static str)] = &[];
    type Message = Message;
    type Reply = Answer;

    fn read(body: &[u8]) -> Message {
        Message::read(Gate::NonSecure, H::ROOT, body)
    }

    /// Merchant, user and hash; which addresses a merchant may call from is not asked.
    fn admit(message: &Message) -> Result<Verb, Answer> {
        let account = &H::ACCOUNT;
        let known =
            |name: &str, value: &str| same(message.value(name).as_bytes(), value.as_bytes());
        if !known("MerchantId", account.merchant) {
            return Err(Answer::refusal("MerchantNotDefined"));
        }
        if !(known("CustomerId", account.customer) && known("UserName", account.user)) {
            return Err(Answer::refusal("ApiUserNotDefined"));
        }
        let signed = message.hash(&account.hashed_password());
        if !known("HashData", &signed) || !H::shows_password(message) {
            return Err(Answer::refusal("HashDataError"));
        }
        if !known("APIVersion", H::VERSION) {
            return Err(Answer::refusal("InvalidApiVersion"));
        }
        Ok(match message.gate {
            Gate::Pay => Verb::ThreedsInit,
            Gate::Provision => Verb::ThreedsFinish,
            Gate::NonSecure => Verb::Sale,
            Gate::Hold => Verb::Hold,
            Gate::Close => Verb::Capture,
            Gate::Reversal | Gate::HoldReversal => Verb::Void,
            Gate::DrawBack | Gate::PartialDrawBack => Verb::Refund,
            Gate::Status if !message.order_id().is_empty() => Verb::Inquire,
            Gate::Status | Gate::List => Verb::List,
        })
    }

    fn subject(message: &Message) -> Subject<'_> {
        Subject {
            order_id: message.order_id(),
            reference: None,
            amount: message.amount(),
            pan: message.value("CardNumber"),
            proof: message.proof(),
        }
    }

    fn operation<'a>(case: &'a Case<'_, Boa<H>>) -> Result<Operation<'a>, Answer> {
        match case.message.gate {
            Gate::Pay => Err(threeds::begin(case)),
            Gate::Provision => orders::finish(case),
            Gate::NonSecure | Gate::Hold => orders::sale(case),
            Gate::Close => orders::close(case),
            Gate::Reversal | Gate::HoldReversal => orders::void(case),
            Gate::DrawBack | Gate::PartialDrawBack => orders::refund(case),
            Gate::Status | Gate::List => orders::list(case),
        }
    }

    fn answer(case: &Case<'_, Boa<H>>, outcome: Outcome<'_>) -> Answer {
        orders::answer(case, outcome)
    }

    fn list(_case: &Case<'_, Boa<H>>, orders: Vec<Order>) -> Answer {
        Answer::yes("", About::Orders(orders))
    }

    fn refuse(case: &Case<'_, Boa<H>>, code: &str) -> Answer {
        orders::refusal(case, code)
    }

    fn content_type(case: &Case<'_, Boa<H>>, answer: &Answer) -> &'static str {
        let leads_back = case.message.gate == Gate::Pay && threeds::way_to_fail(case).is_some();
        match answer.about {
            About::Page(_) => HTML,
            _ if leads_back => HTML,
            _ => Self::CONTENT_TYPE,
        }
    }

    fn document(case: &Case<'_, Boa<H>>, answer: Answer, spoilt: bool) -> Vec<u8> {
        match &answer.about {
            About::Page(html) => html.clone().into_bytes(),
            _ => H::document(case, &answer, spoilt),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bank's own document and recorded replies of its test system.
    #[test]
    fn hashes_are_those_of_the_document_and_of_recordings() {
        let password = hash(&["api123"]);
        assert_eq!(password, "poCqMathhevCYY1LVNbWCQWbC5I=");
        let cases: [(&[&str], &str); 7] = [
            (
                &["20201221", "00", "40790217", &password],
                "q3HpRgAO4xPP5UVYBg8EcVtO+sQ=",
            ),
            (
                &["20201221", "035617458943", "00", "40790217", &password],
                "q4RhSZcSM+EbvCrNVb+kb0nZ/Po=",
            ),
            (
                &["496", "20201221", "100", "apitest", &password],
                "ANcybxW/c1G39+RMstZ3ROYakO8=",
            ),
            (
                &[
                    "660723214",
                    "904115005554",
                    "00",
                    "4480",
                    "c77dFssAnYSy6O2MJo+5tMYtGVc=",
                ],
                "I7H/6nwfydM6VcwXsl82mqeC83o=",
            ),
            (
                &[
                    "2024070152BF",
                    "00",
                    "6373034",
                    "DoxoW84N1hKFdV09SF4/FruhHm8=",
                ],
                "tilHwVYboCx82++WZXg0I81LW6w=",
            ),
            (
                &[
                    "2024070152BF",
                    "418312081069",
                    "00",
                    "6373034",
                    "DoxoW84N1hKFdV09SF4/FruhHm8=",
                ],
                "eNscG4h7B+Fx4/k0Dmt89HDP6nU=",
            ),
            (
                &["80ORDER-1237256apiuserc77dFssAnYSy6O2MJo+5tMYtGVc="],
                "Bf+hZf2c1gf1pTXnEaSGxDpGRr0=",
            ),
        ];
        for (values, expected) in cases {
            assert_eq!(hash(values), expected, "{values:?}");
        }
    }
}
