//! The verdict: what was asked of a run, held against what was measured.

use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::figures;
use super::outcome::Outcome;

/// What a run must keep to. What is not given is not judged.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Verdict")]
pub(crate) struct Thresholds {
    /// How many requests may fail: a number, or a share such as 0.1%
    #[arg(long, value_name = "N|P%")]
    pub(crate) max_failures: Option<Allowed>,

    /// The median latency must not be above this, for example 5ms
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) p50: Option<Duration>,

    /// 90 of 100 good answers must take no longer than this
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) p90: Option<Duration>,

    /// The same for 95 of 100
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) p95: Option<Duration>,

    /// The same for 99 of 100
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) p99: Option<Duration>,

    /// The same for 999 of 1000
    #[arg(long = "p99.9", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) p99_9: Option<Duration>,

    /// There must be at least so many good answers a second
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub(crate) min_rate: Option<f64>,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.strip_suffix("/s").unwrap_or(text).parse().ok();
    rate.filter(|rate: &f64| rate.is_finite() && *rate >= 0.0).ok_or_else(|| "wanted: good answers a second".to_owned())
}

/// How many failures are allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Allowed {
    Count(u64),
    Percent(f64),
}

impl FromStr for Allowed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = match text.strip_suffix('%') {
            None => text.parse().ok().map(Self::Count),
            Some(share) => {
                let share = share.trim_end().parse().ok().filter(|share| (0.0..=100.0).contains(share));
                share.map(Self::Percent)
            }
        };
        found.ok_or_else(|| "wanted: a whole number such as 0, or a share such as 0.1%".to_owned())
    }
}

/// One demand, and whether it was kept.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) limit: String,
    pub(crate) measured: String,
    pub(crate) pass: bool,
}

/// All demands.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Verdict {
    pub(crate) pass: bool,
    pub(crate) checks: Vec<Check>,
}

impl Verdict {
    pub(crate) fn of(outcome: &Outcome, thresholds: &Thresholds) -> Self {
        let mut checks = Vec::new();
        let good = outcome.total.good();
        if good == 0 {
            // Whatever was asked, this is not what was meant.
            let (limit, measured) = ("at least 1".to_owned(), "0".to_owned());
            checks.push(Check { name: "good answers", limit, measured, pass: false });
        }
        if let Some(allowed) = thresholds.max_failures {
            checks.push(failures(outcome, allowed));
        }
        let latencies = outcome.total.latencies();
        let limits = [
            ("p50", 50.0, thresholds.p50),
            ("p90", 90.0, thresholds.p90),
            ("p95", 95.0, thresholds.p95),
            ("p99", 99.0, thresholds.p99),
            ("p99.9", 99.9, thresholds.p99_9),
        ];
        for (name, percent, limit) in limits {
            let Some(limit) = limit else { continue };
            let measured = latencies.percentile(percent);
            let (limit_text, measured_text) = told_apart((limit, measured), figures::time, figures::exact_time);
            checks.push(Check {
                name,
                limit: format!("at most {limit_text}"),
                measured: if good == 0 { "nothing".to_owned() } else { measured_text },
                pass: good > 0 && measured <= limit,
            });
        }
        if let Some(least) = thresholds.min_rate {
            let rate = outcome.rate();
            let (limit, measured) = told_apart((least, rate), figures::rate, |rate| format!("{rate}/s"));
            checks.push(Check { name: "rate", limit: format!("at least {limit}"), measured, pass: rate >= least });
        }
        Self { pass: checks.iter().all(|check| check.pass), checks }
    }

    /// One word; where nothing was asked there is nothing to pass.
    pub(crate) fn word(&self) -> &'static str {
        match (self.pass, self.checks.is_empty()) {
            (true, true) => "DONE",
            (true, false) => "PASS",
            (false, _) => "FAIL",
        }
    }

    /// One line.
    pub(crate) fn sentence(&self) -> String {
        if self.checks.is_empty() {
            return "no threshold was given".to_owned();
        }
        let failed: Vec<_> = self.checks.iter().filter(|check| !check.pass).map(Check::sentence).collect();
        if failed.is_empty() {
            let kept: Vec<_> = self.checks.iter().map(Check::sentence).collect();
            return kept.join(", ");
        }
        failed.join(", ")
    }
}

impl Check {
    fn sentence(&self) -> String {
        format!("{} {} ({})", self.name, self.measured, self.limit)
    }
}

/// A limit and what was measured, rounded; but with every digit where they differ and would look the same, for nobody
/// believes `FAIL: p99 50.0 ms (at most 50.0 ms)`.
fn told_apart<T: Copy + PartialEq>(
    (limit, measured): (T, T),
    rounded: impl Fn(T) -> String,
    exact: impl Fn(T) -> String,
) -> (String, String) {
    let texts = (rounded(limit), rounded(measured));
    if texts.0 == texts.1 && limit != measured { (exact(limit), exact(measured)) } else { texts }
}

fn failures(outcome: &Outcome, allowed: Allowed) -> Check {
    let count = outcome.total.failed_count();
    let (limit, measured, pass) = match allowed {
        Allowed::Count(most) => (figures::count(most), figures::count(count), count <= most),
        Allowed::Percent(most) => {
            let share = outcome.failed_percent();
            let exact = |percent| format!("{percent} %");
            let (_, shown) = told_apart((most, share), figures::percent, exact);
            // What was typed is short, and is shown as it was typed.
            (exact(most), format!("{} ({shown})", figures::count(count)), share <= most)
        }
    };
    Check { name: "failures", limit: format!("at most {limit}"), measured, pass }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::failure::Kind;
    use crate::load::report::tests::outcome;

    fn verdict(thresholds: &Thresholds) -> Verdict {
        Verdict::of(&outcome(), thresholds)
    }

    #[test]
    fn allowed_failures_are_a_number_or_a_share() {
        assert_eq!("0".parse(), Ok(Allowed::Count(0)));
        assert_eq!("0.1%".parse(), Ok(Allowed::Percent(0.1)));
        for text in ["", "-1", "1.5", "101%", "%", "NaN%"] {
            assert!(text.parse::<Allowed>().is_err(), "{text}");
        }
        assert_eq!((rate("500"), rate("500/s")), (Ok(500.0), Ok(500.0)));
        assert!(rate("fast").is_err() && rate("inf").is_err() && rate("-1").is_err());
    }

    #[test]
    fn what_is_not_asked_is_not_judged() {
        let verdict = verdict(&Thresholds::default());
        assert!(verdict.pass && verdict.checks.is_empty());
        assert_eq!((verdict.word(), verdict.sentence().as_str()), ("DONE", "no threshold was given"));
    }

    /// The sample has 1000 requests, of which 3 failed, in 2 s; latencies from 1 to 997 µs.
    #[test]
    fn each_threshold_is_judged_at_its_edge() {
        let judged = |thresholds: Thresholds| verdict(&thresholds).pass;
        let with = Thresholds::default;
        assert!(judged(Thresholds { max_failures: Some(Allowed::Count(3)), ..with() }));
        assert!(!judged(Thresholds { max_failures: Some(Allowed::Count(2)), ..with() }));
        assert!(judged(Thresholds { max_failures: Some(Allowed::Percent(0.3)), ..with() }));
        assert!(!judged(Thresholds { max_failures: Some(Allowed::Percent(0.29)), ..with() }));
        assert!(judged(Thresholds { p50: Some(Duration::from_micros(500)), ..with() }));
        assert!(!judged(Thresholds { p50: Some(Duration::from_micros(498)), ..with() }));
        assert!(judged(Thresholds { p99_9: Some(Duration::from_micros(997)), ..with() }));
        assert!(!judged(Thresholds { p99_9: Some(Duration::from_micros(990)), ..with() }));
        assert!(judged(Thresholds { min_rate: Some(498.5), ..with() }));
        assert!(!judged(Thresholds { min_rate: Some(498.6), ..with() }));
    }

    #[test]
    fn what_failed_is_named_and_what_was_kept_is_not() {
        let thresholds = Thresholds {
            max_failures: Some(Allowed::Count(0)),
            p99: Some(Duration::from_secs(1)),
            ..Thresholds::default()
        };
        let verdict = verdict(&thresholds);
        assert!(!verdict.pass);
        assert_eq!(verdict.sentence(), "failures 3 (at most 0)");
    }

    /// The sample's p99 is 988 µs, its rate 498.5/s, its share of failures 0.3 %.
    #[test]
    fn what_rounding_makes_alike_is_told_apart() {
        let said = |thresholds: Thresholds| verdict(&thresholds).sentence();
        let with = Thresholds::default;
        let mut slow = outcome();
        slow.total.paths[0].latencies = crate::load::histogram::Latencies::default();
        slow.total.paths[1].latencies = crate::load::histogram::Latencies::default();
        slow.total.paths[0].latencies.record(Duration::from_micros(50_047));
        let limit = Thresholds { p99: Some(Duration::from_millis(50)), ..with() };
        assert_eq!(Verdict::of(&slow, &limit).sentence(), "p99 50.047 ms (at most 50 ms)");
        assert_eq!(said(Thresholds { min_rate: Some(498.6), ..with() }), "rate 498.5/s (at least 498.6/s)");
        let share = Thresholds { max_failures: Some(Allowed::Percent(0.299)), ..with() };
        assert_eq!(said(share), "failures 3 (0.3 %) (at most 0.299 %)");
        let far = Thresholds { p99: Some(Duration::from_micros(500)), min_rate: Some(900.0), ..with() };
        assert_eq!(said(far), "p99 988 µs (at most 500 µs), rate 499/s (at least 900/s)", "else they are short");
        let kept = Thresholds { max_failures: Some(Allowed::Percent(0.3)), ..with() };
        assert_eq!(said(kept), "failures 3 (0.30 %) (at most 0.3 %)");
    }

    #[test]
    fn a_run_without_a_good_answer_never_passes() {
        let mut outcome = outcome();
        outcome.total = crate::load::tally::Tally::new(1);
        outcome.total.failed(0, Kind::Refused, || None);
        let everything = Thresholds { max_failures: Some(Allowed::Percent(100.0)), ..Thresholds::default() };
        let verdict = Verdict::of(&outcome, &everything);
        assert!(!verdict.pass);
        assert_eq!(verdict.sentence(), "good answers 0 (at least 1)");
    }
}
