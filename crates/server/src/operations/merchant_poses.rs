//! `/merchant/v1/merchant-poses`: a merchant's accounts at banks.

use super::{By, CHANGES_MAX, Caller, Permission, Problem, check};
use crate::app::App;
use crate::engine::claims::Claims;
use crate::net::listed_as;
use crate::search_text::folded;
use crate::store::db::Commit;
use crate::store::poses::{self, Pos, PosCredentials, PosSettings, PosUser};
use connectors::directory::{self, BankRow};
use contract::card::{Secret, SensitiveText};
use contract::enums::{
    Currency, PaymentAuthenticationType, PaymentPhase, PosIntegrator, PosOperationType, PosStatus,
    PosUserType,
};
use contract::envelope::Items;
use contract::merchant_poses::{
    AutopilotState, CreateMerchantPosRequest, CreateMerchantPosUser, MerchantPosResponse,
    MerchantPosUser, SearchMerchantPosRequest, UpdateMerchantPosRequest, UpdateMerchantPosUser,
};
use contract::rules::Rule;
use serde_json::Value as Json;

/// What passwords and keys look like when they are read. Sent back, it changes nothing.
pub const MASK: &str = "********";
/// POSes that a merchant may have.
const POSES_MAX: usize = 200;

/// Where a POS points, when not at its bank's own address; commands set it.
#[derive(Clone)]
pub struct Endpoint {
    /// `http` or `https`.
    pub scheme: String,
    /// Host.
    pub hostname: String,
    /// Port.
    pub port: u16,
    /// Path of the API.
    pub path: String,
    /// Path of the 3DS page.
    pub threeds_path: String,
    /// `P` is production, anything else test; nothing keeps what is set, and is production in a new
    /// POS.
    pub mode: Option<String>,
}

/// `POST /merchant/v1/merchant-poses`.
pub async fn create(
    app: &App,
    caller: &Caller,
    request: CreateMerchantPosRequest,
) -> Result<MerchantPosResponse, Problem> {
    let pos = created(
        app,
        &caller.by,
        caller.merchant.id,
        &caller.claims,
        request,
        None,
    )
    .await?;
    Ok(view(&pos))
}

/// Creates a POS at its bank's own address, or at `endpoint`.
pub async fn created(
    app: &App,
    by: &By,
    merchant_id: i64,
    claims: &Claims,
    request: CreateMerchantPosRequest,
    endpoint: Option<Endpoint>,
) -> Result<Pos, Problem> {
    by.require(
        app,
        merchant_id,
        Permission::ChangeAccounts,
        "pos.create",
        "",
    )
    .await?;
    let integrator = check::required("posIntegrator", request.pos_integrator)?;
    let row = directory::row(integrator)
        .filter(|row| row.protocol.is_some())
        .ok_or_else(|| {
            Problem::with(
                Rule::PosIntegratorNotOffered,
                &[("field", "posIntegrator"), ("type", integrator.as_str())],
            )
        })?;
    let status = usable_status("status", request.status.unwrap_or(PosStatus::Autopilot))?;
    let name = check::name("name", request.name.as_deref())?;
    let currency = request.currency.unwrap_or(Currency::Try);
    let authentication_types = request
        .enabled_payment_authentication_types
        .unwrap_or_else(|| {
            vec![
                PaymentAuthenticationType::NonThreeDs,
                PaymentAuthenticationType::ThreeDs,
            ]
        });
    let at = endpoint.unwrap_or_else(|| own_endpoint(row));
    let settings = PosSettings {
        scheme: at.scheme,
        hostname: at.hostname,
        port: at.port,
        path: at.path,
        threeds_path: at.threeds_path,
        mode: at.mode.unwrap_or_else(|| "P".to_owned()),
        client_id: short("clientId", request.client_id)?,
        terminal_id: short("terminalId", request.terminal_id)?,
        posnet_id: short("posnetId", request.posnet_id)?,
        threeds_posnet_id: short("threedsPosnetId", request.threeds_posnet_id)?,
        threeds_terminal_id: short("threedsTerminalId", request.threeds_terminal_id)?,
        enable_foreign_card: request.enable_foreign_card.unwrap_or(false),
        enable_installment: request.enable_installment.unwrap_or(false),
        enable_payment_without_cvc: request.enable_payment_without_cvc.unwrap_or(false),
        enable_loyalty: request.enable_loyalty.unwrap_or(false),
        new_integration: request.new_integration.unwrap_or(false),
        associations: Vec::new(),
        authentication_types,
        status_before: None,
    };
    let users = request.merchant_pos_users.unwrap_or_default();
    let users = users
        .into_iter()
        .enumerate()
        .map(|(n, user)| new_user(app, n, user))
        .collect::<Result<_, _>>()?;
    let credentials = PosCredentials {
        threeds_key: secret("threedsKey", request.threeds_key)?.unwrap_or_default(),
        users,
    };
    let existing = poses::of_merchant(app, merchant_id).await?;
    if existing.len() >= POSES_MAX {
        return Err(Problem::limit(
            Rule::TooManyItems,
            "merchantPoses",
            "max",
            POSES_MAX,
        ));
    }
    let id = app.next_id();
    let pos = Pos {
        merchant_id,
        id,
        alias: format!(
            "{}-{}-{id}",
            row.bank_id,
            integrator.as_str().to_lowercase()
        ),
        name,
        integrator,
        bank_id: row.bank_id,
        status,
        currency,
        order_number: order_number(request.order_number)?,
        settings,
        credentials,
        account_refusal: None,
        version: 1,
    };
    complete(&pos)?;
    allowed_host(app, row, &pos.settings)?;
    let mut commit = Commit::new(merchant_id, id);
    claims.write(app, None, &mut commit);
    poses::insert(app, &pos, &mut commit);
    let change = (Json::Null, audit_snapshot(&pos, None));
    by.note(
        app,
        merchant_id,
        "pos.create",
        &id.to_string(),
        change,
        &mut commit,
    );
    let otherwise = Problem::unavailable("a new POS's alias was taken");
    app.db
        .commit(commit)
        .await
        .map_err(|error| claims.refused(error, otherwise))?;
    Ok(pos)
}

/// `GET /merchant/v1/merchant-poses/{merchantPosId}`.
pub async fn retrieve(app: &App, caller: &Caller, id: i64) -> Result<MerchantPosResponse, Problem> {
    Ok(view(&known(app, caller.merchant.id, id).await?))
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
                && holds(bank_name(pos), &request.bank_name)
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
    let phases = request.enabled_payment_phases.as_ref();
    if phases.is_some_and(|phases| *phases != [PaymentPhase::Auth]) {
        return Err(Problem::field(
            Rule::ValueNotOffered,
            "enabledPaymentPhases",
        ));
    }
    let pos = changed(app, &caller.by, &caller.claims, id, "pos.edit", |pos| {
        keeps(pos, &request)?;
        change(app, pos, request.clone())
    })
    .await?;
    Ok(view(&pos))
}

/// Refuses an update that means to change what it cannot: whoever sent another currency would believe
/// that it is another one now. The same value changes nothing.
fn keeps(pos: &Pos, request: &UpdateMerchantPosRequest) -> Result<(), Problem> {
    let others = [
        (
            "status",
            request.status.is_some_and(|sent| sent != pos.status),
        ),
        (
            "currency",
            request.currency.is_some_and(|sent| sent != pos.currency),
        ),
        (
            "posIntegrator",
            request
                .pos_integrator
                .is_some_and(|sent| sent != pos.integrator),
        ),
        (
            "alias",
            request
                .alias
                .as_ref()
                .is_some_and(|sent| *sent != pos.alias),
        ),
    ];
    match others.iter().find(|(_, differs)| *differs) {
        Some((field, _)) => Err(Problem::field(Rule::NotChangeable, field)),
        None => Ok(()),
    }
}

/// Writes the fields that an update sends into a POS.
pub fn change(app: &App, pos: &mut Pos, request: UpdateMerchantPosRequest) -> Result<(), Problem> {
    if let Some(name) = check::optional_name("name", request.name.as_deref())? {
        pos.name = name;
    }
    let at = &mut pos.settings;
    for (field, sent, kept) in [
        ("clientId", request.client_id, &mut at.client_id),
        ("terminalId", request.terminal_id, &mut at.terminal_id),
        ("posnetId", request.posnet_id, &mut at.posnet_id),
        (
            "threedsPosnetId",
            request.threeds_posnet_id,
            &mut at.threeds_posnet_id,
        ),
        (
            "threedsTerminalId",
            request.threeds_terminal_id,
            &mut at.threeds_terminal_id,
        ),
        ("mode", request.mode, &mut at.mode),
        ("hostname", request.hostname, &mut at.hostname),
        ("path", request.path, &mut at.path),
        ("threedsPath", request.threeds_path, &mut at.threeds_path),
    ] {
        if sent.is_some() {
            *kept = short(field, sent)?;
        }
    }
    if let Some(port) = request.port {
        at.port = u16::try_from(port)
            .ok()
            .filter(|p| *p > 0)
            .ok_or_else(|| Problem::range(Rule::OutOfRange, "port", 1, 65_535))?;
    }
    for (sent, kept) in [
        (request.enable_foreign_card, &mut at.enable_foreign_card),
        (request.enable_installment, &mut at.enable_installment),
        (
            request.enable_payment_without_cvc,
            &mut at.enable_payment_without_cvc,
        ),
        (request.enable_loyalty, &mut at.enable_loyalty),
        (request.new_integration, &mut at.new_integration),
    ] {
        *kept = sent.unwrap_or(*kept);
    }
    if let Some(associations) = request.supported_card_associations {
        at.associations = associations;
    }
    if let Some(types) = request.enabled_payment_authentication_types {
        at.authentication_types = types;
    }
    if request.order_number.is_some() {
        pos.order_number = order_number(request.order_number)?;
    }
    if let Some(key) = secret("threedsKey", request.threeds_key)? {
        pos.credentials.threeds_key = key;
    }
    if let Some(users) = request.merchant_pos_users {
        pos.credentials.users = changed_users(app, &pos.credentials.users, users)?;
    }
    complete(pos)?;
    let row = directory::row(pos.integrator).ok_or_else(|| Problem::rule(Rule::PosNotFound))?;
    pos.settings.scheme = scheme_of(row, &pos.settings);
    allowed_host(app, row, &pos.settings)
}

/// `PUT /merchant/v1/merchant-poses/{merchantPosId}/status/{posStatus}`.
pub async fn update_status(
    app: &App,
    caller: &Caller,
    id: i64,
    status: &str,
) -> Result<(), Problem> {
    let status: PosStatus = status
        .parse()
        .map_err(|()| Problem::field(Rule::UnknownValue, "posStatus"))?;
    let status = usable_status("posStatus", status)?;
    changed(app, &caller.by, &caller.claims, id, "pos.status", |pos| {
        pos.status = status;
        Ok(())
    })
    .await
    .map(|_| ())
}

/// Changes a POS and notes in the same commit who did it and what it was. A change that was crossed
/// by another is made again on what that one left, and refused when that happens too often.
pub async fn changed(
    app: &App,
    by: &By,
    claims: &Claims,
    id: i64,
    action: &'static str,
    change: impl Fn(&mut Pos) -> Result<(), Problem>,
) -> Result<Pos, Problem> {
    let (merchant_id, target) = (claims.merchant_id, id.to_string());
    by.require(
        app,
        merchant_id,
        Permission::ChangeAccounts,
        action,
        &target,
    )
    .await?;
    for _ in 0..CHANGES_MAX {
        let before = known(app, merchant_id, id).await?;
        let mut pos = before.clone();
        change(&mut pos)?;
        remember_status(before.status, &mut pos);
        let mut commit = Commit::new(merchant_id, id);
        claims.write(app, None, &mut commit);
        poses::save(app, &pos, &mut commit);
        let noted = (
            audit_snapshot(&before, None),
            audit_snapshot(&pos, Some(&before)),
        );
        by.note(app, merchant_id, action, &target, noted, &mut commit);
        let written = app.db.commit(commit).await;
        match written.map_err(|error| claims.refused(error, Problem::Moved)) {
            Ok(()) => {
                pos.version += 1;
                return Ok(pos);
            }
            Err(Problem::Moved) => {}
            Err(problem) => return Err(problem),
        }
    }
    Err(Problem::rule(Rule::ChangedMeanwhile))
}

/// Keeps of a POS that goes out of use what it was, whoever changes it.
fn remember_status(was: PosStatus, pos: &mut Pos) {
    let before = &mut pos.settings.status_before;
    match (was, pos.status) {
        (PosStatus::Passive, PosStatus::Passive) => {}
        (was, PosStatus::Passive) => *before = Some(was),
        _ => *before = None,
    }
}

/// Whether a change left a POS as it was.
pub fn is_same(before: &Pos, after: &Pos) -> bool {
    audit_snapshot(after, Some(before)) == audit_snapshot(before, None)
}

/// A POS for the audit log: masked as the API shows it, with a word where a secret changed.
fn audit_snapshot(pos: &Pos, before: Option<&Pos>) -> Json {
    let mut settings = serde_json::to_value(view(pos)).unwrap_or(Json::Null);
    if let (Some(before), Some(fields)) = (before, settings.as_object_mut()) {
        if before.credentials.threeds_key.expose() != pos.credentials.threeds_key.expose() {
            fields.insert("threedsKey".to_owned(), Json::from("changed"));
        }
        let password = |id: i64| {
            let mut known = before.credentials.users.iter();
            known
                .find(|user| user.id == id)
                .map(|user| user.password.expose())
        };
        let changed =
            |user: &&PosUser| password(user.id).is_some_and(|p| p != user.password.expose());
        let names: Vec<&str> = pos
            .credentials
            .users
            .iter()
            .filter(changed)
            .map(|user| user.name.as_str())
            .collect();
        if !names.is_empty() {
            fields.insert("passwordsChanged".to_owned(), Json::from(names));
        }
    }
    settings
}

async fn known(app: &App, merchant_id: i64, id: i64) -> Result<Pos, Problem> {
    poses::one_of_merchant(app, merchant_id, id)
        .await?
        .filter(|pos| pos.status != PosStatus::Deleted)
        .ok_or_else(|| Problem::rule(Rule::PosNotFound))
}

/// Deleting has an endpoint of its own, which is not offered yet.
fn usable_status(field: &str, status: PosStatus) -> Result<PosStatus, Problem> {
    match status {
        PosStatus::Deleted => Err(Problem::field(Rule::ValueNotOffered, field)),
        other => Ok(other),
    }
}

fn short(field: &str, value: Option<String>) -> Result<String, Problem> {
    const LONGEST: usize = 200;
    let text = check::text(field, value, LONGEST)?.unwrap_or_default();
    match text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        true => Err(Problem::field(Rule::ControlCharacter, field)),
        false => Ok(text),
    }
}

/// A secret that was sent; nothing when it is absent, empty, or the mask.
fn secret(field: &str, value: Option<SensitiveText>) -> Result<Option<Secret>, Problem> {
    const LONGEST: usize = 1000;
    match value {
        None => Ok(None),
        Some(text) if text.expose().is_empty() || text.expose() == MASK => Ok(None),
        Some(text) if text.expose().len() > LONGEST => {
            Err(Problem::limit(Rule::TooLong, field, "max", LONGEST))
        }
        Some(text) if text.expose().contains('\0') => {
            Err(Problem::field(Rule::ControlCharacter, field))
        }
        Some(text) => Ok(Some(Secret::new(text.expose()))),
    }
}

fn order_number(value: Option<i32>) -> Result<i64, Problem> {
    const HIGHEST: i64 = 1000;
    let number = i64::from(value.unwrap_or(1));
    match (0..=HIGHEST).contains(&number) {
        true => Ok(number),
        false => Err(Problem::range(Rule::OutOfRange, "orderNumber", 0, HIGHEST)),
    }
}

fn new_user(app: &App, position: usize, user: CreateMerchantPosUser) -> Result<PosUser, Problem> {
    let field = |name: &str| format!("merchantPosUsers[{position}].{name}");
    Ok(PosUser {
        id: app.next_id(),
        operation: user
            .pos_operation_type
            .unwrap_or(PosOperationType::Standard),
        name: check::required(
            &field("posUsername"),
            Some(short(&field("posUsername"), user.pos_username)?).filter(|n| !n.is_empty()),
        )?,
        password: check::required(
            &field("posPassword"),
            secret(&field("posPassword"), user.pos_password)?,
        )?,
    })
}

/// The users as an update leaves them: its list, where a known id keeps what was not sent.
fn changed_users(
    app: &App,
    before: &[PosUser],
    sent: Vec<UpdateMerchantPosUser>,
) -> Result<Vec<PosUser>, Problem> {
    let mut users = Vec::with_capacity(sent.len());
    for (position, user) in sent.into_iter().enumerate() {
        let field = |name: &str| format!("merchantPosUsers[{position}].{name}");
        let Some(id) = user.id else {
            let created = CreateMerchantPosUser {
                pos_username: user.pos_username,
                pos_password: user.pos_password,
                pos_user_type: user.pos_user_type,
                pos_operation_type: user.pos_operation_type,
            };
            users.push(new_user(app, position, created)?);
            continue;
        };
        let Some(known) = before.iter().find(|known| known.id == id) else {
            return Err(Problem::field(Rule::InvalidId, field("id")));
        };
        let name = short(&field("posUsername"), user.pos_username)?;
        users.push(PosUser {
            id,
            operation: user.pos_operation_type.unwrap_or(known.operation),
            name: if name.is_empty() {
                known.name.clone()
            } else {
                name
            },
            password: secret(&field("posPassword"), user.pos_password)?
                .unwrap_or_else(|| known.password.clone()),
        });
    }
    Ok(users)
}

/// A POS that its bank would refuse for want of a number is refused here, with the names of all that
/// it lacks.
fn complete(pos: &Pos) -> Result<(), Problem> {
    let at = &pos.settings;
    let no_user = |kind: PosOperationType| {
        let mut users = pos.credentials.users.iter();
        !users.any(|user| user.operation == kind)
    };
    let threeds = pos.authenticates(PaymentAuthenticationType::ThreeDs);
    let (ykb, garanti) = (
        pos.integrator == PosIntegrator::Ykb,
        pos.integrator == PosIntegrator::Garanti,
    );
    let missing: Vec<&str> = [
        ("clientId", at.client_id.is_empty()),
        ("terminalId", at.terminal_id.is_empty()),
        (
            "threedsKey",
            threeds && pos.credentials.threeds_key.expose().is_empty(),
        ),
        ("posnetId", ykb && at.posnet_id.is_empty()),
        (
            "merchantPosUsers[PROVAUT]",
            garanti && no_user(PosOperationType::Provaut),
        ),
        (
            "merchantPosUsers[PROVRFN]",
            garanti && no_user(PosOperationType::Provrfn),
        ),
    ]
    .into_iter()
    .filter(|(_, is_missing)| *is_missing)
    .map(|(field, _)| field)
    .collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(Problem::missing(Rule::PosInvalid, &missing)),
    }
}

fn own_endpoint(row: &BankRow) -> Endpoint {
    Endpoint {
        scheme: "https".to_owned(),
        hostname: row.hostname.to_owned(),
        port: row.port,
        path: row.path.to_owned(),
        threeds_path: row.threeds_path.to_owned(),
        mode: None,
    }
}

/// Banks are spoken to over TLS; only an allowed host on this machine may do without.
fn scheme_of(row: &BankRow, at: &PosSettings) -> String {
    let own = [row.hostname, row.test_hostname].contains(&at.hostname.as_str());
    let loopback = matches!(at.hostname.as_str(), "127.0.0.1" | "localhost" | "[::1]");
    if !own && loopback {
        "http".to_owned()
    } else {
        "https".to_owned()
    }
}

/// Refuses a POS whose host the operator does not allow (any more).
pub fn check_host(app: &App, pos: &Pos) -> Result<(), Problem> {
    let row = directory::row(pos.integrator).ok_or_else(|| Problem::rule(Rule::PosNotFound))?;
    allowed_host(app, row, &pos.settings)
}

/// A stolen API key must not send stored cards to a stranger: a host outside the directory needs
/// the operator's leave.
fn allowed_host(app: &App, row: &BankRow, at: &PosSettings) -> Result<(), Problem> {
    for (field, path) in [("path", &at.path), ("threedsPath", &at.threeds_path)] {
        if !is_path(path) {
            return Err(Problem::field(Rule::WrongType, field));
        }
    }
    let url = format!("{}://{}:{}{}", at.scheme, at.hostname, at.port, at.path);
    let url = url::Url::parse(&url).map_err(|_| Problem::field(Rule::WrongType, "hostname"))?;
    if url.host_str() != Some(at.hostname.as_str()) {
        return Err(Problem::field(Rule::WrongType, "hostname"));
    }
    let own = at.scheme == "https"
        && at.port == row.port
        && [row.hostname, row.test_hostname].contains(&at.hostname.as_str());
    match own || app.settings.bank_hosts.allows(&url) {
        true => Ok(()),
        false => Err(Problem::with(
            Rule::HostNotAllowed,
            &[("field", "hostname"), ("host", &listed_as(&url))],
        )),
    }
}

/// Whether a text is a path and nothing else: it names no other host, goes no folder up, and a URL
/// keeps it as it stands.
fn is_path(text: &str) -> bool {
    let url = url::Url::parse(&format!("https://host{text}"));
    let kept = url.is_ok_and(|url| url.host_str() == Some("host") && url.path() == text);
    kept && text.starts_with('/') && !text.contains("//") && !text.contains(['%', '@'])
}

fn bank_name(pos: &Pos) -> &'static str {
    directory::row(pos.integrator).map_or("", |row| row.bank_name)
}

/// A POS as the API shows it: passwords and keys masked.
pub fn view(pos: &Pos) -> MerchantPosResponse {
    let at = &pos.settings;
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let masked = |secret: &Secret| (!secret.expose().is_empty()).then(|| MASK.to_owned());
    MerchantPosResponse {
        id: Some(pos.id),
        status: Some(pos.status),
        name: Some(pos.name.clone()),
        alias: Some(pos.alias.clone()),
        pos_integrator: Some(pos.integrator),
        hostname: Some(at.hostname.clone()),
        client_id: given(&at.client_id),
        pos_currency_code: numeric_code(pos.currency).map(str::to_owned),
        mode: Some(at.mode.clone()),
        path: Some(at.path.clone()),
        port: Some(i32::from(at.port)),
        posnet_id: given(&at.posnet_id),
        terminal_id: given(&at.terminal_id),
        threeds_posnet_id: given(&at.threeds_posnet_id),
        threeds_terminal_id: given(&at.threeds_terminal_id),
        threeds_key: masked(&pos.credentials.threeds_key),
        threeds_path: Some(at.threeds_path.clone()),
        enable_foreign_card: Some(at.enable_foreign_card),
        enable_installment: Some(at.enable_installment),
        enable_payment_without_cvc: Some(at.enable_payment_without_cvc),
        enable_loyalty: Some(at.enable_loyalty),
        new_integration: Some(at.new_integration),
        order_number: i32::try_from(pos.order_number).ok(),
        autopilot_state: Some(AutopilotState {
            is_three_ds_up: Some(true),
            is_non_three_ds_up: Some(true),
        }),
        currency: Some(pos.currency),
        bank_id: Some(pos.bank_id),
        bank_name: given(bank_name(pos)),
        is_pf: Some(false),
        merchant_pos_users: pos
            .credentials
            .users
            .iter()
            .map(|user| MerchantPosUser {
                id: Some(user.id),
                pos_username: Some(user.name.clone()),
                pos_password: masked(&user.password),
                pos_user_type: Some(PosUserType::Api),
                pos_operation_type: Some(user.operation),
            })
            .collect(),
        supported_card_associations: at.associations.clone(),
        enabled_payment_authentication_types: at.authentication_types.clone(),
    }
}

/// ISO 4217's number of the currencies that bank protocols carry.
fn numeric_code(currency: Currency) -> Option<&'static str> {
    match currency {
        Currency::Try => Some("949"),
        Currency::Usd => Some("840"),
        Currency::Eur => Some("978"),
        Currency::Gbp => Some("826"),
        Currency::Jpy => Some("392"),
        Currency::Rub => Some("643"),
        _ => None,
    }
}
