//! The book of one thread: its connections write into it, and every quarter of a second its page is torn out.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderValue};

use super::failure::{Example, Failure, Kind};
use super::request::{REQUEST_ID, Requests};
use super::tally::Tally;

/// What is kept of a problem's text.
const MAX_DETAIL: usize = 500;

/// Shared by the connections of one thread; the lock is never waited for.
#[derive(Debug)]
pub(super) struct Ledger(Mutex<Page>);

#[derive(Debug)]
struct Page {
    tally: Tally,
    /// Kinds that have their example already.
    known: Vec<Kind>,
    paths: usize,
}

/// A request, as an example tells it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) requests: &'a Requests,
    pub(super) path: usize,
    pub(super) id: Option<&'a HeaderValue>,
}

/// When a request ended and how long it took.
#[derive(Clone, Copy)]
pub(super) struct Took {
    /// Since the start of the run.
    pub(super) at: Duration,
    pub(super) latency: Duration,
    /// In an open loop.
    pub(super) service_time: Option<Duration>,
    pub(super) late: bool,
}

/// An answer that was read to its end.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) fields: &'a HeaderMap,
    pub(super) body_bytes: u64,
    /// The beginning of the body of an answer that is not good.
    pub(super) body: &'a [u8],
}

impl Ledger {
    pub(super) fn new(paths: usize) -> Self {
        Self(Mutex::new(Page { tally: Tally::new(paths), known: Vec::new(), paths }))
    }

    pub(super) fn connected(&self) {
        self.page().tally.connections_opened += 1;
    }

    pub(super) fn good(&self, path: usize, took: Took, answer: &Answer<'_>) {
        let mut page = self.page();
        let tally = &mut page.tally;
        tally.answered(answer.status, answer.fields, answer.body_bytes, took.at);
        tally.paths[path].latencies.record(took.latency);
        if let Some(service_time) = took.service_time {
            tally.service_times.record(service_time);
        }
        tally.late += u64::from(took.late);
    }

    pub(super) fn bad(&self, asked: Asked<'_>, took: Took, answer: &Answer<'_>) {
        let mut page = self.page();
        page.tally.answered(answer.status, answer.fields, answer.body_bytes, took.at);
        let served_by = text(answer.fields, "x-served-by");
        let id = answer.fields.get(REQUEST_ID).or(asked.id);
        let asked = Asked { id, ..asked };
        page.fail(asked, Kind::Status(answer.status), took.at, served_by, || problem(answer.body));
    }

    pub(super) fn failed(&self, asked: Asked<'_>, at: Duration, failure: &Failure) {
        self.page().fail(asked, failure.kind, at, None, || failure.detail.clone());
    }

    /// What was counted since the last time.
    pub(super) fn tear_out(&self) -> Tally {
        let mut page = self.page();
        let fresh = Tally::new(page.paths);
        std::mem::replace(&mut page.tally, fresh)
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Page {
    fn fail(
        &mut self,
        asked: Asked<'_>,
        kind: Kind,
        at: Duration,
        served_by: Option<String>,
        detail: impl FnOnce() -> String,
    ) {
        self.tally.last_end = at;
        let is_first = !self.known.contains(&kind);
        if is_first {
            self.known.push(kind);
        }
        self.tally.failed(asked.path, kind, || {
            is_first.then(|| Example {
                at,
                method: asked.requests.method().to_string(),
                path: asked.requests.path(asked.path).to_owned(),
                request_id: asked.id.map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned()).unwrap_or_default(),
                served_by,
                detail: shortened(detail()),
            })
        });
    }
}

fn text(fields: &HeaderMap, name: &str) -> Option<String> {
    fields.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// What a body says: a problem's title and detail (RFC 9457), or its beginning.
fn problem(body: &[u8]) -> String {
    let parsed: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let member = |name| parsed.as_ref().and_then(|problem| problem.get(name)?.as_str());
    match (member("title"), member("detail")) {
        (Some(title), Some(detail)) => format!("{title}: {detail}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::from_utf8_lossy(body).trim().to_owned(),
    }
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(MAX_DETAIL) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::mix::Mix;
    use crate::load::request::Message;
    use crate::load::target::Target;

    fn requests() -> Requests {
        let mix = Mix::new(vec!["/".parse().unwrap(), "/secure".parse().unwrap()]).unwrap();
        Requests::new(&Target::parse("localhost").unwrap(), &mix, &Message::default(), false, "load-1")
    }

    const fn took(millis: u64) -> Took {
        let time = Duration::from_millis(millis);
        Took { at: time, latency: time, service_time: None, late: false }
    }

    #[test]
    fn the_first_of_a_kind_is_told_in_full_once() {
        let (ledger, requests) = (Ledger::new(2), requests());
        let mut fields = HeaderMap::new();
        fields.insert("x-served-by", HeaderValue::from_static("hello-1"));
        fields.insert("x-request-id", HeaderValue::from_static("theirs"));
        let ours = HeaderValue::from_static("ours");
        let body = br#"{"title":"Unauthorized","detail":"Send a token"}"#;
        let answer = Answer { status: 401, fields: &fields, body_bytes: body.len() as u64, body };
        let asked = Asked { requests: &requests, path: 1, id: Some(&ours) };
        for millis in [5, 6] {
            ledger.bad(asked, took(millis), &answer);
        }
        let first_page = ledger.tear_out();
        ledger.bad(asked, took(7), &answer);
        let second_page = ledger.tear_out();

        assert_eq!((first_page.failures[0].count, second_page.failures[0].count), (2, 1));
        let example = first_page.failures[0].first.as_ref().unwrap();
        assert_eq!((example.path.as_str(), example.request_id.as_str()), ("/secure", "theirs"));
        assert_eq!(example.served_by.as_deref(), Some("hello-1"));
        assert_eq!(example.detail, "Unauthorized: Send a token");
        assert!(second_page.failures[0].first.is_none());
        assert_eq!(first_page.statuses, [(401, 2)]);
    }

    #[test]
    fn a_body_that_is_no_problem_speaks_for_itself() {
        assert_eq!(problem(b" <h1>Bad gateway</h1>\n"), "<h1>Bad gateway</h1>");
        assert_eq!(problem(br#"{"title":"Not Found"}"#), "Not Found");
        assert_eq!(shortened("é".repeat(MAX_DETAIL + 1)).chars().count(), MAX_DETAIL + 1);
    }
}
