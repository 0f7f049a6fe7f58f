//! Reading what a browser brings back, and checking the hash that proves it.

use super::inbox::Fields;
use crate::callback::{hash_v1, hash_v2};

/// A field's value; what is absent counts as empty.
pub(crate) fn value<'a>(fields: &'a Fields, name: &str) -> &'a str {
    let mut named = fields.iter().filter(|(known, _)| known == name);
    named.next().map_or("", |(_, value)| value)
}

/// The field must have this value.
pub(crate) fn expect(fields: &Fields, name: &str, wanted: &str) -> Result<(), String> {
    match value(fields, name) {
        found if found == wanted => Ok(()),
        found => Err(format!("the callback's {name} is {found:?}, not {wanted}")),
    }
}

/// Checks a 3DS callback's hash of the first version.
pub(crate) fn check_v1(fields: &Fields) -> Result<(), String> {
    compare(fields, &hash_v1(|name| value(fields, name)))
}

/// Checks a callback's hash of the second version, which must cover `names`.
pub(crate) fn check_v2(fields: &Fields, names: &[&str]) -> Result<(), String> {
    let params: Vec<&str> = value(fields, "hashParams").split(':').collect();
    if let Some(uncovered) = names.iter().find(|name| !params.contains(name)) {
        return Err(format!("the callback's hash does not cover {uncovered}"));
    }
    compare(fields, &hash_v2(&params, |name| value(fields, name)))
}

fn compare(fields: &Fields, right: &str) -> Result<(), String> {
    if value(fields, "hash") != right {
        return Err("the callback's hash is wrong".to_owned());
    }
    Ok(())
}
