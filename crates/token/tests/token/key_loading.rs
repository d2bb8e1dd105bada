//! Keys are checked when they are loaded: security items 13 and 14. jsonwebtoken would take any of these.

use aws_lc_rs::signature::Ed25519KeyPair;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use token::{Algorithm, Jwk, KeyError, KeySet, SigningKey, SkippedKey, VerifyingKey};

use crate::fixtures::{encode, with, without};

fn key() -> VerifyingKey {
    SigningKey::generate().expect("randomness").verifying_key()
}

fn jwk() -> Value {
    json!(Jwk::of(&key()).expect("a public key"))
}

fn parse(keys: &[Value]) -> Result<(KeySet, Vec<SkippedKey>), KeyError> {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes(), &Algorithm::EdDsa.into())
}

/// Why a set of a good key and this one skips this one.
#[track_caller]
fn skipped(odd: Value) -> KeyError {
    let (keys, skipped) = parse(&[jwk(), odd]).expect("the good key is usable");
    assert_eq!(keys.len(), 1);
    assert_eq!(skipped.len(), 1);
    skipped[0].reason
}

#[test]
fn security_13_a_published_set_has_public_members_only() {
    let key = key();
    let set = KeySet::new(vec![key.clone()]).expect("one key");
    let published = json!(set.to_jwks());
    let x = published["keys"][0]["x"].clone();
    assert_eq!(
        published,
        json!({"keys": [
            {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": key.kid(), "use": "sig", "alg": "EdDSA"}
        ]})
    );
    assert_eq!(key.kid().len(), 43, "a thumbprint");
}

#[test]
fn a_published_set_reads_back_as_the_same_set() {
    let set = KeySet::new(vec![key(), key(), key()]).expect("three keys");
    let document = serde_json::to_vec(&set.to_jwks()).expect("JSON");
    assert_eq!(KeySet::parse(&document, &Algorithm::EdDsa.into()), Ok((set, vec![])));
}

#[test]
fn security_13_keys_of_one_name_are_refused() {
    let one = key();
    let twice = KeySet::new(vec![one.clone(), one]);
    assert_eq!(twice.err(), Some(KeyError::DuplicateKid));
    let named = || with(jwk(), "kid", "k1".into());
    assert_eq!(parse(&[named(), named()]).err(), Some(KeyError::NoUsableKey));
    let (keys, skipped) = parse(&[named(), jwk(), named()]).expect("the other key is usable");
    let ambiguous = SkippedKey { kid: Some("k1".into()), reason: KeyError::DuplicateKid };
    assert_eq!((keys.len(), skipped), (1, vec![ambiguous.clone(), ambiguous]));
    assert!(keys.find(Some("k1"), Algorithm::EdDsa).is_none());
}

/// About half of all 32 bytes are the y of no point. These are y = 2 and y = 7.
#[test]
fn fault_34_an_ed25519_key_that_is_no_point_of_the_curve_is_skipped() {
    let mut off_curve = [[0; 32]; 2];
    (off_curve[0][0], off_curve[1][0]) = (2, 7);
    for y in off_curve {
        assert_eq!(skipped(with(jwk(), "x", encode(y).into())), KeyError::NotOnCurve("Ed25519"));
        assert_eq!(VerifyingKey::ed25519(y), Err(KeyError::NotOnCurve("Ed25519")));
    }
}

#[test]
fn security_14_keys_of_another_kind_curve_or_purpose_are_skipped() {
    for kty in ["AKP", "okp", "oct", ""] {
        assert_eq!(skipped(with(jwk(), "kty", kty.into())), KeyError::UnsupportedType);
    }
    for crv in ["Ed448", "X25519", "ed25519"] {
        assert_eq!(skipped(with(jwk(), "crv", crv.into())), KeyError::UnsupportedCurve("Ed25519"));
    }
    for usage in ["enc", "SIG", ""] {
        assert_eq!(skipped(with(jwk(), "use", usage.into())), KeyError::UnsupportedUse);
    }
    assert_eq!(skipped(with(jwk(), "key_ops", json!(["sign"]))), KeyError::UnsupportedUse);
    for alg in ["HS256", "eddsa", "none", "ES256"] {
        assert_eq!(skipped(with(jwk(), "alg", alg.into())), KeyError::UnsupportedAlgorithm(Algorithm::EdDsa));
    }
}

#[test]
fn security_14_a_key_of_a_wrong_size_or_coding_is_skipped() {
    for x in [encode([7; 31]), encode([7; 33]), String::new(), format!("{}=", encode([7; 32])), "+/+/".into()] {
        assert_eq!(skipped(with(jwk(), "x", x.into())), KeyError::Size("x"));
    }
    assert_eq!(skipped(without(jwk(), "x")), KeyError::Member("x"));
    assert_eq!(skipped(with(jwk(), "x", json!(7))), KeyError::Member("x"));
    let identity = encode([&[1][..], &[0; 31]].concat());
    assert_eq!(skipped(with(jwk(), "x", identity.into())), KeyError::Degenerate);
}

#[test]
fn security_14_a_private_or_secret_key_in_a_public_set_is_skipped() {
    let private = with(jwk(), "d", encode([7; 32]).into());
    assert_eq!(skipped(private), KeyError::PrivateMember);
    let secret = json!({"kty": "oct", "k": encode("secret"), "alg": "HS256", "kid": "s"});
    assert_eq!(skipped(secret), KeyError::PrivateMember);
}

#[test]
fn security_4_a_kid_is_at_most_128_bytes_long() {
    let long = "k".repeat(129);
    assert_eq!(skipped(with(jwk(), "kid", long.into())), KeyError::KidLength);
    assert_eq!(skipped(with(jwk(), "kid", "".into())), KeyError::KidLength);
    assert_eq!(skipped(with(jwk(), "kid", json!(7))), KeyError::Member("kid"));
    let longest = "k".repeat(128);
    let (keys, _) = parse(&[with(jwk(), "kid", longest.clone().into())]).expect("usable");
    assert!(keys.find(Some(&longest), Algorithm::EdDsa).is_some());
}

#[test]
fn a_foreign_set_may_leave_out_use_alg_and_kid() {
    let bare = without(without(without(jwk(), "use"), "alg"), "kid");
    let (keys, skipped) = parse(&[bare]).expect("usable");
    assert_eq!(skipped, vec![]);
    let kid = keys.iter().next().expect("one key").kid().to_owned();
    assert_eq!(kid.len(), 43, "it is named by its thumbprint");
}

#[test]
fn skipped_keys_are_told_with_their_names() {
    let (_, skipped) = parse(&[jwk(), json!({"kty": "AKP", "kid": "akp-1"})]).expect("usable");
    let expected = SkippedKey { kid: Some("akp-1".into()), reason: KeyError::UnsupportedType };
    assert_eq!(skipped, vec![expected]);
}

#[test]
fn a_set_without_a_usable_key_is_an_error() {
    assert_eq!(parse(&[]).err(), Some(KeyError::NoUsableKey));
    let foreign = json!({"kty": "AKP"});
    assert_eq!(parse(&[foreign, json!(7)]).err(), Some(KeyError::NoUsableKey));
    assert_eq!(KeySet::new(vec![]).err(), Some(KeyError::NoUsableKey));
}

#[test]
fn what_is_no_key_set_document_is_an_error() {
    for text in ["", "{}", "[]", "null", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, "<html>"] {
        assert_eq!(KeySet::parse(text.as_bytes(), &Algorithm::EdDsa.into()).err(), Some(KeyError::Document), "{text}");
    }
}

#[test]
fn a_signing_key_survives_being_exported_and_loaded() {
    let key = SigningKey::generate().expect("randomness");
    let der = key.to_pkcs8_der().expect("an Ed25519 key");
    let loaded = SigningKey::from_pkcs8_der(der.expose_secret()).expect("our own export");
    assert_eq!(loaded.kid(), key.kid());
    assert_eq!(loaded.verifying_key(), key.verifying_key());
}

/// PEM is assembled here, so that no private-key block stands in the tree.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let dashes = "-----";
    format!("{dashes}BEGIN {label}{dashes}\n{body}\n{dashes}END {label}{dashes}\n")
}

#[test]
fn a_signing_key_loads_from_pem_in_both_pkcs8_versions() {
    let pair = Ed25519KeyPair::generate().expect("randomness");
    for der in [pair.to_pkcs8v1(), pair.to_pkcs8()] {
        let der = der.expect("exports");
        let key = SigningKey::from_pkcs8_pem(&pem("PRIVATE KEY", der.as_ref())).expect("a key");
        let direct = SigningKey::from_pkcs8_der(der.as_ref()).expect("the same key");
        assert_eq!(key.kid(), direct.kid());
    }
}

#[test]
fn security_14_a_private_key_of_another_kind_or_in_pieces_is_refused() {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair};

    let p384 =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &SystemRandom::new()).expect("randomness");
    let refused = |der: &[u8]| SigningKey::from_pkcs8_der(der).err();
    assert_eq!(refused(p384.as_ref()), Some(KeyError::PrivateKey));
    assert_eq!(refused(&[]), Some(KeyError::PrivateKey));
    let key = SigningKey::generate().expect("randomness");
    let der = key.to_pkcs8_der().expect("an Ed25519 key");
    let cut = &der.expose_secret()[..40];
    assert_eq!(refused(cut), Some(KeyError::PrivateKey));

    let refused = |text: &str| SigningKey::from_pkcs8_pem(text).err();
    assert_eq!(refused(""), Some(KeyError::NotPem));
    assert_eq!(refused("garbage"), Some(KeyError::NotPem));
    assert_eq!(refused(&pem("PRIVATE KEY", p384.as_ref())), Some(KeyError::PrivateKey));
    assert_eq!(refused(&pem("PUBLIC KEY", p384.as_ref())), Some(KeyError::NotPem));
}

#[test]
fn security_14_a_private_key_whose_public_half_is_anothers_is_refused() {
    let ours = Ed25519KeyPair::generate().expect("randomness");
    let other = Ed25519KeyPair::generate().expect("randomness");
    let ours = ours.to_pkcs8().expect("exports");
    let other = other.to_pkcs8().expect("exports");
    let half = ours.as_ref().len() - 32;
    let mixed = [&ours.as_ref()[..half], &other.as_ref()[half..]].concat();
    assert_eq!(SigningKey::from_pkcs8_der(&mixed).err(), Some(KeyError::PrivateKey));
}
