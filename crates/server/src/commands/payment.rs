//! `galata payment …`.

use super::options::{Listed, One, Shown};
use super::output::{Table, print_parts, say, say_json, table};
use super::{Failed, StoreCommand, values};
use crate::app::App;
use crate::engine::inquiry::ManualResolution;
use crate::operations::payment_detail::{self, Detail};
use crate::operations::refunds::{Back, FoundRefund, Given, Wanted};
use crate::operations::{Actor, Caller, Problem, captures, doubts, refunds};
use crate::setup;
use crate::store::doubts::OpenDoubt;
use clap::Subcommand;
use contract::enums::Currency;
use contract::errors::Language;
use contract::money::{Decimal, Money};
use serde_json::json;
use std::sync::Arc;

/// Payments: what is known about one, money back, and those whose outcome nobody knows.
#[derive(Subcommand)]
pub(super) enum Payment {
    /// Show what is known about a payment: state, attempts, what was said to banks, webhooks.
    Show {
        #[command(flatten)]
        shown: Shown,
        /// Print what was said to banks and lenders, too; the look stands in the audit log.
        #[arg(long)]
        exchanges: bool,
    },
    /// List a merchant's payments in doubt, the oldest first.
    Doubts(Listed),
    /// Ask the bank or lender now how a payment stands.
    Inquire(One),
    /// Settle a payment by what was found out at the bank, where no inquiry helps.
    Settle {
        #[command(flatten)]
        payment: One,
        /// What was found out.
        #[arg(long)]
        found: ManualResolution,
        /// How it is known; stands in the audit log.
        #[arg(long)]
        note: String,
    },
    /// Take what a pre-authorisation holds.
    Capture {
        #[command(flatten)]
        payment: One,
        /// How much of it, as in 12.50; at most one and a half times what is held.
        #[arg(long, value_parser = values::amount)]
        amount: Decimal,
    },
    /// Give a payment back, or release a pre-authorisation: what is left of it, of an item, or an amount of an
    /// item. A loan that waits for its approval is called off.
    Refund {
        #[command(flatten)]
        payment: One,
        /// The item (its paymentTransactionId).
        #[arg(long, value_name = "ID")]
        item: Option<i64>,
        /// How much of it, as in 12.50; all that is left when absent. Needs --item where the payment has
        /// several.
        #[arg(long, value_parser = values::amount)]
        amount: Option<Decimal>,
        /// It was given back outside Galata: neither bank nor lender is asked, only the books change.
        #[arg(long)]
        made_outside: bool,
    },
    /// Ask the bank or lender now what became of a refund in doubt.
    InquireRefund(One),
    /// Settle a refund by what was found out at the bank or lender, where no inquiry helps.
    SettleRefund {
        #[command(flatten)]
        refund: One,
        /// What was found out.
        #[arg(long)]
        found: FoundRefund,
        /// How it is known; stands in the audit log.
        #[arg(long)]
        note: String,
    },
}

impl StoreCommand for Payment {
    async fn run(self, app: &App, by: &Actor) -> Result<(), Failed> {
        match self {
            Payment::Show { shown, exchanges } => show(app, by, shown, exchanges).await,
            Payment::Doubts(options) => list_doubts(app, by, options).await,
            Payment::Inquire(One { of, id }) => {
                let caller = caller(app, by, of.merchant).await?;
                let status = doubts::inquire(app, &caller, id).await?;
                say(format_args!("payment {id} is {status}"))
            }
            Payment::Settle {
                payment: One { of, id },
                found,
                note,
            } => {
                let caller = caller(app, by, of.merchant).await?;
                let status = doubts::settle_by_hand(app, &caller, id, found, &note).await?;
                say(format_args!("payment {id} is {status}"))
            }
            Payment::Capture {
                payment: One { of, id },
                amount,
            } => {
                let caller = caller(app, by, of.merchant).await?;
                let given = captures::capture(app, &caller, id, Some(amount)).await?;
                captures::require_success(&given)?;
                let (taken, currency) = (given.payment.captured, given.payment.currency);
                let taken = decimal(taken, currency);
                say(format_args!(
                    "payment {id}: {taken} {currency} was captured"
                ))
            }
            Payment::Refund {
                payment: One { of, id },
                item,
                amount,
                made_outside,
            } => {
                let caller = caller(app, by, of.merchant).await?;
                let wanted = Wanted {
                    payment_id: id,
                    part: refunds::part_of(app, &caller, id, item, amount).await?,
                    conversation_id: None,
                    charge_from_me: false,
                };
                if made_outside {
                    return refunded(&refunds::mark(app, &caller, &wanted).await?);
                }
                match refunds::give_back(app, &caller, &wanted).await? {
                    Back::Given(given) => refunded(&given),
                    Back::CalledOff(_) => say(format_args!(
                        "payment {id} was not taken yet: its loan is called off"
                    )),
                }
            }
            Payment::InquireRefund(One { of, id }) => {
                let caller = caller(app, by, of.merchant).await?;
                let status = refunds::inquire(app, &caller, id).await?;
                say(format_args!("refund {id} is {status}"))
            }
            Payment::SettleRefund {
                refund: One { of, id },
                found,
                note,
            } => {
                let caller = caller(app, by, of.merchant).await?;
                let status = refunds::settle_by_hand(app, &caller, id, found, &note).await?;
                say(format_args!("refund {id} is {status}"))
            }
        }
    }
}

/// Says how a refund stands; one that was refused or is in doubt fails.
fn refunded(given: &Given) -> Result<(), Failed> {
    refunds::require_success(given)?;
    let (id, refund) = (given.payment.id, &given.refund);
    let amount = decimal(refund.amount, given.payment.currency);
    let currency = given.payment.currency;
    say(format_args!(
        "refund {}: {amount} {currency} of payment {id} went back",
        refund.id
    ))
}

async fn caller(app: &App, by: &Actor, merchant_id: i64) -> Result<Caller, Problem> {
    Ok(Caller {
        merchant: Arc::new(setup::merchant(app, merchant_id).await?),
        claims: setup::no_claims(merchant_id),
        language: Language::En,
        by: by.clone(),
    })
}

async fn show(app: &App, by: &Actor, options: Shown, exchanges: bool) -> Result<(), Failed> {
    let (merchant, id, format) = (options.one.of.merchant, options.one.id, options.format);
    if exchanges {
        payment_detail::note_exchanges_look(app, by, merchant, id).await?;
    }
    let detail = payment_detail::retrieve(app, by, merchant, id).await?;
    let said = if exchanges && format.json {
        said_with_bodies(&detail)
    } else {
        said(&detail)
    };
    let parts = [
        ("payment", payment(&detail)),
        ("attempts", attempts(&detail)),
        ("captures", captures_table(&detail)),
        ("loan", loan(&detail)),
        ("refunds", refunds_table(&detail)),
        ("webhooks", webhooks(&detail)),
        ("exchanges", said),
    ];
    print_parts(&parts, format)?;
    if exchanges && !format.json {
        print_bodies(&detail)
    } else {
        Ok(())
    }
}

fn payment(detail: &Detail) -> Table {
    table!([&detail.standing.payment], payment => {
        "payment": payment.id,
        "status": payment.status,
        "phase": payment.phase,
        "held until": payment.open_hold().map(|hold| hold.expires_at),
        "amount": decimal(payment.paid_price.minor, payment.currency),
        "currency": payment.currency,
        "created at": payment.created_at,
    })
}

fn decimal(minor: i64, currency: Currency) -> String {
    Money::new(minor, currency).decimal().to_string()
}

fn attempts(detail: &Detail) -> Table {
    table!(&detail.standing.attempts, attempt => {
        "attempt": attempt.state.as_str(),
        "order id": attempt.order_id,
        "asked at": attempt.asked_at,
    })
}

fn captures_table(detail: &Detail) -> Table {
    let currency = detail.standing.payment.currency;
    table!(&detail.standing.captures, capture => {
        "capture": capture.id,
        "state": capture.state.as_str(),
        "amount": decimal(capture.amount.minor, currency),
        "asked at": capture.asked_at,
    })
}

fn refunds_table(detail: &Detail) -> Table {
    let currency = detail.standing.payment.currency;
    table!(&detail.refunds, refund => {
        "refund": refund.id,
        "kind": refund.kind.as_str(),
        "state": refund.state.as_str(),
        "amount": decimal(refund.amount, currency),
        "asked at": refund.asked_at,
    })
}

fn loan(detail: &Detail) -> Table {
    table!(&detail.standing.loan, loan => {
        "loan": loan.state.as_str(),
        "waits for": loan.action.to_string(),
        "order id": loan.order_id,
        "asked at": loan.asked_at,
    })
}

fn webhooks(detail: &Detail) -> Table {
    table!(&detail.webhooks, (sent, tries) => {
        "webhook": sent.webhook.id,
        "event": sent.webhook.event,
        "state": sent.state.as_str(),
        "calls": tries.len(),
    })
}

fn said(detail: &Detail) -> Table {
    table!(&detail.exchanges, one => {
        "exchange": one.sent_at,
        "party": one.party,
        "operation": one.operation,
        "result": one.status.map(|status| status.to_string()).or_else(|| one.failure.clone()),
    })
}

fn said_with_bodies(detail: &Detail) -> Table {
    table!(&detail.exchanges, one => {
        "sent at": one.sent_at,
        "party": one.party,
        "operation": one.operation,
        "status": one.status,
        "failure": one.failure,
        "request": one.request,
        "response": one.response,
    })
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

async fn list_doubts(app: &App, by: &Actor, options: Listed) -> Result<(), Failed> {
    let (merchant, format) = (options.of.merchant, options.format);
    let doubts = doubts::list(app, by, merchant).await?;
    let asked = doubts::count_asked(app, by, merchant).await?;
    let table = doubts_table(&doubts);
    if format.json {
        let open = json!({ "doubts": table.json(), "withoutOutcome": asked.payments });
        return say_json(&open);
    }
    table.print(format)?;
    if asked.payments > 0 {
        say(asked)
    } else {
        Ok(())
    }
}

fn doubts_table(doubts: &[OpenDoubt]) -> Table {
    table!(doubts, doubt => {
        "payment": doubt.payment_id,
        "state": doubt.state,
        "amount": decimal(doubt.amount, doubt.currency),
        "currency": doubt.currency,
        "party": doubt.party,
        "since": doubt.since,
        "inquiries": doubt.inquiries,
        "next inquiry": match doubt.next_inquiry {
            Some(at) => at.to_string(),
            None => "a person must look".to_owned(),
        },
        "last heard": doubt.message,
        "refund": doubt.refund,
    })
}
