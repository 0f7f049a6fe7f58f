//! Shares of a total: proportional, in whole minor units, and always summing exactly.

use connectors::bank::RewardMoney;

/// Splits `total` in proportion to `weights` by largest remainder: each share is rounded down, and
/// what is left goes, one unit each, to the largest fractions, of equal ones to the later. So a
/// weight of 0 gets nothing, and no share exceeds its weight when `total` is not above their sum.
/// The shares always sum to `total`. With no weight at all everything goes to the last.
///
/// The rule is ours (platform-semantics 5.2 names none).
pub fn proportionally(total: i64, weights: &[i64]) -> Vec<i64> {
    let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    let mut shares = vec![0; weights.len()];
    if whole == 0 {
        if let Some(last) = shares.last_mut() {
            *last = total;
        }
        return shares;
    }
    let mut left = total;
    let mut fractions = Vec::with_capacity(weights.len());
    for (position, (share, weight)) in shares.iter_mut().zip(weights).enumerate() {
        let exact = i128::from(total) * i128::from(*weight);
        *share = i64::try_from(exact / whole).unwrap_or(0);
        left -= *share;
        fractions.push((exact % whole, position));
    }
    // Less is left than there are fractions above zero: each of them is below one unit.
    fractions.sort_unstable();
    for (_, position) in fractions.into_iter().rev() {
        if left == 0 {
            break;
        }
        shares[position] += 1;
        left -= 1;
    }
    shares
}

/// The points that go back with `amount` of a sale (taken, of which points), of which some went back before
/// (money, of which points). The card's part of all that went back is rounded half up, the rest of it are
/// points (pos-protocols 3.1); each purse gets its share of what is left in it, so the last refund gives
/// back what is left.
pub fn points_back(
    (taken, spent): (i64, RewardMoney),
    (refunded, given): (i64, RewardMoney),
    amount: i64,
) -> RewardMoney {
    let left = [
        spent.card - given.card,
        spent.firm - given.firm,
        spent.mile - given.mile,
    ];
    let all_left: i64 = left.iter().sum();
    let back = refunded + amount;
    let points = if back < taken {
        points_among(taken, spent.card + spent.firm + spent.mile, back)
    } else {
        taken
    };
    let given = given.card + given.firm + given.mile;
    let points = (points - given).clamp(0, all_left.min(amount));
    let shares = proportionally(points, &left);
    RewardMoney {
        card: shares[0],
        firm: shares[1],
        mile: shares[2],
    }
}

/// The points among `back` of a sale of `taken` that spent `points`.
fn points_among(taken: i64, points: i64, back: i64) -> i64 {
    let (taken, back) = (i128::from(taken), i128::from(back));
    let by_card = (2 * back * (taken - i128::from(points)) + taken) / (2 * taken);
    i64::try_from(back - by_card).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_left_goes_by_largest_fraction_and_of_equal_ones_to_the_later() {
        assert_eq!(proportionally(100, &[1, 1, 1]), [33, 33, 34]);
        assert_eq!(proportionally(200, &[1, 1, 1]), [66, 67, 67]);
        assert_eq!(proportionally(100, &[30, 50, 20]), [30, 50, 20]);
        assert_eq!(proportionally(10, &[5, 3, 6]), [4, 2, 4]);
        assert_eq!(proportionally(100, &[1, 1, 1, 0]), [33, 33, 34, 0]);
        assert_eq!(proportionally(2, &[1, 0, 1, 0, 1]), [0, 0, 1, 0, 1]);
        assert_eq!(proportionally(7, &[0, 0]), [0, 7]);
        assert_eq!(proportionally(7, &[]), Vec::<i64>::new());
    }

    fn money(card: i64, firm: i64, mile: i64) -> RewardMoney {
        RewardMoney { card, firm, mile }
    }

    #[test]
    fn the_points_of_a_refund_are_those_of_the_banks_document() {
        // 10.00, of which 3.00 points; 5.00 goes back as 3.50 and 1.50.
        let none = RewardMoney::default();
        let first = points_back((1000, money(300, 0, 0)), (0, none), 500);
        assert_eq!(first, money(150, 0, 0));
        let last = points_back((1000, money(300, 0, 0)), (500, first), 500);
        assert_eq!(last, money(150, 0, 0));
        // The card's part is rounded half up: of 0.01 with half points it gets all.
        assert_eq!(points_back((1000, money(500, 0, 0)), (0, none), 1), none);
        let all = money(5, 3, 2);
        assert_eq!(points_back((10, all), (0, none), 10), all);
    }

    proptest! {
        #[test]
        fn points_spent_are_points_returned_in_the_end(
            purses in proptest::array::uniform3(0i64..5_000),
            by_card in 0i64..10_000,
            refunds in proptest::collection::vec(1i64..3_000, 1..20),
        ) {
            let spent = money(purses[0], purses[1], purses[2]);
            let taken = purses.iter().sum::<i64>() + by_card;
            let (mut refunded, mut given) = (0, RewardMoney::default());
            for wanted in refunds.into_iter().chain([taken]) {
                let amount = wanted.min(taken - refunded);
                if amount == 0 {
                    break;
                }
                let points = points_back((taken, spent), (refunded, given), amount);
                prop_assert!(points.card >= 0 && points.firm >= 0 && points.mile >= 0);
                prop_assert!(points.card + points.firm + points.mile <= amount);
                refunded += amount;
                given = money(
                    given.card + points.card,
                    given.firm + points.firm,
                    given.mile + points.mile,
                );
            }
            if refunded == taken {
                prop_assert_eq!(given, spent);
            }
        }

        #[test]
        fn shares_sum_exactly_and_are_never_negative(
            total in 0i64..1_000_000_000_000,
            weights in proptest::collection::vec(0i64..1_000_000_000, 1..50),
        ) {
            let shares = proportionally(total, &weights);
            prop_assert_eq!(shares.iter().sum::<i64>(), total);
            prop_assert!(shares.iter().all(|s| *s >= 0));
        }

        #[test]
        fn shares_are_within_one_unit_and_nothing_goes_to_a_weight_of_nothing(
            total in 0i64..1_000_000,
            weights in proptest::collection::vec(0i64..1_000, 1..50),
            heavy in 1i64..1_000,
        ) {
            let mut weights = weights;
            weights.insert(0, heavy);
            let whole: i64 = weights.iter().sum();
            for (share, weight) in proportionally(total, &weights).iter().zip(&weights) {
                prop_assert!((share * whole - total * weight).abs() < whole);
                prop_assert!(*weight > 0 || *share == 0);
            }
        }

        #[test]
        fn a_part_of_a_total_is_nowhere_more_than_the_total(
            paid in 0i64..1_000_000,
            part in 0u8..=100,
            prices in proptest::collection::vec(0i64..1_000, 1..50),
        ) {
            let wallet = paid * i64::from(part) / 100;
            let paid_shares = proportionally(paid, &prices);
            let wallet_shares = proportionally(wallet, &paid_shares);
            prop_assert_eq!(wallet_shares.iter().sum::<i64>(), wallet);
            prop_assert!(wallet_shares.iter().zip(&paid_shares).all(|(wallet, paid)| wallet <= paid));
        }

        #[test]
        fn a_larger_weight_never_gets_less(
            total in 0i64..1_000_000,
            weights in proptest::collection::vec(1i64..1_000, 2..20),
        ) {
            let shares = proportionally(total, &weights);
            for (one, weight) in shares.iter().zip(&weights) {
                for (other, lighter) in shares.iter().zip(&weights) {
                    prop_assert!(weight <= lighter || one >= other);
                }
            }
        }
    }
}
