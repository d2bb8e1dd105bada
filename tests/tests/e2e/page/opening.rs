//! The page opens: it complains about nothing, asks nobody else, and keeps nothing.
use e2e::{
    Program, Shared, Suite, Target, Test,
    browser::{Browser, DESK, Window},
    eventually::{LONG, eventually},
};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![BROWSER:
        the_page_opens_without_a_complaint,
        a_complaint_would_be_noticed,
        the_policy_forbids_what_the_page_does_not_do,
        nothing_is_stored,
        it_is_light_or_dark_as_wished,
        the_commands_name_the_address_that_was_opened,
        what_the_frontend_does_not_offer_is_not_shown,
    ]
}

async fn the_page_opens_without_a_complaint() {
    let suite = Shared::of(Target::Split).await;
    for (path, dark) in [("/", false), ("/ui/", true)] {
        let page = Browser::start().await;
        page.sees(Window { dark, ..DESK }).await;
        page.go(&format!("{}{path}", suite.origin())).await;
        page.shows("#run-label", |label| label == "Start").await;
        for view in ["token", "try", "about", "traffic"] {
            page.click(&format!("nav a[href='#{view}']")).await;
            let seen =
                "return [...document.querySelectorAll('.view')].filter(view => !view.hidden).map(view => view.id)";
            assert_eq!(page.script(seen).await, serde_json::json!([view]));
        }
        super::sign_in(&page).await;
        page.shows("#signature-check", |text| !text.is_empty()).await;
        assert_eq!(page.complaints().await, Vec::<String>::new());
        assert_eq!(page.origins().await.into_iter().collect::<Vec<_>>(), [suite.origin()]);
    }
}

/// The test above would say nothing if nobody listened.
async fn a_complaint_would_be_noticed() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(suite.origin()).await;
    page.script("setTimeout(() => { throw new Error('a complaint of ours') })").await;
    page.script("fetch('http://127.0.0.1:9/elsewhere').catch(() => {})").await;
    page.script("fetch('/ui/none')").await;
    page.go("data:text/html,<img src='http://127.0.0.1:9/x'>").await;
    let complaints = page.complaints().await;
    for expected in ["a complaint of ours", "Content Security Policy"] {
        assert!(complaints.iter().any(|line| line.contains(expected)), "{expected}: {complaints:?}");
    }
    let origins = page.origins().await;
    assert!(origins.contains("http://127.0.0.1:9"), "{origins:?}");
}

async fn the_policy_forbids_what_the_page_does_not_do() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(suite.origin()).await;
    page.script("window.violated = []; addEventListener('securitypolicyviolation', ({effectiveDirective}) => violated.push(effectiveDirective))").await;
    for attempt in [
        "document.body.setAttribute('style', 'color: red')",
        "document.body.append(Object.assign(document.createElement('style'), {textContent: '*{}'}))",
        "document.body.append(Object.assign(document.createElement('img'), {src: 'data:image/gif;base64,R0lGODlhAQABAAAAACw='}))",
        "fetch('http://localhost:9/').catch(() => {})",
        "try { document.body.innerHTML = '<b>x</b>' } catch {}",
        "try { document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'})) } catch {}",
    ] {
        page.script(attempt).await;
    }
    let violated = e2e::eventually("all are refused", e2e::LONG, async || {
        let violated = page.script("return [...new Set(violated)].sort()").await;
        let violated: Vec<String> = serde_json::from_value(violated).expect("texts");
        (violated.len() >= 5).then_some(violated)
    })
    .await;
    for directive in ["connect-src", "img-src", "require-trusted-types-for", "style-src-attr", "style-src-elem"] {
        assert!(violated.iter().any(|violated| violated == directive), "{directive}: {violated:?}");
    }
    assert_eq!(page.script("return window.ran ?? null").await, serde_json::Value::Null);
}

async fn nothing_is_stored() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(suite.origin()).await;
    super::sign_in(&page).await;
    let stored = "return [localStorage.length, sessionStorage.length, document.cookie, (await indexedDB.databases()).length, (await caches.keys()).length]";
    let stored = page.script(&format!("return (async () => {{ {stored} }})()")).await;
    assert_eq!(stored, serde_json::json!([0, 0, "", 0, 0]));
    page.go(&format!("{}/?again#token", suite.origin())).await;
    page.shows("#chip-text", |text| text == "not signed in").await;
}

async fn it_is_light_or_dark_as_wished() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(suite.origin()).await;
    let is_dark = async || {
        let script = "return getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).slice(0, 3).every(part => part < 60)";
        page.script(script).await == true
    };
    assert!(!is_dark().await);
    page.sees(Window { dark: true, ..DESK }).await;
    assert!(is_dark().await, "the system's wish");
    page.click("#theme").await;
    page.shows("#theme-name", |name| name == "light").await;
    assert!(!is_dark().await, "the reader's own");
    page.click("#theme").await;
    page.sees(DESK).await;
    assert!(is_dark().await, "the reader's own");
    let address = page.script("return location.href").await;
    page.go(address.as_str().expect("an address")).await;
    page.shows("#theme-name", |name| name == "dark").await;
}

async fn the_commands_name_the_address_that_was_opened() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(&format!("{}/#about", suite.origin())).await;
    page.shows("#about", |text| text.contains(&format!("curl -i {}/secure", suite.origin()))).await;
}

async fn what_the_frontend_does_not_offer_is_not_shown() {
    let suite = Suite::split_with(|launch| match launch.program() {
        Program::Frontend => launch.set("WHOAMI", "false"),
        _ => launch,
    })
    .await;
    let page = Browser::at(suite.origin()).await;
    let mentions = "return document.querySelectorAll('[value*=whoami], a[href*=whoami]').length";
    let gone = async || (page.script(mentions).await == 0).then_some(());
    eventually("the page does not mention /whoami", LONG, gone).await;
    assert!(page.look_at("#endpoints [value='version']").await.is_some());
    let shown = Browser::at(Shared::of(Target::Split).await.origin()).await;
    shown.shows("#run-label", |label| label == "Start").await;
    assert_eq!(shown.script(mentions).await, 3, "traffic, the endpoints to try, the first command");
}
