//! Version 2 is the same code built as 2.0.0, and greets so that everybody sees it.
use e2e::{
    Program, Test,
    container::{Container, NEXT, image, tagged},
};

use super::SECRET;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![version_2_greets_in_its_own_words]
}

async fn version_2_greets_in_its_own_words() {
    for (image, version, message) in [
        (image(Program::Hello), env!("CARGO_PKG_VERSION"), "Hello"),
        (tagged(Program::Hello, NEXT), NEXT, "Hello from version 2"),
    ] {
        let hello = Container::confined(Program::Hello, &image, &[], &[SECRET]).ready().await;
        let greeting = hello.client().greeting(200).await;
        assert_eq!(greeting.json()["message"], message, "{image}");
        assert_eq!(greeting.header("x-service-version"), version, "{image}");
    }
}
