//! The names that were read, to find those that come twice. Of each only 96 bits of its SHA-256 are kept, and its line: 16 bytes.
//! That two different ones among a million are taken for the same is less likely than 1 to 10^17.
use aws_lc_rs::digest::{SHA256, digest};

use super::row::Line;

#[derive(Default)]
pub(super) struct Names(Vec<(u64, u32, Line)>);

impl Names {
    pub(super) fn add(&mut self, name: &str, line: Line) {
        let hash = digest(&SHA256, name.as_bytes());
        if let Some((high, rest)) = hash.as_ref().split_first_chunk()
            && let Some(low) = rest.first_chunk()
        {
            self.0.push((u64::from_be_bytes(*high), u32::from_be_bytes(*low), line));
        }
    }

    /// Lines whose name is in an earlier one, with the first that has it.
    pub(super) fn repeated(mut self) -> impl Iterator<Item = (Line, Line)> {
        self.0.sort_unstable();
        let mut first = None;
        self.0.into_iter().filter_map(move |(high, low, line)| match first {
            Some((name, first)) if name == (high, low) => Some((line, first)),
            _ => {
                first = Some(((high, low), line));
                None
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_that_repeats_a_name_is_found_with_the_first_that_has_it() {
        let mut names = Names::default();
        for (line, name) in (1..).zip(["ann", "bob", "Ann", "ann", "cid", "bob", "ann"]) {
            names.add(name, line);
        }
        let mut repeated: Vec<_> = names.repeated().collect();
        repeated.sort_unstable();
        assert_eq!(repeated, [(4, 1), (6, 2), (7, 1)]);
    }
}
