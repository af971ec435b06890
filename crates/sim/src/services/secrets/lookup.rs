//! Finding a secret by name, ARN or an ARN without its random end, and the refusals that many operations share.

use std::collections::BTreeMap;

use super::Secret;
use crate::call::{Call, Input, Members, Refusal};

/// How many random characters end an ARN.
pub(super) const RANDOM_LENGTH: usize = 6;

/// The name of the secret that is asked for.
pub(super) fn name_of(secrets: &BTreeMap<String, Secret>, asked: &str) -> Option<String> {
    let Some(resource) = asked.strip_prefix("arn:").and_then(|rest| rest.split_once(":secret:")).map(|(_, name)| name)
    else {
        return secrets.contains_key(asked).then(|| asked.to_owned());
    };
    let shorter = resource.len().checked_sub(RANDOM_LENGTH + 1).and_then(|end| resource.get(..end));
    [Some(resource), shorter].into_iter().flatten().find_map(|name| {
        let secret = secrets.get(name)?;
        let partial = secret.arn.get(..secret.arn.len() - RANDOM_LENGTH - 1)?;
        (secret.arn == asked || partial == asked).then(|| name.to_owned())
    })
}

/// Refuses what cannot be the name of a secret, whether one is made or asked for.
pub(super) fn check_name(asked: &str) -> Result<(), Refusal> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "-/_+=.@!".contains(letter);
    if asked.starts_with("arn:") || asked.chars().all(fits) {
        return Ok(());
    }
    let text =
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!";
    Err(Refusal::new("ValidationException", text))
}

/// The refusal of a secret that is not there.
pub(super) fn unknown() -> Refusal {
    Refusal::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

/// A refusal that names a parameter.
pub(super) fn wrong_parameter(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterException", text)
}

/// A refusal of the state of things.
pub(super) fn wrong_request(text: impl Into<String>) -> Refusal {
    Refusal::new("InvalidRequestException", text)
}

/// The secret that `SecretId` means, even one that is to be deleted.
pub(super) fn any<'w>(call: &'w mut Call<'_>, input: &Input) -> Result<&'w mut Secret, Refusal> {
    check_name(input.text_or_empty("SecretId"))?;
    let secrets = &mut call.region().secrets.secrets;
    let name = name_of(secrets, input.text_or_empty("SecretId")).ok_or_else(unknown)?;
    secrets.get_mut(&name).ok_or_else(unknown)
}

/// The secret that `SecretId` means, unless it is to be deleted.
pub(super) fn alive<'w>(call: &'w mut Call<'_>, input: &Input) -> Result<&'w mut Secret, Refusal> {
    let secret = any(call, input)?;
    if secret.deletion.is_some() {
        return Err(marked());
    }
    Ok(secret)
}

/// The refusal of a secret that is to be deleted.
pub(super) fn marked() -> Refusal {
    wrong_request("You can't perform this operation on the secret because it was marked for deletion.")
}
