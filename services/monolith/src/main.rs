//! Runs the monolith; the boot order is `monolith::boot`.
use std::process::ExitCode;

fn main() -> ExitCode {
    monolith::run(std::env::args_os())
}
