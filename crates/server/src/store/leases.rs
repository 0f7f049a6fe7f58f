//! Leases: which process has which node number in its ids, and which shard of the due work. A lease
//! says who does the work; that no id is made twice rests on what each holder of a number reserves
//! before it makes ids (decision 0018).

use super::db::{Commit, CommitError, Db, Row, Unavailable, params};
use super::{SHARDS, vault_check};
use crate::app::App;
use crate::clock::{NODES, RESERVED_SECONDS, Reserved};
use crate::process;
use crate::vault::Vault;
use jiff::{SignedDuration, Timestamp};

/// Seconds that a lease is good for; it is renewed at a third of them.
pub const LEASE_SECONDS: i64 = 30;
/// No lease ends later than this from now: hosts' clocks differ by less than a lease. One that does
/// was made by a clock that was ahead, and is void.
const LEASE_SECONDS_MAX: i64 = 2 * LEASE_SECONDS;

fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

/// Who holds something, and until when.
struct Lease {
    owner: String,
    until: Timestamp,
}

impl Lease {
    fn read(row: &Row) -> Result<Lease, Unavailable> {
        Ok(Lease {
            owner: row.text("owner")?,
            until: row.time("until")?,
        })
    }

    /// Over, void, or of a process of this machine that has ended.
    fn is_free(&self, now: Timestamp) -> bool {
        self.until < now
            || self.until > after(now, LEASE_SECONDS_MAX)
            || process::has_ended(&self.owner)
    }
}

/// A node number that can be had.
struct FreeNode {
    node: i64,
    /// The lease of its last holder; `None` when it was never leased.
    lease: Option<Lease>,
    /// Where the ids of its last holder end.
    ids_before: Timestamp,
}

/// Leases a free node number; `None` when all are taken. A number whose ids lie behind
/// us is preferred, then the one that is least ahead.
pub async fn lease_node(
    db: &Db,
    vault: &Vault,
    owner: &str,
    now: Timestamp,
) -> Result<Option<Reserved>, Unavailable> {
    let rows = db
        .rows(
            "select node, owner, until, coalesce(ids_before, until) as ids_before from nodes",
            params![],
        )
        .await?;
    let mut known = Vec::new();
    let mut free = Vec::new();
    for row in &rows {
        let (node, lease) = (row.int("node")?, Lease::read(row)?);
        known.push(node);
        if lease.is_free(now) {
            free.push(FreeNode {
                node,
                lease: Some(lease),
                ids_before: row.time("ids_before")?,
            });
        }
    }
    let unused = (0..NODES).filter(|node| !known.contains(node));
    free.extend(unused.map(|node| FreeNode {
        node,
        lease: None,
        ids_before: Timestamp::UNIX_EPOCH,
    }));
    free.sort_by_key(|free| (free.ids_before.max(now), free.node));
    for node in free {
        if let Some(reserved) = take_node(db, vault, owner, now, node).await? {
            return Ok(Some(reserved));
        }
    }
    Ok(None)
}

/// `None` when somebody else was faster, or its holder is alive after all.
async fn take_node(
    db: &Db,
    vault: &Vault,
    owner: &str,
    now: Timestamp,
    free: FreeNode,
) -> Result<Option<Reserved>, Unavailable> {
    // Whole milliseconds, as ids have them.
    let from = Timestamp::from_millisecond(free.ids_before.max(now).as_millisecond() + 1)
        .unwrap_or(Timestamp::MAX);
    let reserved = Reserved {
        node: free.node,
        from,
        before: after(from, RESERVED_SECONDS),
    };
    let until = after(now, LEASE_SECONDS);
    let mut commit = Commit::new(0, free.node);
    match free.lease {
        None => commit.one(
            "insert into nodes (node, owner, until, ids_before, newest_key, seals_with) \
             values ($1, $2, $3, $4, $5, $6)",
            params![
                free.node,
                owner,
                until,
                reserved.before,
                i64::from(vault.newest()),
                i64::from(vault.seals_with())
            ],
        ),
        Some(lease) => commit.one(
            "update nodes set owner = $2, until = $3, ids_before = $4, newest_key = $8, seals_with = $9 \
             where node = $1 and owner = $5 and until = $6 and coalesce(ids_before, until) = $7",
            params![
                free.node,
                owner,
                until,
                reserved.before,
                lease.owner,
                lease.until,
                free.ids_before,
                i64::from(vault.newest()),
                i64::from(vault.seals_with())
            ],
        ),
    }
    match db.commit(commit).await {
        Ok(()) => Ok(Some(reserved)),
        Err(CommitError::Conflict { .. }) => Ok(None),
        Err(CommitError::Unavailable(why)) => Err(Unavailable::new(why)),
    }
}

/// Keeps the process's node number, reserves more ids, and takes up and notes which key seals. False when
/// somebody else has the number by now: what was reserved before stays ours, and more is not to be had.
pub async fn renew_node(app: &App) -> Result<bool, Unavailable> {
    vault_check::follow(&app.db, &app.vault).await?;
    let now = app.now();
    let (node, before) = (app.ids.node(), app.ids.wanted(now));
    let mut commit = Commit::new(0, node);
    commit.one(
        "update nodes set until = $3, ids_before = $4, newest_key = $5, seals_with = $6 \
         where node = $1 and owner = $2",
        params![
            node,
            app.owner.as_str(),
            after(now, LEASE_SECONDS),
            before,
            i64::from(app.vault.newest()),
            i64::from(app.vault.seals_with())
        ],
    );
    let ours = app.commit(commit).await?.is_yes();
    if ours {
        app.ids.extend(before);
    }
    Ok(ours)
}

/// A process that holds a node number, and its keys; the version before notes none.
pub struct Living {
    /// Its name in leases.
    pub owner: String,
    /// The newest key that it can open with; 0 when that is not known.
    pub newest_key: i64,
    /// The key that it seals with; 0 when that is not known.
    pub seals_with: i64,
}

/// Every process that may be at work.
pub async fn living(db: &Db, now: Timestamp) -> Result<Vec<Living>, Unavailable> {
    let rows = db
        .rows(
            "select owner, until, newest_key, seals_with from nodes order by node",
            params![],
        )
        .await?;
    let mut living = Vec::new();
    for row in &rows {
        let lease = Lease::read(row)?;
        if !lease.is_free(now) {
            living.push(Living {
                owner: lease.owner,
                newest_key: row.opt_int("newest_key")?.unwrap_or(0),
                seals_with: row.opt_int("seals_with")?.unwrap_or(0),
            });
        }
    }
    Ok(living)
}

/// Gives the process's node number back: its next holder begins behind the last id.
pub async fn release_node(app: &App) -> Result<(), Unavailable> {
    let (node, now) = (app.ids.node(), app.now());
    let mut commit = Commit::new(0, node);
    commit.maybe(
        "update nodes set owner = '', until = $3, ids_before = $4 where node = $1 and owner = $2",
        params![node, app.owner.as_str(), before(now), app.ids.end(now)],
    );
    app.commit(commit).await?.ignore_conflict();
    Ok(())
}

/// A lease that ends then is over.
fn before(now: Timestamp) -> Timestamp {
    after(now, -1)
}

/// Leases or renews every shard that is free or ours, and answers which are ours.
pub async fn lease_shards(app: &App, owner: &str) -> Result<Vec<i64>, Unavailable> {
    let now = app.now();
    let until = after(now, LEASE_SECONDS);
    let mut commit = Commit::new(0, NODES);
    commit.maybe(
        "update shards set until = $2 where owner = $1",
        params![owner, until],
    );
    app.commit(commit).await?.ignore_conflict();
    let rows = app
        .db
        .rows("select shard, owner, until from shards", params![])
        .await?;
    let mut leases = std::collections::BTreeMap::new();
    for row in &rows {
        leases.insert(row.int("shard")?, Lease::read(row)?);
    }
    let mut ours = Vec::new();
    for shard in 0..SHARDS {
        let mut commit = Commit::new(0, NODES + shard);
        match leases.get(&shard) {
            Some(lease) if lease.owner == owner => {
                ours.push(shard);
                continue;
            }
            Some(lease) if !lease.is_free(now) => continue,
            Some(lease) => commit.one(
                "update shards set owner = $2, fence = fence + 1, until = $3 \
                 where shard = $1 and owner = $4 and until = $5",
                params![shard, owner, until, lease.owner.as_str(), lease.until],
            ),
            None => commit.one(
                "insert into shards (shard, owner, fence, until) values ($1, $2, 1, $3)",
                params![shard, owner, until],
            ),
        }
        if app.commit(commit).await?.is_yes() {
            ours.push(shard);
        }
    }
    Ok(ours)
}

/// Gives all shards back, so that another replica need not wait for the leases to end.
pub async fn release_shards(app: &App, owner: &str) -> Result<(), Unavailable> {
    let mut commit = Commit::new(0, NODES);
    commit.maybe(
        "update shards set until = $2 where owner = $1",
        params![owner, before(app.now())],
    );
    app.commit(commit).await?.ignore_conflict();
    Ok(())
}
