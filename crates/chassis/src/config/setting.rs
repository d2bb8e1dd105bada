//! One setting as its owner describes it, and the struct a group of them is read into.
use serde::de::DeserializeOwned;

/// A variable: its name without the service's prefix, its default, what is allowed, what it does.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Upper case, without prefix: `HTTP_ADDR`.
    pub name: &'static str,
    /// The default, as it would be written; `None` where unset means something of its own.
    pub default: Option<&'static str>,
    /// What unset means, in words, where there is no literal default.
    pub unset: &'static str,
    /// What is allowed, completing "allowed: …".
    pub allowed: &'static str,
    /// What it does, for `--help` and the docs.
    pub about: &'static str,
    /// Whether the value must never be shown.
    pub secret: bool,
    /// Whether it carries no prefix, because the whole field calls it so (`RUST_LOG`, `POD_NAME`).
    pub bare: bool,
    /// Whether the value is itself the name of a file, so that it is not read from another.
    pub names_a_file: bool,
}

impl Setting {
    /// A setting with a literal default.
    pub const fn new(name: &'static str, default: &'static str, allowed: &'static str, about: &'static str) -> Self {
        Self { default: Some(default), ..Self::optional(name, "", allowed, about) }
    }

    /// A setting that may stay unset; `unset` says what that means.
    pub const fn optional(name: &'static str, unset: &'static str, allowed: &'static str, about: &'static str) -> Self {
        Self { name, default: None, unset, allowed, about, secret: false, bare: false, names_a_file: false }
    }

    /// Never shows the value.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Carries no prefix and cannot be given as a file.
    #[must_use]
    pub const fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    /// Is itself the name of a file: one that is read again when it changes.
    #[must_use]
    pub const fn names_a_file(mut self) -> Self {
        self.names_a_file = true;
        self
    }

    /// Whether the value can be given as a file.
    pub const fn has_file_form(&self) -> bool {
        !self.bare && !self.names_a_file
    }

    /// What a person who means it may write: its name, and that of a file also as if it were read from one.
    pub(super) fn spellings(&self) -> impl Iterator<Item = &'static str> + use<> {
        let short = if self.names_a_file { self.name.strip_suffix("_FILE") } else { None };
        std::iter::once(self.name).chain(short)
    }

    /// The variable's whole name for a service.
    pub fn variable(&self, prefix: &str) -> String {
        if self.bare { self.name.to_owned() } else { format!("{prefix}{}", self.name) }
    }

    /// The default as the docs and `--help` show it.
    pub fn default_in_words(&self) -> &'static str {
        self.default.unwrap_or(self.unset)
    }
}

/// A group of settings and the struct they are read into. The fields bear the settings' names in lower case;
/// a setting without a default is an `Option`.
pub trait Section: DeserializeOwned {
    /// The settings, in the order of the docs.
    const SETTINGS: &'static [Setting];

    /// What is wrong although each value by itself is right: the setting's name and what is wrong with it.
    fn problems(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
