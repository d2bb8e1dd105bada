//! Sessions end with the account's change, also those of logins that are under way.
use std::sync::Arc;

use tempfile::TempDir;

use crate::{
    Auth,
    command::{run_with, value},
    refresh::refresh_token,
};

const PASSWORD: &str = "correct horse";

#[tokio::test]
async fn a_login_that_was_hashing_while_the_password_was_changed_gets_no_session() {
    let data = TempDir::new().expect("a directory");
    let password = format!("{PASSWORD}\n");
    run_with(data.path(), &["user", "add", "ann", "--password-stdin"], password.as_bytes()).expect(0);
    let auth = Arc::new(Auth::start_in(data, &[]).await);
    // From now on the client is known: a login writes its session only.
    assert_eq!(auth.login("ann", PASSWORD).await.status, 200);
    let mut logins = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let auth = auth.clone();
        logins.spawn(async move { auth.login("ann", PASSWORD).await });
    }
    let first = logins.join_next().await.expect("a login").expect("no panic");
    assert_eq!(first.status, 200);
    // This blocks the only thread, so the other logins have read the account and wait for their hashing.
    run_with(auth.data.path(), &["user", "password", "ann", "--password-stdin"], b"another password\n").expect(0);
    let answers = logins.join_all().await;
    assert!(answers.iter().any(|answer| answer.status == 401), "no login was under way");
    for answer in answers.iter().filter(|answer| answer.status == 200) {
        assert_eq!(auth.post("/refresh", refresh_token(answer)).await.status, 401);
    }
    let live = "SELECT CAST(COUNT(*) AS TEXT) FROM refresh_families WHERE revoked_at IS NULL";
    assert_eq!(value(auth.data.path(), live).await, "0", "sessions that outlive the change");
}
