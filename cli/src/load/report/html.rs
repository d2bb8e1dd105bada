//! The report as a page of its own: no script, no font and no picture from elsewhere, for light and dark.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::markup::{escaped, table};
use super::plot::{Plot, Series, covered, distribution, visible};
use super::scale::Scale;
use super::table::example;
use crate::load::course::Point;
use crate::load::figures;
use crate::load::outcome::{Outcome, PERCENTILES, per_second, percent};
use crate::load::schedule::Unit;
use crate::load::shares::Server;
use crate::load::verdict::Verdict;

const STYLE: &str = include_str!("style.css");
/// Nothing is loaded, nothing runs.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";
const COLOURS: usize = 6;
const SHADES: usize = 4;

/// All of it.
pub(crate) fn html(outcome: &Outcome, verdict: &Verdict) -> String {
    let origin = escaped(&outcome.plan.target.origin());
    let word = verdict.word();
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{word}: load of {origin}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    );
    head(&mut page, outcome, verdict);
    rate(&mut page, outcome);
    latency(&mut page, outcome);
    shares(&mut page, outcome);
    marks(&mut page, outcome);
    tables(&mut page, outcome);
    page + "</body>\n</html>\n"
}

fn head(page: &mut String, outcome: &Outcome, verdict: &Verdict) {
    let plan = &outcome.plan;
    let word = verdict.word();
    let class = word.to_ascii_lowercase();
    let length = figures::time(outcome.elapsed);
    let stopped = if outcome.interrupted { ", stopped early" } else { "" };
    let _ = writeln!(
        page,
        "<h1>Load of {}</h1>\n<p class=\"faint\">{}, {length}{stopped}; began {}</p>\n\
         <div class=\"verdict {class}\"><b>{word}</b> {}</div>",
        escaped(&plan.target.origin()),
        escaped(&plan.shape()),
        outcome.started.strftime("%Y-%m-%d %H:%M:%S UTC"),
        escaped(&verdict.sentence())
    );
    let total = &outcome.total;
    let rows = [
        ["requests", "good", "failed", "rate", "p50", "p99", "max"].map(str::to_owned),
        [
            figures::count(total.requests()),
            figures::count(total.good()),
            format!("{} ({})", figures::count(total.failed_count()), figures::percent(outcome.failed_percent())),
            figures::rate(outcome.rate()),
            figures::time(total.latencies().percentile(50.0)),
            figures::time(total.latencies().percentile(99.0)),
            figures::time(total.latencies().max()),
        ],
    ];
    page.push_str(&table(&rows));
}

fn rate(page: &mut String, outcome: &Outcome) {
    let points = visible(outcome);
    let good: Vec<_> = points.iter().map(|point| per_second(point.good, covered(point, outcome))).collect();
    let is_rate = outcome.plan.schedule.unit() == Unit::Rate;
    let wanted: Vec<_> = if is_rate {
        points.iter().map(|point| outcome.plan.schedule.level(point.from + point.length / 2)).collect()
    } else {
        Vec::new()
    };
    let highest = good.iter().chain(&wanted).copied().fold(0.0, f64::max);
    let mut plot = Plot::new(outcome, "Good answers a second over time", Scale::linear(highest), figures::rate);
    let mut keys = vec![("c0", "good answers a second"), ("failed", "requests failed")];
    plot.stack(&[Series { name: "good answers".to_owned(), class: "c0 s1".to_owned(), values: good }]);
    if is_rate {
        plot.steps(&Series { name: "wanted".to_owned(), class: "wanted".to_owned(), values: wanted });
        keys.push(("wanted", "wanted"));
    }
    section(page, "Rate", &keys.map_keys(), &plot.finish(&outcome.marks));
}

fn latency(page: &mut String, outcome: &Outcome) {
    let points = visible(outcome);
    let of = |percent: f64| move |point: &Point| point.latencies.percentile(percent).as_secs_f64();
    let values = |percent: f64| -> Vec<f64> {
        let value = of(percent);
        points.iter().map(|point| if point.good == 0 { f64::NAN } else { value(point) }).collect()
    };
    let lines = [("max", "c3", 100.0), ("p99", "c1", 99.0), ("p90", "c2", 90.0), ("p50", "c0", 50.0)];
    let total = outcome.total.latencies();
    let scale = Scale::logarithmic(total.percentile(1.0).as_secs_f64(), total.max().as_secs_f64());
    let seconds = |value: f64| figures::time(std::time::Duration::from_secs_f64(value));
    let mut plot = Plot::new(outcome, "Latency percentiles over time, on a logarithmic axis", scale, seconds);
    for (name, class, percent) in lines {
        plot.line(&Series { name: name.to_owned(), class: class.to_owned(), values: values(percent) });
    }
    let keys: Vec<_> = lines.iter().map(|(name, class, _)| (*class, *name)).collect();
    section(page, "Latency", &keys.map_keys(), &plot.finish(&outcome.marks));
    if total.count() > 0 {
        let label = "Latency by percentile, on a logarithmic axis";
        let _ = write!(page, "<h2>Latency by percentile</h2>\n{}", distribution(&total, label, scale, seconds));
    }
    if outcome.plan.is_open_loop() {
        page.push_str("<p class=\"faint\">Latency counts from when a request was due, whenever it was sent.</p>\n");
    }
}

/// Two plots: by version, and by pod in shades of its version's colour.
fn shares(page: &mut String, outcome: &Outcome) {
    let points = visible(outcome);
    let all = &outcome.total.shares;
    if all.rows().is_empty() {
        return;
    }
    let versions: Vec<_> = all.versions().into_iter().map(|(version, _)| version).collect();
    let of_version = |version: &String| {
        let place = versions.iter().position(|known| known == version).unwrap_or(0);
        format!("c{}", place % COLOURS)
    };
    let part = |count: u64, point: &Point| percent(count, point.shares.total());
    let by_version: Vec<_> = versions
        .iter()
        .map(|version| {
            let count = |point: &Point| -> u64 {
                let rows = point.shares.rows().iter().filter(|(server, _)| server.version == *version);
                rows.map(|(_, count)| count).sum()
            };
            let values = points.iter().map(|point| part(count(point), point)).collect();
            Series { name: version.clone(), class: of_version(version), values }
        })
        .collect();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut servers: Vec<&Server> = all.rows().iter().map(|(server, _)| server).collect();
    servers.sort_by_key(|server| versions.iter().position(|version| *version == server.version));
    let by_pod: Vec<_> = servers
        .iter()
        .map(|server| {
            let shade = seen.entry(&server.version).and_modify(|shade| *shade += 1).or_insert(0);
            let class = format!("{} s{}", of_version(&server.version), *shade % SHADES);
            let values = points.iter().map(|point| part(point.shares.of(server), point)).collect();
            Series { name: format!("{} ({})", server.pod, server.version), class, values }
        })
        .collect();
    for (title, series) in [("Answers by version", by_version), ("Answers by pod", by_pod)] {
        let mut plot =
            Plot::new(outcome, &format!("{title} over time"), Scale::Linear(100.0), |value| format!("{value} %"));
        plot.stack(&series);
        let keys: Vec<_> = series.iter().map(|it| (it.class.as_str(), it.name.as_str())).collect();
        section(page, title, &keys.map_keys(), &plot.finish(&outcome.marks));
    }
}

fn marks(page: &mut String, outcome: &Outcome) {
    if outcome.marks.is_empty() {
        return;
    }
    let mut rows = vec![["mark", "at", "what happened"].map(str::to_owned)];
    rows.extend(
        outcome
            .marks
            .iter()
            .enumerate()
            .map(|(number, mark)| [(number + 1).to_string(), figures::time(mark.at), mark.text.clone()]),
    );
    let _ = write!(page, "<h2>What happened meanwhile</h2>\n{}", table(&rows));
}

fn tables(page: &mut String, outcome: &Outcome) {
    let total = &outcome.total;
    if !total.failures.is_empty() {
        let mut rows = vec![["failures", "count", "the first"].map(str::to_owned)];
        rows.extend(total.failures.iter().map(|failed| {
            let first = failed.first.as_ref().map(example).unwrap_or_default();
            [failed.kind.to_string(), figures::count(failed.count), first]
        }));
        let _ = write!(page, "<h2>Failures</h2>\n{}", table(&rows));
    }
    let mut rows = vec![["path", "requests", "failed", "p50", "p90", "p95", "p99", "p99.9", "max"].map(str::to_owned)];
    for (path, tally) in outcome.plan.mix.paths().iter().zip(&total.paths) {
        let [p50, p90, p95, p99, p99_9] =
            PERCENTILES.map(|(_, percent)| figures::time(tally.latencies.percentile(percent)));
        let requests = figures::count(tally.latencies.count() + tally.failed);
        let max = figures::time(tally.latencies.max());
        rows.push([path.path.to_string(), requests, figures::count(tally.failed), p50, p90, p95, p99, p99_9, max]);
    }
    let _ = write!(page, "<h2>Paths</h2>\n{}", table(&rows));
    let mut rows = vec![["answered by", "version", "answers", "share"].map(str::to_owned)];
    rows.extend(total.shares.rows().iter().map(|(server, count)| {
        let share = figures::percent(percent(*count, total.shares.total()));
        [server.pod.clone(), server.version.clone(), figures::count(*count), share]
    }));
    if total.shares.others() > 0 {
        let others = total.shares.others();
        let share = figures::percent(percent(others, total.shares.total()));
        rows.push(["(others)".to_owned(), String::new(), figures::count(others), share]);
    }
    if rows.len() > 1 {
        let _ = write!(page, "<h2>Who answered</h2>\n{}", table(&rows));
    }
}

fn section(page: &mut String, title: &str, keys: &str, plot: &str) {
    let _ = write!(page, "<h2>{}</h2>\n<p>{keys}</p>\n{plot}", escaped(title));
}

/// Colours and what they stand for.
trait Keys {
    fn map_keys(&self) -> String;
}

impl Keys for Vec<(&str, &str)> {
    fn map_keys(&self) -> String {
        let key = |(class, name): &(&str, &str)| {
            format!("<span class=\"key\"><i class=\"{class}\"></i>{}</span>", escaped(name))
        };
        self.iter().map(key).collect()
    }
}

#[cfg(test)]
mod tests;
