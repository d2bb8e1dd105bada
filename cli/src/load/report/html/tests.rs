//! The page, of the sample.

use super::*;
use crate::load::report::tests::{crowded, outcome};
use crate::load::verdict::Thresholds;

fn page(outcome: &Outcome) -> String {
    html(outcome, &Verdict::of(outcome, &Thresholds::default()))
}

#[test]
fn every_plot_shows_failures_and_marks() {
    let page = page(&outcome());
    assert_eq!(page.matches("<svg").count(), 5, "four over time, one by percentile");
    assert_eq!(page.matches("class=\"failed\" x=").count(), 4, "one point has failures");
    assert_eq!(page.matches("<g class=\"mark\">").count(), 4);
    for text in ["DONE", "hello-7c9b-klmno", "closed before an answer", "one pod of hello is replaced", "p99.9"] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn nothing_comes_from_elsewhere_and_nothing_runs() {
    let page = page(&outcome());
    for part in ["<script", "src=", "url(", "@import", "<link", "<iframe", "onload", "https://"] {
        assert!(!page.contains(part), "{part}");
    }
    assert_eq!(page.matches("http://").count(), page.matches("http://localhost:8080").count());
}

#[test]
fn a_strangers_text_stays_text() {
    let mut outcome = outcome();
    let hostile = "</title></svg><script>alert(1)</script>\"'><img src=x>";
    for failed in &mut outcome.total.failures {
        let example = failed.first.as_mut().expect("it has one");
        example.detail = hostile.to_owned();
        example.request_id = hostile.to_owned();
        example.served_by = Some(hostile.to_owned());
    }
    outcome.marks[0].text = hostile.to_owned();
    let mut fields = http::HeaderMap::new();
    fields.insert("x-served-by", hostile.parse().unwrap());
    fields.insert("x-service-version", hostile.parse().unwrap());
    outcome.total.shares.count(&fields);
    outcome.points[1].shares.count(&fields);
    let page = page(&outcome);
    assert!(page.contains("&lt;script&gt;"));
    for part in ["<script", "<img", "\"'>"] {
        assert!(!page.contains(part), "{part}");
    }
}

#[test]
fn a_run_without_an_answer_is_a_page_too() {
    let mut outcome = outcome();
    outcome.points.clear();
    outcome.total = crate::load::tally::Tally::new(2);
    assert!(page(&outcome).contains("FAIL"));
}

#[test]
fn answers_of_more_pods_than_are_told_apart_have_a_row() {
    assert!(
        page(&crowded()).contains("(others)</th><td></td><td class=\"figure\">13</td><td class=\"figure\">6.1 %</td>")
    );
    assert!(!page(&outcome()).contains("(others)"));
}
