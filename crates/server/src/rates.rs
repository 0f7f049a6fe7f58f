//! How often somebody may ask: token buckets for addresses that have not proved who they are, and
//! for API keys. Refusals are counted here, and told to the operator once a minute.

use crate::net::subnet;
use jiff::Timestamp;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

/// Buckets that are kept; those that are full again go first.
const BUCKETS_MAX: usize = 65_536;
/// Addresses that are remembered for a good signature.
const KNOWN_MAX: usize = 8_192;
/// Seconds that an address is remembered after its last good signature.
const KNOWN_SECONDS: i64 = 3600;
/// Millionths of a token.
const TOKEN: i64 = 1_000_000;

/// A bucket's size and how fast it fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Tokens that come back in a second.
    pub per_second: u32,
    /// Tokens that a full bucket holds.
    pub burst: u32,
}

/// What the operator set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// For requests whose signature has not been verified, by address; none without a limit.
    pub strangers: Option<Rate>,
    /// For signed requests, by API key; none without a limit.
    pub keys: Option<Rate>,
    /// For the panel's forms before a sign-in, by address; none without a limit.
    pub sign_ins: Option<Rate>,
}

/// Far more than a shop that is being set up makes, far less than what would cost us anything.
pub const STRANGERS: Rate = Rate {
    per_second: 20,
    burst: 400,
};

/// A person who mistypes makes a try every few seconds; an office behind one address has many.
pub const SIGN_INS: Rate = Rate {
    per_second: 1,
    burst: 30,
};

/// For what browsers bring back about one payment: twenty returns, then one in five seconds.
const RETURNS: Rate = Rate {
    per_second: 1,
    burst: 100,
};
const RETURN_TOKENS: u32 = 5;

impl Default for RateLimits {
    /// Strangers are limited; signed requests are not.
    fn default() -> RateLimits {
        RateLimits {
            strangers: Some(STRANGERS),
            keys: None,
            sign_ins: Some(SIGN_INS),
        }
    }
}

/// The buckets of a server.
pub struct Rates {
    strangers: Option<Buckets<IpAddr>>,
    keys: Option<Buckets<String>>,
    sign_ins: Option<Buckets<IpAddr>>,
    returns: Buckets<i64>,
    known: Mutex<HashMap<(i64, IpAddr), i64>>,
    refused: OnceAMinute,
}

impl Rates {
    /// Full buckets.
    pub fn new(limits: RateLimits) -> Rates {
        Rates {
            strangers: limits.strangers.map(Buckets::new),
            keys: limits.keys.map(Buckets::new),
            sign_ins: limits.sign_ins.map(Buckets::new),
            returns: Buckets::new(RETURNS),
            known: Mutex::default(),
            refused: OnceAMinute::default(),
        }
    }

    /// Seconds that an address must wait before it is heard. Loopback is the proxy or the operator
    /// himself, and where a good signature came from lately there is a shop to serve: neither waits.
    pub fn stranger_waits(&self, address: IpAddr, now: Timestamp) -> Option<u32> {
        let strangers = self.strangers.as_ref()?;
        if address.is_loopback() || self.is_known(ANY_MERCHANT, address, now) {
            return None;
        }
        let wait = strangers.wait(&subnet(address), now)?;
        self.refuse();
        Some(wait)
    }

    /// Takes from an address's bucket what a request without a good signature costs.
    pub fn charge_stranger(&self, address: IpAddr, tokens: u32, now: Timestamp) {
        if let Some(strangers) = &self.strangers {
            strangers.charge(subnet(address), tokens, now);
        }
    }

    /// Seconds that an API key must wait; otherwise one of its tokens is taken.
    pub fn key_waits(&self, api_key: &str, now: Timestamp) -> Option<u32> {
        let keys = self.keys.as_ref()?;
        let wait = keys.wait(api_key, now);
        match wait {
            Some(_) => self.refuse(),
            None => keys.charge(api_key.to_owned(), 1, now),
        }
        wait
    }

    /// Seconds that an address must wait before it may post a form of the panel without a session;
    /// otherwise one of its tokens is taken.
    pub fn sign_in_waits(&self, address: IpAddr, now: Timestamp) -> Option<u32> {
        let sign_ins = self.sign_ins.as_ref().filter(|_| !address.is_loopback())?;
        let wait = sign_ins.wait(&subnet(address), now);
        match wait {
            Some(_) => self.refuse(),
            None => sign_ins.charge(subnet(address), 1, now),
        }
        wait
    }

    /// Whether bank or lender is asked about one more return of a payment's browser; anyone who knows
    /// the address can send any number of them.
    pub fn hears_return(&self, payment_id: i64, now: Timestamp) -> bool {
        let is_heard = self.returns.wait(&payment_id, now).is_none();
        if is_heard {
            self.returns.charge(payment_id, RETURN_TOKENS, now);
        }
        is_heard
    }

    /// Counts a refusal that was decided elsewhere.
    pub fn count_refusal(&self) {
        self.refuse();
    }

    /// Remembers that a good signature of a merchant came from an address.
    pub fn remember(&self, merchant_id: i64, address: IpAddr, now: Timestamp) {
        let mut known = locked(&self.known);
        if known.len() >= KNOWN_MAX {
            known.retain(|_, at| now.as_second() - *at < KNOWN_SECONDS);
        }
        if known.len() >= KNOWN_MAX {
            let mut times: Vec<i64> = known.values().copied().collect();
            times.sort_unstable();
            let middle = times.get(times.len() / 2).copied().unwrap_or(i64::MAX);
            known.retain(|_, at| *at > middle);
        }
        for merchant in [ANY_MERCHANT, merchant_id] {
            known.insert((merchant, subnet(address)), now.as_second());
        }
    }

    /// Whether a good signature of a merchant came from an address within the hour.
    pub fn is_known(&self, merchant_id: i64, address: IpAddr, now: Timestamp) -> bool {
        let at = locked(&self.known)
            .get(&(merchant_id, subnet(address)))
            .copied();
        at.is_some_and(|at| now.as_second() - at < KNOWN_SECONDS)
    }

    fn refuse(&self) {
        if let Some(count) = self.refused.count() {
            tracing::warn!(count, "requests were refused for coming too often");
        }
    }
}

/// In [`Rates::is_known`]: of whichever merchant.
pub const ANY_MERCHANT: i64 = 0;

/// Buckets by whom they belong to; who has none has a full one.
struct Buckets<K> {
    rate: Rate,
    of: Mutex<HashMap<K, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    /// Millionths of tokens; below zero when many requests were under way at once.
    tokens: i64,
    at_micros: i64,
}

impl<K: Eq + Hash> Buckets<K> {
    fn new(rate: Rate) -> Buckets<K> {
        Buckets {
            rate,
            of: Mutex::default(),
        }
    }

    fn full(&self) -> i64 {
        i64::from(self.rate.burst).saturating_mul(TOKEN)
    }

    /// A bucket as it is now. One token a second is one millionth a microsecond.
    fn filled(&self, bucket: Bucket, now: Timestamp) -> Bucket {
        let passed = now.as_microsecond().saturating_sub(bucket.at_micros).max(0);
        let gained = passed.saturating_mul(i64::from(self.rate.per_second));
        Bucket {
            tokens: bucket.tokens.saturating_add(gained).min(self.full()),
            at_micros: now.as_microsecond(),
        }
    }

    /// Seconds until one token is there; `None` when one is.
    fn wait<Q>(&self, whose: &Q, now: Timestamp) -> Option<u32>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let bucket = *locked(&self.of).get(whose)?;
        let missing = TOKEN - self.filled(bucket, now).tokens;
        if missing <= 0 {
            return None;
        }
        let a_second = i64::from(self.rate.per_second.max(1)).saturating_mul(TOKEN);
        let seconds = missing.div_euclid(a_second).saturating_add(1);
        Some(u32::try_from(seconds).unwrap_or(u32::MAX))
    }

    fn charge(&self, whose: K, tokens: u32, now: Timestamp) {
        let mut of = locked(&self.of);
        if of.len() >= BUCKETS_MAX {
            of.retain(|_, bucket| self.filled(*bucket, now).tokens < self.full());
        }
        if of.len() >= BUCKETS_MAX {
            // More addresses at once than anybody honest has: all begin anew.
            of.clear();
        }
        let full = Bucket {
            tokens: self.full(),
            at_micros: now.as_microsecond(),
        };
        let bucket = of.entry(whose).or_insert(full);
        *bucket = self.filled(*bucket, now);
        let cost = i64::from(tokens).saturating_mul(TOKEN);
        bucket.tokens = bucket.tokens.saturating_sub(cost).max(-self.full());
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Counts what happens often, and lets it be told once a minute.
pub struct OnceAMinute {
    since: tokio::time::Instant,
    /// The second, since the beginning, from which on it may be told again.
    next: AtomicI64,
    count: AtomicU64,
}

impl Default for OnceAMinute {
    fn default() -> OnceAMinute {
        OnceAMinute {
            since: tokio::time::Instant::now(),
            next: AtomicI64::new(0),
            count: AtomicU64::new(0),
        }
    }
}

impl OnceAMinute {
    /// Counts one more; how many there were since it was told last, when it is time to tell.
    pub fn count(&self) -> Option<u64> {
        self.count.fetch_add(1, Ordering::Relaxed);
        let now = i64::try_from(self.since.elapsed().as_secs()).unwrap_or(i64::MAX);
        let next = self.next.load(Ordering::Relaxed);
        let ours = now >= next
            && self
                .next
                .compare_exchange(next, now + 60, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        ours.then(|| self.count.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9));

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
    }

    fn rates() -> Rates {
        let rate = Rate {
            per_second: 2,
            burst: 4,
        };
        Rates::new(RateLimits {
            strangers: Some(rate),
            keys: Some(rate),
            sign_ins: Some(rate),
        })
    }

    #[test]
    fn a_stranger_waits_when_his_bucket_is_empty_and_not_longer_than_it_takes_to_fill() {
        let rates = rates();
        for _ in 0..2 {
            assert_eq!(rates.stranger_waits(SHOP, at(0)), None);
            rates.charge_stranger(SHOP, 2, at(0));
        }
        assert_eq!(rates.stranger_waits(SHOP, at(0)), Some(1));
        assert_eq!(rates.stranger_waits(SHOP, at(499)), Some(1));
        assert_eq!(rates.stranger_waits(SHOP, at(500)), None);
        // However many were under way at once, the wait has a bound.
        rates.charge_stranger(SHOP, 1_000, at(500));
        assert_eq!(rates.stranger_waits(SHOP, at(500)), Some(3));
        // Others do not wait for him; his neighbours in an IPv6 network do.
        assert_eq!(
            rates.stranger_waits("203.0.113.10".parse().unwrap(), at(500)),
            None
        );
        rates.charge_stranger("2a00:1450::1".parse().unwrap(), 9, at(0));
        let neighbour: IpAddr = "2a00:1450::2".parse().unwrap();
        assert_eq!(rates.stranger_waits(neighbour, at(0)), Some(3));
    }

    #[test]
    fn where_a_good_signature_came_from_nobody_waits_for_an_hour() {
        let rates = rates();
        rates.charge_stranger(SHOP, 100, at(0));
        rates.remember(7, SHOP, at(0));
        assert_eq!(rates.stranger_waits(SHOP, at(0)), None);
        assert!(rates.is_known(7, SHOP, at(0)));
        assert!(!rates.is_known(8, SHOP, at(0)));
        assert!(!rates.is_known(7, SHOP, at(3_600_000)));
    }

    #[test]
    fn a_key_waits_for_its_own_requests_alone() {
        let rates = rates();
        for _ in 0..4 {
            assert_eq!(rates.key_waits("a", at(0)), None);
        }
        assert_eq!(rates.key_waits("a", at(0)), Some(1));
        assert_eq!(rates.key_waits("b", at(0)), None);
        assert_eq!(rates.key_waits("a", at(1_000)), None);
    }

    #[test]
    fn a_flood_of_addresses_does_not_fill_the_memory() {
        let rates = rates();
        for n in 0..u32::try_from(BUCKETS_MAX).unwrap() + 10 {
            rates.charge_stranger(IpAddr::V4(n.into()), 100, at(0));
            rates.remember(i64::from(n), IpAddr::V4(n.into()), at(i64::from(n)));
        }
        assert!(locked(&rates.strangers.as_ref().unwrap().of).len() <= BUCKETS_MAX);
        assert!(locked(&rates.known).len() <= KNOWN_MAX + 2);
    }
}
