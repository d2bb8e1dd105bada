//! `--scale hello=3`: three answer at one address, and who is greeted does not notice when one goes.
use std::collections::BTreeSet;

use e2e::{LONG, Test, compose::Project, container::docker, eventually};

use crate::lifecycle::load::Load;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![three_hellos_answer_one_client, a_replica_goes_unnoticed]
}

async fn three_hellos_answer_one_client() {
    let project = Project::up(&["--scale", "hello=3"]);
    let hellos = project.containers("hello");
    assert_eq!(hellos.len(), 3);
    let client = project.client();
    let mut seen = BTreeSet::new();
    eventually("each of three has answered", LONG, async || {
        seen.insert(client.greeting(200).await.header("x-served-by").to_owned());
        (seen.len() == 3).then_some(())
    })
    .await;
    for name in seen {
        assert!(hellos.iter().any(|id| id.starts_with(&name)), "{name} is none of {hellos:?}");
    }
}

async fn a_replica_goes_unnoticed() {
    let project = Project::up(&["--scale", "hello=3"]);
    let load = Load::start(8, project.client().origin(), None);
    load.answers(500).await;
    for hello in &project.containers("hello")[..2] {
        docker(["stop", hello]).expect(0);
        load.answers(500).await;
    }
    assert_eq!(load.stop().await, Vec::<String>::new());
}
