//! Certificates that change while we serve (fault 26): nobody notices but those who look at the certificate.
use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::symlink,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use e2e::{Certificates, Client, LONG, Launch, Program, Suite, Test, eventually};
use tokio::task::JoinSet;

use super::{VERSION, frontend, metric, shake::Shaken};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        certificates_are_swapped_under_load_without_a_failed_request,
        a_connection_that_is_open_stays_as_it_is,
        a_pair_that_is_no_use_leaves_the_old_one_in_place,
        what_kubernetes_does_with_a_secret_is_noticed,
    ]
}

const CLIENTS: usize = 16;
const SWAPS: usize = 4;

/// Clients that keep their connections, and as many that open a new one for each request.
struct Load {
    going: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: JoinSet<Vec<String>>,
}

impl Load {
    fn start(ca: &str, origin: &str, token: &str) -> Self {
        let (going, answered) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let new = if number % 2 == 0 { Client::trusting } else { Client::trusting_each_time };
            let client = new(ca, origin).holding(token);
            let (going, answered) = (Arc::clone(&going), Arc::clone(&answered));
            clients.spawn(async move {
                let mut failures = Vec::new();
                while going.load(Ordering::SeqCst) && failures.is_empty() {
                    match client.get("/secure").bearer(client.token()).try_send().await {
                        Some(answer) if answer.status == 200 => _ = answered.fetch_add(1, Ordering::SeqCst),
                        other => failures.push(format!("client {number}: {other:?}")),
                    }
                }
                failures
            });
        }
        Self { going, answered, clients }
    }

    async fn answers(&self, more: usize) {
        let goal = self.answered.load(Ordering::SeqCst) + more;
        let reached = async || (self.answered.load(Ordering::SeqCst) >= goal).then_some(());
        eventually("more answers", LONG, reached).await;
    }

    async fn stop(self) -> (usize, Vec<String>) {
        self.going.store(false, Ordering::SeqCst);
        let failures = self.clients.join_all().await.into_iter().flatten().collect();
        (self.answered.load(Ordering::SeqCst), failures)
    }
}

/// Waits until new clients are shown what lies in the directory.
async fn is_shown(address: SocketAddr, certificates: &Certificates) {
    let pem = certificates.read("cert.pem");
    eventually("the new certificate is shown", LONG, async || {
        Shaken::with(address, certificates).await.ok().filter(|shaken| shaken.was_shown(&pem)).map(drop)
    })
    .await;
}

async fn certificates_are_swapped_under_load_without_a_failed_request() {
    let certificates = Certificates::usual();
    let mut suite = Suite::encrypted(&certificates).await;
    let token = suite.token_holder().await.token().to_owned();
    let address = suite.process(Program::Frontend).listening().await.http;
    let load = Load::start(&certificates.read("ca.pem"), suite.origin(), &token);
    load.answers(CLIENTS * 4).await;
    for _ in 0..SWAPS {
        certificates.renew();
        is_shown(address, &certificates).await;
        load.answers(CLIENTS * 4).await;
    }
    let (answered, failures) = load.stop().await;
    assert_eq!(failures, Vec::<String>::new(), "of {answered}");
    let frontend = suite.process(Program::Frontend);
    assert!((metric(frontend, "tls_certificate_loads_total{outcome=\"loaded\"}").await - 4.0).abs() < 0.5);
    assert!(frontend.output().event("the new certificate is no use").is_none());
}

async fn a_connection_that_is_open_stays_as_it_is() {
    let certificates = Certificates::usual();
    let (_process, address) = frontend(&certificates, &[]).await;
    let old = certificates.read("cert.pem");
    let mut open = Shaken::with(address, &certificates).await.expect("shaken");
    assert!(open.was_shown(&old));
    certificates.renew();
    is_shown(address, &certificates).await;
    for _ in 0..3 {
        assert!(open.ask(VERSION).await.starts_with("HTTP/1.1 200 "));
    }
}

async fn a_pair_that_is_no_use_leaves_the_old_one_in_place() {
    let certificates = Certificates::usual();
    let (mut process, address) = frontend(&certificates, &[]).await;
    let (old, other) = (certificates.read("cert.pem"), Certificates::usual());
    let wrong: [(&str, &dyn Fn()); 4] = [
        ("the private key is not that of the certificate", &|| certificates.put("key.pem", &other.read("key.pem"))),
        ("no certificate in PEM", &|| certificates.put("cert.pem", "garbage")),
        ("no such file", &|| fs::remove_file(certificates.file("cert.pem")).expect("removed")),
        ("not good at this time", &|| certificates.replace_by_one_of((2020, 2021))),
    ];
    for (number, (why, spoil)) in wrong.iter().enumerate() {
        spoil();
        let complaints = || process.output().events().into_iter().filter(|event| event["why"].is_string());
        let complaint = eventually(why, LONG, async || complaints().nth(number)).await;
        assert!(complaint["why"].as_str().is_some_and(|text| text.contains(why)), "{complaint}");
        assert!(Shaken::with(address, &certificates).await.expect("shaken").was_shown(&old), "{why}");
    }
    assert!(metric(&mut process, "tls_certificate_loads_total{outcome=\"refused\"}").await >= 4.0);
    certificates.renew();
    is_shown(address, &certificates).await;
}

/// Its files are links into a directory that a link names, which is exchanged for another.
async fn what_kubernetes_does_with_a_secret_is_noticed() {
    let (first, second) = (Certificates::usual(), Certificates::usual());
    let place = e2e::environment::temporary_directory();
    let mounted = |name: &str| place.path().join(name);
    symlink(first.directory(), mounted("..data")).expect("linked");
    for name in ["cert.pem", "key.pem"] {
        symlink(mounted("..data").join(name), mounted(name)).expect("linked");
    }
    let launch = Launch::service(Program::Frontend);
    let launch = launch.set("TLS_CERT_FILE", mounted("cert.pem")).set("TLS_KEY_FILE", mounted("key.pem"));
    let mut process = launch.spawn();
    let address = process.ready().await.http;
    is_shown(address, &first).await;
    symlink(second.directory(), mounted("..data_tmp")).expect("linked");
    fs::rename(mounted("..data_tmp"), mounted("..data")).expect("renamed");
    is_shown(address, &second).await;
}
