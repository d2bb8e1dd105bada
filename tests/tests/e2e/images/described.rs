//! What an image says of itself, and how big it is.
use e2e::{
    Program,
    container::{image, inspect},
    skips::revision,
};

use super::{Check, checks};

const ALPINE: &str = "alpine:3.24";
const LARGEST: u64 = 20_000_000;

pub(crate) fn checks() -> Vec<Check> {
    checks![its_labels_tell_what_it_is, it_runs_as_nobody_in_particular, it_is_small]
}

async fn its_labels_tell_what_it_is(program: Program) {
    let image = inspect("image", &image(program));
    let label = |name: &str| {
        let value = &image["Config"]["Labels"][format!("org.opencontainers.image.{name}")];
        value.as_str().unwrap_or_else(|| panic!("no label {name} in {}", image["Config"]["Labels"])).to_owned()
    };
    assert_eq!(label("title"), program.name());
    assert!(label("description").ends_with('.'), "{}", label("description"));
    assert_eq!(label("licenses"), env!("CARGO_PKG_LICENSE"));
    assert_eq!(label("version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(label("revision"), revision());
}

/// By number: Kubernetes cannot tell whether a name is root's (`runAsNonRoot`).
async fn it_runs_as_nobody_in_particular(program: Program) {
    assert_eq!(inspect("image", &image(program))["Config"]["User"], "10001:10001");
}

async fn it_is_small(program: Program) {
    let size = |image: &str| inspect("image", image)["Size"].as_u64().expect("a size");
    let above = size(&image(program)) - size(ALPINE);
    assert!(above <= LARGEST, "{} is {above} bytes above {ALPINE}", program.name());
}
