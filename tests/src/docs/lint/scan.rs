//! What is outside quotes in a command: enough of the shell's grammar to find what bash and zsh read differently.

/// Something that a reader's shell may take otherwise than the author's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// `$NAME` where a shell may split it into words, or not.
    UnquotedVariable(String),
    /// `*`, `?` or `[` that zsh takes for a pattern without a match.
    UnquotedPattern(char),
    /// `# …`, which an interactive zsh takes for a command.
    Comment,
    /// `command &`.
    Background,
    /// `$!`.
    BackgroundId,
    /// `$NAME:h`, which zsh takes for a modifier.
    Modifier(String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    /// The command itself, or one in `$(…)`.
    Command,
    DoubleQuoted,
    /// `${…}`.
    Parameter,
}

struct Scanner<'a> {
    rest: &'a str,
    contexts: Vec<Context>,
    /// The word so far, outside quotes.
    word: String,
    findings: Vec<Finding>,
}

/// Everything that is found in a command. Here documents are left out.
pub(super) fn findings(command: &str) -> Vec<Finding> {
    let command = without_here_documents(command);
    let mut scanner =
        Scanner { rest: &command, contexts: vec![Context::Command], word: String::new(), findings: Vec::new() };
    while scanner.step() {}
    scanner.findings
}

impl Scanner<'_> {
    fn step(&mut self) -> bool {
        let Some(next) = self.rest.chars().next() else { return false };
        let context = *self.contexts.last().unwrap_or(&Context::Command);
        let is_bare = context == Context::Command;
        match next {
            '\\' => self.skip(2),
            '\'' if is_bare => {
                let end = self.rest[1..].find('\'').map_or(self.rest.len(), |end| end + 2);
                self.rest = &self.rest[end..];
                self.word.push('\'');
            }
            '"' => {
                if context == Context::DoubleQuoted {
                    self.leave();
                } else {
                    self.enter(Context::DoubleQuoted, 1);
                }
                self.word.push('"');
            }
            '$' => self.expansion(is_bare),
            ')' | '}' if self.contexts.len() > 1 && context != Context::DoubleQuoted => self.leave(),
            _ if is_bare => self.bare(next),
            _ => self.skip(1),
        }
        true
    }

    fn expansion(&mut self, is_bare: bool) {
        let after = &self.rest[1..];
        let is_split = is_bare && !is_assignment(&self.word);
        if after.starts_with('(') {
            self.word.push('$');
            self.enter(Context::Command, 2);
        } else if let Some(inner) = after.strip_prefix('{') {
            self.unquoted(is_split, name(inner));
            self.enter(Context::Parameter, 2);
        } else if after.starts_with('!') {
            self.findings.push(Finding::BackgroundId);
            self.skip(2);
        } else {
            let name = name(after).to_owned();
            self.unquoted(is_split, &name);
            let behind = &after[name.len()..];
            let is_modifier =
                behind.strip_prefix(':').is_some_and(|it| it.starts_with(|next| "aAcehlpPqQrstux&".contains(next)));
            if is_modifier && !name.is_empty() {
                self.findings.push(Finding::Modifier(name.clone()));
            }
            // `$?`, `$1`: one character.
            let length =
                if name.is_empty() { 1 + after.chars().next().map_or(0, char::len_utf8) } else { 1 + name.len() };
            self.word.push('$');
            self.rest = &self.rest[length..];
        }
    }

    fn unquoted(&mut self, is_split: bool, name: &str) {
        if is_split && !name.is_empty() {
            self.findings.push(Finding::UnquotedVariable(name.to_owned()));
        }
    }

    fn bare(&mut self, next: char) {
        let is_begin = self.word.is_empty();
        let after = &self.rest[next.len_utf8()..];
        match next {
            '#' if is_begin => {
                self.findings.push(Finding::Comment);
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.rest = &self.rest[end..];
                return;
            }
            '&' if after.starts_with('&') => return self.separate(2),
            '&' if !self.word.ends_with(['>', '<']) && !after.starts_with('>') => {
                self.findings.push(Finding::Background);
            }
            // `[ … ]` is a command.
            '[' if is_begin && after.starts_with([' ', '[']) => {}
            '*' | '?' | '[' => self.findings.push(Finding::UnquotedPattern(next)),
            _ => {}
        }
        if next.is_whitespace() || ";|()".contains(next) || (next == '&' && !self.word.ends_with(['>', '<'])) {
            self.separate(1);
        } else {
            self.word.push(next);
            self.skip(1);
        }
    }

    fn separate(&mut self, length: usize) {
        self.word.clear();
        self.skip(length);
    }

    fn enter(&mut self, context: Context, length: usize) {
        self.contexts.push(context);
        self.skip(length);
    }

    fn leave(&mut self) {
        self.contexts.pop();
        self.skip(1);
    }

    fn skip(&mut self, characters: usize) {
        let end = self.rest.char_indices().nth(characters).map_or(self.rest.len(), |(place, _)| place);
        self.rest = &self.rest[end..];
    }
}

/// The name of a variable at the beginning, or nothing.
fn name(text: &str) -> &str {
    let end = text.find(|next: char| !next.is_ascii_alphanumeric() && next != '_').unwrap_or(text.len());
    if text.starts_with(|next: char| next.is_ascii_digit()) { "" } else { &text[..end] }
}

/// Whether a word begins as `NAME=`: what follows is not split.
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(left, _)| !left.is_empty() && name(left) == left)
}

fn without_here_documents(command: &str) -> String {
    let mut kept = String::new();
    let mut end: Option<String> = None;
    for line in command.lines() {
        if end.as_deref().is_some_and(|end| line.trim() == end) {
            end = None;
        } else if end.is_none() {
            kept.push_str(line);
            kept.push('\n');
            end = line.split_once("<<").map(|(_, word)| word.trim().trim_matches('\'').to_owned());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{Finding::*, *};

    #[test]
    fn what_shells_read_differently_is_found() {
        for (command, found) in [
            ("curl -s $DEV/login", UnquotedVariable("DEV".to_owned())),
            ("echo ${TOKEN%????}AAAA", UnquotedVariable("TOKEN".to_owned())),
            ("curl $(echo $URL)", UnquotedVariable("URL".to_owned())),
            ("curl http://localhost/?projector", UnquotedPattern('?')),
            ("ls *.yaml", UnquotedPattern('*')),
            ("echo a # why", Comment),
            ("# why", Comment),
            ("sleep 5 & echo b", Background),
            ("sleep 5 > log 2>&1 &", Background),
            ("kill \"$!\"", BackgroundId),
            ("curl \"$HOST:latest\"", Modifier("HOST".to_owned())),
        ] {
            assert_eq!(findings(command), [found], "{command}");
        }
    }

    #[test]
    fn what_all_shells_read_alike_is_not() {
        for command in [
            "TOKEN=$(curl -s -u user:password http://localhost:8080/login | sed 's/.*\"token\" *: *\"\\([^\"]*\\)\".*/\\1/'); echo \"$TOKEN\"",
            "curl -H \"Authorization: Bearer ${TOKEN%????}AAAA\" http://localhost:8080/secure",
            "A=$B C=$(d) auth purge 2>&1 >/dev/null | sed -n '$p'",
            "a && b || echo \"exit code $?\"",
            "for n in 1 2 3; do curl -s \"https://$NODE:$PORT/\"; done | sort | uniq -c",
            "[ -e a ] && cat <<'END'\n$2b$10 * ?\nEND",
            "echo 'it is # no comment & no list *'",
            "kubectl wait --for=jsonpath='{.status.a[0].b}'=1 pod/c",
        ] {
            assert_eq!(findings(command), [], "{command}");
        }
    }
}
