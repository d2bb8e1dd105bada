//! A sample of an outcome.

use std::time::Duration;

use http::HeaderMap;

use crate::load::course::Course;
use crate::load::failure::{Example, Kind};
use crate::load::mix::Mix;
use crate::load::outcome::{Mark, Outcome};
use crate::load::plan::Plan;
use crate::load::schedule::{Schedule, Unit};
use crate::load::session::Renewals;
use crate::load::tally::Tally;
use crate::load::target::Target;

fn answers(pod: &str, version: &str) -> HeaderMap {
    let mut fields = HeaderMap::new();
    fields.insert("x-served-by", pod.parse().unwrap());
    fields.insert("x-service-version", version.parse().unwrap());
    fields
}

/// A second of two pods, then a second in which one was replaced: 1000 requests, 997 good ones of 1 to 997 µs.
pub(crate) fn course() -> Course {
    let mut course = Course::new(2);
    let mut micros = 0;
    for quarter in 0..8_u64 {
        let mut tally = Tally::new(2);
        let good = if quarter == 5 { 122 } else { 125 };
        for number in 0..good {
            micros += 1;
            let pod = match (number % 2, quarter) {
                (0, _) => answers("hello-5d8f-abcde", "1.0.0"),
                (_, 0..=3) => answers("hello-5d8f-fghij", "1.0.0"),
                _ => answers("hello-7c9b-klmno", "1.1.0"),
            };
            tally.answered(200, &pod, 19, Duration::from_millis(250 * quarter));
            tally.paths[usize::from(number % 10 == 9)].latencies.record(Duration::from_micros(micros));
        }
        if quarter == 5 {
            (0..2).for_each(|_| tally.failed(0, Kind::Closed, || Some(example("connection reset by peer", None))));
            tally.answered(503, &answers("frontend-1", "1.0.0"), 90, Duration::from_millis(1300));
            tally.failed(1, Kind::Status(503), || {
                Some(example("Service Unavailable: <b>draining</b>", Some("frontend-1")))
            });
        }
        tally.connections_opened = if quarter == 0 { 8 } else { 0 };
        course.push(tally);
    }
    course
}

/// The same as what came of a run.
pub(crate) fn outcome() -> Outcome {
    let course = course();
    let target = Target::parse("http://localhost:8080").unwrap();
    let mut plan = Plan::new(target, Schedule::steady(Duration::from_secs(2), 8.0, Unit::Connections), 8);
    plan.mix = Mix::new(vec!["/:9".parse().unwrap(), "/secure:1".parse().unwrap()]).unwrap();
    Outcome {
        plan,
        started: "2026-11-25T18:00:00Z".parse().unwrap(),
        elapsed: Duration::from_secs(2),
        interrupted: false,
        total: course.total,
        unsent: 0,
        points: course.points,
        marks: vec![Mark { at: Duration::from_millis(1100), text: "one pod of hello is replaced".to_owned() }],
        renewals: Some(Renewals { refreshed: 1, failed: 0, last_error: None }),
    }
}

/// One answer of each of 213 pods: more than are told apart.
pub(crate) fn crowded() -> Outcome {
    let mut tally = Tally::new(2);
    for number in 0..213 {
        tally.answered(200, &answers(&format!("hello-{number}"), "1.0.0"), 19, Duration::ZERO);
        tally.paths[0].latencies.record(Duration::from_millis(1));
    }
    let mut course = Course::new(2);
    course.push(tally);
    Outcome { total: course.total, points: course.points, ..outcome() }
}

fn example(detail: &str, served_by: Option<&str>) -> Example {
    Example {
        at: Duration::from_millis(1300),
        method: "GET".to_owned(),
        path: "/secure".to_owned(),
        request_id: "load-00c0de-3-17".to_owned(),
        served_by: served_by.map(str::to_owned),
        detail: detail.to_owned(),
    }
}
