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
