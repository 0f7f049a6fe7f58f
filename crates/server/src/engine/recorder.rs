//! Listens on the line to a bank or lender and keeps what was said, without card data and secrets.
//! The journal writes it behind the payment.

use crate::app::App;
use crate::journal::storable_text;
use crate::net::bare;
use crate::store::exchanges::{self, Exchange};
use crate::store::poses::Pos;
use connectors::http::{BoxFuture, Failure, Http, Request, Response};
use connectors::protocol::Protocol;
use connectors::scrub::{KEPT_CHARS_MAX, scrub, scrub_fields, words};
use contract::enums::{ApmType, PosIntegrator};
use tokio::time::Instant;
use zeroize::Zeroizing;

/// The line of one verb about one payment.
pub struct Recorder<'a> {
    app: &'a App,
    merchant_id: i64,
    payment_id: i64,
    party: &'static str,
    bank: Option<Protocol>,
    secret_fields: &'static [&'static str],
    operation: &'static str,
}

impl<'a> Recorder<'a> {
    /// The line to a bank. `of` is merchant and payment.
    pub fn to_bank(app: &'a App, of: (i64, i64), pos: &Pos, operation: &'static str) -> Self {
        Recorder::of_integrator(app, of, pos.integrator, operation)
    }

    /// The line to a bank, or the browser's way to it.
    pub fn of_integrator(
        app: &'a App,
        of: (i64, i64),
        integrator: PosIntegrator,
        operation: &'static str,
    ) -> Self {
        let bank = connectors::directory::protocol(integrator);
        Recorder {
            app,
            merchant_id: of.0,
            payment_id: of.1,
            party: integrator.as_str(),
            bank,
            secret_fields: bank.map_or(&[], |bank| bank.secret_fields()),
            operation,
        }
    }

    /// The line to a lender.
    pub fn to_lender(app: &'a App, of: (i64, i64), apm: ApmType, operation: &'static str) -> Self {
        let lender = connectors::lenders::of_apm(apm);
        Recorder {
            app,
            merchant_id: of.0,
            payment_id: of.1,
            party: apm.as_str(),
            bank: None,
            secret_fields: lender.map_or(&[], |lender| lender.secret_fields()),
            operation,
        }
    }

    /// Keeps the form that the browser takes to the bank.
    pub fn record_form(&self, url: &str, fields: &[(String, String)]) {
        let kept = self.bank.map(|bank| bank.kept_form(fields));
        self.record(Exchange {
            request: without_page_tokens(&kept.unwrap_or_default()),
            ..self.exchange(url)
        });
    }

    /// The form that the browser brought back, to be kept once it is known whether it proves anything.
    /// Its address holds a token and is not kept.
    pub fn return_form(&self, fields: &[(String, String)]) -> Exchange {
        let brought = without_page_tokens(&scrub_fields(fields, self.secret_fields));
        Exchange {
            response: Some(brought),
            ..self.exchange("")
        }
    }

    /// Keeps the form that the browser brought back, and why it proves nothing.
    pub fn record_return(&self, form: Exchange, failure: Option<String>) {
        self.record(Exchange { failure, ..form });
    }

    /// Keeps what the lender told without being asked.
    pub fn record_notification(&self, body: &[u8]) {
        let response = Some(self.scrub_body(body));
        self.record(Exchange {
            response,
            ..self.exchange("")
        });
    }

    fn exchange(&self, url: &str) -> Exchange {
        Exchange {
            merchant_id: self.merchant_id,
            id: self.app.next_id(),
            payment_id: self.payment_id,
            party: self.party.to_owned(),
            operation: self.operation.to_owned(),
            url: bare(url),
            sent_at: self.app.now(),
            took_ms: 0,
            request: String::new(),
            status: None,
            response: None,
            failure: None,
        }
    }

    fn scrub_body(&self, body: &[u8]) -> String {
        without_page_tokens(&scrub(body, self.secret_fields))
    }

    fn record(&self, exchange: Exchange) {
        self.app.journal.note(exchanges::insert(&exchange));
    }
}

impl Http for Recorder<'_> {
    fn send<'a>(&'a self, request: Request) -> BoxFuture<'a, Result<Response, Failure>> {
        Box::pin(async move {
            let mut exchange = self.exchange(&request.url);
            let said = Zeroizing::new(request.body.clone());
            let begun = Instant::now();
            let outcome = self.app.net.send(request).await;
            exchange.took_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
            exchange.request = self.scrub_body(&said);
            match &outcome {
                Ok(reply) => {
                    exchange.status = Some(i64::from(reply.status));
                    exchange.response = Some(self.scrub_body(&reply.body));
                }
                Err(Failure::NotSent(why)) => {
                    exchange.failure = Some(format!("not sent: {}", words(why)));
                }
                Err(Failure::MaybeSent(why)) => exchange.failure = Some(words(why)),
            }
            self.record(exchange);
            outcome
        })
    }
}

/// A scrubbed text as it is kept: without the tokens of our own pages, which open them.
fn without_page_tokens(text: &str) -> String {
    const PAGES: &str = "/pages/";
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(PAGES) {
        let (before, after) = rest.split_at(at + PAGES.len());
        bare.push_str(before);
        let of_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let kind = after.trim_start_matches(of_word);
        bare.push_str(&after[..after.len() - kind.len()]);
        rest = kind;
        if let Some(token) = kind.strip_prefix('/') {
            bare.push_str("/***");
            rest = token.trim_start_matches(of_word);
        }
    }
    bare.push_str(rest);
    storable_text(&bare, KEPT_CHARS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tokens_of_our_pages_are_not_kept() {
        assert_eq!(
            without_page_tokens("a=https://x/pages/3ds-return/Abc-_9&b=/pages/loan-notify/T\"}"),
            "a=https://x/pages/3ds-return/***&b=/pages/loan-notify/***\"}"
        );
        assert_eq!(
            without_page_tokens("/pages/ /pages/x/"),
            "/pages/ /pages/x/***"
        );
    }
}
