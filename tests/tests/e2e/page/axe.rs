//! The page in every view, light and dark, on a desk and on a phone, held against axe-core. `just axe-tool` installs it.
use std::fs;

use e2e::{
    Shared, Target, Test,
    browser::{Browser, DESK, Window},
    skips,
};
use serde_json::{Value, json};

use super::sign_in;

const PHONE: Window = Window { width: 390, height: 844, dark: false };
const VIEWS: [&str; 4] = ["traffic", "token", "try", "about"];

pub(crate) fn tests() -> Vec<Test> {
    let tests = e2e::tests![BROWSER: axe_finds_nothing_before_signing_in, axe_finds_nothing_in_use];
    tests.into_iter().map(|test| test.needing(&skips::AXE)).collect()
}

async fn axe_finds_nothing_before_signing_in() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(suite.origin()).await;
    assert_eq!(findings(&page, "at the start").await, [""; 0]);
}

/// With an account, answers, failures, and the dialog open.
async fn axe_finds_nothing_in_use() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(suite.origin()).await;
    page.click("#run").await;
    page.shows("#instance-rows .fill", |_| true).await;
    page.click("#run").await;
    sign_in(&page).await;
    page.click("[data-forgery=tampered]").await;
    page.shows("#cheat-result .exchange", |text| text.contains("401")).await;
    page.click("#token-parts .copy").await;
    page.shows("#token-parts .copy", |text| text.starts_with("Copied") || text.starts_with("Select it")).await;
    page.click("nav a[href='#try']").await;
    page.click("#try-send").await;
    page.shows("#try-answer", |text| text.contains("200 OK")).await;
    let mut found = findings(&page, "in use").await;
    page.script("document.documentElement.toggleAttribute('data-projector', true)").await;
    found.extend(findings(&page, "on a projector").await);
    page.click("#help-open").await;
    found.extend(checked(&page, "the dialog").await);
    assert_eq!(found, [""; 0]);
}

/// What axe finds in each view, in light and dark, on a desk and on a phone.
async fn findings(page: &Browser, when: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (place, window) in [("desk", DESK), ("phone", PHONE)] {
        for dark in [false, true] {
            page.sees(Window { dark, ..window }).await;
            for view in VIEWS {
                page.script(&format!("location.hash = '{view}'")).await;
                page.shows(&format!("html[data-view={view}] #{view}-title"), |_| true).await;
                let theme = if dark { "dark" } else { "light" };
                found.extend(checked(page, &format!("{when}, {view}, {theme}, {place}")).await);
            }
        }
    }
    found
}

/// What axe finds in what is shown now, with all its rules, the experimental ones too.
async fn checked(page: &Browser, what: &str) -> Vec<String> {
    if page.script("return typeof axe").await == "undefined" {
        let script = fs::read_to_string(skips::axe()).expect("axe-core");
        evaluated(page, &format!("{script}; 0")).await;
    }
    let report = evaluated(
        page,
        "(async () => {
            const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice', 'experimental'];
            const {passes, violations} = await axe.run(document, {runOnly: tags, resultTypes: ['violations']});
            const nodes = violations.flatMap(({id, help, nodes}) => nodes.map(({target}) => `${id}: ${help}: ${target}`));
            return {passes: passes.length, nodes};
        })()",
    )
    .await;
    assert!(report["passes"].as_u64().is_some_and(|passes| passes > 20), "{what}: axe has looked at little: {report}");
    let nodes = report["nodes"].as_array().expect("a list");
    nodes.iter().map(|node| format!("{what}: {}", node.as_str().unwrap_or_default())).collect()
}

/// An expression's value. The page's policy does not apply to it.
async fn evaluated(page: &Browser, expression: &str) -> Value {
    let asked = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
    let told = page.devtools("Runtime.evaluate", asked).await;
    assert!(told.get("exceptionDetails").is_none(), "{told}");
    told["result"]["value"].clone()
}
