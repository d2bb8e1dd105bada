//! Plots over the time of a run, as SVG: lines, bars and shares, with failures and marks on them.

use std::fmt::Write as _;
use std::time::Duration;

use super::markup::escaped;
use super::scale::{Scale, round_above, short};
use crate::load::course::Point;
use crate::load::figures;
use crate::load::histogram::Latencies;
use crate::load::outcome::{Mark, Outcome};

const WIDTH: f64 = 920.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 18.0;
const BOTTOM: f64 = 26.0;

/// Something with a value for each point, and the class that gives it its colour.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) class: String,
    pub(super) values: Vec<f64>,
}

/// A plot that grows.
pub(super) struct Plot<'a> {
    points: &'a [Point],
    seconds: f64,
    scale: Scale,
    svg: String,
}

impl<'a> Plot<'a> {
    /// `label` is what a screen reader says; `unit` writes a value of the axis.
    pub(super) fn new(outcome: &'a Outcome, label: &str, scale: Scale, unit: impl Fn(f64) -> String) -> Self {
        let points = visible(outcome);
        let seconds = outcome.elapsed.as_secs_f64().max(1e-3);
        let label = escaped(label);
        let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">\n");
        value_axis(&mut svg, scale, unit);
        let mut plot = Self { points, seconds, scale, svg };
        plot.time_axis();
        plot
    }

    fn time_axis(&mut self) {
        let step = round_above(self.seconds / 8.0);
        let ticks = std::iter::successors(Some(0.0), |second| Some(second + step));
        for second in ticks.take_while(|second| *second <= self.seconds * 1.0001) {
            let (x, y) = (self.x(second), HEIGHT - 8.0);
            let _ = writeln!(self.svg, "<text class=\"middle\" x=\"{x:.1}\" y=\"{y}\">{} s</text>", short(second));
        }
    }

    /// A line; where a point has no value it has a gap.
    pub(super) fn line(&mut self, series: &Series) {
        let mut path = String::new();
        let mut broken = true;
        for (point, value) in self.points.iter().zip(&series.values) {
            if value.is_nan() {
                broken = true;
                continue;
            }
            let begin = if broken { 'M' } else { 'L' };
            let _ = write!(path, "{begin}{:.1} {:.1}", self.middle(point), height(self.scale, *value));
            broken = false;
        }
        // A single point would be a line without length.
        let _ = writeln!(self.svg, "<path class=\"line {}\" d=\"{path}h0.1\"/>", series.class);
    }

    /// Values on top of each other; each series fills its part.
    pub(super) fn stack(&mut self, all: &[Series]) {
        let mut below = vec![0.0; self.points.len()];
        for series in all {
            let above: Vec<_> = below.iter().zip(&series.values).map(|(below, value)| below + value).collect();
            let mut path = String::new();
            for (point, (low, high)) in self.points.iter().zip(below.iter().zip(&above)) {
                if high - low <= 0.0 {
                    continue;
                }
                let (left, right) = self.edges(point);
                let (low, high) = (height(self.scale, *low), height(self.scale, *high));
                let _ = write!(path, "M{left:.1} {low:.1}V{high:.1}H{right:.1}V{low:.1}Z");
            }
            let name = escaped(&series.name);
            let _ =
                writeln!(self.svg, "<path class=\"area {}\" d=\"{path}\"><title>{name}</title></path>", series.class);
            below = above;
        }
    }

    /// A horizontal line from each point's edge to edge: what was asked for.
    pub(super) fn steps(&mut self, series: &Series) {
        let mut path = String::new();
        for (point, value) in self.points.iter().zip(&series.values) {
            let (left, right) = self.edges(point);
            let begin = if path.is_empty() { 'M' } else { 'L' };
            let y = height(self.scale, *value);
            let _ = write!(path, "{begin}{left:.1} {y:.1}H{right:.1}");
        }
        let _ = writeln!(self.svg, "<path class=\"line {}\" d=\"{path}\"/>", series.class);
    }

    /// Failures as red columns, marks as dashed lines, and what each point says when it is pointed at.
    pub(super) fn finish(mut self, marks: &[Mark]) -> String {
        for point in self.points.iter().filter(|point| point.failed() > 0) {
            let (left, right) = self.edges(point);
            let (width, tall) = ((right - left).max(1.5), HEIGHT - TOP - BOTTOM);
            let _ = writeln!(
                self.svg,
                "<rect class=\"failed\" x=\"{left:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{tall}\"/>\
                 <path class=\"cross\" d=\"M{:.1} {}l6 6m0 -6l-6 6\"/>",
                f64::midpoint(left, right) - 3.0,
                TOP - 9.0,
            );
        }
        for (number, mark) in marks.iter().enumerate() {
            let (x, bottom, number) = (self.x(mark.at.as_secs_f64()), HEIGHT - BOTTOM, number + 1);
            let _ = writeln!(
                self.svg,
                "<g class=\"mark\"><line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
                 <text x=\"{:.1}\" y=\"{}\">{number}</text><title>{}</title></g>",
                x + 3.0,
                TOP + 10.0,
                escaped(&mark.text)
            );
        }
        for point in self.points {
            let (left, right) = self.edges(point);
            let _ = writeln!(
                self.svg,
                "<rect class=\"touch\" x=\"{left:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{}\"><title>{}</title></rect>",
                right - left,
                HEIGHT - TOP - BOTTOM,
                escaped(&told(point))
            );
        }
        self.svg + "</svg>\n"
    }

    fn x(&self, second: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * (second / self.seconds).clamp(0.0, 1.0)
    }

    fn edges(&self, point: &Point) -> (f64, f64) {
        (self.x(point.from.as_secs_f64()), self.x((point.from + point.length).as_secs_f64()))
    }

    fn middle(&self, point: &Point) -> f64 {
        let (left, right) = self.edges(point);
        f64::midpoint(left, right)
    }
}

/// Lines across, with what they stand for at their left.
fn value_axis(svg: &mut String, scale: Scale, unit: impl Fn(f64) -> String) {
    for tick in scale.ticks() {
        let (y, right) = (height(scale, tick), WIDTH - RIGHT);
        let _ = writeln!(svg, "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>");
        let (x, y) = (LEFT - 6.0, y + 4.0);
        let text = if tick == 0.0 { "0".to_owned() } else { unit(tick) };
        let _ = writeln!(svg, "<text class=\"end\" x=\"{x}\" y=\"{y:.1}\">{}</text>", escaped(&text));
    }
}

/// How long how many took: a curve over the percentiles, in which each further nine has as much room as the last.
pub(super) fn distribution(latencies: &Latencies, label: &str, scale: Scale, unit: impl Fn(f64) -> String) -> String {
    const NINES: [(f64, &str); 6] =
        [(0.0, "0 %"), (50.0, "50 %"), (90.0, "90 %"), (99.0, "99 %"), (99.9, "99.9 %"), (99.99, "99.99 %")];
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">\n", escaped(label));
    value_axis(&mut svg, scale, unit);
    let nines = |percent: f64| -(1.0 - percent / 100.0).log10();
    let x = |nines: f64| LEFT + (WIDTH - LEFT - RIGHT) * nines / 4.0;
    for (percent, name) in NINES {
        let (x, y) = (x(nines(percent)), HEIGHT - 8.0);
        let _ = writeln!(svg, "<text class=\"middle\" x=\"{x:.1}\" y=\"{y}\">{name}</text>");
    }
    let mut path = String::new();
    for step in 0..=200 {
        let nines = f64::from(step) / 50.0;
        let latency = latencies.percentile(100.0 * (1.0 - 10_f64.powf(-nines))).as_secs_f64();
        let begin = if step == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{begin}{:.1} {:.1}", x(nines), height(scale, latency));
    }
    let _ = writeln!(svg, "<path class=\"line c0\" d=\"{path}\"/>");
    svg + "</svg>\n"
}

/// The points within the time of the run: later ones hold only what was in flight at its end.
pub(super) fn visible(outcome: &Outcome) -> &[Point] {
    let end = outcome.points.iter().position(|point| point.from >= outcome.elapsed);
    &outcome.points[..end.unwrap_or(outcome.points.len())]
}

/// How much of a point lies within the time of the run.
pub(super) fn covered(point: &Point, outcome: &Outcome) -> Duration {
    point.length.min(outcome.elapsed.saturating_sub(point.from))
}

fn height(scale: Scale, value: f64) -> f64 {
    HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * scale.share(value)
}

fn told(point: &Point) -> String {
    let at = |percent| figures::time(point.latencies.percentile(percent));
    let mut text = format!(
        "at {} s: {} good, p50 {}, p99 {}, max {}",
        short(point.from.as_secs_f64()),
        figures::count(point.good),
        at(50.0),
        at(99.0),
        at(100.0)
    );
    for (kind, count) in &point.failures {
        let _ = write!(text, "; failed: {count} {kind}");
    }
    for (server, count) in point.shares.rows().iter().take(8) {
        let _ = write!(text, "; {} ({}): {count}", server.pod, server.version);
    }
    text
}
