//! What every service needs to run, and nothing about its business: no user, token, route or upstream is named here.
//!
//! The layout follows a process through its life:
//!
//! | module | does |
//! |---|---|
//! | [`service`] | who this is: name, variable prefix, version, revision |
//! | [`command_line`] | `--help`, `--version`, `healthcheck`, the classic `-http -health -secret` |
//! | [`commands`] | what a service does beside serving: its admin commands |
//! | [`config`] | settings from flags, environment, files and defaults; all problems at once |
//! | [`boot`] | the order of a start, and what ends it |
//! | [`life`] | a process that answers on its health port, to its end |
//! | `clock_jumps` | what is logged and shown when the machine's clock was set |
//! | `telemetry` | events on stdout, JSON or text |
//! | [`metrics`] | counters in the Prometheus text format |
//! | [`health`] | the health port: liveness, readiness, the lab's switches, probes, faults, configuration, metrics |
//! | [`middleware`] | everything that surrounds a handler, stacked in one place |
//! | [`problem`] | errors on the wire (RFC 9457) |
//! | [`server`] | listeners and connections with their limits |
//! | [`descriptors`] | how many connections there may be |
//! | [`memory`] | how much of it there is |
//! | [`files`] | reading the files that settings name, bounded in time |
//! | `limits` | what the listeners may have open, as descriptors and memory allow |
//! | [`forwarded`] | who a request is from where proxies stand in front |
//! | [`shutdown`] | signals, draining, deadlines |

mod body_limits;
pub mod boot;
mod clock_jumps;
pub mod command_line;
pub mod commands;
pub mod config;
pub mod descriptors;
mod faults;
pub mod files;
pub mod forwarded;
mod framing;
pub mod health;
mod healthcheck;
pub mod json;
mod lasting;
pub mod life;
mod limits;
pub mod memory;
pub mod metrics;
pub mod middleware;
pub mod problem;
mod request_id;
pub mod server;
pub mod service;
pub mod shutdown;
mod stop;
mod telemetry;

pub use body_limits::is_stalled;
pub use boot::{Boot, run, run_with_commands};
pub use commands::{Commands, Order};
pub use life::Life;
pub use problem::Problem;
pub use request_id::RequestScope;
pub use service::{Identity, Service};
pub use stop::Stop;
