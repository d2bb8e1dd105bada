//! Delays of failed logins while the machine's clock is set.
use std::{
    net::{IpAddr, Ipv4Addr},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use auth::{
    database::{Database, Options, Source, Wait},
    limits::{Accounts, Client, Throttled},
};
use chassis::metrics::Metrics;

const CLIENT: Client = Client(Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))));
const DAY: Duration = Duration::from_hours(24);

/// Fails until a delay is due, and says which one the next attempt meets on a replica that did not see the failures.
async fn fail(database: &Database, times: usize, now: SystemTime) -> Result<(), Throttled> {
    for _ in 0..times {
        let accounts = Accounts::new(database.clone());
        let record = accounts.check("ada", None, CLIENT, now).await.expect("an answer").expect("no delay yet");
        accounts.failed(&record, now).await.expect("counted");
    }
    Accounts::new(database.clone()).check("ada", None, CLIENT, now).await.expect("an answer").map(drop)
}

/// Otherwise an attacker could guess without delay until the clock has caught up.
#[tokio::test]
async fn fault_35_a_delay_from_a_clock_that_was_ahead_gives_way_to_the_next_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let source = Source::Sqlite(directory.path().join("auth.db"));
    let options = Options { source, connections: 1, timeout: Duration::from_secs(1) };
    let database = Database::open(options, Wait::No, &Metrics::default()).await.expect("a database");
    let now = UNIX_EPOCH + DAY * 20_000;
    assert_eq!(fail(&database, 5, now + DAY).await, Err(Throttled(1)));
    assert_eq!(fail(&database, 0, now).await, Ok(()), "the owner is not locked out for a day");
    assert_eq!(fail(&database, 1, now).await, Err(Throttled(2)));
}
