//! Coming in and going out: password and authenticator, one-time links, sessions that rotate at
//! every sign-in, and the lock after failures.

use super::Problem;
use super::actor::{Actor, Principal};
use crate::app::App;
use crate::mail;
use crate::passwords::{self, Queue};
use crate::random;
use crate::store::Committed;
use crate::store::db::Commit;
use crate::store::roles::Role;
use crate::store::users::{self, LinkKind, Membership, Session, User};
use crate::totp;
use crate::tries::{Account, Place};
use contract::card::Secret;
use contract::rules::Rule;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::time::Duration;

/// A session ends after this time without a request.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// A session ends after this time in any case.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// Failures that are forgiven; each further one locks twice as long as the one before.
const FAILURES_FREE: i64 = 4;
/// The first lock.
const LOCK: Duration = Duration::from_secs(60);
/// The longest lock.
const LOCK_LONGEST: Duration = Duration::from_secs(60 * 60);

/// Two 128-bit tokens.
fn new_token() -> String {
    format!("{}{}", random::token(), random::token())
}

/// What of a token is stored.
pub(super) fn digest(token: &str) -> String {
    let hash = Sha256::digest(token.as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a browser is given at a sign-in.
pub struct SignedIn {
    /// The session cookie's value.
    pub token: Secret,
    /// What tells later that this browser is the person's.
    pub browser: String,
    /// Who came in.
    pub email: String,
}

/// Where somebody signs in.
#[derive(Debug, Clone, Copy, Default)]
pub struct From<'a> {
    /// The address, for the audit log.
    pub address: &'a str,
    /// The browser's own address; `None` behind a proxy that does not name it.
    pub client: Option<IpAddr>,
    /// The cookie of an earlier sign-in, as [`SignedIn::browser`] made it.
    pub browser: Option<&'a str>,
    /// The session that the browser has; it ends.
    pub session: Option<&'a str>,
}

/// No person has this id.
const NOBODY: i64 = 0;
/// What the audit log calls it.
const SIGN_IN: &str = "session.sign_in";
/// The sealed cookie of a browser says whose browser it is.
const BROWSER_PLACE: &str = "known browser";

/// Signs a person in by e-mail, password and, when they have one, the authenticator's code. Who
/// failed too often from one place waits there; the answers are the same whether or not there is such
/// a person, and a browser that the person used before does not wait for strangers.
pub async fn sign_in(
    app: &App,
    from: From<'_>,
    email: &str,
    password: &Secret,
    code: &str,
) -> Result<SignedIn, Problem> {
    let email = mail::normal_address(email).unwrap_or_default();
    let account = Account::of(&email);
    let known = from.browser.filter(|cookie| {
        let owner = app.vault.open_text(BROWSER_PLACE, cookie);
        owner.is_ok_and(|owner| *owner == email)
    });
    let (place, queue) = match known {
        Some(cookie) => (Place::of_browser(cookie), Queue::Known),
        None => (Place::of_address(from.client), Queue::Stranger(from.client)),
    };
    app.tries.begin(account, place, app.now()).map_err(|_| {
        app.rates.count_refusal();
        Problem::rule(Rule::SignInLocked)
    })?;
    let outcome = prove(app, from, queue, &email, password, code).await;
    match &outcome {
        Ok(_) => app.tries.succeed(account, place),
        // A wrong password, or a wrong code.
        Err(Problem::Rule {
            rule: Rule::SignInRefused,
            ..
        }) => {}
        Err(_) => app.tries.forgive(account, place),
    }
    outcome
}

async fn prove(
    app: &App,
    from: From<'_>,
    queue: Queue,
    email: &str,
    password: &Secret,
    code: &str,
) -> Result<SignedIn, Problem> {
    let user = users::by_email(app, email).await?;
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let fits = passwords::verify(queue, password, hash.as_ref()).await?;
    // The password may have changed while this one waited its turn.
    let user = users::by_email(app, email).await?;
    let now = user.as_ref().and_then(|user| user.password_hash.as_ref());
    let fits = fits && now.map(Secret::expose) == hash.as_ref().map(Secret::expose);
    // Asked for an unknown e-mail too: otherwise the time of the refusal would tell whether there is
    // such a person.
    let served = users::memberships(app, user.as_ref().map_or(NOBODY, |user| user.id)).await?;
    let Some(user) = user else {
        return Err(refuse_sign_in(app, from.address, None));
    };
    let step = match &user.totp {
        None => Some(user.totp_step),
        Some(key) => totp::step_of(key, code, app.now(), user.totp_step),
    };
    match (fits, step) {
        (true, Some(step)) => {
            let after = User {
                failures: 0,
                locked_until: None,
                totp_step: step,
                ..user
            };
            let address = from.address;
            open_session(app, address, after, None, from.session, SIGN_IN).await
        }
        // The code is asked for only of those who know the password.
        (true, None) if code.trim().is_empty() => Err(Problem::rule(Rule::CodeNeeded)),
        _ => Err(refuse_sign_in(app, from.address, Some((&user, &served)))),
    }
}

/// Refuses a sign-in without waiting for anything. Of somebody who is there it goes, behind the
/// answer, into the log of every merchant that they serve.
fn refuse_sign_in(app: &App, address: &str, known: Option<(&User, &[Membership])>) -> Problem {
    app.rates.count_refusal();
    if let Some((user, served)) = known {
        let (by, target) = (nobody(address), user.id.to_string());
        for here in served {
            by.note_refused_behind(app, here.merchant_id, SIGN_IN, &target);
        }
    }
    Problem::rule(Rule::SignInRefused)
}

/// Writes a failed sign-in into the log of every merchant that the person serves.
async fn note_failure(
    app: &App,
    by: &Actor,
    user: &User,
    commit: &mut Commit,
) -> Result<(), Problem> {
    let target = user.id.to_string();
    for served in users::memberships(app, user.id).await? {
        by.note_refused(app, served.merchant_id, SIGN_IN, &target, commit);
    }
    Ok(())
}

/// Counts a failure of somebody who holds a session or a link, and locks both after too many.
/// Failures that come together are counted one by one.
pub(super) async fn failed(app: &App, by: &Actor, user: User) -> Result<(), Problem> {
    const CONFLICTS_MAX: usize = 16;
    let mut user = user;
    for _ in 0..CONFLICTS_MAX {
        let failures = user.failures + 1;
        let mut after = User {
            failures,
            ..user.clone()
        };
        if failures > FAILURES_FREE {
            let doubled = u32::try_from((failures - FAILURES_FREE - 1).min(16)).unwrap_or(16);
            let lock = LOCK.saturating_mul(1 << doubled).min(LOCK_LONGEST);
            after.locked_until = Some(app.after(lock));
        }
        let mut commit = Commit::new(0, user.id);
        users::save(app, &after, &mut commit);
        note_failure(app, by, &user, &mut commit).await?;
        if app.commit(commit).await?.is_yes() {
            return Ok(());
        }
        match users::of_id(app, user.id).await? {
            Some(now) => user = now,
            None => return Ok(()),
        }
    }
    Err(Problem::unavailable(
        "a failed sign-in could not be counted",
    ))
}

/// Refuses while too many failures lock the proofs behind a session or a link.
pub(super) fn require_unlocked(app: &App, user: &User) -> Result<(), Problem> {
    if user.locked_until.is_some_and(|until| until > app.now()) {
        Err(Problem::rule(Rule::SignInLocked))
    } else {
        Ok(())
    }
}

/// The actor before a sign-in: only the address is known.
pub(super) fn nobody(address: &str) -> Actor {
    Actor {
        principal: Principal::Nobody,
        address: address.to_owned(),
    }
}

/// Opens a session for a person as they are after a proof, and ends the one that the browser had.
async fn open_session(
    app: &App,
    address: &str,
    user: User,
    used_link: Option<&str>,
    old_token: Option<&str>,
    action: &'static str,
) -> Result<SignedIn, Problem> {
    let served = users::memberships(app, user.id).await?;
    let Some(first) = served.first() else {
        return Err(Problem::rule(Rule::SignInRefused));
    };
    let token = new_token();
    let session = Session {
        user_id: user.id,
        merchant_id: first.merchant_id,
        created_at: app.now(),
        expires_at: app.after(IDLE),
    };
    let mut commit = Commit::new(0, user.id);
    if let Some(link) = used_link {
        users::use_link(link, &mut commit);
    }
    users::save(app, &user, &mut commit);
    if let Some(old) = old_token {
        users::end_session(&digest(old), &mut commit);
    }
    if action == "session.password" {
        users::end_sessions(user.id, &mut commit);
    }
    users::insert_session(&digest(&token), &session, &mut commit);
    let target = user.id.to_string();
    for here in &served {
        let by = Actor {
            principal: Principal::User {
                id: user.id,
                email: user.email.clone(),
                role: here.role,
            },
            address: address.to_owned(),
        };
        let nothing = (Json::Null, Json::Null);
        by.note(app, here.merchant_id, action, &target, nothing, &mut commit);
    }
    match app.commit(commit).await? {
        Committed::Yes => Ok(SignedIn {
            token: Secret::new(token),
            browser: app.vault.seal(BROWSER_PLACE, user.email.as_bytes()),
            email: user.email,
        }),
        // Another sign-in, or another use of the link, was first.
        Committed::Conflict => Err(Problem::rule(Rule::SignInRefused)),
    }
}

/// The person whose link it is, while it is good.
pub async fn of_link(app: &App, token: &str, kind: LinkKind) -> Result<Option<User>, Problem> {
    match users::of_link(app, &digest(token), kind).await? {
        Some(id) => Ok(users::of_id(app, id).await?),
        None => Ok(None),
    }
}

/// Uses a link to choose a password, ends all sessions of the person, and signs them in. A person
/// with an authenticator must show a code: a link alone is not both of two steps.
pub async fn choose_password(
    app: &App,
    address: &str,
    token: &str,
    password: &Secret,
    code: &str,
) -> Result<SignedIn, Problem> {
    let expired = || Problem::rule(Rule::LinkExpired);
    let user = of_link(app, token, LinkKind::Password)
        .await?
        .ok_or_else(expired)?;
    passwords::check(password, &user.email)?;
    let mut step = user.totp_step;
    if let Some(key) = &user.totp {
        require_unlocked(app, &user)?;
        match totp::step_of(key, code, app.now(), user.totp_step) {
            Some(now) => step = now,
            None => {
                // A link must not be a way to try codes without end.
                if !code.trim().is_empty() {
                    failed(app, &nobody(address), user).await?;
                }
                return Err(Problem::rule(Rule::CodeNeeded));
            }
        }
    }
    let after = User {
        password_hash: Some(passwords::hash(password).await?),
        totp_step: step,
        failures: 0,
        locked_until: None,
        ..user
    };
    let link = digest(token);
    open_session(app, address, after, Some(&link), None, "session.password").await
}

/// Uses a sign-in link, as the sandbox gives out.
pub async fn use_sign_in_link(
    app: &App,
    address: &str,
    token: &str,
    old_token: Option<&str>,
) -> Result<SignedIn, Problem> {
    let user = of_link(app, token, LinkKind::SignIn)
        .await?
        .ok_or_else(|| Problem::rule(Rule::LinkExpired))?;
    let link = digest(token);
    open_session(app, address, user, Some(&link), old_token, "session.link").await
}

/// A request of somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Who.
    pub user: User,
    /// The merchant whose panel is open, and what the person is there.
    pub membership: Membership,
    /// All merchants that they serve.
    pub memberships: Vec<Membership>,
}

impl Visit {
    /// What they are here.
    pub fn role(&self) -> Role {
        self.membership.role
    }
}

/// Who the cookie stands for. `active`: a person did something, which keeps the session open; a
/// page that renews itself does not.
pub async fn visit(app: &App, token: &str, active: bool) -> Result<Option<Visit>, Problem> {
    let digest = digest(token);
    let Some(session) = users::session(app, &digest).await? else {
        return Ok(None);
    };
    let Some(user) = users::of_id(app, session.user_id).await? else {
        return Ok(None);
    };
    let memberships = users::memberships(app, user.id).await?;
    let here = memberships
        .iter()
        .find(|one| one.merchant_id == session.merchant_id)
        .or(memberships.first());
    let Some(membership) = here.cloned() else {
        return Ok(None);
    };
    let last = session
        .created_at
        .checked_add(LONGEST)
        .unwrap_or(Timestamp::MAX);
    let until = app.after(IDLE).min(last);
    let grown = until.duration_since(session.expires_at);
    // Not every request is worth a write.
    if active && grown > SignedDuration::from_mins(1) {
        let mut commit = Commit::new(0, user.id);
        users::extend_session(&digest, until, &mut commit);
        app.commit(commit).await?.ignore_conflict();
    }
    Ok(Some(Visit {
        user,
        membership,
        memberships,
    }))
}

/// Opens the panel of another merchant that the person serves.
pub async fn open_merchant(
    app: &App,
    by: &Actor,
    token: &str,
    visit: &Visit,
    merchant_id: i64,
) -> Result<(), Problem> {
    let served = |one: &&Membership| one.merchant_id == merchant_id;
    if !visit.memberships.iter().any(|one| served(&one)) {
        // In the log of the merchant whose person tried it.
        let (here, target) = (visit.membership.merchant_id, merchant_id.to_string());
        let mut commit = Commit::new(here, app.next_id());
        by.note_refused(app, here, "merchant.open", &target, &mut commit);
        app.commit(commit).await?.ignore_conflict();
        return Err(Problem::rule(Rule::RoleForbids));
    }
    let mut commit = Commit::new(0, visit.user.id);
    users::open_merchant(&digest(token), merchant_id, &mut commit);
    app.commit(commit).await?.ignore_conflict();
    Ok(())
}

/// Ends a session.
pub async fn sign_out(app: &App, token: &str) -> Result<(), Problem> {
    let mut commit = Commit::new(0, 0);
    users::end_session(&digest(token), &mut commit);
    app.commit(commit).await?.ignore_conflict();
    Ok(())
}
