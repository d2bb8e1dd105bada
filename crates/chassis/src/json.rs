//! JSON request bodies, read as the OpenAPI descriptions describe them: an object, and integers as JSON Schema defines them.
//!
//! serde differs in both points. It fills a struct from an array, member by member in the order of the source code, and it
//! takes no number with a fraction for an integer, while for JSON Schema `60.0` and `6e1` are integers (core, section 4.2.3).
use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// Parses a JSON object, with nothing after it.
///
/// # Errors
/// The error of `serde_json` if the text is not JSON, not an object, or not the object that `T` describes.
pub fn object<T: DeserializeOwned>(text: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice::<Object<T>>(text).map(|Object(value)| value)
}

struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Object)
    }
}

/// For `deserialize_with`: an integer that is not negative, however it is written.
///
/// A number beyond the type becomes the type's largest: each field has a range of its own, and its error names it.
///
/// # Errors
/// The deserializer's error for a negative number, a fraction, or another type.
pub fn whole_number<'de, D: Deserializer<'de>, N: TryFrom<u64> + Bounded>(deserializer: D) -> Result<N, D::Error> {
    let WholeNumber(number) = WholeNumber::deserialize(deserializer)?;
    Ok(N::try_from(number).unwrap_or(N::MAX))
}

/// The same for a member that may be absent or `null`; it needs `#[serde(default)]`, too.
///
/// # Errors
/// Those of [`whole_number`].
pub fn optional_whole_number<'de, D: Deserializer<'de>, N: TryFrom<u64> + Bounded>(
    deserializer: D,
) -> Result<Option<N>, D::Error> {
    let number = Option::<WholeNumber>::deserialize(deserializer)?;
    Ok(number.map(|WholeNumber(number)| N::try_from(number).unwrap_or(N::MAX)))
}

/// An integer type with a largest value.
pub trait Bounded {
    /// The largest value.
    const MAX: Self;
}

impl Bounded for u8 {
    const MAX: Self = Self::MAX;
}

impl Bounded for u32 {
    const MAX: Self = Self::MAX;
}

impl Bounded for u64 {
    const MAX: Self = Self::MAX;
}

struct WholeNumber(u64);

impl<'de> Deserialize<'de> for WholeNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeNumberVisitor)
    }
}

struct WholeNumberVisitor;

impl Visitor<'_> for WholeNumberVisitor {
    type Value = WholeNumber;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number that is not negative")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<WholeNumber, E> {
        Ok(WholeNumber(number))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number is whole and not negative; beyond u64 the cast saturates"
    )]
    fn visit_f64<E: Error>(self, number: f64) -> Result<WholeNumber, E> {
        // `-0.0` is zero.
        if number < 0.0 || number.fract() != 0.0 {
            return Err(E::invalid_value(serde::de::Unexpected::Float(number), &self));
        }
        Ok(WholeNumber(number as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Numbers {
        #[serde(default, deserialize_with = "whole_number")]
        small: u8,
        #[serde(default, deserialize_with = "optional_whole_number")]
        large: Option<u64>,
    }

    fn read(text: &str) -> Result<Numbers, serde_json::Error> {
        object(text.as_bytes())
    }

    #[test]
    fn only_an_object_is_an_object() {
        for text in ["[5,6]", "[]", "[[5,6]]", r#""5""#, "5", "null", "true", "", "{", "{}{}", "{} x"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(read(" { } ").expect("an object"), Numbers { small: 0, large: None });
    }

    #[test]
    fn a_member_twice_or_unknown_is_refused() {
        for text in [r#"{"small":1,"small":2}"#, r#"{"small":1,"\u0073mall":2}"#, r#"{"other":1}"#] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_whole_number_may_be_written_in_any_way() {
        for (written, meant) in
            [("60", 60), ("60.0", 60), ("6e1", 60), ("6.0E+1", 60), ("600e-1", 60), ("-0.0", 0), ("0", 0)]
        {
            let text = format!(r#"{{"small":{written},"large":{written}}}"#);
            assert_eq!(read(&text).expect(written), Numbers { small: meant, large: Some(meant.into()) }, "{written}");
        }
    }

    #[test]
    fn a_number_beyond_the_type_is_the_types_largest() {
        let all = Numbers { small: u8::MAX, large: Some(u64::MAX) };
        for written in ["18446744073709551615", "99999999999999999999", "1e300"] {
            assert_eq!(read(&format!(r#"{{"small":{written},"large":{written}}}"#)).expect(written), all, "{written}");
        }
    }

    #[test]
    fn a_fraction_a_negative_number_and_other_types_are_refused() {
        for written in ["60.5", "-1", "-1.0", "1e-1", r#""60""#, "true", "[60]", "{}", "NaN", "1e400"] {
            assert!(read(&format!(r#"{{"small":{written}}}"#)).is_err(), "{written}");
            assert!(read(&format!(r#"{{"large":{written}}}"#)).is_err(), "{written}");
        }
        assert_eq!(read(r#"{"large":null}"#).expect("absent"), Numbers { small: 0, large: None });
        assert!(read(r#"{"small":null}"#).is_err());
    }
}
