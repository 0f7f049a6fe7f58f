//! `galata user …`: who may use the panel.

use super::options::{Listed, OfMerchant, Store, one_of};
use super::output::{say, table};
use super::values::check_base_url;
use super::{Failed, StoreCommand};
use crate::app::App;
use crate::operations::people::{self, Link};
use crate::operations::{Actor, Problem, Role};
use crate::start::{Config, StartError};
use crate::store::users;
use clap::{Args, Subcommand};
use contract::rules::Rule;

/// Who may use the panel.
#[derive(Subcommand)]
pub(super) enum User {
    /// Give a person a role for a merchant; prints a one-time link when they have no password yet.
    Create {
        #[command(flatten)]
        person: Person,
        /// As the person is addressed.
        #[arg(long, default_value = "")]
        name: String,
        /// What the person is for the merchant.
        #[arg(long, default_value = "OWNER", ignore_case = true, value_parser = one_of::<Role>(Role::ALL.iter().map(|role| role.as_str())))]
        role: Role,
        #[command(flatten)]
        base: LinkBase,
    },
    /// List the people of a merchant.
    List(Listed),
    /// Print a one-time link for somebody who forgot their password.
    Link {
        #[command(flatten)]
        person: Person,
        #[command(flatten)]
        base: LinkBase,
    },
    /// Change what a person is for a merchant.
    Role {
        #[command(flatten)]
        person: Person,
        /// What the person becomes.
        #[arg(long, ignore_case = true, value_parser = one_of::<Role>(Role::ALL.iter().map(|role| role.as_str())))]
        role: Role,
    },
    /// Switch off two-step sign-in of somebody who lost their authenticator; ends their sessions.
    TotpOff {
        /// E-mail address.
        #[arg(long)]
        email: String,
    },
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

/// Where links lead.
#[derive(Args)]
pub(super) struct LinkBase {
    /// The base URL that the link begins with.
    #[arg(long, env = "GALATA_PUBLIC_URL", default_value = "")]
    public_url: String,
}

impl LinkBase {
    /// The base URL that is given out, of several the first; empty when there is none.
    fn url(&self) -> &str {
        let first = self.public_url.split(',').next().unwrap_or("");
        first.trim_end_matches('/')
    }

    fn check(&self) -> Result<(), StartError> {
        match self.public_url.split(',').next() {
            None | Some("") => Ok(()),
            Some(url) => check_base_url("--public-url", url),
        }
    }
}

impl StoreCommand for User {
    fn config(&self, store: &Store) -> Result<Config, StartError> {
        if let User::Create { base, .. } | User::Link { base, .. } = self {
            base.check()?;
        }
        store.config(false)
    }

    async fn run(self, app: &App, by: &Actor) -> Result<(), Failed> {
        match self {
            User::Create {
                person: Person { of, email },
                name,
                role,
                base,
            } => {
                let link = people::invite(app, by, of.merchant, &email, &name, role).await?;
                say_role(&email, role, of.merchant)?;
                match link {
                    Some(link) => say_link(&link, &base),
                    None => say(format_args!(
                        "{email} has a password already and can sign in"
                    )),
                }
            }
            User::List(options) => list(app, by, options).await,
            User::Link { person, base } => {
                let id = user_id(app, &person.email).await?;
                let link = people::password_link(app, by, person.of.merchant, id).await?;
                say_link(&link, &base)
            }
            User::Role { person, role } => {
                set_role(app, by, &person, Some(role)).await?;
                say_role(&person.email, role, person.of.merchant)
            }
            User::TotpOff { email } => {
                people::drop_totp(app, by, &email).await?;
                say(format_args!(
                    "{email} signs in with the password alone until two-step sign-in is switched on again"
                ))
            }
            User::Remove(person) => {
                set_role(app, by, &person, None).await?;
                let Person { of, email } = person;
                say(format_args!(
                    "{email} has no role for merchant {} any more",
                    of.merchant
                ))
            }
        }
    }
}

fn say_role(email: &str, role: Role, merchant: i64) -> Result<(), Failed> {
    say(format_args!("{email} is {role} for merchant {merchant}"))
}

fn say_link(link: &Link, base: &LinkBase) -> Result<(), Failed> {
    say(format_args!(
        "{} chooses a password here, once, within 24 hours:",
        link.email
    ))?;
    let (base, token) = (base.url(), link.token.expose());
    say(format_args!("{base}/panel/link/{token}"))
}

async fn list(app: &App, by: &Actor, options: Listed) -> Result<(), Failed> {
    let people = people::list(app, by, options.of.merchant).await?;
    table!(&people, (user, role) => {
        "email": user.email,
        "role": role.as_str(),
        "state": match (user.password_hash.is_some(), user.totp.is_some()) {
            (false, _) => "invited",
            (true, false) => "password",
            (true, true) => "password and authenticator",
        },
        "name": user.name,
    })
    .print(options.format)
}

async fn user_id(app: &App, email: &str) -> Result<i64, Problem> {
    let user = users::by_email(app, &email.trim().to_lowercase()).await?;
    let user = user.ok_or_else(|| Problem::field(Rule::InvalidId, "email"))?;
    Ok(user.id)
}

/// Makes a person something else for the merchant, or nothing.
async fn set_role(
    app: &App,
    by: &Actor,
    person: &Person,
    role: Option<Role>,
) -> Result<(), Problem> {
    let id = user_id(app, &person.email).await?;
    people::set_role(app, by, person.of.merchant, id, role).await
}
