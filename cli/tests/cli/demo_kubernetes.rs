//! `flotilla demo --kubernetes` where there is no cluster: what it says, and that it leaves nothing. Its demos are played in a
//! real one by the tests of the cluster.
//!
//! The kubectl here is a script that says what the real one said when it was asked the same.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::demo::Demo;
use crate::processes::until;

/// What a kubectl with a cluster says; a test puts its own answers before it.
const ANSWERS: &str = r#"
  "config current-context") echo minikube ;;
  "config get-contexts --output=name") printf 'kind-kind\nminikube\n' ;;
  *"config view "*) echo https://127.0.0.1:6443 ;;
  *"get --raw /version "*) echo '{"gitVersion":"v1.34.4"}' ;;
  *"get namespaces "*) echo '{"items":[]}' ;;
"#;

/// A directory with a kubectl in it.
struct Kubectl(TempDir);

impl Kubectl {
    fn saying(answers: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let calls = directory.path().join("calls");
        let script = format!(
            "#!/bin/sh\necho \"begin $*\" >>{calls}\ncase \"$*\" in\n{answers}{ANSWERS}  *) echo \"error: $*\" >&2; exit 1 ;;\nesac\n\
             code=$?\necho \"end $*\" >>{calls}\nexit $code\n",
            calls = calls.display()
        );
        let file = directory.path().join("kubectl");
        fs::write(&file, script).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
        Self(directory)
    }

    fn demo(&self, args: &[&str]) -> Demo {
        let mut path = OsString::from(self.0.path());
        path.push(":/usr/bin:/bin");
        let always = ["faults", "--kubernetes", "--pace", "0s"];
        Demo::start_with(&[&always, args].concat(), &[("PATH", &path)])
    }

    /// What it was asked, and when that was done.
    fn calls(&self) -> String {
        fs::read_to_string(self.0.path().join("calls")).unwrap_or_default()
    }
}

/// It ends with exit code 1 and these words.
fn fails(demo: &mut Demo, words: &[&str]) {
    assert_eq!(demo.exit_code(), Some(1), "{}{}", demo.output(), demo.errors());
    for part in words {
        assert!(demo.errors().contains(part), "{part:?} is not in {}", demo.errors());
    }
}

#[test]
fn without_kubectl_it_says_where_to_get_it() {
    let empty = tempfile::tempdir().expect("a directory");
    let mut demo = Demo::start_with(&["faults", "--kubernetes"], &[("PATH", empty.path().as_os_str())]);
    fails(&mut demo, &["error: there is no kubectl on the PATH", "https://kubernetes.io/docs/tasks/tools/"]);
}

#[test]
fn without_a_context_it_says_how_to_choose_one() {
    let kubectl =
        Kubectl::saying(r#""config current-context") echo 'error: current-context is not set' >&2; exit 1 ;;"#);
    fails(&mut kubectl.demo(&[]), &["error: kubectl has no current context", "--context NAME"]);
    assert!(!kubectl.calls().contains("create"), "{}", kubectl.calls());
}

#[test]
fn an_unknown_context_is_told_with_those_that_are_known() {
    let kubectl = Kubectl::saying("");
    fails(&mut kubectl.demo(&["--context", "minkube"]), &["no context minkube", "kind-kind, minikube"]);
}

#[test]
fn a_cluster_that_does_not_answer_is_told_with_its_address() {
    let said = "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?";
    let kubectl = Kubectl::saying(&format!(r#"*"get --raw /version "*) echo '{said}' >&2; exit 1 ;;"#));
    let words = ["the cluster of context minikube, at https://127.0.0.1:6443, does not answer", said, "minikube start"];
    fails(&mut kubectl.demo(&[]), &words);
    assert!(!kubectl.calls().contains("create"), "{}", kubectl.calls());
}

#[test]
fn a_namespace_that_exists_is_not_touched() {
    let said = r#"Error from server (AlreadyExists): error when creating "STDIN": namespaces "mine" already exists"#;
    let kubectl = Kubectl::saying(&format!(
        "*\"create --filename=-\") cat >/dev/null; echo '{said}' >&2; exit 1 ;;\n\
         *\"get namespace mine \"*) echo '{{\"metadata\":{{\"name\":\"mine\",\"labels\":{{}}}}}}' ;;"
    ));
    fails(&mut kubectl.demo(&["--namespace", "mine"]), &["the namespace mine exists already"]);
    assert!(!kubectl.calls().contains("delete"), "{}", kubectl.calls());
}

#[test]
fn it_says_where_it_will_be_before_it_makes_anything() {
    let kubectl = Kubectl::saying(r#"*"create --filename=-") cat >/dev/null; exit 1 ;;"#);
    let mut demo = kubectl.demo(&["--context", "kind-kind", "--namespace", "mine"]);
    fails(&mut demo, &["error: cannot make the namespace mine: kubectl create: "]);
    let told = demo.output().split_whitespace().collect::<Vec<_>>().join(" ");
    let where_it_is =
        "In the cluster at https://127.0.0.1:6443 (context kind-kind, Kubernetes v1.34.4) we make the namespace mine,";
    assert!(told.contains(where_it_is), "{told}");
    assert!(!demo.errors().contains("note: "), "{}", demo.errors());
    let asked_elsewhere = kubectl.calls();
    let mut calls = asked_elsewhere.lines().filter(|call| call.starts_with("begin ") && !call.contains("get-contexts"));
    assert!(calls.all(|call| call.starts_with("begin --context kind-kind ")), "{asked_elsewhere}");
}

#[test]
fn what_a_killed_demo_left_is_told_and_not_deleted() {
    let left = r#"{"items":[{"metadata":{"name":"flotilla-demo-old","creationTimestamp":"2020-01-01T00:00:00Z"}}]}"#;
    let kubectl = Kubectl::saying(&format!(
        "*\"get namespaces \"*) echo '{left}' ;;\n*\"create --filename=-\") cat >/dev/null; exit 1 ;;"
    ));
    fails(
        &mut kubectl.demo(&[]),
        &["note: ", "`kubectl --context minikube delete namespace flotilla-demo-old` deletes it"],
    );
    assert!(!kubectl.calls().contains("delete"), "{}", kubectl.calls());
}

/// The namespace is known only when the cluster has answered, and the signal comes before.
#[test]
fn a_namespace_that_is_just_being_made_is_deleted_too() {
    let file = r#"made="$(dirname "$0")/made""#;
    let kubectl = Kubectl::saying(&format!(
        "*\"create --filename=-\") {file}; sed 's/.*\"app.kubernetes.io.instance\":\"\\([^\"]*\\)\".*/\\1/' >\"$made.run\"; sleep 1
            echo '{{\"metadata\":{{\"labels\":{{\"app.kubernetes.io/instance\":\"'$(cat \"$made.run\")'\"}}}}}}' >\"$made\" ;;\n\
         *\"get namespace mine \"*) {file}; cat \"$made\" 2>/dev/null || true ;;\n\
         *\"delete namespace mine \"*) {file}; rm \"$made\" ;;\n"
    ));
    let mut demo = kubectl.demo(&["--namespace", "mine"]);
    until("the namespace is being made", || kubectl.calls().contains("begin --context minikube create").then_some(()));
    demo.send(Signal::INT);
    assert_eq!(demo.exit_code(), Some(130), "{}{}", demo.output(), demo.errors());
    let calls = kubectl.calls();
    let (made, deleted) =
        (calls.find("end --context minikube create"), calls.find("begin --context minikube delete namespace mine"));
    assert!(made.is_some() && made < deleted, "{calls}");
    assert!(demo.errors().contains("it is gone after "), "{}", demo.errors());
}
