//! A browser gets the start page, everybody else hello's JSON.
use crate::{edge::Edge, upstream::Upstream};

const BROWSER: &str = "accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n";
const JSON: &str = "{\"message\":\"Hello\"}";

async fn greeting() -> (Upstream, Edge) {
    let hello = Upstream::saying("content-type: application/json\r\n", JSON).await;
    let edge = Edge::before(&hello).await;
    (hello, edge)
}

#[tokio::test]
async fn a_browser_gets_the_page_without_asking_anybody() {
    let (hello, edge) = greeting().await;
    let answer = edge.get("/", BROWSER).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.one("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.one("vary"), "accept");
    assert!(answer.body.contains("http://edge.test/secure"), "{}", answer.body);
    assert_eq!(hello.connections(), 0);
}

#[tokio::test]
async fn everybody_else_gets_the_greeting() {
    let (_hello, edge) = greeting().await;
    for fields in
        ["", "accept: */*\r\n", "accept: application/json\r\n", "accept: text/html;q=0.5, application/json\r\n"]
    {
        let answer = edge.get("/", fields).await;
        assert_eq!((answer.one("content-type"), answer.body.as_str()), ("application/json", JSON), "{fields}");
        assert_eq!(answer.one("vary"), "accept");
    }
}

#[tokio::test]
async fn a_browser_gets_json_from_every_other_path() {
    let (_hello, edge) = greeting().await;
    assert_eq!(edge.get("/secure", BROWSER).await.body, JSON);
}

#[tokio::test]
async fn a_head_request_is_answered_like_its_get() {
    let (_hello, edge) = greeting().await;
    let whole = edge.get("/", BROWSER).await;
    let mut client = edge.send(&format!("HEAD / HTTP/1.1\r\nhost: edge.test\r\n{BROWSER}\r\n")).await;
    let head = client.head().await.expect("an answer");
    assert_eq!(head.one("content-length"), whole.body.len().to_string());
    assert_eq!(head.one("content-type"), "text/html; charset=utf-8");
}

#[tokio::test]
async fn the_page_has_a_place_of_its_own() {
    let (_hello, edge) = greeting().await;
    let page = edge.get("/ui/", "").await;
    assert_eq!(page.one("content-type"), "text/html; charset=utf-8");
    let style = edge.get("/ui/style.css", "").await;
    assert_eq!(style.one("content-type"), "text/css; charset=utf-8");
    let moved = edge.get("/ui", "").await;
    assert_eq!((moved.status(), moved.one("location")), (308, "/ui/"));
    let wrong = edge.ask("POST /ui/ HTTP/1.1\r\nhost: edge.test\r\n\r\n").await;
    assert_eq!((wrong.status(), wrong.one("allow")), (405, "GET,HEAD"));
}

#[tokio::test]
async fn the_page_may_load_nothing_from_elsewhere_and_run_nothing() {
    let (_hello, edge) = greeting().await;
    for path in ["/ui/", "/ui/style.css"] {
        let answer = edge.get(path, "").await;
        assert_eq!(
            answer.one("content-security-policy"),
            "default-src 'none'; style-src 'self'; img-src 'self' data:; \
             form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        );
        assert_eq!(answer.one("x-content-type-options"), "nosniff");
        assert_eq!(answer.one("referrer-policy"), "no-referrer");
        assert!(answer.head.has("cache-control"));
    }
}

#[tokio::test]
async fn every_link_of_the_page_leads_somewhere() {
    let auth = Upstream::saying("", "{}").await;
    let hello = Upstream::saying("", "{}").await;
    let edge = Edge::new(&auth.url, &hello.url, crate::edge::PATIENT, crate::edge::BODY_LIMIT).await;
    let page = edge.get("/ui/", "").await.body;
    let links: Vec<_> =
        page.split("href=\"/").skip(1).filter_map(|rest| rest.split_once('"')).map(|(link, _)| link).collect();
    assert!(links.len() >= 5, "{links:?}");
    for link in links {
        assert_eq!(edge.get(&format!("/{link}"), "").await.status(), 200, "/{link}");
    }
}
