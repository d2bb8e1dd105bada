//! The roles that hello's routes ask for. Who has them is said by the issuer, in the token.
use token::Role;

/// Who shows the others around.
#[derive(Debug)]
pub enum Presenter {}

impl Role for Presenter {
    const NAME: &'static str = "presenter";
}
