//! The merchants that the simulated system knows: one on Vakıfbank's gateway, one on its former hosts, one
//! of Ziraat. Published are all of Vakıfbank's credentials and Ziraat's at the MPI; the rest is made up.

use crate::cards::{Card, Program};
use crate::pages::Brand;

/// The banks, by their protocol.
pub(crate) struct Payflex;

/// A merchant's account.
pub(crate) struct Account {
    pub(super) merchant: &'static str,
    pub(super) terminal: &'static str,
    /// For messages and their search.
    pub(super) password: &'static str,
    /// For the MPI, and in the hash of callbacks.
    pub(super) mpi_password: &'static str,
    pub(super) brand: Brand,
    /// The gateway: callbacks have MdStatus and a hash, and the sale after them names no card and no
    /// amount. Elsewhere callbacks are not signed and the sale repeats both.
    pub(super) gateway: bool,
    /// How a host's date is written.
    pub(super) host_date: &'static str,
    /// Whose points it takes.
    program: Program,
}

impl Account {
    /// Whether the bank knows the card's purse.
    pub(super) fn rewards(&self, card: &Card) -> bool {
        self.program == card.program
    }
}

const VAKIFBANK: Brand = Brand {
    theme: "plain",
    name: "Vakıfbank",
};

static ACCOUNTS: [Account; 3] = [
    Account {
        merchant: "000000000007955",
        terminal: "VP000123",
        password: "123Ab456",
        mpi_password: "123Ab456",
        brand: VAKIFBANK,
        gateway: true,
        host_date: "%Y%m%d%H%M%S",
        program: Program::VakifbankWorld,
    },
    Account {
        merchant: "000100000013506",
        terminal: "VP000579",
        password: "123456",
        mpi_password: "123456",
        brand: VAKIFBANK,
        gateway: false,
        host_date: "%Y%m%d%H%M%S",
        program: Program::VakifbankWorld,
    },
    Account {
        merchant: "000000000281567",
        terminal: "VP281567",
        password: "ZIRAATVPOS",
        mpi_password: "123456",
        brand: Brand {
            theme: "plain",
            name: "Ziraat Bankası",
        },
        gateway: false,
        host_date: "%m%d%H%M%S",
        program: Program::Bankkart,
    },
];

/// The account of a merchant's number.
pub(super) fn of(merchant: &str) -> Option<&'static Account> {
    ACCOUNTS.iter().find(|account| account.merchant == merchant)
}
