//! `flotilla load` over TLS: whom it believes.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use crate::fake::{Act, converse};
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
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = builder.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).expect("they fit");
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
