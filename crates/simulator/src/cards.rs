//! Every card that the simulated banks know: the published sandbox cards, the reward cards with
//! their opening purses and campaigns, and the cards of the simulator's own (README.md).

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::codes;
use crate::seal::Sealer;

const SUCCESS: &str = include_str!("../data/test-cards-success.csv");
const ERRORS: &str = include_str!("../data/test-cards-error.csv");

/// Reward money in kuruş: of the card, of the merchant's firm, of miles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Purse {
    /// Points of the card itself (World, BNS).
    pub card: i64,
    /// Points that only this merchant takes (Marka Puan, FBB).
    pub firm: i64,
    /// Miles as money (MIL).
    pub mile: i64,
}

impl Purse {
    pub(crate) fn total(self) -> Option<i64> {
        self.card.checked_add(self.firm)?.checked_add(self.mile)
    }

    pub(crate) fn covers(self, spent: Purse) -> bool {
        self.card >= spent.card && self.firm >= spent.firm && self.mile >= spent.mile
    }
}

/// Which bank's reward program a card belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// World cards that Yapı Kredi issued.
    World,
    /// Those of Vakıfbank, which it lets merchants spend by agreement.
    VakifbankWorld,
    /// Bonus and Garanti's own cards, of any issuer with a Bonus licence.
    Bonus,
    /// Garanti's miles cards.
    Miles,
    /// MaxiPuan.
    Maximum,
    /// ParafPara.
    Paraf,
    /// Bankkart Lira.
    Bankkart,
    /// Akbank's chip-para.
    Axess,
    /// QNB's ParaPuan.
    CardFinans,
    /// No program at the simulated banks.
    None,
}

/// What the 3D Secure server makes of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ThreeDs {
    /// The right password gives mdStatus 1.
    Full,
    /// The right password gives this mdStatus.
    Status(u8),
    /// The bank refuses to begin.
    Refused,
}

/// One card and what it must do. The number is only the key of the table, never a field.
pub(crate) struct Card {
    pub(crate) reference: Arc<str>,
    /// First six and last four digits.
    pub(crate) masked: Arc<str>,
    /// The bank's title in the published table; empty of a card whose BIN is not in it.
    pub(crate) issuer: &'static str,
    /// How banks spell its association.
    pub(crate) association: &'static str,
    pub(crate) program: Program,
    /// A company's card.
    pub(crate) commercial: bool,
    /// The error group of a sale without 3D Secure.
    pub(crate) sale: Option<&'static str>,
    /// The error group of a sale after 3D Secure.
    pub(crate) secure_sale: Option<&'static str>,
    /// The error group of a void or refund.
    pub(crate) undo: Option<&'static str>,
    /// The error group of a hold.
    pub(crate) hold: Option<&'static str>,
    /// The error group of a capture.
    pub(crate) capture: Option<&'static str>,
    pub(crate) three_ds: ThreeDs,
    pub(crate) opening: Purse,
    /// A card of the simulator's own: its purse is spent. Published cards hold the same every day.
    pub(crate) own: bool,
    /// Selectable campaigns: koiCode and the bank's message.
    pub(crate) campaigns: &'static [(u8, &'static str)],
    /// A campaign message that Garanti's host sends along.
    pub(crate) host_message: Option<&'static str>,
}

/// All cards, by number and by reference.
pub(crate) struct Cards {
    by_pan: HashMap<String, Arc<Card>>,
    by_reference: HashMap<Arc<str>, Arc<Card>>,
}

impl Cards {
    pub(crate) fn load(sealer: &Sealer) -> Cards {
        let mut table: HashMap<String, Card> = HashMap::new();
        let mut issuers: HashMap<&str, &str> = HashMap::new();
        for columns in rows(SUCCESS) {
            if let [pan, bank, _, brand, ..] = columns[..] {
                issuers.insert(bin(pan), bank);
                let mut card = Card::plain(sealer, pan, program(bank, brand));
                card.commercial = columns.last() == Some(&"commercial");
                table.insert(pan.to_owned(), card);
            }
        }
        for columns in rows(ERRORS) {
            if let [scenario, pan, group, .., last] = columns[..] {
                let card = table
                    .entry(pan.to_owned())
                    .or_insert_with(|| Card::plain(sealer, pan, Program::None));
                card.fails(scenario, codes_group(group), last);
            }
        }
        for (pan, status) in [
            ("5115830000006669", ThreeDs::Status(0)),
            ("5117280000006665", ThreeDs::Status(4)),
            ("5117580000006668", ThreeDs::Refused),
        ] {
            if let Some(card) = table.get_mut(pan) {
                card.three_ds = status;
                card.sale = Some("NOT_SUFFICIENT_FUNDS");
                card.secure_sale = None;
            }
        }
        for special in SPECIALS {
            let card = table
                .entry(special.pan.to_owned())
                .or_insert_with(|| Card::plain(sealer, special.pan, special.program));
            card.program = special.program;
            card.opening = special.purse;
            card.own = special.own;
            card.campaigns = special.campaigns;
            card.host_message = special.host_message;
        }
        for (pan, card) in &mut table {
            card.issuer = issuers.get(bin(pan)).copied().unwrap_or_default();
        }
        let by_pan: HashMap<String, Arc<Card>> = table
            .into_iter()
            .map(|(pan, card)| (pan, Arc::new(card)))
            .collect();
        let by_reference = by_pan
            .values()
            .map(|card| (card.reference.clone(), card.clone()))
            .collect();
        Cards {
            by_pan,
            by_reference,
        }
    }

    pub(crate) fn find(&self, pan: &str) -> Option<&Arc<Card>> {
        self.by_pan.get(pan)
    }

    pub(crate) fn by_reference(&self, reference: &str) -> Option<&Arc<Card>> {
        self.by_reference.get(reference)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Card>> {
        self.by_pan.values()
    }
}

impl Card {
    fn plain(sealer: &Sealer, pan: &str, program: Program) -> Card {
        Card {
            reference: sealer.card_reference(pan).into(),
            masked: mask(pan).into(),
            issuer: "",
            association: association(pan),
            program,
            commercial: false,
            sale: None,
            secure_sale: None,
            undo: None,
            hold: None,
            capture: None,
            three_ds: ThreeDs::Full,
            opening: Purse::default(),
            own: false,
            campaigns: &[],
            host_message: None,
        }
    }

    /// `last` ends with what each step comes to: `|hold|capture`, empty where it works.
    fn fails(&mut self, scenario: &str, group: Option<&'static str>, last: &str) {
        let Some(group) = group else { return };
        match scenario {
            "sale" => {
                self.sale = Some(group);
                // A card that only asks for 3D Secure is content once it gets it.
                if !matches!(group, "REQUIRES_3DS" | "DEBIT_CARDS_REQUIRES_3DS") {
                    self.secure_sale = Some(group);
                }
            }
            "3ds" => self.secure_sale = Some(group),
            "refund" => self.undo = Some(group),
            // These buy like any other.
            "pre_post_auth" if last.contains("||") => self.capture = Some(group),
            "pre_post_auth" => self.hold = Some(group),
            _ => {}
        }
    }
}

struct Special {
    pan: &'static str,
    program: Program,
    purse: Purse,
    own: bool,
    campaigns: &'static [(u8, &'static str)],
    host_message: Option<&'static str>,
}

const fn special(pan: &'static str, program: Program, card: i64, firm: i64, mile: i64) -> Special {
    Special {
        pan,
        program,
        purse: Purse { card, firm, mile },
        own: false,
        campaigns: &[],
        host_message: None,
    }
}

const fn own(pan: &'static str, program: Program, card: i64, firm: i64, mile: i64) -> Special {
    Special {
        own: true,
        ..special(pan, program, card, firm, mile)
    }
}

/// What the published World card of the reward pages is offered.
const WORLD_CAMPAIGNS: &[(u8, &str)] = &[
    (1, "Sanal Pos +2 ek taksit"),
    (2, "Sanal Pos 2 ay taksit atlatma"),
];

const SPECIALS: &[Special] = &[
    special("4043080000000003", Program::Bonus, 1_235, 520, 0),
    special("5188961939192544", Program::Bonus, 1_235, 520, 0),
    special("4032800000000007", Program::Bonus, 1_122, 4_558, 0),
    special("4024580000000005", Program::Bonus, 5_040, 10_000, 0),
    special("4090700000000008", Program::Bonus, 2_282, 0, 0),
    special("4329540000080110", Program::Miles, 0, 0, 1_000),
    special("4355080000000005", Program::Axess, 2_424, 4_000, 0),
    // Everyday cards that the long published table leaves out.
    special("5258640000000001", Program::World, 0, 0, 0),
    special("4796810000000002", Program::None, 0, 0, 0),
    special("375623000000006", Program::None, 0, 0, 0),
    special("5406670000000009", Program::None, 0, 0, 0),
    special("378282246310005", Program::None, 0, 0, 0),
    special("30569309025904", Program::None, 0, 0, 0),
    special("5555555555554444", Program::None, 0, 0, 0),
    special("4111111111111111", Program::None, 0, 0, 0),
    // Of a foreign bank, as the clients' samples pay in dollars with it.
    special("5400010000000004", Program::None, 0, 0, 0),
    // These two always fail when they pay; they hold something, so that a shop can offer it.
    special("4043080000006661", Program::Bonus, 1_000, 0, 0),
    special("4025890000006665", Program::Bonus, 1_000, 0, 0),
    Special {
        campaigns: WORLD_CAMPAIGNS,
        ..special("4048090000000007", Program::World, 3_382, 2_500, 0)
    },
    Special {
        host_message: Some("EK TAKSIT: +2"),
        ..special("5209222154820003", Program::Bonus, 0, 0, 0)
    },
    Special {
        campaigns: &[(3, "Bu alisveriste 500 ekstra puan")],
        ..own("5400630000030006", Program::World, 0, 0, 0)
    },
    Special {
        campaigns: &[(4, "Bu alisveriste 60 dakika kontur")],
        ..own("4048090000040003", Program::World, 0, 0, 0)
    },
    Special {
        campaigns: &[(5, "Odemeyi sonraki ekstreye ertele")],
        ..own("5526590000050009", Program::World, 0, 0, 0)
    },
    // Twins of published reward cards, whose points are really spent.
    own("4043080000060007", Program::Bonus, 1_235, 520, 0),
    own("4024580000060009", Program::Bonus, 5_040, 10_000, 0),
    own("4329540000060005", Program::Miles, 0, 0, 1_000),
    own("4355080000060009", Program::Axess, 2_424, 4_000, 0),
    // Programs of which no card with points is published.
    own("4183420000060005", Program::Maximum, 4_500, 0, 0),
    own("4920950000060009", Program::Paraf, 3_000, 0, 0),
    own("4132260000060007", Program::Bankkart, 2_750, 0, 0),
    own("4006840000060009", Program::Bonus, 1_500, 600, 0),
    own("4022770000060008", Program::CardFinans, 3_650, 0, 825),
    Special {
        host_message: Some("EK TAKSIT: +2"),
        ..own("5193240000030005", Program::CardFinans, 0, 0, 0)
    },
    own("4090700000060002", Program::Bonus, 2_282, 0, 0),
    own("4029400000060005", Program::VakifbankWorld, 1_840, 0, 0),
    // Of a bank that no POS here is of.
    own("4059180000060006", Program::CardFinans, 4_620, 0, 0),
    Special {
        campaigns: WORLD_CAMPAIGNS,
        ..own("4048090000060001", Program::World, 3_382, 2_500, 0)
    },
];

fn program(bank: &str, brand: &str) -> Program {
    match brand {
        "World" if bank.starts_with("YAPI VE KRED") => Program::World,
        "World" if bank.starts_with("T. VAKIFLAR") => Program::VakifbankWorld,
        "Bonus" => Program::Bonus,
        "Garanti BBVA CC" => Program::Bonus,
        "Shop&Fly" | "Miles&Smiles" if bank.contains("GARANT") => Program::Miles,
        "Maximum" => Program::Maximum,
        "Paraf" => Program::Paraf,
        "Bankkart Combo" => Program::Bankkart,
        "Axess" | "Wings" => Program::Axess,
        "CardFinans" => Program::CardFinans,
        _ => Program::None,
    }
}

/// The group as a constant. Two groups are replies about orders and have no code of their own.
fn codes_group(group: &str) -> Option<&'static str> {
    match group {
        "APPROVED_COMPLETED" => Some("APPROVED_COMPLETED"),
        "ORDER_ID_ALREADY_USED" => Some("ORDER_ID_ALREADY_USED"),
        other => codes::group(other),
    }
}

/// The first columns of each line; the quoted last column of the error table is not needed.
fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().skip(1).map(|line| line.split(',').collect())
}

fn bin(pan: &str) -> &str {
    pan.get(..6).unwrap_or(pan)
}

fn association(pan: &str) -> &'static str {
    match pan.as_bytes() {
        [b'4', ..] => "VISA",
        [b'2' | b'5', ..] => "MASTERCARD",
        [b'6' | b'9', ..] => "TROY",
        _ => "AMEX",
    }
}

/// First six and last four digits, the rest stars.
fn mask(pan: &str) -> String {
    let length = pan.chars().count();
    pan.chars()
        .enumerate()
        .map(|(index, digit)| {
            if index < 6 || index + 4 >= length {
                digit
            } else {
                '*'
            }
        })
        .collect()
}

/// The mask of what may be no card number at all; empty when it is none.
pub(crate) fn mask_if_card(pan: &str) -> String {
    if passes_luhn(pan) {
        mask(pan)
    } else {
        String::new()
    }
}

/// True when the text has 12 to 19 digits and a right check digit.
pub(crate) fn passes_luhn(pan: &str) -> bool {
    let mut sum = 0;
    for (index, digit) in pan.chars().rev().enumerate() {
        let Some(digit) = digit.to_digit(10) else {
            return false;
        };
        let doubled = if index % 2 == 1 { digit * 2 } else { digit };
        sum += if doubled > 9 { doubled - 9 } else { doubled };
    }
    (12..=19).contains(&pan.len()) && sum % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_card_is_known_and_every_number_is_sound() {
        let cards = Cards::load(&Sealer::new([1; 32]));
        assert_eq!(SUCCESS.lines().count(), 336);
        for pan in cards.by_pan.keys() {
            assert!(passes_luhn(pan), "{pan}");
        }
        let silent = ["5115830000006669", "5117280000006665", "5117580000006668"];
        for columns in rows(ERRORS) {
            let card = cards.find(columns[1]).unwrap();
            match columns[0] {
                "sale" => assert!(card.sale.is_some(), "{}", columns[1]),
                "3ds" if !silent.contains(&columns[1]) => assert!(card.secure_sale.is_some()),
                "refund" => assert!(card.undo.is_some(), "{}", columns[1]),
                "pre_post_auth" => assert_ne!(card.hold.is_some(), card.capture.is_some()),
                _ => {}
            }
        }
        for columns in rows(SUCCESS) {
            let card = cards.find(columns[0]).unwrap();
            assert!(card.sale.is_none() && card.secure_sale.is_none() && card.undo.is_none());
        }
    }

    #[test]
    fn a_mask_keeps_ten_digits() {
        assert_eq!(mask("4506340000004637"), "450634******4637");
    }
}
