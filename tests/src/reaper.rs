//! The last resort: whatever ends the tests, even SIGKILL, ends what they started.
//!
//! Values are dropped by a panic, but not by a signal. So a small shell reads from a pipe which processes run; when the
//! pipe's other end is gone, so are the tests, and it kills those that were not taken off its list. A process is taken off
//! when it is reaped, for its number may be somebody else's from then on.
use std::{
    io::Write as _,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

use crate::compose;

const SCRIPT: &str = r#"
trap '' INT TERM HUP
running=' '
while read -r change id; do
  case "$change$running" in
    +*) running="$running$id " ;;
    -*" $id "*) running="${running%% "$id" *} ${running#* "$id" }" ;;
  esac
done
for id in $running; do
  case "$id" in
    container=*) docker rm --force --volumes "${id#*=}" ;;
    containers=*) docker ps --all --quiet --filter "name=^${id#*=}-" | xargs -r docker rm --force --volumes ;;
    project=*) docker compose --file "$FILE" --project-name "${id#*=}" --profile '*' down --volumes --timeout 1 ;;
    namespace=*) kubectl delete namespace "${id#*=}" --wait=false --ignore-not-found ;;
    drained=*) kubectl uncordon "${id#*=}" ;;
    volume=*) ;;
    *) kill -KILL "$id" ;;
  esac
done
for id in $running; do
  case "$id" in volume=*) docker volume rm --force "${id#*=}" ;; esac
done
"#;

/// From now on this process, with a minus sign this process group, `container=NAME`, `volume=NAME`, `containers=BEGINNING` (of their
/// names, up to a minus sign), `project=NAME` of compose or `namespace=NAME` of the cluster is not to outlive the tests; `drained=NAME` is a node to let
/// pods onto again.
pub(crate) fn add(id: &str) {
    tell("+", id);
}

/// It is reaped, or about to be. May be said twice.
pub(crate) fn remove(id: &str) {
    tell("-", id);
}

fn tell(change: &str, id: &str) {
    static REAPER: OnceLock<Option<Mutex<ChildStdin>>> = OnceLock::new();
    // Without the shell everything works but the last resort.
    if let Some(pipe) = REAPER.get_or_init(start) {
        let mut pipe = pipe.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(pipe, "{change} {id}");
    }
}

fn start() -> Option<Mutex<ChildStdin>> {
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", SCRIPT])
        .env("FILE", compose::FILE)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    shell.spawn().ok().and_then(|mut reaper: Child| reaper.stdin.take()).map(Mutex::new)
}
