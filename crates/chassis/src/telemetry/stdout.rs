//! Lines to stdout by a thread of their own, many at a time.
//!
//! A request only appends to a buffer. The thread takes the buffer whole, writes it, and lets lines gather for a moment
//! before it looks again: a system call and a wake-up for each line would cost more than the rest of the request.
//! A blocked or closed stdout loses lines, and counts them, but holds nobody up.
use std::{
    io::{self, Write},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// Waiting lines, in bytes: some 1500 of them.
const MAX_BYTES: usize = 512 * 1024;
/// A buffer that grew larger in a burst gives the rest back.
const KEPT_BYTES: usize = 64 * 1024;
const GATHER: Duration = Duration::from_millis(5);
/// How long the end of the process waits for a stdout that nobody reads.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Where lines go. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stdout(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Queue {
    bytes: Vec<u8>,
    /// Whether the thread sleeps until somebody writes.
    idle: bool,
    closing: bool,
    closed: bool,
}

impl Stdout {
    /// Starts the thread. Dropping the guard writes what is left.
    pub(crate) fn start(sink: impl Write + Send + 'static) -> io::Result<(Self, Guard)> {
        let stdout = Self::default();
        let shared = Arc::clone(&stdout.0);
        thread::Builder::new().name("log".to_owned()).stack_size(64 * 1024).spawn(move || shared.write_to(sink))?;
        let guard = Guard(stdout.clone());
        Ok((stdout, guard))
    }

    /// Appends a whole line, with its line break.
    pub(crate) fn push(&self, line: &[u8]) {
        let mut queue = self.0.lock();
        if queue.bytes.len() + line.len() > MAX_BYTES {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        queue.bytes.extend_from_slice(line);
        if std::mem::take(&mut queue.idle) {
            drop(queue);
            self.0.changed.notify_all();
        }
    }

    /// Lines lost so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_to(&self, mut sink: impl Write) {
        let mut batch = Vec::new();
        let mut queue = self.lock();
        loop {
            if !queue.bytes.is_empty() {
                std::mem::swap(&mut queue.bytes, &mut batch);
                drop(queue);
                if sink.write_all(&batch).and_then(|()| sink.flush()).is_err() {
                    // Whoever closed stdout does not want the lines; how many there were is told all the same.
                    #[expect(clippy::naive_bytecount, reason = "nobody waits for this")]
                    let lost = batch.iter().filter(|byte| **byte == b'\n').count();
                    self.dropped.fetch_add(lost as u64, Ordering::Relaxed);
                }
                batch.clear();
                batch.shrink_to(KEPT_BYTES);
                queue = self.lock();
                if !queue.closing {
                    queue = self.changed.wait_timeout(queue, GATHER).unwrap_or_else(PoisonError::into_inner).0;
                }
            } else if queue.closing {
                queue.closed = true;
                self.changed.notify_all();
                return;
            } else {
                queue.idle = true;
                queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

/// One event of a subscriber is one write.
impl Write for &Stdout {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes what is left when it is dropped.
#[derive(Debug)]
pub(crate) struct Guard(Stdout);

impl Drop for Guard {
    fn drop(&mut self) {
        let shared = &self.0.0;
        let mut queue = shared.lock();
        queue.closing = true;
        shared.changed.notify_all();
        let waited = shared.changed.wait_timeout_while(queue, LAST_WORDS, |queue| !queue.closed);
        drop(waited);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Takes a write only when a permit comes, and keeps what it took.
    struct Gate(mpsc::Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            self.1.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn all_lines_arrive_in_order_before_the_guard_is_gone() {
        let (permit, gate) = mpsc::channel();
        let written = Arc::new(Mutex::new(Vec::new()));
        for _ in 0..100 {
            permit.send(()).expect("a receiver");
        }
        let (stdout, guard) = Stdout::start(Gate(gate, Arc::clone(&written))).expect("a thread");
        let lines: Vec<String> = (0..1000).map(|n| format!("{n}\n")).collect();
        for line in &lines {
            stdout.push(line.as_bytes());
        }
        drop(guard);
        assert_eq!(String::from_utf8(written.lock().expect("not poisoned").clone()).expect("text"), lines.concat());
        assert_eq!(stdout.dropped(), 0);
    }

    #[test]
    fn fault_23_a_blocked_stdout_loses_lines_and_holds_nobody_up() {
        let (_permit, gate) = mpsc::channel();
        let (stdout, _guard) = Stdout::start(Gate(gate, Arc::default())).expect("a thread");
        let line = [b'x'; 1024];
        for _ in 0..2000 {
            stdout.push(&line);
        }
        assert!(stdout.dropped() > 0);
    }

    #[test]
    fn fault_23_a_closed_stdout_is_nobodys_problem() {
        let (permit, gate) = mpsc::channel();
        drop(permit);
        let (stdout, guard) = Stdout::start(Gate(gate, Arc::default())).expect("a thread");
        stdout.push(b"nobody reads this\n");
        drop(guard);
        assert_eq!(stdout.dropped(), 1);
    }
}
