//! Keys fetched over HTTP while things go wrong: fault rows 6, 7, 8.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use token::{Algorithm, FetchError, KeyError, KeySource as _, Refusal, RemoteKeys, RemoteKeysConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::fixtures::with;
use crate::foreign::{Foreign, algorithms};
use crate::key_server::{Answer, INTERVAL, KeyServer, config, document, key, pass, remote_keys};

const TEN_MEGABYTES: usize = 10 * 1024 * 1024;

async fn unused_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("bound")
}

#[tokio::test]
async fn fault_7_unreachable_at_start_is_unavailable_and_recovers() {
    let address = unused_address().await;
    let keys = remote_keys(config(address));
    let good = key();
    let error = keys.refresh().await.expect_err("nobody listens");
    assert!(matches!(error, FetchError::Unreachable(_)), "{error}");
    let refusal = keys.key(Some(good.kid()), Algorithm::EdDsa).await.err();
    assert_eq!(refusal, Some(Refusal::KeysUnavailable));
    assert_eq!(keys.key(None, Algorithm::EdDsa).await.err(), Some(Refusal::KeysUnavailable));

    let _server = KeyServer::start_at(address, Answer::Keys(vec![good.clone()])).await;
    keys.refresh().await.expect("loads");
    assert!(keys.key(Some(good.kid()), Algorithm::EdDsa).await.is_ok());
}

#[tokio::test]
async fn fault_7_requests_recover_by_themselves_after_the_interval() {
    let address = unused_address().await;
    let keys = remote_keys(config(address));
    let good = key();
    let refusal = keys.key(Some(good.kid()), Algorithm::EdDsa).await.err();
    assert_eq!(refusal, Some(Refusal::KeysUnavailable));
    let server = KeyServer::start_at(address, Answer::Keys(vec![good.clone()])).await;
    let refusal = keys.key(Some(good.kid()), Algorithm::EdDsa).await.err();
    assert_eq!(refusal, Some(Refusal::KeysUnavailable), "not before the interval is over");
    assert_eq!(server.hits(), 0);
    pass(INTERVAL).await;
    assert!(keys.key(Some(good.kid()), Algorithm::EdDsa).await.is_ok());
}

/// A source that has loaded `good`, and then gets `answer`.
async fn after(answer: Answer) -> (KeyServer, Arc<RemoteKeys>, Result<(), FetchError>, String) {
    let good = key();
    let server = KeyServer::start(Answer::Keys(vec![good.clone()])).await;
    let keys = server.keys();
    keys.refresh().await.expect("loads");
    let generation = keys.generation();
    server.answer(answer);
    let outcome = keys.refresh().await;
    assert!(keys.known(Some(good.kid()), Algorithm::EdDsa).is_some(), "never drop-all");
    assert!(keys.known(Some("stranger"), Algorithm::EdDsa).is_none(), "never accept-all");
    assert_eq!(keys.generation(), generation);
    (server, keys, outcome, good.kid().to_owned())
}

#[tokio::test]
async fn fault_8_error_statuses_leave_the_last_good_set() {
    for status in [500, 503, 404, 204, 206, 304] {
        let (_, keys, outcome, _) = after(Answer::Status(status)).await;
        assert_eq!(outcome, Err(FetchError::Status(status)));
        assert_eq!(keys.fetches().failed, 1);
    }
}

#[tokio::test]
async fn fault_8_garbage_and_emptiness_leave_the_last_good_set() {
    for text in ["", "<html>", "{}", "null", "{\"keys\":[", "\0\0\0"] {
        let (_, _, outcome, _) = after(Answer::Text(text.into())).await;
        assert_eq!(outcome, Err(FetchError::Unusable(KeyError::Document)), "{text:?}");
    }
    for (text, error) in [
        (r#"{"keys":[]}"#, KeyError::NoUsableKey),
        (r#"{"keys":[{"kty":"AKP"}]}"#, KeyError::NoUsableKey),
        (r#"{"keys":[{"kty":"RSA"}]}"#, KeyError::NotAccepted(Algorithm::Rs256)),
    ] {
        let (_, _, outcome, _) = after(Answer::Text(text.into())).await;
        assert_eq!(outcome, Err(FetchError::Unusable(error)), "{text}");
    }
}

#[tokio::test]
async fn fault_8_ten_megabytes_are_not_read_and_leave_the_last_good_set() {
    let (_, _, outcome, _) = after(Answer::Padded(TEN_MEGABYTES, vec![key()])).await;
    assert_eq!(outcome, Err(FetchError::TooLarge(256 * 1024)));
}

#[tokio::test]
async fn the_size_limit_is_the_configured_one_to_the_byte() {
    let keys_in_document = vec![key()];
    let size = document(keys_in_document.clone()).len();
    for (padding, good) in [(1000 - size, true), (1001 - size, false)] {
        let server = KeyServer::start(Answer::Padded(padding, keys_in_document.clone())).await;
        let keys = remote_keys(RemoteKeysConfig { max_bytes: 1000, ..server.config() });
        assert_eq!(keys.refresh().await.is_ok(), good, "{padding} bytes of padding");
    }
}

/// gzip (RFC 1952) of `{"keys":[]}`: what it holds does not matter, because it is not read.
const COMPRESSED: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xab\x56\xca\x4e\xad\x2c\x56\xb2\x8a\x8e\xad\x05\0";

#[tokio::test]
async fn fault_34_a_compressed_answer_is_named_and_leaves_the_last_good_set() {
    for coding in ["gzip", "GZip", "br", "identity, gzip"] {
        let (_, _, outcome, _) = after(Answer::Encoded(coding, COMPRESSED.to_vec())).await;
        let applied = coding.trim_start_matches("identity, ").to_owned();
        assert_eq!(outcome, Err(FetchError::Compressed(applied)), "{coding}");
    }
    for coding in ["identity", "Identity", ""] {
        let server = KeyServer::start(Answer::Encoded(coding, document(vec![key()]).into_bytes())).await;
        assert_eq!(server.keys().refresh().await, Ok(()), "{coding:?} is no compression");
    }
}

#[tokio::test]
async fn a_key_set_is_requested_without_compression() {
    let server = KeyServer::start(Answer::Keys(vec![key()])).await;
    server.keys().refresh().await.expect("loads");
    assert_eq!(server.accept_encoding().as_deref(), Some("identity"));
}

#[tokio::test]
async fn security_1_keys_are_taken_for_the_algorithms_that_were_asked_for_and_no_others() {
    let set = json!({"keys": Foreign::all().each_ref().map(Foreign::jwk)});
    let server = KeyServer::start(Answer::Text(set.to_string())).await;
    for list in ["EdDSA", "ES256", "RS256", "EdDSA,RS256", "EdDSA,ES256,RS256"] {
        let accepted = algorithms(list);
        let keys = remote_keys(RemoteKeysConfig { algorithms: accepted.clone(), ..server.config() });
        keys.refresh().await.expect("loads");
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256] {
            assert_eq!(
                keys.known(Some(algorithm.as_str()), algorithm).is_some(),
                accepted.contain(algorithm),
                "{list}"
            );
        }
    }
}

#[tokio::test]
async fn a_broken_key_for_an_algorithm_that_is_not_accepted_spoils_nothing() {
    let good = Foreign::ed25519();
    let server = KeyServer::start(Answer::Text(json!({"keys": [good.jwk()]}).to_string())).await;
    let keys = server.keys();
    keys.refresh().await.expect("loads");
    let broken = with(Foreign::rsa().jwk(), "n", "AQAB".into());
    let fresh = with(good.jwk(), "kid", "fresh".into());
    server.answer(Answer::Text(json!({"keys": [broken, fresh]}).to_string()));
    keys.refresh().await.expect("loads again");
    assert!(keys.known(Some("fresh"), Algorithm::EdDsa).is_some());

    let keys = remote_keys(RemoteKeysConfig { algorithms: algorithms("EdDSA,RS256"), ..server.config() });
    keys.refresh().await.expect("a first set may have a broken key in it");
    assert!(keys.known(Some("RS256"), Algorithm::Rs256).is_none(), "which is not used");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let attacker = KeyServer::start(Answer::Keys(vec![key()])).await;
    let elsewhere = format!("http://{}/", attacker.address);
    let (_, _, outcome, _) = after(Answer::Redirect(elsewhere)).await;
    assert_eq!(outcome, Err(FetchError::Status(307)));
    assert_eq!(attacker.hits(), 0);
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_given_up_in_time() {
    let server = KeyServer::start(Answer::Keys(vec![key()])).await;
    server.close();
    let timeout = Duration::from_millis(50);
    let keys = remote_keys(RemoteKeysConfig { timeout, ..server.config() });
    let patience = Duration::from_secs(10);
    let outcome = tokio::time::timeout(patience, keys.refresh()).await;
    assert_eq!(outcome, Ok(Err(FetchError::TimedOut(timeout))));
    let refusal = keys.key(Some("k"), Algorithm::EdDsa).await.err();
    assert_eq!(refusal, Some(Refusal::KeysUnavailable));
}

#[tokio::test]
async fn half_an_answer_is_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await.expect("a request");
        let half = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"keys\":[]}";
        stream.write_all(half).await.expect("sent");
    });
    let error = remote_keys(config(address)).refresh().await.expect_err("cut");
    assert!(matches!(error, FetchError::Unreachable(_)), "{error}");
    server.await.expect("no panic");
}

#[tokio::test]
async fn fault_6_when_the_issuer_is_down_known_keys_go_on_and_unknown_ones_are_refused() {
    let (server, keys, _, good) = after(Answer::Status(503)).await;
    drop(server);
    assert!(keys.key(Some(&good), Algorithm::EdDsa).await.is_ok());
    assert_eq!(keys.key(Some("x"), Algorithm::EdDsa).await.err(), Some(Refusal::UnknownKey));
}

#[test]
fn an_address_that_cannot_be_fetched_from_is_refused_at_start() {
    for address in [
        "ftp://auth/jwks.json",
        "file:///etc/passwd",
        "http://user:password@auth/jwks.json",
        "http://user@auth/jwks.json",
    ] {
        let config = RemoteKeysConfig::new(address.parse().expect("a URL"));
        let error = RemoteKeys::new(config).expect_err(address);
        assert!(matches!(error, FetchError::Address(_)), "{address}: {error}");
        assert!(!error.to_string().contains("password@"), "{error}");
    }
}

#[test]
fn https_addresses_are_accepted() {
    let config = RemoteKeysConfig::new("https://auth/jwks.json".parse().expect("a URL"));
    assert!(RemoteKeys::new(config).is_ok());
}
