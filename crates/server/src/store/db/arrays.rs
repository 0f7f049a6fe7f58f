//! Equal statements of many commits as one statement over arrays, which PostgreSQL parses, plans and
//! answers once: `insert into t (a, b) values ($1, $2)` becomes
//! `insert into t (a, b) select p1, p2 from unnest($1::int8[], $2::text[]) as v (p1, p2)`, and an update
//! alike. It touches as many rows as all of them, or something was refused and each is tried by itself.

use super::Value;
use super::commit::{Expect, Member, Statement};
use tokio_postgres::types::Type;

/// Statements of one text, each with the member that it belongs to.
pub(super) struct Group<'a> {
    pub(super) sql: &'static str,
    statements: Vec<&'a Statement>,
}

impl<'a> Group<'a> {
    /// How many rows they must touch together.
    pub(super) fn rows(&self) -> u64 {
        u64::try_from(self.statements.len()).unwrap_or(u64::MAX)
    }

    /// The parameters, an array for each place.
    pub(super) fn columns(&self) -> Vec<Vec<&'a Value>> {
        let places = self.statements.first().map_or(0, |one| one.params.len());
        (0..places)
            .map(|at| self.statements.iter().map(|one| &one.params[at]).collect())
            .collect()
    }
}

/// The members' statements by their texts, in an order in which each member's own statements keep
/// theirs. `None` when a statement may touch other than one row, or has no form over arrays.
pub(super) fn groups<'a>(
    members: &'a [Member],
    has_form: impl Fn(&'static str) -> bool,
) -> Option<Vec<Group<'a>>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for member in members {
        let mut from = 0;
        for statement in &member.commit.statements {
            if statement.expect != Expect::Rows(1) || !has_form(statement.sql) {
                return None;
            }
            let known = groups.iter().skip(from).position(|group| {
                group.sql == statement.sql
                    && group.statements[0].params.len() == statement.params.len()
            });
            match known {
                Some(at) => from += at,
                None => {
                    from = groups.len();
                    groups.push(Group {
                        sql: statement.sql,
                        statements: Vec::new(),
                    });
                }
            }
            groups[from].statements.push(statement);
        }
    }
    Some(groups)
}

/// What does over arrays what `sql` does with parameters of these types. `None` unless it is a plain
/// insert of its parameters or a plain update.
pub(super) fn over_arrays(sql: &str, types: &[Type]) -> Option<String> {
    if types.is_empty() {
        return None;
    }
    let names: Vec<String> = (1..=types.len()).map(|place| format!("p{place}")).collect();
    let names = names.join(", ");
    let arrays: Vec<String> = (1..)
        .zip(types)
        .map(|(place, of)| format!("${place}::{}[]", of.name()))
        .collect();
    let source = format!("unnest({}) as v ({names})", arrays.join(", "));
    if sql.starts_with("insert into ") {
        let (into, values) = sql.split_once(" values (")?;
        let places: Vec<String> = (1..=types.len()).map(|place| format!("${place}")).collect();
        (values.strip_suffix(')')? == places.join(", "))
            .then(|| format!("{into} select {names} from {source}"))
    } else if sql.starts_with("update ") {
        let (set, condition) = sql.split_once(" where ")?;
        let words = [" where ", " from ", "select ", "'"];
        let plain = |part: &str| !words.iter().any(|word| part.contains(word));
        (plain(set) && plain(condition)).then(|| {
            let (set, condition) = (set.replace('$', "v.p"), condition.replace('$', "v.p"));
            format!("{set} from {source} where {condition}")
        })
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_inserts_and_updates_have_a_form_over_arrays() {
        let types = [Type::INT8, Type::TEXT];
        assert_eq!(
            over_arrays("insert into t (a, b) values ($1, $2)", &types).as_deref(),
            Some(
                "insert into t (a, b) select p1, p2 from unnest($1::int8[], $2::text[]) as v (p1, p2)"
            )
        );
        assert_eq!(
            over_arrays("update t set n = n + 1, b = $2 where a = $1", &types).as_deref(),
            Some(
                "update t set n = n + 1, b = v.p2 from unnest($1::int8[], $2::text[]) as v (p1, p2) \
                 where a = v.p1"
            )
        );
        for other in [
            "insert into t (a, b) values ($2, $1)",
            "insert into t (a, b) values ($1, $2) on conflict do nothing",
            "insert into t (a, b) select $1, $2",
            "update t set b = $2",
            "update t set b = (select b from u where a = $1) where a = $2",
            "update t set b = '$2' where a = $1",
            "delete from t where a = $1 and b = $2",
        ] {
            assert_eq!(over_arrays(other, &types), None, "{other}");
        }
    }
}
