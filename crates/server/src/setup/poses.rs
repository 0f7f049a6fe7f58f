//! POSes: what commands and panel set beyond the API, which is where an account points.

use super::{merchant, no_claims, written};
use crate::app::App;
use crate::operations::merchant_poses::{self, Endpoint, NewPos};
use crate::operations::{Actor, Audited, Changed, Permission, Problem, TOP, changed_meanwhile};
use crate::store::autopilot;
use crate::store::db::Commit;
use crate::store::poses::{self, Pos};
use connectors::directory;
use contract::enums::{PaymentAuthenticationType, PosIntegrator, PosStatus};
use contract::merchant_poses::{CreateMerchantPosRequest, UpdateMerchantPosRequest};
use contract::rules::Rule;
use serde_json::Value as Json;

/// The autopilot's changes that are listed.
const AUTOPILOT_CHANGES_MAX: i64 = 200;

/// A merchant's POSes, in the order in which they are tried.
pub async fn poses_of(app: &App, by: &Actor, merchant_id: i64) -> Result<Vec<Pos>, Problem> {
    let permission = Permission::LookAtSettings;
    by.require(app, merchant_id, permission, "pos.look", "")
        .await?;
    Ok(poses::of_merchant(app, merchant_id).await?)
}

/// What the autopilot did, the newest first.
pub async fn autopilot_changes(
    app: &App,
    by: &Actor,
    merchant_id: i64,
) -> Result<Vec<autopilot::Change>, Problem> {
    let permission = Permission::LookAtSettings;
    by.require(app, merchant_id, permission, "pos.look", "autopilot")
        .await?;
    Ok(autopilot::of_merchant(app, merchant_id, AUTOPILOT_CHANGES_MAX).await?)
}

/// One of a merchant's POSes that is not deleted.
pub async fn pos_of(app: &App, by: &Actor, merchant_id: i64, id: i64) -> Result<Pos, Problem> {
    let permission = Permission::LookAtSettings;
    by.require(app, merchant_id, permission, "pos.look", &id.to_string())
        .await?;
    Pos::load(app, merchant_id, id).await
}

/// Another POS with the same numbers at the same bank. One for each currency is nothing special.
pub async fn same_terminal(app: &App, pos: &Pos) -> Result<Option<Pos>, Problem> {
    let of = |pos: &Pos| {
        let numbers = &pos.settings.numbers;
        let numbers = (numbers.client_id.clone(), numbers.terminal_id.clone());
        (pos.integrator, pos.currency, numbers)
    };
    let mut all = poses::of_merchant(app, pos.merchant_id).await?.into_iter();
    Ok(all.find(|other| other.id != pos.id && of(other) == of(pos)))
}

/// Where a new POS points, so that no money is taken by accident.
pub const NEW_POS_ENVIRONMENT: Environment = Environment::Test;
/// How payments are authenticated on a new POS: without 3DS the shop bears the fraud.
pub const NEW_POS_AUTHENTICATION: [PaymentAuthenticationType; 1] =
    [PaymentAuthenticationType::ThreeDs];

/// Makes a POS of a request of the API, as [`add_pos`] does.
pub async fn create_pos(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    request: CreateMerchantPosRequest,
    endpoint: Option<Endpoint>,
) -> Result<Pos, Problem> {
    add_pos(app, by, merchant_id, request.into(), endpoint).await
}

/// Makes a POS. What is not said is careful: the bank's test system, 3DS only, and no instalments,
/// rewards, foreign cards or payments without CVC.
pub async fn add_pos(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    mut new: NewPos,
    endpoint: Option<Endpoint>,
) -> Result<Pos, Problem> {
    merchant(app, merchant_id).await?;
    let authentication = &mut new.values.enabled_payment_authentication_types;
    authentication.get_or_insert_with(|| NEW_POS_AUTHENTICATION.to_vec());
    // Of a bank that is not offered the operation says so.
    let own = |bank| endpoint_of(bank, NEW_POS_ENVIRONMENT).ok();
    let endpoint = endpoint.or_else(|| new.integrator.and_then(own));
    merchant_poses::create_pos(app, by, &no_claims(merchant_id), new, endpoint).await
}

/// Takes a POS out of use, or gives it back the status that it had before.
pub async fn set_pos_active(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    id: i64,
    active: bool,
) -> Result<Pos, Problem> {
    let edit = |pos: &mut Pos| {
        pos.status = match (active, pos.status) {
            (false, _) => PosStatus::Passive,
            (true, PosStatus::Passive) => {
                pos.settings.status_before.unwrap_or(PosStatus::Autopilot)
            }
            (true, status) => status,
        };
        Ok(())
    };
    let claims = no_claims(merchant_id);
    let changed = merchant_poses::change_pos(app, by, &claims, id, "pos.status", edit).await?;
    Ok(changed.now)
}

/// Changes a POS: by `change`, then by what `request` sends.
pub async fn edit_pos(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    id: i64,
    request: UpdateMerchantPosRequest,
    change: impl Fn(&mut Pos),
) -> Result<Changed<Pos>, Problem> {
    let edit = |pos: &mut Pos| {
        change(pos);
        merchant_poses::set_values(app, pos, request.clone())
    };
    merchant_poses::change_pos(app, by, &no_claims(merchant_id), id, "pos.edit", edit).await
}

/// Where an account of a bank points when it is at `base` instead of its own address: the bank's
/// own paths behind it. `base` is `http://127.0.0.1:8081/bank`, say.
pub fn endpoint_behind(integrator: PosIntegrator, base: &str) -> Result<Endpoint, Problem> {
    let refused = || Problem::field(Rule::NotAUrl, "endpoint");
    let url = TOP.base("endpoint", base)?;
    let row = directory::row(integrator).ok_or_else(refused)?;
    let prefix = url.path().trim_end_matches('/');
    Ok(Endpoint {
        scheme: url.scheme().to_owned(),
        hostname: url.host_str().ok_or_else(refused)?.to_owned(),
        port: url.port_or_known_default().ok_or_else(refused)?,
        path: format!("{prefix}{}", row.path),
        threeds_path: format!("{prefix}{}", row.threeds_path),
        mode: None,
    })
}

/// A bank's own systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Environment {
    /// Where the bank lets merchants try things out.
    Test,
    /// Where money moves.
    Production,
}

/// The address of a bank's own system.
pub fn endpoint_of(
    integrator: PosIntegrator,
    environment: Environment,
) -> Result<Endpoint, Problem> {
    let row = directory::row(integrator)
        .ok_or_else(|| Problem::field(Rule::UnknownValue, "posIntegrator"))?;
    let (hostname, mode) = match environment {
        Environment::Production => (row.hostname, "P"),
        Environment::Test => (row.test_hostname, "T"),
    };
    Ok(Endpoint {
        scheme: "https".to_owned(),
        hostname: hostname.to_owned(),
        port: row.port,
        path: row.path.to_owned(),
        threeds_path: row.threeds_path.to_owned(),
        mode: Some(mode.to_owned()),
    })
}

/// Which of the bank's own systems a POS points at; `None` when it is another address.
pub fn environment_of(pos: &Pos) -> Option<Environment> {
    let row = directory::row(pos.integrator)?;
    let at = &pos.settings;
    let own_place = at.scheme == "https" && at.port == row.port && at.path == row.path;
    match (own_place, at.hostname.as_str()) {
        (true, host) if host == row.hostname => Some(Environment::Production),
        (true, host) if host == row.test_hostname => Some(Environment::Test),
        _ => None,
    }
}

/// The base under which a POS's paths stand, as [`endpoint_behind`] takes it.
pub fn base_of(pos: &Pos) -> String {
    let at = &pos.settings;
    let own_path = directory::row(pos.integrator).map_or("", |row| row.path);
    let prefix = at.path.strip_suffix(own_path).unwrap_or(&at.path);
    let standard = if at.scheme == "https" { 443 } else { 80 };
    if at.port == standard {
        format!("{}://{}{prefix}", at.scheme, at.hostname)
    } else {
        format!("{}://{}:{}{prefix}", at.scheme, at.hostname, at.port)
    }
}

/// Points a POS at an address.
pub fn point_at(pos: &mut Pos, endpoint: Endpoint) {
    let at = &mut pos.settings;
    (at.scheme, at.hostname, at.port) = (endpoint.scheme, endpoint.hostname, endpoint.port);
    (at.path, at.threeds_path) = (endpoint.path, endpoint.threeds_path);
    if let Some(mode) = endpoint.mode {
        at.mode = mode;
    }
}

/// Moves a POS one place up or down in the order in which POSes are tried, and numbers the POSes
/// anew. At the end of the list nothing moves.
pub async fn move_pos(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    id: i64,
    up: bool,
) -> Result<(), Problem> {
    const ACTION: &str = "pos.order";
    let target = id.to_string();
    let permission = Permission::ChangeAccounts;
    by.require(app, merchant_id, permission, ACTION, &target)
        .await?;
    let mut order = poses::of_merchant(app, merchant_id).await?;
    let Some(place) = order.iter().position(|pos| pos.id == id) else {
        return Err(Problem::rule(Rule::PosNotFound));
    };
    let other = if up {
        place.checked_sub(1)
    } else {
        Some(place + 1).filter(|next| *next < order.len())
    };
    let Some(other) = other else { return Ok(()) };
    let before = numbers(&order);
    order.swap(place, other);
    let mut commit = Commit::new(merchant_id, id);
    for (pos, number) in order.iter_mut().zip(1i64..) {
        if pos.order_number != number {
            pos.order_number = number;
            poses::save(app, pos, &mut commit);
        }
    }
    let change = (before, numbers(&order));
    by.note(app, merchant_id, ACTION, &target, change, &mut commit);
    // "One place up" is said of the order that was seen: it is not done to another one.
    written(app, commit, changed_meanwhile).await
}

/// Places by alias, for the audit log.
fn numbers(poses: &[Pos]) -> Json {
    poses
        .iter()
        .map(|pos| (pos.alias.clone(), Json::from(pos.order_number)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
