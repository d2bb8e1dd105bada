//! What `up` prints when all is ready: where everything is, and commands to paste.

use std::fmt::Write as _;
use std::net::SocketAddr;

use anstyle::Style;

use super::door::Door;
use crate::service::Name;
use crate::table;

/// A service in place.
#[derive(Clone, Debug)]
pub(crate) struct Mooring {
    pub(crate) name: Name,
    pub(crate) http: SocketAddr,
    pub(crate) health: SocketAddr,
    pub(crate) pid: i32,
}

/// The table, the commands, and how to stop.
///
/// The last service is the one that people talk to; the one with the greeting is the one whose switch they press.
pub(super) fn banner(moorings: &[Mooring], door: &Door, kept: Option<&str>) -> String {
    let Some(entry) = moorings.last() else {
        return String::new();
    };
    let greeter = moorings.iter().find(|mooring| mooring.name == Name::Hello).unwrap_or(entry);
    let mut text = String::from("\n");
    let bold = Style::new().bold();
    let mut rows = vec![["service", "url", "health", "pid"].map(str::to_owned)];
    rows.extend(moorings.iter().map(|mooring| row(mooring, entry.http, door)));
    for (index, line) in table::aligned(&rows).iter().enumerate() {
        let style = if index == 0 { bold } else { Style::new() };
        let _ = writeln!(text, "  {style}{line}{style:#}");
    }
    let _ = writeln!(text, "\n{bold}Paste into another terminal:{bold:#}");
    for (title, command) in commands(entry, greeter, door) {
        let _ = writeln!(text, "\n  {title}\n    {command}");
    }
    let data = kept.map_or_else(
        || "Nothing is kept when it ends.".to_owned(),
        |path| format!("Accounts and keys are kept in {path}"),
    );
    let _ = writeln!(text, "\n{data}\n{bold}Ctrl-C stops everything.{bold:#}\n");
    text
}

fn row(mooring: &Mooring, entry: SocketAddr, door: &Door) -> [String; 4] {
    let url = if mooring.http == entry { origin(entry, door) } else { format!("http://{}", mooring.http) };
    [mooring.name.as_str().to_owned(), url, format!("http://{}", mooring.health), mooring.pid.to_string()]
}

/// What people type: shorter than the address, and what browsers treat as trustworthy.
fn origin(entry: SocketAddr, door: &Door) -> String {
    format!("{}://localhost:{}", door.scheme(), entry.port())
}

/// For a POSIX shell with curl and sed and nothing else. No comments in them: an interactive zsh does not know any.
fn commands(entry: &Mooring, greeter: &Mooring, door: &Door) -> [(String, String); 4] {
    let (origin, curl) = (origin(entry.http, door), door.curl());
    let secure = |token: &str| format!("{curl} -si -w '\\n' -H \"Authorization: Bearer {token}\" {origin}/secure");
    [
        (
            "1. Log in as the demo user; the token is kept in a variable of the shell".to_owned(),
            format!(
                "TOKEN=$({curl} -s -u user:password {origin}/login | sed 's/.*\"token\" *: *\"\\([^\"]*\\)\".*/\\1/'); echo \"$TOKEN\""
            ),
        ),
        ("2. Show it: 200, and a greeting by name".to_owned(), secure("$TOKEN")),
        ("3. Show it with its last four characters changed: 401".to_owned(), secure("${TOKEN%????}AAAA")),
        (
            format!(
                "4. Make {} not ready for half a minute: Kubernetes would send it no traffic",
                greeter.name.as_str()
            ),
            format!(
                "curl -s -w '\\n' -X PUT -d '{{\"healthy\":false,\"for_seconds\":30}}' -H 'content-type: application/json' http://{}/readiness/status",
                greeter.health
            ),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mooring(name: Name, port: u16) -> Mooring {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Mooring { name, http: at(port), health: at(port + 1), pid: 4_000 + i32::from(port % 100) }
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn the_suite_is_shown_with_commands_to_paste() {
        let moorings = [mooring(Name::Auth, 8082), mooring(Name::Hello, 8084), mooring(Name::Frontend, 8080)];
        insta::assert_snapshot!(plain(&banner(&moorings, &Door::default(), Some("/home/ada/.local/share/flotilla"))));
    }

    #[test]
    fn the_monolith_is_its_own_greeter() {
        insta::assert_snapshot!(plain(&banner(&[mooring(Name::Monolith, 9000)], &Door::default(), None)));
    }
}
