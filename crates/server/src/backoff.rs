//! How long to wait before what failed is tried again: longer each time, never the same for all.

use crate::random;
use std::time::Duration;

/// The wait after so many failures in a row: `first`, doubled with each further one up to `longest`,
/// give or take a fifth, so that what failed together does not come again together.
pub fn wait_after(failures: u32, first: Duration, longest: Duration) -> Duration {
    let doubled = 1_u32
        .checked_shl(failures.saturating_sub(1))
        .filter(|times| *times > 0)
        .and_then(|times| first.checked_mul(times))
        .unwrap_or(longest)
        .min(longest);
    let mut chance = [0];
    random::fill(&mut chance);
    doubled * (205 + u32::from(chance[0]) * 2 / 5) / 256
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_give_or_take_a_fifth() {
        let (first, longest) = (Duration::from_secs(1), Duration::from_secs(300));
        for (failures, wait) in [
            (0, 1),
            (1, 1),
            (2, 2),
            (5, 16),
            (9, 256),
            (10, 300),
            (99, 300),
        ] {
            let about = Duration::from_secs(wait);
            for _ in 0..50 {
                let waited = wait_after(failures, first, longest);
                assert!(waited >= about * 4 / 5 && waited <= about * 6 / 5);
            }
        }
    }
}
