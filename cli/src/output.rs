//! Printing: results on stdout, remarks on stderr, and no panic when nobody reads any more.

use std::io::{self, Write as _};

use anyhow::Context as _;
use serde::Serialize;

/// Prints `text` as it is. A reader that went away (`| head`) is no error: it has what it wanted.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = anstream::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        _ => Ok(()),
    }
}

/// Prints `value` as JSON.
pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(value).context("cannot write the result as JSON")?;
    print(&format!("{json}\n"))
}

/// A line on stderr, which is for people. If it cannot be written there is nobody to tell.
pub(crate) fn remark(line: &str) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// `text` without characters that a terminal would act upon: tokens and answers come from strangers.
pub(crate) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || is_direction_mark(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Characters that make a terminal show a text in another order than it is written in.
const fn is_direction_mark(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_upon_is_written_out() {
        assert_eq!(harmless("Zoë \u{1b}[2J"), "Zoë \\u{1b}[2J");
        assert_eq!(harmless("\u{9b}31m\n"), "\\u{9b}31m\\u{a}");
        assert_eq!(harmless("a\u{202e}b"), "a\\u{202e}b");
    }
}
