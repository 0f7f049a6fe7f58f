//! `galata apm …`.

use super::credentials::{ClientSecret, NotificationSecret};
use super::options::{OfMerchant, one_of};
use super::output::{Format, say, table, warn};
use super::pos::{said_change, say_test};
use super::{Failed, StoreCommand};
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
    List {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        format: Format,
    },
}

/// Which definition.
#[derive(Args)]
pub(super) struct Which {
    #[command(flatten)]
    of: OfMerchant,
    /// The method.
    #[arg(long = "type", default_value_t = LENDERS[0].apm, ignore_case = true, value_parser = one_of::<ApmType>(offered()))]
    apm_type: ApmType,
    /// The definition's id, when there are several of the type.
    #[arg(long)]
    id: Option<i64>,
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

impl StoreCommand for Apm {
    async fn run(self, app: &App, by: &Actor) -> Result<(), Failed> {
        match self {
            Apm::Create(edit) => {
                let (which, wanted) = edit.read()?;
                let (merchant, kind) = (which.of.merchant, which.apm_type);
                let made = setup::create_apm(app, by, merchant, kind, wanted).await?;
                let same = setup::same_account(app, &made).await?;
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
                let (which, wanted) = edit.read()?;
                let id = definition_id(app, &which).await?;
                let changed = setup::edit_apm(app, by, which.of.merchant, id, wanted).await?;
                let Changed { now: apm, is_same } = changed;
                say(format_args!("apm {} {}", apm.id, said_change(is_same)))
            }
            Apm::Activate(which) => set_active(app, by, which, true).await,
            Apm::Deactivate(which) => set_active(app, by, which, false).await,
            Apm::Test(which) => {
                let id = definition_id(app, &which).await?;
                say_test(
                    &setup::test_apm(app, by, which.of.merchant, id).await?,
                    Some(
                        "the secret of notifications is not tried by this: the lender's next notification proves it",
                    ),
                )
            }
            Apm::List { which, format } => {
                let all = of_merchant(app, which.of.merchant).await?;
                table!(&all, apm => {
                    "id": apm.id,
                    "type": apm.apm_type,
                    "state": state(apm),
                    "name": apm.name,
                    "endpoint": apm.account.api_url,
                })
                .print(format)
            }
        }
    }
}

impl Edit {
    /// Which definition is meant, and what to set of it.
    fn read(self) -> Result<(Which, ApmSetup), Failed> {
        let setup = ApmSetup {
            name: self.name,
            api_url: self.endpoint,
            client_id: self.client_id,
            client_secret: self.client_secret.read()?.map(Secret::new),
            notification_secret: self.notification_secret.read()?.map(Secret::new),
            loan_type: self.loan_type.map(|kind| kind.to_uppercase()),
            approval_modes: self.approval_modes,
            time_limit_seconds: self.time_limit_seconds,
            active: None,
        };
        Ok((self.which, setup))
    }
}

async fn set_active(app: &App, by: &Actor, which: Which, active: bool) -> Result<(), Failed> {
    let (id, kind) = (definition_id(app, &which).await?, which.apm_type);
    setup::set_apm_active(app, by, which.of.merchant, id, active).await?;
    if active {
        say(format_args!("apm {id} is active: shops may use {kind}"))
    } else {
        say(format_args!("apm {id} is passive: no shop can use it"))
    }
}

async fn of_merchant(app: &App, merchant: i64) -> Result<Vec<Account>, Problem> {
    Ok(apms::of_merchant(app, merchant).await?)
}

/// The definition that is named, or the merchant's only one of the type.
async fn definition_id(app: &App, which: &Which) -> Result<i64, Failed> {
    let kind = which.apm_type;
    let all = of_merchant(app, which.of.merchant).await?;
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
                    which.of.merchant,
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
