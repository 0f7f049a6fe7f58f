//! Merchants' routing rules. What a rule says is one JSON text with a strict reader: a rule that it cannot
//! read stays in the list and says so. Which rule decides is the engine's business.

use super::db::{
    Bounds, Column, Commit, Fields, Name, TableRow, Unavailable, Value, insert, params, select,
    table_row, update,
};
use crate::app::App;
use contract::enums::{CardType, Currency, PaymentPhase};
use contract::money::Decimal;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the shares of a split sum to.
pub const PERCENT: u64 = 100;

table_row! {
    /// A routing rule.
    #[derive(Debug, Clone)]
    pub struct RoutingRule: "routing_rules" {
        /// Whose it is.
        pub merchant_id: i64,
        /// Its id.
        pub id: i64,
        /// Lower is asked first.
        pub place: i64,
        /// The name for people.
        pub name: String,
        /// Whether it is asked at all.
        pub active: bool,
        /// What it says.
        pub content: Content = "instruction",
        /// For compare-and-set.
        pub version: i64,
    }
}

/// What a rule's text holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An instruction.
    Read(Instruction),
    /// What is none. It is kept as it is, and decides nothing.
    Unreadable {
        /// The text.
        text: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Which payments a rule is about, and where they go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instruction {
    /// Holds for the payment.
    #[serde(default)]
    pub when: Conditions,
    /// Where it goes.
    pub then: Action,
}

/// What must hold, all of it. What is empty or `None` asks nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Conditions {
    /// The card's number begins with one of these digits.
    pub bins: Vec<String>,
    /// The card is of one of these families.
    pub families: Vec<String>,
    /// Its issuer has one of these EFT codes.
    pub issuers: Vec<i64>,
    /// It is of one of these types.
    pub card_types: Vec<CardType>,
    /// It is a company's, or a person's.
    pub commercial: Option<bool>,
    /// Its issuer is foreign (no list knows the number), or is not.
    pub foreign: Option<bool>,
    /// The payment is in this currency.
    pub currency: Option<Currency>,
    /// It is of this amount at least, points included, in `currency`.
    pub amount_from: Option<Decimal>,
    /// And at most.
    pub amount_to: Option<Decimal>,
    /// It has so many instalments at least; 1 is a single payment.
    pub installment_from: Option<u8>,
    /// And at most.
    pub installment_to: Option<u8>,
    /// It comes at this time of the day.
    pub hours: Option<Hours>,
    /// It comes on one of these days, on Istanbul's calendar.
    pub weekdays: Vec<Weekday>,
    /// `buyerMemberId` is one of these.
    pub buyers: Vec<i64>,
    /// It is with 3DS, or without.
    #[serde(rename = "threeDS")]
    pub threeds: Option<bool>,
    /// It is a sale, or a hold.
    pub phase: Option<PaymentPhase>,
}

/// Hours of the day on Istanbul's clocks. A range may go over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The first hour, 0 to 23.
    pub from: u8,
    /// The hour before which it ends, 1 to 24.
    pub to: u8,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "they are the days")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Where the payments of a rule go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// How its POSes are used.
    pub kind: ActionKind,
    /// The POSes, in order.
    pub poses: Vec<Target>,
}

/// How a rule uses its POSes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ActionKind {
    /// They are tried first, in their order; the others behind them.
    First,
    /// They are tried in their order, and no other.
    Only,
    /// Each is tried first by its share of the payments; the rest as `First`.
    Split,
}

/// A POS of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its alias, which no other POS ever gets.
    pub alias: String,
    /// Its share of the payments, of a split alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
}

impl Weekday {
    /// All of them, in order.
    pub const ALL: [Weekday; 7] = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];

    /// Its spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Weekday::Monday => "MONDAY",
            Weekday::Tuesday => "TUESDAY",
            Weekday::Wednesday => "WEDNESDAY",
            Weekday::Thursday => "THURSDAY",
            Weekday::Friday => "FRIDAY",
            Weekday::Saturday => "SATURDAY",
            Weekday::Sunday => "SUNDAY",
        }
    }
}

impl ActionKind {
    /// All of them.
    pub const ALL: [ActionKind; 3] = [ActionKind::First, ActionKind::Only, ActionKind::Split];

    /// Its spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            ActionKind::First => "FIRST",
            ActionKind::Only => "ONLY",
            ActionKind::Split => "SPLIT",
        }
    }
}

impl Instruction {
    /// Reads what is stored. The error says what is wrong, for whose rule it is.
    fn read(text: &str) -> Result<Instruction, String> {
        let read: Instruction = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match read.flaw() {
            Some(flaw) => Err(flaw.to_owned()),
            None => Ok(read),
        }
    }

    /// Why it cannot decide anything, although its shape is right.
    fn flaw(&self) -> Option<&'static str> {
        let Action { kind, poses } = &self.then;
        let shares = poses.iter().filter_map(|pos| pos.percent);
        let sum: u64 = shares.clone().map(u64::from).sum();
        let hours = self.when.hours;
        if poses.is_empty() {
            Some("it names no POS")
        } else if *kind == ActionKind::Split && (shares.count() < poses.len() || sum != PERCENT) {
            Some("its shares do not sum to 100")
        } else if hours.is_some_and(|hours| hours.from > 23 || hours.to > 24) {
            Some("its hours are none of a day")
        } else {
            None
        }
    }
}

impl Column for Content {
    fn read(fields: &mut Fields, column: Name<'_>, bounds: Bounds) -> Result<Self, Unavailable> {
        let text = String::read(fields, column, bounds)?;
        Ok(match Instruction::read(&text) {
            Ok(instruction) => Content::Read(instruction),
            Err(why) => Content::Unreadable { text, why },
        })
    }

    fn write(&self, values: &mut Vec<Value>) {
        let text = match self {
            Content::Read(instruction) => serde_json::to_string(instruction).unwrap_or_default(),
            Content::Unreadable { text, .. } => text.clone(),
        };
        values.push(Value::Text(text));
    }
}

/// A merchant's rules, in the order in which they are asked.
pub async fn of_merchant(app: &App, merchant_id: i64) -> Result<Vec<RoutingRule>, Unavailable> {
    let sql = select!(RoutingRule, "where merchant_id = $1 order by place, id");
    let rows = app.db.rows(sql, params![merchant_id]).await?;
    let rules: Result<Vec<_>, _> = rows.into_iter().map(RoutingRule::read).collect();
    let rules = rules?;
    for rule in &rules {
        if let Content::Unreadable { why, .. } = &rule.content {
            let (merchant, rule) = (rule.merchant_id, rule.id);
            tracing::error!(merchant, rule, %why, "a routing rule cannot be read: it decides nothing");
        }
    }
    Ok(rules)
}

/// [`of_merchant`] for a payment: may be up to [`memory::STALE_MAX`](super::memory::STALE_MAX) behind
/// what another process changed.
pub async fn for_payment(app: &App, merchant_id: i64) -> Result<Arc<[RoutingRule]>, Unavailable> {
    app.memory.routing_rules(app, merchant_id).await
}

/// One rule of a merchant.
pub async fn one_of_merchant(
    app: &App,
    merchant_id: i64,
    id: i64,
) -> Result<Option<RoutingRule>, Unavailable> {
    let sql = select!(RoutingRule, "where merchant_id = $1 and id = $2");
    let row = app.db.row(sql, params![merchant_id, id]).await?;
    row.map(RoutingRule::read).transpose()
}

/// Writes a new rule.
pub fn insert(app: &App, rule: &RoutingRule, commit: &mut Commit) {
    insert!(commit, rule => RoutingRule, { created_at: app.now() });
    commit.change_settings();
}

/// Writes a rule's changes; a conflict when somebody else changed it meanwhile.
pub fn save(rule: &RoutingRule, commit: &mut Commit) {
    update!(commit, "routing_rules"
    where { merchant_id: rule.merchant_id, id: rule.id, version: rule.version }
    set {
        version: rule.version + 1,
        place: rule.place,
        name: rule.name,
        active: rule.active,
        instruction: rule.content,
    });
    commit.change_settings();
}

/// Deletes a rule; a conflict when somebody else changed it meanwhile.
pub fn delete(rule: &RoutingRule, commit: &mut Commit) {
    commit.one(
        "delete from routing_rules where merchant_id = $1 and id = $2 and version = $3",
        params![rule.merchant_id, rule.id, rule.version],
    );
    commit.change_settings();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_instruction_is_not_read_as_one() {
        let split = r#"{"when":{},"then":{"kind":"SPLIT","poses":[{"alias":"a","percent":60},{"alias":"b","percent":40}]}}"#;
        assert!(Instruction::read(split).is_ok());
        for (text, told) in [
            ("", "EOF"),
            (r#"{"then":{"kind":"ONLY","poses":[]}}"#, "names no POS"),
            (
                r#"{"when":{"bin":["4"]},"then":{"kind":"ONLY","poses":[{"alias":"a"}]}}"#,
                "unknown field `bin`",
            ),
            (
                r#"{"then":{"kind":"MAYBE","poses":[{"alias":"a"}]}}"#,
                "unknown variant",
            ),
            (&split.replace("40", "41"), "sum to 100"),
            (&split.replace(r#","percent":40"#, ""), "sum to 100"),
            (
                &split.replace(r#""when":{}"#, r#""when":{"hours":{"from":24,"to":3}}"#),
                "hours",
            ),
        ] {
            let why = Instruction::read(text).unwrap_err();
            assert!(why.contains(told), "{text}: {why}");
        }
    }
}
