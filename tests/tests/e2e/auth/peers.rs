//! Failed logins by peer, each replica for itself; and whom to believe about who the peer is (security 17).
use std::time::Duration;

use e2e::{
    Client, Database, LONG, Launch, Process, Program, Suite, Test,
    client::{PASSWORD, USER},
    eventually,
};
use tokio::task::JoinSet;

use super::on_both;

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = e2e::tests![
        a_peer_that_fails_often_has_to_wait,
        a_stranger_cannot_say_who_he_is,
        a_trusted_proxy_says_who_its_client_is,
        what_a_client_tells_a_trusted_proxy_is_not_believed,
        a_network_of_ipv6_is_one_peer,
        a_client_cannot_hide_behind_the_frontend,
        the_log_names_the_client_and_not_the_proxy,
    ];
    tests.extend(on_both![a_full_queue_sheds_logins, a_crowd_of_logins_holds_up_nothing_else]);
    tests
}

const ALLOWED: usize = 3;
const FORWARDED: &str = "x-forwarded-for";

async fn auth(configure: impl FnOnce(Launch) -> Launch) -> (Process, Client) {
    let launch = Launch::service(Program::Auth).set("PEER_FAILURES", ALLOWED.to_string());
    let mut auth = configure(launch).ready().await;
    let client = auth.client().await;
    (auth, client)
}

async fn auth_behind_a_proxy() -> (Process, Client) {
    auth(|launch| launch.set("TRUSTED_PROXIES", "127.0.0.0/8, ::1")).await
}

/// A failure under a name that nobody used before, told to come from there: its status.
async fn failure(client: &Client, from: Option<&str>) -> u16 {
    static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let name = format!("nobody-{}", NUMBER.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
    let request = client.get("/login").basic(&name, "wrong");
    let request = if let Some(from) = from { request.header(FORWARDED, from) } else { request };
    request.try_send().await.expect("an answer").status
}

/// Uses up what a peer is allowed. One is forgiven each second, so on a slow machine it takes one or two more.
async fn throttle(client: &Client, from: Option<&str>) {
    for attempt in 0..3 * ALLOWED {
        match failure(client, from).await {
            401 => {}
            429 => return assert!(attempt >= ALLOWED, "only {attempt} failures were allowed"),
            status => panic!("{status}"),
        }
    }
    panic!("nobody is told to wait");
}

async fn a_peer_that_fails_often_has_to_wait() {
    let (_auth, client) = auth(|launch| launch).await;
    throttle(&client, None).await;
    // At once, before anything is forgiven.
    let answer = client.get("/login").basic(USER, PASSWORD).try_send().await.expect("an answer");
    if answer.status == 429 {
        answer.problem();
        assert!(answer.retry_after() <= 2, "{answer:?}");
    }
    eventually("one more is allowed", Duration::from_secs(5), async || {
        let answer = client.get("/login").basic(USER, PASSWORD).try_send().await.expect("an answer");
        (answer.status == 200).then_some(())
    })
    .await;
}

async fn a_stranger_cannot_say_who_he_is() {
    let (_auth, client) = auth(|launch| launch.set("TRUSTED_PROXIES", "10.0.0.0/8")).await;
    let mut statuses = Vec::new();
    for number in 0..2 * ALLOWED {
        statuses.push(failure(&client, Some(&format!("203.0.113.{number}"))).await);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
}

async fn a_trusted_proxy_says_who_its_client_is() {
    let (_auth, client) = auth_behind_a_proxy().await;
    throttle(&client, Some("203.0.113.1")).await;
    for other in ["203.0.113.2", "198.51.100.1", "2001:db8::1"] {
        assert_eq!(failure(&client, Some(other)).await, 401, "{other}");
    }
}

/// The last address is the proxy's own word; what stands left of it the client may have sent.
async fn what_a_client_tells_a_trusted_proxy_is_not_believed() {
    let (_auth, client) = auth_behind_a_proxy().await;
    let mut statuses = Vec::new();
    for number in 0..2 * ALLOWED {
        statuses.push(failure(&client, Some(&format!("192.0.2.{number}, 203.0.113.1"))).await);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(failure(&client, Some("203.0.113.1, 203.0.113.2")).await, 401);
}

async fn a_network_of_ipv6_is_one_peer() {
    let (_auth, client) = auth_behind_a_proxy().await;
    let mut statuses = Vec::new();
    for number in 0..2 * ALLOWED {
        statuses.push(failure(&client, Some(&format!("2001:db8:0:1::{number:x}"))).await);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(failure(&client, Some("2001:db8:0:2::1")).await, 401);
}

/// It replaces what a client claims about itself.
async fn a_client_cannot_hide_behind_the_frontend() {
    let suite = Suite::split_with(|launch| match launch.program() {
        Program::Auth => launch.set("PEER_FAILURES", ALLOWED.to_string()).set("TRUSTED_PROXIES", "127.0.0.1"),
        _ => launch,
    })
    .await;
    let client = suite.anonymous();
    let mut statuses = Vec::new();
    for number in 0..2 * ALLOWED {
        statuses.push(failure(&client, Some(&format!("203.0.113.{number}"))).await);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
}

async fn the_log_names_the_client_and_not_the_proxy() {
    let (mut auth, client) = auth_behind_a_proxy().await;
    failure(&client, Some("203.0.113.7")).await;
    assert_eq!(auth.event("login failed").await["peer"], "203.0.113.7");
}

fn crowd(client: &Client, count: usize) -> JoinSet<(u16, bool)> {
    let login = |number: usize| {
        let request = client.get("/login").basic(&format!("crowd-{number}"), "wrong");
        async move {
            let answer = request.try_send().await.expect("an answer");
            (answer.status, answer.has("retry-after"))
        }
    };
    (0..count).map(login).collect()
}

async fn a_full_queue_sheds_logins(database: Database) {
    let store = database.fresh().await;
    let mut auth = store.auth().set("LOGIN_QUEUE", "2").ready().await;
    let client = auth.client().await;
    let answers = crowd(&client, 24).join_all().await;
    let shed = answers.iter().filter(|(status, _)| *status == 503).count();
    let answered = answers.iter().filter(|(status, _)| *status == 401).count();
    assert!(shed > 0 && answered > 2 && shed + answered == answers.len(), "{answers:?}");
    assert!(answers.iter().all(|(status, retry_after)| (*status == 503) == *retry_after), "{answers:?}");
    client.log_in(USER, PASSWORD, 200).await;
}

async fn a_crowd_of_logins_holds_up_nothing_else(database: Database) {
    let store = database.fresh().await;
    let mut auth = store.auth().ready().await;
    let (client, health) = (auth.client().await, auth.health().await);
    let crowd = crowd(&client, 64);
    let mut probes = 0;
    while probes < 10 {
        // Wide, for it is one of many tests on a busy machine.
        let answer = tokio::time::timeout(Duration::from_secs(2), health.liveness(200)).await;
        answer.expect("it answers while logins wait");
        client.key_set(200).await;
        probes += 1;
    }
    let answers = tokio::time::timeout(LONG, crowd.join_all()).await.expect("everybody is answered");
    assert!(answers.iter().all(|(status, _)| *status == 401), "{answers:?}");
}
