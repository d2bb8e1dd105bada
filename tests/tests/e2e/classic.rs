//! Classic mode: the flags and requests of the 2016 walkthrough, with the differences that are meant.
use std::time::{SystemTime, UNIX_EPOCH};

use e2e::{Jws, Launch, Process, Program, Test, client::USER};
use serde_json::{Value, json};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        the_flags_of_2016_start_a_monolith,
        the_flags_of_2016_start_auth_and_hello,
        the_walkthroughs_requests_work,
        a_classic_token_is_hs256_and_has_what_ours_has,
        the_secret_is_the_one_that_was_given,
        a_token_of_the_other_mode_is_refused,
        no_shared_secret_is_published,
        classic_mode_is_warned_of,
        a_classic_token_must_be_an_access_token_of_ours,
        clocks_may_be_a_little_apart,
    ]
}

const SECRET: &str = "secret";
/// Go's `flag` takes all of these.
const SPELLINGS: [fn(&str, &str) -> Vec<String>; 3] = [
    |flag, value| vec![format!("-{flag}={value}")],
    |flag, value| vec![format!("--{flag}={value}")],
    |flag, value| vec![format!("-{flag}"), value.to_owned()],
];

/// Started as the walkthrough does: by flags only.
fn classic(program: Program, spelling: usize, secret: &str) -> Launch {
    let flags = [("http", "127.0.0.1:0"), ("health", "127.0.0.1:0"), ("secret", secret)];
    Launch::bare(program).args(flags.iter().flat_map(|(flag, value)| SPELLINGS[spelling](flag, value)))
}

async fn monolith() -> Process {
    classic(Program::Monolith, 0, SECRET).ready().await
}

async fn the_flags_of_2016_start_a_monolith() {
    for spelling in 0..SPELLINGS.len() {
        let mut monolith = classic(Program::Monolith, spelling, SECRET).ready().await;
        monolith.client().await.logged_in().await.secure(200).await;
    }
}

async fn the_flags_of_2016_start_auth_and_hello() {
    for spelling in 0..SPELLINGS.len() {
        let mut auth = classic(Program::Auth, spelling, SECRET).ready().await;
        let mut hello = classic(Program::Hello, spelling, SECRET).ready().await;
        let token = auth.client().await.logged_in().await.token().to_owned();
        hello.client().await.holding(token).secure(200).await;
    }
}

/// The statuses and bodies of 2016; what differs says why.
async fn the_walkthroughs_requests_work() {
    let mut monolith = monolith().await;
    let (client, health) = (monolith.client().await, monolith.health().await);
    assert_eq!(client.greeting(200).await.json(), json!({"message": "Hello"}));
    assert!(client.secure(401).await.has("www-authenticate"), "2016 sent none");
    assert!(client.log_in(USER, "wrong", 401).await.has("www-authenticate"), "2016 sent none");
    let holder = client.logged_in().await;
    assert_eq!(holder.secure(200).await.json()["message"], "Hello");
    client.get(&format!("/secure?access_token={}", holder.token())).send(401).await;
    assert_eq!(client.version(200).await.json()["version"], "1.0.0");
    client.get("/nope/x").send(404).await;
    health.get("/readiness/status").send(200).await;
    health.readiness(200).await;
    health.post("/readiness/status", 200).await;
    health.readiness(503).await;
}

async fn a_classic_token_is_hs256_and_has_what_ours_has() {
    let token = monolith().await.client().await.logged_in().await.token().to_owned();
    let jws = Jws::parse(&token);
    assert_eq!((&jws.header["alg"], &jws.header["typ"]), (&json!("HS256"), &json!("at+jwt")));
    for claim in ["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "email"] {
        assert!(!jws.claims[claim].is_null(), "{claim} in {}", jws.claims);
    }
}

/// The original verified with "secret", whatever it was given.
async fn the_secret_is_the_one_that_was_given() {
    let mut other = classic(Program::Auth, 0, "another secret").ready().await;
    let token = other.client().await.logged_in().await.token().to_owned();
    let mut hello = classic(Program::Hello, 0, SECRET).ready().await;
    let answer = hello.client().await.holding(token.clone()).secure(401).await;
    assert!(answer.header("www-authenticate").contains("invalid_token"));
    classic(Program::Hello, 0, "another secret").ready().await.client().await.holding(token).secure(200).await;
}

async fn a_token_of_the_other_mode_is_refused() {
    let mut modern = Launch::service(Program::Monolith).ready().await;
    let mut classic = monolith().await;
    let (modern, classic) = (modern.client().await.logged_in().await, classic.client().await.logged_in().await);
    classic.holding(modern.token()).secure(401).await;
    modern.holding(classic.token()).secure(401).await;
}

async fn no_shared_secret_is_published() {
    let set = monolith().await.client().await.key_set(200).await;
    assert_eq!(set.json(), json!({"keys": []}));
}

async fn classic_mode_is_warned_of() {
    for program in [Program::Auth, Program::Hello, Program::Monolith] {
        let mut process = classic(program, 0, SECRET).ready().await;
        for warning in ["classic mode", "the shared secret is"] {
            assert_eq!(process.event(warning).await["level"], "WARN", "{warning} of {}", program.name());
        }
    }
}

/// Whoever knows the secret can sign, so here each rule can be broken alone under a good signature (RFC 8725).
async fn a_classic_token_must_be_an_access_token_of_ours() {
    let holder = monolith().await;
    let mut holder = holder;
    let client = holder.client().await;
    let good = Jws::parse(client.logged_in().await.token());
    let accepted = async |jws: Jws, status| {
        client.holding(jws.clone().signed_with(SECRET.as_bytes()).compact()).secure(status).await;
    };
    accepted(good.clone(), 200).await;
    for (claim, value) in wrong_claims() {
        accepted(good.clone().with_claim(claim, value), 401).await;
    }
    for claim in ["iss", "aud", "exp", "iat", "sub"] {
        let mut without = good.clone();
        without.claims.as_object_mut().expect("an object").remove(claim);
        accepted(without, 401).await;
    }
    for (member, value) in [
        ("typ", json!("JWT")),
        ("typ", Value::Null),
        ("alg", json!("hs256")),
        ("alg", json!("HS512")),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
    ] {
        accepted(good.clone().with_header(member, value), 401).await;
    }
}

fn wrong_claims() -> [(&'static str, Value); 12] {
    let now = now();
    [
        ("iss", json!("auth.service.example")),
        ("iss", json!("AUTH.SERVICE")),
        ("iss", json!(["auth.service"])),
        ("aud", json!("hello")),
        ("aud", Value::Null),
        ("exp", json!(now - 60)),
        ("exp", json!("never")),
        ("exp", json!(0)),
        ("exp", json!(now + 25 * 60 * 60)),
        ("nbf", json!(now + 60)),
        ("iat", json!(now + 60)),
        ("sub", json!(7)),
    ]
}

#[expect(
    clippy::disallowed_methods,
    reason = "the services judge by the real clock, so their tokens must have its time"
)]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// Fault 11.
async fn clocks_may_be_a_little_apart() {
    let mut hello = classic(Program::Hello, 0, SECRET).set("LEEWAY", "30s").ready().await;
    let mut auth = classic(Program::Auth, 0, SECRET).ready().await;
    let good = Jws::parse(auth.client().await.logged_in().await.token());
    let client = hello.client().await;
    for (ago, status) in [(15, 200), (120, 401)] {
        let (issued, expired) = (now() - ago - 900, now() - ago);
        let token = good.clone().with_claim("iat", issued).with_claim("nbf", issued).with_claim("exp", expired);
        let token = token.signed_with(SECRET.as_bytes());
        client.holding(token.compact()).secure(status).await;
    }
    let metrics = hello.health().await.get("/metrics").send(200).await.body;
    assert!(metrics.contains(r#"token_refusals_total{reason="expired"} 1"#), "{metrics}");
}
