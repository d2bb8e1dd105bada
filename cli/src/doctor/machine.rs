//! What the machine offers: ports and memory.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;

/// The ports that the walkthroughs name.
const PORTS: [(u16, &str); 2] = [
    (8080, "the suite's address; another: flotilla up --port"),
    (8081, "health port of the frontend; another is chosen if it is taken"),
];

/// Rows of name, state and remark.
pub(super) fn facts() -> Vec<[String; 3]> {
    let mut rows: Vec<_> =
        PORTS.iter().map(|(port, remark)| [format!("port {port}"), port_state(*port), (*remark).to_owned()]).collect();
    rows.push(["memory".to_owned(), memory(), "the suite needs 50 MB, a cluster on this machine 4 GB".to_owned()]);
    rows
}

fn port_state(port: u16) -> String {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => "free".to_owned(),
        Err(error) if error.kind() == ErrorKind::AddrInUse => "taken".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn memory() -> String {
    if let Ok(meminfo) = std::fs::read_to_string("/proc/meminfo") {
        return memory_from(&meminfo).unwrap_or_else(|| "unknown".to_owned());
    }
    // macOS and the BSDs tell the total by sysctl, and have no simple notion of what is available.
    let asked = Command::new("sysctl").args(["-n", "hw.memsize"]).output();
    let bytes = asked.ok().and_then(|output| {
        let text = String::from_utf8(output.stdout).ok()?;
        text.trim().parse::<u64>().ok()
    });
    bytes.map_or_else(|| "unknown".to_owned(), |bytes| format!("{} total", gigabytes(bytes)))
}

/// `MemAvailable` counts caches that would be given up, which `MemFree` does not.
fn memory_from(meminfo: &str) -> Option<String> {
    let field = |name: &str| -> Option<u64> {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kibibytes * 1024)
    };
    let available = gigabytes(field("MemAvailable:")?);
    Some(format!("{available} available of {}", gigabytes(field("MemTotal:")?)))
}

/// With one decimal, rounded down.
fn gigabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000_000;
    format!("{}.{} GB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_kernels_table() {
        let meminfo = "MemTotal:       24683520 kB\nMemFree:  1 kB\nMemAvailable:   12000000 kB\n";
        assert_eq!(memory_from(meminfo).unwrap(), "12.2 GB available of 25.2 GB");
        assert_eq!(memory_from("MemTotal: many"), None);
    }

    #[test]
    fn a_port_in_use_is_taken() {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = held.local_addr().unwrap().port();
        assert_eq!(port_state(port), "taken");
        drop(held);
        assert_eq!(port_state(port), "free");
    }
}
