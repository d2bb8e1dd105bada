//! `/login` that succeeds, and the token it gives.
use std::collections::BTreeSet;

use e2e::{
    Answer, Jws, Suite,
    client::{PASSWORD, USER},
};
use insta::assert_snapshot;
use serde_json::json;

use super::{Check, checks, wire};

pub(crate) fn checks() -> impl IntoIterator<Item = Check> {
    checks![
        basic_by_get_gives_a_token,
        basic_by_post_gives_a_token,
        json_gives_a_token,
        basic_counts_more_than_a_body,
        the_token_says_who_for_whom_and_how_long,
        the_token_says_how_it_is_signed,
        no_two_tokens_have_the_same_id,
        a_token_is_not_to_be_stored,
    ]
}

async fn is_a_token(suite: &Suite, answer: &Answer) {
    assert_snapshot!("login", wire(answer, &["token", "refresh_token"]));
    let token = answer.json()["token"].as_str().expect("a token").to_owned();
    suite.anonymous().holding(token).secure(200).await;
}

async fn basic_by_get_gives_a_token(suite: &Suite) {
    is_a_token(suite, &suite.anonymous().log_in(USER, PASSWORD, 200).await).await;
}

async fn basic_by_post_gives_a_token(suite: &Suite) {
    let answer = suite.anonymous().request("POST", "/login").basic(USER, PASSWORD).send(200).await;
    is_a_token(suite, &answer).await;
}

async fn json_gives_a_token(suite: &Suite) {
    is_a_token(suite, &suite.anonymous().log_in_by_json(USER, PASSWORD, 200).await).await;
}

async fn basic_counts_more_than_a_body(suite: &Suite) {
    let body = json!({"username": USER, "password": PASSWORD});
    let post = || suite.anonymous().request("POST", "/login").json(&body);
    post().basic(USER, "not the password").send(401).await;
    post().header("authorization", "Bearer abcdefgh").send(401).await;
    post().send(200).await;
}

async fn the_token_says_who_for_whom_and_how_long(suite: &Suite) {
    let answer = suite.anonymous().log_in(USER, PASSWORD, 200).await.json();
    let claims = Jws::parse(answer["token"].as_str().expect("a token")).claims;
    let names: BTreeSet<&str> = claims.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["aud", "email", "exp", "iat", "iss", "jti", "nbf", "sub"]));
    assert_eq!((&claims["sub"], &claims["email"]), (&json!("user"), &json!("user@example.com")));
    assert_eq!([&claims["iss"], &claims["aud"]], suite.names());
    let seconds = |claim: &str| claims[claim].as_u64().expect("whole seconds");
    assert_eq!((seconds("exp") - seconds("iat"), seconds("nbf")), (900, seconds("iat")));
    assert_eq!((&answer["expires_in"], &answer["refresh_expires_in"]), (&json!(900), &json!(12 * 60 * 60)));
}

async fn the_token_says_how_it_is_signed(suite: &Suite) {
    let header = Jws::parse(suite.token_holder().await.token()).header;
    assert_eq!((&header["alg"], &header["typ"]), (&json!("EdDSA"), &json!("at+jwt")));
    assert_eq!(header.as_object().map(serde_json::Map::len), Some(3), "alg, typ and kid only: {header}");
}

async fn no_two_tokens_have_the_same_id(suite: &Suite) {
    let id = async || Jws::parse(suite.anonymous().logged_in().await.token()).claims["jti"].to_string();
    let ids = BTreeSet::from([id().await, id().await, id().await]);
    assert_eq!(ids.len(), 3, "{ids:?}");
}

async fn a_token_is_not_to_be_stored(suite: &Suite) {
    let answer = suite.anonymous().log_in(USER, PASSWORD, 200).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.has("set-cookie") && !answer.has("etag"));
}
