//! Which answers are good: those from 200 to 399, unless others are named.

use std::str::FromStr;

use http::StatusCode;

/// Statuses of good answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Good {
    named: Vec<StatusCode>,
}

impl Good {
    pub(super) fn includes(&self, status: StatusCode) -> bool {
        if self.named.is_empty() { (200..400).contains(&status.as_u16()) } else { self.named.contains(&status) }
    }
}

impl FromStr for Good {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let status = |text: &str| {
            let found = text.trim().parse().ok().filter(|status| (100..600).contains(status));
            found.and_then(|status| StatusCode::from_u16(status).ok())
        };
        let named: Option<_> = text.split(',').map(status).collect();
        Ok(Self { named: named.ok_or("wanted: statuses with commas between them, for example 200,401")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_an_error_is_good_unless_told_otherwise() {
        let usual = Good::default();
        assert!(usual.includes(StatusCode::OK) && usual.includes(StatusCode::FOUND));
        // Nothing asked for another protocol (RFC 9110 section 15.2.2).
        assert!(!usual.includes(StatusCode::SWITCHING_PROTOCOLS));
        assert!(!usual.includes(StatusCode::UNAUTHORIZED) && !usual.includes(StatusCode::BAD_GATEWAY));
        let named: Good = "401, 429".parse().unwrap();
        assert!(named.includes(StatusCode::UNAUTHORIZED) && !named.includes(StatusCode::OK));
        for text in ["", "ok", "200,", "99", "600"] {
            assert!(text.parse::<Good>().is_err(), "{text}");
        }
    }
}
