//! The five banks behind the lender: what each lends, at what price, and how it decides.
//! All numbers are made up; who approves by itself is the published behaviour.

use super::plan::{self, Plan};
use super::terms;
use super::wire::CartItem;
use jiff::civil::Date;

/// A bank that lends.
pub(crate) struct Bank {
    /// Three-digit EFT code.
    pub(crate) code: &'static str,
    /// Its name.
    pub(crate) name: &'static str,
    /// Theme of its pages.
    pub(crate) theme: &'static str,
    /// Colour of its icon.
    pub(crate) colour: &'static str,
    /// Second colour of its icon.
    pub(crate) accent: &'static str,
    /// Letters on its icon.
    pub(crate) letters: &'static str,
    /// Disburses on approval; otherwise the loan waits to be confirmed.
    pub(crate) approves_by_itself: bool,
    /// Assesses every application at length before it decides.
    pub(crate) assesses_at_length: bool,
    /// Shows its plans only on its own page.
    pub(crate) plan_calculated_by_bank: bool,
    /// Lends to people who are not its customers.
    pub(crate) supports_non_customers: bool,
    /// Least and most that it lends, in kuruş.
    pub(crate) amounts: (i64, i64),
    /// Months that it lends for.
    pub(crate) terms: &'static [u16],
    /// Monthly interest in millionths of a percent, taxes included: up to a year, and above.
    pub(crate) monthly_rates: (i64, i64),
}

const LIRA: i64 = 100;

/// In the order in which they are offered.
pub(crate) const BANKS: [Bank; 5] = [
    Bank {
        code: "064",
        name: "İş Bankası",
        theme: "isbank",
        colour: "#1f3f9e",
        accent: "#e6ecff",
        letters: "İŞ",
        approves_by_itself: true,
        assesses_at_length: false,
        plan_calculated_by_bank: false,
        supports_non_customers: false,
        amounts: (500 * LIRA, 250_000 * LIRA),
        terms: &[3, 6, 9, 12, 18, 24, 36],
        monthly_rates: (3_590_000, 3_790_000),
    },
    Bank {
        code: "046",
        name: "Akbank",
        theme: "akbank",
        colour: "#c8102e",
        accent: "#fff0f0",
        letters: "AK",
        approves_by_itself: true,
        assesses_at_length: false,
        plan_calculated_by_bank: false,
        supports_non_customers: true,
        amounts: (1_000 * LIRA, 300_000 * LIRA),
        terms: &[3, 6, 12, 24],
        monthly_rates: (3_790_000, 3_990_000),
    },
    Bank {
        code: "032",
        name: "TEB",
        theme: "teb",
        colour: "#0a7a4b",
        accent: "#e8f8ef",
        letters: "TEB",
        approves_by_itself: true,
        assesses_at_length: false,
        plan_calculated_by_bank: false,
        supports_non_customers: false,
        amounts: (250 * LIRA, 100_000 * LIRA),
        terms: &[2, 3, 6, 9, 12],
        monthly_rates: (3_490_000, 3_490_000),
    },
    Bank {
        code: "103",
        name: "Fibabanka",
        theme: "fibabanka",
        colour: "#005f83",
        accent: "#e3f6fb",
        letters: "FB",
        approves_by_itself: false,
        assesses_at_length: false,
        plan_calculated_by_bank: false,
        supports_non_customers: true,
        amounts: (500 * LIRA, 150_000 * LIRA),
        terms: &[3, 6, 9, 12, 15, 18, 24, 30, 36],
        monthly_rates: (4_090_000, 4_250_000),
    },
    Bank {
        code: "134",
        name: "Denizbank",
        theme: "denizbank",
        colour: "#14213d",
        accent: "#eef1f6",
        letters: "DB",
        approves_by_itself: false,
        assesses_at_length: true,
        plan_calculated_by_bank: true,
        supports_non_customers: true,
        amounts: (1_000 * LIRA, 400_000 * LIRA),
        terms: &[3, 6, 12, 24, 36],
        monthly_rates: (3_950_000, 4_150_000),
    },
];

/// The bank with this code.
pub(crate) fn of_code(code: &str) -> Option<&'static Bank> {
    BANKS.iter().find(|bank| bank.code == code)
}

impl Bank {
    /// Whether it lends this amount, in kuruş.
    pub(crate) fn lends(&self, amount: i64) -> bool {
        (self.amounts.0..=self.amounts.1).contains(&amount)
    }

    /// Its plans for a cart: its own terms as far as the law allows. Empty when it lends nothing.
    pub(crate) fn plans(&self, amount: i64, items: &[CartItem], today: Date) -> Vec<Plan> {
        let longest = terms::longest(amount, items, today);
        if !self.lends(amount) {
            return Vec::new();
        }
        let allowed = self.terms.iter().filter(|term| **term <= longest);
        allowed
            .filter_map(|term| plan::annuity(amount, *term, self.monthly_rate(*term)))
            .collect()
    }

    fn monthly_rate(&self, term: u16) -> i64 {
        if term <= 12 {
            self.monthly_rates.0
        } else {
            self.monthly_rates.1
        }
    }
}
