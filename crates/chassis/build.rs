//! Tells the code which version and revision it is built from: the build arguments
//! `FLOTILLA_VERSION` and `FLOTILLA_REVISION` where given (images have no `.git`), else the package and git.
#![expect(clippy::disallowed_methods, reason = "a build script is told everything by the environment")]
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=FLOTILLA_VERSION");
    println!("cargo:rerun-if-env-changed=FLOTILLA_REVISION");
    println!("cargo:rerun-if-changed=build.rs");
    // `/version` must not tell yesterday's revision. A file that does not exist would make every build a new one.
    let head = "../../.git/logs/HEAD";
    if std::path::Path::new(head).exists() {
        println!("cargo:rerun-if-changed={head}");
    }
    let version = given("FLOTILLA_VERSION").unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned());
    let revision = given("FLOTILLA_REVISION").or_else(git_revision).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo:rustc-env=FLOTILLA_VERSION={version}");
    println!("cargo:rustc-env=FLOTILLA_REVISION={revision}");
}

fn given(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn git_revision() -> Option<String> {
    let output = Command::new("git").args(["rev-parse", "HEAD"]).output().ok()?;
    let revision = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !revision.is_empty()).then_some(revision)
}
