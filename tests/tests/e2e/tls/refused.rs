//! Files that are no certificate and its key stop the start, before anything listens (fault 18); one that is merely out
//! of date does not, for it can be replaced while we serve.
use std::{fs, os::unix::fs::PermissionsExt as _};

use e2e::{Certificates, Launch, Program, Test};

use super::{VERSION, frontend};
use crate::lifecycle::{last_word, last_words};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        one_file_without_the_other_is_refused,
        a_file_that_is_not_there_is_named,
        what_is_no_certificate_or_no_key_is_named_and_not_shown,
        a_key_of_another_certificate_is_refused,
        a_chain_that_begins_with_the_ca_is_told_how_it_begins,
        a_chain_with_something_to_mend_is_served_and_told_of,
        what_goes_with_tls_is_refused_without_it,
        half_a_name_does_not_leave_it_in_clear_without_a_word,
        an_expired_certificate_is_served_and_complained_of,
        one_that_expires_soon_is_warned_of,
    ]
}

fn launch(certificates: &Certificates) -> Launch {
    Launch::service(Program::Frontend).encrypted(certificates)
}

fn holds(word: &str, parts: &[&str]) {
    for part in parts {
        assert!(word.contains(part), "{part} is expected in: {word}");
    }
}

async fn one_file_without_the_other_is_refused() {
    let certificates = Certificates::usual();
    for (given, file, missing) in
        [("TLS_CERT_FILE", "cert.pem", "TLS_KEY_FILE"), ("TLS_KEY_FILE", "key.pem", "TLS_CERT_FILE")]
    {
        let launch = Launch::service(Program::Frontend).set(given, certificates.file(file));
        let word = last_word(launch, 78).await;
        holds(&word, &[&format!("frontend: FRONTEND_{missing}: missing"), given]);
    }
}

async fn a_file_that_is_not_there_is_named() {
    let certificates = Certificates::usual();
    let nowhere = certificates.directory().join("missing.pem");
    for setting in ["TLS_CERT_FILE", "TLS_KEY_FILE"] {
        let word = last_word(launch(&certificates).set(setting, &nowhere), 78).await;
        holds(&word, &[&format!("FRONTEND_{setting}: "), &nowhere.display().to_string(), "no such file"]);
        let word = last_word(launch(&certificates).set(setting, certificates.directory()), 78).await;
        holds(&word, &[&format!("FRONTEND_{setting}: "), "it is a directory, not a regular file"]);
    }
}

async fn what_is_no_certificate_or_no_key_is_named_and_not_shown() {
    const HIDDEN: &str = "hunter2-hunter2";
    let right = Certificates::usual();
    let key = right.read("key.pem");
    for (file, content, setting, why) in [
        ("cert.pem", HIDDEN.to_owned(), "TLS_CERT_FILE", "no certificate in PEM"),
        ("cert.pem", key.clone(), "TLS_CERT_FILE", "no certificate in PEM"),
        ("cert.pem", String::new(), "TLS_CERT_FILE", "the file is empty"),
        ("cert.pem", format!("-----BEGIN CERTIFICATE-----\n{HIDDEN}"), "TLS_CERT_FILE", "a block has no END line"),
        ("key.pem", HIDDEN.to_owned(), "TLS_KEY_FILE", "no private key in PEM"),
        (
            "key.pem",
            key.replace("PRIVATE", "ENCRYPTED PRIVATE"),
            "TLS_KEY_FILE",
            "the private key is encrypted; decrypt it: openssl pkey",
        ),
        ("cert.pem", format!("\u{feff}{}", right.read("cert.pem")), "TLS_CERT_FILE", "byte order mark"),
        ("key.pem", right.read("cert.pem"), "TLS_KEY_FILE", "no private key in PEM"),
    ] {
        let certificates = Certificates::usual();
        certificates.put(file, &content);
        let word = last_word(launch(&certificates), 78).await;
        holds(&word, &[&format!("FRONTEND_{setting}: "), &certificates.file(file).display().to_string(), why]);
        assert!(!word.contains(HIDDEN), "{word}");
    }
}

async fn a_key_of_another_certificate_is_refused() {
    let (certificates, other) = (Certificates::usual(), Certificates::usual());
    certificates.put("key.pem", &other.read("key.pem"));
    let word = last_word(launch(&certificates), 78).await;
    holds(&word, &["FRONTEND_TLS_KEY_FILE: ", "the private key is not that of the certificate"]);
}

async fn a_chain_that_begins_with_the_ca_is_told_how_it_begins() {
    let certificates = Certificates::usual();
    certificates.put("cert.pem", &format!("{}{}", certificates.read("ca.pem"), certificates.read("cert.pem")));
    let word = last_word(launch(&certificates), 78).await;
    holds(&word, &["FRONTEND_TLS_CERT_FILE: ", "the private key is that of certificate 2", "must come first"]);
}

async fn a_chain_with_something_to_mend_is_served_and_told_of() {
    let (certificates, other) = (Certificates::usual(), Certificates::usual());
    certificates.put("cert.pem", &format!("{}{}", certificates.read("cert.pem"), other.read("ca.pem")));
    let (mut process, address) = frontend(&certificates, &[]).await;
    let event = process.event("clients may refuse the certificate").await;
    assert_eq!(event["level"].as_str(), Some("WARN"));
    holds(event["why"].as_str().expect("a reason"), &["certificate 2 did not sign certificate 1"]);
    super::shake::Shaken::with(address, &certificates).await.expect("shaken").ask(VERSION).await;
}

async fn what_goes_with_tls_is_refused_without_it() {
    let word = last_word(Launch::service(Program::Frontend).set("REDIRECT_ADDR", "127.0.0.1:0"), 78).await;
    holds(&word, &["FRONTEND_REDIRECT_ADDR: ", "TLS_CERT_FILE"]);
    let certificates = Certificates::usual();
    for (setting, value, why) in [
        ("REDIRECT_ADDR", "nonsense", "allowed: an IP address and a port"),
        ("REDIRECT_PORT", "0", "allowed: a number from 1 to 65535"),
        ("REDIRECT_PORT", "70000", "allowed: a number from 1 to 65535"),
        ("HSTS_MAX_AGE", "3years", "allowed: a span of time up to 730days"),
        ("HSTS_MAX_AGE", "forever", "allowed: a span of time up to 730days"),
        ("TRUSTED_PROXIES", "somewhere", "allowed: networks and addresses"),
    ] {
        let word = last_word(launch(&certificates).set(setting, value), 78).await;
        holds(&word, &[&format!("FRONTEND_{setting}: "), why]);
    }
}

/// Somebody who writes the certificate's variable wrong means TLS.
async fn half_a_name_does_not_leave_it_in_clear_without_a_word() {
    let launch = Launch::service(Program::Frontend).set("TLS_CERT", "/tls/cert.pem").set("TLS_KEY", "/tls/key.pem");
    let words = last_words(launch, 78).await;
    holds(&words.concat(), &["did you mean FRONTEND_TLS_CERT_FILE?", "did you mean FRONTEND_TLS_KEY_FILE?"]);
}

async fn an_expired_certificate_is_served_and_complained_of() {
    let certificates = Certificates::usual();
    certificates.replace_by_one_of((2020, 2021));
    certificates.put("ca.pem", &certificates.read("cert.pem"));
    let (mut process, address) = frontend(&certificates, &[]).await;
    let event = process.event("the certificate has expired").await;
    assert_eq!((event["level"].as_str(), event["expires"].as_str()), (Some("ERROR"), Some("2021-01-01T00:00:00Z")));
    let refusal = super::shake::Shaken::with(address, &certificates).await.err().expect("clients refuse it");
    assert!(refusal.to_string().contains("expired"), "{refusal}");
    process.health().await.readiness(200).await;
    // It is replaced without a restart.
    let renewed = Certificates::usual();
    for name in ["ca.pem", "key.pem", "cert.pem"] {
        certificates.put(name, &renewed.read(name));
    }
    process.event("certificate loaded").await;
    super::shake::Shaken::with(address, &renewed).await.expect("shaken").ask(VERSION).await;
}

async fn one_that_expires_soon_is_warned_of() {
    let certificates = Certificates::usual();
    let key = fs::metadata(certificates.file("key.pem")).expect("a file").permissions().mode();
    assert_eq!(key & 0o077, 0, "it is nobody else's");
    let ending = Certificates::usual();
    ending.replace_by_one_around_now(80, 10);
    let (mut process, _) = frontend(&ending, &[]).await;
    let event = process.event("the certificate expires soon").await;
    assert_eq!((event["level"].as_str(), event["days_left"].as_u64()), (Some("WARN"), Some(9)));
    // One of a short life is not warned of all its life long.
    let short = Certificates::usual();
    short.replace_by_one_around_now(1, 4);
    let mut young = frontend(&short, &[]).await.0;
    young.event("serving").await;
    assert!(young.output().event("the certificate expires soon").is_none());
    let mut usual = frontend(&certificates, &[]).await.0;
    usual.event("serving").await;
    assert!(usual.output().event("the certificate expires soon").is_none());
}
