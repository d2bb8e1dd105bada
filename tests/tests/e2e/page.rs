//! The start page in a real browser.
use e2e::{Shared, Target, Test, browser};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![BROWSER: the_start_page_opens_without_a_complaint, a_complaint_would_be_noticed]
}

async fn the_start_page_opens_without_a_complaint() {
    let suite = Shared::of(Target::Split).await;
    let page = browser::open(&format!("{}/", suite.origin())).await;
    assert!(page.dom.contains("<h1>flotilla</h1>"), "{page:?}");
    assert!(page.dom.contains(&format!("{}/secure", suite.origin())), "the commands name this very suite: {page:?}");
    assert_eq!(page.console, Vec::<String>::new());
}

/// The test above would say nothing if the console were not read.
async fn a_complaint_would_be_noticed() {
    let page = browser::open("data:text/html,<h1>x</h1><script>console.error('complaint')</script>").await;
    assert!(page.console.iter().any(|line| line.contains("complaint")), "{page:?}");
}
