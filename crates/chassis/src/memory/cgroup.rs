//! The memory limit of the process's control group (Linux kernel documentation, "Control Group v2", `memory.max`, and
//! "Memory Resource Controller" for version 1).
//!
//! A container often sees its own group as the root of the file system at `/sys/fs/cgroup`, whatever `/proc/self/cgroup`
//! calls it; a process of systemd's sees the whole tree. So the limit is the smallest one on the way from the named group
//! up to the root, as far as they are there. A limit of any of them ends the process.
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Version 1 says "no limit" by a number that no machine has.
const NO_LIMIT: u64 = 1 << 60;

/// The smallest limit in bytes that the file system at `root` knows for a process whose groups are `membership`, which is
/// the text of `/proc/self/cgroup`.
pub(super) fn limit(root: &Path, membership: &str) -> Option<u64> {
    let limits = membership.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, group) = (fields.next()?, fields.next()?);
        let (mount, file) = match controllers {
            "" => (root.to_owned(), "memory.max"),
            _ if controllers.split(',').any(|controller| controller == "memory") => {
                (root.join("memory"), "memory.limit_in_bytes")
            }
            _ => return None,
        };
        smallest(&mount, group, file)
    });
    limits.min()
}

fn smallest(mount: &Path, group: &str, file: &str) -> Option<u64> {
    let inside: PathBuf =
        Path::new(group).components().filter(|part| matches!(part, std::path::Component::Normal(_))).collect();
    let limits = inside.ancestors().filter_map(|group| bytes(&fs::read_to_string(mount.join(group).join(file)).ok()?));
    limits.min()
}

fn bytes(text: &str) -> Option<u64> {
    // Version 2 says `max` where there is no limit.
    text.trim().parse().ok().filter(|&limit| limit < NO_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a directory");
        for (file, content) in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
            fs::write(path, content).expect("written");
        }
        root
    }

    #[test]
    fn a_limit_is_a_number_that_a_machine_may_have() {
        assert_eq!(bytes("10485760\n"), Some(10 << 20));
        assert_eq!(bytes("max\n"), None);
        assert_eq!(bytes("9223372036854771712\n"), None);
        assert_eq!(bytes(""), None);
    }

    #[test]
    fn version_2_says_it_in_the_group_and_in_those_above() {
        let root = tree(&[("a/b/memory.max", "max\n"), ("a/memory.max", "2048\n"), ("memory.max", "4096\n")]);
        assert_eq!(limit(root.path(), "0::/a/b\n"), Some(2048));
        assert_eq!(limit(root.path(), "0::/\n"), Some(4096));
    }

    #[test]
    fn version_1_says_it_under_the_controllers_name() {
        let root = tree(&[("memory/a/memory.limit_in_bytes", "1024\n"), ("cpu/a/memory.limit_in_bytes", "1\n")]);
        assert_eq!(limit(root.path(), "5:cpu,cpuacct:/a\n4:memory:/a\n0::/\n"), Some(1024));
    }

    #[test]
    fn a_container_is_the_root_whatever_the_host_calls_it() {
        let root = tree(&[("memory/memory.limit_in_bytes", "1024\n")]);
        assert_eq!(limit(root.path(), "4:memory:/docker/0123\n"), Some(1024));
        let root = tree(&[("memory.max", "2048\n")]);
        assert_eq!(limit(root.path(), "0::/../../kubepods/pod1\n"), Some(2048));
    }

    #[test]
    fn without_a_limit_there_is_none() {
        let root = tree(&[("memory.max", "max\n")]);
        assert_eq!(limit(root.path(), "0::/\n"), None);
        assert_eq!(limit(root.path(), "nonsense\n"), None);
        assert_eq!(limit(Path::new("/nowhere"), "0::/\n"), None);
    }
}
