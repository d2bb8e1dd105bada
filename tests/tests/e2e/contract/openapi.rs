//! The description and the routes are the same thing told twice; here they are compared.
use std::collections::{BTreeMap, BTreeSet};

use e2e::{Client, Suite};
use serde_json::Value;

use super::{Check, checks};

pub(crate) fn checks() -> impl IntoIterator<Item = Check> {
    checks![
        a_description_is_openapi_3_1,
        every_described_operation_is_routed,
        descriptions_and_docs_know_the_same_operations,
        a_path_has_the_methods_that_are_described,
        every_described_answer_says_what_it_means,
        every_reference_leads_somewhere,
    ]
}

const API: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/api.md"));

/// What people are told there is: the headings of docs/api.md that name a method and a path.
fn documented() -> BTreeSet<(String, String)> {
    let headings = API.lines().filter_map(|line| line.strip_prefix("### "));
    let operations = headings.flat_map(|heading| heading.split('`')).filter_map(|part| part.split_once(' '));
    let named = operations
        .filter(|(method, path)| method.bytes().all(|byte| byte.is_ascii_uppercase()) && path.starts_with('/'));
    named.map(|(method, path)| (method.to_lowercase(), path.to_owned())).collect()
}

/// A single service describes itself; behind a frontend there are two.
async fn descriptions(client: &Client) -> Vec<Value> {
    let own = client.get("/openapi.json").try_send().await.expect("an answer");
    if own.status == 200 {
        return vec![own.json()];
    }
    let of = async |path| client.get(path).send(200).await.json();
    vec![of("/auth/openapi.json").await, of("/hello/openapi.json").await]
}

/// Method, path and description of every operation.
fn operations(description: &Value) -> Vec<(String, String, &Value)> {
    let paths = description["paths"].as_object().expect("paths").iter();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().expect("a path item").iter();
        methods.map(move |(method, operation)| (method.clone(), path.clone(), operation))
    });
    operations.collect()
}

async fn a_description_is_openapi_3_1(suite: &Suite) {
    for description in descriptions(&suite.anonymous()).await {
        assert!(description["openapi"].as_str().is_some_and(|version| version.starts_with("3.1.")), "{description}");
        assert!(description["info"]["title"].is_string() && description["info"]["version"].is_string());
    }
}

async fn every_described_operation_is_routed(suite: &Suite) {
    let client = suite.anonymous();
    for description in descriptions(&client).await {
        for (method, path, operation) in operations(&description) {
            let status = client.request(&method.to_uppercase(), &path).try_send().await.expect("an answer").status;
            assert!(![404, 405, 501].contains(&status), "{method} {path} answers {status}");
            let described = operation["responses"].get(status.to_string());
            assert!(described.is_some(), "{method} {path} answers {status}, which is not described");
        }
    }
}

async fn descriptions_and_docs_know_the_same_operations(suite: &Suite) {
    let descriptions = descriptions(&suite.anonymous()).await;
    let described: BTreeSet<(String, String)> =
        descriptions.iter().flat_map(operations).map(|(method, path, _)| (method, path)).collect();
    assert_eq!(described, documented(), "descriptions on the left, docs/api.md on the right");
}

/// The routes themselves say which methods a path has, when they are asked by another (RFC 9110 section 15.5.6).
async fn a_path_has_the_methods_that_are_described(suite: &Suite) {
    let client = suite.anonymous();
    let mut described = BTreeMap::<String, BTreeSet<String>>::new();
    for description in descriptions(&client).await {
        for (method, path, _) in operations(&description) {
            described.entry(path).or_default().insert(method.to_uppercase());
        }
    }
    for (path, methods) in described {
        let other = ["PATCH", "DELETE", "PUT"].into_iter().find(|method| !methods.contains(*method));
        let answer = client.request(other.expect("a method it does not have"), &path).send(405).await;
        let allowed = answer.header("allow").split(',').map(|method| method.trim().to_owned());
        // HEAD comes with GET and is not described.
        let allowed: BTreeSet<String> = allowed.filter(|method| method != "HEAD").collect();
        assert_eq!(methods, allowed, "{path}: described on the left, routed on the right");
    }
}

/// OpenAPI 3.1 section 4.8.17 requires it.
async fn every_described_answer_says_what_it_means(suite: &Suite) {
    for description in descriptions(&suite.anonymous()).await {
        for (method, path, operation) in operations(&description) {
            for (status, response) in operation["responses"].as_object().expect("responses") {
                assert!(response["description"].is_string(), "{method} {path} {status} has no description");
            }
        }
    }
}

async fn every_reference_leads_somewhere(suite: &Suite) {
    for description in descriptions(&suite.anonymous()).await {
        for reference in references(&description) {
            let pointer = reference.strip_prefix('#').expect("a reference within the document");
            assert!(description.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
    }
}

fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(members.values().flat_map(references)).collect()
        }
        Value::Array(values) => values.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}
