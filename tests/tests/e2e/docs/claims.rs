//! What cannot be run here, held against its form and against the files that it is about.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use e2e::{Test, docs};

use super::{ROOT, documents};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![
        every_command_can_be_pasted_into_bash_and_zsh,
        scripts_and_comments_of_manifests_have_no_endless_loop,
        a_node_port_is_asked_by_the_protocol_that_it_speaks,
        pages_load_every_image_that_they_use,
        a_link_for_weights_leads_to_weights,
        nothing_is_said_never_to_be_pulled,
        the_commands_of_the_readme_find_their_ports_forwarded,
    ]
    .into_iter()
    .chain(e2e::tests![ZSH: every_block_is_syntax_of_three_shells])
    .collect()
}

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Files below a directory of the clone.
fn below(directory: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from(ROOT).join(directory)];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("secrets") {
                open.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                found.push((path.display().to_string(), text));
            }
        }
    }
    assert!(found.len() > 20, "{directory}: {}", found.len());
    found
}

async fn every_command_can_be_pasted_into_bash_and_zsh() {
    let problems = documents()
        .into_iter()
        .flat_map(|(name, text)| docs::problems(&text).into_iter().map(move |problem| format!("{name}: {problem}")));
    assert_eq!(problems.collect::<Vec<_>>(), [""; 0]);
}

async fn every_block_is_syntax_of_three_shells() {
    let mut checked = 0;
    for (name, text) in documents() {
        for (line, block) in docs::shell_blocks(&text) {
            for shell in ["sh", "bash", "zsh"] {
                let mut command = Command::new(shell);
                command.args(["-n", "-c", &block]).stdin(Stdio::null());
                let output = command.output().unwrap_or_else(|error| panic!("{shell}: {error}"));
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success() && said.is_empty(), "{name}:{line}: {shell}: {said}");
            }
            checked += 1;
        }
    }
    assert!(checked > 100, "{checked}");
}

async fn scripts_and_comments_of_manifests_have_no_endless_loop() {
    for (name, text) in below("k8s") {
        let is_program = text.starts_with("#!");
        let said = text.lines().filter(|line| is_program || line.trim_start().starts_with('#'));
        for line in said.filter(|line| !line.starts_with("#!")) {
            let line = line.trim_start().trim_start_matches("# ");
            assert!(!line.starts_with("until ") && !line.contains("; do sleep"), "{name}: an endless loop: {line}");
            assert!(!line.contains("$(minikube ip)"), "{name}: not every machine reaches the node: {line}");
        }
    }
}

/// Ports of nodes, and what the Services of the lab have behind them.
fn node_ports() -> BTreeMap<String, &'static str> {
    let services = below("k8s/lab").into_iter().filter(|(name, _)| name.contains("/services/"));
    let value = |text: &str, key: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(key).map(str::to_owned));
        line.map(|value| value.trim().to_owned())
    };
    let ports = services.filter_map(|(_, text)| {
        let scheme = if value(&text, "port:")? == "443" { "https" } else { "http" };
        Some((value(&text, "nodePort:")?, scheme))
    });
    let ports: BTreeMap<_, _> = ports.collect();
    assert!(ports.len() > 1, "{ports:?}");
    ports
}

async fn a_node_port_is_asked_by_the_protocol_that_it_speaks() {
    let mut seen = 0;
    for (name, text) in documents().into_iter().chain(below("k8s/lab")) {
        for (port, scheme) in node_ports() {
            for (place, _) in text.match_indices(&format!(":{port}")) {
                let before = text[..place].rsplit([' ', '`', '"', '\n', '(']).next().unwrap_or_default();
                if let Some((found, _)) = before.split_once("://") {
                    assert_eq!(found, scheme, "{name}: the node port {port} at …{before}");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 1, "{seen}");
}

/// The images that a text names.
fn images(text: &str) -> BTreeSet<String> {
    let names = text.split(|next: char| next.is_whitespace() || "\"'`,)".contains(next));
    let names = names.filter(|word| word.starts_with("flotilla/") && word.contains(':'));
    names.map(|name| name.trim_end_matches(['.', ';']).to_owned()).collect()
}

/// The images that the commands of a document load into a cluster.
fn loaded(document: &str) -> BTreeSet<String> {
    let blocks = docs::shell_blocks(document).into_iter().flat_map(|(_, text)| {
        text.lines().filter(|line| line.contains("image load")).map(str::to_owned).collect::<Vec<_>>()
    });
    images(&blocks.collect::<String>())
}

async fn pages_load_every_image_that_they_use() {
    let lab: String = below("k8s/lab").into_iter().map(|(_, text)| text).collect();
    let suite = read("cli/src/demo/cluster/suite.yaml") + &read("cli/src/demo/cluster/next.yaml");
    for (page, used) in [("docs/walkthrough.md", lab), ("docs/demo.md", suite)] {
        let (loaded, used) = (loaded(&read(page)), images(&used));
        assert!(used.len() > 3, "{page}: {used:?}");
        let missing: Vec<_> = used.difference(&loaded).collect();
        assert!(missing.is_empty(), "{page} does not load {missing:?}");
    }
}

async fn a_link_for_weights_leads_to_weights() {
    let mut seen = 0;
    for (name, text) in documents() {
        let paragraphs = text.split("\n\n").filter(|paragraph| paragraph.contains("weights"));
        for target in paragraphs.flat_map(|text| text.split("](").skip(1)).filter_map(|rest| rest.split(')').next()) {
            if Path::new(target).extension().is_some_and(|kind| kind == "yaml") {
                let file = Path::new(ROOT).join(&name).parent().expect("a directory").join(target);
                let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{name}: {target}: {error}"));
                assert!(text.contains("weight:"), "{name}: {target} has no weights");
                seen += 1;
            }
        }
    }
    assert!(seen > 0, "no page shows weights");
}

/// `IfNotPresent` pulls what is not there; only `Never` does not.
async fn nothing_is_said_never_to_be_pulled() {
    for (name, text) in documents() {
        let paragraphs = text.split("\n\n").map(str::to_lowercase);
        for paragraph in paragraphs.filter(|text| text.contains("never pulled") || text.contains("nothing is pulled")) {
            let mut policies = read("cli/src/demo/cluster/suite.yaml");
            policies.retain(|next| next != ' ');
            let is_demo = name == "docs/demo.md" && !policies.contains("imagePullPolicy:IfNotPresent");
            assert!(is_demo, "{name}: {paragraph}");
        }
    }
}

async fn the_commands_of_the_readme_find_their_ports_forwarded() {
    let readme = read("README.md");
    let section = readme.split("\n## ").find(|section| section.starts_with("Four commands")).expect("the section");
    let asked: BTreeSet<&str> = section
        .split("http://localhost:")
        .skip(1)
        .filter_map(|rest| rest.split(|next: char| !next.is_ascii_digit()).next())
        .collect();
    assert!(asked.len() > 1, "{asked:?}");
    let page = read("docs/kubernetes.md");
    let blocks = docs::shell_blocks(&page);
    let forward = blocks.iter().find(|(_, text)| text.contains("port-forward")).expect("a way in");
    for port in asked {
        assert!(forward.1.contains(&format!(" {port}:")), "port {port} is not forwarded: {}", forward.1);
    }
}
