//! `flotilla load` over TLS: whom it believes.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use crate::fake::{Act, converse};
use crate::flotilla::{command, finish};
use crate::load::load;

/// A server whose certificate is its own authority.
struct Secured {
    origin: String,
    certificate: PathBuf,
    _directory: TempDir,
}

fn serve() -> Secured {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let directory = tempfile::tempdir().expect("a directory");
    let certificate = directory.path().join("ca.crt");
    std::fs::write(&certificate, made.cert.pem()).expect("a file");
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    secured(directory, certificate, vec![made.cert.der().clone()], key)
}

/// Shows this chain, whether it is any good or not.
fn secured(
    directory: TempDir,
    certificate: PathBuf,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Secured {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let key = provider.key_provider.load_private_key(key).expect("a key");
    let shown = SingleCertAndKey::from(CertifiedKey::new(chain, key));
    let builder = ServerConfig::builder_with_provider(Arc::new(provider)).with_safe_default_protocol_versions();
    let config = builder.expect("versions").with_no_client_auth().with_cert_resolver(Arc::new(shown));
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let origin = format!("https://localhost:{}", listener.local_addr().expect("bound").port());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a configuration that was checked");
            thread::spawn(move || converse(StreamOwned::new(connection, stream), |_| Act::Answer("")));
        }
    });
    Secured { origin, certificate, _directory: directory }
}

#[test]
fn a_certificate_is_believed_for_its_authority_or_on_demand() {
    let server = serve();
    let file = server.certificate.to_str().expect("UTF-8");
    let common = ["-n", "20", "-c", "2", "--max-failures", "0"];
    for trust in [&["--cacert", file][..], &["--insecure"]] {
        let loaded = load(&server.origin, &[&common[..], trust].concat());
        assert_eq!(loaded.ran.code, Some(0), "{trust:?}: {:#}", loaded.report);
        assert_eq!((loaded.count("/good"), loaded.count("/connections_opened")), (20, 2));
    }
}

#[test]
fn a_strangers_certificate_is_a_named_failure() {
    let (server, other) = (serve(), serve());
    let file = other.certificate.to_str().expect("UTF-8");
    let loaded = load(&server.origin, &["-n", "3", "-c", "1", "--cacert", file]);
    assert_eq!((loaded.ran.code, loaded.kinds()), (Some(1), vec!["TLS failed"]));
    let detail = loaded.report["failures"][0]["first"]["detail"].as_str().expect("a detail");
    assert!(detail.contains("certificate"), "{detail}");
}

/// By the tool that people use, with these further arguments.
fn made_by_openssl(arguments: &[&str]) -> Secured {
    let directory = tempfile::tempdir().expect("a directory");
    let (certificate, key) = (directory.path().join("cert.pem"), directory.path().join("key.pem"));
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes"]).args(arguments);
    let made = command.arg("-keyout").arg(&key).arg("-out").arg(&certificate).output().expect("openssl runs");
    assert!(made.status.success(), "{made:?}");
    let chain = vec![CertificateDer::from_pem_file(&certificate).expect("a certificate")];
    secured(directory, certificate, chain, PrivateKeyDer::from_pem_file(&key).expect("a key"))
}

#[test]
fn a_certificate_that_openssl_made_is_its_own_ca() {
    const NAMES: &str = "subjectAltName=DNS:localhost,IP:127.0.0.1";
    let common = ["-n", "4", "-c", "1", "--max-failures", "0"];
    for arguments in [
        &["-subj", "/CN=localhost", "-days", "30", "-addext", NAMES][..],
        // Without a name, as the shortest line of tutorials makes it: curl takes the one in the subject.
        &["-subj", "/CN=localhost", "-days", "30"],
    ] {
        let server = made_by_openssl(arguments);
        let file = server.certificate.to_str().expect("UTF-8");
        let loaded = load(&server.origin, &[&common[..], &["--cacert", file]].concat());
        assert_eq!((loaded.ran.code, loaded.count("/good")), (Some(0), 4), "{arguments:?}: {:#}", loaded.report);
        // What commands without --cacert trust is what the system trusts, which SSL_CERT_FILE names.
        let mut login = command(&["token", "login", &server.origin, "-u", "user"]);
        let ran = finish(login.env("SSL_CERT_FILE", file).env("FLOTILLA_PASSWORD", "p"), "");
        assert!(!ran.stderr.contains("certificate") && !ran.stderr.contains("no answer"), "{ran:?}");
    }
}

#[test]
fn an_expired_certificate_is_a_named_failure_and_nothing_to_insecure() {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).expect("a name");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let made = params.self_signed(&key).expect("signed");
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("cert.pem");
    std::fs::write(&file, made.pem()).expect("a file");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let expired = secured(directory, file, vec![made.der().clone()], key);
    let file = expired.certificate.to_str().expect("UTF-8");
    let loaded = load(&expired.origin, &["-n", "1", "-c", "1", "--cacert", file]);
    assert_eq!((loaded.ran.code, loaded.kinds()), (Some(1), vec!["TLS failed"]));
    let detail = loaded.report["failures"][0]["first"]["detail"].as_str().expect("a detail");
    assert!(detail.contains("expired") && detail.contains("renew"), "{detail}");
    let loaded = load(&expired.origin, &["-n", "4", "-c", "1", "--max-failures", "0", "-k"]);
    assert_eq!(loaded.ran.code, Some(0), "--insecure takes it all the same: {:#}", loaded.report);
}

#[test]
fn insecure_takes_a_certificate_that_cannot_even_be_read() {
    let good = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let mut version_1 = good.cert.der().to_vec();
    let version = version_1.windows(5).position(|field| field == [0xa0, 3, 2, 1, 2]).expect("a version");
    version_1[version + 4] = 0;
    for shown in [version_1, b"garbage".to_vec()] {
        let directory = tempfile::tempdir().expect("a directory");
        let key = PrivateKeyDer::try_from(good.signing_key.serialize_der()).expect("a key");
        let server = secured(directory, PathBuf::new(), vec![CertificateDer::from(shown)], key);
        let loaded = load(&server.origin, &["-n", "4", "-c", "1", "--max-failures", "0", "-k"]);
        assert_eq!(loaded.ran.code, Some(0), "{:#}", loaded.report);
    }
}

/// The port takes connections, and nobody ever speaks.
#[test]
fn a_handshake_that_is_never_finished_is_a_named_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let origin = format!("https://localhost:{}", listener.local_addr().expect("bound").port());
    for (options, least) in [
        // The run is over before the handshake's time is.
        (&["-d", "1s", "-c", "2", "--timeout", "2s"][..], 2),
        (&["-n", "3", "-c", "1", "--timeout", "300ms"], 3),
        (&["--rate", "20", "-d", "1s", "-c", "2", "--timeout", "2s"], 2),
    ] {
        let loaded = load(&origin, &[options, &["-k"]].concat());
        assert_eq!(loaded.ran.code, Some(1), "{:#}", loaded.report);
        assert_eq!(loaded.kinds().first(), Some(&"TLS handshake timed out"), "{:#}", loaded.report);
        assert!(loaded.count("/failed") >= least, "{:#}", loaded.report);
    }
}

#[test]
fn a_file_that_holds_none_is_named() {
    let ran = crate::flotilla::run(&["load", "https://localhost:1", "--cacert", "/no/such/file"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("--cacert: cannot read /no/such/file"), "{ran:?}");
}
