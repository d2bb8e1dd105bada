//! Issuing: what is in a token, and what no token is issued for.

use std::collections::HashSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use token::{Claims, IssueError, Issuer, PolicyError, SigningKey, Subject};

use crate::fixtures::{AUDIENCE, House, ISSUER, NOW, TTL, now, user};

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

#[test]
fn an_issued_token_verifies_and_says_who_it_is_about() {
    let house = House::new();
    let issued = house.issuer.issue(&user(), now()).expect("issues");
    let claims = house.verify(&issued.token).expect("good");
    let expected = Claims {
        iss: ISSUER.into(),
        sub: "user".into(),
        aud: AUDIENCE.into(),
        exp: NOW + 900,
        iat: NOW,
        nbf: NOW,
        jti: Some(issued.jti),
        email: Some("user@example.com".into()),
        roles: vec![],
    };
    assert_eq!(*claims, expected);
    assert_eq!(issued.expires_in, 900);
}

#[test]
fn a_bearer_may_want_a_shorter_life_and_never_gets_a_longer_one() {
    let house = House::new();
    for (wanted, given) in [(0, 1), (1, 1), (60, 60), (900, 900), (901, 900), (u64::MAX, 900)] {
        let issued = house.issuer.issue_for(Duration::from_secs(wanted), &user(), now()).expect("issues");
        let claims = house.verify(&issued.token).expect("good");
        assert_eq!((issued.expires_in, claims.exp - claims.iat), (given, given), "{wanted}");
    }
}

#[test]
fn the_header_names_algorithm_type_and_key_and_nothing_else() {
    let house = House::new();
    let kid = house.issuer.verifying_key().kid().to_owned();
    assert_eq!(part(&house.token(), 0), json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid}));
}

#[test]
fn a_token_without_mail_address_has_no_such_claim() {
    let house = House::new();
    let subject = Subject { sub: "user".into(), email: None, roles: vec![] };
    let token = house.issuer.issue(&subject, now()).expect("issues").token;
    assert!(part(&token, 1).get("email").is_none());
    assert_eq!(house.verify(&token).expect("good").email, None);
}

#[test]
fn security_15_every_token_has_a_name_of_its_own() {
    let house = House::new();
    let names: HashSet<_> = (0..1_000).map(|_| house.issuer.issue(&user(), now()).expect("issues").jti).collect();
    assert_eq!(names.len(), 1_000);
}

#[test]
fn security_15_claims_hold_what_is_documented_and_no_secret() {
    let token = House::new().token();
    let claims = part(&token, 1);
    let names: Vec<_> = claims.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["aud", "email", "exp", "iat", "iss", "jti", "nbf", "sub"]);
}

#[test]
fn nothing_is_issued_for_an_empty_subject_or_one_too_long_to_verify() {
    let house = House::new();
    let issue = |sub: String| {
        let subject = Subject { sub, email: None, roles: vec![] };
        house.issuer.issue(&subject, now()).err()
    };
    assert_eq!(issue(String::new()), Some(IssueError::EmptySubject));
    assert_eq!(issue("x".repeat(8_000)), Some(IssueError::TooLarge));
    assert_eq!(issue("x".repeat(256)), None);
}

#[test]
fn an_issuer_needs_a_name_an_audience_and_a_life_of_up_to_a_day() {
    let issuer = |issuer: &str, audience: &str, ttl| {
        let key = SigningKey::generate().expect("randomness");
        Issuer::new(key, issuer.into(), audience.into(), ttl).err()
    };
    assert_eq!(issuer("", AUDIENCE, TTL), Some(PolicyError::EmptyIssuer));
    assert_eq!(issuer(ISSUER, "", TTL), Some(PolicyError::EmptyAudience));
    let day = Duration::from_hours(24);
    let second = Duration::from_secs(1);
    assert_eq!(issuer(ISSUER, AUDIENCE, day), None);
    assert_eq!(issuer(ISSUER, AUDIENCE, second), None);
    for ttl in [Duration::ZERO, Duration::from_millis(999), day + second] {
        assert_eq!(issuer(ISSUER, AUDIENCE, ttl), Some(PolicyError::Life));
    }
}

#[test]
fn debug_output_shows_neither_the_token_nor_the_key() {
    let house = House::new();
    let issued = house.issuer.issue(&user(), now()).expect("issues");
    assert!(!format!("{issued:?}").contains(&issued.token));
    let shown = format!("{:?} {:?}", house.issuer, house.verifier);
    assert!(shown.contains("EdDsa"), "{shown}");
    assert!(!shown.contains("content"), "{shown}");
}
