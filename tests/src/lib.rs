//! The harness of the black-box tests. It knows the wire, the log and the signals of the executables, and no other
//! crate of the workspace.
//!
//! A test is an `async fn` listed with [`tests!`]; `tests/e2e/main.rs` puts the modules' lists together. Some beginnings:
//!
//! ```ignore
//! let suite = Shared::of(Target::Monolith).await;            // used by many tests at once: change nothing in it
//! suite.token_holder().await.secure(200).await;              // one method an endpoint, the expected status as argument
//!
//! let mut suite = Suite::split().await;                      // auth, hello and frontend of this test's own
//! suite.take(Program::Auth).signal(Signal::KILL);            // hello goes on without it
//!
//! let mut hello = Launch::service(Program::Hello).set("SECRET", "…").ready().await;
//! hello.signal(Signal::TERM);
//! assert!(hello.wait_exit(Duration::from_secs(5)).await.success());
//!
//! let store = Database::Postgres.fresh().await;              // an empty database of this test's own
//! let replicas = store.replicas(2).await;                    // two of auth on it
//! store.add_user("ann", "a long password", "--role presenter").await;
//! let gate = store.gate().await;                             // who is started from now on goes through it
//! gate.close().await;
//!
//! let mut auth = Launch::bare(Program::Auth).env("AUTH_HTTP_ADDR", "nonsense").spawn();
//! assert_eq!(auth.wait_exit(LONG).await.code(), Some(78));   // its stderr: auth.output().of(Stream::Err)
//! ```
//!
//! | module | does |
//! |---|---|
//! | [`environment`] | what the person who runs the tests may say |
//! | [`registry`] | names, filters, runs, sums up |
//! | [`skips`] | what a machine may lack |
//! | [`program`], [`launch`], [`process`], [`output`] | one executable: built, started, listened to, signalled, gone |
//! | [`said`] | a command that ends by itself: what it said |
//! | [`suite`], [`shared`] | a whole suite, of one's own or shared |
//! | [`store`] | the database of an auth, of either kind, and the commands on it |
//! | [`postgres`], [`gate`] | a real PostgreSQL, and a proxy before it that a test closes, cuts, stalls and slows |
//! | [`container`], [`volume`], [`compose`] | a container of an image of ours, what it keeps; the suite as `docker-compose.yml` has it |
//! | [`certificates`] | a CA and a certificate, as `flotilla certs` makes them |
//! | [`cluster`] | the suite as `k8s/` has it, and what a cluster knows of it |
//! | [`origin`], [`client`], [`answer`] | where to go; requests by role; answers |
//! | [`jws`] | tokens by hand |
//! | [`tool`], [`browser`], `webdriver` | programs that are not ours: a shell, a browser and what drives it |
//! | [`docs`] | runs the commands of a document |
//! | [`eventually()`] | waiting for a condition with a deadline |
//! | `reaper` | ends what runs even when the tests are killed |
//! | `audit` | looks for credentials in the logs of the whole run |
#![expect(clippy::missing_panics_doc, reason = "a harness says by a panic what went wrong")]

pub mod answer;
mod audit;
pub mod browser;
pub mod certificates;
pub mod client;
pub mod cluster;
pub mod compose;
pub mod container;
pub mod docs;
pub mod environment;
pub mod eventually;
pub mod gate;
pub mod jws;
pub mod launch;
pub mod origin;
pub mod output;
pub mod postgres;
pub mod process;
pub mod program;
mod reaper;
pub mod registry;
pub mod said;
pub mod shared;
pub mod skips;
pub mod store;
pub mod suite;
pub mod tool;
pub mod volume;
mod webdriver;

pub use answer::Answer;
pub use certificates::Certificates;
pub use client::{Client, HealthPort};
pub use eventually::{LONG, eventually};
pub use gate::Gate;
pub use jws::Jws;
pub use launch::Launch;
pub use origin::Origin;
pub use output::Stream;
pub use process::{Addresses, Process, Signal};
pub use program::Program;
pub use registry::Test;
pub use said::Said;
pub use shared::Shared;
pub use store::{Database, Store};
pub use suite::{Suite, Target};
pub use volume::Volume;
