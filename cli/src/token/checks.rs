//! The demands of a verifier on header and claims, one by one. They explain its verdict and do not make it.

use serde::Serialize;
use serde_json::Value;
use token::{Algorithm, Policy};

use super::keyring::Keyring;
use super::members::{Members, seconds, shown};
use super::wording::Place;

/// One demand, and whether it is met.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    name: &'static str,
    ok: bool,
    found: String,
    /// What was wanted instead; how far away a time is.
    remark: String,
}

impl Check {
    fn of(members: &Members, name: &'static str, ok: bool, remark: String) -> Self {
        let found = members.get(name).map_or_else(|| "missing".to_owned(), shown);
        Self { name, ok, found, remark }
    }

    fn text(members: &Members, name: &'static str, ok: bool, wanted: &str) -> Self {
        let remark = if ok { String::new() } else { format!("wanted: {wanted}") };
        Self::of(members, name, ok, remark)
    }

    fn time(claims: &Members, name: &'static str, ok: impl Fn(i64) -> bool, words: impl Fn(i64) -> String) -> Self {
        match at(claims, name) {
            Some(at) => Self::of(claims, name, ok(at), words(at)),
            None => Self::of(claims, name, false, "wanted: a whole number of seconds".to_owned()),
        }
    }

    pub(super) fn row(&self) -> [String; 4] {
        let mark = if self.ok { "ok" } else { "NOT OK" };
        [mark.to_owned(), self.name.to_owned(), self.found.clone(), self.remark.clone()]
    }
}

pub(super) fn of_header(header: &Members, keyring: &Keyring) -> [Check; 3] {
    let text = |name| header.get(name).and_then(Value::as_str);
    let alg = text("alg").and_then(Algorithm::named).filter(|alg| keyring.algorithms.contain(*alg));
    let typ = text("typ")
        .is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt"));
    let kid = keyring.keys.find(text("kid"), alg.unwrap_or(Algorithm::EdDsa)).is_some();
    [
        Check::text(header, "alg", alg.is_some(), &keyring.algorithms.to_string()),
        Check::text(header, "typ", typ, "at+jwt"),
        Check::text(header, "kid", kid, "a key of the set; it may be missing only where the set has one key"),
    ]
}

pub(super) fn of_parties(claims: &Members, policy: &Policy) -> [Check; 4] {
    let text = |name| claims.get(name).and_then(Value::as_str);
    let present = |name| text(name).is_some_and(|text| !text.is_empty());
    let audience = match claims.get("aud") {
        Some(Value::Array(several)) => several.iter().any(|one| one == policy.audience.as_str()),
        Some(one) => one == policy.audience.as_str(),
        None => false,
    };
    [
        Check::text(claims, "iss", text("iss") == Some(policy.issuer.as_str()), &policy.issuer),
        Check::text(claims, "aud", audience, &policy.audience),
        Check::text(claims, "sub", present("sub"), "a name"),
        Check::text(claims, "jti", present("jti"), "a name"),
    ]
}

pub(super) fn of_times(claims: &Members, policy: &Policy, place: &Place) -> Vec<Check> {
    let now = place.now.as_second();
    let leeway = whole_seconds(policy.leeway);
    let unexpired = |at: i64| now < at.saturating_add(leeway);
    let begun = |at: i64| now.saturating_add(leeway) >= at;
    let mut checks = vec![
        Check::time(claims, "exp", unexpired, |at| place.expiry(at)),
        Check::time(claims, "iat", begun, |at| format!("issued {}", place.distance(at))),
    ];
    // A token without it counts from `iat`.
    if claims.get("nbf").is_some() {
        checks.push(Check::time(claims, "nbf", begun, |at| format!("valid from {}", place.distance(at))));
    }
    let longest = whole_seconds(policy.max_life);
    let life = at(claims, "exp").zip(at(claims, "iat")).map(|(exp, iat)| exp.saturating_sub(iat));
    if let Some(life) = life.filter(|life| !(1..=longest).contains(life)) {
        let remark = format!("wanted: {longest} seconds at most");
        checks.push(Check { name: "life", ok: false, found: life.to_string(), remark });
    }
    checks
}

/// A time as verifiers read it: fractions and negative numbers are none.
fn at(claims: &Members, name: &str) -> Option<i64> {
    claims.get(name).filter(|value| value.is_u64()).and_then(seconds)
}

fn whole_seconds(time: std::time::Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}
