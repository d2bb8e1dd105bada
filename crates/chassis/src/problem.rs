//! Errors on the wire: `application/problem+json` (RFC 9457) with `type`, `title`, `status` and, where it helps the client, `detail`.
use std::borrow::Cow;

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use problem_details::ProblemDetails;

/// An error answer. `detail` is for the client: never put a cause, a path or a secret there.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    detail: Option<Cow<'static, str>>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem whose title is the status's own phrase (`type` `about:blank`, RFC 9457 section 4.2.1).
    pub fn new(status: StatusCode) -> Self {
        Self { status, detail: None, headers: Vec::new() }
    }

    /// Says what the client can do about it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds a header, for example `WWW-Authenticate`.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Adds `Retry-After` in whole seconds (RFC 9110 section 10.2.3).
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut details =
            ProblemDetails::from_status_code(self.status).with_type(http::Uri::from_static("about:blank"));
        if let Some(detail) = self.detail {
            details = details.with_detail(detail);
        }
        let mut response = details.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.headers {
            headers.append(name, value);
        }
        response
    }
}

/// Marks an answer that somebody else wrote and that must pass as it is, whatever its status.
#[derive(Debug, Clone, Copy)]
pub struct Verbatim;

/// Gives an error answer without a body of ours (a missing method, a body too large…) one, keeping its headers.
pub(crate) fn describe(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || is_problem(&response) || response.extensions().get::<Verbatim>().is_some() {
        return response;
    }
    let mut described = Problem::new(status).into_response();
    for (name, value) in response.headers() {
        let about_the_body = [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CACHE_CONTROL].contains(name);
        if !about_the_body {
            described.headers_mut().append(name, value.clone());
        }
    }
    *described.extensions_mut() = response.extensions().clone();
    described
}

fn is_problem(response: &Response) -> bool {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn body(response: Response) -> serde_json::Value {
        let bytes = axum::body::to_bytes(response.into_body(), 4096).await.expect("a body");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    #[tokio::test]
    async fn a_problem_has_type_title_status_and_detail() {
        let response = Problem::new(StatusCode::BAD_GATEWAY).detail("hello did not answer").into_response();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(
            body(response).await,
            serde_json::json!({"type": "about:blank", "title": "Bad Gateway", "status": 502, "detail": "hello did not answer"})
        );
    }

    #[tokio::test]
    async fn an_error_without_a_body_gets_one_and_keeps_its_headers() {
        let bare = (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET,HEAD")]).into_response();
        let response = describe(bare);
        assert_eq!(response.headers()[header::ALLOW], "GET,HEAD");
        assert_eq!(body(response).await["status"], 405);
    }

    #[tokio::test]
    async fn an_answer_of_somebody_else_passes_as_it_is() {
        let mut upstream = (StatusCode::IM_A_TEAPOT, "short and stout").into_response();
        upstream.extensions_mut().insert(Verbatim);
        let response = describe(upstream);
        let bytes = axum::body::to_bytes(response.into_body(), 64).await.expect("a body");
        assert_eq!(bytes, "short and stout");
    }
}
