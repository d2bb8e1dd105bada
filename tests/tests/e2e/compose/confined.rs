//! What the containers may, and that it is enough under load.
use std::time::Duration;

use e2e::{Program, Shared, Suite, Target, Test, compose::Project, container::inspect};
use serde_json::json;

use super::OURS;
use crate::{lifecycle::load::Load, limits::Crowd};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        nobody_has_a_right_that_it_does_not_need,
        only_auth_has_the_keys_to_keys,
        thirty_two_clients_fit_into_10_mib_each,
        fault_27_slow_logins_through_the_frontend_harm_nobody,
    ]
}

const CLIENTS: usize = 32;

async fn nobody_has_a_right_that_it_does_not_need() {
    let suite = Shared::of(Target::Compose).await;
    for service in ["secrets", "postgres"].into_iter().chain(OURS) {
        let container = inspect("container", &suite.project().containers(service)[0]);
        let host = &container["HostConfig"];
        assert_eq!(host["ReadonlyRootfs"], true, "{service}");
        assert_eq!(host["CapDrop"], json!(["ALL"]), "{service}");
        assert_eq!(host["CapAdd"], json!(null), "{service}");
        assert_eq!(host["SecurityOpt"], json!(["no-new-privileges:true"]), "{service}");
        for (port, bindings) in host["PortBindings"].as_object().into_iter().flatten() {
            assert_eq!((service, &bindings[0]["HostIp"]), ("frontend", &json!("127.0.0.1")), "{port}");
        }
        if let Some(program) = Program::ALL.into_iter().find(|program| program.name() == service) {
            let memory = json!(program.memory_mib() << 20);
            assert_eq!((&host["Memory"], &host["MemorySwap"]), (&memory, &memory), "{service}");
            assert_eq!(container["Config"]["User"], "10001:10001", "{service}");
        }
    }
}

async fn only_auth_has_the_keys_to_keys() {
    let suite = Shared::of(Target::Compose).await;
    for service in ["postgres"].into_iter().chain(OURS) {
        let container = inspect("container", &suite.project().containers(service)[0]);
        let mounts = container["Mounts"].as_array().expect("a list");
        let volumes: Vec<&str> = mounts.iter().filter_map(|mount| mount["Name"].as_str()).collect();
        let has = |name: &str| volumes.iter().any(|volume| volume.ends_with(name));
        assert_eq!(has("_auth-secrets"), service == "auth", "{service}: {volumes:?}");
        assert_eq!(has("_database-secrets"), service == "postgres", "{service}: {volumes:?}");
        let environment = container["Config"]["Env"].to_string();
        assert!(!environment.contains("postgres://"), "{service}: {environment}");
    }
}

/// Greetings, greetings by name, and logins all the while.
async fn thirty_two_clients_fit_into_10_mib_each() {
    let suite = Suite::composed(Project::up(&[]));
    let holder = suite.token_holder().await;
    let load = Load::start(CLIENTS, suite.origin(), Some(holder.token()));
    for _ in 0..20 {
        suite.anonymous().logged_in().await;
        load.answers(500).await;
    }
    assert_eq!(load.stop().await, Vec::<String>::new());
    for service in OURS {
        let container = inspect("container", &suite.project().containers(service)[0]);
        let (state, restarts) = (&container["State"], &container["RestartCount"]);
        assert_eq!((&state["OOMKilled"], restarts), (&json!(false), &json!(0)), "{service}: {state}");
    }
}

/// Three hundred logins whose bodies do not come.
async fn fault_27_slow_logins_through_the_frontend_harm_nobody() {
    let suite = Suite::composed(Project::up(&[]));
    let address = suite.project().address("frontend", 80);
    let head = "POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length";
    for (length, sent) in [(4_000, 1), (61_440, 60_000)] {
        let login = format!("{head}: {length}\r\n\r\n{{\"username\":\"{}", "x".repeat(sent));
        let crowd = Crowd::of(300, address, login.as_bytes()).await;
        crowd.is_in_nobodys_way(address, "/", 30, Duration::from_secs(5)).await;
        suite.anonymous().logged_in().await;
    }
    for service in ["auth", "hello", "frontend"] {
        let state = &inspect("container", &suite.project().containers(service)[0])["State"];
        assert_eq!((&state["OOMKilled"], &state["Running"]), (&json!(false), &json!(true)), "{service}: {state}");
    }
}
