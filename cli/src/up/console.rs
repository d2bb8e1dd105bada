//! Everything `up` prints, through one thread: whole lines only, and a terminal that stands still (Ctrl-S, a pager)
//! holds up nobody. Log lines that find too long a queue are left out, and counted.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use anstyle::{AnsiColor, Style};

/// How much may wait to be printed before log lines are left out.
const MAX_WAITING_BYTES: usize = 4 * 1024 * 1024;

/// The name column: as wide as the longest name.
const NAME_WIDTH: usize = 8;

/// Whose line it is, and in which colour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voice {
    pub(crate) name: &'static str,
    pub(crate) colour: Option<AnsiColor>,
}

/// `up` itself.
const OURSELVES: Voice = Voice { name: "flotilla", colour: None };

impl Voice {
    fn line(self, text: &str) -> String {
        let style = Style::new().bold().fg_color(self.colour.map(Into::into));
        format!("{style}{:NAME_WIDTH$}{style:#} | {text}\n", self.name)
    }
}

#[derive(Debug)]
enum Piece {
    Text(String),
    End(Sender<()>),
}

/// Hands lines to the printing thread. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Console {
    pieces: Sender<Piece>,
    waiting: Arc<AtomicUsize>,
    left_out: Arc<AtomicUsize>,
}

impl Console {
    /// A console on standard output.
    pub(crate) fn stdout() -> std::io::Result<Self> {
        Self::on(anstream::stdout)
    }

    /// A console that nobody reads.
    pub(crate) fn silent() -> std::io::Result<Self> {
        Self::on(std::io::sink)
    }

    fn on<W: Write>(open: impl FnOnce() -> W + Send + 'static) -> std::io::Result<Self> {
        let (pieces, received) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let printed = Arc::clone(&waiting);
        std::thread::Builder::new()
            .name("console".to_owned())
            .spawn(move || print(&mut open(), &received, &printed))?;
        Ok(Self { pieces, waiting, left_out: Arc::default() })
    }

    /// A line of a service's log. May be left out if the output does not keep up.
    pub(crate) fn log(&self, voice: Voice, line: &str) {
        if self.waiting.load(Ordering::Relaxed) > MAX_WAITING_BYTES {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut text = String::new();
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        if left_out > 0 {
            let _ = write!(
                text,
                "{}",
                OURSELVES.line(&format!("{left_out} log lines left out: the output did not keep up"))
            );
        }
        text.push_str(&voice.line(line));
        self.show(text);
    }

    /// A line of our own.
    pub(crate) fn say(&self, line: &str) {
        self.show(OURSELVES.line(line));
    }

    /// A block of text, in one piece.
    pub(crate) fn show(&self, text: String) {
        self.waiting.fetch_add(text.len(), Ordering::Relaxed);
        // The thread ends only after `finish`; what is said after that, nobody waits for.
        let _ = self.pieces.send(Piece::Text(text));
    }

    /// Waits until everything is printed, but not for an output that stands still.
    pub(crate) fn finish(self, patience: Duration) {
        let (done, finished) = mpsc::channel();
        if self.pieces.send(Piece::End(done)).is_ok() {
            let _ = finished.recv_timeout(patience);
        }
    }
}

/// The thread's work. An output that fails (its reader went away) is no reason to stop the suite: go on without.
fn print(output: &mut impl Write, pieces: &Receiver<Piece>, waiting: &AtomicUsize) {
    while let Ok(first) = pieces.recv() {
        for piece in std::iter::once(first).chain(pieces.try_iter()) {
            match piece {
                Piece::Text(text) => {
                    let _ = output.write_all(text.as_bytes());
                    waiting.fetch_sub(text.len(), Ordering::Relaxed);
                }
                Piece::End(done) => {
                    let _ = output.flush();
                    let _ = done.send(());
                    return;
                }
            }
        }
        let _ = output.flush();
    }
}

/// A console whose text a test can read.
#[cfg(test)]
pub(super) mod tests {
    use std::io;
    use std::sync::{Mutex, PoisonError};

    use super::*;

    #[derive(Clone, Default)]
    pub(in crate::up) struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Paper {
        pub(in crate::up) fn console(&self) -> Console {
            let paper = self.clone();
            Console::on(move || paper).unwrap()
        }

        pub(in crate::up) fn text(&self) -> String {
            let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            anstream::adapter::strip_str(&String::from_utf8_lossy(&bytes)).to_string()
        }
    }

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const AUTH: Voice = Voice { name: "auth", colour: Some(AnsiColor::Cyan) };
    const PATIENCE: Duration = Duration::from_secs(10);

    #[test]
    fn lines_carry_the_name_of_who_says_them() {
        let paper = Paper::default();
        let console = paper.console();
        console.log(AUTH, "listening");
        console.say("auth is ready");
        console.finish(PATIENCE);
        assert_eq!(paper.text(), "auth     | listening\nflotilla | auth is ready\n");
    }

    #[test]
    fn an_output_that_stands_still_holds_up_nobody_and_misses_are_counted() {
        struct Stuck(Receiver<()>, Paper);
        impl Write for Stuck {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let _ = self.0.recv(); // stands still until the sender is gone
                self.1.write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let paper = Paper::default();
        let (release, stuck) = mpsc::channel();
        let output = Stuck(stuck, paper.clone());
        let console = Console::on(move || output).unwrap();
        let long = "x".repeat(MAX_WAITING_BYTES);
        for line in ["first", &long, "lost", "lost too"] {
            console.log(AUTH, line);
        }
        drop(release);
        while console.waiting.load(Ordering::Relaxed) > 0 {
            std::thread::yield_now();
        }
        console.log(AUTH, "last");
        console.finish(PATIENCE);
        let text = paper.text();
        assert!(!text.contains("lost"));
        let end = "flotilla | 2 log lines left out: the output did not keep up\nauth     | last\n";
        assert!(text.ends_with(end), "{}", &text[text.len() - 200..]);
    }
}
