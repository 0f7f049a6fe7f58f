//! A table's row as a struct: each column stands once, in the struct, and is selected, read and
//! inserted from there. [`table_row!`](crate::table_row) defines one; [`select!`](crate::select),
//! [`insert!`](crate::insert) and [`update!`](crate::update) make the statements.

use super::{Row, Unavailable, Value};
use contract::money::Rate;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value as Json};
use std::ops::RangeInclusive;

/// What a field of a row holds: one column, or a few with suffixes.
pub trait Column: Sized {
    /// What is added to the field's name, a column each.
    const SUFFIXES: &'static [&'static str] = &[""];

    /// Reads the columns; a number must be within `bounds`.
    ///
    /// # Errors
    /// One of them holds what it cannot hold.
    fn read(fields: &mut Fields, column: Name<'_>, bounds: Bounds) -> Result<Self, Unavailable>;

    /// Adds the columns.
    fn write(&self, values: &mut Vec<Value>);
}

/// What a number may be.
pub type Bounds = Option<RangeInclusive<i64>>;

/// A column's name: that of the field and a suffix.
#[derive(Clone, Copy)]
pub struct Name<'a>(pub &'a str, pub &'a str);

/// The values of a row as a struct reads them, field by field.
pub struct Fields {
    table: &'static str,
    row: Row,
    at: usize,
}

impl Fields {
    /// The values of a row of `table`.
    pub fn of(table: &'static str, row: Row) -> Fields {
        Fields { table, row, at: 0 }
    }

    /// The next value.
    pub fn value(&mut self) -> Option<Value> {
        let value = self.row.take(self.at);
        self.at += 1;
        value
    }

    /// Skips `columns` if the next of them is null.
    fn skip_null(&mut self, columns: usize) -> bool {
        let is_null = self.row.is_null(self.at);
        if is_null {
            self.at += columns;
        }
        is_null
    }

    /// What is wrong with a column. Never what it holds, which may be anything by now.
    pub fn wrong(&self, column: Name<'_>, why: &str) -> Unavailable {
        let Name(field, suffix) = column;
        let error = Unavailable::new(format!("column {field}{suffix} {why}"));
        self.row.of_table(self.table, error)
    }
}

const OTHER_TYPE: &str = "is missing or of another type";

impl<T: Column> Column for Option<T> {
    const SUFFIXES: &'static [&'static str] = T::SUFFIXES;

    fn read(fields: &mut Fields, column: Name<'_>, bounds: Bounds) -> Result<Self, Unavailable> {
        if fields.skip_null(T::SUFFIXES.len()) {
            return Ok(None);
        }
        T::read(fields, column, bounds).map(Some)
    }

    fn write(&self, values: &mut Vec<Value>) {
        match self {
            Some(value) => value.write(values),
            None => values.extend(T::SUFFIXES.iter().map(|_| Value::Null)),
        }
    }
}

/// Columns of one value: how it is read, if it is of the right type, and written.
macro_rules! columns {
    ($($type:ty: { $($read:pat => $as:expr),+ }, $this:ident => $write:expr;)+) => {
        $(impl Column for $type {
            fn read(fields: &mut Fields, column: Name<'_>, _: Bounds) -> Result<Self, Unavailable> {
                let read = match fields.value() {
                    $(Some($read) => $as,)+
                    _ => None,
                };
                read.ok_or_else(|| fields.wrong(column, OTHER_TYPE))
            }

            fn write(&self, values: &mut Vec<Value>) {
                let $this = self;
                values.push($write);
            }
        })+
    };
}

// SQLite answers booleans as 0 and 1, times and JSON as text. A day is text in both.
columns! {
    bool: { Value::Bool(is) => Some(is), Value::Int(0) => Some(false), Value::Int(1) => Some(true) },
        is => Value::Bool(*is);
    Date: { Value::Text(text) => text.parse().ok() }, day => Value::Text(day.to_string());
    String: { Value::Text(text) => Some(text) }, text => Value::Text(text.clone());
    Timestamp: { Value::Time(at) => Some(at), Value::Text(text) => text.parse().ok() },
        at => Value::Time(*at);
    Json: { Value::Json(text) | Value::Text(text) => serde_json::from_str(&text).ok() },
        json => Value::Json(json.to_string());
}

impl Column for Map<String, Json> {
    fn read(fields: &mut Fields, column: Name<'_>, bounds: Bounds) -> Result<Self, Unavailable> {
        match Json::read(fields, column, bounds)? {
            Json::Object(map) => Ok(map),
            _ => Err(fields.wrong(column, "is no object")),
        }
    }

    fn write(&self, values: &mut Vec<Value>) {
        values.push(to_json(self));
    }
}

macro_rules! numbers {
    ($($number:ty),+) => {
        $(impl Column for $number {
            fn read(
                fields: &mut Fields,
                column: Name<'_>,
                bounds: Bounds,
            ) -> Result<$number, Unavailable> {
                let Some(Value::Int(int)) = fields.value() else {
                    return Err(fields.wrong(column, OTHER_TYPE));
                };
                let most = i64::try_from(<$number>::MAX).unwrap_or(i64::MAX);
                let bounds = bounds.unwrap_or(i64::try_from(<$number>::MIN).unwrap_or(0)..=most);
                match <$number>::try_from(int) {
                    Ok(number) if bounds.contains(&int) => Ok(number),
                    _ => {
                        let (least, most) = (bounds.start(), bounds.end());
                        let why = format!("is {int}, not from {least} to {most}");
                        Err(fields.wrong(column, &why))
                    }
                }
            }

            fn write(&self, values: &mut Vec<Value>) {
                values.push(Value::Int(i64::from(*self)));
            }
        })+
    };
}

numbers! { i64, u32, u16, u8 }

/// A rate is a `bigint` of whole millionths.
impl Column for Rate {
    fn read(fields: &mut Fields, column: Name<'_>, bounds: Bounds) -> Result<Rate, Unavailable> {
        i64::read(fields, column, bounds).map(Rate::of_millionths)
    }

    fn write(&self, values: &mut Vec<Value>) {
        self.millionths().write(values);
    }
}

/// Makes enums columns: `text` with one of their spellings.
#[macro_export]
macro_rules! word_columns {
    ($($word:ty),+ $(,)?) => {
        $(impl $crate::store::db::Column for $word {
            fn read(
                fields: &mut $crate::store::db::Fields,
                column: $crate::store::db::Name<'_>,
                _: $crate::store::db::Bounds,
            ) -> Result<$word, $crate::store::db::Unavailable> {
                $crate::store::db::read_word(fields, column)
            }

            fn write(&self, values: &mut Vec<$crate::store::db::Value>) {
                values.push(self.as_str().into());
            }
        })+
    };
}

/// Defines an enum that is stored as a word: `text` with one of its spellings.
#[macro_export]
macro_rules! stored_words {
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$word_meta:meta])* $word:ident = $text:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$word_meta])* $word,)+
        }

        impl $name {
            /// Every word.
            pub const ALL: &'static [$name] = &[$($name::$word),+];

            /// The spelling in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$word => $text,)+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<$name, ()> {
                match text { $($text => Ok($name::$word),)+ _ => Err(()) }
            }
        }

        $crate::word_columns! { $name }
    };
}

/// Makes types that serde knows columns: `jsonb`.
#[macro_export]
macro_rules! json_columns {
    ($($shape:ty),+ $(,)?) => {
        $(impl $crate::store::db::Column for $shape {
            fn read(
                fields: &mut $crate::store::db::Fields,
                column: $crate::store::db::Name<'_>,
                _: $crate::store::db::Bounds,
            ) -> Result<$shape, $crate::store::db::Unavailable> {
                $crate::store::db::read_json(fields, column)
            }

            fn write(&self, values: &mut Vec<$crate::store::db::Value>) {
                values.push($crate::store::db::to_json(self));
            }
        })+
    };
}

/// Reads a word.
pub fn read_word<T: std::str::FromStr>(
    fields: &mut Fields,
    column: Name<'_>,
) -> Result<T, Unavailable> {
    let word = String::read(fields, column, None)?;
    word.parse()
        .map_err(|_| fields.wrong(column, "holds a word that is not known"))
}

/// Reads JSON of a shape.
pub fn read_json<T: serde::de::DeserializeOwned>(
    fields: &mut Fields,
    column: Name<'_>,
) -> Result<T, Unavailable> {
    let Some(Value::Json(text) | Value::Text(text)) = fields.value() else {
        return Err(fields.wrong(column, OTHER_TYPE));
    };
    serde_json::from_str(&text).map_err(|_| fields.wrong(column, "holds JSON of another shape"))
}

/// The value of a shape as `jsonb`.
pub fn to_json<T: serde::Serialize>(shape: &T) -> Value {
    serde_json::to_string(shape).map_or(Value::Null, Value::Json)
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
                    $($field: $crate::store::db::Column::read(
                        &mut fields,
                        $crate::store::db::Name($crate::column_name!($field $($column)?), ""),
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

/// `select!(Payment, "where id = $1")`: the statement that reads such rows, put together once. Columns
/// named before the text are read beside the struct's.
#[macro_export]
macro_rules! select {
    ($row:ty, $($more:ident,)* $rest:literal) => {{
        static SQL: ::std::sync::LazyLock<String> = ::std::sync::LazyLock::new(|| {
            <$row as $crate::store::db::TableRow>::select_with(&[$(stringify!($more)),*], $rest)
        });
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
/// the keys' values, and is a conflict when there is none. After the keys, `and "n > {}" (value)` adds a
/// condition, each `{}` a value.
#[macro_export]
macro_rules! update {
    (
        $commit:expr, $table:literal
        where { $($key:ident: $is:expr),+ $(,)? } $(and $condition:literal ($($operand:expr),+ $(,)?))?
        set { $($column:ident: $value:expr),+ $(,)? }
    ) => {{
        static SQL: ::std::sync::LazyLock<String> = ::std::sync::LazyLock::new(|| {
            $crate::store::db::update_sql(
                $table,
                &[$(stringify!($key)),+],
                concat!("" $(, $condition)?),
                &[$(stringify!($column)),+],
            )
        });
        let mut values = Vec::new();
        $($crate::store::db::Column::write(&$is, &mut values);)+
        $($($crate::store::db::Column::write(&$operand, &mut values);)+)?
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
pub fn update_sql(table: &str, keys: &[&str], condition: &str, columns: &[&str]) -> String {
    let mut place = 0;
    let mut pairs = |names: &[&str]| -> Vec<String> {
        let pair = |name: &&str| {
            place += 1;
            format!("{name} = ${place}")
        };
        names.iter().map(pair).collect()
    };
    let mut conditions = pairs(keys);
    if !condition.is_empty() {
        let mut numbered = String::new();
        for (at, part) in condition.split("{}").enumerate() {
            if at > 0 {
                numbered.push_str(&format!("${}", keys.len() + at));
            }
            numbered.push_str(part);
        }
        conditions.push(format!("({numbered})"));
    }
    let first = keys.len() + condition.matches("{}").count() + 1;
    let set: Vec<String> = (first..)
        .zip(columns)
        .map(|(at, name)| format!("{name} = ${at}"))
        .collect();
    format!(
        "update {table} set {} where {}",
        set.join(", "),
        conditions.join(" and ")
    )
}
