//! How much memory there is: the limit of the process's control group, which is what a container is given.
use std::fs;

/// Where it is seen from inside a container: cgroup v2 (Linux kernel documentation, "Control Group v2", `memory.max`), then v1.
const FILES: [&str; 2] = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/// Version 1 says "no limit" by a number that no machine has.
const NO_LIMIT: u64 = 1 << 60;

/// Bytes; `None` where nothing limits them, and on systems without control groups.
pub fn limit() -> Option<u64> {
    FILES.iter().find_map(|file| bytes(&fs::read_to_string(file).ok()?))
}

fn bytes(text: &str) -> Option<u64> {
    // Version 2 says `max` where there is no limit.
    text.trim().parse().ok().filter(|&limit| limit < NO_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_that_a_machine_may_have() {
        assert_eq!(bytes("10485760\n"), Some(10 << 20));
        assert_eq!(bytes("max\n"), None);
        assert_eq!(bytes("9223372036854771712\n"), None);
        assert_eq!(bytes(""), None);
    }
}
