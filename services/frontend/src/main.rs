//! Runs the frontend; the boot order is `frontend::boot`.
use std::process::ExitCode;

fn main() -> ExitCode {
    frontend::run(std::env::args_os())
}
