//! Settings from flags, environment, files and defaults.
use std::{io::Write as _, os::unix::ffi::OsStringExt as _};

use chassis::{
    Service,
    config::{Configuration, Invalid, Origin, Reader, Section, Setting, Sources, Span},
};
use secrecy::SecretString;
use serde::Deserialize;

const GREETER: Service = Service { name: "greeter", prefix: "GREETER_", about: "Greets.", blocking_threads: 0 };

#[derive(Debug, Deserialize)]
struct Greeting {
    tone: String,
    pause: Span,
    secret: Option<SecretString>,
    phrases_file: Option<std::path::PathBuf>,
}

impl Section for Greeting {
    const SETTINGS: &'static [Setting] = &[
        Setting::new("TONE", "warm", "a word", "how it greets"),
        Setting::new("PAUSE", "1s", "a span of time", "before it greets"),
        Setting::optional("SECRET", "none", "a secret", "what it keeps").secret(),
        Setting::optional("PHRASES_FILE", "none", "a file", "what it says").names_a_file(),
    ];
}

fn read(variables: &[(&str, &str)]) -> Result<(Configuration, Greeting), Invalid> {
    read_from(&Sources::from_variables(variables.iter().copied()))
}

fn read_from(sources: &Sources) -> Result<(Configuration, Greeting), Invalid> {
    let mut reader = Reader::new(&GREETER, sources);
    let section = reader.section::<Greeting>();
    reader.finish().map(|configuration| (configuration, section.expect("no problems, so a section")))
}

fn problems(variables: &[(&str, &str)]) -> Vec<String> {
    let Invalid(problems) = read(variables).expect_err("refused");
    problems.iter().map(ToString::to_string).collect()
}

fn file_with(content: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(content.as_bytes()).expect("written");
    file
}

#[test]
fn every_default_is_valid() {
    let (configuration, greeting) = read(&[]).expect("defaults alone");
    assert_eq!(configuration.settings.http_addr.to_string(), "127.0.0.1:8080");
    assert_eq!((greeting.tone.as_str(), greeting.pause.as_secs()), ("warm", 1));
}

#[test]
fn all_problems_are_told_at_once_with_prefix_and_without_values() {
    let told = problems(&[
        ("GREETER_HTTP_ADDR", "nonsense"),
        ("GREETER_PAUSE", "7bananas"),
        ("GREETER_MAX_BODY_BYTES", "many"),
    ]);
    assert_eq!(
        told,
        [
            "GREETER_PAUSE: not a span of time with a unit; allowed: a span of time",
            "GREETER_HTTP_ADDR: no port in it; allowed: an IP address and a port, such as 127.0.0.1:8080 or :80; port 0 takes a free one",
            "GREETER_MAX_BODY_BYTES: invalid digit found in string; allowed: a number of bytes from 0 to 1073741824",
        ]
    );
}

#[test]
fn an_empty_value_means_unset() {
    let (configuration, greeting) = read(&[("GREETER_TONE", ""), ("GREETER_MAX_CONNECTIONS", "")]).expect("defaults");
    assert_eq!((greeting.tone.as_str(), configuration.settings.max_connections), ("warm", None));
}

#[test]
fn a_file_gives_its_value_without_the_last_line_break() {
    let file = file_with("cold\n");
    let path = file.path().to_str().expect("UTF-8");
    let (configuration, greeting) = read(&[("GREETER_TONE_FILE", path)]).expect("read");
    assert_eq!(greeting.tone, "cold");
    let shown = configuration.effective.get("GREETER_TONE").expect("shown");
    assert_eq!((&shown.origin, shown.from.as_deref()), (&Origin::File, Some(path)));
}

#[test]
fn a_value_and_its_file_together_are_a_problem() {
    let told = problems(&[("GREETER_TONE", "cold"), ("GREETER_TONE_FILE", "/x")]);
    assert_eq!(told, ["GREETER_TONE: given together with GREETER_TONE_FILE; set one of the two"]);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let told = problems(&[("GREETER_TONE_FILE", "/nowhere/tone")]);
    assert_eq!(
        told,
        ["GREETER_TONE_FILE: cannot read /nowhere/tone: no such file; allowed: a readable file that holds the value"]
    );
}

#[test]
fn a_flag_wins_over_the_environment() {
    let sources = Sources::from_variables([("GREETER_HTTP_ADDR", "127.0.0.1:1")]);
    let sources = sources.with_flag("HTTP_ADDR", "-http", Some("127.0.0.1:2".to_owned()));
    let (configuration, _) = read_from(&sources).expect("read");
    assert_eq!(configuration.settings.http_addr.to_string(), "127.0.0.1:2");
}

#[test]
fn a_bad_flag_is_named_as_it_is_called() {
    let sources = Sources::default().with_flag("HTTP_ADDR", "-http", Some("nonsense".to_owned()));
    let Invalid(problems) = read_from(&sources).expect_err("refused");
    assert!(problems[0].to_string().starts_with("-http: no port in it"), "{problems:?}");
}

#[test]
fn a_mistyped_name_stops_the_start_with_a_suggestion() {
    let told = problems(&[("GREETER_TOEN", "cold"), ("GREETER_HTTP_ADR_FILE", "/x")]);
    assert_eq!(
        told,
        [
            "GREETER_HTTP_ADR_FILE: no such setting; did you mean GREETER_HTTP_ADDR_FILE?",
            "GREETER_TOEN: no such setting; did you mean GREETER_TONE?",
        ]
    );
}

#[test]
fn a_mistyped_file_form_stops_the_start_too() {
    for name in ["GREETER_TONE_FIL", "GREETER_TONE_FILLE", "GREETER_TOME_FILE"] {
        assert_eq!(problems(&[(name, "/x")]), [format!("{name}: no such setting; did you mean GREETER_TONE_FILE?")]);
    }
}

#[test]
fn numbers_that_fit_no_memory_or_contradict_each_other_are_refused() {
    let huge = problems(&[("GREETER_MAX_BODY_BYTES", "18446744073709551615")]);
    assert!(huge[0].contains("MAX_BODY_BYTES: out of range; allowed: a number of bytes from 0 to"), "{huge:?}");
    let more = problems(&[("GREETER_MAX_CONNECTIONS", "1"), ("GREETER_MAX_CLIENT_CONNECTIONS", "2")]);
    assert!(more[0].contains("MAX_CLIENT_CONNECTIONS: more than MAX_CONNECTIONS"), "{more:?}");
}

#[test]
fn the_name_of_a_file_is_a_value_like_any_other_and_is_not_read_from_a_file() {
    let (configuration, greeting) = read(&[("GREETER_PHRASES_FILE", "/nowhere/phrases")]).expect("not looked at here");
    assert_eq!(greeting.phrases_file.as_deref(), Some(std::path::Path::new("/nowhere/phrases")));
    let shown = configuration.effective.get("GREETER_PHRASES_FILE").expect("shown");
    assert_eq!((&shown.origin, shown.value.as_deref()), (&Origin::Env, Some("/nowhere/phrases")));
}

#[test]
fn the_name_of_a_file_under_half_its_name_or_twice_is_not_passed_over() {
    for name in ["GREETER_PHRASES", "GREETER_PHRASE_FILE", "GREETER_PHRASES_FILE_FILE"] {
        assert_eq!(problems(&[(name, "/x")]), [format!("{name}: no such setting; did you mean GREETER_PHRASES_FILE?")]);
    }
}

#[test]
fn a_strange_name_is_a_warning_and_a_service_link_is_nothing() {
    let (configuration, _) =
        read(&[("GREETER_FLAVOUR_OF_TEA", "mint"), ("GREETER_PORT", "tcp://10.0.0.1:80")]).expect("read");
    assert_eq!(configuration.warnings, ["GREETER_FLAVOUR_OF_TEA is no setting of greeter"]);
}

#[test]
fn the_nearest_name_is_told_only_where_one_is_near() {
    let (configuration, _) = read(&[("GREETER_HTTP_PORT", "80")]).expect("read");
    assert_eq!(
        configuration.warnings,
        ["GREETER_HTTP_PORT is no setting of greeter; the nearest is GREETER_HTTP_ADDR"]
    );
}

#[test]
fn a_secret_is_never_shown() {
    let (configuration, greeting) = read(&[("GREETER_SECRET", "hunter2")]).expect("read");
    assert!(greeting.secret.is_some());
    let shown = serde_json::to_string(&configuration.effective).expect("JSON");
    assert!(!shown.contains("hunter2") && shown.contains("***"), "{shown}");
    assert!(!format!("{greeting:?}").contains("hunter2"));
}

#[test]
fn a_value_that_is_not_utf8_is_a_problem_and_not_a_panic() {
    let bad = std::ffi::OsString::from_vec(vec![0xff, 0xfe]);
    let Invalid(problems) = read_from(&Sources::from_variables([("GREETER_TONE", bad)])).expect_err("refused");
    assert_eq!(problems[0].to_string(), "GREETER_TONE: not valid UTF-8; allowed: a word");
}

#[test]
fn both_ports_on_one_address_are_a_problem() {
    let told = problems(&[("GREETER_HEALTH_ADDR", "127.0.0.1:8080")]);
    assert_eq!(
        told,
        ["GREETER_HEALTH_ADDR: the same address as that of the http port; allowed: an address of its own"]
    );
}

#[test]
fn a_value_out_of_range_is_told_beside_one_that_cannot_be_read() {
    let told = problems(&[("GREETER_MAX_CONNECTIONS", "0"), ("GREETER_HTTP_ADDR", "nonsense")]);
    assert_eq!(told.len(), 2, "{told:?}");
}

#[test]
fn a_log_filter_with_gaps_is_none() {
    for filter in ["=,=", "info,", "auth=", "auth=loud", "warning", "auth"] {
        assert_eq!(problems(&[("RUST_LOG", filter)]).len(), 1, "{filter}");
    }
    for filter in ["info", "warn,auth=debug", "access=off,info", "info\n", " WARN "] {
        read(&[("RUST_LOG", filter)]).expect(filter);
    }
}
