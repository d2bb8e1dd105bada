//! The images: one list of checks for all five, one for those that serve, and what is particular to some.
//!
//! They are not built here: `just images` and `just image hello 2.0.0` make them.
mod classic;
mod commands;
mod confined;
mod crowds;
mod data;
mod described;
mod ends;
mod files;
mod healthchecks;
mod versions;

use e2e::{
    Program, Test,
    container::{self, Container},
    skips,
};

use crate::checks::checks;

/// A check of one image.
type Check = crate::checks::Check<Program>;

pub(crate) fn tests() -> Vec<Test> {
    let any = Program::ALL.into_iter().flat_map(|program| any().into_iter().map(move |check| of(program, check)));
    let service =
        Program::SERVICES.into_iter().flat_map(|program| service().into_iter().map(move |check| of(program, check)));
    let bodies = [Program::Auth, Program::Monolith]
        .into_iter()
        .flat_map(|program| crowds::checks_of_bodies().into_iter().map(move |check| of(program, check)));
    let particular = [classic::tests(), data::tests(), versions::tests()].into_iter().flatten();
    any.chain(service)
        .chain(bodies)
        .chain(particular)
        .map(|test| test.needing_all(skips::CONTAINERS))
        .chain(files::tests())
        .collect()
}

fn any() -> Vec<Check> {
    let mut any = commands::checks();
    any.extend(described::checks());
    any
}

fn service() -> Vec<Check> {
    let mut service = confined::checks();
    service.extend(crowds::checks());
    service.extend(ends::checks());
    service.extend(healthchecks::checks());
    service
}

/// `images::hello::described::…`
fn of(program: Program, check: Check) -> Test {
    check.of(program.name(), move || async move { program })
}

const SECRET: &str = "-secret=a-shared-secret-of-more-than-32-bytes";

/// A service as every pod of ours is, and without the others.
fn alone(program: Program) -> Container {
    alone_with(program, &[])
}

/// The same with more options for the engine.
fn alone_with(program: Program, options: &[&str]) -> Container {
    // Tokens are judged by a secret, so that hello waits for no key set; the others do without.
    let arguments: &[&str] = if program == Program::Hello { &[SECRET] } else { &[] };
    Container::confined(program, &container::image(program), options, arguments)
}
