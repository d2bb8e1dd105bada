//! A headless browser, driven by chromedriver: one window that a test looks at, clicks and types in.
use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    environment,
    eventually::{LONG, eventually},
    output::Stream,
    skips,
    tool::Tool,
    webdriver::Session,
};

/// Nothing that calls home. A name that is no address of this machine stands for one whose pages are no secure context.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP page.test 127.0.0.1",
];

/// A browser with one window. Dropping it ends it, with everything it started.
#[derive(Debug)]
pub struct Browser {
    session: Session,
    tool: Option<Tool>,
    profile: TempDir,
}

/// Keys without a character, as WebDriver writes them (section 15.4.2).
pub mod key {
    #![expect(missing_docs, reason = "each is what is printed on it")]
    pub const TAB: &str = "\u{E004}";
    pub const ENTER: &str = "\u{E007}";
    pub const ESCAPE: &str = "\u{E00C}";
    pub const UP: &str = "\u{E013}";
    pub const RIGHT: &str = "\u{E014}";
}

/// What a window was given to see.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// In CSS pixels.
    pub width: u32,
    /// In CSS pixels.
    pub height: u32,
    /// What the system prefers.
    pub dark: bool,
}

/// A desk.
pub const DESK: Window = Window { width: 1440, height: 900, dark: false };

impl Browser {
    /// Starts one. Needs [`skips::BROWSER`].
    pub async fn start() -> Self {
        let profile = environment::temporary_directory();
        let (tool, port) = driver(&profile).await;
        let capabilities = capabilities(&profile);
        let session = Session::begin(port, capabilities).await.expect("a session");
        Self { session, tool: Some(tool), profile }
    }

    /// Starts one with a page in it.
    pub async fn at(url: &str) -> Self {
        let browser = Self::start().await;
        browser.sees(DESK).await;
        browser.go(url).await;
        browser
    }

    /// Loads a page.
    pub async fn go(&self, url: &str) {
        self.session.go(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// From now on the window is so large, and the system prefers light or dark.
    pub async fn sees(&self, Window { width, height, dark }: Window) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = json!({"name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" }});
        self.devtools("Emulation.setEmulatedMedia", json!({"features": [scheme]})).await;
    }

    /// A command of the browser's own protocol.
    pub async fn devtools(&self, method: &str, parameters: Value) -> Value {
        self.session.devtools(method, parameters).await.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// What a script returns: `return document.title`.
    pub async fn script(&self, script: &str) -> Value {
        self.session.execute(script).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// The text of the element, as it is in the document.
    pub async fn text(&self, css: &str) -> String {
        self.look_at(css).await.unwrap_or_else(|| panic!("there is no {css}"))
    }

    /// The same; `None` where there is no such element.
    pub async fn look_at(&self, css: &str) -> Option<String> {
        let found = self.script(&format!("return document.querySelector({})?.textContent ?? null", json!(css))).await;
        found.as_str().map(|text| text.trim().to_owned())
    }

    /// Waits until the element's text is as wanted; what the text then is.
    pub async fn shows(&self, css: &str, wanted: impl Fn(&str) -> bool) -> String {
        let last = std::cell::RefCell::new(String::new());
        let look = async || {
            let text = self.look_at(css).await?;
            if wanted(&text) {
                return Some(text);
            }
            last.replace(text);
            None
        };
        eventually(&format!("{css} shows what is wanted"), LONG, look).await
    }

    /// Clicks the element as a person would: it must be seen, and nothing over it.
    pub async fn click(&self, css: &str) {
        self.script(&format!("document.querySelector({})?.scrollIntoView({{block: 'center'}})", json!(css))).await;
        self.session.click(css).await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Types on the keyboard, wherever the focus is. [`key`] has the keys without a character.
    pub async fn types(&self, keys: impl AsRef<str>) {
        self.session.press(keys.as_ref()).await.expect("typed");
    }

    /// What was complained about since the last call: scripts that failed, refused resources, violated policies, messages.
    /// That an answer was no success is no complaint: some are asked for on purpose.
    pub async fn complaints(&self) -> Vec<String> {
        let messages = self.session.log("browser").await.expect("a log");
        let answered = |message: &str| message.contains("the server responded with a status of");
        messages.into_iter().filter(|message| !answered(message)).collect()
    }

    /// The origins that requests were sent to over the network since the last call.
    pub async fn origins(&self) -> BTreeSet<String> {
        let messages = self.session.log("performance").await.expect("a log");
        let events = messages.iter().filter_map(|message| serde_json::from_str::<Value>(message).ok());
        let sent = events.filter(|event| event["message"]["method"] == "Network.requestWillBeSent");
        sent.filter_map(|event| origin(event["message"]["params"]["request"]["url"].as_str()?)).collect()
    }

    /// Every element that can be used, as a screen reader is told of it: role and name.
    pub async fn controls(&self) -> Vec<(String, String)> {
        let tree = self.devtools("Accessibility.getFullAXTree", json!({})).await;
        let nodes = tree["nodes"].as_array().cloned().unwrap_or_default();
        let text = |node: &Value, of: &str| node[of]["value"].as_str().unwrap_or_default().trim().to_owned();
        let roles = ["button", "link", "textbox", "slider", "radio", "checkbox", "img", "region", "image"];
        let seen = nodes.iter().filter(|node| node["ignored"] == false);
        seen.map(|node| (text(node, "role"), text(node, "name")))
            .filter(|(role, _)| roles.contains(&role.as_str()))
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.tool.take());
        // The browser's processes are killed and not yet gone: one may be writing still.
        for _ in 0..200 {
            if fs::remove_dir_all(self.profile.path()).is_ok() || !self.profile.path().exists() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A chromedriver and its port. It takes a port for both kinds of address and ends where it gets only one of them, which
/// the next one hardly meets again.
async fn driver(profile: &TempDir) -> (Tool, u16) {
    const TRIES: usize = 5;
    for _ in 0..TRIES {
        let mut command = Command::new(skips::chromedriver().expect("chromedriver"));
        command.arg("--port=0").stdin(Stdio::null());
        command.env_clear().env("PATH", environment::path()).env("HOME", profile.path());
        let tool = Tool::start(command);
        let port = eventually("chromedriver listens or ends", LONG, async || {
            let is_over = tool.output().is_complete();
            let lines = tool.output().of(Stream::Out);
            let port = lines
                .iter()
                .find_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok());
            (port.is_some() || is_over).then_some(port)
        })
        .await;
        if let Some(port) = port {
            return (tool, port);
        }
    }
    panic!("chromedriver ended {TRIES} times instead of listening");
}

fn capabilities(profile: &TempDir) -> Value {
    let profile = format!("--user-data-dir={}", profile.path().join("p").display());
    let flags: Vec<_> = FLAGS.into_iter().chain([profile.as_str()]).collect();
    json!({
        "browserName": "chrome",
        "goog:chromeOptions": {"binary": skips::browser().expect("a browser"), "args": flags},
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
    })
}

fn origin(url: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).ok()?;
    let is_sent = ["http", "https", "ws", "wss", "ftp"].contains(&url.scheme());
    is_sent.then(|| url.origin().ascii_serialization())
}
