//! What is looked up is for things of others: one of the stack's own is refused, because it would leave the file as soon as it is only
//! looked up. Knows no service.

use evenkeel_core::doc::Doc;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::Node;
use evenkeel_core::snapshot::Owner;

/// Where the file names what a node looks for, to be put behind a message: ` (stack.yaml:9)`; empty if it does not.
pub(crate) fn place(node: &Node) -> String {
    node.origin.as_ref().map(|place| format!(" ({place})")).unwrap_or_default()
}

/// An error with the place of the node in its message.
pub(crate) fn at(node: &Node, error: CloudError) -> CloudError {
    if error.code != "-" {
        return error;
    }
    CloudError { message: format!("{}{}", error.message, place(node)), ..error }
}

/// Refuses what is the stack's own, of a node whose document says under `look_up` what it looks for.
///
/// # Errors
/// `Invalid`: it is the stack's own.
pub(crate) fn of_others(want: &Doc, kind: &str, owner: &Owner) -> Result<(), CloudError> {
    let Owner::Ours(own) = owner else { return Ok(()) };
    let told = want["look_up"].as_str().unwrap_or(kind);
    let error = CloudError::local(ErrorClass::Invalid, kind, format!("{told} belongs to this stack, as {own}"));
    let hint = format!(
        "`existing` is for resources of others, and this one is made by the entry `{}`: name that, or give it its keys back",
        own.name()
    );
    Err(CloudError { hint: Some(hint), ..error })
}
