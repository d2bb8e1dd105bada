//! Every marked command of the documents is run, and what they say of files is held against the files; see `e2e::docs` for how to mark one.
mod claims;
mod links;

use std::{
    fs,
    path::{Path, PathBuf},
};

use e2e::{
    Test,
    docs::{self, Scene, Shell},
    registry::Doing,
    skips,
};

const SAMPLE: &str = include_str!("sample.md");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

pub(crate) fn tests() -> Vec<Test> {
    let mut tests = e2e::tests![CURL: the_sample_does_what_it_says, a_document_that_is_wrong_is_found_out];
    for (name, text) in documents() {
        tests.extend(part(&name, &text, &Scene::LOCAL, || Shell::Posix));
        let in_zsh = part(&format!("{name} in zsh"), &text, &Scene::LOCAL, || Shell::Zsh);
        tests.extend(in_zsh.map(|test| test.needing(&skips::ZSH)));
        let with_an_engine = part(&format!("{name} with an engine"), &text, &[Scene::Engine], Shell::strictest);
        tests.extend(with_an_engine.map(|test| test.needing_all(skips::CONTAINERS)));
        let in_a_cluster = part(&format!("{name} in a cluster"), &text, &[Scene::Cluster], Shell::strictest);
        tests.extend(in_a_cluster.map(|test| test.needing(&skips::CLUSTER)));
        let by_a_gateway =
            part(&format!("{name} in a cluster by a gateway"), &text, &[Scene::Gateway], Shell::strictest);
        tests.extend(by_a_gateway.map(|test| test.needing_all([&skips::CLUSTER, &skips::GATEWAY])));
    }
    tests.extend(claims::tests());
    tests.extend(links::tests());
    tests
}

/// A test of those of a document's commands that belong to these scenes, if it has any.
fn part(name: &str, text: &str, scenes: &'static [Scene], shell: fn() -> Shell) -> Option<Test> {
    let text = text.to_owned();
    docs::steps(&text).iter().any(|step| scenes.contains(&step.scene)).then(|| {
        let run = move || -> Doing {
            Box::pin(async move { docs::run(&text, scenes, shell()).await.unwrap_or_else(|why| panic!("{why}")) })
        };
        Test::new(module_path!(), name, run).needing(&skips::CURL)
    })
}

/// What is said at the end of the run of commands that no test runs.
pub(crate) fn remark() -> Option<String> {
    let documents = documents();
    let lines = documents
        .iter()
        .flat_map(|(name, text)| docs::untested(text).into_iter().map(move |line| format!("{name}:{line}")));
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| {
        format!("NOT RUN {} shell blocks of documents that are not marked `sh test`: {}", lines.len(), lines.join(", "))
    })
}

/// README.md, CONTRIBUTING.md, k8s/README.md and everything in docs/, by path.
fn documents() -> Vec<(String, String)> {
    let mut files =
        ["README.md", "CONTRIBUTING.md", "k8s/README.md"].map(|file| PathBuf::from(ROOT).join(file)).to_vec();
    collect(&PathBuf::from(ROOT).join("docs"), &mut files);
    files.sort();
    let named = files.into_iter().filter_map(|file| {
        let name = file.strip_prefix(ROOT).ok()?.display().to_string();
        Some((name, fs::read_to_string(&file).ok()?))
    });
    named.collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
}

async fn the_sample_does_what_it_says() {
    assert_eq!(docs::steps(SAMPLE).len(), 9);
    docs::run(SAMPLE, &Scene::LOCAL, Shell::Posix).await.expect("as it says");
}

async fn a_document_that_is_wrong_is_found_out() {
    for (document, line) in [
        ("```sh test\necho a\n```\n```text\nb\n```\n", "line 1: the document says\nb"),
        ("\n```sh test\nA=1\n```\n```sh test\ntest $A = 2\n```\n", "line 5: ended with"),
        (
            "```sh test\ncurl -s localhost:8080/version\n```\n```json\n{\"version\":\"0\"}\n```\n",
            "line 1: the document says",
        ),
        ("```sh test\nfalse\ntrue\n```\n", "line 1: ended with exit status: 1"),
        ("```sh test\nsleep 60 & echo a\n```\n```sh test\nexit 3\n```\n", "line 4: ended with exit status: 3"),
    ] {
        let why = docs::run(document, &Scene::LOCAL, Shell::Posix).await.expect_err(document);
        assert!(why.starts_with(line), "{why}");
    }
}
