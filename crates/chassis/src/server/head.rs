//! Where a request's headers end.
//!
//! hyper reads as much as there is, so the first bytes of the next request may come with the last ones of this one. It does
//! not say so, and a client that sends half of its next headers in this way must not keep its connection as if it were idle.

/// Looks for the empty line that ends a request's headers (RFC 9112, section 2.2: a lone LF ends a line, too; empty lines
/// in front of the request line are skipped).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HeadEnd {
    /// Something other than an empty line has come.
    begun: bool,
    /// Something other than CR has come since the last LF.
    in_line: bool,
}

impl HeadEnd {
    /// The number of bytes up to the end of the headers, if it is among these.
    pub(super) fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut line = 0;
        while let Some(length) = memchr::memchr(b'\n', &bytes[line..]) {
            let is_empty = !self.in_line && matches!(bytes[line..line + length], [] | [b'\r']);
            if is_empty && self.begun {
                return Some(line + length + 1);
            }
            self.begun |= !is_empty;
            self.in_line = false;
            line += length + 1;
        }
        self.in_line |= !matches!(bytes[line..], [] | [b'\r']);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_found_however_the_bytes_come() {
        for (request, end) in [
            (&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], Some(27)),
            (b"GET / HTTP/1.1\nHost: a\n\n", Some(24)),
            (b"\r\n\r\nGET / HTTP/1.1\r\n\r\nrest", Some(22)),
            (b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHo", Some(18)),
            (b"GET / HTTP/1.1\r\nHost: a\r\n", None),
            (b"\r\n\r\n\r\n", None),
            (b"", None),
        ] {
            assert_eq!(HeadEnd::default().find(request), end, "{request:?}");
            let (mut byte_by_byte, mut found) = (HeadEnd::default(), None);
            for (at, byte) in request.iter().enumerate() {
                if byte_by_byte.find(&[*byte]).is_some() {
                    found = Some(at + 1);
                    break;
                }
            }
            assert_eq!(found, end, "{request:?}, byte by byte");
        }
    }
}
