//! What a table says of its sealed columns, so that all of them can be walked: by which key its rows are
//! found, and what each value is bound to. The walk itself is in `key_rotations.rs`.

use super::db::{Row, Unavailable, Value};
use serde_json::Value as Json;

/// A table with sealed columns. A new one is listed in `key_rotations.rs`.
pub(super) struct Sealed {
    /// The table.
    pub(super) table: &'static str,
    /// Its primary key.
    pub(super) key: &'static [KeyColumn],
    /// Its sealed columns.
    pub(super) columns: &'static [SealedColumn],
}

/// A sealed column, and what the value of a row is bound to.
type SealedColumn = (&'static str, fn(&Key) -> String);

/// A column of a primary key.
pub(super) enum KeyColumn {
    /// `bigint`
    Int(&'static str),
    /// `text`
    Text(&'static str),
}

impl KeyColumn {
    fn name(&self) -> &'static str {
        match self {
            KeyColumn::Int(name) | KeyColumn::Text(name) => name,
        }
    }

    fn read(&self, row: &Row) -> Result<Json, Unavailable> {
        match self {
            KeyColumn::Int(name) => row.int(name).map(Json::from),
            KeyColumn::Text(name) => row.text(name).map(Json::from),
        }
    }
}

/// A row's primary key, as JSON keeps it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key(Vec<Json>);

impl Key {
    /// The key that JSON kept; `None` for what is none.
    pub(super) fn parse(text: &str) -> Option<Key> {
        serde_json::from_str(text).ok().map(Key)
    }

    /// As JSON.
    pub(super) fn to_json(&self) -> String {
        Json::from(self.0.clone()).to_string()
    }

    /// A number in it.
    pub(super) fn int(&self, at: usize) -> i64 {
        self.0.get(at).and_then(Json::as_i64).unwrap_or_default()
    }

    /// A text in it.
    pub(super) fn text(&self, at: usize) -> &str {
        self.0.get(at).and_then(Json::as_str).unwrap_or_default()
    }

    fn values(&self) -> Vec<Value> {
        let value = |part: &Json| match part.as_str() {
            Some(text) => Value::from(text),
            None => Value::Int(part.as_i64().unwrap_or_default()),
        };
        self.0.iter().map(value).collect()
    }
}

/// A table with its statements.
pub(super) struct Walked {
    /// What it says of itself.
    pub(super) of: &'static Sealed,
    first: String,
    next: String,
    /// One for each sealed column.
    update: Vec<String>,
}

impl Walked {
    /// With the statements of pages of `rows` rows.
    pub(super) fn new(of: &'static Sealed, rows: i64) -> Walked {
        let key: Vec<&str> = of.key.iter().map(KeyColumn::name).collect();
        let columns: Vec<&str> = of.columns.iter().map(|(column, _)| *column).collect();
        let places: Vec<String> = (1..=key.len()).map(|place| format!("${place}")).collect();
        let select = format!(
            "select {}, {} from {}",
            key.join(", "),
            columns.join(", "),
            of.table
        );
        let order = format!("order by {} limit {rows}", key.join(", "));
        let of_row = key.iter().zip(&places);
        let of_row: Vec<String> = of_row
            .map(|(name, place)| format!("{name} = {place}"))
            .collect();
        let (was, now) = (key.len() + 1, key.len() + 2);
        let update = columns.iter().map(|column| {
            format!(
                "update {} set {column} = ${now} where {} and {column} = ${was}",
                of.table,
                of_row.join(" and ")
            )
        });
        Walked {
            of,
            first: format!("{select} {order}"),
            next: format!(
                "{select} where ({}) > ({}) {order}",
                key.join(", "),
                places.join(", ")
            ),
            update: update.collect(),
        }
    }

    /// The page behind a key, or the first one.
    pub(super) fn page(&self, after: Option<&Key>) -> (String, Vec<Value>) {
        match after {
            Some(key) => (self.next.clone(), key.values()),
            None => (self.first.clone(), Vec::new()),
        }
    }

    /// The key of a row.
    pub(super) fn key(&self, row: &Row) -> Result<Key, Unavailable> {
        let parts = self.of.key.iter().map(|column| column.read(row));
        parts.collect::<Result<_, _>>().map(Key)
    }

    /// Puts `now` in the place of `was` in the column at `at`; nothing where it is another value by now.
    pub(super) fn replace(
        &'static self,
        at: usize,
        key: &Key,
        was: &str,
        now: String,
    ) -> (&'static str, Vec<Value>) {
        let mut values = key.values();
        values.extend([Value::from(was), Value::from(now)]);
        (&self.update[at], values)
    }
}
