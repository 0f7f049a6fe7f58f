//! Files that spreadsheets open and write: RFC 4180, and no cell that a spreadsheet would run as a formula.

/// Tells Excel that a file is UTF-8.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A row with its line end, split at commas.
pub fn row<S: AsRef<str>>(cells: impl IntoIterator<Item = S>) -> String {
    split_at(",", cells)
}

/// A row with its line end, split at semicolons, as spreadsheets that write a decimal comma expect.
pub fn row_of_semicolons<S: AsRef<str>>(cells: impl IntoIterator<Item = S>) -> String {
    split_at(";", cells)
}

fn split_at<S: AsRef<str>>(separator: &str, cells: impl IntoIterator<Item = S>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|text| cell(text.as_ref())).collect();
    format!("{}\r\n", cells.join(separator))
}

/// What spreadsheets split a line or a file at, depending on where they are set up: in Turkey many
/// split at `;` and take the comma for a decimal point.
const SEPARATORS: [char; 5] = [',', ';', '\t', '\r', '\n'];

/// What a formula begins with, also as a full-width sign.
const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A cell, quoted where a spreadsheet might split it.
fn cell(text: &str) -> String {
    let safe = guarded(text);
    if safe.contains(SEPARATORS) || safe.contains('"') {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

/// An apostrophe before what a spreadsheet would take for a formula; whole numbers are none. Not only
/// at the beginning: quotes do not help where a spreadsheet splits at another separator than ours.
fn guarded(text: &str) -> String {
    let number = text.strip_prefix('-').is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    });
    if number {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len());
    if text.starts_with(['\t', '\r']) {
        safe.push('\'');
    }
    let mut begins = true;
    for one in text.chars() {
        if begins && SIGNS.contains(&one) {
            safe.push('\'');
        }
        safe.push(one);
        begins = SEPARATORS.contains(&one) || (begins && (one.is_whitespace() || one == '"'));
    }
    safe
}

/// The rows of a file as spreadsheets write it, split at `;` where the first line has more of them than
/// commas. Blank lines are none. `None` when a quote is not closed.
pub fn read(text: &str) -> Option<Vec<Vec<String>>> {
    let rows = lines(text, separator(text))?.into_iter();
    Some(rows.map(|(_, row)| row).collect())
}

/// What a file is split at: `;` where the first line has more of them than commas.
pub fn separator(text: &str) -> char {
    let heading = text.lines().next().unwrap_or("");
    let count = |separator| heading.matches(separator).count();
    if count(';') > count(',') { ';' } else { ',' }
}

/// The rows of a file that is split at `separator`, each with the line on which it ends, from 1. Blank lines are none.
/// `None` when a quote is not closed.
pub fn lines(text: &str, separator: char) -> Option<Vec<(usize, Vec<String>)>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut line) = (false, 1);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' if quoted || cell.is_empty() => quoted = !quoted,
            '\r' if !quoted && letters.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                end_row(line, &mut rows, &mut row, &mut cell);
            }
            one if one == separator && !quoted => row.push(bare(&mut cell)),
            one => cell.push(one),
        }
        line += usize::from(letter == '\n');
    }
    end_row(line, &mut rows, &mut row, &mut cell);
    (!quoted).then_some(rows)
}

fn end_row(
    line: usize,
    rows: &mut Vec<(usize, Vec<String>)>,
    row: &mut Vec<String>,
    cell: &mut String,
) {
    if !row.is_empty() || !cell.is_empty() {
        row.push(bare(cell));
        rows.push((line, std::mem::take(row)));
    }
}

/// A cell without the apostrophe that keeps it from being run.
fn bare(cell: &mut String) -> String {
    let text = std::mem::take(cell);
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(SIGNS) => rest.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_was_written_is_read_back() {
        let cells = [
            "a", "b\"c", "d,e", "-5.00", "=1", "", "x;y", "l\nm", "'quoted'", "ş",
        ];
        let file = format!(
            "\u{feff}{}\r\n{}",
            super::row(["1", "2"]),
            super::row(cells)
        );
        let read = super::read(&file).unwrap();
        assert_eq!(read, [vec!["1", "2"], cells.to_vec()]);
    }

    #[test]
    fn a_file_is_read_as_spreadsheets_write_it() {
        let read = |text| super::read(text).unwrap();
        assert_eq!(
            read("a;b,c;d\n\n1;2,5;3"),
            [["a", "b,c", "d"], ["1", "2,5", "3"]]
        );
        assert_eq!(read("a,b\r\n\"x\ny\",\r\n"), [["a", "b"], ["x\ny", ""]]);
        assert_eq!(read("a\"b"), [["a\"b"]]);
        assert_eq!(read(""), Vec::<Vec<String>>::new());
        assert_eq!(super::read("a,\"b"), None);
    }

    #[test]
    fn cells_are_quoted_and_run_nothing() {
        assert_eq!(
            super::row(["a", "b\"c", "d,e", "=1+1", "-5.00", "-x", "@y", ""]),
            "a,\"b\"\"c\",\"d,e\",'=1+1,-5.00,'-x,'@y,\r\n"
        );
    }

    #[test]
    fn a_cell_begins_no_formula_wherever_a_spreadsheet_splits_it() {
        for (text, cell) in [
            ("x;=cmd|' /C calc'!A0", "\"x;'=cmd|' /C calc'!A0\""),
            ("x;\"=1\"", "\"x;\"\"'=1\"\"\""),
            ("a\t+1", "\"a\t'+1\""),
            ("a\n@b", "\"a\n'@b\""),
            ("a,-1+1", "\"a,'-1+1\""),
            ("x;  =1", "\"x;  '=1\""),
            (" =1", " '=1"),
            ("\t=1", "\"'\t'=1\""),
            ("＝1", "'＝1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠a", "'＠a"),
            ("a=b-c", "a=b-c"),
            ("a;b", "\"a;b\""),
            ("ada@example.com", "ada@example.com"),
        ] {
            assert_eq!(super::cell(text), cell, "{text}");
        }
    }
}
