//! The log as an interface: one JSON object a line, one line a request, nothing secret.
//!
//! That no log of the whole run holds a credential is looked for at its end, by the harness.
use e2e::{
    LONG, Launch, Program, Stream, Suite, Test,
    client::{PASSWORD, USER},
    eventually,
};
use serde_json::{Value, json};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        each_line_is_one_json_object,
        a_request_is_one_line,
        strange_values_stay_in_their_line,
        a_request_can_be_followed_through_the_suite,
        probes_are_logged,
        a_login_is_logged_and_its_password_is_not,
        the_demo_account_is_announced,
        injected_faults_are_logged_by_their_fields,
        text_is_for_people,
    ]
}

/// The access line of the request with this id.
async fn line_of(process: &mut e2e::Process, id: &str) -> Value {
    let output = process.output().clone();
    eventually(&format!("the access line of {id}"), LONG, async || {
        output.events().into_iter().find(|event| event["target"] == "access" && event["request_id"] == id)
    })
    .await
}

async fn each_line_is_one_json_object() {
    let mut suite = Suite::split().await;
    suite.token_holder().await.secure(200).await;
    for program in [Program::Auth, Program::Hello, Program::Frontend] {
        let process = suite.process(program);
        process.event("serving").await;
        let lines = process.output().of(Stream::Out);
        assert!(lines.len() > 1, "{lines:?}");
        for line in lines {
            let event: Value = serde_json::from_str(&line).expect(&line);
            assert!(event["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "UTC: {line}");
            assert!(event["level"].is_string() && event["message"].is_string(), "{line}");
        }
        assert_eq!(process.output().of(Stream::Err), Vec::<String>::new());
    }
}

async fn a_request_is_one_line() {
    let mut monolith = Launch::service(Program::Monolith).ready().await;
    let request = monolith.client().await.get("/secure?x=1").header("x-request-id", "one-line");
    request.header("user-agent", "teacher/1.0").send(401).await;
    let line = line_of(&mut monolith, "one-line").await;
    for (field, expected) in
        [("method", "GET"), ("route", "/secure"), ("user_agent", "teacher/1.0"), ("port", "http"), ("level", "INFO")]
    {
        assert_eq!(line[field], expected, "{line}");
    }
    assert_eq!(line["status"], 401);
    assert!(line["duration_us"].is_u64(), "{line}");
    assert!(line["peer"].as_str().is_some_and(|peer| peer.starts_with("127.0.0.1:")), "{line}");
}

async fn strange_values_stay_in_their_line() {
    let mut monolith = Launch::service(Program::Monolith).ready().await;
    let agent = r#"x","status":200,"y":"\n{"#;
    let request = monolith.client().await.get("/nope/%0a%22").header("x-request-id", "strange");
    request.header("user-agent", agent).send(404).await;
    let line = line_of(&mut monolith, "strange").await;
    assert_eq!(
        (&line["user_agent"], &line["status"], &line["route"]),
        (&agent.into(), &404.into(), &"unmatched".into())
    );
}

async fn a_request_can_be_followed_through_the_suite() {
    let mut suite = Suite::split().await;
    let holder = suite.token_holder().await;
    holder.get("/secure").bearer(holder.token()).header("x-request-id", "followed").send(200).await;
    for program in [Program::Frontend, Program::Hello] {
        assert_eq!(line_of(suite.process(program), "followed").await["route"], "/secure");
    }
}

/// The lab reads the kubelet's probes in the log.
async fn probes_are_logged() {
    let mut monolith = Launch::service(Program::Monolith).ready().await;
    let probe = monolith.health().await.get("/healthz").header("user-agent", "kube-probe/1.33");
    probe.header("x-request-id", "probe").send(200).await;
    let line = line_of(&mut monolith, "probe").await;
    assert_eq!(
        (&line["port"], &line["route"], &line["user_agent"]),
        (&"health".into(), &"/healthz".into(), &"kube-probe/1.33".into())
    );
}

async fn a_login_is_logged_and_its_password_is_not() {
    let mut auth = Launch::service(Program::Auth).ready().await;
    let client = auth.client().await;
    client.log_in(USER, "an unusual wrong password", 401).await;
    client.log_in_by_json("my-password-by-mistake", PASSWORD, 401).await;
    let token = client.logged_in().await.token().to_owned();
    auth.event("login succeeded").await;
    let failed = auth.event("login failed").await;
    assert_eq!((&failed["account"], &failed["reason"]), (&"user".into(), &"wrong_password".into()));
    let log = auth.output().of(Stream::Out).join("\n");
    for secret in ["an unusual wrong password", "my-password-by-mistake", &token, "dXNlcjpw", "Basic "] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

async fn the_demo_account_is_announced() {
    let mut auth = Launch::service(Program::Auth).ready().await;
    assert_eq!(auth.event("DEMO ACCOUNT").await["level"], "WARN");
    auth.client().await.log_in(USER, PASSWORD, 200).await;
    let mut without = Launch::service(Program::Auth).set("DEMO_USER", "false").ready().await;
    without.event("serving").await;
    assert!(without.output().event("DEMO ACCOUNT").is_none());
    without.client().await.log_in(USER, PASSWORD, 401).await;
}

async fn injected_faults_are_logged_by_their_fields() {
    let mut monolith = Launch::service(Program::Monolith).set("LAB", "true").ready().await;
    let faults = json!({"delay_ms": 5, "error_percent": 30, "for_seconds": 60});
    monolith.health().await.put("/faults", &faults, 200).await;
    let event = monolith.event("faults injected").await;
    let fields = (&event["delay_ms"], &event["error_percent"], &event["ends_in_seconds"]);
    assert_eq!(fields, (&json!(5), &json!(30), &json!(60)), "{event}");
}

async fn text_is_for_people() {
    let launch = Launch::bare(Program::Hello).args(["-http=127.0.0.1:0", "-health=127.0.0.1:0", "-secret=0123456789"]);
    let hello = launch.env("LOG_FORMAT", "text").spawn();
    eventually("it says that it listens", LONG, async || {
        hello.output().of(Stream::Out).into_iter().find(|line| line.contains("listening") && !line.starts_with('{'))
    })
    .await;
}
