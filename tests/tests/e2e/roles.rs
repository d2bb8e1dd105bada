//! Roles in a token: shown at `/secure`, asked for at `/admin`. With a shared secret a test signs what it likes.
use e2e::{Jws, Launch, Process, Program, Test};
use serde_json::{Value, json};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        a_presenter_is_greeted_as_one,
        roles_are_shown_where_there_are_any,
        another_role_or_spelling_is_not_enough,
        roles_that_are_no_list_of_names_are_refused,
        a_missing_role_is_counted_and_logged
    ]
}

const SECRET: &str = "a secret for the tests of roles, 32 bytes or more";

/// A hello, and a good token without roles.
async fn hello() -> (Process, Jws) {
    let mut auth = Launch::service(Program::Auth).set("SECRET", SECRET).ready().await;
    let token = auth.client().await.logged_in().await.token().to_owned();
    (Launch::service(Program::Hello).set("SECRET", SECRET).ready().await, Jws::parse(&token))
}

fn token(jws: &Jws, roles: impl Into<Value>) -> String {
    jws.clone().with_claim("roles", roles).signed_with(SECRET.as_bytes()).compact()
}

async fn a_presenter_is_greeted_as_one() {
    let (mut hello, jws) = hello().await;
    let client = hello.client().await;
    for roles in [json!(["presenter"]), json!(["author", "presenter"])] {
        let answer = client.get("/admin").bearer(&token(&jws, roles)).send(200).await;
        assert_eq!(answer.json(), json!({"message": "Hello, presenter", "user": "user"}));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

async fn roles_are_shown_where_there_are_any() {
    let (mut hello, jws) = hello().await;
    let client = hello.client().await;
    let shown = async |token: String| client.holding(token).secure(200).await.json();
    assert_eq!(shown(token(&jws, json!(["presenter", "author"]))).await["roles"], json!(["presenter", "author"]));
    for without in [token(&jws, json!([])), jws.clone().signed_with(SECRET.as_bytes()).compact()] {
        let greeting = shown(without).await;
        assert_eq!(greeting, json!({"message": "Hello", "user": "user", "email": "user@example.com"}));
    }
}

async fn another_role_or_spelling_is_not_enough() {
    let (mut hello, jws) = hello().await;
    let client = hello.client().await;
    for roles in [json!(["admin"]), json!(["Presenter"]), json!(["presenter "]), json!(["presenter,admin"]), json!([])]
    {
        client.get("/admin").bearer(&token(&jws, roles)).send(403).await.problem();
    }
}

async fn roles_that_are_no_list_of_names_are_refused() {
    let (mut hello, jws) = hello().await;
    let client = hello.client().await;
    for roles in [json!("presenter"), json!(null), json!({"presenter": true}), json!([1]), json!([""])] {
        client.holding(token(&jws, roles)).secure(401).await;
    }
    client.holding(token(&jws, vec!["presenter"; 65])).secure(401).await;
}

async fn a_missing_role_is_counted_and_logged() {
    let (mut hello, jws) = hello().await;
    let client = hello.client().await;
    client.get("/admin").bearer(&token(&jws, json!(["author"]))).send(403).await;
    let event = hello.event("token refused: the token's subject lacks the role presenter").await;
    assert_eq!((&event["reason"], &event["level"]), (&json!("role"), &json!("INFO")));
    let metrics = hello.health().await.get("/metrics").send(200).await.body;
    assert!(metrics.contains(r#"token_refusals_total{reason="role"} 1"#), "{metrics}");
}
