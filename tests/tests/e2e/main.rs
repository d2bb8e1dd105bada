//! The black-box tests: each module lists its own, and main puts the lists together.
use std::process::ExitCode;

use e2e::registry;

mod auth;
mod checks;
mod classic;
mod cluster;
mod compose;
mod contract;
mod described;
mod docs;
mod edge;
mod fixtures;
mod health;
mod images;
mod interop;
mod keys;
mod leftovers;
mod lifecycle;
mod limits;
mod logs;
mod page;
mod recipes;
mod restart;
mod roles;
mod scripts;
mod skips;
mod tls;

fn main() -> ExitCode {
    let modules = [
        auth::tests(),
        classic::tests(),
        cluster::tests(),
        compose::tests(),
        contract::tests(),
        described::tests(),
        docs::tests(),
        edge::tests(),
        fixtures::tests(),
        health::tests(),
        images::tests(),
        interop::tests(),
        keys::tests(),
        leftovers::tests(),
        lifecycle::tests(),
        limits::tests(),
        logs::tests(),
        page::tests(),
        recipes::tests(),
        restart::tests(),
        roles::tests(),
        scripts::tests(),
        skips::tests(),
        tls::tests(),
    ];
    registry::run(modules.into_iter().flatten().collect(), docs::remark())
}
