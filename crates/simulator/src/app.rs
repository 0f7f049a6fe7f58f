//! What every bank's door shares, and what every bank asks of a card before anything else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use jiff::Timestamp;

use crate::cards::{self, Card, Cards};
use crate::clock::istanbul;
use crate::faults::Faults;
use crate::ledger::{Kind, Ledger};
use crate::pages::Held;
use crate::payflex::Enrolments;
use crate::seal::Sealer;
use crate::session::Numbered;

/// What every door shares.
pub(crate) struct App {
    pub(crate) public_url: String,
    pub(crate) now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) log: bool,
    pub(crate) sealer: Sealer,
    pub(crate) cards: Cards,
    pub(crate) ledger: Ledger,
    pub(crate) faults: Faults,
    pub(crate) switches: Switches,
    pub(crate) held: Arc<Held>,
    pub(crate) numbered: Numbered,
    /// What PayFlex's MPI keeps of 3D Secure.
    pub(crate) enrolments: Enrolments,
}

/// Behaviour that a tester may turn over while the simulator runs.
pub(crate) struct Switches {
    /// The sale of 5400630000006667 succeeds, so that its refund can fail.
    pub(crate) requires_day_end_sale_succeeds: AtomicBool,
    /// How many seconds NestPay's `ORDERSTATUS` knows nothing of a new order.
    pub(crate) nestpay_status_empty_seconds: AtomicI64,
    /// Param's 3D Secure sessions are in its second data centre.
    pub(crate) param_second_node: AtomicBool,
    /// How many seconds Kuveyt Türk and Vakıf Katılım find nothing of a new order by its id.
    pub(crate) boa_status_empty_seconds: AtomicI64,
}

/// "The first seconds after a sale" is what was measured; how many they are is not public.
const STATUS_EMPTY_SECONDS: i64 = 3;

impl Default for Switches {
    fn default() -> Switches {
        Switches {
            requires_day_end_sale_succeeds: AtomicBool::new(false),
            nestpay_status_empty_seconds: AtomicI64::new(STATUS_EMPTY_SECONDS),
            param_second_node: AtomicBool::new(false),
            boa_status_empty_seconds: AtomicI64::new(0),
        }
    }
}

impl Switches {
    pub(crate) fn status_empty_seconds(&self) -> i64 {
        self.nestpay_status_empty_seconds.load(Ordering::Relaxed)
    }
}

impl App {
    pub(crate) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// The card of a number and an expiry (year of two digits, month), or the code with which every
    /// bank refuses them.
    pub(crate) fn accept(
        &self,
        pan: &str,
        expires: Option<(i16, i8)>,
    ) -> Result<&Arc<Card>, &'static str> {
        let card = self
            .cards
            .find(pan)
            .filter(|_| cards::passes_luhn(pan))
            .ok_or("14")?;
        let Some((year, month)) = expires else {
            return Err("T15");
        };
        let today = istanbul(self.now());
        let last = (today.year() - 2000, today.month());
        if !(1..=12).contains(&month) {
            return Err("T15");
        }
        if (year, month) < last {
            return Err("54");
        }
        Ok(card)
    }

    /// The error group of a sale with this card, if it must fail.
    pub(crate) fn failing_group(
        &self,
        card: &Card,
        kind: Kind,
        secure: bool,
    ) -> Option<&'static str> {
        let group = match (card.hold, kind) {
            (Some(group), Kind::Hold) => Some(group),
            _ if secure => card.secure_sale,
            _ => card.sale,
        };
        let waived = self
            .switches
            .requires_day_end_sale_succeeds
            .load(Ordering::Relaxed);
        group.filter(|group| !(waived && *group == "REQUIRES_DAY_END"))
    }
}
