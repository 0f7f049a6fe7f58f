//! The binary `galata`.
#![expect(
    clippy::print_stderr,
    reason = "a failing command says why on standard error"
)]

use clap::Parser;
use clap::error::ContextKind;
use server::commands::{Cli, run, variable_of};
use server::{dumps, logs, machine};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    machine::keep_files_private();
    let cli = command_line();
    logs::start(cli.log_format, "info");
    if !cli.allow_core_dumps {
        dumps::forbid();
    }
    match run(cli).await {
        Ok(code) => code,
        Err(failed) => {
            eprintln!("error: {failed}");
            ExitCode::FAILURE
        }
    }
}

/// What was typed. A refusal comes without its line of usage, which would name every option that a
/// variable sets as if it had to be typed.
fn command_line() -> Cli {
    Cli::try_parse().unwrap_or_else(|mut refused| {
        refused.remove(ContextKind::Usage);
        // Help that cannot be written has no other place to go to.
        let _ = refused.print();
        if let Some(variable) = variable_of(&refused) {
            eprintln!("hint: the value comes from the variable {variable}");
        }
        std::process::exit(refused.exit_code())
    })
}
