//! A way from this machine to a port of a pod: `kubectl port-forward`, which works on every cluster that kubectl reaches,
//! needs no free port, and opens nothing to anybody else. It leads to one pod, and ends with it.

use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use url::Url;

use super::kubectl::{Kubectl, complaint};

/// Until it says where it listens.
const LIMIT: Duration = Duration::from_secs(30);
/// Far more than it complains of in the time of a demo.
const MAX_COMPLAINTS: u64 = 1024 * 1024;

/// The way, as long as this value is held.
#[derive(Debug)]
pub(super) struct Forward {
    pub(super) origin: Url,
    broken: watch::Receiver<Option<String>>,
    work: AbortHandle,
}

impl Forward {
    pub(super) async fn to(kubectl: &Kubectl, pod: &str, port: u16) -> anyhow::Result<Self> {
        let (pod, port) = (format!("pod/{pod}"), format!(":{port}"));
        let mut child = kubectl.start(&["port-forward", "--address=127.0.0.1", &pod, &port])?;
        let mut lines = BufReader::new(child.stdout.take().context("kubectl has no output")?);
        let listening = async {
            let mut line = String::new();
            // What else may stand there is for people: a login plugin's address, a warning.
            while lines.read_line(&mut line).await? > 0 {
                if let Some(origin) = origin(&line) {
                    return Ok(origin);
                }
                line.clear();
            }
            bail!("kubectl port-forward {pod}: {}", last_words(&mut child).await);
        };
        let origin = timeout(LIMIT, listening)
            .await
            .with_context(|| format!("kubectl port-forward {pod}: not there within {} s", LIMIT.as_secs()))??;
        let (said, broken) = watch::channel(None);
        let work = async move {
            let why = carry(child, lines).await;
            said.send_replace(Some(why));
        };
        Ok(Self { origin, broken, work: tokio::spawn(work).abort_handle() })
    }

    /// Comes back when it is broken, with the reason.
    pub(super) fn broken(&self) -> impl Future<Output = String> + use<> {
        let mut broken = self.broken.clone();
        async move {
            match broken.wait_for(Option::is_some).await {
                Ok(why) => why.clone().unwrap_or_default(),
                // It was dropped: nobody goes that way any more.
                Err(_) => std::future::pending().await,
            }
        }
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        // The child goes with the task.
        self.work.abort();
    }
}

/// Lets kubectl tell of each connection, and waits for its end.
async fn carry(mut child: Child, mut lines: BufReader<ChildStdout>) -> String {
    let mut nowhere = tokio::io::sink();
    let (_, words) = tokio::join!(tokio::io::copy_buf(&mut lines, &mut nowhere), last_words(&mut child));
    words
}

/// The last line that it complains in, once it has ended. What comes before is read, for a full pipe would stop it.
async fn last_words(child: &mut Child) -> String {
    let mut last = String::new();
    if let Some(stderr) = child.stderr.take() {
        let mut lines = BufReader::new(stderr.take(MAX_COMPLAINTS)).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            last = if line.trim().is_empty() { last } else { line };
        }
    }
    complaint(&last)
}

/// `Forwarding from 127.0.0.1:43211 -> 8080`
fn origin(line: &str) -> Option<Url> {
    let (address, _) = line.strip_prefix("Forwarding from ")?.split_once(" -> ")?;
    format!("http://{address}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_where_kubectl_says_it() {
        let found = origin("Forwarding from 127.0.0.1:43211 -> 8080\n").unwrap();
        assert_eq!(found.as_str(), "http://127.0.0.1:43211/");
        assert_eq!(origin("error: unable to listen\n"), None);
        assert_eq!(origin(""), None);
    }
}
