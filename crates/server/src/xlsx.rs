//! Files of Excel, written row by row: what is written is on disk, in a file that has no name, and not in memory.

use jiff::civil::DateTime;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use std::io::Write;

/// What stands in a column, written as text: how a spreadsheet shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Any text; also ids, of which a spreadsheet shows only fifteen digits as a number.
    Text,
    /// A number, with as many digits after the point as are written.
    Number,
    /// A local date-time.
    Moment,
    /// `true` or `false`.
    Flag,
}

/// Rows of a sheet, its head among them.
const ROWS_MAX: u32 = 1_048_576;

/// Writes a file: a sheet, and further ones beyond a million rows, each beginning with the column names.
///
/// # Errors
/// `rows` fails, there is no room for temporary files, or `out` takes no more.
pub fn write<E: From<XlsxError>>(
    columns: &[(&'static str, Cell)],
    mut rows: impl FnMut() -> Result<Option<Vec<String>>, E>,
    out: impl Write + Send,
) -> Result<(), E> {
    let formats = Formats::new();
    let mut workbook = Workbook::new();
    let (mut sheet, mut at) = (begin_sheet(&mut workbook, columns)?, 1);
    while let Some(cells) = rows()? {
        if at == ROWS_MAX {
            (sheet, at) = (begin_sheet(&mut workbook, columns)?, 1);
        }
        for ((column, text), (_, kind)) in (0..).zip(&cells).zip(columns) {
            formats.write(sheet, (at, column), text, *kind)?;
        }
        at += 1;
    }
    Ok(workbook.save_to_writer(out)?)
}

fn begin_sheet<'a>(
    workbook: &'a mut Workbook,
    columns: &[(&'static str, Cell)],
) -> Result<&'a mut Worksheet, XlsxError> {
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.write_row(0, 0, columns.iter().map(|(name, _)| *name))?;
    Ok(sheet)
}

/// How numbers and moments are shown.
struct Formats {
    /// By digits after the point.
    numbers: Vec<Format>,
    moment: Format,
}

impl Formats {
    fn new() -> Formats {
        let number = |digits: usize| match digits {
            0 => Format::new().set_num_format("0"),
            _ => Format::new().set_num_format(format!("0.{}", "0".repeat(digits))),
        };
        Formats {
            numbers: (0..=8).map(number).collect(),
            moment: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
        }
    }

    /// Writes a cell; one that is not what its column says stays the text that it is.
    fn write(
        &self,
        sheet: &mut Worksheet,
        (row, column): (u32, u16),
        text: &str,
        kind: Cell,
    ) -> Result<(), XlsxError> {
        if text.is_empty() {
            return Ok(());
        }
        let digits = text.split_once('.').map_or(0, |(_, digits)| digits.len());
        // A spreadsheet keeps numbers as floats, and so does its file.
        match (kind, self.numbers.get(digits)) {
            (Cell::Number, Some(format)) => {
                if let Ok(number) = text.parse::<f64>() {
                    sheet.write_number_with_format(row, column, number, format)?;
                    return Ok(());
                }
            }
            (Cell::Moment, _) => {
                if let Ok(moment) = text.parse::<DateTime>() {
                    sheet.write_datetime_with_format(row, column, moment, &self.moment)?;
                    return Ok(());
                }
            }
            (Cell::Flag, _) => {
                if let Ok(is) = text.parse::<bool>() {
                    sheet.write_boolean(row, column, is)?;
                    return Ok(());
                }
            }
            _ => {}
        }
        sheet.write_string(row, column, text)?;
        Ok(())
    }
}
