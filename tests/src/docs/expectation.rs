//! What a block must print; `…` leaves something open.
use serde_json::Value;

const ANY: char = '…';

/// What a block must print.
#[derive(Debug)]
pub enum Expectation {
    /// These lines.
    Text(String),
    /// This JSON, however it is laid out.
    Json(Value),
}

impl Expectation {
    /// By the language of the block that says it.
    pub(super) fn of(language: &str, text: &str) -> Option<Self> {
        match language {
            "text" => Some(Self::Text(text.to_owned())),
            "json" => Some(serde_json::from_str(text).map_or_else(|_| Self::Text(text.to_owned()), Self::Json)),
            _ => None,
        }
    }

    /// `Err` shows both.
    pub(super) fn is_met_by(&self, printed: &str) -> Result<(), String> {
        let (met, expected) = match self {
            Self::Text(expected) => (lines_fit(&lines(expected), &lines(printed)), expected.clone()),
            Self::Json(expected) => {
                let printed = serde_json::from_str(printed);
                (printed.is_ok_and(|printed| json_fits(expected, &printed)), format!("{expected:#}"))
            }
        };
        if met { Ok(()) } else { Err(format!("the document says\n{expected}\nand what was printed is\n{printed}")) }
    }
}

fn lines(text: &str) -> Vec<&str> {
    text.trim().lines().map(str::trim_end).collect()
}

fn lines_fit(expected: &[&str], printed: &[&str]) -> bool {
    match expected {
        [] => printed.is_empty(),
        [first, rest @ ..] if first.trim() == "…" => {
            (0..=printed.len()).any(|skipped| lines_fit(rest, &printed[skipped..]))
        }
        [first, rest @ ..] => {
            printed.split_first().is_some_and(|(line, others)| fits(first, line) && lines_fit(rest, others))
        }
    }
}

/// Whether a line is the pattern with something in the place of each `…`.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once(ANY) else { return pattern == text };
    let Some(text) = text.strip_prefix(start) else { return false };
    text.char_indices().map(|(place, _)| place).chain([text.len()]).any(|place| fits(rest, &text[place..]))
}

fn json_fits(expected: &Value, printed: &Value) -> bool {
    match (expected, printed) {
        (Value::String(expected), Value::String(printed)) => fits(expected, printed),
        // "…" alone stands for any value.
        (Value::String(expected), _) => expected == "…",
        (Value::Array(expected), Value::Array(printed)) => {
            expected.len() == printed.len()
                && expected.iter().zip(printed).all(|(expected, printed)| json_fits(expected, printed))
        }
        (Value::Object(expected), Value::Object(printed)) => {
            expected.len() == printed.len()
                && expected
                    .iter()
                    .all(|(name, expected)| printed.get(name).is_some_and(|printed| json_fits(expected, printed)))
        }
        _ => expected == printed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_met(language: &str, expected: &str, printed: &str) -> bool {
        Expectation::of(language, expected).expect("an expectation").is_met_by(printed).is_ok()
    }

    #[test]
    fn an_ellipsis_stands_for_text_and_for_lines() {
        assert!(is_met(
            "text",
            "HTTP/1.1 401 …\n…\n{…}\n",
            "HTTP/1.1 401 Unauthorized\r\na: b\r\n\r\n{\"status\":401}"
        ));
        assert!(is_met("text", "a…c…\n", "abc"));
        assert!(!is_met("text", "a\n…\nc\n", "a\nb\n"));
        assert!(!is_met("text", "a\n", "a\nb\n"));
    }

    #[test]
    fn json_is_compared_as_json() {
        assert!(is_met("json", r#"{"b": 1, "a": "ey…"}"#, r#"{"a":"eyJ","b":1}"#));
        assert!(is_met("json", r#"{"n": "…"}"#, r#"{"n":5}"#));
        assert!(!is_met("json", r#"{"a": 1}"#, r#"{"a":1,"b":2}"#));
        assert!(!is_met("json", r#"{"a": 1}"#, "nothing"));
    }
}
