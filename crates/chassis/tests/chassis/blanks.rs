//! Blanks and line breaks around a value are no part of it, wherever it comes from.
use std::io::Write as _;

use chassis::{
    Service,
    config::{Invalid, Reader, Section, Setting, Sources},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

const GREETER: Service = Service { name: "greeter", prefix: "GREETER_", about: "Greets.", blocking_threads: 0 };

#[derive(Debug, Deserialize)]
struct Greeting {
    tone: String,
    count: u32,
    loud: bool,
    secret: Option<SecretString>,
}

impl Section for Greeting {
    const SETTINGS: &'static [Setting] = &[
        Setting::new("TONE", "warm", "a word", "how it greets"),
        Setting::new("COUNT", "1", "a number", "how often it greets"),
        Setting::new("LOUD", "false", "true or false", "whether it shouts"),
        Setting::optional("SECRET", "none", "a secret", "what it keeps").secret(),
    ];
}

fn read(sources: &Sources) -> Result<Greeting, Invalid> {
    let mut reader = Reader::new(&GREETER, sources);
    let section = reader.section::<Greeting>();
    reader.finish_with(section).map(|(_, section)| section)
}

/// The value from a variable, from a file, and from a flag.
fn everywhere(setting: &'static str, value: &str) -> [Result<Greeting, Invalid>; 3] {
    let variable = format!("GREETER_{setting}");
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(value.as_bytes()).expect("written");
    let flag = Sources::default().with_flag(setting, "-flag", Some(value.to_owned()));
    [
        read(&Sources::from_variables([(variable.as_str(), value)])),
        read(&Sources::from_variables([(format!("{variable}_FILE"), file.path().to_owned())])),
        read(&flag),
    ]
}

#[test]
fn values_of_every_kind_are_trimmed() {
    for read in everywhere("TONE", " cold\r\n\n") {
        assert_eq!(read.expect("read").tone, "cold");
    }
    for read in everywhere("COUNT", "\t7 \n") {
        assert_eq!(read.expect("read").count, 7);
    }
    for read in everywhere("LOUD", " true\n") {
        assert!(read.expect("read").loud);
    }
}

#[test]
fn a_secret_is_the_same_with_and_without_a_line_break_at_its_end() {
    for written in ["a secret ", "a secret \n", "a secret \r\n", "a secret \n\n"] {
        for read in everywhere("SECRET", written) {
            assert_eq!(read.expect("read").secret.expect("one").expose_secret(), "a secret ", "{written:?}");
        }
    }
}

#[test]
fn a_byte_order_mark_before_a_secret_in_a_file_is_no_part_of_it() {
    let [_, from_a_file, _] = everywhere("SECRET", "\u{feff}secret\r\n");
    assert_eq!(from_a_file.expect("read").secret.expect("one").expose_secret(), "secret");
}

#[test]
fn a_control_character_inside_a_value_is_refused() {
    for value in ["co\nld", "co\tld", "co\u{7f}ld"] {
        for read in everywhere("TONE", value) {
            let Invalid(problems) = read.expect_err("refused");
            assert!(problems[0].wrong.contains("control character"), "{problems:?}");
        }
    }
}

#[test]
fn quotes_and_characters_that_cannot_be_seen_are_no_part_of_a_value() {
    for (value, why) in [
        ("\"cold\"", "quotes"),
        ("'cold'", "quotes"),
        ("\u{feff}cold", "cannot be seen"),
        ("co\u{200b}ld", "cannot be seen"),
    ] {
        let mut environment = everywhere("TONE", value).into_iter();
        let Invalid(problems) = environment.next().expect("the environment").expect_err("refused");
        assert!(problems[0].wrong.contains(why), "{problems:?}");
    }
    assert!(everywhere("SECRET", "\"quoted, as a secret may be\"").into_iter().all(|read| read.is_ok()));
}

#[test]
fn nothing_but_blanks_is_refused_and_never_taken_for_unset() {
    for (setting, value) in [("TONE", " \n"), ("SECRET", "\n"), ("LOUD", "\t")] {
        for read in everywhere(setting, value) {
            let Invalid(problems) = read.expect_err("refused");
            assert!(problems[0].name.contains(setting) || problems[0].name == "-flag", "{problems:?}");
        }
    }
}
