//! A disabled account: nothing of it works, and nobody is told why.
use e2e::{Database, Test};
use serde_json::json;

use super::{PASSWORD, auth_with_ann, refresh, row};
use crate::auth::on_both;

pub(crate) fn tests() -> Vec<Test> {
    on_both![
        a_disabled_account_cannot_log_in,
        a_disabled_account_cannot_refresh,
        a_disabled_account_looks_like_an_unknown_one,
        an_account_can_be_enabled_again,
        a_session_of_before_is_over_even_when_the_account_is_enabled_again,
        disabling_twice_is_done_already,
    ]
}

async fn a_disabled_account_cannot_log_in(database: Database) {
    let (store, _auth, client) = auth_with_ann(database).await;
    client.log_in("ann", PASSWORD, 200).await;
    let said = store.admin("user disable ann").await;
    client.log_in("ann", PASSWORD, 401).await;
    let event = said.events().into_iter().find(|event| event["event"] == "account.disabled");
    assert_eq!(event.expect("an audit event")["account"], "ann");
    assert!(row(&store, "ann").await["disabled_at"].is_string());
}

async fn a_disabled_account_cannot_refresh(database: Database) {
    let (store, mut auth, client) = auth_with_ann(database).await;
    let token = client.log_in("ann", PASSWORD, 200).await.refresh_token();
    store.admin("user disable ann").await;
    let unknown = client.refresh("nobody", 401).await;
    assert_eq!(refresh(&client, &token).await.body, unknown.body);
    let event = auth.event("refresh failed").await;
    assert_eq!(event["target"], json!("audit"));
}

async fn a_disabled_account_looks_like_an_unknown_one(database: Database) {
    let (store, _auth, client) = auth_with_ann(database).await;
    store.admin("user disable ann").await;
    let disabled = client.log_in("ann", PASSWORD, 401).await;
    let unknown = client.log_in("nobody", PASSWORD, 401).await;
    assert_eq!(disabled.body, unknown.body);
    let names = |answer: &e2e::Answer| answer.headers.keys().cloned().collect::<std::collections::HashSet<_>>();
    assert_eq!(names(&disabled), names(&unknown));
}

async fn an_account_can_be_enabled_again(database: Database) {
    let (store, _auth, client) = auth_with_ann(database).await;
    store.admin("user disable ann").await;
    client.log_in("ann", PASSWORD, 401).await;
    let said = store.admin("user enable ann").await;
    client.log_in("ann", PASSWORD, 200).await;
    let event = said.events().into_iter().find(|event| event["event"] == "account.enabled");
    assert_eq!(event.expect("an audit event")["account"], "ann");
    assert!(row(&store, "ann").await["disabled_at"].is_null());
}

/// Or a thief's session would sleep and wake.
async fn a_session_of_before_is_over_even_when_the_account_is_enabled_again(database: Database) {
    let (store, _auth, client) = auth_with_ann(database).await;
    let token = client.log_in("ann", PASSWORD, 200).await.refresh_token();
    store.admin("user disable ann").await;
    store.admin("user enable ann").await;
    assert_eq!(refresh(&client, &token).await.status, 401);
}

async fn disabling_twice_is_done_already(database: Database) {
    let (store, _auth, _client) = auth_with_ann(database).await;
    store.admin("user disable ann").await;
    let since = row(&store, "ann").await;
    store.admin("user disable ann").await;
    assert_eq!(row(&store, "ann").await, since, "since when it is disabled does not change");
    store.admin("user enable ann").await;
    store.admin("user enable ann").await;
}
