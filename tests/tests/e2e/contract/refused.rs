//! Tokens that are refused for their shape: always the same opaque answer, whatever was wrong.
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use e2e::{Client, Suite};
use insta::assert_snapshot;

use super::{Check, checks, wire};

pub(crate) fn checks() -> impl IntoIterator<Item = Check> {
    checks![
        a_strange_shape_is_refused,
        a_json_serialization_is_refused,
        lenient_base64_is_refused,
        two_authorization_headers_are_refused,
        more_than_a_token_is_refused,
        a_long_token_is_refused,
        a_refused_token_does_not_spoil_a_good_one,
    ]
}

/// A token is refused: status, challenge and body are the same for all reasons.
pub(crate) async fn is_refused(client: &Client, token: &str) {
    let answer = client.get("/secure").bearer(token).send(401).await;
    assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="flotilla", error="invalid_token""#, "{token}");
    assert_snapshot!("refused", wire(&answer, &[]));
}

async fn a_strange_shape_is_refused(suite: &Suite) {
    let holder = suite.token_holder().await;
    let token = holder.token();
    let (head, signature) = token.rsplit_once('.').expect("three parts");
    for strange in [
        "x".to_owned(),
        "..".to_owned(),
        head.to_owned(),
        format!("{head}."),
        format!(".{token}"),
        format!("{token}."),
        format!("{token}.{signature}"),
        format!("{token}.{signature}.{signature}"),
        format!("{head}.{signature}{signature}"),
    ] {
        is_refused(&holder, &strange).await;
    }
}

async fn a_json_serialization_is_refused(suite: &Suite) {
    let holder = suite.token_holder().await;
    let parts: Vec<&str> = holder.token().split('.').collect();
    let [protected, payload, signature] = parts[..] else { panic!("three parts") };
    let flattened = serde_json::json!({"protected": protected, "payload": payload, "signature": signature});
    is_refused(&holder, &flattened.to_string()).await;
}

async fn lenient_base64_is_refused(suite: &Suite) {
    let holder = suite.token_holder().await;
    let (head, signature) = holder.token().rsplit_once('.').expect("three parts");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    is_refused(&holder, &format!("{head}.{}", URL_SAFE.encode(&bytes))).await;
    is_refused(&holder, &format!("{head}.{}", STANDARD.encode(&bytes))).await;
    // The last letter of 64 bytes holds 4 bits that mean nothing: set, they make another spelling of the same signature.
    let last = signature.chars().last().expect("a letter");
    let respelt = char::from(u8::try_from(last).expect("ASCII") + 1);
    is_refused(&holder, &format!("{head}.{}{respelt}", &signature[..signature.len() - 1])).await;
}

async fn two_authorization_headers_are_refused(suite: &Suite) {
    let holder = suite.token_holder().await;
    for second in [holder.token(), "x"] {
        let answer = holder.get("/secure").bearer(holder.token()).bearer(second).send(401).await;
        assert_snapshot!("refused", wire(&answer, &[]));
    }
}

async fn more_than_a_token_is_refused(suite: &Suite) {
    let holder = suite.token_holder().await;
    for value in
        [format!("{0},{0}", holder.token()), format!("{0} {0}", holder.token()), format!("{}, Basic x", holder.token())]
    {
        is_refused(&holder, &value).await;
    }
}

async fn a_long_token_is_refused(suite: &Suite) {
    let holder = suite.token_holder().await;
    is_refused(&holder, &"a".repeat(12 * 1024)).await;
    is_refused(&holder, &format!("{}{}", holder.token(), "a".repeat(12 * 1024))).await;
}

async fn a_refused_token_does_not_spoil_a_good_one(suite: &Suite) {
    let holder = suite.token_holder().await;
    for _ in 0..5 {
        is_refused(&holder, &format!("{}x", holder.token())).await;
        holder.secure(200).await;
    }
}
