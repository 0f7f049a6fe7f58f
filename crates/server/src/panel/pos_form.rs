//! The form of a POS: which fields its bank needs, what stands in them, and the request that they
//! come to. Passwords and keys are never filled in; what is left empty stays as it is.

use super::door::Posted;
use super::fields::{self, Input, Label};
use super::poses::status;
use super::words;
use crate::operations::Problem;
use crate::operations::merchant_poses::{Endpoint, NewPos, offered_at};
use crate::setup::{self, Environment};
use crate::store::poses::{Pos, PosUser, ThreedsModel};
use connectors::account::{AccountNeeds, Field, Need, Options, Slot, Tried, Words};
use connectors::directory;
use contract::card::SensitiveText;
use contract::enums::{
    Currency, PaymentAuthenticationType, PaymentPhase, PosIntegrator, PosOperationType, PosStatus,
};
use contract::errors::Language;
use contract::merchant_poses::{UpdateMerchantPosRequest, UpdateMerchantPosUser};
use contract::rules::Rule;
use minijinja::{Value, context};

/// Characters of a number, and of a key or password.
const NUMBER_MAX: usize = 200;
const SECRET_MAX: usize = 1000;

/// Sales and pre-authorisations, as the form spells it.
const BOTH_PHASES: &str = "BOTH";

/// What the bank needs of an account.
pub(super) fn needs(integrator: PosIntegrator) -> &'static AccountNeeds {
    const NOTHING: AccountNeeds = AccountNeeds {
        fields: &[],
        users: &[],
        currencies: &[],
        options: &[],
        tried: Tried::new(None, None),
    };
    directory::account(integrator).unwrap_or(&NOTHING)
}

/// What stands in the fields that every bank has.
pub(super) fn values(pos: Option<&Pos>, form: Option<&Posted>, next_place: i64) -> Value {
    let value = |name: &str, stored: &str| fields::field_value(form, name, stored);
    let new = Some(setup::NEW_POS_ENVIRONMENT);
    let environment = match pos.map_or(new, setup::environment_of) {
        Some(Environment::Production) => "PRODUCTION",
        Some(Environment::Test) => "TEST",
        None => "OTHER",
    };
    let base = pos.filter(|_| environment == "OTHER").map(setup::base_of);
    let order = pos.map_or(next_place, |pos| pos.order_number).to_string();
    context! {
        name => value("name", pos.map_or("", |pos| &pos.name)),
        // The form of a POS that is there does not ask for it.
        currency => pos.map_or_else(|| value("currency", "TRY"), |pos| pos.currency.as_str().to_owned()),
        environment => value("environment", environment),
        endpoint => value("endpoint", base.as_deref().unwrap_or("")),
        status => value("status", pos.map_or("AUTOPILOT", |pos| pos.status.as_str())),
        threeds_model => value("threedsModel", pos.map(|pos| pos.settings.threeds_model).unwrap_or_default().as_str()),
        order_number => value("orderNumber", &order),
        phases => value("phases", phases_of(pos)),
    }
}

/// The fields of the account for the template: those that are needed, or those that replace another
/// one for 3DS.
pub(super) fn account(
    integrator: PosIntegrator,
    pos: Option<&Pos>,
    form: Option<&Posted>,
    is_replacement: bool,
) -> Vec<Value> {
    let fields = needs(integrator).fields.iter();
    let fields = fields.filter(|field| (field.need == Need::Never) == is_replacement);
    let shown = fields.map(|field| {
        let input = Input {
            name: field.slot.wire(),
            stored: pos.map_or("", |pos| pos.value(field.slot)),
            is_required: field.need == Need::Always,
            longest: if field.is_secret {
                SECRET_MAX
            } else {
                NUMBER_MAX
            },
        };
        fields::account_field(field, &input, form)
    });
    shown.collect()
}

/// What is chosen of its bank's options, for the template.
pub(super) fn options(
    language: Language,
    integrator: PosIntegrator,
    pos: Option<&Pos>,
    form: Option<&Posted>,
) -> Vec<Value> {
    let said = |words: Words| fields::of(language, words.tr, words.en);
    let usual = (
        "",
        fields::of(language, "Bankada olağan olan", "As usual at the bank"),
    );
    let shown = directory::options(integrator).map(|option| {
        let choices = option
            .choices
            .iter()
            .map(|(choice, name)| (*choice, said(*name)));
        let stored = pos.map_or("", |pos| pos.options.get(option.name));
        context! {
            name => option.name, label => said(option.label), hint => said(option.hint),
            choices => [usual].into_iter().chain(choices).collect::<Vec<_>>(),
            value => fields::field_value(form, option.name, stored),
        }
    });
    shown.collect()
}

/// What the form chooses of its bank's options; what it does not have stays as it is.
fn chosen_options(form: &Posted, integrator: PosIntegrator, pos: Option<&Pos>) -> Options {
    let mut chosen = pos.map(|pos| pos.options.clone()).unwrap_or_default();
    for option in directory::options(integrator) {
        if let Some(choice) = form.all(option.name).next() {
            chosen.choose(option.name, choice.trim());
        }
    }
    chosen
}

/// One API user in the form: the part of its fields' names, what it does, and who it is already.
struct UserRow<'a> {
    key: String,
    operation: PosOperationType,
    known: Option<&'a PosUser>,
}

impl UserRow<'_> {
    fn field(&self, part: &str) -> String {
        format!("user-{}-{part}", self.key)
    }
}

/// The users that the bank needs, and those that are there already.
fn user_rows(integrator: PosIntegrator, pos: Option<&Pos>) -> Vec<UserRow<'_>> {
    let known = pos.map_or(&[][..], |pos| &pos.credentials.users);
    let needed = needs(integrator).users.iter().map(|user| user.operation);
    let mut rows: Vec<UserRow<'_>> = needed
        .map(|operation| UserRow {
            key: operation.as_str().to_owned(),
            operation,
            known: known.iter().find(|user| user.operation == operation),
        })
        .collect();
    for user in known {
        let mut stored = rows.iter().filter_map(|row| row.known);
        if !stored.any(|known| known.id == user.id) {
            rows.push(UserRow {
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
    let rows = user_rows(integrator, pos).into_iter().map(|row| {
        let stored = row.known.map_or("", |user| &user.name);
        let mut needed = needs(integrator).users.iter();
        let hint = needed.find(|user| user.operation == row.operation);
        let hint = hint.map(|user| user.hint);
        context! {
            name_field => row.field("name"),
            password_field => row.field("password"),
            operation => row.operation.as_str(),
            name => fields::field_value(form, &row.field("name"), stored),
            known => row.known.is_some(),
            hint_tr => hint.map_or("", |hint| hint.tr),
            hint_en => hint.map_or("", |hint| hint.en),
        }
    });
    rows.collect()
}

/// The users that the form names, or that are there already: in the order of the request.
fn sent_users<'a>(
    form: &Posted,
    integrator: PosIntegrator,
    pos: Option<&'a Pos>,
) -> Vec<(UserRow<'a>, UpdateMerchantPosUser)> {
    let sent = user_rows(integrator, pos).into_iter().map(|row| {
        let user = UpdateMerchantPosUser {
            id: row.known.map(|user| user.id),
            pos_username: Some(form.text(&row.field("name")).to_owned()),
            pos_password: Some(SensitiveText::new(form.raw(&row.field("password")))),
            pos_user_type: None,
            pos_operation_type: Some(row.operation),
        };
        (row, user)
    });
    let is_given = |field: String| !form.raw(&field).is_empty();
    let is_sent = |row: &UserRow| {
        row.known.is_some()
            || !form.text(&row.field("name")).is_empty()
            || is_given(row.field("password"))
    };
    sent.filter(|(row, _)| is_sent(row)).collect()
}

/// What the fields of the account are called where something is wrong with them, as operations and the
/// form name them.
pub(super) fn labels(
    common: &[Label],
    integrator: PosIntegrator,
    pos: Option<&Pos>,
    form: Option<&Posted>,
) -> Vec<Label<String>> {
    let mut labels: Vec<Label<String>> = common.iter().map(fields::owned).collect();
    let of_account = needs(integrator).fields.iter();
    labels.extend(of_account.map(|field| fields::account_label(field, field.slot.wire())));
    labels.extend(directory::options(integrator).map(|option| {
        let (tr, en) = (option.label.tr, option.in_sentence);
        fields::owned(&(option.name, option.name, tr, en))
    }));
    for row in user_rows(integrator, pos) {
        for part in ["name", "password"] {
            labels.push(user_label(row.field(part), &row, part));
        }
    }
    let sent = form.map_or_else(Vec::new, |form| sent_users(form, integrator, pos));
    for (place, (row, _)) in sent.iter().enumerate() {
        for (wire, part) in [("posUsername", "name"), ("posPassword", "password")] {
            let field = format!("merchantPosUsers[{place}].{wire}");
            labels.push(user_label(field, row, part));
        }
    }
    labels
}

/// "Satış kullanıcısının adı", "The sales user’s name".
fn user_label(field: String, row: &UserRow<'_>, part: &str) -> Label<String> {
    let tr = words::word(Language::Tr, row.operation.as_str());
    let en = words::word(Language::En, row.operation.as_str());
    let part_tr = if part == "name" { "adı" } else { "şifresi" };
    let en = format!("The {}’s {part}", words::inside(&en));
    (field, row.field(part), format!("{tr}nın {part_tr}"), en)
}

/// What the form lacks: all of it at once, so that a person is sent back once.
pub(super) fn missing(form: &Posted, integrator: PosIntegrator, pos: Option<&Pos>) -> Vec<Problem> {
    let threeds = form.on(&authentication_field(PaymentAuthenticationType::ThreeDs));
    // A secret or a user that is stored stays as it is.
    let is_stored = |field: &Field<Slot>| {
        field.is_secret && pos.is_some_and(|pos| !pos.value(field.slot).is_empty())
    };
    let fields = needs(integrator).fields.iter();
    let fields = fields.filter(|field| field.need.holds(threeds) && !is_stored(field));
    let mut names = vec!["name".to_owned()];
    names.extend(fields.map(|field| field.slot.wire().to_owned()));
    let rows = user_rows(integrator, pos).into_iter();
    for row in rows.filter(|row| row.known.is_none()) {
        names.extend(["name", "password"].map(|part| row.field(part)));
    }
    let mut missing = fields::missing(form, &names);
    missing.extend(authentication(form, pos).err());
    missing
}

/// The box of a way to authenticate payments.
pub(super) fn authentication_field(kind: PaymentAuthenticationType) -> String {
    format!("auth-{}", kind.as_str())
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
    let chosen = ours.into_iter();
    let chosen: Vec<_> = chosen
        .filter(|kind| form.on(&authentication_field(*kind)))
        .collect();
    if chosen.is_empty() {
        Err(Problem::field(Rule::Required, "authentication"))
    } else {
        Ok(chosen.into_iter().chain(others).collect())
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

/// In which phases payments begin on a POS, as the form has it: one that is limited to none takes both.
fn phases_of(pos: Option<&Pos>) -> &'static str {
    match pos.map_or(&[][..], |pos| &pos.settings.payment_phases) {
        [one] => one.as_str(),
        _ => BOTH_PHASES,
    }
}

/// The phases that the form chooses; `None` keeps them. A bank that holds nothing has no such field.
fn phases(form: &Posted, pos: Option<&Pos>) -> Result<Option<Vec<PaymentPhase>>, Problem> {
    let both = [PaymentPhase::Auth, PaymentPhase::PreAuth];
    let chosen = match form.text("phases") {
        "" => return Ok(None),
        same if pos.is_some() && same == phases_of(pos) => return Ok(None),
        BOTH_PHASES => both.to_vec(),
        named => {
            let one = both.into_iter().filter(|phase| phase.as_str() == named);
            one.collect()
        }
    };
    if chosen.is_empty() {
        return Err(Problem::field(Rule::UnknownValue, "enabledPaymentPhases"));
    }
    Ok(Some(chosen))
}

/// What the form says of the bank's 3DS page; `None` keeps it. A bank with one kind of page has no such field.
fn threeds_model(form: &Posted) -> Result<Option<ThreedsModel>, Problem> {
    let named = form.text("threedsModel");
    let model = ThreedsModel::ALL
        .into_iter()
        .find(|model| model.as_str() == named);
    if model.is_none() && !named.is_empty() {
        return Err(Problem::field(Rule::UnknownValue, "threedsModel"));
    }
    Ok(model)
}

/// Where the form points the POS; `None` keeps it where it is. A base that was typed wins over the
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
    if now == Some(Some(wanted)) {
        Ok(None)
    } else {
        setup::endpoint_of(integrator, wanted).map(Some)
    }
}

/// What the form sends of a POS, whether it is new or not.
fn sent_values(
    form: &Posted,
    integrator: PosIntegrator,
    pos: Option<&Pos>,
) -> Result<UpdateMerchantPosRequest, Problem> {
    let users = sent_users(form, integrator, pos).into_iter();
    let users: Vec<_> = users.map(|(_, user)| user).collect();
    let mut request = UpdateMerchantPosRequest {
        name: Some(form.text("name").to_owned()),
        order_number: order_number(form)?,
        enabled_payment_phases: phases(form, pos)?,
        enabled_payment_authentication_types: Some(authentication(form, pos)?),
        merchant_pos_users: Some(users).filter(|users| !users.is_empty()),
        ..UpdateMerchantPosRequest::default()
    };
    for field in needs(integrator).fields {
        let text = form.text(field.slot.wire()).to_owned();
        field.slot.send(text, &mut request);
    }
    for (switch, _) in offered_at(integrator) {
        *(switch.sent)(&mut request) = Some(form.on(switch.wire));
    }
    Ok(request)
}

/// The new POS that the form asks for.
pub(super) fn creation(
    form: &Posted,
    integrator: PosIntegrator,
) -> Result<(NewPos, Option<Endpoint>), Problem> {
    let currency = form.text("currency").parse::<Currency>();
    let currency = currency.map_err(|()| Problem::field(Rule::UnknownValue, "currency"))?;
    let new = NewPos {
        integrator: Some(integrator),
        currency: Some(currency),
        status: Some(status(form.text("status"))?),
        threeds_model: threeds_model(form)?,
        options: chosen_options(form, integrator, None),
        values: sent_values(form, integrator, None)?,
    };
    Ok((new, endpoint(form, integrator, None)?))
}

/// What a form changes of a POS.
pub(super) struct Change {
    /// What the API could change too.
    pub request: UpdateMerchantPosRequest,
    /// Its status.
    pub status: Option<PosStatus>,
    /// What its bank's 3DS page does.
    pub threeds_model: Option<ThreedsModel>,
    /// What is chosen of its bank's options.
    pub options: Options,
    /// Where it points.
    pub endpoint: Option<Endpoint>,
}

/// The change that the form asks for.
pub(super) fn change(form: &Posted, pos: &Pos) -> Result<Change, Problem> {
    let request = sent_values(form, pos.integrator, Some(pos))?;
    let status = match form.text("status") {
        "" => None,
        text => Some(status(text)?),
    };
    Ok(Change {
        request,
        status,
        threeds_model: threeds_model(form)?,
        options: chosen_options(form, pos.integrator, Some(pos)),
        endpoint: endpoint(form, pos.integrator, Some(pos))?,
    })
}
