//! `galata request …`.

use super::Failed;
use super::options::{OfMerchant, Shown};
use super::output::{Format, Table, say};
use crate::app::App;
use crate::operations::{Actor, requests};
use crate::store::requests::{Filter, Logged};
use clap::{Args, Subcommand};
use serde_json::json;

/// What API keys asked for.
#[derive(Subcommand)]
pub(super) enum Request {
    /// List the newest requests of a merchant's API keys.
    List(List),
    /// Show one; for a refused signature what was expected beside what came.
    Show(Shown),
}

/// Options of `list`.
#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    of: OfMerchant,
    /// Only what was refused.
    #[arg(long)]
    errors: bool,
    /// Only what was answered with this x-request-id: the caller's own or Galata's.
    #[arg(long, value_name = "ID")]
    x_request_id: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// How many are listed.
const LISTED: i64 = 100;

/// Runs a command.
pub(super) async fn run(command: Request) -> Result<(), Failed> {
    let by = Actor::operator();
    match command {
        Request::List(o) => {
            let filter = Filter {
                errors_only: o.errors,
                answered_id: o.x_request_id,
                ..Filter::default()
            };
            let merchant = o.of.merchant;
            let list =
                async |app: &App| Ok(requests::list(app, &by, merchant, &filter, LISTED).await?);
            table(&o.of.run(list).await?).print(o.format)
        }
        Request::Show(o) => {
            let (merchant, id) = (o.one.merchant, o.one.id);
            let find = async |app: &App| Ok(requests::retrieve(app, &by, merchant, id).await?);
            show(&o.one.run(find).await?, o.format)
        }
    }
}

fn table(requests: &[Logged]) -> Table {
    let mut table = Table::new(&[
        "id", "at", "api key", "method", "path", "status", "took ms", "error",
    ]);
    for one in requests {
        table.row([
            json!(one.id),
            json!(one.at.to_string()),
            json!(one.api_key),
            json!(one.method),
            json!(one.path),
            json!(one.status),
            json!(one.took_ms),
            json!(one.error_code),
        ]);
    }
    table
}

fn show(one: &Logged, format: Format) -> Result<(), Failed> {
    if format.json {
        let shown = json!({
            "id": one.id, "callersId": one.callers_id, "at": one.at.to_string(), "apiKey": one.api_key, "address": one.address,
            "method": one.method, "path": one.path, "status": one.status, "tookMs": one.took_ms,
            "errorCode": one.error_code, "errorDescription": one.error_text, "signing": one.signing,
        });
        return say(format_args!("{shown:#}"));
    }
    table(std::slice::from_ref(one)).print(format)?;
    if let Some(callers) = &one.callers_id {
        say(format_args!("\nx-request-id  {callers}"))?;
    }
    if let (Some(code), Some(text)) = (&one.error_code, &one.error_text) {
        say(format_args!("\n{code}  {text}"))?;
    }
    match &one.signing {
        Some(signing) => say(format_args!("\n{signing:#}")),
        None => Ok(()),
    }
}
