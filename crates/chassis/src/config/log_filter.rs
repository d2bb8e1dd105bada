//! Which events are logged: levels by target.
use serde::{Deserialize, de};
use tracing_subscriber::filter::{LevelFilter, Targets};

/// Levels by target: `info`, `warn,auth=debug`. Fewer forms than `EnvFilter` has, without its megabyte of regular expressions.
///
/// `Targets` has a parser of its own, which takes `warning` for the name of a target and then logs nothing else. Here each
/// part has a level, and what no part names is logged from `info` on: a typing mistake must not silence the audit trail.
#[derive(Debug, Clone)]
pub struct LogFilter(pub Targets);

impl std::str::FromStr for LogFilter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut targets = Targets::new().with_default(LevelFilter::INFO);
        for part in text.split(',').map(str::trim) {
            targets = match part.split_once('=') {
                Some((target, wanted)) => targets.with_target(name(target.trim())?, level(wanted.trim())?),
                None => targets.with_default(level(part)?),
            };
        }
        Ok(Self(targets))
    }
}

fn level(text: &str) -> Result<LevelFilter, &'static str> {
    // `LevelFilter` also takes nothing and digits.
    let is_word = text.starts_with(|first: char| first.is_ascii_alphabetic());
    let level = if is_word { text.parse().ok() } else { None };
    level.ok_or("a part in it that is no level: off, error, warn, info, debug or trace")
}

fn name(text: &str) -> Result<&str, &'static str> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:.".contains(&byte);
    let is_target = !text.is_empty() && text.bytes().all(is_name);
    if is_target { Ok(text) } else { Err("a part in it that is no target, such as auth or hyper::proto") }
}

impl<'de> Deserialize<'de> for LogFilter {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    fn logs(filter: &str, target: &str, level: Level) -> bool {
        filter.parse::<LogFilter>().expect(filter).0.would_enable(target, &level)
    }

    #[test]
    fn what_is_no_level_is_refused() {
        for filter in [
            "warning",
            "auth",
            "information",
            "verbose",
            "4",
            "auth=5",
            "info,warning",
            "auth=loud",
            "auth=",
            "=info",
            "info,",
            ",",
            "a b=info",
            "auth[login]=debug",
            "info/login",
        ] {
            assert!(filter.parse::<LogFilter>().is_err(), "{filter}");
        }
    }

    #[test]
    fn levels_are_taken_in_any_case_and_with_blanks_between() {
        assert!(logs("WARN", "auth", Level::WARN) && !logs("WARN", "auth", Level::INFO));
        assert!(logs(" warn , auth = debug ", "auth", Level::DEBUG));
        assert!(!logs("off", "audit", Level::ERROR));
    }

    #[test]
    fn a_target_alone_silences_nothing_else() {
        assert!(logs("auth=debug", "auth", Level::DEBUG));
        assert!(logs("auth=debug", "audit", Level::INFO) && !logs("auth=debug", "audit", Level::DEBUG));
    }
}
