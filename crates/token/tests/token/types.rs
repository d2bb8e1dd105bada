//! Types of tokens beyond our own: accepted where they were asked for. Security item 7.

use serde_json::Value;
use token::{Algorithm, Policy, Refusal, Verifier};

use crate::fixtures::{House, at_once, claims, now, policy, with, without};

fn verdict(house: &House, types: &str, token: &str) -> Option<Refusal> {
    let policy = Policy { types: types.parse().expect("types"), ..policy(Algorithm::EdDsa) };
    let verifier = Verifier::new(house.keys.clone(), policy).expect("in order");
    at_once(verifier.verify(token, now())).err()
}

#[test]
fn a_type_is_accepted_where_it_is_listed_and_no_other_with_it() {
    let house = House::new();
    let typed = |typ: &str| house.with_header("typ", typ.into());
    for typ in ["JWT", "jwt", "application/jwt"] {
        house.assert_refused(&typed(typ), Refusal::Type);
        assert_eq!(verdict(&house, "at+jwt,JWT", &typed(typ)), None, "{typ}");
        assert_eq!(verdict(&house, "JWT", &typed(typ)), None, "{typ}");
    }
    assert_eq!(verdict(&house, "at+jwt,JWT", &house.token()), None);
    assert_eq!(verdict(&house, "JWT", &house.token()), Some(Refusal::Type), "the list is all there is");
    for typ in ["rt+jwt", "logout+jwt", "", "JWT,at+jwt"] {
        assert_eq!(verdict(&house, "at+jwt,JWT", &typed(typ)), Some(Refusal::Type), "{typ}");
    }
}

#[test]
fn a_token_without_a_type_is_refused_whatever_is_listed() {
    let house = House::new();
    let untyped = house.sign(&without(house.header(), "typ"), &claims());
    let null = house.sign(&with(house.header(), "typ", Value::Null), &claims());
    for token in [untyped, null] {
        assert_eq!(verdict(&house, "at+jwt,JWT", &token), Some(Refusal::Type));
    }
}
