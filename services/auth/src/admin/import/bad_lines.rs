//! The lines that are no accounts: the first ones with their reasons, the others counted.
use std::{collections::BTreeMap, fmt::Write as _};

use chassis::Stop;

use super::row::Line;

/// A file of the wrong kind has nothing but bad lines.
const SHOWN: usize = 20;

#[derive(Default)]
pub(super) struct BadLines {
    first: BTreeMap<Line, String>,
    count: u64,
}

impl BadLines {
    /// Notes a line. Each is noted once, in any order.
    pub(super) fn add(&mut self, line: Line, why: impl Into<String>) {
        self.count += 1;
        if self.first.len() < SHOWN || self.first.last_key_value().is_some_and(|(last, _)| *last > line) {
            self.first.insert(line, why.into());
        }
        if self.first.len() > SHOWN {
            self.first.pop_last();
        }
    }

    /// That there are none, or which they are.
    pub(super) fn none(self, file: &str) -> Result<(), Stop> {
        if self.count == 0 {
            return Ok(());
        }
        let lines = if self.count == 1 { "line is" } else { "lines are" };
        let mut told = format!("{file}: {} {lines} bad; nothing was imported", self.count);
        for (line, why) in &self.first {
            let _ = write!(told, "\n  line {line}: {why}");
        }
        let more = self.count - self.first.len() as u64;
        if more > 0 {
            let _ = write!(told, "\n  and {more} more");
        }
        Err(Stop::Failed(told))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_twenty_by_number_are_told_whatever_order_they_were_found_in() {
        let mut bad = BadLines::default();
        for line in (1..=25).rev() {
            bad.add(line, format!("reason {line}"));
        }
        let told = bad.none("a.csv").expect_err("bad lines").to_string();
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[0], "a.csv: 25 lines are bad; nothing was imported");
        assert_eq!((lines[1], lines[20]), ("  line 1: reason 1", "  line 20: reason 20"));
        assert_eq!(lines[21..], ["  and 5 more"]);
        assert!(BadLines::default().none("a.csv").is_ok());
    }
}
