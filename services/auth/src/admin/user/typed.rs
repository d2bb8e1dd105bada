//! A password as it is given to a command: typed twice on a terminal, or read from stdin. Never an argument, which every
//! user of the machine can see and every shell remembers.
use std::io::{IsTerminal as _, Read as _};

use chassis::Stop;
use clap::{Arg, ArgAction, ArgMatches};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::{admin::failed, password::MAX_BYTES};

/// The longest password, the longest line break, and one byte that shows that there is more.
const MOST: usize = MAX_BYTES + "\r\n".len() + 1;

pub(super) fn from_stdin() -> Arg {
    Arg::new("password-stdin")
        .long("password-stdin")
        .action(ArgAction::SetTrue)
        .help("Read the password from stdin instead; one line break at its end is not part of it")
}

/// How a password is given.
pub(super) enum Entry {
    Typed,
    Stdin,
}

impl Entry {
    pub(super) fn of(matches: &ArgMatches) -> Result<Self, Stop> {
        if matches.get_flag("password-stdin") {
            return Ok(Self::Stdin);
        }
        if std::io::stdin().is_terminal() {
            return Ok(Self::Typed);
        }
        Err(Stop::Usage("there is no terminal to ask for the password; use --password-stdin".to_owned()))
    }

    pub(super) fn password(&self) -> Result<SecretString, Stop> {
        match self {
            Self::Typed => typed_twice(),
            Self::Stdin => read(std::io::stdin().lock()),
        }
    }
}

fn typed_twice() -> Result<SecretString, Stop> {
    let ask = |prompt| {
        rpassword::prompt_password(prompt)
            .map(SecretString::from)
            .map_err(|error| Stop::Failed(format!("cannot ask for the password: {error}")))
    };
    let (once, again) = (ask("Password: ")?, ask("Again: ")?);
    if once.expose_secret() != again.expose_secret() {
        return Err(Stop::Failed("the two passwords are not the same".to_owned()));
    }
    Ok(once)
}

/// All of it but one line break at the end, which every tool adds.
fn read(from: impl std::io::Read) -> Result<SecretString, Stop> {
    // Made large enough at once: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST + 1));
    from.take(MOST as u64)
        .read_to_end(&mut bytes)
        .map_err(|error| Stop::Failed(format!("cannot read the password from stdin: {error}")))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| failed("the password on stdin is not UTF-8"))?;
    let password = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text);
    Ok(SecretString::from(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_break_at_the_end_is_not_part_of_a_password_and_nothing_else_is_trimmed() {
        for (given, taken) in [
            ("secret\n", "secret"),
            ("secret\r\n", "secret"),
            ("secret", "secret"),
            ("secret\n\n", "secret\n"),
            ("secret\r", "secret\r"),
            (" \tsecret \n", " \tsecret "),
            ("two\nlines\n", "two\nlines"),
            ("\n", ""),
            ("", ""),
        ] {
            let read = read(given.as_bytes()).expect("text");
            assert_eq!(read.expose_secret(), taken, "{given:?}");
        }
        assert!(read(&b"\xff\n"[..]).is_err());
    }

    #[test]
    fn an_endless_password_is_read_no_further_than_it_takes_to_refuse_it() {
        let endless = read(std::io::repeat(b'x')).expect("text");
        assert_eq!(endless.expose_secret().len(), MOST);
        assert!(crate::password::rules::judge(&endless, "ann").is_err());
    }
}
