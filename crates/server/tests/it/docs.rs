//! The lists in the documentation are those of the code.

use contract::endpoints::ENDPOINTS;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn the_list_of_what_is_not_served_is_the_endpoint_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/not-yet-served.md");
    let text = fs::read_to_string(path).unwrap();
    let (later, served) = text.split_once("## Served").unwrap();
    let listed = |text: &str| -> BTreeSet<String> {
        let lines = text
            .lines()
            .filter_map(|line| line.strip_prefix("- `")?.strip_suffix('`'));
        lines.map(str::to_owned).collect()
    };
    let known = |served: bool| -> BTreeSet<String> {
        let endpoints = ENDPOINTS
            .iter()
            .filter(|endpoint| endpoint.served == served);
        endpoints
            .map(|endpoint| format!("{} {}", endpoint.method, endpoint.path))
            .collect()
    };
    assert_eq!(listed(later), known(false));
    assert_eq!(listed(served), known(true));
    let told = format!("{} are served", known(true).len());
    assert!(text.contains(&told), "{told}");
    let all = format!("has {}\nendpoints", ENDPOINTS.len());
    assert!(text.contains(&all), "{all}");
}

#[test]
fn every_table_says_how_long_its_rows_are_kept() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/retention.md");
    let text = fs::read_to_string(path).unwrap();
    let created = server::store::migrations::MIGRATIONS
        .iter()
        .flat_map(|migration| migration.sql.lines())
        .filter_map(|line| line.strip_prefix("create table ")?.split(' ').next());
    for table in created {
        assert!(text.contains(&format!("`{table}`")), "{table}");
    }
}

/// What `docs/banks.md` says of a bank, from its row and its protocol's verbs.
fn told_of(row: &connectors::directory::BankRow) -> String {
    use connectors::bank::Verb;
    use connectors::protocol::Protocol;
    let protocol = row.protocol.unwrap();
    let title = match protocol {
        Protocol::PosNet => "PosNet",
        Protocol::Garanti => "Garanti",
        Protocol::NestPay => "NestPay",
        Protocol::PayFor => "PayFor",
        Protocol::Akbank => "Akbank JSON",
        Protocol::PayFlex => "PayFlex V4",
        Protocol::Kuveyt => "Kuveyt Türk",
        Protocol::VakifKatilim => "Vakıf Katılım",
        Protocol::InterVpos => "InterVPOS",
        Protocol::Param => "Param",
    };
    let can = |verb| {
        if connectors::directory::can(row.integrator, verb) {
            "yes"
        } else {
            "–"
        }
    };
    let rewards = row.rewards.as_ref().or(row.agreed_rewards.as_ref());
    let points = match rewards {
        Some(profile) if protocol.verbs().contains(&Verb::Loyalties) => {
            let rules = [
                (profile.own_issuer_only, "own cards"),
                (profile.full_amount_only, "whole price"),
                (profile.one_kind_only, "one kind"),
                (row.rewards.is_none(), "by agreement"),
            ];
            let rules = rules.iter().filter(|(holds, _)| *holds);
            let rules: Vec<&str> = rules.map(|(_, words)| *words).collect();
            let families = profile.families.join(", ");
            if rules.is_empty() {
                families
            } else {
                format!("{families} ({})", rules.join(", "))
            }
        }
        _ => "–".to_owned(),
    };
    let (name, integrator) = (row.name, row.integrator.as_str());
    let [holds, page, list] = [Verb::Hold, Verb::PageSale, Verb::DayList].map(can);
    format!("| {name} | `{integrator}` | {title} | {holds} | {points} | {page} | {list} |")
}

#[test]
fn the_table_of_banks_is_the_directorys() {
    let page = include_str!("../../../../docs/banks.md");
    let start = page.find("| --- |").unwrap();
    let table = page[start..]
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    let mut told: Vec<&str> = table.collect();
    let known: Vec<String> = connectors::directory::spoken().map(told_of).collect();
    let mut expected: Vec<&str> = known.iter().map(String::as_str).collect();
    told.sort_unstable();
    expected.sort_unstable();
    assert_eq!(
        told,
        expected,
        "docs/banks.md should have\n{}",
        known.join("\n")
    );
}
