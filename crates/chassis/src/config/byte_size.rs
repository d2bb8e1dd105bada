//! A number of bytes as people write it.
use std::fmt;

use serde::{Deserialize, de};

/// Bytes, written as `16777216`, `10Mi` (as Kubernetes does) or `10MB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteSize(pub u64);

impl ByteSize {
    const RANGE: std::ops::RangeInclusive<u64> = (64 << 10)..=(1 << 40);
}

impl std::str::FromStr for ByteSize {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.trim().parse::<bytesize::ByteSize>().map_err(|_| "not a number of bytes")?.as_u64();
        if Self::RANGE.contains(&bytes) { Ok(Self(bytes)) } else { Err("out of range") }
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_may_be_written_as_kubernetes_writes_them() {
        for (written, bytes) in [
            ("10485760", 10 << 20),
            ("10Mi", 10 << 20),
            ("10MiB", 10 << 20),
            ("64Ki", 64 << 10),
            ("10M", 10_000_000),
            ("1Gi", 1 << 30),
        ] {
            assert_eq!(written.parse(), Ok(ByteSize(bytes)), "{written}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for written in ["", "ten", "-1", "10Mx", "10", "2Ti", "Mi"] {
            assert!(written.parse::<ByteSize>().is_err(), "{written}");
        }
    }
}
