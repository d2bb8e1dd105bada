//! What follows the image's name is for the program.
use e2e::{
    Program,
    container::{docker, image},
    skips::revision,
};

use super::{Check, checks};

pub(crate) fn checks() -> Vec<Check> {
    checks![arguments_reach_the_program, a_wrong_argument_is_a_usage_error]
}

/// As confined as it runs, and the container does not outlive its end.
fn run(program: Program, argument: &str) -> e2e::container::Told {
    let confined = ["--read-only", "--cap-drop=ALL", "--user=10001", "--memory=10m", "--memory-swap=10m"];
    docker(["run", "--rm"].iter().chain(&confined).chain(&[&*image(program), argument]))
}

async fn arguments_reach_the_program(program: Program) {
    let told = run(program, "--version").expect(0);
    let version = format!("{} {} ({})", program.name(), env!("CARGO_PKG_VERSION"), revision());
    assert_eq!((told.out.trim(), &*told.err), (&*version, ""));
}

async fn a_wrong_argument_is_a_usage_error(program: Program) {
    let told = run(program, "--no-such-flag").expect(2);
    assert!(told.out.is_empty() && told.err.contains("--no-such-flag"), "{told:?}");
}
