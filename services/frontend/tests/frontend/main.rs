//! The frontend's routes in process, between raw connections on either side: what a parser would hide is seen.
#[path = "../../src/crowd.rs"]
mod crowd;
mod edge;
mod faults;
mod forwarded;
mod framing;
mod headers;
mod page;
mod retries;
mod routes;
mod spreading;
mod streaming;
mod upstream;
mod wire;
