//! The contract as Rust: a file per noun, one for the enums, one for the endpoint table.

use crate::contract::{Contract, Endpoint, Field, Kind, Type, Way};
use crate::names;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};

const HEAD: &str =
    "// Written by `cargo xtask contract` from crates/contract/data. Do not edit.\n\n";

/// Every file by its name without `.rs`.
pub(crate) fn files(contract: &Contract) -> Vec<(String, String)> {
    let mut files = vec![
        ("mod".to_owned(), module(contract)),
        ("enums".to_owned(), enums(contract)),
        ("endpoints".to_owned(), endpoints(contract)),
    ];
    for noun in contract.nouns() {
        files.push((noun.to_owned(), of_noun(contract, noun)));
    }
    files
}

/// Formats a file as the workspace does.
pub(crate) fn format(source: &str) -> io::Result<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = rustfmt.stdin.take() {
        stdin.write_all(source.as_bytes())?;
    }
    let output = rustfmt.wait_with_output()?;
    match (output.status.success(), String::from_utf8(output.stdout)) {
        (true, Ok(text)) => Ok(text),
        _ => Err(io::Error::other("rustfmt refuses what was written")),
    }
}

fn module(contract: &Contract) -> String {
    let mut text = HEAD.to_owned();
    text.push_str(
        "//! The objects of the wire, a file per noun of the URL; enums and endpoints.\n\n",
    );
    let nouns = contract.nouns();
    for name in nouns
        .into_iter()
        .chain(["enums", "endpoints"])
        .collect::<BTreeSet<_>>()
    {
        let reach = if name == "endpoints" {
            "pub(crate)"
        } else {
            "pub"
        };
        let _ = writeln!(text, "{reach} mod {name};");
    }
    text
}

fn enums(contract: &Contract) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("//! Enums of the wire, spelled as the official clients spell them (the union of all clients).\n\n");
    text.push_str("use crate::wire_enum::wire_enum;\n");
    for found in &contract.enums {
        let _ = writeln!(
            text,
            "\nwire_enum! {{\n    /// {}\n    {} {{",
            found.doc, found.name
        );
        for value in &found.values {
            let _ = writeln!(text, "        {} = \"{value}\",", names::variant(value));
        }
        text.push_str("    }\n}\n");
    }
    text
}

fn endpoints(contract: &Contract) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("//! Every endpoint that the public clients call, in the contract's order.\n\n");
    text.push_str("use crate::endpoints::Endpoint;\n\n/// Every endpoint.\n#[rustfmt::skip]\n");
    text.push_str("pub const ENDPOINTS: &[Endpoint] = &[\n");
    for endpoint in &contract.endpoints {
        text.push_str(&row(endpoint));
    }
    text.push_str("];\n");
    text
}

fn row(endpoint: &Endpoint) -> String {
    let Endpoint {
        group,
        method,
        path,
        request,
        response,
        name,
        served,
    } = endpoint;
    let way = if *served { "served" } else { "unserved" };
    let request = match request {
        Some(request) => format!("Some(\"{request}\")"),
        None => "None".to_owned(),
    };
    format!(
        "    Endpoint::{way}(\"{group}\", \"{method}\", \"{path}\", {request}, \"{response}\", \"{name}\"),\n"
    )
}

fn of_noun(contract: &Contract, noun: &str) -> String {
    let types: Vec<&Type> = contract.types.iter().filter(|t| t.home == noun).collect();
    let conversions: Vec<(&Type, &Type)> = contract
        .conversions
        .iter()
        .filter_map(|(from, to)| Some((contract.type_named(from)?, contract.type_named(to)?)))
        .filter(|(_, to)| to.home == noun)
        .collect();
    let mut text = HEAD.to_owned();
    let _ = writeln!(text, "//! The objects of `{}`.\n", noun.replace('_', "-"));
    text.push_str(&imports(contract, noun, &types, &conversions));
    for found in &types {
        let _ = writeln!(
            text,
            "\n{}! {{\n    /// {}\n    {} {{",
            macro_of(found.way),
            found.doc,
            found.name
        );
        for field in &found.fields {
            text.push_str(&field_line(found, field));
        }
        text.push_str("    }\n}\n");
    }
    for (from, to) in conversions {
        text.push_str(&conversion(contract, from, to));
    }
    text
}

fn macro_of(way: Way) -> &'static str {
    match way {
        Way::Request => "wire_request",
        Way::Response => "wire_response",
        Way::Shared => "wire_shared",
        Way::Query => "wire_query",
    }
}

fn field_line(owner: &Type, field: &Field) -> String {
    let mut line = String::new();
    if let Some(doc) = &field.doc {
        let _ = writeln!(line, "        /// {doc}");
    }
    let name = names::field(&field.name);
    let held = rust_type(&field.kind, owner);
    let alias = field
        .alias
        .iter()
        .map(|alias| format!(" | \"{alias}\""))
        .collect::<String>();
    let held = match (&field.kind, owner.way) {
        (Kind::List(_), Way::Response | Way::Shared) => held,
        _ => format!("Option<{held}>"),
    };
    let _ = writeln!(line, "        {name}: {held} = \"{}\"{alias},", field.name);
    line
}

fn rust_type(kind: &Kind, owner: &Type) -> String {
    match kind {
        Kind::List(entry) => format!("Vec<{}>", rust_type(entry, owner)),
        Kind::Map => "Map<String, Value>".to_owned(),
        Kind::Named(name) if *name == owner.name => format!("Box<{name}>"),
        Kind::Named(name) => name.clone(),
        Kind::Scalar(scalar) => match (scalar.as_str(), owner.way) {
            ("datetime" | "date", Way::Request | Way::Query) => "ReceivedDateTime".to_owned(),
            ("datetime", _) => "LocalDateTime".to_owned(),
            ("decimal" | "float64", _) => "Decimal".to_owned(),
            ("int64", _) => "i64".to_owned(),
            ("int32", _) => "i32".to_owned(),
            ("bool", _) => "bool".to_owned(),
            _ => "String".to_owned(),
        },
    }
}

/// Where names stand that are not the contract's own.
const OURS: [(&str, &str); 3] = [
    ("CardText", "crate::card"),
    ("SensitiveText", "crate::card"),
    ("Decimal", "crate::money"),
];

/// The imports of a noun's file: what its types hold and what stands elsewhere.
fn imports(
    contract: &Contract,
    noun: &str,
    types: &[&Type],
    conversions: &[(&Type, &Type)],
) -> String {
    let mut modules: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut import = |module: &str, name: &str| {
        modules
            .entry(module.to_owned())
            .or_default()
            .insert(name.to_owned());
    };
    for found in types {
        import("crate::wire_type", macro_of(found.way));
        for field in &found.fields {
            let held = rust_type(&field.kind, found);
            let held = held.trim_start_matches("Vec<").trim_end_matches('>');
            match held {
                "LocalDateTime" | "ReceivedDateTime" => import("crate::datetime", held),
                "Map<String, Value" => {
                    import("serde_json", "Map");
                    import("serde_json", "Value");
                }
                _ => import_named(contract, noun, held, &mut import),
            }
        }
    }
    for (from, to) in conversions {
        import_named(contract, noun, &from.name, &mut import);
        import_named(contract, noun, &to.name, &mut import);
    }
    modules
        .iter()
        .map(|(module, names)| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            format!("use {module}::{{{}}};\n", names.join(", "))
        })
        .collect()
}

fn import_named(contract: &Contract, noun: &str, name: &str, import: &mut impl FnMut(&str, &str)) {
    if let Some((_, module)) = OURS.iter().find(|(ours, _)| *ours == name) {
        import(module, name);
    } else if contract.enums.iter().any(|found| found.name == name) {
        import("super::enums", name);
    } else if let Some(found) = contract.type_named(name).filter(|found| found.home != noun) {
        import(&format!("super::{}", found.home), name);
    }
}

/// One type made into another: what both have, field by field.
fn conversion(contract: &Contract, from: &Type, to: &Type) -> String {
    let converts = |one: &Kind, other: &Kind| match (one, other) {
        (Kind::List(one), Kind::List(other)) => match (&**one, &**other) {
            (Kind::Named(one), Kind::Named(other)) => contract
                .conversions
                .iter()
                .any(|(from, to)| from == one && to == other),
            _ => false,
        },
        _ => false,
    };
    let mut text = format!(
        "\nimpl From<{0}> for {1} {{\n/// Takes what both have. The rest is absent.\nfn from(given: {0}) -> {1} {{\n{1} {{\n",
        from.name, to.name
    );
    let mut whole = true;
    for field in &to.fields {
        let name = names::field(&field.name);
        match from.fields.iter().find(|other| other.name == field.name) {
            Some(other) if other.kind == field.kind => {
                let _ = writeln!(text, "{name}: given.{name},");
            }
            Some(other) if converts(&other.kind, &field.kind) => {
                let _ = writeln!(
                    text,
                    "{name}: given.{name}.into_iter().map(Into::into).collect(),"
                );
            }
            _ => whole = false,
        }
    }
    if !whole {
        let _ = writeln!(text, "..{}::default()", to.name);
    }
    text.push_str("}\n}\n}\n");
    text
}
