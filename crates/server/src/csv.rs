//! Files that spreadsheets open: RFC 4180, and no cell that a spreadsheet would run as a formula.

/// A row with its line end.
pub fn row<S: AsRef<str>>(cells: impl IntoIterator<Item = S>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|text| cell(text.as_ref())).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell. An apostrophe before what a spreadsheet would take for a formula; whole numbers are none.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let number = text.strip_prefix('-').is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    });
    let safe = match formula && !number {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    match safe.contains(['"', ',', '\r', '\n']) {
        true => format!("\"{}\"", safe.replace('"', "\"\"")),
        false => safe,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn cells_are_quoted_and_run_nothing() {
        assert_eq!(
            super::row(["a", "b\"c", "d,e", "=1+1", "-5.00", "-x", "@y", ""]),
            "a,\"b\"\"c\",\"d,e\",'=1+1,-5.00,'-x,'@y,\r\n"
        );
    }
}
