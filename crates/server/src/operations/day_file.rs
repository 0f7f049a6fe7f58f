//! A day's list as a file that a person took out of the bank's own pages, for banks that give none by their protocol.
//! Heads and words are one table each; a file that lacks a column, or has a row that cannot be read, is refused whole.

use super::Problem;
use crate::amounts;
use crate::csv;
use crate::search_text::folded;
use connectors::bank::{BankMove, MoveKind, MoveOutcome};
use connectors::xml;
use contract::enums::Currency;
use contract::rules::Rule;
use jiff::civil::{Date, DateTime, Time};

/// Bytes that a file may have.
const FILE_BYTES_MAX: usize = 1024 * 1024;
/// Rows that a file may have.
const ROWS_MAX: usize = 20_000;
/// Rows in which the head is looked for: some banks put a title above it.
const HEAD_WITHIN: usize = 20;
/// What splits cells, in the order in which it is tried.
const SEPARATORS: [char; 3] = [';', '\t', ','];

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Order,
    Amount,
    Date,
    Time,
    Kind,
    Status,
    Currency,
    Reference,
    Approval,
    Card,
}

/// Heads as banks write them, folded and without what is neither letter nor digit.
#[rustfmt::skip] // A table: a column a line or two.
const HEADS: &[(Column, &[&str])] = &[
    (Column::Order, &["siparisno", "siparisnumarasi", "siparisid", "siparis", "orderid", "orderno", "ordernumber", "oid",
        "merchantorderid", "xid"]),
    (Column::Amount, &["tutar", "islemtutari", "tutartl", "amount", "transactionamount", "purchamount"]),
    (Column::Date, &["tarih", "islemtarihi", "islemtarihisaati", "islemtarihsaat", "tarihsaat", "date", "datetime",
        "transactiondate", "transactiontime", "txndatetime"]),
    (Column::Time, &["saat", "islemsaati", "time"]),
    (Column::Kind, &["islemtipi", "islemturu", "islem", "tip", "tur", "type", "transactiontype", "txntype"]),
    (Column::Status, &["durum", "islemdurumu", "sonuc", "islemsonucu", "status", "result", "state"]),
    (Column::Currency, &["parabirimi", "doviz", "dovizkodu", "dovizcinsi", "currency", "currencycode"]),
    (Column::Reference, &["referansno", "referansnumarasi", "referans", "rrn", "hostreferansno", "retrefnum",
        "hostrefnum", "reference"]),
    (Column::Approval, &["onaykodu", "provizyonno", "provizyonkodu", "otorizasyonkodu", "authcode", "approvalcode"]),
    (Column::Card, &["kartno", "kartnumarasi", "kart", "sondorthane", "son4hane", "cardnumber", "maskedpan", "pan",
        "card", "lastfour"]),
];

/// Columns without which nothing can be compared.
const NEEDED: [(Column, &str); 3] = [
    (Column::Order, "Sipariş No / Order ID"),
    (Column::Amount, "Tutar / Amount"),
    (Column::Date, "Tarih / Date"),
];

/// What was done, in the banks' words.
#[rustfmt::skip] // A table: a kind a line or two.
const KINDS: &[(MoveKind, &[&str])] = &[
    (MoveKind::Sale, &["satis", "pesin", "pesinsatis", "taksitli", "taksitlisatis", "tahsilat", "sale", "sales", "auth",
        "purchase", "payment"]),
    (MoveKind::Hold, &["onotorizasyon", "onprovizyon", "onoto", "provizyon", "preauth", "preauthorization", "hold"]),
    (MoveKind::Capture, &["onotorizasyonkapama", "onprovizyonkapama", "kapama", "provizyonkapama", "postauth", "capture"]),
    (MoveKind::Void, &["iptal", "satisiptal", "iptalislemi", "void", "cancel", "cancellation", "reversal"]),
    (MoveKind::Refund, &["iade", "satisiade", "kismiiade", "refund", "partialrefund", "return", "credit"]),
];

/// What came of it.
#[rustfmt::skip] // A table: an outcome a line or two.
const OUTCOMES: &[(MoveOutcome, &[&str])] = &[
    (MoveOutcome::Worked, &["basarili", "onaylandi", "onayli", "onay", "tamamlandi", "iadeedildi", "kismiiadeedildi",
        "success", "successful", "approved", "completed", "ok", "refunded", "00"]),
    (MoveOutcome::Failed, &["basarisiz", "reddedildi", "red", "onaylanmadi", "hatali", "hata", "failed", "failure",
        "declined", "rejected", "error"]),
    (MoveOutcome::Undone, &["iptal", "iptaledildi", "iptaledilmis", "voided", "cancelled", "canceled", "reversed"]),
];

/// The moves of a file, of whichever days it tells; refused whole where something of it cannot be read.
pub(super) fn moves(file: &[u8], currency: Currency) -> Result<Vec<BankMove>, Problem> {
    if file.len() > FILE_BYTES_MAX {
        let max = FILE_BYTES_MAX.to_string();
        return Err(Problem::with(Rule::BodyTooLarge, &[("limit", &max)]));
    }
    let text = xml::decode(file);
    let (lines, head) = SEPARATORS
        .into_iter()
        .filter_map(|separator| {
            let lines = csv::lines(&text, separator)?;
            let head = Head::find(&lines)?;
            Some((lines, head))
        })
        .next()
        .ok_or_else(|| Head::what_lacks(&text))?;
    let rows = lines.get(head.row + 1..).unwrap_or_default();
    if rows.len() > ROWS_MAX {
        return Err(Problem::limit(Rule::TooManyItems, "file", "max", ROWS_MAX));
    }
    rows.iter()
        .map(|(line, cells)| {
            let row = Row { head: &head, cells };
            row.read(currency).map_err(|column| wrong(*line, column))
        })
        .collect()
}

/// A row that cannot be read.
fn wrong(line: usize, column: &str) -> Problem {
    let row = line.to_string();
    let values = [("field", "file"), ("row", row.as_str()), ("column", column)];
    Problem::with(Rule::FileRow, &values)
}

/// Letters and digits alone, small and without what keyboards lack.
fn bare(text: &str) -> String {
    let text = folded(text);
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// What a word of a table means.
fn meant<T: Copy>(table: &[(T, &[&str])], word: &str) -> Option<T> {
    let word = bare(word);
    let found = table
        .iter()
        .find(|(_, words)| words.contains(&word.as_str()));
    found.map(|(meaning, _)| *meaning)
}

/// Which cell is which column.
struct Head {
    row: usize,
    columns: Vec<Option<Column>>,
}

impl Head {
    fn find(lines: &[(usize, Vec<String>)]) -> Option<Head> {
        let heads = lines.iter().take(HEAD_WITHIN).enumerate();
        heads
            .map(|(row, (_, cells))| Head {
                row,
                columns: cells.iter().map(|cell| meant(HEADS, cell)).collect(),
            })
            .find(|head| NEEDED.iter().all(|(column, _)| head.at(*column).is_some()))
    }

    fn at(&self, column: Column) -> Option<usize> {
        self.columns.iter().position(|known| *known == Some(column))
    }

    /// The first column that the likeliest head of a text lacks.
    fn what_lacks(text: &str) -> Problem {
        let all = SEPARATORS.iter().filter_map(|one| csv::lines(text, *one));
        let heads = all.flat_map(|lines| lines.into_iter().take(HEAD_WITHIN));
        let likeliest = heads
            .map(|(_, cells)| {
                let columns = cells.iter().map(|cell| meant(HEADS, cell)).collect();
                Head { row: 0, columns }
            })
            .max_by_key(|head| head.columns.iter().flatten().count());
        let lacks = |(column, _): &&(Column, &str)| {
            likeliest
                .as_ref()
                .is_none_or(|head| head.at(*column).is_none())
        };
        let name = NEEDED.iter().find(lacks).map_or("", |(_, name)| *name);
        Problem::with(Rule::FileColumn, &[("field", "file"), ("column", name)])
    }
}

/// A row below its head.
struct Row<'a> {
    head: &'a Head,
    cells: &'a [String],
}

impl Row<'_> {
    fn cell(&self, column: Column) -> &str {
        let at = self.head.at(column);
        at.and_then(|at| self.cells.get(at))
            .map_or("", |cell| cell.trim())
    }

    fn has(&self, column: Column) -> bool {
        self.head.at(column).is_some()
    }

    /// The move; or the name of the column that cannot be read.
    fn read(&self, currency: Currency) -> Result<BankMove, &'static str> {
        let order_id = self.cell(Column::Order).to_owned();
        if order_id.is_empty() || !order_id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("Sipariş No / Order ID");
        }
        let told = match self.cell(Column::Currency) {
            "" => currency,
            word => currency_of(word).ok_or("Para Birimi / Currency")?,
        };
        let (is_negative, amount) = self.amount(told).ok_or("Tutar / Amount")?;
        let kind = match self.has(Column::Kind) {
            true => meant(KINDS, self.cell(Column::Kind)).ok_or("İşlem Tipi / Type")?,
            false if is_negative => MoveKind::Refund,
            false => MoveKind::Sale,
        };
        // Some banks write what goes back below zero; what is taken never is.
        if is_negative && !matches!(kind, MoveKind::Refund | MoveKind::Void) {
            return Err("Tutar / Amount");
        }
        let outcome = if self.has(Column::Status) {
            meant(OUTCOMES, self.cell(Column::Status)).ok_or("Durum / Status")?
        } else {
            MoveOutcome::Worked
        };
        let outcome = match (kind, outcome) {
            // A void that reads as voided is one that worked.
            (MoveKind::Void, MoveOutcome::Undone) => MoveOutcome::Worked,
            (_, outcome) => outcome,
        };
        Ok(BankMove {
            order_id,
            kind,
            outcome,
            amount: Some(amount),
            currency: Some(told),
            at: Some(self.moment().ok_or("Tarih / Date")?),
            card: self.cell(Column::Card).to_owned(),
            auth_code: self.cell(Column::Approval).to_owned(),
            host_reference: self.cell(Column::Reference).to_owned(),
        })
    }

    /// Minor units, and whether they stand below zero. Never guessed.
    fn amount(&self, currency: Currency) -> Option<(bool, i64)> {
        let text = self.cell(Column::Amount);
        let mark = |c: char| c.is_alphabetic() || c.is_whitespace() || "₺$€£".contains(c);
        let text = text.trim_matches(mark);
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let minor = amounts::typed(text)?.to_minor(currency).ok()?;
        Some((is_negative, minor))
    }

    fn moment(&self) -> Option<DateTime> {
        let both = format!("{} {}", self.cell(Column::Date), self.cell(Column::Time));
        let both = both.replace('T', " ");
        let mut words = both.split_whitespace();
        let day = date(words.next()?)?;
        let at = match words.next() {
            None => Time::midnight(),
            Some(time) => clock(time)?,
        };
        match words.next() {
            None => Some(day.to_datetime(at)),
            Some(_) => None,
        }
    }
}

/// A day as banks in Turkey write it: the month never stands first.
fn date(text: &str) -> Option<Date> {
    let shapes = [
        "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d",
    ];
    shapes
        .iter()
        .find_map(|shape| Date::strptime(shape, text).ok())
}

fn clock(text: &str) -> Option<Time> {
    let whole = text.split(['.', ',']).next().unwrap_or(text);
    let shapes = ["%H:%M:%S", "%H:%M", "%H%M%S"];
    shapes
        .iter()
        .find_map(|shape| Time::strptime(shape, whole).ok())
}

fn currency_of(word: &str) -> Option<Currency> {
    match word.to_ascii_uppercase().as_str() {
        "TL" | "YTL" | "949" | "₺" => Some(Currency::Try),
        "840" => Some(Currency::Usd),
        "978" => Some(Currency::Eur),
        "826" => Some(Currency::Gbp),
        code => code.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<BankMove>, Problem> {
        moves(text.as_bytes(), Currency::Try)
    }

    /// Order, kind, outcome and kuruş of each move.
    fn shown(moves: &[BankMove]) -> Vec<String> {
        let show = |one: &BankMove| {
            let at = one.at.unwrap();
            let amount = one.amount.unwrap();
            format!(
                "{} {:?} {:?} {amount} {at}",
                one.order_id, one.kind, one.outcome
            )
        };
        moves.iter().map(show).collect()
    }

    #[test]
    fn files_are_read_in_every_spelling() {
        let turkish = "Sipariş No;İşlem Tipi;Tutar;Para Birimi;Durum;İşlem Tarihi;Referans No;Kart No\r\n\
            A1;Satış;1.234,56;TL;Başarılı;27.11.2026 14:05:09;123;4043 08** **** 0003\r\n\
            A1;İade;10,00 TL;TL;Başarılı;27.11.2026 15:00:00;124;\r\n\
            A2;İptal;5,00;TL;İptal Edildi;27.11.2026 16:00;125;\r\n";
        let wanted = [
            "A1 Sale Worked 123456 2026-11-27T14:05:09",
            "A1 Refund Worked 1000 2026-11-27T15:00:00",
            "A2 Void Worked 500 2026-11-27T16:00:00",
        ];
        assert_eq!(shown(&read(turkish).unwrap()), wanted);
        assert_eq!(shown(&read(&format!("\u{feff}{turkish}")).unwrap()), wanted);
        let bytes = windows_1254(turkish);
        assert_eq!(shown(&moves(&bytes, Currency::Try).unwrap()), wanted);
        let english = "Date,Time,Order ID,Amount,Status\n2026-11-27,14:05,B1,\"1,234.56\",Approved\n20261127,,B2,-12.50,declined\n";
        assert_eq!(
            shown(&read(english).unwrap()),
            [
                "B1 Sale Worked 123456 2026-11-27T14:05:00",
                "B2 Refund Failed 1250 2026-11-27T00:00:00",
            ]
        );
        let titled = "Sanal POS\tHareketleri\n\nORDERID\tAMOUNT\tDATE\nC1\t1234.56\t27/11/2026\n";
        assert_eq!(
            shown(&read(titled).unwrap()),
            ["C1 Sale Worked 123456 2026-11-27T00:00:00"]
        );
    }

    /// In Windows-1254, whose bytes for these letters are these.
    fn windows_1254(text: &str) -> Vec<u8> {
        let byte = |letter: char| match letter {
            'ş' => 0xfe,
            'İ' => 0xdd,
            'ı' => 0xfd,
            letter => u8::try_from(letter).unwrap(),
        };
        text.chars().map(byte).collect()
    }

    #[test]
    fn what_cannot_be_read_is_named_and_refused_whole() {
        let row = |line: &str| {
            format!("Order ID;Amount;Date;Type;Status\nA;1,00;01.11.2026;Sale;OK\n{line}\n")
        };
        for (file, rule, named) in [
            ("", Rule::FileColumn, "Sipariş No / Order ID"),
            (
                "Order ID;Amount\nA;1,00\n",
                Rule::FileColumn,
                "Tarih / Date",
            ),
            (
                "Order ID;Date;Amount\n\"A;1",
                Rule::FileColumn,
                "Sipariş No / Order ID",
            ),
            (&row(";1,00;01.11.2026;Sale;OK"), Rule::FileRow, "3"),
            (&row("A;1.250;01.11.2026;Sale;OK"), Rule::FileRow, "3"),
            (&row("A;;01.11.2026;Sale;OK"), Rule::FileRow, "3"),
            (&row("A;1,00;11/27/2026;Sale;OK"), Rule::FileRow, "3"),
            (&row("A;1,00;01.11.2026 25:00;Sale;OK"), Rule::FileRow, "3"),
            (&row("A;1,00;01.11.2026;Danışma;OK"), Rule::FileRow, "3"),
            (&row("\n\nA;1,00;01.11.2026;Sale;Belki"), Rule::FileRow, "5"),
            (&row("A;1,00"), Rule::FileRow, "3"),
            (&row("A;-1,00;01.11.2026;Sale;OK"), Rule::FileRow, "3"),
            (&row("A;-1,00;01.11.2026;Hold;OK"), Rule::FileRow, "3"),
            (&row("A;-1,00;01.11.2026;Capture;OK"), Rule::FileRow, "3"),
        ] {
            match read(file) {
                Err(Problem::Rule { rule: told, values }) => {
                    assert_eq!(told, rule, "{file}");
                    assert!(values.iter().any(|(_, value)| value == named), "{values:?}");
                }
                other => panic!("{file}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_goes_back_may_stand_below_zero() {
        let file =
            "Order ID;Amount;Date;Type\nA;-1,00;01.11.2026;Refund\nB;-2,00;01.11.2026;Void\n";
        assert_eq!(
            shown(&read(file).unwrap()),
            [
                "A Refund Worked 100 2026-11-01T00:00:00",
                "B Void Worked 200 2026-11-01T00:00:00",
            ]
        );
    }

    #[test]
    fn size_and_rows_are_bounded() {
        let long = vec![b'x'; FILE_BYTES_MAX + 1];
        let refused = moves(&long, Currency::Try).unwrap_err();
        assert!(matches!(
            refused,
            Problem::Rule {
                rule: Rule::BodyTooLarge,
                ..
            }
        ));
        let many = format!(
            "Order ID;Amount;Date\n{}",
            "A;1;20261101\n".repeat(ROWS_MAX + 1)
        );
        let refused = read(&many).unwrap_err();
        assert!(matches!(
            refused,
            Problem::Rule {
                rule: Rule::TooManyItems,
                ..
            }
        ));
    }
}
