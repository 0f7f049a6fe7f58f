//! What every payment reads and hardly anybody changes, kept in memory with its secrets opened: the
//! owners of API keys, and merchants' POSes with their commission tables and routing rules.
//!
//! Every commit that changes one of them counts in `settings_version`. A lookup trusts what it finds
//! for [`LOOK_EVERY`] after that number was last read; then one lookup reads it again and the others go
//! on, up to [`STALE_MAX`]. So a POS that another process closed is used no longer than that, and what
//! this process changed counts at once.

use super::commissions::{self, Commissions};
use super::db::{Db, Unavailable, params};
use super::merchants::{self, KeyOwner};
use super::poses::{self, Pos};
use super::routing_rules::{self, RoutingRule};
use crate::app::App;
use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long the version is trusted before it is read again.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long it is trusted at most while somebody reads it.
pub const STALE_MAX: Duration = Duration::from_secs(1);
/// How long an entry is kept: what somebody changes in the database by hand is not counted.
const KEPT_MAX: Duration = Duration::from_secs(60);
/// Entries of each kind; when there are more, all are forgotten.
const ENTRIES_MAX: usize = 10_000;

/// What is kept.
#[derive(Default)]
pub struct Memory {
    seen: RwLock<Option<Seen>>,
    /// Held by the one that reads the version.
    looking: Mutex<()>,
    owners: Entries<String, KeyOwner>,
    poses: Entries<i64, Arc<[Arc<Pos>]>>,
    commissions: Entries<i64, Arc<Commissions>>,
    routing_rules: Entries<i64, Arc<[RoutingRule]>>,
}

#[derive(Clone, Copy)]
struct Seen {
    version: i64,
    at: Instant,
}

/// As of which changes an entry was read: those of every process, and those of this one.
type AsOf = (i64, u64);

impl Memory {
    /// Who owns an API key that was not revoked.
    pub async fn key_owner(
        &self,
        app: &App,
        api_key: &str,
    ) -> Result<Option<KeyOwner>, Unavailable> {
        let as_of = self.as_of(&app.db).await?;
        if let Some(owner) = self.owners.get(api_key, as_of) {
            return Ok(Some(owner));
        }
        let owner = merchants::read_key_owner(app, api_key).await?;
        if let Some(owner) = &owner {
            self.owners.put(api_key.to_owned(), owner.clone(), as_of);
        }
        Ok(owner)
    }

    /// A merchant's POSes that are not deleted, in routing order.
    pub async fn poses(&self, app: &App, merchant_id: i64) -> Result<Arc<[Arc<Pos>]>, Unavailable> {
        let read = async {
            let poses = poses::of_merchant(app, merchant_id).await?;
            Ok(poses.into_iter().map(Arc::new).collect())
        };
        self.kept(&app.db, &self.poses, merchant_id, read).await
    }

    /// The commission tables of a merchant's POSes.
    pub async fn commissions(
        &self,
        app: &App,
        merchant_id: i64,
    ) -> Result<Arc<Commissions>, Unavailable> {
        let read = async { Ok(Arc::new(commissions::of_merchant(app, merchant_id).await?)) };
        let kept = self.kept(&app.db, &self.commissions, merchant_id, read);
        kept.await
    }

    /// A merchant's routing rules, in order.
    pub async fn routing_rules(
        &self,
        app: &App,
        merchant_id: i64,
    ) -> Result<Arc<[RoutingRule]>, Unavailable> {
        let read = async { Ok(routing_rules::of_merchant(app, merchant_id).await?.into()) };
        let kept = self.kept(&app.db, &self.routing_rules, merchant_id, read);
        kept.await
    }

    /// What is kept of a merchant, or else read now.
    async fn kept<V: Clone>(
        &self,
        db: &Db,
        entries: &Entries<i64, V>,
        merchant_id: i64,
        read: impl Future<Output = Result<V, Unavailable>>,
    ) -> Result<V, Unavailable> {
        let as_of = self.as_of(db).await?;
        if let Some(value) = entries.get(&merchant_id, as_of) {
            return Ok(value);
        }
        let value = read.await?;
        entries.put(merchant_id, value.clone(), as_of);
        Ok(value)
    }

    /// As of which changes an entry must have been read to be used now.
    async fn as_of(&self, db: &Db) -> Result<AsOf, Unavailable> {
        // Before anything is read: what changes from here on makes the entry old.
        let own = db.settings_changes();
        let seen = *self.seen.read().unwrap_or_else(PoisonError::into_inner);
        let age = seen.map(|seen| (seen.version, seen.at.elapsed()));
        let _looking = match (age, self.looking.try_lock()) {
            (Some((version, age)), _) if age < LOOK_EVERY => return Ok((version, own)),
            (Some((version, age)), Err(_)) if age < STALE_MAX => return Ok((version, own)),
            (_, looking) => looking,
        };
        let at = Instant::now();
        let version = "select version from settings_version where id = 1";
        let row = db.row(version, params![]).await?;
        let version = row
            .ok_or_else(|| Unavailable::new("settings_version has no row"))?
            .int("version")?;
        let seen = Some(Seen { version, at });
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = seen;
        Ok((version, own))
    }
}

/// What was read as of the same changes. The first that is read as of others ends the rest, secrets of
/// revoked keys among them.
struct Entries<K, V>(RwLock<AsOfOne<K, V>>);

struct AsOfOne<K, V> {
    as_of: Option<AsOf>,
    by_key: HashMap<K, (Instant, V)>,
}

impl<K, V> Default for Entries<K, V> {
    fn default() -> Entries<K, V> {
        Entries(RwLock::new(AsOfOne {
            as_of: None,
            by_key: HashMap::new(),
        }))
    }
}

impl<K: Hash + Eq, V: Clone> Entries<K, V> {
    fn get<Q>(&self, key: &Q, as_of: AsOf) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let entries = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if entries.as_of != Some(as_of) {
            return None;
        }
        let (read_at, value) = entries.by_key.get(key)?;
        (read_at.elapsed() < KEPT_MAX).then(|| value.clone())
    }

    fn put(&self, key: K, value: V, as_of: AsOf) {
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if entries.as_of != Some(as_of) || entries.by_key.len() >= ENTRIES_MAX {
            entries.by_key.clear();
            entries.as_of = Some(as_of);
        }
        entries.by_key.insert(key, (Instant::now(), value));
    }
}
