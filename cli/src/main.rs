//! `flotilla`: either one of the services, as a child of `flotilla up`, or the command line itself.

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    // First of all, so that a service pays for nothing of the command line.
    match flotilla::service::requested(&args) {
        Some(service) => service.run(),
        None => flotilla::run(args),
    }
}
