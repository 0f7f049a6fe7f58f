//! A table's row as a struct: each column stands once, in the struct, and is selected, read and
//! inserted from there. [`table_row!`](crate::table_row) defines one; [`select!`](crate::select),
//! [`insert!`](crate::insert) and [`update!`](crate::update) make the statements.

use super::{Row, Unavailable, Value};
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use std::ops::RangeInclusive;

/// What a field of a row holds: one column, or a few with suffixes.
pub trait Column: Sized {
    /// What is added to the field's name, a column each.
    const SUFFIXES: &'static [&'static str] = &[""];

    /// Reads the columns.
    ///
    /// # Errors
    /// What is wrong with them, without what they hold.
    fn read(values: &mut dyn Iterator<Item = Value>) -> Result<Self, &'static str>;

    /// Adds the columns.
    fn write(&self, values: &mut Vec<Value>);

    /// The number that must be within the field's bounds.
    fn number(&self) -> Option<i64> {
        None
    }
}

const OTHER_TYPE: &str = "is missing or of another type";
const OTHER_RANGE: &str = "holds a number that does not fit";
const OTHER_WORD: &str = "holds a word that is not known";
const OTHER_SHAPE: &str = "holds JSON of another shape";

impl<T: Column> Column for Option<T> {
    const SUFFIXES: &'static [&'static str] = T::SUFFIXES;

    fn read(values: &mut dyn Iterator<Item = Value>) -> Result<Option<T>, &'static str> {
        let own: Vec<Value> = values.take(T::SUFFIXES.len()).collect();
        match own.first() {
            Some(Value::Null) => Ok(None),
            _ => T::read(&mut own.into_iter()).map(Some),
        }
    }

    fn write(&self, values: &mut Vec<Value>) {
        match self {
            Some(value) => value.write(values),
            None => values.extend(T::SUFFIXES.iter().map(|_| Value::Null)),
        }
    }

    fn number(&self) -> Option<i64> {
        self.as_ref().and_then(T::number)
    }
}

impl Column for bool {
    /// SQLite answers booleans as 0 and 1.
    fn read(values: &mut dyn Iterator<Item = Value>) -> Result<bool, &'static str> {
        match values.next() {
            Some(Value::Bool(boolean)) => Ok(boolean),
            Some(Value::Int(0)) => Ok(false),
            Some(Value::Int(1)) => Ok(true),
            _ => Err(OTHER_TYPE),
        }
    }

    fn write(&self, values: &mut Vec<Value>) {
        values.push(Value::Bool(*self));
    }
}

impl Column for String {
    fn read(values: &mut dyn Iterator<Item = Value>) -> Result<String, &'static str> {
        match values.next() {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(OTHER_TYPE),
        }
    }

    fn write(&self, values: &mut Vec<Value>) {
        values.push(Value::Text(self.clone()));
    }
}

impl Column for Timestamp {
    /// SQLite answers times as text.
    fn read(values: &mut dyn Iterator<Item = Value>) -> Result<Timestamp, &'static str> {
        match values.next() {
            Some(Value::Time(time)) => Ok(time),
            Some(Value::Text(text)) => text.parse().map_err(|_| OTHER_TYPE),
            _ => Err(OTHER_TYPE),
        }
    }

    fn write(&self, values: &mut Vec<Value>) {
        values.push(Value::Time(*self));
    }
}

impl Column for Json {
    /// SQLite answers JSON as text.
    fn read(values: &mut dyn Iterator<Item = Value>) -> Result<Json, &'static str> {
        match values.next() {
            Some(Value::Json(json)) => Ok(json),
            Some(Value::Text(text)) => serde_json::from_str(&text).map_err(|_| OTHER_TYPE),
            _ => Err(OTHER_TYPE),
        }
    }

    fn write(&self, values: &mut Vec<Value>) {
        values.push(Value::Json(self.clone()));
    }
}

impl Column for Map<String, Json> {
    fn read(values: &mut dyn Iterator<Item = Value>) -> Result<Self, &'static str> {
        match Json::read(values)? {
            Json::Object(map) => Ok(map),
            _ => Err(OTHER_SHAPE),
        }
    }

    fn write(&self, values: &mut Vec<Value>) {
        values.push(Value::Json(Json::Object(self.clone())));
    }
}

macro_rules! numbers {
    ($($number:ty),+) => {
        $(impl Column for $number {
            fn read(values: &mut dyn Iterator<Item = Value>) -> Result<$number, &'static str> {
                match values.next() {
                    Some(Value::Int(int)) => int.try_into().map_err(|_| OTHER_RANGE),
                    _ => Err(OTHER_TYPE),
                }
            }

            fn write(&self, values: &mut Vec<Value>) {
                values.push(Value::Int(i64::from(*self)));
            }

            fn number(&self) -> Option<i64> {
                Some(i64::from(*self))
            }
        })+
    };
}

numbers! { i64, u32, u16, u8 }

/// Makes enums columns: `text` with one of their spellings.
#[macro_export]
macro_rules! word_columns {
    ($($word:ty),+ $(,)?) => {
        $(impl $crate::store::db::Column for $word {
            fn read(
                values: &mut dyn Iterator<Item = $crate::store::db::Value>,
            ) -> Result<$word, &'static str> {
                $crate::store::db::read_word(values)
            }

            fn write(&self, values: &mut Vec<$crate::store::db::Value>) {
                values.push(self.as_str().into());
            }
        })+
    };
}

/// Makes types that serde knows columns: `jsonb`.
#[macro_export]
macro_rules! json_columns {
    ($($shape:ty),+ $(,)?) => {
        $(impl $crate::store::db::Column for $shape {
            fn read(
                values: &mut dyn Iterator<Item = $crate::store::db::Value>,
            ) -> Result<$shape, &'static str> {
                $crate::store::db::read_json(values)
            }

            fn write(&self, values: &mut Vec<$crate::store::db::Value>) {
                let json = serde_json::to_value(self).unwrap_or(serde_json::Value::Null);
                values.push($crate::store::db::Value::Json(json));
            }
        })+
    };
}

/// Reads a word. The error never holds it: it may be anything by now.
pub fn read_word<T: std::str::FromStr>(
    values: &mut dyn Iterator<Item = Value>,
) -> Result<T, &'static str> {
    String::read(values)?.parse().map_err(|_| OTHER_WORD)
}

/// Reads JSON of a shape.
pub fn read_json<T: serde::de::DeserializeOwned>(
    values: &mut dyn Iterator<Item = Value>,
) -> Result<T, &'static str> {
    serde_json::from_value(Json::read(values)?).map_err(|_| OTHER_SHAPE)
}

/// A struct that is a row of a table.
pub trait TableRow: Sized {
    /// The table.
    const TABLE: &'static str;
    /// Each field's column and its suffixes, in order.
    const FIELDS: &'static [(&'static str, &'static [&'static str])];

    /// Reads a row that begins with the struct's columns.
    ///
    /// # Errors
    /// A column holds what it cannot hold; the error names it and never what it holds.
    fn read(row: Row) -> Result<Self, Unavailable>;

    /// Each column's value, in order.
    fn write(&self) -> Vec<Value>;

    /// The columns by name, in order.
    fn columns() -> Vec<String> {
        let of_field = |(name, suffixes): &(&str, &'static [&'static str])| {
            let name = (*name).to_owned();
            suffixes.iter().map(move |suffix| format!("{name}{suffix}"))
        };
        Self::FIELDS.iter().flat_map(of_field).collect()
    }

    /// `select` with the columns, then `rest`.
    fn select(rest: &str) -> String {
        Self::select_with(&[], rest)
    }

    /// `select` with the columns and `more`, then `rest`.
    fn select_with(more: &[&str], rest: &str) -> String {
        let columns = with(Self::columns(), more);
        format!("select {} from {} {rest}", columns.join(", "), Self::TABLE)
    }

    /// `insert` with the struct's columns and `more`.
    fn insert(more: &[&str]) -> String {
        insert_sql(Self::TABLE, &with(Self::columns(), more))
    }
}

fn with(mut columns: Vec<String>, more: &[&str]) -> Vec<String> {
    columns.extend(more.iter().map(|&column| column.to_owned()));
    columns
}

/// The values of a row as a struct reads them, field by field.
pub struct Fields {
    table: &'static str,
    found_by: String,
    values: std::vec::IntoIter<Value>,
}

impl Fields {
    /// The values of a row of `table`.
    pub fn of(table: &'static str, row: Row) -> Fields {
        Fields {
            table,
            found_by: row.numbers(),
            values: row.into_values().into_iter(),
        }
    }

    /// The next field.
    ///
    /// # Errors
    /// Its column holds what it cannot hold.
    pub fn next<T: Column>(
        &mut self,
        column: &str,
        bounds: Option<RangeInclusive<i64>>,
    ) -> Result<T, Unavailable> {
        let wrong = |why: &str| {
            Unavailable::new(format!(
                "{}, {}: column {column} {why}",
                self.table, self.found_by
            ))
        };
        let field = T::read(&mut self.values).map_err(wrong)?;
        match (bounds, field.number()) {
            (Some(bounds), Some(number)) if !bounds.contains(&number) => Err(wrong(&format!(
                "is {number}, not from {} to {}",
                bounds.start(),
                bounds.end()
            ))),
            _ => Ok(field),
        }
    }
}

/// Defines a struct that is a row of a table. A field's column has its name unless `= "column"` gives
/// another; `where (least..=most)` bounds a number. Fields after `and` are in no column of their own.
#[macro_export]
macro_rules! table_row {
    (
        $(#[$meta:meta])*
        pub struct $name:ident: $table:literal {
            $($(#[$field_meta:meta])*
            pub $field:ident: $type:ty $(= $column:literal)? $(where ($bounds:expr))?,)+
        } $(and {
            $($(#[$more_meta:meta])* pub $more:ident: $more_type:ty,)+
        })?
    ) => {
        $(#[$meta])*
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)+
            $($($(#[$more_meta])* pub $more: $more_type,)+)?
        }

        impl $crate::store::db::TableRow for $name {
            const TABLE: &'static str = $table;
            const FIELDS: &'static [(&'static str, &'static [&'static str])] = &[
                $((
                    $crate::column_name!($field $($column)?),
                    <$type as $crate::store::db::Column>::SUFFIXES,
                ),)+
            ];

            fn read(row: $crate::store::db::Row) -> Result<$name, $crate::store::db::Unavailable> {
                let mut fields = $crate::store::db::Fields::of($table, row);
                Ok($name {
                    $($field: fields.next(
                        $crate::column_name!($field $($column)?),
                        None$(.or(Some($bounds)))?,
                    )?,)+
                    $($($more: Default::default(),)+)?
                })
            }

            fn write(&self) -> Vec<$crate::store::db::Value> {
                let mut values = Vec::with_capacity(Self::FIELDS.len());
                $($crate::store::db::Column::write(&self.$field, &mut values);)+
                values
            }
        }
    };
}

/// The column of a field.
#[macro_export]
macro_rules! column_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $column:literal) => {
        $column
    };
}

/// `select!(Payment, "where id = $1")`: the statement that reads such rows, put together once.
#[macro_export]
macro_rules! select {
    ($row:ty, $rest:expr) => {{
        static SQL: ::std::sync::LazyLock<String> =
            ::std::sync::LazyLock::new(|| <$row as $crate::store::db::TableRow>::select($rest));
        SQL.as_str()
    }};
}

/// `insert!(commit, &row)` and `insert!(commit, &row, { column: value })`: a new row, with columns that
/// the struct does not have; or `insert!(commit, "table" { column: value })` without a struct.
#[macro_export]
macro_rules! insert {
    ($commit:expr, $table:literal { $($column:ident: $value:expr),+ $(,)? }) => {{
        static SQL: ::std::sync::LazyLock<String> = ::std::sync::LazyLock::new(|| {
            $crate::store::db::insert_sql($table, &[$(stringify!($column)),+])
        });
        $commit.one(SQL.as_str(), $crate::params![$($value),+]);
    }};
    ($commit:expr, $row:expr => $type:ty $(, { $($column:ident: $value:expr),+ $(,)? })?) => {{
        static SQL: ::std::sync::LazyLock<String> = ::std::sync::LazyLock::new(|| {
            <$type as $crate::store::db::TableRow>::insert(&[$($(stringify!($column)),+)?])
        });
        #[allow(unused_mut, reason = "not every row has more columns")]
        let mut values = <$type as $crate::store::db::TableRow>::write($row);
        $($($crate::store::db::Column::write(&$value, &mut values);)+)?
        $commit.one(SQL.as_str(), values);
    }};
}

/// `update!(commit, "table" where { key: value } set { column: value })`: changes the one row that has
/// the keys' values, and is a conflict when there is none.
#[macro_export]
macro_rules! update {
    (
        $commit:expr, $table:literal
        where { $($key:ident: $is:expr),+ $(,)? }
        set { $($column:ident: $value:expr),+ $(,)? }
    ) => {{
        static SQL: ::std::sync::LazyLock<String> = ::std::sync::LazyLock::new(|| {
            $crate::store::db::update_sql(
                $table,
                &[$(stringify!($key)),+],
                &[$(stringify!($column)),+],
            )
        });
        let mut values = Vec::new();
        $($crate::store::db::Column::write(&$is, &mut values);)+
        $($crate::store::db::Column::write(&$value, &mut values);)+
        $commit.one(SQL.as_str(), values);
    }};
}

/// The text of [`insert!`](crate::insert).
pub fn insert_sql<S: AsRef<str>>(table: &str, columns: &[S]) -> String {
    let names: Vec<&str> = columns.iter().map(AsRef::as_ref).collect();
    let places: Vec<String> = (1..=names.len()).map(|n| format!("${n}")).collect();
    format!(
        "insert into {table} ({}) values ({})",
        names.join(", "),
        places.join(", ")
    )
}

/// The text of [`update!`](crate::update).
pub fn update_sql(table: &str, keys: &[&str], columns: &[&str]) -> String {
    let numbered = |names: &[&str], first: usize, between: &str| {
        let pairs = names.iter().enumerate();
        let pairs = pairs.map(|(at, name)| format!("{name} = ${}", first + at));
        pairs.collect::<Vec<_>>().join(between)
    };
    let set = numbered(columns, keys.len() + 1, ", ");
    format!(
        "update {table} set {set} where {}",
        numbered(keys, 1, " and ")
    )
}
