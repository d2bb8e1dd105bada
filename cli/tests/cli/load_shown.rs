//! What `flotilla load` shows: its help, a picture on a terminal, a page in a file.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::fake::{Act, Fake};
use crate::flotilla::{command, run};
use crate::processes::until;

#[test]
fn the_help_tells_everything() {
    let ran = run(&["load", "--help"]);
    assert_eq!(ran.code, Some(0));
    insta::assert_snapshot!(ran.stdout);
}

/// Both ends of a terminal of its own.
fn terminal() -> (File, File) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&ours).and_then(|()| unlockpt(&ours)).expect("it is ours");
    let name = ptsname(&ours, Vec::new()).expect("it has a name").into_string().expect("UTF-8");
    let theirs = File::options().read(true).write(true).open(name).expect("its other end");
    (ours.into(), theirs)
}

#[test]
fn on_a_terminal_there_is_a_picture_and_the_cursor_comes_back() {
    let fake = Fake::serve(|number| match number % 10 {
        9 => Act::Bytes("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n".to_owned()),
        _ => Act::Answer("x-served-by: pod-a\r\nx-service-version: 7\r\n"),
    });
    let (mut ours, theirs) = terminal();
    let mut command = command(&["load", &fake.origin, "-d", "1s", "-c", "2"]);
    command.env("TERM", "xterm-256color").stderr(Stdio::from(theirs));
    let child = command.spawn().expect("it starts");
    // The last holder of the other end is the child, once the command is gone.
    drop(command);
    let mut shown = Vec::new();
    // A terminal whose other end is closed ends with an error on Linux.
    let _ = ours.read_to_end(&mut shown);
    let shown = String::from_utf8_lossy(&shown);
    let output = child.wait_with_output().expect("it ends");
    for part in ["answered by", "pod-a", "█", "failures", "status 503", "\u{1b}[?25l"] {
        assert!(shown.contains(part), "{part:?} in {shown}");
    }
    assert!(shown.trim_end().ends_with("\u{1b}[?25h"), "the cursor is shown again: {shown:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("pod-a"), "the table is on stdout");
}

#[test]
fn a_terminal_that_stands_still_holds_up_nothing() {
    let fake = Fake::serve(|_| Act::Answer("x-served-by: pod-a\r\n"));
    let (mut ours, theirs) = terminal();
    // Ctrl-S: whoever writes to the terminal waits from now on.
    ours.write_all(b"\x13").expect("it takes it");
    let mut command = command(&["load", &fake.origin, "-d", "1s", "-c", "2", "--max-failures", "0"]);
    command.env("TERM", "xterm-256color").stderr(Stdio::from(theirs));
    let mut child = command.spawn().expect("it starts");
    let status = until("the end", || child.try_wait().expect("our child"));
    assert_eq!(status.code(), Some(0));
    let output = child.wait_with_output().expect("it has ended");
    assert!(String::from_utf8_lossy(&output.stdout).contains("PASS: failures 0"), "{output:?}");
}

#[test]
fn a_page_and_a_file_for_programs_are_written() {
    let fake = Fake::serve(|_| Act::Answer("x-served-by: <b>pod</b>\r\n"));
    let directory = tempfile::tempdir().expect("a directory");
    let [page, json] = ["report.html", "report.json"].map(|name| directory.path().join(name));
    let [page_name, json_name] = [&page, &json].map(|path| path.to_str().expect("UTF-8"));
    let ran = run(&["load", &fake.origin, "-n", "100", "-q", "--html", page_name, "--json", json_name]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    let page = std::fs::read_to_string(page).expect("a page");
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    assert!(page.contains("&lt;b&gt;pod&lt;/b&gt;") && !page.contains("<b>pod"));
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(json).expect("a file")).expect("a report");
    assert_eq!(report["good"], 100);
}
