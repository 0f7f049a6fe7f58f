//! `galata user …`: who may use the panel.

use super::Failed;
use super::options::{Listed, OfMerchant, Store, one_of};
use super::output::{Table, say};
use super::values::check_base_url;
use crate::app::App;
use crate::operations::people::{self, Link};
use crate::operations::{Actor, Problem, Role};
use crate::start::StartError;
use crate::store::users;
use clap::{Args, Subcommand};
use contract::rules::Rule;
use serde_json::json;

/// Who may use the panel.
#[derive(Subcommand)]
pub(super) enum User {
    /// Give a person a role for a merchant; prints a one-time link when they have no password yet.
    Create(Create),
    /// List the people of a merchant.
    List(Listed),
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
    /// What the person is for the merchant.
    #[arg(long, default_value = "OWNER", ignore_case = true, value_parser = one_of::<Role>(Role::ALL.iter().map(|role| role.as_str())))]
    role: Role,
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
    /// What the person becomes.
    #[arg(long, ignore_case = true, value_parser = one_of::<Role>(Role::ALL.iter().map(|role| role.as_str())))]
    role: Role,
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

/// The base URL that is given out, of several the first; empty when there is none.
fn base_of(public_url: &str) -> Result<&str, StartError> {
    let base = public_url.split(',').next().unwrap_or("");
    if !base.is_empty() {
        check_base_url("--public-url", base)?;
    }
    Ok(base.trim_end_matches('/'))
}

async fn create(options: Create) -> Result<(), Failed> {
    let base = base_of(&options.public_url)?;
    let (by, person, role) = (Actor::operator(), &options.person, options.role);
    let (merchant, email) = (person.of.merchant, &person.email);
    let invite =
        async |app: &App| Ok(people::invite(app, &by, merchant, email, &options.name, role).await?);
    let link = person.of.run(invite).await?;
    say(format_args!("{email} is {role} for merchant {merchant}"))?;
    match link {
        Some(link) => tell(&link, base),
        None => say(format_args!(
            "{email} has a password already and can sign in"
        )),
    }
}

fn tell(link: &Link, base: &str) -> Result<(), Failed> {
    say(format_args!(
        "{} chooses a password here, once, within 24 hours:",
        link.email
    ))?;
    say(format_args!("{base}/panel/link/{}", link.token.expose()))
}

async fn list(options: Listed) -> Result<(), Failed> {
    let merchant = options.of.merchant;
    let list = async |app: &App| Ok(people::list(app, &Actor::operator(), merchant).await?);
    let mut table = Table::new(&["email", "role", "state", "name"]);
    for (user, role) in options.of.run(list).await? {
        let state = match (user.password_hash.is_some(), user.totp.is_some()) {
            (false, _) => "invited",
            (true, false) => "password",
            (true, true) => "password and authenticator",
        };
        table.row([
            json!(user.email),
            json!(role.as_str()),
            json!(state),
            json!(user.name),
        ]);
    }
    table.print(options.format)
}

async fn user_id(app: &App, email: &str) -> Result<i64, Problem> {
    let user = users::by_email(app, &email.trim().to_lowercase()).await?;
    let user = user.ok_or_else(|| Problem::field(Rule::InvalidId, "email"))?;
    Ok(user.id)
}

async fn link(options: NewLink) -> Result<(), Failed> {
    let base = base_of(&options.public_url)?;
    let (by, person) = (Actor::operator(), &options.person);
    let make = async |app: &App| {
        let id = user_id(app, &person.email).await?;
        Ok(people::password_link(app, &by, person.of.merchant, id).await?)
    };
    tell(&person.of.run(make).await?, base)
}

/// Makes a person something else for the merchant, or nothing.
async fn set_role(person: &Person, role: Option<Role>) -> Result<(), Failed> {
    let by = Actor::operator();
    let set = async |app: &App| {
        let id = user_id(app, &person.email).await?;
        Ok(people::set_role(app, &by, person.of.merchant, id, role).await?)
    };
    person.of.run(set).await
}

async fn change_role(options: ChangeRole) -> Result<(), Failed> {
    let (person, role) = (&options.person, options.role);
    set_role(person, Some(role)).await?;
    let (email, merchant) = (&person.email, person.of.merchant);
    say(format_args!("{email} is {role} for merchant {merchant}"))
}

async fn totp_off(options: TotpOff) -> Result<(), Failed> {
    let (by, email) = (Actor::operator(), &options.email);
    let switch = async |app: &App| Ok(people::drop_totp(app, &by, email).await?);
    options.store.run(switch).await?;
    say(format_args!(
        "{email} signs in with the password alone until two-step sign-in is switched on again"
    ))
}

async fn remove(person: Person) -> Result<(), Failed> {
    set_role(&person, None).await?;
    let (email, merchant) = (&person.email, person.of.merchant);
    say(format_args!(
        "{email} has no role for merchant {merchant} any more"
    ))
}
