//! Row 4: somebody else holds SQLite's one write lock.
use e2e::{Database, Test};

use super::{is_healed, is_put_off, login};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![fault_4_a_locked_file_puts_logins_off, fault_4_nothing_is_lost_by_a_lock]
}

async fn fault_4_a_locked_file_puts_logins_off() {
    let store = Database::Sqlite.fresh().await;
    let mut auth = store.auth().ready().await;
    let (client, health) = (auth.client().await, auth.health().await);
    is_healed(&client).await;
    let mut other = store.connect_to_file().await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.expect("locked");
    for _ in 0..3 {
        is_put_off(&client).await;
        client.key_set(200).await;
        health.liveness(200).await;
    }
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.expect("unlocked");
    is_healed(&client).await;
}

/// A refresh that was put off has not used its token up.
async fn fault_4_nothing_is_lost_by_a_lock() {
    let store = Database::Sqlite.fresh().await;
    let mut auth = store.auth().ready().await;
    let client = auth.client().await;
    let token = login(&client).await.refresh_token();
    let mut other = store.connect_to_file().await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.expect("locked");
    client.refresh(&token, 503).await.retry_after();
    client.log_out(&token, 503).await.retry_after();
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.expect("unlocked");
    client.refresh(&token, 200).await;
}
