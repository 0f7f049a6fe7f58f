//! Values on their way into the database and rows on their way out, the same for both databases.
//! How a value looks on the wire or in the file is said in `sqlite` and `postgres`.

use super::Unavailable;
use jiff::Timestamp;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::Arc;

/// A parameter, or a column of a row.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Nothing, of any type.
    Null,
    /// `bigint`
    Int(i64),
    /// `text`, without NUL characters
    Text(String),
    /// `boolean`
    Bool(bool),
    /// `timestamptz`, whole microseconds; finer digits are cut off
    Time(Timestamp),
    /// `jsonb`, as its text
    Json(String),
}

/// Says the type and never the content: parameters may be personal data, and drivers log them.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Value::Null => "Null",
            Value::Int(_) => "Int(…)",
            Value::Text(_) => "Text(…)",
            Value::Bool(_) => "Bool(…)",
            Value::Time(_) => "Time(…)",
            Value::Json(_) => "Json(…)",
        })
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Value {
        Value::Int(value.into())
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Value {
        Value::Int(value.into())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Text(value)
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Value {
        Value::Text(value.clone())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Value {
        Value::Time(value)
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Value {
        Value::Json(value.to_string())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// Refuses what only one of the databases would take: PostgreSQL has no NUL character in text and
/// JSON, SQLite orders times as text, which works between the years 0 and 9999.
pub(super) fn storable(params: &[Value]) -> Result<(), Unavailable> {
    let refused = params.iter().find_map(|value| match value {
        Value::Text(text) if text.contains('\0') => Some("text with a NUL character"),
        Value::Json(json) if has_nul(json) => Some("JSON with a NUL character"),
        Value::Time(time) if *time < YEAR_ZERO => Some("a time before the year 0"),
        _ => None,
    });
    match refused {
        None => Ok(()),
        Some(what) => Err(Unavailable(format!("{what} cannot be stored"))),
    }
}

/// 0000-01-01T00:00:00Z.
const YEAR_ZERO: Timestamp = Timestamp::constant(-62_167_219_200, 0);

/// Whether a text of JSON has the escape of NUL; a backslash before it would make it six characters.
fn has_nul(json: &str) -> bool {
    let backslashes = |before: &str| before.len() - before.trim_end_matches('\\').len();
    json.match_indices("\\u0000")
        .any(|(at, _)| backslashes(&json[..at]) % 2 == 0)
}

/// One row of an answer. Columns are read by name; a column that is missing or of another type is
/// a mistake in the SQL and answers [`Unavailable`].
#[derive(Debug, Clone)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    pub(super) fn new(columns: Arc<[String]>, values: Vec<Value>) -> Row {
        Row { columns, values }
    }

    fn value(&self, column: &str) -> Option<&Value> {
        let at = self.columns.iter().position(|name| name == column)?;
        self.values.get(at)
    }

    fn read<T>(
        &self,
        column: &str,
        convert: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<T, Unavailable> {
        self.value(column)
            .and_then(convert)
            .ok_or_else(|| Unavailable(format!("column {column} is missing or of another type")))
    }

    fn read_opt<T>(
        &self,
        column: &str,
        convert: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, Unavailable> {
        match self.value(column) {
            Some(Value::Null) => Ok(None),
            _ => self.read(column, convert).map(Some),
        }
    }

    /// A `bigint`.
    pub fn int(&self, column: &str) -> Result<i64, Unavailable> {
        self.read(column, int)
    }

    /// A `bigint`, or null.
    pub fn opt_int(&self, column: &str) -> Result<Option<i64>, Unavailable> {
        self.read_opt(column, int)
    }

    /// A `bigint` within `bounds`, as a smaller type.
    pub fn number<T: TryFrom<i64>>(
        &self,
        column: &str,
        bounds: RangeInclusive<i64>,
    ) -> Result<T, Unavailable> {
        fitting(column, bounds, self.int(column)?)
    }

    /// A `bigint` within `bounds`, as a smaller type, or null.
    pub fn opt_number<T: TryFrom<i64>>(
        &self,
        column: &str,
        bounds: RangeInclusive<i64>,
    ) -> Result<Option<T>, Unavailable> {
        let value = self.opt_int(column)?;
        value
            .map(|value| fitting(column, bounds, value))
            .transpose()
    }

    /// A `text` with one of the spellings that `T` knows.
    pub fn parsed<T: FromStr>(&self, column: &str) -> Result<T, Unavailable> {
        spelled(column, &self.text(column)?)
    }

    /// A `text` with one of the spellings that `T` knows, or null.
    pub fn opt_parsed<T: FromStr>(&self, column: &str) -> Result<Option<T>, Unavailable> {
        let value = self.opt_text(column)?;
        value.map(|value| spelled(column, &value)).transpose()
    }

    /// What cannot be read of this row of `table`, with the numbers by which it is found.
    pub fn of_table(&self, table: &str, error: Unavailable) -> Unavailable {
        let numbers: Vec<String> = ["merchant_id", "id", "payment_id"]
            .into_iter()
            .filter_map(|column| match self.value(column) {
                Some(Value::Int(number)) => Some(format!("{column} {number}")),
                _ => None,
            })
            .collect();
        Unavailable(format!("{table}, {}: {}", numbers.join(", "), error.0))
    }

    /// Takes a value out, by its place. A number stays, so that the row is still known by it.
    pub(super) fn take(&mut self, at: usize) -> Option<Value> {
        let value = self.values.get_mut(at)?;
        match value {
            Value::Int(number) => Some(Value::Int(*number)),
            other => Some(std::mem::replace(other, Value::Null)),
        }
    }

    /// Whether the value at a place is null.
    pub(super) fn is_null(&self, at: usize) -> bool {
        matches!(self.values.get(at), Some(Value::Null))
    }

    /// A `text`.
    pub fn text(&self, column: &str) -> Result<String, Unavailable> {
        self.read(column, text)
    }

    /// A `text`, or null.
    pub fn opt_text(&self, column: &str) -> Result<Option<String>, Unavailable> {
        self.read_opt(column, text)
    }

    /// A `boolean`.
    pub fn boolean(&self, column: &str) -> Result<bool, Unavailable> {
        self.read(column, boolean)
    }

    /// A `boolean`, or null.
    pub fn opt_boolean(&self, column: &str) -> Result<Option<bool>, Unavailable> {
        self.read_opt(column, boolean)
    }

    /// A `timestamptz`.
    pub fn time(&self, column: &str) -> Result<Timestamp, Unavailable> {
        self.read(column, time)
    }

    /// A `timestamptz`, or null.
    pub fn opt_time(&self, column: &str) -> Result<Option<Timestamp>, Unavailable> {
        self.read_opt(column, time)
    }

    /// A `jsonb`.
    pub fn json(&self, column: &str) -> Result<serde_json::Value, Unavailable> {
        self.read(column, json)
    }

    /// A `jsonb`, or null.
    pub fn opt_json(&self, column: &str) -> Result<Option<serde_json::Value>, Unavailable> {
        self.read_opt(column, json)
    }
}

fn fitting<T: TryFrom<i64>>(
    column: &str,
    bounds: RangeInclusive<i64>,
    value: i64,
) -> Result<T, Unavailable> {
    Some(value)
        .filter(|value| bounds.contains(value))
        .and_then(|value| T::try_from(value).ok())
        .ok_or_else(|| {
            let (least, most) = (bounds.start(), bounds.end());
            Unavailable(format!(
                "column {column} is {value}, not from {least} to {most}"
            ))
        })
}

/// Never the text itself: it may be anything by now.
fn spelled<T: FromStr>(column: &str, text: &str) -> Result<T, Unavailable> {
    T::from_str(text)
        .map_err(|_| Unavailable(format!("column {column} holds a word that is not known")))
}

fn int(value: &Value) -> Option<i64> {
    match value {
        Value::Int(int) => Some(*int),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    }
}

/// SQLite answers booleans as 0 and 1.
fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(boolean) => Some(*boolean),
        Value::Int(0) => Some(false),
        Value::Int(1) => Some(true),
        _ => None,
    }
}

/// SQLite answers times as text.
fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Time(time) => Some(*time),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// SQLite answers JSON as text.
fn json(value: &Value) -> Option<serde_json::Value> {
    match value {
        Value::Json(text) | Value::Text(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}
