//! Roles in a task definition: a name or an ARN of the same account. Whether there is such a role is not asked at registration.

use serde_json::{Map, Value};

use super::super::super::checks::client;
use crate::call::{Members, Refusal};
use crate::world::Place;

/// The members that name a role.
pub(super) const MEMBERS: [&str; 2] = ["taskRoleArn", "executionRoleArn"];

/// Checks the roles of a definition.
pub(super) fn check(definition: &Map<String, Value>, place: &Place) -> Result<(), Refusal> {
    let good = MEMBERS.iter().filter_map(|name| definition.text(name)).all(|role| arn(role, place).is_some());
    if good { Ok(()) } else { Err(client("Role is not valid")) }
}

/// The ARN of a role, given as a name or ARN; none if it cannot be one of this account.
pub(super) fn arn(role: &str, place: &Place) -> Option<String> {
    let letters = |text: &str, more: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || "_+=,.@-".contains(byte as char) || more.contains(byte as char))
    };
    let start = format!("arn:aws:iam::{}:role/", place.account);
    match role.strip_prefix(&start) {
        Some(path) => {
            let name = path.rsplit('/').next().unwrap_or_default();
            ((1..=64).contains(&name.len()) && letters(path, "/")).then(|| role.to_owned())
        }
        None => ((1..=64).contains(&role.len()) && letters(role, "")).then(|| format!("{start}{role}")),
    }
}
