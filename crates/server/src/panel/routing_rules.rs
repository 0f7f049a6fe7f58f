//! `/panel/routing-rules`: which POSes take which payments, rule by rule in the order in which they are asked.

use super::door::{Posted, Visit, to};
use super::fields::{self, Label};
use super::{Page, act, format, look, render};
use crate::app::App;
use crate::operations::routing_rules::{self, CONDITIONS, Draft};
use crate::operations::{Permission, Problem};
use crate::setup;
use crate::store::poses::Pos;
use crate::store::routing_rules::{
    Action, ActionKind, Conditions, Content, Hours, Instruction, RoutingRule, Target, Weekday,
};
use axum::Router;
use axum::routing::get;
use contract::enums::{CardType, Currency, PaymentPhase};
use contract::errors::Language;
use contract::money::Decimal;
use contract::rules::Rule;
use http::StatusCode;
use minijinja::{Value, context};
use std::str::FromStr;
use std::sync::Arc;

const LIST: &str = "/panel/routing-rules";

#[rustfmt::skip] // A table.
const LABELS: &[Label] = &[
    ("name", "name", "Ad", "The name"),
    ("when.bins", "bins", "BIN", "The BIN"),
    ("when.families", "families", "Kart ailesi", "The card family"),
    ("when.issuers", "issuers", "Kartın bankası", "The issuing bank"),
    ("when.cardTypes", "cardTypes", "Kart türü", "The card type"),
    ("when.commercial", "commercial", "Ticari kart", "The commercial card"),
    ("when.foreign", "foreign", "Yurt dışı kart", "The foreign card"),
    ("when.threeDS", "threeDS", "3D Secure", "3D Secure"),
    ("when.currency", "currency", "Para birimi", "The currency"),
    ("when.amountFrom", "amountFrom", "En düşük tutar", "The lowest amount"),
    ("when.amountTo", "amountTo", "En yüksek tutar", "The highest amount"),
    ("when.installmentFrom", "installmentFrom", "En az taksit", "The fewest instalments"),
    ("when.installmentTo", "installmentTo", "En çok taksit", "The most instalments"),
    ("when.hours.from", "hourFrom", "Başlangıç saati", "The start hour"),
    ("when.hours.to", "hourTo", "Bitiş saati", "The end hour"),
    ("when.weekdays", "weekdays", "Gün", "The day"),
    ("when.buyers", "buyers", "Alıcı", "The buyer"),
    ("when.phase", "phase", "İşlem aşaması", "The phase"),
    ("then.kind", "kind", "Yönlendirme", "The way"),
    ("then.poses", "poses", "POS", "The POS"),
    ("then.poses.place", "poses", "Sıra", "The place"),
    ("then.poses.percent", "poses", "Yüzde", "The percentage"),
    ("routingRules", "", "Yönlendirme kuralları", "The routing rules"),
];

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(LIST, get(look(list)).merge(act(add)))
        .route("/panel/routing-rules/new", get(look(new)))
        .route("/panel/routing-rules/{id}", get(look(one)).merge(act(edit)))
        .route("/panel/routing-rules/{id}/status", act(set_status))
        .route("/panel/routing-rules/{id}/order", act(set_order))
        .route(
            "/panel/routing-rules/{id}/delete",
            get(look(ask)).merge(act(delete)),
        )
}

async fn list(app: Arc<App>, visit: Visit) -> Page {
    list_page(&app, &visit, None).await
}

async fn list_page(app: &App, visit: &Visit, problem: Option<&Problem>) -> Page {
    let (by, merchant_id) = (visit.by(), visit.merchant_id());
    let rules = routing_rules::list(app, &by, merchant_id).await?;
    let poses = setup::poses_of(app, &by, merchant_id).await?;
    let values = context! {
        rules => rules.iter().map(|rule| row(visit.language, rule, &poses)).collect::<Vec<_>>(),
        once => crate::random::token(),
        error => problem.map(|problem| fields::error_elsewhere(visit, problem, LABELS)),
    };
    let status = problem.map_or(StatusCode::OK, render::status_of);
    Ok(render::with_status(
        status,
        visit,
        "routing_rules.html",
        values,
    ))
}

fn row(language: Language, rule: &RoutingRule, poses: &[Pos]) -> Value {
    let values = match &rule.content {
        Content::Read(says) => context! {
            conditions => conditions(language, &says.when),
            kind => says.then.kind.as_str(),
            poses => targets(&says.then, poses),
        },
        Content::Unreadable { why, .. } => context! { why },
    };
    context! { id => rule.id, name => &rule.name, active => rule.active, ..values }
}

/// What a rule asks, each with the names of its condition.
fn conditions(language: Language, when: &Conditions) -> Vec<Value> {
    let asked = routing_rules::asked(when).into_iter();
    let named = asked.map(|(name, values)| {
        let known = CONDITIONS.iter().find(|(known, ..)| *known == name);
        let (_, tr, en) = known.copied().unwrap_or((name, name, name));
        let values = match name {
            "amount" => amounts(language, when),
            _ => values,
        };
        context! { name, tr, en, values }
    });
    named.collect()
}

/// The amounts of a rule in its currency, without which it has none.
fn amounts(language: Language, when: &Conditions) -> Vec<String> {
    let money = |amount: Option<Decimal>| {
        let currency = when.currency?;
        let minor = amount?.to_minor(currency).ok()?;
        Some(format::money(language, minor, currency))
    };
    let shown = match (money(when.amount_from), money(when.amount_to)) {
        (Some(from), Some(to)) => Some(format!("{from} – {to}")),
        (Some(from), None) => Some(format!("≥ {from}")),
        (None, Some(to)) => Some(format!("≤ {to}")),
        (None, None) => None,
    };
    shown.into_iter().collect()
}

/// The POSes of a rule; one that was deleted has no name.
fn targets(then: &Action, poses: &[Pos]) -> Vec<Value> {
    let named = then.poses.iter().map(|target| {
        let pos = poses.iter().find(|pos| pos.alias == target.alias);
        context! { alias => &target.alias, percent => target.percent, name => pos.map(|pos| &pos.name) }
    });
    named.collect()
}

async fn new(app: Arc<App>, visit: Visit) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "routing.add").await?;
    form_page(&app, &visit, None, None, None).await
}

async fn one(app: Arc<App>, visit: Visit) -> Page {
    let (by, id) = (visit.by(), visit.id("id")?);
    let rule = routing_rules::one(&app, &by, visit.merchant_id(), id).await?;
    form_page(&app, &visit, Some(&rule), None, None).await
}

async fn form_page(
    app: &App,
    visit: &Visit,
    rule: Option<&RoutingRule>,
    form: Option<&Posted>,
    problem: Option<&Problem>,
) -> Page {
    let poses = setup::poses_of(app, &visit.by(), visit.merchant_id()).await?;
    let says = rule.and_then(|rule| match &rule.content {
        Content::Read(says) => Some(says),
        Content::Unreadable { .. } => None,
    });
    let unreadable = rule.and_then(|rule| match &rule.content {
        Content::Read(_) => None,
        Content::Unreadable { text, why } => Some(context! { text, why }),
    });
    let gone = says.map(|says| gone(&says.then, &poses));
    let name = rule.map_or("", |rule| &rule.name);
    let values = context! {
        id => rule.map(|rule| rule.id),
        title => name,
        name => fields::field_value(form, "name", name),
        active => fields::ticked(form, "active", rule.is_none_or(|rule| rule.active)),
        once => crate::random::token(),
        fields => inputs(visit.language, form, says),
        families => boxes(app.bins.families(), "families", form, |family| {
            says.is_some_and(|says| says.when.families.iter().any(|one| one == family))
        }),
        card_types => boxes(CardType::ALL.iter().map(|one| one.as_str()), "cardTypes", form, |word| {
            says.is_some_and(|says| says.when.card_types.iter().any(|one| one.as_str() == word))
        }),
        weekdays => boxes(Weekday::ALL.iter().map(|one| one.as_str()), "weekdays", form, |word| {
            says.is_some_and(|says| says.when.weekdays.iter().any(|one| one.as_str() == word))
        }),
        currencies => Currency::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
        poses => poses.iter().map(|pos| pos_inputs(pos, form, says)).collect::<Vec<_>>(),
        unreadable, gone,
        error => problem.map(|problem| fields::error(visit, &of_form(problem), LABELS)),
    };
    let status = problem.map_or(StatusCode::OK, render::status_of);
    Ok(render::with_status(
        status,
        visit,
        "routing_rule.html",
        values,
    ))
}

/// Aliases of a rule that no POS has any more.
fn gone(then: &Action, poses: &[Pos]) -> Vec<String> {
    let aliases = then.poses.iter().map(|target| &target.alias);
    let gone = aliases.filter(|alias| !poses.iter().any(|pos| pos.alias == **alias));
    gone.cloned().collect()
}

/// A problem whose field has no place in a list: a form has one input for all of it.
fn of_form(problem: &Problem) -> Problem {
    let Problem::Rule { rule, values } = problem else {
        return problem.clone();
    };
    let bare = |path: &str| {
        let mut parts = path.split(['[', ']']);
        let (stem, inner) = (parts.next().unwrap_or(""), parts.nth(1).unwrap_or(""));
        match inner {
            ".percent" | ".place" => format!("{stem}{inner}"),
            _ => stem.to_owned(),
        }
    };
    let values = values.iter().map(|(name, value)| match *name {
        "field" => (*name, bare(value)),
        _ => (*name, value.clone()),
    });
    Problem::Rule {
        rule: *rule,
        values: values.collect(),
    }
}

/// Boxes of which several may be ticked.
fn boxes<'a>(
    values: impl Iterator<Item = &'a str>,
    name: &str,
    form: Option<&Posted>,
    stored: impl Fn(&str) -> bool,
) -> Vec<Value> {
    let ticked = |value: &str| {
        form.map_or_else(
            || stored(value),
            |form| form.all(name).any(|one| one == value),
        )
    };
    let boxes = values.map(|value| context! { value, on => ticked(value) });
    boxes.collect()
}

/// What stands in the inputs of the conditions and of the way.
fn inputs(language: Language, form: Option<&Posted>, says: Option<&Instruction>) -> Value {
    let blank = Conditions::default();
    let when = says.map_or(&blank, |says| &says.when);
    let value = |name: &str, stored: String| fields::field_value(form, name, &stored);
    let amount = |amount: Option<Decimal>| match language {
        Language::Tr => text(amount).replace('.', ","),
        Language::En => text(amount),
    };
    let kind = says.map_or(ActionKind::First, |says| says.then.kind);
    context! {
        bins => value("bins", when.bins.join(", ")),
        issuers => value("issuers", listed(&when.issuers)),
        buyers => value("buyers", listed(&when.buyers)),
        commercial => value("commercial", text(when.commercial)),
        foreign => value("foreign", text(when.foreign)),
        threeds => value("threeDS", text(when.threeds)),
        currency => value("currency", text(when.currency)),
        phase => value("phase", text(when.phase)),
        amount_from => value("amountFrom", amount(when.amount_from)),
        amount_to => value("amountTo", amount(when.amount_to)),
        installment_from => value("installmentFrom", text(when.installment_from)),
        installment_to => value("installmentTo", text(when.installment_to)),
        hour_from => value("hourFrom", text(when.hours.map(|hours| hours.from))),
        hour_to => value("hourTo", text(when.hours.map(|hours| hours.to))),
        kind => value("kind", kind.as_str().to_owned()),
    }
}

fn text<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn listed(numbers: &[i64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    numbers.join(", ")
}

/// The inputs of a POS: its place in the rule and its share.
fn pos_inputs(pos: &Pos, form: Option<&Posted>, says: Option<&Instruction>) -> Value {
    let targets = says.map_or(&[][..], |says| &says.then.poses);
    let mut places = targets.iter().zip(1..);
    let target = places.find(|(target, _)| target.alias == pos.alias);
    let value = |name: &str, stored: String| {
        let name = format!("{name}-{}", pos.id);
        fields::field_value(form, &name, &stored)
    };
    context! {
        id => pos.id, name => &pos.name, alias => &pos.alias, status => pos.status.as_str(),
        place => value("place", text(target.map(|(_, place)| place))),
        percent => value("percent", text(target.and_then(|(target, _)| target.percent))),
    }
}

/// The rule that a form sends.
fn draft(form: &Posted, poses: &[Pos]) -> Result<Draft, Problem> {
    let hours = match (
        read(form, "hourFrom", "when.hours.from")?,
        read(form, "hourTo", "when.hours.to")?,
    ) {
        (None, None) => None,
        (Some(from), Some(to)) => Some(Hours { from, to }),
        (None, Some(_)) => return Err(Problem::field(Rule::Required, "when.hours.from")),
        (Some(_), None) => return Err(Problem::field(Rule::Required, "when.hours.to")),
    };
    let when = Conditions {
        bins: list_of(form, "bins", "when.bins")?,
        families: form.all("families").map(str::to_owned).collect(),
        issuers: list_of(form, "issuers", "when.issuers")?,
        card_types: words(form, "cardTypes", CardType::ALL, CardType::as_str)?,
        commercial: read(form, "commercial", "when.commercial")?,
        foreign: read(form, "foreign", "when.foreign")?,
        currency: word(form, "currency", Currency::ALL, Currency::as_str)?,
        amount_from: amount(form, "amountFrom")?,
        amount_to: amount(form, "amountTo")?,
        installment_from: read(form, "installmentFrom", "when.installmentFrom")?,
        installment_to: read(form, "installmentTo", "when.installmentTo")?,
        hours,
        weekdays: words(form, "weekdays", &Weekday::ALL, Weekday::as_str)?,
        buyers: list_of(form, "buyers", "when.buyers")?,
        threeds: read(form, "threeDS", "when.threeDS")?,
        phase: word(form, "phase", PaymentPhase::ALL, PaymentPhase::as_str)?,
    };
    let unknown = || Problem::field(Rule::UnknownValue, "then.kind");
    let mut kinds = ActionKind::ALL.into_iter();
    let kind = kinds.find(|kind| kind.as_str() == form.text("kind"));
    Ok(Draft {
        name: form.given("name"),
        active: Some(form.on("active")),
        when,
        then: Some(Action {
            kind: kind.ok_or_else(unknown)?,
            poses: targets_of(form, poses)?,
        }),
    })
}

/// The POSes that have a place or a share, by their places.
fn targets_of(form: &Posted, poses: &[Pos]) -> Result<Vec<Target>, Problem> {
    let mut placed = Vec::new();
    for pos in poses {
        let place: Option<u32> = read(form, &format!("place-{}", pos.id), "then.poses.place")?;
        let percent = read(form, &format!("percent-{}", pos.id), "then.poses.percent")?;
        if place.is_some() || percent.is_some() {
            let alias = pos.alias.clone();
            placed.push((place.unwrap_or(u32::MAX), Target { alias, percent }));
        }
    }
    placed.sort_by_key(|(place, _)| *place);
    Ok(placed.into_iter().map(|(_, target)| target).collect())
}

/// What an input holds, if it holds anything.
fn read<T: FromStr>(form: &Posted, name: &str, field: &str) -> Result<Option<T>, Problem> {
    let read = form.given(name).map(|text| text.parse());
    read.transpose()
        .map_err(|_| Problem::field(Rule::WrongType, field))
}

/// Values with commas or blanks between them.
fn list_of<T: FromStr>(form: &Posted, name: &str, field: &str) -> Result<Vec<T>, Problem> {
    let text = form.text(name);
    let parts = text.split(|c: char| c == ',' || c == ';' || c.is_whitespace());
    let values = parts.filter(|part| !part.is_empty()).map(str::parse);
    let values: Result<Vec<T>, _> = values.collect();
    values.map_err(|_| Problem::field(Rule::WrongType, field))
}

fn amount(form: &Posted, name: &str) -> Result<Option<Decimal>, Problem> {
    let wrong = || Problem::field(Rule::WrongType, format!("when.{name}"));
    let read = form.given(name).map(|text| setup::percent(&text));
    read.map(|read| read.ok_or_else(wrong)).transpose()
}

/// One of the words of a list, if any is chosen.
fn word<T: Copy>(
    form: &Posted,
    name: &str,
    all: &[T],
    spelling: fn(T) -> &'static str,
) -> Result<Option<T>, Problem> {
    let Some(text) = form.given(name) else {
        return Ok(None);
    };
    let known = all.iter().copied().find(|one| spelling(*one) == text);
    let unknown = || Problem::field(Rule::UnknownValue, format!("when.{name}"));
    known.map(Some).ok_or_else(unknown)
}

fn words<T: Copy>(
    form: &Posted,
    name: &str,
    all: &[T],
    spelling: fn(T) -> &'static str,
) -> Result<Vec<T>, Problem> {
    let unknown = || Problem::field(Rule::UnknownValue, format!("when.{name}"));
    let chosen = form.all(name).map(|text| {
        let known = all.iter().copied().find(|one| spelling(*one) == text);
        known.ok_or_else(unknown)
    });
    chosen.collect()
}

async fn add(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "routing.add").await?;
    let (by, merchant_id) = (visit.by(), visit.merchant_id());
    let poses = setup::poses_of(&app, &by, merchant_id).await?;
    let added = match draft(&form, &poses) {
        Ok(draft) => {
            if !setup::first_time(&app, merchant_id, form.text("once")).await? {
                return Ok(to(LIST));
            }
            routing_rules::add(&app, &by, merchant_id, draft).await
        }
        Err(problem) => Err(problem),
    };
    written(&app, &visit, None, &form, added.map(|_| ())).await
}

async fn edit(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "routing.edit").await?;
    let (by, merchant_id, id) = (visit.by(), visit.merchant_id(), visit.id("id")?);
    let rule = routing_rules::one(&app, &by, merchant_id, id).await?;
    let poses = setup::poses_of(&app, &by, merchant_id).await?;
    let edited = match draft(&form, &poses) {
        Ok(draft) => routing_rules::edit(&app, &by, merchant_id, id, draft).await,
        Err(problem) => Err(problem),
    };
    written(&app, &visit, Some(&rule), &form, edited.map(|_| ())).await
}

/// Back to the list, or the form again with what is wrong.
async fn written(
    app: &App,
    visit: &Visit,
    rule: Option<&RoutingRule>,
    form: &Posted,
    outcome: Result<(), Problem>,
) -> Page {
    match outcome {
        Ok(()) => Ok(to(&format!("{LIST}?done=saved"))),
        Err(problem) if fields::is_told(visit, &problem) => {
            form_page(app, visit, rule, Some(form), Some(&problem)).await
        }
        Err(problem) => Err(problem),
    }
}

async fn set_status(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let (id, active) = (visit.id("id")?, form.text("active") == "on");
    let set = routing_rules::set_active(&app, &visit.by(), visit.merchant_id(), id, active).await;
    moved_on(&app, &visit, set.map(|_| ())).await
}

async fn set_order(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "routing.order").await?;
    let id = visit.id("id")?;
    let up = match form.text("move") {
        "up" => true,
        "down" => false,
        _ => return Err(Problem::field(Rule::UnknownValue, "move")),
    };
    if !setup::first_time(&app, visit.merchant_id(), form.text("once")).await? {
        return Ok(to(LIST));
    }
    let moved = routing_rules::move_one(&app, &visit.by(), visit.merchant_id(), id, up).await;
    moved_on(&app, &visit, moved).await
}

/// Back to the list, with what went wrong.
async fn moved_on(app: &App, visit: &Visit, outcome: Result<(), Problem>) -> Page {
    match outcome {
        Ok(()) => Ok(to(&format!("{LIST}?done=saved"))),
        Err(problem) if fields::is_told(visit, &problem) => {
            list_page(app, visit, Some(&problem)).await
        }
        Err(problem) => Err(problem),
    }
}

/// Asks before a rule is deleted.
async fn ask(app: Arc<App>, visit: Visit) -> Page {
    fields::require(&app, &visit, Permission::ChangeAccounts, "routing.remove").await?;
    let (by, id) = (visit.by(), visit.id("id")?);
    let rule = routing_rules::one(&app, &by, visit.merchant_id(), id).await?;
    let values = context! {
        what => "routing-rule",
        name => &rule.name,
        effect => context! {},
        action => format!("{LIST}/{id}/delete"),
        fields => Vec::<(&str, &str)>::new(),
        back => LIST,
    };
    Ok(render::page(&visit, "confirm.html", values))
}

async fn delete(app: Arc<App>, visit: Visit, _form: Posted) -> Page {
    let id = visit.id("id")?;
    routing_rules::remove(&app, &visit.by(), visit.merchant_id(), id).await?;
    Ok(to(&format!("{LIST}?done=removed")))
}
