//! What commands say on standard output: lines, and tables for people or as JSON. What could not be
//! said is a failure: a key that is printed once must not be lost behind a success.

use super::Failed;
use crate::operations::Problem;
use clap::Args;
use serde_json::{Map, Value as Json};
use std::fmt::Display;
use std::io::Write;

/// How a list or one thing is shown.
#[derive(Args, Clone, Copy)]
pub(super) struct Format {
    /// Print JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Writes a line.
pub(super) fn say(text: impl Display) -> Result<(), Failed> {
    put(&format!("{text}\n"))
}

/// Writes a text as it is. A reader that left early (`| head`) is a failure to be told, and no
/// panic.
pub(super) fn put(text: &str) -> Result<(), Failed> {
    // Colours are for terminals alone; the stream drops them elsewhere.
    let mut out = anstream::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| Problem::Unavailable(format!("standard output: {error}")).into())
}

/// Writes a value behind its name; several stand under each other.
pub(super) fn say_value(name: &str, value: impl Display) -> Result<(), Failed> {
    say(format_args!("{name:<12}  {value}"))
}

/// Writes JSON for scripts.
pub(super) fn say_json(json: &Json) -> Result<(), Failed> {
    say(format_args!("{json:#}"))
}

/// Tells on standard error what somebody should look at although the command went well. It is no part
/// of what is printed, and a script's output stays as it was.
pub(super) fn warn(text: impl Display) {
    let _ = writeln!(anstream::stderr().lock(), "warning: {text}");
}

/// Tells on standard error why a command failed that has an exit code of its own for it.
pub(super) fn complain(text: impl Display) {
    let _ = writeln!(anstream::stderr().lock(), "error: {text}");
}

/// Rows under named columns: `created at` is `CREATED AT` for people and `createdAt` in JSON.
pub(super) struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Json>>,
}

/// A table with a row for each of `$all`: `table!(users, user => { "email": user.email })`.
macro_rules! table {
    ($all:expr, $one:pat => { $($column:literal: $cell:expr),+ $(,)? }) => {
        $crate::commands::output::Table::new(
            &[$($column),+],
            $all.into_iter().map(|$one| serde_json::json!([$($cell),+])),
        )
    };
}
pub(super) use table;

/// Between two columns.
const GAP: &str = "  ";

impl Table {
    /// A row for each array of `rows`, of as many values as there are columns.
    pub(super) fn new(columns: &[&str], rows: impl IntoIterator<Item = Json>) -> Table {
        let cells = |row| match row {
            Json::Array(cells) => cells,
            cell => vec![cell],
        };
        Table {
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
            rows: rows.into_iter().map(cells).collect(),
        }
    }

    /// One object for each row.
    pub(super) fn json(&self) -> Json {
        let names: Vec<String> = self.columns.iter().map(|column| camel(column)).collect();
        let object = |row: &Vec<Json>| {
            let fields: Map<String, Json> = names.iter().cloned().zip(row.clone()).collect();
            Json::Object(fields)
        };
        self.rows.iter().map(object).collect()
    }

    /// A header and a line for each row, the columns under each other; nothing is `-`.
    pub(super) fn text(&self) -> String {
        let header = self.columns.iter().map(|column| column.to_uppercase());
        let mut lines = vec![header.collect::<Vec<String>>()];
        lines.extend(self.rows.iter().map(|row| row.iter().map(cell).collect()));
        let width = |column: usize| {
            let widths = lines.iter().map(|line| line[column].chars().count());
            widths.max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let mut text = String::new();
        for line in &lines {
            let padded = line.iter().zip(&widths);
            let padded: Vec<String> = padded
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            text.push_str(padded.join(GAP).trim_end());
            text.push('\n');
        }
        text
    }

    /// Prints a table of names and values: in JSON one object.
    pub(super) fn print_fields(&self, format: Format) -> Result<(), Failed> {
        if !format.json {
            return put(&self.text());
        }
        let named = self.rows.iter().filter_map(|row| match row.as_slice() {
            [Json::String(name), value] => Some((name.clone(), value.clone())),
            _ => None,
        });
        let fields: Map<String, Json> = named.collect();
        say_json(&Json::Object(fields))
    }

    /// Prints it.
    pub(super) fn print(&self, format: Format) -> Result<(), Failed> {
        if format.json {
            say_json(&self.json())
        } else {
            put(&self.text())
        }
    }
}

/// Prints one thing: its parts by name in JSON, and for people one table after the other without
/// the empty ones.
pub(super) fn print_parts(parts: &[(&str, Table)], format: Format) -> Result<(), Failed> {
    if format.json {
        let fields = parts
            .iter()
            .map(|(name, part)| ((*name).to_owned(), part.json()));
        let fields: Map<String, Json> = fields.collect();
        return say_json(&Json::Object(fields));
    }
    let filled = parts.iter().filter(|(_, part)| !part.rows.is_empty());
    let tables: Vec<String> = filled.map(|(_, part)| part.text()).collect();
    put(&tables.join("\n"))
}

fn camel(name: &str) -> String {
    let mut words = name.split(' ');
    let mut camel = words.next().unwrap_or("").to_owned();
    for word in words {
        let (first, rest) = word.split_at(1);
        camel.push_str(&first.to_uppercase());
        camel.push_str(rest);
    }
    camel
}

/// A value for people, on one line.
fn cell(value: &Json) -> String {
    let text = match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Bool(true) => "yes".to_owned(),
        Json::Bool(false) => "no".to_owned(),
        Json::Array(items) => items.iter().map(cell).collect::<Vec<String>>().join(","),
        other => other.to_string(),
    };
    if text.is_empty() {
        "-".to_owned()
    } else {
        text.replace(char::is_control, " ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_table_stands_under_its_header_and_is_json_under_its_names() {
        let rows = [json!([7, "today", "Çiçek\tEvi"]), json!([1234, null, ""])];
        let table = Table::new(&["id", "created at", "name"], rows);
        assert_eq!(
            table.text(),
            "ID    CREATED AT  NAME\n7     today       Çiçek Evi\n1234  -           -\n"
        );
        assert_eq!(
            table.json(),
            json!([
                {"id": 7, "createdAt": "today", "name": "Çiçek\tEvi"},
                {"id": 1234, "createdAt": null, "name": ""}
            ])
        );
    }
}
