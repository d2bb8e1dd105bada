//! Whether a certificate is good at a time, and for how long.
use std::time::{Duration, SystemTime};

/// Time to renew it by hand, with a weekend or two in it.
const LONGEST_NOTICE: Duration = Duration::from_hours(30 * 24);

/// The last fifth of a life: whoever renews certificates by a program does so when a third is left.
const SHARE: u32 = 5;

const DAY: Duration = Duration::from_hours(24);

/// From when until when a chain of certificates is good.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validity {
    /// The latest beginning.
    pub(super) begin: SystemTime,
    /// The earliest end.
    pub(super) end: SystemTime,
    /// How long before that end it ends soon.
    notice: Duration,
}

impl Validity {
    /// Of a chain, by the beginning and the end of each certificate; `None` for an empty one.
    pub(super) fn of(chain: &[(SystemTime, SystemTime)]) -> Option<Self> {
        let begin = chain.iter().map(|(begin, _)| *begin).max()?;
        let (its_begin, end) = *chain.iter().min_by_key(|(_, end)| *end)?;
        let life = end.duration_since(its_begin).unwrap_or_default();
        Some(Self { begin, end, notice: (life / SHARE).min(LONGEST_NOTICE) })
    }
}

/// How a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It begins later: clients refuse it.
    NotYet,
    Good,
    /// A fifth of its life is left, at most 30 days: that many whole ones.
    EndsSoon(u64),
    /// Clients refuse it.
    Expired,
}

impl Standing {
    pub(super) fn of(validity: Validity, now: SystemTime) -> Self {
        if now < validity.begin {
            return Self::NotYet;
        }
        match validity.end.duration_since(now) {
            Ok(left) if left > validity.notice => Self::Good,
            Ok(left) => Self::EndsSoon(left.as_secs() / DAY.as_secs()),
            Err(_) => Self::Expired,
        }
    }

    pub(super) const fn is_good(self) -> bool {
        matches!(self, Self::Good | Self::EndsSoon(_))
    }

    /// Says so in the log, where there is something to say.
    pub(super) fn tell(self, Validity { begin, end, .. }: Validity) {
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
        let end = begin + DAY * 365;
        let validity = Validity::of(&[(begin, end)]).expect("one");
        let at = |now| Standing::of(validity, now);
        assert_eq!(at(begin - Duration::from_secs(1)), Standing::NotYet);
        assert_eq!(at(begin), Standing::Good);
        assert_eq!(at(end - DAY * 30 - Duration::from_secs(1)), Standing::Good);
        assert_eq!(at(end - DAY * 30), Standing::EndsSoon(30));
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

    /// Certificates of a day, of six days and of 90 are renewed by programs, with a third of their life left.
    #[test]
    fn a_short_life_is_not_its_end() {
        let begin = SystemTime::UNIX_EPOCH + DAY * 1000;
        for (hours, notice) in [(24, 4), (6 * 24, 28), (47 * 24, 225), (90 * 24, 18 * 24), (10 * 365 * 24, 30 * 24)] {
            let end = begin + Duration::from_hours(hours);
            let validity = Validity::of(&[(begin, end)]).expect("one");
            let left = |left| Standing::of(validity, end - left);
            assert_eq!(left(Duration::from_hours(hours)), Standing::Good);
            assert_eq!(left(Duration::from_hours(hours) / 3), Standing::Good, "{hours} h: a program renews it now");
            assert_eq!(left(Duration::from_hours(notice + 1)), Standing::Good, "{hours} h");
            assert_eq!(left(Duration::from_hours(notice)), Standing::EndsSoon(notice / 24), "{hours} h");
        }
    }

    #[test]
    fn the_life_that_counts_is_that_of_the_certificate_that_ends_first() {
        let begin = SystemTime::UNIX_EPOCH + DAY * 1000;
        let (leaf, above) = ((begin, begin + DAY * 90), (begin - DAY * 1000, begin + DAY * 2000));
        let validity = Validity::of(&[leaf, above]).expect("two");
        assert_eq!((validity.begin, validity.end, validity.notice), (leaf.0, leaf.1, DAY * 18));
        assert!(Validity::of(&[]).is_none());
    }
}
