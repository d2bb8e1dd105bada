//! File descriptors: connections must not take the last ones, or the health port could not answer any more.
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Kept for the health port, the database, name resolution; half of what there is where that is little.
const RESERVED: usize = 64;

/// Takes as many as the system lets us: the usual soft limit is there for programs of another age.
pub(crate) fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Who may not have more goes on with what there is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

/// For a port that a service has beside the two; a quarter of what there is where that is little.
const BESIDE: usize = 128;

/// How many connections the http port may hold, at most `wanted`, with so many ports beside it. Each may need a second
/// descriptor, to an upstream.
pub(crate) fn for_http(wanted: usize, beside: usize) -> usize {
    let open = open_limit();
    share(wanted, (open - reserved(open)).saturating_sub(beside * self::beside(open)) / 2)
}

/// How many connections such a port may hold. What it answers needs no second descriptor.
pub(crate) fn for_beside(wanted: usize) -> usize {
    share(wanted, beside(open_limit()))
}

/// How many connections the health port may hold.
pub(crate) fn for_health(wanted: usize) -> usize {
    share(wanted, reserved(open_limit()) / 2)
}

/// How many unused connections a service may keep to another one: a sixteenth of all descriptors.
pub fn for_kept(wanted: usize) -> usize {
    share(wanted, open_limit() / 16)
}

fn share(wanted: usize, available: usize) -> usize {
    wanted.min(available.max(1))
}

fn reserved(open: usize) -> usize {
    RESERVED.min(open / 2)
}

fn beside(open: usize) -> usize {
    BESIDE.min(open / 4)
}

fn open_limit() -> usize {
    getrlimit(Resource::Nofile).current.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}
