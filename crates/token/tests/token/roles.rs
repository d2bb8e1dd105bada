//! Roles: carried in the token, and asked for by a handler's signature.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::FromRef;
use axum::routing::get;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use token::{Access, Algorithm, Clock, IssueError, Role, RoleBearer, Subject, Verifier};
use tower::ServiceExt as _;

use crate::fixtures::{House, claims, invalid, now, policy, user, with};

enum Presenter {}

impl Role for Presenter {
    const NAME: &'static str = "presenter";
}

fn with_roles(roles: &[&str]) -> Subject {
    Subject { roles: roles.iter().map(|&role| role.to_owned()).collect(), ..user() }
}

fn token(house: &House, roles: &[&str]) -> String {
    house.issuer.issue(&with_roles(roles), now()).expect("issues").token
}

#[test]
fn roles_are_carried_in_their_order() {
    let house = House::new();
    let claims = house.verify(&token(&house, &["presenter", "admin"])).expect("good");
    assert_eq!(claims.roles, ["presenter", "admin"]);
    assert!(claims.has_role("admin"));
    for other in ["", "Presenter", "presenter ", "present", "presenters"] {
        assert!(!claims.has_role(other), "{other}");
    }
}

#[test]
fn a_token_without_roles_has_no_such_claim_and_none_is_missed() {
    let house = House::new();
    let claims = house.verify(&token(&house, &[])).expect("good");
    assert_eq!(claims.roles, Vec::<String>::new());
    assert_eq!(json!(*claims).get("roles"), None);
    assert!(house.verify(&house.with_claim("roles", json!([]))).expect("good").roles.is_empty());
}

#[test]
fn roles_that_are_no_list_of_names_are_refused() {
    let house = House::new();
    for odd in [
        json!("presenter"),
        json!(null),
        json!(1),
        json!(true),
        json!({"presenter": true}),
        json!(["presenter", 1]),
        json!([null]),
        json!([["presenter"]]),
        json!([""]),
    ] {
        house.assert_refused(&house.with_claim("roles", odd), invalid("roles"));
    }
}

#[test]
fn roles_are_at_most_64_of_64_bytes_for_whoever_issues_and_whoever_verifies() {
    let house = House::new();
    let issued = |roles: &[&str]| house.issuer.issue(&with_roles(roles), now()).err();
    let (longest, longer) = ("r".repeat(64), "r".repeat(65));
    assert_eq!(issued(&["x"; 64]), None);
    assert_eq!(issued(&[longest.as_str()]), None);
    for beyond in [&["x"; 65][..], &[longer.as_str()], &[""]] {
        assert_eq!(issued(beyond), Some(IssueError::Roles));
        house.assert_refused(&house.with_claim("roles", json!(beyond)), invalid("roles"));
    }
    house.assert_accepted(&house.with_claim("roles", json!(vec!["x"; 64])));
    house.assert_accepted(&house.with_claim("roles", json!([longest])));
}

#[derive(Clone)]
struct State(Access);

impl FromRef<State> for Access {
    fn from_ref(state: &State) -> Self {
        state.0.clone()
    }
}

async fn stage(bearer: RoleBearer<Presenter>) -> String {
    bearer.claims.sub.clone()
}

/// A service with a route for presenters, and the reasons it counted.
struct Service {
    router: Router,
    reasons: Arc<Mutex<Vec<&'static str>>>,
}

impl Service {
    fn trusting(house: &House) -> Self {
        let reasons = Arc::new(Mutex::new(Vec::new()));
        let counted = reasons.clone();
        let verifier = Verifier::new(house.keys.clone(), policy(Algorithm::EdDsa))
            .expect("in order")
            .observe(move |refusal| counted.lock().expect("no panic").push(refusal.reason()));
        let state = State(Access::new(Arc::new(verifier), Clock::fixed(now())));
        Self { router: Router::new().route("/stage", get(stage)).with_state(state), reasons }
    }

    async fn get(&self, token: Option<&str>) -> (StatusCode, HeaderMap, String) {
        let mut request = Request::get("/stage");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Body::empty()).expect("a request");
        let (parts, body) = self.router.clone().oneshot(request).await.expect("infallible").into_parts();
        let body = to_bytes(body, 10_000).await.expect("a small body");
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).expect("text"))
    }

    fn reasons(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.reasons.lock().expect("no panic"))
    }
}

#[tokio::test]
async fn whoever_has_the_role_gets_in() {
    let house = House::new();
    let service = Service::trusting(&house);
    for roles in [&["presenter"][..], &["admin", "presenter"]] {
        let (status, _, body) = service.get(Some(&token(&house, roles))).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "user"));
    }
    assert!(service.reasons().is_empty());
}

#[tokio::test]
async fn a_good_token_without_the_role_is_forbidden_with_the_reason_each_time() {
    let house = House::new();
    let service = Service::trusting(&house);
    for roles in [&[][..], &["admin"], &["Presenter", "presenter "]] {
        let token = token(&house, roles);
        // A remembered token has no more roles than a new one.
        for _ in 0..2 {
            let (status, headers, body) = service.get(Some(&token)).await;
            assert_eq!(status, StatusCode::FORBIDDEN);
            assert_eq!(headers[WWW_AUTHENTICATE], r#"Bearer realm="flotilla", error="insufficient_scope""#);
            assert_eq!(headers[CONTENT_TYPE], "application/problem+json");
            assert_eq!(headers[CACHE_CONTROL], "no-store");
            let problem: Value = serde_json::from_str(&body).expect("JSON");
            let expected = json!({
                "type": "about:blank", "status": 403, "title": "Forbidden", "detail": "this needs the role presenter",
            });
            assert_eq!(problem, expected);
            assert_eq!(service.reasons(), ["role"]);
        }
    }
}

#[tokio::test]
async fn without_a_good_token_roles_do_not_matter() {
    let house = House::new();
    let service = Service::trusting(&house);
    let (status, headers, _) = service.get(None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(headers[WWW_AUTHENTICATE], r#"Bearer realm="flotilla""#);
    let stranger = House::new();
    let presenter = stranger.sign(&house.header(), &with(claims(), "roles", json!(["presenter"])));
    for bad in [presenter, house.with_claim("roles", json!("presenter")), token(&stranger, &["presenter"])] {
        let (status, headers, _) = service.get(Some(&bad)).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(headers[WWW_AUTHENTICATE], r#"Bearer realm="flotilla", error="invalid_token""#);
    }
    assert_eq!(service.reasons(), ["missing", "signature", "claims", "unknown_key"]);
}
