//! The table at the end of a run, for people.

use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use crate::load::failure::Example;
use crate::load::figures;
use crate::load::histogram::Latencies;
use crate::load::outcome::{Outcome, PERCENTILES, percent};
use crate::load::verdict::Verdict;
use crate::output::harmless;
use crate::table::aligned;

const BOLD: Style = Style::new().bold();

/// All of it, in colour.
pub(crate) fn table(outcome: &Outcome, verdict: &Verdict) -> String {
    let mut text = String::new();
    head(&mut text, outcome);
    latencies(&mut text, outcome);
    paths(&mut text, outcome);
    servers(&mut text, outcome);
    failures(&mut text, outcome);
    remarks(&mut text, outcome);
    let word = verdict.word();
    let colour = match word {
        "PASS" => Some(AnsiColor::Green.into()),
        "FAIL" => Some(AnsiColor::Red.into()),
        _ => None,
    };
    let style = BOLD.fg_color(colour);
    let _ = writeln!(text, "\n{style}{word}{style:#}: {}", verdict.sentence());
    text
}

fn head(text: &mut String, outcome: &Outcome) {
    let total = &outcome.total;
    let plan = &outcome.plan;
    let length = figures::time(outcome.elapsed);
    let stopped = if outcome.interrupted { ", stopped early" } else { "" };
    let _ = writeln!(text, "{BOLD}{}{BOLD:#}  {}, {length}{stopped}\n", plan.target.origin(), plan.shape());
    let (good, failed) = (total.good(), total.failed_count());
    let failed_share = format!("{} of all", figures::percent(outcome.failed_percent()));
    let rows = [
        ["requests", &figures::count(total.requests()), ""],
        ["  good", &figures::count(good), &figures::rate(outcome.rate())],
        ["  failed", &figures::count(failed), if failed == 0 { "" } else { &failed_share }],
        ["connections", &figures::count(total.connections_opened), "opened"],
        ["received", &figures::bytes(total.body_bytes), "in bodies"],
    ];
    section(text, &rows.map(|row| row.map(str::to_owned)), false);
}

fn latencies(text: &mut String, outcome: &Outcome) {
    let mut rows = vec![latency_names()];
    let all = outcome.total.latencies();
    rows.push(latency_row("latency", &all));
    if outcome.plan.is_open_loop() {
        rows.push(latency_row("service time", &outcome.total.service_times));
    }
    if all.count() > 0 {
        section(text, &rows, true);
    }
    if outcome.plan.is_open_loop() {
        let _ = writeln!(text, "  Latency counts from when a request was due, service time from when it was sent.");
    }
}

fn latency_names() -> [String; 8] {
    let mut names = ["", "", "", "", "", "", "max", "mean"].map(str::to_owned);
    for (name, (percentile, _)) in names[1..].iter_mut().zip(PERCENTILES) {
        percentile.clone_into(name);
    }
    names
}

fn latency_row(name: &str, latencies: &Latencies) -> [String; 8] {
    let shown = |time: Duration| figures::time(time);
    let [p50, p90, p95, p99, p99_9] = PERCENTILES.map(|(_, percent)| shown(latencies.percentile(percent)));
    [name.to_owned(), p50, p90, p95, p99, p99_9, shown(latencies.max()), shown(latencies.mean())]
}

fn paths(text: &mut String, outcome: &Outcome) {
    let paths = outcome.plan.mix.paths();
    if paths.len() < 2 {
        return;
    }
    let all: u64 = outcome.total.paths.iter().map(|path| path.latencies.count() + path.failed).sum();
    let mut rows = vec![["path", "requests", "share", "failed", "p50", "p99", "max"].map(str::to_owned)];
    for (path, tally) in paths.iter().zip(&outcome.total.paths) {
        let requests = tally.latencies.count() + tally.failed;
        rows.push([
            path.path.to_string(),
            figures::count(requests),
            figures::percent(percent(requests, all)),
            figures::count(tally.failed),
            figures::time(tally.latencies.percentile(50.0)),
            figures::time(tally.latencies.percentile(99.0)),
            figures::time(tally.latencies.max()),
        ]);
    }
    section(text, &rows, true);
}

fn servers(text: &mut String, outcome: &Outcome) {
    let shares = &outcome.total.shares;
    let row = |pod: &str, version: &str, count: u64| {
        let share = figures::percent(percent(count, shares.total()));
        [harmless(pod), harmless(version), figures::count(count), share]
    };
    let mut rows = vec![["answered by", "version", "answers", "share"].map(str::to_owned)];
    rows.extend(shares.rows().iter().map(|(server, count)| row(&server.pod, &server.version, *count)));
    if shares.others() > 0 {
        rows.push(row("(others)", "", shares.others()));
    }
    if rows.len() > 1 {
        section(text, &rows, true);
    }
    let versions = shares.versions();
    if versions.len() > 1 {
        let mut rows = vec![["version", "answers", "share"].map(str::to_owned)];
        rows.extend(versions.iter().map(|(version, count)| {
            let [_, version, count, share] = row("", version, *count);
            [version, count, share]
        }));
        section(text, &rows, true);
    }
}

fn failures(text: &mut String, outcome: &Outcome) {
    let failures = &outcome.total.failures;
    if failures.is_empty() {
        return;
    }
    let mut rows = vec![["failures", "count", "the first"].map(str::to_owned)];
    for failed in failures {
        let first = failed.first.as_ref().map(example).unwrap_or_default();
        rows.push([failed.kind.to_string(), figures::count(failed.count), first]);
    }
    section(text, &rows, true);
}

/// An example in a line.
pub(crate) fn example(example: &Example) -> String {
    format!("{}: {}", occasion(example), harmless(&example.detail))
}

/// When it was, which request, and who answered.
pub(crate) fn occasion(example: &Example) -> String {
    let Example { at, method, path, request_id, served_by, .. } = example;
    let by = served_by.as_ref().map_or_else(String::new, |by| format!(" from {}", harmless(by)));
    let id = if request_id.is_empty() { String::new() } else { format!(" (request {})", harmless(request_id)) };
    format!("at {}: {method} {path}{by}{id}", figures::time(*at))
}

fn remarks(text: &mut String, outcome: &Outcome) {
    if outcome.unsent > 0 {
        let _ = writeln!(
            text,
            "\n{} requests were due and found no free connection: the rate was not kept.\n\
             More --connections help, unless the service is at its end.",
            figures::count(outcome.unsent)
        );
    }
    let Some(renewals) = &outcome.renewals else { return };
    if renewals.refreshed > 0 {
        let _ = writeln!(text, "\nToken refreshes: {}", renewals.refreshed);
    }
    if let Some(error) = &renewals.last_error {
        let _ = writeln!(text, "\nToken refreshes that failed: {}, the last one: {}", renewals.failed, harmless(error));
    }
}

fn section<const N: usize>(text: &mut String, rows: &[[String; N]], has_names: bool) {
    if has_names {
        text.push('\n');
    }
    for (index, line) in aligned(rows).iter().enumerate() {
        let style = if has_names && index == 0 { BOLD } else { Style::new() };
        let _ = writeln!(text, "  {style}{line}{style:#}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::report::tests::outcome;
    use crate::load::verdict::{Allowed, Thresholds};

    #[test]
    fn the_table_tells_all_of_it() {
        let outcome = outcome();
        let thresholds = Thresholds { max_failures: Some(Allowed::Count(0)), ..Thresholds::default() };
        let text = table(&outcome, &Verdict::of(&outcome, &thresholds));
        insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string());
    }

    #[test]
    fn a_strangers_text_does_nothing_to_the_terminal() {
        let mut outcome = outcome();
        for failed in &mut outcome.total.failures {
            let example = failed.first.as_mut().unwrap();
            example.detail = "\u{1b}[2J".to_owned();
            example.request_id = "\u{9b}".to_owned();
        }
        let text = table(&outcome, &Verdict::of(&outcome, &Thresholds::default()));
        let text = anstream::adapter::strip_str(&text).to_string();
        assert!(text.contains("\\u{1b}[2J") && text.contains("\\u{9b}"), "{text}");
    }
}
