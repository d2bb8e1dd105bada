//! Several auth processes on one database: they start at once, and nobody can tell which of them answers.
use e2e::{Database, Jws, LONG, Launch, Process, Program, Said, Signal, Stream, Test, client};
use serde_json::Value;

use super::on_both;

pub(crate) fn tests() -> Vec<Test> {
    on_both![
        replicas_that_start_at_once_on_an_empty_database_agree,
        migrations_at_once_all_succeed,
        a_token_of_one_replica_is_good_with_the_keys_of_another,
        a_replica_that_is_killed_is_not_missed,
        a_database_of_a_newer_version_is_refused,
    ]
}

const REPLICAS: usize = 5;

async fn key_set(replica: &mut Process) -> Value {
    replica.client().await.key_set(200).await.json()
}

async fn replicas_that_start_at_once_on_an_empty_database_agree(database: Database) {
    let store = database.fresh().await;
    let mut replicas = store.replicas(REPLICAS).await;
    let published = key_set(&mut replicas[0]).await;
    assert_eq!(published["keys"].as_array().map(Vec::len), Some(1), "{published}");
    for replica in &mut replicas {
        assert_eq!(key_set(replica).await, published);
        let token = replica.client().await.logged_in().await.token().to_owned();
        assert_eq!(Jws::parse(&token).header["kid"], published["keys"][0]["kid"]);
    }
    for (table, rows) in [("accounts", 1), ("signing_keys", 1)] {
        assert_eq!(store.dump(table).await.len(), rows, "{table}");
    }
    let made = replicas.iter().flat_map(|replica| replica.output().events());
    assert_eq!(made.filter(|event| event["event"] == "key.made").count(), 1, "one makes the key");
}

async fn migrations_at_once_all_succeed(database: Database) {
    let store = database.fresh().await;
    let migrations: Vec<Process> = (0..REPLICAS).map(|_| store.command(["migrate"]).spawn()).collect();
    for migration in migrations {
        Said::by(migration).await.expect(0);
    }
    store.auth().ready().await.client().await.logged_in().await;
}

async fn a_token_of_one_replica_is_good_with_the_keys_of_another(database: Database) {
    let store = database.fresh().await;
    let mut replicas = store.replicas(2).await;
    let holder = replicas[0].client().await.logged_in().await;
    let jwks = format!("{}/.well-known/jwks.json", replicas[1].client().await.origin());
    let mut hello = Launch::service(Program::Hello).set("JWKS_URL", jwks).ready().await;
    hello.client().await.holding(holder.token()).secure(200).await;
}

async fn a_replica_that_is_killed_is_not_missed(database: Database) {
    let store = database.fresh().await;
    let mut replicas = store.replicas(2).await;
    let [one, other] = [replicas[0].client().await, replicas[1].client().await];
    let token = one.log_in(client::USER, client::PASSWORD, 200).await.refresh_token();
    replicas[0].signal(Signal::KILL);
    replicas[0].wait_exit(LONG).await;
    other.refresh(&token, 200).await;
    other.logged_in().await;
}

/// Of two versions the older one must not write: it would not know what it breaks.
async fn a_database_of_a_newer_version_is_refused(database: Database) {
    let store = database.fresh().await;
    store.command(["migrate"]).run().await.expect(0);
    store
        .execute(
            "UPDATE _sqlx_migrations SET version = 9999 WHERE version = (SELECT max(version) FROM _sqlx_migrations)",
        )
        .await;
    let mut auth = store.auth().spawn();
    assert_eq!(auth.wait_exit(LONG).await.code(), Some(1));
    let said = auth.output().of(Stream::Err);
    assert!(said.len() == 1 && said[0].contains("migrat"), "{said:?}");
    assert!(auth.output().event("serving").is_none());
}
