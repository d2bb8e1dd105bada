//! The table of contents: every path the edge knows, and who answers it.
use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::Redirect,
    routing::{MethodFilter, MethodRouter, get, on},
};
use chassis::Problem;

use crate::{
    concurrency::Share,
    page,
    proxy::{self, Target},
    upstream::{Upstream, Upstreams},
};

/// The frontend's routes. Whatever is not here is a 404 of chassis, and no upstream hears of it.
///
/// Routes that can be slow for the same reason have one share of the requests that may be under way: a login waits for its
/// password to be hashed, a session for the database, `/secure` for a key that is not known yet.
pub fn routes(upstreams: &Upstreams, whoami: Whoami) -> Router {
    let Upstreams { auth, hello } = upstreams;
    let [documents, logins, sessions] = auth.shares();
    let [greetings, secured] = hello.shares();
    let document = Line::reading(auth, &documents);
    let table = Router::new()
        .route("/", page_or(Line::reading(hello, &greetings)))
        .route("/ui", get(|| async { Redirect::permanent("/ui/") }))
        .route("/ui/", get(page::start))
        .route("/ui/{*part}", get(page::part))
        .route("/login", Line::acting(auth, &logins, "GET,POST").route())
        .route("/refresh", Line::acting(auth, &sessions, "POST").route())
        .route("/logout", Line::acting(auth, &sessions, "POST").route())
        .route("/.well-known/jwks.json", document.clone().route())
        .route("/.well-known/oauth-authorization-server", document.clone().route())
        .route("/.well-known/openid-configuration", document.clone().route())
        .route("/auth/openapi.json", document.at("/openapi.json").route())
        .route("/secure", Line::reading(hello, &secured).route())
        .route("/admin", Line::reading(hello, &secured).route())
        .route("/hello/openapi.json", Line::reading(hello, &greetings).at("/openapi.json").route());
    match whoami {
        Whoami::Hidden => table,
        Whoami::Shown => table.route("/whoami", Line::reading(hello, &greetings).route()),
    }
}

/// Whether clients may see which instance of hello answers: its pod, the pod's address, and the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whoami {
    /// As hello answers.
    Shown,
    /// 404, as if there were no such path.
    Hidden,
}

/// What the table says of a path that an upstream answers.
#[derive(Clone)]
struct Line {
    target: Target,
    /// The methods that the upstream has there.
    allow: &'static str,
}

impl Line {
    /// A path that is only read. A request may be repeated when its connection closes.
    fn reading(upstream: &Upstream, share: &Arc<Share>) -> Self {
        Self { target: Target { is_repeatable: true, ..target(upstream, share) }, allow: "GET,HEAD" }
    }

    /// A path where requests have effects, whatever their method is. None is ever repeated.
    fn acting(upstream: &Upstream, share: &Arc<Share>, allow: &'static str) -> Self {
        Self { target: target(upstream, share), allow }
    }

    /// Another path on the upstream: each service describes itself at the same place.
    fn at(mut self, path: &'static str) -> Self {
        self.target.path = Some(path);
        self
    }

    /// Which of the usual methods a path has is the upstream's to say (405 with `Allow`). Others do not get that far.
    fn route(self) -> MethodRouter {
        let Self { target, allow } = self;
        only_usual(allow, move |request: Request| {
            let target = target.clone();
            async move { proxy::forward(&target, request).await }
        })
    }
}

fn target(upstream: &Upstream, share: &Arc<Share>) -> Target {
    Target { upstream: upstream.clone(), share: Arc::clone(share), path: None, is_repeatable: false }
}

/// A handler of all methods that routes are made of. TRACE and unknown methods get 405 (RFC 9110 section 15.5.6).
fn only_usual<H, T>(allow: &'static str, handler: H) -> MethodRouter
where
    H: axum::handler::Handler<T, ()>,
    T: 'static,
{
    let usual = [
        MethodFilter::HEAD,
        MethodFilter::POST,
        MethodFilter::PUT,
        MethodFilter::PATCH,
        MethodFilter::DELETE,
        MethodFilter::OPTIONS,
    ];
    on(usual.into_iter().fold(MethodFilter::GET, MethodFilter::or), handler).fallback(move || async move {
        Problem::new(StatusCode::METHOD_NOT_ALLOWED).header(header::ALLOW, HeaderValue::from_static(allow))
    })
}

/// The page for browsers; for everybody else what the upstream says.
fn page_or(line: Line) -> MethodRouter {
    let Line { target, allow } = line;
    only_usual(allow, move |request: Request| {
        let target = target.clone();
        async move {
            let reads = matches!(*request.method(), Method::GET | Method::HEAD);
            if reads && page::is_preferred(request.headers()) {
                return page::start(request).await;
            }
            let mut response = proxy::forward(&target, request).await;
            response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
            response
        }
    })
}
