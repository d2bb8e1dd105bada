//! What the image tells the engine to ask, and what the answer is.
use e2e::{LONG, Program, eventually};
use serde_json::json;

use super::{Check, alone, alone_with, checks};

pub(crate) fn checks() -> Vec<Check> {
    checks![the_engine_finds_it_healthy, its_exit_code_is_that_of_the_readiness]
}

async fn the_engine_finds_it_healthy(program: Program) {
    let container = alone(program);
    let healthy = async || (container.inspect()["State"]["Health"]["Status"] == "healthy").then_some(());
    eventually("the engine calls it healthy", LONG, healthy).await;
}

async fn its_exit_code_is_that_of_the_readiness(program: Program) {
    let lab = format!("{}=true", program.variable("LAB"));
    let container = alone_with(program, &["--env", &lab]).ready().await;
    let ask = [program.name(), "healthcheck"];
    container.exec(&ask).expect(0);
    container.health().put("/readiness/status", &json!({"healthy": false, "for_seconds": 60}), 200).await;
    let told = container.exec(&ask).expect(1);
    assert!(told.err.contains("/readiness on 127.0.0.1:81: 503"), "{told:?}");
    container.exec(&[program.name(), "healthcheck", "--liveness"]).expect(0);
}
