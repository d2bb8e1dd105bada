//! Whether a certificate is good at a time, and for how long.
use std::time::{Duration, SystemTime};

/// Time to renew it by hand, with a weekend or two in it.
const SOON: Duration = Duration::from_hours(30 * 24);

const DAY: Duration = Duration::from_hours(24);

/// How a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It begins later: clients refuse it.
    NotYet,
    Good,
    /// It ends within 30 days: so many whole ones are left.
    EndsSoon(u64),
    /// Clients refuse it.
    Expired,
}

impl Standing {
    pub(super) fn of((begin, end): (SystemTime, SystemTime), now: SystemTime) -> Self {
        if now < begin {
            return Self::NotYet;
        }
        match end.duration_since(now) {
            Ok(left) if left > SOON => Self::Good,
            Ok(left) => Self::EndsSoon(left.as_secs() / DAY.as_secs()),
            Err(_) => Self::Expired,
        }
    }

    pub(super) const fn is_good(self) -> bool {
        matches!(self, Self::Good | Self::EndsSoon(_))
    }

    /// Says so in the log, where there is something to say.
    pub(super) fn tell(self, (begin, end): (SystemTime, SystemTime)) {
        let day = |at| humantime::format_rfc3339_seconds(at).to_string();
        match self {
            Self::Good => {}
            Self::NotYet => {
                tracing::error!(begins = day(begin), "the certificate is not good yet: clients refuse it");
            }
            Self::EndsSoon(days) => {
                tracing::warn!(expires = day(end), days_left = days, "the certificate expires soon");
            }
            Self::Expired => tracing::error!(expires = day(end), "the certificate has expired: clients refuse it"),
        }
    }
}

/// When to say it again: when it stands differently, which with days to count is each day.
#[derive(Debug, Default)]
pub(super) struct Told(Option<Standing>);

impl Told {
    /// Whether this is news.
    pub(super) fn is_news(&mut self, standing: Standing) -> bool {
        self.0.replace(standing) != Some(standing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_warned_of_in_the_last_thirty_days_and_once_a_day() {
        let begin = SystemTime::UNIX_EPOCH + DAY * 1000;
        let end = begin + DAY * 90;
        let at = |now| Standing::of((begin, end), now);
        assert_eq!(at(begin - Duration::from_secs(1)), Standing::NotYet);
        assert_eq!(at(begin), Standing::Good);
        assert_eq!(at(end - SOON - Duration::from_secs(1)), Standing::Good);
        assert_eq!(at(end - SOON), Standing::EndsSoon(30));
        assert_eq!(at(end - Duration::from_secs(1)), Standing::EndsSoon(0));
        assert_eq!(at(end + Duration::from_secs(1)), Standing::Expired);
        let mut told = Told::default();
        let hourly = (0..32 * 24).map(|hours| at(end - DAY * 31 + Duration::from_hours(1) * hours));
        let news = hourly.filter(|standing| told.is_news(*standing)).count();
        assert_eq!(
            news,
            1 + 31 + 1,
            "that it is good, which is not logged; from 30 to 0 days left; that it has expired"
        );
    }
}
