//! What a line says: an account, or why it is none. A reason names the field and never shows what is in it.
use std::{fs::File, io};

use super::{
    csv::Columns,
    jsonl,
    lines::{Lines, Text},
    source::Format,
};
use crate::{
    password::judge_stored,
    users::{
        NewAccount,
        fields::{joined, judge_email, judge_new_name},
    },
};

/// Counted from 1.
pub(super) type Line = u32;

/// What a line has, before it is judged.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) username: String,
    pub(super) email: Option<String>,
    pub(super) roles: Vec<String>,
    pub(super) password_hash: String,
}

impl Fields {
    /// The fields that there are; username and password_hash are required.
    pub(super) const NAMES: [&'static str; 4] = ["username", "email", "roles", "password_hash"];

    fn judged(self) -> Result<NewAccount, String> {
        let of = |field: &'static str| move |why: &str| format!("{field}: {why}");
        judge_new_name(&self.username).map_err(of("username"))?;
        self.email.as_deref().map_or(Ok(()), judge_email).map_err(of("email"))?;
        let roles = joined(&self.roles).map_err(of("roles"))?;
        judge_stored(&self.password_hash).map_err(of("password_hash"))?;
        let Self { username, email, password_hash, .. } = self;
        Ok(NewAccount { username, email, roles, password_hash, demo: false })
    }
}

/// Why there are no rows at all.
#[derive(Debug)]
pub(super) enum Unreadable {
    Io(io::Error),
    Header(String),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A name of a column or a member, if it can be shown: a file in another order has hashes where names are expected. They
/// are longer than this, or have other characters than letters.
pub(super) fn shown_name(name: &str) -> Option<&str> {
    let is_plain = name.len() <= 24 && name.bytes().all(|byte| byte.is_ascii_alphabetic() || b"_-; ".contains(&byte));
    Some(name).filter(|_| is_plain)
}

enum Kind {
    Csv(Box<Columns>),
    Jsonl,
}

/// A line that is not empty: an account, or why it is none.
pub(super) struct Row {
    pub(super) line: Line,
    pub(super) account: Result<NewAccount, String>,
}

/// The rows of a file.
pub(super) struct Rows {
    lines: Lines,
    kind: Kind,
}

impl Rows {
    /// Reads the header, where there has to be one.
    pub(super) fn of(file: File, format: Format) -> Result<Self, Unreadable> {
        let mut lines = Lines::of(file);
        let kind = match format {
            Format::Jsonl => Kind::Jsonl,
            Format::Csv => match lines.next()? {
                Some((_, Text::Whole(header))) => {
                    Kind::Csv(Columns::of(header).map(Box::new).map_err(Unreadable::Header)?)
                }
                _ => return Err(Unreadable::Header(super::csv::no_header())),
            },
        };
        Ok(Self { lines, kind })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.lines.bytes()
    }

    /// The next line that is not empty.
    pub(super) fn next(&mut self) -> Result<Option<Row>, Unreadable> {
        while let Some((number, text)) = self.lines.next()? {
            let fields = match (text, &mut self.kind) {
                (Text::TooLong, _) => Err("longer than 64 KiB; allowed: an account a line".to_owned()),
                (Text::Whole([]), _) => continue,
                (Text::Whole(line), Kind::Csv(columns)) => columns.fields(line),
                (Text::Whole(line), Kind::Jsonl) => jsonl::fields(line),
            };
            return Ok(Some(Row { line: number, account: fields.and_then(Fields::judged) }));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_hash_is_no_name() {
        for name in ["password", "Email", "user name", "username;password_hash"] {
            assert_eq!(shown_name(name), Some(name));
        }
        for hash in ["$2b$04$W2lBNBdnSBqsG0", "5f4dcc3b5aa765d61d8327deb882cf99", "{SSHA}abc", "secret123"] {
            assert_eq!(shown_name(hash), None, "{hash}");
        }
    }

    #[test]
    fn a_reason_names_the_field_and_shows_nothing_of_it() {
        let good = || Fields {
            username: "ann".to_owned(),
            email: None,
            roles: Vec::new(),
            password_hash: "$2b$04$W2lBNBdnSBqsG0.lQZnKwOi.iQZRlLg.IeEqEvXGPPxwnOYHt3ICC".to_owned(),
        };
        assert!(good().judged().is_ok());
        let secret = || "hunter2:\u{7}".to_owned();
        for (field, fields) in [
            ("username", Fields { username: secret(), ..good() }),
            ("email", Fields { email: Some(secret()), ..good() }),
            ("roles", Fields { roles: vec![secret()], ..good() }),
            ("password_hash", Fields { password_hash: secret(), ..good() }),
        ] {
            let why = fields.judged().expect_err(field);
            assert!(why.starts_with(&format!("{field}: ")) && !why.contains("hunter2"), "{why}");
        }
    }
}
