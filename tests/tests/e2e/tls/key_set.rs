//! A key set that is fetched over TLS: which certificates of its server hello trusts.
use e2e::{Certificates, Launch, Process, Program, Test};

use super::frontend;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![OPENSSL:
        a_certificate_that_openssl_made_is_the_ca_of_the_key_set,
        a_key_set_behind_another_certificate_says_what_to_do,
    ]
}

/// A hello that gets auth's keys through a frontend with this certificate, and trusts the certificates of that file.
async fn hello(certificates: &Certificates, trusted: std::path::PathBuf) -> (Process, [Process; 2]) {
    let mut auth = Launch::service(Program::Auth).ready().await;
    let url = format!("http://{}", auth.ready().await.http);
    let (frontend, address) = frontend(certificates, &[("AUTH_URL", &url)]).await;
    let hello = Launch::service(Program::Hello).env("SSL_CERT_FILE", trusted);
    let key_set = format!("https://localhost:{}/.well-known/jwks.json", address.port());
    (hello.set("JWKS_URL", key_set).spawn(), [auth, frontend])
}

async fn a_certificate_that_openssl_made_is_the_ca_of_the_key_set() {
    let certificates = Certificates::usual();
    certificates.replace_by_one_of_openssl();
    let (mut hello, mut others) = hello(&certificates, certificates.file("cert.pem")).await;
    let token = others[0].client().await.logged_in().await.token().to_owned();
    hello.ready().await;
    hello.client().await.holding(&token).secure(200).await;
}

async fn a_key_set_behind_another_certificate_says_what_to_do() {
    let (certificates, other) = (Certificates::usual(), Certificates::usual());
    certificates.replace_by_one_of_openssl();
    other.replace_by_one_of_openssl();
    let (mut hello, _others) = hello(&certificates, other.file("cert.pem")).await;
    hello.health().await.readiness(503).await;
    let event = hello.event("key set not fetched").await;
    let said = event.to_string();
    assert!(said.contains("invalid peer certificate") && said.contains("trust"), "{said}");
}
