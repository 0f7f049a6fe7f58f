//! People who use the panel: who they are, what they are for which merchant, the one-time links
//! that were given to them, and their sessions.

use super::db::{
    Commit, Expect, Row, Statement, TableRow, Unavailable, insert, params, select, stored_words,
    table_row, update,
};
use super::open_sealed;
use super::roles::Role;
use super::sealed::{KeyColumn, Sealed};
use crate::app::App;
use contract::card::Secret;
use jiff::Timestamp;

table_row! {
    /// A person.
    #[derive(Debug, Clone)]
    pub struct User: "users" {
        /// Their id.
        pub id: i64,
        /// Lower case.
        pub email: String,
        /// As they are addressed.
        pub name: String,
        /// The last time step whose code was used.
        pub totp_step: i64,
        /// Sign-ins that failed since the last good one.
        pub failures: i64,
        /// No sign-in before this.
        pub locked_until: Option<Timestamp>,
        /// For compare-and-set.
        pub version: i64,
    } and {
        /// argon2id; `None` until a link was used.
        pub password_hash: Option<Secret>,
        /// The authenticator's key; `None` when there is no second step.
        pub totp: Option<Secret>,
    }
}

fn seal_context(id: i64) -> String {
    format!("user {id} totp")
}

pub(super) const SEALED: Sealed = Sealed {
    table: "users",
    key: &[KeyColumn::Int("id")],
    columns: &[("totp_sealed", |key| seal_context(key.int(0)))],
};

fn read(app: &App, row: Row) -> Result<User, Unavailable> {
    let (hash, sealed) = (row.opt_text("password_hash")?, row.opt_text("totp_sealed")?);
    let mut user = User::read(row)?;
    user.password_hash = hash.map(Secret::new);
    let totp = sealed.map(|sealed| open_sealed(app, &seal_context(user.id), &sealed));
    user.totp = totp.transpose()?;
    Ok(user)
}

/// Writes a new person.
pub fn insert(app: &App, user: &User, commit: &mut Commit) {
    insert!(commit, user => User, { created_at: app.now() });
}

/// Writes what changed of a person; a conflict when they were changed meanwhile.
pub fn save(app: &App, user: &User, commit: &mut Commit) {
    let totp = user.totp.as_ref();
    let totp = totp.map(|key| {
        app.vault
            .seal(&seal_context(user.id), key.expose().as_bytes())
    });
    update!(commit, "users"
    where { id: user.id, version: user.version }
    set {
        version: user.version + 1,
        name: user.name,
        password_hash: user.password_hash.as_ref().map(|hash| hash.expose().to_owned()),
        totp_sealed: totp,
        totp_step: user.totp_step,
        failures: user.failures,
        locked_until: user.locked_until,
    });
}

/// A person by e-mail.
pub async fn by_email(app: &App, email: &str) -> Result<Option<User>, Unavailable> {
    let sql = select!(User, password_hash, totp_sealed, "where email = $1");
    let row = app.db.row(sql, params![email]).await?;
    row.map(|row| read(app, row)).transpose()
}

/// A person by id.
pub async fn of_id(app: &App, id: i64) -> Result<Option<User>, Unavailable> {
    let sql = select!(User, password_hash, totp_sealed, "where id = $1");
    let row = app.db.row(sql, params![id]).await?;
    row.map(|row| read(app, row)).transpose()
}

/// The people of a merchant and what each is, by e-mail.
pub async fn of_merchant(app: &App, merchant_id: i64) -> Result<Vec<(User, Role)>, Unavailable> {
    let sql = select!(
        User,
        password_hash,
        totp_sealed,
        role,
        "join memberships on user_id = id where merchant_id = $1 order by email"
    );
    let rows = app.db.rows(sql, params![merchant_id]).await?.into_iter();
    rows.map(|row| {
        let role = row.parsed("role")?;
        Ok((read(app, row)?, role))
    })
    .collect()
}

/// A merchant that a person serves.
#[derive(Debug, Clone)]
pub struct Membership {
    /// Its id.
    pub merchant_id: i64,
    /// Its name.
    pub merchant_name: String,
    /// What the person is there.
    pub role: Role,
}

/// The merchants that a person serves, by name.
pub async fn memberships(app: &App, user_id: i64) -> Result<Vec<Membership>, Unavailable> {
    let rows = app
        .db
        .rows(
            "select b.merchant_id, b.role, m.name from memberships b join merchants m on m.id = b.merchant_id \
             where b.user_id = $1 order by m.name, m.id",
            params![user_id],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Membership {
                merchant_id: row.int("merchant_id")?,
                merchant_name: row.text("name")?,
                role: row.parsed("role")?,
            })
        })
        .collect()
}

/// Makes a person somebody for a merchant; a conflict when they are somebody there already.
pub fn insert_role(merchant_id: i64, user_id: i64, role: Role, commit: &mut Commit) {
    insert!(commit, "memberships" {
        merchant_id: merchant_id,
        user_id: user_id,
        role: role.as_str(),
    });
}

/// Changes what a person is for a merchant; a conflict when no owner would be left.
pub fn change_role(merchant_id: i64, user_id: i64, role: Role, commit: &mut Commit) {
    one_at_a_time(merchant_id, commit);
    commit.one(
        "update memberships set role = $3 where merchant_id = $1 and user_id = $2 and ($3 = 'OWNER' or exists \
         (select 1 from memberships o where o.merchant_id = $1 and o.user_id <> $2 and o.role = 'OWNER'))",
        params![merchant_id, user_id, role.as_str()],
    );
}

/// Makes another process that changes the same merchant's people wait for this commit: two owners who
/// remove each other at once must not both see one left.
fn one_at_a_time(merchant_id: i64, commit: &mut Commit) {
    commit.one(
        "update merchants set version = version where id = $1",
        params![merchant_id],
    );
}

/// Ends a membership, and the sessions in which that merchant's panel is open; a conflict when no
/// owner would be left.
pub fn remove(merchant_id: i64, user_id: i64, commit: &mut Commit) {
    one_at_a_time(merchant_id, commit);
    commit.one(
        "delete from memberships where merchant_id = $1 and user_id = $2 and exists \
         (select 1 from memberships o where o.merchant_id = $1 and o.user_id <> $2 and o.role = 'OWNER')",
        params![merchant_id, user_id],
    );
    commit.maybe(
        "delete from sessions where merchant_id = $1 and user_id = $2",
        params![merchant_id, user_id],
    );
}

stored_words! {
    /// What a one-time link is for.
    pub enum LinkKind {
        /// Choose a password: an invitation, or after it was forgotten.
        Password = "PASSWORD",
        /// Come in without one.
        SignIn = "SIGN_IN",
    }
}

/// Writes a link; older ones of the same kind end.
pub fn insert_link(
    digest: &str,
    user_id: i64,
    kind: LinkKind,
    expires_at: Timestamp,
    commit: &mut Commit,
) {
    if kind == LinkKind::Password {
        commit.maybe(
            "delete from user_links where user_id = $1 and kind = $2",
            params![user_id, kind.as_str()],
        );
    }
    insert!(commit, "user_links" {
        digest: digest,
        user_id: user_id,
        kind: kind.as_str(),
        expires_at: expires_at,
    });
}

/// Whose link it is, while it is good.
pub async fn of_link(app: &App, digest: &str, kind: LinkKind) -> Result<Option<i64>, Unavailable> {
    let row = app
        .db
        .row(
            "select user_id from user_links where digest = $1 and kind = $2 and expires_at > $3",
            params![digest, kind.as_str(), app.now()],
        )
        .await?;
    row.map(|row| row.int("user_id")).transpose()
}

/// Writes a link to choose a password, unless one is there that is good until `recent` or longer:
/// then it is a conflict.
pub fn insert_link_unless_recent(
    digest: &str,
    user_id: i64,
    recent: Timestamp,
    expires_at: Timestamp,
    commit: &mut Commit,
) {
    commit.push(Statement::new(
        "update user_links set kind = kind where user_id = $1 and kind = 'PASSWORD' and expires_at >= $2",
        params![user_id, recent],
        Expect::Rows(0),
    ));
    insert_link(digest, user_id, LinkKind::Password, expires_at, commit);
}

/// Ends a person's links.
pub fn end_links(user_id: i64, commit: &mut Commit) {
    commit.maybe(
        "delete from user_links where user_id = $1",
        params![user_id],
    );
}

/// Uses a link up: a conflict when somebody else did.
pub fn use_link(digest: &str, commit: &mut Commit) {
    commit.one("delete from user_links where digest = $1", params![digest]);
}

table_row! {
    /// A browser that is signed in.
    #[derive(Debug, Clone)]
    pub struct Session: "sessions" {
        /// Who.
        pub user_id: i64,
        /// The merchant whose panel is open.
        pub merchant_id: i64,
        /// Since when.
        pub created_at: Timestamp,
        /// Until when.
        pub expires_at: Timestamp,
    }
}

/// Writes a session.
pub fn insert_session(digest: &str, session: &Session, commit: &mut Commit) {
    insert!(commit, session => Session, { digest: digest.to_owned() });
}

/// A session that is not over.
pub async fn session(app: &App, digest: &str) -> Result<Option<Session>, Unavailable> {
    let sql = select!(Session, "where digest = $1 and expires_at > $2");
    let row = app.db.row(sql, params![digest, app.now()]).await?;
    row.map(Session::read).transpose()
}

/// Moves a session's end.
pub fn extend_session(digest: &str, until: Timestamp, commit: &mut Commit) {
    commit.maybe(
        "update sessions set expires_at = $2 where digest = $1",
        params![digest, until],
    );
}

/// Opens another merchant's panel in a session.
pub fn open_merchant(digest: &str, merchant_id: i64, commit: &mut Commit) {
    commit.maybe(
        "update sessions set merchant_id = $2 where digest = $1",
        params![digest, merchant_id],
    );
}

/// Ends a session.
pub fn end_session(digest: &str, commit: &mut Commit) {
    commit.maybe("delete from sessions where digest = $1", params![digest]);
}

/// Ends all of a person's sessions.
pub fn end_sessions(user_id: i64, commit: &mut Commit) {
    commit.maybe("delete from sessions where user_id = $1", params![user_id]);
}
