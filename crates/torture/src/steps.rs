//! The log of a run: who did what when, for the visits that a finding names.

use std::sync::Mutex;
use std::time::Instant;

/// What happened, in order.
pub(crate) struct Steps {
    begun: Instant,
    lines: Mutex<Vec<(Option<u64>, String)>>,
}

impl Steps {
    pub(crate) fn new() -> Steps {
        Steps {
            begun: Instant::now(),
            lines: Mutex::new(Vec::new()),
        }
    }

    /// Notes what happened, of a visit or around all of them.
    pub(crate) fn note(&self, visit: Option<u64>, what: String) {
        let at = self.begun.elapsed().as_millis();
        let who = visit.map_or_else(|| "-".to_owned(), |visit| visit.to_string());
        if let Ok(mut lines) = self.lines.lock() {
            lines.push((visit, format!("{at:>7} ms  visit {who:<6} {what}")));
        }
    }

    /// All lines, or those of a visit with what happened around it.
    pub(crate) fn told(&self, of: Option<u64>) -> Vec<String> {
        let Ok(lines) = self.lines.lock() else {
            return Vec::new();
        };
        let wanted = |visit: Option<u64>| of.is_none() || visit == of;
        let told = lines.iter().filter(|(visit, _)| wanted(*visit));
        told.map(|(_, line)| line.clone()).collect()
    }
}
