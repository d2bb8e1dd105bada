//! Runs the commands of a document as a reader would, and compares what they print with what the document says.
//!
//! - A block ```` ```sh test ```` is run by `/bin/sh`, and by zsh where it is installed. All of a document's blocks share one
//!   shell, so a variable set in one is there in the next. Every command has to end with status 0 (`set -e`).
//! - ```` ```sh test terminal ```` (`terminal` behind the scene) is run in a second terminal, which stays open: a shell
//!   without the variables of the first one. The next block is run when it has printed what the document expects of it.
//! - What must run for it is started on free ports, and the document's addresses (`localhost:8080`, `127.0.0.1:8085`…) are
//!   rewritten to those, and back again in what is printed: see [`Scene`]. ```` ```sh test monolith ```` and
//!   ```` ```sh test classic ```` have other scenes, and a shell of their own; ```` ```sh test engine ```` has the container engine, and
//!   the clone as its directory; ```` ```sh test cluster ```` has the cluster, and a directory with the clone's `k8s` in it.
//! - `flotilla` and the services are on the `PATH`; `cargo run -- ` and `cargo run -q -- ` stand for `flotilla`,
//!   `cargo run -q -p auth -- ` for `auth`, which works on the accounts of the scene. The directory is empty and thrown away.
//! - A ```` ```text ```` or ```` ```json ```` block right after it (only blank lines between) is what it must print; JSON is
//!   compared as JSON. `…` stands for any text in a line or a string, and for any lines where it is a line of its own.
//!   Only stdout is compared; carriage returns and blank lines at the ends do not count.
mod blocks;
mod cluster;
mod engine;
mod expectation;
mod lint;
mod scene;
mod shell;
mod up;

pub use blocks::{Step, shell_blocks, steps, untested};
pub use lint::problems;
pub use scene::Scene;
pub use shell::Shell;

/// Runs a document, or those of its commands that belong to these scenes. `Err` names the first step that fails, by its line.
pub async fn run(document: &str, scenes: &[Scene], shell: Shell) -> Result<(), String> {
    let steps = steps(document);
    for &scene in scenes {
        let steps: Vec<&Step> = steps.iter().filter(|step| step.scene == scene).collect();
        if !steps.is_empty() {
            play(&steps, scene, shell).await?;
        }
    }
    Ok(())
}

async fn play(steps: &[&Step], scene: Scene, shell: Shell) -> Result<(), String> {
    let stage = scene.set().await;
    for (step, printed) in steps.iter().zip(shell::run(steps, &stage, shell).await) {
        let at = |why| format!("line {}: {why}", step.line);
        let printed = stage.told(&printed.map_err(at)?);
        if let Some(expected) = &step.expected {
            expected.is_met_by(&printed).map_err(at)?;
        }
    }
    Ok(())
}
