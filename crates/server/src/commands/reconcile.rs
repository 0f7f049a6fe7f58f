//! `galata reconcile` and `galata difference …`.

use super::options::{Listed, One, Store};
use super::output::{Format, Table, complain, say, say_json, table};
use super::{Failed, StoreCommand, files, with_store};
use crate::app::App;
use crate::operations::reconciliations::{self, Difference, Filter, Run};
use crate::operations::{Actor, Problem};
use crate::store::poses;
use clap::{Args, Subcommand};
use contract::money::Money;
use contract::rules::Rule;
use jiff::civil::Date;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Options of a comparison.
#[derive(Args)]
pub(super) struct Reconcile {
    /// The POS's id; `galata pos list --merchant ID` shows them.
    #[arg(long, value_name = "ID")]
    pos: i64,
    /// The day, in Istanbul: 2026-11-27. It must be over.
    #[arg(long, value_name = "DAY")]
    day: Date,
    /// A CSV file of the bank's own pages, in place of the list that its protocol gives; `-` is standard input.
    #[arg(long, value_name = "CSV")]
    file: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    store: Store,
}

/// Compares: 0 when books and list agree, 1 when they differ, 2 when nothing was compared.
pub(super) async fn run(options: Reconcile) -> Result<ExitCode, Failed> {
    const UNCOMPARED: u8 = 2;
    let config = options.store.config(false)?;
    match with_store(config, async |app| compare(app, &options).await).await {
        Ok(true) => Ok(ExitCode::SUCCESS),
        Ok(false) => Ok(ExitCode::FAILURE),
        Err(failed) => {
            complain(failed);
            Ok(ExitCode::from(UNCOMPARED))
        }
    }
}

/// True when nothing differs.
async fn compare(app: &App, options: &Reconcile) -> Result<bool, Failed> {
    let owner = poses::owner_of(app, options.pos).await;
    let owner = owner.map_err(Problem::from)?;
    let merchant = owner.ok_or_else(|| Problem::rule(Rule::PosNotFound))?;
    let file = options.file.as_deref().map(files::bytes).transpose()?;
    let by = Actor::operator();
    let of = (merchant, options.pos);
    let compared = reconciliations::compare(app, &by, of, options.day, file.as_deref()).await?;
    tell(&compared, options.format)?;
    Ok(compared.1.is_empty() && compared.0.differences == 0)
}

fn tell((run, differences): &(Run, Vec<Difference>), format: Format) -> Result<(), Failed> {
    let table = differences_table(differences);
    if format.json {
        return say_json(&json!({
            "pos": run.pos_id,
            "day": run.day.to_string(),
            "moves": run.moves,
            "found": run.differences,
            "differences": table.json(),
        }));
    }
    if !differences.is_empty() {
        table.print(format)?;
    }
    let (moves, found) = (run.moves, run.differences);
    say(format_args!(
        "{}: {moves} moves at the bank, {found} differences",
        run.day
    ))
}

fn differences_table(differences: &[Difference]) -> Table {
    table!(differences, one => {
        "difference": one.id,
        "day": one.day.to_string(),
        "pos": one.pos_id,
        "kind": one.kind.as_str(),
        "order id": one.order_id,
        "payment": one.payment_id,
        "ours": one.ours.map(|minor| Money::new(minor, one.currency).decimal().to_string()),
        "theirs": one.theirs.map(|minor| Money::new(minor, one.currency).decimal().to_string()),
        "closed": one.closing.map(|closing| closing.as_str()),
    })
}

/// What banks' lists say otherwise than the books.
#[derive(Subcommand)]
pub(super) enum Differences {
    /// List a merchant's differences, open ones first.
    List(Listed),
    /// Close a difference that is none, or that was seen to; no money moves.
    Close {
        #[command(flatten)]
        which: One,
        /// How it is known; stands in the audit log.
        #[arg(long)]
        note: String,
    },
}

impl StoreCommand for Differences {
    async fn run(self, app: &App, by: &Actor) -> Result<(), Failed> {
        match self {
            Differences::List(Listed { of, format }) => {
                let found = reconciliations::list(app, by, of.merchant, Filter::default()).await?;
                differences_table(&found).print(format)
            }
            Differences::Close {
                which: One { of, id },
                note,
            } => {
                reconciliations::close(app, by, of.merchant, id, &note).await?;
                say(format_args!("difference {id} is closed"))
            }
        }
    }
}
