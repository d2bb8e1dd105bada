//! The lines of a file, counted from 1, with a bound: a file without line breaks must not fill the memory.
use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _},
};

/// The longest line. 64 roles of 64 bytes, a name, an address and a hash are a tenth of it.
const MAX_LINE_BYTES: u64 = 64 * 1024;

pub(super) struct Lines {
    file: BufReader<File>,
    /// Of the line that was read last.
    number: u32,
    bytes: u64,
    line: Vec<u8>,
}

/// A line, without its line break.
pub(super) enum Text<'a> {
    Whole(&'a [u8]),
    TooLong,
}

impl Lines {
    pub(super) fn of(file: File) -> Self {
        Self { file: BufReader::new(file), number: 0, bytes: 0, line: Vec::new() }
    }

    /// How much of the file has been read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next line and its number; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<(u32, Text<'_>)>> {
        self.line.clear();
        // One byte more than allowed, and the line break.
        let read = self.file.by_ref().take(MAX_LINE_BYTES + 2).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(None);
        }
        self.bytes += read as u64;
        self.number = self.number.checked_add(1).ok_or_else(|| io::Error::other("more than 4294967295 lines"))?;
        if self.line.last() != Some(&b'\n') && read as u64 > MAX_LINE_BYTES {
            self.bytes += self.file.skip_until(b'\n')? as u64;
            return Ok(Some((self.number, Text::TooLong)));
        }
        let text = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        Ok(Some((self.number, Text::Whole(text.strip_suffix(b"\r").unwrap_or(text)))))
    }
}
