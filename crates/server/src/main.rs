//! The binary `galata`.
#![expect(
    clippy::print_stderr,
    reason = "a failing command says why on standard error"
)]

use clap::Parser;
use server::commands::{Cli, run};
use server::machine;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    machine::keep_files_private();
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_env("GALATA_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match run(cli).await {
        Ok(code) => code,
        Err(failed) => {
            eprintln!("error: {failed}");
            ExitCode::FAILURE
        }
    }
}
