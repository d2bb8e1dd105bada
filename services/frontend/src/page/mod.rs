//! The start page: what is running here and what to try, for somebody who opened the address in a browser.
mod accept;

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};

pub(crate) use accept::prefers_html as is_preferred;

use crate::headers::forwarding;

const HTML: &str = include_str!("index.html");
const CSS: &str = include_str!("style.css");

/// Stands in the page for scheme, host and port of the frontend as the browser called it.
const ORIGIN: &str = "{{origin}}";

/// What the commands say when the browser sent no host worth repeating.
const USUAL_HOST: &str = "localhost:8080";

/// The page needs its stylesheet and its icon, and runs nothing.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; \
                      form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The page, with commands that work where it is read.
pub(crate) async fn start(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let host = forwarding::host(&parts).and_then(|host| host.to_str().ok()).unwrap_or(USUAL_HOST);
    let page = HTML.replace(ORIGIN, &format!("{}://{host}", forwarding::scheme(&parts.extensions).as_str()));
    let own = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::VARY, HeaderValue::from_static("accept")),
    ];
    (own, guards(), page).into_response()
}

/// Its stylesheet.
pub(crate) async fn style() -> Response {
    let own = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("max-age=300")),
    ];
    (own, guards(), CSS).into_response()
}

fn guards() -> [(HeaderName, HeaderValue); 3] {
    [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ]
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};

    use super::*;

    async fn page_for(host: &'static str) -> String {
        let request = Request::get("/").header(header::HOST, host).body(Body::empty()).expect("a request");
        let body = start(request).await.into_body();
        let bytes = to_bytes(body, 64 * 1024).await.expect("a body");
        String::from_utf8(bytes.to_vec()).expect("UTF-8")
    }

    #[tokio::test]
    async fn the_commands_name_the_host_the_page_was_read_from() {
        assert!(page_for("example.test:9080").await.contains("http://example.test:9080/login"));
    }

    #[tokio::test]
    async fn a_host_that_is_none_never_reaches_the_page() {
        let page = page_for("x\"><script>alert(1)</script>").await;
        assert!(!page.contains("<script"));
        assert!(page.contains("http://localhost:8080/login"));
    }

    #[test]
    fn the_page_keeps_to_its_own_policy() {
        for forbidden in ["<script", "style=\"", "<style", " onclick", "src=\"http", "href=\"http", "@import", "<form"]
        {
            assert!(!HTML.contains(forbidden), "{forbidden}");
            assert!(!CSS.contains(forbidden), "{forbidden}");
        }
        assert!(HTML.contains("href=\"/ui/style.css\""));
    }
}
