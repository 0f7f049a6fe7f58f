//! The contract as a model: endpoints, types and enums, read from the data and the overlay.

use crate::names;
use crate::overlay::Overlay;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The whole contract.
pub(crate) struct Contract {
    /// In the order of the data.
    pub(crate) endpoints: Vec<Endpoint>,
    /// Every type that an endpoint or a webhook uses, in the order of the data.
    pub(crate) types: Vec<Type>,
    /// Every enum.
    pub(crate) enums: Vec<Enum>,
    /// Pairs of types: the first is made into the second, field by field of the same name.
    pub(crate) conversions: Vec<(String, String)>,
}

/// One endpoint.
pub(crate) struct Endpoint {
    /// The part of the API: `payment`, `wallet`.
    pub(crate) group: String,
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub(crate) method: String,
    /// With variables in braces.
    pub(crate) path: String,
    /// The type of the body or of the query.
    pub(crate) request: Option<String>,
    /// The type under `data`; `[Type]` for `data.items`; `void` or `bytes`.
    pub(crate) response: String,
    /// `card_payments::create`.
    pub(crate) name: String,
    /// Whether this version serves it.
    pub(crate) served: bool,
}

/// The way that an object goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Arrives as a body.
    Request,
    /// Leaves.
    Response,
    /// Both.
    Shared,
    /// Arrives as a query string.
    Query,
}

/// An object of the wire.
pub(crate) struct Type {
    /// Its name.
    pub(crate) name: String,
    /// The noun whose file it stands in.
    pub(crate) home: String,
    /// What it is.
    pub(crate) doc: String,
    /// The way that it goes.
    pub(crate) way: Way,
    /// In order.
    pub(crate) fields: Vec<Field>,
}

/// A field of an object.
pub(crate) struct Field {
    /// On the wire.
    pub(crate) name: String,
    /// A second name that is read, of a query.
    pub(crate) alias: Option<String>,
    /// What it holds.
    pub(crate) kind: Kind,
    /// What the name does not say.
    pub(crate) doc: Option<String>,
}

/// What a field holds.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A scalar of the contract: `string`, `decimal`, `datetime`, or a text that is never shown.
    Scalar(String),
    /// A list.
    List(Box<Kind>),
    /// A map of anything.
    Map,
    /// An enum or a type, by name.
    Named(String),
}

/// An enum of the wire.
pub(crate) struct Enum {
    /// Its name.
    pub(crate) name: String,
    /// What it is.
    pub(crate) doc: String,
    /// Spellings.
    pub(crate) values: Vec<String>,
}

impl Contract {
    /// Reads the data's folder.
    pub(crate) fn read(folder: &Path) -> Result<Contract, String> {
        let json = |name: &str| -> Result<Value, String> {
            let text = fs::read_to_string(folder.join(name)).map_err(|e| format!("{name}: {e}"))?;
            serde_json::from_str(&text).map_err(|e| format!("{name}: {e}"))
        };
        let overlay = Overlay::new(json("overlay.json")?)?;
        let types = object(json("types.json")?)?;
        let endpoints = endpoints(&json("endpoints.json")?, &types, &overlay)?;
        let mut enums = Vec::new();
        for (name, values) in object(json("enums.json")?)?.iter() {
            enums.push(enumeration(name, values, &overlay)?);
        }
        for (name, values) in overlay.part("enums") {
            enums.push(enumeration(name, values, &overlay)?);
        }
        let mut conversions = Vec::new();
        for (from, to) in overlay.part("conversions") {
            conversions.push((from.to_owned(), string(to)?));
        }
        Ok(Contract {
            types: used_types(&types, &endpoints, &overlay)?,
            endpoints,
            enums,
            conversions,
        })
    }

    /// The type of that name.
    pub(crate) fn type_named(&self, name: &str) -> Option<&Type> {
        self.types.iter().find(|t| t.name == name)
    }

    /// The nouns that have types, in order.
    pub(crate) fn nouns(&self) -> BTreeSet<&str> {
        self.types.iter().map(|t| t.home.as_str()).collect()
    }
}

fn object(json: Value) -> Result<Map<String, Value>, String> {
    match json {
        Value::Object(map) => Ok(map),
        _ => Err("an object is expected".to_owned()),
    }
}

fn string(json: &Value) -> Result<String, String> {
    json.as_str()
        .map(str::to_owned)
        .ok_or_else(|| format!("a text is expected: {json}"))
}

fn enumeration(name: &str, values: &Value, overlay: &Overlay) -> Result<Enum, String> {
    let values = values
        .as_array()
        .ok_or_else(|| format!("{name}: a list is expected"))?;
    let doc = overlay.text("docs", name).map(str::to_owned);
    Ok(Enum {
        name: name.to_owned(),
        doc: doc.unwrap_or_else(|| format!("`{name}` of the public contract.")),
        values: values.iter().map(string).collect::<Result<_, _>>()?,
    })
}

fn endpoints(
    data: &Value,
    types: &Map<String, Value>,
    overlay: &Overlay,
) -> Result<Vec<Endpoint>, String> {
    let rows = data
        .as_array()
        .ok_or("endpoints.json: a list is expected")?;
    let mut found = Vec::new();
    for row in rows.iter().chain(overlay.list("endpoints")) {
        let text = |key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
        let due = |key: &str| text(key).ok_or_else(|| format!("{row}: {key} is missing"));
        let (group, method, path) = (due("group")?, due("method")?, due("path")?);
        let request = text("request").or_else(|| text("query"));
        let response = text("response").unwrap_or_else(|| "void".to_owned());
        let reads = match (response.starts_with('['), &request) {
            (false, _) => "retrieve",
            (true, None) => "list",
            (true, Some(_)) => "search",
        };
        let name = match overlay.text("names", &format!("{method} {path}")) {
            Some(name) => name.to_owned(),
            None => operation(&group, &method, &path, reads),
        };
        found.push(Endpoint {
            served: overlay.list("served").iter().any(|served| *served == *name),
            response: unwrapped(response, types)?,
            group,
            method,
            path,
            request,
            name,
        });
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = found.iter().find(|endpoint| !names.insert(&endpoint.name)) {
        let Endpoint {
            name, method, path, ..
        } = twice;
        return Err(format!(
            "{name} is there twice: name {method} {path} in the overlay"
        ));
    }
    match overlay
        .list("served")
        .iter()
        .find(|served| !found.iter().any(|e| **served == *e.name))
    {
        Some(unknown) => Err(format!("served is {unknown}, which no endpoint is called")),
        None => Ok(found),
    }
}

/// A list's wrapper, replaced by what it lists: `[BankOffers]` by `[BankOffer]`.
fn unwrapped(response: String, types: &Map<String, Value>) -> Result<String, String> {
    let Some(wrapper) = response.strip_prefix('[').and_then(|r| r.strip_suffix(']')) else {
        return Ok(response);
    };
    let items = types
        .get(wrapper)
        .and_then(|t| t.get("items"))
        .and_then(Value::as_str);
    let items = items.ok_or_else(|| format!("{wrapper} has no items"))?;
    match kind(items) {
        Kind::List(entry) => match *entry {
            Kind::Named(name) => Ok(format!("[{name}]")),
            _ => Err(format!("{wrapper} lists no type")),
        },
        _ => Err(format!("the items of {wrapper} are no list")),
    }
}

/// An operation's name: the noun of the path, and what is done with it. `reads` is the verb of a GET.
fn operation(group: &str, method: &str, path: &str, reads: &str) -> String {
    let mut segments = path.trim_matches('/').split('/').skip(2);
    // Reports of payments list several nouns; they are one room.
    let noun = match group {
        "payment-reporting" => group,
        _ => segments.next().unwrap_or(group),
    };
    let rest: Vec<&str> = segments.filter(|segment| *segment != "payments").collect();
    let words: Vec<String> = rest
        .iter()
        .filter(|segment| !segment.starts_with('{'))
        .map(|segment| names::segment(segment))
        .collect();
    let words = words.join("_");
    let verb = match method {
        "POST" if words.is_empty() => "create",
        "POST" => "",
        "PUT" => "update",
        "DELETE" => "delete",
        _ => reads,
    };
    let parts: Vec<&str> = [verb, &words]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    format!("{}::{}", names::segment(noun), parts.join("_"))
}

/// Reads a kind as the data spells it.
fn kind(spelled: &str) -> Kind {
    let list = spelled
        .strip_prefix("[list<")
        .and_then(|rest| rest.strip_suffix(">]"));
    let list = list.or_else(|| {
        spelled
            .strip_prefix("list<")
            .and_then(|r| r.strip_suffix('>'))
    });
    if let Some(entry) = list {
        return Kind::List(Box::new(kind(entry)));
    }
    match spelled {
        map if map.starts_with("map<") => Kind::Map,
        named if named.starts_with(|c: char| c.is_ascii_uppercase()) => {
            Kind::Named(named.to_owned())
        }
        scalar => Kind::Scalar(scalar.to_owned()),
    }
}

/// Where types are used: the noun of the first endpoint, and the ways that they go.
#[derive(Default)]
struct Uses {
    home: BTreeMap<String, String>,
    ways: BTreeMap<String, BTreeSet<&'static str>>,
}

impl Uses {
    /// Follows a type to all that it holds.
    fn follow(&mut self, types: &Map<String, Value>, name: &str, noun: &str, way: &'static str) {
        let name = name.trim_matches(['[', ']']);
        let Some(fields) = types.get(name).and_then(Value::as_object) else {
            return;
        };
        self.home
            .entry(name.to_owned())
            .or_insert_with(|| noun.to_owned());
        if !self.ways.entry(name.to_owned()).or_default().insert(way) {
            return;
        }
        for spelled in fields.values().filter_map(Value::as_str) {
            let mut held = kind(spelled);
            while let Kind::List(entry) = held {
                held = *entry;
            }
            if let Kind::Named(held) = held {
                self.follow(types, &held, noun, way);
            }
        }
    }
}

fn used_types(
    types: &Map<String, Value>,
    endpoints: &[Endpoint],
    overlay: &Overlay,
) -> Result<Vec<Type>, String> {
    let mut uses = Uses::default();
    for endpoint in endpoints {
        let noun = endpoint.name.split("::").next().unwrap_or_default();
        let way = if endpoint.method == "GET" {
            "query"
        } else {
            "request"
        };
        if let Some(request) = &endpoint.request {
            uses.follow(types, request, noun, way);
        }
        uses.follow(types, &endpoint.response, noun, "response");
    }
    for (name, noun) in overlay.part("sent") {
        uses.follow(types, name, &string(noun)?, "response");
    }
    let mut found = Vec::new();
    for (name, fields) in types {
        let (Some(ways), Some(home)) = (uses.ways.get(name), uses.home.get(name)) else {
            continue;
        };
        let way = match (
            ways.contains("query"),
            ways.contains("request"),
            ways.contains("response"),
        ) {
            (true, false, false) => Way::Query,
            (false, true, false) => Way::Request,
            (false, false, true) => Way::Response,
            (false, true, true) => Way::Shared,
            _ => return Err(format!("{name} goes in a query and in a body")),
        };
        let doc = overlay.text("docs", name).map(str::to_owned);
        found.push(Type {
            name: name.clone(),
            home: overlay.text("homes", name).unwrap_or(home).to_owned(),
            doc: doc.unwrap_or_else(|| format!("`{name}` of the public contract.")),
            way,
            fields: fields_of(name, way, fields, overlay)?,
        });
    }
    Ok(found)
}

fn fields_of(
    type_name: &str,
    way: Way,
    data: &Value,
    overlay: &Overlay,
) -> Result<Vec<Field>, String> {
    let data = data
        .as_object()
        .ok_or_else(|| format!("{type_name}: an object is expected"))?;
    let mut fields = Vec::new();
    let added = overlay.fields_of("added", type_name);
    let spelled = data
        .iter()
        .map(|(name, spelled)| Ok((name.as_str(), spelled.as_str().ok_or(name)?)));
    for field in spelled.chain(added.map(Ok)) {
        let (name, spelled) =
            field.map_err(|name: &String| format!("{type_name}.{name}: no kind"))?;
        let key = format!("{type_name}.{name}");
        let arrives = matches!(way, Way::Request);
        let secret = overlay.text("secrets", name).filter(|_| arrives);
        let kind = kind(overlay.text("kinds", &key).or(secret).unwrap_or(spelled));
        fields.push(Field {
            name: name.to_owned(),
            alias: overlay.text("aliases", &key).map(str::to_owned),
            doc: overlay.text("docs", &key).map(str::to_owned),
            kind,
        });
    }
    Ok(fields)
}
