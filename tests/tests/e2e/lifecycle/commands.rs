//! What every service's command line answers.
use std::net::TcpListener;

use e2e::{Launch, Process, Program, Stream, Test};
use serde_json::json;

use super::{AT_ONCE, SOON, alone, last_word, last_words, nobody};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        help_lists_every_variable,
        version_is_one_line,
        what_is_no_flag_is_a_usage_error,
        healthcheck_says_whether_it_is_ready,
        healthcheck_of_nobody_fails,
        healthcheck_of_somebody_who_does_not_answer_fails_in_time,
        healthcheck_with_a_bad_configuration_says_so,
    ]
}

/// What a command says on stdout, having succeeded.
async fn said(launch: Launch) -> String {
    let mut process = launch.spawn();
    let status = process.wait_exit(SOON).await;
    assert!(status.success(), "{status}");
    assert_eq!(process.output().of(Stream::Err), Vec::<String>::new());
    process.output().of(Stream::Out).join("\n")
}

async fn help_lists_every_variable() {
    for program in Program::SERVICES {
        let help = said(Launch::bare(program).args(["--help"])).await;
        let mut process = alone(program).ready().await;
        let settings = process.health().await.get("/config").send(200).await.json();
        for setting in settings.as_array().expect("a list") {
            let name = setting["name"].as_str().expect("a name");
            assert!(help.lines().any(|line| line.starts_with(&format!("  {name} "))), "{name} in {help}");
        }
        assert!(help.contains("-http=VALUE") && help.contains("healthcheck"), "{help}");
    }
}

async fn version_is_one_line() {
    for program in Program::SERVICES {
        let version = said(Launch::bare(program).args(["--version"])).await;
        let answered = alone(program).ready().await.client().await.version(200).await.json();
        let [number, revision] = ["version", "revision"].map(|name| answered[name].as_str().expect("text"));
        assert_eq!(version, format!("{} {number} ({revision})", program.name()));
    }
}

async fn what_is_no_flag_is_a_usage_error() {
    for program in Program::SERVICES {
        for argument in ["--htp=127.0.0.1:0", "-x", "serve", "--secret"] {
            let words = last_words(Launch::service(program).args([argument]), 2).await.concat();
            assert!(words.contains(argument.split('=').next().expect("a name")), "{words}");
        }
    }
}

fn healthcheck(of: &str, arguments: &[&str]) -> Launch {
    Launch::bare(Program::Hello).set("HEALTH_ADDR", of).args(["healthcheck"]).args(arguments.iter().copied())
}

async fn healthcheck_says_whether_it_is_ready() {
    let mut hello: Process = alone(Program::Hello).ready().await;
    let address = hello.listening().await.health.to_string();
    assert!(said(healthcheck(&address, &[])).await.contains("200"));
    let everywhere = format!(":{}", hello.listening().await.health.port());
    assert!(
        said(healthcheck(&everywhere, &[])).await.contains("200"),
        "a service that listens everywhere is asked here"
    );
    hello.health().await.put("/readiness/status", &json!({"healthy": false}), 200).await;
    assert!(last_word(healthcheck(&address, &[]), 1).await.contains("503"));
    assert!(said(healthcheck(&address, &["--liveness"])).await.contains("200"));
    hello.health().await.put("/healthz/status", &json!({"healthy": false}), 200).await;
    assert!(last_word(healthcheck(&address, &["--liveness"]), 1).await.contains("503"));
}

async fn healthcheck_of_nobody_fails() {
    let (_kept, address) = nobody();
    let word = last_word(healthcheck(&address.to_string(), &[]), 1).await;
    assert!(word.contains(&address.to_string()), "{word}");
}

async fn healthcheck_of_somebody_who_does_not_answer_fails_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut asking = healthcheck(&silent.local_addr().expect("an address").to_string(), &[]).spawn();
    assert_eq!(asking.wait_exit(2 * AT_ONCE).await.code(), Some(1));
    assert!(asking.output().of(Stream::Err).concat().contains("no answer within 2 s"));
}

async fn healthcheck_with_a_bad_configuration_says_so() {
    let word = last_word(healthcheck("nonsense", &[]), 78).await;
    assert!(word.contains("HELLO_HEALTH_ADDR"), "{word}");
}
