//! What `flotilla token verify` prints: every key, every check, the verdict.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use token::{CompactToken, Policy, Refusal};

use super::checks::{self, Check};
use super::keyring::Keyring;
use super::members::{Members, seconds, shown};
use super::wording::Place;
use crate::{output, table};

/// The whole result.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) valid: bool,
    /// One sentence.
    verdict: String,
    /// The services' name for a refusal, as in their logs and metrics.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    keys: Vec<KeyLine>,
    checks: Vec<Check>,
}

/// One key of the set, held against the token.
#[derive(Debug, Serialize)]
struct KeyLine {
    kid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<&'static str>,
    /// Whether its signature is on the token; `None` if the key cannot be used.
    signed: Option<bool>,
    remark: String,
}

impl Report {
    pub(super) fn new(
        token: &str,
        keyring: &Keyring,
        policy: &Policy,
        verdict: Result<(), Refusal>,
        place: &Place,
    ) -> Self {
        let parts = CompactToken::parse(token).ok();
        let header = parts.as_ref().and_then(|it| Members::parse(it.header_json()));
        let claims = parts.as_ref().and_then(|it| Members::parse(it.payload_json()));
        let kid = header.as_ref().and_then(|it| it.get("kid")?.as_str());
        let mut checks = Vec::new();
        if let Some(header) = &header {
            checks.extend(checks::of_header(header, keyring));
        }
        if let Some(claims) = &claims {
            checks.extend(checks::of_parties(claims, policy));
            checks.extend(checks::of_times(claims, policy, place));
        }
        Self {
            valid: verdict.is_ok(),
            verdict: sentence(verdict, claims.as_ref(), place),
            reason: verdict.err().map(|refusal| refusal.reason()),
            keys: key_lines(keyring, parts.as_ref(), kid),
            checks,
        }
    }

    pub(super) fn text(&self) -> String {
        let bold = Style::new().bold();
        let mut text = String::new();
        let rows: Vec<_> = self.keys.iter().map(KeyLine::row).collect();
        let _ = writeln!(text, "{bold}Keys of the set{bold:#}");
        for line in table::aligned(&rows) {
            let _ = writeln!(text, "  {line}");
        }
        let rows: Vec<_> = self.checks.iter().map(Check::row).collect();
        if !rows.is_empty() {
            let _ = writeln!(text, "{bold}Header and claims{bold:#}");
        }
        for line in table::aligned(&rows) {
            let _ = writeln!(text, "  {line}");
        }
        let (word, colour) = if self.valid { ("VALID", AnsiColor::Green) } else { ("NOT VALID", AnsiColor::Red) };
        let style = bold.fg_color(Some(colour.into()));
        let _ = writeln!(text, "\n{style}{word}{style:#}: {}", self.verdict);
        text
    }
}

impl KeyLine {
    fn row(&self) -> [String; 4] {
        let signature = match self.signed {
            Some(true) => "signature ok",
            Some(false) => "signature does not fit",
            None => "not usable",
        };
        [output::harmless(&self.kid), self.alg.unwrap_or("-").to_owned(), signature.to_owned(), self.remark.clone()]
    }
}

fn key_lines(keyring: &Keyring, token: Option<&CompactToken<'_>>, kid: Option<&str>) -> Vec<KeyLine> {
    let usable = keyring.keys.iter().map(|key| KeyLine {
        kid: key.kid().to_owned(),
        alg: Some(key.algorithm().as_str()),
        signed: Some(token.is_some_and(|token| key.verifies(token))),
        remark: if kid == Some(key.kid()) { "the token names this key".to_owned() } else { String::new() },
    });
    let skipped = keyring.skipped.iter().map(|key| KeyLine {
        kid: key.kid.clone().unwrap_or_else(|| "(no kid)".to_owned()),
        alg: None,
        signed: None,
        remark: key.reason.to_string(),
    });
    usable.chain(skipped).collect()
}

fn sentence(verdict: Result<(), Refusal>, claims: Option<&Members>, place: &Place) -> String {
    let claim = |name| claims.and_then(|claims| claims.get(name));
    match verdict {
        Ok(()) => {
            let user = claim("sub").map(shown).unwrap_or_default();
            let expiry = claim("exp").and_then(seconds).map(|at| place.expiry(at));
            format!("for {user}, {}", expiry.unwrap_or_default())
        }
        Err(refusal) => format!("{refusal} ({})", refusal.reason()),
    }
}
