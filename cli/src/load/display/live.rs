//! A picture on the terminal that is drawn anew every quarter of a second, in place.

use std::io::Write as _;

use console::{Term, truncate_str};

use super::picture::picture;
use super::{Display, Scene};
use crate::load::course::Course;
use crate::load::plan::Plan;

/// Draws on standard error, which has to be a terminal.
#[derive(Debug)]
pub(crate) struct Live {
    term: Term,
    colour: bool,
    /// Lines of the picture that stands there.
    drawn: usize,
}

impl Live {
    pub(crate) fn new() -> Self {
        let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
        Self { term: Term::buffered_stderr(), colour, drawn: 0 }
    }

    /// Puts these lines in the place of those that stand there. A terminal that is gone is no reason to stop.
    fn draw(&mut self, lines: &[String]) -> std::io::Result<()> {
        self.term.clear_last_lines(self.drawn)?;
        self.drawn = 0;
        for line in lines {
            let line = if self.colour { line.clone() } else { anstream::adapter::strip_str(line).to_string() };
            writeln!(self.term, "{line}")?;
            self.drawn += 1;
        }
        self.term.flush()
    }
}

impl Display for Live {
    fn begin(&mut self, _: &Plan) {
        let _ = self.term.hide_cursor().and_then(|()| self.term.flush());
    }

    fn show(&mut self, plan: &Plan, course: &Course) {
        let (height, width) = self.term.size();
        let (height, width) = (usize::from(height), usize::from(width));
        let mut lines = picture(plan, course, &Scene { width: width.saturating_sub(1) });
        // What does not fit would scroll away, and could not be drawn over.
        lines.truncate(height.saturating_sub(1));
        let lines: Vec<_> =
            lines.iter().map(|line| truncate_str(line, width.saturating_sub(1), "…").into_owned()).collect();
        let _ = self.draw(&lines);
    }

    fn note(&mut self, text: &str) {
        let _ = self.draw(&[text.to_owned()]);
        // It stays, and the picture goes on below it.
        self.drawn = 0;
    }

    fn end(&mut self) {
        let _ = self.draw(&[]).and_then(|()| self.term.show_cursor()).and_then(|()| self.term.flush());
    }
}

impl Drop for Live {
    /// Also when the run ends at once.
    fn drop(&mut self) {
        let _ = self.term.show_cursor().and_then(|()| self.term.flush());
    }
}
