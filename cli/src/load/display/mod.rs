//! What is shown while a run goes on.

mod live;
mod picture;
mod plain;

use std::io::IsTerminal as _;

use self::live::Live;
use self::plain::Plain;

use super::course::Course;
use super::plan::Plan;

/// How much room there is.
#[derive(Debug)]
struct Scene {
    width: usize,
}

/// How a run is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// A picture where there is a terminal, lines elsewhere.
    Picture,
    Lines,
    Nothing,
}

impl Manner {
    pub(crate) fn display(self) -> Box<dyn Display> {
        match self {
            Self::Picture if is_drawable() => Box::new(Live::new()),
            Self::Picture | Self::Lines => Box::new(Plain::default()),
            Self::Nothing => Box::new(Quiet),
        }
    }
}

/// Whether standard error is a terminal whose cursor can be moved.
#[expect(clippy::disallowed_methods, reason = "the terminal says there what it is; it is no setting")]
fn is_drawable() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    std::io::stderr().is_terminal() && !is_dumb
}

/// Is told of every quarter of a second.
pub(crate) trait Display {
    /// The load begins.
    fn begin(&mut self, plan: &Plan);

    /// A further quarter of a second was counted.
    fn show(&mut self, plan: &Plan, course: &Course);

    /// Something to be said in between.
    fn note(&mut self, text: &str);

    /// It is over; what is printed next stays.
    fn end(&mut self);
}

/// Nothing.
#[derive(Debug)]
struct Quiet;

impl Display for Quiet {
    fn begin(&mut self, _: &Plan) {}

    fn show(&mut self, _: &Plan, _: &Course) {}

    fn note(&mut self, text: &str) {
        crate::output::remark(text);
    }

    fn end(&mut self) {}
}
