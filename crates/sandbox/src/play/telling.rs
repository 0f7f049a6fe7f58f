//! The story as it is told: a line for each step, and how many went wrong.

use crate::amounts;
use crate::output::say;
use anstyle::{AnsiColor, Style};
use serde_json::Value;

/// Columns of what was asked.
const ASKED_WIDTH: usize = 54;

/// Tells the steps and counts them.
pub(crate) struct Telling {
    right: usize,
    wrong: usize,
}

impl Telling {
    /// Nothing told yet.
    pub(crate) fn new() -> Telling {
        Telling { right: 0, wrong: 0 }
    }

    /// Begins a scene.
    pub(crate) fn scene(&mut self, title: &str) {
        let bold = Style::new().bold();
        say(&format!("\n{bold}{title}{bold:#}"));
    }

    /// A step that ended as it should.
    pub(crate) fn step(&mut self, asked: &str, answered: &str) {
        self.right += 1;
        let green = AnsiColor::Green.on_default();
        say(&format!(
            "  {green}✓{green:#} {asked:<ASKED_WIDTH$} {answered}"
        ));
    }

    /// A step that did not.
    pub(crate) fn wrong(&mut self, why: &str) {
        self.wrong += 1;
        let red = AnsiColor::Red.on_default();
        say(&format!("  {red}✗{red:#} {why}"));
    }

    /// Sums up. True when nothing went wrong.
    pub(crate) fn ends(&self) -> bool {
        let right = self.right;
        match self.wrong {
            0 => say(&format!("\nAll {right} steps ended as they should.")),
            wrong => say(&format!(
                "\n{wrong} of the scenes went wrong ({right} steps were right)."
            )),
        }
        self.wrong == 0
    }
}

/// A number of lira in an answer, in kuruş.
pub(crate) fn kurus(value: &Value) -> Result<i64, String> {
    amounts::kurus(value).ok_or_else(|| format!("{value} is not an amount"))
}

/// Kuruş as lira, in Turkish spelling: `1.234,56 TL`.
pub(crate) fn lira(kurus: i64) -> String {
    let number = amounts::grouped(kurus, '.', ',');
    format!("{}{number} TL", amounts::sign(kurus))
}

/// `wanted` at `name` of an answer, or a sentence about what is there instead.
pub(crate) fn expect(answer: &Value, name: &str, wanted: &str) -> Result<(), String> {
    match &answer[name] {
        found if found == wanted => Ok(()),
        found => Err(format!("{name} is {found}, not {wanted}")),
    }
}

/// A text in an answer.
pub(crate) fn text<'a>(answer: &'a Value, name: &str) -> Result<&'a str, String> {
    answer[name]
        .as_str()
        .ok_or_else(|| format!("{name} is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_spelled_as_turks_do() {
        for (kurus, text) in [
            (0, "0,00 TL"),
            (1235, "12,35 TL"),
            (123_456, "1.234,56 TL"),
            (100_000_000, "1.000.000,00 TL"),
            (-5, "-0,05 TL"),
        ] {
            assert_eq!(lira(kurus), text);
        }
        let read = |text: &str| kurus(&serde_json::from_str(text).unwrap());
        assert_eq!(read("12.35"), Ok(1235));
        assert_eq!(read("100"), Ok(10_000));
        assert!(read("\"1\"").is_err() && read("0.001").is_err());
    }
}
