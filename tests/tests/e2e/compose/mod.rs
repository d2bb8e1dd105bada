//! The suite in containers by one command. What it answers is checked by the contract (`contract::compose::…`); here is
//! what the file promises beyond that.
mod accounts;
mod confined;
mod monolith;
mod replicas;
mod starts;

use e2e::{Test, skips};

pub(crate) fn tests() -> Vec<Test> {
    let tests = [accounts::tests(), confined::tests(), monolith::tests(), replicas::tests(), starts::tests()];
    tests.into_iter().flatten().map(|test| test.needing_all(skips::CONTAINERS)).collect()
}

/// Our services, in the order in which they start.
const OURS: [&str; 3] = ["auth", "hello", "frontend"];
