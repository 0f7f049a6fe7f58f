//! `galata pos …`.
#![expect(
    clippy::print_stdout,
    reason = "commands speak to a person through standard output"
)]

use super::Failed;
use super::options::Store;
use crate::app::App;
use crate::operations::By;
use crate::operations::Problem;
use crate::operations::merchant_poses::Endpoint;
use crate::setup::{self, Environment};
use crate::start;
use crate::store::poses;
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

/// Accounts at banks.
#[derive(Subcommand)]
pub(super) enum Pos {
    /// Make a POS.
    Create(Create),
    /// Change a POS; what is not given is kept.
    Edit(Edit),
    /// Ask the bank about an order that cannot exist: proves address, numbers and user.
    Test(Which),
    /// Try a POS earlier (up) or later (down) than its neighbour.
    Move(Move),
    /// List a merchant's POSes.
    List(List),
}

/// Which POS.
#[derive(Args)]
pub(super) struct Which {
    #[command(flatten)]
    store: Store,
    /// The merchant's id.
    #[arg(long)]
    merchant: i64,
    /// The POS's id.
    #[arg(long)]
    id: i64,
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
    which: Which,
    /// Up or down.
    direction: Direction,
}

/// Options of `create`.
#[derive(Args)]
pub(super) struct Create {
    #[command(flatten)]
    store: Store,
    /// The merchant's id.
    #[arg(long)]
    merchant: i64,
    /// The bank's integration: GARANTI, YKB.
    #[arg(long)]
    integrator: String,
    /// The one currency it takes.
    #[arg(long, default_value = "TRY")]
    currency: String,
    #[command(flatten)]
    values: Values,
}

/// Options of `edit`.
#[derive(Args)]
pub(super) struct Edit {
    #[command(flatten)]
    store: Store,
    /// The merchant's id.
    #[arg(long)]
    merchant: i64,
    /// The POS's id.
    #[arg(long)]
    id: i64,
    #[command(flatten)]
    values: Values,
}

/// Options of `list`.
#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    store: Store,
    /// The merchant's id.
    #[arg(long)]
    merchant: i64,
}

/// What is set of a POS.
#[derive(Args, Clone)]
pub(super) struct Values {
    /// The name for people.
    #[arg(long)]
    name: Option<String>,
    /// ACTIVE, AUTOPILOT, PASSIVE or REFUND_ONLY.
    #[arg(long)]
    status: Option<String>,
    /// Merchant number at the bank.
    #[arg(long)]
    client_id: Option<String>,
    /// Terminal number.
    #[arg(long)]
    terminal_id: Option<String>,
    /// PosNet id.
    #[arg(long)]
    posnet_id: Option<String>,
    /// Key of 3DS forms and MACs.
    #[arg(long, env = "GALATA_POS_THREEDS_KEY", hide_env_values = true)]
    threeds_key: Option<String>,
    /// An API user at the bank: `PROVAUT:name:password`. May be given several times; the list
    /// replaces the one before.
    #[arg(long = "user", value_parser = user)]
    users: Vec<(String, String, String)>,
    /// `P` is production, anything else test.
    #[arg(long)]
    mode: Option<String>,
    /// Base URL instead of the bank's own: the bank's paths are appended. Its host must be allowed
    /// by --allow-bank-host.
    #[arg(long)]
    endpoint: Option<String>,
    /// Lower comes first.
    #[arg(long)]
    order_number: Option<i32>,
    /// Take cards of foreign issuers.
    #[arg(long)]
    foreign_cards: Option<bool>,
    /// Take instalments.
    #[arg(long)]
    installments: Option<bool>,
    /// Take payments without CVC, and so stored cards.
    #[arg(long)]
    without_cvc: Option<bool>,
    /// Ask and spend points and campaigns.
    #[arg(long)]
    loyalty: Option<bool>,
    /// THREE_DS, NON_THREE_DS; comma-separated.
    #[arg(long, value_delimiter = ',')]
    authentication: Vec<String>,
}

fn user(text: &str) -> Result<(String, String, String), String> {
    let mut parts = text.splitn(3, ':').map(str::to_owned);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(operation), Some(name), Some(password)) => Ok((operation, name, password)),
        _ => Err("write OPERATION:name:password".to_owned()),
    }
}

/// Runs a command.
pub(super) async fn run(command: Pos) -> Result<(), Failed> {
    let store = match &command {
        Pos::Create(create) => create.store.clone(),
        Pos::Edit(edit) => edit.store.clone(),
        Pos::Test(which) => which.store.clone(),
        Pos::Move(order) => order.which.store.clone(),
        Pos::List(list) => list.store.clone(),
    };
    let app = store.open().await?;
    let outcome = carried_out(&app, command).await;
    start::close(&app).await;
    Ok(outcome?)
}

async fn carried_out(app: &App, command: Pos) -> Result<(), Problem> {
    match command {
        Pos::Create(create) => {
            let integrator: PosIntegrator = parsed("integrator", &create.integrator)?;
            let endpoint = create
                .values
                .endpoint
                .as_deref()
                .map(|base| setup::endpoint_behind(integrator, base))
                .transpose()?;
            let endpoint = match (endpoint, create.values.mode.clone()) {
                (endpoint, None) => endpoint,
                (endpoint, mode) => Some(Endpoint {
                    mode,
                    ..match endpoint {
                        Some(endpoint) => endpoint,
                        None => setup::endpoint_of(integrator, Environment::Production)?,
                    }
                }),
            };
            let request = creation(&create, integrator)?;
            let pos =
                setup::create_pos(app, &By::operator(), create.merchant, request, endpoint).await?;
            println!("pos    {}\nalias  {}", pos.id, pos.alias);
            Ok(())
        }
        Pos::Edit(edit) => change(app, edit).await,
        Pos::Test(which) => {
            let by = By::operator();
            let tested = setup::test_pos(app, &by, which.merchant, which.id).await?;
            print_tested(&tested);
            Ok(())
        }
        Pos::Move(Move { which, direction }) => {
            let up = matches!(direction, Direction::Up);
            setup::move_pos(app, &By::operator(), which.merchant, which.id, up).await
        }
        Pos::List(list) => {
            for pos in poses::of_merchant(app, list.merchant).await? {
                let at = &pos.settings;
                println!(
                    "{}\t{}\t{}\t{}\t{}://{}:{}",
                    pos.id, pos.alias, pos.status, pos.name, at.scheme, at.hostname, at.port
                );
            }
            Ok(())
        }
    }
}

/// How a connection test went.
pub(super) fn print_tested(tested: &setup::Tested) {
    let outcome = if tested.ok() { "works" } else { "failed" };
    println!("{outcome}  {} ms", tested.took_ms);
    println!("{}", tested.said(Language::En));
    if !tested.detail.is_empty() {
        println!("{}", tested.detail);
    }
}

fn parsed<T: std::str::FromStr>(field: &str, text: &str) -> Result<T, Problem> {
    text.parse()
        .map_err(|_| Problem::field(Rule::UnknownValue, field))
}

fn authentication(values: &Values) -> Result<Option<Vec<PaymentAuthenticationType>>, Problem> {
    match values.authentication.is_empty() {
        true => Ok(None),
        false => values
            .authentication
            .iter()
            .map(|text| parsed("authentication", text))
            .collect::<Result<_, _>>()
            .map(Some),
    }
}

fn creation(
    create: &Create,
    integrator: PosIntegrator,
) -> Result<CreateMerchantPosRequest, Problem> {
    let values = create.values.clone();
    let users = values.users.iter().map(|(operation, name, password)| {
        Ok(CreateMerchantPosUser {
            pos_username: Some(name.clone()),
            pos_password: Some(SensitiveText::new(password.as_str())),
            pos_user_type: None,
            pos_operation_type: Some(parsed::<PosOperationType>("user", operation)?),
        })
    });
    Ok(CreateMerchantPosRequest {
        status: values
            .status
            .as_deref()
            .map(|text| parsed("status", text))
            .transpose()?,
        name: Some(
            values
                .name
                .clone()
                .unwrap_or_else(|| create.integrator.clone()),
        ),
        client_id: values.client_id.clone(),
        currency: Some(parsed::<Currency>("currency", &create.currency)?),
        posnet_id: values.posnet_id.clone(),
        terminal_id: values.terminal_id.clone(),
        threeds_posnet_id: None,
        threeds_terminal_id: None,
        threeds_key: values.threeds_key.as_deref().map(SensitiveText::new),
        enable_foreign_card: values.foreign_cards,
        enable_installment: values.installments,
        enable_payment_without_cvc: values.without_cvc,
        enable_loyalty: values.loyalty,
        new_integration: None,
        order_number: values.order_number,
        pos_integrator: Some(integrator),
        enabled_payment_authentication_types: authentication(&values)?,
        merchant_pos_users: Some(users.collect::<Result<_, Problem>>()?),
    })
}

async fn change(app: &App, edit: Edit) -> Result<(), Problem> {
    let values = edit.values;
    let users = values.users.iter().map(|(operation, name, password)| {
        Ok(UpdateMerchantPosUser {
            id: None,
            pos_username: Some(name.clone()),
            pos_password: Some(SensitiveText::new(password.as_str())),
            pos_user_type: None,
            pos_operation_type: Some(parsed::<PosOperationType>("user", operation)?),
        })
    });
    let users: Vec<UpdateMerchantPosUser> = users.collect::<Result<_, Problem>>()?;
    let request = UpdateMerchantPosRequest {
        name: values.name.clone(),
        client_id: values.client_id.clone(),
        mode: values.mode.clone(),
        posnet_id: values.posnet_id.clone(),
        terminal_id: values.terminal_id.clone(),
        threeds_key: values.threeds_key.as_deref().map(SensitiveText::new),
        enable_foreign_card: values.foreign_cards,
        enable_installment: values.installments,
        enable_payment_without_cvc: values.without_cvc,
        enable_loyalty: values.loyalty,
        order_number: values.order_number,
        enabled_payment_authentication_types: authentication(&values)?,
        merchant_pos_users: (!users.is_empty()).then_some(users),
        ..UpdateMerchantPosRequest::default()
    };
    let status: Option<PosStatus> = values
        .status
        .as_deref()
        .map(|text| parsed("status", text))
        .transpose()?;
    let Some(known) = poses::one_of_merchant(app, edit.merchant, edit.id).await? else {
        return Err(Problem::rule(Rule::PosNotFound));
    };
    let endpoint = values
        .endpoint
        .as_deref()
        .map(|base| setup::endpoint_behind(known.integrator, base))
        .transpose()?;
    setup::edit_pos(
        app,
        &By::operator(),
        edit.merchant,
        edit.id,
        request,
        |pos| {
            pos.status = status.unwrap_or(pos.status);
            if let Some(endpoint) = &endpoint {
                setup::point_at(pos, endpoint.clone());
            }
        },
    )
    .await
    .map(|_| ())
}
