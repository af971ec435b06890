//! What is looked up is for things of others: one of the stack's own is refused, because it would leave the file as soon as it is only
//! looked up. Knows no service.

use evenkeel_core::doc::Doc;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::snapshot::Owner;

/// Refuses what is the stack's own, of a node whose document says under `look_up` what it looks for.
///
/// # Errors
/// `Invalid`: it is the stack's own.
pub(crate) fn of_others(want: &Doc, kind: &str, owner: &Owner) -> Result<(), CloudError> {
    let Owner::Ours(own) = owner else { return Ok(()) };
    let told = want["look_up"].as_str().unwrap_or(kind);
    let error = CloudError::local(ErrorClass::Invalid, kind, format!("{told} belongs to this stack, as {own}"));
    let hint = format!("`existing` is for resources of others: name the entry `{}` instead", own.name());
    Err(CloudError { hint: Some(hint), ..error })
}
