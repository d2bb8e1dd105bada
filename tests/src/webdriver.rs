//! The few commands of WebDriver (<https://www.w3.org/TR/webdriver2/>) that the browser is driven by, and Chromium's own.
//!
//! Not by a library: the kept ones ask serde_json to keep the order of members, and what one package of a workspace
//! asks for is in every executable that is built beside it.
use serde_json::{Value, json};

/// A session at a driver: one window of one browser.
#[derive(Debug)]
pub(crate) struct Session {
    http: reqwest::Client,
    url: String,
}

/// What is said when a command fails.
pub(crate) type Outcome = Result<Value, String>;

impl Session {
    /// Begins one at the driver on this port.
    pub(crate) async fn begin(port: u16, capabilities: Value) -> Result<Self, String> {
        let http = reqwest::Client::builder().no_proxy().build().map_err(|error| error.to_string())?;
        let driver = Self { http, url: format!("http://127.0.0.1:{port}") };
        let begun = driver.post("/session", json!({"capabilities": {"alwaysMatch": capabilities}})).await?;
        let id = begun["sessionId"].as_str().ok_or("a session has an id")?;
        Ok(Self { url: format!("{}/session/{id}", driver.url), http: driver.http })
    }

    /// Section 10.1.
    pub(crate) async fn go(&self, url: &str) -> Outcome {
        self.post("/url", json!({"url": url})).await
    }

    /// Section 13.2.1: what the script returns; a promise is waited for.
    pub(crate) async fn execute(&self, script: &str) -> Outcome {
        self.post("/execute/sync", json!({"script": script, "args": []})).await
    }

    /// Sections 12.3.2 and 12.5.1: as a person would, so the element must be seen, with nothing over it.
    pub(crate) async fn click(&self, css: &str) -> Outcome {
        let found = self.post("/element", json!({"using": "css selector", "value": css})).await?;
        let element =
            found.as_object().and_then(|found| found.values().next()?.as_str()).ok_or("an element has an id")?;
        self.post(&format!("/element/{element}/click"), json!({})).await
    }

    /// Section 15: each key is pressed and released.
    pub(crate) async fn press(&self, keys: &str) -> Outcome {
        let strokes = keys.chars().flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key})));
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": strokes.collect::<Vec<_>>()});
        self.post("/actions", json!({"actions": [keyboard]})).await
    }

    /// Chromium's: what was logged since the last call, `browser` or `performance`.
    pub(crate) async fn log(&self, kind: &str) -> Result<Vec<String>, String> {
        let entries = self.post("/se/log", json!({"type": kind})).await?;
        let messages = entries.as_array().into_iter().flatten().filter_map(|entry| entry["message"].as_str());
        Ok(messages.map(str::to_owned).collect())
    }

    /// Chromium's: a command of its developer tools.
    pub(crate) async fn devtools(&self, method: &str, parameters: Value) -> Outcome {
        self.post("/goog/cdp/execute", json!({"cmd": method, "params": parameters})).await
    }

    async fn post(&self, path: &str, body: Value) -> Outcome {
        let request = self.http.post(format!("{}{path}", self.url)).body(body.to_string());
        let answer = request.send().await.map_err(|error| format!("{error:?}"))?;
        let is_good = answer.status().is_success();
        let body = answer.text().await.map_err(|error| format!("{error:?}"))?;
        let mut body: Value = serde_json::from_str(&body).map_err(|error| format!("{error}: {body}"))?;
        let value = body["value"].take();
        if is_good { Ok(value) } else { Err(format!("{}: {}", value["error"], value["message"])) }
    }
}
