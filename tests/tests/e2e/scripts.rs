//! The page's modules outside a browser: their own tests, by node.
use std::{
    path::Path,
    process::{Command, Stdio},
};

use e2e::{Stream, Test, environment, skips, tool::Tool};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests![NODE: the_pages_modules_pass_their_own_tests]
}

async fn the_pages_modules_pass_their_own_tests() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services/frontend/page/tests");
    let mut command = Command::new(skips::node().expect("node"));
    command.arg("--test").arg("--test-reporter=tap").arg(tests);
    command.env_clear().env("PATH", environment::path()).stdin(Stdio::null());
    let mut tool = Tool::start(command);
    let status = tool.wait().await;
    let said = tool.output().of(Stream::Out);
    assert!(status.success(), "{}", said.join("\n"));
    let passed = said.iter().find_map(|line| line.strip_prefix("# pass ")?.parse::<u32>().ok());
    assert!(passed.is_some_and(|passed| passed > 30), "{passed:?}");
}
