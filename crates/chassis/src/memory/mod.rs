//! How much memory there is, how much the process occupies, and what follows from both.
pub(crate) mod budget;
mod cgroup;

use std::{fs, path::Path};

/// The limit of the process's control group, which is what a container is given, in bytes; `None` where nothing limits them,
/// and on systems without control groups.
pub fn limit() -> Option<u64> {
    cgroup::limit(Path::new("/sys/fs/cgroup"), &fs::read_to_string("/proc/self/cgroup").ok()?)
}

/// Bytes of memory that the process occupies, with the pages of its executable (Linux, proc(5), `VmRSS`); `None` elsewhere.
pub(crate) fn resident() -> Option<u64> {
    resident_in(&fs::read_to_string("/proc/self/status").ok()?)
}

fn resident_in(status: &str) -> Option<u64> {
    let kib: u64 =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().strip_suffix(" kB")?.parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_set_is_read_from_the_kernels_report() {
        assert_eq!(resident_in("Name:\thello\nVmRSS:\t    5632 kB\nRssAnon:\t 1 kB\n"), Some(5632 * 1024));
        assert_eq!(resident_in("Name:\thello\n"), None);
    }
}
