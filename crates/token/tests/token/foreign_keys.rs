//! ES256 and RS256 keys are checked when they are loaded, as ours are: security items 13 and 14.

use proptest::prelude::*;
use serde_json::{Value, json};
use token::{Algorithm, Jwk, KeyError, KeySet, VerifyingKey};

use crate::fixtures::{encode, with, without};
use crate::foreign::{Foreign, algorithms};

/// Why a set of a good key and this one skips this one.
#[track_caller]
fn skipped(odd: Value) -> KeyError {
    let good = with(Foreign::ed25519().jwk(), "kid", "good".into());
    let document = json!({"keys": vec![good, odd]}).to_string();
    let (keys, skipped) =
        KeySet::parse(document.as_bytes(), &algorithms("EdDSA,ES256,RS256")).expect("the good key is usable");
    assert_eq!((keys.len(), skipped.len()), (1, 1));
    skipped[0].reason
}

fn loaded(jwk: &Value) -> VerifyingKey {
    let document = json!({"keys": [jwk]}).to_string();
    let (keys, _) = KeySet::parse(document.as_bytes(), &algorithms("ES256,RS256")).expect("usable");
    VerifyingKey::clone(keys.iter().next().expect("one key"))
}

/// An odd number of so many bits, and in big-endian form.
fn modulus(bits: usize) -> Vec<u8> {
    let mut bytes = vec![0xff; bits.div_ceil(8)];
    bytes[0] = 0xff >> (bytes.len() * 8 - bits);
    bytes
}

#[test]
fn a_key_says_by_its_kind_what_it_is_for() {
    for foreign in [Foreign::p256(), Foreign::rsa()] {
        // `alg` and `use` may be left out (RFC 7517 §4.2, §4.4).
        for jwk in [foreign.jwk(), without(without(foreign.jwk(), "alg"), "use")] {
            assert_eq!(loaded(&jwk).algorithm(), foreign.algorithm());
        }
    }
}

#[test]
fn a_key_without_kid_is_named_by_its_thumbprint() {
    for foreign in [Foreign::p256(), Foreign::rsa()] {
        let key = loaded(&without(foreign.jwk(), "kid"));
        assert_eq!(key.kid().len(), 43, "a thumbprint");
        assert_eq!(key, loaded(&without(foreign.jwk(), "kid")));
        assert_ne!(key, loaded(&foreign.jwk()), "another name");
    }
    let one = without(Foreign::p256().jwk(), "kid");
    let other = without(Foreign::p256().jwk(), "kid");
    assert_ne!(loaded(&one).kid(), loaded(&other).kid());
}

/// The example of RFC 7638 §3.1.
#[test]
fn an_rsa_thumbprint_is_the_published_one() {
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP\
             ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY\
             368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f\
             M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let key = loaded(&json!({"kty": "RSA", "n": n, "e": "AQAB"}));
    assert_eq!(key.kid(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn security_14_a_p256_key_must_be_a_point_of_the_curve() {
    let good = Foreign::p256().jwk();
    let other = Foreign::p256().jwk();
    assert_eq!(skipped(with(good.clone(), "y", other["y"].clone())), KeyError::NotOnCurve("P-256"));
    assert_eq!(skipped(with(good.clone(), "y", good["x"].clone())), KeyError::NotOnCurve("P-256"));
    for coordinate in [[0; 32], [0xff; 32]] {
        let both = with(with(good.clone(), "x", encode(coordinate).into()), "y", encode(coordinate).into());
        assert_eq!(skipped(both), KeyError::NotOnCurve("P-256"));
        assert_eq!(skipped(with(good.clone(), "x", encode(coordinate).into())), KeyError::NotOnCurve("P-256"));
    }
    assert_eq!(VerifyingKey::p256(&[0; 32], &[0; 32]).err(), Some(KeyError::NotOnCurve("P-256")));
}

#[test]
fn security_14_a_p256_key_has_coordinates_of_32_bytes_and_no_other_curve() {
    let good = Foreign::p256().jwk();
    for name in ["x", "y"] {
        for odd in
            [encode([7; 31]), encode([&[0], &[7; 32][..]].concat()), String::new(), format!("{}=", encode([7; 32]))]
        {
            assert_eq!(skipped(with(good.clone(), name, odd.into())), KeyError::Size(name));
        }
        assert_eq!(skipped(without(good.clone(), name)), KeyError::Member(name));
        assert_eq!(skipped(with(good.clone(), name, json!(7))), KeyError::Member(name));
    }
    for crv in ["P-384", "P-521", "secp256k1", "p-256", "Ed25519", ""] {
        assert_eq!(skipped(with(good.clone(), "crv", crv.into())), KeyError::UnsupportedCurve("P-256"));
    }
    assert_eq!(skipped(without(good, "crv")), KeyError::Member("crv"));
}

#[test]
fn security_14_an_rsa_modulus_is_odd_and_of_2048_to_4096_bits() {
    let sized = |bits| skipped(with(Foreign::rsa().jwk(), "n", encode(modulus(bits)).into()));
    for bits in [1, 512, 1024, 2047, 4097, 4104, 8192, 16_384] {
        assert_eq!(sized(bits), KeyError::Modulus, "{bits} bits");
    }
    for bits in [2048, 2049, 3072, 4096] {
        assert_eq!(VerifyingKey::rsa(&modulus(bits), &[1, 0, 1]).err(), None, "{bits} bits");
    }
    let mut even = modulus(2048);
    even[255] = 0xfe;
    assert_eq!(skipped(with(Foreign::rsa().jwk(), "n", encode(even).into())), KeyError::Modulus);
}

#[test]
fn security_14_an_rsa_exponent_is_odd_from_65537_and_small_enough_to_be_quick() {
    let refused = |e: &[u8]| VerifyingKey::rsa(&modulus(2048), e).err();
    for e in [&[1][..], &[3], &[17], &[0xff, 0xff], &[1, 0, 0], &[1, 0, 2], &[2, 0, 0, 0, 1], &[0xff; 8], &[0xff; 256]]
    {
        assert_eq!(refused(e), Some(KeyError::Exponent), "{e:?}");
    }
    assert_eq!(refused(&[]), Some(KeyError::Exponent));
    for e in [&[1, 0, 1][..], &[1, 0, 3], &[1, 0xff, 0xff, 0xff, 0xff]] {
        assert_eq!(refused(e), None, "{e:?}");
    }
    assert_eq!(skipped(with(Foreign::rsa().jwk(), "e", encode([3]).into())), KeyError::Exponent);
}

#[test]
fn security_14_an_rsa_keys_numbers_are_written_in_the_one_way_there_is() {
    let good = Foreign::rsa().jwk();
    for name in ["n", "e"] {
        for odd in [String::new(), encode([0, 1, 0, 1]), "AQAB=".into(), "+/+/".into()] {
            assert_eq!(skipped(with(good.clone(), name, odd.into())), KeyError::Number(name));
        }
        assert_eq!(skipped(without(good.clone(), name)), KeyError::Member(name));
        assert_eq!(skipped(with(good.clone(), name, json!(65_537))), KeyError::Member(name));
    }
}

#[test]
fn security_14_a_foreign_key_of_another_algorithm_or_purpose_is_skipped() {
    for foreign in [Foreign::p256(), Foreign::rsa()] {
        for alg in ["PS256", "RS512", "ES384", "EdDSA", "HS256", "none", "rs256"] {
            let expected = KeyError::UnsupportedAlgorithm(foreign.algorithm());
            assert_eq!(skipped(with(foreign.jwk(), "alg", alg.into())), expected);
        }
        assert_eq!(skipped(with(foreign.jwk(), "use", "enc".into())), KeyError::UnsupportedUse);
        assert_eq!(skipped(with(foreign.jwk(), "key_ops", json!(["encrypt"]))), KeyError::UnsupportedUse);
        assert_eq!(skipped(with(foreign.jwk(), "kid", "".into())), KeyError::KidLength);
    }
}

#[test]
fn security_14_a_foreign_key_that_is_published_whole_is_skipped() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        let leaked = with(Foreign::rsa().jwk(), member, encode(Foreign::rsa().private()).into());
        assert_eq!(skipped(leaked), KeyError::PrivateMember);
    }
    assert_eq!(skipped(with(Foreign::p256().jwk(), "d", encode([7; 32]).into())), KeyError::PrivateMember);
    assert!(KeyError::PrivateMember.is_defect());
}

#[test]
fn security_13_keys_of_a_kind_that_only_others_sign_with_are_not_published_by_us() {
    let key = loaded(&Foreign::rsa().jwk());
    assert_eq!(Jwk::of(&key), None);
    assert_eq!(key.weakness(), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Of all pairs of coordinates one in 2^256 is on the curve.
    #[test]
    fn any_two_numbers_are_no_point_of_the_curve(x in any::<[u8; 32]>(), y in any::<[u8; 32]>()) {
        prop_assert_eq!(VerifyingKey::p256(&x, &y).err(), Some(KeyError::NotOnCurve("P-256")));
    }

    #[test]
    fn any_numbers_are_an_rsa_key_within_the_bounds_or_none(
        n in prop::collection::vec(any::<u8>(), 0..600),
        e in prop::collection::vec(any::<u8>(), 0..10),
    ) {
        if let Ok(key) = VerifyingKey::rsa(&n, &e) {
            prop_assert!((256..=512).contains(&n.len()) && n.last().is_some_and(|last| last % 2 == 1));
            prop_assert!((3..=5).contains(&e.len()) && e.last().is_some_and(|last| last % 2 == 1));
            prop_assert_eq!(key.algorithm(), Algorithm::Rs256);
        }
    }
}
