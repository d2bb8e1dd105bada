//! Why a process ends before it was asked to, and its last words.
use std::process::ExitCode;

use crate::{Service, config::Invalid};

/// `EX_CONFIG` of sysexits.h.
const EXIT_CONFIGURATION: u8 = 78;
/// As clap has it.
const EXIT_USAGE: u8 = 2;

/// Why a process ends before it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// Something is wrong with the configuration: exit 78.
    #[error(transparent)]
    Configuration(#[from] Invalid),
    /// A command was asked for in a way that makes no sense: exit 2, as for a flag that does not exist.
    #[error("{0}")]
    Usage(String),
    /// Something else, in one line: exit 1.
    #[error("{0}")]
    Failed(String),
}

/// One line for each thing that is wrong, on stderr: there may be no log yet.
#[expect(clippy::print_stderr, reason = "the last words of a process that could not start")]
pub(crate) fn report(service: &Service, stop: &Stop) -> ExitCode {
    match stop {
        Stop::Configuration(Invalid(problems)) => {
            for problem in problems {
                eprintln!("{}: {problem}", service.name);
            }
            ExitCode::from(EXIT_CONFIGURATION)
        }
        Stop::Usage(why) => {
            eprintln!("{}: {why}", service.name);
            ExitCode::from(EXIT_USAGE)
        }
        Stop::Failed(why) => {
            eprintln!("{}: {why}", service.name);
            ExitCode::FAILURE
        }
    }
}
