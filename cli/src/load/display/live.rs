//! A picture on the terminal that is drawn anew every quarter of a second, in place. A thread of its own draws: a
//! terminal may stand still (Ctrl-S, a slow line), and nobody who measures or refreshes a token may wait for it.

use std::io::Write as _;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use console::{Term, truncate_str};

use super::picture::picture;
use super::{Display, Scene};
use crate::load::course::Course;
use crate::load::plan::Plan;

/// How long the end waits for what stands on the terminal to be cleared away.
const PATIENCE: Duration = Duration::from_secs(1);

/// Draws on standard error, which has to be a terminal.
#[derive(Debug)]
pub(crate) struct Live {
    /// Asked for its size only.
    term: Term,
    wanted: Arc<Wanted>,
    /// Ends when nothing is drawn any more.
    drawing: Receiver<()>,
}

/// What is to stand on the terminal. Of the pictures it holds the latest only.
#[derive(Debug, Default)]
struct Wanted {
    next: Mutex<Next>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Next {
    notes: Vec<String>,
    picture: Option<Vec<String>>,
    over: bool,
}

/// The thread's.
struct Drawer {
    term: Term,
    colour: bool,
    /// Lines of the picture that stands there.
    drawn: usize,
}

impl Live {
    pub(crate) fn new() -> Self {
        let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
        let drawer = Drawer { term: Term::buffered_stderr(), colour, drawn: 0 };
        let wanted = Arc::<Wanted>::default();
        let (sender, drawing) = channel();
        let work = {
            let wanted = Arc::clone(&wanted);
            move || drawer.work(&wanted, sender)
        };
        // Where no thread can be had there is no picture; the load will tell of it.
        let _ = std::thread::Builder::new().name("picture".to_owned()).spawn(work);
        Self { term: Term::stderr(), wanted, drawing }
    }

    /// Waits a little until the terminal is as it was found.
    fn finish(&self) {
        self.wanted.change(|next| next.over = true);
        let _ = self.drawing.recv_timeout(PATIENCE);
    }
}

impl Wanted {
    fn change(&self, change: impl FnOnce(&mut Next)) {
        change(&mut self.lock());
        self.changed.notify_one();
    }

    /// Waits until there is something to draw, and takes it.
    fn take(&self) -> Next {
        let nothing = |next: &mut Next| next.notes.is_empty() && next.picture.is_none() && !next.over;
        let mut next = self.changed.wait_while(self.lock(), nothing).unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut next)
    }

    fn lock(&self) -> MutexGuard<'_, Next> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drawer {
    fn work(mut self, wanted: &Wanted, _until_the_end: Sender<()>) {
        let _ = self.term.hide_cursor().and_then(|()| self.term.flush());
        loop {
            let Next { notes, picture, over } = wanted.take();
            for note in notes {
                let _ = self.draw(&[note]);
                // It stays, and the picture goes on below it.
                self.drawn = 0;
            }
            if over {
                break;
            }
            if let Some(lines) = picture {
                let _ = self.draw(&lines);
            }
        }
        let _ = self.draw(&[]).and_then(|()| self.term.show_cursor()).and_then(|()| self.term.flush());
    }

    /// Puts these lines in the place of those that stand there. A terminal that is gone is no reason to stop.
    fn draw(&mut self, lines: &[String]) -> std::io::Result<()> {
        self.term.clear_last_lines(self.drawn)?;
        self.drawn = 0;
        for line in lines {
            let line = if self.colour { line.clone() } else { anstream::adapter::strip_str(line).to_string() };
            writeln!(self.term, "{line}")?;
            self.drawn += 1;
        }
        self.term.flush()
    }
}

impl Display for Live {
    fn begin(&mut self, _: &Plan) {}

    fn show(&mut self, plan: &Plan, course: &Course) {
        let (height, width) = self.term.size();
        let (height, width) = (usize::from(height), usize::from(width));
        let mut lines = picture(plan, course, &Scene { width: width.saturating_sub(1) });
        // What does not fit would scroll away, and could not be drawn over.
        lines.truncate(height.saturating_sub(1));
        let lines = lines.iter().map(|line| truncate_str(line, width.saturating_sub(1), "…").into_owned()).collect();
        self.wanted.change(|next| next.picture = Some(lines));
    }

    fn note(&mut self, text: &str) {
        self.wanted.change(|next| next.notes.push(text.to_owned()));
    }

    fn end(&mut self) {
        self.finish();
    }
}

impl Drop for Live {
    /// Also when the run ends at once.
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_pictures_the_latest_is_drawn_and_every_note() {
        let wanted = Wanted::default();
        for number in ["1", "2", "3"] {
            wanted.change(|next| next.picture = Some(vec![number.to_owned()]));
            wanted.change(|next| next.notes.push(format!("note {number}")));
        }
        let next = wanted.take();
        assert_eq!(next.picture, Some(vec!["3".to_owned()]));
        assert_eq!(next.notes, ["note 1", "note 2", "note 3"]);
        wanted.change(|next| next.over = true);
        let next = wanted.take();
        assert!(next.over && next.picture.is_none() && next.notes.is_empty(), "each is drawn once");
    }
}
