//! Reads sections from their sources, keeping every problem for one report.
use std::{collections::BTreeMap, fmt, mem, path::Path};

use zeroize::Zeroizing;

use super::{
    Effective, Origin, Platform, Section, Setting, Settings, Shown, Sources, names,
    settings::{LAB, SECRET},
    text::{flaw, read_value, shown_path, trimmed, without_credentials, without_value},
};
use crate::Service;

/// What is wrong with one variable. Displays as one line that never shows a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The variable's whole name, or the flag's.
    pub name: String,
    /// What is wrong with it.
    pub wrong: String,
    /// What is allowed; empty when `wrong` says it all.
    pub allowed: &'static str,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.wrong)?;
        if self.allowed.is_empty() { Ok(()) } else { write!(f, "; allowed: {}", self.allowed) }
    }
}

/// All problems of a configuration: the process exits with 78 (`EX_CONFIG`).
#[derive(Debug, thiserror::Error)]
#[error("{} problem(s) in the configuration", .0.len())]
pub struct Invalid(pub Vec<Problem>);

impl Invalid {
    /// One problem, which showed only when a setting was put to use.
    pub fn of(service: &Service, setting: &str, wrong: impl Into<String>) -> Self {
        let name = format!("{}{setting}", service.prefix);
        Self(vec![Problem { name, wrong: wrong.into(), allowed: "" }])
    }
}

/// A configuration without problems.
#[derive(Debug)]
pub struct Configuration {
    /// What chassis itself needs.
    pub settings: Settings,
    /// What carries no prefix.
    pub platform: Platform,
    /// Whether the health port has switches and faults: as the setting says, else in classic mode only.
    pub lab: bool,
    /// For `/config`.
    pub effective: Effective,
    /// For the log, once there is one.
    pub warnings: Vec<String>,
}

struct Given {
    /// May be a secret.
    text: Zeroizing<String>,
    /// What a person must change: `HELLO_HTTP_ADDR`, `HELLO_HTTP_ADDR_FILE` or `-http`.
    culprit: String,
    origin: Origin,
    from: Option<String>,
}

/// Reads one section after the other; [`Reader::finish`] tells all problems.
#[derive(Debug)]
pub struct Reader<'a> {
    service: &'a Service,
    sources: &'a Sources,
    known: Vec<&'static Setting>,
    effective: Vec<Shown>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// A reader of `service`'s settings.
    pub fn new(service: &'a Service, sources: &'a Sources) -> Self {
        Self { service, sources, known: Vec::new(), effective: Vec::new(), problems: Vec::new() }
    }

    /// Reads a section; `None` means problems, which [`Reader::finish`] tells.
    pub fn section<S: Section>(&mut self) -> Option<S> {
        let before = self.problems.len();
        let mut defaults = BTreeMap::new();
        let mut values = Vec::new();
        for setting in S::SETTINGS {
            if let Some(default) = setting.default {
                defaults.insert(setting.name.to_owned(), default.to_owned());
            }
            let given = self.given(setting);
            self.show(setting, given.as_ref());
            values.extend(given.map(|given| (setting, given)));
        }
        // What is wrong by itself is told and left out, so that what is wrong with the rest is told, too.
        values.retain(|(setting, given)| self.is_right_alone::<S>(&defaults, setting, given));
        let mut all = defaults;
        // Moved, not copied: from here on a secret is the section's, whose type wipes it.
        let texts = values.into_iter().map(|(setting, mut given)| (setting, mem::take(&mut *given.text)));
        all.extend(texts.map(|(setting, text)| (setting.name.to_owned(), text)));
        let section = self.parse_checked(all);
        section.filter(|_| self.problems.len() == before)
    }

    /// Ends the reading with all problems, or hands out what was read. Nothing was touched so far but the settings.
    pub fn finish_with<S>(self, section: Option<S>) -> Result<(Configuration, S), Invalid> {
        let unread = Invalid::of(self.service, "", "a section was not read by this reader");
        let configuration = self.finish()?;
        section.map(|section| (configuration, section)).ok_or(unread)
    }

    /// Reads what chassis needs, and ends the reading.
    pub fn finish(mut self) -> Result<Configuration, Invalid> {
        let settings = self.section::<Settings>();
        let platform = self.section::<Platform>();
        let warnings = self.judge_unknown_names();
        let prefix = self.service.prefix;
        match (settings, platform) {
            (Some(settings), Some(platform)) if self.problems.is_empty() => {
                let mut effective = Effective(self.effective);
                let lab = settings.lab.unwrap_or_else(|| effective.is_given(&format!("{prefix}{SECRET}")));
                effective.set_default(&format!("{prefix}{LAB}"), lab.to_string());
                Ok(Configuration { settings, platform, lab, effective, warnings })
            }
            _ => Err(Invalid(self.problems)),
        }
    }

    /// Reads chassis' own settings alone: enough to find a running service's health port.
    pub(crate) fn listeners(mut self) -> Result<Settings, Invalid> {
        self.section::<Settings>().ok_or(Invalid(self.problems))
    }

    /// Adds a problem that only the caller can see, for example with a key file's content.
    pub fn problem(&mut self, setting: &str, wrong: impl Into<String>) {
        let name = format!("{}{setting}", self.service.prefix);
        self.problems.push(Problem { name, wrong: wrong.into(), allowed: "" });
    }

    fn parse_checked<S: Section>(&mut self, values: BTreeMap<String, String>) -> Option<S> {
        match envy::from_iter::<_, S>(values) {
            Ok(section) => {
                let problems = section.problems();
                for (setting, wrong) in &problems {
                    self.problem(setting, wrong.clone());
                }
                problems.is_empty().then_some(section)
            }
            Err(error) => {
                // Each value was right alone and the defaults are tested: a setting without default must be an Option.
                self.problem("", format!("the section cannot be read: {}", without_value(&error)));
                None
            }
        }
    }

    /// envy stops at the first error and does not say whose it is: so each value is offered alone over the defaults.
    fn is_right_alone<S: Section>(
        &mut self,
        defaults: &BTreeMap<String, String>,
        setting: &Setting,
        given: &Given,
    ) -> bool {
        let mut values = defaults.clone();
        // A copy of its own, which ends in the setting's type as the other will.
        values.insert(setting.name.to_owned(), String::clone(&given.text));
        if let Err(error) = envy::from_iter::<_, S>(values) {
            let name = given.culprit.clone();
            self.problems.push(Problem { name, wrong: without_value(&error), allowed: setting.allowed });
            return false;
        }
        true
    }

    fn given(&mut self, setting: &'static Setting) -> Option<Given> {
        let variable = setting.variable(self.service.prefix);
        let file_variable = format!("{variable}_FILE");
        self.known.push(setting);
        let value = self.text_of(&variable, setting);
        let path = if setting.has_file_form() { self.text_of(&file_variable, setting) } else { None };
        if value.is_some() && path.is_some() {
            let wrong = format!("given together with {file_variable}; set one of the two");
            self.problems.push(Problem { name: variable, wrong, allowed: "" });
            return None;
        }
        if let Some((flag, text)) = self.sources.flags.get(setting.name).filter(|_| !setting.bare) {
            let flag = (*flag).to_owned();
            let text = self.tidied(setting, &flag, text)?;
            return Some(Given { text, culprit: flag.clone(), origin: Origin::Flag, from: Some(flag) });
        }
        if let Some(text) = value {
            let text = self.tidied(setting, &variable, &text)?;
            return Some(Given { text, culprit: variable, origin: Origin::Env, from: None });
        }
        let path = String::clone(&*path?);
        match read_value(Path::new(path.trim())) {
            Ok(text) if trimmed(setting, &text).is_empty() => {
                let wrong = format!("the file {path} is empty");
                self.problems.push(Problem { name: file_variable, wrong, allowed: setting.allowed });
                None
            }
            Ok(text) => {
                let text = self.tidied(setting, &file_variable, &text)?;
                Some(Given { text, culprit: file_variable, origin: Origin::File, from: Some(path) })
            }
            Err(cause) => {
                let wrong = format!("cannot read {}: {cause}", shown_path(setting, &path));
                let allowed = "a readable file that holds the value";
                self.problems.push(Problem { name: file_variable, wrong, allowed });
                None
            }
        }
    }

    /// The value without what surrounds it, if what is left can be a value.
    fn tidied(&mut self, setting: &Setting, culprit: &str, text: &str) -> Option<Zeroizing<String>> {
        let text = trimmed(setting, text);
        let Some(wrong) = flaw(setting, text) else { return Some(Zeroizing::new(text.to_owned())) };
        self.problems.push(Problem { name: culprit.to_owned(), wrong: wrong.to_owned(), allowed: setting.allowed });
        None
    }

    fn text_of(&mut self, variable: &str, setting: &Setting) -> Option<Zeroizing<String>> {
        let value = self.sources.environment.get(variable).filter(|value| !value.is_empty())?;
        let text = str::from_utf8(value).ok().map(|text| Zeroizing::new(text.to_owned()));
        if text.is_none() {
            let wrong = "not valid UTF-8".to_owned();
            self.problems.push(Problem { name: variable.to_owned(), wrong, allowed: setting.allowed });
        }
        text
    }

    fn show(&mut self, setting: &Setting, given: Option<&Given>) {
        let value = given.map(|given| given.text.as_str()).or(setting.default);
        self.effective.push(Shown {
            name: setting.variable(self.service.prefix),
            value: value
                .map(|value| if setting.secret { "***".into() } else { without_credentials(value).into_owned() }),
            origin: given.map_or(Origin::Default, |given| given.origin.clone()),
            from: given.and_then(|given| given.from.clone()),
        });
    }

    /// A mistyped name would silently leave the default in force, so it stops the start; a strange one is a warning.
    fn judge_unknown_names(&mut self) -> Vec<String> {
        let prefix = self.service.prefix;
        let known: Vec<&Setting> = self.known.iter().copied().filter(|setting| !setting.bare).collect();
        let names: Vec<&str> = known.iter().flat_map(|setting| setting.spellings()).collect();
        let with_files = known.iter().filter(|setting| setting.has_file_form());
        let file_names: Vec<String> =
            with_files.flat_map(|setting| setting.spellings()).map(|name| format!("{name}_FILE")).collect();
        let all: Vec<&str> = names.iter().copied().chain(file_names.iter().map(String::as_str)).collect();
        let mut warnings: Vec<String> = self
            .sources
            .flags
            .iter()
            .filter(|(setting, _)| !names.contains(setting))
            .map(|(_, (flag, _))| {
                format!("{flag} is accepted for the classic manifests; {} has no use for it", self.service.name)
            })
            .collect();
        for (variable, value) in &self.sources.environment {
            let Some(name) = variable.strip_prefix(prefix) else { continue };
            let stem = name.strip_suffix("_FILE").unwrap_or(name);
            let is = |setting: &&Setting| setting.name == name || setting.has_file_form() && setting.name == stem;
            if known.iter().any(is) {
                continue;
            }
            let value = String::from_utf8_lossy(value);
            let verdict = match names::judge(name, &value, &all) {
                // Of a setting that has no such form, for example.
                names::Unknown::Strange(_) if stem != name => names::judge(stem, &value, &names),
                verdict => verdict,
            };
            match verdict {
                names::Unknown::ServiceLink => {}
                names::Unknown::Mistyped(nearest) => {
                    let nearest = names::canonical(&known, nearest);
                    let wrong = format!("no such setting; did you mean {prefix}{nearest}?");
                    self.problems.push(Problem { name: variable.clone(), wrong, allowed: "" });
                }
                names::Unknown::Strange(nearest) => {
                    let hint = nearest.map(|nearest| format!("; the nearest is {prefix}{nearest}")).unwrap_or_default();
                    warnings.push(format!("{variable} is no setting of {}{hint}", self.service.name));
                }
            }
        }
        warnings
    }
}
