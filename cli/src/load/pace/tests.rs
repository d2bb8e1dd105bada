//! Turns in closed and open loops.

use super::*;
use crate::load::clock::Stop;
use crate::load::schedule::Unit;

fn clock() -> Clock {
    Clock { start: Instant::now(), stop: Stop::new() }
}

fn closed(length: u64, level: f64, limit: Option<u64>) -> ClosedLoop {
    ClosedLoop::new(Schedule::steady(Duration::from_secs(length), level, Unit::Connections), limit)
}

fn open(phases: &[&str], limit: Option<u64>) -> Arc<OpenLoop> {
    let schedule = Schedule::new(phases.iter().map(|phase| phase.parse().unwrap()).collect()).unwrap();
    Arc::new(OpenLoop::new(schedule, limit))
}

#[tokio::test(start_paused = true)]
async fn a_closed_loop_ends_with_its_time() {
    let (pace, clock) = (closed(10, 2.0, None), clock());
    assert_eq!(pace.next(1, &clock).await, Some(Turn::Now));
    assert_eq!(pace.next(2, &clock).await, None, "the third connection is never wanted");
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(pace.next(1, &clock).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_closed_loop_ends_with_its_limit_or_stop() {
    let (pace, clock) = (closed(10, 2.0, Some(3)), clock());
    let mut turns = 0;
    while pace.next(turns % 2, &clock).await.is_some() {
        turns += 1;
    }
    assert_eq!(turns, 3);
    let pace = closed(10, 2.0, None);
    clock.stop.stop();
    assert_eq!(pace.next(0, &clock).await, None);
}

#[tokio::test(start_paused = true)]
async fn connections_join_as_a_ramp_rises_and_leave_as_it_falls() {
    let schedule = Schedule::new(vec!["10s:0..10c".parse().unwrap(), "10s:10..0c".parse().unwrap()]).unwrap();
    let (pace, clock) = (ClosedLoop::new(schedule, None), clock());
    assert_eq!(pace.next(4, &clock).await, Some(Turn::Now));
    assert_eq!(clock.elapsed().as_millis(), 4001, "the fifth joins when the level passes four");
    tokio::time::advance(Duration::from_millis(12_500)).await;
    assert_eq!(pace.next(4, &clock).await, None);
    assert_eq!(pace.next(2, &clock).await, Some(Turn::Now));
}

#[tokio::test]
async fn an_open_loop_gives_each_request_its_time() {
    let (pace, clock) = (open(&["100ms:200/s"], None), clock());
    let timing = std::thread::spawn({
        let (pace, clock) = (Arc::clone(&pace), clock.clone());
        move || pace.keep_time(&clock, 1)
    });
    let mut dues = Vec::new();
    while let Some(Turn::Due(due)) = pace.next(&clock).await {
        assert!(due <= Instant::now(), "not before it is due");
        dues.push(clock.at(due).as_millis());
    }
    timing.join().unwrap();
    assert_eq!(dues, (0..20).map(|number| number * 5).collect::<Vec<_>>());
    assert_eq!(pace.unsent(&clock), 0);
}

#[tokio::test]
async fn what_no_connection_could_send_is_counted() {
    let (pace, clock) = (open(&["300ms:100/s"], None), clock());
    let timing = std::thread::spawn({
        let (pace, clock) = (Arc::clone(&pace), clock.clone());
        move || pace.keep_time(&clock, 1)
    });
    assert!(pace.next(&clock).await.is_some());
    // The only connection is busy with this one until all is over.
    tokio::task::spawn_blocking(move || timing.join().unwrap()).await.unwrap();
    assert_eq!(pace.next(&clock).await, None);
    assert_eq!(pace.unsent(&clock), 29);
}

#[tokio::test]
async fn a_backlog_is_sent_with_the_time_at_which_it_was_due() {
    let (pace, clock) = (open(&["50ms:100/s"], None), clock());
    let timing = std::thread::spawn({
        let (pace, clock) = (Arc::clone(&pace), clock.clone());
        move || pace.keep_time(&clock, 1)
    });
    let mut dues = Vec::new();
    while let Some(Turn::Due(due)) = pace.next(&clock).await {
        dues.push(clock.at(due).as_millis());
        if dues.len() == 1 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    timing.join().unwrap();
    assert_eq!(dues, [0, 10, 20, 30, 40]);
    assert_eq!(pace.unsent(&clock), 0);
}

#[tokio::test]
async fn a_stop_ends_an_open_loop() {
    let (pace, clock) = (open(&["1h:100/s"], Some(1_000_000)), clock());
    let timing = std::thread::spawn({
        let (pace, clock) = (Arc::clone(&pace), clock.clone());
        move || pace.keep_time(&clock, 1)
    });
    assert!(pace.next(&clock).await.is_some());
    clock.stop.stop();
    while pace.next(&clock).await.is_some() {}
    timing.join().unwrap();
    assert_eq!(pace.unsent(&clock), 0);
}

#[tokio::test]
async fn after_a_stop_no_backlog_is_sent() {
    // Ten seconds into it, so that a thousand requests are due at once.
    let (pace, mut clock) = (open(&["1h:100/s"], None), clock());
    clock.start -= Duration::from_secs(10);
    let timing = std::thread::spawn({
        let (pace, clock) = (Arc::clone(&pace), clock.clone());
        move || pace.keep_time(&clock, 1)
    });
    assert!(pace.next(&clock).await.is_some());
    clock.stop.stop();
    assert_eq!(pace.next(&clock).await, None);
    timing.join().unwrap();
    assert!(pace.unsent(&clock) >= 980, "it is counted: {}", pace.unsent(&clock));
}
