//! The effective configuration: what `/config` shows, secrets masked.
use serde::Serialize;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Nothing was given.
    Default,
    /// The variable itself.
    Env,
    /// The file that the `_FILE` variable names.
    File,
    /// A classic flag.
    Flag,
    /// Nothing was given: it follows from the memory limit.
    Memory,
}

/// One line of `/config`.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// The variable's whole name.
    pub name: String,
    /// Its value; `null` when unset, `***` when secret.
    pub value: Option<String>,
    /// Where it came from.
    pub origin: Origin,
    /// The flag or the file it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// All settings of the process, in the order of the docs.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub struct Effective(pub Vec<Shown>);

impl Effective {
    /// Shows what an unset variable amounts to, and what that follows from.
    pub(crate) fn derive(&mut self, name: &str, value: String, origin: Origin) {
        if let Some(shown) = self.0.iter_mut().find(|shown| shown.name == name && shown.value.is_none()) {
            (shown.value, shown.origin) = (Some(value), origin);
        }
    }

    /// The value shown for a variable.
    pub fn get(&self, name: &str) -> Option<&Shown> {
        self.0.iter().find(|shown| shown.name == name)
    }

    /// Whether a variable has a value.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.get(name).is_some_and(|shown| shown.value.is_some())
    }

    /// Shows what an unset variable means.
    pub(super) fn set_default(&mut self, name: &str, value: String) {
        if let Some(shown) = self.0.iter_mut().find(|shown| shown.name == name) {
            shown.value.get_or_insert(value);
        }
    }
}
