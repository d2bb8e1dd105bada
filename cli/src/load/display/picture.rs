//! The picture of a run as it is now: rate, latency, who answers, what fails. Lines in colour, made anew each time.

use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::Scene;
use crate::load::course::{Course, Point};
use crate::load::figures;
use crate::load::outcome::{per_second, percent};
use crate::load::plan::Plan;
use crate::load::report::occasion;
use crate::load::shares::Shares;
use crate::load::tally::Tally;
use crate::output::harmless;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))).bold();
/// A version has a colour, in the order in which they were seen.
const COLOURS: [AnsiColor; 6] =
    [AnsiColor::Cyan, AnsiColor::Yellow, AnsiColor::Magenta, AnsiColor::Green, AnsiColor::Blue, AnsiColor::BrightRed];
const BAR: usize = 30;
const SPARK: usize = 48;
/// More rows than this nobody follows.
const MAX_SERVERS: usize = 12;
const MAX_KINDS: usize = 5;
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub(super) fn picture(plan: &Plan, course: &Course, scene: &Scene) -> Vec<String> {
    let (second, length) = course.last_second();
    let mut lines = vec![format!("{BOLD}{}{BOLD:#}  {DIM}{}{DIM:#}", plan.target.origin(), plan.shape())];
    lines.push(progress(plan, course, scene));
    lines.push(String::new());
    lines.extend(figures_of(course, &second, length));
    lines.push(String::new());
    lines.extend(servers(&course.total.shares, &second.shares));
    lines.extend(failures(&course.total));
    lines
}

/// How far it is, by time or by the number of requests, whichever is further.
fn progress(plan: &Plan, course: &Course, scene: &Scene) -> String {
    let (elapsed, length) = (course.elapsed(), plan.schedule.length());
    let by_time = elapsed.as_secs_f64() / length.as_secs_f64();
    let done = course.total.requests();
    let by_count = plan.requests.map_or(0.0, |limit| percent(done, limit) / 100.0);
    let told = match plan.requests {
        Some(limit) if by_count >= by_time => format!("{} of {}", figures::count(done), figures::count(limit)),
        _ => format!("{} s of {} s", elapsed.as_secs(), length.as_secs_f64()),
    };
    let room = scene.width.saturating_sub(told.chars().count() + 2).clamp(10, 60);
    let filled = cells(by_time.max(by_count), room);
    format!("{}{DIM}{}{DIM:#}  {told}", "━".repeat(filled), "─".repeat(room - filled))
}

fn figures_of(course: &Course, second: &Tally, length: Duration) -> [String; 3] {
    let latencies = second.latencies();
    let at = |percent| figures::time(latencies.percentile(percent));
    let rate = figures::rate(per_second(second.good(), length));
    let failed = course.total.failed_count();
    let style = if failed > 0 { RED } else { Style::new() };
    let rates = spark(&course.points, |point| per_second(point.good, point.length));
    let highest = spark(&course.points, |point| point.latencies.percentile(99.0).as_secs_f64());
    [
        format!("rate      {BOLD}{rate:>12}{BOLD:#}  {rates}"),
        format!(
            "latency   {BOLD}p99 {:>8}{BOLD:#}  {highest}  p50 {}  p90 {}  max {}",
            at(99.0),
            at(50.0),
            at(90.0),
            at(100.0)
        ),
        format!(
            "requests  {:>12}  good {}  {style}failed {}{style:#}",
            figures::count(course.total.requests()),
            figures::count(course.total.good()),
            figures::count(failed)
        ),
    ]
}

/// The whole run in one line of small columns; those with failures are red.
fn spark(points: &[Point], value: impl Fn(&Point) -> f64) -> String {
    let group = points.len().div_ceil(SPARK).max(1);
    let columns: Vec<_> = points
        .chunks(group)
        .map(|points| {
            let highest = points.iter().map(&value).fold(0.0, f64::max);
            (highest, points.iter().any(|point| point.failed() > 0))
        })
        .collect();
    let top = columns.iter().map(|(value, _)| *value).fold(0.0, f64::max);
    let column = |(value, failed): &(f64, bool)| {
        let level = if top > 0.0 { cells(value / top, LEVELS.len() - 1) } else { 0 };
        if *failed { format!("{RED}{}{RED:#}", LEVELS[level]) } else { LEVELS[level].to_string() }
    };
    let blank = " ".repeat(SPARK - columns.len());
    columns.iter().map(column).collect::<String>() + &blank
}

/// Everybody who ever answered, with the share of the last second.
fn servers(ever: &Shares, now: &Shares) -> Vec<String> {
    let versions: Vec<_> = ever.versions().into_iter().map(|(version, _)| version).collect();
    let colour = |version: &String| {
        let place = versions.iter().position(|known| known == version).unwrap_or(0);
        Style::new().fg_color(Some(COLOURS[place % COLOURS.len()].into()))
    };
    let rows = ever.rows();
    let widest = |text: fn(&(crate::load::shares::Server, u64)) -> &str| {
        rows.iter().take(MAX_SERVERS).map(|row| harmless(text(row)).chars().count()).max().unwrap_or(0).clamp(11, 40)
    };
    let (pod_width, version_width) = (widest(|(server, _)| &server.pod), widest(|(server, _)| &server.version));
    let mut lines = Vec::new();
    if rows.is_empty() {
        return lines;
    }
    lines.push(format!("{BOLD}{:pod_width$}  {:version_width$}  last second{BOLD:#}", "answered by", "version"));
    for (server, _) in rows.iter().take(MAX_SERVERS) {
        let share = percent(now.of(server), now.total());
        let style = colour(&server.version);
        let filled = cells(share / 100.0, BAR);
        let (pod, version) = (harmless(&server.pod), harmless(&server.version));
        let text = format!("{pod:pod_width$}  {version:version_width$}");
        let text = if filled == 0 && share <= 0.0 { format!("{DIM}{text}{DIM:#}") } else { text };
        lines.push(format!(
            "{text}  {style}{}{style:#}{DIM}{}{DIM:#} {share:>3.0} %",
            "█".repeat(filled),
            "░".repeat(BAR - filled)
        ));
    }
    if rows.len() > MAX_SERVERS {
        lines.push(format!("{DIM}and {} more{DIM:#}", rows.len() - MAX_SERVERS));
    }
    if versions.len() > 1 {
        let total = now.total();
        let now = now.versions();
        let share = |version| now.iter().find(|(known, _)| known == version).map_or(0.0, |(_, it)| percent(*it, total));
        let parts = versions.iter().map(|version| {
            let (style, share) = (colour(version), share(version));
            format!("{style}{} {} {share:.0} %{style:#}", "█".repeat(cells(share / 100.0, BAR)), harmless(version))
        });
        lines.push(format!("{:pod_width$}  {}", "versions", parts.collect::<Vec<_>>().join("  ")));
    }
    lines
}

fn failures(total: &Tally) -> Vec<String> {
    if total.failures.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), format!("{RED}failures{RED:#}")];
    for failed in total.failures.iter().take(MAX_KINDS) {
        let first = failed.first.as_ref().map(occasion).unwrap_or_default();
        lines.push(format!("{:>8}  {BOLD}{}{BOLD:#}  {DIM}{first}{DIM:#}", figures::count(failed.count), failed.kind));
        lines.extend(failed.first.as_ref().map(|first| format!("{:>8}  {}", "", harmless(&first.detail))));
    }
    if total.failures.len() > MAX_KINDS {
        lines.push(format!("{DIM}and {} more kinds{DIM:#}", total.failures.len() - MAX_KINDS));
    }
    lines
}

/// A share of so many cells.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "cells are few"
)]
fn cells(share: f64, room: usize) -> usize {
    ((share.clamp(0.0, 1.0) * room as f64).round() as usize).min(room)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::report::tests::{course, outcome};

    fn plain(lines: &[String]) -> String {
        let text = lines.join("\n");
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn the_picture_tells_who_answers_and_what_fails() {
        let lines = picture(&outcome().plan, &course(), &Scene { width: 100 });
        insta::assert_snapshot!(plain(&lines));
        let red = lines.iter().filter(|line| line.contains(&RED.render().to_string())).count();
        assert!(red >= 4, "both sparklines, the count and the heading are red: {lines:?}");
    }

    #[test]
    fn the_first_moment_is_a_picture_too() {
        let lines = picture(&outcome().plan, &Course::new(2), &Scene { width: 20 });
        assert!(plain(&lines).contains("0 s of 2 s"), "{lines:?}");
    }

    #[test]
    fn names_of_strangers_do_nothing_to_the_terminal() {
        let mut shares = Shares::default();
        let mut fields = http::HeaderMap::new();
        fields.insert("x-served-by", http::HeaderValue::from_bytes(b"a\xc2\x9b31m").unwrap());
        shares.count(&fields);
        assert!(plain(&servers(&shares, &shares)).contains("a\\u{9b}31m"));
    }
}
