//! What only the frontend does: one origin for several services, and a page for browsers.
use e2e::{LONG, Program, Shared, Signal, Suite, Target, Test};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        a_browser_gets_a_page_and_others_the_greeting,
        an_answer_names_the_service_that_gave_it,
        each_service_describes_itself,
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
