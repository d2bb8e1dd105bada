//! A JSON object as it was written: members in their order, and a repeated one twice.
//!
//! `serde_json::Map` sorts and keeps the last of two: good for programs, but a person who looks at a token wants to see
//! what is there.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::output;

/// The members of an object.
#[derive(Debug, PartialEq)]
pub(super) struct Members(pub(super) Vec<(String, Value)>);

impl Members {
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// The first member of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(member, _)| member == name);
        found.map(|(_, value)| value)
    }

    /// A name that occurs twice, if one does.
    pub(super) fn repeated(&self) -> Option<&str> {
        let mut names: Vec<_> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let pair = names.windows(2).find(|pair| pair[0] == pair[1])?;
        Some(pair[0])
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A value for people: text without quotes, everything else as JSON; never more than a line.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => output::harmless(text),
        other => output::harmless(&other.to_string()),
    }
}

/// A JSON number as whole seconds; RFC 7519 §2 allows fractions.
pub(super) fn seconds(value: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and a time that far off is shown as none")]
    let whole = |fraction: f64| fraction as i64;
    value.as_i64().or_else(|| value.as_f64().map(whole))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn order_and_repetition_are_kept() {
        let members = Members::parse(br#"{"b":1,"a":2,"b":3}"#).unwrap();
        let names: Vec<_> = members.0.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a", "b"]);
        assert_eq!(members.repeated(), Some("b"));
        assert_eq!(members.get("b"), Some(&json!(1)));
        assert_eq!(Members::parse(b"[]"), None);
    }

    #[test]
    fn times_may_be_whole_or_broken_numbers() {
        assert_eq!(seconds(&json!(12)), Some(12));
        assert_eq!(seconds(&json!(12.9)), Some(12));
        assert_eq!(seconds(&json!("12")), None);
        assert_eq!(seconds(&json!(u64::MAX)), Some(i64::MAX));
    }
}
