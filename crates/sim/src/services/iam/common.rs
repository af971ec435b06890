//! What IAM's operations share: finding things by name or ARN, the refusals of what is not there, pages. Decides no
//! operation's outcome by itself.

use serde_json::{Value, json};

use super::managed;
use super::state::{Iam, Policy, Profile, Role, User};
use crate::call::{Call, Input, Members, Refusal};
use crate::paging;

/// The key of a name: names are unique whatever their case.
pub(super) fn key(name: &str) -> String {
    name.to_lowercase()
}

/// The account's IAM.
pub(super) fn iam<'c>(call: &'c mut Call<'_>) -> &'c mut Iam {
    &mut call.account().iam
}

/// Something that is not there.
pub(super) fn absent(text: impl Into<String>) -> Refusal {
    Refusal::new("NoSuchEntity", text)
}

/// A quota.
pub(super) fn quota(name: &str, limit: usize) -> Refusal {
    Refusal::new("LimitExceeded", format!("Cannot exceed quota for {name}: {limit}"))
}

/// Something else still hangs on it.
pub(super) fn conflict(text: impl Into<String>) -> Refusal {
    Refusal::new("DeleteConflict", text)
}

/// The role that the input names.
///
/// # Errors
/// `NoSuchEntity`.
pub(super) fn role<'i>(iam: &'i Iam, input: &Input) -> Result<&'i Role, Refusal> {
    let name = input.text_or_empty("RoleName");
    iam.roles.get(&key(name)).ok_or_else(|| absent(format!("The role with name {name} cannot be found.")))
}

/// The role that the input names, to change it: not one of a service.
///
/// # Errors
/// `NoSuchEntity`, `UnmodifiableEntity`.
pub(super) fn role_mut<'i>(iam: &'i mut Iam, input: &Input) -> Result<&'i mut Role, Refusal> {
    let name = input.text_or_empty("RoleName");
    let role = iam.roles.get_mut(&key(name));
    let role = role.ok_or_else(|| absent(format!("The role with name {name} cannot be found.")))?;
    if role.linked {
        let text = format!(
            "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
            role.name
        );
        return Err(Refusal::new("UnmodifiableEntity", text));
    }
    Ok(role)
}

/// The profile that the input names.
///
/// # Errors
/// `NoSuchEntity`.
pub(super) fn profile<'i>(iam: &'i mut Iam, input: &Input) -> Result<&'i mut Profile, Refusal> {
    let name = input.text_or_empty("InstanceProfileName");
    iam.profiles.get_mut(&key(name)).ok_or_else(|| absent(format!("Instance Profile {name} cannot be found.")))
}

/// The user of that name.
///
/// # Errors
/// `NoSuchEntity`.
pub(super) fn user<'i>(iam: &'i Iam, name: &str) -> Result<&'i User, Refusal> {
    iam.users.get(&key(name)).ok_or_else(|| absent(format!("The user with name {name} cannot be found.")))
}

/// Refuses what is no ARN at all.
///
/// # Errors
/// `ValidationError`.
pub(super) fn check_arn(arn: &str) -> Result<(), Refusal> {
    if arn.starts_with("arn:") && arn.split(':').count() >= 6 {
        return Ok(());
    }
    Err(Refusal::new("ValidationError", "Invalid ARN:  Could not be parsed!").status(400))
}

/// The key of the customer-managed policy of that ARN, if there is one.
pub(super) fn policy_key(iam: &Iam, arn: &str) -> Option<String> {
    let key = key(arn.rsplit('/').next()?);
    iam.policies.get(&key).filter(|policy| policy.arn == arn).map(|_| key)
}

/// The refusal of a policy that is not there.
pub(super) fn no_policy(arn: &str) -> Refusal {
    absent(format!("Policy {arn} was not found."))
}

/// The customer-managed policy of the input's `PolicyArn`, to change it.
///
/// # Errors
/// `ValidationError`, `NoSuchEntity`, `AccessDenied` for policies of AWS.
pub(super) fn policy_mut<'c>(call: &'c mut Call<'_>, input: &Input) -> Result<&'c mut Policy, Refusal> {
    let arn = input.text_or_empty("PolicyArn").to_owned();
    check_arn(&arn)?;
    if managed::named(&arn).is_some() {
        let text = format!(
            "User: {} is not authorized to perform: iam:{} on resource: policy {arn}",
            call.caller.arn, call.operation
        );
        return Err(Refusal::new("AccessDenied", text).status(403));
    }
    let iam = iam(call);
    policy_key(iam, &arn).and_then(|key| iam.policies.get_mut(&key)).ok_or_else(|| no_policy(&arn))
}

/// The path of the input, or `/`.
///
/// # Errors
/// `ValidationError` for one that does not begin and end with a slash.
pub(super) fn path(input: &Input) -> Result<String, Refusal> {
    let path = input.text("Path").unwrap_or("/");
    if path.starts_with('/') && path.ends_with('/') && !path.contains("//") {
        return Ok(path.to_owned());
    }
    let text = "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric \
                characters and/or / characters.";
    Err(Refusal::new("ValidationError", text).status(400))
}

/// One page under the member `name`, with `IsTruncated` and, if there is more, `Marker`.
///
/// # Errors
/// `ValidationError` for a marker of another list.
pub(super) fn page(call: &Call<'_>, input: &Input, name: &str, items: Vec<(String, Value)>) -> Result<Value, Refusal> {
    let size = input.integer("MaxItems").and_then(|size| usize::try_from(size).ok()).unwrap_or(100);
    let mut filters = input.0.clone();
    filters.remove("Marker");
    filters.remove("MaxItems");
    let scope = format!("{} {}", call.operation, Value::Object(filters));
    let page = paging::page(items, |(key, _)| key.clone(), size, input.text("Marker"), &scope);
    let page = page.map_err(|_| Refusal::new("ValidationError", "Invalid Marker.").status(400))?;
    let items: Vec<Value> = page.items.into_iter().map(|(_, item)| item).collect();
    Ok(json!({ name: items, "IsTruncated": page.next.is_some(), "Marker": page.next }))
}
