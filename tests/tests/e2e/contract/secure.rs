//! `/secure` with a good token, and without one.
use e2e::{Jws, Suite};
use insta::assert_snapshot;

use super::{Check, checks, wire};

pub(crate) fn checks() -> impl IntoIterator<Item = Check> {
    checks![
        a_good_token_is_greeted_by_name,
        the_scheme_may_be_written_in_any_case,
        no_token_is_challenged_without_an_error,
        another_scheme_is_no_token,
        a_token_in_the_query_does_not_count,
        a_token_in_a_body_or_a_cookie_does_not_count,
        a_verified_token_stays_good,
    ]
}

async fn a_good_token_is_greeted_by_name(suite: &Suite) {
    let holder = suite.token_holder().await;
    let answer = holder.secure(200).await;
    assert_snapshot!("secure", wire(&answer, &[]));
    let claims = Jws::parse(holder.token()).claims;
    assert_eq!((&answer.json()["user"], &answer.json()["email"]), (&claims["sub"], &claims["email"]));
}

async fn the_scheme_may_be_written_in_any_case(suite: &Suite) {
    let holder = suite.token_holder().await;
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let value = format!("{scheme} {}", holder.token());
        holder.get("/secure").header("authorization", &value).send(200).await;
    }
}

async fn no_token_is_challenged_without_an_error(suite: &Suite) {
    let answer = suite.anonymous().secure(401).await;
    assert_snapshot!("secure_without_a_token", wire(&answer, &[]));
    assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="flotilla""#);
}

async fn another_scheme_is_no_token(suite: &Suite) {
    let holder = suite.token_holder().await;
    for scheme in ["Basic", "Token", "DPoP", "Bearers"] {
        let value = format!("{scheme} {}", holder.token());
        let answer = holder.get("/secure").header("authorization", &value).send(401).await;
        assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="flotilla""#, "{scheme}");
    }
}

async fn a_token_in_the_query_does_not_count(suite: &Suite) {
    let holder = suite.token_holder().await;
    for name in ["access_token", "token", "Authorization"] {
        let answer = holder.get(&format!("/secure?{name}={}", holder.token())).send(401).await;
        assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="flotilla""#, "{name}");
    }
}

async fn a_token_in_a_body_or_a_cookie_does_not_count(suite: &Suite) {
    let holder = suite.token_holder().await;
    let pair = format!("access_token={}", holder.token());
    holder.get("/secure").header("cookie", &pair).send(401).await;
    let form = holder.get("/secure").header("content-type", "application/x-www-form-urlencoded");
    form.body(pair).send(401).await;
}

async fn a_verified_token_stays_good(suite: &Suite) {
    let holder = suite.token_holder().await;
    let first = holder.secure(200).await.json();
    for _ in 0..20 {
        assert_eq!(holder.secure(200).await.json(), first);
    }
}
