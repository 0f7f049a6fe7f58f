//! The folder of a case under `fixtures/`. A case that names another one as `like` in its `call.json`
//! holds only what differs: fields of the call, and files.

use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};

/// The folders from which one case is read, its own first.
pub(crate) struct Folder {
    pub(crate) places: Vec<PathBuf>,
    pub(crate) call: Value,
}

impl Folder {
    /// Every case of a protocol, by name.
    pub(crate) fn all(protocol: &str) -> Vec<Folder> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let mut paths: Vec<PathBuf> = fs::read_dir(root.join(protocol))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths.into_iter().map(Folder::open).collect()
    }

    /// One case, with what it takes from others.
    pub(crate) fn open(path: PathBuf) -> Folder {
        let own = fs::read_to_string(path.join("call.json")).unwrap();
        let mut own: Map<String, Value> = serde_json::from_str(&own).unwrap();
        match own.remove("like") {
            None => Folder {
                places: vec![path],
                call: own.into(),
            },
            Some(other) => {
                let mut folder = Folder::open(path.with_file_name(other.as_str().unwrap()));
                folder.places.insert(0, path);
                overlay(&mut folder.call, own.into());
                folder
            }
        }
    }

    pub(crate) fn name(&self) -> &str {
        self.places[0].file_name().unwrap().to_str().unwrap()
    }

    /// What the case's file of this name holds.
    pub(crate) fn read(&self, file: &str) -> Option<Vec<u8>> {
        self.places
            .iter()
            .find_map(|place| fs::read(place.join(file)).ok())
    }
}

fn overlay(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                overlay(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}
