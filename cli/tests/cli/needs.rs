//! What a bare machine may lack: a test that needs it says loudly that it was skipped, or fails if that was asked for.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// Whether curl is here. If not, `test` has to return.
pub(crate) fn curl(test: &str) -> bool {
    let found = Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !found {
        assert!(!is_required("curl"), "{test} needs curl, and FLOTILLA_REQUIRE asks for it");
        // Not by eprintln!, which the test runner keeps to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED curl ({test}): install curl");
    }
    found
}

#[expect(clippy::disallowed_methods, reason = "the person who runs the tests says it there")]
fn is_required(name: &str) -> bool {
    let required = std::env::var("FLOTILLA_REQUIRE").unwrap_or_default();
    required.split(',').any(|one| one == name || one == "all")
}
