//! `galata pos …`.

mod values;

use super::Failed;
use super::options::{One, Store, one_of};
use super::output::{Format, Table, say, warn};
use crate::app::App;
use crate::operations::merchant_poses::{NewPos, offered};
use crate::operations::{Actor, Changed, Problem};
use crate::setup::{self, Environment};
use crate::start::StartError;
use crate::store::poses::{self, Pos as Account};
use clap::{Args, Subcommand, ValueEnum};
use contract::enums::{Currency, PosIntegrator};
use contract::errors::Language;
use serde_json::json;
use values::Values;

/// Accounts at banks.
#[derive(Subcommand)]
pub(super) enum Pos {
    /// Make a POS. What is not given is careful: the bank's test system, 3DS only, and no instalments,
    /// rewards, foreign cards or payments without CVC.
    Create(Create),
    /// Change a POS; what is not given is kept.
    Edit(Edit),
    /// Give a POS that was taken out of use the status that it had before.
    Activate(One),
    /// Take a POS out of use: no payment is tried on it.
    Deactivate(One),
    /// Ask the bank about an order that cannot exist: proves address, numbers and user. Fails when
    /// it does not work.
    Test(One),
    /// Try a POS earlier (up) or later (down) than its neighbour.
    Move(Move),
    /// List a merchant's POSes.
    List(super::options::Listed),
}

/// Up or down.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Direction {
    /// Tried earlier.
    Up,
    /// Tried later.
    Down,
}

/// Options of `move`.
#[derive(Args)]
pub(super) struct Move {
    #[command(flatten)]
    which: One,
    /// Up or down.
    direction: Direction,
}

/// Options of `create`.
#[derive(Args)]
pub(super) struct Create {
    #[command(flatten)]
    store: Store,
    /// The merchant's id; `galata merchant list` shows them.
    #[arg(long, value_name = "ID")]
    merchant: i64,
    /// The bank's integration.
    #[arg(long, ignore_case = true, value_parser = one_of::<PosIntegrator>(banks()))]
    integrator: PosIntegrator,
    /// The one currency it takes.
    #[arg(long, default_value = "TRY", ignore_case = true, value_parser = one_of::<Currency>(Currency::ALL.iter().map(|one| one.as_str())))]
    currency: Currency,
    #[command(flatten)]
    values: Values,
}

/// Options of `edit`.
#[derive(Args)]
pub(super) struct Edit {
    #[command(flatten)]
    which: One,
    #[command(flatten)]
    values: Values,
}

/// The banks that are spoken to.
fn banks() -> impl Iterator<Item = &'static str> {
    connectors::directory::spoken().map(|row| row.integrator.as_str())
}

/// Runs a command.
pub(super) async fn run(command: Pos) -> Result<(), Failed> {
    let by = Actor::operator();
    match command {
        Pos::Create(create) => self::create(create).await,
        Pos::Edit(edit) => change(edit).await,
        Pos::Activate(which) => set_active(&which, true).await,
        Pos::Deactivate(which) => set_active(&which, false).await,
        Pos::Test(which) => {
            let test =
                async |app: &App| Ok(setup::test_pos(app, &by, which.merchant, which.id).await?);
            tell_test(
                &which.run(test).await?,
                "the 3DS key and the user for voids are not tried by this: a payment with 3D Secure proves the key",
            )
        }
        Pos::Move(Move { which, direction }) => {
            let up = matches!(direction, Direction::Up);
            let poses = which
                .run(async |app| {
                    setup::move_pos(app, &by, which.merchant, which.id, up).await?;
                    of_merchant(app, which.merchant).await
                })
                .await?;
            let names: Vec<String> = poses.into_iter().map(|pos| pos.name).collect();
            say(format_args!("tried in this order: {}", names.join(", ")))
        }
        Pos::List(list) => {
            let merchant = list.of.merchant;
            let poses = list.of.run(async |app| of_merchant(app, merchant).await);
            print_list(&poses.await?, list.format)
        }
    }
}

async fn of_merchant(app: &App, merchant: i64) -> Result<Vec<Account>, Failed> {
    let poses = poses::of_merchant(app, merchant).await;
    Ok(poses.map_err(Problem::from)?)
}

fn print_list(poses: &[Account], format: Format) -> Result<(), Failed> {
    let switches = offered().map(|(_, offered)| offered.flag.replace('-', " "));
    let switches: Vec<String> = switches.collect();
    let mut columns = vec!["id", "alias", "integrator", "status", "environment"];
    columns.extend(["currency", "authentication"]);
    columns.extend(switches.iter().map(String::as_str));
    columns.extend(["endpoint", "name"]);
    let mut table = Table::new(&columns);
    for pos in poses {
        let mut cells = vec![
            json!(pos.id),
            json!(pos.alias),
            json!(pos.integrator),
            json!(pos.status),
            json!(environment(pos)),
            json!(pos.currency),
            json!(pos.settings.authentication_types),
        ];
        cells.extend(offered().map(|(switch, _)| json!((switch.stored)(&pos.settings))));
        cells.extend([json!(setup::base_of(pos)), json!(pos.name)]);
        table.row(cells);
    }
    table.print(format)
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
pub(super) fn tell_test(test: &setup::ConnectionTest, left_out: &str) -> Result<(), Failed> {
    let outcome = if test.ok() { "works" } else { "failed" };
    say(format_args!("{outcome}  {} ms", test.took_ms))?;
    say(test.text(Language::En))?;
    if !test.detail.is_empty() {
        say(&test.detail)?;
    }
    if test.ok() {
        say(left_out)
    } else {
        Err(StartError::new("the connection cannot be used", "").into())
    }
}

async fn set_active(which: &One, active: bool) -> Result<(), Failed> {
    let by = Actor::operator();
    let set = async |app: &App| {
        Ok(setup::set_pos_active(app, &by, which.merchant, which.id, active).await?)
    };
    let pos = which.run(set).await?;
    say(format_args!("pos {} is {}", pos.id, pos.status))
}

async fn create(create: Create) -> Result<(), Failed> {
    let endpoint = create.values.endpoint(create.integrator)?;
    let mut values = create.values.request()?;
    values
        .name
        .get_or_insert_with(|| create.integrator.to_string());
    let new = NewPos {
        integrator: Some(create.integrator),
        currency: Some(create.currency),
        status: create.values.status,
        values,
    };
    let by = Actor::operator();
    let make = async |app: &App| {
        let pos = setup::add_pos(app, &by, create.merchant, new, endpoint).await?;
        let same = setup::same_terminal(app, &pos).await?;
        Ok((pos, same))
    };
    let (pos, same) = create.store.run_for(create.merchant, make).await?;
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
            "it points at the bank's test system; `galata pos edit --merchant {} --id {} --environment production` goes live",
            create.merchant, pos.id
        )),
        None => say(format_args!("it points at {}", setup::base_of(&pos))),
    }
}

async fn change(edit: Edit) -> Result<(), Failed> {
    let (by, merchant, id) = (Actor::operator(), edit.which.merchant, edit.which.id);
    let request = edit.values.request()?;
    let status = edit.values.status;
    let change = async |app: &App| {
        let stored = setup::pos_of(app, &by, merchant, id).await?;
        let endpoint = edit.values.endpoint(stored.integrator)?;
        let changed = setup::edit_pos(app, &by, merchant, id, request, |pos| {
            pos.status = status.unwrap_or(pos.status);
            if let Some(endpoint) = &endpoint {
                setup::point_at(pos, endpoint.clone());
            }
        });
        Ok(changed.await?)
    };
    let Changed { now: pos, is_same } = edit.which.run(change).await?;
    let what = if is_same {
        "is as it was, nothing was to change"
    } else {
        "is changed"
    };
    say(format_args!(
        "pos {id} {what}: {}, {}",
        pos.status,
        setup::base_of(&pos)
    ))
}
