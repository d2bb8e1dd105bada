//! The mechanism that names what a machine cannot run, tried on the test binary itself.
use std::process::{Command, Output};

use e2e::{Test, environment};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![what_is_missing_is_named_at_the_end, what_is_required_and_missing_is_a_failure]
}

/// Runs the page tests with an empty search path: there is no browser.
fn without_a_browser(required: &str) -> (Output, String) {
    let mut command = Command::new(environment::this_executable());
    command.args(["page::", "--skip", "skips::"]).env("PATH", "").env("FLOTILLA_REQUIRE", required);
    let output = command.output().expect("the test binary runs");
    let said = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
    (output, said)
}

async fn what_is_missing_is_named_at_the_end() {
    let (output, said) = without_a_browser("docker");
    assert!(output.status.success(), "{said}");
    let line = said.lines().find(|line| line.starts_with("SKIPPED browser (")).expect(&said);
    assert!(line.ends_with("tests): install chromium and chromium-driver"), "{line}");
}

async fn what_is_required_and_missing_is_a_failure() {
    for required in ["browser", "all", "docker, browser"] {
        let (output, said) = without_a_browser(required);
        assert_eq!(output.status.code(), Some(101), "{said}");
        assert!(
            said.contains("browser is missing: install chromium and chromium-driver") && !said.contains("SKIPPED"),
            "{said}"
        );
    }
}
