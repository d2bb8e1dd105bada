//! Refresh tokens: used once, in families with an absolute end.
use axum::{body::Body, http::Request};
use serde_json::json;

use crate::{Answer, Auth};

impl Auth {
    pub(crate) async fn post(&self, path: &str, refresh_token: &str) -> Answer {
        let body = json!({ "refresh_token": refresh_token }).to_string();
        let request = Request::post(path).header("content-type", "application/json");
        self.ask(request.body(Body::from(body)).expect("a request")).await
    }
}

pub(crate) fn refresh_token(answer: &Answer) -> &str {
    answer.body["refresh_token"].as_str().unwrap_or_else(|| panic!("a refresh token in {}", answer.body))
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_a_new_pair_of_the_same_user() {
    let auth = Auth::start().await;
    let login = auth.login("user", "password").await;
    let refreshed = auth.post("/refresh", refresh_token(&login)).await;
    assert_eq!((refreshed.part(1)["sub"].clone(), refreshed.header("cache-control")), (json!("user"), "no-store"));
    assert_ne!(refresh_token(&refreshed), refresh_token(&login));
    assert_ne!(refreshed.part(1)["jti"], login.part(1)["jti"]);
}

#[tokio::test]
async fn a_shorter_life_may_be_wanted_and_a_longer_one_is_not_given() {
    let auth = Auth::start().await;
    let mut current = refresh_token(&auth.login("user", "password").await).to_owned();
    for (wanted, given) in [
        (json!(1), 1),
        (json!(60), 60),
        (json!(60.0), 60),
        (json!(1e300), 900),
        (json!(86_400), 900),
        (json!(null), 900),
    ] {
        let body = json!({ "refresh_token": current, "expires_in": wanted }).to_string();
        let request = Request::post("/refresh").header("content-type", "application/json").body(Body::from(body));
        let answer = auth.ask(request.expect("a request")).await;
        let claims = answer.part(1);
        let life = claims["exp"].as_u64().zip(claims["iat"].as_u64()).map(|(exp, iat)| exp - iat);
        assert_eq!((answer.body["expires_in"].as_u64(), life), (Some(given), Some(given)), "{wanted}");
        current = refresh_token(&answer).to_owned();
    }
}

#[tokio::test]
async fn no_life_at_all_is_refused_and_uses_nothing_up() {
    let auth = Auth::start().await;
    let login = auth.login("user", "password").await;
    for wanted in [json!(0), json!(-1), json!("soon"), json!(1.5), json!(0.0), json!(-1.0)] {
        let body = json!({ "refresh_token": refresh_token(&login), "expires_in": wanted }).to_string();
        let request = Request::post("/refresh").header("content-type", "application/json").body(Body::from(body));
        assert_eq!(auth.ask(request.expect("a request")).await.status, 400, "{wanted}");
    }
    assert_eq!(auth.post("/refresh", refresh_token(&login)).await.status, 200);
}

#[tokio::test]
async fn security_20_a_used_token_is_dead_and_its_reuse_ends_the_family() {
    let auth = Auth::start().await;
    let login = auth.login("user", "password").await;
    let refreshed = auth.post("/refresh", refresh_token(&login)).await;
    let current = auth.post("/refresh", refresh_token(&refreshed)).await;
    let reused = auth.post("/refresh", refresh_token(&login)).await;
    assert_eq!(reused.status, 401);
    let successor = auth.post("/refresh", refresh_token(&current)).await;
    assert_eq!((successor.status, successor.body), (reused.status, reused.body), "all refusals look alike");
    assert_eq!(auth.login("user", "password").await.status, 200, "only the family is concerned");
}

#[tokio::test]
async fn a_refresh_without_an_answer_is_repeated_and_the_token_that_was_lost_is_dead() {
    let auth = Auth::start().await;
    let login = auth.login("user", "password").await;
    let lost = auth.post("/refresh", refresh_token(&login)).await;
    let mut newest = lost.body["refresh_token"].clone();
    for repetition in 0..3 {
        let repeated = auth.post("/refresh", refresh_token(&login)).await;
        assert_eq!(repeated.status, 200, "{repetition}: {}", repeated.body);
        assert_ne!(repeated.body["refresh_token"], newest);
        newest = repeated.body["refresh_token"].clone();
    }
    let next = auth.post("/refresh", newest.as_str().expect("a token")).await;
    assert_eq!(next.status, 200, "the last one is good");
    assert_eq!(auth.post("/refresh", refresh_token(&lost)).await.status, 401, "a thief has the one that was lost");
    assert_eq!(auth.post("/refresh", refresh_token(&next)).await.status, 401, "and is noticed");
}

#[tokio::test]
async fn a_token_whose_successor_was_used_is_reused_within_the_grace_as_well() {
    let auth = Auth::start_with(&[("AUTH_REFRESH_GRACE", "60s")]).await;
    let login = auth.login("user", "password").await;
    let lost = auth.post("/refresh", refresh_token(&login)).await;
    let repeated = auth.post("/refresh", refresh_token(&login)).await;
    assert_eq!(repeated.status, 200);
    let next = auth.post("/refresh", refresh_token(&repeated)).await;
    for dead in [refresh_token(&login), refresh_token(&lost), refresh_token(&repeated), refresh_token(&next)] {
        assert_eq!(auth.post("/refresh", dead).await.status, 401);
    }
}

#[tokio::test]
async fn after_the_grace_and_without_one_a_used_token_is_reused() {
    for grace in ["1s", "0s"] {
        let auth = Auth::start_with(&[("AUTH_REFRESH_GRACE", grace)]).await;
        let login = auth.login("user", "password").await;
        let mut newest = auth.post("/refresh", refresh_token(&login)).await;
        let mut repetitions = 0;
        loop {
            let repeated = auth.post("/refresh", refresh_token(&login)).await;
            if repeated.status == 401 {
                break;
            }
            (newest, repetitions) = (repeated, repetitions + 1);
            assert!(repetitions < 100_000, "the grace never ends");
        }
        assert!(grace == "1s" || repetitions == 0, "{repetitions}");
        assert_eq!(auth.post("/refresh", refresh_token(&newest)).await.status, 401, "the family has ended");
    }
}

#[tokio::test]
async fn security_20_a_family_ends_however_often_it_is_refreshed() {
    let auth = Auth::start_with(&[("AUTH_REFRESH_TTL", "1s")]).await;
    let login = auth.login("user", "password").await;
    assert_eq!(login.body["refresh_expires_in"], 1);
    let mut current = refresh_token(&login).to_owned();
    // Each refresh succeeds until the family's second is over; none makes it longer.
    for _ in 0..2_000 {
        let refreshed = auth.post("/refresh", &current).await;
        if refreshed.status == 401 {
            return;
        }
        current = refresh_token(&refreshed).to_owned();
        tokio::task::yield_now().await;
    }
    panic!("the family never ended");
}

#[tokio::test]
async fn without_demo_mode_the_demo_account_refreshes_no_more() {
    let auth = Auth::start().await;
    let login = auth.login("user", "password").await;
    let auth = auth.restarted_with(&[("AUTH_DEMO_USER", "false")]).await;
    assert_eq!(auth.post("/refresh", refresh_token(&login)).await.status, 401);
}

#[tokio::test]
async fn logging_out_ends_the_family_and_says_nothing_of_it() {
    let auth = Auth::start().await;
    let login = auth.login("user", "password").await;
    for token in [refresh_token(&login), refresh_token(&login), "never-given-out"] {
        assert_eq!(auth.post("/logout", token).await.status, 204);
    }
    assert_eq!(auth.post("/refresh", refresh_token(&login)).await.status, 401);
}

#[tokio::test]
async fn a_body_that_is_none_is_said_to_be_by_its_shape() {
    let auth = Auth::start().await;
    for (kind, body, status) in [
        ("application/json", "{}", 400),
        ("application/json", "", 400),
        ("text/plain", "{\"refresh_token\":\"x\"}", 415),
    ] {
        let request = Request::post("/refresh").header("content-type", kind);
        let answer = auth.ask(request.body(Body::from(body)).expect("a request")).await;
        assert_eq!(answer.status, status, "{body}");
    }
}

#[tokio::test]
async fn security_20_tokens_are_kept_as_hashes_only() {
    let auth = Auth::start().await;
    let login = auth.login("user", "password").await;
    let token = refresh_token(&login);
    for file in std::fs::read_dir(auth.data.path()).expect("a directory") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("readable");
        assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()));
    }
}
