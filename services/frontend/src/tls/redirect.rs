//! A second port that speaks plain HTTP and sends everybody to TLS.
//!
//! It names the host that the client asked for, if the certificate is for that host: whoever follows is sure to meet
//! us, and nobody can be sent elsewhere by a `Host` that somebody else wrote into a cache or a link.
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header, uri::Authority},
    response::{IntoResponse as _, Response},
    routing::any,
};
use chassis::Problem;

use super::Shown;
use crate::headers::forwarding;

/// The port that an https URL does not name.
const USUAL: u16 = 443;

/// Where to.
#[derive(Clone)]
pub(super) struct Redirect {
    shown: Shown,
    port: u16,
}

impl Redirect {
    pub(super) fn new(shown: Shown, port: u16) -> Self {
        Self { shown, port }
    }

    /// Every path.
    pub(super) fn routes(self) -> Router {
        Router::new().route("/", any(answer)).route("/{*path}", any(answer)).with_state(self)
    }
}

async fn answer(State(redirect): State<Redirect>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Some(host) = forwarding::host(&parts).and_then(name_in) else {
        return refused(StatusCode::BAD_REQUEST, "no host is named to which the request could be sent on");
    };
    if !redirect.shown.now().is_for(bare(host)) {
        return refused(StatusCode::MISDIRECTED_REQUEST, "the certificate here is not for this host");
    }
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let port = if redirect.port == USUAL { String::new() } else { format!(":{}", redirect.port) };
    let Ok(location) = HeaderValue::try_from(format!("https://{host}{port}{target}")) else {
        return refused(StatusCode::BAD_REQUEST, "the target cannot be named in a header");
    };
    // Method and body stay, as they would have been had the client come by TLS at once (RFC 9110 section 15.4.9).
    let headers: [(HeaderName, HeaderValue); 2] =
        [(header::LOCATION, location), (header::CONNECTION, HeaderValue::from_static("close"))];
    (StatusCode::PERMANENT_REDIRECT, headers).into_response()
}

fn refused(status: StatusCode, why: &'static str) -> Response {
    Problem::new(status).detail(why).header(header::CONNECTION, HeaderValue::from_static("close")).into_response()
}

/// The host without its port.
fn name_in(value: &HeaderValue) -> Option<&str> {
    let text = value.to_str().ok()?;
    let authority: Authority = text.parse().ok()?;
    text.get(..authority.host().len())
}

/// As a certificate has it: an IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tower::ServiceExt as _;

    use super::{
        super::{fixture::pair, identity::Identity},
        *,
    };

    fn redirect(port: u16) -> Router {
        let (certificate, key) = pair(&["shop.example.org", "127.0.0.1", "::1"], (2020, 2030));
        let identity = Identity::from_pem(certificate.as_bytes(), key.as_bytes()).expect("an identity");
        Redirect::new(Shown::new(identity), port).routes()
    }

    async fn asked(port: u16, host: &str, target: &str) -> Response {
        let request = Request::post(target).header(header::HOST, host).body(Body::empty()).expect("a request");
        redirect(port).oneshot(request).await.expect("an answer")
    }

    #[tokio::test]
    async fn everybody_is_sent_to_the_same_target_by_tls() {
        for (port, host, target, location) in [
            (443, "shop.example.org", "/", "https://shop.example.org/"),
            (443, "shop.example.org:80", "/a/b?c=d%2F&e", "https://shop.example.org/a/b?c=d%2F&e"),
            (8443, "SHOP.example.org:8080", "/", "https://SHOP.example.org:8443/"),
            (8443, "127.0.0.1:8080", "/", "https://127.0.0.1:8443/"),
            (8443, "[::1]:8080", "/", "https://[::1]:8443/"),
            (443, "shop.example.org", "//evil.test/%2e%2e", "https://shop.example.org//evil.test/%2e%2e"),
            (443, "shop.example.org", "http://shop.example.org/a", "https://shop.example.org/a"),
        ] {
            let answer = asked(port, host, target).await;
            assert_eq!(answer.status(), StatusCode::PERMANENT_REDIRECT, "{host} {target}");
            assert_eq!(answer.headers()[header::LOCATION], location);
            assert_eq!(answer.headers()[header::CONNECTION], "close");
        }
    }

    #[tokio::test]
    async fn nobody_is_sent_to_a_host_that_is_not_ours() {
        for host in ["evil.test", "shop.example.org.evil.test", "127.0.0.2", "example.org"] {
            let answer = asked(443, host, "/").await;
            assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST, "{host}");
            assert!(!answer.headers().contains_key(header::LOCATION));
        }
        for host in ["", "shop.example.org@evil.test", "shop.example.org/x", "evil.test#shop.example.org", "a b"] {
            let answer = asked(443, host, "/").await;
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{host}");
            assert!(!answer.headers().contains_key(header::LOCATION));
        }
        let contradicting = asked(443, "shop.example.org", "http://evil.test/").await;
        assert_eq!(contradicting.status(), StatusCode::BAD_REQUEST);
    }

    #[tokio::test]
    async fn without_a_host_nobody_is_sent_anywhere() {
        let request = Request::get("/").body(Body::empty()).expect("a request");
        assert_eq!(redirect(443).oneshot(request).await.expect("an answer").status(), StatusCode::BAD_REQUEST);
    }
}
