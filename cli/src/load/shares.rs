//! Who answered: answers by pod and version, as `x-served-by` and `x-service-version` tell.

use http::{HeaderMap, HeaderValue};

/// Names beyond these are counted together: an answer's fields are a stranger's, and memory has an end.
const MAX_ROWS: usize = 200;
const MAX_NAME_BYTES: usize = 128;

/// A pod (or a process) with a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) pod: String,
    pub(crate) version: String,
}

/// Answers by who gave them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shares {
    rows: Vec<(Server, u64)>,
    others: u64,
}

impl Shares {
    /// Counts an answer with these fields; one that names nobody counts for nobody.
    pub(super) fn count(&mut self, fields: &HeaderMap) {
        let pod = fields.get("x-served-by").map_or(&[][..], HeaderValue::as_bytes);
        let version = fields.get("x-service-version").map_or(&[][..], HeaderValue::as_bytes);
        if pod.is_empty() && version.is_empty() {
            return;
        }
        let is_it = |server: &Server| server.pod.as_bytes() == pod && server.version.as_bytes() == version;
        match self.rows.iter_mut().find(|(server, _)| is_it(server)) {
            Some((_, count)) => *count += 1,
            None => self.add_new(&Server { pod: name(pod), version: name(version) }, 1),
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (server, count) in &other.rows {
            self.add_new(server, *count);
        }
        self.others += other.others;
    }

    fn add_new(&mut self, server: &Server, more: u64) {
        let has_room = self.rows.len() < MAX_ROWS;
        match self.rows.iter_mut().find(|(known, _)| known == server) {
            Some((_, count)) => *count += more,
            None if has_room => self.rows.push((server.clone(), more)),
            None => self.others += more,
        }
    }

    /// In the order in which they were seen first.
    pub(crate) fn rows(&self) -> &[(Server, u64)] {
        &self.rows
    }

    /// How many answers were given by pods beyond those that are told apart.
    pub(crate) fn others(&self) -> u64 {
        self.others
    }

    pub(crate) fn total(&self) -> u64 {
        self.rows.iter().map(|(_, count)| count).sum::<u64>() + self.others
    }

    pub(crate) fn of(&self, server: &Server) -> u64 {
        self.rows.iter().find(|(known, _)| known == server).map_or(0, |(_, count)| *count)
    }

    /// Answers by version, in the order in which they were seen first.
    pub(crate) fn versions(&self) -> Vec<(String, u64)> {
        let mut versions: Vec<(String, u64)> = Vec::new();
        for (server, count) in &self.rows {
            match versions.iter_mut().find(|(version, _)| *version == server.version) {
                Some((_, sum)) => *sum += count,
                None => versions.push((server.version.clone(), *count)),
            }
        }
        versions
    }
}

fn name(bytes: &[u8]) -> String {
    let kept = &bytes[..bytes.len().min(MAX_NAME_BYTES)];
    String::from_utf8_lossy(kept).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pod: &str, version: &str) -> HeaderMap {
        let mut fields = HeaderMap::new();
        fields.insert("x-served-by", pod.parse().unwrap());
        fields.insert("x-service-version", version.parse().unwrap());
        fields
    }

    #[test]
    fn answers_are_told_apart_by_pod_and_version() {
        let mut shares = Shares::default();
        for (pod, version) in [("a", "1"), ("b", "1"), ("a", "1"), ("a", "2")] {
            shares.count(&fields(pod, version));
        }
        shares.count(&HeaderMap::new());
        let counts: Vec<_> = shares.rows().iter().map(|(server, count)| (server.pod.as_str(), *count)).collect();
        assert_eq!(counts, [("a", 2), ("b", 1), ("a", 1)]);
        assert_eq!(shares.versions(), [("1".to_owned(), 3), ("2".to_owned(), 1)]);
        assert_eq!(shares.total(), 4);
    }

    #[test]
    fn strangers_fill_no_memory() {
        let mut shares = Shares::default();
        for number in 0..1000 {
            shares.count(&fields(&format!("{number}{}", "x".repeat(1000)), "1"));
        }
        assert_eq!(shares.rows().len(), MAX_ROWS);
        assert_eq!((shares.total(), shares.others()), (1000, 800));
        assert!(shares.rows().iter().all(|(server, _)| server.pod.len() <= MAX_NAME_BYTES));
    }
}
