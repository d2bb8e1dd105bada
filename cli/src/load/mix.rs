//! Which paths are asked for, and how often each: paths by weight, in a fixed order that keeps the shares exact.

use std::str::FromStr;

use http::uri::{PathAndQuery, Uri};

/// Weights are shares, not counts: nobody needs more.
const MAX_WEIGHT: u32 = 1000;
/// More would be a list that nobody reads.
const MAX_PATHS: usize = 32;

/// A path and its weight: `/secure:3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WeightedPath {
    pub(crate) path: PathAndQuery,
    pub(crate) weight: u32,
}

impl FromStr for WeightedPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.starts_with('/') {
            return Err("a path begins with /, for example /secure:3".to_owned());
        }
        // A path may hold colons; the last one divides if only digits follow.
        let divided = text.rsplit_once(':').filter(|(_, end)| end.bytes().all(|byte| byte.is_ascii_digit()));
        let (path, weight) = match divided {
            Some((path, weight)) => (path, weight.parse().unwrap_or(0)),
            None => (text, 1),
        };
        if !(1..=MAX_WEIGHT).contains(&weight) {
            return Err(format!("a weight is a whole number from 1 to {MAX_WEIGHT}, for example /secure:3"));
        }
        let path = path.parse().map_err(|error| format!("{path} is no path: {error}"))?;
        Ok(Self { path, weight })
    }
}

/// The paths of a run, and the order in which they take turns.
#[derive(Clone, Debug)]
pub(crate) struct Mix {
    paths: Vec<WeightedPath>,
    order: Vec<usize>,
}

impl Mix {
    /// The error says what is wrong with the list.
    pub(crate) fn new(paths: Vec<WeightedPath>) -> Result<Self, String> {
        if paths.is_empty() || paths.len() > MAX_PATHS {
            return Err(format!("there may be 1 to {MAX_PATHS} paths"));
        }
        if let Some(twice) =
            paths.iter().enumerate().find(|(at, path)| paths[..*at].iter().any(|it| it.path == path.path))
        {
            return Err(format!("{} is named twice", twice.1.path));
        }
        let order = order(&paths.iter().map(|path| path.weight).collect::<Vec<_>>());
        Ok(Self { paths, order })
    }

    pub(crate) fn paths(&self) -> &[WeightedPath] {
        &self.paths
    }

    /// The path (by index) of a connection's `turn`th request. Each connection begins somewhere else, so that not all
    /// ask for the same path at once.
    pub(super) fn at(&self, connection: usize, turn: u64) -> usize {
        let length = self.order.len() as u64;
        let place = (connection as u64 % length + turn % length) % length;
        self.order[usize::try_from(place).expect("below the length")]
    }

    /// The request targets (origin form, RFC 9112 §3.2.1).
    pub(super) fn uris(&self) -> impl Iterator<Item = Uri> {
        self.paths.iter().map(|path| Uri::from(path.path.clone()))
    }
}

/// Smooth weighted round robin: each index as often as its weight says, spread as evenly as can be.
fn order(weights: &[u32]) -> Vec<usize> {
    let divisor = weights.iter().copied().fold(0, gcd).max(1);
    let weights: Vec<_> = weights.iter().map(|weight| i64::from(weight / divisor)).collect();
    let total: i64 = weights.iter().sum();
    let mut credit = vec![0; weights.len()];
    let turn = |_| {
        credit.iter_mut().zip(&weights).for_each(|(credit, weight)| *credit += weight);
        let richest = (0..credit.len()).rev().max_by_key(|index| credit[*index]).expect("there is a path");
        credit[richest] -= total;
        richest
    };
    (0..total).map(turn).collect()
}

const fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mix(paths: &[&str]) -> Result<Mix, String> {
        Mix::new(paths.iter().map(|path| path.parse().unwrap()).collect())
    }

    #[test]
    fn a_weight_follows_the_last_colon() {
        for (text, path, weight) in
            [("/", "/", 1), ("/:9", "/", 9), ("/a:b?c=d:e", "/a:b?c=d:e", 1), ("/a:80:1", "/a:80", 1)]
        {
            let parsed: WeightedPath = text.parse().unwrap();
            assert_eq!((parsed.path.as_str(), parsed.weight), (path, weight), "{text}");
        }
        for text in ["secure", "", "/:0", "/:1001", "/:", "/a b", "/:99999999999"] {
            assert!(text.parse::<WeightedPath>().is_err(), "{text}");
        }
    }

    #[test]
    fn turns_are_spread_and_exact() {
        assert_eq!(order(&[3, 1]), [0, 0, 1, 0]);
        assert_eq!(order(&[900, 100]).len(), 10);
        let mix = mix(&["/:9", "/secure:1"]).unwrap();
        for connection in 0..20 {
            let secure = (0..100).filter(|turn| mix.at(connection, *turn) == 1).count();
            assert_eq!(secure, 10);
        }
        let first: Vec<_> = (0..10).map(|connection| mix.at(connection, 0)).collect();
        assert!(first.contains(&0) && first.contains(&1), "{first:?}");
    }

    #[test]
    fn a_path_is_named_once() {
        assert_eq!(mix(&["/", "/:2"]).unwrap_err(), "/ is named twice");
        assert!(mix(&[]).is_err());
    }
}
