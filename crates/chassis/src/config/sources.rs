//! Where values come from, gathered before anything is judged: the environment and the classic flags.
//!
//! Which values are secret only the settings tell, so all of them are zeroed when they are dropped. That covers our own
//! copies: the kernel's (`/proc/<pid>/environ`) and those of the command line's parser stay. A `_FILE` leaves none.
use std::{collections::BTreeMap, ffi::OsString, fmt, os::unix::ffi::OsStringExt as _};

use zeroize::Zeroizing;

/// The environment and the flags of a start.
#[derive(Default)]
pub struct Sources {
    /// Variables whose name is UTF-8; a value that is not stays as it is until a setting asks for it.
    pub(super) environment: BTreeMap<String, Zeroizing<Vec<u8>>>,
    /// Setting name without prefix, the flag as it is called, and its value.
    pub(super) flags: BTreeMap<&'static str, (&'static str, Zeroizing<String>)>,
}

impl Sources {
    /// The process's own environment. The only place that reads it.
    #[expect(clippy::disallowed_methods, reason = "somebody has to read the environment, and it is this function")]
    pub fn of_process() -> Self {
        Self::from_variables(std::env::vars_os())
    }

    /// Given variables, for tests.
    pub fn from_variables<N: Into<OsString>, V: Into<OsString>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        let variables =
            variables.into_iter().map(|(name, value)| (name.into(), Zeroizing::new(value.into().into_vec())));
        let environment = variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect();
        Self { environment, flags: BTreeMap::new() }
    }

    /// Given variables on top: for whoever judges how another process will read its settings.
    #[must_use]
    pub fn with(mut self, variables: &[(String, String)]) -> Self {
        let owned = |(name, value): &(String, String)| (name.clone(), Zeroizing::new(value.clone().into_bytes()));
        self.environment.extend(variables.iter().map(owned));
        self
    }

    /// Without these variables.
    #[must_use]
    pub fn without(mut self, names: &[String]) -> Self {
        self.environment.retain(|name, _| !names.contains(name));
        self
    }

    /// Whether a variable has a value.
    pub fn has(&self, variable: &str) -> bool {
        self.environment.get(variable).is_some_and(|value| !value.is_empty())
    }

    /// Adds a flag's value for a setting.
    #[must_use]
    pub fn with_flag(mut self, setting: &'static str, flag: &'static str, value: Option<String>) -> Self {
        if let Some(value) = value.map(Zeroizing::new).filter(|value| !value.is_empty()) {
            self.flags.insert(setting, (flag, value));
        }
        self
    }
}

/// Names alone: any value may be a secret.
impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags: Vec<_> = self.flags.values().map(|(flag, _)| flag).collect();
        f.debug_struct("Sources").field("environment", &self.environment.keys()).field("flags", &flags).finish()
    }
}
