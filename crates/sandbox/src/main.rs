//! The binary `galata-sandbox`: gateway, simulated banks and lenders, and a demo merchant in one
//! process, for laptops and CI. No payment logic lives here.

mod home;
mod options;
mod play;
mod run;
mod seed;
mod shop;
mod staff;
mod stop;

use clap::Parser;
use server::logs::{self, LogFormat};
use std::io::Write;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    server::machine::keep_files_private();
    let options = options::Options::parse();
    let level = if options.log_requests { "info" } else { "warn" };
    logs::start(LogFormat::Text, level);
    match run::run(options).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes a line to standard output. A reader that went away does not stop the sandbox, and
/// colours reach a terminal alone.
fn say(line: &str) {
    let mut out = anstream::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}
