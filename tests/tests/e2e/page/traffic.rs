//! The traffic view: what it counts is what the services count, and what becomes of a pod is seen.
use e2e::{
    LONG, Launch, Process, Program, Signal, Suite, Test,
    browser::{Browser, DESK, Window, key},
    eventually,
};
use serde_json::json;

use super::{counted, sign_in};
use crate::lifecycle::fake::{Fake, Reply};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![BROWSER:
        the_counts_agree_with_the_services_metrics,
        secure_is_asked_with_the_token,
        failures_are_told_with_their_problem_and_id,
        a_new_pod_is_seen_and_the_old_one_is_quiet,
        a_new_version_has_a_colour_and_a_shape_of_its_own,
        the_controls_bound_what_is_sent,
        a_page_that_nobody_sees_rests,
        a_dot_tells_of_its_request,
    ]
}

/// Sets a slider as its keys do.
async fn slide(page: &Browser, id: &str, value: u32) {
    page.script(&format!("const slider = document.getElementById('{id}'); slider.value = {value}; slider.dispatchEvent(new Event('input'))")).await;
}

const FIFTY_A_SECOND: u32 = 5;

async fn total(page: &Browser) -> u64 {
    page.text("#total").await.replace(',', "").parse().expect("a number")
}

/// Waits until so many were answered.
async fn reaches(page: &Browser, count: u64) {
    page.shows("#total", |text| text.replace(',', "").parse::<u64>().is_ok_and(|total| total >= count)).await;
}

/// Pauses, and waits until nothing is on its way and for seconds nothing came.
async fn pause(page: &Browser) {
    page.click("#run").await;
    page.shows("#run-label", |label| label == "Start").await;
    page.shows("#in-flight", |text| text == "0").await;
    page.shows("#rate-now", |text| text == "0").await;
}

async fn the_counts_agree_with_the_services_metrics() {
    let mut suite = Suite::split_with(|launch| {
        let name = launch.program().name();
        launch.env("POD_NAME", format!("{name}-0"))
    })
    .await;
    let page = Browser::at(suite.origin()).await;
    page.click("#paths label:has([value='/whoami'])").await;
    slide(&page, "rate", FIFTY_A_SECOND).await;
    page.click("#run").await;
    reaches(&page, 60).await;
    pause(&page).await;
    let total = total(&page).await;
    let counter = r#"http_requests_total{method="GET",route="/whoami",status="200"}"#;
    assert_eq!(counted(&mut suite, Program::Frontend, counter).await, total);
    assert_eq!(counted(&mut suite, Program::Hello, counter).await, total);
    let row = page.text("#instance-rows tr").await;
    assert!(row.starts_with("hello-0") && row.contains(&total.to_string()), "{row}");
    assert_eq!(page.text("#failed").await, "0");
    for percentile in ["#p50", "#p95", "#p99"] {
        page.shows(percentile, |text| text.ends_with(" ms") || text.ends_with(" s")).await;
    }
    assert_eq!(page.complaints().await, Vec::<String>::new());
    page.click("#clear").await;
    page.shows("#total", |text| text == "0").await;
    assert_eq!(page.script("return document.querySelectorAll('#instance-rows tr').length").await, 0);
}

async fn secure_is_asked_with_the_token() {
    let mut suite = Suite::split().await;
    let page = Browser::at(suite.origin()).await;
    page.click("#paths label:has([value='/secure'])").await;
    assert_eq!(page.script("return document.getElementById('anonymous-hint').hidden").await, false);
    page.click("#run").await;
    page.shows("#failures-list", |text| text.contains("401") && text.contains("Send an access token")).await;
    pause(&page).await;
    sign_in(&page).await;
    page.click("nav a[href='#traffic']").await;
    page.click("#clear").await;
    page.click("#run").await;
    reaches(&page, 10).await;
    pause(&page).await;
    assert_eq!(page.text("#failed").await, "0");
    let counter = r#"http_requests_total{method="GET",route="/secure",status="200"}"#;
    assert_eq!(counted(&mut suite, Program::Hello, counter).await, total(&page).await);
}

async fn failures_are_told_with_their_problem_and_id() {
    let mut suite = Suite::split().await;
    let page = Browser::at(suite.origin()).await;
    drop(suite.take(Program::Hello));
    page.click("#run").await;
    page.shows("#failures-list li", |text| text.contains("502") && text.contains("hello cannot be reached")).await;
    let id = page.text("#failures-list .request-id code").await;
    let output = suite.process(Program::Frontend).output().clone();
    eventually("the frontend's log knows the id", LONG, async || {
        output.events().into_iter().find(|event| event["target"] == "access" && event["request_id"] == id.as_str())
    })
    .await;
    drop(suite.take(Program::Frontend));
    page.shows("#failures-list li", |text| text.contains("no answer") && text.contains("page-")).await;
    reaches(&page, 15).await;
    pause(&page).await;
    assert_eq!(page.text("#failed").await.parse::<u64>().ok(), Some(total(&page).await));
    let shown = page.script("return document.querySelectorAll('#failures-list li').length").await;
    assert!(shown.as_u64().is_some_and(|shown| shown <= 6), "{shown}");
}

fn hello(pod: &str, address: &str) -> Process {
    Launch::service(Program::Hello)
        .set("HTTP_ADDR", address)
        .set("JWKS_URL", "http://127.0.0.1:9/")
        .env("POD_NAME", pod)
        .spawn()
}

async fn a_new_pod_is_seen_and_the_old_one_is_quiet() {
    let mut old = hello("hello-old", "127.0.0.1:0");
    let address = old.listening().await.http.to_string();
    let launch = Launch::service(Program::Frontend).set("HELLO_URL", format!("http://{address}"));
    let mut frontend = launch.set("AUTH_URL", "http://127.0.0.1:9").ready().await;
    let page = Browser::at(frontend.client().await.origin()).await;
    page.click("#run").await;
    page.shows("#instance-rows", |text| text.contains("hello-old")).await;
    old.signal(Signal::TERM);
    assert!(old.wait_exit(LONG).await.success());
    let mut new = hello("hello-new", &address);
    new.listening().await;
    page.shows("#instance-rows", |text| text.contains("hello-new")).await;
    page.shows("#instance-rows tr.quiet", |text| text.contains("hello-old") && text.contains("quiet for")).await;
    page.shows("#announcer", |said| said.contains("hello-new, version") && said.contains("answers now")).await;
    assert!(page.complaints().await.is_empty());
}

/// The answer of a hello of that version.
fn version(pod: &str, version: &str) -> Reply {
    let Reply::Bytes(bytes) = Reply::whole(200, r#"{"message":"Hello"}"#) else { panic!("an answer") };
    let whole = String::from_utf8(bytes).expect("text");
    let stamps = format!("\r\nX-Served-By: {pod}\r\nX-Service-Version: {version}\r\n\r\n");
    Reply::Bytes(whole.replacen("\r\n\r\n", &stamps, 1).into_bytes())
}

async fn a_new_version_has_a_colour_and_a_shape_of_its_own() {
    let fake = Fake::that(version("hello-a", "1.0.0")).await;
    let launch = Launch::service(Program::Frontend).set("HELLO_URL", fake.url()).set("AUTH_URL", "http://127.0.0.1:9");
    let mut frontend = launch.ready().await;
    let page = Browser::at(frontend.client().await.origin()).await;
    page.click("#run").await;
    page.shows("#versions", |text| text.starts_with("1.0.0") && text.contains("100 %")).await;
    fake.replies(version("hello-b", "1.0.0"));
    page.shows("#instance-rows", |text| text.contains("hello-b")).await;
    fake.replies(version("hello-c", "1.1.0"));
    page.shows("#versions", |text| text.contains("1.1.0")).await;
    pause(&page).await;
    let looks = "return [...document.querySelectorAll('#instance-rows .marker')].map(marker => { const [body, left] = marker.querySelectorAll('path'); return [body.getAttribute('d'), left.getAttribute('d'), getComputedStyle(body).fill] })";
    let looks: Vec<[String; 3]> = serde_json::from_value(page.script(looks).await).expect("texts");
    let [a, b, c] = &looks[..] else { panic!("three are expected: {looks:?}") };
    assert!(a[0] == b[0] && b[0] != c[0], "a version's shape: {looks:?}");
    assert!(a[1] != b[1], "an instance's mark: {looks:?}");
    assert!(a[2] != b[2] && b[2] != c[2] && a[2] != c[2], "colours: {looks:?}");
    let shares = "return [...document.querySelectorAll('#versions b')].map(share => parseInt(share.textContent))";
    let shares: Vec<u32> = serde_json::from_value(page.script(shares).await).expect("numbers");
    assert_eq!((shares.len(), shares.iter().sum::<u32>()), (2, 100), "{shares:?}");
    let painted = "const canvas = document.getElementById('field'); return new Set(new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size";
    assert!(page.script(painted).await.as_u64().is_some_and(|colours| colours > 10), "dots are painted");
}

async fn the_controls_bound_what_is_sent() {
    let fake = Fake::that(Reply::Silence).await;
    let launch = Launch::service(Program::Frontend).set("HELLO_URL", fake.url()).set("AUTH_URL", "http://127.0.0.1:9");
    let mut frontend = launch.ready().await;
    let page = Browser::at(frontend.client().await.origin()).await;
    slide(&page, "rate", 6).await;
    page.shows("#rate-shown", |text| text == "100 a second").await;
    slide(&page, "most", 2).await;
    page.click("#run").await;
    page.shows("#in-flight", |text| text == "2").await;
    page.shows("#held-count", |text| text.replace(',', "").parse::<u32>().is_ok_and(|held| held > 50)).await;
    assert_eq!(page.text("#in-flight").await, "2");
    assert!(fake.asked() <= 4, "{} were sent", fake.asked());
    let most = page.script("return [document.getElementById('rate').max, document.getElementById('most').max]").await;
    assert_eq!(most, json!(["6", "6"]), "100 a second, and the six connections of HTTP/1.1");
}

async fn a_page_that_nobody_sees_rests() {
    let suite = e2e::Shared::of(e2e::Target::Split).await;
    let page = Browser::at(suite.origin()).await;
    let hidden = async |hidden: bool| {
        page.script(&format!("Object.defineProperty(document, 'hidden', {{value: {hidden}, configurable: true}}); document.dispatchEvent(new Event('visibilitychange'))")).await;
    };
    page.click("#run").await;
    reaches(&page, 5).await;
    hidden(true).await;
    page.shows("#rate-now", |text| text == "0").await;
    let rested = total(&page).await;
    assert_eq!(page.text("#run-label").await, "Pause", "it is not paused");
    hidden(false).await;
    reaches(&page, rested + 5).await;
}

async fn a_dot_tells_of_its_request() {
    let suite = e2e::Shared::of(e2e::Target::Split).await;
    let page = Browser::start().await;
    page.sees(Window { height: 1200, ..DESK }).await;
    page.go(suite.origin()).await;
    page.click("#run").await;
    reaches(&page, 12).await;
    pause(&page).await;
    page.script("document.getElementById('field').focus()").await;
    page.types(key::UP).await;
    let last = page.shows("#inspected", |text| text.starts_with('#')).await;
    assert!(last.contains("GET /: 200 from") && last.contains("request id page-"), "{last}");
    page.types(key::UP).await;
    let before = page.shows("#inspected", |text| text != last).await;
    let number = |text: &str| text[1..].split_once(' ').and_then(|(number, _)| number.parse::<u64>().ok());
    assert_eq!(number(&before).map(|number| number + 1), number(&last));
}
