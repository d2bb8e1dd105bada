//! Other issuers' algorithms: accepted where they were asked for, and never one in another's place. Security items 1, 3, 10.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};
use token::{Algorithm, KeyError, KeySet, Refusal};

use crate::fixtures::{House, claims, encode, invalid, missing, with, without};
use crate::foreign::{Foreign, Trusting, algorithms};

const ALL: &str = "EdDSA,ES256,RS256";

/// The keys of all three, and a verifier that accepts all three.
fn everybody() -> ([Foreign; 3], Trusting) {
    let all = Foreign::all();
    let trusting = Trusting::accepting(ALL, &all.each_ref().map(Foreign::jwk));
    (all, trusting)
}

/// The token with these bytes in the signature's place.
fn signed_by(token: &str, signature: &[u8]) -> String {
    let (input, _) = token.rsplit_once('.').expect("three parts");
    format!("{input}.{}", encode(signature))
}

fn signature(token: &str) -> Vec<u8> {
    let (_, signature) = token.rsplit_once('.').expect("three parts");
    URL_SAFE_NO_PAD.decode(signature).expect("base64url")
}

#[test]
fn a_token_of_each_algorithm_is_accepted_where_it_is_listed() {
    let (all, trusting) = everybody();
    for foreign in &all {
        trusting.assert_accepted(&foreign.token());
        let alone = Trusting::accepting(foreign.algorithm().as_str(), &[foreign.jwk()]);
        alone.assert_accepted(&foreign.token());
        let stranger = Foreign::p256();
        alone.assert_refused(&stranger.sign(&foreign.header(), &claims()), Refusal::Signature);
    }
}

#[test]
fn security_1_a_token_of_an_algorithm_that_is_not_listed_is_refused() {
    let (all, _) = everybody();
    for list in ["EdDSA", "ES256", "RS256", "EdDSA,ES256", "ES256,RS256"] {
        let trusting = Trusting::accepting(list, &all.each_ref().map(Foreign::jwk));
        for foreign in &all {
            let listed = algorithms(list).contain(foreign.algorithm());
            let expected = if listed { None } else { Some(Refusal::Algorithm) };
            assert_eq!(trusting.verdict(&foreign.token()).err(), expected, "{list}");
        }
    }
}

#[test]
fn security_1_ours_stay_the_only_ones_unless_others_are_listed() {
    let house = House::new();
    let keys = [Foreign::p256(), Foreign::rsa()];
    for foreign in keys {
        // The name of our own key, so that only the algorithm tells.
        let header = with(foreign.header(), "kid", house.header()["kid"].clone());
        house.assert_refused(&foreign.sign(&header, &claims()), Refusal::Algorithm);
    }
}

#[test]
fn security_3_no_key_serves_another_algorithm_even_if_both_are_accepted() {
    let (all, trusting) = everybody();
    for signer in &all {
        for named in &all {
            // What the signer's header says of the algorithm, under another's key name; and the other way round.
            let header = with(signer.header(), "kid", named.header()["kid"].clone());
            let token = signer.sign(&header, &claims());
            let same = signer.algorithm() == named.algorithm();
            let expected = if same { None } else { Some(Refusal::Algorithm) };
            assert_eq!(trusting.verdict(&token).err(), expected, "{header}");
            let header = with(signer.header(), "alg", named.header()["alg"].clone());
            assert_eq!(trusting.verdict(&signer.sign(&header, &claims())).err(), expected, "{header}");
        }
    }
}

#[test]
fn security_3_no_public_key_is_ever_a_shared_secret() {
    let (all, trusting) = everybody();
    for foreign in &all {
        let jwk = foreign.jwk();
        let texts = [jwk["n"].as_str(), jwk["x"].as_str(), Some(&jwk.to_string())].map(|text| text.map(str::to_owned));
        for secret in texts.into_iter().flatten() {
            let header = with(foreign.header(), "alg", "HS256".into());
            trusting.assert_refused(&House::classic(&secret).sign(&header, &claims()), Refusal::Algorithm);
        }
    }
}

#[test]
fn security_1_relatives_of_an_accepted_algorithm_are_others() {
    let (all, trusting) = everybody();
    for foreign in &all {
        for alg in ["RS384", "RS512", "PS256", "ES384", "ES512", "ES256K", "rs256", "es256", "Ed25519", "HS256", "none"]
        {
            let token = foreign.sign(&with(foreign.header(), "alg", alg.into()), &claims());
            trusting.assert_refused(&token, Refusal::Algorithm);
        }
        let unnamed = foreign.sign(&without(foreign.header(), "alg"), &claims());
        trusting.assert_refused(&unnamed, Refusal::Algorithm);
    }
}

#[test]
fn security_10_a_degenerate_signature_is_refused() {
    const N: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&N[2 * at..2 * at + 2], 16).expect("hexadecimal")).collect();
    let (all, trusting) = everybody();
    for foreign in &all {
        let token = foreign.token();
        let length = signature(&token).len();
        let one = [&vec![0; length - 1][..], &[1]].concat();
        for degenerate in [vec![0; length], vec![0xff; length], one, Vec::new()] {
            trusting.assert_refused(&signed_by(&token, &degenerate), Refusal::Signature);
        }
    }
    // ES256: r and s are numbers from 1 to the order less 1 (SEC 1 §4.1.4). Zeros are the forgery of CVE-2022-21449.
    let token = all[1].token();
    let good = signature(&token);
    let (r, s) = good.split_at(32);
    let zero = [0; 32];
    let (zero, order) = (&zero[..], &order[..]);
    for (r, s) in [(zero, s), (r, zero), (order, s), (r, order), (zero, order), (order, order)] {
        trusting.assert_refused(&signed_by(&token, &[r, s].concat()), Refusal::Signature);
    }
}

#[test]
fn security_10_a_signature_of_another_length_or_form_is_refused() {
    let (all, trusting) = everybody();
    for foreign in &all {
        let token = foreign.token();
        let good = signature(&token);
        let shorter = &good[1..];
        let padded = [&[0], &good[..]].concat();
        let longer = [&good[..], &[0]].concat();
        let twice = [&good[..], &good].concat();
        for odd in [shorter, &padded, &longer, &twice] {
            trusting.assert_refused(&signed_by(&token, odd), Refusal::Signature);
        }
    }
    // RFC 7518 §3.4 has r and s side by side; the DER that other formats wrap around them is none.
    let token = all[1].token();
    let integer = |number: &[u8]| [&[2, 33, 0][..], number].concat();
    let good = signature(&token);
    let (r, s) = good.split_at(32);
    let der = [&[0x30, 70][..], &integer(r), &integer(s)].concat();
    trusting.assert_refused(&signed_by(&token, &der), Refusal::Signature);
}

#[test]
fn an_issuer_whose_keys_are_all_for_other_algorithms_is_told_so() {
    let refused = |list, foreign: &Foreign| Trusting::try_accepting(list, &[foreign.jwk()]).err();
    assert_eq!(refused("EdDSA", &Foreign::rsa()), Some(KeyError::NotAccepted(Algorithm::Rs256)));
    assert_eq!(refused("EdDSA,RS256", &Foreign::p256()), Some(KeyError::NotAccepted(Algorithm::Es256)));
    assert_eq!(refused("ES256", &Foreign::ed25519()), Some(KeyError::NotAccepted(Algorithm::EdDsa)));
    let document = json!({"keys": [Foreign::ed25519().jwk(), Foreign::rsa().jwk()]}).to_string();
    let (keys, skipped) = KeySet::parse(document.as_bytes(), &algorithms("EdDSA")).expect("one is usable");
    let told: Vec<_> = skipped.iter().map(|key| (key.kid.as_deref(), key.reason, key.reason.is_defect())).collect();
    assert_eq!(keys.len(), 1);
    assert_eq!(told, [(Some("RS256"), KeyError::NotAccepted(Algorithm::Rs256), false)]);
}

#[test]
fn all_other_demands_are_the_same_for_every_algorithm() {
    let (all, trusting) = everybody();
    for foreign in &all {
        let claimed = |claim: &str, value: Value| foreign.sign(&foreign.header(), &with(claims(), claim, value));
        trusting.assert_refused(&claimed("iss", "other".into()), Refusal::Issuer);
        trusting.assert_refused(&claimed("aud", "other".into()), Refusal::Audience);
        trusting.assert_refused(&claimed("exp", json!(1)), Refusal::Expired);
        trusting.assert_refused(&claimed("jti", "".into()), invalid("jti"));
        let unnamed = foreign.sign(&foreign.header(), &without(claims(), "jti"));
        trusting.assert_refused(&unnamed, missing("jti"));
        let critical = foreign.sign(&with(foreign.header(), "crit", json!(["b64"])), &claims());
        trusting.assert_refused(&critical, Refusal::Header);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_single_changed_character_of_a_foreign_token_is_refused(
        which in 0..3_usize,
        position in any::<prop::sample::Index>(),
        by in prop::char::range('!', '~'),
    ) {
        let foreign = &Foreign::all()[which];
        let trusting = Trusting::accepting(ALL, &[foreign.jwk()]);
        let token = foreign.token();
        trusting.assert_accepted(&token);
        let at = position.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(at..=at, &by.to_string());
        prop_assert!(changed == token || trusting.verdict(&changed).is_err(), "{}", changed);
    }

    #[test]
    fn any_bytes_are_no_signature(which in 0..3_usize, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let foreign = &Foreign::all()[which];
        let trusting = Trusting::accepting(ALL, &[foreign.jwk()]);
        let forged = signed_by(&foreign.token(), &bytes);
        prop_assert_eq!(trusting.verdict(&forged).err(), Some(Refusal::Signature));
    }
}
