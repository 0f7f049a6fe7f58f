//! `galata apm …`.

use super::Failed;
use super::credentials::{ClientSecret, NotificationSecret};
use super::options::{Store, one_of};
use super::output::{Format, Table, say, warn};
use crate::app::App;
use crate::operations::{Actor, Changed, Problem};
use crate::setup::{self, ApmSetup};
use crate::start::StartError;
use crate::store::apms::{self, Apm as Account};
use clap::{Args, Subcommand};
use connectors::lenders::LENDERS;
use contract::card::Secret;
use contract::enums::ApmType;
use contract::rules::Rule;
use serde_json::json;

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
    /// Ask the lender something harmless: proves address, client id and secret. Fails when it does
    /// not work.
    Test(Which),
    /// List a merchant's definitions.
    List(List),
}

/// Which definition.
#[derive(Args)]
pub(super) struct Which {
    /// The merchant's id; `galata merchant list` shows them.
    #[arg(long, value_name = "ID")]
    merchant: i64,
    /// The method.
    #[arg(long = "type", default_value_t = LENDERS[0].apm, ignore_case = true, value_parser = one_of::<ApmType>(offered()))]
    apm_type: ApmType,
    /// The definition's id, when there are several of the type.
    #[arg(long)]
    id: Option<i64>,
    #[command(flatten)]
    store: Store,
}

/// Options of `list`.
#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    which: Which,
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
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Merchant id at the lender.
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    #[command(flatten)]
    client_secret: ClientSecret,
    #[command(flatten)]
    notification_secret: NotificationSecret,
    /// What is lent for.
    #[arg(long, value_parser = ["CONSUMER"], ignore_case = true)]
    loan_type: Option<String>,
    /// How a bank approves under the merchant's agreement: `103=AUTO`, `064=MANUAL`, `103=DEFAULT`.
    /// May be given several times.
    #[arg(long = "approval", value_parser = mode, value_name = "BANK=MODE")]
    approval_modes: Vec<(String, String)>,
    /// Seconds after which an unfinished application lapses.
    #[arg(long, value_name = "SECONDS")]
    time_limit_seconds: Option<u32>,
}

/// The methods that a lender stands behind.
fn offered() -> impl Iterator<Item = &'static str> {
    LENDERS.iter().map(|row| row.apm.as_str())
}

fn mode(text: &str) -> Result<(String, String), &'static str> {
    const FORM: &str = "write a bank code, =, and AUTO, MANUAL or DEFAULT: 064=MANUAL";
    let (bank, mode) = text.split_once('=').ok_or(FORM)?;
    let mode = mode.to_uppercase();
    match mode.as_str() {
        "AUTO" | "MANUAL" | "DEFAULT" => Ok((bank.to_owned(), mode)),
        _ => Err(FORM),
    }
}

/// Runs a command.
pub(super) async fn run(command: Apm) -> Result<(), Failed> {
    let by = Actor::operator();
    match command {
        Apm::Create(edit) => {
            let wanted = wanted(&edit)?;
            let which = &edit.which;
            let create = async |app: &App| {
                let (merchant, kind) = (which.merchant, which.apm_type);
                let made = setup::create_apm(app, &by, merchant, kind, wanted).await?;
                let same = setup::same_account(app, &made).await?;
                Ok((made, same))
            };
            let (made, same) = which.store.run_for(which.merchant, create).await?;
            say(format_args!("apm  {}", made.id))?;
            if let Some(same) = same {
                warn(format_args!(
                    "apm {} is the same account at the same address: was this one meant to be `galata apm edit`?",
                    account_line(&same)
                ));
            }
            say("it is passive: try it with `galata apm test`, then `galata apm activate`")
        }
        Apm::Edit(edit) => {
            let wanted = wanted(&edit)?;
            let merchant = edit.which.merchant;
            let edited = on_known(&edit.which, async |app, id| {
                Ok(setup::edit_apm(app, &by, merchant, id, wanted).await?)
            });
            let Changed { now: apm, is_same } = edited.await?;
            if is_same {
                say(format_args!(
                    "apm {} is as it was, nothing was to change",
                    apm.id
                ))
            } else {
                say(format_args!("apm {} is changed", apm.id))
            }
        }
        Apm::Activate(which) => set_active(&which, true).await,
        Apm::Deactivate(which) => set_active(&which, false).await,
        Apm::Test(which) => {
            let test = on_known(&which, async |app, id| {
                Ok(setup::test_apm(app, &by, which.merchant, id).await?)
            })
            .await?;
            super::pos::tell_test(
                &test,
                "the secret of notifications is not tried by this: the lender's next notification proves it",
            )
        }
        Apm::List(list) => print_list(&list).await,
    }
}

async fn set_active(which: &Which, active: bool) -> Result<(), Failed> {
    let by = Actor::operator();
    let id = on_known(which, async |app, id| {
        setup::set_apm_active(app, &by, which.merchant, id, active).await?;
        Ok(id)
    })
    .await?;
    let kind = which.apm_type;
    if active {
        say(format_args!("apm {id} is active: shops may use {kind}"))
    } else {
        say(format_args!("apm {id} is passive: no shop can use it"))
    }
}

async fn print_list(list: &List) -> Result<(), Failed> {
    let which = &list.which;
    let all = async |app: &App| Ok(of_merchant(app, which.merchant).await?);
    let mut table = Table::new(&["id", "type", "state", "name", "endpoint"]);
    for apm in which.store.run_for(which.merchant, all).await? {
        let state = state(&apm);
        table.row([
            json!(apm.id),
            json!(apm.apm_type),
            json!(state),
            json!(apm.name),
            json!(apm.account.api_url),
        ]);
    }
    table.print(list.format)
}

async fn of_merchant(app: &App, merchant: i64) -> Result<Vec<Account>, Problem> {
    Ok(apms::of_merchant(app, merchant).await?)
}

fn wanted(edit: &Edit) -> Result<ApmSetup, Failed> {
    Ok(ApmSetup {
        name: edit.name.clone(),
        api_url: edit.endpoint.clone(),
        client_id: edit.client_id.clone(),
        client_secret: edit.client_secret.read()?.map(Secret::new),
        notification_secret: edit.notification_secret.read()?.map(Secret::new),
        loan_type: edit.loan_type.as_ref().map(|kind| kind.to_uppercase()),
        approval_modes: edit.approval_modes.clone(),
        time_limit_seconds: edit.time_limit_seconds,
        active: None,
    })
}

/// Does something with the definition that is named, or with the merchant's only one of the type.
async fn on_known<T>(
    which: &Which,
    act: impl AsyncFnOnce(&App, i64) -> Result<T, Failed>,
) -> Result<T, Failed> {
    let on_it = async |app: &App| {
        let id = definition_id(app, which).await?;
        act(app, id).await
    };
    which.store.run_for(which.merchant, on_it).await
}

async fn definition_id(app: &App, which: &Which) -> Result<i64, Failed> {
    let kind = which.apm_type;
    let all = of_merchant(app, which.merchant).await?;
    let named: Vec<&Account> = all
        .iter()
        .filter(|a| a.apm_type == kind && which.id.is_none_or(|id| a.id == id))
        .collect();
    match named.as_slice() {
        [apm] => Ok(apm.id),
        [] => Err(Problem::rule(Rule::ApmNotFound).into()),
        several => {
            let ids: Vec<String> = several.iter().map(|apm| account_line(apm)).collect();
            Err(StartError::new(
                format!(
                    "merchant {} has {} definitions of type {kind}",
                    which.merchant,
                    ids.len()
                ),
                &format!("name one with --id: {}", ids.join(", ")),
            )
            .into())
        }
    }
}

fn state(apm: &Account) -> &'static str {
    if apm.active { "active" } else { "passive" }
}

/// A definition in a sentence.
fn account_line(apm: &Account) -> String {
    format!("{} ({}, {})", apm.id, apm.name, state(apm))
}
