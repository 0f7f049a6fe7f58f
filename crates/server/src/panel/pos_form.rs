//! The form of a POS: which fields a bank needs, what stands in them, and the request that they
//! come to. Passwords and keys are never filled in; what is left empty stays as it is.

use super::door::Posted;
use super::fields;
use super::poses::status;
use crate::operations::Problem;
use crate::operations::merchant_poses::Endpoint;
use crate::setup::{self, Environment};
use crate::store::poses::{Pos, PosSettings, PosUser};
use contract::card::SensitiveText;
use contract::enums::{
    Currency, PaymentAuthenticationType, PosIntegrator, PosOperationType, PosStatus,
};
use contract::merchant_poses::{
    CreateMerchantPosRequest, CreateMerchantPosUser, UpdateMerchantPosRequest,
    UpdateMerchantPosUser,
};
use contract::rules::Rule;
use minijinja::{Value, context};

/// A switch of a POS.
pub(super) struct Switch {
    /// The form's and the API's name.
    pub name: &'static str,
    /// Its Turkish name.
    pub tr: &'static str,
    /// Its English name.
    pub en: &'static str,
    /// What it does.
    pub hint_tr: &'static str,
    /// What it does.
    pub hint_en: &'static str,
    /// Whether it is on for a new POS: not what the bank must have allowed, or what costs more.
    pub new: bool,
    /// Whether it is on.
    pub stored: fn(&PosSettings) -> bool,
}

/// The switches, in the order in which they are shown.
pub(super) const SWITCHES: [Switch; 4] = [
    Switch {
        name: "enableInstallment",
        tr: "Taksit",
        en: "Instalments",
        hint_tr: "Taksitli ödemeler de bu POS’tan geçebilir.",
        hint_en: "Payments in instalments may go through it.",
        new: true,
        stored: |at| at.enable_installment,
    },
    Switch {
        name: "enableLoyalty",
        tr: "Ödül ve puan",
        en: "Rewards and points",
        hint_tr: "Kartın puanları sorulur ve harcanır, kampanyalar seçilebilir.",
        hint_en: "Points are asked and spent, and campaigns can be chosen.",
        new: true,
        stored: |at| at.enable_loyalty,
    },
    Switch {
        name: "enablePaymentWithoutCvc",
        tr: "CVC’siz ödeme",
        en: "Payment without CVC",
        hint_tr: "Kayıtlı kartla ödeme için gereklidir. Bankanız bu yetkiyi vermiş olmalıdır.",
        hint_en: "Stored cards need it. Your bank must have allowed it.",
        new: false,
        stored: |at| at.enable_payment_without_cvc,
    },
    Switch {
        name: "enableForeignCard",
        tr: "Yurt dışı kartları",
        en: "Foreign cards",
        hint_tr: "Yurt dışında verilmiş kartlar da kabul edilir.",
        hint_en: "Takes cards of foreign issuers.",
        new: false,
        stored: |at| at.enable_foreign_card,
    },
];

/// Currencies that the bank's protocol has.
pub(super) fn currencies(integrator: PosIntegrator) -> Vec<&'static str> {
    match integrator {
        PosIntegrator::Garanti => vec!["TRY", "USD", "EUR", "GBP"],
        _ => vec!["TRY", "USD", "EUR"],
    }
}

fn is_posnet(integrator: PosIntegrator) -> bool {
    integrator == PosIntegrator::Ykb
}

/// What stands in the fields.
pub(super) fn values(
    integrator: PosIntegrator,
    pos: Option<&Pos>,
    form: Option<&Posted>,
    next_place: i64,
) -> Value {
    let stored = |of: fn(&PosSettings) -> &str| pos.map_or("", |pos| of(&pos.settings));
    let kept = |name: &str, stored: &str| fields::kept(form, name, stored);
    let new = Some(setup::NEW_POS_ENVIRONMENT);
    let environment = match pos.map_or(new, setup::environment_of) {
        Some(Environment::Production) => "PRODUCTION",
        Some(Environment::Test) => "TEST",
        None => "OTHER",
    };
    let base = pos.filter(|_| environment == "OTHER").map(setup::base_of);
    let order = pos.map_or(next_place, |pos| pos.order_number).to_string();
    let is_posnet = is_posnet(integrator);
    context! {
        name => kept("name", pos.map_or("", |pos| &pos.name)),
        // The form of a POS that is there does not ask for it.
        currency => pos.map_or_else(|| kept("currency", "TRY"), |pos| pos.currency.as_str().to_owned()),
        client_id => kept("clientId", stored(|at| &at.client_id)),
        terminal_id => kept("terminalId", stored(|at| &at.terminal_id)),
        posnet_id => kept("posnetId", stored(|at| &at.posnet_id)),
        threeds_posnet_id => kept("threedsPosnetId", stored(|at| &at.threeds_posnet_id)),
        threeds_terminal_id => kept("threedsTerminalId", stored(|at| &at.threeds_terminal_id)),
        has_threeds_key => pos.is_some_and(|pos| !pos.credentials.threeds_key.expose().is_empty()),
        environment => kept("environment", environment),
        endpoint => kept("endpoint", base.as_deref().unwrap_or("")),
        status => kept("status", pos.map_or("AUTOPILOT", |pos| pos.status.as_str())),
        order_number => kept("orderNumber", &order),
        is_posnet,
    }
}

/// One API user in the form: the name of its fields, what it does, and who it is already.
struct Row<'a> {
    key: String,
    operation: PosOperationType,
    known: Option<&'a PosUser>,
}

/// The users that the bank needs, and those that are there already.
fn rows(integrator: PosIntegrator, pos: Option<&Pos>) -> Vec<Row<'_>> {
    let needed: &[PosOperationType] = match integrator {
        PosIntegrator::Garanti => &[PosOperationType::Provaut, PosOperationType::Provrfn],
        _ => &[],
    };
    let known = pos.map_or(&[][..], |pos| &pos.credentials.users);
    let mut rows: Vec<Row<'_>> = Vec::new();
    for operation in needed {
        let known = known.iter().find(|user| user.operation == *operation);
        rows.push(Row {
            key: operation.as_str().to_owned(),
            operation: *operation,
            known,
        });
    }
    for user in known {
        if !rows
            .iter()
            .any(|row| row.known.is_some_and(|k| k.id == user.id))
        {
            rows.push(Row {
                key: user.id.to_string(),
                operation: user.operation,
                known: Some(user),
            });
        }
    }
    rows
}

/// The users for the template.
pub(super) fn users(
    integrator: PosIntegrator,
    pos: Option<&Pos>,
    form: Option<&Posted>,
) -> Vec<Value> {
    let rows = rows(integrator, pos).into_iter().map(|row| {
        let stored = row.known.map_or("", |user| &user.name);
        context! {
            name_field => format!("user-{}-name", row.key),
            password_field => format!("user-{}-password", row.key),
            operation => row.operation.as_str(),
            name => fields::kept(form, &format!("user-{}-name", row.key), stored),
            known => row.known.is_some(),
        }
    });
    rows.collect()
}

/// A user that the form names, or that is there already.
struct SentUser {
    key: String,
    id: Option<i64>,
    operation: PosOperationType,
    name: String,
    password: SensitiveText,
}

fn sent_users(form: &Posted, integrator: PosIntegrator, pos: Option<&Pos>) -> Vec<SentUser> {
    let sent = rows(integrator, pos).into_iter().map(|row| SentUser {
        id: row.known.map(|user| user.id),
        operation: row.operation,
        name: form.text(&format!("user-{}-name", row.key)).to_owned(),
        password: SensitiveText::new(form.raw(&format!("user-{}-password", row.key))),
        key: row.key,
    });
    sent.filter(|user| {
        user.id.is_some() || !user.name.is_empty() || !user.password.expose().is_empty()
    })
    .collect()
}

/// A problem of the n-th user that was sent, told at the field of the form.
pub(super) fn at_user(
    problem: &Problem,
    integrator: PosIntegrator,
    pos: Option<&Pos>,
    form: Option<&Posted>,
) -> Problem {
    let (Problem::Rule { rule, values }, Some(form)) = (problem, form) else {
        return problem.clone();
    };
    let mut values = values.clone();
    for (_, value) in values.iter_mut().filter(|(name, _)| *name == "field") {
        let Some((place, field)) = value
            .strip_prefix("merchantPosUsers[")
            .and_then(|rest| rest.split_once("]."))
        else {
            continue;
        };
        let sent = sent_users(form, integrator, pos);
        let user = place.parse::<usize>().ok().and_then(|at| sent.get(at));
        let part = match field {
            "posPassword" => "password",
            _ => "name",
        };
        if let Some(user) = user {
            *value = format!("user-{}-{part}", user.key);
        }
    }
    Problem::Rule {
        rule: *rule,
        values,
    }
}

/// What the form lacks: all of it, so that nobody is sent back for each.
pub(super) fn missing(form: &Posted, integrator: PosIntegrator, pos: Option<&Pos>) -> Vec<Problem> {
    let threeds = form.on(&format!(
        "auth-{}",
        PaymentAuthenticationType::ThreeDs.as_str()
    ));
    let has_key = pos.is_some_and(|pos| !pos.credentials.threeds_key.expose().is_empty());
    let mut names = vec!["name", "clientId", "terminalId"];
    if is_posnet(integrator) {
        names.push("posnetId");
    }
    if threeds && !has_key {
        names.push("threedsKey");
    }
    let mut missing = fields::missing(form, &names);
    // Who is known already stays as they are.
    for row in rows(integrator, pos)
        .iter()
        .filter(|row| row.known.is_none())
    {
        let parts = ["name", "password"].map(|part| format!("user-{}-{part}", row.key));
        missing.extend(parts.iter().flat_map(|name| fields::missing(form, &[name])));
    }
    if let Err(problem) = authentication(form, pos) {
        missing.push(problem);
    }
    missing
}

fn authentication(
    form: &Posted,
    pos: Option<&Pos>,
) -> Result<Vec<PaymentAuthenticationType>, Problem> {
    let ours = [
        PaymentAuthenticationType::ThreeDs,
        PaymentAuthenticationType::NonThreeDs,
    ];
    let stored = pos.map_or(&[][..], |pos| &pos.settings.authentication_types);
    let others = stored.iter().filter(|kind| !ours.contains(kind)).copied();
    let chosen = ours
        .into_iter()
        .filter(|kind| form.on(&format!("auth-{}", kind.as_str())));
    let chosen: Vec<_> = chosen.collect();
    match chosen.is_empty() {
        true => Err(Problem::field(Rule::Required, "authentication")),
        false => Ok(chosen.into_iter().chain(others).collect()),
    }
}

fn order_number(form: &Posted) -> Result<Option<i32>, Problem> {
    match form.text("orderNumber") {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| Problem::range(Rule::OutOfRange, "orderNumber", 0, 1000)),
    }
}

/// Where the form points the POS; nothing where it stays. A base that was typed wins over the
/// choice: who types one means it.
fn endpoint(
    form: &Posted,
    integrator: PosIntegrator,
    pos: Option<&Pos>,
) -> Result<Option<Endpoint>, Problem> {
    let now = pos.map(setup::environment_of);
    let base = match pos {
        Some(pos) if now == Some(None) => setup::base_of(pos),
        _ => String::new(),
    };
    let typed = form.text("endpoint");
    if !typed.is_empty() && typed != base {
        return setup::endpoint_behind(integrator, typed).map(Some);
    }
    let wanted = match form.text("environment") {
        "PRODUCTION" => Environment::Production,
        "TEST" => Environment::Test,
        "OTHER" if typed.is_empty() => return Err(Problem::field(Rule::Required, "endpoint")),
        "OTHER" | "" => return Ok(None),
        _ => return Err(Problem::field(Rule::UnknownValue, "environment")),
    };
    match now == Some(Some(wanted)) {
        true => Ok(None),
        false => setup::endpoint_of(integrator, wanted).map(Some),
    }
}

fn secret(form: &Posted, name: &str) -> Option<SensitiveText> {
    Some(SensitiveText::new(form.text(name)))
}

/// A text of a field that only PosNet has.
fn posnet_text(form: &Posted, integrator: PosIntegrator, name: &str) -> Option<String> {
    is_posnet(integrator).then(|| form.text(name).to_owned())
}

/// The new POS that the form asks for.
pub(super) fn creation(
    form: &Posted,
    integrator: PosIntegrator,
) -> Result<(CreateMerchantPosRequest, Option<Endpoint>), Problem> {
    let text = |name: &str| Some(form.text(name).to_owned());
    let users = sent_users(form, integrator, None).into_iter();
    let users = users.map(|user| CreateMerchantPosUser {
        pos_username: Some(user.name),
        pos_password: Some(user.password),
        pos_user_type: None,
        pos_operation_type: Some(user.operation),
    });
    let currency = form.text("currency").parse::<Currency>();
    let currency = currency.map_err(|()| Problem::field(Rule::UnknownValue, "currency"))?;
    let request = CreateMerchantPosRequest {
        status: Some(status(form.text("status"))?),
        name: text("name"),
        client_id: text("clientId"),
        currency: Some(currency),
        posnet_id: posnet_text(form, integrator, "posnetId"),
        terminal_id: text("terminalId"),
        threeds_posnet_id: posnet_text(form, integrator, "threedsPosnetId"),
        threeds_terminal_id: posnet_text(form, integrator, "threedsTerminalId"),
        threeds_key: secret(form, "threedsKey"),
        enable_foreign_card: Some(form.on("enableForeignCard")),
        enable_installment: Some(form.on("enableInstallment")),
        enable_payment_without_cvc: Some(form.on("enablePaymentWithoutCvc")),
        enable_loyalty: Some(form.on("enableLoyalty")),
        new_integration: None,
        order_number: order_number(form)?,
        pos_integrator: Some(integrator),
        enabled_payment_authentication_types: Some(authentication(form, None)?),
        merchant_pos_users: Some(users.collect()),
    };
    Ok((request, endpoint(form, integrator, None)?))
}

/// What a form changes of a POS.
pub(super) struct Change {
    /// What the API could change too.
    pub request: UpdateMerchantPosRequest,
    /// Its status.
    pub status: Option<PosStatus>,
    /// Where it points.
    pub endpoint: Option<Endpoint>,
}

/// The change that the form asks for.
pub(super) fn change(form: &Posted, pos: &Pos) -> Result<Change, Problem> {
    let text = |name: &str| Some(form.text(name).to_owned());
    let users: Vec<_> = sent_users(form, pos.integrator, Some(pos))
        .into_iter()
        .map(|user| UpdateMerchantPosUser {
            id: user.id,
            pos_username: Some(user.name),
            pos_password: Some(user.password),
            pos_user_type: None,
            pos_operation_type: Some(user.operation),
        })
        .collect();
    let request = UpdateMerchantPosRequest {
        name: text("name"),
        client_id: text("clientId"),
        terminal_id: text("terminalId"),
        posnet_id: posnet_text(form, pos.integrator, "posnetId"),
        threeds_posnet_id: posnet_text(form, pos.integrator, "threedsPosnetId"),
        threeds_terminal_id: posnet_text(form, pos.integrator, "threedsTerminalId"),
        threeds_key: secret(form, "threedsKey"),
        enable_foreign_card: Some(form.on("enableForeignCard")),
        enable_installment: Some(form.on("enableInstallment")),
        enable_payment_without_cvc: Some(form.on("enablePaymentWithoutCvc")),
        enable_loyalty: Some(form.on("enableLoyalty")),
        order_number: order_number(form)?,
        enabled_payment_authentication_types: Some(authentication(form, Some(pos))?),
        merchant_pos_users: (!users.is_empty()).then_some(users),
        ..UpdateMerchantPosRequest::default()
    };
    let status = match form.text("status") {
        "" => None,
        text => Some(status(text)?),
    };
    Ok(Change {
        request,
        status,
        endpoint: endpoint(form, pos.integrator, Some(pos))?,
    })
}
