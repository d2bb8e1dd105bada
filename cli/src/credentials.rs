//! A user and a password: `USER:PASSWORD` as typed, or the password by a safer way.

use std::io::{self, Read as _};

use anyhow::{Context as _, bail};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::output;

/// Where a password may be left that neither the process list nor the shell's history shows.
const VARIABLE: &str = "FLOTILLA_PASSWORD";

/// auth accepts no body above 64 KiB, and so no password of that length.
const MAX_PASSWORD_BYTES: u64 = 64 * 1024;

/// What stands after `-u`.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    name: String,
    password: Option<SecretString>,
}

impl Credentials {
    // RFC 7617 §2: the first colon ends the user's name; a password may contain more.
    #[expect(clippy::unnecessary_wraps, reason = "clap wants a parser that could fail")]
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, password) = match text.split_once(':') {
            Some((name, password)) => (name, Some(password.into())),
            None => (text, None),
        };
        Ok(Self { name: name.to_owned(), password })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The password: after the colon, else from standard input if asked for, else from the environment, else typed.
    pub(crate) fn password(&self, from_stdin: bool) -> anyhow::Result<SecretString> {
        match &self.password {
            Some(_) if from_stdin => bail!("the password was given twice: after the user and by --password-stdin"),
            Some(password) => {
                output::remark(
                    "note: a password on the command line is seen in the process list and kept in the shell's history",
                );
                Ok(password.clone())
            }
            None if from_stdin => line_of_stdin(),
            None => match variable() {
                Some(password) => Ok(password),
                None => rpassword::prompt_password(format!("Password of {}: ", self.name))
                    .map(SecretString::from)
                    .with_context(|| format!("cannot ask for the password: set {VARIABLE} or use --password-stdin")),
            },
        }
    }
}

fn line_of_stdin() -> anyhow::Result<SecretString> {
    let mut text = Zeroizing::new(String::new());
    io::stdin()
        .lock()
        .take(MAX_PASSWORD_BYTES)
        .read_to_string(&mut text)
        .context("cannot read the password from standard input")?;
    // A password is taken exactly, but `echo` ends its line.
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).into())
}

/// Empty means unset, as everywhere in the suite.
#[expect(clippy::disallowed_methods, reason = "a password, asked for once, by a command that is no service")]
fn variable() -> Option<SecretString> {
    std::env::var(VARIABLE).ok().filter(|password| !password.is_empty()).map(SecretString::from)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn the_first_colon_divides_user_and_password() {
        let credentials = Credentials::parse("user:pass:word").unwrap();
        assert_eq!(credentials.name(), "user");
        assert_eq!(credentials.password.unwrap().expose_secret(), "pass:word");
        assert!(Credentials::parse("user").unwrap().password.is_none());
    }

    #[test]
    fn a_password_is_given_once() {
        let error = Credentials::parse("user:password").unwrap().password(true).unwrap_err();
        assert!(error.to_string().contains("--password-stdin"), "{error}");
    }
}
