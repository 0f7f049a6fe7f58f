//! `/merchant/v1/merchant-poses`: a merchant's accounts at banks. What a bank needs is data in the
//! connectors (`connectors::account`); nothing here names one.

mod address;
mod commissions;
mod switches;
mod values;
mod view;

pub use address::{Endpoint, check_host};
pub use commissions::{
    RATES, RateField, Table, change_commissions, commission_view, commissions, list_commissions,
};
pub use switches::{Offered, SWITCHES, Switch, offered, offered_at};
pub use values::MASK;
pub use view::view;

use super::change::{self, Audited, Change, Changed};
use super::{Actor, Caller, Permission, Problem, TOP, check};
use crate::app::App;
use crate::engine::claims::Claims;
use crate::search_text::folded;
use crate::store::db::Commit;
use crate::store::poses::{self, Pos, PosCredentials, PosSettings, ThreedsModel};
use connectors::account::{self, Options};
use connectors::directory::{self, BankRow};
use contract::enums::{Currency, PaymentAuthenticationType, PosIntegrator, PosStatus};
use contract::envelope::Items;
use contract::merchant_poses::{
    CreateMerchantPosRequest, MerchantPosResponse, SearchMerchantPosRequest,
    UpdateMerchantPosRequest, UpdateMerchantPosUser,
};
use contract::rules::Rule;
use serde_json::Value as Json;

/// POSes that a merchant may have.
const POSES_MAX: usize = 200;

/// A POS that is to be made: what cannot be changed later, and the rest as a change sends it.
#[derive(Default)]
pub struct NewPos {
    /// The bank's integration, which must be there.
    pub integrator: Option<PosIntegrator>,
    /// Lira when it is not said.
    pub currency: Option<Currency>,
    /// Autopilot when it is not said.
    pub status: Option<PosStatus>,
    /// The one whose money is taken when the shop completes when it is not said. No request of the API says it.
    pub threeds_model: Option<ThreedsModel>,
    /// What is chosen of its bank's options. No request of the API says it.
    pub options: Options,
    /// Everything else.
    pub values: UpdateMerchantPosRequest,
}

impl From<CreateMerchantPosRequest> for NewPos {
    fn from(mut request: CreateMerchantPosRequest) -> NewPos {
        let mut values = account::sent_values(&mut request);
        for switch in &SWITCHES {
            *(switch.sent)(&mut values) = (switch.created)(&request);
        }
        let users = request.merchant_pos_users.map(|users| {
            let users = users.into_iter().map(|user| UpdateMerchantPosUser {
                id: None,
                pos_username: user.pos_username,
                pos_password: user.pos_password,
                pos_user_type: user.pos_user_type,
                pos_operation_type: user.pos_operation_type,
            });
            users.collect()
        });
        NewPos {
            integrator: request.pos_integrator,
            currency: request.currency,
            status: request.status,
            threeds_model: None,
            options: Options::default(),
            values: UpdateMerchantPosRequest {
                name: request.name,
                order_number: request.order_number,
                enabled_payment_authentication_types: request.enabled_payment_authentication_types,
                merchant_pos_users: users,
                ..values
            },
        }
    }
}

/// `POST /merchant/v1/merchant-poses`.
pub async fn create(
    app: &App,
    caller: &Caller,
    request: CreateMerchantPosRequest,
) -> Result<MerchantPosResponse, Problem> {
    let pos = create_pos(app, &caller.by, &caller.claims, request.into(), None).await?;
    Ok(view(&pos))
}

/// Creates a POS at its bank's own address, or at `endpoint`.
pub async fn create_pos(
    app: &App,
    by: &Actor,
    claims: &Claims,
    new: NewPos,
    endpoint: Option<Endpoint>,
) -> Result<Pos, Problem> {
    const ACTION: &str = "pos.create";
    let merchant_id = claims.merchant_id;
    by.require(app, merchant_id, Permission::ChangeAccounts, ACTION, "")
        .await?;
    let integrator = TOP.required("posIntegrator", new.integrator)?;
    let row = directory::row(integrator).filter(|row| row.protocol.is_some());
    let row = row.ok_or_else(|| {
        let values = [("field", "posIntegrator"), ("type", integrator.as_str())];
        Problem::with(Rule::PosIntegratorNotOffered, &values)
    })?;
    let status = new.status.unwrap_or(PosStatus::Autopilot);
    // What is not offered is told before any other field is asked for.
    let mut pos = Pos {
        status: new_status(status)?,
        name: TOP.name("name", new.values.name.as_deref())?,
        currency: new.currency.unwrap_or(Currency::Try),
        ..blank(row, merchant_id, app.next_id(), endpoint)
    };
    pos.settings.threeds_model = new.threeds_model.unwrap_or_default();
    pos.options = new.options;
    values::apply(app, &mut pos, new.values)?;
    if poses::of_merchant(app, merchant_id).await?.len() >= POSES_MAX {
        let rule = Rule::TooManyItems;
        return Err(Problem::limit(rule, "merchantPoses", "max", POSES_MAX));
    }
    values::require_complete(&pos)?;
    address::require_allowed(app, row, &pos.settings)?;
    let mut commit = Commit::new(merchant_id, pos.id);
    claims.write(app, None, &mut commit);
    poses::insert(app, &pos, &mut commit);
    let (target, made) = (pos.id.to_string(), (Json::Null, pos.snapshot(None)));
    by.note(app, merchant_id, ACTION, &target, made, &mut commit);
    let otherwise = Problem::unavailable("a new POS's alias was taken");
    let written = app.db.commit(commit).await;
    written.map_err(|error| claims.refused(error, otherwise))?;
    Ok(pos)
}

/// A POS with nothing of its own yet.
fn blank(row: &BankRow, merchant_id: i64, id: i64, endpoint: Option<Endpoint>) -> Pos {
    let at = endpoint.unwrap_or_else(|| Endpoint::of_bank(row));
    let integrator = row.integrator.as_str().to_lowercase();
    Pos {
        merchant_id,
        id,
        alias: format!("{}-{integrator}-{id}", row.bank_id),
        name: String::new(),
        integrator: row.integrator,
        bank_id: row.bank_id,
        status: PosStatus::Autopilot,
        currency: Currency::Try,
        order_number: 1,
        settings: PosSettings {
            scheme: at.scheme,
            hostname: at.hostname,
            port: at.port,
            path: at.path,
            threeds_path: at.threeds_path,
            mode: at.mode.unwrap_or_else(|| "P".to_owned()),
            authentication_types: vec![
                PaymentAuthenticationType::NonThreeDs,
                PaymentAuthenticationType::ThreeDs,
            ],
            ..PosSettings::default()
        },
        options: Options::default(),
        credentials: PosCredentials::default(),
        account_refusal: None,
        threeds_down_since: None,
        non_threeds_down_since: None,
        version: 1,
    }
}

/// `GET /merchant/v1/merchant-poses/{merchantPosId}`.
pub async fn retrieve(app: &App, caller: &Caller, id: i64) -> Result<MerchantPosResponse, Problem> {
    Ok(view(&Pos::load(app, caller.merchant.id, id).await?))
}

/// `GET /merchant/v1/merchant-poses`: the page of POSes that meet the conditions, and how many do.
pub async fn search(
    app: &App,
    caller: &Caller,
    request: SearchMerchantPosRequest,
) -> Result<Items<MerchantPosResponse>, Problem> {
    let (page, size) = check::paging(request.page, request.size)?;
    let holds = |text: &str, part: &Option<String>| {
        part.as_ref()
            .is_none_or(|part| folded(text).contains(&folded(part)))
    };
    let found: Vec<Pos> = poses::of_merchant(app, caller.merchant.id)
        .await?
        .into_iter()
        .filter(|pos| {
            holds(&pos.name, &request.name)
                && holds(&pos.alias, &request.alias)
                && holds(view::bank_name(pos), &request.bank_name)
                && request
                    .currency
                    .is_none_or(|currency| pos.currency == currency)
                && request
                    .enable_installment
                    .is_none_or(|on| pos.settings.enable_installment == on)
                && request
                    .enable_foreign_card
                    .is_none_or(|on| pos.settings.enable_foreign_card == on)
        })
        .collect();
    let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let skip = usize::try_from(page * size).unwrap_or(usize::MAX);
    let take = usize::try_from(size).unwrap_or(0);
    Ok(Items {
        items: found.iter().skip(skip).take(take).map(view).collect(),
        page,
        size,
        total_size: total,
    })
}

/// `PUT /merchant/v1/merchant-poses/{merchantPosId}`: changes what is sent, keeps what is not.
pub async fn update(
    app: &App,
    caller: &Caller,
    id: i64,
    request: UpdateMerchantPosRequest,
) -> Result<MerchantPosResponse, Problem> {
    let edit = |pos: &mut Pos| {
        require_changeable(pos, &request)?;
        set_values(app, pos, request.clone())
    };
    let changed = change_pos(app, &caller.by, &caller.claims, id, "pos.edit", edit).await?;
    Ok(view(&changed.now))
}

/// Refuses an update that means to change what it cannot: a shop that sent another currency would
/// believe that it is another one now. The same value changes nothing.
fn require_changeable(pos: &Pos, request: &UpdateMerchantPosRequest) -> Result<(), Problem> {
    fn keeps<T: PartialEq>(name: &str, sent: &Option<T>, stored: &T) -> Result<(), Problem> {
        let keeps = sent.as_ref().is_none_or(|sent| sent == stored);
        TOP.require(name, Rule::NotChangeable, keeps)
    }
    keeps("status", &request.status, &pos.status)?;
    keeps("currency", &request.currency, &pos.currency)?;
    keeps("posIntegrator", &request.pos_integrator, &pos.integrator)?;
    keeps("alias", &request.alias, &pos.alias)
}

/// Writes what an update sends into a POS, which must be complete and at an allowed host afterwards.
pub fn set_values(
    app: &App,
    pos: &mut Pos,
    request: UpdateMerchantPosRequest,
) -> Result<(), Problem> {
    let place = |pos: &Pos| (pos.settings.hostname.clone(), pos.settings.port);
    let before = place(pos);
    values::apply(app, pos, request)?;
    values::require_complete(pos)?;
    let row = directory::row(pos.integrator).ok_or_else(|| Problem::rule(Rule::PosNotFound))?;
    // No request of the API says the scheme; what stays where it is keeps its own.
    if place(pos) != before {
        pos.settings.scheme = address::scheme_of(row, &pos.settings);
    }
    address::require_allowed(app, row, &pos.settings)
}

/// `PUT /merchant/v1/merchant-poses/{merchantPosId}/status/{posStatus}`.
pub async fn update_status(
    app: &App,
    caller: &Caller,
    id: i64,
    status: &str,
) -> Result<(), Problem> {
    let unknown = |()| Problem::field(Rule::UnknownValue, "posStatus");
    let status: PosStatus = status.parse().map_err(unknown)?;
    if status == PosStatus::Deleted {
        return delete(app, caller, id).await;
    }
    let edit = |pos: &mut Pos| {
        pos.status = status;
        Ok(())
    };
    let changed = change_pos(app, &caller.by, &caller.claims, id, "pos.status", edit);
    changed.await.map(|_| ())
}

/// `DELETE /merchant/v1/merchant-poses/{merchantPosId}`, the same as its status DELETED: it takes no
/// payment and is listed no more. Its payments stay and what is under way on it goes on; its alias is
/// not used again.
pub async fn delete(app: &App, caller: &Caller, id: i64) -> Result<(), Problem> {
    delete_pos(app, &caller.by, &caller.claims, id).await
}

/// Deletes a POS.
pub async fn delete_pos(app: &App, by: &Actor, claims: &Claims, id: i64) -> Result<(), Problem> {
    let edit = |pos: &mut Pos| {
        pos.status = PosStatus::Deleted;
        Ok(())
    };
    let changed = change_pos(app, by, claims, id, "pos.delete", edit);
    changed.await.map(|_| ())
}

/// Changes a POS; `edit` sees it as it is stored.
pub async fn change_pos(
    app: &App,
    by: &Actor,
    claims: &Claims,
    id: i64,
    action: &'static str,
    edit: impl Fn(&mut Pos) -> Result<(), Problem>,
) -> Result<Changed<Pos>, Problem> {
    let what = Change {
        by,
        claims,
        permission: Permission::ChangeAccounts,
        action,
        id,
    };
    let edit = |pos: &mut Pos| {
        let was = pos.status;
        edit(pos)?;
        remember_status(was, pos);
        Ok(())
    };
    change::change(app, what, edit).await
}

/// Keeps of a POS that goes out of use what status it had.
fn remember_status(was: PosStatus, pos: &mut Pos) {
    let before = &mut pos.settings.status_before;
    match (was, pos.status) {
        (PosStatus::Passive, PosStatus::Passive) => {}
        (was, PosStatus::Passive) => *before = Some(was),
        _ => *before = None,
    }
}

impl Audited for Pos {
    async fn load(app: &App, merchant_id: i64, id: i64) -> Result<Pos, Problem> {
        let pos = poses::one_of_merchant(app, merchant_id, id).await?;
        pos.filter(|pos| pos.status != PosStatus::Deleted)
            .ok_or_else(|| Problem::rule(Rule::PosNotFound))
    }

    fn save(&self, app: &App, commit: &mut Commit) {
        poses::save(app, self, commit);
    }

    fn snapshot(&self, before: Option<&Pos>) -> Json {
        view::audit_snapshot(self, before)
    }
}

/// A POS is not made to be deleted.
fn new_status(status: PosStatus) -> Result<PosStatus, Problem> {
    TOP.require("status", Rule::UnknownValue, status != PosStatus::Deleted)?;
    Ok(status)
}
