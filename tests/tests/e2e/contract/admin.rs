//! `/admin` needs a role, which the demo account has not.
use e2e::Suite;
use insta::assert_snapshot;

use super::{Check, checks, wire};

pub(crate) fn checks() -> impl IntoIterator<Item = Check> {
    checks![without_a_token_it_is_as_secure_is, a_refused_token_is_as_at_secure, a_token_without_the_role_is_a_403]
}

async fn without_a_token_it_is_as_secure_is(suite: &Suite) {
    let client = suite.anonymous();
    let answer = client.get("/admin").send(401).await;
    assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="flotilla""#);
    assert_eq!(wire(&answer, &[]), wire(&client.secure(401).await, &[]));
}

async fn a_refused_token_is_as_at_secure(suite: &Suite) {
    let holder = suite.token_holder().await;
    let tampered = holder.holding(format!("{}x", holder.token()));
    let answer = holder.get("/admin").bearer(tampered.token()).send(401).await;
    assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="flotilla", error="invalid_token""#);
    assert_eq!(wire(&answer, &[]), wire(&tampered.secure(401).await, &[]));
}

/// RFC 6750 section 3.1: 403, not 401, for another token of the same account would not help.
async fn a_token_without_the_role_is_a_403(suite: &Suite) {
    let holder = suite.token_holder().await;
    let answer = holder.get("/admin").bearer(holder.token()).send(403).await;
    assert_snapshot!("admin_without_the_role", wire(&answer, &[]));
    assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="flotilla", error="insufficient_scope""#);
    assert_eq!(answer.problem()["detail"], "this needs the role presenter");
    holder.secure(200).await;
}
