//! `galata routing …`.

use super::files;
use super::options::{Listed, OfMerchant, One, one_of};
use super::output::{Format, Table, print_parts, say, table};
use super::pos::{Direction, said_change};
use super::{Failed, StoreCommand, values};
use crate::app::App;
use crate::operations::moments::moment;
use crate::operations::routing_dry_run::{self, DryRun, Question, Told};
use crate::operations::routing_rules::{self, Draft};
use crate::operations::{Actor, Problem};
use crate::store::routing_rules::{Action, Content, RoutingRule};
use clap::{Args, Subcommand};
use contract::enums::{Currency, LoyaltyType, OrderingRule, PaymentPhase};
use contract::errors::Language;
use contract::json::Flaw;
use contract::money::Decimal;
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

/// Which POSes take which payments. A rule is a JSON object in a file: `name`, `active`, `when` with the
/// conditions of which all must hold (bins, families, issuers, cardTypes, commercial, foreign, currency,
/// amountFrom, amountTo, installmentFrom, installmentTo, hours, weekdays, buyers, threeDS, phase), and
/// `then` with a kind (FIRST, ONLY or SPLIT) and its poses. An example: {"name": "Night", "when":
/// {"families": ["Bonus"], "hours": {"from": 22, "to": 6}}, "then": {"kind": "SPLIT", "poses": [{"alias":
/// "ALIAS", "percent": 70}, {"alias": "OTHER ALIAS", "percent": 30}]}}.
#[derive(Subcommand)]
pub(super) enum Routing {
    /// List a merchant's rules in the order in which they are asked; --json has them as files have them.
    Rules(Listed),
    /// Add a rule behind the others.
    Add {
        #[command(flatten)]
        of: OfMerchant,
        /// The file with the rule; `-` is standard input.
        file: PathBuf,
    },
    /// Write a rule anew; its place stays.
    Edit {
        #[command(flatten)]
        which: One,
        /// The file with the rule; `-` is standard input.
        file: PathBuf,
    },
    /// Switch a rule on.
    Activate(One),
    /// Switch a rule off.
    Deactivate(One),
    /// Delete a rule.
    Remove(One),
    /// Ask a rule earlier (up) or later (down) than its neighbour.
    Move {
        #[command(flatten)]
        which: One,
        /// Up or down.
        direction: Direction,
    },
    /// Say which POS would take a payment and why, and what leaves out each of the others. Nothing is
    /// charged or kept.
    DryRun(Box<Payment>),
}

/// A payment that could be.
#[derive(Args)]
pub(super) struct Payment {
    #[command(flatten)]
    of: OfMerchant,
    /// The card's first six to eight digits; of more the rest is dropped.
    #[arg(long, value_name = "DIGITS")]
    bin: String,
    /// What the card is asked for: 149.90.
    #[arg(long, value_parser = values::amount)]
    amount: Decimal,
    /// In which currency.
    #[arg(long, default_value = "TRY", ignore_case = true, value_parser = one_of::<Currency>(Currency::ALL.iter().map(|one| one.as_str())))]
    currency: Currency,
    /// In how many instalments.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    installment: i64,
    /// With 3DS.
    #[arg(long)]
    threeds: bool,
    /// Without a security code.
    #[arg(long)]
    no_cvc: bool,
    /// A sale or a hold.
    #[arg(long, default_value = "AUTH", ignore_case = true, value_parser = one_of::<PaymentPhase>(PaymentPhase::ALL.iter().map(|one| one.as_str())))]
    phase: PaymentPhase,
    /// When, in Istanbul: 2026-11-27T22:30; now when it is not given.
    #[arg(long, value_name = "MOMENT", value_parser = at)]
    at: Option<Timestamp>,
    /// The shop's `buyerMemberId`.
    #[arg(long, value_name = "ID")]
    buyer: Option<i64>,
    /// The reward to use.
    #[arg(long, ignore_case = true, value_parser = one_of::<LoyaltyType>(LoyaltyType::ALL.iter().map(|one| one.as_str())))]
    reward: Option<LoyaltyType>,
    /// Points to spend.
    #[arg(long, value_name = "AMOUNT", value_parser = values::amount)]
    points: Option<Decimal>,
    /// The POS that the shop pins.
    #[arg(long, value_name = "ALIAS")]
    pos_alias: Option<String>,
    /// A POS that the shop allows. May be given several times.
    #[arg(long = "among", value_name = "ALIAS")]
    pos_aliases: Vec<String>,
    /// How the shop wants them ordered.
    #[arg(long, value_name = "RULE", ignore_case = true, value_parser = one_of::<OrderingRule>(OrderingRule::ALL.iter().map(|one| one.as_str())))]
    ordering: Option<OrderingRule>,
    /// The shop ignores the rules.
    #[arg(long)]
    ignore_rules: bool,
    /// The payment's id, by which splits go.
    #[arg(long, value_name = "ID")]
    payment: Option<i64>,
    #[command(flatten)]
    format: Format,
}

fn at(text: &str) -> Result<Timestamp, &'static str> {
    moment(text).ok_or("not a moment such as 2026-11-27T22:30")
}

impl StoreCommand for Routing {
    async fn run(self, app: &App, by: &Actor) -> Result<(), Failed> {
        match self {
            Routing::Rules(Listed { of, format }) => {
                list(&routing_rules::list(app, by, of.merchant).await?, format).print(format)
            }
            Routing::Add { of, file } => {
                let draft = draft(&file)?;
                let added = routing_rules::add(app, by, of.merchant, draft).await;
                let rule = added.map_err(in_file)?;
                say(format_args!("rule {}", rule.id))
            }
            Routing::Edit {
                which: One { of, id },
                file,
            } => {
                let draft = draft(&file)?;
                let changed = routing_rules::edit(app, by, of.merchant, id, draft).await;
                let is_same = changed.map_err(in_file)?.is_same;
                say(format_args!("rule {id} {}", said_change(is_same)))
            }
            Routing::Activate(which) => set_active(app, by, which, true).await,
            Routing::Deactivate(which) => set_active(app, by, which, false).await,
            Routing::Remove(One { of, id }) => {
                routing_rules::remove(app, by, of.merchant, id).await?;
                say(format_args!("rule {id} is deleted"))
            }
            Routing::Move {
                which: One { of, id },
                direction,
            } => {
                let up = matches!(direction, Direction::Up);
                routing_rules::move_one(app, by, of.merchant, id, up).await?;
                let rules = routing_rules::list(app, by, of.merchant).await?;
                let names: Vec<String> = rules.into_iter().map(|rule| rule.name).collect();
                say(format_args!("asked in this order: {}", names.join(", ")))
            }
            Routing::DryRun(payment) => {
                let (merchant, format) = (payment.of.merchant, payment.format);
                let run = routing_dry_run::run(app, by, merchant, payment.question()).await?;
                print(&run, format)
            }
        }
    }
}

async fn set_active(app: &App, by: &Actor, which: One, active: bool) -> Result<(), Failed> {
    let (merchant, id) = (which.of.merchant, which.id);
    let changed = routing_rules::set_active(app, by, merchant, id, active).await?;
    let state = state(&changed.now);
    say(format_args!("rule {id} is {state}"))
}

fn state(rule: &RoutingRule) -> &'static str {
    if rule.active { "on" } else { "off" }
}

/// The rule that a file holds.
fn draft(file: &Path) -> Result<Draft, Failed> {
    let text = files::read(file)?;
    contract::json::check(&text).map_err(|flaw| {
        let why = match flaw {
            Flaw::KeyTwice(path) => format!("{path} stands there twice"),
            Flaw::NotAnObject | Flaw::ReservedKey(_) | Flaw::Unreadable(_) => {
                "it does not hold one JSON object".to_owned()
            }
        };
        files::unreadable(file, &why)
    })?;
    let mut json = serde_json::Deserializer::from_str(&text);
    let read = serde_path_to_error::deserialize(&mut json);
    read.map_err(|error| files::unreadable(file, &error))
}

/// A problem whose field stands in a file, not on the command line.
fn in_file(problem: Problem) -> Problem {
    match problem {
        Problem::Rule { rule, mut values } => {
            for (_, value) in values.iter_mut().filter(|(name, _)| *name == "field") {
                *value = format!("{value} of the rule");
            }
            Problem::Rule { rule, values }
        }
        other => other,
    }
}

fn list(rules: &[RoutingRule], format: Format) -> Table {
    table!(rules.iter().zip(1..), (rule, place) => {
        "place": place,
        "id": rule.id,
        "active": rule.active,
        "name": rule.name,
        "when": when(rule, format),
        "then": then(rule, format),
    })
}

fn when(rule: &RoutingRule, format: Format) -> Json {
    match &rule.content {
        Content::Read(says) if format.json => routing_rules::spelled(&says.when),
        Content::Read(says) => {
            let asked = routing_rules::asked(&says.when).into_iter();
            let asked = asked.map(|(name, values)| format!("{name} {}", values.join(" ")));
            let asked: Vec<String> = asked.collect();
            json!(if asked.is_empty() {
                "always".to_owned()
            } else {
                asked.join(", ")
            })
        }
        Content::Unreadable { why, .. } => json!(format!("cannot be read: {why}")),
    }
}

fn then(rule: &RoutingRule, format: Format) -> Json {
    match &rule.content {
        Content::Read(says) if format.json => json!(says.then),
        Content::Read(says) => json!(said(&says.then)),
        Content::Unreadable { .. } => Json::Null,
    }
}

fn said(then: &Action) -> String {
    let poses = then.poses.iter().map(|target| match target.percent {
        Some(percent) => format!("{} {percent}%", target.alias),
        None => target.alias.clone(),
    });
    let poses: Vec<String> = poses.collect();
    format!("{} {}", then.kind.as_str().to_lowercase(), poses.join(", "))
}

impl Payment {
    fn question(self) -> Question {
        Question {
            digits: self.bin,
            amount: Some(self.amount),
            currency: Some(self.currency),
            installment: Some(self.installment),
            threeds: self.threeds,
            without_cvc: self.no_cvc,
            phase: Some(self.phase),
            at: self.at,
            buyer: self.buyer,
            reward: self.reward,
            points: self.points,
            pos_alias: self.pos_alias,
            pos_aliases: self.pos_aliases,
            ordering: self.ordering,
            ignores_rules: self.ignore_rules,
            payment_id: self.payment,
        }
    }
}

fn print(run: &DryRun, format: Format) -> Result<(), Failed> {
    let refusal = run.refusal.as_ref().map(refusal);
    let card = run.card.as_ref();
    let payment = [
        json!(["payment", run.payment_id]),
        json!(["bin", run.digits]),
        json!(["at", run.at]),
        json!(["bank", card.map(|card| &card.bank_name)]),
        json!(["family", card.map(|card| &card.family)]),
        json!(["foreign", card.is_none()]),
        json!(["first", run.first().map(|pos| &pos.alias)]),
        json!(["refusal", refusal]),
    ];
    let taken = run.route.taken.iter().zip(1..).map(|(taken, place)| {
        let reasons = routing_dry_run::reasons(&taken.standing);
        let left_out = run.left_out.contains(&taken.pos.id);
        (&taken.pos, Some(place), reasons, left_out)
    });
    let left = run.route.left.iter().map(|(pos, hindrance)| {
        let why = vec![routing_dry_run::hindrance(*hindrance, pos)];
        (pos, None, why, false)
    });
    let codes = |why: &[Told]| -> Vec<&str> { why.iter().map(|told| told.code).collect() };
    let texts = |why: &[Told]| {
        let texts: Vec<&str> = why.iter().map(|told| told.en.as_str()).collect();
        texts.join("; ")
    };
    let poses = table!(taken.chain(left), (pos, place, why, left_out) => {
        "place": place,
        "alias": pos.alias,
        "name": pos.name,
        "because": codes(&why),
        "why": texts(&why),
        "left out by autopilot": left_out,
    });
    let fates = run.rules.iter().zip(&run.route.fates);
    let rules = table!(fates, (rule, fate) => {
        "id": rule.id,
        "rule": rule.name,
        "fate": routing_dry_run::fate(*fate).code,
        "text": routing_dry_run::fate(*fate).en,
    });
    let payment = Table::new(&["payment", "value"], payment);
    print_parts(
        &[("payment", payment), ("poses", poses), ("rules", rules)],
        format,
    )
}

fn refusal(problem: &Problem) -> String {
    match problem {
        Problem::Failed { failure, .. } => failure.group.text(Language::En).to_owned(),
        other => Failed::from(other.clone()).to_string(),
    }
}
