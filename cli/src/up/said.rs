//! What one service says: shown on the console, and its last lines remembered for when it fails to start.
//!
//! Its log is on stdout; on stderr it says only what keeps it from starting. Before it is ready that is held back: if
//! the start fails, the error tells it, and nobody reads it twice.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::console::{Console, Voice};

/// How many lines of the log are remembered.
const LOG_LINES: usize = 10;

/// How many lines of stderr are remembered: all that a refused configuration or a panic may take.
const ERROR_LINES: usize = 100;

/// The ears for one service, through all its lives. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Said(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    voice: Voice,
    console: Console,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    log: VecDeque<String>,
    errors: VecDeque<String>,
    holds_back: bool,
}

impl Said {
    pub(super) fn new(voice: Voice, console: Console) -> Self {
        Self(Arc::new(Shared { voice, console, heard: Mutex::default() }))
    }

    /// A life begins. What is said on stderr is held back if the service was never ready.
    pub(super) fn begin(&self, never_ready: bool) {
        *self.heard() = Heard { holds_back: never_ready, ..Heard::default() };
    }

    /// A line on stdout.
    pub(super) fn log(&self, line: &str) {
        // While we wait for a service most of its lines are about our own questions whether it is ready.
        if !is_about_a_request(line) {
            remember(&mut self.heard().log, LOG_LINES, line);
        }
        self.show(line);
    }

    /// A line on stderr.
    pub(super) fn error(&self, line: &str) {
        let mut heard = self.heard();
        remember(&mut heard.errors, ERROR_LINES, line);
        if !heard.holds_back {
            self.show(line);
        }
    }

    /// Shows what was held back, and holds back nothing more in this life.
    pub(super) fn release(&self) {
        let mut heard = self.heard();
        if std::mem::take(&mut heard.holds_back) {
            heard.errors.iter().for_each(|line| self.show(line));
        }
    }

    /// Why this life went wrong, in the service's own words: what it said on stderr, or else the end of its log.
    pub(super) fn last_words(&self) -> Vec<String> {
        let heard = self.heard();
        let lines = if heard.errors.is_empty() { &heard.log } else { &heard.errors };
        lines.iter().cloned().collect()
    }

    fn show(&self, line: &str) {
        self.0.console.log(self.0.voice, line);
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remember(lines: &mut VecDeque<String>, room: usize, line: &str) {
    if lines.len() == room {
        lines.pop_front();
    }
    lines.push_back(line.to_owned());
}

/// In either form of the log (docs/logs.md).
fn is_about_a_request(line: &str) -> bool {
    line.contains(r#""target":"access""#) || line.contains(" answered port=")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::up::console::tests::Paper;

    fn said(paper: &Paper) -> Said {
        Said::new(Voice { name: "auth", colour: None }, paper.console())
    }

    fn shown(said: &Said, paper: &Paper) -> String {
        said.0.console.clone().finish(std::time::Duration::from_secs(10));
        paper.text()
    }

    #[test]
    fn only_the_last_lines_are_remembered() {
        let said = said(&Paper::default());
        for number in 0..LOG_LINES + 2 {
            said.log(&number.to_string());
        }
        let lines = said.last_words();
        assert_eq!(lines.len(), LOG_LINES);
        assert_eq!(lines[0], "2");
    }

    #[test]
    fn lines_about_requests_are_shown_but_explain_nothing() {
        let paper = Paper::default();
        let said = said(&paper);
        said.log("opening the database");
        let text =
            "2026-11-21T15:49:58.2Z  INFO answered port=\"health\" method=\"GET\" route=\"/readiness\" status=503";
        let json = r#"{"target":"access","timestamp":"…","level":"INFO","message":"answered","port":"health"}"#;
        said.log(text);
        said.log(json);
        assert_eq!(said.last_words(), ["opening the database"]);
        assert!(shown(&said, &paper).contains(json));
    }

    #[test]
    fn stderr_of_a_service_that_was_never_ready_is_held_back_until_it_is_released() {
        let paper = Paper::default();
        let said = said(&paper);
        said.begin(true);
        said.error("a port is taken");
        said.log("listening");
        assert_eq!(said.last_words(), ["a port is taken"]);
        said.release();
        said.error("more");
        assert_eq!(shown(&said, &paper), "auth     | listening\nauth     | a port is taken\nauth     | more\n");
    }

    #[test]
    fn each_life_is_remembered_by_itself() {
        let paper = Paper::default();
        let said = said(&paper);
        said.error("the first life");
        said.begin(false);
        assert!(said.last_words().is_empty());
        said.error("the second");
        assert_eq!(said.last_words(), ["the second"]);
        assert_eq!(shown(&said, &paper), "auth     | the first life\nauth     | the second\n");
    }
}
