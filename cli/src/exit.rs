//! Exit codes, and how an error becomes one. `--help` lists them.

use std::fmt;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

use crate::output;

/// Something did not work, or the answer is no.
pub(crate) const FAILED: u8 = 1;
/// The command was wrong, or what it asks could not be judged.
pub(crate) const USAGE: u8 = 2;
/// A service refused its configuration (`EX_CONFIG` of sysexits.h).
pub(crate) const CONFIGURATION: u8 = 78;
/// Ended at once by a second Ctrl-C: 128 and the number of SIGINT, as shells count.
pub(crate) const INTERRUPTED: u8 = 130;

/// An error that wants another exit code than [`FAILED`].
#[derive(Debug)]
struct Failure {
    code: u8,
    message: String,
}

/// An error that ends the program with `code`.
pub(crate) fn failure(code: u8, message: impl Into<String>) -> anyhow::Error {
    Failure { code, message: message.into() }.into()
}

/// The same error with exit code [`USAGE`].
#[expect(clippy::needless_pass_by_value, reason = "it is the argument of `map_err`")]
pub(crate) fn usage(error: anyhow::Error) -> anyhow::Error {
    failure(USAGE, format!("{error:#}"))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Prints `error` with its causes in one line, and says which exit code it stands for.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    output::remark(&format!("{red}error:{red:#} {error:#}"));
    let code = error.downcast_ref::<Failure>().map_or(FAILED, |failure| failure.code);
    ExitCode::from(code)
}
