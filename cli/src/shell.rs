//! Words for a POSIX shell.

use std::path::Path;

/// A path as a shell takes it for one word.
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let text = text.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(&text);
    let plain = |character: char| character.is_alphanumeric() || "/._-+~@%:,".contains(character);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_survives_the_shell() {
        for (path, written) in [("tls", "tls"), ("a b", "'a b'"), ("it's", r"'it'\''s'"), ("tls/", "tls"), ("/", "/")] {
            assert_eq!(quoted(Path::new(path)), written);
        }
    }
}
