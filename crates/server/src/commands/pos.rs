//! `galata pos …`.

mod commissions;
mod values;

use super::options::{Listed, OfMerchant, One, one_of};
use super::output::{Format, Table, say, table, warn};
use super::{Failed, StoreCommand};
use crate::app::App;
use crate::operations::merchant_poses::{NewPos, offered};
use crate::operations::{Actor, Changed, Problem};
use crate::setup::{self, Environment};
use crate::start::StartError;
use crate::store::poses::{self, Pos as Account};
use clap::{Args, Subcommand, ValueEnum};
use commissions::Commissions;
use connectors::account::Options;
use contract::enums::{Currency, PosIntegrator};
use contract::errors::Language;
use serde_json::{Value as Json, json};
use values::Values;

/// Accounts at banks.
#[derive(Subcommand)]
pub(super) enum Pos {
    /// Make a POS. What is not given is careful: the bank's test system, 3DS only, and no instalments,
    /// rewards, foreign cards or payments without CVC.
    Create(Create),
    /// Change a POS; what is not given is kept.
    Edit {
        #[command(flatten)]
        which: One,
        #[command(flatten)]
        values: Values,
    },
    /// Give a POS that was taken out of use the status that it had before.
    Activate(One),
    /// Take a POS out of use: no payment is tried on it.
    Deactivate(One),
    /// Ask the bank about an order that cannot exist: proves address, numbers and user. Fails when
    /// it does not work.
    Test(One),
    /// Try a POS earlier (up) or later (down) than its neighbour.
    Move {
        #[command(flatten)]
        which: One,
        /// Up or down.
        direction: Direction,
    },
    /// List a merchant's POSes.
    List(Listed),
    /// What the autopilot did: POSes that it left out because their bank failed, and took back.
    Autopilot(Listed),
    /// Delete a POS for good: it takes no payment and is listed no more. Its payments stay, and what is
    /// under way on it goes on.
    Delete(One),
    /// What card families pay in a number of instalments.
    #[command(subcommand)]
    Commissions(Commissions),
}

/// Up or down.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Direction {
    /// Tried earlier.
    Up,
    /// Tried later.
    Down,
}

/// Options of `create`.
#[derive(Args)]
pub(super) struct Create {
    #[command(flatten)]
    of: OfMerchant,
    /// The bank's integration.
    #[arg(long, ignore_case = true, value_parser = one_of::<PosIntegrator>(banks()))]
    integrator: PosIntegrator,
    /// The one currency it takes.
    #[arg(long, default_value = "TRY", ignore_case = true, value_parser = one_of::<Currency>(Currency::ALL.iter().map(|one| one.as_str())))]
    currency: Currency,
    #[command(flatten)]
    values: Values,
}

/// The banks that are spoken to.
fn banks() -> impl Iterator<Item = &'static str> {
    connectors::directory::spoken().map(|row| row.integrator.as_str())
}

impl StoreCommand for Pos {
    async fn run(self, app: &App, by: &Actor) -> Result<(), Failed> {
        match self {
            Pos::Create(options) => create(app, by, options).await,
            Pos::Edit { which, values } => edit(app, by, which, values).await,
            Pos::Activate(which) => set_active(app, by, which, true).await,
            Pos::Deactivate(which) => set_active(app, by, which, false).await,
            Pos::Test(One { of, id }) => {
                let test = setup::test_pos(app, by, of.merchant, id).await?;
                let unproven = test.tried.and_then(|tried| tried.unproven);
                let left_out = unproven.map(|words| format!("not tried by this: {}", words.en));
                say_test(&test, left_out.as_deref())
            }
            Pos::Move {
                which: One { of, id },
                direction,
            } => {
                let up = matches!(direction, Direction::Up);
                setup::move_pos(app, by, of.merchant, id, up).await?;
                let poses = of_merchant(app, of.merchant).await?;
                let names: Vec<String> = poses.into_iter().map(|pos| pos.name).collect();
                say(format_args!("tried in this order: {}", names.join(", ")))
            }
            Pos::List(Listed { of, format }) => {
                print_list(&of_merchant(app, of.merchant).await?, format)
            }
            Pos::Autopilot(Listed { of, format }) => {
                let changes = setup::autopilot_changes(app, by, of.merchant).await?;
                table!(&changes, change => {
                    "at": change.at,
                    "pos": change.pos_id,
                    "threeDS": change.threeds,
                    "inUse": change.is_up,
                    "failures": change.failures,
                    "answers": change.answers,
                })
                .print(format)
            }
            Pos::Delete(One { of, id }) => {
                setup::delete_pos(app, by, of.merchant, id).await?;
                say(format_args!("pos {id} is deleted"))
            }
            Pos::Commissions(command) => command.run(app, by).await,
        }
    }
}

async fn of_merchant(app: &App, merchant: i64) -> Result<Vec<Account>, Problem> {
    Ok(poses::of_merchant(app, merchant).await?)
}

fn print_list(poses: &[Account], format: Format) -> Result<(), Failed> {
    let switches = offered().map(|(_, offered)| offered.flag.replace('-', " "));
    let switches: Vec<String> = switches.collect();
    let mut columns = vec!["id", "alias", "integrator", "status", "environment"];
    columns.extend(["currency", "authentication", "3ds", "phases"]);
    columns.extend(switches.iter().map(String::as_str));
    columns.extend(["endpoint", "name"]);
    let rows = poses.iter().map(|pos| {
        let at = &pos.settings;
        let mut cells = vec![
            json!(pos.id),
            json!(pos.alias),
            json!(pos.integrator),
            json!(pos.status),
            json!(environment(pos)),
            json!(pos.currency),
            json!(at.authentication_types),
            json!(at.threeds_model.as_str()),
            json!(at.payment_phases),
        ];
        cells.extend(offered().map(|(switch, _)| json!((switch.stored)(at))));
        cells.extend([json!(setup::base_of(pos)), json!(pos.name)]);
        Json::from(cells)
    });
    Table::new(&columns, rows).print(format)
}

fn environment(pos: &Account) -> &'static str {
    match setup::environment_of(pos) {
        Some(Environment::Production) => "production",
        Some(Environment::Test) => "test",
        None => "other",
    }
}

/// Says how a connection test went, and of one that went well what it left out; one that failed is a
/// failure of the command.
pub(super) fn say_test(test: &setup::ConnectionTest, left_out: Option<&str>) -> Result<(), Failed> {
    let outcome = match test.result {
        setup::ConnectionResult::Works => "works",
        setup::ConnectionResult::Answers => "answers",
        _ => "failed",
    };
    say(format_args!("{outcome}  {} ms", test.took_ms))?;
    say(test.text(Language::En))?;
    if !test.detail.is_empty() {
        say(&test.detail)?;
    }
    match (outcome, left_out) {
        ("failed", _) => Err(StartError::new("the connection cannot be used", "").into()),
        ("works", Some(left_out)) => say(left_out),
        _ => Ok(()),
    }
}

async fn set_active(app: &App, by: &Actor, which: One, active: bool) -> Result<(), Failed> {
    let pos = setup::set_pos_active(app, by, which.of.merchant, which.id, active).await?;
    say(format_args!("pos {} is {}", pos.id, pos.status))
}

async fn create(app: &App, by: &Actor, options: Create) -> Result<(), Failed> {
    let (merchant, integrator) = (options.of.merchant, options.integrator);
    let endpoint = options.values.endpoint(integrator)?;
    let (status, threeds_model) = (options.values.status, options.values.threeds_model);
    let mut values = options.values.request()?;
    let mut chosen = Options::default();
    options.values.choose(&mut chosen);
    values.name.get_or_insert_with(|| integrator.to_string());
    let new = NewPos {
        integrator: Some(integrator),
        currency: Some(options.currency),
        status,
        threeds_model,
        options: chosen,
        values,
    };
    let pos = setup::add_pos(app, by, merchant, new, endpoint).await?;
    let same = setup::same_terminal(app, &pos).await?;
    say(format_args!("pos    {}\nalias  {}", pos.id, pos.alias))?;
    if let Some(same) = same {
        warn(format_args!(
            "pos {} ({}, {}) has the same merchant and terminal numbers: was this one meant to be `galata pos edit`?",
            same.id, same.name, same.status
        ));
    }
    match setup::environment_of(&pos) {
        Some(Environment::Production) => {
            say("it points at the bank's production system: payments on it move money")
        }
        Some(Environment::Test) => say(format_args!(
            "it points at the bank's test system; `galata pos edit --merchant {merchant} --id {} --environment production` goes live",
            pos.id
        )),
        None => say(format_args!("it points at {}", setup::base_of(&pos))),
    }
}

async fn edit(app: &App, by: &Actor, which: One, values: Values) -> Result<(), Failed> {
    let (merchant, id, status) = (which.of.merchant, which.id, values.status);
    let model = values.threeds_model;
    let request = values.request()?;
    let stored = setup::pos_of(app, by, merchant, id).await?;
    let endpoint = values.endpoint(stored.integrator)?;
    let values = &values;
    let changed = setup::edit_pos(app, by, merchant, id, request, |pos| {
        pos.status = status.unwrap_or(pos.status);
        let at = &mut pos.settings;
        at.threeds_model = model.unwrap_or(at.threeds_model);
        values.choose(&mut pos.options);
        if let Some(endpoint) = &endpoint {
            setup::point_at(pos, endpoint.clone());
        }
    });
    let Changed { now: pos, is_same } = changed.await?;
    let what = said_change(is_same);
    let base = setup::base_of(&pos);
    say(format_args!("pos {id} {what}: {}, {base}", pos.status))
}

/// How a change went, in a sentence.
pub(super) fn said_change(is_same: bool) -> &'static str {
    if is_same {
        "is as it was, nothing was to change"
    } else {
        "is changed"
    }
}
