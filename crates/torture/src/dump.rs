//! The database as a thief would read it: every byte of SQLite's files and the logs, every value of PostgreSQL's
//! tables, searched for card numbers and codes.

use crate::plan::{CARDS, CVC};
use crate::world::World;
use std::fs;
use tokio_postgres::{Client, NoTls};
use url::Url;

/// Bytes before a code in which its name would stand.
const NAME_BYTES: usize = 24;

fn server() -> Result<Url, String> {
    let url = std::env::var("GALATA_TEST_POSTGRES_URL");
    let url = url.map_err(|_| "run it under bin/with-postgres".to_owned())?;
    Url::parse(&url).map_err(|error| error.to_string())
}

async fn connect(url: &str) -> Result<Client, String> {
    let connected = tokio_postgres::connect(url, NoTls).await;
    let (client, connection) = connected.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    Ok(client)
}

/// Makes a database of this run's; its address.
pub(crate) async fn create_database() -> Result<String, String> {
    let mut url = server()?;
    let name = format!("torture_{}", std::process::id());
    let client = connect(url.as_str()).await?;
    let create = format!("create database {name}");
    let made = client.batch_execute(&create).await;
    made.map_err(|error| error.to_string())?;
    url.set_path(&name);
    Ok(url.into())
}

/// What is told where it must not be.
pub(crate) async fn secrets(world: &World) -> Result<Vec<String>, String> {
    let mut told = Vec::new();
    let files = fs::read_dir(&world.folder).map_err(|error| error.to_string())?;
    let mut looked = 0;
    for file in files {
        let path = file.map_err(|error| error.to_string())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".log") || name.starts_with("galata.db") {
            let bytes = fs::read(&path).map_err(|error| error.to_string())?;
            told.extend(search(&name, &bytes));
            looked += bytes.len();
        }
    }
    if world.database_url.starts_with("postgres") {
        let client = connect(&world.database_url).await?;
        let tables = "select tablename from pg_tables where schemaname = 'public'";
        let tables = client.query(tables, &[]).await;
        for table in tables.map_err(|error| error.to_string())? {
            let table: String = table.get(0);
            let rows = format!("select t::text from \"{table}\" t");
            let rows = client.query(&rows, &[]).await;
            for row in rows.map_err(|error| error.to_string())? {
                let text: String = row.get(0);
                told.extend(search(&table, text.as_bytes()));
                looked += text.len();
            }
        }
    }
    if looked == 0 {
        told.push("neither logs nor database could be searched".to_owned());
    }
    told.dedup();
    Ok(told)
}

/// Card numbers, also as PostgreSQL spells bytes, and codes behind their name.
fn search(place: &str, bytes: &[u8]) -> Vec<String> {
    let mut told = Vec::new();
    for card in &CARDS {
        let hexadecimal: String = card.number.bytes().map(|b| format!("{b:02x}")).collect();
        for text in [card.number, &hexadecimal] {
            if found(bytes, text.as_bytes()).next().is_some() {
                told.push(format!("{place} holds the card number {}", card.number));
            }
        }
    }
    // A card may stand twice among those that the shop plays.
    told.dedup();
    for at in found(bytes, CVC.as_bytes()) {
        let before = bytes[at.saturating_sub(NAME_BYTES)..at].to_ascii_lowercase();
        let named = ["cvc", "cvv"].map(|name| found(&before, name.as_bytes()).last());
        let Some(name) = named.into_iter().flatten().max() else {
            continue;
        };
        // Between name and value stands no letter and no other value.
        let rest = &before[name + "cvc".len()..];
        let rest = rest.strip_prefix(b"2").unwrap_or(rest);
        if !rest.iter().any(u8::is_ascii_alphanumeric) {
            let said = String::from_utf8_lossy(&before);
            told.push(format!("{place} tells a security code behind `{said}`"));
        }
    }
    told
}

fn found<'a>(bytes: &'a [u8], text: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let first = text.first().copied().unwrap_or_default();
    let starts = bytes.iter().enumerate().filter(move |(_, b)| **b == first);
    starts
        .map(|(at, _)| at)
        .filter(move |at| bytes[*at..].starts_with(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_code_are_found_and_nothing_else() {
        let told = |text: &str| search("log", text.as_bytes()).len();
        assert_eq!(told("card 5209220000000002 paid"), 1);
        assert_eq!(told("\\x35323039323230303030303030303032"), 1);
        assert_eq!(told(r#"{"cvc": "739", "x": 1}"#), 1);
        assert_eq!(told("<cvc>739</cvc> <cvc2>739"), 2);
        assert_eq!(told("&cvc2=739"), 1);
        assert_eq!(told("520922******0002 cvc=*** order 1739"), 0);
        assert_eq!(told("cvc 12 then 739"), 0);
        assert_eq!(told("pcvcfyzxm739"), 0);
    }
}
