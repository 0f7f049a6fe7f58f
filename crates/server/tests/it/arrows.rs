//! The arrows of the house, held by a test: Cargo enforces those between crates, this one those
//! inside the server and the vocabulary that a crate must not know.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// The files below a folder, or the file itself: path and code. Tests may know more than the code that
/// they test, and comments may name anything.
fn sources(place: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut places = vec![place.to_path_buf()];
    while let Some(path) = places.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            places.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|e| e == "rs") {
            let path = path.display().to_string();
            if !path.ends_with("/tests.rs")
                && !path.contains("/src/tests/")
                && !path.contains("/db/tests/")
            {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, code(&text)));
            }
        }
    }
    found
}

/// A file without its test modules and its comments.
fn code(text: &str) -> String {
    let mut kept = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let is_module = lines
            .peek()
            .is_some_and(|next| next.starts_with("mod ") && next.ends_with('{'));
        if line == "#[cfg(test)]" && is_module {
            for line in lines.by_ref() {
                if line == "}" {
                    break;
                }
            }
        } else if !line.trim_start().starts_with("//") {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

#[test]
fn a_file_is_read_whole_but_for_its_test_modules_and_comments() {
    let text = "#[cfg(test)]\nmod tests;\nuse a;\n// use b;\n#[cfg(test)]\nmod tests {\n    use c;\n}\nuse d;\n";
    assert_eq!(code(text), "#[cfg(test)]\nmod tests;\nuse a;\nuse d;\n");
}

#[track_caller]
fn nothing_in(place: &str, forbidden: &[&str]) {
    nothing_in_but(place, &[], forbidden);
}

/// Nothing of this in a folder or file, some rooms in it aside.
#[track_caller]
fn nothing_in_but(place: &str, aside: &[&str], forbidden: &[&str]) {
    let files = sources(&crates().join(place));
    assert!(!files.is_empty(), "{place}");
    for (path, text) in files {
        if aside.iter().any(|room| path.contains(room)) {
            continue;
        }
        for word in forbidden {
            assert!(!text.contains(word), "{path} must not know `{word}`");
        }
    }
}

#[test]
fn the_simulator_is_written_from_the_banks_documents() {
    nothing_in("simulator/src", &["contract::", "connectors::", "server::"]);
}

#[test]
fn contract_and_connectors_are_pure() {
    nothing_in(
        "contract/src",
        &[
            "tokio",
            "axum",
            "rusqlite",
            "tokio_postgres",
            "SystemTime",
            "std::net",
        ],
    );
    nothing_in(
        "connectors/src",
        &[
            "tokio",
            "axum",
            "hyper",
            "rusqlite",
            "tokio_postgres",
            "SystemTime",
            "std::net",
        ],
    );
}

/// What each room must not know, from the ground up.
const ROOMS: [(&str, &[&str]); 4] = [
    (
        "store",
        &[
            "engine",
            "operations",
            "setup",
            "api",
            "pages",
            "panel",
            "jobs",
            "commands",
            "start",
        ],
    ),
    (
        "engine",
        &[
            "operations",
            "setup",
            "api",
            "pages",
            "panel",
            "jobs",
            "commands",
            "start",
        ],
    ),
    (
        "operations",
        &[
            "setup", "api", "pages", "panel", "jobs", "commands", "start",
        ],
    ),
    (
        "setup",
        &["api", "pages", "panel", "jobs", "commands", "start"],
    ),
];

#[test]
fn inside_the_server_doors_call_operations_call_the_engine_calls_the_store() {
    for (room, above) in ROOMS {
        let mut forbidden: Vec<String> = vec!["axum".to_owned(), "StatusCode".to_owned()];
        for room in above {
            forbidden.extend([
                format!("crate::{room}::"),
                format!("crate::{room};"),
                format!("crate::{room} "),
            ]);
        }
        let forbidden: Vec<&str> = forbidden.iter().map(String::as_str).collect();
        nothing_in(&format!("server/src/{room}"), &forbidden);
        let own_file = format!("server/src/{room}.rs");
        if crates().join(&own_file).exists() {
            nothing_in(&own_file, &forbidden);
        }
    }
    // Nobody's call is answered by them, so they need no operation: but for reports, which are made in the API's
    // words.
    for place in ["server/src/jobs", "server/src/jobs.rs"] {
        let forbidden = ["crate::operations", "crate::api", "crate::panel"];
        nothing_in_but(place, &["/src/jobs/report.rs"], &forbidden);
    }
}

#[test]
fn sql_lives_in_the_store_and_the_crates_of_databases_in_its_door() {
    nothing_in_but(
        "server/src",
        &["/src/store/"],
        &[
            "insert into ",
            "delete from ",
            "update payments",
            "select count",
            "(select ",
            "\"select ",
            "select!(",
            "update!(",
            "table_row!",
            " from payments",
            "order by ",
            "case when ",
            " where merchant_id",
            "params!",
        ],
    );
    nothing_in_but(
        "server/src",
        &["/store/db/"],
        &["rusqlite", "tokio_postgres"],
    );
}

#[test]
fn only_the_engine_changes_a_payments_status() {
    nothing_in_but(
        "server/src",
        &["/src/engine/", "/src/store/"],
        &[
            "payments::save",
            "payment.status = ",
            "payments::insert",
            "loans::save",
            "attempts::save",
        ],
    );
}

#[test]
fn the_panel_acts_through_operations() {
    // It may read the store's types; what changes something goes through an operation, which asks
    // for the role and writes the audit log.
    nothing_in(
        "server/src/panel",
        &["Commit", "crate::engine", "db.commit", "crate::store::db"],
    );
}

/// What an account needs is data in the connectors; everybody else walks it. Beside them only the
/// simulator and the sandbox, which play the banks and their customers, name a bank.
#[test]
fn no_source_outside_the_connectors_names_a_bank() {
    const NAMES: [&str; 19] = [
        "akbank",
        "anadolubank",
        "denizbank",
        "enpara",
        "fibabank",
        "finansbank",
        "garanti",
        "halkbank",
        "ingbank",
        "isbank",
        "kuveytt",
        "kuveyt t",
        "maslak",
        "posnet",
        "vakif",
        "vakıf",
        "yapı kredi",
        "ykb",
        "ziraat",
    ];
    // Ways to pay that carry a bank's name are the contract's, not accounts at that bank.
    const WAYS_TO_PAY: [&str; 3] = ["GARANTI_PAY", "GarantiPay", "YKB_WORLD_PAY"];
    let mut looked = 0;
    let mut folders: Vec<PathBuf> = ["server/src", "contract/src", "xtask/src"]
        .map(|folder| crates().join(folder))
        .to_vec();
    while let Some(folder) = folders.pop() {
        // Written by `cargo xtask contract` from the contract's own data.
        if folder.ends_with("contract/src/wire") {
            continue;
        }
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let kind = path.extension().and_then(|kind| kind.to_str());
            if !matches!(kind, Some("rs" | "html" | "js" | "css")) {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            // Tests may know more than the code that they test.
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let mut code = code.to_owned();
            for way in WAYS_TO_PAY {
                code = code.replace(way, "");
            }
            let lower = code.to_lowercase();
            for name in NAMES {
                assert!(!lower.contains(name), "{} names {name}", path.display());
            }
            for list in ["PosIntegrator::", "ApmType::", "Protocol::"] {
                for (at, _) in code.match_indices(list) {
                    let value = &code[at + list.len()..];
                    let is_value = value.starts_with(|c: char| c.is_ascii_uppercase());
                    assert!(
                        !is_value || value.starts_with("ALL"),
                        "{} names one of {list}",
                        path.display()
                    );
                }
            }
            looked += 1;
        }
    }
    assert!(looked > 150, "{looked}");
}

#[test]
fn nothing_changes_or_deletes_an_entry_of_the_audit_log() {
    nothing_in(
        "server/src",
        &[
            "update audit_log",
            "delete from audit_log",
            "insert into audit_log",
            "update!(commit, \"audit_log\"",
            "rule!(\"audit_log\"",
        ],
    );
    for (path, text) in sources(&crates().join("server/src")) {
        let inserts = text.matches("=> Entry").count();
        let expected = usize::from(path.ends_with("store/audit.rs"));
        assert_eq!(inserts, expected, "{path}");
    }
}

#[test]
fn templates_escape_everything_and_hold_no_script_or_style() {
    for folder in [
        "server/src/panel/templates",
        "server/src/pages/templates",
        "sandbox/src/shop/templates",
    ] {
        for entry in fs::read_dir(crates().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            for forbidden in [
                "|safe",
                "| safe",
                "autoescape",
                " style=\"",
                "<style",
                "javascript:",
                " onclick",
                " onload",
            ] {
                assert!(!text.contains(forbidden), "{}: {forbidden}", path.display());
            }
            for (_, script) in text
                .match_indices("<script")
                .map(|(at, _)| text.split_at(at))
            {
                let tag = script.split('>').next().unwrap();
                assert!(
                    tag.contains("src="),
                    "{}: a script of its own",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn the_production_binary_knows_no_simulator() {
    let manifest = fs::read_to_string(crates().join("server/Cargo.toml")).unwrap();
    let runtime = manifest.split("[dev-dependencies]").next().unwrap();
    assert!(!runtime.contains("simulator"));
    nothing_in("server/src", &["simulator::", "if sandbox"]);
}

/// Modules of the server that still know each other. What the store keeps in memory belongs to the
/// app that every function of the store is handed.
const CIRCLES: [&str; 5] = [
    "app store::commissions store::memory store::merchants store::poses store::routing_rules",
    "health start",
    "panel::pos_form panel::poses",
    "store::db::acknowledged store::db::place",
    "store::db::committer store::db::postgres",
];

/// A module is a file here, and what a folder's own file says belongs to it and to what is in it alike.
#[test]
fn modules_know_each_other_in_one_direction() {
    let source = crates().join("server/src");
    let root = source.display().to_string();
    let modules: BTreeMap<String, String> = sources(&source)
        .into_iter()
        .map(|(path, text)| {
            let name = path.trim_start_matches(&root).trim_start_matches('/');
            let name = name.trim_end_matches(".rs").trim_end_matches("/mod");
            (name.replace('/', "::"), text)
        })
        .collect();
    let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (module, text) in &modules {
        let used = uses(text)
            .into_iter()
            .filter_map(|path| target(&modules, module, &path));
        known.insert(module, used.collect());
    }
    // Whom a module knows through others.
    for through in modules.keys() {
        let behind = known[through.as_str()].clone();
        for knows in known.values_mut() {
            if knows.contains(through.as_str()) {
                knows.extend(&behind);
            }
        }
    }
    let circles: BTreeSet<String> = modules
        .keys()
        .filter(|module| known[module.as_str()].contains(module.as_str()))
        .map(|module| {
            let back = |other: &&&str| known[**other].contains(module.as_str());
            let ring: Vec<&str> = known[module.as_str()]
                .iter()
                .filter(back)
                .copied()
                .collect();
            ring.join(" ")
        })
        .collect();
    assert_eq!(circles.into_iter().collect::<Vec<_>>(), CIRCLES);
}

/// The paths of a file's `use`, one each.
fn uses(code: &str) -> Vec<String> {
    let trees = code
        .split("use ")
        .skip(1)
        .filter_map(|rest| rest.split(';').next());
    trees
        .flat_map(|tree| branches(&tree.split_whitespace().collect::<String>()))
        .collect()
}

/// The paths of a `use` without blanks: `a::{b,c::{d}}` is `a::b` and `a::c::d`.
fn branches(tree: &str) -> Vec<String> {
    let Some((stem, inner)) = tree.split_once('{') else {
        return vec![tree.to_owned()];
    };
    let mut depth = 0;
    let top = |c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    };
    let inner = inner.strip_suffix('}').unwrap_or(inner);
    let parts = inner.split(top).flat_map(branches);
    parts.map(|part| format!("{stem}{part}")).collect()
}

/// The other module that a path of `module` leads into.
fn target<'a>(modules: &'a BTreeMap<String, String>, module: &str, path: &str) -> Option<&'a str> {
    let mut at: Vec<&str> = module.split("::").collect();
    let mut path: Vec<&str> = path.split("::").collect();
    if path[0] == "crate" {
        path.remove(0);
        at.clear();
    }
    while matches!(path.first(), Some(&("super" | "self"))) {
        if path.remove(0) == "super" {
            at.pop();
        }
    }
    at.extend(path);
    let name = (1..=at.len()).rev().map(|length| at[..length].join("::"));
    let (name, _) = name
        .filter_map(|name| modules.get_key_value(&name))
        .next()?;
    let within = |one: &str, other: &str| one.starts_with(&format!("{other}::"));
    (name != module && !within(name, module) && !within(module, name)).then_some(name)
}

/// What the panel does to a merchant's things, a command or an API call does too.
#[test]
fn the_panel_can_nothing_that_a_command_or_the_api_cannot() {
    const ROOMS: [&str; 10] = [
        "setup",
        "doubts",
        "bnpl_payments",
        "webhooks",
        "people",
        "merchant_poses",
        "requests",
        "routing_rules",
        "routing_dry_run",
        "reconciliations",
    ];
    // One's own account, and the mail to somebody who forgot their password.
    const OWN: [&str; 4] = [
        "people::change_password",
        "people::set_totp",
        "people::remove_totp",
        "people::forgotten_link",
    ];
    // These look at what a page is made of, and do nothing.
    const LOOKS: [&str; 17] = [
        "reconciliations::count_open",
        "reconciliations::runs",
        "routing_rules::one",
        "setup::apm_of",
        "setup::apms_of",
        "setup::base_of",
        "setup::claims_once",
        "setup::endpoint_behind",
        "setup::endpoint_of",
        "setup::environment_of",
        "setup::first_time",
        "setup::merchant",
        "setup::no_claims",
        "setup::point_at",
        "setup::pos_of",
        "setup::poses_of",
        "setup::sent_secret",
    ];
    let text = |folder: &str| {
        let files = sources(&crates().join(folder));
        files.into_iter().map(|(_, text)| text).collect::<String>()
    };
    let panel = text("server/src/panel");
    let others = text("server/src/commands")
        + &fs::read_to_string(crates().join("server/src/api.rs")).unwrap();
    let mut deeds = 0;
    for room in ROOMS {
        for rest in panel.split(&format!("{room}::")).skip(1) {
            let of_name = |c: char| c.is_ascii_lowercase() || c == '_';
            let name: String = rest.chars().take_while(|c| of_name(*c)).collect();
            let deed = format!("{room}::{name}");
            let called = rest[name.len()..].starts_with('(');
            let page = matches!(name.as_str(), "routes" | "shown");
            if !called || page || OWN.contains(&&*deed) || LOOKS.contains(&&*deed) {
                continue;
            }
            deeds += 1;
            let known =
                others.contains(&format!("{deed}(")) || others.contains(&format!("\"{deed}\""));
            assert!(known, "only the panel calls {deed}");
        }
    }
    assert!(deeds > 20, "{deeds}");
}
