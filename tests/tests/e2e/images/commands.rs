//! What follows the image's name is for the program.
use e2e::{
    Program,
    container::{Container, image},
    skips::revision,
};

use super::{Check, checks};

pub(crate) fn checks() -> Vec<Check> {
    checks![arguments_reach_the_program, a_wrong_argument_is_a_usage_error]
}

async fn arguments_reach_the_program(program: Program) {
    let told = Container::run(&image(program), &["--version"]).expect(0);
    let version = format!("{} {} ({})", program.name(), env!("CARGO_PKG_VERSION"), revision());
    assert_eq!((told.out.trim(), &*told.err), (&*version, ""));
}

async fn a_wrong_argument_is_a_usage_error(program: Program) {
    let told = Container::run(&image(program), &["--no-such-flag"]).expect(2);
    assert!(told.out.is_empty() && told.err.contains("--no-such-flag"), "{told:?}");
}
