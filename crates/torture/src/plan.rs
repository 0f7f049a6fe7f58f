//! What a shopper does on a visit, decided by the seed and the visit's number alone. Nothing here knows what became
//! of anything, so the same seed decides the same, however the timing falls.

use crate::dice::Dice;
use serde_json::{Value, json};

/// A card of the simulator.
#[derive(Debug)]
pub(crate) struct Card {
    pub(crate) number: &'static str,
    /// The bank whose POS is tried first.
    bank: &'static str,
    /// Its points are spent and come back.
    pub(crate) has_points: bool,
}

const fn card(number: &'static str, bank: &'static str, has_points: bool) -> Card {
    Card {
        number,
        bank,
        has_points,
    }
}

/// The cards of all shoppers; the last one has no money.
pub(crate) const CARDS: [Card; 7] = [
    card("5209220000000002", "garanti", false),
    card("5400630000000009", "posnet", false),
    card("4043080000060007", "garanti", true),
    card("4048090000060001", "posnet", true),
    card("5209220000000002", "garanti", false),
    card("5400630000000009", "posnet", false),
    card("5100050000006661", "garanti", false),
];
/// The code on all of them.
pub(crate) const CVC: &str = "739";

/// What a visit is.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Of no other visit.
    pub(crate) number: u64,
    pub(crate) card: &'static Card,
    /// Kuruş; of no other visit, so that the banks' ledgers tell whose an order is.
    pub(crate) paid: i64,
    pub(crate) installment: i64,
    /// Kuruş of each item. What is paid above their sum is interest.
    pub(crate) items: Vec<i64>,
    /// Kuruş of card and firm points.
    pub(crate) points: (i64, i64),
    pub(crate) way: Way,
    /// The amount is held first, and taken by these, one after the other; `None` where it is taken at once.
    pub(crate) captures: Option<Vec<Capture>>,
    pub(crate) faults: Vec<Fault>,
    /// Whether the first request goes to the first process.
    pub(crate) first: usize,
    pub(crate) back: Vec<Back>,
    pub(crate) report: Option<Report>,
}

/// How a visit pays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Way {
    /// One request, without a key.
    Plain,
    /// One request with an idempotency key, repeated until it is answered.
    Keyed,
    /// The same twice at once, and once more when both are answered.
    KeyedTwice,
    /// The same request twice at once, without a key.
    DoubleSubmit,
    /// With a card that is stored first.
    Stored,
    /// Through the bank's page.
    ThreeDs(Page),
}

/// What becomes of a shopper at the bank's page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Page {
    /// Comes back, and the shop completes.
    Completes,
    /// Comes back, and the shop completes twice at once.
    CompletesTwice,
    /// Gives up and comes back.
    Cancels,
    /// Never leaves the shop.
    Abandons,
    /// Comes back to a shop that forgets to complete.
    IsForgotten,
    /// Comes back to a shop that ends the payment instead.
    IsEnded,
}

/// A bank's failure that is ordered for this visit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) bank: &'static str,
    pub(crate) verb: &'static str,
    kind: &'static str,
}

impl Fault {
    /// What the control API is told, without what it is matched by.
    pub(crate) fn order(&self) -> Value {
        let fault = match self.kind {
            "slow" => json!({"kind": "delay", "ms": 400}),
            "too_slow" => json!({"kind": "delay", "ms": 4000}),
            "500_after" => json!({"kind": "http_500", "after": true}),
            "no_funds" => json!({"kind": "decline", "code": "51"}),
            kind => json!({"kind": kind}),
        };
        json!({"bank": self.bank, "operation": self.verb, "fault": fault})
    }
}

/// Failures of messages.
const KINDS: [&str; 9] = [
    "lose_reply",
    "cut_reply",
    "garbage",
    "http_500",
    "500_after",
    "slow",
    "too_slow",
    "decline",
    "no_funds",
];
/// Failures of the bank's page.
const PAGE_KINDS: [&str; 3] = ["wrong_mac", "duplicate_callback", "decline"];

/// What is held is taken.
#[derive(Debug)]
pub(crate) struct Capture {
    /// Kuruş; no two captures of a visit take the same, so that the books tell which one was made.
    pub(crate) amount: i64,
    /// At the same moment.
    pub(crate) beside: Beside,
    pub(crate) keyed: bool,
    pub(crate) fault: Option<Fault>,
}

/// What is asked for at the moment of a capture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Beside {
    Nothing,
    /// Another process is asked to take so many kuruş.
    Another(i64),
    /// Another process is asked to release the hold.
    Release,
}

/// A report that is read while others pay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Report {
    /// The day before, at once, of this kind.
    OfYesterday(&'static str),
    /// What was played until now, asked for and fetched when its time has come: TRANSACTION or PAYMENT.
    Demanded(&'static str),
}

/// Money that goes back, once the payment succeeded.
#[derive(Debug)]
pub(crate) struct Back {
    pub(crate) what: What,
    /// The banks close their day first.
    pub(crate) day_ends: bool,
    pub(crate) keyed: bool,
    pub(crate) fault: Option<Fault>,
}

/// What goes back.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    /// What is left of the payment, asked for once or twice at once.
    Whole { twice: bool },
    /// Of an item so many thousandths of what was paid for it.
    Part { item: usize, thousandths: i64 },
    /// Several such parts of all items at once.
    Parts { count: usize, thousandths: i64 },
    /// Such a part was given back by hand, and is only noted.
    Mark { item: usize, thousandths: i64 },
}

impl Plan {
    /// The visit of this number.
    pub(crate) fn of(seed: u64, number: u64) -> Plan {
        let mut dice = Dice::of(seed, number);
        let card = &CARDS[dice.below(CARDS.len())];
        let way = way(&mut dice);
        let is_threeds = matches!(way, Way::ThreeDs(_));
        // Below a million the number tells visits apart.
        let paid =
            2_000 + i64::try_from(number % 900_000).unwrap_or(0) + 1_000_000 * dice.between(0, 3);
        let spends = card.has_points && way != Way::Stored && dice.percent(70);
        // Points are never held.
        let holds = !spends && dice.percent(30);
        let (mut points, mut installment, mut interest) = ((0, 0), 1, 0);
        if spends {
            points.0 = dice.between(1, paid / 2);
            // A bank's page takes points from the card's purse first.
            points.1 = if is_threeds {
                0
            } else {
                dice.between(0, paid / 4)
            };
        } else {
            installment = dice.one_of(&[1, 1, 1, 2, 3, 6]);
        }
        if installment > 1 {
            interest = dice.between(0, paid / 10);
        }
        Plan {
            number,
            card,
            paid,
            installment,
            items: items(&mut dice, paid - interest),
            points,
            way,
            captures: holds.then(|| captures(&mut dice, card.bank, paid)),
            faults: faults(&mut dice, card.bank, (is_threeds, holds)),
            first: dice.below(2),
            back: back(&mut dice, card.bank),
            report: report(&mut dice, number),
        }
    }

    /// Every amount that the payment may be of in the end.
    pub(crate) fn amounts(&self) -> Vec<i64> {
        let mut amounts = vec![self.paid];
        for capture in self.captures.iter().flatten() {
            amounts.push(capture.amount);
            if let Beside::Another(amount) = capture.beside {
                amounts.push(amount);
            }
        }
        amounts
    }

    /// Kuruş of all items.
    pub(crate) fn price(&self) -> i64 {
        self.items.iter().sum()
    }
}

fn way(dice: &mut Dice) -> Way {
    let pages = [
        Page::Completes,
        Page::Completes,
        Page::Completes,
        Page::CompletesTwice,
        Page::Cancels,
        Page::Abandons,
        Page::IsForgotten,
        Page::IsEnded,
    ];
    let page = Way::ThreeDs(dice.one_of(&pages));
    let ways = [
        Way::Plain,
        Way::Keyed,
        Way::Keyed,
        Way::KeyedTwice,
        Way::DoubleSubmit,
        Way::Stored,
        page,
        page,
        page,
    ];
    dice.one_of(&ways)
}

/// Some items that make up a price.
fn items(dice: &mut Dice, price: i64) -> Vec<i64> {
    let mut items = Vec::new();
    let mut left = price;
    for _ in 0..dice.below(5) {
        let item = dice.between(1, left / 2 + 1).min(left - 1);
        if item > 0 {
            items.push(item);
            left -= item;
        }
    }
    items.push(left);
    items
}

/// How what is held is taken: mostly once, sometimes again after one that the bank may refuse, sometimes never.
fn captures(dice: &mut Dice, bank: &'static str, held: i64) -> Vec<Capture> {
    let mut captures: Vec<Capture> = Vec::new();
    for _ in 0..dice.one_of(&[0, 1, 1, 1, 2, 2]) {
        // Both banks take up to 1.15 times; above one and a half times no bank is asked.
        let thousandths = match dice.below(6) {
            0 => dice.between(1, 500),
            1 => dice.between(500, 1_000),
            2 => dice.between(1_001, 1_150),
            3 => dice.between(1_151, 1_600),
            _ => 1_000,
        };
        let mut amount = (held * thousandths / 1_000).max(10);
        while captures.iter().any(|one| (one.amount - amount).abs() < 2) {
            amount -= 2;
        }
        let beside = match dice.below(8) {
            0 | 1 => Beside::Another(amount - 1),
            2 => Beside::Release,
            _ => Beside::Nothing,
        };
        let fault = Fault {
            bank,
            verb: dice.one_of(&["capture", "capture", "inquire"]),
            kind: dice.one_of(&KINDS),
        };
        captures.push(Capture {
            amount,
            beside,
            keyed: dice.percent(50),
            fault: dice.percent(40).then_some(fault),
        });
    }
    captures
}

/// Few, at visits that every run has, so that demands stay below what a merchant may have.
fn report(dice: &mut Dice, number: u64) -> Option<Report> {
    match number {
        11 | 67 => Some(Report::Demanded("TRANSACTION")),
        29 => Some(Report::Demanded("PAYMENT")),
        _ if dice.percent(4) => {
            let kind = dice.one_of(&["transaction", "payment"]);
            Some(Report::OfYesterday(kind))
        }
        _ => None,
    }
}

fn faults(dice: &mut Dice, bank: &'static str, (is_threeds, holds): (bool, bool)) -> Vec<Fault> {
    if !dice.percent(35) {
        return Vec::new();
    }
    let verbs: &[&str] = match (is_threeds, bank) {
        (false, _) if holds => &["hold"],
        (false, _) => &["sale"],
        (true, "posnet") => &[
            "threeds_init",
            "threeds_page",
            "threeds_resolve",
            "threeds_finish",
            "threeds_finish",
        ],
        (true, _) => &["threeds_page", "threeds_finish", "threeds_finish"],
    };
    let verb = dice.one_of(verbs);
    let kind = match verb {
        "threeds_page" => dice.one_of(&PAGE_KINDS),
        // Messages of 3D Secure are signed by the bank.
        _ if is_threeds && dice.percent(10) => "wrong_mac",
        _ => dice.one_of(&KINDS),
    };
    vec![Fault { bank, verb, kind }]
}

fn back(dice: &mut Dice, bank: &'static str) -> Vec<Back> {
    let mut steps = Vec::new();
    if dice.percent(30) {
        return steps;
    }
    for _ in 0..dice.between(1, 5) {
        let what = match dice.below(7) {
            6 => What::Mark {
                item: dice.below(5),
                thousandths: dice.between(1, 700),
            },
            0 => What::Whole { twice: false },
            1 => What::Whole { twice: true },
            2 => What::Parts {
                count: 2 + dice.below(5),
                thousandths: dice.between(1, 400),
            },
            3 => What::Part {
                item: dice.below(5),
                thousandths: 1000,
            },
            _ => What::Part {
                item: dice.below(5),
                thousandths: dice.between(1, 1000),
            },
        };
        let is_whole = matches!(what, What::Whole { .. });
        let day_ends = dice.percent(if is_whole { 30 } else { 80 });
        let verbs = match (is_whole, day_ends) {
            (true, false) => ["void", "inquire"],
            _ => ["refund", "inquire"],
        };
        let fault = Fault {
            bank,
            verb: dice.one_of(&verbs),
            kind: dice.one_of(&KINDS),
        };
        steps.push(Back {
            what,
            day_ends,
            keyed: dice.percent(50),
            fault: dice.percent(35).then_some(fault),
        });
    }
    // Half of them end whole, so that all points come back.
    if dice.percent(50) {
        steps.push(Back {
            what: What::Whole { twice: false },
            day_ends: true,
            keyed: true,
            fault: None,
        });
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_seed_decides_the_same_again_and_another_one_something_else() {
        let told = |seed| {
            (0..500)
                .map(|number| format!("{:?}", Plan::of(seed, number)))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(7), told(7));
        let (one, other) = (told(7), told(8));
        let alike = one.iter().zip(&other).filter(|(one, other)| one == other);
        assert_eq!(alike.count(), 0);
    }

    #[test]
    fn amounts_name_their_visit_and_items_make_up_the_price() {
        let mut seen = BTreeSet::new();
        for number in 0..20_000 {
            let plan = Plan::of(3, number);
            assert!(seen.insert(plan.paid), "{plan:?}");
            assert!(plan.items.iter().all(|item| *item > 0), "{plan:?}");
            assert!(plan.price() <= plan.paid, "{plan:?}");
            assert!(plan.points.0 + plan.points.1 < plan.paid, "{plan:?}");
            let taken = &plan.amounts()[1..];
            assert!(taken.iter().all(|amount| *amount > 0), "{plan:?}");
            let distinct: BTreeSet<&i64> = taken.iter().collect();
            assert_eq!(distinct.len(), taken.len(), "{plan:?}");
        }
    }
}
