//! The extractor in a router: what a client sends and sees. Security items 11, 12, 15 and the contract's `/secure` rows.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::FromRef;
use axum::routing::get;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use serde_json::{Value, json};
use token::{Access, Algorithm, Bearer, Clock, KeyFuture, KeySource, Refusal, Rejection, Verifier, VerifyingKey};
use tower::ServiceExt as _;

use crate::fixtures::{House, now, policy};

#[derive(Clone)]
struct State(Access);

impl FromRef<State> for Access {
    fn from_ref(state: &State) -> Self {
        state.0.clone()
    }
}

async fn secure(Bearer(claims): Bearer) -> String {
    claims.sub.clone()
}

/// A service with one protected route, and the reasons it counted.
struct Service {
    router: Router,
    reasons: Arc<Mutex<Vec<&'static str>>>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Service {
    fn trusting(keys: Arc<dyn KeySource>) -> Self {
        let reasons = Arc::new(Mutex::new(Vec::new()));
        let counted = reasons.clone();
        let verifier = Verifier::new(keys, policy(Algorithm::EdDsa))
            .expect("in order")
            .observe(move |refusal| counted.lock().expect("no panic").push(refusal.reason()));
        let state = State(Access::new(Arc::new(verifier), Clock::fixed(now())));
        let router = Router::new().route("/secure", get(secure)).with_state(state);
        Self { router, reasons }
    }

    async fn get(&self, path: &str, authorization: &[&[u8]]) -> Answer {
        let mut request = Request::get(path).body(Body::empty()).expect("a request");
        for value in authorization {
            let value = HeaderValue::from_bytes(value).expect("a header value");
            request.headers_mut().append(AUTHORIZATION, value);
        }
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 10_000).await.expect("a small body");
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).expect("text") }
    }

    async fn with(&self, authorization: &str) -> Answer {
        self.get("/secure", &[authorization.as_bytes()]).await
    }

    fn reasons(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.reasons.lock().expect("no panic"))
    }
}

const CHALLENGE: &str = r#"Bearer realm="flotilla""#;
const INVALID: &str = r#"Bearer realm="flotilla", error="invalid_token""#;

#[track_caller]
fn assert_challenged(answer: &Answer, challenge: &str) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers[WWW_AUTHENTICATE], challenge);
    assert_eq!(answer.headers[CONTENT_TYPE], "application/problem+json");
    assert_eq!(answer.headers[CACHE_CONTROL], "no-store");
    let problem: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(problem["type"], "about:blank");
    assert_eq!(problem["title"], "Unauthorized");
    assert_eq!(problem["status"], 401);
}

#[tokio::test]
async fn a_token_holder_gets_in_and_is_known() {
    let house = House::new();
    let service = Service::trusting(house.keys.clone());
    let answer = service.with(&format!("Bearer {}", house.token())).await;
    assert_eq!((answer.status, &*answer.body), (StatusCode::OK, "user"));
    assert!(service.reasons().is_empty());
}

#[tokio::test]
async fn security_12_the_scheme_is_case_insensitive() {
    let house = House::new();
    let service = Service::trusting(house.keys.clone());
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer  "] {
        let answer = service.with(&format!("{scheme} {}", house.token())).await;
        assert_eq!(answer.status, StatusCode::OK, "{scheme}");
    }
}

#[tokio::test]
async fn an_anonymous_client_is_asked_for_a_token_without_an_error() {
    let service = Service::trusting(House::new().keys);
    let answer = service.get("/secure", &[]).await;
    assert_challenged(&answer, CHALLENGE);
    assert_eq!(service.reasons(), ["missing"]);
}

#[tokio::test]
async fn another_scheme_is_no_bearer_token() {
    let house = House::new();
    let service = Service::trusting(house.keys.clone());
    let token = house.token();
    for value in ["Basic dXNlcjpwYXNzd29yZA==", "", &token, &format!("Bearer:{token}")] {
        assert_challenged(&service.with(value).await, CHALLENGE);
    }
    assert_eq!(service.reasons(), ["missing"; 4]);
}

#[tokio::test]
async fn security_12_only_the_authorization_header_counts() {
    let house = House::new();
    let service = Service::trusting(house.keys.clone());
    let path = format!("/secure?access_token={}", house.token());
    assert_challenged(&service.get(&path, &[]).await, CHALLENGE);
}

#[tokio::test]
async fn security_12_two_authorization_headers_are_refused_even_if_both_are_good() {
    let house = House::new();
    let service = Service::trusting(house.keys.clone());
    let value = format!("Bearer {}", house.token());
    let twice = [value.as_bytes(), value.as_bytes()];
    assert_challenged(&service.get("/secure", &twice).await, INVALID);
    assert_challenged(&service.with(&format!("{value}, {value}")).await, INVALID);
    assert_eq!(service.reasons(), ["several_credentials", "malformed"]);
}

#[tokio::test]
async fn security_11_every_refusal_looks_the_same_and_is_never_a_server_error() {
    let house = House::new();
    let service = Service::trusting(house.keys.clone());
    let token = house.token();
    let bad = [
        (String::new(), "malformed"),
        ("garbage".into(), "malformed"),
        (house.sign_text("[]", "{}"), "header"),
        (format!("{token}.x"), "malformed"),
        ("x".repeat(100_000), "too_large"),
        (house.with_header("alg", "none".into()), "algorithm"),
        (house.with_header("typ", "JWT".into()), "type"),
        (house.with_header("crit", json!(["x"])), "header"),
        (house.with_header("kid", "x".into()), "unknown_key"),
        (House::new().sign(&house.header(), &crate::fixtures::claims()), "signature"),
        (house.with_claim("exp", json!(1)), "expired"),
        (house.with_claim("nbf", json!(u64::MAX)), "not_yet_valid"),
        (house.with_claim("exp", json!(u64::MAX)), "life"),
        (house.with_claim("iss", "x".into()), "issuer"),
        (house.with_claim("aud", "x".into()), "audience"),
        (house.without_claim("sub"), "claims"),
    ];
    let body = service.with("Bearer garbage").await.body;
    service.reasons();
    for (token, reason) in bad {
        let answer = service.with(&format!("Bearer {token}")).await;
        assert_challenged(&answer, INVALID);
        assert_eq!(answer.body, body, "the body for {reason}");
        assert_eq!(service.reasons(), [reason]);
    }
}

#[tokio::test]
async fn security_11_bytes_that_are_no_text_are_a_refusal() {
    let service = Service::trusting(House::new().keys);
    let answer = service.get("/secure", &[b"Bearer \xff\xfe"]).await;
    assert_challenged(&answer, INVALID);
    assert_eq!(service.reasons(), ["malformed"]);
}

/// A source that never had any keys.
struct NoKeys;

impl KeySource for NoKeys {
    fn generation(&self) -> u64 {
        0
    }

    fn known(&self, _: Option<&str>, _: Algorithm) -> Option<Arc<VerifyingKey>> {
        None
    }

    fn key<'a>(&'a self, _: Option<&'a str>, _: Algorithm) -> KeyFuture<'a> {
        Box::pin(async { Err(Refusal::KeysUnavailable) })
    }
}

#[tokio::test]
async fn fault_7_without_keys_the_service_says_try_again_and_not_your_token_is_bad() {
    let service = Service::trusting(Arc::new(NoKeys));
    let answer = service.with(&format!("Bearer {}", House::new().token())).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers[RETRY_AFTER], "2");
    assert!(!answer.headers.contains_key(WWW_AUTHENTICATE));
    assert_eq!(answer.headers[CONTENT_TYPE], "application/problem+json");
    assert_eq!(service.reasons(), ["keys_unavailable"]);
    // A token that no keys could save is refused all the same.
    assert_challenged(&service.with("Bearer garbage").await, INVALID);
}

#[test]
fn only_missing_keys_are_the_servers_fault_and_only_a_missing_role_is_forbidden() {
    for refusal in Refusal::ALL {
        let expected = match refusal {
            Refusal::KeysUnavailable => 503,
            Refusal::Role(_) => 403,
            _ => 401,
        };
        assert_eq!(Rejection::from(refusal).status(), expected, "{refusal:?}");
    }
}
