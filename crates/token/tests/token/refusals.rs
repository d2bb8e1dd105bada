//! Tokens that must not pass, whoever signed them: security items 1, 3, 4, 6, 7.
//!
//! Unless said otherwise they carry the issuer's own good signature, so that only the check in question refuses them.

use serde_json::{Value, json};
use token::{Algorithm, Jwk, KeySet, Policy, Refusal, SigningKey, StaticKeys, Verifier};

use crate::fixtures::{AUDIENCE, House, ISSUER, at_once, claims, encode, invalid, missing, now, policy, with, without};

#[test]
fn the_forge_makes_good_tokens_as_long_as_nothing_is_changed() {
    let house = House::new();
    house.assert_accepted(&house.sign(&house.header(), &claims()));
}

#[test]
fn security_1_only_the_configured_algorithm_in_its_exact_spelling_passes() {
    let house = House::new();
    for alg in ["none", "None", "eddsa", "EDDSA", "HS256", "RS256", "ES256", "Ed25519", "", " EdDSA"] {
        house.assert_refused(&house.with_header("alg", alg.into()), Refusal::Algorithm);
    }
    house.assert_refused(&house.sign(&without(house.header(), "alg"), &claims()), Refusal::Algorithm);
    house.assert_refused(&house.with_header("alg", Value::Null), Refusal::Algorithm);
    house.assert_refused(&house.with_header("alg", json!(["EdDSA"])), Refusal::Header);
    house.assert_refused(&house.with_header("alg", json!(1)), Refusal::Header);
}

#[test]
fn security_1_a_token_without_signature_is_refused() {
    let house = House::new();
    let unsigned = |alg: &str| {
        let header = with(house.header(), "alg", alg.into());
        format!("{}.{}.", encode(header.to_string()), encode(claims().to_string()))
    };
    house.assert_refused(&unsigned("none"), Refusal::Algorithm);
    house.assert_refused(&unsigned("EdDSA"), Refusal::Signature);
}

#[test]
fn security_3_a_public_key_cannot_be_taken_for_a_shared_secret() {
    let house = House::new();
    // What everybody knows, taken as a secret: the text of x.
    let jwk = Jwk::of(&house.issuer.verifying_key()).expect("a public key");
    let attacker = House::classic(&jwk.x);
    let header = with(house.header(), "alg", "HS256".into());
    let token = attacker.sign(&header, &claims());
    house.assert_refused(&token, Refusal::Algorithm);

    // Not even a verifier that was told to accept HS256 uses an Ed25519 key for it.
    let verifier = Verifier::new(house.keys.clone(), policy(Algorithm::Hs256)).expect("in order");
    let refusal = at_once(verifier.verify(&token, now())).err();
    assert_eq!(refusal, Some(Refusal::Algorithm));
}

#[test]
fn security_4_a_token_cannot_bring_its_own_key() {
    let house = House::new();
    let attacker = House::new();
    let jwk = Jwk::of(&attacker.issuer.verifying_key()).expect("a public key");
    let header = with(house.header(), "jwk", json!(jwk));
    house.assert_refused(&attacker.sign(&header, &claims()), Refusal::Signature);
}

#[test]
fn security_4_jku_x5u_x5c_and_jwk_change_nothing() {
    let house = House::new();
    // Nobody listens there; a verifier that asked would wait or fail, and these come back at once.
    for member in ["jku", "x5u"] {
        house.assert_accepted(&house.with_header(member, "http://127.0.0.1:1/jwks.json".into()));
    }
    house.assert_accepted(&house.with_header("x5c", json!(["MIIB"])));
    house.assert_accepted(&house.with_header("jwk", json!({"kty": "OKP"})));
}

#[test]
fn security_4_kid_is_a_name_in_our_key_set_and_short() {
    let house = House::new();
    for kid in ["", "other", "../../etc/passwd", "' OR 1=1 --", "http://127.0.0.1:1/"] {
        house.assert_refused(&house.with_header("kid", kid.into()), Refusal::UnknownKey);
    }
    let longest = "k".repeat(128);
    house.assert_refused(&house.with_header("kid", longest.into()), Refusal::UnknownKey);
    let longer = "k".repeat(129);
    house.assert_refused(&house.with_header("kid", longer.into()), Refusal::Header);
    house.assert_refused(&house.with_header("kid", json!(7)), Refusal::Header);
}

#[test]
fn a_token_without_kid_means_the_only_key_and_no_key_if_there_are_two() {
    let house = House::new();
    let nameless = house.sign(&without(house.header(), "kid"), &claims());
    house.assert_accepted(&nameless);

    let second = SigningKey::generate().expect("randomness").verifying_key();
    let both = KeySet::new(vec![house.issuer.verifying_key(), second]).expect("two keys");
    house.keys.replace(both);
    house.assert_refused(&nameless, Refusal::UnknownKey);
    house.assert_accepted(&house.token());
}

#[test]
fn security_6_issuer_and_audience_are_required_and_exact() {
    let house = House::new();
    for other in ["", "auth.service ", "AUTH.SERVICE", "auth", "https://auth.service"] {
        house.assert_refused(&house.with_claim("iss", other.into()), Refusal::Issuer);
    }
    for other in ["", "hello.service ", "HELLO.SERVICE", "hello", "auth.service"] {
        house.assert_refused(&house.with_claim("aud", other.into()), Refusal::Audience);
    }
    house.assert_refused(&house.without_claim("iss"), missing("iss"));
    house.assert_refused(&house.without_claim("aud"), missing("aud"));
    house.assert_refused(&house.with_claim("iss", json!([ISSUER])), invalid("iss"));
    house.assert_refused(&house.with_claim("aud", json!({"a": AUDIENCE})), invalid("aud"));
}

#[test]
fn security_6_one_of_several_audiences_suffices_and_is_the_one_reported() {
    let house = House::new();
    let several = house.with_claim("aud", json!(["billing.service", AUDIENCE]));
    assert_eq!(house.verify(&several).expect("good").aud, AUDIENCE);
    for none in [json!([]), json!(["billing.service"])] {
        house.assert_refused(&house.with_claim("aud", none), Refusal::Audience);
    }
}

#[test]
fn security_7_only_access_tokens_pass() {
    let house = House::new();
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        house.assert_accepted(&house.with_header("typ", typ.into()));
    }
    for typ in ["JWT", "rt+jwt", "logout+jwt", "at", "", "application/jwt", "x/at+jwt"] {
        house.assert_refused(&house.with_header("typ", typ.into()), Refusal::Type);
    }
    let untyped = house.sign(&without(house.header(), "typ"), &claims());
    house.assert_refused(&untyped, Refusal::Type);
}

#[test]
fn subject_and_token_name_are_required_and_not_empty() {
    let house = House::new();
    for claim in ["sub", "jti"] {
        house.assert_refused(&house.without_claim(claim), missing(claim));
        house.assert_refused(&house.with_claim(claim, "".into()), invalid(claim));
        house.assert_refused(&house.with_claim(claim, json!(7)), invalid(claim));
    }
    house.assert_refused(&house.with_claim("email", json!(7)), invalid("email"));
}

#[test]
fn claims_that_we_do_not_know_are_ignored() {
    let house = House::new();
    house.assert_accepted(&house.with_claim("groups", json!(["admin"])));
}

#[test]
fn another_issuers_signature_under_our_key_name_is_refused() {
    let house = House::new();
    let stranger = House::new();
    let token = stranger.sign(&house.header(), &claims());
    house.assert_refused(&token, Refusal::Signature);
}

#[test]
fn a_verifier_can_only_be_made_with_a_sensible_policy() {
    use std::time::Duration;

    use token::PolicyError::{EmptyAudience, EmptyIssuer, Leeway, Life};

    let good = policy(Algorithm::EdDsa);
    let key = SigningKey::generate().expect("randomness").verifying_key();
    let keys = std::sync::Arc::new(StaticKeys::new(KeySet::new(vec![key]).expect("one key")));
    let outcome = |policy: Policy| Verifier::new(keys.clone(), policy).err();
    let with_issuer = |issuer: &str| Policy { issuer: issuer.into(), ..good.clone() };
    let with_audience = |audience: &str| Policy { audience: audience.into(), ..good.clone() };
    let with_leeway = |seconds| Policy { leeway: Duration::from_secs(seconds), ..good.clone() };
    let with_life = |seconds| Policy { max_life: Duration::from_secs(seconds), ..good.clone() };
    assert_eq!(outcome(good.clone()), None);
    assert_eq!(outcome(with_issuer("")), Some(EmptyIssuer));
    assert_eq!(outcome(with_audience("")), Some(EmptyAudience));
    assert_eq!(outcome(with_leeway(60)), None);
    assert_eq!(outcome(with_leeway(61)), Some(Leeway));
    assert_eq!(outcome(with_life(86_401)), Some(Life));
    assert_eq!(outcome(with_life(0)), Some(Life));
}
