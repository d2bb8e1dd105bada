//! What is shown while a run goes on.

mod plain;

pub(crate) use self::plain::Plain;

use super::course::Course;
use super::plan::Plan;

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
pub(crate) struct Quiet;

impl Display for Quiet {
    fn begin(&mut self, _: &Plan) {}

    fn show(&mut self, _: &Plan, _: &Course) {}

    fn note(&mut self, text: &str) {
        crate::output::remark(text);
    }

    fn end(&mut self) {}
}
