//! Phases as people type them, and when what is due.

use super::*;

fn schedule(phases: &[&str]) -> Schedule {
    Schedule::new(phases.iter().map(|phase| phase.parse().unwrap()).collect()).unwrap()
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn a_phase_is_a_time_and_a_level_or_a_ramp() {
    let phase = |length, from, to, unit| Phase { length, from, to, unit };
    for (text, expected) in [
        ("10s:100", phase(ms(10_000), 100.0, 100.0, Unit::Rate)),
        ("1m:0.5/s", phase(ms(60_000), 0.5, 0.5, Unit::Rate)),
        ("500ms:0..500/s", phase(ms(500), 0.0, 500.0, Unit::Rate)),
        ("30s:64..1c", phase(ms(30_000), 64.0, 1.0, Unit::Connections)),
    ] {
        assert_eq!(text.parse::<Phase>().unwrap(), expected, "{text}");
    }
    for text in ["10s", "10s:", "10:5", "0s:5", "10s:-1", "10s:1.5c", "10s:NaN", "10s:inf", "10s:5..", "10s:20000c"] {
        let error = text.parse::<Phase>().unwrap_err();
        assert!(error.contains("0..500/s"), "{text}: {error}");
    }
}

#[test]
fn rates_and_connections_do_not_mix() {
    let phases = ["1s:5/s", "1s:5c"].map(|phase| phase.parse().unwrap());
    assert!(Schedule::new(phases.to_vec()).unwrap_err().contains("either all rates"));
    assert!(Schedule::new(vec!["1s:0".parse().unwrap()]).unwrap_err().contains("any load"));
    assert!(Schedule::new(vec![]).is_err());
}

#[test]
fn a_steady_rate_is_due_at_even_distances() {
    let steady = Schedule::steady(ms(1000), 10.0, Unit::Rate);
    assert_eq!(steady.total(), 10);
    let due: Vec<_> = (0..10).map(|request| steady.due(request).as_millis()).collect();
    assert_eq!(due, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
}

#[test]
fn a_ramp_brings_more_and_more() {
    let ramp = schedule(&["10s:0..100/s"]);
    assert_eq!(ramp.total(), 500);
    // The integral of 10 t is 5 t².
    assert_eq!(ramp.due(5).as_millis(), 1000);
    assert_eq!(ramp.due(125).as_millis(), 5000);
    assert_eq!(ramp.due(499).as_millis(), 9989);
    let down = schedule(&["10s:100..0/s"]);
    assert_eq!(down.total(), 500);
    assert_eq!(down.due(375).as_millis(), 5000);
}

#[test]
fn phases_follow_each_other_without_a_gap() {
    let both = schedule(&["1s:10/s", "2s:0", "1s:100/s"]);
    assert_eq!((both.total(), both.length()), (110, ms(4000)));
    assert_eq!(both.due(9).as_millis(), 900);
    assert_eq!(both.due(10).as_millis(), 3000);
    assert_eq!(both.due(109).as_millis(), 3990);
    assert!(both.level(ms(2000)) <= 0.0 && both.level(ms(5000)) <= 0.0);
}

#[test]
fn what_is_due_by_then_agrees_with_when_each_is_due() {
    for phases in [&["1s:10/s"][..], &["2s:0..97/s", "1s:97..13/s", "1s:0", "3s:333.3/s"]] {
        let schedule = schedule(phases);
        for request in 0..schedule.total() {
            let due = schedule.due(request);
            assert!(schedule.due_by(due + Duration::from_micros(2)) > request, "{phases:?} {request}");
            let before = due.saturating_sub(Duration::from_micros(2));
            assert!(request == 0 || schedule.due_by(before) <= request, "{phases:?} {request}");
        }
        assert_eq!(schedule.due_by(schedule.length()), schedule.total());
    }
}

#[test]
fn a_connection_knows_when_its_turn_comes() {
    let ramp = schedule(&["10s:0..10c", "5s:2c", "5s:8c"]);
    // The third connection is wanted above a level of 2.
    assert_eq!(ramp.exceeds(2.0, Duration::ZERO).unwrap().as_millis(), 2001);
    assert_eq!(ramp.exceeds(2.0, ms(4000)).unwrap().as_millis(), 4000);
    assert_eq!(ramp.exceeds(2.0, ms(11_000)).unwrap().as_millis(), 15_000);
    assert_eq!(ramp.exceeds(9.0, ms(11_000)), None);
    assert!(ramp.level(ramp.exceeds(2.0, Duration::ZERO).unwrap()) > 2.0);
}
