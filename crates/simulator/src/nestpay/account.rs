//! The merchants that the simulated system knows: one at each bank that runs it, told apart by ClientId.
//! Those of İşbank, Ziraat and Akbank, and what is known of Türkiye Finans, are public test credentials.

use crate::cards::{Card, Program, Purse};
use crate::pages::Brand;

/// The banks, by their protocol.
pub(crate) struct Nestpay;

/// A merchant's account.
pub(crate) struct Account {
    pub(super) client: &'static str,
    pub(super) name: &'static str,
    pub(super) password: &'static str,
    pub(super) store_key: &'static str,
    pub(super) brand: Brand,
    /// Forms may still be signed by the first hash.
    pub(super) first_hash: bool,
    /// Terminal and merchant, where replies tell them.
    pub(super) terminal: Option<(&'static str, &'static str)>,
    /// Replies of the issuer as Ziraat words them.
    pub(super) traced: bool,
    pub(super) rewards: Option<Rewards>,
}

/// What a bank does with points: the names of its fields.
pub(super) struct Rewards {
    program: Program,
    /// How the titles of the issuers begin whose cards it takes; empty for any.
    issuer: &'static str,
    /// Spends.
    pub(super) spends: &'static str,
    /// What the card's own and the firm's purse hold; empty where it is not told.
    purses: [&'static str; 2],
    /// What was spent; empty where it is not told.
    used: &'static str,
    /// Points pay the whole price or nothing, and are lira and told when they are asked for. Elsewhere
    /// they are twelve digits of kuruş, in every reply about a card.
    pub(super) whole: bool,
}

impl Rewards {
    /// Whether the bank knows the card's purse.
    pub(super) fn takes(&self, card: &Card) -> bool {
        card.program == self.program && card.issuer.starts_with(self.issuer)
    }

    /// The fields that tell what a purse holds, in kuruş.
    pub(super) fn told(&self, purse: Purse) -> Vec<(&'static str, String)> {
        let money = |kurus: i64| {
            if self.whole {
                format!("{}.{:02}", kurus / 100, kurus % 100)
            } else {
                format!("{kurus:012}")
            }
        };
        let held = [purse.card, purse.firm];
        let told = self.purses.into_iter().zip(held);
        told.filter(|(name, _)| !name.is_empty())
            .map(|(name, kurus)| (name, money(kurus)))
            .collect()
    }

    /// What every reply about a card tells: what was spent, and what is left.
    pub(super) fn told_always(&self, used: i64, purse: Purse) -> Vec<(&'static str, String)> {
        let mut told = Vec::new();
        if self.whole {
            return told;
        }
        if !self.used.is_empty() {
            told.push((self.used, format!("{used:012}")));
            // One recording has digits here, another lira with a point: what is earned is not simulated.
            told.push(("KAZANILANPUAN", "000000000.00".to_owned()));
        }
        told.extend(self.told(purse));
        told
    }
}

const BONUS: Rewards = Rewards {
    program: Program::Bonus,
    issuer: "",
    spends: "KULLANPUAN",
    purses: ["KULLANILABILIRPUAN", "KULLANILABILIRBONUS"],
    used: "KULLANILANPUAN",
    whole: false,
};

const WHOLE: Rewards = Rewards {
    program: Program::Maximum,
    issuer: "",
    spends: "MAXIPUAN",
    purses: ["MAXIPUAN", ""],
    used: "",
    whole: true,
};

const fn account(
    client: &'static str,
    (name, password, store_key): (&'static str, &'static str, &'static str),
    theme: &'static str,
    bank: &'static str,
    rewards: Option<Rewards>,
) -> Account {
    Account {
        client,
        name,
        password,
        store_key,
        brand: Brand { theme, name: bank },
        first_hash: false,
        terminal: None,
        traced: false,
        rewards,
    }
}

const fn ziraat(client: &'static str) -> Account {
    let users = ("ZIRAATAPI", "ZIRAAT19", "123456");
    let rewards = Rewards {
        program: Program::Bankkart,
        purses: ["KULLANILABILIRPUAN", ""],
        ..BONUS
    };
    Account {
        traced: true,
        ..account(client, users, "plain", "Ziraat Bankası", Some(rewards))
    }
}

static ACCOUNTS: [Account; 10] = [
    Account {
        first_hash: true,
        terminal: Some(("00655020", "655000200")),
        ..account(
            "700655000200",
            ("ISBANKAPI", "ISBANK07", "TRPS0200"),
            "isbank",
            "Türkiye İş Bankası",
            Some(WHOLE),
        )
    },
    Account {
        first_hash: true,
        ..account(
            "100100000",
            ("AKTESTAPI", "AKBANK01", "123456"),
            "akbank",
            "Akbank",
            Some(Rewards {
                program: Program::Axess,
                spends: "CCBCHIPPARA",
                purses: ["CCBCHIPPARABAKIYE", "PCBCHIPPARABAKIYE"],
                used: "",
                ..BONUS
            }),
        )
    },
    ziraat("190100000"),
    ziraat("190200000"),
    account(
        "280000100",
        ("TFKBAPI", "TFKB0206", "TRPS2828"),
        "plain",
        "Türkiye Finans",
        None,
    ),
    account(
        "320100000",
        ("TEBAPI", "TEB00032", "TRPS0032"),
        "teb",
        "TEB",
        Some(Rewards {
            issuer: "TÜRK EKONOMİ",
            ..BONUS
        }),
    ),
    account(
        "120100000",
        ("HALKBANKAPI", "HALK0012", "TRPS0012"),
        "plain",
        "Halkbank",
        Some(Rewards {
            program: Program::Paraf,
            spends: "ODUL",
            purses: ["ODUL", ""],
            ..WHOLE
        }),
    ),
    account(
        "990100000",
        ("INGBANKAPI", "INGB0099", "TRPS0099"),
        "plain",
        "ING",
        Some(Rewards {
            issuer: "ING ",
            ..BONUS
        }),
    ),
    account(
        "135100000",
        ("ANADOLUAPI", "ANAD0135", "TRPS0135"),
        "plain",
        "Anadolubank",
        None,
    ),
    account(
        "103100000",
        ("FIBAAPI", "FIBA0103", "TRPS0103"),
        "fibabanka",
        "Fibabanka",
        None,
    ),
];

/// The account of a ClientId.
pub(super) fn of(client: &str) -> Option<&'static Account> {
    ACCOUNTS.iter().find(|account| account.client == client)
}
