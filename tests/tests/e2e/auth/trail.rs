//! The audit trail: who did what, as events of the log that a program can read.
use e2e::{
    Database, LONG, Process, Test,
    client::{PASSWORD, USER},
    eventually,
};
use serde_json::Value;

use super::on_both;

pub(crate) fn tests() -> Vec<Test> {
    on_both![a_session_can_be_followed, a_failed_login_says_why, the_first_key_is_told]
}

/// The event of the audit trail with this name.
async fn told(auth: &Process, name: &str) -> Value {
    let output = auth.output().clone();
    eventually(&format!("{name} is told"), LONG, async || {
        output.events().into_iter().find(|event| event["target"] == "audit" && event["event"] == name)
    })
    .await
}

async fn a_session_can_be_followed(database: Database) {
    let store = database.fresh().await;
    let mut auth = store.auth().ready().await;
    let client = auth.client().await;
    let login = client.get("/login").basic(USER, PASSWORD).header("x-request-id", "the-login").send(200).await;
    let next = client.refresh(&login.refresh_token(), 200).await.refresh_token();
    client.log_out(&next, 204).await;
    for name in ["login.succeeded", "refresh.succeeded", "logout"] {
        let event = told(&auth, name).await;
        assert_eq!((&event["account"], &event["level"]), (&USER.into(), &"INFO".into()), "{event}");
        assert_eq!(event["peer"], "127.0.0.1", "{event}");
        assert!(event["request_id"].is_string() && event["message"].is_string(), "{event}");
    }
    assert_eq!(told(&auth, "login.succeeded").await["request_id"], "the-login");
}

async fn a_failed_login_says_why(database: Database) {
    let store = database.fresh().await;
    let mut auth = store.auth().ready().await;
    let client = auth.client().await;
    client.log_in(USER, "wrong", 401).await;
    let event = told(&auth, "login.failed").await;
    assert_eq!((&event["account"], &event["reason"]), (&USER.into(), &"wrong_password".into()));
    let mut auth = store.auth().ready().await;
    auth.client().await.log_in("a-password-by-mistake", "wrong", 401).await;
    let event = told(&auth, "login.failed").await;
    assert_eq!((&event["account"], &event["reason"]), (&Value::Null, &"unknown_account".into()));
}

async fn the_first_key_is_told(database: Database) {
    let store = database.fresh().await;
    let mut auth = store.auth().ready().await;
    let event = told(&auth, "key.made").await;
    let set = auth.client().await.key_set(200).await.json();
    assert_eq!(event["kid"], set["keys"][0]["kid"]);
}
