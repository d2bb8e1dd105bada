//! The page for everybody: by keyboard, by screen reader, in every size, with enough contrast.
use e2e::{
    Shared, Target, Test,
    browser::{Browser, DESK, Window, key},
};
use serde_json::Value;

use super::sign_in;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![BROWSER:
        the_keyboard_alone_is_enough,
        single_keys_can_be_turned_off,
        every_control_has_a_name,
        nothing_is_wider_than_the_window,
        text_has_contrast_in_light_and_dark,
        who_wants_no_motion_gets_none,
    ]
}

/// Presses Tab until an element with this id has the focus.
async fn tab_to(page: &Browser, id: &str) {
    for _ in 0..60 {
        page.types(key::TAB).await;
        let focused = page.script("return document.activeElement.id || document.activeElement.value || document.activeElement.textContent.trim()").await;
        if focused == id {
            let outlined = "const {outlineStyle, outlineWidth} = getComputedStyle(document.activeElement); return outlineStyle !== 'none' && parseFloat(outlineWidth) > 0 || document.activeElement.matches('[type=radio]')";
            assert_eq!(page.script(outlined).await, true, "the focus on {id} is seen");
            return;
        }
    }
    panic!("{id} is not reached by Tab");
}

async fn the_keyboard_alone_is_enough() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(suite.origin()).await;
    tab_to(&page, "Skip to the content").await;
    for id in ["theme", "projector", "help-open", "run"] {
        tab_to(&page, id).await;
    }
    page.types(key::ENTER).await;
    page.shows("#run-label", |label| label == "Pause").await;
    tab_to(&page, "/").await;
    page.types(key::RIGHT).await;
    assert_eq!(page.script("return document.querySelector('#paths :checked').value").await, "/secure");
    tab_to(&page, "rate").await;
    page.types(key::RIGHT).await;
    page.shows("#rate-shown", |text| text == "20 a second").await;
    for id in ["most", "clear", "field"] {
        tab_to(&page, id).await;
    }
    page.types(" ").await;
    page.shows("#run-label", |label| label == "Start").await;
    page.types("p").await;
    assert_eq!(page.text("#projector[aria-pressed=true]").await, "Projector");
    page.types("2").await;
    page.shows("html[data-view=token] #token-title", |_| true).await;
    tab_to(&page, "username").await;
    page.types("user").await;
    tab_to(&page, "password").await;
    page.types(format!("password{}", key::ENTER)).await;
    page.shows("#subject", |subject| subject == "user").await;
    tab_to(&page, "Tamper with one character").await;
    page.types(key::ENTER).await;
    page.shows("#cheat-result .exchange", |text| text.starts_with("✕ 401")).await;
    page.types("3").await;
    page.shows("html[data-view=try] #try-title", |_| true).await;
    tab_to(&page, "try-send").await;
    page.types(key::ENTER).await;
    page.shows("#try-answer", |text| text.contains("200 OK")).await;
    page.types("?").await;
    page.shows("#help[open] h2", |title| title == "Keys").await;
    page.types(key::ESCAPE).await;
    assert_eq!(page.script("return document.getElementById('help').open").await, false);
}

/// A letter that is typed is a letter, and a key that is turned off does nothing.
async fn single_keys_can_be_turned_off() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(&format!("{}/#token", suite.origin())).await;
    page.click("#username").await;
    page.types("p 2").await;
    assert_eq!(page.script("return [document.getElementById('username').value, document.documentElement.hasAttribute('data-projector'), location.hash]").await, serde_json::json!(["p 2", false, "#token"]));
    page.click("#help-open").await;
    page.click("#keys-enabled").await;
    page.click("#help button").await;
    page.types("p2").await;
    assert_eq!(
        page.script("return [document.documentElement.hasAttribute('data-projector'), location.hash]").await,
        serde_json::json!([false, "#token"])
    );
}

async fn every_control_has_a_name() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(suite.origin()).await;
    sign_in(&page).await;
    page.click("[data-forgery=tampered]").await;
    page.shows("#cheat-result .exchange", |text| text.contains("401")).await;
    let mut seen = 0;
    for view in ["traffic", "token", "try", "about"] {
        page.click(&format!("nav a[href='#{view}']")).await;
        let controls = page.controls().await;
        let nameless: Vec<_> = controls.iter().filter(|(_, name)| name.is_empty()).collect();
        assert!(nameless.is_empty(), "{view}: {nameless:?}");
        seen += controls.len();
    }
    assert!(seen > 60, "{seen}");
    let field = page.script("return document.getElementById('field').getAttribute('aria-label')").await;
    assert!(field.as_str().is_some_and(|label| label.starts_with("One dot a request.")), "{field}");
}

async fn nothing_is_wider_than_the_window() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(suite.origin()).await;
    sign_in(&page).await;
    page.click("[data-forgery=expired]").await;
    page.shows("#cheat-result .exchange", |text| text.contains("401")).await;
    for (width, projector) in
        [(320, false), (390, false), (768, false), (1024, true), (1440, false), (1920, true), (3840, true)]
    {
        page.sees(Window { width, height: 900, dark: false }).await;
        page.script(&format!("document.documentElement.toggleAttribute('data-projector', {projector})")).await;
        for view in ["traffic", "token", "try", "about"] {
            page.script(&format!("location.hash = '{view}'")).await;
            page.shows(&format!("html[data-view={view}] #{view}-title"), |_| true).await;
            let script = "const wide = [...document.querySelectorAll('main *, header *')].filter(element => !element.closest('.visually-hidden, .segment') && element.getBoundingClientRect().right > innerWidth + 1); return [document.documentElement.scrollWidth - innerWidth, wide.slice(0, 3).map(element => element.outerHTML.slice(0, 90))]";
            let found = page.script(script).await;
            assert!(found[0].as_i64().is_some_and(|more| more <= 0), "{view} at {width}: {found}");
        }
    }
}

/// WCAG 2.2, 1.4.3 and 1.4.11: 4.5 for text, 3 for what is drawn.
async fn text_has_contrast_in_light_and_dark() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(suite.origin()).await;
    let text = [
        ("--ink", "--card"),
        ("--ink", "--paper"),
        ("--soft", "--card"),
        ("--soft", "--paper"),
        ("--soft", "--well"),
        ("--accent", "--card"),
        ("--accent", "--wash"),
        ("--accent", "--well"),
        ("--on-accent", "--accent"),
        ("--good", "--card"),
        ("--bad", "--card"),
        ("--bad", "--well"),
        ("--header-part", "--well"),
        ("--payload-part", "--well"),
        ("--signature-part", "--well"),
    ];
    let drawn =
        ["--tone-0-0", "--tone-1-0", "--tone-2-0", "--tone-3-0", "--bad", "--pending", "--tone-0-2", "--tone-1-2"]
            .map(|tone| (tone, "--card"));
    for dark in [false, true] {
        page.sees(Window { dark, ..DESK }).await;
        for (pairs, least) in [(&text[..], 4.5), (&drawn[..], 3.0)] {
            for (front, back) in pairs {
                let found: Value = page.script(&contrast(front, back)).await;
                assert!(found.as_f64().is_some_and(|found| found >= least), "{front} on {back}, dark: {dark}: {found}");
            }
        }
    }
}

fn contrast(front: &str, back: &str) -> String {
    format!(
        "const luminance = name => {{
            const probe = document.body.appendChild(document.createElement('i'));
            probe.style.color = `var(${{name}})`;
            const parts = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255);
            probe.remove();
            const [red, green, blue] = parts.map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        }};
        const both = [luminance('{front}'), luminance('{back}')].sort((a, b) => b - a);
        return (both[0] + 0.05) / (both[1] + 0.05)"
    )
}

async fn who_wants_no_motion_gets_none() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(suite.origin()).await;
    let still = serde_json::json!({"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]});
    page.devtools("Emulation.setEmulatedMedia", still).await;
    page.click("#run").await;
    page.shows("#instance-rows .fill", |_| true).await;
    let moving = "return getComputedStyle(document.querySelector('#instance-rows .fill')).transitionDuration";
    assert_eq!(page.script(moving).await, "0s");
    page.click("#run").await;
}
