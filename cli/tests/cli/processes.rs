//! Which processes live, and signals to them.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process};

/// Longer than anything here takes, even on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

fn pid(id: i32) -> Pid {
    Pid::from_raw(id).expect("an id")
}

pub(crate) fn lives(id: i32) -> bool {
    test_kill_process(pid(id)).is_ok()
}

pub(crate) fn send(id: i32, signal: Signal) {
    kill_process(pid(id), signal).expect("it lives");
}

/// As a terminal does on Ctrl-C.
pub(crate) fn send_to_group(id: i32, signal: Signal) {
    kill_process_group(pid(id), signal).expect("it lives");
}

/// For what may have ended already.
pub(crate) fn kill_if_there(id: i32) {
    let _ = kill_process(pid(id), Signal::KILL);
}

/// Polls until there is something.
#[expect(clippy::disallowed_methods, reason = "a deadline of a test is real time")]
pub(crate) fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(begun.elapsed() < DEADLINE, "this did not happen: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
