//! Row 3: the database is slow.
use std::time::Duration;

use e2e::{
    Database, Test,
    client::{PASSWORD, USER},
};
use tokio::{task::JoinSet, time::timeout};

use super::{PROMISED, is_healed, is_put_off, login};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![POSTGRES:
        fault_3_a_database_that_is_a_little_slow_is_waited_for,
        fault_3_a_database_that_is_too_slow_is_not_waited_for,
        fault_3_a_crowd_at_a_slow_database_is_shed,
        fault_3_a_table_that_somebody_locks_is_not_waited_for,
    ]
}

/// Each login asks several times.
const A_LITTLE: Duration = Duration::from_millis(30);
const TOO_SLOW: Duration = Duration::from_secs(3);

async fn fault_3_a_database_that_is_a_little_slow_is_waited_for() {
    let mut store = Database::Postgres.fresh().await;
    let gate = store.gate().await;
    let mut auth = store.auth().ready().await;
    gate.slow(A_LITTLE).await;
    for _ in 0..3 {
        assert_eq!(login(&auth.client().await).await.status, 200);
    }
}

async fn fault_3_a_database_that_is_too_slow_is_not_waited_for() {
    let mut store = Database::Postgres.fresh().await;
    let gate = store.gate().await;
    let mut auth = store.auth().ready().await;
    let (client, health) = (auth.client().await, auth.health().await);
    gate.slow(TOO_SLOW).await;
    for _ in 0..5 {
        is_put_off(&client).await;
        health.liveness(200).await;
        client.key_set(200).await;
    }
    gate.open().await;
    is_healed(&client).await;
}

async fn fault_3_a_crowd_at_a_slow_database_is_shed() {
    const CROWD: usize = 64;
    let mut store = Database::Postgres.fresh().await;
    let gate = store.gate().await;
    let mut auth = store.auth().ready().await;
    let (client, health) = (auth.client().await, auth.health().await);
    gate.slow(TOO_SLOW).await;
    let crowd: JoinSet<_> = (0..CROWD)
        .map(|_| {
            let login = client.get("/login").basic(USER, PASSWORD);
            async move { timeout(2 * PROMISED, login.try_send()).await.expect("in time").expect("an answer").status }
        })
        .collect();
    timeout(PROMISED, health.liveness(200)).await.expect("it answers while a crowd waits");
    let statuses = crowd.join_all().await;
    assert_eq!(statuses, [503; CROWD]);
    gate.open().await;
    is_healed(&client).await;
}

/// A migration or a careless operator.
async fn fault_3_a_table_that_somebody_locks_is_not_waited_for() {
    let store = Database::Postgres.fresh().await;
    let mut auth = store.auth().ready().await;
    let client = auth.client().await;
    is_healed(&client).await;
    let mut careless = store.database().connect().await;
    let lock = "BEGIN; LOCK TABLE accounts, refresh_families IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(lock).execute(&mut careless).await.expect("locked");
    for _ in 0..3 {
        is_put_off(&client).await;
    }
    client.key_set(200).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut careless).await.expect("unlocked");
    is_healed(&client).await;
}
