//! Who may use the panel, and as what: invitations, roles, links for those who forgot their
//! password, and the second step.

use super::actor::{Actor, Permission, Principal};
use super::{Problem, TOP, changed_meanwhile, sessions};
use crate::app::App;
use crate::mail;
use crate::passwords::{self, Queue};
use crate::store::db::Commit;
use crate::store::roles::Role;
use crate::store::users::{self, LinkKind, User};
use crate::store::{Committed, merchants};
use crate::{random, totp};
use contract::card::Secret;
use contract::rules::Rule;
use serde_json::{Value as Json, json};
use std::time::Duration;

/// How long a link to choose a password is good.
const PASSWORD_LINK: Duration = Duration::from_secs(24 * 60 * 60);
/// Between two links that somebody asks for who forgot their password.
const BETWEEN_LINKS: Duration = Duration::from_secs(5 * 60);
/// How long a sign-in link is good: it is followed at once.
const SIGN_IN_LINK: Duration = Duration::from_secs(60);

/// A one-time link that was made: its path is `/panel/link/{token}`.
pub struct Link {
    /// 128 random bits.
    pub token: Secret,
    /// Whose.
    pub email: String,
}

/// Gives a person a role for a merchant, after making them when they are new. Answers with a link to
/// choose a password when they have none.
pub async fn invite(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    email: &str,
    name: &str,
    role: Role,
) -> Result<Option<Link>, Problem> {
    by.require(
        app,
        merchant_id,
        Permission::ManagePeople,
        "user.invite",
        email,
    )
    .await?;
    let email =
        mail::normal_address(email).ok_or_else(|| Problem::field(Rule::NotAnEmail, "email"))?;
    let name = TOP.optional_name("name", Some(name))?.unwrap_or_default();
    let is_known = merchants::of_id(app, merchant_id).await?.is_some();
    TOP.require("merchant", Rule::InvalidId, is_known)?;
    let known = users::by_email(app, &email).await?;
    let mut commit = Commit::new(merchant_id, merchant_id);
    let user = match known {
        Some(user) => {
            let serves = users::memberships(app, user.id).await?;
            let is_new = serves.iter().all(|one| one.merchant_id != merchant_id);
            TOP.require("email", Rule::AlreadyThere, is_new)?;
            if !serves.is_empty() && by.principal != Principal::Operator {
                return Err(Problem::rule(Rule::ServesOthers));
            }
            // The merchant that invited them before was shown their link: it must not open this
            // merchant. Two who invite at once collide at the person's version.
            let anew = User {
                name: if name.is_empty() { user.name } else { name },
                password_hash: None,
                totp: None,
                failures: 0,
                locked_until: None,
                ..user
            };
            users::save(app, &anew, &mut commit);
            users::end_links(anew.id, &mut commit);
            users::end_sessions(anew.id, &mut commit);
            anew
        }
        None => {
            let user = User {
                id: app.next_id(),
                email: email.clone(),
                name: if name.is_empty() { email.clone() } else { name },
                password_hash: None,
                totp: None,
                totp_step: 0,
                failures: 0,
                locked_until: None,
                version: 1,
            };
            users::insert(app, &user, &mut commit);
            user
        }
    };
    users::insert_role(merchant_id, user.id, role, &mut commit);
    let token = user.password_hash.is_none().then(random::token);
    if let Some(token) = &token {
        let until = app.after(PASSWORD_LINK);
        let digest = sessions::digest(token);
        users::insert_link(&digest, user.id, LinkKind::Password, until, &mut commit);
    }
    let change = (
        Json::Null,
        json!({ "email": user.email, "role": role.as_str() }),
    );
    by.note(
        app,
        merchant_id,
        "user.invite",
        &user.email,
        change,
        &mut commit,
    );
    match app.commit(commit).await? {
        Committed::Yes => Ok(token.map(|token| Link {
            token: Secret::new(token),
            email,
        })),
        Committed::Conflict => Err(Problem::field(Rule::AlreadyThere, "email")),
    }
}

/// The people of a merchant.
pub async fn list(app: &App, by: &Actor, merchant_id: i64) -> Result<Vec<(User, Role)>, Problem> {
    by.require(app, merchant_id, Permission::ManagePeople, "user.list", "")
        .await?;
    Ok(users::of_merchant(app, merchant_id).await?)
}

async fn member(app: &App, merchant_id: i64, user_id: i64) -> Result<(User, Role), Problem> {
    let people = users::of_merchant(app, merchant_id).await?;
    let found = people.into_iter().find(|(user, _)| user.id == user_id);
    found.ok_or_else(|| Problem::field(Rule::InvalidId, "user"))
}

/// A link to choose a new password, for somebody who forgot theirs. Only for people who serve no
/// other merchant: one merchant's owner must not come in at another by way of a shared colleague.
pub async fn password_link(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    user_id: i64,
) -> Result<Link, Problem> {
    let target = user_id.to_string();
    by.require(
        app,
        merchant_id,
        Permission::ManagePeople,
        "user.link",
        &target,
    )
    .await?;
    let (user, _) = member(app, merchant_id, user_id).await?;
    let serves = users::memberships(app, user.id).await?;
    if serves.len() > 1 && by.principal != Principal::Operator {
        return Err(Problem::rule(Rule::ServesOthers));
    }
    let token = random::token();
    let mut commit = Commit::new(merchant_id, user.id);
    let until = app.after(PASSWORD_LINK);
    let digest = sessions::digest(&token);
    users::insert_link(&digest, user.id, LinkKind::Password, until, &mut commit);
    let change = (Json::Null, json!({ "email": user.email }));
    by.note(app, merchant_id, "user.link", &target, change, &mut commit);
    app.commit(commit).await?.no_conflict()?;
    Ok(Link {
        token: Secret::new(token),
        email: user.email,
    })
}

/// A link for somebody who says on the sign-in page that they forgot their password; `None` when the
/// address is not known, or when a link went out a moment ago. It goes to their mailbox alone.
pub async fn forgotten_link(
    app: &App,
    address: &str,
    email: &str,
) -> Result<Option<Link>, Problem> {
    let Some(email) = mail::normal_address(email) else {
        return Ok(None);
    };
    let Some(user) = users::by_email(app, &email).await? else {
        return Ok(None);
    };
    let served = users::memberships(app, user.id).await?;
    let recent = app.after(PASSWORD_LINK.saturating_sub(BETWEEN_LINKS));
    if served.is_empty() {
        return Ok(None);
    }
    let token = random::token();
    let mut commit = Commit::new(0, user.id);
    let until = app.after(PASSWORD_LINK);
    let digest = sessions::digest(&token);
    users::insert_link_unless_recent(&digest, user.id, recent, until, &mut commit);
    let by = sessions::nobody(address);
    let target = user.id.to_string();
    for here in &served {
        let change = (Json::Null, json!({ "email": user.email }));
        by.note(
            app,
            here.merchant_id,
            "user.forgot",
            &target,
            change,
            &mut commit,
        );
    }
    let made = app.commit(commit).await?.is_yes();
    Ok(made.then(|| Link {
        token: Secret::new(token),
        email: user.email,
    }))
}

/// A link that signs in at once. The operator's alone: the sandbox's one click.
pub async fn sign_in_link(app: &App, by: &Actor, email: &str) -> Result<Link, Problem> {
    if by.principal != Principal::Operator {
        return Err(Problem::rule(Rule::RoleForbids));
    }
    let user = users::by_email(app, email).await?;
    let user = user.ok_or_else(|| Problem::field(Rule::InvalidId, "email"))?;
    let token = random::token();
    let mut commit = Commit::new(0, user.id);
    let until = app.after(SIGN_IN_LINK);
    let digest = sessions::digest(&token);
    users::insert_link(&digest, user.id, LinkKind::SignIn, until, &mut commit);
    app.commit(commit).await?.no_conflict()?;
    Ok(Link {
        token: Secret::new(token),
        email: user.email,
    })
}

/// Changes what a person is; nothing ends their membership. The last owner stays one.
pub async fn set_role(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    user_id: i64,
    role: Option<Role>,
) -> Result<(), Problem> {
    let target = user_id.to_string();
    let action = if role.is_some() {
        "user.role"
    } else {
        "user.remove"
    };
    by.require(app, merchant_id, Permission::ManagePeople, action, &target)
        .await?;
    let (user, was) = member(app, merchant_id, user_id).await?;
    let mut commit = Commit::new(merchant_id, merchant_id);
    match role {
        Some(role) => users::change_role(merchant_id, user.id, role, &mut commit),
        None => users::remove(merchant_id, user.id, &mut commit),
    }
    let noted = |role: Option<Role>| json!({ "email": user.email, "role": role.map(Role::as_str) });
    let change = (noted(Some(was)), noted(role));
    by.note(app, merchant_id, action, &target, change, &mut commit);
    if app.commit(commit).await?.is_yes() {
        return Ok(());
    }
    // Refused: they were removed meanwhile, which this says, or they are the only owner.
    member(app, merchant_id, user_id).await?;
    Err(Problem::rule(Rule::LastOwner))
}

/// Changes one's own password; ends one's other sessions with it, this one too.
pub async fn change_password(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    user: &User,
    old: &Secret,
    new: &Secret,
) -> Result<(), Problem> {
    let wrong = || Problem::field(Rule::SignInRefused, "old");
    require_password(app, by, user, old, wrong).await?;
    passwords::check(new, &user.email)?;
    let after = User {
        password_hash: Some(passwords::hash(new).await?),
        ..user.clone()
    };
    let mut commit = Commit::new(0, user.id);
    users::end_links(user.id, &mut commit);
    users::end_sessions(user.id, &mut commit);
    save_user(app, by, &[merchant_id], "user.password", &after, commit).await
}

/// Switches the second step on: `code` proves that the app has the key. A stolen session must
/// neither put another authenticator in the place of the owner's nor lock the owner out with the first
/// one, so the password is asked for.
pub async fn set_totp(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    user: &User,
    key: &Secret,
    (password, code): (&Secret, &str),
) -> Result<(), Problem> {
    TOP.require("code", Rule::AlreadyThere, user.totp.is_none())?;
    let wrong = || Problem::field(Rule::PasswordWrong, "password");
    require_password(app, by, user, password, wrong).await?;
    let step = totp::step_of(key, code, app.now(), 0);
    let step = step.ok_or_else(|| Problem::field(Rule::CodeWrong, "code"))?;
    let after = User {
        totp: Some(key.clone()),
        totp_step: step,
        ..user.clone()
    };
    let commit = Commit::new(0, user.id);
    save_user(app, by, &[merchant_id], "user.totp_on", &after, commit).await
}

/// Asks for one's own password; a wrong one counts as a sign-in that failed.
async fn require_password(
    app: &App,
    by: &Actor,
    user: &User,
    password: &Secret,
    wrong: impl FnOnce() -> Problem,
) -> Result<(), Problem> {
    sessions::require_unlocked(app, user)?;
    if passwords::verify(Queue::Known, password, user.password_hash.as_ref()).await? {
        return Ok(());
    }
    sessions::failed(app, by, user.clone()).await?;
    Err(wrong())
}

/// Switches one's own second step off, with a code.
pub async fn remove_totp(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    user: &User,
    code: &str,
) -> Result<(), Problem> {
    sessions::require_unlocked(app, user)?;
    let step = user.totp.as_ref();
    let step = step.and_then(|key| totp::step_of(key, code, app.now(), user.totp_step));
    let Some(step) = step else {
        sessions::failed(app, by, user.clone()).await?;
        return Err(Problem::field(Rule::CodeWrong, "code"));
    };
    let after = User {
        totp: None,
        totp_step: step,
        ..user.clone()
    };
    let commit = Commit::new(0, user.id);
    save_user(app, by, &[merchant_id], "user.totp_off", &after, commit).await
}

/// Switches off the second step of somebody who lost their authenticator. The operator's alone: it
/// opens the account to anyone who knows its password.
pub async fn drop_totp(app: &App, by: &Actor, email: &str) -> Result<(), Problem> {
    if by.principal != Principal::Operator {
        return Err(Problem::rule(Rule::RoleForbids));
    }
    let user = users::by_email(app, &email.trim().to_lowercase()).await?;
    let user = user.ok_or_else(|| Problem::field(Rule::InvalidId, "email"))?;
    let served = users::memberships(app, user.id).await?;
    let served: Vec<i64> = served.iter().map(|one| one.merchant_id).collect();
    let after = User { totp: None, ..user };
    let mut commit = Commit::new(0, after.id);
    users::end_sessions(after.id, &mut commit);
    save_user(app, by, &served, "user.totp_off", &after, commit).await
}

/// Writes how a person signs in from now on, behind what `commit` has, with an entry in the audit log
/// of each merchant. Of two changes that cross each other the second one is refused: it was decided by
/// what the first one replaced.
async fn save_user(
    app: &App,
    by: &Actor,
    merchants: &[i64],
    action: &'static str,
    after: &User,
    mut commit: Commit,
) -> Result<(), Problem> {
    users::save(app, after, &mut commit);
    let target = after.id.to_string();
    for merchant_id in merchants {
        let nothing = (Json::Null, Json::Null);
        by.note(app, *merchant_id, action, &target, nothing, &mut commit);
    }
    match app.commit(commit).await? {
        Committed::Yes => Ok(()),
        Committed::Conflict => Err(changed_meanwhile()),
    }
}
