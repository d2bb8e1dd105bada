//! Links within the repository lead to files and headings that exist, and the glossary keeps its form.
use std::{collections::BTreeMap, path::Path};

use e2e::Test;

use super::{ROOT, documents};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![every_link_leads_to_a_file_and_a_heading, the_glossary_is_sorted_and_short]
}

async fn every_link_leads_to_a_file_and_a_heading() {
    let anchors: BTreeMap<String, Vec<String>> =
        documents().into_iter().map(|(name, text)| (name, headings(&text).map(anchor).collect())).collect();
    let (mut broken, mut checked) = (Vec::new(), 0);
    for (name, text) in documents() {
        for link in links(&text).filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { name.clone() } else { resolve(&name, path) };
            let heading_is_missing =
                || anchors.get(&target).is_some_and(|known| !known.iter().any(|anchor| anchor == fragment));
            if !Path::new(ROOT).join(&target).exists() || (!fragment.is_empty() && heading_is_missing()) {
                broken.push(format!("{name}: {link}"));
            }
            checked += 1;
        }
    }
    assert_eq!(broken, [""; 0]);
    assert!(checked > 200, "{checked}");
}

async fn the_glossary_is_sorted_and_short() {
    let (_, text) = documents().into_iter().find(|(name, _)| name == "docs/glossary.md").expect("a glossary");
    let terms: Vec<(&str, &str)> =
        text.split("\n### ").skip(1).map(|entry| entry.split_once("\n\n").expect("a term and its meaning")).collect();
    assert!(terms.len() >= 80, "{}", terms.len());
    assert!(terms.is_sorted_by_key(|(term, _)| term.to_lowercase()));
    for (term, rest) in terms {
        let (meaning, place) = rest.split_once("\n\n").expect("a meaning and a place");
        assert!(meaning.split_whitespace().count() <= 25 && meaning.ends_with('.'), "{term}: {meaning}");
        assert!(place.starts_with("Source: [") && place.contains(" Place: [`"), "{term}: {place}");
    }
}

/// The lines outside of code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

fn links(text: &str) -> impl Iterator<Item = &str> {
    prose(text).flat_map(|line| line.split("](").skip(1)).filter_map(|rest| rest.split_once(')').map(|(link, _)| link))
}

fn headings(text: &str) -> impl Iterator<Item = &str> {
    prose(text).filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')))
}

/// A heading's anchor as GitHub makes it: lower case, hyphens for spaces, and no punctuation.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// A path as seen from the repository's root.
fn resolve(document: &str, path: &str) -> String {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}
