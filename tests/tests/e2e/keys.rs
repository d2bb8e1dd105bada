//! hello and the key set it verifies with: fault 7 of the matrix, and where the set may come from.
use e2e::{LONG, Launch, Process, Program, Test, eventually};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        hello_waits_for_its_first_key_set_alive,
        a_token_cannot_be_judged_without_keys,
        a_key_set_that_is_none_is_not_accepted
    ]
}

/// An address that nobody listens on now, and that auth can take later.
fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

fn hello_asking(address: &str) -> Process {
    Launch::service(Program::Hello).set("JWKS_URL", format!("http://{address}/.well-known/jwks.json")).spawn()
}

async fn hello_waits_for_its_first_key_set_alive() {
    let address = free_address();
    let mut hello = hello_asking(&address);
    let health = hello.health().await;
    health.liveness(200).await;
    hello.event("serving").await;
    assert_eq!(health.readiness(503).await.json()["waiting_for"], serde_json::json!(["key set"]));
    let mut auth = Launch::service(Program::Auth).set("HTTP_ADDR", &address).ready().await;
    hello.ready().await;
    let token = auth.client().await.logged_in().await.token().to_owned();
    hello.client().await.holding(token).secure(200).await;
}

/// 503, not 401: the caller's token may be fine.
async fn a_token_cannot_be_judged_without_keys() {
    let token = Launch::service(Program::Auth).ready().await.client().await.logged_in().await.token().to_owned();
    let mut hello = hello_asking(&free_address());
    let client = hello.client().await;
    hello.event("serving").await;
    client.holding(token).secure(503).await.problem();
    client.greeting(200).await;
    client.secure(401).await;
}

async fn a_key_set_that_is_none_is_not_accepted() {
    let mut elsewhere = Launch::service(Program::Frontend).ready().await;
    let url = format!("{}/ui/", elsewhere.client().await.origin());
    let mut hello = Launch::service(Program::Hello).set("JWKS_URL", url).spawn();
    let health = hello.health().await;
    let output = hello.output().clone();
    eventually("a failed attempt is logged", LONG, async || {
        output.events().into_iter().find(|event| event["level"] == "WARN")
    })
    .await;
    health.readiness(503).await;
    health.liveness(200).await;
}
