//! `/refresh` that is refused: one answer, whatever the reason is.
use e2e::{
    Suite,
    client::{PASSWORD, USER},
};
use insta::assert_snapshot;
use serde_json::json;

use super::{Check, checks, wire};

pub(crate) fn checks() -> impl IntoIterator<Item = Check> {
    checks![
        a_used_refresh_token_ends_the_whole_login,
        every_refusal_looks_the_same,
        only_a_post_refreshes,
        a_body_that_is_no_refresh_is_a_400,
        a_refresh_that_is_not_labelled_is_a_415,
        a_large_refresh_is_a_413,
    ]
}

const PATHS: [&str; 2] = ["/refresh", "/logout"];

async fn refresh_token(suite: &Suite) -> String {
    suite.anonymous().log_in(USER, PASSWORD, 200).await.refresh_token()
}

/// A used one comes from a thief, or from whom he robbed: nobody can tell, so neither goes on (RFC 9700 section 4.14).
async fn a_used_refresh_token_ends_the_whole_login(suite: &Suite) {
    let client = suite.anonymous();
    let (first, elsewhere) = (refresh_token(suite).await, refresh_token(suite).await);
    let second = client.refresh(&first, 200).await.refresh_token();
    let third = client.refresh(&second, 200).await.refresh_token();
    client.refresh(&first, 401).await;
    client.refresh(&third, 401).await;
    client.refresh(&elsewhere, 200).await;
}

async fn every_refusal_looks_the_same(suite: &Suite) {
    let client = suite.anonymous();
    let (used, ended) = (refresh_token(suite).await, refresh_token(suite).await);
    // Whose answer might have been lost may repeat it, so the successor must have been used, too.
    let successor = client.refresh(&used, 200).await.refresh_token();
    let revoked = client.refresh(&successor, 200).await.refresh_token();
    client.log_out(&ended, 204).await;
    let access = suite.token_holder().await.token().to_owned();
    for token in [&used, &revoked, &ended, &access, "", "nobody", &used[1..], &format!("{ended} ")] {
        let answer = client.refresh(token, 401).await;
        answer.problem();
        assert_snapshot!("refresh_refused", wire(&answer, &[]));
    }
}

async fn only_a_post_refreshes(suite: &Suite) {
    let token = refresh_token(suite).await;
    for path in PATHS {
        for method in ["GET", "PUT", "DELETE"] {
            let answer = suite.anonymous().request(method, &format!("{path}?refresh_token={token}")).send(405).await;
            assert_eq!(answer.header("allow"), "POST", "{method} {path}");
        }
    }
    suite.anonymous().refresh(&token, 200).await;
}

async fn a_body_that_is_no_refresh_is_a_400(suite: &Suite) {
    let token = refresh_token(suite).await;
    let valid = json!({"refresh_token": token}).to_string();
    for path in PATHS {
        let array = json!([token]).to_string();
        for body in
            ["", "{}", "[]", &array, "null", "{", r#"{"refresh_token":1}"#, &valid[1..], &format!("{valid}{valid}")]
        {
            let request = suite.anonymous().request("POST", path).header("content-type", "application/json");
            let problem = request.body(body).send(400).await.problem();
            assert!(!problem.to_string().contains(&token), "{problem}");
        }
    }
    suite.anonymous().refresh(&token, 200).await;
}

async fn a_refresh_that_is_not_labelled_is_a_415(suite: &Suite) {
    let token = refresh_token(suite).await;
    let body = json!({"refresh_token": token}).to_string();
    for path in PATHS {
        for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
            let request = suite.anonymous().request("POST", path).header("content-type", kind);
            request.body(body.clone()).send(415).await.problem();
        }
    }
    suite.anonymous().refresh(&token, 200).await;
}

async fn a_large_refresh_is_a_413(suite: &Suite) {
    let body = json!({"refresh_token": "x".repeat(64 * 1024)});
    for path in PATHS {
        suite.anonymous().request("POST", path).json(&body).send(413).await.problem();
    }
}
