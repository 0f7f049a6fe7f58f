//! What a card's first digits tell: issuer, type, association, brand, and the family that
//! routing goes by. A list is compiled in (`data/README.md` names its sources); where the operator's come from is
//! said in `store/bin_lists.rs`.

mod file;

pub use file::{FILE_BYTES_MAX, Flaw};

use crate::search_text::folded;
use contract::enums::{CardAssociation, CardType};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

/// What is known of a BIN.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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

/// The edition of the compiled-in lists. It is raised with every change of them, so that what is stored of a
/// card is learned anew.
const EDITION: i64 = 2;
/// What an imported edition counts before the compiled-in one: a card learns from the higher of two.
const IMPORTED: i64 = 1000;

/// Most instalments that a payment may have.
pub const INSTALLMENTS_MAX: u8 = 36;
/// Stands for every issuer without a limit of its own.
const ANY_ISSUER: i64 = 0;

/// Digits of the shorter question, and of the longer one.
const SHORT: usize = 6;
const LONG: usize = 8;

/// A list of BINs.
#[derive(Debug, Clone, Default)]
pub struct Bins {
    /// By eight digits, and by six.
    long: HashMap<u32, Arc<Bin>>,
    short: HashMap<u32, Arc<Bin>>,
    /// By six digits: what all rows that begin with them agree on.
    agreed: HashMap<u32, Arc<Bin>>,
}

impl Bins {
    /// A list of rows; a later row replaces an earlier one.
    fn of_rows(rows: impl IntoIterator<Item = file::Row>) -> Bins {
        let mut bins = Bins::default();
        for (digits, bin) in rows {
            let by_digits = match digits.len() {
                LONG => &mut bins.long,
                _ => &mut bins.short,
            };
            if let Some(number) = number(&digits) {
                by_digits.insert(number, bin);
            }
        }
        bins.agree();
        bins
    }

    /// What is known of a card or BIN of at least six digits; nothing for an unknown one, which is
    /// then taken for a foreign card. Six digits alone are answered with what all rows that begin
    /// with them agree on, and so is a longer number that has no row of its own.
    pub fn of(&self, digits: &str) -> Option<&Arc<Bin>> {
        let short = number(digits.get(..SHORT)?)?;
        let own = || {
            let long = digits.get(..LONG).and_then(number);
            let finer = long.and_then(|long| self.long.get(&long));
            finer.or_else(|| self.short.get(&short))
        };
        let own = if digits.len() > SHORT { own() } else { None };
        own.or_else(|| self.agreed.get(&short))
    }

    /// Every BIN, in order, with what is known of it.
    pub fn rows(&self) -> BTreeMap<String, &Arc<Bin>> {
        let long = self.long.iter().map(|(number, bin)| (number, LONG, bin));
        let short = self.short.iter().map(|(number, bin)| (number, SHORT, bin));
        long.chain(short)
            .map(|(number, digits, bin)| (format!("{number:0digits$}"), bin))
            .collect()
    }

    /// The list as a file, as [`BinList::read`] reads it: equal lists are equal files.
    pub fn file(&self) -> String {
        file::write(self)
    }

    /// How many BINs there are.
    pub fn len(&self) -> usize {
        self.long.len() + self.short.len()
    }

    /// No list that is in use is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn agree(&mut self) {
        let mut of_range: HashMap<u32, Vec<(bool, &Arc<Bin>)>> = HashMap::new();
        for (number, bin) in &self.long {
            of_range.entry(number / 100).or_default().push((false, bin));
        }
        for (number, bin) in &self.short {
            // A row of the whole range that leaves a field open does not contradict the finer rows that fill it.
            let rows = of_range.entry(*number).or_default();
            let coarse = !rows.is_empty();
            rows.push((coarse, bin));
        }
        let agreed = |rows: &[(bool, &Arc<Bin>)]| match rows {
            [(_, bin)] => Arc::clone(bin),
            rows => Arc::new(agreed(rows)),
        };
        let of_range = of_range.iter();
        self.agreed = of_range.map(|(n, rows)| (*n, agreed(rows))).collect();
    }
}

/// The number of a text of digits.
fn number(digits: &str) -> Option<u32> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

/// The list in use, and what goes with any list. Another one is taken up while payments read it.
pub struct BinList {
    built_in: Arc<Bins>,
    now: RwLock<InUse>,
    /// Every card family that there is, in one order.
    families: Arc<BTreeSet<String>>,
    /// By issuer, 0 for any other: how many instalments its commercial cards may have.
    commercial: HashMap<i64, u8>,
}

/// A list with the edition that it is in use for.
#[derive(Clone)]
struct InUse {
    edition: i64,
    bins: Arc<Bins>,
    /// The newest edition that was looked at: it is the one in use, or cannot be read.
    seen: i64,
}

impl BinList {
    /// The compiled-in list.
    pub fn built_in() -> BinList {
        let rows = |csv: &str| {
            file::rows(csv.as_bytes(), None).unwrap_or_else(|flaw| {
                tracing::error!(%flaw, "a compiled-in list of BINs cannot be read");
                Vec::new()
            })
        };
        let public = rows(include_str!("../data/bins.csv"));
        let sandbox = rows(include_str!("../data/sandbox-bins.csv"));
        let rows = || public.iter().chain(&sandbox);
        let families = rows().map(|(_, bin)| bin.family.clone());
        let families = families.filter(|family| !family.is_empty());
        let built_in = Arc::new(Bins::of_rows(rows().cloned()));
        BinList {
            now: RwLock::new(InUse {
                edition: 0,
                bins: Arc::clone(&built_in),
                seen: 0,
            }),
            families: Arc::new(families.collect()),
            commercial: commercial_limits(include_str!("../data/commercial-instalments.csv")),
            built_in,
        }
    }

    /// The list in use.
    pub fn now(&self) -> Arc<Bins> {
        self.in_use().bins
    }

    /// The list in use, and what a card notes that learns from it: higher than of any list before.
    pub fn with_edition(&self) -> (Arc<Bins>, i64) {
        let InUse { edition, bins, .. } = self.in_use();
        (
            bins,
            edition.saturating_mul(IMPORTED).saturating_add(EDITION),
        )
    }

    /// What the list in use tells of a card or BIN, as [`Bins::of`] does.
    pub fn of(&self, digits: &str) -> Option<Arc<Bin>> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        now.bins.of(digits).cloned()
    }

    /// The imported edition in use, and the newest that was looked at; 0 before there was any.
    pub fn editions(&self) -> (i64, i64) {
        let InUse { edition, seen, .. } = self.in_use();
        (edition, seen)
    }

    /// Uses a list from now on, or the compiled-in one.
    pub fn take_up(&self, edition: i64, bins: Option<Bins>) {
        let bins = bins.map_or_else(|| Arc::clone(&self.built_in), Arc::new);
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        *now = InUse {
            edition,
            bins,
            seen: edition,
        };
    }

    /// Keeps the list in use although this edition is newer: it cannot be read.
    pub fn pass_over(&self, edition: i64) {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        now.seen = edition;
    }

    /// The compiled-in list, whichever is in use.
    pub fn compiled_in(&self) -> &Arc<Bins> {
        &self.built_in
    }

    /// Whether the compiled-in list is in use.
    pub fn is_compiled_in(&self) -> bool {
        Arc::ptr_eq(&self.built_in, &self.now())
    }

    /// The list that a file holds.
    pub fn read(&self, file: &[u8]) -> Result<Bins, Flaw> {
        self.reader()(file)
    }

    /// [`BinList::read`] for another thread.
    pub fn reader(&self) -> impl FnOnce(&[u8]) -> Result<Bins, Flaw> + Send + 'static {
        let families = Arc::clone(&self.families);
        move |file| Ok(Bins::of_rows(file::rows(file, Some(&families))?))
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

    fn in_use(&self) -> InUse {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        now.clone()
    }
}

/// What all rows of a range say alike; a coarse one says nothing by a text that it leaves empty.
fn agreed(rows: &[(bool, &Arc<Bin>)]) -> Bin {
    let bins = || rows.iter().map(|(_, bin)| bin);
    let text = |of: fn(&Bin) -> &str| {
        let said = rows.iter().map(|(coarse, bin)| (*coarse, of(bin)));
        let said = said.filter(|(coarse, text)| !coarse || !text.is_empty());
        one(said.map(|(_, text)| text))
            .unwrap_or_default()
            .to_owned()
    };
    Bin {
        bank_code: one(bins().map(|bin| bin.bank_code)).unwrap_or(0),
        bank_name: text(|bin| &bin.bank_name),
        card_type: one(bins().filter_map(|bin| bin.card_type)),
        association: one(bins().filter_map(|bin| bin.association)),
        brand: text(|bin| &bin.brand),
        family: text(|bin| &bin.family),
        commercial: one(bins().filter_map(|bin| bin.commercial)),
    }
}

/// The value that is there, when all that are there are the same.
fn one<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next()?;
    values.all(|other| other == first).then_some(first)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_wins_and_six_digits_suffice() {
        let bins = BinList::built_in();
        let garanti = bins.of("52092200").unwrap();
        assert_eq!((garanti.bank_code, garanti.brand.as_str()), (62, "Bonus"));
        let ykb = bins.of("5258640000000001").unwrap();
        assert_eq!(ykb.bank_code, 67);
        assert!(bins.of("525864").is_some());
        assert!(bins.of("41111111").is_none());
    }

    #[test]
    fn a_bank_has_one_name_in_both_lists() {
        let bins = BinList::built_in().now();
        let mut names: HashMap<i64, &str> = HashMap::new();
        let rows = bins.rows();
        for bin in rows.values().filter(|bin| bin.bank_code > 0) {
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
        let bins = BinList::built_in();
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
        let mut bins = BinList::built_in();
        assert!(bins.commercial.contains_key(&ANY_ISSUER));
        bins.commercial = commercial_limits("bank_code,installments_max\n0,12\n62,6\n10,x\n15,99");
        assert_eq!(bins.commercial.len(), 2);
        let card = |bank_code, card_type, commercial| Bin {
            bank_code,
            card_type: Some(card_type),
            commercial: Some(commercial),
            ..Bin::clone(&bins.of("52092200").unwrap())
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
    fn another_list_is_in_use_at_once_and_one_that_cannot_be_read_never() {
        let list = BinList::built_in();
        let (built_in, edition) = list.with_edition();
        let heading = "bin,bank_code,bank_name,card_type,card_association,brand,family,commercial";
        let own = format!("{heading}\n520922,67,,DEBIT_CARD,VISA,World,World,false\n");
        list.take_up(1, Some(list.read(own.as_bytes()).unwrap()));
        assert_eq!(list.of("52092200").unwrap().bank_code, 67);
        assert!(list.of("404308").is_none());
        // A payment that is planned goes on with the list that it began with.
        assert_eq!(built_in.of("52092200").unwrap().bank_code, 62);
        let imported = list.with_edition().1;
        assert!(imported > edition);
        // Rules and commission tables of other families stay what they are.
        assert_eq!(list.family("bonus"), Some("Bonus"));
        list.pass_over(2);
        assert_eq!((list.editions(), list.now().len()), ((1, 2), 1));
        list.take_up(3, None);
        assert_eq!(list.of("52092200").unwrap().bank_code, 62);
        assert!(list.with_edition().1 > imported);
    }

    #[test]
    fn a_look_up_takes_microseconds() {
        const LOOK_UPS: u32 = 100_000;
        let list = BinList::built_in();
        let cards = ["5209220000000000", "9999990000000000", "40430800", "979267"];
        let begun = std::time::Instant::now();
        let found = (0..LOOK_UPS).zip(cards.iter().cycle());
        let found = found.filter(|(_, card)| list.of(card).is_some()).count();
        let each = begun.elapsed() / LOOK_UPS;
        assert_eq!(found, 75_000);
        println!("{} BINs: {each:?} a look-up", list.now().len());
        assert!(each < std::time::Duration::from_micros(50), "{each:?}");
    }

    #[test]
    fn a_family_is_found_however_it_is_typed() {
        let bins = BinList::built_in();
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
        assert_eq!((EDITION, &hash[..16]), (2, "f01cd1e3484a8391"));
    }

    #[test]
    fn brand_and_family_are_two_things() {
        let bins = BinList::built_in();
        let failing = bins.of("4025890000006665").unwrap();
        assert_eq!(
            (failing.brand.as_str(), failing.family.as_str()),
            ("Kuveyt Türk CC", "Bonus")
        );
    }
}
