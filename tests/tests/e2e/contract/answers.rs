//! `/`, `/version`, `/whoami`, what every answer carries, and what there is not.
use std::collections::BTreeSet;

use e2e::Suite;
use insta::assert_snapshot;

use super::{Check, checks, wire};

pub(crate) fn checks() -> impl IntoIterator<Item = Check> {
    checks![
        anybody_is_greeted,
        the_version_is_told,
        an_instance_tells_who_it_is,
        an_instance_counts_its_requests,
        an_unknown_path_is_a_404,
        a_wrong_method_is_told_the_right_ones,
        head_has_the_head_of_get,
        every_answer_says_who_gave_it,
        every_answer_is_guarded_against_misreading,
        a_request_id_is_kept,
        a_request_id_is_made_where_there_is_none_worth_keeping,
    ]
}

async fn anybody_is_greeted(suite: &Suite) {
    let answer = suite.anonymous().greeting(200).await;
    assert_snapshot!("greeting", wire(&answer, &[]));
    assert_eq!(answer.body, r#"{"message":"Hello"}"#);
}

async fn the_version_is_told(suite: &Suite) {
    let answer = suite.anonymous().version(200).await;
    assert_snapshot!("version", wire(&answer, &["version", "revision"]));
    assert_eq!(answer.json()["version"], answer.header("x-service-version"));
}

async fn an_instance_tells_who_it_is(suite: &Suite) {
    let whoami = suite.anonymous().who_am_i(200).await.json();
    for field in ["hostname", "instance", "version", "started"] {
        assert!(whoami[field].as_str().is_some_and(|text| !text.is_empty()), "{field} in {whoami}");
    }
}

async fn an_instance_counts_its_requests(suite: &Suite) {
    let count = async || suite.anonymous().who_am_i(200).await.json()["requests"].as_u64().expect("a number");
    let (first, second) = (count().await, count().await);
    assert!(first < second, "{first} < {second}");
}

async fn an_unknown_path_is_a_404(suite: &Suite) {
    let client = suite.anonymous();
    // The controllers of an Ingress make one slash of two.
    let slashes = (!suite.is_behind_an_ingress()).then_some("//");
    let paths = ["/nope", "/secure/", "/login/", "/Secure", "/secure/x", "/healthz", "/config", "/metrics"];
    for path in paths.into_iter().chain(slashes) {
        let answer = client.get(path).send(404).await;
        assert_snapshot!("not_found", wire(&answer, &[]));
    }
}

async fn a_wrong_method_is_told_the_right_ones(suite: &Suite) {
    let client = suite.anonymous();
    // The controllers of an Ingress answer some of these themselves.
    let by_us = |method: &str| !suite.is_behind_an_ingress() || !matches!(method, "TRACE" | "QUERY" | "BREW");
    for (method, path, allowed) in [
        ("POST", "/", "GET,HEAD"),
        ("POST", "/secure", "GET,HEAD"),
        ("POST", "/admin", "GET,HEAD"),
        ("DELETE", "/login", "GET,POST"),
        ("HEAD", "/login", "GET,POST"),
        ("QUERY", "/", "GET,HEAD"),
        ("QUERY", "/secure", "GET,HEAD"),
        ("QUERY", "/login", "GET,POST"),
        ("QUERY", "/refresh", "POST"),
        ("TRACE", "/logout", "POST"),
        ("BREW", "/.well-known/openid-configuration", "GET,HEAD"),
        ("PUT", "/version", "GET,HEAD"),
        ("POST", "/whoami", "GET,HEAD"),
        ("PATCH", "/.well-known/jwks.json", "GET,HEAD"),
    ]
    .into_iter()
    .filter(|(method, ..)| by_us(method))
    {
        let answer = client.request(method, path).send(405).await;
        if method != "HEAD" {
            answer.problem();
        }
        let told: BTreeSet<&str> = answer.header("allow").split(',').map(str::trim).collect();
        assert_eq!(told, allowed.split(',').collect(), "{method} {path}");
    }
}

async fn head_has_the_head_of_get(suite: &Suite) {
    let client = suite.anonymous();
    for path in ["/", "/version", "/.well-known/jwks.json"] {
        let (get, head) = (client.get(path).send(200).await, client.request("HEAD", path).send(200).await);
        assert_eq!(head.body, "");
        for field in ["content-type", "content-length", "cache-control"] {
            assert_eq!(head.header(field), get.header(field), "{field} of {path}");
        }
    }
}

async fn every_answer_says_who_gave_it(suite: &Suite) {
    let client = suite.anonymous();
    for (path, status) in [("/", 200), ("/secure", 401), ("/login", 401), ("/version", 200), ("/nope", 404)] {
        let answer = client.get(path).send(status).await;
        assert!(!answer.header("x-served-by").is_empty(), "{path}");
        assert!(!answer.header("x-service-version").is_empty(), "{path}");
        assert!(!answer.has("server") && !answer.has("x-powered-by"), "{path} tells what it is made of");
    }
}

async fn every_answer_is_guarded_against_misreading(suite: &Suite) {
    let client = suite.anonymous();
    for (path, status) in [("/", 200), ("/secure", 401), ("/login", 401), ("/whoami", 200), ("/nope", 404)] {
        let answer = client.get(path).header("origin", "https://example.test").send(status).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert!(!answer.has("access-control-allow-origin"), "{path}: no other site reads it");
    }
}

async fn a_request_id_is_kept(suite: &Suite) {
    for path in ["/version", "/whoami"] {
        let answer = suite.anonymous().get(path).header("x-request-id", "lesson-4.step_2").send(200).await;
        assert_eq!(answer.header("x-request-id"), "lesson-4.step_2");
    }
}

async fn a_request_id_is_made_where_there_is_none_worth_keeping(suite: &Suite) {
    let (long, client) = ("x".repeat(129), suite.anonymous());
    for sent in [None, Some(""), Some("two words"), Some(r#"{"a":1}"#), Some(&long)] {
        let request = client.get("/whoami");
        let request = if let Some(id) = sent { request.header("x-request-id", id) } else { request };
        let made = request.send(200).await.header("x-request-id").to_owned();
        assert_eq!(made.len(), 32, "{sent:?} became {made}");
    }
}
