//! The Dockerfile of the lesson: four lines around a static executable.
use std::fs;

use e2e::{
    Program, Test,
    container::{Container, docker, image},
    environment,
};

use super::SECRET;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![four_lines_make_an_image]
}

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../Dockerfiles/classic");
const TAG: &str = "flotilla-e2e/classic:1";

/// Removes the tag that the test makes.
struct Untag;

impl Drop for Untag {
    fn drop(&mut self) {
        docker(["image", "rm", "--force", TAG]);
    }
}

async fn four_lines_make_an_image() {
    let text = fs::read_to_string(FILE).expect("the file");
    let words: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(words, ["FROM", "LABEL", "COPY", "ENTRYPOINT"]);
    // The executable as `just release-static -p hello` makes it: that of the image.
    let (directory, hello) = (
        environment::temporary_directory(),
        Container::confined(Program::Hello, &image(Program::Hello), &[], &[SECRET]),
    );
    let context = directory.path().display().to_string();
    docker(["cp", &format!("{}:/usr/bin/hello", hello.name()), &context]).expect(0);
    let _untag = Untag;
    docker(["build", "--quiet", "--file", FILE, "--tag", TAG, &context]).expect(0);
    let classic = Container::confined(Program::Hello, TAG, &[], &["-http=0.0.0.0:80", "-health=0.0.0.0:81", SECRET])
        .ready()
        .await;
    assert_eq!(classic.client().greeting(200).await.body, r#"{"message":"Hello"}"#);
}
