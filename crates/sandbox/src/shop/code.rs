//! A call as code that can be pasted: for the official Node and Python clients, and for curl with
//! the signature computed by openssl. Published test cards stand in it whole; others stay masked.

use super::call::Call;
use super::published;
use crate::seed::{API_KEY, SECRET_KEY};
use serde_json::{Map, Value};
use std::fmt::Write;

/// What a published card takes as its security code.
const TEST_CVC: &str = "000";

/// A client's names for an endpoint.
struct Names {
    /// Which adapter: in Node, in Python.
    adapter: (&'static str, &'static str),
    /// Which method: in Node, in Python.
    method: (&'static str, &'static str),
    /// The Python class of the request; empty where a method takes an id.
    request: &'static str,
    /// What the address names, when it names something.
    argument: Option<Argument>,
}

/// What an address names.
enum Argument {
    /// A payment's id.
    Id(String),
    /// A payment's id, which Python wants in the request.
    IdInRequest(String),
    /// A filter.
    Filter(String, String),
}

/// The payment adapter's endpoints: what follows `/payment/v1/`, perhaps with an id in it; the methods
/// in Node and Python; the Python class.
#[rustfmt::skip]
const PAYMENT_CALLS: [(&str, &str, &str, &str); 8] = [
    ("card-loyalties/retrieve", "retrieveLoyalties", "retrieve_loyalties", "RetrieveLoyaltiesRequest"),
    ("card-payments", "createPayment", "create_payment", "CreatePaymentRequest"),
    ("card-payments/3ds-init", "init3DSPayment", "init_3ds_payment", "InitThreeDSPaymentRequest"),
    ("card-payments/3ds-complete", "complete3DSPayment", "complete_3ds_payment", "CompleteThreeDSPaymentRequest"),
    ("bnpl-payments/offers", "retrieveBnplOffers", "retrieve_bnpl_payment_offers", "BnplPaymentOfferRequest"),
    ("bnpl-payments/init", "initBnplPayment", "init_bnpl_payment", "InitBnplPaymentRequest"),
    ("bnpl-payments/{}/approve", "approveBnplPayment", "approve_bnpl_payment", "ApproveBnplPaymentRequest"),
    ("bnpl-payments/{}/verify", "verifyBnplPayment", "verify_bnpl_payment", "VerifyBnplPaymentRequest"),
];

fn names(call: &Call) -> Option<Names> {
    let path = call.path.as_str();
    let Some(path) = path.strip_prefix("/payment/v1/") else {
        return reporting_names(path.strip_prefix("/payment-reporting/v1/payments")?);
    };
    PAYMENT_CALLS
        .iter()
        .find_map(|(known, node, python, request)| {
            let argument = match known.split_once("{}") {
                Some((before, after)) => {
                    let id = path.strip_prefix(before)?.strip_suffix(after)?;
                    Some(Argument::IdInRequest(id.to_owned()))
                }
                None if *known == path => None,
                None => return None,
            };
            Some(Names {
                adapter: ("payment", "payment"),
                method: (node, python),
                request,
                argument,
            })
        })
}

/// Of the reporting adapter: one payment, or a search for some.
fn reporting_names(rest: &str) -> Option<Names> {
    let adapter = ("paymentReporting", "payment_reporting");
    if let Some(id) = rest.strip_prefix('/') {
        return Some(Names {
            adapter,
            method: ("retrievePayment", "retrieve_payment"),
            request: "",
            argument: Some(Argument::Id(id.to_owned())),
        });
    }
    let (name, value) = rest.strip_prefix('?')?.split_once('=')?;
    Some(Names {
        adapter,
        method: ("searchPayments", "search_payments"),
        request: "SearchPaymentsRequest",
        argument: Some(Argument::Filter(name.to_owned(), value.to_owned())),
    })
}

/// The body with published test cards whole again.
fn usable(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let value = match (name.as_str(), value) {
                    ("cardNumber", Value::String(shown)) => Value::String(
                        shown
                            .split_once("****")
                            .and_then(|(first, last)| published::number_of_ends(first, last))
                            .unwrap_or(shown)
                            .to_owned(),
                    ),
                    ("cvc", Value::String(_)) => Value::String(TEST_CVC.to_owned()),
                    (_, other) => usable(other),
                };
                (name.clone(), value)
            })
            .collect(),
        Value::Array(values) => values.iter().map(usable).collect(),
        other => other.clone(),
    }
}

/// For the Node client.
pub(super) fn node(base_url: &str, call: &Call) -> Option<String> {
    let names = names(call)?;
    let argument = match (&names.argument, &call.body) {
        (Some(Argument::Id(id) | Argument::IdInRequest(id)), _) => id.clone(),
        (Some(Argument::Filter(name, value)), _) => format!("{{ {name}: '{value}' }}"),
        (None, Some(body)) => serde_json::to_string_pretty(&usable(body)).unwrap_or_default(),
        (None, None) => String::new(),
    };
    Some(format!(
        "// npm install @craftgate/craftgate\n\
         const Craftgate = require('@craftgate/craftgate');\n\n\
         const craftgate = new Craftgate.Client({{\n  \
           apiKey: '{API_KEY}',\n  \
           secretKey: process.env.GALATA_SECRET_KEY || '{SECRET_KEY}',\n  \
           baseUrl: '{base_url}',\n\
         }});\n\n\
         craftgate.{adapter}().{method}({argument})\n  \
           .then(console.log)\n  \
           .catch(console.error);\n",
        adapter = names.adapter.0,
        method = names.method.0,
    ))
}

/// For the Python client.
pub(super) fn python(base_url: &str, call: &Call) -> Option<String> {
    let names = names(call)?;
    let argument = match (&names.argument, &call.body) {
        (Some(Argument::Id(id)), _) => id.clone(),
        (Some(Argument::IdInRequest(id)), _) => format!("{}(payment_id={id})", names.request),
        (Some(Argument::Filter(name, value)), _) => {
            format!("{}({}='{value}')", names.request, snake(name))
        }
        (None, Some(Value::Object(fields))) => keywords(names.request, fields),
        (None, _) => String::new(),
    };
    let classes = match names.request {
        "" => String::new(),
        request => format!(", {request}"),
    };
    Some(format!(
        "# pip install craftgate\n\
         import os\n\
         from craftgate import Craftgate{classes}\n\n\
         craftgate = Craftgate({{\n    \
             'api_key': '{API_KEY}',\n    \
             'secret_key': os.environ.get('GALATA_SECRET_KEY', '{SECRET_KEY}'),\n    \
             'base_url': '{base_url}',\n\
         }})\n\n\
         response = craftgate.{adapter}().{method}({argument})\n\
         print(vars(response))\n",
        adapter = names.adapter.1,
        method = names.method.1,
    ))
}

/// A call of a class with the fields as keyword arguments; what is nested stays as in JSON, which
/// the client passes on as it is.
fn keywords(class: &str, fields: &Map<String, Value>) -> String {
    let mut text = format!("{class}(\n");
    for (name, value) in fields {
        let value = match usable(&Value::Object(
            [(name.clone(), value.clone())].into_iter().collect(),
        )) {
            Value::Object(mut one) => one.get_mut(name).map(Value::take).unwrap_or_default(),
            _ => Value::Null,
        };
        text.push_str("    ");
        text.push_str(&snake(name));
        text.push('=');
        literal(&value, 1, &mut text);
        text.push_str(",\n");
    }
    text.push(')');
    text
}

/// A value as Python spells it.
fn literal(value: &Value, depth: usize, text: &mut String) {
    let indent = "    ".repeat(depth + 1);
    let close = "    ".repeat(depth);
    match value {
        Value::Null => text.push_str("None"),
        Value::Bool(true) => text.push_str("True"),
        Value::Bool(false) => text.push_str("False"),
        Value::Array(values) => {
            text.push_str("[\n");
            for value in values {
                text.push_str(&indent);
                literal(value, depth + 1, text);
                text.push_str(",\n");
            }
            text.push_str(&close);
            text.push(']');
        }
        Value::Object(fields) => {
            text.push_str("{\n");
            for (name, value) in fields {
                text.push_str(&indent);
                // JSON texts are Python texts, but for letters beyond the basic plane's escapes,
                // which serde_json writes as they are.
                let _ = write!(text, "{}: ", Value::String(name.clone()));
                literal(value, depth + 1, text);
                text.push_str(",\n");
            }
            text.push_str(&close);
            text.push('}');
        }
        other => text.push_str(&other.to_string()),
    }
}

/// `paidPrice` as `paid_price`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// For a shell.
pub(super) fn curl(base_url: &str, call: &Call) -> String {
    let body = call.body.as_ref().map(|body| usable(body).to_string());
    let quoted = body.unwrap_or_default().replace('\'', r"'\''");
    let (method, path) = (call.method, &call.path);
    let data = if quoted.is_empty() {
        ""
    } else {
        " --data-binary \"$BODY\""
    };
    format!(
        "BASE='{base_url}'; URI='{path}'\n\
         API_KEY='{API_KEY}'; SECRET_KEY=\"${{GALATA_SECRET_KEY:-{SECRET_KEY}}}\"\n\
         RND=$(openssl rand -hex 8)\n\
         BODY='{quoted}'\n\
         SIGNATURE=$(printf '%s' \"$BASE$URI$API_KEY$SECRET_KEY$RND$BODY\" | openssl dgst -sha256 -binary | openssl base64)\n\
         curl -sS -X {method} \"$BASE$URI\" -H 'content-type: application/json' \\\n  \
           -H \"x-api-key: $API_KEY\" -H \"x-rnd-key: $RND\" -H 'x-auth-version: v1' \\\n  \
           -H \"x-signature: $SIGNATURE\"{data}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call(method: &'static str, path: &str, body: Option<Value>) -> Call {
        Call {
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body,
            signed: String::new(),
            status: Some(200),
            millis: 1,
            answer: String::new(),
        }
    }

    #[test]
    fn test_cards_are_whole_in_code_and_others_are_not() {
        let body = json!({ "cardNumber": "404308****0003", "cvc": "***" });
        let ask = call("POST", "/payment/v1/card-loyalties/retrieve", Some(body));
        for code in [
            node("http://g", &ask),
            python("http://g", &ask),
            Some(curl("http://g", &ask)),
        ] {
            let code = code.unwrap();
            assert!(
                code.contains("4043080000000003") && code.contains("\"000\""),
                "{code}"
            );
        }
        let body = json!({ "cardNumber": "411111****9999" });
        let ask = call("POST", "/payment/v1/card-loyalties/retrieve", Some(body));
        assert!(curl("http://g", &ask).contains("411111****9999"));
    }

    #[test]
    fn quotes_do_not_leave_the_shell_text() {
        let pay = call(
            "POST",
            "/payment/v1/card-payments",
            Some(json!({ "a": "d'Artagnan" })),
        );
        assert!(curl("http://g", &pay).contains(r#"BODY='{"a":"d'\''Artagnan"}'"#));
    }

    #[test]
    fn python_spells_keywords_and_constants_its_own_way() {
        let body = json!({ "paidPrice": 1, "retry": true, "card": { "cardHolderName": null } });
        let pay = call("POST", "/payment/v1/card-payments", Some(body));
        let code = python("http://g", &pay).unwrap();
        assert!(code.contains("paid_price=1,\n    retry=True,\n"), "{code}");
        assert!(code.contains("\"cardHolderName\": None"), "{code}");
        let approve = call("POST", "/payment/v1/bnpl-payments/7/approve", None);
        assert!(
            node("http://g", &approve)
                .unwrap()
                .contains("approveBnplPayment(7)")
        );
    }
}
