//! What one payment leaves in the database, as SQL that leaves it once more. It is read from the
//! rows of a payment that the gateway made, so a column or table that is new is in it by itself.

use super::database::{Database, Rows};
use super::options::Kind;

/// Ids of a second: two payments made of one never share an id.
const IDS_A_SECOND: i64 = server::clock::IDS_A_MILLISECOND * 1000;

/// Tables that the intent inserts into, in the order of the schema's references.
const INTENT: [&str; 5] = [
    "request_signatures",
    "payments",
    "payment_items",
    "attempts",
    "bank_orders",
];
/// Tables that the answer inserts into, those of the journal behind it.
const ANSWER: [&str; 3] = ["webhooks", "exchanges", "request_log"];

/// What a payment is before its bank has answered.
const UNANSWERED: [Instead; 6] = [
    ("payments", "status", "'WAITING'"),
    ("payments", "captured", "0"),
    ("attempts", "state", "'ASKED'"),
    ("attempts", "answer", "null"),
    ("attempts", "answered_at", "null"),
    ("attempts", "inquire_at", "asked_at"),
];
/// What is due is worked on, which is not what the stored payments are for.
const DELIVERED: [Instead; 2] = [
    ("webhooks", "state", "'DELIVERED'"),
    ("webhooks", "due_at", "null"),
];
/// Columns that the answer writes (`store/payments.rs` and `attempts.rs`, `save`).
const ANSWERED: [(&str, &[&str]); 2] = [
    (
        "attempts",
        &[
            "state",
            "answer",
            "answered_at",
            "inquiries",
            "inquire_at",
            "proof_sealed",
            "asked_at",
            "review_since",
        ],
    ),
    (
        "payments",
        &[
            "version",
            "status",
            "captured",
            "pos_id",
            "pos",
            "order_id",
            "card",
            "card_user_key",
            "card_token",
            "auth_code",
            "host_reference",
            "trans_id",
            "md_status",
            "loyalty",
            "error",
            "additional",
        ],
    ),
];

/// A value of a table's column, or another column of the row, in place of what was read.
type Instead = (&'static str, &'static str, &'static str);

/// The rows of a payment.
pub(crate) struct Payment {
    kind: Kind,
    tables: Vec<Rows>,
}

impl Payment {
    /// Reads the one payment of a database.
    pub(crate) fn read(database: &Database) -> Payment {
        let read = |table| {
            let read = database.rows(table);
            assert!(!read.rows.is_empty(), "the payment left nothing in {table}");
            read
        };
        Payment {
            kind: database.kind,
            tables: INTENT.into_iter().chain(ANSWER).map(read).collect(),
        }
    }

    /// The statements of a payment's two commits. `:n` numbers the payments.
    pub(crate) fn commits(&self) -> [Vec<String>; 2] {
        let values = |values: String| format!("values ({values})");
        let inserts = |tables: &[&str], instead: &[Instead]| {
            let all = tables
                .iter()
                .map(|table| self.inserts(table, ":n", instead, values));
            all.flatten().collect()
        };
        let mut answer: Vec<String> = ANSWERED.iter().map(|(t, c)| self.update(t, c)).collect();
        answer.extend::<Vec<String>>(inserts(&ANSWER, &[]));
        [inserts(&INTENT, &UNANSWERED), answer]
    }

    /// Statements that store `count` older payments, as they are long after.
    pub(crate) fn fill(&self, count: i64) -> Vec<String> {
        let numbered = |values| {
            format!(
                "with recursive numbers (n) as (select cast({count} as bigint) union all select n - 1 from numbers where n > 1) \
                 select {values} from numbers"
            )
        };
        let tables = INTENT.iter().chain(&ANSWER);
        tables
            .flat_map(|table| self.inserts(table, "-n", &DELIVERED, numbered))
            .collect()
    }

    fn rows(&self, table: &str) -> &Rows {
        let found = self.tables.iter().find(|rows| rows.table == table);
        found.unwrap()
    }

    fn inserts(
        &self,
        table: &str,
        number: &str,
        instead: &[Instead],
        source: impl Fn(String) -> String,
    ) -> Vec<String> {
        let Rows { columns, rows, .. } = self.rows(table);
        let insert = |row: &Vec<String>| {
            let read = |wanted: &str| {
                let at = columns.iter().position(|column| column == wanted)?;
                Some(self.value(wanted, &row[at], number))
            };
            let values = columns.iter().map(|column| {
                let other = instead.iter().find(|i| i.0 == table && i.1 == column);
                let other = other.map(|i| read(i.2).unwrap_or_else(|| i.2.to_owned()));
                other.unwrap_or_else(|| read(column).unwrap_or_default())
            });
            let values: Vec<String> = values.collect();
            let columns = columns.join(", ");
            format!(
                "insert into {table} ({columns}) {}",
                source(values.join(", "))
            )
        };
        rows.iter().map(insert).collect()
    }

    fn update(&self, table: &str, changed: &[&str]) -> String {
        let Rows { columns, rows, .. } = self.rows(table);
        let pairs = columns.iter().zip(&rows[0]);
        let pairs = pairs.map(|(column, read)| {
            let pair = format!("{column} = {}", self.value(column, read, ":n"));
            (column.as_str(), pair)
        });
        let of = |wanted: &[&str]| -> Vec<String> {
            let pairs = pairs.clone().filter(|(column, _)| wanted.contains(column));
            pairs.map(|(_, pair)| pair).collect()
        };
        let (set, key) = (of(changed).join(", "), of(&["merchant_id", "id"]));
        format!("update {table} set {set} where {}", key.join(" and "))
    }

    /// What was read, or what stands in its place in the payment of a number, which is below zero for
    /// those that are older.
    fn value(&self, column: &str, read: &str, number: &str) -> String {
        let number = match number {
            ":n" => "cast(:n as bigint)",
            number => number,
        };
        match column {
            "id" | "payment_id" => format!("{read} + {number} * {IDS_A_SECOND}"),
            // As long as it was, with a number at its end.
            "order_id" => format!(
                "{}' || (50000000 + {number})",
                &read[..read.len().saturating_sub("12345678'".len())]
            ),
            // A stored payment is as old as its id.
            "created_at" if number == "-n" => match self.kind {
                Kind::Sqlite => {
                    format!("strftime('%Y-%m-%dT%H:%M:%fZ', {read}, ({number}) || ' seconds')")
                }
                Kind::Postgres => {
                    let read = escape(read);
                    format!("cast({read} as timestamptz) + ({number}) * interval '1 second'")
                }
            },
            // Scattered like a digest: a step through the numbers below a prime.
            "high" => format!("({number} * 48271 % 2147483647) * 4294967296"),
            _ if self.kind == Kind::Postgres => escape(read),
            _ => read.to_owned(),
        }
    }
}

/// A literal without colons and line breaks, in which pgbench would see variables and commands.
fn escape(literal: &str) -> String {
    let body = literal.trim_start_matches('E');
    if body.starts_with('\'') && body.contains([':', '\n']) {
        format!("E{}", body.replace(':', "\\x3a").replace('\n', "\\n"))
    } else {
        literal.to_owned()
    }
}
