//! Each endpoint can be tried, and the answer is the service's.
use e2e::{Shared, Suite, Target, Test, browser::Browser};

use super::sign_in;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![BROWSER: every_endpoint_answers_as_the_page_says, trying_a_login_signs_in_and_a_logout_out, a_double_click_does_not_end_the_login, the_curl_line_does_the_same]
}

async fn choose(page: &Browser, endpoint: &str) {
    page.click(&format!("#endpoints label:has([value='{endpoint}'])")).await;
}

async fn send(page: &Browser, endpoint: &str, status: &str) -> String {
    choose(page, endpoint).await;
    page.click("#try-send:not([disabled])").await;
    page.shows("#try-answer", |text| text.contains(&format!(" {status} "))).await
}

async fn every_endpoint_answers_as_the_page_says() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(suite.origin()).await;
    sign_in(&page).await;
    page.click("nav a[href='#try']").await;
    let all = "return [...document.querySelectorAll('#endpoints input')].map(({value}) => value)";
    let all: Vec<String> = serde_json::from_value(page.script(all).await).expect("names");
    let mut tried = 0;
    for (endpoint, status, body) in [
        ("greeting", "200", "\"Hello\""),
        ("secure", "200", "\"user\""),
        ("admin", "403", "presenter"),
        ("whoami", "200", "instance"),
        ("keys", "200", "Ed25519"),
        ("metadata", "200", "issuer"),
        ("version", "200", "revision"),
        ("hello-api", "200", "openapi"),
        ("auth-api", "200", "openapi"),
        ("wrong-method", "405", "allow"),
        ("nowhere", "404", "Not Found"),
        ("login", "200", "refresh_token"),
        ("refresh", "200", "refresh_token"),
        ("logout", "204", "x-request-id"),
    ] {
        let answer = send(&page, endpoint, status).await;
        assert!(answer.contains(body) && answer.contains("x-served-by"), "{endpoint}: {answer}");
        tried += 1;
    }
    assert_eq!(tried, all.len(), "{all:?}");
    assert_eq!(page.complaints().await, Vec::<String>::new());
}

async fn trying_a_login_signs_in_and_a_logout_out() {
    let suite = Suite::split().await;
    let page = Browser::at(&format!("{}/#try", suite.origin())).await;
    send(&page, "secure", "401").await;
    send(&page, "login", "200").await;
    page.shows("#chip-text", |text| text.starts_with("user · ")).await;
    send(&page, "secure", "200").await;
    send(&page, "refresh", "200").await;
    send(&page, "refresh", "200").await;
    send(&page, "logout", "204").await;
    page.shows("#chip-text", |text| text == "not signed in").await;
    send(&page, "secure", "401").await;
}

/// A refresh token is good once: whoever presents it twice is signed out everywhere.
async fn a_double_click_does_not_end_the_login() {
    let suite = Suite::split().await;
    let page = Browser::at(&format!("{}/#try", suite.origin())).await;
    send(&page, "login", "200").await;
    page.shows("#chip-text", |text| text.starts_with("user · ")).await;
    choose(&page, "refresh").await;
    page.script("const send = document.querySelector('#try-send'); send.click(); send.click(); send.click()").await;
    page.shows("#try-answer", |text| text.contains(" 200 ")).await;
    send(&page, "refresh", "200").await;
    send(&page, "logout", "204").await;
}

async fn the_curl_line_does_the_same() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(suite.origin()).await;
    sign_in(&page).await;
    page.click("nav a[href='#try']").await;
    choose(&page, "secure").await;
    let command = page.shows("#try-request code", |text| text.contains("/secure")).await;
    let words: Vec<&str> = command.split('\'').collect();
    let bearer = words.iter().find_map(|word| word.strip_prefix("authorization: Bearer ")).expect("a token");
    suite.anonymous().holding(bearer).secure(200).await;
    assert!(command.starts_with("curl -i ") && command.ends_with(&format!("{}/secure", suite.origin())), "{command}");
}
