//! The binary `galata-sandbox`: gateway, simulated banks and lenders, and a demo merchant in one
//! process, for laptops and CI. No payment logic lives here.

mod accounts;
mod amounts;
mod banks;
mod callback;
mod client;
mod home;
mod options;
mod output;
mod play;
mod run;
mod seed;
mod shop;
mod staff;
mod stop;
mod terms;

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
            // A closed standard error leaves no way to tell.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}
