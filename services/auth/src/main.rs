//! Runs auth; the boot order is `auth::boot`.
use std::process::ExitCode;

fn main() -> ExitCode {
    auth::run(std::env::args_os())
}
