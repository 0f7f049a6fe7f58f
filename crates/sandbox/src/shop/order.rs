//! An order and its one attempt in flight: who may begin, what may follow what. Pure; the caller
//! holds the lock, asks the gateway between two steps, and reports what came of it.

use super::lang::Lang;
use super::outcome::{Failure, Receipt, Tried, Trouble};
use std::time::Instant;

/// Which way of paying an attempt takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Card,
    Loan,
}

/// What a loan waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// The shop's approval.
    Approval,
    /// The bank's decision, which a webhook announces.
    Webhook,
    /// The shopper, who left the bank's page before the end. Another way may be taken instead.
    Shopper,
    /// An answer to a further question.
    Verify,
}

/// What the shopper's browser is sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BankPage {
    /// 3DS: a page to show.
    Html(String),
    /// Loan: an address to go to.
    Url(String),
}

/// Where an order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Can be paid.
    Open,
    /// The gateway is being asked; a second click finds this and waits.
    Asking(Way),
    /// The shopper is at the bank.
    AtBank { payment: i64, page: BankPage },
    /// Back from the bank, the last step is being taken.
    Finishing { payment: i64, way: Way },
    /// A loan that is not decided.
    Applied { payment: i64, action: Action },
    /// The outcome is not known yet. Must not be paid again.
    Doubt { payment: Option<i64>, way: Way },
    /// Paid.
    Paid { payment: i64 },
}

/// One product of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    /// Place in the catalogue.
    pub(super) product: usize,
    pub(super) quantity: u32,
}

/// Rewards that were asked for, and for which card.
#[derive(Debug, Clone)]
pub(super) struct Rewards {
    /// First six and last four digits, apart.
    pub(super) card: (String, String),
    /// The answer's `loyalties`, as they came.
    pub(super) found: Vec<serde_json::Value>,
    /// Name of the card's family, or nothing.
    pub(super) brand: String,
    /// The bank wants 3DS for this card.
    pub(super) force_threeds: bool,
}

impl Rewards {
    /// Whether they were asked for the card with these first six and last four digits.
    pub(super) fn is_of(&self, first: &str, last: &str) -> bool {
        self.card.0 == first && self.card.1 == last
    }
}

/// An order.
pub(super) struct Order {
    pub(super) id: String,
    pub(super) visitor: String,
    /// Which cart it was made of: the same cart makes no second order.
    pub(super) cart: String,
    pub(super) lines: Vec<Line>,
    /// In kuruş.
    pub(super) total: i64,
    /// The current attempt, from 1; 0 before the first.
    pub(super) attempt: u32,
    pub(super) stage: Stage,
    /// Grows with every change, so that a waiting page sees that something happened.
    pub(super) version: u64,
    /// Why the last attempt failed.
    pub(super) failure: Option<Failure>,
    pub(super) receipt: Option<Receipt>,
    pub(super) rewards: Option<Rewards>,
    /// The answer to the last question for offers.
    pub(super) offers: Option<serde_json::Value>,
    /// The lender's page of the last application.
    pub(super) bank_url: Option<String>,
    /// An application that was left unfinished for another way of paying. It stays open at the bank
    /// until it is withdrawn there or its time is over.
    pub(super) left: Option<i64>,
    /// The bank paid a loan out after the order was paid another way.
    pub(super) paid_twice: Option<i64>,
    /// Which published card was typed last, to fill the form again without keeping a number.
    pub(super) test_card: Option<usize>,
    /// The shopper's language, for what is asked without a browser.
    pub(super) lang: Lang,
    /// When an undecided payment was last asked about.
    pub(super) asked_at: Option<Instant>,
}

impl Order {
    /// A new order of these lines.
    pub(super) fn new(
        id: String,
        visitor: String,
        cart: String,
        lines: Vec<Line>,
        total: i64,
    ) -> Order {
        Order {
            id,
            visitor,
            cart,
            lines,
            total,
            attempt: 0,
            stage: Stage::Open,
            version: 1,
            failure: None,
            receipt: None,
            rewards: None,
            offers: None,
            bank_url: None,
            left: None,
            paid_twice: None,
            test_card: None,
            lang: Lang::Tr,
            asked_at: None,
        }
    }

    /// The shop's reference of the current attempt: conversation id, and idempotency key of what
    /// pays, so that a repeated call pays once.
    pub(super) fn reference(&self) -> String {
        format!("shop-{}-{}", self.id, self.attempt)
    }

    /// The payment that the current attempt made, as far as it is known.
    pub(super) fn payment(&self) -> Option<i64> {
        match self.stage {
            Stage::Open | Stage::Asking(_) => None,
            Stage::Doubt { payment, .. } => payment,
            Stage::AtBank { payment, .. }
            | Stage::Finishing { payment, .. }
            | Stage::Applied { payment, .. }
            | Stage::Paid { payment } => Some(payment),
        }
    }

    /// The way of what is under way.
    pub(super) fn way(&self) -> Way {
        match &self.stage {
            Stage::Asking(way) | Stage::Finishing { way, .. } | Stage::Doubt { way, .. } => *way,
            Stage::AtBank {
                page: BankPage::Url(_),
                ..
            }
            | Stage::Applied { .. } => Way::Loan,
            _ => Way::Card,
        }
    }

    /// The order was placed: its cart can be emptied.
    pub(super) fn is_placed(&self) -> bool {
        let placed = matches!(self.stage, Stage::Paid { .. } | Stage::Applied { .. });
        placed && !self.is_unfinished()
    }

    /// The shopper left the bank's page before the application was sent.
    pub(super) fn is_unfinished(&self) -> bool {
        matches!(
            self.stage,
            Stage::Applied {
                action: Action::Shopper,
                ..
            }
        )
    }

    /// Whether an attempt can begin.
    pub(super) fn can_begin(&self) -> bool {
        self.stage == Stage::Open || self.is_unfinished()
    }

    fn move_to(&mut self, stage: Stage) {
        self.version += 1;
        self.stage = stage;
    }

    /// Begins an attempt, unless one is under way or the order is paid. An application that the
    /// shopper did not finish is left behind.
    pub(super) fn begin(&mut self, way: Way) -> bool {
        if !self.can_begin() {
            return false;
        }
        if self.is_unfinished() {
            self.left = self.payment();
        }
        self.attempt += 1;
        self.failure = None;
        self.move_to(Stage::Asking(way));
        true
    }

    /// The gateway answered an attempt with a page for the browser.
    pub(super) fn mark_at_bank(&mut self, payment: i64, page: BankPage) {
        if matches!(self.stage, Stage::Asking(_)) {
            self.move_to(Stage::AtBank { payment, page });
        }
    }

    /// The browser is back with a genuine result: the last step may be taken, once.
    pub(super) fn finish(&mut self, of: i64) -> bool {
        let way = self.way();
        let mine = match self.stage {
            Stage::AtBank { payment, .. } => payment == of,
            Stage::Applied { payment, action } => payment == of && action == Action::Approval,
            _ => false,
        };
        if mine {
            self.move_to(Stage::Finishing { payment: of, way });
        }
        mine
    }

    /// The payment is taken. True when that is news.
    pub(super) fn mark_paid(&mut self, of: i64, receipt: Receipt) -> bool {
        let mine = match self.stage {
            Stage::Open | Stage::Paid { .. } => false,
            Stage::Asking(_) => true,
            _ => self.payment().is_none_or(|payment| payment == of),
        };
        if mine {
            self.failure = None;
            self.receipt = Some(receipt);
            self.move_to(Stage::Paid { payment: of });
        }
        mine
    }

    /// The attempt failed for certain: another may follow.
    pub(super) fn mark_failed(&mut self, of: Option<i64>, failure: Failure) {
        let mine = match self.stage {
            Stage::Open | Stage::Paid { .. } => false,
            Stage::Asking(_) => true,
            _ => of.is_none() || self.payment().is_none() || self.payment() == of,
        };
        if mine {
            let tried = match (self.way(), &self.stage) {
                (Way::Loan, _) => Tried::Loan,
                (Way::Card, Stage::Doubt { .. }) => Tried::CardInDoubt,
                (Way::Card, _) => Tried::Card,
            };
            self.rewards = None;
            self.failure = Some(Failure { tried, ..failure });
            self.move_to(Stage::Open);
        }
    }

    /// A call about the attempt has no result: it failed, or its outcome is not known.
    pub(super) fn note_trouble(&mut self, of: Option<i64>, trouble: &Trouble) {
        match trouble {
            Trouble::Refused(refusal) if !refusal.is_doubt() => {
                self.mark_failed(of.or(refusal.payment()), Failure::of(refusal));
            }
            Trouble::Refused(refusal) => self.mark_in_doubt(of.or(refusal.payment())),
            Trouble::Unknown => self.mark_in_doubt(of),
        }
    }

    /// The bank paid out, or ended, the application that was left unfinished.
    pub(super) fn end_left(&mut self, of: i64, paid: bool) {
        if self.left != Some(of) {
            return;
        }
        self.left = None;
        match (paid, &self.stage) {
            (false, _) => {}
            (true, Stage::Open) => {
                self.failure = None;
                self.receipt = Some(Receipt::default());
                self.move_to(Stage::Paid { payment: of });
            }
            (true, _) => {
                self.paid_twice = Some(of);
                self.version += 1;
            }
        }
    }

    /// The outcome of the attempt is not known.
    pub(super) fn mark_in_doubt(&mut self, payment: Option<i64>) {
        let way = self.way();
        let payment = payment.or_else(|| self.payment());
        match (way, payment, &self.stage) {
            (_, _, Stage::Open | Stage::Paid { .. } | Stage::Doubt { .. }) => {}
            // A lender can be asked.
            (Way::Loan, Some(payment), _) => self.move_to(Stage::Applied {
                payment,
                action: Action::Verify,
            }),
            _ => self.move_to(Stage::Doubt { payment, way }),
        }
    }

    /// A loan is not decided: this comes next.
    pub(super) fn mark_applied(&mut self, of: i64, action: Action) {
        let next = Stage::Applied {
            payment: of,
            action,
        };
        let open = matches!(self.stage, Stage::Open | Stage::Paid { .. });
        let mine = self.payment().is_none_or(|payment| payment == of);
        if !open && mine && self.stage != next {
            self.move_to(next);
        }
    }

    /// A payment in doubt has this id.
    pub(super) fn name_payment(&mut self, id: i64) {
        if let Stage::Doubt { payment: None, way } = self.stage {
            self.stage = Stage::Doubt {
                payment: Some(id),
                way,
            };
        }
    }

    /// The shopper leaves the bank's 3DS page behind. Nothing was taken, and nothing will be: the
    /// last step is the shop's, and it is not taken for an attempt that is not the current one.
    pub(super) fn give_up(&mut self) -> bool {
        let at_threeds = matches!(
            self.stage,
            Stage::AtBank {
                page: BankPage::Html(_),
                ..
            }
        );
        if at_threeds {
            self.move_to(Stage::Open);
        }
        at_threeds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Order {
        Order::new("o".into(), "v".into(), "c".into(), Vec::new(), 100)
    }

    fn at_threeds(payment: i64) -> Order {
        let mut order = order();
        assert!(order.begin(Way::Card));
        order.mark_at_bank(payment, BankPage::Html("<p>".into()));
        order
    }

    fn at_lender(payment: i64) -> Order {
        let mut order = order();
        assert!(order.begin(Way::Loan));
        order.mark_at_bank(payment, BankPage::Url("http://bank".into()));
        order
    }

    #[test]
    fn a_second_click_begins_nothing() {
        let mut order = order();
        assert!(order.begin(Way::Card));
        let first = order.reference();
        assert!(!order.begin(Way::Card) && !order.begin(Way::Loan));
        assert_eq!(order.reference(), first);
        assert!(order.mark_paid(1, Receipt::default()));
        assert!(!order.begin(Way::Card));
    }

    #[test]
    fn a_failed_attempt_is_followed_by_one_with_another_reference() {
        let mut order = order();
        order.begin(Way::Card);
        let first = order.reference();
        order.mark_failed(None, Failure::default());
        assert!(order.failure.is_some() && order.begin(Way::Loan));
        assert_ne!(order.reference(), first);
        assert!(order.failure.is_none());
    }

    #[test]
    fn a_return_is_finished_once_and_only_by_its_own_payment() {
        let mut order = at_threeds(7);
        assert!(!order.finish(8));
        assert!(order.finish(7));
        assert!(!order.finish(7));
        assert!(order.mark_paid(7, Receipt::default()));
        assert!(!order.mark_paid(7, Receipt::default()));
    }

    #[test]
    fn an_attempt_that_was_given_up_is_never_finished() {
        let mut order = at_threeds(7);
        assert!(order.give_up());
        assert!(!order.finish(7));
        assert!(order.begin(Way::Card));
        order.mark_at_bank(9, BankPage::Html("<p>".into()));
        assert!(!order.finish(7) && order.finish(9));
    }

    #[test]
    fn a_loan_cannot_be_given_up_at_the_bank() {
        let mut order = at_lender(7);
        assert!(!order.give_up() && !order.begin(Way::Card));
        order.mark_failed(Some(7), Failure::default());
        assert!(order.begin(Way::Card));
    }

    #[test]
    fn an_unfinished_application_gives_way_to_another_payment() {
        let mut order = at_lender(7);
        order.mark_applied(7, Action::Shopper);
        assert!(order.is_unfinished() && !order.is_placed());
        assert!(order.begin(Way::Card) && order.left == Some(7));
        // The bank pays out what was left: after the card was taken both are, and it is said.
        assert!(order.mark_paid(8, Receipt::default()));
        order.end_left(9, true);
        assert_eq!(order.paid_twice, None);
        order.end_left(7, true);
        assert_eq!(order.paid_twice, Some(7));
        assert_eq!(order.stage, Stage::Paid { payment: 8 });

        // Withdrawn, it is gone; paid out before anything else was tried, it pays the order.
        let mut order = at_lender(7);
        order.mark_applied(7, Action::Shopper);
        order.begin(Way::Card);
        order.mark_failed(None, Failure::default());
        order.end_left(7, true);
        assert_eq!(order.stage, Stage::Paid { payment: 7 });
        let mut order = at_lender(7);
        order.mark_applied(7, Action::Shopper);
        order.begin(Way::Card);
        order.end_left(7, false);
        assert_eq!((order.left, order.paid_twice), (None, None));
    }

    #[test]
    fn a_failure_tells_what_was_tried() {
        let mut order = order();
        order.begin(Way::Card);
        order.mark_failed(None, Failure::default());
        let tried = |order: &Order| order.failure.as_ref().unwrap().tried;
        assert_eq!(tried(&order), Tried::Card);
        order.begin(Way::Card);
        order.mark_in_doubt(Some(7));
        order.mark_failed(Some(7), Failure::default());
        assert_eq!(tried(&order), Tried::CardInDoubt);
        let mut order = at_lender(7);
        order.mark_failed(Some(7), Failure::default());
        assert_eq!(tried(&order), Tried::Loan);
    }

    #[test]
    fn a_loan_waits_is_approved_once_and_ends() {
        let mut order = at_lender(7);
        order.mark_applied(7, Action::Webhook);
        assert!(!order.finish(7), "the bank has not decided");
        let version = order.version;
        order.mark_applied(7, Action::Approval);
        assert!(order.version > version && order.is_placed());
        assert!(order.finish(7) && !order.finish(7));
        assert!(order.mark_paid(7, Receipt::default()));
        order.mark_applied(7, Action::Approval);
        order.mark_failed(Some(7), Failure::default());
        assert_eq!(order.stage, Stage::Paid { payment: 7 });
    }

    #[test]
    fn doubt_lets_nobody_pay_again_until_it_is_settled() {
        let mut order = order();
        order.begin(Way::Card);
        order.mark_in_doubt(None);
        assert!(!order.begin(Way::Card) && !order.give_up());
        order.name_payment(7);
        order.mark_failed(Some(8), Failure::default());
        assert!(
            !order.begin(Way::Card),
            "another payment's end settles nothing"
        );
        order.mark_failed(Some(7), Failure::default());
        assert!(order.begin(Way::Card));
        let mut loan = at_lender(7);
        assert!(loan.finish(7));
        loan.mark_in_doubt(Some(7));
        let verify = Stage::Applied {
            payment: 7,
            action: Action::Verify,
        };
        assert_eq!(loan.stage, verify);
    }
}
