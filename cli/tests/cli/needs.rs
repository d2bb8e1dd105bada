//! What a bare machine may lack: a test that needs it says loudly that it was skipped, or fails if that was asked for.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// Whether a tool of this name is here. If not, `test` has to return.
pub(crate) fn tool(name: &str, test: &str) -> bool {
    let asked =
        Command::new(name).arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if asked.is_err() {
        assert!(!is_required(name), "{test} needs {name}, and FLOTILLA_REQUIRE asks for it");
        // Not by eprintln!, which the test runner keeps to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED {name} ({test}): install {name}");
    }
    asked.is_ok()
}

#[expect(clippy::disallowed_methods, reason = "the person who runs the tests says it there")]
fn is_required(name: &str) -> bool {
    let required = std::env::var("FLOTILLA_REQUIRE").unwrap_or_default();
    required.split(',').any(|one| one == name || one == "all")
}
