//! What a command that has ended said, and how it ended.
use serde_json::Value;

use crate::{Process, Stream, eventually::LONG};

/// The whole of it.
#[derive(Debug, Clone)]
pub struct Said {
    /// Its exit code; none after a signal.
    pub code: Option<i32>,
    /// Its lines on stdout.
    pub out: Vec<String>,
    /// Its lines on stderr.
    pub err: Vec<String>,
}

impl Said {
    /// Waits for the end of a command that was spawned.
    pub async fn by(mut process: Process) -> Self {
        let code = process.wait_exit(LONG).await.code();
        Self { code, out: process.output().of(Stream::Out), err: process.output().of(Stream::Err) }
    }

    /// The same, if this was its exit code.
    #[expect(clippy::must_use_candidate, clippy::return_self_not_must_use, reason = "an assertion")]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// The one line on stderr that is for a person; nothing else was said but, maybe, events of the log.
    pub fn one_line(&self) -> &str {
        let mut lines = self.err.iter().filter(|line| event(line).is_none());
        let (Some(line), None) = (lines.next(), lines.next()) else {
            panic!("one line is expected on stderr: {self:?}")
        };
        assert!(self.out.is_empty(), "nothing is expected on stdout: {self:?}");
        line
    }

    /// The log, which a command writes to stderr: its stdout is for the answer.
    pub fn events(&self) -> Vec<Value> {
        self.err.iter().filter_map(|line| event(line)).collect()
    }

    /// What it said on stdout, which must be JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out.join("\n")).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Everything it said.
    pub fn text(&self) -> String {
        [self.out.join("\n"), self.err.join("\n")].join("\n")
    }
}

fn event(line: &str) -> Option<Value> {
    serde_json::from_str(line).ok().filter(Value::is_object)
}
