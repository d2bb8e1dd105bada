//! Times in a token, and clocks that differ: security item 5, fault row 11.

use std::time::Duration;

use serde_json::json;
use token::{Policy, Refusal};

use crate::fixtures::{House, NOW, at, at_once, claims, invalid, missing, policy, with, without};

const EXPIRY: u64 = NOW + 900;

#[test]
fn security_5_a_token_is_good_until_its_expiry_plus_the_leeway() {
    let house = House::new();
    let token = house.token();
    let at_second = |seconds| house.verify_at(&token, at(seconds)).err();
    assert_eq!(at_second(EXPIRY - 1), None);
    assert_eq!(at_second(EXPIRY), None);
    assert_eq!(at_second(EXPIRY + 4), None);
    assert_eq!(at_second(EXPIRY + 5), Some(Refusal::Expired));
    assert_eq!(at_second(EXPIRY + 100_000), Some(Refusal::Expired));
}

#[test]
fn fault_11_a_clock_that_is_behind_by_the_leeway_accepts_and_by_more_refuses() {
    let house = House::new();
    let token = house.token();
    let behind = |seconds| house.verify_at(&token, at(NOW - seconds)).err();
    assert_eq!(behind(5), None);
    assert_eq!(behind(6), Some(Refusal::NotYetValid));
    assert_eq!(behind(NOW), Some(Refusal::NotYetValid));
}

#[test]
fn the_leeway_is_the_configured_one_to_the_fraction_of_a_second() {
    let house = House::new();
    let token = house.token();
    let strict = Policy { leeway: Duration::ZERO, ..policy(token::Algorithm::EdDsa) };
    let verifier = token::Verifier::new(house.keys.clone(), strict).expect("in order");
    let just_before = at(EXPIRY) - Duration::from_nanos(1);
    assert_eq!(at_once(verifier.verify(&token, just_before)).err(), None);
    let refusal = at_once(verifier.verify(&token, at(EXPIRY))).err();
    assert_eq!(refusal, Some(Refusal::Expired));
}

#[test]
fn security_5_expiry_is_required_and_a_whole_number() {
    let house = House::new();
    house.assert_refused(&house.without_claim("exp"), missing("exp"));
    for exp in [json!("1800000900"), json!(1_800_000_900.5), json!(-1), json!(null), json!([EXPIRY]), json!(true)] {
        house.assert_refused(&house.with_claim("exp", exp), invalid("exp"));
    }
    let header = house.header().to_string();
    for exp in ["1.8e9", "18000009000000000000000000", "1800000900.0"] {
        let claims = claims().to_string().replace(&EXPIRY.to_string(), exp);
        house.assert_refused(&house.sign_text(&header, &claims), invalid("exp"));
    }
}

#[test]
fn security_5_issue_time_is_required_and_must_not_lie_in_the_future() {
    let house = House::new();
    house.assert_refused(&house.without_claim("iat"), missing("iat"));
    house.assert_refused(&house.with_claim("iat", json!("now")), invalid("iat"));
    house.assert_refused(&house.with_claim("iat", json!(NOW + 6)), Refusal::NotYetValid);
    house.assert_accepted(&house.with_claim("iat", json!(NOW + 5)));
}

#[test]
fn security_5_not_before_is_obeyed_where_it_is_given() {
    let house = House::new();
    house.assert_refused(&house.with_claim("nbf", json!(NOW + 6)), Refusal::NotYetValid);
    house.assert_refused(&house.with_claim("nbf", json!("now")), invalid("nbf"));
    house.assert_accepted(&house.with_claim("nbf", json!(NOW - 60)));
    let claims = house.verify(&house.without_claim("nbf")).expect("a token without nbf counts from iat");
    assert_eq!(claims.nbf, NOW);
}

#[test]
fn security_5_a_life_of_more_than_a_day_is_refused() {
    let house = House::new();
    let day = 24 * 60 * 60;
    house.assert_accepted(&house.with_claim("exp", json!(NOW + day)));
    house.assert_refused(&house.with_claim("exp", json!(NOW + day + 1)), Refusal::Life);
    house.assert_refused(&house.with_claim("exp", json!(u64::MAX)), Refusal::Life);
}

#[test]
fn a_life_that_ends_before_it_begins_is_refused() {
    let house = House::new();
    let ends = |exp: u64| {
        let claims = with(without(claims(), "nbf"), "exp", json!(exp));
        house.sign(&house.header(), &claims)
    };
    house.assert_refused(&ends(NOW), Refusal::Life);
    house.assert_refused(&ends(NOW - 1), Refusal::Life);
    house.assert_refused(&ends(0), Refusal::Expired);
}

#[test]
fn the_largest_numbers_are_judged_and_do_not_overflow() {
    let house = House::new();
    for claim in ["iat", "nbf"] {
        house.assert_refused(&house.with_claim(claim, json!(u64::MAX)), Refusal::NotYetValid);
    }
    house.assert_accepted(&house.with_claim("nbf", json!(0)));
    house.assert_refused(&house.with_claim("iat", json!(0)), Refusal::Life);
}
