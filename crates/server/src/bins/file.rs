//! A list of BINs as a file: the compiled-in lists, what an operator imports and what is exported. A file is
//! read whole or refused with the place of its first flaw; what makes it the list in use is not here.

use super::{Bin, Bins};
use crate::csv;
use crate::search_text::folded;
use contract::enums::{CardAssociation, CardType};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The largest file that is read.
pub const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The most BINs of a file.
const ROWS_MAX: usize = 100_000;
/// The longest name of a bank or brand.
const NAME_CHARS_MAX: usize = 100;
/// EFT codes have four digits at most.
const BANK_CODE_MAX: i64 = 9999;

/// The columns of a file as it is exported.
const COLUMNS: [&str; 8] = [
    "bin",
    "bank_code",
    "bank_name",
    "card_type",
    "card_association",
    "brand",
    "family",
    "commercial",
];
/// The columns of the public list (`data/README.md`), which names a card programme and no bank.
const PUBLIC_COLUMNS: [&str; 6] = [
    "bin",
    "bank_eft_code",
    "card_type",
    "card_association",
    "card_program",
    "commercial",
];

/// The public list's programmes, with brand and family.
const PROGRAMMES: [(&str, &str, &str); 14] = [
    ("", "", ""),
    ("AXESS", "Axess", "Axess"),
    ("BANK24", "Bank24", ""),
    ("BANKKART", "Bankkart Combo", "Bankkart Combo"),
    ("BONUS", "Bonus", "Bonus"),
    ("CARDFINANS", "CardFinans", "CardFinans"),
    ("MAXIMUM", "Maximum", "Maximum"),
    ("MILES_AND_SMILES", "Miles&Smiles", "Miles&Smiles"),
    ("NEO", "Neo", ""),
    ("PARAF", "Paraf", "Paraf"),
    ("SAGLAMKART", "Sağlam Kart", "Sağlam Kart"),
    ("SHOP_AND_FLY", "Shop&Fly", "Shop&Fly"),
    ("WINGS", "Wings", "Wings"),
    ("WORLD", "World", "World"),
];

/// Where a file is not as it should be. What stands there is not repeated: it may be a whole card number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The line, from 1.
    pub line: usize,
    /// The column's name; empty where the line as a whole is wrong.
    pub column: &'static str,
    /// What should stand there.
    pub expected: String,
}

impl Flaw {
    fn of_line(line: usize, expected: impl Into<String>) -> Flaw {
        Flaw {
            line,
            column: "",
            expected: expected.into(),
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.column.is_empty() {
            write!(f, ", column {}", self.column)?;
        }
        write!(f, ": {}", self.expected)
    }
}

/// A BIN and what is known of it.
pub(super) type Row = (String, Arc<Bin>);

/// The rows of a file, in its order. Where `families` are given, cards are of these alone.
pub(super) fn rows(bytes: &[u8], families: Option<&BTreeSet<String>>) -> Result<Vec<Row>, Flaw> {
    let text = text(bytes)?;
    let lines = csv::lines(text, csv::separator(text)).ok_or_else(|| {
        let is_odd = |line: &str| line.matches('"').count() % 2 == 1;
        let at = text.lines().position(is_odd).unwrap_or(0);
        Flaw::of_line(at + 1, "a quote is opened here and never closed")
    })?;
    let mut lines = lines.into_iter().peekable();
    let empty = || Flaw::of_line(1, "a heading and at least one BIN are expected");
    let (line, head) = lines.next().ok_or_else(empty)?;
    let mut reader = Reader {
        columns: columns(line, &head)?,
        families,
        banks: HashMap::new(),
        lines: HashMap::new(),
        bins: HashSet::new(),
    };
    let is_filled = |(_, cells): &(usize, Vec<String>)| cells.iter().any(|c| !c.trim().is_empty());
    let rows = lines.filter(is_filled).enumerate();
    let rows = rows.map(|(at, (line, cells))| {
        if at >= ROWS_MAX {
            let expected = format!("at most {ROWS_MAX} BINs are expected");
            return Err(Flaw::of_line(line, expected));
        }
        reader.row(line, &cells)
    });
    let rows: Vec<Row> = rows.collect::<Result<_, _>>()?;
    Some(rows).filter(|rows| !rows.is_empty()).ok_or_else(empty)
}

/// A list as a file: sorted, one spelling for everything, so that equal lists are equal files.
pub(super) fn write(list: &Bins) -> String {
    let mut file = csv::row(COLUMNS);
    for (digits, bin) in list.rows() {
        file.push_str(&csv::row([
            digits.as_str(),
            &bin.bank_code.to_string(),
            &bin.bank_name,
            bin.card_type.map_or("", |kind| kind.as_str()),
            bin.association.map_or("", |one| one.as_str()),
            &bin.brand,
            &bin.family,
            bin.commercial
                .map_or("", |is| if is { "true" } else { "false" }),
        ]));
    }
    file
}

fn text(bytes: &[u8]) -> Result<&str, Flaw> {
    if bytes.len() > FILE_BYTES_MAX {
        let mib = FILE_BYTES_MAX >> 20;
        let expected = format!("a file of at most {mib} MiB is expected");
        return Err(Flaw::of_line(1, expected));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Flaw::of_line(line, "UTF-8 is expected")
    })
}

/// Which columns a heading has.
fn columns(line: usize, head: &[String]) -> Result<&'static [&'static str], Flaw> {
    let is_public = head.get(1).map(|cell| cell.trim()) == Some(PUBLIC_COLUMNS[1]);
    let columns: &[&str] = if is_public { &PUBLIC_COLUMNS } else { &COLUMNS };
    for (at, name) in columns.iter().enumerate() {
        if head.get(at).map(|cell| cell.trim()) != Some(name) {
            let place = at + 1;
            let expected = format!("column {place} must be headed {name}");
            return Err(Flaw::of_line(line, expected));
        }
    }
    if head.len() == columns.len() {
        Ok(columns)
    } else {
        let expected = format!("no more than {} columns are expected", columns.len());
        Err(Flaw::of_line(line, expected))
    }
}

/// Reads the rows below a heading.
struct Reader<'a> {
    columns: &'static [&'static str],
    families: Option<&'a BTreeSet<String>>,
    /// What the file calls banks that only it knows.
    banks: HashMap<i64, String>,
    /// On which line a BIN stands.
    lines: HashMap<String, usize>,
    /// What was read so far: most rows say the same as another one.
    bins: HashSet<Arc<Bin>>,
}

impl Reader<'_> {
    fn row(&mut self, line: usize, cells: &[String]) -> Result<Row, Flaw> {
        if cells.len() != self.columns.len() {
            let expected = format!("{} cells are expected", self.columns.len());
            return Err(Flaw::of_line(line, expected));
        }
        let wrong = |(column, expected)| Flaw {
            line,
            column,
            expected,
        };
        let cell = |name: &'static str| {
            let at = self.columns.iter().position(|column| *column == name);
            at.and_then(|at| cells.get(at)).map(|cell| cell.trim())
        };
        let digits = bin(cell("bin").unwrap_or("")).map_err(wrong)?;
        let (brand, family) = match cell("card_program") {
            Some(programme) => brand_of(programme),
            None => self.brand(cell("brand").unwrap_or(""), cell("family").unwrap_or("")),
        }
        .map_err(wrong)?;
        let card_type = card_type(cell("card_type").unwrap_or("")).map_err(wrong)?;
        let association = association(cell("card_association").unwrap_or("")).map_err(wrong)?;
        let commercial = commercial(cell("commercial").unwrap_or("")).map_err(wrong)?;
        let code = cell(self.columns[1]).unwrap_or("");
        let (bank_code, bank_name) = self
            .bank(code, cell("bank_name").unwrap_or(""))
            .map_err(wrong)?;
        if let Some(first) = self.lines.insert(digits.clone(), line) {
            let expected = format!("a BIN that stands on no other line; it stands on line {first}");
            return Err(wrong(("bin", expected)));
        }
        let bin = Bin {
            bank_code,
            bank_name,
            card_type: Some(card_type),
            association,
            brand,
            family,
            commercial: Some(commercial),
        };
        if let Some(same) = self.bins.get(&bin) {
            return Ok((digits, Arc::clone(same)));
        }
        let bin = Arc::new(bin);
        self.bins.insert(Arc::clone(&bin));
        Ok((digits, bin))
    }

    /// Code and name. A bank that Galata knows by its code is called as Galata calls it, another one as the
    /// file does, everywhere alike.
    fn bank(&mut self, code: &str, said: &str) -> Result<(i64, String), Wrong> {
        let column = self.columns[1];
        let is_code = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit());
        let code: Option<i64> = code.parse().ok().filter(|code| *code <= BANK_CODE_MAX);
        let code = code.filter(|_| is_code).ok_or_else(|| {
            let expected = format!("a bank's EFT code up to {BANK_CODE_MAX} is expected, or 0");
            (column, expected)
        })?;
        require_name("bank_name", said)?;
        if let Some(name) = connectors::directory::bank_name(code) {
            return Ok((code, name.to_owned()));
        }
        if code > 0 {
            if said.is_empty() {
                let expected = "a code that Galata knows is expected, or a column bank_name";
                return Err((column, expected.to_owned()));
            }
            let name = self.banks.entry(code).or_insert_with(|| said.to_owned());
            if name != said {
                let expected = format!("bank {code} is called otherwise above");
                return Err(("bank_name", expected));
            }
        }
        Ok((code, said.to_owned()))
    }

    fn brand(&self, brand: &str, family: &str) -> Result<(String, String), Wrong> {
        require_name("brand", brand)?;
        let Some(families) = self.families.filter(|_| !family.is_empty()) else {
            return Ok((brand.to_owned(), family.to_owned()));
        };
        let typed = folded(family);
        let known = families.iter().find(|known| folded(known) == typed);
        let known = known.ok_or_else(|| {
            let names: Vec<&str> = families.iter().map(String::as_str).collect();
            let expected = format!("one of these is expected, or nothing: {}", names.join(", "));
            ("family", expected)
        })?;
        Ok((brand.to_owned(), known.clone()))
    }
}

/// The column of a cell that cannot be read, and what should stand there.
type Wrong = (&'static str, String);

fn bin(digits: &str) -> Result<String, Wrong> {
    let is_bin = digits.bytes().all(|byte| byte.is_ascii_digit()) && matches!(digits.len(), 6 | 8);
    if is_bin {
        return Ok(digits.to_owned());
    }
    let expected = "6 or 8 digits are expected; spreadsheets drop zeros in front";
    Err(("bin", expected.to_owned()))
}

fn brand_of(programme: &str) -> Result<(String, String), Wrong> {
    let known = PROGRAMMES.iter().find(|(name, ..)| *name == programme);
    let known = known.map(|(_, brand, family)| ((*brand).to_owned(), (*family).to_owned()));
    known.ok_or_else(|| {
        let names: Vec<&str> = PROGRAMMES[1..].iter().map(|(name, ..)| *name).collect();
        let expected = format!("one of these is expected, or nothing: {}", names.join(", "));
        ("card_program", expected)
    })
}

/// The public list says CREDIT where the contract says `CREDIT_CARD`.
fn card_type(word: &str) -> Result<CardType, Wrong> {
    let whole = CardType::from_str(word).or_else(|_| CardType::from_str(&format!("{word}_CARD")));
    whole.map_err(|_| {
        let expected = "CREDIT_CARD, DEBIT_CARD or PREPAID_CARD is expected";
        ("card_type", expected.to_owned())
    })
}

/// The public list leaves out what stands between two words of the contract. No word: not known.
fn association(word: &str) -> Result<Option<CardAssociation>, Wrong> {
    if word.is_empty() {
        return Ok(None);
    }
    let bare = word.replace('_', "");
    let known = CardAssociation::ALL
        .iter()
        .find(|known| known.as_str().replace('_', "") == bare);
    known.copied().map(Some).ok_or_else(|| {
        let names: Vec<&str> = CardAssociation::ALL
            .iter()
            .map(|known| known.as_str())
            .collect();
        let expected = format!("one of these is expected, or nothing: {}", names.join(", "));
        ("card_association", expected)
    })
}

/// A Turkish spreadsheet writes truth in Turkish.
fn commercial(word: &str) -> Result<bool, Wrong> {
    match folded(word).as_str() {
        "true" | "dogru" => Ok(true),
        "false" | "yanlis" => Ok(false),
        _ => Err(("commercial", "true or false is expected".to_owned())),
    }
}

fn require_name(column: &'static str, name: &str) -> Result<(), Wrong> {
    if name.chars().count() <= NAME_CHARS_MAX && !name.contains(char::is_control) {
        return Ok(());
    }
    let expected = format!("at most {NAME_CHARS_MAX} characters on one line are expected");
    Err((column, expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bins::BinList;

    const HEAD: &str =
        "bin,bank_code,bank_name,card_type,card_association,brand,family,commercial\n";
    const ROW: &str = "520922,62,,CREDIT_CARD,MASTER_CARD,Bonus,Bonus,false\n";

    fn read(text: &str) -> Result<Bins, Flaw> {
        BinList::built_in().read(text.as_bytes())
    }

    #[test]
    fn what_is_written_is_read_back_and_written_alike() {
        let list = BinList::built_in();
        let file = write(&list.now());
        let again = list.read(file.as_bytes()).unwrap();
        assert_eq!(again.rows(), list.now().rows());
        assert_eq!(write(&again), file);
        assert!(file.lines().count() > 10_000);
    }

    #[test]
    fn spreadsheets_and_the_public_list_are_read_too() {
        let plain = read(&format!("{HEAD}{ROW}")).unwrap();
        let bin = plain.of("52092200").unwrap();
        assert!(bin.bank_name.contains("GARANT"), "{}", bin.bank_name);
        let of_excel = format!("\u{feff}{HEAD}{ROW};;;;;;;\n").replace(',', ";");
        let of_excel = of_excel
            .replace('\n', "\r\n")
            .replace("false", "YANLIŞ")
            .replace("Bonus;Bonus", "Bonus;\"BONUS\"");
        assert_eq!(read(&of_excel).unwrap().rows(), plain.rows());
        let public = "bin,bank_eft_code,card_type,card_association,card_program,commercial\n\
                      520922,62,CREDIT,MASTERCARD,BONUS,false\n";
        assert_eq!(read(public).unwrap().rows(), plain.rows());
        let own = format!("{HEAD}999999,9001,Yeni Banka,DEBIT,,,,TRUE\n");
        let own = read(&own).unwrap();
        let bin = own.of("999999").unwrap();
        assert_eq!(
            (bin.bank_code, bin.bank_name.as_str()),
            (9001, "Yeni Banka")
        );
        assert_eq!((bin.association, bin.commercial), (None, Some(true)));
    }

    fn refused(file: &str, (line, column): (usize, &str), expected: &str) {
        let flaw = read(file).unwrap_err();
        assert_eq!((flaw.line, flaw.column), (line, column), "{file}: {flaw}");
        assert!(flaw.expected.contains(expected), "{file}: {flaw}");
        assert!(!flaw.to_string().contains("5406675406675403"));
    }

    #[test]
    fn a_flaw_of_the_head_is_named() {
        for (file, expected) in [
            (String::new(), "at least one BIN"),
            (HEAD.to_owned(), "at least one BIN"),
            (format!("{HEAD},,,,,,,\n"), "at least one BIN"),
            (ROW.to_owned(), "column 1 must be headed bin"),
            (HEAD.replace("brand", "marka"), "headed brand"),
            (HEAD.replace(",family", ""), "headed family"),
            (HEAD.replace("commercial", "commercial,x"), "no more than 8"),
        ] {
            refused(&file, (1, ""), expected);
        }
        let latin = [HEAD.as_bytes(), b"520923,9001,\xdd\xfe,CREDIT,,,,false\n"].concat();
        let flaw = BinList::built_in().read(&latin).unwrap_err();
        assert_eq!(flaw.to_string(), "line 2: UTF-8 is expected");
    }

    #[test]
    fn the_first_flaw_of_a_row_is_named_with_its_place() {
        // Behind a row that is right: what is written, its line, the column, what is expected there.
        for flaw in [
            "\"52092201,62,,CREDIT_CARD,,,,false|3||quote",
            "52092201,62,,CREDIT_CARD,,,false|3||8 cells",
            "16101,62,,CREDIT_CARD,,,,false|3|bin|6 or 8 digits",
            "5209220,62,,CREDIT_CARD,,,,false|3|bin|6 or 8 digits",
            "5406675406675403,62,,CREDIT_CARD,,,,false|3|bin|6 or 8",
            "52x922,62,,CREDIT_CARD,,,,false|3|bin|6 or 8 digits",
            "\n520922,62,,CREDIT_CARD,,,,false|4|bin|stands on line 2",
            "520923,,,CREDIT_CARD,,,,false|3|bank_code|EFT code",
            "520923,-1,,CREDIT_CARD,,,,false|3|bank_code|EFT code",
            "520923,99999,,CREDIT_CARD,,,,false|3|bank_code|EFT code",
            "520923,9001,,CREDIT_CARD,,,,false|3|bank_code|bank_name",
            "520923,9001,A,CREDIT,,,,false\n520924,9001,B,CREDIT,,,,false|4|bank_name|otherwise",
            "520923,9001,\"A\nB\",CREDIT,,,,false|4|bank_name|characters",
            "520923,62,,KREDI,,,,false|3|card_type|CREDIT_CARD",
            "520923,62,,CREDIT_CARD,VISSA,,,false|3|card_association|VISA",
            "520923,62,,CREDIT_CARD,,,Bonuss,false|3|family|Bonus",
            "520923,62,,CREDIT_CARD,,,,|3|commercial|true or false",
        ] {
            let parts: Vec<&str> = flaw.split('|').collect();
            let place = (parts[1].parse().unwrap(), parts[2]);
            refused(&format!("{HEAD}{ROW}{}\n", parts[0]), place, parts[3]);
        }
        let public = "bin,bank_eft_code,card_type,card_association,card_program,commercial\n";
        let family = format!("{public}520923,62,CREDIT,,BONUSS,false\n");
        refused(&family, (2, "card_program"), "BONUS");
        let bank = format!("{public}520923,9001,CREDIT,,BONUS,false\n");
        refused(&bank, (2, "bank_eft_code"), "bank_name");
    }

    #[test]
    fn size_and_rows_are_bounded() {
        let large = vec![b'x'; FILE_BYTES_MAX + 1];
        let flaw = BinList::built_in().read(&large).unwrap_err();
        assert!(flaw.expected.contains("4 MiB"), "{flaw}");
        let mut many = PUBLIC_COLUMNS.join(",");
        for at in 0..ROWS_MAX {
            many.push_str(&format!("\n{at:06},0,DEBIT,,,true"));
        }
        assert_eq!(read(&many).unwrap().rows().len(), ROWS_MAX);
        let flaw = read(&format!("{many}\n999999,0,DEBIT,,,true")).unwrap_err();
        assert_eq!(flaw.line, ROWS_MAX + 2, "{flaw}");
    }
}
