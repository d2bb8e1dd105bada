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
    pub(crate) async fn by(mut process: Process) -> Self {
        let code = process.wait_exit(LONG).await.code();
        Self { code, out: process.output().of(Stream::Out), err: process.output().of(Stream::Err) }
    }

    /// The same, if this was its exit code.
    #[must_use]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// The one line it said on stderr, and nothing else was said.
    pub fn one_line(&self) -> &str {
        let [line] = &self.err[..] else { panic!("one line is expected on stderr: {self:?}") };
        assert!(self.out.is_empty(), "nothing is expected on stdout: {self:?}");
        line
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
