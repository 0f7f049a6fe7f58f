//! The command line of `galata`. `--help` is the configuration reference: every setting is a flag
//! with an environment variable, and there is no configuration file.

mod apm;
mod audit;
mod backup;
mod bins;
mod card;
mod checks;
mod credentials;
mod doctor;
mod encryption_key;
mod failed;
mod files;
mod key;
mod key_file;
mod merchant;
mod options;
mod output;
mod payment;
mod pos;
mod reconcile;
mod report;
mod request;
mod routing;
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

use crate::app::App;
use crate::logs::LogFormat;
use crate::operations::{Actor, Problem};
use crate::start::{self, Config, StartError};
use crate::store::merchants::{self, Merchant};
use clap::builder::Resettable;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use options::Store;
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
    Migrate(Store),
    /// Copy a SQLite database while it is in use.
    Backup(backup::Backup),
    /// Put a copy of a SQLite database in its place, and bring it up to date. No server may run.
    Restore(backup::Restore),
    /// Check everything that serving needs, and say what to do: exit code 1 when `serve` would
    /// refuse, 2 when somebody should look, 0 when all is well.
    Doctor(Box<doctor::Doctor>),
    /// Encryption keys. Without a command a new one is made: into a file with --out, else printed.
    Key(Box<encryption_key::EncryptionKey>),
    /// Merchants and their settings.
    #[command(subcommand)]
    Merchant(Box<OnStore<merchant::Merchant>>),
    /// Virtual POSes: accounts at banks.
    #[command(subcommand)]
    Pos(Box<OnStore<pos::Pos>>),
    /// Routing rules: which POSes take which payments, and what would become of one.
    #[command(subcommand)]
    Routing(Box<OnStore<routing::Routing>>),
    /// Alternative payment methods: accounts at lenders.
    #[command(subcommand)]
    Apm(Box<OnStore<apm::Apm>>),
    /// Who may use the panel.
    #[command(subcommand)]
    User(Box<OnStore<user::User>>),
    /// Payments: what is known about one, money back, and those whose outcome nobody knows.
    #[command(subcommand)]
    Payment(Box<OnStore<payment::Payment>>),
    /// Stored cards.
    #[command(subcommand)]
    Card(Box<OnStore<card::Card>>),
    /// BINs: what cards' first digits tell, and where it comes from.
    #[command(subcommand)]
    Bins(Box<OnStore<bins::Bins>>),
    /// Compare a day of a POS with its bank's list of it: exit code 0 when they agree, 1 when they differ, 2 when
    /// nothing was compared.
    Reconcile(Box<reconcile::Reconcile>),
    /// What banks' lists say otherwise than the books.
    #[command(subcommand)]
    Difference(Box<OnStore<reconcile::Differences>>),
    /// Payments and transactions as a file.
    #[command(subcommand)]
    Report(Box<OnStore<report::Report>>),
    /// Webhooks that were sent.
    #[command(subcommand)]
    Webhook(Box<OnStore<webhook::Webhook>>),
    /// What API keys asked for, and why a signature was refused.
    #[command(subcommand)]
    Request(Box<OnStore<request::Request>>),
    /// The audit log.
    #[command(subcommand)]
    Audit(Box<OnStore<audit::Audit>>),
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
        Command::Reconcile(options) => return reconcile::run(*options).await,
        Command::Key(command) => encryption_key::run(*command).await,
        Command::Merchant(command) => command.run().await,
        Command::Pos(command) => command.run().await,
        Command::Routing(command) => command.run().await,
        Command::Apm(command) => command.run().await,
        Command::User(command) => command.run().await,
        Command::Payment(command) => command.run().await,
        Command::Card(command) => command.run().await,
        Command::Bins(command) => command.run().await,
        Command::Difference(command) => command.run().await,
        Command::Report(command) => command.run().await,
        Command::Webhook(command) => command.run().await,
        Command::Request(command) => command.run().await,
        Command::Audit(command) => command.run().await,
        Command::Completions { shell } => completions(shell),
    }
    .map(|()| ExitCode::SUCCESS)
}

/// Commands that work on the database.
trait StoreCommand: Subcommand {
    /// How `store` is opened. What can be checked before that is checked here.
    fn config(&self, store: &Store) -> Result<Config, StartError> {
        store.config(false)
    }

    /// Carries out the command.
    async fn run(self, app: &App, by: &Actor) -> Result<(), Failed>;
}

/// One of the commands `C` and where its database is: the store's options belong to each of them.
struct OnStore<C> {
    command: C,
    /// The merchant that the command is about.
    merchant: Option<i64>,
    store: Store,
}

impl<C: StoreCommand> OnStore<C> {
    async fn run(self) -> Result<(), Failed> {
        let config = self.command.config(&self.store)?;
        with_store(config, async |app| {
            // A mistyped id must not look like a merchant that has nothing.
            if let Some(id) = self.merchant {
                known_merchant(app, id).await?;
            }
            self.command.run(app, &Actor::operator()).await
        })
        .await
    }
}

impl<C: Subcommand> Subcommand for OnStore<C> {
    fn augment_subcommands(group: clap::Command) -> clap::Command {
        fn add_store(command: clap::Command) -> clap::Command {
            if command.has_subcommands() {
                return command.mut_subcommands(add_store);
            }
            // Options that are added bring their description, which is not the command's.
            let about = Resettable::from(command.get_about().cloned());
            let long_about = Resettable::from(command.get_long_about().cloned());
            let command = Store::augment_args(command);
            command.about(about).long_about(long_about)
        }
        add_store(C::augment_subcommands(group))
    }

    fn augment_subcommands_for_update(group: clap::Command) -> clap::Command {
        Self::augment_subcommands(group)
    }

    fn has_subcommand(name: &str) -> bool {
        C::has_subcommand(name)
    }
}

impl<C: FromArgMatches> FromArgMatches for OnStore<C> {
    fn from_arg_matches(given: &ArgMatches) -> Result<Self, clap::Error> {
        let mut own = given;
        while let Some((_, inner)) = own.subcommand() {
            own = inner;
        }
        Ok(OnStore {
            command: C::from_arg_matches(given)?,
            merchant: own.try_get_one("merchant").ok().flatten().copied(),
            store: Store::from_arg_matches(own)?,
        })
    }

    fn update_from_arg_matches(&mut self, given: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(given)?;
        Ok(())
    }
}

/// Opens the server's parts, acts on them and closes them, however it went.
async fn with_store<T>(
    config: Config,
    act: impl AsyncFnOnce(&App) -> Result<T, Failed>,
) -> Result<T, Failed> {
    if let Err(worry) = start::check_complete(&config.database_url).await {
        tracing::warn!(hint = worry.hint, "{}", worry.what);
    }
    with_app(config, act).await
}

/// [`with_store`] of a database whose file was looked at already.
async fn with_app<T>(
    config: Config,
    act: impl AsyncFnOnce(&App) -> Result<T, Failed>,
) -> Result<T, Failed> {
    let app = start::open(config).await?;
    let outcome = act(&app).await;
    start::close(&app).await;
    outcome
}

/// The merchant of that id.
async fn known_merchant(app: &App, id: i64) -> Result<Merchant, Failed> {
    let found = merchants::of_id(app, id).await.map_err(Problem::from)?;
    found.ok_or_else(|| {
        StartError::new(
            format!("there is no merchant {id}"),
            "`galata merchant list` shows them",
        )
        .into()
    })
}

fn completions(shell: clap_complete::Shell) -> Result<(), Failed> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "galata", &mut script);
    output::put(&String::from_utf8_lossy(&script))
}

/// A new line for the key file: version 1 and 32 random bytes.
pub fn new_key() -> String {
    new_key_of(1)
}

/// The same for a version.
fn new_key_of(version: u8) -> String {
    use base64::Engine;
    let mut bytes = zeroize::Zeroizing::new([0u8; crate::vault::KEY_BYTES]);
    crate::random::fill(&mut *bytes);
    format!(
        "{version}:{}",
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
