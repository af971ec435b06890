//! What the operations of CloudWatch Logs share: finding a group by its name or ARN, the refusals, tags.

use super::state::{Group, Logs, arn};
use crate::call::{Call, Input, Members, Refusal};
use crate::tags::Tags;

const NAME_LENGTH: usize = 512;

/// A refusal of an input.
pub fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterException", text)
}

/// The region's logs.
pub fn logs<'c>(call: &'c mut Call<'_>) -> &'c mut Logs {
    &mut call.region().logs
}

/// A group that is not there.
pub fn no_group() -> Refusal {
    Refusal::new("ResourceNotFoundException", "The specified log group does not exist.")
}

/// A stream that is not there.
pub fn no_stream() -> Refusal {
    Refusal::new("ResourceNotFoundException", "The specified log stream does not exist.")
}

/// Refuses a name that is too long.
///
/// # Errors
/// `InvalidParameterException`.
pub fn check_length(name: &str) -> Result<(), Refusal> {
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
pub fn group<'c>(call: &'c mut Call<'_>, name: &str) -> Result<&'c mut Group, Refusal> {
    check_length(name)?;
    logs(call).groups.get_mut(name).ok_or_else(no_group)
}

/// The name in an ARN without `:*`, or the text itself if it is no ARN.
pub fn name_of(call: &Call<'_>, identifier: &str) -> Option<String> {
    if !identifier.starts_with("arn:") {
        return Some(identifier.to_owned());
    }
    identifier.strip_prefix(&arn(&call.place, "")).map(str::to_owned)
}

/// The name of the group that an input means by `logGroupName` or by `other`.
///
/// # Errors
/// If it has both or none.
pub fn chosen(call: &Call<'_>, input: &Input, other: &str) -> Result<String, Refusal> {
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

/// Checks tags and adds them.
///
/// # Errors
/// `InvalidParameterException`, `TooManyTagsException`.
pub fn add_tags(tags: &mut Tags, new: Tags, limit: &str) -> Result<(), Refusal> {
    if new.keys().any(|key| key.to_lowercase().starts_with("aws:")) {
        return Err(invalid("Tag keys starting with aws: are reserved for system use."));
    }
    let mut all = tags.clone();
    all.extend(new);
    if all.len() > 50 {
        return Err(Refusal::new(limit, "The maximum number of tags of a resource is 50."));
    }
    *tags = all;
    Ok(())
}
