//! From one sealing key to the next, while payments run (decision 0025). A rotation brings the newest key
//! into use once every process has it, walks through all sealed values and seals anew what an older key
//! sealed, and ends when a whole walk has found nothing of an older key. Only then a key can be retired.
//!
//! One process walks at a time, the command or a server; where it stands is a row, so another one goes on.

use super::db::{Commit, Row, TableRow, Unavailable, insert, params, select, table_row, update};
use super::leases::{self, Living};
use super::sealed::{Key, Sealed, Walked};
use super::vault_check::{self, KeyRefused};
use super::{
    Committed, apms, attempts, cards, fingerprint_key, idempotency, merchants, poses, users,
};
use crate::app::App;
use crate::{process, vault};
use jiff::{SignedDuration, Timestamp};
use std::sync::LazyLock;
use std::time::Duration;

/// Rows of a step.
const STEP_ROWS: i64 = 200;
/// The pause between two steps, so that payments do not wait for them.
pub const PAUSE: Duration = Duration::from_millis(20);
/// Seconds for which a walker is left alone after its last step.
const WALKER_SECONDS: i64 = 30;
/// Seconds after which everything is written, or never will be, that was sealed before a moment: a commit
/// waits for its turn and is carried out within ten.
const IN_FLIGHT_SECONDS: i64 = 15;
/// Seconds for which something may be abroad that a key sealed: the form of a 3DS page 15 minutes, a form
/// of the panel as long as somebody looks at it. A key retires so long after it sealed last.
const ABROAD_SECONDS: i64 = 60 * 60;

/// Every table with sealed columns. Those of `vault_checks` stay as they are: one for each key.
static TABLES: LazyLock<Vec<Walked>> = LazyLock::new(|| {
    static ALL: [Sealed; 9] = [
        fingerprint_key::SEALED,
        merchants::SEALED,
        merchants::API_KEYS_SEALED,
        poses::SEALED,
        apms::SEALED,
        users::SEALED,
        cards::SEALED,
        idempotency::SEALED,
        attempts::SEALED,
    ];
    let walked = |sealed| Walked::new(sealed, STEP_ROWS);
    ALL.iter().map(walked).collect()
});

/// Every sealed column, with its table.
pub fn sealed_columns() -> Vec<(&'static str, &'static str)> {
    let of_table = |walked: &'static Walked| {
        let columns = walked.of.columns.iter();
        columns.map(|(column, _)| (walked.of.table, *column))
    };
    TABLES.iter().flat_map(of_table).collect()
}

/// The table's name behind the last one.
const END: &str = "";

table_row! {
    /// The change to one sealing key, and how far it is.
    #[derive(Debug, Clone)]
    pub struct Rotation: "key_rotations" {
        /// The key that seals since.
        pub id: i64 where (1..=255),
        /// When it came into use.
        pub began_at: Timestamp,
        /// Since when no process seals with an older one.
        pub switched_at: Option<Timestamp>,
        /// Which walk this is, from 1.
        pub walk: i64,
        /// When it began.
        pub walk_began_at: Timestamp,
        /// The table that it is in; empty behind the last one.
        pub table_name: String,
        /// The last key of that table that it has seen, as JSON; empty at the beginning.
        pub after_key: String,
        /// Values that it has looked at.
        pub looked_at: i64,
        /// Those of them that an older key had sealed, and that were sealed anew.
        pub older: i64,
        /// Those of them that no key opens.
        pub unreadable: i64,
        /// Values that were sealed anew in all walks.
        pub resealed: i64,
        /// Who walks.
        pub walker: String,
        /// Until when nobody else does.
        pub walker_until: Timestamp,
        /// When a whole walk had found nothing of an older key.
        pub proven_at: Option<Timestamp>,
    }
}

impl Rotation {
    fn of(app: &App, version: u8) -> Rotation {
        let now = app.now();
        Rotation {
            id: version.into(),
            began_at: now,
            switched_at: None,
            walk: 1,
            walk_began_at: now,
            table_name: TABLES[0].of.table.to_owned(),
            after_key: String::new(),
            looked_at: 0,
            older: 0,
            unreadable: 0,
            resealed: 0,
            walker: app.owner.clone(),
            walker_until: now,
            proven_at: None,
        }
    }

    fn begin_walk(&mut self, now: Timestamp) {
        self.walk += 1;
        self.walk_began_at = now;
        self.table_name = TABLES[0].of.table.to_owned();
        self.after_key = String::new();
        (self.looked_at, self.older, self.unreadable) = (0, 0, 0);
        self.proven_at = None;
    }

    /// From when on a walk proves something.
    fn settled_at(&self) -> Option<Timestamp> {
        Some(after(self.switched_at?, IN_FLIGHT_SECONDS))
    }

    /// From when on nothing is abroad that an older key sealed.
    fn home_at(&self) -> Option<Timestamp> {
        Some(after(self.switched_at?, ABROAD_SECONDS))
    }

    /// Whether the walk began when nothing could be written any more that an older key sealed.
    fn counts(&self) -> bool {
        self.settled_at()
            .is_some_and(|settled| self.walk_began_at >= settled)
    }

    /// Nothing goes on by itself.
    pub fn has_ended(&self) -> bool {
        self.proven_at.is_some() || self.is_stuck()
    }

    /// It has come to its end, and values are left that no key opens.
    pub fn is_stuck(&self) -> bool {
        self.table_name == END && self.counts() && self.older == 0 && self.unreadable > 0
    }
}

fn after(moment: Timestamp, seconds: i64) -> Timestamp {
    moment
        .checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

/// Why a rotation or a retirement is not begun.
#[derive(Debug)]
pub enum Refused {
    /// One key is in use, and the file has no newer one.
    NoNewerKey,
    /// These processes run and have not the newest key.
    Lacking(Vec<String>),
    /// The key seals.
    Seals,
    /// The key is not in use.
    NotInUse,
    /// It is not proven that nothing is left of it.
    NotProven,
    /// Something that it sealed may still be abroad until then.
    Abroad(Timestamp),
    /// The keys of the file are not those of the database.
    Key(KeyRefused),
}

impl From<KeyRefused> for Refused {
    fn from(refused: KeyRefused) -> Refused {
        Refused::Key(refused)
    }
}

impl From<Unavailable> for Refused {
    fn from(error: Unavailable) -> Refused {
        Refused::Key(error.into())
    }
}

/// The rotation to the key that seals; `None` where it was the first.
pub async fn current(app: &App) -> Result<Option<Rotation>, Unavailable> {
    let sql = select!(Rotation, "order by id desc limit 1");
    let row = app.db.row(sql, params![]).await?;
    row.map(Rotation::read).transpose()
}

/// Brings the newest key into use, once every process has it, or goes on where that was done. One that
/// has ended walks once more.
pub async fn begin(app: &App) -> Result<Rotation, Refused> {
    let used = vault_check::versions(&app.db, &app.vault).await?;
    let newest = app.vault.newest();
    if used == [newest] {
        return Err(Refused::NoNewerKey);
    }
    require_known_everywhere(app, newest).await?;
    let known = current(app).await?.filter(|at| at.id == i64::from(newest));
    match known {
        Some(ended) if ended.has_ended() => {
            let mut again = ended.clone();
            again.begin_walk(app.now());
            let mut commit = Commit::new(0, again.id);
            save(&ended, &again, &mut commit);
            app.commit(commit).await?.ignore_conflict();
        }
        Some(_) => {}
        None => {
            let mut commit = Commit::new(0, newest.into());
            vault_check::insert(&app.vault, app.now(), &mut commit);
            insert!(commit, &Rotation::of(app, newest) => Rotation);
            // Somebody else may have begun it.
            app.commit(commit).await?.ignore_conflict();
        }
    }
    leases::renew_node(app).await?;
    // Who started between the look and the commit is refused by its own second look at the keys.
    require_known_everywhere(app, newest).await?;
    let begun = current(app).await?;
    begun.ok_or_else(|| Unavailable::new("a rotation that was begun is gone").into())
}

async fn require_known_everywhere(app: &App, version: u8) -> Result<(), Refused> {
    let lacking = |one: &Living| one.newest_key < version.into();
    let lacking = owners(app, lacking).await?;
    if lacking.is_empty() {
        Ok(())
    } else {
        Err(Refused::Lacking(lacking))
    }
}

async fn owners(app: &App, which: impl Fn(&Living) -> bool) -> Result<Vec<String>, Unavailable> {
    let living = leases::living(&app.db, app.now()).await?;
    let which = living.into_iter().filter(which);
    Ok(which.map(|one| one.owner).collect())
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It went on: there is more.
    Moved,
    /// It goes on later: processes take up the new key, or what they sealed before is being written.
    Waits,
    /// Another process walks.
    Elsewhere,
    /// Nothing is left to do.
    Ended,
}

/// Goes one step on with the rotation that is not at its end.
pub async fn step(app: &App) -> Result<Step, Unavailable> {
    let Some(was) = current(app).await? else {
        return Ok(Step::Ended);
    };
    if was.has_ended() {
        return Ok(Step::Ended);
    }
    let now = app.now();
    let is_left = was.walker_until < now || process::has_ended(&was.walker);
    if was.walker != app.owner && !is_left {
        return Ok(Step::Elsewhere);
    }
    let mut at = was.clone();
    at.walker = app.owner.clone();
    at.walker_until = after(now, WALKER_SECONDS);
    if at.switched_at.is_none() {
        let behind = owners(app, |one| one.seals_with < at.id).await?;
        at.switched_at = behind.is_empty().then_some(now);
    }
    let mut commit = Commit::new(0, at.id);
    let waits = walk(app, &mut at, &mut commit).await?;
    save(&was, &at, &mut commit);
    Ok(match app.commit(commit).await? {
        Committed::Conflict => Step::Elsewhere,
        Committed::Yes if at.proven_at.is_some() => {
            tracing::info!(
                key = at.id,
                values = at.resealed,
                "every value is sealed with the new key"
            );
            Step::Ended
        }
        Committed::Yes if at.is_stuck() => {
            tracing::error!(
                key = at.id,
                values = at.unreadable,
                "values are left that no key opens"
            );
            Step::Ended
        }
        Committed::Yes if waits => Step::Waits,
        Committed::Yes => Step::Moved,
    })
}

/// Writes how far a rotation is; a conflict when somebody else went on with it.
fn save(was: &Rotation, at: &Rotation, commit: &mut Commit) {
    update!(commit, "key_rotations"
    where {
        id: was.id,
        walk: was.walk,
        table_name: was.table_name,
        after_key: was.after_key,
        walker: was.walker,
        walker_until: was.walker_until,
    }
    set {
        switched_at: at.switched_at,
        walk: at.walk,
        walk_began_at: at.walk_began_at,
        table_name: at.table_name,
        after_key: at.after_key,
        looked_at: at.looked_at,
        older: at.older,
        unreadable: at.unreadable,
        resealed: at.resealed,
        walker: at.walker,
        walker_until: at.walker_until,
        proven_at: at.proven_at,
    });
}

/// One step of a walk. True when the next one has to wait.
async fn walk(app: &App, at: &mut Rotation, commit: &mut Commit) -> Result<bool, Unavailable> {
    let now = app.now();
    let Some(table) = TABLES.iter().position(|one| one.of.table == at.table_name) else {
        // Between two walks.
        if at.settled_at().is_none_or(|settled| now < settled) {
            return Ok(true);
        }
        at.begin_walk(now);
        return Ok(false);
    };
    let page = read_page(app, &TABLES[table], Key::parse(&at.after_key).as_ref()).await?;
    for value in page
        .values
        .iter()
        .filter(|value| value.version != Some(at.id))
    {
        let place = (TABLES[table].of.columns[value.column].1)(&value.key);
        let Ok(plain) = app.vault.open(&place, &value.sealed) else {
            at.unreadable += 1;
            continue;
        };
        at.older += 1;
        at.resealed += 1;
        let sealed = app.vault.seal(&place, &plain);
        let (sql, params) = TABLES[table].replace(value.column, &value.key, &value.sealed, sealed);
        // A row that was changed meanwhile stays as it is; the next walk looks at it.
        commit.maybe(sql, params);
    }
    at.looked_at += count(page.values.len());
    if let Some(last) = page.more_after {
        at.after_key = last.to_json();
        return Ok(false);
    }
    at.after_key = String::new();
    let next = TABLES.get(table + 1);
    at.table_name = next.map_or(END, |next| next.of.table).to_owned();
    if at.table_name == END && at.counts() && at.older == 0 && at.unreadable == 0 {
        at.proven_at = Some(now);
    }
    Ok(false)
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// A sealed value.
struct Value {
    key: Key,
    /// Which of the table's sealed columns.
    column: usize,
    /// The key that sealed it.
    version: Option<i64>,
    sealed: String,
}

/// Some rows of a table.
struct Page {
    values: Vec<Value>,
    /// The last key, where there may be more behind it.
    more_after: Option<Key>,
}

async fn read_page(
    app: &App,
    table: &'static Walked,
    after: Option<&Key>,
) -> Result<Page, Unavailable> {
    let (sql, params) = table.page(after);
    let rows = app.db.rows_owned(sql, params).await?;
    let mut page = Page {
        values: Vec::new(),
        more_after: None,
    };
    for row in &rows {
        let key = table.key(row)?;
        page.values.extend(values(table, row, &key)?);
        page.more_after = Some(key);
    }
    if count(rows.len()) < STEP_ROWS {
        page.more_after = None;
    }
    Ok(page)
}

fn values(table: &Walked, row: &Row, key: &Key) -> Result<Vec<Value>, Unavailable> {
    let mut values = Vec::new();
    for (column, (name, _)) in table.of.columns.iter().enumerate() {
        if let Some(sealed) = row.opt_text(name)? {
            values.push(Value {
                key: key.clone(),
                column,
                version: vault::version_of(&sealed).map(i64::from),
                sealed,
            });
        }
    }
    Ok(values)
}

/// A key that is in use.
pub struct Used {
    /// Its number.
    pub version: u8,
    /// It is the one that seals.
    pub seals: bool,
    /// From when on it can be retired; `None` when it seals, or may be needed still.
    pub retires_at: Option<Timestamp>,
}

/// The keys in use, oldest first, and the rotation to the one that seals.
pub async fn used(app: &App) -> Result<(Vec<Used>, Option<Rotation>), Refused> {
    let versions = vault_check::versions(&app.db, &app.vault).await?;
    let sealing = versions.iter().max().copied().unwrap_or(0);
    let rotation = current(app).await?.filter(|at| at.id == i64::from(sealing));
    let proven = rotation.as_ref().filter(|at| at.proven_at.is_some());
    let home = proven.and_then(Rotation::home_at);
    let mut used: Vec<Used> = versions
        .into_iter()
        .map(|version| Used {
            version,
            seals: version == sealing,
            retires_at: home.filter(|_| version != sealing),
        })
        .collect();
    used.sort_by_key(|key| key.version);
    Ok((used, rotation))
}

/// Takes an older key out of use, after one more look through all sealed values.
pub async fn retire(app: &App, version: u8) -> Result<(), Refused> {
    let (used, rotation) = used(app).await?;
    let key = used.iter().find(|key| key.version == version);
    let key = key.ok_or(Refused::NotInUse)?;
    if key.seals {
        return Err(Refused::Seals);
    }
    let home = key.retires_at.ok_or(Refused::NotProven)?;
    if app.now() < home {
        return Err(Refused::Abroad(home));
    }
    for table in TABLES.iter() {
        let mut after = None;
        loop {
            let page = read_page(app, table, after.as_ref()).await?;
            if page
                .values
                .iter()
                .any(|value| value.version == Some(version.into()))
            {
                return Err(Refused::NotProven);
            }
            match page.more_after {
                Some(last) => after = Some(last),
                None => break,
            }
        }
    }
    let mut commit = Commit::new(0, rotation.map_or(0, |at| at.id));
    vault_check::retire(&app.db, version, &mut commit).await?;
    // Somebody else may have retired it.
    app.commit(commit).await?.ignore_conflict();
    Ok(())
}
