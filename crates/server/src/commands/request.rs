//! `galata request …`.

use super::options::{Listed, Shown};
use super::output::{Format, Table, say, say_json, table};
use super::{Failed, StoreCommand};
use crate::app::App;
use crate::operations::{Actor, requests};
use crate::store::requests::{Filter, Logged};
use clap::Subcommand;
use serde_json::json;

/// What API keys asked for.
#[derive(Subcommand)]
pub(super) enum Request {
    /// List the newest requests of a merchant's API keys.
    List {
        #[command(flatten)]
        list: Listed,
        /// Only what was refused.
        #[arg(long)]
        errors: bool,
        /// Only what was answered with this x-request-id: the caller's own or Galata's.
        #[arg(long, value_name = "ID")]
        x_request_id: Option<String>,
    },
    /// Show one; for a refused signature what was expected beside what came.
    Show(Shown),
}

/// How many are listed.
const LISTED: i64 = 100;

impl StoreCommand for Request {
    async fn run(self, app: &App, by: &Actor) -> Result<(), Failed> {
        match self {
            Request::List {
                list: Listed { of, format },
                errors,
                x_request_id,
            } => {
                let filter = Filter {
                    errors_only: errors,
                    answered_id: x_request_id,
                    ..Filter::default()
                };
                let found = requests::list(app, by, of.merchant, &filter, LISTED).await?;
                requests_table(&found).print(format)
            }
            Request::Show(Shown { one, format }) => {
                let found = requests::retrieve(app, by, one.of.merchant, one.id).await?;
                show(&found, format)
            }
        }
    }
}

fn requests_table(requests: &[Logged]) -> Table {
    table!(requests, one => {
        "id": one.id,
        "at": one.at,
        "api key": one.api_key,
        "method": one.method,
        "path": one.path,
        "status": one.status,
        "took ms": one.took_ms,
        "error": one.error_code,
    })
}

fn show(one: &Logged, format: Format) -> Result<(), Failed> {
    if format.json {
        let shown = json!({
            "id": one.id, "callersId": one.callers_id, "at": one.at, "apiKey": one.api_key, "address": one.address,
            "method": one.method, "path": one.path, "status": one.status, "tookMs": one.took_ms,
            "errorCode": one.error_code, "errorDescription": one.error_text, "signing": one.signing,
        });
        return say_json(&shown);
    }
    requests_table(std::slice::from_ref(one)).print(format)?;
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
