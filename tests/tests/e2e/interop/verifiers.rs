//! Our tokens, verified by libraries that know nothing of us but the address of the key set.
use std::{fs, process::Command};

use e2e::{Jws, Launch, Program, Shared, Suite, Target, Test, environment, jws::OwnKey};

use super::{lines, node, python};

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = e2e::tests![PYTHON_JWT:
        pyjwt_accepts_our_tokens_and_refuses_what_is_made_of_them,
        pyjwt_accepts_our_es256_tokens_too,
    ];
    tests.extend(e2e::tests![NODE_JOSE:
        jose_accepts_our_tokens_and_refuses_what_is_made_of_them,
        jose_accepts_our_es256_tokens_too,
    ]);
    tests
}

async fn pyjwt_accepts_our_tokens_and_refuses_what_is_made_of_them() {
    agrees(|| python("verify.py"), &*Shared::of(Target::Split).await, "EdDSA").await;
}

async fn pyjwt_accepts_our_es256_tokens_too() {
    agrees(|| python("verify.py"), &es256().await, "ES256").await;
}

async fn jose_accepts_our_tokens_and_refuses_what_is_made_of_them() {
    agrees(|| node("verify.mjs"), &*Shared::of(Target::Split).await, "EdDSA").await;
}

async fn jose_accepts_our_es256_tokens_too() {
    agrees(|| node("verify.mjs"), &es256().await, "ES256").await;
}

async fn es256() -> Suite {
    let signing = |launch: Launch| launch.set("SIGNING_ALGORITHM", "ES256");
    Suite::split_with(|launch| if launch.program() == Program::Auth { signing(launch) } else { launch }).await
}

/// Holds the tokens of auth, and forgeries, against a verifier that fetches the keys through the frontend.
async fn agrees(verifier: impl Fn() -> Command, suite: &Suite, algorithm: &str) {
    let keys = format!("{}/.well-known/jwks.json", suite.origin());
    let own = Jws::parse(suite.token_holder().await.token());
    let good = [suite.token_holder().await.token().to_owned(), suite.anonymous().logged_in().await.token().to_owned()];
    let set = suite.anonymous().key_set(200).await.json();
    let forged = forgeries(&own, set["keys"][0]["x"].as_str().expect("a public key"));
    let tokens: Vec<&str> = good.iter().chain(&forged).map(String::as_str).collect();
    let verdicts = verdicts(verifier(), &[&keys, "auth.service", "hello.service", algorithm], &tokens).await;
    assert_eq!(verdicts.len(), tokens.len(), "{verdicts:?}");
    let (accepted, refused) = verdicts.split_at(good.len());
    assert!(accepted.iter().all(|verdict| verdict == "accepted user"), "{verdicts:?}");
    assert!(refused.iter().all(|verdict| verdict.starts_with("refused ")), "{verdicts:?}");
    let other = if algorithm == "EdDSA" { "ES256" } else { "EdDSA" };
    for elsewhere in [
        [&keys, "other.service", "hello.service", algorithm],
        [&keys, "auth.service", "other.service", algorithm],
        [&keys, "auth.service", "hello.service", other],
    ] {
        let verdicts = self::verdicts(verifier(), &elsewhere, &[&good[0]]).await;
        assert!(verdicts.iter().all(|verdict| verdict.starts_with("refused ")), "{elsewhere:?}: {verdicts:?}");
    }
}

fn forgeries(own: &Jws, public: &str) -> Vec<String> {
    let mut unsigned = own.clone().with_header("alg", "none");
    unsigned.signature.clear();
    let mut bent = own.clone();
    bent.signature[0] ^= 1;
    let zeros = Jws { signature: vec![0; 64], ..own.clone() };
    vec![
        own.clone().with_claim("sub", "admin").compact(),
        own.clone().with_claim("exp", 4_102_444_800_u64).compact(),
        own.clone().with_claim("roles", vec!["presenter"]).compact(),
        bent.compact(),
        zeros.compact(),
        unsigned.compact(),
        own.clone().with_header("alg", "HS256").signed_with(public.as_bytes()).compact(),
        OwnKey::generate().sign(own.clone()).compact(),
        own.clone().with_header("kid", "unknown").compact(),
    ]
}

/// A file and not the command line: tokens are nobody else's business.
async fn verdicts(mut verifier: Command, demands: &[&str], tokens: &[&str]) -> Vec<String> {
    let directory = environment::temporary_directory();
    let file = directory.path().join("tokens");
    fs::write(&file, tokens.join("\n")).expect("written");
    verifier.args(demands).stdin(fs::File::open(file).expect("just written"));
    lines(verifier).await
}
