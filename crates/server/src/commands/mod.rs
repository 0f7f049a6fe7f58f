//! The command line of `galata`. `--help` is the configuration reference: every setting is a flag
//! with an environment variable, and there is no configuration file.

mod apm;
mod audit;
mod backup;
mod checks;
mod credentials;
mod doctor;
mod failed;
mod key;
mod key_file;
mod merchant;
mod options;
mod output;
mod payment;
mod pos;
mod request;
mod serve;
mod user;
mod values;
mod variables;
mod webhook;

pub use failed::Failed;
pub use options::listen_address;
pub use serve::stopped;
pub use values::check_base_url;
pub use variables::variable_of;

use crate::logs::LogFormat;
use clap::{CommandFactory, Parser, Subcommand};
use std::process::ExitCode;

/// Galata takes card payments, reward points and shopping loans for your shop: one API in front of
/// your banks' virtual POSes.
///
/// To begin: `galata key --out galata.key`, `galata migrate`, `galata merchant create --name "My
/// shop"`, `galata pos create`, `galata serve`. `galata doctor` says what is still missing, and each
/// command's --help is its reference: every setting is a flag with an environment variable. Every
/// credential --X is also read from --X-file PATH, where `-` is standard input.
#[derive(Parser)]
#[command(name = "galata", version, max_term_width = 100)]
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
    Serve(Box<serve::Serve>),
    /// Do the due work only (webhooks, inquiries), without serving.
    Work(Box<serve::Work>),
    /// Bring the database up to date, and make it ready for the key.
    Migrate(options::Store),
    /// Copy a SQLite database while it is in use.
    Backup(backup::Backup),
    /// Put a copy of a SQLite database in its place, and bring it up to date. No server may run.
    Restore(backup::Restore),
    /// Check everything that serving needs, and say what to do: exit code 1 when `serve` would
    /// refuse, 2 when somebody should look, 0 when all is well.
    Doctor(Box<doctor::Doctor>),
    /// Make a new encryption key: into a file with --out, else printed.
    Key(key_file::NewKey),
    /// Merchants and their settings.
    #[command(subcommand)]
    Merchant(Box<merchant::Merchant>),
    /// Virtual POSes: accounts at banks.
    #[command(subcommand)]
    Pos(Box<pos::Pos>),
    /// Alternative payment methods: accounts at lenders.
    #[command(subcommand)]
    Apm(Box<apm::Apm>),
    /// Who may use the panel.
    #[command(subcommand)]
    User(user::User),
    /// Payments: what is known about one, and those whose outcome nobody knows.
    #[command(subcommand)]
    Payment(payment::Payment),
    /// Webhooks that were sent.
    #[command(subcommand)]
    Webhook(Box<webhook::Webhook>),
    /// What API keys asked for, and why a signature was refused.
    #[command(subcommand)]
    Request(request::Request),
    /// The audit log.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Print completions for a shell: `source <(galata completions bash)`.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Runs the command that the command line names.
pub async fn run(cli: Cli) -> Result<ExitCode, Failed> {
    match cli.command {
        Command::Serve(options) => serve::serve(*options).await,
        Command::Work(options) => serve::work(*options).await,
        Command::Migrate(options) => serve::migrate(options).await,
        Command::Backup(options) => backup::back_up(options).await,
        Command::Restore(options) => backup::restore(options).await,
        Command::Doctor(options) => return doctor::doctor(*options).await,
        Command::Key(options) => key_file::make(&options),
        Command::Merchant(command) => merchant::run(*command).await,
        Command::Apm(command) => apm::run(*command).await,
        Command::User(command) => user::run(command).await,
        Command::Pos(command) => pos::run(*command).await,
        Command::Payment(command) => payment::run(command).await,
        Command::Webhook(command) => webhook::run(*command).await,
        Command::Request(command) => request::run(command).await,
        Command::Audit(command) => audit::run(command).await,
        Command::Completions { shell } => completions(shell),
    }
    .map(|()| ExitCode::SUCCESS)
}

fn completions(shell: clap_complete::Shell) -> Result<(), Failed> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "galata", &mut script);
    output::put(&String::from_utf8_lossy(&script))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_command_line_can_be_built() {
        Cli::command().debug_assert();
    }
}
