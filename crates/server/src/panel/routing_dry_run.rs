//! `/panel/routing-rules/dry-run`: which POS would take a payment, and why. The form is posted, so that no digit
//! of a card stands in an address.

use super::door::{Posted, Visit};
use super::fields::{self, Label};
use super::{Page, act, look, render};
use crate::app::App;
use crate::operations::Problem;
use crate::operations::moments::moment;
use crate::operations::routing_dry_run::{self, DryRun, Question, Told};
use crate::setup;
use crate::store::poses::Pos;
use axum::Router;
use axum::routing::get;
use contract::enums::{Currency, LoyaltyType, OrderingRule, PaymentPhase};
use contract::money::Decimal;
use contract::rules::Rule;
use http::StatusCode;
use minijinja::{Value, context};
use std::str::FromStr;
use std::sync::Arc;

#[rustfmt::skip] // A table.
const LABELS: &[Label] = &[
    ("bin", "bin", "Kartın ilk haneleri", "The card’s first digits"),
    ("amount", "amount", "Tutar", "The amount"),
    ("currency", "currency", "Para birimi", "The currency"),
    ("installment", "installment", "Taksit", "The number of instalments"),
    ("phase", "phase", "İşlem aşaması", "The phase"),
    ("at", "at", "Zaman", "The time"),
    ("buyer", "buyer", "Alıcı", "The buyer"),
    ("reward", "reward", "Ödül", "The reward"),
    ("points", "points", "Puan tutarı", "The points"),
    ("ordering", "ordering", "Sıralama", "The order"),
    ("payment", "payment", "Ödeme no", "The payment’s id"),
];

pub(super) fn routes() -> Router<Arc<App>> {
    let page = "/panel/routing-rules/dry-run";
    Router::new().route(page, get(look(blank)).merge(act(run)))
}

async fn blank(app: Arc<App>, visit: Visit) -> Page {
    show(&app, &visit, None, None).await
}

async fn run(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let asked = match question(&form) {
        Ok(question) => {
            routing_dry_run::run(&app, &visit.by(), visit.merchant_id(), question).await
        }
        Err(problem) => Err(problem),
    };
    show(&app, &visit, Some(&form), Some(asked)).await
}

async fn show(
    app: &App,
    visit: &Visit,
    form: Option<&Posted>,
    asked: Option<Result<DryRun, Problem>>,
) -> Page {
    let (run, problem) = match asked {
        None => (None, None),
        Some(Ok(run)) => (Some(run), None),
        Some(Err(problem @ Problem::Rule { .. })) => (None, Some(problem)),
        Some(Err(problem)) => return Err(problem),
    };
    let poses = setup::poses_of(app, &visit.by(), visit.merchant_id()).await?;
    let value = |name: &str, default: &str| fields::field_value(form, name, default);
    // Of a whole number that somebody typed no more is shown again.
    let typed = form.map_or("", |form| form.text("bin"));
    let digits = typed.chars().filter(char::is_ascii_digit);
    let digits: String = digits.take(routing_dry_run::DIGITS_MAX).collect();
    let values = context! {
        fields => context! {
            bin => digits,
            amount => value("amount", ""), currency => value("currency", "TRY"),
            installment => value("installment", "1"), phase => value("phase", "AUTH"),
            at => value("at", ""), buyer => value("buyer", ""), reward => value("reward", ""),
            points => value("points", ""), pinned => value("posAlias", ""),
            ordering => value("ordering", ""), payment => value("payment", ""),
            threeds => fields::ticked(form, "threeDS", true),
            without_cvc => fields::ticked(form, "withoutCvc", false),
            ignores_rules => fields::ticked(form, "ignoresRules", false),
        },
        has_more => form.is_some_and(has_more),
        currencies => Currency::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
        rewards => LoyaltyType::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
        poses => poses.iter().map(|pos| pos_view(pos, form)).collect::<Vec<_>>(),
        run => run.as_ref().map(|run| run_view(visit, run)),
        probe => app.settings.autopilot.probe_every.as_secs(),
        error => problem.as_ref().map(|problem| fields::error(visit, problem, LABELS)),
    };
    let status = problem.as_ref().map_or(StatusCode::OK, render::status_of);
    let page = "routing_dry_run.html";
    Ok(render::with_status(status, visit, page, values))
}

/// Fields that are asked for seldom, which are folded away until one is used.
fn has_more(form: &Posted) -> bool {
    let texts = [
        "at", "buyer", "posAlias", "ordering", "payment", "points", "reward",
    ];
    let texts = texts.into_iter().any(|name| form.given(name).is_some());
    texts || form.on("ignoresRules") || form.all("posAliases").next().is_some()
}

fn pos_view(pos: &Pos, form: Option<&Posted>) -> Value {
    let is_listed = |form: &Posted| form.all("posAliases").any(|alias| alias == pos.alias);
    context! { alias => &pos.alias, name => &pos.name, listed => form.is_some_and(is_listed) }
}

fn question(form: &Posted) -> Result<Question, Problem> {
    let at = form.given("at").map(|text| moment(&text));
    let wrong_date = || Problem::field(Rule::InvalidDate, "at");
    Ok(Question {
        digits: form.text("bin").to_owned(),
        amount: amount(form, "amount")?,
        currency: word(form, "currency")?,
        installment: number(form, "installment")?,
        threeds: form.on("threeDS"),
        without_cvc: form.on("withoutCvc"),
        phase: word::<PaymentPhase>(form, "phase")?,
        at: at.map(|at| at.ok_or_else(wrong_date)).transpose()?,
        buyer: number(form, "buyer")?,
        reward: word(form, "reward")?,
        points: amount(form, "points")?,
        pos_alias: form.given("posAlias"),
        pos_aliases: form.all("posAliases").map(str::to_owned).collect(),
        ordering: word::<OrderingRule>(form, "ordering")?,
        ignores_rules: form.on("ignoresRules"),
        payment_id: number(form, "payment")?,
    })
}

fn amount(form: &Posted, name: &'static str) -> Result<Option<Decimal>, Problem> {
    let wrong = || Problem::field(Rule::WrongType, name);
    let read = form.given(name).map(|text| setup::percent(&text));
    read.map(|read| read.ok_or_else(wrong)).transpose()
}

fn number(form: &Posted, name: &'static str) -> Result<Option<i64>, Problem> {
    let read = form.given(name).map(|text| text.parse());
    read.transpose()
        .map_err(|_| Problem::field(Rule::WrongType, name))
}

fn word<T: FromStr>(form: &Posted, name: &'static str) -> Result<Option<T>, Problem> {
    let read = form.given(name).map(|text| text.parse());
    read.transpose()
        .map_err(|_| Problem::field(Rule::UnknownValue, name))
}

fn run_view(visit: &Visit, run: &DryRun) -> Value {
    let words = |told: &Told| fields::of(visit.language, &told.tr, &told.en).to_owned();
    let taken = run.route.taken.iter().zip(1..).map(|(taken, place)| {
        let reasons = routing_dry_run::reasons(&taken.standing);
        context! {
            place, name => &taken.pos.name, alias => &taken.pos.alias,
            why => reasons.iter().map(words).collect::<Vec<_>>(),
            left_out => run.left_out.contains(&taken.pos.id),
        }
    });
    let left = run.route.left.iter().map(|(pos, hindrance)| {
        let why = words(&routing_dry_run::hindrance(*hindrance, pos));
        context! { place => (), name => &pos.name, alias => &pos.alias, why => [why], left_out => false }
    });
    let rules = run.rules.iter().zip(&run.route.fates).map(|(rule, fate)| {
        let told = routing_dry_run::fate(*fate);
        context! { id => rule.id, name => &rule.name, code => told.code, text => words(&told) }
    });
    let card = run.card.as_ref();
    context! {
        digits => &run.digits, at => run.at.to_string(), payment => run.payment_id,
        card => card.map(|card| context! {
            bank => &card.bank_name, family => &card.family,
            kind => card.card_type.map(|kind| kind.as_str()),
            commercial => card.commercial,
        }),
        first => run.first().map(|pos| &pos.name),
        refusal => run.refusal.as_ref().map(|problem| render::told(visit.language, problem).1),
        poses => taken.chain(left).collect::<Vec<_>>(),
        has_rules => !run.rules.is_empty(),
        rules => rules.collect::<Vec<_>>(),
    }
}
