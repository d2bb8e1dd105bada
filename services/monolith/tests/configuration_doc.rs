//! Holds the tables of `docs/configuration.md` against the settings in the code.
//!
//! `UPDATE_DOCS=1 cargo test -p monolith --test configuration_doc` rewrites them.
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use chassis::{
    Service,
    config::{Platform, Section, Setting, Settings},
};

/// Begins a region; its name and ` -->` follow.
const BEGIN: &str = "<!-- generated: ";
const END: &str = "<!-- end -->";

/// What stands for a service's prefix where all services are alike.
const ANY_PREFIX: &str = "X_";

#[test]
fn the_tables_say_what_the_code_says() {
    let page = fs::read_to_string(path()).expect("docs/configuration.md can be read");
    let stale: Vec<_> = tables().into_iter().filter(|(name, table)| region(&page, name) != table).collect();
    if stale.is_empty() {
        return;
    }
    if is_to_be_updated() {
        let updated = stale.iter().fold(page, |page, (name, table)| with_region(&page, name, table));
        fs::write(path(), updated).expect("docs/configuration.md can be written");
        return;
    }
    let wanted: Vec<_> = stale.iter().map(|(name, table)| format!("{BEGIN}{name} -->\n{table}{END}")).collect();
    panic!(
        "docs/configuration.md is out of date. These regions should read as follows; \
         UPDATE_DOCS=1 cargo test -p monolith --test configuration_doc writes them.\n\n{}",
        wanted.join("\n\n")
    );
}

#[test]
fn no_table_is_left_over() {
    let page = fs::read_to_string(path()).expect("docs/configuration.md can be read");
    assert_eq!(page.matches(BEGIN).count(), tables().len());
    assert_eq!(page.matches(END).count(), tables().len());
}

/// Each region's name and what it is to hold.
fn tables() -> [(&'static str, String); 6] {
    [
        ("auth", table(&auth::config::SETTINGS.concat(), auth::SERVICE.prefix)),
        ("hello", table_of::<hello::config::Config>(&hello::SERVICE)),
        ("frontend", table(&frontend::config::SETTINGS.concat(), frontend::SERVICE.prefix)),
        (
            "monolith",
            table(
                &[&auth::config::SETTINGS.concat(), hello::config::Verification::SETTINGS].concat(),
                monolith::SERVICE.prefix,
            ),
        ),
        ("common", table(Settings::SETTINGS, ANY_PREFIX)),
        ("bare", table(Platform::SETTINGS, "")),
    ]
}

fn table_of<S: Section>(service: &Service) -> String {
    table(S::SETTINGS, service.prefix)
}

fn table(settings: &[Setting], prefix: &str) -> String {
    let mut text = "| variable | default | allowed | what it does |\n|---|---|---|---|\n".to_owned();
    for setting in settings {
        let variable = format!("`{}`", setting.variable(prefix));
        let default = setting.default.map_or_else(|| setting.unset.to_owned(), |default| format!("`{default}`"));
        let about = format!("{}{}", setting.about, if setting.secret { "; **secret**" } else { "" });
        let cells = [variable, default, setting.allowed.to_owned(), about];
        let row = cells.map(|cell| cell.replace('|', "\\|")).join(" | ");
        let _ = writeln!(text, "| {row} |");
    }
    text
}

/// What the page holds between a region's marks.
fn region<'a>(page: &'a str, name: &str) -> &'a str {
    &page[bounds(page, name)]
}

fn with_region(page: &str, name: &str, text: &str) -> String {
    let mut page = page.to_owned();
    page.replace_range(bounds(&page, name), text);
    page
}

fn bounds(page: &str, name: &str) -> std::ops::Range<usize> {
    let mark = format!("{BEGIN}{name} -->\n");
    let begin = page.find(&mark).unwrap_or_else(|| panic!("docs/configuration.md has no {mark}")) + mark.len();
    let length = page[begin..].find(END).unwrap_or_else(|| panic!("{mark} has no {END}"));
    begin..begin + length
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md")
}

#[expect(clippy::disallowed_methods, reason = "whether to rewrite the page is asked of this test, not of a service")]
fn is_to_be_updated() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some_and(|value| !value.is_empty())
}
