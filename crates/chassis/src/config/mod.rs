//! Settings: read once from flags, the environment, `*_FILE`s and defaults, into flat typed structs.
//!
//! A [`Section`] is a struct with its table of [`Setting`]s. The table is the one source of defaults, of what is
//! allowed, of `--help`, of `/config` and of `docs/configuration.md`. A [`Reader`] reads sections and keeps every problem
//! until [`Reader::finish`], so that a person sees all of them at once.
//!
//! Precedence: flag > environment > `*_FILE` > default. An empty value means unset. Blanks and line breaks around a value
//! are no part of it; of a secret only the line breaks at its end are not. A value together with its `_FILE` is a problem. envy does the parsing; what it leaves open is done here: its errors lose the prefix and may show the
//! value, it stops at the first, and it panics on names that are not UTF-8.
mod byte_size;
mod effective;
mod log_filter;
mod names;
mod networks;
mod reader;
mod setting;
mod settings;
mod sources;
mod text;
mod value;

pub use byte_size::ByteSize;
pub use effective::{Effective, Origin, Shown};
pub use log_filter::LogFilter;
pub use networks::Networks;
pub use reader::{Configuration, Invalid, Problem, Reader};
pub use setting::{Section, Setting};
pub use settings::{LogFormat, Platform, Settings};
pub use sources::Sources;
pub use value::{HttpUrl, ListenAddr, Span};
