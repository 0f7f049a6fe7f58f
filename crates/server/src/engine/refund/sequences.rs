//! Refunds of one payment, one after the other with every outcome, thousands of times: the plan of what goes back
//! (`share`, `left_of`), its points (`points_back`) and what the books become of it (`Books`), without a database.

use super::{Part, left_of, share};
use crate::engine::split::{points_back, proportionally};
use crate::store::payments::{Amount, Item};
use crate::store::refunds::Books;
use connectors::bank::RewardMoney;
use contract::enums::Currency;
use proptest::prelude::*;

/// The books of a payment, as the columns of `payments` and `payment_items` keep them.
struct Paid {
    captured: i64,
    refunded: i64,
    pending: i64,
    items: Vec<Item>,
    spent: RewardMoney,
    given: RewardMoney,
}

/// What a shop asks for, and what becomes of it.
#[derive(Debug, Clone)]
struct Step {
    /// An item and how much of it, or what is left of all of them.
    part: Option<(usize, Option<i64>)>,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    Made,
    Refused,
    /// In doubt, and settled as made or not.
    Doubt(bool),
    /// Given back outside.
    Marked,
}

fn item((place, price): (usize, i64), paid_price: i64) -> Item {
    Item {
        id: i64::try_from(place).unwrap(),
        name: None,
        external_id: None,
        price: Amount {
            minor: price,
            scale: 2,
        },
        paid_price,
        wallet_price: 0,
        refunded: 0,
        refund_pending: 0,
        sub_merchant_member_id: None,
        sub_merchant_price: None,
        blockage_day: None,
    }
}

fn sum(of: RewardMoney) -> i64 {
    of.card + of.firm + of.mile
}

fn add(one: RewardMoney, other: RewardMoney) -> RewardMoney {
    RewardMoney {
        card: one.card + other.card,
        firm: one.firm + other.firm,
        mile: one.mile + other.mile,
    }
}

impl Paid {
    /// A sale of these prices with interest, of which so many hundredths of each half were points.
    fn of(prices: &[i64], interest: i64, points: [i64; 2]) -> Paid {
        let captured = prices.iter().sum::<i64>() + interest;
        let shares = proportionally(captured, prices);
        let items = prices.iter().copied().enumerate().zip(shares);
        let [card, firm] = points.map(|hundredths| captured / 2 * hundredths / 100);
        Paid {
            captured,
            refunded: 0,
            pending: 0,
            items: items.map(|(priced, paid)| item(priced, paid)).collect(),
            spent: RewardMoney {
                card,
                firm,
                mile: 0,
            },
            given: RewardMoney::default(),
        }
    }

    /// What the plan gives back of which item; nothing where it refuses.
    fn plan(&self, part: Option<(usize, Option<i64>)>) -> Vec<(i64, i64)> {
        let shares = match part {
            None => {
                let items = self.items.iter();
                items.map(|item| (item.id, left_of(item))).collect()
            }
            Some((place, amount)) => {
                let item_id = self.items[place % self.items.len()].id;
                let part = Part { item_id, amount };
                share(Currency::Try, &self.items, part)
                    .into_iter()
                    .collect()
            }
        };
        let shares: Vec<(i64, i64)> = shares;
        shares
            .into_iter()
            .filter(|(_, amount)| *amount > 0)
            .collect()
    }

    fn change(&mut self, shares: &[(i64, i64)], books: Books) {
        for (id, amount) in shares {
            let (pending, back) = books.of(*amount);
            let item = self.items.iter_mut().find(|item| item.id == *id).unwrap();
            item.refund_pending += pending;
            item.refunded += back;
        }
        let (pending, back) = books.of(shares.iter().map(|(_, amount)| amount).sum());
        self.pending += pending;
        self.refunded += back;
        self.hold();
    }

    /// What is true at every step.
    fn hold(&self) {
        assert!(self.captured >= self.refunded + self.pending);
        assert!(self.refunded >= 0 && self.pending >= 0);
        let of_items = |amount: fn(&Item) -> i64| self.items.iter().map(amount).sum::<i64>();
        assert_eq!(of_items(|item| item.paid_price), self.captured);
        assert_eq!(of_items(|item| item.refunded), self.refunded);
        assert_eq!(of_items(|item| item.refund_pending), self.pending);
        assert_eq!(
            of_items(left_of),
            self.captured - self.refunded - self.pending
        );
        for item in &self.items {
            assert!(
                item.paid_price >= item.refunded + item.refund_pending,
                "{item:?}"
            );
            assert!(item.refunded >= 0 && item.refund_pending >= 0, "{item:?}");
        }
        assert!(sum(self.given) <= self.refunded);
        assert!(self.given.card <= self.spent.card && self.given.firm <= self.spent.firm);
    }

    fn play(&mut self, step: &Step) {
        let shares = self.plan(step.part);
        let amount: i64 = shares.iter().map(|(_, amount)| amount).sum();
        if amount == 0 {
            return;
        }
        let sale = (self.captured, self.spent);
        let points = points_back(sale, (self.refunded, self.given), amount);
        if step.outcome == Outcome::Marked {
            self.given = add(self.given, points);
            return self.change(&shares, Books::Mark);
        }
        self.change(&shares, Books::Reserve);
        // While it is open no other is planned; a whole one would find the rest and no more.
        let rest: i64 = self.plan(None).iter().map(|(_, amount)| amount).sum();
        assert_eq!(rest, self.captured - self.refunded - amount);
        if matches!(step.outcome, Outcome::Made | Outcome::Doubt(true)) {
            self.given = add(self.given, points);
            self.change(&shares, Books::GiveBack);
        } else {
            self.change(&shares, Books::Release);
        }
    }
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => Just(Outcome::Made),
        1 => Just(Outcome::Refused),
        1 => any::<bool>().prop_map(Outcome::Doubt),
        1 => Just(Outcome::Marked),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let amount = proptest::option::weighted(0.8, 1i64..5_000);
    let part = proptest::option::weighted(0.9, (0usize..9, amount));
    (part, outcome()).prop_map(|(part, outcome)| Step { part, outcome })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 5_000,
        rng_seed: proptest::test_runner::RngSeed::Fixed(10),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_is_asked_for_never_more_goes_back_than_was_taken_and_in_the_end_all_of_it(
        prices in proptest::collection::vec(1i64..20_000, 1..9),
        interest in 0i64..5_000,
        points in proptest::array::uniform2(0i64..100),
        steps in proptest::collection::vec(step(), 1..25),
    ) {
        let mut paid = Paid::of(&prices, interest, points);
        paid.hold();
        for step in &steps {
            paid.play(step);
        }
        // The rest goes back whole: then everything did, and every point.
        paid.play(&Step { part: None, outcome: Outcome::Made });
        prop_assert_eq!(paid.refunded, paid.captured);
        prop_assert_eq!(paid.given, paid.spent);
        prop_assert!(paid.plan(None).is_empty());
    }
}
