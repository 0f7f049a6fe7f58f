//! The arrows of the house, held by a test: Cargo enforces those between crates, this one those
//! inside the server and the vocabulary that a crate must not know.

use std::fs;
use std::path::{Path, PathBuf};

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                // Tests may know more than the code that they test.
                let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
                found.push((path.display().to_string(), code));
            }
        }
    }
    found
}

#[track_caller]
fn nothing_in(folder: &str, forbidden: &[&str]) {
    let folder = crates().join(folder);
    let files = if folder.is_dir() {
        sources(&folder)
    } else {
        vec![(
            folder.display().to_string(),
            fs::read_to_string(&folder).unwrap(),
        )]
    };
    assert!(!files.is_empty());
    for (path, text) in files {
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

#[test]
fn inside_the_server_doors_call_operations_call_the_engine_calls_the_store() {
    nothing_in(
        "server/src/store",
        &[
            "crate::operations",
            "crate::engine",
            "crate::api",
            "crate::pages",
            "crate::panel",
            "crate::jobs",
            "axum",
        ],
    );
    nothing_in(
        "server/src/engine",
        &[
            "crate::api",
            "crate::pages",
            "crate::panel",
            "crate::jobs",
            "crate::commands",
            "axum",
            "StatusCode",
        ],
    );
    nothing_in(
        "server/src/operations",
        &[
            "crate::api",
            "crate::pages",
            "crate::panel",
            "crate::jobs",
            "crate::commands",
            "axum",
            "StatusCode",
        ],
    );
}

#[test]
fn sql_lives_in_the_store_and_the_crates_of_databases_in_its_door() {
    for folder in [
        "server/src/engine",
        "server/src/operations",
        "server/src/pages",
        "server/src/panel",
        "server/src/setup",
        "server/src/jobs",
        "server/src/commands",
        "server/src/api",
    ] {
        nothing_in(
            folder,
            &[
                "insert into",
                "update payments",
                "delete from",
                "rusqlite",
                "tokio_postgres",
            ],
        );
    }
}

#[test]
fn only_the_engine_changes_a_payments_status() {
    for folder in [
        "server/src/operations",
        "server/src/pages",
        "server/src/panel",
        "server/src/setup",
        "server/src/jobs",
        "server/src/api",
        "server/src/commands",
    ] {
        nothing_in(
            folder,
            &["payments::save", "payment.status = ", "payments::insert"],
        );
    }
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

/// What the panel does to a merchant's things, a command or an API call does too.
#[test]
fn the_panel_can_nothing_that_a_command_or_the_api_cannot() {
    const ROOMS: [&str; 7] = [
        "setup",
        "doubts",
        "bnpl_payments",
        "webhooks",
        "people",
        "merchant_poses",
        "requests",
    ];
    // One's own account, and the mail to somebody who forgot their password.
    const OWN: [&str; 4] = [
        "people::change_password",
        "people::set_totp",
        "people::remove_totp",
        "people::forgotten_link",
    ];
    // These look at what a page is made of, and do nothing.
    const LOOKS: [&str; 13] = [
        "setup::apm_of",
        "setup::apms_of",
        "setup::base_of",
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
