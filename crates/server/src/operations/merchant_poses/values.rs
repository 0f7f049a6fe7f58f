//! What requests set of a POS, checked, and what its bank wants to be set.

use super::SWITCHES;
use crate::app::App;
use crate::operations::Problem;
use crate::operations::check::{At, TOP};
use crate::store::poses::{Pos, PosUser};
use connectors::account::Slot;
use connectors::bank::Verb;
use connectors::directory;
use contract::card::Secret;
use contract::enums::{PaymentAuthenticationType, PaymentPhase, PosOperationType};
use contract::merchant_poses::{UpdateMerchantPosRequest, UpdateMerchantPosUser};
use contract::rules::Rule;

/// What passwords and keys look like when they are read. Sent back, it changes nothing.
pub const MASK: &str = "********";

/// The last place in the order of a merchant's POSes.
const ORDER_NUMBER_MAX: i64 = 1000;

/// Writes the fields that a request sends into a POS.
pub(super) fn apply(
    app: &App,
    pos: &mut Pos,
    mut request: UpdateMerchantPosRequest,
) -> Result<(), Problem> {
    if let Some(name) = TOP.optional_name("name", request.name.as_deref())? {
        pos.name = name;
    }
    for slot in Slot::ALL {
        let (field, sent) = (slot.wire(), slot.sent(&request));
        match (slot, sent) {
            (_, None) => {}
            (Slot::Number(number), Some(text)) => {
                *pos.settings.numbers.get_mut(*number) = short(&TOP, field, text)?;
            }
            (Slot::ThreedsKey, Some(text)) => {
                if let Some(key) = secret(&TOP, field, text)? {
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
            *stored = short(&TOP, field, text)?;
        }
    }
    if let Some(port) = request.port {
        at.port = TOP.within("port", port, 1..=u16::MAX)?;
    }
    for switch in &SWITCHES {
        let stored = (switch.stored_mut)(at);
        *stored = (switch.sent)(&mut request).unwrap_or(*stored);
    }
    if let Some(associations) = request.supported_card_associations {
        at.associations = associations;
    }
    if let Some(phases) = request.enabled_payment_phases {
        at.payment_phases = begun_phases(phases)?;
    }
    if let Some(types) = request.enabled_payment_authentication_types {
        at.authentication_types = types;
    }
    if let Some(number) = request.order_number {
        pos.order_number = TOP.within("orderNumber", number, 0..=ORDER_NUMBER_MAX)?;
    }
    if let Some(sent) = request.merchant_pos_users {
        pos.credentials.users = users(app, &pos.credentials.users, sent)?;
    }
    Ok(())
}

/// The phases in which a payment begins, each once; what is held on a POS is captured on it anyway.
fn begun_phases(sent: Vec<PaymentPhase>) -> Result<Vec<PaymentPhase>, Problem> {
    let (auth, hold) = (PaymentPhase::Auth, PaymentPhase::PreAuth);
    let kept: Vec<_> = [auth, hold]
        .into_iter()
        .filter(|one| sent.contains(one))
        .collect();
    TOP.require("enabledPaymentPhases", Rule::Required, !kept.is_empty())?;
    Ok(kept)
}

/// A text without blanks that fits a bank's field.
fn short(at: &At<'_>, name: &str, text: &str) -> Result<String, Problem> {
    const LONGEST: usize = 200;
    let text = at.text_within(name, Some(text.to_owned()), LONGEST)?;
    let text = text.unwrap_or_default();
    let is_bare = !text.contains(|c: char| c.is_control() || c.is_whitespace());
    at.require(name, Rule::ControlCharacter, is_bare)?;
    Ok(text)
}

/// A secret that was sent; `None` when it is empty or the mask.
fn secret(at: &At<'_>, name: &str, text: &str) -> Result<Option<Secret>, Problem> {
    const LONGEST: usize = 1000;
    if matches!(text, "" | MASK) {
        return Ok(None);
    }
    at.require_length(name, text.len(), 0..=LONGEST)?;
    at.require(name, Rule::ControlCharacter, !text.contains('\0'))?;
    Ok(Some(Secret::new(text)))
}

/// The users as a request leaves them: its list, where a known id keeps what was not sent.
fn users(
    app: &App,
    before: &[PosUser],
    sent: Vec<UpdateMerchantPosUser>,
) -> Result<Vec<PosUser>, Problem> {
    const NAME: &str = "posUsername";
    const PASSWORD: &str = "posPassword";
    let list = TOP.field("merchantPosUsers");
    let one = |(position, user): (usize, UpdateMerchantPosUser)| {
        let at = list.item(position);
        let known = user.id.map(|id| {
            let known = before.iter().find(|known| known.id == id);
            known.ok_or_else(|| Problem::field(Rule::InvalidId, at.field("id")))
        });
        let known = known.transpose()?;
        let name = short(&at, NAME, user.pos_username.as_deref().unwrap_or(""))?;
        let name = Some(name).filter(|name| !name.is_empty());
        let password = user.pos_password.as_ref().map_or("", |text| text.expose());
        let password = secret(&at, PASSWORD, password)?;
        let name = name.or_else(|| known.map(|known| known.name.clone()));
        let password = password.or_else(|| known.map(|known| known.password.clone()));
        Ok(PosUser {
            id: known.map_or_else(|| app.next_id(), |known| known.id),
            operation: user
                .pos_operation_type
                .or(known.map(|known| known.operation))
                .unwrap_or(PosOperationType::Standard),
            name: at.required(NAME, name)?,
            password: at.required(PASSWORD, password)?,
        })
    };
    sent.into_iter().enumerate().map(one).collect()
}

/// A POS that its bank would refuse for want of a value is refused here, with the names of all that it
/// lacks.
pub(super) fn require_complete(pos: &Pos) -> Result<(), Problem> {
    let needs = directory::account(pos.integrator);
    let needs = needs.ok_or_else(|| Problem::rule(Rule::PosNotFound))?;
    let has_page = !pos.sells_by_page() || directory::can(pos.integrator, Verb::PageSale);
    TOP.require("threedsModel", Rule::ValueNotOffered, has_page)?;
    for (name, choice) in pos.options.iter() {
        let mut offered = directory::options(pos.integrator);
        let is_offered = offered.any(|option| option.name == name && option.offers(choice));
        TOP.require(name, Rule::ValueNotOffered, is_offered)?;
    }
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
