//! Failures on demand: rules that a tester posts, matched against each request in the order in
//! which they came. What a failure looks like on the wire is in `reply`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ledger::names;
use crate::named::named;
use crate::seal::Sealer;

const MAX_RULES: usize = 1_000;

named! {
    /// What a message or page is for: how faults name it.
    Verb {
        Sale = "sale",
        Hold = "hold",
        Capture = "capture",
        ThreedsInit = "threeds_init",
        ThreedsPage = "threeds_page",
        ThreedsResolve = "threeds_resolve",
        ThreedsFinish = "threeds_finish",
        Void = "void",
        Refund = "refund",
        Inquire = "inquire",
        List = "list",
        Loyalties = "loyalties",
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultKind {
    /// Refuse with `code`, without doing anything, or after doing everything when `after` is set.
    Decline,
    /// Do everything, answer `ms` late.
    Delay,
    /// Do everything, close the connection without an answer.
    LoseReply,
    /// Do everything, send half of the answer.
    CutReply,
    /// Do everything, answer with a hash that does not verify.
    WrongMac,
    /// Do everything, answer something that is no message.
    Garbage,
    /// Do everything, answer `body` in place of the message.
    Answer,
    /// Do everything, answer with each `find` in the message replaced by `replace`.
    Edit,
    /// Answer 500; nothing is done, and that `ms` late, or everything when `after` is set.
    #[serde(rename = "http_500")]
    Http500,
    /// The bank page returns the shopper twice.
    DuplicateCallback,
    /// The bank page never returns the shopper.
    NoCallback,
}

/// A failure and its parameters.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ms: Option<u64>,
    #[serde(default)]
    pub(crate) after: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) find: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) replace: Option<String>,
}

/// Which requests fail; absent fields match all.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Match {
    #[serde(default)]
    pub(crate) amount: Option<i64>,
    #[serde(default)]
    card_number: Option<String>,
    #[serde(default)]
    order_id: Option<String>,
}

/// A rule as it is posted to `/control/faults`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) bank: String,
    #[serde(default)]
    pub(crate) operation: Option<String>,
    #[serde(default, rename = "match")]
    pub(crate) only: Match,
    pub(crate) fault: Fault,
    #[serde(default = "once")]
    pub(crate) times: u32,
}

fn once() -> u32 {
    1
}

/// What a request is about, as far as its message tells.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) amount: Option<i64>,
    /// The card's reference (`Sealer::card_reference`).
    pub(crate) card: Option<&'a str>,
    pub(crate) order_id: Option<&'a str>,
}

struct Armed {
    rule: Rule,
    card: Option<String>,
}

/// The rules in force.
#[derive(Default)]
pub(crate) struct Faults {
    rules: Mutex<Vec<Armed>>,
}

impl Faults {
    fn rules(&self) -> MutexGuard<'_, Vec<Armed>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule; false when there are too many. The card's number is not kept.
    pub(crate) fn add(&self, mut rule: Rule, sealer: &Sealer) -> bool {
        let card = rule
            .only
            .card_number
            .take()
            .map(|pan| sealer.card_reference(&pan));
        let mut rules = self.rules();
        if rules.len() >= MAX_RULES {
            return false;
        }
        rules.push(Armed { rule, card });
        true
    }

    /// The rules in force with what is left of them, in the order in which they are tried.
    pub(crate) fn list(&self) -> Vec<Value> {
        let rules = self.rules();
        let listed = rules.iter().map(|armed| {
            let rule = &armed.rule;
            json!({
                "bank": rule.bank,
                "operation": rule.operation,
                "match": {
                    "amount": rule.only.amount,
                    "orderId": rule.only.order_id,
                    // The number is not kept.
                    "card": armed.card.is_some(),
                },
                "fault": rule.fault,
                "times": rule.times,
            })
        });
        listed.collect()
    }

    /// Forgets all rules.
    pub(crate) fn clear(&self) {
        self.rules().clear();
    }

    /// The failure that this request must meet, if any; it counts as used.
    pub(crate) fn take(&self, bank: &str, operation: &str, facts: Facts<'_>) -> Option<Fault> {
        let mut rules = self.rules();
        let index = rules
            .iter()
            .position(|armed| armed.fits(bank, operation, facts))?;
        let armed = rules.get_mut(index)?;
        let fault = armed.rule.fault.clone();
        armed.rule.times = armed.rule.times.saturating_sub(1);
        if armed.rule.times == 0 {
            rules.remove(index);
        }
        Some(fault)
    }
}

impl Armed {
    fn fits(&self, bank: &str, operation: &str, facts: Facts<'_>) -> bool {
        let only = &self.rule.only;
        self.rule.times > 0
            && self.rule.bank == bank
            && self
                .rule
                .operation
                .as_deref()
                .is_none_or(|wanted| wanted == operation)
            && only
                .amount
                .is_none_or(|wanted| facts.amount == Some(wanted))
            && self
                .card
                .as_deref()
                .is_none_or(|wanted| facts.card == Some(wanted))
            && only.order_id.as_deref().is_none_or(|wanted| {
                facts
                    .order_id
                    .is_some_and(|id| plain_order_id(id) == plain_order_id(wanted))
            })
    }
}

/// An order id without what stands in front of it: the account in the ledger, `TDS_` and zeros up to 24
/// places by PosNet's rules.
pub(crate) fn plain_order_id(id: &str) -> &str {
    let (_, id) = names(id);
    id.strip_prefix("TDS_")
        .unwrap_or(id)
        .trim_start_matches('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Rule {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_rule_counts_down_and_matches_only_what_it_names() {
        let sealer = Sealer::new([1; 32]);
        let faults = Faults::default();
        assert!(faults.add(
            rule(
                r#"{"bank":"posnet","operation":"sale","match":{"amount":100,
                "cardNumber":"4111","orderId":"A1"},"fault":{"kind":"http_500"},"times":2}"#
            ),
            &sealer
        ));
        let card = sealer.card_reference("4111");
        let facts = Facts {
            amount: Some(100),
            card: Some(&card),
            order_id: Some("0000A1"),
        };
        assert!(faults.take("garanti", "sale", facts).is_none());
        assert!(faults.take("posnet", "void", facts).is_none());
        assert!(
            faults
                .take(
                    "posnet",
                    "sale",
                    Facts {
                        amount: Some(1),
                        ..facts
                    }
                )
                .is_none()
        );
        assert!(
            faults
                .take(
                    "posnet",
                    "sale",
                    Facts {
                        card: None,
                        ..facts
                    }
                )
                .is_none()
        );
        assert!(faults.take("posnet", "sale", facts).is_some());
        assert!(faults.take("posnet", "sale", facts).is_some());
        assert!(faults.take("posnet", "sale", facts).is_none());
    }
}
