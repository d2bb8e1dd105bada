//! The published examples of the RFCs, and the degenerate keys and signatures that they warn of.
//!
//! The private keys in here are the RFCs' own. They are the only ones in the tree.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::algorithm::Algorithm;
use crate::compact::CompactToken;
use crate::key_error::KeyError;
use crate::signing_key::SigningKey;
use crate::verifying_key::VerifyingKey;

fn bytes(base64url: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(base64url).expect("base64url")
}

fn parse(token: &str) -> CompactToken<'_> {
    CompactToken::parse(token).expect("three parts")
}

/// RFC 8037 A.1, wrapped as PKCS#8 (RFC 8410 §7).
fn rfc_8037_key() -> SigningKey {
    let mut der = vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    der.extend(bytes("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"));
    SigningKey::from_pkcs8_der(&der).expect("the RFC's key")
}

/// RFC 8037 A.4, split where a line would be too long.
const RFC_8037_TOKEN: &str = concat!(
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.",
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
);

#[test]
fn rfc_8037_a_3_the_key_is_named_by_its_thumbprint() {
    assert_eq!(rfc_8037_key().kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn rfc_8037_a_4_signing_gives_the_published_signature() {
    let token = parse(RFC_8037_TOKEN);
    let signature = rfc_8037_key().sign(token.signing_input()).expect("signs");
    assert_eq!(signature, token.signature());
}

#[test]
fn rfc_8037_a_5_the_published_signature_verifies_and_a_changed_one_does_not() {
    let key = rfc_8037_key().verifying_key();
    assert!(key.verifies(&parse(RFC_8037_TOKEN)));
    let changed = RFC_8037_TOKEN.replace(".hgyY", ".hgyZ");
    assert!(!key.verifies(&parse(&changed)));
}

#[test]
fn rfc_7515_a_1_the_published_hs256_signature_verifies_and_is_what_we_sign() {
    let token = parse(concat!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    ));
    let secret = bytes("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
    let key = SigningKey::secret_bytes(&secret).expect("not empty");
    assert_eq!(key.algorithm(), Algorithm::Hs256);
    assert!(key.verifying_key().verifies(&token));
    assert_eq!(key.sign(token.signing_input()).expect("signs"), token.signature());
    let other = SigningKey::secret_bytes(b"another secret").expect("not empty");
    assert!(!other.verifying_key().verifies(&token));
}

/// jsonwebtoken without a backend, or with two, compiles and panics at the first signature.
#[test]
fn the_cryptographic_backend_is_there_for_both_algorithms() {
    let signers =
        [SigningKey::generate().expect("randomness"), SigningKey::secret_bytes(b"secret").expect("not empty")];
    for signer in signers {
        let signature = signer.sign("a.b").expect("signs");
        let token = format!("a.b.{signature}").replace("a.b", "e30.e30");
        assert!(!signer.verifying_key().verifies(&parse(&token)));
        let signature = signer.sign("e30.e30").expect("signs");
        let token = format!("e30.e30.{signature}");
        assert!(signer.verifying_key().verifies(&parse(&token)));
    }
}

/// RFC 8032 §8.4: without the check S < L, every signature has a twin.
#[test]
fn security_10_a_signature_with_the_group_order_added_to_s_is_refused() {
    const GROUP_ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let token = parse(RFC_8037_TOKEN);
    let mut signature = bytes(token.signature());
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(GROUP_ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0, "S + L still fits in 32 bytes");
    let twin = format!("{}.{}", token.signing_input(), URL_SAFE_NO_PAD.encode(signature));
    let key = rfc_8037_key().verifying_key();
    assert!(key.verifies(&token));
    assert!(!key.verifies(&parse(&twin)));
}

fn identity() -> [u8; 32] {
    let mut point = [0; 32];
    point[0] = 1;
    point
}

/// Why keys are checked at load: the library itself takes the identity for a key, and its "signature" fits everything.
#[test]
fn security_10_degenerate_keys_that_anybody_can_sign_for_are_refused_at_load() {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&identity());
    let lenient = UnparsedPublicKey::new(&ED25519, identity());
    assert!(lenient.verify(b"anything", &signature).is_ok(), "the library checks by itself now");

    assert_eq!(VerifyingKey::ed25519(identity()), Err(KeyError::Degenerate));
}

#[test]
fn security_14_every_small_order_point_and_non_canonical_form_is_refused_at_load() {
    // Hexadecimal, little-endian y; the top bit of the last byte is the sign of x.
    let points = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    for hex in points {
        let mut point = [0; 32];
        for (at, byte) in point.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hexadecimal");
        }
        for sign in [0, 0x80] {
            point[31] = point[31] & 0x7f | sign;
            assert_eq!(VerifyingKey::ed25519(point), Err(KeyError::Degenerate), "{hex} with sign {sign:#x}");
        }
    }
}

#[test]
fn ordinary_keys_are_not_degenerate() {
    for _ in 0..100 {
        let pair = Ed25519KeyPair::generate().expect("randomness");
        let public = pair.public_key().as_ref().try_into().expect("32 bytes");
        assert!(VerifyingKey::ed25519(public).is_ok());
    }
}
