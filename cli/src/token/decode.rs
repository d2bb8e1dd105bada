//! `flotilla token decode`: what a token says, for people who want to see it. Judges nothing.

use std::fmt::Write as _;
use std::process::ExitCode;

use anstyle::Style;
use anyhow::bail;
use clap::Args;
use serde_json::{Value, json};
use token::CompactToken;

use super::members::{Members, seconds, shown};
use super::wording::Place;
use super::{Form, input};
use crate::{output, table};

const NOT_VERIFIED: &str = "Not verified: anybody can write such a token. \
    To judge it: flotilla token verify --jwks <URL or file>";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The token; `-` or nothing reads standard input. A login answer or an Authorization header will do too
    token: Option<String>,
}

pub(super) fn run(options: &Options, form: Form) -> anyhow::Result<ExitCode> {
    let token = input::read(options.token.as_deref())?;
    let decoded = Decoded::read(&token)?;
    let place = Place::here()?;
    match form {
        Form::Text => output::print(&decoded.text(&place))?,
        Form::Json => output::print_json(&decoded.json(&place))?,
    }
    Ok(ExitCode::SUCCESS)
}

struct Decoded {
    header: Members,
    claims: Members,
}

impl Decoded {
    fn read(token: &str) -> anyhow::Result<Self> {
        let parts = match CompactToken::parse(token) {
            Ok(parts) => parts,
            Err(_) if token.split('.').count() == 5 => {
                bail!("this is an encrypted token (JWE, five parts): only who holds its key can read it")
            }
            Err(refusal) => bail!("this is no JWT: {refusal}"),
        };
        let part = |json, name| {
            Members::parse(json).ok_or_else(|| anyhow::anyhow!("this is no JWT: its {name} is not a JSON object"))
        };
        Ok(Self { header: part(parts.header_json(), "header")?, claims: part(parts.payload_json(), "payload")? })
    }

    fn text(&self, place: &Place) -> String {
        let bold = Style::new().bold();
        let mut text = String::new();
        for (title, members) in [("Header", &self.header), ("Claims", &self.claims)] {
            let rows: Vec<_> = members.0.iter().map(|member| row(member, place)).collect();
            let _ = writeln!(text, "{bold}{title}{bold:#}");
            for line in table::aligned(&rows) {
                let _ = writeln!(text, "  {line}");
            }
            if let Some(name) = members.repeated() {
                let name = output::harmless(name);
                let _ = writeln!(text, "  {name} is there twice: verifiers refuse this token");
            }
        }
        let _ = writeln!(text, "\n{NOT_VERIFIED}");
        text
    }

    fn json(&self, place: &Place) -> Value {
        let expiry = self.claims.get("exp").and_then(seconds);
        json!({
            "header": object(&self.header),
            "claims": object(&self.claims),
            "expires": expiry.and_then(|at| place.local(at)),
            "expires_in": expiry.map(|at| at.saturating_sub(place.now.as_second())),
            "verified": false,
        })
    }
}

fn row((name, value): &(String, Value), place: &Place) -> [String; 3] {
    [output::harmless(name), shown(value), remark(name, value, place)]
}

/// What a member means, where that is not obvious.
fn remark(name: &str, value: &Value, place: &Place) -> String {
    let time = match name {
        "exp" | "iat" | "nbf" | "auth_time" => seconds(value),
        _ => None,
    };
    let Some(at) = time else {
        return String::new();
    };
    let Some(local) = place.local(at) else {
        return "not a time of any calendar".to_owned();
    };
    let relative = match name {
        "exp" => place.expiry(at),
        "iat" => format!("issued {}", place.distance(at)),
        "nbf" => format!("valid from {}", place.distance(at)),
        _ => place.distance(at),
    };
    format!("{local}, {relative}")
}

fn object(members: &Members) -> Value {
    Value::Object(members.0.iter().cloned().collect())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::*;

    // RFC 7519 §3.1: {"typ":"JWT",\r\n "alg":"HS256"} and {"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}
    const RFC_7519: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn place() -> Place {
        Place { now: Timestamp::from_second(1_300_819_380 - 872).unwrap(), zone: TimeZone::UTC }
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_token_is_shown_with_its_times() {
        let decoded = Decoded::read(RFC_7519).unwrap();
        insta::assert_snapshot!(plain(&decoded.text(&place())));
    }

    #[test]
    fn json_has_the_members_and_says_unverified() {
        let decoded = Decoded::read(RFC_7519).unwrap();
        insta::assert_json_snapshot!(decoded.json(&place()));
    }

    #[test]
    fn a_member_that_occurs_twice_is_pointed_out() {
        let decoded = Decoded {
            header: Members::parse(br#"{"alg":"EdDSA"}"#).unwrap(),
            claims: Members::parse(br#"{"sub":"user","exp":1e300,"sub":"ad\u001bmin"}"#).unwrap(),
        };
        insta::assert_snapshot!(plain(&decoded.text(&place())));
    }

    #[test]
    fn what_is_no_token_says_what_it_is() {
        let why = |token| Decoded::read(token).err().unwrap().to_string();
        insta::assert_snapshot!(why("a.b.c.d.e"), @"this is an encrypted token (JWE, five parts): only who holds its key can read it");
        insta::assert_snapshot!(why("secret"), @"this is no JWT: the token is not three parts of unpadded base64url");
        insta::assert_snapshot!(why("W10.e30.AA"), @"this is no JWT: its header is not a JSON object");
    }
}
