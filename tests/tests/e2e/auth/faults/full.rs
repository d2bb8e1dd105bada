//! Row 5: the disk is full.
use e2e::{Database, LONG, Signal, Test, eventually};

use super::{is_put_off, login};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![fault_5_on_a_full_disk_writes_are_put_off_and_nothing_is_lost]
}

/// Files may have 512 KiB: for the journal of writes that is soon reached. Without the trap a signal would end the process.
const ALMOST_FULL: &str = "trap '' XFSZ; ulimit -f 1024";

async fn fault_5_on_a_full_disk_writes_are_put_off_and_nothing_is_lost() {
    let store = Database::Sqlite.fresh().await;
    let mut auth = store.auth().after(ALMOST_FULL).ready().await;
    let (client, health) = (auth.client().await, auth.health().await);
    let mut acknowledged = Vec::new();
    eventually("the disk is full", LONG, async || {
        let answer = login(&client).await;
        if answer.status == 200 {
            acknowledged.push(answer.refresh_token());
        }
        (answer.status != 200).then_some(())
    })
    .await;
    for _ in 0..5 {
        is_put_off(&client).await;
        client.key_set(200).await;
        health.liveness(200).await;
    }
    auth.signal(Signal::TERM);
    auth.wait_exit(LONG).await;
    // Now there is room again.
    let mut auth = store.auth().ready().await;
    let client = auth.client().await;
    assert!(!acknowledged.is_empty());
    for token in acknowledged {
        client.refresh(&token, 200).await;
    }
    store.is_intact().await;
}
