//! Checks an input against the limits of the model (what has to be there, lengths, ranges, patterns, enumerations), before the
//! operation sees it, and words what is wrong as AWS's services do. Rules that no model tells are the operations' own.

#[cfg(test)]
mod tests;
mod walk;
mod words;

use crate::call::{Input, Refusal};
use crate::model::{Api, Operation};

pub use self::words::{coral, must};

/// How a service words such refusals.
#[derive(Clone, Copy, Debug)]
pub enum Wording {
    /// `N validation errors detected: …` under this code; the flag tells whether a value that fits no pattern is shown.
    Coral {
        /// The code.
        code: &'static str,
        /// Whether a value that fits no pattern is shown.
        shows_value: bool,
    },
    /// The service's own words, given the name of the operation; it may overlook some of them and leave them to the operation.
    Own(fn(&str, &[Violation]) -> Option<Refusal>),
}

impl Wording {
    /// The framework's words under a code.
    pub const fn coral(code: &'static str) -> Self {
        Self::Coral { code, shows_value: true }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// The path of the member, in the service's lower camel case: `tags.1.member.key`.
    pub path: String,
    /// The value as text; `None` if it is missing or has no text.
    pub value: Option<String>,
    /// What is wrong with it.
    pub what: What,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// It has to be there.
    Missing,
    /// Shorter than that.
    Shorter(f64),
    /// Longer than that.
    Longer(f64),
    /// Less than that.
    Less(f64),
    /// More than that.
    More(f64),
    /// Not of these.
    NotOf(Vec<String>),
    /// Does not fit this pattern.
    Unfit(String),
    /// Has keys (or values) that break a rule; all the rules of those are told.
    Entries(&'static str, Vec<What>),
}

/// Checks an input.
///
/// # Errors
/// The refusal of everything that is wrong.
pub fn check(service: &'static Api, operation: &Operation, input: &Input, wording: Wording) -> Result<(), Refusal> {
    let Some(shape) = operation.input else { return Ok(()) };
    let mut found = Vec::new();
    walk::structure(service, shape, &input.0, "", &mut found);
    if found.is_empty() { Ok(()) } else { words::refusal(&operation.name, &found, wording).map_or(Ok(()), Err) }
}
