//! What only the frontend does: one origin for several services, and a page for browsers.
use e2e::{Gate, LONG, Launch, Program, Shared, Signal, Suite, Target, Test};

use crate::limits::Wire;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        a_browser_gets_a_page_and_others_the_greeting,
        an_answer_names_the_service_that_gave_it,
        an_upstream_that_is_the_frontend_itself_is_a_loop,
        each_service_describes_itself,
        what_the_frontend_accepts_its_upstreams_accept,
        whoami_is_shown_unless_it_is_turned_off,
        without_hello_the_edge_says_so,
        without_auth_only_login_fails,
    ]
}

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn a_browser_gets_a_page_and_others_the_greeting() {
    let suite = Shared::of(Target::Split).await;
    let client = suite.anonymous();
    let page = client.get("/").header("accept", BROWSER).send(200).await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("vary"), "accept, accept-encoding");
    for accept in ["*/*", "application/json"] {
        let greeting = client.get("/").header("accept", accept).send(200).await;
        assert_eq!((greeting.json()["message"].as_str(), greeting.header("vary")), (Some("Hello"), "accept"));
    }
}

async fn an_answer_names_the_service_that_gave_it() {
    let suite = Suite::split_with(|launch| {
        let name = launch.program().name();
        launch.env("POD_NAME", format!("{name}-0"))
    })
    .await;
    let holder = suite.token_holder().await;
    assert_eq!(holder.secure(200).await.header("x-served-by"), "hello-0");
    assert_eq!(holder.key_set(200).await.header("x-served-by"), "auth-0");
    assert_eq!(holder.version(200).await.header("x-served-by"), "frontend-0");
    assert_eq!(holder.get("/nope").send(404).await.header("x-served-by"), "frontend-0");
    assert_eq!(holder.who_am_i(200).await.json()["pod"], "hello-0");
}

async fn an_upstream_that_is_the_frontend_itself_is_a_loop() {
    let gate = Gate::before(([127, 0, 0, 1], 9).into()).await;
    let itself = format!("http://127.0.0.1:{}", gate.port());
    let mut frontend = Launch::service(Program::Frontend).set("HELLO_URL", itself).spawn();
    gate.lead_to(frontend.ready().await.http);
    let client = frontend.client().await;
    let answer = client.greeting(508).await;
    assert_eq!(answer.problem()["detail"], "hello leads back to this service");
    client.version(200).await;
}

/// The largest requests that the frontend accepts: with the fields that it adds they are larger.
async fn what_the_frontend_accepts_its_upstreams_accept() {
    let mut suite = Suite::split().await;
    let frontend = suite.process(Program::Frontend).ready().await.http;
    let fields = "X-Many: 1\r\n".repeat(63);
    let bytes = format!("Cookie: {}\r\n", "c".repeat(16 * 1024 - "Cookie".len() - "Host".len() - 255));
    let long_name = format!("Host: {}\r\n", "h".repeat(255));
    let target = format!("/?{}", "a".repeat(8 * 1024 - 2));
    for request in [
        format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n"),
        format!("GET / HTTP/1.1\r\n{long_name}{bytes}\r\n"),
        format!("GET {target} HTTP/1.1\r\n{long_name}{bytes}\r\n"),
        format!("GET / HTTP/1.0\r\n{fields}\r\n"),
        format!("GET /.well-known/jwks.json HTTP/1.1\r\nHost: a\r\n{fields}\r\n"),
    ] {
        let mut wire = Wire::to(frontend).await;
        wire.send(&request).await;
        let answer = wire.answer().await;
        assert_eq!(answer.status, 200, "{answer:?} to {}", &request[..60]);
    }
}

async fn whoami_is_shown_unless_it_is_turned_off() {
    let suite = Suite::split_with(|launch| match launch.program() {
        Program::Frontend => launch.set("WHOAMI", "false"),
        _ => launch,
    })
    .await;
    let client = suite.anonymous();
    client.who_am_i(404).await.problem();
    client.greeting(200).await;
    Shared::of(Target::Split).await.anonymous().who_am_i(200).await;
}

async fn each_service_describes_itself() {
    let mut suite = Suite::split().await;
    let edge = suite.anonymous();
    for (program, path) in [(Program::Auth, "/auth/openapi.json"), (Program::Hello, "/hello/openapi.json")] {
        let own = suite.process(program).client().await.get("/openapi.json").send(200).await.json();
        assert_eq!(own["info"]["title"], program.name());
        assert_eq!(edge.get(path).send(200).await.json(), own);
    }
}

/// Fault 6, at the edge.
async fn without_auth_only_login_fails() {
    let mut suite = Suite::split().await;
    let holder = suite.token_holder().await;
    suite.take(Program::Auth).signal(Signal::KILL);
    let answer = holder.log_in("user", "password", 502).await;
    answer.problem();
    holder.secure(200).await;
    holder.greeting(200).await;
}

async fn without_hello_the_edge_says_so() {
    let mut suite = Suite::split().await;
    let client = suite.anonymous();
    let mut hello = suite.take(Program::Hello);
    hello.signal(Signal::TERM);
    hello.wait_exit(LONG).await;
    client.greeting(502).await.problem();
    client.key_set(200).await;
    client.version(200).await;
    suite.health(Program::Frontend).await.readiness(200).await;
}
