//! What does not even have the form of an acceptable token: security items 8, 9, 11.

use serde_json::{Value, json};
use token::{ClaimsError, Refusal};

use crate::fixtures::{House, claims};

#[test]
fn security_8_critical_extensions_and_unencoded_payloads_are_refused() {
    let house = House::new();
    for crit in [json!(["b64"]), json!(["exp"]), json!([]), Value::Null] {
        house.assert_refused(&house.with_header("crit", crit), Refusal::Header);
    }
    for b64 in [json!(false), json!(true), Value::Null] {
        house.assert_refused(&house.with_header("b64", b64), Refusal::Header);
    }
}

#[test]
fn security_8_only_three_parts_are_a_token() {
    let house = House::new();
    let token = house.token();
    let json = json!({"payload": "e30", "signatures": []}).to_string();
    let malformed = [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        "a.b".into(),
        format!(".{token}"),
        format!("{token}."),
        token.replacen('.', "..", 1),
        format!("{token}.{token}"),
        "eyJhbGciOiJkaXIifQ.a2V5.aXY.Y2lwaGVy.dGFn".into(),
        json,
    ];
    for token in malformed {
        let refusal = house.verify(&token).err();
        assert!(matches!(refusal, Some(Refusal::Malformed | Refusal::Header)), "{token}: {refusal:?}");
    }
}

#[test]
fn security_9_base64url_is_taken_strictly() {
    let house = House::new();
    let token = house.token();
    let parts: Vec<_> = token.split('.').collect();
    for part in 0..3 {
        for spoilt in [
            format!("{}=", parts[part]),
            format!("{} ", parts[part]),
            format!("{}\n", parts[part]),
            format!("{}+", parts[part]),
            format!("/{}", parts[part]),
            format!("{}é", parts[part]),
        ] {
            let mut parts = parts.clone();
            parts[part] = &spoilt;
            house.assert_refused(&parts.join("."), Refusal::Malformed);
        }
    }
}

#[test]
fn security_9_stray_bits_after_the_signature_are_refused() {
    let house = House::new();
    let token = house.token();
    // 64 bytes take 86 characters; the last one has four bits to spare: A, Q, g or w.
    let (rest, last) = token.split_at(token.len() - 1);
    let next = char::from(last.as_bytes()[0] + 1);
    house.assert_refused(&format!("{rest}{next}"), Refusal::Malformed);
}

#[test]
fn security_9_a_member_twice_is_refused_in_header_and_claims() {
    let house = House::new();
    let header = house.header().to_string();
    let claims = claims().to_string();
    let twice = |json: &str, member: &str| format!("{},{member}}}", &json[..json.len() - 1]);
    for member in [r#""alg":"EdDSA""#, r#""x":1,"x":2"#, r#""\u0061lg":"none""#] {
        house.assert_refused(&house.sign_text(&twice(&header, member), &claims), Refusal::Header);
    }
    for member in [r#""sub":"admin""#, r#""x":{"y":1,"y":2}"#, r#""\u0073ub":"admin""#] {
        house
            .assert_refused(&house.sign_text(&header, &twice(&claims, member)), Refusal::Claims(ClaimsError::Document));
    }
}

#[test]
fn header_and_claims_must_be_json_objects() {
    let house = House::new();
    let header = house.header().to_string();
    let claims = claims().to_string();
    for other in ["", "[]", "null", "7", "\"x\"", "{", "{}{}", "\u{feff}{}", "\0"] {
        house.assert_refused(&house.sign_text(other, &claims), Refusal::Header);
        house.assert_refused(&house.sign_text(&header, other), Refusal::Claims(ClaimsError::Document));
    }
}

#[test]
fn security_11_a_token_longer_than_8_kib_is_refused_unread() {
    let house = House::new();
    let long = house.with_claim("padding", "x".repeat(8_192).into());
    house.assert_refused(&long, Refusal::TooLarge);
    house.assert_refused(&"x".repeat(8_193), Refusal::TooLarge);
    house.assert_refused(&"x".repeat(8_192), Refusal::Malformed);
}
