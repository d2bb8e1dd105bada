//! kubectl, as a person runs it: at one context, with a deadline, and in its own words where something went wrong.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::{invocation, output, shell};

/// No command that is waited for takes longer, unless its cluster does not answer.
const LIMIT: Duration = Duration::from_secs(30);
/// Of what changes nothing.
const ATTEMPTS: usize = 3;
const PAUSE: Duration = Duration::from_millis(500);

/// Runs a command until its standard input is closed. Of the commands that go on by themselves some notice neither that who
/// started them was killed, nor that what they watch is gone.
const LIFELINE: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null &
child=$!
{ read -r line <&3; kill "$child"; } >/dev/null 2>&1 &
lifeline=$!
exec 3<&-
wait "$child"
kill "$lifeline"
"#;

/// How kubectl is called.
#[derive(Clone, Debug, Default)]
pub(super) struct Kubectl {
    flags: Vec<String>,
}

impl Kubectl {
    /// The same, always at this context: another one may become the current one while a demo runs.
    pub(super) fn at(&self, context: &str) -> Self {
        self.with(&["--context", context])
    }

    /// The same, within a namespace.
    pub(super) fn within(&self, namespace: &str) -> Self {
        self.with(&["--namespace", namespace])
    }

    fn with(&self, flags: &[&str]) -> Self {
        let more = flags.iter().map(|flag| (*flag).to_owned());
        Self { flags: self.flags.iter().cloned().chain(more).collect() }
    }

    /// A command for a person to type.
    pub(super) fn shown(&self, args: &[&str]) -> String {
        let words = self.flags.iter().map(String::as_str).chain(args.iter().copied());
        let words: Vec<_> = words.map(|word| shell::quoted(Path::new(word))).collect();
        format!("kubectl {}", words.join(" "))
    }

    fn command(&self, mut command: Command, args: &[&str]) -> Command {
        command.args(&self.flags).args(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A terminal's Ctrl-C goes to its whole process group, and we still need kubectl to put everything back.
        command.process_group(0).kill_on_drop(true);
        command
    }

    /// Starts a command that goes on until the child is dropped, or this process is gone.
    pub(super) fn start(&self, args: &[&str]) -> anyhow::Result<Child> {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", LIFELINE, "sh", "kubectl"]);
        self.command(shell, args).spawn().context("cannot start a shell")
    }

    /// What a command prints, if it ends well.
    pub(super) async fn run(&self, args: &[&str]) -> anyhow::Result<String> {
        self.tell(args, "").await
    }

    /// The same, with this on its standard input.
    pub(super) async fn tell(&self, args: &[&str], input: &str) -> anyhow::Result<String> {
        let mut child = self.command(Command::new("kubectl"), args).spawn().map_err(|error| not_started(&error))?;
        let mut stdin = child.stdin.take().context("kubectl has no standard input")?;
        let work = async {
            // It may end without reading.
            let _ = stdin.write_all(input.as_bytes()).await;
            drop(stdin);
            child.wait_with_output().await
        };
        let called = args.iter().take_while(|word| !word.starts_with('-')).copied().collect::<Vec<_>>().join(" ");
        let output = match timeout(LIMIT, work).await {
            Err(_) => bail!("kubectl {called}: no answer within {} s", LIMIT.as_secs()),
            Ok(output) => output.with_context(|| format!("kubectl {called}"))?,
        };
        if !output.status.success() {
            return Err(anyhow!("kubectl {called}: {}", complaint(&String::from_utf8_lossy(&output.stderr))));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// What the cluster knows of something: `kubectl get …`, asked again where a busy cluster has no answer.
    pub(super) async fn get(&self, args: &[&str]) -> anyhow::Result<Value> {
        let command = [&["get"], args, &["--output=json"]].concat();
        let mut text = self.run(&command).await;
        for _ in 1..ATTEMPTS {
            if text.is_ok() {
                break;
            }
            sleep(PAUSE).await;
            text = self.run(&command).await;
        }
        let text = text?;
        serde_json::from_str(&text).context("kubectl get printed no JSON")
    }
}

fn not_started(error: &io::Error) -> anyhow::Error {
    if error.kind() == io::ErrorKind::NotFound {
        let doctor = invocation::command("doctor --for kubernetes");
        return anyhow!(
            "there is no kubectl on the PATH: install it from https://kubernetes.io/docs/tasks/tools/ ({doctor} looks again)"
        );
    }
    anyhow!("cannot start kubectl: {error}")
}

/// The last line says what is wrong; before it may be what was tried.
pub(super) fn complaint(errors: &str) -> String {
    let line = errors.lines().rev().map(str::trim).find(|line| !line.is_empty());
    output::harmless(line.unwrap_or("it failed and said nothing").trim_start_matches("error: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_a_shell_takes_it() {
        let kubectl = Kubectl::default().at("my cluster").within("demo");
        assert_eq!(kubectl.shown(&["get", "pods"]), "kubectl --context 'my cluster' --namespace demo get pods");
    }

    #[test]
    fn the_last_line_says_what_is_wrong() {
        let errors = "E1125 memcache.go:265] couldn't get API group list\nUnable to connect to the server: EOF\n\n";
        assert_eq!(complaint(errors), "Unable to connect to the server: EOF");
        assert_eq!(complaint("error: no context exists\n"), "no context exists");
        assert_eq!(complaint(" \n"), "it failed and said nothing");
    }
}
