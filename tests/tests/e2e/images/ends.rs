//! `docker stop`: the drain, the exit code, and where the log went.
use e2e::{Program, container::docker};

use super::{Check, alone, checks};

pub(crate) fn checks() -> Vec<Check> {
    checks![it_drains_when_it_is_stopped_and_exits_0, it_logs_on_stdout_only]
}

/// Docker kills after ten seconds, which would be exit code 137: the image's drain delay has to be well below.
async fn it_drains_when_it_is_stopped_and_exits_0(program: Program) {
    let container = alone(program).ready().await;
    docker(["stop", container.name()]).expect(0);
    assert_eq!(container.inspect()["State"]["ExitCode"], 0);
    let events = container.events();
    let draining = events.iter().find(|event| event["message"] == "draining: not ready, still serving");
    assert_eq!(draining.expect("it says that it drains")["delay_ms"], 5_000, "{events:?}");
    assert_eq!(events.last().expect("events")["message"], "drained");
}

async fn it_logs_on_stdout_only(program: Program) {
    let container = alone(program).ready().await;
    container.client().version(200).await;
    assert_eq!(container.logs().err, "");
    let events = container.events();
    assert!(events.iter().any(|event| event["message"] == "listening"), "{events:?}");
    // No file in the container but what is kept for good.
    let changed = docker(["diff", container.name()]).expect(0).out;
    assert_eq!(changed, "", "files in the container");
}
