//! How far an import is: a bar where somebody watches, else a line of the log now and then.
use indicatif::{ProgressBar, ProgressStyle};

/// No line of the log for fewer accounts than these: a small file is done before it is read.
const WORTH_A_LINE: u64 = 5_000;
const STYLE: &str = "{msg:>8} {wide_bar} {percent:>3}% {eta:>5}";

pub(super) struct Progress {
    bar: ProgressBar,
    bytes: u64,
    doing: &'static str,
    /// What was told last: tenths of the file, and accounts.
    told: (u64, u64),
}

impl Progress {
    /// Over a file of so many bytes, whose accounts are `doing`: judged, written.
    pub(super) fn over(bytes: u64, doing: &'static str) -> Self {
        let style = ProgressStyle::with_template(STYLE).unwrap_or_else(|_| ProgressStyle::default_bar());
        // On stderr, and hidden where that is no terminal.
        let bar = ProgressBar::new(bytes).with_style(style).with_message(doing);
        Self { bar, bytes, doing, told: (0, 0) }
    }

    /// So much of the file is done, which are so many accounts.
    pub(super) fn at(&mut self, bytes: u64, accounts: u64) {
        self.bar.set_position(bytes);
        let tenths = bytes.saturating_mul(10).checked_div(self.bytes).unwrap_or(0);
        if self.bar.is_hidden() && tenths > self.told.0 && accounts >= self.told.1 + WORTH_A_LINE {
            self.told = (tenths, accounts);
            tracing::info!(accounts, percent = tenths * 10, "{}", self.doing);
        }
    }

    /// Takes the bar away: what follows is the answer.
    pub(super) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
