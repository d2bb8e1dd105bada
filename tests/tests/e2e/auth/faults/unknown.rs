//! Row 31: a write is done, and nobody learns of it. What is repeated as told is no theft and no failure.
use e2e::{
    Client, Database, Gate, LONG, Store, Test,
    client::{PASSWORD, USER},
    eventually,
};
use tokio::time::timeout;

use super::{PROMISED, is_healed, login};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![POSTGRES:
        fault_31_a_refresh_whose_commit_is_not_answered_is_repeated_and_no_theft,
        fault_31_the_repetition_may_come_to_another_replica,
        fault_31_a_login_whose_commit_is_not_answered_is_repeated,
        fault_31_a_logout_whose_commit_is_not_answered_is_repeated,
        fault_31_a_password_whose_commit_is_not_answered_is_set_again,
    ]
}

const USED: &str = "SELECT count(*) FROM refresh_tokens WHERE used_at IS NOT NULL";
const REVOKED: &str = "SELECT count(*) FROM refresh_families WHERE revoked_at IS NOT NULL";

async fn behind_a_gate() -> (Store, Gate) {
    let mut store = Database::Postgres.fresh().await;
    let gate = store.gate().await;
    (store, gate)
}

/// Sends a request whose commit is not answered: the client is told to come again, and the database has it.
async fn lost(client: &Client, path: &str, token: &str, store: &Store, done: &'static str) {
    let body = serde_json::json!({"refresh_token": token});
    let request = client.request("POST", path).json(&body).try_send();
    let answer = timeout(PROMISED, request).await.expect("an answer within 2 s").expect("an answer");
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.retry_after() <= 2, "{answer:?}");
    assert_eq!(store.number(done).await, 1, "it was committed");
}

async fn fault_31_a_refresh_whose_commit_is_not_answered_is_repeated_and_no_theft() {
    let (store, gate) = behind_a_gate().await;
    let mut auth = store.auth().ready().await;
    let client = auth.client().await;
    let token = login(&client).await.refresh_token();
    gate.lose_commits().await;
    lost(&client, "/refresh", &token, &store, USED).await;
    gate.open().await;
    let next = client.refresh(&token, 200).await.refresh_token();
    let last = client.refresh(&next, 200).await.refresh_token();
    let event = auth.event("refresh succeeded").await;
    assert_eq!(event["repeated"], true, "{event}");
    let events = auth.output().events();
    assert!(!events.iter().any(|event| event["event"] == "refresh.reused"), "a theft is logged: {events:?}");
    // Now its successor has been used: it is a theft.
    client.refresh(&token, 401).await;
    client.refresh(&last, 401).await;
    let output = auth.output().clone();
    eventually("the theft is logged", LONG, async || {
        output.events().into_iter().find(|event| event["event"] == "refresh.reused")
    })
    .await;
}

async fn fault_31_the_repetition_may_come_to_another_replica() {
    let (store, gate) = behind_a_gate().await;
    let mut replicas = store.replicas(2).await;
    let [one, other] = [replicas[0].client().await, replicas[1].client().await];
    let token = login(&one).await.refresh_token();
    gate.lose_commits().await;
    lost(&one, "/refresh", &token, &store, USED).await;
    gate.open().await;
    let next = other.refresh(&token, 200).await.refresh_token();
    one.refresh(&next, 200).await;
}

async fn fault_31_a_login_whose_commit_is_not_answered_is_repeated() {
    let (store, gate) = behind_a_gate().await;
    let mut auth = store.auth().ready().await;
    let client = auth.client().await;
    // From now on the client is known, so that only the session is written.
    assert_eq!(login(&client).await.status, 200);
    gate.lose_commits().await;
    let answer = login(&client).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(store.number("SELECT count(*) FROM refresh_families").await, 2, "it was committed");
    gate.open().await;
    is_healed(&client).await;
    let token = login(&client).await.refresh_token();
    client.refresh(&token, 200).await;
}

async fn fault_31_a_logout_whose_commit_is_not_answered_is_repeated() {
    let (store, gate) = behind_a_gate().await;
    let mut auth = store.auth().ready().await;
    let client = auth.client().await;
    let token = login(&client).await.refresh_token();
    gate.lose_commits().await;
    lost(&client, "/logout", &token, &store, REVOKED).await;
    gate.open().await;
    client.log_out(&token, 204).await;
    client.refresh(&token, 401).await;
    let events = auth.output().events();
    assert!(!events.iter().any(|event| event["event"] == "refresh.reused"), "a theft is logged: {events:?}");
}

async fn fault_31_a_password_whose_commit_is_not_answered_is_set_again() {
    const NEW: &str = "battery staple";
    let (store, gate) = behind_a_gate().await;
    let mut auth = store.auth().ready().await;
    let client = auth.client().await;
    let session = login(&client).await.refresh_token();
    let password = || store.command(["user", "password", USER, "--password-stdin"]).password(NEW).run();
    gate.lose_commits().await;
    password().await.expect(1);
    assert_eq!(store.number(REVOKED).await, 1, "it was committed");
    gate.open().await;
    password().await.expect(0);
    client.log_in(USER, PASSWORD, 401).await;
    client.refresh(&session, 401).await;
    client.log_in(USER, NEW, 200).await;
}
