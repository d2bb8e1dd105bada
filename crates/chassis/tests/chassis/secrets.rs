//! What is marked secret does not stay in memory: the process's own is searched for it.
use std::{ffi::OsString, io::Write as _, os::unix::ffi::OsStringExt as _};

use chassis::{
    Service,
    config::{Invalid, Reader, Section, Setting, Sources},
};
use secrecy::SecretString;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::memory::Searched;

const KEEPER: Service = Service { name: "keeper", prefix: "KEEPER_", about: "Keeps.", blocking_threads: 0 };

#[derive(Debug, Deserialize)]
struct Kept {
    secret: Option<SecretString>,
}

impl Section for Kept {
    const SETTINGS: &'static [Setting] = &[Setting::optional("SECRET", "none", "a secret", "what it keeps").secret()];
}

/// Another one for each seed, and none written out in this file: it would be found in the program's text.
fn secret(seed: u32) -> Zeroizing<String> {
    let mut secret = Zeroizing::new(String::with_capacity(64));
    let mut state = seed;
    for _ in 0..64 {
        // Numerical Recipes' generator.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        secret.push(char::from(b'!' + (state >> 24).to_le_bytes()[0] % 90));
    }
    secret
}

/// Reads the secret from `sources`: it is in memory as long as its section is, and no longer.
fn assert_kept_only_by_its_section(sources: Sources, searched: &Searched) {
    let mut reader = Reader::new(&KEEPER, &sources);
    let kept = reader.section::<Kept>();
    let (configuration, kept) = reader.finish_with(kept).expect("no problems");
    drop(sources);
    assert!(kept.secret.is_some());
    assert_eq!(searched.copies(), 1, "the section's own");
    drop(kept);
    assert_eq!(searched.copies(), 0, "after {configuration:?}");
}

#[test]
fn a_secret_from_the_environment_is_wiped() {
    let secret = secret(1);
    let searched = Searched::for_the_end_of(&secret);
    let sources = Sources::from_variables([("KEEPER_SECRET", OsString::from_vec(secret.as_bytes().to_vec()))]);
    drop(secret);
    assert_kept_only_by_its_section(sources, &searched);
}

#[test]
fn a_secret_from_a_file_is_wiped() {
    let secret = secret(2);
    let searched = Searched::for_the_end_of(&secret);
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(secret.as_bytes()).and_then(|()| file.write_all(b"\n")).expect("written");
    drop(secret);
    assert_kept_only_by_its_section(Sources::from_variables([("KEEPER_SECRET_FILE", file.path())]), &searched);
}

#[test]
fn a_secret_from_a_flag_is_wiped() {
    let secret = secret(3);
    let searched = Searched::for_the_end_of(&secret);
    let sources = Sources::default().with_flag("SECRET", "-secret", Some((*secret).clone()));
    drop(secret);
    assert_kept_only_by_its_section(sources, &searched);
}

#[test]
fn a_secret_that_is_refused_is_wiped() {
    let secret = secret(4);
    let searched = Searched::for_the_end_of(&secret);
    let variables = [("KEEPER_SECRET", secret.as_str()), ("KEEPER_HTTP_ADDR", "nonsense")];
    let sources = Sources::from_variables(variables);
    drop(secret);
    let mut reader = Reader::new(&KEEPER, &sources);
    let kept = reader.section::<Kept>();
    assert!(reader.finish_with(kept).is_err());
    drop(sources);
    assert_eq!(searched.copies(), 0);
}

#[test]
fn sources_show_names_and_no_values() {
    let sources = Sources::from_variables([("KEEPER_SECRET", "hunter2")]);
    let shown = format!("{:?}", sources.with_flag("SECRET", "-secret", Some("hunter3".to_owned())));
    assert!(shown.contains("KEEPER_SECRET") && shown.contains("-secret"), "{shown}");
    assert!(!shown.contains("hunter"), "{shown}");
}

/// A NUL at the end of a file, for example. The service that shares the secret would have another one.
#[test]
fn a_secret_with_a_control_character_is_refused() {
    for wrong in ["s3cret\u{1}", "s3cret\0", "two\nlines"] {
        let sources = Sources::from_variables([("KEEPER_SECRET", OsString::from(wrong))]);
        let mut reader = Reader::new(&KEEPER, &sources);
        let kept = reader.section::<Kept>();
        let Invalid(problems) = reader.finish_with(kept).expect_err("refused");
        let refused = problems[0].to_string();
        assert!(refused.contains("control character") && !refused.contains("s3cret"), "{refused}");
    }
}
