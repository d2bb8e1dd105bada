//! Proxies in front of the edge, such as an Ingress: whose word on their clients is taken (security 17 and 24).
use e2e::{Client, Launch, Process, Program, Suite, Test};

use super::sidecar::Echo;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        behind_a_trusted_ingress_clients_do_not_share_a_limit,
        what_a_trusted_proxy_says_is_passed_on_and_no_more,
        what_a_stranger_says_is_replaced,
    ]
}

async fn behind_a_trusted_ingress_clients_do_not_share_a_limit() {
    const ALLOWED: &str = "3";
    let suite = Suite::split_with(|launch| match launch.program() {
        Program::Auth => launch.set("PEER_FAILURES", ALLOWED).set("TRUSTED_PROXIES", "127.0.0.1"),
        Program::Frontend => launch.set("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8"),
        _ => launch,
    })
    .await;
    let client = suite.anonymous();
    let login = async |number: usize, from: &str| {
        let request = client.get("/login").basic(&format!("nobody-{number}"), "wrong").header("x-forwarded-for", from);
        request.try_send().await.expect("an answer").status
    };
    let mut statuses = Vec::new();
    for number in 0..8 {
        statuses.push(login(number, "203.0.113.1").await);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(login(10, "203.0.113.2").await, 401, "another client of the same Ingress");
    assert_eq!(login(11, "203.0.113.3, 10.0.0.7").await, 401, "by two proxies");
    let mut forged = Vec::new();
    for number in 20..28 {
        forged.push(login(number, &format!("192.0.2.{number}, 203.0.113.4")).await);
    }
    assert!(forged.contains(&429), "what stands before the client's address it has invented: {forged:?}");
}

async fn edge(trusted: &str) -> (Process, Client, Echo) {
    let echo = Echo::new().await;
    let launch = Launch::service(Program::Frontend).set("HELLO_URL", &echo.url).set("TRUSTED_PROXIES", trusted);
    let mut frontend = launch.ready().await;
    let client = frontend.client().await;
    (frontend, client, echo)
}

async fn what_a_trusted_proxy_says_is_passed_on_and_no_more() {
    let (_frontend, client, _echo) = edge("127.0.0.1").await;
    let request = client.get("/whoami").header("x-forwarded-for", "6.6.6.6, 203.0.113.7");
    let request = request.header("x-forwarded-proto", "https").header("x-forwarded-host", "evil.test");
    let seen = request.header("via", "1.1 evil").header("x-real-ip", "6.6.6.6").send(200).await.body;
    let host = client.origin().strip_prefix("http://").expect("http");
    for line in [
        "x-forwarded-for: 203.0.113.7".to_owned(),
        "x-forwarded-proto: https".to_owned(),
        format!("x-forwarded-host: {host}"),
        format!("forwarded: for=203.0.113.7;host=\"{host}\";proto=https"),
        "via: 1.1 flotilla".to_owned(),
    ] {
        assert!(seen.contains(&format!("{line}\r\n")), "{line} is not in {seen}");
    }
    assert!(!seen.contains("6.6.6.6") && !seen.contains("evil"), "{seen}");
    let seen = client.get("/whoami").header("forwarded", "for=\"[2001:db8::7]\";proto=https").send(200).await.body;
    assert!(
        seen.contains("x-forwarded-for: 2001:db8::7\r\n") && seen.contains("x-forwarded-proto: https\r\n"),
        "{seen}"
    );
}

async fn what_a_stranger_says_is_replaced() {
    let (_frontend, client, _echo) = edge("10.0.0.0/8").await;
    let request = client.get("/whoami").header("x-forwarded-for", "6.6.6.6").header("x-forwarded-proto", "https");
    let seen = request.header("forwarded", "for=6.6.6.6;proto=https").send(200).await.body;
    assert!(seen.contains("x-forwarded-for: 127.0.0.1\r\n") && seen.contains("x-forwarded-proto: http\r\n"), "{seen}");
    assert!(!seen.contains("6.6.6.6") && !seen.contains("https"), "{seen}");
}
