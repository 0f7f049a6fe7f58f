//! `cargo xtask contract`: writes what is derived from the contract's data (`crates/contract/data`).
//! The output is checked in; a test says when it is not what the data gives.

mod contract;
mod names;
mod openapi;
mod overlay;
mod rust;

use clap::{Parser, Subcommand};
use contract::Contract;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::{fs, io};

#[derive(Parser)]
#[command(about = "Tasks of the workspace")]
struct Tasks {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Writes the wire's types, the endpoint table and openapi.json into crates/contract/src/wire
    Contract,
}

fn main() -> io::Result<()> {
    match Tasks::parse().task {
        Task::Contract => write(&written()?),
    }
}

/// Where the contract crate lies.
fn crate_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../contract")
}

/// Every file that the data gives, with its place.
fn written() -> io::Result<Vec<(PathBuf, String)>> {
    let data = crate_folder().join("data");
    let contract =
        Contract::read(&data).map_err(|wrong| Error::new(ErrorKind::InvalidData, wrong))?;
    let folder = crate_folder().join("src/wire");
    let mut files = Vec::new();
    for (name, source) in rust::files(&contract) {
        files.push((folder.join(format!("{name}.rs")), rust::format(&source)?));
    }
    let openapi = serde_json::to_string_pretty(&openapi::document(&contract))?;
    files.push((folder.join("openapi.json"), openapi + "\n"));
    Ok(files)
}

/// Writes the files, and removes what the data no longer gives.
fn write(files: &[(PathBuf, String)]) -> io::Result<()> {
    let folder = crate_folder().join("src/wire");
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if !files.iter().any(|(file, _)| *file == path) {
            fs::remove_file(path)?;
        }
    }
    for (path, text) in files {
        fs::write(path, text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_checked_in_is_what_the_data_gives() {
        let files = written().unwrap();
        for (path, text) in &files {
            let there = fs::read_to_string(path).unwrap_or_default();
            assert!(
                there == *text,
                "run `cargo xtask contract`: {}",
                path.display()
            );
        }
        let there = fs::read_dir(crate_folder().join("src/wire"))
            .unwrap()
            .count();
        assert_eq!(there, files.len(), "run `cargo xtask contract`");
    }
}
