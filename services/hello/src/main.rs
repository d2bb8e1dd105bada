//! Runs hello; the boot order is `hello::boot`.
use std::process::ExitCode;

fn main() -> ExitCode {
    hello::run(std::env::args_os())
}
