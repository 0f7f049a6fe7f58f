//! What a card's first digits tell: issuer, type, association, brand, and the family that
//! routing goes by. The data is compiled in; `data/README.md` names its sources.

use contract::enums::{CardAssociation, CardType};
use std::collections::HashMap;
use std::str::FromStr;

/// What is known of a BIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bin {
    /// The issuer's EFT code without leading zeros; 0 for institutions that have none.
    pub bank_code: i64,
    /// The issuer's name.
    pub bank_name: String,
    /// Credit, debit or prepaid.
    pub card_type: CardType,
    /// Visa, Mastercard, Troy …; unknown for a few rows.
    pub association: Option<CardAssociation>,
    /// The brand that the API shows; may be empty.
    pub brand: String,
    /// The instalment and points family that routing goes by; may be empty.
    pub family: String,
    /// A company's card.
    pub commercial: bool,
}

/// All BINs, found by their longest known prefix.
pub struct Bins {
    by_prefix: HashMap<String, Bin>,
}

impl Bins {
    /// Reads the compiled-in lists.
    pub fn load() -> Bins {
        let mut bins = Bins {
            by_prefix: HashMap::with_capacity(11_000),
        };
        bins.read(include_str!("../data/bins.csv"), public_row);
        bins.read(include_str!("../data/sandbox-bins.csv"), sandbox_row);
        bins
    }

    /// What is known of a card or BIN of at least six digits; nothing for an unknown one, which is
    /// then taken for a foreign card.
    pub fn of(&self, digits: &str) -> Option<&Bin> {
        [8, 7, 6]
            .iter()
            .find_map(|n| self.by_prefix.get(digits.get(..*n)?))
    }

    fn read(&mut self, csv: &str, row: fn(&[&str]) -> Option<Bin>) {
        for line in csv.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            let Some(bin) = row(&cells) else {
                tracing::warn!(line, "a BIN row cannot be read");
                continue;
            };
            // A six-digit question about eight-digit rows is answered by the first of them.
            let short = cells[0].get(..6).unwrap_or(cells[0]);
            if !self.by_prefix.contains_key(short) {
                self.by_prefix.insert(short.to_owned(), bin.clone());
            }
            self.by_prefix.insert(cells[0].to_owned(), bin);
        }
    }
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
        bank_name: connectors::directory::bank_name(bank_code)
            .unwrap_or_default()
            .to_owned(),
        card_type: match kind {
            "CREDIT" => CardType::CreditCard,
            "DEBIT" => CardType::DebitCard,
            _ => return None,
        },
        association: match association {
            "MASTERCARD" => Some(CardAssociation::MasterCard),
            "UNIONPAY" => Some(CardAssociation::UnionPay),
            other => CardAssociation::from_str(other).ok(),
        },
        brand: brand.to_owned(),
        family: family.to_owned(),
        commercial: commercial == "true",
    })
}

fn sandbox_row(cells: &[&str]) -> Option<Bin> {
    let &[_, bank, name, kind, association, brand, family, commercial] = cells else {
        return None;
    };
    Some(Bin {
        bank_code: bank.parse().ok()?,
        bank_name: name.to_owned(),
        card_type: CardType::from_str(kind).ok()?,
        association: CardAssociation::from_str(association).ok(),
        brand: brand.to_owned(),
        family: family.to_owned(),
        commercial: commercial == "true",
    })
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
    fn brand_and_family_are_two_things() {
        let bins = Bins::load();
        let failing = bins.of("4025890000006665").unwrap();
        assert_eq!(
            (failing.brand.as_str(), failing.family.as_str()),
            ("Kuveyt Türk CC", "Bonus")
        );
    }
}
