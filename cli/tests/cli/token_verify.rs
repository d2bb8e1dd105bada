//! `flotilla token verify`.

use std::io::Write as _;
use std::time::Duration;

use serde_json::Value;
use tempfile::NamedTempFile;
use token::SigningKey;

use crate::flotilla::{Ran, run, run_with_input};
use crate::{http, tokens};

fn file(content: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(content.as_bytes()).expect("written");
    file
}

fn verify(token: &str, jwks: &str, more: &[&str]) -> Ran {
    let file = file(jwks);
    let path = file.path().to_str().expect("UTF-8");
    run(&[&["token", "verify", token, "--jwks", path], more].concat())
}

fn line<'a>(ran: &'a Ran, part: &str) -> &'a str {
    let found = ran.stdout.lines().find(|line| line.contains(part));
    found.unwrap_or_else(|| panic!("no line with {part} in {}", ran.stdout))
}

#[test]
fn a_good_token_is_valid_by_one_key_of_the_set() {
    let (ours, other) = (tokens::issuer(), tokens::issuer());
    let ran = verify(&tokens::fresh(&ours), &tokens::jwks(&[&ours, &other]), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(line(&ran, ours.verifying_key().kid()).contains("signature ok"));
    assert!(line(&ran, other.verifying_key().kid()).contains("signature does not fit"));
    assert!(line(&ran, "VALID").starts_with("VALID: for ada, expires in 1"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("NOT OK"), "{}", ran.stdout);
}

#[test]
fn es256_tokens_are_verified_too_and_each_key_verifies_its_own_algorithm() {
    let es256 = SigningKey::generate_for(token::SigningAlgorithm::Es256).expect("a key");
    let (ours, other) = (tokens::issuer_with(es256, "hello.service"), tokens::issuer());
    let jwks = tokens::jwks(&[&ours, &other]);
    let ran = verify(&tokens::fresh(&ours), &jwks, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(line(&ran, ours.verifying_key().kid()).contains("ES256  signature ok"), "{}", ran.stdout);
    let ran = verify(&tokens::fresh(&other), &jwks, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(line(&ran, ours.verifying_key().kid()).contains("signature does not fit"), "{}", ran.stdout);
}

#[test]
fn the_token_may_come_on_standard_input() {
    let issuer = tokens::issuer();
    let keys = file(&tokens::jwks(&[&issuer]));
    let path = keys.path().to_str().expect("UTF-8");
    let ran = run_with_input(&["token", "verify", "-", "--jwks", path], &tokens::fresh(&issuer));
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
}

#[test]
fn each_fault_is_named_where_it_is_and_in_the_verdict() {
    let issuer = tokens::issuer();
    let jwks = tokens::jwks(&[&issuer]);
    let good = tokens::fresh(&issuer);
    let old = tokens::token(&issuer, Duration::from_mins(18));
    let elsewhere = tokens::fresh(&tokens::issuer());
    for (token, more, reason, sign) in [
        (tokens::tampered(&good), [].as_slice(), "(signature)", "signature does not fit"),
        (old, &[], "(expired)", "expired 3m"),
        (good.clone(), &["--audience", "billing"], "(audience)", "NOT OK  aud"),
        (good.clone(), &["--issuer", "somebody"], "(issuer)", "NOT OK  iss"),
        (elsewhere, &[], "(unknown_key)", "NOT OK  kid"),
        (format!("{good}.x"), &[], "(malformed)", "NOT VALID"),
    ] {
        let ran = verify(&token, &jwks, more);
        assert_eq!(ran.code, Some(1), "{}", ran.stdout);
        assert!(line(&ran, "NOT VALID").ends_with(reason), "{reason}: {}", ran.stdout);
        line(&ran, sign);
    }
}

#[test]
fn keys_that_cannot_be_used_are_shown_with_the_reason() {
    let issuer = tokens::issuer();
    let mut jwks: Value = serde_json::from_str(&tokens::jwks(&[&issuer])).expect("JSON");
    let foreign = serde_json::json!({"kty": "RSA", "kid": "old\u{1b}[2J", "n": "AQAB", "e": "AQAB"});
    jwks["keys"].as_array_mut().expect("an array").push(foreign);
    let ran = verify(&tokens::fresh(&issuer), &jwks.to_string(), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(
        line(&ran, "old\\u{1b}[2J").ends_with("the algorithm of the key, RS256, is not accepted"),
        "{}",
        ran.stdout
    );
}

#[test]
fn keys_may_be_fetched() {
    let issuer = tokens::issuer();
    let server = http::serve("200 OK", tokens::jwks(&[&issuer]));
    let url = format!("{}/.well-known/jwks.json", server.origin);
    let ran = run(&["token", "verify", &tokens::fresh(&issuer), "--jwks", &url]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(server.requests.recv().expect("a request").starts_with("GET /.well-known/jwks.json "));
}

#[test]
fn what_cannot_be_judged_is_exit_code_2() {
    let issuer = tokens::issuer();
    let token = tokens::fresh(&issuer);
    let failing = http::serve("503 Service Unavailable", String::new());
    let keys = file(&tokens::jwks(&[&issuer]));
    let path = keys.path().to_str().expect("UTF-8");
    for (args, said) in [
        ([].as_slice(), "--jwks"),
        (&["--jwks", "/no/such/file"], "/no/such/file"),
        (&["--jwks", "http://127.0.0.1:1/jwks.json"], "127.0.0.1:1"),
        (&["--jwks", &failing.origin], "503"),
        (&["--jwks", "/dev/null"], "not a JWK set"),
        (&["--jwks", path, "--leeway", "2m"], "leeway"),
        (&["--jwks", path, "--leeway", "long"], "leeway"),
        (&["--jwks", path, "--secret-file", path], "cannot be used with"),
    ] {
        let ran = run(&[&["token", "verify", &token], args].concat());
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stdout);
        assert!(ran.stderr.contains(said), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn classic_tokens_are_verified_with_the_secret_from_a_file() {
    let key = SigningKey::shared_secret("a secret of more than thirty-two bytes".into()).expect("a key");
    let token = tokens::fresh(&tokens::issuer_with(key, "hello.service"));
    let right = file("a secret of more than thirty-two bytes\n");
    let wrong = file("secret");
    let with = |secret: &NamedTempFile| {
        run(&["token", "verify", &token, "--secret-file", secret.path().to_str().expect("UTF-8")])
    };
    let ran = with(&right);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert_eq!(ran.stderr, "");
    let ran = with(&wrong);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(ran.stderr.contains("well-known word"), "{}", ran.stderr);
}

#[test]
fn json_is_for_programs() {
    let issuer = tokens::issuer();
    let old = tokens::token(&issuer, Duration::from_mins(18));
    let ran = verify(&old, &tokens::jwks(&[&issuer]), &["--output", "json"]);
    assert_eq!(ran.code, Some(1));
    let report: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(report["valid"], false);
    assert_eq!(report["reason"], "expired");
    assert_eq!(report["keys"][0]["signed"], true);
}
