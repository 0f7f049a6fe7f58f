//! Leases: which process has which node number in its ids, and which shard of the due work.

use super::SHARDS;
use super::db::{Commit, CommitError, Unavailable, params};
use crate::app::App;
use crate::clock::NODES;
use jiff::{SignedDuration, Timestamp};

/// Seconds that a lease is good for; it is renewed at a third of them.
pub const LEASE_SECONDS: i64 = 30;

fn until(now: Timestamp) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(LEASE_SECONDS))
        .unwrap_or(Timestamp::MAX)
}

/// Leases a node number that nobody has; nothing when all are taken.
pub async fn lease_node(
    db: &super::db::Db,
    owner: &str,
    now: Timestamp,
) -> Result<Option<i64>, Unavailable> {
    for node in 0..NODES {
        let mut commit = Commit::new(0, node);
        commit.one(
            "insert into nodes (node, owner, until) values ($1, $2, $3) \
             on conflict (node) do update set owner = $2, until = $3 where nodes.until < $4",
            params![node, owner, until(now), now],
        );
        match db.commit(commit).await {
            Ok(()) => return Ok(Some(node)),
            Err(CommitError::Conflict { .. }) => {}
            Err(CommitError::Unavailable(why)) => return Err(Unavailable::new(why)),
        }
    }
    Ok(None)
}

/// Keeps a node number. False when somebody else has it by now: no id may be made any more.
pub async fn renew_node(app: &App, node: i64, owner: &str) -> Result<bool, Unavailable> {
    let mut commit = Commit::new(0, node);
    commit.one(
        "update nodes set until = $3 where node = $1 and owner = $2",
        params![node, owner, until(app.now())],
    );
    super::won(app.db.commit(commit).await)
}

/// Gives a node number back.
pub async fn release_node(db: &super::db::Db, node: i64, owner: &str) -> Result<(), Unavailable> {
    let mut commit = Commit::new(0, node);
    commit.maybe(
        "delete from nodes where node = $1 and owner = $2",
        params![node, owner],
    );
    super::won(db.commit(commit).await).map(|_| ())
}

/// Leases or renews every shard that is free or ours, and answers which are ours.
pub async fn lease_shards(app: &App, owner: &str) -> Result<Vec<i64>, Unavailable> {
    let mut ours = Vec::new();
    for shard in 0..SHARDS {
        let mut commit = Commit::new(0, NODES + shard);
        commit.one(
            "insert into shards (shard, owner, fence, until) values ($1, $2, 1, $3) \
             on conflict (shard) do update set \
               fence = case when shards.owner = $2 then shards.fence else shards.fence + 1 end, \
               owner = $2, until = $3 \
             where shards.owner = $2 or shards.until < $4",
            params![shard, owner, until(app.now()), app.now()],
        );
        if super::won(app.db.commit(commit).await)? {
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
        params![owner, app.now()],
    );
    super::won(app.db.commit(commit).await).map(|_| ())
}
