//! The table of contents: every path the edge knows, and who answers it.
use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, Method, header},
    response::Redirect,
    routing::{MethodRouter, any, get},
};

use crate::{
    page, proxy,
    upstream::{Upstream, Upstreams},
};

/// The frontend's routes. Whatever is not here is a 404 of chassis, and no upstream hears of it.
pub fn routes(upstreams: &Upstreams) -> Router {
    let Upstreams { auth, hello } = upstreams;
    Router::new()
        .route("/", page_or(hello))
        .route("/ui", get(|| async { Redirect::permanent("/ui/") }))
        .route("/ui/", get(page::start))
        .route("/ui/{*part}", get(page::part))
        .route("/login", to(auth))
        .route("/refresh", to(auth))
        .route("/logout", to(auth))
        .route("/.well-known/jwks.json", to(auth))
        .route("/.well-known/oauth-authorization-server", to(auth))
        .route("/.well-known/openid-configuration", to(auth))
        .route("/auth/openapi.json", to_path(auth, "/openapi.json"))
        .route("/secure", to(hello))
        .route("/admin", to(hello))
        .route("/whoami", to(hello))
        .route("/hello/openapi.json", to_path(hello, "/openapi.json"))
}

/// The same path on an upstream, whatever the method: which ones it has is the upstream's to say (405 with `Allow`).
fn to(upstream: &Upstream) -> MethodRouter {
    let upstream = upstream.clone();
    any(move |request: Request| proxy::forward(upstream.clone(), None, request))
}

/// Another path on an upstream: each service describes itself at the same place.
fn to_path(upstream: &Upstream, path: &'static str) -> MethodRouter {
    let upstream = upstream.clone();
    any(move |request: Request| proxy::forward(upstream.clone(), Some(path), request))
}

/// The page for browsers; for everybody else what the upstream says.
fn page_or(upstream: &Upstream) -> MethodRouter {
    let upstream = upstream.clone();
    any(move |request: Request| {
        let upstream = upstream.clone();
        async move {
            let reads = matches!(*request.method(), Method::GET | Method::HEAD);
            if reads && page::is_preferred(request.headers()) {
                return page::start(request).await;
            }
            let mut response = proxy::forward(upstream, None, request).await;
            response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
            response
        }
    })
}
