//! `galata payment …`.
#![expect(
    clippy::print_stdout,
    reason = "commands speak to a person through standard output"
)]

use super::Failed;
use super::options::{OfMerchant, One};
use crate::app::App;
use crate::engine::inquiry;
use crate::operations::{By, Caller, Problem, doubts, payment_detail};
use crate::{setup, start};
use clap::{Args, Subcommand, ValueEnum};
use contract::errors::Language;
use contract::money::Money;

/// Payments: what is known about one, and those whose outcome nobody knows.
#[derive(Subcommand)]
pub(super) enum Payment {
    /// Show what is known about a payment: state, attempts, what was said to banks, webhooks.
    Show(Show),
    /// List a merchant's payments in doubt, the oldest first.
    Doubts(OfMerchant),
    /// Ask the bank or lender now how a payment stands.
    Inquire(One),
    /// Settle a payment by what was found out at the bank, where no inquiry helps.
    Settle(Settle),
}

/// Options of `show`.
#[derive(Args)]
pub(super) struct Show {
    #[command(flatten)]
    payment: One,
    /// Print what was said to banks and lenders, too; the look stands in the audit log.
    #[arg(long)]
    exchanges: bool,
}

/// What was found out.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Found {
    /// The bank took the money and keeps it.
    Taken,
    /// The bank did not take it, or gave it back.
    NotTaken,
}

/// Options of `settle`.
#[derive(Args)]
pub(super) struct Settle {
    #[command(flatten)]
    payment: One,
    /// What was found out.
    #[arg(long)]
    found: Found,
    /// How it is known; stands in the audit log.
    #[arg(long)]
    note: String,
}

/// Runs a command.
pub(super) async fn run(command: Payment) -> Result<(), Failed> {
    match command {
        Payment::Show(o) => show(o).await,
        Payment::Doubts(o) => list(o).await,
        Payment::Inquire(o) => {
            let app = o.store.open().await?;
            let outcome = match operator(&app, o.merchant).await {
                Ok(caller) => doubts::inquire(&app, &caller, o.id).await,
                Err(problem) => Err(problem),
            };
            start::close(&app).await;
            println!("{}", outcome?);
            Ok(())
        }
        Payment::Settle(o) => {
            let found = match o.found {
                Found::Taken => inquiry::Found::Taken,
                Found::NotTaken => inquiry::Found::NotTaken,
            };
            let app = o.payment.store.open().await?;
            let outcome = match operator(&app, o.payment.merchant).await {
                Ok(caller) => {
                    doubts::settle_by_hand(&app, &caller, o.payment.id, found, &o.note).await
                }
                Err(problem) => Err(problem),
            };
            start::close(&app).await;
            println!("{}", outcome?);
            Ok(())
        }
    }
}

async fn operator(app: &App, merchant_id: i64) -> Result<Caller, Problem> {
    Ok(Caller {
        merchant: setup::merchant(app, merchant_id).await?,
        claims: setup::no_claims(merchant_id),
        language: Language::En,
        by: By::operator(),
    })
}

async fn show(options: Show) -> Result<(), Failed> {
    let (by, merchant, id) = (By::operator(), options.payment.merchant, options.payment.id);
    let app = options.payment.store.open().await?;
    let found = match options.exchanges {
        true => payment_detail::note_exchanges_look(&app, &by, merchant, id).await,
        false => Ok(()),
    };
    let found = match found {
        Ok(()) => payment_detail::retrieve(&app, &by, merchant, id).await,
        Err(problem) => Err(problem),
    };
    start::close(&app).await;
    let detail = found?;
    let payment = &detail.standing.payment;
    let amount = Money::new(payment.paid_price.minor, payment.currency).decimal();
    let currency = payment.currency;
    println!(
        "{id}\t{}\t{amount} {currency}\t{}",
        payment.status, payment.created_at
    );
    for attempt in &detail.standing.attempts {
        let state = attempt.state.as_str();
        println!(
            "attempt\t{state}\t{}\t{}",
            attempt.order_id, attempt.asked_at
        );
    }
    if let Some(loan) = &detail.standing.loan {
        let state = loan.state.as_str();
        println!(
            "loan\t{state}\t{}\t{}\t{}",
            loan.action, loan.order_id, loan.asked_at
        );
    }
    for (sent, tries) in &detail.webhooks {
        let (event, state) = (sent.webhook.event, sent.state.as_str());
        println!(
            "webhook\t{}\t{event}\t{state}\t{} calls",
            sent.webhook.id,
            tries.len()
        );
    }
    for said in &detail.exchanges {
        let status = said.status.map(|status| status.to_string());
        let went = status.or_else(|| said.failure.clone()).unwrap_or_default();
        println!(
            "exchange\t{}\t{}\t{}\t{went}",
            said.sent_at, said.party, said.operation
        );
        if options.exchanges {
            println!(
                "{}\n\n{}",
                said.request,
                said.response.as_deref().unwrap_or("")
            );
        }
    }
    Ok(())
}

async fn list(options: OfMerchant) -> Result<(), Failed> {
    let app = options.store.open().await?;
    let outcome = doubts::list(&app, &By::operator(), options.merchant).await;
    start::close(&app).await;
    for doubt in outcome? {
        let amount = Money::new(doubt.amount, doubt.currency).decimal();
        let next = match doubt.next_inquiry {
            Some(at) => format!("next inquiry {at}"),
            None => "no inquiry by itself any more: a person must look".to_owned(),
        };
        println!(
            "{}\t{}\t{amount} {}\t{}\t{}\t{} inquiries\t{next}\t{}",
            doubt.payment_id,
            doubt.state,
            doubt.currency,
            doubt.party,
            doubt.since,
            doubt.inquiries,
            doubt.message.as_deref().unwrap_or("")
        );
    }
    Ok(())
}
