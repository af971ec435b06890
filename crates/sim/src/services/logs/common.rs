//! What the operations of CloudWatch Logs share: finding a group by its name or ARN, the refusals.

use super::state::{Group, Logs, arn};
use crate::call::{Call, Input, Members, Refusal};

const NAME_LENGTH: usize = 512;

/// A refusal of an input.
pub(super) fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterException", text)
}

/// The region's logs.
pub(super) fn logs<'c>(call: &'c mut Call<'_>) -> &'c mut Logs {
    &mut call.region().logs
}

/// A group that is not there.
pub(super) fn no_group() -> Refusal {
    Refusal::new("ResourceNotFoundException", "The specified log group does not exist.")
}

/// A stream that is not there.
pub(super) fn no_stream() -> Refusal {
    Refusal::new("ResourceNotFoundException", "The specified log stream does not exist.")
}

/// Refuses a name that is too long.
///
/// # Errors
/// `InvalidParameterException`.
pub(super) fn check_length(name: &str) -> Result<(), Refusal> {
    if name.chars().count() > NAME_LENGTH {
        let text = "Invalid LogGroup or LogStream, both must have length less than or equal to 512.";
        return Err(invalid(text));
    }
    Ok(())
}

/// The group of that name.
///
/// # Errors
/// `ResourceNotFoundException`; `InvalidParameterException` for what is too long to be a name.
pub(super) fn group<'c>(call: &'c mut Call<'_>, name: &str) -> Result<&'c mut Group, Refusal> {
    check_length(name)?;
    logs(call).groups.get_mut(name).ok_or_else(no_group)
}

/// The name in an ARN without `:*`, or the text itself if it is no ARN.
pub(super) fn name_of(call: &Call<'_>, identifier: &str) -> Option<String> {
    if !identifier.starts_with("arn:") {
        return Some(identifier.to_owned());
    }
    identifier.strip_prefix(&arn(&call.place, "")).map(str::to_owned)
}

/// The name of the group that an input means by `logGroupName` or by `other`.
///
/// # Errors
/// If it has both or none.
pub(super) fn chosen(call: &Call<'_>, input: &Input, other: &str) -> Result<String, Refusal> {
    match (input.text("logGroupName"), input.text(other)) {
        (Some(_), Some(_)) => Err(Refusal::new(
            "ValidationException",
            "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
        )),
        (Some(name), None) => Ok(name.to_owned()),
        (None, Some(identifier)) => name_of(call, identifier).ok_or_else(no_group),
        (None, None) => Err(invalid("Either LogGroup name or LogGroup ARN must be specified.")),
    }
}
