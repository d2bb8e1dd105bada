//! The files of the page, as `build.rs` put them into the executable.

/// One of them.
pub(super) struct Asset {
    name: &'static str,
    pub(super) content_type: &'static str,
    pub(super) plain: &'static [u8],
    /// The same by gzip.
    pub(super) packed: &'static [u8],
    pub(super) tag: &'static str,
    /// Another representation has another validator (RFC 9110 section 8.8.3.3).
    pub(super) packed_tag: &'static str,
}

static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

const START: &str = "index.html";

impl Asset {
    const fn new(
        name: &'static str,
        plain: &'static [u8],
        packed: &'static [u8],
        tag: &'static str,
        packed_tag: &'static str,
    ) -> Self {
        Self { name, content_type: content_type(name), plain, packed, tag, packed_tag }
    }
}

/// The page itself.
pub(super) fn start() -> &'static Asset {
    named(START).expect("a test looks for it")
}

/// A part of the page by its path below `/ui/`. The page itself has an address of its own.
pub(super) fn find(name: &str) -> Option<&'static Asset> {
    if name == START { None } else { named(name) }
}

fn named(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// By the name's end. A kind that is not here does not build.
const fn content_type(name: &str) -> &'static str {
    match name.as_bytes() {
        [.., b'.', b'h', b't', b'm', b'l'] => "text/html; charset=utf-8",
        [.., b'.', b'c', b's', b's'] => "text/css; charset=utf-8",
        [.., b'.', b'j', b's'] => "text/javascript; charset=utf-8",
        [.., b'.', b's', b'v', b'g'] => "image/svg+xml",
        _ => panic!("a file of a kind that has no content type here"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(asset: &Asset) -> &str {
        std::str::from_utf8(asset.plain).expect("UTF-8")
    }

    #[test]
    fn the_page_is_there_with_its_parts() {
        assert_eq!(start().content_type, "text/html; charset=utf-8");
        assert!(find(START).is_none());
        for name in ["icon.svg", "styles/base.css", "scripts/main.js", "scripts/token/jws.js"] {
            assert!(find(name).is_some(), "{name}");
        }
        assert!(ASSETS.iter().all(|asset| !asset.name.contains("test")));
    }

    #[test]
    fn the_page_keeps_to_its_own_policy() {
        let html = text(start());
        for forbidden in [" style=", "<style", " onclick", "src=\"http", "href=\"http", "<script>", "javascript:"] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
        for asset in ASSETS {
            for forbidden in ["innerHTML", "insertAdjacentHTML", "eval(", "@import", "//cdn", "localStorage"] {
                assert!(!text(asset).contains(forbidden), "{} has {forbidden}", asset.name);
            }
        }
    }

    #[test]
    fn each_file_says_first_what_it_is_for() {
        for asset in ASSETS.iter().filter(|asset| asset.name.contains('/')) {
            let first = text(asset).lines().next().unwrap_or_default();
            assert!(first.starts_with("// ") || first.starts_with("/* "), "{}", asset.name);
        }
    }

    #[test]
    fn it_is_small() {
        let [plain, packed] = [
            ASSETS.iter().map(|asset| asset.plain.len()).sum::<usize>(),
            ASSETS.iter().map(|asset| asset.packed.len()).sum::<usize>(),
        ];
        assert!(plain < 160 * 1024 && packed < 64 * 1024, "{plain} bytes, {packed} compressed");
    }

    #[test]
    fn no_two_have_the_same_validator() {
        let mut tags: Vec<_> = ASSETS.iter().flat_map(|asset| [asset.tag, asset.packed_tag]).collect();
        tags.sort_unstable();
        tags.dedup();
        assert_eq!(tags.len(), 2 * ASSETS.len());
    }
}
