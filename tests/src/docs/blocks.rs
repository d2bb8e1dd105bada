//! The fenced blocks of a Markdown document (CommonMark section 4.5, without indentation).
use super::{
    expectation::Expectation,
    scene::{Scene, by_name},
};

/// A block to run.
#[derive(Debug)]
pub struct Step {
    /// Where it begins, counted from 1.
    pub line: usize,
    /// What has to run.
    pub scene: Scene,
    /// What to run.
    pub command: String,
    /// What it must print.
    pub expected: Option<Expectation>,
    /// Whether it runs in a terminal of its own, which stays open.
    pub is_terminal: bool,
}

pub(super) struct Block<'a> {
    pub(super) line: usize,
    pub(super) info: Vec<&'a str>,
    pub(super) text: String,
    /// Only blank lines are between it and the block before.
    follows: bool,
}

/// The blocks marked `sh test`, with what they must print.
pub fn steps(document: &str) -> Vec<Step> {
    let document = by_name(document);
    let blocks = blocks(&document);
    let mut steps = Vec::new();
    for (place, block) in blocks.iter().enumerate() {
        if let ["sh", "test", marks @ ..] = &block.info[..] {
            let (scene, is_terminal) = (Scene::of(marks), marks.contains(&"terminal"));
            let next = blocks.get(place + 1).filter(|next| next.follows);
            let expected = next.and_then(|next| Expectation::of(next.info.first().copied()?, &next.text));
            steps.push(Step { line: block.line, scene, command: block.text.clone(), expected, is_terminal });
        }
    }
    steps
}

/// Lines of shell blocks that no test runs.
pub fn untested(document: &str) -> Vec<usize> {
    let is_run = |block: &&Block<'_>| matches!(block.info[..], ["sh", "test", ..]);
    blocks(document)
        .iter()
        .filter(|block| block.is_shell())
        .filter(|block| !is_run(block))
        .map(|block| block.line)
        .collect()
}

/// All shell blocks, by line.
pub fn shell_blocks(document: &str) -> Vec<(usize, String)> {
    let found = blocks(document).into_iter().filter(Block::is_shell);
    found.map(|block| (block.line, block.text)).collect()
}

impl Block<'_> {
    /// Whether a reader pastes it into a shell.
    pub(super) fn is_shell(&self) -> bool {
        matches!(self.info[..], ["sh" | "bash" | "shell" | "console", ..])
    }
}

pub(super) fn blocks(document: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open: Option<(Block<'_>, &str)> = None;
    let mut follows = false;
    for (number, line) in document.lines().enumerate() {
        if let Some((mut block, fence)) = open.take() {
            if line.trim_end() == fence {
                blocks.push(block);
                follows = true;
            } else {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some((block, fence));
            }
        } else if let Some(info) = line.strip_prefix("```") {
            let ticks = line.len() - info.trim_start_matches('`').len();
            let info = line[ticks..].split_whitespace().collect();
            open = Some((Block { line: number + 1, info, text: String::new(), follows }, &line[..ticks]));
        } else if !line.trim().is_empty() {
            follows = false;
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# T\n\n```sh test\necho a\n```\n\n```text\na\n```\n\n```sh test monolith terminal\necho b\n```\nProse.\n\
                            ```json\n{}\n```\n```sh\ncargo run\n```\n````text\n```sh test\n```\n````\n";

    #[test]
    fn a_marked_block_is_a_step_and_what_follows_it_at_once_is_its_output() {
        let found = steps(DOCUMENT);
        let seen: Vec<_> =
            found.iter().map(|step| (step.line, step.scene, &*step.command, step.expected.is_some())).collect();
        assert_eq!(seen, [(3, Scene::Suite, "echo a\n", true), (11, Scene::Monolith, "echo b\n", false)]);
        assert_eq!(found.iter().map(|step| step.is_terminal).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn what_is_not_run_is_known_by_its_line() {
        assert_eq!(untested(DOCUMENT), [18]);
    }
}
