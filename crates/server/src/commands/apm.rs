//! `galata apm …`.
#![expect(
    clippy::print_stdout,
    reason = "commands speak to a person through standard output"
)]

use super::Failed;
use super::options::Store;
use crate::app::App;
use crate::operations::By;
use crate::operations::Problem;
use crate::setup::{self, ApmSetup};
use crate::start;
use crate::store::apms;
use clap::{Args, Subcommand};
use contract::card::Secret;
use contract::enums::ApmType;
use contract::rules::Rule;

/// Accounts at lenders.
#[derive(Subcommand)]
pub(super) enum Apm {
    /// Make a definition; it is passive until it is activated.
    Create(Edit),
    /// Change a definition; what is not given is kept.
    Edit(Edit),
    /// Let shops use it.
    Activate(Which),
    /// Take it out of use.
    Deactivate(Which),
    /// Ask the lender something harmless: proves address, client id and secret.
    Test(Which),
    /// List a merchant's definitions.
    List(Which),
}

/// Which definition.
#[derive(Args)]
pub(super) struct Which {
    /// The merchant's id.
    #[arg(long)]
    merchant: i64,
    /// The method: MASLAK.
    #[arg(long = "type", default_value = "MASLAK")]
    apm_type: String,
    /// The definition's id, when there are several of the type.
    #[arg(long)]
    id: Option<i64>,
    #[command(flatten)]
    store: Store,
}

/// What to set.
#[derive(Args)]
pub(super) struct Edit {
    #[command(flatten)]
    which: Which,
    /// The name for people.
    #[arg(long)]
    name: Option<String>,
    /// Base URL of the lender's API. Its host must be allowed by --allow-bank-host.
    #[arg(long)]
    endpoint: Option<String>,
    /// Merchant id at the lender.
    #[arg(long)]
    client_id: Option<String>,
    /// Secret for requests to the lender.
    #[arg(long, env = "GALATA_APM_CLIENT_SECRET", hide_env_values = true)]
    client_secret: Option<String>,
    /// Secret of the lender's notifications.
    #[arg(long, env = "GALATA_APM_NOTIFICATION_SECRET", hide_env_values = true)]
    notification_secret: Option<String>,
    /// CONSUMER.
    #[arg(long)]
    loan_type: Option<String>,
    /// How a bank approves under the merchant's agreement: `103=AUTO`, `064=MANUAL`, `103=DEFAULT`.
    /// May be given several times.
    #[arg(long = "approval", value_parser = mode)]
    approval_modes: Vec<(String, String)>,
    /// Seconds after which an unfinished application lapses.
    #[arg(long)]
    time_limit_seconds: Option<u32>,
}

fn mode(text: &str) -> Result<(String, String), String> {
    let (bank, mode) = text
        .split_once('=')
        .ok_or("write a bank code, =, and AUTO, MANUAL or DEFAULT")?;
    Ok((bank.to_owned(), mode.to_owned()))
}

/// Runs a command.
pub(super) async fn run(command: Apm) -> Result<(), Failed> {
    let store = match &command {
        Apm::Create(edit) | Apm::Edit(edit) => edit.which.store.clone(),
        Apm::Activate(which) | Apm::Deactivate(which) | Apm::Test(which) | Apm::List(which) => {
            which.store.clone()
        }
    };
    let app = store.open().await?;
    let outcome = carried_out(&app, command).await;
    start::close(&app).await;
    Ok(outcome?)
}

async fn carried_out(app: &App, command: Apm) -> Result<(), Problem> {
    match command {
        Apm::Create(edit) => {
            let (merchant, kind) = (edit.which.merchant, kind(&edit.which)?);
            let apm = setup::create_apm(app, &By::operator(), merchant, kind, wanted(edit)).await?;
            println!("apm  {}", apm.id);
            Ok(())
        }
        Apm::Edit(edit) => {
            let id = known(app, &edit.which).await?;
            setup::edit_apm(app, &By::operator(), edit.which.merchant, id, wanted(edit))
                .await
                .map(|_| ())
        }
        Apm::Activate(which) => {
            setup::set_apm_active(
                app,
                &By::operator(),
                which.merchant,
                known(app, &which).await?,
                true,
            )
            .await
        }
        Apm::Deactivate(which) => {
            setup::set_apm_active(
                app,
                &By::operator(),
                which.merchant,
                known(app, &which).await?,
                false,
            )
            .await
        }
        Apm::Test(which) => {
            let id = known(app, &which).await?;
            let tested = setup::test_apm(app, &By::operator(), which.merchant, id).await?;
            super::pos::print_tested(&tested);
            Ok(())
        }
        Apm::List(which) => {
            for apm in apms::of_merchant(app, which.merchant).await? {
                let state = if apm.active { "active" } else { "passive" };
                println!(
                    "{}\t{}\t{}\t{}\t{}",
                    apm.id, apm.apm_type, state, apm.name, apm.account.api_url
                );
            }
            Ok(())
        }
    }
}

fn wanted(edit: Edit) -> ApmSetup {
    ApmSetup {
        name: edit.name,
        api_url: edit.endpoint,
        client_id: edit.client_id,
        client_secret: edit.client_secret.map(Secret::new),
        notification_secret: edit.notification_secret.map(Secret::new),
        loan_type: edit.loan_type,
        approval_modes: edit.approval_modes,
        time_limit_seconds: edit.time_limit_seconds,
        active: None,
    }
}

fn kind(which: &Which) -> Result<ApmType, Problem> {
    which
        .apm_type
        .parse()
        .map_err(|()| Problem::field(Rule::UnknownValue, "type"))
}

/// The definition that is named, or the merchant's only one of the type.
async fn known(app: &App, which: &Which) -> Result<i64, Problem> {
    let kind = kind(which)?;
    let all = apms::of_merchant(app, which.merchant).await?;
    let named: Vec<i64> = all
        .iter()
        .filter(|a| a.apm_type == kind && which.id.is_none_or(|id| a.id == id))
        .map(|a| a.id)
        .collect();
    match named.as_slice() {
        [id] => Ok(*id),
        [] => Err(Problem::rule(Rule::ApmNotFound)),
        _ => Err(Problem::with(
            Rule::ApmAmbiguous,
            &[("field", "id"), ("type", kind.as_str())],
        )),
    }
}
