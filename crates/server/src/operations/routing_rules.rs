//! A merchant's routing rules as people write them: in panel and commands, for no API of the clients has
//! them. What a rule does to a payment is decided in `engine/routing_rules.rs`.

use super::change::{self, Audited, Change, Changed};
use super::check::{At, TOP};
use super::{Actor, Permission, Problem, changed_meanwhile};
use crate::app::App;
use crate::bins::INSTALLMENTS_MAX;
use crate::engine::claims::Claims;
use crate::store::db::Commit;
use crate::store::poses;
use crate::store::routing_rules::{
    self, Action, ActionKind, Conditions, Content, Hours, Instruction, PERCENT, RoutingRule, Target,
};
use contract::enums::{Currency, PaymentPhase};
use contract::money::Decimal;
use contract::rules::Rule;
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// Rules that a merchant may have.
const RULES_MAX: usize = 100;
/// Entries of one list of a rule's conditions.
const ENTRIES_MAX: usize = 200;
/// POSes of a rule.
const TARGETS_MAX: usize = 20;
/// Digits of a card's number that a rule may ask for.
const BIN_DIGITS_MAX: usize = 8;
/// EFT codes have four digits.
const ISSUER_MAX: i64 = 9999;

static WHEN: At<'static> = TOP.field("when");
static THEN: At<'static> = TOP.field("then");

/// A rule as somebody writes it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Draft {
    /// The name for people.
    pub name: Option<String>,
    /// Whether it is asked; a new one is, and one that is changed stays as it is.
    pub active: Option<bool>,
    /// Which payments it is about; nothing is all.
    pub when: Conditions,
    /// Where they go.
    pub then: Option<Action>,
}

/// A merchant's rules, in the order in which they are asked.
pub async fn list(app: &App, by: &Actor, merchant_id: i64) -> Result<Vec<RoutingRule>, Problem> {
    let permission = Permission::LookAtSettings;
    by.require(app, merchant_id, permission, "routing.look", "")
        .await?;
    Ok(routing_rules::of_merchant(app, merchant_id).await?)
}

/// One of a merchant's rules.
pub async fn one(app: &App, by: &Actor, merchant_id: i64, id: i64) -> Result<RoutingRule, Problem> {
    let (permission, target) = (Permission::LookAtSettings, id.to_string());
    by.require(app, merchant_id, permission, "routing.look", &target)
        .await?;
    RoutingRule::load(app, merchant_id, id).await
}

/// Adds a rule behind the others.
pub async fn add(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    draft: Draft,
) -> Result<RoutingRule, Problem> {
    const ACTION: &str = "routing.add";
    let permission = Permission::ChangeAccounts;
    by.require(app, merchant_id, permission, ACTION, "").await?;
    let active = draft.active.unwrap_or(true);
    let (name, instruction) = read(app, merchant_id, draft).await?;
    let others = routing_rules::of_merchant(app, merchant_id).await?;
    if others.len() >= RULES_MAX {
        let rule = Rule::TooManyItems;
        return Err(Problem::limit(rule, "routingRules", "max", RULES_MAX));
    }
    let rule = RoutingRule {
        merchant_id,
        id: app.next_id(),
        place: others.last().map_or(1, |last| last.place + 1),
        name,
        active,
        content: Content::Read(instruction),
        version: 1,
    };
    let mut commit = Commit::new(merchant_id, rule.id);
    routing_rules::insert(app, &rule, &mut commit);
    let (target, made) = (rule.id.to_string(), (Json::Null, rule.snapshot(None)));
    by.note(app, merchant_id, ACTION, &target, made, &mut commit);
    app.commit(commit).await?.no_conflict()?;
    Ok(rule)
}

/// Writes a rule anew; its place stays.
pub async fn edit(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    id: i64,
    draft: Draft,
) -> Result<Changed<RoutingRule>, Problem> {
    const ACTION: &str = "routing.edit";
    let (permission, target) = (Permission::ChangeAccounts, id.to_string());
    by.require(app, merchant_id, permission, ACTION, &target)
        .await?;
    let active = draft.active;
    let (name, instruction) = read(app, merchant_id, draft).await?;
    change(app, by, merchant_id, (id, ACTION), |rule| {
        rule.name.clone_from(&name);
        rule.active = active.unwrap_or(rule.active);
        rule.content = Content::Read(instruction.clone());
    })
    .await
}

/// Switches a rule on or off.
pub async fn set_active(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    id: i64,
    active: bool,
) -> Result<Changed<RoutingRule>, Problem> {
    let switch = |rule: &mut RoutingRule| rule.active = active;
    change(app, by, merchant_id, (id, "routing.status"), switch).await
}

/// Deletes a rule.
pub async fn remove(app: &App, by: &Actor, merchant_id: i64, id: i64) -> Result<(), Problem> {
    const ACTION: &str = "routing.remove";
    let (permission, target) = (Permission::ChangeAccounts, id.to_string());
    by.require(app, merchant_id, permission, ACTION, &target)
        .await?;
    let rule = RoutingRule::load(app, merchant_id, id).await?;
    let mut commit = Commit::new(merchant_id, id);
    routing_rules::delete(&rule, &mut commit);
    let gone = (rule.snapshot(None), Json::Null);
    by.note(app, merchant_id, ACTION, &target, gone, &mut commit);
    settled(app, commit).await
}

/// Moves a rule one place up or down, and numbers the rules anew. At the end of the list nothing moves.
pub async fn move_one(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    id: i64,
    up: bool,
) -> Result<(), Problem> {
    const ACTION: &str = "routing.order";
    let (permission, target) = (Permission::ChangeAccounts, id.to_string());
    by.require(app, merchant_id, permission, ACTION, &target)
        .await?;
    let mut rules = routing_rules::of_merchant(app, merchant_id).await?;
    let Some(place) = rules.iter().position(|rule| rule.id == id) else {
        return Err(not_found());
    };
    let other = if up {
        place.checked_sub(1)
    } else {
        Some(place + 1).filter(|next| *next < rules.len())
    };
    let Some(other) = other else { return Ok(()) };
    let names = |rules: &[RoutingRule]| -> Json { rules.iter().map(|rule| &*rule.name).collect() };
    let before = names(&rules);
    rules.swap(place, other);
    let mut commit = Commit::new(merchant_id, id);
    for (rule, place) in rules.iter_mut().zip(1i64..) {
        if rule.place != place {
            rule.place = place;
            routing_rules::save(rule, &mut commit);
        }
    }
    let change = (before, names(&rules));
    by.note(app, merchant_id, ACTION, &target, change, &mut commit);
    // "One place up" is said of the order that was seen: it is not done to another one.
    settled(app, commit).await
}

async fn settled(app: &App, commit: Commit) -> Result<(), Problem> {
    let written = app.commit(commit).await?;
    if written.is_yes() {
        Ok(())
    } else {
        Err(changed_meanwhile())
    }
}

async fn change(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    (id, action): (i64, &'static str),
    edit: impl Fn(&mut RoutingRule),
) -> Result<Changed<RoutingRule>, Problem> {
    let what = Change {
        by,
        claims: &Claims::none(merchant_id),
        permission: Permission::ChangeAccounts,
        action,
        id,
    };
    let edit = |rule: &mut RoutingRule| {
        edit(rule);
        Ok(())
    };
    change::change(app, what, edit).await
}

fn not_found() -> Problem {
    Problem::rule(Rule::RoutingRuleNotFound)
}

impl Audited for RoutingRule {
    async fn load(app: &App, merchant_id: i64, id: i64) -> Result<RoutingRule, Problem> {
        let rule = routing_rules::one_of_merchant(app, merchant_id, id).await?;
        rule.ok_or_else(not_found)
    }

    fn save(&self, _app: &App, commit: &mut Commit) {
        routing_rules::save(self, commit);
    }

    fn snapshot(&self, _before: Option<&RoutingRule>) -> Json {
        let (when, then) = match &self.content {
            Content::Read(Instruction { when, then }) => (spelled(when), json!(then)),
            Content::Unreadable { text, .. } => (json!(text), Json::Null),
        };
        json!({ "name": self.name, "active": self.active, "when": when, "then": then })
    }
}

/// Conditions as a file has them, without those that ask nothing.
pub fn spelled(when: &Conditions) -> Json {
    let asks =
        |value: &Json| !value.is_null() && value.as_array().is_none_or(|all| !all.is_empty());
    match json!(when) {
        Json::Object(all) => all.into_iter().filter(|(_, value)| asks(value)).collect(),
        other => other,
    }
}

/// A rule's conditions for people, by the names of [`CONDITIONS`]: values, of which one must hold.
pub fn asked(when: &Conditions) -> Vec<(&'static str, Vec<String>)> {
    fn texts<T: ToString>(values: &[T]) -> Vec<String> {
        values.iter().map(T::to_string).collect()
    }
    fn one<T: ToString>(value: Option<T>) -> Vec<String> {
        value.into_iter().map(|value| value.to_string()).collect()
    }
    fn range<T: ToString>(from: Option<T>, to: Option<T>) -> Vec<String> {
        let (from, to) = (one(from), one(to));
        match (from.first(), to.first()) {
            (None, None) => Vec::new(),
            (Some(from), None) => vec![format!("≥ {from}")],
            (None, Some(to)) => vec![format!("≤ {to}")],
            (Some(from), Some(to)) => vec![format!("{from}–{to}")],
        }
    }
    let days = when.weekdays.iter().map(|day| day.as_str().to_owned());
    let hours = when.hours;
    let hours = hours.map(|hours| format!("{:02}:00–{:02}:00", hours.from, hours.to));
    let all = [
        texts(&when.bins),
        when.families.clone(),
        texts(&when.issuers),
        texts(&when.card_types),
        one(when.commercial),
        one(when.foreign),
        one(when.currency),
        range(when.amount_from, when.amount_to),
        range(when.installment_from, when.installment_to),
        one(hours),
        days.collect(),
        texts(&when.buyers),
        one(when.threeds),
        one(when.phase),
    ];
    let names = CONDITIONS.iter().map(|(name, ..)| *name);
    let all = names.zip(all);
    all.filter(|(_, values)| !values.is_empty()).collect()
}

/// The conditions of a rule in the order in which they are asked, with their Turkish and English names.
pub const CONDITIONS: [(&str, &str, &str); 14] = [
    ("bins", "BIN", "BIN"),
    ("families", "Kart ailesi", "Card family"),
    ("issuers", "Kartın bankası", "Issuing bank"),
    ("cardTypes", "Kart türü", "Card type"),
    ("commercial", "Ticari kart", "Commercial card"),
    ("foreign", "Yurt dışı kart", "Foreign card"),
    ("currency", "Para birimi", "Currency"),
    ("amount", "Tutar", "Amount"),
    ("installment", "Taksit", "Instalments"),
    ("hours", "Saat", "Time of day"),
    ("weekdays", "Gün", "Day"),
    ("buyers", "Alıcı", "Buyer"),
    ("threeDS", "3D Secure", "3D Secure"),
    ("phase", "İşlem aşaması", "Phase"),
];

/// The name and the instruction of a draft, all of it checked.
async fn read(app: &App, merchant_id: i64, draft: Draft) -> Result<(String, Instruction), Problem> {
    let name = TOP.name("name", draft.name.as_deref())?;
    let when = conditions(app, draft.when)?;
    let then = TOP.required("then", draft.then)?;
    let poses = poses::of_merchant(app, merchant_id).await?;
    let aliases: Vec<&str> = poses.iter().map(|pos| pos.alias.as_str()).collect();
    let then = action(then, &aliases)?;
    Ok((name, Instruction { when, then }))
}

fn conditions(app: &App, when: Conditions) -> Result<Conditions, Problem> {
    let bins = entries("bins", when.bins, |bin| {
        let is_bin = (1..=BIN_DIGITS_MAX).contains(&bin.len());
        (is_bin && bin.bytes().all(|byte| byte.is_ascii_digit())).then_some(bin)
    })?;
    let families = entries("families", when.families, |family| {
        app.bins.family(&family).map(str::to_owned)
    })?;
    let issuers = entries("issuers", when.issuers, |code| {
        (1..=ISSUER_MAX).contains(&code).then_some(code)
    })?;
    let buyers = entries("buyers", when.buyers, |id| (id > 0).then_some(id))?;
    // A payment is routed when it begins: nothing is captured then.
    let is_begun = when.phase != Some(PaymentPhase::PostAuth);
    WHEN.require("phase", Rule::UnknownValue, is_begun)?;
    if when.amount_from.is_some() || when.amount_to.is_some() {
        let currency = WHEN.required("currency", when.currency)?;
        let (from, to) = (when.amount_from, when.amount_to);
        amount("amountFrom", from, currency)?;
        amount("amountTo", to, currency)?;
        require_order("amountTo", from, to)?;
    }
    let installment = |name, value: Option<u8>| {
        let within = |value| WHEN.within(name, value, 1..=INSTALLMENTS_MAX);
        value.map(within).transpose()
    };
    let installment_from = installment("installmentFrom", when.installment_from)?;
    let installment_to = installment("installmentTo", when.installment_to)?;
    require_order("installmentTo", installment_from, installment_to)?;
    let hours = when.hours.map(hours).transpose()?;
    Ok(Conditions {
        bins,
        families,
        issuers,
        card_types: entries("cardTypes", when.card_types, Some)?,
        installment_from,
        installment_to,
        hours,
        weekdays: entries("weekdays", when.weekdays, Some)?,
        buyers,
        ..when
    })
}

/// The entries of a list, each once.
fn entries<T: PartialEq>(
    name: &str,
    sent: Vec<T>,
    read: impl Fn(T) -> Option<T>,
) -> Result<Vec<T>, Problem> {
    let list = WHEN.field(name);
    if sent.len() > ENTRIES_MAX {
        return Err(Problem::limit(Rule::TooManyItems, list, "max", ENTRIES_MAX));
    }
    let mut entries = Vec::with_capacity(sent.len());
    for (place, entry) in sent.into_iter().enumerate() {
        let unknown = || Problem::field(Rule::UnknownValue, list.item(place));
        let entry = read(entry).ok_or_else(unknown)?;
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    Ok(entries)
}

fn amount(name: &str, value: Option<Decimal>, currency: Currency) -> Result<(), Problem> {
    let checked = value.map(|value| WHEN.amount(name, value, currency));
    checked.transpose().map(|_| ())
}

fn require_order<T: PartialOrd>(name: &str, from: Option<T>, to: Option<T>) -> Result<(), Problem> {
    let holds = from.is_none() || to.is_none() || from <= to;
    WHEN.require(name, Rule::RangeOrder, holds)
}

fn hours(hours: Hours) -> Result<Hours, Problem> {
    let at = WHEN.field("hours");
    at.within("from", hours.from, 0..=23)?;
    at.within("to", hours.to, 1..=24)?;
    // From nine to nine is no hour, or all of them.
    at.require("to", Rule::UnknownValue, hours.from != hours.to)?;
    Ok(hours)
}

fn action(then: Action, aliases: &[&str]) -> Result<Action, Problem> {
    let list = THEN.field("poses");
    if then.poses.is_empty() {
        return Err(Problem::field(Rule::Required, list));
    }
    if then.poses.len() > TARGETS_MAX {
        return Err(Problem::limit(Rule::TooManyItems, list, "max", TARGETS_MAX));
    }
    for (place, target) in then.poses.iter().enumerate() {
        let at = list.item(place);
        let Target { alias, percent } = target;
        at.require("alias", Rule::UnknownValue, aliases.contains(&&**alias))?;
        let mut before = then.poses.iter().take(place);
        let is_new = !before.any(|other| other.alias == *alias);
        at.require("alias", Rule::AlreadyThere, is_new)?;
        if then.kind == ActionKind::Split {
            at.within("percent", at.required("percent", *percent)?, 1..=100)?;
        } else {
            at.refuse("percent", Rule::OnlyOfSplit, percent)?;
        }
    }
    let shares = then.poses.iter().filter_map(|target| target.percent);
    let is_whole = shares.map(u64::from).sum::<u64>() == PERCENT;
    if then.kind == ActionKind::Split && !is_whole {
        let values = [("field", "then.poses.percent"), ("total", "100")];
        return Err(Problem::with(Rule::ItemsSum, &values));
    }
    Ok(then)
}
