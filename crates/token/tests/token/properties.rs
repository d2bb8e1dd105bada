//! Properties that hold for any input.

use std::time::Duration;

use proptest::prelude::*;
use token::{Algorithm, CompactToken, KeySet, Subject};

use crate::fixtures::{AUDIENCE, House, NOW, SECRET, at, at_once, claims};
use crate::judgement::assert_for_bytes;

/// The token with one character replaced; `None` if it is the same character.
fn mutated(token: &str, position: prop::sample::Index, by: char) -> Option<String> {
    let position = position.index(token.len());
    let mut mutated = token.to_owned();
    mutated.replace_range(position..=position, &by.to_string());
    (mutated != token).then_some(mutated)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_single_changed_character_is_refused(
        position in any::<prop::sample::Index>(),
        by in prop_oneof![prop::char::range('!', '~'), any::<char>()],
        classic in any::<bool>(),
    ) {
        let house = if classic { House::classic(SECRET) } else { House::new() };
        let token = house.token();
        prop_assert!(house.verify(&token).is_ok());
        if let Some(mutated) = mutated(&token, position, by) {
            prop_assert!(house.verify(&mutated).is_err(), "{}", mutated);
        }
    }

    #[test]
    fn any_cut_is_refused(length in any::<prop::sample::Index>()) {
        let house = House::new();
        let token = house.token();
        prop_assert!(house.verify(&token[..length.index(token.len())]).is_err());
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in ".{0,600}") {
        prop_assert!(House::new().verify(&text).is_err());
    }

    #[test]
    fn any_two_parts_with_a_good_signature_are_judged_without_a_panic(
        header in prop_oneof![".{0,80}", json_object()],
        claims in prop_oneof![".{0,80}", json_object()],
    ) {
        let house = House::new();
        prop_assert!(house.verify(&house.sign_text(&header, &claims)).is_err());
    }

    /// The fuzz target's judgement, for a bounded count.
    #[test]
    fn what_is_accepted_said_what_it_must(
        kind in any::<u8>(),
        header in prop_oneof![Just(r#"{"alg":"HS256","typ":"at+jwt"}"#.to_owned()), json_object()],
        claims in prop_oneof![any_claims(), json_object()],
    ) {
        assert_for_bytes(format!("{}{header}\n{claims}", char::from(kind % 0x80)).as_bytes());
    }

    #[test]
    fn any_bytes_are_no_key_set_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(KeySet::parse(&bytes, &Algorithm::EdDsa.into()).is_err());
    }

    #[test]
    fn a_token_comes_apart_and_together_again(
        header in prop::collection::vec(any::<u8>(), 0..60),
        payload in prop::collection::vec(any::<u8>(), 0..60),
        signature in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        use crate::fixtures::encode;
        let text = format!("{}.{}.{}", encode(&header), encode(&payload), encode(&signature));
        let token = CompactToken::parse(&text).expect("three parts");
        prop_assert_eq!(token.header_json(), &header[..]);
        prop_assert_eq!(token.payload_json(), &payload[..]);
        prop_assert_eq!(format!("{}.{}", token.signing_input(), token.signature()), text);
    }

    #[test]
    fn what_is_issued_is_what_is_verified(
        sub in ".{1,100}",
        email in prop::option::of(".{0,100}"),
        roles in prop::collection::vec("[ -~]{1,64}", 0..=64),
        seconds in 0_u64..100_000_000_000,
        later in 0_u64..905,
        fraction in 0_u32..1_000_000_000,
    ) {
        let house = House::new();
        let subject = Subject { sub, email, roles };
        let issued_at = at(seconds) + Duration::from_nanos(fraction.into());
        let issued = house.issuer.issue(&subject, issued_at).expect("issues");
        let verdict = at_once(house.verifier.verify(&issued.token, at(seconds + later)));
        let claims = verdict.expect("good for its whole life");
        prop_assert_eq!(&claims.sub, &subject.sub);
        prop_assert_eq!(&claims.email, &subject.email);
        prop_assert_eq!(&claims.roles, &subject.roles);
        prop_assert_eq!(claims.jti.as_deref(), Some(issued.jti.as_str()));
        prop_assert_eq!(claims.exp, seconds + issued.expires_in);
    }
}

fn json_object() -> impl Strategy<Value = String> {
    let member = prop_oneof![
        Just(r#""alg":"EdDSA""#.to_owned()),
        Just(r#""typ":"at+jwt""#.to_owned()),
        Just(r#""exp":99999999999"#.to_owned()),
        Just(r#""crit":[]"#.to_owned()),
        ("[a-z]{1,4}", any::<i64>()).prop_map(|(name, number)| format!("\"{name}\":{number}")),
        ("[a-z]{1,4}", any::<f64>()).prop_map(|(name, number)| format!("\"{name}\":{number:e}")),
    ];
    prop::collection::vec(member, 0..8).prop_map(|members| format!("{{{}}}", members.join(",")))
}

/// The judgement is about something.
#[test]
fn what_says_all_it_must_is_accepted() {
    let house = House::classic(SECRET);
    house.assert_accepted(&house.sign_text(r#"{"alg":"HS256","typ":"at+jwt"}"#, &claims().to_string()));
}

/// Good claims, one of them possibly replaced.
fn any_claims() -> impl Strategy<Value = String> {
    let names = prop::sample::select(&["iss", "aud", "sub", "jti", "iat", "nbf", "exp", "other"][..]);
    let values = prop_oneof![
        (NOW - 90_000..NOW + 90_000).prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        "[a-z:/.]{0,20}".prop_map(serde_json::Value::from),
        prop::collection::vec(prop_oneof![Just(AUDIENCE.to_owned()), "[a-z]{0,5}"], 0..3)
            .prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    prop::option::of((names, values)).prop_map(|replaced| {
        let mut claims = claims();
        if let Some((name, value)) = replaced {
            claims[name] = value;
        }
        claims.to_string()
    })
}
