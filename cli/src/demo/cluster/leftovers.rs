//! Namespaces of demos that were killed. They are told of, with the command that deletes them, and not deleted: two machines
//! may have the same name, and what is not known to be ours is not ours to end.

use jiff::{Timestamp, ToSpan as _};
use rustix::process::{Pid, test_kill_process};
use serde_json::{Value, json};

use super::kubectl::Kubectl;
use super::namespace::LABEL;
use crate::output;

const HOST: &str = "flotilla/host";
const PROCESS: &str = "flotilla/process";
/// More than these are counted.
const MOST: usize = 5;

/// Who owns a namespace, for whoever finds it.
pub(super) fn annotations(demo: &str) -> Value {
    json!({ "flotilla/demo": demo, HOST: host(), PROCESS: std::process::id().to_string() })
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Tells of them. Whoever may not look is not told.
pub(super) async fn tell(kubectl: &Kubectl) {
    let selector = format!("--selector={}={}", LABEL.0, LABEL.1);
    let Ok(found) = kubectl.get(&["namespaces", &selector]).await else { return };
    let names = left(&found, &host(), Timestamp::now(), is_running);
    if names.is_empty() {
        return;
    }
    let shown = kubectl.shown(&[&["delete", "namespace"], &names[..names.len().min(MOST)]].concat());
    let more = names.len().saturating_sub(MOST);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    output::remark(&format!(
        "note: a demo that was killed has left something in this cluster: `{shown}` deletes it{more}"
    ));
}

/// Those of this machine whose process has ended; of others those that are too old for a demo that still runs.
fn left<'a>(found: &'a Value, host: &str, now: Timestamp, is_running: impl Fn(i32) -> bool) -> Vec<&'a str> {
    let is_left = |metadata: &&Value| {
        let owner = |name| metadata["annotations"][name].as_str().unwrap_or_default();
        if owner(HOST) == host {
            return !owner(PROCESS).parse().is_ok_and(&is_running);
        }
        let made = metadata["creationTimestamp"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
        made.is_some_and(|made| made + 2.hours() < now)
    };
    let all = found["items"].as_array().into_iter().flatten().map(|item| &item["metadata"]);
    // One that is being deleted needs nobody.
    let all = all.filter(|metadata| metadata["deletionTimestamp"].is_null());
    all.filter(is_left).filter_map(|metadata| metadata["name"].as_str()).collect()
}

fn is_running(id: i32) -> bool {
    // Another user's process must not be signalled, but it is there.
    Pid::from_raw(id).is_some_and(|id| test_kill_process(id) != Err(rustix::io::Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace(name: &str, host: &str, process: i32, made: &str) -> Value {
        let annotations = json!({ HOST: host, PROCESS: process.to_string() });
        json!({ "metadata": { "name": name, "creationTimestamp": made, "annotations": annotations } })
    }

    #[test]
    fn a_demo_that_runs_has_left_nothing() {
        let (new, old) = ("2026-05-01T11:59:00Z", "2026-05-01T09:00:00Z");
        let mut ending = namespace("ending", "here", 2, new);
        ending["metadata"]["deletionTimestamp"] = new.into();
        let found = json!({ "items": [
            namespace("runs", "here", 1, old),
            namespace("ended", "here", 2, new),
            namespace("elsewhere", "there", 2, new),
            namespace("forgotten", "there", 1, old),
            ending,
        ] });
        let now = "2026-05-01T12:00:00Z".parse().unwrap();
        assert_eq!(left(&found, "here", now, |process| process == 1), ["ended", "forgotten"]);
    }

    #[test]
    fn this_process_runs() {
        assert!(is_running(std::process::id().try_into().unwrap()));
        assert!(!is_running(0));
    }
}
