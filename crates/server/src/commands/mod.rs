//! The command line of `galata`. `--help` is the configuration reference: every setting is a flag
//! with an environment variable, and there is no configuration file.
#![expect(
    clippy::print_stdout,
    reason = "commands speak to a person through standard output"
)]

mod apm;
mod audit;
mod backup;
mod key;
mod merchant;
mod options;
mod payment;
mod pos;
mod request;
mod serve;
mod user;
mod webhook;

pub use serve::stopped;

use crate::logs::LogFormat;
use crate::operations::Problem;
use crate::start::StartError;
use clap::{Parser, Subcommand};
use contract::errors::Language;

/// Galata, the payment gateway.
#[derive(Parser)]
#[command(name = "galata", version, about, max_term_width = 100)]
pub struct Cli {
    /// The form of the log on standard error.
    #[arg(
        long,
        env = "GALATA_LOG_FORMAT",
        global = true,
        value_enum,
        default_value_t
    )]
    pub log_format: LogFormat,
    /// Let the system write core dumps, and debuggers of the same user look in: memory holds card
    /// numbers.
    #[arg(long, env = "GALATA_ALLOW_CORE_DUMPS", global = true)]
    pub allow_core_dumps: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API and the pages, and do the due work.
    Serve(serve::Serve),
    /// Do the due work only (webhooks, inquiries), without serving.
    Work(serve::Work),
    /// Bring the database up to date.
    Migrate(options::Store),
    /// Copy a SQLite database while it is in use.
    Backup(backup::Backup),
    /// Put a copy of a SQLite database in its place, and bring it up to date. No server may run.
    Restore(backup::Restore),
    /// Check the settings, the database and the keys, and say what is wrong.
    Doctor(serve::Doctor),
    /// Print a new key for the key file.
    Key,
    /// Merchants and their settings.
    #[command(subcommand)]
    Merchant(merchant::Merchant),
    /// Alternative payment methods: accounts at lenders.
    #[command(subcommand)]
    Apm(apm::Apm),
    /// Who may use the panel.
    #[command(subcommand)]
    User(user::User),
    /// Virtual POSes: accounts at banks.
    #[command(subcommand)]
    Pos(pos::Pos),
    /// Payments: what is known about one, and those whose outcome nobody knows.
    #[command(subcommand)]
    Payment(payment::Payment),
    /// Webhooks that were sent.
    #[command(subcommand)]
    Webhook(webhook::Webhook),
    /// What API keys asked for, and why a signature was refused.
    #[command(subcommand)]
    Request(request::Request),
    /// The audit log.
    #[command(subcommand)]
    Audit(audit::Audit),
}

/// Why a command failed.
pub enum Failed {
    /// The server's parts do not open.
    Start(StartError),
    /// What was asked for breaks a rule.
    Problem(Problem),
}

impl From<StartError> for Failed {
    fn from(error: StartError) -> Failed {
        Failed::Start(error)
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Failed {
        Failed::Problem(problem)
    }
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failed::Start(error) => error.fmt(f),
            Failed::Problem(Problem::Rule { rule, values }) => {
                let values: Vec<(&str, &str)> = values
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()))
                    .collect();
                f.write_str(&rule.text(Language::En, &values))?;
                match values.iter().find(|(name, _)| *name == "field") {
                    Some((_, field)) => write!(f, " ({field})"),
                    None => Ok(()),
                }
            }
            Failed::Problem(Problem::Unavailable(why)) => f.write_str(why),
            Failed::Problem(other) => write!(f, "{other:?}"),
        }
    }
}

/// Runs the command that the command line names.
pub async fn run(cli: Cli) -> Result<(), Failed> {
    match cli.command {
        Command::Serve(options) => serve::serve(options).await,
        Command::Work(options) => serve::work(options).await,
        Command::Migrate(options) => serve::migrate(options).await,
        Command::Backup(options) => backup::back_up(options).await,
        Command::Restore(options) => backup::restore(options).await,
        Command::Doctor(options) => serve::doctor(options).await,
        Command::Key => {
            println!("{}", new_key());
            Ok(())
        }
        Command::Merchant(command) => merchant::run(command).await,
        Command::Apm(command) => apm::run(command).await,
        Command::User(command) => user::run(command).await,
        Command::Pos(command) => pos::run(command).await,
        Command::Payment(command) => payment::run(command).await,
        Command::Webhook(command) => webhook::run(command).await,
        Command::Request(command) => request::run(command).await,
        Command::Audit(command) => audit::run(command).await,
    }
}

/// A new line for the key file: version 1 and 32 random bytes.
pub fn new_key() -> String {
    use base64::Engine;
    let mut bytes = zeroize::Zeroizing::new([0u8; crate::vault::KEY_BYTES]);
    crate::random::fill(&mut *bytes);
    format!(
        "1:{}",
        base64::engine::general_purpose::STANDARD.encode(*bytes)
    )
}
