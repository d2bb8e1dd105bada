//! Values as they are written, read from their files, and shown.
use std::{borrow::Cow, path::Path};

use zeroize::Zeroizing;

use super::Setting;
use crate::files;

/// A `_FILE` holds a value, not a document.
const MAX_FILE_BYTES: usize = 64 * 1024;

pub(super) fn read_value(path: &Path) -> Result<Zeroizing<String>, String> {
    let bytes = files::read(path, MAX_FILE_BYTES).map_err(|error| files::plain(&error))?;
    let text = str::from_utf8(&bytes).map_err(|_| "not valid UTF-8".to_owned())?;
    // Some editors begin a file with a byte order mark.
    Ok(Zeroizing::new(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned()))
}

/// Editors, `echo` and YAML end a value with a line break that is no part of it. Blanks can be part of a secret only.
pub(super) fn trimmed<'t>(setting: &Setting, text: &'t str) -> &'t str {
    if setting.secret { text.trim_end_matches(['\r', '\n']) } else { text.trim() }
}

/// Why a trimmed value cannot be meant. Any text can be a secret, so a secret may have quotes.
pub(super) fn flaw(setting: &Setting, text: &str) -> Option<&'static str> {
    let is_quoted =
        || ['"', '\''].iter().any(|quote| text.len() > 1 && text.starts_with(*quote) && text.ends_with(*quote));
    if text.is_empty() {
        Some("nothing but blanks and line breaks")
    } else if text.chars().any(char::is_control) {
        Some("a line break or another control character in it")
    } else if !setting.secret && is_quoted() {
        Some("in quotes, which docker's --env-file makes part of the value")
    } else if !setting.secret && text.chars().any(is_invisible) {
        Some("a character in it that cannot be seen, such as a byte order mark")
    } else {
        None
    }
}

/// Zero-width characters and marks of direction, which come along when a value is copied from a document.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A secret that was put where its file belongs must not be shown. An absolute path is taken for a path.
pub(super) fn shown_path<'p>(setting: &Setting, path: &'p str) -> &'p str {
    if !setting.secret || path.starts_with('/') {
        path
    } else {
        "the file (its path is not absolute, so it is not shown)"
    }
}

/// A URL without what can be a secret in it: user and password, query, fragment.
pub(super) fn without_credentials(text: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = text.split_once("://") else { return text.into() };
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (path, rest) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(_, host)| ("***@", host));
    let hidden = if rest.is_empty() { "" } else { "?***" };
    format!("{scheme}://{user}{host}{path}{hidden}").into()
}

/// envy's own messages quote the value, which may be a secret.
pub(super) fn without_value(error: &envy::Error) -> String {
    let text = error.to_string();
    let end = text.find(" while parsing value '").unwrap_or(text.len());
    let text = &text[..end];
    if text.starts_with("unknown variant") { "not one of the allowed words".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_url_nothing_is_shown_that_can_be_a_secret() {
        for (url, shown) in [
            ("http://auth/keys", "http://auth/keys"),
            ("http://auth:8080", "http://auth:8080"),
            ("https://auth/keys?sig=hunter2", "https://auth/keys?***"),
            ("https://auth?sig=hunter2", "https://auth?***"),
            ("https://auth/keys#hunter2", "https://auth/keys?***"),
            ("https://ann:hunter2@auth/keys", "https://***@auth/keys"),
            ("https://ann:hunter2@x@auth", "https://***@auth"),
            ("auth.service", "auth.service"),
        ] {
            assert_eq!(without_credentials(url), shown);
        }
    }

    #[test]
    fn a_secret_in_the_place_of_its_path_is_not_shown() {
        let secret = Setting::optional("SECRET", "none", "a secret", "what it keeps").secret();
        assert_eq!(shown_path(&secret, "/run/secrets/x"), "/run/secrets/x");
        for text in ["hunter2", "postgres://ann:hunter2@db/x", "./hunter2"] {
            assert!(!shown_path(&secret, text).contains("hunter2"), "{text}");
        }
    }
}
