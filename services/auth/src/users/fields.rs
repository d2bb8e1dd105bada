//! What a name, a mail address and roles may be, wherever accounts come from. A refusal says what is wrong and what is
//! allowed, and never what was given.
use token::claims::{MAX_ROLE_BYTES, MAX_ROLES};

use super::MAX_NAME_BYTES;

/// RFC 5321 section 4.5.3.1.3: no path is longer.
const MAX_EMAIL_BYTES: usize = 254;

/// Whether a new account may have this name. Two names that look alike on a screen must not be two accounts: no blanks at
/// the ends, no other blanks than spaces, and no characters that nobody sees (RFC 8265 section 3.3 excludes them, too).
pub fn judge_new_name(name: &str) -> Result<(), &'static str> {
    judge_name(name)?;
    if name.trim() != name {
        return Err("begins or ends with a blank; allowed: blanks inside of it");
    }
    let is_hidden = |character: char| is_invisible(character) || (character.is_whitespace() && character != ' ');
    if name.chars().any(is_hidden) {
        return Err("has a character that cannot be seen; allowed: anything that can be seen, and spaces");
    }
    Ok(())
}

/// Unicode's format characters (general category Cf): zero-width ones, marks of direction, the byte order mark, tags.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}'
    )
}

/// Whether somebody can log in by this name: HTTP Basic ends a name at the first colon (RFC 7617 section 2).
pub fn judge_name(name: &str) -> Result<(), &'static str> {
    if !(1..=MAX_NAME_BYTES).contains(&name.len()) {
        return Err("empty or too long; allowed: 1 to 256 bytes");
    }
    if name.contains(':') {
        return Err("has a colon, which HTTP Basic cannot carry in a name; allowed: anything else");
    }
    if name.chars().any(char::is_control) {
        return Err("has a control character; allowed: anything that can be seen, and spaces");
    }
    Ok(())
}

/// Whether this looks like a mail address. Only mail that arrives would prove that it is one.
pub fn judge_email(email: &str) -> Result<(), &'static str> {
    let is_address = email
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
    if !is_address {
        return Err("no mail address; allowed: NAME@DOMAIN with one @");
    }
    if email.len() > MAX_EMAIL_BYTES {
        return Err("too long; allowed: at most 254 bytes");
    }
    if email.chars().any(|character| character.is_control() || character.is_whitespace()) {
        return Err("has a space or a control character; allowed: NAME@DOMAIN with one @");
    }
    Ok(())
}

/// Whether this can be a role. Roles are kept with spaces between them.
pub fn judge_role(role: &str) -> Result<(), &'static str> {
    if !(1..=MAX_ROLE_BYTES).contains(&role.len()) {
        return Err("empty or too long; allowed: 1 to 64 bytes");
    }
    if role.chars().any(|character| character.is_control() || character.is_whitespace()) {
        return Err("has a space or a control character; allowed: one word");
    }
    Ok(())
}

/// Roles as they are kept: each once, in the order given.
pub fn joined<R: AsRef<str>>(roles: &[R]) -> Result<String, &'static str> {
    let mut once: Vec<&str> = Vec::new();
    for role in roles.iter().map(AsRef::as_ref) {
        judge_role(role)?;
        if !once.contains(&role) {
            once.push(role);
        }
        if once.len() > MAX_ROLES {
            return Err("too many; allowed: at most 64");
        }
    }
    Ok(once.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_http_basic_can_carry_and_people_can_see() {
        for good in ["a", "Ann Smith", "ann@example.com", "日本", "o'brien; --", &"x".repeat(256)] {
            assert_eq!(judge_name(good), Ok(()), "{good}");
        }
        for (bad, why) in
            [("", "empty"), ("a:b", "colon"), ("a\0b", "control"), ("a\nb", "control"), ("\u{85}", "control")]
        {
            assert!(judge_name(bad).expect_err(bad).contains(why), "{bad:?}");
        }
        assert!(judge_name(&"x".repeat(257)).expect_err("long").contains("256 bytes"));
    }

    #[test]
    fn a_new_name_looks_like_no_other() {
        for good in ["a", "Ann Smith", "ann@example.com", "日本", "o'brien; --", "José"] {
            assert_eq!(judge_new_name(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            (" bob", "blank"),
            ("bob\u{a0}", "blank"),
            ("\u{200b}", "cannot be seen"),
            ("a\u{202e}b", "cannot be seen"),
            ("a\u{a0}b", "cannot be seen"),
            ("a\u{feff}", "cannot be seen"),
            ("a\u{2028}b", "cannot be seen"),
            ("a:b", "colon"),
        ] {
            assert!(judge_new_name(bad).expect_err(bad).contains(why), "{bad:?}");
        }
    }

    #[test]
    fn a_mail_address_has_one_at_with_something_on_either_side() {
        for good in ["a@b", "ann.smith+x@example.com", "用户@例子.中国"] {
            assert_eq!(judge_email(good), Ok(()), "{good}");
        }
        for bad in ["", "ann", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\n", &format!("{}@b", "x".repeat(253))] {
            assert!(judge_email(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn roles_are_words_as_many_as_a_token_carries_each_once() {
        assert_eq!(joined(&["presenter", "auditor", "presenter"]).as_deref(), Ok("presenter auditor"));
        assert_eq!(joined::<&str>(&[]).as_deref(), Ok(""));
        for bad in ["", "a b", "a\tb", "a\u{a0}b", &"x".repeat(65)] {
            assert!(joined(&[bad]).is_err(), "{bad:?}");
        }
        let many: Vec<String> = (0..65).map(|number| format!("role-{number}")).collect();
        assert!(joined(&many[..64]).is_ok());
        assert!(joined(&many).expect_err("too many").contains("at most 64"));
    }
}
