//! A headless browser that opens one page and tells what became of it.
use std::process::{Command, Stdio};

use crate::{environment, output::Stream, skips, tool::Tool};

/// A page as a browser left it.
#[derive(Debug)]
pub struct Page {
    /// The document, serialized after its scripts ran.
    pub dom: String,
    /// What was written to its console: errors, refused resources, messages.
    pub console: Vec<String>,
}

/// Nothing that calls home, and nothing that outlives the page.
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--dump-dom",
];

/// Opens a page. Needs [`skips::BROWSER`].
pub async fn open(url: &str) -> Page {
    let profile = environment::temporary_directory();
    let mut browser = Command::new(skips::browser().expect("a browser"));
    browser.args(FLAGS).arg(format!("--user-data-dir={}", profile.path().display())).arg(url);
    browser.env_clear().env("PATH", environment::path()).env("HOME", profile.path()).stdin(Stdio::null());
    let mut browser = Tool::start(browser);
    let status = browser.wait().await;
    let said = browser.output().of(Stream::Err);
    assert!(status.success(), "the browser ended with {status}: {said:?}");
    // [1234:1234:1121/133310.123:INFO:CONSOLE:12] "…", source: … (12)
    let console = said.into_iter().filter(|line| line.contains(":CONSOLE")).collect();
    Page { dom: browser.output().of(Stream::Out).join("\n"), console }
}
