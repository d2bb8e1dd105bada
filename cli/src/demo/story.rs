//! What the audience reads: what will be done, step by step what is seen, and at the end whether all was as promised.

use std::time::Duration;

use anstyle::{AnsiColor, Style};

use crate::output;

/// As wide as a terminal has been since the beginning.
const WIDTH: usize = 80;
const BOLD: Style = Style::new().bold();

/// Something that was promised, and what came of it.
#[derive(Debug)]
struct Promise {
    what: String,
    measured: String,
    kept: bool,
}

/// A demo as it is told.
#[derive(Debug)]
pub(super) struct Story {
    name: &'static str,
    /// How long a sentence stands.
    pub(super) pace: Duration,
    steps: usize,
    /// How many promises there were before this step.
    earlier: usize,
    promises: Vec<Promise>,
}

impl Story {
    pub(super) fn new(pace: Duration) -> Self {
        Self { name: "", pace, steps: 0, earlier: 0, promises: Vec::new() }
    }

    /// Which demo it is, and what it will do.
    pub(super) fn title(&mut self, name: &'static str, will_do: &str) {
        self.name = name;
        say(&format!("{BOLD}demo {name}{BOLD:#}\n{}\n", wrapped(will_do, "  ")));
    }

    /// What is done next.
    pub(super) fn step(&mut self, text: &str) {
        self.steps += 1;
        self.earlier = self.promises.len();
        say(&format!("\n{BOLD}{}. {text}{BOLD:#}\n", self.steps));
    }

    /// What is seen, and what it means. Where a promise of this step was broken it was not seen, and nothing is said.
    pub(super) fn seen(&self, text: &str) {
        if self.promises[self.earlier..].iter().all(|promise| promise.kept) {
            say(&format!("{}\n", wrapped(text, "   ")));
        }
    }

    /// Holds something that was promised against what was measured.
    pub(super) fn promise(&mut self, what: impl Into<String>, kept: bool, measured: impl Into<String>) {
        let promise = Promise { what: what.into(), measured: output::harmless(&measured.into()), kept };
        say(&format!("   {}\n", promise.line()));
        self.promises.push(promise);
    }

    /// Lets the audience read.
    pub(super) async fn pause(&self) {
        tokio::time::sleep(self.pace).await;
    }

    /// Whether all was as promised. A story without promises shows nothing.
    pub(super) fn is_kept(&self) -> bool {
        !self.promises.is_empty() && self.promises.iter().all(|promise| promise.kept)
    }

    /// The last line.
    pub(super) fn verdict(&self) -> anyhow::Result<()> {
        output::print(&format!("\n{}\n", self.sentence()))
    }

    fn sentence(&self) -> String {
        let name = self.name;
        let broken: Vec<_> = self.promises.iter().filter(|promise| !promise.kept).map(Promise::words).collect();
        match (self.is_kept(), self.promises.len()) {
            (true, 1) => format!("PASS: demo {name}: the one promise was kept"),
            (true, count) => format!("PASS: demo {name}: all {count} promises were kept"),
            (false, 0) => format!("FAIL: demo {name}: nothing was shown"),
            (false, _) => format!("FAIL: demo {name}: {}", broken.join("; ")),
        }
    }
}

impl Promise {
    fn words(&self) -> String {
        format!("{}: {}", self.what, self.measured)
    }

    fn line(&self) -> String {
        let (mark, colour) = if self.kept { ("ok", AnsiColor::Green) } else { ("NOT OK", AnsiColor::Red) };
        let style = Style::new().bold().fg_color(Some(colour.into()));
        format!("{style}{mark}{style:#}  {}", self.words())
    }
}

/// A reader that went away (`| head`) has seen what it wanted; that the demo goes on is right, for it has to put back.
fn say(text: &str) {
    let _ = output::print(text);
}

/// `text` in lines that fit, each with this in front.
fn wrapped(text: &str, margin: &str) -> String {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let room = WIDTH - margin.len();
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            lines.push(format!("{margin}{line}"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(format!("{margin}{line}"));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(promises: &[(&str, bool, &str)]) -> Story {
        let mut story = Story { name: "tokens", ..Story::new(Duration::ZERO) };
        for (what, kept, measured) in promises {
            let (what, measured, kept) = ((*what).to_owned(), (*measured).to_owned(), *kept);
            story.promises.push(Promise { what, measured, kept });
        }
        story
    }

    #[test]
    fn all_promises_have_to_be_kept() {
        let good = story(&[("a", true, "1"), ("b", true, "2")]);
        assert!(good.is_kept());
        assert_eq!(good.sentence(), "PASS: demo tokens: all 2 promises were kept");
        let bad = story(&[("a", true, "1"), ("no request fails", false, "3 of 9 failed")]);
        assert!(!bad.is_kept());
        assert_eq!(bad.sentence(), "FAIL: demo tokens: no request fails: 3 of 9 failed");
    }

    #[test]
    fn a_demo_without_a_promise_does_not_pass() {
        assert!(!story(&[]).is_kept());
        assert_eq!(story(&[]).sentence(), "FAIL: demo tokens: nothing was shown");
    }

    #[test]
    fn sentences_fit_a_terminal_and_lose_no_word() {
        let text = "word ".repeat(60);
        let told = wrapped(&text, "   ");
        assert!(told.lines().all(|line| line.len() <= WIDTH && line.starts_with("   word")), "{told}");
        assert_eq!(told.split_whitespace().count(), 60);
    }
}
