//! The files that images are made from, without an engine: what they share is the same, and versions have one place.
use std::{fs, path::Path};

use e2e::{Program, Test};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        all_dockerfiles_have_one_shape,
        the_version_that_is_built_by_default_is_the_workspaces,
        nothing_is_tagged_latest,
    ]
}

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn dockerfile(program: Program) -> String {
    read(&format!("Dockerfiles/{}", program.name()))
}

/// The first stage differs in the name only, so that all images share what is cached of it; auth and monolith prepare
/// their data directory at its end.
async fn all_dockerfiles_have_one_shape() {
    let first_stage = |program: Program| {
        let text = dockerfile(program);
        let (stage, _) = text.split_once("\n\n").expect("two stages");
        let without_data = stage.lines().filter(|line| !line.starts_with('#') && !line.contains("/data/flotilla"));
        without_data.collect::<Vec<_>>().join("\n").replace(program.name(), "NAME")
    };
    // Its caches are called flotilla-…, whoever uses them.
    let expected = first_stage(Program::Hello).replace("flotilla", "NAME");
    for program in Program::ALL {
        assert_eq!(first_stage(program).replace("flotilla", "NAME"), expected, "{}", program.name());
    }
}

async fn the_version_that_is_built_by_default_is_the_workspaces() {
    let version = env!("CARGO_PKG_VERSION");
    for program in Program::ALL {
        let text = dockerfile(program);
        let defaults: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("ARG VERSION=")).collect();
        assert_eq!(defaults, [version; 2], "{}", program.name());
    }
    let compose = read("docker-compose.yml");
    let defaults: Vec<&str> = compose.split("${FLOTILLA_VERSION:-").skip(1).collect();
    assert_eq!(defaults.len(), 6, "five images and the build's argument");
    for default in defaults {
        assert!(default.starts_with(&format!("{version}}}")), "{default}");
    }
}

/// Such a tag is pulled anew at each start, and says nothing.
async fn nothing_is_tagged_latest() {
    let files =
        Program::ALL.map(dockerfile).into_iter().chain([read("Dockerfiles/classic"), read("docker-compose.yml")]);
    for file in files {
        for line in file.lines().map(str::trim) {
            let Some(image) = line.strip_prefix("image: ").or_else(|| line.strip_prefix("FROM ")) else { continue };
            assert!(image.contains(':') && !image.contains(":latest"), "{line}");
        }
    }
}
