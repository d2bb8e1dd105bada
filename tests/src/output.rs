//! What a process writes, line by line, kept from the first to the last.
use std::{
    io::{BufRead as _, BufReader, Read},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::Value;

use crate::environment;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Where a service logs.
    Out,
    /// Where a service says why it could not start.
    Err,
}

/// A line without its end.
#[derive(Debug, Clone)]
pub struct Line {
    /// Where it was written.
    pub stream: Stream,
    /// What was written; bytes that are no UTF-8 are replaced.
    pub text: String,
}

/// The lines so far. Cheap to clone; clones see what comes later.
#[derive(Debug, Clone, Default)]
pub struct Output(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    lines: Mutex<Vec<Line>>,
    open: AtomicUsize,
}

impl Output {
    /// Reads in a thread of its own until the other end is closed.
    pub(crate) fn capture(&self, who: String, stream: Stream, from: impl Read + Send + 'static) {
        let output = self.clone();
        output.0.open.fetch_add(1, Ordering::SeqCst);
        thread::spawn(move || {
            let mut from = BufReader::new(from);
            let mut line = Vec::new();
            while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line)).into_owned();
                if environment::shows_logs() {
                    eprintln!("{who}| {text}");
                }
                output.lines().push(Line { stream, text });
                line.clear();
            }
            output.0.open.fetch_sub(1, Ordering::SeqCst);
        });
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Line>> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody can write any more, so that this is all.
    pub fn is_complete(&self) -> bool {
        self.0.open.load(Ordering::SeqCst) == 0
    }

    /// How many lines there are: a mark for [`Output::since`].
    pub fn mark(&self) -> usize {
        self.lines().len()
    }

    /// The lines from a mark on.
    pub fn since(&self, mark: usize) -> Vec<Line> {
        self.lines().get(mark..).unwrap_or_default().to_vec()
    }

    /// The lines of one stream.
    pub fn of(&self, stream: Stream) -> Vec<String> {
        self.lines().iter().filter(|line| line.stream == stream).map(|line| line.text.clone()).collect()
    }

    /// The log: each line of stdout that is a JSON object.
    pub fn events(&self) -> Vec<Value> {
        self.of(Stream::Out).iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The first event whose message begins so.
    pub fn event(&self, message: &str) -> Option<Value> {
        let fits = |event: &Value| event["message"].as_str().is_some_and(|text| text.starts_with(message));
        self.events().into_iter().find(fits)
    }

    /// Everything, for a person to read.
    pub fn shown(&self, who: &str, mark: usize) -> String {
        let lines = self.since(mark);
        let shown: Vec<String> = lines.iter().map(|line| format!("{who}| {}\n", line.text)).collect();
        shown.concat()
    }
}
