//! The report for programs, of the sample.

use super::*;
use crate::load::report::tests::{crowded, outcome};
use crate::load::verdict::Thresholds;

#[test]
fn programs_get_every_figure() {
    let mut outcome = outcome();
    outcome.points.truncate(1);
    let verdict = Verdict::of(&outcome, &Thresholds { p99: Some(Duration::from_millis(50)), ..Thresholds::default() });
    insta::assert_json_snapshot!(Report::new(&outcome, &verdict));
}

#[test]
fn answers_of_more_pods_than_are_told_apart_are_in_it() {
    let outcome = crowded();
    let report = Report::new(&outcome, &Verdict::of(&outcome, &Thresholds::default()));
    assert_eq!((report.servers.len(), report.others), (200, 13));
    let named: u64 = report.servers.iter().map(|server| server.answers).sum();
    assert_eq!(named + report.others, report.good, "nothing is lost");
    let last = report.series.last().expect("it has points");
    assert_eq!((last.others, last.pods.values().sum::<u64>() + last.others), (13, last.good));
}
