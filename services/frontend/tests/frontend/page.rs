//! A browser gets the page, everybody else hello's JSON.
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
    assert_eq!(answer.one("vary"), "accept, accept-encoding");
    assert!(answer.body.contains("<title>flotilla</title>"), "{}", answer.body);
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
    let moved = edge.get("/ui", "").await;
    assert_eq!((moved.status(), moved.one("location")), (308, "/ui/"));
    let wrong = edge.ask("POST /ui/ HTTP/1.1\r\nhost: edge.test\r\n\r\n").await;
    assert_eq!((wrong.status(), wrong.one("allow")), (405, "GET,HEAD"));
}

#[tokio::test]
async fn each_part_of_the_page_says_what_it_is() {
    let (_hello, edge) = greeting().await;
    for (path, kind) in [
        ("/ui/styles/base.css", "text/css; charset=utf-8"),
        ("/ui/scripts/main.js", "text/javascript; charset=utf-8"),
        ("/ui/icon.svg", "image/svg+xml"),
    ] {
        let part = edge.get(path, "").await;
        assert_eq!((part.status(), part.one("content-type")), (200, kind), "{path}");
        assert_eq!(part.one("vary"), "accept-encoding", "{path}");
    }
}

#[tokio::test]
async fn nothing_else_is_below_the_page() {
    let (hello, edge) = greeting().await;
    for path in [
        "/ui/index.html",
        "/ui/none",
        "/ui/scripts",
        "/ui/../page/tests",
        "/ui/%69con.svg",
        "/ui/%ff",
        "/ui/tests/curl.test.js",
    ] {
        let answer = edge.get(path, "").await;
        assert_eq!((answer.status(), answer.one("content-type")), (404, "application/problem+json"), "{path}");
    }
    assert_eq!(hello.connections(), 0);
}

#[tokio::test]
async fn the_page_may_load_nothing_from_elsewhere() {
    let (_hello, edge) = greeting().await;
    for path in ["/ui/", "/ui/styles/base.css", "/ui/scripts/main.js"] {
        let answer = edge.get(path, "").await;
        assert_eq!(
            answer.one("content-security-policy"),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
             form-action 'none'; base-uri 'none'; frame-ancestors 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'"
        );
        assert_eq!(answer.one("x-content-type-options"), "nosniff");
        assert_eq!(answer.one("referrer-policy"), "no-referrer");
        assert_eq!(answer.one("cross-origin-resource-policy"), "same-origin");
    }
}

#[tokio::test]
async fn who_has_the_page_already_is_told_so() {
    let (_hello, edge) = greeting().await;
    for (path, fields) in [("/", BROWSER), ("/ui/", ""), ("/ui/scripts/main.js", "")] {
        let first = edge.get(path, fields).await;
        assert_eq!(first.one("cache-control"), "no-cache");
        let known = format!("{fields}if-none-match: {}\r\n", first.one("etag"));
        let mut wire = edge.send(&format!("GET {path} HTTP/1.1\r\nhost: edge.test\r\n{known}\r\n")).await;
        let second = wire.head().await.expect("an answer");
        assert_eq!((second.status(), second.one("etag")), (304, first.one("etag")), "{path}");
        let other = edge.get(path, &format!("{fields}if-none-match: \"another\"\r\n")).await;
        assert_eq!(other.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn who_takes_gzip_gets_less() {
    let (_hello, edge) = greeting().await;
    let ask = async |fields: &str| {
        let mut wire = edge.send(&format!("HEAD /ui/ HTTP/1.1\r\nhost: edge.test\r\n{fields}\r\n")).await;
        let head = wire.head().await.expect("an answer");
        (
            head.one("content-length").parse::<usize>().expect("a length"),
            head.one("etag").to_owned(),
            head.has("content-encoding"),
        )
    };
    let (plain, plain_tag, is_coded) = ask("").await;
    assert!(!is_coded);
    let (packed, packed_tag, is_coded) = ask("accept-encoding: gzip, br\r\n").await;
    assert!(is_coded);
    assert!(packed < plain / 2, "{packed} of {plain}");
    assert_ne!(plain_tag, packed_tag);
}

#[tokio::test]
async fn every_link_of_the_page_leads_somewhere() {
    let auth = Upstream::saying("", "{}").await;
    let hello = Upstream::saying("", "{}").await;
    let edge = Edge::new(&auth.url, &hello.url, crate::edge::PATIENT, crate::edge::BODY_LIMIT).await;
    let page = edge.get("/ui/", "").await.body;
    let links = ["href=\"/", "src=\"/"].into_iter().flat_map(|start| page.split(start).skip(1));
    let links: Vec<_> = links.filter_map(|rest| rest.split_once('"')).map(|(link, _)| link).collect();
    assert!(links.len() >= 10, "{links:?}");
    for link in links {
        assert_eq!(edge.get(&format!("/{link}"), "").await.status(), 200, "/{link}");
    }
}

/// A module that is not there would stop the page, and no compiler looks.
#[tokio::test]
async fn every_script_finds_what_it_imports() {
    let (_hello, edge) = greeting().await;
    let mut open = vec!["/ui/scripts/main.js".to_owned()];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(path) = open.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let script = edge.get(&path, "").await;
        assert_eq!(script.status(), 200, "{path}");
        let base = url::Url::parse(&format!("http://edge.test{path}")).expect("a URL");
        let imports = script.body.lines().filter(|line| line.starts_with("import "));
        for import in imports {
            let name = import.split('"').nth(1).expect("a name in quotes");
            open.push(base.join(name).expect("a relative URL").path().to_owned());
        }
    }
    assert!(seen.len() > 20, "{seen:?}");
}
