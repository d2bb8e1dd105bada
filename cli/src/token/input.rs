//! Where the token comes from, and the wrappings it is often pasted in.

use std::io::{self, IsTerminal as _, Read as _};

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::output;

/// Far more than any token, far less than memory.
const MAX_INPUT_BYTES: u64 = 64 * 1024;

/// The token: the argument, or standard input if there is none or it is `-`.
pub(super) fn read(argument: Option<&str>) -> anyhow::Result<String> {
    let text = match argument {
        Some(token) if token != "-" => token.to_owned(),
        _ => read_stdin()?,
    };
    let token = unwrapped(&text);
    if token.is_empty() {
        bail!("there is no token: give it as an argument or on standard input");
    }
    Ok(token)
}

fn read_stdin() -> anyhow::Result<String> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        output::remark("Paste the token, then press Enter and Ctrl-D:");
    }
    let mut text = String::new();
    stdin
        .lock()
        .take(MAX_INPUT_BYTES)
        .read_to_string(&mut text)
        .context("cannot read the token from standard input")?;
    Ok(text)
}

/// The token in a login answer, in an Authorization header, or by itself.
fn unwrapped(text: &str) -> String {
    let text = text.trim();
    if let Ok(Value::Object(answer)) = serde_json::from_str(text) {
        let token = answer.get("token").or_else(|| answer.get("access_token"));
        return token.and_then(Value::as_str).unwrap_or_default().to_owned();
    }
    let text = without(text, "authorization:");
    without(text, "bearer ").to_owned()
}

fn without<'a>(text: &'a str, prefix: &str) -> &'a str {
    match text.split_at_checked(prefix.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(prefix) => rest.trim_start(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_in_what_people_paste() {
        for text in [
            "a.b.c",
            "  a.b.c\n",
            "Bearer a.b.c",
            "Authorization: Bearer a.b.c",
            r#"{"token":"a.b.c","token_type":"Bearer"}"#,
            r#"{"access_token":"a.b.c"}"#,
        ] {
            assert_eq!(unwrapped(text), "a.b.c", "{text}");
        }
    }

    #[test]
    fn an_answer_without_a_token_has_none() {
        assert_eq!(unwrapped(r#"{"title":"Unauthorized"}"#), "");
    }
}
