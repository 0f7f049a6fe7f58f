//! The binary `galata-torture`: a seeded random shop that plays against the real binary, with banks that fail and
//! processes that are killed, and then compares Galata's answers and books with the banks' ledgers. It is a user: it
//! knows what the API, the commands and the simulator tell, and nothing of the server's inside.

mod books;
mod check;
mod dice;
mod door;
mod dump;
mod options;
mod plan;
mod reports;
mod run;
mod shopper;
mod steps;
mod weather;
mod world;

use clap::Parser;
use jiff::Timestamp;
use std::io::Write;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match run::run(&options::Options::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            say(&format!("error: {why}"));
            ExitCode::FAILURE
        }
    }
}

/// Tells whoever watches.
fn say(line: &str) {
    // A closed standard error leaves no way to tell.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The banks' clock, which is the gateway's: nothing here moves it.
#[expect(
    clippy::disallowed_methods,
    reason = "the processes that are played against have the machine's clock"
)]
fn now() -> Timestamp {
    Timestamp::now()
}
