//! Help, version, and commands that do not exist.

use crate::flotilla::run;

#[test]
fn the_version_names_a_revision() {
    let ran = run(&["--version"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.starts_with("flotilla 1."), "{}", ran.stdout);
    assert!(ran.stdout.trim_end().ends_with(')'), "{}", ran.stdout);
}

#[test]
fn help_has_examples_and_exit_codes() {
    let ran = run(&["--help"]);
    assert_eq!(ran.code, Some(0));
    for part in ["up", "token", "load", "demo", "certs", "doctor", "Examples:", "Exit codes:", "flotilla token verify"]
    {
        assert!(ran.stdout.contains(part), "{part} is not in {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("service  "), "the children's command is nobody else's business");
}

#[test]
fn the_help_of_up_tells_which_settings_it_makes() {
    let ran = run(&["up", "--help"]);
    assert_eq!(ran.code, Some(0));
    for name in ["AUTH_HTTP_ADDR", "HELLO_JWKS_URL", "FRONTEND_HELLO_URL", "MONOLITH_DATA_DIR", "AUTH_DATABASE_URL"] {
        assert!(ran.stdout.contains(name), "{name} is not in {}", ran.stdout);
    }
}

#[test]
fn what_is_unknown_is_exit_code_2() {
    for args in [
        ["launch"].as_slice(),
        &["--nonsense"],
        &["up", "--port", "many"],
        &["up", "--ephemeral", "--data-dir", "here"],
        &["service", "helo"],
        &["service"],
        &["token"],
        &["doctor", "--for", "fun"],
    ] {
        let ran = run(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{args:?}");
        assert!(!ran.stderr.is_empty(), "{args:?}");
    }
}
