//! The command line of learners and presenters.
//!
//! | module | does |
//! |---|---|
//! | `args` | the commands and options, and their help |
//! | [`service`] | one service in this process: what `up` starts as its children |
//! | `up` | the whole suite on this machine, until Ctrl-C |
//! | `token` | looks at tokens, verifies them, fetches them |
//! | `load` | requests in number, what became of them, and a verdict |
//! | `demo` | what the suite promises, shown to an audience |
//! | `certs` | makes a CA and a server's certificate |
//! | `doctor` | which tools are here, and what is missing |
//! | `exit` | exit codes, and how an error becomes one |
//! | `invocation` | how this program was started, for hints that can be typed |
//! | `output`, `table` | what goes to stdout |
//! | `credentials` | a user and a password, from where they may come |
//! | `shell` | words for a shell |
//! | `signals` | what ends a command that runs on |
//! | `web` | HTTP requests with a deadline and a size limit |
//!
//! A further command is a module here and a variant of `args::Command`.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on may say so by panicking"))]

mod args;
mod certs;
mod credentials;
mod demo;
mod doctor;
mod exit;
mod invocation;
mod load;
mod output;
pub mod service;
mod shell;
mod signals;
mod table;
mod token;
mod up;
mod web;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::args::{Cli, Command};

/// Runs the command line `args` (the first is the program's name) and says how the process is to end.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let (color, command) = match Cli::read(args) {
        Ok(read) => read,
        // Help and version are among the "errors", with exit code 0.
        Err(usage) => usage.exit(),
    };
    color.apply();
    let outcome = match command {
        Command::Up(options) => up::run(&options),
        Command::Token(options) => token::run(options),
        Command::Load(options) => load::command(*options),
        Command::Demo(options) => demo::run(&options),
        Command::Certs(options) => certs::run(&options),
        Command::Doctor(options) => doctor::run(&options),
    };
    outcome.unwrap_or_else(|error| exit::report(&error))
}
