//! Environment variables behind the flags: whose value was wrong is told with its variable, and a
//! variable that no flag reads is told, for a typo in one would go unseen.

use super::Cli;
use clap::error::{ContextKind, ContextValue};
use clap::{Command, CommandFactory};
use std::collections::BTreeSet;

/// Read outside the command line.
const OTHERS: [&str; 1] = ["GALATA_LOG"];
/// Of the sandbox, the tests and their tools.
const OF_TOOLS: [&str; 2] = ["GALATA_SANDBOX", "GALATA_TEST"];
/// Names that are told at most.
const NAMED_MAX: usize = 5;

/// A flag as its value came: with the variable, unless it stands on the command line.
pub(super) fn given_as(flag: &str, variable: &str) -> String {
    if is_typed(flag) || std::env::var_os(variable).is_none() {
        flag.to_owned()
    } else {
        format!("{flag} ({variable})")
    }
}

fn is_typed(flag: &str) -> bool {
    let is_flag = |text: &str| {
        let rest = text.strip_prefix(flag);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    };
    std::env::args_os().any(|argument| argument.to_str().is_some_and(is_flag))
}

/// The variable that brought the value which the command line refuses.
pub fn variable_of(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let flag = shown.split_whitespace().next()?;
    let name = flag.strip_prefix("--")?;
    let mut variable = None;
    each_variable(&Cli::command(), &mut |long, its| {
        if long == name {
            variable = Some(its.to_owned());
        }
    });
    variable.filter(|variable| !is_typed(flag) && std::env::var_os(variable).is_some())
}

/// Names of variables that are set, look like ours and are none.
pub(super) fn unknown() -> Vec<String> {
    let mut known: BTreeSet<String> = OTHERS.map(str::to_owned).into();
    each_variable(&Cli::command(), &mut |_, variable| {
        known.insert(variable.to_owned());
    });
    let set = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut unknown: Vec<String> = set
        .filter(|name| name.starts_with("GALATA_") && !known.contains(name))
        .filter(|name| !OF_TOOLS.iter().any(|tools| name.starts_with(tools)))
        .collect();
    unknown.sort();
    unknown.truncate(NAMED_MAX);
    unknown
}

/// Flag and variable of every option of every command.
fn each_variable(command: &Command, act: &mut impl FnMut(&str, &str)) {
    for argument in command.get_arguments() {
        if let Some(variable) = argument.get_env().and_then(|name| name.to_str()) {
            act(argument.get_long().unwrap_or_default(), variable);
        }
    }
    for inner in command.get_subcommands() {
        each_variable(inner, act);
    }
}
