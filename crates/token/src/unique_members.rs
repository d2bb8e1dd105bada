//! JSON in which no object has the same member twice, at any depth.
//!
//! RFC 7515 §4 and RFC 7519 §4 leave a choice between refusing and taking the last one. Two parsers that choose
//! differently see two different tokens, so we refuse.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Parses `json` as `T` if it is one JSON object without duplicate members and nothing after it.
///
/// An array is refused before serde fills a struct from it, member by member (RFC 7515 §4, RFC 7517 §5, RFC 7519 §4).
///
/// Nesting is limited by `serde_json` (128 levels), size by the caller.
pub(crate) fn from_slice<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err(serde_json::Error::custom("not an object"));
    }
    let mut parser = serde_json::Deserializer::from_slice(json);
    UniqueMembers.deserialize(&mut parser)?;
    parser.end()?;
    serde_json::from_slice(json)
}

/// Walks a value and keeps nothing of it.
struct UniqueMembers;

impl<'de> DeserializeSeed<'de> for UniqueMembers {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueMembers {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(UniqueMembers)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        // Owned names: a name written with escapes is compared after unescaping.
        let mut seen = HashSet::<String>::new();
        while let Some(name) = members.next_key::<String>()? {
            members.next_value_seed(UniqueMembers)?;
            if !seen.insert(name) {
                return Err(A::Error::custom("an object has a member twice"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn accepts(json: &str) -> bool {
        from_slice::<Value>(json.as_bytes()).is_ok()
    }

    #[test]
    fn ordinary_json_passes() {
        assert!(accepts(r#"{"a":1,"b":[true,null,-2,0.5,"x",{"a":{}}]}"#));
    }

    #[test]
    fn a_repeated_member_is_refused_at_any_depth() {
        assert!(!accepts(r#"{"alg":"EdDSA","alg":"EdDSA"}"#));
        assert!(!accepts(r#"{"a":[{"b":1,"b":2}]}"#));
    }

    #[test]
    fn a_repeated_member_is_found_behind_escapes() {
        assert!(!accepts(r#"{"alg":"EdDSA","\u0061lg":"none"}"#));
    }

    #[test]
    fn only_an_object_is_read() {
        #[derive(serde::Deserialize)]
        struct Pair {
            a: u8,
            b: u8,
        }
        let Pair { a, b } = from_slice(br#" {"a":1,"b":2} "#).expect("an object");
        assert_eq!((a, b), (1, 2));
        for text in ["[1,2]", " [1,2]", "[[1,2]]", "1", "null", "", " "] {
            assert!(from_slice::<Pair>(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_may_follow_the_value_and_depth_is_bounded() {
        assert!(!accepts("{} {}"));
        assert!(!accepts(&"[".repeat(4_000)));
        assert!(!accepts(&format!("{}{}", "[".repeat(1_000), "]".repeat(1_000))));
    }
}
