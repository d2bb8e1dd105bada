//! The output of a service, cut into lines.

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// A longer line is cut into several, so that a service that never ends its line does not fill our memory.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// Reads `source` to its end and calls `each` with every line. Never waits for anything but `source`.
pub(super) async fn lines(mut source: impl AsyncRead + Unpin, mut each: impl FnMut(&str)) {
    let mut cutter = Cutter::default();
    let mut chunk = vec![0; 8 * 1024];
    loop {
        match source.read(&mut chunk).await {
            Ok(0) | Err(_) => break,
            Ok(count) => cutter.feed(&chunk[..count], &mut each),
        }
    }
    cutter.finish(&mut each);
}

/// Cuts bytes as they come into lines.
#[derive(Debug, Default)]
struct Cutter {
    begun: Vec<u8>,
}

impl Cutter {
    fn feed(&mut self, bytes: &[u8], each: &mut impl FnMut(&str)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.begun.len() >= MAX_LINE_BYTES {
                self.finish(each);
            }
        }
    }

    fn finish(&mut self, each: &mut impl FnMut(&str)) {
        if self.begun.is_empty() {
            return;
        }
        let line = String::from_utf8_lossy(&self.begun);
        // A carriage return would write the line over its own prefix.
        each(line.trim_end_matches(['\n', '\r']));
        self.begun.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn cut(text: &[u8]) -> Vec<String> {
        let mut seen = Vec::new();
        lines(text, |line| seen.push(line.to_owned())).await;
        seen
    }

    #[tokio::test]
    async fn lines_are_whole_wherever_the_pipe_cuts_them() {
        let mut cutter = Cutter::default();
        let mut seen = Vec::new();
        for piece in ["on", "e\ntwo\nth", "ree"] {
            cutter.feed(piece.as_bytes(), &mut |line| seen.push(line.to_owned()));
        }
        cutter.finish(&mut |line| seen.push(line.to_owned()));
        assert_eq!(seen, ["one", "two", "three"]);
    }

    #[tokio::test]
    async fn line_ends_broken_text_and_empty_lines_do_no_harm() {
        assert_eq!(cut(b"a\r\n\nb\xff\n").await, ["a", "", "b\u{fffd}"]);
        assert_eq!(cut(b"").await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_line_without_an_end_is_cut() {
        let seen = cut(&vec![b'x'; 3 * MAX_LINE_BYTES]).await;
        assert!(seen.len() >= 3);
        assert!(seen.iter().all(|line| line.len() < MAX_LINE_BYTES + 8 * 1024));
        assert_eq!(seen.concat().len(), 3 * MAX_LINE_BYTES);
    }
}
