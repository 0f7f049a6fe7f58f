//! `galata payment …`.

use super::Failed;
use super::options::{Listed, One, Shown};
use super::output::{Table, print_parts, say};
use crate::app::App;
use crate::engine::inquiry;
use crate::operations::payment_detail::{self, Detail};
use crate::operations::{Actor, Caller, Problem, doubts};
use crate::setup;
use clap::{Args, Subcommand, ValueEnum};
use contract::errors::Language;
use contract::money::Money;
use serde_json::json;
use std::sync::Arc;

/// Payments: what is known about one, and those whose outcome nobody knows.
#[derive(Subcommand)]
pub(super) enum Payment {
    /// Show what is known about a payment: state, attempts, what was said to banks, webhooks.
    Show(Show),
    /// List a merchant's payments in doubt, the oldest first.
    Doubts(Listed),
    /// Ask the bank or lender now how a payment stands.
    Inquire(One),
    /// Settle a payment by what was found out at the bank, where no inquiry helps.
    Settle(Settle),
}

/// Options of `show`.
#[derive(Args)]
pub(super) struct Show {
    #[command(flatten)]
    shown: Shown,
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
            let inquire = async |app: &App| {
                let caller = operator(app, o.merchant).await?;
                Ok(doubts::inquire(app, &caller, o.id).await?)
            };
            let status = o.run(inquire).await?;
            say(format_args!("payment {} is {status}", o.id))
        }
        Payment::Settle(o) => {
            let found = match o.found {
                Found::Taken => inquiry::ManualResolution::Taken,
                Found::NotTaken => inquiry::ManualResolution::NotTaken,
            };
            let settle = async |app: &App| {
                let caller = operator(app, o.payment.merchant).await?;
                Ok(doubts::settle_by_hand(app, &caller, o.payment.id, found, &o.note).await?)
            };
            let status = o.payment.run(settle).await?;
            say(format_args!("payment {} is {status}", o.payment.id))
        }
    }
}

async fn operator(app: &App, merchant_id: i64) -> Result<Caller, Problem> {
    Ok(Caller {
        merchant: Arc::new(setup::merchant(app, merchant_id).await?),
        claims: setup::no_claims(merchant_id),
        language: Language::En,
        by: Actor::operator(),
    })
}

async fn show(options: Show) -> Result<(), Failed> {
    let one = &options.shown.one;
    let (by, merchant, id) = (Actor::operator(), one.merchant, one.id);
    let find = async |app: &App| {
        if options.exchanges {
            payment_detail::note_exchanges_look(app, &by, merchant, id).await?;
        }
        Ok(payment_detail::retrieve(app, &by, merchant, id).await?)
    };
    let detail = one.run(find).await?;
    let format = options.shown.format;
    let said = if options.exchanges && format.json {
        said_with_bodies(&detail)
    } else {
        said(&detail)
    };
    let parts = [
        ("payment", payment(&detail)),
        ("attempts", attempts(&detail)),
        ("loan", loan(&detail)),
        ("webhooks", webhooks(&detail)),
        ("exchanges", said),
    ];
    print_parts(&parts, format)?;
    if options.exchanges && !format.json {
        print_bodies(&detail)
    } else {
        Ok(())
    }
}

fn payment(detail: &Detail) -> Table {
    let payment = &detail.standing.payment;
    let mut table = Table::new(&["payment", "status", "amount", "currency", "created at"]);
    let amount = Money::new(payment.paid_price.minor, payment.currency).decimal();
    table.row([
        json!(payment.id),
        json!(payment.status),
        json!(amount.to_string()),
        json!(payment.currency),
        json!(payment.created_at.to_string()),
    ]);
    table
}

fn attempts(detail: &Detail) -> Table {
    let mut table = Table::new(&["attempt", "order id", "asked at"]);
    for attempt in &detail.standing.attempts {
        table.row([
            json!(attempt.state.as_str()),
            json!(attempt.order_id),
            json!(attempt.asked_at.to_string()),
        ]);
    }
    table
}

fn loan(detail: &Detail) -> Table {
    let mut table = Table::new(&["loan", "waits for", "order id", "asked at"]);
    if let Some(loan) = &detail.standing.loan {
        table.row([
            json!(loan.state.as_str()),
            json!(loan.action.to_string()),
            json!(loan.order_id),
            json!(loan.asked_at.to_string()),
        ]);
    }
    table
}

fn webhooks(detail: &Detail) -> Table {
    let mut table = Table::new(&["webhook", "event", "state", "calls"]);
    for (sent, tries) in &detail.webhooks {
        table.row([
            json!(sent.webhook.id),
            json!(sent.webhook.event),
            json!(sent.state.as_str()),
            json!(tries.len()),
        ]);
    }
    table
}

fn said(detail: &Detail) -> Table {
    let mut table = Table::new(&["exchange", "party", "operation", "result"]);
    for one in &detail.exchanges {
        let status = one.status.map(|status| status.to_string());
        table.row([
            json!(one.sent_at.to_string()),
            json!(one.party),
            json!(one.operation),
            json!(status.or_else(|| one.failure.clone())),
        ]);
    }
    table
}

fn said_with_bodies(detail: &Detail) -> Table {
    let mut table = Table::new(&[
        "sent at",
        "party",
        "operation",
        "status",
        "failure",
        "request",
        "response",
    ]);
    for one in &detail.exchanges {
        table.row([
            json!(one.sent_at.to_string()),
            json!(one.party),
            json!(one.operation),
            json!(one.status),
            json!(one.failure),
            json!(one.request),
            json!(one.response),
        ]);
    }
    table
}

fn print_bodies(detail: &Detail) -> Result<(), Failed> {
    for one in &detail.exchanges {
        say(format_args!(
            "\n{}  {}  {}",
            one.sent_at, one.party, one.operation
        ))?;
        say(&one.request)?;
        say(format_args!("\n{}", one.response.as_deref().unwrap_or("")))?;
    }
    Ok(())
}

async fn list(options: Listed) -> Result<(), Failed> {
    let (by, merchant) = (Actor::operator(), options.of.merchant);
    let list = async |app: &App| {
        let list = doubts::list(app, &by, merchant).await?;
        Ok((list, doubts::count_asked(app, &by, merchant).await?))
    };
    let (doubts, asked) = options.of.run(list).await?;
    doubts_table(&doubts).print(options.format)?;
    if asked.payments > 0 && !options.format.json {
        say(asked)
    } else {
        Ok(())
    }
}

fn doubts_table(doubts: &[crate::store::doubts::OpenDoubt]) -> Table {
    let mut table = Table::new(&[
        "payment",
        "state",
        "amount",
        "currency",
        "party",
        "since",
        "inquiries",
        "next inquiry",
        "last heard",
    ]);
    for doubt in doubts {
        let next = match doubt.next_inquiry {
            Some(at) => at.to_string(),
            None => "a person must look".to_owned(),
        };
        table.row([
            json!(doubt.payment_id),
            json!(doubt.state),
            json!(
                Money::new(doubt.amount, doubt.currency)
                    .decimal()
                    .to_string()
            ),
            json!(doubt.currency),
            json!(doubt.party),
            json!(doubt.since.to_string()),
            json!(doubt.inquiries),
            json!(next),
            json!(doubt.message),
        ]);
    }
    table
}
