//! Looks for a text in this process's memory, freed or not.
use std::{
    fs::File,
    ops::Range,
    os::unix::fs::FileExt as _,
    sync::{Mutex, PoisonError},
};

use zeroize::Zeroizing;

const PAGE: usize = 4096;
/// As many of the last bytes are looked for: the allocator writes over the first ones of what is freed.
const END: usize = 32;
const MASK: u8 = 0x80;

/// A text that is looked for. Held masked, or each search would find it here.
pub(crate) struct Searched([u8; END]);

impl Searched {
    pub(crate) fn for_the_end_of(text: &str) -> Self {
        let (_, end) = text.as_bytes().split_last_chunk::<END>().expect("a long text");
        Self(end.map(|byte| byte ^ MASK))
    }

    /// How many times it is there.
    pub(crate) fn copies(&self) -> usize {
        // One search at a time: another's buffer holds a bit of everything.
        static ALONE: Mutex<()> = Mutex::new(());
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let memory = File::open("/proc/self/mem").expect("our memory");
        writable().into_iter().map(|region| self.copies_in(region, &memory)).sum()
    }

    fn copies_in(&self, region: Range<usize>, memory: &File) -> usize {
        // Zeroed at the end: what was found would be found again, in here.
        let mut page = Zeroizing::new([0; PAGE + END - 1]);
        let own = page.as_ptr_range();
        let mut copies = 0;
        for start in region.clone().step_by(PAGE) {
            let length = page.len().min(region.end - start);
            // Fails where the region is gone since it was listed: a thread of another test has ended.
            let Ok(read) = memory.read_at(&mut page[..length], start as u64) else { continue };
            // Most of it was never touched.
            if page[..read] == [0; PAGE + END - 1][..read] {
                continue;
            }
            let places = page[..read].windows(END).enumerate().filter(|(_, window)| self.is(window));
            copies +=
                places.filter(|(place, _)| !(own.start.addr()..own.end.addr()).contains(&(start + place))).count();
        }
        copies
    }

    fn is(&self, window: &[u8]) -> bool {
        window.iter().zip(self.0).all(|(byte, masked)| *byte ^ MASK == masked)
    }
}

/// The heaps and the stacks.
fn writable() -> Vec<Range<usize>> {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("our memory's map");
    let number = |text| usize::from_str_radix(text, 16).expect("an address");
    let regions = maps.lines().filter_map(|line| {
        let (range, rest) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        rest.starts_with("rw").then(|| number(start)..number(end))
    });
    regions.collect()
}
