//! The services held against their own OpenAPI documents by Schemathesis. `just openapi-tools` installs it.
use std::process::{Command, Stdio};

use e2e::{Client, Database, Launch, Program, Stream, Suite, Test, environment, skips, tool::Tool};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![SCHEMATHESIS: auth_is_as_described, hello_is_as_described, the_edge_is_as_described, monolith_is_as_described]
}

/// Requests for each operation, beyond those that cover each boundary of its description.
const EXAMPLES: &str = "25";
const PRESENTER: [&str; 2] = ["ann", "a long password of ann"];

/// What every request is sent with.
#[derive(Clone, Copy)]
enum Credentials<'a> {
    Nothing,
    Password,
    Token(&'a str),
}

/// auth, hello and frontend with an account of the role that `/admin` needs, and its token. Wrong passwords are many here.
async fn suite() -> (Suite, String) {
    let store = Database::Sqlite.fresh().await;
    let [name, password] = PRESENTER;
    store.add_user(name, password, "--role presenter").await;
    let suite = Suite::split_with(|launch| many_failures(store.under(launch))).await;
    let token = token(&suite.anonymous()).await;
    (suite, token)
}

fn many_failures(launch: Launch) -> Launch {
    if matches!(launch.program(), Program::Auth | Program::Monolith) {
        launch.set("PEER_FAILURES", "100000")
    } else {
        launch
    }
}

async fn token(client: &Client) -> String {
    let [name, password] = PRESENTER;
    client.log_in(name, password, 200).await.json()["token"].as_str().expect("a token").to_owned()
}

async fn auth_is_as_described() {
    let (mut suite, _) = suite().await;
    let origin = suite.process(Program::Auth).client().await.origin().to_owned();
    for credentials in [Credentials::Nothing, Credentials::Password] {
        agrees(&origin, "/openapi.json", credentials).await;
    }
}

async fn hello_is_as_described() {
    let (mut suite, token) = suite().await;
    let origin = suite.process(Program::Hello).client().await.origin().to_owned();
    for credentials in [Credentials::Nothing, Credentials::Token(&token)] {
        agrees(&origin, "/openapi.json", credentials).await;
    }
}

async fn the_edge_is_as_described() {
    let (suite, token) = suite().await;
    for (document, credentials) in [
        ("/auth/openapi.json", Credentials::Nothing),
        ("/auth/openapi.json", Credentials::Password),
        ("/hello/openapi.json", Credentials::Nothing),
        ("/hello/openapi.json", Credentials::Token(&token)),
    ] {
        agrees(suite.origin(), document, credentials).await;
    }
}

async fn monolith_is_as_described() {
    let store = Database::Sqlite.fresh().await;
    let [name, password] = PRESENTER;
    store.add_user(name, password, "--role presenter").await;
    let suite = Suite::monolith_with(|launch| many_failures(store.under(launch))).await;
    let token = token(&suite.anonymous()).await;
    for credentials in [Credentials::Nothing, Credentials::Password, Credentials::Token(&token)] {
        agrees(suite.origin(), "/openapi.json", credentials).await;
    }
}

/// Nothing is found in a bounded number of requests, which are the same in every run.
async fn agrees(origin: &str, document: &str, credentials: Credentials<'_>) {
    let directory = environment::temporary_directory();
    let mut command = Command::new(skips::schemathesis());
    command.args(["run", &format!("{origin}{document}"), "--url", origin, "--seed", "12"]);
    command.args(["--max-examples", EXAMPLES, "--phases", "examples,coverage,fuzzing", "--checks", "all"]);
    command.args(["--continue-on-failure", "--warnings", "off", "--suppress-health-check", "too_slow"]);
    match credentials {
        Credentials::Nothing => {}
        // The header alone counts, so `/login` does not read the body. OpenAPI cannot say that of a body.
        Credentials::Password => {
            command.args(["--auth", &PRESENTER.join(":"), "--exclude-checks", "negative_data_rejection"]);
        }
        Credentials::Token(token) => {
            command.args(["--header", &format!("Authorization: Bearer {token}")]);
        }
    }
    command.current_dir(directory.path()).stdin(Stdio::null());
    command.env_clear().env("PATH", environment::path()).env("HOME", directory.path()).env("NO_COLOR", "1");
    let mut tool = Tool::start(command);
    let status = tool.wait().await;
    let said = tool.output().of(Stream::Out).join("\n");
    assert!(status.success(), "{document}: {said}\n{:?}", tool.output().of(Stream::Err));
    let count = said.lines().find_map(|line| line.trim().split_once(" generated")?.0.parse::<u32>().ok());
    assert!(count.is_some_and(|count| count >= 40), "{document}: few requests: {said}");
}
