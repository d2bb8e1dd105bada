//! `/refresh` and `/logout` that succeed: a login goes on without its password, until it is ended.
use e2e::{
    Answer, Jws, Suite,
    client::{PASSWORD, USER},
};
use insta::assert_snapshot;
use serde_json::json;

use super::{Check, checks, wire};

pub(crate) fn checks() -> impl IntoIterator<Item = Check> {
    checks![
        a_refresh_gives_a_new_pair,
        a_login_can_be_refreshed_again_and_again,
        refreshing_does_not_prolong_a_login,
        a_refreshed_token_is_a_good_one,
        a_refresh_token_is_long_and_says_nothing,
        a_pair_is_not_to_be_stored,
        a_logout_ends_its_own_login_only,
        a_logout_of_nobody_is_done_already,
    ]
}

async fn login(suite: &Suite) -> Answer {
    suite.anonymous().log_in(USER, PASSWORD, 200).await
}

async fn a_refresh_gives_a_new_pair(suite: &Suite) {
    let first = login(suite).await;
    let second = suite.anonymous().refresh(&first.refresh_token(), 200).await;
    assert_snapshot!("refresh", wire(&second, &["token", "refresh_token", "refresh_expires_in"]));
    assert_ne!(first.token(), second.token());
    assert_ne!(first.refresh_token(), second.refresh_token());
    suite.anonymous().holding(first.token()).secure(200).await;
}

async fn a_login_can_be_refreshed_again_and_again(suite: &Suite) {
    let mut answer = login(suite).await;
    for _ in 0..5 {
        answer = suite.anonymous().refresh(&answer.refresh_token(), 200).await;
        suite.anonymous().holding(answer.token()).secure(200).await;
    }
}

async fn refreshing_does_not_prolong_a_login(suite: &Suite) {
    let first = login(suite).await;
    let second = suite.anonymous().refresh(&first.refresh_token(), 200).await;
    let [first, second] = [first, second].map(|answer| answer.json()["refresh_expires_in"].as_u64().expect("seconds"));
    assert!(second <= first && first - second < 60, "{first}, then {second}");
}

async fn a_refreshed_token_is_a_good_one(suite: &Suite) {
    let first = login(suite).await;
    let second = suite.anonymous().refresh(&first.refresh_token(), 200).await;
    let [first, second] = [first, second].map(|answer| Jws::parse(&answer.token()));
    for claim in ["iss", "sub", "aud", "email"] {
        assert_eq!(first.claims[claim], second.claims[claim], "{claim}");
    }
    assert_ne!(first.claims["jti"], second.claims["jti"]);
    assert_eq!(first.header, second.header);
    let seconds = |claim: &str| second.claims[claim].as_u64().expect("seconds");
    assert_eq!(seconds("exp") - seconds("iat"), 900);
}

/// At least 128 bits (security 20), in an alphabet that needs no escaping anywhere; no token to be read.
async fn a_refresh_token_is_long_and_says_nothing(suite: &Suite) {
    let token = login(suite).await.refresh_token();
    assert!(token.len() >= 22, "{token}");
    assert!(token.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter)), "{token}");
    suite.anonymous().holding(token).secure(401).await;
}

async fn a_pair_is_not_to_be_stored(suite: &Suite) {
    let login = login(suite).await;
    let refresh = suite.anonymous().refresh(&login.refresh_token(), 200).await;
    let refused = suite.anonymous().refresh("nobody", 401).await;
    for answer in [login, refresh, refused] {
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(!answer.has("set-cookie") && !answer.has("etag"));
    }
}

async fn a_logout_ends_its_own_login_only(suite: &Suite) {
    let (one, other) = (login(suite).await, login(suite).await);
    let client = suite.anonymous();
    let bye = client.log_out(&one.refresh_token(), 204).await;
    assert_eq!(bye.body, "");
    client.refresh(&one.refresh_token(), 401).await;
    client.refresh(&other.refresh_token(), 200).await;
    // Nobody asks auth about an access token: it lives to its end.
    client.holding(one.token()).secure(200).await;
}

async fn a_logout_of_nobody_is_done_already(suite: &Suite) {
    let (client, token) = (suite.anonymous(), login(suite).await.refresh_token());
    for _ in 0..2 {
        client.log_out(&token, 204).await;
    }
    for nobody in ["", "nobody", &"A".repeat(43), "not base64 at all: äöü"] {
        client.log_out(nobody, 204).await;
    }
    client.request("GET", "/logout").send(405).await;
    client.request("POST", "/logout").json(&json!({"refresh_token": 7})).send(400).await.problem();
}
