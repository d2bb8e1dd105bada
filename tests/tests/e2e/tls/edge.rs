//! The suite over TLS: the same as without, and what browsers and services behind are told of it.
use e2e::{Certificates, Client, Launch, Program, Suite, Test, client::USER};

use super::{VERSION, frontend, metric, shake::Shaken};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        the_suite_works_over_tls_and_not_beside_it,
        every_answer_tells_browsers_to_insist_on_tls,
        whoever_looks_at_it_on_localhost_is_not_bound,
        how_long_browsers_insist_can_be_set,
        without_tls_nobody_is_told_to_insist_on_it,
        the_services_behind_hear_that_it_was_https,
        the_expiry_is_a_metric,
        probes_and_the_health_command_go_on_in_clear,
    ]
}

const STRICT: &str = "strict-transport-security";

async fn the_suite_works_over_tls_and_not_beside_it() {
    let certificates = Certificates::usual();
    let suite = Suite::encrypted(&certificates).await;
    let holder = suite.token_holder().await;
    assert!(holder.origin().starts_with("https://"));
    assert_eq!(holder.secure(200).await.json()["user"], USER);
    holder.log_in(USER, "wrong", 401).await.problem();
    holder.get("/nope").send(404).await.problem();
    let big = holder.request("POST", "/login").body(vec![b'x'; 100 * 1024]);
    big.send(413).await.problem();
    let stranger = Client::new(holder.origin());
    assert!(stranger.get("/").try_send().await.is_none(), "who does not know the CA sees nothing");
}

async fn every_answer_tells_browsers_to_insist_on_tls() {
    let certificates = Certificates::usual();
    let suite = Suite::encrypted(&certificates).await;
    let client = suite.anonymous();
    for (path, status) in [("/", 200), ("/secure", 401), ("/version", 200), ("/nope", 404), ("/ui/", 200)] {
        assert_eq!(client.get(path).send(status).await.header(STRICT), "max-age=31536000", "{path}");
    }
}

async fn whoever_looks_at_it_on_localhost_is_not_bound() {
    let certificates = Certificates::usual();
    let (_process, address) = frontend(&certificates, &[]).await;
    let mut shaken = Shaken::with(address, &certificates).await.expect("shaken");
    assert!(!shaken.ask(VERSION).await.contains(STRICT));
    let elsewhere = VERSION.replace("localhost", "flotilla.test:8443");
    assert!(shaken.ask(&elsewhere).await.contains("strict-transport-security: max-age=31536000\r\n"));
}

async fn how_long_browsers_insist_can_be_set() {
    let certificates = Certificates::usual();
    for (given, told) in [("0s", "max-age=0"), ("2days", "max-age=172800")] {
        let (_process, address) = frontend(&certificates, &[("HSTS_MAX_AGE", given)]).await;
        let client = Client::trusting(&certificates.read("ca.pem"), format!("https://{address}"));
        assert_eq!(client.version(200).await.header(STRICT), told);
    }
}

async fn without_tls_nobody_is_told_to_insist_on_it() {
    let mut frontend = Launch::service(Program::Frontend).ready().await;
    assert!(!frontend.client().await.version(200).await.has(STRICT));
}

/// The start page's commands name the scheme that it was read by; so do the fields that go to the upstreams.
async fn the_services_behind_hear_that_it_was_https() {
    let certificates = Certificates::usual();
    let mut auth = Launch::service(Program::Auth).ready().await;
    let auth_url = auth.client().await.origin().to_owned();
    let echo = super::sidecar::Echo::new().await;
    let settings = [("AUTH_URL", auth_url.as_str()), ("HELLO_URL", echo.url.as_str())];
    let (_process, address) = frontend(&certificates, &settings).await;
    let client = Client::trusting(&certificates.read("ca.pem"), format!("https://{address}"));
    let seen = client.get("/whoami").header("x-forwarded-proto", "http").send(200).await.body;
    assert!(seen.contains("x-forwarded-proto: https\r\n"), "{seen}");
    assert!(seen.contains(&format!("forwarded: for=127.0.0.1;host=\"{address}\";proto=https\r\n")), "{seen}");
}

async fn the_expiry_is_a_metric() {
    const EXPIRY: &str = "tls_certificate_expiration_timestamp_seconds";
    let certificates = Certificates::usual();
    certificates.replace_by_one_of((2020, 2035));
    let (mut process, address) = frontend(&certificates, &[]).await;
    let from_1970_to_2035 = 2_051_222_400.0;
    assert!((metric(&mut process, EXPIRY).await - from_1970_to_2035).abs() < 1.0);
    assert!(Shaken::with(address, &certificates).await.is_err(), "it is of another CA");
    assert!(metric(&mut process, "tls_handshakes_total{outcome=\"failed\"}").await >= 1.0);
    let mut plain = Launch::service(Program::Frontend).ready().await;
    assert!(!plain.health().await.get("/metrics").send(200).await.body.contains("tls_"));
}

async fn probes_and_the_health_command_go_on_in_clear() {
    let certificates = Certificates::usual();
    let (mut process, _) = frontend(&certificates, &[]).await;
    let health = process.health().await;
    health.liveness(200).await;
    health.readiness(200).await;
    let address = process.listening().await.health.to_string();
    let said = Launch::bare(Program::Frontend).set("HEALTH_ADDR", &address).args(["healthcheck"]).run().await;
    assert_eq!(said.code, Some(0), "{said:?}");
}
