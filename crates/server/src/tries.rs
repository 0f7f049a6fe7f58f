//! Sign-ins that failed, and how long the next try must wait: by account and place together, so
//! that a stranger's guesses close an account to the stranger alone. A place is an address, or a
//! browser that the account was signed in with before. Behind a proxy that forwards no address all
//! clients share one: it is no place, and only guesses from anywhere are counted there.

use crate::net::subnet;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard};

/// Failures that are forgiven; each further one waits twice as long as the one before.
const FAILURES_FREE: u32 = 4;
/// The same for all places together that no good sign-in came from: guesses from many addresses.
const FAILURES_FREE_ANYWHERE: u32 = 100;
/// The first wait.
const WAIT: SignedDuration = SignedDuration::from_mins(1);
/// The longest wait.
const WAIT_LONGEST: SignedDuration = SignedDuration::from_hours(1);
/// Failures are forgotten after a day without one.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// Rows that are kept; the ones that failed longest ago go first.
const ROWS_MAX: usize = 65_536;

/// An account, whether or not there is one: its normal e-mail address, hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Account([u8; 32]);

impl Account {
    /// The account of an e-mail address.
    pub fn of(email: &str) -> Account {
        Account(Sha256::digest(email.as_bytes()).into())
    }
}

/// Where a sign-in comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// A browser that the account was signed in with before, by its cookie, hashed.
    Browser([u8; 32]),
    /// Any other browser at an address (a /64 of IPv6).
    Address(IpAddr),
    /// Any other browser when its address is unknown.
    Anywhere,
}

impl Place {
    /// A browser with the cookie of an earlier sign-in.
    pub fn of_browser(cookie: &str) -> Place {
        Place::Browser(Sha256::digest(cookie.as_bytes()).into())
    }

    /// Any other browser, at its address when that is known. Loopback is a proxy on this machine.
    pub fn of_address(address: Option<IpAddr>) -> Place {
        match address {
            Some(address) if !address.is_loopback() => Place::Address(subnet(address)),
            _ => Place::Anywhere,
        }
    }

    /// The rows in which its failures are counted, each with how many are free.
    fn rows(self, account: Account) -> impl Iterator<Item = (Key, u32)> + Clone {
        let own = (self != Place::Anywhere).then_some((Some(self), FAILURES_FREE));
        let stranger = !matches!(self, Place::Browser(_));
        let anywhere = stranger.then_some((None, FAILURES_FREE_ANYWHERE));
        let rows = own.into_iter().chain(anywhere);
        rows.map(move |(place, free)| ((account, place), free))
    }
}

#[derive(Debug, Clone, Copy)]
struct Row {
    failures: u32,
    failed_at: Timestamp,
    wait_until: Timestamp,
}

/// The failures that are remembered. In memory: a restart forgives.
#[derive(Default)]
pub struct Tries(Mutex<Rows>);

/// The place must wait.
#[derive(Debug, PartialEq, Eq)]
pub struct MustWait;

impl Tries {
    /// Begins a try. It counts as failed until [`Tries::succeed`] or [`Tries::forgive`] says
    /// otherwise, so that tries which come together are counted one by one.
    pub fn begin(&self, account: Account, place: Place, now: Timestamp) -> Result<(), MustWait> {
        let mut rows = self.rows();
        let waits = |(key, _)| rows.get(&key).is_some_and(|row| row.wait_until > now);
        if place.rows(account).any(waits) {
            return Err(MustWait);
        }
        make_room(&mut rows, now);
        for (key, free) in place.rows(account) {
            fail(&mut rows, key, free, now);
        }
        Ok(())
    }

    /// The try was good: the place begins anew.
    pub fn succeed(&self, account: Account, place: Place) {
        self.forgive(account, place);
        self.rows().remove(&(account, Some(place)));
    }

    /// The try was neither good nor bad: it does not count.
    pub fn forgive(&self, account: Account, place: Place) {
        let mut rows = self.rows();
        for (key, _) in place.rows(account) {
            if let Some(row) = rows.get_mut(&key) {
                row.failures = row.failures.saturating_sub(1);
                row.wait_until = row.failed_at;
            }
        }
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// An account at a place; at all places together without one.
type Key = (Account, Option<Place>);
type Rows = HashMap<Key, Row>;

fn fail(rows: &mut Rows, key: Key, free: u32, now: Timestamp) {
    let row = rows.entry(key).or_insert(Row {
        failures: 0,
        failed_at: now,
        wait_until: now,
    });
    if now.duration_since(row.failed_at) > KEPT {
        row.failures = 0;
    }
    row.failures = row.failures.saturating_add(1);
    row.failed_at = now;
    if let Some(beyond) = row.failures.checked_sub(free + 1) {
        let doubled = 1_i32.checked_shl(beyond.min(16)).unwrap_or(i32::MAX);
        let wait = WAIT.saturating_mul(doubled).min(WAIT_LONGEST);
        row.wait_until = now.checked_add(wait).unwrap_or(Timestamp::MAX);
    }
}

fn make_room(rows: &mut Rows, now: Timestamp) {
    if rows.len() + 2 <= ROWS_MAX {
        return;
    }
    rows.retain(|_, row| now.duration_since(row.failed_at) <= KEPT);
    if rows.len() + 2 <= ROWS_MAX {
        return;
    }
    let mut times: Vec<Timestamp> = rows.values().map(|row| row.failed_at).collect();
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied().unwrap_or(now);
    rows.retain(|_, row| row.failed_at > middle);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str) -> Place {
        Place::of_address(address.parse().ok())
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn waits_double_and_belong_to_account_and_place() {
        let tries = Tries::default();
        let owner = Account::of("owner@example.com");
        let stranger = from("203.0.113.9");
        for _ in 0..5 {
            assert_eq!(tries.begin(owner, stranger, at(0)), Ok(()));
        }
        assert_eq!(tries.begin(owner, stranger, at(59)), Err(MustWait));
        assert_eq!(tries.begin(owner, stranger, at(60)), Ok(()));
        assert_eq!(tries.begin(owner, stranger, at(60 + 119)), Err(MustWait));
        assert_eq!(tries.begin(owner, stranger, at(60 + 120)), Ok(()));
        // Another account, another address and the owner's own browser do not wait.
        let others = [
            (Account::of("other@example.com"), stranger),
            (owner, from("203.0.113.10")),
            (owner, Place::of_browser("cookie")),
        ];
        for (account, place) in others {
            assert_eq!(tries.begin(account, place, at(0)), Ok(()));
        }
        assert_eq!(tries.begin(owner, stranger, at(200_000)), Ok(()));
        assert_eq!(
            tries.begin(owner, stranger, at(200_000)),
            Ok(()),
            "a day forgives"
        );
    }

    #[test]
    fn guesses_from_many_addresses_wait_and_the_owners_browser_does_not() {
        let tries = Tries::default();
        let owner = Account::of("owner@example.com");
        let place = |n: u32| from(&format!("203.0.{}.{}", n / 200, n % 200));
        for n in 0..101 {
            assert_eq!(tries.begin(owner, place(n), at(0)), Ok(()), "{n}");
        }
        assert_eq!(tries.begin(owner, place(200), at(0)), Err(MustWait));
        assert_eq!(
            tries.begin(owner, Place::of_browser("cookie"), at(0)),
            Ok(())
        );
    }

    #[test]
    fn where_nobody_is_told_apart_one_who_guesses_does_not_lock_the_others_out() {
        for shared in [from("127.0.0.1"), from("::1"), Place::of_address(None)] {
            let tries = Tries::default();
            let owner = Account::of("owner@example.com");
            for n in 0..101 {
                assert_eq!(tries.begin(owner, shared, at(0)), Ok(()), "{n}");
            }
            assert_eq!(tries.begin(owner, shared, at(0)), Err(MustWait));
            let browser = Place::of_browser("cookie");
            assert_eq!(tries.begin(owner, browser, at(0)), Ok(()));
        }
    }

    #[test]
    fn a_good_try_begins_anew_and_a_forgiven_one_does_not_count() {
        let tries = Tries::default();
        let owner = Account::of("owner@example.com");
        let home = from("203.0.113.9");
        for _ in 0..20 {
            for _ in 0..4 {
                assert_eq!(tries.begin(owner, home, at(0)), Ok(()));
            }
            tries.succeed(owner, home);
        }
        for _ in 0..4 {
            assert_eq!(tries.begin(owner, home, at(0)), Ok(()));
        }
        for _ in 0..20 {
            assert_eq!(tries.begin(owner, home, at(0)), Ok(()));
            tries.forgive(owner, home);
        }
    }

    #[test]
    fn a_flood_of_accounts_does_not_fill_the_memory() {
        let tries = Tries::default();
        for n in 0..40_000 {
            let account = Account::of(&format!("{n}@example.com"));
            let place = from("203.0.113.9");
            assert_eq!(tries.begin(account, place, at(n)), Ok(()));
        }
        assert!(tries.rows().len() <= ROWS_MAX);
    }
}
