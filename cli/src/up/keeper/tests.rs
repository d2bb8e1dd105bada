//! Keepers of shell scripts, which die in every way a service can.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use rustix::process::{Pid, test_kill_process};

use super::*;
use crate::up::console::tests::Paper;

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A keeper of `sh -c script`; ready as soon as `health` answers, at once unless said otherwise.
pub(in crate::up) fn keeper(script: &str, health: u16, paper: &Paper) -> Keeper {
    let launch = Launch {
        program: "/bin/sh".into(),
        args: ["-c", script].map(Into::into).into(),
        settings: vec![("GREETING".to_owned(), "ahoy".to_owned())],
        unset: vec!["HOME".to_owned()],
    };
    let readiness = Readiness::at(format!("http://127.0.0.1:{health}/readiness").parse().unwrap()).unwrap();
    let voice = Voice { name: "script", colour: None };
    Keeper::start(Charge { voice, launch, readiness, patience: Duration::from_secs(7), console: paper.console() })
}

/// Answers 200 to everything, for as long as the test runs.
fn always_ready() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    port
}

/// Nobody answers there.
pub(in crate::up) const NEVER_READY: u16 = 1;

pub(in crate::up) async fn until(what: &str, condition: impl Fn() -> bool) {
    let reached = async {
        while !condition() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("{what} did not happen"));
}

async fn ready_pid(keeper: &mut Keeper) -> i32 {
    match timeout(PATIENCE, keeper.settled()).await.unwrap() {
        Status::Ready { pid } => pid,
        other => panic!("it is {other:?}"),
    }
}

fn lives(pid: i32) -> bool {
    test_kill_process(Pid::from_raw(pid).unwrap()).is_ok()
}

#[tokio::test]
async fn output_is_printed_with_the_settings_on_top_of_the_environment() {
    let paper = Paper::default();
    let script = "echo $GREETING ${HOME-none}; echo trouble >&2; exec sleep 600";
    let mut keeper = keeper(script, always_ready(), &paper);
    until("output", || paper.text().contains("trouble") && paper.text().contains("ahoy")).await;
    assert!(paper.text().contains("script   | ahoy none\n"), "{}", paper.text());
    assert!(paper.text().contains("script   | trouble\n"));
    assert_eq!(keeper.drain().await, Farewell::Drained);
}

#[tokio::test]
async fn drained_means_gone() {
    let mut keeper = keeper("exec sleep 600", always_ready(), &Paper::default());
    let pid = ready_pid(&mut keeper).await;
    assert!(lives(pid));
    assert_eq!(keeper.drain().await, Farewell::Drained);
    assert!(!lives(pid));
}

#[tokio::test]
async fn a_service_that_will_not_drain_can_be_killed() {
    let mut keeper = keeper("trap '' TERM; echo deaf; exec sleep 600", always_ready(), &Paper::default());
    let pid = ready_pid(&mut keeper).await;
    until("the trap", || keeper.said.last_words() == ["deaf"]).await;
    assert!(timeout(Duration::from_millis(50), keeper.drain()).await.is_err());
    keeper.kill();
    assert_eq!(timeout(PATIENCE, keeper.gone()).await.unwrap(), Farewell::Killed);
    assert!(!lives(pid));
}

#[tokio::test]
async fn a_service_that_dies_is_reported_and_started_again() {
    let paper = Paper::default();
    let mut keeper = keeper("exec sleep 600", always_ready(), &paper);
    let first = ready_pid(&mut keeper).await;
    rustix::process::kill_process(Pid::from_raw(first).unwrap(), rustix::process::Signal::KILL).unwrap();
    until("a second life", || paper.text().contains("script is ready again (pid ")).await;
    let report = "script was killed by SIGKILL: by hand, or because memory ran out; starting it again in 0.5 s";
    assert!(paper.text().contains(report), "{}", paper.text());
    assert_ne!(ready_pid(&mut keeper).await, first);
    assert_eq!(keeper.drain().await, Farewell::Drained);
}

#[tokio::test]
async fn a_wrong_configuration_is_not_tried_again() {
    let paper = Paper::default();
    let mut keeper = keeper("echo AUTH_HTTP_ADDR is wrong >&2; exit 78", NEVER_READY, &paper);
    assert_eq!(timeout(PATIENCE, keeper.settled()).await.unwrap(), Status::Refused);
    assert_eq!(keeper.said.last_words(), ["AUTH_HTTP_ADDR is wrong"]);
    assert_eq!(keeper.drain().await, Farewell::Absent);
    assert!(!paper.text().contains("starting it again"));
}

#[tokio::test]
async fn a_service_that_dies_before_it_was_ever_ready_is_tried_three_times() {
    let paper = Paper::default();
    let mut keeper = keeper("echo no disk >&2; exit 1", NEVER_READY, &paper);
    let settled = timeout(PATIENCE, keeper.settled()).await.unwrap();
    assert_eq!(settled, Status::Hopeless { how: "ended with exit code 1".to_owned() });
    assert_eq!(keeper.drain().await, Farewell::Absent);
    assert_eq!(paper.text().matches("starting it again").count(), 2, "{}", paper.text());
    assert_eq!(paper.text().matches("no disk").count(), 2, "the last time is for the error: {}", paper.text());
}

#[tokio::test]
async fn a_service_that_is_waiting_for_its_next_start_is_absent() {
    let paper = Paper::default();
    let mut keeper = keeper("exit 1", NEVER_READY, &paper);
    until("the death", || paper.text().contains("script ended with exit code 1; starting it again in 0.5 s")).await;
    assert_eq!(timeout(PATIENCE, keeper.drain()).await.unwrap(), Farewell::Absent);
}

#[tokio::test]
async fn a_child_whose_keeper_is_dropped_loses_its_lifeline() {
    let mut keeper = keeper("cat; echo end of input", always_ready(), &Paper::default());
    let pid = ready_pid(&mut keeper).await;
    keeper.work.abort();
    until("its end", || !lives(pid)).await;
}
