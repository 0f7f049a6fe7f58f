//! A POS as the API and the audit log show it: passwords and keys masked.

use super::SWITCHES;
use super::values::MASK;
use crate::store::autopilot::down_since;
use crate::store::poses::{Pos, PosUser};
use connectors::account::Slot;
use connectors::directory;
use contract::card::Secret;
use contract::enums::{Currency, PosUserType};
use contract::merchant_poses::{AutopilotState, MerchantPosResponse, MerchantPosUser};
use serde_json::Value as Json;

/// A POS as the API shows it.
pub fn view(pos: &Pos) -> MerchantPosResponse {
    let at = &pos.settings;
    let mut answer = MerchantPosResponse {
        id: Some(pos.id),
        status: Some(pos.status),
        name: Some(pos.name.clone()),
        alias: Some(pos.alias.clone()),
        pos_integrator: Some(pos.integrator),
        hostname: Some(at.hostname.clone()),
        pos_currency_code: numeric_code(pos.currency).map(str::to_owned),
        mode: Some(at.mode.clone()),
        path: Some(at.path.clone()),
        port: Some(i32::from(at.port)),
        threeds_path: Some(at.threeds_path.clone()),
        order_number: i32::try_from(pos.order_number).ok(),
        autopilot_state: Some(AutopilotState {
            is_three_ds_up: Some(down_since(pos, true).is_none()),
            is_non_three_ds_up: Some(down_since(pos, false).is_none()),
        }),
        currency: Some(pos.currency),
        bank_id: Some(pos.bank_id),
        bank_name: non_empty(bank_name(pos)),
        is_pf: Some(false),
        merchant_pos_users: pos.credentials.users.iter().map(user_view).collect(),
        supported_card_associations: at.associations.clone(),
        enabled_payment_authentication_types: at.authentication_types.clone(),
        ..MerchantPosResponse::default()
    };
    for slot in Slot::ALL {
        let shown = match slot {
            Slot::Number(number) => non_empty(at.numbers.get(*number)),
            Slot::ThreedsKey => masked(&pos.credentials.threeds_key),
        };
        slot.show(shown, &mut answer);
    }
    for switch in &SWITCHES {
        *(switch.shown)(&mut answer) = Some((switch.stored)(at));
    }
    answer
}

fn user_view(user: &PosUser) -> MerchantPosUser {
    MerchantPosUser {
        id: Some(user.id),
        pos_username: Some(user.name.clone()),
        pos_password: masked(&user.password),
        pos_user_type: Some(PosUserType::Api),
        pos_operation_type: Some(user.operation),
    }
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn masked(secret: &Secret) -> Option<String> {
    non_empty(secret.expose()).map(|_| MASK.to_owned())
}

pub(super) fn bank_name(pos: &Pos) -> &'static str {
    directory::row(pos.integrator).map_or("", |row| row.bank_name())
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

/// A POS for the audit log: masked as the API shows it, with a word where a secret changed.
pub(super) fn audit_snapshot(pos: &Pos, before: Option<&Pos>) -> Json {
    let mut settings = serde_json::to_value(view(pos)).unwrap_or(Json::Null);
    let Some(fields) = settings.as_object_mut() else {
        return settings;
    };
    // No answer of the API has a field for these.
    let phases = serde_json::json!(pos.settings.payment_phases);
    fields.insert("enabledPaymentPhases".to_owned(), phases);
    let model = pos.settings.threeds_model.as_str();
    fields.insert("threedsModel".to_owned(), Json::from(model));
    let options = pos.options.iter();
    fields.extend(options.map(|(name, choice)| (name.to_owned(), Json::from(choice))));
    let Some(before) = before else {
        return settings;
    };
    if before.credentials.threeds_key.expose() != pos.credentials.threeds_key.expose() {
        let name = Slot::ThreedsKey.wire().to_owned();
        fields.insert(name, Json::from("changed"));
    }
    let is_changed = |user: &&PosUser| {
        let mut known = before.credentials.users.iter();
        let known = known.find(|known| known.id == user.id);
        known.is_some_and(|known| known.password.expose() != user.password.expose())
    };
    let changed = pos.credentials.users.iter().filter(is_changed);
    let names: Vec<&str> = changed.map(|user| user.name.as_str()).collect();
    if !names.is_empty() {
        fields.insert("passwordsChanged".to_owned(), Json::from(names));
    }
    settings
}
