//! Rows 1 to 5, 14, 31 and 36 of the fault matrix (security.md): what auth does when its database does not do its part.
mod failover;
mod full;
mod locked;
mod lost;
mod slow;
mod start;
mod unknown;

use std::time::Duration;

use e2e::{
    Answer, Client, Test,
    client::{PASSWORD, USER},
    eventually,
};
use tokio::time::timeout;

pub(crate) fn tests() -> Vec<Test> {
    [failover::tests(), full::tests(), locked::tests(), lost::tests(), slow::tests(), start::tests(), unknown::tests()]
        .into_iter()
        .flatten()
        .collect()
}

/// A login is answered within this, whatever the database does.
const PROMISED: Duration = Duration::from_secs(2);
/// After the database is back, everything works within this.
const HEALED: Duration = Duration::from_secs(5);

/// A login in time, whatever its answer.
async fn login(client: &Client) -> Answer {
    let login = client.get("/login").basic(USER, PASSWORD).try_send();
    timeout(PROMISED, login).await.expect("an answer within 2 s").expect("an answer")
}

/// A login that is told in time to come again.
async fn is_put_off(client: &Client) {
    let answer = login(client).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    answer.problem();
    assert!(answer.retry_after() <= 30, "{answer:?}");
}

/// Waits until logins succeed again; until then they are put off.
async fn is_healed(client: &Client) {
    eventually("logins succeed again", HEALED, async || match login(client).await.status {
        200 => Some(()),
        503 => None,
        status => panic!("a login is answered with {status}"),
    })
    .await;
}
