//! A start that holds its thread, as a call to a file system whose server is gone does.
use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use chassis::{Boot, Service};
use rustix::process::{Pid, Signal, kill_process};

const GREETER: Service = Service { name: "greeter", prefix: "GREETER_", about: "Greets.", blocking_threads: 0 };
const HANGS: &str = "it hangs";

/// The process of the tests below: this test alone, in a process of its own.
#[test]
#[ignore = "it never ends by itself; the test below starts it"]
#[expect(clippy::print_stdout, reason = "the other process waits for it")]
fn a_start_hangs() {
    let code = chassis::run(&GREETER, &[], ["greeter".into()], |_: Boot| async {
        println!("{HANGS}");
        loop {
            std::thread::park();
        }
    });
    panic!("it ended with {code:?}");
}

#[test]
fn a_start_that_hangs_hears_signals() {
    for (signals, expected) in [(&[Signal::TERM][..], 0), (&[Signal::INT], 0), (&[Signal::TERM, Signal::TERM], 143)] {
        let this = std::env::current_exe().expect("this test");
        let mut child = Command::new(this)
            .args(["--exact", "hanging::a_start_hangs", "--ignored", "--nocapture"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains(HANGS)));
        let pid = Pid::from_child(&child);
        for signal in signals {
            kill_process(pid, *signal).expect("sent");
            // Two signals of a kind that come together are one.
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(exit_code(&mut child), Some(expected), "{signals:?}");
    }
}

/// Its exit code; none if it does not end.
fn exit_code(child: &mut Child) -> Option<i32> {
    for _ in 0..1000 {
        if let Some(status) = child.try_wait().expect("a child") {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("killed");
    child.wait().expect("a child");
    None
}
