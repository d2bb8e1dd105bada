//! What a run leaves: a table for people, JSON for programs, a page for everybody.

mod html;
mod json;
mod markup;
mod plot;
mod scale;
mod table;

pub(crate) use self::html::html;
pub(crate) use self::json::Report;
pub(crate) use self::table::{example, occasion, table};

/// An outcome that tests can print.
#[cfg(test)]
pub(crate) mod tests;
