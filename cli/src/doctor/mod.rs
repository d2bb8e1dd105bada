//! `flotilla doctor`: which tools are here, what each is for, and what is missing.
//!
//! A missing tool is a hint, for nobody needs all of them; asked for by `--for` it is a failure with its remedy.

mod machine;
mod probe;
mod tools;

use std::fmt::Write as _;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use clap::{Args, ValueEnum};

use self::tools::Finding;
use crate::{exit, output, table};

/// The options of `flotilla doctor`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// What you want to do; missing tools for it are an error with a line on how to get them
    #[arg(long = "for", value_enum, value_name = "WHAT", value_delimiter = ',')]
    purposes: Vec<Purpose>,
}

/// What a person may want to do, and so needs tools for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Purpose {
    /// Build from source
    Rust,
    /// The lessons of docs/walkthrough.md, in a cluster
    Walkthrough,
    /// Images and Compose
    Docker,
    /// The suite in a cluster
    Kubernetes,
    /// A cluster on this machine
    Minikube,
    /// A database server
    Postgres,
}

/// Runs `flotilla doctor`.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    let findings = runtime.block_on(tools::examine());
    let mut text = String::new();
    list_tools(&mut text, &findings, &options.purposes);
    list_machine(&mut text);
    let missing = list_remedies(&mut text, &findings, &options.purposes);
    output::print(&text)?;
    Ok(ExitCode::from(if missing { exit::FAILED } else { 0 }))
}

fn list_tools(text: &mut String, findings: &[Finding], purposes: &[Purpose]) {
    let rows: Vec<_> = findings
        .iter()
        .map(|finding| {
            [
                finding.tool.name.to_owned(),
                finding.state().to_owned(),
                finding.version(),
                finding.tool.used_for.to_owned(),
            ]
        })
        .collect();
    heading(text, "Tools");
    for (finding, line) in findings.iter().zip(table::aligned(&rows)) {
        let colour = match (finding.works(), finding.asked_for(purposes)) {
            (true, _) => AnsiColor::Green,
            (false, true) => AnsiColor::Red,
            (false, false) => AnsiColor::Yellow,
        };
        let style = Style::new().fg_color(Some(colour.into()));
        let _ = writeln!(text, "  {style}{line}{style:#}");
    }
}

fn list_machine(text: &mut String) {
    heading(text, "This machine");
    for line in table::aligned(&machine::facts()) {
        let _ = writeln!(text, "  {line}");
    }
}

/// One line for each tool that was asked for and is missing. Says whether there is one.
fn list_remedies(text: &mut String, findings: &[Finding], purposes: &[Purpose]) -> bool {
    let mut missing = findings.iter().filter(|finding| !finding.works() && finding.asked_for(purposes)).peekable();
    if missing.peek().is_none() {
        let hint = "Nothing you asked for is missing.";
        let all = findings.iter().all(Finding::works);
        if !all && purposes.is_empty() {
            let _ = writeln!(
                text,
                "\nWhat is missing matters only for its purpose: flotilla doctor --for <what> says how to get it."
            );
        } else {
            let _ = writeln!(text, "\n{hint}");
        }
        return false;
    }
    heading(text, "To fix");
    for finding in missing {
        let _ = writeln!(text, "  {}: {}", finding.tool.name, finding.remedy());
    }
    true
}

fn heading(text: &mut String, title: &str) {
    let bold = Style::new().bold();
    let gap = if text.is_empty() { "" } else { "\n" };
    let _ = writeln!(text, "{gap}{bold}{title}{bold:#}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_missing_tool_is_a_hint() {
        let findings = tools::pretend(&["cargo", "curl", "docker"]);
        let mut text = String::new();
        assert!(!list_remedies(&mut text, &findings, &[]));
        insta::assert_snapshot!(plain(&text));
    }

    #[test]
    fn a_missing_tool_that_was_asked_for_has_a_remedy() {
        let findings = tools::pretend(&["cargo", "curl", "docker"]);
        let mut text = String::new();
        let asked = [Purpose::Minikube, Purpose::Postgres];
        list_tools(&mut text, &findings, &asked);
        assert!(list_remedies(&mut text, &findings, &asked));
        insta::assert_snapshot!(plain(&text));
    }
}
