//! The contract as OpenAPI 3.1: what this version serves, and the types that it needs.

use crate::contract::{Contract, Endpoint, Kind, Type, Way};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The whole document.
pub(crate) fn document(contract: &Contract) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    let mut named = BTreeSet::from(["ErrorGroup".to_owned()]);
    for endpoint in contract.endpoints.iter().filter(|endpoint| endpoint.served) {
        let described = operation(contract, endpoint, &mut named);
        let path = paths
            .entry(endpoint.path.clone())
            .or_insert_with(|| json!({}));
        path[endpoint.method.to_ascii_lowercase()] = described;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Galata",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The API of Craftgate's public clients, as this version serves it.",
            "description": "Every request is signed; docs/ of the repository and the official clients \
                            show how. Amounts are decimals in the currency's unit. Moments are local \
                            time of Istanbul, without a zone.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The address that this document comes from."}],
        "security": [{"apiKey": [], "rndKey": [], "authVersion": [], "signature": []}],
        "paths": paths,
        "components": {
            "schemas": schemas(contract, named),
            "responses": {"Refused": {
                "description": "The request or the payment was refused, or its outcome is not known yet.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}},
            }},
            "parameters": {"IdempotencyKey": {
                "name": "x-idempotency-key", "in": "header", "required": false,
                "description": "A request with the same key and body is answered as the first was.",
                "schema": {"type": "string"},
            }},
            "securitySchemes": {
                "apiKey": header("x-api-key", "The merchant's API key."),
                "rndKey": header("x-rnd-key", "A text that no other request of the key uses."),
                "authVersion": header("x-auth-version", "Always 1."),
                "signature": header(
                    "x-signature",
                    "Base64 of SHA-256 over the decoded URL, API key, secret key, random key and body.",
                ),
            },
        },
    })
}

fn header(name: &str, description: &str) -> Value {
    json!({"type": "apiKey", "in": "header", "name": name, "description": description})
}

fn reference(name: &str, named: &mut BTreeSet<String>) -> Value {
    named.insert(name.to_owned());
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn operation(contract: &Contract, endpoint: &Endpoint, named: &mut BTreeSet<String>) -> Value {
    let variables = endpoint
        .path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{'));
    let mut parameters: Vec<Value> = variables
        .map(|name| {
            let name = name.trim_end_matches('}');
            let schema = match name {
                "binNumber" => json!({"type": "string"}),
                "posStatus" => reference("PosStatus", named),
                _ => json!({"type": "integer", "format": "int64", "minimum": 1}),
            };
            json!({"name": name, "in": "path", "required": true, "schema": schema})
        })
        .collect();
    let request = endpoint
        .request
        .as_deref()
        .and_then(|name| contract.type_named(name));
    let mut described = json!({
        "operationId": endpoint.name.replace("::", "_"),
        "tags": [endpoint.name.split("::").next()],
        "responses": {
            "200": success(endpoint, named),
            "default": {"$ref": "#/components/responses/Refused"},
        },
    });
    match request {
        Some(query) if query.way == Way::Query => {
            for field in &query.fields {
                let mut parameter = json!({
                    "name": field.name, "in": "query", "schema": schema(&field.kind, named),
                });
                if let Some(doc) = &field.doc {
                    parameter["description"] = json!(doc);
                }
                parameters.push(parameter);
            }
        }
        Some(body) => {
            described["requestBody"] = json!({
                "required": true,
                "content": {"application/json": {"schema": reference(&body.name, named)}},
            });
        }
        None => {}
    }
    if endpoint.method != "GET" {
        parameters.push(json!({"$ref": "#/components/parameters/IdempotencyKey"}));
    }
    if !parameters.is_empty() {
        described["parameters"] = json!(parameters);
    }
    described
}

fn success(endpoint: &Endpoint, named: &mut BTreeSet<String>) -> Value {
    let list = endpoint
        .response
        .strip_prefix('[')
        .and_then(|r| r.strip_suffix(']'));
    let data = match (list, endpoint.response.as_str()) {
        (Some(entry), _) => json!({
            "type": "object",
            "required": ["items", "page", "size", "totalSize"],
            "properties": {
                "items": {"type": "array", "items": reference(entry, named)},
                "page": {"type": "integer", "minimum": 0},
                "size": {"type": "integer"},
                "totalSize": {"type": "integer"},
            },
        }),
        (None, "void") => return json!({"description": "Done."}),
        (None, "bytes") => {
            let content = json!({"application/octet-stream": {}});
            return json!({"description": "The file.", "content": content});
        }
        (None, name) => reference(name, named),
    };
    json!({
        "description": "Done.",
        "content": {"application/json": {"schema": {
            "type": "object", "required": ["data"], "properties": {"data": data},
        }}},
    })
}

/// Every type that was named, and what those hold in turn.
fn schemas(contract: &Contract, mut named: BTreeSet<String>) -> Value {
    let mut schemas = Map::new();
    schemas.insert("Failure".to_owned(), failure(&mut named));
    loop {
        let found = named
            .iter()
            .find(|name| !schemas.contains_key(*name))
            .cloned();
        let Some(name) = found else { break };
        let schema = match contract.type_named(&name) {
            Some(found) => object(found, &mut named),
            None => enumeration(contract, &name),
        };
        schemas.insert(name, schema);
    }
    schemas.sort_keys();
    Value::Object(schemas)
}

fn failure(named: &mut BTreeSet<String>) -> Value {
    json!({
        "type": "object",
        "required": ["errors"],
        "properties": {"errors": {
            "type": "object",
            "required": ["errorCode", "errorDescription"],
            "properties": {
                "errorCode": {"type": "string", "description": "Decimal digits."},
                "errorDescription": {"type": "string"},
                "errorGroup": reference("ErrorGroup", named),
                "providerError": {
                    "type": "object",
                    "properties": {
                        "errorCode": {"type": "string"}, "errorMessage": {"type": "string"},
                    },
                },
                "paymentId": {"type": "integer", "format": "int64"},
                "field": {"type": "string", "description": "The path of the field that is wrong."},
            },
        }},
    })
}

fn object(found: &Type, named: &mut BTreeSet<String>) -> Value {
    let mut properties = Map::new();
    for field in &found.fields {
        let mut described = schema(&field.kind, named);
        if let Some(doc) = &field.doc {
            described["description"] = json!(doc);
        }
        properties.insert(field.name.clone(), described);
    }
    json!({"type": "object", "description": found.doc, "properties": properties})
}

fn enumeration(contract: &Contract, name: &str) -> Value {
    let found = contract.enums.iter().find(|found| found.name == name);
    json!({"type": "string", "enum": found.map(|found| &found.values)})
}

fn schema(kind: &Kind, named: &mut BTreeSet<String>) -> Value {
    match kind {
        Kind::List(entry) => json!({"type": "array", "items": schema(entry, named)}),
        Kind::Map => json!({"type": "object", "additionalProperties": true}),
        Kind::Named(name) if name == "CardText" || name == "SensitiveText" => {
            json!({"type": "string", "writeOnly": true})
        }
        Kind::Named(name) => reference(name, named),
        Kind::Scalar(scalar) => match scalar.as_str() {
            "int64" => json!({"type": "integer", "format": "int64"}),
            "int32" => json!({"type": "integer", "format": "int32"}),
            "bool" => json!({"type": "boolean"}),
            "decimal" | "float64" => json!({"type": "number"}),
            "datetime" => json!({"type": "string", "examples": ["2026-01-31T23:59:59"]}),
            "date" => json!({"type": "string", "format": "date"}),
            _ => json!({"type": "string"}),
        },
    }
}
