//! `galata user …`: who may use the panel.
#![expect(
    clippy::print_stdout,
    reason = "commands speak to a person through standard output"
)]

use super::Failed;
use super::options::{OfMerchant, Store};
use crate::app::App;
use crate::operations::people::{self, Link};
use crate::operations::{By, Problem, Role};
use crate::start;
use crate::store::users;
use clap::{Args, Subcommand};
use contract::rules::Rule;

/// Who may use the panel.
#[derive(Subcommand)]
pub(super) enum User {
    /// Give a person a role for a merchant; prints a one-time link when they have no password yet.
    Create(Create),
    /// List the people of a merchant.
    List(OfMerchant),
    /// Print a one-time link for somebody who forgot their password.
    Link(NewLink),
    /// Change what a person is for a merchant.
    Role(ChangeRole),
    /// Switch off two-step sign-in of somebody who lost their authenticator; ends their sessions.
    TotpOff(TotpOff),
    /// End a person's membership of a merchant.
    Remove(Person),
}

/// A merchant's person.
#[derive(Args)]
pub(super) struct Person {
    #[command(flatten)]
    of: OfMerchant,
    /// E-mail address, which is the user name.
    #[arg(long)]
    email: String,
}

/// Options of `create`.
#[derive(Args)]
pub(super) struct Create {
    #[command(flatten)]
    person: Person,
    /// As the person is addressed.
    #[arg(long, default_value = "")]
    name: String,
    /// OWNER, FINANCE, SUPPORT, DEVELOPER or READ_ONLY.
    #[arg(long, default_value = "OWNER")]
    role: String,
    /// The base URL that the link begins with.
    #[arg(long, env = "GALATA_PUBLIC_URL", default_value = "")]
    public_url: String,
}

/// Options of `link`.
#[derive(Args)]
pub(super) struct NewLink {
    #[command(flatten)]
    person: Person,
    /// The base URL that the link begins with.
    #[arg(long, env = "GALATA_PUBLIC_URL", default_value = "")]
    public_url: String,
}

/// Options of `role`.
#[derive(Args)]
pub(super) struct ChangeRole {
    #[command(flatten)]
    person: Person,
    /// OWNER, FINANCE, SUPPORT, DEVELOPER or READ_ONLY.
    #[arg(long)]
    role: String,
}

/// Options of `totp-off`.
#[derive(Args)]
pub(super) struct TotpOff {
    #[command(flatten)]
    store: Store,
    /// E-mail address.
    #[arg(long)]
    email: String,
}

pub(super) async fn run(command: User) -> Result<(), Failed> {
    match command {
        User::Create(options) => create(options).await,
        User::List(options) => list(options).await,
        User::Link(options) => link(options).await,
        User::Role(options) => change_role(options).await,
        User::TotpOff(options) => totp_off(options).await,
        User::Remove(options) => remove(options).await,
    }
}

fn role_of(text: &str) -> Result<Role, Problem> {
    text.parse()
        .map_err(|()| Problem::field(Rule::UnknownValue, "role"))
}

async fn create(options: Create) -> Result<(), Failed> {
    let role = role_of(&options.role)?;
    let app = options.person.of.store.open().await?;
    let (email, name) = (&options.person.email, &options.name);
    let by = By::operator();
    let made = people::invite(&app, &by, options.person.of.merchant, email, name, role).await;
    start::close(&app).await;
    match made? {
        Some(link) => tell(&link, &options.public_url),
        None => println!("{email} has a password already and can sign in"),
    }
    Ok(())
}

fn tell(link: &Link, public_url: &str) {
    // Of several base URLs the first is the one that is given out.
    let base = public_url.split(',').next().unwrap_or("");
    println!(
        "{} chooses a password here, once, within 24 hours:",
        link.email
    );
    println!(
        "{}/panel/link/{}",
        base.trim_end_matches('/'),
        link.token.expose()
    );
}

async fn list(options: OfMerchant) -> Result<(), Failed> {
    let app = options.store.open().await?;
    let people = people::list(&app, &By::operator(), options.merchant).await;
    start::close(&app).await;
    for (user, role) in people? {
        let state = match (user.password_hash.is_some(), user.totp.is_some()) {
            (false, _) => "invited",
            (true, false) => "password",
            (true, true) => "password and authenticator",
        };
        println!("{}\t{role}\t{state}", user.email);
    }
    Ok(())
}

async fn known(app: &App, email: &str) -> Result<i64, Problem> {
    let user = users::by_email(app, &email.trim().to_lowercase()).await?;
    let user = user.ok_or_else(|| Problem::field(Rule::InvalidId, "email"))?;
    Ok(user.id)
}

async fn link(options: NewLink) -> Result<(), Failed> {
    let app = options.person.of.store.open().await?;
    let by = By::operator();
    let made = match known(&app, &options.person.email).await {
        Ok(id) => people::password_link(&app, &by, options.person.of.merchant, id).await,
        Err(problem) => Err(problem),
    };
    start::close(&app).await;
    tell(&made?, &options.public_url);
    Ok(())
}

async fn change_role(options: ChangeRole) -> Result<(), Failed> {
    let role = role_of(&options.role)?;
    let app = options.person.of.store.open().await?;
    let by = By::operator();
    let changed = match known(&app, &options.person.email).await {
        Ok(id) => people::set_role(&app, &by, options.person.of.merchant, id, Some(role)).await,
        Err(problem) => Err(problem),
    };
    start::close(&app).await;
    changed?;
    println!("{role}");
    Ok(())
}

async fn totp_off(options: TotpOff) -> Result<(), Failed> {
    let app = options.store.open().await?;
    let switched = people::drop_totp(&app, &By::operator(), &options.email).await;
    start::close(&app).await;
    switched?;
    println!("the password alone signs in until two-step sign-in is switched on again");
    Ok(())
}

async fn remove(options: Person) -> Result<(), Failed> {
    let app = options.of.store.open().await?;
    let by = By::operator();
    let removed = match known(&app, &options.email).await {
        Ok(id) => people::set_role(&app, &by, options.of.merchant, id, None).await,
        Err(problem) => Err(problem),
    };
    start::close(&app).await;
    removed?;
    println!("removed");
    Ok(())
}
