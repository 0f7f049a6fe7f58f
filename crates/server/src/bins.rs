//! What a card's first digits tell: issuer, type, association, brand, and the family that
//! routing goes by. The data is compiled in; `data/README.md` names its sources.

use crate::search_text::folded;
use contract::enums::{CardAssociation, CardType};
use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

/// What is known of a BIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bin {
    /// The issuer's EFT code without leading zeros; 0 for institutions that have none, and where
    /// the cards of a range have several issuers.
    pub bank_code: i64,
    /// The issuer's name; may be empty where there are several.
    pub bank_name: String,
    /// Credit, debit or prepaid, where the cards of a range do not differ.
    pub card_type: Option<CardType>,
    /// Visa, Mastercard, Troy …; unknown for a few rows.
    pub association: Option<CardAssociation>,
    /// The brand that the API shows; may be empty.
    pub brand: String,
    /// The instalment and points family that routing goes by; may be empty.
    pub family: String,
    /// A company's card, where the cards of a range do not differ.
    pub commercial: Option<bool>,
}

/// The edition of the lists. It is raised with every change of them, so that what is stored of a card is
/// learned anew.
pub const EDITION: i64 = 1;

/// All BINs, found by their longest known prefix.
pub struct Bins {
    by_prefix: HashMap<String, Bin>,
    /// By six digits: what all rows that begin with them agree on.
    agreed: HashMap<String, Bin>,
    families: BTreeSet<String>,
    /// By issuer, 0 for any other: how many instalments its commercial cards may have.
    commercial: HashMap<i64, u8>,
}

/// Most instalments that a payment may have.
pub const INSTALLMENTS_MAX: u8 = 36;
/// Stands for every issuer without a limit of its own.
const ANY_ISSUER: i64 = 0;

/// Digits of the shorter question.
const SHORT: usize = 6;

impl Bins {
    /// Reads the compiled-in lists.
    pub fn load() -> Bins {
        let mut bins = Bins {
            by_prefix: HashMap::with_capacity(11_000),
            agreed: HashMap::new(),
            families: BTreeSet::new(),
            commercial: commercial_limits(include_str!("../data/commercial-instalments.csv")),
        };
        bins.read(include_str!("../data/bins.csv"), public_row);
        bins.read(include_str!("../data/sandbox-bins.csv"), sandbox_row);
        bins.agree();
        let families = bins.by_prefix.values().map(|bin| &bin.family);
        let families = families.filter(|family| !family.is_empty());
        bins.families = families.cloned().collect();
        bins
    }

    /// Every card family, in one order.
    pub fn families(&self) -> impl Iterator<Item = &str> {
        self.families.iter().map(String::as_str)
    }

    /// The family of this name, however its letters are typed.
    pub fn family(&self, name: &str) -> Option<&str> {
        let name = folded(name.trim());
        self.families().find(|family| folded(family) == name)
    }

    /// How many instalments a card may have, as far as its number tells: one for a foreign, debit or
    /// prepaid card, what its issuer allows for a company's card, else as many as there are.
    pub fn installments_max(&self, card: Option<&Bin>) -> u8 {
        let Some(card) = card else { return 1 };
        match (card.card_type, card.commercial) {
            (Some(CardType::DebitCard | CardType::PrepaidCard), _) => 1,
            (_, Some(true)) => {
                let of_issuer = self.commercial.get(&card.bank_code);
                let limit = of_issuer.or_else(|| self.commercial.get(&ANY_ISSUER));
                limit.copied().unwrap_or(INSTALLMENTS_MAX)
            }
            _ => INSTALLMENTS_MAX,
        }
    }

    /// What is known of a card or BIN of at least six digits; nothing for an unknown one, which is
    /// then taken for a foreign card. Six digits alone are answered with what all rows that begin
    /// with them agree on, and so is a longer number that has no row of its own.
    pub fn of(&self, digits: &str) -> Option<&Bin> {
        let short = self.agreed.get(digits.get(..SHORT)?);
        if digits.len() == SHORT {
            return short;
        }
        let of_length = |n: usize| self.by_prefix.get(digits.get(..n)?);
        [8, 7, SHORT].into_iter().find_map(of_length).or(short)
    }

    fn read(&mut self, csv: &str, row: fn(&[&str]) -> Option<Bin>) {
        for line in csv.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            let Some(bin) = row(&cells) else {
                tracing::warn!(line, "a BIN row cannot be read");
                continue;
            };
            self.by_prefix.insert(cells[0].to_owned(), bin);
        }
    }

    fn agree(&mut self) {
        let mut of_range: HashMap<&str, Vec<(&str, &Bin)>> = HashMap::new();
        for (prefix, bin) in &self.by_prefix {
            let short = prefix.get(..SHORT).unwrap_or(prefix);
            of_range.entry(short).or_default().push((prefix, bin));
        }
        self.agreed = of_range
            .into_iter()
            .map(|(short, rows)| (short.to_owned(), agreed(&rows)))
            .collect();
    }
}

/// What all rows of a range say alike. A row of the whole range that leaves a field open does not
/// contradict the finer rows that fill it.
fn agreed(rows: &[(&str, &Bin)]) -> Bin {
    let finer = rows.iter().any(|(prefix, _)| prefix.len() > SHORT);
    let bins = || {
        rows.iter()
            .map(|(prefix, bin)| (finer && prefix.len() == SHORT, *bin))
    };
    let text = |of: fn(&Bin) -> &str| {
        let said = bins().map(|(coarse, bin)| (coarse, of(bin)));
        let said = said.filter(|(coarse, text)| !coarse || !text.is_empty());
        one(said.map(|(_, text)| text))
            .unwrap_or_default()
            .to_owned()
    };
    let bank_code = one(bins().map(|(_, bin)| bin.bank_code));
    Bin {
        bank_code: bank_code.unwrap_or(0),
        bank_name: text(|bin| &bin.bank_name),
        card_type: one(bins().filter_map(|(_, bin)| bin.card_type)),
        association: one(bins().filter_map(|(_, bin)| bin.association)),
        brand: text(|bin| &bin.brand),
        family: text(|bin| &bin.family),
        commercial: one(bins().filter_map(|(_, bin)| bin.commercial)),
    }
}

/// The value that is there, when all that are there are the same.
fn one<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next()?;
    values.all(|other| other == first).then_some(first)
}

fn public_row(cells: &[&str]) -> Option<Bin> {
    let &[_, bank, kind, association, programme, commercial] = cells else {
        return None;
    };
    let bank_code: i64 = bank.parse().ok()?;
    let family = match programme {
        "BONUS" => "Bonus",
        "AXESS" => "Axess",
        "WINGS" => "Wings",
        "WORLD" => "World",
        "MAXIMUM" => "Maximum",
        "PARAF" => "Paraf",
        "CARDFINANS" => "CardFinans",
        "BANKKART" => "Bankkart Combo",
        "SAGLAMKART" => "Sağlam Kart",
        "MILES_AND_SMILES" => "Miles&Smiles",
        "SHOP_AND_FLY" => "Shop&Fly",
        _ => "",
    };
    let brand = match programme {
        "BANK24" => "Bank24",
        "NEO" => "Neo",
        _ => family,
    };
    Some(Bin {
        bank_code,
        bank_name: title(bank_code, ""),
        card_type: Some(match kind {
            "CREDIT" => CardType::CreditCard,
            "DEBIT" => CardType::DebitCard,
            _ => return None,
        }),
        association: match association {
            "MASTERCARD" => Some(CardAssociation::MasterCard),
            "UNIONPAY" => Some(CardAssociation::UnionPay),
            other => CardAssociation::from_str(other).ok(),
        },
        brand: brand.to_owned(),
        family: family.to_owned(),
        commercial: Some(commercial == "true"),
    })
}

fn sandbox_row(cells: &[&str]) -> Option<Bin> {
    let &[_, bank, name, kind, association, brand, family, commercial] = cells else {
        return None;
    };
    let bank_code = bank.parse().ok()?;
    Some(Bin {
        bank_code,
        bank_name: title(bank_code, name),
        card_type: Some(CardType::from_str(kind).ok()?),
        association: CardAssociation::from_str(association).ok(),
        brand: brand.to_owned(),
        family: family.to_owned(),
        commercial: Some(commercial == "true"),
    })
}

fn commercial_limits(csv: &str) -> HashMap<i64, u8> {
    let row = |line: &str| {
        let (bank, limit) = line.split_once(',')?;
        let limit: u8 = limit.trim().parse().ok()?;
        let known = (1..=INSTALLMENTS_MAX).contains(&limit);
        known.then_some((bank.parse().ok()?, limit))
    };
    let mut limits = HashMap::new();
    for line in csv.lines().skip(1) {
        let Some((bank, limit)) = row(line) else {
            tracing::warn!(line, "a limit of commercial instalments cannot be read");
            continue;
        };
        limits.insert(bank, limit);
    }
    limits
}

/// The one name of a bank; institutions without an EFT code have only what their row says.
fn title(bank_code: i64, said: &str) -> String {
    connectors::directory::bank_name(bank_code)
        .unwrap_or(said)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_wins_and_six_digits_suffice() {
        let bins = Bins::load();
        let garanti = bins.of("52092200").unwrap();
        assert_eq!((garanti.bank_code, garanti.brand.as_str()), (62, "Bonus"));
        let ykb = bins.of("5258640000000001").unwrap();
        assert_eq!(ykb.bank_code, 67);
        assert!(bins.of("525864").is_some());
        assert!(bins.of("41111111").is_none());
    }

    #[test]
    fn a_bank_has_one_name_in_both_lists() {
        let bins = Bins::load();
        let mut names: HashMap<i64, &str> = HashMap::new();
        for bin in bins.by_prefix.values().filter(|bin| bin.bank_code > 0) {
            let name = names.entry(bin.bank_code).or_insert(&bin.bank_name);
            assert_eq!(*name, bin.bank_name);
            assert!(!name.is_empty(), "{}", bin.bank_code);
        }
        for line in include_str!("../data/sandbox-bins.csv").lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(bins.of(cells[0]).unwrap().bank_name, cells[2], "{line}");
        }
    }

    #[test]
    fn six_digits_tell_what_all_their_rows_agree_on() {
        let bins = Bins::load();
        // The row of the range leaves the association open, the finer rows differ in the brand.
        let mixed = bins.of("979267").unwrap();
        assert_eq!(mixed.association, Some(CardAssociation::Troy));
        assert_eq!((mixed.bank_code, mixed.brand.as_str()), (205, ""));
        assert_eq!(mixed.commercial, None);
        // Two issuers: no bank is told, and a card without a finer row keeps that of the range.
        let shared = bins.of("518896").unwrap();
        assert_eq!((shared.bank_code, shared.bank_name.as_str()), (0, ""));
        assert_eq!(bins.of("5188960000000000").unwrap().bank_code, 205);
        // All alike: no matter how many digits are asked for.
        assert_eq!(bins.of("404308"), bins.of("40430800"));
    }

    #[test]
    fn a_commercial_card_has_its_issuers_limit_and_other_kinds_theirs() {
        let mut bins = Bins::load();
        assert!(bins.commercial.contains_key(&ANY_ISSUER));
        bins.commercial = commercial_limits("bank_code,installments_max\n0,12\n62,6\n10,x\n15,99");
        assert_eq!(bins.commercial.len(), 2);
        let card = |bank_code, card_type, commercial| Bin {
            bank_code,
            card_type: Some(card_type),
            commercial: Some(commercial),
            ..bins.of("52092200").unwrap().clone()
        };
        for (card, limit) in [
            (card(62, CardType::CreditCard, true), 6),
            (card(67, CardType::CreditCard, true), 12),
            (card(62, CardType::CreditCard, false), INSTALLMENTS_MAX),
            (card(62, CardType::DebitCard, true), 1),
            (card(62, CardType::PrepaidCard, false), 1),
        ] {
            assert_eq!(bins.installments_max(Some(&card)), limit, "{card:?}");
        }
        assert_eq!(bins.installments_max(None), 1);
    }

    #[test]
    fn a_family_is_found_however_it_is_typed() {
        let bins = Bins::load();
        assert_eq!(bins.family(" BONUS "), Some("Bonus"));
        assert_eq!(bins.family("saglam kart"), Some("Sağlam Kart"));
        assert_eq!(bins.family("SAĞLAM KART"), Some("Sağlam Kart"));
        assert_eq!(bins.family(""), None);
        assert_eq!(bins.family("Bonu"), None);
    }

    #[test]
    fn another_edition_has_another_number() {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        hash.update(include_str!("../data/bins.csv"));
        hash.update(include_str!("../data/sandbox-bins.csv"));
        let hash: Vec<u8> = hash.finalize().to_vec();
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        // Changed lists: raise EDITION, and write the new hash here.
        assert_eq!((EDITION, &hash[..16]), (1, "103ed54325fb7260"));
    }

    #[test]
    fn brand_and_family_are_two_things() {
        let bins = Bins::load();
        let failing = bins.of("4025890000006665").unwrap();
        assert_eq!(
            (failing.brand.as_str(), failing.family.as_str()),
            ("Kuveyt Türk CC", "Bonus")
        );
    }
}
