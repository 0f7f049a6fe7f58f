//! One file a lender protocol, and the lenders as rows of data. Which merchant uses which lender is the
//! server's business.

pub mod maslak;

use crate::account::{Field, LenderSlot, Words, words};
use crate::lender::Lender;
use contract::enums::{ApmType, Currency, PaymentProvider};

/// A lender, or a facilitator with banks behind it.
pub struct LenderRow {
    /// The method by which shops name it.
    pub apm: ApmType,
    /// What a payment through it says.
    pub provider: PaymentProvider,
    /// What people call it.
    pub name: &'static str,
    /// How one asks people to set it up.
    pub set_it_up: Words,
    /// How it is spoken to.
    pub protocol: &'static dyn Lender,
    /// What an account needs, beside the address, before it can be used.
    pub fields: &'static [Field<LenderSlot>],
    /// The currencies that it lends in.
    pub currencies: &'static [Currency],
    /// The banks behind it, and how each approves by its published agreement.
    pub banks: &'static [LendingBank],
}

/// A bank that lends, and how it approves unless the merchant's agreement says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LendingBank {
    /// Three-digit EFT code.
    pub code: &'static str,
    /// Disburses on approval; otherwise the loan waits for the merchant.
    pub approves_by_itself: bool,
}

impl LendingBank {
    /// Its one name.
    pub fn name(&self) -> &'static str {
        let code = self.code.parse().ok();
        code.and_then(crate::directory::bank_name)
            .unwrap_or(self.code)
    }
}

/// Every lender.
pub static LENDERS: [LenderRow; 1] = [LenderRow {
    apm: ApmType::Maslak,
    provider: PaymentProvider::Maslak,
    name: "Maslak",
    set_it_up: words("Maslak’ı tanımlayın", "set Maslak up"),
    protocol: &maslak::Maslak,
    fields: maslak::ACCOUNT,
    currencies: &[Currency::Try],
    banks: maslak::BANKS,
}];

/// The lender behind a payment method; `None` when no lender carries it.
pub fn row(apm: ApmType) -> Option<&'static LenderRow> {
    LENDERS.iter().find(|row| row.apm == apm)
}

/// The protocol behind a payment method; `None` when no lender carries it.
pub fn of_apm(apm: ApmType) -> Option<&'static dyn Lender> {
    row(apm).map(|row| row.protocol)
}

/// What people call a lender.
pub fn words_of(spelling: &str) -> Option<Words> {
    let row = LENDERS.iter().find(|row| row.apm.as_str() == spelling);
    row.map(|row| words(row.name, row.name))
}

/// Whether payments of this provider are loans.
pub fn is_lender(provider: PaymentProvider) -> bool {
    LENDERS.iter().any(|row| row.provider == provider)
}
