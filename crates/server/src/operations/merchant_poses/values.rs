//! What requests set of a POS, checked, and what its bank wants to be set.

use super::SWITCHES;
use crate::app::App;
use crate::operations::{Problem, check};
use crate::store::poses::{Pos, PosUser};
use connectors::account::Slot;
use connectors::directory;
use contract::card::Secret;
use contract::enums::{PaymentAuthenticationType, PosOperationType};
use contract::merchant_poses::{UpdateMerchantPosRequest, UpdateMerchantPosUser};
use contract::rules::Rule;

/// What passwords and keys look like when they are read. Sent back, it changes nothing.
pub const MASK: &str = "********";

/// Writes the fields that a request sends into a POS.
pub(super) fn apply(
    app: &App,
    pos: &mut Pos,
    mut request: UpdateMerchantPosRequest,
) -> Result<(), Problem> {
    if let Some(name) = check::optional_name("name", request.name.as_deref())? {
        pos.name = name;
    }
    for slot in Slot::ALL {
        let (field, sent) = (slot.wire(), slot.sent(&request));
        match (slot, sent) {
            (_, None) => {}
            (Slot::Number(number), Some(text)) => {
                *pos.settings.numbers.get_mut(*number) = short(field, text)?;
            }
            (Slot::ThreedsKey, Some(text)) => {
                if let Some(key) = secret(field, text)? {
                    pos.credentials.threeds_key = key;
                }
            }
        }
    }
    let at = &mut pos.settings;
    for (field, sent, stored) in [
        ("mode", &request.mode, &mut at.mode),
        ("hostname", &request.hostname, &mut at.hostname),
        ("path", &request.path, &mut at.path),
        ("threedsPath", &request.threeds_path, &mut at.threeds_path),
    ] {
        if let Some(text) = sent {
            *stored = short(field, text)?;
        }
    }
    if let Some(port) = request.port {
        let port = u16::try_from(port).ok().filter(|port| *port > 0);
        at.port = port.ok_or_else(|| Problem::range(Rule::OutOfRange, "port", 1, 65_535))?;
    }
    for switch in &SWITCHES {
        let stored = (switch.stored_mut)(at);
        *stored = (switch.sent)(&mut request).unwrap_or(*stored);
    }
    if let Some(associations) = request.supported_card_associations {
        at.associations = associations;
    }
    if let Some(types) = request.enabled_payment_authentication_types {
        at.authentication_types = types;
    }
    if let Some(number) = request.order_number {
        pos.order_number = order_number(number)?;
    }
    if let Some(sent) = request.merchant_pos_users {
        pos.credentials.users = users(app, &pos.credentials.users, sent)?;
    }
    Ok(())
}

/// A text without blanks that fits a bank's field.
fn short(field: &str, text: &str) -> Result<String, Problem> {
    const LONGEST: usize = 200;
    let text = check::text(field, Some(text.to_owned()), LONGEST)?.unwrap_or_default();
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        Err(Problem::field(Rule::ControlCharacter, field))
    } else {
        Ok(text)
    }
}

/// A secret that was sent; `None` when it is empty or the mask.
fn secret(field: &str, text: &str) -> Result<Option<Secret>, Problem> {
    const LONGEST: usize = 1000;
    match text {
        "" | MASK => Ok(None),
        text if text.len() > LONGEST => Err(Problem::limit(Rule::TooLong, field, "max", LONGEST)),
        text if text.contains('\0') => Err(Problem::field(Rule::ControlCharacter, field)),
        text => Ok(Some(Secret::new(text))),
    }
}

fn order_number(number: i32) -> Result<i64, Problem> {
    const HIGHEST: i64 = 1000;
    let number = i64::from(number);
    if (0..=HIGHEST).contains(&number) {
        Ok(number)
    } else {
        Err(Problem::range(Rule::OutOfRange, "orderNumber", 0, HIGHEST))
    }
}

/// The users as a request leaves them: its list, where a known id keeps what was not sent.
fn users(
    app: &App,
    before: &[PosUser],
    sent: Vec<UpdateMerchantPosUser>,
) -> Result<Vec<PosUser>, Problem> {
    let one = |(position, user): (usize, UpdateMerchantPosUser)| {
        let field = |name: &str| format!("merchantPosUsers[{position}].{name}");
        let (name_field, password_field) = (field("posUsername"), field("posPassword"));
        let known = match user.id {
            Some(id) => {
                let known = before.iter().find(|known| known.id == id);
                Some(known.ok_or_else(|| Problem::field(Rule::InvalidId, field("id")))?)
            }
            None => None,
        };
        let name = short(&name_field, user.pos_username.as_deref().unwrap_or(""))?;
        let name = Some(name).filter(|name| !name.is_empty());
        let password = user.pos_password.as_ref().map_or("", |text| text.expose());
        let password = secret(&password_field, password)?;
        Ok(PosUser {
            id: known.map_or_else(|| app.next_id(), |known| known.id),
            operation: user
                .pos_operation_type
                .or(known.map(|known| known.operation))
                .unwrap_or(PosOperationType::Standard),
            name: check::required(&name_field, name.or(known.map(|known| known.name.clone())))?,
            password: check::required(
                &password_field,
                password.or(known.map(|known| known.password.clone())),
            )?,
        })
    };
    sent.into_iter().enumerate().map(one).collect()
}

/// A POS that its bank would refuse for want of a value is refused here, with the names of all that it
/// lacks.
pub(super) fn require_complete(pos: &Pos) -> Result<(), Problem> {
    let needs = directory::account(pos.integrator);
    let needs = needs.ok_or_else(|| Problem::rule(Rule::PosNotFound))?;
    let threeds = pos.authenticates(PaymentAuthenticationType::ThreeDs);
    let fields = needs.fields.iter();
    let fields = fields
        .filter(|field| field.need.holds(threeds) && pos.value(field.slot).is_empty())
        .map(|field| field.slot.wire().to_owned());
    let is_there = |kind: PosOperationType| {
        let mut users = pos.credentials.users.iter();
        users.any(|user| user.operation == kind)
    };
    let users = needs.users.iter().map(|user| user.operation);
    let users = users
        .filter(|kind| !is_there(*kind))
        .map(|kind| format!("merchantPosUsers[{kind}]"));
    let missing: Vec<String> = fields.chain(users).collect();
    let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Problem::missing(Rule::PosInvalid, &missing))
    }
}
