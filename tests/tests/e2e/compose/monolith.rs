//! The profile `monolith`: one process, and nothing else.
use e2e::{Client, HealthPort, Test, compose::Project};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![the_monolith_runs_by_itself_and_keeps_its_accounts]
}

const PROFILE: [&str; 2] = ["--profile", "monolith"];

async fn the_monolith_runs_by_itself_and_keeps_its_accounts() {
    let project = Project::down();
    let run = |arguments: &[&str]| project.run(&[&PROFILE, arguments].concat()).expect(0).out;
    let client = || Client::new(project.origin("monolith", 80));
    run(&["up", "--wait", "--no-build", "monolith"]);
    assert_eq!(run(&["ps", "--services"]).trim(), "monolith");
    HealthPort::new(project.origin("monolith", 81)).readiness(200).await;
    let holder = client().logged_in().await;
    run(&["down"]);
    run(&["up", "--wait", "--no-build", "monolith"]);
    client().holding(holder.token()).secure(200).await;
}
