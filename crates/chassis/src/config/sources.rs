//! Where values come from, gathered before anything is judged: the environment and the classic flags.
use std::{collections::BTreeMap, ffi::OsString};

/// The environment and the flags of a start.
#[derive(Debug, Default)]
pub struct Sources {
    /// Variables whose name is UTF-8; a value that is not stays as it is until a setting asks for it.
    pub(super) environment: BTreeMap<String, OsString>,
    /// Setting name without prefix, the flag as it is called, and its value.
    pub(super) flags: BTreeMap<&'static str, (&'static str, String)>,
}

impl Sources {
    /// The process's own environment. The only place that reads it.
    #[expect(clippy::disallowed_methods, reason = "somebody has to read the environment, and it is this function")]
    pub fn of_process() -> Self {
        Self::from_variables(std::env::vars_os())
    }

    /// Given variables, for tests.
    pub fn from_variables<N: Into<OsString>, V: Into<OsString>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        let environment = variables
            .into_iter()
            .filter_map(|(name, value)| Some((name.into().into_string().ok()?, value.into())))
            .collect();
        Self { environment, flags: BTreeMap::new() }
    }

    /// Given variables on top: for whoever judges how another process will read its settings.
    #[must_use]
    pub fn with(mut self, variables: &[(String, String)]) -> Self {
        self.environment.extend(variables.iter().map(|(name, value)| (name.clone(), value.into())));
        self
    }

    /// Without these variables.
    #[must_use]
    pub fn without(mut self, names: &[String]) -> Self {
        self.environment.retain(|name, _| !names.contains(name));
        self
    }

    /// Adds a flag's value for a setting.
    #[must_use]
    pub fn with_flag(mut self, setting: &'static str, flag: &'static str, value: Option<String>) -> Self {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.flags.insert(setting, (flag, value));
        }
        self
    }
}
