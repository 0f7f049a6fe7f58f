//! What wraps every answer: `data` alone for a success, `errors` alone for a failure.
//!
//! Neither is ever null, because the Java client loses the error behind a null.

use crate::errors::{ErrorGroup, Language};
use crate::rules::Rule;
use serde::Serialize;

/// `{"data": {..}}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Success<T> {
    /// The answer: always an object.
    pub data: T,
}

/// The `data` of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Items<T> {
    /// One page of the list; may be empty, never absent.
    pub items: Vec<T>,
    /// Counted from 0.
    pub page: i64,
    /// The largest number of items on a page.
    pub size: i64,
    /// Items on all pages.
    pub total_size: i64,
}

impl<T> Items<T> {
    /// A list that has no pages: all of it.
    pub fn whole(items: Vec<T>) -> Items<T> {
        let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
        Items {
            items,
            page: 0,
            size: count,
            total_size: count,
        }
    }
}

/// `{"errors": {..}}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failure {
    /// What went wrong.
    pub errors: Errors,
}

/// The `errors` of a failure.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Errors {
    /// Decimal digits, always a text.
    pub error_code: String,
    /// A sentence in the caller's language.
    pub error_description: String,
    /// Only for refusals of a payment (codes above 10000).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_group: Option<ErrorGroup>,
    /// The bank's or lender's own code and message: capped and scrubbed by who sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_error: Option<ProviderError>,
    /// The payment that was refused or is in doubt, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<i64>,
    /// The path of the field that is wrong: `items[0].price`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// What a bank or a lender said itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProviderError {
    /// Its code.
    pub error_code: String,
    /// Its message.
    pub error_message: String,
}

impl Errors {
    /// A broken rule. A value named `field` is also told as the field's path.
    pub fn of_rule(rule: Rule, language: Language, values: &[(&str, &str)]) -> Errors {
        let field = values.iter().find(|(name, _)| *name == "field");
        Errors {
            error_code: rule.code().to_owned(),
            error_description: rule.text(language, values),
            error_group: None,
            provider_error: None,
            payment_id: None,
            field: field.map(|(_, path)| told(path)),
        }
    }

    /// A refused payment.
    pub fn of_group(group: ErrorGroup, language: Language) -> Errors {
        Errors {
            error_code: group.code().to_owned(),
            error_description: group.text(language).to_owned(),
            error_group: Some(group),
            provider_error: None,
            payment_id: None,
            field: None,
        }
    }
}

/// Characters of a field's path that are told: a body may be nested as deep as it likes.
const PATH_CHARS_MAX: usize = 100;

fn told(path: &str) -> String {
    match path.char_indices().nth(PATH_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &path[..end]),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_have_the_documented_shapes() {
        let mut errors = Errors::of_group(ErrorGroup::NotSufficientFunds, Language::En);
        let provider = ProviderError {
            error_code: "51".into(),
            error_message: "no".into(),
        };
        errors.provider_error = Some(provider);
        errors.payment_id = Some(7);
        let list = Success {
            data: Items {
                items: vec![1],
                page: 0,
                size: 10,
                total_size: 1,
            },
        };
        assert_eq!(
            serde_json::to_value(list).unwrap(),
            json!({"data": {"items": [1], "page": 0, "size": 10, "totalSize": 1}})
        );
        assert_eq!(
            serde_json::to_value(Failure { errors }).unwrap(),
            json!({"errors": {
                "errorCode": "10051",
                "errorDescription": "The limit or balance of the card is not sufficient",
                "errorGroup": "NOT_SUFFICIENT_FUNDS",
                "providerError": {"errorCode": "51", "errorMessage": "no"},
                "paymentId": 7
            }})
        );
        let missing = Errors::of_rule(Rule::Required, Language::Tr, &[("field", "price")]);
        assert_eq!(
            serde_json::to_value(missing).unwrap(),
            json!({"errorCode": "2001", "errorDescription": "price alanı zorunludur", "field": "price"})
        );
    }
}
