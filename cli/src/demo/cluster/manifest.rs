//! The manifests, which the program holds: a demo needs no clone. They are of the demo's own, and not those of the lab, because
//! the lab's are lessons: without a security context, with probes that take their time, and a limit of memory that has no
//! room for `kubectl exec`.

use std::time::Duration;

use crate::demo::instances;

const SUITE: &str = include_str!("suite.yaml");
/// hello in version 2, to see whether it is there.
const NEXT: &str = include_str!("next.yaml");

/// Where images come from, as the manifests have it: from whoever loaded them.
const LOADED: (&str, &str) = ("image: flotilla/", "imagePullPolicy: Never");
const DRAIN_DELAY: &str = "HELLO_DRAIN_DELAY: 5s";

/// The whole suite, to apply; with a look at version 2 for who needs it.
pub(super) fn suite(drain_delay: Duration, registry: Option<&str>, needs_version_2: bool) -> String {
    let delay = instances::drain_delay(drain_delay);
    let suite = SUITE.replace(DRAIN_DELAY, &format!("HELLO_DRAIN_DELAY: {delay}"));
    let all = if needs_version_2 { format!("{suite}---\n{NEXT}") } else { suite };
    match registry {
        None => all,
        Some(_) => all
            .replace(LOADED.0, &format!("image: {}", image(registry, "")))
            .replace(LOADED.1, "imagePullPolicy: IfNotPresent"),
    }
}

/// An image's name.
pub(super) fn image(registry: Option<&str>, name_and_version: &str) -> String {
    format!("{}/{name_and_version}", registry.unwrap_or("flotilla").trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, part: &str) -> usize {
        text.lines().filter(|line| line.trim_start_matches(['-', ' ']).starts_with(part)).count()
    }

    #[test]
    fn images_are_loaded_ones_or_those_of_a_registry() {
        let loaded = suite(Duration::from_secs(5), None, true);
        assert_eq!(lines(&loaded, "image: flotilla/"), 4);
        assert_eq!(lines(&loaded, "imagePullPolicy: Never"), 4);
        let pulled = suite(Duration::from_secs(5), Some("registry.example.com/team/"), true);
        assert_eq!(lines(&pulled, "image: registry.example.com/team/"), 4);
        assert_eq!((lines(&pulled, "imagePullPolicy: IfNotPresent"), lines(&pulled, "imagePullPolicy: Never")), (4, 0));
        assert!(pulled.contains("image: registry.example.com/team/hello:1.0.0\n"));
    }

    #[test]
    fn the_drain_delay_is_the_one_that_was_asked_for() {
        let suite = suite(Duration::from_secs(61), None, false);
        assert_eq!(lines(&suite, "HELLO_DRAIN_DELAY: 1m1s"), 1);
        assert_eq!(lines(&suite, "image: "), 3);
    }

    #[test]
    fn the_images_are_of_this_version() {
        let mine = concat!(":", env!("CARGO_PKG_VERSION"));
        let images = SUITE.lines().filter_map(|line| line.trim().strip_prefix("image: "));
        assert!(images.clone().count() == 3 && images.clone().all(|image| image.ends_with(mine)));
    }
}
