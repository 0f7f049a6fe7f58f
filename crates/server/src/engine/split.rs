//! Shares of a total: proportional, in whole minor units, and always summing exactly.

/// Splits `total` in proportion to `weights`, rounding each share down and giving what is left to
/// the last. The shares always sum to `total`. With no weight at all everything goes to the last.
///
/// The rule is ours (platform-semantics 5.2 names none): the remainder on the last item.
pub fn proportionally(total: i64, weights: &[i64]) -> Vec<i64> {
    let Some(last) = weights.len().checked_sub(1) else {
        return Vec::new();
    };
    let whole: i128 = weights.iter().map(|w| i128::from(*w)).sum();
    let mut shares = Vec::with_capacity(weights.len());
    let mut given = 0;
    for weight in &weights[..last] {
        let share = match whole {
            0 => 0,
            _ => i64::try_from(i128::from(total) * i128::from(*weight) / whole).unwrap_or(0),
        };
        given += share;
        shares.push(share);
    }
    shares.push(total - given);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_remainder_goes_to_the_last() {
        assert_eq!(proportionally(100, &[1, 1, 1]), [33, 33, 34]);
        assert_eq!(proportionally(100, &[30, 50, 20]), [30, 50, 20]);
        assert_eq!(proportionally(7, &[0, 0]), [0, 7]);
        assert_eq!(proportionally(7, &[]), Vec::<i64>::new());
    }

    proptest! {
        #[test]
        fn shares_sum_exactly_and_are_never_negative(
            total in 0i64..1_000_000_000_000,
            weights in proptest::collection::vec(0i64..1_000_000_000, 1..50),
        ) {
            let shares = proportionally(total, &weights);
            prop_assert_eq!(shares.iter().sum::<i64>(), total);
            prop_assert!(shares.iter().all(|s| *s >= 0));
        }
    }
}
