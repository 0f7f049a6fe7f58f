//! The binary `galata`.
#![expect(
    clippy::print_stderr,
    reason = "a failing command says why on standard error"
)]

use clap::Parser;
use server::commands::{Cli, run};
use server::{dumps, logs, machine};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    machine::keep_files_private();
    let cli = Cli::parse();
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
