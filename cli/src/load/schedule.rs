//! How much load when: phases one after another, each at one level or on a ramp from one to another. A level is a rate
//! (open loop: requests are sent when they are due, whatever became of those before) or a number of connections (closed
//! loop: each asks again when it has its answer).

use std::str::FromStr;
use std::time::Duration;

/// More would be a list that nobody reads.
const MAX_PHASES: usize = 100;
/// Requests per second beyond what one machine sends.
pub(crate) const MAX_RATE: f64 = 1_000_000.0;
/// Connections beyond what one machine keeps.
pub(crate) const MAX_CONNECTIONS: usize = 10_000;

/// What a level counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Requests a second: open loop.
    Rate,
    /// Connections that keep asking: closed loop.
    Connections,
}

/// A time with a level, or with a ramp: `10s:500/s`, `10s:0..500/s`, `1m:8c`, `30s:1..64c`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Phase {
    pub(crate) length: Duration,
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) unit: Unit,
}

impl FromStr for Phase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "wanted: TIME:LEVEL, where LEVEL is 500/s, 0..500/s, 8c or 1..64c";
        let (length, level) = text.split_once(':').ok_or(FORM)?;
        let length = humantime::parse_duration(length).map_err(|error| format!("{length}: {error}; {FORM}"))?;
        if length.is_zero() {
            return Err(format!("a phase takes some time; {FORM}"));
        }
        let (levels, unit) = match level.strip_suffix('c') {
            Some(levels) => (levels, Unit::Connections),
            None => (level.strip_suffix("/s").unwrap_or(level), Unit::Rate),
        };
        let (from, to) = levels.split_once("..").unwrap_or((levels, levels));
        let level = |text: &str| unit.level(text).ok_or_else(|| format!("{text:?} is no level; {FORM}"));
        Ok(Self { length, from: level(from)?, to: level(to)?, unit })
    }
}

impl Unit {
    fn level(self, text: &str) -> Option<f64> {
        match self {
            Self::Rate => text.parse().ok().filter(|rate| (0.0..=MAX_RATE).contains(rate)),
            Self::Connections => {
                let count = text.parse::<u32>().ok().filter(|count| *count as usize <= MAX_CONNECTIONS);
                count.map(f64::from)
            }
        }
    }
}

impl Phase {
    fn seconds(&self) -> f64 {
        self.length.as_secs_f64()
    }

    fn at(&self, second: f64) -> f64 {
        self.from + (self.to - self.from) * (second / self.seconds()).clamp(0.0, 1.0)
    }

    /// The level's integral: of a rate, the requests that are due within the phase.
    fn area(&self) -> f64 {
        f64::midpoint(self.from, self.to) * self.seconds()
    }

    /// When the integral reaches `area`, from the start of the phase.
    fn reaches(&self, area: f64) -> f64 {
        let slope = (self.to - self.from) / self.seconds();
        let root = (self.from * self.from + 2.0 * slope * area).max(0.0).sqrt();
        // Of the two forms of the solution the one that does not subtract what is nearly the same.
        if area <= 0.0 { 0.0 } else { (2.0 * area / (self.from + root)).min(self.seconds()) }
    }
}

/// The phases of a run.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    phases: Vec<Phase>,
    unit: Unit,
}

impl Schedule {
    /// One level from beginning to end.
    pub(crate) fn steady(length: Duration, level: f64, unit: Unit) -> Self {
        Self { phases: vec![Phase { length, from: level, to: level, unit }], unit }
    }

    /// The error says what is wrong with the list.
    pub(crate) fn new(phases: Vec<Phase>) -> Result<Self, String> {
        let Some(first) = phases.first().filter(|_| phases.len() <= MAX_PHASES) else {
            return Err(format!("there may be 1 to {MAX_PHASES} phases"));
        };
        let unit = first.unit;
        if phases.iter().any(|phase| phase.unit != unit) {
            return Err("phases are either all rates (500/s) or all connections (8c)".to_owned());
        }
        if phases.iter().all(|phase| phase.from <= 0.0 && phase.to <= 0.0) {
            return Err("no phase has any load".to_owned());
        }
        Ok(Self { phases, unit })
    }

    pub(crate) fn unit(&self) -> Unit {
        self.unit
    }

    pub(crate) fn phases(&self) -> &[Phase] {
        &self.phases
    }

    pub(crate) fn length(&self) -> Duration {
        self.phases.iter().map(|phase| phase.length).sum()
    }

    pub(crate) fn highest(&self) -> f64 {
        self.phases.iter().flat_map(|phase| [phase.from, phase.to]).fold(0.0, f64::max)
    }

    /// The level at a time; none after the end.
    pub(super) fn level(&self, at: Duration) -> f64 {
        let mut second = at.as_secs_f64();
        for phase in &self.phases {
            if second < phase.seconds() {
                return phase.at(second);
            }
            second -= phase.seconds();
        }
        0.0
    }

    /// How many requests are due in all.
    pub(super) fn total(&self) -> u64 {
        let area: f64 = self.phases.iter().map(Phase::area).sum();
        // A sum of fractions may end a hair above a whole number.
        whole((area - 1e-6).ceil())
    }

    /// How many requests are due until then.
    pub(super) fn due_by(&self, at: Duration) -> u64 {
        let total = self.total();
        let mut count = self.area_by(at).min(total);
        // Rounding, and a pause right after a whole number, are settled by the other way to look at it.
        while count > 0 && self.due(count - 1) > at {
            count -= 1;
        }
        while count < total && self.due(count) <= at {
            count += 1;
        }
        count
    }

    /// The integral until then, in whole requests.
    fn area_by(&self, at: Duration) -> u64 {
        let mut second = at.as_secs_f64();
        let mut area = 0.0;
        for phase in &self.phases {
            if second < phase.seconds() {
                area += f64::midpoint(phase.from, phase.at(second)) * second;
                return whole(area.floor()) + 1;
            }
            area += phase.area();
            second -= phase.seconds();
        }
        u64::MAX
    }

    /// When a request (counted from 0) is due.
    pub(super) fn due(&self, request: u64) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
        let mut area = request as f64;
        let mut begun = Duration::ZERO;
        for phase in &self.phases {
            if area < phase.area() {
                return begun + Duration::from_secs_f64(phase.reaches(area));
            }
            area -= phase.area();
            begun += phase.length;
        }
        begun
    }

    /// From `after` on, when the level is first above `level`.
    pub(super) fn exceeds(&self, level: f64, after: Duration) -> Option<Duration> {
        let mut begun = Duration::ZERO;
        for phase in &self.phases {
            let inside = after.saturating_sub(begun);
            if inside < phase.length {
                let now = phase.at(inside.as_secs_f64());
                if now > level {
                    return Some(begun + inside);
                }
                if phase.to > level {
                    let share = (level - now) / (phase.to - now);
                    let left = phase.length.saturating_sub(inside).mul_f64(share.clamp(0.0, 1.0));
                    // A hair later, so that it is above and not at the level.
                    return Some(begun + inside + left + Duration::from_millis(1));
                }
            }
            begun += phase.length;
        }
        None
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts stay far below 2^52")]
fn whole(value: f64) -> u64 {
    value.max(0.0) as u64
}

#[cfg(test)]
mod tests;
