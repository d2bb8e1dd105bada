//! The access log: one line a request, an interface documented in docs/logs.md.
//!
//! In JSON the line is written past the subscriber: nothing but this line is written for most requests, and going
//! through an event costs several times as much as the rest of it.
use std::net::SocketAddr;

use serde::Serialize;
use tracing::Level;

use super::stdout::Stdout;

/// The target that `RUST_LOG` knows these lines by.
const TARGET: &str = "access";

/// What is said of a request that was answered. Serialised it is a line of the log.
#[derive(Debug, Serialize)]
#[serde(tag = "target", rename = "access")]
pub(crate) struct Line<'a> {
    pub(crate) timestamp: String,
    pub(crate) level: &'static str,
    pub(crate) message: &'static str,
    pub(crate) port: &'static str,
    pub(crate) method: &'static str,
    /// As matched, such as `/secure`; `unmatched` where nothing did. Never the path, which may hold anything.
    pub(crate) route: &'a str,
    pub(crate) status: u16,
    /// Until the answer's head was ready.
    pub(crate) duration_us: u64,
    pub(crate) request_id: &'a str,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) user_agent: Option<&'a str>,
}

/// Writes access lines.
#[derive(Debug, Clone)]
pub(crate) enum AccessLog {
    Json(Stdout),
    /// As an event, like everything else that people read.
    Text,
}

impl AccessLog {
    pub(crate) fn write(&self, line: &Line<'_>) {
        if !tracing::enabled!(target: TARGET, Level::INFO) {
            return;
        }
        match self {
            Self::Json(stdout) => {
                let mut bytes = Vec::with_capacity(384);
                // Writing plain fields to memory cannot fail.
                if serde_json::to_writer(&mut bytes, line).is_ok() {
                    bytes.push(b'\n');
                    stdout.push(&bytes);
                }
            }
            Self::Text => tracing::info!(
                target: TARGET,
                port = line.port,
                method = line.method,
                route = line.route,
                status = line.status,
                duration_us = line.duration_us,
                request_id = line.request_id,
                peer = line.peer.map(tracing::field::display),
                user_agent = line.user_agent,
                "answered"
            ),
        }
    }
}
