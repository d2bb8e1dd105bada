//! auth in depth, on SQLite and on PostgreSQL: `auth::sqlite::…`, `auth::postgres::…`. Each test has a database of its own.
//!
//! What a client sees of a suite that is well is in `contract`; here are replicas, clocks, commands, abuse and faults.
mod clocks;
mod commands;
mod fairness;
mod faults;
mod guessing;
mod keys;
mod kills;
mod metadata;
mod peers;
mod poolers;
mod replicas;
mod roles;
mod rotation;
mod sessions;
mod throttle;
mod trail;
mod urls;
mod users;

use e2e::{Database, Test, registry::Doing, skips::POSTGRES};

pub(crate) fn tests() -> Vec<Test> {
    let modules = [
        clocks::tests(),
        commands::tests(),
        fairness::tests(),
        faults::tests(),
        guessing::tests(),
        keys::tests(),
        kills::tests(),
        metadata::tests(),
        peers::tests(),
        poolers::tests(),
        replicas::tests(),
        roles::tests(),
        rotation::tests(),
        sessions::tests(),
        throttle::tests(),
        trail::tests(),
        urls::tests(),
        users::tests(),
    ];
    modules.into_iter().flatten().collect()
}

/// Lists `async fn(Database)`s of a module as tests, each on both databases.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        [$($crate::auth::each(module_path!(), stringify!($test), |database| Box::pin($test(database)))),+]
            .into_iter().flatten().collect::<Vec<e2e::Test>>()
    };
}
use on_both;

fn each(module: &str, name: &str, run: fn(Database) -> Doing) -> [Test; 2] {
    let module = module.strip_prefix("e2e::auth::").expect("a module below this one");
    Database::ALL.map(|database| {
        let path = format!("e2e::auth::{}::{module}", database.name());
        let test = Test::new(&path, name, move || run(database));
        if database == Database::Postgres { test.needing(&POSTGRES) } else { test }
    })
}
