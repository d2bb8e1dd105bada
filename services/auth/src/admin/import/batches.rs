//! The second pass: the accounts again, as the transaction takes them. The file must not have changed since the first.
use chassis::Stop;

use super::{BadLines, progress::Progress, row::Rows, source::Source};
use crate::users::{NewAccount, many::Batches};

const CHANGED: &str = "it has changed while it was read";

/// Why the transaction was undone.
pub(super) struct Refused(pub(super) String);

pub(super) struct Read {
    rows: Rows,
    progress: Progress,
    expected: u64,
    given: u64,
    /// The first and the last line of the last batch.
    lines: (u32, u32),
}

impl Read {
    /// From the first line on; so many accounts there were before.
    pub(super) fn again(source: &mut Source, expected: u64) -> Result<Self, Stop> {
        let progress = Progress::over(source.bytes(), "written");
        Ok(Self { rows: source.rows()?, progress, expected, given: 0, lines: (0, 0) })
    }

    /// Whether the transaction got all of them.
    pub(super) fn finished(self) -> bool {
        self.progress.finish();
        self.given == self.expected
    }
}

impl Batches for Read {
    type Refusal = Refused;

    fn next(&mut self) -> Result<Vec<NewAccount>, Refused> {
        // The last batch is in the database by now.
        self.progress.at(self.rows.bytes(), self.given);
        let mut bad = BadLines::default();
        let changed = || Refused(CHANGED.to_owned());
        let batch = super::next(&mut self.rows, &mut bad).map_err(|_| changed())?;
        bad.none("").map_err(|_| changed())?;
        self.given += batch.len() as u64;
        if let (Some((first, _)), Some((last, _))) = (batch.first(), batch.last()) {
            self.lines = (*first, *last);
        } else if self.given != self.expected {
            return Err(changed());
        }
        Ok(batch.into_iter().map(|(_, account)| account).collect())
    }

    fn taken(&self) -> Refused {
        let (first, last) = self.lines;
        Refused(format!(
            "lines {first} to {last}: somebody has taken one of the names meanwhile; import again to be told which"
        ))
    }
}
