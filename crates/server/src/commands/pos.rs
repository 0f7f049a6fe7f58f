//! `galata pos …`.

use super::Failed;
use super::credentials::{ThreedsKey, Users};
use super::options::{One, Store, one_of};
use super::output::{Format, Table, say, warn};
use crate::app::App;
use crate::operations::merchant_poses::{self, Endpoint};
use crate::operations::{By, Problem};
use crate::setup::{self, Environment};
use crate::start::StartError;
use crate::store::poses::{self, Pos as Account};
use clap::builder::BoolishValueParser;
use clap::{Args, Subcommand, ValueEnum};
use contract::card::SensitiveText;
use contract::enums::{
    Currency, PaymentAuthenticationType, PosIntegrator, PosOperationType, PosStatus,
};
use contract::errors::Language;
use contract::merchant_poses::{
    CreateMerchantPosRequest, CreateMerchantPosUser, UpdateMerchantPosRequest,
    UpdateMerchantPosUser,
};
use contract::rules::Rule;
use serde_json::json;

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
    #[arg(long, ignore_case = true, value_parser = one_of::<PosIntegrator>(offered()))]
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

/// One of the bank's own systems.
#[derive(Clone, Copy, ValueEnum)]
enum System {
    /// Where the bank lets merchants try things out.
    Test,
    /// Where money moves.
    Production,
}

/// What is set of a POS.
#[derive(Args, Clone)]
pub(super) struct Values {
    /// The name for people.
    #[arg(long)]
    name: Option<String>,
    /// What it is used for; a new POS is AUTOPILOT.
    #[arg(long, ignore_case = true, value_parser = one_of::<PosStatus>(statuses()))]
    status: Option<PosStatus>,
    /// Merchant number at the bank.
    #[arg(long, value_name = "NUMBER")]
    client_id: Option<String>,
    /// Terminal number.
    #[arg(long, value_name = "NUMBER")]
    terminal_id: Option<String>,
    /// PosNet id.
    #[arg(long, value_name = "NUMBER")]
    posnet_id: Option<String>,
    #[command(flatten)]
    threeds_key: ThreedsKey,
    #[command(flatten)]
    users: Users,
    /// Which of the bank's own systems it points at; a new POS points at the test system.
    #[arg(long, conflicts_with = "endpoint")]
    environment: Option<System>,
    /// The mode in the bank's messages, where it is not the environment's own: `P` is production,
    /// anything else test.
    #[arg(long)]
    mode: Option<String>,
    /// Base URL instead of the bank's own: the bank's paths are appended. Its host must be allowed
    /// by --allow-bank-host.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Lower comes first.
    #[arg(long, value_name = "NUMBER")]
    order_number: Option<i32>,
    /// Take cards of foreign issuers.
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "on|off")]
    foreign_cards: Option<bool>,
    /// Take instalments.
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "on|off")]
    installments: Option<bool>,
    /// Take payments without CVC, and so stored cards.
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "on|off")]
    without_cvc: Option<bool>,
    /// Ask and spend points and campaigns.
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_parser = BoolishValueParser::new(), value_name = "on|off")]
    loyalty: Option<bool>,
    /// How payments may be authenticated, comma-separated; a new POS takes THREE_DS alone.
    #[arg(long, value_delimiter = ',', ignore_case = true, value_parser = one_of::<PaymentAuthenticationType>(PaymentAuthenticationType::ALL.iter().map(|one| one.as_str())))]
    authentication: Vec<PaymentAuthenticationType>,
}

/// The banks whose protocol is spoken.
fn offered() -> impl Iterator<Item = &'static str> {
    connectors::directory::all_rows()
        .iter()
        .filter(|row| row.protocol.is_some())
        .map(|row| row.integrator.as_str())
}

/// Every status but the one of deleted POSes.
fn statuses() -> impl Iterator<Item = &'static str> {
    let all = PosStatus::ALL.iter();
    all.filter(|status| **status != PosStatus::Deleted)
        .map(|status| status.as_str())
}

/// Runs a command.
pub(super) async fn run(command: Pos) -> Result<(), Failed> {
    let by = By::operator();
    match command {
        Pos::Create(create) => self::create(create).await,
        Pos::Edit(edit) => change(edit).await,
        Pos::Activate(which) => set_active(&which, true).await,
        Pos::Deactivate(which) => set_active(&which, false).await,
        Pos::Test(which) => {
            let test =
                async |app: &App| Ok(setup::test_pos(app, &by, which.merchant, which.id).await?);
            tell_tested(
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
    let mut table = Table::new(&[
        "id",
        "alias",
        "integrator",
        "status",
        "environment",
        "currency",
        "authentication",
        "installments",
        "loyalty",
        "without cvc",
        "foreign cards",
        "endpoint",
        "name",
    ]);
    for pos in poses {
        let at = &pos.settings;
        table.row([
            json!(pos.id),
            json!(pos.alias),
            json!(pos.integrator),
            json!(pos.status),
            json!(environment(pos)),
            json!(pos.currency),
            json!(at.authentication_types),
            json!(at.enable_installment),
            json!(at.enable_loyalty),
            json!(at.enable_payment_without_cvc),
            json!(at.enable_foreign_card),
            json!(setup::base_of(pos)),
            json!(pos.name),
        ]);
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
pub(super) fn tell_tested(tested: &setup::Tested, left_out: &str) -> Result<(), Failed> {
    let outcome = if tested.ok() { "works" } else { "failed" };
    say(format_args!("{outcome}  {} ms", tested.took_ms))?;
    say(tested.said(Language::En))?;
    if !tested.detail.is_empty() {
        say(&tested.detail)?;
    }
    match tested.ok() {
        true => say(left_out),
        false => Err(StartError::new("the connection cannot be used", "").into()),
    }
}

async fn set_active(which: &One, active: bool) -> Result<(), Failed> {
    let by = By::operator();
    let set = async |app: &App| {
        Ok(setup::set_pos_active(app, &by, which.merchant, which.id, active).await?)
    };
    let pos = which.run(set).await?;
    say(format_args!("pos {} is {}", pos.id, pos.status))
}

/// Where the options point a POS; nothing where they do not say.
fn endpoint(values: &Values, integrator: PosIntegrator) -> Result<Option<Endpoint>, Problem> {
    match (&values.endpoint, values.environment) {
        (Some(base), _) => setup::endpoint_behind(integrator, base).map(Some),
        (None, Some(System::Test)) => setup::endpoint_of(integrator, Environment::Test).map(Some),
        (None, Some(System::Production)) => {
            setup::endpoint_of(integrator, Environment::Production).map(Some)
        }
        (None, None) => Ok(None),
    }
}

async fn create(create: Create) -> Result<(), Failed> {
    let integrator = create.integrator;
    let mut endpoint = endpoint(&create.values, integrator)?;
    if create.values.mode.is_some() {
        let own = || setup::endpoint_of(integrator, setup::NEW_POS_ENVIRONMENT);
        let mut with_mode = endpoint.map_or_else(own, Ok)?;
        with_mode.mode = create.values.mode.clone();
        endpoint = Some(with_mode);
    }
    let request = creation(&create)?;
    let by = By::operator();
    let make = async |app: &App| {
        let pos = setup::create_pos(app, &by, create.merchant, request, endpoint).await?;
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

/// `PROVAUT:name:password`. What was typed is never repeated: it holds a password.
fn user(text: &str) -> Result<(PosOperationType, String, SensitiveText), Failed> {
    let names = PosOperationType::ALL.iter().map(|one| one.as_str());
    let refused = || {
        StartError::new(
            "--user is not OPERATION:NAME:PASSWORD",
            &format!(
                "the operation is one of {}",
                names.clone().collect::<Vec<&str>>().join(", ")
            ),
        )
    };
    let mut parts = text.splitn(3, ':');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(operation), Some(name), Some(password)) => {
            let operation = operation.to_uppercase().parse().map_err(|()| refused())?;
            Ok((operation, name.to_owned(), SensitiveText::new(password)))
        }
        _ => Err(refused().into()),
    }
}

fn creation(create: &Create) -> Result<CreateMerchantPosRequest, Failed> {
    let values = create.values.clone();
    let mut users = Vec::new();
    for text in values.users.read()? {
        let (operation, name, password) = user(&text)?;
        users.push(CreateMerchantPosUser {
            pos_username: Some(name),
            pos_password: Some(password),
            pos_user_type: None,
            pos_operation_type: Some(operation),
        });
    }
    let name = values.name.unwrap_or_else(|| create.integrator.to_string());
    let threeds_key = values.threeds_key.read()?;
    Ok(CreateMerchantPosRequest {
        status: values.status,
        name: Some(name),
        client_id: values.client_id,
        currency: Some(create.currency),
        posnet_id: values.posnet_id,
        terminal_id: values.terminal_id,
        threeds_key: threeds_key.as_deref().map(SensitiveText::new),
        enable_foreign_card: values.foreign_cards,
        enable_installment: values.installments,
        enable_payment_without_cvc: values.without_cvc,
        enable_loyalty: values.loyalty,
        order_number: values.order_number,
        pos_integrator: Some(create.integrator),
        enabled_payment_authentication_types: given(values.authentication),
        merchant_pos_users: Some(users),
        ..CreateMerchantPosRequest::default()
    })
}

fn given<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn changes(values: &Values) -> Result<UpdateMerchantPosRequest, Failed> {
    let values = values.clone();
    let mut users = Vec::new();
    for text in values.users.read()? {
        let (operation, name, password) = user(&text)?;
        users.push(UpdateMerchantPosUser {
            id: None,
            pos_username: Some(name),
            pos_password: Some(password),
            pos_user_type: None,
            pos_operation_type: Some(operation),
        });
    }
    let threeds_key = values.threeds_key.read()?;
    Ok(UpdateMerchantPosRequest {
        name: values.name,
        client_id: values.client_id,
        mode: values.mode,
        posnet_id: values.posnet_id,
        terminal_id: values.terminal_id,
        threeds_key: threeds_key.as_deref().map(SensitiveText::new),
        enable_foreign_card: values.foreign_cards,
        enable_installment: values.installments,
        enable_payment_without_cvc: values.without_cvc,
        enable_loyalty: values.loyalty,
        order_number: values.order_number,
        enabled_payment_authentication_types: given(values.authentication),
        merchant_pos_users: given(users),
        ..UpdateMerchantPosRequest::default()
    })
}

async fn change(edit: Edit) -> Result<(), Failed> {
    let (by, merchant, id) = (By::operator(), edit.which.merchant, edit.which.id);
    let request = changes(&edit.values)?;
    let status = edit.values.status;
    let (pos, is_same) = edit
        .which
        .run(async |app| {
            let known = poses::one_of_merchant(app, merchant, id).await;
            let known = known.map_err(Problem::from)?;
            let known = known.ok_or_else(|| Problem::rule(Rule::PosNotFound))?;
            let endpoint = endpoint(&edit.values, known.integrator)?;
            let changed = setup::edit_pos(app, &by, merchant, id, request, |pos| {
                pos.status = status.unwrap_or(pos.status);
                if let Some(endpoint) = &endpoint {
                    setup::point_at(pos, endpoint.clone());
                }
            });
            let pos = changed.await?;
            let is_same = merchant_poses::is_same(&known, &pos);
            Ok((pos, is_same))
        })
        .await?;
    let what = match is_same {
        true => "is as it was, nothing was to change",
        false => "is changed",
    };
    say(format_args!(
        "pos {id} {what}: {}, {}",
        pos.status,
        setup::base_of(&pos)
    ))
}
