//! What a document may not ask of its reader, who pastes its blocks into bash or zsh on Linux or macOS.
mod scan;

use super::blocks::blocks;
use scan::{Finding, findings};

/// Words that begin a command, and what is wrong with it.
const REFUSED: [(&str, &str); 14] = [
    ("until ", "a loop without an end; use `kubectl wait` or `k8s/lab/wait-for`"),
    ("while ", "a loop without an end; use `kubectl wait` or `k8s/lab/wait-for`"),
    ("sleep ", "a pause instead of a condition; use `kubectl wait` or `k8s/lab/wait-for`"),
    ("docker stop --time", "the option has two names (`--time`, `--timeout`); use `-t`"),
    ("sed -i", "GNU and BSD sed differ"),
    ("grep -P", "only GNU grep has it"),
    ("date -d", "only GNU date has it"),
    ("readlink -f", "macOS has it only since 12.3"),
    ("base64 -w", "only GNU base64 has it"),
    ("base64 -d ", "macOS has it only since 12; use `openssl base64 -d`"),
    ("xargs -r", "only GNU xargs has it"),
    ("watch ", "macOS has no watch"),
    ("timeout ", "macOS has no timeout"),
    ("http://$(minikube ip)", "Docker Desktop's machine does not reach the node; use the page's `NODE`"),
];

/// Parts of commands that stay in the foreground.
const ENDLESS: [&str; 6] =
    [" port-forward ", "minikube tunnel", "minikube service ", " -http", "kubectl proxy", "flotilla up"];

/// What is wrong with a document's commands, each with its line. None is right.
pub fn problems(document: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let containers = containers(document);
    for block in blocks(document).iter().filter(|block| block.is_shell()) {
        let mut found: Vec<String> = findings(&block.text).iter().map(explain).collect();
        let commands: Vec<&str> = commands(&block.text).collect();
        found.extend(commands.iter().flat_map(|command| refused(command)));
        found.extend(commands.iter().filter_map(|command| unknown_container(command, &containers)));
        found.extend(endless(&block.text, block.info.contains(&"terminal")));
        if block.text.contains("uniq -c") && block.text.contains("/version") {
            found.push("counts `/version`, which is the frontend's own; count `x-service-version`".to_owned());
        }
        problems.extend(found.into_iter().map(|what| format!("line {}: {what}", block.line)));
    }
    for (number, line) in document.lines().enumerate() {
        let found = spans(line).flat_map(|span| {
            commands(span).flat_map(refused).chain(unknown_container(span, &containers)).collect::<Vec<_>>()
        });
        problems.extend(found.map(|what| format!("line {}: {what}", number + 1)));
    }
    problems
}

fn explain(finding: &Finding) -> String {
    match finding {
        Finding::UnquotedVariable(name) => {
            format!("`${name}` is not quoted: zsh does not split it into words, bash does")
        }
        Finding::UnquotedPattern(character) => {
            format!("`{character}` is not quoted: zsh fails for a pattern without a match")
        }
        Finding::Comment => "a comment: an interactive zsh runs it as a command".to_owned(),
        Finding::Background => "`&`: use a second terminal (`sh test terminal`)".to_owned(),
        Finding::BackgroundId => "`$!`: use a second terminal (`sh test terminal`)".to_owned(),
        Finding::Modifier(name) => format!("`${name}:` is followed by a letter, which zsh takes for a modifier"),
    }
}

/// Simple commands, roughly: what begins after a separator.
fn commands(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(['\n', ';', '|']).flat_map(|part| part.split("&& ")).flat_map(|part| part.split(" do "));
    parts.map(str::trim).map(|part| part.strip_prefix("do ").unwrap_or(part)).filter(|part| !part.is_empty())
}

fn refused(command: &str) -> Vec<String> {
    let is_meant = |words: &str| command.starts_with(words) || words.starts_with("http") && command.contains(words);
    let found = REFUSED.iter().filter(|(words, _)| is_meant(words));
    found.map(|(words, why)| format!("`{}`: {why}", words.trim())).collect()
}

/// A command that stays in the foreground has a block to itself: a shell never comes to the next one.
fn endless(text: &str, is_terminal: bool) -> Option<String> {
    let text = text.replace("\\\n", " ");
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let stays = |line: &&&str| {
        let is_detached = line.contains("--detach") || line.contains("--rm");
        !is_detached && (ENDLESS.iter().any(|words| line.contains(words)) || line.trim() == "cargo run")
    };
    let found = lines.iter().find(stays)?;
    (lines.len() > 1 && !is_terminal).then(|| format!("`{found}` stays in the foreground: give it a block of its own"))
}

/// Containers that the document's commands make.
fn containers(document: &str) -> Vec<&str> {
    let named = document.split("--name ").skip(1).filter_map(|rest| rest.split_whitespace().next());
    named.map(|name| name.trim_end_matches('`')).collect()
}

fn unknown_container(command: &str, known: &[&str]) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let ["docker", "exec" | "logs" | "stop" | "top" | "port", rest @ ..] = &words[..] else { return None };
    // An option's number is no name.
    let name = rest.iter().find(|word| !word.starts_with('-') && word.parse::<u32>().is_err())?;
    (!known.contains(name))
        .then(|| format!("no command here makes a container `{name}`; with compose it is `docker compose exec`"))
}

/// The code in a line of prose.
fn spans(line: &str) -> impl Iterator<Item = &str> {
    let fence = line.starts_with("```");
    line.split('`').skip(1).step_by(2).filter(move |_| !fence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_fault_is_found() {
        for (block, word) in [
            ("until curl -sf http://localhost:8080/; do true; done", "until"),
            ("for n in 1 2; do sleep 1; done", "sleep"),
            ("docker stop --time 30 a", "--time"),
            ("docker exec -it auth auth user add ann", "container `auth`"),
            ("curl -k https://$NODE/", "$NODE"),
            ("cargo run -p auth -- -http=127.0.0.1:9090\ncargo run -p hello -- -http=127.0.0.1:9092", "foreground"),
            ("for n in 1 2; do curl -s \"https://$NODE:$PORT/version\"; done | sort | uniq -c", "/version"),
        ] {
            let found = problems(&format!("```sh\n{block}\n```\n"));
            assert!(
                found.iter().any(|problem| problem.starts_with("line 1: ") && problem.contains(word)),
                "{block}: {found:?}"
            );
        }
        assert_eq!(problems("Stop it by `docker stop --time 30`.\n").len(), 1);
        assert_eq!(problems("Or `http://$(minikube ip):31000`.\n").len(), 1);
    }

    #[test]
    fn what_every_reader_can_paste_is_not_a_fault() {
        let document = "```sh\ndocker run --detach --name my-hello flotilla/hello:1.0.0 -http=0.0.0.0:80\ndocker stop -t 30 my-hello\n```\n\
                        ```sh test cluster terminal\nkubectl port-forward pod/a 8080:80\n```\n";
        assert_eq!(problems(document), [""; 0]);
    }
}
