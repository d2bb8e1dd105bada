//! The algorithm that auth signs with is a setting, for gateways that do not know EdDSA.
use std::collections::BTreeSet;

use e2e::{Client, Database, Jws, LONG, Launch, Program, Suite, Test, eventually};
use serde_json::{Value, json};

use super::{aged, listed};
use crate::auth::on_both;

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = on_both![a_changed_algorithm_is_a_rotation_that_refuses_no_token];
    tests.extend(e2e::tests![
        tokens_are_signed_with_es256_where_that_is_set,
        an_algorithm_that_auth_does_not_sign_with_is_refused_at_start,
    ]);
    tests
}

fn es256(launch: Launch) -> Launch {
    match launch.program() {
        Program::Auth | Program::Monolith => launch.set("SIGNING_ALGORITHM", "ES256"),
        _ => launch,
    }
}

fn header(client: &Client) -> Value {
    Jws::parse(client.token()).header
}

async fn algorithms_in_metadata(client: &Client) -> BTreeSet<String> {
    let metadata = client.get("/.well-known/openid-configuration").send(200).await.json();
    let algorithms = metadata["id_token_signing_alg_values_supported"].as_array().cloned().expect("a list");
    algorithms.iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
}

async fn tokens_are_signed_with_es256_where_that_is_set() {
    for suite in [Suite::monolith_with(es256).await, Suite::split_with(es256).await] {
        let holder = suite.token_holder().await;
        let set = suite.anonymous().key_set(200).await.json();
        let [key] = &set["keys"].as_array().expect("keys")[..] else { panic!("one key is expected: {set}") };
        let members: BTreeSet<&str> = key.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(members, BTreeSet::from(["alg", "crv", "kid", "kty", "use", "x", "y"]));
        assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&json!("EC"), &json!("P-256"), &json!("ES256")));
        assert_eq!(header(&holder), json!({"alg": "ES256", "typ": "at+jwt", "kid": key["kid"]}));
        holder.secure(200).await;
        let forged = Jws::parse(holder.token()).with_claim("sub", "admin").compact();
        suite.anonymous().holding(forged).secure(401).await;
        let confused = Jws::parse(holder.token()).with_header("alg", "EdDSA").compact();
        suite.anonymous().holding(confused).secure(401).await;
    }
}

/// A second replica with the new setting joins, as in a rolling update. hello asks the first one for keys.
async fn a_changed_algorithm_is_a_rotation_that_refuses_no_token(database: Database) {
    let store = database.fresh().await;
    let suite = Suite::split_with(|launch| aged(store.under(launch))).await;
    let (client, holder) = (suite.anonymous(), suite.token_holder().await);
    assert_eq!(header(&holder)["alg"], "EdDSA");
    let mut joined = aged(store.auth()).set("SIGNING_ALGORITHM", "ES256").ready().await;
    eventually("ES256 signs", LONG, async || {
        holder.secure(200).await;
        let fresh = client.logged_in().await;
        fresh.secure(200).await;
        (header(&fresh)["alg"] == "ES256").then_some(())
    })
    .await;
    let by_both = BTreeSet::from(["EdDSA".to_owned(), "ES256".to_owned()]);
    assert_eq!(algorithms_in_metadata(&joined.client().await).await, by_both, "the old key is still published");
    assert_eq!(algorithms_in_metadata(&client).await, by_both);
    for replica in [client, joined.client().await] {
        let fresh = replica.logged_in().await;
        suite.anonymous().holding(fresh.token().to_owned()).secure(200).await;
    }
    holder.secure(200).await;
    let keys = listed(&store).await;
    let shown: Vec<_> = keys.iter().map(|key| (&key["algorithm"], &key["state"])).collect();
    assert_eq!(shown, [(&json!("EdDSA"), &json!("retiring")), (&json!("ES256"), &json!("signing"))]);
}

async fn an_algorithm_that_auth_does_not_sign_with_is_refused_at_start() {
    for algorithm in ["RS256", "HS256", "es256", "none"] {
        let said = Launch::service(Program::Auth).set("SIGNING_ALGORITHM", algorithm).run().await.expect(78);
        let line = said.one_line();
        assert!(line.contains("AUTH_SIGNING_ALGORITHM") && line.contains("EdDSA or ES256"), "{line}");
    }
}
