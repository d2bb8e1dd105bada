//! `/login`: who gets a token, and what everybody else is told.
use axum::{body::Body, http::Request};
use chassis::metrics::Metrics;
use tempfile::TempDir;

use crate::{Auth, get};

#[tokio::test]
async fn the_demo_account_gets_a_token_that_says_who_it_is() {
    let auth = Auth::start().await;
    let answer = auth.login("user", "password").await;
    let (header, claims) = (answer.part(0), answer.part(1));
    assert_eq!((header["alg"].as_str(), header["typ"].as_str()), (Some("EdDSA"), Some("at+jwt")));
    assert_eq!(claims["sub"], "user");
    assert_eq!(claims["email"], "user@example.com");
    assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some("auth.service"), Some("hello.service")));
    assert_eq!(claims["exp"].as_u64().expect("exp") - claims["iat"].as_u64().expect("iat"), 900);
    assert_eq!((answer.body["token_type"].as_str(), answer.body["expires_in"].as_u64()), (Some("Bearer"), Some(900)));
}

#[tokio::test]
async fn basic_by_get_or_post_and_json_are_one_login() {
    let auth = Auth::start().await;
    assert_eq!(auth.login("user", "password").await.status, 200);
    assert_eq!(auth.login_by_json(r#"{"username":"user","password":"password"}"#).await.status, 200);
    let post = Request::post("/login").header("authorization", "Basic dXNlcjpwYXNzd29yZA==");
    assert_eq!(auth.ask(post.body(Body::empty()).expect("a request")).await.status, 200);
}

#[tokio::test]
async fn security_15_a_token_answer_is_not_stored_and_no_two_tokens_are_one() {
    let auth = Auth::start().await;
    let (first, second) = (auth.login("user", "password").await, auth.login("user", "password").await);
    assert_eq!(first.header("cache-control"), "no-store");
    assert_ne!(first.part(1)["jti"], second.part(1)["jti"]);
}

#[tokio::test]
async fn security_16_an_unknown_user_and_a_wrong_password_are_not_told_apart() {
    let auth = Auth::start().await;
    let (unknown, wrong) = (auth.login("nobody", "password").await, auth.login("user", "wrong").await);
    assert_eq!((unknown.status.as_u16(), wrong.status.as_u16()), (401, 401));
    assert_eq!(unknown.body, wrong.body);
    assert_eq!(unknown.header("www-authenticate"), r#"Basic realm="flotilla", charset="UTF-8""#);
    assert_eq!(unknown.header("www-authenticate"), wrong.header("www-authenticate"));
    let text = auth.metrics.encode();
    assert!(text.contains(r#"logins_total{outcome="unknown_account"} 1"#), "{text}");
    assert!(text.contains(r#"logins_total{outcome="wrong_password"} 1"#), "{text}");
}

#[tokio::test]
async fn security_18_names_and_passwords_are_taken_exactly_and_bound() {
    let auth = Auth::start().await;
    for (name, password) in [
        ("user' OR '1'='1", "password"),
        ("user", "password "),
        (" user", "password"),
        ("USER", "password"),
        ("user", "password\0"),
        ("user\0", "password"),
        ("", ""),
    ] {
        assert_eq!(auth.login(name, password).await.status, 401, "{name:?} {password:?}");
    }
    assert_eq!(auth.login(&"u".repeat(10_000), "password").await.status, 401);
    assert_eq!(auth.login("user", &"p".repeat(10_000)).await.status, 401);
}

#[tokio::test]
async fn a_body_that_is_no_login_is_told_what_is_expected_and_never_quoted() {
    let auth = Auth::start().await;
    for body in
        ["", "hunter2", r#"{"username":"user"}"#, r#"["user","hunter2"]x"#, r#"{"username":1,"password":"hunter2"}"#]
    {
        let answer = auth.login_by_json(body).await;
        assert!([400, 401].contains(&answer.status.as_u16()), "{body}");
        assert!(!answer.body.to_string().contains("hunter2"), "{body}: {}", answer.body);
    }
    let form = Request::post("/login").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(auth.ask(form.body(Body::from("username=user")).expect("a request")).await.status, 415);
}

#[tokio::test]
async fn a_json_array_is_no_login() {
    let auth = Auth::start().await;
    for body in [r#"["user","password"]"#, r#"[["user","password"]]"#, r#"[{"username":"user","password":"password"}]"#]
    {
        assert_eq!(auth.login_by_json(body).await.status, 400, "{body}");
    }
}

#[tokio::test]
async fn head_creates_nothing_and_is_not_among_the_methods_of_login() {
    let auth = Auth::start().await;
    for (method, credentials) in
        [("HEAD", "Basic dXNlcjpwYXNzd29yZA=="), ("HEAD", "Basic d3Jvbmc6d3Jvbmc="), ("PUT", "")]
    {
        let request = Request::builder().method(method).uri("/login").header("authorization", credentials);
        let answer = auth.ask(request.body(Body::empty()).expect("a request")).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET,POST"), "{method}");
    }
    let text = auth.metrics.encode();
    for outcome in ["succeeded", "wrong_password", "unknown_account"] {
        assert!(
            !text.lines().any(
                |line| line.starts_with(&format!("logins_total{{outcome=\"{outcome}\"}}")) && !line.ends_with(" 0")
            ),
            "{text}"
        );
    }
    assert_eq!(auth.login("user", "password").await.status, 200);
}

#[tokio::test]
async fn without_credentials_the_challenge_says_how() {
    let answer = Auth::start().await.ask(get("/login").body(Body::empty()).expect("a request")).await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").starts_with("Basic realm=\"flotilla\""));
    assert!(answer.body["detail"].as_str().expect("a detail").contains("HTTP Basic"));
}

#[tokio::test]
async fn the_demo_account_can_be_turned_off_also_where_it_was_on_before() {
    let auth = Auth::start().await;
    assert_eq!(auth.login("user", "password").await.status, 200);
    let auth = auth.restarted_with(&[("AUTH_DEMO_USER", "false")]).await;
    assert_eq!(auth.login("user", "password").await.status, 401);
}

#[tokio::test]
async fn in_classic_mode_tokens_are_hs256_and_no_key_is_published() {
    let auth = Auth::start_with(&[("AUTH_SECRET", "a secret of the class of 2016, long enough")]).await;
    let answer = auth.login("user", "password").await;
    assert_eq!(answer.part(0)["alg"], "HS256");
    assert_eq!(auth.published_keys().await, serde_json::json!({"keys": []}));
}

#[tokio::test]
async fn outside_of_development_auth_refuses_to_start_without_a_limit_by_address() {
    const OFF: (&str, &str) = ("AUTH_PEER_FAILURES", "1000000");
    const NO_DEMO: (&str, &str) = ("AUTH_DEMO_USER", "false");
    let starts = async |variables: &[(&str, &str)]| {
        let data = TempDir::new().expect("a directory");
        crate::state(data.path(), variables, &Metrics::default()).await.map(drop)
    };
    let refused = starts(&[OFF, NO_DEMO]).await.expect_err("no limit");
    assert!(refused.contains("PEER_FAILURES") && refused.contains("TRUSTED_PROXIES"), "{refused}");
    for allowed in [
        &[OFF][..],
        &[OFF, NO_DEMO, ("AUTH_TRUSTED_PROXIES", "10.0.0.0/8")],
        &[NO_DEMO, ("AUTH_PEER_FAILURES", "10000")],
        &[NO_DEMO],
    ] {
        starts(allowed).await.unwrap_or_else(|refused| panic!("{allowed:?}: {refused}"));
    }
    let elsewhere = ("AUTH_DATABASE_URL", "postgres://u:p@127.0.0.1:1/d");
    let key = ("AUTH_KEY_ENCRYPTION_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
    let refused = starts(&[OFF, elsewhere, key]).await.expect_err("a server has no demo account by default");
    assert!(refused.contains("PEER_FAILURES"), "{refused}");
}
