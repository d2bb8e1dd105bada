//! The id that follows a request through every service: taken from the client when it is decent, else made here.
use axum::http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MAX_LENGTH: usize = 128;

/// The value of `x-request-id`: 1 to 128 letters, digits, dots, underscores or hyphens, so that it needs no escaping anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestId(HeaderValue);

tokio::task_local! {
    static CURRENT: RequestId;
}

/// The request that a task answers, for what happens after its handler has returned: a body is written by the task of the
/// connection, which serves one request after another.
#[derive(Debug, Clone)]
pub struct RequestScope(Option<RequestId>);

impl RequestScope {
    /// That of the running task.
    pub fn current() -> Self {
        Self(RequestId::current())
    }

    /// Runs `step` as a part of the request: its events bear the request's id.
    pub fn enter<T>(&self, step: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(id) => CURRENT.sync_scope(id.clone(), step),
            None => step(),
        }
    }
}

impl RequestId {
    /// The id of the request that the running task answers.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// Runs `answer` as the answer to this request: its events bear the id.
    pub(crate) fn scope<F: Future>(&self, answer: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self.clone(), answer)
    }

    /// The client's id when there is exactly one and it is decent; else a new one (UUID version 7: sorts by time).
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut sent = headers.get_all(REQUEST_ID).iter();
        match (sent.next(), sent.next()) {
            (Some(id), None) if is_decent(id.as_bytes()) => Self(id.clone()),
            _ => Self::new(),
        }
    }

    fn new() -> Self {
        let mut buffer = [0; uuid::fmt::Simple::LENGTH];
        let text = uuid::Uuid::now_v7().simple().encode_lower(&mut buffer);
        Self(HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("none")))
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

fn is_decent(id: &[u8]) -> bool {
    (1..=MAX_LENGTH).contains(&id.len()) && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sent: &[&'static str]) -> RequestId {
        let mut headers = HeaderMap::new();
        for id in sent {
            headers.append(REQUEST_ID, HeaderValue::from_static(id));
        }
        RequestId::of(&headers)
    }

    #[tokio::test]
    async fn a_request_is_entered_again_after_its_handler_has_returned() {
        let id = of(&["lesson-4"]);
        let scope = id.scope(async { RequestScope::current() }).await;
        assert_eq!(RequestId::current(), None);
        assert_eq!(scope.enter(RequestId::current), Some(id));
        assert_eq!(RequestId::current(), None);
        assert_eq!(RequestScope::current().enter(RequestId::current), None);
    }

    #[test]
    fn a_decent_id_is_kept() {
        assert_eq!(of(&["lesson-4.step_2"]).as_str(), "lesson-4.step_2");
    }

    #[test]
    fn a_missing_doubled_or_strange_id_is_replaced() {
        for sent in [&[][..], &["a", "b"], &[""], &["two words"], &["{\"a\":1}"]] {
            let id = of(sent);
            assert_eq!(id.as_str().len(), 32, "{sent:?}");
            assert!(is_decent(id.as_str().as_bytes()));
        }
    }
}
