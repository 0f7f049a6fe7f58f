//! Why a request did not succeed, before it is worded: a rule that it broke, a payment that
//! failed, a payment in doubt, or a database that is away.

use crate::store::db::Unavailable;
use crate::store::payments::PaymentFailure;
use contract::rules::Rule;

/// Why a request did not succeed.
#[derive(Debug, Clone)]
pub enum Problem {
    /// The request breaks a rule; nothing happened.
    Rule {
        /// Which.
        rule: Rule,
        /// What its text names: `field` (the path, `items[1].price`), a limit, an offending value.
        values: Vec<(&'static str, String)>,
    },
    /// A bank, a lender or routing refused a payment.
    Failed {
        /// The payment, when one was stored.
        payment_id: Option<i64>,
        /// Why.
        failure: PaymentFailure,
    },
    /// Whether the money was taken is unknown; the payment waits.
    Doubt {
        /// The payment.
        payment_id: i64,
    },
    /// Another call is moving the payment and has no outcome yet; nothing happened.
    UnderWay {
        /// The payment.
        payment_id: i64,
    },
    /// Somebody else moved the same thing first; decide again. Never reaches a merchant.
    Moved,
    /// The database did not answer. Nothing was acknowledged.
    Unavailable(String),
}

impl Problem {
    /// A refusal before any payment was stored.
    pub fn failed(failure: impl Into<PaymentFailure>) -> Problem {
        Problem::Failed {
            payment_id: None,
            failure: failure.into(),
        }
    }

    /// A broken rule that concerns no single field.
    pub fn rule(rule: Rule) -> Problem {
        Problem::Rule {
            rule,
            values: Vec::new(),
        }
    }

    /// A broken rule with what its text names.
    pub fn with(rule: Rule, values: &[(&'static str, &str)]) -> Problem {
        let values = values
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        Problem::Rule { rule, values }
    }

    /// A broken rule of a field.
    pub fn field(rule: Rule, field: impl ToString) -> Problem {
        Problem::with(rule, &[("field", &field.to_string())])
    }

    /// A rule that wants fields which are not there: it names the first one, and carries all.
    pub fn missing(rule: Rule, fields: &[&str]) -> Problem {
        let first = fields.first().copied().unwrap_or("");
        let first = first.split('[').next().unwrap_or(first);
        let all = fields.join(" ");
        Problem::with(rule, &[("field", first), ("missing", &all)])
    }

    /// A broken rule of a field, with one more value.
    pub fn limit(
        rule: Rule,
        field: impl ToString,
        name: &'static str,
        value: impl ToString,
    ) -> Problem {
        Problem::with(
            rule,
            &[("field", &field.to_string()), (name, &value.to_string())],
        )
    }

    /// A field that is not within its bounds.
    pub fn range(rule: Rule, field: impl ToString, min: i64, max: i64) -> Problem {
        Problem::with(
            rule,
            &[
                ("field", &field.to_string()),
                ("min", &min.to_string()),
                ("max", &max.to_string()),
            ],
        )
    }

    /// What a move is answered with that failed after its intent was committed: bank or lender may have
    /// acted, so a database that is away is doubt about the payment, and the schedule asks later.
    #[must_use]
    pub fn or_doubt(self, payment_id: i64) -> Problem {
        match self {
            Problem::Unavailable(why) => {
                tracing::error!(payment = payment_id, %why, "a move's outcome could not be written: it is asked about later");
                Problem::Doubt { payment_id }
            }
            Problem::Moved => Problem::Doubt { payment_id },
            other => other,
        }
    }

    /// Something that the merchant cannot mend; the cause goes to the log alone.
    pub fn unavailable(why: impl Into<String>) -> Problem {
        Problem::Unavailable(why.into())
    }
}

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Problem {
        Problem::Unavailable(error.to_string())
    }
}
