//! Signing in, the token taken apart, and what hello says to forged ones.
use e2e::{
    LONG, Launch, Program, Shared, Suite, Target, Test,
    browser::{Browser, DESK, key},
    eventually,
};
use serde_json::json;

use super::{counted, sign_in};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![BROWSER:
        signing_in_shows_the_token_and_its_claims,
        a_wrong_password_is_told,
        refreshing_and_signing_out_use_the_tokens_up,
        a_token_is_refreshed_before_it_ends,
        a_tampered_token_is_refused_and_the_log_says_why,
        rewritten_claims_are_refused_for_the_signature,
        an_expired_token_is_a_real_one,
        who_does_not_wait_for_the_end_gets_what_he_asked_for_next,
        where_the_browser_cannot_check_it_says_so,
        an_es256_signature_is_checked_in_the_browser_and_a_forgery_is_judged_like_hello_does,
    ]
}

const CHALLENGE: &str = r#"www-authenticate: Bearer realm="flotilla", error="invalid_token""#;

async fn signing_in_shows_the_token_and_its_claims() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(suite.origin()).await;
    sign_in(&page).await;
    page.shows("#signature-check", |text| text.starts_with("✓ The signature fits.")).await;
    let parts = page
        .script("return [...document.querySelectorAll('#parts .compact .part')].map(part => part.textContent)")
        .await;
    let parts: Vec<String> = serde_json::from_value(parts).expect("texts");
    assert_eq!(parts.len(), 3);
    suite.anonymous().holding(parts.join(".")).secure(200).await;
    let colours = "return [...document.querySelectorAll('#parts .compact .part')].map(part => { const {color, textDecorationStyle} = getComputedStyle(part); return color + textDecorationStyle })";
    let colours: Vec<String> = serde_json::from_value(page.script(colours).await).expect("texts");
    assert!(colours[0] != colours[1] && colours[1] != colours[2] && colours[0] != colours[2], "{colours:?}");
    let claims = page.text("#parts .decoded-part.payload").await;
    for expected in ["auth.service", "hello.service", "user@example.com", "when it ends", "whom it is for"] {
        assert!(claims.contains(expected), "{expected}: {claims}");
    }
    page.shows("#countdown", |left| left.starts_with("14:")).await;
    page.shows("#chip-text", |text| text.starts_with("user · 14:")).await;
}

async fn a_wrong_password_is_told() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(&format!("{}/#token", suite.origin())).await;
    page.click("#username").await;
    page.types("nobody-of-this-name").await;
    page.click("#password").await;
    page.types(format!("wrong{}", key::ENTER)).await;
    page.shows("#sign-in-said", |said| said == "401 Unauthorized: The name or the password is wrong.").await;
    page.shows("#chip-text", |text| text == "not signed in").await;
}

async fn refreshing_and_signing_out_use_the_tokens_up() {
    let mut suite = Suite::split().await;
    let page = Browser::at(suite.origin()).await;
    sign_in(&page).await;
    let first = page.text("#parts .compact").await;
    page.click("#refresh").await;
    page.shows("#session-said", |said| said.starts_with("Refreshed")).await;
    assert_ne!(page.text("#parts .compact").await, first);
    page.click("#sign-out").await;
    page.shows("#sign-in-said", |said| said.starts_with("Signed out")).await;
    assert_eq!(counted(&mut suite, Program::Auth, r#"refreshes_total{outcome="succeeded"}"#).await, 1);
    assert_eq!(
        counted(&mut suite, Program::Auth, r#"http_requests_total{method="POST",route="/logout",status="204"}"#).await,
        1
    );
}

async fn a_token_is_refreshed_before_it_ends() {
    let mut suite = Suite::split_with(|launch| match launch.program() {
        Program::Auth => launch.set("TOKEN_TTL", "3s"),
        _ => launch,
    })
    .await;
    let page = Browser::at(suite.origin()).await;
    sign_in(&page).await;
    eventually("it refreshes by itself", LONG, async || {
        let refreshes = counted(&mut suite, Program::Auth, r#"refreshes_total{outcome="succeeded"}"#).await;
        (refreshes >= 2).then_some(())
    })
    .await;
    assert_eq!(counted(&mut suite, Program::Auth, r#"refreshes_total{outcome="reused"}"#).await, 0);
    page.shows("#chip-text", |text| text.starts_with("user · 0:0")).await;
}

async fn a_tampered_token_is_refused_and_the_log_says_why() {
    let mut suite = Suite::split().await;
    let page = Browser::at(suite.origin()).await;
    sign_in(&page).await;
    page.click("[data-forgery=tampered]").await;
    let answer = page.shows("#cheat-result .exchange", |text| text.contains("401")).await;
    assert!(answer.starts_with("✕ 401 Unauthorized") && answer.contains(CHALLENGE), "{answer}");
    assert_eq!(page.script("return document.querySelectorAll('#cheat-result mark').length").await, 1);
    let stop = page.text("#cheat-result .rules li:has(.stop)").await;
    assert!(stop.contains("the signature fits"), "{stop}");
    assert_eq!(counted(&mut suite, Program::Hello, r#"token_refusals_total{reason="signature"}"#).await, 1);
    let id = page.text("#cheat-result .verdicts p.soft code").await;
    let output = suite.process(Program::Hello).output().clone();
    eventually("hello's log has the reason under this id", LONG, async || {
        let events = output.events();
        events.into_iter().find(|event| event["request_id"] == id.as_str() && event["reason"] == "signature")
    })
    .await;
    page.click("[data-forgery=good]").await;
    page.shows("#cheat-result .exchange", |text| text.starts_with("✓ 200 OK")).await;
    page.click("[data-forgery=none]").await;
    page.shows("#cheat-result .exchange", |text| {
        text.starts_with("✕ 401")
            && text.contains(r#"www-authenticate: Bearer realm="flotilla""#)
            && !text.contains("error=")
    })
    .await;
}

/// What the page says of them is what hello found.
async fn rewritten_claims_are_refused_for_the_signature() {
    let mut suite = Suite::split().await;
    let page = Browser::at(suite.origin()).await;
    sign_in(&page).await;
    // Without auth there is no token to be had that expires.
    drop(suite.take(Program::Auth));
    for (forgery, reason, broken, refusals) in [
        ("expired", "signature", "exp is still to come", 1),
        ("audience", "signature", "aud is", 2),
        ("unsigned", "algorithm", "alg is", 1),
    ] {
        is_refused(&page, forgery).await;
        let rules = "return [...document.querySelectorAll('#cheat-result .rules li')].filter(rule => rule.querySelector('.bad')).map(rule => rule.textContent)";
        let rules: Vec<String> = serde_json::from_value(page.script(rules).await).expect("texts");
        assert!(rules.iter().any(|rule| rule.contains(broken)), "{forgery}: {rules:?}");
        let said = page.text("#cheat-result .said").await;
        assert!(!said.contains("A real one"), "{said}");
        let counter = format!("token_refusals_total{{reason=\"{reason}\"}}");
        assert_eq!(counted(&mut suite, Program::Hello, &counter).await, refusals, "{forgery}");
    }
}

async fn is_refused(page: &Browser, forgery: &str) {
    page.click(&format!("[data-forgery={forgery}]")).await;
    let result = format!("#cheat-result[data-shown={forgery}]");
    let answer = page.shows(&format!("{result} .exchange"), |_| true).await;
    assert!(answer.starts_with("✕ 401 Unauthorized") && answer.contains(CHALLENGE), "{answer}");
}

/// auth signs one that lives for a second; nobody has to wait for a quarter of an hour.
async fn an_expired_token_is_a_real_one() {
    let mut suite = Suite::split().await;
    let page = Browser::at(suite.origin()).await;
    sign_in(&page).await;
    is_refused(&page, "expired").await;
    let said = page.text("#cheat-result .said").await;
    assert!(said.starts_with("A real one"), "{said}");
    let stop = page.text("#cheat-result .rules li:has(.stop)").await;
    assert!(stop.contains("exp is still to come"), "{stop}");
    assert_eq!(counted(&mut suite, Program::Hello, r#"token_refusals_total{reason="expired"}"#).await, 1);
    page.click("[data-forgery=good]").await;
    page.shows("#cheat-result[data-shown=good] .exchange", |text| text.starts_with("✓ 200 OK")).await;
    page.click("#refresh").await;
    page.shows("#session-said", |said| said.starts_with("Refreshed")).await;
    assert_eq!(counted(&mut suite, Program::Auth, r#"refreshes_total{outcome="reused"}"#).await, 0);
}

async fn who_does_not_wait_for_the_end_gets_what_he_asked_for_next() {
    let suite = Shared::of(Target::Split).await;
    let page = Browser::at(suite.origin()).await;
    sign_in(&page).await;
    page.click("[data-forgery=expired]").await;
    page.shows("#cheat-result .said", |said| said.contains("for one second")).await;
    is_refused(&page, "audience").await;
    page.click("[data-forgery=expired]").await;
    page.shows("#cheat-result .said", |said| said.contains("for one second")).await;
    page.click("#sign-out").await;
    page.shows("#sign-in-said", |said| said.starts_with("Signed out")).await;
    assert_eq!(page.complaints().await, Vec::<String>::new());
}

/// A page by plain http from elsewhere is no secure context: it has no `crypto.subtle`, and no clipboard.
async fn where_the_browser_cannot_check_it_says_so() {
    let suite = Shared::of(Target::Split).await;
    let port = suite.origin().rsplit_once(':').expect("a port").1;
    let page = Browser::at(&format!("http://page.test:{port}/")).await;
    assert_eq!(page.script("return [isSecureContext, typeof crypto.subtle]").await, json!([false, "undefined"]));
    page.sees(DESK).await;
    sign_in(&page).await;
    page.shows("#signature-check", |text| text.starts_with("? Not checked here.") && text.contains("https://")).await;
    page.click("[data-forgery=tampered]").await;
    page.shows("#cheat-result .exchange", |text| text.starts_with("✕ 401 Unauthorized")).await;
    assert_eq!(
        page.script("return document.querySelectorAll('#cheat-result .stop').length").await,
        0,
        "it cannot tell"
    );
    page.click("#parts .copy").await;
    page.shows("#parts .copy", |text| text == "Copied token").await;
    assert_eq!(page.complaints().await, Vec::<String>::new());
}

async fn an_es256_signature_is_checked_in_the_browser_and_a_forgery_is_judged_like_hello_does() {
    let es256 = |launch: Launch| launch.set("SIGNING_ALGORITHM", "ES256");
    let suite =
        Suite::split_with(|launch| if launch.program() == Program::Auth { es256(launch) } else { launch }).await;
    let page = Browser::at(suite.origin()).await;
    sign_in(&page).await;
    page.shows("#signature-check", |text| text.starts_with("✓ The signature fits.")).await;
    page.click("[data-forgery=tampered]").await;
    page.shows("#cheat-result .exchange", |text| text.contains("401")).await;
    let stop = page.text("#cheat-result .rules li:has(.stop)").await;
    assert!(stop.contains("the signature fits"), "{stop}");
}
