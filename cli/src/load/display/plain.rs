//! One line a second, for logs: `name=value` with the same names in every line.

use std::fmt::Write as _;

use super::Display;
use crate::load::course::Course;
use crate::load::figures;
use crate::load::outcome::{per_second, percent};
use crate::load::plan::Plan;
use crate::load::report::example;
use crate::load::shares::Shares;
use crate::load::tally::Failed;
use crate::output::{harmless, remark};

/// Lines on standard error.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    /// Kinds of failures that were told of.
    told: usize,
}

impl Display for Plain {
    fn begin(&mut self, plan: &Plan) {
        let length = humantime::format_duration(plan.schedule.length());
        let count = plan.requests.map_or_else(String::new, |count| format!(" or {} requests", figures::count(count)));
        remark(&format!("load: {}, {}, {length}{count}", plan.target.origin(), plan.shape()));
    }

    fn show(&mut self, _: &Plan, course: &Course) {
        for failed in course.total.failures.iter().skip(self.told) {
            remark(&first(failed));
        }
        self.told = course.total.failures.len();
        if course.is_full_second() {
            remark(&line(course));
        }
    }

    fn note(&mut self, text: &str) {
        remark(&format!("load: {text}"));
    }

    fn end(&mut self) {}
}

fn first(failed: &Failed) -> String {
    let example = failed.first.as_ref().map(example).unwrap_or_default();
    format!("load: first failure \"{}\" {example}", failed.kind)
}

/// Of the last second, but for the sums.
fn line(course: &Course) -> String {
    let (second, length) = course.last_second();
    let latencies = second.latencies();
    let at = |percent| format!("{:.3}ms", latencies.percentile(percent).as_secs_f64() * 1e3);
    let mut line = format!(
        "t={}s rate={:.0}/s p50={} p99={} max={} failed={} total={} total_failed={}",
        course.elapsed().as_secs(),
        per_second(second.good(), length),
        at(50.0),
        at(99.0),
        at(100.0),
        second.failed_count(),
        course.total.requests(),
        course.total.failed_count(),
    );
    let pods = second.shares.rows().iter().map(|(server, count)| (server.pod.as_str(), *count));
    let _ = write!(line, " pods={}", shares(pods, &second.shares));
    let versions = second.shares.versions();
    let versions = versions.iter().map(|(version, count)| (version.as_str(), *count));
    let _ = write!(line, " versions={}", shares(versions, &second.shares));
    line
}

/// `hello-1:52%,hello-2:48%`
fn shares<'a>(rows: impl Iterator<Item = (&'a str, u64)>, all: &Shares) -> String {
    let shown: Vec<_> =
        rows.map(|(name, count)| format!("{}:{:.0}%", harmless(name), percent(count, all.total()))).collect();
    if shown.is_empty() { "-".to_owned() } else { shown.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::report::tests::course;

    #[test]
    fn a_line_tells_of_the_last_second() {
        insta::assert_snapshot!(line(&course()));
    }

    #[test]
    fn a_failure_is_told_of_once() {
        let course = course();
        let lines: Vec<_> = course.total.failures.iter().map(first).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}
