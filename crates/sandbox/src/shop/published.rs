//! The published test cards, from the same lists that the simulated banks read, and what the
//! reward cards among them are good for.

use super::mask;
use serde::Serialize;
use std::sync::LazyLock;

const SUCCESS: &str = include_str!("../../../simulator/data/test-cards-success.csv");
const ERRORS: &str = include_str!("../../../simulator/data/test-cards-error.csv");

/// A published card.
#[derive(Debug, Clone, Serialize)]
pub(super) struct TestCard {
    pub(super) number: String,
    /// Bank of a card that buys.
    pub(super) bank: String,
    pub(super) brand: String,
    /// `VISA` and the like.
    pub(super) association: String,
    /// `CREDIT_CARD` and the like.
    pub(super) kind: String,
    /// When a card that fails does so: `sale`, `refund`…; empty for one that buys.
    pub(super) scenario: String,
    /// The error group of a card that fails.
    pub(super) group: String,
    /// Its rewards.
    pub(super) about_tr: &'static str,
    pub(super) about_en: &'static str,
}

/// A card that is worth a try at the checkout.
#[derive(Serialize)]
pub(super) struct Hint {
    pub(super) number: &'static str,
    pub(super) name: &'static str,
    pub(super) about_tr: &'static str,
    pub(super) about_en: &'static str,
}

#[rustfmt::skip]
pub(super) const HINTS: [Hint; 10] = [
    Hint { number: "4043080000000003", name: "Garanti BBVA Bonus", about_tr: "12,35 ₺ bonus ve 5,20 ₺ mağaza puanı", about_en: "₺12.35 bonus and ₺5.20 shop points" },
    Hint { number: "4048090000000007", name: "Yapı Kredi World", about_tr: "Puan, ek taksit, taksit erteleme", about_en: "Points, extra instalments, postponed instalments" },
    Hint { number: "5209222154820003", name: "Garanti BBVA Bonus", about_tr: "Ek taksit (+2)", about_en: "Extra instalments (+2)" },
    Hint { number: "4024580000000005", name: "TEB Bonus", about_tr: "50,40 ₺ bonus ve 100,00 ₺ mağaza puanı", about_en: "₺50.40 bonus and ₺100.00 shop points" },
    Hint { number: "4355080000000005", name: "Akbank Axess", about_tr: "24,24 ₺ chip-para ve 40,00 ₺ mağaza puanı", about_en: "₺24.24 chip-para and ₺40.00 shop points" },
    Hint { number: "4329540000080110", name: "Garanti BBVA Shop&Fly", about_tr: "10,00 ₺ mil", about_en: "₺10.00 in miles" },
    Hint { number: "5406670000000009", name: "İş Bankası Maximum", about_tr: "Ödülsüz, onaylanır", about_en: "No rewards, approved" },
    Hint { number: "5100050000006661", name: "", about_tr: "Reddedilir: yetersiz bakiye", about_en: "Declined: not sufficient funds" },
    Hint { number: "5101520000006662", name: "", about_tr: "Reddedilir: çalıntı kart", about_en: "Declined: stolen card" },
    Hint { number: "5115830000006669", name: "", about_tr: "3DS doğrulaması başarısız olur", about_en: "3DS verification fails" },
];

/// Cards worth a word beyond the hints: number, and what they hold.
#[rustfmt::skip]
const REWARDS: [(&str, &str, &str); 4] = [
    ("5188961939192544", "12,35 ₺ bonus ve 5,20 ₺ mağaza puanı", "₺12.35 bonus and ₺5.20 shop points"),
    ("4032800000000007", "11,22 ₺ bonus ve 45,58 ₺ mağaza puanı", "₺11.22 bonus and ₺45.58 shop points"),
    ("4090700000000008", "22,82 ₺ bonus", "₺22.82 bonus"),
    (FOREIGN, "Yurt dışı kartı: TRY, USD ya da EUR öder", "A foreign card: pays TRY, USD or EUR"),
];

/// The simulator's own cards: campaigns that no published card has, and points that are spent.
#[rustfmt::skip]
const SIMULATORS: [(&str, &str, &str); 7] = [
    ("5400630000030006", "Ekstra puan kampanyası (simülatörün kartı)", "Extra points (the simulator's own card)"),
    ("4048090000040003", "Dakika kazanma kampanyası (simülatörün kartı)", "Airtime (the simulator's own card)"),
    ("5526590000050009", "Sonraki ekstreye erteleme (simülatörün kartı)", "Next statement (the simulator's own card)"),
    ("4043080000060007", "12,35 ₺ bonus ve 5,20 ₺ mağaza puanı, harcanır (simülatörün kartı)", "₺12.35 bonus and ₺5.20 shop points, spent when you pay (the simulator's own card)"),
    ("4024580000060009", "50,40 ₺ bonus ve 100,00 ₺ mağaza puanı, harcanır (simülatörün kartı)", "₺50.40 bonus and ₺100.00 shop points, spent when you pay (the simulator's own card)"),
    ("4329540000060005", "10,00 ₺ mil, harcanır (simülatörün kartı)", "₺10.00 in miles, spent when you pay (the simulator's own card)"),
    ("4048090000060001", "33,82 ₺ puan ve 25,00 ₺ mağaza puanı, harcanır (simülatörün kartı)", "₺33.82 points and ₺25.00 shop points, spent when you pay (the simulator's own card)"),
];

/// Bank and brand of a card of the simulator's own.
fn of_simulator(number: &str) -> (&'static str, &'static str) {
    match number.get(..6) {
        Some("404308") => ("T. GARANTİ BANKASI A.Ş.", "Bonus"),
        Some("432954") => ("T. GARANTİ BANKASI A.Ş.", "Shop&Fly"),
        Some("402458") => ("TÜRK EKONOMİ BANKASI A.Ş.", "Bonus"),
        _ => ("YAPI VE KREDİ BANKASI A.Ş.", "World"),
    }
}

/// A card that no list of Turkish banks holds, as the clients' samples pay in dollars with it.
const FOREIGN: &str = "5400010000000004";

fn about(number: &str) -> (&'static str, &'static str) {
    let hinted = HINTS
        .iter()
        .filter(|hint| !hint.name.is_empty())
        .map(|hint| (hint.number, hint.about_tr, hint.about_en));
    let mut known = hinted.chain(REWARDS).chain(SIMULATORS);
    known
        .find(|(known, ..)| *known == number)
        .map_or(("", ""), |(_, tr, en)| (tr, en))
}

/// Every card of the sandbox: those of rewards first, then those that buy, then those that fail.
pub(super) static CARDS: LazyLock<Vec<TestCard>> = LazyLock::new(|| {
    let mut cards = Vec::new();
    for (number, ..) in SIMULATORS {
        let (bank, brand) = of_simulator(number);
        cards.push(card(number, [bank, brand, "", "CREDIT_CARD"], ["", ""]));
    }
    cards.push(card(
        FOREIGN,
        ["", "", "MASTER_CARD", "CREDIT_CARD"],
        ["", ""],
    ));
    for row in SUCCESS.lines().skip(1).map(fields) {
        if let [number, bank, kind, brand, association, ..] = row.as_slice() {
            cards.push(card(number, [bank, brand, association, kind], ["", ""]));
        }
    }
    for row in ERRORS.lines().skip(1).map(fields) {
        if let [scenario, number, group, ..] = row.as_slice() {
            cards.push(card(number, [""; 4], [scenario, group]));
        }
    }
    cards.sort_by_key(|card| card.about_tr.is_empty());
    cards
});

fn card(
    number: &str,
    [bank, brand, association, kind]: [&str; 4],
    [scenario, group]: [&str; 2],
) -> TestCard {
    let (about_tr, about_en) = about(number);
    TestCard {
        number: number.to_owned(),
        bank: bank.to_owned(),
        brand: brand.to_owned(),
        association: association.to_owned(),
        kind: kind.to_owned(),
        scenario: scenario.to_owned(),
        group: group.to_owned(),
        about_tr,
        about_en,
    }
}

/// Fields of a line of comma-separated values; quotes hold commas.
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            letter => field.push(letter),
        }
    }
    fields.push(field);
    fields
}

/// The published number with these first six and last four digits.
pub(super) fn number_of_ends(first: &str, last: &str) -> Option<&'static str> {
    let hinted = HINTS.iter().map(|hint| hint.number);
    let mut known = hinted.chain(CARDS.iter().map(|card| card.number.as_str()));
    known.find(|number| mask::ends(number) == Some((first, last)))
}

/// Which of the hints has this number.
pub(super) fn hint_of(number: &str) -> Option<usize> {
    HINTS.iter().position(|hint| hint.number == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_published_cards_are_read() {
        let (buy, fail): (Vec<_>, Vec<_>) = CARDS.iter().partition(|card| card.scenario.is_empty());
        assert_eq!((buy.len(), fail.len()), (343, 74));
        for card in CARDS.iter() {
            assert!(mask::ends(&card.number).is_some(), "{card:?}");
        }
        assert_eq!(fields("a,\"b, c\",d"), ["a", "b, c", "d"]);
        assert_eq!(number_of_ends("404308", "0003"), Some("4043080000000003"));
    }
}
