//! The live page in a real browser, before real services.
mod access;
mod axe;
mod opening;
mod token;
mod traffic;
mod trying;

use e2e::{Program, Suite, Test, browser::Browser};

pub(crate) fn tests() -> Vec<Test> {
    [opening::tests(), token::tests(), traffic::tests(), trying::tests(), access::tests(), axe::tests()]
        .into_iter()
        .flatten()
        .collect()
}

/// Signs in as somebody who reads the page would.
async fn sign_in(page: &Browser) {
    page.click("nav a[href='#token']").await;
    page.click("#demo-account").await;
    page.shows("#subject", |subject| subject == "user").await;
}

/// Its counter at a service: `http_requests_total{method="GET",route="/",status="200"}`.
async fn counted(suite: &mut Suite, program: Program, counter: &str) -> u64 {
    let metrics = suite.health(program).await.get("/metrics").send(200).await.body;
    metrics.lines().find_map(|line| line.strip_prefix(counter)?.trim().parse().ok()).unwrap_or(0)
}
