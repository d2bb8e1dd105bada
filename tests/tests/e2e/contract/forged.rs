//! Tokens that an attacker makes of what he has: a token of his own, and the public keys.
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use e2e::{Jws, Suite, jws::OwnKey};
use serde_json::{Value, json};

use super::{Check, checks, refused::is_refused};

pub(crate) fn checks() -> impl IntoIterator<Item = Check> {
    checks![
        one_changed_bit_anywhere_is_refused,
        changed_claims_are_refused,
        an_unsigned_token_is_refused,
        a_public_key_is_no_shared_secret,
        another_algorithm_name_is_refused,
        a_key_that_the_token_brings_along_is_ignored,
        an_unknown_or_strange_key_id_is_refused,
        an_extension_that_must_be_understood_is_refused,
        a_degenerate_signature_is_refused,
    ]
}

async fn one_changed_bit_anywhere_is_refused(suite: &Suite) {
    let holder = suite.token_holder().await;
    let parts: Vec<&str> = holder.token().split('.').collect();
    for part in 0..3 {
        let bytes = URL_SAFE_NO_PAD.decode(parts[part]).expect("base64url");
        for place in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let encoded = URL_SAFE_NO_PAD.encode(changed);
            let mut parts = parts.clone();
            parts[part] = &encoded;
            is_refused(&holder, &parts.join(".")).await;
        }
    }
}

async fn changed_claims_are_refused(suite: &Suite) {
    let holder = suite.token_holder().await;
    let own = Jws::parse(holder.token());
    for (claim, value) in [
        ("sub", json!("admin")),
        ("email", json!("admin@example.com")),
        ("exp", json!(4_102_444_800_u64)),
        ("aud", json!(["hello.service"])),
        ("role", json!("admin")),
    ] {
        is_refused(&holder, &own.clone().with_claim(claim, value).compact()).await;
    }
}

async fn an_unsigned_token_is_refused(suite: &Suite) {
    let holder = suite.token_holder().await;
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let mut unsigned = Jws::parse(holder.token()).with_header("alg", alg);
        is_refused(&holder, &unsigned.compact()).await;
        unsigned.signature.clear();
        is_refused(&holder, &unsigned.compact()).await;
    }
}

/// What RFC 8725 section 2.1 warns of: HMAC with the text of a public key.
async fn a_public_key_is_no_shared_secret(suite: &Suite) {
    let holder = suite.token_holder().await;
    let set = holder.key_set(200).await;
    let key = set.json()["keys"][0].clone();
    let x = key["x"].as_str().expect("a public key");
    let bytes = URL_SAFE_NO_PAD.decode(x).expect("base64url");
    for secret in [x.as_bytes(), &bytes, key.to_string().as_bytes(), set.body.as_bytes(), b"secret", b""] {
        let forged = Jws::parse(holder.token()).with_header("alg", "HS256").with_claim("sub", "admin");
        is_refused(&holder, &forged.signed_with(secret).compact()).await;
    }
}

async fn another_algorithm_name_is_refused(suite: &Suite) {
    let holder = suite.token_holder().await;
    for alg in [json!("eddsa"), json!("ES256"), json!("RS256"), json!("HS512"), json!(["EdDSA"]), json!(null), json!(1)]
    {
        is_refused(&holder, &Jws::parse(holder.token()).with_header("alg", alg).compact()).await;
    }
}

async fn a_key_that_the_token_brings_along_is_ignored(suite: &Suite) {
    let (holder, own) = (suite.token_holder().await, OwnKey::generate());
    let forged = Jws::parse(holder.token()).with_claim("sub", "admin");
    let url = "http://127.0.0.1:9/keys";
    for (member, value) in [
        ("jwk", own.jwk()),
        ("jku", json!(url)),
        ("x5u", json!(url)),
        ("x5c", json!(["AAAA"])),
        ("typ", json!("at+jwt")),
    ] {
        for kid in [forged.header["kid"].clone(), own.jwk()["kid"].clone(), Value::Null] {
            let token = forged.clone().with_header(member, value.clone()).with_header("kid", kid);
            is_refused(&holder, &own.sign(token).compact()).await;
        }
    }
}

async fn an_unknown_or_strange_key_id_is_refused(suite: &Suite) {
    let holder = suite.token_holder().await;
    for kid in [
        json!("unknown"),
        json!(""),
        json!("k".repeat(129)),
        json!("../../dev/null"),
        json!("' OR 1=1 --"),
        json!(7),
        json!(null),
    ] {
        is_refused(&holder, &Jws::parse(holder.token()).with_header("kid", kid).compact()).await;
    }
}

async fn an_extension_that_must_be_understood_is_refused(suite: &Suite) {
    let holder = suite.token_holder().await;
    for (member, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A128GCM")),
    ] {
        is_refused(&holder, &Jws::parse(holder.token()).with_header(member, value).compact()).await;
    }
}

/// RFC 8032 section 5.1.7: S must be below the group's order. Adding the order makes another signature of the same value.
async fn a_degenerate_signature_is_refused(suite: &Suite) {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let holder = suite.token_holder().await;
    let (head, signature) = holder.token().rsplit_once('.').expect("three parts");
    let mut signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let mut carry = 0;
    for (byte, more) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        carry = sum >> 8;
        *byte = sum.to_le_bytes()[0];
    }
    is_refused(&holder, &format!("{head}.{}", URL_SAFE_NO_PAD.encode(&signature))).await;
    is_refused(&holder, &format!("{head}.{}", URL_SAFE_NO_PAD.encode([0; 64]))).await;
}
