//! What the contract's data does not say: which fields are secret, what is documented only, names,
//! homes and docs. One file, `crates/contract/data/overlay.json`; keys are `Type` or `Type.field`.

use serde_json::{Map, Value};

/// The overlay's file.
pub(crate) struct Overlay(Map<String, Value>);

impl Overlay {
    /// Wraps the file's content.
    pub(crate) fn new(content: Value) -> Result<Overlay, String> {
        match content {
            Value::Object(map) => Ok(Overlay(map)),
            _ => Err("overlay.json: an object is expected".to_owned()),
        }
    }

    /// The part of the overlay with that name: `docs`, `secrets`.
    pub(crate) fn part(&self, part: &str) -> impl Iterator<Item = (&str, &Value)> {
        let entries = self.0.get(part).and_then(Value::as_object);
        entries
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.as_str(), value))
    }

    /// A text of a part.
    pub(crate) fn text(&self, part: &str, key: &str) -> Option<&str> {
        self.0.get(part)?.get(key)?.as_str()
    }

    /// The fields that a part adds to a type, in order.
    pub(crate) fn fields_of<'a>(
        &'a self,
        part: &'static str,
        type_name: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.part(part).filter_map(move |(key, value)| {
            let (owner, field) = key.split_once('.')?;
            (owner == type_name).then_some((field, value.as_str()?))
        })
    }

    /// A list of the overlay.
    pub(crate) fn list(&self, part: &str) -> &[Value] {
        self.0
            .get(part)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }
}
